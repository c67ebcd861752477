//! Intervals of shares, percentiles, and the test of wins against losses.

use super::figure::{Estimate, Figure, Missing};

/// The point that a standard normal value exceeds with a chance of 2.5 %: what 95 % intervals are made with.
pub const Z95: f64 = 1.959_963_984_540_054;

/// A share with Wilson's score interval at 95 %: (p + z²/2n ± z√(p(1−p)/n + z²/4n²)) / (1 + z²/n).
///
/// `wins` may hold halves, as for ties. Wilson, "Probable inference", JASA 22, 1927.
pub fn wilson(wins: f64, n: f64) -> Figure<Estimate> {
    if n <= 0.0 {
        return Err(Missing::NoVotes);
    }
    let (p, z2) = (wins / n, Z95 * Z95);
    let middle = p + z2 / (2.0 * n);
    let reach = Z95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).max(0.0).sqrt();
    let scale = 1.0 + z2 / n;
    // At the ends the bound is exactly the end, but for rounding.
    let low = if wins <= 0.0 { 0.0 } else { (middle - reach) / scale };
    let high = if wins >= n { 1.0 } else { (middle + reach) / scale };
    Ok(Estimate { value: p, low, high })
}

/// A share with the exact interval at 95 %: at each bound, what was seen or more has a chance of 2.5 %.
///
/// Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26, 1934.
pub fn clopper_pearson(wins: u64, n: u64) -> Figure<Estimate> {
    if n == 0 {
        return Err(Missing::NoVotes);
    }
    let wins = wins.min(n);
    // P(X ≥ wins) grows with p, P(X ≤ wins) falls: both bounds by halving.
    let bound = |above: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0_f64, 1.0_f64);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if above(middle) { high = middle } else { low = middle }
        }
        f64::midpoint(low, high)
    };
    let low = if wins == 0 { 0.0 } else { bound(&|p| 1.0 - at_most(wins - 1, n, p) > 0.025) };
    let high = if wins == n { 1.0 } else { bound(&|p| at_most(wins, n, p) < 0.025) };
    Ok(Estimate { value: wins as f64 / n as f64, low, high })
}

/// The two-sided exact sign test: the chance of a split at least as uneven if both were equally good. The exact
/// test of `McNemar` of `wins` against `losses`; ties say nothing here.
pub fn sign_test(wins: u64, losses: u64) -> Figure {
    let n = wins + losses;
    if n == 0 {
        return Err(Missing::OnlyTies);
    }
    Ok((2.0 * at_most(wins.min(losses), n, 0.5)).min(1.0))
}

/// The chance of at most `k` of `n`, each with the chance `p`: P(X ≤ k), by terms from the largest down.
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if k >= n || p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    let mode = ((n as f64 + 1.0) * p).floor() as u64;
    if k > mode {
        // The shorter tail: 1 − P(X ≥ k+1) = 1 − P(n−X ≤ n−k−1).
        return 1.0 - tail(n - k - 1, n, 1.0 - p);
    }
    tail(k, n, p)
}

/// P(X ≤ k) for a `k` at or below the mode, where each term is less than the one above it.
fn tail(k: u64, n: u64, p: f64) -> f64 {
    let odds = (1.0 - p) / p;
    let (mut sum, mut term) = (0.0, 1.0);
    for at in (0..=k).rev() {
        sum += term;
        if term < sum * 1e-18 {
            break;
        }
        term *= at as f64 / (n - at + 1) as f64 * odds;
    }
    let (k, n) = (k as f64, n as f64);
    let first = ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k) + k * p.ln() + (n - k) * (-p).ln_1p();
    (first.exp() * sum).min(1.0)
}

/// ln n!: summed where n is small, else Stirling's series, which is exact to the last digit there.
fn ln_factorial(n: f64) -> f64 {
    if n < 32.0 {
        return (2..=n as u32).map(|i| f64::from(i).ln()).sum();
    }
    let x = n + 1.0;
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

/// The value below which so large a share (0 to 1) of sorted values lies, between its neighbours in a straight line
/// (type 7 of Hyndman and Fan, "Sample quantiles", 1996); `None` where there are none.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = share.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64))
}

/// The smallest of sorted values that so large a share of them does not exceed (nearest rank); `None` where there are
/// none.
pub fn nearest_rank(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share.clamp(0.0, 1.0) * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// The middle of values in any order, `None` where there are none.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    percentile(&sorted, 0.5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_votes_have_no_share_and_only_ties_no_test() {
        assert_eq!(wilson(0.0, 0.0), Err(Missing::NoVotes));
        assert_eq!(clopper_pearson(0, 0), Err(Missing::NoVotes));
        assert_eq!(sign_test(0, 0), Err(Missing::OnlyTies));
        assert_eq!((percentile(&[], 0.5), nearest_rank(&[], 0.5), median(&[])), (None, None, None));
    }

    #[test]
    fn a_large_sample_is_summed_as_well() {
        let p = sign_test(500_000, 501_000).unwrap();
        // Normal with the correction for continuity: z = 999/√1001000.
        assert!((p - 0.318_04).abs() < 1e-4, "{p}");
        assert!((sign_test(1_000_000, 1_000_000).unwrap() - 1.0).abs() < 1e-9);
        assert!(sign_test(0, 1_000_000).unwrap() < 1e-300);
    }

    proptest! {
        #[test]
        fn intervals_hold_their_share_and_mirror_each_other(n in 1_u64..400, share in 0.0..=1.0_f64) {
            let wins = (n as f64 * share).round() as u64;
            for interval in [
                |wins, n| wilson(wins as f64, n as f64).unwrap(),
                |wins, n| clopper_pearson(wins, n).unwrap(),
            ] {
                let (one, other) = (interval(wins, n), interval(n - wins, n));
                prop_assert!(0.0 <= one.low && one.low <= one.value + 1e-12, "{one:?}");
                prop_assert!(one.value <= one.high + 1e-12 && one.high <= 1.0, "{one:?}");
                prop_assert!((one.low + other.high - 1.0).abs() < 1e-9, "{one:?} {other:?}");
            }
        }

        #[test]
        fn the_sign_test_knows_no_side_and_is_a_chance(wins in 0_u64..300, losses in 1_u64..300) {
            let p = sign_test(wins, losses).unwrap();
            prop_assert!(p > 0.0 && p <= 1.0);
            prop_assert!((p - sign_test(losses, wins).unwrap()).abs() < 1e-12);
        }
    }
}
