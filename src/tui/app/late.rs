//! A question that comes late, with what the world did: the keys and clicks as it comes were for what lies below.

use std::time::Duration;

use super::State;
use crate::tui::event::Event;
use crate::tui::overlay::Overlay;

/// How long neither may come before such a question takes one.
const DEAF: Duration = Duration::from_millis(500);

/// Whether a question that cannot be taken back lies over the place.
pub(super) fn asks(state: &State) -> bool {
    matches!(state.overlays.last(), Some(Overlay::Confirm(_)))
}

/// Whether the person did it.
pub(super) fn is_by_hand(event: &Event) -> bool {
    matches!(event, Event::Key(_) | Event::Paste { .. } | Event::Mouse(_))
}

/// A question has come that no key has opened.
pub(super) fn came(state: &mut State) {
    state.deaf_until = Some(state.now.elapsed + DEAF);
}

/// Whether a key or a click is none for the question yet, and so is the next one that follows at once.
pub(super) fn is_deaf(state: &mut State) -> bool {
    let now = state.now.elapsed;
    let deaf = asks(state) && state.deaf_until.is_some_and(|until| now < until);
    state.deaf_until = deaf.then_some(now + DEAF);
    deaf
}
