//! What a span means, read from the names of its attributes: the one place that knows conventions.
//!
//! Four of them: OpenTelemetry's GenAI conventions as they are now (repository `semantic-conventions-genai`), as they were
//! up to 1.36 together with OpenLLMetry's, OpenInference's, and none. `facts` is quick and borrows; `contents` takes the
//! messages apart. A span that mixes conventions is read by all of them, the current names first. What nothing here knows
//! stays among the span's attributes.

mod contents;
mod facts;
mod flat;
mod genai;
mod kind;
mod made;
pub(super) mod message;
mod older;
mod openinference;

pub use contents::contents;
pub use facts::facts;
pub use kind::is_beside;
pub use made::made;

#[cfg(test)]
mod tests;
