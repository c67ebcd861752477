//! Damage and death, seen from the files.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::domain::knowledge::attribute::{Attributes, Value};
use crate::domain::knowledge::filter::{Filter, Test};
use crate::store::{Faults, Options, Owner, Store, Unlock};

const DIMENSIONS: usize = 8;

fn shelf_with(folder: &Path, faults: Faults) -> Shelf {
    let owner = Owner::try_take(folder).unwrap().unwrap();
    let options = Options { faults, ..Options::default() };
    Store::open_with(&owner, &Unlock::default(), options).unwrap().0.shelf("base").unwrap()
}

fn shelf(folder: &Path) -> Shelf {
    shelf_with(folder, Faults::default())
}

fn noise(seed: u64, length: usize) -> Vec<f32> {
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

fn log(shelf: &Shelf, name: &str) -> std::path::PathBuf {
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
        if name == "passages" {
            // What the rows know is not read again at the start, but when it is wanted.
            let opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
            assert_eq!(opened.inner.page(None, 1000).unwrap_err().kind, ErrorKind::Corrupt);
        } else {
            let error = Embedded::open(shelf.clone(), DIMENSIONS).unwrap_err();
            assert!(error.kind == ErrorKind::Corrupt && error.hint.contains("mended"), "{error}");
        }
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

#[test]
fn whichever_step_fails_an_act_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let own = left.clone();
    let faults = Faults::new(move |_| match own.fetch_sub(1, Ordering::SeqCst) {
        0 => Err(std::io::Error::other("planned")),
        _ => Ok(()),
    });
    let shelf = shelf_with(folder.path(), faults);
    let mut opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
    opened.inner.apply(document(1, "before")).unwrap();
    let mut ends = [0, 0];
    for step in 0.. {
        let before = texts(&opened.inner);
        left.store(step, Ordering::SeqCst);
        let done = opened.inner.apply(document(1, &format!("step {step}")));
        let reached = left.swap(usize::MAX, Ordering::SeqCst) > step;
        drop(opened);
        opened = Embedded::open(shelf.clone(), DIMENSIONS).unwrap();
        let after = texts(&opened.inner);
        let whole = after.iter().all(|text| text.starts_with(&format!("step {step}"))) && after.len() == 5;
        assert!(whole || after == before, "{step}: {after:?}");
        assert!(done.is_err() || whole, "{step}: what was answered is there");
        ends[usize::from(whole)] += 1;
        if !reached {
            break;
        }
    }
    assert!(ends[0] > 0 && ends[1] > 1, "{ends:?}");
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
