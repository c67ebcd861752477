//! Knowledge bases: search in 100,000 passages, and cutting texts by exact tokens.
//!
//! ```sh
//! cargo bench --bench knowledge                      # queries of 100,000 passages; names after -- choose: -- nearest cut
//! OUTCROP_TEST_ENCODER=model.safetensors cargo bench --bench knowledge -- cut
//! OUTCROP_BENCH_PASSAGES=1000000 cargo bench --bench knowledge -- nearest
//! ```
//!
//! The vectors are seeded: cluster centres, and around each of them vectors at a distance that makes cosines of 0.6 to 0.8
//! within a cluster, as those of neighbouring passages are. Queries are other vectors of the same clusters.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use outcrop::domain::id::{DocumentId, PassageId};
use outcrop::domain::knowledge::attribute::{Attributes, Value};
use outcrop::domain::knowledge::chunking::{Chunking, Plan, Text, Tokens};
use outcrop::domain::knowledge::filter::{Filter, Test};
use outcrop::domain::knowledge::passage::{Entry, Passage};
use outcrop::domain::knowledge::ranking::{Mode, Search};
use outcrop::engine::Tokeniser;
use outcrop::index::{Change, Embedded, Matching, Nearest, VectorStore, exact, search};
use outcrop::store::{Owner, Store, Unlock};

const DIMENSIONS: usize = 384;
/// Passages around one centre.
const CLUSTER: usize = 100;
const QUERIES: usize = 300;
/// Queries whose answer is compared with that of comparing one by one in double precision.
const JUDGED: usize = 40;

/// Numbers that are the same everywhere.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// About a normal distribution's: the sum of four even ones.
    fn normal(&mut self) -> f32 {
        let n = self.next();
        let even = |at: u32| (n >> (16 * at) & 0xffff) as f32 / 65_536.0 - 0.5;
        (even(0) + even(1) + even(2) + even(3)) * 1.732
    }

    fn vector(&mut self) -> Vec<f32> {
        (0..DIMENSIONS).map(|_| self.normal()).collect()
    }
}

fn near(centre: &[f32], noise: &mut Noise) -> Vec<f32> {
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

fn entry(number: usize, centres: &[Vec<f32>], noise: &mut Noise, words: bool) -> Entry {
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

fn below(bound: f64) -> Filter {
    Filter::test("hundred", Test::LessThan(bound))
}

fn percentiles(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
    println!("{name}: median {:.2} ms, 99th percentile {:.2} ms", at(0.5), at(0.99));
}

/// Resident bytes of this process, where the system tells.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1e6
}

async fn queries(chosen: &dyn Fn(&str) -> bool) {
    let set = std::env::var_os("OUTCROP_BENCH_PASSAGES");
    let passages: usize = set.and_then(|number| number.to_str()?.parse().ok()).unwrap_or(100_000);
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
        let (mut found, mut wanted, mut gap) = (0, 0, 0.0_f64);
        for (at, vector) in asked.iter().enumerate() {
            let query =
                Nearest { vector: vector.clone(), results: 10, filter: filter.clone(), expected: Vec::new() };
            let now = Instant::now();
            let ranked = black_box(store.nearest(query).await.unwrap());
            times.push(now.elapsed());
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
        percentiles(&format!("nearest, {name}"), times);
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
            let ids = standings.hits.iter().map(|hit| hit.id).collect();
            black_box(store.passages(ids).await.unwrap());
            times.push(now.elapsed());
        }
        percentiles("hybrid, and the texts of ten hits", times);
    }
}

/// Cutting a text by exact tokens, against tokenising it alone.
fn cut() {
    let Some(path) = std::env::var_os("OUTCROP_TEST_ENCODER").map(PathBuf::from) else {
        eprintln!("skipped: cutting; OUTCROP_TEST_ENCODER names the encoder's safetensors file");
        return;
    };
    let tokeniser = Tokeniser::of(&path).unwrap();
    let plain = tokenizers::Tokenizer::from_file(path.with_file_name("tokenizer.json")).map(|mut plain| {
        plain.with_padding(None);
        plain.with_truncation(None).unwrap();
        plain
    });
    let plain = plain.unwrap();
    let text = include_str!("../README.md").repeat(20);
    let megabytes = text.len() as f64 / 1e6;
    let best = |mut work: Box<dyn FnMut() + '_>| {
        let mut time = || {
            let now = Instant::now();
            work();
            now.elapsed()
        };
        (0..5).map(|_| time()).min().unwrap_or_default().as_secs_f64()
    };
    let encode = best(Box::new(|| drop(black_box(plain.encode(text.as_str(), false).unwrap()))));
    let parts = best(Box::new(|| {
        for line in text.split_inclusive('\n') {
            black_box(plain.encode(line, false).unwrap());
        }
    }));
    let places = best(Box::new(|| drop(black_box(tokeniser.places(&text).unwrap()))));
    let all = best(Box::new(|| {
        let tokens = Tokens::new(tokeniser.places(&text).unwrap());
        let Plan::Cut(cuts) =
            Chunking::Default.plan(Text { text: &text, tokens: &tokens, sections: &[] }).unwrap()
        else {
            return;
        };
        black_box(cuts);
    }));
    let speed = |seconds: f64| megabytes / seconds;
    println!(
        "{megabytes:.1} MB of Markdown, one thread, MB/s: tokenizers' encode {:.2}, line by line {:.2};",
        speed(encode),
        speed(parts)
    );
    println!(
        "    places of tokens {:.2}, cut into passages {:.2}: {:.2}x of encode",
        speed(places),
        speed(all),
        encode / all
    );
}

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let chosen = |name: &str| names.is_empty() || names.iter().any(|own| own == name);
    if chosen("cut") {
        cut();
    }
    if chosen("nearest") || chosen("keyword") || chosen("hybrid") {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        runtime.block_on(queries(&chosen));
    }
}
