//! The files and the JSON of knowledge bases: Amazon Bedrock's metadata and filters, questions with their right passages,
//! the grades of a model that puts hits in order, a base as one file.

pub mod file;
pub mod filter;
pub mod grades;
pub mod judged;
pub mod metadata;
