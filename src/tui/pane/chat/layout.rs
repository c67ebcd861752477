//! Where the parts of the chat place are: one pure function, asked by `update` and by `view`.

use ratatui::layout::Rect;

use super::{Focus, State};
use crate::tui::layout::{BESIDE, Side, Sides, sides};
use crate::tui::paint::wrap;

/// The widest that the conversation is set; more room is left at its sides.
const MAIN: u16 = 112;
/// Prompts that wait are shown in at most so many rows.
const QUEUE: usize = 3;
/// An offer below a conversation has so many rows, and leaves so many to it.
const OFFER: u16 = 14;
const KEPT: u16 = 4;

/// The areas. What is not shown is `None` or empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    pub list: Option<Rect>,
    /// Its rows, without the search line.
    pub list_rows: Option<Rect>,
    /// Vertical rules, by their column.
    pub rules: [Option<u16>; 2],
    pub drawer: Option<Rect>,
    /// Transcript, or what stands in its place.
    pub transcript: Rect,
    /// A model that can be fetched: in the place of an empty conversation, below one that has messages.
    pub offer: Option<Rect>,
    pub find: Option<Rect>,
    /// What went wrong with the last turn.
    pub failed: Rect,
    pub queue: Rect,
    /// What the path may be that is being written.
    pub candidates: Rect,
    /// The composer's ground, with the bar and the line below the text.
    pub box_area: Rect,
    /// Its text.
    pub composer: Rect,
}

impl State {
    /// The list has no room beside the conversation.
    pub(super) fn is_narrow(body: Rect) -> bool {
        body.width < BESIDE
    }

    /// The parts that the focus goes around: the drawn ones, and those that are drawn when they have it.
    pub(super) fn parts(&self, body: Rect) -> Vec<Focus> {
        let mut parts = vec![Focus::Composer];
        if self.first_run.is_some() {
            parts.push(Focus::FirstRun);
        }
        if !self.is_bare() {
            parts.push(Focus::Transcript);
        }
        let folded = self.reads_alone();
        if !folded && (self.list_open || Self::is_narrow(body) || self.focus == Focus::List) {
            parts.push(Focus::List);
        }
        if !folded && (self.drawer_open || self.focus == Focus::Settings) {
            parts.push(Focus::Settings);
        }
        parts
    }

    /// The parts in `body`.
    pub fn areas(&self, body: Rect) -> Areas {
        if self.reads_alone() {
            let mut areas = Areas::default();
            self.column(body, &mut areas);
            return areas;
        }
        let list = Side { open: self.list_open, focused: self.focus == Focus::List };
        let drawer = Side { open: self.drawer_open, focused: self.focus == Focus::Settings };
        let Sides { list, drawer, rules, main } = sides(body, list, drawer);
        let mut areas = Areas { list, rules, drawer, ..Areas::default() };
        if let Some(main) = main {
            self.column(main, &mut areas);
        }
        areas.list_rows = areas.list.map(|list| Rect { height: list.height.saturating_sub(1), ..list });
        areas
    }

    /// Rows in which something is written, searched by, or asked of the person.
    pub(super) fn foot(&self, body: Rect) -> u16 {
        let areas = self.areas(body);
        let offer = areas.offer.unwrap_or_default();
        let parts = [offer, areas.failed, areas.queue, areas.candidates, areas.box_area];
        let search = areas.list_rows.map(Rect::bottom);
        let top = parts.iter().filter(|part| !part.is_empty()).map(|part| part.y).chain(search).min();
        top.map_or(0, |top| body.bottom() - top)
    }

    /// The conversation's column: the composer below, what waits above it, the transcript in the rest.
    fn column(&self, main: Rect, areas: &mut Areas) {
        let width = main.width.min(MAIN);
        let main = Rect { x: main.x + (main.width - width) / 2, width, ..main };
        let text_width = main.width.saturating_sub(4);
        let most = (main.height / 3).clamp(1, 14);
        let rows = self.composer.rows_at(text_width, most);
        let below = self.first_run.is_some() && !self.is_bare();
        let offered = (main.height * 3 / 5).min(OFFER).min(main.height.saturating_sub(rows + 3 + KEPT));
        let mut bottom = main.bottom();
        let mut take = |rows: u16| {
            let rows = rows.min(bottom - main.y);
            bottom -= rows;
            Rect { y: bottom, height: rows, ..main }
        };
        areas.box_area = take(rows + 1);
        areas.composer = Rect {
            x: areas.box_area.x + 2.min(main.width),
            width: text_width,
            height: areas.box_area.height.saturating_sub(1),
            ..areas.box_area
        };
        areas.candidates = take(self.candidate_rows(text_width).len() as u16);
        if !self.thread.queue.is_empty() {
            areas.queue = take(self.thread.queue.len().min(QUEUE) as u16);
        }
        if let Some(error) = &self.thread.failed {
            let rows = wrap(&error.to_string(), text_width).len().min(4) as u16;
            areas.failed = take(rows);
        }
        take(1);
        if below {
            areas.offer = Some(take(offered));
            take(1);
        }
        if self.find.is_some() {
            areas.find = Some(take(1));
        }
        areas.transcript = take(u16::MAX);
        if self.first_run.is_some() && self.is_bare() {
            areas.offer = Some(areas.transcript);
        }
    }
}
