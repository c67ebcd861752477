//! How the numbers of a report are said, whatever shows them: a document, a screen.

use super::{Counted, MetricReport, Report};
use crate::domain::evaluation::figure::Estimate;
use crate::domain::evaluation::metric::Method;
use crate::domain::evaluation::ranking::Rating;
use crate::domain::evaluation::report::Disagreement;
use crate::domain::evaluation::vote::Skip;
use crate::domain::figures::count;

/// With the sign that people write, and no zero below nothing.
pub fn decimal(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// A share from 0 to 1, in hundredths.
pub fn percent(share: f64) -> String {
    format!("{} %", decimal(share * 100.0, 1))
}

/// The bounds of a share.
pub fn between(of: &Estimate) -> String {
    format!("{}–{}", decimal(of.low * 100.0, 1), percent(of.high))
}

/// The bounds of a number with so many places.
pub fn from_to((low, high): (f64, f64), places: usize) -> String {
    format!("{}–{}", decimal(low, places), decimal(high, places))
}

/// The rank, or those that the intervals allow; nothing where they tell none.
pub fn rank(of: &Rating) -> String {
    match &of.rank {
        Ok((best, worst)) if best == worst => best.to_string(),
        Ok((best, worst)) => format!("{best}–{worst}"),
        Err(_) => String::new(),
    }
}

/// How many votes of whom on what a report is of.
pub fn about(report: &Report) -> String {
    let (voted, joined) = report.voters();
    let joined = if joined == voted { String::new() } else { format!(" ({joined} joined)") };
    format!(
        "{} of {}{joined} on {}, each to be rated by {}.",
        count(report.votes.rated, "vote", "votes"),
        count(voted, "rater", "raters"),
        count(report.items, "item", "items"),
        count(u64::from(report.raters_per_item), "rater", "raters"),
    )
}

/// The items that nobody can rate, in one sentence.
pub fn unanswered(report: &Report) -> Option<String> {
    let lacks = report.unanswered.iter().map(|lack| {
        let why = if lack.failed { "failed" } else { "has not come yet" };
        format!("{} left out: an answer of {} {why}", count(lack.items, "item", "items"), lack.source)
    });
    let lacks: Vec<String> = lacks.collect();
    (!lacks.is_empty()).then(|| format!("{}.", lacks.join("; ")))
}

/// The votes in no main figure: how many, what they are, and the name of what defines them. Those that there are none of are not
/// among them.
fn beside(votes: &Counted) -> impl Iterator<Item = (u64, &'static str, &'static str)> {
    let all = [
        (votes.on_gold, "on items whose answer is known", "on gold"),
        (votes.repeats, "on items that came again", "repeats"),
        (votes.other_versions, "of other versions", "other versions"),
        (votes.unfit, "that do not fit the task", "unfit"),
        (votes.strangers, "on items or answers that it has not", "strangers"),
        (votes.doubled, "in whose place a later one counts", "doubled"),
    ];
    all.into_iter().filter(|(many, ..)| *many > 0)
}

/// What is in no main figure, in one sentence.
pub fn left_out(votes: &Counted) -> Option<String> {
    let part = |(many, what, _): (u64, &str, &str)| format!("{} {what}", count(many, "vote", "votes"));
    let parts: Vec<String> = beside(votes).map(part).collect();
    (!parts.is_empty()).then(|| format!("Left out of the main figures: {}.", parts.join(", ")))
}

/// The definitions that this sentence needs.
pub fn terms_of_left_out(votes: &Counted) -> impl Iterator<Item = &'static str> {
    beside(votes).map(|(.., term)| term)
}

/// How many votes were not blind, in a sentence.
pub fn not_blind(report: &Report) -> Option<String> {
    let votes = count(report.not_blind, "vote is of a rater", "votes are of raters");
    (report.not_blind > 0)
        .then(|| format!("{votes} who had looked whose answers are whose: not blind, and counted."))
}

/// The definitions that a method's figures need.
pub const fn terms_of(method: Method) -> &'static [&'static str] {
    match method {
        Method::ThumbsUpDown => &["thumbs up"],
        Method::IndividualLikertScale => &["mean points", "points"],
        Method::ComparisonLikertScale => &["mean preference", "preference", "preference share"],
        Method::ComparisonChoice => &["chosen", "ties", "both bad"],
        Method::ComparisonRank => &["mean place", "places"],
    }
}

/// How far votes on an item are apart: of kinds a share, else points.
pub fn spread(of: &Disagreement, metric: &MetricReport) -> String {
    match metric.method {
        Method::ThumbsUpDown | Method::ComparisonChoice => percent(of.spread),
        _ => decimal(of.spread, 0),
    }
}

/// Why an item was skipped.
pub const fn skipped(why: Skip) -> &'static str {
    match why {
        Skip::Unclear => "unclear",
        Skip::Offensive => "offensive",
        Skip::NotMyField => "not my field",
        Skip::Other => "other",
    }
}
