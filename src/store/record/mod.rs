//! The kinds of records. A kind is one file: its key, which holds ids and times and never content, and its value.

mod agent;
pub(super) mod attachment;
mod comparison;
mod conversation;
mod dataset;
pub(super) mod draft;
mod egress;
mod evaluation;
mod knowledge;
mod making;
mod message;
mod model_list;
mod open_answer;
mod prompt;
pub(super) mod provider_key;
pub(super) mod recency;
mod remembered;
mod replay;
mod span;
mod trace;
mod usage;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use agent::{AgentMemoryOf, AgentRunOf, AgentVersionOf};
pub use dataset::ItemOf;
pub use draft::{DraftOf, Paste, PasteOf};
pub use egress::EgressKey;
pub use evaluation::{
    DecisionOf, EvaluationItem, Foreign, ForeignOf, GeneratedOf, HandedOutOf, HeldOf, RatedItemOf, VoteOf,
};
pub use knowledge::{FiledOf, SyncOf};
pub use model_list::ModelList;
pub use open_answer::OpenAnswer;
pub use prompt::{PromptOf, PromptRun, RunOf, VersionOf};
pub use remembered::{Name, Remembered};
pub use replay::ReplayOf;
#[cfg(test)]
pub use trace::NoNote;
pub use trace::{Chunk, ChunkKey, NoteOf, RunKey, Segment, SegmentKey, TraceAt};
pub use usage::{UsageDay, UsageKey};

/// The first byte of every key. Numbers are on disk: they are never used for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    Conversation = 1,
    Message = 2,
    Draft = 3,
    Remembered = 4,
    Span = 5,
    Egress = 6,
    OpenAnswer = 7,
    Paste = 8,
    ProviderKey = 9,
    Attached = 10,
    ModelList = 12,
    Usage = 11,
    Fought = 13,
    Making = 14,
    Comparison = 15,
    Ballot = 16,
    Dataset = 17,
    DatasetItem = 18,
    Prompt = 20,
    PromptVersion = 21,
    PromptSketch = 22,
    PromptRun = 23,
    Evaluation = 24,
    EvaluationItem = 25,
    Generated = 26,
    Vote = 27,
    Decision = 28,
    HandedOut = 29,
    Held = 30,
    Foreign = 31,
    /// Conversations by the time of their last change; an index without values.
    Recency = 32,
    /// What was removed, so that a salvage does not bring it back. Compaction drops them. Spans, their texts and outward requests leave
    /// none: they are removed without end, and what a salvage brings back of them goes with the next sweep. Nor do items of
    /// datasets and evaluations, which come by the hundred thousand and go when what they are of is no more.
    Removed = 33,
    /// The number of the last batch; see `tail`.
    Tip = 34,
    /// Large values that nothing names any more, until their files are gone.
    Unnamed = 35,
    Base = 36,
    Filed = 37,
    SyncRun = 38,
    Agent = 40,
    AgentVersion = 41,
    AgentRun = 42,
    AgentPins = 43,
    TraceRun = 44,
    TraceAt = 45,
    TraceChunk = 46,
    TraceSegment = 47,
    TraceNote = 48,
    AgentMemory = 50,
    Replay = 51,
    Told = 56,
    SoFar = 57,
    /// Never in the tree: the kind under which the files of large values are sealed.
    Blob = 64,
}

impl Kind {
    /// Whether a key is a record's, and not an index entry's or a mark's.
    pub(super) fn is_record(key: &[u8]) -> bool {
        const RECENCY: u8 = Kind::Recency as u8;
        const BASE: u8 = Kind::Base as u8;
        const BLOB: u8 = Kind::Blob as u8;
        matches!(key.first(), Some(0..RECENCY | BASE..BLOB))
    }

    /// Whether the removal of what lies under a key leaves a mark.
    pub(super) fn is_marked(key: &[u8]) -> bool {
        // What a rater has before them ends by itself; a document that is gone is missed by the next sync, and an old sync goes again
        // with it. What a salvage brings back of traces goes where its segment is gone.
        const UNMARKED: [Kind; 16] = [
            Kind::Span,
            Kind::Told,
            Kind::Egress,
            Kind::DatasetItem,
            Kind::EvaluationItem,
            Kind::Generated,
            Kind::Held,
            Kind::SoFar,
            Kind::Foreign,
            Kind::Filed,
            Kind::SyncRun,
            Kind::TraceRun,
            Kind::TraceAt,
            Kind::TraceChunk,
            Kind::TraceSegment,
            Kind::Replay,
        ];
        key.first().is_none_or(|kind| UNMARKED.iter().all(|unmarked| *kind != *unmarked as u8))
    }

    /// Every kind that has records, with its name for people.
    pub(super) const RECORDS: [(Self, &'static str); 46] = [
        (Self::Conversation, "conversations"),
        (Self::Message, "messages"),
        (Self::Draft, "drafts"),
        (Self::Remembered, "remembered values"),
        (Self::Span, "spans"),
        (Self::Egress, "outward requests"),
        (Self::OpenAnswer, "answers being written"),
        (Self::Paste, "pastes of drafts"),
        (Self::ProviderKey, "keys of providers"),
        (Self::Attached, "pictures and documents"),
        (Self::ModelList, "lists of models"),
        (Self::Usage, "days of usage"),
        (Self::Making, "makings of pictures"),
        (Self::Comparison, "comparisons"),
        (Self::Ballot, "choices among answers"),
        (Self::Fought, "battles from elsewhere"),
        (Self::Dataset, "datasets"),
        (Self::DatasetItem, "items of datasets"),
        (Self::Prompt, "prompts"),
        (Self::PromptVersion, "versions of prompts"),
        (Self::PromptSketch, "drafts of prompts"),
        (Self::PromptRun, "runs of prompts"),
        (Self::Evaluation, "evaluations"),
        (Self::EvaluationItem, "items of evaluations"),
        (Self::Generated, "answers of evaluations"),
        (Self::Vote, "votes"),
        (Self::Decision, "decisions on votes"),
        (Self::HandedOut, "hand-outs to raters"),
        (Self::Held, "items before raters"),
        (Self::SoFar, "counts of votes"),
        (Self::Foreign, "lines that evaluations came as"),
        (Self::Base, "knowledge bases"),
        (Self::Filed, "documents of knowledge bases"),
        (Self::SyncRun, "syncs of knowledge bases"),
        (Self::Agent, "agents"),
        (Self::AgentVersion, "versions of agents"),
        (Self::AgentRun, "runs of agents"),
        (Self::AgentPins, "tools that were agreed to"),
        (Self::AgentMemory, "what agents remember"),
        (Self::TraceRun, "traces"),
        (Self::TraceAt, "places of traces"),
        (Self::TraceChunk, "parts of traces"),
        (Self::TraceSegment, "segments of traces"),
        (Self::Told, "texts of calls"),
        (Self::TraceNote, "notes on traces"),
        (Self::Replay, "replays of calls"),
    ];
}

/// The bytes of a key after its kind. Their order is the order of a scan.
pub trait RecordKey: Sized {
    /// Appends the key.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Reads it back; `None` for bytes that are no such key.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// A value with a place in the store.
pub trait Record: Serialize + DeserializeOwned {
    const KIND: Kind;
    /// Grows when the value's form changes in a way that serde's defaults do not bridge.
    const SCHEMA: u8;
    type Key: RecordKey;
}

/// The whole key of a record.
pub(super) fn key_bytes<R: Record>(key: &R::Key) -> Vec<u8> {
    let mut bytes = vec![R::KIND as u8];
    key.write(&mut bytes);
    bytes
}

macro_rules! id_key {
    ($($id:ty),+) => {$(
        impl RecordKey for $id {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(self.as_bytes());
            }

            fn read(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_bytes(bytes.try_into().ok()?))
            }
        }
    )+};
}

id_key!(
    crate::domain::id::AgentId,
    crate::domain::id::RunId,
    crate::domain::id::BallotId,
    crate::domain::id::BaseId,
    crate::domain::id::ComparisonId,
    crate::domain::id::ConversationId,
    crate::domain::id::EvaluationId,
    crate::domain::id::DatasetId,
    crate::domain::id::DocumentId,
    crate::domain::id::MakingId,
    crate::domain::id::MessageId,
    crate::domain::id::NoteId,
    crate::domain::id::PromptId,
    crate::domain::id::SourceId,
    crate::domain::id::SpanId,
    crate::domain::id::SyncId,
    crate::domain::id::VoteId
);
