//! People's judgements against numbers that independent programs computed (`tests/data/evaluation/vectors.json`:
//! krippendorff, choix, statsmodels, scikit-learn, arena-rank, `FastChat`'s formulas, and the published tables).

mod agreement;
mod datasets;
mod floor;
mod hand_outs;
mod judgements;
mod queue;
mod ranking;
mod report;
mod shares;
mod votes;

use serde_json::Value;

/// The vectors under a name.
fn vectors(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../../data/evaluation/vectors.json")).unwrap();
    all[name].clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

#[track_caller]
fn close(told: f64, known: f64, within: f64) {
    assert!((told - known).abs() <= within, "{told} is not {known} within {within}");
}
