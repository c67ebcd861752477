//! Traces from elsewhere: how many spans a second are read and kept, and how long a kept trace takes to open; and what the
//! record of this program's own calls costs, and how soon words are found in what was said.
//!
//! `cargo bench --bench traces` takes them in by requests of 512; names after `--` choose: `ingest`, `open`, `find`, `own`.
//! `OUTCROP_BENCH_SPANS=1000000` opens, and looks in, a trace of so many instead of 100,000. Times are of the wall, memory is
//! the process's peak.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "traces/find.rs"]
mod find;
#[path = "traces/own.rs"]
mod own;
#[allow(
    dead_code,
    clippy::disallowed_methods,
    reason = "another bench wants more of it; it waits in real time"
)]
#[path = "process/server.rs"]
mod server;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::{Rollups, Source, SpanKey, TraceId, TraceSpan, Tree};
use outcrop::service::trace::kept::{Arrival, Kept};
use outcrop::store::{Owner, Store, Unlock};
use outcrop::wire::trace::otlp::protobuf;

/// Spans of a request, as OpenTelemetry's SDKs send them.
const REQUEST: u64 = 512;
/// Requests that are sent again.
const AGAIN: usize = 32;
/// Spans of a short trace.
const SHORT: u64 = 20;

/// A call of a model of about `bytes` bytes.
fn span(trace: u128, id: u64, bytes: usize) -> TraceSpan {
    let start = 1_700_000_000_000_000_000 + id * 1000;
    let mut span = TraceSpan {
        trace: TraceId(trace.to_be_bytes()),
        id: SpanKey(id),
        parent: (id > 1).then_some(SpanKey(id / 8 + 1)).filter(|parent| parent.0 != id),
        name: format!("chat m{}", id % 7),
        start,
        end: start + 900_000,
        ..TraceSpan::default()
    };
    let words = "word ".repeat(bytes.saturating_sub(330) / 5);
    let said = format!(r#"[{{"role":"assistant","parts":[{{"type":"text","content":"{words}"}}]}}]"#);
    span.attributes.push("gen_ai.operation.name", "chat");
    span.attributes.push("gen_ai.provider.name", "openai");
    span.attributes.push("gen_ai.request.model", "gpt");
    span.attributes.push("gen_ai.usage.input_tokens", 100u32);
    span.attributes.push("gen_ai.usage.output_tokens", 20u32);
    span.attributes.push("gen_ai.output.messages", said);
    span
}

/// Requests with so many spans, of short traces or of one.
fn requests(spans: u64, bytes: usize, one: bool) -> impl Iterator<Item = Vec<u8>> {
    (0..spans.div_ceil(REQUEST)).map(move |request| {
        let numbers = request * REQUEST..spans.min((request + 1) * REQUEST);
        let made = numbers.map(|number| {
            if one {
                return span(1, number + 1, bytes);
            }
            span(10 + u128::from(number / SHORT), number % SHORT + 1, bytes)
        });
        protobuf::encode(&made.collect::<Vec<_>>())
    })
}

fn open(folder: &Path) -> Kept {
    let owner = Owner::try_take(folder).unwrap().unwrap();
    let store = Store::open(&owner, &Unlock::default()).unwrap().0;
    Kept::open(&store, Arc::new(|_, _, _| None)).unwrap().0
}

fn take(kept: &Kept, request: &[u8]) {
    let arrival = Arrival { source: Source::Received, spans: protobuf::decode(request).spans };
    kept.add(vec![arrival], Timestamp(1)).unwrap();
}

fn ingest(spans: u64, bytes: usize) {
    let requests: Vec<Vec<u8>> = requests(spans, bytes, false).collect();
    let size = requests.iter().map(Vec::len).sum::<usize>() as u64 / spans;
    let begun = Instant::now();
    for request in &requests {
        black_box(protobuf::decode(request).spans.len());
    }
    let read = spans as f64 / begun.elapsed().as_secs_f64();
    let home = tempfile::tempdir().unwrap();
    let kept = open(home.path());
    let begun = Instant::now();
    for request in &requests {
        take(&kept, request);
    }
    let durable = spans as f64 / begun.elapsed().as_secs_f64();
    println!("spans of {size} bytes: {read:.0} a second read, {durable:.0} a second on the disk");
    // The last of them once more, as a sender that had no answer sends them; the very last request is not full.
    let begun = Instant::now();
    let mut count = 0;
    for request in requests.iter().rev().skip(1).take(AGAIN) {
        take(&kept, request);
        count += REQUEST;
    }
    let again = count as f64 / begun.elapsed().as_secs_f64();
    println!("the last {count} sent again: {again:.0} a second seen to be there");
}

fn open_one(spans: u64) {
    let home = tempfile::tempdir().unwrap();
    let kept = open(home.path());
    for request in requests(spans, 1000, true) {
        take(&kept, &request);
    }
    kept.flush().unwrap();
    drop(kept);
    let kept = open(home.path());
    let begun = Instant::now();
    let outline = kept.outline(TraceId(1u128.to_be_bytes())).unwrap().outline;
    let rows = begun.elapsed();
    let tree = Tree::of(&outline);
    black_box(Rollups::of(&outline, &tree));
    println!(
        "{spans} spans: rows after {rows:?}, tree and sums after {:?}, peak {} MB",
        begun.elapsed(),
        peak()
    );
    let begun = Instant::now();
    black_box(outline.find("nowhere").len());
    println!("a word looked for in names, models, tools and errors: {:?}", begun.elapsed());
    let begun = Instant::now();
    black_box(kept.span(TraceId(1u128.to_be_bytes()), spans as u32 - 1).unwrap());
    println!("the last span with all that was said in it: {:?}", begun.elapsed());
}

/// Megabytes that the process has had at most.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1000
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if is_wanted("ingest") {
        ingest(100_000, 1000);
        ingest(20_000, 20_000);
    }
    let spans = std::env::var_os("OUTCROP_BENCH_SPANS").and_then(|spans| spans.to_str()?.parse().ok());
    let spans = spans.unwrap_or(100_000);
    if is_wanted("open") {
        open_one(spans);
    }
    if is_wanted("find") {
        find::measure(spans);
    }
    if is_wanted("own") {
        own::measure();
    }
}
