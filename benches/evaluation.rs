//! What a leaderboard of 100,000 votes on 20 models costs, with 1,000 rounds of the bootstrap: at most two seconds.
//!
//! `cargo bench --bench evaluation`. Votes of their own, where each round draws all of them one by one, and votes on 1,000
//! prompts, which are drawn together.

use criterion::Criterion;
use outcrop::domain::evaluation::battle::{Battle, Outcome};
use outcrop::domain::evaluation::chance::Chance;
use outcrop::domain::evaluation::ranking::{Intervals, Options, leaderboard};

const VOTES: usize = 100_000;
const MODELS: usize = 20;

/// Each model a little weaker than the one before it, one vote in five a tie.
fn battles(prompts: Option<usize>) -> Vec<Battle> {
    let mut chance = Chance::new(1);
    (0..VOTES)
        .map(|_| {
            let a = chance.below(MODELS);
            let b = (a + 1 + chance.below(MODELS - 1)) % MODELS;
            let better = 1.0 / (1.0 + ((a as f64 - b as f64) * 0.1).exp());
            let outcome = if chance.below(5) == 0 {
                Outcome::Tie
            } else if (chance.below(1_000) as f64) < better * 1_000.0 {
                Outcome::A
            } else {
                Outcome::B
            };
            let prompt = prompts.map(|prompts| chance.below(prompts).to_string());
            Battle { prompt, ..Battle::new(format!("model-{a}"), format!("model-{b}"), outcome) }
        })
        .collect()
}

fn main() {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for (name, prompts) in [("alone", None), ("on 1,000 prompts", Some(1_000))] {
        let battles = battles(prompts);
        for (kind, intervals) in [
            ("sandwich", Intervals::Sandwich),
            ("bootstrap", Intervals::Bootstrap { rounds: 1_000, seed: 1 }),
        ] {
            let options = Options { intervals, ..Options::default() };
            criterion.bench_function(&format!("100,000 votes {name}, {kind}"), |bench| {
                bench.iter(|| leaderboard(&battles, &options));
            });
        }
    }
    criterion.final_summary();
}
