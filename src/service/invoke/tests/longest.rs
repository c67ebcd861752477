//! How long an answer may be asked for.

use super::*;
use crate::service::models::trying;

/// A voice whose model "one" writes five tokens at most, as the person says; its answers' usage is what it was asked for.
fn of_five() -> (Invoke, Arc<Kept>) {
    let (invoke, kept) = invoke(Voice { texts: vec!["hi"], endless: false }, vec![]);
    let said = Correction { max_output: Some(5), ..Correction::default() };
    invoke.correct([("voice/one".parse().unwrap(), said)].into());
    (invoke, kept)
}

/// What comes of asking it, and how the span ended.
async fn asked_of_five(
    max_tokens: Option<u32>,
    budget_tokens: Option<u64>,
) -> (Vec<Result<Event>>, Option<SpanStatus>) {
    let (invoke, kept) = of_five();
    let (model, mut call) = call("");
    if let Call::Converse(converse) = &mut call {
        converse.settings.max_tokens = max_tokens;
    }
    let terms = Terms { budget_tokens, ..terms() };
    let events = invoke.serve(&model, call, &terms).collect().await;
    let status = kept.0.lock().unwrap().first().map(|span| span.status.clone());
    (events, status)
}

#[tokio::test]
async fn more_tokens_than_the_model_can_write_are_refused_before_sending_and_both_numbers_are_named() {
    let (events, status) = asked_of_five(Some(6), None).await;
    let [Err(error)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert_eq!(error.why, "max_tokens is 6, and the longest answer of voice/one is 5 tokens");
    assert!(error.hint.contains("to 5 or less") && error.hint.contains("[models.\"voice/one\"]"), "{error}");
    assert_ne!(status, Some(SpanStatus::Done));
    let (events, status) = asked_of_five(Some(5), None).await;
    assert!(events.iter().all(Result::is_ok), "{events:?}");
    assert_eq!(status, Some(SpanStatus::Done));
}

#[tokio::test]
async fn a_budget_beyond_the_longest_answer_asks_for_the_longest_answer() {
    for (budget, sent) in [(9, 5), (3, 3)] {
        let (events, _) = asked_of_five(None, Some(budget)).await;
        let usage = Usage { output: Some(sent), ..Usage::default() };
        assert!(events.contains(&Ok(Event::Usage { usage })), "{budget}: {events:?}");
    }
}

#[tokio::test]
async fn a_short_question_asks_for_no_more_than_the_model_can_write() {
    let (invoke, _) = of_five();
    let model: ModelId = "voice/one".parse().unwrap();
    let steps: Vec<_> = trying::ask(&invoke, &model, "hi".to_owned(), &terms()).collect().await;
    let Some(Ok(trying::Step::Tried(tried))) = steps.last() else { panic!("{steps:?}") };
    assert_eq!(tried.usage.output, Some(5));
}

#[tokio::test]
async fn a_model_that_makes_pictures_is_not_asked_to_talk_and_the_place_that_asks_it_is_named() {
    let (invoke, kept) = of_five();
    let model: ModelId = "voice/one".parse().unwrap();
    let said =
        Correction { can: vec![Capability::Images], lacks: vec![Capability::Chat], ..Correction::default() };
    invoke.correct([(model.clone(), said)].into());
    let steps: Vec<_> = trying::ask(&invoke, &model, "hi".to_owned(), &terms()).collect().await;
    let [Err(error)] = &steps[..] else { panic!("{steps:?}") };
    assert!(error.hint.contains("outcrop pictures make -m voice/one"), "{error}");
    assert!(kept.0.lock().unwrap().is_empty(), "nothing is asked");
}
