//! Answers asked of models, a task in the background: what came is kept one by one, so that it goes on where it was.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use super::{Evaluations, evaluation, put};
use crate::domain::call::{Blobs, Call, Converse, Turn};
use crate::domain::change::{Changed, Topic};
use crate::domain::comparison::Column;
use crate::domain::delta::{Event, Fold};
use crate::domain::evaluation::Item;
use crate::domain::evaluation::job::{
    ASSUMED_OUTPUT, Estimate, Evaluation, Generated, GenerationState, Plan, Source,
};
use crate::domain::figures::count;
use crate::domain::id::EvaluationId;
use crate::domain::message::{Block, StopReason, Usage};
use crate::domain::{Error, ErrorKind, Result};
use crate::provider::Events;
use crate::service::changes::Growing;
use crate::service::fresh;
use crate::service::invoke::{Clock, Terms};
use crate::service::knowledge::Grounded;
use crate::store::Batch;
use crate::store::record::{EvaluationItem, GeneratedOf, RatedItemOf};

/// Answers that are asked for at once; each provider's own limits hold besides.
const AT_ONCE: usize = 4;

/// So many failures of one source in a row, and it is asked no more in this run: the next ones would fail alike.
const IN_A_ROW: u32 = 5;

/// Bytes of a token, about.
const TOKEN: u64 = 4;

/// One answer to ask for.
#[derive(Debug, Clone, Copy)]
struct Unit {
    item: u32,
    source: u8,
    /// It has failed before.
    again: bool,
}

/// A run on the list; it is off when this is dropped.
struct Running {
    id: EvaluationId,
    stop: CancellationToken,
    runs: Arc<Mutex<HashMap<EvaluationId, CancellationToken>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Evaluations {
    /// Asks for every answer that is not there, the failed ones again, and shows the evaluation as it grows until that ends.
    /// Dropping the stream stops nothing: see [`Self::pause`].
    pub fn run(&self, id: EvaluationId, terms: Terms) -> BoxStream<'static, Result<Evaluation>> {
        let (service, archive) = (self.clone(), self.archive.clone());
        let growing = Growing {
            topic: Topic::Evaluations,
            told: Box::new(move |change| match change {
                Changed::Evaluation { evaluation } if evaluation.id == id => Some(Ok(evaluation)),
                Changed::EvaluationRemoved { id: gone } if gone == id => {
                    Some(Err(Error::cancelled("asking for the answers of an evaluation")))
                }
                _ => None,
            }),
            again: Box::new(move || {
                let archive = archive.clone();
                async move { archive.run(move |store| evaluation(store, id)).await }.boxed()
            }),
            goes_on: |evaluation: &Evaluation| evaluation.generation.state == GenerationState::Running,
        };
        let begun = async move { service.to_the_end(service.clone().begin(id, terms)).await };
        self.changes.grown(growing, begun)
    }

    /// Stops asking; what is on its way is dropped, and a later run goes on from there.
    pub async fn pause(&self, id: EvaluationId) -> Result<Evaluation> {
        self.stop(id);
        // The task writes that it is paused; one that ran in another process has no task.
        self.settle(id, GenerationState::Paused, Some("somebody paused it".to_owned())).await
    }

    pub(super) fn stop(&self, id: EvaluationId) {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = runs.get(&id) {
            run.cancel();
        }
    }

    /// Begins a run, unless one is on its way.
    async fn begin(self, id: EvaluationId, terms: Terms) -> Result<Evaluation> {
        if self.ends.is_cancelled() {
            return Err(Error::cancelled("asking for answers while the program ends"));
        }
        let Some(run) = self.enter(id) else {
            return self.archive.run(move |store| evaluation(store, id)).await;
        };
        let (evaluation, units) = self.marked(id).await?;
        if units.is_empty() {
            return Ok(evaluation);
        }
        let (service, begun) = (self.clone(), evaluation.clone());
        self.tasks.spawn(async move {
            let why = service.ask_all(&begun, units, &terms, &run.stop).await;
            let state = if why.is_some() { GenerationState::Paused } else { GenerationState::Ended };
            // Off the list first: who sees the end may begin anew.
            drop(run);
            if let Err(error) = service.settle(id, state, why).await {
                tracing::warn!(%error, "the end of a run could not be kept");
            }
        });
        Ok(evaluation)
    }

    /// Puts a run on the list; `None` where one is on it.
    fn enter(&self, id: EvaluationId) -> Option<Running> {
        let stop = self.ends.child_token();
        match self.runs.lock().unwrap_or_else(PoisonError::into_inner).entry(id) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(vacant) => vacant.insert(stop.clone()),
        };
        Some(Running { id, stop, runs: Arc::clone(&self.runs) })
    }

    /// Counts what is there, marks it as running, and lists what is to be asked for.
    async fn marked(&self, id: EvaluationId) -> Result<(Evaluation, Vec<Unit>)> {
        let mut slot = self.slot(id).await;
        let _one = self.one.lock().await;
        let marked = self.archive.run(move |store| {
            let mut evaluation = evaluation(store, id)?;
            let mut units = Vec::new();
            let mut done = 0;
            for item in 0..evaluation.items {
                for (at, source) in evaluation.sources.iter().enumerate() {
                    let (Some(_), Ok(source)) = (&source.column, u8::try_from(at)) else { continue };
                    match store.get::<Generated>(&GeneratedOf(RatedItemOf(id, item), source))? {
                        Some(Generated::Answer { .. }) => done += 1,
                        failed_before => units.push(Unit { item, source, again: failed_before.is_some() }),
                    }
                }
            }
            let generation = &mut evaluation.generation;
            let failed = units.iter().filter(|unit| unit.again).count() as u64;
            (generation.done, generation.failed, generation.why) = (done, failed, None);
            generation.state =
                if units.is_empty() { GenerationState::Ended } else { GenerationState::Running };
            evaluation.updated = fresh::now();
            put(store, &evaluation)?;
            Ok((evaluation, units))
        });
        let marked = marked.await?;
        *slot = None;
        self.changes.tell(Changed::Evaluation { evaluation: marked.0.clone() });
        Ok(marked)
    }

    /// Asks for each; why it ended before all were asked for. A source that only fails stands in no other's way.
    async fn ask_all(
        &self,
        evaluation: &Evaluation,
        units: Vec<Unit>,
        terms: &Terms,
        stop: &CancellationToken,
    ) -> Option<String> {
        let mut failures: HashMap<u8, u32> = HashMap::new();
        // Why sources are asked no more, in the order in which that was found.
        let given_up: Mutex<Vec<(u8, String)>> = Mutex::default();
        let is_given_up = |source| {
            let given_up = given_up.lock().unwrap_or_else(PoisonError::into_inner);
            given_up.iter().any(|(known, _)| *known == source)
        };
        let left = units.into_iter().filter(|unit| !is_given_up(unit.source));
        let asked =
            stream::iter(left).map(|unit| async move { (unit, self.ask(evaluation, unit, terms).await) });
        let mut asked = std::pin::pin!(asked.buffer_unordered(AT_ONCE));
        loop {
            let (unit, generated) = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    let ends = self.ends.is_cancelled();
                    return Some(if ends { "the program ended" } else { "somebody paused it" }.to_owned());
                }
                next = asked.next() => match next {
                    Some(next) => next,
                    None => break,
                },
            };
            let row = failures.entry(unit.source).or_default();
            // What failed before may fail for its own sake.
            *row = match &generated {
                Generated::Failed { .. } if unit.again => *row,
                Generated::Failed { .. } => *row + 1,
                Generated::Answer { .. } => 0,
            };
            let gives_up = match &generated {
                Generated::Failed { error } if *row == IN_A_ROW && !unit.again => {
                    let name = &evaluation.sources[usize::from(unit.source)].name;
                    Some(format!("{name} failed {IN_A_ROW} times in a row: {error}"))
                }
                _ => None,
            };
            if let Err(error) = self.keep(evaluation.id, unit, generated).await {
                return Some(error.to_string());
            }
            if let Some(why) = gives_up {
                given_up.lock().unwrap_or_else(PoisonError::into_inner).push((unit.source, why));
            }
        }
        let given_up = given_up.lock().unwrap_or_else(PoisonError::into_inner);
        let why: Vec<&str> = given_up.iter().map(|(_, why)| why.as_str()).collect();
        (!why.is_empty()).then(|| why.join("; "))
    }

    /// One answer, or why there is none.
    async fn ask(&self, evaluation: &Evaluation, unit: Unit, terms: &Terms) -> Generated {
        match self.answer(evaluation, unit, terms).await {
            Ok(answer) => answer,
            Err(error) => Generated::Failed { error },
        }
    }

    async fn answer(&self, evaluation: &Evaluation, unit: Unit, terms: &Terms) -> Result<Generated> {
        let key = RatedItemOf(evaluation.id, unit.item);
        let item = self.archive.run(move |store| store.get::<EvaluationItem>(&key)).await?;
        let source = evaluation.sources.get(usize::from(unit.source));
        let (Some(EvaluationItem(item)), Some(Source { column: Some(column), .. })) = (item, source) else {
            let why = format!("item {} is not there any more", unit.item + 1);
            let hint = "`outcrop workspace verify` says what is damaged.";
            return Err(Error::new(ErrorKind::NotFound, "asking for an answer", why, hint));
        };
        let clock = Clock::default();
        let terms = terms.clone().in_background();
        let terms = Terms { clock: Some(clock.clone()), evaluation: Some(evaluation.id), ..terms };
        let mut converse = converse(&item, column);
        let grounded = match &self.knowledge {
            Some(knowledge) => knowledge.ground(&converse, &terms).await?,
            None => None,
        };
        let (terms, mut step) = match grounded {
            Some(Grounded { grounding, step, terms }) => {
                converse = grounding.with(converse);
                (terms, Some(step))
            }
            None => (terms, None),
        };
        let answered = whole(self.invoke.serve(&column.model, Call::Converse(converse), &terms)).await;
        if let Some(step) = &mut step {
            step.end(answered.as_ref().err());
        }
        let (fold, reason) = answered?;
        let text: Vec<&str> = fold.blocks.iter().filter_map(Block::said).collect();
        let cost = self.invoke.prices().of(&column.model).and_then(|price| price.of(&fold.usage));
        Ok(Generated::Answer { text: text.concat(), usage: fold.usage, timing: clock.timing(), cost, reason })
    }

    /// Keeps what came of a unit, and counts it.
    async fn keep(&self, id: EvaluationId, unit: Unit, generated: Generated) -> Result<()> {
        let _one = self.one.lock().await;
        let kept = self.archive.run(move |store| {
            let mut evaluation = evaluation(store, id)?;
            evaluation.generation.failed -= u64::from(unit.again);
            match generated {
                Generated::Answer { .. } => evaluation.generation.done += 1,
                Generated::Failed { .. } => evaluation.generation.failed += 1,
            }
            let mut batch = Batch::new();
            batch.put(&GeneratedOf(RatedItemOf(id, unit.item), unit.source), &generated)?;
            batch.put(&id, &evaluation)?;
            store.commit(batch)?;
            Ok(evaluation)
        });
        self.changes.tell(Changed::Evaluation { evaluation: kept.await? });
        Ok(())
    }

    /// Writes how a run stands, if one was running.
    async fn settle(
        &self,
        id: EvaluationId,
        state: GenerationState,
        why: Option<String>,
    ) -> Result<Evaluation> {
        let mut slot = self.slot(id).await;
        let _one = self.one.lock().await;
        let settled = self.archive.run(move |store| {
            let mut evaluation = evaluation(store, id)?;
            if evaluation.generation.state == GenerationState::Running {
                // Whatever ended it: where every answer has come or failed, nothing is left to go on with.
                let is_whole = evaluation.generation.left() == 0;
                (evaluation.generation.state, evaluation.generation.why) =
                    if is_whole { (GenerationState::Ended, None) } else { (state, why) };
                evaluation.updated = fresh::now();
                put(store, &evaluation)?;
            }
            Ok(evaluation)
        });
        let settled = settled.await?;
        *slot = None;
        self.changes.tell(Changed::Evaluation { evaluation: settled.clone() });
        Ok(settled)
    }

    /// What asking for the answers of a plan to these items may cost.
    pub fn estimate(&self, plan: &Plan, dataset: String, items: &[Item]) -> Result<Estimate> {
        let items = &items[..items.len().min(plan.limit.map_or(usize::MAX, |limit| limit as usize))];
        let mut estimate = Estimate {
            calls: 0,
            input_tokens: 0,
            output_tokens: 0,
            assumed: 0,
            dollars: None,
            unpriced: Vec::new(),
        };
        // Of a plan that nothing can come of no price is said, but what is wrong with it.
        self.planned(plan.clone(), dataset, items)?;
        let texts = items.iter().flat_map(|item| &item.turns).map(|turn| turn.text.len() as u64);
        let bytes: u64 = texts.sum();
        let many = items.len() as u64;
        for source in &plan.sources {
            let Some(column) = &source.column else { continue };
            let card = self.invoke.card(&column.model);
            let system = column.system.as_ref().map_or(0, |system| system.len() as u64);
            let input = (bytes + many * system).div_ceil(TOKEN);
            let set = column.settings.max_tokens;
            let bound = set.into_iter().chain(card.max_output).min();
            let output = many * u64::from(bound.unwrap_or(ASSUMED_OUTPUT));
            estimate.calls += many;
            estimate.assumed += if bound.is_none() { many } else { 0 };
            estimate.input_tokens += input;
            estimate.output_tokens += output;
            let whole = |tokens: u64| Some(u32::try_from(tokens).unwrap_or(u32::MAX));
            let usage = Usage { input: whole(input), output: whole(output), ..Usage::default() };
            // What this machine answers costs nothing.
            if column.model.is_local() {
                estimate.dollars.get_or_insert(0.0);
                continue;
            }
            match card.price.and_then(|price| price.of(&usage)) {
                Some(dollars) => *estimate.dollars.get_or_insert(0.0) += dollars,
                None => estimate.unpriced.push(source.name.clone()),
            }
        }
        Ok(estimate)
    }

    /// The error of someone who wants to rate before all answers are there.
    pub(super) fn unfinished(evaluation: &Evaluation) -> Error {
        let why = format!("of its answers {}", super::so_far(&evaluation.generation));
        // Those that failed are asked for again.
        let left = count(evaluation.generation.left() + evaluation.generation.failed, "is", "are");
        let hint = match evaluation.generation.state {
            GenerationState::Running => "They are being asked for: rate when all have come.".to_owned(),
            _ => format!(
                "{left} still to be asked for: `outcrop eval run {}` does that, or `f` in the list of the place Evaluate.",
                evaluation.name()
            ),
        };
        Error::new(ErrorKind::Busy, format!("rating {:?}", evaluation.name()), why, hint)
    }
}

/// An answer once it is whole, and why it ended where it says so.
async fn whole(mut events: Events) -> Result<(Fold, Option<StopReason>)> {
    let (mut fold, mut reason) = (Fold::default(), None);
    while let Some(event) = events.next().await {
        let event = event?;
        if let Event::Stop { reason: why } = &event {
            reason = Some(*why);
        }
        fold.push(&event);
    }
    Ok((fold, reason))
}

/// What a column is asked about an item.
fn converse(item: &Item, column: &Column) -> Converse {
    let turns = item
        .turns
        .iter()
        .map(|turn| Turn { role: turn.role, blocks: vec![Block::Text { text: turn.text.clone() }] });
    Converse {
        model: column.model.clone(),
        system: column.system.clone().filter(|system| !system.trim().is_empty()),
        turns: turns.collect(),
        settings: column.settings.clone(),
        conversation: None,
        blobs: Blobs::default(),
    }
}
