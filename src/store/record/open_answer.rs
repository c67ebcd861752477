//! Answers that are being written: what a start finds of a process that died in the middle of one.

use serde::{Deserialize, Serialize};

use super::{Kind, Record};
use crate::domain::id::{ConversationId, MessageId};

/// The conversation that the answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpenAnswer(pub ConversationId);

impl Record for OpenAnswer {
    const KIND: Kind = Kind::OpenAnswer;
    const SCHEMA: u8 = 1;
    type Key = MessageId;
}
