//! Knowledge bases: search in 100,000 passages, cutting texts by exact tokens, and looking 10,000 files through again.
//!
//! ```sh
//! cargo bench --bench knowledge                      # queries of 100,000 passages; names after -- choose: -- nearest cut
//! OUTCROP_TEST_ENCODER=model.safetensors cargo bench --bench knowledge -- cut
//! OUTCROP_BENCH_PASSAGES=1000000 cargo bench --bench knowledge -- nearest
//! OUTCROP_BENCH_FILES=10000 cargo bench --bench knowledge -- resync
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
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

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

/// Answers every request for vectors, so that filling a base takes no model.
async fn embedder(listener: TcpListener) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        tokio::spawn(async move {
            let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
            loop {
                let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
                let length = head.and_then(|head| {
                    let head = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
                    head.split("content-length: ").nth(1)?.lines().next()?.trim().parse::<usize>().ok()
                });
                if let (Some(head), Some(length)) = (head, length)
                    && bytes.len() >= head + 4 + length
                {
                    let asked: serde_json::Value =
                        serde_json::from_slice(&bytes[head + 4..head + 4 + length]).unwrap();
                    let many = asked["input"].as_array().map_or(0, Vec::len);
                    let one =
                        |index| serde_json::json!({"index": index, "embedding": [1.0, 0.5, 0.25, 0.125]});
                    let data: Vec<_> = (0..many).map(one).collect();
                    let body =
                        serde_json::json!({"data": data, "usage": {"prompt_tokens": many}}).to_string();
                    let head_of = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                        body.len()
                    );
                    if stream.write_all(head_of.as_bytes()).await.is_err()
                        || stream.write_all(body.as_bytes()).await.is_err()
                    {
                        return;
                    }
                    bytes.drain(..head + 4 + length);
                    continue;
                }
                match stream.read(&mut buffer).await {
                    Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
                    _ => return,
                }
            }
        });
    }
}

/// A folder of many files, looked through again when nothing changed: by the whole program, its start included.
async fn resync() {
    let set = std::env::var_os("OUTCROP_BENCH_FILES");
    let files: usize = set.and_then(|number| number.to_str()?.parse().ok()).unwrap_or(10_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(embedder(listener));
    let folder = tempfile::tempdir().unwrap();
    let (home, docs) = (folder.path().join("home"), folder.path().join("docs"));
    std::fs::create_dir_all(&home).unwrap();
    let config = format!("[providers.emb]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:{port}/v1'\n");
    std::fs::write(home.join("config.toml"), config).unwrap();
    for n in 0..files {
        let under = docs.join(format!("{:02}", n % 100));
        std::fs::create_dir_all(&under).unwrap();
        std::fs::write(
            under.join(format!("{n}.md")),
            format!("# File {n}\n\nIt says {n} and nothing else.\n"),
        )
        .unwrap();
    }
    let run = async |arguments: &[&str]| {
        let now = Instant::now();
        let said = tokio::process::Command::new(env!("CARGO_BIN_EXE_outcrop"))
            .args(arguments)
            .env_clear()
            .env("OUTCROP_HOME", &home)
            .current_dir(folder.path())
            .output()
            .await
            .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        (now.elapsed(), String::from_utf8_lossy(&said.stdout).into_owned())
    };
    let (filled, _) = run(&["kb", "create", "docs", "--from", "docs", "--embedder", "emb/four"]).await;
    let mut times = Vec::new();
    for _ in 0..5 {
        let (took, said) = run(&["kb", "sync", "docs"]).await;
        assert!(said.contains("as before"), "{said}");
        times.push(took);
    }
    println!(
        "{files} files filled in {:.1} s, vectors from a server that thinks nothing",
        filled.as_secs_f64()
    );
    percentiles(&format!("resync of {files} unchanged files, the program's start included"), times);
}

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let chosen = |name: &str| names.is_empty() || names.iter().any(|own| own == name);
    if chosen("cut") {
        cut();
    }
    if chosen("resync") {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
        runtime.block_on(resync());
    }
    if chosen("nearest") || chosen("keyword") || chosen("hybrid") {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        runtime.block_on(queries(&chosen));
    }
}
