//! Files that go with the next message: named with `@`, dropped on the terminal, or asked for.

use std::path::{Path, PathBuf};

use super::{Focus, State, Wait};
use crate::domain::attachment::{Attachment, Dropped, dropped_paths};
use crate::domain::{Error, ErrorKind};
use crate::tui::app::{Desk, Options};
use crate::tui::effect::TaskId;
use crate::tui::widget::composer::{mentioned_path, possible_mentions};
use crate::workbench::Request;
use crate::workbench::request::chat::Chat;

/// Where a file was named, and what becomes of that.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Named {
    /// The person was asked for it.
    Asked,
    /// By this word of the text, which may be no file at all.
    Mention(String),
    /// By a paste, which may be a text that only looks like a path: how it was written, and the files behind it.
    Paste { written: String, rest: Vec<Dropped> },
}

impl State {
    /// Attaches the file that the person named.
    pub(super) fn attach(&mut self, path: &str, named: Named, desk: &mut Desk<'_>) {
        let file = place(path, desk.options);
        let task = desk.call(None, Request::Chat(Chat::Attach { file }));
        self.waits.insert(task, Wait::Attach(named));
    }

    /// A picture that was made here goes with the next message.
    pub fn attach_made(&mut self, picture: Attachment, desk: &mut Desk<'_>) {
        self.attached(picture, &Named::Asked, desk);
        self.refit(desk);
    }

    /// A pasted text that is nothing but paths, as terminals write what is dropped on them; `false` for any other text.
    pub(super) fn attach_pasted(&mut self, text: &str, desk: &mut Desk<'_>) -> bool {
        let Some(files) = dropped_paths(text) else { return false };
        self.attach_dropped(files, desk);
        true
    }

    /// One after the other, so that they stand in the order in which they were dropped.
    fn attach_dropped(&mut self, mut files: Vec<Dropped>, desk: &mut Desk<'_>) {
        if !files.is_empty() {
            let first = files.remove(0);
            self.attach(&first.path, Named::Paste { written: first.written, rest: files }, desk);
        }
    }

    /// Goes on with the files of a paste behind one that was dealt with.
    fn attach_rest(&mut self, rest: Vec<Dropped>, desk: &mut Desk<'_>) {
        if !rest.is_empty() {
            self.composer.insert(" ");
            self.attach_dropped(rest, desk);
        }
    }

    /// Pastes a text. What it names with `@` stays text: a file is attached by who writes, not by what was copied somewhere.
    pub(super) fn paste_text(&mut self, text: &str) {
        self.composer.paste(text);
        self.no_files.extend(possible_mentions(text));
    }

    /// Attaches what is named with `@` in the text and was not looked for yet; `false` where there is nothing of that.
    pub(super) fn attach_mentions(&mut self, desk: &mut Desk<'_>) -> bool {
        let mut any = false;
        for mention in self.composer.mentions() {
            let looked_for = Wait::Attach(Named::Mention(mention.clone()));
            if self.no_files.contains(&mention) || self.waits.values().any(|wait| *wait == looked_for) {
                continue;
            }
            self.attach(&mentioned_path(&mention), Named::Mention(mention.clone()), desk);
            any = true;
        }
        any
    }

    /// A file that the next message needs is still being read.
    pub(super) fn is_attaching(&self) -> bool {
        self.waits.values().any(|wait| matches!(wait, Wait::Attach(_)))
    }

    /// The file was read.
    pub(super) fn attached(&mut self, file: Attachment, named: &Named, desk: &mut Desk<'_>) {
        let mention = match named {
            Named::Mention(mention) => Some(mention.as_str()),
            Named::Asked | Named::Paste { .. } => None,
        };
        self.composer.attach(file, mention);
        if let Named::Paste { rest, .. } = named {
            self.attach_rest(rest.clone(), desk);
        }
        self.focus = Focus::Composer;
        self.typed(desk);
    }

    /// The file was not read. A word or a paste that is no file stays the text that it is.
    pub(super) fn not_attached(&mut self, named: Named, error: &Error, desk: &mut Desk<'_>) {
        let is_text = error.kind == ErrorKind::NotFound;
        match named {
            Named::Asked => desk.complain(error),
            Named::Mention(mention) => {
                if is_text {
                    desk.say(format!("{mention} is no file here; it is sent as text."));
                } else {
                    self.send_after_attaching = false;
                    desk.complain(error);
                }
                self.no_files.insert(mention);
            }
            Named::Paste { written, rest } => {
                self.paste_text(&written);
                self.attach_rest(rest, desk);
                self.typed(desk);
                if !is_text {
                    desk.complain(error);
                }
            }
        }
    }

    /// Sends what was to be sent as soon as its files are there.
    pub(super) fn send_when_attached(&mut self, task: TaskId, desk: &mut Desk<'_>) {
        self.waits.remove(&task);
        if !self.is_attaching() && std::mem::take(&mut self.send_after_attaching) {
            self.send(desk);
        }
    }
}

/// The whole path; `~/` is the person's home, and what is relative lies in the working folder.
fn place(path: &str, options: &Options) -> PathBuf {
    match (path.strip_prefix("~/"), &options.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => options.folder.join(Path::new(path)),
    }
}
