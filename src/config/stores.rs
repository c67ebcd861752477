//! Where knowledge bases lie that have outgrown this machine, typed.

use serde::Deserialize;

use super::{ApiKey, Environment};
use crate::domain::Result;

/// The servers that hold knowledge bases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stores {
    /// The URL of a PostgreSQL database, with its password; no command tells it.
    pub postgres: ApiKey,
    /// Where Qdrant's API starts, without a slash at the end.
    pub qdrant: Option<String>,
    pub qdrant_key: ApiKey,
}

/// `[stores]`.
#[derive(Default, Deserialize)]
pub(super) struct RawStores {
    postgres_url: Option<String>,
    qdrant_url: Option<String>,
    qdrant_api_key: Option<String>,
}

impl RawStores {
    /// Its secrets as they are written, which may be names of variables.
    pub(super) fn secrets(&self) -> [Option<&str>; 2] {
        [self.postgres_url.as_deref(), self.qdrant_api_key.as_deref()]
    }

    pub(super) fn typed(self, environment: &Environment) -> Result<Stores> {
        let url = self.qdrant_url.filter(|url| !url.is_empty());
        Ok(Stores {
            postgres: ApiKey::read(self.postgres_url.as_deref(), environment)?,
            qdrant: url.map(|url| url.trim_end_matches('/').to_owned()),
            qdrant_key: ApiKey::read(self.qdrant_api_key.as_deref(), environment)?,
        })
    }
}
