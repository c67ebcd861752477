//! Records with responses as Argilla has them, a record a line (or one JSON array).
//!
//! A question is called as its metric, in the small letters that Argilla takes; one about a single answer has `-answer_0`,
//! `-answer_1` … behind it. The metrics' own names stand in the metadata, with whose the answers are and how they stood. Where
//! a metric has words of its own, its questions are answered in them, as a label question is; those of a ranking have no place.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::fields;
use super::judged::{Judged, Opinion, at, place};
use super::label_studio::add;
use super::labels;
use super::lines::{Read, jsonl_or_array, line};
use crate::domain::Result;
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::vote::{Chosen, ResponseId, Said, Value};

#[derive(Serialize, Deserialize)]
struct Record {
    fields: Map<String, Json>,
    #[serde(default)]
    metadata: Map<String, Json>,
    #[serde(default)]
    suggestions: Vec<Json>,
    #[serde(default)]
    responses: Vec<Response>,
}

#[derive(Serialize, Deserialize)]
struct Response {
    question_name: String,
    #[serde(default)]
    value: Json,
    #[serde(default)]
    user_id: Json,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    #[default]
    Submitted,
    Draft,
    Discarded,
}

/// The records of an export. Drafts are no opinions; what was discarded is skipped.
pub fn read(bytes: &[u8]) -> Read<Judged> {
    jsonl_or_array(bytes).and_then(judged)
}

/// Records, one a line.
pub fn write(judged: &[Judged]) -> Result<String> {
    judged.iter().map(|judged| line(&record(judged))).collect()
}

fn judged(record: Record) -> std::result::Result<Judged, String> {
    let mut all = record.metadata.clone();
    all.extend(record.fields);
    let (item, keys) = fields::item(&all, record.metadata.get("models"))?;
    let asked = labels::told(&record.metadata);
    let ours = names(&record.metadata);
    let mut opinions: Vec<Opinion> = Vec::new();
    let mut untold = Vec::new();
    for response in record.responses {
        if response.status == Status::Draft {
            continue;
        }
        let rater = match &response.user_id {
            Json::String(name) => name.clone(),
            // Who it was is not told: nobody is called so.
            Json::Null => String::new(),
            other => other.to_string(),
        };
        let at = opinions.iter().position(|known| known.rater == rater).unwrap_or_else(|| {
            opinions.push(Opinion::skipped(rater.clone(), (0..keys.len()).collect()));
            opinions.len() - 1
        });
        let opinion = &mut opinions[at];
        let name = response.question_name.as_str();
        if name == COMMENT {
            opinion.comment = response.value.as_str().map(str::to_owned);
            continue;
        }
        if response.status == Status::Discarded {
            continue;
        }
        let (metric, one) = keys
            .iter()
            .enumerate()
            .find_map(|(at, key)| Some((name.strip_suffix(key.as_str())?.strip_suffix('-')?, at)))
            .map_or((name, None), |(metric, at)| (metric, Some(at)));
        // Of one answer alone its points are.
        let one = one.or((keys.len() == 1 && response.value.is_number()).then_some(0));
        // A question with points of no answer in its name is about all of them: which of two that prefers, only we say.
        if response.value.is_number() && one.is_none() && !ours.iter().any(|name| question(name) == metric) {
            untold.push(format!(
                "the question {name:?} of {rater:?} gives {} points to no single answer",
                response.value
            ));
            continue;
        }
        let spoken = labels::spoken(&asked, |name| question(name) == metric);
        let said = value(&response.value, one, spoken, &keys)
            .ok_or_else(|| format!("the question {name:?} is answered by {}", response.value))?;
        let mut values = opinion.values().to_vec();
        add(&mut values, metric.to_owned(), said);
        opinion.said = Said::Values(values);
    }
    named(&record.metadata, &mut opinions);
    Ok(Judged { item, opinions, untold, ..Judged::default() }.asking(asked))
}

/// The question that comments stand in.
const COMMENT: &str = "comment";

/// What a question of Argilla's may be called; one of a metric is no comment.
fn question(metric: &str) -> String {
    let plain =
        |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c.to_ascii_lowercase() } else { '_' };
    let question: String = metric.chars().map(plain).collect();
    if question == COMMENT { question + "_" } else { question }
}

/// The names of the metrics that questions are of, where it was us who wrote them.
fn names(metadata: &Map<String, Json>) -> Vec<String> {
    metadata.get("metrics").and_then(|names| Vec::<String>::deserialize(names).ok()).unwrap_or_default()
}

/// What Argilla has no place for, from the metadata: names of metrics, and how answers stood, by rater.
fn named(metadata: &Map<String, Json>, opinions: &mut [Opinion]) {
    let names = names(metadata);
    for opinion in opinions {
        if let Said::Values(values) = &mut opinion.said {
            for (known, _) in values {
                if let Some(name) = names.iter().find(|name| question(name) == *known) {
                    known.clone_from(name);
                }
            }
        }
        let told = metadata.get("shown").and_then(|shown| shown.get(&opinion.rater));
        if let Some(shown) = told.and_then(|shown| Vec::<usize>::deserialize(shown).ok()) {
            opinion.shown = shown;
        }
    }
}

fn value(value: &Json, one: Option<usize>, spoken: Option<&Metric>, keys: &[String]) -> Option<Value> {
    if let (Some(metric), Json::String(word)) = (spoken, value)
        && let Some(meant) = labels::meant(metric, word, one)
    {
        return Some(meant);
    }
    let by_key = |name: &str| keys.iter().position(|key| key == name).map(place);
    let points = |value: &Json| u8::try_from(value.as_u64()?).ok();
    if let Some(one) = one {
        return match value {
            Json::String(thumb) if thumb == "up" || thumb == "down" => {
                Some(Value::Thumbs(vec![(place(one), thumb == "up")]))
            }
            value => Some(Value::Points(vec![(place(one), points(value)?)])),
        };
    }
    match value {
        Json::String(chosen) => Some(Value::Choice(match chosen.as_str() {
            "tie" => Chosen::Tie,
            "both_bad" => Chosen::BothBad,
            key => Chosen::One(by_key(key)?),
        })),
        Json::Array(ranks) => ranks
            .iter()
            .map(|said| Some((by_key(said["value"].as_str()?)?, points(&said["rank"])?)))
            .collect::<Option<_>>()
            .map(Value::Ranks),
        value => points(value).map(Value::Preference),
    }
}

fn record(judged: &Judged) -> Record {
    let mut metadata = Map::new();
    fields::before(&judged.item, &mut metadata);
    metadata.insert("models".into(), fields::models(&judged.item));
    let shown: Map<String, Json> =
        judged.opinions.iter().map(|opinion| (opinion.rater.clone(), json!(opinion.shown))).collect();
    metadata.insert("shown".into(), Json::Object(shown));
    let mut metrics: Vec<&String> =
        judged.opinions.iter().flat_map(Opinion::values).map(|(metric, _)| metric).collect();
    metrics.sort_unstable();
    metrics.dedup();
    metadata.insert("metrics".into(), json!(metrics));
    labels::put(&judged.metrics, &mut metadata);
    Record {
        fields: fields::of(&judged.item),
        metadata,
        suggestions: Vec::new(),
        responses: judged.opinions.iter().flat_map(|opinion| responses(opinion, &judged.metrics)).collect(),
    }
}

fn responses(opinion: &Opinion, asked: &[Metric]) -> Vec<Response> {
    let response = |question_name: String, value: Json, status: Status| Response {
        question_name,
        value,
        user_id: json!(opinion.rater),
        status,
    };
    if let Said::Skipped(_) = opinion.said {
        return vec![response(COMMENT.into(), json!(opinion.comment), Status::Discarded)];
    }
    let mut all: Vec<Response> = opinion
        .values()
        .iter()
        .flat_map(|(metric, value)| answers(metric, value, labels::spoken(asked, |name| name == metric)))
        .map(|(question, value)| response(question, value, Status::Submitted))
        .collect();
    if let Some(comment) = &opinion.comment {
        all.push(response(COMMENT.into(), json!(comment), Status::Submitted));
    }
    all
}

/// The questions that a metric is, with their answers.
fn answers(metric: &str, value: &Value, spoken: Option<&Metric>) -> Vec<(String, Json)> {
    let point = |points: &u8| match spoken.and_then(|metric| metric.point(*points)) {
        Some(word) => json!(word),
        None => json!(points),
    };
    let key = |id: &ResponseId| fields::key(at(id).unwrap_or_default());
    let question = question(metric);
    let of = |id: &ResponseId| format!("{question}-{}", key(id));
    let one = |value: Json| vec![(question.clone(), value)];
    match value {
        Value::Thumbs(said) => {
            said.iter().map(|(id, up)| (of(id), json!(labels::thumb(spoken, *up)))).collect()
        }
        Value::Points(said) => said.iter().map(|(id, points)| (of(id), point(points))).collect(),
        Value::Preference(points) => one(point(points)),
        Value::Choice(Chosen::One(id)) => one(json!(key(id))),
        Value::Choice(chosen) => one(json!(labels::none(spoken, chosen))),
        Value::Ranks(said) => {
            one(said.iter().map(|(id, rank)| json!({"value": key(id), "rank": rank})).collect())
        }
    }
}
