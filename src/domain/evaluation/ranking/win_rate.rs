//! The share of wins, with bounds that know which votes belong together.

use std::collections::HashMap;

use super::contest::{Met, Prompt};
use crate::domain::evaluation::battle::Battle;
use crate::domain::evaluation::chance::Chance;
use crate::domain::evaluation::figure::{Estimate, Figure, Missing};
use crate::domain::evaluation::interval::percentile;

/// Fewer prompts than this tell nothing of how prompts differ.
const LEAST_PROMPTS: u64 = 10;

/// (W + ½T)/N of `name`, from the 2.5th to the 97.5th of a hundred such shares of samples of as many prompts, drawn with
/// all their votes from those that there are: several votes on one prompt are not independent (Efron, 1979; by clusters).
/// A battle that names no prompt is one by itself.
pub fn win_rate_by_prompt(battles: &[Battle], name: &str, rounds: u32, seed: u64) -> Figure<Estimate> {
    by_prompt(battles, name, rounds, seed)
}

/// The same of others that met.
pub(in crate::domain::evaluation) fn by_prompt<M: Met>(
    battles: &[M],
    name: &str,
    rounds: u32,
    seed: u64,
) -> Figure<Estimate> {
    let prompts = prompts(battles, name);
    if prompts.is_empty() {
        return Err(Missing::NoVotes);
    }
    let many = prompts.len();
    if (many as u64) < LEAST_PROMPTS {
        return Err(Missing::too_few(many as u64, LEAST_PROMPTS, "prompt", "prompts"));
    }
    // Where no prompt differs, samples of them cannot either: a width of nothing would look like certainty.
    let of_first = prompts[0].0 / prompts[0].1;
    if prompts.iter().all(|(won, all)| (won / all - of_first).abs() < 1e-9) {
        return Err(Missing::AllAlike);
    }
    let share = |drawn: &mut dyn Iterator<Item = usize>| {
        let (won, all) = drawn.fold((0.0, 0.0), |(won, all), at| (won + prompts[at].0, all + prompts[at].1));
        won / all
    };
    let value = share(&mut (0..many));
    let mut chance = Chance::new(seed);
    let mut shares: Vec<f64> =
        (0..rounds.max(1)).map(|_| share(&mut (0..many).map(|_| chance.below(many)))).collect();
    shares.sort_by(f64::total_cmp);
    let at = |of| percentile(&shares, of).ok_or(Missing::NoVotes);
    Ok(Estimate { value, low: at(0.025)?, high: at(0.975)? })
}

/// What `name` has won of how much, prompt by prompt in the order in which they came.
fn prompts<M: Met>(battles: &[M], name: &str) -> Vec<(f64, f64)> {
    let mut prompts: Vec<(f64, f64)> = Vec::new();
    let mut known: HashMap<Prompt<'_>, u32> = HashMap::new();
    for battle in battles {
        let ([a, b], weight) = (battle.names(), battle.weight());
        let sound = a != b && weight.is_finite() && weight > 0.0;
        let score = match (a == name, b == name) {
            (true, false) if sound => battle.outcome().score(),
            (false, true) if sound => 1.0 - battle.outcome().score(),
            _ => continue,
        };
        let fresh = prompts.len() as u32;
        let at = battle.prompt().map_or(fresh, |prompt| *known.entry(prompt).or_insert(fresh));
        if at == fresh {
            prompts.push((0.0, 0.0));
        }
        let (won, all) = &mut prompts[at as usize];
        *won += weight * score;
        *all += weight;
    }
    prompts
}
