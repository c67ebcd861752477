//! Keeps budgets: a call that would pass a limit is not sent, one that comes near it is told once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::Calendar;
use super::read::spent;
use crate::domain::call::{Call, tokens_of};
use crate::domain::catalog::ModelId;
use crate::domain::change::Changed;
use crate::domain::time::Timestamp;
use crate::domain::usage::budget::{Budget, Spent, Verdict};
use crate::domain::usage::{Cost, Standing, Tally};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::fresh;
use crate::service::invoke::{Gate, Pass, Prices, kind, weight_of};
use crate::service::recorder::Recorder;
use crate::store::record::Remembered;
use crate::store::{Batch, Store};

/// The name under which it is remembered what was told.
const TOLD: &str = "budget.told";

/// The same of calls whose price nobody knows.
const UNHELD: &str = "budget.unheld";

/// The models of which it was told that a budget does not hold them, with the beginning of the period.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Unheld(Vec<(Budget, Timestamp, ModelId)>);

/// The warnings that were told, with the beginning of the period that they were for.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Told(Vec<(Budget, Timestamp)>);

/// The budgets, over the sums of the calls that have ended, and what those that run may still need.
#[derive(Debug, Clone)]
pub struct Purse {
    archive: Archive,
    recorder: Recorder,
    changes: Changes,
    budgets: Arc<RwLock<Arc<[Budget]>>>,
    running: Arc<Mutex<Running>>,
}

/// What is kept for calls that run.
#[derive(Debug, Default)]
struct Running {
    next: u64,
    held: BTreeMap<u64, (ModelId, Spent)>,
}

/// What is kept for one call, given back when it is dropped.
struct Held {
    running: Arc<Mutex<Running>>,
    number: u64,
}

impl Held {
    /// Keeps `most` for a call of `model`, and tells what is kept for those before it.
    fn keep(running: &Arc<Mutex<Running>>, model: &ModelId, most: Spent) -> (Self, Vec<(ModelId, Spent)>) {
        let mut inner = running.lock().unwrap_or_else(PoisonError::into_inner);
        let others = inner.held.values().cloned().collect();
        let number = inner.next;
        inner.next += 1;
        inner.held.insert(number, (model.clone(), most));
        (Self { running: Arc::clone(running), number }, others)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).held.remove(&self.number);
    }
}

impl Purse {
    /// Over the store that `recorder` writes; warnings go to `changes` too.
    pub fn new(archive: Archive, recorder: Recorder, changes: Changes) -> Self {
        let (budgets, running) = (Arc::new(RwLock::new(Arc::default())), Arc::default());
        Self { archive, recorder, changes, budgets, running }
    }

    /// Puts these in the place of those that there were.
    pub fn set(&self, budgets: &[Budget]) {
        *self.budgets.write().unwrap_or_else(PoisonError::into_inner) = budgets.into();
    }

    fn budgets(&self) -> Arc<[Budget]> {
        Arc::clone(&self.budgets.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Gate for Purse {
    fn admit(&self, call: &Call, doing: &str, prices: Prices) -> Option<BoxFuture<'static, Result<Pass>>> {
        let model = call.model()?.clone();
        let next = needs(call, &model, &prices, 0)?;
        let most = needs(call, &model, &prices, written(call))?;
        let budgets = self.budgets();
        if !budgets.iter().any(|budget| budget.scope.holds(&model)) {
            return None;
        }
        // A conversation is written to.
        let least = needs(call, &model, &prices, u32::from(matches!(call, Call::Converse(_))))?;
        let unpriced = least.cost.dollars.is_none();
        let (purse, doing) = (self.clone(), doing.to_owned());
        Some(
            async move {
                // First what is kept, then what is gone: a call that ends meanwhile may be seen twice, and never not at all.
                let (held, others) = Held::keep(&purse.running, &model, most);
                // What has ended counts, to the last call.
                purse.recorder.settled().await;
                let judged = purse.archive.run(move |store| {
                    let own: Vec<_> =
                        budgets.iter().filter(|budget| budget.scope.holds(&model)).cloned().collect();
                    let unpriced = unpriced.then_some(&model);
                    let asked = Asked { next, others: &others, unpriced, doing: &doing };
                    judge(store, &own, &asked, &prices, &Calendar::system(), fresh::now())
                });
                let remarks = judged.await?;
                purse.tell(&remarks);
                Ok(Pass { remarks, held: Some(Box::new(held)) })
            }
            .boxed(),
        )
    }

    fn after(&self, call: &Call, prices: Prices) -> Option<BoxFuture<'static, Vec<String>>> {
        let model = call.model()?.clone();
        let next = needs(call, &model, &prices, 0)?;
        let budgets = self.budgets();
        let warns = |budget: &Budget| {
            budget.scope.holds(&model)
                && (budget.limits.warn.is_some() || budget.limits.warn_tokens.is_some())
        };
        let own: Vec<_> = budgets.iter().filter(|budget| warns(budget)).cloned().collect();
        if own.is_empty() {
            return None;
        }
        let free = next.cost == Cost { dollars: Some(0.0), unpriced: 0 };
        let purse = self.clone();
        Some(
            async move {
                purse.recorder.settled().await;
                let due = purse.archive.run(move |store| {
                    let due = stands(store, &own, &prices, &Calendar::system(), fresh::now())?
                        .into_iter()
                        .filter_map(|(budget, begins, spent)| {
                            let text = budget.warning(spent, free)?;
                            Some((budget, begins, text))
                        });
                    tell_once(store, due.collect())
                });
                // It is said before the next call at the latest.
                let texts = due.await.unwrap_or_else(|error| {
                    tracing::warn!(%error, "what a call came to could not be compared with the budgets");
                    Vec::new()
                });
                purse.tell(&texts);
                texts
            }
            .boxed(),
        )
    }
}

impl Purse {
    /// Says it on every screen.
    fn tell(&self, texts: &[String]) {
        for text in texts {
            self.changes.tell(Changed::Notice { text: text.clone() });
        }
    }

    /// How the budgets stand now. Blocks.
    pub(super) fn stand(
        &self,
        store: &Store,
        prices: &Prices,
        calendar: &Calendar,
        now: Timestamp,
    ) -> Result<Vec<Standing>> {
        let all = stands(store, &self.budgets(), prices, calendar, now)?;
        Ok(all.into_iter().map(|(budget, _, spent)| Standing { budget, spent }).collect())
    }
}

/// What is gone of each budget since its period began. Blocks.
fn stands(
    store: &Store,
    budgets: &[Budget],
    prices: &Prices,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Vec<(Budget, Timestamp, Spent)>> {
    let periods: Vec<_> =
        budgets.iter().map(|budget| (budget, calendar.begin_of(budget.period, now))).collect();
    let sums = spent(store, &periods, prices)?;
    Ok(periods
        .into_iter()
        .zip(sums)
        .map(|((budget, begins), spent)| (budget.clone(), begins, spent))
        .collect())
}

/// What a call needs that writes so many tokens: the rest is what it sends, by its length. `None` for one that costs nothing.
fn needs(call: &Call, model: &ModelId, prices: &Prices, output: u32) -> Option<Spent> {
    if !matches!(call, Call::Converse(_) | Call::Embed { .. } | Call::Rerank(_) | Call::Image(_)) {
        return None;
    }
    let images = match call {
        Call::Image(picture) => u64::from(picture.count),
        _ => 0,
    };
    let (input, output) = (u64::from(tokens_of(weight_of(call))), u64::from(output));
    let searches = match call {
        Call::Rerank(asked) => u64::from(asked.searches()),
        _ => 0,
    };
    let tally = Tally { input_tokens: input, output_tokens: output, images, searches, ..Tally::default() };
    Some(Spent { cost: tally.cost(kind(call), prices.of(model).as_ref()), tokens: tally.tokens() })
}

/// What it may write at most, where that is set.
fn written(call: &Call) -> u32 {
    match call {
        Call::Converse(converse) => converse.settings.max_tokens.unwrap_or(0),
        _ => 0,
    }
}

/// A call that is judged: what it needs at least, and what is kept for the others.
struct Asked<'a> {
    next: Spent,
    others: &'a [(ModelId, Spent)],
    /// The model, where nobody knows what it costs.
    unpriced: Option<&'a ModelId>,
    doing: &'a str,
}

/// The warnings that are due, or the error of a limit that would be passed. Blocks.
fn judge(
    store: &Store,
    budgets: &[Budget],
    asked: &Asked<'_>,
    prices: &Prices,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Vec<String>> {
    let (mut due, mut unheld) = (Vec::new(), Vec::new());
    for (budget, begins, sum) in stands(store, budgets, prices, calendar, now)? {
        let mut held = Spent::default();
        for (_, kept) in asked.others.iter().filter(|(model, _)| budget.scope.holds(model)) {
            held.add(*kept);
        }
        if let Some((model, text)) = asked.unpriced.and_then(|model| Some((model, budget.unheld(model)?))) {
            unheld.push(((budget.clone(), begins, model.clone()), text));
        }
        match budget.judge(sum, held, asked.next) {
            Verdict::Within => {}
            Verdict::Warn { text } => due.push((budget, begins, text)),
            Verdict::Stop { why, hint } => return Err(Error::new(ErrorKind::Budget, asked.doing, why, hint)),
        }
    }
    let mut texts = tell_once(store, due)?;
    texts.extend(tell_unheld(store, unheld)?);
    // As in `tell_once`.
    Ok(if texts.len() > 1 { vec![texts.join(" ")] } else { texts })
}

/// The texts of what is not held, that were not told of the model in this period; they are told now.
fn tell_unheld(store: &Store, due: Vec<((Budget, Timestamp, ModelId), String)>) -> Result<Vec<String>> {
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let key = store.name(UNHELD);
    let kept = store.get::<Remembered>(&key)?;
    let Unheld(mut told) = kept.and_then(|kept| serde_json::from_value(kept.value).ok()).unwrap_or_default();
    let due: Vec<_> = due.into_iter().filter(|(entry, _)| !told.contains(entry)).collect();
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let (entries, texts): (Vec<_>, Vec<_>) = due.into_iter().unzip();
    let is_over = |(old, began, _): &(Budget, Timestamp, ModelId)| {
        entries.iter().any(|(new, begins, _)| new.period == old.period && begins != began)
    };
    told.retain(|entry| !is_over(entry));
    told.extend(entries);
    remember(store, UNHELD, &Unheld(told))?;
    Ok(texts)
}

/// Keeps it under that name.
fn remember(store: &Store, name: &str, what: &impl Serialize) -> Result<()> {
    let value = serde_json::to_value(what)
        .map_err(|error| Error::internal("remembering a warning", error.to_string()))?;
    let mut batch = Batch::new();
    batch.put(&store.name(name), &Remembered { name: name.to_owned(), value })?;
    store.commit_soft(batch)
}

/// The texts of the warnings that were not told in their period; they are told now.
fn tell_once(store: &Store, due: Vec<(Budget, Timestamp, String)>) -> Result<Vec<String>> {
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let key = store.name(TOLD);
    let kept = store.get::<Remembered>(&key)?;
    let Told(mut told) = kept.and_then(|kept| serde_json::from_value(kept.value).ok()).unwrap_or_default();
    let mut texts = Vec::new();
    for (budget, begins, text) in due {
        let entry = (budget, begins);
        if told.contains(&entry) {
            continue;
        }
        // Of every budget the last period is enough.
        told.retain(|(known, _)| known.scope != entry.0.scope || known.period != entry.0.period);
        told.push(entry);
        texts.push(text);
    }
    // Two that are due at once are one notice: the second would take the first one's place.
    if texts.len() > 1 {
        texts = vec![texts.join(" ")];
    }
    if !texts.is_empty() {
        remember(store, TOLD, &Told(told))?;
    }
    Ok(texts)
}

#[cfg(test)]
mod tests;
