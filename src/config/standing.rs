//! The values with which the owner of a workspace works for every process that attaches to it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{ApiKey, Aws, Config, Secret, check};
use crate::domain::hex::hex;
use crate::domain::workspace::Configured;

/// The tables whose values belong to the owner: one network, one engine, one purse and one set of voices serve everybody.
const TABLES: [&str; 8] =
    ["net.", "engine.", "stores.", "budget.", "budgets.", "providers.", "models.", "record"];

/// Keys that are no reason for a note: they travel with each call, where the environment or a flag says them.
const CARRIED: [&str; 2] = ["net.answer_timeout", "net.idle_timeout"];

impl Config {
    /// Whether the environment or a flag sets a key: for this run, not for every one.
    pub fn is_said(&self, key: &str) -> bool {
        let said = |origin: &str| origin.starts_with("flag ") || origin.starts_with("environment ");
        self.values.iter().any(|value| value.key == key && said(&value.origin))
    }

    /// The values that must be the owner's to be in force, as this process has them. Secrets are told apart by a digest.
    pub fn standing(&self) -> BTreeMap<String, Configured> {
        let own = self.values.iter().filter(|value| {
            TABLES.iter().any(|table| value.key.starts_with(table))
                && !CARRIED.contains(&value.key.as_str())
                && (value.key != "record" || self.record.is_some())
        });
        let mut standing: BTreeMap<_, _> = own
            .map(|value| {
                let (shown, secret) = self.effective(&value.key, &value.value);
                let print = secret.map_or_else(String::new, digest);
                (value.key.clone(), Configured { value: shown, print })
            })
            .collect();
        for (name, provider) in &self.providers {
            if let Some(secret) = provider.aws.as_ref().and_then(Aws::secret) {
                let credentials = Configured { value: "\"…\"".to_owned(), print: digest(secret) };
                standing.insert(format!("{}.credentials", check::join("providers", name)), credentials);
            }
        }
        if let Some(token) = &self.hf_token {
            let token = Configured { value: "\"…\"".to_owned(), print: digest(token) };
            standing.insert("HF_TOKEN".to_owned(), token);
        }
        standing
    }

    /// What a key comes to: what is shown of it, and what is hidden.
    fn effective(&self, key: &str, shown: &str) -> (String, Option<&Secret>) {
        let net = &self.net;
        let hidden = match check::split(key)[..] {
            // The same words mean another file in another folder.
            ["record"] => {
                let file = self.record.as_ref().map(|file| format!("{:?}", file.display().to_string()));
                return (file.unwrap_or_else(|| shown.to_owned()), None);
            }
            ["net", "http_proxy"] => net.http_proxy.as_ref(),
            ["net", "https_proxy"] => net.https_proxy.as_ref(),
            ["net", "all_proxy"] => net.all_proxy.as_ref(),
            ["stores", "postgres_url"] => return told(shown, Some(&self.stores.postgres)),
            ["stores", "qdrant_api_key"] => return told(shown, Some(&self.stores.qdrant_key)),
            ["providers", name, "api_key"] => {
                let provider = self.providers.get(name.trim_matches('"'));
                return told(shown, provider.map(|provider| &provider.api_key));
            }
            _ => None,
        };
        (shown.to_owned(), hidden)
    }
}

/// What a key that is written so comes to.
fn told<'a>(shown: &str, key: Option<&'a ApiKey>) -> (String, Option<&'a Secret>) {
    match key {
        Some(ApiKey::Given { key, .. }) => (shown.to_owned(), Some(key)),
        Some(ApiKey::Unset { variable }) => (format!("{shown} ({variable} is not set)"), None),
        Some(ApiKey::Absent | ApiKey::Command { .. }) | None => (shown.to_owned(), None),
    }
}

fn digest(secret: &Secret) -> String {
    let digest = Sha256::new().chain_update("outcrop standing\0").chain_update(secret.expose()).finalize();
    hex(&digest[..16])
}
