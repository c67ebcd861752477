//! Printing: the standard output for answers, the standard error for everything else, both safe for a terminal.
//!
//! Safe whether the output is a terminal or not: what goes into a pipe is most often on its way to one.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;

use super::End;
use super::item::Item;
use crate::domain::untrusted::{Pieces, json_escape, safe_line, safe_text};
use crate::domain::{Error, ErrorKind};
use crate::workbench::Reply;

/// The output of one command.
#[allow(clippy::struct_excessive_bools, reason = "two wishes for the output, two facts of the text so far")]
pub(super) struct Out {
    to: BufWriter<io::Stdout>,
    /// One object a line.
    pub json: bool,
    /// The person wants texts byte for byte.
    raw: bool,
    /// The last character written ended a line.
    at_start: bool,
    /// What was written of a text so far, as the sanitiser has it.
    pieces: Pieces,
}

impl Out {
    pub fn new(json: bool) -> Self {
        Self { to: BufWriter::new(io::stdout()), json, raw: false, at_start: true, pieces: Pieces::default() }
    }

    /// Texts go out byte for byte, if that is `wanted`: never to a terminal, which they could drive.
    pub fn set_raw(&mut self, wanted: bool) -> Result<(), Error> {
        if wanted && io::stdout().is_terminal() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "writing byte for byte",
                "the standard output is a terminal, and what a model or a file says could drive it",
                "Leave --raw away, or send it to a file or a program: | less, > FILE.",
            ));
        }
        self.raw = wanted;
        Ok(())
    }

    /// One line; line ends in it become spaces.
    pub fn line(&mut self, text: &str) -> Result<(), End> {
        self.end_text()?;
        wrote(writeln!(self.to, "{}", safe_line(text).trim_end()))?;
        self.at_start = true;
        Ok(())
    }

    /// Text of many lines; byte for byte only where the person wants it raw.
    pub fn text(&mut self, text: &str) -> Result<(), End> {
        if text.is_empty() {
            return Ok(());
        }
        // What the pieces of a stream part belongs together all the same.
        let safe = if self.raw { Cow::Borrowed(text) } else { Cow::Owned(self.pieces.text(text)) };
        wrote(self.to.write_all(safe.as_bytes()))?;
        if !safe.is_empty() {
            self.at_start = safe.ends_with('\n');
        }
        Ok(())
    }

    /// A piece of a stream, shown with those that came with it by [`Out::show`].
    pub async fn piece(&mut self, text: &str) -> Result<(), End> {
        for part in parts(text) {
            self.fit(part).await?;
            self.text(part)?;
        }
        Ok(())
    }

    /// An object of a stream, on a line of its own; like a piece of text.
    pub async fn streamed(&mut self, value: &impl Object) -> Result<(), End> {
        let line = json_line(value)?;
        for part in parts(&line) {
            self.fit(part).await?;
            wrote(self.to.write_all(part.as_bytes()))?;
        }
        Ok(())
    }

    /// Shows what came so far, once its reader takes it. A write that blocks would hold all else that the thread does.
    pub async fn show(&mut self) -> Result<(), End> {
        if !self.to.buffer().is_empty() {
            room().await;
        }
        self.flush()
    }

    /// Ends the line that pieces began, once its reader takes that; what is said next needs no room there.
    pub async fn end_piece(&mut self) -> Result<(), End> {
        self.show().await?;
        if !self.at_start {
            room().await;
        }
        self.end_line()
    }

    /// Shows what came before `part` where a pipe with room might not take both at once.
    async fn fit(&mut self, part: &str) -> Result<(), End> {
        if self.to.buffer().len() + part.len() * ESCAPED > PIPE {
            self.show().await?;
        }
        Ok(())
    }

    /// No piece of this text follows.
    fn end_text(&mut self) -> Result<(), End> {
        let last = self.pieces.end();
        self.at_start &= last.is_empty();
        wrote(self.to.write_all(last.as_bytes()))
    }

    /// Ends the line if one is begun.
    pub fn end_line(&mut self) -> Result<(), End> {
        self.end_text()?;
        if !self.at_start {
            wrote(self.to.write_all(b"\n"))?;
            self.at_start = true;
        }
        self.flush()
    }

    /// JSON that is laid out already, its controls escaped.
    pub fn json_text(&mut self, text: &str) -> Result<(), End> {
        wrote(self.to.write_all(json_escape(text).as_bytes()))?;
        self.at_start = text.ends_with('\n');
        Ok(())
    }

    /// An object on a line of its own, shown at once.
    pub fn object(&mut self, value: &impl Object) -> Result<(), End> {
        wrote(self.to.write_all(json_line(value)?.as_bytes()))?;
        self.flush()
    }

    pub fn flush(&mut self) -> Result<(), End> {
        wrote(self.to.flush())
    }

    /// Says an error to people, and to programs where they read.
    pub fn error(&mut self, error: &Error) {
        // If the output is gone there is nobody left to tell.
        if self.json {
            let _ = self.object(&Item::Error { error });
        } else {
            let _ = self.end_line();
        }
        say(&format!("error: {}: {}", error.doing, error.why));
        if !error.hint.is_empty() {
            say(&format!("hint: {}", error.hint));
        }
    }

    /// A remark beside the answer.
    pub fn note(&mut self, text: &str) -> Result<(), End> {
        if !self.json {
            self.end_line()?;
            say(&format!("note: {text}"));
        }
        Ok(())
    }
}

fn json_line(value: &impl Object) -> Result<String, End> {
    let json = value.json().map_err(|why| Error::internal("writing JSON", why.to_string()))?;
    Ok(format!("{}\n", json_escape(&json)))
}

/// What programs read: an object, its kind in `reply`.
pub(super) trait Object: Serialize {
    fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

impl Object for Item<'_> {}

impl Object for serde_json::Value {}

impl Object for Reply {
    fn json(&self) -> serde_json::Result<String> {
        let text = serde_json::to_string(self)?;
        // Through the door a reply's name stands around its fields, so that none of them has to wait for it.
        let parts = text.strip_prefix("{\"").and_then(|rest| rest.strip_suffix('}')?.split_once("\":{"));
        Ok(match parts {
            Some((name, "}")) => format!("{{\"reply\":\"{name}\"}}"),
            Some((name, fields)) => format!("{{\"reply\":\"{name}\",{fields}"),
            None => format!("{{\"reply\":{text}}}"),
        })
    }
}

/// Bytes that a pipe takes at once if it takes anything.
const PIPE: usize = 4096;
/// How many times as long a text may become where each character of it is escaped.
const ESCAPED: usize = 8;

/// Parts that a pipe with room takes at once, also where each character of them is escaped.
fn parts(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (part, rest) = text.split_at(text.floor_char_boundary(PIPE / ESCAPED));
        text = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// Waits until the reader of the standard output takes more.
async fn room() {
    const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
    if !takes(Some(&AT_ONCE)) {
        // One that fails is written to, which says why.
        let _ = tokio::task::spawn_blocking(|| takes(None)).await;
    }
}

/// Whether the standard output takes a little more, or an error, within that time.
fn takes(within: Option<&Timespec>) -> bool {
    let stdout = io::stdout();
    poll(&mut [PollFd::new(&stdout, PollFlags::OUT)], within) != Ok(0)
}

/// One line on the standard error.
pub(super) fn say(text: &str) {
    let mut stderr = io::stderr();
    let safe = safe_text(text);
    // If it is closed there is nobody left to tell.
    let _ = writeln!(stderr, "{}", safe.trim_end());
}

/// A pipe whose reader left ends the command in silence.
fn wrote(result: io::Result<()>) -> Result<(), End> {
    result.map_err(|why| match why.kind() {
        io::ErrorKind::BrokenPipe => End::BrokenPipe,
        _ => Error { kind: ErrorKind::Io, ..Error::io("writing to the standard output", &why) }.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_has_its_name_among_its_fields_and_no_text_in_it_is_taken_for_that() {
        let said = |reply: Reply| reply.json().unwrap();
        assert_eq!(said(Reply::Done), r#"{"reply":"done"}"#);
        let text = r#"a","b":{"c"}}"#.to_owned();
        assert_eq!(said(Reply::Text { text: text.clone() }), {
            let text = serde_json::to_string(&text).unwrap();
            format!(r#"{{"reply":"text","text":{text}}}"#)
        });
        assert_eq!(said(Reply::Remembered { value: None }), r#"{"reply":"remembered","value":null}"#);
    }
}
