//! Newline-delimited JSON: bytes, cut anywhere, to lines (<https://github.com/ndjson/ndjson-spec>).

use super::decode;
use crate::domain::{Error, ErrorKind, Result};

/// No line is longer, in bytes; a server that sends one is not talking to us.
const LONGEST: usize = 16 * 1024 * 1024;

/// One line without its end; never an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
}

/// Takes bytes in and gives lines out.
#[derive(Debug, Default)]
pub struct Ndjson {
    line: Vec<u8>,
}

impl decode::Frame for Line {
    fn is_whole(&self) -> bool {
        serde_json::from_str::<serde::de::IgnoredAny>(&self.text).is_ok()
    }

    fn start(&self) -> String {
        self.text.chars().take(200).collect()
    }
}

impl decode::Framing for Ndjson {
    type Frame = Line;

    fn push(&mut self, mut bytes: &[u8], frames: &mut Vec<Line>) -> Result<()> {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            self.grow(&bytes[..end])?;
            frames.extend(self.end());
            bytes = &bytes[end + 1..];
        }
        self.grow(bytes)
    }

    fn finish(&mut self) -> Option<Line> {
        self.end()
    }
}

impl Ndjson {
    fn grow(&mut self, piece: &[u8]) -> Result<()> {
        if self.line.len() + piece.len() > LONGEST {
            return Err(Error::new(
                ErrorKind::Server { status: 200 },
                "reading the server's stream",
                format!("one line is longer than {} MB", LONGEST >> 20),
                "Check that the base_url leads to a chat API.",
            ));
        }
        self.line.extend_from_slice(piece);
        Ok(())
    }

    /// The line so far; blank ones say nothing.
    fn end(&mut self) -> Option<Line> {
        // Whole lines are decoded, so a character cut by the network is whole again here.
        let line = std::mem::take(&mut self.line);
        let line = line.trim_ascii();
        (!line.is_empty()).then(|| Line { text: String::from_utf8_lossy(line).into_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::decode::Framing;
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut framing = Ndjson::default();
        let mut lines = Vec::new();
        for piece in pieces {
            framing.push(piece, &mut lines).unwrap();
        }
        lines.extend(framing.finish());
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_of_either_end_are_given_out_and_blank_ones_are_not() {
        assert_eq!(lines(&[b"\n{\"a\": 1}\r\n\r\n  \n[2]\nlast"]), ["{\"a\": 1}", "[2]", "last"]);
        assert_eq!(lines(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_line_of_two_megabytes_in_small_pieces_is_one() {
        let long = format!("{}\n", "x".repeat(2_000_000));
        let pieces: Vec<_> = long.as_bytes().chunks(7).collect();
        assert_eq!(lines(&pieces), ["x".repeat(2_000_000)]);
    }

    #[test]
    fn an_endless_line_is_an_error_and_not_all_of_the_memory() {
        let piece = vec![b'x'; 1 << 20];
        let mut framing = Ndjson::default();
        let mut lines = Vec::new();
        let fed = (0..80).find(|_| framing.push(&piece, &mut lines).is_err());
        assert_eq!((fed, lines.len()), (Some(16), 0));
        assert!(framing.line.len() <= LONGEST);
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_changes_nothing(
            whole in "([a-zé👋 ]{0,5}(\n|\r\n|)){0,12}", cuts in prop::collection::vec(0_usize..200, 0..20)
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(whole.len())).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|w| &whole.as_bytes()[w[0]..w[1]]).collect();
            prop_assert_eq!(lines(&pieces), lines(&[whole.as_bytes()]));
        }
    }
}
