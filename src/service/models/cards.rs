//! The cards of the models that the providers have.

use futures_util::StreamExt;
use tokio::time::Duration;

use crate::domain::call::Call;
use crate::domain::catalog::{Availability, Capability, ModelCard, ModelId};
use crate::domain::delta::Event;
use crate::domain::near::meant;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::invoke::{Invoke, Terms};
use crate::service::key_commands;
use crate::service::models::known::{self, Vendor};

/// The card that stands for the models of a provider which did not say what it has, and why.
pub(super) fn stand_in(provider: &str, error: &Error) -> Result<ModelCard> {
    Ok(ModelCard {
        title: provider.to_owned(),
        availability: Availability::Unusable { why: error.why.clone() },
        capabilities: vec![Capability::Chat],
        detail: "its models are not known".to_owned(),
        ..ModelCard::unknown(ModelId::new(provider, "…")?)
    })
}

/// The cards of what the catalogue has of a provider that gave no list yet; none where its API is not the vendor's own.
pub(super) fn catalogued(invoke: &Invoke, provider: &str) -> Vec<ModelCard> {
    let address = invoke.address(provider).unwrap_or_default();
    let card = |id: ModelId| ModelCard {
        availability: Availability::Catalogued,
        detail: "from the catalogue: not listed yet".to_owned(),
        ..invoke.card(&id)
    };
    known::of_vendor(provider, &address).into_iter().map(card).collect()
}

/// The cards of what the catalogue has that nobody here can ask: models of vendors whom no provider of the person's leads
/// to, where `why` says of each what is missing, and those that are retired.
pub fn beyond(invoke: &Invoke, why: impl Fn(&str) -> String) -> Vec<ModelCard> {
    let providers = invoke.providers();
    let mut cards = Vec::new();
    for name in &providers {
        let address = invoke.address(name).unwrap_or_default();
        cards.extend(known::retired_of(name, &address).iter().map(|id| retired(invoke, id)));
    }
    let reached: Vec<_> = providers.iter().filter_map(|name| invoke.address(name)).collect();
    for (vendor, address) in known::vendors() {
        // Ids of a vendor are those of the provider that is called after it, wherever that one leads.
        let named = providers.iter().any(|name| name == vendor);
        if named || reached.iter().any(|address| known::vendor_at(address) == Some(vendor)) {
            continue;
        }
        let ids = known::of_vendor(vendor, &address).into_iter().chain(known::retired_of(vendor, &address));
        cards.extend(ids.map(|id| keyless(id, vendor, &why)));
    }
    cards
}

fn retired(invoke: &Invoke, id: &ModelId) -> ModelCard {
    out_of_service(ModelCard { detail: "from the catalogue".to_owned(), ..invoke.card(id) })
}

/// Says of a retired model that it cannot be asked, and what is there in its place.
fn out_of_service(mut card: ModelCard) -> ModelCard {
    if let Some(successor) = &card.successor {
        card.availability = Availability::Unusable { why: known::retired(successor) };
    }
    card
}

/// What the catalogue has of a model of a vendor for whom there is no key.
fn keyless(id: ModelId, vendor: &str, why: impl Fn(&str) -> String) -> ModelCard {
    let mut card = ModelCard {
        availability: Availability::Unusable { why: why(vendor) },
        detail: "from the catalogue: there is no key for it".to_owned(),
        ..ModelCard::unknown(id)
    };
    known::complete(&mut card, Vendor::Named(vendor));
    out_of_service(card)
}

/// The card of one model, from its provider; of one whose provider is not there, what the catalogue has of it, with what
/// `why` says is missing.
pub async fn show(
    invoke: &Invoke,
    id: &ModelId,
    terms: &Terms,
    why: impl Fn(&str) -> String,
) -> Result<ModelCard> {
    if let Err(error) = invoke.is_there(id) {
        let is_vendors = known::vendors().any(|(vendor, _)| vendor == id.provider());
        let card = is_vendors.then(|| keyless(id.clone(), id.provider(), why));
        return card.filter(|card| !card.capabilities.is_empty()).ok_or(error);
    }
    // Ollama lists with its tag what is asked for without one.
    let tagged = format!("{id}:latest");
    let is_it = |card: &ModelCard| card.id == *id || card.id.as_str() == tagged;
    let listed = match of(invoke, id.provider(), terms).await {
        Ok(cards) => cards,
        // Nobody can be asked: what the catalogue has is known all the same.
        Err(error) => {
            let address = invoke.address(id.provider()).unwrap_or_default();
            if known::retired_of(id.provider(), &address).contains(id) {
                return Ok(retired(invoke, id));
            }
            let known = catalogued(invoke, id.provider()).into_iter().find(|card| card.id == *id);
            return known.ok_or(error);
        }
    };
    let said = invoke.corrected(id).map(|card| ModelCard {
        detail: "said in the configuration; its provider does not list it".to_owned(),
        ..card
    });
    listed.into_iter().find(is_it).or(said).ok_or_else(|| {
        let missing = Error::new(
            ErrorKind::NotFound,
            format!("showing {id}"),
            format!("{} has no such model", id.provider()),
            "`outcrop models list` shows the ids that there are.",
        );
        match invoke.card(id).successor {
            Some(successor) => known::succeeded(missing, Some(&successor)),
            None => meant(missing, invoke.meant(id)),
        }
    })
}

/// How long a provider may be silent before it says what it has.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may be silent where a person is asked for something first, such as the password of a password manager.
const PATIENCE_WITH_PEOPLE: Duration = key_commands::PATIENCE.saturating_add(PATIENCE);

/// The cards of one provider, with what is known otherwise; one that says nothing for ten seconds has failed.
pub async fn of(invoke: &Invoke, provider: &str, terms: &Terms) -> Result<Vec<ModelCard>> {
    let mut events = invoke.serve_by(provider, Call::ListModels, terms);
    let mut patience = PATIENCE;
    loop {
        let next = tokio::time::timeout(patience, events.next()).await.map_err(|_| {
            let why = format!("nothing came within {} s", patience.as_secs());
            Error::new(ErrorKind::Timeout, format!("listing the models of {provider}"), why, "Try again.")
        })?;
        match next.transpose()? {
            Some(Event::Models { cards }) => return Ok(cards),
            Some(Event::Notice { .. }) => patience = PATIENCE_WITH_PEOPLE,
            Some(_) => {}
            None => return Ok(Vec::new()),
        }
    }
}
