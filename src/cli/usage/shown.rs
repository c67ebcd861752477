//! Usage for programs: a row, what it was over time, with Bedrock's names.

use serde::Serialize;

use crate::domain::time::Timestamp;
use crate::domain::usage::{Histogram, Point, PriceDates, Row, Step, Tally};
use crate::workbench::reply::Report;
use crate::workbench::request::usage::By;

/// The percentiles of times, in milliseconds.
#[derive(Debug, Serialize)]
struct Times {
    p50: Option<u32>,
    p95: Option<u32>,
}

impl Times {
    fn of(times: &Histogram) -> Self {
        Self { p50: times.percentile(50), p95: times.percentile(95) }
    }
}

/// A row for programs, with Bedrock's names; the total has no name.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Shown<'a> {
    by: By,
    name: Option<&'a str>,
    #[serde(flatten)]
    counts: Counts,
    #[serde(rename = "CacheReadInputTokens")]
    cache_read: Option<u64>,
    #[serde(rename = "CacheWriteInputTokens")]
    cache_write: Option<u64>,
    #[serde(rename = "OutputImageCount")]
    images: u64,
    #[serde(rename = "InvocationLatency")]
    latency: Times,
    #[serde(rename = "TimeToFirstToken")]
    first_token: Times,
    #[serde(rename = "EstimatedCostUSD")]
    dollars: Option<f64>,
    #[serde(rename = "UnpricedInvocations")]
    unpriced: u64,
    /// Calls that did not tell all of their tokens.
    #[serde(rename = "UncountedInvocations")]
    untold: u64,
    /// The day on which the prices were read, or the first and the last one: `2026-11-22/2026-11-27`.
    #[serde(rename = "PriceAsOf")]
    as_of: Option<String>,
    /// How long each point of the series is.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Step>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    series: Vec<Moment>,
}

/// What a row and a point of its series count alike.
#[derive(Debug, Serialize)]
struct Counts {
    #[serde(rename = "Invocations")]
    invocations: u64,
    #[serde(rename = "InvocationThrottles")]
    throttles: u64,
    #[serde(rename = "InvocationClientErrors")]
    client_errors: u64,
    #[serde(rename = "InvocationServerErrors")]
    server_errors: u64,
    #[serde(rename = "Unanswered")]
    lost: u64,
    #[serde(rename = "Stopped")]
    stopped: u64,
    /// `null` where nobody has told.
    #[serde(rename = "InputTokenCount")]
    input_tokens: Option<u64>,
    #[serde(rename = "OutputTokenCount")]
    output_tokens: Option<u64>,
}

impl From<&Tally> for Counts {
    fn from(tally: &Tally) -> Self {
        Self {
            invocations: tally.invocations,
            throttles: tally.all_throttles(),
            client_errors: tally.all_client_errors(),
            server_errors: tally.all_server_errors(),
            lost: tally.lost,
            stopped: tally.stopped,
            input_tokens: tally.input().known(),
            output_tokens: tally.output().known(),
        }
    }
}

impl From<&Point> for Counts {
    fn from(point: &Point) -> Self {
        Self {
            invocations: point.invocations,
            throttles: point.throttles,
            client_errors: point.client_errors,
            server_errors: point.server_errors,
            lost: point.lost,
            stopped: point.stopped,
            input_tokens: point.input.known(),
            output_tokens: point.output.known(),
        }
    }
}

/// A point of a series, with the names of a row.
#[derive(Debug, Serialize)]
struct Moment {
    at: Timestamp,
    #[serde(flatten)]
    counts: Counts,
    #[serde(rename = "OutputImageCount")]
    images: u64,
    #[serde(rename = "InvocationLatency")]
    latency: Times,
    #[serde(rename = "TimeToFirstToken")]
    first_token: Times,
    #[serde(rename = "EstimatedCostUSD")]
    dollars: Option<f64>,
}

impl Moment {
    fn of(point: &Point) -> Self {
        Self {
            at: point.at,
            counts: point.into(),
            images: point.images,
            latency: Times { p50: point.latency_p50, p95: point.latency_p95 },
            first_token: Times { p50: point.first_token_p50, p95: point.first_token_p95 },
            dollars: point.dollars,
        }
    }
}

impl<'a> Shown<'a> {
    pub(super) fn of(report: &'a Report, row: Option<&'a Row>) -> Self {
        let (figures, series) = match row {
            Some(row) => (&row.figures, &row.series),
            None => (&report.total, &report.series),
        };
        let tally = &figures.tally;
        let priced = row.map_or(&report.priced, |row| &row.priced);
        Self {
            by: report.query.by,
            name: row.map(|row| row.name.as_str()),
            counts: tally.into(),
            cache_read: tally.cache_read().known(),
            cache_write: tally.cache_write().known(),
            images: tally.images,
            latency: Times::of(&tally.latency),
            first_token: Times::of(&tally.first_token),
            dollars: figures.cost.dollars,
            unpriced: figures.cost.unpriced,
            untold: tally.untold,
            as_of: priced.as_ref().map(PriceDates::interval),
            step: (!series.is_empty()).then_some(match (row, report.query.by) {
                (None, By::Day) => Step::Day,
                _ => report.step,
            }),
            series: series.iter().map(Moment::of).collect(),
        }
    }
}
