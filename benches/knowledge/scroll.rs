//! Scrolling through a document of 1,000,000 passages: the frames of the place that shows it, which asks for pages of 400 as it comes
//! near their ends; and what such a page costs in a real index.

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::{Duration, Instant};

use outcrop::domain::id::{BaseId, DocumentId, PassageId, SourceId};
use outcrop::domain::knowledge::attribute::{Attributes, PLACE, Value};
use outcrop::domain::knowledge::base::{Base, Holds, Origin, Source};
use outcrop::domain::knowledge::chunking::Chunking;
use outcrop::domain::knowledge::passage::{Entry, Passage};
use outcrop::domain::knowledge::ranking::{Placed, Standing};
use outcrop::domain::knowledge::retrieval::{Answers, Found, Looked};
use outcrop::domain::knowledge::store::StoreKind;
use outcrop::domain::knowledge::sync::{DocumentState, Filed, Stamp};
use outcrop::domain::time::Timestamp;
use outcrop::index::{Change, Embedded, VectorStore};
use outcrop::store::{Owner, Store, Unlock};
use outcrop::tui::app::view;
use outcrop::tui::effect::Effect;
use outcrop::tui::event::Event;
use outcrop::workbench::request::knowledge::Knowledge;
use outcrop::workbench::{Reply, Request};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::screen::{Screen, asking};
use super::{DIMENSIONS, Noise, TEXT, passages, percentiles};

const ALL: u32 = 1_000_000;
/// Passages of a page, as the place asks for them.
const PAGE: usize = 400;
/// Pages that are read of the index.
const READ: usize = 60;
/// Bytes from the begin of one passage to that of the next; the rest they share.
const STEP: usize = 720;
const LONG: usize = 900;

fn document() -> DocumentId {
    DocumentId::from_bytes([1; 16])
}

/// About 200 tokens of the pages.
fn passage(ordinal: u32) -> Passage {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&ordinal.to_be_bytes());
    let from = TEXT.floor_char_boundary(ordinal as usize * STEP % (TEXT.len() - LONG));
    let text = TEXT[from..TEXT.floor_char_boundary(from + LONG)].to_owned();
    let start = ordinal as usize * STEP;
    Passage {
        id: PassageId::from_bytes(id),
        document: document(),
        ordinal,
        range: start..start + text.len(),
        parent: None,
        tokens: 200,
        text,
        attributes: Attributes::from([(
            PLACE.to_owned(),
            Value::Text(format!("lines {ordinal}0 to {ordinal}9")),
        )]),
    }
}

fn base() -> Base {
    let origin = Origin::Files {
        path: "/home/ada/docs".into(),
        include: Vec::new(),
        exclude: Vec::new(),
        ignored: false,
    };
    let id = SourceId::from_bytes([5; 16]);
    let source = Source { id, origin, chunking: Chunking::Default, schedule: None, watch: false, last: None };
    Base {
        id: BaseId::from_bytes([1; 16]),
        name: "docs".to_owned(),
        description: None,
        created: Timestamp(0),
        updated: Timestamp(0),
        embedder: "local/all-minilm-l6-v2".parse().unwrap(),
        dimensions: DIMENSIONS as u32,
        normalised: None,
        store: StoreKind::default(),
        moving: None,
        index: None,
        rebuild: None,
        reranker: None,
        answers: Answers::default(),
        sources: vec![source],
        holds: Holds { documents: 1, passages: ALL.into(), tokens: u64::from(ALL) * 200 },
    }
}

fn filed() -> Filed {
    Filed {
        id: document(),
        source: SourceId::from_bytes([5; 16]),
        uri: "/home/ada/docs/all.md".to_owned(),
        state: DocumentState::Indexed,
        notes: Vec::new(),
        stamp: Stamp { bytes: 720_000_000, ..Stamp::default() },
        hash: String::new(),
        metadata: None,
        prefixed: false,
        before: String::new(),
        validators: None,
        format: "markdown".to_owned(),
        passages: ALL,
        tokens: u64::from(ALL) * 200,
        updated: Timestamp(0),
    }
}

/// What is known of a passage, with five neighbours.
fn looked(id: PassageId) -> Looked {
    let mut ordinal = [0; 4];
    ordinal.copy_from_slice(&id.as_bytes()[12..]);
    let ordinal = u32::from_be_bytes(ordinal);
    let near = |n: u32| {
        let passage = passage((ordinal + n) % ALL);
        let vector = Some(Placed { rank: n.into(), score: 0.7 });
        let standing =
            Standing { id: passage.id, vector, keyword: None, fused: None, reranked: None, cosine: None };
        Found { standing, passage, uri: "/home/ada/docs/all.md".to_owned() }
    };
    Looked { passage: passage(ordinal), norm: 1.0, neighbours: (1..6).map(near).collect() }
}

/// The answers to what was asked, which the place did not wait for.
fn answers(effects: Vec<Effect>) -> Vec<Event> {
    let mut events = Vec::new();
    for effect in effects {
        match effect {
            Effect::Call { task, request: Request::Knowledge(request), .. } => {
                let reply = match request {
                    Knowledge::Passages { from, most, .. } => {
                        let end = (from + most.unwrap()).min(ALL);
                        Reply::Passages { passages: (from..end).map(passage).collect() }
                    }
                    Knowledge::Look { passage: id, .. } => Reply::Looked { looked: looked(id) },
                    Knowledge::Documents { .. } => Reply::Documents { documents: vec![filed()] },
                    _ => continue,
                };
                events.push(Event::Replies { task, replies: vec![reply] });
                events.push(Event::Ended { task, error: None });
            }
            // Of the place's own; others go on for ever.
            Effect::After { timer, .. } if timer.0 == "knowledge.rest" => events.push(Event::Timer(timer)),
            _ => {}
        }
    }
    events
}

/// What a key or an answer leads to, and the frame that comes of it.
fn shown(
    screen: &mut Screen,
    terminal: &mut Terminal<TestBackend>,
    times: &mut Vec<Duration>,
    work: impl FnOnce(&mut Screen) -> Vec<Effect>,
) -> Vec<Effect> {
    let now = Instant::now();
    let effects = work(screen);
    let frame = terminal.draw(|frame| {
        view(&screen.state, &mut screen.cache, frame);
    });
    black_box(frame.unwrap().count);
    times.push(now.elapsed());
    effects
}

/// Plays keys and all answers that they lead to.
fn played(screen: &mut Screen, terminal: &mut Terminal<TestBackend>, keys: &str, times: &mut Times) {
    let effects = shown(screen, terminal, &mut times.keys, |screen| screen.keys(keys));
    let mut open = VecDeque::from(answers(effects));
    while let Some(event) = open.pop_front() {
        let effects = shown(screen, terminal, &mut times.answers, |screen| screen.event(event));
        open.extend(answers(effects));
    }
}

/// Those of frames.
#[derive(Default)]
struct Times {
    keys: Vec<Duration>,
    answers: Vec<Duration>,
}

/// The frames, on a large terminal.
pub fn frames() {
    let (mut screen, _) = Screen::started(200, 60);
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
    let effects = screen.keys("<alt+3>");
    for task in asking(&effects, "\"list\"") {
        screen.event(Event::Replies { task, replies: vec![Reply::Bases { bases: vec![base()] }] });
        screen.event(Event::Ended { task, error: None });
    }
    for keys in ["D", "<enter>"] {
        played(&mut screen, &mut terminal, keys, &mut Times::default());
    }
    let drawn = terminal.backend().to_string();
    assert!(drawn.contains("1 of 1,000,000"), "{drawn}");
    for (name, keys, often) in [
        ("a line down", "j", 2000),
        ("half a page down", "d", 500),
        ("to the end and back", "G", 50),
        ("half a page up", "u", 500),
    ] {
        let mut times = Times::default();
        for n in 0..often {
            let keys = if keys == "G" && n % 2 == 1 { "g" } else { keys };
            played(&mut screen, &mut terminal, keys, &mut times);
        }
        percentiles(&format!("scroll, {name}, the key and its frame"), times.keys);
        percentiles(&format!("scroll, {name}, an answer and its frame"), times.answers);
    }
    let drawn = terminal.backend().to_string();
    assert!(drawn.contains("of 1,000,000") && drawn.contains("nearest"), "{drawn}");
}

/// A page of passages out of an index, as the service reads it.
pub async fn pages() {
    let all = passages();
    let mut noise = Noise(0x5eed);
    let folder = tempfile::tempdir().unwrap();
    let owner = Owner::try_take(folder.path()).unwrap().unwrap();
    let (home, _) = Store::open(&owner, &Unlock::default()).unwrap();
    let store = Embedded::open(home.shelf("bench").unwrap(), DIMENSIONS).unwrap();
    for first in (0..all).step_by(1000) {
        let entry = |n: usize| Entry { passage: passage(n as u32), vector: noise.vector() };
        let put = (first..(first + 1000).min(all)).map(entry).collect();
        store.apply(Change { remove: Vec::new(), put }).await.unwrap();
    }
    store.settle().await.unwrap();
    let mut times = Vec::new();
    for _ in 0..READ {
        let from = noise.next() as usize % all.saturating_sub(PAGE).max(1);
        let now = Instant::now();
        let ids = store.part_of_document(document(), from, PAGE).await.unwrap();
        let read = store.passages(ids).await.unwrap();
        times.push(now.elapsed());
        assert!(read.iter().flatten().count() == PAGE.min(all), "a page is whole");
    }
    percentiles(&format!("a page of {PAGE} passages of a document of {all}"), times);
}
