//! The request of an answer as a program, wherever the answer stands.

use super::app::Desk;
use super::effect::TaskId;
use super::overlay::menu::{Entry, Menu};
use super::overlay::{Choice, Overlay};
use crate::domain::figures;
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::script::Scripted;
use crate::workbench::Request;
use crate::workbench::request::chat::Chat;

/// Asks for the request that made an answer: `Scripts`.
pub fn ask(conversation: ConversationId, message: MessageId, desk: &mut Desk<'_>) -> TaskId {
    desk.call(None, Request::Chat(Chat::Scripts { conversation, message }))
}

/// Lets the person choose the form; where there is none at all, says why.
pub fn offer(scripts: Vec<Scripted>, desk: &mut Desk<'_>) {
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
