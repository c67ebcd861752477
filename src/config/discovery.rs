//! Providers that are found without the file: by the variables of their keys, and at the usual ports of this machine.

use std::sync::LazyLock;

use ::config::{Map, Value, ValueKind};
use serde::Deserialize;

use super::environment::Environment;
use super::layer::Layer;
use super::{KeyHeader, ProviderConfig, ProviderKind};

/// One provider of `assets/providers.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownProvider {
    /// The name in front of its model ids.
    pub name: String,
    /// As in `providers.*.kind`.
    pub kind: String,
    /// Where its API starts; empty where everybody has an address of their own, or it follows from something else.
    #[serde(default)]
    pub base_url: String,
    /// As in `providers.*.key_header`.
    pub key_header: Option<String>,
    /// Variables that hold its key; the first that is set counts.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Variables that hold a token for `Authorization: Bearer`, where none of `keys` is set.
    #[serde(default)]
    pub bearers: Vec<String>,
    /// Variables that show that somebody uses it, and hold no key of its own.
    #[serde(default)]
    pub signs: Vec<String>,
    /// Files in the home that show that.
    #[serde(default)]
    pub files: Vec<String>,
    /// Variables that name such a file.
    #[serde(default)]
    pub file_signs: Vec<String>,
    /// Variables that say where its API starts.
    #[serde(default)]
    pub urls: Vec<String>,
    /// What such a variable leaves out by custom: `/v1`.
    #[serde(default)]
    pub url_end: String,
    /// Behind the address: what answers a key that is taken, and no other. Named where anybody gets the list of models.
    pub key_check: Option<String>,
    /// It calls the seed `random_seed`.
    #[serde(default)]
    pub random_seed: bool,
    /// It takes ids of tool calls of nine letters and digits alone.
    #[serde(default)]
    pub nine_ids: bool,
    /// It wants what it thought before a tool call back with it.
    #[serde(default)]
    pub reasoning_back: bool,
    /// Where it puts texts in order: a path behind the address, or a whole address.
    pub rerank: Option<String>,
    /// What it calls the number of texts that are wanted there.
    pub rerank_top: Option<String>,
    /// Where it is asked for vectors: the same.
    pub embed: Option<String>,
    /// In which vendor's way.
    pub embed_as: Option<String>,
    /// The port of this machine at which it is looked for.
    pub port: Option<u16>,
}

#[derive(Deserialize)]
struct List {
    provider: Vec<KnownProvider>,
}

static KNOWN: LazyLock<Vec<KnownProvider>> = LazyLock::new(|| {
    // A test reads it whole; one that cannot be read finds nobody.
    toml::from_str::<List>(include_str!("../../assets/providers.toml"))
        .map(|list| list.provider)
        .unwrap_or_default()
});

/// Hosts that a server listens at for everybody, each with the one that leads to it from this machine.
const EVERYWHERE: [(&str, &str); 3] = [("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("[::]", "[::1]")];

/// Every provider that can be found.
pub fn known_providers() -> &'static [KnownProvider] {
    &KNOWN
}

impl KnownProvider {
    /// What it is without a word of the file, and without a key.
    pub fn config(&self) -> Option<ProviderConfig> {
        (!self.base_url.is_empty()).then_some(ProviderConfig::at(self.kind()?, &self.base_url))
    }

    fn kind(&self) -> Option<ProviderKind> {
        ProviderKind::ALL.into_iter().find(|kind| kind.as_str() == self.kind)
    }

    pub(super) fn wants_address(&self) -> bool {
        self.kind().is_none_or(ProviderKind::wants_address)
    }

    /// The address that a variable says. `OLLAMA_HOST` is a host by custom, with a port or without, and may be the one
    /// that a server listens on for everybody.
    fn address(&self, said: &str) -> String {
        let said = said.trim().trim_end_matches('/');
        let end = if said.ends_with(&self.url_end) { "" } else { &self.url_end };
        match self.port {
            Some(port) if !said.contains("://") => {
                let (host, port) = match said.rsplit_once(':') {
                    Some((host, given)) if given.parse::<u16>().is_ok() => (host, given.to_owned()),
                    _ => (said, port.to_string()),
                };
                let listens = EVERYWHERE.iter().find(|(everywhere, _)| *everywhere == host);
                let host = listens.map_or(host, |(_, here)| *here);
                format!("http://{host}:{port}{end}")
            }
            Some(_) => {
                let here = EVERYWHERE.iter().find_map(|(everywhere, here)| {
                    let (scheme, place) = said.split_once("://")?;
                    let rest = place.strip_prefix(*everywhere)?;
                    (rest.is_empty() || rest.starts_with([':', '/']))
                        .then(|| format!("{scheme}://{here}{rest}"))
                });
                format!("{}{end}", here.as_deref().unwrap_or(said))
            }
            None => format!("{said}{end}"),
        }
    }
}

/// The port of this machine that an address leads to.
fn own_port(address: &str) -> Option<u16> {
    let (scheme, rest) = address.trim().split_once("://")?;
    let place = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()?),
        _ => (place, if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 }),
    };
    let here = host.eq_ignore_ascii_case("localhost")
        || host.starts_with("127.")
        || ["0.0.0.0", "[::1]", "[::]"].contains(&host);
    here.then_some(port)
}

/// The ports of this machine at which the file or a variable says that a server is.
fn told_ports(environment: &Environment, table: &Map<String, Value>) -> Vec<u16> {
    let text = |own: &Map<String, Value>, name: &str| match own.get(name).map(|value| &value.kind) {
        Some(ValueKind::String(text)) => Some(text.clone()),
        _ => None,
    };
    let mut ports = Vec::new();
    for value in table.values() {
        let ValueKind::Table(own) = &value.kind else { continue };
        let kind = text(own, "kind");
        let usual = || {
            let mut known = known_providers().iter().filter(|known| known.port.is_some());
            known.find(|known| Some(&known.kind) == kind.as_ref()).map(|known| known.base_url.clone())
        };
        ports.extend(text(own, "base_url").or_else(usual).as_deref().and_then(own_port));
    }
    for known in known_providers() {
        let written = match table.get(&known.name).map(|value| &value.kind) {
            Some(ValueKind::Table(own)) => own.contains_key("kind") || own.contains_key("base_url"),
            _ => false,
        };
        if !written {
            let said = known.urls.iter().find_map(|name| environment.text(name));
            ports.extend(said.and_then(|said| own_port(&known.address(said))));
        }
    }
    ports
}

/// The values that the environment and this machine's usual ports give, below those of the file, `written`; `ports` says
/// whether the ports count. The provider of the model that was named is `chosen`: where it needs nothing said, it is there.
pub(super) fn found(
    environment: &Environment,
    written: &Map<String, Value>,
    ports: bool,
    chosen: Option<&str>,
) -> Layer {
    let mut layer = Layer::default();
    let table = match written.get("providers").map(|value| &value.kind) {
        Some(ValueKind::Table(table)) => table.clone(),
        _ => Map::new(),
    };
    let told = told_ports(environment, &table);
    for known in known_providers() {
        let own = table.get(&known.name).map(|value| &value.kind);
        // One that the file describes whole is the person's own, whatever its name.
        if matches!(own, Some(ValueKind::Table(own)) if own.contains_key("kind")) {
            continue;
        }
        let key = known.keys.iter().find(|name| environment.text(name).is_some());
        let says_key =
            |own: &Map<String, Value>| own.contains_key("api_key") || own.contains_key("api_key_cmd");
        let keyed = matches!(own, Some(ValueKind::Table(own)) if says_key(own));
        let mut bearers = known.bearers.iter().filter(|_| key.is_none() && !keyed);
        let bearer = bearers.find(|name| environment.text(name).is_some());
        let url = known.urls.iter().find(|name| environment.text(name).is_some());
        let sign = known.signs.iter().find(|name| environment.text(name).is_some());
        let home = environment.path("HOME");
        let in_home = |name: &String| Some(home.as_ref()?.join(name));
        let named = known.file_signs.iter().filter_map(|name| environment.path(name));
        let mut files = named.chain(known.files.iter().filter_map(in_home));
        let file = files.find(|file| file.is_file()).map(|file| file.display().to_string());
        // One that has another name there already would list the same models twice.
        let is_told = known.port.is_some_and(|port| told.contains(&port));
        let at_port = ports && known.port.is_some() && own.is_none() && !is_told;
        let seen = key.or(bearer).or(url).or(sign);
        let nowhere = known.wants_address() && known.base_url.is_empty() && url.is_none();
        // What follows from the machine that it runs on: its role, its Region.
        let named = chosen == Some(known.name.as_str()) && !known.wants_address();
        if own.is_none() && (nowhere || seen.is_none() && file.is_none() && !at_port && !named) {
            continue;
        }
        let variable = |name: &String| format!("environment variable {name}");
        let file_seen = file.is_some();
        let why = seen.map(variable).or(file).unwrap_or_else(|| "default".to_owned());
        let mut put = |name: &str, value: ValueKind, origin: &str| {
            layer.put(
                &format!("providers.{}.{name}", known.name),
                Value::new(Some(&origin.to_owned()), value),
            );
        };
        put("kind", ValueKind::String(known.kind.clone()), &why);
        let said = url.and_then(|name| Some((known.address(environment.text(name)?), variable(name))));
        let (address, origin) = said.unwrap_or((known.base_url.clone(), "default".to_owned()));
        if !address.is_empty() {
            put("base_url", ValueKind::String(address), &origin);
        }
        if let Some(header) = &known.key_header {
            put("key_header", ValueKind::String(header.clone()), "default");
        }
        if let Some(name) = bearer {
            put(
                "key_header",
                ValueKind::String(KeyHeader::Authorization.as_str().to_owned()),
                &variable(name),
            );
        }
        if let Some(name) = key.or(bearer) {
            put("api_key", ValueKind::String(format!("${name}")), &variable(name));
        }
        // What only hints at it: nobody has chosen it yet.
        let hinted = own.is_none() && key.is_none() && (sign.is_some() || file_seen) && !named;
        if at_port && key.is_none() && url.is_none() || hinted {
            put("optional", ValueKind::Boolean(true), "default");
        }
    }
    layer
}

#[cfg(test)]
mod tests {
    use ::config::Source as _;

    use super::*;
    use crate::config::{KEYS, Kind};

    #[test]
    fn the_list_of_known_providers_is_sound() {
        let text = include_str!("../../assets/providers.toml");
        assert_eq!(toml::from_str::<List>(text).unwrap().provider.as_slice(), known_providers());
        let kinds = KEYS.iter().find(|key| key.path == "providers.*.kind").unwrap().kind;
        let Kind::OneOf(kinds) = kinds else { panic!("{kinds:?}") };
        assert_eq!(kinds, ProviderKind::ALL.map(ProviderKind::as_str));
        let mut names = Vec::new();
        for known in known_providers() {
            assert!(kinds.contains(&known.kind.as_str()), "{known:?}");
            assert!(!known.keys.is_empty() || known.port.is_some(), "{known:?}");
            let local = known.base_url.starts_with("http://127.0.0.1:");
            assert_eq!(local, known.port.is_some(), "{known:?}");
            let own = known.base_url.is_empty() && (!known.urls.is_empty() || !known.wants_address());
            assert!(local || own || known.base_url.starts_with("https://"), "{known:?}");
            assert!(
                known.key_header.as_deref().is_none_or(|name| KeyHeader::named(name).is_some()),
                "{known:?}"
            );
            assert!(!names.contains(&&known.name), "{known:?}");
            names.push(&known.name);
        }
    }

    #[test]
    fn a_file_of_credentials_that_a_variable_names_is_a_sign_where_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine");
        for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            let environment = Environment::from_vars([(variable, file.display().to_string())]);
            let is_found =
                || found(&environment, &Map::new(), false, None).collect().unwrap().contains_key("providers");
            let _ = std::fs::remove_file(&file);
            assert!(!is_found(), "{variable}");
            std::fs::write(&file, "[default]\n").unwrap();
            assert!(is_found(), "{variable}");
        }
    }

    #[test]
    fn variables_say_addresses_in_the_way_of_their_makers() {
        let known = |name: &str| known_providers().iter().find(|known| known.name == name).unwrap();
        for (name, said, address) in [
            ("openai", "http://h:1/v1/", "http://h:1/v1"),
            ("anthropic", "http://h:1", "http://h:1/v1"),
            ("anthropic", "http://h:1/v1/", "http://h:1/v1"),
            ("azure", "https://h.example/", "https://h.example/openai/v1"),
            ("ollama", "h", "http://h:11434"),
            ("ollama", "0.0.0.0:1", "http://127.0.0.1:1"),
            ("ollama", ":1", "http://127.0.0.1:1"),
            ("ollama", "https://h/", "https://h"),
            ("ollama", "http://0.0.0.0:1/", "http://127.0.0.1:1"),
            ("ollama", "http://0.0.0.0.example", "http://0.0.0.0.example"),
            ("ollama", "[::]", "http://[::1]:11434"),
            ("ollama", "[::]:1", "http://[::1]:1"),
            ("ollama", "http://[::]:1", "http://[::1]:1"),
        ] {
            assert_eq!(known(name).address(said), address, "{name} {said}");
        }
    }
}
