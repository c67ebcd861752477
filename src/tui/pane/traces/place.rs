//! Traces as one of the places.

use std::borrow::Cow;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::words::called;
use super::{State, reading, replies, runs, view};
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
        self.can(action) && (action != Action::CompareRuns || self.two().is_some())
    }

    fn why_not(&self, action: Action) -> Option<Cow<'static, str>> {
        self.lacks(action).map(Cow::Borrowed)
    }

    fn word(&self, action: Action) -> Option<&'static str> {
        (action == Action::ToggleReceiver && self.hears()).then_some("stop listening")
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

    fn timer(&mut self, timer: TimerId, desk: &mut Desk<'_>) {
        match timer {
            runs::AGAIN => self.pause_is_over(desk),
            replies::GROWN => self.grown(desk),
            reading::REST => self.rested(desk),
            _ => {}
        }
    }

    fn waits_for(&self, task: TaskId) -> bool {
        self.waits(task)
    }

    fn reply(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        self.take(task, reply, desk);
    }

    fn ended(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        self.over(task, error, desk);
    }

    fn interrupt(&mut self, desk: &mut Desk<'_>) -> bool {
        self.stop_asking(desk)
    }

    fn stoppable(&self) -> bool {
        self.asks_again()
    }

    fn pulse(&self, _: bool) -> Option<Duration> {
        self.beat()
    }

    fn refit(&mut self, desk: &mut Desk<'_>) {
        self.stay_in_sight(desk);
    }

    fn name(&self) -> &str {
        self.open.as_ref().map_or("", |open| called(&open.run.name))
    }

    fn title(&self) -> String {
        let name = self.name();
        if name.is_empty() { "Traces · outcrop".to_owned() } else { format!("{name} · outcrop") }
    }

    fn meter(&self, _: Now) -> String {
        self.figures()
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
