//! Heads of conversations.

use super::{Kind, Record};
use crate::domain::conversation::Conversation;
use crate::domain::id::ConversationId;

impl Record for Conversation {
    const KIND: Kind = Kind::Conversation;
    const SCHEMA: u8 = 1;
    type Key = ConversationId;
}
