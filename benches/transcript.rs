//! A frame of the transcript, and a streaming answer: `cargo bench --bench transcript`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails loudly")]

mod screen;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use outcrop::domain::conversation::{Conversation, Thread};
use outcrop::domain::id::{ConversationId, MessageId};
use outcrop::domain::message::{Answer, Block, Message, MessageOrigin, Outcome, Role};
use outcrop::domain::settings::Settings;
use outcrop::domain::time::Timestamp;
use outcrop::tui::app::view;
use outcrop::tui::event::Event;
use outcrop::tui::look::Look;
use outcrop::tui::widget::transcript::{Cache, Item, Scroll, Transcript};
use outcrop::workbench::Reply;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use screen::{Screen, asking};

const TOUR: &str = include_str!("../tests/data/markdown/tour.md");
const AREA: Rect = Rect::new(0, 0, 200, 60);
/// 5,000 tokens a second in 60 frames a second: 84 tokens of four bytes a frame.
const STEP: usize = 336;

fn message(number: u32, text: String, outcome: Outcome) -> Message {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let assistant = number % 2 == 1;
    Message {
        id: MessageId::from_bytes(id),
        conversation: ConversationId::from_bytes([0; 16]),
        parent: None,
        role: if assistant { Role::Assistant } else { Role::User },
        blocks: vec![Block::Text { text }],
        created: Timestamp(0),
        answer: assistant.then(|| Answer::untold("local/smollm2-135m".parse().unwrap(), outcome)),
        origin: MessageOrigin::Here,
    }
}

fn done() -> Outcome {
    Outcome::Complete { reason: outcrop::domain::message::StopReason::EndTurn }
}

fn long() -> Vec<Message> {
    let text = |i| if i % 2 == 1 { TOUR.to_owned() } else { format!("question {i}") };
    (0..10_000).map(|i| message(i, text(i), done())).collect()
}

/// The whole screen, the conversation open in it: a key, and the frame that comes of it.
fn whole(c: &mut Criterion) {
    let mut messages = long();
    for at in (1..messages.len()).rev() {
        messages[at].parent = Some(messages[at - 1].id);
    }
    let conversation = Conversation {
        id: messages[0].conversation,
        title: "why?".to_owned(),
        titled: false,
        created: Timestamp(0),
        updated: Timestamp(0),
        model: Some("local/smollm2-135m".parse().unwrap()),
        system: None,
        settings: Settings::default(),
        leaf: messages.last().map(|message| message.id),
        run: None,
        side: None,
        forked_from: None,
        agent: None,
    };
    let (mut screen, effects) = Screen::started(AREA.width, AREA.height);
    let heads = vec![conversation.clone()];
    for task in asking(&effects, "\"limit\":100") {
        screen.event(Event::Replies {
            task,
            replies: vec![Reply::Conversations { heads: heads.clone(), more: false }],
        });
    }
    let effects = screen.keys("<ctrl+s><enter>");
    let thread = Thread { conversation, messages };
    let task = asking(&effects, "\"open\"")[0];
    screen.event(Event::Replies { task, replies: vec![Reply::Thread { thread }] });
    let mut terminal = Terminal::new(TestBackend::new(AREA.width, AREA.height)).unwrap();
    let mut group = c.benchmark_group("the whole screen, 10,000 messages, 200x60");
    for (name, key) in [("a page up each time", "<pageup>"), ("a letter typed", "x")] {
        group.bench_function(name, |b| {
            b.iter(|| {
                screen.keys(key);
                let frame = terminal.draw(|frame| {
                    view(&screen.state, &mut screen.cache, frame);
                });
                black_box(frame.unwrap().count)
            });
        });
    }
    group.finish();
}

fn scrolled(c: &mut Criterion) {
    let messages = long();
    let look = Look::named("dark").unwrap();
    let mut buffer = Buffer::empty(AREA);
    let mut group = c.benchmark_group("one frame, 10,000 messages, 200x60");
    let mut draw = |scroll: &Scroll, cache: &mut Cache| {
        // The items are made anew, as a pane does for each frame.
        let items: Vec<Item<'_>> = messages.iter().map(Item::of).collect();
        let transcript = Transcript::new(&items);
        let geometry = transcript.layout(AREA, scroll, cache);
        buffer.reset();
        transcript.draw(&geometry, &look, &mut buffer);
        black_box(geometry.scroll)
    };
    group.bench_function("at the end", |b| {
        let mut cache = Cache::default();
        b.iter(|| draw(&Scroll::default(), &mut cache));
    });
    group.bench_function("anywhere, nothing cached", |b| {
        let mut at = 0usize;
        b.iter(|| {
            at = (at + 7919) % messages.len();
            let mut scroll = Scroll::default();
            scroll.to_message(messages[at].id);
            draw(&scroll, &mut Cache::default())
        });
    });
    group.bench_function("a page up each time", |b| {
        let mut cache = Cache::default();
        let mut scroll = Scroll::default();
        b.iter(|| {
            scroll.page(AREA.height, -1);
            scroll = draw(&scroll, &mut cache);
        });
    });
    group.finish();
}

fn streaming(c: &mut Criterion) {
    let look = Look::named("dark").unwrap();
    let text = TOUR.repeat(20);
    let mut group = c.benchmark_group("streaming");
    group.bench_function("a frame at 5,000 tokens/s, 40 KB answered", |b| {
        let mut buffer = Buffer::empty(AREA);
        let mut cache = Cache::default();
        let mut answer = message(1, String::new(), Outcome::Streaming);
        let mut end = text.len();
        b.iter(|| {
            if end >= text.len() {
                end = 0;
                cache = Cache::default();
                answer.blocks = vec![Block::Text { text: String::with_capacity(text.len()) }];
            }
            let next = text.floor_char_boundary((end + STEP).min(text.len()));
            if let Some(Block::Text { text: shown }) = answer.blocks.last_mut() {
                shown.push_str(&text[end..next]);
            }
            end = next;
            let items = [Item::of(&answer)];
            let transcript = Transcript::new(&items);
            let geometry = transcript.layout(AREA, &Scroll::default(), &mut cache);
            buffer.reset();
            transcript.draw(&geometry, &look, &mut buffer);
        });
    });
    group.finish();
}

criterion_group!(benches, scrolled, whole, streaming);
criterion_main!(benches);
