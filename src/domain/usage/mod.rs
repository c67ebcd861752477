//! What calls of models came to: counted as they end, added up by hour, read as reports. The names are Bedrock's
//! (`AWS/Bedrock` of `CloudWatch`), so that what is read here and there compares.

pub mod budget;
pub mod definitions;
mod histogram;
mod invocation;
mod report;
mod tally;

pub use histogram::Histogram;
pub use invocation::{Invocation, Said};
pub use report::{Builder, By, Day, Form, Point, PriceDates, Query, Report, Row, Standing, Step, reaches};
pub use tally::{Cost, Count, Fate, Figures, Tally};

use serde::{Deserialize, Serialize};

use super::catalog::ModelId;
use super::time::Timestamp;
use super::trace::{Span, SpanKind};

/// Milliseconds of an hour.
pub const HOUR: i64 = 60 * 60 * 1000;

/// Milliseconds of a day of UTC.
pub const DAY: i64 = 24 * HOUR;

/// What is counted apart: a model and what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    pub model: ModelId,
    pub kind: SpanKind,
}

impl Subject {
    /// The subject of a span; `None` for what is no invocation: lists of models and counts of tokens.
    pub fn of(span: &Span) -> Option<Self> {
        match span.kind {
            SpanKind::Converse | SpanKind::Embed | SpanKind::Rerank | SpanKind::Image => {
                Some(Self { model: span.model.clone()?, kind: span.kind })
            }
            SpanKind::ListModels
            | SpanKind::CountTokens
            | SpanKind::PullModel
            | SpanKind::RemoveModel
            | SpanKind::CheckKey
            | SpanKind::Retrieve
            | SpanKind::Answer
            | SpanKind::Sync
            | SpanKind::Measure
            | SpanKind::Agent
            | SpanKind::Tool => None,
        }
    }
}

/// The beginning of the day of UTC, and the hour in it.
pub fn day_and_hour(at: Timestamp) -> (Timestamp, u8) {
    let day = at.0.div_euclid(DAY) * DAY;
    (Timestamp(day), u8::try_from((at.0 - day) / HOUR).unwrap_or(0))
}
