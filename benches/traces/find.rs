//! Words that are looked for in what was said in the spans of a long trace: how soon the first rows are told, and all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use outcrop::domain::trace::TraceId;
use outcrop::provider::Provider;
use outcrop::service::archive::Archive;
use outcrop::service::changes::Changes;
use outcrop::service::invoke::Invoke;
use outcrop::service::recorder::Recorder;
use outcrop::service::trace::Traces;
use outcrop::service::trace::kept::{Keep, Kept};
use outcrop::store::{Owner, Store, Unlock};

const TRACE: TraceId = TraceId(1u128.to_be_bytes());
/// Times that each word is looked for; the quickest counts, the first finds what later ones find read.
const TIMES: usize = 5;

/// Prints the rows.
pub fn measure(spans: u64) {
    let home = tempfile::tempdir().unwrap();
    let owner = Owner::try_take(home.path()).unwrap().unwrap();
    let store = Store::open(&owner, &Unlock::default()).unwrap().0;
    let kept = Kept::open(&store, Arc::new(|_, _, _| None)).unwrap().0;
    for request in crate::requests(spans, 1000, true) {
        crate::take(&kept, &request);
    }
    kept.flush().unwrap();
    drop(kept);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let changes = Changes::default();
        let recorder = Recorder::start(store.clone(), changes.clone());
        let voices: [Arc<dyn Provider>; 0] = [];
        let invoke = Invoke::new(voices, Vec::new(), Arc::new(recorder.clone()));
        let keep = Keep { age_ms: u64::MAX, bytes: u64::MAX };
        let traces = Traces::new(Archive::new(store), recorder.clone(), invoke.prices(), changes, keep);
        for (word, stands) in [("word", "every span"), ("nowhere", "none")] {
            let mut best: Option<(Duration, Option<Duration>, usize)> = None;
            for _ in 0..TIMES {
                let begun = Instant::now();
                let mut pieces = traces.search(TRACE, word);
                let (mut first, mut found) = (None, 0);
                while let Some(rows) = pieces.next().await {
                    first.get_or_insert_with(|| begun.elapsed());
                    found += rows.unwrap().len();
                }
                let all = begun.elapsed();
                if best.is_none_or(|(before, ..)| all < before) {
                    best = Some((all, first, found));
                }
            }
            let (all, first, found) = best.unwrap();
            println!("a word that {stands} of {spans} says: first {first:?}, all {found} after {all:?}");
        }
        traces.finish().await;
        recorder.finish().await;
    });
}
