//! When a request is sent again: full jitter, `Retry-After`, and a budget that a failing server uses up.

use std::time::Duration;

/// How often and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Requests in all, the first one included.
    pub attempts: u32,
    /// The first wait is between nothing and this.
    pub base: Duration,
    /// No wait is longer; a server that asks for more gets no retry.
    pub cap: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 4, base: Duration::from_millis(500), cap: Duration::from_mins(1) }
    }
}

impl Retries {
    /// One attempt only.
    pub const NONE: Self = Self { attempts: 1, base: Duration::ZERO, cap: Duration::ZERO };
}

/// What may be retried with one server: a server that fails every request is not asked four times as often.
#[derive(Debug)]
pub(super) struct Budget {
    rng: SplitMix64,
    /// A retry takes one, a good answer gives a tenth back.
    left: f64,
}

const FULL: f64 = 20.0;

impl Budget {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: SplitMix64(seed), left: FULL }
    }

    pub(super) fn succeeded(&mut self) {
        self.left = (self.left + 0.1).min(FULL);
    }

    /// How long to wait before attempt `attempt + 1` (counted from 1), or `None` to give up.
    pub(super) fn wait(
        &mut self,
        retries: Retries,
        attempt: u32,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        if attempt >= retries.attempts || self.left < 1.0 || asked.is_some_and(|a| a > retries.cap) {
            return None;
        }
        self.left -= 1.0;
        // Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): anything up to the doubled base. A wait
        // that the server asked for is kept, with jitter on top so that its callers do not come back together.
        let ceiling = retries.base.saturating_mul(1 << (attempt - 1).min(16)).min(retries.cap);
        Some(asked.unwrap_or_default() + ceiling.mul_f64(self.rng.unit()))
    }
}

/// Whether an answer of this status may be better the next time.
pub(super) fn may_pass(status: u16) -> bool {
    // Every 5xx, as the SDKs of OpenAI and Anthropic have it.
    matches!(status, 408 | 429 | 500..=599)
}

/// `Retry-After`: seconds, or a date (RFC 9110, 10.2.3), which is measured from `now`.
pub(super) fn retry_after(value: &str, now: std::time::SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    Some(date(value)?.duration_since(now).unwrap_or_default())
}

/// The same in milliseconds: `retry-after-ms`, which counts before the other one.
pub(super) fn retry_after_ms(value: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(value.trim().parse::<f64>().ok()? / 1000.0).ok()
}

/// Whether a refusal says that the account has nothing left: waiting does not help.
pub(super) fn is_unpaid(words: &str) -> bool {
    words.contains("insufficient_quota")
}

/// A date as headers have it (RFC 9110, 5.6.7).
pub(super) fn date(value: &str) -> Option<std::time::SystemTime> {
    Some(jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp().into())
}

/// Steele, Lea and Flood's generator (OOPSLA 2014): enough for spreading waits.
#[derive(Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    /// Uniform in [0, 1).
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spread_over_the_whole_doubled_range() {
        let retries = Retries { attempts: 9, base: Duration::from_secs(1), cap: Duration::from_secs(4) };
        for (attempt, ceiling) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 4.0)] {
            let waits: Vec<f64> = (0..2000)
                .map(|seed| Budget::new(seed).wait(retries, attempt, None).unwrap().as_secs_f64() / ceiling)
                .collect();
            let mean = waits.iter().sum::<f64>() / waits.len() as f64;
            assert!((mean - 0.5).abs() < 0.02, "attempt {attempt}: mean {mean}");
            assert!(waits.iter().all(|w| (0.0..1.0).contains(w)));
            assert!(waits.iter().any(|w| *w < 0.05) && waits.iter().any(|w| *w > 0.95));
        }
    }

    #[test]
    fn a_wait_that_the_server_asks_for_is_kept_and_one_too_long_is_given_up() {
        let retries = Retries::default();
        let asked = Some(Duration::from_secs(3));
        assert!(Budget::new(1).wait(retries, 1, asked).unwrap() >= Duration::from_secs(3));
        assert_eq!(Budget::new(1).wait(retries, 1, Some(Duration::from_secs(61))), None);
        assert_eq!(Budget::new(1).wait(retries, 4, None), None, "four attempts in all");
    }

    #[test]
    fn a_budget_runs_out_and_good_answers_fill_it_again() {
        let mut budget = Budget::new(7);
        let granted = (0..100).filter(|_| budget.wait(Retries::default(), 1, None).is_some()).count();
        assert_eq!(granted, 20);
        (0..11).for_each(|_| budget.succeeded());
        assert!(budget.wait(Retries::default(), 1, None).is_some());
    }

    #[test]
    fn what_a_server_fails_at_may_pass_and_what_it_refuses_does_not() {
        for status in [408, 429, 500, 501, 502, 503, 504, 505, 529, 599] {
            assert!(may_pass(status), "{status}");
        }
        for status in [200, 301, 400, 401, 403, 404, 409, 413, 422, 600] {
            assert!(!may_pass(status), "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = std::time::UNIX_EPOCH + Duration::from_secs(1_445_412_470);
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:27:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
        assert_eq!(retry_after("inf", now), None);
        assert_eq!(retry_after_ms("1500"), Some(Duration::from_millis(1500)));
        assert_eq!((retry_after_ms("-1"), retry_after_ms("soon")), (None, None));
    }
}
