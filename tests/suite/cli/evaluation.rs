//! Evaluation by people on the command line: made, generated, rated by scripts, changed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use outcrop::workbench::request::datasets::{Datasets, Form, Import};
use outcrop::workbench::{self, Context, Face, Reply, Request, Workbench};
use serde_json::{Value, json};

use super::home::{Home, SCRIPTED, Said, on_both};
use crate::loopback::{Part, Seen, Server, whole};

/// Keeps a dataset in the home, whoever owns it.
pub(super) fn keep(home: &Home, name: &str, lines: &[Value]) {
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let bytes = (lines.join("\n") + "\n").into_bytes();
    let import = Import {
        name: name.to_owned(),
        form: Form::Jsonl,
        bytes,
        source: None,
        licence: None,
        skip_bad: false,
    };
    std::thread::scope(|scope| {
        let kept = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let door = workbench::open(&home.config());
                door.ready().await.unwrap();
                let request = Request::Datasets(Datasets::Import(import));
                let replies: Vec<_> = door.call(Context::of(Face::Cli), request).collect().await;
                assert!(matches!(replies.last(), Some(Ok(Reply::Dataset { .. }))), "{replies:?}");
                door.close().await;
            });
        });
        kept.join().unwrap();
    });
}

/// Items with the answers of two sources.
pub(super) fn brought(home: &Home, items: usize) {
    let lines: Vec<_> = (0..items)
        .map(|at| {
            json!({ "prompt": format!("question {at}"), "modelResponses": [
                { "response": format!("yes {at}"), "modelIdentifier": "alpha/one" },
                { "response": format!("no {at}"), "modelIdentifier": "beta/two" },
            ]})
        })
        .collect();
    keep(home, "pairs", &lines);
}

pub(super) fn good(said: &Said) -> &str {
    assert_eq!(said.code, Some(0), "{said:?}");
    &said.stdout
}

/// The evaluation as programs see it.
pub(super) fn shown(home: &Home, name: &str) -> Value {
    let said = home.run(&["eval", "show", name, "--json"]);
    good(&said);
    said.objects().remove(0)["evaluation"].clone()
}

/// Somebody who rates through the lines.
pub(super) struct Rater {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// All that was written to them.
    seen: String,
}

impl Rater {
    pub(super) fn at(home: &Home, name: &str, rater: &str) -> Self {
        let mut command = home.command(&["eval", "rate", name, "--rater", rater, "--json"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output, seen: String::new() }
    }

    pub(super) fn seat(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        self.seen.push_str(&line);
        serde_json::from_str::<Value>(&line).unwrap_or_else(|_| panic!("{line:?}"))["seat"].clone()
    }

    pub(super) fn say(&mut self, line: &Value) -> Value {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
        self.seat()
    }

    /// Ends them without a word.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What was said on the standard error, and all that was shown.
    pub(super) fn end(mut self) -> (String, String) {
        drop(self.input.take());
        let said = self.child.wait_with_output().unwrap();
        assert_eq!(said.status.code(), Some(0), "{said:?}");
        (String::from_utf8(said.stderr).unwrap(), self.seen)
    }
}

/// The question that lies before a rater.
fn question(seat: &Value) -> Option<String> {
    Some(seat["sheet"]["turns"][0]["text"].as_str()?.to_owned())
}

pub(super) fn choosing(choice: impl Into<Value>) -> Value {
    json!({ "values": { "Preference": choice.into() } })
}

#[test]
fn two_raters_share_a_queue_and_no_item_comes_twice() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 7);
        let made = home.run(&["eval", "create", "which", "--dataset", "pairs"]);
        assert_eq!(good(&made), "which: made, 7 items, answers of alpha/one | beta/two\n");
        assert!(made.stderr.contains("outcrop eval rate which --rater NAME"), "{made:?}");
        let (mut ada, mut bob) = (Rater::at(home, "which", "ada"), Rater::at(home, "WHICH", "bob"));
        let mut before = [ada.seat(), bob.seat()];
        assert_eq!(before[0]["task"]["metrics"][0]["method"], "ComparisonChoice");
        let mut rated = Vec::new();
        while before.iter().any(|seat| !seat["sheet"].is_null()) {
            for (rater, seat) in [&mut ada, &mut bob].into_iter().zip(&mut before) {
                if let Some(question) = question(seat) {
                    rated.push(question);
                    *seat = rater.say(&choosing(0));
                }
            }
        }
        assert_eq!(rated.len(), 7, "{rated:?}");
        assert_eq!(rated.iter().collect::<BTreeSet<_>>().len(), 7, "{rated:?}");
        // Neither alone did them all, and both see who is there.
        assert_eq!(before[1]["pace"]["raters"], 2);
        for (complaints, seen) in [ada.end(), bob.end()] {
            assert_eq!(complaints, "");
            assert!(seen.contains("yes ") && seen.contains("no "));
            for hidden in ["alpha", "beta", "seed"] {
                assert!(!seen.contains(hidden), "{hidden} in {seen}");
            }
        }
        let listed = home.run(&["eval", "list", "--json"]).objects();
        for told in [&shown(home, "which"), &listed[0]["evaluation"]] {
            assert!(told["sources"].is_array() && told.get("seed").is_none(), "whose an answer is: {told}");
        }
        let mut raters: Vec<_> = shown(home, "which")["raters"].as_array().unwrap().clone();
        raters.sort_by_key(ToString::to_string);
        assert_eq!(raters, ["ada", "bob"]);
        let late = home.fed("", &["eval", "rate", "which", "--rater", "cleo", "--json"]);
        assert!(late.objects()[0]["seat"]["sheet"].is_null(), "{late:?}");
    });
}

#[test]
fn a_vote_is_taken_back_skipped_revisited_and_bad_lines_change_nothing() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 3);
        good(&home.run(&["eval", "create", "which", "--dataset", "pairs"]));
        let mut ada = Rater::at(home, "which", "ada");
        let first = ada.seat();
        let again =
            |seat: &Value| (question(seat), seat["sheet"]["answers"].clone(), seat["pace"]["done"].clone());
        assert_eq!(again(&ada.say(&json!({ "undo": true }))), again(&first), "nothing to take back");
        for bad in [
            json!({ "values": {} }),
            json!({ "values": { "Preference": 2 } }),
            json!({ "values": { "Preference": 0, "Tone": 1 } }),
            json!({ "skip": "bored" }),
            json!({ "undo": true, "to": 1 }),
            json!({ "votes": {} }),
            json!({ "to": 5 }),
            json!([]),
        ] {
            assert_eq!(again(&ada.say(&bad)), again(&first), "{bad}");
        }
        let mut tie = choosing("tie");
        tie["comment"] = json!("both say it");
        let second = ada.say(&tie);
        assert_eq!(second["pace"]["done"], 1);
        let back = ada.say(&json!({ "undo": true }));
        assert_eq!(again(&back), again(&first), "what was taken back lies there as it lay before");
        assert!(back["sheet"]["before"].is_null());
        assert_eq!(back["sheet"]["taken_back"]["comment"], "both say it", "what was said of it comes along");
        let next = ada.say(&json!({ "skip": "unclear", "comment": "of what?" }));
        assert_eq!(again(&next), again(&second));
        let revisited = ada.say(&json!({ "to": 1 }));
        assert_eq!((question(&revisited), &revisited["pace"]["done"]), (question(&first), &json!(1)));
        assert_eq!(revisited["sheet"]["before"]["said"], json!({ "skipped": "unclear" }));
        assert_eq!(revisited["sheet"]["before"]["comment"], "of what?");
        let refused = ada.say(&choosing("maybe"));
        assert_eq!(refused, revisited, "a bad line leaves the revisit as it is");
        let next = ada.say(&choosing(1));
        assert_eq!(again(&next), again(&second));
        let last = ada.say(&json!({ "values": { "Preference": "both_bad" }, "active_ms": 1500 }));
        let nothing = ada.say(&choosing(0));
        assert!(nothing["sheet"].is_null() && question(&last).is_some());
        assert_eq!((&nothing["pace"]["done"], &nothing["pace"]["total"]), (&json!(3), &json!(3)));
        let (complaints, _) = ada.end();
        let complaints: Vec<Value> =
            complaints.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(complaints.len(), 9, "{complaints:?}");
        assert!(complaints.iter().all(|line| line["reply"] == "error"));
        let why = |at: usize| complaints[at]["error"]["why"].as_str().unwrap();
        assert_eq!(why(0), "it says nothing of \"Preference\"");
        assert_eq!(why(1), "of \"Preference\": 2 is no place from 0 to 1, \"tie\" or \"both_bad\"");
        assert_eq!(why(2), "there is no metric \"Tone\"; there are: Preference");
        assert!(why(6).contains("there is no vote 5"), "{}", why(6));
    });
}

#[test]
fn what_a_rater_leaves_before_rating_it_is_the_next_ones() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 1);
        good(&home.run(&["eval", "create", "which", "--dataset", "pairs"]));
        let rate =
            |rater: &str| home.fed("", &["eval", "rate", "which", "--rater", rater, "--json"]).objects();
        let (ada, bob) = (rate("ada"), rate("bob"));
        assert!(question(&ada[0]["seat"]).is_some());
        assert_eq!(question(&bob[0]["seat"]), question(&ada[0]["seat"]));
    });
}

#[test]
fn every_method_is_rated_by_place_from_the_left() {
    let home = Home::new();
    brought(&home, 1);
    let metrics = ["Up=thumbs", "Tone=likert:How kind?", "Over=compare", "Best=choice", "Order=rank"];
    let metrics = metrics.iter().flat_map(|metric| ["--metric", metric]);
    let create: Vec<_> = ["eval", "create", "all", "--dataset", "pairs", "--show-names", "--fixed-sides"]
        .into_iter()
        .chain(metrics)
        .chain(["--instructions", "Rate."])
        .collect();
    good(&home.run(&create));
    let values = json!({ "Up": [true, false], "Tone": [5, 1], "Over": 2, "Best": 0, "Order": [1, 1] });
    let said = home.fed(
        &format!("{}\n", json!({ "values": values })),
        &["eval", "rate", "all", "--rater", "a", "--json"],
    );
    good(&said);
    let seats = said.objects();
    assert_eq!(seats.len(), 2, "{said:?}");
    assert_eq!(seats[0]["seat"]["sheet"]["answers"][0]["source"], "alpha/one", "names are not hidden here");
    assert!(seats[1]["seat"]["sheet"].is_null());
    let said = home.run(&["eval", "show", "all"]);
    let text = good(&said);
    for part in [
        "alpha/one  (brought)",
        "Tone (likert: points, each): How kind?",
        "whose an answer is, the same sides always",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn names_that_answers_tell_are_masked_where_that_is_wanted() {
    let home = Home::new();
    let answer = |text: &str, model: &str| json!({ "response": text, "modelIdentifier": model });
    let responses = [answer("I am Zorro-7B, not Claude 3.5.", "lab/zorro-7b"), answer("Me too", "lab/y")];
    keep(&home, "selves", &[json!({ "prompt": "who?", "modelResponses": responses })]);
    good(&home.run(&[
        "eval",
        "create",
        "m",
        "--dataset",
        "selves",
        "--mask-names",
        "--responses",
        "lab/zorro-7b",
    ]));
    let said = home.fed("", &["eval", "rate", "m", "--rater", "a", "--json"]);
    assert!(good(&said).contains("I am ▇▇▇, not "), "{said:?}");
    assert!(!said.stdout.contains("Zorro"), "{said:?}");
    assert_eq!(said.objects()[0]["seat"]["task"]["metrics"][0]["method"], "ThumbsUpDown");
}

#[test]
fn a_look_at_the_calls_of_a_blind_evaluation_is_said_and_kept() {
    let [(), ()] = on_both(Home::new, |home| {
        keep(home, "plain", &[json!({ "prompt": "hello you" })]);
        let create = ["eval", "create", "echoes", "--dataset", "plain"];
        let models = ["-m", "scripted/echo", "-m", "scripted/stream-3", "--run", "--yes"];
        good(&home.run(&[&create[..], &models].concat()));
        // Sums are of all answers.
        let sums = home.run(&["usage"]);
        good(&sums);
        assert!(!sums.stderr.contains("echoes"), "{sums:?}");
        assert_eq!(shown(home, "echoes")["unblinded"], Value::Null);
        let said = home.run(&["traces", "list"]);
        good(&said);
        assert!(said.stderr.contains("whose the answers of \"echoes\" are"), "{said:?}");
        assert_eq!(shown(home, "echoes")["unblinded"].as_array().unwrap().len(), 1);
        let again = home.run(&["traces", "list"]);
        assert!(!again.stderr.contains("echoes"), "once is enough: {again:?}");
    });
}

#[test]
fn answers_are_asked_of_models_and_kept_under_what_they_were_asked_with() {
    let [(), ()] = on_both(
        || Home::with(SCRIPTED),
        |home| {
            keep(home, "plain", &[json!({ "prompt": "hello you" }), json!({ "prompt": "and you" })]);
            let create = [
                "eval",
                "create",
                "echoes",
                "--dataset",
                "plain",
                "-m",
                "scripted/echo",
                "-m",
                "scripted/stream-3 temperature=0.5",
                "--set",
                "max_tokens=9",
            ];
            let wrong = home.run(&[&create[..], &["--metric", "a b=likert"]].concat());
            assert!(
                wrong.stdout.is_empty() && wrong.code == Some(2),
                "no price of what cannot be: {wrong:?}"
            );
            let made = home.run(&[&create[..], &["--run"]].concat());
            assert!(made.stderr.contains("Add --yes") && made.code == Some(2), "{made:?}");
            assert!(home.run(&["eval", "list"]).stdout.is_empty(), "what was not agreed to is not made");
            // Nothing bounds these answers: what they come to is no bound either.
            let open = home.run(&["eval", "create", "open", "--dataset", "plain", "-m", "scripted/echo"]);
            let assumed = "out     about 2,048 tokens if answers are of 1,024 tokens\n";
            assert!(good(&open).contains(assumed), "{open:?}");
            good(&home.run(&["eval", "remove", "open", "--yes"]));
            let made = home.run(&[&create[..], &["--run", "--yes"]].concat());
            let text = good(&made);
            assert!(
                text.starts_with("to ask  4 answers\nin      about 8 tokens\nout     at most 36 tokens\n"),
                "{text}"
            );
            assert!(text.ends_with("echoes: 4 of 4 answers\n"), "{text}");
            let seat =
                home.fed("", &["eval", "rate", "echoes", "--rater", "a", "--json"]).objects().remove(0);
            let texts: BTreeSet<_> =
                (0..2).map(|at| seat["seat"]["sheet"]["answers"][at]["text"].to_string()).collect();
            assert!(texts.len() == 2 && texts.iter().any(|text| text.contains("you")), "{texts:?}");
            let evaluation = shown(home, "echoes");
            let names: Vec<_> = evaluation["sources"]
                .as_array()
                .unwrap()
                .iter()
                .map(|s| s["name"].as_str().unwrap())
                .collect();
            assert_eq!(
                names,
                ["scripted/echo max_tokens=9", "scripted/stream-3 temperature=0.5 max_tokens=9"]
            );
            let list = home.run(&["eval", "list"]);
            assert!(good(&list).contains("2 items  4 of 4 answers  1 rater joined  echoes"), "{list:?}");
            assert!(home.run(&["eval", "remove", "echoes"]).stderr.contains("--yes"));
            assert!(good(&home.run(&["eval", "remove", "echoes", "--yes"])).starts_with("removed "));
            assert!(home.run(&["eval", "list"]).stdout.is_empty());
        },
    );
}

fn answered(text: &str) -> Vec<Part> {
    let body = json!({ "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }] });
    whole(200, &[("content-type", "application/json")], body.to_string())
}

/// What was asked last in a request.
fn asked(seen: &Seen) -> String {
    let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    body["messages"].as_array().and_then(|all| all.last()).map_or_else(String::new, |message| {
        message["content"].as_str().map_or_else(|| message["content"].to_string(), str::to_owned)
    })
}

/// How often each question was asked.
fn counted(server: &Server) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for seen in server.seen().iter().filter(|seen| seen.line.contains("completions")) {
        *counts.entry(asked(seen)).or_default() += 1;
    }
    counts
}

fn served(server: &Server) -> Home {
    Home::with(&format!("[providers.box]\nkind = 'openai'\nbase_url = '{}'\n", server.url("/v1")))
}

fn questions(home: &Home, items: usize) {
    let lines: Vec<_> = (0..items).map(|at| json!({ "prompt": format!("question {at}") })).collect();
    keep(home, "plain", &lines);
    good(&home.run(&["eval", "create", "e", "--dataset", "plain", "-m", "box/m"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_asks_again_only_for_what_failed() {
    let bad = Arc::new(AtomicBool::new(true));
    let refuses = Arc::clone(&bad);
    let server = Server::start(move |_, seen| {
        let question = asked(seen);
        if refuses.load(Ordering::SeqCst) && (question.contains('2') || question.contains('5')) {
            return whole(400, &[], r#"{"error":{"message":"no such thing"}}"#);
        }
        answered(&format!("answer to {question}"))
    })
    .await;
    let home = served(&server);
    tokio::task::block_in_place(|| {
        questions(&home, 8);
        let early = home.run(&["eval", "rate", "e", "--rater", "a", "--json"]);
        assert!(early.code == Some(2) && early.stderr.contains("outcrop eval run e"), "{early:?}");
        let said = home.run(&["eval", "run", "e"]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(1), "e: 6 of 8 answers, 2 failed\n"), "{said:?}");
        assert!(
            said.stderr.contains("2 answers of box/m failed, first at item 3: ")
                && said.stderr.contains("no such thing")
        );
        let text = home.run(&["eval", "show", "e"]);
        assert!(
            good(&text).contains("6 of 8 answers, 2 failed") && text.stdout.contains("no such thing"),
            "{text:?}"
        );
        assert!(said.stderr.contains("asks for those again; the other items can be rated"), "{said:?}");
        let report = home.run(&["eval", "report", "e"]);
        assert!(
            good(&report).contains("no votes yet on its 8 items (6 of 8 answers, 2 failed)"),
            "{report:?}"
        );
        let report = home.run(&["eval", "report", "e", "--form", "markdown"]);
        assert!(good(&report).contains("2 items left out: an answer of box/m failed."), "{report:?}");
        let report = home.run(&["eval", "report", "e", "--json"]).objects().remove(0);
        assert_eq!(report["unanswered"], json!([{ "source": "box/m", "failed": true, "items": 2 }]));
        // What is there can be rated.
        let seats = home.fed("", &["eval", "rate", "e", "--rater", "a", "--json"]).objects();
        assert_eq!(seats[0]["seat"]["pace"]["total"], 6);
        bad.store(false, Ordering::SeqCst);
        let said = home.run(&["eval", "run", "e", "--json"]);
        good(&said);
        let kinds: Vec<_> =
            said.objects().iter().map(|object| object["reply"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds.last().unwrap(), "evaluation");
        assert_eq!(said.objects().last().unwrap()["evaluation"]["generation"]["done"], 8);
        let counts = counted(&server);
        let twice: Vec<_> =
            counts.iter().filter(|(_, count)| **count == 2).map(|(name, _)| name.as_str()).collect();
        assert_eq!((twice, counts.values().sum::<usize>()), (vec!["question 2", "question 5"], 10));
        // Nothing is left to ask.
        good(&home.run(&["eval", "run", "e"]));
        assert_eq!(counted(&server), counts);
    });
}

#[test]
fn where_every_answer_failed_nothing_can_be_rated_and_all_are_to_be_asked_again() {
    let [(), ()] = on_both(Home::new, |home| {
        let lines: Vec<_> = (0..3).map(|at| json!({ "prompt": at.to_string() })).collect();
        keep(home, "plain", &lines);
        good(&home.run(&["eval", "create", "e", "--dataset", "plain", "-m", "scripted/fail-401"]));
        let said = home.run(&["eval", "run", "e"]);
        assert!(said.code == Some(1) && said.stdout.contains("0 of 3 answers, 3 failed"), "{said:?}");
        assert!(
            said.stderr.contains("asks for those again") && !said.stderr.contains("can be rated"),
            "{said:?}"
        );
        let said = home.run(&["eval", "rate", "e", "--rater", "a", "--json"]);
        assert!(said.stderr.contains("3 are still to be asked for: `outcrop eval run e`"), "{said:?}");
        assert!(said.stderr.contains("`f` in the list of the place Evaluate"), "{said:?}");
    });
}

#[test]
fn a_source_that_lacks_an_answer_is_left_out_and_named() {
    let [(), ()] = on_both(Home::new, |home| {
        let answer =
            |model: &str, at: usize| json!({ "response": format!("{model} {at}"), "modelIdentifier": model });
        keep(
            home,
            "gaps",
            &[
                json!({ "prompt": "0", "modelResponses": [answer("alpha", 0), answer("beta", 0)] }),
                json!({ "prompt": "1", "modelResponses": [answer("alpha", 1), answer("gamma", 1)] }),
            ],
        );
        let said = home.run(&["eval", "create", "e", "--dataset", "gaps"]);
        assert_eq!(good(&said), "e: made, 2 items, answers of alpha\n");
        assert!(said.stderr.contains("beta left out: no answer to item 2\n"), "{said:?}");
        assert!(said.stderr.contains("gamma left out: no answer to item 1\n"), "{said:?}");
        let text = home.run(&["eval", "show", "e"]);
        assert!(good(&text).contains("beta: no answer to item 2"), "{text:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_always_fails_pauses_the_run_and_says_why() {
    let home = Home::new();
    tokio::task::block_in_place(|| {
        let lines: Vec<_> = (0..20).map(|at| json!({ "prompt": at.to_string() })).collect();
        keep(&home, "plain", &lines);
        good(&home.run(&["eval", "create", "e", "--dataset", "plain", "-m", "scripted/fail-401"]));
        let said = home.run(&["eval", "run", "e"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(
            said.stdout.contains(" failed, paused: scripted/fail-401 failed 5 times in a row"),
            "{said:?}"
        );
        let failed = said.stdout.split("0 of 20 answers, ").nth(1).unwrap();
        let failed: u32 = failed.split(' ').next().unwrap().parse().unwrap();
        assert!((5..9).contains(&failed), "those that were on their way come in too: {said:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_always_fails_keeps_none_of_the_others_answers_away() {
    let home = Home::new();
    tokio::task::block_in_place(|| {
        let lines: Vec<_> = (0..20).map(|at| json!({ "prompt": at.to_string() })).collect();
        keep(&home, "plain", &lines);
        let create =
            ["eval", "create", "e", "--dataset", "plain", "-m", "scripted/fail-401", "-m", "scripted/echo"];
        good(&home.run(&create));
        let said = home.run(&["eval", "run", "e"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        let count = said.stdout.split(" of 40 answers, ").last().unwrap();
        assert!(
            said.stdout.contains("20 of 40 answers") && count.contains("fail-401 failed 5 times"),
            "{said:?}"
        );
        assert!(!count.contains("echo"), "{said:?}");
    });
}

/// A run whose server answers three times, then says nothing.
async fn stalled() -> (Server, Home, Arc<AtomicBool>) {
    let stalls = Arc::new(AtomicBool::new(true));
    let silent = Arc::clone(&stalls);
    let server = Server::start(move |number, seen| {
        if number >= 3 && silent.load(Ordering::SeqCst) {
            return vec![Part::Stall];
        }
        answered(&format!("answer to {}", asked(seen)))
    })
    .await;
    let home = served(&server);
    tokio::task::block_in_place(|| questions(&home, 12));
    (server, home, stalls)
}

/// Asks again and again, each time with a process of its own, which takes its while. The first one waits until the run has asked
/// for a fourth answer: it would have the workspace otherwise, and let the run work through it as long as that stalls.
#[expect(clippy::disallowed_methods, reason = "another process works meanwhile")]
fn wait_for_three(server: &Server, home: &Home) {
    let began = std::time::Instant::now();
    while server.seen().len() < 4 {
        assert!(began.elapsed() < std::time::Duration::from_mins(1), "nobody asked for a fourth answer");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    while shown(home, "e")["generation"]["done"] != 3 {
        assert!(began.elapsed() < std::time::Duration::from_mins(1), "three answers never came");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_goes_on_where_it_was_and_asks_nothing_twice() {
    let (server, home, stalls) = stalled().await;
    tokio::task::block_in_place(|| {
        let mut run = home.start(&["eval", "run", "e"]);
        wait_for_three(&server, &home);
        run.kill().unwrap();
        run.wait().unwrap();
        let before = shown(&home, "e");
        assert_eq!(
            (&before["generation"]["state"], &before["generation"]["done"]),
            (&json!("paused"), &json!(3))
        );
        assert_eq!(before["generation"]["why"], "the program ended");
        // Those that were on their way were never answered.
        let asked: usize = counted(&server).values().sum();
        stalls.store(false, Ordering::SeqCst);
        let said = home.run(&["eval", "run", "e"]);
        assert_eq!(good(&said), "e: 12 of 12 answers\n", "{said:?}");
        let counts = counted(&server);
        assert_eq!((counts.len(), counts.values().sum::<usize>()), (12, asked + 9));
        assert_eq!(counts.values().filter(|count| **count == 2).count(), asked - 3, "{counts:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_a_run_paused_in_whichever_process_it_runs() {
    for attached in [false, true] {
        let (server, home, stalls) = stalled().await;
        let owner = workbench::open(&home.config());
        if attached {
            owner.ready().await.unwrap();
        }
        tokio::task::block_in_place(|| {
            let run = home.start(&["eval", "run", "e"]);
            wait_for_three(&server, &home);
            let pid = rustix::process::Pid::from_child(&run);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
            let said = Said::of(run.wait_with_output().unwrap());
            assert_eq!(said.code, Some(130), "{said:?}");
            assert!(said.stderr.contains("outcrop eval run e"), "{said:?}");
            assert_eq!(shown(&home, "e")["generation"]["state"], "paused");
            stalls.store(false, Ordering::SeqCst);
            good(&home.run(&["eval", "run", "e"]));
        });
        owner.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_paused_from_elsewhere() {
    let (server, home, _) = stalled().await;
    tokio::task::block_in_place(|| {
        let run = home.start(&["eval", "run", "e"]);
        wait_for_three(&server, &home);
        let said = home.run(&["eval", "pause", "e"]);
        assert_eq!(good(&said), "e: 3 of 12 answers, paused: somebody paused it\n");
        let said = Said::of(run.wait_with_output().unwrap());
        assert_eq!(said.code, Some(130), "{said:?}");
        assert_eq!(said.stdout, "e: 3 of 12 answers, paused: somebody paused it\n");
    });
}

#[test]
fn a_task_that_is_changed_after_votes_begins_a_new_version() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 2);
        let file = home.beside().join("task.toml");
        let write = |instructions: &str, more: &str| {
            let metric = "[[metrics]]\nname = 'Which'\nmethod = 'choice'\n";
            std::fs::write(&file, format!("instructions = '{instructions}'\n{more}\n{metric}")).unwrap();
        };
        write("Choose.", "");
        let create = ["eval", "create", "v", "--dataset", "pairs", "--task", "task.toml"];
        good(&home.run(&create));
        let change = ["eval", "change", "v", "--task", "task.toml"];
        write("Choose one.", "");
        assert_eq!(good(&home.run(&change)), "v: changed; still version 1\n", "without votes");
        let rate = ["eval", "rate", "v", "--rater", "ada", "--json"];
        let vote = format!("{}\n", json!({ "values": { "Which": 0 } }));
        assert_eq!(home.fed(&vote, &rate).objects()[1]["seat"]["pace"]["done"], 1);
        write("Choose one.", "raters_per_item = 2");
        assert_eq!(good(&home.run(&change)), "v: changed; still version 1\n", "the votes mean what they did");
        write("Choose the kinder one.", "");
        let said = home.run(&change);
        assert_eq!(
            good(&said),
            "v: changed; version 2 begins, because there are votes of version 1 that would mean something else now\n"
        );
        let seat = home.fed("", &rate).objects().remove(0);
        assert_eq!((&seat["seat"]["task"]["version"], &seat["seat"]["pace"]["done"]), (&json!(2), &json!(0)));
        // The task comes out as it went in.
        let written = home.run(&["eval", "show", "v", "--task"]);
        assert!(good(&written).contains("instructions = \"Choose the kinder one.\""), "{written:?}");
        std::fs::write(&file, &written.stdout).unwrap();
        let before = shown(home, "v");
        assert_eq!(good(&home.run(&change)), "v: changed; still version 2\n");
        assert_eq!(shown(home, "v")["task"], before["task"]);
        assert_eq!(before["earlier"][0]["version"], 1);
    });
}

#[test]
fn a_known_place_that_no_rater_can_give_is_refused() {
    let home = Home::new();
    brought(&home, 2);
    let metric = "[[metrics]]\nname = 'order'\nmethod = 'rank'\n[[gold]]\nitem = 1\nmetric = 'order'\n";
    for (place, takes) in [(0, false), (3, false), (2, true)] {
        let ranks = format!("ranks = {{ 'alpha/one' = 1, 'beta/two' = {place} }}\n");
        std::fs::write(home.beside().join("order.toml"), format!("{metric}{ranks}")).unwrap();
        let said = home.run(&["eval", "create", "order", "--dataset", "pairs", "--task", "order.toml"]);
        let told = said.stderr.contains(&format!("place {place} is known of \"beta/two\", there are 1 to 2"));
        assert_eq!((said.code, told), if takes { (Some(0), false) } else { (Some(2), true) }, "{said:?}");
    }
}

#[test]
fn evaluating_says_what_is_wrong_and_how_to_mend_it() {
    let told = on_both(Home::new, |home| {
        brought(home, 2);
        let write = |name: &str, text: &str| std::fs::write(home.beside().join(name), text).unwrap();
        write("field.toml", "instructions = 'x'\nrater = 3\n");
        write(
            "method.json",
            "{\"instructions\": \"x\",\n \"metrics\": [{\"name\": \"a\", \"method\": \"stars\"}]}",
        );
        write(
            "gold.toml",
            "[[metrics]]\nname = 'a'\nmethod = 'choice'\n[[gold]]\nitem = 1\nmetric = 'a'\nchoice = 'nobody'\n",
        );
        home.transcript(&[
            "eval list",
            "eval show nowhere",
            "eval create a --dataset nowhere",
            "eval create a --dataset pairs --responses gamma",
            "eval create a --dataset pairs -m nowhere/x",
            "eval create a --dataset builtin/generation",
            "eval create a --dataset pairs --metric Tone",
            "eval create a --dataset pairs --metric Tone=stars",
            "eval create a --dataset pairs --metric 'a b=likert'",
            "eval create a --dataset pairs --raters 0",
            "eval create a --dataset pairs --repeats 60",
            "eval create a --dataset pairs --responses alpha/one --metric Over=compare",
            "eval create a --dataset pairs --task nowhere.toml",
            "eval create a --dataset pairs --task field.toml",
            "eval create a --dataset pairs --task method.json",
            "eval create a --dataset pairs --task gold.toml",
            "eval create a --dataset pairs",
            "eval create A --dataset pairs",
            "eval rate a --rater ada",
            "eval rate a --rater ' ' --json",
            "eval run a",
            "eval remove a",
        ])
    });
    assert_eq!(told[0], told[1]);
    insta::assert_snapshot!("evaluation_errors", told[0]);
}
