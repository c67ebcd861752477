//! Asking: all columns at once, each for itself; stopped, and asked again.

use super::{Focus, Lane, State, Wait};
use crate::domain::comparison::{Column, Comparison, Plan};
use crate::domain::message::{Outcome, Role};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, TaskId};
use crate::tui::thread::Turn;
use crate::tui::widget::composer::blocks_of;
use crate::workbench::Request;
use crate::workbench::request::chat::{Chat, Target};
use crate::workbench::request::comparisons::Comparisons;

impl State {
    /// Whether nothing runs; says how to stop what does.
    pub(super) fn idle(&self, desk: &mut Desk<'_>) -> bool {
        let idle = !self.runs();
        if !idle {
            let stops = desk.key(self.where_keys_go(), Action::Back);
            desk.say(format!("Answers are being written; {stops} stops them."));
        }
        idle
    }

    /// Sends what is written to every column. What is missing is gone to.
    pub(super) fn send(&mut self, desk: &mut Desk<'_>) {
        if self.composer.newline_for_backslash() {
            return self.typed(desk);
        }
        if !self.idle(desk) {
            return;
        }
        if self.composer.text().trim().is_empty() {
            return desk.say("Write what all of them are to be asked.");
        }
        if self.lacks_column() {
            desk.say("Choose who else shall answer; your text stays here.");
            return self.add_column(desk);
        }
        self.failed = None;
        self.sent = self.composer.draft();
        let text = self.composer.take();
        if let Some(comparison) = self.comparison.clone() {
            self.ask_all(&comparison, desk);
        } else {
            let columns: Option<Vec<Column>> = self.lanes.iter().map(Lane::column).collect();
            let Some(columns) = columns else { return };
            let plan =
                Plan { columns, rows: Vec::new(), samples: 1, blind: self.blind, category: None, text };
            let create = Comparisons::Create { plan, table: None };
            let task = desk.call(None, Request::Comparisons(create));
            self.waits.insert(task, Wait::Create);
        }
        self.typed(desk);
    }

    /// The comparison is there: its columns are asked.
    pub(super) fn created(&mut self, comparison: &Comparison, desk: &mut Desk<'_>) {
        let Some(page) = comparison.pages.first() else { return };
        for (lane, id) in self.lanes.iter_mut().zip(&page.lanes) {
            lane.thread.id = Some(*id);
        }
        self.put(comparison.clone());
        self.comparison = Some(comparison.clone());
        self.ballots.clear();
        (self.page, self.at, self.first) = (0, 0, 0);
        self.ask_all(comparison, desk);
    }

    fn ask_all(&mut self, comparison: &Comparison, desk: &mut Desk<'_>) {
        for at in 0..self.lanes.len() {
            self.ask(at, comparison, desk);
        }
    }

    /// Sends to one column what was sent last.
    fn ask(&mut self, at: usize, comparison: &Comparison, desk: &mut Desk<'_>) {
        let Some(page) = comparison.pages.get(self.page) else { return };
        let lane = &mut self.lanes[at];
        let Some(conversation) = lane.thread.id else { return };
        lane.thread.stamp(desk.wall());
        let parent = lane.thread.leaf();
        let blocks = page.filled(&blocks_of(&self.sent));
        let text = blocks.iter().find_map(|block| match block {
            crate::domain::message::Block::Text { text } => Some(text.clone()),
            _ => None,
        });
        let to = Target::After { conversation, parent };
        let task = desk.call(None, Request::Chat(Chat::Send { to, blocks }));
        let text = text.unwrap_or_default();
        lane.thread.ask(task, desk.now.wall, parent, Some(self.sent.clone()), &text);
        lane.scroll.to_end();
    }

    /// Asks the column once more that keys act on.
    pub(super) fn retry(&mut self, desk: &mut Desk<'_>) {
        let Some(at) = self.current() else { return };
        let Some(comparison) = self.comparison.clone() else { return };
        let lane = &mut self.lanes[at];
        if lane.runs() {
            return desk.say("It is being written.");
        }
        if self.ballots.iter().any(|ballot| ballot.page as usize == self.page) {
            return desk.say("You have chosen among these answers; another question can be asked.");
        }
        if lane.thread.failed.is_some() {
            return self.ask(at, &comparison, desk);
        }
        let last = lane.thread.shown().next_back().map(|item| &item.message);
        let Some((message, parent)) =
            last.map(|m| (m.id, if m.role == Role::User { Some(m.id) } else { m.parent }))
        else {
            return;
        };
        let Some(conversation) = lane.thread.id else { return };
        let task = desk.call(None, Request::Chat(Chat::Retry { conversation, message }));
        lane.thread.ask(task, desk.now.wall, parent, None, "");
        lane.scroll.to_end();
    }

    /// Stops what runs; what came is kept. `false` where nothing does.
    pub(super) fn stop(&mut self, desk: &mut Desk<'_>) -> bool {
        let creating: Vec<TaskId> =
            self.waits.iter().filter(|(_, wait)| **wait == Wait::Create).map(|(task, _)| *task).collect();
        for task in &creating {
            desk.ask(Effect::Cancel(*task));
            self.waits.remove(task);
            self.give_back(desk);
        }
        let mut any = !creating.is_empty();
        for at in 0..self.lanes.len() {
            let Some(task) = self.lanes[at].thread.turn.task() else { continue };
            any = true;
            desk.ask(Effect::Cancel(task));
            let asking = matches!(self.lanes[at].thread.turn, Turn::Asking { .. });
            self.lanes[at].thread.end(Outcome::Stopped);
            if asking {
                // Whether it was durable already, only the store knows.
                self.reread(at, desk);
            }
        }
        any
    }

    /// What was sent and never arrived is in the composer again.
    pub(super) fn give_back(&mut self, desk: &mut Desk<'_>) {
        if self.composer.is_empty() {
            self.composer.set_draft(&self.sent);
            self.focus = Focus::Composer;
            self.typed(desk);
        }
    }

    /// The lane that a call is for.
    pub(super) fn lane_of(&self, task: TaskId) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.thread.turn.task() == Some(task))
    }
}
