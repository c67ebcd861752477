//! What is asked of a rater, by one of Bedrock's five methods.

use serde::{Deserialize, Serialize};

use super::vote::Chosen;

/// Points of a Likert scale where no labels say otherwise, as Bedrock has them.
pub const POINTS: u8 = 5;

/// Points of a scale at most: one a key.
const MOST_POINTS: usize = 9;

/// How a metric is rated; the names are those of Bedrock's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// Each answer up or down.
    ThumbsUpDown,
    /// Each answer on a scale.
    IndividualLikertScale,
    /// One of two answers over the other on a scale: 1 is strongly the left one, the last point strongly the right one.
    ComparisonLikertScale,
    /// The best of the answers, or a tie, or all bad.
    ComparisonChoice,
    /// The answers in order from 1, ties allowed.
    ComparisonRank,
}

impl Method {
    /// All of them, in Bedrock's order.
    pub const ALL: [Self; 5] = [
        Self::ThumbsUpDown,
        Self::IndividualLikertScale,
        Self::ComparisonLikertScale,
        Self::ComparisonChoice,
        Self::ComparisonRank,
    ];

    /// The name in Bedrock's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ThumbsUpDown => "ThumbsUpDown",
            Self::IndividualLikertScale => "IndividualLikertScale",
            Self::ComparisonLikertScale => "ComparisonLikertScale",
            Self::ComparisonChoice => "ComparisonChoice",
            Self::ComparisonRank => "ComparisonRank",
        }
    }

    /// The method of that name, in whichever case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(name))
    }

    /// The short word that people write for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ThumbsUpDown => "thumbs",
            Self::IndividualLikertScale => "likert",
            Self::ComparisonLikertScale => "compare",
            Self::ComparisonChoice => "choice",
            Self::ComparisonRank => "rank",
        }
    }

    /// Both of its names, for people: the short word, then Bedrock's.
    pub fn called(self) -> String {
        format!("{} ({})", self.word(), self.as_str())
    }

    /// The method that a person means: by its short word or its name, in whichever case, also `thumbs_up_down`.
    pub fn meant(said: &str) -> Option<Self> {
        let plain: String = said.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect();
        let by_word = |method: &Self| method.word().eq_ignore_ascii_case(&plain);
        Self::ALL.into_iter().find(by_word).or_else(|| Self::named(&plain))
    }

    /// All short words, as a sentence lists them.
    pub fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }

    /// Whether answers are held against each other.
    pub const fn compares(self) -> bool {
        matches!(self, Self::ComparisonLikertScale | Self::ComparisonChoice | Self::ComparisonRank)
    }

    /// The fewest and the most answers that it can be asked of.
    pub const fn answers(self) -> (usize, usize) {
        match self {
            Self::ThumbsUpDown | Self::IndividualLikertScale => (1, MOST_ANSWERS),
            Self::ComparisonLikertScale => (2, 2),
            Self::ComparisonChoice | Self::ComparisonRank => (2, MOST_ANSWERS),
        }
    }
}

/// As many answers as can stand side by side.
pub const MOST_ANSWERS: usize = 8;

/// One thing to rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    pub name: String,
    pub description: String,
    pub method: Method,
    /// Words for what is said, all of it or none: of a scale for its points, the first for 1; for thumbs up and down; of a choice
    /// for the answers from the left, then for a tie and for all bad; of a ranking for its places, the best first. Empty for the
    /// usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// Whether two words are one, however they are capitalised.
fn is_like(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

impl Metric {
    /// Points of its scale; `None` where it has none.
    pub fn points(&self) -> Option<u8> {
        match self.method {
            Method::IndividualLikertScale | Method::ComparisonLikertScale => {
                Some(if self.labels.is_empty() {
                    POINTS
                } else {
                    u8::try_from(self.labels.len()).unwrap_or(u8::MAX)
                })
            }
            _ => None,
        }
    }

    /// How many labels it has for so many answers, where it has any: from and to.
    pub const fn labelled(&self, answers: usize) -> (usize, usize) {
        match self.method {
            Method::ThumbsUpDown => (2, 2),
            Method::IndividualLikertScale | Method::ComparisonLikertScale => (2, MOST_POINTS),
            Method::ComparisonChoice => (answers + 2, answers + 2),
            Method::ComparisonRank => (answers, answers),
        }
    }

    /// The word of a choice for the answer at that place from the left.
    pub fn side(&self, place: usize) -> Option<&str> {
        let sides = self.of_choice()?.len().checked_sub(2)?;
        (place < sides).then(|| self.labels[place].as_str())
    }

    /// The word of a choice for a tie.
    pub fn tie(&self) -> Option<&str> {
        self.of_choice()?.iter().nth_back(1).map(String::as_str)
    }

    /// The word of a choice for all bad.
    pub fn all_bad(&self) -> Option<&str> {
        self.of_choice()?.last().map(String::as_str)
    }

    /// What is said where none of so many answers is good.
    pub fn none_good(&self, answers: usize) -> &str {
        self.all_bad().unwrap_or(if answers > 2 { "all bad" } else { "both bad" })
    }

    /// The word of a ranking for a place, from 1.
    pub fn place(&self, rank: usize) -> Option<&str> {
        let labels = (self.method == Method::ComparisonRank).then_some(&self.labels)?;
        labels.get(rank.checked_sub(1)?).map(String::as_str)
    }

    /// The word for a point of a scale, from 1.
    pub fn point(&self, point: u8) -> Option<&str> {
        self.points()?;
        self.labels.get(usize::from(point).checked_sub(1)?).map(String::as_str)
    }

    /// The word for a thumb.
    pub fn thumb(&self, up: bool) -> Option<&str> {
        let labels = (self.method == Method::ThumbsUpDown).then_some(&self.labels)?;
        labels.get(usize::from(!up)).map(String::as_str)
    }

    /// The word for a point of a scale or for a place, whichever it has.
    pub fn word(&self, number: u8) -> Option<&str> {
        self.point(number).or_else(|| self.place(number.into()))
    }

    /// A point of a scale or a place, with the word for it where it has one: `4 warm`.
    pub fn numbered(&self, number: u8) -> String {
        match self.word(number) {
            Some(word) => format!("{number} {word}"),
            None => number.to_string(),
        }
    }

    /// The point or the place that is meant: by its number, by the word for it, or by both as they are told.
    pub fn number_of(&self, said: &str) -> Option<u8> {
        let said = said.trim();
        let is_said = |number: &u8| {
            self.word(*number).is_some_and(|word| is_like(word, said))
                || is_like(&self.numbered(*number), said)
        };
        said.parse().ok().or_else(|| (1..=u8::try_from(self.labels.len()).ok()?).find(is_said))
    }

    /// The thumb that is meant: by the word for it, or as people say it anyway.
    pub fn thumb_of(&self, said: &str) -> Option<bool> {
        let said = said.trim();
        let own =
            [true, false].into_iter().find(|up| self.thumb(*up).is_some_and(|word| is_like(word, said)));
        own.or_else(|| match said.to_lowercase().as_str() {
            "yes" | "up" => Some(true),
            "no" | "down" => Some(false),
            _ => None,
        })
    }

    /// Whether a tie is meant, or that all are bad: by the word for it, or by the usual one.
    pub fn none_of(&self, said: &str) -> Option<Chosen> {
        let said = said.trim();
        let is = |own: Option<&str>, usual: &[&str]| {
            own.into_iter().chain(usual.iter().copied()).any(|word| is_like(word, said))
        };
        if is(self.tie(), &["tie", "a tie"]) {
            return Some(Chosen::Tie);
        }
        is(self.all_bad(), &["both_bad", "both bad", "all bad"]).then_some(Chosen::BothBad)
    }

    fn of_choice(&self) -> Option<&[String]> {
        (self.method == Method::ComparisonChoice && self.labels.len() > 2).then_some(&self.labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_by_a_number_is_said_by_its_word_as_well() {
        let metric = |method, labels: &[&str]| Metric {
            name: "m".into(),
            description: String::new(),
            method,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        let tone = metric(Method::IndividualLikertScale, &["rude", "plain", "kind"]);
        let meant = ["2", "plain", "Plain ", "2 plain", "grand"].map(|said| tone.number_of(said));
        assert_eq!(meant, [Some(2), Some(2), Some(2), Some(2), None]);
        assert_eq!((tone.numbered(3), tone.numbered(4)), ("3 kind".to_owned(), "4".to_owned()));
        let rank = metric(Method::ComparisonRank, &["gold", "silver"]);
        assert_eq!((rank.number_of("silver"), rank.numbered(1)), (Some(2), "1 gold".to_owned()));
        let thumbs = metric(Method::ThumbsUpDown, &["helps", "harms"]);
        let meant = ["harms", "yes", "up", "2"].map(|said| thumbs.thumb_of(said));
        assert_eq!(meant, [Some(false), Some(true), Some(true), None]);
        let choice = metric(Method::ComparisonChoice, &["A", "B", "same", "neither"]);
        let meant = ["same", "tie", "neither", "both_bad", "A"].map(|said| choice.none_of(said));
        let (tie, bad) = (Some(Chosen::Tie), Some(Chosen::BothBad));
        assert_eq!(meant, [tie.clone(), tie, bad.clone(), bad, None]);
    }

    #[test]
    fn the_words_of_a_choice_are_of_the_answers_then_of_a_tie_and_of_all_bad() {
        let metric = |method, labels: &[&str]| Metric {
            name: "m".into(),
            description: String::new(),
            method,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        let choice = metric(Method::ComparisonChoice, &["A", "B", "same", "neither"]);
        assert_eq!([0, 1, 2].map(|place| choice.side(place)), [Some("A"), Some("B"), None]);
        assert_eq!((choice.tie(), choice.all_bad()), (Some("same"), Some("neither")));
        assert_eq!((choice.place(1), choice.labelled(2)), (None, (4, 4)));
        let usual = metric(Method::ComparisonChoice, &[]);
        assert_eq!((usual.side(0), usual.tie(), usual.all_bad()), (None, None, None));
        let rank = metric(Method::ComparisonRank, &["gold", "silver", "bronze"]);
        assert_eq!(
            [0, 1, 3, 4].map(|rank_of| rank.place(rank_of)),
            [None, Some("gold"), Some("bronze"), None]
        );
        assert_eq!((rank.tie(), rank.labelled(3)), (None, (3, 3)));
    }
}
