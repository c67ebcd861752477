//! The lists of a base: read when somebody asks, made at the end of a sync, and anew at the end of one by which a quarter as many
//! rows have come as are in them.
//!
//! A question never waits for that. Rows that are in no list yet are all compared, and so are all rows where there are no lists.

use std::sync::{Arc, OnceLock};

use super::Inner;
use super::bits::Bits;
use super::frame::unit;
use super::generation::Live;
use super::lists::{self, Lists, NEAREST, QUESTIONS, STEP};
use super::scan::{self, Asked};
use crate::domain::Result;
use crate::domain::knowledge::vectors::Probed;
use crate::index::Nearest;

/// Their file, in a generation.
pub(super) const FILE: &str = "lists";

impl Inner {
    /// The rows that a question is compared with, where those are not all `among` that pass.
    pub(super) fn probe(
        &self,
        live: &Live,
        query: &Nearest,
        passing: &Bits,
        among: usize,
    ) -> Option<(Bits, Probed)> {
        let by_lists = self.search.by_lists(live.table.counts().passages, self.pays);
        // Where a passage stands is known once all are compared; what is nearest is known then as well.
        if !by_lists || !query.expected.is_empty() {
            return None;
        }
        let lists = Self::lists(live)?;
        let all = (among, live.table.rows.len());
        lists.probe(&unit(&query.vector), passing, all, query.results)
    }

    /// The lists that there are.
    fn lists(live: &Live) -> Option<&Arc<Lists>> {
        live.lists.get_or_init(|| Self::read(live)).as_ref()
    }

    /// What the file has; whatever is wrong with it, lists can be made anew.
    fn read(live: &Live) -> Option<Arc<Lists>> {
        let why = match live.shelf.read(FILE) {
            Ok(None) => return None,
            Ok(Some(bytes)) => {
                if let Some(lists) = Lists::decode(&bytes, &live.table) {
                    return Some(Arc::new(lists));
                }
                "they are those of other passages".to_owned()
            }
            Err(error) => error.why,
        };
        tracing::warn!(%why, "lists of passages are of no use; all are compared until the next sync has made them");
        None
    }

    /// Has every row in a list, where that pays and too many are in none, unless it is to stop before. Questions and acts go on
    /// meanwhile.
    pub(super) fn list(&self, stop: &dyn Fn() -> bool) -> Result<()> {
        let _numbers = self.numbers();
        let (living, sample) = {
            let live = self.live();
            live.whole()?;
            let living = live.table.counts().passages;
            let rows = live.table.rows.len();
            let suffices = |lists: &Arc<Lists>| !lists.outgrown(rows);
            if !self.search.by_lists(living, self.pays) || Self::lists(&live).is_some_and(suffices) {
                return Ok(());
            }
            let some = lists::evenly(&live.table, Lists::sample(living as usize));
            (living as usize, lists::highs(&live.table, some.into_iter()))
        };
        if sample.scales.is_empty() {
            return Ok(());
        }
        let Some(lists) = Lists::found(&sample, living, stop) else { return Ok(()) };
        let mut of = Vec::new();
        loop {
            let next = {
                let live = self.live();
                live.whole()?;
                let to = live.table.rows.len().min(of.len() + STEP);
                if of.len() == to {
                    break;
                }
                lists::highs(&live.table, of.len()..to)
            };
            if stop() {
                return Ok(());
            }
            of.extend(lists.belonging(&next));
        }
        let lists = lists.with(&self.live().table, of);
        let Some(lists) = self.tuned(lists, stop)? else { return Ok(()) };
        let shelf = self.live().shelf.clone();
        // Where that fails the next sync tries again: the lists are those that were until then.
        shelf.write(FILE, &lists.encode())?;
        self.live_mut().lists = OnceLock::from(Some(Arc::new(lists)));
        Ok(())
    }

    /// As many rows of the lists are compared as some passages, taken for questions, need to find their neighbours.
    fn tuned(&self, lists: Lists, stop: &dyn Fn() -> bool) -> Result<Option<Lists>> {
        let questions = lists::evenly(&self.live().table, QUESTIONS);
        let mut before = Vec::new();
        for own in questions {
            if stop() {
                return Ok(None);
            }
            let live = self.live();
            live.whole()?;
            let vector = live.table.vector(own);
            let all = live.table.passing(None);
            let asked = Asked { vector: &vector, results: NEAREST + 1, passing: &all, expected: &[] };
            let hits = scan::nearest(&live.table, &asked).hits;
            let others = hits.iter().filter_map(|hit| live.table.row_of(&hit.id)).filter(|row| *row != own);
            before.extend(lists.before(&unit(&vector), others));
        }
        Ok(Some(lists.tuned(before)))
    }
}
