//! A decision about what raters differ on, one question after the other. Pure.

use crate::domain::evaluation::ResponseId;
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::report::Strength;
use crate::domain::evaluation::vote::{Chosen, Value};

/// What is asked next, or what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// A question, and what can be said to it.
    Ask(String, Vec<String>),
    Value(Value),
}

/// An answer and whose it is.
pub(super) type Of = (ResponseId, String);

/// What follows on the places of what was said in each list that was asked.
pub(super) fn next(metric: &Metric, answers: &[Of], said: &[usize]) -> Option<Next> {
    let points = metric.points().unwrap_or_default();
    let name = |at: usize| answers.get(at).map_or("", |(_, name)| name.as_str());
    // Which of them it is: all are asked for, not only the one that raters differ on.
    let each = |at: usize, options: Vec<String>| {
        let title = match answers.len() {
            0 | 1 => format!("{}: {}", metric.name, name(at)),
            all => format!("{}: {} · {} of {all}", metric.name, name(at), at + 1),
        };
        Next::Ask(title, options)
    };
    let all = said.len() >= answers.len();
    let ids = || answers.iter().map(|(id, _)| id.clone());
    Some(match metric.method {
        Method::ComparisonChoice => match said.first() {
            None => {
                let names = answers.iter().map(|(_, name)| name.clone());
                let (tie, none) = (metric.tie().unwrap_or("a tie"), metric.none_good(answers.len()));
                Next::Ask(metric.name.clone(), names.chain([tie, none].map(str::to_owned)).collect())
            }
            Some(at) => Next::Value(Value::Choice(match answers.get(*at) {
                Some((id, _)) => Chosen::One(id.clone()),
                None if *at == answers.len() => Chosen::Tie,
                None => Chosen::BothBad,
            })),
        },
        Method::ComparisonLikertScale => match said.first() {
            None => {
                // As in the report: 1 is strongly the alphabetically first one.
                let mut names: Vec<&str> = answers.iter().map(|(_, name)| name.as_str()).collect();
                names.sort_unstable();
                let [a, b] = names.as_slice() else { return None };
                let words = |point: u8| match Strength::of(point, points) {
                    Strength::StronglyA => format!("{point} strongly {a}"),
                    Strength::SlightlyA => format!("{point} slightly {a}"),
                    Strength::Even => format!("{point} even"),
                    Strength::SlightlyB => format!("{point} slightly {b}"),
                    Strength::StronglyB => format!("{point} strongly {b}"),
                };
                Next::Ask(metric.name.clone(), (1..=points).map(words).collect())
            }
            Some(at) => Next::Value(Value::Preference(point(*at))),
        },
        Method::ThumbsUpDown if all => {
            Next::Value(Value::Thumbs(ids().zip(said.iter().map(|at| *at == 0)).collect()))
        }
        Method::ThumbsUpDown => each(said.len(), vec![thumb(metric, 0, "yes"), thumb(metric, 1, "no")]),
        Method::IndividualLikertScale if all => {
            Next::Value(Value::Points(ids().zip(said.iter().map(|at| point(*at))).collect()))
        }
        Method::IndividualLikertScale => {
            let words = |point: u8| match metric.labels.get(usize::from(point) - 1) {
                Some(label) => format!("{point} {label}"),
                None => point.to_string(),
            };
            each(said.len(), (1..=points).map(words).collect())
        }
        Method::ComparisonRank => ranked(metric, answers, said)?,
    })
}

fn point(at: usize) -> u8 {
    u8::try_from(at + 1).unwrap_or(u8::MAX)
}

fn thumb(metric: &Metric, at: usize, word: &str) -> String {
    metric.labels.get(at).cloned().unwrap_or_else(|| word.to_owned())
}

/// One answer after the other, the best first; each later one may be as good as the one before.
fn ranked(metric: &Metric, answers: &[Of], said: &[usize]) -> Option<Next> {
    let mut left: Vec<usize> = (0..answers.len()).collect();
    let mut ranks: Vec<(ResponseId, u8)> = Vec::new();
    for option in said {
        let ties = *option >= left.len();
        let at = if ties { option - left.len() } else { *option };
        let answer = left.get(at).copied()?;
        left.remove(at);
        let place = u8::try_from(ranks.len() + 1).ok()?;
        let place = ranks.last().filter(|_| ties).map_or(place, |(_, before)| *before);
        ranks.push((answers[answer].0.clone(), place));
    }
    if left.is_empty() {
        return Some(Next::Value(Value::Ranks(ranks)));
    }
    let names = || left.iter().map(|at| answers[*at].1.clone());
    let mut options: Vec<String> = names().collect();
    if !said.is_empty() {
        options.extend(names().map(|name| format!("{name}, as good as the last one")));
    }
    let usual = if said.is_empty() { "the best one" } else { "the next one" };
    let asked = metric.place(ranks.len() + 1).unwrap_or(usual);
    Some(Next::Ask(format!("{}: {asked}", metric.name), options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(method: Method) -> Metric {
        Metric { name: "m".into(), description: String::new(), method, labels: Vec::new() }
    }

    fn answers(names: &[&str]) -> Vec<Of> {
        names.iter().map(|name| (ResponseId(format!("id-{name}").into()), (*name).to_owned())).collect()
    }

    fn id(name: &str) -> ResponseId {
        ResponseId(format!("id-{name}").into())
    }

    fn options(next: Option<Next>) -> Vec<String> {
        match next {
            Some(Next::Ask(_, options)) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_question_decides_a_choice() {
        let (of, two) = (metric(Method::ComparisonChoice), answers(&["b", "a"]));
        assert_eq!(options(next(&of, &two, &[])), ["b", "a", "a tie", "both bad"]);
        let said = |at| next(&of, &two, &[at]).unwrap();
        assert_eq!(said(1), Next::Value(Value::Choice(Chosen::One(id("a")))));
        assert_eq!(said(2), Next::Value(Value::Choice(Chosen::Tie)));
        assert_eq!(said(3), Next::Value(Value::Choice(Chosen::BothBad)));
        let three = answers(&["b", "a", "c"]);
        assert_eq!(options(next(&of, &three, &[])).last().unwrap(), "all bad");
    }

    #[test]
    fn what_raters_had_words_for_is_decided_in_them() {
        let labelled = |method, labels: &[&str]| Metric {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            ..metric(method)
        };
        let two = answers(&["a", "b"]);
        let choice = labelled(Method::ComparisonChoice, &["A better", "B better", "same", "neither"]);
        assert_eq!(options(next(&choice, &two, &[])), ["a", "b", "same", "neither"]);
        let rank = labelled(Method::ComparisonRank, &["first", "last"]);
        assert!(matches!(next(&rank, &two, &[1]), Some(Next::Ask(title, _)) if title == "m: last"));
    }

    #[test]
    fn a_preference_goes_from_the_alphabetically_first_source_to_the_other() {
        let (of, two) = (metric(Method::ComparisonLikertScale), answers(&["b", "a"]));
        let asked = options(next(&of, &two, &[]));
        assert_eq!((asked[0].as_str(), asked[4].as_str()), ("1 strongly a", "5 strongly b"));
        assert_eq!(next(&of, &two, &[4]), Some(Next::Value(Value::Preference(5))));
        assert_eq!(next(&of, &answers(&["a", "b", "c"]), &[]), None, "it is of two");
    }

    #[test]
    fn each_answer_is_asked_for_where_each_is_rated() {
        let two = answers(&["a", "b"]);
        let of = metric(Method::ThumbsUpDown);
        assert!(matches!(next(&of, &two, &[1]), Some(Next::Ask(title, _)) if title == "m: b · 2 of 2"));
        let thumbs = Value::Thumbs(vec![(id("a"), false), (id("b"), true)]);
        assert_eq!(next(&of, &two, &[1, 0]), Some(Next::Value(thumbs)));
        let of = metric(Method::IndividualLikertScale);
        assert_eq!(options(next(&of, &two, &[])).len(), 5);
        let points = Value::Points(vec![(id("a"), 1), (id("b"), 4)]);
        assert_eq!(next(&of, &two, &[0, 3]), Some(Next::Value(points)));
    }

    #[test]
    fn ranks_are_said_from_the_best_on_and_may_be_shared() {
        let (of, three) = (metric(Method::ComparisonRank), answers(&["a", "b", "c"]));
        assert_eq!(options(next(&of, &three, &[])), ["a", "b", "c"]);
        assert_eq!(options(next(&of, &three, &[1])).len(), 4);
        let ranks = |said: &[usize]| match next(&of, &three, said) {
            Some(Next::Value(Value::Ranks(ranks))) => ranks,
            other => panic!("{other:?}"),
        };
        assert_eq!(ranks(&[1, 0, 0]), [(id("b"), 1), (id("a"), 2), (id("c"), 3)]);
        assert_eq!(ranks(&[1, 3, 0]), [(id("b"), 1), (id("c"), 1), (id("a"), 3)]);
        assert_eq!(ranks(&[0, 0, 1]), [(id("a"), 1), (id("b"), 2), (id("c"), 2)]);
    }
}
