//! Amazon's event streams (`application/vnd.amazon.eventstream`): bytes, cut anywhere, to messages.
//!
//! The messages themselves are read, and their checksums checked, by Amazon's own crate. Where one ends is seen here: the
//! crate looks at a message only when all of it has come, so that a damaged length would be waited for, without a bound.

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::Message;

use crate::domain::{Error, ErrorKind, Result};
use crate::wire::decode;

/// What stands in front of every message: its length, that of its headers, and the checksum of both.
const PRELUDE: usize = 12;

/// No message is longer, in bytes: Amazon's own clients take 24 MiB, and 128 KiB of headers.
const LONGEST: usize = (24 << 20) + (128 << 10) + PRELUDE + 4;

/// So much is held of what is no event stream, in bytes.
const BEGINNING: usize = 400;

const DOING: &str = "reading the server's stream";

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    /// `:message-type`: "event", "exception" or "error".
    pub class: String,
    /// What it is: `:event-type`, `:exception-type` or `:error-code`.
    pub kind: String,
    /// JSON; of an "error" the words of `:error-message`.
    pub payload: Vec<u8>,
    whole: bool,
}

/// Takes bytes in and gives messages out.
#[derive(Debug, Default)]
pub struct Frames {
    /// Read, and not given out yet.
    held: Vec<u8>,
    /// The length of the message at the front of `held`, whose prelude has been checked.
    length: Option<usize>,
    /// A message was read.
    begun: bool,
    /// What comes is something else from its first byte on; only its beginning is held.
    foreign: bool,
}

impl decode::Frame for Framed {
    fn is_whole(&self) -> bool {
        self.whole
    }

    fn start(&self) -> String {
        let start = String::from_utf8_lossy(&self.payload[..self.payload.len().min(BEGINNING)]);
        format!("{} {}", self.kind, start.chars().take(200).collect::<String>()).trim().to_owned()
    }
}

impl decode::Framing for Frames {
    type Frame = Framed;

    fn push(&mut self, bytes: &[u8], frames: &mut Vec<Framed>) -> Result<()> {
        if self.foreign {
            self.hold_beginning(bytes);
            return Ok(());
        }
        self.held.extend_from_slice(bytes);
        if !self.begun && self.held.first().is_some_and(|first| usize::from(*first) > LONGEST >> 24) {
            // A text, most likely: no message is so long.
            self.foreign = true;
            self.hold_beginning(&[]);
            return Ok(());
        }
        let mut from = 0;
        let read = loop {
            let rest = &self.held[from..];
            let length = match self.length.map_or_else(|| length(rest), |length| Ok(Some(length))) {
                Ok(length) => length,
                Err(error) => break Err(error),
            };
            self.length = length;
            let Some(message) = length.and_then(|length| rest.get(..length)) else { break Ok(()) };
            match read_message_from(message) {
                Ok(message) => frames.push(framed(&message)),
                Err(why) => break Err(damaged(&why.to_string())),
            }
            from += message.len();
            self.length = None;
            self.begun = true;
        };
        self.held.drain(..from);
        read
    }

    /// A message that is cut by the end of the connection, or the beginning of what never was one.
    fn finish(&mut self) -> Option<Framed> {
        let payload = std::mem::take(&mut self.held);
        if payload.is_empty() || self.length.is_some() {
            return None;
        }
        Some(Framed { class: String::new(), kind: String::new(), payload, whole: self.foreign })
    }
}

impl Frames {
    fn hold_beginning(&mut self, bytes: &[u8]) {
        let room = BEGINNING.saturating_sub(self.held.len());
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.held.truncate(BEGINNING);
    }
}

/// The length of the message that begins here; `None` while its prelude has not come.
fn length(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(prelude) = bytes.first_chunk::<PRELUDE>() else { return Ok(None) };
    let number =
        |at: usize| prelude[at..at + 4].iter().fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
    if crc32fast::hash(&prelude[..8]) != number(8) {
        return Err(damaged("the checksum of a message's lengths is wrong"));
    }
    let length = number(0) as usize;
    if !(PRELUDE + 4..=LONGEST).contains(&length) {
        return Err(damaged(&format!("a message says that it is {length} bytes long")));
    }
    Ok(Some(length))
}

fn framed(message: &Message) -> Framed {
    let header = |name: &str| {
        let header = message.headers().iter().find(|header| header.name().as_str() == name)?;
        header.value().as_string().ok().map(|value| value.as_str().to_owned())
    };
    let class = header(":message-type").unwrap_or_default();
    let kind = [":event-type", ":exception-type", ":error-code"].into_iter().find_map(header);
    let payload = match header(":error-message") {
        Some(words) if class == "error" => words.into_bytes(),
        _ => message.payload().to_vec(),
    };
    Framed { class, kind: kind.unwrap_or_default(), payload, whole: true }
}

fn damaged(why: &str) -> Error {
    let why = format!("what came is no sound event stream of Amazon's: {why}");
    let hint = "What came before it is kept; try again. If it stays so, check base_url and the way there.";
    Error::new(ErrorKind::Network, DOING, why, hint)
}
