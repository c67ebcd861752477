//! Questions by vectors of 10,000 to 1,000,000 passages: all compared, and by lists.
//!
//! `OUTCROP_BENCH_PASSAGES` names one size in their place.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use outcrop::domain::id::PassageId;
use outcrop::domain::knowledge::vectors::VectorSearch;
use outcrop::index::{Change, Embedded, Nearest, VectorStore};
use outcrop::store::{Owner, Shelf, Store, Unlock};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::queries::{CLUSTER, below, entry, near, resident};
use super::{DIMENSIONS, Noise, number, percentiles};

const SIZES: [usize; 4] = [10_000, 100_000, 250_000, 1_000_000];
const QUERIES: usize = 300;

/// What was found by each question, under each filter.
type Found = Vec<Vec<BTreeSet<PassageId>>>;

pub async fn growth() {
    let sizes = number("OUTCROP_BENCH_PASSAGES").map_or(SIZES.to_vec(), |size| vec![size]);
    for passages in sizes {
        let mut noise = Noise(0x5eed);
        let centres: Vec<_> = (0..passages.div_ceil(CLUSTER)).map(|_| noise.vector()).collect();
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner::try_take(folder.path()).unwrap().unwrap();
        let (home, _) = Store::open(&owner, &Unlock::default()).unwrap();
        let shelf = || home.shelf("bench").unwrap();
        let before = resident();
        let store = Embedded::open_for(shelf(), DIMENSIONS, VectorSearch::Exact).unwrap();
        let mut built = Duration::ZERO;
        for first in (0..passages).step_by(1000) {
            let some = first..(first + 1000).min(passages);
            let put = some.map(|n| entry(n, &centres, &mut noise, false)).collect();
            let now = Instant::now();
            store.apply(Change { remove: Vec::new(), put }).await.unwrap();
            built += now.elapsed();
        }
        let now = Instant::now();
        store.settle().await.unwrap();
        built += now.elapsed();
        let disk = store.bytes() as f64 / 1e9;
        println!("{passages} passages: built in {:.1} s, {disk:.2} GB on the disk", built.as_secs_f64());
        drop(store);
        let asked: Vec<Vec<f32>> = (0..QUERIES)
            .map(|_| {
                let centre = noise.next() as usize % centres.len();
                near(&centres[centre], &mut noise)
            })
            .collect();
        drop(centres);
        let best = questions(&shelf(), VectorSearch::Exact, &asked, before, None).await;
        let store = Embedded::open_for(shelf(), DIMENSIONS, VectorSearch::Approximate).unwrap();
        let now = Instant::now();
        store.arrange(CancellationToken::new(), watch::Sender::default()).await.unwrap();
        println!("  lists made in {:.1} s; {:.2} GB resident then", now.elapsed().as_secs_f64(), resident());
        drop(store);
        questions(&shelf(), VectorSearch::Approximate, &asked, before, Some(&best)).await;
    }
}

/// Opens the store and asks it; how much of the `best` it finds is told.
async fn questions(
    shelf: &Shelf,
    search: VectorSearch,
    asked: &[Vec<f32>],
    before: f64,
    best: Option<&Found>,
) -> Found {
    let now = Instant::now();
    let store = Embedded::open_for(shelf.clone(), DIMENSIONS, search).unwrap();
    let opened = now.elapsed().as_secs_f64();
    let now = Instant::now();
    let first = Nearest { vector: asked[0].clone(), results: 10, filter: None, expected: Vec::new() };
    black_box(store.nearest(first).await.unwrap());
    let first = now.elapsed().as_secs_f64() * 1e3;
    let more = resident() - before;
    println!("  {search}: opened in {opened:.2} s, the first question {first:.1} ms, {more:.2} GB for it");
    let mut all = Vec::new();
    for (at, (name, filter)) in
        [("all", None), ("10 %", Some(below(10.0))), ("1 %", Some(below(1.0)))].into_iter().enumerate()
    {
        let (mut times, mut found) = (Vec::new(), Vec::new());
        let (mut compared, mut lists, mut by_lists) = (0, 0, 0);
        for vector in asked {
            let (vector, filter) = (vector.clone(), filter.clone());
            let query = Nearest { vector, results: 10, filter, expected: Vec::new() };
            let now = Instant::now();
            let ranked = black_box(store.nearest(query).await.unwrap());
            times.push(now.elapsed());
            compared += ranked.probed.map_or(ranked.among, |probed| probed.compared);
            lists += ranked.probed.map_or(0, |probed| probed.lists);
            by_lists += usize::from(ranked.probed.is_some());
            found.push(ranked.hits.iter().map(|hit| hit.id).collect::<BTreeSet<_>>());
        }
        percentiles(&format!("    {name}"), times);
        let many = asked.len() as u64;
        let (compared, lists) = (compared / many, u64::from(lists) / many);
        print!("      {compared} compared each, {by_lists} of {many} by lists, {lists} of them");
        if let Some(best) = best {
            let wanted: usize = best[at].iter().map(BTreeSet::len).sum();
            let met: usize =
                best[at].iter().zip(&found).map(|(best, found)| best.intersection(found).count()).sum();
            print!("; recall@10 {:.4} of {wanted}", met as f64 / wanted.max(1) as f64);
        }
        println!();
        all.push(found);
    }
    all
}
