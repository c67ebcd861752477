//! What the owner decided where raters differ, in words.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{MetricReport, Presented, Report};
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::item::ItemHash;
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::vote::{Chosen, ResponseId, Value};
use crate::domain::time::Timestamp;

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    pub item: ItemHash,
    pub metric: String,
    /// By the names of the sources.
    pub value: String,
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
    /// No later one about the same takes its place.
    pub stands: bool,
}

/// Decisions of the report's version of the task, in the order in which they were made; `name` tells whose an answer is.
pub(super) fn decided<'n>(
    decisions: &[Decision],
    report: &Report,
    name: impl Fn(&ResponseId) -> Option<&'n str>,
) -> Vec<Decided> {
    let standing = Decision::standing(decisions);
    let metrics: HashMap<&str, Metric> =
        report.metrics.iter().map(|of| (of.name.as_str(), MetricReport::asked(of))).collect();
    // The most that a vote was between.
    let answers = |metric: &str| match report.metrics.iter().find(|of| of.name == metric).map(|of| &of.whole)
    {
        Some(Presented::Choice(choices)) => choices.among.unwrap_or(2) as usize,
        _ => 2,
    };
    decisions
        .iter()
        .filter(|decision| decision.version == report.version)
        .map(|decision| Decided {
            item: decision.item.clone(),
            metric: decision.metric.clone(),
            value: in_words(
                &decision.value,
                metrics.get(decision.metric.as_str()),
                answers(&decision.metric),
                |id| name(id).unwrap_or("?"),
            ),
            reason: decision.reason.clone(),
            by: decision.by.clone(),
            at: decision.at,
            stands: standing.iter().any(|other| other.id == decision.id),
        })
        .collect()
}

/// A value of a metric in words, of an item with so many answers; `name` tells whose an answer is.
pub fn in_words<'a>(
    value: &Value,
    of: Option<&Metric>,
    answers: usize,
    name: impl Fn(&ResponseId) -> &'a str,
) -> String {
    let each = |said: Vec<String>| said.join(", ");
    let numbered = |number: u8| of.map_or_else(|| number.to_string(), |of| of.numbered(number));
    match value {
        Value::Thumbs(said) => each(
            said.iter()
                .map(|(id, up)| {
                    let usual = if *up { "yes" } else { "no" };
                    let word = of.and_then(|of| of.thumb(*up)).unwrap_or(usual);
                    format!("{}: {word}", name(id))
                })
                .collect(),
        ),
        Value::Points(said) | Value::Ranks(said) => {
            each(said.iter().map(|(id, points)| format!("{}: {}", name(id), numbered(*points))).collect())
        }
        Value::Preference(points) => numbered(*points),
        Value::Choice(Chosen::One(id)) => name(id).to_owned(),
        Value::Choice(Chosen::Tie) => of.and_then(Metric::tie).unwrap_or("a tie").to_owned(),
        Value::Choice(Chosen::BothBad) => of.map_or("both bad", |of| of.none_good(answers)).to_owned(),
    }
}
