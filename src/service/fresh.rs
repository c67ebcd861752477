//! What only the world can give: new ids and the time of day.

use uuid::Uuid;

use crate::domain::id::{
    AgentId, BallotId, BaseId, ComparisonId, ConversationId, DatasetId, DocumentId, DraftId, EvaluationId,
    MakingId, MessageId, NoteId, PromptId, RunId, SourceId, SpanId, SyncId, VoteId,
};
use crate::domain::time::Timestamp;
use crate::wire::thread;

/// A new conversation's id; later ids sort after earlier ones.
pub fn conversation_id() -> ConversationId {
    ConversationId::from_uuid(Uuid::now_v7())
}

/// A new message's id; later ids sort after earlier ones.
pub fn message_id() -> MessageId {
    MessageId::from_uuid(Uuid::now_v7())
}

/// The id of a draft that is saved now.
pub fn draft_id() -> DraftId {
    DraftId::from_uuid(Uuid::now_v7())
}

/// A new prompt's id; later ids sort after earlier ones.
pub fn prompt_id() -> PromptId {
    PromptId::from_uuid(Uuid::now_v7())
}

/// A new agent's id; later ids sort after earlier ones.
pub fn agent_id() -> AgentId {
    AgentId::from_uuid(Uuid::now_v7())
}

/// The id of a new run of an agent; later ids sort after earlier ones.
pub fn run_id() -> RunId {
    RunId::from_uuid(Uuid::now_v7())
}

/// A new span's id; later ids sort after earlier ones.
pub fn span_id() -> SpanId {
    SpanId::from_uuid(Uuid::now_v7())
}

/// The id of a new note on a trace; later ids sort after earlier ones.
pub fn note_id() -> NoteId {
    NoteId::from_uuid(Uuid::now_v7())
}

/// The id of a new making of pictures; later ids sort after earlier ones.
pub fn making_id() -> MakingId {
    MakingId::from_uuid(Uuid::now_v7())
}

/// The id of a new comparison; later ids sort after earlier ones.
pub fn comparison_id() -> ComparisonId {
    ComparisonId::from_uuid(Uuid::now_v7())
}

/// The id of a new choice; later ids sort after earlier ones.
pub fn ballot_id() -> BallotId {
    BallotId::from_uuid(Uuid::now_v7())
}

/// The id of a new evaluation; later ids sort after earlier ones.
pub fn evaluation_id() -> EvaluationId {
    EvaluationId::from_uuid(Uuid::now_v7())
}

/// The id of a new vote; later ids sort after earlier ones.
pub fn vote_id() -> VoteId {
    VoteId::from_uuid(Uuid::now_v7())
}

/// The id of a new dataset; later ids sort after earlier ones.
pub fn dataset_id() -> DatasetId {
    DatasetId::from_uuid(Uuid::now_v7())
}

/// A new knowledge base's id; later ids sort after earlier ones.
pub fn base_id() -> BaseId {
    BaseId::from_uuid(Uuid::now_v7())
}

/// The id of a new source of documents; later ids sort after earlier ones.
pub fn source_id() -> SourceId {
    SourceId::from_uuid(Uuid::now_v7())
}

/// The id of a new sync; later ids sort after earlier ones.
pub fn sync_id() -> SyncId {
    SyncId::from_uuid(Uuid::now_v7())
}

/// A new document's id; later ids sort after earlier ones.
pub fn document_id() -> DocumentId {
    DocumentId::from_uuid(Uuid::now_v7())
}

/// A number that nobody can guess, to draw by.
pub fn seed() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_be_bytes(bytes),
        // Without the system's own chance, what is left is hard to guess.
        Err(_) => Uuid::now_v7().as_u64_pair().1,
    }
}

/// The time of day.
pub fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// New ids for what is read or copied.
#[derive(Debug, Clone, Copy)]
pub struct Ids;

impl thread::Ids for Ids {
    fn conversation(&mut self) -> ConversationId {
        conversation_id()
    }

    fn message(&mut self) -> MessageId {
        message_id()
    }
}
