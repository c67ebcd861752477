//! Answers of conversations that are from a base: what fits the last question is found and sent with it.

use futures_util::StreamExt;

use super::Knowledge;
use super::search::Lookup;
use crate::domain::Result;
use crate::domain::call::{Blobs, Call, Converse, Turn, tokens_of};
use crate::domain::catalog::ModelId;
use crate::domain::change::Changed;
use crate::domain::delta::Fold;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::grounding::{Grounding, REWRITE, asked, rewritten};
use crate::domain::knowledge::ranking::Mode;
use crate::domain::knowledge::reranking::{Reranked, Reranking};
use crate::domain::knowledge::retrieval::{Found, Question, that_fit};
use crate::domain::message::{Block, Role};
use crate::domain::settings::Settings;
use crate::domain::trace::SpanKind;
use crate::service::invoke::{Terms, Underway};

/// So many passages are looked for, as Bedrock does.
const RESULTS: usize = 5;
/// Tokens that are left for an answer where nobody says how many.
const WRITES: u32 = 512;
/// Tokens that a rewriting may have.
const REWRITING: u32 = 96;
/// Turns before the last one that a rewriting sees.
const SEEN: usize = 6;

/// What a base gave for an answer.
#[derive(Debug)]
pub struct Grounded {
    pub grounding: Grounding,
    /// What was done for that, and the answer, which is called on these terms, are parts of one step.
    pub step: Underway,
    pub terms: Terms,
}

impl Knowledge {
    /// What the base that the settings of a call name gives for its last question; `None` where none is named, or nothing is asked.
    pub async fn ground(&self, converse: &Converse, terms: &Terms) -> Result<Option<Grounded>> {
        let Some(name) = &converse.settings.knowledge else { return Ok(None) };
        let base = self.find(name.clone()).await?;
        let said = asked(&converse.turns);
        if said.is_empty() {
            return Ok(None);
        }
        let (id, name) = (base.id.to_string(), base.name.clone());
        let (mut step, terms) = self.invoke.workflow(SpanKind::Answer, id, name, terms);
        match self.grounding(&base, converse, said, &terms).await {
            Ok(grounding) => Ok(Some(Grounded { grounding, step, terms })),
            Err(error) => {
                step.end(Some(&error));
                Err(error)
            }
        }
    }

    /// Behind other turns the model is asked first what the question is without them.
    async fn grounding(
        &self,
        base: &Base,
        converse: &Converse,
        said: String,
        terms: &Terms,
    ) -> Result<Grounding> {
        // Its words are none of the answer's, nor is its time.
        let apart = Terms { answer: None, clock: None, ..terms.clone() };
        let query = self.standing_alone(converse, &said, &apart).await.unwrap_or(said);
        let question = Question {
            text: query.clone(),
            mode: Mode::Hybrid,
            results: RESULTS,
            filter: None,
            expected: Vec::new(),
            rerank: Reranking::AsBase,
        };
        let lookup = Lookup { base: base.id, question, least: base.answers.threshold };
        let found = self.look_up(lookup, terms).await?;
        if let Some(text) = found.reranked.as_ref().and_then(Reranked::remark) {
            // The answer has no place for it; every screen has.
            self.changes.tell(Changed::Notice { text });
        }
        let many = self.room(&found.hits, &converse.model, &converse.settings, converse.weight());
        let (given, left) = found.hits.split_at(many);
        Ok(Grounding::of(&base.name, query, given).without(left.iter().chain(&found.below)))
    }

    /// How many of the hits a model has room for beside an answer and texts of that weight.
    pub(super) fn room(&self, hits: &[Found], model: &ModelId, settings: &Settings, weight: usize) -> usize {
        let writes = settings.max_tokens.unwrap_or(WRITES);
        that_fit(hits, self.invoke.card(model).context, tokens_of(weight).saturating_add(writes))
    }

    /// The question without what was said before it; `None` where nothing was, or the model does not say.
    async fn standing_alone(&self, converse: &Converse, said: &str, terms: &Terms) -> Option<String> {
        let before = converse.turns.len().checked_sub(1).filter(|before| *before > 0)?;
        let seen = &converse.turns[before.saturating_sub(SEEN)..before];
        let line = |turn: &Turn| {
            let text: String = turn.blocks.iter().filter_map(Block::said).collect();
            format!("{}: {}", turn.role.as_str(), text.trim())
        };
        let lines: Vec<String> = seen.iter().map(line).collect();
        let text = format!("{}\n\nuser: {said}", lines.join("\n"));
        let call = Converse {
            model: converse.model.clone(),
            system: Some(REWRITE.to_owned()),
            turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text }] }],
            settings: Settings { temperature: Some(0.0), max_tokens: Some(REWRITING), ..Settings::default() },
            conversation: None,
            blobs: Blobs::default(),
        };
        let mut events = self.invoke.serve(&converse.model, Call::Converse(call), terms);
        let mut fold = Fold::default();
        while let Some(event) = events.next().await {
            fold.push(&event.ok()?);
        }
        rewritten(&fold.blocks.iter().filter_map(Block::said).collect::<String>())
    }
}
