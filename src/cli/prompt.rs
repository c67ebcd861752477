//! What is asked: files, the prompt, what is piped in.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::pin::pin;

use rustix::fs::FileType;
use tokio::time::Duration;

use super::args::Chat as Arguments;
use crate::domain::message::Block;
use crate::domain::{Error, ErrorKind, Result};

/// The largest file or input that is taken into a prompt, in bytes.
const LARGEST: u64 = 16 << 20;
/// How long an input that does not end is read in silence.
const PATIENCE: Duration = Duration::from_secs(3);

/// The files, then the prompt, then what was piped in.
pub(super) async fn blocks(arguments: &Arguments) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    for path in &arguments.file {
        blocks.push(Block::Text { text: attached(path)? });
    }
    let typed = arguments.prompt.join(" ");
    let from_input = typed == "-" || typed.is_empty();
    let mut parts = Vec::new();
    if from_input {
        if std::io::stdin().is_terminal() {
            super::out::say("Type the prompt, then Ctrl+D.");
        }
        parts.push(read_input().await?);
    } else {
        parts.push(typed);
        if holds_text() {
            parts.push(piped().await?);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    if !parts.is_empty() {
        blocks.push(Block::Text { text: parts.join("\n\n") });
    }
    if blocks.is_empty() {
        return Err(Error::new(
            ErrorKind::Invalid,
            "asking",
            "there is no prompt",
            "Write it after the command, or pipe it in.",
        ));
    }
    Ok(blocks)
}

/// Whether the standard input is a thing that texts come from: a pipe, a socket, a file. A terminal is for typing, and
/// `/dev/null` and its like hold nothing.
fn holds_text() -> bool {
    let kind = rustix::fs::fstat(std::io::stdin()).map(|facts| FileType::from_raw_mode(facts.st_mode));
    matches!(kind, Ok(FileType::Fifo | FileType::Socket | FileType::RegularFile))
}

/// What is piped in beside a prompt. Nobody can tell a slow pipe from one that somebody forgot to close, so none is
/// given up; but the person learns what is waited for.
async fn piped() -> Result<String> {
    let mut reading = pin!(read_input());
    tokio::select! {
        biased;
        read = &mut reading => return read,
        () = tokio::time::sleep(PATIENCE) => {}
    }
    super::out::say("note: waiting for the end of the standard input; < /dev/null leaves it out");
    reading.await
}

async fn read_input() -> Result<String> {
    let read = tokio::task::spawn_blocking(|| text("the standard input", std::io::stdin().lock())).await;
    let text = read.map_err(|why| Error::internal("reading the standard input", why.to_string()))??;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// A file's name and text, fenced by more back-ticks than it holds in a row.
fn attached(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|why| Error::io(format!("reading {name}"), &why))?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("reading {name}"),
            "it is a folder",
            "Name the files in it.",
        ));
    }
    let text = text(&name, file)?;
    let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let short = path.file_name().map_or(name, |name| name.to_string_lossy().into_owned());
    Ok(format!("{short}:\n\n{fence}\n{text}{end}{fence}"))
}

fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn text(name: &str, from: impl Read) -> Result<String> {
    limited(name, from, LARGEST)
}

/// All of a text that is not larger than `largest` bytes.
pub(super) fn limited(name: &str, from: impl Read, largest: u64) -> Result<String> {
    let doing = || format!("reading {name}");
    let mut bytes = Vec::new();
    from.take(largest + 1).read_to_end(&mut bytes).map_err(|why| Error::io(doing(), &why))?;
    if bytes.len() as u64 > largest {
        return Err(Error::new(
            ErrorKind::Invalid,
            doing(),
            format!("it is larger than {} MB", largest >> 20),
            "Give a part of it.",
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        Error::new(ErrorKind::Invalid, doing(), "it is no UTF-8 text", "Only texts can be read so far.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_fenced_by_more_than_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        std::fs::write(&path, "````rust\nx\n````").unwrap();
        assert_eq!(attached(&path).unwrap(), "a.md:\n\n`````\n````rust\nx\n````\n`````");
        std::fs::write(&path, b"\xff").unwrap();
        assert!(attached(&path).unwrap_err().why.contains("UTF-8"));
        assert!(attached(folder.path()).unwrap_err().why.contains("folder"));
        assert!(limited("x", "abc".as_bytes(), 2).unwrap_err().why.contains("larger"));
    }
}
