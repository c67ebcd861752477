//! Turns: send, queue, stop, answer again, edit and fork, go on, choose a branch.

use super::first_run::usable;
use super::slip::Slash;
use super::{Focus, State};
use crate::domain::catalog::{Availability, ModelCard, ModelId};
use crate::domain::id::MessageId;
use crate::domain::knowledge::grounding::Grounding;
use crate::domain::message::{Message, Outcome, Role};
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::keymap::Context;
use crate::tui::thread::{Queued, Thread, Turn};
use crate::tui::widget::composer::{blocks_of, draft_of};
use crate::workbench::Request;
use crate::workbench::request::chat::{Chat, Target};
use crate::workbench::request::conversations::{Change, Conversations};

impl State {
    /// Enter: sends what is written, or queues it behind the running answer.
    pub(super) fn send(&mut self, desk: &mut Desk<'_>) {
        if self.composer.newline_for_backslash() {
            return self.typed(desk);
        }
        if self.composer.text().trim().is_empty() {
            if self.thread.turn == Turn::Idle && !self.is_opening() {
                self.keep_lent(desk);
                send_next(&mut self.thread, desk);
            }
            return;
        }
        if self.answers_first(desk) || self.holds_back(desk) {
            return;
        }
        let by_model = self.thread.agent.is_none();
        if by_model
            && self.thread.turn == Turn::Idle
            && !self.is_opening()
            && self.thread.setup.model.is_none()
        {
            desk.say("Choose who shall answer; your text stays here.");
            return self.choose_model(desk);
        }
        if by_model
            && self.thread.turn == Turn::Idle
            && !self.is_opening()
            && let Some(error) = self.unusable(desk)
        {
            desk.complain(&error);
            let model = self.thread.setup.model.clone();
            if self.first_run.is_none() && self.can_be_fetched(model.as_ref()) {
                self.offer(model, None, desk);
            }
            if self.first_run.is_some() {
                self.focus = Focus::FirstRun;
            }
            return;
        }
        let reads = self.is_attaching();
        if self.attach_mentions(desk) || reads {
            self.send_after_attaching = true;
            if reads {
                desk.say("It is sent as soon as its files are read.");
            }
            return;
        }
        self.no_files.clear();
        self.taken_up.clear();
        self.slash = Slash::Open;
        let draft = self.composer.draft();
        let text = self.composer.take();
        self.saved = draft.clone();
        let queued = Queued { draft, text };
        if self.thread.turn == Turn::Idle && !self.is_opening() {
            self.keep_lent(desk);
            self.put_offer_away();
            if self.thread.queue.is_empty() || self.thread.editing.is_some() {
                send(&mut self.thread, queued, desk);
            } else {
                // What waited since before goes first.
                self.thread.queue.push_back(queued);
                send_next(&mut self.thread, desk);
            }
            self.scroll.to_end();
            self.at = None;
        } else {
            self.hasty |= self.is_opening();
            self.thread.queue.push_back(queued);
            self.open_again(desk);
        }
        self.save_draft(desk);
        self.remember(desk);
        self.refit(desk);
    }

    pub(super) fn can_be_fetched(&self, model: Option<&ModelId>) -> bool {
        let card = self.stock.cards.iter().find(|card| Some(&card.id) == model);
        card.is_some_and(ModelCard::is_fetchable)
    }

    /// Why the model of the conversation cannot be asked, where that is known.
    fn unusable(&self, desk: &Desk<'_>) -> Option<Error> {
        let chooses = desk.key(Context::Composer, Action::ChooseModel);
        let doing = "sending the message";
        let Some(model) = &self.thread.setup.model else {
            return Some(Error::new(
                ErrorKind::NotFound,
                doing,
                "no model is chosen",
                format!("{chooses} chooses one."),
            ));
        };
        let card = self.stock.cards.iter().find(|card| card.id == *model)?;
        let fetches = desk.options.keymap.name(Context::FirstRun, Action::Accept);
        match &card.availability {
            _ if usable(card) => None,
            Availability::NotPulled => Some(Error::new(
                ErrorKind::NotFound,
                doing,
                format!("{model} is not on this machine yet"),
                if desk.options.offline {
                    "--offline forbids fetching it; your text stays here.".to_owned()
                } else {
                    format!("{fetches} fetches it; your text stays here.")
                },
            )),
            Availability::Unusable { why } => Some(Error::new(
                ErrorKind::NotFound,
                doing,
                why.clone(),
                if card.is_fetchable() {
                    format!(
                        "{fetches} fetches it anew, {chooses} chooses another model; your text stays here."
                    )
                } else {
                    format!("{chooses} chooses another model.")
                },
            )),
            Availability::Ready | Availability::Catalogued => Some(Error::new(
                ErrorKind::Refused { capability: "chat".to_owned() },
                doing,
                format!("{model} does not answer conversations"),
                format!("{chooses} chooses another model."),
            )),
        }
    }

    /// Stops the running answer; what came is kept. `false` where none runs.
    pub(super) fn stop(&mut self, desk: &mut Desk<'_>) -> bool {
        let Some(task) = self.thread.turn.task() else { return false };
        let asking = matches!(self.thread.turn, Turn::Asking { .. });
        desk.ask(Effect::Cancel(task));
        self.ended_with(task, Outcome::Stopped, desk);
        if asking {
            // Whether it was durable already, only the store knows. Of one that streams, the watch tells the end.
            self.reload(desk);
        }
        true
    }

    /// A turn is over in any way but its own: the text comes back where nothing came of it.
    pub(super) fn ended_with(
        &mut self,
        task: crate::tui::effect::TaskId,
        outcome: Outcome,
        desk: &mut Desk<'_>,
    ) {
        let shown = self.thread.turn.task() == Some(task);
        let Some(thread) = self.thread_of(task) else { return };
        let back = thread.end(outcome);
        let failed = thread.failed.clone();
        let Some(draft) = back else { return };
        if shown && self.composer.is_empty() {
            self.composer.set_draft(&draft);
            self.take_up();
            self.slash = Slash::Text;
            self.focus = Focus::Composer;
            self.refit(desk);
        } else {
            self.composer.remember(draft);
            if let Some(error) = failed.filter(|_| !shown) {
                desk.complain(&error);
            }
        }
    }

    /// The last prompt that waits goes back into the composer.
    pub(super) fn edit_queued(&mut self, desk: &mut Desk<'_>) {
        if let Some(queued) = self.thread.queue.pop_back() {
            self.composer.take();
            self.composer.set_draft(&queued.draft);
            self.take_up();
            self.slash = Slash::Text;
            self.focus = Focus::Composer;
            self.typed(desk);
        }
    }

    fn idle(&self, desk: &mut Desk<'_>) -> bool {
        let idle = self.thread.turn == Turn::Idle;
        if !idle {
            let stops = desk.key(self.context(), Action::Back);
            desk.say(format!("An answer is being written; {stops} stops it."));
        }
        idle
    }

    /// The answer that keys act on: the focused one, the one to the focused message, or the last.
    pub(super) fn answer(&self) -> Option<&Message> {
        let shown: Vec<&Message> = self.thread.shown().map(|item| &item.message).collect();
        let from = self.at.and_then(|at| shown.iter().position(|m| m.id == at));
        match from {
            Some(from) => shown[from..].iter().find(|m| m.role == Role::Assistant).copied(),
            None => self.thread.last_answer(),
        }
    }

    /// What a knowledge base gave for that answer; `None` where it had nothing, or none was asked.
    pub(super) fn given(&self) -> Option<&Grounding> {
        let grounding = self.answer()?.answer.as_ref()?.grounding.as_ref();
        grounding.filter(|grounding| grounding.found_any())
    }

    /// Answers again, in a branch of its own.
    pub(super) fn retry(&mut self, desk: &mut Desk<'_>) {
        let Some((message, parent)) = self.answer().map(|m| (m.id, m.parent)) else { return };
        if !self.idle(desk) {
            return;
        }
        if let Some(conversation) = self.thread.id {
            self.keep_lent(desk);
            let task = desk.call(None, Request::Chat(Chat::Retry { conversation, message }));
            self.thread.ask(task, desk.now.wall, parent, None, "");
            self.scroll.to_end();
            self.at = None;
        }
    }

    /// Goes on with an answer where it ended.
    pub(super) fn go_on(&mut self, desk: &mut Desk<'_>) {
        let Some(message) = self.answer().map(|m| m.id) else { return };
        if !self.idle(desk) {
            return;
        }
        if let Some(conversation) = self.thread.id {
            self.keep_lent(desk);
            let task = desk.call(None, Request::Chat(Chat::Continue { conversation, message }));
            self.thread.ask(task, desk.now.wall, Some(message), None, "");
            self.scroll.to_end();
            self.at = None;
        }
    }

    /// The focused message of the person (or the one before the focused answer) goes into the composer; sending it
    /// makes a branch.
    pub(super) fn edit(&mut self, desk: &mut Desk<'_>) {
        if !self.idle(desk) {
            return;
        }
        let shown: Vec<&Message> = self.thread.shown().map(|item| &item.message).collect();
        let from =
            self.at.and_then(|at| shown.iter().position(|m| m.id == at)).map_or(shown.len(), |at| at + 1);
        let Some(message) = shown[..from].iter().rfind(|m| m.role == Role::User) else { return };
        let (id, draft) = (message.id, draft_of(&message.blocks));
        if shown[from - 1].role != Role::User && self.at.is_some() {
            desk.say("This is the question of that answer; sent anew, it begins a branch of its own.");
        }
        let text = message.text();
        if !self.composer.is_empty() {
            self.composer.take();
        }
        if draft.pastes.is_empty() {
            self.composer.set_text(&text);
        } else {
            self.composer.set_draft(&draft);
        }
        self.take_up();
        self.slash = Slash::Text;
        self.thread.editing = Some(id);
        self.focus = Focus::Composer;
        self.typed(desk);
    }

    /// Shows the branch before or after the one that the focused message is on.
    pub(super) fn branch(&mut self, steps: isize, of: Option<MessageId>, desk: &mut Desk<'_>) {
        if !self.idle(desk) {
            return;
        }
        let shown: Vec<(MessageId, usize)> =
            self.thread.shown().map(|item| (item.message.id, item.branch.1)).collect();
        let to = of
            .or(self.at)
            .and_then(|at| shown.iter().position(|(id, _)| *id == at))
            .map_or(shown.len(), |at| at + 1);
        let Some((id, count)) = shown[..to].iter().rfind(|(_, count)| *count > 1).copied() else {
            let [again, edits] =
                [Action::Retry, Action::EditMessage].map(|action| desk.key(Context::Transcript, action));
            desk.say(format!("There is one branch only; {again} answers again, {edits} edits and forks."));
            return;
        };
        // A click on the mark goes around; keys stop at the ends.
        let around = of.map(|_| 1 - count as isize);
        let leaf = self.thread.beside(id, steps).or_else(|| self.thread.beside(id, around?));
        if let Some(leaf) = leaf {
            self.show_branch(leaf, id, desk);
            self.change(Change { leaf: Some(leaf), ..Change::default() }, desk);
            self.refit(desk);
        }
    }

    /// Copies the conversation up to the focused message into one of its own.
    pub(super) fn fork(&mut self, desk: &mut Desk<'_>) {
        let id = match self.focus {
            Focus::List => self.list.entry(self.list.selected).map(|head| head.id),
            _ => self.thread.id,
        };
        if let Some(id) = id {
            let at = self.at.filter(|_| self.focus == Focus::Transcript);
            let task = desk.call(None, Request::Conversations(Conversations::Fork { id, at }));
            self.waits.insert(task, super::Wait::Fork);
        }
    }
}

/// Sends the next prompt that waits, if one does.
pub fn send_next(thread: &mut Thread, desk: &mut Desk<'_>) {
    if let Some(queued) = thread.queue.pop_front() {
        send(thread, queued, desk);
    }
}

fn send(thread: &mut Thread, queued: Queued, desk: &mut Desk<'_>) {
    let Queued { draft, text } = queued;
    let editing = thread.editing.and_then(|id| thread.message(id));
    let parent = editing.map_or_else(|| thread.leaf(), |message| message.parent);
    let (system, settings) = (thread.setup.system.clone(), thread.setup.settings.clone());
    let to = match (thread.id, thread.agent.clone(), thread.setup.model.clone()) {
        (Some(conversation), ..) => Target::After { conversation, parent },
        (None, Some(agent), model) => Target::Agent { agent, model, system, settings },
        (None, None, Some(model)) => Target::New { model, system, settings },
        (None, None, None) => return,
    };
    let blocks = blocks_of(&draft);
    let task = desk.call(None, Request::Chat(Chat::Send { to, blocks }));
    thread.ask(task, desk.now.wall, parent, Some(draft), &text);
}
