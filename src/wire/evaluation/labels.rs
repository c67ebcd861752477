//! Metrics that have words of their own, as they go with an item in the forms of annotation programs.
//!
//! There a word stands for a point, a thumb, a tie or a place, as those programs show it. Which word is which is told beside
//! the item, so that what comes back means the same.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::judged::place;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::vote::{Chosen, Value};

/// Where they stand.
pub(super) const FIELD: &str = "evaluation_metrics";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    metric_name: String,
    #[serde(default)]
    description: String,
    rating_method: String,
    #[serde(default)]
    labels: Vec<String>,
}

/// Puts down what was asked, where any of it has words of its own.
pub(super) fn put(metrics: &[Metric], fields: &mut Map<String, Json>) {
    if metrics.iter().all(|metric| metric.labels.is_empty()) {
        return;
    }
    let asked = metrics.iter().map(|metric| Asked {
        metric_name: metric.name.clone(),
        description: metric.description.clone(),
        rating_method: metric.method.as_str().to_owned(),
        labels: metric.labels.clone(),
    });
    fields.insert(FIELD.into(), json!(asked.collect::<Vec<_>>()));
}

/// What was asked, as far as it is told.
pub(super) fn told(fields: &Map<String, Json>) -> Vec<Metric> {
    let asked = fields.get(FIELD).and_then(|asked| Vec::<Asked>::deserialize(asked).ok()).unwrap_or_default();
    let metric = |asked: Asked| {
        let method = Method::named(&asked.rating_method)?;
        let Asked { metric_name: name, description, labels, .. } = asked;
        Some(Metric { name, description, method, labels })
    };
    asked.into_iter().filter_map(metric).collect()
}

/// The metric of that name, if its words can stand for what is said: each is another one, and none is a field's name.
pub(super) fn spoken(metrics: &[Metric], is_named: impl Fn(&str) -> bool) -> Option<&Metric> {
    let metric = metrics.iter().find(|metric| is_named(&metric.name))?;
    let mut words: Vec<&String> = metric.labels.iter().collect();
    words.sort_unstable();
    words.dedup();
    let own = |word: &&String| !word.is_empty() && !word.starts_with("answer_");
    (words.len() == metric.labels.len() && !words.is_empty() && words.iter().all(own)).then_some(metric)
}

/// The word for a thumb.
pub(super) fn thumb(metric: Option<&Metric>, up: bool) -> &str {
    metric.and_then(|metric| metric.thumb(up)).unwrap_or(if up { "up" } else { "down" })
}

/// The word for a tie or for all bad; `None` of a choice of one.
pub(super) fn none<'a>(metric: Option<&'a Metric>, chosen: &Chosen) -> Option<&'a str> {
    match chosen {
        Chosen::One(_) => None,
        Chosen::Tie => Some(metric.and_then(Metric::tie).unwrap_or("tie")),
        Chosen::BothBad => Some(metric.and_then(Metric::all_bad).unwrap_or("both_bad")),
    }
}

/// The point or the place that a word stands for, from 1.
pub(super) fn number(metric: &Metric, word: &str) -> Option<u8> {
    let at = metric.labels.iter().position(|label| label == word)?;
    u8::try_from(at + 1).ok()
}

/// What a word stands for, said of the one answer or of all of them; `None` where it is none of the metric's.
pub(super) fn meant(metric: &Metric, word: &str, one: Option<usize>) -> Option<Value> {
    let number = number(metric, word)?;
    match (metric.method, one) {
        (Method::ThumbsUpDown, Some(one)) => Some(Value::Thumbs(vec![(place(one), number == 1)])),
        (Method::IndividualLikertScale, Some(one)) => Some(Value::Points(vec![(place(one), number)])),
        (Method::ComparisonLikertScale, None) => Some(Value::Preference(number)),
        (Method::ComparisonChoice, None) if metric.tie() == Some(word) => Some(Value::Choice(Chosen::Tie)),
        (Method::ComparisonChoice, None) if metric.all_bad() == Some(word) => {
            Some(Value::Choice(Chosen::BothBad))
        }
        _ => None,
    }
}
