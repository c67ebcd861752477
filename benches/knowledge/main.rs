//! Knowledge bases: search in 100,000 passages, cutting texts by exact tokens, embedding them, reading documents, looking 10,000
//! files through again, and scrolling through 1,000,000 passages.
//!
//! ```sh
//! cargo bench --bench knowledge                      # all of them; names after -- choose: -- nearest cut
//! OUTCROP_TEST_ENCODER=model.safetensors cargo bench --bench knowledge -- cut
//! OUTCROP_TEST_ENCODER=model.safetensors OUTCROP_BENCH_TORCH=venv/bin/python cargo bench --bench knowledge -- embed
//! OUTCROP_BENCH_PASSAGES=1000000 cargo bench --bench knowledge -- nearest
//! cargo bench --bench knowledge -- growth            # by its name alone: it takes minutes, and 3 GB of the disk
//! OUTCROP_BENCH_PASSAGES=1000000 cargo bench --bench knowledge -- scroll pages
//! OUTCROP_BENCH_FILES=10000 cargo bench --bench knowledge -- resync
//! cargo bench --bench knowledge -- parse
//! ```
//!
//! The vectors are seeded: cluster centres, and around each of them vectors at a distance that makes cosines of 0.6 to 0.8
//! within a cluster, as those of neighbouring passages are. Queries are other vectors of the same clusters.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod cut;
mod embed;
mod growth;
mod parse;
mod queries;
mod resync;
#[path = "../screen/mod.rs"]
mod screen;
mod scroll;

use std::path::PathBuf;
use std::time::Duration;

const DIMENSIONS: usize = 384;

/// A text to read, cut and embed: the README and pages that it leads to.
const TEXT: &str = concat!(
    include_str!("../../README.md"),
    include_str!("../../docs/agents.md"),
    include_str!("../../docs/evaluate.md"),
    include_str!("../../docs/knowledge.md"),
    include_str!("../../docs/models.md"),
);

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

/// So many passages are asked for, or 100,000.
fn passages() -> usize {
    number("OUTCROP_BENCH_PASSAGES").unwrap_or(100_000)
}

fn number(name: &str) -> Option<usize> {
    std::env::var_os(name).and_then(|number| number.to_str()?.parse().ok())
}

/// The encoder's weights, where they are told.
fn encoder() -> Option<PathBuf> {
    std::env::var_os("OUTCROP_TEST_ENCODER").map(PathBuf::from)
}

/// The median and what one in a hundred is above.
fn percentiles(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
    println!("{name}: median {:.2} ms, 99th percentile {:.2} ms", at(0.5), at(0.99));
}

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let chosen = |name: &str| names.is_empty() || names.iter().any(|own| own == name);
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
    if chosen("cut") {
        cut::cut();
    }
    if chosen("embed") {
        runtime().block_on(embed::embed());
    }
    if chosen("parse") {
        runtime().block_on(parse::parse());
    }
    if chosen("resync") {
        runtime().block_on(resync::resync());
    }
    if chosen("scroll") {
        scroll::frames();
    }
    if chosen("pages") {
        runtime().block_on(scroll::pages());
    }
    if names.iter().any(|own| own == "growth") {
        runtime().block_on(growth::growth());
    }
    if chosen("nearest") || chosen("keyword") || chosen("hybrid") {
        runtime().block_on(queries::queries(&chosen));
    }
}
