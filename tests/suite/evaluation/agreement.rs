//! Coefficients of agreement.

use std::collections::HashMap;

use outcrop::domain::evaluation::agreement::{
    Level, Table, Weights, alpha, alpha_between, alpha_between_clusters, among_raters, between, cohen,
    cohen_of_all, fleiss, on_winners, percent_agreement,
};
use outcrop::domain::evaluation::battle::Outcome;
use outcrop::domain::evaluation::chance::Chance;
use outcrop::domain::evaluation::figure::Missing;
use outcrop::domain::evaluation::interval::percentile;
use proptest::prelude::*;
use serde_json::Value;

use super::{close, number, numbers, vectors};

/// A row a rater, a column an item, `null` where nothing was said. Its names are left behind, for as long as the tests run.
fn table(rows: &Value) -> Table<'static> {
    let rows = rows.as_array().unwrap();
    let cells: Vec<(String, String, String)> = rows
        .iter()
        .enumerate()
        .flat_map(|(rater, row)| {
            row.as_array().unwrap().iter().enumerate().map(move |(item, cell)| (rater, item, cell))
        })
        .filter(|(.., cell)| !cell.is_null())
        .map(|(rater, item, cell)| (rater.to_string(), format!("{item:03}"), cell.to_string()))
        .collect();
    let cells: &'static [_] = cells.leak();
    if let Ok(values) = cells.iter().map(|(.., cell)| cell.parse()).collect::<Result<Vec<f64>, _>>() {
        let rated = cells.iter().zip(values);
        Table::of(rated.map(|((rater, item, _), value)| (rater.as_str(), item.as_str(), value)))
    } else {
        // Kinds have no order: each is a number, as it comes.
        let mut kinds: HashMap<&str, f64> = HashMap::new();
        Table::of(cells.iter().map(|(rater, item, kind)| {
            let next = kinds.len() as f64;
            (rater.as_str(), item.as_str(), *kinds.entry(kind.as_str()).or_insert(next))
        }))
    }
}

fn of(rows: &[&[Option<i32>]]) -> Table<'static> {
    table(&serde_json::to_value(rows).unwrap())
}

#[test]
fn alpha_is_krippendorffs_at_every_level_with_values_missing() {
    for name in ["kripp_C_4x12", "kripp_A_binary_2x10", "kripp_B_nominal_2x12", "kripp_wikipedia_3x15"] {
        let known = vectors(name);
        let table = table(&known["data"]);
        let mut levels = 0;
        for (level, name) in [
            (Level::Nominal, "nominal"),
            (Level::Ordinal, "ordinal"),
            (Level::Interval, "interval"),
            (Level::Ratio, "ratio"),
        ] {
            if let Some(known) = known[name].as_f64() {
                close(alpha(&table, level).unwrap(), known, 1e-12);
                levels += 1;
            }
        }
        assert_eq!(levels, known.as_object().unwrap().len() - 1);
    }
}

#[test]
fn kappas_of_two_raters_are_scikit_learns() {
    let known = vectors("cohen_weighted");
    let table = table(&serde_json::json!([known["a"], known["b"]]));
    for (weights, name) in
        [(Weights::None, "none"), (Weights::Linear, "linear"), (Weights::Quadratic, "quadratic")]
    {
        close(cohen(&table, 0, 1, weights).unwrap().kappa, number(&known[name]), 1e-12);
    }
    // 20 times both yes, 5 and 10 times one of them, 15 times both no.
    let said = [(1, 1, 20), (1, 0, 5), (0, 1, 10), (0, 0, 15)];
    let (a, b): (Vec<_>, Vec<_>) =
        said.into_iter().flat_map(|(a, b, times)| vec![(Some(a), Some(b)); times]).unzip();
    let kappa = cohen(&of(&[&a, &b]), 0, 1, Weights::None).unwrap();
    close(kappa.kappa, number(&vectors("cohen_wiki_20_5_10_15")["kappa"]), 1e-12);
    close(kappa.agreement, 0.7, 1e-12);
    assert_eq!(kappa.items, 50);
}

#[test]
fn fleiss_kappa_of_fourteen_raters_is_the_published_one() {
    let known = vectors("fleiss_wiki_10x5");
    let mut votes = Vec::new();
    for (item, row) in known["table"].as_array().unwrap().iter().enumerate() {
        let values = numbers(row);
        let said = values.iter().zip(1..).flat_map(|(times, value)| vec![f64::from(value); *times as usize]);
        votes.extend(said.enumerate().map(|(rater, value)| (rater.to_string(), item.to_string(), value)));
    }
    let table = Table::of(votes.iter().map(|(rater, item, value)| (rater.as_str(), item.as_str(), *value)));
    close(fleiss(&table).unwrap(), number(&known["kappa"]), 1e-12);
}

#[test]
fn what_has_no_coefficient_says_why() {
    let (one, two) = (Some(1), Some(2));
    let nominal = |table: &Table<'_>| alpha(table, Level::Nominal).map(|_| ()).unwrap_err();
    assert_eq!(nominal(&Table::default()), Missing::NoVotes);
    assert_eq!(nominal(&of(&[&[one, two]])), Missing::OneRater);
    assert_eq!(nominal(&of(&[&[one, None], &[None, two]])), Missing::NothingShared);
    assert_eq!(nominal(&of(&[&[one], &[two]])), Missing::OneItem);
    assert_eq!(nominal(&of(&[&[one, one], &[one, one]])), Missing::NoVariation);
    let negative = of(&[&[Some(-1), two], &[one, two]]);
    assert!(matches!(alpha(&negative, Level::Ratio), Err(Missing::Unfit { .. })));
    let many: Vec<Option<i32>> = (0..1001).map(Some).collect();
    assert!(matches!(alpha(&of(&[&many, &many]), Level::Ratio), Err(Missing::Unfit { .. })));
    assert_eq!(alpha(&of(&[&many, &many]), Level::Interval), Ok(1.0));
    assert!(alpha(&of(&[&[Some(0), two], &[Some(0), two]]), Level::Ratio).is_ok());

    assert_eq!(fleiss(&of(&[&[one, one], &[one, None], &[one, two]])), Err(Missing::UnevenRaters));
    assert_eq!(fleiss(&of(&[&[one, one], &[one, one]])), Err(Missing::NoVariation));
    let kappa = |table: &Table<'_>| cohen(table, 0, 1, Weights::None).unwrap_err();
    assert_eq!(
        kappa(&of(&[&[one, None, one], &[None, one, None], &[one, one, one]])),
        Missing::NothingShared
    );
    assert_eq!(kappa(&of(&[&[one], &[two]])), Missing::OneItem);
    assert_eq!(kappa(&of(&[&[one, one], &[one, one]])), Missing::NoVariation);
    assert_eq!(percent_agreement(&of(&[])), Err(Missing::NoVotes));
    assert_eq!(percent_agreement(&of(&[&[one, two]])), Err(Missing::OneRater));
    // One item is enough to be counted.
    let counted = percent_agreement(&of(&[&[one], &[one], &[two]])).unwrap();
    assert_eq!((counted.share, counted.pairs), (1.0 / 3.0, 3));
}

#[test]
fn alpha_lies_between_bounds_that_its_seed_repeats() {
    let table = table(&vectors("kripp_C_4x12")["data"]);
    let told = alpha_between(&table, Level::Interval, 1000, 7).unwrap();
    close(told.value, alpha(&table, Level::Interval).unwrap(), 0.0);
    assert!(told.low < told.value && told.value < told.high && told.high <= 1.0, "{told:?}");
    assert_eq!(alpha_between(&table, Level::Interval, 1000, 7).unwrap(), told);
    let same = of(&[&[Some(1), Some(1)], &[Some(1), Some(1)]]);
    assert_eq!(alpha_between(&same, Level::Nominal, 100, 1), Err(Missing::NoVariation));
}

#[test]
fn an_alpha_without_bounds_says_why_those_are_missing() {
    let items = |many: usize, odd: usize| {
        let said: Vec<Option<i32>> = (0..many).map(|at| Some(i32::from(at < odd))).collect();
        [said.clone(), said]
    };
    let between = |said: [Vec<Option<i32>>; 2]| {
        let table = table(&serde_json::json!(said));
        assert_eq!(alpha(&table, Level::Nominal), Ok(1.0));
        alpha_between(&table, Level::Nominal, 500, 7).map(|told| told.value)
    };
    assert_eq!(between(items(9, 4)), Err(Missing::too_few(9, 10, "item", "items")));
    // The one odd item is in few more than six of ten samples.
    let why = between(items(12, 1)).unwrap_err();
    assert_eq!(
        why.words(),
        "n/a: too even, in more than one of a hundred samples of the items every vote is the same"
    );
    assert_eq!(between(items(20, 9)), Ok(1.0));
}

#[test]
fn agreement_on_winners_is_told_with_and_without_ties() {
    use Outcome::{A, B, BothBad, Tie};
    let told = on_winners([(A, A), (A, B), (Tie, BothBad), (A, Tie), (B, B)]);
    let (with, without) = (told.with_ties.unwrap(), told.without_ties.unwrap());
    assert_eq!((with.share, with.pairs), (0.6, 5));
    assert_eq!((without.share, without.pairs), (2.0 / 3.0, 3));
    // Nothing comparable is no agreement of zero, and says which of the two it is.
    assert_eq!(on_winners([(A, Tie)]).without_ties, Err(Missing::OnlyTies));
    assert_eq!(on_winners([]).without_ties, Err(Missing::NothingShared));
    let pairs =
        among_raters([("ana", "1", A), ("bo", "1", B), ("cy", "1", A), ("ana", "2", A), ("ana", "1", B)]);
    assert_eq!(pairs, [(B, B), (B, A), (B, A)]);
    let judged = between([("1", A), ("2", Tie)], [("1", A), ("1", B), ("2", BothBad), ("3", A)]);
    assert_eq!(judged, [(A, A), (A, B), (Tie, BothBad)]);
}

#[test]
fn what_raters_dispute_comes_first_where_they_are_furthest_apart() {
    let said = |value| Some(value);
    let table = of(&[&[said(1), said(3), said(2), None], &[said(2), said(5), said(5), said(4)]]);
    let told = |level| -> Vec<(String, f64, u64)> {
        table.disputed(level).iter().map(|item| (item.item.to_owned(), item.spread, item.votes)).collect()
    };
    assert_eq!(told(Level::Ordinal), [("002".to_owned(), 3.0, 2), ("001".to_owned(), 2.0, 2)]);
    assert_eq!(told(Level::Nominal).len(), 3);
    let three = of(&[&[said(1), said(1)], &[said(1), said(2)], &[said(2), said(3)]]);
    let spreads: Vec<f64> = three.disputed(Level::Nominal).iter().map(|item| item.spread).collect();
    assert!((spreads[0] - 2.0 / 3.0).abs() < 1e-12 && (spreads[1] - 1.0 / 3.0).abs() < 1e-12);
}

fn any_table() -> impl Strategy<Value = Table<'static>> {
    let cell = (0_u8..4, 0_u8..8, 1_u8..6);
    prop::collection::vec(cell, 0..40).prop_map(|votes| {
        let votes: Vec<_> = votes
            .into_iter()
            .map(|(rater, item, value)| (rater.to_string(), item.to_string(), f64::from(value)))
            .collect();
        Table::of(votes.leak().iter().map(|(rater, item, value)| (rater.as_str(), item.as_str(), *value)))
    })
}

proptest! {
    #[test]
    fn coefficients_are_numbers_of_at_most_one_or_say_why(table in any_table()) {
        for level in [Level::Nominal, Level::Ordinal, Level::Interval, Level::Ratio] {
            if let Ok(alpha) = alpha(&table, level) {
                prop_assert!(alpha.is_finite() && alpha <= 1.0 + 1e-12, "{alpha}");
            }
        }
        for weights in [Weights::None, Weights::Linear, Weights::Quadratic] {
            for (.., kappa) in cohen_of_all(&table, weights) {
                if let Ok(told) = kappa {
                    prop_assert!(told.kappa.is_finite() && told.kappa <= 1.0 + 1e-12, "{told:?}");
                    prop_assert!((0.0..=1.0).contains(&told.agreement));
                }
            }
        }
        if let Ok(kappa) = fleiss(&table) {
            prop_assert!(kappa.is_finite() && kappa <= 1.0 + 1e-12);
        }
    }

    /// All agree on every item, and not always on the same: whatever the measure, that is one.
    #[test]
    fn raters_who_agree_in_all_have_one(values in prop::collection::vec(1_i32..6, 2..20), raters in 2_usize..5) {
        prop_assume!(values.iter().any(|value| *value != values[0]));
        let row: Vec<Option<i32>> = values.into_iter().map(Some).collect();
        let table = of(&vec![row.as_slice(); raters]);
        for level in [Level::Nominal, Level::Ordinal, Level::Interval, Level::Ratio] {
            close(alpha(&table, level).unwrap(), 1.0, 1e-12);
        }
        close(fleiss(&table).unwrap(), 1.0, 1e-12);
        close(cohen(&table, 0, 1, Weights::Quadratic).unwrap().kappa, 1.0, 1e-12);
        close(percent_agreement(&table).unwrap().share, 1.0, 0.0);
    }

    #[test]
    fn alpha_of_steps_knows_neither_their_zero_nor_their_size(table_values in prop::collection::vec((0_u8..3, 0_u8..6, 1_u8..6), 4..30)) {
        let table = |by: f64, from: f64| {
            let votes: Vec<_> = table_values
                .iter()
                .map(|(rater, item, value)| (rater.to_string(), item.to_string(), from + by * f64::from(*value)))
                .collect();
            Table::of(votes.leak().iter().map(|(rater, item, value)| (rater.as_str(), item.as_str(), *value)))
        };
        for level in [Level::Nominal, Level::Ordinal, Level::Interval] {
            match (alpha(&table(1.0, 0.0), level), alpha(&table(2.0, 64.0), level)) {
                (Ok(one), Ok(other)) => close(one, other, 1e-9),
                (one, other) => prop_assert_eq!(one, other),
            }
        }
    }
}

#[test]
fn what_belongs_together_is_drawn_together() {
    let value = |conversation: usize, turn: usize, rater: usize| {
        ((conversation * 7 + turn * 3 + rater * usize::from(conversation.is_multiple_of(3))) % 5) as f64
    };
    let votes = |name: &dyn Fn(usize, usize) -> String, of: &[usize]| {
        let mut votes: Vec<(&'static str, String, f64)> = Vec::new();
        for (nth, conversation) in of.iter().enumerate() {
            for turn in 0..3 {
                for (rater, who) in ["ana", "bo"].into_iter().enumerate() {
                    votes.push((who, name(nth, turn), value(*conversation, turn, rater)));
                }
            }
        }
        Table::of(votes.leak().iter().map(|(who, item, value)| (*who, item.as_str(), *value)))
    };
    let name = |nth: usize, turn: usize| format!("{nth:02}-{turn}");
    let all: Vec<usize> = (0..12).collect();
    let table = votes(&name, &all);
    let told =
        alpha_between_clusters(&table, Level::Interval, (200, 9), |item| item[..2].parse().ok()).unwrap();
    // The same samples, each as a table of its own.
    let mut chance = Chance::new(9);
    let mut seen = Vec::new();
    for _ in 0..200 {
        let drawn: Vec<usize> = (0..12).map(|_| chance.below(12)).collect();
        seen.extend(alpha(&votes(&name, &drawn), Level::Interval));
    }
    seen.sort_by(f64::total_cmp);
    let at = |share| percentile(&seen, share).unwrap();
    assert!((told.low - at(0.025)).abs() < 1e-9 && (told.high - at(0.975)).abs() < 1e-9, "{told:?}");
    let alone = alpha_between(&table, Level::Interval, 200, 9).unwrap();
    assert!((alone.value - told.value).abs() < 1e-12 && alone != told);
}
