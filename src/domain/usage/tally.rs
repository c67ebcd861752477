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
    /// Of answered calls, from the request to the end of the answer.
    pub latency: Histogram,
    /// Of answered calls, from the request to the first piece of text.
    pub first_token: Histogram,
}

/// The counters of a stored tally, in the order in which they are written: new ones go to the end.
const COUNTERS: usize = 21;

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
        self.retried_throttles += u64::from(span.retried.throttles);
        self.retried_client_errors += u64::from(span.retried.client_errors);
        self.retried_server_errors += u64::from(span.retried.server_errors);
        let (reads, writes) = match span.kind {
            SpanKind::Converse | SpanKind::Image => (true, true),
            SpanKind::Embed => (true, false),
            SpanKind::ListModels
            | SpanKind::CountTokens
            | SpanKind::PullModel
            | SpanKind::RemoveModel
            | SpanKind::CheckKey => (false, false),
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
        if kind == SpanKind::Image
            && let Some(image) = price.and_then(|price| price.image)
        {
            // Whatever tokens they are.
            return Cost { dollars: Some(self.images as f64 * image), unpriced: 0 };
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

    fn unpriced(&self) -> Cost {
        Cost { dollars: None, unpriced: (self.invocations + self.stopped).max(self.untold) }
    }

    /// `None` where a price that matters is unknown.
    fn dollars(&self, kind: SpanKind, price: &Price, input: u64, output: u64) -> Option<f64> {
        let part = |tokens: u64, price: Option<f64>| match tokens {
            0 => Some(0.0),
            some => price.map(|price| some as f64 * price / 1e6),
        };
        if kind == SpanKind::Image
            && let Some(image) = price.image
        {
            return Some(self.images as f64 * image);
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
        ]
    }
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
mod tests {
    use super::*;
    use crate::domain::figures;
    use crate::domain::id::SpanId;
    use crate::domain::message::{Timing, Usage};
    use crate::domain::time::Timestamp;
    use crate::domain::trace::{ByLength, Retried};

    fn span(status: SpanStatus, usage: Usage, first: Option<u32>) -> Span {
        Span {
            model: Some("p/m".parse().unwrap()),
            timing: Timing { first_token_ms: first, total_ms: Some(900), ..Timing::default() },
            usage,
            by_length: ByLength { input: 70, output: 30 },
            status,
            ..Span::begun(SpanId::from_bytes([7; 16]), SpanKind::Converse, "p", Timestamp(0))
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
    fn what_was_refused_here_is_no_error_of_what_was_asked() {
        let mut tally = Tally::default();
        for status in [failed(ErrorKind::Invalid), failed(ErrorKind::Auth), SpanStatus::Cancelled] {
            tally.record(&Span { unsent: true, ..span(status, Usage::default(), None) });
        }
        assert_eq!((tally.client_errors, tally.lost, tally.stopped, tally.untold), (0, 2, 1, 0));
        assert_eq!(tally.tokens_at_length(), 0, "nothing was sent");
    }

    #[test]
    fn answers_that_were_asked_for_again_count_as_what_they_were() {
        let mut retried = Retried::default();
        for status in [429, 429, 408, 500, 503, 529] {
            retried.count(status);
        }
        let mut tally = Tally::default();
        tally.record(&Span { retried, ..span(SpanStatus::Done, told(), Some(5)) });
        tally.record(&span(failed(ErrorKind::Overloaded), Usage::default(), None));
        let all = (tally.all_throttles(), tally.all_client_errors(), tally.all_server_errors());
        assert_eq!(all, (2, 1, 4));
        assert_eq!((tally.calls(), tally.failed()), (2, 1), "they are no calls of their own");
    }

    #[test]
    fn tokens_that_nobody_told_are_unknown_and_never_none_and_count_by_their_length() {
        let said = |tally: &Tally| [tally.input(), tally.output()].map(|count| count.text(figures::grouped));
        let mut tally = Tally::default();
        assert_eq!(said(&tally), ["0", "0"]);
        tally.record(&span(SpanStatus::Done, Usage::default(), None));
        assert_eq!(said(&tally), ["?", "?"]);
        assert_eq!((tally.input().known(), tally.tokens_at_length()), (None, 100));
        tally.record(&span(SpanStatus::Done, told(), None));
        tally.record(&span(SpanStatus::Done, Usage { input: Some(4), ..Usage::default() }, None));
        assert_eq!(said(&tally), ["1,004+", "100+"]);
        assert_eq!(tally.tokens_at_length(), 1_104 + 70 + 30 + 30);
        let guessed = tally.cost_at_length(SpanKind::Converse, Some(&price()));
        let exact = tally.cost(SpanKind::Converse, Some(&price()));
        let more = guessed.dollars.unwrap() - exact.dollars.unwrap();
        assert!((more - (70.0 * 3.0 + 60.0 * 15.0) / 1e6).abs() < 1e-12, "{more}");
        assert_eq!((guessed.unpriced, exact.unpriced), (0, 2));
    }

    #[test]
    fn an_answer_of_success_that_nobody_could_read_was_worked_for() {
        let mut tally = Tally::default();
        tally.record(&span(failed(ErrorKind::Server { status: 500 }), Usage::default(), None));
        assert_eq!((tally.untold, tally.input().known()), (0, Some(0)));
        tally.record(&span(failed(ErrorKind::Server { status: 200 }), Usage::default(), None));
        assert_eq!((tally.untold, tally.input().known(), tally.output().known()), (1, None, None));
        let unknown = Cost { dollars: None, unpriced: 1 };
        assert_eq!(tally.cost(SpanKind::Converse, Some(&price())), unknown);
        assert_eq!((tally.server_errors, tally.latency.count()), (2, 0));
    }

    #[test]
    fn what_of_it_came_from_a_cache_is_unknown_where_nobody_says() {
        let read = |tally: &Tally| tally.cache_read().text(figures::grouped);
        let silent = || Usage { cache_read: None, ..told() };
        let mut tally = Tally::default();
        tally.record(&span(SpanStatus::Done, silent(), None));
        assert_eq!((read(&tally).as_str(), tally.untold), ("?", 0));
        tally.record(&span(SpanStatus::Done, told(), None));
        assert_eq!(read(&tally), "600+");
        let mut own = Tally::default();
        own.record(&Span {
            model: Some("local/m".parse().unwrap()),
            ..span(SpanStatus::Done, silent(), None)
        });
        own.record(&Span { kind: SpanKind::Embed, ..span(SpanStatus::Done, silent(), None) });
        assert_eq!(read(&own), "0");
    }

    #[test]
    fn tokens_of_a_cache_whose_price_nobody_knows_come_on_top() {
        let mut tally = Tally::default();
        tally.record(&span(SpanStatus::Done, told(), None));
        let unknown = Price { cache_read: None, ..price() };
        let cost = tally.cost(SpanKind::Converse, Some(&unknown));
        assert!((cost.dollars.unwrap() - (400.0 * 3.0 + 100.0 * 15.0) / 1e6).abs() < 1e-12, "{cost:?}");
        assert_eq!(cost.unpriced, 1);
        assert_eq!(unknown.of(&told()), None);
        let most = tally.cost_at_length(SpanKind::Converse, Some(&unknown)).dollars.unwrap();
        assert!((most - (1_000.0 * 3.0 + 100.0 * 15.0) / 1e6).abs() < 1e-12, "{most}");
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
        let mut silent = Tally::default();
        silent.record(&span(SpanStatus::Done, Usage::default(), None));
        let unknown = Cost { dollars: None, unpriced: 1 };
        assert_eq!(silent.cost(SpanKind::Converse, Some(&price())), unknown, "no number was told");
        assert_eq!(silent.cache_read().known(), None);
        let mut sum = tally.cost(SpanKind::Converse, None);
        sum.add(Cost { dollars: Some(0.5), unpriced: 1 });
        assert_eq!(sum, Cost { dollars: Some(0.5), unpriced: 3 });
    }

    #[test]
    fn an_answer_that_was_stopped_costs_nothing_where_tokens_cost_nothing() {
        let mut tally = Tally::default();
        tally.record(&span(SpanStatus::Cancelled, Usage { output: Some(3), ..Usage::default() }, Some(90)));
        tally.record(&span(SpanStatus::Cancelled, Usage::default(), None));
        let nothing = Cost { dollars: Some(0.0), unpriced: 0 };
        assert_eq!(tally.cost(SpanKind::Converse, Some(&Price::nothing())), nothing);
        assert_eq!(tally.cost(SpanKind::Converse, Some(&price())).unpriced, 2);
        assert_eq!(Price::nothing().of(&Usage::default()), Some(0.0));
        assert_eq!(price().of(&Usage::default()), None);
    }

    #[test]
    fn a_cost_says_what_it_does_not_know() {
        let costs = [(Some(1.2), 0), (Some(1.2), 3), (None, 0), (None, 3)];
        let said = costs.map(|(dollars, unpriced)| Cost { dollars, unpriced }.text());
        assert_eq!(said, ["$1.20", "$1.20+", "–", "?"]);
    }

    #[test]
    fn pictures_cost_by_the_piece() {
        let mut picture = span(SpanStatus::Done, Usage::default(), None);
        (picture.kind, picture.images) = (SpanKind::Image, 3);
        let mut tally = Tally::default();
        tally.record(&picture);
        let by_piece = Price { image: Some(0.5), ..price() };
        let whole = Cost { dollars: Some(1.5), unpriced: 0 };
        assert_eq!(tally.cost(SpanKind::Image, Some(&by_piece)), whole);
        assert_eq!(tally.cost(SpanKind::Image, Some(&price())).dollars, None);
        // Tokens that nobody told of are not none.
        assert_eq!((tally.images, tally.untold, tally.guessed_input, tally.guessed_output), (3, 1, 0, 0));
        assert_eq!([tally.input(), tally.output()].map(|count| count.text(figures::short)), ["?", "?"]);
    }

    #[test]
    fn a_tally_is_kept_in_numbers_and_read_back_whole() {
        let mut tally = Tally::default();
        tally.record(&span(SpanStatus::Done, told(), Some(90)));
        tally.record(&span(failed(ErrorKind::Timeout), Usage::default(), None));
        let again = Retried { server_errors: 3, ..Retried::default() };
        tally.record(&Span { retried: again, ..span(SpanStatus::Done, Usage::default(), None) });
        let back =
            |numbers: &[u64]| Tally::from_numbers(numbers, &tally.latency.flat(), &tally.first_token.flat());
        assert_eq!(back(&tally.numbers()), tally);
        // A later version's further numbers are passed over.
        assert_eq!(back(&[tally.numbers(), vec![9, 9]].concat()), tally);
        assert_eq!(Tally::default().numbers(), [0; 0]);
        let mut twice = tally.clone();
        twice.merge(&tally);
        assert_eq!((twice.invocations, twice.input_tokens, twice.latency.sum()), (4, 2_000, 3_600));
        // What a version of before has kept, which counted less.
        let before = Tally { invocations: 3, images: 1, untold: 2, ..Tally::default() };
        assert_eq!(back(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]).counters(), before.counters());
    }
}
