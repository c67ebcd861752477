//! Files that go with the next message: named with `@`, dropped on the terminal, or asked for.

use std::path::{Path, PathBuf};

use super::{Focus, State, Wait};
use crate::domain::attachment::{Attachment, dropped_path};
use crate::domain::{Error, ErrorKind};
use crate::tui::app::{Desk, Options};
use crate::tui::effect::TaskId;
use crate::tui::widget::composer::mentions;
use crate::workbench::Request;
use crate::workbench::request::chat::Chat;

/// Where a file was named, and what becomes of that.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Named {
    /// The person was asked for it.
    Asked,
    /// By this word of the text, which may be no file at all.
    Mention(String),
    /// By this paste, which may be a text that only looks like a path.
    Paste(String),
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

    /// A pasted text that is a path, as terminals write what is dropped on them; `false` for any other text.
    pub(super) fn attach_pasted(&mut self, text: &str, desk: &mut Desk<'_>) -> bool {
        let path = dropped_path(text);
        if let Some(path) = &path {
            self.attach(path, Named::Paste(text.to_owned()), desk);
        }
        path.is_some()
    }

    /// Pastes a text. What it names with `@` stays text: a file is attached by who writes, not by what was copied somewhere.
    pub(super) fn paste_text(&mut self, text: &str) {
        self.composer.paste(text);
        self.no_files.extend(mentions(text));
    }

    /// Attaches what is named with `@` in the text and was not looked for yet; `false` where there is nothing of that.
    pub(super) fn attach_mentions(&mut self, desk: &mut Desk<'_>) -> bool {
        let mut any = false;
        for mention in self.composer.mentions() {
            let looked_for = Wait::Attach(Named::Mention(mention.clone()));
            if self.no_files.contains(&mention) || self.waits.values().any(|wait| *wait == looked_for) {
                continue;
            }
            self.attach(&mention[1..], Named::Mention(mention.clone()), desk);
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
            Named::Asked | Named::Paste(_) => None,
        };
        self.composer.attach(file, mention);
        self.focus = Focus::Composer;
        self.typed(desk);
    }

    /// The file was not read. A word or a paste that is no file stays the text that it is.
    pub(super) fn not_attached(&mut self, named: Named, error: &Error, desk: &mut Desk<'_>) {
        let is_text = error.kind == ErrorKind::NotFound;
        match named {
            Named::Asked => desk.complain(error),
            Named::Mention(mention) => {
                self.no_files.insert(mention);
                if !is_text {
                    self.send_after_attaching = false;
                    desk.complain(error);
                }
            }
            Named::Paste(text) => {
                self.paste_text(&text);
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
