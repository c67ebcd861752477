//! Ollama's own API (<https://github.com/ollama/ollama/blob/main/docs/api.md>).
//!
//! [`request`] makes what is sent, [`Decoder`] reads the stream of an answer, [`reply`] what comes whole, [`models`]
//! their lists, [`pull`] models that are fetched, [`fault`] errors.
//!
//! What this API has no room for: which tool is called (`none` sends no tools, `any` and a tool's name are refused before
//! they are sent), documents (refused), and whether a tool failed (its words say it). Ollama drops the oldest messages in
//! silence when a conversation does not fit; it is asked not to, so that this is an error as everywhere else. Servers of
//! before October 2025 do not know that wish.

pub mod fault;
pub mod models;
pub mod pull;
pub mod reply;
pub mod request;
mod stream;

pub use stream::{Collector as Chat, Decoder};
