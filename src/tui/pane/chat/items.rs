//! The open conversation as the transcript widget takes it.

use super::{Focus, State};
use crate::tui::event::Now;
use crate::tui::widget::transcript::{Item, Transcript};

impl State {
    /// What is being waited for, in words; empty where text is its own progress.
    pub(super) fn status(&self, now: Now, reduced_motion: bool) -> String {
        self.thread.status(now, reduced_motion)
    }

    /// The messages that are shown, borrowed.
    pub(super) fn items<'a>(&'a self, status: &'a str) -> Vec<Item<'a>> {
        self.thread.items(status, &self.folded, &self.opened)
    }

    /// The transcript with what is marked in it.
    pub(super) fn transcript<'a>(&'a self, items: &'a [Item<'a>]) -> Transcript<'a> {
        let mut transcript = Transcript::new(items);
        transcript.focus = self.marked_message();
        transcript.active = self.focus == Focus::Transcript;
        transcript.selection = self.selection.as_ref();
        if let Some(find) = &self.find {
            transcript.query = find.input.text();
            transcript.found = find.at;
        }
        transcript
    }
}
