//! Answers of the tiny model: their events, their ends, their turns.

use std::cell::Cell;
use std::path::PathBuf;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use outcrop::domain::catalog::Sampling;
use outcrop::domain::delta::Event;
use outcrop::domain::id::ConversationId;
use outcrop::domain::message::{Role, StopReason, Usage};
use outcrop::domain::priority::Priority;
use outcrop::domain::settings::Settings;
use outcrop::domain::{ErrorKind, Result};
use outcrop::engine::{Engine, Options};

use super::{ask, greedy, now, say, text_of, tiny};
use crate::soon;

/// A model file and an engine that runs it.
pub struct Bench {
    pub _folder: tempfile::TempDir,
    pub path: PathBuf,
    pub engine: Engine,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = tiny::file(folder.path());
        let engine = Engine::new(Options { threads: Some(2), ..Options::default() });
        Self { _folder: folder, path, engine }
    }

    /// One for each backend that is built in: what an engine keeps to, all of them do.
    fn each() -> Vec<Self> {
        vec![
            Self::new(),
            #[cfg(feature = "llama-cpp")]
            super::llama_cpp::foreign(),
        ]
    }

    /// One whose answers end when nobody wants them any more, and not before.
    fn endless() -> Self {
        let bench = Self::new();
        let mut model = tiny::model("llama");
        model.replace("llama.context_length", 1 << 20);
        std::fs::write(&bench.path, model.bytes()).unwrap();
        bench
    }

    fn begin(&self, most: Option<u32>) -> BoxStream<'static, Result<Event>> {
        let settings = Settings { max_tokens: most, ..greedy(1) };
        self.engine.converse(&self.path, ask(vec![say(Role::User, "hi")], settings), now())
    }

    /// The same in the background.
    fn begin_behind(&self, most: Option<u32>) -> BoxStream<'static, Result<Event>> {
        let converse = ask(vec![say(Role::User, "hi")], Settings { max_tokens: most, ..greedy(1) });
        self.engine.converse_as(&self.path, converse, now(), Sampling::default(), Priority::Background)
    }

    pub async fn all(&self, converse: outcrop::domain::call::Converse) -> Vec<Event> {
        self.engine.converse(&self.path, converse, now()).map(Result::unwrap).collect().await
    }

    pub async fn said(&self, text: &str, settings: Settings) -> Vec<Event> {
        self.all(ask(vec![say(Role::User, text)], settings)).await
    }
}

pub fn usage(events: &[Event]) -> Usage {
    events
        .iter()
        .rev()
        .find_map(|e| if let Event::Usage { usage } = e { Some(*usage) } else { None })
        .unwrap()
}

pub fn stop(events: &[Event]) -> StopReason {
    match events.last() {
        Some(Event::Stop { reason }) => *reason,
        other => panic!("the answer ends with {other:?}"),
    }
}

fn conversation(n: u8) -> ConversationId {
    ConversationId::from_bytes([n; 16])
}

#[tokio::test]
async fn an_answer_tells_its_context_its_prompt_its_text_its_usage_and_its_end() {
    let bench = Bench::new();
    let events = bench.said("the other one", greedy(12)).await;
    assert_eq!(events[0], Event::Context { tokens: tiny::CONTEXT });
    let usage = usage(&events);
    let total = usage.input.unwrap();
    assert_eq!(events[1], Event::Prefill { done: 0, total, cached: 0 });
    assert!(events.contains(&Event::Prefill { done: total, total, cached: 0 }));
    assert_eq!((usage.output, usage.cache_read), (Some(12), Some(0)));
    assert_eq!(stop(&events), StopReason::MaxTokens);
    assert!(!text_of(&events).is_empty());
    let count =
        bench.engine.count_tokens(&bench.path, ask(vec![say(Role::User, "the other one")], greedy(1)), now());
    assert_eq!(count.map(Result::unwrap).collect::<Vec<_>>().await, [Event::Tokens { count: total }]);
}

#[tokio::test]
async fn greedy_and_seeded_answers_repeat_and_other_seeds_differ() {
    for bench in Bench::each() {
        let seeded =
            |seed| Settings { temperature: Some(1.5), top_k: Some(0), seed: Some(seed), ..greedy(40) };
        let (greedy_one, greedy_two) =
            (bench.said("hi", greedy(40)).await, bench.said("hi", greedy(40)).await);
        assert_eq!(text_of(&greedy_one), text_of(&greedy_two));
        let (one, two) = (bench.said("hi", seeded(1)).await, bench.said("hi", seeded(1)).await);
        assert_eq!(text_of(&one), text_of(&two));
        assert_ne!(text_of(&one), text_of(&bench.said("hi", seeded(2)).await));
        // Where one token alone is left in the draw it is the likeliest, however wildly it is drawn.
        for narrow in [Settings { top_k: Some(1), ..seeded(1) }, Settings { top_p: Some(1e-6), ..seeded(1) }]
        {
            assert_eq!(text_of(&bench.said("hi", narrow.clone()).await), text_of(&greedy_one), "{narrow:?}");
        }
        let short = bench.said("hi", greedy(3)).await;
        assert_eq!((usage(&short).output, stop(&short)), (Some(3), StopReason::MaxTokens));
    }
}

#[tokio::test]
async fn the_number_of_threads_changes_no_letter() {
    let bench = Bench::new();
    let text = text_of(&bench.said(&"the other one in a ".repeat(20), greedy(60)).await);
    for threads in [1, 3] {
        let other = Bench {
            engine: Engine::new(Options { threads: Some(threads), ..Options::default() }),
            ..Bench::new()
        };
        assert_eq!(text_of(&other.said(&"the other one in a ".repeat(20), greedy(60)).await), text);
    }
}

#[tokio::test]
async fn a_second_turn_pays_for_its_new_tokens_only_and_says_the_same() {
    for bench in Bench::each() {
        let mut first = ask(vec![say(Role::User, &"in the beginning ".repeat(12))], greedy(20));
        first.conversation = Some(conversation(1));
        let answer = bench.all(first.clone()).await;
        let spent = usage(&answer);
        let mut second = first.clone();
        second.turns.extend([say(Role::Assistant, &text_of(&answer)), say(Role::User, "and then")]);
        let cached = bench.all(second.clone()).await;
        let read = usage(&cached).cache_read.unwrap();
        assert!(read >= spent.input.unwrap(), "{read} of {spent:?}");
        second.conversation = None;
        let fresh = bench.all(second).await;
        assert_eq!(usage(&fresh).cache_read, Some(0));
        assert_eq!(text_of(&cached), text_of(&fresh));
        // A fork from the first turn keeps what is common.
        let mut fork = first;
        fork.turns = vec![say(Role::User, &("in the beginning ".repeat(12) + "there was"))];
        let kept = bench.all(fork.clone()).await;
        assert!(usage(&kept).cache_read.unwrap() > 30, "{:?}", usage(&kept));
        fork.conversation = Some(conversation(9));
        assert_eq!(text_of(&kept), text_of(&bench.all(fork).await));
    }
}

#[tokio::test]
async fn a_last_turn_of_the_assistant_is_continued() {
    let bench = Bench::new();
    let whole = text_of(&bench.said("one", greedy(30)).await);
    // A beginning that is tokenised alone as it was written.
    let begun: String = whole.chars().take(1).collect();
    let turns = vec![say(Role::User, "one"), say(Role::Assistant, &begun)];
    let rest = bench.all(ask(turns, greedy(10))).await;
    assert!(!text_of(&rest).is_empty());
    assert_eq!(
        usage(&rest).input.unwrap(),
        usage(&bench.said("one", greedy(1)).await).input.unwrap()
            + outcrop::engine::tokenise(&bench.path, &begun).unwrap().len() as u32
    );
}

#[tokio::test]
async fn a_stop_text_ends_the_answer_and_never_shows() {
    for bench in Bench::each() {
        let whole = text_of(&bench.said("stop", greedy(60)).await);
        let letters: Vec<char> = whole.chars().collect();
        let at = letters.len() / 2;
        let stopper: String = letters[at..at + 3].iter().collect();
        let events = bench.said("stop", Settings { stop: vec![stopper.clone()], ..greedy(60) }).await;
        assert_eq!(stop(&events), StopReason::StopSequence);
        assert_eq!(text_of(&events), whole[..whole.find(&stopper).unwrap()]);
    }
}

#[tokio::test]
async fn a_prompt_that_does_not_fit_is_refused_with_numbers_before_any_work() {
    for bench in Bench::each() {
        let converse = ask(vec![say(Role::User, &"x".repeat(2000))], greedy(5));
        let events: Vec<_> = bench.engine.converse(&bench.path, converse, now()).collect().await;
        let [Err(error)] = &events[..] else { panic!("{events:?}") };
        let ErrorKind::ContextLength { tokens, limit } = error.kind else { panic!("{error}") };
        assert!(tokens > 2000 && limit == tiny::CONTEXT && !error.hint.is_empty(), "{error}");
    }
}

#[tokio::test]
async fn running_into_the_end_of_the_context_is_a_reason_to_stop() {
    for bench in Bench::each() {
        // More may be written than there is room for, and not without end.
        let events = bench.said(&"x".repeat(430), greedy(4 * tiny::CONTEXT)).await;
        assert_eq!(stop(&events), StopReason::ContextFull);
        let usage = usage(&events);
        assert_eq!(usage.input.unwrap() + usage.output.unwrap(), tiny::CONTEXT);
    }
}

#[tokio::test]
async fn conversations_take_turns_and_those_that_wait_know_their_place() {
    let bench = Bench::new();
    let mut streams: Vec<_> = (0..10)
        .map(|_| bench.engine.converse(&bench.path, ask(vec![say(Role::User, "hi")], greedy(200)), now()))
        .collect();
    // Eight have begun before the first has ended: each has text while none has stopped.
    for stream in &mut streams[..8] {
        loop {
            match stream.next().await.unwrap().unwrap() {
                Event::Text { .. } => break,
                Event::Stop { .. } => panic!("it ended before the others began"),
                _ => {}
            }
        }
    }
    let mut last = streams.pop().unwrap();
    let place = last.next().await.unwrap().unwrap();
    assert!(matches!(place, Event::Queued { ahead: 8 | 9 }), "{place:?}");
    let all = futures_util::future::join_all(
        streams.into_iter().map(|s| s.map(Result::unwrap).collect::<Vec<_>>()),
    );
    let ends = tokio::join!(all, last.map(Result::unwrap).collect::<Vec<_>>());
    assert!(ends.0.iter().chain([&ends.1]).all(|events| stop(events) == StopReason::MaxTokens));
}

#[tokio::test]
async fn a_slow_reader_holds_up_nobody_and_loses_nothing() {
    let bench = Bench::new();
    let quick = text_of(&bench.said("hi", greedy(200)).await);
    let mut slow = bench.engine.converse(&bench.path, ask(vec![say(Role::User, "hi")], greedy(200)), now());
    let first = slow.next().await.unwrap().unwrap();
    assert_eq!(text_of(&bench.said("hi", greedy(200)).await), quick);
    let mut events = vec![first];
    events.extend(slow.map(Result::unwrap).collect::<Vec<_>>().await);
    assert_eq!(text_of(&events), quick);
}

/// The next event of a stream, which must be there soon.
async fn next(stream: &mut BoxStream<'static, Result<Event>>) -> Event {
    soon(stream.next()).await.unwrap().unwrap()
}

/// A file whose opening lasts until somebody writes to it.
fn stuck(bench: &Bench) -> PathBuf {
    let path = bench.path.with_file_name("stuck.gguf");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    path
}

#[tokio::test]
async fn a_model_on_its_way_into_memory_holds_up_nobody_who_talks_to_another() {
    let bench = Bench::new();
    let hi = || ask(vec![say(Role::User, "hi")], greedy(3));
    assert_eq!(stop(&bench.said("hi", greedy(3)).await), StopReason::MaxTokens);
    let path = stuck(&bench);
    let waiting = [bench.engine.converse(&path, hi(), now()), bench.engine.converse(&path, hi(), now())];
    let mut waiting = futures_util::stream::select_all(waiting);
    // Both wait for the file while the model that is in memory answers again and again.
    for _ in 0..3 {
        tokio::select! {
            biased;
            event = waiting.next() => panic!("{event:?}"),
            events = soon(bench.said("hi", greedy(3))) => assert_eq!(stop(&events), StopReason::MaxTokens),
        }
    }
    drop(std::fs::OpenOptions::new().write(true).open(&path).unwrap());
    for _ in 0..2 {
        soon(waiting.next()).await.unwrap().unwrap_err();
    }
}

#[tokio::test]
async fn a_model_that_nobody_waits_for_any_more_makes_way_for_the_next() {
    let bench = Bench::new();
    let path = stuck(&bench);
    let mut waiting = bench.engine.converse(&path, ask(vec![say(Role::User, "hi")], greedy(3)), now());
    let early = tokio::time::timeout(std::time::Duration::from_millis(50), waiting.next()).await;
    assert!(early.is_err(), "{early:?}");
    let mut second = Box::pin(bench.said("hi", greedy(3)));
    let early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut second).await;
    assert!(early.is_err(), "one is loaded after the other");
    drop(waiting);
    assert_eq!(stop(&soon(second).await), StopReason::MaxTokens);
    // The thread that waits for the file ends with it.
    drop(std::fs::OpenOptions::new().write(true).open(&path).unwrap());
}

#[tokio::test]
async fn dropping_an_answer_frees_its_place_for_those_that_wait_in_their_order() {
    let bench = Bench::endless();
    let mut held: Vec<_> = (0..8).map(|_| bench.begin(None)).collect();
    for stream in &mut held {
        assert!(matches!(next(stream).await, Event::Context { .. }));
    }
    let (mut first, mut second) = (bench.begin(None), bench.begin(None));
    assert_eq!(next(&mut first).await, Event::Queued { ahead: 8 });
    assert_eq!(next(&mut second).await, Event::Queued { ahead: 9 });
    let mut third = bench.begin(None);
    assert_eq!(next(&mut third).await, Event::Queued { ahead: 10 });
    // One that waits is gone: the next of those that wait moves up.
    drop(third);
    let mut fourth = bench.begin(Some(5));
    assert_eq!(next(&mut fourth).await, Event::Queued { ahead: 10 });
    // Each of these would go on for a million tokens.
    drop(held.pop());
    assert!(matches!(next(&mut first).await, Event::Context { .. }));
    assert_eq!(next(&mut second).await, Event::Queued { ahead: 8 });
    drop((held, first, second));
    let rest: Vec<_> = soon(fourth.map(Result::unwrap).collect()).await;
    assert_eq!(stop(&rest), StopReason::MaxTokens);
}

#[tokio::test]
async fn who_is_looked_at_waits_for_nothing_in_the_background() {
    let bench = Bench::endless();
    let mut held: Vec<_> = (0..8).map(|_| bench.begin_behind(None)).collect();
    for stream in &mut held {
        assert!(matches!(next(stream).await, Event::Context { .. }));
    }
    let mut waiting = bench.begin_behind(Some(5));
    assert_eq!(next(&mut waiting).await, Event::Queued { ahead: 8 });
    // Each of those would go on for a million tokens.
    let mut looked_at = bench.begin(None);
    assert!(matches!(next(&mut looked_at).await, Event::Context { .. }));
    assert_eq!(next(&mut waiting).await, Event::Queued { ahead: 9 });
    drop(looked_at);
    drop(held);
    let rest: Vec<_> = soon(waiting.map(Result::unwrap).collect()).await;
    assert_eq!(stop(&rest), StopReason::MaxTokens);
}

/// Three hundred answers, each to its end; `most` is the greatest number that any of them was told to be ahead of it.
async fn many_wait(begin: impl Fn() -> BoxStream<'static, Result<Event>>, most: &Cell<u32>) {
    let to_its_end = |mut stream: BoxStream<'static, Result<Event>>| async move {
        while let Some(event) = stream.next().await {
            if let Event::Queued { ahead } = event.unwrap() {
                most.set(most.get().max(ahead));
            }
        }
    };
    futures_util::future::join_all((0..300).map(|_| to_its_end(begin()))).await;
}

#[tokio::test]
async fn of_very_many_that_wait_only_so_many_are_taken_in() {
    let bench = Bench::endless();
    let mut held: Vec<_> = (0..8).map(|_| bench.begin(None)).collect();
    for stream in &mut held {
        assert!(matches!(next(stream).await, Event::Context { .. }));
    }
    let most = Cell::new(0);
    let waiting = many_wait(|| bench.begin(Some(1)), &most);
    // The last that was taken in knows its place: those that are running and 63 others are before it.
    let full = async {
        while most.get() < 71 {
            tokio::task::yield_now().await;
        }
        drop(held);
    };
    soon(futures_util::future::join(waiting, full)).await;
    assert_eq!(most.get(), 71, "so many were before the last that was taken in");
}

#[tokio::test]
async fn who_is_looked_at_is_taken_in_however_many_wait_in_the_background() {
    let bench = Bench::endless();
    let mut held: Vec<_> = (0..8).map(|_| bench.begin_behind(None)).collect();
    for stream in &mut held {
        assert!(matches!(next(stream).await, Event::Context { .. }));
    }
    let most = Cell::new(0);
    let waiting = many_wait(|| bench.begin_behind(Some(1)), &most);
    let looked_at = async {
        // As many as are taken in of the background; the others wait to be.
        while most.get() < 71 {
            tokio::task::yield_now().await;
        }
        let events: Vec<_> = soon(bench.begin(Some(5)).map(Result::unwrap).collect()).await;
        assert_eq!(stop(&events), StopReason::MaxTokens);
        assert!(!events.iter().any(|event| matches!(event, Event::Queued { .. })), "{events:?}");
        drop(held);
    };
    soon(futures_util::future::join(waiting, looked_at)).await;
}

#[tokio::test]
async fn who_reads_as_fast_as_it_comes_takes_no_turn_from_the_others() {
    let bench = Bench::endless();
    let mut greediest = bench.begin(None);
    while !matches!(next(&mut greediest).await, Event::Text { .. }) {}
    let short: Vec<_> = {
        let short = bench.begin(Some(12)).map(Result::unwrap).collect();
        let endless = async { while greediest.next().await.is_some() {} };
        tokio::select! {
            short = soon(short) => short,
            () = endless => panic!("it ended"),
        }
    };
    assert_eq!(stop(&short), StopReason::MaxTokens);
}

#[tokio::test]
async fn a_prompt_is_read_in_pieces_between_which_it_can_be_stopped() {
    // For llama.cpp the odd ones come first: at the end it would read them slowly.
    for (bench, odd_first) in Bench::each().into_iter().zip([false, true]) {
        let events = bench.said(&"x".repeat(400), greedy(1)).await;
        let mut before = 0;
        let pieces: Vec<u32> = events
            .iter()
            .filter_map(|event| if let Event::Prefill { done, .. } = event { Some(*done) } else { None })
            .map(|done| done - std::mem::replace(&mut before, done))
            // The first one tells what was read in turns before.
            .skip(1)
            .collect();
        let parted = if odd_first { pieces.split_first() } else { pieces.split_last() };
        let (odd, whole) = parted.unwrap();
        assert!(whole.len() > 3 && whole.iter().all(|read| *read == 64), "{pieces:?}");
        assert!((1..=64).contains(odd), "{pieces:?}");
    }
}

#[tokio::test]
async fn an_engine_that_is_dropped_ends_its_answers() {
    let bench = Bench::new();
    let mut stream = bench.engine.converse(&bench.path, ask(vec![say(Role::User, "hi")], greedy(400)), now());
    stream.next().await.unwrap().unwrap();
    drop(bench);
    let rest: Vec<_> = stream.collect().await;
    assert_eq!(rest.last().unwrap().as_ref().unwrap_err().kind, ErrorKind::Internal);
}

#[tokio::test]
async fn a_missing_or_damaged_file_is_an_error_and_the_next_call_is_served() {
    let bench = Bench::new();
    let bad = bench.path.with_file_name("bad.gguf");
    std::fs::write(&bad, &std::fs::read(&bench.path).unwrap()[..5000]).unwrap();
    for (path, kind) in
        [(&bad, ErrorKind::Corrupt), (&bench.path.with_file_name("none"), ErrorKind::NotFound)]
    {
        let events: Vec<_> =
            bench.engine.converse(path, ask(vec![say(Role::User, "hi")], greedy(1)), now()).collect().await;
        assert_eq!(events.last().unwrap().as_ref().unwrap_err().kind, kind);
    }
    assert_eq!(stop(&bench.said("hi", greedy(3)).await), StopReason::MaxTokens);
}
