//! Keys of providers that are kept for the person: in the sealed store, or in the operating system's keyring.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use crate::domain::provider_key::KeyPlace;
use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::provider::key::KeySource;
use crate::service::blocking::blocking;
use crate::store::Store;

/// The keys that are kept.
#[derive(Debug, Clone)]
pub struct Keys(Store);

impl Keys {
    /// Over an open store.
    pub fn new(store: Store) -> Self {
        Self(store)
    }

    /// The providers that have one, by name, and where it is. Blocks.
    pub fn list(&self) -> Result<Vec<(String, KeyPlace)>> {
        self.0.provider_keys()
    }

    /// Keeps a key, in the place of one that was kept before. Blocks; a keyring may ask the person to unlock it.
    pub fn keep(&self, provider: &str, key: &Secret, at: KeyPlace) -> Result<()> {
        let key = key.expose().trim();
        if key.is_empty() || key.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("keeping the key of {provider}"),
                if key.is_empty() { "it is empty" } else { "it holds a space or a line break" },
                "Give the key alone, in one line.",
            ));
        }
        self.0.keep_provider_key(provider, &Secret::new(key), at)
    }

    /// Forgets a key. Blocks.
    pub fn forget(&self, provider: &str) -> Result<()> {
        if self.0.forget_provider_key(provider)? {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::NotFound,
            format!("forgetting the key of {provider}"),
            "none is kept",
            "`outcrop keys list` shows those that are; a key of the environment or the configuration is not kept here.",
        ))
    }

    /// The key of one provider, read when it is needed.
    pub fn of(&self, provider: &str) -> KeptKey {
        KeptKey { store: self.0.clone(), provider: provider.to_owned() }
    }
}

/// A kept key on its way to a voice. It is read at every call: one that was changed counts at once.
#[derive(Debug)]
pub struct KeptKey {
    store: Store,
    provider: String,
}

impl KeySource for KeptKey {
    fn key<'a>(&'a self, _: &'a Client) -> BoxFuture<'a, Result<SecretString>> {
        let (store, provider) = (self.store.clone(), self.provider.clone());
        async move {
            let asked = provider.clone();
            let doing = format!("reading the key of {provider}");
            let key = blocking(&doing, move || store.provider_key(&asked)).await?;
            let missing = || {
                let hint = format!("`outcrop keys set {provider}` keeps one.");
                Error::new(ErrorKind::Auth, doing, "no key is kept any more", hint)
            };
            Ok(key.ok_or_else(missing)?.expose().into())
        }
        .boxed()
    }

    fn remedy(&self) -> String {
        let provider = &self.provider;
        format!(
            "The key is the one that is kept for {provider}: `outcrop keys set {provider}` keeps another."
        )
    }
}
