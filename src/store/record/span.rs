//! Spans, in order of their beginning, and what was said in those of which nothing else keeps it.

use super::{Kind, Record};
use crate::domain::id::SpanId;
use crate::domain::trace::Span;
use crate::domain::trace::told::Told;

impl Record for Span {
    const KIND: Kind = Kind::Span;
    const SCHEMA: u8 = 1;
    type Key = SpanId;
}

impl Record for Told {
    const KIND: Kind = Kind::Told;
    const SCHEMA: u8 = 1;
    type Key = SpanId;
}
