//! What a model is asked with besides the text: model, system prompt, settings. The drawer that changes them, the presets
//! that are taken at once.
//!
//! Places that ask a model hold a [`Setup`] and a [`drawer::Drawer`]. Here lives what these are; what a change is
//! kept in, the place knows.

pub mod drawer;
pub mod lacking;
pub mod presets;
pub mod view;

use super::action::Action;
use super::app::Desk;
use super::keymap::Context;
use crate::config::Preset;
use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::settings::Settings;

/// What the next turn is sent with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Setup {
    pub model: Option<ModelId>,
    pub system: Option<String>,
    pub settings: Settings,
}

impl Setup {
    /// What a new conversation begins with.
    pub fn of(model: Option<ModelId>, defaults: &Preset) -> Self {
        Self { model, system: defaults.system.clone(), settings: defaults.settings.clone() }
    }
}

/// What other models are to be asked as one was: with what, and the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    pub setup: Setup,
    pub text: String,
}

/// Said of a system prompt that comes back as it was written and not taken.
pub fn comes_back(desk: &Desk<'_>) -> String {
    let undo = desk.key(Context::Composer, Action::Undo);
    format!("This is what you wrote last and did not take; {undo} brings the one in use.")
}

/// What a model is asked with where nothing is set, as far as that is known.
pub fn standing(card: Option<&ModelCard>) -> Settings {
    let known = card.and_then(|card| card.defaults.clone()).unwrap_or_default();
    Settings { max_tokens: known.max_tokens.or(card.and_then(|card| card.max_output)), ..known }
}
