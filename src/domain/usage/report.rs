//! A report: hours that were added up, laid together by model, day or provider.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::budget::{Budget, Spent};
use super::{Count, Figures, HOUR, Subject, Tally};
use crate::domain::catalog::Price;
use crate::domain::time::Timestamp;

/// What a row of a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Model,
    /// A day of the person's own time.
    Day,
    /// A provider.
    #[serde(rename = "provider")]
    Voice,
}

impl By {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Model, Self::Day, Self::Voice];

    /// The name of the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Day => "day",
            Self::Voice => "provider",
        }
    }
}

/// What a report is written out as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Prometheus' text format.
    Prometheus,
    /// A table of RFC 4180.
    Csv,
    /// Every call on a line, in the shape of Bedrock's log of model invocations.
    Jsonl,
}

/// What a report is asked for. Times count by whole hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    pub by: By,
    /// The hour of this time is the first that counts; `None` is the oldest there is.
    pub since: Option<Timestamp>,
    /// Hours that begin before it count; `None` is the newest there is.
    pub until: Option<Timestamp>,
    /// Whether rows come with what they were over time.
    #[serde(default)]
    pub series: bool,
}

impl Query {
    /// Whether the hour that begins at `hour` counts.
    pub fn holds(&self, hour: Timestamp) -> bool {
        self.since.is_none_or(|since| reaches(hour, since)) && self.until.is_none_or(|until| hour < until)
    }

    /// How finely time is parted: the hours of a day, or of two days at most; else days.
    pub fn step(&self, now: Timestamp) -> Step {
        let end = self.until.unwrap_or(now);
        let short = self.since.is_some_and(|since| end.since(since) <= 48 * HOUR as u64);
        if self.by == By::Day || short { Step::Hour } else { Step::Day }
    }
}

/// Whether the hour that begins at `hour` ends behind `moment`. Hours are those of UTC: of a day that begins within one, as
/// in India, all of it counts.
pub fn reaches(hour: Timestamp, moment: Timestamp) -> bool {
    hour.0 > moment.0 - HOUR
}

/// The distance of two points of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Hour,
    Day,
}

/// A day of the person's own time: where it begins, and its name, `2026-11-22`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    pub begins: Timestamp,
    pub name: String,
}

/// What there was in one hour or day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Point {
    /// Where the hour or day begins.
    pub at: Timestamp,
    pub invocations: u64,
    /// In whatever way.
    pub failed: u64,
    /// Answers by their statuses, those after which the same was sent again among them.
    pub throttles: u64,
    pub client_errors: u64,
    pub server_errors: u64,
    /// No server answered.
    pub lost: u64,
    /// The person ended them, or went away.
    pub stopped: u64,
    pub input: Count,
    pub output: Count,
    pub images: u64,
    /// In milliseconds, as all times here; `None` where nothing was answered.
    pub latency_p50: Option<u32>,
    pub latency_p95: Option<u32>,
    pub first_token_p50: Option<u32>,
    pub first_token_p95: Option<u32>,
    pub dollars: Option<f64>,
}

impl Point {
    fn of(at: Timestamp, figures: &Figures) -> Self {
        let tally = &figures.tally;
        Self {
            at,
            invocations: tally.invocations,
            failed: tally.failed(),
            throttles: tally.all_throttles(),
            client_errors: tally.all_client_errors(),
            server_errors: tally.all_server_errors(),
            lost: tally.lost,
            stopped: tally.stopped,
            input: tally.input(),
            output: tally.output(),
            images: tally.images,
            latency_p50: tally.latency.percentile(50),
            latency_p95: tally.latency.percentile(95),
            first_token_p50: tally.first_token.percentile(50),
            first_token_p95: tally.first_token.percentile(95),
            dollars: figures.cost.dollars,
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The model's id, the provider's name, or `2026-11-22`.
    pub name: String,
    /// The provider of a model or a provider's row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Of a model's row, by which its cost was reckoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Of the row alone; `None` where no price of the catalogue was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priced: Option<PriceDates>,
    pub figures: Figures,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Point>,
}

/// The days on which the prices of a report were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceDates {
    /// `2026-11-22`; the two are the same where all were read on one day.
    pub oldest: String,
    pub newest: String,
}

impl PriceDates {
    /// Takes in the day of one more price; what a person said has none.
    fn widen(known: &mut Option<Self>, price: &Price) {
        let day = &price.as_of;
        if day.is_empty() {
            return;
        }
        let dates = known.get_or_insert_with(|| Self { oldest: day.clone(), newest: day.clone() });
        if *day < dates.oldest {
            dates.oldest.clone_from(day);
        } else if *day > dates.newest {
            dates.newest.clone_from(day);
        }
    }

    /// For programs: a day, or where they are several the first and the last one as an interval of ISO 8601,
    /// `2026-11-22/2026-11-27`.
    pub fn interval(&self) -> String {
        if self.oldest == self.newest {
            return self.oldest.clone();
        }
        format!("{}/{}", self.oldest, self.newest)
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub query: Query,
    pub step: Step,
    /// The first hour and the end of the last hour that something is known of.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Models and providers by their calls, most first; days in their order.
    pub rows: Vec<Row>,
    pub total: Figures,
    /// Of the total.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Point>,
    /// `None` where no price of the catalogue was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priced: Option<PriceDates>,
    /// How the budgets stand now, whatever stretch of time the report is of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Standing>,
}

/// A budget, and what is gone of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub budget: Budget,
    pub spent: Spent,
}

/// A row on its way: what there was in each hour or day.
#[derive(Debug, Default)]
struct Heap {
    provider: Option<String>,
    price: Option<Price>,
    priced: Option<PriceDates>,
    steps: BTreeMap<Timestamp, Figures>,
}

impl Heap {
    fn new(by: By, subject: &Subject, price: Option<&Price>) -> Self {
        Self {
            provider: (by != By::Day).then(|| subject.model.provider().to_owned()),
            price: price.filter(|_| by == By::Model).cloned(),
            priced: None,
            steps: BTreeMap::new(),
        }
    }
}

/// The place of an hour in a report.
#[derive(Debug, PartialEq)]
struct Slot {
    /// Where the day begins whose row it is, in a report by day.
    day: Option<Timestamp>,
    /// Where the hour or day of the series begins.
    at: Timestamp,
}

/// Makes a report of hours, which come in any order.
pub struct Builder<'a> {
    query: Query,
    step: Step,
    now: Timestamp,
    /// The day of the person's own time in which a moment lies.
    day_of: &'a dyn Fn(Timestamp) -> Day,
    days: BTreeMap<Timestamp, Day>,
    heaps: BTreeMap<String, Heap>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    priced: Option<PriceDates>,
}

/// Points of a series at most: a clock that was wrong once must not make one without end.
const POINTS: usize = 4_000;

impl<'a> Builder<'a> {
    /// An empty one; `day_of` says in which day a moment lies.
    pub fn new(query: Query, now: Timestamp, day_of: &'a dyn Fn(Timestamp) -> Day) -> Self {
        Self {
            query,
            step: query.step(now),
            now,
            day_of,
            days: BTreeMap::new(),
            heaps: BTreeMap::new(),
            first: None,
            last: None,
            priced: None,
        }
    }

    /// Takes in what a subject came to in some hours. `price` is that of its model.
    pub fn add<'t>(
        &mut self,
        subject: &Subject,
        price: Option<&Price>,
        hours: impl IntoIterator<Item = (Timestamp, &'t Tally)>,
    ) {
        // Hours that go to the same place are laid together first: most of them do.
        let mut together: Option<(Slot, Figures)> = None;
        let mut used = false;
        for (hour, tally) in hours {
            if !self.query.holds(hour) {
                continue;
            }
            used = true;
            self.first = Some(self.first.map_or(hour, |first| first.min(hour)));
            self.last = Some(self.last.map_or(hour, |last| last.max(hour)));
            let slot = self.slot(hour);
            if together.as_ref().is_some_and(|(other, _)| *other != slot)
                && let Some(full) = together.take()
            {
                self.lay(subject, price, full);
            }
            let (_, figures) = together.get_or_insert_with(|| (slot, Figures::default()));
            figures.tally.merge(tally);
            figures.cost.add(tally.cost(subject.kind, price));
        }
        if let Some(rest) = together {
            self.lay(subject, price, rest);
        }
        if used && let Some(price) = price {
            PriceDates::widen(&mut self.priced, price);
        }
    }

    fn slot(&mut self, hour: Timestamp) -> Slot {
        let by_day = self.query.by == By::Day;
        let day = (by_day || self.step == Step::Day).then(|| self.day(hour).begins);
        let at = match self.step {
            // Nobody asks what it was over time.
            _ if !self.query.series => Timestamp(0),
            Step::Hour => hour,
            Step::Day => day.unwrap_or(hour),
        };
        Slot { day: day.filter(|_| by_day), at }
    }

    /// Adds what a subject came to in one place.
    fn lay(&mut self, subject: &Subject, price: Option<&Price>, (slot, figures): (Slot, Figures)) {
        let row = match (self.query.by, slot.day) {
            (By::Day, Some(begins)) => self.day(begins).name.clone(),
            (By::Voice, _) => subject.model.provider().to_owned(),
            (By::Model | By::Day, _) => subject.model.to_string(),
        };
        let by = self.query.by;
        let heap = self.heaps.entry(row).or_insert_with(|| Heap::new(by, subject, price));
        if let Some(price) = price {
            PriceDates::widen(&mut heap.priced, price);
        }
        heap.steps.entry(slot.at).or_default().add(&figures);
    }

    fn day(&mut self, at: Timestamp) -> &Day {
        self.days.entry(at).or_insert_with(|| (self.day_of)(at))
    }

    /// The report.
    pub fn build(mut self) -> Report {
        let heaps = std::mem::take(&mut self.heaps);
        let by = self.query.by;
        // The total of days is over days, however finely each of them is parted.
        let step = if by == By::Day { Step::Day } else { self.step };
        let whole = if self.query.series { self.steps(step) } else { Vec::new() };
        let mut total = Figures::default();
        let mut of_all: BTreeMap<Timestamp, Figures> = BTreeMap::new();
        let mut rows = Vec::with_capacity(heaps.len());
        for (name, Heap { provider, price, priced, steps }) in heaps {
            let mut figures = Figures::default();
            for (at, step) in &steps {
                figures.add(step);
                if self.query.series {
                    of_all.entry(*at).or_default().add(step);
                }
            }
            total.add(&figures);
            let series = match by {
                _ if !self.query.series => Vec::new(),
                By::Day => points(&self.hours_of(&steps), &steps),
                By::Model | By::Voice => points(&whole, &steps),
            };
            rows.push(Row { name, provider, price, priced, figures, series });
        }
        if by != By::Day {
            rows.sort_by_key(|row| std::cmp::Reverse(row.figures.tally.calls()));
        }
        Report {
            step: self.step,
            first: self.first,
            last: self.last.map(|last| Timestamp(last.0 + HOUR)),
            series: match by {
                By::Day => points(&whole, &by_day(&of_all, self.day_of)),
                By::Model | By::Voice => points(&whole, &of_all),
            },
            rows,
            total,
            priced: self.priced,
            query: self.query,
            budgets: Vec::new(),
        }
    }

    /// Every hour or day that was asked for, where that is not known otherwise from the first to now.
    fn steps(&self, step: Step) -> Vec<Timestamp> {
        let Query { since, until, .. } = self.query;
        let Some(from) = since.or(self.first) else { return Vec::new() };
        let end = until.map_or(self.now, |until| Timestamp(until.0 - 1)).max(self.last.unwrap_or(from));
        let mut at = match step {
            Step::Hour => Timestamp(from.0.div_euclid(HOUR) * HOUR),
            Step::Day => (self.day_of)(from).begins,
        };
        let mut steps = Vec::new();
        while at <= end && steps.len() < POINTS {
            steps.push(at);
            at = match step {
                Step::Hour => Timestamp(at.0 + HOUR),
                // No day is longer than 25 hours, nor two of them shorter than 46.
                Step::Day => (self.day_of)(Timestamp(at.0 + 26 * HOUR)).begins,
            };
        }
        steps
    }

    /// Every hour of the day in which these steps lie.
    fn hours_of(&self, steps: &BTreeMap<Timestamp, Figures>) -> Vec<Timestamp> {
        let Some(some) = steps.keys().next() else { return Vec::new() };
        let begins = (self.day_of)(*some).begins;
        let next = (self.day_of)(Timestamp(begins.0 + 26 * HOUR)).begins;
        let first = begins.0.div_euclid(HOUR) * HOUR;
        (0..26).map(|hour| Timestamp(first + hour * HOUR)).filter(|at| *at < next).collect()
    }
}

/// Of a report by day the total is laid together by days.
fn by_day(
    of_all: &BTreeMap<Timestamp, Figures>,
    day_of: &dyn Fn(Timestamp) -> Day,
) -> BTreeMap<Timestamp, Figures> {
    let mut days: BTreeMap<Timestamp, Figures> = BTreeMap::new();
    for (at, figures) in of_all {
        days.entry(day_of(*at).begins).or_default().add(figures);
    }
    days
}

/// A point for each step; where nothing was, a point of nothing.
fn points(steps: &[Timestamp], known: &BTreeMap<Timestamp, Figures>) -> Vec<Point> {
    let nothing = Figures::default();
    steps.iter().map(|at| Point::of(*at, known.get(at).unwrap_or(&nothing))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::SpanKind;
    use crate::domain::usage::{DAY, Histogram};

    /// Days that begin at two o'clock of UTC.
    fn day_of(at: Timestamp) -> Day {
        let number = (at.0 - 2 * HOUR).div_euclid(DAY);
        Day { begins: Timestamp(number * DAY + 2 * HOUR), name: format!("day {number}") }
    }

    fn subject(model: &str) -> Subject {
        Subject { model: model.parse().unwrap(), kind: SpanKind::Converse }
    }

    fn tally(invocations: u64, ms: u32) -> Tally {
        let mut latency = Histogram::default();
        (0..invocations).for_each(|_| latency.record(ms));
        Tally { invocations, input_tokens: 1_000_000 * invocations, latency, ..Tally::default() }
    }

    fn price() -> Price {
        Price {
            input: Some(2.0),
            output: None,
            cache_read: None,
            cache_write: None,
            image: None,
            search: None,
            as_of: "2026-01-02".into(),
            source: "a page".into(),
        }
    }

    fn query(by: By) -> Query {
        Query { by, since: None, until: None, series: true }
    }

    const NOW: Timestamp = Timestamp(3 * DAY);

    fn hour(hour: i64) -> Timestamp {
        Timestamp(hour * HOUR)
    }

    fn report(query: Query) -> Report {
        let mut builder = Builder::new(query, NOW, &day_of);
        let (one, more) = (tally(1, 10), tally(3, 100));
        builder.add(&subject("a/x"), Some(&price()), [(hour(1), &one), (hour(5), &one)]);
        builder.add(&subject("b/y"), None, [(hour(5), &more), (hour(40), &more)]);
        builder.add(&subject("a/z"), None, [(hour(50), &one)]);
        builder.build()
    }

    fn told(report: &Report) -> Vec<(&str, u64)> {
        report.rows.iter().map(|row| (row.name.as_str(), row.figures.tally.invocations)).collect()
    }

    #[test]
    fn rows_are_models_providers_or_days_of_the_persons_own_time() {
        assert_eq!(told(&report(query(By::Model))), [("b/y", 6), ("a/x", 2), ("a/z", 1)]);
        assert_eq!(told(&report(query(By::Voice))), [("b", 6), ("a", 3)]);
        assert_eq!(told(&report(query(By::Day))), [("day -1", 1), ("day 0", 4), ("day 1", 3), ("day 2", 1)]);
    }

    #[test]
    fn an_hour_in_which_a_day_begins_counts_for_that_day() {
        // India's day begins at half past eighteen of UTC.
        let begins = Timestamp(18 * HOUR + HOUR / 2);
        assert!(reaches(hour(18), begins) && reaches(hour(19), begins) && !reaches(hour(17), begins));
        assert!(reaches(hour(18), hour(18)) && !reaches(hour(17), hour(18)));
    }

    #[test]
    fn what_is_priced_and_what_is_not_stay_apart_in_the_sum() {
        let report = report(query(By::Model));
        let costs: Vec<_> = report.rows.iter().map(|row| row.figures.cost.dollars).collect();
        assert_eq!(costs, [None, Some(4.0), None]);
        assert_eq!((report.total.cost.dollars, report.total.cost.unpriced), (Some(4.0), 7));
        let dates = PriceDates { oldest: "2026-01-02".into(), newest: "2026-01-02".into() };
        assert_eq!(report.priced, Some(dates));
        assert_eq!(report.total.tally.latency.percentile(50), Some(101), "of three and six");
    }

    #[test]
    fn a_row_says_of_which_days_its_own_prices_are() {
        let later = Price { as_of: "2026-03-04".into(), ..price() };
        let own = Price { as_of: String::new(), ..price() };
        let told = |by| -> Vec<(String, Option<String>)> {
            let mut builder = Builder::new(query(by), NOW, &day_of);
            let one = tally(1, 10);
            builder.add(&subject("a/x"), Some(&later), [(hour(5), &one)]);
            builder.add(&subject("a/y"), Some(&price()), [(hour(5), &one), (hour(40), &one)]);
            builder.add(&subject("b/z"), Some(&own), [(hour(60), &one)]);
            let report = builder.build();
            assert_eq!(report.priced.unwrap().interval(), "2026-01-02/2026-03-04");
            let dates = |row: Row| (row.name, row.priced.map(|dates| dates.interval()));
            report.rows.into_iter().map(dates).collect()
        };
        let (both, one) = ("2026-01-02/2026-03-04", "2026-01-02");
        let row = |name: &str, dates: Option<&str>| (name.to_owned(), dates.map(str::to_owned));
        assert_eq!(told(By::Voice), [row("a", Some(both)), row("b", None)]);
        assert_eq!(
            told(By::Day),
            [row("day 0", Some(both)), row("day 1", Some(one)), row("day 2", None)],
            "what a person says has no day"
        );
        assert!(told(By::Model).contains(&row("a/y", Some(one))));
    }

    #[test]
    fn only_the_hours_that_were_asked_for_count() {
        // In the middle of the fifth hour, which counts whole.
        let since = Some(Timestamp(5 * HOUR + HOUR / 2));
        let some = report(Query { since, until: Some(hour(50)), ..query(By::Model) });
        assert_eq!(told(&some), [("b/y", 6), ("a/x", 1)]);
        assert_eq!((some.first, some.last), (Some(hour(5)), Some(hour(41))));
        let none = report(Query { since: Some(hour(60)), ..query(By::Model) });
        assert!(none.rows.is_empty() && none.first.is_none() && none.priced.is_none());
    }

    #[test]
    fn a_series_has_a_point_for_every_step_and_adds_up_to_its_row() {
        let all = report(query(By::Model));
        assert_eq!(all.step, Step::Day);
        for row in &all.rows {
            let sum: u64 = row.series.iter().map(|point| point.invocations).sum();
            assert_eq!(sum, row.figures.tally.invocations, "{}", row.name);
        }
        let counts: Vec<_> = all.series.iter().map(|point| point.invocations).collect();
        assert_eq!(counts, [1, 4, 3, 1]);
        let short = report(Query { since: Some(hour(30)), ..query(By::Model) });
        assert_eq!((short.step, short.series.len()), (Step::Hour, 43), "to now");
        assert_eq!(short.series[10].invocations, 3);
        let days = report(query(By::Day));
        assert_eq!((days.rows[1].series.len(), days.series.len()), (24, 4));
        assert_eq!(days.rows[1].series[3].invocations, 4);
        assert!(report(Query { series: false, ..query(By::Model) }).series.is_empty());
    }

    #[test]
    fn days_without_a_call_are_points_of_nothing_by_day_as_by_model() {
        let told = |by| {
            let mut builder = Builder::new(query(by), NOW, &day_of);
            builder.add(&subject("a/x"), None, [(hour(3), &tally(2, 1)), (hour(5), &tally(1, 1))]);
            builder.add(&subject("a/y"), None, [(hour(60), &tally(1, 1))]);
            builder.build().series
        };
        let counts: Vec<_> = told(By::Day).iter().map(|point| point.invocations).collect();
        assert_eq!(counts, [3, 0, 1]);
        assert_eq!(told(By::Day), told(By::Model));
        let since = Some(hour(3 - 2 * 24));
        let mut builder = Builder::new(Query { since, ..query(By::Day) }, NOW, &day_of);
        builder.add(&subject("a/x"), None, [(hour(3), &tally(2, 1))]);
        let counts: Vec<_> = builder.build().series.iter().map(|point| point.invocations).collect();
        assert_eq!(counts, [0, 0, 2, 0, 0], "all of the time that was asked for");
    }

    #[test]
    fn a_point_parts_failures_by_whose_they_were_and_knows_no_time_where_nothing_came() {
        let mut first_token = Histogram::default();
        first_token.record(40);
        let some = Tally {
            throttles: 1,
            client_errors: 2,
            server_errors: 3,
            lost: 4,
            images: 5,
            first_token,
            ..tally(1, 90)
        };
        let mut builder = Builder::new(query(By::Model), NOW, &day_of);
        builder.add(&subject("a/x"), None, [(hour(3), &some), (hour(40), &tally(0, 0))]);
        let series = builder.build().series;
        let point = series[0];
        let parts = [point.throttles, point.client_errors, point.server_errors, point.lost];
        assert_eq!((parts, point.failed, point.images), ([1, 2, 3, 4], 10, 5));
        assert_eq!((point.first_token_p50, point.first_token_p95), (Some(40), Some(40)));
        assert_eq!((series[1].first_token_p50, series[1].latency_p50), (None, None));
    }

    #[test]
    fn a_clock_that_was_wrong_makes_no_endless_series() {
        let mut builder = Builder::new(query(By::Model), NOW, &day_of);
        builder.add(&subject("a/x"), None, [(Timestamp(-1_000_000 * DAY), &tally(1, 1))]);
        assert_eq!(builder.build().series.len(), POINTS);
    }
}
