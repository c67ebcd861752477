//! What the hint of an error says in this place: it names commands for who has no screen, and keys do the same here.

use std::fmt::Write as _;

use super::State;
use crate::domain::Error;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::keymap::Context;

/// Commands, and what does the same in the list of bases.
const KEYS: [(&str, Action); 4] = [
    ("`outcrop kb add-source`", Action::AddDocuments),
    ("`outcrop kb sync`", Action::SyncBase),
    ("`outcrop kb sync --pause`", Action::SyncBase),
    ("`outcrop kb rebuild`", Action::RebuildBase),
];

impl State {
    /// The error with the keys of this place where its hint names commands.
    pub(super) fn in_keys(&self, error: Error, desk: &Desk<'_>) -> Error {
        let named = KEYS.iter().filter(|(command, _)| error.hint.contains(command));
        let mut hint = named.fold(error.hint.clone(), |hint, (command, action)| {
            hint.replace(command, &desk.key(Context::Bases, *action))
        });
        if hint == error.hint {
            return error;
        }
        if self.open.is_some() {
            let leave = desk.key(Context::Everywhere, Action::Back);
            let _ = write!(hint, " {leave} leads back to the list of bases, where these keys are.");
        }
        Error { hint, ..error }
    }
}
