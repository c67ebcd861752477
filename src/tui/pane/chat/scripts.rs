//! What an answer is good for elsewhere: its request as a program, an item of a dataset.

use super::{State, Wait};
use crate::tui::app::Desk;
use crate::tui::scripts;
use crate::workbench::Request;
use crate::workbench::request::datasets::Datasets;

impl State {
    /// Asks for the request of the answer that keys act on.
    pub(super) fn copy_request(&mut self, desk: &mut Desk<'_>) {
        let (Some(conversation), Some(message)) = (self.thread.id, self.answer().map(|m| m.id)) else {
            return;
        };
        let task = scripts::ask(conversation, message, desk);
        self.waits.insert(task, Wait::Scripts(conversation));
    }

    /// Adds the selected answer, or the last one, with its question to a dataset.
    pub(super) fn add_to_dataset(&mut self, dataset: String, desk: &mut Desk<'_>) {
        let (Some(conversation), Some(message)) = (self.thread.id, self.answer().map(|m| m.id)) else {
            return;
        };
        let request = Datasets::FromConversation { conversation, message, dataset, reference: false };
        let task = desk.call(None, Request::Datasets(request));
        self.waits.insert(task, Wait::Add);
    }
}
