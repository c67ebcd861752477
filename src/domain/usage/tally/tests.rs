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
        search: None,
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
    own.record(&Span { model: Some("local/m".parse().unwrap()), ..span(SpanStatus::Done, silent(), None) });
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
fn searches_cost_by_the_piece_or_by_what_is_read_for_them() {
    let reads = |usage: Usage| {
        let mut search = span(SpanStatus::Done, usage, None);
        (search.kind, search.searches) = (SpanKind::Rerank, 2);
        let mut tally = Tally::default();
        tally.record(&search);
        tally
    };
    let untold = reads(Usage::default());
    let nothing = Price { input: None, output: None, cache_read: None, ..price() };
    let by_piece = Price { search: Some(0.002), ..nothing.clone() };
    let whole = Cost { dollars: Some(0.004), unpriced: 0 };
    assert_eq!(untold.cost(SpanKind::Rerank, Some(&by_piece)), whole);
    assert_eq!(untold.cost_at_length(SpanKind::Rerank, Some(&by_piece)), whole);
    assert_eq!(untold.cost(SpanKind::Rerank, Some(&nothing)).dollars, None);
    assert_eq!((untold.searches, untold.untold, untold.untold_output), (2, 1, 0), "it writes nothing");
    let by_token = Price { input: Some(0.05), ..nothing };
    let told = reads(Usage { input: Some(2_000_000), ..Usage::default() });
    assert_eq!(told.cost(SpanKind::Rerank, Some(&by_token)), Cost { dollars: Some(0.1), unpriced: 0 });
}

#[test]
fn a_tally_is_kept_in_numbers_and_read_back_whole() {
    let mut tally = Tally::default();
    tally.record(&span(SpanStatus::Done, told(), Some(90)));
    tally.record(&span(failed(ErrorKind::Timeout), Usage::default(), None));
    let again = Retried { server_errors: 3, ..Retried::default() };
    tally.record(&Span { retried: again, searches: 1, ..span(SpanStatus::Done, Usage::default(), None) });
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
