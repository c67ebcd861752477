//! The prompt place: one text with variables, its values, what a model answers to it; the library of prompts with their
//! versions.
//!
//! Here lives its state and what it makes of events. Never here: what a version or a run is kept as (the door knows
//! that), or a second way to read an answer as it comes (`tui/thread` has it).

mod comparing;
mod layout;
mod library;
mod opening;
mod place;
mod replies;
mod running;
mod saving;
mod setting;
mod update;
mod view;
mod writing;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use comparing::Compared;
use library::Library;

use crate::domain::Error;
use crate::domain::catalog::ModelId;
use crate::domain::conversation::Conversation;
use crate::domain::id::{ConversationId, MessageId, PromptId};
use crate::domain::prompt::{Book, Sketch, Template, Values};
use crate::tui::app::Options;
use crate::tui::effect::{TaskId, TimerId};
use crate::tui::keymap::Context;
use crate::tui::models::Stock;
use crate::tui::setup::Setup;
use crate::tui::setup::drawer::Drawer;
use crate::tui::setup::presets::Before;
use crate::tui::thread::{Thread, Turn};
use crate::tui::widget::composer::Composer;
use crate::tui::widget::transcript::Scroll;

/// The delay after which what is written is kept.
const SAVE: TimerId = TimerId("prompt");

/// Where keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Focus {
    #[default]
    Editor,
    Values,
    Answer,
    Library,
    Settings,
}

/// What a reply is for.
#[derive(Debug, Clone, PartialEq)]
enum Wait {
    /// Where the person left off.
    Recall,
    List,
    /// What was being written and has no name.
    Draft,
    /// The prompt to be shown.
    Open(PromptId),
    /// Versions that came since.
    Reread(PromptId),
    Runs(Option<PromptId>),
    Run(ConversationId),
    /// Changes of the library and of runs.
    Watch,
    /// A run that another window asked for.
    Grow,
    /// The request of a run, as programs.
    Scripts,
    /// A version is kept; what was written then.
    Save,
    Rename,
    /// The draft of that prompt is kept.
    Write(Option<PromptId>),
    Remember,
    GoOn,
}

/// Where the person left off.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    prompt: Option<PromptId>,
    list_closed: bool,
}

/// Everything of the prompt place.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "what is shown and known, each on its own")]
pub struct State {
    focus: Focus,
    editor: Composer,
    setup: Setup,
    /// Also of variables that the text has no more: they may come back.
    values: Values,
    /// The variables of the text.
    names: Vec<String>,
    /// The variable whose value is edited.
    selected: usize,
    value: Composer,
    /// `None` while what is written has no name.
    book: Option<Book>,
    /// As it was kept last.
    saved: Sketch,
    /// The prompt that is shown has not come yet.
    opening: bool,
    failed: Option<Error>,
    library: Library,
    library_open: bool,
    drawer: Drawer,
    drawer_open: bool,
    /// Of the prompt, the newest first.
    runs: Vec<Conversation>,
    /// The run that is shown.
    thread: Thread,
    scroll: Scroll,
    /// Messages whose folding part is open.
    opened: HashSet<MessageId>,
    compared: Option<Compared>,
    stock: Stock,
    asking: bool,
    /// Who answers where the prompt leaves it open: the model that the chat is held with.
    usual: Option<ModelId>,
    before: Option<Before>,
    system_aside: Option<String>,
    /// Runs of prompts that are not shown.
    others: Vec<TaskId>,
    /// It was in sight once.
    begun: bool,
    memory: Memory,
    waits: BTreeMap<TaskId, Wait>,
}

impl State {
    /// The place before it was ever in sight.
    pub fn new(options: &Options) -> Self {
        Self {
            focus: Focus::default(),
            editor: Composer::default(),
            setup: Setup::of(Some(options.model.clone()), &options.defaults),
            values: Values::new(),
            names: Vec::new(),
            selected: 0,
            value: Composer::default(),
            book: None,
            saved: Sketch::default(),
            opening: false,
            failed: None,
            library: Library::default(),
            library_open: true,
            drawer: Drawer::default(),
            drawer_open: false,
            runs: Vec::new(),
            thread: Thread::default(),
            scroll: Scroll::default(),
            opened: HashSet::new(),
            compared: None,
            stock: Stock::default(),
            asking: false,
            usual: Some(options.model.clone()),
            before: None,
            system_aside: None,
            others: Vec::new(),
            begun: false,
            memory: Memory::default(),
            waits: BTreeMap::new(),
        }
    }

    /// What is known of the models has changed, or how it is being asked for.
    pub fn restock(&mut self, stock: &Stock, asking: bool) {
        self.asking = asking;
        self.stock = stock.clone();
    }

    /// Who answers where a prompt leaves it open.
    pub fn would_ask(&mut self, model: Option<&ModelId>) {
        if let Some(model) = model {
            self.usual = Some(model.clone());
        }
    }

    /// The knowledge base that its runs answer from.
    pub fn answers_from(&self) -> Option<String> {
        self.setup.settings.knowledge.clone()
    }

    /// What a run is sent with.
    fn in_force(&self) -> Setup {
        let mut setup = self.setup.clone();
        setup.model = setup.model.or_else(|| self.usual.clone());
        setup
    }

    /// The prompt that is shown; `None` for one without a name.
    fn id(&self) -> Option<PromptId> {
        self.book.as_ref().map(|book| book.prompt.id)
    }

    /// What is written, as it would be kept as a version.
    fn template(&self) -> Template {
        Template {
            text: self.editor.text(),
            system: self.setup.system.clone().filter(|system| !system.trim().is_empty()),
            model: self.setup.model.clone(),
            settings: self.setup.settings.clone(),
        }
    }

    /// What is written, with the values; empty where nothing is.
    fn sketch(&self) -> Sketch {
        let template = self.template();
        if self.book.is_none() && template.text.trim().is_empty() && self.values.is_empty() {
            return Sketch::default();
        }
        Sketch { template, values: self.values.clone() }
    }

    /// The version that is written; `None` where none is like it.
    fn version(&self) -> Option<u32> {
        let template = self.template();
        let versions = self.book.as_ref().map_or(&[][..], |book| &book.versions);
        versions.iter().rfind(|version| version.template == template).map(|version| version.number)
    }

    /// Nothing is written, nothing was answered: the place teaches what it is for.
    fn is_bare(&self) -> bool {
        self.editor.is_empty() && self.thread.shown().next().is_none() && self.book.is_none()
    }

    /// There is something to read: an answer, or what takes its place.
    fn has_answer(&self) -> bool {
        self.compared.is_some() || self.thread.turn != Turn::Idle || self.thread.shown().next().is_some()
    }

    /// The place of the shown run among the runs.
    fn at(&self) -> Option<usize> {
        self.thread.id.and_then(|id| self.runs.iter().position(|run| run.id == id))
    }

    /// Answers that quitting would cut off.
    pub fn running(&self) -> usize {
        self.others.len() + usize::from(self.thread.turn != Turn::Idle)
    }

    /// Writes are under way that the store has not acknowledged.
    pub fn is_writing(&self) -> bool {
        self.waits.values().any(|wait| matches!(wait, Wait::Write(_) | Wait::Save | Wait::Remember))
    }

    /// A line is being typed that is none of the text.
    fn types_line(&self) -> bool {
        self.focus == Focus::Library && self.library.typing
            || self.focus == Focus::Settings && self.drawer.input.is_some()
    }

    /// Which keys hold.
    fn where_keys_go(&self) -> Context {
        match self.focus {
            _ if self.types_line() => Context::Menu,
            Focus::Editor => Context::Prompt,
            Focus::Values => Context::Values,
            Focus::Answer => Context::Answer,
            Focus::Library => Context::Prompts,
            Focus::Settings => Context::Settings,
        }
    }

    /// How often the time is wanted while something goes on.
    fn beat(&self, reduced_motion: bool) -> Option<Duration> {
        let others = || (!self.others.is_empty()).then_some(Duration::from_secs(1));
        self.thread.beat(reduced_motion).or_else(others)
    }
}
