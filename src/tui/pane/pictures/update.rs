//! What an action, a key or the mouse does here.

use super::setup::{Row, Source};
use super::{Focus, Saving, State, Wait};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::event::{Mouse, MouseKind};
use crate::tui::key::Key;
use crate::tui::keymap::Context;
use crate::tui::layout::BESIDE;
use crate::tui::overlay::input::Input;
use crate::tui::overlay::picker::{Picker, Purpose};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::stroke::Stroke;
use crate::workbench::Request;
use crate::workbench::request::pictures::Pictures;

impl State {
    pub(super) fn where_keys_go(&self) -> Context {
        match self.focus {
            Focus::Prompt => Context::PicturePrompt,
            Focus::Gallery => Context::Pictures,
            Focus::Settings if self.drawer.input.is_some() => Context::Menu,
            Focus::Settings => Context::Settings,
        }
    }

    /// Whether the action means something here and now.
    pub(super) fn can_do(&self, action: Action) -> bool {
        use Action as A;
        let made = self.made().is_some();
        match action {
            A::Back => self.goes_back(),
            A::Send => !self.composer.is_empty() || self.setup.from.is_some(),
            A::Open => self.focus == Focus::Settings || made && !self.enlarged,
            A::NextPicture | A::PreviousPicture => self.making().is_some_and(|making| making.made.len() > 1),
            A::SavePicture | A::VaryPicture | A::AttachPicture => made,
            A::MakeAgain | A::CopyPrompt | A::CopyRequest | A::RemovePictures => self.making().is_some(),
            A::Reset | A::Decrease | A::Increase => self.focus == Focus::Settings,
            A::Newline
            | A::Undo
            | A::Redo
            | A::EditInEditor
            | A::HistoryPrevious
            | A::HistoryNext
            | A::FocusNext
            | A::FocusPrevious
            | A::FocusComposer
            | A::ChooseModel
            | A::ToggleSettings
            | A::ToggleList
            | A::Accept
            | A::Cancel
            | A::Help
            | A::Palette
            | A::Quit
            | A::Suspend
            | A::Interrupt
            | A::ToggleMouse
            | A::ShowNotices => true,
            action => action.moves(),
        }
    }

    /// Whether a step back does something here.
    fn goes_back(&self) -> bool {
        !self.runs.is_empty() || self.enlarged || self.focus != Focus::Prompt
    }

    pub(super) fn does(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        if self.drawer.input.is_some() && self.focus == Focus::Settings {
            self.typing(action, key, desk);
            return self.fit(desk);
        }
        match action {
            Action::Send if self.composer.newline_for_backslash() => {}
            Action::Send => self.make(desk),
            Action::MakeAgain => self.make_again(desk),
            Action::SavePicture => self.ask_where(desk),
            Action::VaryPicture => self.vary(desk),
            Action::RemovePictures => self.ask_to_remove(desk),
            Action::CopyPrompt => {
                if let Some(making) = self.making() {
                    desk.ask(Effect::Copy(making.asked.prompt.clone()));
                }
            }
            Action::CopyRequest => {
                if let Some(id) = self.making().map(|making| making.id) {
                    let task = desk.call(None, Request::Pictures(Pictures::Scripts { id }));
                    self.waits.insert(task, Wait::Scripts);
                }
            }
            Action::ChooseModel => self.choose_model(desk),
            Action::Back => self.back(desk),
            Action::FocusNext | Action::FocusPrevious => self.go_around(action == Action::FocusNext),
            Action::FocusComposer => (self.focus, self.enlarged) = (Focus::Prompt, false),
            Action::ToggleSettings => {
                self.enlarged = false;
                self.focus = if self.focus == Focus::Settings { Focus::Prompt } else { Focus::Settings };
            }
            Action::ToggleList if desk.area.width < BESIDE => {
                desk.say(format!("The list stands beside the pictures from {BESIDE} columns on."));
            }
            Action::ToggleList => self.folded = !self.folded,
            Action::Newline => self.composer.newline(),
            Action::Undo => drop(self.composer.undo()),
            Action::Redo => drop(self.composer.redo()),
            Action::EditInEditor => desk.ask(Effect::Edit(self.composer.text())),
            Action::HistoryPrevious | Action::HistoryNext => self.history(action, key),
            action => match self.focus {
                Focus::Prompt => {}
                Focus::Gallery => self.go(action, desk),
                Focus::Settings => self.change(action, desk),
            },
        }
        self.fit(desk);
    }

    /// Up and Down: a row in the text, then what was written before.
    fn history(&mut self, action: Action, key: Option<Key>) {
        self.composer.recall(action == Action::HistoryNext, key);
    }

    /// What runs is stopped, then one step out.
    fn back(&mut self, desk: &mut Desk<'_>) {
        if self.stop(desk) {
            return;
        }
        if self.enlarged {
            self.enlarged = false;
        } else {
            self.focus = Focus::Prompt;
        }
    }

    fn go_around(&mut self, forward: bool) {
        self.enlarged = false;
        let gallery = if self.list.is_empty() { Focus::Prompt } else { Focus::Gallery };
        self.focus = match (self.focus, forward) {
            (Focus::Prompt, _) | (Focus::Settings, false) => gallery,
            (Focus::Gallery, _) | (Focus::Settings, true) => Focus::Prompt,
        };
    }

    /// Through the makings and their pictures.
    fn go(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = isize::from(desk.area.height.max(2).cast_signed()) - 1;
        let steps = match action {
            Action::SelectNext => 1,
            Action::SelectPrevious => -1,
            Action::PageDown => page,
            Action::PageUp => -page,
            Action::SelectFirst => isize::MIN,
            Action::SelectLast => isize::MAX,
            Action::NextPicture => return self.turn(1),
            Action::PreviousPicture => return self.turn(-1),
            Action::Open => {
                self.enlarged = self.made().is_some();
                return;
            }
            _ => return,
        };
        self.select(self.selected.saturating_add_signed(steps), desk);
    }

    pub(super) fn select(&mut self, at: usize, desk: &mut Desk<'_>) {
        let at = at.min(self.list.len().saturating_sub(1));
        if at != self.selected {
            (self.selected, self.at) = (at, 0);
            // The place is for one picture; where there is none it goes back to the others.
            self.enlarged &= self.made().is_some();
        }
        self.read_on(desk);
    }

    /// To another picture of the same making.
    fn turn(&mut self, steps: isize) {
        let last = self.making().map_or(0, |making| making.made.len().saturating_sub(1));
        self.at = self.at.saturating_add_signed(steps).min(last);
    }

    /// In the rows of the drawer.
    fn change(&mut self, action: Action, desk: &mut Desk<'_>) {
        let row = self.drawer.row();
        match action {
            Action::SelectNext => self.drawer.step(1),
            Action::SelectPrevious => self.drawer.step(-1),
            Action::SelectFirst => self.drawer.step(isize::MIN),
            Action::SelectLast => self.drawer.step(isize::MAX),
            Action::Decrease => self.setup.step(row, -1),
            Action::Increase => self.setup.step(row, 1),
            Action::Reset => self.setup.reset(row),
            Action::Open => match row {
                Row::Model => self.choose_model(desk),
                Row::From => desk.overlays.push(Overlay::Prompt(Prompt::source())),
                row => self.drawer.input = Some(Input::new(&self.setup.value(row).unwrap_or_default())),
            },
            _ => {}
        }
    }

    /// A value is being typed.
    fn typing(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        let row = self.drawer.row();
        match (action, &self.drawer.input) {
            (Action::Accept, Some(input)) => match self.setup.set(row, input.text()) {
                Ok(()) => (self.drawer.input, self.drawer.error) = (None, None),
                Err(error) => self.drawer.error = Some(error),
            },
            (Action::Cancel | Action::Back, _) => {
                (self.drawer.input, self.drawer.error) = (None, None);
            }
            _ => {
                if let Some(stroke) = desk.stroke(key) {
                    self.typed(stroke, desk);
                }
            }
        }
    }

    fn choose_model(&self, desk: &mut Desk<'_>) {
        let current = self.setup.model.as_ref();
        let picker = Picker::new(Purpose::Pictures, self.stock.clone(), current, self.asking, desk.now.wall);
        let picker = picker.sparing(self.areas(desk.area).box_area.height);
        desk.overlays.push(Overlay::Picker(Box::new(picker)));
    }

    /// What a key does to the text or the line that is being written.
    pub(super) fn typed(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        match (self.focus, &mut self.drawer.input) {
            (Focus::Settings, Some(input)) => {
                input.press(stroke);
                self.drawer.error = None;
            }
            (Focus::Prompt, _) => drop(self.composer.press(stroke)),
            _ => {}
        }
        self.fit(desk);
    }

    /// A pasted text goes into what is being written; never anywhere else.
    pub(super) fn insert(&mut self, text: &str, desk: &mut Desk<'_>) {
        let typing = self.drawer.input.as_mut().filter(|_| self.focus == Focus::Settings);
        if let Some(input) = typing {
            input.insert(text);
        } else if let Some(path) = crate::domain::attachment::dropped_path(text) {
            // A picture that is dropped on the terminal is one to begin with.
            self.setup.from = Some(Source::File(path));
        } else {
            (self.focus, self.enlarged) = (Focus::Prompt, false);
            self.composer.paste(text);
        }
        self.fit(desk);
    }

    /// What was chosen in an overlay.
    pub fn choose(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        match choice {
            Choice::Model(id) => self.setup.model = Some(id),
            Choice::VaryFile(path) => self.setup.from = Some(Source::File(path)),
            Choice::RemovePictures(id) => self.remove(id, desk),
            Choice::SavePicture { blob, path, replace } => {
                self.saving = Some(Saving { blob, path, replace });
                self.write_out(desk);
            }
            _ => {}
        }
        self.fit(desk);
    }

    pub(super) fn click(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let at = (mouse.column, mouse.row).into();
        let areas = self.areas(desk.area);
        let steps = match mouse.kind {
            MouseKind::ScrollDown => 1,
            MouseKind::ScrollUp => -1,
            _ => 0,
        };
        let pressed = matches!(mouse.kind, MouseKind::Down(_));
        if areas.composer.contains(at) && pressed {
            self.focus = Focus::Prompt;
            self.composer.click(mouse.column - areas.composer.x, mouse.row - areas.composer.y, false);
        } else if let Some(list) = areas.list.filter(|list| list.contains(at)) {
            self.focus = Focus::Gallery;
            let row = self.top + usize::from(mouse.row - list.y);
            if pressed && row < self.list.len() {
                self.select(row, desk);
            } else {
                self.select(self.selected.saturating_add_signed(steps), desk);
            }
        } else if areas.gallery.contains(at) {
            let slot = self.slots(desk.area).iter().position(|slot| slot.room.contains(at));
            match slot.filter(|_| pressed) {
                _ if steps != 0 && self.enlarged => self.turn(steps),
                _ if steps != 0 => self.select(self.selected.saturating_add_signed(steps), desk),
                Some(_) if self.enlarged => self.enlarged = false,
                Some(slot) if self.focus == Focus::Gallery && slot == self.at => {
                    self.enlarged = self.made().is_some();
                }
                Some(slot) => {
                    self.focus = Focus::Gallery;
                    self.at = slot;
                    self.turn(0);
                }
                None => {}
            }
        }
        self.fit(desk);
    }

    /// Stops what runs, else puts aside what is written; `false` where there is nothing of that.
    pub(super) fn interrupted(&mut self, desk: &mut Desk<'_>) -> bool {
        if self.stop(desk) {
            return true;
        }
        let writes = !self.composer.is_empty();
        if writes {
            let draft = self.composer.draft();
            self.composer.clear();
            self.composer.remember(draft);
        }
        self.fit(desk);
        writes
    }

    /// After every change: the parts fit their room, what is selected is in sight, what is in sight is drawn.
    pub fn fit(&mut self, desk: &mut Desk<'_>) {
        if self.list.is_empty() && self.focus == Focus::Gallery {
            self.focus = Focus::Prompt;
        }
        self.turn(0);
        self.enlarged &= self.made().is_some();
        let areas = self.areas(desk.area);
        self.composer.fit(areas.composer.width, areas.composer.height);
        if let Some(list) = areas.list {
            let rows = usize::from(list.height).max(1);
            self.top = self.top.clamp((self.selected + 1).saturating_sub(rows), self.selected);
            self.top = self.top.min(self.list.len().saturating_sub(rows));
        }
        self.keep_later(desk);
        self.look(desk);
    }
}
