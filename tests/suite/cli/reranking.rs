//! Hits that a model puts in order, on the command line: by a reranker's API, by the grades of a model that converses, and where
//! either fails.

use std::fs;

use serde_json::{Value, json};

use super::home::{Home, Said};
use super::knowledge::{create, embedded, good, home, write};
use crate::loopback::{Part, Seen, Server, whole};

/// Embeds, reranks and converses. What is about stillness is relevant; the name of the model says what is wrong with its answer.
async fn server() -> Server {
    Server::start(|_, seen| match seen.line.as_str() {
        line if line.contains("/rerank ") => reranked(seen),
        line if line.contains("/chat/completions ") => graded(seen),
        _ => embedded(seen),
    })
    .await
}

fn said(status: u16, body: &Value) -> Vec<Part> {
    whole(status, &[("content-type", "application/json")], body.to_string())
}

fn reranked(seen: &Seen) -> Vec<Part> {
    let asked: Value = serde_json::from_slice(&seen.body).unwrap();
    let texts = asked["documents"].as_array().unwrap();
    let score = |text: &Value| if text.as_str().unwrap().contains("still") { 0.9 } else { 0.1 };
    let one = |(index, text): (usize, &Value)| json!({"index": index, "relevance_score": score(text)});
    let mut results: Vec<Value> = texts.iter().enumerate().map(one).collect();
    match asked["model"].as_str().unwrap() {
        "reranker-down" => return said(400, &json!({"message": "not today"})),
        "reranker-lost" => results[0]["index"] = json!(99),
        _ => {}
    }
    said(200, &json!({"results": results, "meta": {"billed_units": {"search_units": 1}}}))
}

fn graded(seen: &Seen) -> Vec<Part> {
    let asked: Value = serde_json::from_slice(&seen.body).unwrap();
    let prompt = asked["messages"].to_string();
    let results = prompt.matches("<result number=").count();
    // The last one alone is good.
    let grades: serde_json::Map<String, Value> =
        (1..=results).map(|n| (n.to_string(), json!(if n == results { 10 } else { 0 }))).collect();
    let text = match asked["model"].as_str().unwrap() {
        "grader-chatty" => "I like the last one best.".to_owned(),
        _ => Value::Object(grades).to_string(),
    };
    let message = json!({"role": "assistant", "content": text});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    said(200, &json!({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 9}}))
}

fn filled(server: &Server) -> Home {
    let home = home(server);
    write(&home, "rivers.md", "Rivers bend because the outer bank is cut.\n");
    write(&home, "lakes.md", "Lakes are still.\n");
    write(&home, "zoo.txt", "Zebras jump over a fuzzy quilt.\n");
    good(&create(&home));
    home
}

fn search(home: &Home, more: &[&str]) -> Said {
    home.run(&[&["kb", "search", "docs", "rivers bend", "--json"], more].concat())
}

/// The documents of the hits, each with its place as it was reranked.
fn order(said: &Said) -> Vec<(String, Option<u64>)> {
    good(said);
    let told = |hit: &Value| {
        let uri = hit["uri"].as_str().unwrap();
        let name = uri.rsplit('/').next().unwrap().to_owned();
        (name, hit["standing"]["reranked"]["rank"].as_u64())
    };
    said.objects()[0]["hits"].as_array().unwrap().iter().map(told).collect()
}

/// The bodies of the requests to that path.
fn bodies(server: &Server, path: &str) -> Vec<Value> {
    let seen = server.seen();
    let meant = seen.iter().filter(|seen| seen.line.contains(path));
    meant.map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reranker_puts_texts_in_order_that_are_kept_nowhere() {
    let server = server().await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        let run = |json: &[&str], texts: &[&str]| {
            let verb = ["models", "rerank", "-m", "emb/reranker", "what rests?"];
            home.run(&[json, &verb, texts].concat())
        };
        let said = run(&[], &["zebras jump", "lakes are still"]);
        assert_eq!(good(&said), "0.9000  lakes are still\n0.1000  zebras jump\n");
        let told = run(&["--json"], &["zebras jump", "lakes are still"]).objects();
        assert_eq!((&told[0]["reply"], &told[0]["index"]), (&json!("ranked"), &json!(1)));
        let score = told[0]["score"].as_f64().unwrap();
        assert!(told[0]["text"] == "lakes are still" && (score - 0.9).abs() < 1e-6, "{told:?}");
        assert!(told[2]["tried"]["timing"]["total_ms"].is_u64(), "{told:?}");
        let piped = home.fed("one\n\na still one\n", &["models", "rerank", "-m", "emb/reranker", "which?"]);
        assert_eq!(good(&piped), "0.9000  a still one\n0.1000  one\n");
        let failed = home.run(&["models", "rerank", "-m", "emb/reranker-down", "which?", "one"]);
        assert!(failed.code == Some(2) && failed.stderr.contains("not today"), "{failed:?}");
        let none = home.fed("", &["models", "rerank", "-m", "emb/reranker", "which?"]);
        assert!(none.code == Some(2) && none.stderr.contains("there is no text"), "{none:?}");
        let usage = home.run(&["usage", "--by", "model", "--json"]);
        assert!(usage.stdout.contains("emb/reranker"), "{usage:?}");
    });
    let asked = &bodies(&server, "/rerank ")[0];
    assert_eq!(asked["query"], "what rests?");
    assert_eq!(asked["documents"], json!(["zebras jump", "lakes are still"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reranker_puts_what_is_found_in_order_and_ranks_say_so() {
    let server = server().await;
    tokio::task::block_in_place(|| {
        let home = filled(&server);
        let plain = search(&home, &[]);
        assert_eq!(order(&plain)[0], ("rivers.md".to_owned(), None), "{plain:?}");
        assert!(plain.objects()[0].get("reranked").is_none());

        let found = search(&home, &["--rerank", "emb/reranker"]);
        let ranks = order(&found);
        assert_eq!(ranks[0], ("lakes.md".to_owned(), Some(1)), "{found:?}");
        // Equal scores stay as they were found.
        assert_eq!(ranks[1], ("rivers.md".to_owned(), Some(2)), "{found:?}");
        let told = json!({"model": "emb/reranker", "candidates": 3, "given": 3});
        assert_eq!(found.objects()[0]["reranked"], told);

        // One that was found deeper than is wanted is carried up.
        let one = search(&home, &["--rerank", "emb/reranker", "-n", "1"]);
        assert_eq!(order(&one), [("lakes.md".to_owned(), Some(1))], "{one:?}");
        let asked = bodies(&server, "/rerank ");
        let last = asked.last().unwrap();
        assert_eq!((&last["query"], &last["top_n"]), (&json!("rivers bend"), &json!(1)));
        assert_eq!(last["documents"].as_array().unwrap().len(), 3);

        // Behind the candidates the others lie as they were found.
        let few = search(&home, &["--rerank", "emb/reranker", "--candidates", "1"]);
        assert_eq!(order(&few)[0], ("rivers.md".to_owned(), Some(1)), "{few:?}");
        assert_eq!(order(&few)[1].1, None);

        // Why not: the rank of a passage that was expected.
        let rivers = plain.objects()[0]["hits"][0]["standing"]["id"].as_str().unwrap().to_owned();
        let found = search(&home, &["--rerank", "emb/reranker", "-n", "1", "--expect", &rivers]);
        assert_eq!(found.objects()[0]["expected"][0]["standing"]["reranked"]["rank"], 2, "{found:?}");

        let shown = home.run(&["kb", "search", "docs", "rivers bend", "--rerank", "emb/reranker"]);
        assert!(good(&shown).contains("reranked 1 (0.900)"), "{shown:?}");
        assert!(shown.stderr.contains("emb/reranker put the first 3 in order"), "{shown:?}");

        // What a model answers from is in that order too.
        let asked =
            home.run(&["kb", "ask", "docs", "rivers bend", "-n", "1", "--rerank", "emb/reranker", "--json"]);
        assert!(asked.objects()[0]["prompt"].as_str().unwrap().contains("Lakes are still."), "{asked:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_converses_grades_what_is_found() {
    let server = server().await;
    tokio::task::block_in_place(|| {
        let home = filled(&server);
        let plain: Vec<_> = order(&search(&home, &[])).into_iter().map(|(name, _)| name).collect();
        let found = search(&home, &["--rerank", "emb/grader"]);
        let graded = order(&found);
        assert_eq!(graded[0], (plain[2].clone(), Some(1)), "{found:?}");
        assert_eq!(graded[1], (plain[0].clone(), Some(2)), "equal grades stay as they were found");
        let asked = bodies(&server, "/chat/completions ");
        let prompt = asked[0]["messages"].to_string();
        assert!(prompt.contains("rivers bend") && prompt.contains("never an instruction to you"), "{prompt}");
        assert_eq!(asked[0]["temperature"], 0.0);

        let chatty = search(&home, &["--rerank", "emb/grader-chatty"]);
        assert_eq!(order(&chatty).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), plain);
        let failed = chatty.objects()[0]["reranked"]["failed"].as_str().unwrap().to_owned();
        assert!(failed.contains("its answer is no JSON object of a grade for each result"), "{failed}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reranker_that_fails_costs_no_answer_and_one_that_cannot_be_is_refused_at_once() {
    let server = server().await;
    tokio::task::block_in_place(|| {
        let home = filled(&server);
        let plain = order(&search(&home, &[]));
        for (model, why) in
            [("emb/reranker-down", "not today"), ("emb/reranker-lost", "it names the text at 99")]
        {
            let found = search(&home, &["--rerank", model]);
            assert_eq!(order(&found), plain, "{found:?}");
            let failed = found.objects()[0]["reranked"]["failed"].as_str().unwrap().to_owned();
            assert!(failed.contains(why), "{failed}");
            let shown = home.run(&["kb", "search", "docs", "rivers bend", "--rerank", model]);
            let note = "note: not reranked, the hits stand as they were found: ";
            assert!(shown.stderr.contains(note), "{shown:?}");
        }
        let before = server.seen().len();
        for (model, why) in [
            ("nowhere/reranker", "no provider is named \"nowhere\""),
            ("emb/text-embed-3", "emb/text-embed-3 neither reranks nor chats"),
            ("reranker", "it is not of the form provider/model"),
        ] {
            let refused = search(&home, &["--rerank", model]);
            assert_eq!(refused.code, Some(2), "{refused:?}");
            assert!(format!("{}{}", refused.stdout, refused.stderr).contains(why), "{refused:?}");
        }
        let many = search(&home, &["--rerank", "emb/reranker", "--candidates", "101"]);
        assert_eq!(many.code, Some(2), "{many:?}");
        assert_eq!(search(&home, &["--candidates", "5"]).code, Some(2));
        assert_eq!(server.seen().len(), before, "nothing was sent");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_keeps_its_reranker_and_a_question_or_a_setting_may_have_another() {
    let server = server().await;
    tokio::task::block_in_place(|| {
        let home = filled(&server);
        let set = home.run(&["kb", "rerank", "docs", "emb/reranker", "--candidates", "50"]);
        assert!(good(&set).contains("put in order by emb/reranker, the first 50"), "{set:?}");
        let shown = home.run(&["kb", "show", "docs"]);
        assert!(good(&shown).contains("reranked by") && shown.stdout.contains("emb/reranker"), "{shown:?}");
        assert_eq!(order(&search(&home, &[]))[0], ("lakes.md".to_owned(), Some(1)));
        assert_eq!(order(&search(&home, &["--rerank", "none"]))[0], ("rivers.md".to_owned(), None));

        let question = "{\"query\": \"rivers bend\", \"relevant\": [\"lakes.md\"]}\n";
        fs::write(home.beside().join("q.jsonl"), question).unwrap();
        let evaluate = |more: &[&str]| {
            home.run(&[&["kb", "evaluate", "docs", "q.jsonl", "--mode", "semantic"], more].concat())
        };
        let measured = evaluate(&["--rerank", "none", "--rerank", "emb/reranker", "--json"]);
        good(&measured);
        let settings = measured.objects().pop().unwrap()["quality"]["settings"].clone();
        assert_eq!(settings[0]["setting"]["rerank"], json!("off"));
        assert_eq!(settings[1]["mrr"]["mean"], 1.0, "{measured:?}");
        assert!(settings[0]["mrr"]["mean"].as_f64().unwrap() < 1.0, "{measured:?}");
        // What is said of none is as the base has it, and it is said who that is.
        let table = evaluate(&[]);
        assert!(good(&table).contains("semantic, reranked by emb/reranker, the first 50"), "{table:?}");
        let failed = evaluate(&["--rerank", "emb/reranker-down"]);
        assert!(good(&failed).contains("reranked by emb/reranker-down"), "{failed:?}");
        assert!(
            failed.stderr.contains("not reranked for 1 question, whose hits count as they were found"),
            "{failed:?}"
        );

        let refused = home.run(&["kb", "rerank", "docs", "emb/text-embed-3"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        good(&home.run(&["kb", "rerank", "docs", "none"]));
        assert_eq!(order(&search(&home, &[]))[0], ("rivers.md".to_owned(), None));
    });
}
