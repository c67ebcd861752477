//! Amazon Bedrock's JSON of knowledge bases: metadata files and filters.

pub mod filter;
pub mod metadata;
