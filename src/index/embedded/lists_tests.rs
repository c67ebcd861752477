//! Lists: what a question finds by them, what becomes of them as a base grows and shrinks, and of damaged ones.

use std::cell::{Cell, RefCell};

use super::centres::Centres;
use super::frame::{Frame, unit};
use super::lists::{Lists, NEAREST, QUESTIONS, evenly, highs, many, sample};
use super::scan::Asked;
use super::table::Table;
use super::tests::{Plan, log, noise, shelf, shelf_with};
use super::*;
use crate::domain::knowledge::attribute::{Attributes, Value};
use crate::domain::knowledge::filter::{Filter, Test};
use crate::domain::knowledge::vectors::Probed;
use crate::store::{Faults, Span};

const DIMENSIONS: usize = 32;
/// Passages around one centre.
const CLUSTER: usize = 60;

/// A vector of the cluster that its number belongs to.
fn near(number: usize) -> Vec<f32> {
    let centre = noise((number / CLUSTER) as u64, DIMENSIONS);
    let own = noise(1_000_000 + number as u64, DIMENSIONS);
    centre.iter().zip(own).map(|(a, b)| a + 0.7 * b).collect()
}

fn id(number: usize) -> PassageId {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&(number as u64).to_be_bytes());
    PassageId::from_bytes(id)
}

fn table(numbers: std::ops::Range<usize>) -> Table {
    let width = padded(DIMENSIONS);
    let mut table = Table::new(width);
    let mut frame = Frame { sets: vec![Attributes::new()], ..Frame::default() };
    for number in numbers {
        let row = frame::Row {
            id: id(number),
            document: DocumentId::from_bytes([0; 16]),
            ordinal: number as u32,
            set: 0,
            block: Span { at: 0, length: 0 },
            within: 0,
            scale: 0.0,
            spread: 0.0,
        };
        frame.push(row, &near(number), width);
    }
    table.apply(&frame);
    table
}

/// All rows of a table in lists, as many of them compared as its rows need.
fn listed(table: &Table) -> Lists {
    let living = table.counts().passages as usize;
    let sample = highs(table, evenly(table, sample(living)).into_iter());
    let centres = Centres::of(&sample, many(living), &|_| Some(())).unwrap();
    let of = centres.nearest(&highs(table, 0..table.rows.len()));
    let lists = Lists::of(centres, of, table);
    let before = evenly(table, QUESTIONS).into_iter().flat_map(|own| {
        let vector = table.vector(own);
        let found = nearest(table, &vector, NEAREST + 1, &table.passing(None));
        let rows: Vec<usize> = found.iter().filter_map(|id| table.row_of(id)).collect();
        lists.before(&unit(&vector), rows.into_iter().filter(move |row| *row != own))
    });
    let before = before.collect();
    lists.tuned(before)
}

fn nearest(table: &Table, vector: &[f32], results: usize, passing: &Bits) -> Vec<PassageId> {
    let asked = Asked { vector, results, passing, expected: &[] };
    scan::nearest(table, &asked).hits.into_iter().map(|hit| hit.id).collect()
}

#[test]
fn the_nearest_lists_hold_nearly_all_that_is_nearest_whatever_passes_a_filter() {
    let table = table(0..24_000);
    let lists = listed(&table);
    for keeps in [1, 2, 10, 100, 24_000] {
        let passing: Bits = (0..24_000_usize).filter(|row| (row * 7).is_multiple_of(keeps)).collect();
        let among = passing.count();
        let (mut met, mut wanted, mut compared) = (0, 0, 0);
        for question in 0..40 {
            let vector = near(question * 599);
            let probed = lists.probe(&unit(&vector), &table, (&passing, among), 10);
            // Few that pass are all compared.
            assert!(probed.is_some() || keeps > 1, "{keeps}");
            assert!(probed.is_none() || keeps < 100, "{keeps}");
            let Some((looked, probed)) = probed else { continue };
            assert_eq!(probed.compared, looked.count() as u64);
            assert!(looked.iter().all(|row| passing.has(row)) && probed.lists < probed.of);
            let best = nearest(&table, &vector, 10, &passing);
            let found = nearest(&table, &vector, 10, &looked);
            wanted += best.len();
            compared += looked.count();
            met += best.iter().filter(|id| found.contains(id)).count();
        }
        assert!(met * 100 >= wanted * 98, "one of {keeps} passes: {met} of {wanted}");
        assert!(compared * 4 <= 40 * among, "one of {keeps} passes: {compared} for 40 questions");
    }
    let none = Bits::default();
    assert_eq!(lists.probe(&unit(&near(3)), &table, (&none, 0), 10), None);
}

#[test]
fn gaps_keep_nobody_from_asking_lists() {
    let mut table = table(0..12_000);
    // As if a fifth of the rows were needed.
    let lists = listed(&table).tuned(vec![1500]);
    table.apply(&Frame { removed: (0..12_000).filter(|row| row % 4 > 0).collect(), ..Frame::default() });
    let passing = table.passing(None);
    let probed = lists.probe(&unit(&near(300)), &table, (&passing, passing.count()), 10);
    let (looked, probed) = probed.expect("they spare most of what lives");
    assert!((550..750).contains(&probed.compared), "{probed:?}");
    let best = nearest(&table, &near(300), 10, &passing);
    let found = nearest(&table, &near(300), 10, &looked);
    assert!(best.iter().filter(|id| found.contains(id)).count() >= 9);
}

#[test]
fn the_same_rows_have_the_same_lists_and_their_bytes_are_of_use_for_those_alone() {
    let own = table(0..2000);
    let lists = listed(&own);
    assert_eq!(lists, listed(&table(0..2000)));
    let bytes = lists.encode();
    assert_eq!(Lists::decode(&bytes, &own), Some(lists.clone()));
    // Rows may have come since; those that are listed must be there, and the same ones.
    assert_eq!(Lists::decode(&bytes, &table(0..2100)), Some(lists));
    assert_eq!(Lists::decode(&bytes, &table(0..1999)), None);
    assert_eq!(Lists::decode(&bytes, &table(1..2001)), None);
    assert!((0..bytes.len()).step_by(7).all(|length| Lists::decode(&bytes[..length], &own).is_none()));
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Lists::decode(&longer, &own), None);
}

fn entry(number: usize) -> Entry {
    let passage = Passage {
        id: id(number),
        document: DocumentId::from_bytes([(number / 100) as u8; 16]),
        ordinal: number as u32,
        range: 0..4,
        parent: None,
        tokens: 1,
        text: "text".to_owned(),
        attributes: Attributes::from([("tenth".to_owned(), Value::Truth(number.is_multiple_of(10)))]),
    };
    Entry { passage, vector: near(number) }
}

fn put(opened: &Embedded, numbers: std::ops::Range<usize>) {
    let put: Vec<Entry> = numbers.map(entry).collect();
    for some in put.chunks(500) {
        opened.inner.apply(Change { remove: Vec::new(), put: some.to_vec() }).unwrap();
    }
}

fn open(shelf: &Shelf, search: VectorSearch, pays: u64) -> Embedded {
    Embedded::open_as(shelf.clone(), DIMENSIONS, (search, pays), false).unwrap().0
}

/// A base of so many passages, for which lists pay from `pays` on.
fn filled(shelf: &Shelf, pays: u64, many: usize) -> Embedded {
    let opened = open(shelf, VectorSearch::Approximate, pays);
    put(&opened, 0..many);
    opened
}

/// What is found, and by which lists.
fn asked(opened: &Embedded, number: usize, filter: Option<Filter>) -> (Vec<PassageId>, Option<Probed>) {
    let (vector, results) = (near(number), 10);
    let by_lists = Nearest { vector, results, filter, expected: Vec::new() };
    // Where a place is asked for, all are compared.
    let exactly = Nearest { expected: vec![id(number)], ..by_lists.clone() };
    let (by_lists, exactly) =
        (opened.inner.nearest(&by_lists).unwrap(), opened.inner.nearest(&exactly).unwrap());
    assert_eq!((by_lists.among, exactly.probed), (exactly.among, None));
    let ids = |ranked: &Ranked| ranked.hits.iter().map(|hit| hit.id).collect::<Vec<_>>();
    let (found, wanted) = (ids(&by_lists), ids(&exactly));
    let met = wanted.iter().filter(|id| found.contains(id)).count();
    assert!(found.len() == wanted.len() && met + 1 >= wanted.len(), "{found:?} of {wanted:?}");
    (found, by_lists.probed)
}

#[test]
fn lists_come_at_the_end_of_a_sync_and_hide_nothing_that_came_or_went_since() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = filled(&shelf, 2000, 2000);
    // What is not done when it is to stop stays for another time.
    for steps in [0_usize, 3, 9, 26, 40] {
        let (left, told) = (Cell::new(steps), RefCell::new(Vec::new()));
        let on = |sorting: Sorting| {
            told.borrow_mut().push(sorting);
            // Others are answered meanwhile, as before.
            assert_eq!(asked(&opened, 70, None).1, None);
            left.replace(left.get().saturating_sub(1)) > 0
        };
        opened.inner.list(&on).unwrap();
        assert_eq!((asked(&opened, 70, None).1, told.borrow().len()), (None, steps + 1));
    }
    let told = RefCell::new(Vec::new());
    let on = |sorting: Sorting| {
        told.borrow_mut().push(sorting);
        true
    };
    opened.inner.list(&on).unwrap();
    let told = told.into_inner();
    let (first, last) = (told[0], told[told.len() - 1]);
    assert!(first.done == 0 && last.done == last.of && first.of == last.of, "{first:?} {last:?}");
    assert!(told.windows(2).all(|two| two[0].done < two[1].done));
    let (found, probed) = asked(&opened, 70, None);
    assert!(found.contains(&id(70)) && probed.is_some_and(|probed| probed.of == 178), "{probed:?}");
    // What comes is found before it is in a list, what goes is not found any more.
    put(&opened, 2000..2100);
    assert!(asked(&opened, 2077, None).0.contains(&id(2077)));
    opened.inner.apply(Change { remove: vec![DocumentId::from_bytes([0; 16])], put: Vec::new() }).unwrap();
    assert!(!asked(&opened, 70, None).0.contains(&id(70)));
    opened.inner.list(&|_| true).unwrap();
    assert!(asked(&opened, 2077, None).0.contains(&id(2077)));
    let (wanted, probed) = asked(&opened, 1500, None);
    drop(opened);
    // The file has them all, and the centres are those that were.
    let opened = open(&shelf, VectorSearch::Approximate, 2000);
    assert_eq!(asked(&opened, 1500, None), (wanted, probed));
    let of = |opened: &Embedded| asked(opened, 1500, None).1.unwrap().of;
    assert_eq!(of(&opened), 178);
    // As many more are worth new lists.
    put(&opened, 2100..4200);
    opened.inner.list(&|_| true).unwrap();
    assert!(of(&opened) > 240, "{}", of(&opened));
}

#[tokio::test]
async fn who_asks_for_lists_is_told_how_far_they_are_and_may_stop_them() {
    let folder = tempfile::tempdir().unwrap();
    let opened = filled(&shelf(folder.path()), 2000, 2000);
    let (tell, mut told) = watch::channel(Sorting { done: 7, of: 7 });
    let stop = CancellationToken::new();
    stop.cancel();
    opened.arrange(stop, tell).await.unwrap();
    told.changed().await.unwrap();
    assert_eq!((told.borrow().done, asked(&opened, 70, None).1), (0, None));
    let (tell, told) = watch::channel(Sorting::default());
    opened.arrange(CancellationToken::new(), tell).await.unwrap();
    let last = *told.borrow();
    assert!(last.of > 0 && last.done == last.of, "{last:?}");
    assert!(asked(&opened, 70, None).1.is_some());
}

#[test]
fn a_base_that_is_written_anew_keeps_its_lists_without_what_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = filled(&shelf, 2000, 3000);
    opened.inner.list(&|_| true).unwrap();
    let of = |opened: &Embedded| asked(opened, 2000, None).1.unwrap().of;
    assert_eq!(of(&opened), 219);
    // What came since is in no list then either.
    put(&opened, 3000..3100);
    let gone = (0..10).map(|document| DocumentId::from_bytes([document; 16])).collect();
    opened.inner.apply(Change { remove: gone, put: Vec::new() }).unwrap();
    opened.inner.compact().unwrap();
    let (found, probed) = asked(&opened, 2000, None);
    // A third of the clusters went, and the lists that had nothing else.
    let kept = of(&opened);
    assert!((110..185).contains(&kept), "{kept}");
    for number in (1000..3100).step_by(77) {
        assert!(asked(&opened, number, None).0.contains(&id(number)), "{number}");
    }
    assert!(asked(&opened, 970, None).0.iter().all(|found| *found >= id(1000)));
    drop(opened);
    let opened = open(&shelf, VectorSearch::Approximate, 2000);
    assert_eq!(asked(&opened, 2000, None), (found, probed));
    // They do for the next sync, whose centres they are.
    opened.inner.list(&|_| true).unwrap();
    assert_eq!(of(&opened), kept);
}

#[test]
fn lists_are_made_anew_for_a_quarter_more_and_for_a_quarter_left() {
    let lists = listed(&table(0..2000));
    assert!(!lists.outgrown(2000, 2000) && !lists.outgrown(2500, 2500) && !lists.outgrown(2000, 500));
    assert!(lists.outgrown(2501, 2501) && lists.outgrown(2000, 490));
}

#[test]
fn centres_of_what_lives_are_where_that_alone_would_have_them() {
    let (own, width) = (table(0..2000), padded(DIMENSIONS));
    let lists = listed(&own);
    let (mut gone, mut anew) = (table(0..2000), Table::new(width));
    gone.apply(&Frame { removed: (0..2000).filter(|row| row % 3 > 0).collect(), ..Frame::default() });
    let mut frame = Frame { sets: vec![Attributes::new()], ..Frame::default() };
    for row in (0..2000).step_by(3) {
        frame.push(own.rows[row], &near(row), width);
    }
    anew.apply(&frame);
    let kept = lists.kept(&gone, &anew).unwrap();
    // The same of a table that never had the others.
    let again = kept.kept(&anew, &anew).unwrap();
    assert_eq!(again, kept);
    assert_eq!(Lists::decode(&kept.encode(), &anew), Some(kept.clone()));
    assert_eq!(Lists::decode(&kept.encode(), &gone), None);
    // Of nothing there are none.
    let all = Frame { removed: (0..2000).collect(), ..Frame::default() };
    gone.apply(&all);
    assert_eq!(lists.kept(&gone, &Table::new(width)), None);
}

#[test]
fn wherever_writing_a_base_anew_breaks_off_it_has_its_lists() {
    // In memory where there is such a folder: hundreds of steps wait for a disk.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let plan = Plan::new(true);
    let shelf = shelf_with(folder.path(), plan.faults());
    let mut opened = filled(&shelf, 1500, 1600);
    opened.inner.list(&|_| true).unwrap();
    opened.inner.apply(Change { remove: vec![DocumentId::from_bytes([3; 16])], put: Vec::new() }).unwrap();
    let mut ends = [0, 0];
    for step in (0..).step_by(6) {
        plan.refuse(step);
        let done = opened.inner.compact().is_ok();
        let reached = plan.end();
        ends[usize::from(done)] += 1;
        // As a death leaves it.
        drop(opened);
        opened = open(&shelf, VectorSearch::Approximate, 1500);
        assert!(asked(&opened, 70, None).1.is_some(), "{step}");
        if !reached {
            break;
        }
    }
    assert!(ends[0] > 10 && ends[1] > 0, "{ends:?}");
}

#[test]
fn lists_that_could_not_be_written_are_made_by_the_next_sync() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = tempfile::tempdir().unwrap();
    let full = Arc::new(AtomicBool::new(false));
    let is_full = Arc::clone(&full);
    let refused = move || is_full.load(Ordering::SeqCst).then(|| std::io::Error::other("no room"));
    let shelf = shelf_with(folder.path(), Faults::new(move |_| refused().map_or(Ok(()), Err)));
    let opened = filled(&shelf, 1500, 1500);
    full.store(true, Ordering::SeqCst);
    assert!(opened.inner.list(&|_| true).is_err());
    assert_eq!(asked(&opened, 70, None).1, None);
    full.store(false, Ordering::SeqCst);
    opened.inner.list(&|_| true).unwrap();
    let wanted = asked(&opened, 70, None);
    assert!(wanted.1.is_some());
    drop(opened);
    assert_eq!(asked(&open(&shelf, VectorSearch::Approximate, 1500), 70, None), wanted);
}

#[test]
fn lists_are_asked_by_the_size_of_what_passes() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let tenth = || Some(Filter::test("tenth", Test::Equals(Value::Truth(true))));
    let opened = open(&shelf, VectorSearch::BySize, 1500);
    put(&opened, 0..1499);
    opened.inner.list(&|_| true).unwrap();
    assert_eq!(asked(&opened, 70, None).1, None);
    assert!(!log(&shelf, "lists").exists());
    put(&opened, 1499..1500);
    opened.inner.list(&|_| true).unwrap();
    assert!(asked(&opened, 70, None).1.is_some());
    assert_eq!(asked(&opened, 70, tenth()).1, None);
    drop(opened);
    let opened = open(&shelf, VectorSearch::Exact, 1500);
    assert_eq!(asked(&opened, 70, None).1, None);
    drop(opened);
    let opened = open(&shelf, VectorSearch::Approximate, 9999);
    assert!(asked(&opened, 70, None).1.is_some());
    assert_eq!(asked(&opened, 70, tenth()).1, None);
    let one = Filter::test("tenth", Test::Equals(Value::Number(1.0)));
    assert_eq!(asked(&opened, 70, Some(one)), (Vec::new(), None));
}

#[test]
fn damaged_lists_cost_no_answer_and_the_next_sync_makes_them_again() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let opened = filled(&shelf, 1500, 1500);
    opened.inner.list(&|_| true).unwrap();
    let wanted = asked(&opened, 70, None);
    assert!(wanted.1.is_some());
    drop(opened);
    let whole = std::fs::read(log(&shelf, "lists")).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damage in [Some(&flipped[..]), Some(&whole[..99]), Some(&whole[..0]), None] {
        match damage {
            Some(bytes) => std::fs::write(log(&shelf, "lists"), bytes).unwrap(),
            None => std::fs::remove_file(log(&shelf, "lists")).unwrap(),
        }
        let opened = open(&shelf, VectorSearch::Approximate, 1500);
        assert_eq!(asked(&opened, 70, None).1, None);
        opened.inner.list(&|_| true).unwrap();
        assert_eq!(asked(&opened, 70, None), wanted);
        drop(opened);
        assert_eq!(asked(&open(&shelf, VectorSearch::Approximate, 1500), 70, None), wanted);
    }
    // Of a base that is mended others may be the rows.
    drop(Embedded::mend(shelf.clone(), DIMENSIONS).unwrap());
    assert!(!log(&shelf, "lists").exists());
}
