//! Moving: in the part that has the focus, and from one part to the next.

use ratatui::layout::Rect;

use super::{Focus, State};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::setup::drawer::Row;

/// Whether it changes the value of a row of the settings where it stands.
pub(super) const fn changes(action: Action) -> bool {
    matches!(action, Action::Open | Action::Decrease | Action::Increase | Action::Reset)
}

impl State {
    /// Shows the list, or folds it away.
    pub(super) fn toggle_list(&mut self, desk: &mut Desk<'_>) {
        let shown = self.areas(desk.area).list.is_some();
        // Where there is no room for it beside the conversation, it is gone to and left.
        if State::is_narrow(desk.area) || self.reads_alone() {
            self.focus = if shown { Focus::Composer } else { Focus::List };
        } else {
            self.list_open = !shown;
            self.focus = Focus::Composer;
            if !shown && self.areas(desk.area).list.is_none() {
                self.focus = Focus::List;
            }
        }
        self.remember(desk);
    }

    /// Shows the settings, or folds them away. What they take the room of is said.
    pub(super) fn toggle_settings(&mut self, desk: &mut Desk<'_>) {
        let before = self.areas(desk.area);
        let shown = before.drawer.is_some();
        self.drawer_open = !shown;
        self.focus = if shown { Focus::Composer } else { Focus::Settings };
        let after = self.areas(desk.area);
        if before.list.is_some() && after.list.is_none() && !State::is_narrow(desk.area) {
            desk.say("The list comes back when the settings close; there is no room for both.");
        }
        self.remember(desk);
    }

    /// Moves in the part that has the focus.
    pub(super) fn move_in(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = self.areas(desk.area).list_rows.map_or(1, |rows| rows.height.max(2)) as isize;
        match self.focus {
            Focus::Transcript if self.marks() => self.mark_on(action, desk),
            Focus::Transcript => match action {
                Action::SelectNext => self.step_message(1, desk),
                Action::SelectPrevious => self.step_message(-1, desk),
                Action::SelectFirst => self.end_message(false, desk),
                Action::SelectLast => self.end_message(true, desk),
                _ => self.scroll_as(action, desk),
            },
            Focus::Composer | Focus::Find => self.scroll_as(action, desk),
            Focus::List => {
                match action {
                    Action::SelectNext => self.list.step(1),
                    Action::SelectPrevious => self.list.step(-1),
                    Action::SelectFirst => self.list.step(isize::MIN),
                    Action::SelectLast => self.list.go_to_end(),
                    Action::HalfPageDown => self.list.step(page / 2),
                    Action::HalfPageUp => self.list.step(-page / 2),
                    Action::PageDown => self.list.step(page - 1),
                    Action::PageUp => self.list.step(1 - page),
                    Action::Open => self.open_selected(desk),
                    _ => {}
                }
                self.more(desk);
            }
            Focus::Settings if changes(action) && !self.heeds_row() => self.say_whose(desk),
            Focus::Settings => {
                let standing = self.standing();
                let changed = self.drawer.go(action, &self.thread.setup.settings, &standing);
                match action {
                    Action::Open => self.change_setting(desk),
                    Action::Reset if self.drawer.row() == Row::System => self.set_system("", desk),
                    _ => {}
                }
                if let Some(settings) = changed {
                    self.set_settings(settings, desk);
                }
            }
            Focus::FirstRun => match action {
                Action::Accept => self.pull(desk),
                Action::SelectNext | Action::SelectPrevious => {
                    let steps = if action == Action::SelectNext { 1 } else { -1 };
                    if self.first_run.as_mut().is_some_and(|first| first.step(steps)) {
                        self.plan(desk);
                    }
                }
                _ => {}
            },
        }
    }

    pub(super) fn turn_focus(&mut self, steps: isize, body: Rect) {
        let parts = self.parts(body);
        let now = parts.iter().position(|part| *part == self.focus).unwrap_or(0) as isize;
        let to = (now + steps).rem_euclid(parts.len() as isize) as usize;
        match parts[to] {
            Focus::Transcript => self.enter_transcript(),
            part => self.focus = part,
        }
    }
}
