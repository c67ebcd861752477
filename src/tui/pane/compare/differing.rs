//! What two of the answers have in common.

use super::State;
use crate::domain::message::{Block, Outcome};
use crate::tui::app::Desk;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::difference::{Difference, Side};

impl State {
    /// The last answers that can be compared, as they stand on the screen.
    fn sides(&self) -> Vec<Side> {
        let hidden = self.is_hidden();
        let names = self.names();
        let side = |(place, lane): (usize, usize)| {
            let message = self.lanes.get(lane)?.thread.last_answer()?;
            let text = message.text();
            let goes_on = message.answer.as_ref().is_some_and(|answer| answer.outcome == Outcome::Streaming);
            let name = if hidden { String::new() } else { names[lane].clone() };
            (!text.trim().is_empty()).then_some(Side { place, called: String::new(), name, text, goes_on })
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
        let sides = self.sides();
        if !self.may_differ() || sides.len() < 2 {
            return desk.say("Two answers are compared; there are not two yet.");
        }
        // From a column without an answer the first two others are compared.
        let at = sides.iter().position(|side| side.place == self.at).unwrap_or(0);
        let difference = Difference::new(sides, (at, usize::from(at == 0)));
        desk.overlays.push(Overlay::Difference(Box::new(difference)));
    }
}
