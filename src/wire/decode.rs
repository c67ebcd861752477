//! The stream of one answer, whatever API it is of: bytes, cut anywhere, to frames, and frames to events.
//!
//! What is the same for every API lives here: an end without the model's own is a broken connection, an end that only the
//! server forgot is none, and what is no frame of the API is kept for the error if nothing else comes.

use serde_json::Value;

use super::fault;
use crate::domain::delta::Event;
use crate::domain::{Error, ErrorKind, Result};

/// Bytes of the beginning that are kept for an error.
const BEGIN: usize = 200;

/// What is held back of an answer at most, in bytes: the call of a tool that never ends is ended.
const LONGEST: usize = 32 * 1024 * 1024;

/// How an API cuts its stream into frames.
pub trait Framing: Default + Send {
    type Frame: Frame;

    /// Takes the next bytes; finished frames are added to `frames`, also in front of an error.
    fn push(&mut self, bytes: &[u8], frames: &mut Vec<Self::Frame>) -> Result<()>;

    /// The stream is over: a frame whose own end is missing.
    fn finish(&mut self) -> Option<Self::Frame>;
}

/// One frame.
pub trait Frame {
    /// Whether nothing of it is missing: the last frame of a broken connection may be cut.
    fn is_whole(&self) -> bool;

    /// Its beginning, for the error where it makes no sense.
    fn start(&self) -> String;
}

/// What a frame was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A part of the answer.
    Piece,
    /// The server's mark that nothing more comes.
    End,
    /// Empty, or a sign of life: it says nothing about who speaks.
    Nothing,
    /// Nothing that this API says. Gateways say things of their own in between, and before.
    Foreign,
}

/// What the frames of an API mean.
pub trait Protocol: Default + Send {
    type Framing: Framing;

    /// Reads one frame. `understood`: one of this API has come before. An error ends the answer.
    fn take(
        &mut self,
        doing: &str,
        frame: &<Self::Framing as Framing>::Frame,
        understood: bool,
        events: &mut Vec<Event>,
    ) -> Result<Meaning>;

    /// Whether the model has ended its answer, even if the server has not ended the stream.
    fn has_stopped(&self) -> bool;

    /// Bytes of what comes in pieces and is given out whole: calls of tools.
    fn held(&self) -> usize {
        0
    }

    /// Gives out what was held back, and the end.
    fn stop(&mut self, events: &mut Vec<Event>);

    /// The error of a stream that held nothing but nonsense, which `start` begins.
    fn unreadable(doing: &str, start: &str) -> Error {
        Error::new(
            ErrorKind::Server { status: 200 },
            doing,
            format!("the server's answer is none of that API: {start}"),
            "Check the base_url and the kind of this provider.",
        )
    }
}

/// What a frame of JSON was that is none of the pieces of its API: the server's own error, as `error` finds it; a piece
/// with a hole, which ends an answer of which others came before; or nothing that this API says. `why` it could not be
/// read, where that is so; `is_piece` looks at what is JSON at least.
pub fn other(
    doing: &str,
    data: &str,
    why: Option<&serde_json::Error>,
    understood: bool,
    error: fn(&str, &Value) -> Option<Error>,
    is_piece: fn(&Value) -> bool,
) -> Result<Meaning> {
    let value: Value = serde_json::from_str(data).unwrap_or(Value::Null);
    if let Some(error) = error(doing, &value) {
        return Err(error);
    }
    let is_piece = if value.is_null() { data.starts_with('{') } else { is_piece(&value) };
    match why {
        Some(why) if understood && is_piece => Err(fault::broken(doing, &why.to_string(), data)),
        _ => Ok(Meaning::Foreign),
    }
}

/// Reads one answer's stream. Bytes may be cut anywhere.
#[derive(Debug)]
pub struct Decoder<P: Protocol> {
    doing: String,
    framing: P::Framing,
    protocol: P,
    /// A frame that this API would send has come.
    understood: bool,
    /// The first frame that was none, for the error if nothing else comes.
    nonsense: Option<String>,
    /// The first bytes, until they are understood: a page of a web server has no frames at all.
    begin: Vec<u8>,
    over: bool,
}

impl<P: Protocol> Decoder<P> {
    /// `doing` is for error texts: "asking openai/gpt-5".
    pub fn new(doing: impl Into<String>) -> Self {
        Self {
            doing: doing.into(),
            framing: P::Framing::default(),
            protocol: P::default(),
            understood: false,
            nonsense: None,
            begin: Vec::new(),
            over: false,
        }
    }

    /// Takes the next bytes; what they say is added to `events`, also in front of an error.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<()> {
        let room = BEGIN.saturating_sub(self.begin.len());
        self.begin.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let mut frames = Vec::new();
        let fed = self.framing.push(bytes, &mut frames);
        for frame in frames {
            self.take(&frame, events)?;
        }
        fed
    }

    /// Whether the answer is complete: nothing more needs to be read.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether the model has ended its answer, even if the server has not ended the stream.
    pub fn has_stopped(&self) -> bool {
        self.over || self.protocol.has_stopped()
    }

    /// Bytes of what has come and is not given out yet.
    pub fn held(&self) -> usize {
        self.protocol.held()
    }

    /// The stream has ended. An end without the model's own is a broken connection.
    pub fn finish(&mut self, events: &mut Vec<Event>) -> Result<()> {
        if let Some(frame) = self.framing.finish()
            // One that breaks off is the end of the connection, not of sense.
            && (!self.understood || frame.is_whole())
        {
            self.take(&frame, events)?;
        }
        if self.over {
            return Ok(());
        }
        if self.has_stopped() {
            // The server's mark was forgotten; the model's own end is what counts.
            self.end(events);
            return Ok(());
        }
        if let (false, Some(nonsense)) = (self.understood, &self.nonsense) {
            return Err(P::unreadable(&self.doing, nonsense));
        }
        if !self.understood && self.begin.trim_ascii_start().starts_with(b"<") {
            return Err(P::unreadable(&self.doing, &String::from_utf8_lossy(&self.begin)));
        }
        Err(Error::new(
            ErrorKind::Network,
            &self.doing,
            "the stream ended in the middle of the answer",
            "What came is kept; try again.",
        ))
    }

    fn take(&mut self, frame: &<P::Framing as Framing>::Frame, events: &mut Vec<Event>) -> Result<()> {
        if self.over {
            return Ok(());
        }
        match self.protocol.take(&self.doing, frame, self.understood, events)? {
            Meaning::Piece => self.understood = true,
            Meaning::End => self.end(events),
            Meaning::Nothing => {}
            Meaning::Foreign => {
                self.nonsense.get_or_insert_with(|| frame.start());
            }
        }
        if self.protocol.held() > LONGEST {
            let why = format!("a part of the answer did not end after {} MB", LONGEST >> 20);
            return Err(Error::new(
                ErrorKind::Full,
                &self.doing,
                why,
                "What came before it is kept; set max_tokens.",
            ));
        }
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        self.protocol.stop(events);
        self.over = true;
    }
}
