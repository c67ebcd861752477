//! Knowledge bases: made, filled, searched, asked.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::id::{BaseId, DocumentId, PassageId, SourceId};
pub use crate::domain::knowledge::base::{Plan, SourceChange, SourcePlan};
pub use crate::domain::knowledge::preview::ToCut;
pub use crate::domain::knowledge::quality::Setting;
pub use crate::domain::knowledge::rebuild::Wish;
pub use crate::domain::knowledge::reranking::{Reranker, Reranking};
pub use crate::domain::knowledge::retrieval::{Answers, Asked, Question};
pub use crate::domain::knowledge::store::StoreKind;
pub use crate::service::knowledge::{check_filter, check_patterns};

/// Asks about knowledge bases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "one at a time is in flight; a box would only move the bytes")]
pub enum Knowledge {
    /// Makes an empty base: `Base`.
    Create { plan: Plan },
    /// All of them, the newest first: one `Bases` reply.
    List,
    /// The one of that name, or whose id starts or ends with `text`: `Base`.
    Find { text: String },
    /// Whether a base can have such a source, before one is made for it: `Done`.
    CheckSource { plan: SourcePlan },
    /// Adds a place of documents, which a sync reads: `Base`.
    AddSource { id: BaseId, plan: SourcePlan },
    /// Has other files of a source looked through, or at other times by itself: `Base`.
    ChangeSource { id: BaseId, source: SourceId, change: SourceChange },
    /// Takes a source away with its documents: `Base`.
    RemoveSource { id: BaseId, source: SourceId },
    /// Has what is found in it put in order by that model, or by none, where a question does not say otherwise: `Base`.
    Rerank { id: BaseId, reranker: Option<Reranker> },
    /// Has a model answer from it so, where a question does not say otherwise: `Base`.
    Answers { id: BaseId, answers: Answers },
    /// `Base`.
    Rename { id: BaseId, name: String },
    /// Deletes it; the documents themselves stay where they are, and what servers have of it where it is to `forget` that: `Done`.
    Remove {
        id: BaseId,
        #[serde(default)]
        forget: bool,
    },
    /// Looks a source through, or all of them: `Base`s as it grows. Going away stops nothing.
    Sync { id: BaseId, source: Option<SourceId> },
    /// Moves it to another store, or goes on with that: `Base`s as it grows. Going away stops nothing.
    Move { id: BaseId, to: StoreKind },
    /// What embedding or cutting it otherwise would do and cost: `RebuildPlan`.
    PlanRebuild { id: BaseId, wish: Wish },
    /// Embeds it by another model, or cuts it in another way, or goes on with that: `Base`s as it grows. It answers as it was until
    /// all is there. Going away stops nothing.
    Rebuild { id: BaseId, wish: Wish },
    /// Takes back a rebuild that is not at its end: `Base`.
    DropRebuild { id: BaseId },
    /// Writes it to a new file, with the vectors or without: `Progress`, then `Base`.
    Export { id: BaseId, path: PathBuf, vectors: bool },
    /// Makes a base of such a file, whole or not at all: `Progress`, then `Base`.
    Import { path: PathBuf, name: Option<String> },
    /// Stops what syncs it; the next sync goes on from there: `Base`.
    Pause { id: BaseId },
    /// The syncs of its sources that are remembered, those of each source together and the newest first: `SyncRuns`.
    Runs { id: BaseId },
    /// Its documents by their places: `Documents`.
    Documents { id: BaseId },
    /// The passages of a document in order, all of them or at most `most` from the one at `from` on: `Passages`.
    Passages {
        id: BaseId,
        document: DocumentId,
        #[serde(default)]
        from: u32,
        #[serde(default)]
        most: Option<u32>,
    },
    /// The passages of a document in order, each with the length of its vector: `Norms`.
    Norms { id: BaseId, document: DocumentId },
    /// Cuts a file as a sync would, with nothing kept: `Preview`, then `Pieces` of each way of cutting in order.
    Preview { wanted: ToCut },
    /// A passage with all that is known of it: `Looked`.
    Look { id: BaseId, passage: PassageId },
    /// `Retrieved`.
    Search { id: BaseId, question: Question },
    /// Asks every question of a file (JSONL, see `wire::knowledge::judged`) by every setting, of which the first `k` hits count:
    /// `Measuring` as it goes, then `Quality`.
    Measure { id: BaseId, questions: String, settings: Vec<Setting>, k: u32 },
    /// Has a model answer from what is found: `Retrieved`, then `Delta`s and `Cited`, unless nothing was found.
    Ask { id: BaseId, asked: Asked },
}
