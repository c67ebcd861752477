//! The local engine's speed on the real model: tokens a second of reading a prompt and of writing an answer.
//!
//! `OUTCROP_TEST_MODEL=model.gguf cargo bench --bench engine`; `benches/llama_cpp.py` has it take turns with the peer.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::print_stdout)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group};
use futures_util::StreamExt;
use outcrop::domain::call::{Blobs, Converse, Turn};
use outcrop::domain::catalog::Backend;
use outcrop::domain::delta::Event;
use outcrop::domain::id::ConversationId;
use outcrop::domain::message::{Block, Role};
use outcrop::domain::settings::Settings;
use outcrop::engine::{Engine, Options, prompt};
use serde::Deserialize;

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

/// The same in a conversation that is kept: asked again, its prompt is read from the cache.
fn kept(converse: Converse) -> Converse {
    Converse { conversation: Some(ConversationId::from_bytes([1; 16])), ..converse }
}

/// What an answer took.
#[derive(Debug)]
struct Took {
    /// Reading the prompt, until the first token was chosen.
    read: Duration,
    /// From there until the last one was: one token less than were written.
    wrote: Duration,
    written: u32,
}

/// An engine, and who reads its answers.
struct Bench {
    path: PathBuf,
    engine: Engine,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new(path: PathBuf, threads: usize, backend: Backend) -> Self {
        let engine = Engine::new(Options { threads: Some(threads), backend: Some(backend) });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { path, engine, runtime }
    }

    fn run(&self, call: Converse) -> Took {
        let mut answer = self.engine.converse(&self.path, call, jiff::Zoned::now());
        self.runtime.block_on(async {
            let (mut begun, mut read, mut written) = (None, None, 0);
            while let Some(event) = answer.next().await {
                match event.unwrap() {
                    Event::Prefill { done, total, .. } if done < total => {
                        begun.get_or_insert_with(Instant::now);
                    }
                    Event::Prefill { .. } => read = Some(Instant::now()),
                    Event::Usage { usage } => written = usage.output.unwrap_or(0),
                    _ => {}
                }
            }
            let read = read.unwrap();
            Took { read: read - begun.unwrap(), wrote: read.elapsed(), written }
        })
    }

    /// What writing an answer took that has all its tokens.
    fn wrote(&self, call: Converse) -> Duration {
        let took = self.run(call);
        assert_eq!(took.written, WRITTEN, "the answer ended by itself");
        took.wrote
    }
}

fn speed(criterion: &mut Criterion) {
    let Some(path) = std::env::var_os("OUTCROP_TEST_MODEL").map(PathBuf::from) else {
        eprintln!("skipped: the real model; OUTCROP_TEST_MODEL names the converted GGUF file");
        return;
    };
    let now = jiff::Zoned::now();
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(10);
    let backends = [Backend::Own, Backend::LlamaCpp];
    let built = if cfg!(feature = "llama-cpp") { &backends[..] } else { &backends[..1] };
    for (threads, backend) in [1, 2].into_iter().flat_map(|n| built.iter().map(move |b| (n, *b))) {
        let bench = Bench::new(path.clone(), threads, backend);
        bench.run(ask("hi", 1));
        for sentences in SENTENCES {
            let text = SENTENCE.repeat(sentences);
            let count = prompt(&path, &ask(&text, 1), &now).unwrap().tokens.len() as u64;
            group.throughput(Throughput::Elements(count));
            group.bench_function(format!("prefill {count}, {threads} threads, {backend}"), |b| {
                b.iter_custom(|times| (0..times).map(|_| bench.run(ask(&text, 1)).read).sum());
            });
        }
        group.throughput(Throughput::Elements(u64::from(WRITTEN) - 1));
        group.bench_function(format!("decode {WRITTEN}, {threads} threads, {backend}"), |b| {
            b.iter_custom(|times| (0..times).map(|_| bench.wrote(ask("Write a story.", WRITTEN))).sum());
        });
        let deep = kept(ask(&SENTENCE.repeat(DEEP), WRITTEN));
        let depth = prompt(&path, &deep, &now).unwrap().tokens.len();
        bench.run(deep.clone());
        group.bench_function(format!("decode {WRITTEN} after {depth}, {threads} threads, {backend}"), |b| {
            b.iter_custom(|times| (0..times).map(|_| bench.wrote(deep.clone())).sum());
        });
    }
    group.finish();
}

/// One answer that the peer's script asks for, as a line of JSON.
#[derive(Debug, Deserialize)]
struct Wish {
    threads: usize,
    backend: String,
    text: String,
    written: u32,
    kept: bool,
}

/// Answers wishes as they come, each with a line: the prompt's tokens, and the seconds and tokens that the answer took.
fn turns() {
    let path = PathBuf::from(std::env::var_os("OUTCROP_TEST_MODEL").unwrap());
    let mut bench: Option<(usize, String, Bench)> = None;
    for line in std::io::stdin().lines() {
        let Wish { threads, backend, text, written, kept: keeps } =
            serde_json::from_str(&line.unwrap()).unwrap();
        if bench.as_ref().is_none_or(|(n, name, _)| (*n, name) != (threads, &backend)) {
            let runs = if backend == "llama-cpp" { Backend::LlamaCpp } else { Backend::Own };
            // The one before is gone first, with its threads and its model.
            drop(bench.take());
            bench = Some((threads, backend, Bench::new(path.clone(), threads, runs)));
        }
        let Some((_, _, bench)) = &bench else { continue };
        let call = if keeps { kept(ask(&text, written)) } else { ask(&text, written) };
        let tokens = prompt(&path, &call, &jiff::Zoned::now()).unwrap().tokens;
        let took = bench.run(call);
        let (read, wrote) = (took.read.as_secs_f64(), took.wrote.as_secs_f64());
        println!(
            "{}",
            serde_json::json!({ "prompt": tokens, "read": read, "wrote": wrote, "written": took.written })
        );
    }
}

criterion_group!(benches, speed);

fn main() {
    if std::env::args().any(|argument| argument == "turns") {
        return turns();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
