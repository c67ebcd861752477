//! What comes whole: an answer that was not streamed, and vectors.

use serde::Deserialize;
use serde_json::Value;

use super::fault;
use super::stream::{Collector, Piece};
use crate::domain::delta::Event;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::openai::embed::one_each;

const HINT: &str = "Check the base_url: it ends before /api, like http://127.0.0.1:11434.";

/// A whole answer, as a gateway sends it that knows no streaming.
pub fn answer(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let value = json(doing, body)?;
    let piece = Piece::deserialize(value).map_err(|why| unreadable(doing, &why.to_string(), body))?;
    if !piece.is_one() {
        return Err(unreadable(doing, "it has no message", body));
    }
    let mut collector = Collector::default();
    let mut events = Vec::new();
    collector.take_piece(piece, &mut events);
    collector.give_out(&mut events);
    Ok(events)
}

#[derive(Deserialize)]
struct Vectors {
    embeddings: Vec<Vec<f32>>,
}

/// The vectors of `count` texts.
pub fn vectors(doing: &str, count: usize, body: &[u8]) -> Result<Event> {
    let value = json(doing, body)?;
    let Vectors { embeddings } =
        Vectors::deserialize(value).map_err(|why| unreadable(doing, &why.to_string(), body))?;
    one_each(doing, count, embeddings)
}

/// The JSON of a successful answer that holds no error.
pub(super) fn json(doing: &str, body: &[u8]) -> Result<Value> {
    let value = serde_json::from_slice(body).map_err(|why| unreadable(doing, &why.to_string(), body))?;
    match fault::in_stream(doing, &value) {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

pub(super) fn unreadable(doing: &str, why: &str, body: &[u8]) -> Error {
    let start: String = String::from_utf8_lossy(&body[..body.len().min(400)]).chars().take(200).collect();
    let why = format!("the server's answer is none of Ollama's ({why}): {start}");
    Error::new(ErrorKind::Server { status: 200 }, doing, why, HINT)
}

/// A line of a stream that cannot be read, after others that could.
pub(super) fn broken(doing: &str, why: &str, line: &str) -> Error {
    let start: String = line.chars().take(200).collect();
    let why = format!("the server sent a line that cannot be read ({why}): {start}");
    Error::new(ErrorKind::Server { status: 200 }, doing, why, "What came before it is kept; try again.")
}
