//! What only the world can give: new ids and the time of day.

use uuid::Uuid;

use crate::domain::id::{ConversationId, MessageId, SpanId};
use crate::domain::time::Timestamp;

/// A new conversation's id; later ids sort after earlier ones.
pub fn conversation_id() -> ConversationId {
    ConversationId::from_uuid(Uuid::now_v7())
}

/// A new message's id; later ids sort after earlier ones.
pub fn message_id() -> MessageId {
    MessageId::from_uuid(Uuid::now_v7())
}

/// A new span's id; later ids sort after earlier ones.
pub fn span_id() -> SpanId {
    SpanId::from_uuid(Uuid::now_v7())
}

/// The time of day.
pub fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}
