//! Tasks with annotations as Label Studio imports and exports them: one JSON array (or a task a line).
//!
//! The control's name is the metric's; what it is about (`to_name`) are the fields of the answers, from the left:
//!
//! | value | type | |
//! |---|---|---|
//! | thumbs | `choices` | `up` or `down`, one an answer |
//! | points of an answer, of one over the other | `rating` | about one answer, or two |
//! | choice | `pairwise` of two, else `choices` | `left` or `right`; the answer's field, `tie`, `both_bad` |
//! | ranks | `ranker` | `rank_1` … with the fields |
//!
//! Where a metric has words of its own they stand for thumbs, a tie and all bad, for points as `choices`, and for the buckets of
//! a ranking. A comment is a `textarea` about the prompt; its control is called `comment`, with `_` behind it where a metric is
//! called so: a control's name is its own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::fields;
use super::judged::{Judged, Opinion, at, place};
use super::labels;
use super::lines::{Read, jsonl_or_array};
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::vote::{Chosen, ResponseId, Said, Value};
use crate::domain::time::Timestamp;
use crate::domain::{Error, Result};

#[derive(Serialize, Deserialize)]
struct Task {
    #[serde(default)]
    id: Json,
    data: Map<String, Json>,
    #[serde(default)]
    annotations: Vec<Annotation>,
}

#[derive(Serialize, Deserialize)]
struct Annotation {
    /// A number, an address, or an object with one.
    #[serde(default)]
    completed_by: Json,
    /// Seconds.
    #[serde(default)]
    lead_time: Option<f64>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    was_cancelled: bool,
    #[serde(default)]
    result: Vec<Region>,
}

#[derive(Serialize, Deserialize)]
struct Region {
    from_name: String,
    #[serde(default)]
    to_name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    value: Json,
}

/// The tasks of an export.
pub fn read(bytes: &[u8]) -> Read<Judged> {
    jsonl_or_array(bytes).and_then(judged)
}

/// Tasks to import, their opinions as annotations.
pub fn write(judged: &[Judged]) -> Result<String> {
    let comments = comments(judged);
    let tasks: Vec<Task> = judged.iter().zip(1..).map(|(judged, id)| task(judged, id, &comments)).collect();
    serde_json::to_string_pretty(&tasks)
        .map(|text| text + "\n")
        .map_err(|why| Error::internal("writing tasks for Label Studio", why.to_string()))
}

fn judged(task: Task) -> std::result::Result<Judged, String> {
    let (item, keys) = fields::item(&task.data, task.data.get("models"))?;
    let asked = labels::told(&task.data);
    // Whose the answers are stands in what we write alone, by place.
    let ours = task.data.get("models").is_some_and(Json::is_array);
    let (mut opinions, mut untold) = (Vec::new(), Vec::new());
    for annotation in task.annotations {
        let rater = rater(&annotation.completed_by);
        let all: Vec<usize> = (0..keys.len()).collect();
        let mut opinion = Opinion::skipped(rater, all);
        opinion.active_ms = (annotation.lead_time.unwrap_or(0.0).max(0.0) * 1000.0).round() as u64;
        if let Some(at) = annotation.created_at.and_then(|at| at.parse::<jiff::Timestamp>().ok()) {
            opinion.at = Timestamp(at.as_millisecond());
        }
        let mut values = Vec::new();
        for region in annotation.result {
            if region.kind == "textarea" {
                opinion.comment =
                    region.value["text"].as_str().or(region.value["text"][0].as_str()).map(str::to_owned);
                continue;
            }
            let named = named(&region.to_name, &keys);
            // Points of no answer are about all of them: which of two they prefer, only we say.
            if region.kind == "rating" && keys.len() > 1 && named.len() != 1 && !(ours && named.len() > 1) {
                untold.push(format!(
                    "the rating {:?} of {:?} gives {} points to no single answer",
                    region.from_name, opinion.rater, region.value["rating"]
                ));
                continue;
            }
            let about = if named.is_empty() { (0..keys.len()).collect() } else { named };
            if about.len() > 1 {
                opinion.shown.clone_from(&about);
            }
            let name = region.from_name.clone();
            let spoken = labels::spoken(&asked, |known| known == name);
            let value = value(&region, &about, spoken, &keys)
                .ok_or_else(|| format!("its {} {name:?} says {}", region.kind, region.value))?;
            add(&mut values, name, value);
        }
        if !annotation.was_cancelled && !values.is_empty() {
            opinion.said = Said::Values(values);
        }
        opinions.push(opinion);
    }
    Ok(Judged { item, opinions, untold, ..Judged::default() }.asking(asked))
}

fn rater(completed_by: &Json) -> String {
    match completed_by {
        Json::String(name) => name.clone(),
        Json::Object(person) => rater(person.get("email").or(person.get("id")).unwrap_or(&Json::Null)),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

/// The answers that a control names as what it is about, in its order.
fn named(to_name: &str, keys: &[String]) -> Vec<usize> {
    to_name.split(',').filter_map(|name| keys.iter().position(|key| key == name.trim())).collect()
}

fn value(region: &Region, about: &[usize], spoken: Option<&Metric>, keys: &[String]) -> Option<Value> {
    let by_key = |name: &str| keys.iter().position(|key| key == name).map(place);
    let value = &region.value;
    match region.kind.as_str() {
        "pairwise" => {
            let side = match value["selected"].as_str()? {
                "left" => 0,
                "right" => 1,
                _ => return None,
            };
            about.get(side).map(|at| Value::Choice(Chosen::One(place(*at))))
        }
        "rating" => {
            let points = u8::try_from(value["rating"].as_u64()?).ok()?;
            Some(match about {
                [one] => Value::Points(vec![(place(*one), points)]),
                _ => Value::Preference(points),
            })
        }
        "choices" => {
            let word = value["choices"][0].as_str()?;
            let one = if let [one] = about { Some(*one) } else { None };
            let own = spoken.and_then(|metric| {
                labels::meant(metric, word, one).or_else(|| labels::meant(metric, word, None))
            });
            own.or_else(|| match (word, one) {
                ("tie", _) => Some(Value::Choice(Chosen::Tie)),
                ("both_bad", _) => Some(Value::Choice(Chosen::BothBad)),
                ("up", Some(one)) => Some(Value::Thumbs(vec![(place(one), true)])),
                ("down", Some(one)) => Some(Value::Thumbs(vec![(place(one), false)])),
                (key, _) => by_key(key).map(|id| Value::Choice(Chosen::One(id))),
            })
        }
        "ranker" => {
            let mut ranks = Vec::new();
            for (bucket, said) in value["ranker"].as_object()? {
                let said: Vec<ResponseId> =
                    said.as_array()?.iter().map(|key| by_key(key.as_str()?)).collect::<Option<_>>()?;
                let own = spoken.and_then(|metric| labels::number(metric, bucket));
                match own.or_else(|| bucket.strip_prefix("rank_").and_then(|rank| rank.parse().ok())) {
                    Some(rank) => ranks.extend(said.into_iter().map(|id| (id, rank))),
                    // One list, the best first.
                    None => ranks.extend(said.into_iter().zip(1..)),
                }
            }
            ranks.sort_by_key(|(_, rank)| *rank);
            Some(Value::Ranks(ranks))
        }
        _ => None,
    }
}

/// Adds what was said; of a metric that rates each answer there is one value for all.
pub(super) fn add(values: &mut Vec<(String, Value)>, name: String, value: Value) {
    match (values.iter_mut().find(|(known, _)| *known == name).map(|(_, known)| known), value) {
        (Some(Value::Thumbs(known)), Value::Thumbs(more)) => known.extend(more),
        (Some(Value::Points(known)), Value::Points(more)) => known.extend(more),
        (_, value) => values.push((name, value)),
    }
}

/// The control that comments stand in, which no metric of any task is called as.
fn comments(judged: &[Judged]) -> String {
    let is_metric = |name: &str| {
        judged.iter().any(|judged| {
            let mut said = judged.opinions.iter().flat_map(Opinion::values);
            judged.metrics.iter().any(|metric| metric.name == name) || said.any(|(metric, _)| metric == name)
        })
    };
    let mut name = "comment".to_owned();
    while is_metric(&name) {
        name.push('_');
    }
    name
}

fn task(judged: &Judged, id: usize, comments: &str) -> Task {
    let mut data = fields::of(&judged.item);
    fields::before(&judged.item, &mut data);
    data.insert("models".into(), fields::models(&judged.item));
    labels::put(&judged.metrics, &mut data);
    let annotations =
        judged.opinions.iter().map(|opinion| annotation(opinion, &judged.metrics, comments)).collect();
    Task { id: json!(id), data, annotations }
}

fn annotation(opinion: &Opinion, asked: &[Metric], comments: &str) -> Annotation {
    let spoken = |name: &str| labels::spoken(asked, |known| known == name);
    let regions = |(name, value): &(String, Value)| regions((name, spoken(name)), value, &opinion.shown);
    let mut result: Vec<Region> = opinion.values().iter().flat_map(regions).collect();
    if let Some(comment) = &opinion.comment {
        result.push(Region {
            from_name: comments.to_owned(),
            to_name: "prompt".into(),
            kind: "textarea".into(),
            value: json!({"text": [comment]}),
        });
    }
    Annotation {
        completed_by: json!(opinion.rater),
        lead_time: Some(opinion.active_ms as f64 / 1000.0),
        created_at: jiff::Timestamp::from_millisecond(opinion.at.0).ok().map(|at| at.to_string()),
        was_cancelled: matches!(opinion.said, Said::Skipped(_)),
        result,
    }
}

fn regions((name, spoken): (&str, Option<&Metric>), value: &Value, shown: &[usize]) -> Vec<Region> {
    let region = |to: &[usize], kind: &str, value: Json| Region {
        from_name: name.to_owned(),
        to_name: to.iter().map(|at| fields::key(*at)).collect::<Vec<_>>().join(","),
        kind: kind.to_owned(),
        value,
    };
    let key = |id: &ResponseId| fields::key(at(id).unwrap_or_default());
    let one = |id: &ResponseId| [at(id).unwrap_or_default()];
    let point = |to: &[usize], points: u8| match spoken.and_then(|metric| metric.point(points)) {
        Some(word) => region(to, "choices", json!({"choices": [word]})),
        None => region(to, "rating", json!({"rating": points})),
    };
    match value {
        Value::Thumbs(said) => said
            .iter()
            .map(|(id, up)| region(&one(id), "choices", json!({"choices": [labels::thumb(spoken, *up)]})))
            .collect(),
        Value::Points(said) => said.iter().map(|(id, points)| point(&one(id), *points)).collect(),
        Value::Preference(points) => vec![point(shown, *points)],
        Value::Choice(Chosen::One(id)) if shown.len() == 2 => {
            let side = if at(id) == shown.first().copied() { "left" } else { "right" };
            vec![region(shown, "pairwise", json!({"selected": side}))]
        }
        Value::Choice(chosen) => {
            let chosen = match chosen {
                Chosen::One(id) => key(id),
                none => labels::none(spoken, none).unwrap_or_default().to_owned(),
            };
            vec![region(shown, "choices", json!({"choices": [chosen]}))]
        }
        Value::Ranks(said) => {
            let mut ranks: Vec<u8> = said.iter().map(|(_, rank)| *rank).collect();
            ranks.sort_unstable();
            ranks.dedup();
            let bucket = |rank: u8| -> Json {
                said.iter().filter(|(_, known)| *known == rank).map(|(id, _)| json!(key(id))).collect()
            };
            let named = |rank: u8| {
                let word = spoken.and_then(|metric| metric.place(rank.into()));
                word.map_or_else(|| format!("rank_{rank}"), str::to_owned)
            };
            let buckets: Map<String, Json> =
                ranks.into_iter().map(|rank| (named(rank), bucket(rank))).collect();
            vec![region(shown, "ranker", json!({"ranker": buckets}))]
        }
    }
}
