//! What an action does here.

use ratatui::layout::Position;

use super::opening::keep_later;
use super::{Focus, State, Wait};
use crate::domain::evaluation::Choice as Chosen;
use crate::domain::id::MessageId;
use crate::domain::message::Role;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Written};
use crate::tui::event::{Button, Mouse, MouseKind};
use crate::tui::key::Key;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::given::given;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::setup::drawer::rows;
use crate::tui::setup::view::row_at;
use crate::tui::stroke::Stroke;
use crate::tui::widget::transcript::{Geometry, Item, Named, Transcript};
use crate::workbench::Request;
use crate::workbench::request::comparisons::Comparisons;

/// Rows of one turn of the wheel.
const WHEEL: i64 = 3;

impl State {
    pub(super) fn does(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        if self.act_in_line(action, desk) {
            return self.fit(desk);
        }
        match action {
            Action::Send => self.send(desk),
            Action::Newline => {
                self.composer.newline();
                self.typed(desk);
            }
            Action::HistoryPrevious => self.recall(true, key, desk),
            Action::HistoryNext => self.recall(false, key, desk),
            Action::Undo if self.focus == Focus::Columns => self.take_back(desk),
            Action::Undo => {
                self.composer.undo();
                self.typed(desk);
            }
            Action::Redo => {
                self.composer.redo();
                self.typed(desk);
            }
            Action::EditInEditor => desk.ask(Effect::Edit(self.composer.text())),
            Action::AddColumn => self.add_column(desk),
            Action::RemoveColumn => self.remove_column(desk),
            Action::NextColumn => self.step_column(1, desk),
            Action::PreviousColumn => self.step_column(-1, desk),
            Action::ChooseAnswer => self.choose_by(key, desk),
            Action::ChooseTie => self.choose(Chosen::Tie, desk),
            Action::ChooseNone => self.choose(Chosen::BothBad, desk),
            Action::ToggleBlind => self.toggle_blind(desk),
            Action::ShowDifference => self.show_difference(desk),
            Action::ScrollTogether => {
                self.apart = !self.apart;
                desk.say(if self.apart {
                    "Columns scroll each for itself."
                } else {
                    "Columns scroll together."
                });
            }
            Action::ShowPassages => self.show_passages(desk),
            Action::AddToDataset => self.ask_for_dataset(desk),
            Action::ShowSummary => self.ask_for_summary(desk),
            Action::SetRepeats => self.ask_for_repeats(desk),
            Action::SetCategory => self.ask_for_category(desk),
            Action::WriteComparison => self.ask_for_file(desk),
            Action::FoldColumn => self.fold_column(desk),
            Action::TakeValues => self.ask_for_values(desk),
            Action::ShowLeaderboard => self.ask_for_board_of(None, desk),
            Action::NextPage => self.step_page(1, desk),
            Action::PreviousPage => self.step_page(-1, desk),
            Action::NextOpenPage => self.turn_to_open(desk),
            Action::NewComparison => self.begin_new(desk),
            Action::Retry => self.retry(desk),
            Action::ContinueInChat => self.go_on(desk),
            Action::Copy => self.copy(desk),
            Action::CopyRequest => self.copy_request(desk),
            Action::ToggleFold => self.toggle_fold(desk),
            Action::Back => self.back(desk),
            Action::FocusNext => self.turn_focus(1, desk),
            Action::FocusPrevious => self.turn_focus(-1, desk),
            Action::FocusComposer => self.focus = Focus::Composer,
            Action::ToggleList => self.toggle_list(desk),
            Action::ToggleSettings => self.toggle_settings(desk),
            Action::ChooseModel => self.choose_model(desk),
            Action::ChoosePreset => self.choose_preset(desk),
            Action::EditSystem => self.edit_system(desk),
            Action::Delete => self.ask_to_remove(desk),
            action => self.move_in(action, desk),
        }
        self.fit(desk);
    }

    fn move_in(&mut self, action: Action, desk: &mut Desk<'_>) {
        match (self.focus, action) {
            (Focus::List, Action::Open) => self.open_selected(desk),
            (Focus::List, _) => self.move_in_list(action, desk),
            (Focus::Settings, _) => self.set_as(action, desk),
            (Focus::Composer | Focus::Columns, _) => self.scroll_as(action, desk),
        }
    }

    fn move_in_list(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = isize::from(self.areas(desk.area).list.map_or(2, |list| list.height.max(2)).cast_signed());
        let steps = match action {
            Action::SelectNext => 1,
            Action::SelectPrevious => -1,
            Action::HalfPageDown => page / 2,
            Action::HalfPageUp => -page / 2,
            Action::PageDown => page - 1,
            Action::PageUp => 1 - page,
            Action::SelectFirst => isize::MIN,
            Action::SelectLast => isize::MAX,
            _ => return,
        };
        self.selected = self.selected.saturating_add_signed(steps).min(self.list.len().saturating_sub(1));
        self.read_on(desk);
    }

    /// Up and Down: a row in what is written, then what was sent before.
    fn recall(&mut self, previous: bool, key: Option<Key>, desk: &mut Desk<'_>) {
        self.composer.recall(!previous, key);
        self.typed(desk);
    }

    fn step_column(&mut self, steps: isize, desk: &Desk<'_>) {
        self.at = self.at.saturating_add_signed(steps).min(self.lanes.len().saturating_sub(1));
        self.reveal(desk.area);
    }

    /// What a key does to the text or the line that is being written.
    pub(super) fn press(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        match self.focus {
            Focus::Composer => {
                if self.composer.press(stroke) {
                    self.typed(desk);
                }
            }
            Focus::Settings => {
                if let Some(input) = &mut self.drawer.input {
                    input.press(stroke);
                    self.drawer.error = None;
                }
            }
            Focus::Columns | Focus::List => {}
        }
    }

    /// A pasted text goes into what is being written; never anywhere else.
    pub(super) fn insert(&mut self, text: &str, desk: &mut Desk<'_>) {
        if let (Focus::Settings, Some(input)) = (self.focus, &mut self.drawer.input) {
            return input.insert(text);
        }
        self.focus = Focus::Composer;
        self.composer.paste(text);
        self.typed(desk);
    }

    /// What is written has changed, or who shall answer it.
    pub(super) fn typed(&mut self, desk: &mut Desk<'_>) {
        keep_later(desk);
        self.fit(desk);
    }

    /// The parts fit their room.
    pub(super) fn fit(&mut self, desk: &mut Desk<'_>) {
        if self.lanes.is_empty() && matches!(self.focus, Focus::Columns | Focus::Settings) {
            self.focus = Focus::Composer;
        }
        let areas = self.areas(desk.area);
        self.composer.fit(areas.composer.width, areas.composer.height);
        self.reveal(desk.area);
        if let Some(list) = areas.list {
            let high = usize::from(list.height).max(1);
            self.top = self.top.clamp(self.selected.saturating_sub(high - 1), self.selected);
        }
    }

    /// One step back: it never takes a text away.
    fn back(&mut self, desk: &mut Desk<'_>) {
        if self.stop_or_ask(desk) {
            return;
        }
        if self.focus == Focus::Settings {
            self.drawer_open = false;
        }
        if self.focus == Focus::Composer {
            self.failed = None;
        }
        self.focus = Focus::Composer;
    }

    /// Whether it would tell who answers: while that is hidden it says so instead.
    pub(super) fn tells(&self, action: Action) -> bool {
        match action {
            Action::WriteComparison => self.focus != Focus::List,
            Action::RemoveColumn
            | Action::ShowSummary
            | Action::ContinueInChat
            | Action::CopyRequest
            | Action::ShowPassages
            | Action::AddToDataset => true,
            // One that has ended before the others would be told from them.
            Action::Copy | Action::Retry => !self.all_ended(),
            _ => false,
        }
    }

    /// Whether an action can do anything here and now.
    pub(super) fn can_do(&self, action: Action) -> bool {
        let asked = self.comparison.is_some();
        match action {
            Action::Back => self.runs() || self.focus != Focus::Composer || self.failed.is_some(),
            Action::Send => !self.composer.is_empty() && !self.runs(),
            Action::AddColumn => self.may_grow() && !self.runs(),
            Action::RemoveColumn => !self.lanes.is_empty() && !self.runs(),
            Action::ChooseAnswer | Action::ChooseTie | Action::ChooseNone | Action::AddToDataset => {
                asked && self.all_ended()
            }
            Action::ToggleBlind | Action::SetRepeats | Action::TakeValues => !self.runs(),
            Action::ScrollTogether | Action::FoldColumn => self.lanes.len() > 1,
            Action::WriteComparison => {
                if self.focus == Focus::List {
                    !self.list.is_empty()
                } else {
                    asked
                }
            }
            Action::ShowDifference => self.may_differ(),
            Action::NextPage | Action::PreviousPage | Action::NextOpenPage => {
                self.comparison.as_ref().is_some_and(|comparison| comparison.pages.len() > 1)
            }
            Action::NewComparison | Action::ContinueInChat => asked && !self.runs(),
            Action::Retry => asked && self.current().is_some_and(|at| !self.lanes[at].runs()),
            Action::Copy | Action::ToggleFold | Action::ShowSummary => asked,
            // Whether a column has any may tell who answers in it.
            Action::ShowPassages => self.is_hidden() || self.given().is_some(),
            Action::CopyRequest => asked && self.current().is_some_and(|at| self.lanes[at].ended().is_some()),
            Action::Delete | Action::Open => self.focus == Focus::List || self.focus == Focus::Settings,
            // Where they tell too much that is said; the chat's are not meant.
            Action::ShowLeaderboard
            | Action::SetCategory
            | Action::ToggleSettings
            | Action::ChooseModel
            | Action::ChoosePreset
            | Action::EditSystem
            | Action::Undo
            | Action::Redo
            | Action::EditInEditor
            | Action::FocusComposer
            | Action::ToggleList
            | Action::Accept
            | Action::Cancel
            | Action::Reset => true,
            action => action.moves(),
        }
    }

    /// What a knowledge base gave for the answer of the column that keys act on.
    fn show_passages(&self, desk: &mut Desk<'_>) {
        if !self.may_not_tell(desk) {
            desk.overlays.extend(self.given().map(given));
        }
    }

    fn turn_focus(&mut self, steps: isize, desk: &Desk<'_>) {
        let mut parts = vec![Focus::Composer];
        parts.extend((!self.lanes.is_empty()).then_some(Focus::Columns));
        let list = self.areas(desk.area).list.is_some() || !self.list.is_empty();
        parts.extend(list.then_some(Focus::List));
        let settings = self.drawer_open || self.focus == Focus::Settings;
        parts.extend(settings.then_some(Focus::Settings));
        let now = parts.iter().position(|part| *part == self.focus).unwrap_or(0) as isize;
        self.focus = parts[(now + steps).rem_euclid(parts.len() as isize) as usize];
    }

    fn toggle_list(&mut self, desk: &mut Desk<'_>) {
        let shown = self.areas(desk.area).list.is_some();
        self.folded = shown;
        self.focus = if shown { Focus::Composer } else { Focus::List };
        keep_later(desk);
    }

    fn ask_to_remove(&self, desk: &mut Desk<'_>) {
        if let Some(comparison) = self.selected_comparison() {
            desk.overlays.push(Overlay::Confirm(Confirm::remove_comparison(comparison)));
        }
    }

    /// What was chosen in an overlay.
    pub(super) fn was_chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        match choice {
            Choice::Model(id) => self.take_model(id, desk),
            Choice::Preset(name) => {
                if let Some(preset) = desk.options.presets.get(&name).cloned() {
                    self.take_preset(&preset, desk);
                }
            }
            Choice::System(text) => {
                self.set(|setup| setup.system = (!text.is_empty()).then_some(text), desk);
            }
            // The pad took it, so it is one.
            Choice::Setting { field, text } => {
                let mut settings = self.setup().settings;
                if settings.set(field.name, &text).is_ok() {
                    self.set(|setup| setup.settings = settings, desk);
                }
            }
            Choice::AddToDataset(name) => self.add_to_dataset(name, desk),
            Choice::Repeats(samples) => self.take_repeats(samples, desk),
            Choice::Category(category) => self.take_category(category, desk),
            Choice::Board(category) => self.ask_for_board_of(category, desk),
            Choice::Write { of: Written::Comparison(id), path, replace } => {
                self.write(id, path, replace, desk);
            }
            Choice::StopAnswers => drop(self.stop(desk)),
            Choice::RetryBlindly => self.retry_seen(desk),
            Choice::ValuesFile(path) => self.take_values(path, desk),
            Choice::RemoveComparison(id) => {
                if self.comparison.as_ref().is_some_and(|comparison| comparison.id == id) {
                    self.stop(desk);
                }
                let request = Comparisons::Remove { id, ballots: false };
                let task = desk.call(None, Request::Comparisons(request));
                self.waits.insert(task, Wait::Remove);
            }
            _ => {}
        }
        self.fit(desk);
    }

    /// Scrolls what is read as `action` says: the column that keys act on, and the others with it.
    fn scroll_as(&mut self, action: Action, desk: &mut Desk<'_>) {
        for at in self.scrolled() {
            let height = self.areas(desk.area).columns.first().map_or(1, |column| column.answers.height);
            let lane = &mut self.lanes[at];
            match action {
                Action::LineDown => lane.scroll.by(1),
                Action::LineUp => lane.scroll.by(-1),
                Action::HalfPageDown => lane.scroll.half(height, 1),
                Action::HalfPageUp => lane.scroll.half(height, -1),
                Action::PageDown => lane.scroll.page(height, 1),
                Action::PageUp => lane.scroll.page(height, -1),
                Action::SelectFirst => {
                    if let Some(first) = lane.thread.shown().next().map(|item| item.message.id) {
                        lane.scroll.to_message(first);
                    }
                }
                Action::SelectLast | Action::Follow => lane.scroll.to_end(),
                _ => return,
            }
            self.settle(at, desk);
        }
    }

    /// The lanes that scroll.
    fn scrolled(&self) -> Vec<usize> {
        if self.apart { self.current().into_iter().collect() } else { (0..self.lanes.len()).collect() }
    }

    fn settle(&mut self, at: usize, desk: &mut Desk<'_>) {
        if let Some(geometry) = self.geometry(at, desk) {
            self.lanes[at].scroll = geometry.scroll;
        }
    }

    fn geometry(&self, at: usize, desk: &mut Desk<'_>) -> Option<Geometry> {
        let place = self.order().iter().position(|lane| *lane == at)?;
        let areas = self.areas(desk.area);
        let (narrowest, columns) = (areas.narrowest(), areas.columns);
        // One that is not in sight is as wide as those that are.
        let area = columns.iter().find(|column| column.place == place).or(columns.first())?.answers;
        let status = self.lanes[at].status(desk.now, desk.options.reduced_motion);
        let items = self.items(at, &status);
        let transcript = Transcript { narrowest, ..Transcript::new(&items) };
        Some(transcript.layout(area, &self.lanes[at].scroll, &mut desk.cache.transcript))
    }

    /// The messages of a lane as its column shows them: who answers, and what that took, stands elsewhere, or nowhere yet.
    pub(super) fn items<'a>(&'a self, at: usize, status: &'a str) -> Vec<Item<'a>> {
        let (lane, hidden) = (&self.lanes[at], self.is_hidden());
        let mut items = lane.thread.items(status, &lane.opened, &lane.opened);
        for item in &mut items {
            item.named = if hidden { Named::Nowhere } else { Named::Elsewhere };
            // Pages are asked a few at a time: when one was tells how long those before it took.
            if hidden || item.message.role == Role::Assistant {
                item.when = "";
            }
        }
        items
    }

    /// Opens or closes what was reasoned.
    fn toggle_fold(&mut self, desk: &mut Desk<'_>) {
        for at in self.scrolled() {
            let lane = &mut self.lanes[at];
            let ids: Vec<MessageId> = lane.thread.shown().map(|item| item.message.id).collect();
            if lane.opened.is_empty() {
                lane.opened.extend(ids);
            } else {
                lane.opened.clear();
            }
            self.settle(at, desk);
        }
    }

    pub(super) fn pointed(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let at = Position { x: mouse.column, y: mouse.row };
        match mouse.kind {
            MouseKind::Down(Button::Left) => self.click(at, desk),
            MouseKind::ScrollUp => self.wheel(at, -WHEEL, desk),
            MouseKind::ScrollDown => self.wheel(at, WHEEL, desk),
            _ => {}
        }
        self.fit(desk);
    }

    fn wheel(&mut self, at: Position, rows: i64, desk: &mut Desk<'_>) {
        let areas = self.areas(desk.area);
        if areas.list.is_some_and(|list| list.contains(at)) {
            let last = self.list.len().saturating_sub(1);
            self.selected = self.selected.saturating_add_signed(rows as isize).min(last);
            return self.read_on(desk);
        }
        if areas.drawer.is_some_and(|drawer| drawer.contains(at)) {
            return self.drawer.step(rows.signum() as isize);
        }
        let order = self.order();
        let under = areas.columns.iter().find(|column| column.answers.contains(at));
        let lanes: Vec<usize> = match under.and_then(|column| order.get(column.place)) {
            Some(lane) if self.apart => vec![*lane],
            _ => (0..self.lanes.len()).collect(),
        };
        for lane in lanes {
            self.lanes[lane].scroll.by(rows);
            self.settle(lane, desk);
        }
    }

    fn click(&mut self, at: Position, desk: &mut Desk<'_>) {
        let areas = self.areas(desk.area);
        if let Some(list) = areas.list.filter(|list| list.contains(at)) {
            self.focus = Focus::List;
            let row = self.top + usize::from(at.y - list.y);
            if row < self.list.len() {
                self.selected = row;
                self.open_selected(desk);
            }
        } else if let Some(area) = areas.drawer.filter(|drawer| drawer.contains(at)) {
            self.focus = Focus::Settings;
            if let Some(row) = row_at(area, at.y, self.drawer.selected).filter(|row| *row < rows().len()) {
                let again = self.drawer.selected == row;
                self.drawer.choose(row);
                if again {
                    self.change_setting(desk);
                }
            }
        } else if areas.box_area.contains(at) {
            self.focus = Focus::Composer;
            self.composer.click_near(at, areas.composer);
        } else if let Some(column) = areas.columns.iter().find(|column| {
            let whole = column.head.union(column.answers).union(column.foot);
            whole.contains(at)
        }) {
            self.focus = Focus::Columns;
            self.at = column.place;
        }
    }
}
