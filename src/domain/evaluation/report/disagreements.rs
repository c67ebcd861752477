//! The items that raters differ on, and what was said of them, by nobody's name.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::agreement::Unit;
use super::facts::{facts, in_words};
use super::gather::Gathered;
use crate::domain::evaluation::agreement::{Level, Table};
use crate::domain::evaluation::item::ItemHash;
use crate::domain::evaluation::metric::Metric;

/// An item, or one answer to it, on which raters are too far apart to leave it at that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    pub item: ItemHash,
    /// Whose answer, where each is rated by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Between the lowest and the highest value; of kinds the share of votes that are not of the commonest one.
    pub spread: f64,
    pub votes: u64,
    /// What was said, the commonest first, with how often.
    pub said: Vec<(String, u64)>,
}

/// What votes differ on: the item, whose answer, and the most answers that one of them was between.
struct Of {
    item: usize,
    source: Option<usize>,
    answers: usize,
}

/// The most disputed first.
pub(super) fn disagreements(
    gathered: &Gathered<'_>,
    metric: &Metric,
    table: &Table<'_, Unit<'_>>,
    level: Level,
) -> Vec<Disagreement> {
    let disputed = table.disputed(level);
    let mut said: HashMap<Unit<'_>, BTreeMap<u16, u64>> =
        disputed.iter().map(|disputed| (disputed.item, BTreeMap::new())).collect();
    let mut of: HashMap<Unit<'_>, Of> = HashMap::new();
    if !disputed.is_empty() {
        for kept in &gathered.main {
            for fact in facts(kept, metric, gathered.sources.len()) {
                let key = (gathered.ranks[kept.item], fact.answer);
                if let Some(said) = said.get_mut(&key) {
                    *said.entry(fact.value).or_default() += 1;
                    let source = fact.answer.and_then(|id| kept.source(id));
                    let of = of.entry(key).or_insert(Of { item: kept.item, source, answers: 0 });
                    of.answers = of.answers.max(kept.shown.len());
                }
            }
        }
    }
    let told = disputed.iter().filter_map(|disputed| {
        let Of { item, source, answers } = of.get(&disputed.item)?;
        let mut values: Vec<(u16, u64)> =
            said.get(&disputed.item)?.iter().map(|(value, count)| (*value, *count)).collect();
        values.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
        Some(Disagreement {
            item: gathered.hash(*item),
            source: source.map(|source| gathered.name(source)),
            spread: disputed.spread,
            votes: disputed.votes,
            said: values
                .into_iter()
                .map(|(value, count)| (in_words(value, metric, &gathered.sources, *answers), count))
                .collect(),
        })
    });
    told.collect()
}
