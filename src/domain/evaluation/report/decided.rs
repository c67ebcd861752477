//! What the owner decided where raters differ, in words.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::item::ItemHash;
use crate::domain::evaluation::vote::{Chosen, ResponseId, Value};
use crate::domain::time::Timestamp;

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    pub item: ItemHash,
    pub metric: String,
    /// By the names of the sources.
    pub value: String,
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
    /// No later one about the same takes its place.
    pub stands: bool,
}

/// Decisions of a version of the task, in the order in which they were made.
pub(super) fn decided(
    decisions: &[Decision],
    version: u32,
    sources: &HashMap<ResponseId, String>,
) -> Vec<Decided> {
    let standing = Decision::standing(decisions);
    decisions
        .iter()
        .filter(|decision| decision.version == version)
        .map(|decision| Decided {
            item: decision.item.clone(),
            metric: decision.metric.clone(),
            value: in_words(&decision.value, |id| sources.get(id).map_or("?", String::as_str)),
            reason: decision.reason.clone(),
            by: decision.by.clone(),
            at: decision.at,
            stands: standing.iter().any(|other| other.id == decision.id),
        })
        .collect()
}

/// A value in words; `name` tells whose an answer is.
pub fn in_words<'a>(value: &Value, name: impl Fn(&ResponseId) -> &'a str) -> String {
    let each = |said: Vec<String>| said.join(", ");
    match value {
        Value::Thumbs(said) => each(
            said.iter().map(|(id, up)| format!("{}: {}", name(id), if *up { "yes" } else { "no" })).collect(),
        ),
        Value::Points(said) | Value::Ranks(said) => {
            each(said.iter().map(|(id, points)| format!("{}: {points}", name(id))).collect())
        }
        Value::Preference(points) => points.to_string(),
        Value::Choice(Chosen::One(id)) => name(id).to_owned(),
        Value::Choice(Chosen::Tie) => "a tie".to_owned(),
        Value::Choice(Chosen::BothBad) => "both bad".to_owned(),
    }
}
