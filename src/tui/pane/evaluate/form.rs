//! What is entered for a new evaluation: the form's blanks and lines, and the words that stand in them by themselves.

use crate::domain::evaluation::Dataset;
use crate::domain::evaluation::dataset::Answered;
use crate::domain::evaluation::job::{LONGEST_NAME, Source};
use crate::domain::evaluation::metric::{MOST_ANSWERS, Method};
use crate::domain::evaluation::task::Blinding;
use crate::tui::overlay::Choice;
use crate::tui::overlay::menu::{Entry, Menu};

/// What was entered; `None` where the usual holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Form {
    pub name: Option<String>,
    pub dataset: Option<Dataset>,
    /// Models that are asked.
    pub models: Vec<Source>,
    /// Whose answers the dataset brings, and whether they are rated.
    pub brought: Vec<Brought>,
    /// What is rated: one thing or more.
    pub metrics: Vec<Asked>,
    pub instructions: Option<String>,
    pub raters: u32,
    pub repeats: u8,
    pub blinding: Blinding,
    pub limit: Option<u32>,
}

/// Answers of one source that the dataset brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Brought {
    pub name: String,
    pub rated: bool,
    /// Items that it answered, of so many that there are.
    pub answered: u32,
    pub of: u32,
}

impl Brought {
    /// Whether it answered every item: only then its answers are rated without being asked for.
    pub const fn is_whole(&self) -> bool {
        self.answered == self.of
    }
}

impl Default for Form {
    fn default() -> Self {
        Self {
            name: None,
            dataset: None,
            models: Vec::new(),
            brought: Vec::new(),
            metrics: vec![Asked::default()],
            instructions: None,
            raters: 1,
            repeats: 0,
            blinding: Blinding::default(),
            limit: None,
        }
    }
}

/// One thing that is rated; `None` where the usual holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Asked {
    pub method: Option<Method>,
    pub name: Option<String>,
    pub description: Option<String>,
    /// Words for what can be said of it.
    pub labels: Vec<String>,
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
    /// Of a thing that is rated, by its place, as are the next ones.
    Method(usize),
    Metric(usize),
    Description(usize),
    Labels(usize),
    AddMetric,
    Instructions,
    Raters,
    Repeats,
    Names,
    Sides,
    SelfNaming,
    Items,
}

impl Row {
    /// It holds a text that is written.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Metric(_) | Self::Description(_) | Self::Labels(_) | Self::Instructions
        )
    }
}

/// What a method is, in a line.
pub(super) fn meaning(method: Method) -> &'static str {
    match method {
        Method::ThumbsUpDown => "each answer up or down",
        Method::IndividualLikertScale => "each answer in points",
        Method::ComparisonLikertScale => "which of two, by how much",
        Method::ComparisonChoice => "the best, or a tie, or all bad",
        Method::ComparisonRank => "the answers in order, ties allowed",
    }
}

/// The short word of a method, by which a menu finds it.
const fn word(method: Method) -> &'static [&'static str] {
    match method {
        Method::ThumbsUpDown => &["thumbs"],
        Method::IndividualLikertScale => &["likert"],
        Method::ComparisonLikertScale => &["compare"],
        Method::ComparisonChoice => &["choice"],
        Method::ComparisonRank => &["rank"],
    }
}

/// The short word of a method, and what it is.
pub(super) fn explained(method: Method) -> String {
    format!("{} · {}", method.word(), meaning(method))
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

/// A name after a dataset's that is not taken.
pub(super) fn named_after(dataset: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let name = dataset.rsplit('/').next().unwrap_or(dataset).trim();
    let short: String = name.chars().take(LONGEST_NAME - 5).collect();
    numbered(short.trim_end(), is_taken)
}

/// The name, or with a number behind it where it is taken.
pub(super) fn numbered(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..10_000).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// Whether two names are one, however they are capitalised.
pub(super) fn is_like(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Whose answers a dataset of so many items brings, as many as can be rated; first those who answered all of them.
pub(super) fn whose(answered: &[Answered], of: u32) -> Vec<Brought> {
    let brought = |Answered { source, items }: &Answered| Brought {
        name: source.clone(),
        rated: *items == of,
        answered: *items,
        of,
    };
    let mut all: Vec<Brought> = answered.iter().map(brought).collect();
    all.sort_by_key(|known| !known.is_whole());
    all.truncate(MOST_ANSWERS);
    all
}

/// The methods to choose from.
pub(super) fn methods(now: Option<Method>) -> Menu {
    let entry = |method: Method| Entry {
        label: method.as_str().to_owned(),
        detail: meaning(method).to_owned(),
        right: String::new(),
        current: now == Some(method),
        off: false,
        choice: Choice::TakeMethod(method),
        words: word(method),
    };
    Menu::new("How raters say it", "take it", "", Method::ALL.map(entry).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_from_the_dataset_and_is_free() {
        let taken = ["Pairs", "pairs-2"];
        let named =
            |dataset: &str| named_after(dataset, |name| taken.iter().any(|other| is_like(other, name)));
        assert_eq!(named("builtin/generation"), "generation");
        assert_eq!(named("pairs"), "pairs-3");
        assert!(named(&"長".repeat(63)).chars().count() <= LONGEST_NAME - 5);
    }

    #[test]
    fn only_who_answered_every_item_is_rated_unasked() {
        let answered = [("mine", 1), ("a", 3), ("b", 2)];
        let answered = answered.map(|(source, items)| Answered { source: source.to_owned(), items });
        let brought = whose(&answered, 3);
        let told: Vec<_> = brought.iter().map(|b| (b.name.as_str(), b.rated, b.answered)).collect();
        assert_eq!(told, [("a", true, 3), ("mine", false, 1), ("b", false, 2)]);
    }
}
