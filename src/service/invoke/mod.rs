//! The one place where models are used.
//!
//! Every call, from chat, compare, retrieval, agents, judges or replays, runs through [`Invoke::serve`]:
//! budget → input checks → provider → reasoning told apart → output checks → span.

mod check;
mod seen;
mod thinking;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::{Duration, Instant};

pub use check::Check;
use seen::SeenCards;

use crate::domain::call::Call;
use crate::domain::catalog::ModelId;
use crate::domain::delta::{Event, Fold};
use crate::domain::id::{ConversationId, MessageId, SpanId};
use crate::domain::message::{Block, Timing};
use crate::domain::trace::{Span, SpanKind, SpanStatus};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::provider::{Events, Provider};
use crate::service::fresh;

/// Under which trace, for how long, for how much and with which way to the network a call is made. There are none by
/// default: each call of the door makes its own.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What the call may reach; whoever fetches something for it takes this.
    pub net: Client,
    pub parent_span: Option<SpanId>,
    pub deadline: Option<Duration>,
    /// Tokens that may be written at most.
    pub budget_tokens: Option<u64>,
    pub conversation: Option<ConversationId>,
    pub answer: Option<MessageId>,
}

impl Terms {
    /// No parent, deadline or budget.
    pub fn new(net: Client) -> Self {
        Self { net, parent_span: None, deadline: None, budget_tokens: None, conversation: None, answer: None }
    }
}

/// Takes every finished span. Called when a call ends, for whatever reason; it must not block.
pub trait SpanSink: Send + Sync + std::fmt::Debug {
    fn record(&self, span: Span);
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
    spans: Arc<dyn SpanSink>,
    cards: Arc<SeenCards>,
}

impl Invoke {
    /// Providers by their names.
    pub fn new(
        providers: impl IntoIterator<Item = Arc<dyn Provider>>,
        checks: Vec<Arc<dyn Check>>,
        spans: Arc<dyn SpanSink>,
    ) -> Self {
        Self {
            voices: RwLock::new(Arc::new(Voices::of(providers, None))),
            checks,
            spans,
            cards: Arc::default(),
        }
    }

    /// Puts other providers in the place of those that there are; `remark` is said to who asks for one that is not there.
    pub fn replace(&self, providers: impl IntoIterator<Item = Arc<dyn Provider>>, remark: Option<String>) {
        let voices = Arc::new(Voices::of(providers, remark));
        *self.voices.write().unwrap_or_else(PoisonError::into_inner) = voices;
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

    /// Whether a model's provider is configured; the error names those that are.
    pub fn knows(&self, model: &ModelId) -> Result<()> {
        self.provider(model.provider(), &format!("asking {model}")).map(|_| ())
    }

    /// Serves a call of `model`'s provider. Dropping the stream cancels the call; the span is recorded all the same.
    pub fn serve(&self, model: &ModelId, call: Call, terms: &Terms) -> Events {
        self.serve_by(model.provider(), call, terms)
    }

    /// Serves a call of the named provider.
    pub fn serve_by(&self, provider: &str, mut call: Call, terms: &Terms) -> Events {
        let doing = doing(&call);
        let mut serving = Serving {
            span: Span {
                id: fresh::span_id(),
                parent: terms.parent_span,
                kind: kind(&call),
                provider: provider.to_owned(),
                model: call.model().cloned(),
                started: fresh::now(),
                timing: Timing::default(),
                usage: crate::domain::message::Usage::default(),
                status: SpanStatus::Cancelled,
                conversation: terms.conversation,
                answer: terms.answer,
            },
            began: Instant::now(),
            deadline: terms.deadline.map(|d| Instant::now() + d),
            fold: Fold::default(),
            checks: self.checks.clone(),
            spans: Arc::clone(&self.spans),
            cards: Arc::clone(&self.cards),
            events: stream::empty().boxed(),
            pending: None,
            ended: false,
            doing,
        };
        match self.admit(provider, &mut call, terms.budget_tokens, &serving.doing) {
            Ok(provider) => {
                let thinks = thinking::may_open(&call);
                let events = provider.serve(call, &terms.net);
                serving.events = if thinks { thinking::apart(events) } else { events };
            }
            Err(error) => serving.events = stream::once(std::future::ready(Err(error))).boxed(),
        }
        stream::unfold(serving, |mut serving| async move { serving.next().await.map(|item| (item, serving)) })
            .boxed()
    }

    /// The provider of a call that may be made: within its budget, within what the model can do, and let through by
    /// every check.
    fn admit(
        &self,
        provider: &str,
        call: &mut Call,
        budget_tokens: Option<u64>,
        doing: &str,
    ) -> Result<Arc<dyn Provider>> {
        let provider = self.provider(provider, doing)?;
        self.cards.admit(call, doing)?;
        if let (Call::Converse(converse), Some(budget)) = (&mut *call, budget_tokens) {
            let budget = u32::try_from(budget).unwrap_or(u32::MAX);
            let asked = converse.settings.max_tokens.unwrap_or(u32::MAX);
            converse.settings.max_tokens = Some(asked.min(budget));
        }
        for check in &self.checks {
            check.input(call)?;
        }
        Ok(provider)
    }

    fn provider(&self, name: &str, doing: &str) -> Result<Arc<dyn Provider>> {
        let voices = self.voices();
        voices.by_name.get(name).cloned().ok_or_else(|| {
            let names: Vec<_> = voices.by_name.keys().map(String::as_str).collect();
            let more = voices.remark.as_deref().unwrap_or("The configuration file adds more.");
            Error::new(
                ErrorKind::NotFound,
                doing,
                format!("no provider is named {name:?}"),
                format!("Providers are: {}. {more}", names.join(", ")),
            )
        })
    }
}

/// One call in flight. Dropped early, it records a cancelled span.
struct Serving {
    doing: String,
    span: Span,
    began: Instant,
    deadline: Option<Instant>,
    fold: Fold,
    checks: Vec<Arc<dyn Check>>,
    spans: Arc<dyn SpanSink>,
    cards: Arc<SeenCards>,
    events: Events,
    /// What a check put behind the last event.
    pending: Option<Event>,
    ended: bool,
}

impl Serving {
    async fn next(&mut self) -> Option<Result<Event>> {
        if self.ended {
            return None;
        }
        if let Some(event) = self.pending.take() {
            self.fold.push(&event);
            return Some(Ok(event));
        }
        let next = match self.deadline {
            None => self.events.next().await,
            Some(deadline) => match tokio::time::timeout_at(deadline, self.events.next()).await {
                Ok(next) => next,
                Err(_) => Some(Err(Error::new(
                    ErrorKind::Timeout,
                    &self.doing,
                    "the time given to the call is over",
                    "Give it more time.",
                ))),
            },
        };
        match next {
            Some(Ok(event)) => Some(self.take_in(event)),
            Some(Err(error)) => {
                self.span.status = SpanStatus::Failed { kind: error.kind.clone() };
                self.ended = true;
                Some(Err(error))
            }
            None => {
                self.span.status = SpanStatus::Done;
                self.ended = true;
                None
            }
        }
    }

    fn take_in(&mut self, event: Event) -> Result<Event> {
        if self.span.timing.first_token_ms.is_none()
            && matches!(event, Event::Text { .. } | Event::Reasoning { .. } | Event::ToolUse { .. })
        {
            self.span.timing.first_token_ms = Some(self.elapsed_ms());
        }
        match &event {
            Event::Models { cards } => self.cards.keep(&self.span.provider, cards),
            _ => self.fold.push(&event),
        }
        if ends(&event) {
            // The caller may leave now, and has all that it asked for.
            self.span.status = SpanStatus::Done;
        }
        if !self.checks.is_empty() {
            let answer: String = self
                .fold
                .blocks
                .iter()
                .filter_map(|b| if let Block::Text { text } = b { Some(text.as_str()) } else { None })
                .collect();
            for check in &self.checks {
                match check.output(&answer, &event) {
                    Ok(None) => {}
                    Ok(replaced) => {
                        self.pending = replaced;
                        break;
                    }
                    Err(error) => {
                        self.span.status = SpanStatus::Failed { kind: error.kind.clone() };
                        self.ended = true;
                        return Err(error);
                    }
                }
            }
        }
        Ok(event)
    }

    fn elapsed_ms(&self) -> u32 {
        u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.span.timing.total_ms = Some(self.elapsed_ms());
        self.span.usage = self.fold.usage;
        self.spans.record(self.span.clone());
    }
}

/// Whether nothing that the caller needs comes behind this event.
fn ends(event: &Event) -> bool {
    matches!(
        event,
        Event::Stop { .. } | Event::Models { .. } | Event::Tokens { .. } | Event::Embeddings { .. }
    )
}

fn kind(call: &Call) -> SpanKind {
    match call {
        Call::Converse(_) => SpanKind::Converse,
        Call::Embed { .. } => SpanKind::Embed,
        Call::Image(_) => SpanKind::Image,
        Call::ListModels => SpanKind::ListModels,
        Call::CountTokens(_) => SpanKind::CountTokens,
    }
}

fn doing(call: &Call) -> String {
    match call {
        Call::Converse(c) => format!("asking {}", c.model),
        Call::Embed { model, .. } => format!("embedding with {model}"),
        Call::Image(picture) => format!("making a picture with {}", picture.model),
        Call::ListModels => "listing models".to_owned(),
        Call::CountTokens(c) => format!("counting tokens with {}", c.model),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::domain::call::{Blobs, Converse};
    use crate::domain::message::{Role, StopReason, Usage};
    use crate::domain::settings::Settings;
    use crate::net::{EgressLog, NetOptions, Network, Reach};

    fn terms() -> Terms {
        Terms::new(Network::new(NetOptions::default(), Arc::new(EgressLog)).client(Reach::default()))
    }

    #[derive(Debug, Default)]
    struct Kept(Mutex<Vec<Span>>);

    impl SpanSink for Kept {
        fn record(&self, span: Span) {
            self.0.lock().unwrap().push(span);
        }
    }

    /// Says its texts, then stops; or never ends.
    #[derive(Debug)]
    struct Voice {
        texts: Vec<&'static str>,
        endless: bool,
    }

    impl Provider for Voice {
        fn name(&self) -> &'static str {
            "voice"
        }

        fn serve(&self, call: Call, _: &Client) -> Events {
            if matches!(call, Call::ListModels) {
                return stream::iter([Ok(Event::Models { cards: Vec::new() })]).boxed();
            }
            let Call::Converse(converse) = call else { return stream::empty().boxed() };
            let usage = Usage { output: converse.settings.max_tokens, ..Usage::default() };
            let texts: Vec<_> =
                self.texts.iter().map(|t| Ok(Event::Text { text: (*t).to_owned() })).collect();
            let end = [Ok(Event::Usage { usage }), Ok(Event::Stop { reason: StopReason::EndTurn })];
            if self.endless {
                stream::iter(texts).chain(stream::pending()).boxed()
            } else {
                stream::iter(texts.into_iter().chain(end)).boxed()
            }
        }
    }

    /// Blocks a word that comes in and masks one that goes out.
    #[derive(Debug)]
    struct Masks;

    impl Check for Masks {
        fn input(&self, call: &mut Call) -> Result<()> {
            match call {
                Call::Converse(c) if c.system.as_deref() == Some("bomb") => {
                    Err(Error::new(ErrorKind::Invalid, "checking", "blocked", ""))
                }
                _ => Ok(()),
            }
        }

        fn output(&self, answer: &str, _: &Event) -> Result<Option<Event>> {
            Ok(answer.find("secret").map(|from| Event::Replace {
                from,
                text: "***".into(),
                why: "word".into(),
            }))
        }
    }

    fn call(system: &str) -> (ModelId, Call) {
        let model: ModelId = "voice/one".parse().unwrap();
        let converse = Converse {
            model: model.clone(),
            system: Some(system.to_owned()),
            turns: vec![],
            settings: Settings::default(),
            conversation: None,
            blobs: Blobs::default(),
        };
        (model, Call::Converse(converse))
    }

    fn invoke(voice: Voice, checks: Vec<Arc<dyn Check>>) -> (Invoke, Arc<Kept>) {
        let kept = Arc::new(Kept::default());
        (Invoke::new([Arc::new(voice) as Arc<dyn Provider>], checks, Arc::clone(&kept) as _), kept)
    }

    #[tokio::test]
    async fn a_served_call_leaves_one_span_with_its_usage() {
        let (invoke, kept) = invoke(Voice { texts: vec!["hi"], endless: false }, vec![]);
        let (model, call) = call("");
        let terms = Terms { budget_tokens: Some(9), ..terms() };
        let events: Vec<_> = invoke.serve(&model, call, &terms).collect().await;
        assert_eq!(events.len(), 3);
        let spans = kept.0.lock().unwrap();
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].status, SpanStatus::Done);
        assert_eq!(spans[0].usage.output, Some(9), "the budget bounds what may be written");
    }

    #[tokio::test]
    async fn dropping_the_stream_records_a_cancelled_span() {
        let (invoke, kept) = invoke(Voice { texts: vec!["hi"], endless: true }, vec![]);
        let (model, call) = call("");
        let mut events = invoke.serve(&model, call, &terms());
        assert!(events.next().await.unwrap().is_ok());
        drop(events);
        assert_eq!(kept.0.lock().unwrap()[0].status, SpanStatus::Cancelled);
    }

    #[tokio::test]
    async fn who_has_heard_what_was_asked_for_cancels_nothing_by_leaving() {
        let (invoke, kept) = invoke(Voice { texts: vec![], endless: false }, vec![]);
        let mut events = invoke.serve_by("voice", Call::ListModels, &terms());
        assert!(events.next().await.unwrap().is_ok());
        drop(events);
        assert_eq!(kept.0.lock().unwrap()[0].status, SpanStatus::Done);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_ends_at_its_deadline() {
        let (invoke, kept) = invoke(Voice { texts: vec!["hi"], endless: true }, vec![]);
        let (model, call) = call("");
        let terms = Terms { deadline: Some(Duration::from_secs(5)), ..terms() };
        let events: Vec<_> = invoke.serve(&model, call, &terms).collect().await;
        assert_eq!(events[1].as_ref().unwrap_err().kind, ErrorKind::Timeout);
        assert_eq!(kept.0.lock().unwrap()[0].status, SpanStatus::Failed { kind: ErrorKind::Timeout });
    }

    #[tokio::test]
    async fn checks_block_what_goes_in_and_take_back_what_came_out() {
        let voice = || Voice { texts: vec!["the secret", " is out"], endless: false };
        let (blocked, _) = invoke(voice(), vec![Arc::new(Masks)]);
        let (model, bomb) = call("bomb");
        let events: Vec<_> = blocked.serve(&model, bomb, &terms()).collect().await;
        assert!(matches!(&events[..], [Err(e)] if e.kind == ErrorKind::Invalid));

        let (masked, _) = invoke(voice(), vec![Arc::new(Masks)]);
        let (model, fine) = call("");
        let mut fold = Fold::default();
        let events: Vec<_> = masked.serve(&model, fine, &terms()).collect().await;
        for event in events {
            fold.push(&event.unwrap());
        }
        assert_eq!(fold.blocks, [Block::Text { text: "the *** is out".into() }]);
    }

    #[tokio::test]
    async fn reasoning_in_a_voice_s_text_is_told_apart_and_counts_as_the_first_token() {
        let texts = vec!["<thi", "nk>hm</th", "ink>\n\nthe ", "answer"];
        let (invoke, kept) = invoke(Voice { texts, endless: false }, vec![]);
        let (model, call) = call("");
        let mut fold = Fold::default();
        for event in invoke.serve(&model, call, &terms()).collect::<Vec<_>>().await {
            fold.push(&event.unwrap());
        }
        let thought = Block::Reasoning { text: "hm".into(), signature: None };
        assert_eq!(fold.blocks, [thought, Block::Text { text: "the answer".into() }]);
        assert_eq!(fold.stop, Some(StopReason::EndTurn));
        assert!(kept.0.lock().unwrap()[0].timing.first_token_ms.is_some());
    }

    #[tokio::test]
    async fn what_continues_an_answer_is_past_its_reasoning() {
        let (invoke, _) = invoke(Voice { texts: vec!["<think> is a tag"], endless: false }, vec![]);
        let (model, mut call) = call("");
        if let Call::Converse(converse) = &mut call {
            let blocks = vec![Block::Text { text: "The word ".into() }];
            converse.turns = vec![crate::domain::call::Turn { role: Role::Assistant, blocks }];
        }
        let first = invoke.serve(&model, call, &terms()).next().await.unwrap();
        assert_eq!(first, Ok(Event::Text { text: "<think> is a tag".into() }));
    }

    #[tokio::test]
    async fn an_unknown_provider_is_an_error_that_names_the_known_ones() {
        let (invoke, _) = invoke(Voice { texts: vec![], endless: false }, vec![]);
        let error = invoke.knows(&"nobody/x".parse().unwrap()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(error.hint.contains("voice"), "{error}");
        invoke.replace([], Some("The file is broken.".into()));
        let error = invoke.knows(&"voice/x".parse().unwrap()).unwrap_err();
        assert!(error.hint.ends_with("The file is broken."), "{error}");
    }
}
