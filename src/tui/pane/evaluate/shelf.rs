//! The datasets: which there are, what is in one, a file that becomes one.

use super::State;
use super::form::{is_like, named_after};
use super::importing::Importing;
use crate::domain::change::Changed;
use crate::domain::evaluation::Dataset;
use crate::domain::evaluation::dataset::{Form, Import, LARGEST_FILE, Placed, name_from};
use crate::domain::figures::{count, grouped};
use crate::domain::id::DatasetId;
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind, Result};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TaskId};
use crate::tui::event::Contents;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::prompt::{Boxed, Prompt};
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::pane::Pane;
use crate::tui::rows::refitted;
use crate::workbench::request::Topic;
use crate::workbench::request::datasets::Datasets;
use crate::workbench::{Reply, Request};

const LANE: Lane = Lane("datasets");
/// Items that are read at once.
const READ: u32 = 200;
/// Characters of a text that are shown of it.
const LONGEST: usize = 2000;

/// The datasets as far as they are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shelf {
    /// They are shown.
    pub open: bool,
    /// Those of the person by name, then those that came with the program.
    pub list: Vec<Dataset>,
    pub known: bool,
    pub selected: usize,
    pub top: usize,
    pub error: Option<Error>,
    listing: Option<TaskId>,
    watch: Option<TaskId>,
    /// The items of that one are being read.
    reading: Option<(TaskId, Dataset)>,
    /// The file that is on its way, and whether its bad lines are left out.
    file: Option<(String, bool)>,
    importing: Option<Importing>,
    /// Bad lines that the person has not seen yet.
    unread: Option<Unread>,
    acts: Vec<TaskId>,
}

/// What could not be read of a file.
#[derive(Debug, Clone, PartialEq)]
struct Unread {
    reading: Reading,
    /// The file's name.
    file: String,
    said: bool,
}

impl Shelf {
    pub(super) fn current(&self) -> Option<&Dataset> {
        self.list.get(self.selected)
    }

    /// Drops a call that the sealed workspace refused.
    pub(super) fn forget(&mut self, task: TaskId) {
        for waited in [&mut self.listing, &mut self.watch] {
            if *waited == Some(task) {
                *waited = None;
            }
        }
        self.reading.take_if(|(asked, _)| *asked == task);
        self.importing.take_if(|importing| importing.task == task);
        self.acts.retain(|act| *act != task);
    }

    /// The file that is becoming a dataset.
    fn under_way(&self) -> Option<&str> {
        let file = self.file.as_ref().map(|(path, _)| path.as_str());
        file.or(self.importing.as_ref().map(|importing| importing.path.as_str()))
    }

    /// It is the one that keys act on.
    fn go_to(&mut self, id: DatasetId) {
        if let Some(at) = self.list.iter().position(|dataset| dataset.id == id) {
            self.selected = at;
        }
    }
}

impl State {
    /// Asks for the datasets, and to be told of changes.
    pub(super) fn read_datasets(&mut self, desk: &mut Desk<'_>) {
        if self.shelf.watch.is_none() {
            self.shelf.watch = Some(desk.call(None, Request::Watch { topic: Topic::Datasets }));
        }
        self.shelf.listing = Some(desk.call(Some(LANE), Request::Datasets(Datasets::List)));
    }

    /// Shows the datasets.
    pub(super) fn show_datasets(&mut self, desk: &mut Desk<'_>) {
        self.shelf.open = true;
        self.read_datasets(desk);
    }

    pub(super) fn can_on_shelf(&self, action: Action) -> bool {
        use Action as A;
        match action {
            A::SelectNext | A::SelectPrevious | A::SelectFirst | A::SelectLast | A::PageDown | A::PageUp => {
                self.shelf.list.len() > 1
            }
            A::Open | A::Rename | A::Delete | A::NewEvaluation => self.shelf.current().is_some(),
            A::ImportDataset | A::Back => true,
            _ => false,
        }
    }

    pub(super) fn select_dataset(&mut self, at: usize, desk: &Desk<'_>) {
        let rows = usize::from(Self::list_area(desk.area).height);
        let shelf = &mut self.shelf;
        shelf.selected = at.min(shelf.list.len().saturating_sub(1));
        shelf.top = refitted(shelf.top, shelf.selected, rows, shelf.list.len());
    }

    /// What is done among the datasets.
    pub(super) fn on_shelf(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = usize::from(Self::list_area(desk.area).height).max(1);
        let at = self.shelf.selected;
        match action {
            Action::SelectNext => self.select_dataset(at + 1, desk),
            Action::SelectPrevious => self.select_dataset(at.saturating_sub(1), desk),
            Action::SelectFirst => self.select_dataset(0, desk),
            Action::SelectLast => self.select_dataset(usize::MAX, desk),
            Action::PageDown => self.select_dataset(at + page, desk),
            Action::PageUp => self.select_dataset(at.saturating_sub(page), desk),
            Action::Back => self.shelf.open = false,
            Action::ImportDataset => desk.overlays.push(Overlay::Prompt(Prompt::items())),
            _ => {}
        }
        let Some(dataset) = self.shelf.current().cloned() else { return };
        match action {
            Action::Open => {
                let request = Datasets::Items { id: dataset.id, from: 0, limit: READ };
                let task = desk.call(Some(Lane("dataset items")), Request::Datasets(request));
                self.shelf.reading = Some((task, dataset));
            }
            Action::NewEvaluation => self.begin(Some(dataset), desk),
            Action::Rename | Action::Delete if dataset.is_built_in() => {
                desk.say("It came with the program and stays as it is.");
            }
            Action::Rename => {
                let prompt = Prompt::rename_dataset(dataset.id, &dataset.name);
                desk.overlays.push(Overlay::Prompt(prompt));
            }
            Action::Delete => desk.overlays.push(Overlay::Confirm(Confirm::remove_dataset(&dataset))),
            _ => {}
        }
    }

    /// Takes what was chosen over the datasets, if it is of them.
    pub(super) fn chosen_on_shelf(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        let request = match choice {
            Choice::RenameDataset(id, name) => Datasets::Rename { id, name },
            Choice::RemoveDataset(id) => Datasets::Remove { id },
            _ => return,
        };
        let task = desk.call(None, Request::Datasets(request));
        self.shelf.acts.push(task);
    }

    /// Reads the file of that path, one at a time: what becomes of each is told.
    pub(super) fn import(&mut self, path: String, skip_bad: bool, desk: &mut Desk<'_>) {
        if let Some(other) = self.shelf.under_way() {
            let why = format!("{} is still being read", file_name(other));
            let error =
                Error::new(ErrorKind::Busy, "reading the dataset", why, "Try again when it is there.");
            return refuse(&error, skip_bad, desk);
        }
        self.shelf.file = Some((path.clone(), skip_bad));
        desk.ask(Effect::ReadFile { path, most: LARGEST_FILE });
    }

    /// The file that was asked for is here: it becomes a dataset, all of it or nothing.
    pub fn file_read(&mut self, path: &str, read: Result<Contents>, desk: &mut Desk<'_>) {
        let Some((_, skip_bad)) = self.shelf.file.take_if(|(asked, _)| asked == path) else { return };
        let Contents(bytes) = match read {
            Ok(contents) => contents,
            Err(error) => return refuse(&error, skip_bad, desk),
        };
        desk.boxed = Some(Boxed::Read);
        let source = file_name(path).to_owned();
        let is_taken = |name: &str| self.shelf.list.iter().any(|other| is_like(&other.name, name));
        let name = named_after(&name_from(&source), is_taken);
        let form = Form::of(&source);
        let import = Import { name, form, bytes, source: Some(source), licence: None, skip_bad };
        let task = desk.call(None, Request::Datasets(Datasets::Import(import)));
        let (path, bad, doubled) = (path.to_owned(), Vec::new(), Vec::new());
        self.shelf.importing = Some(Importing { task, path, skip_bad, bad, doubled, good: 0 });
    }

    /// There are bad lines to be seen.
    pub fn has_unread(&self) -> bool {
        self.shelf.unread.is_some()
    }

    /// Shows the bad lines of a file where the person is among the datasets with nothing over them; else says that there are.
    pub fn show_unread(&mut self, in_sight: bool, desk: &mut Desk<'_>) {
        let here = in_sight && self.context() == Context::Datasets;
        if let Some(unread) = self.shelf.unread.take_if(|_| here) {
            desk.overlays.push(Overlay::Reading(Box::new(unread.reading)));
        } else if let Some(unread) = self.shelf.unread.as_mut().filter(|unread| !unread.said) {
            unread.said = true;
            let file = safe_line(&unread.file);
            desk.say(format!("Nothing was taken of {file}: the datasets of Evaluate show its bad lines."));
        }
    }

    pub(super) fn shelf_waits(&self, task: TaskId) -> bool {
        let shelf = &self.shelf;
        let reading = shelf.reading.as_ref().map(|(asked, _)| *asked);
        let importing = shelf.importing.as_ref().map(|importing| importing.task);
        [shelf.listing, shelf.watch, reading, importing].contains(&Some(task)) || shelf.acts.contains(&task)
    }

    /// Takes a reply in that the shelf waits for.
    pub(super) fn take_on_shelf(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        match reply {
            Reply::Datasets { datasets } if self.shelf.listing == Some(task) => {
                let chosen = self.shelf.current().map(|dataset| dataset.id);
                (self.shelf.list, self.shelf.known, self.shelf.error) = (datasets, true, None);
                if let Some(id) = chosen {
                    self.shelf.go_to(id);
                }
                self.select_dataset(self.shelf.selected, desk);
            }
            Reply::Changed {
                change: Changed::Dataset { .. } | Changed::DatasetRemoved { .. } | Changed::Missed,
                ..
            } if self.shelf.watch == Some(task) => self.read_datasets(desk),
            Reply::DatasetItems { items, more } => {
                if let Some((_, dataset)) = self.shelf.reading.take_if(|(asked, _)| *asked == task) {
                    let reading = Reading::new(&safe_line(&dataset.name), lines(&dataset, &items, more));
                    desk.overlays.push(Overlay::Reading(Box::new(reading)));
                }
            }
            Reply::DatasetRead { bad, doubled, good } => {
                if let Some(importing) = self.shelf.importing.as_mut().filter(|of| of.task == task) {
                    (importing.bad, importing.doubled, importing.good) = (bad, doubled, good);
                }
            }
            Reply::Dataset { dataset } => {
                if let Some(importing) = self.shelf.importing.take_if(|importing| importing.task == task) {
                    desk.say(importing.became(&dataset));
                    let id = dataset.id;
                    // Until the list has come anew.
                    self.shelf.list.retain(|other| other.id != id);
                    self.shelf.list.insert(0, dataset);
                    self.shelf.go_to(id);
                    self.select_dataset(self.shelf.selected, desk);
                }
                self.read_datasets(desk);
            }
            Reply::Done => self.read_datasets(desk),
            _ => {}
        }
    }

    /// A call of the shelf is over.
    pub(super) fn shelf_over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        let shelf = &mut self.shelf;
        if shelf.watch == Some(task) {
            // The next time that they are shown begins anew.
            shelf.watch = None;
        } else if shelf.listing == Some(task) {
            (shelf.listing, shelf.error) = (None, error);
        } else if let Some(importing) = shelf.importing.take_if(|importing| importing.task == task) {
            match error {
                Some(_) if !importing.bad.is_empty() && !importing.skip_bad => {
                    let file = file_name(&importing.path).to_owned();
                    shelf.unread = Some(Unread { reading: importing.unread(), file, said: false });
                }
                Some(error) => desk.complain(&error),
                None => {}
            }
        } else {
            shelf.reading.take_if(|(asked, _)| *asked == task);
            shelf.acts.retain(|act| *act != task);
            if let Some(error) = error {
                desk.complain(&error);
            }
        }
    }
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Says why a file is not read: by the line in which it is named, which stays; without one as a notice.
fn refuse(error: &Error, skip_bad: bool, desk: &mut Desk<'_>) {
    if skip_bad {
        desk.complain(error);
    } else {
        desk.boxed = Some(Boxed::Failed(error.clone()));
    }
}

/// A dataset to be read: each item with its question, what a good answer says, its category, whose answers there are.
fn lines(dataset: &Dataset, items: &[Placed], more: bool) -> Vec<Line> {
    let cut = |text: &str| {
        let mut short: String = text.chars().take(LONGEST).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        short
    };
    let mut lines = Vec::new();
    for Placed { place, item } in items {
        if !lines.is_empty() {
            lines.push(Line::blank());
        }
        let number = grouped(u64::from(*place) + 1);
        let category = item.category.as_ref().map_or_else(String::new, |category| format!(" · {category}"));
        lines.push(Line::strong(&format!("{number}{category}")));
        if item.turns.len() > 1 {
            let before = count(item.turns.len() as u64 - 1, "turn", "turns");
            lines.push(Line::of(&format!("after {before}:"), Role::Muted));
        }
        lines.push(Line::of(&cut(item.prompt()), Role::Text));
        if let Some(reference) = &item.reference {
            lines.push(Line::of(&format!("a good answer: {}", cut(reference)), Role::Muted));
        }
        if !item.responses.is_empty() {
            let names: Vec<_> = item.responses.iter().map(|response| response.model.as_str()).collect();
            lines.push(Line::of(&format!("answers of {}", names.join(" | ")), Role::Info));
        }
    }
    if items.is_empty() {
        lines.push(Line::of("It has no items.", Role::Muted));
    }
    if more {
        let (shown, all) = (grouped(items.len() as u64), grouped(dataset.items.into()));
        lines.push(Line::blank());
        lines.push(Line::of(&format!("These are the first {shown} of {all}."), Role::Muted));
    }
    lines
}
