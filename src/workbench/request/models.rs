//! Models: listed, fetched, added, removed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::catalog::ModelId;

/// Asks about models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Models {
    /// Every model that is configured or in the local catalogue: `Lists` where there are providers behind the network, then one `Models` reply. `probe` asks those now; without it their kept lists are shown.
    List { probe: bool },
    /// What the catalogue has beyond what can be asked: models of vendors for whom there is no key, and those that are retired:
    /// one `Models` reply. Nothing is contacted.
    Keyless,
    /// One model: one `Models` reply with one card, or an error.
    Show { id: ModelId },
    /// Whether its provider is there: one `Models` reply with the card of what is known of the model, whether a list has it or
    /// not, or an error that says how the provider is had. Nothing is contacted.
    Knows { id: ModelId },
    /// What fetching it would do: one `Plan`. Touches no network.
    Plan { id: ModelId },
    /// Fetches a model of the local catalogue: `Pulling` again and again, then `Models` with its card.
    /// The caller has the person's yes.
    Pull { id: ModelId },
    /// Takes a GGUF file of this machine, whose path may begin with `~/`: `Pulling` for the steps, then `Models` with its card.
    Add { file: PathBuf, name: Option<String> },
    /// How its provider stands, as the doctor says it: one `Checks` reply.
    Health { provider: String },
    /// Asks a model something that is kept nowhere: `Delta` again and again, then one `Tried`. One that makes vectors makes one
    /// of the text.
    Try { id: ModelId, text: String },
    /// Makes one vector a text, kept nowhere: `Delta` with them, then one `Tried`.
    Embed { id: ModelId, texts: Vec<String> },
    /// Puts texts in order by how well they answer `query`, kept nowhere: `Delta` with the order, then one `Tried`.
    Rerank { id: ModelId, query: String, texts: Vec<String> },
    /// Deletes a local model's files: `Done`.
    Remove { id: ModelId },
}
