//! `outcrop kb preview`: the passages that a file would become, with nothing indexed and nothing kept.

use std::time::Duration;

use serde_json::json;

use super::home::on_both;
use super::knowledge::{embedding, folders, good, home, is_shelf, write};

const SUN: &str =
    "# Sky\n\nSun is up. Moon is up. Star is up. Dawn is on. Dusk is on.\n\n## Land\n\nHill is up.\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_shows_what_it_would_become_and_nothing_is_embedded_or_kept() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let [(), ()] = on_both(
            || home(&server),
            |home| {
                write(home, "sky.md", SUN);
                let arguments = ["kb", "preview", "docs/sky.md", "--embedder", "emb/letters", "--chunking"];
                let said = home.run(&[&arguments[..], &["fixed:12:50"]].concat());
                let shown = good(&said);
                assert!(shown.starts_with("── 1  ") && shown.contains("Sky"), "{said:?}");
                assert!(shown.contains("of them in the one before too"), "{said:?}");
                assert!(shown.contains("/sky.md  ") && shown.contains(", about "), "{said:?}");
                assert!(shown.contains("  fixed:12:50: ") && shown.contains(" passages · "), "{said:?}");

                let json = home.run(&[&arguments[..], &["fixed:12:50", "--json"]].concat());
                good(&json);
                let objects = json.objects();
                let (head, pieces) = objects.split_first().unwrap();
                let way = &head["preview"]["ways"][0];
                assert_eq!((&head["reply"], &head["preview"]["exact"]), (&json!("preview"), &json!(false)));
                assert_eq!(way["passages"], pieces.len());
                let tokens = |of: &str| -> u64 {
                    pieces.iter().map(|piece| piece.pointer(of).unwrap().as_u64().unwrap()).sum()
                };
                assert_eq!(
                    (&way["tokens"], &way["overlap"]),
                    (&tokens("/passage/tokens").into(), &tokens("/overlap").into())
                );
                assert!(pieces.len() > 2 && tokens("/overlap") > 0, "{json:?}");
                for pair in pieces.windows(2) {
                    let end = pair[0]["passage"]["range"]["end"].as_u64().unwrap();
                    let start = pair[1]["passage"]["range"]["start"].as_u64().unwrap();
                    assert_eq!(end > start, pair[1]["overlap"] != 0, "{pair:?}");
                }
                assert!(pieces.iter().all(|piece| piece["chunking"] == "fixed:12:50"));
                assert!(pieces[0]["passage"]["text"].as_str().unwrap().contains("Sky"), "{json:?}");

                // Only the first ones, by two ways, and what is said at the end is of all.
                let two =
                    home.run(&[&arguments[..], &["none", "--chunking", "fixed:12:50", "-n", "1"]].concat());
                assert!(good(&two).contains("══ none") && two.stdout.contains("══ fixed:12:50"), "{two:?}");
                assert_eq!(two.stdout.matches("── ").count(), 2, "{two:?}");
                assert!(two.stdout.contains(&format!("fixed:12:50: {} passages", pieces.len())), "{two:?}");
                assert!(two.stdout.contains("none: 1 passage · "), "{two:?}");

                assert_eq!(home.run(&["kb", "list"]).stdout, "");
                assert!(!folders(home.path().as_path()).iter().any(|path| is_shelf(path)));
            },
        );
        assert_eq!(server.seen().len(), 0, "nothing is embedded");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_by_a_base_is_what_a_sync_makes() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "sky.md", SUN);
        let arguments = ["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters", "--chunking"];
        good(&home.run(&[&arguments[..], &["hierarchical:30:12:4"]].concat()));
        let before = server.seen().len();
        let shown = home.run(&["kb", "preview", "docs/sky.md", "--base", "docs", "--json"]).objects();
        let made = home.run(&["kb", "chunks", "docs", "sky.md", "--json"]).objects();
        assert_eq!(server.seen().len(), before);
        let of = |objects: &[serde_json::Value]| -> Vec<serde_json::Value> {
            let passages = objects.iter().map(|object| &object["passage"]);
            passages
                .map(|passage| {
                    json!([passage["text"], passage["range"], passage["parent"], passage["tokens"]])
                })
                .collect()
        };
        assert_eq!(of(&shown[1..]), of(&made));
        // Cut by sense, the sentences' vectors are wanted, and are kept nowhere.
        let by_sense = ["kb", "preview", "docs/sky.md", "--base", "docs", "--chunking", "semantic:30:0:60"];
        good(&home.run(&by_sense));
        assert!(server.seen().len() > before);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_cut_says_why() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "broken.docx", "PK\u{3}\u{4} is no archive");
        write(&home, "empty.txt", " \n");
        write(&home, "picture.xyz", "?");
        write(&home, "evil.md", "\u{1b}]0;pwned\u{7} is a title.\n");
        for (file, why) in [
            ("docs/broken.docx", "broken.docx"),
            ("docs/empty.txt", "it is empty"),
            ("docs/picture.xyz", "files of this kind are not read"),
            ("docs/none.md", "none.md"),
            ("docs", "it is a folder"),
        ] {
            let said = home.run(&["kb", "preview", file, "--embedder", "emb/letters"]);
            assert!(said.code == Some(2) && said.stderr.contains(why), "{file}: {said:?}");
        }
        let said = home.run(&["kb", "preview", "docs/evil.md", "--embedder", "emb/letters"]);
        assert!(!good(&said).contains('\u{1b}'), "{said:?}");
        let wrong =
            home.run(&["kb", "preview", "docs/evil.md", "--embedder", "emb/letters", "--chunking", "x"]);
        assert!(wrong.code == Some(2) && wrong.stderr.contains("is no way"), "{wrong:?}");
        let five = ["--chunking", "none"].repeat(5);
        let many =
            home.run(&[&["kb", "preview", "docs/evil.md", "--embedder", "emb/letters"][..], &five].concat());
        assert!(many.code == Some(2) && many.stderr.contains("Name 1 to 4"), "{many:?}");
    });
}
