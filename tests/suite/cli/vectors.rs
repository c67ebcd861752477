//! `outcrop models embed`: vectors of texts, and that they are counted as everything else is.

use serde_json::{Value, json};

use super::home::Home;
use crate::loopback::{Server, whole};

/// Makes a vector of the length of each text.
async fn server() -> Server {
    Server::start(|_, seen| {
        let asked: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let vector = |(index, text): (usize, &Value)| {
            let long = text.as_str().map_or(0, str::len);
            json!({"index": index, "embedding": [long, 0.0]})
        };
        let texts = asked["input"].as_array().cloned().unwrap_or_default();
        let data: Vec<_> = texts.iter().enumerate().map(vector).collect();
        let answer = json!({"data": data, "usage": {"prompt_tokens": 4}});
        whole(200, &[("content-type", "application/json")], answer.to_string())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_text_becomes_a_vector_and_what_was_read_is_counted() {
    let server = server().await;
    let url = server.url("/v1");
    let home = Home::with(&format!("[providers.home]\nkind = 'openai'\nbase_url = '{url}'\n"));
    tokio::task::block_in_place(|| {
        let said = home.run(&["models", "embed", "-m", "home/some-embedder", "one", "three"]);
        let lines: Vec<_> = said.stdout.lines().collect();
        let vector = |long: u32| format!("2 numbers, norm {long}.0000: {long}.0000, 0.0000");
        assert_eq!((lines, said.code), (vec![&*vector(3), &*vector(5)], Some(0)), "{}", said.stderr);
        assert!(said.stderr.contains("4 tokens"), "{}", said.stderr);
        let told =
            home.fed("one\n\nthree\n", &["--json", "models", "embed", "-m", "home/some-embedder", "-"]);
        let told: Vec<Value> = told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(told[1]["reply"], "vector");
        assert_eq!((&told[1]["text"], &told[1]["vector"]), (&json!("three"), &json!([5.0, 0.0])));
        assert_eq!(told[2]["tried"]["usage"]["input"], 4);
        let usage = home.run(&["usage", "--by", "model", "--json"]);
        assert!(usage.stdout.contains("home/some-embedder"), "{}", usage.stdout);
        let none = home.fed("", &["models", "embed", "-m", "home/some-embedder", "-"]);
        assert!(none.code == Some(2) && none.stderr.contains("there is no text"), "{}", none.stderr);
        let talks = home.run(&["models", "embed", "-m", "scripted/echo", "hello"]);
        assert_eq!(talks.code, Some(2), "{}", talks.stdout);
    });
    assert_eq!(server.seen().len(), 2);
}
