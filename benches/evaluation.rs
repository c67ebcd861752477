//! What a leaderboard of 100,000 votes on 20 models costs, with 1,000 rounds of the bootstrap: at most two seconds; and a whole
//! report of as many, which is to take no longer, as it is made of votes at hand, and as a person waits for it: through the service,
//! out of a real store, of 5,000 items with 20 answers each and of 100,000 with two. And what it costs to compare two answers of
//! 4,000 words: at most 20 ms.
//!
//! `cargo bench --bench evaluation`. Votes of their own, where each round draws all of them one by one, and votes on 1,000
//! prompts, which are drawn together.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use criterion::Criterion;
use outcrop::domain::diff::{only, words};
use outcrop::domain::evaluation::battle::{Battle, Outcome};
use outcrop::domain::evaluation::chance::Chance;
use outcrop::domain::evaluation::item::{Item, ItemHash, Response};
use outcrop::domain::evaluation::job::{Evaluation, Generation, GenerationState, Source};
use outcrop::domain::evaluation::metric::{Method, Metric};
use outcrop::domain::evaluation::ranking::{Intervals, Options, leaderboard};
use outcrop::domain::evaluation::report::{Rated, RatedItem, Report, Sources, Votes};
use outcrop::domain::evaluation::task::{Blinding, TaskDefinition};
use outcrop::domain::evaluation::vote::{Chosen, ResponseId, Said, Value, Vote};
use outcrop::domain::id::{EvaluationId, VoteId};
use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::Span;
use outcrop::service::archive::Archive;
use outcrop::service::changes::Changes;
use outcrop::service::evaluations::Evaluations;
use outcrop::service::invoke::{Invoke, SpanSink};
use outcrop::store::record::{EvaluationItem, RatedItemOf, VoteOf};
use outcrop::store::{Batch, Owner, Store, Unlock};

const VOTES: usize = 100_000;
const MODELS: usize = 20;

/// Each model a little weaker than the one before it, one vote in five a tie.
fn battles(models: usize, prompts: Option<usize>) -> Vec<Battle> {
    let mut chance = Chance::new(1);
    (0..VOTES)
        .map(|_| {
            let a = chance.below(models);
            let b = (a + 1 + chance.below(models - 1)) % models;
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
    sources: Sources,
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
    let mut made = Asked { task, items: Vec::new(), sources: Sources::default(), votes: Vec::new() };
    let mut chance = Chance::new(2);
    for (at, battle) in battles(MODELS, None).into_iter().step_by(RATERS).enumerate() {
        let item = ItemHash(format!("{at:064x}"));
        let ids = [&battle.a, &battle.b].map(|model| ResponseId::of(1, &item, model));
        made.sources.extend(ids.iter().cloned().zip([battle.a, battle.b]));
        for id in &ids {
            made.sources.measure(id, chance.below(4_000));
        }
        let category = Some(format!("c{}", at % 8).into());
        made.items.push(RatedItem { hash: (&item).into(), category, conversation: None });
        for rater in 0..RATERS {
            let mut shown = ids.to_vec();
            shown.rotate_left(rater % 2);
            let chosen = match (battle.outcome, chance.below(4)) {
                (Outcome::Tie | Outcome::BothBad, _) => Chosen::Tie,
                (Outcome::A, 1..) | (Outcome::B, 0) => Chosen::One(ids[0].clone()),
                _ => Chosen::One(ids[1].clone()),
            };
            let number = made.votes.len() as u128;
            let active_ms = 5_000 + chance.below(9_000) as u64;
            made.votes.push(vote(number, (at + rater * 7) % 20, &item, shown, chosen, active_ms));
        }
    }
    made
}

/// What a rater said of an item whose answers were `shown` so.
fn vote(
    number: u128,
    rater: usize,
    item: &ItemHash,
    shown: Vec<ResponseId>,
    chosen: Chosen,
    active_ms: u64,
) -> Vote {
    Vote {
        id: VoteId::from_bytes(number.to_be_bytes()),
        rater: format!("rater-{rater}"),
        item: item.clone(),
        version: 1,
        shown,
        said: Said::Values(vec![("Preference".into(), Value::Choice(chosen))]),
        active_ms,
        at: Timestamp(number as i64),
        supersedes: None,
        comment: None,
        repeat: false,
    }
}

fn report(criterion: &mut Criterion) {
    let Asked { task, items, sources, votes } = votes();
    let votes = Votes::of(&task, votes);
    let rated = Rated {
        task: &task,
        votes: &votes,
        items: &items,
        sources: &sources,
        raters: &[],
        unblinded: &[],
        rounds: 1_000,
        seed: 1,
    };
    criterion.bench_function("100,000 votes, a whole report", |bench| bench.iter(|| Report::of(&rated)));
}

#[derive(Debug)]
struct Nobody;

impl SpanSink for Nobody {
    fn record(&self, _: Span) {}
}

/// Records written in one batch.
const AT_ONCE: usize = 2_000;

/// An evaluation of so many items, each with an answer of each of so many models, on every one of which as many raters as it takes
/// have held two of them against each other.
fn stored(store: &Store, items: usize, models: usize) -> EvaluationId {
    let raters = VOTES / items;
    let (id, seed) = (EvaluationId::from_bytes([1; 16]), 7);
    let Asked { task, .. } = votes();
    let models: Vec<String> = (0..models).map(|model| format!("model-{model}")).collect();
    let mut chance = Chance::new(3);
    let mut fought = battles(models.len(), None).into_iter();
    let (mut batch, mut waiting) = (Batch::new(), 0);
    for place in 0..items {
        let answer = |model: &String| Response {
            model: model.clone(),
            text: format!("{model} says of {place}: a river that is slow lets fall what it carries. ")
                .repeat(3),
        };
        let item = Item {
            category: Some(format!("c{}", place % 8)),
            responses: models.iter().map(answer).collect(),
            ..Item::asking(format!("question {place}: why?"))
        };
        let hash = item.hash();
        for (rater, battle) in fought.by_ref().take(raters).enumerate() {
            let mut shown = [&battle.a, &battle.b].map(|model| ResponseId::of(seed, &hash, model)).to_vec();
            let chosen = match battle.outcome {
                Outcome::A => Chosen::One(shown[0].clone()),
                Outcome::B => Chosen::One(shown[1].clone()),
                _ => Chosen::Tie,
            };
            shown.rotate_left(chance.below(2));
            let number = (place * raters + rater) as u128;
            let active_ms = 5_000 + chance.below(9_000) as u64;
            let vote = vote(number, rater, &hash, shown, chosen, active_ms);
            batch.put(&VoteOf(id, vote.id), &vote).unwrap();
            waiting += 1;
        }
        batch.put(&RatedItemOf(id, place as u32), &EvaluationItem(item)).unwrap();
        if waiting >= AT_ONCE {
            store.commit_soft(std::mem::replace(&mut batch, Batch::new())).unwrap();
            waiting = 0;
        }
    }
    let evaluation = Evaluation {
        id,
        created: Timestamp(0),
        updated: Timestamp(0),
        task: TaskDefinition { raters_per_item: raters as u32, ..task },
        earlier: Vec::new(),
        dataset: "many".into(),
        items: items as u32,
        sources: models.into_iter().map(|name| Source { name, column: None }).collect(),
        lacking: Vec::new(),
        seed,
        raters: (0..raters).map(|rater| format!("rater-{rater}")).collect(),
        away: Vec::new(),
        known: Vec::new(),
        known_before: Vec::new(),
        generation: Generation { state: GenerationState::Ended, done: 0, failed: 0, total: 0, why: None },
        unblinded: Vec::new(),
        rated: None,
    };
    batch.put(&id, &evaluation).unwrap();
    store.commit(batch).unwrap();
    id
}

/// What a person waits for: votes and items out of the store, counted.
fn report_of_store(criterion: &mut Criterion) {
    for (items, models) in [(5_000, MODELS), (100_000, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Owner::take(folder.path()).unwrap(), &Unlock::default()).unwrap().0;
        let id = stored(&store, items, models);
        let invoke = Arc::new(Invoke::new([], vec![], Arc::new(Nobody)));
        let service = Evaluations::new(Archive::new(store), invoke, Changes::default());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let ask = || runtime.block_on(service.report(id, None, "bench".to_owned())).unwrap().0;
        let told = ask();
        assert_eq!((told.votes.rated as usize, told.metrics[0].votes as usize), (VOTES, VOTES));
        assert!(
            told.metrics[0].ranking.as_ref().is_some_and(|ranking| ranking.leaderboard.rows.len() == models)
        );
        criterion.bench_function(
            &format!("100,000 votes on {items} items, a whole report out of the store"),
            |bench| {
                bench.iter(ask);
            },
        );
    }
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
        let battles = battles(MODELS, prompts);
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
    report_of_store(&mut criterion);
    compare(&mut criterion);
    criterion.final_summary();
}
