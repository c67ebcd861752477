//! What the owner works with for everybody: its configuration, the network and the voices made from it.
//!
//! The file is read again when it has changed. One that is broken changes nothing, and that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::voices;
use crate::config::{Config, Shown, Stamp};
use crate::domain::change::Changed;
use crate::domain::workspace::{Configured, Difference};
use crate::domain::{Error, Result};
use crate::engine::Trial;
use crate::net::{Client, EgressSink, NetOptions, Network, Reach};
use crate::provider::Provider;
use crate::service::changes::Changes;
use crate::service::invoke::{Invoke, SpanSink};

/// The configuration in force, and what stands on it.
#[derive(Debug)]
pub(super) struct Standing {
    now: RwLock<Now>,
    /// Held while the file is read again.
    reading: Mutex<()>,
    invoke: Arc<Invoke>,
    /// It keeps its loaded models whatever the file says.
    local: Arc<dyn Provider>,
    egress: Arc<dyn EgressSink>,
    changes: Changes,
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
    ) -> Result<Self> {
        let local = voices::local(config, trial)?;
        let invoke = Arc::new(Invoke::new(voices::all(config, &local), Vec::new(), spans));
        invoke.correct(config.models.clone());
        let now = Now { network: network(config, &egress)?, seen: config.stamp(), config: config.clone() };
        Ok(Self { now: RwLock::new(now), reading: Mutex::new(()), invoke, local, egress, changes })
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
                self.invoke.replace(voices::all(&now.config, &self.local), Some(text.clone()));
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
        self.invoke.replace(voices::all(&config, &self.local), None);
        self.invoke.correct(config.models.clone());
        if config.providers != before.config.providers || config.models != before.config.models {
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
