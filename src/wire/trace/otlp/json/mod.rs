//! OTLP as JSON.
//!
//! proto3's JSON as OTLP changes it: names in lower camel case, ids in hexadecimal digits, enumerations as numbers,
//! 64-bit numbers as texts. SDKs and people write it in more ways than that; each is read, and counted.

mod loose;
mod read;
mod value;
mod write;

pub use read::decode;
pub use write::{encode, partial_success, status};

#[cfg(test)]
mod tests;
