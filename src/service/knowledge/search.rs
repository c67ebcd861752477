//! Retrieval: a question becomes hits, each with its ranks by every way of looking, and the passages that were expected.

use std::collections::HashMap;

use super::{Knowledge, filed};
use crate::domain::id::{BaseId, DocumentId, PassageId};
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::ranking::{Search, Standing, Standings};
use crate::domain::knowledge::retrieval::{Found, Question, Retrieved};
use crate::domain::{Error, ErrorKind, Result};
use crate::index::{VectorStore, search};
use crate::service::invoke::Terms;
use crate::wire::knowledge::filter;

/// The most hits that can be asked for, as Bedrock has it.
const MOST: usize = 100;

impl Knowledge {
    /// Searches a base.
    pub async fn search(&self, id: BaseId, question: Question, terms: &Terms) -> Result<Retrieved> {
        const DOING: &str = "searching a knowledge base";
        if question.text.trim().is_empty() {
            return Err(Error::new(ErrorKind::Invalid, DOING, "nothing is asked", "Write a question."));
        }
        if !(1..=MOST).contains(&question.results) {
            let why = format!("{} hits are asked for", question.results);
            return Err(Error::new(ErrorKind::Invalid, DOING, why, format!("Ask for 1 to {MOST}.")));
        }
        let filter = question.filter.as_deref().map(filter::read).transpose()?;
        let base = self.base(id).await?;
        let index = self.index(&base).await?;
        if base.holds.passages == 0 {
            let why = format!("{:?} is empty", base.name);
            let hint = "`outcrop kb add-source` and `outcrop kb sync` fill it.";
            return Err(Error::new(ErrorKind::NotFound, DOING, why, hint));
        }
        let vector = if question.mode.semantic() {
            let embedder = self.embedder(&base.embedder, terms).await?;
            let vectors = embedder.vectors(std::slice::from_ref(&question.text)).await?;
            vectors.into_iter().next().unwrap_or_default()
        } else {
            Vec::new()
        };
        let Question { text, mode, results, expected, .. } = question;
        let found = search(&index, Search { mode, text, vector, results, filter, expected }).await?;
        self.with_passages(id, &index, found).await
    }

    /// The passages that stand in the results, with the documents that they are of.
    async fn with_passages(
        &self,
        id: BaseId,
        index: &dyn VectorStore,
        found: Standings,
    ) -> Result<Retrieved> {
        let wanted: Vec<PassageId> =
            found.hits.iter().chain(&found.expected).map(|standing| standing.id).collect();
        let passages = index.passages(wanted).await?;
        let mut passages = passages.into_iter();
        let documents = self.archive.run(move |store| filed(store, id)).await?;
        let places: HashMap<DocumentId, String> =
            documents.into_iter().map(|document| (document.id, document.uri)).collect();
        let mut told = |standings: Vec<Standing>| -> Vec<Found> {
            let with = standings.into_iter().zip(passages.by_ref());
            let one = |(standing, passage): (Standing, Option<Passage>)| {
                let passage = passage?;
                let uri = places.get(&passage.document).cloned().unwrap_or_default();
                Some(Found { standing, passage, uri })
            };
            with.filter_map(one).collect()
        };
        let hits = told(found.hits);
        let expected = told(found.expected);
        Ok(Retrieved { hits, expected, compared: found.compared, matched: found.matched })
    }
}
