//! Models in memory: loaded when first asked, kept for the next call.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use super::Options;
use super::backend::{self, Model, Words};
use super::encoder::Encoder;
use super::gguf::Header;
use super::grammar::{Grammar, Grammars};
use super::loading::Wanted;
use super::template::{self, Setting};
use crate::domain::call::Converse;
use crate::domain::catalog::Sampling;
use crate::domain::thinking;
use crate::domain::{Error, ErrorKind, Result};

/// Models kept at once: two, to compare.
const KEPT: usize = 2;
/// Encoders kept at once.
const ENCODERS: usize = 1;

/// A model with all that is needed to talk to it.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) model: Model,
    pub(super) speech: Speech,
    /// How the file's makers want tokens chosen.
    pub(super) sampling: Sampling,
    /// What answers can be held to: made for the first that is.
    grammars: OnceLock<Result<Grammars>>,
    path: PathBuf,
    stamp: Stamp,
}

/// How a model is spoken to.
#[derive(Debug)]
pub(super) struct Speech {
    pub(super) words: Arc<Words>,
    template: Option<String>,
}

impl Speech {
    pub(super) fn new(header: &Header, words: Words) -> Self {
        Self { words: Arc::new(words), template: header.text("tokenizer.chat_template").map(str::to_owned) }
    }

    /// The text of a conversation.
    pub(super) fn prompt(&self, converse: &Converse, now: &jiff::Zoned) -> Result<String> {
        let source = self.template.as_deref().ok_or_else(|| {
            Error::new(
                ErrorKind::Refused { capability: "chat".into() },
                format!("writing the prompt for {}", converse.model),
                "its file holds no chat template: it was not taught to converse",
                "Take a model whose name says \"instruct\" or \"chat\".",
            )
        })?;
        let (begin, end) = self.words.marks();
        let setting = Setting { begin, end, now };
        template::prompt(source, converse, setting)
    }
}

/// Tells a file from another at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(u64, Option<SystemTime>);

impl Stamp {
    pub(super) fn of(path: &Path) -> Result<Self> {
        let facts = std::fs::metadata(path)
            .map_err(|e| Error::io(format!("opening the model file {}", path.display()), &e))?;
        Ok(Self(facts.len(), facts.modified().ok()))
    }
}

/// What the file itself asks for.
pub(super) fn sampling(header: &Header) -> Sampling {
    let float = |name: &str| header.float(&format!("general.sampling.{name}")).map(|x| x as f32);
    Sampling {
        temperature: float("temp"),
        top_p: float("top_p"),
        top_k: header.number("general.sampling.top_k").and_then(|k| u32::try_from(k).ok()),
        repeat_penalty: float("penalty_repeat"),
    }
}

impl Loaded {
    /// Loads the file at `path`, as long as that is `wanted`.
    pub(super) fn load(path: &Path, options: Options, wanted: &Wanted) -> Result<Self> {
        let stamp = Stamp::of(path)?;
        let doing = format!("loading the model {}", path.display());
        let (header, _) = Header::open(path)?;
        let backend = backend::choose(&header, options.backend, &doing)?;
        let (model, words) = backend::load(path, &header, backend, options.threads(), wanted, &doing)?;
        Ok(Self {
            speech: Speech::new(&header, words),
            sampling: sampling(&header),
            grammars: OnceLock::new(),
            model,
            path: path.to_owned(),
            stamp,
        })
    }

    /// What the answer to a conversation is held to; `None` where it is to be anything.
    pub(super) fn grammar(&self, converse: &Converse) -> Result<Option<Grammar>> {
        let Some(schema) = &converse.settings.response_schema else { return Ok(None) };
        let make = || Grammars::of(Arc::clone(&self.speech.words), self.model.vocabulary());
        let grammars = self.grammars.get_or_init(make).as_ref().map_err(Clone::clone)?;
        grammars.of_schema(schema, &format!("asking {}", converse.model)).map(Some)
    }

    /// The token ids of a conversation.
    pub(super) fn prompt(&self, converse: &Converse, now: &jiff::Zoned) -> Result<Prompt> {
        let text = self.speech.prompt(converse, now)?;
        let ids = self.speech.words.encode(&text)?;
        let limit = self.model.vocabulary() as u32;
        if ids.is_empty() || ids.iter().any(|id| *id >= limit) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("writing the prompt for {}", converse.model),
                "nothing is left of it in the model's tokens",
                "Write something.",
            ));
        }
        Ok(Prompt { ids, thinks: thinking::left_open(&text) })
    }
}

/// A conversation as the model reads it.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) ids: Vec<u32>,
    /// The tag of reasoning that the template opened; the answer holds what closes it, and has to begin with this.
    pub(super) thinks: Option<&'static str>,
}

/// What a file holds: a model that converses, or one that makes vectors.
#[derive(Debug, Clone)]
pub(super) enum Resident {
    Model(Arc<Loaded>),
    Encoder(Arc<Encoder>),
}

impl Resident {
    /// Loads the file at `path`, as long as that is `wanted`.
    pub(super) fn load(path: &Path, options: Options, wanted: &Wanted) -> Result<Self> {
        if Encoder::is_at(path) {
            return Encoder::load(path, wanted).map(|encoder| Self::Encoder(Arc::new(encoder)));
        }
        Loaded::load(path, options, wanted).map(|model| Self::Model(Arc::new(model)))
    }

    /// Its file, and what tells that from another one.
    fn file(&self) -> (&Path, Stamp) {
        match self {
            Self::Model(model) => (&model.path, model.stamp),
            Self::Encoder(encoder) => (&encoder.path, encoder.stamp),
        }
    }
}

/// The models in memory, the last used first.
#[derive(Debug, Default)]
pub(super) struct Shelf(Vec<Resident>);

impl Shelf {
    /// Lets go of what would be in the way of the model of the file at `path`.
    pub(super) fn make_room(&mut self, path: &Path) {
        self.0.retain(|known| known.file().0 != path);
        // Each kind has its own places: whoever converses with two models may search beside it.
        let encodes = Encoder::is_at(path);
        let places = if encodes { ENCODERS } else { KEPT };
        let mut alike = 0;
        self.0.retain(|known| {
            let other = matches!(known, Resident::Encoder(_)) != encodes;
            alike += usize::from(!other);
            other || alike < places
        });
    }

    /// Whether this very model is here.
    pub(super) fn holds(&self, model: &Arc<Loaded>) -> bool {
        self.0.iter().any(|known| matches!(known, Resident::Model(known) if Arc::ptr_eq(known, model)))
    }

    /// The model of the file at `path`, if it is here and the file is still the same.
    pub(super) fn find(&mut self, path: &Path) -> Result<Option<Resident>> {
        let stamp = Stamp::of(path)?;
        let Some(at) = self.0.iter().position(|known| known.file() == (path, stamp)) else {
            return Ok(None);
        };
        let found = self.0.remove(at);
        self.0.insert(0, found.clone());
        Ok(Some(found))
    }

    /// Takes in what room was made for.
    pub(super) fn put(&mut self, loaded: Resident) {
        self.0.insert(0, loaded);
    }
}
