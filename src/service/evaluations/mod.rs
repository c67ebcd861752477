//! Evaluations: made, kept, their answers asked for, rated by people.
//!
//! Here lives what an evaluation is kept as and who may change it how. Asking models is `generate`'s, seating raters is
//! `seats`'. Never here: what votes come to, which is `domain::evaluation`'s.

pub mod away;
mod files;
mod generate;
mod hand_outs;
mod import;
mod progress;
mod results;
mod seats;
#[cfg(test)]
mod tests;
mod told;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::change::Changed;
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::exchange::{HandedOut, Held};
use crate::domain::evaluation::job::{
    Evaluation, Generated, Generation, GenerationState, Known, Lacking, Plan, SoFar, Source,
};
use crate::domain::evaluation::{Item, TaskDefinition, Vote};
use crate::domain::figures::count;
use crate::domain::id::EvaluationId;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::invoke::Invoke;
use crate::service::knowledge::Knowledge;
use crate::service::{fresh, paging};
use crate::store::record::{EvaluationItem, Foreign, GeneratedOf, RatedItemOf};
use crate::store::{Batch, Record, Scan, Store};
use seats::Slots;

pub use results::Decided;

/// Items written in one go: a hundred thousand of them never lie in memory twice.
const AT_ONCE: usize = 1024;

/// What errors call one, and the command that lists them.
const NOUN: &str = "evaluation";
const LISTS: &str = "outcrop eval list";

/// The service.
#[derive(Debug, Clone)]
pub struct Evaluations {
    archive: Archive,
    invoke: Arc<Invoke>,
    changes: Changes,
    /// Reading an evaluation and writing it back is one act.
    one: Arc<Mutex<()>>,
    tasks: TaskTracker,
    /// The program ends.
    ends: CancellationToken,
    /// Those whose answers are being asked for.
    runs: Arc<std::sync::Mutex<HashMap<EvaluationId, CancellationToken>>>,
    /// Those at which somebody sits. One of them is locked before `one`.
    slots: Arc<std::sync::Mutex<Slots>>,
    began: Instant,
    /// What answers may be from.
    knowledge: Option<Knowledge>,
}

impl Evaluations {
    /// Over these records; answers are asked of `invoke`'s models, changes are told to `changes`.
    pub fn new(archive: Archive, invoke: Arc<Invoke>, changes: Changes) -> Self {
        Self {
            archive,
            invoke,
            changes,
            one: Arc::default(),
            tasks: TaskTracker::new(),
            ends: CancellationToken::new(),
            runs: Arc::default(),
            slots: Arc::default(),
            began: Instant::now(),
            knowledge: None,
        }
    }

    /// Answers may be from knowledge bases.
    #[must_use]
    pub fn knowing(self, knowledge: Knowledge) -> Self {
        Self { knowledge: Some(knowledge), ..self }
    }

    /// Does an act to its end, whether or not whoever asked for it waits so long.
    pub async fn to_the_end<T: Send + 'static>(
        &self,
        act: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let acted = self.tasks.spawn(act).await;
        acted.map_err(|why| Error::internal("working on an evaluation", why.to_string()))?
    }

    /// Makes one of these items of the dataset `dataset`. Nothing is asked yet.
    pub async fn create(&self, plan: Plan, dataset: String, mut items: Vec<Item>) -> Result<Evaluation> {
        items.truncate(plan.limit.map_or(usize::MAX, |limit| limit as usize));
        let evaluation = self.planned(plan, dataset, &items)?;
        self.kept(evaluation, items, Came::default()).await
    }

    /// Keeps a new evaluation with its items, and with what came with it.
    async fn kept(&self, evaluation: Evaluation, items: Vec<Item>, came: Came) -> Result<Evaluation> {
        let _one = self.one.lock().await;
        let made = evaluation.clone();
        self.archive
            .run(move |store| {
                sweep(store)?;
                if let Some(other) = named(store, made.name())? {
                    let why = format!("there is one of that name already, {}", other.id.short());
                    let doing = format!("making the evaluation {:?}", made.name());
                    return Err(Error::new(ErrorKind::Invalid, doing, why, "Choose another name."));
                }
                files::put_items(store, made.id, items)?;
                files::put_votes(store, made.id, &came.votes)?;
                files::put_lines(store, made.id, came.lines)?;
                if let Some(rated) = made.rated {
                    progress::keep(store, made.id, rated)?;
                }
                put(store, &made)
            })
            .await?;
        self.changes.tell(Changed::Evaluation { evaluation: evaluation.clone() });
        Ok(evaluation)
    }

    /// What a plan makes of items.
    fn planned(&self, plan: Plan, dataset: String, items: &[Item]) -> Result<Evaluation> {
        let doing = format!("making the evaluation {:?}", plan.task.name);
        let invalid = |why: String, hint: &str| Err(Error::new(ErrorKind::Invalid, &doing, why, hint));
        if items.is_empty() {
            return invalid(format!("the dataset {dataset:?} has no items"), "Choose another one.");
        }
        let (sources, lacking) =
            if plan.sources.is_empty() { brought_by_all(items) } else { (plan.sources, Vec::new()) };
        if sources.is_empty() && !lacking.is_empty() {
            let hint = "Add those answers, take fewer items, or ask a model itself.";
            return invalid(format!("no source answered every item: {}", gaps(&lacking)), hint);
        }
        for source in &sources {
            if let Some(column) = &source.column {
                self.invoke.knows(&column.model)?;
            } else if let Some(at) = items.iter().position(|item| item.response(&source.name).is_none()) {
                let why = format!("item {} of {dataset:?} has no answer of {:?}", at + 1, source.name);
                let hint = "Name a source that answered all, or ask the model itself.";
                return invalid(why, hint);
            }
        }
        let asked = sources.iter().filter(|source| source.column.is_some()).count() as u64;
        let now = fresh::now();
        let evaluation = Evaluation {
            id: fresh::evaluation_id(),
            created: now,
            updated: now,
            task: TaskDefinition { version: 1, ..plan.task.filled(sources.len()) },
            earlier: Vec::new(),
            dataset,
            items: u32::try_from(items.len()).unwrap_or(u32::MAX),
            generation: Generation::of(asked * items.len() as u64),
            sources,
            seed: fresh::seed(),
            raters: Vec::new(),
            away: Vec::new(),
            known: plan.known,
            known_before: Vec::new(),
            unblinded: Vec::new(),
            rated: None,
            lacking,
        };
        evaluation.check()?;
        Ok(evaluation)
    }

    /// The newest behind `before`, and whether there are older ones.
    pub async fn list(&self, limit: usize, before: Option<EvaluationId>) -> Result<(Vec<Evaluation>, bool)> {
        self.archive
            .run(move |store| {
                let (page, more) = paging::page::<Evaluation>(store, limit, before.as_ref())?;
                let told: Result<Vec<_>> =
                    page.into_iter().map(|evaluation| progress::told(store, evaluation)).collect();
                Ok((told?, more))
            })
            .await
    }

    /// The one of that name, or whose id starts or ends with `text`.
    pub async fn find(&self, text: String) -> Result<Evaluation> {
        self.archive
            .run(move |store| {
                let found = match named(store, text.trim())? {
                    Some(evaluation) => evaluation,
                    None => paging::find_named(store, &text, (NOUN, LISTS), |other: Evaluation| {
                        other.name().to_owned()
                    })?,
                };
                progress::told(store, found)
            })
            .await
    }

    /// Changes the task, and what is known of answers where that is told. What would give what raters say another meaning makes a
    /// new version once one of them has sat down.
    pub async fn change(
        &self,
        id: EvaluationId,
        task: TaskDefinition,
        known: Option<Vec<Known>>,
    ) -> Result<Evaluation> {
        // No vote comes between what is looked at and what is written.
        let mut slot = self.slot(id).await;
        let _one = self.one.lock().await;
        let evaluation = self
            .archive
            .run(move |store| {
                let mut evaluation = evaluation(store, id)?;
                if let Some(other) = named(store, &task.name)?.filter(|other| other.id != id) {
                    let why = format!("{} is called so already", other.id.short());
                    return Err(Error::new(
                        ErrorKind::Invalid,
                        "changing an evaluation",
                        why,
                        "Choose another name.",
                    ));
                }
                let before = evaluation.task.clone();
                let last = (before.version, before.raters_per_item);
                let seen = !evaluation.raters.is_empty();
                evaluation.task = before.changed_to(TaskDefinition { version: before.version, ..task }, seen);
                if evaluation.task.version != before.version {
                    evaluation.known_before.push((before.version, evaluation.known.clone()));
                    evaluation.earlier.push(before);
                }
                evaluation.known = known.unwrap_or(evaluation.known);
                evaluation.updated = fresh::now();
                evaluation.check()?;
                // Before somebody has sat here there is nothing to count.
                let task = &evaluation.task;
                if seen && (task.version, task.raters_per_item) != last {
                    let rated = progress::counted(store, &evaluation, None)?;
                    progress::keep(store, id, rated)?;
                    evaluation.rated = Some(rated);
                }
                put(store, &evaluation)?;
                Ok(evaluation)
            })
            .await?;
        *slot = None;
        self.changes.tell(Changed::Evaluation { evaluation: evaluation.clone() });
        Ok(evaluation)
    }

    /// Deletes it with its items, answers and votes; what is being asked for it is stopped first.
    pub async fn remove(&self, id: EvaluationId) -> Result<()> {
        self.stop(id);
        // Nobody sits down before it is gone.
        let mut slot = self.slot(id).await;
        let _one = self.one.lock().await;
        self.archive
            .run(move |store| {
                evaluation(store, id)?;
                let mut batch = Batch::new();
                batch.remove::<Evaluation>(&id);
                store.commit(batch)?;
                sweep_of(store, id)
            })
            .await?;
        *slot = None;
        self.changes.tell(Changed::EvaluationRemoved { id });
        Ok(())
    }

    /// Whether something is being asked for.
    pub fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Ends what is being asked for, so that it can go on at the next start.
    pub async fn finish(&self) {
        self.ends.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Marks those as paused that were running when a process before this one ended; how many.
    pub async fn mark_interrupted(&self) -> Result<usize> {
        self.archive
            .run(|store| {
                let mut batch = Batch::new();
                let mut many = 0;
                for record in store.scan::<Evaluation>(Scan::all()) {
                    let Ok((id, mut evaluation)) = record else { continue };
                    if evaluation.generation.state == GenerationState::Running {
                        evaluation.generation.state = GenerationState::Paused;
                        evaluation.generation.why = Some("the program ended".to_owned());
                        batch.put(&id, &evaluation)?;
                        many += 1;
                    }
                }
                if many > 0 {
                    store.commit(batch)?;
                }
                Ok(many)
            })
            .await
    }
}

/// What came with the items of a new evaluation.
#[derive(Default)]
struct Came {
    votes: Vec<Vote>,
    /// The lines of another program that items came as, in their order.
    lines: Vec<(u32, String)>,
}

/// The sources that answered every item, and those that lack an answer, both in the order in which they come.
fn brought_by_all(items: &[Item]) -> (Vec<Source>, Vec<Lacking>) {
    let mut seen = HashSet::new();
    let (mut sources, mut lacking) = (Vec::new(), Vec::new());
    for response in items.iter().flat_map(|item| &item.responses) {
        let name = response.model.as_str();
        if !seen.insert(name) {
            continue;
        }
        match items.iter().position(|item| item.response(name).is_none()) {
            None => sources.push(Source { name: name.to_owned(), column: None }),
            Some(at) => {
                let item = u32::try_from(at).unwrap_or(u32::MAX);
                lacking.push(Lacking { source: name.to_owned(), item });
            }
        }
    }
    (sources, lacking)
}

/// What sources lack, the first few of them.
fn gaps(lacking: &[Lacking]) -> String {
    const SAID: usize = 3;
    let said = lacking.iter().take(SAID);
    let mut words: Vec<String> =
        said.map(|lack| format!("{:?} lacks an answer to item {}", lack.source, lack.item + 1)).collect();
    if let Some(more) = lacking.len().checked_sub(SAID).filter(|more| *more > 0) {
        words.push(format!("and so on for {more} more"));
    }
    words.join(", ")
}

fn evaluation(store: &Store, id: EvaluationId) -> Result<Evaluation> {
    let found = store.get::<Evaluation>(&id)?.ok_or_else(|| {
        let why = format!("there is none with the id {}", id.short());
        Error::new(
            ErrorKind::NotFound,
            "opening an evaluation",
            why,
            "`outcrop eval list` shows those that there are.",
        )
    })?;
    progress::told(store, found)
}

fn put(store: &Store, evaluation: &Evaluation) -> Result<()> {
    let mut batch = Batch::new();
    batch.put(&evaluation.id, evaluation)?;
    store.commit(batch)
}

/// The one that is called so, in whichever case.
fn named(store: &Store, name: &str) -> Result<Option<Evaluation>> {
    let wanted = name.to_lowercase();
    for record in store.scan::<Evaluation>(Scan::all()) {
        match record {
            Ok((_, evaluation)) if evaluation.name().to_lowercase() == wanted => return Ok(Some(evaluation)),
            Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
            _ => {}
        }
    }
    Ok(None)
}

/// The votes of an evaluation that can be read, in the order in which they were made.
fn votes(
    store: &Store,
    id: EvaluationId,
    wanted: impl Fn(&Vote) -> bool,
) -> Result<impl Iterator<Item = Vote>> {
    let found: Result<Vec<_>> =
        each_vote(store, id).filter(|vote| vote.as_ref().map_or(true, &wanted)).collect();
    Ok(found?.into_iter())
}

/// The same of all, one after the other: many take much room.
fn each_vote(store: &Store, id: EvaluationId) -> impl Iterator<Item = Result<Vote>> {
    store.scan::<Vote>(Scan::under(&id)).filter_map(|record| match record {
        Ok((_, vote)) => Some(Ok(vote)),
        Err(error) if error.kind != ErrorKind::Corrupt => Some(Err(error)),
        Err(_) => None,
    })
}

/// An item with the answers of all sources; `None` while one is missing.
fn whole(store: &Store, evaluation: &Evaluation, place: u32) -> Result<Option<Item>> {
    let key = RatedItemOf(evaluation.id, place);
    let Some(EvaluationItem(item)) = store.get(&key)? else { return Ok(None) };
    let mut failed = None;
    let whole = evaluation.whole(item, |source| {
        match store.get::<Generated>(&GeneratedOf(key, u8::try_from(source).ok()?)) {
            Ok(Some(Generated::Answer { text, .. })) => Some(text),
            Ok(_) => None,
            Err(error) => {
                failed = Some(error);
                None
            }
        }
    });
    failed.map_or(Ok(whole), Err)
}

/// Removes what is left of evaluations that have no head: one that was not made to its end.
fn sweep(store: &Store) -> Result<()> {
    let mut last = None;
    for key in store.keys::<EvaluationItem>(Scan::all()) {
        let RatedItemOf(id, _) = key?;
        if last != Some(id) && !store.has::<Evaluation>(&id)? {
            sweep_of(store, id)?;
        }
        last = Some(id);
    }
    Ok(())
}

/// Removes the items, answers and votes of an evaluation that is gone.
fn sweep_of(store: &Store, id: EvaluationId) -> Result<()> {
    remove_all::<Generated>(store, id)?;
    remove_all::<Decision>(store, id)?;
    remove_all::<Vote>(store, id)?;
    remove_all::<HandedOut>(store, id)?;
    remove_all::<Held>(store, id)?;
    remove_all::<Foreign>(store, id)?;
    let mut batch = Batch::new();
    batch.remove::<SoFar>(&id);
    store.commit_soft(batch)?;
    // Last: by them what is left of an evaluation is found.
    remove_all::<EvaluationItem>(store, id)
}

fn remove_all<R: Record>(store: &Store, id: EvaluationId) -> Result<()> {
    loop {
        let keys = store.keys::<R>(Scan::under(&id).limit(AT_ONCE));
        let keys = keys.collect::<Result<Vec<_>>>()?;
        if keys.is_empty() {
            return store.flush();
        }
        let mut batch = Batch::new();
        for key in &keys {
            batch.remove::<R>(key);
        }
        store.commit_soft(batch)?;
    }
}

/// How many answers are there of those that are due, in words.
fn so_far(generation: &Generation) -> String {
    let due = count(generation.total, "answer", "answers");
    format!("{} of {due} are there, {} failed", generation.done, generation.failed)
}
