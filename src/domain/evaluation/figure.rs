//! A statistic that can be given, or the reason in words why it cannot: never a NaN, an infinity or a made-up zero.

use serde::{Deserialize, Serialize};

use crate::domain::figures::count;

/// A statistic, or why there is none. In records and `--json` it stands as itself or as `{"missing": …}`: see
/// [`plain`].
pub type Figure<T = f64> = std::result::Result<T, Missing>;

/// Why a statistic cannot be given. `Display` says it as a screen does after "n/a: ".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Missing {
    #[error("no votes")]
    NoVotes,
    #[error("one rater")]
    OneRater,
    #[error("one item")]
    OneItem,
    #[error("one prompt")]
    OnePrompt,
    #[error("no item has votes of two raters")]
    NothingShared,
    /// Chance alone would agree as much: a coefficient of agreement says nothing here.
    #[error("no variation, every vote is the same")]
    NoVariation,
    /// A sample of items that are all alike tells nothing of how others would differ.
    #[error("no variation, every item came out the same")]
    AllAlike,
    #[error("only ties")]
    OnlyTies,
    #[error("only votes for both bad")]
    OnlyBad,
    #[error("only ties and votes for both bad")]
    OnlyUndecided,
    #[error("the items have different numbers of raters")]
    UnevenRaters,
    /// Less than the formula needs to mean something.
    #[error("{} of the {need} that it needs", count(*have, one, more))]
    TooFew { have: u64, need: u64, one: String, more: String },
    #[error("{groups} groups were never compared with each other")]
    Disconnected { groups: u64 },
    /// Its likeliest strength is endless: nobody of the others won against it or its group.
    #[error("it only won against the others")]
    OnlyWon,
    #[error("it only lost against the others")]
    OnlyLost,
    /// Others stand between it and the rated ones that only won, or only lost.
    #[error("nothing sets it against the others both ways")]
    Apart,
    #[error("too thin, in more than one of a hundred samples of it someone only won or only lost")]
    Unstable,
    /// α itself can be given, its interval not.
    #[error("too even, in more than one of a hundred samples of the items every vote is the same")]
    Unvaried,
    /// Numbers that no formula is made for, as a negative one on a ratio scale.
    #[error("{what}")]
    Unfit { what: String },
}

impl Missing {
    /// No vote chose one: whether there are ties among them, and such as say that both are bad.
    pub const fn undecided(ties: bool, bad: bool) -> Self {
        match (ties, bad) {
            (true, true) => Self::OnlyUndecided,
            (false, true) => Self::OnlyBad,
            (_, false) => Self::OnlyTies,
        }
    }

    /// `TooFew` with its words.
    pub fn too_few(have: u64, need: u64, one: &str, more: &str) -> Self {
        Self::TooFew { have, need, one: one.to_owned(), more: more.to_owned() }
    }

    /// As it stands in the place of a number.
    pub fn words(&self) -> String {
        format!("n/a: {self}")
    }
}

/// A share or a rating between its bounds, at 95 % where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// `#[serde(with = "figure::plain")]`: a figure is its value, or an object with the one field `missing`.
pub mod plain {
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Figure, Missing};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Plain<T> {
        Missing { missing: Missing },
        Value(T),
    }

    pub fn serialize<T: Serialize, S: Serializer>(
        figure: &Figure<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match figure {
            Ok(value) => Plain::Value(value),
            Err(missing) => Plain::Missing { missing: missing.clone() },
        }
        .serialize(serializer)
    }

    pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Figure<T>, D::Error> {
        // Through a value: what a missing one has no fields of is tried as the value itself.
        let value = serde_json::Value::deserialize(deserializer)?;
        serde_json::from_value(value).map_err(serde::de::Error::custom).map(|plain| match plain {
            Plain::Missing { missing } => Err(missing),
            Plain::Value(value) => Ok(value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Report {
        #[serde(with = "plain")]
        alpha: Figure,
        #[serde(with = "plain")]
        rate: Figure<Estimate>,
    }

    #[test]
    fn a_figure_is_written_as_itself_and_a_missing_one_with_its_reason() {
        let there = Report { alpha: Ok(0.5), rate: Ok(Estimate { value: 0.5, low: 0.25, high: 0.75 }) };
        let text = serde_json::to_string(&there).unwrap();
        assert_eq!(text, r#"{"alpha":0.5,"rate":{"value":0.5,"low":0.25,"high":0.75}}"#);
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), there);

        let need = Missing::too_few(3, 10, "battle", "battles");
        let gone = Report { alpha: Err(Missing::OneRater), rate: Err(need) };
        let text = serde_json::to_string(&gone).unwrap();
        assert!(text.starts_with(r#"{"alpha":{"missing":{"why":"one_rater"}}"#), "{text}");
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), gone);
    }

    #[test]
    fn what_is_missing_is_said_in_words() {
        assert_eq!(Missing::OneRater.words(), "n/a: one rater");
        assert_eq!(Missing::undecided(false, true).words(), "n/a: only votes for both bad");
        assert_eq!(
            Missing::too_few(1, 10, "battle", "battles").words(),
            "n/a: 1 battle of the 10 that it needs"
        );
        assert_eq!(
            Missing::Disconnected { groups: 2 }.words(),
            "n/a: 2 groups were never compared with each other"
        );
    }
}
