//! The key to the next area, behind an `@path` and in the line that a file is named in: how the path goes on.

use super::{Focus, State, Wait};
use crate::domain::Error;
use crate::domain::completion::{Completion, Name};
use crate::domain::figures::grouped;
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::tui::overlay::prompt::{Boxed, shown};
use crate::tui::paint::columns;
use crate::tui::widget::composer::OpenPath;
use crate::tui::widget::text::fit;
use crate::workbench::Request;
use crate::workbench::request::chat::Chat;

/// Rows of names above the composer.
const ROWS: usize = 4;
/// The widest column of names.
const WIDEST: usize = 24;

/// What is being completed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Completing {
    Mention(OpenPath),
    /// The line of a box, up to the caret.
    Line(String),
}

impl Completing {
    /// The folder as it is written, and the beginning of the name.
    fn parts(&self) -> (&str, &str) {
        let (Self::Mention(OpenPath { path, .. }) | Self::Line(path)) = self;
        path.split_at(path.rfind('/').map_or(0, |at| at + 1))
    }
}

impl State {
    /// Goes on with the path that is being written in the composer; `false` where there is none.
    pub(super) fn complete(&mut self, desk: &mut Desk<'_>) -> bool {
        let open = if self.focus == Focus::Composer { self.composer.open_path() } else { None };
        open.is_some_and(|open| {
            self.look_up(Completing::Mention(open), desk);
            true
        })
    }

    /// Asks how a path goes on.
    pub(super) fn look_up(&mut self, completing: Completing, desk: &mut Desk<'_>) {
        let (folder, start) = completing.parts();
        let request = Chat::Complete { folder: desk.options.whole_path(folder), start: start.to_owned() };
        let task = desk.call(Some(Lane("complete")), Request::Chat(request));
        self.waits.retain(|_, wait| !matches!(wait, Wait::Complete(_)));
        self.waits.insert(task, Wait::Complete(completing));
    }

    /// So it goes on, where the person has not written on meanwhile.
    pub(super) fn completed(&mut self, completing: Completing, found: Completion, desk: &mut Desk<'_>) {
        let (folder, start) = completing.parts();
        let nothing = format!("Nothing there begins with {start}.");
        let path = format!("{folder}{}", found.common);
        match completing {
            Completing::Line(before) => desk.boxed = Some(Boxed::Completed { before, found }),
            Completing::Mention(open) if self.composer.open_path().as_ref() != Some(&open) => {}
            Completing::Mention(_) if found.names.is_empty() => desk.say(nothing),
            Completing::Mention(open) => {
                match found.only() {
                    Some(Name { folder: true, .. }) => {
                        self.composer.complete(&open, &format!("{path}/"), false);
                    }
                    Some(_) => {
                        self.composer.complete(&open, &path, true);
                        self.attach_mentions(desk);
                    }
                    None => self.composer.complete(&open, &path, false),
                }
                self.typed(desk);
                self.candidates = Some(found).filter(|found| found.only().is_none());
                self.refit(desk);
            }
        }
    }

    /// There is no such folder, or it cannot be read.
    pub(super) fn not_completed(&self, completing: &Completing, error: &Error, desk: &mut Desk<'_>) {
        match completing {
            Completing::Mention(open) if self.composer.open_path().as_ref() != Some(open) => {}
            Completing::Mention(_) => desk.complain(error),
            Completing::Line(_) => desk.boxed = Some(Boxed::Failed(error.clone())),
        }
    }

    /// The names that a path may go on with, in rows of that width.
    pub(super) fn candidate_rows(&self, width: u16) -> Vec<String> {
        self.candidates.as_ref().map_or_else(Vec::new, |found| rows(found, usize::from(width)))
    }
}

/// Names in columns; the last of too many says how many more there are.
fn rows(found: &Completion, width: usize) -> Vec<String> {
    let names: Vec<String> = found.names.iter().map(shown).collect();
    let wide = |name: &String| usize::from(columns(name));
    let column = names.iter().map(wide).max().unwrap_or(0).min(WIDEST).min(width).max(1);
    let across = ((width + 2) / (column + 2)).max(1);
    let room = across * ROWS;
    let mut cells = names;
    if found.count > cells.len().min(room) {
        cells.truncate(room - 1);
        cells.push(format!("+{} more", grouped((found.count - cells.len()) as u64)));
    }
    let row = |cells: &[String]| {
        let mut row = String::new();
        for cell in cells {
            let cell = fit(cell, column);
            row.push_str(&cell);
            row.push_str(&" ".repeat(column + 2 - usize::from(columns(&cell))));
        }
        row.trim_end().to_owned()
    };
    cells.chunks(across).map(row).collect()
}
