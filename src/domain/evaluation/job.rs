//! An evaluation as it is kept: what is rated, whose answers, by whom, and how far it is.

use serde::{Deserialize, Serialize};

use super::item::{Item, ItemHash, Response};
use super::metric::MOST_ANSWERS;
use super::task::TaskDefinition;
use super::vote::{Chosen, ResponseId, Value};
use crate::domain::comparison::Column;
use crate::domain::figures::{count, grouped};
use crate::domain::id::EvaluationId;
use crate::domain::message::{StopReason, Timing, Usage};
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};

/// The longest name of an evaluation or a rater, in characters.
pub const LONGEST_NAME: usize = 63;

/// Sources of answers × a dataset, and what people say of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub id: EvaluationId,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// The version in force; its name is the evaluation's.
    pub task: TaskDefinition,
    /// The versions before it that raters have seen, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<TaskDefinition>,
    /// The dataset that the items were copied from, by its name then.
    pub dataset: String,
    pub items: u32,
    pub sources: Vec<Source>,
    /// Where the sources are all that answered every item: those that did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<Lacking>,
    /// Queues, sides and the names of answers are drawn with it; it stays at home.
    pub seed: u64,
    /// In the order in which they joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raters: Vec<String>,
    /// Those of them who have a hand-out only: they have not sat here, and nothing of theirs came back yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub away: Vec<String>,
    /// Items whose answer is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Known>,
    /// What was known when an earlier version of the task was in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_before: Vec<(u32, Vec<Known>)>,
    pub generation: Generation,
    /// Every time that somebody looked whose answers are whose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unblinded: Vec<Unblinded>,
    /// How far raters are with the version in force, which is kept apart from the rest; `None` before somebody has sat here, and
    /// of programs that did not count it until somebody sits here again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated: Option<SoFar>,
}

/// How far raters are with an evaluation, in counts that tell nothing of what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoFar {
    /// Ratings that there are of those that are needed; what an item has beyond is not among them.
    pub votes: u64,
    /// Items that can be rated × the raters that each needs.
    pub needed: u64,
    /// Something was said, of whichever version, though it was a skip or was taken back.
    pub said: bool,
}

/// A source that the dataset has, and whose answers are not rated, as one is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacking {
    pub source: String,
    /// The first item without an answer of it, from 0.
    pub item: u32,
}

/// Whose answers are rated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// As results have it, and as an item's responses name it.
    pub name: String,
    /// Who is asked for them; `None` where the dataset brought them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<Column>,
}

/// How far the answers are that models are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    pub state: GenerationState,
    pub done: u64,
    pub failed: u64,
    /// Items × models that are asked; 0 where all answers were brought.
    pub total: u64,
    /// Why it stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Whether answers are being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GenerationState {
    /// Nothing was asked yet.
    Ready,
    Running,
    /// Somebody paused it, too much failed, or the program ended; it goes on where it was.
    Paused,
    /// Every answer has come or failed.
    Ended,
}

/// One model's answer to one item, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generated {
    Answer {
        text: String,
        usage: Usage,
        timing: Timing,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<StopReason>,
    },
    Failed {
        error: Error,
    },
}

/// Answers of one source that failed alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub source: String,
    pub error: Error,
    pub count: u64,
    /// The first item among them, from 0.
    pub item: u32,
}

/// An item whose answer is known, by the names of the sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its place in the evaluation, from 0.
    pub item: u32,
    pub metric: String,
    pub value: KnownValue,
}

/// What is right to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownValue {
    Choice(String),
    Tie,
    BothBad,
    Thumbs(Vec<(String, bool)>),
    Points(Vec<(String, u8)>),
    Ranks(Vec<(String, u8)>),
    /// Of one answer over the other on a scale: the point where that source stands on the right, so that the last is strongly it.
    Preference(String, u8),
}

/// Somebody looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unblinded {
    pub by: String,
    pub at: Timestamp,
}

/// What an evaluation is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Metrics and instructions that it lacks are filled in by how many sources there are.
    pub task: TaskDefinition,
    /// By its name or the digits of its id.
    pub dataset: String,
    /// Empty for every source that answered all items of the dataset.
    pub sources: Vec<Source>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Known>,
    /// Only the first items; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// What the answers that are still to come may cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub calls: u64,
    pub input_tokens: u64,
    /// At most, by the settings and the cards of the models; with [`ASSUMED_OUTPUT`] for those that tell no bound.
    pub output_tokens: u64,
    /// Calls among them whose answers neither settings nor card bound.
    #[serde(default)]
    pub assumed: u64,
    /// In dollars; `None` where no model has a price.
    pub dollars: Option<f64>,
    /// Models without a known price.
    pub unpriced: Vec<String>,
}

/// Tokens of an answer where neither settings nor card bound it.
pub const ASSUMED_OUTPUT: u32 = 1024;

impl Estimate {
    /// What answers come to, in words: a bound, unless there are some that nothing bounds.
    pub fn at_most(&self, what: &str) -> String {
        if self.assumed == 0 {
            format!("at most {what}")
        } else {
            format!("about {what} if answers are of {} tokens", grouped(ASSUMED_OUTPUT.into()))
        }
    }
}

impl Generation {
    /// For so many answers.
    pub fn of(total: u64) -> Self {
        let state = if total == 0 { GenerationState::Ended } else { GenerationState::Ready };
        Self { state, done: 0, failed: 0, total, why: None }
    }

    /// Answers that have neither come nor failed.
    pub fn left(&self) -> u64 {
        self.total.saturating_sub(self.done + self.failed)
    }
}

impl Evaluation {
    /// Those who have rated here, or of whom something came back.
    pub fn joined(&self) -> Vec<String> {
        self.raters.iter().filter(|rater| !self.away.contains(rater)).cloned().collect()
    }

    /// Whether `who` has looked whose the answers are, or what others said.
    pub fn was_seen_by(&self, who: &str) -> bool {
        self.unblinded.iter().any(|look| look.by == who)
    }

    /// Whether results and items tell somebody what they are not to know while they rate: whose the answers are, where that is
    /// hidden, or what others said. Once they have looked there is nothing left to hide, and when every item has its raters nothing
    /// is rated after it.
    pub fn hides_from(&self, who: &str) -> bool {
        let rates = self.raters.iter().any(|rater| rater == who);
        let tells = self.task.blinding.models || self.raters.len() > 1;
        rates && !self.was_seen_by(who) && tells && !self.is_rated()
    }

    /// Whether nothing was said so far, as far as that is known: a report tells nothing then, though an item does.
    pub fn is_silent(&self) -> bool {
        self.so_far().is_some_and(|rated| !rated.said)
    }

    /// How far raters are; `None` where it was not counted yet.
    pub fn so_far(&self) -> Option<SoFar> {
        let needed = u64::from(self.items) * u64::from(self.task.raters_per_item.max(1));
        let blank = SoFar { votes: 0, needed, said: false };
        self.rated.or_else(|| self.raters.is_empty().then_some(blank))
    }

    /// Nothing comes before a rater any more: every item has the raters that it needs, and none comes twice.
    fn is_rated(&self) -> bool {
        self.task.repeats == 0 && self.rated.is_some_and(|rated| rated.votes >= rated.needed)
    }

    /// Who rates, in words: those who have a hand-out only are told apart.
    pub fn who(&self) -> Vec<String> {
        let away = |rater: &String| self.away.contains(rater);
        let word = |rater: &String| {
            if away(rater) { format!("{rater} (has a hand-out)") } else { rater.clone() }
        };
        self.raters.iter().map(word).collect()
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.task.name
    }

    /// The definition of a version.
    pub fn version(&self, version: u32) -> Option<&TaskDefinition> {
        std::iter::once(&self.task).chain(&self.earlier).find(|task| task.version == version)
    }

    /// The items whose answer was known in a version; where that was not kept, those of the next one of which it was.
    pub fn known_in(&self, version: u32) -> &[Known] {
        let later = self.known_before.iter().filter(|(before, _)| *before >= version);
        later.min_by_key(|(before, _)| *before).map_or(&self.known, |(_, known)| known)
    }

    /// An item's name for raters: its hash, which is of what they see; where they see it masked one that tells nothing of it.
    pub fn named(&self, item: ItemHash) -> ItemHash {
        if self.task.blinding.self_naming { item.keyed(self.seed) } else { item }
    }

    /// The source whose answer to an item has that id; `None` for an id of something else.
    pub fn source_of(&self, item: &ItemHash, id: &ResponseId) -> Option<&str> {
        let mut names = self.sources.iter().map(|source| source.name.as_str());
        names.find(|name| ResponseId::of(self.seed, item, name) == *id)
    }

    /// Checks names, sources and the task; the error names the first thing that is wrong.
    pub fn check(&self) -> Result<()> {
        let wrong = |why: String, hint: &str| {
            let doing = format!("making the evaluation {:?}", self.name());
            Err(Error::new(ErrorKind::Invalid, doing, why, hint))
        };
        let invalid = |why: String| wrong(why, "Change that, then try again.");
        if let Some(why) = wrong_name(self.name()) {
            return invalid(format!("its name {why}"));
        }
        match self.sources.len() {
            0 => {
                return wrong(
                    "there are no answers to rate: no model is asked, none were brought".into(),
                    "Name a model that answers, or take a dataset that brings answers.",
                );
            }
            many if many > MOST_ANSWERS => {
                return invalid(format!(
                    "it has {many} sources of answers, at most {MOST_ANSWERS} can stand side by side"
                ));
            }
            _ => {}
        }
        for (at, source) in self.sources.iter().enumerate() {
            if self.sources[..at].iter().any(|other| other.name == source.name) {
                return invalid(format!("two sources of answers are called {:?}", source.name));
            }
        }
        for known in &self.known {
            if known.item >= self.items {
                let items = count(self.items.into(), "item", "items");
                return invalid(format!("the answer to item {} is known, there are {items}", known.item + 1));
            }
            if self.task.metric(&known.metric).is_none() {
                return invalid(format!(
                    "an answer is known of {:?}, which is no metric of it",
                    known.metric
                ));
            }
            if let Some(name) =
                known.value.names().into_iter().find(|name| !self.sources.iter().any(|s| s.name == *name))
            {
                return invalid(format!("an answer is known of {name:?}, which is no source of it"));
            }
            // What no rater can say would be held against all of them.
            let places = self.sources.len();
            if let KnownValue::Ranks(said) = &known.value
                && let Some((name, place)) =
                    said.iter().find(|(_, place)| !(1..=places).contains(&usize::from(*place)))
            {
                return invalid(format!("place {place} is known of {name:?}, there are 1 to {places}"));
            }
        }
        super::limits::check(&self.task, self.sources.len())
    }

    /// The item with the answers of all sources in their order; `None` while one is missing.
    pub fn whole(&self, mut item: Item, mut generated: impl FnMut(usize) -> Option<String>) -> Option<Item> {
        let responses = self.sources.iter().enumerate().map(|(at, source)| {
            let text = match source.column {
                Some(_) => generated(at)?,
                None => item.response(&source.name)?.text.clone(),
            };
            Some(Response { model: source.name.clone(), text })
        });
        item.responses = responses.collect::<Option<_>>()?;
        Some(item)
    }
}

impl KnownValue {
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Choice(name) | Self::Preference(name, _) => vec![name],
            Self::Tie | Self::BothBad => Vec::new(),
            Self::Thumbs(said) => said.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Points(said) | Self::Ranks(said) => said.iter().map(|(name, _)| name.as_str()).collect(),
        }
    }

    /// The same by the ids of the answers.
    pub fn with_ids(&self, id: impl Fn(&str) -> ResponseId) -> Value {
        fn all<T: Copy>(said: &[(String, T)], id: impl Fn(&str) -> ResponseId) -> Vec<(ResponseId, T)> {
            said.iter().map(|(name, said)| (id(name), *said)).collect()
        }
        match self {
            Self::Choice(name) => Value::Choice(Chosen::One(id(name))),
            Self::Tie => Value::Choice(Chosen::Tie),
            Self::BothBad => Value::Choice(Chosen::BothBad),
            Self::Thumbs(said) => Value::Thumbs(all(said, id)),
            Self::Points(said) => Value::Points(all(said, id)),
            Self::Ranks(said) => Value::Ranks(all(said, id)),
            // Which side it will stand on is not known: the point is of the answer.
            Self::Preference(name, point) => Value::Points(vec![(id(name), *point)]),
        }
    }
}

/// What is wrong with the name of an evaluation or a rater, as the end of a sentence; `None` where nothing is.
pub fn wrong_name(name: &str) -> Option<String> {
    if name.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    if name.trim() != name || name.chars().any(char::is_control) {
        return Some("begins or ends with a blank, or holds a control character".to_owned());
    }
    let many = name.chars().count();
    (many > LONGEST_NAME).then(|| format!("has {many} characters, at most {LONGEST_NAME} are taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_said_where_there_is_one_and_else_what_was_assumed() {
        let estimate = |assumed| Estimate {
            calls: 2,
            input_tokens: 8,
            output_tokens: 2048,
            assumed,
            dollars: None,
            unpriced: Vec::new(),
        };
        assert_eq!(estimate(0).at_most("2,048 tokens"), "at most 2,048 tokens");
        assert_eq!(estimate(1).at_most("$1.20"), "about $1.20 if answers are of 1,024 tokens");
    }
}
