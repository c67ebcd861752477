//! An answer: its head, and its body piece by piece.

use std::time::Duration;

use super::egress::Meter;
use super::patience::{Brought, Patience, Wait};
use super::request::Secrets;
use super::{retry, words};
use crate::domain::{Error, ErrorKind, Result};

/// An answer of any status. Dropping it ends the exchange.
#[derive(Debug)]
pub struct Response {
    pub(super) doing: String,
    pub(super) place: String,
    pub(super) inner: reqwest::Response,
    pub(super) patience: Patience,
    pub(super) meter: Meter,
    pub(super) secrets: Secrets,
    /// What was read of a refusal before anybody asked for it.
    pub(super) read: Vec<u8>,
}

impl Response {
    pub fn status(&self) -> u16 {
        self.inner.status().as_u16()
    }

    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        self.inner.status().is_success()
    }

    /// `host:port` of the server that answered, after redirects.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inner.headers().get(name)?.to_str().ok()
    }

    /// How long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        let exact = self.header("retry-after-ms").and_then(retry::retry_after_ms);
        exact.or_else(|| retry::retry_after(self.header("retry-after")?, std::time::SystemTime::now()))
    }

    /// The next piece of the body as it comes, `None` at its end. A body that says nothing for the idle time is a
    /// time-out; what came before it is the caller's to keep.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let piece = self.piece().await;
        self.brought(Brought::Words);
        piece
    }

    /// The same of a stream, whose reader says with [`Self::brought`] what was in it: until then it is a sign of life.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        let wait = self.patience.wait();
        match tokio::time::timeout_at(wait.until, self.inner.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                self.patience.lived();
                *self.meter.entry.received.get_or_insert(0) += bytes.len() as u64;
                Ok(Some(bytes.into()))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => Err(words::of_transport(&self.doing, &self.place, error)),
            Err(_) => Err(self.silent(wait)),
        }
    }

    /// What was in the last piece.
    pub fn brought(&mut self, what: Brought) {
        self.patience.brought(what);
    }

    fn silent(&self, Wait { long, setting, alive, .. }: Wait) -> Error {
        let (place, seconds) = (&self.place, long.as_secs());
        let why = if alive {
            format!("only signs of life came from {place} for {seconds} s, and nothing of the answer")
        } else {
            format!("nothing came from {place} for {seconds} s")
        };
        let hint = format!("What came is kept; try again, or raise {setting}.");
        Error::new(ErrorKind::Timeout, &self.doing, why, hint)
    }

    /// The whole body; one of more than `limit` bytes is an error.
    pub async fn bytes(&mut self, limit: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(piece) = self.chunk().await? {
            if piece.len() > limit - body.len() {
                return Err(Error::new(
                    ErrorKind::Full,
                    &self.doing,
                    format!("{} answered with more than {} MB", self.place, limit >> 20),
                    "Ask for less at a time.",
                ));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// The body of an error, without the key that was sent; what cannot be read is left out.
    pub async fn complaint(&mut self) -> String {
        while self.read.len() <= 64 * 1024
            && let Ok(Some(piece)) = self.chunk().await
        {
            self.read.extend_from_slice(&piece);
        }
        words::without(String::from_utf8_lossy(&self.read).into_owned(), &self.secrets)
    }

    /// Takes the key that was sent out of a text that the server wrote.
    pub fn scrub(&self, text: String) -> String {
        words::without(text, &self.secrets)
    }
}
