//! What stands in a blank of a new evaluation.

/// What is written in a new evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blank {
    Name,
    /// Of a thing that is rated, by its place, as are the next ones.
    Metric(usize),
    Description(usize),
    /// Words for what can be said of it.
    Labels(usize),
    Instructions,
    Raters,
    Repeats,
    /// Only so many items, the first ones.
    Items,
}

impl Blank {
    /// What is asked for.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Name => "The name of the evaluation",
            Self::Metric(_) => "The name of what is rated",
            Self::Description(_) => "What raters are asked",
            Self::Labels(_) => "Words for what raters say",
            Self::Instructions => "Instructions for raters",
            Self::Raters => "Raters that each item needs",
            Self::Repeats => "Of a hundred items so many come again, unannounced",
            Self::Items => "Only the first items, so many",
        }
    }

    /// Why a text is not taken; nothing stands for the usual.
    pub(super) fn wrong(self, text: &str) -> Option<&'static str> {
        let among = |least: u32, most: u32| {
            text.is_empty() || text.parse().is_ok_and(|number| (least..=most).contains(&number))
        };
        match self {
            Self::Raters if !among(1, 1000) => Some("A number from 1 to 1000 is needed."),
            Self::Repeats if !among(0, 50) => Some("A number from 0 to 50 is needed."),
            Self::Items if !among(1, u32::MAX) => Some("A number from 1 on is needed."),
            _ => None,
        }
    }

    /// What leaving it empty means.
    pub(super) const fn empty(self) -> &'static str {
        match self {
            Self::Name => "Nothing for the name of the dataset",
            Self::Metric(_) | Self::Description(_) | Self::Instructions => "Nothing for the usual",
            Self::Labels(_) => {
                "Commas between: a word a point or place; of a choice one an answer, a tie, all bad"
            }
            Self::Raters => "Nothing for one",
            Self::Repeats => "Whether a rater says the same twice; nothing for none",
            Self::Items => "Nothing for all",
        }
    }
}
