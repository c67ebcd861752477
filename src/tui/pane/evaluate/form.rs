//! What is entered for a new evaluation: the form's blanks and lines, and the words that stand in them by themselves.

use crate::domain::evaluation::Dataset;
use crate::domain::evaluation::job::{LONGEST_NAME, Source};
use crate::domain::evaluation::metric::Method;
use crate::domain::evaluation::task::Blinding;

/// What was entered; `None` where the usual holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Form {
    pub name: Option<String>,
    pub dataset: Option<Dataset>,
    /// Models that are asked.
    pub models: Vec<Source>,
    /// Whose answers the dataset brings, and whether they are rated.
    pub brought: Vec<(String, bool)>,
    pub method: Option<Method>,
    pub metric: Option<String>,
    pub description: Option<String>,
    pub instructions: Option<String>,
    pub raters: u32,
    pub repeats: u8,
    pub blinding: Blinding,
    pub limit: Option<u32>,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            name: None,
            dataset: None,
            models: Vec::new(),
            brought: Vec::new(),
            method: None,
            metric: None,
            description: None,
            instructions: None,
            raters: 1,
            repeats: 0,
            blinding: Blinding::default(),
            limit: None,
        }
    }
}

/// A line of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    Name,
    Dataset,
    /// A model that is asked, by its place.
    Model(usize),
    AddModel,
    /// Answers that the dataset brings, by their place.
    Brought(usize),
    Method,
    Metric,
    Description,
    Instructions,
    Raters,
    Repeats,
    Names,
    Sides,
    SelfNaming,
    Items,
}

/// What a method is, in a line.
pub(super) fn meaning(method: Method) -> &'static str {
    match method {
        Method::ThumbsUpDown => "each answer up or down",
        Method::IndividualLikertScale => "each answer, in five points",
        Method::ComparisonLikertScale => "which of two, by how much",
        Method::ComparisonChoice => "the best, or a tie, or all bad",
        Method::ComparisonRank => "the answers in order, ties allowed",
    }
}

/// What a metric of that method is called and asks, where nothing else is said.
pub(super) fn words(method: Method) -> (String, String) {
    let (name, asks) = match method {
        Method::ThumbsUpDown => ("Helpful", "Does the answer help?"),
        Method::IndividualLikertScale => ("Quality", "How good is the answer?"),
        Method::ComparisonLikertScale | Method::ComparisonChoice => {
            ("Preference", "Which answer would you rather have?")
        }
        Method::ComparisonRank => ("Preference", "Which answers would you rather have?"),
    };
    (name.to_owned(), asks.to_owned())
}

/// A name after a dataset's that none of `taken` is.
pub(super) fn named_after<'a>(dataset: &str, taken: &(impl Iterator<Item = &'a str> + Clone)) -> String {
    let name = dataset.rsplit('/').next().unwrap_or(dataset).trim();
    let short: String = name.chars().take(LONGEST_NAME - 5).collect();
    let is_free = |name: &String| !taken.clone().any(|other| other.to_lowercase() == name.to_lowercase());
    let numbered = (2..10_000).map(|number| format!("{}-{number}", short.trim_end()));
    std::iter::once(short.trim_end().to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}
