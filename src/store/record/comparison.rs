//! Comparisons and what was chosen in them, each in the order in which they were made; and battles that files brought.

use super::{Kind, Record};
use crate::domain::comparison::{Ballot, Comparison};
use crate::domain::evaluation::battle::Fought;
use crate::domain::id::{BallotId, ComparisonId};

impl Record for Comparison {
    const KIND: Kind = Kind::Comparison;
    const SCHEMA: u8 = 1;
    type Key = ComparisonId;
}

impl Record for Ballot {
    const KIND: Kind = Kind::Ballot;
    const SCHEMA: u8 = 1;
    type Key = BallotId;
}

/// Brought by a file; its key is made of what it says.
impl Record for Fought {
    const KIND: Kind = Kind::Fought;
    const SCHEMA: u8 = 1;
    type Key = BallotId;
}
