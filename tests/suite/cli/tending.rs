//! Sources that are looked through by themselves: at times, and when files change, while `kb watch` stays.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout};
use std::time::Duration;

use serde_json::Value;

use super::home::Home;
use super::knowledge::{count, create, embedding, good, home, last, write};

/// `kb watch --json`, and what it says.
struct Watch {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    fn start(home: &Home) -> Self {
        let mut child = home.start(&["kb", "watch", "docs", "--json"]);
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    /// The next that is said of such a step.
    fn until(&mut self, step: &str) -> Value {
        let mut before = Vec::new();
        for line in self.said.by_ref() {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let tended = line["change"]["tended"].clone();
            if tended["step"] == step {
                return tended;
            }
            before.push(line);
        }
        panic!("it ended after {before:?}");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_change_are_synced_while_somebody_watches() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha.\n");
        write(&home, ".gitignore", "drop/\n");
        let made =
            home.run(&["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters", "--watch"]);
        assert!(good(&made).contains("when its files change"), "{made:?}");
        // What changed while nobody watched is made up for.
        write(&home, "b.md", "Beta.\n");
        let mut watch = Watch::start(&home);
        assert_eq!(watch.until("began")["cause"], "files");
        assert_eq!(watch.until("ended")["sync"]["statistics"]["new"], 1);
        let waits = watch.until("waits");
        assert_eq!(waits["watched"]["by"], "events", "{waits}");

        // As editors save: a file beside it takes its place. Nothing ignored begins a sync.
        write(&home, "drop/x.md", "Ignored.\n");
        write(&home, "a.md~", "Alpha is another.\n");
        fs::rename(home.beside().join("docs/a.md~"), home.beside().join("docs/a.md")).unwrap();
        assert_eq!(watch.until("began")["cause"], "files");
        let ended = watch.until("ended");
        assert_eq!(ended["sync"]["statistics"]["modified"], 1, "{ended}");
        assert_eq!(ended["sync"]["statistics"]["scanned"], 2, "{ended}");
        write(&home, "deeper/c.md", "Gamma.\n");
        assert_eq!(watch.until("ended")["sync"]["statistics"]["new"], 1);
        // A person's own sync is not got in the way of, and asks the process that watches.
        good(&home.run(&["kb", "sync", "docs"]));
        good(&home.run(&["kb", "search", "docs", "gamma", "--mode", "keyword"]));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_was_missed_is_made_up_for_once() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha.\n");
        good(&create(&home));
        let nothing = home.run(&["kb", "watch", "docs"]);
        assert!(
            nothing.code == Some(2) && nothing.stderr.contains("no source has a schedule"),
            "{nothing:?}"
        );
        let bad = home.run(&["kb", "change-source", "docs", "docs", "--schedule", "soon"]);
        assert!(bad.code == Some(2) && bad.stderr.contains("'0 6 * * *'"), "{bad:?}");
        // Years apart, so that no time comes while this runs.
        let set = home.run(&["kb", "change-source", "docs", "docs", "--schedule", "0 0 29 2 *"]);
        assert!(
            good(&set).contains("at 0 0 29 2 *; next 20") && set.stdout.contains("-02-29 00:00 ("),
            "{set:?}"
        );
        let synced = last(&home)["began"].clone();
        let mut watch = Watch::start(&home);
        let waits = watch.until("waits");
        assert!(waits["next"].as_i64().unwrap() > synced.as_i64().unwrap(), "{waits}");
        drop(watch);
        assert_eq!(last(&home)["began"], synced, "no time has come");

        // As if it had been set long ago, and its times gone by.
        good(&home.run(&["kb", "change-source", "docs", "docs", "--schedule", "* * * * *"]));
        backdate(&home);
        let mut watch = Watch::start(&home);
        assert_eq!(watch.until("began")["cause"], "missed");
        let ended = watch.until("ended");
        assert_eq!(ended["sync"]["state"], "COMPLETE", "{ended}");
        let waits = watch.until("waits");
        assert!(waits["next"].as_i64().unwrap() > ended["sync"]["began"].as_i64().unwrap(), "{waits}");
        drop(watch);
        assert_eq!(count(&home, "unchanged"), 1);
        let none = home.run(&["kb", "change-source", "docs", "docs", "--schedule", "none"]);
        assert!(!good(&none).contains("next"), "{none:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn other_files_that_are_chosen_of_a_source_are_watched_and_synced_from_then_on() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        for (name, text) in [("a.md", "Alpha.\n"), ("b.txt", "Beta.\n"), ("drop.md", "Delta.\n")] {
            write(&home, name, text);
        }
        write(&home, ".gitignore", "drop.md\n");
        good(&create(&home));
        assert_eq!(count(&home, "new"), 2);
        let change = |more: &[&str]| home.run(&[&["kb", "change-source", "docs", "docs"], more].concat());
        let bad = change(&["--include", "{a", "--watch", "true"]);
        assert!(bad.code == Some(2) && bad.stderr.contains(".gitignore"), "{bad:?}");
        assert_eq!(change(&[]).code, Some(2), "nothing is to be changed");
        let set = change(&["--watch", "true"]);
        assert!(good(&set).contains("when its files change") && !set.stdout.contains("only"), "{set:?}");
        let mut watch = Watch::start(&home);
        watch.until("waits");
        let set = change(&["--exclude", "*.txt", "--exclude", "my drafts/**", "--ignored", "true"]);
        assert!(good(&set).contains("without *.txt my\\ drafts/**"), "{set:?}");
        assert_eq!(watch.until("began")["cause"], "files");
        let ended = watch.until("ended");
        let counts = &ended["sync"]["statistics"];
        assert_eq!((&counts["new"], &counts["deleted"]), (&1.into(), &1.into()), "{ended}");
        drop(watch);
        assert_eq!(last(&home)["started"], "change");
        let set = change(&["--exclude", "none", "--ignored", "false", "--watch", "false"]);
        assert!(!good(&set).contains("without"), "{set:?}");
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "new"), count(&home, "deleted")), (1, 1));
        good(&home.run(&["kb", "add-source", "docs", "docs", "--include", "*.md", "--later"]));
        let same = change(&["--include", "*.md"]);
        assert!(same.code == Some(2) && same.stderr.contains("is its source"), "{same:?}");
    });
}

/// Sets the schedule's beginning back by a day, as nobody but the clock can.
fn backdate(home: &Home) {
    use outcrop::domain::knowledge::base::Base;
    use outcrop::store::{Batch, Scan, Store, Unlock};
    let owner = crate::store::own(&home.config().paths.workspace());
    let (store, _) = Store::open(&owner, &Unlock::default()).unwrap();
    let (id, mut base) = store.scan::<Base>(Scan::all()).next().unwrap().unwrap();
    base.sources[0].schedule.as_mut().unwrap().since.0 -= 24 * 3600 * 1000;
    let mut batch = Batch::new();
    batch.put(&id, &base).unwrap();
    store.commit(batch).unwrap();
}
