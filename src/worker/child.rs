//! A program that works for this one.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::{cut, guard};

/// Bytes of what a child says on its standard error that are kept: the last ones.
pub(super) const SAID: usize = 64 * 1024;

/// How often it is asked whether anybody still waits for a child.
const LOOK: Duration = Duration::from_millis(100);

/// The environment of every child: the person's own, without secrets.
#[derive(Clone, Default)]
pub struct Surroundings(Arc<[(OsString, OsString)]>);

impl FromIterator<(OsString, OsString)> for Surroundings {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl Surroundings {
    /// A variable's value.
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }
}

/// Names only.
impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A child that is not started yet.
#[derive(Debug)]
pub struct Child {
    pub(super) command: Command,
    patience: Duration,
    memory: Option<u64>,
}

/// A child that runs. Dropped, it ends, and what it started with it.
#[derive(Debug)]
pub struct Running {
    pub(super) child: tokio::process::Child,
    pub(super) group: Option<Pid>,
    patience: Duration,
}

/// How a child ended, and the last that it said.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub said: String,
}

impl Child {
    /// `program` in `folder`. Python, for one, looks for code where it is started: never in the folder that the person
    /// happens to be in. After `patience` it is ended.
    pub fn new(program: impl AsRef<OsStr>, folder: &Path, around: &Surroundings, patience: Duration) -> Self {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env_clear()
            .envs(around.0.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Self { command, patience, memory: None }
    }

    /// The same without a network; `None` where this machine cannot keep it from a program. To be asked on a thread that may
    /// block.
    pub fn cut(
        program: impl AsRef<OsStr>,
        folder: &Path,
        around: &Surroundings,
        patience: Duration,
    ) -> Option<Self> {
        cut::can().then(|| {
            Self::new(cut::WAY[0], folder, around, patience).arguments(&cut::WAY[1..]).arguments([program])
        })
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets variables over its environment.
    #[must_use]
    pub fn variables(
        mut self,
        variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> Self {
        self.command.envs(variables);
        self
    }

    /// The most memory that it may have for itself, and each that it starts, in bytes: where the system can.
    #[must_use]
    pub const fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Starts it.
    pub fn start(mut self) -> io::Result<Running> {
        let child = self.command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        // It has hardly begun, and nobody yet is started by it.
        if let (Some(own), Some(bytes)) = (group, self.memory) {
            guard::bound_data(own, bytes)?;
        }
        Ok(Running { child, group, patience: self.patience })
    }

    /// Starts it and waits for its end; what it wrote to its standard output comes too, at most `limit` bytes of it.
    pub async fn output(mut self, limit: usize) -> io::Result<(Ended, Vec<u8>)> {
        self.command.stdout(Stdio::piped());
        let mut running = self.start()?;
        let output = running.child.stdout.take();
        let reading = async {
            let mut written = Vec::new();
            if let Some(output) = output {
                output.take(limit as u64).read_to_end(&mut written).await?;
            }
            Ok(written)
        };
        tokio::try_join!(running.ended(), reading)
    }

    /// The same of one that is told something on its standard input, piece after piece.
    pub async fn answer(mut self, told: &[&[u8]], limit: usize) -> io::Result<(Ended, Vec<u8>)> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = self.start()?;
        let (input, output) = (running.child.stdin.take(), running.child.stdout.take());
        let telling = async {
            let Some(mut input) = input else { return Ok(()) };
            for piece in told {
                match input.write_all(piece).await {
                    // It has heard enough; how it ends tells why.
                    Err(why) if why.kind() == io::ErrorKind::BrokenPipe => break,
                    written => written?,
                }
            }
            Ok(())
        };
        let reading = async {
            let mut written = Vec::new();
            if let Some(output) = output {
                output.take(limit as u64).read_to_end(&mut written).await?;
            }
            Ok(written)
        };
        let (ended, written, ()) = tokio::try_join!(running.ended(), reading, telling)?;
        Ok((ended, written))
    }

    /// Starts it and waits for its end, as long as that is `wanted`, on a thread that may block.
    pub fn run(self, wanted: &dyn Fn() -> bool) -> io::Result<Ended> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let unwanted = async {
            while wanted() {
                tokio::time::sleep(LOOK).await;
            }
        };
        runtime.block_on(async {
            let running = self.start()?;
            tokio::select! {
                ended = running.ended() => ended,
                () = unwanted => Err(io::Error::new(io::ErrorKind::Interrupted, "nobody waits for it any more")),
            }
        })
    }
}

impl Running {
    /// Waits for its end.
    pub async fn ended(mut self) -> io::Result<Ended> {
        let mut errors = self.child.stderr.take();
        let work = async {
            let mut said = Vec::new();
            let mut piece = [0; 4096];
            if let Some(errors) = &mut errors {
                loop {
                    let read = errors.read(&mut piece).await?;
                    if read == 0 {
                        break;
                    }
                    keep(&mut said, &piece[..read]);
                }
            }
            let status = self.child.wait().await?;
            said.drain(..said.len().saturating_sub(SAID));
            Ok(Ended { status, said: String::from_utf8_lossy(&said).into_owned() })
        };
        let ended = tokio::time::timeout(self.patience, work).await;
        ended.unwrap_or_else(|_| {
            let why = format!("it was not done after {} s and was ended", self.patience.as_secs());
            Err(io::Error::new(io::ErrorKind::TimedOut, why))
        })
    }
}

/// Adds to what was said, of which the last is kept.
pub(super) fn keep(said: &mut Vec<u8>, piece: &[u8]) {
    said.extend_from_slice(piece);
    if said.len() > 2 * SAID {
        said.drain(..said.len() - SAID);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its number is its own until somebody has waited for it.
        if let (Some(_), Some(group)) = (self.child.id(), self.group) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    fn shell(script: &str, folder: &Path, patience: Duration) -> Child {
        let around = [("PATH".into(), "/usr/bin:/bin".into()), ("KNOWN".into(), "1".into())];
        Child::new("sh", folder, &around.into_iter().collect(), patience).arguments(["-c", script])
    }

    #[tokio::test]
    async fn a_child_knows_its_folder_and_what_it_was_given_and_nothing_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let script = "pwd >&2; env | grep -v '^\\(PWD\\|SHLVL\\|_\\|OLDPWD\\)=' | sort >&2; cat | wc -c | tr -d ' ' >&2";
        let child = shell(script, folder.path(), LONG).variables([("MORE", "2")]);
        let ended = child.start().unwrap().ended().await.unwrap();
        let real = folder.path().canonicalize().unwrap();
        assert_eq!(ended.said, format!("{}\nKNOWN=1\nMORE=2\nPATH=/usr/bin:/bin\n0\n", real.display()));
        assert!(ended.status.success());
    }

    #[tokio::test]
    async fn of_one_that_says_much_the_last_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let script = "i=0; while [ $i -lt 3000 ]; do printf '%0100d\\n' $i >&2; i=$((i+1)); done; echo last >&2; exit 3";
        let ended = shell(script, folder.path(), LONG).start().unwrap().ended().await.unwrap();
        assert!(ended.said.len() <= SAID && ended.said.ends_with("2999\nlast\n"), "{}", ended.said.len());
        assert_eq!(ended.status.code(), Some(3));
    }

    #[tokio::test]
    async fn one_that_is_told_much_hears_it_all_and_may_also_hear_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let much = vec![b'a'; 1 << 20];
        let (ended, heard) =
            shell("cat", folder.path(), LONG).answer(&[b"first ", &much], 4 << 20).await.unwrap();
        assert!(ended.status.success() && heard.len() == much.len() + 6 && heard.starts_with(b"first a"));
        let (ended, heard) = shell("exit 3", folder.path(), LONG).answer(&[&much], 100).await.unwrap();
        assert_eq!((ended.status.code(), heard.len()), (Some(3), 0));
    }

    #[tokio::test]
    async fn of_one_that_answers_without_end_so_much_is_read_as_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let (_, heard) = shell("yes", folder.path(), LONG).answer(&[b""], 100).await.unwrap();
        assert_eq!(heard, "y\n".repeat(50).as_bytes());
        let (_, heard) = shell("yes", folder.path(), LONG).output(100).await.unwrap();
        assert_eq!(heard.len(), 100);
    }

    #[test]
    fn one_that_takes_too_long_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        // Opened first for both, so that neither side waits for the other.
        let held = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        let mut reader = std::fs::File::open(&pipe).unwrap();
        // What outlives its patience ends by itself some time, and says so.
        let script =
            format!("exec 3>{}; (exec 2>&-; sleep 30; echo late >&3) & wait; echo late >&3", pipe.display());
        let error = shell(&script, folder.path(), Duration::from_millis(300)).run(&|| true).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(held);
        // The pipe ends when the last process that holds it has.
        assert_eq!(std::io::Read::read(&mut reader, &mut [0; 1]).unwrap(), 0);
    }
}
