//! `outcrop kb rebuild`: another embedding model, another way of cutting, beside what answers meanwhile; killed in the middle.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::home::{Home, on_both};
use super::knowledge::{embedding, folders, good, home, is_shelf, write};
use crate::loopback::{Server, whole};

fn base(home: &Home) -> Value {
    let said = home.run(&["kb", "show", "docs", "--json"]);
    good(&said);
    said.objects()[0]["base"].clone()
}

fn finds(home: &Home, question: &str, mode: &str) -> bool {
    home.run(&["kb", "search", "docs", question, "--mode", mode]).code == Some(0)
}

fn shelves(home: &Home) -> usize {
    folders(home.path().as_path()).iter().filter(|path| is_shelf(path)).count()
}

fn texts(server: &Server) -> usize {
    let of = |body: &[u8]| {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        asked["input"].as_array().map_or(0, Vec::len)
    };
    server.seen().iter().map(|seen| of(&seen.body)).sum()
}

fn fill(home: &Home, files: u32) {
    for n in 0..files {
        let lines: Vec<String> =
            (0..10).map(|line| format!("Line {line} of file {n} says something.")).collect();
        write(home, &format!("{n:02}.md"), &lines.join("\n\n"));
    }
    let arguments = ["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters", "--chunking"];
    good(&home.run(&[&arguments[..], &["fixed:30:1"]].concat()));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_and_another_way_of_cutting_are_offered_with_what_they_cost_and_take_its_place() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let [(), ()] = on_both(
            || home(&server),
            |home| {
                fill(home, 3);
                let before = base(home);
                let rebuild =
                    ["kb", "rebuild", "docs", "--embedder", "emb/other", "--chunking", "fixed:60:1"];
                // Nobody said yes: nothing is done, and what it would cost was said.
                let refused = home.run(&rebuild);
                assert!(refused.code == Some(2) && refused.stderr.contains("--yes"), "{refused:?}");
                assert!(refused.stderr.contains("What it costs is not known"), "{refused:?}");
                assert!(refused.stderr.contains("3 documents with"), "{refused:?}");
                assert_eq!(base(home), before);

                let embedded = texts(&server);
                let done = home.run(&[&rebuild[..], &["--yes"]].concat());
                assert!(
                    good(&done).contains("embedded by emb/other") && done.stdout.contains("cut fixed:60:1"),
                    "{done:?}"
                );
                let after = base(home);
                assert_eq!((&after["embedder"], &after["rebuild"]), (&json!("emb/other"), &Value::Null));
                assert_eq!(
                    after["sources"][0]["chunking"],
                    json!({"strategy": "fixed", "max_tokens": 60, "overlap_percent": 1})
                );
                assert!(
                    after["holds"]["passages"].as_u64() < before["holds"]["passages"].as_u64(),
                    "{after}"
                );
                let made = after["holds"]["passages"].as_u64().unwrap() as usize;
                assert_eq!(texts(&server) - embedded, made + 1, "the name, then each passage once");
                assert!(finds(home, "file 2 says", "keyword") && finds(home, "file 2 says", "semantic"));
                assert_eq!(shelves(home), 1, "what it was before is cleared away");
                let documents = home.run(&["kb", "documents", "docs", "--json"]).objects();
                assert_eq!(documents.len(), 3);

                // It syncs as before, and what is as it was is not read.
                write(home, "00.md", "Zebras are new here.\n");
                good(&home.run(&["kb", "sync", "docs"]));
                let last = base(home)["sources"][0]["last"]["statistics"].clone();
                assert_eq!((&last["modified"], &last["unchanged"]), (&json!(1), &json!(2)), "{last}");
                assert!(finds(home, "zebras", "keyword"));

                // Back again: what the first model made is known.
                let embedded = texts(&server);
                let back = [
                    "kb",
                    "rebuild",
                    "docs",
                    "--embedder",
                    "emb/letters",
                    "--chunking",
                    "fixed:30:1",
                    "--yes",
                ];
                good(&home.run(&back));
                assert_eq!(texts(&server) - embedded, 1 + 1, "the name, and what is new");
                good(&home.run(&["kb", "remove", "docs", "--yes"]));
                assert_eq!(shelves(home), 0);
            },
        );
    });
}

#[expect(clippy::disallowed_methods, reason = "it is killed at a time, wherever it is then")]
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_killed_anywhere_goes_on_and_the_base_answers_all_the_while() {
    let server = embedding(Duration::from_millis(30)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        fill(&home, 24);
        let before = base(&home)["holds"].clone();
        let rebuild = ["kb", "rebuild", "docs", "--embedder", "emb/other", "--yes"];
        for wait in [40, 120, 250, 400, 600, 900, 1300] {
            let mut child = home.start(&rebuild);
            std::thread::sleep(Duration::from_millis(wait));
            child.kill().unwrap();
            child.wait().unwrap();
            let state = base(&home)["rebuild"]["state"].clone();
            assert!(state == "stopped" || state.is_null(), "{state}");
            assert!(finds(&home, "file 7 says", "keyword"), "after {wait} ms");
            assert!(finds(&home, "file 7 says", "semantic"), "after {wait} ms");
        }
        // What was begun goes on without a word of what it is, and without being asked again.
        good(&home.run(&["kb", "rebuild", "docs", "--yes"]));
        let after = base(&home);
        assert_eq!((&after["embedder"], &after["rebuild"]), (&json!("emb/other"), &Value::Null));
        assert_eq!(after["holds"], before, "the same passages, each once");
        assert_eq!(shelves(&home), 1);
        let found = home.run(&["kb", "search", "docs", "says", "--mode", "keyword", "-n", "100", "--json"]);
        let hits = found.objects()[0]["hits"].as_array().unwrap().clone();
        let mut ids: Vec<_> = hits.iter().map(|hit| hit["passage"]["id"].to_string()).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all);
    });
}

#[expect(clippy::disallowed_methods, reason = "it is killed while it runs")]
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_is_taken_back_and_one_that_fails_leaves_the_base_as_it_is() {
    let server = embedding(Duration::from_millis(60)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        fill(&home, 12);
        let before = base(&home);
        let none = home.run(&["kb", "rebuild", "docs", "--drop"]);
        assert!(none.code == Some(2) && none.stderr.contains("no rebuild"), "{none:?}");
        let mut child = home.start(&["kb", "rebuild", "docs", "--embedder", "emb/other", "--yes"]);
        std::thread::sleep(Duration::from_millis(600));
        child.kill().unwrap();
        child.wait().unwrap();
        if base(&home)["rebuild"].is_null() {
            // It was killed before it was begun, or after its end: there is nothing to be taken back.
            return;
        }
        let shown = home.run(&["kb", "show", "docs"]);
        assert!(good(&shown).contains("a rebuild, embedded by emb/other, is stopped"), "{shown:?}");
        good(&home.run(&["kb", "rebuild", "docs", "--drop"]));
        let after = base(&home);
        assert_eq!(
            (&after["rebuild"], &after["embedder"], &after["holds"]),
            (&Value::Null, &before["embedder"], &before["holds"])
        );
        assert_eq!(shelves(&home), 1);
        // A source that is not there any more.
        fs::rename(home.beside().join("docs"), home.beside().join("away")).unwrap();
        let failed = home.run(&["kb", "rebuild", "docs", "--embedder", "emb/other", "--yes"]);
        assert_eq!(failed.code, Some(2), "{failed:?}");
        assert!(failed.stderr.contains("The base answers as it is"), "{failed:?}");
        assert!(finds(&home, "file 7 says", "semantic"));
        let move_it = home.run(&["kb", "move", "docs", "--to", "qdrant"]);
        assert!(move_it.code == Some(2) && move_it.stderr.contains("a rebuild of it"), "{move_it:?}");
        fs::rename(home.beside().join("away"), home.beside().join("docs")).unwrap();
        good(&home.run(&["kb", "rebuild", "docs"]));
        assert_eq!(base(&home)["embedder"], "emb/other");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_whose_model_makes_other_vectors_now_says_so_and_offers_the_rebuild() {
    let wide = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let own = std::sync::Arc::clone(&wide);
    let server = Server::start(move |_, seen| {
        let asked: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let many = if own.load(std::sync::atomic::Ordering::SeqCst) { 5 } else { 3 };
        let vector = |(index, text): (usize, &Value)| {
            let long = text.as_str().map_or(0, str::len) as f32;
            json!({"index": index, "embedding": vec![long + 1.0; many]})
        };
        let texts = asked["input"].as_array().cloned().unwrap_or_default();
        let data: Vec<_> = texts.iter().enumerate().map(vector).collect();
        let answer = json!({"data": data, "usage": {"prompt_tokens": texts.len()}});
        whole(200, &[("content-type", "application/json")], answer.to_string())
    })
    .await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        fill(&home, 2);
        wide.store(true, std::sync::atomic::Ordering::SeqCst);
        let refused = home.run(&["kb", "search", "docs", "file", "--mode", "semantic"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(
            refused.stderr.contains("vectors of 5 numbers") && refused.stderr.contains("kb rebuild"),
            "{refused:?}"
        );
        assert!(finds(&home, "file", "keyword"));
        // Nor does a sync mix them.
        write(&home, "new.md", "This is new.\n");
        let synced = home.run(&["kb", "sync", "docs"]);
        assert!(synced.code == Some(2) && synced.stderr.contains("kb rebuild"), "{synced:?}");
        good(&home.run(&["kb", "rebuild", "docs", "--yes"]));
        assert_eq!(base(&home)["dimensions"], 5);
        assert!(finds(&home, "file", "semantic") && finds(&home, "new", "keyword"));
    });
}
