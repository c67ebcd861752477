//! What is set and not sent: said of a call, and known of a model before one is made.

use crate::domain::call::{Blobs, Converse};
use crate::domain::catalog::{Capability, ModelCard, ModelId};
use crate::domain::left_out::LeftOut;
use crate::domain::settings::{Effort, Settings};
use crate::provider::Provider;

/// What the person should know of the settings of a call that are not sent; `None` where all are.
pub(super) fn said(voice: &dyn Provider, converse: &Converse, card: &ModelCard) -> Option<String> {
    let mut all = voice.left_out(converse);
    // That a model which does not think shall not think needs no word.
    if converse.settings.reasoning == Some(Effort::Off) && card.can(Capability::Reasoning) == Some(false) {
        for left in &mut all {
            left.settings.retain(|name| name != "reasoning");
        }
        all.retain(|left| !left.settings.is_empty());
    }
    LeftOut::said(&all)
}

/// The settings that the voice never sends to that model, whatever else is set.
pub(super) fn always(voice: &dyn Provider, model: &ModelId) -> Vec<LeftOut> {
    let drawn = Settings {
        temperature: Some(0.5),
        top_p: Some(0.5),
        top_k: Some(1),
        max_tokens: Some(1),
        stop: vec![".".to_owned()],
        seed: Some(1),
        ..Settings::default()
    };
    // Apart from the others: what thinks may not be drawn.
    let thought = Settings { reasoning: Some(Effort::Low), ..Settings::default() };
    let left_out = |settings: Settings| {
        voice.left_out(&Converse {
            model: model.clone(),
            system: None,
            turns: Vec::new(),
            settings,
            conversation: None,
            blobs: Blobs::default(),
        })
    };
    let mut all = left_out(drawn);
    all.extend(left_out(thought));
    all
}
