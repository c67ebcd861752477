//! The person's own editor.

use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

/// `line` is a command line such as `code --wait`. The editor has the person's terminal, folder and environment, save
/// for what opens the workspace.
fn editor(line: &str, file: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("{line} \"$@\"")).arg("editor").arg(file).env_remove("OUTCROP_PASSPHRASE");
    command
}

/// Opens a file and waits for the editor's end. Dropped, it ends the editor.
pub async fn edit(line: &str, file: &Path) -> io::Result<ExitStatus> {
    tokio::process::Command::from(editor(line, file)).kill_on_drop(true).status().await
}

/// The same on a thread that may block.
pub fn edit_here(line: &str, file: &Path) -> io::Result<ExitStatus> {
    editor(line, file).status()
}
