//! What programs read of a command: one object a line, its kind in `reply`. Where the door has a reply for it that reply
//! is printed; lists are taken apart here, so that each thing has a line of its own.

use std::path::Path;

use serde::Serialize;

use crate::domain::Error;
use crate::domain::agent::{Agent, Remembered, Run, Step};
use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::comparison::Comparison;
use crate::domain::comparison::measure::Summary;
use crate::domain::conversation::Conversation;
use crate::domain::evaluation::Dataset;
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::exchange::TakenIn;
use crate::domain::evaluation::item::Numbered;
use crate::domain::evaluation::job::{Evaluation, Failure, Generation};
use crate::domain::evaluation::report::{Disagreement, Report};
use crate::domain::id::{EvaluationId, MakingId};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::preview::Piece;
use crate::domain::knowledge::sync::{Filed, SyncRun};
use crate::domain::message::Message;
use crate::domain::prompt::{Prompt, Version};
use crate::domain::time::Timestamp;
use crate::domain::trace;
use crate::domain::trace::aligned::Pair;
use crate::domain::trace::latency::Latency;
use crate::domain::trace::lint::Finding;
use crate::domain::trace::made::Change;
use crate::domain::usage::Standing;
use crate::workbench::reply::{Check, Exchange, Hit, Making, Placed};

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub(super) enum Item<'a> {
    /// What a text became.
    Vector {
        model: &'a ModelId,
        text: &'a str,
        vector: &'a [f32],
    },
    /// How well a text answers; `index` is its place among those that were given, from 0.
    Ranked {
        model: &'a ModelId,
        text: &'a str,
        index: usize,
        score: f64,
    },
    Conversation {
        head: &'a Conversation,
    },
    Comparison {
        #[serde(serialize_with = "crate::domain::comparison::without_seed")]
        comparison: &'a Comparison,
    },
    /// What came of a lane.
    Compared {
        page: usize,
        column: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        answer: Option<&'a Message>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Error>,
    },
    /// What the answers of a column come to.
    ComparedColumn {
        column: usize,
        contestant: String,
        #[serde(flatten)]
        summary: Summary,
    },
    Dataset {
        dataset: &'a Dataset,
    },
    #[serde(rename = "dataset_item")]
    Placed {
        #[serde(flatten)]
        placed: &'a Placed,
    },
    /// A line of an imported file that could not be read.
    BadLine {
        line: u64,
        why: &'a str,
    },
    /// A line that says the same as an earlier one.
    Doubled {
        line: u64,
        first: u64,
    },
    Evaluation {
        #[serde(serialize_with = "without_seed")]
        evaluation: &'a Evaluation,
    },
    Base {
        base: &'a Base,
    },
    Document {
        document: &'a Filed,
    },
    /// A sync of a source of a base.
    SyncRun {
        run: &'a SyncRun,
    },
    Passage {
        passage: &'a Passage,
        /// The length of its vector.
        norm: f64,
    },
    /// A passage that a file would become.
    Piece {
        chunking: String,
        #[serde(flatten)]
        piece: &'a Piece,
    },
    /// An item of an evaluation.
    #[serde(rename = "evaluation_item")]
    Numbered {
        #[serde(flatten)]
        item: &'a Numbered,
    },
    Report {
        #[serde(flatten)]
        report: &'a Report,
        decisions: &'a [Decision],
    },
    Disagreement {
        metric: &'a str,
        #[serde(flatten)]
        disagreement: &'a Disagreement,
        /// How the item's question begins.
        question: &'a str,
    },
    Decision {
        decision: &'a Decision,
    },
    TakenIn {
        #[serde(serialize_with = "without_seed")]
        evaluation: &'a Evaluation,
        #[serde(flatten)]
        taken: &'a TakenIn,
    },
    /// A file of several that could not be taken in.
    NotTakenIn {
        file: &'a Path,
        error: &'a Error,
    },
    /// A text, or the file that it was written to, with what it leaves out.
    Text {
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<&'a Path>,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        left_out: &'a [String],
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        notes: &'a [String],
        /// Until then what was handed out is held.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// How far the answers of an evaluation are.
    Generation {
        evaluation: EvaluationId,
        generation: &'a Generation,
    },
    /// Answers that failed alike.
    Failure {
        failure: &'a Failure,
    },
    /// An agent of a list.
    AgentHead {
        agent: &'a Agent,
    },
    AgentRun {
        run: &'a Run,
    },
    /// What an agent remembers of a session.
    AgentMemory {
        memory: &'a Remembered,
    },
    /// Lines of a step's template, each with its sign.
    TemplateDiff {
        step: Step,
        lines: Vec<(char, String)>,
    },
    /// A prompt of a list.
    PromptHead {
        prompt: &'a Prompt,
    },
    Version {
        version: &'a Version,
    },
    /// Lines, each with its sign.
    Diff {
        from: u32,
        to: u32,
        lines: Vec<(char, String)>,
        /// A secret is another one, which no line shows.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        other_secrets: bool,
    },
    Hit {
        hit: &'a Hit,
    },
    Model {
        card: &'a ModelCard,
    },
    /// A model of a list: when its provider gave that, and why it gave none now.
    #[serde(rename = "model")]
    Listed {
        card: &'a ModelCard,
        #[serde(skip_serializing_if = "Option::is_none")]
        listed: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        age_ms: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Error>,
    },
    /// A trace in short.
    Trace {
        run: &'a trace::Run,
    },
    /// A span of a trace's tree.
    TraceRow(super::traces::Told<'a>),
    /// What somebody noted on a trace, or on the span of a row.
    TraceNote {
        #[serde(skip_serializing_if = "Option::is_none")]
        row: Option<u32>,
        #[serde(flatten)]
        note: &'a trace::Note,
    },
    /// A file of several that brought no traces.
    TracesNotBrought {
        file: &'a Path,
        error: &'a Error,
    },
    /// How long spans of a name take.
    TraceLatency {
        #[serde(flatten)]
        latency: &'a Latency,
    },
    /// What looks wrong in a trace.
    TraceFinding {
        #[serde(flatten)]
        finding: &'a Finding,
    },
    /// What one of two traces was made with otherwise.
    TraceChange {
        #[serde(flatten)]
        change: &'a Change,
    },
    /// A line of two traces side by side.
    TracePair {
        name: String,
        #[serde(flatten)]
        pair: &'a Pair,
    },
    /// What a replay has that the call in its place had not: facts and lines with their signs, the figures of both.
    TraceReplayDiff {
        trace: trace::TraceId,
        facts: Vec<(char, &'static str, String)>,
        asked: Vec<(char, String)>,
        answer: Vec<(char, String)>,
        figures: Vec<(&'static str, String, String)>,
    },
    /// A row of usage, or all of it.
    Usage(super::usage::Shown<'a>),
    /// What left this machine.
    Exchange {
        #[serde(flatten)]
        exchange: &'a Exchange,
    },
    /// How a budget stands.
    Budget {
        #[serde(flatten)]
        standing: &'a Standing,
    },
    /// A part of an imported file that was left out.
    Skipped {
        why: &'a str,
    },
    Check {
        #[serde(flatten)]
        check: &'a Check,
    },
    /// A configuration key.
    Value {
        key: &'a str,
        value: &'a str,
        origin: &'a str,
    },
    /// An action of the screen in one place.
    Action {
        name: &'a str,
        keys: &'a [String],
        meaning: &'a str,
        place: &'a str,
    },
    /// The configuration file as a whole.
    Configuration {
        path: &'a str,
        exists: bool,
        good: bool,
    },
    /// Pictures that were asked for together.
    Making {
        making: &'a Making,
    },
    /// A picture of a making, by its number from 1, was written to a file.
    Saved {
        id: MakingId,
        number: usize,
        path: &'a Path,
    },
    Path {
        name: &'a str,
        path: &'a str,
    },
    Error {
        error: &'a Error,
    },
}

/// The names of answers are drawn with the seed: who has it knows whose each of them is.
fn without_seed<S: serde::Serializer>(evaluation: &Evaluation, to: S) -> Result<S::Ok, S::Error> {
    let mut told = serde_json::to_value(evaluation).map_err(serde::ser::Error::custom)?;
    if let Some(fields) = told.as_object_mut() {
        fields.shift_remove("seed");
    }
    told.serialize(to)
}
