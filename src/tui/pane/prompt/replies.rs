//! What comes back through the door, and what it means here.

use super::{State, Wait};
use crate::domain::change::Changed;
use crate::domain::delta::Event as Said;
use crate::domain::message::Outcome;
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::TaskId;
use crate::tui::hinting::retell;
use crate::tui::keymap::Context;
use crate::tui::scripts;
use crate::tui::thread::Load;
use crate::workbench::request::Topic;
use crate::workbench::request::prompts::Prompts;
use crate::workbench::{Reply, Request};

impl State {
    pub(super) fn waits(&self, task: TaskId) -> bool {
        self.thread.turn.task() == Some(task) || self.waits.contains_key(&task) || self.others.contains(&task)
    }

    /// Takes one reply in.
    pub(super) fn take(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        if self.thread.turn.task() == Some(task) {
            return self.turn_reply(reply, desk);
        }
        let Some(wait) = self.waits.get(&task).cloned() else { return };
        match (wait, reply) {
            (Wait::Recall, Reply::Remembered { value }) => self.recalled(value, desk),
            (Wait::List, Reply::Prompts { prompts }) => {
                let known = self.library.known;
                self.library.take(prompts, self.book.as_ref());
                if let Some(id) = self.id().filter(|_| !known) {
                    self.library.select(id, self.book.as_ref());
                }
                self.refit(desk);
            }
            (Wait::Draft, Reply::Sketch { draft }) => {
                self.take_sketch(draft, desk);
                self.refit(desk);
            }
            (Wait::Open(_), Reply::Prompt { book }) => self.opened(book, desk),
            (Wait::Reread(id), Reply::Prompt { book }) if self.id() == Some(id) => {
                // What is being written here is newer.
                self.book = Some(book);
                self.library.step(0, self.book.as_ref());
                self.refit(desk);
            }
            (Wait::Runs(of), Reply::Conversations { heads, .. }) if of == self.id() => {
                self.runs = heads;
                if self.thread.id.is_none() && !self.has_answer() {
                    self.show_run(0, desk);
                }
            }
            (Wait::Run(id), Reply::Thread { thread }) if self.thread.id == Some(id) => {
                self.thread.stamp(desk.wall());
                self.thread.take_messages(thread.messages, thread.conversation.leaf);
                self.thread.take_head(&thread.conversation);
                retell(&mut self.thread, &desk.options.keymap);
                let streams = |outcome: &Outcome| *outcome == Outcome::Streaming;
                let answer = self.thread.last_answer().and_then(|message| message.answer.as_ref());
                if answer.is_some_and(|answer| streams(&answer.outcome)) && self.thread.watch.is_none() {
                    // Another window asked; it grows here too.
                    let watch = desk.call(None, Request::Watch { topic: Topic::Conversation(id) });
                    self.thread.watch = Some(watch);
                    self.waits.insert(watch, Wait::Grow);
                }
                self.refit(desk);
            }
            (Wait::Watch | Wait::Grow, Reply::Changed { change, .. }) => self.changed(change, desk),
            (Wait::Scripts, Reply::Scripts { scripts }) => scripts::offer(scripts, desk),
            (Wait::Save, Reply::Prompt { book }) => self.saved(book, desk),
            (Wait::Rename, Reply::Prompt { book }) => {
                if self.id() == Some(book.prompt.id) {
                    self.book = Some(book);
                }
                self.list(desk);
            }
            (Wait::GoOn, Reply::Conversation { head }) => {
                self.runs.retain(|run| run.id != head.id);
                self.drop_watch(desk);
                self.thread = crate::tui::thread::Thread::default();
                self.show_run(0, desk);
                desk.opens = Some(head.id);
                let back = desk.key(Context::Everywhere, Action::ShowPrompt);
                let again = desk.key(Context::Answer, Action::RunPrompt);
                desk.say(format!(
                    "This run is a conversation now, and none of the prompt's runs any more. {back} leads back; \
                     {again} there makes another run."
                ));
            }
            _ => {}
        }
    }

    fn turn_reply(&mut self, reply: Reply, desk: &mut Desk<'_>) {
        match reply {
            Reply::Started { conversation, asked, answer } => {
                self.thread.stamp(desk.wall());
                self.thread.started(&conversation, asked, answer);
                self.runs.retain(|run| run.id != conversation.id);
                self.runs.insert(0, conversation);
            }
            Reply::Delta { event: Said::Notice { text } } => desk.note(text),
            Reply::Delta { event } => self.thread.delta(&event, desk.now.wall),
            Reply::Finished { answer } => {
                self.thread.finished(answer);
                retell(&mut self.thread, &desk.options.keymap);
            }
            _ => {}
        }
        self.refit(desk);
    }

    fn changed(&mut self, change: Changed, desk: &mut Desk<'_>) {
        match change {
            Changed::Prompts | Changed::Missed => {
                self.list(desk);
                if let Some(id) = self.id() {
                    self.waits.retain(|_, wait| !matches!(wait, Wait::Reread(_)));
                    let task = desk.call(None, Request::Prompts(Prompts::Open { id }));
                    self.waits.insert(task, Wait::Reread(id));
                }
                self.ask_runs(desk);
            }
            Changed::Conversation { head }
                if head.run.as_ref().is_some_and(|run| run.prompt == self.id()) =>
            {
                self.runs.retain(|run| run.id != head.id);
                let newer = self.runs.partition_point(|run| run.id > head.id);
                self.runs.insert(newer, head);
            }
            Changed::Message { message } if self.thread.id == Some(message.conversation) => {
                let ended = message.answer.as_ref().is_some_and(|a| a.outcome != Outcome::Streaming);
                if !self.thread.streams(message.id) {
                    self.thread.upsert(message);
                    retell(&mut self.thread, &desk.options.keymap);
                }
                if ended {
                    self.drop_watch(desk);
                }
            }
            Changed::Growing { conversation, message, blocks } if self.thread.id == Some(conversation) => {
                self.thread.grow(message, blocks);
            }
            _ => {}
        }
    }

    /// A call's stream is over.
    pub(super) fn over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if self.thread.turn.task() == Some(task) || self.others.contains(&task) {
            let outcome = match error {
                Some(error) if error.kind == ErrorKind::Cancelled => Outcome::Stopped,
                Some(error) => Outcome::Failed { error },
                None => Outcome::Interrupted,
            };
            self.turn_ended(task, outcome);
            return retell(&mut self.thread, &desk.options.keymap);
        }
        let Some(wait) = self.waits.remove(&task) else { return };
        let Some(error) = error else { return };
        match wait {
            Wait::Recall => self.load_nameless(desk),
            Wait::List => {
                self.library.known = true;
                self.library.error = Some(error);
            }
            Wait::Open(_) if error.kind == ErrorKind::NotFound => {
                // The one that was open last is not there any more.
                self.load_nameless(desk);
                self.remember(desk);
            }
            Wait::Open(_) | Wait::Draft => {
                self.opening = false;
                self.failed = Some(error);
            }
            Wait::Reread(id) if error.kind == ErrorKind::NotFound && self.id() == Some(id) => {
                self.leave_gone(desk);
            }
            Wait::Run(_) => self.thread.load = Load::Failed(error),
            Wait::Write(of) if error.kind == ErrorKind::NotFound && of.is_some() => {}
            Wait::Grow => self.thread.watch = self.thread.watch.filter(|watch| *watch != task),
            // It is begun again when the place comes into sight.
            Wait::Watch => desk.complain(&error),
            Wait::Runs(_)
            | Wait::Reread(_)
            | Wait::Save
            | Wait::Scripts
            | Wait::Rename
            | Wait::Write(_)
            | Wait::Remember
            | Wait::GoOn => {
                if matches!(wait, Wait::Write(_)) {
                    // It is tried again with the next change.
                    self.saved = crate::domain::prompt::Sketch::default();
                }
                desk.complain(&error);
            }
        }
    }
}
