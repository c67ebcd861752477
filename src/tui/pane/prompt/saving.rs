//! The library's acts: versions saved, names given, prompts removed.

use super::library::Row;
use super::{Focus, State, Wait};
use crate::domain::id::PromptId;
use crate::domain::prompt::{Book, Sketch, is_taken};
use crate::tui::app::Desk;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::prompt::Prompt;
use crate::workbench::Request;
use crate::workbench::request::prompts::Prompts;

impl State {
    /// Asks for a name, or for why there is a new version; nothing is asked where nothing is new.
    pub(super) fn ask_to_save(&self, desk: &mut Desk<'_>) {
        if self.editor.text().trim().is_empty() {
            return desk.say("Write a prompt first.");
        }
        let Some(book) = &self.book else {
            return desk.overlays.push(Overlay::Prompt(Prompt::save_as()));
        };
        if self.version() == Some(book.prompt.latest) {
            return desk.say(format!("It is the same as version {}.", book.prompt.latest));
        }
        desk.overlays.push(Overlay::Prompt(Prompt::note(book.prompt.latest + 1)));
    }

    /// Keeps what is written as a new prompt.
    pub(super) fn save_as(&mut self, name: String, desk: &mut Desk<'_>) {
        if is_taken(&self.library.prompts, &name, None) {
            return desk.overlays.push(Overlay::Prompt(Prompt::save_as().taken(&name)));
        }
        let (template, values) = (self.template(), self.values.clone());
        let request = Prompts::Create { name, template, note: String::new(), values, runs: true };
        let task = desk.call(None, Request::Prompts(request));
        self.waits.insert(task, Wait::Save);
    }

    /// Keeps what is written as the next version.
    pub(super) fn save_version(&mut self, note: String, desk: &mut Desk<'_>) {
        let Some(id) = self.id() else { return };
        let request = Prompts::Save { id, template: self.template(), note };
        let task = desk.call(None, Request::Prompts(request));
        self.waits.insert(task, Wait::Save);
    }

    /// It is kept.
    pub(super) fn saved(&mut self, book: Book, desk: &mut Desk<'_>) {
        let first = self.book.is_none();
        if !first && self.id() != Some(book.prompt.id) {
            return;
        }
        desk.say(format!("Saved as version {} of {}.", book.prompt.latest, book.prompt.name));
        let id = book.prompt.id;
        self.saved.clone_from(&book.draft);
        self.book = Some(book);
        if first {
            // It has a name now: nothing without one is left.
            let request = Prompts::SaveDraft { of: None, draft: Sketch::default() };
            let task = desk.call(None, Request::Prompts(request));
            self.waits.insert(task, Wait::Write(None));
            self.ask_runs(desk);
        }
        self.keep(desk);
        self.list(desk);
        self.library.select(id, self.book.as_ref());
        self.remember(desk);
    }

    /// Opens what is selected: a prompt, or a version of it to go on from.
    pub(super) fn open_selected(&mut self, desk: &mut Desk<'_>) {
        match self.library.row(self.book.as_ref()) {
            Some(Row::Prompt(at)) => {
                if let Some(id) = self.library.prompts.get(at).map(|prompt| prompt.id) {
                    self.open(id, desk);
                }
            }
            Some(Row::Version(number)) => self.restore(number, desk),
            None => {}
        }
    }

    /// The prompt that is renamed or removed: the selected one, else the open one.
    pub(super) fn chosen(&self) -> Option<&crate::domain::prompt::Prompt> {
        match self.focus {
            Focus::Library => self.library.prompt(self.book.as_ref()),
            _ => self.book.as_ref().map(|book| &book.prompt),
        }
    }

    pub(super) fn ask_for_name(&self, desk: &mut Desk<'_>) {
        if let Some(prompt) = self.chosen() {
            desk.overlays.push(Overlay::Prompt(Prompt::rename_prompt(prompt.id, &prompt.name)));
        }
    }

    pub(super) fn ask_to_remove(&self, desk: &mut Desk<'_>) {
        if let Some(prompt) = self.chosen() {
            desk.overlays.push(Overlay::Confirm(Confirm::delete_prompt(prompt)));
        }
    }

    pub(super) fn rename(&mut self, id: PromptId, name: String, desk: &mut Desk<'_>) {
        if is_taken(&self.library.prompts, &name, Some(id)) {
            return desk.overlays.push(Overlay::Prompt(Prompt::rename_prompt(id, &name).taken(&name)));
        }
        let task = desk.call(None, Request::Prompts(Prompts::Rename { id, name }));
        self.waits.insert(task, Wait::Rename);
    }

    /// Removes a prompt. Where it is open, the place is as empty as it was before anything was written.
    pub(super) fn remove(&mut self, id: PromptId, desk: &mut Desk<'_>) {
        if self.id() == Some(id) {
            self.open_nameless(desk);
        }
        self.library.prompts.retain(|prompt| prompt.id != id);
        self.library.step(0, self.book.as_ref());
        let task = desk.call(None, Request::Prompts(Prompts::Remove { id }));
        self.waits.insert(task, Wait::Write(Some(id)));
    }

    /// The selected version is the one that others are compared with, or is so no more.
    pub(super) fn mark(&mut self) {
        if let Some(Row::Version(number)) = self.library.row(self.book.as_ref()) {
            self.library.marked = (self.library.marked != Some(number)).then_some(number);
        }
    }
}
