//! Traces: what was done step by step, here and in other programs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::catalog::ModelId;
use crate::domain::id::NoteId;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::trace::replay::Asked;
pub use crate::domain::trace::run::{Destination, Written};
use crate::domain::trace::{Opinion, SpanKey, TraceId};

/// Asks about traces. A row is the number of a span in its trace, in order of arrival; it stays as long as nothing of the trace
/// is swept away, and the trace is none of this program's that goes on. Where `span` tells the id too, the span of that id is
/// meant, wherever its row is by then. That somebody is shown calls whose answers are blind to them is kept with the comparison or
/// the evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Traces {
    /// Newest first: one `Traces` reply. With a `filter` (see `domain::trace::filter`) those of which a span passes; `before`
    /// continues after the run with that `at` and id.
    List { filter: Option<String>, limit: usize, before: Option<(Timestamp, TraceId)> },
    /// The one whose id begins or ends with `text`: `Trace`, or an error that lists those it could be.
    Find { text: String },
    /// `Trace`, then `TraceRows` again and again, then `TraceDamaged` where something of it cannot be read.
    Open { id: TraceId },
    /// A span with what was said in it: one `TraceSpan`.
    Span {
        id: TraceId,
        row: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        span: Option<SpanKey>,
    },
    /// What a model was asked in a span, as it can be asked again: one `TraceCall`.
    Call {
        id: TraceId,
        row: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        span: Option<SpanKey>,
    },
    /// Asks that, or what a person has made of it: `Delta` again and again, then `TraceReplayed`. Dropping them cancels it.
    Replay {
        id: TraceId,
        row: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        span: Option<SpanKey>,
        asked: Box<Asked>,
    },
    /// What another program did once more: its first model, or another one, is asked what it was asked, and what its tools gave is
    /// taken from the trace; nothing is called. `AgentEvent`s, the last one says how it ended. Dropping them stops it; its trace
    /// is kept.
    ReplayRun { id: TraceId, model: Option<ModelId> },
    /// What was asked in the place of a span, or of any in the trace; those of one span stand together, the oldest first: one
    /// `TraceReplays`.
    Replays {
        id: TraceId,
        row: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        span: Option<SpanKey>,
    },
    /// The rows that pass a filter, in order, as they are found: `TraceFound` again and again.
    Search { id: TraceId, filter: String },
    /// How long spans of each name take: one `TraceStats`.
    Stats { id: TraceId },
    /// What looks wrong in it: one `TraceFindings`.
    Lints { id: TraceId },
    /// Two of them side by side: one `TraceDiff`.
    Diff { left: TraceId, right: TraceId },
    /// What a run was made with (agent, version, models, prompts, tools, settings), for whoever compares two: one `TraceMade`.
    Made { id: TraceId },
    /// Reads a file, whose path may begin with `~/`: OTLP as JSON or protobuf, a trace of a Bedrock agent, a log of Inspect, a
    /// session of Claude Code or Codex, packed with gzip or not; one `TracesBrought`.
    Import { file: PathBuf },
    /// A trace for other programs and for people: `TraceWritten` again and again, then `TraceDamaged` where something of it cannot
    /// be read.
    Export { id: TraceId, form: Written },
    /// Sends a trace to a server that takes OTLP over HTTP: `TraceSent`.
    Send { id: TraceId, to: Destination },
    /// Takes a trace from elsewhere away, with what was noted on it: `Done`.
    Remove { id: TraceId },
    /// What people have noted on it, the oldest first: one `TraceNotes`.
    Notes { id: TraceId },
    /// Scores it or notes something on it, on the span of `row` or on all of it: one `TraceNoted`.
    Note {
        id: TraceId,
        row: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        span: Option<SpanKey>,
        said: Opinion,
    },
    /// Takes a note away: `Done`.
    RemoveNote { id: TraceId, note: NoteId },
    /// Takes what other programs of this machine send as OTLP over HTTP to a port (0 is any that is free), with a bearer token
    /// where one is given: `TracesListening`, then `TracesBrought` for each request. Dropping the replies ends it.
    Listen { port: u16, token: Option<Secret> },
}
