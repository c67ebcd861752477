//! Reading: moving, choosing a message, searching, folding, copying.

use super::{Find, Focus, State, Wait};
use crate::domain::id::MessageId;
use crate::domain::message::{Block, Message, Role};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::thread::{Load, Turn};
use crate::tui::widget::markdown;
use crate::tui::widget::transcript::{Found, Geometry, Item, find, place};
use crate::workbench::Request;
use crate::workbench::request::conversations::{Conversations, Format};

impl State {
    /// What is where in the transcript, settled.
    pub(super) fn geometry(&self, desk: &mut Desk<'_>) -> Geometry {
        let area = self.areas(desk.area).transcript;
        // The very rows that are drawn: a status line is one of them.
        let status = self.status(desk.now, desk.options.reduced_motion);
        let items = self.items(&status);
        self.transcript(&items).layout(area, &self.scroll, &mut desk.cache.transcript)
    }

    pub(super) fn settle(&mut self, desk: &mut Desk<'_>) {
        self.scroll = self.geometry(desk).scroll;
    }

    /// Scrolls; a place at the end follows what comes.
    pub(super) fn scroll_by(&mut self, rows: i64, desk: &mut Desk<'_>) {
        self.scroll.by(rows);
        self.settle(desk);
    }

    /// Scrolls as `action` says.
    pub(super) fn scroll_as(&mut self, action: Action, desk: &mut Desk<'_>) {
        let height = self.areas(desk.area).transcript.height;
        match action {
            Action::LineDown => self.scroll.by(1),
            Action::LineUp => self.scroll.by(-1),
            Action::HalfPageDown => self.scroll.half(height, 1),
            Action::HalfPageUp => self.scroll.half(height, -1),
            Action::PageDown => self.scroll.page(height, 1),
            Action::PageUp => self.scroll.page(height, -1),
            _ => self.scroll.to_end(),
        }
        self.settle(desk);
    }

    fn ids(&self) -> Vec<MessageId> {
        self.thread.shown().map(|item| item.message.id).collect()
    }

    /// The message that keys act on as it is marked: where none was chosen, the answer at the end, as of one that was asked
    /// for anew.
    pub(super) fn marked_message(&self) -> Option<MessageId> {
        let last = || self.thread.shown().next_back().filter(|item| item.message.role == Role::Assistant);
        self.at.or_else(|| last().filter(|_| self.focus == Focus::Transcript).map(|item| item.message.id))
    }

    /// Makes the message `steps` away the one that keys act on.
    pub(super) fn step_message(&mut self, steps: isize, desk: &mut Desk<'_>) {
        let ids = self.ids();
        let Some(last) = ids.len().checked_sub(1) else { return };
        let now = self.marked_message().and_then(|at| ids.iter().position(|id| *id == at));
        let to = match now {
            Some(now) => now.saturating_add_signed(steps).min(last),
            None => last,
        };
        self.at = Some(ids[to]);
        if to == last && steps > 0 {
            self.scroll.to_end();
        } else {
            let geometry = self.geometry(desk);
            // A message whose start is in sight is not moved.
            let starts_here = geometry.rows.iter().any(|row| row.message == ids[to])
                && geometry.top().is_none_or(|(item, row)| item != to || row == 0);
            if !starts_here || to == 0 {
                self.scroll.to_message(ids[to]);
            }
        }
        self.settle(desk);
    }

    /// The first or the last message.
    pub(super) fn end_message(&mut self, last: bool, desk: &mut Desk<'_>) {
        let ids = self.ids();
        self.at = if last { ids.last() } else { ids.first() }.copied();
        if last {
            self.scroll.to_end();
        } else if let Some(first) = self.at {
            self.scroll.to_message(first);
        }
        self.settle(desk);
    }

    /// The focus comes to the transcript: its last message is the one that keys act on.
    pub(super) fn enter_transcript(&mut self) {
        self.focus = Focus::Transcript;
        if self.at.is_none() {
            self.at = self.thread.shown().next_back().map(|item| item.message.id);
        }
    }

    /// Opens or closes the reasoning, or the very long text, of the focused message; a message without is folded to
    /// one line.
    pub(super) fn toggle_fold(&mut self, desk: &mut Desk<'_>) {
        let Some(message) = self.focused() else { return };
        let id = message.id;
        let own = message.role == Role::User;
        let opens = Item::of(message).has_fold();
        let set = if opens { &mut self.opened } else { &mut self.folded };
        if !set.remove(&id) {
            set.insert(id);
            // What was folded away is read from its start, not from its end.
            if own && opens {
                self.scroll.to_message(id);
            }
        }
        self.settle(desk);
    }

    fn focused(&self) -> Option<&Message> {
        match self.at {
            Some(at) => self.thread.shown().map(|item| &item.message).find(|m| m.id == at),
            None => self.thread.last_answer(),
        }
    }

    /// Of keys that act on a message: this one has what they are for.
    pub(super) fn has_use_for(&self, action: Action) -> bool {
        match action {
            Action::CopyCode => self.focused().is_some_and(|message| {
                message.blocks.iter().any(|block| match block {
                    Block::Text { text } => text.contains("```") || text.contains("~~~"),
                    _ => false,
                })
            }),
            Action::ChooseAgent => self.thread.agent.is_some(),
            Action::ToggleFold => self.focused().is_some_and(|message| Item::of(message).has_fold()),
            Action::BranchPrevious | Action::BranchNext => self.thread.shown().any(|item| item.branch.1 > 1),
            _ => true,
        }
    }

    /// The focused message shows what it else folds away.
    pub(super) fn is_unfolded(&self) -> bool {
        self.focused().is_some_and(|message| self.opened.contains(&message.id))
    }

    /// Copies what is selected, or the focused message.
    pub(super) fn copy(&mut self, desk: &mut Desk<'_>) {
        let text = match self.selection.take() {
            Some(selection) => selection.text(&self.items("")),
            None => self.focused().map(Message::text).unwrap_or_default(),
        };
        if text.is_empty() {
            return desk.say("There is no text in this message.");
        }
        desk.ask(Effect::Copy(text));
    }

    /// Copies the code block of the focused message; of several, the person chooses.
    pub(super) fn copy_code(&mut self, desk: &mut Desk<'_>) {
        let Some(message) = self.focused() else { return };
        let text = message.text();
        let mut blocks: Vec<(String, String)> =
            markdown::codes(&text).into_iter().map(|code| (code.source(&text), code.language)).collect();
        match blocks.len() {
            0 => desk.say("There is no code block in this message."),
            1 => desk.ask(Effect::Copy(blocks.swap_remove(0).0)),
            _ => {
                let entries = blocks.into_iter().map(|(code, language)| Entry {
                    label: code.lines().next().unwrap_or_default().trim().to_owned(),
                    detail: String::new(),
                    right: format!("{language} {} lines", code.lines().count()).trim().to_owned(),
                    current: false,
                    off: false,
                    choice: Choice::CopyCode(code),
                    words: &[],
                });
                let menu = Menu::new("Copy a code block", "copy it", "", entries.collect());
                desk.overlays.push(Overlay::Menu(menu));
            }
        }
    }

    /// Copies the whole conversation as Markdown.
    pub(super) fn copy_all(&mut self, desk: &mut Desk<'_>) {
        if let Some(id) = self.thread.id {
            let export = Conversations::Export { ids: vec![id], format: Format::Markdown, folder: None };
            let task = desk.call(None, Request::Conversations(export));
            self.waits.insert(task, Wait::Export);
        }
    }

    /// Begins a search in the conversation.
    pub(super) fn start_find(&mut self) {
        if !self.is_bare() || self.first_run.is_none() {
            self.find.get_or_insert_with(Find::default);
            self.focus = Focus::Find;
        }
    }

    /// The line has changed: looks from the end backwards, as the newest is the likeliest.
    pub(super) fn find_again(&mut self, desk: &mut Desk<'_>) {
        if let Some(find) = &mut self.find {
            find.at = None;
        }
        self.find_next(false, desk);
    }

    /// The next place found, forward or back.
    pub(super) fn find_next(&mut self, forward: bool, desk: &mut Desk<'_>) {
        let Some(search) = &self.find else { return };
        let query = search.input.text().to_owned();
        let found = find(&self.items(""), &query, search.at, forward);
        if let Some(search) = &mut self.find {
            search.at = found;
            search.missing = found.is_none() && !query.is_empty();
        }
        if let Some(found) = found {
            self.go_to_found(found, desk);
        }
    }

    /// Shows a match; what is folded opens for it.
    pub(super) fn go_to_found(&mut self, found: Found, desk: &mut Desk<'_>) {
        let height = self.areas(desk.area).transcript.height;
        self.at = Some(found.at.message);
        let words = self.find.as_ref().map(|search| search.input.text().to_owned()).unwrap_or_default();
        let place = place(&self.items(""), &words, found);
        if let Some(search) = &mut self.find {
            search.place = place;
        }
        let message = self.thread.message(found.at.message);
        let opens = message.is_some_and(|message| {
            let reasoning = message.blocks.get(found.at.block as usize);
            message.role == Role::User || matches!(reasoning, Some(Block::Reasoning { .. }))
        });
        if opens {
            self.opened.insert(found.at.message);
        }
        self.folded.remove(&found.at.message);
        self.scroll.to_position(found.at, height);
        self.settle(desk);
    }

    /// Tries again what failed to open; `false` where nothing failed.
    pub(super) fn open_again(&mut self, desk: &mut Desk<'_>) -> bool {
        let failed = matches!(self.thread.load, Load::Failed(_));
        if failed {
            self.reload(desk);
        }
        failed
    }

    /// Nothing is said and nothing runs: the place teaches what it is for.
    pub(super) fn is_bare(&self) -> bool {
        self.thread.shown().next().is_none()
            && self.thread.turn == Turn::Idle
            && self.thread.load == Load::Ready
    }
}
