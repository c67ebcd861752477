//! Answers that never end, of whatever they are made.

use serde_json::json;

use super::*;

/// Says the same for ever.
#[derive(Debug)]
struct Again(Vec<Event>);

impl Provider for Again {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn serve(&self, _: Call, _: &Client) -> Events {
        let said: Vec<Result<Event>> = self.0.iter().cloned().map(Ok).collect();
        stream::iter(said.into_iter().cycle()).boxed()
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_is_ended_for_everybody_who_asks_whatever_it_is_made_of() {
    let long = || "x".repeat(3 << 20);
    let thought = || Event::Reasoning { text: "x".to_owned() };
    let text = || Event::Text { text: "x".to_owned() };
    let called = |name: String, input| Event::ToolUse { id: "c".to_owned(), name, input };
    let call_of = |input| called("f".to_owned(), input);
    let picture = || Event::Image { media_type: "image/png".to_owned(), bytes: Vec::new() };
    for (what, events, most) in [
        ("text", vec![Event::Text { text: long() }], 2),
        ("thoughts", vec![Event::Reasoning { text: long() }], 2),
        ("calls with much in them", vec![call_of(json!({ "a": long() }))], 2),
        ("calls with long names", vec![called(long(), json!({}))], 2),
        ("small calls", vec![call_of(json!({}))], 8161),
        ("words and thoughts by turns", vec![text(), thought()], 8185),
        ("pictures of nothing", vec![picture()], 1 << 18),
        ("what the provider alone can read", vec![Event::RedactedReasoning { data: long() }], 2),
        ("nothing of that", vec![Event::RedactedReasoning { data: String::new() }], 8193),
        ("thoughts with seals", vec![thought(), Event::ReasoningSignature { signature: long() }], 5),
        ("seals of calls", vec![call_of(json!({})), Event::ToolExtra { extra: json!(long()) }], 5),
    ] {
        let kept = Arc::new(Kept::default());
        let invoke =
            Invoke::new([Arc::new(Again(events)) as Arc<dyn Provider>], vec![], Arc::clone(&kept) as _);
        let (model, call) = call("");
        let events: Vec<_> = invoke.serve(&model, call, &terms()).collect().await;
        let (last, before) = events.split_last().unwrap();
        assert_eq!(last.as_ref().unwrap_err().kind, ErrorKind::Full, "{what}");
        assert!(before.iter().all(Result::is_ok), "{what}: what came is kept");
        assert_eq!(before.len(), most, "{what}");
        assert_eq!(kept.0.lock().unwrap()[0].status, SpanStatus::Failed { kind: ErrorKind::Full }, "{what}");
    }
}
