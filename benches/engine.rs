//! The local engine's speed on the real model: tokens a second of reading a prompt and of writing an answer.
//!
//! `OUTCROP_TEST_MODEL=model.gguf cargo bench --bench engine`; `benches/llama_cpp.py` takes the peer's.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::StreamExt;
use outcrop::domain::call::{Blobs, Converse, Turn};
use outcrop::domain::catalog::Backend;
use outcrop::domain::id::ConversationId;
use outcrop::domain::message::{Block, Role};
use outcrop::domain::settings::Settings;
use outcrop::engine::{Engine, Options, prompt};

/// Nine tokens in `SmolLM2`'s words.
const SENTENCE: &str = "Why do rivers meander across the plain? ";
/// Lengths of a prompt, in sentences: about 64, 200, 512 and 1,024 tokens with the template around them.
const SENTENCES: [usize; 4] = [3, 19, 53, 110];
/// Sentences before an answer that is written deep in a conversation.
const DEEP: usize = 110;
/// Tokens of an answer.
const WRITTEN: u32 = 128;

fn ask(text: &str, max_tokens: u32) -> Converse {
    Converse {
        model: "local/bench".parse().unwrap(),
        system: None,
        turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text: text.into() }] }],
        settings: Settings { temperature: Some(0.0), max_tokens: Some(max_tokens), ..Settings::default() },
        conversation: None,
        blobs: Blobs::default(),
    }
}

fn speed(criterion: &mut Criterion) {
    let Some(path) = std::env::var_os("OUTCROP_TEST_MODEL").map(PathBuf::from) else {
        eprintln!("skipped: the real model; OUTCROP_TEST_MODEL names the converted GGUF file");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let now = jiff::Zoned::now();
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(10);
    let backends = [Backend::Own, Backend::LlamaCpp];
    let built = if cfg!(feature = "llama-cpp") { &backends[..] } else { &backends[..1] };
    for (threads, backend) in [1, 2].into_iter().flat_map(|n| built.iter().map(move |b| (n, *b))) {
        let engine = Engine::new(Options { threads: Some(threads), backend: Some(backend) });
        let run = |call: Converse| {
            let answer = engine.converse(&path, call, now.clone());
            black_box(runtime.block_on(answer.collect::<Vec<_>>()));
        };
        run(ask("hi", 1));
        for sentences in SENTENCES {
            let text = SENTENCE.repeat(sentences);
            let count = prompt(&path, &ask(&text, 1), &now).unwrap().tokens.len() as u64;
            group.throughput(Throughput::Elements(count));
            group.bench_function(format!("prefill {count}, {threads} threads, {backend}"), |b| {
                b.iter(|| run(ask(&text, 1)));
            });
        }
        group.throughput(Throughput::Elements(WRITTEN.into()));
        group.bench_function(format!("decode {WRITTEN}, {threads} threads, {backend}"), |b| {
            b.iter(|| run(ask("Write a story.", WRITTEN)));
        });
        // The same conversation again: its prompt is read from the cache, what takes the time is writing.
        let deep = Converse {
            conversation: Some(ConversationId::from_bytes([1; 16])),
            ..ask(&SENTENCE.repeat(DEEP), WRITTEN)
        };
        let depth = prompt(&path, &deep, &now).unwrap().tokens.len();
        run(deep.clone());
        group.bench_function(format!("decode {WRITTEN} after {depth}, {threads} threads, {backend}"), |b| {
            b.iter(|| run(deep.clone()));
        });
    }
    group.finish();
}

criterion_group!(benches, speed);
criterion_main!(benches);
