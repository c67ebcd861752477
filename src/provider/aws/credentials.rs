//! What Bedrock is asked with, and for how long it holds.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use secrecy::SecretString;
use tokio::sync::Mutex;

use super::fetch::Fetch;
use crate::config::AwsCredentials;
use crate::domain::Result;
use crate::net::Client;
use crate::provider::key::{Commands, Key};
use crate::wire::aws::Keys;

/// Keys are fetched again so long before they run out, in milliseconds.
const EARLY: i64 = 5 * 60 * 1000;
/// And after such a wait where that failed and they still hold, in milliseconds.
const AGAIN: i64 = 60 * 1000;

/// Where the right to ask comes from.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A Bedrock API key.
    Bearer(Key),
    /// Keys that somebody gave.
    Keys(Keys),
    /// Keys that must be asked for first.
    Fetched(Arc<Fetched>),
}

/// The right to ask, now.
pub(in crate::provider) enum Right {
    Bearer(Option<SecretString>),
    Keys(Keys),
}

/// Keys that are fetched when they are first needed, and again when they run out.
pub struct Fetched {
    fetch: Fetch,
    held: Mutex<Option<Held>>,
}

struct Held {
    keys: Keys,
    /// In milliseconds since the epoch; `None` for keys that do not run out.
    renew_at: Option<i64>,
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("fetch", &self.fetch).finish_non_exhaustive()
    }
}

impl Fetched {
    /// For the provider `name`; `profile` is what `aws sso login` is told.
    pub fn new(name: &str, profile: &str, source: AwsCredentials, commands: Arc<dyn Commands>) -> Self {
        Self { fetch: Fetch::new(name, profile, source, commands), held: Mutex::new(None) }
    }

    async fn keys(&self, net: &Client) -> Result<Keys> {
        let mut held = self.held.lock().await;
        let now = now();
        if let Some(held) = held.as_ref().filter(|held| held.renew_at.is_none_or(|at| now < at)) {
            return Ok(held.keys.clone());
        }
        match self.fetch.keys(&net.beside()).await {
            Ok(keys) => {
                let renew_at = keys.ends.map(|ends| ends.0 - EARLY);
                Ok(held.insert(Held { keys, renew_at }).keys.clone())
            }
            Err(error) => {
                let good = held.as_mut().filter(|held| held.keys.ends.is_some_and(|ends| now < ends.0));
                let Some(held) = good else { return Err(error) };
                tracing::warn!(%error, "new keys cannot be had; those that are held serve until they run out");
                held.renew_at = Some(now + AGAIN);
                Ok(held.keys.clone())
            }
        }
    }
}

impl Credentials {
    pub(in crate::provider) async fn now(&self, net: &Client) -> Result<Right> {
        Ok(match self {
            Self::Bearer(key) => Right::Bearer(key.get(net).await?),
            Self::Keys(keys) => Right::Keys(keys.clone()),
            Self::Fetched(fetched) => Right::Keys(fetched.keys(net).await?),
        })
    }

    /// The server does not take them: those that were fetched are not used again.
    pub(in crate::provider) async fn forget(&self) {
        match self {
            Self::Bearer(key) => key.refused().await,
            Self::Fetched(fetched) => *fetched.held.lock().await = None,
            Self::Keys(_) => {}
        }
    }

    /// Whom it takes a while to ask for them, while that is being done.
    pub(in crate::provider) fn asking(&self) -> Option<String> {
        match self {
            Self::Bearer(key) => key.asking(),
            Self::Fetched(fetched) => fetched.held.try_lock().is_err().then(|| fetched.fetch.teller()),
            Self::Keys(_) => None,
        }
    }

    /// How they are renewed, where that is known better than in general.
    pub(in crate::provider) fn renewal(&self) -> Option<String> {
        match self {
            Self::Fetched(fetched) => fetched.fetch.renewal(),
            Self::Bearer(_) => Some("The API key ran out: make a new one, then start again.".to_owned()),
            Self::Keys(_) => None,
        }
    }
}

/// Milliseconds since the epoch.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
