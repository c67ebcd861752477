//! The evaluations as one of the places.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::layout::AnswerArea;
use super::list::may_rate;
use super::{Sitting, State, view};
use crate::domain::Error;
use crate::domain::evaluation::Dataset;
use crate::domain::evaluation::job::GenerationState;
use crate::domain::evaluation::metric::Method;
use crate::tui::action::Action;
use crate::tui::app::{Cache, Desk};
use crate::tui::effect::{TaskId, Written};
use crate::tui::event::{Button, Mouse, MouseKind, Now};
use crate::tui::key::Key;
use crate::tui::keymap::Context;
use crate::tui::overlay::Choice;
use crate::tui::overlay::input::Input;
use crate::tui::pane::{Pane, Sight};
use crate::tui::stroke::Stroke;
use crate::tui::widget::code::Want;
use crate::workbench::Reply;

/// Rows that a turn of the wheel moves.
const WHEEL: isize = 3;

impl Pane for State {
    fn shown(&mut self, desk: &mut Desk<'_>) {
        self.enter(desk);
    }

    fn context(&self) -> Context {
        match (&self.sitting, &self.closed, &self.results) {
            (Some(_), ..) | (_, Some(_), _) => Context::Rating,
            (.., Some(_)) => Context::Results,
            _ => match &self.making {
                Some(making) if making.settings_of.is_none() => making.context(),
                Some(making) if making.drawer.input.is_some() => Context::Menu,
                Some(_) => Context::Settings,
                None if self.shelf.open => Context::Datasets,
                None => Context::Evaluations,
            },
        }
    }

    fn can(&self, action: Action) -> bool {
        match (&self.sitting, &self.results) {
            (Some(_), _) => self.can_rate(action),
            _ if self.closed.is_some() => false,
            (None, Some(results)) => results.can(action),
            _ if self.making.is_some() => Self::can_make(action),
            _ if self.shelf.open => self.can_on_shelf(action),
            (None, None) => self.can_in_list(action),
        }
    }

    fn offers(&self, action: Action) -> bool {
        let in_list = self.context() == Context::Evaluations;
        let settings = self.making.as_ref().filter(|_| self.context() == Context::Settings);
        let changes = settings.is_none_or(|making| making.drawer.offers(action));
        let rates = action == Action::Open && in_list;
        // What came with the program stays as it is: that is said to who asks, and not offered.
        let on_shelf = self.shelf.current().filter(|_| self.context() == Context::Datasets);
        let fixed =
            matches!(action, Action::Rename | Action::Delete) && on_shelf.is_some_and(Dataset::is_built_in);
        // Nothing is taken back, and gone back to, before something was said; nothing is open where all say the same.
        let idle = match action {
            Action::Open | Action::DecideItem if self.context() == Context::Results => {
                self.results.as_ref().is_some_and(|results| !results.differ())
            }
            Action::Undo => self.sitting.as_ref().is_some_and(|sitting| !sitting.has_said()),
            Action::GoToVote => self.sitting.as_ref().is_some_and(|sitting| !sitting.has_voted()),
            _ => false,
        };
        self.can(action) && changes && !idle && !fixed && (!rates || self.current().is_some_and(may_rate))
    }

    fn why_not(&self, action: Action) -> Option<Cow<'static, str>> {
        let there = self.sitting.as_ref().and_then(Sitting::sheet);
        match action {
            Action::ShowReference => there.map(|_| "This item has no reference.".into()),
            _ => None,
        }
    }

    fn act(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        if self.sitting.is_some() {
            let digit = key
                .and_then(|key| key.typed())
                .and_then(|c| c.to_digit(10))
                .and_then(|d| u8::try_from(d).ok());
            self.rate(action, digit.filter(|digit| *digit > 0), desk);
        } else if self.results.is_some() {
            self.in_results(action, desk);
        } else if self.making.is_some() {
            self.in_form(action, desk);
        } else if self.shelf.open {
            self.on_shelf(action, desk);
        } else if self.closed.is_none() {
            self.in_list(action, desk);
        }
    }

    fn key(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        if self.sitting.is_some() {
            return self.missed(stroke, desk);
        }
        match self.typed() {
            Some(input) => {
                input.press(stroke);
            }
            None => self.type_in_form(stroke, desk),
        }
    }

    fn paste(&mut self, text: &str, desk: &mut Desk<'_>) {
        match self.typed() {
            Some(input) => input.insert(text),
            None => self.paste_in_form(text, desk),
        }
    }

    fn mouse(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let steps = match mouse.kind {
            MouseKind::ScrollDown => WHEEL,
            MouseKind::ScrollUp => -WHEEL,
            _ => 0,
        };
        let body = desk.area;
        if self.results.is_some() && self.sitting.is_none() {
            let click = (mouse.kind == MouseKind::Down(Button::Left)).then_some((mouse.column, mouse.row));
            return self.point_at_results(steps, click, desk);
        }
        match &mut self.sitting {
            Some(sitting) => {
                let areas = sitting.areas(body);
                let (x, y) = (mouse.column, mouse.row);
                let inside = |area: Rect| area.contains(Position { x, y });
                let over = |answer: &&AnswerArea| inside(answer.head) || inside(answer.text);
                let under = areas.answers.iter().find(over).map(|answer| answer.place);
                let under = under.or_else(|| inside(areas.question).then(|| sitting.answers()));
                // The wheel moves what is under it; only a press says what the next keys are about.
                if let (MouseKind::Down(Button::Left), Some(place)) = (mouse.kind, under) {
                    sitting.focus_on(place);
                    sitting.fit(body);
                }
                sitting.scroll_at(under.unwrap_or(sitting.focus), steps, body);
            }
            None if self.making.is_some() || self.shelf.open => self.point(mouse, steps, desk),
            None if steps != 0 => {
                let at = self.selected.saturating_add_signed(steps);
                self.select(at, desk);
            }
            None => {
                let area = Self::list_area(body);
                let row = mouse.row.checked_sub(area.y).map(usize::from);
                if let (MouseKind::Down(Button::Left), Some(row)) = (mouse.kind, row)
                    && self.top + row < self.list.len()
                    && mouse.row < area.bottom()
                {
                    self.select(self.top + row, desk);
                }
            }
        }
        self.ask_why(desk);
    }

    fn chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        match choice {
            // These may come while something else is in front.
            Choice::ImportDataset { path, skip_bad } => return self.import(path, skip_bad, desk),
            Choice::Write { of: Written::Results(id), path, replace } => {
                return self.write_results(id, path, replace, desk);
            }
            Choice::GoOnMaking | Choice::MakeAnew(_) => return self.begun(&choice, desk),
            _ => {}
        }
        if self.sitting.is_some() {
            self.decided(choice, desk);
        } else if self.results.is_some() {
            self.chosen_in_results(choice, desk);
        } else {
            self.chosen_in_list(&choice, desk);
            self.chosen_in_form(&choice, desk);
            self.chosen_on_shelf(choice, desk);
        }
    }

    fn edited(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.take_instructions(text, desk);
    }

    fn waits_for(&self, task: TaskId) -> bool {
        self.waits(task)
    }

    fn reply(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        if self.form_waits(task) {
            self.take_in_form(task, reply, desk);
        } else if self.shelf_waits(task) {
            self.take_on_shelf(task, reply, desk);
        } else {
            self.take(task, reply, desk);
        }
    }

    fn ended(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if self.form_waits(task) {
            self.form_over(task, error);
        } else if self.shelf_waits(task) {
            self.shelf_over(task, error, desk);
        } else {
            self.over(task, error, desk);
        }
    }

    fn steps_back(&self) -> &'static str {
        let way = self.sitting.as_ref().and_then(Sitting::way_back);
        way.map_or("back", |way| way.1)
    }

    fn word(&self, action: Action) -> Option<&'static str> {
        let runs = action == Action::RunEvaluation && self.context() == Context::Evaluations;
        match self.current().filter(|_| runs)?.generation.state {
            GenerationState::Running => Some("pause"),
            GenerationState::Paused => Some("go on"),
            GenerationState::Ended => Some("retry failed"),
            GenerationState::Ready => None,
        }
    }

    fn refit(&mut self, desk: &mut Desk<'_>) {
        let body = desk.area;
        if let Some(sitting) = &mut self.sitting {
            sitting.fit(body);
            sitting.scroll(0, body);
        }
        if let Some(results) = &mut self.results {
            results.refit(desk);
        }
        self.select(self.selected, desk);
        self.select_dataset(self.shelf.selected, desk);
    }

    fn foot(&self, body: Rect) -> u16 {
        let areas = self.sitting.as_ref().map(|sitting| sitting.areas(body));
        areas.map_or(0, |areas| areas.scales.height + areas.said.height)
    }

    fn name(&self) -> &str {
        match (&self.sitting, &self.closed) {
            (Some(sitting), _) => &sitting.name,
            (None, Some(closed)) => &closed.evaluation,
            (None, None) => self.results.as_ref().map_or("", |results| &results.name),
        }
    }

    fn title(&self) -> String {
        match self.name() {
            "" => "Evaluate".to_owned(),
            name if self.results.is_some() => format!("Results: {name}"),
            name => format!("Rate: {name}"),
        }
    }

    fn meter(&self, _: Now) -> String {
        match &self.sitting {
            Some(sitting) => format!("rater {}", sitting.rater),
            None => String::new(),
        }
    }

    fn draw(
        &self,
        (_, wants): (&mut Cache, &mut Vec<Want>),
        sight: &Sight<'_>,
        body: Rect,
        cells: &mut Buffer,
    ) -> Option<Position> {
        view::draw(self, wants, sight, body, cells).filter(|_| !sight.covered)
    }
}

impl State {
    /// The value of a setting that is being typed; what was wrong with it before is said no more.
    fn typed(&mut self) -> Option<&mut Input> {
        let making = self.making.as_mut().filter(|making| making.settings_of.is_some())?;
        let drawer = &mut making.drawer;
        if drawer.input.is_some() {
            drawer.error = None;
        }
        drawer.input.as_mut().filter(|_| self.sitting.is_none() && self.results.is_none())
    }

    /// The key that shows results in the list does nothing while somebody rates: where they are is said, unless only rating is open.
    fn missed(&self, stroke: Stroke, desk: &mut Desk<'_>) {
        let Stroke::Types(typed) = stroke else { return };
        if self.closed.is_none() && desk.key(Context::Evaluations, Action::ShowReport).chars().eq([typed]) {
            let back = desk.key(Context::Rating, Action::Back);
            desk.say(format!("Results are shown from the list: {back} leads there."));
        }
    }

    /// The mouse over the form or the datasets.
    fn point(&mut self, mouse: Mouse, steps: isize, desk: &mut Desk<'_>) {
        if self.point_at_settings(mouse, steps, desk) {
            return;
        }
        let pressed = mouse.kind == MouseKind::Down(Button::Left);
        if let Some(making) = &mut self.making {
            let Some(body) = making.sides(desk.area).main else { return };
            // A press on the form puts the settings beside it away.
            if pressed {
                making.settings_of = None;
                (making.drawer.input, making.drawer.error) = (None, None);
            }
            match making.line_at(body, mouse.row) {
                _ if steps != 0 => making.select(making.selected.saturating_add_signed(steps.signum())),
                Some(at) if pressed => making.select(at),
                _ => {}
            }
            return;
        }
        let area = Self::list_area(desk.area);
        let row = mouse.row.checked_sub(area.y).filter(|_| mouse.row < area.bottom());
        let at = row.map(|row| self.shelf.top + usize::from(row));
        match at.filter(|at| *at < self.shelf.list.len()) {
            _ if steps != 0 => self.select_dataset(self.shelf.selected.saturating_add_signed(steps), desk),
            Some(at) if pressed => self.select_dataset(at, desk),
            _ => {}
        }
    }

    fn can_rate(&self, action: Action) -> bool {
        use Action as A;
        let Some(sitting) = &self.sitting else { return false };
        let there = sitting.sheet().is_some();
        let answers = sitting.answers();
        let asked = sitting.seat.as_ref().and_then(|seat| {
            let blank = sitting.marks.current().filter(|_| there)?;
            seat.task.metrics.get(blank.metric).map(|metric| metric.method)
        });
        match action {
            A::Rate => asked.is_some(),
            A::RateYes | A::RateNo => asked == Some(Method::ThumbsUpDown),
            A::RateLeft | A::RateRight => asked == Some(Method::ComparisonChoice) && answers == 2,
            // In a ranking it is about the answer that was ranked last.
            A::ChooseTie if asked == Some(Method::ComparisonRank) => sitting.marks.next_place() > 1,
            A::ChooseTie => asked.is_some_and(Method::compares),
            A::ChooseNone => asked == Some(Method::ComparisonChoice),
            A::ShowReference => sitting.sheet().is_some_and(|sheet| sheet.reference.is_some()),
            A::SkipItem
            | A::CommentItem
            | A::LineDown
            | A::LineUp
            | A::HalfPageDown
            | A::HalfPageUp
            | A::PageDown
            | A::PageUp
            | A::FocusNext
            | A::FocusPrevious
            | A::SetMarkdown => there,
            A::ShowDifference | A::ScrollTogether => answers > 1,
            A::Undo | A::GoToVote | A::ShowInstructions => sitting.seat.is_some(),
            A::Back | A::Reload => true,
            _ => false,
        }
    }

    fn can_in_list(&self, action: Action) -> bool {
        use Action as A;
        match action {
            A::SelectNext | A::SelectPrevious | A::SelectFirst | A::SelectLast | A::PageDown | A::PageUp => {
                self.list.len() > 1
            }
            A::Open | A::Delete | A::ShowReport => self.current().is_some(),
            A::RunEvaluation => self.current().is_some_and(|evaluation| {
                let generation = &evaluation.generation;
                generation.state != GenerationState::Ended || generation.failed > 0
            }),
            A::Reload | A::NewEvaluation | A::ShowDatasets => true,
            _ => false,
        }
    }
}
