//! A vote taken apart: what it says of each thing that two votes can differ on.

use super::gather::Kept;
use super::presentation::turned;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::vote::{Chosen, ResponseId, Value, Vote};

/// What was said of an answer, or of all of an item's together.
pub(super) struct Fact<'a> {
    /// `None` of all of them.
    pub answer: Option<&'a ResponseId>,
    /// On a scale by answer and not by side; of a choice the index of the source, behind them a tie and "both bad".
    pub value: u16,
}

/// What a vote says by a metric.
pub(super) fn facts<'a>(kept: &Kept<'a>, metric: &Metric, sources: usize) -> Vec<Fact<'a>> {
    let whole = |value: u16| vec![Fact { answer: None, value }];
    match kept.vote.value(&metric.name) {
        Some(Value::Thumbs(thumbs)) => {
            thumbs.iter().map(|(id, up)| Fact { answer: Some(id), value: u16::from(*up) }).collect()
        }
        Some(Value::Points(points) | Value::Ranks(points)) => {
            points.iter().map(|(id, point)| Fact { answer: Some(id), value: u16::from(*point) }).collect()
        }
        Some(Value::Preference(point)) => {
            let turned = turned(kept, *point, metric.points().unwrap_or_default());
            turned.map_or_else(Vec::new, |(_, _, point)| whole(u16::from(point)))
        }
        Some(Value::Choice(chosen)) => match chosen {
            Chosen::One(id) => kept.source(id).map_or_else(Vec::new, |source| whole(source as u16)),
            Chosen::Tie => whole(sources as u16),
            Chosen::BothBad => whole(sources as u16 + 1),
        },
        None => Vec::new(),
    }
}

/// What a vote says of what raters differ on, in the words of the report: of one source's answer where each is rated by itself.
/// `None` where it says nothing of that. `sources` say whose each answer is.
pub fn said_of(
    vote: &Vote,
    metric: &Metric,
    sources: &[(ResponseId, String)],
    of: Option<&str>,
) -> Option<String> {
    let name = |id: &ResponseId| Some(sources.iter().find(|(other, _)| other == id)?.1.as_str());
    let is_meant = |id: &ResponseId| of.is_none_or(|of| name(id) == Some(of));
    let value = match vote.value(&metric.name)? {
        Value::Thumbs(thumbs) => u16::from(thumbs.iter().find(|(id, _)| is_meant(id))?.1),
        Value::Points(points) | Value::Ranks(points) => {
            u16::from(points.iter().find(|(id, _)| is_meant(id))?.1)
        }
        Value::Preference(point) => {
            let [left, right] = vote.shown.as_slice() else { return None };
            let turns = name(left)? > name(right)?;
            let turned = (metric.points()? + 1).checked_sub(*point)?;
            u16::from(if turns { turned } else { *point })
        }
        Value::Choice(Chosen::One(id)) => return name(id).map(str::to_owned),
        Value::Choice(Chosen::Tie) => return Some(in_words(0, metric, &[], 0)),
        Value::Choice(Chosen::BothBad) => return Some(metric.none_good(vote.shown.len()).to_owned()),
    };
    Some(in_words(value, metric, &[], 0))
}

/// The value of a fact in words; so many answers were voted on.
pub(super) fn in_words(value: u16, metric: &Metric, sources: &[&str], answers: usize) -> String {
    match metric.method {
        Method::ThumbsUpDown => {
            let usual = if value > 0 { "up" } else { "down" };
            metric.thumb(value > 0).unwrap_or(usual).to_owned()
        }
        Method::ComparisonChoice => match sources.get(usize::from(value)) {
            Some(source) => (*source).to_owned(),
            None if usize::from(value) == sources.len() => metric.tie().unwrap_or("tie").to_owned(),
            None => metric.none_good(answers).to_owned(),
        },
        // Its words are of sides, this is of sources.
        Method::ComparisonLikertScale => value.to_string(),
        _ => u8::try_from(value).map_or_else(|_| value.to_string(), |number| metric.numbered(number)),
    }
}
