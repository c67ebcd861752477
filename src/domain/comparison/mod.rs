//! Models side by side: the same messages to each column, and what a person chose.
//!
//! A lane is one column's conversation on one page. Pages are rows of values and repeats: each is a whole conversation
//! with every column.

pub mod measure;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::attachment::Attachment;
use crate::domain::catalog::ModelId;
use crate::domain::conversation::Thread;
use crate::domain::evaluation::chance::Chance;
use crate::domain::evaluation::{Battle, Choice, battles};
use crate::domain::figures;
use crate::domain::hex::hex;
use crate::domain::id::{BallotId, ComparisonId, ConversationId, MessageId};
use crate::domain::message::{Block, Message, Role};
use crate::domain::prompt::{Template, Values};
use crate::domain::settings::Settings;
use crate::domain::time::Timestamp;
use crate::domain::tree::Tree;
use crate::domain::{Error, ErrorKind, Result};

/// The fewest and the most columns.
pub const COLUMNS: std::ops::RangeInclusive<usize> = 2..=8;

/// The most lanes: columns times rows of values times repeats.
pub const MOST_LANES: usize = 4096;

/// Who answers in a column, and with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub model: ModelId,
    /// It may have variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(default)]
    pub settings: Settings,
}

impl Column {
    /// A model with its defaults.
    pub fn new(model: ModelId) -> Self {
        Self { model, system: None, settings: Settings::default() }
    }

    /// Its name on a leaderboard: the model, and what else it was asked with. The same everywhere and for ever, so that
    /// votes of many comparisons meet under it; of a system prompt it tells a digest.
    pub fn contestant(&self) -> String {
        let template = Template { settings: self.settings.clone(), ..Template::default() };
        let mut name = self.model.to_string();
        for (setting, value) in template.facts() {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = write!(name, " {setting}={value}");
        }
        if let Some(system) = self.system.as_deref().filter(|system| !system.trim().is_empty()) {
            let digest = Sha256::digest(system.as_bytes());
            let _ = write!(name, " system#{}", hex(&digest[..4]));
        }
        name
    }
}

/// One conversation with every column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// In the places of the variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: Values,
    /// Which repeat it is, from 0.
    #[serde(default)]
    pub sample: u32,
    /// The conversation of each column, in the order of the columns.
    pub lanes: Vec<ConversationId>,
}

impl Page {
    /// What is sent on it: values in the place of the variables of what a person wrote; files stay as they are.
    pub fn filled(&self, blocks: &[Block]) -> Vec<Block> {
        let fill = |block: &Block| match block {
            Block::Text { text } if Attachment::of(block).is_none() => {
                let template = Template { text: text.clone(), ..Template::default() };
                Block::Text { text: template.filled(&self.values).text }
            }
            other => other.clone(),
        };
        blocks.iter().map(fill).collect()
    }
}

/// Columns that are asked the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub id: ComparisonId,
    /// From the first words of the first message.
    pub title: String,
    pub created: Timestamp,
    /// The last turn or choice.
    pub updated: Timestamp,
    pub columns: Vec<Column>,
    pub pages: Vec<Page>,
    /// Who answers is hidden until a choice is made; the order of the columns is drawn with this seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<u64>,
    /// What it is about, for the leaderboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

impl Comparison {
    /// The columns in the order in which a page shows them: as they are, and blind in one that is drawn for the page.
    pub fn order(&self, page: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        if let Some(seed) = self.blind {
            Chance::of(&[b"columns", &seed.to_be_bytes(), &(page as u64).to_be_bytes()]).shuffle(&mut order);
        }
        order
    }

    /// Every lane with its column and page.
    pub fn lanes(&self) -> impl Iterator<Item = (usize, usize, ConversationId)> + '_ {
        self.pages.iter().enumerate().flat_map(|(page, of)| {
            of.lanes.iter().enumerate().map(move |(column, lane)| (page, column, *lane))
        })
    }
}

/// What a person wants compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub columns: Vec<Column>,
    /// Rows of values for the variables; none is one row without values.
    #[serde(default)]
    pub rows: Vec<Values>,
    /// How often each row is asked.
    pub samples: u32,
    #[serde(default)]
    pub blind: bool,
    #[serde(default)]
    pub category: Option<String>,
    /// What will be asked first: it names the comparison, and its variables have the rows' values.
    pub text: String,
}

/// A table of values as a file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The file's name.
    pub name: String,
    pub text: String,
}

impl Plan {
    /// How many conversations it makes.
    ///
    /// # Errors
    ///
    /// `Invalid` where there are too few or too many columns, no repeat, more lanes than anybody wants by intent, or a
    /// variable for which a row has no value.
    pub fn lanes(&self) -> Result<usize> {
        let failed = |why: String, hint: &str| {
            Err(Error::new(ErrorKind::Invalid, "comparing models", why, hint.to_owned()))
        };
        let columns = self.columns.len();
        if !COLUMNS.contains(&columns) {
            let hint = "Name 2 to 8: -m MODEL -m MODEL. The same one may stand twice, with other settings.";
            let have = figures::count(columns as u64, "column", "columns");
            return failed(format!("it would have {have}"), hint);
        }
        if self.samples == 0 {
            return failed("nothing is asked 0 times".to_owned(), "Ask once or more often.");
        }
        let pages = self.rows.len().max(1).saturating_mul(self.samples as usize);
        let lanes = pages.saturating_mul(columns);
        if lanes > MOST_LANES {
            let why = format!("{columns} columns on {pages} pages are {lanes} answers a turn");
            return failed(why, &format!("Take {MOST_LANES} at most: fewer rows, or fewer repeats."));
        }
        for (at, row) in self.rows.iter().enumerate() {
            if let Some(missing) = self.variables().find(|name| !row.contains_key(name)) {
                let why = format!("row {} has no value for {{{{{missing}}}}}", at + 1);
                let has = row.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                return failed(why, &format!("It has {has}."));
            }
        }
        Ok(lanes)
    }

    /// The variables of the text and of the system prompts.
    fn variables(&self) -> impl Iterator<Item = String> + '_ {
        let texts = std::iter::once(&self.text).chain(self.columns.iter().filter_map(|c| c.system.as_ref()));
        texts.flat_map(|text| {
            let template = Template { text: text.clone(), ..Template::default() };
            template.variables().into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
    }

    /// The pages without their lanes: every repeat of the first row, then of the next.
    pub fn pages(&self) -> impl Iterator<Item = (Values, u32)> + '_ {
        let one = if self.rows.is_empty() { Some(Values::new()) } else { None };
        let rows = self.rows.iter().cloned().chain(one);
        rows.flat_map(|row| (0..self.samples).map(move |sample| (row.clone(), sample)))
    }
}

/// A choice among the answers of one turn on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ballot {
    pub id: BallotId,
    pub at: Timestamp,
    /// Who chose.
    pub who: String,
    pub comparison: ComparisonId,
    pub page: u32,
    /// The answers chosen among, in the order of the columns.
    pub answers: Vec<MessageId>,
    /// The contestants, in the order of the columns.
    pub contestants: Vec<String>,
    /// The columns as they stood on the screen, from the left.
    pub order: Vec<usize>,
    /// The seed of that order, where the columns were hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<u64>,
    /// The column, not the place on the screen.
    pub choice: Choice,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What was asked, as a digest: choices about one prompt belong together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
}

impl Ballot {
    /// Whether it is about the same answers, by the same person: the later one counts.
    pub fn supersedes(&self, other: &Self) -> bool {
        self.who == other.who && self.answers == other.answers && (self.at, self.id) > (other.at, other.id)
    }

    /// What it says of every two contestants.
    pub fn battles(&self) -> Vec<Battle> {
        let told = |battle| Battle { category: self.category.clone(), prompt: self.prompt.clone(), ..battle };
        battles(&self.contestants, self.choice).into_iter().map(told).collect()
    }
}

/// The ballots that count, in their order: of each person the last about the same answers.
pub fn counted(ballots: &[Ballot]) -> Vec<&Ballot> {
    let mut last: BTreeMap<(&str, &[MessageId]), &Ballot> = BTreeMap::new();
    for ballot in ballots {
        let held = last.entry((&ballot.who, &ballot.answers)).or_insert(ballot);
        if ballot.supersedes(held) {
            *held = ballot;
        }
    }
    let mut counted: Vec<_> = last.into_values().collect();
    counted.sort_by_key(|ballot| (ballot.at, ballot.id));
    counted
}

/// What a column is called on a screen: A to H.
pub fn letter(column: usize) -> char {
    u8::try_from(column).map_or('?', |column| char::from(b'A'.saturating_add(column)))
}

/// A message to every column, and what each said to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn<'a> {
    pub asked: Option<&'a Message>,
    /// In the order of the columns; `None` where a column has none yet.
    pub answers: Vec<Option<&'a Message>>,
}

/// The turns of a page whose conversations are given in the order of the columns: the branch that each shows.
pub fn turns(threads: &[Thread]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for (column, thread) in threads.iter().enumerate() {
        let path = thread.conversation.leaf.map(|leaf| Tree::new(&thread.messages).path(leaf));
        let mut at = 0_usize;
        for message in path.unwrap_or_default() {
            if message.role == Role::User {
                at += 1;
            }
            let Some(turn) = at.checked_sub(1) else { continue };
            if turns.len() <= turn {
                turns.push(Turn { asked: None, answers: vec![None; threads.len()] });
            }
            if message.role == Role::User {
                turns[turn].asked.get_or_insert(message);
            } else if message.role == Role::Assistant {
                turns[turn].answers[column] = Some(message);
            }
        }
    }
    turns
}

/// A digest of what was asked.
pub fn prompt_digest(blocks: &[Block]) -> String {
    let mut hash = Sha256::new();
    for block in blocks {
        match block {
            Block::Text { text } => hash.update(text.as_bytes()),
            Block::Image { blob, .. } | Block::Document { blob, .. } => hash.update(blob.0.as_bytes()),
            _ => {}
        }
        hash.update([0]);
    }
    hex(&hash.finalize()[..8])
}
