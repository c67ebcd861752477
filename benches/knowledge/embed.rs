//! Passages of 200 tokens embedded a second, against sentence-transformers on the same cores in the same run: one after the other,
//! turn by turn, so that what else the machine does falls on both.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use futures_util::StreamExt;
use outcrop::domain::delta::Event;
use outcrop::domain::priority::Priority;
use outcrop::engine::{Engine, Options, Tokeniser};

use super::{encoder, number};

/// Tokens of a passage, the marks of begin and end left out, as the default chunking makes them.
const TOKENS: usize = 200;
/// So many passages are embedded in one turn: as many calls of the batch that a sync sends.
const PASSAGES: usize = 128;
const BATCH: usize = 32;
const TURNS: usize = 5;

/// The peer: Python, which waits for a line and then embeds all passages.
struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn started(python: &OsStr, weights: &Path, threads: usize, texts: &[String]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pytorch.py");
        let mut child = Command::new(python)
            .args([OsStr::new(script), weights.as_os_str()])
            .arg(threads.to_string())
            .env("OMP_NUM_THREADS", threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut peer = Self { child, input, output };
        peer.say(&serde_json::to_string(texts).unwrap());
        peer
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
        self.input.flush().unwrap();
    }

    fn heard(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Passages a second of one turn.
    fn turn(&mut self) -> f64 {
        self.say("again");
        PASSAGES as f64 / self.heard().as_f64().unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

async fn vectors(engine: &Engine, weights: &Path, texts: &[String]) -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    for batch in texts.chunks(BATCH) {
        let model = "local/encoder".parse().unwrap();
        let mut events = engine.embed(weights, &model, batch.to_vec(), Priority::Interactive);
        while let Some(event) = events.next().await {
            if let Event::Embeddings { vectors } = event.unwrap() {
                all.extend(vectors);
            }
        }
    }
    all
}

/// Different passages of the pages, each from the begin of a word.
fn passages(weights: &Path) -> Vec<String> {
    let text = super::TEXT;
    let places = Tokeniser::of(weights).unwrap().places(text).unwrap();
    let step = (places.len() - 2 * TOKENS) / PASSAGES;
    let word = |at: usize| {
        (at..places.len()).find(|at| text[..places[*at].start].ends_with(char::is_whitespace)).unwrap()
    };
    let passage = |n: usize| {
        let from = word(n * step);
        text[places[from].start..places[from + TOKENS - 1].end].to_owned()
    };
    (0..PASSAGES).map(passage).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub async fn embed() {
    let Some(weights) = encoder() else {
        eprintln!("skipped: embedding; OUTCROP_TEST_ENCODER names the encoder's safetensors file");
        return;
    };
    let python = std::env::var_os("OUTCROP_BENCH_TORCH");
    if python.is_none() {
        eprintln!("skipped: sentence-transformers; OUTCROP_BENCH_TORCH names a Python that has it");
    }
    let texts = passages(&weights);
    let most = number("OUTCROP_BENCH_THREADS").unwrap_or(2);
    for threads in 1..=most {
        let engine = Engine::new(Options { threads: Some(threads), backend: None });
        let first = vectors(&engine, &weights, &texts[..BATCH]).await;
        let mut peer = python.as_ref().map(|python| Peer::started(python, &weights, threads, &texts));
        if let Some(peer) = &mut peer {
            let said = peer.heard();
            let theirs: Vec<f64> = serde_json::from_value(said["first"].clone()).unwrap();
            let cosine: f64 = first[0].iter().zip(&theirs).map(|(one, other)| f64::from(*one) * other).sum();
            println!(
                "PyTorch {}, batches of {}; cosine of the first vectors {cosine:.6}",
                said["torch"], said["batch"]
            );
        }
        let (mut own, mut others, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            let now = Instant::now();
            assert_eq!(vectors(&engine, &weights, &texts).await.len(), PASSAGES);
            let ours = PASSAGES as f64 / now.elapsed().as_secs_f64();
            own.push(ours);
            if let Some(peer) = &mut peer {
                let theirs = peer.turn();
                others.push(theirs);
                ratios.push(ours / theirs);
            }
        }
        print!("{threads} threads: {:.1} passages of {TOKENS} tokens a second", median(own));
        if others.is_empty() {
            println!();
        } else {
            println!(
                ", sentence-transformers {:.1}: {:.2}x, medians of {TURNS}",
                median(others),
                median(ratios)
            );
        }
    }
}
