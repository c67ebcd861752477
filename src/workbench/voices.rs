//! From the configuration to providers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{
    ApiKey, AwsCredentials, AwsService, Config, KnownProvider, ProviderConfig, ProviderKind, known_providers,
};
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::{Options, Trial};
use crate::net::Waits;
use crate::provider::Provider;
use crate::provider::anthropic::Anthropic;
use crate::provider::bedrock::{Bedrock, Credentials, Fetched};
use crate::provider::key::{Commands, Key};
use crate::provider::lambda::Functions;
use crate::provider::limited::{Limited, Limits};
use crate::provider::local::Local;
use crate::provider::ollama::Ollama;
use crate::provider::openai::{Api, OpenAi};
use crate::provider::optional::Optional;
use crate::provider::recording::{Recorder, Recording};
use crate::provider::replay::{Pace, Replay};
use crate::provider::s3::Buckets;
use crate::provider::scripted::Scripted;
use crate::provider::told_key::ToldKey;
use crate::provider::unavailable::Unavailable;
use crate::service::cassettes::Cassettes;
use crate::service::key_commands::KeyCommands;
use crate::service::keys::Keys;
use crate::service::models::catalogue;

/// The voice of the engine in this program.
pub(super) fn local(config: &Config, trial: Arc<dyn Trial>) -> Result<Arc<dyn Provider>> {
    let options = Options { threads: config.engine.threads, backend: config.engine.backend };
    Ok(Arc::new(Local::new(config.paths.models(), catalogue()?, options, trial)))
}

/// Every voice that is configured or has a kept key, beside the local one.
pub(super) fn all(
    config: &Config,
    local: &Arc<dyn Provider>,
    keys: &Keys,
    cassettes: &Cassettes,
) -> Vec<Arc<dyn Provider>> {
    let kept = keys.list().unwrap_or_else(|error| {
        tracing::warn!(%error, "the kept keys could not be read");
        Vec::new()
    });
    let has_key = |name: &str| kept.iter().any(|(provider, _)| provider == name);
    let commands = commands(config);
    let remote = |(name, provider): (&String, &ProviderConfig)| -> Arc<dyn Provider> {
        let key = match &provider.api_key {
            ApiKey::Absent if has_key(name) => Key::Found(Arc::new(keys.of(name))),
            ApiKey::Absent => Key::None,
            ApiKey::Given { key, variable } => {
                let place = variable.as_ref().map_or_else(
                    || format!("providers.{name}.api_key in the configuration"),
                    |variable| format!("the variable {variable}"),
                );
                Key::Given { key: key.expose().into(), place }
            }
            ApiKey::Command { line } => Key::Found(Arc::new(ToldKey::new(name, line, Arc::clone(&commands)))),
            ApiKey::Unset { variable } => {
                return Arc::new(Unavailable::new(
                    name,
                    Error::new(
                        ErrorKind::Auth,
                        format!("asking {name}"),
                        format!("its key is in the environment variable {variable}, which is not set"),
                        format!(
                            "Set {variable}, then start again; or take api_key out of the file and `outcrop keys set {name}`."
                        ),
                    ),
                ));
            }
        };
        let url = provider.base_url.as_deref().unwrap_or_default();
        let voice: Arc<dyn Provider> = match provider.kind {
            ProviderKind::Replay => {
                let tape = cassettes.tape(provider.file.clone().unwrap_or_default(), key);
                let pace = if provider.instant { Pace::AtOnce } else { Pace::Recorded };
                Arc::new(Replay::new(name, Arc::new(tape), pace))
            }
            ProviderKind::Scripted => Arc::new(Scripted::new(name)),
            ProviderKind::OpenAi => {
                let api = if provider.responses { Api::Responses } else { Api::Chat };
                let voice = OpenAi::new(name, url, key).by(api).with_key_in(provider.key_header.as_str());
                let voice = voice.whole(provider.whole).for_account(config.openai_account.clone());
                let known =
                    known_providers().iter().find(|known| known.name == *name && known.base_url == url);
                let is = |so: fn(&KnownProvider) -> bool| known.is_some_and(so);
                let voice = voice
                    .with_random_seed(is(|known| known.random_seed))
                    .with_nine_ids(is(|known| known.nine_ids))
                    .with_reasoning_back(is(|known| known.reasoning_back))
                    .with_rerank(
                        known.and_then(|known| known.rerank.as_deref()),
                        known.and_then(|known| known.rerank_top.as_deref()),
                    )
                    .with_embed(
                        known.and_then(|known| known.embed.as_deref()),
                        known.and_then(|known| known.embed_as.as_deref()),
                    );
                Arc::new(voice.with_key_check(known.and_then(|known| known.key_check.as_deref())))
            }
            ProviderKind::Anthropic => {
                let voice = Anthropic::new(name, url, key).with_key_in(provider.key_header.as_str());
                Arc::new(voice.whole(provider.whole))
            }
            ProviderKind::Ollama => {
                let voice = Ollama::new(name, url, key).whole(provider.whole);
                Arc::new(voice.with_contexts(contexts(config, name)))
            }
            ProviderKind::Bedrock => match bedrock(&commands, name, provider, key) {
                Ok(bedrock) => Arc::new(bedrock.whole(provider.whole)),
                Err(error) if provider.optional => return Arc::new(Unavailable::new(name, error).optional()),
                Err(error) => Arc::new(Unavailable::new(name, error)),
            },
        };
        let limits = limits(provider);
        let voice = if limits == Limits::default() { voice } else { Arc::new(Limited::new(voice, limits)) };
        let somewhere = provider.kind.wants_address();
        if !provider.optional || !somewhere {
            return voice;
        }
        let at_port =
            |known: &KnownProvider| known.name == *name && known.base_url == url && known.port.is_some();
        Arc::new(Optional::new(voice, url).looked_for(known_providers().iter().any(at_port)))
    };
    // One that nobody configured is there as soon as it has a key.
    let found = known_providers()
        .iter()
        .filter(|known| !config.providers.contains_key(&known.name) && has_key(&known.name));
    let found: Vec<_> = found.filter_map(|known| Some((known.name.clone(), known.config()?))).collect();
    let configured = config.providers.iter().chain(found.iter().map(|(name, provider)| (name, provider)));
    let voices = std::iter::once(Arc::clone(local)).chain(configured.map(remote));
    let Some(file) = &config.record else { return voices.collect() };
    let recorder: Arc<dyn Recorder> = Arc::new(cassettes.recorder(file.clone()));
    let recorded = |voice| -> Arc<dyn Provider> { Arc::new(Recording::new(voice, Arc::clone(&recorder))) };
    voices.map(recorded).collect()
}

/// How the providers are had that need a key, by their names.
pub(super) fn ways() -> BTreeMap<String, String> {
    let way = |known: &KnownProvider| {
        let kept = format!("keep one with `outcrop keys set {}`", known.name);
        let way = match (known.keys.first(), known.signs.first()) {
            // Those of this machine are found without one.
            _ if known.port.is_some() => return None,
            (_, Some(sign)) => {
                format!(
                    "Set {sign} or another variable that it is found by, or name it in [providers.{}].",
                    known.name
                )
            }
            (Some(variable), None) => format!("Set {variable}, or {kept}."),
            (None, None) => return None,
        };
        Some((known.name.clone(), way))
    };
    known_providers().iter().filter_map(way).collect()
}

/// What is missing where there is no key for a provider that can be found, and what to do.
pub(super) fn no_key(name: &str) -> String {
    let known = known_providers().iter().find(|known| known.name == name);
    let variables = known.map(|known| known.keys.join(" or ")).unwrap_or_default();
    let kept = match known {
        // Its credentials come in many ways.
        Some(known) if !known.signs.is_empty() => ", or sign in as Amazon's tools do".to_owned(),
        _ => format!(", or a table [providers.{name}] and `outcrop keys set {name}`"),
    };
    format!("no key: set {variables}{kept}")
}

/// What runs commands that tell keys.
fn commands(config: &Config) -> Arc<dyn Commands> {
    let folder = config.home.clone().unwrap_or_else(|| "/".into());
    Arc::new(KeyCommands::new(folder, config.key_commands.variables().collect()))
}

/// The context that the person says of models of that provider, by their names there.
fn contexts(config: &Config, provider: &str) -> BTreeMap<String, u32> {
    let own = config.models.iter().filter(|(id, _)| id.provider() == provider);
    own.filter_map(|(id, said)| Some((id.model().to_owned(), said.context?))).collect()
}

fn limits(provider: &ProviderConfig) -> Limits {
    let waits = Waits {
        connect: provider.connect_timeout,
        first_byte: provider.answer_timeout,
        idle: provider.idle_timeout,
    };
    Limits { at_once: provider.at_once, per_minute: provider.per_minute, waits }
}

/// Who opens buckets.
pub(super) fn buckets(config: &Config) -> Buckets {
    const NAME: &str = "buckets (S3)";
    let AwsService { region, profile, credentials, elsewhere, .. } = &config.s3;
    let own = signing_in(config, credentials, profile, NAME);
    // Keys that are the same are fetched once.
    let others =
        if elsewhere == credentials { own.clone() } else { signing_in(config, elsewhere, profile, NAME) };
    Buckets::new(own, others, region.clone())
}

/// Who invokes functions.
pub(super) fn functions(config: &Config) -> Functions {
    let AwsService { region, profile, credentials, endpoint, .. } = &config.lambda;
    let credentials = signing_in(config, credentials, profile, "functions (Lambda)");
    Functions::new(credentials, region.clone(), endpoint.clone())
}

/// What a service of Amazon's is asked with; the error is of keys that are not there.
fn signing_in(
    config: &Config,
    credentials: &AwsCredentials,
    profile: &str,
    name: &str,
) -> Result<Credentials> {
    match credentials {
        AwsCredentials::Missing { why, hint } => {
            Err(Error::new(ErrorKind::Auth, format!("signing in to {name}"), why.clone(), hint))
        }
        source => {
            let fetched = Fetched::new(name, profile, source.clone(), commands(config));
            Ok(Credentials::Fetched(Arc::new(fetched)))
        }
    }
}

fn bedrock(commands: &Arc<dyn Commands>, name: &str, provider: &ProviderConfig, key: Key) -> Result<Bedrock> {
    let missing = |kind, why: String, hint: &str| Error::new(kind, format!("asking {name}"), why, hint);
    let aws = provider.aws.as_ref();
    let credentials = match aws.map(|aws| (&aws.credentials, &aws.profile)) {
        // One that the table tells, or that is kept.
        _ if !matches!(key, Key::None) => Credentials::Bearer(key),
        Some((AwsCredentials::Bearer(key), _)) => {
            let place = "the variable AWS_BEARER_TOKEN_BEDROCK".to_owned();
            Credentials::Bearer(Key::Given { key: key.expose().into(), place })
        }
        Some((AwsCredentials::Missing { why, hint }, _)) => {
            return Err(missing(ErrorKind::Auth, why.clone(), hint));
        }
        Some((source, profile)) => {
            Credentials::Fetched(Arc::new(Fetched::new(name, profile, source.clone(), Arc::clone(commands))))
        }
        None => return Err(missing(ErrorKind::Auth, "it has no credentials".to_owned(), "")),
    };
    let Some(region) = aws.and_then(|aws| aws.region.as_deref()) else {
        let why = format!(
            "its Region is not known: neither providers.{name}.region, AWS_REGION, AWS_DEFAULT_REGION nor the profile in \
             ~/.aws/config names one"
        );
        return Err(missing(ErrorKind::Config, why, "Name one, like us-east-1."));
    };
    let (runtime, control) =
        aws.map_or((None, None), |aws| (aws.runtime_url.clone(), aws.control_url.clone()));
    Ok(Bedrock::new(name, region, provider.base_url.as_deref(), credentials).moved(runtime, control))
}
