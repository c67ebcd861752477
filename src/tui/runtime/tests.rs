use std::sync::{Arc, Mutex, OnceLock};

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;
use ratatui::buffer::Cell;
use ratatui::widgets::Paragraph;

use super::*;
use crate::domain::delta::Event as Delta;
use crate::domain::message::StopReason;
use crate::domain::{Error, ErrorKind};
use crate::tui::effect::{Lane, Order, TaskId, Work};
use crate::tui::event::Made;
use crate::tui::key::Key;
use crate::tui::terminal::Script;
use crate::tui::widget::code::{Code, Highlights};
use crate::tui::widget::text::Source;
use crate::workbench::request::Topic;
use crate::workbench::{Context, Face, Replies, Reply, Request, Workbench};

/// A door whose every call streams the same replies, some milliseconds apart.
#[derive(Debug, Default)]
struct Tap {
    replies: Vec<(u64, Result<Reply>)>,
    /// Calls whose replies were dropped.
    dropped: Arc<Mutex<usize>>,
    /// When it was asked, since it was asked first.
    asked: Mutex<Vec<Duration>>,
    first: OnceLock<Instant>,
}

struct Guard(Arc<Mutex<usize>>);

impl Drop for Guard {
    fn drop(&mut self) {
        *self.0.lock().unwrap() += 1;
    }
}

impl Workbench for Tap {
    fn call(&self, _: Context, _: Request) -> Replies {
        let guard = Guard(self.dropped.clone());
        self.asked.lock().unwrap().push(self.first.get_or_init(Instant::now).elapsed());
        stream::iter(self.replies.clone())
            .then(move |(wait, reply)| {
                let _ = &guard;
                async move {
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                    reply
                }
            })
            .boxed()
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

/// Writes down what happens; keys are commands.
#[derive(Default)]
struct Log {
    events: Vec<Event>,
    pulse: Option<Duration>,
    ticks: usize,
}

fn call(task: u64, lane: Option<&'static str>) -> Effect {
    Effect::Call {
        task: TaskId(task),
        order: lane.map_or(Order::Beside, |lane| Order::Instead(Lane(lane))),
        context: Context::of(Face::Tui),
        request: Request::Watch { topic: Topic::Models },
    }
}

fn act(task: u64) -> Effect {
    Effect::Call {
        task: TaskId(task),
        order: Order::After,
        context: Context::of(Face::Tui),
        request: Request::Watch { topic: Topic::Models },
    }
}

impl App for Log {
    fn update(&mut self, event: Event) -> Vec<Effect> {
        let effects = match &event {
            Event::Tick(_) => {
                self.ticks += 1;
                return Vec::new();
            }
            Event::Key(key) => match key.typed() {
                Some(c @ '1'..='9') => vec![call(u64::from(c), None)],
                Some(c @ 'A'..='C') => vec![act(u64::from(c))],
                Some('X') => vec![Effect::Cancel(TaskId(u64::from('B')))],
                Some('l') => vec![call(100, Some("list"))],
                Some('m') => vec![call(101, Some("list"))],
                Some('x') => vec![Effect::Cancel(TaskId(u64::from('1')))],
                Some('t') => vec![Effect::After { timer: TimerId("t"), delay: Duration::from_secs(9) }],
                Some('c') => vec![Effect::Copy("foo".into())],
                Some('e') => vec![Effect::Edit("text".into())],
                Some('z') => vec![Effect::Suspend],
                Some('q') => vec![Effect::Quit],
                Some('T') => vec![Effect::Title("a title".into())],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        self.events.push(event);
        effects
    }

    fn view(&mut self, frame: &mut Frame<'_>) {
        frame.render_widget(Paragraph::new(format!("{} events", self.events.len())), frame.area());
    }

    fn pulse(&self) -> Option<Duration> {
        self.pulse
    }
}

fn text(text: &str) -> Reply {
    Reply::Delta { event: Delta::Text { text: text.to_owned() } }
}

fn host() -> Host {
    Host {
        editor: Some("true".into()),
        folder: "/dev/null/none".into(),
        osc52: Osc52::Raw,
        tmux: false,
        desk: Desk::Elsewhere,
        offline: false,
        home: None,
        config: None,
    }
}

/// Plays keys against a tap: the events without the first two, the keys and the last; the terminal, how it ended.
async fn play(tap: Tap, keys: &str) -> (Vec<Event>, Script, Result<Ending>) {
    let mut log = Log::default();
    let mut script = Script::keys(20, 2, keys).unwrap();
    let ended = run(&mut log, Arc::new(tap), &mut script, host()).await;
    assert_eq!(log.events[..2], [Event::Resize { width: 20, height: 2 }, Event::Started]);
    let events =
        log.events.into_iter().skip(2).filter(|e| !matches!(e, Event::Key(_) | Event::Ending)).collect();
    (events, script, ended)
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_text_is_one_event_a_frame_and_keeps_its_order() {
    let replies: Vec<_> = (0..5_000).map(|i| (u64::from(i % 5 == 0), Ok(text(&format!("{i} "))))).collect();
    let tap = Tap { replies, ..Tap::default() };
    let (events, script, ended) = play(tap, "1").await;
    assert_eq!(ended, Ok(Ending::InputEnded));
    let mut whole = String::new();
    for event in &events[..events.len() - 1] {
        let Event::Replies { task: TaskId(49), replies } = event else { panic!("{event:?}") };
        let [Reply::Delta { event: Delta::Text { text } }] = replies.as_slice() else {
            panic!("{replies:?}")
        };
        whole.push_str(text);
    }
    assert_eq!(events.last(), Some(&Event::Ended { task: TaskId(49), error: None }));
    assert_eq!(
        whole.split_whitespace().map(str::parse).collect::<Vec<_>>(),
        (0..5_000).map(Ok).collect::<Vec<_>>()
    );
    // One second of stream: sixty frames, give or take the first and the last.
    assert!((50..=64).contains(&events.len()), "{} events", events.len());
    assert!(script.frames <= events.len() + 3, "{} frames", script.frames);
}

#[tokio::test(start_paused = true)]
async fn an_answers_last_words_wait_for_no_frame() {
    let stop = Reply::Delta { event: Delta::Stop { reason: StopReason::EndTurn } };
    let replies = vec![(5, Ok(text("all "))), (1, Ok(text("said"))), (0, Ok(stop)), (900, Ok(Reply::Done))];
    let tap = Tap { replies, ..Tap::default() };
    let mut log = Log::default();
    let mut script = Script::keys(20, 2, "1").unwrap();
    // Counted from whatever woke the loop last, and shorter than a frame.
    script.wait_at_end(Duration::from_millis(10));
    run(&mut log, Arc::new(tap), &mut script, host()).await.unwrap();
    // The size, the start, the key, the first piece, and the rest of it a millisecond later.
    let drawn: String = script.picture().content().iter().map(Cell::symbol).collect();
    assert!(drawn.starts_with("5 events"), "{drawn}");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_dropped_and_says_nothing_more() {
    let replies: Vec<_> = (0..100).map(|_| (40, Ok(text("x")))).collect();
    let tap = Tap { replies, ..Tap::default() };
    let dropped = tap.dropped.clone();
    let mut log = Log::default();
    let inputs = [Key::char('1'), Key::char('x')].map(|key| Input::Event(Event::Key(key)));
    let mut script = Script::new(20, 2, inputs).unwrap().hurried(Duration::from_millis(30));
    run(&mut log, Arc::new(tap), &mut script, host()).await.unwrap();
    assert_eq!(*dropped.lock().unwrap(), 1);
    assert!(!log.events.iter().any(|e| matches!(e, Event::Ended { .. })), "{:?}", log.events);
}

#[tokio::test(start_paused = true)]
async fn the_latest_call_of_a_lane_replaces_the_one_before() {
    let tap = Tap { replies: vec![(60, Ok(Reply::Done))], ..Tap::default() };
    let mut log = Log::default();
    let inputs = [Key::char('l'), Key::char('m')].map(|key| Input::Event(Event::Key(key)));
    let mut script = Script::new(20, 2, inputs).unwrap().hurried(Duration::from_millis(30));
    script.wait_at_end(Duration::from_secs(1));
    run(&mut log, Arc::new(tap), &mut script, host()).await.unwrap();
    let answered: Vec<_> =
        log.events.iter().filter(|e| matches!(e, Event::Replies { .. } | Event::Ended { .. })).collect();
    assert_eq!(
        answered,
        [
            &Event::Replies { task: TaskId(101), replies: vec![Reply::Done] },
            &Event::Ended { task: TaskId(101), error: None }
        ]
    );
}

/// Presses `keys` at a door whose replies come 40 ms apart; when each call reached it, in tens of ms.
async fn acts(keys: &str) -> Vec<u128> {
    let replies = vec![(40, Ok(Reply::Done)), (500, Ok(Reply::Done))];
    let tap = Arc::new(Tap { replies, ..Tap::default() });
    let mut log = Log::default();
    let inputs = Key::script(keys).unwrap().into_iter().map(|key| Input::Event(Event::Key(key)));
    let mut script = Script::new(20, 2, inputs).unwrap().hurried(Duration::from_millis(1));
    script.wait_at_end(Duration::from_secs(3));
    run(&mut log, tap.clone(), &mut script, host()).await.unwrap();
    tap.asked.lock().unwrap().iter().map(|at| at.as_millis() / 10 * 10).collect()
}

#[tokio::test(start_paused = true)]
async fn acts_reach_the_door_one_by_one_in_the_order_in_which_they_were_done() {
    assert_eq!(acts("ABC").await, [0, 40, 80], "each after the first reply before it");
    assert_eq!(acts("ABCX").await, [0, 40], "one that was cancelled holds nothing up");
    assert_eq!(acts("A1C").await, [0, 0, 40], "queries do not wait");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_end_of_its_call() {
    let error = Error::new(ErrorKind::Timeout, "asking", "nothing came", "");
    let tap = Tap { replies: vec![(1, Ok(text("half"))), (1, Err(error.clone()))], ..Tap::default() };
    let (events, _, _) = play(tap, "1").await;
    assert_eq!(
        events,
        [
            Event::Replies { task: TaskId(49), replies: vec![text("half")] },
            Event::Ended { task: TaskId(49), error: Some(error) }
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_are_dropped_before_the_loop_returns() {
    let tap = Tap { replies: vec![(1_000_000, Ok(Reply::Done))], ..Tap::default() };
    let dropped = tap.dropped.clone();
    let (_, _, ended) = play(tap, "12q").await;
    assert_eq!(ended, Ok(Ending::Quit));
    assert_eq!(*dropped.lock().unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_an_event_and_idling_is_not() {
    let mut log = Log::default();
    let mut script = Script::keys(20, 2, "t").unwrap();
    script.wait_at_end(Duration::from_mins(10));
    let before = Instant::now();
    run(&mut log, Arc::new(Tap::default()), &mut script, host()).await.unwrap();
    assert!(before.elapsed() >= Duration::from_mins(10));
    assert_eq!(log.events[log.events.len() - 2..], [Event::Timer(TimerId("t")), Event::Ending]);
    assert_eq!(
        (log.ticks, script.frames),
        (4, 3),
        "start, key, timer, the end: nothing in ten minutes besides"
    );
}

#[tokio::test(start_paused = true)]
async fn it_ticks_while_the_screen_asks_for_it() {
    let mut log = Log { pulse: Some(Duration::from_millis(100)), ..Log::default() };
    let mut script = Script::keys(20, 2, "").unwrap();
    script.wait_at_end(Duration::from_secs(1));
    let ended = tokio::time::timeout(
        Duration::from_secs(5),
        run(&mut log, Arc::new(Tap::default()), &mut script, host()),
    )
    .await;
    assert!(ended.is_ok());
    assert!((9..=12).contains(&log.ticks), "{} ticks", log.ticks);
}

/// Asks for work once and quits when it is done.
struct Asks(Vec<Work>, Vec<Event>);
impl App for Asks {
    fn update(&mut self, event: Event) -> Vec<Effect> {
        let computed = matches!(event, Event::Computed(_));
        self.1.push(event);
        let mut effects: Vec<_> = std::mem::take(&mut self.0).into_iter().map(Effect::Compute).collect();
        effects.extend(computed.then_some(Effect::Quit));
        effects
    }

    fn view(&mut self, _: &mut Frame<'_>) {}

    fn pulse(&self) -> Option<Duration> {
        None
    }
}

#[tokio::test]
async fn work_away_from_the_screen_comes_back_as_what_it_made() {
    let mut code = Code::new("rust");
    for line in ["fn main() {}", "// and a line that still grows"] {
        code.push(line.into(), Source { start: 0, end: line.len() as u32, exact: true });
    }
    let want = Highlights::default().want(&code, 0).unwrap();
    let made = Tools::default().run(&Work::Highlight(want.clone()));
    let Made::Highlighted(inked) = &made else { panic!("{made:?}") };
    let mut highlights = Highlights::default();
    highlights.take(inked.clone());
    assert_eq!(highlights.want(&code, 0), None, "nothing is missing any more");

    let mut app = Asks(vec![Work::Highlight(want)], Vec::new());
    let mut script = Script::keys(20, 2, "").unwrap();
    script.wait_at_end(Duration::from_mins(1));
    let ended = run(&mut app, Arc::new(Tap::default()), &mut script, host()).await;
    assert_eq!(ended, Ok(Ending::Quit));
    assert!(app.1.iter().any(|e| matches!(e, Event::Computed(Made::Highlighted(_)))));
}

#[tokio::test(start_paused = true)]
async fn copying_over_a_terminal_says_no_more_than_that_it_was_sent() {
    let (events, script, _) = play(Tap::default(), "c").await;
    assert_eq!(events, [Event::Copied(Ok(Copied::SentToTerminal))]);
    assert_eq!(script.sent, b"\x1b]52;c;Zm9v\x07");
}

#[tokio::test(start_paused = true)]
async fn what_would_be_copied_through_a_terminal_that_another_program_has_is_not_said_to_be_sent() {
    let key = |key| Input::Event(Event::Key(Key::char(key)));
    let mut log = Log::default();
    let mut script = Script::new(20, 2, [key('z'), key('c'), Input::Signal(Signal::Continue)]).unwrap();
    run(&mut log, Arc::new(Tap::default()), &mut script, host()).await.unwrap();
    let copied: Vec<_> = log.events.iter().filter(|event| matches!(event, Event::Copied(_))).collect();
    let [Event::Copied(Err(error))] = copied.as_slice() else { panic!("{copied:?}") };
    assert!(error.why.contains("another program") && script.sent.is_empty(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn stopping_gives_the_terminal_away_and_takes_it_back() {
    let inputs = [
        Input::Event(Event::Key(Key::char('z'))),
        Input::Signal(Signal::Continue),
        Input::Event(Event::Key(Key::char('T'))),
    ];
    let mut log = Log::default();
    let mut script = Script::new(20, 2, inputs).unwrap();
    run(&mut log, Arc::new(Tap::default()), &mut script, host()).await.unwrap();
    let resized = Event::Resize { width: 20, height: 2 };
    assert_eq!(log.events[3..5], [resized, Event::Resumed]);
    assert_eq!((script.stops, script.titles), (1, vec!["a title".to_owned()]));
}

#[derive(Debug)]
struct Held;

impl Workbench for Held {
    fn call(&self, _: Context, _: Request) -> Replies {
        stream::empty().boxed()
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }

    fn let_go(&self) -> BoxFuture<'static, bool> {
        Box::pin(async { false })
    }
}

#[tokio::test]
async fn a_stop_with_which_others_have_to_wait_is_said() {
    let mut script = Script::keys(20, 2, "z").unwrap();
    run(&mut Log::default(), Arc::new(Held), &mut script, host()).await.unwrap();
    assert_eq!((script.stops, script.said), (1, vec![super::HELD.to_owned()]));
}

#[tokio::test]
async fn an_editor_that_cannot_start_is_an_event_with_the_reason() {
    let (events, script, _) = play(Tap::default(), "e").await;
    let [Event::Resize { .. }, Event::Resumed, Event::Edited(Err(error))] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(error.doing, "editing the text");
    assert!(!script.is_away());
}

#[tokio::test(start_paused = true)]
async fn signals_end_the_loop_and_name_their_exit_code() {
    for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143), (Signal::HangUp, 129)] {
        let mut script = Script::new(20, 2, [Input::Signal(signal)]).unwrap();
        let ended = run(&mut Log::default(), Arc::new(Tap::default()), &mut script, host()).await.unwrap();
        assert_eq!((ended, ended.code()), (Ending::Signal(signal), code));
    }
}

#[tokio::test(start_paused = true)]
async fn work_that_breaks_beside_the_loop_neither_hangs_the_screen_nor_takes_the_terminal_from_an_editor() {
    let mut log = Log::default();
    let mut script = Script::keys(20, 2, "").unwrap();
    script.wait_at_end(Duration::from_mins(1));
    let mut runtime = Runtime::new(&mut log, Arc::new(Tap::default()), &mut script, host());
    let breaks = async { panic!("on purpose") };
    runtime.editing = Some(runtime.beside.spawn(std::future::pending()).id());
    runtime.terminal.hand_over();
    runtime.beside.spawn(breaks);
    let (events, _) = runtime.wait().await.unwrap();
    assert_eq!(events, [Event::Computed(Made::Nothing)]);
    assert!(runtime.editing.is_some(), "the editor goes on");
    runtime.editing = Some(runtime.beside.spawn(async { panic!("on purpose") }).id());
    let (events, _) = runtime.wait().await.unwrap();
    assert!(matches!(events.last(), Some(Event::Edited(Err(_)))), "{events:?}");
    assert!(runtime.editing.is_none() && !script.is_away());
}
