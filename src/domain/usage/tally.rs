//! Calls that were added up: how many ended how, what they read and wrote, how long they took, what they cost.

use serde::{Deserialize, Serialize};

use super::Histogram;
use crate::domain::catalog::Price;
use crate::domain::error::ErrorKind;
use crate::domain::trace::{Span, SpanKind, SpanStatus};

/// How a call ended, by Bedrock's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was answered.
    Answered,
    /// The server asked to slow down.
    Throttled,
    /// What was asked was wrong: a status of 4xx, or what would have had one.
    Client,
    /// The server failed or had no room.
    Server,
    /// No server answered: no network, a time-out, a budget, `--offline`.
    Lost,
    /// The caller went away or stopped it.
    Stopped,
}

impl Fate {
    /// How a span ended.
    pub fn of(status: &SpanStatus) -> Self {
        use ErrorKind as E;
        match status {
            SpanStatus::Done => Self::Answered,
            SpanStatus::Cancelled | SpanStatus::Failed { kind: E::Cancelled } => Self::Stopped,
            SpanStatus::Failed { kind } => match kind {
                E::RateLimited { .. } => Self::Throttled,
                E::Server { .. } | E::Overloaded => Self::Server,
                E::Invalid
                | E::Config
                | E::NotFound
                | E::Refused { .. }
                | E::Auth
                | E::ContextLength { .. }
                | E::Version => Self::Client,
                _ => Self::Lost,
            },
        }
    }
}

/// The sums. They only grow, and two of them add up to one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Calls that were answered; failed and stopped ones are not among them.
    pub invocations: u64,
    pub throttles: u64,
    pub client_errors: u64,
    pub server_errors: u64,
    /// Calls that no server answered.
    pub lost: u64,
    /// Calls that their caller ended.
    pub stopped: u64,
    /// Tokens that were read, those from and into a cache included.
    pub input_tokens: u64,
    /// Tokens that were written, reasoning included.
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    pub images: u64,
    /// Calls that read or wrote tokens and told no number of them, or only one.
    pub untold: u64,
    /// Of answered calls, from the request to the end of the answer.
    pub latency: Histogram,
    /// Of answered calls, from the request to the first piece of text.
    pub first_token: Histogram,
}

/// The counters of a stored tally, in the order in which they are written: new ones go to the end.
const COUNTERS: usize = 14;

impl Tally {
    /// Takes one call in.
    pub fn record(&mut self, span: &Span) {
        let fate = Fate::of(&span.status);
        let counter = match fate {
            Fate::Answered => &mut self.invocations,
            Fate::Throttled => &mut self.throttles,
            Fate::Client => &mut self.client_errors,
            Fate::Server => &mut self.server_errors,
            Fate::Lost => &mut self.lost,
            Fate::Stopped => &mut self.stopped,
        };
        *counter += 1;
        let usage = &span.usage;
        let known = |tokens: Option<u32>| u64::from(tokens.unwrap_or(0));
        self.input_tokens += known(usage.input);
        self.output_tokens += known(usage.output);
        self.cache_read_tokens += known(usage.cache_read);
        self.cache_write_tokens += known(usage.cache_write);
        self.images += u64::from(span.images);
        let told = match span.kind {
            SpanKind::Converse => usage.input.is_some() && usage.output.is_some(),
            SpanKind::Embed => usage.input.is_some(),
            SpanKind::Image
            | SpanKind::ListModels
            | SpanKind::CountTokens
            | SpanKind::PullModel
            | SpanKind::RemoveModel => true,
        };
        let worked = matches!(fate, Fate::Answered | Fate::Stopped) || span.timing.first_token_ms.is_some();
        self.untold += u64::from(worked && !told);
        if fate == Fate::Answered {
            if let Some(ms) = span.timing.total_ms {
                self.latency.record(ms);
            }
            if let Some(ms) = span.timing.first_token_ms {
                self.first_token.record(ms);
            }
        }
    }

    /// Adds another one.
    pub fn merge(&mut self, other: &Self) {
        for (own, more) in self.counters_mut().into_iter().zip(other.counters()) {
            *own = own.saturating_add(more);
        }
        self.latency.merge(&other.latency);
        self.first_token.merge(&other.first_token);
    }

    /// Every call that there was.
    pub fn calls(&self) -> u64 {
        self.invocations + self.failed() + self.stopped
    }

    /// Calls that failed, in whatever way.
    pub fn failed(&self) -> u64 {
        self.throttles + self.client_errors + self.server_errors + self.lost
    }

    /// Tokens that were read or written.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// What it cost at this price; with none, nobody knows.
    pub fn cost(&self, kind: SpanKind, price: Option<&Price>) -> Cost {
        let worked = self.invocations + self.stopped;
        match price.and_then(|price| self.dollars(kind, price)) {
            Some(dollars) => Cost { dollars: Some(dollars), unpriced: self.untold },
            None => Cost { dollars: None, unpriced: worked.max(self.untold) },
        }
    }

    /// `None` where a price that matters is unknown.
    fn dollars(&self, kind: SpanKind, price: &Price) -> Option<f64> {
        let part = |tokens: u64, price: Option<f64>| match tokens {
            0 => Some(0.0),
            some => price.map(|price| some as f64 * price / 1e6),
        };
        if kind == SpanKind::Image
            && let Some(image) = price.image
        {
            return Some(self.images as f64 * image);
        }
        if self.images > 0 && self.tokens() == 0 {
            return None;
        }
        let (read, written) = (self.cache_read_tokens, self.cache_write_tokens);
        let fresh = self.input_tokens.saturating_sub(read).saturating_sub(written);
        Some(
            part(fresh, price.input)?
                + part(read, price.cache_read.or(price.input))?
                + part(written, price.cache_write.or(price.input))?
                + part(self.output_tokens, price.output)?,
        )
    }

    /// The counters and sums, as a record keeps them; zeros at the end are left off.
    pub fn numbers(&self) -> Vec<u64> {
        let mut numbers = self.counters().to_vec();
        numbers.extend([self.latency.sum(), self.first_token.sum()]);
        let used = numbers.iter().rposition(|number| *number > 0).map_or(0, |last| last + 1);
        numbers.truncate(used);
        numbers
    }

    /// From what a record keeps.
    pub fn from_numbers(numbers: &[u64], latency: &[u64], first_token: &[u64]) -> Self {
        let sum = |at: usize| numbers.get(at).copied().unwrap_or(0);
        let mut tally = Self {
            latency: Histogram::from_flat(latency, sum(COUNTERS - 2)),
            first_token: Histogram::from_flat(first_token, sum(COUNTERS - 1)),
            ..Self::default()
        };
        for (counter, number) in tally.counters_mut().into_iter().zip(numbers) {
            *counter = *number;
        }
        tally
    }

    fn counters(&self) -> [u64; COUNTERS - 2] {
        [
            self.invocations,
            self.throttles,
            self.client_errors,
            self.server_errors,
            self.lost,
            self.stopped,
            self.input_tokens,
            self.output_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.images,
            self.untold,
        ]
    }

    fn counters_mut(&mut self) -> [&mut u64; COUNTERS - 2] {
        [
            &mut self.invocations,
            &mut self.throttles,
            &mut self.client_errors,
            &mut self.server_errors,
            &mut self.lost,
            &mut self.stopped,
            &mut self.input_tokens,
            &mut self.output_tokens,
            &mut self.cache_read_tokens,
            &mut self.cache_write_tokens,
            &mut self.images,
            &mut self.untold,
        ]
    }
}

/// What calls cost, as far as that is known: an estimate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// US dollars of the calls whose price is known; `None` where that is none of them.
    pub dollars: Option<f64>,
    /// Calls that cost something on top of it which nobody knows.
    pub unpriced: u64,
}

impl Cost {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.dollars = match (self.dollars, other.dollars) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        self.unpriced += other.unpriced;
    }
}

/// Calls that were added up, and what they cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub tally: Tally,
    pub cost: Cost,
}

impl Figures {
    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        self.cost.add(other.cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SpanId;
    use crate::domain::message::{Timing, Usage};
    use crate::domain::time::Timestamp;

    fn span(status: SpanStatus, usage: Usage, first: Option<u32>) -> Span {
        Span {
            id: SpanId::from_bytes([7; 16]),
            parent: None,
            principal: String::new(),
            kind: SpanKind::Converse,
            provider: "p".into(),
            model: Some("p/m".parse().unwrap()),
            started: Timestamp(0),
            timing: Timing { first_token_ms: first, total_ms: Some(900) },
            usage,
            images: 0,
            status,
            conversation: None,
            answer: None,
        }
    }

    fn failed(kind: ErrorKind) -> SpanStatus {
        SpanStatus::Failed { kind }
    }

    fn told() -> Usage {
        Usage { input: Some(1_000), output: Some(100), cache_read: Some(600), ..Usage::default() }
    }

    fn price() -> Price {
        Price {
            input: Some(3.0),
            output: Some(15.0),
            cache_read: Some(0.3),
            cache_write: None,
            image: None,
            as_of: "2026-01-01".into(),
            source: "a page".into(),
        }
    }

    #[test]
    fn each_way_to_end_has_its_own_counter_and_only_answers_have_times() {
        let mut tally = Tally::default();
        for status in [
            SpanStatus::Done,
            failed(ErrorKind::RateLimited { retry_after_ms: None }),
            failed(ErrorKind::Auth),
            failed(ErrorKind::ContextLength { tokens: 2, limit: 1 }),
            failed(ErrorKind::Overloaded),
            failed(ErrorKind::Server { status: 500 }),
            failed(ErrorKind::Timeout),
            failed(ErrorKind::Offline),
            failed(ErrorKind::Budget),
            SpanStatus::Cancelled,
            failed(ErrorKind::Cancelled),
        ] {
            tally.record(&span(status, Usage::default(), None));
        }
        let counted = (tally.invocations, tally.throttles, tally.client_errors, tally.server_errors);
        assert_eq!(counted, (1, 1, 2, 2));
        assert_eq!((tally.lost, tally.stopped, tally.calls(), tally.failed()), (3, 2, 11, 8));
        assert_eq!((tally.latency.count(), tally.first_token.count()), (1, 0));
        assert_eq!(tally.untold, 3, "the answer and what was stopped");
    }

    #[test]
    fn tokens_are_added_where_they_are_told_and_missed_where_they_are_not() {
        let mut tally = Tally::default();
        tally.record(&span(SpanStatus::Done, told(), Some(90)));
        tally.record(&span(SpanStatus::Done, Usage { output: Some(5), ..Usage::default() }, Some(91)));
        tally.record(&span(failed(ErrorKind::Network), Usage::default(), Some(1)));
        assert_eq!((tally.input_tokens, tally.output_tokens, tally.cache_read_tokens), (1_000, 105, 600));
        assert_eq!((tally.untold, tally.first_token.count()), (2, 2));
        let mut embedding = span(SpanStatus::Done, Usage { input: Some(4), ..Usage::default() }, None);
        embedding.kind = SpanKind::Embed;
        let mut tally = Tally::default();
        tally.record(&embedding);
        assert_eq!(tally.untold, 0, "vectors have no tokens of their own");
    }

    #[test]
    fn what_is_added_up_costs_what_its_parts_cost() {
        let mut tally = Tally::default();
        for _ in 0..4 {
            tally.record(&span(SpanStatus::Done, told(), None));
        }
        let cost = tally.cost(SpanKind::Converse, Some(&price()));
        let exact = 4.0 * price().of(&told()).unwrap();
        assert!((cost.dollars.unwrap() - exact).abs() < 1e-12);
        assert_eq!(cost.unpriced, 0);
    }

    #[test]
    fn an_unknown_price_or_count_is_never_nothing() {
        let mut tally = Tally::default();
        tally.record(&span(SpanStatus::Done, told(), None));
        tally.record(&span(SpanStatus::Done, Usage::default(), None));
        assert_eq!(tally.cost(SpanKind::Converse, None), Cost { dollars: None, unpriced: 2 });
        let half = Price { output: None, ..price() };
        assert_eq!(tally.cost(SpanKind::Converse, Some(&half)), Cost { dollars: None, unpriced: 2 });
        assert_eq!(tally.cost(SpanKind::Converse, Some(&price())).unpriced, 1);
        let mut sum = tally.cost(SpanKind::Converse, None);
        sum.add(Cost { dollars: Some(0.5), unpriced: 1 });
        assert_eq!(sum, Cost { dollars: Some(0.5), unpriced: 3 });
    }

    #[test]
    fn pictures_cost_by_the_piece() {
        let mut picture = span(SpanStatus::Done, Usage::default(), None);
        (picture.kind, picture.images) = (SpanKind::Image, 3);
        let mut tally = Tally::default();
        tally.record(&picture);
        let by_piece = Price { image: Some(0.5), ..price() };
        assert_eq!(tally.cost(SpanKind::Image, Some(&by_piece)).dollars, Some(1.5));
        assert_eq!(tally.cost(SpanKind::Image, Some(&price())).dollars, None);
        assert_eq!((tally.images, tally.untold), (3, 0));
    }

    #[test]
    fn a_tally_is_kept_in_numbers_and_read_back_whole() {
        let mut tally = Tally::default();
        tally.record(&span(SpanStatus::Done, told(), Some(90)));
        tally.record(&span(failed(ErrorKind::Timeout), Usage::default(), None));
        let back =
            |numbers: &[u64]| Tally::from_numbers(numbers, &tally.latency.flat(), &tally.first_token.flat());
        assert_eq!(back(&tally.numbers()), tally);
        // A later version's further numbers are passed over.
        assert_eq!(back(&[tally.numbers(), vec![9, 9]].concat()), tally);
        assert_eq!(Tally::default().numbers(), [0; 0]);
        let mut twice = tally.clone();
        twice.merge(&tally);
        assert_eq!((twice.invocations, twice.input_tokens, twice.latency.sum()), (2, 2_000, 1_800));
    }
}
