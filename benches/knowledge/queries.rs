//! Questions by vectors, by words and by both, of an index filled with seeded passages.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use outcrop::domain::id::{DocumentId, PassageId};
use outcrop::domain::knowledge::attribute::{Attributes, Value};
use outcrop::domain::knowledge::filter::{Filter, Test};
use outcrop::domain::knowledge::passage::{Entry, Passage};
use outcrop::domain::knowledge::ranking::{Mode, Search, Standing};
use outcrop::index::{Change, Embedded, Matching, Nearest, VectorStore, exact, search};
use outcrop::store::{Owner, Store, Unlock};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{DIMENSIONS, Noise, passages, percentiles};

/// Passages around one centre.
pub(super) const CLUSTER: usize = 100;
const QUERIES: usize = 300;
/// Queries whose answer is compared with that of comparing one by one in double precision.
const JUDGED: usize = 40;

pub(super) fn near(centre: &[f32], noise: &mut Noise) -> Vec<f32> {
    let spread = 0.5 + (noise.next() % 100) as f32 / 250.0;
    centre.iter().map(|x| x + spread * noise.normal()).collect()
}

/// Words by their frequency, as texts have them: the n-th comes a share of 1/n as often.
fn text(noise: &mut Noise) -> String {
    let word = |noise: &mut Noise| {
        let even = (noise.next() % 1_000_000) as f64 / 1_000_000.0;
        format!("w{}", (20_000_f64.powf(even)) as u64)
    };
    (0..150).map(|_| word(noise)).collect::<Vec<_>>().join(" ")
}

pub(super) fn entry(number: usize, centres: &[Vec<f32>], noise: &mut Noise, words: bool) -> Entry {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&noise.next().to_be_bytes());
    id[8..].copy_from_slice(&(number as u64).to_be_bytes());
    let text = if words { text(noise) } else { format!("passage {number}") };
    let mut document = [0; 16];
    document[8..].copy_from_slice(&((number / 20) as u64).to_be_bytes());
    let attributes = Attributes::from([
        ("hundred".to_owned(), Value::Number((noise.next() % 100) as f64)),
        ("page".to_owned(), Value::Number((number % 20) as f64)),
    ]);
    let passage = Passage {
        id: PassageId::from_bytes(id),
        document: DocumentId::from_bytes(document),
        ordinal: (number % 20) as u32,
        range: 0..text.len(),
        parent: None,
        tokens: 200,
        text,
        attributes,
    };
    Entry { passage, vector: near(&centres[number / CLUSTER], noise) }
}

pub(super) fn below(bound: f64) -> Filter {
    Filter::test("hundred", Test::LessThan(bound))
}

/// Resident bytes of this process, where the system tells.
pub(super) fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1e6
}

pub async fn queries(chosen: &dyn Fn(&str) -> bool) {
    let passages = passages();
    let words = chosen("keyword") || chosen("hybrid");
    let mut noise = Noise(0x5eed);
    let centres: Vec<_> = (0..passages.div_ceil(CLUSTER)).map(|_| noise.vector()).collect();
    let folder = tempfile::tempdir().unwrap();
    let owner = Owner::try_take(folder.path()).unwrap().unwrap();
    let (home, _) = Store::open(&owner, &Unlock::default()).unwrap();
    let store = Embedded::open(home.shelf("bench").unwrap(), DIMENSIONS).unwrap();
    let mut judged: Vec<(PassageId, Vec<f32>, f64)> = Vec::new();
    let mut built = Duration::ZERO;
    for first in (0..passages).step_by(1000) {
        let put: Vec<Entry> =
            (first..(first + 1000).min(passages)).map(|n| entry(n, &centres, &mut noise, words)).collect();
        if passages <= 100_000 {
            judged.extend(put.iter().map(|entry| {
                let Value::Number(hundred) = entry.passage.attributes["hundred"] else { unreachable!() };
                (entry.passage.id, entry.vector.clone(), hundred)
            }));
        }
        let now = Instant::now();
        store.apply(Change { remove: Vec::new(), put }).await.unwrap();
        built += now.elapsed();
    }
    let now = Instant::now();
    store.settle().await.unwrap();
    store.arrange(CancellationToken::new(), watch::Sender::default()).await.unwrap();
    built += now.elapsed();
    println!(
        "{passages} passages built in {:.1} s, {:.2} GB on the disk",
        built.as_secs_f64(),
        store.bytes() as f64 / 1e9
    );
    drop(store);
    let before = resident();
    let now = Instant::now();
    let store = Embedded::open(home.shelf("bench").unwrap(), DIMENSIONS).unwrap();
    let opened = now.elapsed();
    let more = resident() - before;
    println!(
        "opened in {:.2} s; {:.2} GB resident, {more:.2} GB more than before",
        opened.as_secs_f64(),
        resident()
    );
    let asked: Vec<Vec<f32>> = (0..QUERIES)
        .map(|_| {
            let centre = noise.next() as usize % centres.len();
            near(&centres[centre], &mut noise)
        })
        .collect();
    for (name, filter) in [("all", None), ("10 %", Some(below(10.0))), ("1 %", Some(below(1.0)))] {
        if !chosen("nearest") {
            break;
        }
        let mut times = Vec::new();
        let (mut found, mut wanted, mut gap, mut by_lists) = (0, 0, 0.0_f64, 0);
        for (at, vector) in asked.iter().enumerate() {
            let query =
                Nearest { vector: vector.clone(), results: 10, filter: filter.clone(), expected: Vec::new() };
            let now = Instant::now();
            let ranked = black_box(store.nearest(query).await.unwrap());
            times.push(now.elapsed());
            by_lists += usize::from(ranked.probed.is_some());
            if at < JUDGED && !judged.is_empty() {
                let bound = match name {
                    "all" => 100.0,
                    "10 %" => 10.0,
                    _ => 1.0,
                };
                let some: Vec<_> = judged
                    .iter()
                    .filter(|(.., hundred)| *hundred < bound)
                    .map(|(id, vector, _)| (*id, vector.clone()))
                    .collect();
                let own: BTreeSet<_> = ranked.hits.iter().map(|hit| hit.id).collect();
                let best = exact(&some, vector, 10);
                found += best.iter().filter(|(id, _)| own.contains(id)).count();
                wanted += best.len();
                // By how much one that was missed is better than the last that was found.
                let last = ranked.hits.last().map_or(0.0, |hit| hit.placed.score);
                let missed = best.iter().filter(|(id, _)| !own.contains(id));
                gap = missed.fold(gap, |gap, (_, score)| gap.max(score - last));
            }
        }
        percentiles(&format!("nearest, {name}, {by_lists} of {QUERIES} by lists"), times);
        if wanted > 0 {
            let share = f64::from(found as u32) / f64::from(wanted as u32);
            println!("    recall@10 {share:.4} of {wanted}; what was missed is better by at most {gap:.1e}");
        }
    }
    let mut asked_words = Vec::new();
    for _ in 0..QUERIES {
        let all = text(&mut noise);
        asked_words.push(all.split(' ').take(8).collect::<Vec<_>>().join(" "));
    }
    if chosen("keyword") {
        let mut times = Vec::new();
        for words in &asked_words {
            let query = Matching { text: words.clone(), results: 10, filter: None, expected: Vec::new() };
            let now = Instant::now();
            black_box(store.matching(query).await.unwrap());
            times.push(now.elapsed());
        }
        percentiles("keyword, eight words", times);
    }
    if chosen("hybrid") {
        let mut times = Vec::new();
        for (vector, words) in asked.iter().zip(&asked_words) {
            let now = Instant::now();
            let (text, vector) = (words.clone(), vector.clone());
            let wanted =
                Search { mode: Mode::Hybrid, text, vector, results: 10, filter: None, expected: Vec::new() };
            let standings = search(&store, wanted).await.unwrap();
            // What words brought up is read with its vector.
            let (near, deep): (Vec<_>, Vec<_>) = standings.hits.iter().partition(|hit| hit.vector.is_some());
            let ids = |hits: Vec<&Standing>| hits.into_iter().map(|hit| hit.id).collect();
            let read = tokio::try_join!(store.passages(ids(near)), store.entries(ids(deep)));
            black_box(read.unwrap());
            times.push(now.elapsed());
        }
        percentiles("hybrid, and the texts of ten hits", times);
    }
}
