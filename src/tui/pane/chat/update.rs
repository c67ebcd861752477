//! What an action does here.

use super::choosing::choose_preset;
use super::drawer::Row;
use super::first_run::{Fetch, FirstRun};
use super::thread::Turn;
use super::{Focus, State, Wait};
use crate::domain::conversation::Conversation;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::key::Key;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::prompt::Prompt;
use ratatui::layout::Rect;

use crate::workbench::Request;
use crate::workbench::request::conversations::{Change, Conversations};

impl State {
    /// Does what the person means; `key` is what they pressed, where they pressed one.
    pub fn act(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        if self.act_in_line(action, desk) {
            return;
        }
        match action {
            Action::Send => self.send(desk),
            Action::Newline => {
                self.composer.newline();
                self.typed(desk);
            }
            Action::Undo | Action::Redo => {
                let _ = if action == Action::Undo { self.composer.undo() } else { self.composer.redo() };
                self.typed(desk);
            }
            Action::HistoryPrevious | Action::HistoryNext => {
                self.history(key, action == Action::HistoryNext, desk);
            }
            Action::SearchHistory => self.search_history(desk),
            Action::EditQueued => self.edit_queued(desk),
            Action::EditInEditor => self.edit_in_editor(desk),
            // With something written, it is the key of the composer that deletes.
            Action::QuitWhenEmpty => {
                if let Some(key) = key {
                    self.key(key, desk);
                }
            }
            Action::Back => self.back(desk),
            Action::FocusNext => self.turn_focus(1, desk.area),
            Action::FocusPrevious => self.turn_focus(-1, desk.area),
            Action::FocusComposer => self.focus = Focus::Composer,
            Action::NewConversation => self.open_new(desk),
            Action::ToggleList => {
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
            Action::ToggleSettings => {
                let shown = self.areas(desk.area).drawer.is_some();
                self.drawer_open = !shown;
                self.focus = if shown { Focus::Composer } else { Focus::Settings };
                self.remember(desk);
            }
            Action::SearchConversations => self.start_search(desk),
            Action::PreviousConversation | Action::NextConversation => {
                self.list.step_from(self.thread.id, if action == Action::NextConversation { 1 } else { -1 });
                self.open_selected(desk);
                self.more(desk);
            }
            Action::ChooseModel => self.choose_model(desk),
            Action::ChoosePreset => choose_preset(desk),
            Action::EditSystem => {
                let aside = self.thread.system_aside.take();
                let mut pad = Pad::new(self.thread.setup.system.as_deref().unwrap_or_default());
                if let Some(text) = aside {
                    pad.composer.set_text(&text);
                    desk.say("This is what you wrote last and did not take; undo brings the one in use.");
                }
                desk.overlays.push(Overlay::Pad(pad));
            }
            Action::GetModel => {
                self.offer(None, None, desk);
                self.focus = Focus::FirstRun;
            }
            Action::Rename | Action::Delete | Action::ExportConversation => {
                if let Some(head) = self.chosen_head() {
                    desk.overlays.push(match action {
                        Action::Rename => Overlay::Prompt(Prompt::rename(head.id, &head.title)),
                        Action::ExportConversation => Overlay::Prompt(Prompt::export(head.id, &head.title)),
                        _ => Overlay::Confirm(Confirm::delete(&head)),
                    });
                }
            }
            Action::Fork => self.fork(desk),
            Action::Retry if self.open_again(desk) => {}
            Action::Retry => self.retry(desk),
            Action::EditMessage => self.edit(desk),
            Action::Continue => self.go_on(desk),
            Action::BranchPrevious => self.branch(-1, None, desk),
            Action::BranchNext => self.branch(1, None, desk),
            Action::Copy => self.copy(desk),
            Action::CopyCode => self.copy_code(desk),
            Action::CopyAll => self.copy_all(desk),
            Action::ToggleFold => self.toggle_fold(desk),
            Action::Search if self.focus == Focus::List => self.start_search(desk),
            Action::Search => self.start_find(),
            Action::SearchNext => self.find_next(true, desk),
            Action::SearchPrevious => self.find_next(false, desk),
            Action::Follow => self.scroll_as(action, desk),
            action => self.move_in(action, desk),
        }
        self.refit(desk);
    }

    /// Moves in the part that has the focus.
    fn move_in(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = self.areas(desk.area).list_rows.map_or(1, |rows| rows.height.max(2)) as isize;
        match self.focus {
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
            Focus::Settings => {
                let setup = &self.thread.setup.settings;
                let changed = match action {
                    Action::Decrease => self.drawer.nudge(setup, -1.0),
                    Action::Increase => self.drawer.nudge(setup, 1.0),
                    Action::Reset => self.drawer.reset(setup),
                    _ => None,
                };
                match action {
                    Action::SelectNext => self.drawer.step(1),
                    Action::SelectPrevious => self.drawer.step(-1),
                    Action::SelectFirst => self.drawer.step(isize::MIN),
                    Action::SelectLast => self.drawer.step(isize::MAX),
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

    /// What Enter, Esc and arrows do while a line is typed; `false` where none is.
    fn act_in_line(&mut self, action: Action, desk: &mut Desk<'_>) -> bool {
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

    /// Esc: stops the answer, then goes one step back. It never takes a text away.
    fn back(&mut self, desk: &mut Desk<'_>) {
        if self.stop(desk) {
            return;
        }
        if self.selection.take().is_some() || self.find.take().is_some() {
            return;
        }
        if self.focus == Focus::List && self.list.search.take().is_some() {
            return;
        }
        if self.thread.editing.take().is_some() {
            desk.say("Not editing any more: what is written will be sent as a new message.");
            return;
        }
        if self.focus == Focus::FirstRun {
            self.leave_first_run(desk);
        } else if self.focus == Focus::Settings {
            self.drawer_open = false;
            self.focus = Focus::Composer;
        } else if self.focus != Focus::Composer {
            self.focus = Focus::Composer;
            self.at = None;
        } else if self.reading {
            self.reading = false;
        } else if self.thread.failed.is_some() {
            self.thread.failed = None;
        } else if !self.scroll.follows() {
            self.scroll.to_end();
        }
    }

    /// Esc on the screen of the first start: stops fetching, then leaves.
    fn leave_first_run(&mut self, desk: &mut Desk<'_>) {
        let Some(first) = &mut self.first_run else { return };
        if let Fetch::Running { task, .. } = first.fetch {
            first.fetch = Fetch::Offered;
            self.cancel(task, desk);
            desk.say("Stopped. Enter goes on where it can.");
        } else {
            self.close_first_run();
        }
    }

    /// Ctrl+C: stops what runs, then puts the draft aside; `false` where there is nothing of either.
    pub fn interrupt(&mut self, desk: &mut Desk<'_>) -> bool {
        if self.stop(desk) {
            return true;
        }
        if self.first_run.as_ref().is_some_and(FirstRun::runs) {
            self.leave_first_run(desk);
            return true;
        }
        if !self.composer.is_empty() {
            self.composer.take();
            self.thread.editing = None;
            self.focus = Focus::Composer;
            self.typed(desk);
            desk.say("Put aside; ↑ brings it back.");
            return true;
        }
        false
    }

    fn turn_focus(&mut self, steps: isize, body: Rect) {
        let parts = self.parts(body);
        let now = parts.iter().position(|part| *part == self.focus).unwrap_or(0) as isize;
        let to = (now + steps).rem_euclid(parts.len() as isize) as usize;
        match parts[to] {
            Focus::Transcript => self.enter_transcript(),
            part => self.focus = part,
        }
    }

    fn chosen_head(&self) -> Option<Conversation> {
        match self.focus {
            Focus::List => self.list.entry(self.list.selected).cloned(),
            _ => self.thread.id.and_then(|id| self.list.head(id)).cloned(),
        }
    }

    /// Opens the selected conversation; a found message is gone to.
    pub(super) fn open_selected(&mut self, desk: &mut Desk<'_>) {
        let found = self.list.results().and_then(|search| search.hits.get(self.list.selected)?.message);
        let Some(id) = self.list.entry(self.list.selected).map(|head| head.id) else { return };
        self.open(id, desk);
        if found.is_some() {
            self.wanted = found;
            self.go_to_wanted(desk);
        }
    }

    /// Goes to the message that was looked for, where it has come; its branch is shown.
    pub(super) fn go_to_wanted(&mut self, desk: &mut Desk<'_>) {
        let Some(message) = self.wanted.filter(|id| self.thread.message(*id).is_some()) else { return };
        self.wanted = None;
        if !self.thread.shown().any(|item| item.message.id == message)
            && self.thread.turn == Turn::Idle
            && let Some(leaf) = self.thread.end_through(message)
        {
            self.thread.show(leaf);
            self.change(Change { leaf: Some(leaf), ..Change::default() }, desk);
        }
        self.at = Some(message);
        self.focus = Focus::Transcript;
        self.scroll.to_message(message);
    }

    /// Asks for the next page of the list when the selection comes near its end.
    pub(super) fn more(&mut self, desk: &mut Desk<'_>) {
        if let Some(before) = self.list.wants_more() {
            let request = Conversations::List { limit: super::list::PAGE, before: Some(before) };
            let task = desk.call(None, Request::Conversations(request));
            self.list.task = Some(task);
            self.waits.insert(task, Wait::List { first: false });
        }
    }
}
