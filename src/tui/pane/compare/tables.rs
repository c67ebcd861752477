//! What the answers come to, who was chosen over whom, and what becomes of a turn: over the place, or in a dataset.

use super::{State, Wait};
use crate::domain::comparison::letter;
use crate::domain::comparison::measure::Summary;
use crate::domain::evaluation::Leaderboard;
use crate::domain::evaluation::ranking::{left_apart, ranks_nobody};
use crate::domain::figures::{count, grouped, milliseconds, rate};
use crate::domain::untrusted::safe_line;
use crate::domain::usage::budget::money;
use crate::tui::app::Desk;
use crate::tui::look::Role;
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::overlay::table::Table;
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::Request;
use crate::workbench::request::comparisons::Comparisons;
use crate::workbench::request::datasets::Datasets;

impl State {
    /// Asks what each column's answers come to, over the turns of all pages.
    pub(super) fn ask_for_summary(&mut self, desk: &mut Desk<'_>) {
        let Some(comparison) = &self.comparison else { return };
        let id = comparison.id;
        // The figures are of all pages: one that is hidden would be told of too.
        if self.hides_a_page(desk) {
            return;
        }
        let task = desk.call(None, Request::Comparisons(Comparisons::Summary { id }));
        self.waits.insert(task, Wait::Summary);
    }

    /// They are here, in the order of the columns.
    pub(super) fn show_summary(&self, columns: &[Summary], desk: &mut Desk<'_>) {
        if self.may_not_tell(desk) {
            return;
        }
        let pages = self.comparison.as_ref().map_or(0, |comparison| comparison.pages.len());
        let title = if pages > 1 { "What the answers of all pages took" } else { "What the answers took" };
        let head = [
            "",
            "answers",
            "failed",
            "first",
            "first 95 %",
            "total",
            "total 95 %",
            "tok/s",
            "tok in",
            "tok out",
            "cost",
        ];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        let names = self.names();
        for (place, at) in self.order().into_iter().enumerate() {
            let (Some(name), Some(summary)) = (names.get(at), columns.get(at)) else { continue };
            rows.push(row(place, name, summary));
        }
        let table = Table::parted(rows, &[8, 9, 4, 6, 7, 3, 2]);
        let lines = vec![Line::blank(), Line::of(TOLD, Role::Faint)];
        desk.overlays.push(Overlay::Reading(Box::new(Reading::tabled(title, table, lines))));
    }

    /// Asks who was chosen over whom, in one category or in all.
    pub(super) fn ask_for_board_of(&mut self, category: Option<String>, desk: &mut Desk<'_>) {
        self.board.clone_from(&category);
        let request = Comparisons::Leaderboard { category };
        let task = desk.call(None, Request::Comparisons(request));
        self.waits.insert(task, Wait::Board);
    }

    /// Asks for the dataset that the last turn goes into.
    pub(super) fn ask_for_dataset(&self, desk: &mut Desk<'_>) {
        if self.may_not_tell(desk) {
            return;
        }
        if !self.all_ended() {
            return desk.say("Add it when all of them have answered.");
        }
        desk.overlays.push(Overlay::Prompt(Prompt::dataset(&self.dataset)));
    }

    /// Adds the last turn of this page with every answer to a dataset.
    pub(super) fn add_to_dataset(&mut self, dataset: String, desk: &mut Desk<'_>) {
        let Some(comparison) = &self.comparison else { return };
        self.dataset.clone_from(&dataset);
        let page = u32::try_from(self.page).unwrap_or(u32::MAX);
        let request = Datasets::FromComparison { comparison: comparison.id, page, turn: None, dataset };
        let task = desk.call(None, Request::Datasets(request));
        self.waits.insert(task, Wait::Add);
    }
}

/// What the figures mean.
const TOLD: &str = "first: time to the first piece, half of the answers were so quick. total: the whole time of half of the \
    answers. 95 %: 95 of a hundred were so quick, told from 20 answers on. tok/s is over the time in which an answer came. \
    Costs are estimates.";

/// The same of the leaderboard.
const RANKED: &str = "rating: Bradley and Terry's strengths as Elo points, with the interval of 95 %; rank: the best and the \
    worst that their intervals of 95 % allow. won, lost, tied and bad are of pairs; win rate: what was won, and half of what \
    was tied or both bad, among all, with Wilson's interval of 95 %.";

fn row(place: usize, name: &str, of: &Summary) -> Vec<String> {
    let nothing = || "–".to_owned();
    let time = |ms: Option<u32>| ms.map_or_else(nothing, milliseconds);
    let tokens = |sum: Option<u64>| match sum {
        None if of.answers > 0 => "?".to_owned(),
        sum => sum.map_or_else(nothing, grouped),
    };
    vec![
        format!("{} {name}", letter(place)),
        grouped(of.answers),
        grouped(of.failed),
        time(of.first_p50),
        time(of.first_p95),
        time(of.total_p50),
        time(of.total_p95),
        of.per_second.map_or_else(nothing, rate),
        tokens(of.input),
        tokens(of.output),
        match of.cost {
            None if of.answers > 0 => "$?".to_owned(),
            cost => cost.map_or_else(nothing, money),
        },
    ]
}

/// The leaderboard, to be read.
pub(super) fn board(
    board: &Leaderboard,
    (categories, of): (&[String], Option<&str>),
    (apart, unranked): (u64, u64),
) -> Overlay {
    let (mut table, mut lines) = (None, Vec::new());
    let whose = of.map_or_else(
        || "every choice made here".to_owned(),
        |of| format!("the choices about {}", safe_line(of)),
    );
    if board.rows.is_empty() && unranked == 0 {
        let about = of.map_or_else(String::new, |of| format!(" about {}", safe_line(of)));
        let none = format!(
            "Nobody has chosen{about} yet: say of a comparison which answer is the best, and it counts here."
        );
        lines.push(Line::of(&none, Role::Muted));
    } else if !board.rows.is_empty() {
        table = Some(Table::parted(board.table(), &[9, 7, 6, 3, 5, 4]));
        lines.extend([
            Line::blank(),
            Line::of(&format!("{}: {whose}.", count(board.battles, "battle", "battles")), Role::Muted),
            Line::of(RANKED, Role::Faint),
        ]);
        if apart > 0 {
            lines.push(Line::of(&format!("{}.", left_apart(apart)), Role::Muted));
        }
        let missing = board.unrated().into_iter().chain(board.without_win_rates());
        lines.extend(missing.map(|why| Line::of(&format!("{}.", safe_line(&why)), Role::Warn)));
    }
    if unranked > 0 {
        lines.push(Line::of(&format!("{}.", ranks_nobody(unranked)), Role::Muted));
    }
    let title = match of {
        Some(category) => format!("Who was chosen over whom, about {}", safe_line(category)),
        None => "Who was chosen over whom".to_owned(),
    };
    let reading = match table {
        Some(table) => Reading::tabled(&title, table, lines),
        None => Reading::new(&title, lines),
    };
    // All, then one category after the other.
    let next = match of {
        None => categories.first(),
        Some(now) => categories.iter().skip_while(|category| *category != now).nth(1),
    };
    Overlay::Reading(Box::new(if categories.is_empty() {
        reading
    } else {
        reading.offering(
            'c',
            if next.is_some() { "next category" } else { "all" },
            Choice::Board(next.cloned()),
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_that_is_not_known_is_said_as_elsewhere() {
        let cost = |answers, cost| row(0, "a/b", &Summary { answers, cost, ..Summary::default() }).pop();
        assert_eq!(cost(3, None).as_deref(), Some("$?"));
        assert_eq!(cost(0, None).as_deref(), Some("–"), "nothing was answered");
        assert_eq!(cost(3, Some(0.0)), Some(money(0.0)));
    }

    #[test]
    fn tokens_that_are_not_known_are_no_zero() {
        let tokens =
            |answers, input| row(0, "a/b", &Summary { answers, input, ..Summary::default() }).remove(8);
        assert_eq!([tokens(3, None), tokens(0, None), tokens(3, Some(0))], ["?", "–", "0"]);
    }
}
