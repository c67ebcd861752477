//! What is said of what the world did: a file that is written, a text that is copied.

use super::State;
use crate::domain::Result;
use crate::tui::effect::Written;
use crate::tui::event::{Copied, Saved};
use crate::tui::overlay::Overlay;
use crate::tui::overlay::confirm::Confirm;

/// What became of a file that was to be written.
pub(super) fn saved_as(state: &mut State, of: Written, path: String, saved: Result<Saved>) {
    match saved {
        Ok(Saved::To(place)) => state.say(format!("Written to {}", place.display()), false),
        Ok(Saved::Exists) => state.overlays.push(Overlay::Confirm(Confirm::replace(of, path))),
        Err(error) => state.say(error.to_string(), true),
    }
}

/// What became of a text that was to be copied.
pub(super) fn copied(state: &mut State, how: Result<Copied>) {
    match how {
        Ok(Copied::Clipboard) => state.say("Copied.", false),
        Ok(Copied::SentToTerminal) => {
            let words = "Sent to the terminal's clipboard; whether it arrived, only the terminal knows.";
            state.say(words, false);
        }
        Err(error) => state.say(error.to_string(), true),
    }
}
