//! A question that another place brings: what a model was asked elsewhere, ready to be asked again beside others.

use super::{Focus, Lane, State};
use crate::domain::comparison::COLUMNS;
use crate::tui::app::Desk;
use crate::tui::setup::Question;

impl State {
    /// Has it ready: who was asked stands in the first column, the others are asked under the same terms.
    pub fn ask_as(&mut self, question: Question, desk: &mut Desk<'_>) {
        if !self.idle(desk) {
            return;
        }
        if self.comparison.is_some() {
            self.forget_comparison();
        }
        let Question { setup, text } = question;
        for lane in &mut self.lanes {
            lane.thread.setup.system.clone_from(&setup.system);
            lane.thread.setup.settings.clone_from(&setup.settings);
        }
        if setup.model.is_some() {
            self.lanes.retain(|lane| lane.thread.setup.model != setup.model);
            self.lanes.insert(0, Lane::of(setup));
            self.lanes.truncate(*COLUMNS.end());
        }
        self.brought = true;
        (self.at, self.first) = (0, 0);
        self.focus = Focus::Composer;
        // What was written there comes back by undoing it.
        self.composer.set_text(&text);
        self.typed(desk);
    }
}
