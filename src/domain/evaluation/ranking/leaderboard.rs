//! Who is chosen over whom, as a table: ratings with intervals, ranks, win rates.

use serde::{Deserialize, Serialize};

use super::bradley_terry::{Meeting, fit};
use super::contest::{Contest, Met};
use super::elo::{CENTRE, points};
use super::reach::{Reach, Standing, islands};
use super::spread::{bootstrap, sandwich, winners};
use crate::domain::evaluation::battle::{Battle, Outcome};
use crate::domain::evaluation::figure::{Estimate, Figure, Missing, plain};
use crate::domain::evaluation::interval::wilson;
use crate::domain::figures::count;

/// How a leaderboard is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Battles of this category alone; `None` for all.
    pub category: Option<String>,
    /// So many battles a contestant must have before a rating is told.
    pub least: u64,
    pub intervals: Intervals,
}

impl Default for Options {
    fn default() -> Self {
        Self { category: None, least: 10, intervals: Intervals::Sandwich }
    }
}

/// Where the intervals of ratings come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intervals {
    /// A formula: the same for the same battles.
    Sandwich,
    /// Samples of the prompts, repeatable by their seed.
    Bootstrap { rounds: u32, seed: u64 },
}

/// The table, the best first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Leaderboard {
    pub rows: Vec<Row>,
    pub pairs: Vec<Pair>,
    /// How many battles were counted.
    pub battles: u64,
    /// Battles that are none: of one with itself, or without a weight.
    pub ignored: u64,
}

impl Leaderboard {
    /// Each reason why there is no rating, with the rows that it is of, as a sentence.
    pub fn unrated(&self) -> Vec<String> {
        let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
        for row in &self.rows {
            let Err(why) = &row.rating else { continue };
            let why = why.to_string();
            match reasons.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(&row.name),
                None => reasons.push((why, vec![&row.name])),
            }
        }
        reasons.into_iter().map(|(why, names)| format!("no rating of {}: {why}", names.join(", "))).collect()
    }

    /// Why nobody has a win rate, as a sentence; `None` where they have.
    pub fn without_win_rates(&self) -> Option<String> {
        let why = self.rows.iter().find_map(|row| row.win_rate.as_ref().err())?;
        (*why == Missing::OnePrompt).then(|| format!("no win rates: {why}"))
    }

    /// The rows in words, a head first: rank, rating and interval, what was won, lost, tied and both bad, the win rate and its
    /// interval. What is not known is a dash.
    pub fn table(&self) -> Vec<Vec<String>> {
        let head =
            ["", "rank", "rating", "rating 95 %", "won", "lost", "tied", "bad", "win rate", "win rate 95 %"];
        let head = head.map(str::to_owned).to_vec();
        std::iter::once(head).chain(self.rows.iter().map(Row::in_words)).collect()
    }
}

/// One contestant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    pub record: Record,
    /// Wins, ties as halves, among all, with Wilson's interval. It knows no difference between strong and weak others.
    #[serde(with = "plain")]
    pub win_rate: Figure<Estimate>,
    #[serde(with = "plain")]
    pub rating: Figure<Rating>,
}

impl Row {
    fn in_words(&self) -> Vec<String> {
        let nothing = || "–".to_owned();
        let rating = self.rating.as_ref().ok();
        let rank = rating.and_then(|rating| rating.rank.as_ref().ok());
        let rank = rank.map_or_else(nothing, |(best, worst)| {
            if best == worst { best.to_string() } else { format!("{best}–{worst}") }
        });
        let interval = rating.and_then(|rating| rating.interval.as_ref().ok());
        let interval = interval.map_or_else(nothing, |(low, high)| format!("{low:.0}–{high:.0}"));
        let rating = rating.map_or_else(nothing, |rating| format!("{:.0}", rating.elo));
        let (rate, spread) = match &self.win_rate {
            Ok(Estimate { value, low, high }) => {
                (format!("{:.0} %", value * 100.0), format!("{:.0}–{:.0} %", low * 100.0, high * 100.0))
            }
            Err(_) => (nothing(), nothing()),
        };
        let Record { won, lost, tied, both_bad, .. } = self.record;
        let mut cells = vec![self.name.clone(), rank, rating, interval];
        cells.extend([won, lost, tied, both_bad].map(|count| count.to_string()));
        cells.extend([rate, spread]);
        cells
    }
}

/// How the battles of one contestant, or of the first of a pair, ended, by weight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub won: f64,
    pub lost: f64,
    pub tied: f64,
    pub both_bad: f64,
    /// How many there were, whatever their weight.
    pub battles: u64,
}

/// Two contestants: the record of `a` against `b`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub a: String,
    pub b: String,
    pub record: Record,
    /// Of `a`.
    #[serde(with = "plain")]
    pub win_rate: Figure<Estimate>,
}

/// A strength by Bradley and Terry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// The logarithm of the odds; those of the rated ones add up to nothing.
    pub beta: f64,
    /// On Elo's scale, where 400 more are odds of ten to one and the mean is 1000.
    pub elo: f64,
    /// From and to on Elo's scale, at 95 %.
    #[serde(with = "plain")]
    pub interval: Figure<(f64, f64)>,
    /// The best and the worst rank among the rated ones that the intervals allow.
    #[serde(with = "plain")]
    pub rank: Figure<(u32, u32)>,
}

impl Record {
    fn count(&mut self, outcome: Outcome, weight: f64, count: u32) {
        let share = match outcome {
            Outcome::A => &mut self.won,
            Outcome::B => &mut self.lost,
            Outcome::Tie => &mut self.tied,
            Outcome::BothBad => &mut self.both_bad,
        };
        *share += weight * f64::from(count);
        self.battles += u64::from(count);
    }

    /// (W + ½T) / N.
    pub fn win_rate(&self) -> Figure<Estimate> {
        let ties = self.tied + self.both_bad;
        wilson(self.won + ties / 2.0, self.won + self.lost + ties)
    }
}

/// The leaderboard of battles.
///
/// Where two groups never met nobody is rated. Where some only won or only lost against the others, those are told so and
/// the rest is rated by the battles among itself, which is what the likeliest strengths come to. What was won on one prompt alone
/// tells nothing of others: of that there are no win rates.
pub fn leaderboard(battles: &[Battle], options: &Options) -> Leaderboard {
    let wanted = |battle: &&Battle| options.category.is_none() || battle.category == options.category;
    let contest = Contest::of(battles.iter().filter(wanted));
    let mut board = of_contest(&contest, options);
    if contest.prompt_count() == 1 {
        board.rows.iter_mut().for_each(|row| row.win_rate = Err(Missing::OnePrompt));
        board.pairs.iter_mut().for_each(|pair| pair.win_rate = Err(Missing::OnePrompt));
    }
    board
}

/// The same of all of others that met.
pub(in crate::domain::evaluation) fn of_all<M: Met>(battles: &[M], options: &Options) -> Leaderboard {
    of_contest(&Contest::of(battles.iter()), options)
}

fn of_contest(contest: &Contest, options: &Options) -> Leaderboard {
    let n = contest.names.len();
    let mut records = vec![Record::default(); n];
    let mut pairs = vec![Record::default(); contest.pairs.len()];
    for bucket in &contest.buckets {
        records[bucket.a].count(bucket.outcome, bucket.weight, bucket.count);
        records[bucket.b].count(bucket.outcome.swapped(), bucket.weight, bucket.count);
        pairs[bucket.pair].count(bucket.outcome, bucket.weight, bucket.count);
    }

    let mut rows: Vec<(Standing, Row)> = rated(contest, options)
        .into_iter()
        .zip(records)
        .zip(&contest.names)
        .map(|(((standing, mut rating), record), name)| {
            if rating.is_ok() && record.battles < options.least {
                rating = Err(Missing::too_few(record.battles, options.least, "battle", "battles"));
            }
            (standing, Row { name: name.clone(), record, win_rate: record.win_rate(), rating })
        })
        .collect();
    // The best first; of those without a rating the one that won more.
    rows.sort_by(|(a_stands, a), (b_stands, b)| {
        let place = |standing| match standing {
            Standing::Above => 0,
            Standing::Within => 1,
            Standing::Below => 2,
            Standing::Apart => 3,
        };
        let beta = |row: &Row| row.rating.as_ref().map_or(f64::NEG_INFINITY, |rating| rating.beta);
        let share = |row: &Row| row.win_rate.as_ref().map_or(0.0, |rate| rate.value);
        place(*a_stands)
            .cmp(&place(*b_stands))
            .then(beta(b).total_cmp(&beta(a)))
            .then(share(b).total_cmp(&share(a)))
    });
    rank(&mut rows);

    let names = |at: usize| contest.names[at].clone();
    let pairs = contest.pairs.iter().zip(pairs).map(|(&(a, b), record)| Pair {
        a: names(a),
        b: names(b),
        record,
        win_rate: record.win_rate(),
    });
    Leaderboard {
        pairs: pairs.collect(),
        battles: contest.buckets.iter().map(|bucket| u64::from(bucket.count)).sum(),
        ignored: contest.ignored,
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    }
}

/// How many choices are no battle, since beside a failed answer there was nothing to choose over, as a sentence without its end.
pub fn ranks_nobody(many: u64) -> String {
    let choices = count(many, "choice ranks", "choices rank");
    format!("{choices} nobody: an answer that failed counts neither for its model nor against it")
}

/// The categories that battles have, in alphabetical order.
pub fn categories(battles: &[Battle]) -> Vec<&str> {
    let mut names: Vec<&str> = battles.iter().filter_map(|battle| battle.category.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Each contestant's place and rating, without ranks.
fn rated(contest: &Contest, options: &Options) -> Vec<(Standing, Figure<Rating>)> {
    let n = contest.names.len();
    let nobody = |why: &Missing| vec![(Standing::Within, Err(why.clone())); n];
    if contest.buckets.is_empty() {
        return nobody(&Missing::NoVotes);
    }
    let groups = islands(n, contest.pairs.iter().copied());
    if groups > 1 {
        return nobody(&Missing::Disconnected { groups: groups as u64 });
    }
    if contest.buckets.iter().all(|bucket| bucket.outcome.is_tie()) {
        return nobody(&undecided(contest));
    }
    let mut meetings = Vec::new();
    contest.meetings(|_, bucket| bucket.count, &mut meetings);
    let reach = Reach::of(n, winners(&meetings));
    let Some(standings) = reach.standings() else { return line(n, &reach) };

    let mut fresh = vec![None; n];
    let within = (0..n).filter(|at| standings[*at] == Standing::Within);
    let many = within.clone().zip(0..).map(|(at, new)| fresh[at] = Some(new)).count();
    let group = contest.among(&fresh);
    group.meetings(|_, bucket| bucket.count, &mut meetings);
    let Some(ratings) = ratings(&group, many, &meetings, options) else { return nobody(&Missing::Apart) };
    let mut ratings = ratings.into_iter();
    standings
        .into_iter()
        .map(|standing| {
            let rating = match standing {
                Standing::Within => ratings.next().ok_or(Missing::Apart),
                Standing::Above => Err(Missing::OnlyWon),
                Standing::Below => Err(Missing::OnlyLost),
                Standing::Apart => Err(Missing::Apart),
            };
            (standing, rating)
        })
        .collect()
}

/// What the votes were, where none chose one.
fn undecided(contest: &Contest) -> Missing {
    let any = |outcome: Outcome| contest.buckets.iter().any(|bucket| bucket.outcome == outcome);
    Missing::undecided(any(Outcome::Tie), any(Outcome::BothBad))
}

fn ratings(group: &Contest, n: usize, meetings: &[Meeting], options: &Options) -> Option<Vec<Rating>> {
    let beta = fit(n, meetings, None)?.beta;
    let intervals = match options.intervals {
        // No vote went another way than the one before: the formula would be sure of everything.
        _ if group.buckets.iter().all(|bucket| bucket.outcome.is_tie()) => Err(undecided(group)),
        Intervals::Sandwich => sandwich(group, &beta, meetings),
        Intervals::Bootstrap { rounds, seed } => bootstrap(group, &beta, rounds, seed),
    };
    let elo = |beta: f64| CENTRE + points(beta);
    Some(
        beta.iter()
            .enumerate()
            .map(|(at, beta)| Rating {
                beta: *beta,
                elo: elo(*beta),
                interval: intervals
                    .as_ref()
                    .map(|bounds| (elo(bounds[at].0), elo(bounds[at].1)))
                    .map_err(Clone::clone),
                rank: Err(Missing::NoVotes),
            })
            .collect(),
    )
}

/// Nobody won against anybody who won against them: there are places and no strengths.
fn line(n: usize, reach: &Reach) -> Vec<(Standing, Figure<Rating>)> {
    let others = |of: usize| (0..n).filter(move |other| *other != of);
    (0..n)
        .map(|at| {
            let won = others(at).any(|other| reach.has(at, other));
            let lost = others(at).any(|other| reach.has(other, at));
            match (won, lost) {
                (true, false) => (Standing::Above, Err(Missing::OnlyWon)),
                (false, true) => (Standing::Below, Err(Missing::OnlyLost)),
                _ => (Standing::Within, Err(Missing::Apart)),
            }
        })
        .collect()
}

/// The best rank is one more than the number of those that are surely better, the worst the number of those that are not
/// surely worse (as Chatbot Arena shows them).
fn rank(rows: &mut [(Standing, Row)]) {
    let bounds: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|(_, row)| row.rating.as_ref().ok()?.interval.as_ref().ok().copied())
        .collect();
    for rating in rows.iter_mut().filter_map(|(_, row)| row.rating.as_mut().ok()) {
        rating.rank = rating.interval.clone().map(|(low, high)| {
            let better = bounds.iter().filter(|(other, _)| *other > high).count();
            let worse = bounds.iter().filter(|(_, other)| *other < low).count();
            (better as u32 + 1, (bounds.len() - worse) as u32)
        });
    }
}
