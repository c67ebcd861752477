//! Indexes of passages: what every store keeps, and what the embedded one does.

pub mod conformance;
mod embedded;
