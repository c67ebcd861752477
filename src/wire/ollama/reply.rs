//! What comes whole: an answer that was not streamed, and vectors.

use serde::Deserialize;
use serde_json::Value;

use super::fault;
use super::stream::{Collector, Piece};
use crate::domain::delta::Event;
use crate::domain::{Error, Result};
use crate::wire::loose;
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
    #[serde(default, deserialize_with = "loose::count")]
    prompt_eval_count: Option<u32>,
}

/// The vectors of `count` texts, behind the tokens that were read for them.
pub fn vectors(doing: &str, count: usize, body: &[u8]) -> Result<Vec<Event>> {
    let value = json(doing, body)?;
    let Vectors { embeddings, prompt_eval_count } =
        Vectors::deserialize(value).map_err(|why| unreadable(doing, &why.to_string(), body))?;
    one_each(doing, count, embeddings, prompt_eval_count)
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
    crate::wire::fault::unreadable(doing, "none of Ollama's", why, body, HINT)
}
