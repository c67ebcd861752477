//! Streams that `tests/data/wire/bedrock/make.py` framed by hand, as Amazon's guide describes them; read back by Amazon's
//! own botocore there, and field by field in `provider_bedrock`.

use outcrop::domain::catalog::{Availability, Capability};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, StopReason, Usage};
use outcrop::domain::{Error, ErrorKind};
use outcrop::wire::bedrock::{Answer, models, reply};
use proptest::prelude::*;
use serde_json::json;

use super::decoding::{self, fold, text};
use crate::damage::{blows, damaged};

pub fn data(name: &str) -> Vec<u8> {
    decoding::data("bedrock", name)
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Error>) {
    decoding::decode::<Answer>(pieces)
}

fn decode_every_way(name: &str) -> (Fold, Option<Error>) {
    decoding::decode_every_way::<Answer>(name, &data(name))
}

fn call(id: &str, name: &str, input: serde_json::Value) -> Block {
    Block::ToolUse { id: id.to_owned(), name: name.to_owned(), input, extra: None }
}

const STREAMS: [&str; 6] = [
    "text.events",
    "cached.events",
    "reasoning.events",
    "tools.events",
    "strangers.events",
    "native_titan.events",
];

#[test]
fn a_stream_is_read_however_it_is_cut() {
    let (fold, error) = decode_every_way("text.events");
    assert_eq!((fold.blocks, fold.stop, error), (vec![text("Hello, é👋")], Some(StopReason::EndTurn), None));
    assert_eq!(fold.usage, Usage { input: Some(9), output: Some(7), ..Usage::default() });
}

#[test]
fn the_prompt_counts_what_was_cached_and_what_was_not() {
    let (fold, error) = decode_every_way("cached.events");
    assert_eq!((fold.stop, error), (Some(StopReason::MaxTokens), None));
    let usage = Usage {
        input: Some(129),
        output: Some(7),
        cache_read: Some(100),
        cache_write: Some(20),
        ..Usage::default()
    };
    assert_eq!(fold.usage, usage);
}

#[test]
fn thoughts_keep_their_seals_and_those_that_are_not_shown_their_bytes() {
    let (fold, error) = decode_every_way("reasoning.events");
    assert_eq!((fold.stop, error), (Some(StopReason::StopSequence), None));
    assert_eq!(
        fold.blocks,
        [
            Block::Reasoning { text: "let me think 🤔".into(), signature: Some("c2VhbA==".into()) },
            Block::RedactedReasoning { data: "eA==".into() },
            text("42."),
        ]
    );
}

#[test]
fn tool_calls_are_put_together_and_one_that_is_no_json_is_kept() {
    let (fold, error) = decode_every_way("tools.events");
    assert_eq!((fold.stop, error), (Some(StopReason::ToolUse), None));
    assert_eq!(
        fold.blocks,
        [
            text("Looking."),
            call("tooluse_a", "get_weather", json!({"city": "Oslo é"})),
            call("tooluse_b", "now", json!({})),
            call("tooluse_c", "broken", json!("{not json")),
        ]
    );
}

#[test]
fn a_guardrail_that_stepped_in_is_a_reason_to_stop_and_its_trace_is_passed_over() {
    let (fold, error) = decode_every_way("guarded.events");
    assert_eq!(error, None);
    assert_eq!((fold.blocks, fold.stop), (vec![text("I cannot.")], Some(StopReason::Filtered)));
    assert_eq!((fold.usage.input, fold.usage.output), (Some(9), Some(7)));
}

#[test]
fn a_picture_in_the_answer_is_put_together_from_its_pieces() {
    let bytes = data("picture.events");
    for size in [1, 7, bytes.len()] {
        let (events, error) = decode(bytes.chunks(size));
        assert_eq!(error, None);
        let picture = Event::Image { media_type: "image/png".into(), bytes: b"\x89PNG!".to_vec() };
        assert!(events.contains(&picture), "{events:?}");
    }
}

#[test]
fn blocks_events_and_messages_that_are_not_known_here_are_passed_over() {
    let (fold, error) = decode_every_way("strangers.events");
    assert_eq!((fold.blocks, fold.stop, error), (vec![text("Hello")], Some(StopReason::Other), None));
}

#[test]
fn a_server_that_forgets_its_last_event_is_read_to_the_models_own_end() {
    let (fold, error) = decode_every_way("no_metadata.events");
    assert_eq!((fold.stop, error), (Some(StopReason::Filtered), None));
    assert_eq!(fold.usage, Usage::default(), "what was not counted is not known");
}

#[test]
fn a_stream_that_is_cut_keeps_its_words_and_says_so() {
    let (fold, error) = decode_every_way("cut.events");
    assert_eq!((fold.blocks, fold.stop), (vec![text("Hello")], None));
    assert_eq!(error.unwrap().kind, ErrorKind::Network);
    let bytes = data("text.events");
    let end = bytes.windows(11).position(|window| window == b"messageStop").unwrap();
    for cut in 0..end {
        let (events, error) = decode([&bytes[..cut]]);
        let words = fold_text(&events);
        assert!("Hello, é👋".starts_with(&words), "{cut}: {words}");
        assert!(error.is_some(), "cut at {cut}");
    }
}

fn fold_text(events: &[Event]) -> String {
    crate::answer::text(&fold(events))
}

#[test]
fn a_byte_that_was_flipped_anywhere_is_an_error_that_keeps_the_words_before_it() {
    for name in STREAMS {
        let sound = data(name);
        let whole = fold_text(&decode([sound.as_slice()]).0);
        for at in 0..sound.len() {
            for bit in [0x01, 0x80] {
                let mut bytes = sound.clone();
                bytes[at] ^= bit;
                let (events, error) = decode([bytes.as_slice()]);
                let error = error.unwrap_or_else(|| panic!("{name}: byte {at} may be anything"));
                assert!(whole.starts_with(&fold_text(&events)), "{name} {at}");
                assert!(!error.why.is_empty() && !error.hint.is_empty());
            }
        }
    }
    let mut bytes = data("text.events");
    let at = bytes.windows(3).rposition(|window| window == b"lo,").unwrap();
    bytes[at] ^= 1;
    let (events, error) = decode(bytes.chunks(1));
    assert_eq!(fold_text(&events), "Hel");
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.why.contains("checksum") && error.hint.contains("try again"), "{error}");
}

#[test]
fn exceptions_and_errors_after_the_status_200_keep_the_words_before_them() {
    for (name, kind, words) in [
        ("exception.events", ErrorKind::RateLimited { retry_after_ms: None }, "Too many requests"),
        ("error.events", ErrorKind::Server { status: 500 }, "it broke"),
    ] {
        let (fold, error) = decode_every_way(name);
        assert_eq!(fold.blocks, [text("Hello")], "{name}");
        let error = error.unwrap();
        assert_eq!(error.kind, kind);
        assert!(error.why.contains(words), "{error}");
    }
}

#[test]
fn what_is_no_event_stream_is_shown() {
    for bytes in [&b"<html><title>A proxy</title>"[..], b"data: {\"a\": 1}\n\n", b"no"] {
        let whole = decode([bytes]);
        assert_eq!(decode(bytes.chunks(1)), whole);
        let error = whole.1.unwrap();
        assert_eq!(error.kind, ErrorKind::Server { status: 200 });
        assert!(error.why.contains(std::str::from_utf8(bytes).unwrap().trim()), "{error}");
    }
    let endless = vec![b'x'; 1 << 20];
    assert!(decode(endless.chunks(4096)).1.unwrap().why.len() < 1000);
}

#[test]
fn a_message_that_says_it_is_longer_than_any_may_be_is_not_waited_for() {
    let mut bytes = (26_u32 << 20).to_be_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    let error = decode([bytes.as_slice()]).1.unwrap();
    assert!(error.why.contains("27262976 bytes"), "{error}");
}

#[test]
fn a_stream_of_chunks_is_read_whosever_words_they_are() {
    for (name, stop) in [
        ("native_claude.events", StopReason::ToolUse),
        ("native_titan.events", StopReason::EndTurn),
        ("native_llama.events", StopReason::MaxTokens),
        ("native_command.events", StopReason::EndTurn),
        ("native_command_r.events", StopReason::MaxTokens),
    ] {
        let (fold, error) = decode_every_way(name);
        assert_eq!(error, None, "{name}");
        assert_eq!(fold.blocks[0], text("Hello, é👋"), "{name}");
        assert_eq!(
            (fold.stop, fold.usage.input, fold.usage.output),
            (Some(stop), Some(9), Some(7)),
            "{name}"
        );
        let bytes = data(name);
        let (events, error) = decode([&bytes[..bytes.len() / 2]]);
        assert!("Hello, é👋".starts_with(&fold_text(&events)) && error.is_some(), "{name}");
    }
    let claude = decode_every_way("native_claude.events").0;
    assert_eq!(claude.blocks[1..], [call("t", "now", json!({}))]);
}

#[test]
fn an_answer_that_comes_whole_is_the_same_events() {
    let events = reply::answer("asking", &data("answer.json")).unwrap();
    let fold = fold(&events);
    assert_eq!(
        fold.blocks,
        [
            Block::Reasoning { text: "hm".into(), signature: Some("c2VhbA==".into()) },
            text("Looking é. Cited."),
            call("tooluse_a", "look", json!({"at": "é"})),
        ]
    );
    let usage = Usage { input: Some(12), output: Some(7), cache_read: Some(3), ..Usage::default() };
    assert_eq!((fold.stop, fold.usage), (Some(StopReason::ToolUse), usage));
    assert!(matches!(events.last(), Some(Event::Stop { .. })), "the stop is the last event");
    assert!(reply::answer("asking", b"<html>").unwrap_err().hint.contains("base_url"));
    assert_eq!(reply::tokens("counting", br#"{"inputTokens": 12, "x": 1}"#), Ok(12));
    assert!(reply::tokens("counting", b"{}").is_err());
}

#[test]
fn lists_of_models_become_cards_and_profiles_can_what_their_models_can() {
    let cards = models::foundation("listing", "aws", "us-east-1", &data("models.json")).unwrap();
    let card = |name: &str| cards.iter().find(|card| card.id.model() == name).unwrap();
    let sonnet = card("anthropic.claude-sonnet-4-5-20250929-v1:0");
    assert_eq!(sonnet.title, "Claude Sonnet 4.5");
    assert_eq!((sonnet.can(Capability::Chat), sonnet.can(Capability::Vision)), (Some(true), Some(true)));
    assert_eq!(sonnet.can(Capability::Tools), None, "what is not told is not known");
    let Availability::Unusable { why } = &sonnet.availability else { panic!("{sonnet:?}") };
    assert!(why.contains("inference profile"), "{why}");
    let titan = card("amazon.titan-embed-text-v2:0");
    assert_eq!((titan.can(Capability::Embed), titan.can(Capability::Chat)), (Some(true), Some(false)));
    assert_eq!(titan.availability, Availability::Ready);
    let jamba = card("ai21.jamba-instruct-v1:0");
    assert!(jamba.detail.contains("legacy") && jamba.detail.contains("come whole"), "{}", jamba.detail);
    assert_eq!(card("x.bare").can(Capability::Chat), None);
    let (profiles, next) = models::profiles("listing", &cards, "aws", &data("profiles.json")).unwrap();
    assert_eq!(next, None);
    let [profile] = profiles.try_into().unwrap();
    assert_eq!(profile.id.as_str(), "aws/us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    assert_eq!(
        (profile.title.as_str(), profile.can(Capability::Vision)),
        ("US Claude Sonnet 4.5", Some(true))
    );
    assert_eq!(profile.availability, Availability::Ready);
    assert_eq!(profile.regions, ["us-east-1", "us-west-2"]);
    assert!(models::foundation("listing", "aws", "us-east-1", b"<html>").is_err());
    assert!(models::profiles("listing", &[], "aws", b"{}").is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic_and_cuts_change_nothing(
        bytes in prop::collection::vec(any::<u8>(), 0..200), blows in blows(), size in 1_usize..64
    ) {
        for bytes in STREAMS.map(|name| damaged(data(name), &blows)).into_iter().chain([bytes]) {
            prop_assert_eq!(decode(bytes.chunks(size)), decode([bytes.as_slice()]));
        }
    }
}
