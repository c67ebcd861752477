//! OTLP as protobuf.

mod fields;
mod read;
mod write;

pub use read::{decode, decode_partial_success, decode_status};
pub use write::{encode, partial_success, status};

#[cfg(test)]
mod tests;
