//! Asking: all columns at once, each for itself; stopped, and asked again.

use super::opening::setup_of;
use super::{Focus, Lane, State, Wait};
use crate::domain::attachment::Attachment;
use crate::domain::comparison::{Column, Comparison, MEANT, Page, Plan};
use crate::domain::conversation::Draft;
use crate::domain::id::ConversationId;
use crate::domain::message::{Block, Outcome, Role};
use crate::domain::prompt::{Template, Values};
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, TaskId};
use crate::tui::keymap::Context;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::thread::Turn;
use crate::tui::widget::composer::blocks_of;
use crate::workbench::Request;
use crate::workbench::request::chat::{Chat, Target};
use crate::workbench::request::comparisons::Comparisons;

impl State {
    /// Whether nothing runs; says how to stop what does.
    pub(super) fn idle(&self, desk: &mut Desk<'_>) -> bool {
        let idle = !self.runs();
        if !idle && self.answers_blindly() {
            desk.say("They appear together, when all of them have answered.");
        } else if !idle {
            let stops = desk.key(self.where_keys_go(), Action::Back);
            desk.say(format!("Answers are being written; {stops} stops them."));
        }
        idle
    }

    /// Sends what is written to every column. What is missing is gone to.
    pub(super) fn send(&mut self, desk: &mut Desk<'_>) {
        if self.composer.newline_for_backslash() {
            return self.typed(desk);
        }
        if !self.idle(desk) {
            return;
        }
        if self.composer.text().trim().is_empty() {
            return desk.say("Write what all of them are to be asked.");
        }
        if self.lacks_column() {
            desk.say("Choose who else shall answer; your text stays here.");
            return self.add_column(desk);
        }
        if let Some(error) = self.unfilled(desk) {
            self.failed = Some(error);
            return self.fit(desk);
        }
        self.failed = None;
        self.since = Some(desk.now.wall);
        self.sent = self.composer.draft();
        let text = self.composer.take();
        if self.comparison.is_some() {
            self.due = (0..self.lanes.len()).map(|at| (self.page, at)).collect();
            self.ask_due(desk);
        } else {
            let columns: Option<Vec<Column>> = self.lanes.iter().map(Lane::column).collect();
            let Some(columns) = columns else { return };
            let (samples, blind) = (self.rounds.samples, self.blind);
            let category = self.rounds.category.clone();
            let plan = Plan { columns, rows: Vec::new(), samples, blind, category, text };
            let create = Comparisons::Create { plan, table: self.rounds.values.clone() };
            let task = desk.call(None, Request::Comparisons(create));
            self.waits.insert(task, Wait::Create);
        }
        self.typed(desk);
    }

    /// Why what is written cannot be sent: it has a variable without a value. Of a table of values the door says which rows lack
    /// one.
    fn unfilled(&self, desk: &Desk<'_>) -> Option<Error> {
        let context = Context::Compare;
        let (values, way) = match &self.comparison {
            Some(comparison) => {
                let new = desk.key(context, Action::NewComparison);
                let way = format!("Its values were given when it began; {new} begins another comparison.");
                (comparison.pages.get(self.page)?.values.clone(), way)
            }
            None if self.rounds.values.is_some() => return None,
            None => {
                let key = desk.key(context, Action::TakeValues);
                (
                    Values::new(),
                    format!("{key} takes a file of values: the columns are asked once for each row."),
                )
            }
        };
        let missing = |text: &str| {
            let template = Template { text: text.to_owned(), ..Template::default() };
            template.missing(&values).first().map(|name| format!("{{{{{name}}}}}"))
        };
        let said = blocks_of(&self.composer.draft());
        let own = said.iter().filter(|block| Attachment::of(block).is_none());
        let mut texts = own.filter_map(Block::said);
        // Those of a comparison that is there were filled when it began.
        let mut fresh = self.lanes.iter().filter(|_| self.comparison.is_none());
        let name = texts.find_map(missing).or_else(|| {
            let of = |lane: &Lane| missing(lane.thread.setup.system.as_deref()?);
            fresh.find_map(of).map(|name| format!("{name} of a system prompt"))
        })?;
        let why = format!("{name} has no value");
        Some(Error::new(ErrorKind::Invalid, "comparing models", why, format!("{way} {MEANT}")))
    }

    /// The comparison is there: its columns are asked, on every page.
    pub(super) fn created(&mut self, comparison: &Comparison, desk: &mut Desk<'_>) {
        let of = |page: &Page| {
            let lane = |(column, id): (&Column, &ConversationId)| {
                let mut lane = Lane::of(setup_of(column.clone()));
                lane.thread.id = Some(*id);
                lane
            };
            comparison.columns.iter().zip(&page.lanes).map(lane).collect::<Vec<_>>()
        };
        self.aside = comparison.pages.iter().map(of).enumerate().collect();
        self.due = comparison.lanes().map(|(page, at, _)| (page, at)).collect();
        self.put(comparison.clone());
        // The list acts on what is shown: it would stay at the one before.
        if let Some(at) = self.list.iter().position(|other| other.id == comparison.id) {
            self.selected = at;
        }
        self.comparison = Some(comparison.clone());
        self.ballots.clear();
        self.revealed.clear();
        (self.seen, self.strayed) = (false, false);
        (self.page, self.at, self.first) = (0, 0, 0);
        self.lanes = self.aside.remove(&0).unwrap_or_default();
        self.ask_due(desk);
    }

    /// Sends to one column on one page what was sent last.
    pub(super) fn ask(&mut self, place: (usize, usize), desk: &mut Desk<'_>) {
        self.ask_with(place, self.sent.clone(), desk);
    }

    fn ask_with(&mut self, place: (usize, usize), sent: Draft, desk: &mut Desk<'_>) {
        let page = self.comparison.as_ref().and_then(|comparison| comparison.pages.get(place.0));
        let Some(blocks) = page.map(|page| page.filled(&blocks_of(&sent))) else { return };
        let Some(lane) = self.lane_mut(place) else { return };
        let Some(conversation) = lane.thread.id else { return };
        lane.thread.stamp(desk.wall());
        let parent = lane.thread.leaf();
        let text = blocks.iter().find_map(Block::said).map(str::to_owned);
        let to = Target::After { conversation, parent };
        let task = desk.call(None, Request::Chat(Chat::Send { to, blocks }));
        let text = text.unwrap_or_default();
        lane.thread.ask(task, desk.now.wall, parent, Some(sent), &text);
        lane.scroll.to_end();
        self.calls.insert(task, place);
    }

    /// Whether the answer can be asked for again: until one is chosen, and where they come blind only one that failed.
    pub(super) fn may_ask_again(&self) -> bool {
        let failed = || self.current().is_some_and(|at| self.lanes[at].has_failed());
        self.ballot().is_none() && (!self.is_hidden() || failed())
    }

    /// Asks the column once more that keys act on.
    pub(super) fn retry(&mut self, desk: &mut Desk<'_>) {
        let Some(at) = self.current() else { return };
        if self.comparison.is_none() {
            return;
        }
        if self.ballot().is_some() {
            return desk.say("You have chosen among these answers; another question can be asked.");
        }
        if self.waits_for_all(desk) {
            return;
        }
        let hidden = self.is_hidden();
        if !self.runs() {
            self.since = Some(desk.now.wall);
        }
        let lane = &mut self.lanes[at];
        if lane.runs() {
            return desk.say("It is being written.");
        }
        if hidden && !lane.has_failed() {
            return desk.say("How long an answer takes tells who gives it: choose first.");
        }
        if hidden {
            return desk.overlays.push(Overlay::Confirm(Confirm::ask_blind_answer_again()));
        }
        // The question that never arrived, whatever other pages were asked since; where an answer was to be made anew, that is.
        if lane.thread.failed.is_some()
            && let Some(unsent) = lane.unsent.clone()
        {
            return self.ask_with((self.page, at), unsent, desk);
        }
        let last = lane.thread.shown().next_back().map(|item| &item.message);
        let Some((message, parent)) =
            last.map(|m| (m.id, if m.role == Role::User { Some(m.id) } else { m.parent }))
        else {
            return desk.say("This column was not asked yet.");
        };
        let Some(conversation) = lane.thread.id else { return };
        let task = desk.call(None, Request::Chat(Chat::Retry { conversation, message }));
        lane.thread.ask(task, desk.now.wall, parent, None, "");
        lane.scroll.to_end();
        self.calls.insert(task, (self.page, at));
    }

    /// Asks one column again alone though all are hidden: how long that takes tells whose answer it is, so the page is seen.
    pub(super) fn retry_seen(&mut self, desk: &mut Desk<'_>) {
        // While it was asked about, it may have been seen in another way.
        if self.is_hidden() {
            self.keep_seen(u32::try_from(self.page).ok(), desk);
            self.revealed.insert(self.page);
            desk.say("Asked again: who answers is shown, and choices on this page are not blind.");
        }
        self.retry(desk);
    }

    /// What runs is blind: to stop it would show who answers.
    pub fn answers_blindly(&self) -> bool {
        let pages = self.comparison.as_ref().map_or(0, |comparison| comparison.pages.len());
        self.runs() && (0..pages).any(|page| self.is_hidden_on(page))
    }

    /// Stops what runs; where that shows who answers, it is asked before. `false` where nothing runs.
    pub(super) fn stop_or_ask(&mut self, desk: &mut Desk<'_>) -> bool {
        if self.answers_blindly() {
            desk.overlays.push(Overlay::Confirm(Confirm::stop_blind_answers()));
            return true;
        }
        self.stop(desk)
    }

    /// Stops what runs; what came is kept. `false` where nothing does.
    pub(super) fn stop(&mut self, desk: &mut Desk<'_>) -> bool {
        let pages = self.comparison.as_ref().map_or(0, |comparison| comparison.pages.len());
        let hidden = (0..pages).any(|page| self.is_hidden_on(page));
        let creating: Vec<TaskId> =
            self.waits.iter().filter(|(_, wait)| **wait == Wait::Create).map(|(task, _)| *task).collect();
        for task in &creating {
            desk.ask(Effect::Cancel(*task));
            self.waits.remove(task);
            self.give_back(desk);
        }
        let mut any = !creating.is_empty() || !self.due.is_empty();
        self.due.clear();
        for (task, place) in std::mem::take(&mut self.calls) {
            let shown = place.0 == self.page;
            let Some(lane) = self.lane_mut(place).filter(|lane| lane.thread.turn.task() == Some(task)) else {
                continue;
            };
            any = true;
            desk.ask(Effect::Cancel(task));
            let asking = matches!(lane.thread.turn, Turn::Asking { .. });
            lane.thread.end(Outcome::Stopped);
            if asking && shown {
                // Whether it was durable already, only the store knows.
                self.reread(place.1, desk);
            }
        }
        // They are read again when they are shown.
        self.aside.clear();
        if any {
            self.lanes.iter_mut().for_each(Lane::read_from_its_question);
        }
        if any && hidden {
            self.unblind(desk);
        }
        any
    }

    /// What was stopped tells which column was slow: the rest may be seen, too.
    fn unblind(&mut self, desk: &mut Desk<'_>) {
        self.keep_seen(None, desk);
        self.seen = true;
        desk.say("Stopped: who answers is shown, and choices here are not blind.");
    }

    /// Keeps that the person may know who answers, on all pages or on one, before they choose.
    pub(super) fn keep_seen(&mut self, page: Option<u32>, desk: &mut Desk<'_>) {
        let Some(comparison) = &self.comparison else { return };
        let look = Comparisons::Look { id: comparison.id, page };
        let task = desk.call(None, Request::Comparisons(look));
        self.waits.insert(task, Wait::Look);
    }

    /// What was sent and never arrived is in the composer again.
    pub(super) fn give_back(&mut self, desk: &mut Desk<'_>) {
        if self.composer.is_empty() {
            self.composer.set_draft(&self.sent);
            self.focus = Focus::Composer;
            self.typed(desk);
        }
    }
}
