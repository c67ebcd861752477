//! Syncs of knowledge bases in trouble and at length: texts that a model refuses, what was embedded before, large files.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::home::{Home, Said};
use super::knowledge::{count, create, embedding, good, home, last, refusing, write};
use crate::loopback::Server;

/// Texts that a server embedded.
fn embedded(server: &Server) -> usize {
    let texts = |body: &[u8]| {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        asked["input"].as_array().map_or(0, Vec::len)
    };
    server.seen().iter().map(|seen| texts(&seen.body)).sum()
}

/// A text of so many sentences, each with its number.
fn sentences(of: &str, many: usize) -> String {
    let lines: Vec<String> = (0..many)
        .map(|n| format!("{of} says in sentence {n} something of rivers and of their banks."))
        .collect();
    lines.join("\n\n")
}

/// A base in which each of those is a passage.
fn create_by_sentences(home: &Home) -> Said {
    let create = ["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters"];
    home.run(&[&create[..], &["--chunking", "fixed:25:1"]].concat())
}

fn documents(home: &Home, state: &str) -> usize {
    home.run(&["kb", "documents", "docs"]).stdout.lines().filter(|line| line.contains(state)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_the_model_refuses_costs_its_document_and_nothing_else() {
    let server = refusing(Duration::ZERO, |body| body.contains("poison").then_some(400)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        for (name, text) in [("a.md", "Alpha."), ("b.md", "This is poison."), ("c.md", "Gamma.")] {
            write(&home, name, text);
        }
        let made = create(&home);
        assert_eq!(made.code, Some(1), "{made:?}");
        assert_eq!((count(&home, "new"), count(&home, "failed")), (2, 1));
        assert_eq!(made.stdout.matches('✗').count(), 1, "{made:?}");
        assert_eq!((documents(&home, "INDEXED"), documents(&home, "FAILED")), (2, 1));
        // What a document said before it is refused is still found.
        write(&home, "a.md", "Alpha is poison now.");
        assert_eq!(home.run(&["kb", "sync", "docs"]).code, Some(1));
        good(&home.run(&["kb", "search", "docs", "alpha", "--mode", "keyword"]));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passage_that_the_model_refuses_is_left_out_of_its_document_which_says_so_and_is_tried_again() {
    let refuses = Arc::new(AtomicBool::new(true));
    let own = Arc::clone(&refuses);
    let poison = move |body: &str| (own.load(Ordering::SeqCst) && body.contains("poison")).then_some(400);
    let server = refusing(Duration::ZERO, poison).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        let line =
            |what: &str| format!("The {what} goes on from here to there, along the river, past the mill.");
        write(&home, "a.md", &["road", "poison", "rail"].map(line).join("\n\n"));
        let create = ["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters"];
        let made = home.run(&[&create[..], &["--chunking", "fixed:25:1"]].concat());
        assert!(made.code == Some(1) && made.stdout.contains("1 passage left out: "), "{made:?}");
        assert!(made.stdout.contains("1 in part") && made.stdout.contains("1 passage refused"), "{made:?}");
        let counts = ["new", "failed", "partial", "refused", "passages"].map(|what| count(&home, what));
        assert_eq!(counts, [1, 0, 1, 1, 2]);
        assert_eq!(documents(&home, "PARTIALLY_INDEXED"), 1);
        let kept = || {
            let passages = home.run(&["kb", "chunks", "docs", "a.md", "--json"]).objects();
            let told =
                |passage: &Value| (passage["passage"]["ordinal"].clone(), passage["passage"]["text"].clone());
            passages.iter().map(told).collect::<Vec<_>>()
        };
        let in_part = [(json!(0), json!(line("road"))), (json!(1), json!(line("rail")))];
        assert_eq!(kept(), in_part);

        // What is missing is asked for again, and nothing else; the document stays as it is, and is told of.
        let before = server.seen().len();
        let again = home.run(&["kb", "sync", "docs"]);
        assert!(again.code == Some(1) && again.stdout.contains("1 passage left out: "), "{again:?}");
        let counts = ["unchanged", "partial", "refused", "passages"].map(|what| count(&home, what));
        assert_eq!((counts, server.seen().len()), ([1, 1, 1, 0], before + 1));
        assert_eq!(kept(), in_part);
        // It can be carried elsewhere.
        good(&home.run(&["kb", "export", "docs", "out.jsonl", "--vectors"]));
        good(&home.run(&["kb", "import", "out.jsonl", "--name", "again"]));

        // Once the model takes it, it is in, though its file is what it was.
        refuses.store(false, Ordering::SeqCst);
        good(&home.run(&["kb", "sync", "docs"]));
        let counts = ["modified", "partial", "refused", "passages", "known"].map(|what| count(&home, what));
        assert_eq!((counts, server.seen().len()), ([1, 0, 0, 3, 3], before + 2));
        assert_eq!(kept()[1], (json!(1), json!(line("poison"))));
        assert_eq!((documents(&home, "PARTIALLY"), documents(&home, "INDEXED")), (0, 1));
        // From then on it costs nothing.
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "unchanged"), server.seen().len()), (1, before + 2));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn small_documents_share_requests_and_one_that_is_refused_costs_its_mates_nothing() {
    let server = refusing(Duration::from_millis(400), |body| body.contains("poison").then_some(400)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        let text = |n: u8| match n {
            30 => "This is poison.".to_owned(),
            _ => format!("{} stands here.", char::from(b'a' + n % 26).to_string().repeat(9 + usize::from(n))),
        };
        for n in 0..40 {
            write(&home, &format!("{n:02}.md"), &text(n));
        }
        let made = create(&home);
        assert_eq!(made.code, Some(1), "{made:?}");
        assert!(made.stdout.contains("/30.md") && made.stdout.matches('✗').count() == 1, "{made:?}");
        let counts = ["new", "failed", "passages", "known"].map(|what| count(&home, what));
        assert_eq!(counts, [39, 1, 39, 0]);
        // Who embeds, then those that were read meanwhile each time, and the halves among which one is refused.
        let asked = server.seen().len();
        assert!(asked < 30, "{asked} requests");
        // Each has the vector of its own text.
        for n in [0, 17, 39] {
            let said = ["kb", "search", "docs", &text(n), "--mode", "semantic"];
            let found = home.run(&[&said[..], &["-n", "1"]].concat());
            assert!(good(&found).contains(&format!("/{n:02}.md")), "{found:?}");
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_out_of_reach_ends_a_sync_which_keeps_what_it_did() {
    let out = Arc::new(AtomicBool::new(true));
    let own = Arc::clone(&out);
    let broken = move |body: &str| (own.load(Ordering::SeqCst) && body.contains("Gamma")).then_some(401);
    let server = refusing(Duration::ZERO, broken).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        // Two that go by themselves, being long, and two that go together.
        for (name, word) in [("a.md", "Alpha"), ("b.md", "Beta")] {
            write(&home, name, &sentences(word, 130));
        }
        write(&home, "c.md", "Gamma.");
        write(&home, "d.md", "Delta.");
        let made = create_by_sentences(&home);
        assert!(made.code == Some(2) && made.stderr.contains("401"), "{made:?}");
        assert_eq!((last(&home)["state"].clone(), count(&home, "new")), ("FAILED".into(), 2));
        assert_eq!(documents(&home, "INDEXED"), 2);
        out.store(false, Ordering::SeqCst);
        let before = embedded(&server);
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "unchanged"), count(&home, "new")), (2, 2));
        assert_eq!(embedded(&server) - before, 2, "what was done is not done again");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sync_left_undone_goes_with_its_file_or_its_source() {
    let server = refusing(Duration::ZERO, |body| body.contains("Gamma").then_some(401)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        for (name, text) in [("c.md", "Gamma."), ("d.md", "Delta."), ("e.md", "Epsilon.")] {
            write(&home, name, text);
        }
        assert_eq!(create(&home).code, Some(2));
        assert_eq!((documents(&home, "PENDING"), documents(&home, ".md")), (3, 3));
        let told = home.run(&["kb", "documents", "docs"]).stderr;
        assert!(told.contains("3 documents to be read by the next sync: the sync could not go on"), "{told}");
        // It is found again as the same one, or not at all.
        fs::remove_file(home.beside().join("docs/d.md")).unwrap();
        assert_eq!(home.run(&["kb", "sync", "docs"]).code, Some(2));
        assert_eq!((documents(&home, "PENDING"), documents(&home, ".md")), (2, 2));
        assert_eq!(count(&home, "deleted"), 0, "nothing of it was in");
        fs::remove_file(home.beside().join("docs/c.md")).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((documents(&home, "INDEXED"), documents(&home, ".md")), (1, 1));
        write(&home, "c.md", "Gamma.");
        assert_eq!(home.run(&["kb", "sync", "docs"]).code, Some(2));
        assert_eq!((documents(&home, "PENDING"), count(&home, "unchanged")), (1, 1));
        good(&home.run(&["kb", "remove-source", "docs", "docs", "--yes"]));
        assert_eq!(documents(&home, ".md"), 0);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_embedded_once_by_a_model_wherever_it_stands() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha says one thing.\n");
        write(&home, "b.md", "Beta says another.\n");
        good(&create(&home));
        let before = embedded(&server);
        // A copy, and one that was taken away and comes again.
        write(&home, "copy.md", "Alpha says one thing.\n");
        fs::remove_file(home.beside().join("docs/b.md")).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "new"), count(&home, "known"), count(&home, "deleted")), (1, 1, 1));
        write(&home, "b.md", "Beta says another.\n");
        let again = home.run(&["kb", "sync", "docs"]);
        assert!(good(&again).contains("1 of them embedded before"), "{again:?}");
        assert_eq!(embedded(&server), before);
        // Another base of the same model; each base asks once who embeds, with its name.
        good(&home.run(&["kb", "create", "twin", "--from", "docs", "--embedder", "emb/letters"]));
        assert_eq!(embedded(&server) - before, 1);
        // Another model.
        good(&home.run(&["kb", "create", "other", "--from", "docs", "--embedder", "emb/other"]));
        assert_eq!(embedded(&server) - before, 1 + 1 + 2, "a text that stands twice is embedded once");
        let found = home.run(&["kb", "search", "twin", "beta says", "--mode", "semantic", "-n", "1"]);
        assert!(good(&found).contains("/b.md"), "{found:?}");
        for base in ["docs", "twin", "other"] {
            good(&home.run(&["kb", "remove", base, "--yes"]));
        }
        let before = embedded(&server);
        good(&create(&home));
        assert_eq!(
            embedded(&server) - before,
            1 + 2,
            "with the last base what was made of its texts goes too"
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_file_keeps_its_vectors_also_with_metadata_that_is_embedded() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        let said = |firm: &str, year: u32| {
            let firm = serde_json::json!({"value": {"type": "STRING", "stringValue": firm}, "includeForEmbedding": true});
            serde_json::json!({"metadataAttributes": {"year": year, "firm": firm}}).to_string()
        };
        write(&home, "a.md", "Alpha says one thing.\n");
        write(&home, "a.md.metadata.json", &said("Bio", 2021));
        good(&create(&home));
        let before = embedded(&server);
        fs::create_dir(home.beside().join("docs/deeper")).unwrap();
        fs::rename(home.beside().join("docs/a.md"), home.beside().join("docs/deeper/b.md")).unwrap();
        fs::remove_file(home.beside().join("docs/a.md.metadata.json")).unwrap();
        write(&home, "deeper/b.md.metadata.json", &said("Bio", 2022));
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "moved"), count(&home, "new"), count(&home, "deleted")), (1, 0, 0));
        assert_eq!(embedded(&server), before);
        let filter = |year: u32| format!(r#"{{"equals": {{"key": "year", "value": {year}}}}}"#);
        let of = |year: u32| {
            let (filter, ways) = (filter(year), ["kb", "search", "docs", "alpha", "--mode", "keyword"]);
            home.run(&[&ways[..], &["--filter", &filter]].concat()).code
        };
        assert_eq!((of(2022), of(2021)), (Some(0), Some(1)));
        // Another year changes nothing of what is embedded.
        write(&home, "deeper/b.md.metadata.json", &said("Bio", 2023));
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "metadata_modified"), embedded(&server)), (1, before));
        assert_eq!((of(2023), of(2022)), (Some(0), Some(1)));
        // Another firm does.
        write(&home, "deeper/b.md.metadata.json", &said("Geo", 2023));
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "modified"), embedded(&server)), (1, before + 1));
        // What could not be read of it is no reason to embed it again once it is elsewhere and can be.
        write(&home, "plain.md", "Gamma says one thing.\n");
        write(&home, "plain.md.metadata.json", "{");
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!(documents(&home, "METADATA_UPDATE_FAILED"), 1);
        fs::rename(home.beside().join("docs/plain.md"), home.beside().join("docs/deeper/plain.md")).unwrap();
        fs::remove_file(home.beside().join("docs/plain.md.metadata.json")).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "moved"), count(&home, "new"), count(&home, "deleted")), (1, 0, 0));
        assert_eq!(documents(&home, "METADATA_UPDATE_FAILED"), 0);
        fs::remove_file(home.beside().join("docs/deeper/plain.md")).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));
        let before = embedded(&server) - 1;
        // Also of one that was moved.
        fs::rename(home.beside().join("docs/deeper/b.md"), home.beside().join("docs/c.md")).unwrap();
        fs::remove_file(home.beside().join("docs/deeper/b.md.metadata.json")).unwrap();
        write(&home, "c.md.metadata.json", &said("Zoo", 2023));
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "moved"), count(&home, "new"), count(&home, "deleted")), (0, 1, 1));
        assert_eq!(embedded(&server), before + 2);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_folder_that_a_link_has_replaced_nothing_is_read_and_what_was_in_stays() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha says one thing.\n");
        good(&create(&home));
        let [docs, away, own] = ["docs", "away", "own"].map(|name| home.beside().join(name));
        fs::create_dir(&own).unwrap();
        fs::write(own.join("secret.md"), "Omega is a secret.\n").unwrap();
        fs::rename(&docs, &away).unwrap();
        std::os::unix::fs::symlink(&own, &docs).unwrap();
        let before = embedded(&server);
        let said = home.run(&["kb", "sync", "docs"]);
        assert!(said.code == Some(2) && said.stderr.contains("a link stands on its path"), "{said:?}");
        assert_eq!((last(&home)["state"].clone(), embedded(&server)), ("FAILED".into(), before));
        let words = |word: &str| home.run(&["kb", "search", "docs", word, "--mode", "keyword"]).code;
        assert_eq!((words("alpha"), words("omega")), (Some(0), Some(1)));
        fs::remove_file(&docs).unwrap();
        fs::rename(&away, &docs).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!(count(&home, "unchanged"), 1);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_as_large_as_one_that_went_is_not_taken_for_it() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha says one thing.\n");
        good(&create(&home));
        write(&home, "b.md", "Gamma says one thing.\n");
        fs::remove_file(home.beside().join("docs/a.md")).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "moved"), count(&home, "new"), count(&home, "deleted")), (0, 1, 1));
        good(&home.run(&["kb", "search", "docs", "gamma", "--mode", "keyword"]));
        assert_eq!(home.run(&["kb", "search", "docs", "alpha", "--mode", "keyword"]).code, Some(1));
    });
}

/// Folders in folders, deeper than any path may tell.
fn too_deep(under: &std::path::Path) {
    use rustix::fs::{Mode, OFlags, mkdirat, open, openat};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut folder = open(under, flags, Mode::empty()).unwrap();
    for name in std::iter::repeat_n("d".repeat(250), 20) {
        mkdirat(&folder, &name, Mode::RWXU).unwrap();
        folder = openat(&folder, &name, flags, Mode::empty()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_part_of_a_source_cannot_be_listed_nothing_counts_as_deleted() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha.\n");
        write(&home, "b.md", "Beta.\n");
        good(&create(&home));
        let docs = home.beside().join("docs");
        fs::remove_file(docs.join("b.md")).unwrap();
        too_deep(&docs);
        assert_eq!(home.run(&["kb", "sync", "docs"]).code, Some(1));
        assert_eq!((count(&home, "unchanged"), count(&home, "failed"), count(&home, "deleted")), (1, 1, 0));
        good(&home.run(&["kb", "search", "docs", "beta", "--mode", "keyword"]));
        fs::remove_dir_all(docs.join("d".repeat(250))).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!(count(&home, "deleted"), 1);
        assert_eq!(home.run(&["kb", "search", "docs", "beta", "--mode", "keyword"]).code, Some(1));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sync_of_a_base_runs_at_a_time_and_one_that_was_stopped_is_gone_on_with() {
    let server = embedding(Duration::from_millis(150)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        for n in 0..30 {
            write(&home, &format!("{n:02}.md"), &sentences(&format!("File {n}"), 40));
        }
        good(&home.run(&["kb", "create", "docs", "--embedder", "emb/letters"]));
        good(&home.run(&["kb", "add-source", "docs", "docs", "--later", "--chunking", "fixed:25:1"]));
        let before = embedded(&server);
        let mut child = home.start(&["kb", "sync", "docs"]);
        wait_for(&server, server.seen().len() + 4);
        // What it has before it waits, and is listed with what is done.
        let listed = home.run(&["kb", "documents", "docs"]);
        let of = |state: &str| good(&listed).lines().filter(|line| line.contains(state)).count();
        let states = ["PENDING", "STARTING", "IN_PROGRESS", "INDEXED"].map(of);
        assert!(states[0] > 5 && states[1] <= 8 && states.iter().sum::<usize>() == 30, "{states:?}");
        for command in [&["kb", "sync", "docs"][..], &["kb", "move", "docs", "--to", "embedded"]] {
            let twice = home.run(command);
            assert!(twice.code == Some(2) && twice.stderr.contains("runs already"), "{twice:?}");
        }
        good(&home.run(&["kb", "sync", "docs", "--pause"]));
        child.wait().unwrap();
        assert_eq!(
            (&last(&home)["state"], &last(&home)["why"]),
            (&"STOPPED".into(), &"you stopped it".into())
        );
        let done = documents(&home, "INDEXED");
        assert!((1..30).contains(&done), "{done}");
        // What it had found stays listed, with why, and is carried nowhere.
        assert_eq!((documents(&home, "PENDING"), documents(&home, "STARTING")), (30 - done, 0));
        let left = home.run(&["kb", "documents", "docs", "--json"]).objects();
        let left = left.iter().map(|line| &line["document"]).filter(|one| one["state"] == "PENDING");
        assert!(left.clone().all(|one| one["notes"] == json!(["the sync was stopped"])), "{left:?}");
        let told = home.run(&["kb", "documents", "docs"]).stderr;
        assert!(told.contains("to be read by the next sync: the sync was stopped"), "{told}");
        good(&home.run(&["kb", "export", "docs", "left.jsonl"]));
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "unchanged"), count(&home, "new")), (done as u64, 30 - done as u64));
        // What was under way when it was stopped may be asked for again: a request.
        let asked = embedded(&server) - before;
        assert_eq!((documents(&home, "PENDING"), documents(&home, "INDEXED")), (0, 30));
        let shown = home.run(&["kb", "show", "docs", "--json"]).objects()[0]["base"]["holds"].clone();
        let passages = usize::try_from(shown["passages"].as_u64().unwrap()).unwrap();
        assert_eq!(shown["documents"], 30);
        assert!(passages >= 30 * 20 && (passages..=passages + 32).contains(&asked), "{asked} of {passages}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_shows_how_far_it_is_and_a_stop_loses_nothing_of_it() {
    let server = embedding(Duration::from_millis(25)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        let lines: Vec<String> =
            (0..6000).map(|n| format!("Sentence {n} tells of rivers and banks.")).collect();
        write(&home, "large.txt", &lines.join("\n\n"));
        good(&home.run(&["kb", "create", "docs", "--embedder", "emb/letters"]));
        good(&home.run(&["kb", "add-source", "docs", "docs", "--later", "--chunking", "fixed:20:1"]));
        let mut child = home.start(&["kb", "sync", "docs", "--json"]);
        wait_for(&server, 40);
        child.kill().unwrap();
        let said = child.wait_with_output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let steps: Vec<(u64, u64)> = said
            .lines()
            .filter_map(|line| {
                let at =
                    serde_json::from_str::<Value>(line).ok()?["base"]["sources"][0]["last"]["at"].clone();
                Some((at["passages_done"].as_u64()?, at["passages"].as_u64()?))
            })
            .collect();
        assert!(steps.len() >= 2 && steps.is_sorted() && steps[0].0 < steps[steps.len() - 1].0, "{steps:?}");
        let (before, all) = (embedded(&server), steps[0].1);
        assert!(all > 1500, "{all}");
        good(&home.run(&["kb", "sync", "docs"]));
        let known = count(&home, "known");
        assert!(known >= 38 * 32, "{known} of {before} were kept over the kill");
        assert_eq!(count(&home, "passages"), all);
        let shown = home.run(&["kb", "show", "docs", "--json"]).objects()[0]["base"].clone();
        assert_eq!(shown["holds"]["passages"], all);
        assert!(shown["sources"][0]["last"]["at"].is_null(), "{shown}");
    });
}

/// Until a server was asked so often.
#[expect(clippy::disallowed_methods, reason = "another process asks it")]
fn wait_for(server: &Server, asked: usize) {
    for _ in 0..6000 {
        if server.seen().len() >= asked {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it was asked {} times", server.seen().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_two_sources_have_is_in_the_base_once() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha.\n");
        write(&home, "deeper/b.md", "Beta.\n");
        let both =
            ["kb", "create", "docs", "--embedder", "emb/letters", "--from", "docs/deeper", "--from", "docs"];
        let made = home.run(&both);
        assert!(good(&made).contains("1 that another source has"), "{made:?}");
        let listed = |home: &Home| documents(home, ".md");
        assert_eq!(listed(&home), 2);
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!(listed(&home), 2);
        // Without the one the other has it.
        good(&home.run(&["kb", "remove-source", "docs", "docs/deeper", "--yes"]));
        assert_eq!(listed(&home), 1);
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((listed(&home), count(&home, "new"), count(&home, "known")), (2, 1, 1));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_table_are_embedded_and_shown_below_the_row_that_names_their_columns() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let own = Arc::clone(&asked);
    let server = refusing(Duration::ZERO, move |body| {
        own.lock().unwrap().push(body.to_owned());
        None
    })
    .await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        let rows = (0..40).map(|n| format!("Town{n},Land{n},Person{n}\n")).collect::<Vec<_>>().concat();
        write(&home, "cities.csv", &format!("City,Country,Mayor\n{rows}"));
        good(&create_by_sentences(&home));
        let bodies = asked.lock().unwrap().clone();
        let texts: Vec<String> = bodies
            .iter()
            .map(|body| serde_json::from_str::<Value>(body).unwrap_or_default())
            .flat_map(|body| body["input"].as_array().cloned().unwrap_or_default())
            .map(|text| text.as_str().unwrap().to_owned())
            .filter(|text| text.contains("Town"))
            .collect();
        assert!(texts.len() > 5, "{texts:?}");
        assert!(texts.iter().all(|text| text.starts_with("City\tCountry\tMayor\nTown")), "{texts:?}");
        let said = home.run(&["kb", "chunks", "docs", "cities.csv"]).stdout;
        assert_eq!(said.matches("City").count(), texts.len(), "{said}");
        assert_eq!(said.matches("Town39").count(), 1, "{said}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citation_names_the_table_and_the_rows_of_a_passage_which_has_their_header() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        let rows = (0..40).map(|n| format!("| Motor{n} | Sum{n} |\n")).collect::<Vec<_>>().concat();
        let text =
            format!("# Prices\n\nOf all parts.\n\n| Part | Price |\n|---|---|\n{rows}\nNothing else.\n");
        write(&home, "prices.md", &text);
        good(&create_by_sentences(&home));
        let passages = home.run(&["kb", "chunks", "docs", "prices.md", "--json"]).objects();
        let text = |passage: &Value| passage["passage"]["text"].as_str().unwrap().to_owned();
        let passage = passages.iter().find(|one| text(one).contains("Motor25 ")).unwrap();
        let norm = passage["norm"].as_f64().unwrap();
        assert!(norm > 1.5, "counts of letters are not of length one: {norm}");
        let text = text(passage);
        let numbers =
            text.lines().filter_map(|line| line.strip_prefix("| Motor")?.split(' ').next()?.parse().ok());
        let numbers: Vec<usize> = numbers.collect();
        assert_eq!(numbers.len(), text.lines().count(), "{text}");
        // The header is the first row of the table and the fifth line of the file.
        let of = |word: &str, more: usize| match [numbers[0] + more, numbers[numbers.len() - 1] + more] {
            [from, to] if from == to => format!("{word} {from}"),
            [from, to] => format!("{word}s {from}–{to}"),
        };
        let place = format!("/prices.md, Prices, table 1, {}, {}", of("row", 2), of("line", 7));
        let found = home.run(&["kb", "search", "docs", "Motor25", "--mode", "keyword"]);
        assert!(
            good(&found).contains(&place) && found.stdout.contains("| Part | Price |\n| Motor"),
            "{found:?}"
        );
        let asked = home.run(&["kb", "ask", "docs", "Motor25", "--mode", "keyword", "-n", "1"]);
        let cited = good(&asked).split_once("\ncited\n[1] ").unwrap_or_else(|| panic!("{asked:?}")).1;
        assert!(cited.contains(&place), "{place}: {asked:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_text_is_ignored_until_it_has_some() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha.\n");
        write(&home, "empty.md", "");
        write(&home, "comment.html", "<html><body><!-- nothing --></body></html>");
        good(&create(&home));
        assert_eq!((count(&home, "new"), count(&home, "skipped"), count(&home, "failed")), (1, 2, 0));
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "unchanged"), count(&home, "skipped")), (1, 2));
        assert_eq!(last(&home)["due"]["files"], 0, "nothing is read");
        write(&home, "empty.md", "Omega.\n");
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "new"), documents(&home, "INDEXED")), (1, 2));
        write(&home, "empty.md", " \n");
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!(documents(&home, "IGNORED"), 2);
        assert_eq!(home.run(&["kb", "search", "docs", "omega", "--mode", "keyword"]).code, Some(1));
        let shown = home.run(&["kb", "show", "docs", "--json"]).objects()[0]["base"]["holds"].clone();
        assert_eq!((&shown["documents"], &shown["passages"]), (&1.into(), &1.into()));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_of_a_base_that_is_gone_is_taken_away_at_the_next_start() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha.\n");
        good(&create(&home));
        let shelves = find(&home.path(), "shelves");
        let left = shelves.join("kb-0198c0de-0000-7000-8000-000000000001");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("base"), "left").unwrap();
        let names = || fs::read_dir(&shelves).unwrap().count();
        let before = names();
        good(&home.run(&["kb", "list"]));
        assert!(!left.exists());
        assert_eq!(names(), before - 1);
        good(&home.run(&["kb", "search", "docs", "alpha", "--mode", "keyword"]));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_mends_a_damaged_base_and_reads_again_what_was_lost() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha.\n");
        good(&create(&home));
        let shelves = find(&home.path(), "shelves");
        let names = fs::read_dir(&shelves).unwrap().map(|entry| entry.unwrap().path());
        let base = names.into_iter().find(|path| path.join("gen-000001").exists()).unwrap();
        let flip = |file: &str| {
            let path = base.join(file);
            let mut bytes = fs::read(&path).unwrap();
            bytes[60] ^= 1;
            fs::write(path, bytes).unwrap();
        };
        let search = ["kb", "search", "docs", "alpha", "--mode", "keyword"];
        // One that does not open, then one of which a passage cannot be read.
        for files in [&["base", "gen-000001/base"][..], &["gen-000001/passages"]] {
            for file in files {
                flip(file);
            }
            let said = home.run(&search);
            assert!(said.code == Some(2) && said.stderr.contains("is mended by the next"), "{said:?}");
            good(&home.run(&["kb", "sync", "docs"]));
            good(&home.run(&search));
        }
        assert!(!base.join("damaged").exists());
    });
}

/// The folder of that name somewhere under a folder.
fn find(folder: &std::path::Path, name: &str) -> std::path::PathBuf {
    let mut under: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    while let Some(path) = under.pop() {
        if path.is_dir() && path.ends_with(name) {
            return path;
        }
        if path.is_dir() {
            under.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    panic!("no {name} under {}", folder.display());
}

/// A home with the real encoder.
pub fn with_encoder() -> Option<Home> {
    let Some(file) = std::env::var_os("OUTCROP_TEST_ENCODER").map(std::path::PathBuf::from) else {
        crate::skipped!("the real encoder; OUTCROP_TEST_ENCODER names its safetensors file");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_ENCODER is not set");
        return None;
    };
    let home = Home::new();
    let own = home.path().join("data/models/all-minilm-l6-v2");
    fs::create_dir_all(&own).unwrap();
    for file in fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()) {
        fs::copy(&file, own.join(file.file_name().unwrap())).unwrap();
    }
    fs::create_dir(home.beside().join("docs")).unwrap();
    Some(home)
}

#[test]
fn a_passage_longer_than_its_model_reads_is_embedded_to_its_end_and_counted() {
    let Some(home) = with_encoder() else { return };
    let same = "The report goes on from here to there, page after page. ".repeat(40);
    write(&home, "zebras.txt", &format!("{same}{}", "Zebras and lions run over the dry plain. ".repeat(8)));
    write(&home, "banks.txt", &format!("{same}{}", "The central bank raised interest rates. ".repeat(8)));
    write(&home, "short.txt", "A short one.");
    let create = ["kb", "create", "docs", "--from", "docs", "--embedder", "local/all-minilm-l6-v2"];
    let made = home.run(&[&create[..], &["--chunking", "none"]].concat());
    assert!(good(&made).contains("2 longer than the model reads at once"), "{made:?}");
    assert_eq!((count(&home, "passages"), count(&home, "windowed")), (3, 2));
    // What differs lies behind the end of what the model reads at once.
    for (question, first, second) in [
        ("wild animals of Africa", "zebras.txt", "banks.txt"),
        ("monetary policy", "banks.txt", "zebras.txt"),
    ] {
        let found = home.run(&["kb", "search", "docs", question, "--mode", "semantic", "-n", "3", "--json"]);
        let hits = found.objects()[0]["hits"].as_array().unwrap().clone();
        let rank = |name: &str| hits.iter().position(|hit| hit["uri"].as_str().unwrap().ends_with(name));
        assert!(rank(first) < rank(second), "{question}: {found:?}");
    }
    // What is said of a document and embedded with it takes its room too.
    let said = format!("{} of reports and their pages", "a long account ".repeat(90));
    let told = json!({"type": "STRING", "stringValue": said});
    let metadata = json!({"metadataAttributes": {"about": {"value": told, "includeForEmbedding": true}}});
    write(&home, "short.txt.metadata.json", &metadata.to_string());
    good(&home.run(&["kb", "sync", "docs"]));
    assert_eq!((count(&home, "passages"), count(&home, "windowed")), (1, 1), "one that is short by itself");
}
