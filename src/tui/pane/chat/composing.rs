//! Writing: what keys, pastes and the editor do to the composer and to lines that are typed.

use super::list::Search;
use super::{Focus, State, Wait};
use crate::tui::app::{Desk, SAVE_DRAFT};
use crate::tui::effect::{Effect, Lane, TimerId};
use crate::tui::key::Key;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::stroke::Stroke;
use crate::workbench::Request;
use crate::workbench::request::conversations::Conversations;

/// How many conversations a search brings.
const HITS: usize = 50;

impl State {
    /// What a key does to the text or the line that is being written.
    pub fn key(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        match self.focus {
            Focus::Find => {
                let changed = self.find.as_mut().is_some_and(|find| find.input.press(stroke));
                if changed {
                    self.find_again(desk);
                }
            }
            Focus::List if self.typing_search() => {
                let changed = self.list.search.as_mut().is_some_and(|search| search.input.press(stroke));
                if changed {
                    self.search(desk);
                }
            }
            Focus::Settings if self.drawer.input.is_some() => {
                if let Some(input) = &mut self.drawer.input {
                    input.press(stroke);
                    self.drawer.error = None;
                }
            }
            Focus::Composer => {
                let changed = self.composer.press(stroke);
                if stroke == Stroke::Types(' ') {
                    self.attach_mentions(desk);
                }
                if changed {
                    self.typed(desk);
                }
            }
            // What types in a place that takes no text was meant for the composer.
            Focus::FirstRun if matches!(stroke, Stroke::Types(_)) => {
                self.focus = Focus::Composer;
                self.composer.press(stroke);
                self.typed(desk);
            }
            _ => {}
        }
    }

    /// A pasted text goes into the line or the box that is being written; never anywhere else.
    pub fn paste(&mut self, text: &str, desk: &mut Desk<'_>) {
        if let (Focus::Find, Some(find)) = (self.focus, &mut self.find) {
            find.input.insert(text);
            self.find_again(desk);
        } else if self.focus == Focus::List && self.typing_search() {
            if let Some(search) = &mut self.list.search {
                search.input.insert(text);
            }
            self.search(desk);
        } else if let (Focus::Settings, Some(input)) = (self.focus, &mut self.drawer.input) {
            input.insert(text);
        } else {
            self.focus = Focus::Composer;
            if !self.attach_pasted(text, desk) {
                self.paste_text(text);
            }
            self.typed(desk);
        }
    }

    /// The editor came back with a text.
    pub fn edited(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.composer.set_written(text);
        // What is pasted there comes back like what is typed there.
        self.take_up();
        self.focus = Focus::Composer;
        self.typed(desk);
    }

    /// A delay is over.
    pub fn timer(&mut self, timer: TimerId, desk: &mut Desk<'_>) {
        if timer == SAVE_DRAFT {
            self.save_draft(desk);
        }
    }

    /// The composer's height follows its text, its rows the width.
    pub fn refit(&mut self, desk: &mut Desk<'_>) {
        // What has the focus is drawn: the parts that can go away leave it to the composer.
        let gone = match self.focus {
            Focus::Find => self.find.is_none(),
            Focus::FirstRun => self.first_run.is_none(),
            Focus::Transcript => self.first_run.is_some() && self.is_bare(),
            Focus::Composer | Focus::List | Focus::Settings => false,
        };
        if gone {
            self.focus = Focus::Composer;
        }
        if self.focus != Focus::Transcript {
            self.marking = None;
        }
        self.bar_files();
        let areas = self.areas(desk.area);
        self.composer.fit(areas.composer.width, areas.composer.height);
        if let Some(rows) = areas.list_rows {
            self.list.reveal(desk.wall(), usize::from(rows.height));
        }
    }

    pub(super) fn typing_search(&self) -> bool {
        self.list.search.as_ref().is_some_and(|search| search.typing)
    }

    /// What the search line says is still being looked for.
    pub(super) fn is_searching(&self) -> bool {
        self.list.results().is_some_and(|search| !search.is_answered())
    }

    /// Begins to search all conversations.
    pub(super) fn start_search(&mut self, desk: &mut Desk<'_>) {
        self.focus = Focus::List;
        let search = self.list.search.get_or_insert_with(Search::default);
        search.typing = true;
        self.refit(desk);
    }

    /// Asks for what the search line says now; an older question is dropped.
    fn search(&mut self, desk: &mut Desk<'_>) {
        self.list.selected = 0;
        self.list.top = 0;
        let Some(search) = &mut self.list.search else { return };
        search.error = None;
        search.opens = false;
        let query = search.input.text().trim().to_owned();
        if query.is_empty() {
            search.hits.clear();
            search.of.clear();
            search.task = None;
            return;
        }
        let request = Request::Conversations(Conversations::Search { query, limit: HITS });
        let task = desk.call(Some(Lane("search")), request);
        search.task = Some(task);
        self.waits.retain(|_, wait| *wait != Wait::Search);
        self.waits.insert(task, Wait::Search);
    }

    /// Up and Down: a row in the text, then what was written before.
    pub(super) fn history(&mut self, key: Option<Key>, newer: bool, desk: &mut Desk<'_>) {
        let named = self.composer.mentions();
        if self.composer.recall(newer, key) {
            // A row up or down it is still the same text.
            if self.composer.mentions() != named {
                self.take_up();
            }
            self.typed(desk);
        }
    }

    /// A list of what was written before, to be searched.
    pub(super) fn search_history(&self, desk: &mut Desk<'_>) {
        let entries = self.composer.sent().map(|(text, draft)| Entry {
            label: text.trim().replace('\n', " ↵ "),
            detail: String::new(),
            right: String::new(),
            current: false,
            off: false,
            choice: Choice::Written(draft.clone()),
            words: &[],
        });
        let menu = Menu::new("Written before", "take it", "Nothing was sent yet.", entries.collect());
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// Opens what is written in the person's editor.
    pub(super) fn edit_in_editor(&self, desk: &mut Desk<'_>) {
        desk.ask(Effect::Edit(self.composer.written_out()));
    }
}
