//! Answers from a base: what was found goes to a model, and what it says of it comes with citations.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::Knowledge;
use super::search::Lookup;
use crate::domain::Result;
use crate::domain::call::{Blobs, Call, Converse, Turn, weight};
use crate::domain::delta::{Event, Fold};
use crate::domain::id::BaseId;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::retrieval::{
    Answers, Asked, Citation, Prompt, RULES, Retrieved, TEMPLATE, cited,
};
use crate::domain::message::{Block, Role};
use crate::domain::trace::SpanKind;
use crate::domain::trace::told::Told;
use crate::service::fresh;
use crate::service::invoke::{Tells, Terms};

/// What comes of it, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum Answering {
    /// What was found, and the whole prompt that the model is given. Nothing follows where nothing was found.
    Found {
        retrieved: Retrieved,
        prompt: String,
    },
    Delta(Event),
    /// The answer is whole.
    Cited {
        text: String,
        citations: Vec<Citation>,
    },
}

impl Knowledge {
    /// Has a model answer from a base so from now on, where a question does not say otherwise.
    pub async fn answer_so(&self, id: BaseId, answers: Answers) -> Result<Base> {
        answers.check()?;
        self.changed(id, move |base| {
            base.answers = answers;
            Ok(())
        })
        .await
    }

    /// Finds passages and has a model answer from them. Dropping the stream ends the answer.
    pub fn ask(&self, id: BaseId, asked: Asked, terms: Terms) -> BoxStream<'static, Result<Answering>> {
        let service = self.clone();
        stream::once(async move {
            let Base { name, answers: own, .. } = service.base(id).await?;
            let by = Answers {
                template: asked.template.or(own.template),
                threshold: asked.threshold.or(own.threshold),
            };
            by.check()?;
            let template = by.template.as_deref().unwrap_or(TEMPLATE);
            let (mut step, terms) = service.invoke.workflow(SpanKind::Answer, id.to_string(), name, &terms);
            // Nothing else keeps what is asked and answered here.
            let terms = Terms { tells: Some(Tells::default()), ..terms };
            let query = asked.question.text.clone();
            let input = vec![Turn { role: Role::User, blocks: vec![Block::Text { text: query.clone() }] }];
            // Whatever becomes of it; with the answer it is told again.
            step.tell(Told { input: input.clone(), ..Told::default() });
            let lookup = Lookup { base: id, question: asked.question, least: by.threshold };
            let found = service.look_up(lookup, &terms).await;
            if let Err(error) = &found {
                step.end(Some(error));
            }
            let mut retrieved = found?;
            if retrieved.hits.is_empty() {
                step.end(None);
                let found = Answering::Found { retrieved, prompt: String::new() };
                return Ok(stream::iter([Ok(found)]).boxed());
            }
            let texts = weight(template) + weight(&query) + weight(RULES);
            let many = service.room(&retrieved.hits, &asked.model, &asked.settings, texts);
            retrieved.given = (many < retrieved.hits.len()).then_some(many);
            let given: Vec<String> =
                retrieved.hits[..many].iter().map(|hit| hit.passage.text.clone()).collect();
            let prompt = Prompt::of(by.template.as_deref(), &query, &retrieved.hits[..many], fresh::now());
            let told = prompt.told();
            let converse = Converse {
                model: asked.model.clone(),
                system: prompt.system,
                turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text: prompt.user }] }],
                settings: asked.settings,
                conversation: None,
                blobs: Blobs::default(),
            };
            let events = service.invoke.serve(&asked.model, Call::Converse(converse), &terms);
            let found = stream::iter([Ok(Answering::Found { retrieved, prompt: told })]);
            let answer = stream::unfold(
                (events, Fold::default(), false, (step, input, given)),
                move |(mut events, mut fold, over, (mut step, mut input, given))| async move {
                    if over {
                        return None;
                    }
                    match events.next().await {
                        Some(Ok(event)) => {
                            fold.push(&event);
                            let left = (events, fold, false, (step, input, given));
                            Some((Ok(Answering::Delta(event)), left))
                        }
                        Some(Err(error)) => {
                            step.end(Some(&error));
                            Some((Err(error), (events, fold, true, (step, input, given))))
                        }
                        None => {
                            let text: String = fold.blocks.iter().filter_map(Block::said).collect();
                            let texts: Vec<&str> = given.iter().map(String::as_str).collect();
                            let citations = cited(&text, &texts);
                            let output = vec![Block::Text { text: text.clone() }];
                            let told = Told { input: std::mem::take(&mut input), output, ..Told::default() };
                            step.tell(told);
                            step.end(None);
                            let cited = Answering::Cited { text, citations };
                            Some((Ok(cited), (events, fold, true, (step, input, given))))
                        }
                    }
                },
            );
            Ok(found.chain(answer).boxed())
        })
        .flat_map(|begun| match begun {
            Ok(answering) => answering,
            Err(error) => stream::iter([Err(error)]).boxed(),
        })
        .boxed()
    }
}
