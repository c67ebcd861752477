//! A report in Prometheus' text format (version 0.0.4): counters and histograms, with Bedrock's names in their help.

use std::fmt::Write as _;

use crate::domain::usage::{By, Figures, Histogram, Report, Row};

/// A metric that only counts: its name, the help, its value where it is known.
type Counter = (&'static str, &'static str, fn(&Figures) -> Option<u64>);

const COUNTERS: [Counter; 12] = [
    ("invocations", "Calls that were answered (Bedrock: Invocations).", |f| Some(f.tally.invocations)),
    ("invocation_throttles", "Calls that the server put off (Bedrock: InvocationThrottles).", |f| {
        Some(f.tally.all_throttles())
    }),
    (
        "invocation_client_errors",
        "Calls that asked something wrong (Bedrock: InvocationClientErrors).",
        |f| Some(f.tally.all_client_errors()),
    ),
    (
        "invocation_server_errors",
        "Calls in which the server failed (Bedrock: InvocationServerErrors).",
        |f| Some(f.tally.all_server_errors()),
    ),
    ("invocations_unanswered", "Calls that no server answered.", |f| Some(f.tally.lost)),
    ("invocations_stopped", "Calls that their caller stopped.", |f| Some(f.tally.stopped)),
    ("input_tokens", "Tokens read, cached ones included (Bedrock: InputTokenCount).", |f| {
        f.tally.input().known()
    }),
    ("output_tokens", "Tokens written (Bedrock: OutputTokenCount).", |f| f.tally.output().known()),
    ("cache_read_input_tokens", "Tokens read from a cache (Bedrock: CacheReadInputTokens).", |f| {
        f.tally.cache_read().known()
    }),
    ("cache_write_input_tokens", "Tokens put into a cache (Bedrock: CacheWriteInputTokens).", |f| {
        f.tally.cache_write().known()
    }),
    ("output_images", "Pictures made (Bedrock: OutputImageCount).", |f| Some(f.tally.images)),
    ("uncounted_invocations", "Calls that did not tell all of their tokens.", |f| Some(f.tally.untold)),
];

/// The report in the text format.
pub fn prometheus(report: &Report) -> String {
    let mut text = String::new();
    let rows = &report.rows;
    for (name, help, value) in COUNTERS {
        let name = format!("outcrop_{name}_total");
        head(&mut text, &name, help, "counter");
        for row in rows {
            if let Some(value) = value(&row.figures) {
                let _ = writeln!(text, "{name}{{{}}} {value}", labels(report, row));
            }
        }
    }
    for (name, help, times) in [
        (
            "outcrop_invocation_latency_seconds",
            "From the request to the end of the answer (Bedrock: InvocationLatency).",
            (|f: &Figures| f.tally.latency.clone()) as fn(&Figures) -> Histogram,
        ),
        (
            "outcrop_time_to_first_token_seconds",
            "From the request to the first piece of text (Bedrock: TimeToFirstToken).",
            |f: &Figures| f.tally.first_token.clone(),
        ),
    ] {
        head(&mut text, name, help, "histogram");
        for row in rows {
            histogram(&mut text, name, &labels(report, row), &times(&row.figures));
        }
    }
    let name = "outcrop_estimated_cost_dollars_total";
    let dates =
        report.priced.as_ref().map_or_else(String::new, |dates| format!(" Prices of {}.", dates.interval()));
    head(
        &mut text,
        name,
        &format!("What the calls whose price is known cost, an estimate.{dates}"),
        "counter",
    );
    for row in rows {
        if let Some(dollars) = row.figures.cost.dollars {
            let _ = writeln!(text, "{name}{{{}}} {dollars}", labels(report, row));
        }
    }
    let name = "outcrop_unpriced_invocations_total";
    head(&mut text, name, "Calls whose cost is not known, or not all of it.", "counter");
    for row in rows {
        let _ = writeln!(text, "{name}{{{}}} {}", labels(report, row), row.figures.cost.unpriced);
    }
    text
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn histogram(text: &mut String, name: &str, labels: &str, times: &Histogram) {
    let below = times.below_powers();
    // Times are whole milliseconds, rounded down: below 2^n of them is at most so many seconds.
    for (power, count) in below.iter().enumerate().skip(3) {
        let seconds = (1_u64 << power) as f64 / 1000.0;
        let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{seconds}\"}} {count}");
    }
    let count = times.count();
    let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "{name}_sum{{{labels}}} {}", times.sum() as f64 / 1000.0);
    let _ = writeln!(text, "{name}_count{{{labels}}} {count}");
}

fn labels(report: &Report, row: &Row) -> String {
    match (report.query.by, &row.provider) {
        (By::Model, Some(provider)) => {
            let model = row.name.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/'));
            format!("provider=\"{}\",model=\"{}\"", escaped(provider), escaped(model.unwrap_or(&row.name)))
        }
        (by, _) => format!("{}=\"{}\"", by.as_str(), escaped(&row.name)),
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
