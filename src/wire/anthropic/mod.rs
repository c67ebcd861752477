//! Anthropic's Messages API (<https://docs.anthropic.com/en/api/messages>), version 2023-06-01.
//!
//! [`request::body`] makes what is sent, [`Decoder`] reads the stream, [`reply`] what comes whole, [`fault`] errors.
//!
//! What the API has no room for is left out: `seed`; `top_k` 0, which is its default; temperature, `top_p` and `top_k`
//! where the model thinks; a choice among no tools; texts of blanks alone; reasoning without its signature; a blank end
//! of the answer that is to be continued. A temperature over 1 is refused before it is sent to the vendor's own API, and sent to
//! others that speak it.

pub mod fault;
pub mod reply;
pub mod request;
mod stream;
mod turns;

pub use stream::{Collector as Messages, Decoder};

/// The version of the API that is spoken here: the header `anthropic-version`. The next one, 2026-10-21, takes no
/// temperature, `top_p` or `top_k` of any model; in this one, the models up to Claude 4.6 still do.
pub const VERSION: &str = "2023-06-01";
