//! What was said by a metric, as Bedrock's report card shows it for each method.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::gather::Kept;
use super::mean::{Bounded, by_item};
use super::ranking::is_of_one_item;
use crate::domain::evaluation::figure::{Estimate, Figure, Missing, plain};
use crate::domain::evaluation::interval::wilson;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::tally::Spread;
use crate::domain::evaluation::vote::{Chosen, Value};

/// The figures of a metric, by its method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum Presented {
    Thumbs { sources: Vec<Thumbs> },
    Points { sources: Vec<Points> },
    Preference { pairs: Vec<Preference> },
    Choice(Choices),
    Ranks { sources: Vec<Points> },
}

/// How often a source's answers got a thumb up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thumbs {
    pub source: String,
    pub up: u64,
    pub votes: u64,
    /// Of all its thumbs, with Wilson's interval.
    #[serde(with = "plain")]
    pub share: Figure<Estimate>,
}

/// Which points, or which places, a source's answers got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Points {
    pub source: String,
    pub spread: Spread,
    pub mean: Bounded,
}

/// How strongly one of two sources was preferred, wherever its answers stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preference {
    /// The alphabetically first.
    pub a: String,
    pub b: String,
    /// 1 is strongly `a`, the last point strongly `b`.
    pub spread: Spread,
    pub mean: Bounded,
    /// From strongly `a` to strongly `b`; what a scale of few points has none of is not there.
    pub strengths: Vec<OfStrength>,
}

/// A part of a scale of preference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfStrength {
    pub strength: Strength,
    pub votes: u64,
    #[serde(with = "plain")]
    pub share: Figure<Estimate>,
}

/// How strong a preference is: strong at the ends of the scale, slight between an end and the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    StronglyA,
    SlightlyA,
    Even,
    SlightlyB,
    StronglyB,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choices {
    pub votes: u64,
    pub sources: Vec<Choice>,
    pub ties: u64,
    /// Of all votes, as is that of "both bad".
    #[serde(with = "plain")]
    pub tie_share: Figure<Estimate>,
    pub both_bad: u64,
    #[serde(with = "plain")]
    pub both_bad_share: Figure<Estimate>,
    /// The most answers that a vote was between, where those are more than two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<u64>,
}

impl Choices {
    /// What is said of the votes that chose none because no answer is good.
    pub fn none_good<'a>(&self, asked: &'a Metric) -> &'a str {
        asked.none_good(self.among.unwrap_or(2) as usize)
    }
}

/// How often a source was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    pub source: String,
    pub chosen: u64,
    /// Votes that chose one answer, with one of its own to choose.
    pub decided: u64,
    #[serde(with = "plain")]
    pub share: Figure<Estimate>,
}

impl Strength {
    pub const ALL: [Self; 5] =
        [Self::StronglyA, Self::SlightlyA, Self::Even, Self::SlightlyB, Self::StronglyB];

    /// Of a point on a scale of so many.
    pub fn of(point: u8, points: u8) -> Self {
        let middle = (2 * u16::from(point)).cmp(&(u16::from(points) + 1));
        match middle {
            std::cmp::Ordering::Equal => Self::Even,
            _ if point <= 1 => Self::StronglyA,
            _ if point >= points => Self::StronglyB,
            std::cmp::Ordering::Less => Self::SlightlyA,
            std::cmp::Ordering::Greater => Self::SlightlyB,
        }
    }
}

/// The figures of votes by a metric; of a source that nobody was shown there are none. Of one item alone there are counts, and
/// neither shares nor means: it tells nothing of others.
pub(super) fn present<'a>(
    votes: impl Iterator<Item = &'a Kept<'a>>,
    metric: &Metric,
    sources: &[&str],
) -> Presented {
    let votes: Vec<&'a Kept<'a>> = votes.collect();
    let one_item = is_of_one_item(votes.iter().copied().filter(|kept| kept.says(metric)));
    let share = |part: u64, all: u64| {
        let share = wilson(part as f64, all as f64);
        if one_item { share.and(Err(Missing::OneItem)) } else { share }
    };
    let mean = |said: Vec<(usize, u8)>, points: u8| {
        let mean = by_item(said, points);
        if one_item { Bounded { value: mean.value.and(Err(Missing::OneItem)), ..mean } } else { mean }
    };
    match metric.method {
        Method::ThumbsUpDown => {
            Presented::Thumbs { sources: thumbs(votes.into_iter(), metric, sources, share) }
        }
        Method::IndividualLikertScale => {
            let points = metric.points().unwrap_or_default();
            Presented::Points { sources: points_of(votes.into_iter(), metric, (sources, points), mean) }
        }
        Method::ComparisonLikertScale => {
            Presented::Preference { pairs: preferences(votes.into_iter(), metric, sources, (share, mean)) }
        }
        Method::ComparisonChoice => Presented::Choice(choices(votes.into_iter(), metric, sources, share)),
        Method::ComparisonRank => {
            let places = votes.iter().map(|kept| kept.shown.len()).max().unwrap_or_default();
            let places = u8::try_from(places).unwrap_or(u8::MAX);
            Presented::Ranks { sources: points_of(votes.into_iter(), metric, (sources, places), mean) }
        }
    }
}

fn thumbs<'a>(
    votes: impl Iterator<Item = &'a Kept<'a>>,
    metric: &Metric,
    sources: &[&str],
    share: impl Fn(u64, u64) -> Figure<Estimate>,
) -> Vec<Thumbs> {
    let mut counts = vec![(0_u64, 0_u64); sources.len()];
    for kept in votes {
        let Some(Value::Thumbs(thumbs)) = kept.vote.value(&metric.name) else { continue };
        for (id, is_up) in thumbs {
            if let Some((up, all)) = kept.source(id).and_then(|source| counts.get_mut(source)) {
                *up += u64::from(*is_up);
                *all += 1;
            }
        }
    }
    sources
        .iter()
        .zip(counts)
        .filter(|(_, (_, votes))| *votes > 0)
        .map(|(source, (up, votes))| {
            let share = share(up, votes);
            Thumbs { source: (*source).to_owned(), up, votes, share }
        })
        .collect()
}

fn points_of<'a>(
    votes: impl Iterator<Item = &'a Kept<'a>>,
    metric: &Metric,
    (sources, points): (&[&str], u8),
    mean: impl Fn(Vec<(usize, u8)>, u8) -> Bounded,
) -> Vec<Points> {
    let mut said: Vec<Vec<(usize, u8)>> = vec![Vec::new(); sources.len()];
    for kept in votes {
        let Some(Value::Points(values) | Value::Ranks(values)) = kept.vote.value(&metric.name) else {
            continue;
        };
        for (id, value) in values {
            if let Some(said) = kept.source(id).and_then(|source| said.get_mut(source)) {
                said.push((kept.cluster, *value));
            }
        }
    }
    sources
        .iter()
        .zip(said)
        .filter(|(_, said)| !said.is_empty())
        .map(|(source, said)| Points {
            source: (*source).to_owned(),
            spread: Spread::of(points, said.iter().map(|(_, value)| *value)),
            mean: mean(said, points),
        })
        .collect()
}

/// A point of preference as it is from the alphabetically first source to the other: what stood right turns.
pub(super) fn turned(kept: &Kept<'_>, point: u8, points: u8) -> Option<(usize, usize, u8)> {
    let [left, right] = kept.shown else { return None };
    if left > right {
        return Some((*right, *left, (points + 1).checked_sub(point)?));
    }
    Some((*left, *right, point))
}

fn preferences<'a>(
    votes: impl Iterator<Item = &'a Kept<'a>>,
    metric: &Metric,
    sources: &[&str],
    (share, mean): (impl Fn(u64, u64) -> Figure<Estimate>, impl Fn(Vec<(usize, u8)>, u8) -> Bounded),
) -> Vec<Preference> {
    let points = metric.points().unwrap_or_default();
    let mut pairs: BTreeMap<(usize, usize), Vec<(usize, u8)>> = BTreeMap::new();
    for kept in votes {
        let Some(Value::Preference(point)) = kept.vote.value(&metric.name) else { continue };
        if let Some((a, b, point)) = turned(kept, *point, points) {
            pairs.entry((a, b)).or_default().push((kept.cluster, point));
        }
    }
    pairs
        .into_iter()
        .map(|((a, b), said)| {
            let all = said.len() as u64;
            let strengths = Strength::ALL.into_iter().filter_map(|strength| {
                (1..=points).find(|point| Strength::of(*point, points) == strength)?;
                let is_so = |point: u8| Strength::of(point, points) == strength;
                let votes = said.iter().filter(|(_, point)| is_so(*point)).count() as u64;
                Some(OfStrength { strength, votes, share: share(votes, all) })
            });
            Preference {
                a: sources[a].to_owned(),
                b: sources[b].to_owned(),
                spread: Spread::of(points, said.iter().map(|(_, point)| *point)),
                strengths: strengths.collect(),
                mean: mean(said, points),
            }
        })
        .collect()
}

fn choices<'a>(
    votes: impl Iterator<Item = &'a Kept<'a>>,
    metric: &Metric,
    sources: &[&str],
    share: impl Fn(u64, u64) -> Figure<Estimate>,
) -> Choices {
    let mut counts = vec![(0_u64, 0_u64); sources.len()];
    let mut seen = vec![false; sources.len()];
    let (mut all, mut ties, mut both_bad, mut among) = (0, 0, 0, 0);
    for kept in votes {
        let Some(Value::Choice(chosen)) = kept.vote.value(&metric.name) else { continue };
        all += 1;
        kept.shown.iter().for_each(|source| seen[*source] = true);
        among = among.max(kept.shown.len() as u64);
        match chosen {
            Chosen::Tie => ties += 1,
            Chosen::BothBad => both_bad += 1,
            Chosen::One(id) => {
                kept.shown.iter().for_each(|source| counts[*source].1 += 1);
                if let Some(source) = kept.source(id) {
                    counts[source].0 += 1;
                }
            }
        }
    }
    let choice = |(at, (chosen, decided)): (usize, (u64, u64))| {
        let share = match decided {
            0 => Err(Missing::undecided(ties > 0, both_bad > 0)),
            decided => share(chosen, decided),
        };
        Choice { source: sources[at].to_owned(), chosen, decided, share }
    };
    Choices {
        votes: all,
        sources: counts.into_iter().enumerate().filter(|(at, _)| seen[*at]).map(choice).collect(),
        ties,
        tie_share: share(ties, all),
        both_bad,
        both_bad_share: share(both_bad, all),
        among: Some(among).filter(|answers| *answers > 2),
    }
}
