//! What an answer is good for elsewhere: its request as a program, an item of a dataset.

use super::{State, Wait};
use crate::domain::figures;
use crate::domain::script::Scripted;
use crate::tui::app::Desk;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::Request;
use crate::workbench::request::chat::Chat;
use crate::workbench::request::datasets::Datasets;

impl State {
    /// Asks for the request of the answer that keys act on.
    pub(super) fn copy_request(&mut self, desk: &mut Desk<'_>) {
        let (Some(conversation), Some(message)) = (self.thread.id, self.answer().map(|m| m.id)) else {
            return;
        };
        let task = desk.call(None, Request::Chat(Chat::Scripts { conversation, message }));
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

/// Lets the person choose the form; where there is none at all, says why.
pub(super) fn offer_scripts(scripts: Vec<Scripted>, desk: &mut Desk<'_>) {
    if let [Scripted { code: Err(error), .. }, rest @ ..] = scripts.as_slice()
        && rest.iter().all(|other| other.code.is_err())
    {
        return desk.complain(error);
    }
    let entries = scripts.into_iter().map(|Scripted { script, code }| {
        let (detail, right, code) = match code {
            Ok(code) => (script.meaning().to_owned(), figures::bytes(code.len() as u64), Some(code)),
            Err(error) => (error.why, String::new(), None),
        };
        Entry {
            label: script.as_str().to_owned(),
            detail,
            right,
            current: false,
            off: code.is_none(),
            choice: Choice::CopyCode(code.unwrap_or_default()),
            words: &[],
        }
    });
    let menu = Menu::new("Copy the request, without its key", "copy it", "", entries.collect());
    desk.overlays.push(Overlay::Menu(menu));
}
