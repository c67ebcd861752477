//! A frame of six columns that all stream: `cargo bench --bench compare`.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench fails loudly")]

mod screen;

use std::hint::black_box;
use std::time::{Duration, Instant};

use outcrop::domain::comparison::{Column, Comparison, Page};
use outcrop::domain::conversation::Conversation;
use outcrop::domain::delta::Event as Delta;
use outcrop::domain::id::{ComparisonId, ConversationId, MessageId};
use outcrop::domain::message::{Answer, Block, Message, MessageOrigin, Outcome, Role};
use outcrop::domain::settings::Settings;
use outcrop::domain::time::Timestamp;
use outcrop::tui::app::view;
use outcrop::tui::effect::TaskId;
use outcrop::tui::event::Event;
use outcrop::workbench::Reply;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use screen::{Screen, asking};

const TOUR: &str = include_str!("../tests/data/markdown/tour.md");
const COLUMNS: usize = 6;
/// 1,000 tokens a second in 60 frames a second: 17 tokens of four bytes a frame.
const STEP: usize = 68;

fn model(at: usize) -> String {
    format!("home/model-{at}")
}

fn message(at: usize, number: u8, role: Role) -> Message {
    let answer = Answer::untold(model(at).parse().unwrap(), Outcome::Streaming);
    let id = |number: u8| MessageId::from_bytes([at as u8 * 8 + number; 16]);
    Message {
        id: id(number),
        conversation: ConversationId::from_bytes([at as u8 + 1; 16]),
        parent: (number > 1).then(|| id(number - 1)),
        role,
        blocks: vec![Block::Text { text: if role == Role::User { "why?".into() } else { String::new() } }],
        created: Timestamp(0),
        answer: (role == Role::Assistant).then_some(answer),
        origin: MessageOrigin::Here,
    }
}

/// Six columns that have begun to answer, and their calls.
fn streaming() -> (Screen, Vec<TaskId>) {
    let (mut screen, _) = Screen::started(240, 70);
    let effects = screen.keys("<alt+2>");
    let replies = vec![Reply::Remembered { value: None }];
    for task in asking(&effects, "tui.compare") {
        screen.event(Event::Replies { task, replies: replies.clone() });
    }
    for at in 1..COLUMNS {
        screen.keys(&format!("<alt+c>{}<enter>", model(at)));
    }
    let effects = screen.keys("why?<enter>");
    let id = |at: usize| ConversationId::from_bytes([at as u8 + 1; 16]);
    let comparison = Comparison {
        id: ComparisonId::from_bytes([1; 16]),
        title: "why?".to_owned(),
        created: Timestamp(0),
        updated: Timestamp(0),
        columns: (0..COLUMNS).map(|at| Column::new(model(at).parse().unwrap())).collect(),
        pages: vec![Page { values: [].into(), sample: 0, lanes: (0..COLUMNS).map(id).collect() }],
        blind: None,
        category: None,
        unblinded: Vec::new(),
    };
    let made = asking(&effects, "{\"create\":")[0];
    let replies = vec![Reply::Comparison { comparison: comparison.clone(), ballots: Vec::new() }];
    let effects = screen.event(Event::Replies { task: made, replies });
    let tasks = asking(&effects, "{\"send\":");
    assert_eq!(tasks.len(), COLUMNS);
    for (at, task) in tasks.iter().enumerate() {
        let answer = message(at, 2, Role::Assistant);
        let conversation = Conversation {
            id: id(at),
            title: "why?".to_owned(),
            titled: false,
            created: Timestamp(0),
            updated: Timestamp(0),
            model: Some(model(at).parse().unwrap()),
            system: None,
            settings: Settings::default(),
            leaf: Some(answer.id),
            run: None,
            side: Some(comparison.id),
            forked_from: None,
            agent: None,
        };
        let started = Reply::Started { conversation, asked: Some(message(at, 1, Role::User)), answer };
        screen.event(Event::Replies { task: *task, replies: vec![started] });
    }
    (screen, tasks)
}

fn main() {
    let text = TOUR.repeat(8);
    let (mut screen, tasks) = streaming();
    let mut terminal = Terminal::new(TestBackend::new(240, 70)).unwrap();
    let mut times: Vec<Duration> = Vec::new();
    let mut from = 0;
    while from < text.len() {
        let end = text.floor_char_boundary((from + STEP).min(text.len()));
        let start = Instant::now();
        for task in &tasks {
            let event = Delta::Text { text: text[from..end].to_owned() };
            screen.event(Event::Replies { task: *task, replies: vec![Reply::Delta { event }] });
        }
        let frame = terminal.draw(|frame| {
            view(&screen.state, &mut screen.cache, frame);
        });
        black_box(frame.unwrap().count);
        times.push(start.elapsed());
        from = end;
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!(
        "six columns at 1,000 tokens/s each, 240x70, {} frames, {} KB each: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms (target: p99 8 ms)",
        times.len(),
        text.len() >> 10,
        at(0.5),
        at(0.99),
        at(1.0),
    );
}
