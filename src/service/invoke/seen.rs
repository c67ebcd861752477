//! The cards that providers showed, and what is known besides: what a model is known not to do, or not at such length, is
//! refused before it is sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::leaving;
use crate::domain::call::{Call, Converse, tokens_of};
use crate::domain::catalog::{Capability, ModelCard, ModelId, Price};
use crate::domain::figures::grouped;
use crate::domain::range::Outside;
use crate::domain::{Error, ErrorKind, Result};
use crate::provider::Provider;
use crate::service::models::known::{self, Corrections, Vendor};

/// The newest cards of each provider, as it showed them, and what the person says of models.
#[derive(Debug, Default)]
pub(super) struct SeenCards {
    cards: Mutex<BTreeMap<String, BTreeMap<ModelId, ModelCard>>>,
    corrections: Mutex<Corrections>,
    /// Who serves them.
    voices: Mutex<BTreeMap<String, Arc<dyn Provider>>>,
}

impl SeenCards {
    /// Says who serves the models, in the place of those that were said before.
    pub(super) fn speak(&self, voices: BTreeMap<String, Arc<dyn Provider>>) {
        *self.voices.lock().unwrap_or_else(PoisonError::into_inner) = voices;
    }

    fn voice(&self, provider: &str) -> Option<Arc<dyn Provider>> {
        self.voices.lock().unwrap_or_else(PoisonError::into_inner).get(provider).cloned()
    }

    fn settle(&self, card: &mut ModelCard) {
        let voice = self.voice(card.id.provider());
        if card.id.is_local() || voice.as_deref().is_some_and(Provider::is_free) {
            card.price = Some(Price::nothing());
        }
        let address = voice.as_deref().and_then(Provider::address);
        let corrections = self.corrections.lock().unwrap_or_else(PoisonError::into_inner);
        known::settle(
            card,
            &corrections,
            Vendor::at(address.as_deref(), voice.as_deref().and_then(Provider::vendor)),
        );
        drop(corrections);
        if let (Some(voice), Some(base)) = (&voice, &card.base) {
            voice.based_on(&card.id, base);
        }
        let Some(voice) = voice else { return };
        if card.can(Capability::Chat) != Some(false) {
            card.unsent = leaving::always(&*voice, &card.id);
            card.unsent_thinking = leaving::thinking(&*voice, card);
        }
        if card.is_for(Capability::Images) {
            card.unpictured = voice.unpictured(&card.id);
        }
    }

    /// Puts these cards in the place of those that the provider showed before, then adds to them what is known.
    pub(super) fn keep(&self, provider: &str, cards: &mut [ModelCard]) {
        let kept = cards.iter().map(|card| (card.id.clone(), card.clone())).collect();
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).insert(provider.to_owned(), kept);
        for card in cards {
            self.settle(card);
        }
    }

    /// These cards as their providers showed them.
    pub(super) fn as_shown(&self, cards: &[ModelCard]) -> Vec<ModelCard> {
        let providers = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = |card: &ModelCard| providers.get(card.id.provider())?.get(&card.id).cloned();
        cards.iter().filter_map(shown).collect()
    }

    /// Takes cards in that a provider showed once, unless it has shown newer ones since.
    pub(super) fn recall(&self, provider: &str, mut cards: Vec<ModelCard>) -> Vec<ModelCard> {
        let shown = || cards.iter().map(|card| (card.id.clone(), card.clone())).collect();
        let mut providers = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        providers.entry(provider.to_owned()).or_insert_with(shown);
        for card in &mut cards {
            self.settle(card);
        }
        cards
    }

    /// Puts what the person says in the place of what they said before.
    pub(super) fn correct(&self, corrections: Corrections) {
        *self.corrections.lock().unwrap_or_else(PoisonError::into_inner) = corrections;
    }

    /// Whether the person has said something of it.
    pub(super) fn is_corrected(&self, model: &ModelId) -> bool {
        self.corrections.lock().unwrap_or_else(PoisonError::into_inner).contains_key(model)
    }

    /// Everything that is known of a model, whether its provider showed it or not.
    pub(super) fn card(&self, model: &ModelId) -> ModelCard {
        let providers = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = providers.get(model.provider()).and_then(|cards| cards.get(model));
        let mut card = shown.cloned().unwrap_or_else(|| ModelCard::unknown(model.clone()));
        self.settle(&mut card);
        card
    }

    /// The models of a provider that it showed, or that the catalogue has of it.
    pub(super) fn known_of(&self, provider: &str) -> Vec<ModelId> {
        let address = self.voice(provider).and_then(|voice| voice.address()).unwrap_or_default();
        let mut known = known::of_vendor(provider, &address);
        let providers = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(providers.get(provider).into_iter().flat_map(|cards| cards.keys().cloned()));
        known
    }

    /// What it costs, where that is known. What runs in this program costs nothing, nor what it plays,
    /// unless the person says otherwise.
    pub(super) fn price(&self, model: &ModelId) -> Option<Price> {
        self.card(model).price
    }

    /// What its provider serves in the place of a retired model.
    pub(super) fn successor(&self, model: &ModelId) -> Option<ModelId> {
        self.card(model).successor
    }

    /// `Refused` where the model is known to lack what the call needs, `Invalid` where it is known not to write as much as
    /// it is asked for or where its API is known not to take a setting as it is, `ContextLength` where it takes less than half of what is attached. A remark where attached texts may
    /// not fit. An unknown model is asked.
    pub(super) fn admit(&self, call: &Call, voice: &dyn Provider, doing: &str) -> Result<Option<String>> {
        let Some(model) = call.model() else { return Ok(None) };
        let card = self.card(model);
        let lacking = call.needs().into_iter().find(|capability| card.can(*capability) == Some(false));
        let Some(capability) = lacking else {
            let Call::Converse(converse) = call else { return Ok(None) };
            within_longest(converse, voice, &card, doing)?;
            within_range(converse, voice, &card, doing)?;
            let remark = weigh(converse, &card, doing)?;
            return Ok(remark.or_else(|| overlong(converse, &card).filter(|_| voice.may_cut())));
        };
        let refused = Error::new(
            ErrorKind::Refused { capability: capability.as_str().to_owned() },
            doing,
            format!("{model} has no {}", capability.as_str()),
            format!(
                "`outcrop models show {model}` says what it can do; [models.\"{model}\"] in the configuration file \
                 corrects it."
            ),
        );
        Err(known::succeeded(refused, card.successor.as_ref()))
    }
}

/// The large APIs refuse an answer that may be longer than the model's longest, each in its own words; other servers cut it,
/// or the limit.
fn within_longest(converse: &Converse, voice: &dyn Provider, card: &ModelCard, doing: &str) -> Result<()> {
    let Some(longest) = card.max_output else { return Ok(()) };
    let (set, on_top) = (converse.settings.max_tokens, voice.on_top(converse));
    let asked = set.or_else(|| voice.usual_longest(converse));
    // What the server itself takes for the longest answer is unknown, and so is whether both have room.
    if asked.unwrap_or(0).saturating_add(on_top) <= longest {
        return Ok(());
    }
    let think = format!("reasoning takes {on_top}");
    let unset = if set.is_none() { " where it is not set" } else { "" };
    let set = match asked {
        None => think,
        Some(asked) if on_top == 0 => format!("max_tokens is {asked}{unset}"),
        Some(asked) => format!("max_tokens is {asked}{unset} and {think} on top"),
    };
    let left = longest.saturating_sub(on_top);
    let less = match on_top {
        0 => format!("Set max_tokens to {left} or less"),
        _ if left == 0 => "Set reasoning to less, or off".to_owned(),
        _ => format!("Set max_tokens to {left} or less, or reasoning to less"),
    };
    Err(Error::new(
        ErrorKind::Invalid,
        doing,
        format!("{set}, and the longest answer of {} is {longest} tokens", card.id),
        format!(
            "{less}; max_output of [models.\"{}\"] in the configuration file corrects what is known of it.",
            card.id
        ),
    ))
}

/// What an API is known not to take is not sent to it, where the setting would be sent at all.
fn within_range(converse: &Converse, voice: &dyn Provider, card: &ModelCard, doing: &str) -> Result<()> {
    let vendor = Vendor::at(voice.address().as_deref(), voice.vendor());
    let outside = known::range(card, vendor).map(|range| range.outside(&converse.settings));
    let Some(outside) = outside.filter(|outside| !outside.is_empty()) else { return Ok(()) };
    let left_out = voice.left_out(converse);
    let is_sent = |name: &str| !left_out.iter().any(|left| left.settings.iter().any(|other| other == name));
    let Some(Outside { setting, is, takes }) = outside.into_iter().find(|it| is_sent(it.setting)) else {
        return Ok(());
    };
    let why = format!("{setting} is {is}, and the API of {} takes {takes}", card.id);
    let hint = format!("Set {setting} to what it takes, or to nothing, which leaves it to the model.");
    Err(Error::new(ErrorKind::Invalid, doing, why, hint))
}

/// A remark where all texts together, by their length, are more than the context of a model whose server may cut them.
fn overlong(converse: &Converse, card: &ModelCard) -> Option<String> {
    let (limit, tokens) = (card.context?, tokens_of(converse.weight()));
    let (model, about, most) = (&converse.model, grouped(tokens.into()), grouped(limit.into()));
    (tokens > limit).then(|| {
        format!(
            "the conversation is about {about} tokens, and {model} runs with {most} of context: its server may leave out \
             the beginning. `context` of [models.\"{model}\"] in the configuration file asks it for more"
        )
    })
}

/// A remark where attached texts by their length fill more than the model's context, and the error where they are more
/// than twice as long as that: hardly any text has so few tokens. Where the context is unknown the server is asked.
fn weigh(converse: &Converse, card: &ModelCard, doing: &str) -> Result<Option<String>> {
    let Some(limit) = card.context else { return Ok(None) };
    let tokens = converse.attached_tokens();
    if tokens <= limit {
        return Ok(None);
    }
    let (model, about, most) = (&converse.model, grouped(tokens.into()), grouped(limit.into()));
    let why = format!("the attached texts are about {about} tokens, and {model} takes {most} of context");
    if tokens / 2 <= limit {
        return Ok(Some(format!("{why}: they may not fit")));
    }
    let hint = format!(
        "Attach a part of them, or ask a model that takes more; [models.\"{model}\"] in the configuration file corrects \
         its context."
    );
    Err(Error::new(ErrorKind::ContextLength { tokens, limit }, doing, why, hint))
}
