//! Commands that write keys (`api_key_cmd`, `credential_process`), run as children.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::provider::key::{Command, Commands};
use crate::worker::{Child, Surroundings};

/// Somebody may have to unlock a password manager first.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// No keys are longer, in bytes.
const LONGEST: usize = 64 * 1024;

/// Runs them in `folder`, with `around` for an environment.
#[derive(Debug)]
pub struct KeyCommands {
    folder: PathBuf,
    around: Surroundings,
}

impl KeyCommands {
    pub fn new(folder: PathBuf, around: Surroundings) -> Self {
        Self { folder, around }
    }
}

impl Commands for KeyCommands {
    fn written<'a>(
        &'a self,
        net: &'a Client,
        Command { doing, name, line, hint }: Command<'a>,
    ) -> BoxFuture<'a, Result<SecretString>> {
        async move {
            let failed = |why: String| Error::new(ErrorKind::Auth, doing, why, hint);
            let _leave = net.leave(doing, name).map_err(|error| Error {
                why: "--offline runs no command for a key: nobody knows where it would connect".to_owned(),
                hint: "Start without --offline, or give the key by a variable or `outcrop keys set`."
                    .to_owned(),
                ..error
            })?;
            let child = Child::new("sh", &self.folder, &self.around, PATIENCE).arguments(["-c", line]);
            let (ended, written) = child.output(LONGEST).await.map_err(|why| failed(why.to_string()))?;
            if !ended.status.success() {
                // Never what it wrote: that may be the key.
                let said = ended.said.lines().last().unwrap_or_default();
                return Err(failed(format!("the command failed ({}): {said}", ended.status)));
            }
            String::from_utf8(written)
                .map(Into::into)
                .map_err(|_| failed("what it wrote is no text".to_owned()))
        }
        .boxed()
    }
}
