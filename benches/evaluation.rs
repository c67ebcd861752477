//! What a leaderboard of 100,000 votes on 20 models costs, with 1,000 rounds of the bootstrap: at most two seconds; and a whole
//! report of as many, which is to take no longer. And what it
//! costs to compare two answers of 4,000 words: at most 20 ms.
//!
//! `cargo bench --bench evaluation`. Votes of their own, where each round draws all of them one by one, and votes on 1,000
//! prompts, which are drawn together.

use std::collections::HashMap;

use criterion::Criterion;
use outcrop::domain::diff::{only, words};
use outcrop::domain::evaluation::battle::{Battle, Outcome};
use outcrop::domain::evaluation::chance::Chance;
use outcrop::domain::evaluation::item::ItemHash;
use outcrop::domain::evaluation::metric::{Method, Metric};
use outcrop::domain::evaluation::ranking::{Intervals, Options, leaderboard};
use outcrop::domain::evaluation::report::{Rated, RatedItem, Report};
use outcrop::domain::evaluation::task::{Blinding, TaskDefinition};
use outcrop::domain::evaluation::vote::{Chosen, ResponseId, Said, Value, Vote};
use outcrop::domain::id::VoteId;
use outcrop::domain::time::Timestamp;

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

/// A task of 20 models, two of which meet on each item, and the votes of 20 raters, three on an item.
struct Asked {
    task: TaskDefinition,
    items: Vec<RatedItem>,
    sources: HashMap<ResponseId, String>,
    votes: Vec<Vote>,
}

fn votes() -> Asked {
    const RATERS: usize = 3;
    let metric = Metric {
        name: "Preference".into(),
        description: "Which helps more?".into(),
        method: Method::ComparisonChoice,
        labels: Vec::new(),
    };
    let task = TaskDefinition {
        name: "helpful".into(),
        instructions: "Say which helps.".into(),
        examples: Vec::new(),
        metrics: vec![metric],
        raters_per_item: RATERS as u32,
        blinding: Blinding::default(),
        gold: Vec::new(),
        repeats: 0,
        version: 1,
    };
    let mut made = Asked { task, items: Vec::new(), sources: HashMap::new(), votes: Vec::new() };
    let mut chance = Chance::new(2);
    for (at, battle) in battles(None).into_iter().step_by(RATERS).enumerate() {
        let item = ItemHash(format!("{at:064x}"));
        let ids = [&battle.a, &battle.b].map(|model| ResponseId::of(1, &item, model));
        made.sources.extend(ids.iter().cloned().zip([battle.a, battle.b]));
        let lengths = ids.iter().map(|id| (id.clone(), chance.below(4_000) as u64)).collect();
        made.items.push(RatedItem { hash: item.clone(), category: Some(format!("c{}", at % 8)), lengths });
        for rater in 0..RATERS {
            let mut shown = ids.to_vec();
            shown.rotate_left(rater % 2);
            let chosen = match (battle.outcome, chance.below(4)) {
                (Outcome::Tie | Outcome::BothBad, _) => Chosen::Tie,
                (Outcome::A, 1..) | (Outcome::B, 0) => Chosen::One(ids[0].clone()),
                _ => Chosen::One(ids[1].clone()),
            };
            let number = made.votes.len() as u128;
            made.votes.push(Vote {
                id: VoteId::from_bytes(number.to_be_bytes()),
                rater: format!("rater-{}", (at + rater * 7) % 20),
                item: item.clone(),
                version: 1,
                shown,
                said: Said::Values(vec![("Preference".into(), Value::Choice(chosen))]),
                active_ms: 5_000 + chance.below(9_000) as u64,
                at: Timestamp(number as i64),
                supersedes: None,
                comment: None,
                repeat: false,
            });
        }
    }
    made
}

fn report(criterion: &mut Criterion) {
    let Asked { task, items, sources, votes } = votes();
    let rated = Rated {
        task: &task,
        votes: &votes,
        items: &items,
        sources: &sources,
        raters: &[],
        rounds: 1_000,
        seed: 1,
    };
    criterion.bench_function("100,000 votes, a whole report", |bench| bench.iter(|| Report::of(&rated)));
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
    report(&mut criterion);
    compare(&mut criterion);
    criterion.final_summary();
}
