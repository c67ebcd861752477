//! The one test binary: each module is a kind of test (see `DESIGN`, section 7).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod chat;
mod cli;
mod config;
mod conversation;
mod doors;
mod engine;
mod flow;
mod layers;
mod loopback;
mod markdown;
mod provider_openai;
mod pty_life;
mod pull;
mod readme;
mod sanitiser;
mod screen;
mod stage;
mod store;
mod terminal;
mod themes;
mod transcript;
mod tty;
mod wire;
