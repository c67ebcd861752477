//! What an action does here.

use super::{Focus, State};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::event::{Button, Mouse, MouseKind};
use crate::tui::key::Key;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::setup::drawer::rows;
use crate::tui::setup::view::row_at;
use crate::tui::thread::Turn;
use ratatui::layout::Position;

/// Rows of one turn of the wheel.
const WHEEL: i64 = 3;

/// What an empty place shows on request.
const EXAMPLE: &str = "Explain {{topic}} to {{reader}} in {{count}} sentences.\n\nUse plain words. End with one question \
                       that shows whether it was understood.";
const EXAMPLE_VALUES: [(&str, &str); 3] =
    [("topic", "why rivers meander"), ("reader", "a child of ten"), ("count", "three")];

impl State {
    pub(super) fn does(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        if self.act_in_line(action, desk) {
            return;
        }
        match action {
            Action::Send | Action::RunPrompt => self.run(desk),
            Action::SavePrompt => self.ask_to_save(desk),
            Action::NewPrompt => self.ask_to_begin(desk),
            Action::ExamplePrompt => self.show_example(desk),
            Action::ComparePrompt => self.compare(desk),
            Action::MarkVersion => self.mark(),
            Action::RunPrevious | Action::RunNext => self.step_run(action == Action::RunPrevious, desk),
            Action::ContinueInChat => self.go_on(desk),
            Action::Newline => {
                if self.focus == Focus::Values {
                    self.value.newline();
                    self.take_value();
                } else {
                    self.editor.newline();
                }
                self.typed(desk);
            }
            Action::Undo | Action::Redo => self.undo(action == Action::Undo, desk),
            Action::EditInEditor => self.edit_in_editor(desk),
            Action::Back => self.back(desk),
            Action::FocusNext => self.turn_focus(1, desk),
            Action::FocusPrevious => self.turn_focus(-1, desk),
            Action::FocusComposer => self.focus = Focus::Editor,
            Action::ToggleList => self.toggle_library(desk),
            Action::ToggleSettings => self.toggle_settings(desk),
            Action::ChooseModel => self.choose_model(desk),
            Action::ChoosePreset => self.choose_preset(desk),
            Action::EditSystem => self.edit_system(desk),
            Action::Copy => self.copy(desk),
            Action::CopyCode => self.copy_code(desk),
            Action::CopyRequest => self.copy_request(desk),
            Action::ToggleFold => self.toggle_fold(desk),
            Action::Rename => self.ask_for_name(desk),
            Action::Delete => self.ask_to_remove(desk),
            Action::Search => {
                self.focus = Focus::Library;
                self.library.typing = true;
            }
            Action::Follow => self.scroll_as(action, desk),
            action => self.move_in(action, key, desk),
        }
        self.refit(desk);
    }

    fn move_in(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        match (self.focus, action) {
            (Focus::Values, Action::SelectNext) => self.step_value(1, key, desk),
            (Focus::Values, Action::SelectPrevious) => self.step_value(-1, key, desk),
            (Focus::Editor | Focus::Values, Action::PageUp | Action::PageDown) | (Focus::Answer, _) => {
                self.scroll_as(action, desk);
            }
            (Focus::Editor | Focus::Values, _) => {}
            (Focus::Library, Action::Open) => self.open_selected(desk),
            (Focus::Library, _) => {
                let rows = self.areas(desk.area).library_rows;
                let page = isize::from(rows.map_or(2, |rows| rows.height.max(2)).cast_signed());
                let steps = match action {
                    Action::SelectNext => 1,
                    Action::SelectPrevious => -1,
                    Action::HalfPageDown => page / 2,
                    Action::HalfPageUp => -page / 2,
                    Action::PageDown => page - 1,
                    Action::PageUp => 1 - page,
                    Action::SelectFirst => isize::MIN,
                    Action::SelectLast => isize::MAX,
                    _ => return,
                };
                self.library.step(steps, self.book.as_ref());
            }
            (Focus::Settings, _) => self.set_as(action, desk),
        }
    }

    fn undo(&mut self, undo: bool, desk: &mut Desk<'_>) {
        if self.focus == Focus::Values {
            let _ = if undo { self.value.undo() } else { self.value.redo() };
            self.take_value();
        } else {
            let _ = if undo { self.editor.undo() } else { self.editor.redo() };
        }
        self.typed(desk);
    }

    /// One step back: it never takes a text away.
    fn back(&mut self, desk: &mut Desk<'_>) {
        if self.stop(desk) || self.compared.take().is_some() {
            return;
        }
        if self.focus == Focus::Library && !self.library.filter.text().is_empty() {
            self.library.filter = crate::tui::overlay::input::Input::default();
        } else if self.focus == Focus::Settings {
            self.drawer_open = false;
            self.focus = Focus::Editor;
        } else if self.focus != Focus::Editor {
            self.focus = Focus::Editor;
        } else {
            self.failed = None;
            self.thread.failed = None;
        }
    }

    /// Whether a step back does something here; elsewhere it leads out.
    fn goes_back(&self) -> bool {
        self.thread.turn != Turn::Idle
            || self.compared.is_some()
            || self.focus != Focus::Editor
            || self.failed.is_some()
            || self.thread.failed.is_some()
    }

    /// Whether an action can do anything here and now.
    pub(super) fn can_do(&self, action: Action) -> bool {
        let written = !self.editor.is_empty();
        match action {
            Action::Back => self.goes_back(),
            Action::Send | Action::RunPrompt => written && self.thread.turn == Turn::Idle,
            Action::SavePrompt => written,
            Action::ExamplePrompt => !written,
            Action::NewPrompt => written || self.book.is_some(),
            Action::ComparePrompt => self.book.is_some(),
            Action::Copy | Action::CopyCode | Action::CopyRequest | Action::ToggleFold => {
                self.thread.last_answer().is_some()
            }
            Action::ContinueInChat => self.thread.id.is_some() && self.thread.turn == Turn::Idle,
            Action::RunPrevious | Action::RunNext => {
                self.runs.len() > 1 || self.at().is_none() && !self.runs.is_empty()
            }
            Action::Rename | Action::Delete => self.chosen().is_some(),
            Action::MarkVersion | Action::Search | Action::Open => {
                self.focus == Focus::Library || self.focus == Focus::Settings
            }
            Action::Newline
            | Action::Undo
            | Action::Redo
            | Action::EditInEditor
            | Action::FocusComposer
            | Action::ToggleList
            | Action::ToggleSettings
            | Action::ChooseModel
            | Action::ChoosePreset
            | Action::EditSystem
            | Action::Follow
            | Action::Accept
            | Action::Cancel
            | Action::Reset => true,
            action => action.moves(),
        }
    }

    /// The next part, or the one before; the values are gone through one by one.
    fn turn_focus(&mut self, steps: isize, desk: &Desk<'_>) {
        if self.focus == Focus::Values
            && let Some(at) = self.selected.checked_add_signed(steps).filter(|at| *at < self.names.len())
        {
            return self.select_value(at, desk);
        }
        let parts = self.parts(desk.area);
        let now = parts.iter().position(|part| *part == self.focus).unwrap_or(0) as isize;
        let to = (now + steps).rem_euclid(parts.len() as isize) as usize;
        self.focus = parts[to];
        if self.focus == Focus::Values {
            self.select_value(if steps > 0 { 0 } else { usize::MAX }, desk);
        }
    }

    fn toggle_library(&mut self, desk: &mut Desk<'_>) {
        let shown = self.areas(desk.area).library.is_some();
        // Where there is no room for it beside the prompt, it is gone to and left.
        if Self::is_narrow(desk.area) {
            self.focus = if shown { Focus::Editor } else { Focus::Library };
        } else {
            self.library_open = !shown;
            self.focus = Focus::Editor;
            if !shown && self.areas(desk.area).library.is_none() {
                self.focus = Focus::Library;
            }
        }
        self.remember(desk);
    }

    /// Begins another one. Among the prompts the key is a letter, which may have been meant for a text: asked first where what
    /// is written is not saved.
    fn ask_to_begin(&mut self, desk: &mut Desk<'_>) {
        if self.focus == Focus::Library && self.book.is_none() && !self.editor.is_empty() {
            return desk.overlays.push(Overlay::Confirm(Confirm::empty_prompt()));
        }
        self.begin_new(desk);
    }

    /// A text without a name. One that is written already and has none is kept where undo finds it.
    fn begin_new(&mut self, desk: &mut Desk<'_>) {
        if self.book.is_some() {
            return self.open_nameless(desk);
        }
        self.focus = Focus::Editor;
        self.editor.take();
        self.typed(desk);
        desk.say("An empty prompt; Up brings back what was written.");
    }

    fn show_example(&mut self, desk: &mut Desk<'_>) {
        if !self.editor.is_empty() {
            return;
        }
        self.editor.set_text(EXAMPLE);
        self.values.extend(EXAMPLE_VALUES.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self.focus = Focus::Editor;
        self.typed(desk);
        self.select_value(0, desk);
    }

    /// What was chosen in an overlay.
    pub(super) fn was_chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        match choice {
            Choice::Model(id) => {
                self.setup.model = Some(id);
                self.typed(desk);
            }
            Choice::Preset(name) => {
                let Some(preset) = desk.options.presets.get(&name).cloned() else { return };
                self.take_preset(&name, &preset, desk);
            }
            Choice::BeforePreset => self.undo_preset(desk),
            Choice::System(text) => self.set_system(&text, desk),
            // The pad took it, so it is one.
            Choice::Setting { field, text } => {
                let set = self.setup.settings.set(field.name, &text);
                if set.is_ok() {
                    self.typed(desk);
                }
            }
            Choice::SystemAside(text) => {
                self.system_aside = Some(text);
                desk.say("Not taken; it is there again when the system prompt is written next.");
            }
            Choice::SavePrompt(name) => self.save_as(name, desk),
            Choice::SaveVersion(note) => self.save_version(note, desk),
            Choice::RenamePrompt(id, name) => self.rename(id, name, desk),
            Choice::DeletePrompt(id) => self.remove(id, desk),
            Choice::EmptyPrompt => self.begin_new(desk),
            _ => {}
        }
        self.refit(desk);
    }

    pub(super) fn pointed(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let at = Position { x: mouse.column, y: mouse.row };
        match mouse.kind {
            MouseKind::Down(Button::Left) => self.click(at, desk),
            MouseKind::Drag(Button::Left) => {
                let editor = self.areas(desk.area).editor;
                if self.focus == Focus::Editor && editor.contains(at) {
                    self.editor.click(at.x - editor.x, at.y - editor.y, true);
                }
            }
            MouseKind::ScrollUp => self.wheel(at, -WHEEL, desk),
            MouseKind::ScrollDown => self.wheel(at, WHEEL, desk),
            _ => {}
        }
        self.refit(desk);
    }

    fn wheel(&mut self, at: Position, rows: i64, desk: &mut Desk<'_>) {
        let areas = self.areas(desk.area);
        if areas.library.is_some_and(|library| library.contains(at)) {
            self.library.step(rows as isize, self.book.as_ref());
        } else if areas.drawer.is_some_and(|drawer| drawer.contains(at)) {
            self.drawer.step(rows.signum() as isize);
        } else if self.has_answer() {
            self.scroll_by(rows, desk);
        }
    }

    fn click(&mut self, at: Position, desk: &mut Desk<'_>) {
        let areas = self.areas(desk.area);
        if let Some(rows) = areas.library_rows.filter(|rows| rows.contains(at)) {
            self.focus = Focus::Library;
            let row = self.library.top + usize::from(at.y - rows.y);
            if row < self.library.rows(self.book.as_ref()).len() {
                self.library.selected = row;
                self.open_selected(desk);
            }
        } else if areas.library.is_some_and(|library| library.contains(at)) {
            self.does(Action::Search, None, desk);
        } else if let Some(area) = areas.drawer.filter(|drawer| drawer.contains(at)) {
            self.focus = Focus::Settings;
            if let Some(place) = row_at(area, at.y, self.drawer.selected).filter(|p| *p < rows().len()) {
                let again = self.drawer.selected == place;
                self.drawer.choose(place);
                if again {
                    self.change_setting(desk);
                }
            }
        } else if areas.box_area.contains(at) {
            self.focus = Focus::Editor;
            self.editor.click_near(at, areas.editor);
        } else if areas.values.contains(at) {
            let row = usize::from(self.values_top(areas.values) + at.y - areas.values.y);
            let more = usize::from(self.written_rows(areas.values.width) - 1);
            // The rows of the value that is written are one place.
            let name = if row > self.selected { row.saturating_sub(more).max(self.selected) } else { row };
            self.focus = Focus::Values;
            self.select_value(name, desk);
        } else if areas.answer.contains(at) && self.has_answer() {
            self.focus = Focus::Answer;
        }
    }
}
