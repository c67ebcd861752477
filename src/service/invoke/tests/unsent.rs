//! What is set and not sent is said before the answer, by whatever voice.

use std::path::Path;

use super::*;
use crate::domain::left_out::LeftOut;
use crate::engine;
use crate::provider::anthropic::Anthropic;
use crate::provider::bedrock::{Bedrock, Credentials};
use crate::provider::key::Key;
use crate::provider::limited::{Limited, Limits};
use crate::provider::local::Local;
use crate::provider::ollama::Ollama;
use crate::provider::openai::{Api, OpenAi};
use crate::provider::scripted::Scripted;
use secrecy::SecretString;

const SET: &[(&str, &str)] = &[
    ("temperature", "0.2"),
    ("top_p", "0.9"),
    ("top_k", "40"),
    ("max_tokens", "64"),
    ("stop", "END"),
    ("seed", "7"),
];

fn asked(model: &str, set: &[(&str, &str)]) -> Converse {
    let (_, Call::Converse(mut converse)) = call("") else { panic!("no conversation") };
    converse.model = model.parse().unwrap();
    for (name, value) in set {
        converse.settings.set(name, value).unwrap();
    }
    converse
}

fn openai(address: &str) -> OpenAi {
    OpenAi::new("there", address, Key::None)
}

#[test]
fn every_voice_names_what_it_does_not_send_and_says_nothing_where_it_sends_all() {
    let bedrock =
        Bedrock::new("there", "eu-west-1", None, Credentials::Bearer(SecretString::from("k").into()));
    let anthropic = Anthropic::new("there", "http://h", Key::None);
    let openais = openai("https://api.openai.com/v1");
    let voices: [(Box<dyn Provider>, &str, Option<&str>); 9] = [
        (Box::new(anthropic), "m", Some("seed is not sent: the Messages API has none")),
        (
            Box::new(bedrock.clone()),
            "anthropic.claude-sonnet-4-5",
            Some("seed is not sent: Converse has none"),
        ),
        (
            Box::new(bedrock.clone()),
            "amazon.nova-lite",
            Some("top_k and seed are not sent: Converse has none"),
        ),
        (Box::new(openai("http://h")), "m", None),
        (Box::new(openais), "m", Some("top_k is not sent: OpenAI's own API has none")),
        (
            Box::new(openai("http://h").by(Api::Responses)),
            "m",
            Some("top_k, stop and seed are not sent: the Responses API has none"),
        ),
        (Box::new(Ollama::new("there", "http://h", Key::None)), "m", None),
        (Box::new(Voice { texts: vec![], endless: false }), "m", None),
        (
            Box::new(Scripted::new("there")),
            "echo",
            Some("temperature, top_p, top_k, stop and seed are not sent: a script is played as it stands"),
        ),
    ];
    for (voice, model, expected) in voices {
        let converse = asked(&format!("there/{model}"), SET);
        let card = ModelCard::unknown(converse.model.clone());
        assert_eq!(leaving::said(&*voice, &converse, &card).as_deref(), expected, "{voice:?}");
        assert_eq!(leaving::said(&*voice, &asked("there/m", &SET[3..4]), &card), None, "{voice:?}");
        let within = Limited::new(Arc::from(voice), Limits::default());
        assert_eq!(
            leaving::said(&within, &converse, &card).as_deref(),
            expected,
            "a wrapped one says the same"
        );
    }
    // One that says how it is drawn besides: some have no room for a penalty, and 1 is none.
    let penalised = |value| asked("there/m", &[("repeat_penalty", value)]);
    let said = |voice: &dyn Provider, value| LeftOut::said(&voice.left_out(&penalised(value)));
    let chat = "repeat_penalty is not sent: the Chat Completions API has none";
    assert_eq!(said(&openai("http://h"), "1.1").as_deref(), Some(chat));
    assert_eq!(said(&openai("http://h"), "1"), None);
    assert_eq!(said(&Ollama::new("there", "http://h", Key::None), "1.1"), None);
    // Converse has no room for Jurassic's dialogues: its maker's own body is sent.
    let mut talk = asked("there/ai21.j2-ultra", SET);
    talk.system = Some("Be brief.".into());
    let own = "top_k and seed are not sent: the model's own API has none";
    assert_eq!(LeftOut::said(&bedrock.left_out(&talk)).as_deref(), Some(own));
}

#[derive(Debug)]
struct Untried;

impl engine::Trial for Untried {
    fn pass(&self, _: &Path, _: &dyn Fn() -> bool) -> Result<()> {
        Ok(())
    }

    fn vouch(&self, _: &Path) {}
}

#[test]
fn a_model_that_does_not_think_needs_no_word_on_that_it_shall_not() {
    let options = engine::Options { threads: None, backend: None };
    let voice = Local::new("/nowhere".into(), Vec::new(), options, Arc::new(Untried));
    let converse = asked("local/m", &[("reasoning", "off"), ("seed", "7"), ("top_k", "4")]);
    let mut card = ModelCard::unknown(converse.model.clone());
    assert!(leaving::said(&voice, &converse, &card).unwrap().starts_with("reasoning is not sent"));
    card.lacks.push(Capability::Reasoning);
    assert_eq!(leaving::said(&voice, &converse, &card), None);
}

/// Sends no seed, and counts ten tokens of thought as the answer's.
#[derive(Debug)]
struct Seedless;

impl Provider for Seedless {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn left_out(&self, converse: &Converse) -> Vec<LeftOut> {
        LeftOut::of(&converse.settings, &["seed"], "nobody knows it").into_iter().collect()
    }

    fn on_top(&self, converse: &Converse) -> u32 {
        if converse.settings.reasoning.is_some() { 10 } else { 0 }
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        Voice { texts: vec!["hi"], endless: false }.serve(call, net)
    }
}

fn seedless() -> Invoke {
    Invoke::new([Arc::new(Seedless) as Arc<dyn Provider>], vec![], Arc::new(Kept::default()) as _)
}

async fn answer(invoke: &Invoke, set: &[(&str, &str)]) -> Vec<Result<Event>> {
    let converse = asked("voice/one", set);
    invoke.serve(&converse.model.clone(), Call::Converse(converse), &terms()).collect().await
}

#[tokio::test]
async fn an_answer_begins_with_what_was_not_sent_once_and_only_where_there_is_some() {
    let invoke = seedless();
    let events = answer(&invoke, SET).await;
    assert_eq!(notices(&events), ["seed is not sent: nobody knows it"]);
    assert!(matches!(&events[..2], [Ok(Event::Notice { .. }), Ok(Event::Text { .. })]), "{events:?}");
    assert_eq!(notices(&answer(&invoke, &SET[..5]).await), Vec::<String>::new());
}

fn notices(events: &[Result<Event>]) -> Vec<String> {
    let text = |event: &Result<Event>| match event {
        Ok(Event::Notice { text }) => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

#[tokio::test]
async fn what_is_not_sent_is_said_once_in_a_conversation_of_a_model_and_its_settings() {
    let invoke = seedless();
    let ask = async |conversation: u8, set: &[(&str, &str)]| {
        let converse = asked("voice/one", set);
        let terms = Terms { conversation: Some(ConversationId::from_bytes([conversation; 16])), ..terms() };
        let events = invoke.serve(&converse.model.clone(), Call::Converse(converse), &terms);
        notices(&events.collect::<Vec<_>>().await).len()
    };
    assert_eq!((ask(1, SET).await, ask(1, SET).await, ask(2, SET).await), (1, 0, 1));
    assert_eq!(ask(1, &SET[..5]).await, 0, "it is sent");
}

/// Knows only when it is asked that it sends the seed after all, as one whose first way was refused.
#[derive(Debug, Default)]
struct Otherwise {
    asked: std::sync::atomic::AtomicBool,
}

impl Provider for Otherwise {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn left_out(&self, converse: &Converse) -> Vec<LeftOut> {
        if self.asked.load(std::sync::atomic::Ordering::SeqCst) {
            Vec::new()
        } else {
            Seedless.left_out(converse)
        }
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        self.asked.store(true, std::sync::atomic::Ordering::SeqCst);
        Seedless.serve(call, net)
    }
}

#[tokio::test]
async fn what_another_way_of_asking_sends_after_all_is_not_said_to_be_left_out() {
    let voice = Arc::new(Otherwise::default());
    assert_eq!(voice.left_out(&asked("voice/one", SET)).len(), 1);
    let invoke = Invoke::new([voice as Arc<dyn Provider>], vec![], Arc::new(Kept::default()) as _);
    assert_eq!(notices(&answer(&invoke, SET).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_card_knows_what_is_never_sent_before_anything_is_asked() {
    let invoke = seedless();
    let model = "voice/one".parse().unwrap();
    let unsent: Vec<String> = invoke.card(&model).unsent.iter().map(ToString::to_string).collect();
    assert_eq!(unsent, ["seed is not sent: nobody knows it"]);
    let shown = invoke.recall("voice", vec![ModelCard::unknown(model)]);
    assert_eq!(shown[0].unsent.len(), 1);
    assert!(invoke.as_shown(&shown)[0].unsent.is_empty(), "it is no word of the provider's");
}

#[tokio::test]
async fn what_is_thought_counts_against_the_longest_answer_where_the_api_counts_it() {
    let invoke = seedless();
    let said = Correction { max_output: Some(15), ..Correction::default() };
    invoke.correct([("voice/one".parse().unwrap(), said)].into());
    for set in
        [&[("max_tokens", "15")][..], &[("max_tokens", "5"), ("reasoning", "low")], &[("reasoning", "low")]]
    {
        let events = answer(&invoke, set).await;
        assert!(events.iter().all(Result::is_ok), "{set:?}: {events:?}");
    }
    let events = answer(&invoke, &[("max_tokens", "6"), ("reasoning", "low")]).await;
    let [Err(error)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(error.kind, ErrorKind::Invalid);
    let why =
        "max_tokens is 6 and reasoning takes 10 on top, and the longest answer of voice/one is 15 tokens";
    assert_eq!(error.why, why);
    assert!(error.hint.starts_with("Set max_tokens to 5 or less, or reasoning to less;"), "{error}");
    let said = Correction { max_output: Some(9), ..Correction::default() };
    invoke.correct([("voice/one".parse().unwrap(), said)].into());
    let events = answer(&invoke, &[("reasoning", "low")]).await;
    let [Err(error)] = &events[..] else { panic!("{events:?}") };
    assert!(error.hint.starts_with("Set reasoning to less, or off;"), "{error}");
}

#[tokio::test]
async fn the_longest_answer_that_a_voice_asks_for_by_itself_counts_beside_what_is_thought() {
    let anthropic = Anthropic::new("voice", "http://127.0.0.1:9", Key::None);
    let invoke =
        Invoke::new([Arc::new(anthropic) as Arc<dyn Provider>], vec![], Arc::new(Kept::default()) as _);
    let said = Correction { max_output: Some(5000), ..Correction::default() };
    invoke.correct([("voice/one".parse().unwrap(), said)].into());
    let events = answer(&invoke, &[("reasoning", "low")]).await;
    let [Err(error)] = &events[..] else { panic!("{events:?}") };
    let why = "max_tokens is 4096 where it is not set and reasoning takes 1024 on top, and the longest answer of voice/one is \
               5000 tokens";
    assert_eq!(error.why, why);
}

#[test]
fn a_card_knows_what_is_not_sent_while_its_model_thinks() {
    let anthropic = Anthropic::new("voice", "http://127.0.0.1:9", Key::None);
    let invoke =
        Invoke::new([Arc::new(anthropic) as Arc<dyn Provider>], vec![], Arc::new(Kept::default()) as _);
    let card = invoke.card(&"voice/claude".parse().unwrap());
    let names = |all: &[LeftOut]| all.iter().flat_map(|left| left.settings.clone()).collect::<Vec<_>>();
    assert_eq!(names(&card.unsent), ["repeat_penalty", "seed"]);
    assert_eq!(names(&card.unsent_thinking), ["temperature", "top_p", "top_k"]);
    let painter = invoke.card(&"voice/some-sdxl".parse().unwrap());
    assert_eq!(names(&painter.unpictured), Vec::<String>::new(), "nobody said that this voice paints");
}
