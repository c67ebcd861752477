//! Qdrant's REST API, as far as a knowledge base needs it: what is sent, and what comes back.
//!
//! ```text
//! filter   our filters in Qdrant's words      point   a passage as a point, and back
//! ask      bodies of requests                 reply   answers
//! ```
//!
//! A point has two vectors: `dense`, which is what a model made, brought to length one and compared by its dot product, and `words`,
//! a sparse one, whose dot product with a question's words, each weighed by how rare it is, is BM25.

pub mod ask;
pub mod filter;
pub mod point;
pub mod reply;

/// The vector that nearness is of.
pub const DENSE: &str = "dense";
/// The vector that words are of.
pub const WORDS: &str = "words";
