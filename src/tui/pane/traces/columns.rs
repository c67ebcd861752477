//! The columns behind the names of runs: as wide as all runs need that were read, measured when they come. So nothing moves
//! while one scrolls, and a frame measures none of them.

use super::about::{TOKENS, cost, source, time, tokens};
use crate::domain::figures::{grouped, short};
use crate::domain::trace::Run;
use crate::tui::look::Role;
use crate::tui::paint::columns;

/// Columns between two columns.
pub(super) const GAP: u16 = 2;

/// A column behind the names.
pub(super) struct Column {
    pub title: &'static str,
    /// Columns that it takes at most.
    most: u16,
    /// From this width of the place on it is shown.
    from: u16,
    /// Numbers stand at the right.
    pub number: bool,
    pub cell: fn(&Run) -> (String, Role),
}

const MANY: usize = 7;

static COLUMNS: [Column; MANY] = [
    Column { title: "took", most: 10, from: 0, number: true, cell: time },
    Column { title: "spans", most: 8, from: 0, number: true, cell: |run| (short(run.spans), Role::Muted) },
    Column {
        title: "errors",
        most: 8,
        from: 70,
        number: true,
        cell: |run| {
            if run.errors > 0 { (grouped(run.errors), Role::Bad) } else { (String::new(), Role::Muted) }
        },
    },
    Column { title: "tokens", most: TOKENS, from: 90, number: true, cell: |run| (tokens(run), Role::Muted) },
    Column { title: "cost", most: 10, from: 100, number: true, cell: |run| (cost(run), Role::Muted) },
    Column {
        title: "model",
        most: 22,
        from: 116,
        number: false,
        cell: |run| (run.model.clone(), Role::Muted),
    },
    Column {
        title: "from",
        most: 8,
        from: 128,
        number: false,
        cell: |run| (source(run.source).to_owned(), Role::Faint),
    },
];

/// A column with the width that it has, without the gap before it.
pub(super) type Shown = (&'static Column, u16);

/// The columns that the widest text of each needs; 0 of one in which no run says anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Widths([u16; MANY]);

impl Widths {
    /// Those that all of these need.
    pub fn of(runs: &[Run]) -> Self {
        let mut widths = Self::default();
        widths.widen(runs);
        widths
    }

    /// Makes room for runs that come to the others.
    pub fn widen(&mut self, runs: &[Run]) {
        for (wide, column) in self.0.iter_mut().zip(&COLUMNS) {
            for run in runs {
                // What is as wide as it may be is measured no more.
                if *wide >= column.most {
                    break;
                }
                *wide = (*wide).max(columns(&(column.cell)(run).0)).min(column.most);
            }
        }
    }

    /// The columns for which a place has the width and of which some run says something: what is left is of the runs' names,
    /// and of what was asked.
    pub fn shown(&self, width: u16) -> Vec<Shown> {
        let told = COLUMNS.iter().zip(self.0).filter(|(column, wide)| column.from <= width && *wide > 0);
        told.map(|(column, wide)| (column, wide.max(columns(column.title)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::{Outline, Source, TraceId};

    fn quiet() -> Run {
        Run { spans: 6, ..Run::of(TraceId([1; 16]), Source::Received, &Outline::default()) }
    }

    fn loud() -> Run {
        Run { errors: 1, model: "a-model-of-a-very-long-name".to_owned(), ..quiet() }
    }

    fn titled(widths: Widths, width: u16) -> Vec<(&'static str, u16)> {
        widths.shown(width).into_iter().map(|(column, wide)| (column.title, wide)).collect()
    }

    #[test]
    fn columns_are_as_wide_as_runs_need_and_those_that_say_nothing_are_not_there() {
        let titles: Vec<&str> =
            titled(Widths::of(&[quiet()]), 240).into_iter().map(|(title, _)| title).collect();
        assert_eq!(titles, ["took", "spans", "from"]);
        let shown = titled(Widths::of(&[quiet(), loud()]), 120);
        assert!(shown.contains(&("errors", 6)) && shown.contains(&("model", 22)), "{shown:?}");
        assert!(titled(Widths::of(&[]), 240).is_empty());
    }

    #[test]
    fn runs_that_come_make_columns_wider_and_never_narrower() {
        let mut widths = Widths::of(&[quiet()]);
        widths.widen(&[loud()]);
        let both = Widths::of(&[quiet(), loud()]);
        assert_eq!(widths, both);
        widths.widen(&[quiet()]);
        assert_eq!(widths, both);
    }
}
