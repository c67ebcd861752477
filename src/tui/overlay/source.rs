//! What stands in a blank of a source of a knowledge base.

use crate::domain::Result;
use crate::domain::knowledge::base::{BUCKETS, bucket_of};
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::patterns;
use crate::domain::knowledge::schedule::Schedule;
use crate::domain::time::Timestamp;
use crate::workbench::request::knowledge::check_patterns;

/// What can be said of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceBlank {
    Place,
    /// Of buckets, as is the next one.
    Endpoint,
    Region,
    /// Turned over, not written, as are `Ignored` and `Watch`; of a page.
    Private,
    Cut,
    Include,
    Exclude,
    Ignored,
    Schedule,
    Watch,
}

impl SourceBlank {
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Place => "where",
            Self::Endpoint => "endpoint",
            Self::Region => "region",
            Self::Private => "network",
            Self::Cut => "cut",
            Self::Include => "only",
            Self::Exclude => "without",
            Self::Ignored => "ignored",
            Self::Schedule => "schedule",
            Self::Watch => "watching",
        }
    }

    /// It is where a source is, or how it is cut: what another source, or a rebuild, has otherwise.
    pub const fn is_of_the_place(self) -> bool {
        matches!(self, Self::Place | Self::Endpoint | Self::Region | Self::Private | Self::Cut)
    }

    /// What is asked for.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Place => "Where its documents are",
            Self::Endpoint => "The server that has the bucket",
            Self::Region => "The Region of the bucket",
            Self::Private => "Whether the page lies in your own network",
            Self::Cut => "How its documents are cut",
            Self::Include => "Only files of these names",
            Self::Exclude => "Without files of these names",
            Self::Ignored => "What ignore files name",
            Self::Schedule => "When it is looked through by itself",
            Self::Watch => "Whether its files are watched",
        }
    }

    /// Whether that can stand in it.
    pub(super) fn check(self, text: &str) -> Result<()> {
        match self {
            Self::Place if text.starts_with(BUCKETS) => bucket_of(text).map(drop),
            Self::Cut if !text.is_empty() => text.parse::<Chunking>().map(drop),
            Self::Include | Self::Exclude => check_patterns(&patterns::read(text)),
            Self::Schedule if !text.is_empty() => Schedule::of(text, Timestamp(0)).map(drop),
            _ => Ok(()),
        }
    }

    /// How it is written, and what leaving it empty means.
    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Place => "A folder, a file, s3://BUCKET/PREFIX or https://PAGE · ~/ is your home",
            Self::Cut => "default, today, none, fixed:200:20, hierarchical:1500:300:60 or semantic:300:0:95",
            Self::Include => {
                "As in .gitignore, blanks between: *.md guides/** · nothing for all that can be read"
            }
            Self::Exclude => "As in .gitignore, blanks between: drafts/** *.log · nothing for none",
            Self::Schedule => {
                "Minute, hour, day, month, day of the week, in your time: 0 6 * * * · nothing for never"
            }
            Self::Endpoint => {
                "Of a server with the same API: http://127.0.0.1:9000 · nothing for the usual one"
            }
            Self::Region => "Like eu-central-1 · nothing for the usual one",
            Self::Private | Self::Ignored | Self::Watch => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_stand_in_a_blank_is_told_with_what_can() {
        for (blank, good, bad, told) in [
            (SourceBlank::Place, "~/docs", "s3://a", "s3://BUCKET"),
            (SourceBlank::Place, "s3://docs/a", "s3:///a", "s3://BUCKET"),
            (SourceBlank::Cut, "fixed:200:20", "somehow", "fixed"),
            (SourceBlank::Include, "*.md guides/**", "*.md {a", ".gitignore"),
            (SourceBlank::Exclude, "", "{a", ".gitignore"),
            (SourceBlank::Schedule, "0 6 * * *", "61 * * * *", "0 6 * * *"),
        ] {
            assert_eq!(blank.check(good), Ok(()), "{good}");
            let said = blank.check(bad).unwrap_err().said();
            assert!(said.contains(told), "{bad}: {said}");
        }
    }
}
