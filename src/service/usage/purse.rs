//! Keeps budgets: a call that would pass a limit is not sent, one that comes near it is told once.

use std::sync::{Arc, PoisonError, RwLock};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::Calendar;
use super::read::spent;
use crate::domain::call::{Call, Converse};
use crate::domain::catalog::ModelId;
use crate::domain::change::Changed;
use crate::domain::message::Block;
use crate::domain::time::Timestamp;
use crate::domain::trace::SpanKind;
use crate::domain::usage::Tally;
use crate::domain::usage::budget::{Budget, Spent, Verdict};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::fresh;
use crate::service::invoke::{Gate, Prices};
use crate::service::recorder::Recorder;
use crate::store::record::Remembered;
use crate::store::{Batch, Store};

/// The name under which it is remembered what was told.
const TOLD: &str = "budget.told";

/// Bytes of a text that are about one token, where nobody has counted.
const TOKEN: usize = 4;

/// The warnings that were told, with the beginning of the period that they were for.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Told(Vec<(Budget, Timestamp)>);

/// The budgets, over the sums of the calls that have ended. Those that run beside each other are not seen by each other.
#[derive(Debug, Clone)]
pub struct Purse {
    archive: Archive,
    recorder: Recorder,
    changes: Changes,
    budgets: Arc<RwLock<Arc<[Budget]>>>,
}

impl Purse {
    /// Over the store that `recorder` writes; warnings go to `changes` too.
    pub fn new(archive: Archive, recorder: Recorder, changes: Changes) -> Self {
        Self { archive, recorder, changes, budgets: Arc::new(RwLock::new(Arc::default())) }
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
    fn admit(
        &self,
        call: &Call,
        doing: &str,
        prices: Prices,
    ) -> Option<BoxFuture<'static, Result<Vec<String>>>> {
        let model = call.model()?.clone();
        let next = least(call, &model, &prices)?;
        let budgets = self.budgets();
        if !budgets.iter().any(|budget| budget.scope.holds(&model)) {
            return None;
        }
        let (purse, doing) = (self.clone(), doing.to_owned());
        Some(
            async move {
                // What has ended counts, to the last call.
                purse.recorder.settled().await;
                let judged = purse.archive.run(move |store| {
                    let own: Vec<_> = budgets.iter().filter(|budget| budget.scope.holds(&model)).collect();
                    judge(store, &own, next, &prices, &Calendar::system(), fresh::now(), &doing)
                });
                let texts = judged.await?;
                for text in &texts {
                    purse.changes.tell(Changed::Notice { text: text.clone() });
                }
                Ok(texts)
            }
            .boxed(),
        )
    }
}

/// What a call needs at least: what it sends, by its length. `None` for one that costs nothing.
fn least(call: &Call, model: &ModelId, prices: &Prices) -> Option<Spent> {
    let (bytes, kind) = match call {
        Call::Converse(converse) => (bytes_of(converse), SpanKind::Converse),
        Call::Embed { texts, .. } => (texts.iter().map(String::len).sum(), SpanKind::Embed),
        Call::Image(picture) => (picture.prompt.len(), SpanKind::Image),
        Call::ListModels | Call::CountTokens(_) => return None,
    };
    let input = u64::try_from(bytes.div_ceil(TOKEN)).unwrap_or(u64::MAX);
    let images = match call {
        Call::Image(picture) => u64::from(picture.count),
        _ => 0,
    };
    let tally = Tally { input_tokens: input, images, ..Tally::default() };
    Some(Spent { cost: tally.cost(kind, prices.of(model).as_ref()), tokens: input })
}

fn bytes_of(converse: &Converse) -> usize {
    let texts = converse.turns.iter().flat_map(|turn| &turn.blocks).map(|block| match block {
        Block::Text { text } | Block::Reasoning { text, .. } | Block::ToolResult { content: text, .. } => {
            text.len()
        }
        Block::ToolUse { name, input, .. } => name.len() + input.to_string().len(),
        _ => 0,
    });
    converse.system.as_ref().map_or(0, String::len) + texts.sum::<usize>()
}

/// The warnings that are due, or the error of a limit that would be passed. Blocks.
fn judge(
    store: &Store,
    budgets: &[&Budget],
    next: Spent,
    prices: &Prices,
    calendar: &Calendar,
    now: Timestamp,
    doing: &str,
) -> Result<Vec<String>> {
    let periods: Vec<_> =
        budgets.iter().map(|budget| (*budget, calendar.begin_of(budget.period, now))).collect();
    let sums = spent(store, &periods, prices)?;
    let mut due = Vec::new();
    for ((budget, begins), sum) in periods.iter().zip(sums) {
        match budget.judge(sum, next) {
            Verdict::Within => {}
            Verdict::Warn { text } => due.push(((*budget).clone(), *begins, text)),
            Verdict::Stop { why, hint } => return Err(Error::new(ErrorKind::Budget, doing, why, hint)),
        }
    }
    tell_once(store, due)
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
    if !texts.is_empty() {
        let value = serde_json::to_value(Told(told))
            .map_err(|error| Error::internal("remembering a warning", error.to_string()))?;
        let mut batch = Batch::new();
        batch.put(&key, &Remembered { name: TOLD.to_owned(), value })?;
        store.commit_soft(batch)?;
    }
    Ok(texts)
}

#[cfg(test)]
mod tests;
