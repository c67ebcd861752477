//! What computes a file's answers, and the one face that it shows to conversations.

use std::borrow::Cow;
use std::path::Path;

use super::gguf::Header;
#[cfg(feature = "llama-cpp")]
use super::llama_cpp;
use super::loading::Wanted;
use super::vocabulary::Vocabulary;
use super::{foreign, model, vocabulary};
use crate::domain::catalog::Backend;
use crate::domain::{Error, ErrorKind, Result};

/// Prompt tokens that are read between two looks at whether anybody still listens.
pub(super) const CHUNK: usize = 64;

/// What runs a file: the own engine where it can, else llama.cpp, unless the person has chosen.
pub(super) fn choose(header: &Header, choice: Option<Backend>, doing: &str) -> Result<Backend> {
    let backend = match (choice, own(header, doing)) {
        (Some(Backend::LlamaCpp), _) => Backend::LlamaCpp,
        (_, Ok(())) => Backend::Own,
        (None, Err(refusal)) if cfg!(feature = "llama-cpp") && refusal.kind == ErrorKind::Invalid => {
            Backend::LlamaCpp
        }
        (_, Err(refusal)) => return Err(refusal),
    };
    if backend == Backend::LlamaCpp {
        built(doing)?;
        foreign::check(header, doing)?;
    }
    Ok(backend)
}

/// Whether the own engine runs a file.
fn own(header: &Header, doing: &str) -> Result<()> {
    model::Shape::read(header, doing)?;
    vocabulary::kind(header, doing)?;
    foreign::none(header, doing)
}

/// Refuses what needs llama.cpp in a program that was built without it.
fn built(doing: &str) -> Result<()> {
    if cfg!(feature = "llama-cpp") {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        doing,
        "llama.cpp is to run it, and this program was built without llama.cpp",
        "Build with `cargo build --release --features llama-cpp`.",
    ))
}

/// A model in memory.
#[derive(Debug)]
pub(super) enum Model {
    Own(Box<model::Model>),
    #[cfg(feature = "llama-cpp")]
    LlamaCpp(llama_cpp::Model),
}

/// Keys and values of one conversation.
#[derive(Debug)]
pub(super) enum Cache {
    Own(model::Cache),
    #[cfg(feature = "llama-cpp")]
    LlamaCpp(llama_cpp::Seat),
}

/// Buffers of a forward pass, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    own: model::Scratch,
    #[cfg(feature = "llama-cpp")]
    logits: Vec<f32>,
}

/// Loads the file at `path`, as long as that is `wanted`. `threads` is how many compute where the model brings its own.
pub(super) fn load(
    path: &Path,
    header: &Header,
    backend: Backend,
    threads: usize,
    wanted: &Wanted,
    doing: &str,
) -> Result<(Model, Words)> {
    #[cfg(feature = "llama-cpp")]
    if backend == Backend::LlamaCpp {
        let (model, words) = llama_cpp::Model::load(path, threads, wanted)?;
        return Ok((Model::LlamaCpp(model), Words::LlamaCpp(words)));
    }
    let _ = threads;
    let words = Words::read(path, header, backend, doing)?;
    Ok((Model::Own(Box::new(model::Model::load(path, wanted)?.0)), words))
}

impl Model {
    /// Context length in tokens.
    pub(super) fn context(&self) -> usize {
        match self {
            Self::Own(model) => model.shape.context,
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(model) => model.context(),
        }
    }

    /// Tokens of the vocabulary.
    pub(super) fn vocabulary(&self) -> usize {
        match self {
            Self::Own(model) => model.shape.vocabulary,
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(model) => model.vocabulary(),
        }
    }

    /// An empty cache.
    pub(super) fn cache(&self) -> Cache {
        match self {
            Self::Own(model) => Cache::Own(model::Cache::new(&model.shape)),
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(model) => Cache::LlamaCpp(model.seat()),
        }
    }

    /// How many of `left` prompt tokens are read next. For llama.cpp the odd ones come first: it computes the attention of
    /// fewer than 64 tokens in a way that is slower for each, the more so the more there are before them.
    pub(super) fn chunk(&self, left: usize) -> usize {
        match self {
            Self::Own(_) => left.min(CHUNK),
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(_) => (left - 1) % CHUNK + 1,
        }
    }

    /// Reads up to [`CHUNK`] tokens after those in the cache, which this model made, and returns the logits that follow
    /// the last one. Runs on the threads of the pool that it is called in, or on the model's own.
    #[cfg_attr(
        not(feature = "llama-cpp"),
        expect(clippy::unnecessary_wraps, reason = "the own engine cannot fail, llama.cpp can")
    )]
    pub(super) fn forward<'s>(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [f32]> {
        match (self, cache) {
            (Self::Own(model), Cache::Own(cache)) => Ok(model.forward(tokens, cache, &mut scratch.own)),
            #[cfg(feature = "llama-cpp")]
            (Self::LlamaCpp(_), Cache::LlamaCpp(seat)) => {
                seat.read(tokens, Some(&mut scratch.logits))?;
                Ok(&scratch.logits)
            }
            #[cfg(feature = "llama-cpp")]
            _ => Err(Error::internal("reading a prompt", "the cache is another model's")),
        }
    }

    /// The same for tokens of a prompt that goes on: nobody looks at what follows them, and it costs a product with the
    /// whole vocabulary.
    #[cfg_attr(
        not(feature = "llama-cpp"),
        expect(clippy::unnecessary_wraps, reason = "the own engine cannot fail, llama.cpp can")
    )]
    pub(super) fn read(&self, tokens: &[u32], cache: &mut Cache, scratch: &mut Scratch) -> Result<()> {
        match (self, cache) {
            (Self::Own(model), Cache::Own(cache)) => {
                model.read(tokens, cache, &mut scratch.own);
                Ok(())
            }
            #[cfg(feature = "llama-cpp")]
            (Self::LlamaCpp(_), Cache::LlamaCpp(seat)) => seat.read(tokens, None),
            #[cfg(feature = "llama-cpp")]
            _ => Err(Error::internal("reading a prompt", "the cache is another model's")),
        }
    }

    /// Whether it computes on threads of its own.
    pub(super) fn brings_threads(&self) -> bool {
        match self {
            Self::Own(_) => false,
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(_) => true,
        }
    }

    /// Gives the room of forgotten tokens back, where that is possible.
    pub(super) fn shrink(&self, cache: &mut Cache) {
        match (self, cache) {
            (Self::Own(model), Cache::Own(cache)) => cache.shrink(&model.shape),
            #[cfg(feature = "llama-cpp")]
            _ => {}
        }
    }
}

impl Cache {
    /// Forgets what comes after the first `length` tokens, or more where only that is possible; what is left.
    pub(super) fn truncate(&mut self, length: usize) -> usize {
        match self {
            Self::Own(cache) => {
                cache.truncate(length);
                length
            }
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(seat) => seat.truncate(length),
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Own(cache) => cache.bytes(),
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(seat) => seat.bytes(),
        }
    }
}

/// A model's tokens.
#[derive(Debug)]
pub(super) enum Words {
    Own(Box<Vocabulary>),
    #[cfg(feature = "llama-cpp")]
    LlamaCpp(llama_cpp::Words),
}

impl Words {
    /// The vocabulary of the file at `path`, whose weights are not loaded.
    pub(super) fn read(path: &Path, header: &Header, backend: Backend, doing: &str) -> Result<Self> {
        match backend {
            #[cfg(feature = "llama-cpp")]
            Backend::LlamaCpp => Ok(Self::LlamaCpp(llama_cpp::Words::read(path)?)),
            _ => {
                let _ = path;
                Ok(Self::Own(Box::new(Vocabulary::read(header, doing)?)))
            }
        }
    }

    /// The ids of `text`, marks of turns included.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>> {
        match self {
            Self::Own(words) => words.encode(text),
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(words) => Ok(words.encode(text)),
        }
    }

    /// The ids of a text that goes on behind another one.
    pub(super) fn encode_on(&self, text: &str) -> Result<Vec<u32>> {
        match self {
            Self::Own(words) => words.encode_on(text),
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(words) => Ok(words.encode_on(text)),
        }
    }

    /// The bytes that a token stands for: perhaps a part of a character, none for a control token.
    pub(super) fn bytes(&self, id: u32) -> Cow<'_, [u8]> {
        match self {
            Self::Own(words) => Cow::Borrowed(words.bytes(id)),
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(words) => Cow::Owned(words.bytes(id)),
        }
    }

    /// Whether a token ends an answer.
    pub(super) fn ends(&self, id: u32) -> bool {
        match self {
            Self::Own(words) => words.ends(id),
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(words) => words.ends(id),
        }
    }

    /// The texts of the tokens that begin and end a text, for chat templates.
    pub(super) fn marks(&self) -> (&str, &str) {
        match self {
            Self::Own(words) => (&words.begin_text, &words.end_text),
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(words) => words.marks(),
        }
    }
}
