//! Code: plain at once, highlighted when it can be.
//!
//! Highlighting is slow, and loading its grammars slower, so neither happens while a frame is drawn. A [`Code`] numbers its
//! lines by a hash of everything before them; [`Highlights`] remembers inks by that number, so it can be filled in any order, by
//! another thread, and serves every place that shows the same lines. What a frame misses is a [`Want`]; a
//! [`Highlighter`] answers it with [`Inked`], going on from the state where it stopped last.

mod highlighter;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

pub use highlighter::{Highlighter, Resume};

use crate::tui::look::Role;
use crate::tui::widget::text::{Row, Source, Span};

/// Lines that one want asks for at most.
const BATCH: usize = 200;
/// Lines remembered; more than that, and all are forgotten.
const REMEMBERED: usize = 20_000;

/// Lines of one block that are highlighted.
const INKED: usize = REMEMBERED / 2;

/// A code block as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub language: String,
    /// Its last line may still grow.
    pub open: bool,
    lines: Vec<Line>,
    begin: u64,
}

/// A line of it: safe, without tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub source: Source,
    /// Stands for the line and all before it.
    number: u64,
}

impl Code {
    /// An empty block.
    pub fn new(language: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        language.hash(&mut hasher);
        Self { language: language.to_owned(), open: false, lines: Vec::new(), begin: hasher.finish() }
    }

    /// Appends a line.
    pub fn push(&mut self, text: String, source: Source) {
        let mut hasher = DefaultHasher::new();
        self.number_before(self.lines.len()).hash(&mut hasher);
        text.hash(&mut hasher);
        self.lines.push(Line { text, source, number: hasher.finish() });
    }

    /// Takes back all lines but the first `lines`.
    pub fn truncate(&mut self, lines: usize) {
        self.lines.truncate(lines);
    }

    /// Its lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Its code, cut from the text that it stands in.
    pub fn source(&self, text: &str) -> String {
        let lines: Vec<&str> = self
            .lines
            .iter()
            .map(|line| text.get(line.source.start as usize..line.source.end as usize).unwrap_or(""))
            .collect();
        lines.join("\n")
    }

    fn number_before(&self, line: usize) -> u64 {
        line.checked_sub(1).and_then(|i| self.lines.get(i)).map_or(self.begin, |line| line.number)
    }
}

/// Code that is shown plain and could be highlighted: what a worker needs to do it.
#[derive(Debug, Clone, PartialEq)]
pub struct Want {
    pub language: String,
    pub lines: Vec<String>,
    /// The number of each line.
    numbers: Vec<u64>,
    /// Where the highlighter stopped before these lines; `None` at the start of a block.
    resume: Option<Resume>,
}

impl Want {
    /// Whether both begin at the same line of the same code.
    pub(crate) fn same_block(&self, other: &Self) -> bool {
        self.numbers.first() == other.numbers.first()
    }
}

/// The answer to a want.
#[derive(Debug, Clone, PartialEq)]
pub struct Inked {
    lines: Vec<(u64, Inks)>,
    resume: Option<(u64, Resume)>,
}

/// Lengths in bytes and their roles; what is left is text.
type Inks = Arc<[(u32, Role)]>;

/// Highlighted lines by their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Highlights {
    lines: HashMap<u64, Inks>,
    resumes: HashMap<u64, Resume>,
}

impl Highlights {
    /// Remembers an answer.
    pub fn take(&mut self, inked: Inked) {
        if self.lines.len() + inked.lines.len() > REMEMBERED {
            self.lines.clear();
            self.resumes.clear();
        }
        self.lines.extend(inked.lines);
        self.resumes.extend(inked.resume);
    }

    /// Puts the inks that are known on a row that shows a line of `code`; false where they are not.
    pub fn ink(&self, code: &Code, row: &mut Row) -> bool {
        let Some(shown) = row.code else { return true };
        let Some(line) = shown.line.and_then(|i| code.lines.get(i as usize)) else { return true };
        let Some(inks) = self.lines.get(&line.number) else { return false };
        let Some(at) = row.spans.iter().position(|span| span.source.is_some()) else { return true };
        let plain = row.spans.remove(at);
        let (from, to) = (shown.offset as usize, shown.offset as usize + plain.text.len());
        let mut pieces = Vec::new();
        let mut start = 0;
        for (length, role) in inks.iter().copied().chain([(u32::MAX, Role::Text)]) {
            let end = start + length as usize;
            let (a, b) = (start.max(from), end.min(to));
            if a < b
                && let Some(text) = plain.text.get(a - from..b - from)
            {
                let source = plain.source.map(|s| Source {
                    start: s.start + if s.exact { (a - from) as u32 } else { 0 },
                    end: if s.exact { s.start + (b - from) as u32 } else { s.end },
                    exact: s.exact,
                });
                pieces.push(Span { text: text.to_owned(), ink: plain.ink.role(role), source });
            }
            start = end;
            if start >= to {
                break;
            }
        }
        if pieces.is_empty() {
            pieces.push(plain);
        }
        row.spans.splice(at..at, pieces);
        true
    }

    /// What is missing to ink the lines of `code` up to `line`; `None` where nothing is, or where the last line grows.
    pub fn want(&self, code: &Code, line: usize) -> Option<Want> {
        let whole = code.lines.len() - usize::from(code.open && !code.lines.is_empty());
        // What cannot be remembered together with all before it stays plain.
        if line >= INKED {
            return None;
        }
        let end = whole.min(line + 1);
        let missing = code.lines[..end].iter().position(|line| !self.lines.contains_key(&line.number))?;
        let start =
            (1..=missing).rev().find(|i| self.resumes.contains_key(&code.number_before(*i))).unwrap_or(0);
        let resume = self.resumes.get(&code.number_before(start)).filter(|_| start > 0).cloned();
        // A little more than what is seen, so that scrolling down finds it ready.
        let end = whole.min((end + 50).min(start + BATCH));
        let lines = &code.lines[start..end];
        (!lines.is_empty()).then(|| Want {
            language: code.language.clone(),
            lines: lines.iter().map(|line| line.text.clone()).collect(),
            numbers: lines.iter().map(|line| line.number).collect(),
            resume,
        })
    }
}
