//! Choosing: which answer is the best; what becomes of the winner.

use std::borrow::Cow;

use super::{Focus, Lane, State, Wait};
use crate::domain::comparison::{Ballot, Comparison, letter};
use crate::domain::evaluation::Choice;
use crate::domain::figures::grouped;
use crate::domain::id::{ComparisonId, MessageId};
use crate::domain::knowledge::grounding::Grounding;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::key::Key;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::{Prompt, comparison_form_of};
use crate::tui::scripts;
use crate::workbench::Request;
use crate::workbench::request::comparisons::{Comparisons, Form};
use crate::workbench::request::conversations::Conversations;

impl State {
    /// The column of a letter, by where it stands on the screen.
    pub(super) fn choose_by(&mut self, key: Option<Key>, desk: &mut Desk<'_>) {
        let order = self.order();
        let typed = key.and_then(|key| key.typed()).map(|c| c.to_ascii_uppercase());
        // From the palette it is the column that keys act on.
        let place = match typed {
            Some(typed) => (0..order.len()).find(|place| letter(*place) == typed),
            None => Some(self.at),
        };
        match place.and_then(|place| order.get(place)) {
            Some(lane) => self.choose(Choice::One(*lane), desk),
            None => desk.say("There is no such column."),
        }
    }

    /// Keeps a choice among the last answers.
    pub(super) fn choose(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        let Some(comparison) = &self.comparison else { return };
        if !self.all_ended() {
            return desk.say("Choose when all of them have answered.");
        }
        let answers: Option<Vec<MessageId>> =
            self.lanes.iter().map(|lane| lane.ended().map(|message| message.id)).collect();
        let Some(answers) = answers else {
            let again = desk.key(self.where_keys_go(), Action::Retry);
            return desk.say(format!("A column has no answer at all; {again} asks it again."));
        };
        if let Choice::One(at) = choice
            && let Some(lane) = self.lanes.get(at)
            && (lane.has_failed() || lane.was_cut_off())
        {
            let again = desk.key(self.where_keys_go(), Action::Retry);
            let what = if lane.has_failed() { "failed" } else { "was stopped before it had a word" };
            let name = letter(self.order().iter().position(|other| *other == at).unwrap_or(at));
            let words = format!("The answer of {name} {what}, so it is not the best one");
            return desk.say(if self.current() == Some(at) {
                format!("{words}; {again} asks it again.")
            } else {
                format!("{words}; {again} in {name} asks it again.")
            });
        }
        let request = Comparisons::Choose {
            comparison: comparison.id,
            page: u32::try_from(self.page).unwrap_or(u32::MAX),
            answers,
            choice,
            order: self.order(),
            hidden: self.is_hidden() && !self.strayed,
        };
        let task = desk.call(None, Request::Comparisons(request));
        self.waits.insert(task, Wait::Choose);
    }

    /// What is chosen on a page; on the one that is shown, among the answers that are shown last.
    fn chosen_on(&self, page: usize) -> Option<&Ballot> {
        if page == self.page {
            return self.ballot();
        }
        self.ballots.iter().rfind(|ballot| ballot.page as usize == page)
    }

    /// Whether nothing is.
    pub(super) fn is_open(&self, page: usize) -> bool {
        self.chosen_on(page).is_none()
    }

    /// Whether something is, and who answered was known when it was.
    pub(super) fn is_chosen_seen(&self, page: usize) -> bool {
        self.chosen_on(page).is_some_and(|ballot| ballot.blind.is_none())
    }

    /// The next page after this one on which nothing is chosen; behind the last one it begins again.
    pub(super) fn next_open(&self) -> Option<usize> {
        let pages = self.comparison.as_ref().map_or(0, |comparison| comparison.pages.len());
        (self.page + 1..pages).chain(0..self.page).find(|page| self.is_open(*page))
    }

    pub(super) fn turn_to_open(&mut self, desk: &mut Desk<'_>) {
        match self.next_open() {
            Some(page) => self.turn_to(page, desk),
            None if self.is_open(self.page) => desk.say("On every other page something is chosen."),
            None => desk.say("On every page something is chosen."),
        }
    }

    /// Which page of how many this is, and on how many of them something is chosen, where that is to be done page by page.
    pub(super) fn page_words(&self) -> Option<String> {
        let comparison = self.comparison.as_ref()?;
        let pages = comparison.pages.len();
        let chosen = (0..pages).filter(|page| !self.is_open(*page)).count();
        let page = format!("page {} of {}", grouped(self.page as u64 + 1), grouped(pages as u64));
        (pages > 1).then(|| {
            if chosen > 0 || comparison.blind.is_some() {
                format!("{page}, {} chosen", grouped(chosen as u64))
            } else {
                page
            }
        })
    }

    /// Takes back what was chosen last on this page: what was chosen before it among the same answers counts again.
    pub(super) fn take_back(&mut self, desk: &mut Desk<'_>) {
        let Some((ballot, blind)) = self.ballot().map(|ballot| (ballot.id, ballot.blind.is_some())) else {
            return desk.say("Nothing was chosen here.");
        };
        let task = desk.call(None, Request::Comparisons(Comparisons::TakeBack { ballot }));
        self.ballots.retain(|other| other.id != ballot);
        let again = self.what_was_chosen();
        self.waits.insert(task, Wait::TakeBack { blind, again });
    }

    /// What was chosen, in words; by the letters of the screen.
    pub(super) fn chosen_words(&self) -> Option<String> {
        self.what_was_chosen().map(|chosen| format!("you chose {chosen}"))
    }

    fn what_was_chosen(&self) -> Option<String> {
        Some(match self.ballot()?.choice {
            Choice::One(lane) => {
                let place = self.order().iter().position(|other| *other == lane).unwrap_or(lane);
                letter(place).to_string()
            }
            Choice::Tie => "a tie".to_owned(),
            Choice::BothBad => "none".to_owned(),
        })
    }

    /// Goes on with the column that keys act on as a conversation of its own.
    pub(super) fn go_on(&mut self, desk: &mut Desk<'_>) {
        if !self.idle(desk) || self.may_not_tell(desk) {
            return;
        }
        let id = self.current().and_then(|at| self.lanes[at].thread.id);
        if let Some(id) = id {
            let request = Conversations::Fork { id, at: None };
            let task = desk.call(None, Request::Conversations(request));
            self.waits.insert(task, Wait::Fork);
        }
    }

    /// Asks for the file that the comparison is written to: the one that is shown, or the selected one of the list.
    pub(super) fn ask_for_file(&self, desk: &mut Desk<'_>) {
        let shown =
            if self.focus == Focus::List { self.selected_comparison() } else { self.comparison.as_ref() };
        let open = self.comparison.as_ref().map(|comparison| comparison.id);
        let is_open = shown.map(|comparison| comparison.id) == open;
        if is_open && self.may_not_tell(desk) {
            return;
        }
        if !is_open && shown.is_some_and(|comparison| comparison.blind.is_some()) {
            return desk.say("It is blind: open it first; once you have chosen, it can be written.");
        }
        if let Some(comparison) = shown {
            desk.overlays.push(Overlay::Prompt(Prompt::comparison(comparison.id, &comparison.title)));
        }
    }

    /// Asks for the text that goes into the file.
    pub(super) fn write(&mut self, id: ComparisonId, path: String, replace: bool, desk: &mut Desk<'_>) {
        let Some(form) = comparison_form_of(&path) else { return };
        // The battles tell of choices only; the other forms tell who answers on pages that are hidden yet.
        let open = self.comparison.as_ref().is_some_and(|comparison| comparison.id == id);
        if form != Form::Battles && open && self.hides_a_page(desk) {
            return;
        }
        let request = Comparisons::Export { id: Some(id), form };
        let task = desk.call(None, Request::Comparisons(request));
        self.waits.insert(task, Wait::Save { id, path, replace, text: String::new() });
    }

    /// Folds the column that keys act on to its letter, or opens it.
    pub(super) fn fold_column(&mut self, desk: &Desk<'_>) {
        if !self.narrow.remove(&self.at) && self.narrow.len() + 1 < self.lanes.len() {
            self.narrow.insert(self.at);
        }
        self.reveal(desk.area);
    }

    /// Why an action waits: who still answers, unless that is not to be told.
    pub(super) fn waits_with(&self, action: Action) -> Option<Cow<'static, str>> {
        self.comparison.as_ref()?;
        let comes = |lane: &Lane| lane.ended().is_none() && !lane.has_failed();
        let coming: Vec<String> = self
            .order()
            .into_iter()
            .enumerate()
            .filter(|(_, at)| comes(&self.lanes[*at]))
            .map(|(place, _)| letter(place).to_string())
            .collect();
        let judges = match action {
            Action::ChooseAnswer
            | Action::ChooseTie
            | Action::ChooseNone
            | Action::ShowDifference
            | Action::AddToDataset => true,
            Action::Retry | Action::CopyRequest => self.current().is_some_and(|at| comes(&self.lanes[at])),
            _ => false,
        };
        match coming.as_slice() {
            _ if !judges => None,
            [] if action == Action::ShowDifference => {
                Some(Cow::Borrowed("There are no two answers to compare."))
            }
            [] => None,
            _ if self.is_hidden() => Some(Cow::Borrowed("Not all have answered yet.")),
            [one] => Some(Cow::Owned(format!("{one} is still answering."))),
            several => Some(Cow::Owned(format!("{} are still answering.", several.join(", ")))),
        }
    }

    /// Whether which of them has ended is not to be told.
    pub(super) fn waits_for_all(&self, desk: &mut Desk<'_>) -> bool {
        let waits = self.is_hidden() && !self.all_ended();
        if waits {
            desk.say("They appear together, when all of them have answered.");
        }
        waits
    }

    /// Copies the answer of the column that keys act on.
    pub(super) fn copy(&self, desk: &mut Desk<'_>) {
        if self.waits_for_all(desk) {
            return;
        }
        let answer = self.current().and_then(|at| self.lanes.get(at)).and_then(Lane::ended);
        if let Some(text) = answer.map(crate::domain::message::Message::text).filter(|text| !text.is_empty())
        {
            desk.ask(Effect::Copy(text));
        }
    }

    /// Asks for the request of the answer in the current column: it names the model.
    pub(super) fn copy_request(&mut self, desk: &mut Desk<'_>) {
        if self.may_not_tell(desk) {
            return;
        }
        let answer = self.current().and_then(|at| self.lanes.get(at)).and_then(Lane::ended);
        if let Some((conversation, message)) = answer.map(|answer| (answer.conversation, answer.id)) {
            let task = scripts::ask(conversation, message, desk);
            self.waits.insert(task, Wait::Scripts);
        }
    }

    /// What a knowledge base gave for the answer of the column that keys act on; `None` where it had nothing, or none was asked.
    pub(super) fn given(&self) -> Option<&Grounding> {
        let answer = self.current().and_then(|at| self.lanes.get(at)).and_then(Lane::ended)?;
        let grounding = answer.answer.as_ref()?.grounding.as_ref();
        grounding.filter(|grounding| grounding.found_any())
    }

    /// The comparison that would be removed.
    pub(super) fn selected_comparison(&self) -> Option<&Comparison> {
        self.list.get(self.selected)
    }
}
