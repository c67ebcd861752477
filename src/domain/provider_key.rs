//! Keys of providers that the person gave to this program to keep.

use serde::{Deserialize, Serialize};

/// Where a key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPlace {
    /// The workspace's store, sealed.
    Store,
    /// The operating system's keyring.
    Keyring,
}

/// One key, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptKey {
    pub provider: String,
    pub at: KeyPlace,
    /// Another key is said for this provider, by the configuration or the environment: that one is used.
    pub overridden: bool,
}
