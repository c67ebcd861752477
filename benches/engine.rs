//! The local engine's speed on the real model: tokens a second of reading a prompt and of writing an answer.
//!
//! `OUTCROP_TEST_MODEL=model.gguf cargo bench --bench engine`; `tests/peers/llama_cpp.py` names the peer.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::StreamExt;
use outcrop::domain::call::{Blobs, Converse, Turn};
use outcrop::domain::catalog::Backend;
use outcrop::domain::message::{Block, Role};
use outcrop::domain::settings::Settings;
use outcrop::engine::{Engine, Options, prompt};

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
    let text = "Why do rivers meander across the plain? ".repeat(19);
    let now = jiff::Zoned::now();
    let count = prompt(&path, &ask(&text, 1), &now).unwrap().tokens.len() as u64;
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(10);
    let backends = [Backend::Own, Backend::LlamaCpp];
    let built = if cfg!(feature = "llama-cpp") { &backends[..] } else { &backends[..1] };
    for (threads, backend) in [1, 2].into_iter().flat_map(|n| built.iter().map(move |b| (n, *b))) {
        let engine = Engine::new(Options { threads: Some(threads), backend: Some(backend) });
        let run = |text: &str, tokens| {
            let answer = engine.converse(&path, ask(text, tokens), now.clone());
            black_box(runtime.block_on(answer.collect::<Vec<_>>()));
        };
        run("hi", 1);
        group.throughput(Throughput::Elements(count));
        group.bench_function(format!("prefill {count}, {threads} threads, {backend}"), |b| {
            b.iter(|| run(&text, 1));
        });
        group.throughput(Throughput::Elements(128));
        group.bench_function(format!("decode 128, {threads} threads, {backend}"), |b| {
            b.iter(|| run("Write a story.", 128));
        });
    }
    group.finish();
}

criterion_group!(benches, speed);
criterion_main!(benches);
