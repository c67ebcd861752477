//! `OpenAI`'s Responses: `llama_*` was recorded from llama.cpp's own server (wheel `xllamacpp` 2026.10.11549,
//! SmolLM2-135M); the rest is written by hand after the API's pages.

use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, StopReason, Usage};
use outcrop::domain::{Error, ErrorKind};
use outcrop::wire::openai::responses::{Responses, whole};
use serde_json::json;

use super::decoding::{self, fold, text};
use super::openai::data;

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Error>) {
    decoding::decode::<Responses>(pieces)
}

fn decode_every_way(name: &str) -> (Fold, Option<Error>) {
    decoding::decode_every_way::<Responses>(name, &data(name))
}

#[test]
fn the_stream_of_a_real_server_is_read_however_it_is_cut() {
    let (fold, error) = decode_every_way("llama_responses.sse");
    assert_eq!(error, None);
    assert_eq!(fold.blocks, [text("晴晴！Hello, I'm a beautiful Chinese person. I'm here to help you with")]);
    assert_eq!(fold.stop, Some(StopReason::EndTurn));
    let usage = Usage { input: Some(22), output: Some(24), cache_read: Some(0), ..Usage::default() };
    assert_eq!(fold.usage, usage);
}

#[test]
fn a_real_answer_that_comes_whole_says_the_same_as_a_streamed_one_would() {
    let fold = fold(&whole("asking", &data("llama_responses.json")).unwrap());
    assert_eq!(fold.blocks, [text("I'm sorry for any mistake.")]);
    assert_eq!((fold.stop, fold.usage.output), (Some(StopReason::EndTurn), Some(8)));
}

#[test]
fn summaries_are_reasoning_and_tool_calls_come_whole_even_when_they_are_no_json() {
    let (fold, error) = decode_every_way("responses_tools.sse");
    assert_eq!(error, None);
    let call =
        |id: &str, name: &str, input| Block::ToolUse { id: id.into(), name: name.into(), input, extra: None };
    assert_eq!(
        fold.blocks,
        [
            Block::Reasoning { text: "**Looking** é".into(), signature: None },
            call("call_a", "get_weather", json!({"city": "Oslo é"})),
            call("call_b", "broken", json!("{not json")),
        ]
    );
    assert_eq!(fold.stop, Some(StopReason::ToolUse));
    let usage = Usage {
        input: Some(9),
        output: Some(7),
        cache_read: Some(3),
        reasoning: Some(4),
        ..Usage::default()
    };
    assert_eq!(fold.usage, usage);
}

#[test]
fn a_response_that_fails_keeps_its_words_and_the_servers() {
    let (fold, error) = decode_every_way("responses_failed.sse");
    assert_eq!(fold.blocks, [text("Hel")]);
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Server { status: 500 });
    assert!(error.why.contains("ran out of memory"), "{error}");
}

#[test]
fn an_answer_that_was_too_long_says_so_and_one_that_breaks_off_is_no_answer() {
    let (fold, error) = decode_every_way("responses_long.sse");
    assert_eq!((fold.stop, error), (Some(StopReason::MaxTokens), None));
    let bytes = data("responses_long.sse");
    let (events, error) = decode([&bytes[..70]]);
    assert_eq!((self::fold(&events).blocks, error.unwrap().kind), (vec![text("Hello")], ErrorKind::Network));
    let (_, error) = decode([&b"data: {\"choices\":[]}\n\n"[..]]);
    assert!(error.unwrap().why.contains("no events of a response"));
}

#[test]
fn a_picture_that_the_server_made_is_a_part_of_the_answer_and_its_sketches_are_not() {
    let (events, error) = decode([data("responses_picture.sse").as_slice()]);
    assert_eq!(error, None);
    let picture = Event::Image { media_type: "image/jpeg".into(), bytes: b"\xff\xd8\xff\xe0second".to_vec() };
    assert_eq!(events[..2], [picture, Event::Text { text: "A hill.".into() }]);
    assert!(matches!(events.last(), Some(Event::Stop { reason: StopReason::EndTurn })), "{events:?}");
    decode_every_way("responses_picture.sse");
    let body = json!({
        "status": "completed",
        "output": [{ "type": "image_generation_call", "status": "completed", "result": "iVBORw0KGgo=" }],
    });
    let events = whole("asking", body.to_string().as_bytes()).unwrap();
    assert_eq!(
        events[0],
        Event::Image { media_type: "image/png".into(), bytes: b"\x89PNG\r\n\x1a\n".to_vec() }
    );
}
