//! How sure strengths are: the sandwich of Huber and White, and the bootstrap over prompts.

use super::bradley_terry::{Meeting, chance, curvature, strengths};
use super::contest::Contest;
use super::matrix::Factor;
use super::reach::Reach;
use crate::domain::evaluation::chance::Chance;
use crate::domain::evaluation::figure::{Figure, Missing};
use crate::domain::evaluation::interval::{Z95, percentile};

/// Fewer prompts than this tell nothing of how prompts differ.
const LEAST_PROMPTS: u64 = 10;

/// β ± 1.96·√V, V = (H + λI)⁻¹·G·(H + λI)⁻¹ with H = Σ w·p(1−p)·x·xᵀ and λ = 10⁻⁵·Σw, as `arena-rank` has it.
///
/// G = Σ s·sᵀ over prompts, s being the sum of w·(y−p)·x over a prompt's battles, which need not be independent (Liang and
/// Zeger, "Longitudinal data analysis using generalized linear models", 1986); where each battle has a prompt of its own
/// this is Σ w²(y−p)²·x·xᵀ. It holds even where the model is not quite true (Huber, 1967; White, 1982).
pub(super) fn sandwich(contest: &Contest, beta: &[f64], meetings: &[Meeting]) -> Figure<Vec<(f64, f64)>> {
    enough(contest, beta.len())?;
    let n = beta.len();
    let mut bread = curvature(n, meetings, beta);
    let ridge = 1e-5 * meetings.iter().map(|met| met.weight).sum::<f64>();
    (0..n).for_each(|at| bread[at * n + at] += ridge);
    let Some(bread) = Factor::of(n, bread) else { return Err(Missing::Apart) };

    let rest: Vec<f64> = contest
        .buckets
        .iter()
        .map(|bucket| bucket.weight * (bucket.outcome.score() - chance(beta[bucket.a] - beta[bucket.b])))
        .collect();
    let mut meat = vec![0.0; n * n];
    let (mut sums, mut touched) = (vec![0.0; n], Vec::new());
    for prompt in contest.prompts() {
        for bucket in prompt {
            let at = *bucket as usize;
            let (a, b) = (contest.buckets[at].a, contest.buckets[at].b);
            sums[a] += rest[at];
            sums[b] -= rest[at];
            touched.extend([a, b]);
        }
        touched.sort_unstable();
        touched.dedup();
        for i in &touched {
            for j in &touched {
                meat[i * n + j] += sums[*i] * sums[*j];
            }
        }
        touched.drain(..).for_each(|at| sums[at] = 0.0);
    }

    // Where every prompt says exactly what the strengths say, nothing is known of how others would differ.
    if meat.iter().all(|sum| sum.abs() < 1e-12) {
        return Err(Missing::AllAlike);
    }
    // A = bread⁻¹·G; V = A·bread⁻¹, whose diagonal alone is asked for.
    let inverse = bread.inverse();
    Ok((0..n)
        .map(|at| {
            let row = &inverse[at * n..(at + 1) * n];
            let variance: f64 =
                (0..n).map(|i| row[i] * (0..n).map(|j| meat[i * n + j] * row[j]).sum::<f64>()).sum();
            let reach = Z95 * variance.max(0.0).sqrt();
            (beta[at] - reach, beta[at] + reach)
        })
        .collect())
}

/// From the 2.5th to the 97.5th of a hundred strengths that samples of as many prompts give, drawn with their battles from
/// those that there are (Efron, "Bootstrap methods", 1979; by clusters, since votes on one prompt are not independent).
///
/// A sample in which a contestant is separated has no strengths; where more than one in a hundred is so there is no
/// interval.
pub(super) fn bootstrap(contest: &Contest, beta: &[f64], rounds: u32, seed: u64) -> Figure<Vec<(f64, f64)>> {
    enough(contest, beta.len())?;
    let rounds = rounds.max(1);
    let mut chance = Chance::new(seed);
    let mut seen: Vec<Vec<f64>> = vec![Vec::with_capacity(rounds as usize); beta.len()];
    let (mut counts, mut meetings) = (vec![0_u32; contest.buckets.len()], Vec::new());
    let (mut failed, allowed) = (0, u64::from(rounds) / 100);
    for _ in 0..rounds {
        resample(contest, &mut chance, &mut counts);
        contest.meetings(|at, _| counts[at], &mut meetings);
        meetings.retain(|met| met.weight > 0.0);
        let whole = Reach::of(beta.len(), winners(&meetings)).is_one_group();
        match whole.then(|| strengths(beta.len(), &meetings, Some(beta))).flatten() {
            Some(beta) => seen.iter_mut().zip(beta).for_each(|(seen, beta)| seen.push(beta)),
            None => failed += 1,
        }
        // What cannot be given any more need not be computed.
        if failed > allowed {
            return Err(Missing::Unstable);
        }
    }
    for seen in &mut seen {
        seen.sort_by(f64::total_cmp);
    }
    let varies = |seen: &Vec<f64>| seen.first().zip(seen.last()).is_some_and(|(low, high)| high - low > 1e-9);
    if !seen.iter().any(varies) {
        return Err(Missing::AllAlike);
    }
    let bounds =
        |seen: &Vec<f64>| percentile(seen, 0.025).zip(percentile(seen, 0.975)).ok_or(Missing::Unstable);
    seen.iter().map(bounds).collect()
}

/// As many prompts as there are, drawn with replacement: how often each bucket came.
fn resample(contest: &Contest, chance: &mut Chance, counts: &mut [u32]) {
    counts.fill(0);
    for _ in 0..contest.prompt_count() {
        for bucket in contest.prompt(chance.below(contest.prompt_count())) {
            counts[*bucket as usize] += 1;
        }
    }
}

/// Who won against whom, both ways where both did.
pub(super) fn winners(meetings: &[Meeting]) -> impl Iterator<Item = (usize, usize)> {
    meetings.iter().flat_map(|met| {
        let won = (met.score > 0.0).then_some((met.a, met.b));
        let lost = (met.score < met.weight).then_some((met.b, met.a));
        [won, lost].into_iter().flatten()
    })
}

/// Where battles belong together, the prompts are what there must be enough of.
fn enough(contest: &Contest, contestants: usize) -> Figure<()> {
    let (have, need) = (contest.prompt_count() as u64, LEAST_PROMPTS.max(2 * contestants as u64));
    if contest.is_independent() || have >= need {
        Ok(())
    } else {
        Err(Missing::too_few(have, need, "prompt", "prompts"))
    }
}
