//! What every call passes, with voices made up for it.

mod endless;
mod longest;
mod priority;
mod range;
mod unsent;

use std::sync::Mutex;

use super::lost::gone;
use super::*;
use crate::domain::attachment::fenced;
use crate::domain::call::{Blobs, Converse, Turn};
use crate::domain::catalog::{Capability, ModelCard, Price};
use crate::domain::delta::{Event, Pause};
use crate::domain::known::Correction;
use crate::domain::message::{Block, Role, StopReason, Timing, Usage};
use crate::domain::settings::Settings;
use crate::domain::trace::SpanStatus;
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
        let texts: Vec<_> = self.texts.iter().map(|t| Ok(Event::Text { text: (*t).to_owned() })).collect();
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
        Ok(answer.find("secret").map(|from| Event::Replace { from, text: "***".into(), why: "word".into() }))
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

/// A voice whose server cuts what is too long.
#[derive(Debug)]
struct Cuts;

impl Provider for Cuts {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn may_cut(&self) -> bool {
        true
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        Voice { texts: vec!["hi"], endless: false }.serve(call, net)
    }
}

#[tokio::test]
async fn a_conversation_that_a_server_may_cut_is_said_to_be_too_long() {
    let invoke = Invoke::new([Arc::new(Cuts) as Arc<dyn Provider>], vec![], Arc::new(Kept::default()));
    let said = Correction { context: Some(1_000), ..Correction::default() };
    invoke.correct(Corrections::from([("voice/one".parse().unwrap(), said)]));
    let asked = |bytes: usize| {
        let (model, mut call) = call("");
        if let Call::Converse(converse) = &mut call {
            let text = "x".repeat(bytes);
            converse.turns = vec![Turn { role: Role::User, blocks: vec![Block::Text { text }] }];
        }
        invoke.serve(&model, call, &terms()).collect::<Vec<_>>()
    };
    assert!(matches!(&asked(4_000).await[0], Ok(Event::Text { .. })));
    let long = asked(4_001).await;
    let [Ok(Event::Notice { text }), Ok(Event::Text { .. }), ..] = &long[..] else { panic!("{long:?}") };
    assert!(text.contains("about 1,001 tokens") && text.contains("runs with 1,000"), "{text}");
    assert!(text.contains("[models.\"voice/one\"]"), "{text}");
}

/// Says a word and then fails.
#[derive(Debug)]
struct BreaksOff(ErrorKind);

impl Provider for BreaksOff {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn serve(&self, _: Call, _: &Client) -> Events {
        let error = Error::new(self.0.clone(), "asking", "it failed", "");
        stream::iter([Ok(Event::Text { text: "hi".to_owned() }), Err(error)]).boxed()
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_one_span_that_says_how() {
    for kind in [ErrorKind::Network, ErrorKind::Timeout] {
        let kept = Arc::new(Kept::default());
        let voice = Arc::new(BreaksOff(kind.clone())) as Arc<dyn Provider>;
        let invoke = Invoke::new([voice], vec![], Arc::clone(&kept) as _);
        let (model, call) = call("");
        let events: Vec<_> = invoke.serve(&model, call, &terms()).collect().await;
        assert!(matches!(&events[..], [Ok(_), Err(error)] if error.kind == kind), "{events:?}");
        let spans = kept.0.lock().unwrap();
        let [span] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!(span.status, SpanStatus::Failed { kind });
    }
}

#[tokio::test]
async fn a_call_that_a_check_blocks_leaves_one_span_that_says_so() {
    let (invoke, kept) = invoke(Voice { texts: vec!["hi"], endless: false }, vec![Arc::new(Masks)]);
    let (model, bomb) = call("bomb");
    let events: Vec<_> = invoke.serve(&model, bomb, &terms()).collect().await;
    assert!(matches!(&events[..], [Err(error)] if error.kind == ErrorKind::Invalid), "{events:?}");
    let spans = kept.0.lock().unwrap();
    let [span] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(span.status, SpanStatus::Failed { kind: ErrorKind::Invalid });
}

#[tokio::test]
async fn attached_texts_are_weighed_against_the_context_before_they_are_sent() {
    let (invoke, kept) = invoke(Voice { texts: vec!["hi"], endless: false }, vec![]);
    let asked = |text: String| {
        let (model, mut call) = call("");
        if let Call::Converse(converse) = &mut call {
            converse.turns = vec![Turn { role: Role::User, blocks: vec![Block::Text { text }] }];
        }
        invoke.serve(&model, call, &terms()).collect::<Vec<_>>()
    };
    let file = |bytes: usize| fenced("notes.txt", &"x".repeat(bytes));
    assert!(matches!(&asked(file(40_000)).await[0], Ok(Event::Text { .. })), "an unknown context is asked");
    let said = Correction { context: Some(1_000), ..Correction::default() };
    invoke.correct(Corrections::from([("voice/one".parse().unwrap(), said)]));
    assert!(matches!(&asked(file(3_999)).await[0], Ok(Event::Text { .. })));
    let written = asked("x".repeat(40_000)).await;
    assert!(matches!(&written[0], Ok(Event::Text { .. })), "what is no file is the server's to judge");
    let near = asked(file(7_999)).await;
    let [Ok(Event::Notice { text }), Ok(Event::Text { .. }), ..] = &near[..] else { panic!("{near:?}") };
    assert_eq!(
        text,
        "the attached texts are about 2,000 tokens, and voice/one takes 1,000 of context: they may not fit"
    );
    let blanks = asked(fenced("table.csv", &format!("{}\n", " ".repeat(12_000)))).await;
    assert!(matches!(&blanks[0], Ok(Event::Text { .. })), "sixteen blanks are about one token: {blanks:?}");
    let far = asked(file(8_099)).await;
    let [Err(error)] = &far[..] else { panic!("{far:?}") };
    assert_eq!(error.kind, ErrorKind::ContextLength { tokens: 2_025, limit: 1_000 });
    assert!(error.hint.contains("[models.\"voice/one\"]"), "{error}");
    assert!(matches!(kept.0.lock().unwrap().last().unwrap().status, SpanStatus::Failed { .. }));
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

/// Keeps what begins.
#[derive(Debug, Default)]
struct Begun(Mutex<Vec<Span>>);

impl SpanSink for Begun {
    fn record(&self, _: Span) {}

    fn call(&self, span: Span) {
        self.0.lock().unwrap().push(span);
    }
}

#[tokio::test]
async fn a_call_for_a_step_is_told_when_it_begins_and_one_that_is_refused_here_never_does() {
    let begun = Arc::new(Begun::default());
    let voice = Arc::new(Voice { texts: vec!["hi"], endless: true }) as Arc<dyn Provider>;
    let invoke = Invoke::new([voice], vec![], Arc::clone(&begun) as _);
    let parent = Some(fresh::span_id());
    let alone = terms();
    let part = Terms { parent_span: parent, ..terms() };
    let refused = Terms { budget_tokens: Some(0), ..part.clone() };
    for terms in [&alone, &refused, &part] {
        let (model, call) = call("");
        let mut events = invoke.serve(&model, call, terms);
        let _ = events.next().await;
    }
    let begun = begun.0.lock().unwrap();
    let [span] = &begun[..] else { panic!("{begun:?}") };
    assert_eq!((span.parent, span.running), (parent, Some(span.started)));
    assert_eq!(span.model, Some("voice/one".parse().unwrap()));
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

/// Fails as it is told.
#[derive(Debug)]
struct Failing(ErrorKind);

impl Provider for Failing {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn serve(&self, _: Call, _: &Client) -> Events {
        let error = Error::new(self.0.clone(), "asking", "it is so", "");
        stream::once(std::future::ready(Err(error))).boxed()
    }
}

#[tokio::test]
async fn every_outcome_leaves_one_span_that_says_whose_it_was_and_how_it_ended() {
    let parent = fresh::span_id();
    let failed = |kind| SpanStatus::Failed { kind };
    let refused = ErrorKind::Refused { capability: "vision".into() };
    for (kind, budget_tokens, provider, status) in [
        (ErrorKind::Cancelled, None, "voice", SpanStatus::Cancelled),
        (ErrorKind::Overloaded, None, "voice", failed(ErrorKind::Overloaded)),
        (refused.clone(), None, "voice", failed(refused)),
        (ErrorKind::Overloaded, Some(0), "voice", failed(ErrorKind::Invalid)),
        (ErrorKind::Overloaded, None, "nobody", failed(ErrorKind::NotFound)),
    ] {
        let kept = Arc::new(Kept::default());
        let voice = Arc::new(Failing(kind)) as Arc<dyn Provider>;
        let invoke = Invoke::new([voice], vec![], Arc::clone(&kept) as _);
        let (_, call) = call("");
        let terms =
            Terms { principal: "somebody".into(), parent_span: Some(parent), budget_tokens, ..terms() };
        let events: Vec<_> = invoke.serve_by(provider, call, &terms).collect().await;
        assert!(matches!(&events[..], [Err(_)]), "{events:?}");
        let spans = kept.0.lock().unwrap();
        let [span] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!((&span.status, span.provider.as_str()), (&status, provider));
        assert_eq!((span.principal.as_str(), span.parent), ("somebody", Some(parent)));
        assert!(span.timing.total_ms.is_some());
    }
}

/// A voice by the name of one that the catalogue knows; it lists one model and finds none.
#[derive(Debug)]
struct Forgetful;

impl Provider for Forgetful {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn serve(&self, call: Call, _: &Client) -> Events {
        if matches!(call, Call::ListModels) {
            let card = |name| ModelCard { context: Some(7), ..ModelCard::unknown(known_model(name)) };
            let cards = ["gpt-4o", "gpt-image-1", "of-tomorrow", "of-tomorrow-embed"].map(card);
            return stream::iter([Ok(Event::Models { cards: cards.to_vec() })]).boxed();
        }
        let lost = Error::new(ErrorKind::NotFound, "asking", "no such model", "Look at the list.");
        stream::iter([Err(lost)]).boxed()
    }
}

fn known_model(name: &str) -> ModelId {
    ModelId::new("openai", name).unwrap()
}

/// How asking it fails.
async fn failure(invoke: &Invoke, model: &str) -> Error {
    let (_, mut call) = call("");
    let model = known_model(model);
    if let Call::Converse(converse) = &mut call {
        converse.model = model.clone();
    }
    invoke.serve(&model, call, &terms()).next().await.unwrap().unwrap_err()
}

fn forgetful() -> Invoke {
    let voice: Arc<dyn Provider> = Arc::new(Forgetful);
    Invoke::new([voice], Vec::new(), Arc::new(Kept::default()))
}

#[tokio::test]
async fn what_a_model_is_known_to_lack_is_refused_though_its_provider_never_listed_it() {
    let invoke = forgetful();
    let error = failure(&invoke, "text-embedding-3-small").await;
    assert_eq!(error.kind, ErrorKind::Refused { capability: "chat".into() });
    assert!(error.why.contains("openai/text-embedding-3-small has no chat"), "{error}");
    assert_eq!(failure(&invoke, "of-tomorrow").await.kind, ErrorKind::NotFound);

    let said = Correction { can: vec![Capability::Chat], ..Correction::default() };
    invoke.correct([(known_model("text-embedding-3-small"), said)].into());
    assert_eq!(failure(&invoke, "text-embedding-3-small").await.kind, ErrorKind::NotFound);
    let said = Correction { lacks: vec![Capability::Chat], ..Correction::default() };
    invoke.correct([(known_model("of-tomorrow"), said)].into());
    assert!(matches!(failure(&invoke, "of-tomorrow").await.kind, ErrorKind::Refused { .. }));
}

#[tokio::test]
async fn a_retired_model_that_is_not_found_names_its_successor() {
    let invoke = forgetful();
    let error = failure(&invoke, "gpt-4-turbo").await;
    assert_eq!(error.hint, "It is retired; its successor is openai/gpt-5.6-sol. Look at the list.");
    assert_eq!(failure(&invoke, "gpt-4o").await.hint, "Look at the list.");
}

#[tokio::test]
async fn a_model_that_is_not_found_names_the_one_that_was_meant_of_those_that_were_shown() {
    let invoke = forgetful();
    assert_eq!(failure(&invoke, "of-tomorow").await.hint, "Look at the list.", "nobody is asked");
    let _: Vec<_> = invoke.serve_by("openai", Call::ListModels, &terms()).collect().await;
    let error = failure(&invoke, "of-tomorow").await;
    assert_eq!(error.hint, "Did you mean openai/of-tomorrow? Look at the list.");
    assert_eq!(failure(&invoke, "of-tomorrow").await.hint, "Look at the list.", "it is there");
    assert_eq!(failure(&invoke, "another-one").await.hint, "Look at the list.");
    let unknown = invoke.is_there(&"opnai/of-tomorrow".parse().unwrap()).unwrap_err();
    assert!(unknown.hint.starts_with("Did you mean openai? Providers are: openai."), "{unknown}");
}

/// A server that may run here.
#[derive(Debug)]
struct Perhaps;

impl Provider for Perhaps {
    fn name(&self) -> &'static str {
        "vllm"
    }

    fn is_optional(&self) -> bool {
        true
    }

    fn serve(&self, _: Call, _: &Client) -> Events {
        let cards = vec![ModelCard::unknown("vllm/there".parse().unwrap())];
        stream::iter([Ok(Event::Models { cards })]).boxed()
    }
}

#[tokio::test]
async fn servers_that_may_run_here_are_named_apart_until_one_shows_a_model() {
    let voices: [Arc<dyn Provider>; 2] = [Arc::new(Forgetful), Arc::new(Perhaps)];
    let invoke = Invoke::new(voices, Vec::new(), Arc::new(Kept::default()));
    let unknown = || invoke.is_there(&"nobody/m".parse().unwrap()).unwrap_err().hint;
    let hint = unknown();
    assert!(hint.starts_with("Providers are: openai. Known, and none found so far: vllm."), "{hint}");
    let _: Vec<_> = invoke.serve_by("vllm", Call::ListModels, &terms()).collect().await;
    let hint = unknown();
    assert!(hint.starts_with("Providers are: openai, vllm. "), "{hint}");
}

#[test]
fn a_retired_model_names_its_successor_in_whatever_words_it_is_refused() {
    let named = |kind: ErrorKind, why: &str| {
        let error = gone(Error::new(kind, "asking", why, "Look."), &known_model("next"));
        error.hint == "It is retired; its successor is openai/next. Look."
    };
    for (kind, why) in [
        (ErrorKind::Invalid, "the server says (400): The provided model identifier is invalid."),
        (
            ErrorKind::Auth,
            "the server says (403): You don't have access to the model with the specified model ID.",
        ),
        (
            ErrorKind::Invalid,
            "the server says (400): The model `x` has been decommissioned and is no longer supported.",
        ),
        (ErrorKind::Invalid, "the server says (400): Model Not Exist"),
        (ErrorKind::Invalid, "the server says (400): Invalid model: x"),
        (ErrorKind::NotFound, "the server says (404): The model `x` has been deprecated"),
    ] {
        assert!(named(kind, why), "{why}");
    }
    assert!(!named(ErrorKind::Auth, "the server says (401): Incorrect API key provided"));
    assert!(!named(ErrorKind::Invalid, "the server says (400): temperature is out of range"));
    assert!(!named(ErrorKind::Timeout, "the model is no longer waited for"));
}

#[tokio::test]
async fn cards_are_completed_on_their_way_and_the_persons_word_wins() {
    let invoke = forgetful();
    let said = Correction { max_output: Some(5), ..Correction::default() };
    invoke.correct([(known_model("gpt-4o"), said)].into());
    let event = invoke.serve_by("openai", Call::ListModels, &terms()).next().await.unwrap().unwrap();
    let Event::Models { cards } = event else { panic!("{event:?}") };
    let card = &cards[0];
    assert_eq!((card.title.as_str(), card.context, card.max_output), ("GPT-4o", Some(7), Some(5)));
    assert_eq!(card.can(Capability::Vision), Some(true));
    assert!(card.price.is_some());
    let chats: Vec<_> = cards.iter().map(|card| card.can(Capability::Chat)).collect();
    assert_eq!(
        chats,
        [Some(true), Some(false), None, None],
        "a guess is worth less than the catalogue, and is none of its facts"
    );
    assert_eq!((cards[1].guess, cards[2].guess), (None, Some(Capability::Chat)));
    let refused = failure(&invoke, "gpt-image-1").await;
    assert_eq!(refused.kind, ErrorKind::Refused { capability: "chat".into() });
}

/// Waits in a line for a minute, then thinks for two seconds and writes for three.
#[derive(Debug)]
struct Waits;

impl Provider for Waits {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn serve(&self, _: Call, _: &Client) -> Events {
        let text = || Event::Text { text: "x".to_owned() };
        let events = [
            (0, Event::Queued { ahead: 1 }),
            (20, Event::Paused { pause: Pause::RateLimit { per_minute: 1 }, ms: 40_000 }),
            (40, Event::Begun),
            (2, text()),
            (3, text()),
            (0, Event::Stop { reason: StopReason::EndTurn }),
        ];
        stream::iter(events)
            .then(|(seconds, event)| async move {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(event)
            })
            .boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn the_clock_begins_behind_the_line_and_who_asks_reads_the_same_one() {
    let kept = Arc::new(Kept::default());
    let invoke = Invoke::new([Arc::new(Waits) as Arc<dyn Provider>], Vec::new(), Arc::clone(&kept) as _);
    let (model, call) = call("");
    let clock = Clock::default();
    let terms = Terms { clock: Some(clock.clone()), ..terms() };
    assert_eq!(clock.timing(), Timing::default(), "it has not begun");
    let events: Vec<_> = invoke.serve(&model, call, &terms).collect().await;
    assert_eq!(events.len(), 6);
    let timing = Timing { first_token_ms: Some(2_000), total_ms: Some(5_000), ..Timing::default() };
    assert_eq!(clock.timing(), timing);
    assert_eq!(kept.0.lock().unwrap()[0].timing, timing);
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(clock.timing(), timing, "it stands still");
}

#[tokio::test]
async fn who_asks_counts_what_writes_and_nothing_that_was_not_sent() {
    let (invoke, _) = invoke(Voice { texts: vec!["hi"], endless: false }, vec![Arc::new(Masks)]);
    let meter = Meter::default();
    let terms = Terms { meter: Some(meter.clone()), budget_tokens: Some(9), ..terms() };
    for system in ["", "bomb"] {
        let (model, call) = call(system);
        let _: Vec<_> = invoke.serve(&model, call, &terms).collect().await;
    }
    let _: Vec<_> = invoke.serve_by("voice", Call::ListModels, &terms).collect().await;
    let counted = meter.take();
    assert_eq!(counted.len(), 1, "{counted:?}");
    assert_eq!((counted[0].model.to_string().as_str(), counted[0].usage.output), ("voice/one", Some(9)));
    assert!(meter.take().is_empty(), "once");
}

/// Lets everything through after a minute.
#[derive(Debug)]
struct Slow;

impl Gate for Slow {
    fn admit(&self, _: &Call, _: &str, _: Prices) -> Option<BoxFuture<'static, Result<Pass>>> {
        Some(
            async {
                tokio::time::sleep(Duration::from_mins(1)).await;
                Ok(Pass::default())
            }
            .boxed(),
        )
    }

    fn after(&self, _: &Call, _: Prices) -> Option<BoxFuture<'static, Vec<String>>> {
        None
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_gate_takes_is_no_part_of_the_answers_time() {
    let (invoke, kept) = invoke(Voice { texts: vec!["hi"], endless: false }, vec![]);
    let (model, call) = call("");
    let events: Vec<_> = invoke.behind(Arc::new(Slow)).serve(&model, call, &terms()).collect().await;
    assert_eq!(events.len(), 3);
    let timing = Timing { first_token_ms: Some(0), total_ms: Some(0), ..Timing::default() };
    assert_eq!(kept.0.lock().unwrap()[0].timing, timing);
}

/// A server at an address, or a cassette.
#[derive(Debug)]
struct Placed(&'static str, Option<&'static str>);

impl Provider for Placed {
    fn name(&self) -> &str {
        self.0
    }

    fn address(&self) -> Option<String> {
        self.1.map(str::to_owned)
    }

    fn is_free(&self) -> bool {
        self.1.is_none()
    }

    fn serve(&self, _: Call, _: &Client) -> Events {
        stream::empty().boxed()
    }
}

#[test]
fn a_server_that_is_no_vendors_has_none_of_its_facts_and_what_is_played_costs_nothing() {
    let voices: [Arc<dyn Provider>; 3] = [
        Arc::new(Placed("openai", Some("http://127.0.0.1:8080/v1"))),
        Arc::new(Placed("anthropic", Some("https://api.anthropic.com/v1"))),
        Arc::new(Placed("demo", None)),
    ];
    let invoke = Invoke::new(voices, Vec::new(), Arc::new(Kept::default()));
    let input = |id: &str| invoke.prices().of(&id.parse().unwrap()).map(|price| price.input);
    assert_eq!(input("openai/gpt-4"), None);
    assert_eq!(invoke.card(&"openai/gpt-4".parse().unwrap()).price, None);
    assert_eq!(invoke.card(&"openai/gpt-4".parse().unwrap()).context, None, "nor anything else");
    assert!(input("anthropic/claude-opus-4-5").unwrap().is_some());
    assert_eq!(input("demo/openai/gpt-4"), Some(Some(0.0)));
    for free in ["demo/openai/gpt-4", "local/smollm2-135m"] {
        let free = free.parse().unwrap();
        assert_eq!(invoke.card(&free).price, Some(Price::nothing()), "its card says what the sums go by");
        assert_eq!(invoke.prices().of(&free), Some(Price::nothing()));
    }
    let said = Correction { input_price: Some(2.0), ..Correction::default() };
    invoke.correct(Corrections::from([("openai/gpt-4".parse().unwrap(), said)]));
    assert_eq!(input("openai/gpt-4"), Some(Some(2.0)), "the person's word wins");
    invoke
        .replace([Arc::new(Placed("openai", Some("https://api.openai.com/v1"))) as Arc<dyn Provider>], None);
    assert!(input("openai/gpt-4").is_some());
}
