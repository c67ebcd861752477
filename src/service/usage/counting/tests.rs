//! Calls are counted once, whatever was there before and whenever it ends.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::domain::message::{Timing, Usage};
use crate::domain::time::Timestamp;
use crate::domain::trace::{SpanKind, SpanStatus};
use crate::domain::usage::{By, DAY, HOUR, Query, Report};
use crate::service::changes::Changes;
use crate::service::invoke::{Invoke, SpanSink};
use crate::service::recorder::Recorder;
use crate::service::retention::{Keep, sweep};
use crate::service::usage::{Calendar, report};
use crate::store::{Owner, Unlock};

fn open(folder: &Path) -> Store {
    // A child that another test is just starting holds a copy of the last owner's lock until its program begins.
    let owner = loop {
        if let Some(owner) = Owner::try_take(folder).unwrap() {
            break owner;
        }
        std::thread::yield_now();
    };
    Store::open(&owner, &Unlock { passphrase: None, ask: false }).unwrap().0
}

/// A call in that hour, whose id begins with its number.
fn span(number: u32, hour: i64) -> Span {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    Span {
        model: Some(format!("p/{}", number % 2).parse().unwrap()),
        timing: Timing { first_token_ms: Some(10), total_ms: Some(number % 100), ..Timing::default() },
        usage: Usage { input: Some(100), output: Some(10), ..Usage::default() },
        status: SpanStatus::Done,
        ..Span::begun(SpanId::from_bytes(id), SpanKind::Converse, "p", Timestamp(hour * HOUR))
    }
}

/// As a version that did not count kept it.
fn keep(store: &Store, spans: impl IntoIterator<Item = Span>) {
    let mut batch = Batch::new();
    for span in spans {
        batch.put(&span.id, &span).unwrap();
    }
    store.commit(batch).unwrap();
}

/// As the recorder keeps it now.
fn record(store: &Store, span: &Span) {
    let mut batch = Batch::new();
    batch.put(&span.id, span).unwrap();
    let mut counting = Counting::begin(store).unwrap();
    counting.record(span).unwrap();
    counting.finish(&mut batch).unwrap();
    store.commit_soft(batch).unwrap();
}

fn told(store: &Store, by: By) -> Report {
    let invoke = Invoke::new([], vec![], Arc::new(Nobody));
    let query = Query { by, since: None, until: None, series: false };
    let utc = Calendar::named("UTC").unwrap();
    report(store, query, &invoke.prices(), &utc, Timestamp(400 * DAY)).unwrap()
}

fn calls(store: &Store) -> u64 {
    told(store, By::Model).total.tally.invocations
}

#[derive(Debug)]
struct Nobody;

impl SpanSink for Nobody {
    fn record(&self, _: Span) {}
}

#[test]
fn a_store_of_before_is_counted_once_and_goes_on_where_it_was_stopped() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let many = 2 * PIECE as u32 + 7;
    keep(&store, (0..many).map(|number| span(number, i64::from(number % 50))));
    assert!(!Counting::catch_up(&store).unwrap());
    assert_eq!(calls(&store), PIECE as u64);
    // The process ends here and another goes on.
    store.flush().unwrap();
    drop(store);
    let store = open(home.path());
    assert!(!Counting::is_done(&store).unwrap());
    while !Counting::catch_up(&store).unwrap() {}
    for _ in 0..2 {
        assert!(Counting::catch_up(&store).unwrap());
        assert_eq!(calls(&store), u64::from(many));
    }
    let report = told(&store, By::Model);
    assert_eq!(report.total.tally.input_tokens, 100 * u64::from(many));
    assert_eq!(report.total.tally.latency.count(), u64::from(many));
    assert_eq!(report.rows.len(), 2);
}

#[test]
fn what_is_recorded_while_a_store_of_before_is_counted_counts_once() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let many = 2 * PIECE as u32;
    keep(&store, (0..many).map(|number| span(number * 2, 1)));
    // Before anything is counted, in the middle of what is counted, behind it.
    record(&store, &span(many * 4, 1));
    assert_eq!(calls(&store), 0, "its turn comes");
    assert!(!Counting::catch_up(&store).unwrap());
    record(&store, &span(1, 1));
    assert_eq!(calls(&store), PIECE as u64 + 1, "its turn would be over");
    record(&store, &span(many * 4 + 1, 1));
    while !Counting::catch_up(&store).unwrap() {}
    record(&store, &span(3, 1));
    record(&store, &span(many * 5, 1));
    assert_eq!(calls(&store), u64::from(many) + 5);
}

#[test]
fn sums_outlive_the_calls_that_are_swept() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    assert!(Counting::catch_up(&store).unwrap());
    for number in 0..20 {
        record(&store, &span(number, i64::from(number)));
    }
    let before = told(&store, By::Day);
    sweep(&store, Keep { age_ms: u64::MAX, bytes: 0 }, Timestamp(400 * DAY)).unwrap();
    assert_eq!(store.keys::<Span>(Scan::all()).count(), 0);
    assert_eq!(told(&store, By::Day), before);
    assert_eq!(before.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["1970-01-01"]);
    assert_eq!(calls(&store), 20);
}

#[test]
fn a_list_of_models_is_no_invocation() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    Counting::catch_up(&store).unwrap();
    record(&store, &Span { kind: SpanKind::ListModels, model: None, ..span(1, 1) });
    record(&store, &Span { kind: SpanKind::CountTokens, ..span(2, 1) });
    assert!(told(&store, By::Model).rows.is_empty());
}

#[test]
fn no_name_of_a_model_can_be_read_in_the_key_of_its_sums() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    Counting::catch_up(&store).unwrap();
    record(&store, &Span { model: Some("p/secret-project".parse().unwrap()), ..span(1, 1) });
    let keys: Vec<_> = store.keys::<UsageDay>(Scan::all()).map(Result::unwrap).collect();
    assert_eq!(keys.len(), 1);
    assert!(!format!("{keys:?}").contains("secret"));
    assert_eq!(told(&store, By::Model).rows[0].name, "p/secret-project");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_counts_what_was_before_it_and_what_it_writes_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    keep(&store, (0..2_000).map(|number| span(number, 1)));
    let changes = Changes::default();
    let mut watch = changes.watch(crate::domain::change::Topic::Usage);
    let recorder = Recorder::start(store.clone(), changes);
    SpanSink::record(&recorder, span(5_000, 1));
    recorder.settled().await;
    assert_eq!(calls(&store), 2_001);
    SpanSink::record(&recorder, span(5_001, 1));
    recorder.settled().await;
    assert_eq!(calls(&store), 2_002);
    let told = futures_util::StreamExt::next(&mut watch).await;
    assert_eq!(told, Some(crate::domain::change::Changed::Usage));
    recorder.finish().await;
    recorder.settled().await;
    // Whoever starts next counts nothing anew.
    let recorder = Recorder::start(store.clone(), Changes::default());
    recorder.settled().await;
    assert_eq!(calls(&store), 2_002);
    recorder.finish().await;
}
