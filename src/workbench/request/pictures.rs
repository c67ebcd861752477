//! Pictures: made by models, kept, given out.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use crate::domain::call::Picture;
use crate::domain::id::MakingId;
use crate::domain::message::BlobId;

/// Asks about pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pictures {
    /// Makes some: one `Making` when it is durable, one for each picture that came, one for its end, whose outcome says how
    /// it went; `Delta`s between them say what else there is to say. A `file`, whose path may begin with `~/`, is read and
    /// kept as the picture to vary. Dropping the replies stops it; what came is kept and marked.
    Make { asked: Picture, file: Option<PathBuf> },
    /// Newest first: one `Makings` reply. `before` continues after that one.
    List { limit: usize, before: Option<MakingId> },
    /// The one whose id starts or ends with `text`: `Making`, or an error that lists those it could be.
    Find { text: String },
    /// The request that makes these pictures, the first where there are several, as programs: one `Scripts`. Nothing is sent.
    Scripts { id: MakingId },
    /// What a kept picture holds: one `Picture`.
    Bytes { blob: BlobId },
    /// Deletes a making, and its pictures where nothing else has them: `Done`.
    Remove { id: MakingId },
}
