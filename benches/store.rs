//! The store: what a turn costs, and how soon a process that starts has the newest conversations of a large store.
//!
//! `cargo bench --bench store`. The start is measured in fresh processes, since a process starts only once.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use outcrop::domain::conversation::Conversation;
use outcrop::domain::id::{ConversationId, MessageId};
use outcrop::domain::message::{Block, Message, MessageOrigin, Role};
use outcrop::domain::settings::Settings;
use outcrop::domain::time::Timestamp;
use outcrop::store::{Batch, Owner, Scan, Store, Unlock};

/// A child of this bench: opens the store in this folder, lists, and says how long it took.
const START: &str = "OUTCROP_BENCH_START";

const CONVERSATIONS: u32 = 10_000;
const MESSAGES: u32 = 4;
const STARTS: usize = 21;

fn id(number: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn head(number: u32) -> Conversation {
    Conversation {
        id: ConversationId::from_bytes(id(number)),
        title: "why do rivers meander, and what would stop them".to_owned(),
        titled: false,
        created: Timestamp(i64::from(number)),
        updated: Timestamp(i64::from(number)),
        model: Some("local/smollm2-135m".parse().unwrap()),
        system: None,
        settings: Settings::default(),
        leaf: Some(MessageId::from_bytes(id(number))),
        run: None,
        side: None,
        forked_from: None,
        agent: None,
    }
}

fn message(conversation: u32, number: u32) -> Message {
    Message {
        id: MessageId::from_bytes(id(number)),
        conversation: ConversationId::from_bytes(id(conversation)),
        parent: None,
        role: Role::User,
        blocks: vec![Block::Text { text: "A river bends because the current erodes one bank. ".repeat(12) }],
        created: Timestamp(0),
        answer: None,
        origin: MessageOrigin::Here,
    }
}

fn turn(batch: &mut Batch, conversation: u32, number: u32) {
    let (head, message) = (head(conversation), message(conversation, number));
    batch.put(&head.id, &head).unwrap();
    batch.put(&(message.conversation, message.id), &message).unwrap();
}

fn open(folder: &Path) -> Store {
    Store::open(&Owner::take(folder).unwrap(), &Unlock::default()).unwrap().0
}

fn fill(store: &Store) {
    for conversation in 0..CONVERSATIONS {
        let mut batch = Batch::new();
        for message in 0..MESSAGES {
            turn(&mut batch, conversation, conversation * MESSAGES + message);
        }
        store.commit_soft(batch).unwrap();
    }
    store.flush().unwrap();
}

fn start(folder: &Path) {
    let began = Instant::now();
    let store = open(folder);
    let opened = began.elapsed();
    let page = store.newest(100, None).unwrap();
    let listed = began.elapsed();
    assert_eq!(page.heads.len(), 100);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("VmRSS: unknown");
    eprintln!("{} {} {resident}", opened.as_micros(), listed.as_micros());
}

fn starts(folder: &Path) {
    let mut runs: Vec<(u64, u64, String)> = (0..STARTS)
        .map(|_| {
            let output = Command::new(std::env::current_exe().unwrap()).env(START, folder).output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            let mut words = text.trim().splitn(3, ' ');
            let mut number = || words.next().unwrap().parse().unwrap();
            let (opened, listed) = (number(), number());
            (opened, listed, words.next().unwrap().to_owned())
        })
        .collect();
    runs.sort_by_key(|(_, listed, _)| *listed);
    let (opened, listed, resident) = &runs[STARTS / 2];
    eprintln!(
        "start with {CONVERSATIONS} conversations of {MESSAGES} messages, median of {STARTS}: \
         opened {opened} µs, 100 newest listed {listed} µs, {resident}"
    );
}

fn main() {
    if let Some(folder) = std::env::var_os(START) {
        return start(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store);
    drop(store);
    starts(folder.path());

    let store = open(folder.path());
    let mut criterion = Criterion::default().configure_from_args();
    let mut number = CONVERSATIONS * MESSAGES;
    criterion.bench_function("a turn, durable", |bench| {
        bench.iter(|| {
            number += 1;
            let mut batch = Batch::new();
            turn(&mut batch, number % CONVERSATIONS, number);
            store.commit(batch).unwrap();
        });
    });
    criterion.bench_function("a turn, to be flushed later", |bench| {
        bench.iter(|| {
            number += 1;
            let mut batch = Batch::new();
            turn(&mut batch, number % CONVERSATIONS, number);
            store.commit_soft(batch).unwrap();
        });
    });
    criterion.bench_function("the 100 newest conversations", |bench| {
        bench.iter(|| store.newest(100, None).unwrap());
    });
    let mut group = criterion.benchmark_group("every message of the store");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(CONVERSATIONS * MESSAGES)));
    group.bench_function("scan", |bench| bench.iter(|| store.scan::<Message>(Scan::all()).count()));
    group.finish();
    criterion.final_summary();
}
