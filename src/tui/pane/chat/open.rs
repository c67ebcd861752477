//! Which conversation is shown: opening, leaving, a new one, and where the person left off.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::first_run::{chats, usable};
use super::turns::send_next;
use super::{Focus, State, Wait};
use crate::domain::catalog::{Availability, ModelCard, ModelId};
use crate::domain::conversation::{Draft, SavedDraft};
use crate::domain::id::ConversationId;
use crate::tui::app::{Desk, SAVE_DRAFT};
use crate::tui::effect::Effect;
use crate::tui::setup::Setup;
use crate::tui::thread::{Load, Thread, Turn};
use crate::tui::widget::composer::{Composer, joined};
use crate::workbench::Request;
use crate::workbench::request::Topic;
use crate::workbench::request::conversations::{Change, Conversations};
use crate::workbench::request::models::Models;
use crate::workbench::request::workspace::Workspace;

/// The name that the place's small memory is kept under.
const MEMORY: &str = "tui.chat";
/// Texts of the composer's history that are kept, each no longer than so many bytes.
const HISTORY: usize = 100;
const LONGEST: usize = 4096;

/// A draft is kept after so long without a key.
const QUIET: Duration = Duration::from_millis(700);
/// And after so long at the latest.
const LONGEST_UNSAVED: Duration = Duration::from_secs(3);

/// Where the person left off.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub conversation: Option<ConversationId>,
    pub model: Option<ModelId>,
    pub list_closed: bool,
    pub drawer_open: bool,
    /// Texts that were sent, oldest first.
    pub history: Vec<String>,
}

impl State {
    /// The loop begins: asks for everything that the first frame did not need.
    pub fn start(&mut self, desk: &mut Desk<'_>) {
        self.ask_likes(desk);
        let task = desk.call(None, Request::Workspace(Workspace::Recall { name: MEMORY.to_owned() }));
        self.waits.insert(task, Wait::Recall);
        let list = Conversations::List { limit: super::list::PAGE, before: None };
        let task = desk.call(None, Request::Conversations(list));
        self.list.task = Some(task);
        self.waits.insert(task, Wait::List { first: true });
        let task = desk.call(None, Request::Models(Models::List { probe: false }));
        self.waits.insert(task, Wait::Models);
        for topic in [Topic::Conversations, Topic::Models] {
            let task = desk.call(None, Request::Watch { topic });
            self.waits.insert(task, Wait::Watch);
        }
        let task = desk.call(None, Request::Workspace(Workspace::Notices));
        self.waits.insert(task, Wait::Notices);
        self.ask_terms(desk);
        if self.insisted {
            self.ask_whether_known(desk);
        }
        match self.thread.id {
            Some(id) => self.fetch(id, desk),
            None => self.load_draft(desk),
        }
    }

    /// The loop ends: keeps what is on the screen.
    pub fn leave(&mut self, desk: &mut Desk<'_>) {
        // What waits is sent by nobody any more: it goes back to what is being written.
        let draft = self.unsent();
        self.thread.queue.clear();
        self.composer.set_draft(&draft);
        for thread in &mut self.others {
            if !thread.queue.is_empty() {
                let waiting = thread.queue.drain(..).map(|queued| queued.draft);
                let draft = joined(waiting.chain([std::mem::take(&mut thread.aside)]));
                let by = desk.options.terminal;
                let save = Conversations::SaveDraft { id: thread.id, by, over: None, draft };
                let task = desk.call(None, Request::Conversations(save));
                self.waits.insert(task, Wait::Write(None));
            }
        }
        self.save_draft(desk);
        self.remember(desk);
    }

    /// What `Recall` gave back.
    pub(super) fn recalled(&mut self, value: Option<serde_json::Value>, desk: &mut Desk<'_>) {
        let memory: Memory = value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
        self.list_open = !memory.list_closed;
        self.drawer_open = memory.drawer_open;
        self.memory = memory.clone();
        let written = self.composer.draft();
        let history = memory.history.iter().cloned().map(|text| Draft { text, pastes: Vec::new() }).collect();
        self.composer = Composer::with_history(history);
        self.composer.set_draft(&written);
        let resuming = std::mem::take(&mut self.resuming);
        if self.thread.blank() && !self.insisted {
            let waiting = std::mem::take(&mut self.thread.queue);
            if let Some(model) = memory.model {
                self.thread.setup.model = Some(model);
            }
            if let Some(id) = memory.conversation.filter(|_| resuming) {
                self.show(id, desk);
            }
            self.settle_model(desk);
            self.ask_what_is_known(desk);
            self.thread.queue = waiting;
        }
        self.welcome(desk);
        self.send_waiting(desk);
        self.refit(desk);
    }

    /// It is not known yet what the next message would follow.
    pub(super) fn is_opening(&self) -> bool {
        self.resuming || self.thread.load != Load::Ready
    }

    /// Sends what was written while the conversation was still opening.
    pub(super) fn send_waiting(&mut self, desk: &mut Desk<'_>) {
        if self.is_opening() || self.thread.turn != Turn::Idle || !std::mem::take(&mut self.hasty) {
            return;
        }
        if self.thread.id.is_none() && self.thread.setup.model.is_none() && self.thread.agent.is_none() {
            // There is nobody to send it to yet.
            let written = self.unsent();
            self.thread.queue.clear();
            self.composer.set_draft(&written);
            return;
        }
        self.keep_lent(desk);
        send_next(&mut self.thread, desk);
    }

    /// A model that stood in becomes the conversation's own.
    pub(super) fn keep_lent(&mut self, desk: &mut Desk<'_>) {
        if std::mem::take(&mut self.thread.lent) {
            let model = self.thread.setup.model.clone();
            self.change(Change { model, ..Change::default() }, desk);
        }
    }

    /// Keeps where the person is.
    pub(super) fn remember(&mut self, desk: &mut Desk<'_>) {
        let sent = self.composer.sent().map(|(text, _)| text);
        let mut history: Vec<String> = sent.filter(|text| text.len() <= LONGEST).take(HISTORY).collect();
        history.reverse();
        let memory = Memory {
            conversation: self.thread.id,
            model: self.thread.setup.model.clone(),
            list_closed: !self.list_open,
            drawer_open: self.drawer_open,
            history,
        };
        if memory == self.memory {
            return;
        }
        self.memory = memory;
        if let Ok(value) = serde_json::to_value(&self.memory) {
            self.write(Request::Workspace(Workspace::Remember { name: MEMORY.to_owned(), value }), desk);
        }
    }

    /// A write that this screen shows already.
    pub(super) fn write(&mut self, request: Request, desk: &mut Desk<'_>) {
        let of = match &request {
            Request::Conversations(Conversations::Change { id, .. }) => Some(*id),
            _ => None,
        };
        let task = desk.call(None, request);
        self.waits.insert(task, Wait::Write(of));
    }

    /// The head of that conversation is being changed here: what the store says of it meanwhile is older.
    pub(super) fn changing(&self, id: ConversationId) -> bool {
        self.waits.values().any(|wait| *wait == Wait::Write(Some(id)))
    }

    /// Changes the shown conversation's head, in the store where it is there.
    pub(super) fn change(&mut self, change: Change, desk: &mut Desk<'_>) {
        if let Some(id) = self.thread.id {
            self.write(Request::Conversations(Conversations::Change { id, change }), desk);
        }
    }

    /// The person has begun to write here, or gone on.
    pub fn has_begun(&self) -> bool {
        let stays = matches!(self.focus, Focus::Composer | Focus::FirstRun);
        !stays || !self.composer.is_empty() || self.hasty || self.thread.turn != Turn::Idle
    }

    /// Writes are under way that the store has not acknowledged.
    pub fn is_writing(&self) -> bool {
        self.waits.values().any(|wait| match wait {
            Wait::Write(_) => true,
            Wait::Doing(doing) => doing.is_writing(),
            _ => false,
        })
    }

    /// Shows a conversation, keeping what is written and what runs in the one that was shown.
    pub fn open(&mut self, id: ConversationId, desk: &mut Desk<'_>) {
        self.resuming = false;
        self.list.search = None;
        if self.thread.id == Some(id) {
            self.list.select(Some(id));
            self.focus = Focus::Composer;
            return;
        }
        self.put_away(desk);
        self.show(id, desk);
        self.focus = Focus::Composer;
        self.remember(desk);
    }

    /// What waits and what is written in the shown conversation, as one text.
    fn unsent(&self) -> Draft {
        let waiting = self.thread.queue.iter().map(|queued| queued.draft.clone());
        joined(waiting.chain([self.composer.draft()]))
    }

    /// The shown conversation is gone from the store: a new one takes its place, and keeps what is being written.
    pub(super) fn leave_gone(&mut self, desk: &mut Desk<'_>) {
        // Of a conversation that never opened, no more than the id was known.
        let model = self.thread.setup.model.clone().or_else(|| self.memory.model.clone());
        let model = model.or_else(|| Some(desk.options.model.clone()));
        let written = self.unsent();
        let gone = std::mem::take(&mut self.thread);
        self.let_go(&gone, desk);
        self.begin(Thread::new(Setup::of(model, &desk.options.defaults)), desk);
        // What is kept for a new conversation goes behind it in the composer's history.
        self.composer.set_draft(&written);
        self.typed(desk);
        self.load_draft(desk);
        self.settle_model(desk);
        self.remember(desk);
    }

    /// A new conversation with the setup of the shown one.
    pub(super) fn open_new(&mut self, desk: &mut Desk<'_>) {
        self.resuming = false;
        self.focus = Focus::Composer;
        if self.thread.blank() {
            return self.send_waiting(desk);
        }
        let model = self.thread.setup.model.clone();
        self.put_away(desk);
        self.begin(Thread::new(Setup::of(model, &desk.options.defaults)), desk);
        self.load_draft(desk);
        self.settle_model(desk);
        self.remember(desk);
    }

    fn put_away(&mut self, desk: &mut Desk<'_>) {
        self.save_draft(desk);
        self.keep_stand();
        let mut thread = std::mem::take(&mut self.thread);
        thread.aside = self.composer.draft();
        if thread.busy() {
            self.others.push(thread);
        } else {
            self.let_go(&thread, desk);
        }
        // Not a step of undo: that would bring this text into another conversation.
        self.composer.set_draft(&Draft::default());
    }

    fn begin(&mut self, mut thread: Thread, desk: &mut Desk<'_>) {
        thread.stamp(desk.wall());
        self.thread = thread;
        self.saved = Draft::default();
        self.over = None;
        self.take_stand();
        self.unmark();
        self.find = None;
        self.wanted = None;
        self.list.select(self.thread.id);
        if self.thread.id.is_some() {
            self.put_offer_away();
        }
        self.refit(desk);
    }

    fn show(&mut self, id: ConversationId, desk: &mut Desk<'_>) {
        if let Some(at) = self.others.iter().position(|thread| thread.id == Some(id)) {
            let thread = self.others.swap_remove(at);
            self.begin(thread, desk);
            if self.thread.load == Load::Ready {
                self.watch(desk);
                self.load_draft(desk);
            } else {
                // What was asked for it came while another one was shown.
                self.fetch(id, desk);
            }
            return;
        }
        let thread = match self.list.head(id) {
            Some(head) => Thread::opening(head, crate::tui::effect::TaskId(0)),
            None => Thread::remembered(id, crate::tui::effect::TaskId(0)),
        };
        self.begin(thread, desk);
        self.fetch(id, desk);
    }

    fn fetch(&mut self, id: ConversationId, desk: &mut Desk<'_>) {
        let task = desk.call(None, Request::Conversations(Conversations::Open { id }));
        self.thread.load = Load::Opening(task);
        self.waits.insert(task, Wait::Open(id));
        self.watch(desk);
        self.load_draft(desk);
    }

    /// Reads the shown conversation again.
    pub(super) fn reload(&mut self, desk: &mut Desk<'_>) {
        if let Some(id) = self.thread.id {
            let task = desk.call(None, Request::Conversations(Conversations::Open { id }));
            if self.thread.load != Load::Ready {
                self.thread.load = Load::Opening(task);
            }
            self.waits.insert(task, Wait::Open(id));
        }
    }

    /// Watches the shown conversation, once.
    pub(super) fn watch(&mut self, desk: &mut Desk<'_>) {
        if let (Some(id), None) = (self.thread.id, self.thread.watch) {
            let task = desk.call(None, Request::Watch { topic: Topic::Conversation(id) });
            self.thread.watch = Some(task);
            self.waits.insert(task, Wait::Watch);
        }
    }

    fn load_draft(&mut self, desk: &mut Desk<'_>) {
        let id = self.thread.id;
        let load = Conversations::LoadDraft { id, by: desk.options.terminal };
        let task = desk.call(None, Request::Conversations(load));
        self.waits.insert(task, Wait::Draft(id));
    }

    /// Kept drafts, for the conversation that is shown. What was typed meanwhile stays, and so does a new conversation that
    /// was asked for with a model. The drafts that do not stand in the composer, as those of another terminal, go behind it in
    /// its history.
    pub(super) fn take_drafts(&mut self, of: Option<ConversationId>, mut drafts: Vec<SavedDraft>) {
        if of != self.thread.id {
            return;
        }
        let free = self.composer.is_empty() && !(self.insisted && of.is_none());
        let own = (free && !drafts.is_empty()).then(|| drafts.remove(0));
        if let Some(SavedDraft { id, draft }) = own {
            self.composer.set_draft(&draft);
            self.take_up();
            self.saved = draft;
            self.over = id;
        }
        let typed = self.composer.draft();
        for SavedDraft { draft, .. } in drafts.into_iter().rev().filter(|saved| saved.draft != typed) {
            self.composer.remember(draft);
        }
    }

    /// Something was typed: it is kept after a moment of quiet, and now and then while there is none.
    pub(super) fn typed(&mut self, desk: &mut Desk<'_>) {
        self.candidates = None;
        let since = *self.unsaved_since.get_or_insert(desk.now.elapsed);
        if desk.now.elapsed.saturating_sub(since) >= LONGEST_UNSAVED {
            self.save_draft(desk);
        } else {
            desk.ask(Effect::After { timer: SAVE_DRAFT, delay: QUIET });
        }
        self.refit(desk);
    }

    /// Keeps the draft, where it has changed.
    pub(super) fn save_draft(&mut self, desk: &mut Desk<'_>) {
        self.unsaved_since = None;
        let draft = self.composer.draft();
        if draft == self.saved {
            return;
        }
        self.saved = draft.clone();
        let (id, by, over) = (self.thread.id, desk.options.terminal, self.over);
        self.write(Request::Conversations(Conversations::SaveDraft { id, by, over, draft }), desk);
    }

    /// Puts a model that can answer in the place of one that cannot, in a conversation that has not begun: the configured
    /// one, or one of this machine. Where only servers have some, none does: the person chooses.
    /// One that came from elsewhere may name none: the same one stands in for it.
    pub(super) fn settle_model(&mut self, desk: &mut Desk<'_>) {
        let begun = self.thread.id.is_some();
        let nameless = begun && self.thread.setup.model.is_none() && self.thread.load == Load::Ready;
        if !self.models_known || if begun { !nameless } else { self.insisted } {
            return;
        }
        let servers = &desk.options.servers;
        let served = |model: &ModelId| servers.iter().any(|name| name == model.provider());
        let answers = |model: &ModelId| match self.stock.cards.iter().find(|card| card.id == *model) {
            Some(card) => usable(card),
            // A server has models that it does not list.
            None => served(model),
        };
        let current = self.thread.setup.model.as_ref();
        if current.is_some_and(answers) {
            return;
        }
        // Whose server it is that was found at a port of this machine nobody knows, and what a server is asked leaves this
        // program: the person chooses it.
        let is_here =
            |card: &&ModelCard| card.id.is_local() && card.availability == Availability::Ready && chats(card);
        let found = Some(&desk.options.model).filter(|model| answers(model)).cloned();
        let found = found.or_else(|| self.stock.cards.iter().find(is_here).map(|card| card.id.clone()));
        let choosable = || self.stock.cards.iter().any(|card| usable(card) && !card.id.is_local());
        let chooses = !servers.is_empty() || choosable();
        if let Some(model) = found.as_ref().filter(|_| begun) {
            self.thread.lent = true;
            desk.say(format!("This conversation names no model; {model} answers the next message."));
        }
        if found.is_some() || chooses {
            self.thread.setup.model = found;
        }
    }
}
