//! What a task must keep to: our own limits, and Bedrock's, for what is brought there (`bedrock-spec` 4, the API's model).

use super::metric::{Method, Metric};
use super::task::TaskDefinition;
use crate::domain::{Error, ErrorKind, Result};

/// The longest name of a metric, in characters: `[0-9a-zA-Z-_.]+`.
pub const NAME: usize = 63;

/// The longest description of a metric, in characters; it may have none.
pub const DESCRIPTION: usize = 63;

/// The longest instructions, in characters.
pub const INSTRUCTIONS: usize = 5000;

/// Metrics of one of Bedrock's jobs.
pub const BEDROCK_METRICS: usize = 10;

/// Models, or sources of answers, of one of Bedrock's jobs.
pub const BEDROCK_SOURCES: usize = 2;

/// Prompts of one of Bedrock's jobs.
pub const BEDROCK_PROMPTS: usize = 1000;

/// Raters of a prompt in one of Bedrock's jobs.
pub const BEDROCK_RATERS: u32 = 3;

/// The longest name of a source of answers in Bedrock: `[a-zA-Z0-9]([a-zA-Z0-9._-])*`.
pub const BEDROCK_SOURCE_NAME: usize = 256;

/// Checks a task for so many answers an item; the error names the first thing that is wrong.
pub fn check(task: &TaskDefinition, answers: usize) -> Result<()> {
    let all = wrong(task, answers);
    all.into_iter().next().map_or(Ok(()), |why| Err(invalid(&task.name, why)))
}

/// Everything that is wrong with a task, each in a sentence.
pub fn wrong(task: &TaskDefinition, answers: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    if task.name.trim().is_empty() {
        wrong.push("the task has no name".to_owned());
    }
    length(&mut wrong, "the instructions", &task.instructions, 1, INSTRUCTIONS);
    if task.metrics.is_empty() {
        wrong.push("it has no metric".to_owned());
    }
    for (at, metric) in task.metrics.iter().enumerate() {
        of_metric(&mut wrong, metric, answers);
        if task.metrics[..at].iter().any(|other| other.name == metric.name) {
            wrong.push(format!("two metrics are called {:?}", metric.name));
        }
    }
    if task.raters_per_item == 0 {
        wrong.push("each item needs at least one rater".to_owned());
    }
    if task.repeats > 50 {
        wrong.push(format!("{} of a hundred items are to come again, at most 50 can", task.repeats));
    }
    wrong
}

/// Everything that Bedrock would not take of a task with so many prompts and these sources of answers, beyond
/// [`wrong`], each in a sentence.
pub fn wrong_for_bedrock(task: &TaskDefinition, prompts: usize, sources: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut at_most = |many: usize, most: usize, what: &str| {
        if many > most {
            wrong.push(format!("it has {many} {what}, Bedrock takes at most {most}"));
        }
    };
    at_most(task.metrics.len(), BEDROCK_METRICS, "metrics");
    at_most(prompts, BEDROCK_PROMPTS, "prompts");
    at_most(sources.len(), BEDROCK_SOURCES, "models");
    at_most(task.raters_per_item as usize, BEDROCK_RATERS as usize, "raters of each item");
    for metric in &task.metrics {
        if metric.points().is_some_and(|points| points != super::metric::POINTS) {
            wrong.push(format!("the scale of {:?} has not 5 points, as Bedrock's have", metric.name));
        }
    }
    for name in sources {
        let sound = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            && name.len() <= BEDROCK_SOURCE_NAME;
        // A model of Bedrock's own is called by its ARN.
        if !sound && !name.starts_with("arn:aws") {
            wrong.push(format!(
                "the model is called {name:?}; in Bedrock it begins with a letter or digit, then come letters, digits, \
                 '.', '_' and '-', at most {BEDROCK_SOURCE_NAME}"
            ));
        }
    }
    wrong
}

fn of_metric(wrong: &mut Vec<String>, metric: &Metric, answers: usize) {
    let name = format!("the metric {:?}", metric.name);
    length(wrong, &format!("the name of {name}"), &metric.name, 1, NAME);
    if let Some(other) = metric.name.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_.".contains(*c))) {
        wrong.push(format!("the name of {name} has {other:?}; it takes letters, digits, '-', '_' and '.'"));
    }
    length(wrong, &format!("the description of {name}"), &metric.description, 0, DESCRIPTION);
    let labels = metric.labels.len();
    let (least, most) = metric.labelled(answers);
    if labels > 0 && !(least..=most).contains(&labels) {
        let needed = match metric.method {
            Method::ThumbsUpDown => "thumbs have two, for up and down".to_owned(),
            Method::IndividualLikertScale | Method::ComparisonLikertScale => {
                format!("a scale has {least} to {most}, one a key")
            }
            Method::ComparisonChoice => format!(
                "a choice of {answers} answers has {least}, for each answer from the left, for a tie, for all bad"
            ),
            Method::ComparisonRank => format!("a ranking of {answers} answers has {least}, one a place"),
        };
        wrong.push(format!("{name} has {labels} labels; {needed}"));
    }
    let (least, most) = metric.method.answers();
    if !(least..=most).contains(&answers) {
        let range = if least == most { least.to_string() } else { format!("{least} to {most}") };
        wrong
            .push(format!("{name} by {} needs {range} answers, there are {answers}", metric.method.as_str()));
    }
}

fn length(wrong: &mut Vec<String>, what: &str, text: &str, least: usize, most: usize) {
    let many = text.chars().count();
    if text.trim().chars().count() < least {
        wrong.push(format!("{what} is empty").replace("instructions is", "instructions are"));
    } else if many > most {
        let have = if what.ends_with('s') { "have" } else { "has" };
        wrong.push(format!("{what} {have} {many} characters, at most {most} are taken"));
    }
}

fn invalid(name: &str, why: String) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("checking the rating task {name:?}"),
        why,
        "Change that, then try again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evaluation::task::Blinding;

    fn metric(name: &str, method: Method) -> Metric {
        Metric { name: name.into(), description: "Is it good?".into(), method, labels: Vec::new() }
    }

    fn task(metrics: Vec<Metric>) -> TaskDefinition {
        TaskDefinition {
            name: "helpful".into(),
            instructions: "Say which helps.".into(),
            examples: Vec::new(),
            metrics,
            raters_per_item: 3,
            blinding: Blinding::default(),
            gold: Vec::new(),
            repeats: 5,
            version: 1,
        }
    }

    #[test]
    fn a_sound_task_has_nothing_wrong() {
        let task = task(Method::ALL.map(|method| metric(method.as_str(), method)).to_vec());
        assert_eq!(wrong(&task, 2), Vec::<String>::new());
        assert_eq!(wrong_for_bedrock(&task, 1000, &["smollm2-135m", "b"]), Vec::<String>::new());
        assert!(check(&task, 2).is_ok());
    }

    #[test]
    fn each_thing_that_is_wrong_is_named() {
        let labelled =
            |labels: usize| Metric { labels: vec!["x".into(); labels], ..metric("b", Method::ThumbsUpDown) };
        let long = Metric { description: "d".repeat(64), ..metric("a b", Method::ComparisonLikertScale) };
        let bad = TaskDefinition {
            name: " ".into(),
            instructions: "i".repeat(5001),
            raters_per_item: 0,
            repeats: 60,
            ..task(vec![long, labelled(3), labelled(2)])
        };
        assert_eq!(
            wrong(&bad, 3),
            [
                "the task has no name",
                "the instructions have 5001 characters, at most 5000 are taken",
                "the name of the metric \"a b\" has ' '; it takes letters, digits, '-', '_' and '.'",
                "the description of the metric \"a b\" has 64 characters, at most 63 are taken",
                "the metric \"a b\" by ComparisonLikertScale needs 2 answers, there are 3",
                "the metric \"b\" has 3 labels; thumbs have two, for up and down",
                "two metrics are called \"b\"",
                "each item needs at least one rater",
                "60 of a hundred items are to come again, at most 50 can",
            ]
        );
        assert_eq!(
            check(&TaskDefinition { instructions: String::new(), ..task(Vec::new()) }, 1)
                .unwrap_err()
                .to_string(),
            "checking the rating task \"helpful\": the instructions are empty. Change that, then try again."
        );
    }

    #[test]
    fn a_choice_and_a_ranking_have_as_many_labels_as_can_be_said() {
        let labelled = |method, labels: usize| {
            wrong(&task(vec![Metric { labels: vec!["x".into(); labels], ..metric("m", method) }]), 3)
        };
        assert!(labelled(Method::ComparisonChoice, 5).is_empty());
        assert!(labelled(Method::ComparisonRank, 3).is_empty());
        assert_eq!(
            [labelled(Method::ComparisonChoice, 3), labelled(Method::ComparisonRank, 5)].concat(),
            [
                "the metric \"m\" has 3 labels; a choice of 3 answers has 5, for each answer from the left, for a tie, for all bad",
                "the metric \"m\" has 5 labels; a ranking of 3 answers has 3, one a place",
            ]
        );
    }

    #[test]
    fn what_bedrock_would_not_take_is_named() {
        let scale = Metric { labels: vec!["x".into(); 7], ..metric("m", Method::IndividualLikertScale) };
        let mut metrics = vec![scale];
        metrics.extend((0..10).map(|at| metric(&at.to_string(), Method::ThumbsUpDown)));
        let big = TaskDefinition { raters_per_item: 4, ..task(metrics) };
        assert_eq!(wrong(&big, 3), Vec::<String>::new());
        let told = wrong_for_bedrock(&big, 1001, &["local/smollm2", "b", "c"]);
        assert_eq!(told.len(), 6, "{told:#?}");
        assert_eq!(told[0], "it has 11 metrics, Bedrock takes at most 10");
        assert!(told[5].starts_with("the model is called \"local/smollm2\""));
    }
}
