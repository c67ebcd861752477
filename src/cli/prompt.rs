//! What is asked: files, the prompt, what is piped in.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::pin::pin;

use rustix::fs::FileType;
use tokio::time::Duration;

use super::args::Said;
use super::out::Out;
use super::{Asker, End, absolute, unexpected};
use crate::domain::attachment::{self, Form, admitted, fenced};
use crate::domain::message::Block;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::chat::Chat;
use crate::workbench::{Reply, Request};

/// The largest input that is taken into a prompt, in bytes.
const LARGEST: u64 = 16 << 20;
/// How long an input that does not end is read in silence.
const PATIENCE: Duration = Duration::from_secs(3);

/// The files, then the prompt, then what was piped in.
///
/// With `alone` there may be nothing: what tools give back is a turn of its own.
pub(super) async fn blocks(
    said: &Said,
    alone: bool,
    asker: &Asker,
    out: &mut Out,
) -> Result<Vec<Block>, End> {
    let mut blocks = files(&said.file, asker, out).await?;
    let typed = said.prompt.join(" ");
    let alone = alone && typed.is_empty();
    let from_input = !alone && (typed == "-" || typed.is_empty());
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
    if blocks.is_empty() && !alone {
        return Err(Error::new(
            ErrorKind::Invalid,
            "asking",
            "there is no prompt",
            "Write it after the command, or pipe it in.",
        )
        .into());
    }
    Ok(blocks)
}

/// What goes with a prompt of files: texts as they are, pictures and documents as the workspace keeps them.
pub(super) async fn files(paths: &[PathBuf], asker: &Asker, out: &mut Out) -> Result<Vec<Block>, End> {
    let mut blocks = Vec::new();
    for path in paths {
        if let Some(text) = attached(path)? {
            blocks.push(Block::Text { text });
            continue;
        }
        let request = Request::Chat(Chat::Attach { file: absolute(path)? });
        match asker.one(request, out).await? {
            Reply::Attached { attachment } => blocks.push(attachment.block),
            other => return Err(unexpected(&other)),
        }
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

pub(super) async fn read_input() -> Result<String> {
    let read = tokio::task::spawn_blocking(|| text("the standard input", std::io::stdin().lock())).await;
    let text = read.map_err(|why| Error::internal("reading the standard input", why.to_string()))??;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// A text file as a part of the prompt; `None` for a picture or a document, which the workspace keeps.
fn attached(path: &Path) -> Result<Option<String>> {
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
    let doing = format!("reading {name}");
    let mut bytes = Vec::new();
    file.take(attachment::LARGEST + 1).read_to_end(&mut bytes).map_err(|why| Error::io(&doing, &why))?;
    let short = path.file_name().map_or(name, |name| name.to_string_lossy().into_owned());
    match admitted(&doing, &short, &bytes)? {
        Form::Image(_) | Form::Document(_) => Ok(None),
        Form::Text => Ok(Some(fenced(&short, &utf8(&short, bytes)?))),
    }
}

/// A text file, without the end of its last line.
pub(super) fn text_file(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|why| Error::io(format!("reading {name}"), &why))?;
    Ok(text(&name, file)?.trim_end_matches(['\n', '\r']).to_owned())
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
    String::from_utf8(bytes).map_err(|other| {
        let (why, hint) = match other.as_bytes() {
            [b'P', b'K', ..] => ("it is packed: a ZIP file", "Unpack it, and name the text that is in it."),
            _ => ("it is no UTF-8 text", "Save it as one."),
        };
        Error::new(ErrorKind::Invalid, doing(), why, hint)
    })
}

fn utf8(name: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| no_text(name))
}

fn no_text(name: &str) -> Error {
    let hint = "Texts in UTF-8, pictures (PNG, JPEG, GIF, WebP), PDF, Word and Excel files can be read.";
    Error::new(ErrorKind::Invalid, format!("reading {name}"), "it is no UTF-8 text", hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_whole_and_what_is_none_is_said_or_kept_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        std::fs::write(&path, "````rust\nx\n````").unwrap();
        let text = attached(&path).unwrap();
        assert_eq!(text.as_deref(), Some("a.md:\n\n`````\n````rust\nx\n````\n`````"));
        std::fs::write(&path, b"%PDF-1.7\xff").unwrap();
        assert_eq!(attached(&path).unwrap(), None);
        std::fs::write(&path, b"\xff").unwrap();
        assert!(attached(&path).unwrap_err().hint.contains("UTF-8"));
        assert!(attached(folder.path()).unwrap_err().why.contains("folder"));
        assert!(limited("x", "abc".as_bytes(), 2).unwrap_err().why.contains("larger"));
        let packed = limited("x", &b"PK\x03\x04\xff"[..], 9).unwrap_err();
        assert!(packed.why.contains("ZIP") && packed.hint.contains("Unpack"), "{packed}");
        let other = limited("x", &b"\xff\xfe{"[..], 9).unwrap_err();
        assert!(
            other.why.contains("UTF-8") && !other.hint.contains("Word"),
            "no picture is read here: {other}"
        );
    }
}
