//! OpenTelemetry's protocol for traces, as protobuf and as JSON, in and out, with the answer to a request.
//!
//! Source: opentelemetry-proto 1.x, `trace/v1/trace.proto`, `common/v1/common.proto`,
//! `collector/trace/v1/trace_service.proto`; the OTLP specification for its JSON. The few messages are read and written by
//! hand: a request that breaks off in the middle gives what stood before, which no generated reader does.

pub mod answer;
mod groups;
pub mod json;
pub mod protobuf;

pub use answer::Answer;
