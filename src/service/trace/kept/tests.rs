use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::domain::id::NoteId;
use crate::domain::trace::{Note, Opinion, Origin, SpanKey};
use crate::service::trace::notes;
use crate::store::record::NoteOf;
use crate::store::{Faults, Options, Owner, Unlock};

fn price() -> Price {
    Arc::new(|_, _, _| None)
}

fn store_with(folder: &Path, faults: Faults) -> Store {
    let owner = Owner::try_take(folder).unwrap().unwrap();
    Store::open_with(&owner, &Unlock::default(), Options { faults, ..Options::default() }).unwrap().0
}

fn store(folder: &Path) -> Store {
    store_with(folder, Faults::default())
}

fn open(store: &Store, size: u64) -> (Kept, Vec<String>) {
    Kept::open_sized(store, price(), size).unwrap()
}

/// All zero would be none's.
fn id(trace: u8) -> TraceId {
    TraceId([trace + 1; 16])
}

/// A span of trace `trace` with words of its own.
fn span(trace: u8, span: u64, parent: u64) -> TraceSpan {
    let mut made = TraceSpan {
        trace: id(trace),
        id: SpanKey(span),
        parent: (parent != 0).then_some(SpanKey(parent)),
        name: format!("canary {span}"),
        start: 1_000_000_000 * (u64::from(trace) + 1) + span,
        end: 2_000_000_000 * (u64::from(trace) + 1),
        origin: Arc::new(Origin { scope: format!("scope {}", span % 2), ..Origin::default() }),
        ..TraceSpan::default()
    };
    made.attributes.push("text", "x".repeat(200));
    made
}

fn add(kept: &Kept, spans: Vec<TraceSpan>) -> Result<Vec<Run>> {
    let added = kept.add(vec![Arrival { source: Source::Received, spans }], Timestamp(5000))?;
    assert_eq!(added.known, [0]);
    Ok(added.runs)
}

/// The names of each trace's spans, by way of their rows and of their whole spans, which must agree.
fn all(kept: &Kept) -> BTreeMap<TraceId, Vec<String>> {
    let mut found = BTreeMap::new();
    for run in kept.runs(None) {
        let run = run.unwrap();
        let opened = kept.outline(run.id).unwrap();
        assert!(opened.damaged.is_empty(), "{:?}", opened.damaged);
        assert_eq!(run.spans, opened.outline.rows.len() as u64);
        let names = |at: u32| opened.outline.names.get(opened.outline.rows[at as usize].name).to_owned();
        let rows: Vec<String> = (0..run.spans as u32).map(names).collect();
        let mut whole = Vec::new();
        kept.visit(run.id, |first, spans| {
            assert_eq!(first as usize, whole.len());
            whole.extend(spans.unwrap().into_iter().map(|span| span.name));
            true
        })
        .unwrap();
        assert_eq!(rows, whole);
        found.insert(run.id, rows);
    }
    found
}

#[test]
fn spans_come_back_whole_in_order_and_nothing_lies_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, notices) = open(&store, SEGMENT);
    assert_eq!(notices, [""; 0]);
    let spans: Vec<TraceSpan> = (1..=1200).map(|id| span((id % 3) as u8, id, id / 3)).collect();
    let runs = add(&kept, spans.clone()).unwrap();
    assert_eq!(runs.iter().map(|run| run.spans).collect::<Vec<_>>(), [400; 3]);
    add(&kept, vec![span(0, 5000, 0)]).unwrap();
    let run = kept.run(id(0)).unwrap().unwrap();
    assert_eq!((run.spans, run.rough, run.at), (401, false, Timestamp(1000)));
    let wanted: Vec<&TraceSpan> = spans.iter().filter(|span| span.trace == id(1)).collect();
    for at in [0, 7, 399] {
        assert_eq!(&kept.span(id(1), at).unwrap(), wanted[at as usize]);
    }
    assert_eq!(kept.span(id(1), 400).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(kept.outline(id(9)).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(all(&kept).len(), 3);
    let newest: Vec<TraceId> = kept.runs(None).map(|run| run.unwrap().id).collect();
    assert_eq!(newest, [2, 1, 0].map(id));
    let bytes = std::fs::read(kept.shelf.folder().join(file(1))).unwrap();
    assert!(!bytes.windows(6).any(|six| six == b"canary"));
}

#[test]
fn what_the_records_do_not_know_is_read_from_the_segments_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, _) = open(&store, 20_000);
    for id in 0..100 {
        add(&kept, vec![span((id % 7) as u8, id + 1, 0)]).unwrap();
    }
    let before = all(&kept);
    let runs: Vec<Run> = kept.runs(None).map(Result::unwrap).collect();
    drop(kept);
    // As after a death: all records of the last part, or of everything, are gone.
    for all_gone in [false, true] {
        let segments: Vec<SegmentKey> = store.keys::<Segment>(Scan::all()).collect::<Result<_>>().unwrap();
        assert!(segments.len() > 1);
        let mut batch = Batch::new();
        for key in store.keys::<Chunk>(Scan::all()).map(Result::unwrap) {
            batch.remove::<Chunk>(&key);
        }
        for run in &runs {
            batch.remove::<Run>(&RunKey(run.at, run.id)).remove::<TraceAt>(&run.id);
        }
        for key in segments {
            if all_gone {
                batch.remove::<Segment>(&key);
            } else {
                batch.put(&key, &Segment::default()).unwrap();
            }
        }
        store.commit(batch).unwrap();
        let (kept, notices) = open(&store, 20_000);
        assert_eq!(notices, [""; 0]);
        assert_eq!(all(&kept), before);
        assert_eq!(kept.runs(None).map(Result::unwrap).collect::<Vec<_>>(), runs);
    }
}

#[test]
fn wherever_the_newest_segment_is_cut_what_was_whole_is_there_and_more_can_come() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, _) = open(&store, SEGMENT);
    let mut ends = vec![0];
    for id in 1..=3 {
        add(&kept, vec![span(1, id, 0)]).unwrap();
        ends.push(kept.state().log.length());
    }
    let path = kept.shelf.folder().join(file(1));
    let bytes = std::fs::read(&path).unwrap();
    drop(kept);
    for length in (0..bytes.len()).step_by(13) {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let mut batch = Batch::new();
        batch.remove::<Segment>(&SegmentKey(1));
        for key in store.keys::<Chunk>(Scan::all()).map(Result::unwrap) {
            batch.remove::<Chunk>(&key);
        }
        for at in store.keys::<Run>(Scan::all()).map(Result::unwrap) {
            batch.remove::<Run>(&at).remove::<TraceAt>(&at.1);
        }
        store.commit(batch).unwrap();
        let (kept, _) = open(&store, SEGMENT);
        let whole = ends.iter().filter(|end| **end <= length as u64).count() - 1;
        assert_eq!(all(&kept).values().map(Vec::len).sum::<usize>(), whole, "{length}");
        add(&kept, vec![span(1, 9, 0)]).unwrap();
        assert_eq!(all(&kept).values().map(Vec::len).sum::<usize>(), whole + 1, "{length}");
    }
}

#[test]
fn a_flipped_byte_costs_its_spans_alone_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, _) = open(&store, SEGMENT);
    for id in 1..=3 {
        add(&kept, vec![span(1, id, 0)]).unwrap();
    }
    let trace = id(1);
    let chunks: Vec<(ChunkKey, Chunk)> =
        store.scan::<Chunk>(Scan::under(&trace)).collect::<Result<_>>().unwrap();
    let path = kept.shelf.folder().join(file(1));
    let bytes = std::fs::read(&path).unwrap();
    let (key, chunk) = chunks[1];
    // Of the rows alone: they are made of the spans again.
    let mut flipped = bytes.clone();
    flipped[chunk.rows_at as usize + 80] ^= 1;
    std::fs::write(&path, &flipped).unwrap();
    let opened = kept.outline(trace).unwrap();
    assert_eq!(opened.outline.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(opened.damaged[0].to_string().contains("segment-00000001"), "{}", opened.damaged[0]);
    // Of the spans alone: the rows are there, the span is not.
    let mut flipped = bytes.clone();
    flipped[key.at as usize + 80] ^= 1;
    std::fs::write(&path, &flipped).unwrap();
    assert!(kept.outline(trace).unwrap().damaged.is_empty());
    assert_eq!(kept.span(trace, 1).unwrap_err().kind, ErrorKind::Corrupt);
    assert_eq!(kept.span(trace, 2).unwrap().name, "canary 3");
    let mut seen = Vec::new();
    let visited = kept.visit(trace, |first, spans| {
        seen.push((first, spans.map(|spans| spans.len()).map_err(|error| error.why)));
        true
    });
    visited.unwrap();
    assert_eq!([&seen[0], &seen[2]], [&(0, Ok(1)), &(2, Ok(1))]);
    assert!(seen[1].1.as_ref().unwrap_err().ends_with("is damaged, and 1 span with it"), "{seen:?}");
    // Of both: a row stands for it, so that the others keep their numbers.
    flipped[chunk.rows_at as usize + 80] ^= 1;
    std::fs::write(&path, &flipped).unwrap();
    let opened = kept.outline(trace).unwrap();
    assert_eq!(opened.outline.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 0, 3]);
    assert_eq!(opened.damaged.len(), 2);
    assert!(!store.verify().unwrap().damaged.is_empty());
}

#[test]
fn what_is_too_old_or_too_much_goes_by_whole_segments() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, _) = open(&store, 2000);
    for id in 0..40_u64 {
        let arrival = Arrival { source: Source::Received, spans: vec![span((id / 20) as u8, id + 1, 0)] };
        kept.add(vec![arrival], Timestamp(1000 * id as i64)).unwrap();
    }
    let files = || kept.shelf.names().unwrap().len();
    let (before, bytes) = (files(), kept.shelf.bytes());
    assert!(before > 6);
    let keep = Keep { age_ms: u64::MAX, bytes: bytes / 2 };
    let changed = kept.sweep(keep, Timestamp(40_000)).unwrap();
    assert!(!changed.is_empty() && files() < before && kept.shelf.bytes() <= bytes / 2 + 2000);
    let left = all(&kept);
    let run = kept.run(id(1)).unwrap().unwrap();
    assert_eq!(run.spans + run.swept, 20);
    assert_eq!(left[&id(1)].last().unwrap(), "canary 40");
    kept.sweep(Keep { age_ms: 0, bytes: u64::MAX }, Timestamp(1_000_000)).unwrap();
    assert_eq!(all(&kept).len(), 0);
    add(&kept, vec![span(3, 1, 0)]).unwrap();
    assert_eq!(all(&kept).len(), 1);
    assert_eq!(files(), 1);
}

#[test]
fn notes_stay_as_long_as_their_trace_and_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, _) = open(&store, SEGMENT);
    add(&kept, vec![span(1, 1, 0), span(2, 2, 0), span(3, 3, 0)]).unwrap();
    for trace in 1..=4 {
        let note = Note {
            id: NoteId::from_bytes([trace; 16]),
            trace: id(trace),
            span: None,
            said: Opinion::new(None, "slow"),
            by: "me".to_owned(),
            at: Timestamp(1),
        };
        let mut batch = Batch::new();
        batch.put(&NoteOf(note.trace, note.id), &note).unwrap();
        store.commit(batch).unwrap();
    }
    let left = || store.keys::<Note>(Scan::all()).map(|key| key.unwrap().0).collect::<Vec<TraceId>>();
    // There is no fourth trace.
    assert_eq!(notes::sweep(&store).unwrap(), 1);
    assert_eq!(left(), [1, 2, 3].map(id));
    kept.remove(id(1)).unwrap();
    assert_eq!(left(), [2, 3].map(id));
    kept.sweep(Keep { age_ms: 0, bytes: u64::MAX }, Timestamp(1_000_000)).unwrap();
    assert!(left().is_empty());
}

#[test]
fn what_a_file_brings_again_is_known_and_what_says_otherwise_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, _) = open(&store, SEGMENT);
    let bring = |spans: Vec<Vec<TraceSpan>>| {
        let arrival = |spans| Arrival { source: Source::Imported, spans };
        kept.add(spans.into_iter().map(arrival).collect(), Timestamp(5000)).unwrap()
    };
    let spans: Vec<TraceSpan> = (1..=700).map(|number| span(1, number, number / 3)).collect();
    assert_eq!(bring(vec![spans.clone()]).known, [0]);
    let again = bring(vec![spans.clone()]);
    assert_eq!((again.known, again.runs), (vec![700], Vec::new()));
    // Those that are new among them are kept, and one of a known id that says otherwise is another one.
    let other = TraceSpan { name: "canary otherwise".to_owned(), ..spans[8].clone() };
    let more = [&spans[..10], &[other.clone(), span(1, 701, 1), other][..]].concat();
    let added = bring(vec![more.clone()]);
    assert_eq!((added.known, added.runs[0].spans), (vec![11], 702));
    // Two that come at once are two of the same.
    let both = bring(vec![vec![span(2, 1, 0), span(1, 3, 1)], vec![span(2, 1, 0), span(2, 2, 0)]]);
    assert_eq!((both.known, both.runs.len()), (vec![1, 1], 1));
    assert_eq!(bring(vec![more]).known, [13]);
    // What a sender has told is known to a file too.
    add(&kept, vec![span(3, 1, 0)]).unwrap();
    assert_eq!(bring(vec![vec![span(3, 1, 0)]]).known, [1]);
    let spans: Vec<u64> = [1, 2, 3].map(|trace| kept.run(id(trace)).unwrap().unwrap().spans).to_vec();
    assert_eq!(spans, [702, 2, 1]);
    all(&kept);
    kept.remove(id(1)).unwrap();
    assert_eq!(bring(vec![vec![span(1, 1, 0)]]).known, [0], "what was removed is brought again");
}

#[test]
fn what_a_sender_sends_again_is_kept_once_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, _) = open(&store, SEGMENT);
    let send = |kept: &Kept, requests: Vec<Vec<TraceSpan>>| {
        let arrival = |spans| Arrival { source: Source::Received, spans };
        kept.add(requests.into_iter().map(arrival).collect(), Timestamp(5000)).unwrap()
    };
    let spans: Vec<TraceSpan> =
        (1..=700).map(|number| span((number % 3) as u8, number, number / 3)).collect();
    assert_eq!(send(&kept, vec![spans.clone()]).known, [0]);
    for _ in 0..2 {
        let again = send(&kept, vec![spans.clone()]);
        assert_eq!((again.known, again.runs), (vec![700], Vec::new()));
    }
    // Three that wait for the disk together are one.
    let more = vec![span(4, 1, 0), span(4, 2, 1)];
    assert_eq!(send(&kept, vec![more.clone(), more.clone(), more]).known, [0, 2, 2]);
    let length = kept.state().log.length();
    drop(kept);
    let (kept, _) = open(&store, SEGMENT);
    for half in spans.chunks(350) {
        assert_eq!(send(&kept, vec![half.to_vec()]).known, [350]);
    }
    assert_eq!(kept.state().log.length(), length);
    // One of a known id that says otherwise is another one, whether that can be seen in short or not.
    let named = TraceSpan { name: "canary otherwise".to_owned(), ..spans[8].clone() };
    let mut told = spans[9].clone();
    told.attributes.push("more", "words");
    assert_eq!(send(&kept, vec![vec![named, told, spans[10].clone(), span(4, 3, 1)]]).known, [1]);
    let counts = [0, 1, 2, 4].map(|trace| kept.run(id(trace)).unwrap().unwrap().spans);
    assert_eq!((counts.iter().sum::<u64>(), counts[3]), (705, 3));
    all(&kept);
    kept.remove(id(4)).unwrap();
    assert_eq!(send(&kept, vec![vec![span(4, 3, 1)]]).known, [0], "what was removed may come again");
}

#[test]
fn a_removed_trace_is_gone_with_its_segment_once_nothing_else_lies_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, _) = open(&store, SEGMENT);
    add(&kept, vec![span(1, 1, 0), span(2, 2, 0)]).unwrap();
    kept.remove(id(1)).unwrap();
    assert_eq!(kept.remove(id(1)).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(all(&kept).into_keys().collect::<Vec<_>>(), [id(2)]);
    kept.remove(id(2)).unwrap();
    assert_eq!(all(&kept).len(), 0);
    drop(kept);
    let (kept, _) = open(&store, SEGMENT);
    assert_eq!(all(&kept).len(), 0, "they do not come back");
}

/// Fails a step, and with `dead` every one after it; 0 is the next one.
fn failing(dead: bool) -> (Faults, Arc<AtomicUsize>) {
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let own = Arc::clone(&left);
    let faults = Faults::new(move |_| {
        let now = own.load(Ordering::SeqCst);
        let next = if now == 0 && !dead { usize::MAX - 1 } else { now.saturating_sub(1) };
        own.store(next, Ordering::SeqCst);
        if now == 0 { Err(std::io::Error::other("planned")) } else { Ok(()) }
    });
    (faults, left)
}

#[test]
fn whichever_step_fails_what_was_acknowledged_is_there_and_what_was_not_is_not() {
    let folder = tempfile::tempdir().unwrap();
    for dead in [false, true] {
        let (faults, left) = failing(dead);
        for step in 0.. {
            left.store(usize::MAX, Ordering::SeqCst);
            let home = folder.path().join(format!("{dead} {step}"));
            let store = store_with(&home, faults.clone());
            let (kept, _) = open(&store, 1000);
            add(&kept, vec![span(1, 1, 0)]).unwrap();
            left.store(step, Ordering::SeqCst);
            let taken = add(&kept, vec![span(1, 2, 0), span(2, 3, 0)]);
            // It counts down from there where no step failed.
            let reached = left.swap(usize::MAX, Ordering::SeqCst) > usize::MAX / 2 || taken.is_err();
            let again = taken.is_err() && !dead;
            if again {
                add(&kept, vec![span(1, 2, 0), span(2, 3, 0)]).unwrap();
                assert_eq!(all(&kept).values().map(Vec::len).sum::<usize>(), 3, "{step}");
            }
            drop((kept, store));
            let store = store_with(&home, faults.clone());
            let (kept, _) = open(&store, 1000);
            let spans: usize = all(&kept).values().map(Vec::len).sum();
            let all_there = taken.is_ok() || again;
            // On a disk that is gone nothing can be taken back; it was not acknowledged.
            assert!(if all_there { spans == 3 } else { (1..=3).contains(&spans) }, "{dead} {step}: {spans}");
            if !reached {
                assert!(step > 3);
                break;
            }
        }
    }
}

#[test]
fn the_tokens_of_a_large_trace_are_counted_once_whenever_its_root_comes() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (kept, _) = open(&store, SEGMENT);
    let telling = |mut span: TraceSpan, operation: &str, input: u32| {
        span.attributes.push("gen_ai.operation.name", operation);
        span.attributes.push("gen_ai.usage.input_tokens", input);
        span
    };
    for part in [2..402, 402..802] {
        add(&kept, part.map(|number| telling(span(1, number, 1), "chat", 10)).collect()).unwrap();
    }
    let run = kept.run(id(1)).unwrap().unwrap();
    assert_eq!((run.spans, run.input, run.rough), (800, Some(8000), true));
    let runs = add(&kept, vec![telling(span(1, 1, 0), "invoke_agent", 8000)]).unwrap();
    let told = (runs[0].spans, runs[0].input, runs[0].rough, runs[0].name.as_str());
    assert_eq!(told, (801, Some(8000), false, "canary 1"));
}
