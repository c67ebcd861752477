//! Datasets, and their items in their order.

use super::{Kind, Record, RecordKey};
use crate::domain::evaluation::{Dataset, Item};
use crate::domain::id::DatasetId;

impl Record for Dataset {
    const KIND: Kind = Kind::Dataset;
    const SCHEMA: u8 = 1;
    type Key = DatasetId;
}

/// An item's dataset and its place there, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemOf(pub DatasetId, pub u32);

impl Record for Item {
    const KIND: Kind = Kind::DatasetItem;
    const SCHEMA: u8 = 1;
    type Key = ItemOf;
}

impl RecordKey for ItemOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        bytes.extend_from_slice(&self.1.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (id, place) = bytes.split_at_checked(16)?;
        Some(Self(DatasetId::read(id)?, u32::from_be_bytes(place.try_into().ok()?)))
    }
}
