//! What the answers come to, who was chosen over whom, and what becomes of a turn: over the place, or in a dataset.

use super::{Lane, State, Wait};
use crate::domain::comparison::letter;
use crate::domain::comparison::measure::Summary;
use crate::domain::evaluation::Leaderboard;
use crate::domain::figures::{count, grouped, milliseconds, rate};
use crate::domain::usage::budget::money;
use crate::tui::app::Desk;
use crate::tui::look::Role;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::reading::{Line, Reading};
use crate::workbench::Request;
use crate::workbench::request::comparisons::Comparisons;
use crate::workbench::request::datasets::Datasets;

impl State {
    /// Asks what each column's answers come to, over the turns of all pages.
    pub(super) fn ask_for_summary(&mut self, desk: &mut Desk<'_>) {
        if self.may_not_tell(desk) {
            return;
        }
        let Some(id) = self.comparison.as_ref().map(|comparison| comparison.id) else { return };
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
        let mut lines = Line::table(&rows);
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

    /// Asks who was chosen over whom.
    pub(super) fn ask_for_board(&mut self, desk: &mut Desk<'_>) {
        let request = Comparisons::Leaderboard { category: None };
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
pub(super) fn board(board: &Leaderboard, categories: &[String]) -> Overlay {
    let mut lines = Vec::new();
    if board.rows.is_empty() {
        lines.push(Line::of("Nobody has chosen yet.", Role::Muted));
    } else {
        lines.extend(Line::table(&board.table()));
        lines.extend([
            Line::blank(),
            Line::of(&format!("{} of every choice that was made here.", count(board.battles, "battle", "battles")), Role::Muted),
            Line::of(
                "rating: Bradley and Terry's strengths as Elo points, with the interval of 95 %; won and lost are of pairs, a \
                 tie and both bad count a half for each.",
                Role::Faint,
            ),
        ]);
        if let Some(why) = board.rows.iter().find_map(|row| row.rating.as_ref().err()) {
            lines.push(Line::of(&format!("Where there is no rating: {}.", why.words()), Role::Warn));
        }
    }
    if !categories.is_empty() {
        let words = format!(
            "Categories: {}. `outcrop comparisons leaderboard --category` tells of one.",
            categories.join(", ")
        );
        lines.push(Line::of(&words, Role::Faint));
    }
    Overlay::Reading(Box::new(Reading::new("Who was chosen over whom", lines)))
}
