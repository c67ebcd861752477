//! The person's own editor.

use std::path::Path;
use std::process::{Command, ExitStatus};

use super::cut;
use crate::domain::{Error, ErrorKind, Result};

/// What an editor is opened for.
#[derive(Debug, Clone, Copy)]
pub struct Edit<'a> {
    pub doing: &'a str,
    /// A command line such as `code --wait`.
    pub line: &'a str,
    pub file: &'a Path,
    /// The network is kept from it.
    pub offline: bool,
}

impl Edit<'_> {
    /// The editor has the person's terminal, folder and environment, save for what opens the workspace.
    fn command(&self) -> Result<Command> {
        let mut command = Command::new("/bin/sh");
        if self.offline {
            self.can_be_cut()?;
            command = Command::new(cut::WAY[0]);
            command.args(&cut::WAY[1..]).arg("/bin/sh");
        }
        let line = format!("{} \"$@\"", self.line);
        command.arg("-c").arg(line).arg("editor").arg(self.file).env_remove("OUTCROP_PASSPHRASE");
        Ok(command)
    }

    /// The error where this machine cannot keep the network from a program.
    fn can_be_cut(&self) -> Result<()> {
        if cut::can() {
            return Ok(());
        }
        let why = format!(
            "--offline forbids the network, and this machine cannot keep it from `{}` (unshare --net)",
            self.line
        );
        let hint = format!("Open {} in it yourself, or start without --offline.", self.file.display());
        Err(Error::new(ErrorKind::Offline, self.doing, why, hint))
    }

    /// Opens the file and waits for the editor's end. Dropped, it ends the editor.
    pub async fn run(&self) -> Result<ExitStatus> {
        let mut editor = tokio::process::Command::from(self.command()?);
        editor.kill_on_drop(true).status().await.map_err(|why| Error::io(self.doing, &why))
    }

    /// The same on a thread that may block.
    pub fn run_here(&self) -> Result<ExitStatus> {
        self.command()?.status().map_err(|why| Error::io(self.doing, &why))
    }
}
