//! `outcrop usage`: what calls came to.

mod shown;

use futures_util::StreamExt;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use unicode_width::UnicodeWidthStr;

use super::args::{By as Rows, Usage as Wanted, UsageFormat, UsageVerb};
use super::out::Out;
use super::{Asker, End, Exit, egress, item::Item, unexpected, words};
use crate::domain::figures;
use crate::domain::time::Timestamp;
use crate::domain::usage::budget::money;
use crate::domain::usage::{Count, Figures, HOUR, Histogram, Point, Standing, Step, Tally};
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::reply::Report;
use crate::workbench::request::usage::{By, Form, Query, Usage};
use crate::workbench::{Reply, Request};

pub(super) use shown::Shown;

pub(super) async fn usage(wanted: &Wanted, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    if let Some(UsageVerb::Egress { limit, since }) = &wanted.verb {
        return match wanted.of_no_verb() {
            None => egress::egress(*limit, since.as_deref(), asker, out).await,
            Some(name) => Err(Error::new(
                ErrorKind::Invalid,
                "listing what left this machine",
                format!("{name} stands before egress, and is of the usage without a verb"),
                "`outcrop usage egress --help` lists what it takes, behind its name.",
            )
            .into()),
        };
    }
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
            out.object(&Item::Usage(Shown::of(report, Some(row))))?;
        }
        out.object(&Item::Usage(Shown::of(report, None)))?;
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
    courses(report, out)?;
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
        if out.json {
            out.object(&reply)?;
            continue;
        }
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
    Ok(Query { by, since, until, series: wanted.series })
}

/// A time as a person writes it: so long ago, a day, a moment. With `end`, a day is meant to its end.
pub(super) fn time(flag: &str, text: &str, end: bool, now: &Zoned) -> Result<Timestamp> {
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

/// A narrow terminal does without the column that is missed least.
fn table(report: &Report, out: &mut Out) -> Result<(), End> {
    let width = rustix::termios::tcgetwinsize(std::io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    let whole = lines(report, true);
    let fits = width == 0 || whole.iter().all(|line| line.width() <= width);
    let lines = if fits { whole } else { lines(report, false) };
    lines.iter().try_for_each(|line| out.line(line))?;
    out.note(&remark(report))
}

/// With `most`, of the time to the first token the p95 is told too.
fn lines(report: &Report, most: bool) -> Vec<String> {
    let counters = counters(&report.total.tally);
    let head = counters.iter().map(|(title, _)| *title).chain(["p50", "p95", "first"]);
    let head = head.chain(most.then_some("first p95")).chain(["cost"]);
    let mut rows = vec![std::iter::once(report.query.by.as_str()).chain(head).map(str::to_owned).collect()];
    rows.extend(report.rows.iter().map(|row| cells(&row.name, &row.figures, &counters, most)));
    if report.rows.len() > 1 {
        rows.push(cells("all", &report.total, &counters, most));
    }
    words::ledger(rows)
}

/// A column of counts.
type Counter = (&'static str, fn(&Tally) -> Count);

const COUNTERS: [Counter; 12] = [
    ("calls", |tally| exact(tally.invocations)),
    ("failed", |tally| exact(tally.failed())),
    ("throttled", |tally| exact(tally.all_throttles())),
    ("client", |tally| exact(tally.all_client_errors())),
    ("server", |tally| exact(tally.all_server_errors())),
    ("unanswered", |tally| exact(tally.lost)),
    ("stopped", |tally| exact(tally.stopped)),
    ("in", Tally::input),
    ("out", Tally::output),
    ("cached", Tally::cache_read),
    ("pictures", |tally| exact(tally.images)),
    ("searches", |tally| exact(tally.searches)),
];

fn exact(told: u64) -> Count {
    Count { told, untold: 0 }
}

/// Those that a table has: what is rare only where there was any, so that most tables stay narrow.
fn counters(total: &Tally) -> Vec<Counter> {
    const RARE: [&str; 6] = ["throttled", "client", "server", "unanswered", "pictures", "searches"];
    COUNTERS.into_iter().filter(|(title, count)| !RARE.contains(title) || count(total).told > 0).collect()
}

/// What each row was over time, where that was asked for; steps in which nothing was are left out.
fn courses(report: &Report, out: &mut Out) -> Result<(), End> {
    const HEAD: [&str; 13] = [
        "calls",
        "throttled",
        "client",
        "server",
        "unanswered",
        "stopped",
        "in",
        "out",
        "pictures",
        "p50",
        "p95",
        "first",
        "cost",
    ];
    for row in report.rows.iter().filter(|row| !row.series.is_empty()) {
        let head = match report.step {
            Step::Hour => "hour",
            Step::Day => "day",
        };
        let mut rows = vec![std::iter::once(head).chain(HEAD).map(str::to_owned).collect()];
        let busy = row.series.iter().filter(|point| point.invocations + point.failed + point.stopped > 0);
        rows.extend(busy.map(|point| step(point, report.step)));
        out.line("")?;
        out.line(&crate::domain::untrusted::safe_line(&row.name))?;
        words::ledger(rows).iter().try_for_each(|line| out.line(line))?;
    }
    Ok(())
}

fn step(point: &Point, step: Step) -> Vec<String> {
    let mut at = words::time(point.at);
    if step == Step::Day {
        at.truncate("2026-11-22".len());
    }
    let counts = [
        point.invocations,
        point.throttles,
        point.client_errors,
        point.server_errors,
        point.lost,
        point.stopped,
    ];
    let tokens = [point.input, point.output].map(|count| count.text(words::grouped));
    let times = [point.latency_p50, point.latency_p95, point.first_token_p50];
    std::iter::once(at)
        .chain(counts.map(words::grouped))
        .chain(tokens)
        .chain([words::grouped(point.images)])
        .chain(times.map(|ms| ms.map_or_else(nothing, figures::milliseconds)))
        .chain([point.dollars.map_or_else(nothing, money)])
        .collect()
}

/// How the budgets stand.
fn budgets(report: &Report, out: &mut Out) -> Result<(), End> {
    report.budgets.iter().try_for_each(|Standing { budget, spent }| match budget.stand(*spent) {
        Some((text, _)) => out.note(&format!("{}: {} {text}", budget.scope, budget.period.now())),
        None => Ok(()),
    })
}

fn cells(name: &str, figures: &Figures, counters: &[Counter], most: bool) -> Vec<String> {
    let tally = &figures.tally;
    let ms = |times: &Histogram, of| times.percentile(of).map_or_else(nothing, figures::milliseconds);
    let mut cells = vec![name.to_owned()];
    cells.extend(counters.iter().map(|(_, count)| count(tally).text(words::grouped)));
    cells.extend([ms(&tally.latency, 50), ms(&tally.latency, 95), ms(&tally.first_token, 50)]);
    cells.extend(most.then(|| ms(&tally.first_token, 95)));
    cells.push(figures.cost.text());
    cells
}

fn nothing() -> String {
    "–".to_owned()
}

/// What the figures do not say themselves.
fn remark(report: &Report) -> String {
    let mut said =
        vec!["tokens in and out; p50 and p95 of the whole time, first: p50 to the first token".to_owned()];
    let tally = &report.total.tally;
    if tally.client_errors + tally.server_errors > 0 {
        said.push("client and server: whose fault the failure was".to_owned());
    }
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
        let stopped = if report.total.tally.stopped > 0 { ", stopped ones among them," } else { "" };
        said.push(format!("what {calls}{stopped} cost is not known, or not all of it"));
    }
    said.join("; ")
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
