//! A trace as it is looked at: its rows with all that is reckoned of them, made once, away from the screen's thread, and shared.
//!
//! Never here: what is shown of it, and where.

mod steps;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::domain::trace::lint::{self, Finding, Lint};
use crate::domain::trace::outline::{Outline, Row};
use crate::domain::trace::tree::Stretch;
use crate::domain::trace::{Packed, Rollups, SpanKey, TraceId, Tree, failing};
use crate::domain::untrusted::brief;

/// Columns of a name in a title.
const NAMED: usize = 40;

pub use steps::{Step, Steps};

/// Rows of a trace by what they took of their own, so many: beyond them nobody steps.
const SLOWEST: usize = 100;

/// What something is said of, or handed on: a run or a span of it, as it was when a person began. What comes meanwhile moves
/// rows, and whoever stands at the end of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub id: TraceId,
    /// The row of the span; `None` of the run as a whole.
    pub row: Option<u32>,
    pub span: Option<SpanKey>,
    pub name: String,
    /// The model that was asked in it, or the agent whose answer is handed on; empty for none.
    pub model: String,
}

impl Target {
    /// For a title: `the span chat gpt-4o`.
    pub fn words(&self) -> String {
        let what = if self.row.is_some() { "the span" } else { "the run" };
        let name = brief(&self.name, NAMED);
        if name.is_empty() { what.to_owned() } else { format!("{what} {name}") }
    }
}

/// What a call of a model becomes a row of a dataset for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFor {
    /// Whatever is made of the dataset some time.
    Later,
    /// An evaluation, which is put together at once.
    Raters,
}

/// Rows as they came through the door.
#[derive(Clone, PartialEq, Eq)]
pub struct Want {
    /// Whoever asked knows it again by this.
    pub number: u64,
    pub packs: Arc<Vec<Packed>>,
}

impl fmt::Debug for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Want({}, {} packs)", self.number, self.packs.len())
    }
}

/// The rows, and what is reckoned of them.
#[derive(Debug, Default)]
pub struct Trace {
    pub outline: Outline,
    pub tree: Tree,
    pub sums: Rollups,
    /// What looks wrong in it, as its rows tell.
    pub findings: Vec<Finding>,
    /// The rows in which something failed, none that failed of one below it, in the order of the tree.
    pub causes: Vec<u32>,
    /// What of it reads as a conversation.
    pub steps: Steps,
    /// The first start and the last end.
    time: (u64, u64),
    /// Nanoseconds of each row's own.
    own: Vec<u64>,
    /// The critical path of the longest root, by rows; of what runs it has no end.
    path: Vec<Stretch>,
    /// The rows that took the most of their own, the slowest first.
    slow: Vec<u32>,
    /// Rows in which something looks wrong.
    flagged: Vec<bool>,
}

/// A trace that several look at. One is the same as another where it is that very one.
#[derive(Clone)]
pub struct Shared(Arc<Trace>);

impl Deref for Shared {
    type Target = Trace;

    fn deref(&self) -> &Trace {
        &self.0
    }
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({} rows)", self.0.outline.rows.len())
    }
}

impl Trace {
    /// Lays rows out; `None` where the bytes make no sense. Blocks, for a tenth of a second in a hundred thousand rows.
    pub fn of(packs: &[Packed]) -> Option<Shared> {
        let mut outline = Outline::default();
        for pack in packs {
            pack.unpack(&mut outline)?;
        }
        Some(Shared(Arc::new(Self::over(outline))))
    }

    /// What is reckoned of an outline.
    fn over(outline: Outline) -> Self {
        let tree = Tree::of(&outline);
        let sums = Rollups::of(&outline, &tree);
        let findings = lint::of_rows(&outline, &tree, &sums);
        let causes = failing::causes(&outline, &tree);
        let own = (0..outline.rows.len() as u32).map(|row| tree.own_time(row)).collect();
        let longest = tree.roots().iter().copied().max_by_key(|root| tree.duration(*root));
        let runs = |row: u32| outline.rows.get(row as usize).is_some_and(Row::is_running);
        let mut path = longest.map(|root| tree.critical(root, runs)).unwrap_or_default();
        path.sort_by_key(|stretch| (stretch.row, stretch.from));
        let slow = tree.slowest(SLOWEST);
        let time = tree.span();
        let steps = Steps::of(&outline, &tree);
        let mut flagged = vec![false; outline.rows.len()];
        // A price that nobody knows says nothing of the span.
        let of_spans = findings.iter().filter(|finding| finding.lint != Lint::UnknownPrice);
        for row in of_spans.flat_map(|finding| &finding.rows) {
            if let Some(flag) = flagged.get_mut(*row as usize) {
                *flag = true;
            }
        }
        Self { outline, tree, sums, findings, causes, steps, time, own, path, slow, flagged }
    }

    /// Rows that there are.
    pub fn len(&self) -> usize {
        self.outline.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.outline.rows.is_empty()
    }

    pub fn row(&self, at: u32) -> Option<&Row> {
        self.outline.rows.get(at as usize)
    }

    /// The name of a row.
    pub fn name(&self, at: u32) -> &str {
        self.row(at).map_or("", |row| self.outline.names.get(row.name))
    }

    /// The id of a row; `None` where its span tells none.
    pub fn key(&self, at: u32) -> Option<SpanKey> {
        self.row(at)?.key()
    }

    /// The first start and the last end, in nanoseconds since the Unix epoch.
    pub fn time(&self) -> (u64, u64) {
        self.time
    }

    /// Nanoseconds in which none of its children ran.
    pub fn own(&self, at: u32) -> u64 {
        self.own.get(at as usize).copied().unwrap_or(0)
    }

    /// The stretches of the critical path that lie in a row, by their times.
    pub fn on_path(&self, at: u32) -> &[Stretch] {
        let from = self.path.partition_point(|stretch| stretch.row < at);
        let to = self.path.partition_point(|stretch| stretch.row <= at);
        &self.path[from..to]
    }

    /// The rows that took the most of their own, the slowest first.
    pub fn slow(&self) -> &[u32] {
        &self.slow
    }

    /// Whether something looks wrong in a row.
    pub fn is_flagged(&self, at: u32) -> bool {
        self.flagged.get(at as usize).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::{Facts, SpanKey, TraceSpan};

    #[test]
    fn rows_that_came_in_packs_are_laid_out_as_one() {
        let mut outline = Outline::default();
        for (id, parent, start, end) in [(2, 1, 10, 60), (1, 0, 0, 100), (3, 1, 60, 90)] {
            let span = TraceSpan {
                id: SpanKey(id),
                parent: (parent > 0).then_some(SpanKey(parent)),
                name: format!("s{id}"),
                start,
                end,
                ..TraceSpan::default()
            };
            outline.add(&span, &Facts::default(), |_| None);
        }
        let packs = [Packed::of(&outline, 0..2), Packed::of(&outline, 2..3)];
        let trace = Trace::of(&packs).unwrap();
        assert_eq!((trace.len(), trace.tree.order(), trace.name(2)), (3, &[1, 0, 2][..], "s3"));
        assert_eq!([trace.own(0), trace.own(1), trace.own(2)], [50, 20, 30]);
        assert_eq!(trace.slow(), [0, 2, 1]);
        let stretches: Vec<_> = trace.on_path(1).iter().map(|stretch| (stretch.from, stretch.to)).collect();
        assert_eq!(stretches, [(0, 10), (90, 100)]);
        assert_eq!(trace.clone(), trace);
        assert!(Trace::of(&[Packed(vec![9, 9])]).is_none());
    }
}
