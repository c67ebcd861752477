//! What comes back through the door, and what it means here.

use std::sync::Arc;

use super::first_run::Fetch;
use super::keeping::unanswered;
use super::turns::send_next;
use super::{Focus, State, Wait};
use crate::domain::agent::AgentEvent;
use crate::domain::agent::acting::End;
use crate::domain::catalog::ModelCard;
use crate::domain::change::Changed;
use crate::domain::conversation::{Answers, Conversation};
use crate::domain::delta::Event as Said;
use crate::domain::message::Outcome;
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::dataset::added;
use crate::tui::effect::{Effect, Lane, TaskId, Written};
use crate::tui::hinting::retell;
use crate::tui::keymap::Context;
use crate::tui::scripts;
use crate::tui::setup::Setup;
use crate::tui::thread::{Load, Thread, Turn};
use crate::workbench::request::conversations::{Change, Conversations};
use crate::workbench::{Reply, Request};

impl State {
    fn wait(&self, task: TaskId) -> Option<&Wait> {
        self.waits.get(&task)
    }

    /// Takes one reply in; one that nobody waits for is dropped.
    pub fn reply(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        if self.thread_of(task).is_some() {
            return self.turn_reply(task, reply, desk);
        }
        let Some(wait) = self.wait(task).cloned() else { return };
        match (wait, reply) {
            (Wait::Recall, Reply::Remembered { value }) => self.recalled(value, desk),
            (Wait::List { first }, Reply::Conversations { heads, more }) => {
                let known = self.list.known;
                self.list.take(heads, more, first);
                if !known && let Some(id) = self.thread.id {
                    self.list.select(Some(id));
                }
                self.refit(desk);
            }
            (Wait::Search, Reply::Hits { hits }) => {
                if let Some(search) = self.list.search.as_mut().filter(|s| s.task == Some(task)) {
                    if search.of != search.input.text().trim() {
                        search.of = search.input.text().trim().to_owned();
                        search.hits.clear();
                    }
                    search.take(hits);
                    let opens = std::mem::take(&mut search.opens);
                    self.list.step(0);
                    if opens && self.focus == Focus::List && !self.list.is_empty() {
                        self.open_selected(desk);
                    }
                }
            }
            (Wait::Open(id), Reply::Thread { thread }) if self.thread.id == Some(id) => {
                let asked = self.thread.asks_for();
                self.thread.stamp(desk.wall());
                self.thread.take_messages(thread.messages, thread.conversation.leaf);
                self.thread.take_head(&thread.conversation);
                self.advise(desk);
                self.list.upsert(thread.conversation);
                self.settle_model(desk);
                self.ask_what_is_known(desk);
                self.go_to_wanted(desk);
                self.send_waiting(desk);
                self.consent_changed(asked, desk);
                self.refit(desk);
            }
            (Wait::Draft(of), Reply::Drafts { drafts }) => {
                self.take_drafts(of, drafts);
                self.refit(desk);
            }
            (Wait::Likes, Reply::Remembered { value }) => self.take_likes(value),
            (Wait::Models, Reply::Lists { lists }) => self.take_lists(lists),
            (Wait::Models, Reply::Models { cards }) => {
                self.take_models(cards);
                self.refit(desk);
            }
            (Wait::Knows(id) | Wait::Card(id), Reply::Models { cards }) => {
                if self.refused.as_ref().is_some_and(|(refused, _)| *refused == id) {
                    self.refused = None;
                }
                for card in cards {
                    self.stock.know(card);
                }
                self.refit(desk);
            }
            (Wait::Plan, Reply::Plan { plan }) => {
                if let Some(first) = self.first_run.as_mut().filter(|f| f.plan_task == Some(task)) {
                    first.plan = Some(plan);
                }
            }
            (Wait::Pull, Reply::Pulling { step }) => {
                if let Some(first) = &mut self.first_run {
                    first.progress(step);
                }
            }
            (Wait::Pull, Reply::Models { cards }) => self.pulled(cards, desk),
            (Wait::Watch, Reply::Changed { change, .. }) => self.changed(task, change, desk),
            (Wait::Fork, Reply::Conversation { head }) => {
                let id = head.id;
                self.list.upsert(head);
                self.open(id, desk);
                desk.say("This is the copy; the first conversation stays as it was.");
            }
            (Wait::Write(_), Reply::Conversation { head }) => {
                // This one is done; where no other is under way, the store's word holds again.
                self.waits.insert(task, Wait::Write(None));
                self.take_head(&head);
                self.list.upsert(head);
            }
            (Wait::Attach(named), Reply::Attached { attachment }) => self.attached(attachment, named, desk),
            (Wait::Complete(completing), Reply::Completion { found }) => {
                self.completed(completing, found, desk);
            }
            (Wait::Add, Reply::ItemAdded { dataset, place, like, remarks }) => {
                desk.say(added(&dataset, place, like, &remarks));
            }
            (Wait::Agents(None), Reply::Agents { agents }) => self.offer_agents(&agents, desk),
            (Wait::Agents(Some(deed)), Reply::Agents { agents }) => {
                self.offer_agents_for(&deed, &agents, desk);
            }
            (Wait::Doing(doing), reply) => {
                // It has one reply: what ends without it was refused.
                self.waits.remove(&task);
                self.heard_of_agent(*doing, reply, desk);
            }
            (Wait::AgentCard, Reply::Agent { book }) => Self::show_card(&book, desk),
            (Wait::AgentPrompt(of, step), Reply::Agent { book }) => self.write_prompt(of, step, &book, desk),
            (Wait::Scripts(id), Reply::Scripts { scripts }) if self.thread.id == Some(id) => {
                scripts::offer(scripts, desk);
            }
            (Wait::Notices, Reply::Notices { founded, notices }) => {
                // A first start has more to read than how its workspace is opened.
                desk.later = founded;
                if !notices.is_empty() {
                    desk.note(notices.join(" "));
                }
            }
            (Wait::Terms, Reply::Differences { owner, differences }) => {
                self.take_terms(owner, &differences, desk);
            }
            (Wait::Export, Reply::Export { text, .. }) => desk.ask(Effect::Copy(text)),
            (Wait::Save { path, replace }, Reply::Export { id, text, .. }) => {
                desk.ask(Effect::Save { of: Written::Conversation(id), path, text, replace });
            }
            _ => {}
        }
    }

    fn turn_reply(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        let now = desk.now.wall;
        let wall = desk.wall();
        let ended = matches!(reply, Reply::Finished { .. });
        let asked = self.thread.asks_for();
        let Some(thread) = self.thread_of(task) else { return };
        match reply {
            Reply::Started { conversation, asked, answer } => {
                thread.stamp(wall);
                // What was chosen since it was sent is of no conversation yet: it is changed now that there is one.
                let late = thread.id.is_none().then(|| thread.setup.clone());
                let late_answers = thread.id.is_none().then(|| Answers::of(thread.agent.clone()));
                thread.started(&conversation, asked, answer);
                let late = late.filter(|setup| *setup != thread.setup);
                if let Some(setup) = late {
                    thread.setup = setup.clone();
                    let Setup { model, system, settings } = setup;
                    let system = Some(system.unwrap_or_default());
                    let change = Change { model, system, settings: Some(settings), ..Change::default() };
                    let id = conversation.id;
                    self.write(Request::Conversations(Conversations::Change { id, change }), desk);
                }
                self.keep_late_answers(task, late_answers, desk);
                self.list.upsert(conversation);
                if self.thread.turn.task() == Some(task) {
                    self.watch(desk);
                    self.list.select(self.thread.id);
                    self.remember(desk);
                }
                self.refit(desk);
            }
            Reply::Delta { event: Said::Notice { text } } => desk.note(text),
            Reply::Delta { event } => thread.delta(&event, now),
            Reply::AgentEvent { event } => {
                thread.acted(&event, now);
                let asks = matches!(event, AgentEvent::Confirm { .. } | AgentEvent::Agree { .. });
                if self.thread.turn.task() == Some(task) {
                    self.consent_changed(asked, desk);
                } else if asks {
                    let leads = desk.key(Context::Everywhere, Action::AnswerTool);
                    desk.note(format!(
                        "An agent of another conversation waits for your word; {leads} leads there."
                    ));
                }
            }
            Reply::Finished { answer } => {
                // An agent that waits, or gave up, holds it as well: the next prompt was not written for that.
                let good = answer.answer.as_ref().is_some_and(|answer| {
                    let acting = answer.agent.as_ref();
                    let own = acting.is_none_or(|acting| acting.end == Some(End::Answered));
                    own && matches!(answer.outcome, Outcome::Complete { .. })
                });
                thread.finished(answer);
                // A failure or a stop holds the queue: the next prompt may hang on this answer.
                if good {
                    send_next(thread, desk);
                }
                self.clear_others(desk);
            }
            _ => {}
        }
        if ended {
            self.advise(desk);
        }
    }

    /// Waits no more for a call that will be made anew by `start`; whether it was waited for.
    pub fn forget(&mut self, task: TaskId) -> bool {
        let waited = self.waits.remove(&task).is_some();
        if self.list.task == Some(task) {
            self.list.task = None;
        }
        for thread in std::iter::once(&mut self.thread).chain(&mut self.others) {
            thread.watch = thread.watch.filter(|watch| *watch != task);
        }
        waited
    }

    /// A call's stream is over.
    pub fn ended(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if self.thread_of(task).is_some() {
            let outcome = match error {
                Some(error) if error.kind == ErrorKind::Cancelled => Outcome::Stopped,
                Some(error) => Outcome::Failed { error },
                None => Outcome::Interrupted,
            };
            self.ended_with(task, outcome, desk);
            self.advise(desk);
            self.clear_others(desk);
            return;
        }
        if let Some(Wait::Attach(named)) = self.wait(task).cloned() {
            if let Some(error) = error {
                self.not_attached(named, &error, desk);
            }
            return self.send_when_attached(task, desk);
        }
        let Some(wait) = self.waits.remove(&task) else { return };
        match (&wait, error) {
            (Wait::Complete(completing), Some(error)) => self.not_completed(completing, &error, desk),
            (Wait::List { .. }, error) => {
                self.list.task = None;
                self.list.known = true;
                self.list.error = error;
                self.more(desk);
            }
            (Wait::Search, error) => {
                if let Some(search) = self.list.search.as_mut().filter(|s| s.task == Some(task)) {
                    search.task = None;
                    if search.of != search.input.text().trim() {
                        search.of = search.input.text().trim().to_owned();
                        search.hits.clear();
                    }
                    // Nothing was found that could be opened.
                    search.typing &= !std::mem::take(&mut search.opens);
                    search.error = error;
                }
            }
            (Wait::Open(id), Some(error)) if self.thread.id == Some(*id) => {
                if error.kind == ErrorKind::NotFound {
                    desk.complain(&error);
                    self.leave_gone(desk);
                } else {
                    self.thread.load = Load::Failed(error);
                }
            }
            (Wait::Knows(id), Some(error)) => self.take_refusal(id.clone(), error, true, desk),
            (Wait::Card(id), Some(error)) => self.take_refusal(id.clone(), error, false, desk),
            (Wait::Models, None) => self.know_models(desk),
            (Wait::Models, Some(error)) => {
                self.probed = false;
                self.asked = None;
                self.models_error = Some(error);
            }
            (Wait::Plan, Some(error)) => {
                if let Some(first) = self.first_run.as_mut().filter(|f| f.plan_task == Some(task)) {
                    first.fetch = Fetch::Failed(error);
                }
            }
            (Wait::Doing(doing), error) => {
                self.agent_refused((**doing).clone(), &error.unwrap_or_else(unanswered), desk);
            }
            (Wait::Pull, Some(error)) => {
                if let Some(first) = &mut self.first_run
                    && matches!(first.fetch, Fetch::Running { task: own, .. } if own == task)
                {
                    first.fetch = Fetch::Failed(error);
                }
            }
            (Wait::Recall, _) => {
                self.resuming = false;
                self.welcome(desk);
                self.send_waiting(desk);
            }
            (
                Wait::Write(_)
                | Wait::Fork
                | Wait::Export
                | Wait::Scripts(_)
                | Wait::Add
                | Wait::Agents(_)
                | Wait::AgentCard
                | Wait::AgentPrompt(..)
                | Wait::Save { .. }
                | Wait::Watch,
                Some(error),
            ) => {
                desk.complain(&error);
            }
            _ => {}
        }
    }

    /// A refused file stays in its branch: what is said of it names the ways on; and keys stand for commands.
    fn advise(&mut self, desk: &Desk<'_>) {
        let ways = ways_on(desk);
        for thread in std::iter::once(&mut self.thread).chain(&mut self.others) {
            thread.advise(&ways);
            retell(thread, &desk.options.keymap);
        }
    }

    fn clear_others(&mut self, desk: &mut Desk<'_>) {
        let (busy, done) = std::mem::take(&mut self.others).into_iter().partition(Thread::busy);
        self.others = busy;
        for thread in done {
            self.let_go(&thread, desk);
        }
    }

    /// Nothing of a conversation is waited for any more.
    pub(super) fn let_go(&mut self, thread: &Thread, desk: &mut Desk<'_>) {
        for task in [thread.turn.task(), thread.watch].into_iter().flatten() {
            self.cancel(task, desk);
        }
    }

    /// Drops a call, and that it was waited for.
    pub(super) fn cancel(&mut self, task: TaskId, desk: &mut Desk<'_>) {
        desk.ask(Effect::Cancel(task));
        self.waits.remove(&task);
    }

    /// What the store says of a conversation, unless more was changed here since.
    fn take_head(&mut self, head: &Conversation) {
        let changing = self.changing(head.id);
        let threads = std::iter::once(&mut self.thread).chain(&mut self.others);
        for thread in threads.filter(|t| t.id == Some(head.id) && t.turn == Turn::Idle) {
            if changing {
                thread.title.clone_from(&head.title);
            } else {
                thread.take_head(head);
            }
        }
    }

    fn changed(&mut self, task: TaskId, change: Changed, desk: &mut Desk<'_>) {
        match change {
            Changed::Conversation { head } => {
                self.take_head(&head);
                self.list.upsert(head);
                self.refit(desk);
            }
            Changed::ConversationRemoved { id } => {
                self.list.remove(id);
                let (gone, kept) =
                    std::mem::take(&mut self.others).into_iter().partition(|thread| thread.id == Some(id));
                self.others = kept;
                for thread in gone {
                    self.let_go(&thread, desk);
                }
                if self.thread.id == Some(id) {
                    self.leave_gone(desk);
                }
            }
            Changed::Message { message } => {
                let asked = self.thread.asks_for();
                let threads = std::iter::once(&mut self.thread).chain(&mut self.others);
                for thread in threads.filter(|t| t.id == Some(message.conversation)) {
                    // The answer of a turn that this screen runs comes with its own replies.
                    let asking = matches!(thread.turn, Turn::Asking { .. });
                    if !thread.streams(message.id) && !asking {
                        thread.upsert(message.clone());
                    }
                }
                self.consent_changed(asked, desk);
                self.advise(desk);
            }
            Changed::Growing { conversation, message, blocks } => {
                let threads = std::iter::once(&mut self.thread).chain(&mut self.others);
                for thread in threads.filter(|t| t.id == Some(conversation)) {
                    thread.grow(message, blocks.clone());
                }
            }
            // A change on this machine is no reason to ask servers that the person did not ask.
            Changed::Models => {
                self.list_models(self.probed, desk);
                self.ask_terms(desk);
            }
            Changed::Usage
            | Changed::Making { .. }
            | Changed::MakingRemoved { .. }
            | Changed::Comparison { .. }
            | Changed::ComparisonRemoved { .. }
            | Changed::Evaluation { .. }
            | Changed::EvaluationRemoved { .. }
            | Changed::Dataset { .. }
            | Changed::DatasetRemoved { .. }
            | Changed::Base { .. }
            | Changed::BaseRemoved { .. }
            | Changed::Tended { .. }
            | Changed::Trace { .. }
            | Changed::TraceRemoved { .. }
            | Changed::TraceNoted { .. }
            | Changed::Agents
            | Changed::Prompts => {}
            Changed::Notice { text } => desk.note(text),
            Changed::Missed if self.thread.watch == Some(task) => self.reload(desk),
            // Another process may be the owner now.
            Changed::Missed => {
                self.relist(desk);
                self.ask_terms(desk);
            }
        }
    }

    /// Reads the first page of the list again.
    pub(super) fn relist(&mut self, desk: &mut Desk<'_>) {
        let list = Conversations::List { limit: super::list::PAGE, before: None };
        let task = desk.call(Some(Lane("list")), Request::Conversations(list));
        // A page that was asked for before goes on from what is read anew now.
        if let Some(before) = self.list.task.replace(task) {
            self.cancel(before, desk);
        }
        self.waits.insert(task, Wait::List { first: true });
    }

    fn take_models(&mut self, cards: Vec<ModelCard>) {
        self.stock.cards = Arc::new(cards);
        self.stock.lists = std::mem::take(&mut self.lists_coming);
        self.models_known = true;
        self.models_error = None;
    }

    /// All providers have answered: what depends on their models is settled.
    fn know_models(&mut self, desk: &mut Desk<'_>) {
        self.settle_model(desk);
        self.ask_what_is_known(desk);
        self.welcome(desk);
        self.refit(desk);
    }
}

/// How one gets on below a file that was refused.
fn ways_on(desk: &Desk<'_>) -> String {
    let chooses = desk.key(Context::Composer, Action::ChooseModel);
    let leads = desk.key(Context::Composer, Action::FocusNext);
    let edits = desk.key(Context::Transcript, Action::EditMessage);
    format!("{chooses} chooses another model; {leads}, then {edits} on the message with the file edits that.")
}
