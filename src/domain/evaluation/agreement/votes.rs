//! Votes as a table, by what was said of which answer and not by where it stood.

use std::collections::HashMap;

use super::krippendorff::Level;
use super::table::Table;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::vote::{Chosen, ResponseId, Saying, Value, Vote};

/// The votes on a metric as a table, and the level of its values; `model` tells whose an answer is. Where each answer is
/// rated for itself an answer is an item. Left out are unannounced repeats, and votes on answers that are nobody's. Give it
/// the votes that stand, of one version of the task.
pub fn of_votes<'a, 'm>(
    votes: impl IntoIterator<Item = &'a Vote>,
    metric: &Metric,
    model: impl Fn(&ResponseId) -> Option<&'m str>,
) -> (Table<'a, Unit<'a, &'a str>>, Level) {
    by_items(votes, metric, |vote: &'a Vote| vote.item.0.as_str(), model)
}

/// What is rated: an item, and which of its answers where each is rated for itself.
type Unit<'a, I> = (I, Option<&'a ResponseId>);

/// The same of votes however they are held; `item` names theirs.
pub(in crate::domain::evaluation) fn by_items<'a, 'm, S: Saying + 'a, I: Ord + Copy>(
    votes: impl IntoIterator<Item = &'a S>,
    metric: &Metric,
    item: impl Fn(&'a S) -> I,
    model: impl Fn(&ResponseId) -> Option<&'m str>,
) -> (Table<'a, Unit<'a, I>>, Level) {
    let votes = votes.into_iter();
    let mut said: Vec<(&'a str, Unit<'a, I>, f64)> = Vec::with_capacity(votes.size_hint().0);
    // Kinds have no order: each is a number, as it comes.
    let mut kinds: HashMap<&str, f64> = HashMap::new();
    for vote in votes.filter(|vote| !vote.is_repeat()) {
        let (rater, item) = (vote.rater(), item(vote));
        let of = |id: &'a ResponseId| (item, Some(id));
        let value = vote.value(&metric.name).filter(|value| value.method() == metric.method);
        match value {
            Some(Value::Thumbs(thumbs)) => {
                said.extend(thumbs.iter().map(|(id, up)| (rater, of(id), f64::from(u8::from(*up)))));
            }
            Some(Value::Points(points) | Value::Ranks(points)) => {
                said.extend(points.iter().map(|(id, points)| (rater, of(id), f64::from(*points))));
            }
            Some(Value::Preference(points)) => {
                let [left, right] = vote.shown() else { continue };
                let (Some(left), Some(right)) = (model(left), model(right)) else { continue };
                let top = f64::from(metric.points().unwrap_or_default()) + 1.0;
                let points = f64::from(*points);
                said.push((rater, (item, None), if left > right { top - points } else { points }));
            }
            Some(Value::Choice(chosen)) => {
                let kind = match chosen {
                    Chosen::One(id) => model(id),
                    // No model is called so.
                    Chosen::Tie => Some("\0tie"),
                    Chosen::BothBad => Some("\0both bad"),
                };
                let Some(kind) = kind else { continue };
                let next = kinds.len() as f64;
                said.push((rater, (item, None), *kinds.entry(kind).or_insert(next)));
            }
            None => {}
        }
    }
    let level = match metric.method {
        Method::ComparisonChoice | Method::ThumbsUpDown => Level::Nominal,
        _ => Level::Ordinal,
    };
    (Table::sorted(said), level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evaluation::agreement::alpha_between;
    use crate::domain::evaluation::item::ItemHash;
    use crate::domain::evaluation::vote::Said;
    use crate::domain::id::VoteId;
    use crate::domain::time::Timestamp;

    fn vote(item: u8, rater: u8) -> Vote {
        let points = |answer: u8| 1 + (item * 7 + rater * answer) % 4;
        let ids = ["x", "y"].map(|id| ResponseId(id.into()));
        let said = ids.iter().cloned().zip([points(0), points(1)]).collect();
        Vote {
            id: VoteId::from_bytes([item * 2 + rater; 16]),
            rater: rater.to_string(),
            item: ItemHash(format!("{item:064x}")),
            version: 1,
            shown: ids.to_vec(),
            said: Said::Values(vec![("helpful".into(), Value::Points(said))]),
            active_ms: 1,
            at: Timestamp(0),
            supersedes: None,
            comment: None,
            repeat: false,
        }
    }

    #[test]
    fn the_same_samples_are_drawn_of_items_by_their_names_and_by_the_places_of_these_in_order() {
        let metric = Metric {
            name: "helpful".into(),
            description: String::new(),
            method: Method::IndividualLikertScale,
            labels: Vec::new(),
        };
        // They do not come in the order of their names.
        let votes: Vec<Vote> = (0..12).flat_map(|at| [0, 1].map(|rater| vote(at * 5 % 12, rater))).collect();
        let mut names: Vec<&str> = votes.iter().map(|vote| vote.item.0.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let place = |vote: &Vote| names.partition_point(|name| *name < vote.item.0.as_str());
        let (by_name, level) = of_votes(&votes, &metric, |_| None);
        let (by_place, _) = by_items(&votes, &metric, place, |_| None);
        let told = alpha_between(&by_name, level, 200, 7);
        assert!(told.is_ok(), "{told:?}");
        assert_eq!(told, alpha_between(&by_place, level, 200, 7));
    }
}
