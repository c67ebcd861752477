//! Loading a model file in a child first: llama.cpp ends the process where it meets what it never expected.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::child::{Child, Ended, Surroundings};
use crate::domain::catalog::Backend;
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::{self, Trial};

/// The words that put this program into the hidden mode, before the file.
pub(super) const MODE: [&str; 2] = ["worker", "load"];

/// The largest file on the slowest disk.
const PATIENCE: Duration = Duration::from_mins(15);

/// Files that passed are remembered, the last so many.
const REMEMBERED: usize = 200;

/// Tries files in children of this program, each once.
#[derive(Debug)]
pub struct Trials {
    program: PathBuf,
    /// May be deleted at any time; children work there.
    cache: PathBuf,
    around: Surroundings,
}

impl Trials {
    /// `program` is this very program; `cache` holds what passed.
    pub fn new(program: PathBuf, cache: PathBuf, around: Surroundings) -> Self {
        Self { program, cache, around }
    }

    fn ledger(&self) -> PathBuf {
        self.cache.join("tried")
    }

    fn passed(&self) -> Vec<String> {
        let text = fs::read_to_string(self.ledger()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Trial for Trials {
    fn pass(&self, path: &Path, wanted: &dyn Fn() -> bool) -> Result<()> {
        let doing = format!("trying the model {} with llama.cpp", path.display());
        let io = |why: std::io::Error| Error::io(&doing, &why);
        if self.passed().contains(&mark(path).map_err(io)?) {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.cache).map_err(io)?;
        let path = fs::canonicalize(path).map_err(io)?;
        let child = Child::new(&self.program, &self.cache, &self.around, PATIENCE);
        let ended = child.arguments(MODE).arguments([&path]).run(wanted).map_err(io)?;
        judge(&doing, &ended)?;
        self.vouch(&path);
        Ok(())
    }

    fn vouch(&self, path: &Path) {
        let remember = || {
            let mut passed = self.passed();
            passed.push(mark(path)?);
            let kept = passed.split_off(passed.len().saturating_sub(REMEMBERED));
            let fresh = self.cache.join(format!("tried.{}", std::process::id()));
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
            file.write_all((kept.join("\n") + "\n").as_bytes())?;
            fs::rename(&fresh, self.ledger())
        };
        if let Err(error) = remember() {
            tracing::warn!(%error, "a model will be tried again");
        }
    }
}

/// What tells this state of a file from every other one, and this llama.cpp from the next.
fn mark(path: &Path) -> std::io::Result<String> {
    let facts = fs::metadata(path)?;
    let (size, inode) = (facts.len(), facts.ino());
    Ok(format!("{} {size} {inode} {}.{}", env!("CARGO_PKG_VERSION"), facts.mtime(), facts.mtime_nsec()))
}

/// What the end of a trial says of the file.
fn judge(doing: &str, ended: &Ended) -> Result<()> {
    if ended.status.success() {
        return Ok(());
    }
    let last = ended.said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if ended.status.code() == Some(2)
        && let Ok(error) = serde_json::from_str::<Error>(last)
    {
        return Err(error);
    }
    // What it stopped at stands in front of its own report of where it was.
    let stopped = ended.said.lines().find(|line| line.contains("ASSERT") || line.contains("what():"));
    let words: String = stopped.unwrap_or(last).trim().chars().take(200).collect();
    Err(Error::new(
        ErrorKind::Corrupt,
        doing,
        format!("llama.cpp broke down on it ({}): {words}", ended.status),
        "The file is damaged, or not what it says: fetch it again, or take another conversion of the model.",
    ))
}

/// Serves the hidden mode: the exit code, after the file was loaded and had to answer.
pub(super) fn serve(path: &Path) -> u8 {
    // Breaking down is expected: it leaves no copy of the memory behind.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let Err(error) = engine::try_out(path, Backend::LlamaCpp) else { return 0 };
    let line = serde_json::to_string(&error).unwrap_or_default();
    let _ = writeln!(std::io::stderr(), "{line}");
    2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that does as `script` says when it is to try a file, and counts.
    fn trials(folder: &Path, script: &str) -> Trials {
        // The shell takes the first word for the name of a script in its folder.
        let cache = folder.join("cache");
        fs::create_dir_all(&cache).unwrap();
        let text = format!("echo worker \"$@\" >> {}/calls\n{script}\n", folder.display());
        fs::write(cache.join("worker"), text).unwrap();
        let around = [("PATH".into(), "/usr/bin:/bin".into())];
        Trials::new("/bin/sh".into(), cache, around.into_iter().collect())
    }

    fn calls(folder: &Path) -> usize {
        fs::read_to_string(folder.join("calls")).map_or(0, |text| text.lines().count())
    }

    #[test]
    fn a_file_is_tried_once_and_again_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model.gguf");
        fs::write(&model, "one").unwrap();
        let trials = trials(folder.path(), "exit 0");
        trials.pass(&model, &|| true).unwrap();
        trials.pass(&model, &|| true).unwrap();
        assert_eq!(calls(folder.path()), 1);
        let words = fs::read_to_string(folder.path().join("calls")).unwrap();
        let real = model.canonicalize().unwrap();
        assert_eq!(words.trim(), format!("worker load {}", real.display()));
        fs::write(&model, "another").unwrap();
        trials.pass(&model, &|| true).unwrap();
        assert_eq!(calls(folder.path()), 2);
        let copy = folder.path().join("copy.gguf");
        fs::copy(&model, &copy).unwrap();
        trials.vouch(&copy);
        trials.pass(&copy, &|| true).unwrap();
        assert_eq!(calls(folder.path()), 2, "somebody vouched for it");
    }

    #[test]
    fn one_that_breaks_down_is_an_error_that_says_on_what_and_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model.gguf");
        fs::write(&model, "one").unwrap();
        let script = "echo 'ggml.c:1: GGML_ASSERT(n > 0) failed' >&2; echo '#0 a frame' >&2; kill -ABRT $$";
        let trials = trials(folder.path(), script);
        for _ in 0..2 {
            let error = trials.pass(&model, &|| true).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt);
            assert!(error.why.contains("GGML_ASSERT(n > 0)") && error.why.contains("signal"), "{error}");
        }
        assert_eq!(calls(folder.path()), 2);
    }

    #[test]
    fn a_trial_that_nobody_waits_for_any_more_ends() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model.gguf");
        fs::write(&model, "one").unwrap();
        let trials = trials(folder.path(), "exec sleep 1000");
        let error = trials.pass(&model, &|| calls(folder.path()) == 0).unwrap_err();
        assert!(error.why.contains("nobody waits"), "{error}");
    }

    #[test]
    fn what_the_child_says_of_the_file_is_said_here() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model.gguf");
        fs::write(&model, "one").unwrap();
        let error = Error::new(ErrorKind::Invalid, "loading", "it's odd", "Take another.");
        let line = serde_json::to_string(&error).unwrap().replace('\'', "'\\''");
        let told = trials(folder.path(), &format!("echo noise >&2; echo '{line}' >&2; exit 2"));
        assert_eq!(told.pass(&model, &|| true).unwrap_err(), error);
    }
}
