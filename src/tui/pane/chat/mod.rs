//! The chat place: the conversations, the one that is shown, the composer, the settings.
//!
//! Here lives its state and what it makes of events. Never here: a door that is called (effects ask for that), a clock,
//! a terminal.

mod agents;
mod attaching;
mod choosing;
mod completing;
mod composing;
mod fetching;
mod first_run;
mod found;
mod items;
mod keeping;
mod layout;
mod leaving;
mod lines;
mod list;
mod marking;
mod models;
mod mouse;
mod moving;
mod open;
mod place;
mod presets;
mod reading;
mod recorded;
mod replies;
mod scripts;
mod sessions;
mod setup;
mod slip;
mod stood;
mod summary;
mod tools;
mod turns;
mod update;
mod versions;
mod view;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use first_run::FirstRun;
use list::List;
use marking::Marking;

use crate::domain::Error;
use crate::domain::agent::Step;
use crate::domain::catalog::ModelId;
use crate::domain::completion::Completion;
use crate::domain::conversation::Draft;
use crate::domain::id::{ConversationId, DraftId, MessageId};
use crate::domain::listing::Listing;
use crate::domain::message::{Message, Outcome};
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::app::{Options, Start};
use crate::tui::effect::TaskId;
use crate::tui::keymap::Context;
use crate::tui::models::Stock;
use crate::tui::overlay::agent::Deed;
use crate::tui::overlay::confirm::Running;
use crate::tui::overlay::input::Input;
use crate::tui::setup::Setup;
use crate::tui::setup::drawer::Drawer;
use crate::tui::thread::{Thread, Turn};
use crate::tui::widget::composer::Composer;
use crate::tui::widget::transcript::{Found, Scroll, Selection};

/// How long a list of the servers' models is taken for what they have.
const FRESH: Duration = Duration::from_secs(30);

/// Where keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Focus {
    #[default]
    Composer,
    Transcript,
    List,
    Settings,
    FirstRun,
    /// The line of the search in the conversation.
    Find,
}

/// A search in the open conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Find {
    pub input: Input,
    pub at: Option<Found>,
    /// Which match that is, from 1, and how many there are.
    pub place: (usize, usize),
    /// Something was looked for and is not there.
    pub missing: bool,
}

/// A message that was found, and the words of it that matched.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    message: MessageId,
    words: String,
}

/// What a reply is for.
#[derive(Debug, Clone, PartialEq)]
enum Wait {
    /// Where the person left off.
    Recall,
    /// What was mended or noticed about the workspace.
    Notices,
    /// What the owner of the workspace works with.
    Terms,
    /// Which models the person likes.
    Likes,
    /// The first page of the list, or one that follows.
    List {
        first: bool,
    },
    Search,
    Open(ConversationId),
    /// What a watcher missed is read again.
    Draft(Option<ConversationId>),
    Models,
    /// Whether the provider of the model that was chosen is there, and what is known of the model.
    Knows(ModelId),
    /// The same of a model that nobody chose just now.
    Card(ModelId),
    Plan,
    Pull,
    /// Changes of heads, of one conversation, of the models.
    Watch,
    /// A change that this screen shows already; of the head of that conversation.
    Write(Option<ConversationId>),
    Fork,
    /// A file for the next message.
    Attach(attaching::Named),
    /// How a path goes on.
    Complete(completing::Completing),
    Export,
    /// The request of an answer of that conversation.
    Scripts(ConversationId),
    /// An item of a dataset.
    Add,
    /// Which agents there are: one of them is to be chosen, to answer or for this to be done with it.
    Agents(Option<Deed>),
    /// Something that is done with an agent as it is kept.
    Doing(Box<keeping::Doing>),
    /// What an agent is.
    AgentCard,
    /// The prompt of its steps of that kind: it is to be written anew for another run behind that answer.
    AgentPrompt(MessageId, Step),
    /// To be written to this file; over another one where `replace`.
    Save {
        path: String,
        replace: bool,
    },
}

/// Everything of the chat place.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "what is folded, shown and known, each on its own")]
pub struct State {
    pub focus: Focus,
    thread: Thread,
    /// Conversations that are not shown and still have a turn.
    others: Vec<Thread>,
    pub composer: Composer,
    /// The draft as it was kept last.
    saved: Draft,
    /// The kept draft that the composer went on with.
    over: Option<DraftId>,
    /// Since when something is written that is not kept.
    unsaved_since: Option<Duration>,
    list: List,
    list_open: bool,
    drawer: Drawer,
    drawer_open: bool,
    /// The conversation alone, without borders, while the focus is in it.
    reading: bool,
    first_run: Option<FirstRun>,
    stock: Stock,
    /// How old the list of models is that comes next.
    lists_coming: Vec<Listing>,
    models_error: Option<Error>,
    models_known: bool,
    /// The servers were asked for their models, which only the person begins.
    probed: bool,
    /// When they were asked last.
    asked: Option<Duration>,
    /// Calls are recorded; `None` until the owner has said.
    recorded: Option<bool>,
    /// Another process owns the workspace, as far as the owner has said.
    attached: bool,
    scroll: Scroll,
    /// The message that keys act on.
    at: Option<MessageId>,
    selection: Option<Selection>,
    /// Keys move an end of the selection.
    marking: Option<Marking>,
    dragging: bool,
    /// The scrollbar follows the mouse.
    pulling: bool,
    folded: HashSet<MessageId>,
    /// Messages whose folding part is open: reasoning, a very long text.
    opened: HashSet<MessageId>,
    /// Where the reader stood in what is not shown.
    stood: stood::Stood,
    find: Option<Find>,
    /// A message to go to as soon as it is there.
    wanted: Option<Wanted>,
    /// The model of `-m`, which no other one stands in for.
    insisted: bool,
    /// The model that was asked about last and nobody can ask, and why.
    refused: Option<(ModelId, Error)>,
    /// Words with an `@` that name no file.
    no_files: HashSet<String>,
    /// Those of a text that was taken up again and may be somebody else's: a file of theirs is seen before it is sent.
    taken_up: HashSet<String>,
    /// What the path may be that is being written.
    candidates: Option<Completion>,
    /// Sent by the person, and on its way as soon as its files were read.
    send_after_attaching: bool,
    slash: slip::Slash,
    /// Something was sent before the conversation was there.
    hasty: bool,
    /// Opening where the person left off is still to be decided.
    resuming: bool,
    /// Where the person is, as it was kept last.
    memory: open::Memory,
    waits: BTreeMap<TaskId, Wait>,
}

impl State {
    /// The place before the store answered: a new conversation, ready to be typed into.
    pub fn new(start: Start, options: &Options) -> Self {
        let anew = start.new.is_some();
        let new = start.new.unwrap_or_default();
        let insisted = new.model.is_some();
        let defaults = &options.defaults;
        let setup = Setup {
            model: Some(new.model.unwrap_or_else(|| options.model.clone())),
            system: new.system.or_else(|| defaults.system.clone()),
            settings: defaults.settings.overlaid(&new.settings),
        };
        Self {
            focus: Focus::Composer,
            thread: match start.conversation {
                // Task 0 is never asked; `start` asks for real.
                Some(id) => Thread::remembered(id, TaskId(0)),
                None => Thread::new(setup),
            },
            others: Vec::new(),
            composer: Composer::default(),
            saved: Draft::default(),
            over: None,
            unsaved_since: None,
            list: List::default(),
            list_open: true,
            drawer: Drawer::default(),
            drawer_open: false,
            reading: false,
            first_run: None,
            stock: Stock::default(),
            lists_coming: Vec::new(),
            models_error: None,
            models_known: false,
            probed: false,
            asked: None,
            recorded: None,
            attached: false,
            scroll: Scroll::default(),
            at: None,
            selection: None,
            marking: None,
            dragging: false,
            pulling: false,
            folded: HashSet::new(),
            opened: HashSet::new(),
            stood: stood::Stood::default(),
            find: None,
            wanted: None,
            insisted,
            refused: None,
            no_files: HashSet::new(),
            taken_up: HashSet::new(),
            candidates: None,
            send_after_attaching: false,
            slash: slip::Slash::default(),
            hasty: false,
            resuming: !anew && start.conversation.is_none(),
            memory: open::Memory::default(),
            waits: BTreeMap::new(),
        }
    }

    /// Which keys hold.
    pub fn context(&self) -> Context {
        let typing = self.list.search.as_ref().is_some_and(|s| s.typing) && self.focus == Focus::List
            || self.drawer.input.is_some() && self.focus == Focus::Settings;
        if typing {
            return Context::Menu;
        }
        match self.focus {
            Focus::Composer => Context::Composer,
            Focus::Transcript if self.marks() => Context::Selecting,
            Focus::Transcript => Context::Transcript,
            Focus::List => Context::List,
            Focus::Settings => Context::Settings,
            Focus::FirstRun => Context::FirstRun,
            Focus::Find => Context::Menu,
        }
    }

    /// The conversation is shown alone: the list and the settings come back while they have the focus.
    pub fn reads_alone(&self) -> bool {
        self.reading && !matches!(self.focus, Focus::List | Focus::Settings)
    }

    /// Shows the conversation alone, or all parts again.
    pub fn toggle_reading(&mut self) {
        self.reading = !self.reads_alone();
        if self.reading && !self.reads_alone() {
            self.focus = Focus::Composer;
        }
    }

    /// Whether an action can do anything now; the palette shows no others.
    pub fn can(&self, action: Action) -> bool {
        let answered = self.thread.last_answer().is_some();
        let idle = self.thread.turn == Turn::Idle;
        match action {
            Action::Retry | Action::AddToDataset => answered && idle,
            // An agent ends its answers itself.
            Action::Continue => answered && idle && self.thread.acting().is_none(),
            // What is edited is sent next, and nothing else.
            Action::RetryFailed if self.thread.editing.is_some() => false,
            Action::RetryFailed => idle && self.thread.last_answer().is_some_and(is_broken_off),
            Action::EditMessage => self.thread.shown().next().is_some() && idle,
            Action::Copy | Action::CopyCode | Action::CopyRequest => answered,
            Action::CopyAll | Action::ExportConversation | Action::Fork | Action::Rename | Action::Delete => {
                self.thread.id.is_some()
            }
            Action::StartSelection => self.thread.shown().next().is_some(),
            Action::AnswerTool => self.calls_tools() || self.waits_for_word(),
            Action::ShowPassages => self.given().is_some(),
            Action::ShowAgent => self.agent_meant().is_some(),
            Action::EditStep => self.work_meant().is_some(),
            Action::ShowRunTrace => self.run_meant().is_some(),
            Action::EditQueued => !self.thread.queue.is_empty(),
            Action::Back => !idle,
            Action::Accept if self.focus == Focus::FirstRun => {
                self.first_run.as_ref().is_some_and(|first| !first.runs() && !first.plans())
            }
            Action::SelectNext | Action::SelectPrevious if self.focus == Focus::FirstRun => {
                self.first_run.as_ref().is_some_and(|first| !first.runs() && first.choices.len() > 1)
            }
            Action::GetModel => !first_run::fetchable(&self.stock.cards).is_empty(),
            _ => true,
        }
    }

    fn threads(&self) -> impl Iterator<Item = &Thread> {
        std::iter::once(&self.thread).chain(&self.others)
    }

    /// What quitting would cut off, here and in conversations that are not shown.
    pub fn running(&self) -> Running {
        let runs = || self.threads().filter(|thread| thread.turn != Turn::Idle);
        let agent = |thread: &Thread| Some(safe_line(&thread.agent.as_ref()?.name).into_owned());
        Running {
            answers: runs().filter(|thread| thread.agent.is_none()).count(),
            agents: runs().filter_map(agent).collect(),
            waiting: self.threads().map(|thread| thread.queue.len()).sum(),
            fetching: self.first_run.as_ref().is_some_and(FirstRun::runs),
            ..Running::default()
        }
    }

    /// Calls whose replies are waited for, those of running turns aside.
    pub fn waits(&self) -> usize {
        self.waits.len()
    }

    /// How often the time is wanted while something goes on.
    pub fn pulse(&self, reduced_motion: bool) -> Option<Duration> {
        let elsewhere = || self.others.iter().any(|thread| thread.beat(true).is_some());
        let goes_on = || self.first_run.as_ref().is_some_and(FirstRun::runs) || elsewhere();
        self.thread.beat(reduced_motion).or_else(|| goes_on().then_some(Duration::from_secs(1)))
    }

    /// The title of the terminal's window.
    pub fn title(&self) -> String {
        if self.thread.title.is_empty() {
            "outcrop".to_owned()
        } else {
            format!("{} · outcrop", self.thread.title)
        }
    }

    fn thread_of(&mut self, task: TaskId) -> Option<&mut Thread> {
        std::iter::once(&mut self.thread)
            .chain(&mut self.others)
            .find(|thread| thread.turn.task() == Some(task))
    }
}

/// Whether an answer did not come to its own end.
fn is_broken_off(answer: &Message) -> bool {
    let outcome = answer.answer.as_ref().map(|answer| &answer.outcome);
    matches!(outcome, Some(Outcome::Failed { .. } | Outcome::Stopped | Outcome::Interrupted))
}
