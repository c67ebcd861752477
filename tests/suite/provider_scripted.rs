//! The `scripted` voice, by a clock that does not wait.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use outcrop::domain::call::{Blobs, Call, Converse, Turn};
use outcrop::domain::cassette::Take;
use outcrop::domain::catalog::ModelId;
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, Role, StopReason};
use outcrop::domain::settings::Settings;
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::net::{Client, EgressLog, NetOptions, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::recording::{Recorder, Recording};
use outcrop::provider::replay::{Pace, Replay, Tape};
use outcrop::provider::scripted::Scripted;
use tokio::time::Instant;

use crate::answer::{text, whole};

fn net() -> Client {
    Network::new(NetOptions::default(), Arc::new(EgressLog)).client(Reach::default())
}

fn converse(model: &str, said: &str) -> Converse {
    Converse {
        model: ModelId::new("scripted", model).unwrap(),
        system: None,
        turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text: said.to_owned() }] }],
        settings: Settings::default(),
        conversation: None,
        blobs: Blobs::default(),
    }
}

async fn ask(call: Converse) -> (Fold, Option<Error>) {
    whole(Scripted::new("scripted").serve(Call::Converse(call), &net())).await
}

#[tokio::test]
async fn echo_says_the_same_and_counts_its_words() {
    let (fold, error) = ask(converse("echo", "why do\n rivers meander?")).await;
    assert_eq!(error, None);
    assert_eq!(text(&fold), "why do\n rivers meander?");
    assert_eq!((fold.usage.input, fold.stop), (Some(4), Some(StopReason::EndTurn)));
}

#[tokio::test(start_paused = true)]
async fn a_rate_spreads_the_pieces_over_the_clock() {
    let start = Instant::now();
    let (fold, _) = ask(converse("stream-400@500", "go")).await;
    assert_eq!(fold.usage.output, Some(400));
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(800) && took < Duration::from_millis(810), "{took:?}");
}

#[tokio::test]
async fn max_tokens_cuts_every_script() {
    let mut call = converse("markdown", "go");
    call.settings.max_tokens = Some(5);
    let (fold, _) = ask(call).await;
    assert_eq!((fold.usage.output, fold.stop), (Some(5), Some(StopReason::MaxTokens)));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_stream_keeps_its_words_and_fails_after_a_minute() {
    let start = Instant::now();
    let (fold, error) = ask(converse("stall", "go")).await;
    assert_eq!(text(&fold), "one two three");
    assert_eq!(error.unwrap().kind, ErrorKind::Timeout);
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn every_listed_script_plays_under_the_configured_name_and_others_are_refused_by_name() {
    let listed = Scripted::new("play").serve(Call::ListModels, &net()).next().await;
    let Some(Ok(Event::Models { cards })) = listed else { panic!("{listed:?}") };
    assert_eq!(cards[0].id.as_str(), "play/echo");
    let names: Vec<_> = cards.iter().map(|card| card.id.model()).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names.iter().filter(|name| **name != "hang") {
        let (fold, error) = ask(converse(name, "hello")).await;
        let fails = name.starts_with("fail") || ["stall", "cut"].contains(name);
        assert_eq!(error.is_some(), fails, "{name}: {error:?}");
        assert_eq!(fold.stop.is_some(), !fails, "{name}");
    }
    let (_, error) = ask(converse("nonsense", "hello")).await;
    assert!(error.unwrap().hint.contains("markdown"));
}

/// A cassette whose disk is full, once the answer has come.
#[derive(Debug)]
struct Full;

impl Recorder for Full {
    fn begin(&self, call: Call) -> BoxFuture<'_, Result<Take, Error>> {
        ready(Ok(Take { at: Timestamp(0), call, events: Vec::new(), error: None })).boxed()
    }

    fn record(&self, _: Take) -> BoxFuture<'_, Result<(), Error>> {
        ready(Err(Error::internal("recording", "the disk is full"))).boxed()
    }

    fn record_stopped(&self, _: Take) {}
}

#[tokio::test]
async fn a_take_that_cannot_be_kept_costs_no_word_of_the_answer() {
    let voice = Recording::new(Arc::new(Scripted::new("scripted")), Arc::new(Full));
    let (fold, error) = whole(voice.serve(Call::Converse(converse("echo", "one two")), &net())).await;
    assert_eq!(text(&fold), "one two");
    assert!(error.unwrap().why.contains("the disk is full"));
}

/// A cassette in memory.
#[derive(Debug, Default)]
struct Memory(Mutex<Vec<Take>>);

impl Recorder for Memory {
    fn begin(&self, call: Call) -> BoxFuture<'_, Result<Take, Error>> {
        ready(Ok(Take { at: Timestamp(0), call, events: Vec::new(), error: None })).boxed()
    }

    fn record(&self, take: Take) -> BoxFuture<'_, Result<(), Error>> {
        self.record_stopped(take);
        ready(Ok(())).boxed()
    }

    fn record_stopped(&self, take: Take) {
        self.0.lock().unwrap().push(take);
    }
}

impl Tape for Memory {
    fn takes<'a>(&'a self, _: &'a Client) -> BoxFuture<'a, Result<Arc<Vec<Take>>, Error>> {
        ready(Ok(Arc::new(self.0.lock().unwrap().clone()))).boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_stopped_is_recorded_as_far_as_it_came_and_played_so() {
    let tape = Arc::new(Memory::default());
    let voice = Recording::new(Arc::new(Scripted::new("scripted")), Arc::clone(&tape) as Arc<dyn Recorder>);
    let mut events = voice.serve(Call::Converse(converse("stream-400@500", "go")), &net());
    let mut came = String::new();
    while came.split_whitespace().count() < 3 {
        if let Event::Text { text } = events.next().await.unwrap().unwrap() {
            came.push_str(&text);
        }
    }
    drop(events);
    // One that was stopped before anything came is none.
    drop(voice.serve(Call::Converse(converse("stream-400@500", "go on")), &net()));
    assert_eq!(tape.0.lock().unwrap().len(), 1);
    let replay = Replay::new("demo", tape, Pace::AtOnce);
    let mut call = converse("stream-400@500", "go");
    call.model = ModelId::new("demo", "scripted/stream-400@500").unwrap();
    let (fold, error) = whole(replay.serve(Call::Converse(call), &net())).await;
    assert_eq!((text(&fold), error.unwrap().kind, fold.stop), (came, ErrorKind::Cancelled, None));
}
