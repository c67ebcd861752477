//! The way out: what goes on is asked about first, and what is written is waited for.

use super::{LEAVE, Out, PATIENCE, State};
use crate::tui::effect::Effect;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::pane::chat;
use crate::tui::work::Work;

/// Asks first where something goes on.
pub(super) fn ask_to_quit(state: &mut State, out: &mut Out<'_>) {
    let mut running = state.chat.running();
    running.fetching |= state.models.makes();
    running.pictures = state.pictures.running();
    // How many of a blind comparison's answers are to come would tell how many have.
    running.blind = state.compare.answers_blindly();
    if !running.blind {
        running.answers += state.compare.running();
    }
    running.answers += state.prompt.running();
    running.answers += state.knowledge.running() + state.traces.running();
    // Another process goes on with its jobs.
    if !state.chat.is_attached() {
        running.syncs = told(state.knowledge.syncing());
        running.evaluations = told(state.evaluate.running());
    }
    running.unmade = state.evaluate.has_unmade();
    if running.goes_on() {
        state.overlays.retain(|overlay| !asks_to_quit(overlay));
        state.overlays.push(Overlay::Confirm(Confirm::quit(&running)));
    } else {
        quit(state, out);
    }
}

fn told(work: Vec<Work>) -> Vec<String> {
    work.into_iter().map(|work| work.told).collect()
}

/// Ends once what is written is kept, or after a while.
pub(super) fn quit(state: &mut State, out: &mut Out<'_>) {
    if !state.closed {
        leave_places(state, out);
    }
    state.at_desk(out, |panes, desk| panes.evaluate.leave(desk));
    state.leaving = is_writing(state);
    let wait = Effect::After { timer: LEAVE, delay: PATIENCE };
    out.effects.push(if state.leaving { wait } else { Effect::Quit });
}

/// Every place keeps what is to be there the next time.
fn leave_places(state: &mut State, out: &mut Out<'_>) {
    state.with_chat(out, chat::State::leave);
    state.at_desk(out, |panes, desk| {
        panes.prompt.leave(desk);
        panes.compare.keep(desk);
        panes.models.keep_preset(desk);
        panes.pictures.keep(desk);
    });
}

/// Something is written that the store has not acknowledged.
pub(super) fn is_writing(state: &State) -> bool {
    state.left.is_writing()
        || state.chat.is_writing()
        || state.compare.is_writing()
        || state.evaluate.is_writing()
        || state.prompt.is_writing()
        || state.pictures.is_writing()
}

/// Whether it is the question of that.
pub(super) fn asks_to_quit(overlay: &Overlay) -> bool {
    matches!(overlay, Overlay::Confirm(Confirm { choice: Choice::Quit | Choice::StopAndQuit, .. }))
}
