//! The knowledge place: bases, a question with its hits and answer, documents, passages; and what keys ask for.

use std::collections::HashSet;

use outcrop::domain::delta::Event as Delta;
use outcrop::domain::evaluation::job::GenerationState;
use outcrop::domain::id::{BaseId, DocumentId, PassageId, SourceId, SyncId};
use outcrop::domain::knowledge::attribute::{Attributes, PLACE, Value};
use outcrop::domain::knowledge::base::{Base, Holds, Origin, Source};
use outcrop::domain::knowledge::chunking::Chunking;
use outcrop::domain::knowledge::grounding::Grounding;
use outcrop::domain::knowledge::passage::Passage;
use outcrop::domain::knowledge::preview::{Piece, Preview, Way};
use outcrop::domain::knowledge::ranking::{Mode, Placed, Standing};
use outcrop::domain::knowledge::rebuild::{Rebuild, RebuildPlan, RebuildState, Wish};
use outcrop::domain::knowledge::reranking::{Reranked, Reranker, Reranking};
use outcrop::domain::knowledge::retrieval::{Answers, Citation, Found, Looked, Retrieved};
use outcrop::domain::knowledge::schedule::Schedule;
use outcrop::domain::knowledge::store::StoreKind;
use outcrop::domain::knowledge::sync::{
    At, DocumentState, Due, Filed, Sorting, Stamp, Statistics, Sync, SyncState,
};
use outcrop::domain::knowledge::vectors::Probed;
use outcrop::domain::message::Role;
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, TimerId};
use outcrop::tui::event::{Button, Event, Mouse, MouseKind};
use outcrop::tui::key::KeyModifiers;
use outcrop::tui::pane::Place;
use outcrop::workbench::request::Topic;
use outcrop::workbench::request::knowledge::Knowledge;
use outcrop::workbench::{Changed, Reply, Request};

use super::evaluate::evaluation;
use super::{SIZES, shoot};
use crate::stage::{COMPLETE, NOW, Stage, answer, message};

const FOLDER: &str = "/home/ada/billing";

fn sync(state: SyncState) -> Sync {
    let statistics = Statistics {
        scanned: 64,
        new: 40,
        unchanged: 22,
        failed: 2,
        passages: 1204,
        tokens: 231_000,
        bytes: 4_200_000,
        ..Statistics::default()
    };
    Sync {
        statistics,
        updated: Timestamp(NOW - 4 * 60_000),
        ..Sync::begun(SyncId::from_bytes([3; 16]), Timestamp(NOW - 6 * 60_000))
    }
    .in_state(state)
}

trait InState {
    fn in_state(self, state: SyncState) -> Self;
}

impl InState for Sync {
    fn in_state(self, state: SyncState) -> Self {
        Self { state, ..self }
    }
}

pub(super) fn base(n: u8, name: &str, sources: Vec<Source>) -> Base {
    let passages = if sources.is_empty() { 0 } else { 18_331 };
    Base {
        id: BaseId::from_bytes([n; 16]),
        name: name.to_owned(),
        description: (n == 1).then(|| "How customers pay, and what goes wrong with that".to_owned()),
        created: Timestamp(NOW - 3_600_000),
        updated: Timestamp(NOW - 240_000 - i64::from(n)),
        embedder: "local/all-minilm-l6-v2".parse().unwrap(),
        dimensions: 384,
        normalised: None,
        reranker: None,
        answers: Answers::default(),
        store: StoreKind::default(),
        moving: None,
        index: None,
        rebuild: None,
        sources,
        holds: Holds { documents: passages / 15, passages, tokens: passages * 180 },
    }
}

pub(super) fn source(last: Option<Sync>) -> Source {
    let (include, exclude) = (Vec::new(), Vec::new());
    let origin = Origin::Files { path: FOLDER.into(), include, exclude, ignored: false };
    let (id, chunking) = (SourceId::from_bytes([5; 16]), Chunking::Default);
    Source { id, origin, chunking, schedule: None, watch: false, last }
}

pub(super) fn failing() -> Sync {
    let mut failing = sync(SyncState::Complete);
    failing.statistics.failed = 0;
    failing.fail(
        "/home/ada/billing/scan.pdf",
        "reading /home/ada/billing/scan.pdf: it has no text. Where it is a picture of text, have it read by another program first.",
    );
    failing.fail(
        "/home/ada/billing/手引き.docx",
        "reading /home/ada/billing/手引き.docx: it is broken off: unpacking word/document.xml. Fetch it anew.",
    );
    failing
}

pub(super) fn running() -> Sync {
    let due = Due { files: 64, bytes: 4_200_000, files_done: 40, bytes_done: 2_604_000 };
    Sync { due, began: Timestamp(NOW - 60_000), ..sync(SyncState::InProgress) }
}

pub(super) fn bases() -> Vec<Base> {
    vec![
        base(1, "billing", vec![source(Some(failing()))]),
        base(
            2,
            "手引き — the handbook of everything that anybody ever asked about",
            vec![source(Some(running()))],
        ),
        base(3, "empty", Vec::new()),
        base(4, "broken off", vec![source(Some(sync(SyncState::Stopped)))]),
    ]
}

pub(super) fn enter(stage: &mut Stage, bases: Vec<Base>) {
    stage.keys("<alt+3>");
    stage.answer("\"list\"", vec![Reply::Bases { bases }]);
}

const TEXTS: [&str; 5] = [
    "A duplicate charge is refunded within five days, provided that the customer says so within a month. Charges \
     that were made twice on the same card are found by the system at night.",
    "Duplicates are merged before billing. What was merged is told to the customer in the monthly letter.",
    "Charges made twice on the same card are refunded by hand where the bank does not take them back.",
    "同じカードへの二重請求は五日以内に返金されます。銀行が受け付けない場合は手作業で返金します。",
    "The cafeteria opens at nine.",
];

fn passage(n: u8) -> Passage {
    let text = TEXTS[usize::from(n) % TEXTS.len()].to_owned();
    let start = usize::from(n) * 100;
    Passage {
        id: PassageId::from_bytes([n + 1; 16]),
        document: DocumentId::from_bytes([n % 3 + 1; 16]),
        ordinal: u32::from(n) + 11,
        range: start..start + text.len(),
        parent: None,
        tokens: 40 + u32::from(n),
        text,
        attributes: Attributes::from([
            (PLACE.to_owned(), Value::Text(format!("page {}", n + 1))),
            ("year".to_owned(), Value::Number(2024.0)),
        ]),
    }
}

fn found(n: u8, vector: Option<(u64, f64)>, words: Option<(u64, f64)>, fused: Option<(u64, f64)>) -> Found {
    let placed = |at: Option<(u64, f64)>| at.map(|(rank, score)| Placed { rank, score });
    let (vector, keyword, fused) = (placed(vector), placed(words), placed(fused));
    let standing = Standing { id: passage(n).id, vector, keyword, fused, reranked: None, cosine: None };
    let uri = ["refunds.pdf", "faq.md", "guides/手引き.docx"][usize::from(n) % 3];
    Found { standing, passage: passage(n), uri: format!("{FOLDER}/{uri}") }
}

fn retrieved() -> Retrieved {
    Retrieved {
        hits: vec![
            found(0, Some((1, 0.71)), Some((2, 11.23)), Some((1, 0.0325))),
            found(1, Some((3, 0.64)), Some((1, 12.9)), Some((2, 0.0323))),
            found(2, Some((2, 0.66)), Some((4, 8.1)), Some((3, 0.0317))),
            found(3, Some((4, 0.41)), None, Some((4, 0.0156))),
            found(4, Some((5, 0.12)), None, Some((5, 0.0153))),
        ],
        compared: 18_331,
        matched: 214,
        ..Retrieved::default()
    }
}

fn search(stage: &mut Stage) {
    enter(stage, bases());
    stage.keys("<enter>how are duplicate charges refunded?<enter>");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
}

fn filed(n: u8, uri: &str, state: DocumentState, notes: &[&str], passages: u32) -> Filed {
    Filed {
        id: DocumentId::from_bytes([n; 16]),
        source: SourceId::from_bytes([5; 16]),
        uri: format!("{FOLDER}/{uri}"),
        state,
        notes: notes.iter().map(|note| (*note).to_owned()).collect(),
        stamp: Stamp { bytes: 212_000, ..Stamp::default() },
        hash: String::new(),
        metadata: None,
        prefixed: false,
        before: String::new(),
        validators: None,
        format: if passages > 0 { "pdf".to_owned() } else { String::new() },
        passages,
        tokens: u64::from(passages) * 187,
        updated: Timestamp(NOW - 240_000),
    }
}

fn documents() -> Vec<Filed> {
    vec![
        filed(2, "faq.md", DocumentState::Indexed, &[], 12),
        filed(3, "guides/手引き.docx", DocumentState::Indexed, &["charset guessed: windows-1252"], 4),
        filed(1, "refunds.pdf", DocumentState::Indexed, &[], 1_000_000),
        filed(
            4,
            "scan.pdf",
            DocumentState::Failed,
            &["reading scan.pdf: it has no text. Have it read by another program first."],
            0,
        ),
        filed(5, "picture.png", DocumentState::Ignored, &["it is of a kind that is not read"], 0),
    ]
}

fn passages(stage: &mut Stage) {
    enter(stage, bases());
    stage.keys("D");
    stage.answer("\"documents\"", vec![Reply::Documents { documents: documents() }]);
    stage.keys("jj<enter>");
    let passages = (0..400).map(|n| Passage { ordinal: n, ..passage((n % 5) as u8) }).map(|one| {
        let start = one.ordinal as usize * 100;
        Passage { range: start..start + one.text.len(), ..one }
    });
    stage.answer("\"passages\"", vec![Reply::Passages { passages: passages.collect() }]);
}

pub(super) fn requests(effects: &[Effect]) -> Vec<Knowledge> {
    Stage::requests(effects)
        .into_iter()
        .filter_map(|request| match request {
            Request::Knowledge(request) => Some(request),
            _ => None,
        })
        .collect()
}

#[test]
fn a_place_without_bases_teaches() {
    shoot("knowledge-empty", |stage| enter(stage, Vec::new()));
}

#[test]
fn bases_are_a_table_with_a_card() {
    shoot("knowledge-bases", |stage| enter(stage, bases()));
    shoot("knowledge-syncing", |stage| {
        enter(stage, bases());
        stage.keys("j");
    });
}

#[test]
fn a_source_says_when_it_is_looked_through_by_itself_and_how_far_that_is() {
    let mut stage = Stage::settled(240, 40, "dark");
    let schedule = Schedule::of("0 6 * * *", Timestamp(NOW)).unwrap();
    let mut sync = running();
    (sync.statistics.known, sync.statistics.windowed) = (12, 3);
    let tended = Source { schedule: Some(schedule), watch: true, ..source(Some(sync)) };
    enter(&mut stage, vec![base(1, "billing", vec![tended])]);
    let text = stage.text();
    let times = "looked through at 0 6 * * *, and when its files change";
    let counts = ["1,204 passages, 231,000 tokens from 4.2 MB", "12 of them embedded before", "37 s left"];
    for told in counts.into_iter().chain([times, "3 of them longer than the model reads at once"]) {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn the_document_that_is_being_embedded_is_told_with_how_far_that_is() {
    for (width, height) in SIZES {
        let mut stage = Stage::settled(width, height, "dark");
        let at = At { uri: format!("{FOLDER}/guide.pdf"), bytes: 90_000, passages: 1400, passages_done: 320 };
        let sync = Sync { at: Some(at), ..running() };
        enter(&mut stage, vec![base(1, "billing", vec![source(Some(sync))])]);
        let told = "guide.pdf · 320 of 1,400 passages";
        assert!(stage.text().contains(told), "{}", stage.text());
        stage.keys("S");
        stage.answer("\"runs\"", vec![Reply::SyncRuns { runs: Vec::new() }]);
        stage.keys("j");
        assert!(stage.text().contains(told), "{}", stage.text());
    }
}

#[test]
fn where_a_card_has_no_room_what_went_wrong_comes_first_and_the_rest_is_counted() {
    let mut stage = Stage::settled(60, 20, "dark");
    enter(&mut stage, bases());
    let text = stage.text();
    assert!(text.contains("reading scan.pdf") && text.contains("▼ 6 more"), "{text}");
}

#[test]
fn where_nothing_is_asked_the_key_that_chooses_a_model_says_so_and_stays() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    stage.keys("<ctrl+l>");
    let shown = stage.text();
    assert!(stage.state.place == Place::Knowledge && !shown.contains("take it"), "{shown}");
    assert!(shown.contains("Ctrl+L means nothing here; Alt+1…9 lead to the places"), "{shown}");
}

#[test]
fn a_large_base_says_that_its_vectors_are_looked_for_by_lists_and_a_question_by_how_many() {
    let mut stage = Stage::settled(240, 40, "dark");
    let holds = Holds { documents: 9000, passages: 1_000_000, tokens: 180_000_000 };
    enter(&mut stage, vec![Base { holds, ..base(1, "billing", vec![source(None)]) }]);
    let text = stage.text();
    assert!(text.contains("by lists, nearly exactly"), "{text}");
    stage.keys("<enter>how are duplicate charges refunded?<enter>");
    let probed = Some(Probed { lists: 80, of: 4000, compared: 21_500 });
    let retrieved = Retrieved { compared: 21_500, probed, ..retrieved() };
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved, prompt: None }]);
    let text = stage.text();
    assert!(text.contains("21,500 by vector in 80 of 4,000 lists, 214 by words"), "{text}");
}

#[test]
fn a_sync_that_makes_lists_says_how_far_these_are_and_not_how_far_its_files_are() {
    let sorting = Some(Sorting { done: 760_000, of: 1_784_000 });
    let all = Due { files_done: 64, bytes_done: 4_200_000, ..running().due };
    // They may also have been left to a sync for which nothing else is due.
    for (wide, due) in [(120, all), (60, all), (120, Due::default())] {
        let mut stage = Stage::settled(wide, 40, "dark");
        let making = Sync { sorting, due, ..running() };
        enter(&mut stage, vec![base(1, "billing", vec![source(Some(making))])]);
        let text = stage.text();
        assert!(text.contains("● making lists: 43 %") && !text.contains("100 %"), "{text}");
        stage.keys("S");
        stage.answer("\"runs\"", vec![Reply::SyncRuns { runs: Vec::new() }]);
        let text = stage.text();
        assert!(text.contains("lists 43 %"), "{text}");
    }
}

#[test]
fn a_list_that_cannot_be_read_says_why() {
    shoot("knowledge-failed", |stage| {
        stage.keys("<alt+3>");
        let error = Error::new(ErrorKind::Io, "reading the workspace", "the disk is gone", "Mount it.");
        let task = stage.task("\"list\"");
        stage.event(Event::Ended { task, error: Some(error) });
    });
}

#[test]
fn a_question_has_hits_with_their_ranks_and_the_passage_that_is_selected() {
    shoot("knowledge-asking", |stage| {
        enter(stage, bases());
        stage.keys("<enter>");
    });
    shoot("knowledge-found", |stage| {
        search(stage);
        stage.keys("<tab>j");
    });
    shoot("knowledge-nothing", |stage| {
        enter(stage, bases());
        stage.keys("<enter>xyzzy<enter>");
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: Retrieved::default(), prompt: None }]);
    });
}

#[test]
fn what_an_empty_base_needs_is_said_by_keys_and_not_by_commands() {
    for (width, height) in [(60, 20), (120, 40)] {
        let mut stage = Stage::settled(width, height, "dark");
        enter(&mut stage, vec![base(9, "notes", Vec::new())]);
        for (keys, asked) in [("<enter>refunds<enter>", "\"search\""), ("<alt+enter>", "\"ask\"")] {
            stage.keys(keys);
            let hint = "`outcrop kb add-source` and `outcrop kb sync` fill it.";
            let error = Error::new(ErrorKind::NotFound, "searching", "\"notes\" is empty", hint);
            let task = stage.task(asked);
            stage.event(Event::Ended { task, error: Some(error) });
            let text = stage.text();
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("is empty") && words.contains("a and s fill it."), "{asked}: {text}");
            assert!(words.contains("Esc leads back") && !words.contains("outcrop kb"), "{asked}: {text}");
        }
    }
}

#[test]
fn the_selected_hit_tells_all_its_ranks_where_the_list_has_no_room_for_them() {
    for (width, height, all) in [(60, 20, true), (80, 24, false)] {
        let mut stage = Stage::settled(width, height, "dark");
        search(&mut stage);
        stage.keys("<tab>j");
        let text = stage.text();
        assert!(text.contains("number 2, .0323"), "{text}");
        for told in ["number 3, .64", "number 1, 12.9"] {
            assert_eq!(text.contains(told), all, "{told}: {text}");
        }
    }
}

#[test]
fn an_answer_stands_above_its_passages_with_those_that_it_names() {
    let play = |stage: &mut Stage| {
        enter(stage, bases());
        stage.keys("<enter>how are duplicate charges refunded?<alt+enter>");
        stage.reply(
            "\"ask\"",
            vec![Reply::Retrieved { retrieved: retrieved(), prompt: Some("the prompt".into()) }],
        );
        let text = "A duplicate charge is refunded within five days [1]. Where the bank does not take it back, it is done by hand [3].";
        stage.reply("\"ask\"", vec![Reply::Delta { event: Delta::Text { text: text.into() } }]);
    };
    shoot("knowledge-answering", play);
    shoot("knowledge-answer", |stage| {
        play(stage);
        let citations = vec![
            Citation { start: 0, end: 47, hits: vec![1], alike: false },
            Citation { start: 53, end: 110, hits: vec![3], alike: false },
        ];
        stage.answer("\"ask\"", vec![Reply::Cited { text: String::new(), citations }]);
        let stopped = stage.text();
        assert!(!stopped.contains("answering"), "{stopped}");
    });
    shoot("knowledge-unanswered", |stage| {
        enter(stage, bases());
        stage.keys("<enter>who won?<alt+enter>");
        stage.answer("\"ask\"", vec![Reply::Retrieved { retrieved: Retrieved::default(), prompt: None }]);
    });
}

#[test]
fn what_is_not_near_enough_for_an_answer_stands_below_what_is_and_says_so() {
    let mut stage = Stage::settled(120, 40, "dark");
    let mut all = bases();
    all[0].answers.threshold = Some(0.65);
    enter(&mut stage, all);
    stage.keys("<enter>how are duplicate charges refunded?<enter>");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
    let text = stage.text();
    assert!(text.contains("hybrid · 5 hits · cosine ≥ .65"), "the base's own: {text}");
    stage.keys("<tab>j");
    assert!(stage.text().contains("Less near than the threshold"), "{}", stage.text());
    stage.keys("a");
    let mut near = retrieved();
    near.keep_near(Mode::Hybrid, Some(0.65));
    assert_eq!((near.hits.len(), near.below.len()), (2, 3));
    stage.reply("\"ask\"", vec![Reply::Retrieved { retrieved: near, prompt: Some("the prompt".into()) }]);
    stage.keys("j");
    let text = stage.text();
    let faq = text.lines().find(|line| line.contains("Duplicates are merged")).unwrap();
    assert!(faq.starts_with("▌ –    3  .64"), "it has no number of a hit: {text}");
    assert!(text.contains("Less near than the threshold"), "{text}");

    // Nothing is near enough: that is told with what was found.
    stage.keys("a");
    let mut far = retrieved();
    far.keep_near(Mode::Hybrid, Some(0.9));
    stage.answer("\"ask\"", vec![Reply::Retrieved { retrieved: far, prompt: None }]);
    let text = stage.text();
    assert!(text.contains("Not in the knowledge base") && text.contains("–    1  .71"), "{text}");
    assert!(!text.contains("no passage passes the filter"), "{text}");
}

#[test]
fn a_mark_of_an_answer_that_is_pressed_shows_the_passage_that_it_names() {
    for (width, height) in [(80, 24), (120, 40), (160, 48)] {
        let mut stage = Stage::settled(width, height, "dark");
        search(&mut stage);
        stage.keys("<tab>a");
        let found = Reply::Retrieved { retrieved: retrieved(), prompt: Some("the prompt".into()) };
        let text = "Within five days [1].\n\nElse it is done by hand [3].".to_owned();
        stage.reply("\"ask\"", vec![found, Reply::Delta { event: Delta::Text { text } }]);
        let citations = vec![Citation { start: 24, end: 45, hits: vec![3], alike: false }];
        stage.answer("\"ask\"", vec![Reply::Cited { text: String::new(), citations }]);
        let card = "手引き.docx, page 3 · passage 14";
        let text = stage.text();
        assert!(!text.contains(card), "{text}");
        let (row, line) = text.lines().enumerate().find(|(_, line)| line.contains("by hand [3]")).unwrap();
        let column = line.find("[3]").unwrap() as u16 + 1;
        let (kind, row) = (MouseKind::Down(Button::Left), row as u16);
        stage.event(Event::Mouse(Mouse { kind, column, row, modifiers: KeyModifiers::NONE }));
        let text = stage.text();
        assert!(text.contains(card), "{text}");
    }
}

#[test]
fn no_mark_is_pressed_of_an_answer_in_whose_place_stands_why_it_broke_off() {
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    stage.keys("<tab>a");
    let found = Reply::Retrieved { retrieved: retrieved(), prompt: Some("the prompt".into()) };
    stage.reply("\"ask\"", vec![found, Reply::Delta { event: Delta::Text { text: "[3]".repeat(9) } }]);
    let task = stage.task("\"ask\"");
    let error = Error::new(ErrorKind::Network, "asking", "the line is down", "");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    let row = text.lines().position(|line| line.contains("the line is down")).unwrap() as u16;
    for column in 3..20 {
        let kind = MouseKind::Down(Button::Left);
        stage.event(Event::Mouse(Mouse { kind, column, row, modifiers: KeyModifiers::NONE }));
    }
    assert_eq!(stage.text(), text);
}

#[test]
fn the_hit_that_is_selected_stays_in_sight_below_an_answer() {
    let mut stage = Stage::settled(60, 20, "dark");
    search(&mut stage);
    stage.keys("<tab>Ga");
    stage.reply(
        "\"ask\"",
        vec![Reply::Retrieved { retrieved: retrieved(), prompt: Some("the prompt".into()) }],
    );
    let text = "A duplicate charge is refunded within five days. ".repeat(12);
    stage.reply("\"ask\"", vec![Reply::Delta { event: Delta::Text { text } }]);
    let text = stage.text();
    assert_eq!(text.matches("faq.md, page 5").count(), 2, "in its row and over its text: {text}");
}

#[test]
fn an_answer_that_names_nothing_says_which_passage_it_has_its_words_from() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    stage.keys("<enter>when does it open?<alt+enter>");
    let found = Reply::Retrieved { retrieved: retrieved(), prompt: Some("the prompt".into()) };
    let text = "The cafeteria opens at nine.".to_owned();
    stage.reply("\"ask\"", vec![found, Reply::Delta { event: Delta::Text { text } }]);
    let citations = vec![Citation { start: 0, end: 28, hits: vec![5], alike: true }];
    stage.answer("\"ask\"", vec![Reply::Cited { text: String::new(), citations }]);
    let text = stage.text();
    assert!(text.contains("names none; its words are those of 1 passage"), "{text}");
    assert!(text.contains("5✓"), "{text}");
    // The same passage is its source where another way of looking finds it first.
    stage.keys("<alt+m>");
    let mut other = retrieved();
    other.hits.swap(0, 4);
    other.hits.truncate(1);
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: other, prompt: None }]);
    let text = stage.text();
    assert!(text.contains("names none; its words are those of 1 passage"), "{text}");
    assert!(text.contains("1✓") && !text.contains("5✓"), "{text}");
}

/// An answer of so many paragraphs, `line 1` to the last one.
fn long_answer(stage: &mut Stage, lines: usize) {
    enter(stage, bases());
    stage.keys("<enter>how are duplicate charges refunded?<alt+enter>");
    let found = Reply::Retrieved { retrieved: retrieved(), prompt: Some("the prompt".into()) };
    let text = (1..=lines).map(|line| format!("- line {line}.")).collect::<Vec<_>>().join("\n") + "\n";
    stage.reply("\"ask\"", vec![found, Reply::Delta { event: Delta::Text { text } }]);
}

#[test]
fn the_end_of_an_answer_leaves_the_keys_where_they_are() {
    let mut stage = Stage::settled(80, 24, "dark");
    long_answer(&mut stage, 2);
    stage.keys("<ctrl+u>when is");
    stage.answer("\"ask\"", vec![Reply::Cited { text: String::new(), citations: Vec::new() }]);
    stage.keys(" a day off?");
    assert!(stage.text().contains("when is a day off?"), "{}", stage.text());
}

#[test]
fn a_long_answer_is_read_by_keys_and_stays_at_its_end_when_it_is_whole() {
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let mut stage = Stage::settled(width, height, "dark");
        long_answer(&mut stage, 70);
        let end = |stage: &mut Stage| {
            let text = stage.text();
            text.contains("line 70.") && !text.contains("line 1.")
        };
        assert!(end(&mut stage), "its end while it is written: {}", stage.text());
        stage.answer("\"ask\"", vec![Reply::Cited { text: String::new(), citations: Vec::new() }]);
        assert!(end(&mut stage), "and once it is whole: {}", stage.text());
        // A page of it also from the line of the question, and its beginning where it has the keys.
        stage.keys("<pageup>");
        assert!(!stage.text().contains("line 70."), "{}", stage.text());
        stage.keys("<tab>g");
        assert!(stage.text().contains("line 1."), "{}", stage.text());
        let rows = |stage: &mut Stage| stage.text().matches("line ").count();
        let before = rows(&mut stage);
        stage.keys("<enter>");
        assert!(rows(&mut stage) > before && !stage.text().contains("refunds.pdf"), "{}", stage.text());
        stage.keys("<esc>G");
        assert!(rows(&mut stage) == before && end(&mut stage), "{}", stage.text());
        // The next stop is what was found.
        stage.keys("<tab>j");
        assert!(stage.text().contains("passage 13"), "{}", stage.text());
    }
}

#[test]
fn an_answer_is_set_as_markdown_and_a_task_is_no_citation() {
    let mut stage = Stage::settled(80, 24, "dark");
    enter(&mut stage, bases());
    stage.keys("<enter>what is to be done?<alt+enter>");
    let found = Reply::Retrieved { retrieved: retrieved(), prompt: Some("the prompt".into()) };
    stage.reply("\"ask\"", vec![found]);
    let text = "Two steps:\n\n- [ ] **ask** within a month [1]\n- [x] wait, as `list[2]` says\n";
    stage.reply("\"ask\"", vec![Reply::Delta { event: Delta::Text { text: text.into() } }]);
    stage.answer("\"ask\"", vec![Reply::Cited { text: String::new(), citations: Vec::new() }]);
    let text = stage.text();
    assert!(text.contains("☐ ask within a month [1]") && text.contains("☑ wait, as list[2] says"), "{text}");
    assert!(!text.contains("**"), "{text}");
}

#[test]
fn on_a_narrow_screen_two_settings_stand_one_above_the_other() {
    let mut stage = Stage::settled(60, 20, "dark");
    search(&mut stage);
    stage.keys("<tab>c");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
    let text = stage.text();
    let at = |what: &str| text.lines().position(|line| line.contains(what)).unwrap();
    assert!(at("hybrid · 5 hits") < at("semantic · 5 hits"), "{text}");
    // In both lists and in the card, and nothing beside it.
    assert!(text.matches("A duplicate charge is").count() == 3 && !text.contains('│'), "{text}");
}

#[test]
fn two_settings_are_asked_side_by_side() {
    shoot("knowledge-two", |stage| {
        search(stage);
        let asked = requests(&stage.keys("<tab>c"));
        assert!(
            matches!(&asked[..], [Knowledge::Search { question, .. }] if question.mode.as_str() == "semantic")
        );
        let mut other = retrieved();
        other.hits.swap(1, 2);
        for hit in &mut other.hits {
            (hit.standing.keyword, hit.standing.fused) = (None, None);
        }
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: other, prompt: None }]);
        // Which list has a hit is told by a title, or beside the number.
        let text = stage.text();
        let is_told = text.contains("  #  ") || text.contains("v3    w1");
        assert!(is_told, "{text}");
    });
}

#[test]
fn the_key_that_sets_two_side_by_side_leads_back_to_where_one_was() {
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    stage.keys("<tab>j");
    let before = stage.text();
    stage.keys("c");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
    assert!(stage.text().contains("semantic · 5 hits"), "{}", stage.text());
    assert_eq!(requests(&stage.keys("c")), [], "its hits are there still");
    assert_eq!(stage.text(), before);
    // Once the second one was changed, the one that the keys are on is meant.
    for (keys, kept) in [("c++c", "semantic · 7 hits"), ("c++[c", "semantic · 7 hits")] {
        stage.keys(keys);
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
        let text = stage.text();
        assert!(text.contains(kept) && !text.contains('│'), "{text}");
    }
    // So it is with two ways of cutting a file.
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    stage.keys("vguide.md<enter>");
    cut(&mut stage, &[Chunking::Default]);
    stage.keys("c");
    cut(&mut stage, &[Chunking::Default, Chunking::Today]);
    let asked = requests(&stage.keys("c"));
    let default = [Chunking::Default];
    assert!(
        matches!(&asked[..], [Knowledge::Preview { wanted }] if wanted.chunkings == default),
        "{asked:?}"
    );
}

#[test]
fn side_by_side_each_hit_has_its_document_and_what_both_found_is_marked() {
    for (width, height, told) in [(80, 24, "= 5 in both"), (120, 40, "= 4 in both · m changes the right one")]
    {
        let mut stage = Stage::settled(width, height, "dark");
        search(&mut stage);
        stage.keys("<tab>c");
        let mut other = retrieved();
        if width == 120 {
            other.hits.pop();
        }
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: other, prompt: None }]);
        let text = stage.text();
        assert!(text.contains(told), "{text}");
        let line = text.lines().find(|line| line.contains("1=")).unwrap();
        let sides: Vec<&str> = line.split('│').collect();
        assert!(sides.len() == 2 && sides.iter().all(|side| side.contains("unds.pdf")), "{text}");
    }
}

#[test]
fn what_both_settings_found_is_marked_also_where_an_answer_did_not_name_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    stage.keys("<tab>a");
    let found = Reply::Retrieved { retrieved: retrieved(), prompt: Some("the prompt".into()) };
    let text = "Within five days [1].".to_owned();
    stage.reply("\"ask\"", vec![found, Reply::Delta { event: Delta::Text { text } }]);
    let citations = vec![Citation { start: 0, end: 16, hits: vec![1], alike: false }];
    stage.answer("\"ask\"", vec![Reply::Cited { text: String::new(), citations }]);
    assert!(stage.text().contains("1✓") && stage.text().contains("2·"), "{}", stage.text());
    stage.keys("c");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
    let text = stage.text();
    assert!(text.contains("= 5 in both") && text.contains("1✓") && text.contains("2="), "{text}");
}

#[test]
fn hits_of_another_question_than_the_one_that_is_written_say_so() {
    let whole = "below: how are duplicate charges refunded?";
    for (width, height, before) in [(120, 40, whole), (80, 24, "below: the question before")] {
        let mut stage = Stage::settled(width, height, "dark");
        search(&mut stage);
        assert!(!stage.text().contains("below:"), "{}", stage.text());
        stage.keys(" or not");
        let text = stage.text();
        assert!(
            text.contains("▌ how are duplicate charges refunded? or not") && text.contains(before),
            "{text}"
        );
    }
    // They are faint as long as that stands there, whatever was marked in them.
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    let colours = |stage: &mut Stage| {
        let cells = stage.picture();
        let row = (0..40_u16).find(|y| cells[(2, *y)].symbol() == "2").unwrap();
        let told = (6..100_u16).map(|x| &cells[(x, row)]).filter(|cell| cell.symbol() != " ");
        told.map(|cell| cell.fg).collect::<HashSet<_>>()
    };
    let before = colours(&mut stage);
    stage.keys("!");
    let faint = colours(&mut stage);
    assert!(before.len() > 1 && faint.len() == 1, "{before:?} {faint:?}");
    stage.keys("<backspace>");
    assert_eq!(colours(&mut stage), before);
    // While another one is looked for what is below is of the one before, and faint; then it is of none but that.
    for (width, height, before) in [(120, 40, whole), (80, 24, "looking…"), (60, 20, "looking…")] {
        let mut stage = Stage::settled(width, height, "dark");
        search(&mut stage);
        let styles = |stage: &mut Stage| {
            let cells = stage.picture();
            let row = (0..height).find(|y| cells[(2, *y)].symbol() == "2").unwrap();
            (6..width)
                .map(|x| &cells[(x, row)])
                .filter(|cell| cell.symbol() != " ")
                .map(ratatui::buffer::Cell::style)
                .collect::<HashSet<_>>()
        };
        assert!(styles(&mut stage).len() > 1, "what tells more stands out");
        stage.keys(" or not<enter>");
        let text = stage.text();
        assert!(text.contains(before) && text.contains("of the question before"), "{text}");
        assert_eq!(styles(&mut stage).len(), 1, "{text}");
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
        let text = stage.text();
        assert!(["below:", "looking…", "of the question"].iter().all(|told| !text.contains(told)), "{text}");
        // The same question by another setting.
        stage.keys("<tab>m");
        assert!(stage.text().contains("of the setting before"), "{}", stage.text());
    }
    // One that is stopped leaves what there was, of the question that it is of.
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    stage.keys("!<alt+enter><esc>");
    assert!(stage.text().contains(whole), "{}", stage.text());
    let mut narrow = Stage::settled(60, 20, "dark");
    search(&mut narrow);
    narrow.keys("!");
    assert!(narrow.text().contains("below: the question before"), "{}", narrow.text());
}

#[test]
fn the_passage_that_was_expected_is_looked_for_in_a_document_that_has_some() {
    let mut stage = Stage::settled(80, 24, "dark");
    search(&mut stage);
    stage.keys("<tab>w");
    let listed = vec![
        filed(5, "a-picture.png", DocumentState::Ignored, &["it is of a kind that is not read"], 0),
        filed(2, "faq.md", DocumentState::Indexed, &[], 12),
    ];
    stage.answer("\"documents\"", vec![Reply::Documents { documents: listed }]);
    assert!(stage.text().lines().any(|line| line.starts_with("▌ faq.md")), "{}", stage.text());
    assert_eq!(requests(&stage.keys("k<enter>")), []);
    let text = stage.text();
    assert!(text.contains("a-picture.png has no passages: it is of a kind that is not read."), "{text}");
}

#[test]
fn what_one_base_finds_late_is_not_shown_of_another() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    stage.keys("<enter>refunds<enter>");
    stage.keys("<esc><esc><esc>j<enter>");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
    let text = stage.text();
    assert!(!text.contains("A duplicate charge") && !text.contains("refunds.pdf"), "{text}");
}

#[test]
fn what_an_answer_found_goes_to_the_column_that_asked_whichever_has_the_keys_by_then() {
    let found = |text: &str| {
        let mut all = retrieved();
        all.hits.truncate(1);
        all.hits[0].passage.text = text.to_owned();
        vec![Reply::Retrieved { retrieved: all, prompt: Some("the prompt".into()) }]
    };
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    stage.keys("<tab>c");
    stage.answer("\"search\"", found("the right one"));
    // The right column asks, then the left one has the keys.
    stage.keys("a[");
    stage.reply("\"ask\"", found("asked on the right"));
    let text = stage.text();
    let right = |text: &str, words: &str| {
        let at = text.lines().find_map(|line| Some(line[..line.find(words)?].chars().count()));
        at.unwrap_or_else(|| panic!("{words}: {text}")) > 55
    };
    assert!(right(&text, "asked on the right") && !text.contains("the right one"), "{text}");
    // One is left, as the first: what it waits for still comes to it.
    stage.keys("<esc>]mc");
    stage.answer("\"search\"", found("found alone"));
    let text = stage.text();
    assert!(text.contains("found alone") && !text.contains("asked on the right"), "{text}");
}

/// The same hits as a model puts them in order: the third first; the last one it was not given.
fn reranked() -> Retrieved {
    let mut all = retrieved();
    all.hits.swap(1, 2);
    all.hits.swap(0, 1);
    for ((rank, score), hit) in [(1, 0.98), (2, 0.71), (3, 0.2), (4, 0.03)].into_iter().zip(&mut all.hits) {
        hit.standing.reranked = Some(Placed { rank, score });
    }
    let model = "cohere/rerank-v3.5".parse().unwrap();
    all.reranked = Some(Reranked { model, candidates: 4, given: 4, failed: None });
    all
}

#[test]
fn two_settings_differ_in_who_puts_what_is_found_in_order() {
    shoot("knowledge-reranked", |stage| {
        enter(stage, bases());
        stage.keys("<enter>how are duplicate charges refunded?<enter>");
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: reranked(), prompt: None }]);
        stage.keys("<tab>j");
        let text = stage.text();
        assert!(text.contains("rer") && !text.contains("not reranked"), "{text}");
    });
    shoot("knowledge-rerankers", |stage| {
        search(stage);
        stage.keys("<tab>co");
        let text = stage.text();
        assert!(text.contains("as the base has it"), "{text}");
    });
    shoot("knowledge-reranked-beside", |stage| {
        search(stage);
        stage.keys("<tab>c");
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
        let asked = requests(&stage.keys("onobody<enter>"));
        let [Knowledge::Search { question, .. }] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(question.rerank, Reranking::Off);
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: reranked(), prompt: None }]);
    });
}

#[test]
fn a_reranker_that_failed_says_why_and_the_hits_stand_as_they_were_found() {
    shoot("knowledge-unranked", |stage| {
        enter(stage, bases());
        stage.keys("<enter>how are duplicate charges refunded?<enter>");
        let mut found = retrieved();
        let model = "cohere/rerank-v3.5".parse().unwrap();
        let failed =
            Some("reranking with cohere/rerank-v3.5: the key was not accepted. Check it.".to_owned());
        found.reranked = Some(Reranked { model, candidates: 20, given: 0, failed });
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: found, prompt: None }]);
        stage.keys("<tab>");
    });
}

#[test]
fn a_base_has_its_own_reranker() {
    shoot("knowledge-base-reranker", |stage| {
        let mut all = bases();
        all[0].reranker =
            Some(Reranker { model: "cohere/rerank-v3.5".parse().unwrap(), candidates: Some(50) });
        enter(stage, all);
        let asked = requests(&stage.keys("onobody<enter>"));
        assert!(matches!(&asked[..], [Knowledge::Rerank { reranker: None, .. }]), "{asked:?}");
    });
}

#[test]
fn how_many_of_the_first_hits_are_reranked_is_chosen() {
    let mut stage = Stage::settled(80, 24, "dark");
    let mut all = bases();
    all[0].reranker = Some(Reranker::of("cohere/rerank-v3.5".parse().unwrap()));
    enter(&mut stage, all);
    assert_eq!(requests(&stage.keys("ohow many<enter>101<enter>")), []);
    assert!(stage.text().contains("from 1 to 100"), "{}", stage.text());
    let asked = requests(&stage.keys("<ctrl+u>50<enter>"));
    let fifty = |one: &Option<Reranker>| one.as_ref().is_some_and(|one| one.candidates == Some(50));
    assert!(matches!(&asked[..], [Knowledge::Rerank { reranker, .. }] if fifty(reranker)), "{asked:?}");
}

#[test]
fn a_passage_that_was_expected_tells_where_it_stands() {
    shoot("knowledge-expected", |stage| {
        search(stage);
        stage.keys("<tab>w");
        stage.answer("\"documents\"", vec![Reply::Documents { documents: documents() }]);
        stage.keys("jj<enter>");
        stage.answer("\"passages\"", vec![Reply::Passages { passages: vec![passage(5)] }]);
        let asked = requests(&stage.keys("w"));
        assert!(
            matches!(&asked[..], [Knowledge::Search { question, .. }] if question.expected == [passage(5).id])
        );
        let expected = vec![found(5, Some((172, 0.08)), None, None)];
        let retrieved = Retrieved { expected, ..retrieved() };
        // The passage that was chosen is selected: what it is asked about is answered.
        stage.answer("\"search\"", vec![Reply::Retrieved { retrieved, prompt: None }]);
    });
}

#[test]
fn a_sync_that_was_stopped_says_where_and_which_key_goes_on() {
    let mut stage = Stage::settled(80, 24, "dark");
    let due = Due { files: 40, bytes: 4_200_000, files_done: 2, bytes_done: 210_000 };
    let stopped = Sync { due, ..sync(SyncState::Stopped) };
    enter(&mut stage, vec![base(4, "broken off", vec![source(Some(stopped))])]);
    let text = stage.text();
    assert_eq!(text.matches("stopped at 2 of 40 · s goes on").count(), 2, "{text}");
    assert!(!text.contains("40 new"), "one count, of all that is due: {text}");
}

#[test]
fn while_the_passage_that_was_expected_is_chosen_the_head_says_so() {
    let mut stage = Stage::settled(60, 20, "dark");
    search(&mut stage);
    let wish = "why not: choose the passage you expected";
    stage.keys("<tab>w");
    stage.answer("\"documents\"", vec![Reply::Documents { documents: documents() }]);
    assert!(stage.text().contains(wish), "{}", stage.text());
    stage.keys("jj<enter>");
    stage.answer("\"passages\"", vec![Reply::Passages { passages: vec![passage(2)] }]);
    let text = stage.text();
    assert!(text.contains(wish) && text.contains("Enter choose it"), "{text}");
    stage.keys("<enter>");
    assert!(!stage.text().contains(wish), "{}", stage.text());
    // Whoever looks at documents by themselves is not asked for one.
    stage.keys("D");
    stage.answer("\"documents\"", vec![Reply::Documents { documents: documents() }]);
    assert!(!stage.text().contains(wish), "{}", stage.text());
}

#[test]
fn the_passage_that_was_expected_is_selected_until_another_one_is() {
    let mut stage = Stage::settled(80, 24, "dark");
    search(&mut stage);
    stage.keys("<tab>w");
    stage.answer("\"documents\"", vec![Reply::Documents { documents: documents() }]);
    stage.keys("jj<enter>");
    stage.answer("\"passages\"", vec![Reply::Passages { passages: vec![passage(2)] }]);
    stage.keys("w");
    let found = || {
        let expected = vec![found(2, Some((2, 0.66)), Some((4, 8.1)), Some((3, 0.0317)))];
        vec![Reply::Retrieved { retrieved: Retrieved { expected, ..retrieved() }, prompt: None }]
    };
    stage.answer("\"search\"", found());
    assert!(stage.text().contains("It was expected, and is hit 3"), "{}", stage.text());
    // Also by another setting; once another row is chosen, that stays.
    stage.keys("m");
    stage.answer("\"search\"", found());
    assert!(stage.text().contains("It was expected, and is hit 3"), "{}", stage.text());
    stage.keys("k-");
    stage.answer("\"search\"", found());
    let text = stage.text();
    assert!(!text.contains("It was expected") && text.lines().any(|line| line.starts_with("▌ 2")), "{text}");
}

#[test]
fn a_hit_that_was_expected_stands_once_and_says_so() {
    let mut stage = Stage::settled(80, 24, "dark");
    search(&mut stage);
    stage.keys("<tab>w");
    stage.answer("\"documents\"", vec![Reply::Documents { documents: documents() }]);
    stage.keys("jj<enter>");
    stage.answer("\"passages\"", vec![Reply::Passages { passages: vec![passage(0)] }]);
    stage.keys("w");
    let expected = vec![found(0, Some((1, 0.71)), Some((2, 11.23)), Some((1, 0.0325)))];
    let retrieved = Retrieved { expected, ..retrieved() };
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved, prompt: None }]);
    let text = stage.text();
    assert!(text.contains("It was expected, and is hit 1: by its vector it is number 1"), "{text}");
    assert_eq!(text.matches("refunds.pdf, page 1").count(), 2, "in its row and over its text: {text}");
    let asked = requests(&stage.keys("w"));
    assert!(
        matches!(&asked[..], [Knowledge::Search { question, .. }] if question.expected.is_empty()),
        "{asked:?}"
    );
}

/// The passage is chosen as the one that was expected; how it stands is answered with.
fn expects(stage: &mut Stage, chosen: Passage, retrieved: Retrieved) {
    stage.keys("w");
    stage.answer("\"documents\"", vec![Reply::Documents { documents: documents() }]);
    stage.keys("jj<enter>");
    stage.answer("\"passages\"", vec![Reply::Passages { passages: vec![chosen] }]);
    stage.keys("w");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved, prompt: None }]);
}

#[test]
fn of_what_a_filter_keeps_out_nothing_else_is_said() {
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    stage.keys("<tab>f{\"equals\": {\"key\": \"year\", \"value\": 2023}}<enter>");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
    let out = || Retrieved { expected: vec![found(5, None, None, None)], ..retrieved() };
    expects(&mut stage, passage(5), out());
    let text = stage.text();
    assert!(text.contains("It is not among the hits: the filter keeps it out."), "{text}");
    assert!(!text.contains("no word of the question"), "{text}");
    // By words alone it may be either; until they are asked, what is there is told of as it was asked.
    stage.keys("m");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: out(), prompt: None }]);
    stage.keys("m");
    assert!(stage.text().contains("It is not among the hits: the filter keeps it out."), "{}", stage.text());
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: out(), prompt: None }]);
    let text = stage.text();
    assert!(text.contains("it has no word of the question, or the filter keeps it out."), "{text}");
}

#[test]
fn an_expected_passage_of_a_large_one_that_was_found_says_which_hit_that_is() {
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    stage.keys("<tab>");
    let mut all = retrieved();
    let mut small = found(5, Some((4, 0.6)), None, Some((7, 0.0156)));
    small.passage.document = all.hits[1].passage.document;
    for one in [&mut all.hits[1], &mut small] {
        one.passage.parent = Some(100..900);
        one.passage.range = 100..900;
    }
    all.expected = vec![small];
    expects(&mut stage, passage(5), all);
    let text = stage.text();
    assert!(
        text.contains("Hit 2 is the large passage that it lies in: by its vector it is number 4"),
        "{text}"
    );
    assert!(!text.contains("not among the hits") && !text.contains("are hits"), "{text}");
}

#[test]
fn of_a_hit_that_words_brought_up_from_deep_the_cosine_is_told_without_a_place() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    stage.keys("<enter>how are duplicate charges refunded?<enter>");
    let mut all = retrieved();
    let deep = found(4, None, Some((3, 9.1)), Some((5, 0.0159)));
    all.hits[4] = Found { standing: Standing { cosine: Some(0.23), ..deep.standing }, ..deep };
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: all, prompt: None }]);
    stage.keys("<tab>G");
    let text = stage.text();
    let row = text.lines().find(|line| line.contains("The cafeteria opens at nine.")).unwrap();
    assert!(row.contains("–  .23    3   9.1"), "{text}");
    assert!(text.contains("vector  deeper than the list, .23"), "{text}");
}

#[test]
fn documents_tell_how_they_stand_and_why() {
    shoot("knowledge-documents", |stage| {
        enter(stage, bases());
        stage.keys("D");
        stage.answer("\"documents\"", vec![Reply::Documents { documents: documents() }]);
        stage.keys("jjj");
    });
    let mut stage = Stage::settled(80, 24, "dark");
    enter(&mut stage, bases());
    stage.keys("D");
    stage.answer("\"documents\"", vec![Reply::Documents { documents: documents() }]);
    stage.keys("/pdf<enter>");
    let text = stage.text();
    assert!(text.contains("refunds.pdf") && text.contains("scan.pdf") && !text.contains("faq.md"), "{text}");
    stage.keys("<esc>");
    assert!(stage.text().contains("faq.md"));
    stage.keys("<esc>");
    assert!(stage.text().contains("n new"), "back among the bases: {}", stage.text());
}

#[test]
fn documents_that_a_sync_has_before_it_say_so_and_are_read_anew_as_it_goes_on() {
    let waiting = || {
        vec![
            filed(6, "charges.md", DocumentState::InProgress, &[], 0),
            filed(2, "faq.md", DocumentState::Indexed, &[], 12),
            filed(7, "guides/fees.pdf", DocumentState::Starting, &[], 0),
            filed(1, "refunds.pdf", DocumentState::Pending, &[], 31),
            filed(8, "taxes.pdf", DocumentState::Pending, &[], 0),
        ]
    };
    let play = |stage: &mut Stage| {
        enter(stage, bases());
        stage.keys("jD");
        stage.answer("\"documents\"", vec![Reply::Documents { documents: waiting() }]);
        stage.keys("jjj");
    };
    shoot("knowledge-documents-waiting", play);

    let mut stage = Stage::settled(120, 40, "dark");
    play(&mut stage);
    let goes_on = |stage: &mut Stage, done: u64| {
        let mut now = bases().remove(1);
        now.updated = Timestamp(NOW + done as i64);
        let due = Due { files_done: done, ..running().due };
        now.sources[0].last = Some(Sync { due, ..running() });
        let from = stage.effects.len();
        stage.reply(
            "\"knowledge\"}",
            vec![Reply::Changed { number: done, change: Changed::Base { base: now } }],
        );
        requests(&stage.effects[from..])
    };
    assert_eq!(goes_on(&mut stage, 40), [], "it is as far as it was");
    let asked = goes_on(&mut stage, 41);
    assert!(matches!(asked[..], [Knowledge::Documents { .. }]), "{asked:?}");
    assert_eq!(goes_on(&mut stage, 42), [], "they are asked for already");
    // What is selected stays so, though others came before it.
    let mut more = waiting();
    more.insert(0, filed(9, "answers.md", DocumentState::Pending, &[], 0));
    stage.answer("\"documents\"", vec![Reply::Documents { documents: more }]);
    let asked = requests(&stage.keys("<enter>"));
    let of_the_first = |one: &Knowledge| matches!(one, Knowledge::Passages { document, .. } if *document == DocumentId::from_bytes([1; 16]));
    assert!(asked.iter().any(of_the_first), "{asked:?}");
    stage.keys("<esc>");
    let asked = goes_on(&mut stage, 43);
    assert!(matches!(asked[..], [Knowledge::Documents { .. }]), "{asked:?}");
    // Elsewhere nobody sees them.
    stage.answer("\"documents\"", vec![Reply::Documents { documents: waiting() }]);
    stage.keys("<esc>");
    assert_eq!(goes_on(&mut stage, 44), []);
}

#[test]
fn documents_at_which_a_sync_was_broken_off_wait_for_the_next_one_which_a_key_begins() {
    let mut stage = Stage::settled(80, 24, "dark");
    enter(&mut stage, bases());
    stage.keys("jjjD");
    let listed = vec![
        filed(6, "charges.md", DocumentState::Pending, &["the sync was stopped"], 0),
        filed(2, "faq.md", DocumentState::Indexed, &[], 12),
    ];
    stage.answer("\"documents\"", vec![Reply::Documents { documents: listed }]);
    let text = stage.text();
    assert!(text.contains("waits for the next sync") && text.contains("s sync"), "{text}");
    assert!(text.contains("the sync was stopped") && text.contains("found      4 m ago"), "{text}");
    assert!(!text.contains("pending") && !text.contains("in progress"), "{text}");
    assert!(matches!(&requests(&stage.keys("s"))[..], [Knowledge::Sync { .. }]));
    // Where one runs the same key pauses it.
    let mut running = Stage::settled(80, 24, "dark");
    enter(&mut running, bases());
    running.keys("jD");
    let listed = vec![filed(6, "charges.md", DocumentState::Pending, &[], 0)];
    running.answer("\"documents\"", vec![Reply::Documents { documents: listed }]);
    let text = running.text();
    assert!(text.contains("pending") && text.contains("s pause"), "{text}");
    assert!(matches!(&requests(&running.keys("s"))[..], [Knowledge::Pause { .. }]));
}

#[test]
fn a_list_that_has_become_shorter_fills_its_room() {
    let mut stage = Stage::settled(60, 20, "dark");
    enter(&mut stage, bases());
    stage.keys("jD");
    let listed = |many: u8| -> Vec<Filed> {
        (1..=many).map(|n| filed(n, &format!("{n:03}.md"), DocumentState::Indexed, &[], 1)).collect()
    };
    stage.answer("\"documents\"", vec![Reply::Documents { documents: listed(40) }]);
    stage.keys("G");
    let mut now = bases().remove(1);
    now.updated = Timestamp(NOW + 1);
    now.sources[0].last = Some(sync(SyncState::Complete));
    stage.reply("\"knowledge\"}", vec![Reply::Changed { number: 1, change: Changed::Base { base: now } }]);
    stage.answer("\"documents\"", vec![Reply::Documents { documents: listed(36) }]);
    let text = stage.text();
    assert!(text.contains("  030.md") && text.contains("▌ 036.md"), "{text}");

    // A document that has fewer passages by now is read where its last ones are.
    let mut stage = Stage::settled(120, 40, "dark");
    passages(&mut stage);
    stage.keys("G");
    let from = stage.effects.len();
    stage.answer("\"passages\"", vec![Reply::Passages { passages: Vec::new() }]);
    let asked = requests(&stage.effects[from..]);
    let [Knowledge::Passages { from, .. }] = asked[..] else { panic!("{asked:?}") };
    let last = (0..3).map(|n| Passage { ordinal: from + n, ..passage(n as u8) }).collect();
    stage.answer("\"passages\"", vec![Reply::Passages { passages: last }]);
    let text = stage.text();
    assert!(text.contains("999,701 of 999,701 passages"), "{text}");
}

#[test]
fn a_passage_shows_its_bounds_and_all_that_is_known_of_it() {
    shoot("knowledge-passages", |stage| {
        passages(stage);
        stage.keys("jj");
        stage.event(Event::Timer(TimerId("knowledge.rest")));
        let looked = Looked {
            passage: Passage { ordinal: 2, ..passage(2) },
            norm: 1.0,
            neighbours: vec![found(0, Some((1, 0.93)), None, None), found(3, Some((2, 0.61)), None, None)],
        };
        stage.answer("\"look\"", vec![Reply::Looked { looked }]);
    });
}

/// A file is shown as it would be cut by these ways.
fn cut(stage: &mut Stage, chunkings: &[Chunking]) {
    let pieces = |way: usize| -> Vec<Piece> {
        let all = (0..5).map(|n: u8| Passage { ordinal: n.into(), ..passage(n) });
        let near = |one: Passage| {
            let start = one.ordinal as usize * 60;
            Passage { range: start..start + one.text.len(), ..one }
        };
        all.map(near).take(5 - way * 2).map(|passage| Piece { passage, overlap: 8 }).collect()
    };
    let ways = chunkings.iter().enumerate().map(|(at, chunking)| Way::of(*chunking, &pieces(at), Some(42)));
    let preview = Preview {
        uri: "/home/ada/rivers/guide.md".to_owned(),
        format: "md".to_owned(),
        notes: Vec::new(),
        bytes: 4_200,
        tokens: 1_204,
        embedder: "local/all-minilm-l6-v2".parse().unwrap(),
        exact: true,
        window: Some(42),
        ways: ways.collect(),
    };
    let pages = (0..chunkings.len()).map(|way| Reply::Pieces { way: way as u32, pieces: pieces(way) });
    stage.answer("\"preview\"", std::iter::once(Reply::Preview { preview }).chain(pages).collect());
}

#[test]
fn a_file_shows_what_it_would_become_by_one_way_and_by_two() {
    let default = [Chunking::Default];
    let two = [Chunking::Default, Chunking::Today];
    shoot("knowledge-preview", |stage| {
        enter(stage, bases());
        let asked = requests(&stage.keys("vguide.md<enter>"));
        let [Knowledge::Preview { wanted }] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(wanted.path.to_str(), Some("/home/ada/rivers/guide.md"));
        assert_eq!((&wanted.chunkings[..], wanted.most), (&default[..], Some(2_000)));
        cut(stage, &default);
        stage.keys("j");
    });
    shoot("knowledge-preview-two", |stage| {
        enter(stage, bases());
        stage.keys("vguide.md<enter>");
        cut(stage, &default);
        let asked = requests(&stage.keys("c"));
        assert!(
            matches!(&asked[..], [Knowledge::Preview { wanted }] if wanted.chunkings == two),
            "{asked:?}"
        );
        cut(stage, &two);
        stage.keys("j");
    });
}

fn plan(goes_on: bool) -> RebuildPlan {
    RebuildPlan {
        embedder: "far/embedder".parse().unwrap(),
        chunkings: vec![Chunking::Today],
        holds: Holds { documents: 1_222, passages: 18_331, tokens: 3_299_580 },
        local: false,
        dollars: Some(0.066),
        seconds: None,
        goes_on,
    }
}

fn rebuilding(state: RebuildState) -> Base {
    let mut built = source(Some(running()));
    built.chunking = Chunking::Today;
    let rebuild = Rebuild {
        embedder: "far/embedder".parse().unwrap(),
        dimensions: 1536,
        normalised: None,
        state,
        began: Timestamp(NOW - 60_000),
        built: false,
        under: BaseId::from_bytes([8; 16]),
        sources: vec![built],
        holds: Holds { documents: 40, passages: 612, tokens: 110_000 },
        why: (state != RebuildState::Running).then(|| "you stopped it".to_owned()),
    };
    Base {
        rebuild: Some(rebuild),
        updated: Timestamp(NOW),
        ..base(1, "billing", vec![source(Some(failing()))])
    }
}

#[test]
fn a_rebuild_is_offered_with_what_it_costs_and_shows_how_far_it_is() {
    let wish: Wish = "far/embedder today".parse().unwrap();
    shoot("knowledge-rebuild", |stage| {
        enter(stage, bases());
        let asked = requests(&stage.keys("Rfar/embedder today<enter>"));
        assert!(
            matches!(&asked[..], [Knowledge::PlanRebuild { wish: said, .. }] if *said == wish),
            "{asked:?}"
        );
        stage.answer("\"plan_rebuild\"", vec![Reply::RebuildPlan { plan: plan(false) }]);
    });
    shoot("knowledge-rebuilding", |stage| {
        let mut all = bases();
        all[0] = rebuilding(RebuildState::Running);
        enter(stage, all);
    });
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    // What is no wish is said, and the line stays.
    assert_eq!(requests(&stage.keys("Rfixed<enter>")), []);
    assert!(stage.text().contains("is no way"), "{}", stage.text());
    stage.keys("<ctrl+u>far/embedder today<enter>");
    stage.answer("\"plan_rebuild\"", vec![Reply::RebuildPlan { plan: plan(false) }]);
    stage.pass(600);
    assert!(
        stage.text().contains("It costs about $0.07") || stage.text().contains("$0.066"),
        "{}",
        stage.text()
    );
    let asked = requests(&stage.keys("r"));
    assert!(matches!(&asked[..], [Knowledge::Rebuild { wish: said, .. }] if *said == wish), "{asked:?}");
    // While it goes on it is stopped as a sync is, and no other is begun.
    stage.reply("\"rebuild\"", vec![Reply::Base { base: rebuilding(RebuildState::Running) }]);
    assert!(stage.text().contains("rebuilding: "), "{}", stage.text());
    assert_eq!(requests(&stage.keys("R")), []);
    assert!(matches!(requests(&stage.keys("s"))[..], [Knowledge::Pause { .. }]));
    let stopped = Base { updated: Timestamp(NOW + 1), ..rebuilding(RebuildState::Stopped) };
    stage.answer("\"rebuild\"", vec![Reply::Base { base: stopped }]);
    assert!(stage.text().contains("a rebuild is stopped"), "{}", stage.text());
    // It goes on without a word, or is taken back.
    let asked = requests(&stage.keys("R<enter>"));
    assert!(matches!(&asked[..], [Knowledge::PlanRebuild { wish, .. }] if wish.is_none()), "{asked:?}");
    stage.answer("\"plan_rebuild\"", vec![Reply::RebuildPlan { plan: plan(true) }]);
    stage.pass(600);
    stage.keys("<esc>");
    assert!(matches!(requests(&stage.keys("Rdrop<enter>"))[..], [Knowledge::DropRebuild { .. }]));
}

#[test]
fn who_quits_while_a_base_is_worked_on_may_let_that_go_on_without_a_screen() {
    let quit = || {
        let mut stage = Stage::settled(80, 24, "dark");
        let mut all = bases();
        all[0] = rebuilding(RebuildState::Running);
        enter(&mut stage, all);
        stage.keys("<ctrl+q>");
        stage
    };
    shoot("knowledge-quit", |stage| {
        let mut all = bases();
        all[0] = rebuilding(RebuildState::Running);
        enter(stage, all);
        stage.keys("<ctrl+q>");
    });
    let mut stage = quit();
    assert!(stage.text().contains("q quit   g let it go on   Esc stay here"), "{}", stage.text());
    assert!(stage.keys("g").contains(&Effect::LeaveRunning));
    assert!(!quit().keys("q").contains(&Effect::LeaveRunning));
}

#[test]
fn what_is_worked_on_is_told_from_the_start_and_that_of_another_process_holds_nobody_who_quits() {
    let told = |stage: &mut Stage, owner: u32| {
        stage.answer("\"compare\"", vec![Reply::Differences { owner, differences: Vec::new() }]);
    };
    let watches = |stage: &Stage| {
        let of = |effect: &&Effect| {
            let topics = [Topic::Knowledge, Topic::Evaluations];
            matches!(effect, Effect::Call { request: Request::Watch { topic }, .. } if topics.contains(topic))
        };
        stage.effects.iter().filter(of).count()
    };
    let works = |stage: &mut Stage| {
        let change = Changed::Base { base: rebuilding(RebuildState::Running) };
        stage.reply("\"topic\":\"knowledge\"", vec![Reply::Changed { number: 1, change }]);
        let evaluation = evaluation(1, "helpful", GenerationState::Running, 4, 0);
        stage.reply(
            "\"topic\":\"evaluations\"",
            vec![Reply::Changed { number: 1, change: Changed::Evaluation { evaluation } }],
        );
        let text = stage.text();
        let first = text.lines().next().unwrap_or_default();
        assert!(first.contains("rebuild billing") && first.contains("eval helpful"), "{text}");
    };
    // What this process itself was left with, or begins by a schedule, it asks about.
    let mut own = Stage::settled(240, 40, "dark");
    assert_eq!(watches(&own), 0, "nothing before the owner has said who it is");
    told(&mut own, 1);
    assert_eq!((watches(&own), requests(&own.effects)), (2, Vec::new()), "nothing is listed");
    works(&mut own);
    own.keys("<ctrl+q>");
    assert!(own.text().contains("g let it go on"), "{}", own.text());

    let mut stage = Stage::settled(240, 40, "dark");
    told(&mut stage, 7);
    assert_eq!((watches(&stage), requests(&stage.effects)), (2, Vec::new()), "nothing is listed");
    works(&mut stage);

    // Whose it is now nobody has said: it may be this one's.
    let change = Changed::Missed;
    stage.reply("\"topic\":\"models\"", vec![Reply::Changed { number: 1, change }]);
    stage.keys("<ctrl+q>");
    assert!(stage.text().contains("g let it go on"), "{}", stage.text());
    stage.keys("<esc>");
    told(&mut stage, 7);
    assert_eq!(watches(&stage), 2, "they go on");
    let asked = stage.keys("<ctrl+q>");
    assert!(stage.state.overlays.is_empty(), "{}", stage.text());
    assert!(asked.iter().any(|effect| matches!(effect, Effect::Quit | Effect::After { .. })), "{asked:?}");
}

#[test]
fn a_place_that_is_told_of_work_before_it_was_shown_comes_up_as_if_it_had_not_been() {
    let late = || evaluation(2, "helpful", GenerationState::Running, 4, 0);
    let evaluations = || vec![evaluation(1, "first", GenerationState::Ended, 4, 0), late()];
    // The body at each step, with what the first line has of it.
    let shown = |told: bool| {
        let mut stage = Stage::settled(240, 40, "dark");
        stage.answer("\"compare\"", vec![Reply::Differences { owner: 7, differences: Vec::new() }]);
        let mut all = bases();
        all.push(Base { id: BaseId::from_bytes([77; 16]), ..rebuilding(RebuildState::Running) });
        if told {
            let change = Changed::Base { base: all[all.len() - 1].clone() };
            stage.reply("\"topic\":\"knowledge\"", vec![Reply::Changed { number: 1, change }]);
            let change = Changed::Evaluation { evaluation: late() };
            stage.reply("\"topic\":\"evaluations\"", vec![Reply::Changed { number: 1, change }]);
            let text = stage.text();
            let first = text.lines().next().unwrap_or_default();
            assert!(first.contains("rebuild billing") && first.contains("eval helpful"), "{text}");
        }
        let body = |stage: &mut Stage| stage.text().lines().skip(1).take(38).collect::<Vec<_>>().join("\n");
        stage.keys("<alt+3>");
        let mut bodies = vec![body(&mut stage)];
        stage.answer("\"list\"", vec![Reply::Bases { bases: all }]);
        bodies.push(body(&mut stage));
        stage.keys("<alt+4>");
        bodies.push(body(&mut stage));
        stage.answer(
            "evaluations\":{\"list",
            vec![Reply::Evaluations { evaluations: evaluations(), more: false }],
        );
        bodies.push(body(&mut stage));
        bodies
    };
    for (told, untold) in shown(true).into_iter().zip(shown(false)) {
        assert_eq!(told, untold);
    }
}

#[test]
fn a_way_of_cutting_that_is_seen_is_one_to_rebuild_by() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    stage.keys("vguide.md<enter>");
    cut(&mut stage, &[Chunking::Default]);
    stage.keys("m");
    let asked = requests(&stage.keys("<enter>"));
    let wish = Wish { chunking: Some(Chunking::Today), ..Wish::default() };
    assert!(matches!(&asked[..], [Knowledge::PlanRebuild { wish: said, .. }] if *said == wish), "{asked:?}");
}

#[test]
fn keys_cut_a_file_in_other_ways_and_make_a_base_that_is_cut_so() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    stage.keys("vguide.md<enter>");
    cut(&mut stage, &[Chunking::Default]);
    let ways = |asked: &[Effect]| match &requests(asked)[..] {
        [Knowledge::Preview { wanted }] => wanted.chunkings.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ways(&stage.keys("m")), [Chunking::Today]);
    // What is no way is said, and the line stays.
    assert_eq!(requests(&stage.keys("e<ctrl+u>fixed<enter>")), []);
    assert!(stage.text().contains("is no way"), "{}", stage.text());
    let fixed = Chunking::Fixed { max_tokens: 90, overlap_percent: 10 };
    assert_eq!(ways(&stage.keys("<ctrl+u>fixed:90:10<enter>")), [fixed]);
    assert_eq!(ways(&stage.keys("c")).len(), 2);
    assert_eq!(ways(&stage.keys("[c")), [fixed]);
    let asked = requests(&stage.keys("nnotes<enter>"));
    assert!(matches!(&asked[..], [Knowledge::CheckSource { plan }] if plan.chunking == fixed), "{asked:?}");
    let from = stage.effects.len();
    stage.answer("\"check_source\"", vec![Reply::Done]);
    let asked = requests(&stage.effects[from..]);
    assert!(matches!(&asked[..], [Knowledge::Create { .. }]), "{asked:?}");
    let from = stage.effects.len();
    stage.answer("\"create\"", vec![Reply::Base { base: base(9, "notes", Vec::new()) }]);
    let asked = requests(&stage.effects[from..]);
    assert!(matches!(&asked[..], [Knowledge::AddSource { plan, .. }] if plan.chunking == fixed), "{asked:?}");
    // Another file that cannot be read says why; Esc leads back.
    stage.keys("vnone.md<enter>");
    let task = stage.task("\"preview\"");
    let error = Error::new(ErrorKind::NotFound, "reading none.md", "there is no such file", "");
    stage.event(Event::Ended { task, error: Some(error) });
    assert!(stage.text().contains("there is no such file"), "{}", stage.text());
    stage.keys("<esc>");
    assert!(stage.text().contains("18,331"), "{}", stage.text());
}

#[test]
fn a_long_document_is_read_in_windows() {
    let mut stage = Stage::settled(120, 40, "dark");
    passages(&mut stage);
    let asked = requests(&stage.keys("G"));
    let [Knowledge::Passages { from, most, .. }] = asked[..] else { panic!("{asked:?}") };
    assert!(from < 999_999 && from + most.unwrap() > 999_999, "{from}");
    let text = stage.text();
    assert!(text.contains("1,000,000 of 1,000,000 passages") && text.contains('…'), "{text}");
}

#[test]
fn a_folder_becomes_a_base_that_is_read_at_once() {
    let mut stage = Stage::settled(80, 24, "dark");
    enter(&mut stage, bases());
    let asked = requests(&stage.keys("nnotes<enter>"));
    let [Knowledge::CheckSource { plan }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(plan.origin.place(), "/home/ada/rivers/notes");
    let from = stage.effects.len();
    stage.answer("\"check_source\"", vec![Reply::Done]);
    let asked = requests(&stage.effects[from..]);
    let [Knowledge::Create { plan }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(plan.name, "notes");
    let from = stage.effects.len();
    stage.answer("\"create\"", vec![Reply::Base { base: base(9, "notes", Vec::new()) }]);
    let asked = requests(&stage.effects[from..]);
    let [Knowledge::AddSource { plan, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(plan.origin.place(), "/home/ada/rivers/notes");
    let from = stage.effects.len();
    stage.answer("\"add_source\"", vec![Reply::Base { base: base(9, "notes", vec![source(None)]) }]);
    let asked = requests(&stage.effects[from..]);
    assert!(matches!(asked[..], [Knowledge::Sync { source: Some(_), .. }]), "{asked:?}");
    assert!(stage.text().contains("notes"));
    // Another one of that name is numbered.
    stage.keys("n~/notes/<enter>");
    let from = stage.effects.len();
    stage.answer("\"check_source\"", vec![Reply::Done]);
    let asked = requests(&stage.effects[from..]);
    assert!(matches!(&asked[..], [Knowledge::Create { plan }] if plan.name == "notes 2"), "{asked:?}");
}

#[test]
fn of_a_folder_that_is_not_there_no_base_is_made_and_its_path_can_be_mended() {
    let mut stage = Stage::settled(80, 24, "dark");
    enter(&mut stage, bases());
    let missing = || {
        let why = "No such file or directory (os error 2)";
        Some(Error::new(
            ErrorKind::NotFound,
            "adding ~/notse as a source",
            why,
            "Check that the path exists.",
        ))
    };
    stage.keys("n~/notse<enter>");
    let from = stage.effects.len();
    let task = stage.task("\"check_source\"");
    stage.event(Event::Ended { task, error: missing() });
    assert_eq!(requests(&stage.effects[from..]), [], "nothing is made");
    let text = stage.text();
    assert!(text.contains("~/notse") && text.contains("there is no such file"), "{text}");
    let asked = requests(&stage.keys("<backspace><backspace>es<enter>"));
    let [Knowledge::CheckSource { plan }] = &asked[..] else { panic!("{asked:?}") };
    assert!(plan.origin.place().ends_with("/notes"), "{}", plan.origin.place());
    // The same where a base that is there gets one more.
    stage.keys("a~/notse<enter>");
    let task = stage.task("\"add_source\"");
    stage.event(Event::Ended { task, error: missing() });
    let text = stage.text();
    assert!(text.contains("Add to billing") && text.contains("~/notse"), "{text}");
}

#[test]
fn of_a_base_that_cannot_be_made_what_was_typed_stays_with_why_and_so_does_how_it_is_cut() {
    for (width, height) in SIZES {
        let mut stage = Stage::settled(width, height, "dark");
        enter(&mut stage, bases());
        stage.keys("vguide.md<enter>");
        cut(&mut stage, &[Chunking::Default]);
        stage.keys("m");
        cut(&mut stage, &[Chunking::Today]);
        stage.keys("nnotes<enter>");
        stage.answer("\"check_source\"", vec![Reply::Done]);
        let from = stage.effects.len();
        let task = stage.task("\"create\"");
        let (kind, hint) = (ErrorKind::NotFound, "Fetch it.");
        let error = Error::new(kind, "embedding with local/mini", "the model is not on this machine", hint);
        stage.event(Event::Ended { task, error: Some(error) });
        assert_eq!(requests(&stage.effects[from..]), [], "nothing is added to");
        let text = stage.text();
        for told in ["Make a knowledge base of", "▌ notes", "local/mini:", "machine.", "Fetch"] {
            assert!(text.contains(told), "{told}: {text}");
        }
        // Once what was in the way is not any more, it is tried again as it stands.
        let asked = requests(&stage.keys("<enter>"));
        let [Knowledge::CheckSource { plan }] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(plan.origin.place(), "/home/ada/rivers/notes");
        assert_eq!(plan.chunking, Chunking::Today);
    }
}

#[test]
fn keys_sync_rename_and_delete_a_base() {
    let mut stage = Stage::settled(80, 24, "dark");
    enter(&mut stage, bases());
    assert!(matches!(requests(&stage.keys("s"))[..], [Knowledge::Sync { source: None, .. }]));
    // One that runs is stopped.
    assert!(matches!(requests(&stage.keys("js"))[..], [Knowledge::Pause { .. }]));
    let renamed = requests(&stage.keys("kr<ctrl+u>bills<enter>"));
    assert!(matches!(&renamed[..], [Knowledge::Rename { name, .. }] if name == "bills"));
    assert_eq!(requests(&stage.keys("x")), []);
    assert!(stage.text().contains("18,331 passages"));
    assert!(matches!(requests(&stage.keys("d"))[..], [Knowledge::Remove { .. }]));
    let change = Changed::BaseRemoved { id: BaseId::from_bytes([1; 16]) };
    stage.reply("\"knowledge\"}", vec![Reply::Changed { number: 1, change }]);
    assert!(!stage.text().contains("2 errors"));
}

#[test]
fn a_sync_that_failed_tells_of_its_own_base_whichever_is_selected() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    stage.keys("sjj");
    let failed = base(1, "billing", vec![source(Some(sync(SyncState::Failed)))]);
    stage.answer("\"sync\"", vec![Reply::Base { base: failed }]);
    let text = stage.text();
    assert!(text.contains("A source of billing could not be looked through"), "{text}");
}

#[test]
fn settings_are_changed_by_keys_and_asked_again() {
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    let question = |asked: Vec<Knowledge>| match asked.into_iter().next_back() {
        Some(Knowledge::Search { question, .. }) => question,
        other => panic!("{other:?}"),
    };
    assert_eq!(question(requests(&stage.keys("<tab>m"))).mode.as_str(), "semantic");
    assert_eq!(question(requests(&stage.keys("++"))).results, 7);
    assert_eq!(question(requests(&stage.keys("-"))).results, 6);
    let filter = "{\"equals\": {\"key\": \"year\", \"value\": 2024}}";
    assert_eq!(question(requests(&stage.keys(&format!("f{filter}<enter>")))).filter.as_deref(), Some(filter));
    stage.keys("t2<enter>");
    assert!(stage.text().contains("from -1 to 1"));
    stage.keys("<ctrl+u>.5<enter>");
    stage.answer("\"search\"", vec![Reply::Retrieved { retrieved: retrieved(), prompt: None }]);
    let text = stage.text();
    assert!(text.contains("semantic · 6 hits · cosine ≥ .50 · filtered"), "{text}");
    stage.keys("G");
    assert!(stage.text().contains("Less near than the threshold"));
}

#[test]
fn a_filter_that_is_none_says_so_where_it_is_written_and_the_hits_stay() {
    for (width, height) in SIZES {
        let mut stage = Stage::settled(width, height, "dark");
        search(&mut stage);
        assert_eq!(requests(&stage.keys("<tab>f{year<enter>")), [], "it is not asked by that");
        let text = stage.text();
        assert!(text.contains("it is no JSON"), "{text}");
        stage.keys("<ctrl+u>{<enter>");
        let text = stage.text();
        assert!(text.contains("it ends too early"), "{text}");
        stage.keys("<esc>");
        let text = stage.text();
        assert!(text.contains("refunds.pdf") && !text.contains("filtered"), "{text}");
    }
}

#[test]
fn retrieval_is_measured_by_the_settings_on_the_screen() {
    use outcrop::domain::knowledge::quality::{Measured, Quality, Scored, Setting};
    use outcrop::tui::event::Contents;
    shoot("knowledge-measured", |stage| {
        search(stage);
        stage.keys("<tab>cequestions.jsonl<enter>");
        let read = Ok(Contents(b"{\"query\": \"q\", \"relevant\": [\"a\"]}".to_vec()));
        let asked = stage.event(Event::FileRead { path: "questions.jsonl".into(), read });
        let [Knowledge::Measure { settings, k: 10, .. }] = &requests(&asked)[..] else { panic!("{asked:?}") };
        assert_eq!(settings.iter().map(|one| one.mode).collect::<Vec<_>>(), [Mode::Hybrid, Mode::Semantic]);
        stage.reply("\"measure\"", vec![Reply::Measuring { done: 3, of: 80 }]);
        assert!(stage.text().contains("3 of 80"));
        let scored = |n: u32| Scored { first: Some(n % 4).filter(|rank| *rank > 0), recall: 0.5, ndcg: 0.6 };
        let measured = |mode| {
            let setting = Setting { mode, filter: None, threshold: None, rerank: Reranking::Off };
            Measured::of(setting, (0..40).map(scored).collect(), None, 7)
        };
        let settings = vec![measured(Mode::Hybrid), measured(Mode::Semantic)];
        let quality = Quality { k: 10, questions: 40, settings };
        stage.answer("\"measure\"", vec![Reply::Quality { quality }]);
        // The chart of each figure stands alone.
        let text = stage.text();
        let lines: Vec<&str> = text.lines().map(|line| line.trim_matches([' ', '│'])).collect();
        let at = lines.iter().position(|line| *line == "MRR").unwrap();
        assert!(lines[at - 1].is_empty() && lines[at - 2].contains('█'), "{text}");
    });
}

#[test]
fn a_comparison_and_a_prompt_give_up_their_own_base_and_not_the_chat_s() {
    for arrive in [super::compare::arrive, super::prompt::arrive] {
        let mut stage = Stage::settled(120, 40, "dark");
        arrive(&mut stage);
        stage.keys("<alt+i>");
        stage.answer("\"list\"", vec![Reply::Bases { bases: bases() }]);
        let none = "answers are from no base";
        let text = stage.text();
        assert!(text.contains("18,331 passages") && !text.contains(none), "{text}");
        stage.keys("<enter><alt+i>");
        let text = stage.text();
        assert!(text.contains(none), "{text}");
        stage.keys("none<enter><alt+i>");
        let text = stage.text();
        assert!(text.contains("18,331 passages") && !text.contains(none), "{text}");
        stage.keys("<enter><alt+1><alt+i>");
        let text = stage.text();
        assert!(text.contains("18,331 passages") && !text.contains(none), "{text}");
    }
}

#[test]
fn the_prompt_of_a_base_is_written_in_the_editor_and_what_cannot_be_taken_is_there_again() {
    let mut stage = Stage::settled(120, 40, "dark");
    search(&mut stage);
    let edited = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Edit(text) => Some(text.clone()),
            _ => None,
        })
    };
    let given = edited(&stage.keys("<tab>P"));
    assert_eq!(given, Some(Answers::usual_template()));
    stage.event(Event::Edited(Ok("Only $query$".to_owned())));
    let text = stage.text();
    assert!(text.contains("the template has no $search_results$"), "{text}");
    assert_eq!(edited(&stage.keys("P")).as_deref(), Some("Only $query$"));
    let own = "$query$: $search_results$";
    let asked = requests(&stage.event(Event::Edited(Ok(format!("{own}\n")))));
    let [Knowledge::Answers { id, answers }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((*id, answers.template.as_deref()), (BaseId::from_bytes([1; 16]), Some(own)));
    let mut changed = base(1, "billing", vec![source(Some(failing()))]);
    changed.answers = Answers { threshold: Some(0.3), ..answers.clone() };
    changed.updated = Timestamp(NOW);
    stage.answer("\"answers\"", vec![Reply::Base { base: changed }]);
    assert_eq!(edited(&stage.keys("P")).as_deref(), Some(own));
    // Nothing is what is used everywhere.
    let asked = requests(&stage.event(Event::Edited(Ok(String::new()))));
    assert!(matches!(&asked[..], [Knowledge::Answers { answers, .. }] if answers.template.is_none()));
    stage.keys("<esc><esc>");
    let text = stage.text();
    assert!(text.contains("by a prompt of its own, from passages with a cosine of 0.3 or more"), "{text}");
}

#[test]
fn the_passages_of_an_answer_in_the_chat_are_opened_by_a_key() {
    let hits = [found(0, Some((1, 0.71)), None, None), found(1, Some((2, 0.64)), None, None)];
    let mut grounding = Grounding::of("billing", "how are charges refunded?".to_owned(), &hits);
    let said = "Duplicates are merged [2].";
    grounding.cite(said);
    let mut stage = Stage::settled(120, 40, "dark");
    let mut last = answer(2, Some(1), said, COMPLETE);
    if let Some(answer) = &mut last.answer {
        answer.grounding = Some(grounding);
    }
    stage.open(vec![message(1, None, Role::User, "and twice?"), last]);
    stage.keys("<tab>p");
    let text = stage.text();
    let told = [
        "billing was asked for: how are charges refunded?",
        "The answer names",
        "[2] faq.md, page 2",
        "/home/ada/billing/faq.md",
        "Duplicates are merged before billing.",
        "Given, and not named",
        "[1] refunds.pdf, page 1",
        "A duplicate charge is refunded within five days",
    ];
    for told in told {
        assert!(text.contains(told), "{told}: {text}");
    }
    // What was found and was not near enough is told, also where that is all.
    let mut stage = Stage::settled(120, 40, "dark");
    let far = Grounding::of("billing", "why?".to_owned(), &[]).without(hits.iter());
    let mut last = answer(2, Some(1), "It does not tell.", COMPLETE);
    if let Some(answer) = &mut last.answer {
        answer.grounding = Some(far);
    }
    stage.open(vec![message(1, None, Role::User, "why?"), last]);
    assert!(stage.text().contains("nothing that was found in billing is near enough"), "{}", stage.text());
    stage.keys("<tab>p");
    let text = stage.text();
    assert!(text.contains("Found, and not given") && text.contains("refunds.pdf, page 1"), "{text}");
    // Where nothing was found the key does nothing.
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(1, None, Role::User, "why?"), answer(2, Some(1), "so", COMPLETE)]);
    stage.keys("<tab>p");
    let text = stage.text();
    assert!(!text.contains("was asked for"), "{text}");
}

#[test]
fn one_key_has_answers_be_from_a_base_and_from_none_again() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+i>");
    stage.answer("\"list\"", vec![Reply::Bases { bases: bases() }]);
    let offered = stage.text();
    assert!(offered.contains("Answer from") && offered.contains("18,331 passages"), "{offered}");
    stage.keys("<enter><ctrl+o>");
    let set = |text: &str| text.lines().any(|line| line.contains("knowledge") && line.contains("billing"));
    let text = stage.text();
    assert!(set(&text), "{text}");
    stage.keys("<esc><alt+i>none<enter><ctrl+o>");
    let text = stage.text();
    assert!(!set(&text), "{text}");
    // From the place itself it leads to the chat.
    stage.keys("<esc><alt+3><alt+i><ctrl+o>");
    let text = stage.text();
    assert!(set(&text) && text.contains("1 Chat"), "{text}");
}
