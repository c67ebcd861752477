//! What looks wrong in a run: things that an agent does when it is stuck, and that nobody sees in a long trace.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::contents::{Contents, Part, Said};
use super::facts::Kind;
use super::find;
use super::outline::{Outline, Row};
use super::tree::{Mark, Rollups, Tree};

/// So often the same call is a circle.
const REPEATED: usize = 3;
/// So many failures of one thing in a row are a storm.
const STORM: usize = 3;
/// Turns from which a growth is looked at, and what it is a turn on the average.
const TURNS: usize = 4;
const GROWTH: f64 = 1.25;
/// Below so many tokens no growth matters.
const LITTLE: u32 = 1000;
/// Characters of a result by which it is known again in a prompt.
const KNOWN_BY: usize = 80;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lint {
    RepeatedCall,
    UnusedResult,
    TruncatedAnswer,
    InvalidArguments,
    RetryStorm,
    ContextGrowth,
    /// A span tells other tokens than those below it come to.
    UsageMismatch,
    Orphans,
    UnknownPrice,
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub lint: Lint,
    pub rows: Vec<u32>,
    /// In a sentence without its stop.
    pub says: String,
}

fn finding(lint: Lint, rows: Vec<u32>, says: String) -> Finding {
    Finding { lint, rows, says }
}

/// What rows alone tell.
pub fn of_rows(outline: &Outline, tree: &Tree, rollups: &Rollups) -> Vec<Finding> {
    let mut found = repeated(outline, tree);
    found.extend(storms(outline, tree));
    found.extend(growth(outline, tree));
    let all = |passes: &dyn Fn(u32, &Row) -> bool| -> Vec<u32> {
        tree.order().iter().copied().filter(|row| passes(*row, &outline.rows[*row as usize])).collect()
    };
    let mut say = |lint, rows: Vec<u32>, says: &dyn Fn(usize) -> String| {
        if !rows.is_empty() {
            let says = says(rows.len());
            found.push(finding(lint, rows, says));
        }
    };
    say(
        Lint::TruncatedAnswer,
        all(&|at, row| outline.is_truncated(row) && !tree.marks(at).has(Mark::Again)),
        &|n| {
            format!(
                "{n} {} cut at the limit of its length",
                if n == 1 { "answer was" } else { "answers were" }
            )
        },
    );
    say(Lint::UsageMismatch, rollups.disagree.clone(), &|n| {
        format!("{n} {} other tokens than what is below", if n == 1 { "span tells" } else { "spans tell" })
    });
    say(Lint::Orphans, all(&|row, _| tree.marks(row).has(Mark::Orphan)), &|n| {
        format!("of {n} {} the parent has not come", if n == 1 { "span" } else { "spans" })
    });
    say(
        Lint::UnknownPrice,
        all(&|at, row| {
            let costs = row.kind.is_inference() && row.tokens().is_some() && row.dollars.is_none();
            costs && !tree.marks(at).has(Mark::Again)
        }),
        &|n| format!("what {n} {} cost is unknown", if n == 1 { "call" } else { "calls" }),
    );
    found.sort_by_key(|finding| finding.lint);
    found
}

/// One tool, the same arguments, again and again.
fn repeated(outline: &Outline, tree: &Tree) -> Vec<Finding> {
    let mut calls: HashMap<(u32, u64), Vec<u32>> = HashMap::new();
    for at in tree.order() {
        let row = &outline.rows[*at as usize];
        if row.kind == Kind::Tool && row.arguments != 0 && !tree.marks(*at).has(Mark::Again) {
            let tool = u32::try_from(row.tool.index()).unwrap_or(0);
            calls.entry((tool, row.arguments)).or_default().push(*at);
        }
    }
    let mut found: Vec<Finding> = calls
        .into_values()
        .filter(|rows| rows.len() >= REPEATED)
        .map(|rows| {
            let tool = outline.names.get(outline.rows[rows[0] as usize].tool);
            let again = |at: &&u32| outline.was_made_already(&outline.rows[**at as usize]);
            let refused = match rows.iter().filter(again).count() {
                0 => String::new(),
                1 => "; one of the calls was not made again".to_owned(),
                more => format!("; {more} of the calls were not made again"),
            };
            let says = format!("{tool} was called {} times with the same arguments{refused}", rows.len());
            finding(Lint::RepeatedCall, rows, says)
        })
        .collect();
    found.sort_by(|a, b| a.rows.cmp(&b.rows));
    found
}

/// Siblings of one name that fail one after the other.
fn storms(outline: &Outline, tree: &Tree) -> Vec<Finding> {
    let row = |at: u32| &outline.rows[at as usize];
    let alike = |a: &u32, b: &u32| {
        let (a, b) = (row(*a), row(*b));
        (a.kind, a.name, a.is_error()) == (b.kind, b.name, b.is_error())
    };
    let groups = tree.order().iter().map(|at| tree.children(*at)).chain([tree.roots()]);
    let mut found = Vec::new();
    for children in groups {
        // Others between them, such as the model that asks again, do not end a storm; what was not made at all is no part of one.
        let is_made = |at: &u32| !outline.was_made_already(row(*at));
        let mut by_name: Vec<u32> = children.iter().copied().filter(is_made).collect();
        by_name.sort_by_key(|at| (row(*at).kind, row(*at).name));
        for run in by_name.chunk_by(alike) {
            if run.len() >= STORM && row(run[0]).is_error() {
                let says =
                    format!("{} failed {} times in a row", outline.names.get(row(run[0]).name), run.len());
                found.push(finding(Lint::RetryStorm, run.to_vec(), says));
            }
        }
    }
    found
}

/// A row, and the tokens of its prompt.
type Turn = (u32, u32);

/// Prompts of one model under one agent that grow and grow.
fn growth(outline: &Outline, tree: &Tree) -> Vec<Finding> {
    let mut turns: HashMap<(Option<u32>, usize), Vec<Turn>> = HashMap::new();
    // The agent that each row is under; parents stand before their children.
    let mut agents: Vec<Option<u32>> = vec![None; tree.len()];
    for at in tree.order() {
        let row = &outline.rows[*at as usize];
        let agent = tree.parent(*at).and_then(|parent| {
            let is_agent = outline.rows[parent as usize].kind == Kind::Agent;
            if is_agent { Some(parent) } else { agents[parent as usize] }
        });
        agents[*at as usize] = agent;
        if row.kind == Kind::Model
            && let Some(input) = row.usage.input
        {
            turns.entry((agent, row.model.index())).or_default().push((*at, input));
        }
    }
    let mut found = Vec::new();
    for turns in turns.into_values() {
        let (Some((_, first)), Some((_, last))) = (turns.first(), turns.last()) else { continue };
        if turns.len() < TURNS || *first == 0 || *last < LITTLE {
            continue;
        }
        let a_turn = (f64::from(*last) / f64::from(*first)).powf(1.0 / (turns.len() - 1) as f64);
        if a_turn > GROWTH {
            let more = (a_turn - 1.0) * 100.0;
            let says = format!("the prompt grew from {first} to {last} tokens, {more:.0} % a turn");
            found.push(finding(Lint::ContextGrowth, turns.iter().map(|(at, _)| *at).collect(), says));
        }
    }
    found.sort_by(|a, b| a.rows.cmp(&b.rows));
    found
}

/// What needs the contents of models and tools. They are told one at a time: what every tool gave, then what every model was asked
/// and wrote, each in any order. Nothing of them is held but how a result begins.
#[derive(Debug, Default)]
pub struct Reading {
    waiting: Vec<Waiting>,
    found: Vec<Finding>,
}

impl Reading {
    /// What the tool of a row gave.
    pub fn tool(&mut self, at: u32, row: &Row, said: &Contents) {
        self.waiting.extend(Waiting::of(at, row, said));
    }

    /// How many results are looked for in what the model of a row was asked: those that were there and that no prompt has held yet.
    pub fn due(&self, row: &Row) -> usize {
        self.waiting.iter().filter(|tool| tool.ended <= row.start).count()
    }

    /// What the model of a row was asked and wrote. `invalid` tells what is wrong with arguments by a schema, the schema first.
    pub fn model(
        &mut self,
        at: u32,
        row: &Row,
        said: &Contents,
        invalid: impl Fn(&Json, &Json) -> Option<String>,
    ) {
        self.found.extend(arguments(at, said, &invalid));
        if said.input.is_empty() {
            return;
        }
        for tool in self.waiting.iter_mut().filter(|tool| tool.ended <= row.start) {
            tool.was_due = true;
            tool.is_used = tool.stands_in(said);
        }
        // What was used is done with.
        self.waiting.retain(|tool| !tool.is_used);
    }

    /// All that was found, each kind in order of the spans' beginnings.
    pub fn findings(self, outline: &Outline) -> Vec<Finding> {
        let Self { waiting, mut found } = self;
        found.extend(waiting.into_iter().filter(|tool| tool.was_due).map(|tool| {
            let says = format!("no later prompt holds what {} gave", tool.name);
            finding(Lint::UnusedResult, vec![tool.row], says)
        }));
        let start = |row: &u32| (outline.rows[*row as usize].start, *row);
        found.sort_by_key(|finding| (finding.lint, finding.rows.first().map(start)));
        found
    }
}

/// A result that no prompt has held yet.
#[derive(Debug)]
struct Waiting {
    row: u32,
    name: String,
    id: Option<String>,
    ended: u64,
    /// Its beginning, in lower case.
    words: String,
    was_due: bool,
    is_used: bool,
}

impl Waiting {
    fn of(row: u32, facts: &Row, said: &Contents) -> Option<Self> {
        let ran = said.ran.as_ref()?;
        let text = text_of(ran.result.as_ref().filter(|result| !result.is_null())?);
        let words: String = text.trim().chars().take(KNOWN_BY).collect::<String>().to_lowercase();
        (!words.is_empty()).then(|| Self {
            row,
            name: ran.name.clone(),
            id: ran.id.clone(),
            ended: facts.end,
            words,
            was_due: false,
            is_used: false,
        })
    }

    fn stands_in(&self, said: &Contents) -> bool {
        said.input.iter().flat_map(|message| &message.parts).any(|part| match part {
            Part::ToolResult { id, result, .. } => {
                id.is_some() && *id == self.id || self.in_text(&text_of(result))
            }
            Part::Text { text } | Part::Reasoning { text, .. } => self.in_text(text),
            Part::Other { value, .. } => self.in_text(&text_of(value)),
            Part::ToolCall { .. } => false,
        })
    }

    fn in_text(&self, text: &str) -> bool {
        find::within(text, &self.words)
    }
}

fn text_of(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// Calls that a model wrote and that no tool can take.
fn arguments(at: u32, said: &Contents, invalid: &impl Fn(&Json, &Json) -> Option<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (_, name, arguments) in said.output.iter().flat_map(Said::calls) {
        let offered = said.offered.iter().find(|tool| tool.name == name);
        let wrong = |why: &str| format!("the arguments for {name} are wrong: {why}");
        let says = match offered {
            _ if !arguments.is_object() && !arguments.is_null() => Some(wrong("they are no JSON object")),
            None if !said.offered.is_empty() => {
                Some(format!("{name} was called, and no such tool was offered"))
            }
            Some(tool) if tool.schema.is_object() => invalid(&tool.schema, arguments).map(|why| wrong(&why)),
            _ => None,
        };
        if let Some(says) = says {
            found.push(finding(Lint::InvalidArguments, vec![at], says));
        }
    }
    found
}

#[cfg(test)]
mod tests;
