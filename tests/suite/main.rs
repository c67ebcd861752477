//! The one test binary: each module is a kind of test (see `DESIGN`, section 7).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config;
mod layers;
mod sanitiser;
mod themes;
mod store;
