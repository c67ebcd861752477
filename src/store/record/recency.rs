//! The index of conversations by the time of their last change. The store keeps it; nobody else writes it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Kind, RecordKey};
use crate::domain::conversation::Conversation;
use crate::domain::id::ConversationId;
use crate::domain::time::Timestamp;

/// A time whose bytes sort as it does.
pub(super) fn ordered(time: Timestamp) -> [u8; 8] {
    (time.0 ^ i64::MIN).to_be_bytes()
}

/// Reads it back.
pub(super) fn time(bytes: [u8; 8]) -> Timestamp {
    Timestamp(i64::from_be_bytes(bytes) ^ i64::MIN)
}

/// The entry of a conversation that changed then.
pub(in crate::store) fn entry(updated: Timestamp, id: ConversationId) -> Vec<u8> {
    let mut bytes = vec![Kind::Recency as u8];
    bytes.extend_from_slice(&ordered(updated));
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

/// What an entry says.
pub(in crate::store) fn parse(entry: &[u8]) -> Option<(Timestamp, ConversationId)> {
    let (updated, id) = entry.get(1..)?.split_at_checked(8)?;
    Some((time(updated.try_into().ok()?), ConversationId::read(id)?))
}

/// Whether records of this key have an entry.
pub(in crate::store) fn has_entry(key: &[u8]) -> bool {
    key.first() == Some(&(Kind::Conversation as u8))
}

/// The entry that belongs to the record `key` with the value `plain`; `None` for all but heads of conversations, and for
/// those that are runs of a prompt or columns of a comparison: no list has them.
pub(in crate::store) fn entry_of(key: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Head {
        updated: Timestamp,
        #[serde(default)]
        run: Option<IgnoredAny>,
        #[serde(default)]
        side: Option<IgnoredAny>,
    }
    let (kind, rest) = key.split_first()?;
    if *kind != Kind::Conversation as u8 {
        return None;
    }
    let Head { updated, run, side } = serde_json::from_slice(plain).ok()?;
    (run.is_none() && side.is_none()).then_some(())?;
    Some(entry(updated, ConversationId::read(rest)?))
}

/// Whether an entry still is the head's: a head that could not be read when it changed leaves a stale one behind.
pub(in crate::store) fn holds(updated: Timestamp, head: &Conversation) -> bool {
    head.updated == updated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_sort_by_time_also_before_the_epoch() {
        let id = ConversationId::from_bytes([7; 16]);
        let times = [i64::MIN, -5, 0, 5, i64::MAX].map(Timestamp);
        let entries = times.map(|time| entry(time, id));
        assert!(entries.is_sorted());
        for (time, entry) in times.iter().zip(&entries) {
            assert_eq!(parse(entry), Some((*time, id)));
        }
    }
}
