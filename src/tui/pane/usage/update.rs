//! What events do to the place.

use std::time::Duration;

use super::view::{orders, rows, whole};
use super::{Column, Export, Range, State};
use crate::domain::Error;
use crate::domain::usage::By;
use crate::domain::usage::definitions::{DEFINITIONS, Definition, UNKNOWN};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TaskId, TimerId, Written};
use crate::tui::event::{Mouse, MouseKind};
use crate::tui::look::Role;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::{Prompt, usage_form_of};
use crate::tui::overlay::reading::{Line as Said, Reading};
use crate::tui::pane::Place;
use crate::tui::when;
use crate::workbench::request::Topic;
use crate::workbench::request::usage::{Form, Query, Usage};
use crate::workbench::{Reply, Request};

const LANE: Lane = Lane("usage");

/// The delay after which what was counted meanwhile is read.
pub(super) const AGAIN: TimerId = TimerId("usage");
const PAUSE: Duration = Duration::from_millis(500);

impl State {
    /// It comes into sight: what is shown is read anew.
    pub(super) fn enter(&mut self, desk: &mut Desk<'_>) {
        if self.watch.is_none() {
            self.watch = Some(desk.call(None, Request::Watch { topic: Topic::Usage }));
        }
        self.read(desk);
    }

    /// What the table shows, as the door is asked for it.
    fn query(&self, desk: &Desk<'_>) -> Query {
        let now = when::Now { at: desk.now.wall, offset: desk.options.utc_offset };
        Query { by: self.by, since: self.range.since(now), until: None, series: true }
    }

    fn read(&mut self, desk: &mut Desk<'_>) {
        self.stale = false;
        let query = self.query(desk);
        self.task = Some(desk.call(Some(LANE), Request::Usage(Usage::Report { query })));
    }

    /// Something was counted. Of many calls at once the sum is enough.
    fn counted(&mut self, desk: &mut Desk<'_>) {
        self.stale = true;
        // Whatever is read is kept as seen: nothing is while another place is shown, and all of it anew behind that.
        if !self.pausing && desk.place == Place::Usage {
            self.pausing = true;
            desk.ask(Effect::After { timer: AGAIN, delay: PAUSE });
        }
    }

    pub(super) fn pause_is_over(&mut self, desk: &mut Desk<'_>) {
        self.pausing = false;
        if self.stale && desk.place == Place::Usage {
            self.read(desk);
        }
    }

    pub(super) fn take(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        match reply {
            Reply::Usage { report } if self.task == Some(task) => {
                let chosen = self.line(self.selected).and_then(|line| Some(line.row?.name.clone()));
                self.report = Some(report);
                self.error = None;
                self.arrange();
                self.choose(chosen.as_deref());
                self.follow(desk);
            }
            Reply::Changed { .. } if self.watch == Some(task) => self.counted(desk),
            Reply::Text { text } => {
                if let Some(export) = self.export.as_mut().filter(|export| export.task == task) {
                    export.text.push_str(&text);
                }
            }
            _ => {}
        }
    }

    pub(super) fn over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if self.task == Some(task) {
            self.task = None;
            self.error = error;
        } else if self.watch == Some(task) {
            // The next time that it is shown begins anew.
            self.watch = None;
        } else if let Some(Export { text, file, .. }) = self.export.take_if(|export| export.task == task) {
            match (error, file) {
                (Some(error), _) => desk.complain(&error),
                (None, None) => desk.ask(Effect::Copy(text)),
                (None, Some((path, replace))) => {
                    desk.ask(Effect::Save { of: Written::Usage, path, text, replace });
                }
            }
        }
    }

    pub(super) fn waits(&self, task: TaskId) -> bool {
        let export = self.export.as_ref().map(|export| export.task);
        [self.task, self.watch, export].contains(&Some(task))
    }

    /// Whether the action means something here.
    pub(super) fn can_do(&self, action: Action) -> bool {
        use Action as A;
        match action {
            A::SelectNext
            | A::SelectPrevious
            | A::SelectFirst
            | A::SelectLast
            | A::HalfPageDown
            | A::HalfPageUp
            | A::PageDown
            | A::PageUp
            | A::Open
            | A::SortNext
            | A::SortReverse
            | A::WriteReport
            | A::ShowDefinitions
            | A::CopyTable => self.count() > 0,
            A::Decrease => self.range != Range::Day,
            A::Increase => self.range != Range::All,
            A::GroupNext
            | A::Reload
            | A::Help
            | A::Palette
            | A::Quit
            | A::Suspend
            | A::Interrupt
            | A::ToggleMouse
            | A::ShowNotices => true,
            _ => false,
        }
    }

    pub(super) fn does(&mut self, action: Action, desk: &mut Desk<'_>) {
        use Action as A;
        let page = usize::from(rows(self, desk.area).height).max(1);
        match action {
            A::SelectNext => self.go(1),
            A::SelectPrevious => self.go(-1),
            A::SelectFirst => self.selected = 0,
            A::SelectLast => self.selected = self.count().saturating_sub(1),
            A::HalfPageDown => self.go(page.div_ceil(2) as isize),
            A::HalfPageUp => self.go(-(page.div_ceil(2) as isize)),
            A::PageDown => self.go(page as isize),
            A::PageUp => self.go(-(page as isize)),
            A::Decrease => self.reach(-1, desk),
            A::Increase => self.reach(1, desk),
            A::GroupNext => {
                self.by = after(&By::ALL, self.by);
                self.selected = 0;
                self.sort = if self.by == By::Day { Column::Name } else { Column::Calls };
                // The newest day comes first.
                self.reversed = self.by == By::Day;
                self.read(desk);
            }
            A::SortNext => {
                self.sort = after(&orders(self, desk.area), self.sort);
                self.reversed = false;
                self.sorted();
            }
            A::SortReverse => {
                self.reversed = !self.reversed;
                self.sorted();
            }
            A::Reload => self.read(desk),
            A::CopyTable => self.export(Form::Csv, None, desk),
            A::WriteReport => desk.overlays.push(Overlay::Prompt(Prompt::usage())),
            A::Open => self.read_row(desk),
            A::ShowDefinitions => desk.overlays.push(definitions()),
            _ => {}
        }
        self.follow(desk);
    }

    /// Shows all that is known of the chosen row.
    fn read_row(&self, desk: &mut Desk<'_>) {
        let Some(line) = self.line(self.selected) else { return };
        let name = if line.row.is_some() { line.name } else { "All of them" };
        desk.overlays.push(Overlay::Reading(Box::new(Reading::new(name, whole(self, &line)))));
    }

    /// Has what the table shows told as text.
    fn export(&mut self, form: Form, file: Option<(String, bool)>, desk: &mut Desk<'_>) {
        if self.export.is_some() {
            desk.say("What was asked for before is still being told. Try again when it is there.");
            return;
        }
        let query = Query { series: false, ..self.query(desk) };
        let export = Usage::Export { query, form, texts: false };
        let task = desk.call(None, Request::Usage(export));
        self.export = Some(Export { task, text: String::new(), file });
    }

    /// Writes it to the file, in the form that its name asks for.
    pub(super) fn write(&mut self, path: String, replace: bool, desk: &mut Desk<'_>) {
        if let Some(form) = usage_form_of(&path) {
            self.export(form, Some((path, replace)), desk);
        }
    }

    pub(super) fn pointed(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let table = rows(self, desk.area);
        match mouse.kind {
            MouseKind::ScrollDown => self.go(3),
            MouseKind::ScrollUp => self.go(-3),
            MouseKind::Down(_) if table.contains((mouse.column, mouse.row).into()) => {
                let at = self.top + usize::from(mouse.row - table.y);
                if at < self.count() {
                    self.selected = at;
                }
            }
            _ => return,
        }
        self.follow(desk);
    }

    fn go(&mut self, by: isize) {
        let last = self.count().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// Another stretch of time.
    fn reach(&mut self, by: isize, desk: &mut Desk<'_>) {
        let at = Range::ALL.iter().position(|range| *range == self.range).unwrap_or(0);
        if let Some(range) = at.checked_add_signed(by).and_then(|at| Range::ALL.get(at)) {
            self.range = *range;
            self.read(desk);
        }
    }

    /// Sorts what is there and keeps to the row that was chosen.
    fn sorted(&mut self) {
        let chosen = self.line(self.selected).and_then(|line| Some(line.row?.name.clone()));
        self.arrange();
        self.choose(chosen.as_deref());
    }

    fn arrange(&mut self) {
        let rows = self.report.as_ref().map_or(0, |report| report.rows.len());
        let mut order: Vec<usize> = (0..rows).collect();
        self.order.clone_from(&order);
        order.sort_by(|one, other| match (self.line(one + 1), self.line(other + 1)) {
            (Some(one), Some(other)) => {
                let order = self.sort.order(&one, &other);
                if self.reversed { order.reverse() } else { order }
            }
            _ => std::cmp::Ordering::Equal,
        });
        self.order = order;
    }

    fn choose(&mut self, name: Option<&str>) {
        let named =
            |at: &usize| self.line(*at).is_some_and(|line| line.row.is_some() && Some(line.name) == name);
        self.selected = (1..self.count()).find(named).unwrap_or(0);
    }

    /// Keeps the chosen row in sight.
    pub(super) fn follow(&mut self, desk: &Desk<'_>) {
        let height = usize::from(rows(self, desk.area).height).max(1);
        self.selected = self.selected.min(self.count().saturating_sub(1));
        self.top = self.top.clamp((self.selected + 1).saturating_sub(height), self.selected);
        self.top = self.top.min(self.count().saturating_sub(height));
    }
}

/// What the columns are, with their names in Bedrock.
fn definitions() -> Overlay {
    let mut lines = Vec::new();
    for Definition { name, bedrock, text } in DEFINITIONS {
        let bedrock = bedrock.map(|name| format!(" · Bedrock: {name}")).unwrap_or_default();
        lines.push(Said::strong(&format!("{name}{bedrock}")));
        lines.push(Said::of(text, Role::Text));
        lines.push(Said::blank());
    }
    lines.push(Said::of(UNKNOWN, Role::Muted));
    Overlay::Reading(Box::new(Reading::new("What the columns are", lines)))
}

/// The one behind it, round and round.
fn after<T: Copy + PartialEq>(all: &[T], one: T) -> T {
    let at = all.iter().position(|other| *other == one).map_or(0, |at| at + 1);
    all.get(at).or(all.first()).copied().unwrap_or(one)
}
