//! What a report of usage costs over 1,000,000 invocations.
//!
//! `cargo bench --bench usage`. A year of twelve models that are called around the clock: 105,120 hours with nine or ten
//! calls each, which is the worst way to spread a million of them. The store is filled day by day as the recorder fills it,
//! a day of a model in one batch, so that it is there in seconds.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::sync::Arc;
use std::time::Instant;

use criterion::Criterion;
use outcrop::domain::id::SpanId;
use outcrop::domain::known::Correction;
use outcrop::domain::message::{Timing, Usage};
use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::{Span, SpanKind, SpanStatus};
use outcrop::domain::usage::{By, DAY, HOUR, Query};
use outcrop::service::invoke::{Invoke, SpanSink};
use outcrop::service::usage::{Calendar, Counting, report};
use outcrop::store::{Batch, Owner, Store, Unlock};

const CALLS: u64 = 1_000_000;
const DAYS: i64 = 365;
const MODELS: u64 = 12;

#[derive(Debug)]
struct Nobody;

impl SpanSink for Nobody {
    fn record(&self, _: Span) {}
}

fn span(number: u64, model: u64, started: i64) -> Span {
    // Times as they come: half of them short, a few long.
    let chance = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
    let total = 400 + chance % 1_500 + if chance.is_multiple_of(20) { chance % 40_000 } else { 0 };
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Span {
        model: Some(format!("bench/model-{model}").parse().unwrap()),
        timing: Timing {
            first_token_ms: Some(u32::try_from(total / 3).unwrap()),
            total_ms: Some(u32::try_from(total).unwrap()),
            ..Timing::default()
        },
        usage: Usage { input: Some(900), output: Some(200), ..Usage::default() },
        status: SpanStatus::Done,
        ..Span::begun(SpanId::from_bytes(id), SpanKind::Converse, "bench", Timestamp(started))
    }
}

/// Counts every call; the spans themselves are not kept, as after their time.
fn fill(store: &Store) -> u64 {
    let hours = DAYS as u64 * 24 * MODELS;
    let mut number = 0;
    Counting::catch_up(store).unwrap();
    for day in 0..DAYS {
        let mut batch = Batch::new();
        let mut counting = Counting::begin(store).unwrap();
        for slot in 0..24 * MODELS {
            let (hour, model) = (slot / MODELS, slot % MODELS);
            let until = (day as u64 * 24 * MODELS + slot + 1) * CALLS / hours;
            while number < until {
                counting.record(&span(number, model, day * DAY + hour as i64 * HOUR)).unwrap();
                number += 1;
            }
        }
        counting.finish(&mut batch).unwrap();
        store.commit_soft(batch).unwrap();
    }
    store.flush().unwrap();
    number
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Owner::take(folder.path()).unwrap(), &Unlock::default()).unwrap().0;
    let began = Instant::now();
    let calls = fill(&store);
    eprintln!("{calls} calls counted in {:.1} s", began.elapsed().as_secs_f32());
    let invoke = Invoke::new([], vec![], Arc::new(Nobody));
    let price = Correction { input_price: Some(1.0), output_price: Some(2.0), ..Correction::default() };
    invoke.correct([("bench/model-1".parse().unwrap(), price)].into());
    let (prices, calendar, now) = (invoke.prices(), Calendar::system(), Timestamp(DAYS * DAY));
    let ask = |by, days: Option<i64>, series| {
        let since = days.map(|days| Timestamp(now.0 - days * DAY));
        report(&store, Query { by, since, until: None, series }, &prices, &calendar, now).unwrap()
    };
    assert_eq!(ask(By::Model, None, false).total.tally.invocations, CALLS);
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    for (name, by, days, series) in [
        ("all by model", By::Model, None, false),
        ("all by model, over time", By::Model, None, true),
        ("all by day", By::Day, None, false),
        ("30 days by model, over time", By::Model, Some(30), true),
    ] {
        criterion.bench_function(name, |bench| bench.iter(|| ask(by, days, series)));
    }
    criterion.final_summary();
}
