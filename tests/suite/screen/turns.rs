//! Whose turn it is before a rater where not all answers fit the screen: what is marked, what a key is about.

use outcrop::domain::evaluation::ResponseId;
use outcrop::domain::evaluation::metric::Method;
use outcrop::domain::evaluation::vote::{Said, Value};

use super::evaluate::{ANSWERS, cast, evaluations, metric, rating, seat, shoot_rating};

const THREE: [&str; 3] = ["one answer", "another one", "the third one"];

#[test]
fn each_of_three_answers_is_on_the_screen_when_its_turn_comes() {
    let metrics = || {
        let tone = ["strongly disagree", "disagree", "neither", "agree", "strongly agree"];
        vec![
            metric("Helpful", Method::ThumbsUpDown, &[]),
            metric("Tone", Method::IndividualLikertScale, &tone),
        ]
    };
    shoot_rating("rate-three", || seat(metrics(), &THREE, 56), |stage| drop(stage.keys("yny55")));
    for (width, height) in [(60, 20), (80, 24)] {
        let mut stage = rating(width, height, "dark", seat(metrics(), &THREE, 56));
        assert!(
            stage.text().contains("▸ ANSWER 1") && !stage.text().contains("the third"),
            "{}",
            stage.text()
        );
        stage.keys("yn");
        let text = stage.text();
        assert!(text.contains("▸ ANSWER 3") && text.contains("the third one"), "{text}");
        stage.keys("u");
        assert!(stage.text().contains("▸ ANSWER 2"), "{}", stage.text());
        // The question may be read meanwhile.
        stage.keys("n<tab>");
        assert!(stage.text().contains("▸ ANSWER 3"), "{}", stage.text());
    }
}

#[test]
fn a_digit_goes_to_the_answer_that_the_mark_stands_at() {
    let metrics = || vec![metric("Tone", Method::IndividualLikertScale, &["a", "b", "c", "d", "e"])];
    let mut stage = rating(60, 20, "dark", seat(metrics(), &THREE, 56));
    stage.keys("<tab><tab>");
    assert!(stage.text().contains("▸ ANSWER 3"), "{}", stage.text());
    stage.keys("5");
    assert!(stage.text().contains("▸ ANSWER 1"), "the first one that nothing is said of: {}", stage.text());
    let said = cast(&stage.keys("12"));
    let points = [1, 2, 5].into_iter().enumerate();
    let points = points.map(|(at, point)| (ResponseId(format!("r{at}").into()), point)).collect();
    assert_eq!(said.said, Said::Values(vec![("Tone".into(), Value::Points(points))]));
}

#[test]
fn answers_are_compared_when_all_of_them_were_on_the_screen() {
    for method in [Method::ComparisonChoice, Method::ComparisonRank] {
        let mut stage = rating(80, 24, "dark", seat(vec![metric("Best", method, &[])], &THREE, 56));
        assert!(stage.text().contains("1 not seen yet · Tab"), "{}", stage.text());
        assert!(evaluations(&stage.keys("31")).is_empty());
        assert!(stage.text().contains("Tab shows answer 3"), "{}", stage.text());
        stage.keys("<tab><tab>");
        assert!(!stage.text().contains("not seen yet"), "{}", stage.text());
        let keys = if method == Method::ComparisonRank { "312" } else { "3" };
        cast(&stage.keys(keys));
    }
}

#[test]
fn a_notice_where_rows_are_few_leaves_the_scales_as_they_are() {
    let metrics = vec![metric("Best", Method::ComparisonChoice, &[])];
    let mut stage = rating(60, 20, "dark", seat(metrics, &THREE, 56));
    stage.keys("3");
    let text = stage.text();
    assert!(text.contains("Tab shows answer 3"), "{text}");
    let scale = text.lines().find(|line| line.contains("the best")).unwrap_or_default();
    assert!(scale.contains("1–3 the best") && !scale.contains('─'), "{text}");
}

#[test]
fn a_ranking_says_that_nothing_is_ranked_and_only_then_what_is() {
    let mut stage =
        rating(80, 24, "dark", seat(vec![metric("Order", Method::ComparisonRank, &[])], &ANSWERS, 5));
    let text = stage.text();
    assert!(text.contains("not ranked yet") && !text.contains("as good as"), "{text}");
    stage.keys("2");
    let text = stage.text();
    assert!(text.contains("ranked right") && text.contains("= as good as the last one"), "{text}");
    stage.keys("=");
    assert!(stage.text().contains("ranked right = …"), "{}", stage.text());
}
