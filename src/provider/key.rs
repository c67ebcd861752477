//! Where a voice's key comes from.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

use crate::domain::Result;

/// Finds a key when it is needed: a command that tells it, say.
pub trait KeySource: Send + Sync + std::fmt::Debug {
    fn key(&self) -> BoxFuture<'_, Result<SecretString>>;
}

/// A voice's key.
#[derive(Debug, Clone, Default)]
pub enum Key {
    /// The server needs none.
    #[default]
    None,
    Given(SecretString),
    Found(Arc<dyn KeySource>),
}

impl Key {
    /// Whether the server is to get one.
    pub fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// The key now; `None` where none is needed.
    pub async fn get(&self) -> Result<Option<SecretString>> {
        match self {
            Self::None => Ok(None),
            Self::Given(key) => Ok(Some(key.clone())),
            Self::Found(source) => source.key().await.map(Some),
        }
    }
}

impl From<SecretString> for Key {
    fn from(key: SecretString) -> Self {
        Self::Given(key)
    }
}
