//! Evaluations with their items, the answers that models gave, and the votes, each in the order in which they were made.

use serde::{Deserialize, Serialize};

use super::{Kind, Record, RecordKey};
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::exchange::{HandedOut, Held};
use crate::domain::evaluation::job::{Evaluation, Generated, SoFar};
use crate::domain::evaluation::{Item, Vote};
use crate::domain::id::{EvaluationId, VoteId};

impl Record for Evaluation {
    const KIND: Kind = Kind::Evaluation;
    const SCHEMA: u8 = 1;
    type Key = EvaluationId;
}

impl Record for SoFar {
    const KIND: Kind = Kind::SoFar;
    const SCHEMA: u8 = 1;
    type Key = EvaluationId;
}

/// An item as it was copied, with the answers that it brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EvaluationItem(pub Item);

/// An evaluation and the place of an item in it, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatedItemOf(pub EvaluationId, pub u32);

impl Record for EvaluationItem {
    const KIND: Kind = Kind::EvaluationItem;
    const SCHEMA: u8 = 1;
    type Key = RatedItemOf;
}

impl RecordKey for RatedItemOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        bytes.extend_from_slice(&self.1.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (id, place) = bytes.split_at_checked(16)?;
        Some(Self(EvaluationId::read(id)?, u32::from_be_bytes(place.try_into().ok()?)))
    }
}

/// An item, and the place of a source among the evaluation's, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GeneratedOf(pub RatedItemOf, pub u8);

impl Record for Generated {
    const KIND: Kind = Kind::Generated;
    const SCHEMA: u8 = 1;
    type Key = GeneratedOf;
}

impl RecordKey for GeneratedOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        bytes.push(self.1);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (source, item) = bytes.split_last()?;
        Some(Self(RatedItemOf::read(item)?, *source))
    }
}

/// A line of another program that an item came as, whole: what is not known here stays with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Foreign(pub String);

/// Its number among those that the evaluation came as, from 0; which item it is of, it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignOf(pub RatedItemOf);

impl Record for Foreign {
    const KIND: Kind = Kind::Foreign;
    const SCHEMA: u8 = 1;
    type Key = ForeignOf;
}

impl RecordKey for ForeignOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        RatedItemOf::read(bytes).map(Self)
    }
}

/// An evaluation and one of its votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteOf(pub EvaluationId, pub VoteId);

impl Record for Vote {
    const KIND: Kind = Kind::Vote;
    const SCHEMA: u8 = 1;
    type Key = VoteOf;
}

impl RecordKey for VoteOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (id, vote) = bytes.split_at_checked(16)?;
        Some(Self(EvaluationId::read(id)?, VoteId::read(vote)?))
    }
}

/// An evaluation and one of the decisions of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionOf(pub EvaluationId, pub VoteId);

impl Record for Decision {
    const KIND: Kind = Kind::Decision;
    const SCHEMA: u8 = 1;
    type Key = DecisionOf;
}

impl RecordKey for DecisionOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        VoteOf(self.0, self.1).write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        VoteOf::read(bytes).map(|VoteOf(id, decision)| Self(id, decision))
    }
}

/// An evaluation and one of its hand-outs, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedOutOf(pub EvaluationId, pub u32);

impl Record for HandedOut {
    const KIND: Kind = Kind::HandedOut;
    const SCHEMA: u8 = 1;
    type Key = HandedOutOf;
}

impl RecordKey for HandedOutOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        RatedItemOf(self.0, self.1).write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        RatedItemOf::read(bytes).map(|RatedItemOf(id, number)| Self(id, number))
    }
}

/// An evaluation and the number of a rater, who is before one item at a time, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldOf(pub EvaluationId, pub u32);

impl Record for Held {
    const KIND: Kind = Kind::Held;
    const SCHEMA: u8 = 1;
    type Key = HeldOf;
}

impl RecordKey for HeldOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        RatedItemOf(self.0, self.1).write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        RatedItemOf::read(bytes).map(|RatedItemOf(id, number)| Self(id, number))
    }
}
