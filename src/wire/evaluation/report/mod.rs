//! A report as people and spreadsheets read it: Markdown, one HTML file, CSV. As JSON it is itself.
//!
//! Names and comments are untrusted: the sanitiser sees them before anything else does, then each form escapes its own signs.

mod cells;
pub mod csv;
mod document;
pub mod html;
pub mod markdown;
mod metric;
