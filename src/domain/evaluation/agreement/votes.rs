//! Votes as a table, by what was said of which answer and not by where it stood.

use super::krippendorff::Level;
use super::table::Table;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::vote::{Chosen, ResponseId, Value, Vote};

/// The votes on a metric as a table, and the level of its values. Where each answer is rated for itself an answer is an
/// item; unannounced repeats are left out. Give it the votes that stand, of one version of the task.
pub fn of_votes<'a>(votes: impl IntoIterator<Item = &'a Vote>, metric: &Metric) -> (Table, Level) {
    let mut said: Vec<(&str, String, f64)> = Vec::new();
    let mut kinds: Vec<(&str, String, String)> = Vec::new();
    for vote in votes.into_iter().filter(|vote| !vote.repeat) {
        let (rater, item) = (vote.rater.as_str(), vote.item.0.as_str());
        let of = |id: &ResponseId| format!("{item}/{id}");
        match vote.value(&metric.name) {
            Some(Value::Thumbs(thumbs)) => {
                said.extend(thumbs.iter().map(|(id, up)| (rater, of(id), f64::from(u8::from(*up)))));
            }
            Some(Value::Points(points) | Value::Ranks(points)) => {
                said.extend(points.iter().map(|(id, points)| (rater, of(id), f64::from(*points))));
            }
            Some(Value::Preference(points)) => {
                let top = f64::from(metric.points().unwrap_or_default()) + 1.0;
                let turned = vote.shown.first() > vote.shown.last();
                let points = f64::from(*points);
                said.push((rater, item.to_owned(), if turned { top - points } else { points }));
            }
            Some(Value::Choice(chosen)) => {
                let kind = match chosen {
                    Chosen::One(id) => of(id),
                    Chosen::Tie => "tie".to_owned(),
                    Chosen::BothBad => "both bad".to_owned(),
                };
                kinds.push((rater, item.to_owned(), kind));
            }
            None => {}
        }
    }
    match metric.method {
        Method::ComparisonChoice => (
            Table::of_kinds(kinds.iter().map(|(rater, item, kind)| (*rater, item.as_str(), kind.as_str()))),
            Level::Nominal,
        ),
        method => {
            let level = if method == Method::ThumbsUpDown { Level::Nominal } else { Level::Ordinal };
            (Table::of(said.iter().map(|(rater, item, value)| (*rater, item.as_str(), *value))), level)
        }
    }
}
