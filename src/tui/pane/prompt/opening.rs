//! Which prompt is shown: coming into sight, opening, a new one, where the person left off.

use super::{Focus, Memory, SAVE, State, Wait};
use crate::domain::conversation::Draft;
use crate::domain::id::PromptId;
use crate::domain::prompt::{Book, Sketch, Template, Values};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane};
use crate::tui::keymap::Context;
use crate::tui::setup::Setup;
use crate::tui::thread::{Thread, Turn};
use crate::tui::widget::composer::Composer;
use crate::tui::widget::transcript::Scroll;
use crate::workbench::Request;
use crate::workbench::request::Topic;
use crate::workbench::request::prompts::Prompts;
use crate::workbench::request::workspace::Workspace;

/// The name that the place's small memory is kept under.
const MEMORY: &str = "tui.prompt";
/// Texts of more bytes are shown as a chip.
const LONG: usize = 64 * 1024;
/// Earlier runs that are asked for.
const RUNS: usize = 200;

impl State {
    /// It comes into sight.
    pub(super) fn enter(&mut self, desk: &mut Desk<'_>) {
        if !self.begun {
            self.begun = true;
            self.opening = true;
            self.setup.model.clone_from(&self.usual);
            let recall = Workspace::Recall { name: MEMORY.to_owned() };
            let task = desk.call(None, Request::Workspace(recall));
            self.waits.insert(task, Wait::Recall);
        }
        if !self.waits.values().any(|wait| *wait == Wait::Watch) {
            let task = desk.call(None, Request::Watch { topic: Topic::Prompts });
            self.waits.insert(task, Wait::Watch);
            self.list(desk);
        }
        self.refit(desk);
    }

    /// Asks for the library.
    pub(super) fn list(&mut self, desk: &mut Desk<'_>) {
        self.waits.retain(|_, wait| *wait != Wait::List);
        let task = desk.call(Some(Lane("prompts")), Request::Prompts(Prompts::List));
        self.waits.insert(task, Wait::List);
    }

    /// What `Recall` gave back.
    pub(super) fn recalled(&mut self, value: Option<serde_json::Value>, desk: &mut Desk<'_>) {
        self.memory = value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
        self.library_open = !self.memory.list_closed;
        match self.memory.prompt {
            Some(id) => self.fetch(id, desk),
            None => self.load_nameless(desk),
        }
    }

    /// Keeps where the person is.
    pub(super) fn remember(&mut self, desk: &mut Desk<'_>) {
        let memory = Memory { prompt: self.id(), list_closed: !self.library_open };
        if memory == self.memory {
            return;
        }
        self.memory = memory;
        if let Ok(value) = serde_json::to_value(&self.memory) {
            let remember = Workspace::Remember { name: MEMORY.to_owned(), value };
            let task = desk.call(None, Request::Workspace(remember));
            self.waits.insert(task, Wait::Remember);
        }
    }

    /// Opens a prompt; what is written in the one that is shown is kept.
    pub(super) fn open(&mut self, id: PromptId, desk: &mut Desk<'_>) {
        self.focus = Focus::Editor;
        if self.id() != Some(id) {
            self.put_away(desk);
            self.fetch(id, desk);
        }
    }

    /// What is written and has no name.
    pub(super) fn open_nameless(&mut self, desk: &mut Desk<'_>) {
        self.focus = Focus::Editor;
        if self.book.is_some() {
            self.put_away(desk);
            self.load_nameless(desk);
            self.remember(desk);
        }
    }

    fn fetch(&mut self, id: PromptId, desk: &mut Desk<'_>) {
        self.opening = true;
        self.waits.retain(|_, wait| !matches!(wait, Wait::Open(_) | Wait::Draft));
        let task = desk.call(Some(Lane("prompt")), Request::Prompts(Prompts::Open { id }));
        self.waits.insert(task, Wait::Open(id));
    }

    pub(super) fn load_nameless(&mut self, desk: &mut Desk<'_>) {
        self.opening = true;
        self.waits.retain(|_, wait| !matches!(wait, Wait::Open(_) | Wait::Draft));
        let task = desk.call(None, Request::Prompts(Prompts::LoadDraft));
        self.waits.insert(task, Wait::Draft);
        self.ask_runs(desk);
    }

    /// Asks for the runs of what is shown.
    pub(super) fn ask_runs(&mut self, desk: &mut Desk<'_>) {
        let of = self.id();
        self.waits.retain(|_, wait| !matches!(wait, Wait::Runs(_)));
        let task = desk.call(Some(Lane("prompt.runs")), Request::Prompts(Prompts::Runs { of, limit: RUNS }));
        self.waits.insert(task, Wait::Runs(of));
    }

    /// Keeps what is written and empties the place. A run goes on where nobody looks.
    fn put_away(&mut self, desk: &mut Desk<'_>) {
        self.keep(desk);
        self.drop_watch(desk);
        self.others.extend(self.thread.turn.task());
        self.thread = Thread::default();
        self.book = None;
        self.runs.clear();
        self.compared = None;
        self.failed = None;
        self.before = None;
        self.system_aside = None;
        self.library.marked = None;
        self.editor = Composer::default();
        self.setup = Setup::of(self.usual.clone(), &desk.options.defaults);
        self.values = Values::new();
        self.saved = Sketch::default();
        self.scroll = Scroll::default();
        self.reread_names(desk);
    }

    /// A prompt has come. What was typed meanwhile stands at its end.
    pub(super) fn opened(&mut self, book: Book, desk: &mut Desk<'_>) {
        self.opening = false;
        self.failed = None;
        let draft = book.draft.clone();
        let id = book.prompt.id;
        self.book = Some(book);
        self.take_sketch(draft, desk);
        self.library.select(id, self.book.as_ref());
        self.ask_runs(desk);
        self.remember(desk);
        self.refit(desk);
    }

    /// What was being written has come.
    pub(super) fn take_sketch(&mut self, sketch: Sketch, desk: &mut Desk<'_>) {
        self.opening = false;
        if sketch == Sketch::default() {
            return;
        }
        let typed = self.editor.text();
        self.values = sketch.values;
        self.take_template(&sketch.template);
        self.saved = self.sketch();
        if !typed.is_empty() {
            // Where the caret would have stood.
            self.editor.insert(&typed);
            self.typed(desk);
        }
        self.reread_names(desk);
    }

    fn take_template(&mut self, template: &Template) {
        if template.text.len() <= LONG {
            self.editor.set_draft(&Draft { text: template.text.clone(), pastes: Vec::new() });
        } else {
            self.editor.set_text(&template.text);
        }
        self.take_setup(template);
    }

    fn take_setup(&mut self, template: &Template) {
        self.setup = Setup {
            model: template.model.clone(),
            system: template.system.clone(),
            settings: template.settings.clone(),
        };
    }

    /// A version becomes what is written; undo brings back the text that was.
    pub(super) fn restore(&mut self, number: u32, desk: &mut Desk<'_>) {
        let template = self.book.as_ref().and_then(|book| book.version(number)).map(|v| v.template.clone());
        let Some(template) = template else { return };
        self.focus = Focus::Editor;
        self.compared = None;
        if self.template() == template {
            return;
        }
        self.editor.set_text(&template.text);
        self.take_setup(&template);
        self.typed(desk);
        let undo = desk.key(Context::Prompt, Action::Undo);
        desk.say(format!(
            "This is version {number}, to go on from; {undo} brings back the text that was here."
        ));
    }

    /// The prompt is gone from the store: what is written stays, without a name.
    pub(super) fn leave_gone(&mut self, desk: &mut Desk<'_>) {
        if self.book.take().is_some() {
            self.runs.clear();
            self.library.marked = None;
            self.saved = Sketch::default();
            self.keep(desk);
            desk.say("The prompt was removed; its text stays here, without a name.");
        }
        self.remember(desk);
    }

    /// The loop ends: keeps what is on the screen.
    pub fn leave(&mut self, desk: &mut Desk<'_>) {
        if self.begun {
            self.keep(desk);
            self.remember(desk);
        }
    }

    /// Something was typed: it is kept after a moment of quiet.
    pub(super) fn typed(&mut self, desk: &mut Desk<'_>) {
        self.reread_names(desk);
        desk.ask(Effect::After { timer: SAVE, delay: std::time::Duration::from_millis(700) });
        self.refit(desk);
    }

    /// Keeps what is written, where it has changed.
    pub(super) fn keep(&mut self, desk: &mut Desk<'_>) {
        if self.opening {
            return;
        }
        let draft = self.sketch();
        if draft == self.saved {
            return;
        }
        self.saved = draft.clone();
        let of = self.id();
        let task = desk.call(None, Request::Prompts(Prompts::SaveDraft { of, draft }));
        self.waits.insert(task, Wait::Write(of));
    }

    /// No answer is being written here; says so where one is.
    pub(super) fn idle(&self, desk: &mut Desk<'_>) -> bool {
        let idle = self.thread.turn == Turn::Idle;
        if !idle {
            let stops = desk.key(self.where_keys_go(), crate::tui::action::Action::Back);
            desk.say(format!("A run is being answered; {stops} stops it."));
        }
        idle
    }
}
