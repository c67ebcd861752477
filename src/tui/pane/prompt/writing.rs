//! Writing: what keys, pastes and the editor do to the text, to the values, and to lines that are typed.

use super::{Focus, State};
use crate::domain::conversation::Draft;
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::key::Key;
use crate::tui::stroke::Stroke;

/// A text that is pasted into the prompt is shown as it is up to so many bytes: its variables are to be seen.
const PASTE: usize = 64 * 1024;

impl State {
    /// What a key does to the text or the line that is being written.
    pub(super) fn press(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        match self.focus {
            Focus::Editor => {
                if self.editor.press(stroke) {
                    self.typed(desk);
                }
            }
            Focus::Values => {
                if self.value.press(stroke) {
                    self.take_value();
                    self.typed(desk);
                }
            }
            Focus::Library if self.library.typing => {
                if self.library.filter.press(stroke) {
                    self.library.selected = 0;
                    self.refit(desk);
                }
            }
            Focus::Settings => {
                if let Some(input) = &mut self.drawer.input {
                    input.press(stroke);
                    self.drawer.error = None;
                }
            }
            Focus::Library | Focus::Answer => {}
        }
    }

    /// A pasted text goes into what is being written; never anywhere else.
    pub(super) fn insert(&mut self, text: &str, desk: &mut Desk<'_>) {
        match (self.focus, &mut self.drawer.input) {
            (Focus::Settings, Some(input)) => return input.insert(text),
            (Focus::Library, _) if self.library.typing => {
                self.library.filter.insert(text);
                self.library.selected = 0;
                return self.refit(desk);
            }
            (Focus::Values, _) => {
                self.value.paste(text);
                self.take_value();
            }
            _ => {
                self.focus = Focus::Editor;
                if text.len() <= PASTE { self.editor.insert(text) } else { self.editor.paste(text) }
            }
        }
        self.typed(desk);
    }

    /// The editor came back with a text.
    pub(super) fn came_back(&mut self, text: &str, desk: &mut Desk<'_>) {
        if self.focus == Focus::Values {
            self.value.set_text(text);
            self.take_value();
        } else {
            self.editor.set_text(text);
            self.focus = Focus::Editor;
        }
        self.typed(desk);
    }

    /// Opens what is written in the person's editor.
    pub(super) fn edit_in_editor(&self, desk: &mut Desk<'_>) {
        let text = if self.focus == Focus::Values { self.value.text() } else { self.editor.text() };
        desk.ask(Effect::Edit(text));
    }

    /// What is written for the selected variable is its value; an empty text is none.
    pub(super) fn take_value(&mut self) {
        let Some(name) = self.names.get(self.selected) else { return };
        let value = self.value.text();
        if value.is_empty() {
            self.values.remove(name);
        } else {
            self.values.insert(name.clone(), value);
        }
    }

    /// The text may have other variables now; the selected one stays so, where it is there still.
    pub(super) fn reread_names(&mut self, desk: &Desk<'_>) {
        let before = self.names.get(self.selected).cloned();
        let template = self.template();
        let names: Vec<String> = template.variables().into_iter().map(str::to_owned).collect();
        if names == self.names && before.is_some() {
            return;
        }
        self.names = names;
        let at = before.and_then(|before| self.names.iter().position(|name| *name == before));
        self.select_value(at.unwrap_or(self.selected), desk);
        if self.names.is_empty() && self.focus == Focus::Values {
            self.focus = Focus::Editor;
        }
    }

    /// Selects a variable, the last one where there are fewer.
    pub(super) fn select_value(&mut self, at: usize, desk: &Desk<'_>) {
        self.selected = at.min(self.names.len().saturating_sub(1));
        let value = self.names.get(self.selected).and_then(|name| self.values.get(name)).cloned();
        let value = value.unwrap_or_default();
        if self.value.text() != value {
            if value.len() <= PASTE {
                self.value.set_draft(&Draft { text: value, pastes: Vec::new() });
            } else {
                self.value.set_text(&value);
            }
        }
        self.fit_value(desk);
    }

    fn fit_value(&mut self, desk: &Desk<'_>) {
        let area = self.written_area(self.areas(desk.area).values);
        self.value.fit(area.width, area.height);
    }

    /// Up and Down among the values: a row in the one that is written, then the next.
    pub(super) fn step_value(&mut self, steps: isize, key: Option<Key>, desk: &Desk<'_>) {
        if key.is_some() && self.value.step_row(steps) {
            return;
        }
        match self.selected.checked_add_signed(steps) {
            Some(at) if at < self.names.len() => self.select_value(at, desk),
            // Above the first value stands the text.
            None => self.focus = Focus::Editor,
            Some(_) => {}
        }
    }

    /// The parts fit their room, and what has the focus is there.
    pub(super) fn refit(&mut self, desk: &Desk<'_>) {
        let gone = match self.focus {
            Focus::Values => self.names.is_empty(),
            Focus::Answer => !self.has_answer(),
            Focus::Editor | Focus::Library | Focus::Settings => false,
        };
        if gone {
            self.focus = Focus::Editor;
        }
        let areas = self.areas(desk.area);
        self.editor.fit(areas.editor.width, areas.editor.height);
        self.fit_value(desk);
        if let Some(rows) = areas.library_rows {
            self.library.reveal(usize::from(rows.height), self.book.as_ref());
        }
    }
}
