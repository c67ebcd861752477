//! Cutting a document's text into passages: Amazon Bedrock's strategies, by tokens of the embedder's own tokenizer.
//!
//! ```text
//! text, byte ranges of its tokens, its sections ─► sentences ─► atoms (nothing larger than a passage) ─► passages
//! ```
//!
//! A text is tokenised once, by whoever calls. Sentences stay whole; one that is longer than a passage is cut at its lines,
//! else at its phrases, words, at last graphemes. A single grapheme is never split, however many tokens it has.

mod atoms;
mod pack;
mod semantic;
mod sentences;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::{Error, ErrorKind, Result};

pub use semantic::Semantic;
pub use sentences::sentences;
pub use tokens::Tokens;

/// The most tokens of a passage that may be asked for.
pub const MOST_TOKENS: u32 = 8192;

/// How a document is cut. The numbers' ranges are Bedrock's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "strategy", rename_all = "snake_case")]
pub enum Chunking {
    /// 200 tokens, whole sentences, a fifth of them again in the next; a document with fewer is one passage (Bedrock's FAQ).
    #[default]
    Default,
    /// About 300 tokens, whole sentences (Bedrock's documentation today, which tells no overlap: a fifth here too).
    Today,
    /// As large and with as much overlap as asked, whole sentences.
    Fixed {
        /// 1 to 8192.
        max_tokens: u32,
        /// 1 to 99.
        overlap_percent: u32,
    },
    /// One passage a document.
    None,
    /// Small passages are found, the large ones that they lie in are given.
    Hierarchical {
        /// 1 to 8192 tokens.
        parent: u32,
        /// 1 to as many as a parent has.
        child: u32,
        /// Tokens, at least 1, repeated between neighbours of one level.
        overlap: u32,
    },
    /// Cut where the sense of neighbouring sentences is farthest apart.
    Semantic {
        /// 1 to 8192.
        max_tokens: u32,
        /// So many sentences before and after are embedded with each: 0 or 1.
        buffer: u32,
        /// 50 to 99.
        breakpoint_percentile: u32,
    },
}

/// A text that is to be cut.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    pub text: &'a str,
    pub tokens: &'a Tokens,
    /// Pages, sheets, chapters: passages do not reach across their bounds. In order, without overlap; what lies in none is
    /// a section of its own. None at all for a text that is all one.
    pub sections: &'a [Range<usize>],
    /// Rows that name the columns of a table, in order: the passages below are understood by them.
    pub headers: &'a [Header],
}

/// A row that names the columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its bytes.
    pub row: Range<usize>,
    /// The byte behind the last one of the table.
    pub end: usize,
}

/// One passage as it is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Bytes of the text, without white space at the ends.
    pub range: Range<usize>,
    /// Those of its header among them.
    pub tokens: u32,
    /// The row that names the columns of what it has, where that stands before it.
    pub header: Option<Range<usize>>,
    /// Which of the parents it lies in.
    pub parent: Option<usize>,
}

/// A text in passages, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cuts {
    pub passages: Vec<Cut>,
    /// Of hierarchical chunking alone.
    pub parents: Vec<Cut>,
}

/// What it takes to cut a text.
#[derive(Debug)]
pub enum Plan<'a> {
    Cut(Cuts),
    /// The vectors of its sentences are needed first.
    Semantic(Semantic<'a>),
}

impl fmt::Display for Chunking {
    /// As `--chunking` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Today => f.write_str("today"),
            Self::None => f.write_str("none"),
            Self::Fixed { max_tokens, overlap_percent } => write!(f, "fixed:{max_tokens}:{overlap_percent}"),
            Self::Hierarchical { parent, child, overlap } => {
                write!(f, "hierarchical:{parent}:{child}:{overlap}")
            }
            Self::Semantic { max_tokens, buffer, breakpoint_percentile } => {
                write!(f, "semantic:{max_tokens}:{buffer}:{breakpoint_percentile}")
            }
        }
    }
}

impl FromStr for Chunking {
    type Err = Error;

    /// As it is written: a name, and numbers behind colons, which are within their ranges.
    fn from_str(said: &str) -> Result<Self> {
        let wrong = || {
            let hint =
                "Write default, today, none, fixed:200:20, hierarchical:1500:300:60, or semantic:300:0:95.";
            Error::new(
                ErrorKind::Invalid,
                "choosing how documents are cut",
                format!("{said:?} is no way"),
                hint,
            )
        };
        let mut parts = said.trim().split(':');
        let name = parts.next().unwrap_or_default();
        let numbers: Vec<u32> = parts.map(|part| part.parse().map_err(|_| wrong())).collect::<Result<_>>()?;
        let chunking = match (name, numbers.as_slice()) {
            ("default", []) => Self::Default,
            ("today", []) => Self::Today,
            ("none", []) => Self::None,
            ("fixed", [max_tokens, overlap_percent]) => {
                Self::Fixed { max_tokens: *max_tokens, overlap_percent: *overlap_percent }
            }
            ("hierarchical", [parent, child, overlap]) => {
                Self::Hierarchical { parent: *parent, child: *child, overlap: *overlap }
            }
            ("semantic", [max_tokens, buffer, breakpoint_percentile]) => Self::Semantic {
                max_tokens: *max_tokens,
                buffer: *buffer,
                breakpoint_percentile: *breakpoint_percentile,
            },
            _ => return Err(wrong()),
        };
        chunking.check()?;
        Ok(chunking)
    }
}

impl Chunking {
    /// Whether its numbers are within Bedrock's ranges.
    pub fn check(self) -> Result<()> {
        let within = |what: &str, number: u32, range: std::ops::RangeInclusive<u32>| {
            if range.contains(&number) {
                return Ok(());
            }
            let why = format!("{what} is {number}");
            let hint = format!("Give {} to {}.", range.start(), range.end());
            Err(Error::new(ErrorKind::Invalid, "choosing how documents are cut", why, hint))
        };
        match self {
            Self::Default | Self::Today | Self::None => Ok(()),
            Self::Fixed { max_tokens, overlap_percent } => {
                within("the most tokens of a passage", max_tokens, 1..=MOST_TOKENS)?;
                within("the overlap in per cent", overlap_percent, 1..=99)
            }
            Self::Hierarchical { parent, child, overlap } => {
                within("the most tokens of a parent", parent, 1..=MOST_TOKENS)?;
                within("the most tokens of a child", child, 1..=parent)?;
                within("the overlap in tokens", overlap, 1..=child.saturating_sub(1).max(1))
            }
            Self::Semantic { max_tokens, buffer, breakpoint_percentile } => {
                within("the most tokens of a passage", max_tokens, 1..=MOST_TOKENS)?;
                within("the number of sentences around each", buffer, 0..=1)?;
                within("the percentile of the breakpoint", breakpoint_percentile, 50..=99)
            }
        }
    }

    /// Cuts a text, or says what must be embedded before it can be cut.
    pub fn plan(self, text: Text<'_>) -> Result<Plan<'_>> {
        self.check()?;
        let sections = text.all_sections();
        let packed = |limit: u32, overlap: u32| {
            let parts =
                sections.iter().flat_map(|section| pack::cut(text, section.clone(), limit, overlap, None));
            Cuts { passages: parts.collect(), parents: Vec::new() }
        };
        Ok(Plan::Cut(match self {
            Self::Default => match text.whole() {
                Some(whole) if whole.tokens <= 200 => Cuts { passages: vec![whole], parents: Vec::new() },
                _ => packed(200, 40),
            },
            Self::Today => packed(300, 60),
            Self::Fixed { max_tokens, overlap_percent } => {
                packed(max_tokens, max_tokens * overlap_percent / 100)
            }
            Self::None => Cuts { passages: text.whole().into_iter().collect(), parents: Vec::new() },
            Self::Hierarchical { parent, child, overlap } => {
                let parents = packed(parent, overlap).passages;
                let within = parents.iter().enumerate();
                let children = within
                    .flat_map(|(at, parent)| pack::cut(text, parent.range.clone(), child, overlap, Some(at)));
                Cuts { passages: children.collect(), parents }
            }
            Self::Semantic { max_tokens, buffer, breakpoint_percentile } => {
                let semantic =
                    Semantic::new(text, &sections, max_tokens, buffer as usize, breakpoint_percentile);
                return Ok(Plan::Semantic(semantic));
            }
        }))
    }
}

impl Text<'_> {
    /// All of it as one passage; `None` of nothing but white space.
    fn whole(&self) -> Option<Cut> {
        self.cut(0..self.text.len(), None)
    }

    /// A passage of `range` without the white space at its ends.
    fn cut(&self, range: Range<usize>, parent: Option<usize>) -> Option<Cut> {
        let range = atoms::trimmed(self.text, range)?;
        Some(Cut { tokens: self.tokens.count(&range), range, header: None, parent })
    }

    /// The sections, and what lies between them, from the first byte to the last.
    fn all_sections(&self) -> Vec<Range<usize>> {
        let mut all = Vec::new();
        let mut end = 0;
        for section in self.sections {
            let start = atoms::boundary(self.text, section.start.max(end));
            let stop = atoms::boundary(self.text, section.end.max(start));
            if start > end {
                all.push(end..start);
            }
            if stop > start {
                all.push(start..stop);
            }
            end = stop;
        }
        if end < self.text.len() {
            all.push(end..self.text.len());
        }
        all
    }
}
