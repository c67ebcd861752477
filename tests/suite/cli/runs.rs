//! The syncs that a base remembers: `kb status --runs` and `--run`, also after a kill and by a process that watches.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use super::home::Home;
use super::knowledge::{create, embedding, good, home, last, write};

/// The syncs of the base, the newest first.
fn runs(home: &Home) -> Vec<Value> {
    let said = home.run(&["kb", "status", "docs", "--runs", "--json"]);
    good(&said);
    said.objects().into_iter().map(|object| object["run"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sync_is_remembered_with_its_counts_and_the_files_that_failed() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha.\n");
        good(&create(&home));
        write(&home, "broken.docx", "PK\u{3}\u{4} is no archive");
        assert_eq!(home.run(&["kb", "sync", "docs"]).code, Some(1));
        fs::remove_file(home.beside().join("docs/broken.docx")).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));

        let all = runs(&home);
        let counts = |what: &str| -> Vec<u64> {
            all.iter().map(|run| run["statistics"][what].as_u64().unwrap()).collect()
        };
        assert_eq!(
            (counts("new"), counts("failed"), counts("unchanged")),
            (vec![0, 0, 1], vec![0, 1, 0], vec![1, 1, 0])
        );
        assert!(all.iter().all(|run| run["state"] == "COMPLETE" && run["started"] == "hand"), "{all:?}");
        assert_eq!(all[0]["id"], last(&home)["id"]);

        let listed = home.run(&["kb", "status", "docs", "--runs"]);
        assert_eq!(good(&listed).matches("COMPLETE").count(), 3, "{listed:?}");
        assert!(listed.stdout.contains("by hand") && listed.stdout.contains("1 failed"), "{listed:?}");
        let id = all[1]["id"].as_str().unwrap().replace('-', "");
        let one = home.run(&["kb", "status", "docs", "--run", &id[24..]]);
        assert!(good(&one).contains("✗") && one.stdout.contains("broken.docx"), "{one:?}");
        let none = home.run(&["kb", "status", "docs", "--run", "ffffffff"]);
        assert!(none.code == Some(2) && none.stderr.contains("--runs"), "{none:?}");

        // A source takes its syncs with it.
        good(&home.run(&["kb", "remove-source", "docs", "docs", "--yes"]));
        assert_eq!(runs(&home), Vec::<Value>::new());
    });
}

#[expect(clippy::disallowed_methods, reason = "another process syncs until it is killed")]
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_a_kill_ended_stands_as_stopped_and_the_next_one_says_that_it_goes_on_from_there() {
    let server = embedding(Duration::from_millis(40)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        for n in 0..40 {
            write(&home, &format!("{n:02}.md"), &format!("File {n} says something.\n"));
        }
        good(&home.run(&["kb", "create", "docs", "--embedder", "emb/letters"]));
        good(&home.run(&["kb", "add-source", "docs", "docs", "--later"]));
        assert_eq!(runs(&home), Vec::<Value>::new(), "nothing was synced");
        let asked = server.seen().len();
        let mut child = home.start(&["kb", "sync", "docs"]);
        while server.seen().len() < asked + 2 {
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let killed = runs(&home);
        assert_eq!(killed.len(), 1, "{killed:?}");
        assert_eq!(
            (&killed[0]["state"], &killed[0]["why"]),
            (&"STOPPED".into(), &"the program ended".into())
        );
        good(&home.run(&["kb", "sync", "docs"]));
        let all = runs(&home);
        assert_eq!((&all[0]["state"], &all[0]["resumes"]), (&"COMPLETE".into(), &killed[0]["id"]));
        assert_eq!((all.len(), &all[1]), (2, &killed[0]), "what it was stays so");
    });
}
