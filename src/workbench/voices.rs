//! From the configuration to providers.

use std::sync::Arc;

use crate::config::{ApiKey, Aws, AwsCredentials, Config, ProviderConfig, ProviderKind};
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::{Options, Trial};
use crate::provider::Provider;
use crate::provider::bedrock::{Bedrock, Credentials};
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
            ProviderKind::Bedrock => match bedrock(name, provider.base_url.as_deref(), provider.aws.as_ref())
            {
                Ok(bedrock) => Arc::new(bedrock),
                Err(error) => Arc::new(Unavailable::new(name, error)),
            },
            ProviderKind::OpenAi => Arc::new(OpenAi::new(name, url, key)),
        }
    };
    std::iter::once(Arc::clone(local)).chain(config.providers.iter().map(remote)).collect()
}

fn bedrock(name: &str, base_url: Option<&str>, aws: Option<&Aws>) -> Result<Bedrock> {
    let missing = |kind, why: String, hint: &str| Error::new(kind, format!("asking {name}"), why, hint);
    let Some(region) = aws.and_then(|aws| aws.region.as_deref()) else {
        let why = format!(
            "its region is not known: neither providers.{name}.region, AWS_REGION, AWS_DEFAULT_REGION nor the profile in \
             ~/.aws/config names one"
        );
        return Err(missing(ErrorKind::Config, why, "Name one, like us-east-1."));
    };
    let credentials = match aws.map(|aws| &aws.credentials) {
        Some(AwsCredentials::Bearer(key)) => Credentials::Bearer(key.expose().into()),
        Some(AwsCredentials::Keys { id, secret, token }) => Credentials::Keys {
            id: id.clone(),
            secret: secret.expose().into(),
            token: token.as_ref().map(|token| token.expose().into()),
        },
        Some(AwsCredentials::Missing { why, hint }) => {
            return Err(missing(ErrorKind::Auth, why.clone(), hint));
        }
        None => return Err(missing(ErrorKind::Auth, "it has no credentials".to_owned(), "")),
    };
    Ok(Bedrock::new(name, region, base_url, credentials))
}
