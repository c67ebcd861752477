//! The lists of a base: read when somebody asks, made at the end of a sync, and anew at the end of one by which a quarter as many
//! rows have come as are in them. A generation that is written anew has them from the one before it.
//!
//! A question never waits for that. Rows that are in no list yet are all compared, and so are all rows where there are no lists.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use super::Inner;
use super::bits::Bits;
use super::centres::{AT_ONCE, Centres, ROUNDS, Rows};
use super::frame::unit;
use super::generation::Live;
use super::lists::{self, Lists, NEAREST, QUESTIONS};
use super::scan::{self, Asked, spare_threads};
use super::table::Table;
use crate::domain::Result;
use crate::domain::knowledge::sync::Sorting;
use crate::domain::knowledge::vectors::Probed;
use crate::index::Nearest;
use crate::store::Shelf;

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
        lists.probe(&unit(&query.vector), &live.table, (passing, among), query.results)
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
                "they are those of other passages, or another outcrop made them".to_owned()
            }
            Err(error) => error.why,
        };
        tracing::warn!(%why, "lists of passages are of no use; all are compared until the next sync has made them");
        None
    }

    /// Writes the lists beside what lives of a base where that is written anew, as the rows of `anew`.
    pub(super) fn carry_lists(live: &Live, anew: &Table, own: &Shelf) -> Result<()> {
        let kept = Self::lists(live).and_then(|lists| lists.kept(&live.table, anew));
        kept.map_or(Ok(()), |lists| own.write(FILE, &lists.encode()))
    }

    /// Has every row in a list, where that pays and too many are in none. `on` is told how far it is, and says whether to go on; where
    /// not, all is as it was. Questions and acts go on meanwhile, and a processor is left to them.
    pub(super) fn list(&self, on: &dyn Fn(Sorting) -> bool) -> Result<()> {
        let _numbers = self.numbers();
        let (living, rows, sample) = {
            let live = self.live();
            live.whole()?;
            let (living, rows) = (live.table.counts().passages, live.table.rows.len());
            let suffices = |lists: &Arc<Lists>| !lists.outgrown(rows, living as usize);
            if !self.search.by_lists(living, self.pays) || Self::lists(&live).is_some_and(suffices) {
                return Ok(());
            }
            let some = lists::evenly(&live.table, lists::sample(living as usize));
            (living as usize, rows, lists::highs(&live.table, some.into_iter()))
        };
        let Some(lists) = self.made(living, &sample, &Way::new(&sample, (living, rows), on))? else {
            return Ok(());
        };
        let shelf = self.live().shelf.clone();
        // Where that fails the next sync tries again: the lists are those that were until then.
        shelf.write(FILE, &lists.encode())?;
        self.live_mut().lists = OnceLock::from(Some(Arc::new(lists)));
        Ok(())
    }

    /// Lists of all rows, their centres found in a sample of those that live; none where it is not to go on.
    fn made(&self, living: usize, sample: &Rows, way: &Way<'_>) -> Result<Option<Lists>> {
        if sample.scales.is_empty() || way.step(0).is_none() {
            return Ok(None);
        }
        let Some(centres) = Centres::of(sample, lists::many(living), &|more| way.step(more)) else {
            return Ok(None);
        };
        let mut of = Vec::new();
        loop {
            let next = {
                let live = self.live();
                live.whole()?;
                let to = live.table.rows.len().min(of.len() + AT_ONCE);
                if of.len() == to {
                    break;
                }
                lists::highs(&live.table, of.len()..to)
            };
            of.extend(centres.nearest(&next));
            if way.step(next.len()).is_none() {
                return Ok(None);
            }
        }
        let lists = Lists::of(centres, of, &self.live().table);
        self.tuned(lists, way)
    }

    /// As many rows of the lists are compared as some passages, taken for questions, need to find their neighbours.
    fn tuned(&self, lists: Lists, way: &Way<'_>) -> Result<Option<Lists>> {
        let questions = lists::evenly(&self.live().table, QUESTIONS);
        let mut before = Vec::new();
        for own in questions {
            {
                let live = self.live();
                live.whole()?;
                let vector = live.table.vector(own);
                let all = live.table.passing(None);
                let asked = Asked { vector: &vector, results: NEAREST + 1, passing: &all, expected: &[] };
                let hits = scan::nearest_on(spare_threads(), &live.table, &asked).hits;
                let others = hits.iter().filter_map(|hit| live.table.row_of(&hit.id));
                before.extend(lists.before(&unit(&vector), others.filter(|row| *row != own)));
            }
            if way.step(way.question).is_none() {
                return Ok(None);
            }
        }
        Ok(Some(lists.tuned(before)))
    }
}

/// How far lists are that are made. A step is one vector that is compared with all centres.
struct Way<'a> {
    done: Cell<usize>,
    of: usize,
    /// A question that is compared with all rows takes so many steps.
    question: usize,
    on: &'a dyn Fn(Sorting) -> bool,
}

impl<'a> Way<'a> {
    fn new(sample: &Rows, (living, rows): (usize, usize), on: &'a dyn Fn(Sorting) -> bool) -> Self {
        let question = rows.div_ceil(lists::many(living));
        Self { done: Cell::new(0), of: ROUNDS * sample.len() + rows + QUESTIONS * question, question, on }
    }

    /// So many steps more are done; `None` where no other is to follow.
    fn step(&self, more: usize) -> Option<()> {
        // Rows may come meanwhile.
        let done = (self.done.get() + more).min(self.of);
        self.done.set(done);
        (self.on)(Sorting { done: done as u64, of: self.of as u64 }).then_some(())
    }
}
