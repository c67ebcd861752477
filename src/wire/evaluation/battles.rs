//! Battles as `FastChat` and Chatbot Arena have them: JSONL, or one JSON array.
//!
//! ```text
//! {"model_a": "…", "model_b": "…", "winner": "model_a" | "model_b" | "tie" | "tie (bothbad)", "judge": "…", "turn": 1,
//!  "question_id": "…", "tstamp": 1679.5}
//! ```

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::judged::{Judged, at};
use super::lines::{Read, jsonl_or_array, line};
use crate::domain::Result;
use crate::domain::evaluation::battle::{Battle, Fought, Outcome};
use crate::domain::evaluation::metric::Metric;
use crate::domain::time::Timestamp;

#[derive(Serialize, Deserialize)]
struct Record {
    model_a: String,
    model_b: String,
    winner: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    judge: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn: Option<Number>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    question_id: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tstamp: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// Our own: others count each battle once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
}

/// The battles of a file.
pub fn read(bytes: &[u8]) -> Read<Fought> {
    jsonl_or_array(bytes).and_then(fought)
}

/// Battles, one a line.
pub fn write<'a>(battles: impl IntoIterator<Item = &'a Fought>) -> Result<String> {
    battles.into_iter().map(|fought| line(&record(fought))).collect()
}

/// The battles of what was said by a comparing metric, each with its rater as the judge.
pub fn of(judged: &Judged, metric: &Metric) -> Vec<Fought> {
    let models = &judged.item.responses;
    let mut fought = Vec::new();
    for opinion in &judged.opinions {
        let vote = judged.vote(opinion.shown.clone(), opinion.said.clone());
        let battles = vote.battles(metric, |id| models.get(at(id)?).map(|response| response.model.as_str()));
        fought.extend(battles.into_iter().map(|battle| Fought {
            battle: Battle { category: judged.item.category.clone(), ..battle },
            judge: Some(opinion.rater.clone()),
            turn: None,
            at: Some(opinion.at),
        }));
    }
    fought
}

fn fought(record: Record) -> std::result::Result<Fought, String> {
    let outcome = match record.winner.as_str() {
        "model_a" => Outcome::A,
        "model_b" => Outcome::B,
        "tie" => Outcome::Tie,
        "tie (bothbad)" | "bothbad" | "both_bad" => Outcome::BothBad,
        other => return Err(format!("its winner is {other:?}, not model_a, model_b, tie or tie (bothbad)")),
    };
    if record.model_a == record.model_b {
        return Err(format!("{:?} meets itself", record.model_a));
    }
    let weight = record.weight.unwrap_or(1.0);
    if !weight.is_finite() || weight <= 0.0 {
        return Err(format!("its weight is {weight}, not above nothing"));
    }
    let prompt = match record.question_id {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    let judge = match record.judge {
        Value::Null => None,
        Value::String(text) => Some(text),
        // MT-Bench has a list of a kind and a name.
        Value::Array(parts) => Some(parts.iter().map(plain).collect::<Vec<_>>().join(" ")),
        other => Some(other.to_string()),
    };
    Ok(Fought {
        battle: Battle {
            a: record.model_a,
            b: record.model_b,
            outcome,
            weight,
            category: record.category,
            prompt,
        },
        judge,
        turn: record.turn.and_then(|turn| turn.as_u64()),
        at: record.tstamp.map(|seconds| Timestamp((seconds * 1000.0).round() as i64)),
    })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn record(fought: &Fought) -> Record {
    let Fought { battle, judge, turn, at } = fought;
    let winner = match battle.outcome {
        Outcome::A => "model_a",
        Outcome::B => "model_b",
        Outcome::Tie => "tie",
        Outcome::BothBad => "tie (bothbad)",
    };
    let counts_once = (battle.weight - 1.0).abs() <= 0.0;
    Record {
        model_a: battle.a.clone(),
        model_b: battle.b.clone(),
        winner: winner.to_owned(),
        judge: judge.clone().map_or(Value::Null, Value::String),
        turn: turn.map(Number::from),
        question_id: battle.prompt.clone().map_or(Value::Null, Value::String),
        tstamp: at.map(|at| at.0 as f64 / 1000.0),
        category: battle.category.clone(),
        weight: (!counts_once).then_some(battle.weight),
    }
}
