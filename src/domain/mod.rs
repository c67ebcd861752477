//! The nouns of the program and their pure rules.
//!
//! Here live plain values (serde, `Clone`, `PartialEq`) that every other layer speaks in. Never here: files, sockets,
//! the clock, randomness, async, or the JSON of an outside API (that is `wire`).

pub mod agent;
pub mod attachment;
pub(crate) mod base64;
pub mod call;
pub mod cassette;
pub mod catalog;
pub mod change;
pub mod comparison;
pub mod completion;
pub mod conversation;
pub mod delta;
pub mod diff;
pub mod error;
pub mod evaluation;
pub mod figures;
pub mod hex;
pub mod id;
pub mod knowledge;
pub mod known;
pub mod left_out;
pub mod library;
pub mod listing;
pub mod message;
pub mod near;
pub mod picture;
pub mod priority;
pub mod prompt;
pub mod provider_key;
pub mod pull;
pub mod range;
pub mod rerank;
pub mod schema;
pub mod script;
pub mod search;
pub mod secret;
pub mod settings;
pub(crate) mod shared;
pub mod thinking;
pub mod time;
pub mod tool;
pub mod trace;
pub mod tree;
pub mod tried;
pub mod untrusted;
pub mod usage;
pub mod vector;
pub mod workspace;

pub use error::{Error, ErrorKind, Result};
