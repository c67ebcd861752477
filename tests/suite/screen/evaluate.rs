//! The evaluate place: its list, a sheet before a rater at every size, what its keys ask for, what is closed to raters.

use outcrop::domain::change::Changed;
use outcrop::domain::comparison::Column;
use outcrop::domain::evaluation::job::{
    Evaluation, Failure, Generation, GenerationState, SoFar, Source, Unblinded,
};
use outcrop::domain::evaluation::metric::{Method, Metric};
use outcrop::domain::evaluation::sheet::{Asked, Before, Cast, Pace, Seat, Sheet, Shown, Step};
use outcrop::domain::evaluation::task::{Blinding, Example, TaskDefinition};
use outcrop::domain::evaluation::vote::{Chosen, Said, Skip, Value};
use outcrop::domain::evaluation::{ItemHash, ResponseId, Turn};
use outcrop::domain::id::{EvaluationId, VoteId};
use outcrop::domain::message::Role;
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::app::Start;
use outcrop::tui::effect::Effect;
use outcrop::tui::event::{Button, Event, Mouse, MouseKind};
use outcrop::tui::key::KeyModifiers;
use outcrop::tui::pane::Place;
use outcrop::tui::pane::evaluate::Closed;
use outcrop::workbench::request::evaluations::Evaluations;
use outcrop::workbench::request::traces::Traces;
use outcrop::workbench::{Reply, Request};

use super::{SIZES, shoot};
use crate::stage::{NOW, Stage};

const ID: EvaluationId = EvaluationId::from_bytes([7; 16]);

pub(super) fn metric(name: &str, method: Method, labels: &[&str]) -> Metric {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Metric { name: name.into(), description: format!("How {name} is it?"), method, labels }
}

pub(super) fn task(metrics: Vec<Metric>) -> TaskDefinition {
    TaskDefinition {
        name: "helpful-v2".into(),
        instructions: "Choose the answer that helps the customer more. Length is no merit by itself.".into(),
        examples: vec![Example {
            prompt: "How do I pay?".into(),
            response: "By card, on the page Billing.".into(),
            rating: "It helps: it says where and how.".into(),
        }],
        metrics,
        raters_per_item: 3,
        blinding: Blinding::default(),
        gold: Vec::new(),
        repeats: 5,
        version: 1,
    }
}

pub(super) fn best() -> Vec<Metric> {
    vec![metric("Helpfulness", Method::ComparisonChoice, &[])]
}

pub fn evaluation(n: u8, name: &str, state: GenerationState, done: u64, failed: u64) -> Evaluation {
    let column = |model: &str| Column::new(model.parse().unwrap());
    let source = |model: &str| Source { name: model.to_owned(), column: Some(column(model)) };
    let why = (state == GenerationState::Paused).then(|| {
        "home/qwen3 failed 5 times in a row: asking home: connection refused. Is the server running?"
            .to_owned()
    });
    Evaluation {
        id: EvaluationId::from_bytes([n; 16]),
        created: Timestamp(NOW - i64::from(n) * 3_600_000),
        updated: Timestamp(NOW),
        task: TaskDefinition { name: name.into(), ..task(best()) },
        earlier: Vec::new(),
        dataset: "builtin/question-answering".into(),
        items: 200,
        sources: vec![source("local/smollm2-135m"), source("home/qwen3")],
        seed: 1,
        raters: vec!["ana".into(), "bo".into()],
        away: Vec::new(),
        known: Vec::new(),
        known_before: Vec::new(),
        generation: Generation { state, done, failed, total: 400, why },
        unblinded: Vec::new(),
        rated: None,
        lacking: Vec::new(),
    }
}

pub fn list(stage: &mut Stage, evaluations: Vec<Evaluation>) {
    stage.keys("<alt+4>");
    stage.answer("evaluations\":{\"list", vec![Reply::Evaluations { evaluations, more: false }]);
}

pub(super) const ANSWERS: [&str; 2] = [
    "You can request a refund on the page **Billing**: choose the charge that came twice, press *Dispute*, and say that \
     it is a duplicate.\n\nThe money is back within five working days.",
    "Refunds are handled by our team. Please write to us, and we will look into it. 👩‍🔬 e\u{301} 返金 \u{1b}[31mred",
];

pub(super) fn seat(metrics: Vec<Metric>, answers: &[&str], done: u64) -> Seat {
    let shown = |(at, text): (usize, &&str)| Shown {
        id: ResponseId(format!("r{at}").into()),
        text: (*text).to_owned(),
        source: None,
    };
    Seat {
        evaluation: ID,
        rater: "ana".into(),
        task: Asked::of(&task(metrics)),
        sheet: Some(Sheet {
            item: ItemHash("abc".into()),
            turns: vec![Turn {
                role: Role::User,
                text: "How do I get a refund for a duplicate charge?".into(),
            }],
            reference: Some("It says where to ask for it and how long it takes.".into()),
            answers: answers.iter().enumerate().map(shown).collect(),
            before: None,
            taken_back: None,
        }),
        pace: Pace { done, skipped: 0, total: 200, taken: 0, median_ms: 11_400, raters: 2 },
    }
}

/// Somebody who only rates, with that before them.
pub(super) fn rating(width: u16, height: u16, theme: &str, seat: Seat) -> Stage {
    let closed = Closed { evaluation: "helpful-v2".into(), rater: "ana".into(), ratings: None };
    let mut stage = Stage::with(width, height, theme, Start { rating: Some(closed), ..Start::default() });
    let found = evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0);
    stage.answer("evaluations\":{\"find", vec![Reply::Evaluation { evaluation: found }]);
    stage.answer("evaluations\":{\"sit", vec![Reply::Seat { seat }]);
    stage.pass(200);
    stage
}

pub(super) fn shoot_rating(name: &str, seat: impl Fn() -> Seat, play: impl Fn(&mut Stage)) {
    for (width, height) in SIZES {
        let mut stage = rating(width, height, "dark", seat());
        play(&mut stage);
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), stage.text());
    }
    let mut stage = rating(120, 40, "light", seat());
    play(&mut stage);
    let light = stage.text();
    insta::assert_snapshot!(format!("{name}-light"), light.lines().last().unwrap_or_default());
}

pub fn evaluations(effects: &[Effect]) -> Vec<Evaluations> {
    let own = |request| match request {
        Request::Evaluations(request) => Some(request),
        _ => None,
    };
    Stage::requests(effects).into_iter().filter_map(own).collect()
}

fn sit(step: Step) -> Evaluations {
    Evaluations::Sit { id: ID, rater: "ana".into(), step }
}

pub(super) fn cast(effects: &[Effect]) -> Cast {
    match &evaluations(effects)[..] {
        [Evaluations::Rate { cast, .. }] => cast.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_empty_list_teaches() {
    shoot("evaluate-empty", |stage| list(stage, Vec::new()));
}

#[test]
fn the_list_says_how_far_each_is() {
    shoot("evaluate-list", |stage| {
        let rated = |votes, evaluation| {
            let rated = Some(SoFar { votes, needed: 600, said: true });
            Evaluation { rated, ..evaluation }
        };
        let all = vec![
            evaluation(1, "helpful-v2", GenerationState::Paused, 213, 5),
            evaluation(2, "helpful", GenerationState::Running, 17, 0),
            evaluation(
                3,
                "a-name-that-is-as-long-as-names-may-be-here-and-not-a-bit-more",
                GenerationState::Ready,
                0,
                0,
            ),
            rated(600, evaluation(4, "kurz", GenerationState::Ended, 400, 0)),
            rated(57, evaluation(5, "with-failures", GenerationState::Ended, 398, 2)),
        ];
        list(stage, all);
    });
}

#[test]
fn two_answers_lie_before_a_rater() {
    shoot_rating("rate-two", || seat(best(), &ANSWERS, 56), |_| {});
}

#[test]
fn long_answers_scroll_together_and_say_what_is_out_of_sight() {
    let long = "Line after line of an answer that goes on.\n".repeat(80);
    let other = "Short.".to_owned();
    shoot_rating(
        "rate-long",
        || seat(best(), &[&long, &other], 3),
        |stage| {
            stage.keys("jjjj");
        },
    );
}

#[test]
fn a_text_that_goes_on_names_the_key_that_scrolls_it_or_leads_to_it() {
    let long = "A line.\n".repeat(80);
    let mut before = seat(best(), &[&long, &long], 3);
    if let Some(sheet) = &mut before.sheet {
        sheet.turns[0].text.clone_from(&long);
    }
    let mut stage = rating(80, 24, "dark", before);
    let keys = |text: &str| ["PgDn", "Tab"].map(|key| text.matches(&format!(" more · {key}")).count());
    let first = stage.text();
    assert_eq!(keys(&first), [2, 1], "the answers move together:\n{first}");
    stage.keys("<tab><tab>");
    let asked = stage.text();
    assert_eq!(keys(&asked), [1, 2], "the question has the keys:\n{asked}");
    stage.keys("<pagedown>");
    assert_ne!(stage.text(), asked);
}

#[test]
fn a_choice_and_a_ranking_are_asked_in_the_words_of_the_task() {
    let labelled = || {
        vec![
            metric("Better", Method::ComparisonChoice, &["A better", "B better", "as good", "neither helps"]),
            metric("Order", Method::ComparisonRank, &["first", "last"]),
        ]
    };
    shoot_rating(
        "rate-labels",
        || seat(labelled(), &ANSWERS, 56),
        |stage| {
            stage.keys("2");
        },
    );
    let mut stage = rating(80, 24, "dark", seat(labelled(), &ANSWERS, 56));
    let text = stage.text();
    assert!(text.contains("1 ← A better  2 → B better  = as good  b neither helps"), "{text}");
    stage.keys("22");
    let text = stage.text();
    assert!(
        text.contains("B better") && text.contains("last:  1 left  2 right") && text.contains("right first"),
        "{text}"
    );
    stage.keys("i");
    let text = stage.text();
    assert!(text.contains("= as good") && text.contains("b neither helps"), "{text}");
}

#[test]
fn several_metrics_are_asked_one_after_the_other() {
    let metrics = || {
        vec![
            metric("Correct", Method::ThumbsUpDown, &[]),
            metric("Tone", Method::IndividualLikertScale, &["cold", "cool", "plain", "warm", "kind"]),
            metric("Which", Method::ComparisonLikertScale, &[]),
        ]
    };
    shoot_rating(
        "rate-several",
        || seat(metrics(), &ANSWERS, 0),
        |stage| {
            stage.keys("<esc>yn4");
        },
    );
}

#[test]
fn the_answers_stay_where_they_are_through_an_item() {
    let several = || {
        vec![
            metric("Helpful", Method::ThumbsUpDown, &[]),
            metric("Preferred", Method::ComparisonLikertScale, &[]),
            metric("Order", Method::ComparisonRank, &[]),
        ]
    };
    let order = || vec![metric("Helpful", Method::ComparisonRank, &[])];
    let first_row = |stage: &mut Stage| stage.text().lines().position(|line| line.contains("Helpful "));
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        for (metrics, keys) in [(several(), &["y", "n", "5", "2"][..]), (order(), &["2", "=", "u", "u"][..])]
        {
            let mut stage = rating(width, height, "dark", seat(metrics, &ANSWERS, 5));
            let before = first_row(&mut stage);
            assert!(before.is_some(), "{}", stage.text());
            for key in keys {
                assert!(evaluations(&stage.keys(key)).is_empty(), "{key}");
                assert_eq!(first_row(&mut stage), before, "{width}x{height}, {key}: {}", stage.text());
            }
        }
    }
}

#[test]
fn of_more_metrics_than_rows_it_is_told_how_many_are_out_of_sight() {
    let metrics =
        || (1..=10).map(|n| metric(&format!("M{n}"), Method::ThumbsUpDown, &[])).collect::<Vec<_>>();
    let mut stage = rating(80, 24, "dark", seat(metrics(), &ANSWERS, 5));
    let shown = stage.text();
    assert!(shown.contains("M1") && shown.contains("▼ ") && !shown.contains("▲ "), "{shown}");
    stage.keys(&"yn".repeat(9));
    let shown = stage.text();
    assert!(shown.contains("M10") && shown.contains("▲ "), "{shown}");
}

#[test]
fn five_answers_are_ranked() {
    let five = ["one", "two", "three", "four", "five"];
    let metrics = || vec![metric("Order", Method::ComparisonRank, &[])];
    shoot_rating(
        "rate-five",
        || seat(metrics(), &five, 9),
        |stage| {
            stage.keys("<tab><tab><tab><tab>3=1");
        },
    );
}

#[test]
fn instructions_come_first_and_are_one_key_away() {
    shoot_rating("rate-instructions", || seat(best(), &ANSWERS, 0), |_| {});
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 4));
    assert!(!stage.text().contains("Length is no merit"), "who has rated knows them");
    stage.keys("i");
    assert!(stage.text().contains("Length is no merit"));
}

#[test]
fn a_rater_who_is_done_is_told_so() {
    shoot_rating("rate-done", || Seat { sheet: None, ..seat(best(), &[], 200) }, |_| {});
    let nothing = Seat { sheet: None, pace: Pace::default(), ..seat(best(), &[], 0) };
    let mut stage = rating(80, 24, "dark", nothing);
    assert!(stage.text().contains("Nothing is to be rated by you: every item"), "{}", stage.text());
    let pace = Pace { done: 3, skipped: 0, total: 5, taken: 2, median_ms: 0, raters: 2 };
    shoot_rating("rate-taken", || Seat { sheet: None, pace, ..seat(best(), &[], 0) }, |_| {});
}

#[test]
fn what_was_skipped_is_told_apart_from_what_was_rated_and_where_votes_go_is_said() {
    let pace = Pace { done: 5, skipped: 2, total: 5, taken: 0, median_ms: 0, raters: 1 };
    let seat = || Seat { sheet: None, pace, ..seat(best(), &[], 0) };
    shoot_rating("rate-skipped", seat, |_| {});
    let ratings = Some("/home/ana/which-ana-ratings.jsonl".into());
    let closed = Closed { evaluation: "helpful-v2".into(), rater: "ana".into(), ratings };
    for (width, height) in SIZES {
        let start = Start { rating: Some(closed.clone()), ..Start::default() };
        let mut stage = Stage::with(width, height, "dark", start);
        let found = evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0);
        stage.answer("evaluations\":{\"find", vec![Reply::Evaluation { evaluation: found }]);
        stage.answer("evaluations\":{\"sit", vec![Reply::Seat { seat: seat() }]);
        insta::assert_snapshot!(format!("rate-away-done-{width}x{height}"), stage.text());
    }
}

#[test]
fn who_rates_is_asked_before_they_go_where_the_calls_have_names() {
    let at_it = |stage: &mut Stage| {
        list(stage, vec![evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0)]);
        stage.keys("<enter>");
        stage.answer("evaluations\":{\"sit", vec![Reply::Seat { seat: seat(best(), &ANSWERS, 3) }]);
    };
    let lists = |effects: &[Effect]| {
        let is_list = |request: &Request| matches!(request, Request::Traces(Traces::List { .. }));
        Stage::requests(effects).iter().any(is_list)
    };
    let mut stage = Stage::settled(100, 40, "dark");
    at_it(&mut stage);
    assert!(!lists(&stage.keys("<alt+9>")));
    let shown = stage.text();
    assert!(shown.contains("Look at the traces?"), "{shown}");
    stage.keys("<esc>");
    assert!(stage.text().contains("LEFT"), "{}", stage.text());
    stage.keys("<alt+9>");
    assert!(lists(&stage.keys("l")));
    // Once they have looked there is nothing left to ask.
    let unblinded = vec![Unblinded { by: "tester".into(), at: Timestamp(NOW) }];
    let looked = Evaluation { unblinded, ..evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0) };
    let change = Changed::Evaluation { evaluation: looked };
    stage.reply("\"topic\":\"evaluations\"", vec![Reply::Changed { number: 1, change }]);
    stage.keys("<alt+4>");
    assert!(lists(&stage.keys("<alt+9>")));
    // Whoever rates nothing goes there at once.
    let mut stage = Stage::settled(100, 40, "dark");
    list(&mut stage, vec![evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0)]);
    assert!(lists(&stage.keys("<alt+9>")));
}

#[test]
fn who_is_shown_whose_the_answers_are_elsewhere_is_told_that_it_is_kept() {
    let mut stage = Stage::settled(100, 40, "dark");
    let known = evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0);
    list(&mut stage, vec![known.clone()]);
    let mut change = |by: &str| {
        let unblinded = vec![Unblinded { by: by.into(), at: Timestamp(NOW) }];
        let change = Changed::Evaluation { evaluation: Evaluation { unblinded, ..known.clone() } };
        stage.reply("\"topic\":\"evaluations\"", vec![Reply::Changed { number: 1, change }]);
        stage.text().contains("that you looked is kept")
    };
    assert_eq!([change("ana"), change("tester")], [false, true]);
}

#[test]
fn going_back_where_there_is_nothing_says_so() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 0));
    stage.keys("<esc>g");
    assert!(stage.text().contains("There is no vote to go back to yet."), "{}", stage.text());
}

#[test]
fn one_step_back_too_much_stays_where_the_work_lies() {
    for (at, place) in Place::ALL.iter().enumerate().skip(1) {
        let mut stage = Stage::settled(160, 30, "dark");
        stage.keys(&format!("<alt+{}>", at + 1));
        stage.keys("<esc><esc>");
        assert_eq!(stage.state.place, *place);
        let text = stage.text();
        assert!(text.contains("Alt+1…9 lead to the places"), "{text}");
        stage.keys("<alt+1>");
        assert!(stage.text().contains("ask something"), "{}", stage.text());
    }
}

#[test]
fn the_key_of_what_a_place_has_none_of_says_so_and_stays_where_the_palette_leads_to_the_chat_s() {
    for key in ["ctrl+l", "ctrl+o", "ctrl+b", "alt+p", "alt+s"] {
        let mut stage = Stage::settled(160, 30, "dark");
        list(&mut stage, vec![evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0)]);
        stage.keys(&format!("<{key}>"));
        let text = stage.text();
        assert!(stage.state.place == Place::Evaluate && stage.state.overlays.is_empty(), "{key}: {text}");
        assert!(
            text.contains("means nothing here; Alt+1…9 lead to the places, Ctrl+P to all else."),
            "{text}"
        );
    }
    let mut stage = Stage::settled(160, 30, "dark");
    list(&mut stage, vec![evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0)]);
    stage.keys("<ctrl+p>choose the model<enter>");
    assert_eq!(stage.state.place, Place::Chat);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let closed = Closed { evaluation: "gone".into(), rater: "ana".into(), ratings: None };
    for (width, height) in SIZES {
        let start = Start { rating: Some(closed.clone()), ..Start::default() };
        let mut stage = Stage::with(width, height, "dark", start);
        let task = stage.task("evaluations\":{\"find");
        let error = Error::new(
            ErrorKind::NotFound,
            "finding the evaluation \"gone\"",
            "there is nothing with that id",
            "`outcrop eval list` shows those that there are.",
        );
        stage.event(Event::Ended { task, error: Some(error) });
        insta::assert_snapshot!(format!("rate-gone-{width}x{height}"), stage.text());
    }
}

#[test]
fn one_key_commits_and_the_next_item_takes_no_key_at_once() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 56));
    stage.pass(11_000);
    let said = cast(&stage.keys("<left>"));
    assert_eq!(
        said.said,
        Said::Values(vec![("Helpfulness".into(), Value::Choice(Chosen::One(ResponseId("r0".into()))))])
    );
    assert_eq!((said.rater.as_str(), said.version), ("ana", 1));
    assert!((11_000..11_400).contains(&said.active_ms), "{}", said.active_ms);
    assert!(evaluations(&stage.keys("<right>")).is_empty(), "a vote is on its way");
    stage.answer("evaluations\":{\"rate", vec![Reply::Seat { seat: seat(best(), &ANSWERS, 57) }]);
    assert!(stage.text().contains("✓ #57: left"), "{}", stage.text());
    assert!(evaluations(&stage.keys("<right>")).is_empty(), "a second press of the key before");
    stage.pass(200);
    let said = cast(&stage.keys("="));
    assert_eq!(said.said, Said::Values(vec![("Helpfulness".into(), Value::Choice(Chosen::Tie))]));
}

#[test]
fn a_pause_is_not_active_time() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 1));
    stage.pass(5_000);
    stage.keys("j");
    stage.pass(3_600_000);
    let said = cast(&stage.keys("2"));
    assert!((5_000..6_000).contains(&said.active_ms), "{}", said.active_ms);
}

#[test]
fn reading_the_instructions_is_no_time_of_the_item() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 0));
    assert!(stage.text().contains("Length is no merit"));
    stage.pass(50_000);
    stage.keys("<enter>");
    stage.pass(3_000);
    stage.keys("i");
    stage.pass(40_000);
    stage.keys("<esc>");
    stage.pass(4_000);
    let said = cast(&stage.keys("<left>"));
    assert!((7_000..8_000).contains(&said.active_ms), "{}", said.active_ms);
}

#[test]
fn comparing_the_answers_word_by_word_is_time_of_the_item() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 1));
    stage.pass(3_000);
    stage.keys("v");
    assert!(stage.text().contains("LEFT → RIGHT"), "as the screen calls them: {}", stage.text());
    stage.pass(20_000);
    stage.keys("<esc>");
    let said = cast(&stage.keys("<left>"));
    assert!((23_000..24_000).contains(&said.active_ms), "{}", said.active_ms);
}

#[test]
fn a_metric_without_a_description_leaves_no_empty_row_in_the_instructions() {
    let mut bare = best();
    bare[0].description.clear();
    let mut stage = rating(80, 24, "dark", seat(bare, &ANSWERS, 4));
    stage.keys("i");
    let shown = stage.text();
    let lines: Vec<&str> = shown.lines().collect();
    let example = lines.iter().position(|line| line.contains("An example")).unwrap();
    assert!(lines[example - 3].contains("Helpfulness"), "{shown}");
    assert!(lines[example - 2].contains("the best, or a tie, or all bad"), "{shown}");
}

#[test]
fn the_last_line_names_the_instructions_at_every_width_and_a_comment_before_what_changes_the_view() {
    let line = |width, height| {
        let text = rating(width, height, "dark", seat(best(), &ANSWERS, 1)).text();
        let line = text.lines().find(|line| line.contains("? help")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{text}"))
    };
    for (width, height) in SIZES {
        let shown = line(width, height);
        assert!(shown.contains("i instructions · u undo") && shown.contains("rater ana"), "{shown}");
    }
    let shown = line(80, 24);
    assert!(shown.contains("Space skip") && !shown.contains("m Markdown"), "{shown}");
    let shown = line(120, 40);
    assert!(shown.contains("Space skip · ; comment · v differ · m Markdown"), "{shown}");
}

#[test]
fn the_reference_of_an_item_is_a_key_away_and_that_is_said_beside_the_question() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 1));
    let shown = stage.text();
    assert!(shown.contains("reference: R") && !shown.contains("It says where to ask"), "{shown}");
    stage.keys("R");
    let shown = stage.text();
    assert!(shown.contains("It says where to ask") && !shown.contains("reference: R"), "{shown}");
    let mut without = seat(best(), &ANSWERS, 1);
    without.sheet.as_mut().unwrap().reference = None;
    let mut stage = rating(80, 24, "dark", without);
    assert!(!stage.text().contains("reference"), "{}", stage.text());
}

#[test]
fn rating_is_offered_where_an_item_can_be_rated() {
    let offered = |state, done, failed| {
        let mut stage = Stage::settled(120, 40, "dark");
        list(&mut stage, vec![evaluation(1, "helpful", state, done, failed)]);
        stage.text().contains("Enter rate")
    };
    assert!(offered(GenerationState::Ended, 400, 0) && offered(GenerationState::Ended, 399, 1));
    assert!(!offered(GenerationState::Ended, 0, 400), "every answer failed");
    assert!(!offered(GenerationState::Ready, 0, 0) && !offered(GenerationState::Paused, 3, 0));
}

#[test]
fn undo_empties_a_blank_first_and_then_takes_the_last_vote_back() {
    let metrics = vec![metric("Correct", Method::ThumbsUpDown, &[])];
    let mut stage = rating(80, 24, "dark", seat(metrics, &ANSWERS, 5));
    assert!(evaluations(&stage.keys("yu")).is_empty());
    let asked = evaluations(&stage.keys("u"));
    assert_eq!(asked, [Evaluations::Sit { id: ID, rater: "ana".into(), step: Step::Undo }]);
}

#[test]
fn an_item_is_skipped_for_a_reason_and_commented() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 5));
    stage.keys(";too long<enter>");
    assert!(stage.text().contains("; too long"));
    let said = cast(&stage.keys("<space><down><enter>"));
    assert_eq!((said.said, said.comment.as_deref()), (Said::Skipped(Skip::Offensive), Some("too long")));
}

#[test]
fn a_digit_chooses_why_an_item_is_skipped_and_another_reason_is_written() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 5));
    stage.keys("<space>");
    assert!(stage.text().contains("1 it is unclear"), "{}", stage.text());
    // A word that no reason has leaves them all.
    stage.keys("xq");
    assert!(stage.text().contains("4 another reason"), "{}", stage.text());
    let said = cast(&stage.keys("3"));
    assert_eq!(said.said, Said::Skipped(Skip::NotMyField));
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 5));
    assert!(evaluations(&stage.keys("<space>4<enter>")).is_empty(), "it says nothing by itself");
    assert!(stage.text().contains("Say why in a few words"), "{}", stage.text());
    let said = cast(&stage.keys("the picture is missing<enter>"));
    let why = said.comment.as_deref();
    assert_eq!((said.said, why), (Said::Skipped(Skip::Other), Some("the picture is missing")));
}

#[test]
fn the_list_and_its_card_tell_how_many_votes_there_are_and_a_count_is_no_look() {
    let of = |rated, raters: &[&str]| {
        let mut stage = Stage::settled(60, 20, "dark");
        let raters = raters.iter().map(|rater| (*rater).to_owned()).collect();
        let known = evaluation(1, "helpful", GenerationState::Ended, 400, 0);
        list(&mut stage, vec![Evaluation { rated, raters, ..known }]);
        assert!(Stage::requests(&stage.keys("<down>")).is_empty());
        stage.text()
    };
    let shown = of(Some(SoFar { votes: 4, needed: 600, said: true }), &["ana"]);
    assert!(
        shown.contains("4 of 600   ") && shown.contains("4 of 600 · each item needs 3 raters"),
        "{shown}"
    );
    let shown = of(None, &[]);
    assert!(shown.contains("0 of 600"), "nobody has rated: {shown}");
    let shown = of(None, &["ana"]);
    assert!(shown.contains("counted when somebody rates"), "{shown}");
    assert!(!shown.contains("Esc back"), "it leads nowhere there: {shown}");
}

#[test]
fn a_key_that_does_nothing_while_somebody_rates_says_so() {
    let mut without = seat(best(), &ANSWERS, 1);
    without.sheet.as_mut().unwrap().reference = None;
    let mut closed = rating(80, 24, "dark", without);
    closed.keys("R");
    assert!(closed.text().contains("This item has no reference."), "{}", closed.text());
    let mut stage = Stage::settled(80, 24, "dark");
    list(&mut stage, vec![evaluation(7, "helpful-v2", GenerationState::Ended, 400, 0)]);
    stage.keys("<enter>");
    stage.answer("evaluations\":{\"sit", vec![Reply::Seat { seat: seat(best(), &ANSWERS, 1) }]);
    stage.pass(200);
    assert!(Stage::requests(&stage.keys("o")).is_empty());
    assert!(stage.text().contains("Results are shown from the list: Esc leads there."), "{}", stage.text());
}

#[test]
fn an_evaluation_without_answers_says_what_asks_for_them_and_nobody_sits_down() {
    let mut stage = Stage::settled(80, 24, "dark");
    list(&mut stage, vec![evaluation(1, "helpful", GenerationState::Ready, 0, 0)]);
    assert!(evaluations(&stage.keys("<enter>")).is_empty());
    shoot("evaluate-unanswered", |stage| {
        list(stage, vec![evaluation(1, "helpful", GenerationState::Ready, 0, 0)]);
        stage.keys("<enter>");
    });
    let mut stage = Stage::settled(80, 24, "dark");
    list(&mut stage, vec![evaluation(1, "helpful", GenerationState::Paused, 3, 0)]);
    assert!(evaluations(&stage.keys("<enter>")).is_empty());
    assert!(
        stage.text().contains("3 of 400 answers are there: f asks for the others first."),
        "{}",
        stage.text()
    );
}

#[test]
fn what_was_begun_of_an_item_is_there_again_when_its_rater_comes_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    list(&mut stage, vec![evaluation(1, "helpful-v2", GenerationState::Ended, 0, 0)]);
    stage.keys("<enter>");
    let there = || vec![Reply::Seat { seat: seat(best(), &ANSWERS, 0) }];
    stage.answer("evaluations\":{\"sit", there());
    stage.keys("<esc>;keep me<enter>");
    assert!(stage.text().contains("keep me"), "{}", stage.text());
    let left = evaluations(&stage.keys("<esc>"));
    assert!(matches!(left[0], Evaluations::Sit { step: Step::Leave, .. }), "{left:?}");
    stage.keys("<enter>");
    stage.answer("evaluations\":{\"sit", there());
    assert!(stage.text().contains("keep me"), "{}", stage.text());
}

#[test]
fn a_vote_that_is_looked_at_again_is_superseded() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 5));
    let asked = evaluations(&stage.keys("g3<enter>"));
    assert_eq!(asked, [Evaluations::Sit { id: ID, rater: "ana".into(), step: Step::To(3) }]);
    let mut again = seat(best(), &ANSWERS, 5);
    let vote = VoteId::from_bytes([3; 16]);
    let before =
        Before { vote, said: Said::Skipped(Skip::Unclear), active_ms: 0, comment: Some("hm".into()) };
    again.sheet.as_mut().unwrap().before = Some(before);
    stage.answer("\"step\":{\"to\":3}", vec![Reply::Seat { seat: again }]);
    stage.pass(200);
    assert!(stage.text().contains("an item again") && stage.text().contains("; hm"), "{}", stage.text());
    let said = cast(&stage.keys("b"));
    assert_eq!(said.supersedes, Some(vote));
}

#[test]
fn going_back_says_which_votes_there_are_shows_what_was_said_and_esc_returns() {
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let mut stage = rating(width, height, "dark", seat(best(), &ANSWERS, 5));
        stage.keys(";half a thought<enter>g");
        assert!(stage.text().contains("vote number 1 to 5"), "{}", stage.text());
        stage.keys("6<enter>");
        assert!(stage.text().contains("Your votes count from 1 to 5."), "{}", stage.text());
        stage.keys("<backspace>3<enter>");
        let mut again = seat(best(), &ANSWERS, 5);
        let sheet = again.sheet.as_mut().unwrap();
        let said =
            Said::Values(vec![("Helpfulness".into(), Value::Choice(Chosen::One(ResponseId("r1".into()))))]);
        sheet.item = ItemHash("def".into());
        sheet.before = Some(Before {
            vote: VoteId::from_bytes([3; 16]),
            said,
            active_ms: 0,
            comment: Some("it names the page".into()),
        });
        stage.answer("\"step\":{\"to\":3}", vec![Reply::Seat { seat: again }]);
        stage.pass(200);
        insta::assert_snapshot!(format!("rate-again-{width}x{height}"), stage.text());
        assert_eq!(evaluations(&stage.keys("<esc>"))[0], sit(Step::On));
        stage.answer("\"step\":\"on\"", vec![Reply::Seat { seat: seat(best(), &ANSWERS, 5) }]);
        assert!(stage.text().contains("item 6 of 200"), "{}", stage.text());
        assert!(stage.text().contains("; half a thought"), "what was begun is there still: {}", stage.text());
    }
}

#[test]
fn a_vote_that_is_taken_back_brings_its_comment_and_what_it_said() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 5));
    assert_eq!(evaluations(&stage.keys("u")), [sit(Step::Undo)]);
    let mut undone = seat(best(), &ANSWERS, 4);
    let said = Said::Values(vec![("Helpfulness".into(), Value::Choice(Chosen::Tie))]);
    undone.sheet.as_mut().unwrap().taken_back = Some(Before {
        vote: VoteId::from_bytes([3; 16]),
        said: said.clone(),
        active_ms: 60_000,
        comment: Some("both are short".into()),
    });
    stage.answer("\"step\":\"undo\"", vec![Reply::Seat { seat: undone.clone() }]);
    stage.pass(200);
    let text = stage.text();
    assert!(text.contains("before: tie") && text.contains("; both are short"), "{text}");
    assert!(text.contains("Esc keeps it"), "how the vote stays is said: {text}");
    let mut keeps = rating(80, 24, "dark", seat(best(), &ANSWERS, 5));
    keeps.keys("u");
    keeps.answer("\"step\":\"undo\"", vec![Reply::Seat { seat: undone.clone() }]);
    let kept = cast(&keeps.keys("<esc>"));
    assert!(kept.active_ms >= 60_000, "the time that it took stays with it: {}", kept.active_ms);
    assert_eq!((kept.said, kept.comment.as_deref()), (said, Some("both are short")));
    // Where a step back leads somewhere else otherwise, the last line says the same.
    let mut own = Stage::settled(80, 24, "dark");
    list(&mut own, vec![evaluation(1, "helpful-v2", GenerationState::Ended, 0, 0)]);
    own.keys("<enter>");
    own.answer("evaluations\":{\"sit", vec![Reply::Seat { seat: seat(best(), &ANSWERS, 5) }]);
    own.pass(200);
    assert!(own.text().contains("Esc back"), "{}", own.text());
    own.keys("u");
    own.answer("\"step\":\"undo\"", vec![Reply::Seat { seat: undone.clone() }]);
    own.pass(200);
    assert!(own.text().contains("Esc keep it") && !own.text().contains("Esc back"), "{}", own.text());
    stage.keys("<space>");
    let shown = stage.text();
    assert!(
        shown.contains("─ Why is it skipped? ─") && shown.contains("your comment: both are short"),
        "{shown}"
    );
    assert!(shown.contains("4 another reason"), "{shown}");
    stage.keys("<esc>");
    let cast = cast(&stage.keys("1"));
    assert!(cast.active_ms < 60_000, "another one took its own: {}", cast.active_ms);
    assert_eq!((cast.supersedes, cast.comment.as_deref()), (None, Some("both are short")));
}

#[test]
fn a_vote_that_was_taken_back_is_kept_by_a_step_back_though_another_item_was_looked_at_meanwhile() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 5));
    stage.keys("u");
    let said = Said::Values(vec![("Helpfulness".into(), Value::Choice(Chosen::Tie))]);
    let before = Before {
        vote: VoteId::from_bytes([3; 16]),
        said: said.clone(),
        active_ms: 60_000,
        comment: Some("both are short".into()),
    };
    let mut undone = seat(best(), &ANSWERS, 4);
    undone.sheet.as_mut().unwrap().taken_back = Some(before.clone());
    stage.answer("\"step\":\"undo\"", vec![Reply::Seat { seat: undone }]);
    stage.pass(200);
    stage.keys("g3<enter>");
    let mut again = seat(best(), &ANSWERS, 4);
    let sheet = again.sheet.as_mut().unwrap();
    (sheet.item, sheet.before) = (ItemHash("def".into()), Some(before));
    stage.answer("\"step\":{\"to\":3}", vec![Reply::Seat { seat: again }]);
    stage.pass(200);
    stage.keys("<esc>");
    // Whoever lays the item out anew knows nothing of what was said of it.
    stage.answer("\"step\":\"on\"", vec![Reply::Seat { seat: seat(best(), &ANSWERS, 4) }]);
    stage.pass(200);
    let text = stage.text();
    for words in ["before: tie", "; both are short", "Esc keeps it"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let kept = cast(&stage.keys("<esc>"));
    assert!(kept.active_ms >= 60_000, "{}", kept.active_ms);
    assert_eq!((kept.said, kept.supersedes, kept.comment.as_deref()), (said, None, Some("both are short")));
}

#[test]
fn answers_stand_as_they_were_written_until_they_are_set_as_markdown() {
    let left = "## Steps\n\n1. Open **Billing**.\n2. Press *Dispute*.\n\n```rust\nfn main() {}\n```";
    let right = "| plan | price |\n|---|---|\n| one | 3 |\n\n> It is `free`.";
    shoot_rating("rate-written", || seat(best(), &[left, right], 5), |_| {});
    shoot_rating(
        "rate-markdown",
        || seat(best(), &[left, right], 5),
        |stage| {
            stage.keys("m");
            stage.pass(20_000);
        },
    );
}

#[test]
fn a_number_beyond_the_answers_says_nothing() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 5));
    for key in ["3", "4", "9"] {
        assert!(evaluations(&stage.keys(key)).is_empty(), "{key}");
    }
}

#[test]
fn a_refused_vote_stays_on_the_screen_and_is_said() {
    let mut stage = rating(80, 24, "dark", seat(best(), &ANSWERS, 5));
    stage.keys("1");
    let task = stage.task("evaluations\":{\"rate");
    let error = Error::new(
        ErrorKind::Full,
        "keeping a vote",
        "the disk is full",
        "Free some space, then rate it again.",
    );
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    assert!(text.contains("the disk is full") && text.contains("LEFT") && !text.contains('✓'), "{text}");
    cast(&stage.keys("1"));
}

#[test]
fn nothing_else_of_the_program_is_reached_from_a_closed_rating() {
    let mut stage = rating(100, 30, "dark", seat(best(), &ANSWERS, 5));
    let before = stage.text();
    for key in [
        "<ctrl+p>", "<ctrl+o>", "<ctrl+l>", "<ctrl+n>", "<ctrl+b>", "<ctrl+s>", "<alt+1>", "<alt+2>",
        "<alt+3>", "<alt+4>", "<alt+5>", "<alt+6>", "<alt+7>", "<alt+8>", "<alt+9>", "<alt+e>", "<alt+i>",
        "<alt+j>", "<alt+k>", "<alt+p>", "<alt+s>", "<ctrl+t>", "/", "<ctrl+g>", "<esc>", "x", "f", "n", "D",
        "c", "a", "o", "E", "T", "L",
    ] {
        let asked = stage.keys(key);
        assert!(Stage::requests(&asked).is_empty(), "{key}: {asked:?}");
        stage.pass(4_000);
        assert_eq!(stage.text(), before, "{key}");
    }
    // What was asked for in all of it: the evaluation, a seat.
    let asked = Stage::requests(&stage.effects);
    assert!(asked.iter().all(|request| matches!(request, Request::Evaluations(_))), "{asked:?}");
    stage.keys("?");
    let help = stage.text();
    assert!(
        help.contains("Rating") && !help.contains("palette") && !help.contains("Conversations"),
        "{help}"
    );
    let asked = stage.keys("<esc><ctrl+q>");
    let leave = Evaluations::Sit { id: ID, rater: "ana".into(), step: Step::Leave };
    assert_eq!(evaluations(&asked), [leave], "what lay before them is for others");
    assert!(!stage.effects.contains(&Effect::Quit));
    stage.answer(
        "evaluations\":{\"sit",
        vec![Reply::Seat { seat: Seat { sheet: None, ..seat(best(), &[], 5) } }],
    );
    assert!(stage.effects.contains(&Effect::Quit));
}

#[test]
fn no_click_leads_out_of_a_closed_rating() {
    let mut stage = rating(100, 30, "dark", seat(best(), &ANSWERS, 5));
    let modifiers = KeyModifiers::NONE;
    for (column, row) in (0..100).flat_map(|column| (0..30).map(move |row| (column, row))) {
        for kind in [MouseKind::Down(Button::Left), MouseKind::Up(Button::Left)] {
            stage.event(Event::Mouse(Mouse { kind, column, row, modifiers }));
        }
    }
    let asked = Stage::requests(&stage.effects);
    assert!(asked.iter().all(|request| matches!(request, Request::Evaluations(_))), "{asked:?}");
    let text = stage.text();
    assert!(text.contains("LEFT") && text.contains("RIGHT") && !text.contains("1 Chat"), "{text}");
}

#[test]
fn answers_of_a_megabyte_and_of_escape_codes_are_rated_on_the_screen() {
    let large = "Line after line of an answer that goes on. ".repeat(25_000);
    let hostile = "\u{1b}]0;title\u{7} short \u{202e}";
    let mut stage = rating(80, 24, "dark", seat(best(), &[&large, hostile], 5));
    let text = stage.text();
    assert!(text.contains("LEFT") && text.contains("Line after line") && text.contains("short"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
    cast(&stage.keys("1"));
}

#[test]
fn the_list_rates_asks_for_answers_and_deletes() {
    let mut stage = Stage::settled(120, 40, "dark");
    list(&mut stage, vec![evaluation(1, "helpful", GenerationState::Paused, 3, 0)]);
    let id = EvaluationId::from_bytes([1; 16]);
    assert_eq!(evaluations(&stage.keys("f")), [Evaluations::Run { id }]);
    let running = evaluation(1, "helpful", GenerationState::Running, 4, 0);
    stage.reply("evaluations\":{\"run", vec![Reply::Evaluation { evaluation: running }]);
    assert!(stage.text().contains("● 4 of 400"), "{}", stage.text());
    assert_eq!(evaluations(&stage.keys("f")), [Evaluations::Pause { id }]);
    assert_eq!(evaluations(&stage.keys("xd")), [Evaluations::Remove { id }]);
    assert!(evaluations(&stage.keys("<enter>")).is_empty(), "not while answers are to come");
    let all = evaluation(1, "helpful", GenerationState::Ended, 400, 0);
    stage.answer("evaluations\":{\"pause", vec![Reply::Evaluation { evaluation: all }]);
    let sit = Evaluations::Sit { id, rater: "tester".into(), step: Step::On };
    assert_eq!(evaluations(&stage.keys("<enter>")), [sit]);
    stage.answer("evaluations\":{\"sit", vec![Reply::Seat { seat: seat(best(), &ANSWERS, 1) }]);
    assert!(stage.text().contains("LEFT"));
    let leave = Evaluations::Sit { id, rater: "tester".into(), step: Step::Leave };
    assert_eq!(evaluations(&stage.keys("<esc>"))[0], leave, "what lay before them is for others");
    assert!(!stage.text().contains("LEFT") && stage.text().contains("votes"));
}

#[test]
fn why_answers_failed_is_told_of_the_selected_one_and_its_key_says_what_it_does() {
    let failure = || Failure {
        source: "home/qwen3".into(),
        error: Error::new(ErrorKind::NotFound, "asking home", "connection refused", "Start the server."),
        count: 2,
        item: 3,
    };
    let failed = |stage: &mut Stage| {
        list(stage, vec![evaluation(1, "helpful", GenerationState::Ended, 398, 2)]);
        stage.answer("evaluations\":{\"failures", vec![Reply::Failures { failures: vec![failure()] }]);
    };
    shoot("evaluate-failed", failed);
    let mut stage = Stage::settled(80, 24, "dark");
    failed(&mut stage);
    let text = stage.text();
    for words in ["2 answers of home/qwen3 (f asks again)", "Start the server.", "f retry failed"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let id = EvaluationId::from_bytes([1; 16]);
    assert_eq!(evaluations(&stage.keys("jf")), [Evaluations::Run { id }], "it is asked why once");
    let running = evaluation(1, "helpful", GenerationState::Running, 398, 0);
    stage.reply("evaluations\":{\"run", vec![Reply::Evaluation { evaluation: running }]);
    let text = stage.text();
    assert!(text.contains("f pause") && !text.contains("refused"), "{text}");
    // While they are asked for more fail than were known at first: the list counts them, the reason does not.
    let mut stage = Stage::settled(120, 40, "dark");
    list(&mut stage, vec![evaluation(1, "helpful", GenerationState::Running, 3, 5)]);
    stage.answer("evaluations\":{\"failures", vec![Reply::Failures { failures: vec![failure()] }]);
    let text = stage.text();
    assert!(text.contains("5 failed") && text.contains("answers of home/qwen3: asking home"), "{text}");
    assert!(!text.contains("2 answers"), "{text}");
}

#[test]
fn a_question_whose_answer_is_left_out_is_marked() {
    let mut asked = seat(best(), &ANSWERS, 1);
    let said = |text: &str| Turn { role: Role::User, text: text.into() };
    asked.sheet.as_mut().unwrap().turns = vec![said("Name a river."), said("Where does it end?")];
    let mut stage = rating(80, 24, "dark", asked);
    let text = stage.text();
    let gap = text.find("(the answers to this differed, or there was none)").unwrap();
    assert!(text.find("Name a river.").unwrap() < gap && gap < text.find("Where does it end?").unwrap());
}
