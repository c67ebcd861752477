//! The comparison as one of the places.

use std::borrow::Cow;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{SAVE, State, view};
use crate::domain::Error;
use crate::tui::action::Action;
use crate::tui::app::{Cache, Desk};
use crate::tui::effect::{TaskId, TimerId};
use crate::tui::event::{Mouse, Now};
use crate::tui::key::Key;
use crate::tui::keymap::Context;
use crate::tui::overlay::Choice;
use crate::tui::pane::{Pane, Sight};
use crate::tui::stroke::Stroke;
use crate::tui::widget::code::Want;
use crate::workbench::Reply;

impl Pane for State {
    fn shown(&mut self, desk: &mut Desk<'_>) {
        self.enter(desk);
    }

    fn context(&self) -> Context {
        self.where_keys_go()
    }

    fn can(&self, action: Action) -> bool {
        self.can_do(action)
    }

    fn offers(&self, action: Action) -> bool {
        let changes = self.context() != Context::Settings || self.drawer.offers(action);
        // While answers come blind it could only be said that they do.
        let waits = action == Action::ChooseModel && self.answers_blindly();
        let refused = waits || action == Action::Retry && !self.may_ask_again();
        self.can_do(action) && !(self.is_hidden() && self.tells(action)) && changes && !refused
    }

    fn why_not(&self, action: Action) -> Option<Cow<'static, str>> {
        self.waits_with(action)
    }

    fn act(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        self.does(action, key, desk);
    }

    fn key(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        self.press(stroke, desk);
    }

    fn paste(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.insert(text, desk);
    }

    fn mouse(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        self.pointed(mouse, desk);
    }

    fn chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        self.was_chosen(choice, desk);
    }

    fn edited(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.composer.set_text(text);
        self.typed(desk);
    }

    fn timer(&mut self, timer: TimerId, desk: &mut Desk<'_>) {
        if timer == SAVE {
            self.keep(desk);
        }
    }

    fn waits_for(&self, task: TaskId) -> bool {
        self.waits.contains_key(&task) || self.place_of(task).is_some()
    }

    fn reply(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        self.take(task, reply, desk);
    }

    fn ended(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        self.over(task, error, desk);
        self.fit(desk);
    }

    fn refit(&mut self, desk: &mut Desk<'_>) {
        self.fit(desk);
    }

    fn interrupt(&mut self, desk: &mut Desk<'_>) -> bool {
        self.stop_or_ask(desk)
    }

    fn stoppable(&self) -> bool {
        self.runs()
    }

    fn pulse(&self, reduced_motion: bool) -> Option<Duration> {
        self.beat(reduced_motion)
    }

    fn foot(&self, body: Rect) -> u16 {
        let areas = self.areas(body);
        // The figures of the answers are read across the columns.
        self.rows_of_figures(&areas) + areas.failed.height + areas.box_area.height
    }

    fn name(&self) -> &str {
        self.comparison.as_ref().map_or("", |comparison| &comparison.title)
    }

    fn title(&self) -> String {
        let name = self.name();
        if name.is_empty() { "Compare · outcrop".to_owned() } else { format!("{name} · outcrop") }
    }

    fn meter(&self, _: Now) -> String {
        self.figures()
    }

    fn draw(
        &self,
        caches: (&mut Cache, &mut Vec<Want>),
        sight: &Sight<'_>,
        body: Rect,
        cells: &mut Buffer,
    ) -> Option<Position> {
        view::draw(self, caches, sight, body, cells).filter(|_| !sight.covered)
    }
}
