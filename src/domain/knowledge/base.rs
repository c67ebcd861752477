//! Knowledge bases: what they are called, who embeds for them, where their documents come from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::chunking::Chunking;
use super::patterns;
use super::rebuild::Rebuild;
use super::reranking::Reranker;
use super::retrieval::Answers;
use super::schedule::Schedule;
use super::store::{Move, StoreKind};
use super::sync::{Sync, SyncRun};
use crate::domain::catalog::ModelId;
use crate::domain::id::{BaseId, SourceId};
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};

/// The longest name, in characters, as Bedrock has it.
pub const LONGEST_NAME: usize = 100;

/// One knowledge base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Base {
    pub id: BaseId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// Embeds its passages, and the questions to it. Another one is a rebuild.
    pub embedder: ModelId,
    /// Numbers in each vector.
    pub dimensions: u32,
    /// Whether its model makes each vector of the length one; not known of a base that an older version made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalised: Option<bool>,
    /// Puts what is found in it in a better order, where a question does not say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reranker: Option<Reranker>,
    /// How a model is asked to answer from it.
    #[serde(default, skip_serializing_if = "Answers::are_usual")]
    pub answers: Answers,
    /// Where its passages lie.
    #[serde(default)]
    pub store: StoreKind,
    /// A move to another store that has not come to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<Move>,
    /// Its passages and documents lie under this id; under its own where it was never rebuilt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<BaseId>,
    /// A rebuild that has not come to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<Rebuild>,
    #[serde(default)]
    pub sources: Vec<Source>,
    #[serde(default)]
    pub holds: Holds,
}

/// What a base has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Holds {
    pub documents: u64,
    pub passages: u64,
    /// Tokens of its passages, what overlaps counted in each.
    pub tokens: u64,
}

/// Where documents come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub id: SourceId,
    pub origin: Origin,
    /// How its documents are cut; another way is a rebuild of the base.
    pub chunking: Chunking,
    /// When it is looked through by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// It is looked through when its files change.
    #[serde(default)]
    pub watch: bool,
    /// The last time that it was looked through; what is there since is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Sync>,
}

/// A place of documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// A file, or a folder with all that lies under it. Hidden files are left out, and what `.gitignore` and `.ignore` name, unless
    /// that is wanted.
    Files {
        /// From the root.
        path: PathBuf,
        /// Of a folder only files that one of these names, as in `.gitignore`: `*.md`, `guides/**`. None at all: every file that
        /// can be read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        include: Vec<String>,
        /// Without these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exclude: Vec<String>,
        /// What ignore files name is read too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ignored: bool,
    },
    /// The objects of a bucket whose keys begin so.
    S3 {
        bucket: String,
        #[serde(default)]
        prefix: String,
        /// Another server than Amazon's, with the same API.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
        /// Only these, as of a folder.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        include: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exclude: Vec<String>,
    },
    /// One page of the web.
    Url {
        url: String,
        /// It may lie in the person's own network.
        #[serde(default)]
        private: bool,
    },
}

impl Origin {
    /// Where it is, for people.
    pub fn place(&self) -> String {
        match self {
            Self::Files { path, .. } => path.display().to_string(),
            Self::S3 { bucket, prefix, .. } => format!("{BUCKETS}{bucket}/{prefix}"),
            Self::Url { url, .. } => url.clone(),
        }
    }

    /// Only files that one of these names, and without those; `None` of a place that is one document.
    pub fn patterns(&self) -> Option<(&[String], &[String])> {
        match self {
            Self::Files { include, exclude, .. } | Self::S3 { include, exclude, .. } => {
                Some((include.as_slice(), exclude.as_slice()))
            }
            Self::Url { .. } => None,
        }
    }

    /// Which of its files are read, in words, a line each; nothing of one that is read as usual.
    pub fn chosen(&self) -> Vec<String> {
        let Some((include, exclude)) = self.patterns() else { return Vec::new() };
        let of = |what: &str, patterns: &[String]| {
            (!patterns.is_empty()).then(|| format!("{what} {}", patterns::line(patterns)))
        };
        let all = matches!(self, Self::Files { ignored: true, .. });
        let all = all.then(|| "also what .gitignore and .ignore name".to_owned());
        [of("only", include), of("without", exclude), all].into_iter().flatten().collect()
    }

    /// Whether it can be watched.
    pub fn is_near(&self) -> bool {
        matches!(self, Self::Files { .. })
    }
}

/// What a base is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    /// The model of this program, where none is named.
    #[serde(default)]
    pub embedder: Option<ModelId>,
    #[serde(default)]
    pub store: StoreKind,
}

/// What a source is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourcePlan {
    pub origin: Origin,
    #[serde(default)]
    pub chunking: Chunking,
    /// A cron expression.
    #[serde(default)]
    pub schedule: Option<String>,
    #[serde(default)]
    pub watch: bool,
}

/// What of a source is looked through from now on, and when by itself; what is not told stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceChange {
    /// A cron expression; an empty one takes the schedule away.
    pub schedule: Option<String>,
    pub watch: Option<bool>,
    /// In the place of all that there were.
    pub include: Option<Vec<String>>,
    pub exclude: Option<Vec<String>>,
    /// Whether what ignore files name is read too.
    pub ignored: Option<bool>,
}

/// How the address of a bucket's objects begins.
pub const BUCKETS: &str = "s3://";

/// The bucket and the prefix of `s3://BUCKET/PREFIX`.
pub fn bucket_of(text: &str) -> Result<(String, String)> {
    let wrong = |why: &str| {
        let hint = "Write s3://BUCKET or s3://BUCKET/PREFIX.";
        Error::new(ErrorKind::Invalid, format!("reading the address {text:?}"), why, hint)
    };
    let rest = text.strip_prefix(BUCKETS).ok_or_else(|| wrong("it does not begin with s3://"))?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if !(3..=255).contains(&bucket.len()) || !bucket.chars().all(is_name) {
        return Err(wrong(&format!("{bucket:?} is no name of a bucket")));
    }
    Ok((bucket.to_owned(), prefix.to_owned()))
}

/// A name without white space at its ends, or why it is none.
pub fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        let why = match length {
            0 => "it is empty".to_owned(),
            n if n > LONGEST_NAME => format!("it has {n} characters"),
            _ => "a control character is in it".to_owned(),
        };
        let hint = format!("Give 1 to {LONGEST_NAME} characters on one line.");
        return Err(Error::new(ErrorKind::Invalid, "naming a knowledge base", why, hint));
    }
    Ok(name.to_owned())
}

impl Base {
    /// One of its sources.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// The same, to be changed.
    pub fn source_mut(&mut self, id: SourceId) -> Option<&mut Source> {
        self.sources.iter_mut().find(|source| source.id == id)
    }

    /// The syncs of its sources, those of each source together and the newest first: those that are `known`, with the last one of
    /// each source as it is now.
    pub fn runs<'a>(&'a self, known: &'a [SyncRun]) -> Vec<(SourceId, &'a Sync)> {
        let of = |source: &'a Source| {
            let last = source.last.as_ref();
            let own = known.iter().filter(|run| run.source == source.id).map(|run| &run.sync);
            let older = own.filter(|sync| last.is_none_or(|last| last.id != sync.id));
            let mut all: Vec<_> = older.chain(last).map(|sync| (source.id, sync)).collect();
            all.sort_by_key(|(_, sync)| std::cmp::Reverse(sync.id));
            all
        };
        self.sources.iter().flat_map(of).collect()
    }

    /// Under which id its passages and documents lie.
    pub fn lies_under(&self) -> BaseId {
        self.index.unwrap_or(self.id)
    }

    /// What it is called in a store that others use too.
    pub fn called_elsewhere(&self) -> String {
        format!("outcrop_{}", self.lies_under())
    }

    /// What servers have of it: which store, and under which name.
    pub fn elsewhere(&self) -> Vec<(StoreKind, String)> {
        let other = self.rebuild.as_ref().map(|rebuild| Self { index: Some(rebuild.under), ..self.clone() });
        let moving = self.moving.iter().flat_map(|moving| [moving.from, moving.to]);
        let mut stores: Vec<StoreKind> = std::iter::once(self.store).chain(moving).collect();
        stores.retain(|kind| *kind != StoreKind::Embedded);
        let of = |base: &Self| {
            let name = base.called_elsewhere();
            stores.iter().map(move |kind| (*kind, name.clone())).collect::<Vec<_>>()
        };
        let mut all: Vec<(StoreKind, String)> = std::iter::once(self).chain(&other).flat_map(of).collect();
        let mut seen = std::collections::HashSet::new();
        all.retain(|place| seen.insert(place.clone()));
        all
    }

    /// As it will be once what is being built is the base; `None` where nothing is.
    pub fn rebuilt(&self) -> Option<Self> {
        let rebuild = self.rebuild.as_ref().filter(|rebuild| !rebuild.built)?;
        Some(Self {
            embedder: rebuild.embedder.clone(),
            dimensions: rebuild.dimensions,
            normalised: rebuild.normalised,
            index: Some(rebuild.under),
            sources: rebuild.sources.clone(),
            holds: rebuild.holds,
            ..self.clone()
        })
    }

    /// What it has and its sources; where it is `building`, those of what is built.
    pub fn parts_mut(&mut self, building: bool) -> (&mut Holds, &mut Vec<Source>) {
        match &mut self.rebuild {
            Some(rebuild) if building => (&mut rebuild.holds, &mut rebuild.sources),
            _ => (&mut self.holds, &mut self.sources),
        }
    }

    /// Whether it is being rebuilt.
    pub fn is_rebuilding(&self) -> bool {
        self.rebuild.as_ref().is_some_and(Rebuild::is_running)
    }

    /// Whether it is being moved to another store.
    pub fn is_moving(&self) -> bool {
        self.moving.as_ref().is_some_and(Move::is_running)
    }

    /// Whether one of its sources is being looked through.
    pub fn is_syncing(&self) -> bool {
        self.sources.iter().filter_map(|source| source.last.as_ref()).any(|sync| sync.state.is_running())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_one_to_a_hundred_characters() {
        assert_eq!(checked_name("  docs ").unwrap(), "docs");
        assert_eq!(checked_name(&"é".repeat(100)).unwrap().chars().count(), 100);
        for (bad, why) in [(" ", "it is empty"), ("a\nb", "control"), (&*"x".repeat(101), "101 characters")] {
            assert!(checked_name(bad).unwrap_err().to_string().contains(why), "{bad:?}");
        }
    }

    #[test]
    fn a_bucket_and_what_its_keys_begin_with_are_told_apart() {
        assert_eq!(bucket_of("s3://docs/a/b").unwrap(), ("docs".to_owned(), "a/b".to_owned()));
        assert_eq!(bucket_of("s3://docs").unwrap(), ("docs".to_owned(), String::new()));
        for bad in ["s3://", "s3://a/b", "s3:/docs", "s3://do cs/", "https://docs"] {
            assert!(bucket_of(bad).is_err(), "{bad}");
        }
    }
}
