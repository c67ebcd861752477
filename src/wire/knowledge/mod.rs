//! The files and the JSON of knowledge bases: Amazon Bedrock's metadata and filters, questions with their right passages.

pub mod filter;
pub mod judged;
pub mod metadata;
