//! `OpenAI`'s Chat Completions, as it and the servers that copy it speak it
//! (<https://platform.openai.com/docs/api-reference/chat>): llama.cpp, vLLM, Ollama, LM Studio, `OpenRouter` and others.
//!
//! [`request::body`] makes what is sent, [`Decoder`] reads the stream, [`reply`] what comes whole, [`fault`] errors.

mod billed;
pub mod embed;
pub mod fault;
pub mod picture;
pub mod reply;
pub mod request;
pub mod rerank;
pub mod responses;
mod stream;

pub use stream::{Collector as Chat, Decoder};
