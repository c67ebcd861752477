//! Bytes to domain and back, for every outside API and file format; pure.
//!
//! Outside JSON shapes live here and nowhere else. Never here: sockets, files, async, the clock.

pub mod agent;
pub mod anthropic;
pub mod attachment;
pub mod aws;
pub mod bedrock;
pub mod comparison;
pub mod decode;
pub mod document;
pub mod evaluation;
pub mod fault;
pub mod formula;
pub mod knowledge;
mod loose;
pub mod ndjson;
pub mod ollama;
pub mod openai;
mod pdf;
mod picture_size;
pub mod prompt;
pub mod qdrant;
pub mod s3;
pub mod script;
pub mod sse;
pub mod thread;
pub mod trace;
pub mod unstreamed;
pub mod usage;
pub mod values;
pub mod written;
pub mod yaml;
