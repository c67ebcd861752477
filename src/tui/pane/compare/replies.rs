//! What comes back through the door, and what it means here.

use super::opening::keep_later;
use super::{State, Wait, tables};
use crate::domain::change::Changed;
use crate::domain::delta::Event as Said;
use crate::domain::evaluation::Choice;
use crate::domain::message::Outcome;
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::dataset::added;
use crate::tui::effect::{Effect, TaskId, Written};
use crate::tui::hinting::retell;
use crate::tui::keymap::Context;
use crate::tui::scripts;
use crate::tui::thread::Load;
use crate::workbench::request::conversations::Conversations;
use crate::workbench::{Reply, Request};

impl State {
    /// Takes one reply in.
    pub(super) fn take(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        if let Some(place) = self.place_of(task) {
            return self.turn_reply(task, place, reply, desk);
        }
        let Some(wait) = self.waits.get(&task).cloned() else { return };
        match (wait, reply) {
            (Wait::Recall, Reply::Remembered { value }) => self.recalled(value, desk),
            (Wait::RecallValues, Reply::Remembered { value }) => self.values_recalled(value),
            (Wait::List { more: behind }, Reply::Comparisons { comparisons, more }) => {
                self.take_list(comparisons, more, behind);
            }
            (Wait::Create, Reply::Comparison { comparison, .. }) => {
                self.waits.remove(&task);
                self.created(&comparison, desk);
            }
            (Wait::Open(id), Reply::Comparison { comparison, ballots }) if id == comparison.id => {
                self.opened(comparison, ballots, desk);
            }
            (Wait::Lane(id), Reply::Thread { thread }) => {
                if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.thread.id == Some(id)) {
                    lane.thread.stamp(desk.wall());
                    lane.thread.load = Load::Ready;
                    lane.thread.take_messages(thread.messages, thread.conversation.leaf);
                    lane.thread.take_head(&thread.conversation);
                    if lane.ended().is_some() {
                        lane.read_from_its_question();
                    }
                }
                self.tell_in_keys(desk);
            }
            // Another one may have been opened, or another page, since.
            (Wait::Choose, Reply::Ballot { ballot })
                if self.comparison.as_ref().is_none_or(|open| open.id != ballot.comparison) => {}
            (Wait::Choose, Reply::Ballot { ballot }) => {
                self.revealed.insert(ballot.page as usize);
                // Keys go on with the winner.
                if let Choice::One(lane) = ballot.choice
                    && ballot.page as usize == self.page
                    && let Some(place) = self.order().iter().position(|other| *other == lane)
                {
                    self.at = place;
                    self.reveal(desk.area);
                }
                self.ballots.push(ballot);
                let back = desk.key(Context::Columns, Action::Undo);
                let words = self.chosen_words().unwrap_or_default();
                let next = self.next_open().map(|_| desk.key(Context::Columns, Action::NextOpenPage));
                let next = next.map_or_else(String::new, |key| format!("; {key} goes to the next open page"));
                desk.say(format!("Kept: {words}. {back} takes it back{next}."));
            }
            (Wait::Fork, Reply::Conversation { head }) => {
                desk.opens = Some(head.id);
                desk.say("This is a copy; the comparison stays as it was.");
            }
            (Wait::Board, Reply::Leaderboard { board, categories, apart, unranked }) => {
                let of = (categories.as_slice(), self.board.as_deref());
                desk.overlays.push(tables::board(&board, of, (apart, unranked)));
            }
            (Wait::Summary, Reply::Summaries { columns }) => self.show_summary(&columns, desk),
            (Wait::Scripts, Reply::Scripts { scripts }) => scripts::offer(scripts, desk),
            (Wait::Add, Reply::ItemAdded { dataset, place, like, remarks }) => {
                desk.say(added(&dataset, place, like, &remarks));
            }
            (Wait::TakeBack { again: Some(chosen), .. }, Reply::Done) => {
                desk.say(format!("Taken back: {chosen}, chosen before, counts again."));
            }
            (Wait::TakeBack { blind, .. }, Reply::Done) => {
                desk.say(if blind { "Taken back; who answers has been seen." } else { "Taken back." });
            }
            (Wait::Categorise, Reply::Comparison { comparison, .. }) => {
                desk.say(match &comparison.category {
                    Some(category) => format!("It is about {}.", safe_line(category)),
                    None => "It is of no category.".to_owned(),
                });
                self.put(comparison);
            }
            (Wait::Save { .. }, Reply::Text { text: more }) => {
                if let Some(Wait::Save { text, .. }) = self.waits.get_mut(&task) {
                    text.push_str(&more);
                }
            }
            (Wait::Watch, Reply::Changed { change, .. }) => self.changed(change, desk),
            _ => {}
        }
        self.fit(desk);
    }

    fn turn_reply(&mut self, task: TaskId, place: (usize, usize), reply: Reply, desk: &mut Desk<'_>) {
        let hidden = self.is_hidden_on(place.0);
        let Some(lane) = self.lane_mut(place) else { return };
        let thread = &mut lane.thread;
        match reply {
            // It may tell who answers.
            Reply::Delta { event: Said::Notice { .. } } if hidden => {}
            Reply::Delta { event: Said::Notice { text } } => desk.note(text),
            Reply::Started { conversation, asked, answer } => {
                thread.stamp(desk.wall());
                thread.started(&conversation, asked, answer);
            }
            Reply::Delta { event } => thread.delta(&event, desk.now.wall),
            Reply::Finished { answer } => {
                thread.finished(answer);
                self.ended_at(task, place.0, desk);
            }
            _ => {}
        }
        self.fit(desk);
    }

    /// What failed says by keys how one gets on.
    pub(super) fn tell_in_keys(&mut self, desk: &Desk<'_>) {
        for lane in self.lanes.iter_mut().chain(self.aside.values_mut().flatten()) {
            retell(&mut lane.thread, &desk.options.keymap);
        }
    }

    fn changed(&mut self, change: Changed, desk: &mut Desk<'_>) {
        match change {
            Changed::Comparison { comparison } => {
                self.seen_elsewhere(&comparison, desk);
                self.put(comparison);
            }
            Changed::ComparisonRemoved { id } => self.gone(id),
            Changed::Missed => self.read(false, desk),
            _ => {}
        }
    }

    /// Reads a lane again.
    pub(super) fn reread(&mut self, at: usize, desk: &mut Desk<'_>) {
        let Some(id) = self.lanes[at].thread.id else { return };
        let task = desk.call(None, Request::Conversations(Conversations::Open { id }));
        self.waits.insert(task, Wait::Lane(id));
    }

    /// A call's stream is over.
    pub(super) fn over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if let Some(place) = self.place_of(task) {
            let outcome = match error {
                Some(error) if error.kind == ErrorKind::Cancelled => Outcome::Stopped,
                Some(error) => Outcome::Failed { error },
                None => Outcome::Interrupted,
            };
            if let Some(lane) = self.lane_mut(place) {
                lane.unsent = lane.thread.end(outcome);
            }
            return self.ended_at(task, place.0, desk);
        }
        let Some(wait) = self.waits.remove(&task) else { return };
        let Some(error) = error else {
            if let Wait::Save { id, path, replace, text } = wait {
                desk.ask(Effect::Save { of: Written::Comparison(id), path, text, replace });
            }
            return;
        };
        match wait {
            Wait::Create => {
                self.failed = Some(error);
                self.give_back(desk);
            }
            Wait::List { .. } => {
                self.known = true;
                self.failed = Some(error);
            }
            // The one that was shown last is not there any more.
            Wait::Open(id) if error.kind == ErrorKind::NotFound => {
                self.gone(id);
                keep_later(desk);
            }
            Wait::Open(_) => self.failed = Some(error),
            Wait::Lane(id) => {
                if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.thread.id == Some(id)) {
                    lane.thread.load = Load::Failed(error);
                }
            }
            Wait::Recall | Wait::RecallValues => {}
            // It is begun again when the place comes into sight.
            Wait::Watch
            | Wait::Choose
            | Wait::Look
            | Wait::TakeBack { .. }
            | Wait::Remove
            | Wait::Fork
            | Wait::Keep
            | Wait::Board
            | Wait::Summary
            | Wait::Scripts
            | Wait::Categorise
            | Wait::Save { .. }
            | Wait::Add => {
                desk.complain(&error);
            }
        }
    }
}
