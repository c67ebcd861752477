//! The keys of providers: sealed like everything else, or in the operating system's keyring, whose entry is named here.

use super::keyring::RingEntry;
use super::record::provider_key::{Place, ProviderKey};
use super::seal::random;
use super::{Batch, Scan, Store};
use crate::domain::hex::hex;
use crate::domain::provider_key::KeyPlace;
use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};

impl Store {
    /// The providers that have a key here, by name, and where it is.
    pub fn provider_keys(&self) -> Result<Vec<(String, KeyPlace)>> {
        let mut kept = Vec::new();
        for entry in self.scan(Scan::<ProviderKey>::all()) {
            let (_, key) = entry?;
            let at = match key.at {
                Place::Here { .. } => KeyPlace::Store,
                Place::Keyring { .. } => KeyPlace::Keyring,
            };
            kept.push((key.provider, at));
        }
        kept.sort_by(|one: &(String, KeyPlace), other| one.0.cmp(&other.0));
        Ok(kept)
    }

    /// Keeps a provider's key, in the place of one that was kept before.
    pub fn keep_provider_key(&self, provider: &str, key: &Secret, at: KeyPlace) -> Result<()> {
        let before = self.provider_key_record(provider)?;
        let doing = format!("keeping the key of {provider}");
        let place = match at {
            KeyPlace::Store => Place::Here { key: key.clone() },
            KeyPlace::Keyring => {
                let entry = hex(&random::<8>()?[..]);
                let ring = &self.shared.site.options.keyring;
                ring.keep(&self.ring_entry(&entry, provider), key.expose()).map_err(|fault| {
                    fault.told(ErrorKind::Locked, &doing, "or keep it in the sealed store: --to store")
                })?;
                Place::Keyring { entry }
            }
        };
        let kept = ProviderKey { provider: provider.to_owned(), at: place };
        let mut batch = Batch::new();
        batch.put(&self.name(provider), &kept)?;
        if let Err(error) = self.commit(batch) {
            // Nobody would find the new entry; what was kept before is kept still.
            let _ = self.leave_ring(&kept);
            return Err(error);
        }
        before.map_or(Ok(()), |before| self.leave_ring(&before))
    }

    /// The key that is kept for a provider; `None` where none is.
    pub fn provider_key(&self, provider: &str) -> Result<Option<Secret>> {
        let Some(kept) = self.provider_key_record(provider)? else { return Ok(None) };
        let doing = format!("reading the key of {provider}");
        match kept.at {
            Place::Here { key } => Ok(Some(key)),
            Place::Keyring { entry } => {
                let entry = self.ring_entry(&entry, provider);
                let hint = format!("`outcrop keys set {provider}` keeps it anew");
                match self.shared.site.options.keyring.give(&entry, true) {
                    Ok(Some(key)) => Ok(Some(Secret::new(key.as_str()))),
                    Ok(None) => Err(Error::new(
                        ErrorKind::Auth,
                        doing,
                        format!("the keyring has no entry “{}” any more", entry.label),
                        format!("{hint}."),
                    )),
                    Err(fault) => Err(fault.told(ErrorKind::Auth, doing, &hint)),
                }
            }
        }
    }

    /// Forgets a provider's key; `false` where none was kept.
    pub fn forget_provider_key(&self, provider: &str) -> Result<bool> {
        let Some(kept) = self.provider_key_record(provider)? else { return Ok(false) };
        // The entry first: a record without one says what is missing, an entry without a record nobody finds.
        self.leave_ring(&kept)?;
        let mut batch = Batch::new();
        batch.remove::<ProviderKey>(&self.name(provider));
        self.commit(batch)?;
        Ok(true)
    }

    fn provider_key_record(&self, provider: &str) -> Result<Option<ProviderKey>> {
        self.get::<ProviderKey>(&self.name(provider))
    }

    fn leave_ring(&self, kept: &ProviderKey) -> Result<()> {
        let Place::Keyring { entry } = &kept.at else { return Ok(()) };
        let doing = format!("taking the key of {} out of the keyring", kept.provider);
        let entry = self.ring_entry(entry, &kept.provider);
        let forgotten = self.shared.site.options.keyring.forget(&entry);
        forgotten.map_err(|fault| fault.told(ErrorKind::Locked, doing, "the old entry is still there"))
    }

    fn ring_entry(&self, entry: &str, provider: &str) -> RingEntry {
        let workspace = self.shared.desk().head.workspace;
        let label = format!("outcrop: API key of {provider}");
        RingEntry { workspace, id: entry.to_owned(), label }
    }
}
