//! Rebuilding a base: its documents are cut in another way, or embedded by another model, beside what answers meanwhile.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::base::{Holds, Source};
use super::chunking::Chunking;
use crate::domain::catalog::ModelId;
use crate::domain::figures::{count, span};
use crate::domain::id::{BaseId, SourceId};
use crate::domain::time::Timestamp;
use crate::domain::usage::budget::money;
use crate::domain::{Error, ErrorKind, Result};

/// What is to be other; nothing at all goes on with one that is not at its end, else embeds all anew as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    pub embedder: Option<ModelId>,
    pub chunking: Option<Chunking>,
    /// Only this source is cut so; all of them where none is named.
    pub source: Option<SourceId>,
}

impl Wish {
    /// Nothing is to be other.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl FromStr for Wish {
    type Err = Error;

    /// Of a line: a model, a way of cutting, or both; nothing where it is empty.
    fn from_str(text: &str) -> Result<Self> {
        let mut wish = Self::default();
        for word in text.split_whitespace() {
            let twice = if word.contains('/') {
                wish.embedder.replace(word.parse()?).is_some()
            } else {
                wish.chunking.replace(word.parse()?).is_some()
            };
            if twice {
                let why = format!("{word:?} is the second one of its kind");
                let hint = "Write one model, one way of cutting, or both.";
                return Err(Error::new(ErrorKind::Invalid, "rebuilding a knowledge base", why, hint));
            }
        }
        Ok(wish)
    }
}

/// Where a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RebuildState {
    Running,
    /// Somebody stopped it, or the program ended: the same command goes on from there.
    Stopped,
    /// It could not go on; the base is whole all the same.
    Failed,
}

/// A rebuild that has not come to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rebuild {
    pub embedder: ModelId,
    pub dimensions: u32,
    /// As of a base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalised: Option<bool>,
    pub state: RebuildState,
    pub began: Timestamp,
    /// The base is what was built, and what it was before is still to be cleared away.
    #[serde(default)]
    pub built: bool,
    /// What is built lies under this id; once it is the base, what that was before.
    pub under: BaseId,
    /// As they are cut there, each with how far it is.
    pub sources: Vec<Source>,
    pub holds: Holds,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Rebuild {
    /// Whether it goes on.
    pub fn is_running(&self) -> bool {
        self.state == RebuildState::Running
    }

    /// Has the sources that the base has, as they are cut here; one that has come is cut as it is there.
    pub fn follow(&mut self, sources: &[Source]) {
        let own = std::mem::take(&mut self.sources);
        let of = |source: &Source| {
            let built = own.iter().find(|built| built.id == source.id);
            let (chunking, last) =
                built.map_or((source.chunking, None), |built| (built.chunking, built.last.clone()));
            Source { chunking, last, ..source.clone() }
        };
        self.sources = sources.iter().map(of).collect();
    }

    /// Whether it does what is wished, of a base with these sources.
    pub fn does(&self, wish: &Wish, base: &ModelId, sources: &[Source]) -> bool {
        if wish.is_none() {
            return true;
        }
        let embedder = wish.embedder.as_ref().unwrap_or(base);
        self.embedder == *embedder
            && sources.iter().all(|source| {
                let own = self.sources.iter().find(|own| own.id == source.id);
                own.is_none_or(|own| own.chunking == cut(source, wish))
            })
    }
}

/// How a source is cut where that is wished.
pub fn cut(source: &Source, wish: &Wish) -> Chunking {
    let is_meant = wish.source.is_none_or(|wanted| wanted == source.id);
    wish.chunking.filter(|_| is_meant).unwrap_or(source.chunking)
}

/// What a rebuild would do and cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RebuildPlan {
    /// Embeds from then on.
    pub embedder: ModelId,
    /// How the sources are cut from then on.
    pub chunkings: Vec<Chunking>,
    /// What the base has now, all of which is read and embedded again.
    pub holds: Holds,
    /// This machine embeds.
    pub local: bool,
    /// `None` where the model's price is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dollars: Option<f64>,
    /// At the pace of a few of its passages; `None` where nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// It was begun: only what is left is done.
    #[serde(default)]
    pub goes_on: bool,
}

impl RebuildPlan {
    /// What it does and what that costs, in two or three sentences.
    pub fn words(&self) -> String {
        let Holds { documents, passages, tokens } = self.holds;
        let mut ways: Vec<String> = self.chunkings.iter().map(ToString::to_string).collect();
        ways.dedup();
        let cut = if ways.is_empty() { String::new() } else { format!(", cut {}", ways.join(" and ")) };
        let begun = if self.goes_on { "A rebuild that was begun goes on: " } else { "" };
        let cost = match (self.local, self.dollars) {
            (true, _) => "It costs nothing: this machine embeds".to_owned(),
            (false, Some(dollars)) => format!("It costs about {}", money(dollars)),
            (false, None) => "What it costs is not known: the model has no known price".to_owned(),
        };
        let time = match self.seconds {
            Some(seconds) => format!(", and takes about {}", span(seconds.max(1))),
            None => String::new(),
        };
        format!(
            "{begun}{} with {} of {} are read{cut}, and embedded by {}. {cost}{time}; what {} made before is not made \
             again. Until all is there the base answers as it is.",
            count(documents, "document", "documents"),
            count(passages, "passage", "passages"),
            count(tokens, "token", "tokens"),
            self.embedder,
            if self.local { "it" } else { "the model" },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::knowledge::base::Origin;

    fn source(n: u8, chunking: Chunking) -> Source {
        let origin = Origin::Url { url: format!("https://example.org/{n}"), private: false };
        let id = SourceId::from_bytes([n; 16]);
        Source { id, origin, chunking, schedule: None, watch: false, last: None }
    }

    fn rebuild(sources: Vec<Source>) -> Rebuild {
        Rebuild {
            embedder: "far/b".parse().unwrap(),
            dimensions: 3,
            normalised: None,
            state: RebuildState::Stopped,
            began: Timestamp(0),
            built: false,
            under: BaseId::from_bytes([9; 16]),
            sources,
            holds: Holds::default(),
            why: None,
        }
    }

    #[test]
    fn one_that_was_begun_does_what_is_wished_or_is_another() {
        let base = [source(1, Chunking::Default), source(2, Chunking::None)];
        let own = rebuild(vec![source(1, Chunking::Today), source(2, Chunking::None)]);
        let before: ModelId = "far/a".parse().unwrap();
        let wish = |embedder: Option<&str>, chunking, source| Wish {
            embedder: embedder.map(|model| model.parse().unwrap()),
            chunking,
            source,
        };
        let first = Some(SourceId::from_bytes([1; 16]));
        for (wish, does) in [
            (Wish::default(), true),
            (wish(Some("far/b"), Some(Chunking::Today), first), true),
            (wish(Some("far/b"), Some(Chunking::Today), None), false),
            (wish(Some("far/b"), None, None), false),
            (wish(None, Some(Chunking::Today), first), false),
        ] {
            assert_eq!(own.does(&wish, &before, &base), does, "{wish:?}");
        }
    }

    #[test]
    fn a_line_says_what_is_to_be_other() {
        let wish: Wish = " far/b  fixed:90:10 ".parse().unwrap();
        assert_eq!(wish.embedder.unwrap().to_string(), "far/b");
        assert_eq!(wish.chunking, Some(Chunking::Fixed { max_tokens: 90, overlap_percent: 10 }));
        assert!("".parse::<Wish>().unwrap().is_none());
        for (bad, why) in [("far/a far/b", "second one"), ("fixed", "is no way"), ("none none", "second one")]
        {
            assert!(bad.parse::<Wish>().unwrap_err().to_string().contains(why), "{bad}");
        }
    }

    #[test]
    fn it_follows_the_sources_of_its_base() {
        let mut own = rebuild(vec![source(1, Chunking::Today), source(2, Chunking::None)]);
        own.follow(&[source(1, Chunking::Default), source(3, Chunking::Default)]);
        let cut: Vec<_> = own.sources.iter().map(|one| (one.id.as_bytes()[0], one.chunking)).collect();
        assert_eq!(cut, [(1, Chunking::Today), (3, Chunking::Default)]);
    }

    #[test]
    fn what_it_costs_is_said_in_words() {
        let plan = RebuildPlan {
            embedder: "far/b".parse().unwrap(),
            chunkings: vec![Chunking::Default, Chunking::Default],
            holds: Holds { documents: 2, passages: 1_200, tokens: 200_000 },
            local: false,
            dollars: Some(0.004),
            seconds: Some(90),
            goes_on: false,
        };
        let words = plan.words();
        assert!(
            words.starts_with("2 documents with 1,200 passages of 200,000 tokens are read, cut default, and")
        );
        assert!(words.contains("It costs about $0.0040, and takes about 1 min 30 s;"), "{words}");
        let unknown = RebuildPlan { dollars: None, seconds: None, ..plan.clone() };
        assert!(unknown.words().contains("not known"), "{}", unknown.words());
        assert!(RebuildPlan { local: true, ..plan }.words().contains("nothing: this machine"));
    }
}
