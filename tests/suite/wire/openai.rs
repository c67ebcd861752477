//! `llama_*` was recorded from llama.cpp's own server (wheel `xllamacpp` 2026.10.11549, SmolLM2-135M); the rest are
//! faults and dialects, written by hand.

use outcrop::domain::catalog::ModelCard;
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, StopReason, Usage};
use outcrop::domain::{Error, ErrorKind};
use outcrop::wire::openai::{Chat, fault, reply};
use proptest::prelude::*;
use serde_json::json;

use super::decoding::{self, text};
use crate::damage::{blows, damaged, soup};

pub fn data(name: &str) -> Vec<u8> {
    decoding::data("openai", name)
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Error>) {
    decoding::decode::<Chat>(pieces)
}

fn decode_every_way(name: &str) -> (Fold, Option<Error>) {
    decoding::decode_every_way::<Chat>(name, &data(name))
}

#[test]
fn the_stream_of_a_real_server_is_read_however_it_is_cut() {
    let (fold, error) = decode_every_way("llama_chat.sse");
    assert_eq!(error, None);
    assert_eq!(fold.blocks, [text("👋🏽 你好！👋🏽\n\n👋")]);
    assert_eq!(fold.stop, Some(StopReason::MaxTokens));
    assert_eq!((fold.usage.input, fold.usage.output, fold.usage.cache_read), (Some(43), Some(24), Some(0)));
}

#[test]
fn reasoning_of_both_dialects_and_its_tokens_are_told_apart_from_the_answer() {
    for name in ["reasoning.sse", "reasoning_crlf.sse"] {
        let (fold, error) = decode_every_way(name);
        assert_eq!(error, None);
        let thought = Block::Reasoning { text: "let me think 🤔".into(), signature: None };
        assert_eq!(fold.blocks, [thought, text("Sí, 42.")]);
        let usage = Usage {
            input: Some(9),
            output: Some(7),
            cache_read: Some(3),
            cache_write: None,
            reasoning: Some(4),
            estimated: false,
        };
        assert_eq!(fold.usage, usage);
    }
    let (fold, _) = decode_every_way("parts.sse");
    assert_eq!(fold.blocks, [Block::Reasoning { text: "hm".into(), signature: None }, text("Hello")]);
}

#[test]
fn tool_calls_are_put_together_and_one_that_is_no_json_is_kept() {
    let (fold, error) = decode_every_way("tools.sse");
    assert_eq!(error, None);
    let call =
        |id: &str, name: &str, input| Block::ToolUse { id: id.into(), name: name.into(), input, extra: None };
    assert_eq!(
        fold.blocks,
        [
            call("call_a", "get_weather", json!({"city": "Oslo é"})),
            call("call_b", "now", json!({})),
            call("call_c", "broken", json!("{not json")),
        ]
    );
    assert_eq!(fold.stop, Some(StopReason::ToolUse));
}

#[test]
fn what_a_server_wants_back_with_a_call_is_kept_with_that_call() {
    let extra = json!({"google": {"thought_signature": "c2VhbA=="}});
    let piece = |call: serde_json::Value| {
        format!("data: {}\n\n", json!({"choices": [{"delta": {"tool_calls": [call]}}]}))
    };
    let function = json!({"name": "look", "arguments": "{}"});
    let stream = [
        piece(json!({"index": 0, "id": "a", "function": function, "extra_content": extra})),
        piece(json!({"index": 1, "id": "b", "function": function})),
        format!("data: {}\n\n", json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let (events, error) = decode([stream.as_bytes()]);
    assert_eq!(error, None);
    let mut fold = Fold::default();
    for event in &events {
        fold.push(event);
    }
    let call = |id: &str, extra: Option<serde_json::Value>| Block::ToolUse {
        id: id.into(),
        name: "look".into(),
        input: json!({}),
        extra,
    };
    assert_eq!(fold.blocks, [call("a", Some(extra)), call("b", None)]);
}

#[test]
fn a_server_that_forgets_its_end_mark_is_read_to_the_models_own_end() {
    let (fold, error) = decode_every_way("no_done.sse");
    assert_eq!((fold.blocks, fold.stop, error), (vec![text("Hello")], Some(StopReason::MaxTokens), None));
}

#[test]
fn a_stream_that_is_cut_keeps_its_words_and_says_so() {
    let (fold, error) = decode_every_way("cut.sse");
    assert_eq!(fold.blocks, [text("Hello")]);
    assert_eq!(error.unwrap().kind, ErrorKind::Network);
    assert_eq!(fold.stop, None);
}

#[test]
fn an_error_in_the_middle_of_a_stream_keeps_the_words_before_it() {
    let (fold, error) = decode_every_way("error_after_200.sse");
    assert_eq!(fold.blocks, [text("Hel")]);
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Overloaded);
    assert!(error.why.contains("out of memory"), "{error}");
}

#[test]
fn nonsense_before_the_answer_is_passed_over_and_in_the_middle_of_it_is_an_error_that_keeps_the_words() {
    let (fold, error) = decode_every_way("garbage.sse");
    assert_eq!((fold.blocks, fold.stop), (vec![text("Hel")], None));
    assert!(error.unwrap().why.contains("{\"truncated\":"));
    let (_, error) = decode_every_way("all_garbage.sse");
    assert!(error.unwrap().why.contains("I am a different service"));
}

#[test]
fn strange_values_cost_themselves_and_not_the_text_beside_them() {
    let chunk = |value: serde_json::Value| format!("data: {value}\n\n");
    let stream = [
        chunk(json!({"choices": [], "prompt_filter_results": [{}]})),
        chunk(json!({"choices": [{"delta": {"content": "a", "reasoning_content": {"x": 1}}, "finish_reason": 3}]})),
        chunk(json!({"choices": [{"delta": {"content": "b", "refusal": []}, "message": {"content": "ab"}}]})),
        chunk(json!({"model": "m", "note": "a gateway speaks of itself"})),
        chunk(json!({"choices": [{"delta": {"content": "c"}}], "usage": {"completion_tokens": 12.0, "prompt_tokens": "7"}})),
        chunk(json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"completion_tokens": -1}})),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let (events, error) = decode(stream.as_bytes().chunks(9));
    assert_eq!(error, None);
    let mut fold = Fold::default();
    for event in &events {
        fold.push(event);
    }
    assert_eq!((fold.blocks, fold.stop), (vec![text("abc")], Some(StopReason::EndTurn)));
    assert_eq!((fold.usage.input, fold.usage.output), (Some(7), Some(12)));
}

#[test]
fn what_gateways_say_in_between_is_no_piece_of_the_answer() {
    let said = ["ping", "\"keepalive\"", "7", "[]", "{\"type\": \"ping\", \"usage\": \"none\"}"];
    let between = format!("data: {}\n\n", said.join("\n\ndata: "));
    let piece = |text: &str| format!("data: {}\n\n", json!({"choices": [{"delta": {"content": text}}]}));
    let stream = format!("{between}{}{between}{}{between}data: [DONE]\n\n", piece("a"), piece("b"));
    let (events, error) = decode([stream.as_bytes()]);
    assert_eq!(error, None);
    assert!(
        events.starts_with(&[Event::Text { text: "a".into() }, Event::Text { text: "b".into() }]),
        "{events:?}"
    );
    for hole in ["{\"choices\": 7}", "{\"choices\": [{\"delta\""] {
        let (events, error) =
            decode([piece("a"), format!("data: {hole}\n\n"), piece("b")].each_ref().map(String::as_bytes));
        assert_eq!(events, [Event::Text { text: "a".into() }], "{hole}");
        assert!(error.is_some(), "{hole}");
    }
}

#[test]
fn a_frame_of_two_megabytes_is_one_piece_of_text() {
    let long = "x".repeat(2_000_000);
    let frame = format!("data: {}\n\ndata: [DONE]\n\n", json!({"choices": [{"delta": {"content": long}}]}));
    let (events, error) = decode(frame.as_bytes().chunks(1460));
    assert_eq!(error, None);
    assert_eq!(events[0], Event::Text { text: long });
}

#[test]
fn an_answer_that_comes_whole_is_the_same_events() {
    let events = reply::completion("asking", &data("llama_whole.json")).unwrap();
    let mut fold = Fold::default();
    for event in &events {
        fold.push(event);
    }
    assert_eq!(fold.blocks, [text("I'm sorry for any misglamour. I'm")]);
    assert_eq!((fold.stop, fold.usage.output), (Some(StopReason::MaxTokens), Some(12)));
    assert!(matches!(events.last(), Some(Event::Stop { .. })), "the stop is the last event");
    let error = reply::completion("asking", b"<html>").unwrap_err();
    assert!(error.hint.contains("/v1"), "{error}");
}

#[test]
fn a_real_servers_context_error_says_by_how_much() {
    let body = String::from_utf8(data("llama_context.json")).unwrap();
    let error = fault::of_status("asking", 400, &body, None);
    assert_eq!(error.kind, ErrorKind::ContextLength { tokens: 931, limit: 512 });
}

#[test]
fn lists_of_models_become_cards_and_nonsense_entries_are_left_out() {
    let list = |name| reply::models("listing", "there", "host:1", &data(name)).unwrap();
    let [card]: [ModelCard; 1] = list("llama_models.json").try_into().unwrap();
    assert_eq!(card.id.as_str(), "there/SmolLM2-135M-Instruct.Q4_1.gguf");
    assert_eq!((card.context, card.detail.as_str()), (Some(512), "OpenAI-compatible at host:1"));
    let cards = list("openrouter_models.json");
    assert_eq!(cards.len(), 2);
    assert_eq!((cards[0].id.model(), cards[0].context), ("org/big", Some(131_072)));
    assert!(cards.iter().all(|card| card.capabilities.is_empty()), "such a list says nothing of that");
    assert!(reply::models("listing", "there", "host:1", b"<html>").is_err());
}

/// Of frames, and of what stands in them.
const PIECES: &str = r#"
    data: event:error :ping [DONE] { } [ ] , : null 1 -1 1e400 "" "a" "<think>" "choices": "delta":
    "content": "reasoning_content": "tool_calls": "index": "function": "name": "arguments":
    "finish_reason": "stop" "usage": "prompt_tokens": "error": "message":
    {"choices":[{"delta":{"content":"x"}}]}
    {"choices":[{"delta":{"tool_calls":[{"index":4294967295,"function":{"arguments":"{"}}]}}]}
"#;

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic_and_cuts_change_nothing(
        bytes in prop::collection::vec(any::<u8>(), 0..200), soup in soup(PIECES), blows in blows(), size in 1_usize..64
    ) {
        let recorded = ["llama_chat.sse", "reasoning.sse", "reasoning_crlf.sse", "tools.sse", "parts.sse"];
        let recorded = recorded.map(|name| damaged(data(name), &blows));
        for bytes in recorded.into_iter().chain([bytes, soup.into_bytes()]) {
            prop_assert_eq!(decode(bytes.chunks(size)), decode([bytes.as_slice()]));
        }
    }
}

#[test]
fn pictures_of_an_answer_come_in_their_places_and_those_that_cannot_be_had_are_told() {
    let png = || Event::Image { media_type: "image/png".into(), bytes: b"\x89PNG\r\n\x1a\nfirst".to_vec() };
    let text = |text: &str| Event::Text { text: text.into() };
    let notice = |text: &str| Event::Notice { text: text.into() };
    let (events, error) = decode([data("pictures.sse").as_slice()]);
    assert_eq!(error, None);
    let usage = Usage { input: Some(6), output: Some(1295), ..Usage::default() };
    assert_eq!(
        events,
        [
            text("Here is "),
            png(),
            text("a hill."),
            notice("a picture of the answer is not fetched; it is at https://example.com/hill.png"),
            notice("a picture came with the answer that cannot be read"),
            Event::Usage { usage },
            Event::Stop { reason: StopReason::EndTurn },
        ]
    );
    decode_every_way("pictures.sse");
    let events = reply::completion("asking", &data("pictures_whole.json")).unwrap();
    assert_eq!(events[..2], [text("Here."), png()]);
}
