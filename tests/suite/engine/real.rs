//! The real model against what llama.cpp said (`tests/peers/llama_cpp.py`).

use std::path::PathBuf;

use futures_util::StreamExt;
use outcrop::domain::Result;
use outcrop::domain::delta::Event;
use outcrop::domain::id::ConversationId;
use outcrop::domain::message::Role;
use outcrop::engine::{Engine, Options, prompt, tokenise};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{ask, greedy, now, say, text_of};

#[derive(Deserialize)]
pub struct Said {
    model_sha256: String,
    texts: Vec<Text>,
    pub conversations: Vec<Conversation>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
pub struct Conversation {
    pub turns: Vec<Turn>,
    pub prompt: String,
    pub tokens: u32,
    pub exact: String,
}

#[derive(Deserialize)]
pub struct Turn {
    pub role: Role,
    pub content: String,
}

pub fn said() -> Said {
    serde_json::from_str(include_str!("../../data/engine/llama_cpp.json")).unwrap()
}

/// The converted model, where the machine has it.
pub fn model() -> Option<PathBuf> {
    let path = std::env::var_os("OUTCROP_TEST_MODEL").map(PathBuf::from);
    if path.is_none() {
        crate::skipped!("the real model; OUTCROP_TEST_MODEL names the converted GGUF file");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_MODEL is not set");
    }
    path
}

/// A python with llama.cpp, where the machine has it.
pub fn peers() -> Option<PathBuf> {
    let python = std::env::var_os("OUTCROP_TEST_PEERS").map(PathBuf::from);
    if python.is_none() {
        crate::skipped!("llama.cpp; OUTCROP_TEST_PEERS names a python with xllamacpp and numpy");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_PEERS is not set");
    }
    python
}

#[test]
fn the_converted_model_is_the_one_that_was_judged() {
    let Some(path) = model() else { return };
    let digest = Sha256::digest(std::fs::read(path).unwrap());
    let digest = digest.iter().fold(String::new(), |all, byte| format!("{all}{byte:02x}"));
    assert_eq!(digest, said().model_sha256);
}

#[test]
fn the_catalogue_says_of_the_conversion_what_was_judged() {
    let catalogue = outcrop::service::models::catalogue().unwrap();
    let model = catalogue.iter().find(|model| model.name == "smollm2-135m").unwrap();
    let converted = model.files[0].sources.iter().find_map(|source| source.converted()).unwrap();
    assert_eq!(converted.sha256, said().model_sha256);
}

#[test]
fn token_ids_are_those_of_llama_cpp() {
    let Some(path) = model() else { return };
    for Text { text, ids } in said().texts {
        assert_eq!(tokenise(&path, &text).unwrap(), ids, "{text:?}");
    }
}

#[tokio::test]
async fn prompts_and_greedy_text_are_those_of_llama_cpp() {
    let Some(path) = model() else { return };
    let engine = Engine::new(Options::default());
    for Conversation { turns, prompt: wanted, tokens, exact } in said().conversations {
        let turns = turns.iter().map(|turn| say(turn.role, &turn.content)).collect();
        let converse = ask(turns, greedy(tokens));
        assert_eq!(prompt(&path, &converse, &now()).unwrap().text, wanted);
        let events: Vec<_> = engine.converse(&path, converse, now()).map(Result::unwrap).collect().await;
        assert_eq!(text_of(&events), exact, "{wanted}");
    }
}

/// What was read of a prompt is kept with its conversation, so the next turn tells how far that went.
#[tokio::test]
async fn a_prompt_that_nobody_waits_for_any_more_is_not_read_to_its_end() {
    let Some(path) = model() else { return };
    let engine = Engine::new(Options::default());
    let mut converse =
        ask(vec![say(Role::User, &"Rivers bend because banks are cut. ".repeat(400))], greedy(1));
    converse.conversation = Some(ConversationId::from_bytes([9; 16]));
    let mut let_go = engine.converse(&path, converse.clone(), now());
    while !matches!(let_go.next().await.unwrap().unwrap(), Event::Prefill { done: 1.., .. }) {}
    drop(let_go);
    // Another one takes turns with it, so that it is noticed by then that nobody waits.
    let other = engine.converse(&path, ask(vec![say(Role::User, "Hi.")], greedy(1)), now());
    other.map(Result::unwrap).collect::<Vec<_>>().await;
    let mut next = engine.converse(&path, converse, now());
    let (read, total) = loop {
        if let Event::Prefill { cached, total, .. } = next.next().await.unwrap().unwrap() {
            break (cached, total);
        }
    };
    assert!(total > 2000 && read >= 64, "{read} of {total}");
    // It is the chunk that was under way, unless this test itself was late to say so.
    assert!(read <= total / 4, "{read} of {total} were read");
}

#[test]
fn llama_cpp_itself_still_says_what_was_recorded_of_it() {
    let (Some(model), Some(python)) = (model(), peers()) else { return };
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let judged = std::process::Command::new(python)
        .arg(here.join("tests/peers/llama_cpp.py"))
        .arg(model)
        .output()
        .unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    let recorded = std::fs::read(here.join("tests/data/engine/llama_cpp.json")).unwrap();
    // What it says on the rounded file itself hangs on the processor's rounding, and no test of ours asks for it.
    let value = |bytes: &[u8]| {
        let mut said = serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        for conversation in said["conversations"].as_array_mut().unwrap() {
            conversation.as_object_mut().unwrap().remove("same_file");
        }
        said
    };
    assert_eq!(value(&judged.stdout), value(&recorded));
}
