//! Who embeds for a base: its tokenizer, and vectors by the batch.

use std::ops::Range;
use std::sync::Arc;

use futures_util::StreamExt;

use super::Knowledge;
use crate::domain::call::Call;
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::knowledge::chunking::Tokens;
use crate::domain::{Error, Result};
use crate::engine::Tokeniser;
use crate::provider::local;
use crate::service::invoke::{Invoke, Terms};

/// Texts that are sent at once.
const BATCH: usize = 32;

/// An embedding model as a base uses it.
#[derive(Debug, Clone)]
pub(super) struct Embedder {
    pub model: ModelId,
    invoke: Arc<Invoke>,
    pub terms: Terms,
    /// Of a model of this machine.
    tokeniser: Option<Arc<Tokeniser>>,
}

impl Knowledge {
    /// The embedding model of a base, with its tokenizer where that is on this machine.
    pub(super) async fn embedder(&self, model: &ModelId, terms: &Terms) -> Result<Embedder> {
        let tokeniser = if model.is_local() {
            let (models, model) = (self.models.clone(), model.clone());
            let read = tokio::task::spawn_blocking(move || {
                Tokeniser::of(&local::encoder(models.folder, models.catalogue, &model)?)
            });
            let read = read.await.map_err(|why| Error::internal("reading a tokenizer", why.to_string()))?;
            Some(Arc::new(read?))
        } else {
            None
        };
        let invoke = Arc::clone(&self.invoke);
        Ok(Embedder { model: model.clone(), invoke, terms: terms.clone(), tokeniser })
    }
}

impl Embedder {
    /// Where the tokens of a text are: the model's own, or about so many of one whose tokenizer is not on this machine.
    pub fn tokens(&self, text: &str) -> Result<Tokens> {
        let places: Vec<Range<usize>> = match &self.tokeniser {
            Some(tokeniser) => tokeniser.places(text)?,
            None => return Ok(Tokens::estimated(text)),
        };
        Ok(Tokens::new(places))
    }

    /// The most tokens that it reads at once; `None` where nobody knows.
    pub fn window(&self) -> Option<usize> {
        self.tokeniser.as_ref().map(|tokeniser| tokeniser.window())
    }

    /// The vector of each text, in their order.
    pub async fn vectors(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let mut all = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            let call = Call::Embed { model: self.model.clone(), texts: batch.to_vec() };
            let mut events = self.invoke.serve(&self.model, call, &self.terms);
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
        }
        Ok(all)
    }
}
