//! Knowledge as one of the places.

use std::borrow::Cow;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::passages::REST;
use super::{State, view};
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

    fn why_not(&self, action: Action) -> Option<Cow<'static, str>> {
        self.lacks_passages(action).map(Cow::Owned)
    }

    fn word(&self, action: Action) -> Option<&'static str> {
        self.called(action)
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
        self.was_chosen(&choice, desk);
    }

    fn edited(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.template_edited(text, desk);
    }

    fn timer(&mut self, timer: TimerId, desk: &mut Desk<'_>) {
        if timer == REST {
            self.rested(desk);
        }
    }

    fn waits_for(&self, task: TaskId) -> bool {
        self.waits(task)
    }

    fn reply(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        self.take(task, reply, desk);
        // What is listed may be shorter than it was.
        self.keep_in_sight(desk);
    }

    fn ended(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        self.over(task, error, desk);
    }

    fn refit(&mut self, desk: &mut Desk<'_>) {
        self.keep_in_sight(desk);
    }

    fn interrupt(&mut self, desk: &mut Desk<'_>) -> bool {
        self.stop_answer(desk)
    }

    fn stoppable(&self) -> bool {
        self.running() > 0
    }

    fn pulse(&self, _: bool) -> Option<Duration> {
        self.beat()
    }

    fn name(&self) -> &str {
        self.opened().map_or("", |(_, base)| &base.name)
    }

    fn title(&self) -> String {
        let name = self.name();
        if name.is_empty() { "Knowledge · outcrop".to_owned() } else { format!("{name} · outcrop") }
    }

    fn meter(&self, _: Now) -> String {
        self.figures()
    }

    fn meter_yields(&self) -> bool {
        self.measured.is_none()
    }

    fn draw(
        &self,
        _: (&mut Cache, &mut Vec<Want>),
        sight: &Sight<'_>,
        body: Rect,
        cells: &mut Buffer,
    ) -> Option<Position> {
        view::draw(self, sight, body, cells).filter(|_| !sight.covered)
    }
}
