//! `outcrop usage`: what calls came to.

use futures_util::StreamExt;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use serde::Serialize;

use super::args::{By as Rows, Usage as Wanted, UsageFormat};
use super::out::Out;
use super::{Asker, End, Exit, item::Item, unexpected, words};
use crate::domain::figures;
use crate::domain::time::Timestamp;
use crate::domain::usage::budget::money;
use crate::domain::usage::{Figures, HOUR, Histogram, Row, Standing};
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::reply::Report;
use crate::workbench::request::usage::{By, Form, Query, Usage};
use crate::workbench::{Reply, Request};

pub(super) async fn usage(wanted: &Wanted, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    if wanted.by.is_some() && wanted.format == Some(UsageFormat::Jsonl) {
        return Err(Error::new(
            ErrorKind::Invalid,
            "exporting the calls",
            "--by makes rows of them, and with --format jsonl each is a line of its own",
            "Leave --by out, or take --format csv.",
        )
        .into());
    }
    let query = query(wanted, &Zoned::now())?;
    if let Some(format) = wanted.format {
        return write(query, format, wanted.texts, asker, out).await;
    }
    let reply = asker.one(Request::Usage(Usage::Report { query }), out).await?;
    let Reply::Usage { report } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        for row in &report.rows {
            out.object(&Item::Usage(Shown::of(query.by, Some(row), &row.figures)))?;
        }
        out.object(&Item::Usage(Shown::of(query.by, None, &report.total)))?;
        for standing in &report.budgets {
            out.object(&Item::Budget { standing })?;
        }
        return Ok(Exit::Done);
    }
    budgets(report, out)?;
    if report.rows.is_empty() {
        let when = if query.since.is_some() || query.until.is_some() { " in that time" } else { " yet" };
        out.note(&format!("no model was called{when}; `outcrop chat` calls one"))?;
        return Ok(Exit::Done);
    }
    table(report, out)?;
    Ok(Exit::Done)
}

/// The report or the calls, for other programs.
async fn write(
    query: Query,
    format: UsageFormat,
    texts: bool,
    asker: &Asker,
    out: &mut Out,
) -> Result<Exit, End> {
    let form = match format {
        UsageFormat::Prometheus => Form::Prometheus,
        UsageFormat::Csv => Form::Csv,
        UsageFormat::Jsonl => Form::Jsonl,
    };
    let mut replies = asker.ask(Request::Usage(Usage::Export { query, form, texts }));
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        let Reply::Text { text } = &reply else { return Err(unexpected(&reply)) };
        if form == Form::Jsonl { out.json_text(text)? } else { out.text(text)? }
    }
    Ok(Exit::Done)
}

fn query(wanted: &Wanted, now: &Zoned) -> Result<Query> {
    let by = match wanted.by.unwrap_or(Rows::Model) {
        Rows::Model => By::Model,
        Rows::Day => By::Day,
        Rows::Voice => By::Voice,
    };
    let since = wanted.since.as_deref().map(|text| time("--since", text, false, now)).transpose()?;
    let until = wanted.until.as_deref().map(|text| time("--until", text, true, now)).transpose()?;
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        return Err(Error::new(
            ErrorKind::Invalid,
            "reading --since and --until",
            format!("{} does not come before {}", said(&wanted.since), said(&wanted.until)),
            "Give the earlier one to --since.",
        ));
    }
    Ok(Query { by, since, until, series: false })
}

/// A time as a person writes it: so long ago, a day, a moment. With `end`, a day is meant to its end.
fn time(flag: &str, text: &str, end: bool, now: &Zoned) -> Result<Timestamp> {
    let zone = now.time_zone();
    let ago = || {
        let unit = text.chars().next_back()?;
        let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number >= 0)?;
        let hours = match unit {
            'm' => {
                return Some(Timestamp(
                    now.timestamp().as_millisecond().checked_sub(number.checked_mul(60_000)?)?,
                ));
            }
            'h' => number,
            'd' => number.checked_mul(24)?,
            'w' => number.checked_mul(7 * 24)?,
            _ => return None,
        };
        Some(Timestamp(now.timestamp().as_millisecond().checked_sub(hours.checked_mul(HOUR)?)?))
    };
    let day = || {
        let date: Date = (text.len() == 10).then(|| text.parse().ok())??;
        let date = if end { date.checked_add(1.day()).ok()? } else { date };
        at(zone, date.into())
    };
    let instant = || Some(Timestamp(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()));
    let moment = || at(zone, text.parse::<DateTime>().ok()?);
    ago().or_else(day).or_else(instant).or_else(moment).ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            format!("reading {flag}"),
            format!("{text:?} is no time"),
            "Write so long ago (90m, 24h, 7d, 4w), a day (2026-11-22) or a moment (2026-11-22T14:00).",
        )
    })
}

fn at(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    Some(Timestamp(time.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond()))
}

fn table(report: &Report, out: &mut Out) -> Result<(), End> {
    let head = ["calls", "failed", "stopped", "in", "out", "cached", "p50", "p95", "first", "cost"];
    let mut rows = vec![std::iter::once(report.query.by.as_str()).chain(head).map(str::to_owned).collect()];
    rows.extend(report.rows.iter().map(|row| cells(&row.name, &row.figures)));
    if report.rows.len() > 1 {
        rows.push(cells("all", &report.total));
    }
    words::ledger(rows).iter().try_for_each(|line| out.line(line))?;
    out.note(&remark(report))
}

/// How the budgets stand.
fn budgets(report: &Report, out: &mut Out) -> Result<(), End> {
    report.budgets.iter().try_for_each(|Standing { budget, spent }| match budget.stand(*spent) {
        Some((text, _)) => out.note(&format!("{}: {} {text}", budget.scope, budget.period.now())),
        None => Ok(()),
    })
}

fn cells(name: &str, figures: &Figures) -> Vec<String> {
    let tally = &figures.tally;
    let counts = [tally.invocations, tally.failed(), tally.stopped, tally.input_tokens, tally.output_tokens];
    let ms = |times: &Histogram, of| times.percentile(of).map_or_else(nothing, figures::milliseconds);
    let mut cells = vec![name.to_owned()];
    cells.extend(counts.map(words::grouped));
    cells.push(words::grouped(tally.cache_read_tokens));
    cells.extend([ms(&tally.latency, 50), ms(&tally.latency, 95), ms(&tally.first_token, 50)]);
    cells.push(match (figures.cost.dollars, figures.cost.unpriced) {
        (Some(dollars), 0) => money(dollars),
        (Some(dollars), _) => format!("{}+?", money(dollars)),
        (None, 0) => nothing(),
        (None, _) => "unknown".to_owned(),
    });
    cells
}

fn nothing() -> String {
    "–".to_owned()
}

/// What the figures do not say themselves.
fn remark(report: &Report) -> String {
    let mut said =
        vec!["tokens in and out; p50 and p95 of the whole time, first: p50 to the first token".to_owned()];
    if report.total.cost.dollars.is_some() {
        let dates = report.priced.as_ref().map_or_else(String::new, |dates| {
            if dates.oldest == dates.newest {
                format!(", prices of {}", dates.oldest)
            } else {
                format!(", prices of {} to {}", dates.oldest, dates.newest)
            }
        });
        said.push(format!("costs are estimates{dates}"));
    }
    if report.total.cost.unpriced > 0 {
        let calls = words::count(report.total.cost.unpriced, "call", "calls");
        said.push(format!("what {calls} cost is not known, or not all of it"));
    }
    said.join("; ")
}

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
pub(super) struct Shown<'a> {
    by: By,
    name: Option<&'a str>,
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
    #[serde(rename = "InputTokenCount")]
    input_tokens: u64,
    #[serde(rename = "OutputTokenCount")]
    output_tokens: u64,
    #[serde(rename = "CacheReadInputTokens")]
    cache_read: u64,
    #[serde(rename = "CacheWriteInputTokens")]
    cache_write: u64,
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
    #[serde(rename = "PriceAsOf")]
    as_of: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(by: By, row: Option<&'a Row>, figures: &Figures) -> Self {
        let tally = &figures.tally;
        let price = row.and_then(|row| row.price.as_ref());
        Self {
            by,
            name: row.map(|row| row.name.as_str()),
            invocations: tally.invocations,
            throttles: tally.throttles,
            client_errors: tally.client_errors,
            server_errors: tally.server_errors,
            lost: tally.lost,
            stopped: tally.stopped,
            input_tokens: tally.input_tokens,
            output_tokens: tally.output_tokens,
            cache_read: tally.cache_read_tokens,
            cache_write: tally.cache_write_tokens,
            images: tally.images,
            latency: Times::of(&tally.latency),
            first_token: Times::of(&tally.first_token),
            dollars: figures.cost.dollars,
            unpriced: figures.cost.unpriced,
            as_of: price.map(|price| price.as_of.as_str()).filter(|as_of| !as_of.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_so_long_ago_a_day_or_a_moment_of_the_persons_own_clock() {
        let now: Zoned = "2026-11-22T14:30:00+01:00[Europe/Berlin]".parse().unwrap();
        let read = |text: &str, end| {
            let at = time("--since", text, end, &now).unwrap();
            jiff::Timestamp::from_millisecond(at.0).unwrap().to_string()
        };
        for (text, end, is) in [
            ("24h", false, "2026-11-21T13:30:00Z"),
            ("7d", false, "2026-11-15T13:30:00Z"),
            ("90m", false, "2026-11-22T12:00:00Z"),
            ("0h", true, "2026-11-22T13:30:00Z"),
            ("2026-11-22", false, "2026-11-21T23:00:00Z"),
            ("2026-11-22", true, "2026-11-22T23:00:00Z"),
            ("2026-11-22T08:00", true, "2026-11-22T07:00:00Z"),
            ("2026-11-22T08:00:00Z", false, "2026-11-22T08:00:00Z"),
        ] {
            assert_eq!(read(text, end), is, "{text}");
        }
        for text in ["", "h", "yesterday", "-3d", "99999999999999999w", "22.11.2026"] {
            assert!(time("--since", text, false, &now).is_err(), "{text}");
        }
    }
}
