//! The models: which there are, the list that one is chosen from.

use super::{State, Wait};
use crate::domain::catalog::{Availability, Capability, ModelCard};
use crate::domain::figures::{bytes, grouped};
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::Request;
use crate::workbench::request::models::Models;

impl State {
    /// Opens the list of models. The servers are asked now, unless they were a moment ago: one may have been added to the
    /// configuration, or have loaded another model.
    pub(super) fn choose_model(&mut self, desk: &mut Desk<'_>) {
        let old = self.asked.is_none_or(|at| desk.now.elapsed.saturating_sub(at) > super::FRESH);
        if self.models_error.is_some() || !self.models_known || old {
            self.ask_models(desk);
        }
        let mut menu = Menu::new("Models", "take it", "No model is known yet.", self.model_entries());
        menu.waits = self.is_asking_models();
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// Every model that can be talked to, those that can answer now first.
    pub fn model_entries(&self) -> Vec<Entry> {
        let mut cards: Vec<_> =
            self.models.iter().filter(|card| card.capabilities.contains(&Capability::Chat)).collect();
        cards.sort_by_key(|card| match card.availability {
            Availability::Ready => 0,
            Availability::NotPulled => 1,
            Availability::Unusable { .. } => 2,
        });
        let entry = |card: &&ModelCard| {
            let size = card.bytes.map(bytes);
            let (detail, right) = match &card.availability {
                Availability::Ready => {
                    let context = card.context.map(|c| format!("{} ctx", grouped(c.into())));
                    (card.detail.clone(), context.unwrap_or_default())
                }
                Availability::NotPulled => {
                    (card.title.clone(), size.map_or_else(|| "fetch".to_owned(), |s| format!("fetch {s}")))
                }
                Availability::Unusable { why } => (why.clone(), "unusable".to_owned()),
            };
            Entry {
                label: card.id.to_string(),
                detail,
                right,
                current: self.thread.setup.model.as_ref() == Some(&card.id),
                off: matches!(card.availability, Availability::Unusable { .. }),
                choice: Choice::Model(card.id.clone()),
                words: &[],
            }
        };
        cards.iter().map(entry).collect()
    }

    /// Asks which models there are, servers too: the person wants to know.
    pub(super) fn ask_models(&mut self, desk: &mut Desk<'_>) {
        self.asked = Some(desk.now.elapsed);
        self.list_models(true, desk);
    }

    pub(super) fn list_models(&mut self, probe: bool, desk: &mut Desk<'_>) {
        self.probed = probe;
        let task = desk.call(Some(Lane("models")), Request::Models(Models::List { probe }));
        self.waits.retain(|_, wait| *wait != Wait::Models);
        self.waits.insert(task, Wait::Models);
    }

    /// Servers are being asked for their models.
    pub fn is_asking_models(&self) -> bool {
        self.probed && self.waits.values().any(|wait| *wait == Wait::Models)
    }
}
