//! Configuration: defaults < file < environment < flags.
//!
//! Here lives the one reader of the environment and the one list of configuration keys; every value knows where it came
//! from. Never here: what a value means to a layer (the keymap checks the keys, `net` opens the proxies), or a write to
//! the environment.

mod aws;
mod budget;
mod check;
mod discovery;
mod documents;
mod environment;
mod file;
mod knowledge;
mod layer;
mod model;
mod paths;
mod presets;
mod show;
mod source;
mod standing;
mod stores;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use aws::{Aws, AwsCredentials, AwsService, By, Role, Sso, Told, domain as aws_domain};
pub use discovery::{KnownProvider, known_providers};
pub use environment::{Environment, Terminal};
pub use file::{Stamp, begin_file};
pub use paths::Paths;
pub use presets::PresetChange;
pub use show::{default_file, schema};
pub use source::{Flags, is_offline};
pub use stores::Stores;
pub use table::{KEYS, Key, Kind};

use crate::domain::Result;
use crate::domain::catalog::{Backend, ModelId};
use crate::domain::knowledge::document::Limits;
use crate::domain::knowledge::vectors::VectorSearch;
use crate::domain::known::Correction;
use crate::domain::secret::Secret;
use crate::domain::settings::Settings;
use crate::domain::usage::budget::Budget;

/// Everything that was configured, checked and typed.
#[derive(Debug, Clone)]
pub struct Config {
    pub paths: Paths,
    /// The account's name, for `Context::principal`.
    pub user: String,
    /// The account's own folder.
    pub home: Option<PathBuf>,
    /// The model of a new conversation.
    pub model: ModelId,
    /// The least level that the log keeps: `error` … `trace`.
    pub log: String,
    /// By the name in front of their model ids.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// The cassette on which every call of a model is recorded.
    pub record: Option<PathBuf>,
    /// What the person says of models, over whatever is known of them otherwise.
    pub models: BTreeMap<ModelId, Correction>,
    pub ui: Ui,
    /// Action → keys, as written; the keymap checks both. No keys unbind the action.
    pub keys: BTreeMap<String, Vec<String>>,
    pub net: Net,
    pub engine: EngineConfig,
    pub trace: Trace,
    /// What reading one document may cost.
    pub documents: Limits,
    pub knowledge: KnowledgeConfig,
    /// How buckets are signed in to.
    pub s3: AwsService,
    /// How functions of AWS Lambda are.
    pub lambda: AwsService,
    /// The servers that hold knowledge bases.
    pub stores: Stores,
    /// What calls may cost in a day or a month.
    pub budgets: Vec<Budget>,
    /// What new conversations begin with, below a preset and what was said for one; it names no model.
    pub defaults: Preset,
    pub presets: BTreeMap<String, Preset>,
    pub terminal: Terminal,
    /// The environment of children: without secrets.
    pub children: Environment,
    /// That of commands that tell keys, which may need secrets to come by others.
    pub key_commands: Environment,
    /// Where the program was started.
    pub folder: PathBuf,
    /// This program's own file.
    pub program: PathBuf,
    /// What `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID` say, as headers for `OpenAI` itself.
    pub openai_account: Vec<(&'static str, String)>,
    /// `HF_TOKEN`, for gated files of the model hub.
    pub hf_token: Option<Secret>,
    /// `OUTCROP_PASSPHRASE`, or the first line of `--passphrase-file`.
    pub passphrase: Option<Secret>,
    /// `VISUAL`, else `EDITOR`: a command line.
    pub editor: Option<String>,
    /// Each value as `outcrop config show` prints it, secrets masked.
    pub values: Vec<Shown>,
    inputs: file::Inputs,
    stamp: Stamp,
}

/// What knowledge bases may take, and how they are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnowledgeConfig {
    /// Bytes of the vectors that are kept by what was embedded; 0 keeps none.
    pub cache: u64,
    /// How long one document is fetched from elsewhere.
    pub fetch: Duration,
    /// How vectors are looked for in bases of this workspace.
    pub vectors: VectorSearch,
}

/// One value, its text and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub key: String,
    /// As TOML; a secret is `"…"`.
    pub value: String,
    /// "default", the file's path, "environment variable X", "flag --x".
    pub origin: String,
}

impl Shown {
    /// Whether it is a secret itself, and not the name of a variable that holds one.
    pub fn is_secret(&self) -> bool {
        self.value == show::SECRET
    }
}

/// What the keys of the screen do in one place: the screen's table, as `[keys]` of the file speaks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionKeys {
    /// The name that `[keys]` gives keys to; it may stand in more places than one.
    pub name: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Where these keys are pressed.
    pub place: &'static str,
    /// As the file writes them.
    pub keys: Vec<String>,
}

/// A provider of the config file.
#[allow(clippy::struct_excessive_bools, reason = "independent facts, each a key of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderConfig {
    pub kind: ProviderKind,
    /// Where its API starts, without a slash at the end. `None` only for kinds that need none.
    pub base_url: Option<String>,
    pub api_key: ApiKey,
    pub key_header: KeyHeader,
    /// The cassette that a `replay` plays.
    pub file: Option<PathBuf>,
    /// A `replay` answers as fast as it can, not as it was recorded.
    pub instant: bool,
    /// It may be there or not: where nobody listens at its address, it has no models, which is no error.
    pub optional: bool,
    /// It is asked through Responses, not Chat Completions.
    pub responses: bool,
    /// Its answers are asked for in one piece, not as a stream.
    pub whole: bool,
    /// Calls at once; `None` is without limit.
    pub at_once: Option<u32>,
    /// Calls that begin within a minute; `None` is without limit.
    pub per_minute: Option<u32>,
    /// Its own waits; `None` is as for every server.
    pub connect_timeout: Option<Duration>,
    pub answer_timeout: Option<Duration>,
    pub idle_timeout: Option<Duration>,
    /// Of a kind that is Amazon's.
    pub aws: Option<Aws>,
}

impl ProviderConfig {
    /// Whether the person has it: it was named, or keys for it are there.
    pub fn is_had(&self) -> bool {
        let signed =
            |aws: &Aws| aws.region.is_some() && !matches!(aws.credentials, AwsCredentials::Missing { .. });
        self.kind.has_address() && (!self.optional || self.aws.as_ref().is_some_and(signed))
    }

    /// A provider that is known by its kind and where its API starts.
    pub fn at(kind: ProviderKind, base_url: &str) -> Self {
        Self {
            kind,
            base_url: Some(base_url.trim_end_matches('/').to_owned()),
            api_key: ApiKey::Absent,
            key_header: kind.key_header(),
            file: None,
            instant: false,
            optional: false,
            responses: false,
            whole: false,
            at_once: None,
            per_minute: None,
            connect_timeout: None,
            answer_timeout: None,
            idle_timeout: None,
            aws: None,
        }
    }
}

/// The header in which a server wants its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// As `Authorization: Bearer`.
    Authorization,
    /// Azure's.
    ApiKey,
    /// Anthropic's, and that of many gateways.
    XApiKey,
}

impl KeyHeader {
    /// Their names, in the order of the variants.
    pub(crate) const NAMES: &[&'static str] = &["authorization", "api-key", "x-api-key"];

    fn named(name: &str) -> Option<Self> {
        [Self::Authorization, Self::ApiKey, Self::XApiKey].into_iter().find(|header| header.as_str() == name)
    }

    /// The header's name.
    pub const fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    /// Any server that speaks `OpenAI`'s chat completions.
    OpenAi,
    /// Anthropic's Messages API, or a server that speaks it.
    Anthropic,
    /// Ollama, by its own API.
    Ollama,
    /// Answers of a cassette.
    Replay,
    /// Amazon Bedrock's Converse API.
    Bedrock,
    /// Answers made up by this program, for tests and for a look around.
    Scripted,
}

impl ProviderKind {
    /// The header of its key where none is named.
    pub fn key_header(self) -> KeyHeader {
        if self == Self::Anthropic { KeyHeader::XApiKey } else { KeyHeader::Authorization }
    }

    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::OpenAi, Self::Anthropic, Self::Ollama, Self::Bedrock, Self::Replay, Self::Scripted];

    /// The name in `kind = "…"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
            Self::Replay => "replay",
            Self::Bedrock => "bedrock",
            Self::Scripted => "scripted",
        }
    }

    /// Where its API starts when the file does not say; `None` where it must, or has none.
    pub const fn base_url(self) -> Option<&'static str> {
        match self {
            Self::Anthropic => Some("https://api.anthropic.com/v1"),
            Self::Ollama => Some("http://127.0.0.1:11434"),
            Self::OpenAi | Self::Bedrock | Self::Replay | Self::Scripted => None,
        }
    }

    /// Whether its address must be said; Amazon's follows from the region.
    pub const fn wants_address(self) -> bool {
        self.has_address() && !matches!(self, Self::Bedrock)
    }

    /// Whether it is spoken to at an address.
    pub const fn has_address(self) -> bool {
        !matches!(self, Self::Replay | Self::Scripted)
    }
}

/// A key, or the reason that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiKey {
    /// None is configured.
    Absent,
    Given {
        key: Secret,
        /// The environment variable that holds it, where the file names one.
        variable: Option<String>,
    },
    /// A shell command tells it.
    Command { line: String },
    /// The file names this environment variable, which is not set.
    Unset { variable: String },
}

/// The screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// "auto", or a theme's name.
    pub theme: String,
    /// Take mouse events; off leaves selecting to the terminal.
    pub mouse: bool,
    pub osc52: Osc52,
    pub pictures: Pictures,
    /// Set the terminal's title.
    pub title: bool,
    pub reduced_motion: bool,
}

/// How text is copied through the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Osc52 {
    /// Where the clipboard is on another machine.
    Auto,
    /// Always, plainly.
    Raw,
    /// Always, wrapped for tmux.
    Tmux,
    Off,
}

/// How pictures are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pictures {
    /// As well as the terminal says that it can.
    #[default]
    Auto,
    Kitty,
    Iterm2,
    Sixel,
    /// Half blocks, which every terminal has.
    Blocks,
    /// As a description.
    Off,
}

/// The network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    /// Nothing but this machine itself is connected to.
    pub offline: bool,
    /// Proxies by the scheme that they serve; their URLs may hold passwords.
    pub http_proxy: Option<Secret>,
    pub https_proxy: Option<Secret>,
    pub all_proxy: Option<Secret>,
    /// Hosts that are reached without a proxy, comma-separated.
    pub no_proxy: Option<String>,
    /// A PEM file of certificate authorities, used beside the system's.
    pub ca_file: Option<PathBuf>,
    pub connect_timeout: Duration,
    /// From the request to the first byte of the answer.
    pub answer_timeout: Duration,
    /// Between two pieces of a stream.
    pub idle_timeout: Duration,
}

/// The local engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineConfig {
    /// `None` chooses by the machine.
    pub threads: Option<usize>,
    /// `None` is the own engine where it can, else llama.cpp.
    pub backend: Option<Backend>,
}

/// How long the record of calls and of what left the machine is kept, and traces from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    pub age: Duration,
    /// Bytes that spans may take, and bytes that egress entries may.
    pub bytes: u64,
    /// Bytes that traces from elsewhere may take.
    pub foreign: u64,
}

/// A named set of settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preset {
    pub settings: Settings,
    pub system: Option<String>,
    pub model: Option<ModelId>,
}

impl Config {
    /// Whether the display, and with it the clipboard, lies behind the network that `--offline` forbids.
    pub fn forbids_display(&self) -> bool {
        self.net.offline && self.terminal.far_display
    }

    /// Reads the file of `environment`, lays environment and flags over it, checks and types the result.
    pub fn load(environment: &Environment, flags: &Flags) -> Result<Self> {
        let paths = Paths::of(environment)?;
        source::load(environment, flags, paths)
    }

    /// The state of the file that this was read from.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The state of the file now.
    pub fn stamp_now(&self) -> Stamp {
        file::stamp(&self.paths.config)
    }

    /// What a provider is whose model the person has chosen on the screen, as if `-m` had named it; `None` where that changes
    /// nothing: it wants an address, or the person has said something of it. Reads files.
    pub fn chosen(&self, provider: &str) -> Result<Option<ProviderConfig>> {
        let is_sure = self.providers.get(provider).is_some_and(|provider| !provider.optional);
        let known = known_providers().iter().find(|known| known.name == provider);
        if is_sure || known.is_none_or(KnownProvider::wants_address) {
            return Ok(None);
        }
        let mut flags = self.inputs.flags.clone();
        flags.set("model", &format!("{provider}/chosen"), "-m");
        Ok(Self::load(&self.inputs.environment, &flags)?.providers.remove(provider))
    }

    /// Reads the file again, under the same environment and flags.
    pub fn reload(&self) -> Result<Self> {
        Self::load(&self.inputs.environment, &self.inputs.flags)
    }
}
