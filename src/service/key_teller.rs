//! Keys that a command tells: a password manager's, most often.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tokio::sync::Mutex;

use crate::domain::{Error, ErrorKind, Result};
use crate::provider::key::KeySource;
use crate::worker::{Child, Surroundings};

/// Somebody may have to unlock a password manager first.
const PATIENCE: Duration = Duration::from_mins(1);
/// No key is longer, in bytes.
const LONGEST: usize = 64 * 1024;

/// The key of one provider. The command runs when the key is first needed, and once.
#[derive(Debug)]
pub struct KeyTeller {
    doing: String,
    line: String,
    folder: PathBuf,
    around: Surroundings,
    told: Mutex<Option<SecretString>>,
}

impl KeyTeller {
    /// `line` is for a shell, which runs in `folder` and knows `around`.
    pub fn new(provider: &str, line: impl Into<String>, folder: PathBuf, around: Surroundings) -> Self {
        let doing = format!("asking api_key_cmd for the key of {provider}");
        Self { doing, line: line.into(), folder, around, told: Mutex::new(None) }
    }

    async fn ask(&self) -> Result<SecretString> {
        let failed = |why: String| {
            let hint = "Try the command in a shell: its first line is to be the key, and nothing else.";
            Error::new(ErrorKind::Auth, &self.doing, why, hint)
        };
        let child = Child::new("sh", &self.folder, &self.around, PATIENCE).arguments(["-c", &self.line]);
        let (ended, written) = child.output(LONGEST).await.map_err(|why| failed(why.to_string()))?;
        if !ended.status.success() {
            // Never what it wrote: that may be the key.
            let said = ended.said.lines().last().unwrap_or_default();
            return Err(failed(format!("the command failed ({}): {said}", ended.status)));
        }
        let written = String::from_utf8(written).map_err(|_| failed("the key is no text".into()))?;
        let key = written.lines().next().unwrap_or_default().trim();
        if key.is_empty() {
            return Err(failed("the command wrote no key".into()));
        }
        Ok(key.into())
    }
}

impl KeySource for KeyTeller {
    fn key(&self) -> BoxFuture<'_, Result<SecretString>> {
        async {
            let mut told = self.told.lock().await;
            if let Some(key) = &*told {
                return Ok(key.clone());
            }
            Ok(told.insert(self.ask().await?).clone())
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn told(line: &str) -> KeyTeller {
        let around = [("PATH".into(), "/usr/bin:/bin".into())].into_iter().collect();
        KeyTeller::new("box", line, std::env::temp_dir(), around)
    }

    #[tokio::test]
    async fn the_first_line_is_the_key_and_the_command_runs_once() {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let source = told(&format!("echo x >> {}; echo ' sk-canary '; echo more", count.display()));
        for _ in 0..2 {
            assert_eq!(source.key().await.unwrap().expose_secret(), "sk-canary");
        }
        assert_eq!(std::fs::read_to_string(count).unwrap(), "x\n");
        assert!(!format!("{:?}", source.told).contains("sk-canary"));
    }

    #[tokio::test]
    async fn a_command_that_fails_or_tells_nothing_says_so_without_what_it_wrote() {
        let error = told("echo sk-canary; echo 'the vault is locked' >&2; exit 3").key().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(
            error.why.contains("the vault is locked") && !error.to_string().contains("sk-canary"),
            "{error}"
        );
        assert!(told("true").key().await.unwrap_err().why.contains("no key"));
    }
}
