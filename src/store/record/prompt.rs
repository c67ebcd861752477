//! Prompts, their versions, what is being written of them, and which conversations are their runs.

use serde::{Deserialize, Serialize};

use super::{Kind, Record, RecordKey};
use crate::domain::id::{ConversationId, PromptId};
use crate::domain::prompt::{Prompt, Sketch, Version};

impl Record for Prompt {
    const KIND: Kind = Kind::Prompt;
    const SCHEMA: u8 = 1;
    type Key = PromptId;
}

/// A version's prompt and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionOf(pub PromptId, pub u32);

impl Record for Version {
    const KIND: Kind = Kind::PromptVersion;
    const SCHEMA: u8 = 1;
    type Key = VersionOf;
}

impl RecordKey for VersionOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        bytes.extend_from_slice(&self.1.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (id, number) = bytes.split_at_checked(16)?;
        Some(Self(PromptId::read(id)?, u32::from_be_bytes(number.try_into().ok()?)))
    }
}

/// A prompt, or the one that has no name yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptOf(pub Option<PromptId>);

impl Record for Sketch {
    const KIND: Kind = Kind::PromptSketch;
    const SCHEMA: u8 = 1;
    type Key = PromptOf;
}

/// Sixteen bytes in either case, so that keys may follow them.
const NAMELESS: PromptId = PromptId::from_bytes([0; 16]);

impl RecordKey for PromptOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.unwrap_or(NAMELESS).write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self(Some(PromptId::read(bytes)?).filter(|id| *id != NAMELESS)))
    }
}

/// A run: its conversation has what was sent and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptRun {}

/// The prompt and the conversation, in the order in which runs began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOf(pub PromptOf, pub ConversationId);

impl Record for PromptRun {
    const KIND: Kind = Kind::PromptRun;
    const SCHEMA: u8 = 1;
    type Key = RunOf;
}

impl RecordKey for RunOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (of, conversation) = bytes.split_at_checked(16)?;
        Some(Self(PromptOf::read(of)?, ConversationId::read(conversation)?))
    }
}
