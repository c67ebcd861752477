//! The pictures as one of the places.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::setup::Row;
use super::{State, view};
use crate::domain::Error;
use crate::tui::action::Action;
use crate::tui::app::{Cache, Desk, SAVE_DRAFT};
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
        let row = self.drawer.row();
        let changes = match action {
            Action::Decrease | Action::Increase => row.steps(),
            Action::Reset => row != Row::Model,
            _ => true,
        };
        self.can_do(action) && changes
    }

    fn act(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        self.does(action, key, desk);
    }

    fn key(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        self.typed(stroke, desk);
    }

    fn paste(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.insert(text, desk);
    }

    fn mouse(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        self.click(mouse, desk);
    }

    fn chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        self.choose(choice, desk);
    }

    fn edited(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.composer.set_text(text);
        self.fit(desk);
    }

    fn timer(&mut self, timer: TimerId, desk: &mut Desk<'_>) {
        if timer == SAVE_DRAFT {
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
    }

    fn refit(&mut self, desk: &mut Desk<'_>) {
        self.fit(desk);
    }

    fn interrupt(&mut self, desk: &mut Desk<'_>) -> bool {
        self.interrupted(desk)
    }

    fn stoppable(&self) -> bool {
        !self.runs.is_empty()
    }

    fn pulse(&self, _: bool) -> Option<Duration> {
        self.beat()
    }

    fn foot(&self, body: Rect) -> u16 {
        let areas = self.areas(body);
        areas.failed.height + areas.box_area.height
    }

    fn name(&self) -> &str {
        self.making().map_or("", |making| &making.asked.prompt)
    }

    fn title(&self) -> String {
        "Pictures · outcrop".to_owned()
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
