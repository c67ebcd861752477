//! `OpenAI`'s Responses (<https://platform.openai.com/docs/api-reference/responses>), which some models insist on.
//!
//! It has no room for `top_k`, `stop` and `seed`: they are left out. Nothing is kept at the server (`store` is false).

pub mod request;
mod stream;

pub use stream::{Collector as Responses, Decoder, whole};
