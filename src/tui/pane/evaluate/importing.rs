//! A file that becomes a dataset: what is said of it, its bad lines one by one.

use crate::domain::evaluation::Dataset;
use crate::domain::evaluation::dataset::{BadLine, Doubled};
use crate::domain::figures::{count, grouped};
use crate::domain::untrusted::safe_line;
use crate::tui::effect::TaskId;
use crate::tui::look::Role;
use crate::tui::overlay::Choice;
use crate::tui::overlay::reading::{Line, Reading};

/// Bad lines that are listed.
const NAMED: usize = 500;

/// A file that is becoming a dataset.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Importing {
    pub task: TaskId,
    pub path: String,
    pub skip_bad: bool,
    pub bad: Vec<BadLine>,
    pub doubled: Vec<Doubled>,
    /// Lines that could be read.
    pub good: u64,
}

impl Importing {
    /// What is said of the dataset that it became.
    pub(super) fn became(&self, dataset: &Dataset) -> String {
        let items = count(dataset.items.into(), "item", "items");
        let mut said = format!("Read as {}: {items}", dataset.name);
        if !self.bad.is_empty() {
            let bad = count(self.bad.len() as u64, "line was", "lines were");
            said.push_str("; ");
            said.push_str(&bad);
            said.push_str(" left out");
        }
        if let Some(Doubled { line, first }) = self.doubled.first() {
            let many = count(self.doubled.len() as u64, "line says", "lines say");
            let which = format!("; {many} the same as one before, first line {line} as line {first}");
            said.push_str(&which);
        }
        said.push('.');
        said
    }

    /// Every line that could not be read, and the offer to take the others where there are some.
    pub(super) fn unread(&self) -> Reading {
        let many = count(self.bad.len() as u64, "line cannot be read", "lines cannot be read");
        let head = format!("{many}, so nothing was taken:");
        let mut lines = vec![Line::of(&head, Role::Warn), Line::blank()];
        lines.extend(self.bad.iter().take(NAMED).map(|BadLine { line, why }| {
            let why = why.replace('\n', " ");
            Line::of(&format!("line {}: {why}", grouped(*line)), Role::Text)
        }));
        if self.bad.len() > NAMED {
            let more = grouped((self.bad.len() - NAMED) as u64);
            lines.push(Line::of(
                &format!("and {more} more; `outcrop datasets import` names all"),
                Role::Muted,
            ));
        }
        let reading = Reading::new(&safe_line(&self.path), lines);
        if self.good == 0 {
            return reading;
        }
        let take = Choice::ImportDataset { path: self.path.clone(), skip_bad: true };
        reading.offering('t', "take the good lines", take)
    }
}
