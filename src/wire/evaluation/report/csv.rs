//! A report as a table: a row a number.
//!
//! | column | what |
//! |---|---|
//! | section | `votes`, `coverage`, `figures`, `ranking`, `wins`, `agreement`, `biases`, `disagreements`, `raters` |
//! | metric | empty where the number is of none |
//! | source | whose: a source, a rater, an item, or two with ` vs ` between them |
//! | category | empty for all; `(none)` for items without one |
//! | name | as the definitions have it, of a scale with the value behind: `points=3`; `p` with what it is of |
//! | value, low, high, n | the number, its bounds at 95 %, how many votes it is of |
//! | missing | why there is no number |
//! | `without_bounds` | why a number has no bounds that it could have |
//! | question | of an item that raters differ on: how it begins |
//!
//! A name that a spreadsheet would take for a formula gets an apostrophe in front.

use csv::Writer;

use crate::domain::evaluation::agreement::{Agreement, Kappa};
use crate::domain::evaluation::bias::Leaning;
use crate::domain::evaluation::figure::{Estimate, Figure, Missing};
use crate::domain::evaluation::ranking::Leaderboard;
use crate::domain::evaluation::report::{Bounded, MetricReport, Presented, RaterReport, Report, Strength};
use crate::domain::evaluation::tally::{Coverage, Spread};
use crate::domain::{Error, Result};
use crate::wire::formula::guarded;

const COLUMNS: [&str; 13] = [
    "section",
    "metric",
    "source",
    "category",
    "rater",
    "name",
    "value",
    "low",
    "high",
    "n",
    "missing",
    "without_bounds",
    "question",
];

/// The whole report.
pub fn write(report: &Report) -> Result<String> {
    let mut rows = Rows::default();
    counts(report, &mut rows);
    unanswered(report, &mut rows);
    for of in &report.metrics {
        metric(report, of, &mut rows);
    }
    for of in &report.raters {
        rater(of, &mut rows);
    }
    let doing = "writing the report as a table";
    let mut writer = Writer::from_writer(Vec::new());
    let written = writer.write_record(COLUMNS);
    let written = written.and_then(|()| rows.0.iter().try_for_each(|row| writer.write_record(row)));
    written.map_err(|why| Error::internal(doing, why.to_string()))?;
    let bytes = writer.into_inner().map_err(|why| Error::internal(doing, why.to_string()))?;
    String::from_utf8(bytes).map_err(|why| Error::internal(doing, why.to_string()))
}

/// What a number is of.
#[derive(Debug, Clone, Copy, Default)]
struct Of<'a> {
    section: &'a str,
    metric: &'a str,
    source: &'a str,
    category: &'a str,
    question: &'a str,
    rater: &'a str,
}

/// A number with what is around it.
struct Told {
    value: f64,
    /// `None` of a number that has none.
    bounds: Option<Figure<(f64, f64)>>,
}

#[derive(Default)]
struct Rows(Vec<[String; 13]>);

impl Rows {
    fn push(&mut self, of: Of<'_>, name: &str, told: Figure<Told>, n: Option<u64>) {
        let [mut value, mut low, mut high, mut missing, mut without_bounds] = [const { String::new() }; 5];
        match told {
            Err(why) => missing = why.to_string(),
            Ok(told) => {
                value = told.value.to_string();
                match told.bounds {
                    Some(Ok(bounds)) => (low, high) = (bounds.0.to_string(), bounds.1.to_string()),
                    Some(Err(why)) => without_bounds = why.to_string(),
                    None => {}
                }
            }
        }
        let names = [of.section, of.metric, of.source, of.category, of.rater, name, of.question];
        let [section, metric, source, category, rater, name, question] =
            names.map(|text| guarded(text.to_owned()));
        let n = n.map_or_else(String::new, |n| n.to_string());
        self.0.push([
            section,
            metric,
            source,
            category,
            rater,
            name,
            value,
            low,
            high,
            n,
            missing,
            without_bounds,
            question,
        ]);
    }

    fn count(&mut self, of: Of<'_>, name: &str, count: u64, n: Option<u64>) {
        self.number(of, name, &Ok(count as f64), n);
    }

    fn number(&mut self, of: Of<'_>, name: &str, figure: &Figure, n: Option<u64>) {
        self.push(of, name, figure.clone().map(|value| Told { value, bounds: None }), n);
    }

    fn share(&mut self, of: Of<'_>, name: &str, figure: &Figure<Estimate>, n: Option<u64>) {
        let told =
            figure.clone().map(|told| Told { value: told.value, bounds: Some(Ok((told.low, told.high))) });
        self.push(of, name, told, n);
    }

    fn bounded(&mut self, of: Of<'_>, name: &str, figure: &Bounded, n: Option<u64>) {
        let bounds = Some(figure.interval.clone());
        self.push(of, name, figure.value.clone().map(|value| Told { value, bounds }), n);
    }

    fn leaning(&mut self, of: Of<'_>, name: &str, leaning: &Leaning) {
        self.share(of, name, &leaning.share, Some(leaning.votes));
        self.number(of, &format!("p={name}"), &leaning.p, Some(leaning.votes));
    }

    fn spread(&mut self, of: Of<'_>, name: &str, spread: &Spread) {
        for (value, count) in &spread.counts {
            self.count(of, &format!("{name}={value}"), *count, Some(spread.votes()));
        }
    }
}

fn counts(report: &Report, rows: &mut Rows) {
    let votes = &report.votes;
    for (name, count) in [
        ("votes", votes.rated),
        ("skipped", votes.skipped),
        ("on gold", votes.on_gold),
        ("repeats", votes.repeats),
        ("other versions", votes.other_versions),
        ("unfit", votes.unfit),
        ("strangers", votes.strangers),
        ("doubled", votes.doubled),
        ("not blind", report.not_blind),
    ] {
        rows.count(Of { section: "votes", ..Of::default() }, name, count, None);
    }
    let mut coverage = |category: &str, items: u64, of: &Coverage| {
        let at = Of { section: "coverage", category, ..Of::default() };
        rows.number(at, "coverage", &of.share, Some(of.expected));
        rows.count(at, "items", items, None);
        rows.count(at, "skipped", of.skipped, None);
    };
    coverage("", report.items, &report.coverage);
    for of in &report.coverage_by_category {
        coverage(category(of.category.as_deref()), of.items, &of.coverage);
    }
}

fn category(name: Option<&str>) -> &str {
    name.unwrap_or("(none)")
}

/// The items that lack an answer of a source.
fn unanswered(report: &Report, rows: &mut Rows) {
    for lack in &report.unanswered {
        let at = Of { section: "coverage", source: &lack.source, ..Of::default() };
        let name = if lack.failed { "items without an answer=failed" } else { "items without an answer" };
        rows.count(at, name, lack.items, None);
    }
}

fn metric(report: &Report, of: &MetricReport, rows: &mut Rows) {
    let at = Of { metric: &of.name, ..Of::default() };
    presented(Of { section: "figures", ..at }, &of.whole, rows);
    for part in &of.by_category {
        let category = category(part.category.as_deref());
        presented(Of { section: "figures", category, ..at }, &part.presented, rows);
        if let Some(of) = &part.leaderboard {
            leaderboard(Of { section: "ranking", category, ..at }, of, rows);
        }
    }
    for part in &of.by_rater {
        presented(Of { section: "figures", rater: &part.rater, ..at }, &part.presented, rows);
    }
    if let Some(ranking) = &of.ranking {
        leaderboard(Of { section: "ranking", ..at }, &ranking.leaderboard, rows);
        for row in &ranking.leaderboard.rows {
            if let (Ok(rating), Some(interval)) = (&row.rating, ranking.by_formula(&row.name)) {
                let at = Of { section: "ranking", source: &row.name, ..at };
                let told = Told { value: rating.elo, bounds: Some(interval.clone()) };
                rows.push(at, "rating by formula", Ok(told), Some(row.record.battles));
            }
            if let Some(rate) = ranking.by_item(&row.name) {
                let at = Of { section: "ranking", source: &row.name, ..at };
                rows.share(at, "win rate by item", rate, Some(row.record.battles));
            }
        }
        for pair in &ranking.leaderboard.pairs {
            let source = format!("{} vs {}", pair.a, pair.b);
            let at = Of { section: "wins", source: &source, ..at };
            rows.share(at, "win rate", &pair.win_rate, Some(pair.record.battles));
        }
    }
    agreement(Of { section: "agreement", ..at }, of, rows);
    if let Some(biases) = &of.biases {
        let at = Of { section: "biases", ..at };
        rows.leaning(at, "left choice", &biases.position);
        rows.leaning(at, "quick left choice", &biases.speed);
        rows.leaning(at, "longer choice", &biases.length);
        rows.share(at, "flips", &biases.flips, None);
    }
    for told in &of.disagreements {
        let source = match &told.source {
            Some(source) => format!("{} vs {source}", told.item),
            None => told.item.to_string(),
        };
        let at =
            Of { section: "disagreements", source: &source, question: report.question(&told.item), ..at };
        rows.number(at, "spread", &Ok(told.spread), Some(told.votes));
    }
}

fn presented(at: Of<'_>, presented: &Presented, rows: &mut Rows) {
    match presented {
        Presented::Thumbs { sources } => {
            for of in sources {
                rows.share(Of { source: &of.source, ..at }, "thumbs up", &of.share, Some(of.votes));
            }
        }
        Presented::Points { sources } => {
            for of in sources {
                let at = Of { source: &of.source, ..at };
                rows.bounded(at, "mean points", &of.mean, Some(of.spread.votes()));
                rows.spread(at, "points", &of.spread);
            }
        }
        Presented::Ranks { sources } => {
            for of in sources {
                let at = Of { source: &of.source, ..at };
                rows.bounded(at, "mean place", &of.mean, Some(of.spread.votes()));
                rows.spread(at, "places", &of.spread);
            }
        }
        Presented::Preference { pairs } => {
            for of in pairs {
                let source = format!("{} vs {}", of.a, of.b);
                let at = Of { source: &source, ..at };
                let votes = Some(of.spread.votes());
                rows.bounded(at, "mean preference", &of.mean, votes);
                rows.spread(at, "preference", &of.spread);
                for part in &of.strengths {
                    let strength = match part.strength {
                        Strength::StronglyA => "strongly a",
                        Strength::SlightlyA => "slightly a",
                        Strength::Even => "even",
                        Strength::SlightlyB => "slightly b",
                        Strength::StronglyB => "strongly b",
                    };
                    rows.share(at, &format!("preference share={strength}"), &part.share, votes);
                }
            }
        }
        Presented::Choice(choices) => {
            for of in &choices.sources {
                rows.share(Of { source: &of.source, ..at }, "chosen", &of.share, Some(of.decided));
            }
            rows.share(at, "ties", &choices.tie_share, Some(choices.votes));
            rows.share(at, "both bad", &choices.both_bad_share, Some(choices.votes));
        }
    }
}

fn leaderboard(at: Of<'_>, of: &Leaderboard, rows: &mut Rows) {
    for row in &of.rows {
        let at = Of { source: &row.name, ..at };
        let n = Some(row.record.battles);
        let told = |rating: &crate::domain::evaluation::ranking::Rating| Told {
            value: rating.elo,
            bounds: Some(rating.interval.clone()),
        };
        rows.push(at, "rating", row.rating.as_ref().map(told).map_err(Clone::clone), n);
        // A rank is an interval from the start: its value is the best that it may be.
        let rank = row.rating.as_ref().map_err(Clone::clone).and_then(|rating| {
            let (best, worst) = rating.rank.clone()?;
            let (best, worst) = (f64::from(best), f64::from(worst));
            Ok(Told { value: best, bounds: Some(Ok((best, worst))) })
        });
        rows.push(at, "rank", rank, n);
        rows.share(at, "win rate", &row.win_rate, n);
        rows.number(at, "won", &Ok(row.record.won), n);
        rows.number(at, "lost", &Ok(row.record.lost), n);
        rows.number(at, "tied", &Ok(row.record.tied), n);
        rows.number(at, "both bad comparisons", &Ok(row.record.both_bad), n);
        rows.count(at, "battles", row.record.battles, None);
    }
}

fn agreement(at: Of<'_>, of: &MetricReport, rows: &mut Rows) {
    let of = &of.agreement;
    rows.bounded(at, "alpha", &of.alpha, None);
    rows.number(at, "alpha nominal", &of.nominal, None);
    rows.number(at, "alpha ordinal", &of.ordinal, None);
    rows.number(at, "alpha interval", &of.interval, None);
    rows.number(at, "fleiss", &of.fleiss, None);
    let mut shared = |name: &str, figure: &Figure<Agreement>| {
        let n = figure.as_ref().ok().map(|told| told.pairs);
        rows.number(at, name, &figure.clone().map(|told| told.share), n);
    };
    shared("raw agreement", &of.raw);
    if let Some(winners) = &of.on_winners {
        shared("agreement on winners", &winners.with_ties);
        shared("agreement on winners without ties", &winners.without_ties);
    }
    for pair in &of.pairs {
        let source = format!("{} vs {}", pair.a, pair.b);
        let at = Of { source: &source, ..at };
        let mut kappa = |name: &str, figure: &Figure<Kappa>| {
            let n = figure.as_ref().ok().map(|told| told.items);
            rows.number(at, name, &figure.clone().map(|told| told.kappa), n);
        };
        kappa("kappa", &pair.kappa);
        kappa("weighted kappa", &pair.weighted);
        let items = pair.kappa.as_ref().ok().map(|told| told.items);
        rows.number(at, "equal", &pair.kappa.clone().map(|told| told.agreement), items);
    }
}

fn rater(of: &RaterReport, rows: &mut Rows) {
    let at = Of { section: "raters", source: &of.name, ..Of::default() };
    rows.count(at, "votes", of.votes, None);
    rows.count(at, "skipped", of.skipped, None);
    rows.number(at, "seconds", &of.mean_seconds, None);
    rows.number(at, "median seconds", &of.pace.median_ms.clone().map(|ms| ms / 1_000.0), None);
    let never = || Missing::Unfit { what: "never".into() };
    let hasty = of.pace.hasty_from.map(|from| (from + 1) as f64).ok_or_else(never);
    rows.number(at, "hasty", &hasty, None);
    rows.share(at, "gold", &of.gold, None);
    for left in &of.left {
        rows.leaning(Of { metric: &left.metric, ..at }, "left choice", &left.leaning);
    }
    for again in &of.repeats {
        let at = Of { metric: &again.metric, ..at };
        rows.share(at, "same again", &again.consistency.equal, None);
        rows.number(at, "distance again", &again.consistency.distance, None);
    }
}
