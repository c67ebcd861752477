//! Bytes in the shapes of Ollama's documentation and sources (`docs/api.md`, `api/types.go`, August 2026), and faults
//! written by hand.

use outcrop::domain::catalog::{Capability, ModelCard};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, StopReason, Usage};
use outcrop::domain::{Error, ErrorKind};
use outcrop::wire::ollama::{Chat, models, reply};
use proptest::prelude::*;
use serde_json::json;

use super::decoding::{self, fold as folded, text};
use crate::damage::{blows, damaged, soup};

pub fn data(name: &str) -> Vec<u8> {
    decoding::data("ollama", name)
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Error>) {
    decoding::decode::<Chat>(pieces)
}

fn decode_every_way(name: &str) -> (Fold, Option<Error>) {
    decoding::decode_every_way::<Chat>(name, &data(name))
}

fn thought(text: &str) -> Block {
    Block::Reasoning { text: text.to_owned(), signature: None }
}

fn call(id: &str, name: &str, input: serde_json::Value) -> Block {
    Block::ToolUse { id: id.into(), name: name.into(), input, extra: None }
}

#[test]
fn an_answer_is_read_however_it_is_cut() {
    let (fold, error) = decode_every_way("chat.ndjson");
    assert_eq!(error, None);
    assert_eq!(fold.blocks, [text("👋🏽 你好！\n\nSí.")]);
    assert_eq!(fold.stop, Some(StopReason::MaxTokens));
    assert_eq!(fold.usage, Usage { input: Some(43), output: Some(24), ..Usage::default() });
}

#[test]
fn what_the_model_thinks_is_told_apart_from_the_answer() {
    for name in ["thinking.ndjson", "thinking_crlf.ndjson"] {
        let (fold, error) = decode_every_way(name);
        assert_eq!((fold.stop, error), (Some(StopReason::EndTurn), None));
        assert_eq!(fold.blocks, [thought("let me think 🤔"), text("Sí, 42.")]);
    }
}

#[test]
fn tool_calls_have_ids_of_their_own_whether_the_server_gives_them_or_not() {
    let (fold, error) = decode_every_way("tools.ndjson");
    assert_eq!((fold.stop, error), (Some(StopReason::ToolUse), None));
    assert_eq!(
        fold.blocks,
        [
            call("call_0", "get_weather", json!({"city": "Oslo é"})),
            call("call_1", "now", json!({})),
            call("call_2", "get_weather", json!({"city": "Tokyo"})),
        ]
    );
    let (fold, _) = decode_every_way("tools_with_ids.ndjson");
    assert_eq!(fold.blocks, [thought("ask"), call("call_x8k2m1qa", "get_weather", json!({"city": "Oslo"}))]);

    let called = |id: &str, arguments: serde_json::Value| json!({"id": id, "function": {"name": "f", "arguments": arguments}});
    let calls = [
        called("call_1", json!({})),
        called("", json!("{\"a\": 1}")),
        called("call_1", json!("{broken")),
        called("call_0", json!(null)),
    ];
    let stream = json!({"message": {"tool_calls": calls}, "done": true, "done_reason": "stop"}).to_string();
    let (events, error) = decode([stream.as_bytes()]);
    assert_eq!(error, None);
    assert_eq!(
        folded(&events).blocks,
        [
            call("call_1", "f", json!({})),
            call("call_2", "f", json!({"a": 1})),
            call("call_3", "f", json!("{broken")),
            call("call_0", "f", json!({})),
        ]
    );
}

#[test]
fn an_end_without_a_reason_and_an_answer_to_no_question_are_ends() {
    let (fold, error) = decode_every_way("no_reason.ndjson");
    assert_eq!((fold.blocks, fold.stop, error), (vec![text("Hello")], Some(StopReason::Other), None));
    let (fold, error) = decode_every_way("load.ndjson");
    assert_eq!((fold.blocks, fold.stop, error), (Vec::new(), Some(StopReason::Other), None));
    assert_eq!(fold.usage, Usage::default(), "what is not counted is unknown");
}

#[test]
fn a_stream_that_is_cut_in_a_line_keeps_its_words_and_says_so() {
    let (fold, error) = decode_every_way("cut.ndjson");
    assert_eq!((fold.blocks, fold.stop), (vec![text("Hello")], None));
    assert_eq!(error.unwrap().kind, ErrorKind::Network);
}

#[test]
fn an_error_in_the_middle_of_a_stream_keeps_the_words_before_it() {
    let (fold, error) = decode_every_way("error_after_200.ndjson");
    assert_eq!(fold.blocks, [text("Hel")]);
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Server { status: 500 });
    assert!(error.why.contains("out of memory"), "{error}");
}

#[test]
fn nonsense_before_the_answer_is_passed_over_and_in_the_middle_of_it_is_an_error_that_keeps_the_words() {
    let (fold, error) = decode_every_way("garbage.ndjson");
    assert_eq!((fold.blocks, fold.stop), (vec![text("Hel")], None));
    assert!(error.unwrap().why.contains("{\"truncated\":"));
    let (_, error) = decode_every_way("all_garbage.ndjson");
    let error = error.unwrap();
    assert!(error.to_string().contains("<html>") && error.hint.contains("base_url"), "{error}");
}

#[test]
fn fields_and_lines_that_nobody_knows_change_nothing() {
    let (fold, error) = decode_every_way("unknown.ndjson");
    assert_eq!((fold.stop, error), (Some(StopReason::ToolUse), None));
    assert_eq!(fold.blocks, [text("ab"), call("call_0", "now", json!({"a": 1}))]);
    assert_eq!((fold.usage.input, fold.usage.output), (Some(26), Some(9)));
}

#[test]
fn strange_values_cost_themselves_and_not_the_text_beside_them() {
    let stream = [
        json!({"message": {"content": "a", "thinking": {"x": 1}}, "done_reason": 3}),
        json!({"message": {"content": ["b"], "tool_calls": null}, "done": false}),
        json!({"message": {"content": "c"}, "eval_count": "12", "prompt_eval_count": -7}),
        json!({"done": true, "eval_count": 12.0, "prompt_eval_count": []}),
    ];
    let stream = stream.map(|line| format!("{line}\n")).concat();
    let (events, error) = decode(stream.as_bytes().chunks(9));
    let fold = folded(&events);
    assert_eq!((fold.blocks, fold.stop, error), (vec![text("ac")], Some(StopReason::Other), None));
    assert_eq!((fold.usage.input, fold.usage.output), (None, Some(12)));
}

#[test]
fn a_line_of_two_megabytes_is_one_piece_of_text() {
    let long = "x".repeat(2_000_000);
    let stream =
        format!("{}\n{}\n", json!({"message": {"content": long}, "done": false}), json!({"done": true}));
    let (events, error) = decode(stream.as_bytes().chunks(1460));
    assert_eq!(error, None);
    assert_eq!(events[0], Event::Text { text: long });
}

#[test]
fn an_answer_that_comes_whole_is_the_same_events() {
    let events = reply::answer("asking", &data("whole.json")).unwrap();
    let fold = folded(&events);
    assert_eq!(fold.blocks, [thought("greet"), text("Hello! How are you today?")]);
    assert_eq!((fold.stop, fold.usage.output), (Some(StopReason::EndTurn), Some(298)));
    assert!(matches!(events.last(), Some(Event::Stop { .. })), "the stop is the last event");
    let error = reply::answer("asking", br#"{"error":"\"x\" does not support tools"}"#).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused { capability: "tools".into() });
    for body in ["<html>", "{}", "[]", r#"{"choices":[]}"#] {
        assert!(reply::answer("asking", body.as_bytes()).unwrap_err().hint.contains("base_url"), "{body}");
    }
}

#[test]
fn vectors_are_as_many_as_the_texts_and_of_one_width() {
    let events = reply::vectors("embedding", 2, &data("embed.json")).unwrap();
    let [Event::Usage { usage }, Event::Embeddings { vectors }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(usage.input, Some(8), "told in front of the vectors");
    assert_eq!(vectors.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
    assert!((vectors[1][1] - 0.060_424_69).abs() < 1e-6);
    for (count, body) in [
        (3, data("embed.json")),
        (1, br#"{"embeddings":[[]]}"#.to_vec()),
        (2, br#"{"embeddings":[[1,2],[1]]}"#.to_vec()),
        (1, br#"{"embeddings":[["a"]]}"#.to_vec()),
        (1, br#"{"embedding":[1]}"#.to_vec()),
    ] {
        let error = reply::vectors("embedding", count, &body).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Server { status: 200 }, "{error}");
    }
    assert_eq!(
        reply::vectors("embedding", 0, br#"{"embeddings":[]}"#).unwrap(),
        [Event::Embeddings { vectors: Vec::new() }]
    );
}

fn listed() -> Vec<ModelCard> {
    models::cards("listing", "there", "host:1", &data("tags.json")).unwrap()
}

#[test]
fn the_list_of_models_becomes_cards_and_nonsense_entries_are_left_out() {
    let cards = listed();
    let said: Vec<_> = cards.iter().map(|card| (card.id.model(), card.detail.as_str(), card.bytes)).collect();
    assert_eq!(
        said,
        [
            ("all-minilm:latest", "bert 23M at F16, Ollama at host:1", Some(45_960_996)),
            ("bare:latest", "Ollama at host:1", None),
            ("deepseek-r1:latest", "qwen2 7.6B at Q4_K_M, Ollama at host:1", Some(4_683_075_271)),
            (
                "gpt-oss:120b-cloud",
                "gptoss 116.8B at MXFP4, Ollama at host:1, which asks https://ollama.com:443",
                None
            ),
            ("llama3.2:latest", "llama 3.2B at Q4_K_M, Ollama at host:1", Some(2_019_393_189)),
            ("nomic-embed-text:latest", "nomic-bert 137M at F16, Ollama at host:1", Some(274_302_450)),
        ]
    );
    let embeds: Vec<_> = cards.iter().map(|card| card.can(Capability::Embed) == Some(true)).collect();
    assert_eq!(embeds, [true, false, false, false, false, true]);
    assert_eq!(cards[4].can(Capability::Schema), Some(true));
    assert_eq!((cards[4].can(Capability::Tools), cards[4].can(Capability::Documents)), (None, Some(false)));
    for body in ["<html>", r#"{"data":[]}"#, "[]"] {
        assert!(models::cards("listing", "there", "host:1", body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn what_a_model_can_do_is_told_and_what_is_not_told_of_it_is_lacking() {
    use Capability as C;
    let shown = |name: &str| {
        let mut card = listed().swap_remove(4);
        models::show("asking", &mut card, &data(name)).unwrap();
        card
    };
    let can = |card: &ModelCard| [C::Chat, C::Embed, C::Vision, C::Tools, C::Reasoning].map(|c| card.can(c));
    let (yes, no) = (Some(true), Some(false));

    let card = shown("show_vision.json");
    assert_eq!(can(&card), [yes, None, yes, no, no]);
    assert_eq!(card.context, None, "what it was made for is not what it runs with");
    assert_eq!(card.licence.as_deref(), Some("META LLAMA 3 COMMUNITY LICENSE AGREEMENT"));

    let card = shown("show_tools.json");
    assert_eq!(can(&card), [yes, None, no, yes, yes]);
    assert_eq!(card.context, Some(16_384), "its own file says so");
    assert_eq!(card.licence.as_deref(), Some("Apache License"));

    assert_eq!(can(&shown("show_embedding.json")), [no, yes, no, no, no]);

    let card = shown("show_old.json");
    assert_eq!(can(&card), [yes, None, None, None, None], "an older server does not say");
    assert_eq!((card.context, card.licence), (None, None));

    let mut card = listed().swap_remove(4);
    assert!(models::show("asking", &mut card, br#"{"error":"model 'x' not found"}"#).is_err());
    assert!(models::show("asking", &mut card, b"<html>").is_err());
    let strange =
        br#"{"license":7,"parameters":[],"model_info":{"general.architecture":1},"capabilities":"all"}"#;
    models::show("asking", &mut card, strange).unwrap();
    assert_eq!(card, listed().swap_remove(4));
}

#[test]
fn a_model_that_is_loaded_tells_the_context_that_it_runs_with() {
    let mut cards = listed();
    models::running("asking", &mut cards, &data("ps.json")).unwrap();
    let contexts = |cards: &[ModelCard]| {
        cards.iter().filter_map(|card| Some((card.id.model().to_owned(), card.context?))).collect::<Vec<_>>()
    };
    assert_eq!(
        contexts(&cards),
        [("deepseek-r1:latest".to_owned(), 8192), ("llama3.2:latest".to_owned(), 4096)]
    );
    // Its own file says 16,384; it was loaded with less.
    models::show("asking", &mut cards[2], &data("show_tools.json")).unwrap();
    assert_eq!((cards[2].id.model(), cards[2].context), ("deepseek-r1:latest", Some(8192)));
    let mut cards = listed();
    for (body, is_read) in [
        (
            r#"{"models":[{"model":"llama3.2:latest"},7,{"context_length":9},{"name":"x","context_length":9}]}"#,
            true,
        ),
        (r#"{"models":[{"model":"llama3.2:latest","context_length":0}]}"#, true),
        (r#"{"models":null}"#, true),
        ("<html>", false),
    ] {
        assert_eq!(models::running("asking", &mut cards, body.as_bytes()).is_ok(), is_read, "{body}");
        assert_eq!(contexts(&cards), [], "{body}");
    }
}

/// Of lines, and of what stands in them.
const PIECES: &str = r#"
    { } [ ] , : null 1 -1 1e400 "" "a" "<think>" "message": "content": "thinking": "tool_calls": "function": "name":
    "arguments": "done": "done_reason": "stop" "eval_count": "error":
    {"message":{"content":"x"},"done":false}
    {"done":true}
"#;

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic_and_cuts_change_nothing(
        bytes in prop::collection::vec(any::<u8>(), 0..200), soup in soup(PIECES), blows in blows(), size in 1_usize..64
    ) {
        let recorded = ["chat.ndjson", "thinking_crlf.ndjson", "tools.ndjson", "unknown.ndjson"];
        let recorded = recorded.map(|name| damaged(data(name), &blows));
        for bytes in recorded.into_iter().chain([bytes, soup.into_bytes()]) {
            prop_assert_eq!(decode(bytes.chunks(size)), decode([bytes.as_slice()]));
        }
    }
}
