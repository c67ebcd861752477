//! From the configuration to providers.

use std::sync::Arc;

use crate::config::{ApiKey, Config, ProviderConfig, ProviderKind};
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::{Options, Trial};
use crate::provider::Provider;
use crate::provider::anthropic::Anthropic;
use crate::provider::local::Local;
use crate::provider::openai::OpenAi;
use crate::provider::scripted::Scripted;
use crate::provider::unavailable::Unavailable;
use crate::service::models::catalogue;

/// The voice of the engine in this program.
pub(super) fn local(config: &Config, trial: Arc<dyn Trial>) -> Result<Arc<dyn Provider>> {
    let options = Options { threads: config.engine.threads, backend: config.engine.backend };
    Ok(Arc::new(Local::new(config.paths.models(), catalogue()?, options, trial)))
}

/// Every voice that is configured, beside the local one.
pub(super) fn all(config: &Config, local: &Arc<dyn Provider>) -> Vec<Arc<dyn Provider>> {
    let remote = |(name, provider): (&String, &ProviderConfig)| -> Arc<dyn Provider> {
        let key = match &provider.api_key {
            ApiKey::Absent => None,
            ApiKey::Given(key) => Some(key.expose().into()),
            ApiKey::Unset { variable } => {
                return Arc::new(Unavailable::new(
                    name,
                    Error::new(
                        ErrorKind::Auth,
                        format!("asking {name}"),
                        format!("its key is in the environment variable {variable}, which is not set"),
                        format!("Set {variable}, then start again."),
                    ),
                ));
            }
        };
        let url = provider.base_url.as_deref().unwrap_or_default();
        match provider.kind {
            ProviderKind::Scripted => Arc::new(Scripted::new(name)),
            ProviderKind::Anthropic => Arc::new(Anthropic::new(name, url, key)),
            ProviderKind::OpenAi => Arc::new(OpenAi::new(name, url, key)),
        }
    };
    std::iter::once(Arc::clone(local)).chain(config.providers.iter().map(remote)).collect()
}
