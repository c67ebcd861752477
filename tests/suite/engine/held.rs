//! Answers that are held to a JSON schema: whatever the model would rather say, they keep it and end.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use outcrop::domain::ErrorKind;
use outcrop::domain::agent::said::{self, Does};
use outcrop::domain::agent::{BuiltIn, built_in, turn};
use outcrop::domain::delta::Event;
use outcrop::domain::message::{Block, Role, StopReason};
use outcrop::domain::schema::{SchemaCheck, check};
use outcrop::domain::settings::Settings;
use outcrop::engine::{Engine, Options};
use serde_json::{Value, json};

use super::answers::stop;
use super::zoo::ZOO;
use super::{ask, now, real, say, text_of, tiny};

/// A bit of everything.
fn schema() -> Value {
    let deep = json!({
        "type": "object",
        "properties": {"y": {"type": "boolean"}, "z": {"$ref": "#/$defs/list"}},
        "required": ["y"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": {
            "said": {"type": "string", "maxLength": 12},
            "kind": {"enum": ["a \"b\" <|im_end|>", "日本", null, 7]},
            "list": {"$ref": "#/$defs/list"},
            "deep": {"anyOf": [{"const": "x"}, deep]},
        },
        "required": ["said", "kind", "deep"],
        "additionalProperties": false,
        "$defs": {"list": {"type": "array", "items": {"type": "integer", "minimum": -5, "maximum": 120}, "maxItems": 3}},
    })
}

fn held(schema: Value, seed: u64) -> Settings {
    Settings {
        temperature: Some(1.5),
        top_p: Some(1.0),
        top_k: Some(0),
        seed: Some(seed),
        response_schema: Some(schema),
        ..Settings::default()
    }
}

fn verdict(text: &str, settings: &Settings) -> SchemaCheck {
    check(&[Block::Text { text: text.to_owned() }], settings)
}

#[tokio::test]
async fn noise_of_every_vocabulary_keeps_a_schema_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(Options { threads: Some(2), ..Options::default() });
    let mut texts = BTreeSet::new();
    for animal in ZOO {
        let path = animal.file(folder.path());
        for seed in 1..=4 {
            let settings = held(schema(), seed);
            let converse = ask(vec![say(Role::User, "hi")], settings.clone());
            let events: Vec<_> = engine.converse(&path, converse, now()).map(Result::unwrap).collect().await;
            let text = text_of(&events);
            assert_eq!(verdict(&text, &settings), SchemaCheck::Kept, "{}: {text}", animal.name);
            assert_eq!(stop(&events), StopReason::EndTurn, "{}: {text}", animal.name);
            texts.insert(text);
        }
    }
    assert!(texts.len() > ZOO.len(), "a grammar leaves a choice: {texts:?}");
}

/// The tiny model.
struct Tiny {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
    engine: Engine,
}

impl Tiny {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = tiny::file(folder.path());
        Self {
            _folder: folder,
            path,
            engine: Engine::new(Options { threads: Some(1), ..Options::default() }),
        }
    }

    async fn said(&self, begun: &str, settings: Settings) -> Vec<outcrop::domain::Result<Event>> {
        let mut turns = vec![say(Role::User, "hi")];
        if !begun.is_empty() {
            turns.push(say(Role::Assistant, begun));
        }
        self.engine.converse(&self.path, ask(turns, settings), now()).collect().await
    }

    async fn events(&self, begun: &str, settings: Settings) -> Vec<Event> {
        self.said(begun, settings).await.into_iter().map(Result::unwrap).collect()
    }
}

#[tokio::test]
async fn an_answer_that_was_begun_goes_on_within_its_schema() {
    let tiny = Tiny::new();
    let whole = text_of(&tiny.events("", held(schema(), 3)).await);
    for (cut, _) in whole.char_indices().skip(1).step_by(3) {
        let (begun, settings) = (&whole[..cut], held(schema(), cut as u64));
        let events = tiny.events(begun, settings.clone()).await;
        let text = format!("{begun}{}", text_of(&events));
        assert_eq!(verdict(&text, &settings), SchemaCheck::Kept, "{begun:?} went on as {text}");
    }
    let events = tiny.events(&whole, held(schema(), 1)).await;
    assert_eq!((text_of(&events).as_str(), stop(&events)), ("", StopReason::EndTurn));
    // What was begun as something else is not held: it could be nothing that keeps the schema.
    let free = Settings { max_tokens: Some(8), ..held(schema(), 1) };
    let text = format!("Well, {}", text_of(&tiny.events("Well, ", free.clone()).await));
    assert!(matches!(verdict(&text, &free), SchemaCheck::Broken { .. }), "{text}");
}

#[tokio::test]
async fn the_longest_answer_and_a_stop_text_end_what_is_held_too() {
    let tiny = Tiny::new();
    let settings = Settings { max_tokens: Some(5), ..held(schema(), 1) };
    let events = tiny.events("", settings).await;
    assert_eq!(stop(&events), StopReason::MaxTokens);
    let settings = Settings { stop: vec!["\"kind\"".to_owned()], ..held(schema(), 1) };
    let events = tiny.events("", settings).await;
    assert_eq!(stop(&events), StopReason::StopSequence);
    assert!(text_of(&events).starts_with('{'), "{}", text_of(&events));
}

#[tokio::test]
async fn what_no_text_can_keep_is_refused_before_anything_is_said() {
    let tiny = Tiny::new();
    let none = json!({"type": "string", "minLength": 5, "maxLength": 2});
    let said = tiny.said("", held(none, 1)).await;
    let [Err(error)] = &said[..] else { panic!("{said:?}") };
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.why.contains("no grammar can be made of the schema"), "{error}");
    // What a grammar cannot say is let go: the check of the whole answer tells.
    let odd = json!({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 1}, "uniqueItems": true, "maxItems": 4});
    let events = tiny.events("", held(odd, 1)).await;
    assert!(serde_json::from_str::<Vec<u8>>(&text_of(&events)).is_ok(), "{}", text_of(&events));
}

#[tokio::test]
async fn every_step_of_the_real_model_can_be_read_however_wildly_it_is_drawn() {
    let Some(path) = real::model() else { return };
    let tools: Vec<_> = [BuiltIn::Calculator, BuiltIn::AskUser].iter().flat_map(built_in::tools).collect();
    let engine = Engine::new(Options::default());
    for seed in 1..=4 {
        let mut converse = ask(vec![say(Role::User, "What is 12 * 31?")], held(said::schema(&tools), seed));
        converse.system = Some(said::told(&tools));
        // At this temperature nearly every answer would be as long as it can be.
        let bound = |schema: &mut Value| schema["maxLength"] = json!(60);
        for step in converse.settings.response_schema.as_mut().unwrap()["anyOf"].as_array_mut().unwrap() {
            let properties = step["properties"].as_object_mut().unwrap();
            for name in ["thought", "answer"] {
                if let Some(text) = properties.get_mut(name) {
                    bound(text);
                }
            }
            if let Some(input) = properties.get_mut("input") {
                input["properties"].as_object_mut().unwrap().values_mut().for_each(bound);
            }
        }
        let settings = converse.settings.clone();
        let events: Vec<_> = engine.converse(&path, converse, now()).map(Result::unwrap).collect().await;
        let text = text_of(&events);
        assert_eq!(verdict(&text, &settings), SchemaCheck::Kept, "{seed}: {text}");
        let step = said::read(&text).unwrap();
        if let Does::Call { tool, input } = step.does {
            let tool = tools.iter().find(|known| known.name == tool).unwrap();
            assert_eq!(turn::wrong(tool, &input), None, "{seed}: {text}");
        }
    }
}
