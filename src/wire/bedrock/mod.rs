//! Amazon Bedrock's Converse API
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>): one shape for the models of
//! every maker.
//!
//! [`request`] makes what is sent, [`Decoder`] reads the stream, [`reply`] what comes whole, [`models`] and [`own`] the lists of models,
//! [`fault`] errors; [`native`] is what Converse does not do. What the API has no room for is left out: the seed always, `top_k` for models that are not Anthropic's,
//! `reasoning = off` (which is how every model begins), and reasoning without the seal of Anthropic, or for models of others.

mod blocks;
pub mod fault;
mod framing;
pub mod models;
pub mod native;
pub mod own;
pub mod reply;
pub mod request;
mod stream;

pub use framing::{Framed, Frames};
pub use stream::{Collector as Answer, Decoder};
