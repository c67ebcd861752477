//! Knowledge bases that have outgrown the workspace: made in PostgreSQL, moved there and to Qdrant and back, killed in the middle.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::home::{Home, Said};
use super::knowledge::{embedding, good, home, write};
use crate::index::postgres::{Postgres, postgres};
use crate::index::qdrant::{engine, forward};
use crate::loopback::{Server, whole};

/// A home that knows a database, by an address with a password.
fn with(home: Home, postgres: &Postgres) -> Home {
    home.variable("OUTCROP_POSTGRES_URL", &postgres.url().replace("postgres@", "postgres:canary@"))
}

fn base(home: &Home) -> Value {
    let said = home.run(&["kb", "show", "docs", "--json"]);
    good(&said);
    said.objects()[0]["base"].clone()
}

/// What some questions find, by vectors and by words: how many, and the scores.
fn found(home: &Home) -> Vec<(u64, Vec<i64>)> {
    let mut all = Vec::new();
    for mode in ["semantic", "keyword"] {
        for question in ["Line 3 of file 7", "says something", "file 12"] {
            let said = home.run(&["kb", "search", "docs", question, "--mode", mode, "-n", "20", "--json"]);
            good(&said);
            let reply = &said.objects()[0];
            let hits = reply["hits"].as_array().unwrap();
            // BM25 is weighed a little otherwise in each store; that of vectors is not.
            let scores = hits.iter().map(|hit| {
                let score = hit["standing"]["vector"]["score"].as_f64().unwrap_or_default();
                (score * 1000.0).round() as i64
            });
            all.push((
                reply["matched"].as_u64().unwrap() + reply["compared"].as_u64().unwrap(),
                scores.collect(),
            ));
        }
    }
    all
}

fn fill(home: &Home) -> Said {
    for n in 0..40 {
        let lines: Vec<String> =
            (0..30).map(|line| format!("Line {line} of file {n} says something.")).collect();
        write(home, &format!("{n:02}.md"), &lines.join("\n\n"));
    }
    let create =
        ["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters", "--chunking", "fixed:20:1"];
    home.run(&create)
}

/// All that the program has written of itself.
fn logs(home: &Home) -> String {
    fn read(folder: &std::path::Path, all: &mut String) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                read(&path, all);
            } else if path.extension().is_some_and(|end| end == "log")
                || path.to_string_lossy().contains("log")
            {
                all.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap()));
            }
        }
    }
    let mut all = String::new();
    read(&home.path(), &mut all);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_is_made_in_postgresql_and_a_server_that_is_away_costs_nothing_but_an_error() {
    let Some(mut server) = postgres() else { return };
    let embedder = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let unset = home(&embedder);
        let said = unset.run(&["kb", "create", "docs", "--embedder", "emb/letters", "--store", "pgvector"]);
        assert!(said.code == Some(2) && said.stderr.contains("OUTCROP_POSTGRES_URL"), "{said:?}");
        let said = unset.run(&["kb", "create", "docs", "--embedder", "emb/letters", "--store", "qdrant"]);
        assert!(said.code == Some(2) && said.stderr.contains("QDRANT_URL"), "{said:?}");
        let said = unset.run(&["kb", "create", "docs", "--embedder", "emb/letters", "--store", "lance"]);
        assert!(said.code == Some(2) && said.stderr.contains("embedded, pgvector or qdrant"), "{said:?}");

        let home = with(home(&embedder), &server);
        write(&home, "rivers.md", "# Rivers\n\nRivers bend because the outer bank is cut.\n");
        let create =
            ["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters", "--store", "pgvector"];
        good(&home.run(&create));
        assert!(good(&home.run(&["kb", "show", "docs"])).contains("PostgreSQL"));
        let asked = home.run(&["kb", "ask", "docs", "why do rivers bend", "-n", "1"]);
        assert!(good(&asked).contains("\ncited\n[1] /"), "{asked:?}");
        assert!(!home.path().join("data").exists() || !shelves(&home), "nothing of it lies here");

        server.kill();
        write(&home, "lakes.md", "Lakes are still.\n");
        for command in [
            &["kb", "search", "docs", "rivers"][..],
            &["kb", "sync", "docs"],
            &["kb", "remove", "docs", "--yes"],
        ] {
            let away = home.run(command);
            assert_eq!(away.code, Some(2), "{away:?}");
            assert!(away.stderr.contains("Check that the server is running"), "{away:?}");
            assert!(!format!("{away:?}").contains("canary"), "{away:?}");
        }
        server.start();
        good(&home.run(&["kb", "sync", "docs"]));
        let found = home.run(&["kb", "search", "docs", "lakes", "--mode", "keyword"]);
        assert!(good(&found).contains("lakes.md"), "{found:?}");
        let shown = home.run(&["config", "show"]);
        assert!(
            shown.stdout.contains("stores.postgres_url") && !shown.stdout.contains("canary"),
            "{shown:?}"
        );
        assert!(!logs(&home).contains("canary"));
        good(&home.run(&["kb", "remove", "docs", "--yes"]));
        good(&home.run(&create));

        // A server that is gone for good keeps no base here.
        server.kill();
        let away = home.run(&["kb", "remove", "docs", "--yes"]);
        assert!(away.code == Some(2) && away.stderr.contains("kb remove --forget"), "{away:?}");
        let forgotten = home.run(&["kb", "remove", "docs", "--forget", "--yes"]);
        good(&forgotten);
        let said = format!("{}{}", forgotten.stdout, forgotten.stderr);
        assert!(said.contains("what PostgreSQL has of it stays there: outcrop_"), "{forgotten:?}");
        assert!(!home.run(&["kb", "list"]).stdout.contains("docs"));
    });
}

/// Whether a base of this workspace is there.
fn shelves(home: &Home) -> bool {
    super::knowledge::folders(&home.path()).iter().any(|path| super::knowledge::is_shelf(path))
}

/// Moves a base to a store and back, killed after these times on either way: wherever it is, the same is found.
#[expect(clippy::disallowed_methods, reason = "it is killed at a time, wherever it is then")]
fn there_and_back(home: &Home, embedder: &Server, store: &str, waits: [&[u64]; 2]) {
    good(&fill(home));
    let (before, embedded) = (found(home), embedder.seen().len());
    let passages = base(home)["holds"]["passages"].as_u64().unwrap();
    assert!(passages > 512, "{passages}: several pages");
    for ((to, from), waits) in [(store, "embedded"), ("embedded", store)].into_iter().zip(waits) {
        let mut killed = 0;
        for wait in waits {
            let mut child = home.start(&["kb", "move", "docs", "--to", to]);
            std::thread::sleep(Duration::from_millis(*wait));
            child.kill().unwrap();
            child.wait().unwrap();
            let base = base(home);
            // Where it is, it is whole.
            if base["store"] == from {
                killed += 1;
                assert_eq!(found(home), before, "killed after {wait} ms: {}", base["moving"]);
            }
        }
        assert!(killed > 0, "each was too quick");
        let moved = home.run(&["kb", "move", "docs", "--to", to, "--json"]);
        let is_there = moved.code == Some(2) && moved.stdout.contains("already");
        assert!(is_there || moved.code == Some(0), "{moved:?}");
        assert!(is_there || moved.objects().iter().all(|said| said["reply"] == "base"), "{moved:?}");
        let now = base(home);
        assert_eq!((&now["store"], now.get("moving")), (&Value::from(to), None), "{now}");
        let all = found(home);
        for (was, is) in before.iter().zip(&all) {
            assert_eq!(was.0, is.0, "as many are compared and matched");
            assert!(was.1.iter().zip(&is.1).all(|(was, is)| (was - is).abs() <= 1), "{was:?} {is:?}");
        }
        assert_eq!(shelves(home), to == "embedded", "what it was in is emptied");
    }
    let again = home.run(&["kb", "move", "docs", "--to", "embedded"]);
    assert!(again.code == Some(2) && again.stderr.contains("already"), "{again:?}");
    // Only questions were embedded since; and a sync finds everything as it was.
    let asked = embedder.seen().len() - embedded;
    assert!(asked < 200, "{asked}");
    good(&home.run(&["kb", "sync", "docs"]));
    assert_eq!(base(home)["sources"][0]["last"]["statistics"]["unchanged"], 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_moves_to_postgresql_and_back_whatever_kills_it_on_the_way() {
    let Some(server) = postgres() else { return };
    let embedder = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = with(home(&embedder), &server);
        there_and_back(&home, &embedder, "pgvector", [&[60, 150, 250, 350, 450, 600], &[150, 300, 450]]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_moves_to_qdrant_and_back_whatever_kills_it_on_the_way() {
    let Some(engine) = engine() else { return };
    let embedder = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&embedder).variable("QDRANT_URL", &engine.url);
        there_and_back(&home, &embedder, "qdrant", [&[150, 300, 450, 600], &[150, 300, 450]]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_a_base_in_the_middle_of_a_move_makes_the_move_begin_anew() {
    let Some(server) = postgres() else { return };
    let embedder = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = with(home(&embedder), &server);
        good(&fill(&home));
        let moved = |to: &str| home.run(&["kb", "move", "docs", "--to", to]);
        // As if a move had ended in its middle: the database goes away.
        let mut server = server;
        server.kill();
        let failed = moved("pgvector");
        assert!(failed.code == Some(2) && failed.stderr.contains("Check that the server"), "{failed:?}");
        server.start();
        fs::remove_file(home.beside().join("docs/07.md")).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));
        let to = moved("pgvector");
        assert!(good(&to).contains("lies in PostgreSQL now"), "{to:?}");
        assert_eq!(home.run(&["kb", "search", "docs", "nothing", "--mode", "keyword"]).code, Some(1));
        let of_seven =
            home.run(&["kb", "search", "docs", "file 7", "--mode", "keyword", "-n", "100", "--json"]);
        let hits = of_seven.objects()[0]["hits"].as_array().unwrap().clone();
        assert!(hits.iter().all(|hit| !hit["uri"].as_str().unwrap().ends_with("07.md")), "{of_seven:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_loses_a_page_on_the_way_is_seen_and_the_base_stays_where_it_was() {
    let Some(engine) = engine() else { return };
    let port = engine.url.rsplit(':').next().unwrap().parse().unwrap();
    let (lost, loses) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(true)));
    let broken = Arc::clone(&loses);
    // The second page is said to be there, and never was.
    let between = Server::start(move |_, seen| {
        let is_page = seen.line.contains("/points/batch");
        if is_page && broken.load(Ordering::SeqCst) && lost.fetch_add(1, Ordering::SeqCst) == 1 {
            let done =
                r#"{"result": [{"operation_id": 9, "status": "completed"}], "status": "ok", "time": 0.0}"#;
            return whole(200, &[("content-type", "application/json")], done);
        }
        forward(port, seen)
    })
    .await;
    let embedder = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&embedder).variable("QDRANT_URL", &between.url(""));
        good(&fill(&home));
        let before = found(&home);
        let failed = home.run(&["kb", "move", "docs", "--to", "qdrant"]);
        assert!(failed.code == Some(2) && failed.stderr.contains("documents were copied, and"), "{failed:?}");
        let stays = base(&home);
        assert_eq!(
            (&stays["store"], &stays["moving"]["state"]),
            (&"embedded".into(), &"failed".into()),
            "{stays}"
        );
        assert_eq!(found(&home), before);
        loses.store(false, Ordering::SeqCst);
        good(&home.run(&["kb", "move", "docs", "--to", "qdrant"]));
        assert_eq!(base(&home)["store"], "qdrant");
        assert_eq!(found(&home).len(), before.len());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_after_which_words_or_filters_would_find_less_is_seen() {
    let Some(engine) = engine() else { return };
    let port = engine.url.rsplit(':').next().unwrap().parse().unwrap();
    let loses = Arc::new(AtomicUsize::new(0));
    let lost = Arc::clone(&loses);
    // Every point arrives, the first time without its words, the second time with other attributes.
    let between = Server::start(move |_, seen| {
        let mut seen = seen.clone();
        if seen.line.contains("/points/batch") {
            let mut body: Value = serde_json::from_slice(&seen.body).unwrap();
            let operations = body["operations"].as_array_mut().unwrap();
            let upserts = operations.iter_mut().filter_map(|one| one.get_mut("upsert"));
            for point in upserts.flat_map(|upsert| upsert["points"].as_array_mut().unwrap()) {
                match lost.load(Ordering::SeqCst) {
                    0 => point["payload"]["words"] = Value::Array(Vec::new()),
                    1 => point["payload"]["said"] = Value::Object(serde_json::Map::new()),
                    _ => {}
                }
            }
            seen.body = body.to_string().into_bytes();
        }
        forward(port, &seen)
    })
    .await;
    let embedder = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&embedder).variable("QDRANT_URL", &between.url(""));
        good(&fill(&home));
        for (lost, why) in [(0, "and there 0 times"), (1, "is not as it was")] {
            loses.store(lost, Ordering::SeqCst);
            let failed = home.run(&["kb", "move", "docs", "--to", "qdrant"]);
            assert!(failed.code == Some(2) && failed.stderr.contains(why), "{failed:?}");
            assert_eq!(base(&home)["store"], "embedded");
        }
        loses.store(2, Ordering::SeqCst);
        good(&home.run(&["kb", "move", "docs", "--to", "qdrant"]));
    });
}
