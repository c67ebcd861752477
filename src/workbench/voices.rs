//! From the configuration to providers.

use std::sync::Arc;

use crate::config::{ApiKey, Config, ProviderConfig, ProviderKind};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::provider::Provider;
use crate::provider::local::Local;
use crate::provider::openai::OpenAi;
use crate::provider::scripted::Scripted;
use crate::provider::unavailable::Unavailable;
use crate::service::models::catalogue;

/// Every voice that is configured.
pub(super) fn providers(config: &Config, client: &Client) -> Result<Vec<Arc<dyn Provider>>> {
    let remote = |(name, provider): (&String, &ProviderConfig)| -> Arc<dyn Provider> {
        match (provider.kind, &provider.base_url, &provider.api_key) {
            (ProviderKind::Scripted, ..) => Arc::new(Scripted::new(name)),
            (ProviderKind::OpenAi, _, ApiKey::Unset { variable }) => Arc::new(Unavailable::new(
                name,
                Error::new(
                    ErrorKind::Auth,
                    format!("asking {name}"),
                    format!("its key is in the environment variable {variable}, which is not set"),
                    format!("Set {variable}, then start again."),
                ),
            )),
            (ProviderKind::OpenAi, url, key) => {
                let key = match key {
                    ApiKey::Given(key) => Some(key.expose().into()),
                    ApiKey::Absent | ApiKey::Unset { .. } => None,
                };
                Arc::new(OpenAi::new(name, url.as_deref().unwrap_or_default(), key, client.clone()))
            }
        }
    };
    let local = Local::new(config.paths.models(), catalogue()?, config.engine.threads);
    let mut providers: Vec<Arc<dyn Provider>> = vec![Arc::new(local)];
    providers.extend(config.providers.iter().map(remote));
    Ok(providers)
}

/// A seed for the pauses between retries.
pub(super) fn seed() -> Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|why| Error::internal("asking the system for a random number", why.to_string()))?;
    Ok(u64::from_le_bytes(bytes))
}
