//! Whether raters agree by a metric, in each of the ways that there are to tell.

use serde::{Deserialize, Serialize};

use super::gather::{Gathered, Kept};
use super::mean::Bounded;
use crate::domain::evaluation::agreement::{
    Agreement, Kappa, Level, OnWinners, Table, Weights, alpha, alpha_between_clusters, among_raters,
    by_items, cohen_of_all, fleiss, on_winners, percent_agreement,
};
use crate::domain::evaluation::figure::{Figure, Missing, plain};
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::vote::ResponseId;

/// What is rated: an item by its place in the order of the names, and which of its answers where each is rated by itself.
pub(super) type Unit<'g> = (u32, Option<&'g ResponseId>);

/// The coefficients; where each answer is rated by itself an answer is an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreements {
    /// What the differences of its values mean.
    pub level: Level,
    /// Krippendorff's α on that level, between its bounds.
    pub alpha: Bounded,
    #[serde(with = "plain")]
    pub nominal: Figure,
    #[serde(with = "plain")]
    pub ordinal: Figure,
    #[serde(with = "plain")]
    pub interval: Figure,
    #[serde(with = "plain")]
    pub fleiss: Figure,
    /// Equal pairs of votes, chance and all.
    #[serde(with = "plain")]
    pub raw: Figure<Agreement>,
    /// On who is better of two, as MT-Bench tells it; not there where nothing is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_winners: Option<OnWinners>,
    /// Cohen's κ of every two raters who have an item in common.
    pub pairs: Vec<RaterPair>,
    /// Pairs of raters who have none.
    pub strangers: u64,
}

/// Two raters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaterPair {
    pub a: String,
    pub b: String,
    #[serde(with = "plain")]
    pub kappa: Figure<Kappa>,
    /// With linear weights: a difference of two points counts twice one of one.
    #[serde(with = "plain")]
    pub weighted: Figure<Kappa>,
}

/// The coefficients of the main votes, and the table that they are of.
pub(super) fn agreements<'g>(
    gathered: &'g Gathered<'_>,
    metric: &Metric,
) -> (Agreements, Table<'g, Unit<'g>>, Level) {
    let item = |kept: &Kept<'_>| gathered.ranks[kept.item];
    let (table, level) = by_items(&gathered.main, metric, item, |id| gathered.input.sources.get(id));
    let ordered =
        |figure: Figure| if metric.method == Method::ComparisonChoice { unordered() } else { figure };
    let told = alpha(&table, level);
    let rounds = gathered.input.rounds;
    let interval = match &told {
        Err(why) => Err(why.clone()),
        Ok(_) if rounds == 0 => Err(Missing::Unfit { what: "no samples were drawn".into() }),
        Ok(_) => {
            let mut clusters = vec![0; gathered.ranks.len()];
            for (rank, cluster) in gathered.ranks.iter().zip(&gathered.cluster_of) {
                clusters[*rank as usize] = *cluster;
            }
            let cluster = |(rank, _): Unit<'_>| clusters.get(rank as usize).copied();
            alpha_between_clusters(&table, level, (rounds, gathered.input.seed), cluster)
                .map(|between| (between.low, between.high))
        }
    };
    let (pairs, strangers) = pairs(&table, metric.method);
    let agreements = Agreements {
        level,
        alpha: Bounded { value: told, interval },
        nominal: alpha(&table, Level::Nominal),
        ordinal: ordered(alpha(&table, Level::Ordinal)),
        interval: ordered(alpha(&table, Level::Interval)),
        fleiss: fleiss(&table),
        raw: percent_agreement(&table),
        on_winners: metric.method.compares().then(|| winners(gathered, metric)),
        pairs,
        strangers,
    };
    (agreements, table, level)
}

fn unordered<T>() -> Figure<T> {
    Err(Missing::Unfit { what: "a choice has no order".into() })
}

fn pairs(table: &Table<'_, Unit<'_>>, method: Method) -> (Vec<RaterPair>, u64) {
    let weighted = cohen_of_all(table, Weights::Linear);
    let mut strangers = 0;
    let mut pairs = Vec::new();
    for ((a, b, kappa), (_, _, weighted)) in cohen_of_all(table, Weights::None).into_iter().zip(weighted) {
        if kappa == Err(Missing::NothingShared) {
            strangers += 1;
            continue;
        }
        let weighted = if method == Method::ComparisonChoice { unordered() } else { weighted };
        pairs.push(RaterPair { a: a.to_owned(), b: b.to_owned(), kappa, weighted });
    }
    (pairs, strangers)
}

fn winners(gathered: &Gathered<'_>, metric: &Metric) -> OnWinners {
    let outcome = |kept: &Kept<'_>| Some((kept.rater as u32, kept.item as u32, kept.outcome(metric)?));
    let mut said = gathered.main.iter().filter_map(outcome).peekable();
    if said.peek().is_none() {
        let why = match gathered.main_by(metric).count() {
            0 => Missing::NoVotes,
            _ => Missing::Unfit { what: "no vote is on two answers".into() },
        };
        return OnWinners { with_ties: Err(why.clone()), without_ties: Err(why) };
    }
    on_winners(among_raters(said))
}
