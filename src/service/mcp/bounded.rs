//! What a program says, up to a line that is longer than a message may be.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Reads until a line grows too long; then it fails, and nothing more is read.
pub(super) struct Bounded<R> {
    inner: R,
    /// The longest line, in bytes and without its end.
    most: usize,
    /// Bytes of the line that is being read.
    line: usize,
    exceeded: Arc<AtomicBool>,
}

impl<R> Bounded<R> {
    pub fn new(inner: R, most: usize) -> Self {
        Self { inner, most, line: 0, exceeded: Arc::default() }
    }

    /// Shows whether a line was too long, also when the reader is gone.
    pub fn exceeded(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.exceeded)
    }

    /// Counts what was read. False where a line is too long.
    fn count(&mut self, read: &[u8]) -> bool {
        for (at, piece) in read.split(|byte| *byte == b'\n').enumerate() {
            if at > 0 {
                self.line = 0;
            }
            self.line += piece.len();
            if self.line > self.most {
                return false;
            }
        }
        true
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Bounded<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.exceeded.load(Ordering::Relaxed) {
            let before = buf.filled().len();
            ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
            if this.count(&buf.filled()[before..]) {
                return Poll::Ready(Ok(()));
            }
            this.exceeded.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "a line is too long")))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[test]
    fn a_line_is_as_long_however_it_comes() {
        for (said, short) in [
            ("", true),
            ("1234\n1234\n\n12", true),
            ("1234\n1234", true),
            ("12345", false),
            ("1234\n12345\n1\n", false),
        ] {
            for piece in 1..=said.len().max(1) {
                let mut bounded = Bounded::new(io::empty(), 4);
                let counted = said.as_bytes().chunks(piece).all(|piece| bounded.count(piece));
                assert_eq!(counted, short, "{said:?} in pieces of {piece}");
            }
        }
    }

    #[tokio::test]
    async fn nothing_is_read_behind_a_line_that_is_too_long() {
        let mut bounded = Bounded::new(&b"12\n12345\n"[..], 4);
        let exceeded = bounded.exceeded();
        let mut read = [0; 5];
        bounded.read_exact(&mut read).await.unwrap();
        assert!(read == *b"12\n12" && !exceeded.load(Ordering::Relaxed));
        for _ in 0..2 {
            let error = bounded.read(&mut read).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
        assert!(exceeded.load(Ordering::Relaxed));
    }
}
