//! Preference data for training: pairs for DPO, single answers for KTO, as TRL reads them.
//!
//! A prompt of one turn is a text; one of more is a list of messages, and so are its answers.

use serde::Serialize;
use serde_json::{Value, json};

use super::judged::{Judged, Opinion, at, place};
use super::lines::line;
use crate::domain::Result;
use crate::domain::evaluation::battle::Outcome;
use crate::domain::evaluation::item::Item;
use crate::domain::evaluation::vote::{self, Vote};
use crate::domain::id::VoteId;

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
}

#[derive(Serialize)]
struct Single {
    prompt: Value,
    completion: Value,
    label: bool,
}

/// DPO: of every two answers the one that more votes chose, by a comparing metric, and the other. Pairs without a winner, as
/// of ties and "both bad", are left out.
pub fn dpo(judged: &[Judged], metric: &str) -> Result<String> {
    let mut text = String::new();
    for judged in judged {
        let Some(asked) = judged.metrics.iter().find(|known| known.name == metric) else { continue };
        let names: Vec<String> = (0..judged.item.responses.len()).map(|at| at.to_string()).collect();
        let mut meetings = std::collections::BTreeMap::<(usize, usize), [u64; 3]>::new();
        for vote in by_place(judged) {
            let name = |id: &vote::ResponseId| names.get(at(id)?).map(String::as_str);
            for battle in vote.battles(asked, name) {
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
        }
        for ((a, b), [first, second, ties]) in meetings {
            if first == second {
                continue;
            }
            let (chosen, rejected, won, lost) =
                if first > second { (a, b, first, second) } else { (b, a, second, first) };
            // More may have seen no difference than one.
            if ties >= won {
                continue;
            }
            let votes = won + lost + ties;
            let share = |won: u64| (won as f64 + ties as f64 / 2.0) / votes as f64;
            text.push_str(&line(&Pair {
                prompt: prompt(&judged.item),
                chosen: answer(&judged.item, chosen),
                rejected: answer(&judged.item, rejected),
                chosen_rating: share(won),
                rejected_rating: share(lost),
                margin: share(won) - share(lost),
                n_votes: votes,
                agreement: won as f64 / votes as f64,
            })?);
        }
    }
    Ok(text)
}

/// KTO: every answer with whether most thumbs are up. Where as many are down it is left out.
pub fn kto(judged: &[Judged], metric: &str) -> Result<String> {
    let mut text = String::new();
    for judged in judged {
        for (response, _) in judged.item.responses.iter().enumerate() {
            let said = judged.opinions.iter().flat_map(Opinion::values);
            let balance: i64 = said
                .filter(|(name, _)| name == metric)
                .filter_map(|(_, value)| match value {
                    vote::Value::Thumbs(thumbs) => thumbs.iter().find(|(id, _)| *id == place(response)),
                    _ => None,
                })
                .map(|(_, up)| if *up { 1 } else { -1 })
                .sum();
            if balance != 0 {
                text.push_str(&line(&Single {
                    prompt: prompt(&judged.item),
                    completion: answer(&judged.item, response),
                    label: balance > 0,
                })?);
            }
        }
    }
    Ok(text)
}

/// The opinions as votes whose answers are places still.
fn by_place(judged: &Judged) -> impl Iterator<Item = Vote> {
    judged.opinions.iter().map(|opinion| Vote {
        id: VoteId::from_bytes([0; 16]),
        rater: opinion.rater.clone(),
        item: judged.item.hash(),
        version: 1,
        shown: opinion.shown.iter().map(|at| place(*at)).collect(),
        said: opinion.said.clone(),
        active_ms: opinion.active_ms,
        at: opinion.at,
        supersedes: None,
        comment: None,
        repeat: false,
    })
}

fn prompt(item: &Item) -> Value {
    match item.turns.as_slice() {
        [turn] => json!(turn.text),
        turns => turns.iter().map(|turn| json!({"role": turn.role.as_str(), "content": turn.text})).collect(),
    }
}

fn answer(item: &Item, at: usize) -> Value {
    let text = item.responses.get(at).map_or("", |response| &response.text);
    if item.turns.len() == 1 { json!(text) } else { json!([{"role": "assistant", "content": text}]) }
}
