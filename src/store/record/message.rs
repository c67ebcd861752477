//! Messages, under their conversation, in order of creation.

use super::{Kind, Record, RecordKey};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::Message;

impl Record for Message {
    const KIND: Kind = Kind::Message;
    const SCHEMA: u8 = 1;
    type Key = (ConversationId, MessageId);
}

impl RecordKey for (ConversationId, MessageId) {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.0.as_bytes());
        bytes.extend_from_slice(self.1.as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (conversation, message) = bytes.split_at_checked(16)?;
        Some((
            ConversationId::from_bytes(conversation.try_into().ok()?),
            MessageId::from_bytes(message.try_into().ok()?),
        ))
    }
}
