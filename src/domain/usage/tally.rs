//! Calls that were added up: how many ended how, what they read and wrote, how long they took, what they cost.

use serde::{Deserialize, Serialize};

use super::Histogram;
use super::budget::money;
use crate::domain::catalog::{ModelId, Price};
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
    /// No server answered: no network, a time-out, `--offline`, or it was refused here and never sent.
    Lost,
    /// The caller went away or stopped it.
    Stopped,
}

impl Fate {
    /// How a call ended.
    pub fn of(span: &Span) -> Self {
        use ErrorKind as E;
        match &span.status {
            SpanStatus::Done => Self::Answered,
            SpanStatus::Cancelled | SpanStatus::Failed { kind: E::Cancelled } => Self::Stopped,
            SpanStatus::Failed { .. } if span.unsent => Self::Lost,
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
    /// Calls that did not tell what they read, and about how many tokens that was by its length.
    pub untold_input: u64,
    pub guessed_input: u64,
    /// The same of what they wrote.
    pub untold_output: u64,
    pub guessed_output: u64,
    /// Answers after which the same was sent again: no calls of their own.
    pub retried_throttles: u64,
    pub retried_client_errors: u64,
    pub retried_server_errors: u64,
    /// Calls that told what they read and not what of it came from a cache, or went into one.
    pub untold_cache_read: u64,
    pub untold_cache_write: u64,
    /// Searches of rerankers.
    #[serde(skip_serializing_if = "is_none")]
    pub searches: u64,
    /// Of answered calls, from the request to the end of the answer.
    pub latency: Histogram,
    /// Of answered calls, from the request to the first piece of text.
    pub first_token: Histogram,
}

/// The counters of a stored tally, in the order in which they are written: new ones go to the end.
const COUNTERS: usize = 22;

/// Behind so many of them the sums of the two histograms are written.
const SUMS: usize = 12;

impl Tally {
    /// Takes one call in.
    pub fn record(&mut self, span: &Span) {
        let fate = Fate::of(span);
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
        self.searches += u64::from(span.searches);
        self.retried_throttles += u64::from(span.retried.throttles);
        self.retried_client_errors += u64::from(span.retried.client_errors);
        self.retried_server_errors += u64::from(span.retried.server_errors);
        let (reads, writes) = match span.kind {
            SpanKind::Converse | SpanKind::Image => (true, true),
            SpanKind::Embed | SpanKind::Rerank => (true, false),
            SpanKind::ListModels
            | SpanKind::CountTokens
            | SpanKind::PullModel
            | SpanKind::RemoveModel
            | SpanKind::CheckKey
            | SpanKind::Retrieve
            | SpanKind::Answer
            | SpanKind::Sync
            | SpanKind::Measure
            | SpanKind::Agent
            | SpanKind::Tool => (false, false),
        };
        let answered = matches!(fate, Fate::Answered | Fate::Stopped) && !span.unsent;
        // A server that says that all went well has worked, though nobody could read what it sent.
        let unread =
            matches!(span.status, SpanStatus::Failed { kind: ErrorKind::Server { status: 200..300 } });
        let worked = answered || unread && !span.unsent || span.timing.first_token_ms.is_some();
        let (input, output) =
            (worked && reads && usage.input.is_none(), worked && writes && usage.output.is_none());
        // How many tokens a picture is, no length tells.
        let is_text = span.kind != SpanKind::Image;
        if input {
            self.untold_input += 1;
            self.guessed_input += u64::from(span.by_length.input) * u64::from(is_text);
        }
        if output {
            self.untold_output += 1;
            self.guessed_output += u64::from(span.by_length.output) * u64::from(is_text);
        }
        self.untold += u64::from(input || output);
        // Vectors and pictures come from no cache, and this machine's own is no matter of anybody's.
        let caches = worked
            && reads
            && writes
            && is_text
            && !input
            && !span.model.as_ref().is_some_and(ModelId::is_local);
        self.untold_cache_read += u64::from(caches && usage.cache_read.is_none());
        self.untold_cache_write += u64::from(caches && usage.cache_write.is_none());
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

    /// The same, with those that nobody has told by their length.
    pub fn tokens_at_length(&self) -> u64 {
        self.tokens().saturating_add(self.guessed_input).saturating_add(self.guessed_output)
    }

    /// Tokens that were read, as far as that was told.
    pub fn input(&self) -> Count {
        Count { told: self.input_tokens, untold: self.untold_input }
    }

    /// Tokens that were written.
    pub fn output(&self) -> Count {
        Count { told: self.output_tokens, untold: self.untold_output }
    }

    /// Tokens that were read from a cache, and into one. Who does not tell what was read does not tell that either.
    pub fn cache_read(&self) -> Count {
        Count { told: self.cache_read_tokens, untold: self.untold_input + self.untold_cache_read }
    }

    pub fn cache_write(&self) -> Count {
        Count { told: self.cache_write_tokens, untold: self.untold_input + self.untold_cache_write }
    }

    /// Answers that asked to slow down, whether the call then went well or not.
    pub fn all_throttles(&self) -> u64 {
        self.throttles + self.retried_throttles
    }

    /// Answers that something asked was wrong.
    pub fn all_client_errors(&self) -> u64 {
        self.client_errors + self.retried_client_errors
    }

    /// Answers that the server failed.
    pub fn all_server_errors(&self) -> u64 {
        self.server_errors + self.retried_server_errors
    }

    /// What it cost at this price; with none, nobody knows.
    pub fn cost(&self, kind: SpanKind, price: Option<&Price>) -> Cost {
        let (input, output) = (self.input_tokens, self.output_tokens);
        if kind != SpanKind::Image && price.is_some_and(Price::is_free) {
            // However many tokens there were that nobody has told.
            return Cost { dollars: Some(0.0), unpriced: 0 };
        }
        if let Some(dollars) = price.and_then(|price| self.by_piece(kind, price)) {
            // Whatever tokens they are.
            return Cost { dollars: Some(dollars), unpriced: 0 };
        }
        if self.tokens() == 0 && self.untold > 0 {
            // Of no call is known what it cost.
            return self.unpriced();
        }
        // What came from a cache at a price that nobody knows comes on top.
        let known = price.map(Price::without_caches);
        match known.and_then(|price| self.dollars(kind, &price, input, output)) {
            Some(dollars) => {
                let more = u64::from(price.is_some_and(|price| self.caches_unpriced(price)));
                Cost { dollars: Some(dollars), unpriced: self.untold.max(more) }
            }
            None => self.unpriced(),
        }
    }

    /// Whether there were tokens of a cache whose price is unknown.
    fn caches_unpriced(&self, price: &Price) -> bool {
        let unknown = |tokens: u64, price: Option<f64>| tokens > 0 && price.is_none();
        unknown(self.cache_read_tokens, price.cache_read)
            || unknown(self.cache_write_tokens, price.cache_write)
    }

    /// The same, with the tokens that nobody has told by their length, and those of a cache at the price of others where they
    /// have none of their own: what a budget goes by.
    pub fn cost_at_length(&self, kind: SpanKind, price: Option<&Price>) -> Cost {
        let input = self.input_tokens.saturating_add(self.guessed_input);
        let output = self.output_tokens.saturating_add(self.guessed_output);
        match price.and_then(|price| self.dollars(kind, price, input, output)) {
            Some(dollars) => Cost { dollars: Some(dollars), unpriced: 0 },
            None => self.unpriced(),
        }
    }

    /// What pictures and searches cost that have a price each.
    fn by_piece(&self, kind: SpanKind, price: &Price) -> Option<f64> {
        match kind {
            SpanKind::Image => price.image.map(|image| self.images as f64 * image),
            SpanKind::Rerank => price.search.map(|search| self.searches as f64 * search),
            _ => None,
        }
    }

    fn unpriced(&self) -> Cost {
        Cost { dollars: None, unpriced: (self.invocations + self.stopped).max(self.untold) }
    }

    /// `None` where a price that matters is unknown.
    fn dollars(&self, kind: SpanKind, price: &Price, input: u64, output: u64) -> Option<f64> {
        let part = |tokens: u64, price: Option<f64>| match tokens {
            0 => Some(0.0),
            some => price.map(|price| some as f64 * price / 1e6),
        };
        if let Some(dollars) = self.by_piece(kind, price) {
            return Some(dollars);
        }
        if self.images > 0 && input == 0 && output == 0 {
            return None;
        }
        let (read, written) = (self.cache_read_tokens, self.cache_write_tokens);
        let fresh = input.saturating_sub(read).saturating_sub(written);
        Some(
            part(fresh, price.input)?
                + part(read, price.cache_read.or(price.input))?
                + part(written, price.cache_write.or(price.input))?
                + part(output, price.output)?,
        )
    }

    /// The counters and sums, as a record keeps them; zeros at the end are left off.
    pub fn numbers(&self) -> Vec<u64> {
        let counters = self.counters();
        let (first, later) = counters.split_at(SUMS);
        let sums = [self.latency.sum(), self.first_token.sum()];
        let mut numbers = [first, &sums, later].concat();
        let used = numbers.iter().rposition(|number| *number > 0).map_or(0, |last| last + 1);
        numbers.truncate(used);
        numbers
    }

    /// From what a record keeps.
    pub fn from_numbers(numbers: &[u64], latency: &[u64], first_token: &[u64]) -> Self {
        let sum = |at: usize| numbers.get(at).copied().unwrap_or(0);
        let mut tally = Self {
            latency: Histogram::from_flat(latency, sum(SUMS)),
            first_token: Histogram::from_flat(first_token, sum(SUMS + 1)),
            ..Self::default()
        };
        let later = numbers.iter().skip(SUMS + 2);
        for (counter, number) in tally.counters_mut().into_iter().zip(numbers.iter().take(SUMS).chain(later))
        {
            *counter = *number;
        }
        tally
    }

    fn counters(&self) -> [u64; COUNTERS] {
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
            self.untold_input,
            self.guessed_input,
            self.untold_output,
            self.guessed_output,
            self.retried_throttles,
            self.retried_client_errors,
            self.retried_server_errors,
            self.untold_cache_read,
            self.untold_cache_write,
            self.searches,
        ]
    }

    fn counters_mut(&mut self) -> [&mut u64; COUNTERS] {
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
            &mut self.untold_input,
            &mut self.guessed_input,
            &mut self.untold_output,
            &mut self.guessed_output,
            &mut self.retried_throttles,
            &mut self.retried_client_errors,
            &mut self.retried_server_errors,
            &mut self.untold_cache_read,
            &mut self.untold_cache_write,
            &mut self.searches,
        ]
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Tokens, as far as they were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub told: u64,
    /// Calls that had some of them and did not tell how many.
    pub untold: u64,
}

impl Count {
    /// What is known; `None` where nothing is.
    pub fn known(self) -> Option<u64> {
        (self.told > 0 || self.untold == 0).then_some(self.told)
    }

    /// As people read it: `1,200`, `1,200+` where there were more, `?` where nobody knows. `figure` writes a number.
    pub fn text(self, figure: fn(u64) -> String) -> String {
        match (self.known(), self.untold) {
            (Some(told), 0) => figure(told),
            (Some(told), _) => format!("{}+", figure(told)),
            (None, _) => "?".to_owned(),
        }
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
    /// As people read it: `$1.20`, `$1.20+` where there is more that nobody knows, `?` where nothing is known.
    pub fn text(self) -> String {
        match (self.dollars, self.unpriced) {
            (Some(dollars), 0) => money(dollars),
            (Some(dollars), _) => format!("{}+", money(dollars)),
            (None, 0) => "–".to_owned(),
            (None, _) => "?".to_owned(),
        }
    }

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
mod tests;
