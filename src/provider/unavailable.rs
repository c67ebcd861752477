//! A voice that is configured but cannot be used: it says why to everybody who asks it.

use futures_util::{StreamExt, stream};

use super::{Events, Provider};
use crate::domain::call::Call;
use crate::domain::{Error, Result};
use crate::net::Client;

/// Its name, and what stands in its way.
#[derive(Debug)]
pub struct Unavailable {
    name: String,
    error: Error,
}

impl Unavailable {
    /// A provider that fails with `error`.
    pub fn new(name: impl Into<String>, error: Error) -> Self {
        Self { name: name.into(), error }
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

    fn serve(&self, _: Call, _: &Client) -> Events {
        let failed: Result<_> = Err(self.error.clone());
        stream::once(std::future::ready(failed)).boxed()
    }
}
