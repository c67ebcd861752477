//! Answers in the shape that the API's own pages and its Python SDK's types show; written by hand, and read by that SDK as
//! here (`provider_anthropic`).

use outcrop::domain::catalog::{Availability, Capability, ModelCard};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, StopReason, Usage};
use outcrop::domain::{Error, ErrorKind};
use outcrop::wire::anthropic::{Messages, reply};
use proptest::prelude::*;
use serde_json::json;

use super::decoding::{self, fold, text};
use crate::damage::{blows, damaged, soup};

pub fn data(name: &str) -> Vec<u8> {
    decoding::data("anthropic", name)
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Error>) {
    decoding::decode::<Messages>(pieces)
}

fn decode_every_way(name: &str) -> (Fold, Option<Error>) {
    decoding::decode_every_way::<Messages>(name, &data(name))
}

fn thought(text: &str, signature: &str) -> Block {
    Block::Reasoning { text: text.to_owned(), signature: Some(signature.to_owned()) }
}

fn call(id: &str, name: &str, input: serde_json::Value) -> Block {
    Block::ToolUse { id: id.to_owned(), name: name.to_owned(), input, extra: None }
}

#[test]
fn a_stream_is_read_however_it_is_cut_and_its_prompt_counts_what_was_cached() {
    for name in ["text.sse", "text_crlf.sse"] {
        let (fold, error) = decode_every_way(name);
        assert_eq!((fold.blocks, error), (vec![text("Hello é 👋🏽!")], None));
        assert_eq!(fold.stop, Some(StopReason::EndTurn));
        let usage = Usage {
            input: Some(132),
            output: Some(15),
            cache_read: Some(100),
            cache_write: Some(7),
            reasoning: None,
            estimated: false,
        };
        assert_eq!(fold.usage, usage);
    }
}

#[test]
fn thoughts_keep_their_seals_even_where_they_are_not_shown() {
    let (fold, error) = decode_every_way("thinking.sse");
    assert_eq!(error, None);
    assert_eq!(
        fold.blocks,
        [
            thought("let me think 🤔", "EqQBCgIYAhIM1gbcDa9GJwZA2b3h/+="),
            Block::RedactedReasoning { data: "EmwKAhgBEgy3va3pzix/LafPsn4a=".into() },
            thought("", "c2VhbA=="),
            text("Sí, 42."),
        ]
    );
    assert_eq!(fold.stop, Some(StopReason::StopSequence));
    assert_eq!((fold.usage.output, fold.usage.reasoning), (Some(90), Some(60)));
}

#[test]
fn tool_calls_are_put_together_and_one_that_is_no_json_is_kept() {
    let (fold, error) = decode_every_way("tools.sse");
    assert_eq!(error, None);
    assert_eq!(
        fold.blocks,
        [
            text("I look."),
            call("toolu_01T1x1fJ34qAmk2tNTrN7Up6", "get_weather", json!({"city": "Oslo é"})),
            call("toolu_02", "now", json!({})),
            call("toolu_03", "broken", json!("{not json")),
        ]
    );
    assert_eq!(fold.stop, Some(StopReason::ToolUse));
}

#[test]
fn blocks_and_events_that_are_not_known_here_are_passed_over() {
    let (fold, error) = decode_every_way("strangers.sse");
    assert_eq!((fold.blocks, fold.stop, error), (vec![text("Found.")], Some(StopReason::Other), None));
}

#[test]
fn a_server_that_forgets_its_end_mark_is_read_to_the_models_own_end() {
    let (fold, error) = decode_every_way("no_end.sse");
    assert_eq!((fold.blocks, fold.stop, error), (vec![text("Hello")], Some(StopReason::MaxTokens), None));
}

#[test]
fn a_stream_that_is_cut_keeps_its_words_and_says_so() {
    let (fold, error) = decode_every_way("cut.sse");
    assert_eq!(fold.blocks, [text("Hello é 👋🏽")]);
    assert_eq!(error.unwrap().kind, ErrorKind::Network);
    assert_eq!((fold.stop, fold.usage.output), (None, None), "what was not counted is not known");
}

#[test]
fn an_error_in_the_middle_of_a_stream_keeps_the_words_before_it() {
    let (fold, error) = decode_every_way("error_after_200.sse");
    assert_eq!(fold.blocks, [text("Hel")]);
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Overloaded);
    assert!(error.why.contains("Overloaded"), "{error}");
}

#[test]
fn nonsense_before_the_answer_is_passed_over_and_in_the_middle_of_it_is_an_error_that_keeps_the_words() {
    let (fold, error) = decode_every_way("garbage.sse");
    assert_eq!((fold.blocks, fold.stop), (vec![text("Hel")], None));
    assert!(error.unwrap().why.contains("\"truncated\":"));
    let (_, error) = decode_every_way("all_garbage.sse");
    assert!(error.unwrap().why.contains("I am a different service"));
}

fn frames(values: &[serde_json::Value]) -> String {
    values.iter().map(|value| format!("data: {value}\n\n")).collect::<Vec<_>>().concat()
}

#[test]
fn every_reason_to_stop_is_told() {
    for (reason, expected) in [
        ("end_turn", StopReason::EndTurn),
        ("max_tokens", StopReason::MaxTokens),
        ("stop_sequence", StopReason::StopSequence),
        ("tool_use", StopReason::ToolUse),
        ("pause_turn", StopReason::Other),
        ("refusal", StopReason::Filtered),
        ("model_context_window_exceeded", StopReason::ContextFull),
        ("of_tomorrow", StopReason::Other),
    ] {
        let stream = frames(&[json!({"type": "message_delta", "delta": {"stop_reason": reason}})]);
        let (events, error) = decode([stream.as_bytes()]);
        assert_eq!((fold(&events).stop, error), (Some(expected), None), "{reason}");
    }
}

#[test]
fn strange_values_cost_themselves_and_not_the_text_beside_them() {
    let stream = frames(&[
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 0}}}),
        json!({"type": "content_block_start", "index": "0", "content_block": {"type": "text", "text": "a", "data": 7}}),
        json!({"type": "content_block_delta", "index": -1, "delta": {"type": 3, "text": "b", "thinking": {"x": 1}}}),
        json!({"type": "content_block_delta", "delta": {"text": "c"}, "usage": null}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "name": "go", "input": {"at": 1}}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"input_tokens": "7", "output_tokens": 12.0}}),
        json!({"type": "message_stop"}),
    ]);
    let (events, error) = decode(stream.as_bytes().chunks(9));
    assert_eq!(error, None);
    let fold = fold(&events);
    assert_eq!(fold.blocks, [text("abc"), call("call_1", "go", json!({"at": 1}))]);
    assert_eq!((fold.usage.input, fold.usage.output), (Some(7), Some(12)));
    assert_eq!(events.last(), Some(&Event::Stop { reason: StopReason::ToolUse }));
}

#[test]
fn an_answer_that_comes_whole_is_the_same_events() {
    let events = reply::message("asking", &data("whole.json")).unwrap();
    let fold = fold(&events);
    assert_eq!(
        fold.blocks,
        [
            thought("hm", "c2VhbA=="),
            Block::RedactedReasoning { data: "eA==".into() },
            text("Hi! My name is Claude."),
            call("toolu_1", "look", json!({"at": "é"})),
        ]
    );
    let usage = Usage {
        input: Some(2105),
        output: Some(503),
        cache_read: None,
        cache_write: Some(10),
        reasoning: Some(3),
        estimated: false,
    };
    assert_eq!((fold.stop, fold.usage), (Some(StopReason::Filtered), usage));
    assert!(matches!(events.last(), Some(Event::Stop { .. })), "the stop is the last event");
    let error = reply::message("asking", b"<html>").unwrap_err();
    assert!(error.hint.contains("/v1"), "{error}");
}

#[test]
fn a_count_is_a_number_and_nothing_else_is() {
    assert_eq!(reply::tokens("counting", br#"{"input_tokens": 2095, "x": 1}"#), Ok(2095));
    for other in ["{}", "7", r#"{"error": {"message": "no"}}"#] {
        assert!(reply::tokens("counting", other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn lists_of_models_become_cards_and_nonsense_entries_are_left_out() {
    let page = |name| reply::models("listing", "there", "host:1", &data(name)).unwrap();
    let first = page("models_1.json");
    assert_eq!(first.next.as_deref(), Some("claude-3-5-haiku-20241022"));
    let [opus, haiku]: [ModelCard; 2] = first.cards.try_into().unwrap();
    assert_eq!((opus.id.as_str(), opus.title.as_str()), ("there/claude-opus-4-6", "Claude Opus 4.6"));
    assert_eq!((opus.context, opus.max_output), (Some(1_000_000), Some(128_000)));
    assert_eq!(opus.detail, "Anthropic's Messages API at host:1");
    for able in [
        Capability::Chat,
        Capability::Tools,
        Capability::Vision,
        Capability::Documents,
        Capability::Reasoning,
        Capability::Schema,
    ] {
        assert_eq!(opus.can(able), Some(true), "{able:?}");
        let expected = matches!(able, Capability::Chat | Capability::Tools);
        assert_eq!(haiku.can(able), Some(expected), "{able:?}");
    }
    assert_eq!(opus.can(Capability::Embed), Some(false));
    assert_eq!(opus.availability, Availability::Ready);
    assert!(matches!(haiku.availability, Availability::Unusable { .. }), "{haiku:?}");

    let second = page("models_2.json");
    assert_eq!(second.next, None);
    let [sonnet, other]: [ModelCard; 2] = second.cards.try_into().unwrap();
    assert_eq!((sonnet.title.as_str(), sonnet.context), ("claude-sonnet-4-20250514", None));
    assert_eq!(sonnet.can(Capability::Vision), Some(true));
    assert_eq!(sonnet.can(Capability::Reasoning), None, "what is not told is not known");
    assert_eq!((other.can(Capability::Chat), other.can(Capability::Vision)), (Some(true), None));
    assert!(reply::models("listing", "there", "host:1", b"<html>").is_err());
}

/// Of frames, and of what stands in them.
const PIECES: &str = r#"
    data: event:error :ping { } [ ] , : null 1 -1 1e400 "" "a" "type": "index": "message": "content_block": "delta":
    "text" "thinking" "tool_use" "message_start" "content_block_start" "content_block_delta" "message_delta"
    "partial_json": "signature": "stop_reason": "end_turn" "usage": "input_tokens": "error":
    {"type":"content_block_delta","delta":{"text":"x"}}
    {"type":"content_block_start","index":4294967295,"content_block":{"type":"tool_use"}}
    {"type":"content_block_stop","index":4294967295} {"type":"message_stop"} {"type":"ping"}
"#;

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic_and_cuts_change_nothing(
        bytes in prop::collection::vec(any::<u8>(), 0..200), soup in soup(PIECES), blows in blows(), size in 1_usize..64
    ) {
        let recorded = ["text.sse", "text_crlf.sse", "thinking.sse", "tools.sse", "strangers.sse"];
        let recorded = recorded.map(|name| damaged(data(name), &blows));
        for bytes in recorded.into_iter().chain([bytes, soup.into_bytes()]) {
            prop_assert_eq!(decode(bytes.chunks(size)), decode([bytes.as_slice()]));
        }
    }
}

/// llama.cpp left the message's own beginning out here, as it does where the first token is a part of a character.
#[test]
fn the_stream_of_a_real_server_that_copies_the_api_is_read_however_it_is_cut() {
    let (fold, error) = decode_every_way("llama_messages.sse");
    assert_eq!(error, None);
    assert_eq!(fold.blocks, [text("晴晴！Hello, I'm a beautiful Chinese person. I'm here to help you with")]);
    assert_eq!((fold.stop, fold.usage.output), (Some(StopReason::MaxTokens), Some(24)));
}
