//! What the answers come to, who was chosen over whom, and what becomes of a turn: over the place, or in a dataset.

use super::{State, Wait};
use crate::domain::comparison::letter;
use crate::domain::comparison::measure::Summary;
use crate::domain::evaluation::Leaderboard;
use crate::domain::evaluation::ranking::left_apart;
use crate::domain::figures::{count, grouped, milliseconds, rate};
use crate::domain::untrusted::safe_line;
use crate::domain::usage::budget::money;
use crate::tui::app::Desk;
use crate::tui::look::Role;
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::paint::columns;
use crate::workbench::Request;
use crate::workbench::request::comparisons::Comparisons;
use crate::workbench::request::datasets::Datasets;

impl State {
    /// Asks what each column's answers come to, over the turns of all pages.
    pub(super) fn ask_for_summary(&mut self, desk: &mut Desk<'_>) {
        let Some(comparison) = &self.comparison else { return };
        // The figures are of all pages: one that is hidden would be told of too.
        if (0..comparison.pages.len()).any(|page| self.is_hidden_on(page)) {
            return desk.say(if comparison.pages.len() > 1 {
                "Choose on every page first: the figures would tell who answers."
            } else {
                "Choose first: that would tell who answers."
            });
        }
        let id = comparison.id;
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
        let head =
            ["", "answers", "failed", "first", "95 %", "total", "95 %", "tok/s", "tok in", "tok out", "cost"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        let names = self.names();
        for (place, at) in self.order().into_iter().enumerate() {
            let (Some(name), Some(summary)) = (names.get(at), columns.get(at)) else { continue };
            rows.push(row(place, name, summary));
        }
        let room = desk.area.width.saturating_sub(12);
        // What gives way first where there is no room for all.
        let (rows, gone) = fitting(rows, room, &[8, 9, 4, 6, 7, 3, 2]);
        let mut lines = Line::table(&rows);
        lines.extend([Line::blank(), Line::of(&told(&gone), Role::Faint)]);
        desk.overlays.push(Overlay::Reading(Box::new(Reading::new(title, lines))));
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

/// What the figures mean, without those of columns that are `gone`.
fn told(gone: &[usize]) -> String {
    let said = [
        (3, "first: time to the first piece, half of the answers were so quick."),
        (5, "total: the whole time of half of the answers."),
        (4, "95 %: 95 of a hundred were so quick, told from 20 answers on."),
        (7, "tok/s is over the time in which an answer came."),
        (10, "Costs are estimates."),
    ];
    // Either of the two columns of that name.
    let shown = |at: usize| !gone.contains(&at) || at == 4 && !gone.contains(&6);
    said.into_iter().filter(|(at, _)| shown(*at)).map(|(_, words)| words).collect::<Vec<_>>().join(" ")
}

/// The same of the leaderboard.
fn ranked(gone: &[usize]) -> String {
    let shown = |at: &usize| !gone.contains(at);
    let mut said = "rating: Bradley and Terry's strengths as Elo points".to_owned();
    said.push_str(if shown(&3) { ", with the interval of 95 %; " } else { "; " });
    said.push_str("rank: the best and the worst that their intervals of 95 % allow. ");
    let counts = [(4, "won"), (5, "lost"), (6, "tied"), (7, "bad")].into_iter().filter(|(at, _)| shown(at));
    let counts: Vec<&str> = counts.map(|(_, name)| name).collect();
    match counts.split_last() {
        Some((last, [])) => said.extend([last, " is of pairs; "]),
        Some((last, rest)) => said.extend([&rest.join(", "), " and ", last, " are of pairs; "]),
        None => {}
    }
    said.push_str("win rate: what was won, and half of what was tied or both bad, among all");
    said.push_str(if shown(&9) { ", with Wilson's interval of 95 %." } else { "." });
    said
}

fn row(place: usize, name: &str, of: &Summary) -> Vec<String> {
    let nothing = || "–".to_owned();
    let time = |ms: Option<u32>| ms.map_or_else(nothing, milliseconds);
    vec![
        format!("{} {name}", letter(place)),
        grouped(of.answers),
        grouped(of.failed),
        time(of.first_p50),
        time(of.first_p95),
        time(of.total_p50),
        time(of.total_p95),
        of.per_second.map_or_else(nothing, rate),
        grouped(of.input),
        grouped(of.output),
        of.cost.map_or_else(nothing, money),
    ]
}

/// The leaderboard, to be read.
pub(super) fn board(
    board: &Leaderboard,
    (categories, of): (&[String], Option<&str>),
    apart: u64,
    room: u16,
) -> Overlay {
    let mut lines = Vec::new();
    let whose = of.map_or_else(
        || "every choice that was made here".to_owned(),
        |of| format!("the choices about {}", safe_line(of)),
    );
    if board.rows.is_empty() {
        lines.push(Line::of("Nobody has chosen yet.", Role::Muted));
    } else {
        let (rows, gone) = fitting(board.table(), room, &[9, 7, 6, 3, 5, 4]);
        lines.extend(Line::table(&rows));
        lines.extend([
            Line::blank(),
            Line::of(&format!("{} of {whose}.", count(board.battles, "battle", "battles")), Role::Muted),
            Line::of(&ranked(&gone), Role::Faint),
        ]);
        if apart > 0 {
            lines.push(Line::of(&format!("{}.", left_apart(apart)), Role::Muted));
        }
        lines.extend(board.unrated().iter().map(|why| Line::of(&format!("{}.", safe_line(why)), Role::Warn)));
    }
    let title = match of {
        Some(category) => format!("Who was chosen over whom, about {}", safe_line(category)),
        None => "Who was chosen over whom".to_owned(),
    };
    let reading = Reading::new(&title, lines);
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

/// The rows without as many of these columns, the first ones first, as there is no room for; and which those are.
fn fitting(mut rows: Vec<Vec<String>>, room: u16, less: &[usize]) -> (Vec<Vec<String>>, Vec<usize>) {
    let mut gone: Vec<usize> = Vec::new();
    for at in less {
        let wide = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(cell)).max();
        let all: u16 = (0..).map_while(wide).map(|width| width + 2).sum();
        if all <= room + 2 {
            break;
        }
        let now = at - gone.iter().filter(|before| *before < at).count();
        rows.iter_mut().filter(|row| now < row.len()).for_each(|row| drop(row.remove(now)));
        gone.push(*at);
    }
    (rows, gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_explains_no_column_that_is_not_shown() {
        let row = ["A a/b", "1", "0", "90 ms", "–", "1.0 s", "–", "30", "10", "20", "$0.00"];
        let rows = vec![row.map(str::to_owned).to_vec()];
        let (all, gone) = fitting(rows.clone(), 200, &[8, 9, 4, 6, 7, 3, 2]);
        assert_eq!((all, &gone), (rows.clone(), &Vec::new()));
        assert!(told(&gone).contains("95 %") && told(&gone).contains("tok/s"));
        let (fewer, gone) = fitting(rows, 34, &[8, 9, 4, 6, 7, 3, 2]);
        assert_eq!((fewer[0].len(), &gone), (6, &vec![8, 9, 4, 6, 7]));
        assert!(!told(&gone).contains("95 %") && !told(&gone).contains("tok/s"), "{}", told(&gone));
        assert!(told(&gone).contains("first:") && told(&[8, 9, 4]).contains("95 %"));
        assert!(ranked(&[]).contains("won, lost, tied and bad are") && ranked(&[]).contains("Wilson"));
        let narrow = ranked(&[9, 7, 6, 3]);
        assert!(narrow.contains("won and lost are") && !narrow.contains("Wilson"), "{narrow}");
        assert!(!ranked(&[9, 7, 6, 3, 5, 4]).contains("pairs"));
    }
}
