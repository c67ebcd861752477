//! The models as every place of the screen sees them: which there are, how old that knowledge is, which of them this person
//! likes; found by typing, shown in columns.

pub mod columns;
pub mod lists;
pub mod progress;
pub mod shortlist;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::catalog::{Availability, Capability, ModelCard, ModelId};
use crate::domain::listing::Listing;

/// The name that a person's likes are kept under.
pub const LIKES: &str = "tui.models";

/// Models used last that are kept.
const RECENT: usize = 12;

/// Which models a person likes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Likes {
    pub favourites: Vec<ModelId>,
    /// The newest first.
    pub recent: Vec<ModelId>,
}

impl Likes {
    /// It was chosen now.
    pub fn used(&mut self, id: &ModelId) {
        self.recent.retain(|other| other != id);
        self.recent.insert(0, id.clone());
        self.recent.truncate(RECENT);
    }

    /// Gives it a star, or takes its star away.
    pub fn toggle(&mut self, id: &ModelId) {
        let before = self.favourites.len();
        self.favourites.retain(|other| other != id);
        if self.favourites.len() == before {
            self.favourites.push(id.clone());
        }
    }
}

/// Everything that is known of the models. Clones share the cards.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stock {
    pub cards: Arc<Vec<ModelCard>>,
    /// Models that no list has and that were chosen all the same, the newest first.
    pub unlisted: Vec<ModelCard>,
    pub lists: Vec<Listing>,
    pub likes: Likes,
}

impl Stock {
    /// Whether it is the same one: cards that were read twice are not compared.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cards, &other.cards)
            && self.unlisted == other.unlisted
            && self.lists == other.lists
            && self.likes == other.likes
    }

    /// The card of that model.
    pub fn card(&self, id: &ModelId) -> Option<&ModelCard> {
        self.cards.iter().chain(&self.unlisted).find(|card| card.id == *id)
    }

    /// Keeps what is known of a model that no list has.
    pub fn know(&mut self, card: ModelCard) {
        self.unlisted.retain(|other| other.id != card.id);
        self.unlisted.insert(0, card);
        self.unlisted.truncate(RECENT);
    }

    /// Puts one card in the place of the older one of its model.
    pub fn upsert(&mut self, card: ModelCard) {
        let cards = Arc::make_mut(&mut self.cards);
        match cards.iter_mut().find(|other| other.id == card.id) {
            Some(other) => *other = card,
            None => cards.push(card),
        }
    }
}

/// Whether it can be talked to, now or once it is fetched.
pub fn chats(card: &ModelCard) -> bool {
    card.is_for(Capability::Chat)
}

/// Whether it makes vectors of texts, and says nothing.
pub fn embeds(card: &ModelCard) -> bool {
    card.is_for(Capability::Embed) && !chats(card)
}

/// Whether it makes pictures, and says nothing.
pub fn paints(card: &ModelCard) -> bool {
    card.is_for(Capability::Images) && !chats(card)
}

/// Whether it puts texts in order, and says nothing.
pub fn ranks(card: &ModelCard) -> bool {
    card.is_for(Capability::Rerank) && !chats(card)
}

/// Whether there is something that it can be tried with.
pub fn is_tried(card: &ModelCard) -> bool {
    chats(card) || embeds(card) || ranks(card) || paints(card)
}

/// Whether it is, or would be, on this machine.
pub fn is_local(card: &ModelCard) -> bool {
    card.id.is_local()
}

/// Those that can answer first, then those that can be fetched.
fn rank(card: &ModelCard) -> u8 {
    match card.availability {
        Availability::Ready => 0,
        Availability::Catalogued => 1,
        Availability::NotPulled => 2,
        Availability::Unusable { .. } => 3,
    }
}
