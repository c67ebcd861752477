//! A workspace that a passphrase opens: asking for it, trying it, and beginning again where it opened.

use super::{Out, State};
use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind};
use crate::tui::effect::TaskId;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::passphrase::Ask;
use crate::tui::pane::Place;
use crate::workbench::Request;
use crate::workbench::request::workspace::Workspace;

/// Whether a call ended because the workspace is sealed; then the person is asked, once for all such calls.
pub(super) fn sealed(state: &mut State, task: TaskId, error: Option<&Error>) -> bool {
    let Some(error) = error.filter(|error| error.kind == ErrorKind::Passphrase) else { return false };
    let written = state.chat.given_back(task, error);
    if !(state.chat.forget(task) || state.evaluate.forget(task)) {
        return false;
    }
    if state.leaving {
        return true;
    }
    let asked = state.overlays.iter().position(|over| matches!(over, Overlay::Passphrase(_)));
    if let Some(pad) = written {
        // It lies below the question.
        state.overlays.insert(asked.unwrap_or(state.overlays.len()), Overlay::Pad(Box::new(pad)));
    }
    if asked.is_none() {
        state.overlays.push(Overlay::Passphrase(Ask::new(None)));
    }
    true
}

/// Tries a passphrase.
pub(super) fn unlock(state: &mut State, passphrase: Secret, out: &mut Out<'_>) {
    state.overlays.push(Overlay::Passphrase(Ask::opening()));
    let request = Request::Workspace(Workspace::Unlock { passphrase });
    state.unlocking = Some(state.with(Place::Chat, out, |_, desk| desk.call(None, request)));
}

/// What became of it.
pub(super) fn unlocked(state: &mut State, error: Option<Error>, out: &mut Out<'_>) {
    state.unlocking = None;
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Passphrase(_)));
    match error {
        None => {
            state.begin(out);
            state.at_desk(out, |panes, desk| panes.evaluate.resume(desk));
        }
        Some(error) => {
            let said = match error.kind {
                ErrorKind::Passphrase => "That passphrase does not open it. Try again.".to_owned(),
                _ => error.to_string(),
            };
            state.overlays.push(Overlay::Passphrase(Ask::new(Some(said))));
        }
    }
}
