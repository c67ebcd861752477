//! What Bedrock writes of a human evaluation, an item a line (`bedrock-spec` 4.6), and `SageMaker`'s twin of it.
//!
//! A line that was read is kept whole, so that it is written as it came, with every field that is not known here. The
//! documentation does not say which end of a comparing scale is the left one: 1 is strongly left here.

mod again;

pub use again::Since;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::dataset;
use super::human_results::{Places, Results};
use super::judged::{Judged, Opinion};
use super::lines::{Read, jsonl, line};
use crate::domain::Result;
use crate::domain::evaluation::item::Response;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::vote::Said;
use crate::domain::time::Timestamp;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    whole: Value,
    pub judged: Judged,
    pub about: About,
}

/// What a task says of all its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    pub instructions: String,
    /// Bedrock's `disableRandomization`: answers stood on the same sides for all.
    pub fixed_sides: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    human_evaluation_result: Outcome,
    #[serde(rename = "inputRecord")]
    input: dataset::Record,
    #[serde(default)]
    model_responses: Vec<Answered>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(default)]
    human_answers: Vec<HumanAnswer>,
    #[serde(default)]
    input_content: InputContent,
    #[serde(default)]
    model_response_id_map: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputContent {
    #[serde(default)]
    evaluation_metrics: Vec<Asked>,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default)]
    disable_randomization: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    metric_name: String,
    #[serde(default)]
    description: String,
    #[serde(alias = "metricType")]
    rating_method: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    model_identifier: String,
    #[serde(alias = "text", default)]
    response: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HumanAnswer {
    #[serde(default)]
    submission_time: Option<String>,
    #[serde(default)]
    time_spent_in_seconds: Option<f64>,
    #[serde(default)]
    worker_id: Option<String>,
    #[serde(default)]
    answer_content: AnswerContent,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerContent {
    #[serde(default)]
    evaluation_results: Results,
}

/// The lines of an output file.
pub fn read(bytes: &[u8]) -> Read<Line> {
    jsonl::<Value>(bytes).and_then(|whole| {
        let record = Record::deserialize(&whole).map_err(|why| why.to_string())?;
        let content = &record.human_evaluation_result.input_content;
        let about = About {
            instructions: content.instructions.clone().unwrap_or_default(),
            fixed_sides: matches!(&content.disable_randomization, Value::Bool(true))
                || content.disable_randomization == "true",
        };
        Ok(Line { judged: judged(record)?, about, whole })
    })
}

/// An output file of lines.
pub fn write<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Result<String> {
    lines.into_iter().map(|known| line(&known.whole)).collect()
}

fn judged(record: Record) -> std::result::Result<Judged, String> {
    let mut item = dataset::item(record.input)?;
    // Of brought answers the input has some as well, which may not be all.
    if !record.model_responses.is_empty() {
        item.responses = record
            .model_responses
            .into_iter()
            .map(|answer| Response { model: answer.model_identifier, text: answer.response })
            .collect();
        item = dataset::sound(item)?;
    }
    let outcome = record.human_evaluation_result;
    let places = Places::of(&item.responses, &outcome.model_response_id_map);
    let asked = outcome.input_content.evaluation_metrics.into_iter();
    let metrics = asked
        .map(|asked| {
            let method = Method::named(&asked.rating_method).ok_or_else(|| {
                format!("its metric {:?} is rated by {:?}", asked.metric_name, asked.rating_method)
            })?;
            Ok(Metric { name: asked.metric_name, description: asked.description, method, labels: Vec::new() })
        })
        .collect::<std::result::Result<_, String>>()?;
    let answers = outcome.human_answers.into_iter();
    let opinions =
        answers.map(|answer| opinion(answer, &places)).collect::<std::result::Result<_, String>>()?;
    Ok(Judged { item, metrics, opinions, ..Judged::default() })
}

fn opinion(answer: HumanAnswer, places: &Places) -> std::result::Result<Opinion, String> {
    let rater = answer.worker_id.unwrap_or_default();
    let (shown, values) = answer
        .answer_content
        .evaluation_results
        .values(places)
        .map_err(|why| format!("the answer of worker {rater:?} {why}"))?;
    let at = match answer.submission_time.as_deref() {
        None => Timestamp(0),
        Some(time) => {
            let parsed = time.parse::<jiff::Timestamp>();
            let at =
                parsed.map_err(|_| format!("the answer of worker {rater:?} was submitted at {time:?}"))?;
            Timestamp(at.as_millisecond())
        }
    };
    let active_ms = (answer.time_spent_in_seconds.unwrap_or(0.0).max(0.0) * 1000.0).round() as u64;
    if values.is_empty() {
        return Ok(Opinion { active_ms, at, ..Opinion::skipped(rater, shown) });
    }
    Ok(Opinion { rater, shown, said: Said::Values(values), active_ms, at, comment: None })
}

impl Line {
    /// The line as it came, or as it would be written.
    pub fn text(&self) -> String {
        self.whole.to_string()
    }

    /// The line of an item, and what Bedrock's form has no place for, each in a sentence.
    pub fn of(judged: &Judged, about: &About) -> (Self, Vec<String>) {
        let mut left_out = Vec::new();
        let mut answers = Vec::new();
        for opinion in &judged.opinions {
            let (answer, without) = answer(judged, opinion);
            left_out.extend(without);
            answers.extend(answer);
        }
        let metrics = judged.metrics.iter().map(|metric| {
            json!({
                "metricName": metric.name,
                "description": metric.description,
                "ratingMethod": metric.method.as_str(),
            })
        });
        let responses = &judged.item.responses;
        let ids: Map<String, Value> = responses
            .iter()
            .enumerate()
            .map(|(at, response)| (at.to_string(), json!(response.model)))
            .collect();
        let answered = responses
            .iter()
            .map(|response| json!({"modelIdentifier": response.model, "response": response.text}));
        let mut input = judged.item.clone();
        input.responses.clear();
        let mut content = json!({
            "instructions": about.instructions,
            "evaluationMetrics": metrics.collect::<Vec<_>>(),
        });
        if about.fixed_sides {
            content["disableRandomization"] = json!("true");
        }
        let whole = json!({
            "humanEvaluationResult": {
                // Bedrock has forty hexadecimal digits there.
                "humanLoopName": format!("{:.40}", judged.item.hash().0),
                "humanAnswers": answers,
                "inputContent": content,
                "modelResponseIdMap": ids,
            },
            "inputRecord": dataset::record(&input),
            "modelResponses": answered.collect::<Vec<_>>(),
        });
        (Self { whole, judged: judged.clone(), about: about.clone() }, left_out)
    }
}

/// An opinion as an answer of a worker, and what there is no place for in it; none where it says nothing.
fn answer(judged: &Judged, opinion: &Opinion) -> (Option<Value>, Vec<String>) {
    let said = |what: &str| format!("{} on {:.12}: {what}", opinion.rater, judged.item.hash().0);
    if let Said::Skipped(_) = opinion.said {
        return (None, vec![said("a skipped item")]);
    }
    let mut left_out = Vec::new();
    if opinion.comment.is_some() {
        left_out.push(said("a comment"));
    }
    let (results, without) = Results::of(opinion, &judged.metrics);
    left_out.extend(without.into_iter().map(|what| said(&what)));
    let began = Timestamp(opinion.at.0.saturating_sub(opinion.active_ms as i64));
    let answer = json!({
        "acceptanceTime": written(began),
        "submissionTime": written(opinion.at),
        "timeSpentInSeconds": opinion.active_ms as f64 / 1000.0,
        "workerId": opinion.rater,
        "answerContent": AnswerContent { evaluation_results: results },
    });
    (Some(answer), left_out)
}

/// A time as Bedrock writes it, in milliseconds.
fn written(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| format!("{at:.3}"))
}
