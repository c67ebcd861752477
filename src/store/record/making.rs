//! Makings of pictures, in the order in which they were begun.

use super::{Kind, Record};
use crate::domain::id::MakingId;
use crate::domain::picture::Making;

impl Record for Making {
    const KIND: Kind = Kind::Making;
    const SCHEMA: u8 = 1;
    type Key = MakingId;
}
