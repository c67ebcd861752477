//! What came of a short question to a model that is kept nowhere.

use serde::{Deserialize, Serialize};

use super::message::{Timing, Usage};

/// How it went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    pub usage: Usage,
    pub timing: Timing,
    /// US dollars, an estimate; `None` where the price or the counts are unknown.
    pub cost: Option<f64>,
}

impl Tried {
    /// Tokens written a second, from the first one on.
    pub fn rate(&self) -> Option<f32> {
        let written = self.usage.output.filter(|count| *count > 1)?;
        let ms = self.timing.total_ms?.checked_sub(self.timing.first_token_ms?).filter(|ms| *ms > 0)?;
        Some((written - 1) as f32 * 1000.0 / ms as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_counts_from_the_first_token_and_one_token_has_none() {
        let tried = |output, first, total| Tried {
            usage: Usage { output, ..Usage::default() },
            timing: Timing { first_token_ms: first, total_ms: total, ..Timing::default() },
            cost: None,
        };
        assert_eq!(tried(Some(11), Some(500), Some(1_500)).rate(), Some(10.0));
        for none in
            [tried(Some(1), Some(5), Some(9)), tried(None, Some(5), Some(9)), tried(Some(9), None, Some(9))]
        {
            assert_eq!(none.rate(), None);
        }
    }
}
