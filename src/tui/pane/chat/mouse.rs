//! What the mouse does where.

use ratatui::layout::Position;

use super::list::Row;
use super::{Focus, State};
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::event::{Button, Mouse, MouseKind};
use crate::tui::setup::drawer::rows;
use crate::tui::setup::view::row_at;
use crate::tui::widget::transcript::{Part, Selection};

/// Rows of one turn of the wheel.
const WHEEL: i64 = 3;

impl State {
    /// Takes a mouse event at a cell of the screen.
    pub fn mouse(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let at = Position { x: mouse.column, y: mouse.row };
        match mouse.kind {
            MouseKind::Down(Button::Left) => self.click(at, desk),
            MouseKind::Drag(Button::Left) => self.drag(at, desk),
            MouseKind::Up(Button::Left) => self.release(desk),
            MouseKind::ScrollUp => self.wheel(at, -WHEEL, desk),
            MouseKind::ScrollDown => self.wheel(at, WHEEL, desk),
            _ => {}
        }
    }

    fn wheel(&mut self, at: Position, rows: i64, desk: &mut Desk<'_>) {
        let areas = self.areas(desk.area);
        if areas.list.is_some_and(|list| list.contains(at)) {
            self.list.step(rows as isize);
            self.refit(desk);
            self.more(desk);
        } else if areas.drawer.is_some_and(|drawer| drawer.contains(at)) {
            self.drawer.step(rows.signum() as isize);
        } else {
            self.scroll_by(rows, desk);
        }
    }

    fn click(&mut self, at: Position, desk: &mut Desk<'_>) {
        let areas = self.areas(desk.area);
        self.unmark();
        if let Some(rows) = areas.list_rows.filter(|rows| rows.contains(at)) {
            let row = self.list.rows(desk.wall()).nth(self.list.top + usize::from(at.y - rows.y));
            if let Some(Row::Entry(place) | Row::Snippet(place)) = row {
                self.list.selected = place;
                self.open_selected(desk);
            } else {
                self.focus = Focus::List;
            }
        } else if areas.list.is_some_and(|list| list.contains(at)) {
            self.start_search(desk);
        } else if let Some(area) = areas.drawer.filter(|drawer| drawer.contains(at)) {
            self.focus = Focus::Settings;
            if let Some(place) = row_at(area, at.y, self.drawer.selected).filter(|p| *p < rows().len()) {
                let again = self.drawer.selected == place;
                self.drawer.choose(place);
                if again {
                    self.change_setting(desk);
                }
            }
        } else if areas.box_area.contains(at) && at.y + 1 == areas.box_area.bottom() {
            // What is asked with.
            self.focus = Focus::Composer;
            if self.thread.agent.is_some() {
                self.choose_agent(None, desk);
            } else {
                self.choose_model(desk);
            }
        } else if areas.box_area.contains(at) {
            self.focus = Focus::Composer;
            self.composer.click_near(at, areas.composer);
        } else if areas.find.is_some_and(|find| find.contains(at)) {
            self.start_find();
        } else if areas.offer.is_some_and(|offer| offer.contains(at)) {
            self.focus = Focus::FirstRun;
        } else if areas.transcript.contains(at) {
            self.click_transcript(at, desk);
        }
    }

    fn click_transcript(&mut self, at: Position, desk: &mut Desk<'_>) {
        let geometry = self.geometry(desk);
        if geometry.thumb.is_some() && at.x + 1 == geometry.area.right() {
            self.pulling = true;
            return self.pull_bar(at, desk);
        }
        let Some(hit) = geometry.hit(at.x, at.y) else { return };
        self.focus = Focus::Transcript;
        self.at = Some(hit.message);
        match hit.part {
            Part::Fold(_) => self.toggle_fold(desk),
            Part::Branch => self.branch(1, Some(hit.message), desk),
            _ => {
                if let Some(position) = hit.position {
                    self.selection = Some(Selection { from: position, to: position });
                    self.dragging = true;
                }
            }
        }
    }

    /// The scrollbar follows the mouse.
    fn pull_bar(&mut self, at: Position, desk: &mut Desk<'_>) {
        let area = self.areas(desk.area).transcript;
        let rows = f64::from(area.height.saturating_sub(1).max(1));
        let share = f64::from(at.y.saturating_sub(area.y)) / rows;
        let items = self.items("");
        let scroll = self.transcript(&items).at_share(area, share);
        self.scroll = scroll;
        self.scroll_by(0, desk);
    }

    fn drag(&mut self, at: Position, desk: &mut Desk<'_>) {
        if self.pulling {
            return self.pull_bar(at, desk);
        }
        if !self.dragging {
            let areas = self.areas(desk.area);
            if self.focus == Focus::Composer && areas.composer.contains(at) {
                self.composer.click(at.x - areas.composer.x, at.y - areas.composer.y, true);
            }
            return;
        }
        let area = self.areas(desk.area).transcript;
        // Beyond the edge, the text comes along.
        if at.y < area.top() || at.y == 0 {
            self.scroll_by(-1, desk);
        } else if at.y >= area.bottom() {
            self.scroll_by(1, desk);
        }
        let nearest = self.geometry(desk).nearest(at.x, at.y);
        if let (Some(selection), Some(to)) = (&mut self.selection, nearest) {
            selection.to = to;
        }
    }

    fn release(&mut self, desk: &mut Desk<'_>) {
        if std::mem::take(&mut self.pulling) {
            return;
        }
        if !std::mem::take(&mut self.dragging) {
            return;
        }
        match self.selection {
            Some(selection) if selection.from != selection.to => {
                let text = selection.text(&self.items(""));
                if !text.is_empty() {
                    desk.ask(Effect::Copy(text));
                }
            }
            _ => self.selection = None,
        }
    }
}
