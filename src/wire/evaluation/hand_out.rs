//! What a rater elsewhere gets: the items in their own order, with answers that nobody's name is on.
//!
//! ```text
//! {"form": "outcrop hand-out 1", "task": "…", "name": "…", "version": 1, "rater": "…", "instructions": "…", "examples": […],
//!  "metrics": […], "blinding": {…}, "items": 57, "digest": "…"}
//! {"place": 1, "item": "…", "turns": […], "reference": "…", "answers": [{"id": "…", "text": "…"}], "check": "…"}
//! ```
//!
//! It holds no model's name, no category, no known answer but the reference that raters are shown, and nothing that tells a
//! repeat from an item that came for the first time: that place 12 is place 3 again is known to whoever has the queue. What a
//! model says in its own text is not masked here: see `domain::evaluation::masking`. `item` is its hash, and where texts are
//! masked a name that tells nothing of them: see `ItemHash::keyed`. That nothing was changed is told by `check` and `digest`,
//! which are of the file alone, and of which home keeps the second.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lines::{Bad, Read, jsonl, line};
use crate::domain::Result;
use crate::domain::evaluation::item::{ItemHash, Turn};
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::task::{Blinding, Example, TaskDefinition};
use crate::domain::evaluation::vote::ResponseId;
use crate::domain::hex::hex;

/// What the first line calls itself.
pub const FORM: &str = "outcrop hand-out 1";

/// Whether a file that begins so calls itself a hand-out.
pub fn begins(bytes: &[u8]) -> bool {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    first.trim_start_matches(['\u{feff}', ' ']).starts_with('{') && first.contains(FORM)
}

/// A hand-out, whole and unchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct HandOut {
    pub header: Header,
    /// In the rater's order.
    pub items: Vec<Placed>,
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub form: String,
    /// The task's id.
    pub task: String,
    pub name: String,
    pub version: u32,
    pub rater: String,
    pub instructions: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
    pub metrics: Vec<Metric>,
    #[serde(default)]
    pub blinding: Blinding,
    /// How many lines follow.
    pub items: u32,
    /// SHA-256 of all that, in hexadecimal: a rating file tells by it which hand-out it is of.
    pub digest: String,
}

/// An item as it is before the rater.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Counts from 1, in the rater's order.
    pub place: u32,
    pub item: ItemHash,
    /// Up to the question, which is last.
    pub turns: Vec<Turn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// From the left.
    pub answers: Vec<Answer>,
    /// SHA-256 of all that, in hexadecimal.
    pub check: String,
}

/// An answer by nobody's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub id: ResponseId,
    pub text: String,
}

/// An item that is to be handed out, with its texts as the rater is to see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub item: ItemHash,
    pub turns: Vec<Turn>,
    pub reference: Option<String>,
    pub answers: Vec<Answer>,
}

impl HandOut {
    /// Of the task with this id for a rater: the items in their order, an item that is to come again twice.
    pub fn of(
        id: impl Into<String>,
        task: &TaskDefinition,
        rater: impl Into<String>,
        shown: impl IntoIterator<Item = Shown>,
    ) -> Self {
        let items: Vec<Placed> = shown
            .into_iter()
            .zip(1..)
            .map(|(Shown { item, turns, reference, answers }, place)| {
                let placed = Placed { place, item, turns, reference, answers, check: String::new() };
                Placed { check: placed.checked(), ..placed }
            })
            .collect();
        let header = Header {
            form: FORM.to_owned(),
            task: id.into(),
            name: task.name.clone(),
            version: task.version,
            rater: rater.into(),
            instructions: task.instructions.clone(),
            examples: task.examples.clone(),
            metrics: task.metrics.clone(),
            blinding: task.blinding,
            items: items.len() as u32,
            digest: String::new(),
        };
        Self { header: Header { digest: header.digested(&items), ..header }, items }
    }

    /// The item at a place.
    pub fn at(&self, place: u32) -> Option<&Placed> {
        self.items.get(place.checked_sub(1)? as usize).filter(|placed| placed.place == place)
    }

    /// As a file.
    pub fn write(&self) -> Result<String> {
        let mut text = line(&self.header)?;
        for placed in &self.items {
            text.push_str(&line(placed)?);
        }
        Ok(text)
    }
}

impl Header {
    /// The task as far as a rater knows it.
    pub fn task(&self) -> TaskDefinition {
        TaskDefinition {
            name: self.name.clone(),
            instructions: self.instructions.clone(),
            examples: self.examples.clone(),
            metrics: self.metrics.clone(),
            raters_per_item: 1,
            blinding: self.blinding,
            gold: Vec::new(),
            repeats: 0,
            version: self.version,
        }
    }

    fn digested(&self, items: &[Placed]) -> String {
        let mut parts = Parts::new("outcrop hand-out 1");
        parts
            .text(&self.task)
            .text(&self.name)
            .number(self.version)
            .text(&self.rater)
            .text(&self.instructions);
        parts.number(self.examples.len() as u32);
        for example in &self.examples {
            parts.text(&example.prompt).text(&example.response).text(&example.rating);
        }
        parts.number(self.metrics.len() as u32);
        for metric in &self.metrics {
            parts.text(&metric.name).text(&metric.description).text(metric.method.as_str());
            parts.number(metric.labels.len() as u32);
            for label in &metric.labels {
                parts.text(label);
            }
        }
        let Blinding { models, sides, self_naming } = self.blinding;
        parts.number(u32::from(models)).number(u32::from(sides)).number(u32::from(self_naming));
        parts.number(items.len() as u32);
        for placed in items {
            parts.text(&placed.check);
        }
        parts.digest()
    }
}

impl Placed {
    /// What its check must be.
    fn checked(&self) -> String {
        let mut parts = Parts::new("outcrop hand-out item 1");
        parts.number(self.place).text(&self.item.0).number(self.turns.len() as u32);
        for turn in &self.turns {
            parts.text(turn.role.as_str()).text(&turn.text);
        }
        parts.number(u32::from(self.reference.is_some())).text(self.reference.as_deref().unwrap_or_default());
        for answer in &self.answers {
            parts.text(&answer.id.0).text(&answer.text);
        }
        parts.digest()
    }
}

/// Texts with their lengths, so that no two lists of them meet by being joined.
struct Parts(Sha256);

impl Parts {
    fn new(what: &str) -> Self {
        let mut parts = Self(Sha256::new());
        parts.text(what);
        parts
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
        self
    }

    fn number(&mut self, number: u32) -> &mut Self {
        self.0.update(number.to_be_bytes());
        self
    }

    fn digest(self) -> String {
        hex(&self.0.finalize())
    }
}

/// What a file that may be a hand-out held.
#[derive(Debug, Clone, PartialEq)]
pub struct HandOutRead {
    /// `None` where the file is no hand-out; then nothing else was taken.
    pub header: Option<Header>,
    pub items: Read<Placed>,
}

impl HandOutRead {
    /// The hand-out, if all of it is there as it was written.
    pub fn whole(self) -> std::result::Result<HandOut, Vec<Bad>> {
        match self.header {
            Some(header) if self.items.bad.is_empty() => {
                Ok(HandOut { header, items: self.items.into_taken() })
            }
            _ => Err(self.items.bad),
        }
    }
}

/// Reads a hand-out; every line that is not as it was written is named and left out.
pub fn read(bytes: &[u8]) -> HandOutRead {
    let lines: Read<serde_json::Value> = jsonl(bytes);
    let (header, rest) = match first_line(lines, FORM, "hand-out") {
        Ok(found) => found,
        Err(bad) => return HandOutRead { header: None, items: Read { taken: Vec::new(), bad } },
    };
    let (at, header): (usize, Header) = header;
    let mut seen: HashMap<u32, usize> = HashMap::new();
    let mut items = Read::default();
    let mut bad = rest.bad;
    for (line, value) in rest.taken {
        let placed = serde_json::from_value::<Placed>(value).map_err(|why| why.to_string());
        items.push(
            line,
            placed.and_then(|placed| {
                if let Some(first) = seen.get(&placed.place) {
                    return Err(format!("place {} stands in line {first} already", placed.place));
                }
                if !(1..=header.items).contains(&placed.place) {
                    return Err(format!(
                        "it is of place {}, the hand-out has {}",
                        placed.place, header.items
                    ));
                }
                if placed.check != placed.checked() {
                    return Err(format!(
                        "the item at place {} was changed: its check does not fit",
                        placed.place
                    ));
                }
                seen.insert(placed.place, line);
                Ok(placed)
            }),
        );
    }
    items.bad.append(&mut bad);
    if items.bad.is_empty() {
        let why = if items.taken.len() != header.items as usize {
            Some(format!("it tells of {} items, the file holds {}", header.items, items.taken.len()))
        } else if items.taken.iter().zip(1..).any(|((_, placed), place)| placed.place != place) {
            Some("the items do not stand in their order".to_owned())
        } else {
            let placed: Vec<Placed> = items.taken.iter().map(|(_, placed)| placed.clone()).collect();
            (header.digest != header.digested(&placed))
                .then(|| "the first line or the items were changed: the digest does not fit".to_owned())
        };
        items.bad.extend(why.map(|why| Bad { line: at, why }));
    }
    items.bad.sort_by_key(|bad| bad.line);
    HandOutRead { header: Some(header), items }
}

/// A first line with its number.
type First<H> = (usize, H);

/// The first line of a file of this form, and the others; else what is wrong with the file.
pub(super) fn first_line<H: serde::de::DeserializeOwned>(
    mut lines: Read<serde_json::Value>,
    form: &str,
    noun: &str,
) -> std::result::Result<(First<H>, Read<serde_json::Value>), Vec<Bad>> {
    let wrong = |line: usize, why: String| Err(vec![Bad { line, why }]);
    let first = lines.taken.first().map(|(line, _)| *line);
    match (first, lines.bad.first()) {
        (None, None) => return wrong(1, format!("the file is empty, and so no {noun}")),
        (None, Some(_)) => return Err(lines.bad),
        (Some(first), Some(bad)) if bad.line < first => return Err(lines.bad),
        _ => {}
    }
    let (line, value) = lines.taken.remove(0);
    let Some(said) = value.get("form").and_then(serde_json::Value::as_str) else {
        return wrong(line, format!("it has no form: the file is no {noun}"));
    };
    if said != form {
        return wrong(line, format!("its form is {said:?}, not {form:?}"));
    }
    match serde_json::from_value(value) {
        Ok(header) => Ok(((line, header), lines)),
        Err(why) => wrong(line, why.to_string()),
    }
}
