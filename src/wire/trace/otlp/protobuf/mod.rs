//! OTLP as protobuf.

mod fields;
mod read;
mod write;

pub use read::{decode, decode_partial_success, decode_status};
pub use write::{encode, encode_to, partial_success, status};

#[cfg(test)]
mod tests;
