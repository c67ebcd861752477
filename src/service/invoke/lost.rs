//! What is said of a model that its provider does not have: what took its place, or which one was meant.

use super::seen::SeenCards;
use crate::domain::catalog::ModelId;
use crate::domain::near::{meant, nearest_begun};
use crate::domain::{Error, ErrorKind};
use crate::service::models::known;

/// The error of a call to that model, with what is known of what should be asked in its place. Nobody is asked for that.
pub(super) fn told(error: Error, model: &ModelId, cards: &SeenCards) -> Error {
    if let Some(successor) = cards.successor(model) {
        return gone(error, &successor);
    }
    // What this machine has its own voice looks up.
    if error.kind != ErrorKind::NotFound || model.is_local() {
        return error;
    }
    meant(error, near(model, cards))
}

/// The model that was meant by one that its provider has not, of all that are known of it.
pub(super) fn near(model: &ModelId, cards: &SeenCards) -> Option<ModelId> {
    let known = cards.known_of(model.provider());
    // It is there: something else was not found.
    if known.contains(model) {
        return None;
    }
    let name = nearest_begun(model.model(), known.iter().map(ModelId::model))?;
    ModelId::new(model.provider(), name).ok()
}

/// The error of a retired model's provider: one that does not have it any more, in whatever words, is told by what it was
/// replaced.
pub(super) fn gone(error: Error, successor: &ModelId) -> Error {
    // Bedrock of an id that it does not know any more, or lets nobody have; Groq; `DeepSeek`; Mistral.
    const WORDS: [&str; 7] = [
        "model identifier",
        "access to the model",
        "decommissioned",
        "deprecated",
        "no longer",
        "model not exist",
        "invalid model",
    ];
    let is_gone = match error.kind {
        ErrorKind::NotFound => true,
        ErrorKind::Invalid | ErrorKind::Auth => {
            let low = error.why.to_lowercase();
            WORDS.iter().any(|words| low.contains(words))
        }
        _ => false,
    };
    if is_gone { known::succeeded(error, Some(successor)) } else { error }
}
