//! What each number of a report is, in words, and where its formula comes from: what stands one key away from it.

use crate::domain::evaluation::metric::Method;

/// A number's name, what it is, and the source of its formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    pub name: &'static str,
    /// One or two plain sentences.
    pub text: &'static str,
    pub source: &'static str,
}

/// All of them, by what they are of.
pub const fn definitions() -> &'static [Definition] {
    DEFINITIONS
}

/// The one of that name; of a value of a scale, as `points=3`, that of the scale, of a number of another, as `p=left choice`, what such
/// a number is.
pub fn definition(name: &str) -> Option<&'static Definition> {
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    DEFINITIONS.iter().find(|definition| definition.name == name)
}

/// What the figures of a method are.
pub const fn of_method(method: Method) -> &'static str {
    match method {
        Method::ThumbsUpDown => "The share of thumbs up among all thumbs, for each source.",
        Method::IndividualLikertScale => {
            "How often each point of the scale was given, for each source, and the mean of the points."
        }
        Method::ComparisonLikertScale => {
            "How often each strength of preference was given between two sources: 1 is strongly the first one, wherever its \
             answer stood, the last point strongly the second one."
        }
        Method::ComparisonChoice => {
            "How often each source was chosen among the votes that chose one answer and had one of its own to choose; ties \
             and \"both bad\" are shares of all votes."
        }
        Method::ComparisonRank => {
            "How often each source got each place, 1 being the best, and the mean of the places."
        }
    }
}

const WILSON: &str = "Wilson, \"Probable inference, the law of succession, and statistical inference\", 1927";
const BRADLEY_TERRY: &str = "Bradley and Terry, \"Rank analysis of incomplete block designs\", 1952";
const KRIPPENDORFF: &str = "Krippendorff, \"Computing Krippendorff's alpha-reliability\", 2011";
const BEDROCK: &str = "Amazon Bedrock, report card of human evaluation";
const OWN: &str = "a plain count";

const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "votes",
        text: "Votes that stand, fit the task and are of its version. Items whose answer is known and unannounced repeats are \
               not among them.",
        source: OWN,
    },
    Definition {
        name: "items",
        text: "Items that main figures are of: not those whose answer is known, nor those that lack an answer.",
        source: OWN,
    },
    Definition {
        name: "items without an answer",
        text: "Items that nobody can rate, as an answer of this source failed or has not come yet. They are in no figure.",
        source: OWN,
    },
    Definition {
        name: "skipped",
        text: "Items that a rater was shown and did not rate; the reasons are listed.",
        source: OWN,
    },
    Definition {
        name: "on gold",
        text: "Votes on items whose answer is known. They are in no main figure.",
        source: OWN,
    },
    Definition {
        name: "repeats",
        text: "Votes on items that came again unannounced. They are in no main figure.",
        source: OWN,
    },
    Definition {
        name: "other versions",
        text: "Votes of other versions of the task, whose instructions or metrics meant something else. They are left out.",
        source: OWN,
    },
    Definition {
        name: "unfit",
        text: "Votes that the task could not have led to, as a point beside its scale. They are left out.",
        source: OWN,
    },
    Definition {
        name: "strangers",
        text: "Votes on items or answers that the task does not have. They are left out.",
        source: OWN,
    },
    Definition {
        name: "doubled",
        text: "Votes in whose place a later one of the same rater on the same item counts.",
        source: OWN,
    },
    Definition {
        name: "not blind",
        text: "Votes in the main figures of raters who had looked whose answers are whose before they voted.",
        source: OWN,
    },
    Definition {
        name: "coverage",
        text: "The share of the votes that are due, items times raters of each, that are there. More votes than are due on one \
               item do not make up for another one. A vote that says nothing of one metric is in no figure of that metric.",
        source: OWN,
    },
    Definition {
        name: "thumbs up",
        text: "The share of thumbs up among all thumbs that a source's answers got, with an interval of 95 %.",
        source: WILSON,
    },
    Definition {
        name: "mean points",
        text: "The mean of the points that a source's answers got. The interval of 95 % takes the items for a sample, so that \
               several votes on one item, or on turns of one conversation, do not count as independent.",
        source: "Cochran, \"Sampling Techniques\", 1977, on clusters of unequal sizes",
    },
    Definition {
        name: "points",
        text: "How often a source's answers got this point of the scale.",
        source: BEDROCK,
    },
    Definition {
        name: "mean preference",
        text: "The mean point between two sources: 1 is strongly the first, the last point strongly the second. The interval of \
               95 % takes the items for a sample, the turns of a conversation as one.",
        source: "Cochran, \"Sampling Techniques\", 1977, on clusters of unequal sizes",
    },
    Definition {
        name: "preference",
        text: "How often this strength of preference was given between two sources, counted from the first to the second \
               wherever their answers stood.",
        source: BEDROCK,
    },
    Definition {
        name: "preference share",
        text: "The share of votes of this strength: strong at the ends of the scale, slight between an end and the middle.",
        source: WILSON,
    },
    Definition {
        name: "chosen",
        text: "How often a source was chosen, of the votes that chose one answer and had one of its own to choose.",
        source: BEDROCK,
    },
    Definition {
        name: "ties",
        text: "The share of votes that chose none because the answers are as good as each other.",
        source: WILSON,
    },
    Definition {
        name: "both bad",
        text: "The share of votes that chose none because no answer is good.",
        source: WILSON,
    },
    Definition {
        name: "mean place",
        text: "The mean of the places that a source's answers got, 1 being the best. The interval of 95 % takes the items for a \
               sample, the turns of a conversation as one.",
        source: "Cochran, \"Sampling Techniques\", 1977, on clusters of unequal sizes",
    },
    Definition {
        name: "places",
        text: "How often a source's answers got this place; equal places are ties.",
        source: BEDROCK,
    },
    Definition {
        name: "rating",
        text: "The strength that makes the votes likeliest, on Elo's scale: 400 points more are odds of ten to one, the mean is \
               1000. A tie is half a win for each; the interval of 95 % takes the items for a sample: in the main ranking it is that of a \
               bootstrap over them, in the ranking of a category the robust (sandwich) formula's, with the votes of an item together, \
               and of the turns of a conversation.",
        source: BRADLEY_TERRY,
    },
    Definition {
        name: "rating by formula",
        text: "The interval of 95 % of the rating by the robust (sandwich) formula, with the votes of an item together, and of the turns \
               of a conversation. Where it and the bootstrap's differ much, there are few items.",
        source: "Huber, \"The behavior of maximum likelihood estimates under nonstandard conditions\", 1967, by clusters",
    },
    Definition {
        name: "rank",
        text: "The best and the worst place that the intervals of the ratings allow: one more than the number of those that are \
               surely better, and the number of those that are not surely worse.",
        source: "Chiang et al., \"Chatbot Arena\", 2024",
    },
    Definition {
        name: "win rate",
        text: "Wins, ties as halves, among all comparisons. It knows no difference between strong and weak others. Its interval \
               takes every vote for one by itself: where an item has several, see \"win rate by item\".",
        source: WILSON,
    },
    Definition {
        name: "win rate by item",
        text: "The interval of 95 % of the win rate from a bootstrap over the items, each drawn with all its votes, so that several \
               votes on one item do not count as independent; the turns of a conversation are drawn together.",
        source: "Efron, \"Bootstrap methods: another look at the jackknife\", 1979, by clusters",
    },
    Definition {
        name: "won",
        text: "Comparisons that it won; lost, tied and both bad make up the rest.",
        source: OWN,
    },
    Definition { name: "lost", text: "Comparisons that it lost.", source: OWN },
    Definition {
        name: "tied",
        text: "Comparisons in which the answers were as good as each other. Those in which none was good are counted apart.",
        source: OWN,
    },
    Definition {
        name: "both bad comparisons",
        text: "Comparisons in which no answer was good. For ratings and win rates they are ties.",
        source: OWN,
    },
    Definition {
        name: "battles",
        text: "Comparisons that a source took part in. A vote on more than two answers is several of them.",
        source: OWN,
    },
    Definition {
        name: "alpha",
        text: "Krippendorff's α on the level that fits the method: 1 is full agreement, 0 what chance would do. At least 0.800 \
               is taken for good, at least 0.667 for tentative.",
        source: KRIPPENDORFF,
    },
    Definition {
        name: "alpha nominal",
        text: "α where any two different values are as different as any other two.",
        source: KRIPPENDORFF,
    },
    Definition {
        name: "alpha ordinal",
        text: "α where values have an order, and two differ by how many votes lie between them.",
        source: KRIPPENDORFF,
    },
    Definition {
        name: "alpha interval",
        text: "α where values are steps, and two differ by the square of how far they are apart.",
        source: KRIPPENDORFF,
    },
    Definition {
        name: "fleiss",
        text: "Fleiss' κ: agreement beyond chance where every item has the same number of votes. It is low where nearly all \
               votes are the same, however well raters agree.",
        source: "Fleiss, \"Measuring nominal scale agreement among many raters\", 1971",
    },
    Definition {
        name: "raw agreement",
        text: "The share of pairs of votes on one item that are equal, with nothing taken off for chance.",
        source: OWN,
    },
    Definition {
        name: "agreement on winners",
        text: "The share of pairs of votes on the same two answers that name the same winner; a tie and \"both bad\" are equal.",
        source: "Zheng et al., \"Judging LLM-as-a-judge with MT-Bench and Chatbot Arena\", 2023",
    },
    Definition {
        name: "agreement on winners without ties",
        text: "The same among pairs in which neither vote is a tie.",
        source: "Zheng et al., \"Judging LLM-as-a-judge with MT-Bench and Chatbot Arena\", 2023",
    },
    Definition {
        name: "kappa",
        text: "Cohen's κ of two raters: agreement beyond chance on the items that both have rated.",
        source: "Cohen, \"A coefficient of agreement for nominal scales\", 1960",
    },
    Definition {
        name: "weighted kappa",
        text: "Cohen's κ with linear weights: a difference of two points counts twice one of one.",
        source: "Cohen, \"Weighted kappa\", 1968",
    },
    Definition {
        name: "equal",
        text: "The share of the items that both raters have rated on which they said the same, with nothing taken off for chance.",
        source: OWN,
    },
    Definition {
        name: "left choice",
        text: "How often the left one of two answers was chosen, of more than two one of the left half; ties and the middle are \
               left out. With sides balanced, half is what there is without a bias.",
        source: WILSON,
    },
    Definition {
        name: "quick left choice",
        text: "The left choice of quick votes alone: those that took their rater less than half of that rater's votes by this \
               metric did. Farther from half than the left choice of all, haste goes by the side.",
        source: WILSON,
    },
    Definition {
        name: "longer choice",
        text: "How often the longer one of two answers was chosen, of more than two one that is longer than most; ties and \
               lengths in the middle are left out. More than half is no proof of a bias: longer answers may be better ones.",
        source: WILSON,
    },
    Definition {
        name: "p",
        text: "How likely a share at least as far from half is where there is no bias, by the exact sign test on both sides. It takes \
               every vote for one by itself.",
        source: "McNemar, \"Note on the sampling error of the difference between correlated proportions\", 1947",
    },
    Definition {
        name: "flips",
        text: "How often a rater's winner changed when the same two answers came again the other way round.",
        source: WILSON,
    },
    Definition {
        name: "seconds",
        text: "The mean time an item was in front of a rater, without pauses.",
        source: OWN,
    },
    Definition {
        name: "median seconds",
        text: "Half of the items took a rater less than this.",
        source: OWN,
    },
    Definition {
        name: "hasty",
        text: "The vote from which on ten in a row took a rater less than 40 % of their own median before. It is a flag to look \
               at, no verdict.",
        source: "a rule of this program",
    },
    Definition {
        name: "gold",
        text: "The share of right answers on items whose answer is known. On a scale the point next to the right one is right as \
               well.",
        source: WILSON,
    },
    Definition {
        name: "same again",
        text: "The share of equal answers where an item came again unannounced.",
        source: WILSON,
    },
    Definition {
        name: "distance again",
        text: "The mean distance, in steps of the scale, between the first answer and the one given when the item came again; of \
               a choice the share that changed.",
        source: OWN,
    },
    Definition {
        name: "spread",
        text: "How far raters are apart on an item: from the lowest to the highest point, or of kinds the share of votes that \
               are not of the commonest one.",
        source: OWN,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_definition_is_one_or_two_sentences_under_a_name_of_its_own() {
        let mut names = HashSet::new();
        for definition in definitions() {
            assert!(names.insert(definition.name), "{}", definition.name);
            assert!(definition.text.ends_with('.'), "{}", definition.name);
            assert!(definition.text.matches(". ").count() <= 2, "{}", definition.name);
            assert!(!definition.source.is_empty());
        }
        assert_eq!(definition("rating").map(|known| known.source), Some(BRADLEY_TERRY));
        assert_eq!(definition("rattling"), None);
    }
}
