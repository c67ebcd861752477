//! What two of the answers have in common.

use super::State;
use crate::domain::message::Block;
use crate::tui::app::Desk;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::difference::{Difference, Side};

impl State {
    /// The last answers that can be compared, as they stand on the screen.
    fn sides(&self) -> Vec<Side> {
        let hidden = self.is_hidden();
        let names = self.names();
        let side = |(place, lane): (usize, usize)| {
            let thread = &self.lanes.get(lane)?.thread;
            let text = thread.last_answer()?.text();
            let name = if hidden { String::new() } else { names[lane].clone() };
            (!text.trim().is_empty()).then_some(Side { place, name, text })
        };
        self.order().into_iter().enumerate().filter_map(side).collect()
    }

    /// Whether there are two answers to compare, and they are in sight.
    pub(super) fn may_differ(&self) -> bool {
        let says = |block: &Block| matches!(block, Block::Text { text } if !text.trim().is_empty());
        let answers = self.lanes.iter().filter_map(|lane| lane.thread.last_answer());
        let count = answers.filter(|answer| answer.blocks.iter().any(says)).count();
        count > 1 && (!self.is_hidden() || self.all_ended())
    }

    /// Compares the answer that keys act on with the first other one.
    pub(super) fn show_difference(&mut self, desk: &mut Desk<'_>) {
        if !self.may_differ() {
            return desk.say("Two answers are compared; there are not two yet.");
        }
        let sides = self.sides();
        let Some(at) = sides.iter().position(|side| side.place == self.at) else {
            return desk.say("There is nothing to compare in this column yet.");
        };
        let difference = Difference::new(sides, (at, usize::from(at == 0)));
        desk.overlays.push(Overlay::Difference(Box::new(difference)));
    }
}
