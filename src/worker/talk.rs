//! A child that is spoken with for as long as it is wanted.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio_util::task::AbortOnDropHandle;

use super::child::{Child, Running, keep};

/// How often it is looked whether one that is leaving has left.
const LOOK: Duration = Duration::from_millis(20);

/// Both ways to a child, and who keeps it.
#[derive(Debug)]
pub struct Talk {
    pub input: ChildStdin,
    pub output: ChildStdout,
    pub heard: Heard,
}

/// A child that is spoken with. Dropped, it ends, and what it started with it.
#[derive(Debug)]
pub struct Heard {
    running: Running,
    said: Arc<Mutex<Vec<u8>>>,
    listening: Option<AbortOnDropHandle<()>>,
}

impl Child {
    /// Starts one that is spoken with. It is kept until it is dropped, whatever its patience.
    pub fn talk(mut self) -> io::Result<Talk> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = self.start()?;
        let child = &mut running.child;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no input or no output"));
        };
        let said = Arc::default();
        let errors = child.stderr.take();
        let listening =
            errors.map(|errors| AbortOnDropHandle::new(tokio::spawn(listen(errors, Arc::clone(&said)))));
        Ok(Talk { input, output, heard: Heard { running, said, listening } })
    }
}

async fn listen(mut errors: ChildStderr, said: Arc<Mutex<Vec<u8>>>) {
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = errors.read(&mut piece).await {
        keep(&mut said.lock().unwrap_or_else(PoisonError::into_inner), &piece[..read]);
    }
}

impl Heard {
    /// The last that it said on its standard error.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Waits so long for it to leave by itself, then ends it, and what it started. How it ended, where that is known.
    pub async fn leave(&mut self, within: Duration) -> Option<ExitStatus> {
        let until = tokio::time::Instant::now() + within;
        while !self.has_left() && tokio::time::Instant::now() < until {
            tokio::time::sleep(LOOK).await;
        }
        // Before somebody waits for it: until then the group's number is its own.
        if let (Some(_), Some(group)) = (self.running.child.id(), self.running.group) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let status = self.running.child.wait().await.ok();
        // All who could still say something have ended; a file that they have handed on is not waited for.
        if let Some(listening) = self.listening.take() {
            let _ = tokio::time::timeout(LOOK, listening).await;
        }
        status
    }

    /// Whether it has ended, without taking notice of that.
    fn has_left(&self) -> bool {
        let (Some(_), Some(pid)) = (self.running.child.id(), self.running.group) else { return true };
        let looking = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(pid), looking), Ok(None))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

    use super::super::Surroundings;
    use super::*;

    fn talk(script: &str, folder: &Path) -> Talk {
        let around: Surroundings = [("PATH".into(), "/usr/bin:/bin".into())].into_iter().collect();
        Child::new("sh", folder, &around, Duration::ZERO).arguments(["-c", script]).talk().unwrap()
    }

    #[tokio::test]
    async fn a_child_answers_until_its_input_ends_and_its_end_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let Talk { mut input, output, mut heard } =
            talk("while read line; do echo $line $line; done; echo bye >&2; exit 3", folder.path());
        let mut lines = BufReader::new(output).lines();
        for word in ["a", "b"] {
            input.write_all(format!("{word}\n").as_bytes()).await.unwrap();
            assert_eq!(lines.next_line().await.unwrap().unwrap(), format!("{word} {word}"));
        }
        drop(input);
        let status = heard.leave(Duration::from_mins(1)).await.unwrap();
        assert_eq!((status.code(), heard.said().as_str()), (Some(3), "bye\n"));
    }

    #[tokio::test]
    async fn one_that_stays_is_ended_with_what_it_started_also_where_it_left_that_behind() {
        for script in ["trap '' TERM; sleep 60 & wait", "sleep 60 & exit 0"] {
            let folder = tempfile::tempdir().unwrap();
            let Talk { input, mut output, mut heard } = talk(script, folder.path());
            drop(input);
            let begun = tokio::time::Instant::now();
            heard.leave(Duration::from_millis(200)).await;
            // The pipe ends with the last that holds it.
            assert_eq!(output.read(&mut [0; 8]).await.unwrap(), 0);
            assert!(begun.elapsed() < Duration::from_secs(30), "{script}");
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_it_starts_has_no_more_memory_than_it_may_have_itself() {
        let folder = tempfile::tempdir().unwrap();
        let around: Surroundings = [("PATH".into(), "/usr/bin:/bin".into())].into_iter().collect();
        let takes = "read word; dd if=/dev/zero of=/dev/null bs=200M count=1 && echo much || echo little";
        for (megabytes, word) in [(64, "little"), (1024, "much")] {
            let child = Child::new("sh", folder.path(), &around, Duration::ZERO).arguments(["-c", takes]);
            let Talk { mut input, output, heard } = child.memory(megabytes << 20).talk().unwrap();
            input.write_all(b"now\n").await.unwrap();
            let said = BufReader::new(output).lines().next_line().await.unwrap().unwrap();
            assert_eq!(said, word, "{}", heard.said());
        }
    }

    #[tokio::test]
    async fn of_one_that_floods_its_errors_the_last_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let Talk { input, output, mut heard } =
            talk("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo last >&2", folder.path());
        drop((input, output));
        heard.leave(Duration::from_mins(1)).await;
        let said = heard.said();
        assert!(said.len() <= 2 * super::super::child::SAID && said.ends_with("xlast\n"), "{}", said.len());
    }
}
