//! What the owner works with for everybody: its configuration, the network and the voices made from it.
//!
//! The file is read again when it has changed. One that is broken changes nothing, and that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use super::voices;
use crate::config::{ApiKey, Config, Shown, Stamp, Stores, known_providers};
use crate::domain::change::Changed;
use crate::domain::provider_key::{KeptKey, KeyPlace};
use crate::domain::secret::Secret;
use crate::domain::workspace::{Configured, Difference};
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::Trial;
use crate::net::{Client, EgressSink, NetOptions, Network, Reach};
use crate::provider::Provider;
use crate::service::cassettes::Cassettes;
use crate::service::changes::Changes;
use crate::service::invoke::{Chooser, Invoke, SpanSink};
use crate::service::keys::Keys;
use crate::service::usage::purse::Purse;

/// Tells the standing whose models are chosen.
#[derive(Debug)]
struct Choices(Weak<Standing>);

impl Chooser for Choices {
    fn choose(&self, provider: &str) {
        if let Some(standing) = self.0.upgrade() {
            standing.choose(provider);
        }
    }
}

/// The configuration in force, and what stands on it.
#[derive(Debug)]
pub(super) struct Standing {
    now: RwLock<Now>,
    /// Held while the file is read again.
    reading: Mutex<()>,
    invoke: Arc<Invoke>,
    /// It keeps its loaded models whatever the file says.
    local: Arc<dyn Provider>,
    keys: Keys,
    cassettes: Cassettes,
    egress: Arc<dyn EgressSink>,
    changes: Changes,
    purse: Purse,
}

#[derive(Debug, Clone)]
struct Now {
    config: Config,
    network: Network,
    /// The state of the file that was looked at last, whether it is in force or not.
    seen: Stamp,
}

impl Standing {
    /// Builds network and voices. Opens no connection and reads no model.
    pub(super) fn new(
        config: &Config,
        egress: Arc<dyn EgressSink>,
        spans: Arc<dyn SpanSink>,
        changes: Changes,
        trial: Arc<dyn Trial>,
        (keys, cassettes, purse): (Keys, Cassettes, Purse),
    ) -> Result<Self> {
        let local = voices::local(config, trial)?;
        let voices = voices::all(config, &local, &keys, &cassettes);
        let invoke = Arc::new(
            Invoke::new(voices, Vec::new(), spans).behind(Arc::new(purse.clone())).knowing(voices::ways()),
        );
        invoke.correct(config.models.clone());
        purse.set(&config.budgets);
        let now = Now { network: network(config, &egress)?, seen: config.stamp(), config: config.clone() };
        Ok(Self {
            now: RwLock::new(now),
            reading: Mutex::new(()),
            invoke,
            local,
            keys,
            cassettes,
            egress,
            changes,
            purse,
        })
    }

    pub(super) fn invoke(&self) -> &Arc<Invoke> {
        &self.invoke
    }

    fn now(&self) -> Now {
        // Only whole values are ever put in.
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The way to the network for a call that may reach so much.
    pub(super) fn client(&self, reach: Reach) -> Client {
        self.now.read().unwrap_or_else(PoisonError::into_inner).network.client(reach)
    }

    /// The servers that hold knowledge bases.
    pub(super) fn stores(&self) -> Stores {
        self.now.read().unwrap_or_else(PoisonError::into_inner).config.stores.clone()
    }

    /// The path with `~/` as what it stands for.
    pub(super) fn at_home(&self, path: PathBuf) -> PathBuf {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        match (path.strip_prefix("~"), &now.config.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path,
        }
    }

    /// Whether the file has changed since it was looked at. One look at the directory.
    pub(super) fn is_stale(&self) -> bool {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.config.stamp_now() != now.seen
    }

    /// Reads the file again if it has changed. Blocks.
    pub(super) fn refresh(&self) {
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = self.now();
        let seen = now.config.stamp_now();
        if seen == now.seen {
            return;
        }
        now.seen = seen;
        match now.config.reload().and_then(|config| self.renewed(&now, config)) {
            Ok(newer) => now = Now { seen, ..newer },
            Err(error) => {
                let text = format!("The configuration file has changed and is not in force: {error}");
                tracing::warn!(%error, "the configuration file has changed and is not in force");
                self.invoke.replace(
                    voices::all(&now.config, &self.local, &self.keys, &self.cassettes),
                    Some(text.clone()),
                );
                self.changes.tell(Changed::Notice { text });
            }
        }
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// What follows from another configuration.
    fn renewed(&self, before: &Now, mut config: Config) -> Result<Now> {
        let network = if config.net == before.config.net {
            before.network.clone()
        } else {
            network(&config, &self.egress)?
        };
        self.invoke.replace(voices::all(&config, &self.local, &self.keys, &self.cassettes), None);
        self.invoke.correct(config.models.clone());
        self.purse.set(&config.budgets);
        let old = &before.config;
        let same = config.providers == old.providers && config.models == old.models;
        if !same || config.record != old.record {
            self.changes.tell(Changed::Models);
        }
        tracing::info!("the configuration file was read again");
        // The engine began with the values that there were then.
        let engine = |value: &Shown| value.key.starts_with("engine.");
        config.engine = before.config.engine;
        config.values.retain(|value| !engine(value));
        config.values.extend(before.config.values.iter().filter(|value| engine(value)).cloned());
        let seen = config.stamp();
        Ok(Now { config, network, seen })
    }

    /// Hears from now on whose models are chosen.
    pub(super) fn hear_choices(self: &Arc<Self>) {
        self.invoke.tell_choices(Box::new(Choices(Arc::downgrade(self))));
    }

    /// A model of that provider was chosen: where it needs nothing said, its voice is there from now on, until the file is
    /// read again and it is chosen anew. Reads a few small files, once.
    fn choose(&self, provider: &str) {
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = self.now();
        let chosen = match now.config.chosen(provider) {
            Ok(Some(chosen)) => chosen,
            Ok(None) => return,
            Err(error) => return tracing::warn!(%error, provider, "a chosen provider cannot be had"),
        };
        now.config.providers.insert(provider.to_owned(), chosen);
        self.invoke.replace(voices::all(&now.config, &self.local, &self.keys, &self.cassettes), None);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = now;
        self.changes.tell(Changed::Models);
    }

    /// Whose keys are kept, and whether they are used. Blocks.
    pub(super) fn kept_keys(&self) -> Result<Vec<KeptKey>> {
        let config = self.now().config;
        let said = |provider: &str| {
            config.providers.get(provider).is_some_and(|provider| provider.api_key != ApiKey::Absent)
        };
        let kept = self.keys.list()?.into_iter();
        Ok(kept.map(|(provider, at)| KeptKey { overridden: said(&provider), provider, at }).collect())
    }

    /// Keeps a key of a provider that is configured or known, whose voice then has it. Blocks.
    pub(super) fn keep_key(&self, provider: &str, key: &Secret, at: KeyPlace) -> Result<()> {
        let config = self.now().config;
        let known = || known_providers().iter().map(|known| known.name.as_str());
        if !config.providers.contains_key(provider) && !known().any(|known| known == provider) {
            let names: BTreeSet<_> = config.providers.keys().map(String::as_str).chain(known()).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("keeping the key of {provider}"),
                "no provider of that name is configured or known",
                format!("These are: {names}. [providers.{provider}] in the configuration file adds it."),
            ));
        }
        self.keys.keep(provider, key, at)?;
        self.rekeyed(&config);
        Ok(())
    }

    /// Forgets a key. Blocks.
    pub(super) fn forget_key(&self, provider: &str) -> Result<()> {
        self.keys.forget(provider)?;
        self.rekeyed(&self.now().config);
        Ok(())
    }

    fn rekeyed(&self, config: &Config) {
        self.invoke.replace(voices::all(config, &self.local, &self.keys, &self.cassettes), None);
        self.changes.tell(Changed::Models);
    }

    /// Where `told` and what is in force differ. A call that is offline stays so, whatever the owner may.
    pub(super) fn differences(&self, told: &BTreeMap<String, Configured>) -> Vec<Difference> {
        let in_force = self.now().config.standing();
        let keys: BTreeSet<_> = told.keys().chain(in_force.keys()).collect();
        let carried = |key: &str| match key {
            "net.offline" => told.get(key).is_some_and(|told| told.value == "true"),
            // Waits that are not told travel with the call.
            "net.answer_timeout" | "net.idle_timeout" => !told.contains_key(key),
            _ => false,
        };
        let text =
            |values: &BTreeMap<String, Configured>, key: &str| values.get(key).map(|v| v.value.clone());
        keys.into_iter()
            .filter(|key| told.get(*key) != in_force.get(*key) && !carried(key))
            .map(|key| Difference { key: key.clone(), told: text(told, key), in_force: text(&in_force, key) })
            .collect()
    }
}

fn network(config: &Config, egress: &Arc<dyn EgressSink>) -> Result<Network> {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed)
        .map_err(|why| Error::internal("asking the system for a random number", why.to_string()))?;
    let options = NetOptions::from_config(&config.net, u64::from_le_bytes(seed));
    Ok(Network::new(options, Arc::clone(egress)))
}
