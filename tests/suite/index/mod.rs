//! Indexes of passages: what every store keeps, and what each does besides.

pub mod conformance;
mod embedded;
mod pgvector;
pub mod postgres;
pub mod qdrant;
