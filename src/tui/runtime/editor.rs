//! A text in the person's own editor: a private file in a folder of its own, gone as soon as it was read, with whatever the
//! editor put beside it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::config::{Config, begin_file};
use crate::domain::{Error, ErrorKind, Result};
use crate::worker::Edit;

/// The most bytes that are read back.
const READ_MAX: u64 = 16 << 20;

const DOING: &str = "editing the text";

/// There is no editor to start.
pub fn none() -> Error {
    Error::new(ErrorKind::Config, DOING, "no editor is set", "Set $VISUAL or $EDITOR.")
}

/// Opens `text` with a command line such as `code --wait`, waits for its end, reads the text back.
pub async fn edit(text: &str, command: &str, folder: &Path, offline: bool) -> Result<String> {
    let file = Private::create(folder, text).map_err(|e| Error::io(DOING, &e))?;
    let status = Edit { doing: DOING, line: command, file: &file.path(), offline }.run().await;
    let status = status.map_err(|mut error| {
        if error.kind == ErrorKind::Offline {
            "Write it here, or start without --offline.".clone_into(&mut error.hint);
        }
        error
    })?;
    if !status.success() {
        let why = format!("`{command}` ended with {status}");
        return Err(Error::new(ErrorKind::Io, DOING, why, "The text is as it was before."));
    }
    file.read().map_err(|e| Error::io(DOING, &e))
}

/// Opens the configuration file, waits for the editor's end, reads it again.
pub async fn configure(config: Config, command: &str) -> Result<Config> {
    let path = &config.paths.config;
    let doing = format!("editing {}", path.display());
    begin_file(path, &doing)?;
    let offline = config.net.offline;
    let status = Edit { doing: &doing, line: command, file: path, offline }.run().await?;
    if !status.success() {
        let why = format!("`{command}` ended with {status}");
        return Err(Error::new(ErrorKind::Io, doing, why, "The file is as the editor left it."));
    }
    config.reload()
}

/// What folders of texts are called, before the number of the process.
const FOLDER: &str = "edit-";

/// A folder of this user's that nobody else can enter, and no link: it may lie where everybody can make one.
fn is_private(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|found| {
        let own = found.uid() == rustix::process::geteuid().as_raw();
        found.is_dir() && own && found.mode() & 0o777 == 0o700
    })
}

/// Removes the texts that processes left which ended while an editor had them.
pub fn sweep(folder: &Path) {
    if !is_private(folder) {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        // Whoever edits holds it locked, in whichever container or under whichever number.
        if name.to_str().is_some_and(|name| name.starts_with(FOLDER)) && lock(&entry.path()).is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Takes the folder's lock, which ends with the file, or with the process.
fn lock(folder: &Path) -> io::Result<File> {
    let open = File::open(folder)?;
    rustix::fs::flock(&open, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
    Ok(open)
}

/// A folder with one file for nobody else, locked, and removed when dropped.
struct Private {
    folder: PathBuf,
    _lock: File,
}

impl Private {
    fn create(folder: &Path, text: &str) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        if !is_private(folder) {
            let why = format!("{} is not a private folder", folder.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        // Two texts of one process are never out at once; an old folder of that name was left by a crash, and is swept.
        sweep(folder);
        let own = folder.join(format!("{FOLDER}{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&own)?;
        let private = Self { _lock: lock(&own)?, folder: own };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(private.path())?;
        file.write_all(text.as_bytes())?;
        Ok(private)
    }

    fn path(&self) -> PathBuf {
        self.folder.join("message.md")
    }

    fn read(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        File::open(self.path())?.take(READ_MAX).read_to_end(&mut bytes)?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // An editor may have put another file in its place, and copies and journals beside it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn an_editor_gets_a_private_file_that_is_gone_after() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("run");
        let seen = home.path().join("seen");
        let command = format!(
            "f() {{ stat -c %a \"$1\" > {0}; cat \"$1\" >> {0}; cp \"$1\" \"$1~\"; echo after > \"$1\"; }}; f",
            seen.display()
        );
        assert_eq!(edit("before\n", &command, &folder, false).await.unwrap(), "after\n");
        assert_eq!(fs::read_to_string(seen).unwrap(), "600\nbefore\n");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_a_process_left_that_is_gone_is_swept_away() {
        let run = tempfile::tempdir().unwrap();
        fs::set_permissions(run.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let held = Private::create(run.path(), "a canary").unwrap();
        let left = run.path().join(format!("{FOLDER}1"));
        for folder in [left.clone(), run.path().join("other-1")] {
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("message.md"), "a canary").unwrap();
        }
        sweep(run.path());
        assert!(!left.exists() && held.path().exists());
        assert_eq!(fs::read_dir(run.path()).unwrap().count(), 2, "what lives, and what is not ours, stays");
    }

    #[tokio::test]
    async fn the_configuration_is_edited_in_its_place_and_read_again() {
        let home = tempfile::tempdir().unwrap();
        let variables = [("OUTCROP_HOME".to_owned(), home.path().display().to_string())];
        let environment = crate::config::Environment::from_vars(variables);
        let config = Config::load(&environment, &crate::config::Flags::default()).unwrap();
        let write = |line: &str| format!("f() {{ printf '{line}' >> \"$1\"; }}; f");
        let preset = write("\\n[presets.calm]\\ntemperature = 0.1\\n");
        let edited = configure(config.clone(), &preset).await.unwrap();
        assert!(edited.presets.contains_key("calm"));
        assert!(fs::read_to_string(&config.paths.config).unwrap().contains("[presets.calm]"));
        let error = configure(config.clone(), &write("nonsense")).await.unwrap_err();
        assert!(error.to_string().contains("config.toml"), "{error}");
        assert!(configure(config, "false").await.unwrap_err().to_string().contains("as the editor left it"));
    }

    #[tokio::test]
    async fn an_editor_that_fails_changes_nothing_and_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("run");
        let error = edit("before", "false", &folder, false).await.unwrap_err();
        assert!(error.to_string().contains("as it was"), "{error}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_folder_that_others_can_open_is_refused() {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let error = edit("before", "true", home.path(), false).await.unwrap_err();
        assert!(error.to_string().contains("private"), "{error}");
        // Nor is anything removed through a link that somebody put there.
        let (run, link) = (home.path().join("run"), home.path().join("link"));
        DirBuilder::new().mode(0o700).create(&run).unwrap();
        fs::create_dir(run.join("edit-1")).unwrap();
        std::os::unix::fs::symlink(&run, &link).unwrap();
        sweep(&link);
        assert!(run.join("edit-1").exists());
        assert!(edit("before", "true", &link, false).await.unwrap_err().to_string().contains("private"));
    }
}
