//! Server-sent events: bytes, cut anywhere, to frames (WHATWG HTML, 9.2.6).
//!
//! Ours instead of a crate because it must take bytes without an async stream, cost time that is linear in the length of a
//! line, and hold a bounded amount: `eventsource-stream` scans a growing line from its start at every piece.

use super::decode;
use crate::domain::{Error, ErrorKind, Result};

/// No frame is longer, in bytes; a server that sends one is not talking to us.
const LONGEST: usize = 16 * 1024 * 1024;

/// One event: the joined `data` lines. Names, ids and retry times are not used by any API spoken here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub data: String,
}

/// Takes bytes in and gives frames out.
#[derive(Debug, Default)]
pub struct Sse {
    line: Vec<u8>,
    /// The data lines of the frame so far, joined by line feeds; `None` before the first.
    data: Option<Vec<u8>>,
    /// The last byte was a carriage return: a line feed right after it belongs to the same end of line.
    after_cr: bool,
    begun: bool,
}

impl decode::Frame for Frame {
    fn is_whole(&self) -> bool {
        self.data.trim() == "[DONE]" || serde_json::from_str::<serde::de::IgnoredAny>(&self.data).is_ok()
    }

    fn start(&self) -> String {
        self.data.chars().take(200).collect()
    }
}

impl decode::Framing for Sse {
    type Frame = Frame;

    fn push(&mut self, mut bytes: &[u8], frames: &mut Vec<Frame>) -> Result<()> {
        if let Some(first) = bytes.first()
            && std::mem::take(&mut self.after_cr)
            && *first == b'\n'
        {
            bytes = &bytes[1..];
        }
        while let Some(end) = bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) {
            self.grow(&bytes[..end])?;
            frames.extend(self.end_line());
            let cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if cr {
                match bytes.first() {
                    Some(b'\n') => bytes = &bytes[1..],
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
        }
        self.grow(bytes)
    }

    /// The standard drops a frame without its blank line; servers that forget the last one are common, so it is given
    /// out.
    fn finish(&mut self) -> Option<Frame> {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.end_frame()
    }
}

impl Sse {
    fn grow(&mut self, piece: &[u8]) -> Result<()> {
        self.line.extend_from_slice(piece);
        if self.line.len() + self.data.as_ref().map_or(0, Vec::len) > LONGEST {
            return Err(Error::new(
                ErrorKind::Server { status: 200 },
                "reading the server's stream",
                format!("one event is longer than {} MB", LONGEST >> 20),
                "Check that the base_url leads to a chat API.",
            ));
        }
        Ok(())
    }

    fn end_line(&mut self) -> Option<Frame> {
        let mut line = self.line.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            self.line.clear();
            return self.end_frame();
        }
        let (field, value) = match line.iter().position(|b| *b == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        if field == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            }
        }
        self.line.clear();
        None
    }

    fn end_frame(&mut self) -> Option<Frame> {
        // Whole frames are decoded, so a character cut by the network is whole again here.
        self.data.take().map(|data| Frame {
            data: String::from_utf8(data)
                .unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::decode::Framing;
    use super::*;

    fn frames(pieces: &[&[u8]]) -> Vec<String> {
        let mut sse = Sse::default();
        let mut frames = Vec::new();
        for piece in pieces {
            sse.push(piece, &mut frames).unwrap();
        }
        frames.extend(sse.finish());
        frames.into_iter().map(|f| f.data).collect()
    }

    #[test]
    fn every_end_of_line_comment_and_field_of_the_standard_is_read() {
        let text = "\u{feff}: hello\r\ndata: a\r\ndata:b\rdata\n\nevent: x\nid: 1\nretry: 3\ndata:  two spaces\r\r:\n\ndata: last";
        assert_eq!(frames(&[text.as_bytes()]), ["a\nb\n", " two spaces", "last"]);
    }

    #[test]
    fn a_line_of_two_megabytes_in_small_pieces_is_one_frame() {
        let long = format!("data: {}\n\n", "x".repeat(2_000_000));
        let pieces: Vec<_> = long.as_bytes().chunks(7).collect();
        assert_eq!(frames(&pieces), ["x".repeat(2_000_000)]);
    }

    #[test]
    fn an_endless_frame_is_an_error_and_not_all_of_the_memory() {
        for piece in [vec![b'x'; 1 << 20], b"data: \n".repeat(1 << 18)] {
            let mut sse = Sse::default();
            let mut frames = Vec::new();
            let fed = (0..80).find(|_| sse.push(&piece, &mut frames).is_err());
            assert!(fed.is_some() && frames.is_empty());
        }
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_changes_nothing(
            lines in prop::collection::vec(("(data: ?[a-zé👋]{0,5}|:c|event: x|)", "(\r|\n|\r\n)"), 0..12),
            cuts in prop::collection::vec(0_usize..200, 0..20),
        ) {
            let whole: String = lines.into_iter().flat_map(|(line, end)| [line, end]).collect();
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(whole.len())).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|w| &whole.as_bytes()[w[0]..w[1]]).collect();
            prop_assert_eq!(frames(&pieces), frames(&[whole.as_bytes()]));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut sse = Sse::default();
            let mut frames = Vec::new();
            sse.push(&bytes, &mut frames).unwrap();
            sse.finish();
        }
    }
}
