//! What an answer is good for elsewhere: its request as a program, an item of a dataset.

use super::{State, Wait};
use crate::domain::message::Role;
use crate::tui::app::Desk;
use crate::tui::scripts;
use crate::workbench::Request;
use crate::workbench::request::datasets::Datasets;

impl State {
    /// Asks for the request of the turn that keys act on: of a person's one, what it would ask for.
    pub(super) fn copy_request(&mut self, desk: &mut Desk<'_>) {
        let selected = self.thread.shown().find(|item| Some(item.message.id) == self.at);
        let said = selected.map(|item| &item.message).filter(|message| message.role == Role::User);
        let (Some(conversation), Some(message)) =
            (self.thread.id, said.or_else(|| self.answer()).map(|message| message.id))
        else {
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
