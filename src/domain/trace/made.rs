//! What a run was made with, for whoever compares two: the agent and its version, models, prompts, tools, settings.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::contents::Contents;
use super::facts::{Facts, Kind, hash, hash_on};
use super::value::Value;

/// Different values of one thing that are told, and bytes of one of them.
const VALUES: usize = 8;
const LONGEST: usize = 16 * 1024;
/// Things that are told.
const THINGS: usize = 2_000;

/// Which kind of thing a run was made with, in the order in which a difference matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Agent,
    Version,
    Model,
    /// A system prompt as it was sent, or the hash of a step's template.
    Prompt,
    /// By the hash of what a model was told of it.
    Tool,
    Setting,
}

impl What {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Version => "version",
            Self::Model => "model",
            Self::Prompt => "prompt",
            Self::Tool => "tool",
            Self::Setting => "setting",
        }
    }
}

/// One thing, and what it was; several values where it changed within the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    pub what: What,
    pub name: String,
    pub values: Vec<String>,
}

/// All that is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Made(pub Vec<Thing>);

/// What of it is another in another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub what: What,
    pub name: String,
    /// Empty where only the right one has it, or tells it.
    pub left: Vec<String>,
    pub right: Vec<String>,
}

impl Change {
    /// What changed: `version Weather`, `model`.
    pub fn called(&self) -> String {
        let what = self.what.as_str();
        if self.name == what { what.to_owned() } else { format!("{what} {}", self.name) }
    }
}

impl Made {
    /// Notes a value; one that says nothing is none.
    pub fn put(&mut self, what: What, name: &str, value: &str) {
        let value = &value[..value.floor_char_boundary(LONGEST)];
        if value.is_empty() {
            return;
        }
        let has_room = self.0.len() < THINGS;
        let known = self.0.iter_mut().find(|thing| thing.what == what && thing.name == name);
        if let Some(thing) = known {
            if thing.values.len() < VALUES && !thing.values.iter().any(|known| known == value) {
                thing.values.push(value.to_owned());
            }
        } else if has_room {
            self.0.push(Thing { what, name: name.to_owned(), values: vec![value.to_owned()] });
        }
    }

    /// What a span tells of it. `version` is the agent's, as its maker says.
    pub fn add(&mut self, facts: &Facts<'_>, version: &str, contents: &Contents) {
        if facts.kind == Kind::Agent {
            self.put(What::Agent, "name", facts.agent);
        }
        self.put(What::Version, if facts.agent.is_empty() { "agent" } else { facts.agent }, version);
        if !facts.kind.is_inference() {
            return;
        }
        let model = if facts.model.is_empty() { facts.answered_by } else { facts.model };
        self.put(What::Model, facts.kind.as_str(), [facts.provider, model].join(" ").trim_start());
        if facts.kind != Kind::Model {
            return;
        }
        for said in contents.input.iter().filter(|said| said.role == "system") {
            self.put(What::Prompt, "system", &said.text());
        }
        for tool in &contents.offered {
            let about = tool.description.as_deref().unwrap_or_default();
            let of = hash_on(hash(about.as_bytes()), canonical(&tool.schema).as_bytes());
            self.put(What::Tool, &tool.name, &format!("{of:016x}"));
        }
        for (name, value) in contents.parameters.iter().filter(|(name, _)| *name != "stream") {
            self.put(What::Setting, name, &setting(value));
        }
    }

    /// What is another in `right`, the most important first.
    pub fn changes(&self, right: &Self) -> Vec<Change> {
        let values = |of: &Self, thing: &Thing| {
            let is_it = |other: &&Thing| other.what == thing.what && other.name == thing.name;
            let mut values = of.0.iter().find(is_it).map(|it| it.values.clone()).unwrap_or_default();
            // In which order they came says nothing.
            values.sort();
            values
        };
        let only_right = right.0.iter().filter(|thing| values(self, thing).is_empty());
        let all = self.0.iter().chain(only_right);
        let change = |thing: &Thing| Change {
            what: thing.what,
            name: thing.name.clone(),
            left: values(self, thing),
            right: values(right, thing),
        };
        let mut changes: Vec<Change> = all.map(change).filter(|it| it.left != it.right).collect();
        changes.sort_by(|a, b| (a.what, &a.name).cmp(&(b.what, &b.name)));
        changes
    }
}

/// A schema whatever the order of its keys.
fn canonical(json: &Json) -> String {
    let mut sorted = json.clone();
    sorted.sort_all_objects();
    sorted.to_string()
}

fn setting(value: &Value) -> String {
    value.as_text().map_or_else(|| value.to_json().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::trace::contents::{Offered, Said};

    fn made(system: &str, schema: &Json, temperature: f64) -> Made {
        let mut made = Made::default();
        let agent = Facts { kind: Kind::Agent, agent: "Weather", ..Facts::default() };
        made.add(&agent, "2", &Contents::default());
        let model = Facts { kind: Kind::Model, provider: "openai", model: "m1", ..Facts::default() };
        let mut contents = Contents {
            input: vec![Said::new("system", system), Said::new("user", "Hi")],
            offered: vec![Offered { name: "look".to_owned(), schema: schema.clone(), description: None }],
            ..Contents::default()
        };
        contents.parameters.push("temperature", temperature);
        contents.parameters.push("stream", true);
        made.add(&model, "", &contents);
        made.add(&model, "", &contents);
        made
    }

    #[test]
    fn what_a_run_was_made_with_is_told_once_and_the_same_is_no_change() {
        let one = made("Be terse.", &json!({"a": 1, "b": 2}), 0.5);
        let names: Vec<(What, &str)> = one.0.iter().map(|thing| (thing.what, thing.name.as_str())).collect();
        let wanted = [
            (What::Agent, "name"),
            (What::Version, "Weather"),
            (What::Model, "model"),
            (What::Prompt, "system"),
            (What::Tool, "look"),
            (What::Setting, "temperature"),
        ];
        assert_eq!(names, wanted);
        assert!(one.0.iter().all(|thing| thing.values.len() == 1));
        assert_eq!(one.changes(&made("Be terse.", &json!({"b": 2, "a": 1}), 0.5)), []);
    }

    #[test]
    fn changes_stand_in_the_order_of_what_matters() {
        let one = made("Be terse.", &json!({"a": 1}), 0.5);
        let mut other = made("Be kind.", &json!({"a": 2}), 0.5);
        other.put(What::Version, "Weather", "3");
        other.put(What::Setting, "top_p", "0.9");
        let changes = one.changes(&other);
        let told: Vec<(What, &str, usize, usize)> =
            changes.iter().map(|it| (it.what, it.name.as_str(), it.left.len(), it.right.len())).collect();
        let wanted = [
            (What::Version, "Weather", 1, 2),
            (What::Prompt, "system", 1, 1),
            (What::Tool, "look", 1, 1),
            (What::Setting, "top_p", 0, 1),
        ];
        assert_eq!(told, wanted);
        let back = other.changes(&one);
        assert!(changes.iter().zip(&back).all(|(a, b)| (&a.left, &a.right) == (&b.right, &b.left)));
    }

    #[test]
    fn no_more_is_kept_than_somebody_reads() {
        let mut made = Made::default();
        for at in 0..10_000 {
            made.put(What::Setting, &at.to_string(), "x");
            made.put(What::Prompt, "system", &format!("{at} {}", "ä".repeat(20_000)));
        }
        assert_eq!(made.0.len(), THINGS);
        let prompt = made.0.iter().find(|thing| thing.what == What::Prompt).unwrap();
        assert_eq!(prompt.values.len(), VALUES);
        assert!(prompt.values.iter().all(|value| value.len() <= LONGEST));
    }
}
