//! What the answers come to, who was chosen over whom, and what becomes of a turn: over the place, or in a dataset.

use super::{Lane, State, Wait};
use crate::domain::comparison::letter;
use crate::domain::comparison::measure::Summary;
use crate::domain::evaluation::Leaderboard;
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
        for (place, at) in self.order().into_iter().enumerate() {
            let (Some(lane), Some(summary)) = (self.lanes.get(at), columns.get(at)) else { continue };
            rows.push(row(place, lane, summary));
        }
        let room = desk.area.width.saturating_sub(12);
        // What gives way first where there is no room for all.
        let mut lines = Line::table(&fitting(rows, room, &[8, 9, 4, 6, 7, 3, 2]));
        lines.extend([
            Line::blank(),
            Line::of(
                "first: time to the first piece, half of the answers were so quick; 95 %: 95 of a hundred were, told from \
                 20 answers on. tok/s is over the time in which an answer came. Costs are estimates.",
                Role::Faint,
            ),
        ]);
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

fn row(place: usize, lane: &Lane, of: &Summary) -> Vec<String> {
    let nothing = || "–".to_owned();
    let time = |ms: Option<u32>| ms.map_or_else(nothing, milliseconds);
    let name = lane.column().map_or_else(String::new, |column| column.contestant());
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
pub(super) fn board(board: &Leaderboard, categories: &[String], of: Option<&str>, room: u16) -> Overlay {
    let mut lines = Vec::new();
    let whose = of.map_or_else(
        || "every choice that was made here".to_owned(),
        |of| format!("the choices about {}", safe_line(of)),
    );
    if board.rows.is_empty() {
        lines.push(Line::of("Nobody has chosen yet.", Role::Muted));
    } else {
        lines.extend(Line::table(&fitting(board.table(), room, &[9, 7, 6, 3, 5, 4])));
        lines.extend([
            Line::blank(),
            Line::of(&format!("{} of {whose}.", count(board.battles, "battle", "battles")), Role::Muted),
            Line::of(
                "rating: Bradley and Terry's strengths as Elo points, with the interval of 95 %; rank: the best and the worst \
                 that the intervals allow. won, lost, tied and bad are of pairs; win rate: what was won, and half of what \
                 was tied or both bad, among all, with Wilson's interval of 95 %.",
                Role::Faint,
            ),
        ]);
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

/// The rows without as many of these columns, the first ones first, as there is no room for.
fn fitting(mut rows: Vec<Vec<String>>, room: u16, less: &[usize]) -> Vec<Vec<String>> {
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
    rows
}
