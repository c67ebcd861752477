//! Knowledge: passages of documents, what is said of them, how they are cut, filtered and ranked.
//!
//! ```text
//! a document's text ─► chunking ─► passages, each with attributes
//! a question        ─► filter, words ─► two ranked lists ─► fusion ─► standings ─► reranking
//! ```
//!
//! Never here: where passages lie (that is `index`), and how the JSON of filters and metadata files looks (that is `wire`).

pub mod alike;
pub mod attribute;
pub mod base;
pub mod chunking;
pub mod document;
pub mod filter;
pub mod fusion;
pub mod grounding;
pub mod passage;
pub mod patterns;
pub mod preview;
pub mod quality;
pub mod ranking;
pub mod rebuild;
pub mod reranking;
pub mod retrieval;
pub mod schedule;
pub mod store;
pub mod sync;
pub mod tending;
pub mod terms;
pub mod vectors;
pub mod words;
