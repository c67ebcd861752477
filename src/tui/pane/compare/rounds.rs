//! Rounds: what it is about, every column asked several times, or once for each row of a file of values. Each is a page of its own, and all of
//! them are asked, whichever is shown.

use std::collections::BTreeSet;

use super::opening::keep_later;
use super::{Lane, State, Wait};
use crate::domain::comparison::Table;
use crate::domain::figures::count;
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind, Result};
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, TaskId};
use crate::tui::event::Contents;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::Prompt;
use crate::workbench::Request;
use crate::workbench::request::comparisons::Comparisons;

/// Pages that one column is asked at once; other columns do not wait for it.
const AT_ONCE: usize = 4;
/// The largest file of values, in bytes.
const LARGEST: u64 = 8 << 20;

/// How often the columns of a new comparison are asked, and with what.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rounds {
    /// How often each column is asked the same.
    pub samples: u32,
    /// A row for each time that it is asked with other values.
    pub values: Option<Table>,
    /// The file of values that is on its way.
    pub file: Option<String>,
    /// What it is about, for the leaderboard.
    pub category: Option<String>,
}

impl Default for Rounds {
    fn default() -> Self {
        Self { samples: 1, values: None, file: None, category: None }
    }
}

impl Rounds {
    /// Both in words; nothing where each column is asked once, as it is written.
    pub(super) fn words(&self) -> String {
        let times = (self.samples > 1).then(|| format!("{} times each", self.samples));
        let values = self.values.as_ref().map(|table| format!("values of {}", safe_line(&table.name)));
        let category = self.category.as_ref().map(|category| format!("about {}", safe_line(category)));
        times.into_iter().chain(values).chain(category).collect::<Vec<_>>().join(" · ")
    }
}

impl State {
    pub(super) fn ask_for_repeats(&self, desk: &mut Desk<'_>) {
        if self.idle(desk) {
            desk.overlays.push(Overlay::Prompt(Prompt::repeats(self.rounds.samples)));
        }
    }

    pub(super) fn ask_for_values(&self, desk: &mut Desk<'_>) {
        if self.idle(desk) {
            let before = self.rounds.values.as_ref().map_or("", |table| &table.name);
            desk.overlays.push(Overlay::Prompt(Prompt::values(before)));
        }
    }

    pub(super) fn take_repeats(&mut self, samples: u32, desk: &mut Desk<'_>) {
        self.rounds.samples = samples;
        self.say_rounds(desk);
    }

    /// Asks what the comparison is about, or the next one where none is open.
    pub(super) fn ask_for_category(&self, desk: &mut Desk<'_>) {
        let before = match &self.comparison {
            Some(comparison) => comparison.category.as_deref(),
            None => self.rounds.category.as_deref(),
        };
        desk.overlays.push(Overlay::Prompt(Prompt::category(before.unwrap_or_default())));
    }

    pub(super) fn take_category(&mut self, category: String, desk: &mut Desk<'_>) {
        let category = Some(category).filter(|category| !category.is_empty());
        let Some(id) = self.comparison.as_ref().map(|comparison| comparison.id) else {
            self.rounds.category = category;
            return self.say_rounds(desk);
        };
        let task = desk.call(None, Request::Comparisons(Comparisons::Categorise { id, category }));
        self.waits.insert(task, Wait::Categorise);
    }

    /// A file of values was named; none takes the values away.
    pub(super) fn take_values(&mut self, path: String, desk: &mut Desk<'_>) {
        if path.is_empty() {
            self.rounds.values = None;
            return self.say_rounds(desk);
        }
        self.rounds.file = Some(path.clone());
        desk.ask(Effect::ReadFile { path, most: LARGEST });
    }

    /// The file that was asked for is here.
    pub fn file_read(&mut self, path: &str, read: &Result<Contents>, desk: &mut Desk<'_>) {
        if self.rounds.file.take_if(|asked| asked == path).is_none() {
            return;
        }
        let text = read.as_ref().map_err(Error::clone).and_then(|Contents(bytes)| {
            String::from_utf8(bytes.clone()).map_err(|_| {
                let doing = format!("reading the values of {path}");
                Error::new(ErrorKind::Invalid, doing, "it is not UTF-8", "Save it as UTF-8.")
            })
        });
        match text {
            Ok(text) => {
                let name = path.rsplit('/').next().unwrap_or(path).to_owned();
                self.rounds.values = Some(Table { name, text });
                self.say_rounds(desk);
            }
            Err(error) => desk.complain(&error),
        }
    }

    fn say_rounds(&self, desk: &mut Desk<'_>) {
        let words = self.rounds.words();
        let words = if words.is_empty() { "once each, as it is written".to_owned() } else { words };
        desk.say(if self.comparison.is_some() {
            format!("The next comparison: {words}; this one stays as it is.")
        } else {
            format!("The columns are asked: {words}.")
        });
        keep_later(desk);
    }

    /// Every lane that is here, of whichever page.
    pub(super) fn all_lanes(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().chain(self.aside.values().flatten())
    }

    /// The lane of a column on a page, if it is here.
    pub(super) fn lane_mut(&mut self, (page, at): (usize, usize)) -> Option<&mut Lane> {
        if page == self.page { self.lanes.get_mut(at) } else { self.aside.get_mut(&page)?.get_mut(at) }
    }

    /// The page and the column that a call is for.
    pub(super) fn place_of(&self, task: TaskId) -> Option<(usize, usize)> {
        let (page, at) = *self.calls.get(&task)?;
        let lane = if page == self.page { self.lanes.get(at) } else { self.aside.get(&page)?.get(at) };
        lane.filter(|lane| lane.thread.turn.task() == Some(task)).map(|_| (page, at))
    }

    /// Asks of each column what is due, as much as it may be asked at once: page by page, so that columns which one engine
    /// serves in turn stand beside each other.
    pub(super) fn ask_due(&mut self, desk: &mut Desk<'_>) {
        let mut at = 0;
        while let Some(place) = self.due.get(at).copied() {
            if self.calls.values().filter(|(_, column)| *column == place.1).count() < AT_ONCE {
                self.due.remove(at);
                self.ask(place, desk);
            } else {
                at += 1;
            }
        }
    }

    /// A call has ended: the next one takes its place. A page that is not shown, and has nothing more to do, is read again
    /// when it is.
    pub(super) fn ended_at(&mut self, task: TaskId, page: usize, desk: &mut Desk<'_>) {
        self.calls.remove(&task);
        self.tell_in_keys(desk);
        self.ask_due(desk);
        self.tidy(page);
        if page == self.page && self.all_ended() {
            self.lanes.iter_mut().for_each(Lane::read_from_its_question);
        }
    }

    /// Lets go of a page that is not shown and has nothing to do.
    pub(super) fn tidy(&mut self, page: usize) {
        let waits = self.due.iter().any(|(of, _)| *of == page);
        let busy = |lane: &Lane| lane.runs() || lane.thread.failed.is_some();
        if !waits && self.aside.get(&page).is_some_and(|lanes| !lanes.iter().any(busy)) {
            self.aside.remove(&page);
        }
    }

    /// Shows another page; the one that was shown goes on aside as long as it has something to do.
    pub(super) fn turn_to(&mut self, page: usize, desk: &mut Desk<'_>) {
        let before = std::mem::replace(&mut self.page, page);
        let lanes = std::mem::take(&mut self.lanes);
        self.aside.insert(before, lanes);
        self.tidy(before);
        match self.aside.remove(&page) {
            Some(lanes) => {
                self.lanes = lanes;
                self.fit(desk);
            }
            None => self.show_page(desk),
        }
    }

    /// How many answers are to come, in words, where that is of more than this page; of hidden ones, whose number would tell how
    /// long each took, how many pages.
    pub(super) fn to_come(&self) -> Option<String> {
        let pages = self.comparison.as_ref().map_or(0, |comparison| comparison.pages.len());
        if pages < 2 {
            return None;
        }
        let (left, one, more) = if (0..pages).any(|page| self.is_hidden_on(page)) {
            let places = self.due.iter().chain(self.calls.values());
            let open: BTreeSet<usize> = places.map(|(page, _)| *page).collect();
            (open.len(), "page", "pages")
        } else {
            (self.due.len() + self.running(), "answer", "answers")
        };
        (left > 0).then(|| format!("{} to come", count(left as u64, one, more)))
    }
}
