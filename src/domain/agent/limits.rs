//! How far a run may go before it stops with what it has.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::catalog::Price;
use crate::domain::message::Usage;
use crate::domain::usage::Cost;

/// The limits of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Calls of the model, from 1.
    pub steps: u32,
    /// From the question to the answer, waiting for a person left out.
    pub seconds: u32,
    /// Read and written together.
    pub tokens: u64,
    /// In US dollars: a run whose models have no price does not begin. `None` sets no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 20, seconds: 600, tokens: 200_000, cost: None }
    }
}

/// What a run has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    pub steps: u32,
    pub millis: u64,
    pub tokens: u64,
    /// In US dollars, of the calls whose price is known.
    pub cost: f64,
    /// Calls whose price nobody knows.
    pub unpriced: u32,
}

impl Spent {
    /// What it cost, as people read it: `$0.0031`, `$0.0031+` where calls are in it whose price nobody knows; `None` where
    /// nothing was paid for, as far as is known.
    pub fn paid(&self) -> Option<String> {
        let cost = Cost { dollars: Some(self.cost), unpriced: self.unpriced.into() };
        (self.cost > 0.0).then(|| cost.text())
    }

    /// Takes a call of a model in. Tokens of a cache cost what others do where they have no price of their own.
    pub fn add(&mut self, usage: &Usage, price: Option<&Price>) {
        self.take(usage, price.and_then(|price| by_token(usage, price)));
    }

    /// The same of one that put texts in order: it costs by the search where its model has such a price.
    pub fn add_searches(&mut self, searches: u32, usage: &Usage, price: Option<&Price>) {
        let dollars = price.and_then(|price| price.of_searches(searches).or_else(|| by_token(usage, price)));
        self.take(usage, dollars);
    }

    fn take(&mut self, usage: &Usage, dollars: Option<f64>) {
        let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
        self.tokens = self.tokens.saturating_add(u64::from(input) + u64::from(output));
        match dollars {
            Some(dollars) => self.cost += dollars,
            None => self.unpriced += 1,
        }
    }
}

/// What tokens cost; `None` where a price that matters is unknown.
fn by_token(usage: &Usage, price: &Price) -> Option<f64> {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    let (read, write) = (usage.cache_read.unwrap_or(0), usage.cache_write.unwrap_or(0));
    let fresh = input.saturating_sub(read).saturating_sub(write);
    let of_input = price.input?;
    // Models that put texts in order write nothing, and have no price for it.
    let of_output = price.output.or((output == 0).then_some(0.0))?;
    let millionths = f64::from(fresh) * of_input
        + f64::from(read) * price.cache_read.unwrap_or(of_input)
        + f64::from(write) * price.cache_write.unwrap_or(of_input)
        + f64::from(output) * of_output;
    Some(millionths / 1e6)
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "limit", content = "at", rename_all = "snake_case")]
pub enum Limit {
    Steps(u32),
    Seconds(u32),
    Tokens(u64),
    Cost(f64),
}

impl Limits {
    /// The first limit that forbids another step after what was spent.
    pub fn reached(&self, spent: &Spent) -> Option<Limit> {
        if spent.steps >= self.steps {
            return Some(Limit::Steps(self.steps));
        }
        if spent.millis >= u64::from(self.seconds) * 1000 {
            return Some(Limit::Seconds(self.seconds));
        }
        if spent.tokens >= self.tokens {
            return Some(Limit::Tokens(self.tokens));
        }
        self.cost.filter(|most| spent.cost >= *most).map(Limit::Cost)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps(1) => f.write_str("1 step"),
            Self::Steps(steps) => write!(f, "{steps} steps"),
            Self::Seconds(1) => f.write_str("1 second"),
            Self::Seconds(seconds) => write!(f, "{seconds} seconds"),
            Self::Tokens(tokens) => write!(f, "{tokens} tokens"),
            Self::Cost(cost) => write!(f, "${cost}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_cost_by_the_piece_where_they_have_a_price_and_by_their_tokens_where_not() {
        let usage = Usage { input: Some(1_000), ..Usage::default() };
        let price = |input: Option<f64>, search: Option<f64>| Price { input, search, ..Price::nothing() };
        let spent = |searches: u32, price: Option<&Price>| {
            let mut spent = Spent::default();
            spent.add_searches(searches, &usage, price);
            assert_eq!(spent.tokens, 1_000);
            (spent.cost, spent.unpriced)
        };
        let (both, tokens) = (price(Some(2.0), Some(0.002)), price(Some(2.0), None));
        assert_eq!(spent(3, Some(&both)), (0.006, 0));
        assert_eq!(spent(0, Some(&both)), (0.002, 0), "a model that converses counts none");
        assert_eq!(spent(3, Some(&tokens)), (0.002, 0));
        assert_eq!(spent(3, Some(&Price { output: None, ..tokens })), (0.002, 0), "nothing was written");
        assert_eq!(spent(3, Some(&price(None, None))), (0.0, 1));
        assert_eq!(spent(3, None), (0.0, 1));
    }

    #[test]
    fn what_nobody_can_price_is_said_to_come_on_top() {
        let paid = |cost, unpriced| Spent { cost, unpriced, ..Spent::default() }.paid();
        assert_eq!(paid(0.0031, 0).as_deref(), Some("$0.0031"));
        assert_eq!(paid(0.0031, 2).as_deref(), Some("$0.0031+"));
        assert_eq!((paid(0.0, 0), paid(0.0, 2)), (None, None));
    }

    #[test]
    fn the_first_limit_that_is_reached_is_named() {
        let limits = Limits { steps: 3, seconds: 10, tokens: 100, cost: Some(0.5) };
        let spent = Spent { steps: 2, millis: 9_999, tokens: 99, cost: 0.49, unpriced: 0 };
        assert_eq!(limits.reached(&spent), None);
        assert_eq!(limits.reached(&Spent { steps: 3, tokens: 500, ..spent }), Some(Limit::Steps(3)));
        assert_eq!(limits.reached(&Spent { millis: 10_000, ..spent }), Some(Limit::Seconds(10)));
        assert_eq!(limits.reached(&Spent { tokens: 100, ..spent }), Some(Limit::Tokens(100)));
        assert_eq!(limits.reached(&Spent { cost: 0.5, ..spent }), Some(Limit::Cost(0.5)));
        assert_eq!(Limits { cost: None, ..limits }.reached(&Spent { cost: 9.0, ..spent }), None);
    }
}
