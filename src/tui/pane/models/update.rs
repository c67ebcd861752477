//! What an action does here.

use ratatui::layout::Rect;

use super::making::Making;
use super::trial::Trial;
use super::{BESIDE, Focus, State, Wait, rows, top};
use crate::domain::catalog::{Availability, Capability, ModelId};
use crate::domain::rerank::read_lines;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane};
use crate::tui::event::{Mouse, MouseKind};
use crate::tui::key::Key;
use crate::tui::models::progress::stopping;
use crate::tui::models::shortlist::Filter;
use crate::tui::models::{is_local, is_tried, ranks};
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::input::Input;
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::stroke::Stroke;
use crate::workbench::Request;
use crate::workbench::request::models::Models;

impl State {
    pub(super) fn do_it(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        if self.focus == Focus::Search {
            return self.search_key(action, key, desk);
        }
        match action {
            // The list that it opens elsewhere is here already.
            Action::Search | Action::ChooseModel => self.focus = Focus::Search,
            Action::Open => self.focus = Focus::Card,
            Action::Back => self.back(desk),
            Action::FocusNext | Action::FocusPrevious => {
                self.focus = if self.focus == Focus::Card { Focus::List } else { Focus::Card };
            }
            Action::FilterProvider | Action::FilterCapability | Action::FilterPlace => {
                self.next_filter(action, desk);
                self.show_list(desk);
            }
            Action::ClearFilters => {
                self.show_all();
                self.show_list(desk);
            }
            Action::GetModel => self.plan(desk),
            Action::AddModel if self.makes() => desk.say("One is being fetched or added; let it end first."),
            Action::AddModel => desk.overlays.push(Overlay::Prompt(Prompt::weights())),
            Action::RemoveModel => self.ask_to_remove(desk),
            Action::TryModel => self.ask_question(desk),
            Action::CheckProvider => self.check(desk),
            action => self.go(action, desk),
        }
    }

    fn search_key(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        match action {
            Action::Accept => self.focus = Focus::List,
            Action::Cancel | Action::Back => {
                self.search = Input::default();
                self.list.type_in("");
                self.focus = Focus::List;
            }
            Action::SelectNext => self.step(1),
            Action::SelectPrevious => self.step(-1),
            Action::PageDown | Action::PageUp => self.go(action, desk),
            _ => {
                if let Some(stroke) = desk.stroke(key) {
                    self.typed(stroke);
                }
            }
        }
    }

    /// A key into the line that narrows the list.
    pub(super) fn typed(&mut self, stroke: Stroke) {
        if self.focus == Focus::Search && self.search.press(stroke) {
            self.list.type_in(self.search.text());
            self.scroll = 0;
        }
    }

    pub(super) fn insert(&mut self, text: &str) {
        if self.focus == Focus::Search {
            self.search.insert(text);
            self.list.type_in(self.search.text());
            self.scroll = 0;
        }
    }

    /// One step back: out of the card, out of what is typed, what runs stopped.
    fn back(&mut self, desk: &mut Desk<'_>) {
        if self.stop(desk) {
            return;
        }
        if self.focus == Focus::List && self.narrowed() {
            return self.show_all();
        }
        self.focus = Focus::List;
    }

    /// Whether a step back does something here.
    pub(super) fn goes_back(&self) -> bool {
        self.focus != Focus::List || self.makes() || self.tries() || self.narrowed()
    }

    /// Not all of the models are shown.
    fn narrowed(&self) -> bool {
        self.stock.is_some() || !self.search.text().is_empty() || *self.list.filter() != Filter::default()
    }

    fn show_all(&mut self) {
        self.search = Input::default();
        self.list.type_in("");
        self.leave_keyless();
        self.filter(Filter::default());
    }

    /// Stops the trial, else the fetch; `false` where neither runs.
    pub(super) fn stop(&mut self, desk: &mut Desk<'_>) -> bool {
        let trial = self.trial.as_mut().and_then(|trial| {
            trial.stopped |= trial.task.is_some();
            trial.task.take()
        });
        let task = trial.or_else(|| self.making.as_mut().and_then(|making| making.task.take()));
        let Some(task) = task else { return false };
        if trial.is_none() {
            let starts_over = self.making.take().is_some_and(|making| making.starts_over);
            desk.say(format!("Stopped; {}.", stopping(starts_over)));
        }
        desk.ask(Effect::Cancel(task));
        self.waits.remove(&task);
        true
    }

    fn step(&mut self, steps: isize) {
        let before = self.list.selected_at();
        self.list.step(steps);
        if self.list.selected_at() != before {
            self.scroll = 0;
        }
    }

    fn go(&mut self, action: Action, desk: &Desk<'_>) {
        let areas = self.areas(desk.area);
        let page = areas.list.map_or(1, |list| rows(list).height.max(1)).cast_signed();
        let steps = match action {
            Action::SelectNext => 1,
            Action::SelectPrevious => -1,
            Action::HalfPageDown => isize::from(page / 2),
            Action::HalfPageUp => -isize::from(page / 2),
            Action::PageDown => isize::from(page),
            Action::PageUp => -isize::from(page),
            Action::SelectFirst => isize::MIN,
            Action::SelectLast => isize::MAX,
            _ => return,
        };
        if self.focus == Focus::Card {
            // How far it goes the picture knows: it is drawn no further than its end.
            let long = areas.card.map_or(0, |card| self.card_rows(card, desk));
            let scroll = isize::from(self.scroll.cast_signed()).saturating_add(steps).clamp(0, long as isize);
            self.scroll = scroll as u16;
        } else {
            self.step(steps);
        }
    }

    /// What narrows the list is seen where it is: before a card that hides it, it comes.
    fn show_list(&mut self, desk: &Desk<'_>) {
        if desk.area.width < BESIDE {
            self.focus = Focus::List;
        }
    }

    /// The next of the values that a filter can have; after the last one none.
    fn next_filter(&mut self, action: Action, desk: &mut Desk<'_>) {
        let mut filter = self.list.filter().clone();
        match action {
            Action::FilterProvider => {
                let mut names: Vec<_> =
                    self.list.stock().cards.iter().map(|card| card.id.provider()).collect();
                names.sort_unstable();
                names.dedup();
                filter.provider = match &filter.provider {
                    None => names.first().copied(),
                    Some(now) => names.into_iter().find(|name| *name > now.as_str()),
                }
                .map(str::to_owned);
            }
            Action::FilterCapability => {
                let at = filter.can.and_then(|can| Capability::ALL.iter().position(|other| *other == can));
                filter.can = Capability::ALL.get(at.map_or(0, |at| at + 1)).copied();
            }
            _ => {
                let keyless = self.stock.is_some();
                self.leave_keyless();
                filter.local = match filter.local {
                    None if keyless => None,
                    None => Some(true),
                    Some(true) => Some(false),
                    // Behind the network comes what there is no key for, then all again.
                    Some(false) => {
                        self.filter(Filter { local: None, ..filter });
                        return self.look_at_keyless(desk);
                    }
                };
            }
        }
        self.filter(filter);
    }

    fn plan(&mut self, desk: &mut Desk<'_>) {
        let Some(card) = self.card() else { return };
        let id = card.id.clone();
        if self.makes() {
            desk.say("One is being fetched or added; let it end first.");
        } else if !is_local(card) {
            desk.say(format!("{id} is on its provider's machines; there is nothing to fetch."));
        } else if card.availability == Availability::Ready {
            desk.say(format!("{id} is here already."));
        } else {
            self.plan_of(id, desk);
        }
    }

    fn plan_of(&mut self, id: ModelId, desk: &mut Desk<'_>) {
        let task = desk.call(Some(Lane("models.plan")), Request::Models(Models::Plan { id }));
        self.waits.retain(|_, wait| *wait != Wait::Plan);
        self.waits.insert(task, Wait::Plan);
    }

    fn make(&mut self, name: String, request: Models, desk: &mut Desk<'_>) {
        let task = desk.call(None, Request::Models(request));
        self.making = Some(Making::new(name, task, desk.now.elapsed));
        self.waits.insert(task, Wait::Making);
    }

    fn ask_to_remove(&mut self, desk: &mut Desk<'_>) {
        match self.card() {
            Some(card)
                if card.removable || is_local(card) && card.availability != Availability::NotPulled =>
            {
                desk.overlays.push(Overlay::Confirm(Confirm::remove_model(&card.id, card.bytes)));
            }
            Some(card) => desk.say(format!("{} has no files that could be deleted.", card.id)),
            None => {}
        }
    }

    fn ask_question(&mut self, desk: &mut Desk<'_>) {
        let Some(card) = self.card() else { return };
        if card.availability == Availability::NotPulled {
            desk.say(format!("{} is not on this machine yet.", card.id));
        } else if ranks(card) {
            let before = self.trial.as_ref().and_then(Trial::written);
            desk.overlays.push(Overlay::Pad(Box::new(Pad::texts(&card.id, before))));
        } else {
            let before = self.trial.as_ref().map_or("", |trial| &trial.question);
            desk.overlays.push(Overlay::Prompt(Prompt::question(&card.id, before)));
        }
    }

    /// Why the selected model cannot be tried, where it cannot.
    pub(super) fn why_untried(&self) -> Option<String> {
        let card = self.card()?;
        match card.unusable() {
            Some(why) => Some(format!("{} cannot be asked: {why}", card.id)),
            None if is_tried(card) => None,
            None => Some(format!("Nobody says what {} is for: there is nothing to try it with.", card.id)),
        }
    }

    fn check(&mut self, desk: &mut Desk<'_>) {
        let Some(provider) = self.selected().map(|id| id.provider().to_owned()) else { return };
        if self.health.get(&provider).is_some_and(Option::is_none) {
            return;
        }
        self.health.insert(provider.clone(), None);
        desk.say(format!("Checking {provider}…"));
        let request = Models::Health { provider: provider.clone() };
        let task = desk.call(None, Request::Models(request));
        self.waits.insert(task, Wait::Health(provider));
    }

    /// Does what was chosen in an overlay.
    pub(super) fn choose(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        match choice {
            Choice::Fetch(id) => self.make(id.to_string(), Models::Pull { id }, desk),
            Choice::PlanFetch(id) => self.plan_of(id, desk),
            Choice::AddModel(path) => {
                let file = path.clone().into();
                self.make(path, Models::Add { file, name: None }, desk);
            }
            Choice::RemoveModel(id) => {
                let task = desk.call(None, Request::Models(Models::Remove { id: id.clone() }));
                self.waits.insert(task, Wait::Remove(id));
            }
            Choice::Try(id, text) => {
                let request = Models::Try { id: id.clone(), text: text.clone() };
                self.try_out(id, request, (text, Vec::new()), desk);
            }
            Choice::TryOrder(id, text) => {
                let Some((query, texts)) = read_lines(&text) else { return };
                let request = Models::Rerank { id: id.clone(), query: query.clone(), texts: texts.clone() };
                self.try_out(id, request, (query, texts), desk);
            }
            _ => {}
        }
    }

    fn try_out(&mut self, id: ModelId, request: Models, asked: (String, Vec<String>), desk: &mut Desk<'_>) {
        if let Some(task) = self.trial.as_mut().and_then(|trial| trial.task.take()) {
            desk.ask(Effect::Cancel(task));
            self.waits.remove(&task);
        }
        let task = desk.call(None, Request::Models(request));
        self.waits.insert(task, Wait::Trial);
        self.trial = Some(Trial::new(id, asked, task, desk.now.elapsed));
        if desk.area.width < BESIDE {
            self.focus = Focus::Card;
        }
    }

    pub(super) fn click(&mut self, mouse: Mouse, desk: &Desk<'_>) {
        let areas = self.areas(desk.area);
        let at = (mouse.column, mouse.row).into();
        let inside = |area: Option<Rect>| area.filter(|area| area.contains(at));
        let wheel = match mouse.kind {
            MouseKind::ScrollDown => 3,
            MouseKind::ScrollUp => -3,
            _ => 0,
        };
        if inside(areas.card).is_some() {
            if wheel == 0 && matches!(mouse.kind, MouseKind::Down(_)) {
                self.focus = Focus::Card;
            }
            let long = areas.card.map_or(0, |card| self.card_rows(card, desk));
            self.scroll = self.scroll.saturating_add_signed(wheel).min(long);
        } else if let Some(list) = inside(areas.list) {
            let place = rows(list);
            match mouse.kind {
                MouseKind::Down(_) if place.contains(at) => {
                    let row = top(self.list.selected_at(), place.height) + usize::from(mouse.row - place.y);
                    if row < self.list.len() {
                        self.list.set_selected(row);
                        self.scroll = 0;
                    }
                    self.focus = Focus::List;
                }
                MouseKind::Down(_) if mouse.row == list.y => self.focus = Focus::Search,
                _ => self.step(wheel.into()),
            }
        }
    }
}
