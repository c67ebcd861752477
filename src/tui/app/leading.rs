//! The way to another place from over this one: what only shows something gives way, what waits for an answer does not.

use super::State;
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::keymap::Context;
use crate::tui::overlay::Overlay;
use crate::tui::pane::Place;

/// The place that a key leads to, where it means nothing to what lies over this one.
pub(super) fn place_meant(state: &State, key: Key) -> Option<Action> {
    let keymap = &state.options.keymap;
    let free = !state.closed && key.typed().is_none() && keymap.action(Context::Menu, key).is_none();
    keymap.action(Context::Everywhere, key).filter(|action| free && Place::of(*action).is_some())
}

/// Closes what lies over the place; whether all of it gave way. What is to be done first with what does not is said.
pub(super) fn gives_way(state: &mut State) -> bool {
    while let Some(top) = state.overlays.last() {
        if !top.gives_way() {
            let name = |action| state.options.keymap.name(Context::Menu, action);
            let (takes, leaves) = (name(Action::Accept), name(Action::Cancel));
            let words = match top {
                Overlay::Passphrase(_) => "The passphrase comes first: it opens the workspace.".to_owned(),
                Overlay::Confirm(_) | Overlay::Reading(_) => {
                    format!("The question comes first: {leaves} leaves it.")
                }
                _ => format!("What is written comes first: {takes} takes it, {leaves} leaves it."),
            };
            state.say(words, false);
            return false;
        }
        state.overlays.pop();
    }
    true
}
