//! Recorded and hand-made bytes of outside APIs and formats, whole and cut at every byte.

pub mod anthropic;
pub mod bedrock;
pub mod decoding;
pub mod ollama;
pub mod openai;
mod rerank;
mod responses;
mod thread;
