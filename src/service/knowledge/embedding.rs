//! Who embeds for a base: its tokenizer, and vectors by the batch.

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::StreamExt;

use super::Knowledge;
use super::cache::{Cache, key};
use crate::domain::call::Call;
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::figures::count;
use crate::domain::id::BaseId;
use crate::domain::knowledge::chunking::Tokens;
use crate::domain::knowledge::vectors::is_normalised;
use crate::domain::trace::{Fault, SpanKind};
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::Tokeniser;
use crate::provider::local;
use crate::service::blocking::blocking;
use crate::service::invoke::{Invoke, Terms, Underway};

/// Texts that are sent at once: servers that bound a request by texts take so many (text-embeddings-inference by default).
pub(super) const BATCH: usize = 32;

/// An embedding model as a base uses it.
#[derive(Debug, Clone)]
pub(super) struct Embedder {
    pub model: ModelId,
    invoke: Arc<Invoke>,
    pub terms: Terms,
    /// Of a model of this machine.
    tokeniser: Option<Arc<Tokeniser>>,
    /// The vectors that it made before, and the numbers in each.
    kept: Option<(Cache, u32)>,
    /// Numbers in each vector, where another length would be of no use.
    dimensions: Option<u32>,
    /// All that is made is a part of it.
    whole: Option<Arc<Whole>>,
}

/// A step that begins when the first vector is asked for, and is recorded when nobody embeds for it any more.
#[derive(Debug)]
struct Whole {
    base: BaseId,
    name: String,
    /// With the terms of what is called for it.
    begun: OnceLock<(Mutex<Underway>, Terms)>,
}

impl Knowledge {
    /// The embedding model of a base, with its tokenizer where that is on this machine.
    pub(super) async fn embedder(&self, model: &ModelId, terms: &Terms) -> Result<Embedder> {
        let tokeniser = if model.is_local() {
            let (models, model) = (self.models.clone(), model.clone());
            let read = blocking("reading a tokenizer", move || {
                Tokeniser::of(&local::encoder(models.folder, models.catalogue, &model)?)
            });
            Some(Arc::new(read.await?))
        } else {
            None
        };
        let invoke = Arc::clone(&self.invoke);
        Ok(Embedder {
            model: model.clone(),
            invoke,
            terms: terms.clone(),
            tokeniser,
            kept: None,
            dimensions: None,
            whole: None,
        })
    }
}

/// What is known of a model's vectors by one of them: its numbers, and whether it has the length one.
pub(super) fn made(vectors: &[Vec<f32>]) -> (u32, Option<bool>) {
    let first = vectors.first();
    let numbers = first.map_or(0, |vector| u32::try_from(vector.len()).unwrap_or(u32::MAX));
    (numbers, first.map(|vector| is_normalised(vector)))
}

/// Whether a model refuses what it was given, and may well take the next text.
pub(super) fn refuses_text(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Invalid | ErrorKind::ContextLength { .. })
}

/// The last part of where a document is.
pub(super) fn name_of(uri: &str) -> &str {
    uri.rsplit('/').find(|part| !part.is_empty()).unwrap_or(uri)
}

/// What a model makes now is of no use beside what it made before: all would have to be embedded anew.
pub(super) fn other_length(doing: &str, model: &ModelId, made: usize, wanted: usize) -> Error {
    let why = format!("{model} makes vectors of {made} numbers, and those of the base have {wanted}");
    let hint = "`outcrop kb rebuild` embeds all anew; until then `--mode keyword` finds by words.";
    Error::new(ErrorKind::Config, doing, why, hint)
}

impl Embedder {
    /// The same; what it makes is kept there, as vectors of so many numbers.
    #[must_use]
    pub fn keeping(self, cache: Option<Cache>, dimensions: u32) -> Self {
        Self { kept: cache.map(|cache| (cache, dimensions)), dimensions: Some(dimensions), ..self }
    }

    /// The same; all that it makes is a part of one step of that name.
    #[must_use]
    pub fn within(&self, base: BaseId, name: String) -> Self {
        let whole = Whole { base, name, begun: OnceLock::new() };
        Self { whole: Some(Arc::new(whole)), ..self.clone() }
    }

    /// Says how the step ended that all is a part of, if it ever began. Where nobody does, it was stopped.
    pub fn end(&self, error: Option<&Error>) {
        if let Some((step, _)) = self.whole.as_ref().and_then(|whole| whole.begun.get()) {
            step.lock().unwrap_or_else(PoisonError::into_inner).end(error);
        }
    }

    /// A document of which nothing came is a failed part of that step: whoever looks for errors in its trace finds it.
    pub fn lacks(&self, uri: &str, kind: ErrorKind, why: &str) {
        let Some(whole) = &self.whole else { return };
        let name = format!("read {}", name_of(uri));
        let (mut step, _) = self.invoke.workflow(SpanKind::Sync, whole.base.to_string(), name, self.terms());
        step.fail(kind, Fault::new(None, why));
    }

    /// On which terms a model is called.
    fn terms(&self) -> &Terms {
        let Some(whole) = &self.whole else { return &self.terms };
        let begin = || {
            let (base, name) = (whole.base.to_string(), whole.name.clone());
            let (step, terms) = self.invoke.workflow(SpanKind::Sync, base, name, &self.terms);
            (Mutex::new(step), terms)
        };
        &whole.begun.get_or_init(begin).1
    }

    /// The vectors of these texts that were made before.
    pub async fn known(&self, texts: &[&str]) -> Vec<Option<Vec<f32>>> {
        let Some((cache, dimensions)) = &self.kept else { return vec![None; texts.len()] };
        let keys = texts.iter().map(|text| key(&self.model, *dimensions, text)).collect();
        let mut known = cache.find(keys).await;
        for vector in &mut known {
            // It would spoil the index.
            vector.take_if(|vector| vector.len() != *dimensions as usize);
        }
        known
    }

    /// The vector of each text, in their order: those that were made before as they were.
    pub async fn vectors_of(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let mut all = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            let known = self.known(&batch.iter().map(String::as_str).collect::<Vec<_>>()).await;
            let missing = batch.iter().zip(&known).filter(|(_, known)| known.is_none());
            let missing: Vec<String> = missing.map(|(text, _)| text.clone()).collect();
            let mut made = self.vectors(&missing).await?.into_iter();
            all.extend(known.into_iter().filter_map(|known| known.or_else(|| made.next())));
        }
        Ok(all)
    }

    /// Where the tokens of a text are: the model's own, or about so many of one whose tokenizer is not on this machine.
    pub fn tokens(&self, text: &str) -> Result<Tokens> {
        let places: Vec<Range<usize>> = match &self.tokeniser {
            Some(tokeniser) => tokeniser.places(text)?,
            None => return Ok(Tokens::estimated(text)),
        };
        Ok(Tokens::new(places))
    }

    /// Whether tokens are counted by its own tokenizer, and not about.
    pub fn counts_exactly(&self) -> bool {
        self.tokeniser.is_some()
    }

    /// The most tokens that it reads at once; `None` where nobody knows.
    pub fn window(&self) -> Option<usize> {
        self.tokeniser.as_ref().map(|tokeniser| tokeniser.window())
    }

    /// The vector of each text, in their order.
    pub async fn vectors(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        self.made(texts, false, None).await
    }

    /// The same of passages `of` something, whose name the record of the call has.
    pub async fn vectors_of_passages(&self, texts: &[String], of: &str) -> Result<Vec<Vec<f32>>> {
        self.made(texts, false, Some(of)).await
    }

    /// The vector of a text by which passages are looked for. It is not kept: it may be another than a passage's.
    pub async fn vector_of_question(&self, text: &str) -> Result<Vec<f32>> {
        Ok(self.made(&[text.to_owned()], true, None).await?.into_iter().next().unwrap_or_default())
    }

    async fn made(&self, texts: &[String], query: bool, of: Option<&str>) -> Result<Vec<Vec<f32>>> {
        let mut all = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            let call = Call::Embed { model: self.model.clone(), texts: batch.to_vec(), query };
            let about = of.map(|of| format!("{}: {of}", count(batch.len() as u64, "passage", "passages")));
            let terms = Terms { about, ..self.terms().clone() };
            let mut events = self.invoke.serve(&self.model, call, &terms);
            let before = all.len();
            while let Some(event) = events.next().await {
                if let Event::Embeddings { vectors } = event? {
                    all.extend(vectors);
                }
            }
            if all.len() - before != batch.len() {
                let why = format!("{} texts came back as {} vectors", batch.len(), all.len() - before);
                return Err(Error::internal(format!("embedding with {}", self.model), why));
            }
            if let Some(dimensions) = self.dimensions.map(|dimensions| dimensions as usize)
                && let Some(other) = all[before..].iter().find(|vector| vector.len() != dimensions)
            {
                let doing = format!("embedding with {}", self.model);
                return Err(other_length(&doing, &self.model, other.len(), dimensions));
            }
            if let Some((cache, dimensions)) = self.kept.as_ref().filter(|_| !query) {
                let keys = batch.iter().map(|text| key(&self.model, *dimensions, text));
                cache.keep(keys.zip(all[before..].iter().cloned()).collect()).await;
            }
        }
        Ok(all)
    }
}
