//! Every verb of datasets, evaluations and comparisons for programs: an object a line, whatever it is that it tells.

use std::fs;

use serde_json::json;

use super::evaluation::{Rater, choosing, good};
use super::home::{Home, SCRIPTED, on_both};

/// Runs a command for programs; the kind of its first object.
fn kind(home: &Home, words: &str) -> String {
    let said = home.run(&words.split(' ').chain(["--json"]).collect::<Vec<_>>());
    assert_eq!(said.code, Some(0), "{words}: {said:?}");
    let objects = said.objects();
    assert!(objects.iter().all(|object| object["reply"].is_string()), "{words}: {objects:?}");
    objects.first().map(|object| object["reply"].as_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn every_verb_of_datasets_and_evaluations_tells_programs_objects_alone() {
    let act = |home: &Home| {
        let line = |at: usize| {
            let answer = |text: &str, model: &str| json!({"response": text, "modelIdentifier": model});
            let responses = [answer("yes", "alpha/one"), answer("no", "beta/two")];
            json!({"prompt": format!("question {at}"), "modelResponses": responses}).to_string()
        };
        let lines: Vec<String> = (0..3).map(line).collect();
        fs::write(home.beside().join("pairs.jsonl"), lines.join("\n")).unwrap();
        for (words, wanted) in [
            ("datasets import pairs.jsonl --name pairs", "dataset"),
            ("datasets list", "dataset"),
            ("datasets show pairs", "dataset"),
            ("datasets export pairs", "text"),
            ("eval create which --dataset pairs", "evaluation"),
            ("eval list", "evaluation"),
            ("eval show which", "evaluation"),
            ("eval run which", "generation"),
        ] {
            assert_eq!(kind(home, words), wanted, "{words}");
        }
        let mut ada = Rater::at(home, "which", "ada");
        let item = ada.seat()["sheet"]["item"].as_str().unwrap()[..12].to_owned();
        ada.say(&choosing(0));
        ada.end();
        let decides = format!("eval adjudicate which --item {item} --value alpha/one");
        assert_eq!(kind(home, &decides), "decision");
        good(&home.run(&["eval", "export", "which", "-o", "b.jsonl"]));
        good(&home.run(&["eval", "create", "away", "--dataset", "pairs"]));
        good(&home.run(&["eval", "hand-out", "away", "--rater", "ann", "-o", "h.jsonl"]));
        let said = format!("{}\n", choosing(0));
        good(&home.fed(&said, &["eval", "rate", "h.jsonl", "--rater", "ann", "--json"]));
        for (words, wanted) in [
            ("eval report which", "report"),
            // Nobody differs.
            ("eval adjudicate which", ""),
            ("eval hand-out which --rater zoe --all", "text"),
            ("eval export which", "text"),
            ("eval import b.jsonl --name again", "taken_in"),
            ("eval take-in away-ann-ratings.jsonl", "taken_in"),
            ("eval remove again --yes", "done"),
            ("datasets remove pairs --yes", "done"),
        ] {
            assert_eq!(kind(home, words), wanted, "{words}");
        }
    };
    let [(), ()] = on_both(Home::new, act);
}

#[test]
fn every_verb_of_comparisons_tells_programs_objects_alone() {
    let act = |home: &Home| {
        assert_eq!(kind(home, "compare -m scripted/echo -m scripted/wide hi"), "comparison");
        let id = good(&home.run(&["comparisons", "list"])).split(' ').next().unwrap().to_owned();
        for (words, wanted) in [
            ("comparisons list", "comparison"),
            ("comparisons show ID", "comparison"),
            ("comparisons choose ID A", "ballot"),
            ("comparisons leaderboard", "leaderboard"),
            ("comparisons export ID", "text"),
            ("comparisons remove ID --yes", "done"),
        ] {
            assert_eq!(kind(home, &words.replace("ID", &id)), wanted, "{words}");
        }
    };
    let [(), ()] = on_both(|| Home::with(SCRIPTED), act);
}
