//! Traces for people and for other programs: Markdown, one page of HTML (`walk` takes both through a span), rows of datasets.
//! OTLP is `otlp`.

mod dataset;
mod html;
mod markdown;
mod noted;
mod report;
mod walk;

pub use dataset::{Rows, openai, prompts};
pub use html::html;
pub use markdown::markdown;
pub use noted::noted;
pub use report::Report;

#[cfg(test)]
mod tests;
