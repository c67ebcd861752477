//! What a leaderboard of 100,000 votes on 20 models costs, with 1,000 rounds of the bootstrap: at most two seconds. And what it
//! costs to compare two answers of 4,000 words: at most 20 ms.
//!
//! `cargo bench --bench evaluation`. Votes of their own, where each round draws all of them one by one, and votes on 1,000
//! prompts, which are drawn together.

use criterion::Criterion;
use outcrop::domain::diff::{only, words};
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

/// An answer of 4,000 words of 900, in sentences of a dozen.
fn answer(chance: &mut Chance) -> Vec<String> {
    (1..=4_000)
        .map(|at| format!("word{}{}", chance.below(900), if at % 12 == 0 { "." } else { "" }))
        .collect()
}

/// The same with one word in five another one.
fn changed(answer: &[String], chance: &mut Chance) -> Vec<String> {
    let change = |word: &String| {
        if chance.below(5) == 0 { format!("other{}", chance.below(900)) } else { word.clone() }
    };
    answer.iter().map(change).collect()
}

fn compare(criterion: &mut Criterion) {
    let mut chance = Chance::new(7);
    let one = answer(&mut chance);
    let (near, far) = (changed(&one, &mut chance).join(" "), answer(&mut chance).join(" "));
    let one = one.join(" ");
    for (name, other) in [("a fifth changed", near), ("nothing in common but words", far)] {
        criterion.bench_function(&format!("4,000 words, {name}: word by word"), |bench| {
            bench.iter(|| words(&one, &other));
        });
        criterion.bench_function(&format!("4,000 words, {name}: said by one alone"), |bench| {
            bench.iter(|| (only(&one, &other), only(&other, &one)));
        });
    }
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
    compare(&mut criterion);
    criterion.final_summary();
}
