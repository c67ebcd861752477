//! What a base has of a document: its passages in order, and all that is known of one.

use super::Knowledge;
use crate::domain::id::{BaseId, DocumentId, PassageId};
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::knowledge::ranking::{Hit, Standing, Standings};
use crate::domain::knowledge::retrieval::Looked;
use crate::domain::knowledge::vectors::norm;
use crate::domain::{Error, ErrorKind, Result};
use crate::index::Nearest;
use crate::service::invoke::Terms;

/// So many neighbours are told.
const NEIGHBOURS: usize = 5;
/// So many vectors are held at once.
const AT_ONCE: usize = 1000;

impl Knowledge {
    /// The passages of a document in order: at most `most` of them, or all, from the one at `from` on.
    pub async fn passages(
        &self,
        id: BaseId,
        document: DocumentId,
        (from, most): (u32, Option<u32>),
        terms: &Terms,
    ) -> Result<Vec<Passage>> {
        let index = self.index(&self.base(id).await?, terms).await?;
        let most = most.map_or(usize::MAX, |most| most as usize);
        let ids = index.part_of_document(document, from as usize, most).await?;
        Ok(index.passages(ids).await?.into_iter().flatten().collect())
    }

    /// The passages of a document in order, each with the length of its vector.
    pub async fn norms(
        &self,
        id: BaseId,
        document: DocumentId,
        terms: &Terms,
    ) -> Result<Vec<(Passage, f64)>> {
        let index = self.index(&self.base(id).await?, terms).await?;
        let ids = index.of_document(document).await?;
        let mut passages = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let entries = index.entries(some.to_vec()).await?.into_iter().flatten();
            passages.extend(entries.map(|Entry { passage, vector }| (passage, norm(&vector))));
        }
        Ok(passages)
    }

    /// A passage with the length of its vector and the passages whose vectors are nearest to it.
    pub async fn look(&self, id: BaseId, passage: PassageId, terms: &Terms) -> Result<Looked> {
        let base = self.base(id).await?;
        let index = self.index(&base, terms).await?;
        let entry = index.entries(vec![passage]).await?.into_iter().flatten().next();
        let Some(Entry { passage, vector }) = entry else {
            let why = format!("it has no passage {}", passage.short());
            let hint = "`outcrop kb chunks` lists those of a document.";
            return Err(Error::new(ErrorKind::NotFound, "looking at a passage", why, hint));
        };
        let norm = norm(&vector);
        // It is its own nearest one.
        let query = Nearest { vector, results: NEIGHBOURS + 1, filter: None, expected: Vec::new() };
        let near = index.nearest(query).await?;
        let standing = |hit: Hit| {
            let vector = Some(hit.placed);
            Standing { id: hit.id, vector, keyword: None, fused: None, reranked: None, cosine: None }
        };
        let others = near.hits.into_iter().filter(|hit| hit.id != passage.id).take(NEIGHBOURS).map(standing);
        let hits = others.collect();
        let found = Standings { hits, ..Standings::default() };
        let neighbours = self.with_passages(base.lies_under(), &*index, found, &[]).await?.hits;
        Ok(Looked { passage, norm, neighbours })
    }
}
