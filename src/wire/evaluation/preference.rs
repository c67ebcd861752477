//! Preference data for training: pairs for DPO, single answers for KTO, as TRL reads them.
//!
//! A prompt of one turn is a text; one of more is a list of messages, and so are its answers.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::judged::{Judged, Opinion, at, place};
use super::lines::line;
use crate::domain::Result;
use crate::domain::evaluation::battle::Outcome;
use crate::domain::evaluation::item::Item;
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::vote::{self, Vote};
use crate::domain::figures::count;

#[derive(Serialize)]
struct Pair {
    prompt: Value,
    chosen: Value,
    rejected: Value,
    /// The shares of votes that each has, ties by half, and the first less the second.
    chosen_rating: f64,
    rejected_rating: f64,
    margin: f64,
    n_votes: u64,
    /// The share of votes that say the same as most of them.
    agreement: f64,
    /// The owner has decided it; ratings and margin are then those of the decision.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    decided: bool,
}

#[derive(Serialize)]
struct Single {
    prompt: Value,
    completion: Value,
    label: bool,
}

/// What came of votes, and what of them gives no preference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// A line each.
    pub text: String,
    pub lines: u64,
    /// Each in words, with how often.
    pub left_out: Vec<String>,
}

impl Preferences {
    fn push(&mut self, record: &impl Serialize) -> Result<()> {
        self.text.push_str(&line(record)?);
        self.lines += 1;
        Ok(())
    }

    fn leave_out(&mut self, many: u64, one: &str, more: &str, why: &str) {
        if many > 0 {
            self.left_out.push(format!("{} {why}", count(many, one, more)));
        }
    }
}

/// How often the first of two answers was chosen, the second, and none.
type Meetings = BTreeMap<(usize, usize), [u64; 3]>;

fn meetings(votes: impl Iterator<Item = Vote>, asked: &Metric, names: &[String]) -> Meetings {
    let mut meetings = Meetings::new();
    let name = |id: &vote::ResponseId| names.get(at(id)?).map(String::as_str);
    for battle in votes.flat_map(|vote| vote.battles(asked, name)) {
        let (Ok(a), Ok(b)) = (battle.a.parse::<usize>(), battle.b.parse::<usize>()) else { continue };
        let (pair, outcome) =
            if a < b { ((a, b), battle.outcome) } else { ((b, a), battle.outcome.swapped()) };
        let which = match outcome {
            Outcome::A => 0,
            Outcome::B => 1,
            Outcome::Tie | Outcome::BothBad => 2,
        };
        meetings.entry(pair).or_default()[which] += 1;
    }
    meetings
}

/// DPO: of every two answers the one that more votes chose, by a comparing metric, and the other; where the owner decided, that.
/// Pairs without a winner, as of ties and "both bad", are left out, and pairs of one text, which teach nothing.
pub fn dpo(judged: &[Judged], metric: &str) -> Result<Preferences> {
    let mut told = Preferences::default();
    let (mut unrated, mut even, mut alike) = (0, 0, 0);
    for judged in judged {
        let Some(asked) = judged.metrics.iter().find(|known| known.name == metric) else { continue };
        let names: Vec<String> = (0..judged.item.responses.len()).map(|at| at.to_string()).collect();
        let voted = meetings(by_place(judged), asked, &names);
        let ruled = judged.decided(metric).map(|vote| meetings(std::iter::once(vote), asked, &names));
        let is_ruled = ruled.is_some();
        let pairs = ruled.unwrap_or_else(|| voted.clone());
        unrated += u64::from(pairs.is_empty());
        for ((a, b), [first, second, ties]) in pairs {
            // More may have seen no difference than one.
            if first == second || ties >= first.max(second) {
                even += 1;
                continue;
            }
            if text(&judged.item, a) == text(&judged.item, b) {
                alike += 1;
                continue;
            }
            let (chosen, rejected, won, lost) =
                if first > second { (a, b, first, second) } else { (b, a, second, first) };
            let votes = won + lost + ties;
            let share = |won: u64| (won as f64 + ties as f64 / 2.0) / votes as f64;
            let pair = Pair {
                prompt: prompt(&judged.item),
                chosen: answer(&judged.item, chosen),
                rejected: answer(&judged.item, rejected),
                chosen_rating: share(won),
                rejected_rating: share(lost),
                margin: share(won) - share(lost),
                n_votes: votes,
                agreement: won as f64 / votes as f64,
                decided: is_ruled,
            };
            if !is_ruled {
                told.push(&pair)?;
                continue;
            }
            // A decision is one voice; how many raters there were, and how many are of its mind, is told of them.
            let [first, second, ties] = voted.get(&(a, b)).copied().unwrap_or_default();
            let (agreed, votes) = (if chosen == a { first } else { second }, first + second + ties);
            let agreement = if votes == 0 { 1.0 } else { agreed as f64 / votes as f64 };
            told.push(&Pair { n_votes: votes, agreement, ..pair })?;
        }
    }
    told.leave_out(unrated, "item", "items", "without a vote on two answers");
    told.leave_out(
        even,
        "pair of answers",
        "pairs of answers",
        "without a winner: as many votes for the one as for the other, a tie, or both bad",
    );
    told.leave_out(
        alike,
        "pair of answers",
        "pairs of answers",
        "with the same text, of which one was preferred",
    );
    skips(judged, &mut told);
    Ok(told)
}

/// KTO: every answer with whether most thumbs are up; where the owner decided, that. Where as many are down it is left out.
pub fn kto(judged: &[Judged], metric: &str) -> Result<Preferences> {
    let mut told = Preferences::default();
    let (mut unrated, mut even) = (0, 0);
    for judged in judged {
        let ruled = judged.decided(metric);
        let of_raters = judged.opinions.iter().flat_map(Opinion::values).filter(|(name, _)| name == metric);
        let said: Vec<&vote::Value> = if let Some(value) = ruled.as_ref().and_then(|vote| vote.value(metric))
        {
            vec![value]
        } else {
            of_raters.map(|(_, value)| value).collect()
        };
        for (response, _) in judged.item.responses.iter().enumerate() {
            let thumbs = said.iter().filter_map(|value| match value {
                vote::Value::Thumbs(thumbs) => thumbs.iter().find(|(id, _)| *id == place(response)),
                _ => None,
            });
            let (ups, downs): (Vec<bool>, Vec<bool>) = thumbs.map(|(_, up)| *up).partition(|up| *up);
            match ups.len().cmp(&downs.len()) {
                Ordering::Equal if ups.is_empty() => unrated += 1,
                Ordering::Equal => even += 1,
                most => told.push(&Single {
                    prompt: prompt(&judged.item),
                    completion: answer(&judged.item, response),
                    label: most == Ordering::Greater,
                })?,
            }
        }
    }
    told.leave_out(unrated, "answer", "answers", "without a thumb");
    told.leave_out(even, "answer", "answers", "with as many thumbs up as down");
    skips(judged, &mut told);
    Ok(told)
}

fn skips(judged: &[Judged], told: &mut Preferences) {
    let skipped = judged.iter().flat_map(|judged| &judged.opinions);
    let skipped = skipped.filter(|opinion| matches!(opinion.said, vote::Said::Skipped(_))).count() as u64;
    told.leave_out(skipped, "vote", "votes", "that skipped an item");
}

/// The opinions as votes whose answers are places still.
fn by_place(judged: &Judged) -> impl Iterator<Item = Vote> {
    judged.opinions.iter().map(|opinion| judged.vote(opinion.shown.clone(), opinion.said.clone()))
}

fn prompt(item: &Item) -> Value {
    match item.turns.as_slice() {
        [turn] => json!(turn.text),
        turns => turns.iter().map(|turn| json!({"role": turn.role.as_str(), "content": turn.text})).collect(),
    }
}

fn text(item: &Item, at: usize) -> &str {
    item.responses.get(at).map_or("", |response| &response.text)
}

fn answer(item: &Item, at: usize) -> Value {
    let text = text(item, at);
    if item.turns.len() == 1 { json!(text) } else { json!([{"role": "assistant", "content": text}]) }
}
