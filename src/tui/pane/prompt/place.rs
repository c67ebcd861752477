//! The prompt as one of the places.

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
use crate::tui::thread::Turn;
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
        self.can_do(action) && (self.context() != Context::Settings || self.drawer.offers(action))
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
        self.came_back(text, desk);
    }

    fn timer(&mut self, timer: TimerId, desk: &mut Desk<'_>) {
        if timer == SAVE {
            self.keep(desk);
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
        self.refit(desk);
    }

    fn refit(&mut self, desk: &mut Desk<'_>) {
        self.refit(desk);
    }

    fn interrupt(&mut self, desk: &mut Desk<'_>) -> bool {
        self.stop(desk)
    }

    fn stoppable(&self) -> bool {
        self.thread.turn != Turn::Idle
    }

    fn pulse(&self, reduced_motion: bool) -> Option<Duration> {
        self.beat(reduced_motion)
    }

    fn foot(&self, body: Rect) -> u16 {
        // The library is narrowed there.
        self.areas(body).library_rows.map_or(0, |rows| body.bottom() - rows.bottom())
    }

    fn name(&self) -> &str {
        self.book.as_ref().map_or("", |book| &book.prompt.name)
    }

    fn title(&self) -> String {
        let name = self.name();
        if name.is_empty() { "Prompt · outcrop".to_owned() } else { format!("{name} · outcrop") }
    }

    fn meter(&self, now: Now) -> String {
        self.thread.meter(now)
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
