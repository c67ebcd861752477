//! Processes that are killed: what was acknowledged is there afterwards, and every step of a rewrite may be the last.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use outcrop::domain::message::Message;
use outcrop::store::{Faults, Options, Owner, Scan, Store, WrapWith};
use rustix::process::{Signal, getpid, kill_process};

use super::keyring::{FolderRing, open_ringed};
use super::{conversation_id, head, key, message, message_id, name, open, small, turn, unlock, walk};

/// What a child is told to do, as `WHAT FOLDER NUMBER`.
const TASK: &str = "OUTCROP_STORE_TEST_TASK";

/// Starts this test binary again, to do one thing.
pub fn child(task: &str, folder: &Path, number: u32) -> Child {
    command(task, folder, number)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How that is started.
pub fn command(task: &str, folder: &Path, number: u32) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["store::crash::what_a_child_does", "--exact", "--nocapture"])
        .env(TASK, format!("{task} {number} {}", folder.display()));
    command
}

/// Nothing, unless it is a child: then it is the whole of the child's work.
#[test]
fn what_a_child_does() {
    let Some(task) = std::env::var_os(TASK) else { return };
    let task = task.into_string().unwrap();
    let mut words = task.splitn(3, ' ');
    let what = words.next().unwrap();
    let number: u32 = words.next().unwrap().parse().unwrap();
    let folder = Path::new(words.next().unwrap());
    match what {
        "commit" => commit(folder, number),
        "migrate" => super::migrate::in_a_child(folder, number),
        "own" => own(folder),
        "race" => race(folder),
        "full" => super::full::on_a_full_disk(folder),
        "keyring" => super::keyring::in_a_session(folder),
        "bus" => super::keyring::on_a_bus(folder),
        "privacy" => super::privacy::everything_with_an_open_umask(folder),
        _ => rewrite(what, folder, number),
    }
}

pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// Four threads that commit turns from `first` on, each told when it is acknowledged.
fn commit(folder: &Path, first: u32) {
    let store = open(folder);
    let next = AtomicU32::new(first);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let text = if number.is_multiple_of(50) {
                        "large ".repeat(1500)
                    } else {
                        format!("text {number}")
                    };
                    turn(&store, number % 7, number, &text);
                    say(&format!("acknowledged {number}"));
                }
            });
        }
    });
}

fn own(folder: &Path) {
    if let Some(_owner) = Owner::try_take(folder).unwrap() {
        say("owned");
        let _ = std::io::stdin().read(&mut [0]);
    } else {
        say("busy");
    }
}

/// Tries to own the folder each time that a line comes, and lets it go at the next one.
fn race(folder: &Path) {
    let mut lines = std::io::stdin().lines();
    while lines.next().is_some() {
        let owner = Owner::try_take(folder).unwrap();
        say(if owner.is_some() { "owned" } else { "busy" });
        lines.next();
        drop(owner);
        say("free");
    }
}

/// Does one thing to the store and dies before its step `last`.
fn rewrite(what: &str, folder: &Path, last: u32) {
    let steps = AtomicU32::new(0);
    let faults = Faults::new(move |_| {
        if steps.fetch_add(1, Ordering::SeqCst) + 1 == last {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
        Ok(())
    });
    let owner = Owner::take(folder).unwrap();
    let options = Options { faults, keyring: FolderRing::beside(folder), ..small() };
    let (store, _) = Store::open_with(&owner, &unlock(None), options).unwrap();
    match what {
        "open" => {}
        "compact" => store.compact().unwrap(),
        "give-back" => drop(store.give_back().unwrap()),
        "rekey" | "from-keyring" => store.rekey(&WrapWith::KeyFile).unwrap(),
        "rekey-data" => store.rekey_data(&WrapWith::KeyFile).unwrap(),
        "to-keyring" => store.rekey_data(&WrapWith::Keyring).unwrap(),
        "backup" => drop(store.backup_automatic().unwrap()),
        "restore" => drop(store.restore(&folder.join("../saved"), &unlock(None)).unwrap()),
        _ => panic!("no such task: {what}"),
    }
}

/// Processes that are killed one after another, on one store.
const ROUNDS: u32 = 100;

#[test]
fn a_turn_that_was_acknowledged_survives_kill_9() {
    // Two hundred kills, on two stores at a time.
    let acknowledged: usize = std::thread::scope(|scope| {
        let stores = [1, 2].map(|store| scope.spawn(move || killed_again_and_again(store)));
        stores.into_iter().map(|store| store.join().unwrap()).sum()
    });
    assert!(acknowledged > 2000, "{acknowledged}");
}

/// How many turns were acknowledged; all of them were there after every kill.
fn killed_again_and_again(seed: u32) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    let mut first = 0;
    for round in 0..ROUNDS {
        let mut child = child("commit", folder.path(), first);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut left = 1 + (round * 37 * seed) % 40;
        let before = acknowledged.len();
        while left > 0 {
            let line = lines.next().expect("the child ended by itself");
            if let Some(number) = line.strip_prefix("acknowledged ") {
                acknowledged.push(number.parse::<u32>().unwrap());
                left -= 1;
            }
        }
        child.kill().unwrap();
        // What was said before the kill counts as well.
        acknowledged.extend(lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u32>().ok()));
        child.wait().unwrap();
        let store = open(folder.path());
        // What an earlier round proved is looked at again at the end.
        let from = if round + 1 == ROUNDS { 0 } else { before };
        for number in &acknowledged[from..] {
            let found = store.get::<Message>(&(conversation_id(number % 7), message_id(*number))).unwrap();
            assert!(found.is_some(), "turn {number} is lost in round {round}");
        }
        assert_eq!(store.notices(), Vec::<String>::new());
        first = acknowledged.iter().max().unwrap() + 100;
    }
    acknowledged.len()
}

#[test]
fn of_processes_that_race_for_the_store_exactly_one_gets_it_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut children: Vec<_> = (0..4).map(|_| child("race", folder.path(), 0)).collect();
    let mut ends: Vec<_> = children
        .iter_mut()
        .map(|child| (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines()))
        .collect();
    for round in 0..100 {
        for (line, known) in [("take", ["owned", "busy"]), ("let go", ["free", "free"])] {
            for (input, _) in &mut ends {
                writeln!(input, "{line}").unwrap();
            }
            let said = |(_, lines): &mut (_, std::io::Lines<BufReader<_>>)| {
                lines.map(Result::unwrap).find(|line| known.contains(&line.as_str())).unwrap()
            };
            let said: Vec<String> = ends.iter_mut().map(said).collect();
            let owners = said.iter().filter(|line| *line == "owned").count();
            assert_eq!(owners, usize::from(line == "take"), "round {round}: {said:?}");
        }
    }
    drop(ends);
    for child in &mut children {
        child.wait().unwrap();
    }
}

#[test]
fn of_many_processes_one_owns_the_store_and_its_death_frees_it() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..8 {
        let mut children: Vec<_> = (0..4).map(|_| child("own", folder.path(), 0)).collect();
        let mut owner = None;
        for (at, child) in children.iter_mut().enumerate() {
            let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
            let said = lines.into_iter().find(|line| line == "owned" || line == "busy");
            if said.as_deref() == Some("owned") {
                assert_eq!(owner, None, "two own it");
                owner = Some(at);
            }
        }
        let owner = owner.expect("nobody owns it");
        assert_eq!(Owner::pid(folder.path()), Some(children[owner].id()));
        assert!(Owner::try_take(folder.path()).unwrap().is_none());
        children[owner].kill().unwrap();
        for child in &mut children {
            child.wait().unwrap();
        }
    }
    // That it is free is seen by the next ones. Owned here, its lock could live on in a child that another test is starting.
    let mut last = child("own", folder.path(), 0);
    let lines = BufReader::new(last.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
    let said = lines.into_iter().find(|line| line == "owned" || line == "busy");
    assert_eq!(said.as_deref(), Some("owned"));
    last.kill().unwrap();
    last.wait().unwrap();
}

/// A store with turns, something removed, a large value, an automatic backup, and a backup beside it.
fn built(what: &str, folder: &Path) {
    let store = open_ringed(&folder.join("home"));
    for number in 0..300 {
        turn(&store, number % 3, number, &"grain ".repeat(1 + number as usize % 9));
    }
    turn(&store, 1, 1000, &"large ".repeat(2000));
    let mut batch = outcrop::store::Batch::new();
    batch.remove::<Message>(&key(&message(0, 0, "")));
    store.commit(batch).unwrap();
    store.backup_automatic().unwrap();
    store.backup(&folder.join("saved")).unwrap();
    if what == "from-keyring" {
        store.rekey(&WrapWith::Keyring).unwrap();
    }
}

/// Kills a child at each step of `what` in turn and looks at what the next start finds.
fn survives_being_killed_at_every_step_of(what: &str) {
    let mut step = 0;
    loop {
        step += 1;
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        if what != "open" {
            built(what, folder.path());
        }
        let finished = child(what, &home, step).wait_with_output().unwrap();
        let store = open_ringed(&home);
        let words = format!("{what} killed at step {step}: {:?}", store.notices());
        if what == "give-back" {
            assert!(store.notices().is_empty(), "nobody asked for it, and nobody is told: {words}");
        }
        let verified = store.verify().unwrap();
        assert_eq!(verified.damaged, [], "{words}");
        let wanted = if what == "open" { 0 } else { 303 };
        assert_eq!(verified.records, wanted, "{words}");
        if what != "open" {
            assert_eq!(store.newest(5, None).unwrap().heads.len(), 3, "{words}");
            assert_eq!(store.newest(5, None).unwrap().heads[0], head(1, 1000), "{words}");
        }
        turn(&store, 5, 5000, "life goes on");
        store.check_key().unwrap();
        let key = store.key_kind();
        drop(store);
        let files = walk(&home);
        let count = |start: &str| files.iter().filter(|path| name(path).starts_with(start)).count();
        let words = format!("{words} {files:?}");
        let entries = std::fs::read_dir(folder.path().join("ring")).map_or(0, Iterator::count);
        // A key file that was there before the first head is not known to be ours: nobody takes it away.
        let unknown = usize::from(what == "open");
        let wanted = usize::from(key == "a key file");
        assert!((wanted..=wanted + unknown).contains(&count("key-")), "{words}");
        assert_eq!(entries, usize::from(key == "the keyring"), "{words}");
        let trees = files.iter().filter(|path| name(path) == "db").count();
        let kept = usize::from(what == "restore");
        assert!((1..=1 + kept).contains(&trees), "{words}");
        assert!(!files.iter().any(|path| name(path).ends_with(".unfinished")), "{words}");
        assert!(open_ringed(&home).scan::<Message>(Scan::all()).all(|record| record.is_ok()), "{words}");
        if finished.status.success() {
            let wanted = if what == "to-keyring" { "the keyring" } else { "a key file" };
            assert_eq!(key, wanted);
            assert_eq!(entries, usize::from(what == "to-keyring"));
            assert!(step > 5, "{what} has only {step} steps");
            return;
        }
    }
}

#[test]
fn the_first_start_survives_being_killed_at_every_step() {
    survives_being_killed_at_every_step_of("open");
}

#[test]
fn compaction_survives_being_killed_at_every_step() {
    survives_being_killed_at_every_step_of("compact");
}

#[test]
fn giving_space_back_survives_being_killed_at_every_step_without_a_word() {
    survives_being_killed_at_every_step_of("give-back");
}

#[test]
fn a_new_wrapping_survives_being_killed_at_every_step() {
    survives_being_killed_at_every_step_of("rekey");
}

#[test]
fn a_new_data_key_survives_being_killed_at_every_step() {
    survives_being_killed_at_every_step_of("rekey-data");
}

#[test]
fn the_way_into_the_keyring_survives_being_killed_at_every_step() {
    survives_being_killed_at_every_step_of("to-keyring");
}

#[test]
fn the_way_out_of_the_keyring_survives_being_killed_at_every_step() {
    survives_being_killed_at_every_step_of("from-keyring");
}

#[test]
fn a_restore_survives_being_killed_at_every_step() {
    survives_being_killed_at_every_step_of("restore");
}

#[test]
fn a_backup_survives_being_killed_at_every_step() {
    survives_being_killed_at_every_step_of("backup");
}
