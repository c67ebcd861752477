//! What a rater elsewhere gives back: a vote a line, only ever added to.
//!
//! ```text
//! {"form": "outcrop ratings 1", "task": "…", "version": 1, "rater": "…", "digest": "…"}
//! {"place": 3, "id": "…", "item": "…", "shown": ["…", "…"], "said": {"values": […]}, "active_ms": 4250, "at": 1717799542994}
//! ```
//!
//! Whose answers they are and whether a place was a repeat is known at home alone. A vote that is thought better of stays: a
//! later one supersedes it. Whoever adds to a file whose last line does not end ends it first.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::hand_out::{HandOut, first_line};
use super::lines::{Bad, Read, jsonl, line};
use crate::domain::Result;
use crate::domain::evaluation::item::ItemHash;
use crate::domain::evaluation::task::TaskDefinition;
use crate::domain::evaluation::vote::{ResponseId, Said, Vote};
use crate::domain::id::VoteId;
use crate::domain::time::Timestamp;

/// What the first line calls itself.
pub const FORM: &str = "outcrop ratings 1";

/// The first line: which hand-out was rated, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub form: String,
    /// The task's id.
    pub task: String,
    pub version: u32,
    pub rater: String,
    /// Of the hand-out.
    pub digest: String,
}

/// A vote and the place of the hand-out that it is on.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    pub place: u32,
    /// Never a repeat as it is read: that is for whoever has the queue to say.
    pub vote: Vote,
}

/// A vote as it stands in the file: rater and version are in the first line.
#[derive(Serialize, Deserialize)]
struct Line {
    place: u32,
    id: VoteId,
    item: ItemHash,
    shown: Vec<ResponseId>,
    said: Said,
    active_ms: u64,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supersedes: Option<VoteId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

impl Header {
    /// For the ratings of a hand-out.
    pub fn of(hand_out: &HandOut) -> Self {
        let known = &hand_out.header;
        Self {
            form: FORM.to_owned(),
            task: known.task.clone(),
            version: known.version,
            rater: known.rater.clone(),
            digest: known.digest.clone(),
        }
    }

    /// The first line.
    pub fn write(&self) -> Result<String> {
        line(self)
    }

    /// Everything that tells it from the ratings of a hand-out, each in a sentence.
    fn wrong(&self, hand_out: &HandOut) -> Vec<String> {
        let known = &hand_out.header;
        if self.task != known.task {
            return vec![format!("it is of another task, {:?}, not {:?}", self.task, known.task)];
        }
        let mut wrong = Vec::new();
        if self.version != known.version {
            wrong.push(format!("it is of version {} of the task, not {}", self.version, known.version));
        }
        if self.rater != known.rater {
            wrong.push(format!("it is of the rater {:?}, not {:?}", self.rater, known.rater));
        }
        if wrong.is_empty() && self.digest != known.digest {
            wrong.push("it is of another hand-out than this one: the digest does not fit".to_owned());
        }
        wrong
    }
}

impl Given {
    /// Its line.
    pub fn write(&self) -> Result<String> {
        let Vote { id, item, shown, said, active_ms, at, supersedes, comment, .. } = self.vote.clone();
        line(&Line { place: self.place, id, item, shown, said, active_ms, at, supersedes, comment })
    }
}

/// A whole file.
pub fn write<'a>(header: &Header, votes: impl IntoIterator<Item = &'a Given>) -> Result<String> {
    let mut text = header.write()?;
    for given in votes {
        text.push_str(&given.write()?);
    }
    Ok(text)
}

/// The first line, by which the hand-out is found; else what is wrong with the file.
pub fn header(bytes: &[u8]) -> std::result::Result<Header, Vec<Bad>> {
    let first = bytes.split_inclusive(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    first_line(jsonl(first.unwrap_or_default()), FORM, "rating file").map(|((_, header), _)| header)
}

/// The votes of a file on this hand-out. A file of another task, version, rater or hand-out holds none; of any other every
/// line that does not fit is named and left out, a half-written last one among them.
pub fn read(bytes: &[u8], hand_out: &HandOut) -> Read<Given> {
    let lines: Read<Value> = jsonl(bytes);
    let ((at, header), rest): ((usize, Header), _) = match first_line(lines, FORM, "rating file") {
        Ok(found) => found,
        Err(bad) => return Read { taken: Vec::new(), bad },
    };
    let wrong = header.wrong(hand_out);
    if !wrong.is_empty() {
        let bad = wrong.into_iter().map(|why| Bad { line: at, why }).collect();
        return Read { taken: Vec::new(), bad };
    }
    let mut votes =
        Votes { hand_out, task: hand_out.header.task(), known: HashMap::new(), at: HashMap::new() };
    let mut read = Read { taken: Vec::with_capacity(rest.taken.len()), bad: rest.bad };
    for (number, value) in rest.taken {
        let given = serde_json::from_value::<Line>(value).map_err(|why| why.to_string());
        read.push(number, given.and_then(|given| votes.take(number, given, &header)));
    }
    read.bad.sort_by_key(|bad| bad.line);
    read
}

/// The votes of a file as far as it was read.
struct Votes<'a> {
    hand_out: &'a HandOut,
    task: TaskDefinition,
    /// The line and the place of every vote.
    known: HashMap<VoteId, (usize, u32)>,
    /// The vote that stands at each place.
    at: HashMap<u32, VoteId>,
}

impl Votes<'_> {
    fn take(&mut self, number: usize, given: Line, header: &Header) -> std::result::Result<Given, String> {
        let Line { place, id, item, shown, said, active_ms, at, supersedes, comment } = given;
        let Some(placed) = self.hand_out.at(place) else {
            return Err(format!("it is on place {place}, the hand-out has {}", self.hand_out.items.len()));
        };
        if placed.item != item {
            return Err(format!("it is on an item that does not stand at place {place}"));
        }
        let stand = || placed.answers.iter().map(|answer| &answer.id);
        let says_nothing = !matches!(said, Said::Values(_)) && shown.is_empty();
        if !says_nothing && !shown.iter().eq(stand()) {
            return Err(format!("it is on other answers than stand at place {place}"));
        }
        if let Some((line, _)) = self.known.get(&id) {
            return Err(format!("the vote of line {line} stands here a second time"));
        }
        if let Some((line, other)) = supersedes.and_then(|id| self.known.get(&id)).filter(|it| it.1 != place)
        {
            return Err(format!("it takes the place of the vote of line {line}, which is on place {other}"));
        }
        // Where the vote that it takes the place of cannot be read, the one before that still seems to stand.
        let is_lost = supersedes.is_some_and(|id| !self.known.contains_key(&id));
        if let Some(standing) = self.at.get(&place).filter(|id| !is_lost && supersedes != Some(**id)) {
            let line = self.known.get(standing).map_or(0, |(line, _)| *line);
            return Err(format!("place {place} was rated in line {line}, whose place it does not take"));
        }
        let withdrawn = said == Said::Withdrawn;
        if withdrawn && supersedes.is_none() {
            return Err("it takes a vote back and does not say which".to_owned());
        }
        let vote = Vote {
            id,
            rater: header.rater.clone(),
            item,
            version: header.version,
            shown,
            said,
            active_ms,
            at,
            supersedes,
            comment,
            repeat: false,
        };
        vote.check(&self.task).map_err(|error| error.why)?;
        self.known.insert(id, (number, place));
        if withdrawn {
            self.at.remove(&place);
        } else {
            self.at.insert(place, id);
        }
        Ok(Given { place, vote })
    }
}
