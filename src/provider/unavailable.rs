//! A voice that is configured but cannot be used: it says why to everybody who asks it.

use futures_util::{StreamExt, stream};

use super::{Events, Provider};
use crate::domain::call::{Call, Converse};
use crate::domain::delta::Event;
use crate::domain::script::Sent;
use crate::domain::{Error, Result};
use crate::net::Client;

/// Its name, and what stands in its way.
#[derive(Debug)]
pub struct Unavailable {
    name: String,
    error: Error,
    /// That it has no models is nothing to speak of.
    optional: bool,
}

impl Unavailable {
    /// A provider that fails with `error`.
    pub fn new(name: impl Into<String>, error: Error) -> Self {
        Self { name: name.into(), error, optional: false }
    }

    /// One that nobody chose: its error is for who asks a model of it, and it lists none.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

impl Provider for Unavailable {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_remote(&self) -> bool {
        // It is asked when the others of its kind are: then its error is of use.
        true
    }

    fn is_optional(&self) -> bool {
        self.optional
    }

    fn sent(&self, _: &Converse) -> Result<Sent> {
        Err(self.error.clone())
    }

    fn serve(&self, call: Call, _: &Client) -> Events {
        if self.optional && matches!(call, Call::ListModels) {
            return stream::once(std::future::ready(Ok(Event::Models { cards: Vec::new() }))).boxed();
        }
        let failed: Result<_> = Err(self.error.clone());
        stream::once(std::future::ready(failed)).boxed()
    }
}
