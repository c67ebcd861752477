//! Blinding: which answer stands where, for whom, and what names tell.

use std::collections::{BTreeMap, BTreeSet};

use outcrop::domain::evaluation::interval::wilson;
use outcrop::domain::evaluation::item::{Item, ItemHash, Response};
use outcrop::domain::evaluation::queue::{Showing, Subject, can_repeat, gap, queue};
use outcrop::domain::evaluation::vote::ResponseId;
use proptest::prelude::*;

fn subjects(items: usize, models: &[&str]) -> Vec<Subject> {
    (0..items)
        .map(|at| Subject {
            item: Item::asking(at.to_string()).hash(),
            models: models.iter().map(|model| (*model).to_owned()).collect(),
        })
        .collect()
}

/// How often each model stands first, after each item that is no repeat.
fn firsts<'a>(subjects: &'a [Subject], queue: &'a [Showing]) -> Vec<BTreeMap<&'a str, usize>> {
    let mut counts: BTreeMap<&str, usize> =
        subjects.iter().flat_map(|subject| subject.models.iter()).map(|model| (model.as_str(), 0)).collect();
    queue
        .iter()
        .filter(|showing| !showing.repeat)
        .map(|showing| {
            let first = subjects[showing.subject].models[showing.order[0]].as_str();
            *counts.entry(first).or_default() += 1;
            counts.clone()
        })
        .collect()
}

#[test]
fn over_ten_thousand_items_each_model_stands_left_half_of_the_time() {
    let subjects = subjects(10_000, &["x", "y"]);
    for rater in 0..3 {
        let queue = queue(42, &subjects, rater, 5, true);
        let left = queue.iter().filter(|showing| showing.order[0] == 0).count();
        let share = wilson(left as f64, queue.len() as f64).unwrap();
        assert!(share.low <= 0.5 && 0.5 <= share.high, "{share:?}");
        assert_eq!(firsts(&subjects, &queue).pop().unwrap(), BTreeMap::from([("x", 5000), ("y", 5000)]));
        // Where an item comes in the queue says nothing of its sides.
        let early = queue[..1000].iter().filter(|showing| showing.order[0] == 0).count();
        assert!(early.abs_diff(500) < 60, "{early}");
        assert_eq!(queue.len(), 10_500);
    }
}

#[test]
fn the_sides_of_one_item_tell_nothing_of_those_of_the_next() {
    // Blocks of two: within a block sides differ, between blocks it is a coin.
    let subjects = subjects(4_000, &["x", "y"]);
    let queue = queue(9, &subjects, 0, 0, true);
    let same = queue.windows(2).skip(1).step_by(2).filter(|two| two[0].order == two[1].order).count();
    assert!(same.abs_diff(1000) < 150, "{same}");
}

#[test]
fn without_random_sides_answers_stand_as_they_are_told() {
    let subjects = subjects(50, &["y", "x", "z"]);
    let queue = queue(3, &subjects, 1, 20, false);
    assert!(queue.iter().all(|showing| showing.order == [0, 1, 2]));
    assert_eq!(queue.len(), 60);
}

#[test]
fn a_short_queue_has_repeats_a_little_later_and_none_that_would_be_noticed() {
    assert_eq!([3, 4, 8, 19, 20, 500].map(gap), [3, 3, 4, 9, 10, 10]);
    for items in 0..30 {
        let long = queue(1, &subjects(items, &["x", "y"]), 0, 50, true).len();
        assert_eq!(long > items, can_repeat(items), "{items}");
    }
    assert!(!can_repeat(3) && can_repeat(4));
    assert_eq!(queue(1, &[], 0, 5, true), []);
    let alone = queue(1, &subjects(3, &["x"]), 0, 0, true);
    assert!(alone.iter().all(|showing| showing.order == [0]));
    assert_eq!(queue(1, &subjects(3, &[]), 0, 0, true).len(), 3);
}

#[test]
fn a_response_id_is_another_in_every_item_and_knows_no_model() {
    let ids: BTreeSet<ResponseId> = (0..100)
        .flat_map(|at| {
            let item = Item::asking(at.to_string()).hash();
            ["claude", "gpt"].map(|model| ResponseId::of(7, &item, model))
        })
        .collect();
    assert_eq!(ids.len(), 200);
    for id in &ids {
        assert!(id.0.len() == 16 && id.0.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    let item = ItemHash("00".into());
    assert_eq!(ResponseId::of(7, &item, "gpt"), ResponseId::of(7, &item, "gpt"));
    assert_ne!(ResponseId::of(7, &item, "gpt"), ResponseId::of(8, &item, "gpt"));
}

#[test]
fn what_is_told_of_an_item_to_raters_changes_with_its_text_alone() {
    let item = |model: &str, text: &str| {
        let responses = vec![Response { model: model.into(), text: text.into() }];
        Item { responses, ..Item::asking("?") }.hash()
    };
    assert_eq!(item("a", "x"), item("b", "x"));
    assert_ne!(item("a", "x"), item("a", "y"));
}

fn any_models() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["a", "b", "c", "d", "e"], 1..=5).prop_shuffle()
}

proptest! {
    #[test]
    fn wherever_a_rater_stops_each_model_stood_first_equally_often(
        seed in any::<u64>(), rater in 0_u32..9, items in 0_usize..80, models in any_models(), repeats in 0_u8..50
    ) {
        let subjects = subjects(items, &models);
        for counts in firsts(&subjects, &queue(seed, &subjects, rater, repeats, true)) {
            let (least, most) = (counts.values().min().unwrap(), counts.values().max().unwrap());
            prop_assert!(most - least <= 1, "{counts:?}");
        }
    }

    #[test]
    fn every_item_comes_once_with_all_its_answers_and_repeats_come_later(
        seed in any::<u64>(), rater in 0_u32..9, items in 0_usize..80, models in any_models(), repeats in 0_u8..50
    ) {
        let subjects = subjects(items, &models);
        let queue = queue(seed, &subjects, rater, repeats, true);
        let mut first = vec![None; items];
        for (at, showing) in queue.iter().enumerate() {
            let mut order = showing.order.clone();
            order.sort_unstable();
            prop_assert_eq!(order, (0..models.len()).collect::<Vec<_>>());
            match first[showing.subject] {
                None => {
                    prop_assert!(!showing.repeat);
                    first[showing.subject] = Some(at);
                }
                Some(before) => {
                    prop_assert!(showing.repeat && at - before > gap(items));
                    let turned: Vec<usize> = queue[before].order.iter().rev().copied().collect();
                    prop_assert_eq!(&showing.order, &turned);
                }
            }
        }
        prop_assert!(first.iter().all(Option::is_some));
        let again = queue.iter().filter(|showing| showing.repeat).count();
        prop_assert_eq!(again, (items * usize::from(repeats)).div_ceil(100).min(items.saturating_sub(gap(items))));
    }

    #[test]
    fn the_next_rater_sees_two_answers_the_other_way_round(
        seed in any::<u64>(), rater in 0_u32..9, items in 1_usize..80
    ) {
        let subjects = subjects(items, &["x", "y"]);
        let sides = |rater| -> BTreeMap<usize, Vec<usize>> {
            queue(seed, &subjects, rater, 0, true)
                .into_iter()
                .map(|showing| (showing.subject, showing.order))
                .collect()
        };
        let (one, next) = (sides(rater), sides(rater + 1));
        for (item, order) in one {
            prop_assert_ne!(&order, &next[&item]);
        }
    }

    #[test]
    fn a_seed_gives_the_same_queue_in_whichever_order_items_and_models_are_told(
        seed in any::<u64>(), rater in 0_u32..9, items in 0_usize..40, turn in any::<u64>()
    ) {
        let told = subjects(items, &["x", "y", "z"]);
        let mut other = told.clone();
        outcrop::domain::evaluation::chance::Chance::new(turn).shuffle(&mut other);
        for subject in &mut other {
            subject.models = subject.models.iter().rev().cloned().collect();
        }
        let said = |subjects: &[Subject]| -> Vec<(ItemHash, Vec<String>, bool)> {
            queue(seed, subjects, rater, 10, true)
                .into_iter()
                .map(|showing| {
                    let subject = &subjects[showing.subject];
                    let models = showing.order.iter().map(|at| subject.models[*at].clone()).collect();
                    (subject.item.clone(), models, showing.repeat)
                })
                .collect()
        };
        prop_assert_eq!(said(&told), said(&other));
    }

    #[test]
    fn items_of_different_models_are_balanced_each_for_themselves(
        seed in any::<u64>(), kinds in prop::collection::vec(0_usize..3, 0..60)
    ) {
        let pairs = [["a", "b"], ["b", "c"], ["a", "c"]];
        let subjects: Vec<Subject> = kinds
            .iter()
            .enumerate()
            .map(|(at, kind)| Subject {
                item: Item::asking(at.to_string()).hash(),
                models: pairs[*kind].map(str::to_owned).into(),
            })
            .collect();
        let mut left = [0_i32; 3];
        for showing in queue(seed, &subjects, 0, 0, true) {
            left[kinds[showing.subject]] += if showing.order[0] == 0 { 1 } else { -1 };
            prop_assert!(left.iter().all(|balance| balance.abs() <= 1), "{left:?}");
        }
    }
}
