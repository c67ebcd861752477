//! Knowledge bases on the command line: filled, kept in step with their files, searched, asked, killed in the middle.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::home::{Home, SCRIPTED, Said, on_both};
use super::syncs::with_encoder;
use super::traces::runs;
use crate::loopback::{Part, Seen, Server, whole};

/// Letters that a vector of the server counts.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";

/// Embeds each text as how often it has each letter, so that texts with the same words are near.
pub async fn embedding(slow: Duration) -> Server {
    refusing(slow, |_| None).await
}

/// The same, which answers with this status where `refuses` says so of all that it is sent.
#[expect(clippy::disallowed_methods, reason = "a slow server is one that takes a while")]
pub async fn refusing(
    slow: Duration,
    refuses: impl Fn(&str) -> Option<u16> + Send + Sync + 'static,
) -> Server {
    Server::start(move |_, seen| {
        std::thread::sleep(slow);
        if let Some(status) = refuses(&String::from_utf8_lossy(&seen.body)) {
            let why = json!({"error": {"message": "no"}});
            return whole(status, &[("content-type", "application/json")], why.to_string());
        }
        embedded(seen)
    })
    .await
}

/// The answer with a vector of each text.
pub fn embedded(seen: &Seen) -> Vec<Part> {
    let asked: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    let vector = |(index, text): (usize, &Value)| {
        let text = text.as_str().unwrap_or_default().to_lowercase();
        let counts = LETTERS.chars().map(|letter| text.matches(letter).count() as f32 + 0.01);
        json!({"index": index, "embedding": counts.collect::<Vec<_>>()})
    };
    let texts = asked["input"].as_array().cloned().unwrap_or_default();
    let data: Vec<_> = texts.iter().enumerate().map(vector).collect();
    let answer = json!({"data": data, "usage": {"prompt_tokens": texts.len()}});
    whole(200, &[("content-type", "application/json")], answer.to_string())
}

/// A home whose embedder is that server.
pub fn home(server: &Server) -> Home {
    home_with(server, "")
}

/// The same, where that model calls tools.
pub fn home_of_tools(server: &Server, model: &str) -> Home {
    home_with(server, &format!("[models.\"{model}\"]\ncan = ['tools']\n"))
}

fn home_with(server: &Server, more: &str) -> Home {
    let url = server.url("/v1");
    let home = Home::with(&format!("{SCRIPTED}[providers.emb]\nkind = 'openai'\nbase_url = '{url}'\n{more}"));
    fs::create_dir(home.beside().join("docs")).unwrap();
    home
}

pub fn write(home: &Home, name: &str, text: &str) {
    let path = home.beside().join("docs").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub fn create(home: &Home) -> Said {
    home.run(&["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters"])
}

pub fn good(said: &Said) -> &str {
    assert_eq!(said.code, Some(0), "{said:?}");
    &said.stdout
}

/// The last sync of the base's one source.
pub fn last(home: &Home) -> Value {
    let said = home.run(&["kb", "status", "docs", "--json"]);
    good(&said);
    said.objects()[0]["base"]["sources"][0]["last"].clone()
}

pub fn count(home: &Home, what: &str) -> u64 {
    last(home)["statistics"][what].as_u64().unwrap()
}

/// What the base has, by its documents' names, with every passage's text in order.
fn contents(home: &Home) -> Vec<(String, Vec<String>)> {
    let said = home.run(&["kb", "documents", "docs", "--json"]);
    let documents = said.objects();
    let of = |document: &Value| {
        let uri = document["document"]["uri"].as_str().unwrap().to_owned();
        let said = home.run(&["kb", "chunks", "docs", &uri, "--json"]);
        good(&said);
        let passages = said.objects();
        let text = |passage: &Value| passage["passage"]["text"].as_str().expect(&said.stdout).to_owned();
        (uri.rsplit('/').next().unwrap().to_owned(), passages.iter().map(text).collect())
    };
    documents.iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_folder_to_a_cited_answer_it_takes_two_commands() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let [(), ()] = on_both(
            || home(&server),
            |home| {
                write(
                    home,
                    "rivers.md",
                    "# Rivers\n\nRivers bend because the outer bank is cut.\n\n## Lakes\n\nLakes are still.\n",
                );
                write(home, "zoo.txt", "Zebras jump over a fuzzy quilt.\n");
                let made = create(home);
                assert!(good(&made).starts_with("docs: 2 documents, 2 passages, "), "{made:?}");
                assert!(
                    made.stdout.contains("COMPLETE") && made.stdout.contains("2 scanned · 2 new"),
                    "{made:?}"
                );

                // The scripted voice says what it was told, the numbers of the passages among it.
                let asked = home.run(&["kb", "ask", "docs", "why do rivers bend", "-n", "1", "--json"]);
                let replies = asked.objects();
                assert_eq!(replies[0]["reply"], "retrieved", "{asked:?}");
                assert!(
                    replies[0]["prompt"]
                        .as_str()
                        .unwrap()
                        .contains("<result number=\"[1]\" from=\"rivers.md, Rivers"),
                    "{asked:?}"
                );
                assert_eq!(replies[0]["hits"][0]["standing"]["keyword"]["rank"], 1);
                let cited = replies.last().unwrap();
                assert_eq!(
                    (&cited["reply"], &cited["citations"][0]["hits"]),
                    (&json!("cited"), &json!([1])),
                    "{cited}"
                );
                let asked = home.run(&["kb", "ask", "docs", "why do rivers bend", "-n", "2"]);
                assert!(
                    asked.stdout.contains("\ncited\n[1] /") && asked.stdout.contains("/rivers.md, Rivers"),
                    "{asked:?}"
                );

                let found = home.run(&["kb", "search", "docs", "zebras", "--mode", "keyword"]);
                assert!(
                    good(&found).starts_with("── 1  /") && found.stdout.contains("/zoo.txt"),
                    "{found:?}"
                );
                let none = home.run(&["kb", "search", "docs", "xylophone", "--mode", "keyword"]);
                assert_eq!((none.code, none.stdout.as_str()), (Some(1), ""), "{none:?}");
                let none = home.run(&["kb", "ask", "docs", "xylophone", "--mode", "keyword"]);
                assert_eq!(none.code, Some(1));
                assert!(none.stdout.contains("does not tell"), "{none:?}");
                let far = ["kb", "ask", "docs", "rivers", "--mode", "semantic", "--threshold", "0.9999"];
                let far = home.run(&far);
                assert_eq!(far.code, Some(1));
                let below = far
                    .stdout
                    .split_once("\nfound with a cosine below 0.9999, not given to the model\n    /");
                let below = below.unwrap_or_else(|| panic!("{far:?}")).1;
                assert!(below.contains("/rivers.md, Rivers") && below.contains("vector 1 (0."), "{far:?}");
                let beyond = home.run(&["kb", "ask", "docs", "rivers", "--threshold", "3"]);
                assert_eq!((beyond.code, beyond.stdout.as_str()), (Some(2), ""), "{beyond:?}");
                assert!(beyond.stderr.contains("3 is no cosine"), "{beyond:?}");
            },
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_does_what_changed_and_nothing_else() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let [(), ()] = on_both(
            || home(&server),
            |home| {
                write(home, "a.md", "Alpha says one thing.\n");
                write(home, "b.md", "Beta says another.\n");
                write(home, "c.bin", "\u{0}\u{1}");
                good(&create(home));
                assert_eq!((count(home, "new"), count(home, "skipped")), (2, 1));
                let embedded = server.seen().len();

                good(&home.run(&["kb", "sync", "docs"]));
                assert_eq!(
                    (count(home, "unchanged"), server.seen().len()),
                    (2, embedded),
                    "nothing is embedded"
                );

                write(home, "deeper/moved.md", "Alpha says one thing.\n");
                fs::remove_file(home.beside().join("docs/a.md")).unwrap();
                good(&home.run(&["kb", "sync", "docs"]));
                assert_eq!((count(home, "moved"), count(home, "deleted")), (1, 0));
                assert_eq!(server.seen().len(), embedded, "a file that was moved is not embedded again");
                let found = home.run(&["kb", "search", "docs", "alpha", "--mode", "keyword"]);
                assert!(
                    good(&found).starts_with("── 1  /") && found.stdout.contains("deeper/moved.md"),
                    "{found:?}"
                );
                let filter =
                    json!({"stringContains": {"key": "x-amz-bedrock-kb-source-uri", "value": "deeper"}});
                let filter = ["--filter", &filter.to_string()].map(str::to_owned);
                let found = home.run(&["kb", "search", "docs", "says", &filter[0], &filter[1], "--json"]);
                assert_eq!(found.objects()[0]["hits"].as_array().map(Vec::len), Some(1), "{found:?}");

                write(home, "b.md", "Beta says something else now.\n");
                fs::remove_file(home.beside().join("docs/deeper/moved.md")).unwrap();
                good(&home.run(&["kb", "sync", "docs"]));
                assert_eq!((count(home, "modified"), count(home, "deleted")), (1, 1));
                let expected = [("b.md".to_owned(), vec!["Beta says something else now.".to_owned()])];
                let contents: Vec<_> =
                    contents(home).into_iter().filter(|(name, _)| name != "c.bin").collect();
                assert_eq!(contents, expected);
                assert_eq!(home.run(&["kb", "search", "docs", "alpha", "--mode", "keyword"]).code, Some(1));

                // What is said of a document goes into filters without another word being embedded.
                let before = server.seen().len();
                write(home, "b.md.metadata.json", r#"{"metadataAttributes": {"year": 2022}}"#);
                good(&home.run(&["kb", "sync", "docs"]));
                assert_eq!((count(home, "metadata_modified"), server.seen().len()), (1, before));
                let of_year = |year: u32| {
                    let filter = json!({"equals": {"key": "year", "value": year}}).to_string();
                    home.run(&["kb", "search", "docs", "beta", "--mode", "keyword", "--filter", &filter]).code
                };
                assert_eq!((of_year(2022), of_year(2021)), (Some(0), Some(1)));
                let chunks = home.run(&["kb", "chunks", "docs", "b.md", "--json"]).objects();
                let id = chunks[0]["passage"]["id"].as_str().unwrap();
                let other = json!({"equals": {"key": "year", "value": 2021}}).to_string();
                let why = |mode: &str| {
                    let asked = ["kb", "search", "docs", "beta", "--filter", &other, "--expect", id];
                    home.run(&[&asked[..], &["--mode", mode]].concat()).stdout
                };
                assert!(why("hybrid").contains("  kept out by the filter"), "{}", why("hybrid"));
                let either = "  no word of the question, or kept out by the filter";
                assert!(why("keyword").contains(either), "{}", why("keyword"));
            },
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_costs_one_line_and_a_base_that_is_not_there_is_told() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "good.md", "Good.\n");
        write(&home, "broken.docx", "PK\u{3}\u{4} is no archive");
        write(&home, "empty.txt", " \n");
        write(&home, "bad.md", "Metadata is bad.\n");
        write(&home, "bad.md.metadata.json", "{");
        let made = create(&home);
        assert_eq!(made.code, Some(1), "{made:?}");
        assert_eq!((count(&home, "new"), count(&home, "failed"), count(&home, "skipped")), (2, 1, 1));
        assert!(made.stdout.contains("broken.docx") && !made.stdout.contains("empty.txt"), "{made:?}");
        let documents = home.run(&["kb", "documents", "docs"]);
        assert!(documents.stderr.contains("empty.txt: it is empty"), "{documents:?}");
        for state in ["FAILED", "INDEXED", "METADATA_UPDATE_FAILED", "IGNORED"] {
            assert!(documents.stdout.contains(state), "{state}: {documents:?}");
        }
        let missing = home.run(&["kb", "search", "dogs", "x"]);
        assert!(missing.code == Some(2) && missing.stderr.contains("outcrop kb list"), "{missing:?}");
        let twice = create(&home);
        assert!(twice.code == Some(2) && twice.stderr.contains("there is one of that name"), "{twice:?}");
        let chat = home.run(&["kb", "create", "talk", "--embedder", "scripted/echo"]);
        assert!(chat.code == Some(2) && chat.stderr.contains("scripted/echo"), "{chat:?}");
        let wrong = home.run(&["kb", "create", "cut", "--from", "docs", "--chunking", "fixed:0:20"]);
        assert!(wrong.code == Some(2) && wrong.stderr.contains("Give 1 to 8192"), "{wrong:?}");
        good(&home.run(&["kb", "remove", "docs", "--yes"]));
        assert_eq!(home.run(&["kb", "list"]).stdout, "");
        assert!(!folders(home.path().as_path()).iter().any(|path| is_shelf(path)));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_pdf_are_a_filter_and_a_document_that_is_one_passage_has_none() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        const PAGE: &str = "x-amz-bedrock-kb-document-page-number";
        let home = home(&server);
        let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/documents/pdf/report.pdf");
        fs::copy(report, home.beside().join("docs/report.pdf")).unwrap();
        good(&create(&home));
        let of_page = |base: &str, page: u32| {
            let filter = json!({"equals": {"key": PAGE, "value": page}}).to_string();
            let looked = [
                "kb", "search", base, "the", "--mode", "semantic", "-n", "100", "--filter", &filter, "--json",
            ];
            home.run(&looked).objects()[0]["hits"].as_array().unwrap().clone()
        };
        let third = of_page("docs", 3);
        assert!(!third.is_empty());
        for hit in third {
            assert_eq!(hit["passage"]["attributes"][PAGE], json!({"number": 3.0}), "{hit}");
        }
        assert_eq!(of_page("docs", 99), [] as [Value; 0]);

        let whole =
            ["kb", "create", "whole", "--from", "docs", "--embedder", "emb/letters", "--chunking", "none"];
        good(&home.run(&whole));
        let passages = home.run(&["kb", "chunks", "whole", "report.pdf", "--json"]).objects();
        assert_eq!(passages.len(), 1);
        let attributes = passages[0]["passage"]["attributes"].as_object().unwrap();
        assert!(!attributes.contains_key(PAGE), "{attributes:?}");
        assert_eq!(of_page("whole", 1), [] as [Value; 0]);
    });
}

/// All folders under a folder.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        found.extend(folders(&path));
        found.push(path);
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "it is killed at a time, wherever it is then")]
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_killed_anywhere_goes_on_without_a_double() {
    let server = embedding(Duration::from_millis(30)).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        for n in 0..40 {
            let lines: Vec<String> =
                (0..30).map(|line| format!("Line {line} of file {n} says something.")).collect();
            write(&home, &format!("{n:02}.md"), &lines.join("\n\n"));
        }
        let mut stopped = 0;
        // Before anything is embedded, and after so many requests and so many milliseconds: while one is answered, and its
        // passages written.
        for (asked, more) in
            [(0, 60), (0, 200), (1, 0), (1, 10), (2, 35), (3, 20), (2, 5), (4, 30), (3, 45), (1, 55)]
        {
            let _ = home.run(&["kb", "create", "docs", "--embedder", "emb/letters"]);
            let _ = home.run(&["kb", "add-source", "docs", "docs", "--later", "--chunking", "fixed:20:1"]);
            let before = server.seen().len();
            let mut child = home.start(&["kb", "sync", "docs"]);
            while server.seen().len() < before + asked && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(2));
            }
            std::thread::sleep(Duration::from_millis(more));
            child.kill().unwrap();
            child.wait().unwrap();
            let state = last(&home)["state"].clone();
            assert!(state == "STOPPED" || state == "COMPLETE" || state.is_null(), "{state}");
            stopped += usize::from(state == "STOPPED");
        }
        assert!(stopped >= 4, "only {stopped} of the kills were in the middle of one");
        good(&home.run(&["kb", "sync", "docs"]));
        let contents = contents(&home);
        assert_eq!(contents.len(), 40);
        for (name, passages) in &contents {
            let lines: Vec<&str> = passages.iter().flat_map(|text| text.lines()).collect();
            let n: u32 = name.trim_end_matches(".md").parse().unwrap();
            for line in 0..30 {
                assert!(
                    lines.contains(&&*format!("Line {line} of file {n} says something.")),
                    "{name} {line}"
                );
            }
        }
        let base = home.run(&["kb", "show", "docs", "--json"]).objects()[0]["base"].clone();
        let passages: usize = contents.iter().map(|(_, passages)| passages.len()).sum();
        assert_eq!(base["holds"]["passages"], passages);
        let found =
            home.run(&["kb", "search", "docs", "file 7 says", "--mode", "keyword", "-n", "100", "--json"]);
        let hits = found.objects()[0]["hits"].as_array().unwrap().clone();
        let mut ids: Vec<_> = hits.iter().map(|hit| hit["passage"]["id"].to_string()).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), all), (all, passages.min(100)), "each passage is found once");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_lost_is_made_again_and_hierarchical_hits_give_their_parents() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        let sentences: Vec<String> =
            (0..40).map(|n| format!("Sentence {n} tells of rivers and banks.")).collect();
        let text = sentences.join(" ");
        write(&home, "rivers.txt", &text);
        let arguments = ["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters", "--chunking"];
        good(&home.run(&[&arguments[..], &["hierarchical:120:20:2"]].concat()));
        let found = home.run(&["kb", "search", "docs", "Sentence 7", "-n", "20", "--json"]);
        let hits = found.objects()[0]["hits"].as_array().unwrap().clone();
        let texts: Vec<&str> = hits.iter().map(|hit| hit["passage"]["text"].as_str().unwrap()).collect();
        assert!(texts.iter().all(|text| text.matches("Sentence").count() > 3), "{texts:?}");
        let mut parents: Vec<String> = hits.iter().map(|hit| hit["passage"]["range"].to_string()).collect();
        let all = parents.len();
        parents.sort();
        parents.dedup();
        assert_eq!(parents.len(), all, "each is given once");
        assert!(texts.iter().any(|given| text.contains(given.trim())), "{texts:?}");
        // Whoever expects two of one large passage is told of both.
        let small = home.run(&["kb", "chunks", "docs", "rivers.txt", "--json"]).objects();
        let id = |at: usize| small[at]["passage"]["id"].as_str().unwrap().to_owned();
        assert_eq!(small[0]["passage"]["parent"], small[1]["passage"]["parent"]);
        let expect = ["--expect", &id(0), "--expect", &id(1), "-n", "1", "--json"].map(str::to_owned);
        let expect: Vec<&str> = expect.iter().map(String::as_str).collect();
        let told = home.run(&[&["kb", "search", "docs", "Sentence 7"], &expect[..]].concat()).objects();
        let told = told[0]["expected"].as_array().unwrap();
        let ids: Vec<&str> = told.iter().map(|one| one["passage"]["id"].as_str().unwrap()).collect();
        assert_eq!(ids, [id(0), id(1)]);

        let lost: Vec<_> = folders(home.path().as_path()).into_iter().filter(|path| is_shelf(path)).collect();
        assert_eq!(lost.len(), 1, "{lost:?}");
        fs::remove_dir_all(&lost[0]).unwrap();
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!(count(&home, "modified"), 1);
        assert_eq!(home.run(&["kb", "search", "docs", "Sentence 7", "--mode", "keyword"]).code, Some(0));
    });
}

pub fn is_shelf(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("kb-"))
}

#[tokio::test(flavor = "multi_thread")]
async fn retrieval_is_measured_by_questions_whose_documents_are_known() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "rivers.md", "Rivers bend because the outer bank is cut.\n");
        write(&home, "lakes.md", "Lakes are still.\n");
        write(&home, "zoo.txt", "Zebras jump over a fuzzy quilt.\n");
        good(&create(&home));
        let questions = "{\"query\": \"rivers\", \"relevant\": [\"rivers.md\"]}\n\
                         {\"query\": \"zebras\", \"relevant\": [{\"document\": \"docs/zoo.txt\", \"passage\": 1}]}\n\
                         {\"query\": \"zebras\", \"relevant\": [{\"text\": \"Lakes are still.\"}]}\n";
        fs::write(home.beside().join("q.jsonl"), questions).unwrap();
        let said = home.run(&["kb", "evaluate", "docs", "q.jsonl", "--mode", "keyword", "-k", "2", "--json"]);
        good(&said);
        let quality = &said.objects()[0]["quality"];
        let measured = &quality["settings"][0];
        assert_eq!((&quality["questions"], &measured["setting"]["mode"]), (&json!(3), &json!("keyword")));
        for figure in ["hit_rate", "recall", "mrr", "ndcg"] {
            let mean = measured[figure]["mean"].as_f64().unwrap();
            assert!((mean - 2.0 / 3.0).abs() < 1e-9, "{figure} {mean}");
        }
        // All of it is one run, which says what it is.
        let traces = runs(&home);
        let run = &traces[0];
        assert_eq!(
            [&run["name"], &run["asked"], &run["spans"], &run["errors"]],
            [
                &json!("measure docs"),
                &json!("3 questions by 1 setting, the first 2 hits of each"),
                &json!(4),
                &json!(0)
            ],
            "{run}"
        );
        assert!(traces.iter().all(|run| run["kind"] != "retrieval"), "{traces:?}");
        let said = home.run(&["kb", "evaluate", "docs", "q.jsonl"]);
        let head = good(&said).lines().next().unwrap().to_owned();
        assert!(
            head.contains("hit rate") && head.contains("recall@10") && head.contains("nDCG@10"),
            "{head}"
        );
        assert!(said.stdout.contains("hybrid") && said.stdout.contains("semantic"), "{said:?}");

        fs::write(home.beside().join("bad.jsonl"), "{\"query\": \"q\"}\n\nno\n").unwrap();
        let said = home.run(&["kb", "evaluate", "docs", "bad.jsonl"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(
            said.stderr.contains("line 1: it has no list") && said.stderr.contains("line 3: it is no JSON"),
            "{said:?}"
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_verb_has_replies_in_json() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "rivers.md", "Rivers bend because the outer bank is cut.\n");
        write(&home, "lakes.md", "Lakes are still.\n");
        let question = "{\"query\": \"rivers bend\", \"relevant\": [\"rivers.md\"]}\n";
        fs::write(home.beside().join("q.jsonl"), question).unwrap();
        for verb in [
            "create docs --embedder emb/letters",
            "add-source docs docs --later",
            "change-source docs docs --watch true",
            "sync docs",
            "list",
            "show docs",
            "status docs",
            "documents docs",
            "chunks docs rivers.md",
            "preview docs/rivers.md --base docs",
            "search docs bend",
            "ask docs bend",
            "evaluate docs q.jsonl",
            "answers docs --threshold -1",
            "rerank docs none",
            "rebuild docs --chunking none --yes",
            "export docs out.jsonl",
            "import out.jsonl --name again",
            "rename again other",
            "remove-source docs docs --yes",
            "remove docs other --yes",
        ] {
            let words: Vec<&str> = ["kb"].into_iter().chain(verb.split(' ')).chain(["--json"]).collect();
            let said = home.run(&words);
            good(&said);
            assert!(said.objects().iter().all(|reply| reply["reply"].is_string()), "{verb}: {said:?}");
            assert!(!said.objects().is_empty(), "{verb}: {said:?}");
        }
        let none = home.run(&["kb", "list", "--json"]);
        assert_eq!(good(&none), "");
    });
}

#[test]
fn from_a_folder_to_an_answer_of_the_local_models_that_says_what_it_is_from_it_takes_two_commands() {
    let Some(home) = with_encoder() else { return };
    let Some(model) = crate::engine::real::model() else { return };
    let own = home.path().join("data/models/smollm2-135m");
    fs::create_dir_all(&own).unwrap();
    for file in fs::read_dir(model.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()) {
        fs::copy(&file, own.join(file.file_name().unwrap())).unwrap();
    }
    write(
        &home,
        "install.md",
        "# Installing\n\nThe service is installed with `make install`, as the user root, after the configuration file was \
         copied to /etc/service.conf. It listens on port 8080.\n",
    );
    write(
        &home,
        "lakes.md",
        "# Lakes\n\nLakes are still because nothing carries their water away quickly.\n",
    );
    good(&home.run(&["kb", "create", "docs", "--from", "docs"]));
    let ask = ["kb", "ask", "docs", "How is the service installed?", "-m", "local/smollm2-135m"];
    let asked = home.run(&[&ask[..], &["--set", "temperature=0", "--set", "max_tokens=60"]].concat());
    assert!(good(&asked).starts_with("The service is installed with `make install`"), "{asked:?}");
    // So small a model names no passage itself, which is said.
    let sources = asked.stdout.split_once("\nnot cited by the model; its words are those of\n[1] ");
    assert!(sources.is_some_and(|(_, sources)| sources.contains("/install.md, Installing")), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_keeps_its_prompt_and_how_near_passages_must_be_for_answers_here_and_in_the_chat() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "rivers.md", "# Rivers\n\nRivers bend because the outer bank is cut.\n");
        good(&create(&home));
        let prompt = |more: &[&str]| {
            let asked = home.run(&[&["kb", "ask", "docs", "why do rivers bend", "--json"], more].concat());
            let prompt = asked.objects()[0]["prompt"].as_str().map(str::to_owned);
            prompt.unwrap_or_else(|| panic!("{asked:?}"))
        };
        assert!(prompt(&[]).starts_with("Search results:\n<result number"));
        for (name, text) in [("own", "Ask: $query$\n$search_results$"), ("other", "$search_results$ $query$")]
        {
            std::fs::write(home.beside().join(name), text).unwrap();
        }
        let set = home.run(&["kb", "answers", "docs", "--template", "own", "--threshold", "0.9999"]);
        let words = "asked for by a prompt of its own, from passages with a cosine of 0.9999 or more";
        assert!(good(&set).contains(words), "{set:?}");
        let shown = home.run(&["kb", "show", "docs"]);
        assert!(good(&shown).contains("by a prompt of its own"), "{shown:?}");
        let vectors = "26 numbers a passage, of any length; compared exactly; by lists from ";
        assert!(shown.stdout.contains(vectors), "{shown:?}");

        // Nothing is so near: that is said, here and to the model of a chat.
        let far = home.run(&["kb", "ask", "docs", "rivers"]);
        assert_eq!(far.code, Some(1), "{far:?}");
        assert!(far.stdout.contains("The knowledge base does not tell"), "{far:?}");
        let said = home.run(&["chat", "--set", "knowledge=docs", "rivers"]);
        assert!(good(&said).contains("Nothing was found for this in the documents."), "{said:?}");
        assert!(said.stderr.contains("nothing that was found in docs is near enough"), "{said:?}");
        assert!(!said.stdout.contains("the outer bank"), "{said:?}");

        // A question may say otherwise, and what is not said of the base stays.
        assert!(prompt(&["--threshold", "-1"]).starts_with("Ask: why do rivers bend\n<result number"));
        assert!(
            prompt(&["--threshold", "-1", "--template", "other"]).ends_with("</result> why do rivers bend")
        );
        good(&home.run(&["kb", "answers", "docs", "--threshold", "none"]));
        assert!(prompt(&[]).starts_with("Ask: why do rivers bend"));
        let usual = home.run(&["kb", "answers", "docs", "--template", "none"]);
        assert!(good(&usual).contains("as everywhere"), "{usual:?}");
        assert!(prompt(&[]).starts_with("Search results:"));

        std::fs::write(home.beside().join("bad"), "$query$ alone").unwrap();
        for (wrong, why) in [
            (vec!["--template", "bad"], "the template has no $search_results$"),
            (vec!["--threshold", "2"], "2 is no cosine"),
            (vec!["--threshold", "near"], "\"near\" is no number"),
            (vec![], "--template <FILE>"),
        ] {
            let refused = home.run(&[&["kb", "answers", "docs"], &wrong[..]].concat());
            assert_eq!(refused.code, Some(2), "{refused:?}");
            assert!(refused.stderr.contains(why), "{refused:?}");
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_holds_for_a_passage_that_words_brought_up_by_its_own_nearness() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        // More passages than are looked at by their vectors are nearer, and none of them has a word of the question.
        for n in 0..130 {
            write(&home, &format!("near{n}.md"), &format!("abab baba {n}\n"));
        }
        write(&home, "deep.md", "quartz ccccc\n");
        good(&create(&home));
        let ask = |least: &str| {
            let asked = ["kb", "ask", "docs", "aaaaa bbbbb quartz", "-n", "3", "--threshold", least];
            (home.run(&[&asked[..], &["--json"]].concat()).objects()[0].clone(), home.run(&asked))
        };
        let deep = |found: &Value| {
            let hits = found.as_array().unwrap();
            hits.iter().find(|hit| hit["uri"].as_str().unwrap().ends_with("/deep.md")).cloned()
        };
        let (found, said) = ask("0.2");
        let hit = deep(&found["hits"]).unwrap_or_else(|| panic!("{found}"));
        let standing = &hit["standing"];
        assert_eq!((&standing["vector"], &standing["keyword"]["rank"]), (&Value::Null, &json!(1)), "{hit}");
        assert!((standing["cosine"].as_f64().unwrap() - 0.245).abs() < 0.01, "{hit}");
        assert!(said.stdout.contains("vector deeper (0.24"), "{said:?}");

        let (found, said) = ask("0.3");
        assert!(deep(&found["hits"]).is_none() && deep(&found["below"]).is_some(), "{found}");
        assert!(said.stdout.contains("found with a cosine below 0.3, not given to the model"), "{said:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_a_threshold_answers_also_from_behind_hits_that_do_not() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        for n in 0..5 {
            write(&home, &format!("near{n}.md"), &format!("abab baba {n}\n"));
        }
        // Both lists have these, so that they stand above what vectors alone have.
        for n in 0..10 {
            write(&home, &format!("far{n}.md"), &format!("quartz ccccc {n}\n"));
        }
        good(&create(&home));
        let ask = |more: &[&str]| {
            let asked = ["kb", "ask", "docs", "aaaaa bbbbb quartz", "-n", "3", "--json"];
            home.run(&[&asked[..], more].concat()).objects()[0].clone()
        };
        let names = |found: &Value| -> Vec<String> {
            let name = |hit: &Value| hit["uri"].as_str().unwrap().rsplit('/').next().unwrap()[..3].to_owned();
            found.as_array().into_iter().flatten().map(name).collect()
        };
        assert_eq!(names(&ask(&[])["hits"]), ["far"; 3]);
        let found = ask(&["--threshold", "0.5"]);
        assert_eq!(
            (names(&found["hits"]), names(&found["below"])),
            (vec!["nea".to_owned(); 3], vec!["far".to_owned(); 3])
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_answer_as_pass_a_threshold_also_where_more_than_a_hundred_stand_in_both_lists() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        for n in 0..80 {
            write(&home, &format!("near{n}.md"), &format!("abab baba {n}\n"));
            write(&home, &format!("far{n}.md"), &format!("quartz ccccc {n}\n"));
        }
        good(&create(&home));
        let asked = ["kb", "ask", "docs", "aaaaa bbbbb quartz", "-n", "60", "--threshold", "0.5", "--json"];
        let found = home.run(&asked).objects()[0].clone();
        let hits = found["hits"].as_array().unwrap();
        assert_eq!(hits.len(), 60, "{found}");
        assert!(hits.iter().all(|hit| hit["uri"].as_str().unwrap().contains("/near")), "{found}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_conversation_are_from_the_base_that_a_setting_names() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "rivers.md", "# Rivers\n\nRivers bend because the outer bank is cut.\n");
        good(&create(&home));
        // The scripted voice says what it was told.
        let said = home.run(&["chat", "--set", "knowledge=docs", "why do rivers bend"]);
        assert!(
            good(&said).contains("the outer bank is cut") && said.stdout.contains("why do rivers bend"),
            "{said:?}"
        );
        assert!(said.stderr.contains("[1] rivers.md, Rivers"), "{said:?}");
        let said = home.run(&["chat", "-C", "and lakes?"]);
        assert!(good(&said).contains("<result number="), "{said:?}");
        let exported = home.run(&["conversations", "export", "-f", "json"]);
        assert!(
            good(&exported).contains("\"grounding\"") && exported.stdout.contains("\"citations\""),
            "{exported:?}"
        );
        let said = home.run(&["chat", "--set", "knowledge=nowhere", "hello"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.stderr.contains("nowhere"), "{said:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_in_a_conversation_is_looked_for_as_the_question_that_it_comes_to() {
    let server = Server::start(|_, seen| {
        if !seen.line.contains("/chat/completions ") {
            return embedded(seen);
        }
        let asked: Value = serde_json::from_slice(&seen.body).unwrap();
        let rewrites = asked["messages"].to_string().contains("Write what the user wants to know now");
        let text =
            if rewrites { "Here is the question:\n\n\"Why are lakes still?\"" } else { "So it is [1]." };
        let choice =
            json!({"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"});
        let answer = json!({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 9}});
        whole(200, &[("content-type", "application/json")], answer.to_string())
    })
    .await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "rivers.md", "Rivers bend because the outer bank is cut.\n");
        write(&home, "lakes.md", "Lakes are still because nothing carries their water away.\n");
        good(&create(&home));
        let last = |path: &str| -> Value {
            let seen = server.seen();
            let seen = seen.iter().rev().find(|seen| seen.line.contains(path)).unwrap();
            serde_json::from_slice(&seen.body).unwrap()
        };
        good(&home.run(&["chat", "-m", "emb/talker", "--set", "knowledge=docs", "why do rivers bend"]));
        assert_eq!(last("/embeddings ")["input"], json!(["why do rivers bend"]), "nothing was said before");
        let said = home.run(&["chat", "-C", "-m", "emb/talker", "and those others?"]);
        good(&said);
        assert_eq!(last("/embeddings ")["input"], json!(["Why are lakes still?"]));
        assert!(said.stderr.contains("[1] lakes.md"), "{said:?}");
        // What the person said goes to the model as it was.
        let prompt = last("/chat/completions ")["messages"].to_string();
        assert!(prompt.contains("and those others?") && !prompt.contains("Why are lakes still?"), "{prompt}");
    });
}
