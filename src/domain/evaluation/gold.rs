//! How raters did on items whose answer is known.

use std::collections::{BTreeMap, HashMap};

use super::figure::{Estimate, Figure};
use super::interval::wilson;
use super::item::ItemName;
use super::metric::Metric;
use super::task::{Gold, TaskDefinition};
use super::vote::{ResponseId, Saying, Value};

/// Each rater's share of right answers, in alphabetical order, with Wilson's interval. On a scale the point next to the
/// right one is right as well. Give it the votes that stand; those on other items do not count.
pub fn on_gold<'a, S: Saying + 'a>(
    task: &TaskDefinition,
    votes: impl IntoIterator<Item = &'a S>,
) -> Vec<(&'a str, Figure<Estimate>)> {
    // There may be as many known answers as items.
    let mut known: HashMap<ItemName, Vec<&Gold>> = HashMap::new();
    for gold in &task.gold {
        known.entry((&gold.item).into()).or_default().push(gold);
    }
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for vote in votes {
        for gold in known.get(&vote.item()).into_iter().flatten() {
            if let Some(said) = vote.value(&gold.metric) {
                let (right, all) = counts.entry(vote.rater()).or_default();
                *all += 1;
                let points = task.metric(&gold.metric).and_then(Metric::points).unwrap_or_default();
                *right += u64::from(is_right(vote, said, gold, points));
            }
        }
    }
    counts.into_iter().map(|(rater, (right, all))| (rater, wilson(right as f64, all as f64))).collect()
}

fn is_right(vote: &impl Saying, said: &Value, gold: &Gold, points: u8) -> bool {
    let near = |said: u8, known: u8| said.abs_diff(known) <= 1;
    match (said, &gold.value) {
        (Value::Thumbs(said), Value::Thumbs(known)) => each(said, known, |said, known| said == known),
        (Value::Points(said), Value::Points(known)) => each(said, known, near),
        (Value::Ranks(said), Value::Ranks(known)) => each(said, known, |said, known| said == known),
        (Value::Preference(said), Value::Preference(known)) => {
            let same_sides = gold.shown.is_empty() || gold.shown == vote.shown();
            near(if same_sides { *said } else { (points + 1).saturating_sub(*said) }, *known)
        }
        (Value::Preference(said), Value::Points(known)) => known.iter().all(|(id, known)| {
            let towards = match vote.shown() {
                [_, right] if right == id => Some(*said),
                [left, _] if left == id => Some((points + 1).saturating_sub(*said)),
                _ => None,
            };
            towards.is_some_and(|said| near(said, *known))
        }),
        (said, known) => said == known,
    }
}

/// Whether of every answer whose value is known so much was said.
fn each<T: Copy>(said: &[(ResponseId, T)], known: &[(ResponseId, T)], right: impl Fn(T, T) -> bool) -> bool {
    known.iter().all(|(id, known)| said.iter().any(|(other, said)| other == id && right(*said, *known)))
}
