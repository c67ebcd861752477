//! Who is better than whom by a comparing metric: the leaderboard and the table of everyone against everyone.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::gather::{Gathered, Kept};
use crate::domain::evaluation::battle::Outcome;
use crate::domain::evaluation::figure::{Estimate, Figure, Missing, plain};
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::ranking::{Intervals, Leaderboard, Met, Options, Prompt, by_prompt, of_all};

/// The sources in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    pub leaderboard: Leaderboard,
    /// The win rates as they stand in the leaderboard, with intervals of samples of the items: several votes on one item are not
    /// independent, which Wilson's intervals take them for.
    #[serde(default)]
    pub by_item: Vec<WinRate>,
    /// The intervals of the ratings by the robust (sandwich) formula, beside those that are drawn for the leaderboard.
    #[serde(default)]
    pub by_formula: Vec<Sandwich>,
    pub wins: WinMatrix,
}

/// A source's win rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WinRate {
    pub source: String,
    #[serde(with = "plain")]
    pub win_rate: Figure<Estimate>,
}

/// The interval of a source's rating by the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sandwich {
    pub source: String,
    /// From and to on Elo's scale, at 95 %.
    #[serde(with = "plain")]
    pub interval: Figure<(f64, f64)>,
}

impl Ranking {
    /// The win rate of a source with its interval of samples of the items; `None` where none was told.
    pub fn by_item(&self, source: &str) -> Option<&Figure<Estimate>> {
        self.by_item.iter().find(|known| known.source == source).map(|known| &known.win_rate)
    }

    /// The interval of the rating of a source by the formula; `None` where none was told.
    pub fn by_formula(&self, source: &str) -> Option<&Figure<(f64, f64)>> {
        self.by_formula.iter().find(|known| known.source == source).map(|known| &known.interval)
    }
}

/// Everyone's win rate against everyone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WinMatrix {
    /// As they stand in the leaderboard.
    pub sources: Vec<String>,
    /// The share that the source of the row won against that of the column, ties as halves; `None` where they never met.
    pub rows: Vec<Vec<Option<f64>>>,
}

/// The ranking by all main votes, with intervals of samples of the items.
pub(super) fn ranking(gathered: &Gathered<'_>, metric: &Metric) -> Ranking {
    let rounds = gathered.input.rounds;
    let intervals = match rounds {
        0 => Intervals::Sandwich,
        _ => Intervals::Bootstrap { rounds, seed: gathered.input.seed },
    };
    let battles = battles(gathered, gathered.main.iter(), metric);
    let whole = Options { intervals, ..Options::default() };
    let share = |source: &&str| match rounds {
        0 => Err(Missing::Unfit { what: "no samples were drawn".into() }),
        _ => by_prompt(&battles, source, rounds, gathered.input.seed),
    };
    // Each draws as many samples as the other: of many items that is most of the time that a report takes.
    let (drawn, shares) = rayon::join(
        || board(&battles, gathered.main.iter(), metric, &whole),
        || gathered.sources.par_iter().map(share).collect::<Vec<_>>(),
    );
    // Where none are drawn the leaderboard's own are the formula's.
    let formula = (rounds > 0).then(|| of_all(&battles, &Options::default()));
    let by_formula = drawn.rows.iter().filter_map(|row| {
        let known = formula.as_ref()?.rows.iter().find(|known| known.name == row.name)?;
        let interval = known.rating.clone().and_then(|rating| rating.interval);
        Some(Sandwich { source: row.name.clone(), interval })
    });
    let by_formula = by_formula.collect();
    let by_item = drawn.rows.iter().filter_map(|row| {
        let at = gathered.sources.binary_search(&row.name.as_str()).ok()?;
        Some(WinRate { source: row.name.clone(), win_rate: shares[at].clone() })
    });
    Ranking { by_item: by_item.collect(), by_formula, wins: WinMatrix::of(&drawn), leaderboard: drawn }
}

/// The leaderboard of some votes, with intervals by the formula: there may be many categories, and each is small.
pub(super) fn of_some<'a>(
    gathered: &Gathered<'_>,
    votes: impl Iterator<Item = &'a Kept<'a>> + Clone,
    metric: &Metric,
) -> Leaderboard {
    board(&battles(gathered, votes.clone(), metric), votes, metric, &Options::default())
}

/// The leaderboard of the battles of votes. What was won on one item alone tells nothing of others.
fn board<'a>(
    battles: &[Fought<'_>],
    votes: impl Iterator<Item = &'a Kept<'a>>,
    metric: &Metric,
    options: &Options,
) -> Leaderboard {
    let mut board = of_all(battles, options);
    if is_of_one_item(votes.filter(|kept| kept.says(metric))) {
        board.rows.iter_mut().for_each(|row| row.win_rate = Err(Missing::OneItem));
        board.pairs.iter_mut().for_each(|pair| pair.win_rate = Err(Missing::OneItem));
    }
    board
}

/// Whether there are votes, all of them on one item.
pub(super) fn is_of_one_item<'a>(mut votes: impl Iterator<Item = &'a Kept<'a>>) -> bool {
    votes.next().is_some_and(|first| votes.all(|kept| kept.item == first.item))
}

/// The battles of votes. Those on turns of one conversation belong together as those on one item do.
fn battles<'a, 'g>(
    gathered: &'g Gathered<'_>,
    votes: impl Iterator<Item = &'a Kept<'a>>,
    metric: &Metric,
) -> Vec<Fought<'g>> {
    let name = |source: usize| gathered.sources.get(source);
    let mut battles = Vec::with_capacity(votes.size_hint().0);
    for kept in votes {
        let cluster = kept.cluster as u32;
        battles.extend(
            kept.battles(metric)
                .into_iter()
                .filter_map(|(a, b, outcome)| Some(Fought { a: name(a)?, b: name(b)?, cluster, outcome })),
        );
    }
    battles
}

/// A battle of a vote, in little room: a report holds hundreds of thousands of them.
struct Fought<'g> {
    /// A name among those of the sources.
    a: &'g &'g str,
    b: &'g &'g str,
    /// The first item of its conversation.
    cluster: u32,
    outcome: Outcome,
}

impl Met for Fought<'_> {
    fn names(&self) -> [&str; 2] {
        [self.a, self.b]
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn weight(&self) -> f64 {
        1.0
    }

    fn prompt(&self) -> Option<Prompt<'_>> {
        Some(Prompt::Place(self.cluster))
    }
}

impl WinMatrix {
    fn of(leaderboard: &Leaderboard) -> Self {
        let sources: Vec<String> = leaderboard.rows.iter().map(|row| row.name.clone()).collect();
        let index: HashMap<&str, usize> =
            sources.iter().zip(0..).map(|(name, at)| (name.as_str(), at)).collect();
        let mut rows = vec![vec![None; sources.len()]; sources.len()];
        for pair in &leaderboard.pairs {
            let (Some(a), Some(b)) = (index.get(pair.a.as_str()), index.get(pair.b.as_str())) else {
                continue;
            };
            if let Ok(rate) = &pair.win_rate {
                rows[*a][*b] = Some(rate.value);
                rows[*b][*a] = Some(1.0 - rate.value);
            }
        }
        Self { sources, rows }
    }
}
