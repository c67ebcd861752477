//! `outcrop kb export` and `import`: a base as one file, which finds the same elsewhere; files that are cut off, changed or hostile.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::{Value, json};

use super::home::{Home, on_both};
use super::knowledge::{embedding, folders, good, home, is_shelf, write};
use crate::index::postgres::postgres;

fn fill(home: &Home, store: &str) {
    for n in 0..6 {
        let lines: Vec<String> =
            (0..12).map(|line| format!("Line {line} of file {n} says something.")).collect();
        write(home, &format!("{n:02}.md"), &format!("# File {n}\n\n{}", lines.join("\n\n")));
    }
    write(home, "bio.md", "Alpha says one thing.\n");
    // What is said of it is embedded with it.
    let said = json!({"metadataAttributes": {"year": 2021, "firm":
        {"value": {"type": "STRING", "stringValue": "Bio"}, "includeForEmbedding": true}}});
    write(home, "bio.md.metadata.json", &said.to_string());
    write(home, "empty.txt", " \n");
    let arguments = ["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters", "--store", store];
    let cut = ["--chunking", "hierarchical:60:20:3", "--schedule", "0 6 * * *", "--watch"];
    good(&home.run(&[&arguments[..], &cut].concat()));
}

/// What some questions find in a base, by vectors, by words and by both; of the hits all but the base's own.
fn found(home: &Home, base: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for mode in ["semantic", "keyword", "hybrid"] {
        for question in ["Line 3 of file 4", "says something", "alpha of bio"] {
            let said = home.run(&["kb", "search", base, question, "--mode", mode, "-n", "30", "--json"]);
            good(&said);
            let reply = said.objects().remove(0);
            all.push(json!([reply["hits"], reply["compared"], reply["matched"]]));
        }
    }
    let filter = json!({"equals": {"key": "year", "value": 2021}}).to_string();
    let said = home.run(&["kb", "search", base, "thing", "--filter", &filter, "--json"]);
    assert!(good(&said).contains("bio.md"), "{said:?}");
    all
}

fn base(home: &Home, name: &str) -> Value {
    let said = home.run(&["kb", "show", name, "--json"]);
    good(&said);
    said.objects()[0]["base"].clone()
}

fn shelves(home: &Home) -> usize {
    folders(home.path().as_path()).iter().filter(|path| is_shelf(path)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_is_exported_and_imported_finds_the_same_here_and_elsewhere() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let [(), ()] = on_both(
            || home(&server),
            |home| {
                fill(home, "embedded");
                let before = found(home, "docs");
                let said = home.run(&["kb", "export", "docs", "with.jsonl", "--vectors"]);
                assert!(good(&said).starts_with("docs: 7 documents, "), "{said:?}");
                good(&home.run(&["kb", "export", "docs", "bare.jsonl"]));
                let (with, bare) = (home.beside().join("with.jsonl"), home.beside().join("bare.jsonl"));
                let text = fs::read_to_string(&bare).unwrap();
                assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
                // Only what was embedded with more than its text has its vector in any case.
                assert_eq!(text.matches("\"vector\":").count(), 1, "{text}");
                assert!(fs::metadata(&with).unwrap().len() > fs::metadata(&bare).unwrap().len());
                let mode = fs::metadata(&with).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600);

                // Nothing takes the place of what is there.
                let again = home.run(&["kb", "export", "docs", "with.jsonl"]);
                assert!(
                    again.code == Some(2) && again.stderr.contains("there is a file already"),
                    "{again:?}"
                );
                let twice = home.run(&["kb", "import", "with.jsonl"]);
                assert!(twice.code == Some(2) && twice.stderr.contains("one of that name"), "{twice:?}");
                assert_eq!((found(home, "docs"), shelves(home)), (before.clone(), 1));

                let asked = server.seen().len();
                let said = home.run(&["kb", "import", "with.jsonl", "--name", "copy"]);
                assert!(good(&said).contains("embedded by emb/letters"), "{said:?}");
                assert!(said.stderr.contains("nothing of them is read before"), "{said:?}");
                assert_eq!(server.seen().len(), asked, "its vectors came with it");
                assert_eq!(found(home, "copy"), before);
                // Its source is a setting that nothing runs by itself; synced by hand, all is as it was.
                let (own, copy) = (base(home, "docs"), base(home, "copy"));
                assert_eq!(own["holds"], copy["holds"]);
                assert_ne!(own["sources"][0]["id"], copy["sources"][0]["id"]);
                assert_eq!(own["sources"][0]["origin"], copy["sources"][0]["origin"]);
                assert_eq!(
                    (&copy["sources"][0]["watch"], &copy["sources"][0]["schedule"]),
                    (&json!(false), &Value::Null)
                );
                good(&home.run(&["kb", "sync", "copy"]));
                let last = base(home, "copy")["sources"][0]["last"]["statistics"].clone();
                assert_eq!(
                    (&last["unchanged"], &last["new"], &last["deleted"]),
                    (&json!(7), &json!(0), &json!(0)),
                    "{last}"
                );

                // Elsewhere, where the texts are embedded again.
                let other = super::knowledge::home(&server);
                let said = other.run(&["kb", "import", bare.to_str().unwrap()]);
                good(&said);
                assert_eq!(found(&other, "docs"), before);
                assert_eq!(other.run(&["kb", "documents", "docs"]).stdout.lines().count(), 1 + 8);
            },
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_of_another_store_is_exported_as_one_of_this_workspace_is() {
    let Some(database) = postgres() else { return };
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server).variable("OUTCROP_POSTGRES_URL", &database.url());
        fill(&home, "pgvector");
        good(&home.run(&["kb", "export", "docs", "docs.jsonl", "--vectors"]));
        good(&home.run(&["kb", "import", "docs.jsonl", "--name", "here"]));
        assert_eq!(
            (&base(&home, "docs")["store"], &base(&home, "here")["store"]),
            (&json!("pgvector"), &json!("embedded"))
        );
        // Scores are rounded otherwise in each store; as many are compared and matched.
        let counts = |all: Vec<Value>| -> Vec<Value> {
            all.iter().map(|one| json!([one[0].as_array().map(Vec::len), one[1], one[2]])).collect()
        };
        let before = counts(found(&home, "docs"));
        assert_eq!(counts(found(&home, "here")), before);
        good(&home.run(&["kb", "move", "here", "--to", "pgvector"]));
        assert_eq!(counts(found(&home, "here")), before);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_off_or_was_changed_is_refused_with_its_line_and_nothing_stays() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        fill(&home, "embedded");
        good(&home.run(&["kb", "export", "docs", "whole.jsonl", "--vectors"]));
        let whole = fs::read(home.beside().join("whole.jsonl")).unwrap();
        let lines = String::from_utf8(whole.clone()).unwrap().lines().count();
        let refused = |bytes: &[u8], line: Option<usize>| {
            fs::write(home.beside().join("bad.jsonl"), bytes).unwrap();
            let said = home.run(&["kb", "import", "bad.jsonl", "--name", "bad"]);
            assert_eq!(said.code, Some(2), "{said:?}");
            if let Some(line) = line {
                assert!(said.stderr.contains(&format!("line {line}")), "{line}: {said:?}");
            }
            assert!(said.stderr.contains("Nothing was imported"), "{said:?}");
            assert_eq!(shelves(&home), 1, "nothing of it stays");
        };
        // Cut off at the end of a line, and within one.
        let end_of = |line: usize| {
            let ends = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            ends.map(|(at, _)| at + 1).nth(line - 1).unwrap()
        };
        refused(b"", None);
        refused(&whole[..end_of(1)], Some(1));
        refused(&whole[..end_of(lines - 1)], Some(lines - 1));
        refused(&whole[..end_of(lines - 1) + 9], Some(lines));
        refused(&whole[..end_of(5) - 20], Some(5));
        // One byte of a line, wherever it is.
        for line in [2, 3, lines / 2, lines - 1] {
            let mut bytes = whole.clone();
            bytes[end_of(line) - 60] ^= 1;
            refused(&bytes, Some(line));
        }
        // Two lines in each other's place, and one more.
        let text = String::from_utf8(whole.clone()).unwrap();
        let mut all: Vec<&str> = text.lines().collect();
        all.swap(2, 3);
        refused(all.join("\n").as_bytes(), Some(3));
        refused(format!("{text}{{}}\n").as_bytes(), Some(lines + 1));
        refused(b"{\"query\": \"q\"}\n", Some(1));
        // What is no file is no export.
        for path in [".", "/dev/null", "nowhere.jsonl"] {
            assert_eq!(home.run(&["kb", "import", path, "--name", "bad"]).code, Some(2), "{path}");
        }
        assert_eq!(home.run(&["kb", "list"]).stdout.lines().count(), 1);
    });
}

#[expect(clippy::disallowed_methods, reason = "it is killed at a time, wherever it is then")]
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_leaves_nothing_and_can_be_done_again() {
    let server = embedding(Duration::from_millis(40)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        for n in 0..400 {
            write(&home, &format!("{n:03}.md"), &format!("This is file {n}, which says something.\n"));
        }
        good(&home.run(&["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters"]));
        good(&home.run(&["kb", "export", "docs", "bare.jsonl"]));
        let file = home.beside().join("bare.jsonl");
        let other = super::knowledge::home(&server);
        for wait in [60, 150, 300, 450] {
            let mut child = other.start(&["kb", "import", file.to_str().unwrap()]);
            std::thread::sleep(Duration::from_millis(wait));
            child.kill().unwrap();
            child.wait().unwrap();
            let listed = other.run(&["kb", "list"]);
            if !good(&listed).is_empty() {
                // It was done before it was killed.
                assert_eq!(base(&other, "docs")["holds"]["documents"], 400);
                good(&other.run(&["kb", "remove", "docs", "--yes"]));
            }
            assert_eq!(shelves(&other), 0, "after {wait} ms");
        }
        good(&other.run(&["kb", "import", file.to_str().unwrap()]));
        assert_eq!(base(&other, "docs")["holds"], base(&home, "docs")["holds"]);
        let documents = other.run(&["kb", "documents", "docs", "--json"]);
        assert_eq!(documents.objects().len(), 400);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_says_drives_no_terminal() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "evil.md", "\u{1b}]0;pwned\u{7} says something.\n");
        good(&home.run(&["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters"]));
        good(&home.run(&["kb", "export", "docs", "evil.jsonl"]));
        good(&home.run(&["kb", "import", "evil.jsonl", "--name", "copy"]));
        for command in [
            &["kb", "search", "copy", "says", "--mode", "keyword"][..],
            &["kb", "chunks", "copy", "evil.md"],
            &["kb", "show", "copy"],
            &["kb", "list"],
        ] {
            let said = home.run(command);
            assert!(!said.stdout.contains('\u{1b}') && !said.stderr.contains('\u{1b}'), "{said:?}");
        }
        let named = home.run(&["kb", "import", "evil.jsonl", "--name", "a\u{1b}b"]);
        assert!(named.code == Some(2) && named.stderr.contains("control character"), "{named:?}");
    });
}
