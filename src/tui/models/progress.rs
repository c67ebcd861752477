//! How far fetching a model has come, in words and as a share.

use crate::domain::figures::{bytes, span};
use crate::domain::pull::PullStep;

/// What a step does.
pub fn words(step: &PullStep) -> String {
    match step {
        PullStep::Trying { source, starts_over: true } => format!("asking {source}, which starts over"),
        PullStep::Trying { source, .. } => format!("asking {source}"),
        PullStep::Fetching { done, total, resumed, per_second } => {
            let mut parts = vec![match total {
                Some(total) => format!("{} of {}", bytes(*done), bytes(*total)),
                None => format!("{} so far", bytes(*done)),
            }];
            parts.extend(per_second.map(|rate| format!("{}/s", bytes(rate))));
            parts.extend(time_left(step).map(|left| format!("{} left", span(left))));
            if *resumed > 0 {
                parts.push(format!("resumed at {}", bytes(*resumed)));
            }
            parts.join(" · ")
        }
        PullStep::SourceFailed { source, .. } => format!("{source} did not work; trying the next"),
        PullStep::Checking => "checking the SHA-256".to_owned(),
        PullStep::Converting { .. } => "converting the weights for the engine".to_owned(),
    }
}

/// What stopping does to what has come.
pub fn stopping(starts_over: bool) -> &'static str {
    if starts_over { "this source starts over the next time" } else { "what has come is kept" }
}

/// How far a step has come, 0 to 1, where that is known.
pub fn share(step: &PullStep) -> Option<f64> {
    let of = |done: u64, total: u64| (total > 0).then(|| (done as f64 / total as f64).clamp(0.0, 1.0));
    match step {
        PullStep::Fetching { done, total, .. } => of(*done, (*total)?),
        PullStep::Converting { done, total } => of(*done, *total),
        _ => None,
    }
}

/// Seconds that are left, where rate and size are known.
pub fn time_left(step: &PullStep) -> Option<u64> {
    match step {
        PullStep::Fetching { done, total: Some(total), per_second: Some(rate), .. } if *rate > 0 => {
            Some(total.saturating_sub(*done).div_ceil(*rate))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_needs_a_rate_and_a_size() {
        let step = |total, per_second| PullStep::Fetching { done: 10, total, resumed: 0, per_second };
        assert_eq!(time_left(&step(Some(110), Some(50))), Some(2));
        assert_eq!(time_left(&step(None, Some(50))), None);
        assert_eq!(time_left(&step(Some(110), None)), None);
    }
}
