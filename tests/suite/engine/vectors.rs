//! Vectors by the real encoder against those of sentence-transformers (`tests/peers/minilm.py`), and files that are none.

use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use outcrop::domain::delta::Event;
use outcrop::domain::message::{Role, Usage};
use outcrop::domain::priority::Priority;
use outcrop::domain::{Error, ErrorKind, Result};
use outcrop::engine::{Engine, Options, Tokeniser};
use serde::Deserialize;
use serde_json::json;

use super::{ask, greedy, now, real, say};

const WIDTH: usize = 384;

#[derive(Deserialize)]
struct Said {
    text: String,
    /// Word-pieces, the marks of begin and end among them.
    pieces: u32,
}

fn said() -> Vec<(Said, Vec<f64>)> {
    let texts: Vec<Said> = serde_json::from_str(include_str!("../../data/engine/minilm.json")).unwrap();
    let bytes = include_bytes!("../../data/engine/minilm.i16");
    let numbers: Vec<f64> =
        bytes.as_chunks().0.iter().map(|two| f64::from(i16::from_le_bytes(*two))).collect();
    assert_eq!(numbers.len(), texts.len() * WIDTH);
    texts.into_iter().zip(numbers.chunks_exact(WIDTH).map(<[f64]>::to_vec)).collect()
}

/// The encoder's weights, where the machine has them.
fn encoder() -> Option<PathBuf> {
    let path = std::env::var_os("OUTCROP_TEST_ENCODER").map(PathBuf::from);
    if path.is_none() {
        crate::skipped!("the real encoder; OUTCROP_TEST_ENCODER names its safetensors file");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_ENCODER is not set");
    }
    path
}

async fn embed(engine: &Engine, path: &Path, texts: &[&str]) -> Result<(Vec<Vec<f32>>, Usage)> {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    let events: Vec<Result<Event>> =
        engine.embed(path, &"local/encoder".parse().unwrap(), texts, Priority::Interactive).collect().await;
    let events = events.into_iter().collect::<Result<Vec<_>>>()?;
    let [Event::Usage { usage }, Event::Embeddings { vectors }] = &events[..] else { panic!("{events:?}") };
    Ok((vectors.clone(), *usage))
}

fn cosine(one: &[f32], other: &[f64]) -> f64 {
    let length = |squares: f64| squares.sqrt();
    let product: f64 = one.iter().zip(other).map(|(a, b)| f64::from(*a) * b).sum();
    let one = length(one.iter().map(|x| f64::from(*x).powi(2)).sum());
    product / one / length(other.iter().map(|x| x * x).sum())
}

#[tokio::test]
async fn two_hundred_texts_become_the_vectors_of_sentence_transformers() {
    let Some(path) = encoder() else { return };
    let engine = Engine::new(Options { threads: Some(2), ..Options::default() });
    let said = said();
    let texts: Vec<&str> = said.iter().map(|(said, _)| said.text.as_str()).collect();
    let (vectors, usage) = embed(&engine, &path, &texts).await.unwrap();
    assert_eq!((said.len(), vectors.len()), (200, 200));
    assert_eq!(usage.input, Some(said.iter().map(|(said, _)| said.pieces).sum()));
    for ((said, expected), vector) in said.iter().zip(&vectors) {
        let near = cosine(vector, expected);
        assert!(near >= 0.9999, "{near} {:?}", said.text);
        let length: f64 = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_is_read_to_its_end_in_windows() {
    let Some(path) = encoder() else { return };
    let engine = Engine::new(Options { threads: Some(2), ..Options::default() });
    // Six pieces each, of which 254 fit into a window: each half has one of its own.
    let (first, second) =
        ("a river carries sand and mud ".repeat(30), "the train leaves at nine today ".repeat(30));
    let whole = format!("{first}{second}");
    let twice = first.repeat(2);
    let (vectors, usage) = embed(&engine, &path, &[&whole, &first, &second, &twice]).await.unwrap();
    let wide = |vector: &Vec<f32>| -> Vec<f64> { vector.iter().map(|x| f64::from(*x)).collect() };
    let halves: Vec<f64> = wide(&vectors[1]).iter().zip(wide(&vectors[2])).map(|(a, b)| a + b).collect();
    assert!(cosine(&vectors[0], &halves) > 0.999_999, "{}", cosine(&vectors[0], &halves));
    assert!(cosine(&vectors[3], &wide(&vectors[1])) > 0.999_999, "the same twice is the same");
    assert!(cosine(&vectors[0], &wide(&vectors[3])) < 0.9, "its end counts");
    assert_eq!(usage.input, Some(2 * 364 + 2 * 182));
}

#[tokio::test]
async fn a_conversation_goes_on_while_many_texts_become_vectors() {
    let (Some(path), Some(model)) = (encoder(), real::model()) else { return };
    let engine = Engine::new(Options { threads: Some(2), ..Options::default() });
    let texts = vec!["a text of some words that somebody wrote about a river"; 3_000];
    let vectors = embed(&engine, &path, &texts);
    let answer = async {
        let asked = ask(vec![say(Role::User, "hi")], greedy(8));
        let events: Vec<_> = engine.converse(&model, asked, now()).collect().await;
        assert!(matches!(events.last(), Some(Ok(Event::Stop { .. }))), "{events:?}");
    };
    tokio::pin!(vectors);
    tokio::select! {
        biased;
        () = answer => {}
        made = &mut vectors => panic!("all {} texts came first", made.unwrap().0.len()),
    }
    // Nobody takes the rest: the engine ends in its next turn.
}

fn broken(config: &serde_json::Value, weights: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
    std::fs::write(&path, weights).unwrap();
    (folder, path)
}

#[tokio::test]
async fn a_file_that_is_no_encoder_says_what_is_wrong_with_it() {
    let engine = Engine::new(Options { threads: Some(1), ..Options::default() });
    let bert = json!({
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": 384, "intermediate_size": 1536,
        "num_attention_heads": 12, "num_hidden_layers": 6, "max_position_embeddings": 512, "vocab_size": 30522,
        "layer_norm_eps": 1e-12
    });
    let with = |name: &str, value: serde_json::Value| {
        let mut config = bert.clone();
        config[name] = value;
        config
    };
    // A head of eight bytes that says how long the rest of it is, and no rest.
    let cut = [100, 0, 0, 0, 0, 0, 0, 0, b'{'];
    // A sound file without tensors.
    let empty = [2, 0, 0, 0, 0, 0, 0, 0, b'{', b'}'];
    for (config, weights, kind, words) in [
        (bert.clone(), &cut[..], ErrorKind::Corrupt, "model.safetensors"),
        (bert.clone(), &[], ErrorKind::Corrupt, "model.safetensors"),
        (bert.clone(), &empty, ErrorKind::Corrupt, "is missing"),
        (json!({"model_type": "bert"}), &empty, ErrorKind::Corrupt, "config.json"),
        (with("hidden_size", json!(0)), &empty, ErrorKind::Corrupt, "none of a model"),
        (with("vocab_size", json!(1_u64 << 40)), &empty, ErrorKind::Corrupt, "none of a model"),
        (with("model_type", json!("roberta")), &empty, ErrorKind::Invalid, "a roberta with gelu"),
    ] {
        let (_folder, path) = broken(&config, weights);
        let error: Error = embed(&engine, &path, &["one"]).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.to_string().contains(words) && !error.hint.is_empty(), "{error}");
    }
    let error = embed(&engine, Path::new("/nowhere/model.safetensors"), &["one"]).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/model.safetensors"), "{error}");
}

#[test]
fn the_places_of_the_tokens_are_as_many_as_the_encoder_reads_and_cover_the_words() {
    let Some(path) = encoder() else { return };
    let tokeniser = Tokeniser::of(&path).unwrap();
    for (Said { text, pieces }, _) in said() {
        let places = tokeniser.places(&text).unwrap();
        // A window of a text has two marks; a long text has several.
        let windows = places.len().div_ceil(tokeniser.window()).max(1);
        let counted = places.len() + 2 * windows;
        // What is too long to be a word is one unknown piece to the encoder, and counts as what it would be in pieces.
        let is_known = text.split_whitespace().all(|word| word.chars().count() <= 100);
        assert!(windows > 1 || !is_known || counted == pieces as usize, "{text}: {counted} {pieces}");
        assert!(
            places.iter().all(|place| text.get(place.clone()).is_some_and(|word| !word.trim().is_empty())),
            "{text}"
        );
        assert!(places.is_sorted_by_key(|place| place.end), "{text}");
    }
    let long = "The river bends.\n".repeat(20_000);
    assert_eq!(
        tokeniser.places(&long).unwrap().len(),
        4 * 20_000 + tokeniser.places("bends").unwrap().len() * 20_000 - 20_000
    );
}
