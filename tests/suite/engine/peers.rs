//! A tiny model of each kind against what llama.cpp says to the same file (`tests/peers/llama_cpp_tiny.py`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use outcrop::domain::Result;
use outcrop::domain::catalog::Backend;
use outcrop::domain::message::Role;
use outcrop::engine::{Engine, Options, backend, convert, inspect, tokenise};
use serde::{Deserialize, Serialize};

use super::foreign::FOREIGN;
use super::zoo::{Animal, ZOO};
use super::{ask, greedy, now, say, text_of, tiny};

/// What llama.cpp says, by the model's file name.
type Said = BTreeMap<String, Answers>;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Answers {
    texts: Vec<Text>,
    answers: Vec<Answer>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Answer {
    prompt: String,
    tokens: u32,
    text: String,
}

const RECORDED: &str = "tests/data/engine/tiny.json";

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn said() -> Said {
    serde_json::from_slice(&std::fs::read(here().join(RECORDED)).unwrap()).unwrap()
}

/// The files of all models, as they would be downloaded.
fn files(folder: &Path) -> Vec<(&'static Animal, PathBuf)> {
    ZOO.iter().map(|animal| (animal, animal.file(folder))).collect()
}

fn answers_of<'a>(said: &'a Said, file: &Path) -> &'a Answers {
    &said[file.file_name().unwrap().to_str().unwrap()]
}

/// The refusal of another one names those that are run: none of them without a model here.
#[test]
fn each_architecture_that_is_said_to_be_run_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.gguf");
    std::fs::write(&other, tiny::model(FOREIGN).bytes()).unwrap();
    let hint = backend(&other, Some(Backend::Own)).unwrap_err().hint;
    let named = hint.strip_prefix("It runs ").and_then(|rest| rest.split(';').next()).unwrap_or(&hint);
    let judged: BTreeSet<&str> = ZOO.iter().map(|animal| animal.architecture).collect();
    assert_eq!(named.split(", ").collect::<BTreeSet<_>>(), judged);
}

#[test]
fn each_vocabulary_gives_the_token_ids_of_llama_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let said = said();
    let mut others = Vec::new();
    for (animal, file) in files(folder.path()) {
        for Text { text, ids } in &answers_of(&said, &file).texts {
            let got = tokenise(&file, text).unwrap();
            if &got != ids {
                others.push(format!("{}: {text:?}: {got:?}, not {ids:?}", animal.name));
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[tokio::test]
async fn each_architecture_writes_the_greedy_text_of_llama_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let said = said();
    let engine = Engine::new(Options { threads: Some(2), ..Options::default() });
    let mut others = Vec::new();
    for (animal, file) in files(folder.path()) {
        let ready = file.with_extension("ready.gguf");
        convert(&file, &ready, &mut |_, _| Ok(())).unwrap();
        assert!(inspect(&ready).unwrap().ready);
        for Answer { prompt, tokens, text } in &answers_of(&said, &file).answers {
            let converse = ask(vec![say(Role::User, prompt)], greedy(*tokens));
            let events: Vec<_> = engine.converse(&ready, converse, now()).map(Result::unwrap).collect().await;
            let got = text_of(&events);
            if &got != text {
                others.push(format!("{}: {prompt:?}: {got:?}, not {text:?}", animal.name));
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

/// With `OUTCROP_RECORD=1` what it says becomes what is recorded.
#[test]
fn llama_cpp_still_says_what_was_recorded_of_it_on_tiny_models() {
    let Some(python) = std::env::var_os("OUTCROP_TEST_PEERS") else {
        crate::skipped!("llama.cpp; OUTCROP_TEST_PEERS names a python with xllamacpp");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_PEERS is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let judged = std::process::Command::new(python)
        .arg(here().join("tests/peers/llama_cpp_tiny.py"))
        .args(files(folder.path()).iter().map(|(_, file)| file))
        .output()
        .unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    if std::env::var_os("OUTCROP_RECORD").is_some_and(|yes| yes == "1") {
        std::fs::write(here().join(RECORDED), &judged.stdout).unwrap();
    }
    assert_eq!(serde_json::from_slice::<Said>(&judged.stdout).unwrap(), said());
}
