//! Commands that write Amazon's keys (`credential_process`), run as children.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use crate::domain::{Error, ErrorKind, Result};
use crate::provider::bedrock::Processes;
use crate::worker::{Child, Surroundings};

/// Somebody may have to say yes to it first.
const PATIENCE: Duration = Duration::from_mins(1);
/// No keys are longer, in bytes.
const LONGEST: usize = 64 * 1024;

/// Runs them in `folder`, with `around` for an environment.
#[derive(Debug)]
pub struct KeyProcess {
    folder: PathBuf,
    around: Surroundings,
}

impl KeyProcess {
    pub fn new(folder: PathBuf, around: Surroundings) -> Self {
        Self { folder, around }
    }
}

impl Processes for KeyProcess {
    fn written<'a>(&'a self, doing: &'a str, line: &'a str) -> BoxFuture<'a, Result<SecretString>> {
        async move {
            let failed = |why: String| {
                let hint = "Try the command in a shell: it is to write keys as JSON, and nothing else.";
                Error::new(ErrorKind::Auth, doing, why, hint)
            };
            let child = Child::new("sh", &self.folder, &self.around, PATIENCE).arguments(["-c", line]);
            let (ended, written) = child.output(LONGEST).await.map_err(|why| failed(why.to_string()))?;
            if !ended.status.success() {
                // Never what it wrote: that may be the keys.
                let said = ended.said.lines().last().unwrap_or_default();
                return Err(failed(format!("the command failed ({}): {said}", ended.status)));
            }
            String::from_utf8(written).map(Into::into).map_err(|_| failed("it wrote no text".to_owned()))
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[tokio::test]
    async fn what_a_command_writes_is_told_and_what_a_failed_one_wrote_is_not() {
        let around = [("PATH".into(), "/usr/bin:/bin".into())].into_iter().collect();
        let process = KeyProcess::new(std::env::temp_dir(), around);
        let written = process.written("signing in", "echo '{'; echo '}'").await.unwrap();
        assert_eq!(written.expose_secret(), "{\n}\n");
        let error = process.written("signing in", "echo canary; echo locked >&2; exit 3").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(error.why.contains("locked") && !error.to_string().contains("canary"), "{error}");
    }
}
