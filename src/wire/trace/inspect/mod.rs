//! Logs of Inspect (`inspect_ai`, version 2 of its log): `.eval`, a zip whose parts are packed with zstd, and `.json`.
//!
//! Each sample is a trace: a workflow with the spans that the log tells of, and a span for each call of a model or a tool.
//! Prompts are pooled in the log: an event's `input_refs` are half-open ranges of `events_data.messages`, and long texts
//! stand under `attachments`; both are resolved. Its tokens leave cached ones out, ours have them in. Every event stays in
//! its span, under `inspect.event`, or is an event of it. A log that is still written has no header; its journal stands in.

mod archive;
mod event;
mod pool;
mod sample;

use serde_json::Value as Json;

use crate::domain::{Error, ErrorKind, Result};
use crate::wire::trace::Decoded;
use archive::Archive;

const DOING: &str = "reading an Inspect log";

/// What a log says of the whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    pub decoded: Decoded,
    pub task: String,
    pub model: String,
    /// "success", "error", "started" …
    pub status: String,
    /// Samples that are in it.
    pub samples: usize,
    pub results: Vec<Metric>,
}

/// One figure of a scorer.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub scorer: String,
    pub name: String,
    pub value: f64,
}

/// Reads a log; no more than `most` bytes are unpacked of it.
///
/// # Errors
///
/// `Invalid` where it is no such log.
pub fn decode(bytes: &[u8], most: u64) -> Result<Log> {
    let log = if bytes.starts_with(b"PK") { packed(bytes, most)? } else { plain(bytes)? };
    if log.samples == 0 && log.task.is_empty() {
        return Err(wrong("no sample and no task stand in it"));
    }
    Ok(log)
}

fn wrong(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, DOING, why, "Give a .eval or a .json file that Inspect wrote.")
}

fn plain(bytes: &[u8]) -> Result<Log> {
    let mut json: Json =
        serde_json::from_slice(bytes).map_err(|why| wrong(format!("it is no JSON: {why}")))?;
    let mut log = Log::default();
    log.head(&json);
    if let Some(Json::Array(samples)) = json.get_mut("samples").map(Json::take) {
        for sample in samples {
            log.take(sample);
        }
    }
    Ok(log)
}

fn packed(bytes: &[u8], most: u64) -> Result<Log> {
    let mut archive = Archive::open(bytes, most).map_err(wrong)?;
    let mut log = Log::default();
    let names = archive.names();
    let head =
        ["header.json", "_journal/start.json"].into_iter().find(|name| names.iter().any(|n| n == name));
    if let Some(name) = head {
        match archive.json(name) {
            Ok(json) => log.head(&json),
            Err(why) => log.decoded.reject(&format!("{name} {why}")),
        }
    }
    let samples = names.iter().filter(|name| name.starts_with("samples/"));
    for name in samples {
        match archive.json(name) {
            Ok(json) => log.take(json),
            Err(why) => log.decoded.reject(&format!("a sample {why}")),
        }
    }
    if names.iter().all(|name| name != "header.json") && log.status.is_empty() {
        "started".clone_into(&mut log.status);
    }
    Ok(log)
}

impl Log {
    fn head(&mut self, json: &Json) {
        let text = |path: &[&str]| {
            let found = path.iter().try_fold(json, |json, key| json.get(key));
            found.and_then(Json::as_str).unwrap_or_default().to_owned()
        };
        self.task = text(&["eval", "task"]);
        self.model = text(&["eval", "model"]);
        self.status = text(&["status"]);
        let scores = json.get("results").and_then(|results| results.get("scores"));
        for score in scores.and_then(Json::as_array).into_iter().flatten() {
            let scorer = score.get("name").and_then(Json::as_str).unwrap_or_default();
            for (name, metric) in score.get("metrics").and_then(Json::as_object).into_iter().flatten() {
                if let Some(value) = metric.get("value").and_then(Json::as_f64) {
                    self.results.push(Metric { scorer: scorer.to_owned(), name: name.clone(), value });
                }
            }
        }
    }

    fn take(&mut self, json: Json) {
        self.samples += 1;
        sample::take(json, &self.task, &mut self.decoded);
    }
}

#[cfg(test)]
mod tests;
