//! The usage as one of the places.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{State, update, view};
use crate::domain::Error;
use crate::tui::action::Action;
use crate::tui::app::{Cache, Desk};
use crate::tui::effect::{TaskId, TimerId, Written};
use crate::tui::event::{Mouse, Now};
use crate::tui::key::Key;
use crate::tui::keymap::Context;
use crate::tui::overlay::Choice;
use crate::tui::pane::{Pane, Sight};
use crate::tui::widget::code::Want;
use crate::workbench::Reply;

impl Pane for State {
    fn shown(&mut self, desk: &mut Desk<'_>) {
        self.enter(desk);
    }

    fn context(&self) -> Context {
        Context::Usage
    }

    fn can(&self, action: Action) -> bool {
        self.can_do(action)
    }

    fn act(&mut self, action: Action, _: Option<Key>, desk: &mut Desk<'_>) {
        self.does(action, desk);
    }

    fn mouse(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        self.pointed(mouse, desk);
    }

    fn timer(&mut self, timer: TimerId, desk: &mut Desk<'_>) {
        if timer == update::AGAIN {
            self.pause_is_over(desk);
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

    fn chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        if let Choice::Write { of: Written::Usage, path, replace } = choice {
            self.write(path, replace, desk);
        }
    }

    fn refit(&mut self, desk: &mut Desk<'_>) {
        self.follow(desk);
    }

    fn name(&self) -> &'static str {
        ""
    }

    fn title(&self) -> String {
        "Usage".to_owned()
    }

    fn meter(&self, _: Now) -> String {
        self.figure()
    }

    fn draw(
        &self,
        _: (&mut Cache, &mut Vec<Want>),
        sight: &Sight<'_>,
        body: Rect,
        cells: &mut Buffer,
    ) -> Option<Position> {
        view::draw(self, sight, body, cells);
        None
    }
}
