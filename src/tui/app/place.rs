//! The place that the person left off in.

use super::{Out, State};
use crate::tui::effect::TaskId;
use crate::tui::pane::Place;
use crate::workbench::request::workspace::Workspace;
use crate::workbench::{Reply, Request};

/// The name that the place is kept under.
const MEMORY: &str = "tui.place";

/// What is asked of the workspace about the place.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Left {
    /// The screen was asked to open with something: that is in the chat.
    pub told: bool,
    recall: Option<TaskId>,
    keep: Option<TaskId>,
}

impl Left {
    pub fn new(told: bool) -> Self {
        Self { told, ..Self::default() }
    }

    /// What is kept of it is not acknowledged yet.
    pub fn is_writing(&self) -> bool {
        self.keep.is_some()
    }
}

/// Asks where the person left off.
pub(super) fn recall(state: &mut State, out: &mut Out<'_>) {
    if !state.left.told {
        let request = Request::Workspace(Workspace::Recall { name: MEMORY.to_owned() });
        state.left.recall = Some(state.with(Place::Chat, out, |_, desk| desk.call(None, request)));
    }
}

/// Keeps where the person is.
pub(super) fn keep(state: &mut State, out: &mut Out<'_>) {
    // Who went somewhere is not led back.
    state.left.recall = None;
    let value = state.place.name().into();
    let request = Request::Workspace(Workspace::Remember { name: MEMORY.to_owned(), value });
    state.left.keep = Some(state.with(Place::Chat, out, |_, desk| desk.call(None, request)));
}

/// The place that a reply names, where that is what was asked for and nothing was begun meanwhile.
pub(super) fn recalled(state: &mut State, task: TaskId, replies: &[Reply]) -> Option<Place> {
    state.left.recall.take_if(|own| *own == task)?;
    let begun = state.place != Place::Chat || !state.overlays.is_empty() || state.chat.has_begun();
    let named = replies.iter().find_map(|reply| match reply {
        Reply::Remembered { value } => value.as_ref()?.as_str(),
        _ => None,
    });
    named.and_then(Place::named).filter(|_| !begun)
}

/// Whether that call was about the place; what went wrong with it costs the person no more than a key.
pub(super) fn ended(state: &mut State, task: TaskId) -> bool {
    let left = &mut state.left;
    let recalled = left.recall.take_if(|own| *own == task).is_some();
    left.keep.take_if(|own| *own == task).is_some() || recalled
}
