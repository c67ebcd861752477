//! The one place where models are used.
//!
//! Every call, from chat, compare, retrieval, agents, judges or replays, runs through [`Invoke::serve`]:
//! budget → input checks → provider → reasoning told apart → output checks → span.

mod beside;
mod check;
mod clock;
mod leaving;
mod lost;
mod meter;
mod seen;
mod serving;
mod step;
mod telling;
mod thinking;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use futures_util::future::BoxFuture;
use futures_util::stream;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant};

pub use check::Check;
pub use clock::Clock;
pub use meter::{Counted, Meter};
use seen::SeenCards;
use serving::Serving;
pub use step::Underway;
pub use telling::Tells;

use crate::domain::call::{Call, Converse, Picture, weight};
use crate::domain::catalog::{Capability, ModelCard, ModelId, Price};
use crate::domain::delta::{Event, Fold};
use crate::domain::id::{ConversationId, EvaluationId, MessageId, SpanId};
use crate::domain::near::{meant, nearest};
use crate::domain::priority::Priority;
use crate::domain::script::Sent;
use crate::domain::trace::replay::Place;
use crate::domain::trace::told::Told;
use crate::domain::trace::{Span, SpanKind};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::provider::{Events, Provider};
use crate::service::fresh;
use crate::service::models::known::Corrections;

/// Under which trace, for how long, for how much and with which way to the network a call is made. There are none by
/// default: each call of the door makes its own.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What the call may reach; whoever fetches something for it takes this.
    pub net: Client,
    /// Who asks: on one machine, the name of the account.
    pub principal: String,
    /// Whether the call goes before others where calls wait for each other.
    pub priority: Priority,
    pub parent_span: Option<SpanId>,
    pub deadline: Option<Duration>,
    /// Tokens that may be written at most.
    pub budget_tokens: Option<u64>,
    pub conversation: Option<ConversationId>,
    pub answer: Option<MessageId>,
    /// The evaluation whose answers are asked for.
    pub evaluation: Option<EvaluationId>,
    /// The call is this one, which asks again what was asked there. Only for one.
    pub replay: Option<(SpanId, Place)>,
    /// Shows who asks how long one call took. Only for one: each begins it anew.
    pub clock: Option<Clock>,
    /// Counts what the calls come to.
    pub meter: Option<Meter>,
    /// What is said in the call is kept beside its record: nothing else keeps it.
    pub tells: Option<Tells>,
    /// What the call is of, by names: its record tells it where a model's name would tell little.
    pub about: Option<String>,
}

impl Terms {
    /// Nobody's, interactive, with no parent, deadline or budget.
    pub fn new(net: Client) -> Self {
        Self {
            net,
            principal: String::new(),
            priority: Priority::Interactive,
            parent_span: None,
            deadline: None,
            budget_tokens: None,
            conversation: None,
            answer: None,
            evaluation: None,
            replay: None,
            clock: None,
            meter: None,
            tells: None,
            about: None,
        }
    }

    /// The same for work that goes on by itself: it gives way to what a person looks at while it comes.
    #[must_use]
    pub fn in_background(self) -> Self {
        Self { priority: Priority::Background, ..self }
    }
}

/// Takes every finished span. Called when a call ends, for whatever reason; it must not block.
pub trait SpanSink: Send + Sync + std::fmt::Debug {
    fn record(&self, span: Span);

    /// Takes a step that begins and will hold calls: they are known to be of it before it ends, when it is recorded.
    fn begin(&self, _span: Span) {}

    /// Takes a call that begins as a part of a step: who looks at that sees it as long as it runs. It is recorded when it has
    /// ended, as every call is, and whatever becomes of it.
    fn call(&self, _span: Span) {}

    /// Takes what was said in one, where that is to be kept.
    fn tell(&self, _span: SpanId, _told: Told) {}
}

/// What models cost, as the cards and the person say it when it is asked.
#[derive(Debug, Clone)]
pub struct Prices(Arc<SeenCards>);

impl Prices {
    /// `None` where nobody knows. What runs in this program costs nothing.
    pub fn of(&self, model: &ModelId) -> Option<Price> {
        self.0.price(model)
    }
}

/// What a gate says to a call that it lets through.
#[derive(Default)]
pub struct Pass {
    /// Remarks for the person.
    pub remarks: Vec<String>,
    /// What is kept for the call until it has ended and was recorded: dropping it gives it back.
    pub held: Option<Box<dyn Send + Sync>>,
}

/// Lets calls through, or not: budgets.
pub trait Gate: Send + Sync + std::fmt::Debug {
    /// What must be awaited before a call is sent, or the error that keeps it from being sent. `None` lets it through at once.
    fn admit(&self, call: &Call, doing: &str, prices: Prices) -> Option<BoxFuture<'static, Result<Pass>>>;

    /// What must be awaited once such a call has ended and was counted: remarks for the person on what it came to.
    fn after(&self, call: &Call, prices: Prices) -> Option<BoxFuture<'static, Vec<String>>>;
}

/// Hears whose model the person has chosen, before it is asked: a provider that needs nothing said is there from then on.
pub trait Chooser: Send + Sync + std::fmt::Debug {
    fn choose(&self, provider: &str);
}

/// The voices that there are, by name, and what a person who looks for another one should know.
#[derive(Debug, Default)]
struct Voices {
    by_name: BTreeMap<String, Arc<dyn Provider>>,
    remark: Option<String>,
}

impl Voices {
    fn of(providers: impl IntoIterator<Item = Arc<dyn Provider>>, remark: Option<String>) -> Self {
        Self { by_name: providers.into_iter().map(|p| (p.name().to_owned(), p)).collect(), remark }
    }
}

/// The providers, the checks, and where spans go.
#[derive(Debug)]
pub struct Invoke {
    /// Replaced as a whole; a call that runs keeps its own voice.
    voices: RwLock<Arc<Voices>>,
    checks: Vec<Arc<dyn Check>>,
    gate: Option<Arc<dyn Gate>>,
    chooser: OnceLock<Box<dyn Chooser>>,
    /// How providers are had that may not be here, by their names.
    ways: BTreeMap<String, String>,
    spans: Arc<dyn SpanSink>,
    cards: Arc<SeenCards>,
    told: Arc<leaving::Told>,
}

impl Invoke {
    /// Providers by their names.
    pub fn new(
        providers: impl IntoIterator<Item = Arc<dyn Provider>>,
        checks: Vec<Arc<dyn Check>>,
        spans: Arc<dyn SpanSink>,
    ) -> Self {
        let voices = Voices::of(providers, None);
        let cards = SeenCards::default();
        cards.speak(voices.by_name.clone());
        Self {
            voices: RwLock::new(Arc::new(voices)),
            checks,
            gate: None,
            chooser: OnceLock::new(),
            ways: BTreeMap::new(),
            spans,
            cards: Arc::new(cards),
            told: Arc::default(),
        }
    }

    /// Lets every call pass this gate first.
    #[must_use]
    pub fn behind(self, gate: Arc<dyn Gate>) -> Self {
        Self { gate: Some(gate), ..self }
    }

    /// Tells whose models are chosen. There is one that hears it; a second one hears nothing.
    pub fn tell_choices(&self, chooser: Box<dyn Chooser>) {
        let _ = self.chooser.set(chooser);
    }

    /// The person has chosen that model: its provider may be there for nobody else.
    fn choose(&self, model: &ModelId) {
        let voices = self.voices();
        let is_sure = voices.by_name.get(model.provider()).is_some_and(|voice| !voice.is_optional());
        if let Some(chooser) = self.chooser.get().filter(|_| !is_sure) {
            chooser.choose(model.provider());
        }
    }

    /// Lets who asks for one of these providers that is not here know how it is had.
    #[must_use]
    pub fn knowing(self, ways: BTreeMap<String, String>) -> Self {
        Self { ways, ..self }
    }

    /// What models cost.
    pub fn prices(&self) -> Prices {
        Prices(Arc::clone(&self.cards))
    }

    /// Puts other providers in the place of those that there are; `remark` is said to who asks for one that is not there.
    pub fn replace(&self, providers: impl IntoIterator<Item = Arc<dyn Provider>>, remark: Option<String>) {
        let voices = Arc::new(Voices::of(providers, remark));
        self.cards.speak(voices.by_name.clone());
        *self.voices.write().unwrap_or_else(PoisonError::into_inner) = voices;
    }

    /// Lets what the person says of models win over what is known otherwise.
    pub fn correct(&self, corrections: Corrections) {
        self.cards.correct(corrections);
    }

    fn voices(&self) -> Arc<Voices> {
        // Only whole values are ever put in.
        Arc::clone(&self.voices.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The names of the providers, sorted.
    pub fn providers(&self) -> Vec<String> {
        self.voices().by_name.keys().cloned().collect()
    }

    /// The names of those that answer without a network.
    pub fn near(&self) -> Vec<String> {
        let voices = self.voices();
        voices.by_name.values().filter(|p| !p.is_remote()).map(|p| p.name().to_owned()).collect()
    }

    /// Where the named provider's API is.
    pub fn address(&self, provider: &str) -> Option<String> {
        self.voices().by_name.get(provider)?.address()
    }

    /// Whether the named provider is asked with a key.
    pub fn has_key(&self, provider: &str) -> bool {
        self.voices().by_name.get(provider).is_some_and(|voice| voice.has_key())
    }

    /// Everything that is known of a model, whether its provider has shown it or not.
    pub fn card(&self, model: &ModelId) -> ModelCard {
        self.cards.card(model)
    }

    /// Whether its answers can be held to a schema, as far as is known.
    pub fn holds_to_schema(&self, model: &ModelId) -> bool {
        let holds = |voice: &Arc<dyn Provider>| voice.holds_to_schema();
        self.card(model).can(Capability::Schema) == Some(true)
            || self.voices().by_name.get(model.provider()).is_some_and(holds)
    }

    /// The card of a model of which the person has said something; `None` of all others.
    pub fn corrected(&self, model: &ModelId) -> Option<ModelCard> {
        self.cards.is_corrected(model).then(|| self.cards.card(model))
    }

    /// Cards that it gave out, as their providers showed them: without what is known besides.
    pub fn as_shown(&self, cards: &[ModelCard]) -> Vec<ModelCard> {
        self.cards.as_shown(cards)
    }

    /// Takes cards that a provider showed before this process began, as it showed them; what it shows itself takes their
    /// place. They come back with what is known besides.
    pub fn recall(&self, provider: &str, cards: Vec<ModelCard>) -> Vec<ModelCard> {
        self.cards.recall(provider, cards)
    }

    /// The model that was meant by one that its provider has not, of all that are known of it. Nobody is asked.
    pub fn meant(&self, model: &ModelId) -> Option<ModelId> {
        lost::near(model, &self.cards)
    }

    /// Whether the named provider may be there or not.
    pub fn is_optional(&self, provider: &str) -> bool {
        self.voices().by_name.get(provider).is_some_and(|voice| voice.is_optional())
    }

    /// Whether the provider of a model that was chosen is there; the error names those that are.
    pub fn knows(&self, model: &ModelId) -> Result<()> {
        self.choose(model);
        self.is_there(model)
    }

    /// The same of a model that is only looked at.
    pub fn is_there(&self, model: &ModelId) -> Result<()> {
        self.provider(model.provider(), &format!("asking {model}")).map(|_| ())
    }

    /// Where the models of a provider are that fetches and deletes them when it is asked to; `None` for all others.
    pub fn keeper(&self, name: &str, doing: &str) -> Result<Option<String>> {
        let provider = self.provider(name, doing)?;
        Ok(provider.keeps_models().then(|| match provider.address() {
            Some(address) => format!("{name} at {address}"),
            None => name.to_owned(),
        }))
    }

    /// The request that would ask for an answer, its key left out: nothing is sent.
    pub fn sent(&self, converse: &Converse) -> Result<Sent> {
        let doing = format!("writing the request to {}", converse.model);
        self.choose(&converse.model);
        let provider = self.provider(converse.model.provider(), &doing)?;
        // The voice hears which model stands behind it.
        self.cards.card(&converse.model);
        provider.sent(converse)
    }

    /// The same for pictures.
    pub fn sent_picture(&self, picture: &Picture) -> Result<Sent> {
        let doing = format!("writing the request to {}", picture.model);
        self.choose(&picture.model);
        let provider = self.provider(picture.model.provider(), &doing)?;
        self.cards.card(&picture.model);
        provider.sent_picture(picture)
    }

    /// Serves a call of `model`'s provider. Dropping the stream cancels the call; the span is recorded all the same.
    pub fn serve(&self, model: &ModelId, call: Call, terms: &Terms) -> Events {
        self.choose(model);
        self.serve_by(model.provider(), call, terms)
    }

    /// Serves a call of the named provider.
    pub fn serve_by(&self, provider: &str, mut call: Call, terms: &Terms) -> Events {
        let doing = doing(&call);
        let clock = terms.clock.clone().unwrap_or_default();
        clock.begin();
        let id = terms.replay.map_or_else(fresh::span_id, |(id, _)| id);
        let mut serving = Serving {
            span: Span {
                parent: terms.parent_span,
                principal: terms.principal.clone(),
                model: call.model().cloned(),
                conversation: terms.conversation,
                answer: terms.answer,
                evaluation: terms.evaluation,
                replays: terms.replay.map(|(_, of)| of),
                workflow: terms.about.clone(),
                ..Span::begun(id, kind(&call), provider, fresh::now())
            },
            clock: clock.clone(),
            meter: terms.meter.clone().filter(|_| matches!(call, Call::Converse(_) | Call::Rerank(_))),
            queued: false,
            asked: Instant::now(),
            bytes: 0,
            sealed_bytes: 0,
            picture_bytes: 0,
            asked_weight: weight_of(&call),
            net: None,
            operation: None,
            held: Arc::default(),
            deadline: terms.deadline.map(|d| Instant::now() + d),
            fold: Fold::default(),
            checks: self.checks.clone(),
            telling: match (&terms.tells, &call) {
                (Some(tells), Call::Converse(converse)) => Some(tells.begin(converse)),
                _ => None,
            },
            spans: Arc::clone(&self.spans),
            cards: Arc::clone(&self.cards),
            events: stream::empty().boxed(),
            pending: None,
            ended: false,
            doing,
        };
        let mut after = None;
        match self.admit(provider, &mut call, terms.budget_tokens, &serving.doing) {
            Ok((provider, remarks)) => {
                let thinks = thinking::may_open(&call);
                let gate = self.gate.as_ref();
                let waiting = gate.and_then(|gate| gate.admit(&call, &serving.doing, self.prices()));
                after = gate.and_then(|gate| gate.after(&call, self.prices()));
                let conversation = match &call {
                    Call::Converse(converse) => Some(Arc::new(converse.clone())),
                    _ => None,
                };
                serving.operation = conversation.clone().map(|converse| {
                    let provider = Arc::clone(&provider);
                    Box::new(move || provider.operation(&converse)) as _
                });
                let said =
                    conversation.map(|converse| self.remark_on(&provider, converse, terms.conversation));
                let net = terms.net.under(Some(serving.span.id)).with_priority(terms.priority);
                serving.span.region = provider.region();
                serving.net = provider.is_remote().then(|| net.clone());
                if terms.parent_span.is_some() {
                    let running = Some(serving.span.started);
                    self.spans.call(Span { running, ..serving.span.clone() });
                }
                let serve = move || {
                    clock.begin();
                    asked(&*provider, call, &net)
                };
                let events = match waiting {
                    None => serve(),
                    Some(waiting) => passed(waiting, Arc::clone(&serving.held), serve),
                };
                let events = match said {
                    None => events,
                    Some(said) => leaving::before(events, said),
                };
                let events = if thinks { thinking::apart(events) } else { events };
                let remarks = remarks.into_iter().map(|text| Ok(Event::Notice { text }));
                serving.events = stream::iter(remarks).chain(events).boxed();
            }
            Err(error) => {
                serving.span.unsent = true;
                serving.events = stream::once(std::future::ready(Err(error))).boxed();
            }
        }
        let answered =
            stream::unfold(
                serving,
                |mut serving| async move { serving.next().await.map(|item| (item, serving)) },
            );
        match after {
            None => answered.boxed(),
            // The call is counted when what serves it is dropped, which is then.
            Some(after) => {
                let remarks =
                    after.map(|texts| stream::iter(texts.into_iter().map(|text| Ok(Event::Notice { text }))));
                answered.chain(remarks.into_stream().flatten()).boxed()
            }
        }
    }

    /// What is to be said of the settings that are not sent once that is known for certain, and was not said before.
    fn remark_on(
        &self,
        provider: &Arc<dyn Provider>,
        converse: Arc<Converse>,
        conversation: Option<ConversationId>,
    ) -> impl FnOnce() -> Option<String> + Send + use<> {
        let provider = Arc::clone(provider);
        let (cards, told) = (Arc::clone(&self.cards), Arc::clone(&self.told));
        move || {
            let text = leaving::said(&*provider, &converse, &cards.card(&converse.model))?;
            told.is_news(conversation, &converse.model, &text).then_some(text)
        }
    }

    /// The provider of a call that may be made, and what the person should know before it is: within its budget, within what
    /// the model can do and take, and let through by every check.
    fn admit(
        &self,
        provider: &str,
        call: &mut Call,
        budget_tokens: Option<u64>,
        doing: &str,
    ) -> Result<(Arc<dyn Provider>, Vec<String>)> {
        let provider = self.provider(provider, doing)?;
        let remarks: Vec<String> = self.cards.admit(call, &*provider, doing)?.into_iter().collect();
        if let (Call::Converse(converse), Some(budget)) = (&mut *call, budget_tokens) {
            let budget = u32::try_from(budget).unwrap_or(u32::MAX);
            if budget == 0 {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    doing,
                    "no token is left of its budget",
                    "Give it a larger one.",
                ));
            }
            let longest = || self.cards.card(&converse.model).max_output;
            let asked = converse.settings.max_tokens.or_else(longest).unwrap_or(u32::MAX);
            converse.settings.max_tokens = Some(asked.min(budget));
        }
        for check in &self.checks {
            check.input(call)?;
        }
        Ok((provider, remarks))
    }

    fn provider(&self, name: &str, doing: &str) -> Result<Arc<dyn Provider>> {
        let voices = self.voices();
        voices.by_name.get(name).cloned().ok_or_else(|| {
            if let Some(way) = self.ways.get(name) {
                return Error::new(ErrorKind::Auth, doing, format!("no key of {name} is known"), way);
            }
            let names: Vec<_> = voices.by_name.keys().map(String::as_str).collect();
            // Servers that may run here are named apart until one has shown a model.
            let is_here = |name: &&str| !self.is_optional(name) || !self.cards.known_of(name).is_empty();
            let (here, away): (Vec<&str>, Vec<&str>) = names.iter().copied().partition(is_here);
            let away = match away.as_slice() {
                [] => String::new(),
                away => format!(" Known, and none found so far: {}.", away.join(", ")),
            };
            let more = voices.remark.as_deref().unwrap_or("Keys and the configuration file add more.");
            // A slip is seldom in the first letter.
            let begins = |other: &&str| other.chars().next() == name.chars().next();
            let all = names.iter().copied().chain(self.ways.keys().map(String::as_str));
            let unknown = Error::new(
                ErrorKind::NotFound,
                doing,
                format!("no provider is named {name:?}"),
                format!("Providers are: {}.{away} {more}", here.join(", ")),
            );
            meant(unknown, nearest(name, all.filter(begins)))
        })
    }
}

/// So many pauses are kept for who reads nothing meanwhile.
const PAUSES: usize = 4;

/// What the provider says, and beside it when what it sends is sent again.
fn asked(provider: &dyn Provider, call: Call, net: &Client) -> Events {
    if !provider.is_remote() {
        return provider.serve(call, net);
    }
    let (told, pauses) = mpsc::channel(PAUSES);
    let events = provider.serve(call, &net.telling(told));
    stream::unfold((events, pauses), |(mut events, mut pauses)| async move {
        let item = tokio::select! {
            biased;
            Some(pause) = pauses.recv() => Some(Ok(pause)),
            item = events.next() => item,
        };
        item.map(|item| (item, (events, pauses)))
    })
    .boxed()
}

/// What is served once the gate has let it through, behind its remarks.
fn passed(
    waiting: BoxFuture<'static, Result<Pass>>,
    slot: Arc<OnceLock<Box<dyn Send + Sync>>>,
    serve: impl FnOnce() -> Events + Send + 'static,
) -> Events {
    let served = async move {
        match waiting.await {
            Ok(Pass { remarks, held }) => {
                let remarks = remarks.into_iter().map(|text| Ok(Event::Notice { text }));
                if let Some(held) = held {
                    // One gate is passed once.
                    let _ = slot.set(held);
                }
                stream::iter(remarks).chain(serve()).boxed()
            }
            Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
        }
    };
    stream::once(served).flatten().boxed()
}

/// The weight of the texts that it sends.
pub(super) fn weight_of(call: &Call) -> usize {
    match call {
        Call::Converse(converse) | Call::CountTokens(converse) => converse.weight(),
        Call::Embed { texts, .. } => texts.iter().map(|text| weight(text)).sum(),
        // The query is read with each.
        Call::Rerank(asked) => {
            let texts: usize = asked.texts.iter().map(|text| weight(text)).sum();
            texts + asked.texts.len() * weight(&asked.query)
        }
        Call::Image(picture) => weight(&picture.prompt),
        Call::ListModels | Call::Pull { .. } | Call::Remove { .. } => 0,
    }
}

/// As what it is counted.
pub(super) fn kind(call: &Call) -> SpanKind {
    match call {
        Call::Converse(_) => SpanKind::Converse,
        Call::Embed { .. } => SpanKind::Embed,
        Call::Rerank(_) => SpanKind::Rerank,
        Call::Image(_) => SpanKind::Image,
        Call::ListModels => SpanKind::ListModels,
        Call::CountTokens(_) => SpanKind::CountTokens,
        Call::Pull { .. } => SpanKind::PullModel,
        Call::Remove { .. } => SpanKind::RemoveModel,
    }
}

fn doing(call: &Call) -> String {
    match call {
        Call::Converse(c) => format!("asking {}", c.model),
        Call::Embed { model, .. } => format!("embedding with {model}"),
        Call::Rerank(asked) => format!("reranking with {}", asked.model),
        Call::Image(picture) => format!("making a picture with {}", picture.model),
        Call::ListModels => "listing models".to_owned(),
        Call::CountTokens(c) => format!("counting tokens with {}", c.model),
        Call::Pull { model } => format!("fetching {model}"),
        Call::Remove { model } => format!("removing {model}"),
    }
}

#[cfg(test)]
mod tests;
