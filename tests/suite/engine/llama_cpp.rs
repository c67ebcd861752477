//! llama.cpp behind the engine's own turns: the real model, a foreign one, damaged ones.

use std::path::Path;
use std::process::Command;

use futures_util::StreamExt;
use outcrop::domain::catalog::Backend;
use outcrop::domain::delta::Event;
use outcrop::domain::id::ConversationId;
use outcrop::domain::message::{Role, StopReason};
use outcrop::domain::settings::Settings;
use outcrop::domain::{ErrorKind, Result};
use outcrop::engine::{Engine, Options, inspect};

use super::answers::{Bench, stop, usage};
use super::foreign::FOREIGN;
use super::real::Conversation;
use super::{ask, greedy, now, real, say, text_of, tiny};

// Its threads wait for each other by spinning, so on a busy machine several are much slower than one.
fn engine() -> Engine {
    Engine::new(Options { threads: Some(1), backend: Some(Backend::LlamaCpp) })
}

/// A file that the own engine does not run, and an engine that has llama.cpp run it.
pub fn foreign() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.gguf");
    std::fs::write(&path, tiny::model(FOREIGN).bytes()).unwrap();
    Bench { path, engine: engine(), _folder: folder }
}

#[tokio::test]
async fn greedy_text_is_what_llama_cpp_by_itself_says_to_the_same_file() {
    let (Some(model), Some(python)) = (real::model(), real::peers()) else { return };
    let folder = tempfile::tempdir().unwrap();
    // On weights as F32, where processors differ in nothing, unlike on rounded ones.
    let wide = folder.path().join("wide.gguf");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/llama_cpp.py");
    let widened = Command::new(python).arg(script).arg(model).arg(&wide).output().unwrap();
    assert!(widened.status.success(), "{}", String::from_utf8_lossy(&widened.stderr));
    let engine = engine();
    for Conversation { turns, prompt, tokens, exact } in real::said().conversations {
        let turns = turns.iter().map(|turn| say(turn.role, &turn.content)).collect();
        let converse = ask(turns, greedy(tokens));
        let events: Vec<_> = engine.converse(&wide, converse, now()).map(Result::unwrap).collect().await;
        assert_eq!(text_of(&events), exact, "{prompt}");
    }
}

#[tokio::test]
async fn a_conversation_with_the_real_model_pays_for_its_new_tokens_only() {
    let Some(model) = real::model() else { return };
    let engine = engine();
    let mut converse = ask(vec![say(Role::User, "My name is Ada. ".repeat(20).as_str())], greedy(16));
    converse.conversation = Some(ConversationId::from_bytes([3; 16]));
    let first: Vec<_> = engine.converse(&model, converse.clone(), now()).map(Result::unwrap).collect().await;
    assert!(!text_of(&first).is_empty());
    converse.turns.extend([say(Role::Assistant, &text_of(&first)), say(Role::User, "What is my name?")]);
    let second: Vec<_> = engine.converse(&model, converse.clone(), now()).map(Result::unwrap).collect().await;
    let spent = usage(&first);
    let read = usage(&second).cache_read.unwrap();
    assert!(read >= spent.input.unwrap(), "{read} of {spent:?}");
    converse.conversation = None;
    let fresh: Vec<_> = engine.converse(&model, converse, now()).map(Result::unwrap).collect().await;
    assert_eq!(usage(&fresh).cache_read, Some(0));
}

#[tokio::test]
async fn a_foreign_file_answers_and_tells_what_any_answer_tells() {
    let bench = foreign();
    let facts = inspect(&bench.path).unwrap();
    assert_eq!((facts.architecture.as_str(), facts.backend), (FOREIGN, Backend::LlamaCpp));
    assert!(facts.ready && facts.chat_template);
    assert_eq!((facts.context, facts.tokens), (tiny::CONTEXT, 266));
    let chosen = Engine::new(Options { threads: Some(1), ..Options::default() });
    let events: Vec<_> = chosen
        .converse(&bench.path, ask(vec![say(Role::User, "the other one")], greedy(12)), now())
        .map(Result::unwrap)
        .collect()
        .await;
    let total = usage(&events).input.unwrap();
    assert_eq!(events[0], Event::Context { tokens: tiny::CONTEXT });
    assert_eq!(events[1], Event::Prefill { done: 0, total, cached: 0 });
    assert_eq!((usage(&events).output, stop(&events)), (Some(12), StopReason::MaxTokens));
    assert!(!text_of(&events).is_empty());
}

#[tokio::test]
async fn a_conversation_outgrows_its_first_room_and_goes_on() {
    // The first room is for 1,024 tokens: a long answer moves to a wider one and must not notice.
    let Some(model) = real::model() else { return };
    let engine = engine();
    let mut converse = ask(vec![say(Role::User, &"The secret word is plum. ".repeat(160))], greedy(4));
    converse.conversation = Some(ConversationId::from_bytes([5; 16]));
    let long: Vec<_> = engine.converse(&model, converse.clone(), now()).map(Result::unwrap).collect().await;
    assert!(usage(&long).input.unwrap() < 1024, "{:?}", usage(&long));
    converse.turns.push(say(Role::Assistant, "Plum."));
    converse.turns.push(say(Role::User, &"Remember it well. ".repeat(40)));
    let settings = Settings { max_tokens: Some(24), ..greedy(24) };
    converse.settings = settings;
    let wider: Vec<_> = engine.converse(&model, converse.clone(), now()).map(Result::unwrap).collect().await;
    assert!(usage(&wider).input.unwrap() > 1024 && usage(&wider).cache_read.unwrap() > 800);
    converse.conversation = None;
    let fresh: Vec<_> = engine.converse(&model, converse, now()).map(Result::unwrap).collect().await;
    assert_eq!(text_of(&wider), text_of(&fresh));
}

#[tokio::test]
async fn a_conversation_in_the_place_of_one_that_left_says_what_it_says_in_its_own() {
    let bench = foreign();
    let fresh = bench.said("the other one", greedy(12)).await;
    bench.said("something longer that is said before", greedy(40)).await;
    let again = bench.said("the other one", greedy(12)).await;
    assert_eq!(text_of(&again), text_of(&fresh));
    assert_eq!(usage(&again).cache_read, Some(0));
}

#[tokio::test]
async fn dropping_an_answer_frees_its_seat() {
    let bench = foreign();
    let endless = || bench.engine.converse(&bench.path, ask(vec![say(Role::User, "hi")], greedy(400)), now());
    let mut held: Vec<_> = (0..8).map(|_| endless()).collect();
    for stream in &mut held {
        stream.next().await.unwrap().unwrap();
    }
    let mut waiting = endless();
    assert!(matches!(waiting.next().await.unwrap().unwrap(), Event::Queued { ahead: 8 }));
    drop(held);
    let rest: Vec<_> = waiting.map(Result::unwrap).collect().await;
    assert_eq!(stop(&rest), StopReason::MaxTokens);
}

#[tokio::test]
async fn damaged_files_are_errors_and_the_next_call_is_served() {
    let bench = foreign();
    let whole = std::fs::read(&bench.path).unwrap();
    let bad = bench.path.with_file_name("bad.gguf");
    let ask = || ask(vec![say(Role::User, "hi")], greedy(2));
    for cut in (5..2048).step_by(41).chain((2048..whole.len()).step_by(4999)) {
        std::fs::write(&bad, &whole[..cut]).unwrap();
        let events: Vec<_> = bench.engine.converse(&bad, ask(), now()).collect().await;
        assert_eq!(events.last().unwrap().as_ref().unwrap_err().kind, ErrorKind::Corrupt, "cut at {cut}");
    }
    for (key, value) in [("block_count", 0), ("embedding_length", 0), ("context_length", 0)] {
        let mut model = tiny::model(FOREIGN);
        model.replace(&format!("{FOREIGN}.{key}"), value);
        std::fs::write(&bad, model.bytes()).unwrap();
        let error = inspect(&bad).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt, "{key}: {error}");
    }
    for (key, value) in [("tokenizer.ggml.eos_token_id", 266), ("exaone.rope.dimension_count", 18)] {
        let mut model = tiny::model(FOREIGN);
        model.replace(key, value);
        std::fs::write(&bad, model.bytes()).unwrap();
        assert_eq!(inspect(&bad).unwrap_err().kind, ErrorKind::Corrupt, "{key}");
    }
    // llama.cpp ends the process at a token that is there twice.
    let mut twice = whole.clone();
    // The merged token "in" becomes a second "on".
    let on = twice.windows(10).position(|bytes| bytes == b"\x02\0\0\0\0\0\0\0in").unwrap();
    twice[on + 8] = b'o';
    std::fs::write(&bad, twice).unwrap();
    assert!(inspect(&bad).unwrap_err().why.contains("twice"));
    // Sound to read, and what llama.cpp says of it is the reason.
    std::fs::write(&bad, tiny::model("no-such-thing").bytes()).unwrap();
    let error = inspect(&bad).unwrap_err();
    assert!(error.why.contains("unknown model architecture"), "{error}");
    assert_eq!(stop(&bench.said("hi", greedy(3)).await), StopReason::MaxTokens);
}
