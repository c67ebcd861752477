//! What a model file says of itself.

use std::collections::HashMap;
use std::path::Path;

use super::backend::{self, Words};
use super::gguf::{Header, Kind};
use super::loaded::{self, Speech};
use super::{foreign, model, sampler, vocabulary};
use crate::domain::call::Converse;
use crate::domain::catalog::{Backend, Sampling};
use crate::domain::settings::Settings;
use crate::domain::{Error, ErrorKind, Result};

/// What is known of a model file that the engine can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFacts {
    /// `general.architecture`: "llama".
    pub architecture: String,
    /// `general.name`, as its makers wrote it (untrusted text).
    pub name: Option<String>,
    /// `general.license`, likewise.
    pub licence: Option<String>,
    /// Context length in tokens.
    pub context: u32,
    /// The number type of most weights: "`Q8_0`".
    pub quantisation: String,
    /// Whether the file brings a chat template: a model without one continues text, but holds no conversation.
    pub chat_template: bool,
    /// The tokenizer's kind and splitting rule: "gpt2/smollm".
    pub vocabulary: String,
    /// Tokens of the vocabulary.
    pub tokens: u32,
    /// Weights in all.
    pub parameters: u64,
    /// What runs it where the person does not choose.
    pub backend: Backend,
    /// It is run as it is; otherwise `convert` makes the form that it runs.
    pub ready: bool,
}

/// Reads the facts of the file at `path`. A file that is truncated, no model, or of a kind that this engine does not
/// run is an error that says so.
pub fn inspect(path: &Path) -> Result<ModelFacts> {
    let (header, _) = Header::open(path)?;
    let facts = facts(&header, &reading(path))?;
    if facts.backend == Backend::LlamaCpp {
        // Only llama.cpp knows all that it knows.
        Words::read(path, &header, facts.backend, &reading(path))?;
    }
    Ok(facts)
}

/// What runs the file at `path`, by its header alone.
pub fn backend(path: &Path, choice: Option<Backend>) -> Result<Backend> {
    Ok(standing(path, choice, Sampling::default())?.0)
}

/// What runs the file at `path`, and the settings it is asked with where the person sets none: by its header, and by
/// what is known to suit it besides.
pub fn standing(path: &Path, choice: Option<Backend>, suits: Sampling) -> Result<(Backend, Settings)> {
    let (header, _) = Header::open(path)?;
    let backend = backend::choose(&header, choice, &reading(path))?;
    Ok((backend, sampler::standing(loaded::sampling(&header).overlaid(suits))))
}

fn reading(path: &Path) -> String {
    format!("reading the model file {}", path.display())
}

fn facts(header: &Header, doing: &str) -> Result<ModelFacts> {
    let architecture = header.text("general.architecture").ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            doing,
            "it names no architecture: it holds no language model",
            "Take the model's main GGUF file; an adapter or a projector alone cannot answer.",
        )
    })?;
    let backend = backend::choose(header, None, doing)?;
    let (context, tokens, vocabulary) = match backend {
        Backend::Own => {
            let shape = model::Shape::read(header, doing)?;
            (shape.context as u32, shape.vocabulary as u32, vocabulary::kind(header, doing)?)
        }
        Backend::LlamaCpp => foreign::facts(header, doing)?,
    };
    let mut weights: HashMap<Kind, u64> = HashMap::new();
    for tensor in &header.tensors {
        *weights.entry(tensor.kind).or_default() += tensor.dims.iter().product::<u64>();
    }
    let most = weights.iter().max_by_key(|(kind, n)| (**n, kind.code())).map(|(kind, _)| kind.name());
    Ok(ModelFacts {
        architecture: architecture.to_owned(),
        name: header.text("general.name").map(str::to_owned),
        licence: header.text("general.license").map(str::to_owned),
        context,
        quantisation: most.unwrap_or("F32").to_owned(),
        chat_template: header.text("tokenizer.chat_template").is_some(),
        vocabulary,
        tokens,
        parameters: weights.values().sum(),
        ready: backend == Backend::LlamaCpp || header.tensors.iter().all(|t| t.kind == model::form(t)),
        backend,
    })
}

/// A conversation as its model would be given it: the text that the chat template makes, and its token ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub text: String,
    pub tokens: Vec<u32>,
}

/// The prompt of a conversation for the model of the file at `path`, whose weights are not loaded.
pub fn prompt(path: &Path, converse: &Converse, now: &jiff::Zoned) -> Result<Prompt> {
    let header = Header::open(path)?.0;
    let speech = Speech::new(&header, words(path, &header)?);
    let text = speech.prompt(converse, now)?;
    Ok(Prompt { tokens: speech.words.encode(&text)?, text })
}

/// The token ids of a text, marks of turns included.
pub fn tokenise(path: &Path, text: &str) -> Result<Vec<u32>> {
    words(path, &Header::open(path)?.0)?.encode(text)
}

fn words(path: &Path, header: &Header) -> Result<Words> {
    let doing = reading(path);
    Words::read(path, header, backend::choose(header, None, &doing)?, &doing)
}
