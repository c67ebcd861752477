//! Lines that are typed: the search in the conversation, the search of all, a value of the settings.

use super::{Focus, State};
use crate::tui::action::Action;
use crate::tui::app::Desk;

impl State {
    /// What Enter, Esc and arrows do while a line is typed; `false` where none is.
    pub(super) fn act_in_line(&mut self, action: Action, desk: &mut Desk<'_>) -> bool {
        if self.focus == Focus::Find {
            match action {
                Action::Accept => self.enter_transcript(),
                Action::Cancel => {
                    self.find = None;
                    self.enter_transcript();
                }
                Action::SelectNext => self.find_next(true, desk),
                Action::SelectPrevious => self.find_next(false, desk),
                _ => {}
            }
        } else if self.focus == Focus::List && self.typing_search() {
            match action {
                // A hasty Enter means what is about to be found.
                Action::Accept if self.list.selected == 0 && self.is_searching() => {
                    if let Some(search) = &mut self.list.search {
                        search.opens = true;
                    }
                }
                Action::Accept if self.list.is_empty() => {
                    if let Some(search) = &mut self.list.search {
                        search.typing = false;
                    }
                }
                Action::Accept => self.open_selected(desk),
                Action::Cancel => self.list.search = None,
                Action::SelectNext => self.list.step(1),
                Action::SelectPrevious => self.list.step(-1),
                _ => {}
            }
        } else if self.focus == Focus::Settings && self.drawer.input.is_some() {
            match action {
                Action::Accept => {
                    if let Some(settings) = self.drawer.accept(&self.thread.setup.settings) {
                        self.set_settings(settings, desk);
                    }
                }
                Action::Cancel => {
                    self.drawer.input = None;
                    self.drawer.error = None;
                }
                _ => {}
            }
        } else {
            return false;
        }
        self.refit(desk);
        true
    }
}
