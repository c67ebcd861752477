//! Reading documents: the reader alone, in this process; and each in a child, as a sync has them read.

use std::hint::black_box;
use std::time::{Duration, Instant};

use outcrop::domain::knowledge::document::Limits;
use outcrop::wire::document::read;
use outcrop::worker::{Parsers, Surroundings};

use super::TEXT;

const RUNS: usize = 5;

/// The shortest of some runs.
fn best(mut work: impl FnMut()) -> f64 {
    let mut time = || {
        let now = Instant::now();
        work();
        now.elapsed()
    };
    (0..RUNS).map(|_| time()).min().unwrap_or_default().as_secs_f64()
}

pub async fn parse() {
    let limits = Limits::default();
    // What Markdown means where it is read as plain text does not matter: there every byte is a character like others.
    for (name, what) in [("a.md", "Markdown"), ("a.txt", "plain text")] {
        for (copies, size) in [(1, "the pages once"), (130, "130 of them in one file")] {
            let bytes = TEXT.repeat(copies).into_bytes();
            let seconds = best(|| drop(black_box(read(name, &bytes, &limits).unwrap())));
            println!(
                "{what}, {size} ({:.2} MB): the reader alone {:.0} MB/s",
                bytes.len() as f64 / 1e6,
                bytes.len() as f64 / 1e6 / seconds
            );
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_outcrop").into();
    let parsers = Parsers::new(program, folder.path().to_owned(), Surroundings::default(), limits);
    for (name, what) in [("a.md", "Markdown"), ("a.txt", "plain text")] {
        for (copies, files) in [(0, 40), (1, 40), (130, 3)] {
            let bytes = if copies == 0 {
                b"# A file\n\nOf one line.\n".to_vec()
            } else {
                TEXT.repeat(copies).into_bytes()
            };
            let mut took = Duration::ZERO;
            for _ in 0..files {
                let now = Instant::now();
                drop(black_box(parsers.parse(name, &bytes).await.unwrap().document.unwrap()));
                took += now.elapsed();
            }
            let each = took.as_secs_f64() / f64::from(files);
            println!(
                "{what}, {:.4} MB a file, each in a child: {:.1} ms a file, {:.1} MB/s",
                bytes.len() as f64 / 1e6,
                each * 1e3,
                bytes.len() as f64 / 1e6 / each
            );
        }
    }
}
