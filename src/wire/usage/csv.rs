//! A report as a table of RFC 4180: a line of names, then one a row. What is unknown is empty.

use std::borrow::Cow;

use crate::domain::usage::{Count, Histogram, PriceDates, Report, Row};

/// The report as CSV.
pub fn csv(report: &Report) -> String {
    let mut names = vec![report.query.by.as_str()];
    names.extend([
        "Invocations",
        "InvocationThrottles",
        "InvocationClientErrors",
        "InvocationServerErrors",
        "Unanswered",
        "Stopped",
        "InputTokenCount",
        "OutputTokenCount",
        "CacheReadInputTokens",
        "CacheWriteInputTokens",
        "OutputImageCount",
        "InvocationLatencyP50",
        "InvocationLatencyP95",
        "TimeToFirstTokenP50",
        "TimeToFirstTokenP95",
        "EstimatedCostUSD",
        "UnpricedInvocations",
        "UncountedInvocations",
        "PriceAsOf",
    ]);
    let mut table = line(names.iter().map(|name| Cow::Borrowed(*name)));
    for row in &report.rows {
        table.push_str(&line(fields(row)));
    }
    table
}

fn fields(row: &Row) -> impl Iterator<Item = Cow<'_, str>> {
    let tally = &row.figures.tally;
    let counts = [
        tally.invocations,
        tally.all_throttles(),
        tally.all_client_errors(),
        tally.all_server_errors(),
        tally.lost,
        tally.stopped,
    ];
    let tokens = [tally.input(), tally.output(), tally.cache_read(), tally.cache_write()].map(Count::known);
    let times =
        [(&tally.latency, 50), (&tally.latency, 95), (&tally.first_token, 50), (&tally.first_token, 95)];
    let cost = row.figures.cost;
    std::iter::once(field(&row.name))
        .chain(
            counts
                .map(Some)
                .into_iter()
                .chain(tokens)
                .chain([Some(tally.images)])
                .map(|count| known(count).into()),
        )
        .chain(times.into_iter().map(|(times, of)| percentile(times, of).into()))
        .chain([cost.dollars.map(|dollars| format!("{dollars:.6}")).unwrap_or_default().into()])
        .chain([cost.unpriced, tally.untold].map(|count| count.to_string().into()))
        .chain([row.priced.as_ref().map(PriceDates::interval).unwrap_or_default().into()])
}

fn known(count: Option<u64>) -> String {
    count.map(|count| count.to_string()).unwrap_or_default()
}

fn percentile(times: &Histogram, of: u8) -> String {
    times.percentile(of).map(|ms| ms.to_string()).unwrap_or_default()
}

fn line<'a>(fields: impl Iterator<Item = Cow<'a, str>>) -> String {
    let mut line = fields.collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

fn field(text: &str) -> Cow<'_, str> {
    // Spreadsheets take what begins so for a formula.
    let formula = text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalog::Price;
    use crate::domain::time::Timestamp;
    use crate::domain::trace::SpanKind;
    use crate::domain::usage::{Builder, By, Day, Query, Subject, Tally};
    use crate::wire::usage::prometheus;

    #[test]
    fn what_calls_cost_has_the_days_of_its_prices_beside_it() {
        let day_of = |at: Timestamp| Day { begins: at, name: "a day".to_owned() };
        let subject = |model: &str| Subject { model: model.parse().unwrap(), kind: SpanKind::Converse };
        let tally = Tally { invocations: 1, input_tokens: 1_000_000, ..Tally::default() };
        let of = |day: &str| Price { input: Some(2.0), as_of: day.to_owned(), ..Price::nothing() };
        let query = Query { by: By::Model, since: None, until: None, series: false };
        let report = |by| {
            let mut builder = Builder::new(Query { by, ..query }, Timestamp(0), &day_of);
            for (model, day) in [("a/x", "2026-01-02"), ("a/y", "2026-03-04")] {
                builder.add(&subject(model), Some(&of(day)), [(Timestamp(0), &tally)]);
            }
            builder.add(&subject("b/z"), None, [(Timestamp(0), &tally)]);
            builder.build()
        };
        let ends = |by| -> Vec<String> {
            let last = |line: &str| line.rsplit(',').next().unwrap_or_default().to_owned();
            csv(&report(by)).lines().map(last).collect()
        };
        assert_eq!(ends(By::Model), ["PriceAsOf", "2026-01-02", "2026-03-04", ""]);
        assert_eq!(ends(By::Voice), ["PriceAsOf", "2026-01-02/2026-03-04", ""]);
        let metrics = prometheus(&report(By::Voice));
        assert!(metrics.contains("an estimate. Prices of 2026-01-02/2026-03-04.\n"), "{metrics}");
    }

    #[test]
    fn a_name_stays_one_field_and_no_formula() {
        assert_eq!(field("openai/gpt-4o"), "openai/gpt-4o");
        assert_eq!(field("a/b,\"c\"\n"), "\"a/b,\"\"c\"\"\n\"");
        assert_eq!(field("=a/HYPERLINK(1)"), "'=a/HYPERLINK(1)");
    }
}
