//! A run of an agent: what was said so far, how far it is, and what is told of it while it goes on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::limits::{Limit, Spent};
use super::replay::{Refused, Replayed};
use super::step::Step;
use crate::domain::Error;
use crate::domain::call::Turn;
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::id::{AgentId, RunId};
use crate::domain::knowledge::ranking::Mode;
use crate::domain::message::{BlobId, Block};
use crate::domain::time::Timestamp;

/// A run as it is kept. A question after an answer, and the answer to what it waits for, go on with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Also the id of the span that its calls of models are under.
    pub id: RunId,
    pub agent: AgentId,
    /// Of the agent's definition.
    pub version: u32,
    pub model: ModelId,
    /// What the person said last.
    pub question: String,
    /// Everything that was said, the system prompt left out.
    pub turns: Vec<Turn>,
    /// Results that came while others of the same step are waited for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Block>,
    /// Calls in the turns that were not made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    pub state: State,
    /// Attributes of the session, as programs of action groups have set them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Attributes of the turn, as they have set them: the next question begins without any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub turn_attributes: BTreeMap<String, String>,
    /// How they have bases asked in this turn, by the bases' names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sought: BTreeMap<String, Sought>,
    /// Of the last question.
    pub spent: Spent,
    /// Whose session it is: the name of the account.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The run that its session began with, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<RunId>,
    /// The run that went on from it last, with answers to what it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<RunId>,
    /// The bytes of files that came with its questions and stand in no message: they are there as long as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<BlobId>,
    /// What was done already is done once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replays: Option<Replayed>,
    /// How many turns there were when it began: what the model says itself stands behind them. `None` of runs of before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_with: Option<u32>,
    /// SHA-256 of each step's template and of all tools as the model was told of them.
    pub hashes: Hashes,
    pub created: Timestamp,
    pub updated: Timestamp,
}

impl Run {
    /// The run that its session began with.
    pub fn session(&self) -> RunId {
        self.session.unwrap_or(self.id)
    }
}

/// What who asks tells the programs of action groups besides the question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attributes {
    /// Over those that the session has.
    pub session: BTreeMap<String, String>,
    /// Of this turn alone; a model reads them too.
    pub turn: BTreeMap<String, String>,
}

impl Attributes {
    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        self.session.is_empty() && self.turn.is_empty()
    }
}

/// How a program of an action group has a base asked; what it leaves open is as always.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sought {
    /// 1 to 100.
    pub results: Option<usize>,
    pub mode: Option<Mode>,
    /// In Bedrock's JSON.
    pub filter: Option<String>,
}

/// What a run was made with, for whoever compares two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hashes {
    pub prompts: Vec<(Step, String)>,
    /// A tool's name and hash.
    pub tools: Vec<(String, String)>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    Running,
    /// It ended with what it wants from the person, or from the program that runs it.
    Waiting {
        calls: Vec<Wanted>,
    },
    Answered {
        text: String,
    },
    /// It ended without an answer; `text` is what it had said last.
    GaveUp {
        why: GaveUp,
        text: String,
    },
    Failed {
        error: Error,
    },
    /// Nobody waits for it any more, or the program ended.
    Stopped,
}

/// Why a run ended without an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum GaveUp {
    Limit {
        limit: Limit,
    },
    /// Pre-processing found that the question is none for this agent.
    NotForIt {
        rationale: String,
    },
    /// The model's steps could not be read, several times in a row.
    Malformed {
        said: String,
    },
    /// An action said that what is behind it does not work.
    Failure {
        action: String,
        said: String,
    },
}

impl GaveUp {
    /// In words, behind "it gave up: ".
    pub fn words(&self) -> String {
        match self {
            Self::Limit { limit } => format!("its limit of {limit} is reached"),
            Self::NotForIt { rationale } => format!("the question is none for this agent: {rationale}"),
            Self::Malformed { said } => format!("the model's steps cannot be read: {said}"),
            Self::Failure { action, said } => format!("{action} does not work: {said}"),
        }
    }
}

/// A call that somebody outside of the program answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    pub id: String,
    pub action: String,
    pub input: Value,
    /// What the person is asked, where it is a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
}

/// One thing that is told of a run while it goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "happened", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "one at a time is in flight")]
pub enum AgentEvent {
    /// The run is durable; of another program's that is done once more its own trace is, and the version is 0.
    Begun { run: RunId, agent: String, version: u32, model: ModelId },
    /// The model is asked for a step; `number` counts from 1.
    Step { step: Step, number: u32 },
    /// A piece of what the model says in this step.
    Delta { event: Event },
    /// An action is called, once it is agreed to where it must be.
    Called {
        id: String,
        action: String,
        input: Value,
        /// Who runs it, in a word or two.
        by: String,
    },
    /// The run waits until somebody agrees or not; `shown` is what would be sent, byte for byte.
    Confirm {
        run: RunId,
        id: String,
        action: String,
        shown: String,
        /// The same call was made before in this run.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// The run waits until somebody agrees or not to what the server of a group has; `shown` is what is new in it, and what
    /// has changed since somebody agreed.
    Agree { run: RunId, id: String, group: String, shown: String },
    /// Somebody has said whether they agree to what was asked by `Confirm` or `Agree`.
    Decided { id: String, agreed: bool },
    /// What a search of a knowledge base found for a call, as the model is given it: what the call gives follows.
    Found { id: String, action: String, passages: String },
    /// What an action gave; told when its call has ended, whatever others of the same step still do.
    Gave { id: String, action: String, content: String, is_error: bool },
    /// Something that the person should know besides.
    Remark { text: String },
    /// What it has come to so far, at the end of a step; `failed` where the model was asked and the step is none.
    Spent {
        spent: Spent,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        failed: bool,
    },
    /// The last one.
    Ended { run: RunId, state: State, spent: Spent },
}
