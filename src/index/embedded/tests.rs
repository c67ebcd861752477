//! Damage and death, seen from the files.

use std::path::Path;
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::prelude::*;

use super::scan::Asked;
use super::*;
use crate::domain::ErrorKind;
use crate::domain::knowledge::attribute::{Attributes, Value};
use crate::domain::knowledge::filter::{Filter, Test};
use crate::store::{Faults, Options, Owner, Span, Store, Unlock};

const DIMENSIONS: usize = 8;

pub(super) fn shelf_with(folder: &Path, faults: Faults) -> Shelf {
    let owner = Owner::try_take(folder).unwrap().unwrap();
    let options = Options { faults, ..Options::default() };
    Store::open_with(&owner, &Unlock::default(), options).unwrap().0.shelf("base").unwrap()
}

pub(super) fn shelf(folder: &Path) -> Shelf {
    shelf_with(folder, Faults::default())
}

pub(super) fn noise(seed: u64, length: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..length).map(|_| next()).collect()
}

fn entry(document: u8, ordinal: u8, text: &str) -> Entry {
    let mut id = [document; 16];
    id[15] = ordinal;
    let passage = Passage {
        id: PassageId::from_bytes(id),
        document: DocumentId::from_bytes([document; 16]),
        ordinal: ordinal.into(),
        range: 0..text.len(),
        parent: None,
        tokens: 3,
        text: text.to_owned(),
        attributes: Attributes::from([("document".to_owned(), Value::Number(document.into()))]),
    };
    Entry { passage, vector: noise(u64::from(document) * 256 + u64::from(ordinal), DIMENSIONS) }
}

fn document(number: u8, text: &str) -> Change {
    let put = (0..5).map(|ordinal| entry(number, ordinal, &format!("{text} {ordinal}"))).collect();
    Change { remove: vec![DocumentId::from_bytes([number; 16])], put }
}

fn all(inner: &Inner) -> Vec<Entry> {
    inner.page(None, 1000).unwrap()
}

fn texts(inner: &Inner) -> Vec<String> {
    all(inner).into_iter().map(|entry| entry.passage.text).collect()
}

fn matching(inner: &Inner, text: &str) -> Vec<PassageId> {
    let query = Matching { text: text.to_owned(), results: 10, filter: None, expected: Vec::new() };
    inner.matching(&query).unwrap().hits.into_iter().map(|hit| hit.id).collect()
}

pub(super) fn log(shelf: &Shelf, name: &str) -> std::path::PathBuf {
    shelf.folder().join("gen-000001").join(name)
}

#[test]
fn wherever_the_passages_are_cut_whole_acts_are_there_and_others_not() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    let mut states = vec![Vec::new()];
    for (number, text) in [(1, "alpha"), (2, "beta"), (1, "gamma")] {
        opened.inner.apply(document(number, text)).unwrap();
        states.push(texts(&opened.inner));
    }
    drop(opened);
    let passages = std::fs::read(log(&shelf, "passages")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for length in (0..=passages.len()).step_by(61).chain([passages.len()]) {
        std::fs::write(log(&shelf, "passages"), &passages[..length]).unwrap();
        std::fs::remove_file(log(&shelf, "rows")).unwrap();
        let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
        let found = texts(&opened.inner);
        let state = states.iter().position(|state| *state == found).expect("a state that was once");
        seen.insert(state);
        // Words that know of a future that is none are made anew.
        assert_eq!(matching(&opened.inner, "alpha").len(), if state == 1 || state == 2 { 5 } else { 0 });
        opened.inner.apply(document(9, "later")).unwrap();
        assert_eq!(all(&opened.inner).len(), states[state].len() + 5);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn wherever_the_rows_are_cut_everything_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    for (number, text) in [(1, "alpha"), (2, "beta"), (1, "gamma")] {
        opened.inner.apply(document(number, text)).unwrap();
    }
    let wanted = all(&opened.inner);
    drop(opened);
    let rows = std::fs::read(log(&shelf, "rows")).unwrap();
    for length in (0..rows.len()).step_by(37) {
        std::fs::write(log(&shelf, "rows"), &rows[..length]).unwrap();
        let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
        assert_eq!(all(&opened.inner), wanted);
        assert_eq!(opened.inner.live().table.counts(), Counts { passages: 10, documents: 2 });
    }
}

#[test]
fn a_flipped_byte_is_told_and_mending_keeps_what_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    for number in 1..=3 {
        opened.inner.apply(document(number, "text")).unwrap();
    }
    let wanted = all(&opened.inner);
    drop(opened);
    for name in ["rows", "passages"] {
        let bytes = std::fs::read(log(&shelf, name)).unwrap();
        let mut flipped = bytes.clone();
        flipped[300] ^= 1;
        std::fs::write(log(&shelf, name), &flipped).unwrap();
        let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
        if name == "passages" {
            // What the rows know is not read again at the start, but when it is wanted.
            let error = opened.inner.page(None, 1000).unwrap_err();
            assert!(error.kind == ErrorKind::Corrupt && error.hint.contains("mended"), "{error}");
        } else {
            // They hold nothing of their own.
            assert!(opened.notes()[0].contains("was damaged; it was made again"), "{:?}", opened.notes());
            assert_eq!(all(&opened.inner), wanted);
        }
        drop(opened);
        std::fs::write(log(&shelf, name), &flipped).unwrap();
        let (mended, told) = Embedded::mend(shelf.clone(), DIMENSIONS).unwrap();
        if name == "rows" {
            assert_eq!((all(&mended.inner), told.lost), (wanted.clone(), 0));
        } else {
            assert_eq!((all(&mended.inner), told.lost), (wanted[5..].to_vec(), 1));
            assert_eq!(matching(&mended.inner, "text").len(), 10);
        }
    }
}

#[test]
fn damaged_words_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    opened.inner.apply(document(1, "alpha")).unwrap();
    assert_eq!(matching(&opened.inner, "alpha").len(), 5);
    drop(opened);
    for damage in ["meta.json", "all"] {
        let words = log(&shelf, "words");
        if damage == "all" {
            std::fs::remove_dir_all(&words).unwrap();
        } else {
            std::fs::write(words.join(damage), b"nonsense").unwrap();
        }
        let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
        assert_eq!(matching(&opened.inner, "alpha").len(), 5, "{damage}");
    }
}

/// Which step is refused, counted from when it is set, and whether all that follow are as well.
pub(super) struct Plan {
    left: AtomicUsize,
    refused: AtomicBool,
    all: bool,
}

impl Plan {
    pub(super) fn new(all: bool) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(usize::MAX), refused: AtomicBool::new(false), all })
    }

    pub(super) fn faults(self: &Arc<Self>) -> Faults {
        let own = self.clone();
        Faults::new(move |_| {
            let now = own.left.fetch_sub(1, Ordering::SeqCst) == 0;
            let refused = now || own.all && own.refused.load(Ordering::SeqCst);
            own.refused.fetch_or(now, Ordering::SeqCst);
            if refused { Err(std::io::Error::other("planned")) } else { Ok(()) }
        })
    }

    pub(super) fn refuse(&self, step: usize) {
        self.left.store(step, Ordering::SeqCst);
    }

    /// Refuses nothing more; whether it came to that.
    pub(super) fn end(&self) -> bool {
        self.left.store(usize::MAX, Ordering::SeqCst);
        self.refused.swap(false, Ordering::SeqCst)
    }
}

fn unfiltered(inner: &Inner, vector: Vec<f32>) -> Vec<PassageId> {
    let query = Nearest { vector, results: 100, filter: None, expected: Vec::new() };
    inner.nearest(&query).unwrap().hits.into_iter().map(|hit| hit.id).collect()
}

/// What every way of asking gives, each once.
fn sound(inner: &Inner, word: &str, when: &str) {
    let there: Vec<PassageId> = all(inner).into_iter().map(|entry| entry.passage.id).collect();
    let mut near = unfiltered(inner, noise(5, DIMENSIONS));
    near.sort();
    assert_eq!(near, there, "{when}: by vectors");
    let query = Matching { text: word.to_owned(), results: 100, filter: None, expected: Vec::new() };
    let ranked = inner.matching(&query).unwrap();
    let mut matching: Vec<PassageId> = ranked.hits.iter().map(|hit| hit.id).collect();
    matching.sort();
    assert_eq!((matching, ranked.among), (there.clone(), there.len() as u64), "{when}: by words");
    assert_eq!(inner.counts().unwrap().passages, there.len() as u64, "{when}");
}

/// An act, then what follows it in the files: the words, and a new generation. Whether the act was answered.
fn steps(opened: &Embedded, change: Change) -> bool {
    let done = opened.inner.apply(change).is_ok();
    let _ = opened.inner.catch_up();
    let _ = opened.inner.compact();
    let _ = opened.inner.catch_up();
    done
}

#[test]
fn an_act_is_on_the_disk_before_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&steps);
    let faults = Faults::new(move |step| {
        own.lock().unwrap().push(step);
        Ok(())
    });
    let opened = Embedded::open(shelf_with(folder.path(), faults), DIMENSIONS).unwrap();
    steps.lock().unwrap().clear();
    opened.inner.apply(document(1, "alpha")).unwrap();
    // The passages and what makes them count, then the rows.
    let (append, sync) = ("append to a log", "sync a log");
    assert_eq!(*steps.lock().unwrap(), [append, append, sync, append, sync]);
}

#[test]
fn whichever_step_fails_an_act_is_whole_or_not_there_and_nothing_is_found_twice() {
    for all_that_follow in [false, true] {
        // In memory where there is such a folder: hundreds of steps wait for a disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let plan = Plan::new(all_that_follow);
        let shelf = shelf_with(folder.path(), plan.faults());
        let mut opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
        opened.inner.apply(document(2, "word other")).unwrap();
        opened.inner.apply(document(1, "word before")).unwrap();
        let mut ends = [0, 0];
        for step in (0..).step_by(if all_that_follow { 3 } else { 1 }) {
            let before = texts(&opened.inner);
            plan.refuse(step);
            let done = steps(&opened, document(1, &format!("word step{step}")));
            let reached = plan.end();
            // First those who have it open go on, then it is opened anew.
            for again in [false, true] {
                if again {
                    drop(opened);
                    opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
                } else if opened.inner.live().whole().is_err() {
                    continue;
                }
                let when = format!("step {step}, opened again: {again}");
                sound(&opened.inner, "word", &when);
                let after = texts(&opened.inner);
                let fresh = after.iter().filter(|text| text.contains(&format!("step{step} "))).count();
                assert!(fresh == 5 && after.len() == 10 || after == before, "{when}: {after:?}");
                if again {
                    assert!(!done || fresh == 5, "{when}: what was answered is there");
                    ends[usize::from(fresh == 5)] += 1;
                }
            }
            if !reached {
                break;
            }
        }
        assert!(ends[0] > 0 && ends[1] > 15, "{ends:?}");
    }
}

#[test]
fn a_base_whose_rows_could_not_be_loaded_again_tells_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    opened.inner.apply(document(1, "alpha")).unwrap();
    let wanted = all(&opened.inner);
    {
        let mut live = opened.inner.live_mut();
        live.table = table::Table::new(opened.inner.width);
        live.broken = Some(Error::new(ErrorKind::Corrupt, "trying", "planned", ""));
    }
    assert!(opened.inner.compact().is_err() && opened.inner.settle().is_err());
    assert!(opened.inner.counts().is_err() && opened.inner.page(None, 9).is_err());
    assert!(opened.inner.of_document(DocumentId::from_bytes([1; 16]), 0, usize::MAX).is_err());
    assert!(opened.inner.apply(document(2, "beta")).is_err());
    drop(opened);
    assert_eq!(all(&Embedded::open(shelf, DIMENSIONS).unwrap().inner), wanted);
}

#[test]
fn a_lost_base_file_costs_nothing_and_a_lost_generation_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    opened.inner.apply(document(1, "alpha")).unwrap();
    opened.inner.compact().unwrap();
    let wanted = all(&opened.inner);
    drop(opened);
    let (file, own) = (shelf.folder().join("base"), shelf.folder().join("gen-000002"));
    for damage in ["lost", "damaged"] {
        if damage == "lost" {
            std::fs::remove_file(&file).unwrap();
        } else {
            std::fs::write(&file, "nonsense").unwrap();
        }
        let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
        assert_eq!(all(&opened.inner), wanted, "{damage}");
        assert!(opened.notes()[0].contains("a copy was taken"), "{:?}", opened.notes());
        drop(opened);
        assert_eq!(Embedded::open(shelf.clone(), DIMENSIONS).unwrap().notes(), [""; 0]);
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::remove_file(own.join("base")).unwrap();
    let error = Embedded::open(shelf.clone(), DIMENSIONS).unwrap_err();
    assert!(error.kind == ErrorKind::Corrupt && error.hint.contains("mended"), "{error}");
    let (mended, told) = Embedded::mend(shelf.clone(), DIMENSIONS).unwrap();
    assert_eq!((all(&mended.inner), told.lost), (wanted, 0));
    drop(mended);
    std::fs::remove_dir_all(&own).unwrap();
    let error = Embedded::open(shelf.clone(), DIMENSIONS).unwrap_err();
    assert!(error.kind == ErrorKind::Corrupt && error.why.contains("gone"), "{error}");
    let (mended, _) = Embedded::mend(shelf, DIMENSIONS).unwrap();
    assert!(all(&mended.inner).is_empty());
}

#[test]
fn whatever_byte_of_a_frame_is_damaged_mending_keeps_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    for number in 1..=3 {
        opened.inner.apply(document(number, "text")).unwrap();
    }
    let wanted = all(&opened.inner);
    let second = opened.inner.live().table.rows[5].block;
    drop(opened);
    let passages = std::fs::read(log(&shelf, "passages")).unwrap();
    // The magic, the length of its key, its own length, the key, the nonce, the text.
    for byte in [0, 21, 24, 26, 30, 70, 200] {
        let mut flipped = passages.clone();
        flipped[second.at as usize + byte] ^= 0x11;
        std::fs::write(log(&shelf, "passages"), &flipped).unwrap();
        let _ = std::fs::remove_file(log(&shelf, "rows"));
        let error = Embedded::open(shelf.clone(), DIMENSIONS).unwrap_err();
        assert!(error.kind == ErrorKind::Corrupt && error.hint.contains("mended"), "{byte}: {error}");
        let (mended, told) = Embedded::mend(shelf.clone(), DIMENSIONS).unwrap();
        assert_eq!((all(&mended.inner), told.lost), ([&wanted[..5], &wanted[10..]].concat(), 1), "{byte}");
        assert_eq!(matching(&mended.inner, "text").len(), 10);
        mended.inner.apply(document(2, "text")).unwrap();
        drop(mended);
        assert_eq!(all(&Embedded::open(shelf.clone(), DIMENSIONS).unwrap().inner), wanted);
    }
}

#[test]
fn what_lies_behind_the_last_finished_act_is_cut_off_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    opened.inner.apply(document(1, "alpha")).unwrap();
    let (wanted, end) = (all(&opened.inner), opened.inner.desk().writer.passages.length());
    let rows = std::fs::read(log(&shelf, "rows")).unwrap();
    opened.inner.apply(document(2, "beta")).unwrap();
    drop(opened);
    let passages = std::fs::read(log(&shelf, "passages")).unwrap();
    let (whole, more) = passages.split_at(end as usize);
    let garbled = |at: usize| {
        let mut more = more.to_vec();
        more[at] ^= 1;
        // A power cut may also leave the file longer than what was written.
        more.truncate(more.len() - 10);
        more
    };
    for tail in [vec![0x5a; 999], vec![0; 5000], garbled(0), garbled(100), garbled(25), more[..40].to_vec()] {
        std::fs::write(log(&shelf, "passages"), [whole, &tail].concat()).unwrap();
        std::fs::write(log(&shelf, "rows"), [&rows[..], &tail].concat()).unwrap();
        let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
        assert_eq!(all(&opened.inner), wanted);
        let told = format!("{} bytes that no finished act has", tail.len());
        assert!(opened.notes().iter().any(|note| note.contains(&told)), "{:?}", opened.notes());
        drop(opened);
        let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
        assert_eq!((opened.notes(), all(&opened.inner)), (&[][..], wanted.clone()));
    }
}

#[test]
fn numbers_of_attributes_come_back_as_they_were_and_the_two_zeros_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let mut opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    let numbers = [0.0, -0.0, 0.1 + 0.2, -0.0, 0.0, 1e300 / 3.0, 5e-324, f64::MAX, 7.0];
    let put = (0..).zip(numbers).map(|(ordinal, number)| {
        let mut entry = entry(1, ordinal, "text");
        entry.passage.attributes.insert("number".to_owned(), Value::Number(number));
        entry
    });
    opened.inner.apply(Change { remove: Vec::new(), put: put.collect() }).unwrap();
    for _ in 0..2 {
        for number in numbers {
            let filter = Filter::test("number", Test::Equals(Value::Number(number)));
            let query = Nearest {
                vector: noise(1, DIMENSIONS),
                results: 20,
                filter: Some(filter),
                expected: Vec::new(),
            };
            let found = opened.inner.nearest(&query).unwrap().hits.len();
            let wanted = numbers.iter().filter(|own| Value::Number(**own) == Value::Number(number)).count();
            assert_eq!(found, wanted, "{number:?}");
        }
        drop(opened);
        opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    }
    for number in [f64::NAN, f64::INFINITY] {
        let mut odd = document(2, "text");
        odd.put[3].passage.attributes.insert("number".to_owned(), Value::Number(number));
        assert_eq!(opened.inner.apply(odd).unwrap_err().kind, ErrorKind::Invalid);
    }
    assert_eq!(opened.inner.counts().unwrap().passages, 9);
}

#[test]
fn a_base_is_open_once_and_vectors_have_a_number_at_least() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    assert_eq!(Embedded::open(shelf.clone(), DIMENSIONS).unwrap_err().kind, ErrorKind::Busy);
    assert_eq!(Embedded::mend(shelf.clone(), DIMENSIONS).unwrap_err().kind, ErrorKind::Busy);
    drop(opened);
    assert_eq!(Embedded::open(shelf.clone(), 0).unwrap_err().kind, ErrorKind::Invalid);
    drop(Embedded::open(shelf, DIMENSIONS).unwrap());
}

#[test]
fn documents_of_many_passages_that_go_one_by_one_keep_the_others_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Embedded::open(shelf(folder.path()), DIMENSIONS).unwrap();
    let put: Vec<Entry> = (0..200).map(|ordinal| entry(1, ordinal, "text")).collect();
    opened.inner.apply(Change { remove: Vec::new(), put: put.clone() }).unwrap();
    for (at, other) in put.iter().enumerate().filter(|(at, _)| at % 10 != 3) {
        let mut moved = other.clone();
        moved.passage.document = DocumentId::from_bytes([2; 16]);
        opened.inner.apply(Change { remove: Vec::new(), put: vec![moved] }).unwrap();
        if at % 50 == 0 {
            let left = opened.inner.of_document(DocumentId::from_bytes([1; 16]), 0, usize::MAX).unwrap();
            let wanted = put.iter().enumerate().filter(|(own, _)| *own > at || own % 10 == 3);
            let wanted: Vec<_> = wanted.map(|(_, entry)| entry.passage.id).collect();
            assert_eq!(left, wanted);
            let part = opened.inner.of_document(DocumentId::from_bytes([1; 16]), 3, 5).unwrap();
            assert_eq!(part, wanted[3..8]);
        }
    }
    assert_eq!(opened.inner.counts().unwrap(), Counts { passages: 200, documents: 2 });
    assert_eq!(opened.inner.of_document(DocumentId::from_bytes([2; 16]), 0, usize::MAX).unwrap().len(), 180);
}

#[test]
fn compaction_keeps_what_lives_and_nothing_else_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    for number in 1..=40 {
        opened.inner.apply(document(number, "text")).unwrap();
    }
    let gone = (1..=30).map(|number| DocumentId::from_bytes([number; 16])).collect();
    opened.inner.apply(Change { remove: gone, put: Vec::new() }).unwrap();
    let (wanted, bytes) = (all(&opened.inner), opened.bytes());
    opened.inner.compact().unwrap();
    assert_eq!(all(&opened.inner), wanted);
    assert_eq!(opened.inner.live().table.gaps(), 0);
    assert!(opened.bytes() < bytes / 2, "{} of {bytes}", opened.bytes());
    assert_eq!(matching(&opened.inner, "text").len(), 10);
    opened.inner.apply(document(1, "again")).unwrap();
    drop(opened);
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    assert_eq!(all(&opened.inner).len(), 55);
    assert!(!shelf.folder().join("gen-000001").exists() && shelf.folder().join("gen-000002").exists());
}

#[test]
fn all_words_are_known_before_a_base_is_written_anew_so_that_no_question_waits_for_that() {
    let folder = tempfile::tempdir().unwrap();
    let (watched, known) = (Arc::new(Mutex::new(Weak::<Inner>::new())), Arc::new(Mutex::new(Vec::new())));
    let (own, seen) = (Arc::clone(&watched), Arc::clone(&known));
    let faults = Faults::new(move |step| {
        let inner = own.lock().unwrap().upgrade();
        if let Some(inner) = inner.filter(|_| step == "append to a log") {
            let covers = inner.words().as_ref().map(|words| words.watermark().covers);
            let live = inner.live();
            seen.lock().unwrap().push(covers == Some(live.covers) && live.gone.is_empty());
        }
        Ok(())
    });
    let opened = Embedded::open(shelf_with(folder.path(), faults), DIMENSIONS).unwrap();
    for document in 1..=20 {
        let put = (0..240).map(|ordinal| entry(document, ordinal, "text")).collect();
        opened.inner.apply(Change { remove: Vec::new(), put }).unwrap();
    }
    let gone = (1..=18).map(|number| DocumentId::from_bytes([number; 16])).collect();
    opened.inner.apply(Change { remove: gone, put: Vec::new() }).unwrap();
    *watched.lock().unwrap() = Arc::downgrade(&opened.inner);
    opened.inner.settle().unwrap();
    assert_eq!(opened.inner.live().table.gaps(), 0);
    let known = known.lock().unwrap();
    assert!(!known.is_empty() && known.iter().all(|known| *known), "{known:?}");
}

#[test]
fn nothing_of_a_passage_lies_open_on_the_disk() {
    fn look(folder: &Path, seen: &mut usize) {
        use std::os::unix::fs::MetadataExt;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, seen);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let open = bytes.windows(6).any(|six| six.eq_ignore_ascii_case(b"canary"));
            assert!(!open, "{} tells it", path.display());
            assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "{}", path.display());
            *seen += 1;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    let mut change = document(1, "canary");
    change.put[0].passage.attributes.insert("canary".to_owned(), Value::Text("canary".to_owned()));
    opened.inner.apply(change).unwrap();
    assert_eq!(matching(&opened.inner, "Canary").len(), 5);
    let mut seen = 0;
    look(shelf.folder(), &mut seen);
    assert!(seen > 8, "{seen} files");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_scan_finds_what_comparing_one_by_one_finds(
        seed in any::<u64>(),
        count in 1_usize..600,
        results in 1_usize..20,
        near in 0.0..1.0_f32,
        modulus in 1_u64..7,
    ) {
        // Vectors that lie close together, some of them twice.
        let middle = noise(seed, DIMENSIONS);
        let vectors: Vec<(PassageId, Vec<f32>)> = (0..count as u64)
            .map(|n| {
                let own = noise(seed ^ (n / 2 + 1), DIMENSIONS);
                let vector = middle.iter().zip(own).map(|(a, b)| a + b * near).collect();
                let mut id = [0; 16];
                id[..8].copy_from_slice(&(n.wrapping_mul(0x9e37_79b9)).to_be_bytes());
                (PassageId::from_bytes(id), vector)
            })
            .collect();
        let mut table = table::Table::new(padded(DIMENSIONS));
        for (n, (id, vector)) in vectors.iter().enumerate() {
            let mut frame = frame::Frame::default();
            let set = n as u64 % modulus;
            frame.sets.push(Attributes::from([("set".to_owned(), Value::Number(set as f64))]));
            let row = frame::Row {
                id: *id,
                document: DocumentId::from_bytes([0; 16]),
                ordinal: n as u32,
                set: set as u32,
                block: Span { at: 0, length: 0 },
                within: 0,
                scale: 0.0,
                spread: 0.0,
            };
            frame.push(row, vector, padded(DIMENSIONS));
            table.apply(&frame);
        }
        let filter = Filter::test("set", Test::Equals(Value::Number(0.0)));
        let passing = table.passing(Some(&filter));
        let query = noise(seed ^ 0x77, DIMENSIONS);
        let among: Vec<_> = vectors.iter().enumerate().filter(|(n, _)| (*n as u64).is_multiple_of(modulus)).map(|(_, v)| v.clone()).collect();
        let wanted = exact(&among, &query, among.len());
        let expected = [wanted[wanted.len() / 2].0, PassageId::from_bytes([255; 16])];
        let found = scan::nearest(&table, &Asked { vector: &query, results, passing: &passing, expected: &expected });
        prop_assert_eq!(found.hits.len(), results.min(among.len()));
        prop_assert_eq!(found.among, among.len() as u64);
        for (at, (hit, (_, score))) in found.hits.iter().zip(&wanted).enumerate() {
            prop_assert!((hit.placed.score - score).abs() < 2e-4, "{} {}", hit.placed.score, score);
            prop_assert_eq!(hit.placed.rank, at as u64 + 1);
            let own = wanted.iter().find(|(id, _)| *id == hit.id).expect("it passes").1;
            prop_assert!((own - score).abs() < 2e-4);
        }
        prop_assert!(found.hits.windows(2).all(|two| (two[1].placed.score, two[0].id) < (two[0].placed.score, two[1].id)));
        let all = scan::nearest(&table, &Asked { vector: &query, results: count, passing: &passing, expected: &[] });
        let place = all.hits.iter().find(|hit| hit.id == expected[0]).map(|hit| hit.placed);
        prop_assert_eq!(found.expected, vec![place, None]);
    }
}
