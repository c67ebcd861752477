//! What a composer holds and has not sent.

use serde::{Deserialize, Serialize};

use super::{Kind, Name, Record, RecordKey};
use crate::domain::attachment::Attachment;
use crate::domain::id::{ConversationId, DraftId, TerminalId};

/// Whose composer: a conversation's, or that of a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftOf(pub Option<ConversationId>);

/// What the terminals that show a composer hold in it, the newest first.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct KeptDraft {
    #[serde(flatten)]
    pub(in crate::store) newest: Version,
    pub(in crate::store) beside: Vec<Version>,
}

impl KeptDraft {
    pub(in crate::store) fn versions(self) -> impl Iterator<Item = Version> {
        std::iter::once(self.newest).chain(self.beside)
    }
}

/// A draft as one terminal left it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct Version {
    /// Neither is known of what a program before this one kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) id: Option<DraftId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) by: Option<TerminalId>,
    pub(in crate::store) text: String,
    pub(in crate::store) pastes: Vec<KeptPaste>,
}

/// A paste: its text, or the name of the record that has it; or a file that goes with the message.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "a draft has few of them; a box would only move the bytes")]
pub(in crate::store) enum KeptPaste {
    Here(String),
    Apart { paste: Name },
    File { file: Attachment },
}

impl Record for KeptDraft {
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

/// A large paste of a draft.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Paste(pub String);

/// Whose draft, and a name that tells nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasteOf(pub DraftOf, pub Name);

impl Record for Paste {
    const KIND: Kind = Kind::Paste;
    const SCHEMA: u8 = 1;
    type Key = PasteOf;
}

impl RecordKey for PasteOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (of, name) = bytes.split_at_checked(bytes.len().checked_sub(16)?)?;
        Some(Self(DraftOf::read(of)?, Name::read(name)?))
    }
}
