//! Bases that answers elsewhere are from: offered where something is asked.

use super::State;
use crate::domain::figures::count;
use crate::domain::knowledge::base::Base;
use crate::domain::settings::{FIELDS, Field, KNOWLEDGE};
use crate::tui::app::Desk;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::{Choice, Overlay};

/// What is in use where bases are offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    now: Option<String>,
}

impl State {
    /// Offers the bases, once they are known; `now` is the one in use.
    pub fn offer(&mut self, now: Option<String>, desk: &mut Desk<'_>) {
        self.offering = Some(Offer { now });
        if self.known {
            self.offer_now(desk);
        } else {
            self.enter(desk);
        }
    }

    /// Does so, where that was wanted.
    pub(super) fn offer_now(&mut self, desk: &mut Desk<'_>) {
        let Some(Offer { now }) = self.offering.take() else { return };
        if self.bases.is_empty() {
            return desk.say("There is no knowledge base yet; the place Knowledge makes one.");
        }
        let Some(field) = field() else { return };
        let entry = |base: &Base| Entry {
            label: base.name.clone(),
            detail: count(base.holds.passages, "passage", "passages"),
            right: String::new(),
            current: now.as_ref() == Some(&base.name),
            off: false,
            choice: Choice::Setting { field, text: base.name.clone() },
            words: &[],
        };
        let mut entries: Vec<Entry> = self.bases.iter().map(entry).collect();
        if now.is_some() {
            entries.push(Entry {
                label: "none".to_owned(),
                detail: "answers are from no base".to_owned(),
                right: String::new(),
                current: false,
                off: false,
                choice: Choice::Setting { field, text: String::new() },
                words: &[],
            });
        }
        let menu = Menu::new("Answer from", "take it", "Nothing of that name.", entries);
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// That the base that is looked at is the one that answers are from.
    pub fn attached(&self) -> Option<Choice> {
        let base = self.meant()?;
        Some(Choice::Setting { field: field()?, text: base.name.clone() })
    }
}

fn field() -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == KNOWLEDGE)
}
