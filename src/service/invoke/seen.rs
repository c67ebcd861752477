//! The cards that providers showed: what a model is known not to do is refused before it is sent.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::call::Call;
use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::{Error, ErrorKind, Result};

/// The newest cards of each provider.
#[derive(Debug, Default)]
pub(super) struct SeenCards(Mutex<BTreeMap<String, BTreeMap<ModelId, ModelCard>>>);

impl SeenCards {
    /// Puts these cards in the place of those that the provider showed before.
    pub(super) fn keep(&self, provider: &str, cards: &[ModelCard]) {
        let cards = cards.iter().map(|card| (card.id.clone(), card.clone())).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(provider.to_owned(), cards);
    }

    /// `Refused` where the model's card says that it lacks what the call needs. An unknown model is asked.
    pub(super) fn admit(&self, call: &Call, doing: &str) -> Result<()> {
        let Some(model) = call.model() else { return Ok(()) };
        let providers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(card) = providers.get(model.provider()).and_then(|cards| cards.get(model)) else {
            return Ok(());
        };
        match call.needs().into_iter().find(|capability| card.can(*capability) == Some(false)) {
            None => Ok(()),
            Some(capability) => Err(Error::new(
                ErrorKind::Refused { capability: capability.as_str().to_owned() },
                doing,
                format!("{model} has no {}", capability.as_str()),
                format!("`outcrop models show {model}` says what it can do."),
            )),
        }
    }
}
