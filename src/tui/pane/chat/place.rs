//! The chat as one of the places.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{State, moving, view};
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
        self.refit(desk);
    }

    fn context(&self) -> Context {
        self.context()
    }

    fn can(&self, action: Action) -> bool {
        self.can(action)
    }

    fn offers(&self, action: Action) -> bool {
        let changes = self.context() != Context::Settings
            || self.drawer.offers(action) && (self.heeds_row() || !moving::changes(action));
        self.can(action) && self.has_use_for(action) && changes
    }

    fn word(&self, action: Action) -> Option<&'static str> {
        (action == Action::ToggleFold && self.is_unfolded()).then_some("fold")
    }

    fn act(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        self.act(action, key, desk);
    }

    fn key(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        self.key(stroke, desk);
    }

    fn paste(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.paste(text, desk);
    }

    fn mouse(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        self.mouse(mouse, desk);
    }

    fn chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        self.chosen(choice, desk);
    }

    fn edited(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.edited(text, desk);
    }

    fn timer(&mut self, timer: TimerId, desk: &mut Desk<'_>) {
        self.timer(timer, desk);
    }

    fn waits_for(&self, task: TaskId) -> bool {
        self.threads().any(|thread| thread.turn.task() == Some(task)) || self.waits.contains_key(&task)
    }

    fn reply(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        self.reply(task, reply, desk);
    }

    fn ended(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        self.ended(task, error, desk);
    }

    fn refit(&mut self, desk: &mut Desk<'_>) {
        self.refit(desk);
    }

    fn interrupt(&mut self, desk: &mut Desk<'_>) -> bool {
        self.interrupt(desk)
    }

    fn stoppable(&self) -> bool {
        self.stoppable()
    }

    fn pulse(&self, reduced_motion: bool) -> Option<Duration> {
        self.pulse(reduced_motion)
    }

    fn reads_alone(&self) -> bool {
        self.reads_alone()
    }

    fn foot(&self, body: Rect) -> u16 {
        self.foot(body)
    }

    fn name(&self) -> &str {
        self.name()
    }

    fn title(&self) -> String {
        self.title()
    }

    fn meter(&self, now: Now) -> String {
        self.meter(now)
    }

    fn draw(
        &self,
        caches: (&mut Cache, &mut Vec<Want>),
        sight: &Sight<'_>,
        body: Rect,
        cells: &mut Buffer,
    ) -> Option<Position> {
        view::draw(self, caches, sight, body, cells)
    }
}
