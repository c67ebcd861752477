//! A voice within what the person allows it: calls at once, calls a minute, a line that is seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{FutureExt, StreamExt, stream};
use outcrop::domain::call::{Blobs, Call, Converse, Picture};
use outcrop::domain::delta::{Event, Pause};
use outcrop::domain::message::StopReason;
use outcrop::domain::priority::Priority;
use outcrop::domain::settings::Settings;
use outcrop::net::{Client, NetOptions, Network, Reach};
use outcrop::provider::limited::{Limited, Limits};
use outcrop::provider::{Events, Provider};
use tokio::sync::Semaphore;
use tokio::time::{Duration, Instant};

use crate::provider_openai::Kept;

/// Ends an answer for each permit, and counts how many have begun.
#[derive(Debug, Clone)]
struct Gate {
    open: Arc<Semaphore>,
    begun: Arc<AtomicUsize>,
}

impl Provider for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn serve(&self, _: Call, _: &Client) -> Events {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let open = Arc::clone(&self.open);
        stream::once(async move {
            open.acquire().await.unwrap().forget();
            Ok(Event::Stop { reason: StopReason::EndTurn })
        })
        .boxed()
    }
}

fn gate(permits: usize) -> Gate {
    Gate { open: Arc::new(Semaphore::new(permits)), begun: Arc::default() }
}

fn call() -> Call {
    Call::Converse(Converse {
        model: "gate/m".parse().unwrap(),
        system: None,
        turns: Vec::new(),
        settings: Settings::default(),
        conversation: None,
        blobs: Blobs::default(),
    })
}

fn net() -> Client {
    Network::new(NetOptions::default(), Arc::new(Kept::default())).client(Reach::default())
}

fn ends() -> Event {
    Event::Stop { reason: StopReason::EndTurn }
}

#[tokio::test(start_paused = true)]
async fn calls_over_the_limit_wait_in_line_and_say_how_many_are_before_them() {
    let gate = gate(0);
    let voice = Limited::new(Arc::new(gate.clone()), Limits { at_once: Some(1), ..Limits::default() });
    let net = net();
    let mut calls: Vec<Events> = (0..3).map(|_| voice.serve(call(), &net)).collect();
    assert!(calls[0].next().now_or_never().is_none(), "it runs, and its answer is not there yet");
    assert_eq!(calls[1].next().await.unwrap().unwrap(), Event::Queued { ahead: 1 });
    assert_eq!(calls[2].next().await.unwrap().unwrap(), Event::Queued { ahead: 2 });
    assert!(calls[2].next().now_or_never().is_none());
    assert_eq!(gate.begun.load(Ordering::Relaxed), 1);

    // One that leaves gives its place to those behind it.
    drop(calls.remove(1));
    assert_eq!(calls[1].next().await.unwrap().unwrap(), Event::Queued { ahead: 1 });
    gate.open.add_permits(2);
    assert_eq!(calls[0].next().await.unwrap().unwrap(), ends());
    drop(calls.remove(0));
    assert_eq!(calls[0].next().await.unwrap().unwrap(), Event::Begun);
    assert_eq!(calls[0].next().await.unwrap().unwrap(), ends());
    assert_eq!(gate.begun.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn who_is_looked_at_passes_the_background_in_the_line_and_both_are_told() {
    let gate = gate(0);
    let voice = Limited::new(Arc::new(gate.clone()), Limits { at_once: Some(1), ..Limits::default() });
    let net = net();
    let background = net.with_priority(Priority::Background);
    let mut runs = voice.serve(call(), &background);
    assert!(runs.next().now_or_never().is_none());
    let mut sync = voice.serve(call(), &background);
    assert_eq!(sync.next().await.unwrap().unwrap(), Event::Queued { ahead: 1 });
    let mut chat = voice.serve(call(), &net);
    assert_eq!(chat.next().await.unwrap().unwrap(), Event::Queued { ahead: 1 });
    assert_eq!(sync.next().await.unwrap().unwrap(), Event::Queued { ahead: 2 });
    gate.open.add_permits(3);
    assert_eq!(runs.next().await.unwrap().unwrap(), ends());
    drop(runs);
    assert_eq!(sync.next().await.unwrap().unwrap(), Event::Queued { ahead: 1 });
    assert_eq!(chat.next().await.unwrap().unwrap(), Event::Begun);
    assert!(sync.next().now_or_never().is_none(), "it is not its turn");
    assert_eq!(chat.next().await.unwrap().unwrap(), ends());
    drop(chat);
    assert_eq!(sync.next().await.unwrap().unwrap(), Event::Begun);
    assert_eq!(sync.next().await.unwrap().unwrap(), ends());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_reads_holds_nobody_in_the_line_and_goes_once_it_is_read() {
    let limits = [
        Limits { at_once: Some(1), ..Limits::default() },
        Limits { per_minute: Some(1), ..Limits::default() },
    ];
    for limits in limits {
        let gate = gate(9);
        let voice = Limited::new(Arc::new(gate.clone()), limits);
        let net = net();
        let mut runs = voice.serve(call(), &net);
        assert_eq!(runs.next().await.unwrap().unwrap(), ends());
        let mut unread = voice.serve(call(), &net);
        let told = unread.next().await.unwrap().unwrap();
        assert!(matches!(told, Event::Queued { ahead: 1 } | Event::Paused { .. }), "{told:?}");
        drop(runs);
        let others = [Priority::Interactive, Priority::Background].map(|priority| {
            let others = voice.serve(call(), &net.with_priority(priority));
            async move { others.map(Result::unwrap).collect::<Vec<Event>>().await.pop() }
        });
        let others = futures_util::future::join_all(others);
        let ended = tokio::time::timeout(Duration::from_mins(3), others).await;
        assert_eq!(ended.expect("they wait for who is not read"), [Some(ends()), Some(ends())]);
        assert_eq!(gate.begun.load(Ordering::Relaxed), 3, "and nothing was begun for that one");
        let late: Vec<Event> = unread.map(Result::unwrap).collect().await;
        assert_eq!(late.last(), Some(&ends()));
    }
}

#[tokio::test(start_paused = true)]
async fn pictures_and_vectors_stand_in_the_same_line_by_the_same_rules() {
    let voice = Limited::new(Arc::new(gate(0)), Limits { at_once: Some(1), ..Limits::default() });
    let net = net();
    let background = net.with_priority(Priority::Background);
    let mut runs = voice.serve(call(), &net);
    assert!(runs.next().now_or_never().is_none());
    let model = || "gate/m".parse().unwrap();
    let vectors = Call::Embed { model: model(), texts: vec!["a river".into()], query: false };
    let mut vectors = voice.serve(vectors, &background);
    assert_eq!(vectors.next().await.unwrap().unwrap(), Event::Queued { ahead: 1 });
    let picture = Picture {
        model: model(),
        prompt: "a river".into(),
        negative: None,
        size: None,
        seed: None,
        count: 1,
        from: None,
        blobs: Blobs::default(),
    };
    let mut picture = voice.serve(Call::Image(picture), &net);
    assert_eq!(picture.next().await.unwrap().unwrap(), Event::Queued { ahead: 1 });
    assert_eq!(vectors.next().await.unwrap().unwrap(), Event::Queued { ahead: 2 });
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_minute_are_counted_from_when_they_began() {
    let voice = Limited::new(Arc::new(gate(9)), Limits { per_minute: Some(2), ..Limits::default() });
    let (net, start) = (net(), Instant::now());
    let (mut ended, mut waited) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let events: Vec<_> = voice.serve(call(), &net).map(Result::unwrap).collect().await;
        let (last, before) = events.split_last().unwrap();
        assert_eq!(last, &ends());
        waited.push(before.to_vec());
        ended.push(start.elapsed().as_secs());
    }
    // Nobody is ahead: time alone is missing, and how much is said.
    let pause = Pause::RateLimit { per_minute: 2 };
    let said = vec![Event::Paused { pause, ms: 60_000 }, Event::Begun];
    assert_eq!(waited, [vec![], vec![], said.clone(), vec![], said]);
    assert_eq!(ended, [0, 0, 60, 60, 120]);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_models_waits_for_nobody() {
    let gate = gate(0);
    let voice = Limited::new(Arc::new(gate.clone()), Limits { at_once: Some(1), ..Limits::default() });
    let net = net();
    let mut asked = voice.serve(call(), &net);
    assert!(asked.next().now_or_never().is_none());
    // The first of them is for the call that waits already.
    gate.open.add_permits(2);
    let listed =
        tokio::time::timeout(Duration::from_secs(1), voice.serve(Call::ListModels, &net).next()).await;
    assert!(listed.is_ok());
}
