//! Retrieval: a question becomes hits, each with its ranks by every way of looking and as a model puts them in order, and the
//! passages that were expected.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::Knowledge;
use super::embedding::other_length;
use crate::domain::id::{BaseId, DocumentId, PassageId};
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::knowledge::ranking::{Search, Standing, Standings};
use crate::domain::knowledge::reranking::Reranking;
use crate::domain::knowledge::retrieval::{Found, Question, Retrieved};
use crate::domain::knowledge::sync::Filed;
use crate::domain::knowledge::vectors::cosine;
use crate::domain::trace::told::Told;
use crate::domain::trace::{SpanKind, contents};
use crate::domain::{Error, ErrorKind, Result};
use crate::index::{VectorStore, search as looked_for, search_all};
use crate::service::invoke::{Tells, Terms};
use crate::store::record::FiledOf;
use crate::wire::knowledge::filter;

/// The most hits that can be asked for, as Bedrock has it.
const MOST: usize = 100;

/// Whether a filter can be read; else why not, and how one is written.
pub fn check_filter(text: &str) -> Result<()> {
    filter::read(text).map(drop)
}

/// What is looked for in a base.
pub(super) struct Lookup {
    pub base: BaseId,
    pub question: Question,
    /// Only what is no farther than this cosine is a hit, however deep it stands: what is, and would have been one, is
    /// [`Retrieved::below`].
    pub least: Option<f64>,
}

impl Knowledge {
    /// Searches a base.
    pub async fn search(&self, id: BaseId, question: Question, terms: &Terms) -> Result<Retrieved> {
        self.look_up(Lookup { base: id, question, least: None }, terms).await
    }

    /// Looks for something, which is a step of its own.
    pub(super) async fn look_up(&self, lookup: Lookup, terms: &Terms) -> Result<Retrieved> {
        let (mut step, terms) = self.invoke.step(SpanKind::Retrieve, lookup.base.to_string(), terms);
        let (tells, answers) = (terms.tells.is_some(), terms.answer.is_some());
        // What is asked for it is not what the answer is from, nor is its time the answer's.
        let tells_below = tells.then(Tells::default);
        let terms = Terms { answer: None, clock: None, tells: tells_below, ..terms };
        let query = tells.then(|| lookup.question.text.clone());
        let found = self.look_for(lookup, &terms).await;
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

    async fn look_for(&self, lookup: Lookup, terms: &Terms) -> Result<Retrieved> {
        const DOING: &str = "searching a knowledge base";
        let Lookup { base: id, question, least } = lookup;
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
        let search = Search { mode, text: text.clone(), vector, results: depth, filter, expected };
        let found = match least.filter(|_| mode.semantic()) {
            None => looked_for(&*index, search).await?,
            Some(least) => {
                // By both, what is near enough may stand behind what is not.
                let mut found = search_all(&*index, search).await?;
                reach(&mut found.hits, least, (results, depth));
                tell_cosines(&*index, &asked, &mut found.hits).await?;
                found.hits = kept(found.hits, least, (results, depth));
                found
            }
        };
        if found.compared == 0 && found.matched == 0 && index.counts().await?.passages == 0 {
            // As after a restore: no backup has what is made of documents.
            let why = format!("what was read into {:?} is not here", base.name);
            let hint = format!("`outcrop kb sync {}` reads its documents again.", base.name);
            return Err(Error::new(ErrorKind::NotFound, DOING, why, hint));
        }
        let mut found = self.with_passages(base.lies_under(), &*index, found, &asked).await?;
        found.keep_near(mode, least);
        if let Some(reranker) = &reranker {
            self.rerank(&mut found, &text, reranker, results, terms).await;
        }
        found.hits.truncate(results);
        Ok(found)
    }

    /// The passages that stand in the results, with the documents that they are of. Of hierarchical chunking the large passage is
    /// given that a hit lies in, once. The documents lie `under` that id; `question` is the vector that was asked by, if any.
    pub(super) async fn with_passages(
        &self,
        under: BaseId,
        index: &dyn VectorStore,
        mut found: Standings,
        question: &[f32],
    ) -> Result<Retrieved> {
        let passages = read(index, question, &mut found).await?;
        let divided: BTreeSet<DocumentId> = passages
            .values()
            .filter(|passage| passage.parent.is_some())
            .map(|passage| passage.document)
            .collect();
        let mut beside: HashMap<DocumentId, Vec<Passage>> = HashMap::new();
        for document in divided {
            let all = index.passages(index.of_document(document).await?).await?;
            beside.insert(document, all.into_iter().flatten().collect());
        }
        let documents: BTreeSet<DocumentId> = passages.values().map(|passage| passage.document).collect();
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
        let told = |standings: Vec<Standing>| -> Vec<Found> {
            let one = |standing: Standing| {
                let passage = passages.get(&standing.id)?;
                let passage = whole(passage, beside.get(&passage.document).map_or(&[][..], Vec::as_slice));
                let uri = places.get(&passage.document).cloned().unwrap_or_default();
                Some(Found { standing, passage, uri })
            };
            standings.into_iter().filter_map(one).collect()
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

/// Leaves hits out that stand behind as many as are wanted: by what is known of them already, so many before them are near enough.
fn reach(hits: &mut Vec<Standing>, least: f64, (results, depth): (usize, usize)) {
    let mut near = (1..).zip(&*hits).filter(|(_, hit)| !hit.is_below(least)).map(|(many, _)| many);
    if let Some(many) = near.nth(depth.saturating_sub(1)) {
        hits.truncate(results.max(many));
    }
}

/// The first `depth` of the hits that are near enough, and behind them what is not and is among the first `results`. In that
/// order, so that a large passage that has both counts as near.
fn kept(hits: Vec<Standing>, least: f64, (results, depth): (usize, usize)) -> Vec<Standing> {
    let is_near = |(_, hit): &(usize, Standing)| !hit.is_below(least);
    let (near, far): (Vec<_>, Vec<_>) = hits.into_iter().enumerate().partition(is_near);
    let far = far.into_iter().filter(|(at, _)| *at < results);
    near.into_iter().take(depth).chain(far).map(|(_, hit)| hit).collect()
}

/// Tells how near those are whose place by vectors is too deep to be known: a threshold holds for them as for all.
async fn tell_cosines(index: &dyn VectorStore, question: &[f32], hits: &mut [Standing]) -> Result<()> {
    let deep: Vec<PassageId> = hits.iter().filter(|hit| hit.nearness().is_none()).map(|hit| hit.id).collect();
    if deep.is_empty() {
        return Ok(());
    }
    near(question, hits, index.entries(deep).await?.iter().flatten());
    Ok(())
}

/// The cosines of those hits whose entries these are.
fn near<'e>(question: &[f32], hits: &mut [Standing], entries: impl Iterator<Item = &'e Entry>) {
    let known: HashMap<PassageId, f64> =
        entries.map(|entry| (entry.passage.id, cosine(question, &entry.vector))).collect();
    for hit in hits.iter_mut().filter(|hit| hit.nearness().is_none()) {
        hit.cosine = known.get(&hit.id).copied();
    }
}

/// The passages of what was found. How near to the question those are whose place by vectors is too deep to be known is told by
/// what is read of them anyway.
async fn read(
    index: &dyn VectorStore,
    question: &[f32],
    found: &mut Standings,
) -> Result<HashMap<PassageId, Passage>> {
    let is_deep = |hit: &&Standing| !question.is_empty() && hit.nearness().is_none();
    let (deep, others): (Vec<&Standing>, Vec<&Standing>) = found.hits.iter().partition(is_deep);
    let deep: Vec<PassageId> = deep.into_iter().map(|hit| hit.id).collect();
    let others: Vec<PassageId> = others.into_iter().chain(&found.expected).map(|hit| hit.id).collect();
    let with_vectors = async { if deep.is_empty() { Ok(Vec::new()) } else { index.entries(deep).await } };
    let (deep, others) = futures_util::future::try_join(with_vectors, index.passages(others)).await?;
    near(question, &mut found.hits, deep.iter().flatten());
    let deep = deep.into_iter().flatten().map(|entry| entry.passage);
    Ok(deep.chain(others.into_iter().flatten()).map(|passage| (passage.id, passage)).collect())
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

/// A passage with the text of its parent, which is that of all beside it in the document that lie in it.
fn whole(passage: &Passage, beside: &[Passage]) -> Passage {
    let Some(parent) = passage.parent.clone() else { return passage.clone() };
    let (mut text, mut end, mut tokens) = (String::new(), parent.start, 0);
    for child in beside.iter().filter(|child| child.parent.as_ref() == Some(&parent)) {
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
    Passage { text, range: parent, tokens, ..passage.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::knowledge::ranking::Placed;

    /// Hits in their order: each with its cosine, and whether a list by vectors has it.
    fn hits(of: &[(f64, bool)]) -> Vec<Standing> {
        let one = |((cosine, listed), n): (&(f64, bool), u8)| Standing {
            id: PassageId::from_bytes([n; 16]),
            vector: listed.then_some(Placed { rank: n.into(), score: *cosine }),
            keyword: None,
            fused: None,
            reranked: None,
            cosine: (!listed).then_some(*cosine),
        };
        of.iter().zip(1..).map(one).collect()
    }

    fn cosines(hits: &[Standing]) -> Vec<f64> {
        hits.iter().filter_map(Standing::nearness).collect()
    }

    #[test]
    fn what_is_near_enough_comes_first_and_of_the_rest_what_would_have_been_a_hit() {
        let all = hits(&[(0.1, true), (0.9, false), (0.2, true), (0.8, true), (0.7, true)]);
        assert_eq!(cosines(&kept(all.clone(), 0.5, (2, 2))), [0.9, 0.8, 0.1]);
        assert_eq!(cosines(&kept(all.clone(), 0.5, (2, 9))), [0.9, 0.8, 0.7, 0.1]);
        assert_eq!(cosines(&kept(all, 0.95, (2, 2))), [0.1, 0.9]);
    }

    #[test]
    fn nobody_looks_behind_as_many_as_are_wanted() {
        let mut all = hits(&[(0.9, true), (0.0, false), (0.8, true), (0.0, false), (0.7, true)]);
        // How near those are that words brought up is not known yet.
        for hit in &mut all {
            hit.cosine = None;
        }
        let many = |least, of| {
            let mut own = all.clone();
            reach(&mut own, least, of);
            own.len()
        };
        assert_eq!([many(0.5, (1, 1)), many(0.5, (2, 2)), many(0.5, (4, 2))], [1, 3, 4]);
        assert_eq!([many(0.85, (1, 2)), many(0.5, (1, 4))], [5, 5], "what is deeper may be wanted");
    }

    #[test]
    fn a_large_passage_is_made_of_all_that_lie_in_it() {
        let id = PassageId::from_bytes([1; 16]);
        let child = |ordinal: u32, start: usize, text: &str, parent: std::ops::Range<usize>| Passage {
            id,
            document: DocumentId::from_bytes([2; 16]),
            ordinal,
            range: start..start + text.len(),
            parent: Some(parent),
            tokens: 2,
            text: text.to_owned(),
            attributes: crate::domain::knowledge::attribute::Attributes::new(),
        };
        let beside = [
            child(0, 0, "One two", 0..20),
            child(1, 4, "two three", 0..20),
            child(2, 15, "four.", 0..20),
            child(3, 20, "Five", 20..24),
        ];
        let large = whole(&beside[1], &beside);
        assert_eq!((large.text.as_str(), large.range, large.tokens), ("One two three\nfour.", 0..20, 6));
        let small = Passage { parent: None, ..beside[3].clone() };
        assert_eq!(whole(&small, &beside), small);
    }
}
