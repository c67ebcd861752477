//! Retrieval: a question becomes hits, each with its ranks by every way of looking and as a model puts them in order, and the
//! passages that were expected.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::Knowledge;
use super::embedding::other_length;
use crate::domain::id::{BaseId, DocumentId, PassageId};
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::ranking::{Mode, Search, Standing, Standings};
use crate::domain::knowledge::reranking::Reranking;
use crate::domain::knowledge::retrieval::{Found, Question, Retrieved};
use crate::domain::knowledge::sync::Filed;
use crate::domain::knowledge::vectors::cosine;
use crate::domain::trace::told::Told;
use crate::domain::trace::{SpanKind, contents};
use crate::domain::{Error, ErrorKind, Result};
use crate::index::{VectorStore, search as looked_for};
use crate::service::invoke::{Tells, Terms};
use crate::store::record::FiledOf;
use crate::wire::knowledge::filter;

/// The most hits that can be asked for, as Bedrock has it.
const MOST: usize = 100;

/// Whether a filter can be read; else why not, and how one is written.
pub fn check_filter(text: &str) -> Result<()> {
    filter::read(text).map(drop)
}

impl Knowledge {
    /// Searches a base.
    pub async fn search(&self, id: BaseId, question: Question, terms: &Terms) -> Result<Retrieved> {
        self.search_near(id, question, None, terms).await
    }

    /// The same for what is no farther than the cosine `least`, however deep it stands: what is, and would have been a hit, is
    /// [`Retrieved::below`].
    pub(super) async fn search_near(
        &self,
        id: BaseId,
        question: Question,
        least: Option<f64>,
        terms: &Terms,
    ) -> Result<Retrieved> {
        let (mut step, terms) = self.invoke.step(SpanKind::Retrieve, id.to_string(), terms);
        let (tells, answers) = (terms.tells.is_some(), terms.answer.is_some());
        // What is asked for it is not what the answer is from, nor is its time the answer's.
        let tells_below = tells.then(Tells::default);
        let terms = Terms { answer: None, clock: None, tells: tells_below, ..terms };
        let query = tells.then(|| question.text.clone());
        let found = self.look_for(id, question, least, &terms).await;
        step.end(found.as_ref().err());
        if let Ok(found) = &found
            && (tells || answers)
        {
            // Question and texts stand with an answer already.
            let found = found.hits.iter().chain(&found.below).map(|hit| told(hit, tells)).collect();
            step.tell(Told { query, found, ..Told::default() });
        }
        found
    }

    async fn look_for(
        &self,
        id: BaseId,
        question: Question,
        least: Option<f64>,
        terms: &Terms,
    ) -> Result<Retrieved> {
        const DOING: &str = "searching a knowledge base";
        if question.text.trim().is_empty() {
            return Err(Error::new(ErrorKind::Invalid, DOING, "nothing is asked", "Write a question."));
        }
        if !(1..=MOST).contains(&question.results) {
            let why = format!("{} hits are asked for", question.results);
            return Err(Error::new(ErrorKind::Invalid, DOING, why, format!("Ask for 1 to {MOST}.")));
        }
        let filter = question.filter.as_deref().map(filter::read).transpose()?;
        if let Reranking::By(reranker) = &question.rerank {
            // Who was named for this question and cannot be asked is a mistake; who fails later costs no answer.
            self.can_rerank(reranker)?;
        }
        let base = self.base(id).await?;
        let index = self.index(&base, terms).await?;
        if base.holds.passages == 0 {
            let (what, hint) = if base.is_syncing() {
                ("is empty yet, and is being read", "Ask again once its first documents are in.")
            } else {
                ("is empty", "`outcrop kb add-source` and `outcrop kb sync` fill it.")
            };
            let why = format!("{:?} {what}", base.name);
            return Err(Error::new(ErrorKind::NotFound, DOING, why, hint));
        }
        let vector = if question.mode.semantic() {
            let embedder = self.embedder(&base.embedder, terms).await?;
            let vector = embedder.vector_of_question(&question.text).await?;
            let dimensions = base.dimensions as usize;
            if vector.len() != dimensions {
                return Err(other_length(DOING, &base.embedder, vector.len(), dimensions));
            }
            vector
        } else {
            Vec::new()
        };
        let Question { text, mode, results, expected, rerank, .. } = question;
        let reranker = rerank.or(base.reranker.clone());
        let depth = reranker.as_ref().map_or(results, |one| one.candidates(results).max(results));
        let asked = vector.clone();
        // By both, what is near enough may stand behind what is not.
        let deepest = if mode == Mode::Hybrid && least.is_some() { MOST } else { depth };
        let search = Search { mode, text: text.clone(), vector, results: deepest, filter, expected };
        let mut found = looked_for(&*index, search).await?;
        if mode.semantic() {
            tell_cosines(&*index, &asked, &mut found.hits).await?;
        }
        found.hits = kept(found.hits, least.filter(|_| mode.semantic()), (results, depth));
        if found.compared == 0 && found.matched == 0 && index.counts().await?.passages == 0 {
            // As after a restore: no backup has what is made of documents.
            let why = format!("what was read into {:?} is not here", base.name);
            let hint = format!("`outcrop kb sync {}` reads its documents again.", base.name);
            return Err(Error::new(ErrorKind::NotFound, DOING, why, hint));
        }
        let mut found = self.with_passages(base.lies_under(), &*index, found).await?;
        found.keep_near(mode, least);
        if let Some(reranker) = &reranker {
            self.rerank(&mut found, &text, reranker, results, terms).await;
        }
        found.hits.truncate(results);
        Ok(found)
    }

    /// The passages that stand in the results, with the documents that they are of. Of hierarchical chunking the large passage is
    /// given that a hit lies in, once. The documents lie `under` that id.
    pub(super) async fn with_passages(
        &self,
        under: BaseId,
        index: &dyn VectorStore,
        found: Standings,
    ) -> Result<Retrieved> {
        let wanted: Vec<PassageId> =
            found.hits.iter().chain(&found.expected).map(|standing| standing.id).collect();
        let mut passages = Vec::with_capacity(wanted.len());
        for passage in index.passages(wanted).await? {
            passages.push(match passage {
                Some(passage) if passage.parent.is_some() => Some(whole(index, passage).await?),
                passage => passage,
            });
        }
        let documents: BTreeSet<DocumentId> =
            passages.iter().flatten().map(|passage| passage.document).collect();
        let places: HashMap<DocumentId, String> = self
            .archive
            .run(move |store| {
                let of = |document: DocumentId| {
                    let filed = store.get::<Filed>(&FiledOf(under, document))?;
                    Ok((document, filed.map_or_else(String::new, |filed| filed.uri)))
                };
                documents.into_iter().map(of).collect()
            })
            .await?;
        let mut passages = passages.into_iter();
        let mut told = |standings: Vec<Standing>| -> Vec<Found> {
            let with = standings.into_iter().zip(passages.by_ref());
            let one = |(standing, passage): (Standing, Option<Passage>)| {
                let passage = passage?;
                let uri = places.get(&passage.document).cloned().unwrap_or_default();
                Some(Found { standing, passage, uri })
            };
            with.filter_map(one).collect()
        };
        let mut hits = told(found.hits);
        // Who expects two of one large passage is told of both.
        let expected = told(found.expected);
        let mut given = HashSet::new();
        hits.retain(|hit| {
            let passage = &hit.passage;
            let parent = passage.parent.as_ref().map(|parent| (passage.document, parent.start, parent.end));
            parent.is_none_or(|parent| given.insert(parent))
        });
        let Standings { compared, matched, probed, .. } = found;
        Ok(Retrieved { hits, expected, compared, matched, probed, ..Retrieved::default() })
    }
}

/// The first `depth` of the hits, by a threshold of those that are near enough, and behind them what is not and is among the first
/// `results`. In that order, so that a large passage that has both counts as near.
fn kept(hits: Vec<Standing>, least: Option<f64>, (results, depth): (usize, usize)) -> Vec<Standing> {
    let is_near = |hit: &Standing| least.is_none_or(|least| !hit.is_below(least));
    let (near, far): (Vec<_>, Vec<_>) = hits.into_iter().enumerate().partition(|(_, hit)| is_near(hit));
    let far = far.into_iter().filter(|(at, _)| *at < results);
    near.into_iter().take(depth).chain(far).map(|(_, hit)| hit).collect()
}

/// Tells how near those are whose place by vectors is too deep to be known: a threshold holds for them as for all.
async fn tell_cosines(index: &dyn VectorStore, question: &[f32], hits: &mut [Standing]) -> Result<()> {
    let deep: Vec<PassageId> = hits.iter().filter(|hit| hit.vector.is_none()).map(|hit| hit.id).collect();
    if deep.is_empty() {
        return Ok(());
    }
    let entries = index.entries(deep).await?;
    let near = entries.into_iter().flatten().map(|entry| (entry.passage.id, cosine(question, &entry.vector)));
    let known: HashMap<PassageId, f64> = near.collect();
    for hit in hits.iter_mut().filter(|hit| hit.vector.is_none()) {
        hit.cosine = known.get(&hit.id).copied();
    }
    Ok(())
}

/// A hit as it is kept beside the record of the search; its text where that is wanted.
fn told(hit: &Found, with_text: bool) -> contents::Found {
    let score = hit.standing.reranked.or(hit.standing.fused).map(|placed| placed.score);
    let id = Some(hit.passage.id.to_string());
    if !with_text {
        return contents::Found { id, score, ..contents::Found::default() };
    }
    let more = json!({"uri": hit.uri, "place": hit.place()});
    contents::Found { id, score, text: Some(hit.passage.text.clone()), more }
}

/// A passage with the text of its parent, which is that of all that lie in it.
async fn whole(index: &dyn VectorStore, passage: Passage) -> Result<Passage> {
    let Some(parent) = passage.parent.clone() else { return Ok(passage) };
    let beside = index.passages(index.of_document(passage.document).await?).await?;
    let (mut text, mut end, mut tokens) = (String::new(), parent.start, 0);
    for child in beside.into_iter().flatten().filter(|child| child.parent.as_ref() == Some(&parent)) {
        // What overlaps is there already; between two there was nothing but white space: one is a space, more an end of lines.
        let known = end.saturating_sub(child.range.start);
        match child.range.start.saturating_sub(end) {
            0 => {}
            1 => text.push(' '),
            _ if text.is_empty() => {}
            _ => text.push('\n'),
        }
        text.push_str(child.text.get(known..).unwrap_or_default());
        end = end.max(child.range.end);
        tokens = child.tokens.saturating_add(tokens);
    }
    Ok(Passage { text, range: parent, tokens, ..passage })
}
