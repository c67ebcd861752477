//! Datasets: items that models are evaluated with.

use serde::{Deserialize, Serialize};

pub use crate::domain::evaluation::dataset::{Form, Import};
use crate::domain::evaluation::item::Item;
use crate::domain::id::{ComparisonId, ConversationId, DatasetId, MessageId};

/// Asks about datasets. Those that came with the program are read like any other, and refuse to be changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Datasets {
    /// All of them: one `Datasets` reply.
    List,
    /// The one of that name, or whose id starts or ends so: `Dataset`.
    Find { text: String },
    /// Items from a place on, at most `limit` and as many as one message may hold: `DatasetItems`. Whoever is told them is kept with
    /// the blind evaluations of answers that it brought; so is who exports it.
    Items { id: DatasetId, from: u32, limit: u32 },
    /// How many of its items each source has answered: `DatasetAnswered`.
    Answered { id: DatasetId },
    /// Reads a file as a new dataset, all of it or nothing: `DatasetRead` where something is to be said of it, then `Dataset`.
    Import(Import),
    /// Adds an item to the dataset of that name, which is made where there is none: `ItemAdded`.
    AddItem { dataset: String, item: Item },
    /// The same with an answer of a conversation: its question with what came before it; the answer is the reference, or a
    /// response of its model. `ItemAdded`.
    FromConversation { conversation: ConversationId, message: MessageId, dataset: String, reference: bool },
    /// The same with a turn of a page of a comparison, both from 0, the last turn where none is named, and every answer to it
    /// that has ended: `ItemAdded`.
    FromComparison { comparison: ComparisonId, page: u32, turn: Option<u32>, dataset: String },
    /// All items as a file: `Text`s, one after the other.
    Export { id: DatasetId, form: Form },
    /// `Dataset`.
    Rename { id: DatasetId, name: String },
    /// Deletes it with its items: `Done`.
    Remove { id: DatasetId },
}
