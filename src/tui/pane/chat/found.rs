//! From the list into a conversation: the selected one, the message that was found, the next page.

use super::{Find, Focus, State, Wait, Wanted};
use crate::tui::app::Desk;
use crate::tui::overlay::input::Input;
use crate::tui::thread::Turn;
use crate::tui::widget::transcript::{Item, find};
use crate::workbench::Request;
use crate::workbench::request::conversations::{Change, Conversations};

impl State {
    /// Opens the selected conversation, which ends a search; a found message is gone to.
    pub(super) fn open_selected(&mut self, desk: &mut Desk<'_>) {
        let Some(id) = self.list.entry(self.list.selected).map(|head| head.id) else { return };
        let hit = self.list.results().and_then(|search| search.hits.get(self.list.selected)).cloned();
        self.list.search = None;
        let mut wanted = None;
        if let Some(hit) = hit {
            let (from, to) = hit.matched;
            let words = hit.snippet.get(from..to).unwrap_or_default().to_owned();
            wanted = hit.message.map(|message| Wanted { message, words });
            self.list.upsert(hit.conversation);
        }
        self.open(id, desk);
        if wanted.is_some() {
            self.wanted = wanted;
            self.go_to_wanted(desk);
        }
    }

    /// Goes to the message that was looked for, where it has come; its branch is shown, the words in it are marked.
    pub(super) fn go_to_wanted(&mut self, desk: &mut Desk<'_>) {
        let Some(Wanted { message, words }) =
            self.wanted.take_if(|wanted| self.thread.message(wanted.message).is_some())
        else {
            return;
        };
        if !self.thread.shown().any(|item| item.message.id == message)
            && self.thread.turn == Turn::Idle
            && let Some(leaf) = self.thread.end_through(message)
        {
            self.thread.show(leaf);
            self.change(Change { leaf: Some(leaf), ..Change::default() }, desk);
        }
        self.at = Some(message);
        self.focus = Focus::Transcript;
        let found = self.thread.message(message).and_then(|said| find(&[Item::of(said)], &words, None, true));
        if let Some(found) = found {
            self.find = Some(Find { input: Input::new(&words), at: Some(found), ..Find::default() });
            self.go_to_found(found, desk);
        } else {
            self.scroll.to_message(message);
        }
    }

    /// Asks for the next page of the list when the selection comes near its end.
    pub(super) fn more(&mut self, desk: &mut Desk<'_>) {
        if let Some(before) = self.list.wants_more() {
            let request = Conversations::List { limit: super::list::PAGE, before: Some(before) };
            let task = desk.call(None, Request::Conversations(request));
            self.list.task = Some(task);
            self.waits.insert(task, Wait::List { first: false });
        }
    }
}
