//! The results of an evaluation: the report card at every size, what is missing in words, disagreements and decisions.

use outcrop::domain::evaluation::decision::Decision;
use outcrop::domain::evaluation::job::{Evaluation, GenerationState, SoFar, Unblinded};
use outcrop::domain::evaluation::metric::{Method, Metric};
use outcrop::domain::evaluation::report::{Rated, RatedItem, Report, Sources, Votes};
use outcrop::domain::evaluation::task::TaskDefinition;
use outcrop::domain::evaluation::vote::{Chosen, ResponseId, Said, Skip, Value, Vote};
use outcrop::domain::evaluation::{Item, Response};
use outcrop::domain::id::VoteId;
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::{Effect, Written};
use outcrop::tui::event::{Event, Saved};
use outcrop::workbench::Reply;
use outcrop::workbench::request::evaluations::{Evaluations, ReportForm};

use super::evaluate::{best, evaluation, evaluations, list, metric, task};
use super::{MARKDOWN, shoot};
use crate::stage::{NOW, Stage};

const SOURCES: [&str; 2] = ["local/smollm2-135m", "home/qwen3"];
const RATERS: [&str; 3] = ["ana", "bo", "cy"];
const SEED: u64 = 1;

/// What is rated: questions of two categories, two answers each.
fn items(many: usize, sources: &[&str]) -> Vec<Item> {
    let response = |n: usize, model: &str| Response {
        model: model.to_owned(),
        text: format!("The answer of {} to question {n}.\n\nIt goes on a little.", model.len()),
    };
    (0..many)
        .map(|n| Item {
            category: Some(if n % 3 == 0 { "billing" } else { "shipping" }.to_owned()),
            reference: Some("It says where to ask and how long it takes.".into()),
            responses: sources.iter().map(|model| response(n, model)).collect(),
            ..Item::asking(format!("Question {n}: how do I get a refund for a duplicate charge?"))
        })
        .collect()
}

/// A number that looks like chance and is always the same.
fn dice(a: usize, b: usize, c: usize) -> usize {
    (a * 7919 + b * 104_729 + c * 1_299_709 + a * b * 31 + 17) % 1009
}

/// A value of a rater on an item.
fn said(metric: &Metric, shown: &[ResponseId], (item, rater): (usize, usize)) -> Value {
    let roll = |more: usize| dice(item, rater, more);
    let each = |points: usize| {
        let point =
            |(at, id): (usize, &ResponseId)| (id.clone(), (1 + (roll(at) + item * (1 + at)) % points) as u8);
        shown.iter().enumerate().map(point).collect()
    };
    match metric.method {
        Method::ThumbsUpDown => {
            Value::Thumbs(shown.iter().enumerate().map(|(at, id)| (id.clone(), roll(at) % 4 > at)).collect())
        }
        Method::IndividualLikertScale => Value::Points(each(metric.points().unwrap().into())),
        Method::ComparisonLikertScale => Value::Preference((1 + roll(3) % 5) as u8),
        Method::ComparisonChoice => Value::Choice(match roll(5) % 10 {
            0 => Chosen::Tie,
            1 => Chosen::BothBad,
            2..5 => Chosen::One(shown[0].clone()),
            _ => Chosen::One(shown[1].clone()),
        }),
        Method::ComparisonRank => {
            let first = roll(2) % shown.len();
            let place = |(at, id): (usize, &ResponseId)| {
                (id.clone(), (1 + (at + shown.len() - first) % shown.len()) as u8)
            };
            Value::Ranks(shown.iter().enumerate().map(place).collect())
        }
    }
}

fn report_of(metrics: Vec<Metric>, many: usize, raters: &[&str], sources: &[&str]) -> Report {
    let items = items(many, sources);
    let task = TaskDefinition { version: 2, ..task(metrics) };
    let mut names = Sources::default();
    let mut votes = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let hash = item.hash();
        let ids: Vec<ResponseId> = sources.iter().map(|source| ResponseId::of(SEED, &hash, source)).collect();
        names.extend(ids.iter().cloned().zip(sources.iter().map(|source| (*source).to_owned())));
        for (who, rater) in raters.iter().enumerate() {
            if dice(at, who, 99).is_multiple_of(9) {
                continue;
            }
            let mut shown = ids.clone();
            if dice(at, who, 4).is_multiple_of(2) {
                shown.reverse();
            }
            let values = task
                .metrics
                .iter()
                .map(|metric| (metric.name.clone(), said(metric, &shown, (at, who))))
                .collect();
            let mut id = [0; 16];
            id[14..].copy_from_slice(&(votes.len() as u16 + 1).to_be_bytes());
            let skips = dice(at, who, 77).is_multiple_of(25);
            votes.push(Vote {
                id: VoteId::from_bytes(id),
                rater: (*rater).to_owned(),
                item: hash.clone(),
                version: 2,
                shown,
                said: if skips { Said::Skipped(Skip::Unclear) } else { Said::Values(values) },
                active_ms: 4_000 + dice(at, who, 8) as u64 * 10,
                at: Timestamp(NOW - 3_600_000 + votes.len() as i64 * 1_000),
                supersedes: None,
                comment: (at == 4 && who == 0).then(|| "Both say it, one of them twice.".to_owned()),
                repeat: false,
            });
        }
    }
    let hashes: Vec<_> = items.iter().map(Item::hash).collect();
    let rated: Vec<RatedItem> = items
        .iter()
        .map(|item| RatedItem {
            hash: (&item.hash()).into(),
            category: item.category.clone().map(Into::into),
            conversation: None,
        })
        .collect();
    for item in &items {
        for (of, n) in item.responses.iter().zip(1..) {
            names.measure(&ResponseId::of(SEED, &item.hash(), &of.model), n * 100);
        }
    }
    Report::of(&Rated {
        task: &task,
        votes: &Votes::of(&task, votes),
        items: &rated,
        sources: &names,
        raters: &[],
        unblinded: &[],
        rounds: 60,
        seed: 3,
    })
    .with_questions(hashes.iter().zip(&items).map(|(hash, item)| (hash, item.prompt())))
}

fn several() -> Vec<Metric> {
    vec![
        metric("Correct", Method::ThumbsUpDown, &[]),
        metric("Tone", Method::IndividualLikertScale, &["cold", "cool", "plain", "warm", "kind"]),
        metric("Which", Method::ComparisonLikertScale, &[]),
        metric("Order", Method::ComparisonRank, &[]),
    ]
}

/// An evaluation whose owner has looked before, or not.
fn judged(looked: bool) -> Evaluation {
    let unblinded =
        if looked { vec![Unblinded { by: "tester".into(), at: Timestamp(NOW) }] } else { Vec::new() };
    Evaluation { unblinded, ..evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0) }
}

fn show(stage: &mut Stage, report: Report, looked: bool) {
    list(stage, vec![judged(looked)]);
    stage.keys("o");
    stage.answer("evaluations\":{\"report", vec![Reply::EvaluationReport { report, decisions: Vec::new() }]);
}

fn choice() -> Report {
    report_of(best(), 40, &RATERS, &SOURCES)
}

#[test]
fn the_report_card_shows_shares_rankings_and_agreement() {
    shoot("results-choice", |stage| show(stage, choice(), false));
    shoot("results-choice-on", |stage| {
        show(stage, choice(), true);
        stage.keys("<tab><tab><tab>");
    });
}

#[test]
fn scales_have_histograms_and_preferences_their_strengths() {
    shoot("results-scales", |stage| {
        show(stage, report_of(several(), 40, &RATERS, &SOURCES), true);
        stage.keys("<tab><tab><tab>");
    });
    shoot("results-scales-end", |stage| {
        show(stage, report_of(several(), 40, &RATERS, &SOURCES), true);
        stage.keys("G");
    });
    let mut stage = Stage::settled(100, 260, "dark");
    show(&mut stage, report_of(several(), 40, &RATERS, &SOURCES), true);
    insta::assert_snapshot!("results-scales-whole", stage.text());
}

#[test]
fn three_sources_have_a_table_of_everyone_against_everyone() {
    let mut stage = Stage::settled(100, 120, "dark");
    let three = ["local/smollm2-135m", "home/qwen3", "bedrock/anthropic.claude-haiku"];
    show(
        &mut stage,
        report_of(vec![metric("Order", Method::ComparisonRank, &[])], 30, &RATERS, &three),
        true,
    );
    insta::assert_snapshot!("results-three", stage.text());
    let metrics = || vec![metric("Order", Method::ComparisonRank, &[])];
    shoot("results-among-three", |stage| show(stage, report_of(metrics(), 30, &RATERS, &three), true));
    shoot("results-three-end", |stage| {
        show(stage, report_of(metrics(), 30, &RATERS, &three), true);
        stage.keys("G");
    });
}

#[test]
fn what_cannot_be_told_is_said_in_words() {
    shoot("results-nothing", |stage| show(stage, report_of(several(), 3, &[], &SOURCES), true));
    let mut stage = Stage::settled(80, 120, "dark");
    show(&mut stage, report_of(several(), 3, &RATERS[..1], &SOURCES), true);
    let text = stage.text();
    assert!(text.contains("n/a: one rater") && !text.contains("NaN"), "{text}");
    insta::assert_snapshot!("results-one-rater", text);
    shoot("results-alone", |stage| show(stage, report_of(several(), 3, &RATERS[..1], &SOURCES), true));
    shoot("results-one-rater-end", |stage| {
        show(stage, report_of(several(), 3, &RATERS[..1], &SOURCES), true);
        stage.keys("G");
    });
}

#[test]
fn who_looks_for_the_first_time_is_told_that_it_is_kept() {
    let kept = "that you looked is kept";
    let mut stage = Stage::settled(80, 24, "dark");
    show(&mut stage, choice(), false);
    assert!(stage.text().contains(kept), "{}", stage.text());
    let mut stage = Stage::settled(80, 24, "dark");
    show(&mut stage, choice(), true);
    assert!(!stage.text().contains(kept), "{}", stage.text());
}

#[test]
fn who_rates_in_it_is_asked_before_they_look_whose_the_answers_are() {
    let rates = |looked| Evaluation { raters: vec!["tester".into()], ..judged(looked) };
    let report = Evaluations::Report { id: rates(false).id, version: None };
    shoot("results-asked-before", |stage| {
        list(stage, vec![rates(false)]);
        assert_eq!(evaluations(&stage.keys("o")), []);
    });
    let mut stage = Stage::settled(80, 24, "dark");
    list(&mut stage, vec![rates(false)]);
    stage.keys("o");
    assert!(stage.text().contains("Look at the results of"), "{}", stage.text());
    assert_eq!(evaluations(&stage.keys("<esc>")), []);
    assert!(stage.state.overlays.is_empty());
    assert_eq!(evaluations(&stage.keys("o<enter>")), [], "Enter stays");
    assert!(stage.state.overlays.is_empty());
    stage.keys("o");
    assert_eq!(evaluations(&stage.keys("l")), std::slice::from_ref(&report));
    assert!(stage.state.overlays.is_empty());
    // What others said is not told them unasked, either.
    let mut open = rates(false);
    open.task.blinding.models = false;
    open.raters.push("bo".into());
    let mut stage = Stage::settled(80, 24, "dark");
    list(&mut stage, vec![open.clone()]);
    assert_eq!(evaluations(&stage.keys("o")), []);
    // Once they have looked, and where nothing is hidden, there is nothing to ask.
    open.raters.pop();
    for evaluation in [rates(true), open] {
        let mut stage = Stage::settled(80, 24, "dark");
        list(&mut stage, vec![evaluation]);
        assert_eq!(evaluations(&stage.keys("o")), std::slice::from_ref(&report));
    }
}

#[test]
fn where_results_tell_nothing_and_where_nothing_is_left_to_rate_nobody_is_asked() {
    let rates = |votes, said, repeats| {
        let rated = Some(SoFar { votes, needed: 600, said });
        let mut of = Evaluation { raters: vec!["tester".into()], rated, ..judged(false) };
        of.task.repeats = repeats;
        of
    };
    let asks = |evaluation: Evaluation| {
        let mut stage = Stage::settled(80, 24, "dark");
        list(&mut stage, vec![evaluation]);
        evaluations(&stage.keys("o")).is_empty()
    };
    assert!(!asks(rates(0, false, 5)), "nothing was said");
    assert!(asks(rates(0, true, 5)), "somebody skipped, or took back what they said");
    assert!(asks(rates(599, true, 0)));
    assert!(!asks(rates(600, true, 0)), "every item has its raters");
    assert!(asks(rates(600, true, 5)), "items come again");
}

/// An item with what three raters said of it by a choice; the last one skips it.
fn judged_item(item: Item) -> Reply {
    let hash = item.hash();
    let ids: Vec<ResponseId> = SOURCES.iter().map(|source| ResponseId::of(SEED, &hash, source)).collect();
    let chosen = |chosen| Said::Values(vec![("Helpfulness".into(), Value::Choice(chosen))]);
    let said = [
        ("bob", chosen(Chosen::One(ids[1].clone()))),
        ("ana", chosen(Chosen::Tie)),
        ("cleo", Said::Skipped(Skip::Unclear)),
    ];
    let vote = |(at, (rater, said)): (usize, (&str, Said))| Vote {
        id: VoteId::from_bytes([at as u8 + 1; 16]),
        rater: rater.into(),
        item: hash.clone(),
        version: 2,
        shown: ids.clone(),
        said,
        active_ms: 4_000,
        at: Timestamp(NOW),
        supersedes: None,
        comment: None,
        repeat: false,
    };
    let votes = said.into_iter().enumerate().map(vote).collect();
    Reply::JudgedItem { item, votes, decisions: Vec::new() }
}

/// The results with the first disagreement open.
fn open(stage: &mut Stage, report: &Report) -> Item {
    show(stage, report.clone(), true);
    assert!(evaluations(&stage.keys("<enter>")).is_empty(), "it goes to the first one");
    let [Evaluations::Judged { item, .. }] = &evaluations(&stage.keys("<enter>"))[..] else { panic!() };
    let whole = items(40, &SOURCES).into_iter().find(|other| other.hash() == *item).unwrap();
    stage.answer("evaluations\":{\"judged", vec![judged_item(whole.clone())]);
    whole
}

#[test]
fn a_disagreement_opens_with_whose_the_answers_are_and_what_was_said() {
    shoot("results-open", |stage| {
        open(stage, &choice());
    });
}

#[test]
fn the_answers_of_a_disagreement_are_set_as_the_rater_had_them_and_scroll() {
    let disputed = |stage: &mut Stage| {
        show(stage, choice(), true);
        stage.keys("<enter><enter>");
        let mut item = items(1, &SOURCES).remove(0);
        for response in &mut item.responses {
            response.text = format!("{MARKDOWN}\n\nIt is\u{1b}[31m {}.", response.model);
        }
        stage.answer("evaluations\":{\"judged", vec![judged_item(item)]);
    };
    shoot("results-open-set", |stage| {
        disputed(stage);
        stage.keys("jjjjjjjjjj");
    });
    let mut stage = Stage::settled(80, 24, "dark");
    disputed(&mut stage);
    // What was said goes.
    stage.pass(20_000);
    let top = stage.text();
    stage.keys("G");
    let end = stage.text();
    assert!(end != top && end.contains("It is") && !end.contains(['\u{1b}', '*']), "{end}");
}

#[test]
fn results_are_in_the_words_that_raters_had() {
    let labelled = || {
        let labels = ["A better", "B better", "as good", "neither helps"];
        let metrics = vec![
            metric("Better", Method::ComparisonChoice, &labels),
            metric("Order", Method::ComparisonRank, &["first", "last"]),
        ];
        report_of(metrics, 40, &RATERS, &SOURCES)
    };
    shoot("results-labels", |stage| show(stage, labelled(), true));
    let mut stage = Stage::settled(100, 200, "dark");
    show(&mut stage, labelled(), true);
    let text = stage.text();
    for words in ["(as good)", "(neither helps)", "1 first", "2 last", "neither helps ×"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("(ties)") && !text.contains("both bad"), "{text}");
}

#[test]
fn points_that_have_words_are_said_with_them_where_raters_differ() {
    let labels = ["cold", "cool", "plain", "warm", "kind"];
    let report =
        report_of(vec![metric("Tone", Method::IndividualLikertScale, &labels)], 40, &RATERS, &SOURCES);
    let mut stage = Stage::settled(120, 200, "dark");
    show(&mut stage, report, true);
    let text = stage.text();
    assert!(labels.iter().zip(1..).any(|(label, at)| text.contains(&format!("{at} {label} ×"))), "{text}");
}

#[test]
fn a_ranking_by_category_has_no_head_where_there_is_none() {
    let mut report = choice();
    let told = |report: &Report| {
        let mut stage = Stage::settled(100, 200, "dark");
        show(&mut stage, report.clone(), true);
        stage.text()
    };
    assert!(told(&report).contains("Ranking by category"), "{}", told(&report));
    for part in &mut report.metrics[0].by_category {
        part.leaderboard = None;
    }
    assert!(!told(&report).contains("Ranking by category"), "{}", told(&report));
}

#[test]
fn it_is_decided_for_a_reason_and_the_history_stays() {
    let mut stage = Stage::settled(100, 40, "dark");
    let item = open(&mut stage, &choice());
    let hash = item.hash();
    stage.keys("a");
    let menu = stage.text();
    assert!(menu.contains("a tie") && menu.contains("both bad"), "{menu}");
    stage.keys("<enter><enter>");
    assert!(stage.text().contains("A reason is needed"), "{}", stage.text());
    let asked = evaluations(&stage.keys("It says how long it takes.<enter>"));
    let value = |source: &str| Value::Choice(Chosen::One(ResponseId::of(SEED, &hash, source)));
    let decided = |value: Value, reason: &str| Evaluations::Adjudicate {
        id: judged(true).id,
        item: hash.clone(),
        metric: "Helpfulness".into(),
        value,
        reason: reason.into(),
        version: 2,
    };
    assert_eq!(asked, [decided(value(SOURCES[0]), "It says how long it takes.")]);
    let decision = |n: u8, value: Value, reason: &str| Decision {
        id: VoteId::from_bytes([n; 16]),
        item: hash.clone(),
        metric: "Helpfulness".into(),
        value,
        reason: reason.into(),
        by: "tester".into(),
        at: Timestamp(NOW),
        version: 2,
    };
    let first = decision(1, value(SOURCES[0]), "It says how long it takes.");
    stage.answer("evaluations\":{\"adjudicate", vec![Reply::Decision { decision: first }]);
    stage.pass(10_000);
    let asked = evaluations(&stage.keys("a<down><down><enter>On second thoughts.<enter>"));
    assert_eq!(asked, [decided(Value::Choice(Chosen::Tie), "On second thoughts.")]);
    let second = decision(2, Value::Choice(Chosen::Tie), "On second thoughts.");
    stage.answer("evaluations\":{\"adjudicate", vec![Reply::Decision { decision: second }]);
    stage.pass(10_000);
    stage.keys("<esc>");
    let text = stage.text();
    assert!(
        text.contains("✓ a tie") && text.contains("    said home/qwen3 ×1, local/smollm2-135m ×1"),
        "{text}"
    );
}

#[test]
fn what_was_decided_before_stands_below_at_every_size() {
    shoot("results-decided", |stage| {
        let hash = open(stage, &choice()).hash();
        let source = Value::Choice(Chosen::One(ResponseId::of(SEED, &hash, SOURCES[0])));
        let decided = [
            (1, "a<enter>It says how long it takes.<enter>", source, "It says how long it takes."),
            (
                2,
                "a<down><down><enter>On second thoughts.<enter>",
                Value::Choice(Chosen::Tie),
                "On second thoughts.",
            ),
        ];
        for (n, keys, value, reason) in decided {
            stage.keys(keys);
            let decision = Decision {
                id: VoteId::from_bytes([n; 16]),
                item: hash.clone(),
                metric: "Helpfulness".into(),
                value,
                reason: reason.into(),
                by: "tester".into(),
                at: Timestamp(NOW),
                version: 2,
            };
            stage.answer("evaluations\":{\"adjudicate", vec![Reply::Decision { decision }]);
            stage.pass(10_000);
        }
    });
}

#[test]
fn who_said_what_of_a_disagreement_stands_by_name_before_its_owner() {
    let mut stage = Stage::settled(80, 24, "dark");
    open(&mut stage, &choice());
    let shown = stage.text();
    let row = |who: &str, what: &str| {
        shown.lines().any(|line| line.contains(who) && line.trim_end_matches([' ', '▐']).ends_with(what))
    };
    assert!(shown.contains("Who said it"), "{shown}");
    assert!(row("ana", "tie") && row("bob", SOURCES[1]) && row("cleo", "skipped: unclear"), "{shown}");
}

#[test]
fn a_decision_is_said_by_the_digit_of_its_row() {
    let mut stage = Stage::settled(80, 24, "dark");
    let item = open(&mut stage, &choice());
    stage.keys("a");
    let menu = stage.text();
    assert!(menu.contains("3 a tie") && menu.contains("4 both bad"), "{menu}");
    let asked = evaluations(&stage.keys("2It is right.<enter>"));
    let one = Value::Choice(Chosen::One(ResponseId::of(SEED, &item.hash(), SOURCES[1])));
    assert!(matches!(&asked[..], [Evaluations::Adjudicate { value, .. }] if *value == one), "{asked:?}");
}

#[test]
fn a_refused_decision_is_said_and_nothing_stands() {
    let mut stage = Stage::settled(100, 40, "dark");
    open(&mut stage, &choice());
    stage.keys("a<enter>so<enter>");
    let task = stage.task("evaluations\":{\"adjudicate");
    let error = Error::new(ErrorKind::Full, "keeping a decision", "the disk is full", "Free some space.");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    assert!(text.contains("the disk is full") && text.contains("Nothing yet"), "{text}");
    assert!(stage.keys("a").is_empty() && stage.text().contains("both bad"));
}

#[test]
fn the_next_disagreement_is_one_key_away_and_the_card_follows() {
    let mut stage = Stage::settled(100, 40, "dark");
    open(&mut stage, &choice());
    assert!(stage.text().contains("disagreement 1 of"));
    let asked = evaluations(&stage.keys("<tab>"));
    assert!(matches!(asked[..], [Evaluations::Judged { .. }]), "{asked:?}");
    assert!(stage.text().contains("disagreement 2 of"), "{}", stage.text());
    assert!(stage.keys("<shift+tab><shift+tab>").iter().any(|effect| matches!(effect, Effect::Call { .. })));
    assert!(stage.text().contains("This is the first one."), "{}", stage.text());
}

#[test]
fn what_the_numbers_are_is_one_key_away() {
    shoot("results-definitions", |stage| {
        show(stage, choice(), true);
        stage.keys("<tab>d");
    });
    let mut stage = Stage::settled(100, 30, "dark");
    show(&mut stage, choice(), true);
    stage.keys("<tab>d");
    assert!(
        stage.text().lines().nth(2).unwrap().contains("│ chosen"),
        "that of the chosen line comes first: {}",
        stage.text()
    );
}

#[test]
fn each_column_of_the_card_has_its_definition_there() {
    let mut stage = Stage::settled(120, 60, "dark");
    show(&mut stage, choice(), true);
    stage.keys("d");
    let mut all = String::new();
    for _ in 0..9 {
        all.push_str(&stage.text());
        stage.keys("<pagedown>");
    }
    for begins in [
        "Comparisons that a source took part in.",
        "How likely a share at least as far from half",
        "The share of the items that both raters",
        "Items that main figures are of",
    ] {
        assert!(all.contains(begins), "{begins}: {all}");
    }
}

#[test]
fn the_numbers_are_copied_and_counted_again() {
    let mut stage = Stage::settled(100, 30, "dark");
    show(&mut stage, choice(), true);
    let id = judged(true).id;
    let copy = Evaluations::WriteReport { id, version: None, form: ReportForm::Csv };
    assert_eq!(evaluations(&stage.keys("y")), [copy]);
    stage.answer("evaluations\":{\"write_report", vec![Reply::Text { text: "metric,part".into() }]);
    assert!(stage.effects.contains(&Effect::Copy("metric,part".into())));
    assert_eq!(evaluations(&stage.keys("r")), [Evaluations::Report { id, version: None }]);
    assert!(stage.text().contains("counting again…"), "{}", stage.text());
    let report = report_of(best(), 4, &RATERS, &SOURCES);
    stage.answer("evaluations\":{\"report", vec![Reply::EvaluationReport { report, decisions: Vec::new() }]);
    assert!(stage.text().contains("on 4 items"), "{}", stage.text());
    stage.keys("<esc>");
    assert!(stage.text().contains("items × answers"), "{}", stage.text());
}

#[test]
fn where_nothing_opens_the_first_disagreement_is_pointed_out() {
    shoot("results-differ", |stage| {
        show(stage, choice(), true);
        assert!(evaluations(&stage.keys("a")).is_empty());
        let text = stage.text();
        assert!(text.contains("Here is what raters differ on"), "{text}");
        assert!(text.contains("▌   Question "), "{text}");
        stage.pass(20_000);
    });
    let mut stage = Stage::settled(80, 24, "dark");
    show(&mut stage, report_of(best(), 4, &RATERS[..1], &SOURCES), true);
    stage.keys("<enter>");
    assert!(stage.text().contains("raters differ on no item"), "{}", stage.text());
}

#[test]
fn results_are_written_to_a_file_in_the_form_that_its_name_asks_for_and_over_none_unasked() {
    let mut stage = Stage::settled(80, 24, "dark");
    show(&mut stage, choice(), true);
    stage.keys("w");
    assert!(stage.text().contains("helpful-v2.md"), "{}", stage.text());
    stage.keys("<ctrl+u>out.pdf<enter>");
    assert!(stage.text().contains("The name ends in .md, .html, .csv or .json"), "{}", stage.text());
    stage.keys("<esc>");
    let id = judged(true).id;
    for (name, form) in [
        ("out.md", ReportForm::Markdown),
        ("out.HTML", ReportForm::Html),
        ("~/out.csv", ReportForm::Csv),
        ("out.json", ReportForm::Json),
    ] {
        stage.keys("w<ctrl+u>");
        let asked = evaluations(&stage.keys(&format!("{name}<enter>")));
        assert_eq!(asked, [Evaluations::WriteReport { id, version: None, form }]);
        stage.answer("evaluations\":{\"write_report", vec![Reply::Text { text: name.into() }]);
        let saves = |replace| Effect::Save {
            of: Written::Results(id),
            path: name.into(),
            text: name.into(),
            replace,
        };
        assert!(stage.effects.contains(&saves(false)), "{name}");
        stage.event(Event::Saved { of: Written::Results(id), path: name.into(), saved: Ok(Saved::Exists) });
        assert!(stage.text().contains("Replace the file"), "{}", stage.text());
        stage.pass(600);
        stage.keys("r");
        stage.answer("evaluations\":{\"write_report", vec![Reply::Text { text: name.into() }]);
        assert!(stage.effects.contains(&saves(true)), "{name}");
        let place = format!("/here/{name}");
        stage.event(Event::Saved {
            of: Written::Results(id),
            path: name.into(),
            saved: Ok(Saved::To(place.clone().into())),
        });
        assert!(stage.text().contains(&format!("Written to {place}")), "{}", stage.text());
    }
}

#[test]
fn what_a_sealed_workspace_refused_is_asked_anew_when_it_is_open() {
    let sealed =
        || Some(Error::new(ErrorKind::Passphrase, "opening the store", "none was given", "Type it."));
    let unlock = |stage: &mut Stage| {
        stage.keys("secret<enter>");
        let task = stage.task("unlock");
        stage.event(Event::Ended { task, error: None })
    };
    let id = judged(true).id;
    let mut stage = Stage::settled(100, 40, "dark");
    list(&mut stage, vec![judged(true)]);
    stage.keys("o");
    let task = stage.task("evaluations\":{\"report");
    stage.event(Event::Ended { task, error: sealed() });
    assert!(stage.text().contains("Passphrase"), "{}", stage.text());
    let asked = evaluations(&unlock(&mut stage));
    assert!(asked.contains(&Evaluations::Report { id, version: None }), "{asked:?}");

    let mut stage = Stage::settled(100, 40, "dark");
    open(&mut stage, &choice());
    stage.keys("a<enter>so<enter>");
    let task = stage.task("evaluations\":{\"adjudicate");
    stage.event(Event::Ended { task, error: sealed() });
    unlock(&mut stage);
    assert!(stage.text().contains("The decision was not kept: decide it again."), "{}", stage.text());
    stage.keys("a");
    assert!(stage.text().contains("both bad"), "it can be decided: {}", stage.text());
}

#[test]
fn results_that_cannot_be_counted_say_why() {
    let mut stage = Stage::settled(80, 24, "dark");
    list(&mut stage, vec![judged(true)]);
    stage.keys("o");
    assert!(stage.text().contains("Counting the votes…"), "{}", stage.text());
    let task = stage.task("evaluations\":{\"report");
    let error = Error::new(
        ErrorKind::NotFound,
        "reporting on \"helpful-v2\"",
        "it was deleted",
        "`outcrop eval list` shows those that there are.",
    );
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    assert!(text.contains("✗") && text.contains("it was deleted"), "{text}");
    let again = Evaluations::Report { id: judged(true).id, version: None };
    assert_eq!(evaluations(&stage.keys("r")), [again]);
}

#[test]
fn names_and_words_that_would_drive_a_terminal_are_shown_as_text() {
    let mut report = report_of(
        vec![metric("Tone\u{1b}[31m", Method::IndividualLikertScale, &["a\u{7}", "b"])],
        4,
        &RATERS,
        &["x\u{202e}y", "z"],
    );
    report.comments.iter_mut().for_each(|of| of.comment = "\u{1b}]0;title\u{7}".into());
    let mut stage = Stage::settled(80, 60, "dark");
    show(&mut stage, report, true);
    let text = stage.text();
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
}
