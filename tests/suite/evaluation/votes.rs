//! Votes: what fits a task, what stands, and what they come to.

use outcrop::domain::evaluation::agreement::{Level, Weights, alpha, cohen, of_votes, percent_agreement};
use outcrop::domain::evaluation::battle::{Battle, Outcome};
use outcrop::domain::evaluation::bias::{Side, position, side};
use outcrop::domain::evaluation::figure::Missing;
use outcrop::domain::evaluation::gold::on_gold;
use outcrop::domain::evaluation::item::Item;
use outcrop::domain::evaluation::metric::{Method, Metric};
use outcrop::domain::evaluation::task::{Blinding, Gold, TaskDefinition};
use outcrop::domain::evaluation::vote::{Chosen, ResponseId, Said, Skip, Value, Vote, standing};
use outcrop::domain::id::VoteId;
use outcrop::domain::time::Timestamp;

fn id(name: &str) -> ResponseId {
    ResponseId(name.into())
}

fn metric(method: Method) -> Metric {
    Metric { name: "m".into(), description: "Is it good?".into(), method, labels: Vec::new() }
}

fn task(method: Method) -> TaskDefinition {
    TaskDefinition {
        name: "helpful".into(),
        instructions: "Say which helps.".into(),
        examples: Vec::new(),
        metrics: vec![metric(method)],
        raters_per_item: 1,
        blinding: Blinding::default(),
        gold: Vec::new(),
        repeats: 0,
        version: 1,
    }
}

fn vote(number: u8, shown: &[&str], value: Value) -> Vote {
    Vote {
        id: VoteId::from_bytes([number; 16]),
        rater: "ana".into(),
        item: Item::asking("why?").hash(),
        version: 1,
        shown: shown.iter().map(|name| id(name)).collect(),
        said: Said::Values(vec![("m".into(), value)]),
        active_ms: 4_000,
        at: Timestamp(1_000),
        supersedes: None,
        comment: None,
        repeat: false,
    }
}

fn ranks(ranks: &[(&str, u8)]) -> Value {
    Value::Ranks(ranks.iter().map(|(name, rank)| (id(name), *rank)).collect())
}

#[test]
fn a_vote_that_fits_its_task_is_taken() {
    let thumbs = Value::Thumbs(vec![(id("x"), true), (id("y"), false)]);
    let points = Value::Points(vec![(id("y"), 5), (id("x"), 1)]);
    for (method, value) in [
        (Method::ThumbsUpDown, thumbs),
        (Method::IndividualLikertScale, points),
        (Method::ComparisonLikertScale, Value::Preference(3)),
        (Method::ComparisonChoice, Value::Choice(Chosen::One(id("y")))),
        (Method::ComparisonChoice, Value::Choice(Chosen::BothBad)),
        (Method::ComparisonRank, ranks(&[("x", 1), ("y", 1)])),
    ] {
        assert_eq!(vote(1, &["x", "y"], value).check(&task(method)), Ok(()), "{method:?}");
    }
    let skipped = Vote { said: Said::Skipped(Skip::Unclear), ..vote(1, &[], Value::Preference(1)) };
    assert_eq!(skipped.check(&task(Method::ThumbsUpDown)), Ok(()));
}

#[test]
fn what_does_not_fit_is_named() {
    let shown = ["x", "y"];
    let one = Value::Points(vec![(id("x"), 3)]);
    let twice = Value::Points(vec![(id("x"), 3), (id("x"), 4)]);
    for (method, value, why) in [
        (Method::ThumbsUpDown, Value::Preference(1), "what is not of the method ThumbsUpDown"),
        (Method::IndividualLikertScale, one, "something of other answers than were shown, or not of all"),
        (Method::IndividualLikertScale, twice, "something of other answers than were shown, or not of all"),
        (Method::ComparisonLikertScale, Value::Preference(6), "6, which is not from 1 to 5"),
        (Method::ComparisonLikertScale, Value::Preference(0), "0, which is not from 1 to 5"),
        (Method::ComparisonChoice, Value::Choice(Chosen::One(id("z"))), "an answer that was not shown"),
        (Method::ComparisonRank, ranks(&[("x", 1), ("y", 3)]), "3, which is not from 1 to 2"),
    ] {
        let told = vote(1, &shown, value).check(&task(method)).unwrap_err();
        assert_eq!(told.why, format!("of \"m\" it says {why}"));
    }
    let fits = vote(1, &shown, Value::Preference(1));
    let task = task(Method::ComparisonLikertScale);
    let other = Vote { version: 2, ..fits.clone() };
    assert_eq!(other.check(&task).unwrap_err().why, "it is of version 2 of the task, not 1");
    let silent = Vote { said: Said::Values(Vec::new()), ..fits.clone() };
    assert_eq!(silent.check(&task).unwrap_err().why, "it says nothing of \"m\"");
    let value = |name: &str| (name.to_owned(), Value::Preference(1));
    let more = Vote { said: Said::Values(vec![value("m"), value("n")]), ..fits.clone() };
    assert_eq!(more.check(&task).unwrap_err().why, "the task has no metric \"n\"");
    let twice = Vote { said: Said::Values(vec![value("m"), value("m")]), ..fits };
    assert_eq!(twice.check(&task).unwrap_err().why, "it rates \"m\" twice");
}

#[test]
fn a_vote_taken_back_does_not_stand_and_nobody_takes_back_anothers() {
    let vote = |number| vote(number, &["x", "y"], Value::Preference(1));
    let first = vote(1);
    let second = Vote { supersedes: Some(first.id), ..vote(2) };
    let third = Vote { supersedes: Some(second.id), ..vote(3) };
    let foreign = Vote { rater: "bo".into(), supersedes: Some(third.id), ..vote(4) };
    let votes = [first, second, third.clone(), foreign, third];
    let ids: Vec<VoteId> = standing(&votes).iter().map(|vote| vote.id).collect();
    assert_eq!(ids, [VoteId::from_bytes([3; 16]), VoteId::from_bytes([4; 16])]);
}

#[test]
fn a_vote_that_is_taken_back_stands_no_more_and_neither_does_what_took_it() {
    let said = |number| vote(number, &["x", "y"], Value::Preference(2));
    let first = said(1);
    let back = Vote { said: Said::Withdrawn, supersedes: Some(first.id), ..said(2) };
    assert_eq!(back.check(&task(Method::ComparisonLikertScale)), Ok(()));
    assert_eq!(standing([&first, &back]), Vec::<&Vote>::new());
    // Whoever thinks again after that votes again.
    let again = Vote { supersedes: Some(back.id), ..said(3) };
    assert_eq!(standing([&first, &back, &again]), [&again]);
    let foreign = Vote { rater: "bo".into(), ..back.clone() };
    assert_eq!(standing([&first, &foreign]), [&first]);

    let text = serde_json::to_string(&back).unwrap();
    assert!(text.contains(r#""said":"withdrawn""#), "{text}");
    assert_eq!(serde_json::from_str::<Vote>(&text).unwrap(), back);
}

#[test]
fn comparing_votes_come_to_battles_by_model_wherever_answers_stood() {
    let said = |method: Method, shown: &[&str], value: Value| -> Vec<String> {
        let told = vote(1, shown, value).battles(&metric(method), named);
        let prompt = Item::asking("why?").hash().0;
        assert!(told.iter().all(|battle: &Battle| battle.prompt.as_ref() == Some(&prompt)));
        told.into_iter()
            .map(|battle| {
                let sign = match battle.outcome {
                    Outcome::A => ">",
                    Outcome::B => "<",
                    Outcome::Tie => "=",
                    Outcome::BothBad => "!",
                };
                format!("{}{sign}{}", battle.a, battle.b)
            })
            .collect()
    };
    let preference = |points| said(Method::ComparisonLikertScale, &["y", "x"], Value::Preference(points));
    let told: Vec<Vec<String>> = (1..=5).map(preference).collect();
    assert_eq!(told, [["small>tall"], ["small>tall"], ["small=tall"], ["small<tall"], ["small<tall"]]);
    let choice = |chosen| said(Method::ComparisonChoice, &["y", "x", "z"], Value::Choice(chosen));
    assert_eq!(choice(Chosen::One(id("x"))), ["tall>small", "tall>third"]);
    assert_eq!(choice(Chosen::Tie), ["small=tall", "small=third", "tall=third"]);
    assert_eq!(choice(Chosen::BothBad).len(), 3);
    let ranked = ranks(&[("x", 2), ("y", 1), ("z", 2)]);
    assert_eq!(
        said(Method::ComparisonRank, &["x", "y", "z"], ranked),
        ["tall<small", "tall=third", "small>third"]
    );
    let thumbs = Value::Thumbs(vec![(id("x"), true), (id("y"), false)]);
    assert_eq!(said(Method::ThumbsUpDown, &["x", "y"], thumbs), Vec::<String>::new());
    // An answer that is nobody's has no battle.
    assert_eq!(said(Method::ComparisonLikertScale, &["x", "?"], Value::Preference(1)), Vec::<String>::new());
}

#[test]
fn a_vote_is_read_as_it_was_written() {
    let votes = [
        vote(1, &["x", "y"], ranks(&[("x", 2), ("y", 1)])),
        vote(1, &["x", "y"], Value::Choice(Chosen::Tie)),
        Vote {
            said: Said::Skipped(Skip::NotMyField),
            comment: Some("no".into()),
            ..vote(2, &["x"], Value::Preference(1))
        },
    ];
    for vote in votes {
        let text = serde_json::to_string(&vote).unwrap();
        assert_eq!(serde_json::from_str::<Vote>(&text).unwrap(), vote);
    }
}

/// Whose the answers are.
fn named(id: &ResponseId) -> Option<&'static str> {
    match id.0.as_str() {
        "x" => Some("tall"),
        "y" => Some("small"),
        "z" => Some("third"),
        _ => None,
    }
}

/// A vote of a rater on an item of that number.
fn on(item: u8, rater: &str, shown: &[&str], value: Value) -> Vote {
    Vote { item: Item::asking(item.to_string()).hash(), rater: rater.into(), ..vote(item, shown, value) }
}

#[test]
fn raters_who_choose_the_same_answer_agree_wherever_it_stood() {
    let choice = |name: &str| Value::Choice(Chosen::One(id(name)));
    let both = |method, one: [Value; 2], other: [Value; 2]| {
        let [first, second] = one;
        let [third, fourth] = other;
        let votes = vec![
            on(1, "ana", &["x", "y"], first),
            on(2, "ana", &["y", "x"], second),
            on(1, "bo", &["y", "x"], third),
            on(2, "bo", &["x", "y"], fourth),
        ];
        of_votes(&*votes.leak(), &metric(method), named)
    };
    let (table, level) =
        both(Method::ComparisonChoice, [choice("x"), choice("y")], [choice("x"), choice("y")]);
    assert_eq!((level, alpha(&table, level)), (Level::Nominal, Ok(1.0)));
    let points = |a, b| [Value::Preference(a), Value::Preference(b)];
    let (table, level) = both(Method::ComparisonLikertScale, points(1, 4), points(5, 2));
    assert_eq!(level, Level::Ordinal);
    // 1 for the left x is 5 with x on the right; 4 for the right x is 2 with x on the left.
    assert!((percent_agreement(&table).unwrap().share - 1.0).abs() < 1e-12);
    // The same keys were pressed: by side they agree, by answer not at all.
    let (table, _) = both(Method::ComparisonLikertScale, points(1, 4), points(1, 4));
    assert!(percent_agreement(&table).unwrap().share <= 0.0);
    // What is nobody's answer is left out.
    let (table, _) = both(Method::ComparisonChoice, [choice("x"), choice("?")], [choice("x"), choice("?")]);
    assert_eq!(alpha(&table, Level::Nominal), Err(Missing::OneItem));
    let ranks = |x, y| ranks(&[("x", x), ("y", y)]);
    let (table, level) = both(Method::ComparisonRank, [ranks(1, 2), ranks(2, 1)], [ranks(1, 2), ranks(2, 1)]);
    assert!((alpha(&table, level).unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn each_answer_that_is_rated_for_itself_is_an_item_and_repeats_are_none() {
    let points = |x, y| Value::Points(vec![(id("x"), x), (id("y"), y)]);
    let mut votes = vec![on(1, "ana", &["x", "y"], points(5, 1)), on(1, "bo", &["y", "x"], points(5, 1))];
    votes.push(Vote { repeat: true, ..on(1, "bo", &["x", "y"], points(1, 1)) });
    let (table, level) = of_votes(&votes, &metric(Method::IndividualLikertScale), named);
    assert_eq!((level, table.raters().len()), (Level::Ordinal, 2));
    let kappa = cohen(&table, 0, 1, Weights::Quadratic).unwrap();
    assert_eq!((kappa.items, alpha(&table, level)), (2, Ok(1.0)));
    let thumbs = Value::Thumbs(vec![(id("x"), true), (id("y"), true)]);
    let votes = [on(1, "ana", &["x", "y"], thumbs)];
    let (table, level) = of_votes(&votes, &metric(Method::ThumbsUpDown), named);
    assert_eq!((level, table.raters().len()), (Level::Nominal, 1));
}

#[test]
fn the_side_that_was_chosen_is_known_for_every_way_to_compare() {
    let told = |method, shown: &[&str], value| side(&vote(1, shown, value), &metric(method));
    let two = ["x", "y"];
    let scale = |points| told(Method::ComparisonLikertScale, &two, Value::Preference(points));
    assert_eq!(
        [1, 2, 3, 4, 5].map(scale),
        [
            Some(Some(Side::Left)),
            Some(Some(Side::Left)),
            Some(None),
            Some(Some(Side::Right)),
            Some(Some(Side::Right))
        ]
    );
    let choice = |chosen| told(Method::ComparisonChoice, &two, Value::Choice(chosen));
    assert_eq!(choice(Chosen::One(id("y"))), Some(Some(Side::Right)));
    assert_eq!(choice(Chosen::BothBad), Some(None));
    let ranked = |value| told(Method::ComparisonRank, &two, value);
    assert_eq!(ranked(ranks(&[("y", 2), ("x", 1)])), Some(Some(Side::Left)));
    assert_eq!(ranked(ranks(&[("y", 1), ("x", 1)])), Some(None));
    assert_eq!(told(Method::ThumbsUpDown, &two, Value::Thumbs(Vec::new())), None);
    // Of three, the one in the middle stands on no side.
    let of_three = |chosen| told(Method::ComparisonChoice, &["x", "y", "z"], Value::Choice(chosen));
    assert_eq!(of_three(Chosen::Tie), Some(None));
    let sides = ["x", "y", "z"].map(|name| of_three(Chosen::One(id(name))).unwrap());
    assert_eq!(sides, [Some(Side::Left), None, Some(Side::Right)]);
    let best = |value| told(Method::ComparisonRank, &["x", "y", "z"], value);
    assert_eq!(best(ranks(&[("x", 2), ("y", 3), ("z", 1)])), Some(Some(Side::Right)));
    assert_eq!(best(ranks(&[("x", 1), ("y", 2), ("z", 1)])), Some(None));
    let votes = [1, 2, 3].map(scale);
    assert_eq!(position(votes.into_iter().flatten()).votes, 2);
}

#[test]
fn raters_are_held_against_the_items_whose_answer_is_known() {
    let told = |method, known: Value, shown: &[&str], votes: &[Vote]| -> Vec<(String, f64)> {
        let gold = |item: u8| Gold {
            item: Item::asking(item.to_string()).hash(),
            metric: "m".into(),
            value: known.clone(),
            shown: shown.iter().map(|name| id(name)).collect(),
        };
        let task = TaskDefinition { gold: vec![gold(1), gold(2)], ..task(method) };
        let shares = on_gold(&task, votes).into_iter();
        shares.map(|(rater, share)| (rater.to_owned(), share.unwrap().value)).collect()
    };
    let choice = |name: &str| Value::Choice(Chosen::One(id(name)));
    let votes = [
        on(1, "ana", &["x", "y"], choice("x")),
        on(2, "ana", &["y", "x"], choice("y")),
        on(1, "bo", &["y", "x"], choice("x")),
        on(3, "cy", &["x", "y"], choice("y")),
    ];
    let known = [("ana".to_owned(), 0.5), ("bo".to_owned(), 1.0)];
    assert_eq!(told(Method::ComparisonChoice, choice("x"), &[], &votes), known);
    // On a scale the next point is right as well, whichever side the answers stood on.
    let votes = [
        on(1, "ana", &["y", "x"], Value::Preference(4)),
        on(2, "ana", &["x", "y"], Value::Preference(4)),
        on(1, "bo", &["x", "y"], Value::Preference(1)),
    ];
    assert_eq!(told(Method::ComparisonLikertScale, Value::Preference(1), &["x", "y"], &votes), known);
    let towards_x = Value::Points(vec![(id("x"), 5)]);
    assert_eq!(told(Method::ComparisonLikertScale, towards_x, &[], &votes), known);
    let points = |x, y| Value::Points(vec![(id("x"), x), (id("y"), y)]);
    let only_x = Value::Points(vec![(id("x"), 4)]);
    let votes = [
        on(1, "ana", &["x", "y"], points(5, 1)),
        on(2, "ana", &["x", "y"], points(2, 1)),
        on(1, "bo", &["x", "y"], points(4, 5)),
    ];
    assert_eq!(told(Method::IndividualLikertScale, only_x, &[], &votes), known);
}
