//! Files that go with the next message: named with `@`, dropped on the terminal, or asked for.

use std::collections::VecDeque;

use super::slip::Slash;
use super::{Focus, State, Wait};
use crate::domain::attachment::{Attachment, Dropped, dropped_paths};
use crate::domain::{Error, ErrorKind};
use crate::tui::app::Desk;
use crate::tui::effect::TaskId;
use crate::tui::event::Clipped;
use crate::tui::overlay::prompt::Boxed;
use crate::tui::setup::lacking;
use crate::tui::widget::composer::{Ticket, mentioned_path, possible_mentions};
use crate::workbench::Request;
use crate::workbench::request::chat::Chat;

/// Where a file was named, and what becomes of that.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Named {
    /// In a box, which has the answer.
    Asked,
    /// By nobody: it was on the clipboard.
    Clipped { chip: Ticket },
    /// By this word of the text, which may be no file at all.
    Mention { mention: String, chip: Ticket },
    /// By a paste, which may be a text that only looks like a path; the files behind it are read one after the other.
    Paste { file: Pasted, rest: VecDeque<Pasted> },
}

/// A file of a paste, whose chip stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pasted {
    file: Dropped,
    chip: Ticket,
}

impl State {
    /// Attaches the file that the person named.
    pub(super) fn attach(&mut self, path: &str, named: Named, desk: &mut Desk<'_>) {
        let file = desk.options.whole_path(path);
        let task = desk.call(None, Request::Chat(Chat::Attach { file }));
        self.waits.insert(task, Wait::Attach(named));
    }

    /// A file that was read, or a picture that was made here, goes with the next message.
    pub fn attach_read(&mut self, file: Attachment, desk: &mut Desk<'_>) {
        self.composer.attach(file);
        self.focus = Focus::Composer;
        self.typed(desk);
        self.refit(desk);
    }

    /// What was on the clipboard goes into the text, a picture as a file.
    pub fn paste_clipped(&mut self, clipped: Clipped, desk: &mut Desk<'_>) {
        const NAME: &str = "clipboard.png";
        match clipped {
            Clipped::Text(text) => return self.paste(&text, desk),
            Clipped::Picture(bytes) => {
                let Some(chip) = self.composer.reading(NAME, "", None) else { return };
                let request = Chat::AttachBytes { name: NAME.to_owned(), bytes };
                let task = desk.call(None, Request::Chat(request));
                self.waits.insert(task, Wait::Attach(Named::Clipped { chip }));
            }
        }
        self.focus = Focus::Composer;
        self.typed(desk);
    }

    /// A pasted text that is nothing but paths, as terminals write what is dropped on them; `false` for any other text.
    pub(super) fn attach_pasted(&mut self, text: &str, desk: &mut Desk<'_>) -> bool {
        let Some(files) = dropped_paths(text) else { return false };
        let mut pasted = VecDeque::new();
        for file in files {
            self.composer.insert(&file.gap);
            match self.composer.reading(name_of(&file.path), &file.written, None) {
                Some(chip) => pasted.push_back(Pasted { file, chip }),
                None => self.paste_text(&file.written),
            }
        }
        self.attach_next(pasted, desk);
        true
    }

    /// Goes on with the files of a paste.
    fn attach_next(&mut self, mut rest: VecDeque<Pasted>, desk: &mut Desk<'_>) {
        if let Some(file) = rest.pop_front() {
            let path = file.file.path.clone();
            self.attach(&path, Named::Paste { file, rest }, desk);
        }
    }

    /// Pastes a text. What it names with `@` stays text: a file is attached by who writes, not by what was copied somewhere.
    pub(super) fn paste_text(&mut self, text: &str) {
        self.composer.paste(text);
        self.no_files.extend(possible_mentions(text));
    }

    /// The text was there before, sent or kept: what it names with `@` may have been pasted then.
    pub(super) fn take_up(&mut self) {
        self.taken_up.extend(self.composer.mentions().into_iter().map(|(_, mention)| mention));
    }

    /// Attaches what is named with `@` in the text and was not looked for yet; `false` where there is nothing of that.
    pub(super) fn attach_mentions(&mut self, desk: &mut Desk<'_>) -> bool {
        let mut any = false;
        while let Some((place, mention)) =
            self.composer.mentions().into_iter().find(|(_, mention)| !self.no_files.contains(mention))
        {
            let path = mentioned_path(&mention);
            let Some(chip) = self.composer.reading(name_of(&path), &mention, Some(place)) else { break };
            self.attach(&path, Named::Mention { mention, chip }, desk);
            any = true;
        }
        any
    }

    /// Says on their chips which files the model does not take. Which model an agent has is the agent's own affair.
    pub(super) fn bar_files(&mut self) {
        let model = self.thread.setup.model.as_ref().filter(|_| self.thread.agent.is_none());
        let card = model.and_then(|model| self.stock.card(model));
        self.composer.bar(|block| lacking::of_block(block, card));
    }

    /// A file that the next message needs is still being read.
    pub(super) fn is_attaching(&self) -> bool {
        self.waits.values().any(|wait| matches!(wait, Wait::Attach(_)))
    }

    /// The file was read.
    pub(super) fn attached(&mut self, file: Attachment, named: Named, desk: &mut Desk<'_>) {
        match named {
            Named::Asked => desk.boxed = Some(Boxed::Attached(file)),
            Named::Mention { mention, chip } => {
                self.composer.read(chip, file);
                if self.taken_up.contains(&mention) && std::mem::take(&mut self.send_after_attaching) {
                    desk.note(format!(
                        "{mention} is a file: it goes with the message once you send that again."
                    ));
                }
            }
            Named::Clipped { chip } => self.composer.read(chip, file),
            Named::Paste { file: pasted, rest } => {
                self.composer.read(pasted.chip, file);
                self.attach_next(rest, desk);
            }
        }
        self.typed(desk);
    }

    /// The file was not read. A word or a paste that is no file is the text again that it was.
    pub(super) fn not_attached(&mut self, named: Named, error: &Error, desk: &mut Desk<'_>) {
        let is_text = error.kind == ErrorKind::NotFound;
        match named {
            Named::Asked => return desk.boxed = Some(Boxed::Failed(error.clone())),
            Named::Clipped { chip } => self.composer.not_read(chip),
            Named::Mention { mention, chip } => {
                self.composer.not_read(chip);
                if is_text {
                    desk.say(format!("{mention} is no file here; it is sent as text."));
                }
                self.no_files.insert(mention);
            }
            Named::Paste { file: Pasted { file, chip }, rest } => {
                self.composer.not_read(chip);
                self.no_files.extend(possible_mentions(&file.written));
                self.attach_next(rest, desk);
            }
        }
        if !is_text {
            self.send_after_attaching = false;
            desk.complain(error);
        }
        self.typed(desk);
    }

    /// Sends what was to be sent as soon as its files are there.
    pub(super) fn send_when_attached(&mut self, task: TaskId, desk: &mut Desk<'_>) {
        self.waits.remove(&task);
        if !self.is_attaching() && std::mem::take(&mut self.send_after_attaching) {
            // The person has sent it already.
            self.slash = Slash::Text;
            self.send(desk);
        }
    }
}

/// The name of a file without its folder.
fn name_of(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}
