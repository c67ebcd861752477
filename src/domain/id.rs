//! Identifiers: UUIDs whose version-7 order is the order of creation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{Error, ErrorKind};
use super::time::Timestamp;

/// Digits of an id, or of a digest, as people write them: in either case, with the hyphens that some programs set.
pub fn piece(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace('-', "")
}

/// The digits of an id that a listing shows: its last ones.
const SHOWN: usize = 8;

/// Whether a piece names these digits: one rule for all that has an id or a digest, it begins or ends so, or what listings
/// show of it begins so.
pub fn is_piece(piece: &str, of: &str) -> bool {
    let shown = of.len().checked_sub(SHOWN).and_then(|from| of.get(from..)).unwrap_or_default();
    !piece.is_empty() && (of.starts_with(piece) || of.ends_with(piece) || shown.starts_with(piece))
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID; making a fresh one needs a clock and is done in `service`.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The sixteen bytes, in key order.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads the sixteen bytes back.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// When it was made; `None` for an id that tells no time.
            pub fn made(&self) -> Option<Timestamp> {
                let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
                let millis = i64::try_from(seconds).ok()?.checked_mul(1000)?;
                Some(Timestamp(millis + i64::from(nanos / 1_000_000)))
            }

            /// An id that lies before all that are made from `moment` on.
            pub fn before(moment: Timestamp) -> Self {
                let mut bytes = [0; 16];
                bytes[..6].copy_from_slice(&moment.0.max(0).to_be_bytes()[2..]);
                Self::from_bytes(bytes)
            }

            /// The last eight hexadecimal digits: the random part, short enough to say aloud.
            pub fn short(&self) -> String {
                self.to_string()[32 - SHOWN..].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.simple().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Uuid::parse_str(text).map(Self).map_err(|why| {
                    Error::new(
                        ErrorKind::Invalid,
                        concat!("reading the id of a ", $noun),
                        why.to_string(),
                        "Give the 32 hexadecimal digits that a listing shows.",
                    )
                })
            }
        }
    )+};
}

id! {
    /// One conversation: a tree of messages.
    ConversationId = "conversation";
    /// One message: a node of that tree.
    MessageId = "message";
    /// A draft as it was kept once: every saving makes another.
    DraftId = "draft";
    /// One screen of this program, for as long as it is open.
    TerminalId = "terminal";
    /// One agent.
    AgentId = "agent";
    /// One run of an agent.
    RunId = "run of an agent";
    /// One prompt of the library.
    PromptId = "prompt";
    /// One span: what was done for a call.
    SpanId = "span";
    /// One note on a trace.
    NoteId = "note on a trace";
    /// One making of pictures.
    MakingId = "making of pictures";
    /// One comparison of models side by side.
    ComparisonId = "comparison";
    /// One evaluation of answers.
    EvaluationId = "evaluation";
    /// One choice among answers side by side.
    BallotId = "choice";
    /// One dataset of items.
    DatasetId = "dataset";
    /// One vote of a rater.
    VoteId = "vote";
    /// One knowledge base.
    BaseId = "knowledge base";
    /// One source of a knowledge base's documents.
    SourceId = "source";
    /// One sync of a source.
    SyncId = "sync";
    /// One document of a knowledge base.
    DocumentId = "document";
    /// One passage of a document.
    PassageId = "passage";
    /// One workspace: a store and its key.
    WorkspaceId = "workspace";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_named_by_how_it_begins_or_ends_and_by_how_a_listing_shows_it() {
        let id: BaseId = "01a22ceb5a3871cabc12d9aaf47bc95f".parse().unwrap();
        let whole = id.to_string();
        assert_eq!(id.short(), "f47bc95f");
        for named in ["01a2", "c95f", "f47bc95f", "f47b", "f47bc95", &whole, "9aaf47bc95f"] {
            assert!(is_piece(named, &whole), "{named}");
        }
        for other in ["", "47bc", "71ca", "aaf47b", "f47bc95f0"] {
            assert!(!is_piece(other, &whole), "{other}");
        }
        assert!(is_piece("3d2", "3d25") && !is_piece("d2", "3d25"), "fewer digits than a listing shows");
    }
}
