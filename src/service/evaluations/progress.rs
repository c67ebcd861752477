//! How far raters are, kept beside each evaluation: lists tell it and read no vote.

use std::collections::{HashMap, HashSet};

use super::each_vote;
use super::seats::{Open, half};
use crate::domain::evaluation::Vote;
use crate::domain::evaluation::job::{Evaluation, SoFar};
use crate::domain::evaluation::vote::Said;
use crate::domain::id::EvaluationId;
use crate::domain::{ErrorKind, Result};
use crate::store::{Batch, Scan, Store};

/// Whether anything was said in an evaluation, of whichever version of its task.
pub(super) fn is_said(store: &Store, id: EvaluationId) -> Result<bool> {
    let first = store.keys::<Vote>(Scan::under(&id).limit(1)).next().transpose()?;
    Ok(first.is_some())
}

/// The votes of a version that stand, as `vote::standing` has it: one after the other, since all at once take much room.
pub(super) fn each_standing(
    store: &Store,
    id: EvaluationId,
    version: u32,
    mut takes: impl FnMut(&Vote),
) -> Result<()> {
    let votes =
        || each_vote(store, id).filter(|vote| vote.as_ref().map_or(true, |vote| vote.version == version));
    let mut gone = HashSet::new();
    for vote in votes() {
        let Vote { rater, supersedes, .. } = vote?;
        gone.extend(supersedes.map(|old| (rater, old)));
    }
    for vote in votes() {
        let vote = vote?;
        if vote.said != Said::Withdrawn && !gone.contains(&(vote.rater.clone(), vote.id)) {
            takes(&vote);
        }
    }
    Ok(())
}

/// How far raters are by the votes alone, where nobody sits: every vote is read. Of items that cannot be rated only whoever has
/// opened it knows, who told how many ratings are needed; else all count.
pub(super) fn counted(store: &Store, evaluation: &Evaluation, known: Option<u64>) -> Result<SoFar> {
    let needed = u64::from(evaluation.task.raters_per_item.max(1));
    let mut items = HashMap::new();
    each_standing(store, evaluation.id, evaluation.task.version, |vote| {
        if !vote.repeat && !matches!(vote.said, Said::Skipped(_)) {
            *items.entry(half(&vote.item)).or_insert(0_u64) += 1;
        }
    })?;
    let votes = items.into_values().map(|many| many.min(needed)).sum();
    let all = u64::from(evaluation.items) * needed;
    Ok(SoFar { votes, needed: known.unwrap_or(all), said: is_said(store, evaluation.id)? })
}

/// Puts down how far raters are. It is counted anew by whoever opens the evaluation, so that it need not be on the disk at once.
pub(super) fn keep(store: &Store, id: EvaluationId, rated: SoFar) -> Result<()> {
    let mut batch = Batch::new();
    batch.put(&id, &rated)?;
    store.commit_soft(batch)
}

/// An evaluation with how far its raters are. That stands in a record of its own, which only whoever holds the evaluation's slot
/// writes: a vote rewrites neither the task nor the answers that are known.
pub(super) fn told(store: &Store, evaluation: Evaluation) -> Result<Evaluation> {
    let rated = match store.get::<SoFar>(&evaluation.id) {
        // It is counted anew.
        Err(error) if error.kind == ErrorKind::Corrupt => None,
        read => read?,
    };
    Ok(Evaluation { rated, ..evaluation })
}

impl Open {
    /// Puts down how far raters are, where that is news: it is then told to whoever watches.
    pub(super) fn keep_rated(&mut self, store: &Store) -> Result<Option<Evaluation>> {
        let id = self.evaluation.id;
        let (votes, needed) = self.floor.so_far();
        let said = self.evaluation.rated.is_some_and(|rated| rated.said) || is_said(store, id)?;
        let rated = SoFar { votes, needed, said };
        if self.evaluation.rated == Some(rated) {
            return Ok(None);
        }
        keep(store, id, rated)?;
        self.evaluation.rated = Some(rated);
        Ok(Some(self.evaluation.clone()))
    }
}
