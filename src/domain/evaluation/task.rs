//! What raters are asked to do: instructions, metrics, how many of them, and what is hidden from them.

use serde::{Deserialize, Serialize};

use super::item::ItemHash;
use super::metric::{Method, Metric};
use super::vote::{ResponseId, Value};

/// A rating task as its owner defines it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    pub name: String,
    /// What raters read first; one key away later.
    pub instructions: String,
    /// Answers with how they should be rated, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
    /// Asked in this order.
    pub metrics: Vec<Metric>,
    /// How many raters each item needs.
    pub raters_per_item: u32,
    #[serde(default)]
    pub blinding: Blinding,
    /// Items whose answer is known; it stays at home.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gold: Vec<Gold>,
    /// So many of a hundred items come again unannounced, to see whether a rater agrees with themself.
    #[serde(default)]
    pub repeats: u8,
    /// Counts from 1: what was voted under one version is not mixed with another.
    pub version: u32,
}

/// An example in the instructions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    pub prompt: String,
    pub response: String,
    /// How it should be rated, and why.
    pub rating: String,
}

/// What raters do not learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Blinding {
    /// Names, times, tokens and costs are hidden.
    pub models: bool,
    /// Who stands left changes; Bedrock's `disableRandomization` turns it off.
    pub sides: bool,
    /// What a model says of its own name is masked.
    pub self_naming: bool,
}

impl Default for Blinding {
    fn default() -> Self {
        Self { models: true, sides: true, self_naming: false }
    }
}

/// An item whose answer is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gold {
    pub item: ItemHash,
    pub metric: String,
    /// By response id. A preference may be the points of one answer: those that are right where it stands on the right.
    pub value: Value,
    /// For a preference by side the answers as they stood, the left one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<ResponseId>,
}

impl TaskDefinition {
    /// A task of that name that says nothing yet: one rater an item, no repeats, blind.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            instructions: String::new(),
            examples: Vec::new(),
            metrics: Vec::new(),
            raters_per_item: 1,
            blinding: Blinding::default(),
            gold: Vec::new(),
            repeats: 0,
            version: 1,
        }
    }

    /// With the usual metric where it has none, by how many answers an item has, and the usual instructions where it has none.
    #[must_use]
    pub fn filled(mut self, answers: usize) -> Self {
        let usual = self.metrics.is_empty();
        let (name, method, description, instructions) = if answers < 2 {
            (
                "Helpful",
                Method::ThumbsUpDown,
                "Does the answer help?",
                "Read the question and the answer. Thumbs up where the answer would help the one who asked, else thumbs down.",
            )
        } else {
            (
                "Preference",
                Method::ComparisonChoice,
                "Which answer would you rather have?",
                "Read the question and the answers. Choose the answer that you would rather have got; a tie where you would \
                 take either, both bad where you would take none.",
            )
        };
        if usual {
            let (name, description) = (name.to_owned(), description.to_owned());
            self.metrics.push(Metric { name, description, method, labels: Vec::new() });
        }
        if self.instructions.trim().is_empty() {
            let other = "Read the question and what was answered, then rate it.";
            self.instructions = String::from(if usual { instructions } else { other });
        }
        self
    }

    /// Whether votes under the other mean something else: other instructions, examples or metrics, or other things hidden.
    pub fn means_other(&self, other: &Self) -> bool {
        (&self.instructions, &self.examples, &self.metrics, self.blinding)
            != (&other.instructions, &other.examples, &other.metrics, other.blinding)
    }

    /// What it is after a change: a new version where raters have `seen` this one, and what they say of it means something else.
    #[must_use]
    pub fn changed_to(&self, next: Self, seen: bool) -> Self {
        let fresh = seen && self.means_other(&next);
        Self { version: self.version + u32::from(fresh), ..next }
    }

    /// The metric of that name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evaluation::metric::Method;

    #[test]
    fn a_change_of_meaning_after_the_first_rater_is_a_new_version() {
        let metric = |description: &str| Metric {
            name: "Helpfulness".into(),
            description: description.into(),
            method: Method::ThumbsUpDown,
            labels: Vec::new(),
        };
        let task = TaskDefinition {
            name: "helpful".into(),
            instructions: "Say which helps.".into(),
            examples: Vec::new(),
            metrics: vec![metric("Does it help?")],
            raters_per_item: 1,
            blinding: Blinding::default(),
            gold: Vec::new(),
            repeats: 5,
            version: 1,
        };
        let other = TaskDefinition { metrics: vec![metric("Is it kind?")], ..task.clone() };
        assert_eq!(task.changed_to(other.clone(), true).version, 2);
        assert_eq!(task.changed_to(other, false).version, 1);
        let open = Blinding { models: false, ..Blinding::default() };
        assert_eq!(task.changed_to(TaskDefinition { blinding: open, ..task.clone() }, true).version, 2);
        let more = TaskDefinition { raters_per_item: 3, name: "other".into(), ..task.clone() };
        assert_eq!(task.changed_to(more, true).version, 1);
    }
}
