//! The votes of a report in little room: results hold a hundred thousand of them.
//!
//! As they are stored each has a name of its rater, of its item and of each metric, and lists, all in places of their own. Here names
//! are numbers, and what votes say lies side by side.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::domain::evaluation::item::ItemName;
use crate::domain::evaluation::task::TaskDefinition;
use crate::domain::evaluation::vote::{ResponseId, Said, Skip, Value, Vote};
use crate::domain::id::VoteId;
use crate::domain::time::Timestamp;

/// Votes on a task, in the order in which they came.
#[derive(Debug, Default)]
pub struct Votes {
    raters: Names,
    metrics: Names,
    all: Vec<Packed>,
    /// The answers that were shown, vote by vote.
    shown: Vec<ResponseId>,
    /// What was said, vote by vote, each with the number of its metric.
    said: Vec<(u32, Value)>,
    /// The votes that another one of the same rater has taken the place of.
    gone: HashSet<(u32, VoteId)>,
}

/// A vote that says something.
#[derive(Debug)]
struct Packed {
    id: VoteId,
    rater: u32,
    item: ItemName,
    /// Where its answers are among those shown.
    shown: Range<u32>,
    /// Where its values are among what was said; nowhere where it does not fit.
    said: Range<u32>,
    skip: Option<Skip>,
    fit: Fit,
    repeat: bool,
    active_ms: u64,
    at: Timestamp,
    comment: Option<Box<str>>,
}

/// Whether the task could have led to a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Fits,
    OtherVersion,
    Unfit,
}

/// Names by their numbers, each once.
#[derive(Debug, Default)]
struct Names {
    all: Vec<String>,
    numbers: HashMap<String, u32>,
}

/// One of the votes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    votes: &'a Votes,
    vote: &'a Packed,
}

impl Votes {
    /// With room for so many, for so many answers that they were shown, and for so much that they say: lists that grow leave holes
    /// where they lay before.
    pub fn with_room(votes: usize, shown: usize, said: usize) -> Self {
        Self {
            all: Vec::with_capacity(votes),
            shown: Vec::with_capacity(shown),
            said: Vec::with_capacity(said),
            ..Self::default()
        }
    }

    /// Votes on the task that a report is of, whatever its known answers are.
    pub fn of(task: &TaskDefinition, votes: impl IntoIterator<Item = Vote>) -> Self {
        let mut held = Self::default();
        votes.into_iter().for_each(|vote| held.push(task, vote));
        held
    }

    /// Puts one more behind them.
    pub fn push(&mut self, task: &TaskDefinition, vote: Vote) {
        let rater = self.raters.number(&vote.rater);
        self.gone.extend(vote.supersedes.map(|old| (rater, old)));
        if vote.said == Said::Withdrawn {
            return;
        }
        let fit = match &vote.said {
            _ if vote.version != task.version => Fit::OtherVersion,
            // Other programs let raters leave a metric out: what they said of the others counts.
            Said::Values(values) if values.is_empty() => Fit::Unfit,
            _ if vote.check_said(task).is_err() => Fit::Unfit,
            _ => Fit::Fits,
        };
        let (first_shown, first_said) = (self.shown.len() as u32, self.said.len() as u32);
        self.shown.extend(vote.shown);
        let skip = match vote.said {
            Said::Skipped(why) => Some(why),
            Said::Values(values) if fit == Fit::Fits => {
                for (metric, value) in values {
                    let metric = self.metrics.number(&metric);
                    self.said.push((metric, shrunk(value)));
                }
                None
            }
            Said::Values(_) | Said::Withdrawn => None,
        };
        self.all.push(Packed {
            id: vote.id,
            rater,
            item: ItemName::from(&vote.item),
            shown: first_shown..self.shown.len() as u32,
            said: first_said..self.said.len() as u32,
            skip,
            fit,
            repeat: vote.repeat,
            active_ms: vote.active_ms,
            at: vote.at,
            comment: vote.comment.map(Into::into),
        });
    }

    /// The answers that were shown by all of them, one vote's behind the other's.
    pub(super) fn shown(&self) -> &[ResponseId] {
        &self.shown
    }

    /// Those that stand, as [`standing`](crate::domain::evaluation::vote::standing) has it.
    pub(super) fn standing(&self) -> Vec<Held<'_>> {
        let mut seen = HashSet::with_capacity(self.all.len());
        let mut standing = Vec::with_capacity(self.all.len());
        for vote in &self.all {
            if !self.gone.contains(&(vote.rater, vote.id)) && seen.insert(vote.id) {
                standing.push(Held { votes: self, vote });
            }
        }
        standing
    }
}

/// Without the room to grow that reading leaves in lists.
fn shrunk(mut value: Value) -> Value {
    match &mut value {
        Value::Thumbs(said) => said.shrink_to_fit(),
        Value::Points(said) | Value::Ranks(said) => said.shrink_to_fit(),
        Value::Preference(_) | Value::Choice(_) => {}
    }
    value
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.all.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn name(&self, number: u32) -> &str {
        self.all.get(number as usize).map_or("", String::as_str)
    }
}

/// What a range of numbers is of.
fn part<'a, T>(all: &'a [T], range: &Range<u32>) -> &'a [T] {
    all.get(range.start as usize..range.end as usize).unwrap_or_default()
}

impl<'a> Held<'a> {
    pub fn rater(self) -> &'a str {
        self.votes.raters.name(self.vote.rater)
    }

    pub fn item(self) -> &'a ItemName {
        &self.vote.item
    }

    /// The answers as they stood, the left one first.
    pub fn shown(self) -> &'a [ResponseId] {
        part(&self.votes.shown, &self.vote.shown)
    }

    /// The same of something else that is known of each of [`Votes::shown`].
    pub fn of_shown<T>(self, all: &[T]) -> &[T] {
        part(all, &self.vote.shown)
    }

    /// What was said of a metric.
    pub fn value(self, metric: &str) -> Option<&'a Value> {
        let said = part(&self.votes.said, &self.vote.said);
        said.iter().find(|(number, _)| self.votes.metrics.name(*number) == metric).map(|(_, value)| value)
    }

    pub fn skip(self) -> Option<Skip> {
        self.vote.skip
    }

    pub fn fit(self) -> Fit {
        self.vote.fit
    }

    pub fn is_repeat(self) -> bool {
        self.vote.repeat
    }

    pub fn active_ms(self) -> u64 {
        self.vote.active_ms
    }

    pub fn at(self) -> Timestamp {
        self.vote.at
    }

    pub fn comment(self) -> Option<&'a str> {
        self.vote.comment.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evaluation::item::ItemHash;
    use crate::domain::evaluation::metric::{Method, Metric};
    use crate::domain::evaluation::task::Blinding;
    use crate::domain::evaluation::vote::{Chosen, standing};

    fn task() -> TaskDefinition {
        let metric = |name: &str| Metric {
            name: name.into(),
            description: "Is it good?".into(),
            method: Method::ComparisonChoice,
            labels: Vec::new(),
        };
        TaskDefinition {
            name: "helpful".into(),
            instructions: "Say which helps.".into(),
            examples: Vec::new(),
            metrics: vec![metric("one"), metric("two")],
            raters_per_item: 1,
            blinding: Blinding::default(),
            gold: Vec::new(),
            repeats: 0,
            version: 1,
        }
    }

    fn tie() -> Value {
        Value::Choice(Chosen::Tie)
    }

    fn vote(number: u8, rater: &str, supersedes: Option<u8>) -> Vote {
        let id = |number: u8| VoteId::from_bytes([number; 16]);
        Vote {
            id: id(number),
            rater: rater.into(),
            item: ItemHash(format!("{number:064x}")),
            version: 1,
            shown: vec![ResponseId("x".into()), ResponseId(number.to_string().into())],
            said: Said::Values(vec![("two".into(), tie())]),
            active_ms: u64::from(number),
            at: Timestamp(i64::from(number)),
            supersedes: supersedes.map(id),
            comment: (number == 3).then(|| "hm".to_owned()),
            repeat: number == 4,
        }
    }

    #[test]
    fn votes_in_little_room_say_what_they_said() {
        let skips = Vote { said: Said::Skipped(Skip::Unclear), ..vote(5, "bo", None) };
        let all = [vote(1, "ana", None), vote(3, "bo", None), vote(4, "ana", None), skips];
        let held = Votes::of(&task(), all.clone());
        for (held, vote) in held.standing().into_iter().zip(&all) {
            assert_eq!((held.rater(), held.shown()), (vote.rater.as_str(), vote.shown.as_slice()));
            assert_eq!((held.at(), held.active_ms()), (vote.at, vote.active_ms));
            assert_eq!((held.comment(), held.is_repeat()), (vote.comment.as_deref(), vote.repeat));
            assert_eq!((held.value("one"), held.value("two")), (None, vote.value("two")));
            assert_eq!((held.skip().is_some(), held.fit()), (vote.id == all[3].id, Fit::Fits));
            assert_eq!(held.item(), &ItemName::from(&vote.item));
        }
        assert_eq!((held.standing().len(), held.shown().len()), (4, 8));
    }

    #[test]
    fn those_stand_that_do_by_themselves() {
        let back = Vote { said: Said::Withdrawn, ..vote(5, "bo", Some(4)) };
        let all = [
            vote(1, "ana", None),
            vote(2, "ana", Some(1)),
            vote(3, "bo", Some(2)),
            vote(4, "bo", None),
            back,
            vote(3, "bo", None),
        ];
        let known: Vec<(u64, &str)> =
            standing(&all).into_iter().map(|vote| (vote.active_ms, vote.rater.as_str())).collect();
        let held = Votes::of(&task(), all.clone());
        let told: Vec<_> = held.standing().into_iter().map(|vote| (vote.active_ms(), vote.rater())).collect();
        assert_eq!((told.len(), told), (2, known));
    }

    #[test]
    fn what_does_not_fit_says_nothing_and_tells_why() {
        let other = Vote { version: 2, ..vote(1, "ana", None) };
        let silent = Vote { said: Said::Values(Vec::new()), ..vote(2, "ana", None) };
        let wrong = Vote { said: Said::Values(vec![("three".into(), tie())]), ..vote(3, "ana", None) };
        let held = Votes::of(&task(), [other, silent, wrong]);
        let told = held.standing().into_iter().map(|vote| (vote.fit(), vote.value("three").is_none()));
        let why = [Fit::OtherVersion, Fit::Unfit, Fit::Unfit];
        assert_eq!(told.collect::<Vec<_>>(), why.map(|why| (why, true)));
    }
}
