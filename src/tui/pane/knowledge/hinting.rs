//! What the hint of an error says in this place: its keys, where it names commands.

use super::State;
use crate::domain::Error;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::hinting::in_keys;
use crate::tui::keymap::Context;

impl State {
    /// The error with the keys of this place.
    pub(super) fn in_keys(&self, error: Error, desk: &Desk<'_>) -> Error {
        let way = self.open.as_ref().map_or_else(String::new, |_| {
            let leave = desk.key(Context::Everywhere, Action::Back);
            format!(" {leave} leads back to the list of bases, where these keys are.")
        });
        match in_keys(&error.hint, &desk.options.keymap, &way) {
            Some(hint) => Error { hint, ..error },
            None => error,
        }
    }
}
