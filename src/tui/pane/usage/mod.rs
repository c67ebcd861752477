//! The usage place: what calls came to, as a table with a card and a chart of the chosen row.
//!
//! Here lives its state and what it makes of events. Never here: a figure that is reckoned anew (the report has them).

mod column;
mod place;
mod update;
mod view;

use column::Column;

use crate::domain::Error;
use crate::domain::time::Timestamp;
use crate::domain::usage::{By, Figures, HOUR, Point, Report, Row, Standing};
use crate::tui::effect::TaskId;
use crate::tui::when;

/// How far back the table goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Range {
    Day,
    #[default]
    Week,
    Month,
    All,
}

impl Range {
    const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::All];

    /// The moment from which on all counts; `None` is without end. Days count whole, today among them.
    fn since(self, now: when::Now) -> Option<Timestamp> {
        // Where a day begins within an hour, that hour is of the day before.
        let day = |days: i64| Timestamp((now.began(days - 1).0 + HOUR - 1).div_euclid(HOUR) * HOUR);
        match self {
            // The hour that has begun counts whole: so many hours with it.
            Self::Day => Some(Timestamp(now.at.0 - 23 * HOUR)),
            Self::Week => Some(day(7)),
            Self::Month => Some(day(30)),
            Self::All => None,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Day => "last 24 hours",
            Self::Week => "last 7 days",
            Self::Month => "last 30 days",
            Self::All => "all time",
        }
    }
}

/// What the place is.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    range: Range,
    by: By,
    sort: Column,
    /// The other way round than the column has it by itself.
    reversed: bool,
    /// The row that is chosen; 0 is all of them together.
    selected: usize,
    /// The first row in sight.
    top: usize,
    report: Option<Report>,
    /// The rows of the report in the order in which they are shown.
    order: Vec<usize>,
    error: Option<Error>,
    /// The report that is waited for.
    task: Option<TaskId>,
    watch: Option<TaskId>,
    /// Something was counted since the report was asked for.
    stale: bool,
    /// A delay runs after which the report is asked for again.
    pausing: bool,
    /// What comes as text, to be copied or written.
    export: Option<Export>,
}

/// Usage as text, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Export {
    task: TaskId,
    text: String,
    /// The file that it goes to, and whether that is written over; `None` for the clipboard.
    file: Option<(String, bool)>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            range: Range::default(),
            by: By::Model,
            sort: Column::Calls,
            reversed: false,
            selected: 0,
            top: 0,
            report: None,
            order: Vec::new(),
            error: None,
            task: None,
            watch: None,
            stale: false,
            pausing: false,
            export: None,
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    name: &'a str,
    figures: &'a Figures,
    series: &'a [Point],
    /// `None` for all of them together.
    row: Option<&'a Row>,
}

impl State {
    /// Lines of the table: the sum, then the rows.
    fn count(&self) -> usize {
        if self.order.is_empty() { 0 } else { self.order.len() + 1 }
    }

    /// The budgets that have a line to come to, the fullest first; so many as are shown.
    fn budgets(&self) -> Vec<&Standing> {
        const SHOWN: usize = 4;
        let all = self.report.iter().flat_map(|report| &report.budgets);
        let share = |standing: &Standing| standing.budget.stand(standing.spent).map(|(_, share)| share);
        let mut all: Vec<_> = all.filter_map(|standing| Some((share(standing)?, standing))).collect();
        all.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        all.into_iter().take(SHOWN).map(|(_, standing)| standing).collect()
    }

    fn line(&self, at: usize) -> Option<Line<'_>> {
        let report = self.report.as_ref()?;
        let Some(at) = at.checked_sub(1) else {
            let Report { total, series, .. } = report;
            return Some(Line { name: "all", figures: total, series, row: None });
        };
        let row = report.rows.get(*self.order.get(at)?)?;
        Some(Line { name: &row.name, figures: &row.figures, series: &row.series, row: Some(row) })
    }
}
