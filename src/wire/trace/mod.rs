//! Traces as other programs write them (OpenTelemetry's protocol, Bedrock's agents, Inspect's logs, the sessions of coding
//! agents), and as they are written for others.
//!
//! Everything that comes becomes spans (`domain::trace::TraceSpan`) whose attributes are kept as they were; what they mean
//! is read from those in one place, `meaning`. What is written wrongly is read as far as it makes sense, and counted.
//! Never here: sockets, files, what is kept, trees.

pub mod bedrock;
mod decoded;
pub mod export;
pub mod inspect;
pub mod meaning;
mod moment;
pub mod otlp;
pub mod session;

pub use decoded::Decoded;

#[cfg(test)]
mod tests;
