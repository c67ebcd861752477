//! Retrieval that is measured: every question is asked by every setting, and what is found is held against what is right.

use futures_util::stream::{self, BoxStream, StreamExt};

use super::Knowledge;
use super::search::Lookup;
use crate::domain::call::Turn;
use crate::domain::figures::count;
use crate::domain::id::BaseId;
use crate::domain::knowledge::quality::{Judged, Measured, Quality, Scored, Setting, Unranked, checked};
use crate::domain::knowledge::reranking::Reranking;
use crate::domain::knowledge::retrieval::Question;
use crate::domain::message::{Block, Role};
use crate::domain::trace::SpanKind;
use crate::domain::trace::told::Told;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::invoke::{Terms, Underway};
use crate::wire::knowledge::judged;

/// The most hits that are looked at for each question.
const MOST: u32 = 100;
/// So many passages are asked for where documents are wanted, several of which may be of one.
const DEEPER: u32 = 5;
/// Of the bootstrap: the same file gives the same intervals.
const SEED: u64 = 0x6b6e_6f77;

/// How far it is, or what it came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Measuring {
    /// Questions that were asked, of so many in all, settings counted each.
    Asked {
        done: u64,
        of: u64,
    },
    Measured(Quality),
}

impl Knowledge {
    /// Asks every question of a file by every setting; `k` hits count. Dropping the stream ends it.
    pub fn measure(
        &self,
        id: BaseId,
        questions: &str,
        settings: Vec<Setting>,
        k: u32,
        terms: Terms,
    ) -> BoxStream<'static, Result<Measuring>> {
        let judged = match ready(questions, &settings, k) {
            Ok(judged) => judged,
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        // Shown are a count and the end: it may ask thousands of questions.
        let terms = terms.in_background();
        let unranked = vec![None; settings.len()];
        let service = self.clone();
        let work = Work { service, id, judged, settings, k, terms, step: None, scored: Vec::new(), unranked };
        stream::unfold(Some(work), |work| async move {
            let mut work = work?;
            if work.scored.is_empty()
                && let Err(error) = work.settle().await
            {
                return Some((Err(error), None));
            }
            let of = (work.judged.len() * work.settings.len()) as u64;
            let done = work.scored.len() as u64;
            if done == of {
                work.end(None);
                return Some((Ok(Measuring::Measured(work.measured())), None));
            }
            match work.next().await {
                Ok(()) => Some((Ok(Measuring::Asked { done: done + 1, of }), Some(work))),
                Err(error) => {
                    work.end(Some(&error));
                    Some((Err(error), None))
                }
            }
        })
        .boxed()
    }
}

fn ready(questions: &str, settings: &[Setting], k: u32) -> Result<Vec<Judged>> {
    let judged = judged::read(questions)?;
    checked(&judged)?;
    let wrong = |why: String, hint: &str| {
        Err(Error::new(ErrorKind::Invalid, "measuring retrieval", why, hint.to_owned()))
    };
    if settings.is_empty() {
        return wrong("no setting is named".to_owned(), "Name one at least.");
    }
    if !(1..=MOST).contains(&k) {
        return wrong(format!("the first {k} hits are to count"), "Let 1 to 100 count.");
    }
    Ok(judged)
}

/// What is left to be asked.
struct Work {
    service: Knowledge,
    id: BaseId,
    judged: Vec<Judged>,
    settings: Vec<Setting>,
    k: u32,
    terms: Terms,
    /// What all questions are a part of, once it has begun.
    step: Option<Underway>,
    /// Of each question, one setting after the other.
    scored: Vec<Scored>,
    /// Of each setting.
    unranked: Vec<Option<Unranked>>,
}

impl Work {
    /// Says by whom each setting reranks where that was left to the base, and refuses those that cannot; then all begins.
    async fn settle(&mut self) -> Result<()> {
        let base = self.service.base(self.id).await?;
        for setting in &mut self.settings {
            setting.rerank = std::mem::take(&mut setting.rerank).settled(base.reranker.clone());
            if let Reranking::By(reranker) = &setting.rerank {
                self.service.can_rerank(reranker)?;
            }
        }
        let id = self.id.to_string();
        let (step, terms) = self.service.invoke.workflow(SpanKind::Measure, id, base.name, &self.terms);
        // Of a file of questions that is what tells it apart; each of them stands in what it came to.
        let blocks = vec![Block::Text { text: self.title() }];
        step.tell(Told { input: vec![Turn { role: Role::User, blocks }], ..Told::default() });
        (self.step, self.terms) = (Some(step), terms);
        Ok(())
    }

    /// What is asked, in a line.
    fn title(&self) -> String {
        let questions = count(self.judged.len() as u64, "question", "questions");
        let settings = count(self.settings.len() as u64, "setting", "settings");
        format!("{questions} by {settings}, the first {} of each", count(self.k.into(), "hit", "hits"))
    }

    /// How it ended.
    fn end(&mut self, error: Option<&Error>) {
        if let Some(step) = &mut self.step {
            step.end(error);
        }
    }

    async fn next(&mut self) -> Result<()> {
        let (at, many) = (self.scored.len(), self.judged.len());
        let (setting, judged) = (&self.settings[at / many], &self.judged[at % many]);
        let results = if judged.is_of_documents() { (self.k * DEEPER).min(MOST) } else { self.k };
        let question = Question {
            text: judged.query.clone(),
            mode: setting.mode,
            results: results as usize,
            filter: setting.filter.clone(),
            expected: Vec::new(),
            rerank: setting.rerank.clone(),
        };
        let lookup = Lookup { base: self.id, question, least: setting.threshold };
        let found = self.service.look_up(lookup, &self.terms).await?;
        let hits: Vec<_> = found.hits.iter().map(|hit| (&hit.passage, hit.uri.as_str())).collect();
        let scored = judged.score(&hits, self.k as usize);
        if let Some(why) = found.reranked.and_then(|reranked| reranked.failed) {
            let unranked = self.unranked[at / many].get_or_insert(Unranked { questions: 0, why });
            unranked.questions += 1;
        }
        self.scored.push(scored);
        Ok(())
    }

    fn measured(&self) -> Quality {
        let of_setting = self.scored.chunks(self.judged.len());
        let settings = self.settings.iter().zip(of_setting).zip(&self.unranked);
        let settings = settings.map(|((setting, scored), unranked)| {
            Measured::of(setting.clone(), scored.to_vec(), unranked.clone(), SEED)
        });
        let questions = u32::try_from(self.judged.len()).unwrap_or(u32::MAX);
        Quality { k: self.k, questions, settings: settings.collect() }
    }
}
