//! One step back: what Esc and Ctrl+C do. Neither ever takes a text away.

use super::first_run::{Fetch, FirstRun};
use super::{Focus, State};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::hinting::ways_out;
use crate::tui::keymap::Context;

impl State {
    /// Esc: stops the answer, then goes one step back. It never takes a text away.
    pub(super) fn back(&mut self, desk: &mut Desk<'_>) {
        if self.marks() {
            return self.unmark();
        }
        if self.stop(desk) {
            return;
        }
        if self.selection.take().is_some() || self.find.take().is_some() {
            return;
        }
        if self.focus == Focus::List && self.list.search.take().is_some() {
            return;
        }
        if self.thread.editing.take().is_some() {
            desk.say("Not editing any more: what is written will be sent as a new message.");
            return;
        }
        if self.areas(desk.area).offer.is_some() && self.focus != Focus::FirstRun && self.put_offer_away() {
            return;
        }
        if self.focus == Focus::FirstRun {
            self.leave_first_run(desk);
        } else if self.focus == Focus::Settings {
            self.drawer_open = false;
            self.focus = Focus::Composer;
        } else if self.focus != Focus::Composer {
            self.focus = Focus::Composer;
            self.at = None;
        } else if self.reading {
            self.reading = false;
        } else if self.thread.failed.is_some() {
            self.thread.failed = None;
        } else if !self.scroll.follows() {
            self.scroll.to_end();
        } else {
            desk.say(ways_out(&desk.options.keymap, self.context()));
        }
    }

    /// Esc on the screen of the first start: stops fetching, then leaves.
    fn leave_first_run(&mut self, desk: &mut Desk<'_>) {
        let Some(first) = &mut self.first_run else { return };
        if let Fetch::Running { task, starts_over, .. } = first.fetch {
            first.fetch = Fetch::Offered;
            self.cancel(task, desk);
            let key = desk.options.keymap.name(Context::FirstRun, Action::Accept);
            desk.say(if starts_over {
                format!("Stopped. {key} starts over: this source keeps nothing.")
            } else {
                format!("Stopped. {key} goes on where it can.")
            });
        } else {
            self.close_first_run();
        }
    }

    /// Ctrl+C: stops what runs, then puts the draft aside; `false` where there is nothing of either.
    pub fn interrupt(&mut self, desk: &mut Desk<'_>) -> bool {
        if self.stop(desk) {
            return true;
        }
        if self.first_run.as_ref().is_some_and(FirstRun::runs) {
            self.leave_first_run(desk);
            return true;
        }
        if !self.composer.is_empty() {
            self.composer.take();
            self.thread.editing = None;
            self.focus = Focus::Composer;
            self.typed(desk);
            let key = desk.options.keymap.name(Context::Composer, Action::HistoryPrevious);
            desk.say(format!("Put aside; {key} brings it back."));
            return true;
        }
        false
    }
}
