//! The command line: the real binary in a temporary home, as the store's owner and attached to one.

mod attaching;
mod away;
mod bedrock;
mod caching;
mod cassettes;
mod compare;
mod compared;
mod datasets;
mod evaluation;
mod found;
mod from_bedrock;
pub mod home;
mod keys;
mod knowledge;
mod lists;
mod nowhere;
mod owner;
mod pictures;
mod prompts;
mod questions;
mod rated;
mod settings;
mod stored;
mod talk;
mod usage;
mod vectors;
mod waits;
