//! The stream of a model that the server fetches for itself: lines to steps
//! (<https://github.com/ollama/ollama/blob/main/docs/api.md#pull-a-model>).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{fault, reply};
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::pull::PullStep;
use crate::domain::{Error, Result};
use crate::wire::decode::{self, Meaning, Protocol};
use crate::wire::loose;
use crate::wire::ndjson::{Line, Ndjson};

/// Reads one answer of `/api/pull`.
pub type Decoder = decode::Decoder<Pulling>;

/// The body of `/api/pull`.
pub fn body(model: &ModelId) -> Vec<u8> {
    json!({ "model": model.model(), "stream": true }).to_string().into_bytes()
}

/// The body of `DELETE /api/delete`.
pub fn delete(model: &ModelId) -> Vec<u8> {
    json!({ "model": model.model() }).to_string().into_bytes()
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default, deserialize_with = "loose::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    digest: Option<String>,
    total: Option<u64>,
    completed: Option<u64>,
}

/// A layer of the model: bytes that came, and all of them.
#[derive(Debug)]
struct Layer {
    digest: String,
    done: u64,
    total: u64,
}

/// What is known of a model that is being fetched.
#[derive(Debug, Default)]
pub struct Pulling {
    layers: Vec<Layer>,
    fetched: bool,
}

impl Protocol for Pulling {
    type Framing = Ndjson;

    fn take(
        &mut self,
        doing: &str,
        line: &Line,
        understood: bool,
        events: &mut Vec<Event>,
    ) -> Result<Meaning> {
        let (piece, status) = match serde_json::from_str::<Piece>(&line.text) {
            Ok(mut piece) if piece.status.is_some() => {
                let status = piece.status.take().unwrap_or_default();
                (piece, status)
            }
            read => {
                let is_piece = |value: &Value| value.get("status").is_some();
                let why = read.as_ref().err();
                return decode::other(doing, &line.text, why, understood, fault::in_stream, is_piece);
            }
        };
        if let (Some(digest), Some(total)) = (piece.digest, piece.total) {
            self.grow(digest, piece.completed.unwrap_or(0), total);
            let sum = |of: fn(&Layer) -> u64| self.layers.iter().map(of).fold(0, u64::saturating_add);
            let (done, total) = (sum(|layer| layer.done), Some(sum(|layer| layer.total)));
            events.push(step(PullStep::Fetching { done, total, resumed: 0, per_second: None }));
        } else if status.starts_with("verifying") {
            events.push(step(PullStep::Checking));
        }
        self.fetched |= status == "success";
        Ok(if self.fetched { Meaning::End } else { Meaning::Piece })
    }

    fn has_stopped(&self) -> bool {
        self.fetched
    }

    fn stop(&mut self, _: &mut Vec<Event>) {}

    fn unreadable(doing: &str, start: &str) -> Error {
        reply::unreadable(doing, "its lines are no JSON of that API", start.as_bytes())
    }
}

impl Pulling {
    fn grow(&mut self, digest: String, done: u64, total: u64) {
        let done = done.min(total);
        match self.layers.iter_mut().find(|layer| layer.digest == digest) {
            // A count that is asked for anew begins below what was told.
            Some(layer) => (layer.done, layer.total) = (layer.done.max(done), total),
            None => self.layers.push(Layer { digest, done, total }),
        }
    }
}

/// An answer that comes whole: that it worked, or why it did not.
pub fn whole(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    let mut decoder = Decoder::new(doing);
    decoder.push(body, &mut events)?;
    decoder.finish(&mut events)?;
    Ok(events)
}

fn step(step: PullStep) -> Event {
    Event::Pulling { step }
}
