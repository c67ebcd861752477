//! The form of what is written, by the name of its file.

use crate::workbench::request::comparisons::Form as ComparisonForm;
use crate::workbench::request::conversations::Format;
use crate::workbench::request::evaluations::ReportForm;
use crate::workbench::request::traces::Written as TraceForm;
use crate::workbench::request::usage::Form as UsageForm;

/// What a file's name ends with, in lower case; `None` where there is no name before it.
fn ending(path: &str) -> Option<String> {
    let (stem, end) = path.rsplit_once('.')?;
    (!stem.is_empty() && !stem.ends_with('/')).then(|| end.to_ascii_lowercase())
}

/// The form that a file's name asks for.
pub fn format_of(path: &str) -> Option<Format> {
    match ending(path)?.as_str() {
        "md" | "markdown" => Some(Format::Markdown),
        "json" => Some(Format::Json),
        "jsonl" => Some(Format::Jsonl),
        _ => None,
    }
}

/// The form of a report that a file's name asks for.
pub fn report_form_of(path: &str) -> Option<ReportForm> {
    match ending(path)?.as_str() {
        "md" | "markdown" => Some(ReportForm::Markdown),
        "html" | "htm" => Some(ReportForm::Html),
        "csv" => Some(ReportForm::Csv),
        "json" => Some(ReportForm::Json),
        _ => None,
    }
}

/// The form of usage that a file's name asks for.
pub fn usage_form_of(path: &str) -> Option<UsageForm> {
    match ending(path)?.as_str() {
        "csv" => Some(UsageForm::Csv),
        "jsonl" => Some(UsageForm::Jsonl),
        "prom" => Some(UsageForm::Prometheus),
        _ => None,
    }
}

/// What is named is a server, not a file.
pub fn is_server(path: &str) -> bool {
    path.starts_with("http://") || path.starts_with("https://")
}

/// The form of a trace that a file's name asks for.
pub fn trace_form_of(path: &str) -> Option<TraceForm> {
    let lower = path.to_ascii_lowercase();
    if lower.ends_with(".openai.jsonl") {
        return Some(TraceForm::OpenAi);
    }
    if lower.ends_with(".prompts.jsonl") {
        return Some(TraceForm::Prompts);
    }
    match ending(path)?.as_str() {
        "json" | "jsonl" => Some(TraceForm::Json),
        "pb" | "binpb" => Some(TraceForm::Protobuf),
        "md" | "markdown" => Some(TraceForm::Markdown),
        "html" | "htm" => Some(TraceForm::Html),
        _ => None,
    }
}

/// The form of a comparison that a file's name asks for.
pub fn comparison_form_of(path: &str) -> Option<ComparisonForm> {
    if path.to_ascii_lowercase().ends_with(".battles.jsonl") {
        return Some(ComparisonForm::Battles);
    }
    match format_of(path)? {
        Format::Markdown => Some(ComparisonForm::Markdown),
        Format::Jsonl => Some(ComparisonForm::Json),
        Format::Json => None,
    }
}
