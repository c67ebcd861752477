//! What calls came to that something makes on its own way: whoever has limits counts them too.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::catalog::ModelId;
use crate::domain::message::Usage;
use crate::domain::trace::Span;

/// Counts calls that write or put in order. Who asks keeps a clone, and takes what came together whenever it reckons.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Vec<Counted>>>);

/// What one call came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    pub model: ModelId,
    pub usage: Usage,
    /// That it was billed for, where it put texts in order.
    pub searches: u32,
}

impl Meter {
    /// A call is over. What nobody told is taken by its length.
    pub(super) fn add(&self, span: &Span) {
        let Some(model) = span.model.clone().filter(|_| !span.unsent) else { return };
        let usage = Usage {
            input: span.usage.input.or(Some(span.by_length.input)),
            output: span.usage.output.or(Some(span.by_length.output)),
            ..span.usage
        };
        let counted = Counted { model, usage, searches: span.searches };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(counted);
    }

    /// What came together since it was asked before.
    pub fn take(&self) -> Vec<Counted> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
