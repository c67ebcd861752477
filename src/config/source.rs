//! The layers: read, checked, laid over each other, typed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::config::{ConfigError, FileFormat, Format, Value, ValueKind};
use serde::Deserialize;

use super::budget::RawBudget;
use super::documents::RawDocuments;
use super::file::Inputs;
use super::knowledge::RawKnowledge;
use super::layer::{Layer, OFFLINE, whole};
use super::model::RawModel;
use super::stores::RawStores;
use super::table::{KEYS, Kind};
use super::{
    ApiKey, Aws, Config, EngineConfig, Environment, KeyHeader, Net, Osc52, Paths, Pictures, Preset,
    ProviderConfig, ProviderKind, Secret, Shown, Terminal, Trace, Ui, aws, budget, check, discovery, file,
    show,
};
use crate::domain::catalog::{Backend, LOCAL, ModelId};
use crate::domain::settings::{KNOWLEDGE, Settings};
use crate::domain::{Error, ErrorKind, Result};

/// What the command line sets: over everything else.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    values: Vec<(String, String, String)>,
    passphrase_file: Option<PathBuf>,
}

impl Flags {
    /// Sets `key` to a text, read as the key's kind; `flag` is named as the value's origin.
    pub fn set(&mut self, key: &str, text: &str, flag: &str) {
        self.values.push((whole(key).to_owned(), text.to_owned(), format!("flag {flag}")));
    }

    /// Takes the passphrase from the first line of a file.
    pub fn passphrase_file(&mut self, file: PathBuf) {
        self.passphrase_file = Some(file);
    }
}

/// Whether a line of the file is `offline = true`, whatever follows it.
fn says_offline(line: &str) -> bool {
    let value = line.split_once('=').filter(|(name, _)| name.trim().trim_start_matches("net.") == "offline");
    value.is_some_and(|(_, value)| value.trim_start().starts_with("true"))
}

/// Whether the process is offline, as far as that can be read where the file may be what must be mended.
pub fn is_offline(environment: &Environment, flags: &Flags) -> bool {
    let written = || {
        let text = std::fs::read_to_string(Paths::of(environment).ok()?.config).ok()?;
        match FileFormat::Toml.parse(None, &text) {
            Ok(map) => Layer::of_file(map).flag(OFFLINE),
            // Something else in it is wrong: what its line says is meant all the same.
            Err(_) => Some(text.lines().any(says_offline)),
        }
    };
    let (Ok(over), Ok(said)) = (overrides(flags), variables(environment)) else { return true };
    over.flag(OFFLINE).or_else(|| said.flag(OFFLINE)).or_else(written).unwrap_or(false)
}

pub(super) fn load(environment: &Environment, flags: &Flags, paths: Paths) -> Result<Config> {
    environment.check()?;
    // Before the file is read: what is written into it meanwhile is seen as a change.
    let stamp = file::stamp(&paths.config);
    let (written, said, over) = (read(&paths.config)?, variables(environment)?, overrides(flags)?);
    let ports = [&over, &said, &written].into_iter().find_map(|layer| layer.flag("net.find_servers"));
    let model = [&over, &said, &written].into_iter().find_map(|layer| layer.text("model"));
    let chosen = model.as_deref().and_then(|model| model.split_once('/')).map(|(provider, _)| provider);
    let found = discovery::found(environment, &written.0, ports.unwrap_or(true), chosen);
    check::bare("the environment", &found.0)?;
    let layers = [defaults()?, found, written, said, over];
    let mut builder = ::config::Config::builder();
    for layer in layers {
        builder = builder.add_source(layer);
    }
    let merged = builder.build().map_err(|why| faulty(&why))?;
    let values = show::values(&merged.cache);
    let raw: Raw = merged.try_deserialize().map_err(|why| faulty(&why))?;
    let named: Vec<&str> = raw
        .providers
        .values()
        .map(|p| p.api_key.as_deref())
        .chain(raw.stores.secrets())
        .flatten()
        .filter_map(variable_of)
        .collect();
    let children = environment.without_secrets(&named);
    // What the configuration file names lies beside it, what a flag or a variable does where the program runs.
    let origin = paths.config.display().to_string();
    let beside = |key: &str, text: &str| -> Result<PathBuf> {
        let of_file = values.iter().any(|value| value.key == key && value.origin == origin);
        match paths.config.parent().filter(|_| of_file) {
            Some(folder) => path(&folder.join(text)),
            None => path(Path::new(text)),
        }
    };
    let mut providers = BTreeMap::new();
    for (name, mut provider) in raw.providers {
        let key = format!("{}.file", check::join("providers", &name));
        let file = provider.file.take().map(|file| beside(&key, &file)).transpose()?;
        providers.insert(name.clone(), provider.typed(&name, file, environment, &paths)?);
    }
    let bedrock = aws::is_chosen(&providers);
    Ok(Config {
        children,
        key_commands: environment.without_ours(),
        folder: std::env::current_dir().unwrap_or_default(),
        program: std::env::current_exe().unwrap_or_default(),
        user: environment.user().to_owned(),
        home: environment.path("HOME"),
        model: raw.model,
        log: raw.log,
        record: raw.record.filter(|file| !file.is_empty()).map(|file| beside("record", &file)).transpose()?,
        providers,
        models: raw
            .models
            .into_iter()
            .map(|(id, model)| model.typed(&id, &paths.config))
            .collect::<Result<_>>()?,
        ui: raw.ui.typed(),
        keys: raw.keys.into_iter().map(|(action, keys)| (action, keys.typed())).collect(),
        net: raw.net.typed(beside)?,
        engine: raw.engine.typed(&values)?,
        trace: raw.trace.typed(),
        documents: raw.documents.typed(),
        knowledge: raw.knowledge.typed(),
        s3: aws::AwsService::of("s3", bedrock, environment)?,
        lambda: aws::AwsService::of("lambda", bedrock, environment)?,
        stores: raw.stores.typed(environment)?,
        budgets: budget::typed(&raw.budget, &raw.budgets, &paths.config)?,
        defaults: raw.defaults.typed()?,
        presets: raw
            .presets
            .into_iter()
            .map(|(name, preset)| Ok((name, preset.typed()?)))
            .collect::<Result<_>>()?,
        terminal: Terminal::of(environment),
        openai_account: openai_account(environment),
        hf_token: environment.text("HF_TOKEN").map(Secret::new),
        passphrase: passphrase(environment, flags)?,
        editor: environment.text("VISUAL").or_else(|| environment.text("EDITOR")).map(str::to_owned),
        values,
        paths,
        inputs: Inputs { environment: environment.clone(), flags: flags.clone() },
        stamp,
    })
}

/// For whom the calls of a key are counted that belongs to more than one organisation or project.
fn openai_account(environment: &Environment) -> Vec<(&'static str, String)> {
    let said: [(&'static str, &[&str]); 2] = [
        ("openai-organization", &["OPENAI_ORG_ID"]),
        ("openai-project", &["OPENAI_PROJECT_ID", "OPENAI_PROJECT"]),
    ];
    let value = |names: &[&str]| names.iter().find_map(|name| environment.text(name)).map(str::to_owned);
    said.into_iter().filter_map(|(header, names)| Some((header, value(names)?))).collect()
}

fn defaults() -> Result<Layer> {
    let mut layer = Layer::default();
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        layer.put(key.path, toml_value(key.default, "default")?);
    }
    Ok(layer)
}

fn read(path: &Path) -> Result<Layer> {
    let doing = || format!("reading the configuration file {}", path.display());
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Layer::default()),
        Err(why) => return Err(Error::io(doing(), &why)),
    };
    let origin = path.display().to_string();
    let values = FileFormat::Toml.parse(Some(&origin), &text).map_err(|why| {
        Error::new(
            ErrorKind::Config,
            doing(),
            without_source(&why.to_string()),
            "Mend that line, or see `outcrop config default` for the form.",
        )
    })?;
    let layer = Layer::of_file(values);
    check::layer(&origin, &layer.0)?;
    Ok(layer)
}

/// A TOML error without the line that it quotes, which may hold a key.
fn without_source(error: &str) -> String {
    let kept: Vec<_> = error
        .lines()
        .filter(|line| {
            !line
                .split_once('|')
                .is_some_and(|(number, _)| number.trim().parse::<u32>().is_ok() || number.trim().is_empty())
        })
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    kept.join(": ")
}

fn variables(environment: &Environment) -> Result<Layer> {
    let mut layer = Layer::default();
    for key in KEYS {
        let Some(own) = key.variable() else { continue };
        for name in key.variables.iter().copied().chain([own.as_str()]) {
            if let Some(text) = environment.text(name) {
                let origin = format!("environment variable {name}");
                // By convention any value of a foreign switch means yes.
                let foreign_switch = key.kind == Kind::Flag && name != own;
                let text = if foreign_switch { "true" } else { text };
                layer.put(key.path, from_text(key.path, key.kind, text, &origin)?);
            }
        }
    }
    Ok(layer)
}

fn overrides(flags: &Flags) -> Result<Layer> {
    let mut layer = Layer::default();
    for (path, text, origin) in &flags.values {
        let key = check::find(path).ok_or_else(|| check::unknown(origin, path))?;
        if holds_secret(key.kind, text) {
            return Err(Error::new(
                ErrorKind::Config,
                format!("reading {path} from {origin}"),
                "what stands on a command line can be read by everybody on this machine",
                "Name a variable that holds it, like $NAME, write it into the configuration file, or use `outcrop keys set`.",
            ));
        }
        layer.put(path, from_text(path, key.kind, text, origin)?);
    }
    check::layer("the command line", &layer.0)?;
    Ok(layer)
}

/// It is a key, or an address with a password, and not the name of a variable.
fn holds_secret(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Secret => !text.is_empty() && !text.starts_with('$'),
        Kind::Proxy | Kind::Url => {
            let authority = text.split("//").last().unwrap_or_default().split('/').next().unwrap_or_default();
            authority.rsplit_once('@').is_some_and(|(who, _)| who.contains(':'))
        }
        _ => false,
    }
}

/// A value from the text of a variable or a flag, where quotes are not needed.
fn from_text(path: &str, kind: Kind, text: &str, origin: &str) -> Result<Value> {
    let value = match kind {
        Kind::Flag => match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => ValueKind::Boolean(true),
            "0" | "false" | "no" | "off" => ValueKind::Boolean(false),
            _ => ValueKind::String(text.to_owned()),
        },
        Kind::Whole(..) | Kind::Setting | Kind::Amount => text
            .parse::<i64>()
            .map(ValueKind::I64)
            .or_else(|_| text.parse::<f64>().map(ValueKind::Float))
            .unwrap_or_else(|_| ValueKind::String(text.to_owned())),
        Kind::Texts => ValueKind::Array(text.split(',').map(Value::from).collect()),
        Kind::Text
        | Kind::Secret
        | Kind::Proxy
        | Kind::Url
        | Kind::Model
        | Kind::OneOf(_)
        | Kind::Keys
        | Kind::SettingWord
        | Kind::SettingJson => ValueKind::String(text.to_owned()),
    };
    let mut alone = Layer::default();
    let value = Value::new(Some(&origin.to_owned()), value);
    alone.put(path, value.clone());
    check::bare(origin, &alone.0)?;
    Ok(value)
}

fn toml_value(text: &str, origin: &str) -> Result<Value> {
    let origin = origin.to_owned();
    FileFormat::Toml
        .parse(Some(&origin), &format!("value = {text}"))
        .ok()
        .and_then(|mut table| table.swap_remove("value"))
        .ok_or_else(|| Error::internal(format!("reading the default {text}"), "it is no TOML"))
}

fn passphrase(environment: &Environment, flags: &Flags) -> Result<Option<Secret>> {
    if let Some(path) = &flags.passphrase_file {
        let doing = || format!("reading the passphrase file {}", path.display());
        let text = std::fs::read_to_string(path).map_err(|why| Error::io(doing(), &why))?;
        let line = text.lines().next().unwrap_or_default();
        if line.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                doing(),
                "its first line is empty",
                "Write the passphrase on its first line.",
            ));
        }
        return Ok(Some(Secret::new(line)));
    }
    Ok(environment.text("OUTCROP_PASSPHRASE").map(Secret::new))
}

fn faulty(why: &ConfigError) -> Error {
    Error::new(
        ErrorKind::Config,
        "reading the configuration",
        why.to_string(),
        "`outcrop config default` shows every key with its form.",
    )
}

#[derive(Deserialize)]
struct Raw {
    model: ModelId,
    log: String,
    record: Option<String>,
    ui: RawUi,
    #[serde(default)]
    keys: BTreeMap<String, OneOrMore>,
    net: RawNet,
    engine: RawEngine,
    trace: RawTrace,
    documents: RawDocuments,
    knowledge: RawKnowledge,
    #[serde(default)]
    stores: RawStores,
    #[serde(default)]
    budget: RawBudget,
    #[serde(default)]
    budgets: BTreeMap<String, RawBudget>,
    #[serde(default)]
    providers: BTreeMap<String, RawProvider>,
    #[serde(default)]
    models: BTreeMap<String, RawModel>,
    #[serde(default)]
    defaults: RawPreset,
    #[serde(default)]
    presets: BTreeMap<String, RawPreset>,
}

#[derive(Deserialize)]
struct RawUi {
    theme: String,
    mouse: bool,
    osc52: String,
    pictures: String,
    title: bool,
    reduced_motion: bool,
}

impl RawUi {
    fn typed(self) -> Ui {
        let osc52 = match self.osc52.as_str() {
            "raw" => Osc52::Raw,
            "tmux" => Osc52::Tmux,
            "off" => Osc52::Off,
            _ => Osc52::Auto,
        };
        let pictures = match self.pictures.as_str() {
            "kitty" => Pictures::Kitty,
            "iterm2" => Pictures::Iterm2,
            "sixel" => Pictures::Sixel,
            "blocks" => Pictures::Blocks,
            "off" => Pictures::Off,
            _ => Pictures::Auto,
        };
        Ui {
            theme: self.theme,
            mouse: self.mouse,
            osc52,
            pictures,
            title: self.title,
            reduced_motion: self.reduced_motion,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn typed(self) -> Vec<String> {
        let keys = match self {
            Self::One(key) => vec![key],
            Self::More(keys) => keys,
        };
        keys.into_iter().filter(|key| key != "none").collect()
    }
}

#[derive(Deserialize)]
struct RawNet {
    offline: bool,
    http_proxy: Option<String>,
    https_proxy: Option<String>,
    all_proxy: Option<String>,
    no_proxy: Option<String>,
    ca_file: Option<String>,
    connect_timeout: u64,
    answer_timeout: u64,
    idle_timeout: u64,
}

impl RawNet {
    fn typed(self, beside: impl Fn(&str, &str) -> Result<PathBuf>) -> Result<Net> {
        let proxy = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Secret::new);
        Ok(Net {
            offline: self.offline,
            http_proxy: proxy(self.http_proxy),
            https_proxy: proxy(self.https_proxy),
            all_proxy: proxy(self.all_proxy),
            no_proxy: self.no_proxy.filter(|text| !text.is_empty()),
            ca_file: self.ca_file.map(|file| beside("net.ca_file", &file)).transpose()?,
            connect_timeout: Duration::from_secs(self.connect_timeout),
            answer_timeout: Duration::from_secs(self.answer_timeout),
            idle_timeout: Duration::from_secs(self.idle_timeout),
        })
    }
}

#[derive(Deserialize)]
struct RawEngine {
    threads: usize,
    backend: String,
}

impl RawEngine {
    fn typed(self, values: &[Shown]) -> Result<EngineConfig> {
        let backend = match self.backend.as_str() {
            "own" => Some(Backend::Own),
            "llama-cpp" if cfg!(feature = "llama-cpp") => Some(Backend::LlamaCpp),
            "llama-cpp" => {
                let origin = values.iter().find(|value| value.key == "engine.backend");
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("reading engine.backend from {}", origin.map_or("", |value| &value.origin)),
                    "it is \"llama-cpp\", and this program was built without llama.cpp",
                    "Build with `cargo build --release --features llama-cpp`, or leave it \"auto\".",
                ));
            }
            _ => None,
        };
        Ok(EngineConfig { threads: Some(self.threads).filter(|threads| *threads > 0), backend })
    }
}

#[derive(Deserialize)]
struct RawTrace {
    keep_days: u32,
    keep_mb: u64,
    foreign_mb: u64,
}

impl RawTrace {
    fn typed(&self) -> Trace {
        let age = Duration::from_hours(24 * u64::from(self.keep_days));
        Trace { age, bytes: self.keep_mb << 20, foreign: self.foreign_mb << 20 }
    }
}

/// The variable that a key is taken from.
fn variable_of(key: &str) -> Option<&str> {
    Some(key.strip_prefix('$')?.trim_start_matches('{').trim_end_matches('}'))
}

impl ApiKey {
    /// A key as it is written, or that of the variable which is named.
    pub(super) fn read(said: Option<&str>, environment: &Environment) -> Result<Self> {
        let Some(text) = said.filter(|text| !text.is_empty()) else { return Ok(Self::Absent) };
        let Some(variable) = variable_of(text) else {
            return Ok(Self::Given { key: Secret::new(text), variable: None });
        };
        environment.readable(variable)?;
        let variable = variable.to_owned();
        Ok(match environment.text(&variable) {
            Some(value) => Self::Given { key: Secret::new(value), variable: Some(variable) },
            None => Self::Unset { variable },
        })
    }
}

#[derive(Deserialize)]
struct RawProvider {
    kind: Option<String>,
    base_url: Option<String>,
    api_key: Option<String>,
    #[serde(default)]
    optional: bool,
    api: Option<String>,
    stream: Option<bool>,
    key_header: Option<String>,
    file: Option<String>,
    pace: Option<String>,
    api_key_cmd: Option<String>,
    at_once: Option<u32>,
    per_minute: Option<u32>,
    connect_timeout: Option<u64>,
    answer_timeout: Option<u64>,
    idle_timeout: Option<u64>,
    region: Option<String>,
    profile: Option<String>,
}

impl RawProvider {
    /// `file` is where its cassette lies.
    fn typed(
        self,
        name: &str,
        file: Option<PathBuf>,
        environment: &Environment,
        paths: &Paths,
    ) -> Result<ProviderConfig> {
        let bad = |why: &str, hint: String| {
            Error::new(
                ErrorKind::Config,
                format!("reading providers.{name} from {}", paths.config.display()),
                why,
                hint,
            )
        };
        if name == LOCAL {
            return Err(bad(
                "\"local\" is the name of the engine in this program",
                "Choose another name.".to_owned(),
            ));
        }
        if name.is_empty() || name.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control()) {
            return Err(bad(
                "the name stands in front of model ids and holds a slash, a space, or nothing",
                "Choose a plain name.".to_owned(),
            ));
        }
        // Its name was checked with the rest of the file.
        let named = |kind: &ProviderKind| Some(kind.as_str()) == self.kind.as_deref();
        let Some(kind) = ProviderKind::ALL.into_iter().find(named) else {
            return Err(bad("it has no kind", format!("Add kind = \"openai\" under [providers.{name}].")));
        };
        let base_url = self.base_url.or_else(|| kind.base_url().map(str::to_owned));
        if kind.wants_address() && base_url.is_none() {
            return Err(bad(
                "it has no base_url",
                format!("Add base_url = \"http://127.0.0.1:8080/v1\", or its own, under [providers.{name}]."),
            ));
        }
        if kind == ProviderKind::Replay && file.is_none() {
            return Err(bad(
                "it has no file",
                format!("Add file = \"demo.cassette\" under [providers.{name}]."),
            ));
        }
        let api_key = match self.api_key.as_deref() {
            // A key that is said wins over a command that would tell it.
            None | Some("") => match self.api_key_cmd {
                Some(line) if !line.trim().is_empty() => ApiKey::Command { line },
                _ => ApiKey::Absent,
            },
            said => ApiKey::read(said, environment)?,
        };
        let named = |text: Option<String>| text.filter(|text| !text.is_empty());
        let aws = match kind {
            ProviderKind::Bedrock => {
                let (region, profile) = (named(self.region), named(self.profile));
                Some(Aws::of(
                    aws::Said { region, profile, api_key: &api_key, chosen: !self.optional },
                    environment,
                )?)
            }
            _ => None,
        };
        Ok(ProviderConfig {
            kind,
            aws,
            base_url: base_url.map(|url| url.trim_end_matches('/').to_owned()),
            api_key,
            optional: self.optional,
            key_header: self.key_header.as_deref().and_then(KeyHeader::named).unwrap_or(kind.key_header()),
            file,
            instant: self.pace.as_deref() == Some("instant"),
            responses: self.api.as_deref() == Some("responses"),
            whole: self.stream == Some(false),
            at_once: self.at_once,
            per_minute: self.per_minute,
            connect_timeout: self.connect_timeout.map(Duration::from_secs),
            answer_timeout: self.answer_timeout.map(Duration::from_secs),
            idle_timeout: self.idle_timeout.map(Duration::from_secs),
        })
    }
}

/// A file that the person named.
fn path(file: &Path) -> Result<PathBuf> {
    std::path::absolute(file).map_err(|why| Error::io(format!("finding the file {}", file.display()), &why))
}

#[derive(Default, Deserialize)]
struct RawPreset {
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    repeat_penalty: Option<f32>,
    max_tokens: Option<u32>,
    #[serde(default)]
    stop: Vec<String>,
    seed: Option<u64>,
    reasoning: Option<String>,
    tools: Option<Value>,
    tool_choice: Option<String>,
    response_schema: Option<Value>,
    cache: Option<String>,
    knowledge: Option<String>,
    system: Option<String>,
    model: Option<ModelId>,
}

impl RawPreset {
    fn typed(self) -> Result<Preset> {
        let mut settings = Settings {
            temperature: self.temperature,
            top_p: self.top_p,
            top_k: self.top_k,
            repeat_penalty: self.repeat_penalty,
            max_tokens: self.max_tokens,
            stop: self.stop,
            seed: self.seed,
            ..Settings::default()
        };
        let json = |value: Option<Value>| value.map(|value| check::json_text(&value.kind));
        for (name, text) in [
            ("reasoning", self.reasoning),
            ("tools", json(self.tools)),
            ("tool_choice", self.tool_choice),
            ("response_schema", json(self.response_schema)),
            ("cache", self.cache),
            (KNOWLEDGE, self.knowledge),
        ] {
            if let Some(text) = text {
                settings.set(name, &text)?;
            }
        }
        Ok(Preset { settings, system: self.system, model: self.model })
    }
}
