//! What a composer holds and has not sent.

use super::{Kind, Record, RecordKey};
use crate::domain::conversation::Draft;
use crate::domain::id::ConversationId;

/// Whose composer: a conversation's, or that of a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftOf(pub Option<ConversationId>);

impl Record for Draft {
    const KIND: Kind = Kind::Draft;
    const SCHEMA: u8 = 1;
    type Key = DraftOf;
}

impl RecordKey for DraftOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        if let Some(id) = &self.0 {
            bytes.extend_from_slice(id.as_bytes());
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self(None));
        }
        Some(Self(Some(ConversationId::read(bytes)?)))
    }
}
