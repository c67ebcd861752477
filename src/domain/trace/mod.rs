//! What was done, step by step: calls of this program, and traces of any.
//!
//! `call` is a call of a provider as this program keeps it, `told` what was said in one. The rest is for traces, whoever made them: the span kept whole
//! (`span`, `value`), what it means (`facts`, `contents`), the spans of a trace in short (`outline`) and everything that is
//! reckoned of those. All of it takes bad spans as they come: marked and counted, never lost. Never here: what a format
//! or a convention calls things (`wire::trace`), where traces are kept.

pub mod aligned;
mod call;
pub mod contents;
pub mod facts;
pub mod failing;
pub mod filter;
pub mod find;
pub mod form;
pub mod latency;
pub mod lint;
pub mod made;
pub mod names;
pub mod note;
pub mod outline;
pub mod packed;
pub mod recorded;
pub mod replay;
pub mod run;
pub mod sent;
pub mod span;
pub mod told;
pub mod tree;
pub mod value;

pub use call::{ByLength, Egress, Exchange, ExchangeId, Fault, Purpose, Retried, Span, SpanKind, SpanStatus};
pub use facts::{Dialect, Facts, Kind};
pub use made::Made;
pub use note::{Grade, Note, Opinion};
pub use outline::{Outline, Row};
pub use packed::Packed;
pub use run::{Brought, Failure, Run, Source, Went};
pub use span::{Origin, Side, SpanEvent, SpanKey, SpanLink, Status, TraceId, TraceSpan};
pub use tree::{Mark, Marks, Rollups, Sum, Tree};
pub use value::{Attributes, Value};
