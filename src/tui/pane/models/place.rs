//! The models as one of the places.

use std::borrow::Cow;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::presets::SAVE_PRESET;
use super::{Focus, State, view};
use crate::domain::Error;
use crate::domain::catalog::{Availability, ModelCard};
use crate::tui::action::Action;
use crate::tui::app::{Cache, Desk};
use crate::tui::effect::{TaskId, TimerId};
use crate::tui::event::{Mouse, Now};
use crate::tui::key::Key;
use crate::tui::keymap::Context;
use crate::tui::models::{chats, is_local};
use crate::tui::overlay::Choice;
use crate::tui::pane::{Pane, Sight};
use crate::tui::stroke::Stroke;
use crate::tui::widget::code::Want;
use crate::workbench::Reply;

impl Pane for State {
    fn context(&self) -> Context {
        if let Some(presets) = &self.presets {
            return presets.context();
        }
        if self.focus == Focus::Search { Context::Menu } else { Context::Models }
    }

    fn can(&self, action: Action) -> bool {
        if let Some(presets) = &self.presets {
            return presets.can(action);
        }
        match action {
            Action::Back => self.goes_back(),
            Action::Open => self.selected().is_some() && self.focus != Focus::Card,
            Action::UseModel => self.card().is_some_and(|card| chats(card) && card.unusable().is_none()),
            Action::TryModel => self.selected().is_some() && self.why_untried().is_none(),
            Action::CheckProvider | Action::Star => self.selected().is_some(),
            Action::FocusNext
            | Action::FocusPrevious
            | Action::Accept
            | Action::Cancel
            | Action::Search
            | Action::ChooseModel
            | Action::GetModel
            | Action::AddModel
            | Action::RemoveModel
            | Action::FilterProvider
            | Action::FilterCapability
            | Action::FilterPlace
            | Action::ClearFilters
            | Action::ListModels
            | Action::EditPresets => true,
            action => action.moves(),
        }
    }

    fn offers(&self, action: Action) -> bool {
        let to_fetch = |card: &ModelCard| is_local(card) && card.availability != Availability::Ready;
        let idle = action != Action::GetModel || self.presets.is_some();
        let settings = self.presets.as_ref().filter(|presets| presets.context() == Context::Settings);
        let changes = settings.is_none_or(|presets| presets.drawer.offers(action));
        // What is not here yet is fetched, not tried.
        let not_here = action == Action::TryModel
            && self.card().is_some_and(|card| card.availability == Availability::NotPulled);
        self.can(action) && changes && !not_here && (idle || self.card().is_some_and(to_fetch))
    }

    fn why_not(&self, action: Action) -> Option<Cow<'static, str>> {
        let tries = action == Action::TryModel && self.presets.is_none();
        tries.then(|| self.why_untried()).flatten().map(Cow::Owned)
    }

    fn act(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        match self.presets {
            Some(_) => self.do_preset(action, key, desk),
            None => self.do_it(action, key, desk),
        }
    }

    fn key(&mut self, stroke: Stroke, _: &mut Desk<'_>) {
        match self.presets {
            Some(_) => self.type_in_preset(stroke),
            None => self.typed(stroke),
        }
    }

    fn paste(&mut self, text: &str, _: &mut Desk<'_>) {
        match self.presets {
            Some(_) => self.paste_in_preset(text),
            None => self.insert(text),
        }
    }

    fn mouse(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        match self.presets {
            Some(_) => self.click_preset(mouse, desk),
            None => self.click(mouse, desk),
        }
    }

    fn chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        match self.presets {
            Some(_) => self.choose_in_presets(choice, desk),
            None => self.choose(choice, desk),
        }
    }

    fn timer(&mut self, timer: TimerId, desk: &mut Desk<'_>) {
        if timer == SAVE_PRESET {
            self.keep_preset(desk);
        }
    }

    fn waits_for(&self, task: TaskId) -> bool {
        self.waits.contains_key(&task)
    }

    fn reply(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        self.take(task, reply, desk);
    }

    fn ended(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        self.over(task, error, desk);
    }

    fn interrupt(&mut self, desk: &mut Desk<'_>) -> bool {
        self.stop(desk)
    }

    fn stoppable(&self) -> bool {
        self.makes() || self.tries()
    }

    fn pulse(&self, _: bool) -> Option<Duration> {
        self.beat()
    }

    fn name(&self) -> &'static str {
        ""
    }

    fn title(&self) -> String {
        "Models · outcrop".to_owned()
    }

    fn meter(&self, _: Now) -> String {
        String::new()
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
