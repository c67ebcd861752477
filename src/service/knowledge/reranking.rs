//! Hits that a model puts in a better order: by its own API, or by grades where it only converses. Where that fails they stay as
//! they were found, and it is said.

use futures_util::StreamExt;

use super::Knowledge;
use crate::domain::call::{Blobs, Call, Converse, Turn, weight};
use crate::domain::catalog::{Capability, ModelId};
use crate::domain::delta::{Event, Fold};
use crate::domain::id::BaseId;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::reranking::{
    GRADE, Reranked, Reranker, reorder, scores, tell_expected, template,
};
use crate::domain::knowledge::retrieval::{Found, Retrieved, filled};
use crate::domain::message::{Block, Role, StopReason};
use crate::domain::rerank::{Relevance, Rerank, best_first};
use crate::domain::settings::Settings;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::service::invoke::Terms;
use crate::wire::knowledge::grades;

/// So many characters of a passage are sent; Bedrock takes no more, and no reranker reads as much.
const LONGEST: usize = 32_000;

/// Tokens that one grade may take, and those around all.
const GRADE_TOKENS: u32 = 12;
const AROUND: u32 = 32;

/// How a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is a reranker.
    Scores,
    /// It converses.
    Grades,
}

impl Knowledge {
    /// Has what is found in a base put in order by that model from now on, or by none.
    pub async fn rerank_by(&self, id: BaseId, reranker: Option<Reranker>) -> Result<Base> {
        if let Some(reranker) = &reranker {
            self.can_rerank(reranker)?;
        }
        self.changed(id, move |base| {
            base.reranker = reranker;
            Ok(())
        })
        .await
    }

    /// Whether that can be asked for: its provider is there, and it is not known to be for something else. Nothing is sent.
    pub(super) fn can_rerank(&self, reranker: &Reranker) -> Result<()> {
        reranker.check()?;
        self.way(&reranker.model).map(|_| ())
    }

    fn way(&self, model: &ModelId) -> Result<Way> {
        self.invoke.knows(model)?;
        let card = self.invoke.card(model);
        if card.is_for(Capability::Rerank) {
            return Ok(Way::Scores);
        }
        if card.is_for(Capability::Chat) {
            return Ok(Way::Grades);
        }
        Err(Error::new(
            ErrorKind::Refused { capability: Capability::Rerank.as_str().to_owned() },
            format!("reranking with {model}"),
            format!("{model} neither reranks nor chats"),
            format!(
                "`outcrop models show {model}` says what it can do; [models.\"{model}\"] in the configuration file \
                 corrects it."
            ),
        ))
    }

    /// Puts the first of what was found in order. So many of them are wanted; where something is expected all are told of.
    pub(super) async fn rerank(
        &self,
        found: &mut Retrieved,
        query: &str,
        reranker: &Reranker,
        results: usize,
        terms: &Terms,
    ) {
        let candidates = reranker.candidates(results).min(found.hits.len());
        if candidates == 0 {
            return;
        }
        let hits = &found.hits[..candidates];
        let model = &reranker.model;
        let top = if found.expected.is_empty() { results.min(candidates) } else { candidates };
        let ordered = match self.way(model) {
            Ok(Way::Scores) => self.scored(model, query, hits, top, terms).await,
            Ok(Way::Grades) => self.graded(model, query, hits, terms).await,
            Err(error) => Err(error),
        };
        let (given, failed) = match ordered {
            Ok((given, results)) => {
                reorder(&mut found.hits, &results);
                tell_expected(&mut found.expected, &found.hits);
                (given as u64, None)
            }
            Err(error) => {
                // Its words may be those of the question, or of the answer.
                tracing::warn!(kind = ?error.kind, "what was found is not reranked");
                (0, Some(error.to_string()))
            }
        };
        let (model, candidates) = (model.clone(), candidates as u64);
        found.reranked = Some(Reranked { model, candidates, given, failed });
    }

    /// How many hits a reranker was given, and what it says of the best.
    async fn scored(
        &self,
        model: &ModelId,
        query: &str,
        hits: &[Found],
        top: usize,
        terms: &Terms,
    ) -> Result<(usize, Vec<Relevance>)> {
        let texts = hits.iter().map(|hit| beginning(&hit.passage.with_columns()).to_owned()).collect();
        let asked = Rerank { model: model.clone(), query: query.to_owned(), texts, top };
        let mut events = self.invoke.serve(model, Call::Rerank(asked), terms);
        let mut order = None;
        while let Some(event) = events.next().await {
            if let Event::Reranked { results, .. } = event? {
                order = Some((hits.len(), results));
            }
        }
        order.ok_or_else(|| Error::internal(format!("reranking with {model}"), "no order came"))
    }

    /// How many hits a model that converses had room for, and its grades of them, the best first.
    async fn graded(
        &self,
        model: &ModelId,
        query: &str,
        hits: &[Found],
        terms: &Terms,
    ) -> Result<(usize, Vec<Relevance>)> {
        let card = self.invoke.card(model);
        let all = u32::try_from(hits.len()).unwrap_or(u32::MAX);
        let writes = AROUND.saturating_add(GRADE_TOKENS.saturating_mul(all));
        // What thinks first needs room for that, and nobody knows how much.
        let thinks = card.can(Capability::Reasoning) == Some(true);
        let settings = Settings {
            temperature: Some(0.0),
            max_tokens: (!thinks).then_some(writes),
            ..Settings::default()
        };
        let besides = weight(GRADE) + weight(query) + weight(&template(hits.len()));
        let many = self.room(hits, model, &settings, besides);
        let text = filled(&template(many), query, &hits[..many], fresh::now());
        let call = Converse {
            model: model.clone(),
            system: Some(GRADE.to_owned()),
            turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text }] }],
            settings,
            conversation: None,
            blobs: Blobs::default(),
        };
        let mut events = self.invoke.serve(model, Call::Converse(call), terms);
        let mut fold = Fold::default();
        while let Some(event) = events.next().await {
            fold.push(&event?);
        }
        let answer: String = fold.blocks.iter().filter_map(Block::said).collect();
        let grades = grades::read(&answer, many).map_err(|why| {
            let hint = match fold.stop {
                Some(StopReason::MaxTokens | StopReason::ContextFull) => {
                    "It was cut off: rerank fewer candidates."
                }
                _ => "A larger model, or a reranker, may do it.",
            };
            Error::new(ErrorKind::Invalid, format!("reranking with {model}"), why, hint)
        })?;
        let mut order = scores(&grades);
        best_first(&mut order);
        Ok((many, order))
    }
}

/// A text, or as much of it as is sent.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}
