//! Keys of providers that are kept for the person.

use serde::{Deserialize, Serialize};

use crate::domain::provider_key::KeyPlace;
use crate::domain::secret::Secret;

/// Asks about keys of providers. No reply holds one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// Whose key is kept where: `Keys`.
    List,
    /// Keeps a key, in the place of one that was kept before: `Done`.
    Keep { provider: String, key: Secret, at: KeyPlace },
    /// Forgets one: `Done`.
    Forget { provider: String },
}
