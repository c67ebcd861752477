//! Records with responses as Argilla has them, a record a line (or one JSON array).
//!
//! A question is called as its metric, in the small letters that Argilla takes; one about a single answer has `-answer_0`,
//! `-answer_1` … behind it. The metrics' own names stand in the metadata, with whose the answers are and how they stood. Where
//! two metrics would be one question, or a question is called as no metric's can be, `_` stands behind it, and the metadata
//! has the questions of these metrics. Where a metric has words of its own, its questions are answered in them, as a label
//! question is; those of a ranking have no place.

use std::collections::{BTreeMap, BTreeSet};

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
    let questions = questions(judged);
    judged.iter().map(|judged| line(&record(judged, &questions))).collect()
}

fn judged(record: Record) -> std::result::Result<Judged, String> {
    let mut all = record.metadata.clone();
    all.extend(record.fields);
    let (item, keys) = fields::item(&all, record.metadata.get("models"))?;
    let asked = labels::told(&record.metadata);
    let ours = ours(&record.metadata);
    let named = |question: &str| ours.get(question).map(String::as_str);
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
        if response.value.is_number() && one.is_none() && named(metric).is_none() {
            untold.push(format!(
                "the question {name:?} of {rater:?} gives {} points to no single answer",
                response.value
            ));
            continue;
        }
        let known = named(metric);
        let spoken = labels::spoken(&asked, |name| {
            known.map_or_else(|| question(name) == metric, |known| known == name)
        });
        let said = value(&response.value, one, spoken, &keys)
            .ok_or_else(|| format!("the question {name:?} is answered by {}", response.value))?;
        let mut values = opinion.values().to_vec();
        add(&mut values, known.unwrap_or(metric).to_owned(), said);
        opinion.said = Said::Values(values);
    }
    stood(&record.metadata, &mut opinions);
    Ok(Judged { item, opinions, untold, ..Judged::default() }.asking(asked))
}

/// The question that comments stand in.
const COMMENT: &str = "comment";

/// What a question of Argilla's may be called; one of a metric is no comment, and not as one about a single answer is.
fn question(metric: &str) -> String {
    let plain =
        |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c.to_ascii_lowercase() } else { '_' };
    let question: String = metric.chars().map(plain).collect();
    let about_one = question
        .rsplit_once("-answer_")
        .is_some_and(|(_, at)| !at.is_empty() && at.bytes().all(|byte| byte.is_ascii_digit()));
    if question == COMMENT || about_one { question + "_" } else { question }
}

/// The question of each metric that something is said by: each another one.
fn questions(judged: &[Judged]) -> BTreeMap<&str, String> {
    let names: BTreeSet<&str> = judged.iter().flat_map(answered).collect();
    // Those that are questions as they are come first, and stay so.
    let (plain, others): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| question(name) == *name);
    let mut taken = BTreeSet::new();
    let mut questions = BTreeMap::new();
    for name in plain.into_iter().chain(others) {
        let mut question = question(name);
        while !taken.insert(question.clone()) {
            question.push('_');
        }
        questions.insert(name, question);
    }
    questions
}

/// The metrics that something is said by, as often as it is.
fn answered(judged: &Judged) -> impl Iterator<Item = &str> {
    judged.opinions.iter().flat_map(Opinion::values).map(|(metric, _)| metric.as_str())
}

/// The metrics that questions are of, by the questions, where it was us who wrote them.
fn ours(metadata: &Map<String, Json>) -> BTreeMap<String, String> {
    let told = metadata.get("metrics").and_then(|names| Vec::<String>::deserialize(names).ok());
    let own = metadata.get("questions").and_then(|own| BTreeMap::<String, String>::deserialize(own).ok());
    let own = own.unwrap_or_default();
    let of = |name: String| (own.get(&name).cloned().unwrap_or_else(|| question(&name)), name);
    told.unwrap_or_default().into_iter().map(of).collect()
}

/// How answers stood, by rater, from the metadata: Argilla has no place for it.
fn stood(metadata: &Map<String, Json>, opinions: &mut [Opinion]) {
    for opinion in opinions {
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

fn record(judged: &Judged, questions: &BTreeMap<&str, String>) -> Record {
    let mut metadata = Map::new();
    fields::before(&judged.item, &mut metadata);
    metadata.insert("models".into(), fields::models(&judged.item));
    let shown: Map<String, Json> =
        judged.opinions.iter().map(|opinion| (opinion.rater.clone(), json!(opinion.shown))).collect();
    metadata.insert("shown".into(), Json::Object(shown));
    let metrics: BTreeSet<&str> = answered(judged).collect();
    metadata.insert("metrics".into(), json!(metrics));
    // Of the others a question tells its metric.
    let own: BTreeMap<&str, &String> = metrics
        .into_iter()
        .filter_map(|name| questions.get_key_value(name))
        .filter(|(name, asked)| question(name) != **asked)
        .map(|(name, asked)| (*name, asked))
        .collect();
    if !own.is_empty() {
        metadata.insert("questions".into(), json!(own));
    }
    labels::put(&judged.metrics, &mut metadata);
    Record {
        fields: fields::of(&judged.item),
        metadata,
        suggestions: Vec::new(),
        responses: judged
            .opinions
            .iter()
            .flat_map(|opinion| responses(opinion, &judged.metrics, questions))
            .collect(),
    }
}

fn responses(opinion: &Opinion, asked: &[Metric], questions: &BTreeMap<&str, String>) -> Vec<Response> {
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
        .flat_map(|(metric, value)| {
            let question = questions.get(metric.as_str()).cloned().unwrap_or_else(|| question(metric));
            answers(&question, value, labels::spoken(asked, |name| name == metric))
        })
        .map(|(question, value)| response(question, value, Status::Submitted))
        .collect();
    if let Some(comment) = &opinion.comment {
        all.push(response(COMMENT.into(), json!(comment), Status::Submitted));
    }
    all
}

/// The questions that a metric with that question is, with their answers.
fn answers(question: &str, value: &Value, spoken: Option<&Metric>) -> Vec<(String, Json)> {
    let point = |points: &u8| match spoken.and_then(|metric| metric.point(*points)) {
        Some(word) => json!(word),
        None => json!(points),
    };
    let key = |id: &ResponseId| fields::key(at(id).unwrap_or_default());
    let of = |id: &ResponseId| format!("{question}-{}", key(id));
    let one = |value: Json| vec![(question.to_owned(), value)];
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
