//! How the network is reached; all of it is given, nothing is looked up.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::retry::Retries;
use crate::config;
use crate::domain::secret::Secret;

/// This machine itself, and who tells it what it is in a cloud: a proxy would answer for the machine that it runs on.
const DIRECT: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fd00:ec2::/32";

/// Proxies by the scheme that they serve. Their URLs may hold passwords. This machine itself is never reached through one.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    pub http: Option<SecretString>,
    pub https: Option<SecretString>,
    /// For both schemes, where their own is not set.
    pub all: Option<SecretString>,
    /// Hosts that are reached directly, comma-separated; `*` is every one.
    pub none_for: Option<String>,
}

impl Proxies {
    /// Those that are used, in the order above.
    fn used(&self) -> [Option<&SecretString>; 3] {
        // reqwest would take it for names alone, and send what goes to a number through the proxy.
        let nobody = self.none_for.iter().flat_map(|hosts| hosts.split(',')).any(|host| host.trim() == "*");
        [&self.http, &self.https, &self.all]
            .map(|url| url.as_ref().filter(|url| !nobody && !url.expose_secret().is_empty()))
    }
}

/// What one call may reach, and how long it waits: said by who calls, which may be another process than the one that
/// connects. It narrows what the process may, and never widens it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reach {
    /// Only this machine itself is connected to.
    pub offline: bool,
    /// From the request to the first words of the answer, in milliseconds; `None` is as the process was configured.
    pub answer_ms: Option<u64>,
    /// Between two pieces of a body, likewise.
    pub idle_ms: Option<u64>,
}

impl Reach {
    /// What a process was told. Waits that the file says are the owner's, who reads the same file.
    pub fn of(config: &config::Config) -> Self {
        let said = |key: &str, wait: Duration| {
            config.is_said(key).then(|| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
        };
        Self {
            offline: config.net.offline,
            answer_ms: said("net.answer_timeout", config.net.answer_timeout),
            idle_ms: said("net.idle_timeout", config.net.idle_timeout),
        }
    }

    /// Both together: offline where one of them is, the waits of `other` where it has some.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self {
            offline: self.offline || other.offline,
            answer_ms: other.answer_ms.or(self.answer_ms),
            idle_ms: other.idle_ms.or(self.idle_ms),
        }
    }
}

/// How long one server is waited for; `None` is as the process was configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waits {
    /// Until a connection stands.
    pub connect: Option<Duration>,
    /// From the request to the first words of the answer, or the first piece of a body that is no answer.
    pub first_byte: Option<Duration>,
    /// Between two pieces of a body. Signs of life alone keep a stream open for ten times as long.
    pub idle: Option<Duration>,
}

/// Everything that a [`super::Network`] is told.
#[derive(Debug, Clone)]
pub struct NetOptions {
    /// Only this machine itself can be connected to.
    pub offline: bool,
    pub proxies: Proxies,
    /// A PEM file of certificate authorities, used beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Until a connection stands.
    pub connect: Duration,
    /// From the request to the first words of the answer, or the first piece of a body that is no answer.
    pub first_byte: Duration,
    /// Between two pieces of a body. Signs of life alone keep a stream open for ten times as long.
    pub idle: Duration,
    pub user_agent: String,
    pub retries: Retries,
    /// Seeds the jitter of retries.
    pub seed: u64,
}

impl Default for NetOptions {
    fn default() -> Self {
        Self {
            offline: false,
            proxies: Proxies::default(),
            ca_file: None,
            connect: Duration::from_secs(10),
            first_byte: Duration::from_mins(2),
            idle: Duration::from_mins(1),
            user_agent: concat!("outcrop/", env!("CARGO_PKG_VERSION")).to_owned(),
            retries: Retries::default(),
            seed: 0,
        }
    }
}

impl NetOptions {
    /// What the configuration says; `seed` is a fresh random number.
    pub fn from_config(net: &config::Net, seed: u64) -> Self {
        let secret = |s: &Option<Secret>| s.as_ref().map(|s| SecretString::from(s.expose()));
        Self {
            offline: net.offline,
            proxies: Proxies {
                http: secret(&net.http_proxy),
                https: secret(&net.https_proxy),
                all: secret(&net.all_proxy),
                none_for: net.no_proxy.clone(),
            },
            ca_file: net.ca_file.clone(),
            connect: net.connect_timeout,
            first_byte: net.answer_timeout,
            idle: net.idle_timeout,
            seed,
            ..Self::default()
        }
    }

    /// Proxies and certificates as environment variables for a child process.
    pub(super) fn variables(&self) -> Vec<(&'static str, SecretString)> {
        let proxies = &self.proxies;
        let file = self.ca_file.as_ref().map(|file| SecretString::from(file.display().to_string()));
        let none_for = proxies.none_for.clone().map(SecretString::from);
        [
            ("http_proxy", proxies.http.clone()),
            ("https_proxy", proxies.https.clone()),
            ("all_proxy", proxies.all.clone()),
            ("no_proxy", none_for),
            ("SSL_CERT_FILE", file.clone()),
            ("PIP_CERT", file),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.expose_secret().is_empty())?)))
        .collect()
    }

    /// Whether some requests go through a proxy: who answers these is not who was asked.
    pub(super) fn has_proxies(&self) -> bool {
        self.proxies.used().iter().any(Option::is_some)
    }

    /// The hosts of the proxies.
    pub(super) fn proxy_hosts(&self) -> Vec<String> {
        let urls = self.proxies.used().into_iter().flatten();
        let hosts = urls.filter_map(|url| {
            let url = url.expose_secret();
            let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
            Some(reqwest::Url::parse(&url).ok()?.host_str()?.to_owned())
        });
        hosts.collect()
    }

    /// The proxies as reqwest takes them; a later one yields to an earlier one.
    pub(super) fn proxies(&self) -> Result<Vec<reqwest::Proxy>, reqwest::Error> {
        let direct = format!("{DIRECT},{}", self.proxies.none_for.as_deref().unwrap_or(""));
        let direct = reqwest::NoProxy::from_string(&direct);
        let mut proxies = Vec::new();
        let [http, https, all] = self.proxies.used().map(|url| url.map(ExposeSecret::expose_secret));
        if let Some(url) = http {
            proxies.push(reqwest::Proxy::http(url)?.no_proxy(direct.clone()));
        }
        if let Some(url) = https {
            proxies.push(reqwest::Proxy::https(url)?.no_proxy(direct.clone()));
        }
        if let Some(url) = all {
            proxies.push(reqwest::Proxy::all(url)?.no_proxy(direct));
        }
        Ok(proxies)
    }
}
