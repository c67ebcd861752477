//! Spans, in order of their beginning.

use super::{Kind, Record};
use crate::domain::id::SpanId;
use crate::domain::trace::Span;

impl Record for Span {
    const KIND: Kind = Kind::Span;
    const SCHEMA: u8 = 1;
    type Key = SpanId;
}
