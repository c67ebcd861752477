//! The keyring as the place of the key: a made one that can be told to fail, and the desktop's own.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use outcrop::domain::message::Message;
use outcrop::domain::provider_key::KeyPlace;
use outcrop::domain::secret::Secret;
use outcrop::domain::{Error, ErrorKind};
use outcrop::store::{Faults, Keyring, Options, Ring, RingEntry, RingFault, Scan, Store, Unlock, WrapWith};
use zeroize::Zeroizing;

use super::{name, own, small, turn, unlock, walk};

/// A keyring of files, which outlives a process. A file `fault` in it says how it fails.
pub struct FolderRing(PathBuf);

impl FolderRing {
    /// Of the store in `home`.
    pub fn beside(home: &Path) -> Keyring {
        Keyring::of(Self(home.with_file_name("ring")))
    }

    fn path(&self, entry: &RingEntry) -> Result<PathBuf, RingFault> {
        match fs::read_to_string(self.0.with_file_name("fault")).as_deref() {
            Ok("absent") => Err(RingFault::Absent("no session bus was found".to_owned())),
            Ok("silent") => Err(RingFault::Silent),
            Ok("locked") => Err(RingFault::Locked),
            Ok(other) => Err(RingFault::Failed(other.to_owned())),
            Err(_) => Ok(self.0.join(format!("{}-{}", entry.workspace, entry.id))),
        }
    }
}

impl Ring for FolderRing {
    fn keep(&self, entry: &RingEntry, secret: &str) -> Result<(), RingFault> {
        fs::create_dir_all(&self.0).unwrap();
        fs::write(self.path(entry)?, secret).unwrap();
        Ok(())
    }

    fn give(&self, entry: &RingEntry, _ask: bool) -> Result<Option<Zeroizing<String>>, RingFault> {
        Ok(fs::read_to_string(self.path(entry)?).ok().map(Zeroizing::new))
    }

    fn forget(&self, entry: &RingEntry) -> Result<(), RingFault> {
        let _ = fs::remove_file(self.path(entry)?);
        Ok(())
    }
}

/// Opens the store in `home` with the keyring beside it.
pub fn open_ringed(home: &Path) -> Store {
    ringed(home).unwrap()
}

fn ringed(home: &Path) -> Result<Store, Error> {
    let options = Options { keyring: FolderRing::beside(home), ..small() };
    Store::open_with(&own(home), &unlock(None), options).map(|(store, _)| store)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    if folder.join("ring").exists() { walk(&folder.join("ring")) } else { Vec::new() }
}

fn texts(store: &Store) -> usize {
    store.scan::<Message>(Scan::all()).filter(|record| record.as_ref().unwrap().1.text() == "text").count()
}

#[test]
fn the_keyring_opens_the_store_and_no_key_lies_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = open_ringed(&home);
    turn(&store, 1, 1, "text");
    store.rekey(&WrapWith::Keyring).unwrap();
    assert_eq!(store.key_kind(), "the keyring");
    assert!(!walk(&home).iter().any(|path| name(path).starts_with("key-")));
    let first = entries(folder.path());
    drop(store);
    let store = open_ringed(&home);
    assert_eq!(texts(&store), 1);
    store.rekey_data(&WrapWith::Keyring).unwrap();
    let second = entries(folder.path());
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first, second, "the old entry opens nothing any more and is gone");
    drop(store);
    let store = open_ringed(&home);
    assert_eq!(store.info().unwrap().key, "the keyring");
    store.rekey(&WrapWith::KeyFile).unwrap();
    assert!(entries(folder.path()).is_empty());
    drop(store);
    assert_eq!(texts(&open_ringed(&home)), 1);
}

#[test]
fn the_key_of_a_provider_may_be_kept_in_the_keyring_and_leaves_it_with_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = open_ringed(&home);
    let kept = |store: &Store| store.provider_key("box").unwrap().map(|key| key.expose().to_owned());
    assert_eq!(kept(&store), None);
    store.keep_provider_key("box", &Secret::new("sk-1"), KeyPlace::Keyring).unwrap();
    assert_eq!(store.provider_keys().unwrap(), [("box".to_owned(), KeyPlace::Keyring)]);
    assert_eq!((kept(&store).as_deref(), entries(folder.path()).len()), (Some("sk-1"), 1));
    store.keep_provider_key("box", &Secret::new("sk-2"), KeyPlace::Keyring).unwrap();
    assert_eq!((kept(&store).as_deref(), entries(folder.path()).len()), (Some("sk-2"), 1));
    let ring = folder.path().join("ring");
    std::fs::rename(&ring, folder.path().join("away")).unwrap();
    let error = store.provider_key("box").unwrap_err();
    assert!(error.why.contains("has no entry") && error.hint.contains("keys set box"), "{error}");
    std::fs::rename(folder.path().join("away"), &ring).unwrap();
    store.keep_provider_key("box", &Secret::new("sk-3"), KeyPlace::Store).unwrap();
    assert_eq!((kept(&store).as_deref(), entries(folder.path()).len()), (Some("sk-3"), 0));
    drop(store);
    let store = open_ringed(&home);
    assert_eq!(kept(&store).as_deref(), Some("sk-3"));
    assert!(store.forget_provider_key("box").unwrap() && !store.forget_provider_key("box").unwrap());
    assert_eq!(kept(&store), None);
}

#[test]
fn a_keyring_that_is_locked_gone_silent_or_lost_its_entry_is_told_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = open_ringed(&home);
    turn(&store, 1, 1, "text");
    store.rekey(&WrapWith::Keyring).unwrap();
    drop(store);
    let fault = folder.path().join("fault");
    for (kind, words, hint) in [
        ("absent", "no keyring can be used here", "Log in to the desktop"),
        ("silent", "did not answer in time", "Look whether it hangs"),
        ("locked", "is locked", "Unlock it"),
        ("its disk burns", "its disk burns", "Look at the keyring"),
    ] {
        fs::write(&fault, kind).unwrap();
        let error = ringed(&home).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Locked, "{error}");
        assert!(error.why.contains(words) && error.hint.contains(hint), "{error}");
        assert!(error.hint.contains("nothing that was saved is lost"), "{error}");
    }
    fs::remove_file(&fault).unwrap();
    let entry = entries(folder.path()).remove(0);
    let secret = fs::read(&entry).unwrap();
    for damaged in [&b"outcrop key 1\n00\n"[..], &secret[..secret.len() - 3], b"\xff"] {
        fs::write(&entry, damaged).unwrap();
        let error = ringed(&home).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Locked, "{error}");
    }
    let store = {
        fs::write(&entry, &secret).unwrap();
        ringed(&home).unwrap()
    };
    fs::remove_file(&entry).unwrap();
    let error = store.check_key().unwrap_err();
    assert!(error.why.contains("no entry"), "{error}");
    // The key is still in memory: another wrapping saves it.
    store.rekey(&WrapWith::KeyFile).unwrap();
    store.check_key().unwrap();
    drop(store);
    assert_eq!(texts(&open_ringed(&home)), 1);
    let store = open_ringed(&home);
    store.rekey(&WrapWith::Keyring).unwrap();
    drop(store);
    fs::remove_file(entries(folder.path()).remove(0)).unwrap();
    let error = ringed(&home).unwrap_err();
    assert!(error.why.contains("no entry") && error.hint.contains("backup"), "{error}");
}

#[test]
fn a_keyring_that_refuses_leaves_the_key_file_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = open_ringed(&home);
    turn(&store, 1, 1, "text");
    fs::write(folder.path().join("fault"), "absent").unwrap();
    for data in [false, true] {
        let error = if data { store.rekey_data(&WrapWith::Keyring) } else { store.rekey(&WrapWith::Keyring) };
        let error = error.unwrap_err();
        assert!(error.hint.contains("what opened the workspace opens it still"), "{error}");
    }
    assert_eq!(store.key_kind(), "a key file");
    drop(store);
    // Where nothing was put into a keyring, nothing of it is to be taken away later.
    let store = open_ringed(&home);
    assert_eq!((texts(&store), store.notices()), (1, Vec::new()));
}

#[test]
fn an_old_entry_that_cannot_be_taken_away_is_told_and_the_new_key_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = open_ringed(&home);
    turn(&store, 1, 1, "text");
    store.rekey(&WrapWith::Keyring).unwrap();
    fs::write(folder.path().join("fault"), "locked").unwrap();
    store.rekey(&WrapWith::Passphrase("new".into())).unwrap();
    assert!(store.notices()[0].contains("taking the old key out of the keyring"), "{:?}", store.notices());
    drop(store);
    let options = Options { keyring: FolderRing::beside(&home), ..small() };
    let (store, _) = Store::open_with(&own(&home), &unlock(Some("new")), options).unwrap();
    assert_eq!(texts(&store), 1);
}

#[test]
fn an_old_key_that_stays_keeps_no_store_shut_and_goes_once_it_can() {
    for (step, from, to) in [
        ("taking the old key out of the keyring", WrapWith::Keyring, WrapWith::KeyFile),
        ("taking the old key file away", WrapWith::KeyFile, WrapWith::Keyring),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let files = || walk(&home).iter().filter(|path| name(path).starts_with("key-")).count();
        let store = open_ringed(&home);
        turn(&store, 1, 1, "text");
        store.rekey(&from).unwrap();
        store.backup_automatic().unwrap();
        let before = fs::read(home.join("backup")).unwrap();
        drop(store);
        let refusing = || {
            let faults = Faults::new(
                move |at| {
                    if at == step { Err(std::io::Error::other("planned")) } else { Ok(()) }
                },
            );
            let options = Options { keyring: FolderRing::beside(&home), faults, ..small() };
            Store::open_with(&own(&home), &unlock(None), options).unwrap()
        };
        let store = refusing().0;
        store.rekey(&to).unwrap();
        assert!(store.notices()[0].contains(step), "{:?}", store.notices());
        assert_ne!(fs::read(home.join("backup")).unwrap(), before, "the store's own backup has the new key");
        drop(store);
        // Twice, for nothing is forgotten of what could not be taken away.
        for _ in 0..2 {
            let (store, notices) = refusing();
            assert!(notices[0].contains(step), "{notices:?}");
            assert_eq!((texts(&store), files() + entries(folder.path()).len()), (1, 2));
        }
        let store = open_ringed(&home);
        assert_eq!(store.notices(), Vec::<String>::new());
        assert_eq!((texts(&store), files() + entries(folder.path()).len()), (1, 1));
    }
}

/// In a child, on whose session bus nobody answers: the keyring says so in time.
#[allow(clippy::print_stdout, reason = "the parent reads it")]
pub fn on_a_bus(home: &Path) {
    let options = Options { keyring: Keyring::patient(Duration::from_millis(200)), ..small() };
    let (store, _) = Store::open_with(&own(home), &unlock(None), options).unwrap();
    super::crash::say(&format!("told: {}", store.rekey(&WrapWith::Keyring).unwrap_err()));
}

#[test]
fn a_bus_that_never_answers_or_is_not_there_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("bus");
    for (there, words) in [(false, "no keyring can be used here"), (true, "did not answer in time")] {
        // Connections wait in its queue and are never taken.
        let _bus = there.then(|| UnixListener::bind(&socket).unwrap());
        let mut child = super::crash::command("bus", &folder.path().join("home"), 0);
        let child = child.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
        let said = child.output().unwrap();
        let said = String::from_utf8_lossy(&said.stdout);
        assert!(said.contains("told: ") && said.contains(words), "{said}");
    }
}

/// In a child, with a session of its own: the desktop's keyring takes the key, is locked, and loses it.
#[allow(clippy::print_stdout, reason = "the parent reads it")]
pub fn in_a_session(home: &Path) {
    let open = |ask| Store::open_with(&own(home), &Unlock { passphrase: None, ask }, small());
    let store = open(false).unwrap().0;
    turn(&store, 1, 1, "text");
    store.rekey(&WrapWith::Keyring).unwrap();
    store.check_key().unwrap();
    drop(store);
    let store = open(false).unwrap().0;
    assert_eq!((store.key_kind(), texts(&store)), ("the keyring", 1));
    store.rekey_data(&WrapWith::Keyring).unwrap();
    drop(store);
    let lock = Command::new("dbus-send")
        .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"])
        .arg("org.freedesktop.Secret.Service.Lock")
        .arg("array:objpath:/org/freedesktop/secrets/aliases/default")
        .output()
        .unwrap();
    assert!(lock.status.success(), "{}", String::from_utf8_lossy(&lock.stderr));
    let error = open(false).unwrap_err();
    assert!(error.why.contains("locked"), "{error}");
    super::crash::say("the real keyring did it all");
}

#[test]
fn the_desktops_own_keyring_keeps_the_key() {
    let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !["dbus-run-session", "gnome-keyring-daemon", "dbus-send"].into_iter().all(there) {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI must have GNOME Keyring and D-Bus");
        crate::skipped!("a real keyring; gnome-keyring-daemon, dbus-run-session and dbus-send bring one");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let inner = super::crash::command("keyring", &folder.path().join("home"), 0);
    let mut session = Command::new("dbus-run-session");
    session
        .args([
            "--",
            "sh",
            "-c",
            "gnome-keyring-daemon --unlock --components=secrets >&2 && exec \"$@\"",
            "sh",
        ])
        .arg(inner.get_program())
        .args(inner.get_args())
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("HOME", folder.path())
        .env("XDG_DATA_HOME", folder.path().join("data"))
        .env("XDG_RUNTIME_DIR", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut session = session.spawn().unwrap();
    session.stdin.take().unwrap().write_all(b"the keyring's own password").unwrap();
    let said = session.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(out.contains("the real keyring did it all"), "{out}\n{err}");
}
