//! What becomes of votes on the command line: reports, decisions, files for other people and programs.

use futures_util::StreamExt;
use outcrop::domain::evaluation::vote::{Chosen, Said, Skip, Value as Said_};
use outcrop::domain::evaluation::{ItemHash, Vote};
use outcrop::domain::id::VoteId;
use outcrop::domain::time::Timestamp;
use outcrop::wire::evaluation::hand_out::{self, HandOut};
use outcrop::wire::evaluation::rating_file::{self, Given};
use outcrop::workbench::request::evaluations::Evaluations;
use outcrop::workbench::{self, Context, Face, Reply, Request, Workbench};
use serde_json::{Value, json};

use super::evaluation::{Rater, brought, choosing, good, keep, shown};
use super::home::{Home, on_both};

/// Two raters who differ on the first item of six and agree on the others.
fn rated(home: &Home) {
    brought(home, 6);
    good(&home.run(&["eval", "create", "which", "--dataset", "pairs", "--raters", "2"]));
    for (name, odd) in [("ada", false), ("bob", true)] {
        let mut rater = Rater::at(home, "which", name);
        let mut seat = rater.seat();
        while let Some(question) = seat["sheet"]["turns"][0]["text"].as_str().map(str::to_owned) {
            let answers = seat["sheet"]["answers"].as_array().unwrap();
            let yes = answers.iter().position(|answer| answer["text"].as_str().unwrap().starts_with("yes"));
            let yes = yes.unwrap();
            let best = if odd && question == "question 0" { 1 - yes } else { yes };
            seat = rater.say(&choosing(best));
        }
        rater.end();
    }
}

#[test]
fn a_report_says_what_the_votes_come_to_in_every_form_and_who_looked_is_kept() {
    let [(), ()] = on_both(Home::new, |home| {
        rated(home);
        assert_eq!(shown(home, "which")["unblinded"], Value::Null);
        let text = good(&home.run(&["eval", "report", "which"])).to_owned();
        for words in ["Preference", "alpha/one", "beta/two", "12", "alpha"] {
            assert!(text.contains(words), "{words} in {text}");
        }
        assert_eq!(shown(home, "which")["unblinded"].as_array().unwrap().len(), 1, "somebody looked");
        let said = home.run(&["eval", "report", "which", "--json"]);
        good(&said);
        let report = said.objects().remove(0);
        assert_eq!(report["coverage"]["votes"], 12, "{report}");
        assert_eq!(report["metrics"][0]["disagreements"].as_array().unwrap().len(), 1, "{report}");
        assert_eq!(shown(home, "which")["unblinded"].as_array().unwrap().len(), 1, "once a day is enough");
        let html = home.path().join("which.html");
        good(&home.run(&["eval", "report", "which", "-o", html.to_str().unwrap()]));
        let html = std::fs::read_to_string(html).unwrap();
        assert!(
            html.starts_with("<!")
                && !html.contains("<script")
                && !html.contains("refresh")
                && !html.contains("http:")
                && !html.contains("src="),
            "{html}"
        );
        let csv = good(&home.run(&["eval", "report", "which", "--form", "csv"])).to_owned();
        assert!(csv.lines().count() > 10, "{csv}");
        let none = home.run(&["eval", "report", "which", "--version", "7"]);
        assert_eq!(none.code, Some(2));
        assert!(
            none.stderr.contains("has no version 7") && none.stderr.contains("There are: 1."),
            "{none:?}"
        );
    });
}

#[test]
fn a_report_of_no_votes_says_so_in_words() {
    let home = Home::new();
    brought(&home, 1);
    good(&home.run(&["eval", "create", "bare", "--dataset", "pairs"]));
    let text = good(&home.run(&["eval", "report", "bare"])).to_owned();
    assert_eq!(text, "bare: there are no votes yet on its 1 item\n");
    let text = good(&home.run(&["eval", "report", "bare", "--form", "markdown"])).to_owned();
    assert!(text.contains("no votes") && !text.contains("NaN") && !text.contains(" inf "), "{text}");
}

#[test]
fn what_raters_differ_on_is_decided_and_its_history_kept() {
    let [(), ()] = on_both(Home::new, |home| {
        rated(home);
        let listed = good(&home.run(&["eval", "adjudicate", "which"])).to_owned();
        assert_eq!(listed.lines().count(), 1, "{listed}");
        let item = listed.split_whitespace().next().unwrap().to_owned();
        let decide = |value: &str| {
            home.run(&[
                "eval",
                "adjudicate",
                "which",
                "--item",
                &item,
                "--value",
                value,
                "--reason",
                "it says no",
            ])
        };
        let wrong = decide("gamma");
        assert_eq!(wrong.code, Some(2));
        assert!(wrong.stderr.contains("Its answers are of alpha/one and beta/two"), "{wrong:?}");
        good(&decide("beta/two"));
        good(&decide("tie"));
        let listed = good(&home.run(&["eval", "adjudicate", "which"])).to_owned();
        assert!(listed.contains("decided"), "{listed}");
        let report = home.run(&["eval", "report", "which", "--json"]).objects().remove(0);
        let decisions = report["decisions"].as_array().unwrap();
        assert_eq!(decisions.len(), 2, "{decisions:?}");
        assert_eq!(
            (&decisions[0]["reason"], &decisions[1]["value"]),
            (&"it says no".into(), &serde_json::json!({"choice": "tie"}))
        );
    });
}

#[test]
fn an_item_is_named_by_its_question_and_shown_with_whose_answers_it_has_and_who_said_what() {
    let [(), ()] = on_both(Home::new, |home| {
        rated(home);
        let listed = good(&home.run(&["eval", "adjudicate", "which"])).to_owned();
        assert!(listed.trim_end().ends_with("question 0"), "{listed}");
        let item = listed.split_whitespace().next().unwrap();
        let report = good(&home.run(&["eval", "report", "which"])).to_owned();
        assert!(report.lines().any(|line| line.contains(item) && line.contains("question 0")), "{report}");
        let csv = good(&home.run(&["eval", "report", "which", "--form", "csv"])).to_owned();
        assert!(csv.lines().any(|line| line.contains(item) && line.ends_with(",question 0")), "{csv}");
        // Few digits are enough where they tell it from the others: four at least.
        let few = home.run(&["eval", "report", "which", "--item", &item[..3]]);
        assert!(
            few.stderr.contains("numbers 1 to 6, and an id takes at least 4 of its digits")
                && few.stderr.contains("--items` lists them by number and id"),
            "{few:?}"
        );
        let digits = (4..).map(|many| &item[..many]);
        let mut said = digits.map(|digits| home.run(&["eval", "report", "which", "--item", digits]));
        let item_said = said.find(|said| said.code == Some(0)).unwrap();
        for words in ["question 0", "-- alpha/one", "yes 0", "-- beta/two", "no 0", "ada", "bob", "2 votes"] {
            assert!(item_said.stdout.contains(words), "{words} in {item_said:?}");
        }
        let again = home.run(&["eval", "adjudicate", "which", "--item", item]);
        assert_eq!(again.stdout, item_said.stdout, "the same without a value");
        good(&home.run(&[
            "eval",
            "adjudicate",
            "which",
            "--item",
            item,
            "--value",
            "tie",
            "--reason",
            "both say it",
        ]));
        let decided = good(&home.run(&["eval", "report", "which", "--item", item])).to_owned();
        assert!(
            decided.contains("-- decided") && decided.contains("ada  Preference  a tie  both say it"),
            "{decided}"
        );
        let none = home.run(&["eval", "report", "which", "--item", "wxyz"]);
        assert!(
            none.code == Some(2)
                && none.stderr.contains("no item's id begins or ends so")
                && none.stderr.contains("--items` lists them by number and id"),
            "{none:?}"
        );
    });
}

#[test]
fn a_decision_by_a_version_of_the_task_that_is_not_in_force_any_more_is_refused() {
    let home = Home::new();
    rated(&home);
    let listed = home.run(&["eval", "adjudicate", "which", "--json"]).objects().remove(0);
    let item = ItemHash(listed["item"].as_str().unwrap().to_owned());
    assert_eq!(listed["question"], "question 0");
    let id = shown(&home, "which")["id"].as_str().unwrap().parse().unwrap();
    changed(&home, "which", "tie where", "draw where");
    let decide = |version: u32| {
        let decision = Evaluations::Adjudicate {
            id,
            item: item.clone(),
            metric: "Preference".into(),
            value: Said_::Choice(Chosen::Tie),
            reason: String::new(),
            version,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let door = workbench::open(&home.config());
            door.ready().await.unwrap();
            let said =
                door.call(Context::of(Face::Cli), Request::Evaluations(decision)).collect::<Vec<_>>().await;
            door.close().await;
            said
        })
    };
    match decide(1).as_slice() {
        [Err(error)] => {
            assert!(
                error.why.contains("of version 1 of the task, which has been changed since, to version 2"),
                "{error}"
            );
        }
        other => panic!("{other:?}"),
    }
    match decide(2).as_slice() {
        // Nobody is named here: who acts has a name all the same.
        [Ok(Reply::Decision { decision })] => assert_eq!((decision.version, decision.by.as_str()), (2, "me")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_looked_has_a_name_also_where_the_account_tells_none() {
    let home = Home::new();
    rated(&home);
    let mut command = home.command(&["eval", "report", "which"]);
    assert!(command.env_remove("USER").env_remove("LOGNAME").output().unwrap().status.success());
    // The account's own name, where the machine knows one.
    let known = std::process::Command::new("id").arg("-un").output().unwrap();
    let account = String::from_utf8(known.stdout).unwrap();
    let name = if known.status.success() { account.trim() } else { "me" };
    assert_eq!(shown(&home, "which")["unblinded"][0]["by"], name);
}

#[test]
fn digits_that_several_items_begin_with_name_them() {
    let home = Home::new();
    brought(&home, 600);
    good(&home.run(&["eval", "create", "many", "--dataset", "pairs"]));
    // Of so many items several begin or end alike.
    let listed = home.run(&["eval", "report", "many", "--items", "--json"]).objects();
    let mut ends = listed.iter().flat_map(|item| {
        let id = item["id"].as_str().unwrap();
        [id[..4].to_owned(), id[60..].to_owned()]
    });
    let mut seen = std::collections::HashSet::new();
    let digits = ends.find(|digits| {
        let number = digits.parse::<u32>().is_ok_and(|number| number <= 600) && !digits.starts_with('0');
        !seen.insert(digits.clone()) && !number
    });
    let several = home.run(&["eval", "report", "many", "--item", &digits.unwrap()]);
    assert!(
        several.code == Some(2)
            && several.stderr.contains("items' ids begin or end so")
            && several.stderr.contains("(question ")
            && several.stderr.contains("more of its first or of its last digits"),
        "{several:?}"
    );
}

#[test]
fn an_item_is_named_by_the_number_that_its_dataset_gives_it() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 12);
        good(&home.run(&["eval", "create", "which", "--dataset", "pairs"]));
        let listed = good(&home.run(&["eval", "report", "which", "--items"])).to_owned();
        let rows: Vec<&str> = listed.lines().collect();
        assert_eq!(rows.len(), 12, "{listed}");
        assert!(rows[0].starts_with(" 1  ") && rows[0].ends_with("  question 0"), "{listed}");
        assert!(rows[11].starts_with("12  ") && rows[11].ends_with("  question 11"), "{listed}");
        assert_eq!(shown(home, "which")["unblinded"], Value::Null, "a list tells nobody's answers");
        // Whatever the ids begin or end with.
        for (at, row) in rows.iter().enumerate() {
            let number = (at + 1).to_string();
            let said = good(&home.run(&["eval", "report", "which", "--item", &number])).to_owned();
            let id = row.split_whitespace().nth(1).unwrap();
            assert!(said.contains(id) && said.contains(&format!("question {at}\n")), "{number}: {said}");
        }
        let more = home.run(&["eval", "report", "which", "--item", "13"]);
        assert!(more.code == Some(2) && more.stderr.contains("the numbers 1 to 12"), "{more:?}");
    });
}

#[test]
fn ids_and_items_are_all_named_by_a_piece_of_either_end() {
    let home = Home::new();
    rated(&home);
    let report = home.run(&["eval", "report", "which", "--json"]).objects().remove(0);
    let item = report["metrics"][0]["disagreements"][0]["item"].as_str().unwrap().to_owned();
    let id = shown(&home, "which")["id"].as_str().unwrap().replace('-', "");
    let ends = |of: &str| [of[..of.len() - 4].to_owned(), of[of.len() - 12..].to_owned()];
    for piece in ends(&item) {
        let said = home.run(&["eval", "report", "which", "--item", &piece]);
        assert!(good(&said).contains("question 0"), "{piece}: {said:?}");
    }
    for piece in ends(&id) {
        assert!(good(&home.run(&["eval", "show", &piece])).contains("which"), "{piece}");
    }
    // A piece of the middle is none.
    let middle = home.run(&["eval", "report", "which", "--item", &item[8..24]]);
    assert!(middle.stderr.contains("begins or ends so"), "{middle:?}");
}

#[test]
fn words_of_a_metric_are_said_and_taken_wherever_its_numbers_are() {
    let home = Home::new();
    brought(&home, 1);
    let tone = ["--metric", "Tone=likert", "--labels", "Tone=rude,plain,kind", "--raters", "2"];
    good(
        &home.run(&[&["eval", "create", "which", "--dataset", "pairs", "--fixed-sides"][..], &tone].concat()),
    );
    for (rater, said) in [("ada", json!([2, 3])), ("bob", json!(["kind", "Rude"]))] {
        let line = format!("{}\n", json!({ "values": { "Tone": said } }));
        good(&home.fed(&line, &["eval", "rate", "which", "--rater", rater, "--json"]));
    }
    let listed = good(&home.run(&["eval", "adjudicate", "which"])).to_owned();
    assert!(listed.contains("1 rude ×1") && listed.contains("3 kind ×1"), "{listed}");
    let item = listed.split_whitespace().next().unwrap();
    let decide = |value: &str| home.run(&["eval", "adjudicate", "which", "--item", item, "--value", value]);
    let of_which = decide("plain");
    assert!(of_which.stderr.contains("it does not say of which answer"), "{of_which:?}");
    assert!(of_which.stderr.contains("alpha/one=kind,beta/two=plain"), "{of_which:?}");
    assert!(decide("alpha/one=grand,beta/two=kind").stderr.contains("\"grand\" is no point"));
    good(&decide("alpha/one=2,beta/two=kind"));
    let told = good(&home.run(&["eval", "report", "which", "--item", item])).to_owned();
    for words in ["alpha/one: 2 plain, beta/two: 3 kind", "alpha/one: 3 kind, beta/two: 1 rude"] {
        assert!(told.contains(words), "{words} in {told}");
    }
}

#[test]
fn programs_get_every_disagreement_and_people_are_told_how_many_more_there_are() {
    let home = Home::new();
    brought(&home, 22);
    let create = ["eval", "create", "which", "--dataset", "pairs", "--raters", "2"];
    good(&home.run(&[&create[..], &["--fixed-sides", "--repeats", "0"]].concat()));
    for (rater, choice) in [("ada", 0), ("bob", 1)] {
        let lines = format!("{}\n", choosing(choice)).repeat(22);
        good(&home.fed(&lines, &["eval", "rate", "which", "--rater", rater, "--json"]));
    }
    let listed = home.run(&["eval", "adjudicate", "which"]);
    assert_eq!(good(&listed).lines().count(), 20);
    assert!(listed.stderr.contains("and 2 more by Preference; --json names all"), "{listed:?}");
    let all = home.run(&["eval", "adjudicate", "which", "--json"]);
    good(&all);
    assert_eq!(all.objects().len(), 22);
}

#[test]
fn every_verb_of_datasets_and_evaluations_speaks_to_programs_in_objects_alone() {
    let [(), ()] = on_both(Home::new, |home| {
        rated(home);
        let put = |name: &str, text: &str| std::fs::write(home.beside().join(name), text).unwrap();
        put("set.jsonl", "{\"prompt\": \"why?\"}\n");
        put("task.toml", "instructions = 'Choose.'\n[[metrics]]\nname = 'Which'\nmethod = 'thumbs'\n");
        put("b.jsonl", good(&home.run(&["eval", "export", "which"])));
        good(&home.run(&["eval", "hand-out", "which", "--rater", "zoe", "--all", "-o", "out.jsonl"]));
        let vote = format!("{}\n", choosing(0));
        let away = ["eval", "rate", "out.jsonl", "--rater", "zoe", "-o", "r.jsonl", "--json"];
        good(&home.fed(&vote, &away));
        good(&home.run(&["chat", "why?"]));
        let listed = home.run(&["conversations", "list", "--json"]).objects().remove(0);
        let conversation = listed["head"]["id"].as_str().unwrap().to_owned();
        for words in [
            "datasets import set.jsonl --name set",
            "datasets list",
            "datasets show set",
            "datasets export set",
            "datasets rename set other",
            &format!("datasets add gathered --conversation {conversation}"),
            "eval create asked --dataset other -m scripted/echo",
            "eval run asked",
            "eval list",
            "eval show asked",
            "eval show asked --task",
            "eval change asked --task task.toml",
            "eval report which",
            "eval report which --items",
            "eval report which --item 1",
            "eval report which --form html",
            "eval hand-out which --rater yan --all",
            "eval take-in r.jsonl",
            "eval import b.jsonl --name again",
            "eval export which --form battles",
            "eval adjudicate which",
            "eval adjudicate which --item 1 --value tie",
            "eval remove again asked --yes",
            "datasets remove other gathered --yes",
        ] {
            let arguments: Vec<&str> = words.split(' ').chain(["--json"]).collect();
            let said = home.run(&arguments);
            good(&said);
            let objects = said.objects();
            assert!(!objects.is_empty(), "{words}: {said:?}");
            assert!(objects.iter().all(|object| object["reply"].is_string()), "{words}: {said:?}");
        }
    });
}

#[test]
fn of_one_answer_alone_a_word_decides() {
    let home = Home::new();
    brought(&home, 1);
    let tone = ["--metric", "Tone=likert", "--labels", "Tone=rude,plain,kind", "--responses", "alpha/one"];
    good(&home.run(&[&["eval", "create", "one", "--dataset", "pairs"][..], &tone].concat()));
    good(&home.fed("{\"values\": {\"Tone\": [3]}}\n", &["eval", "rate", "one", "--rater", "a", "--json"]));
    let file = good(&home.run(&["eval", "hand-out", "--all", "one", "--rater", "b"])).to_owned();
    let item = hand_out::read(file.as_bytes()).whole().unwrap().items[0].item.clone();
    good(&home.run(&["eval", "adjudicate", "one", "--item", &item.0, "--value", "plain"]));
    let told = good(&home.run(&["eval", "report", "one", "--item", &item.0])).to_owned();
    assert!(told.contains("alpha/one: 2 plain"), "{told}");
}

#[test]
fn who_has_a_hand_out_only_has_not_joined() {
    let home = Home::new();
    brought(&home, 1);
    good(&home.run(&["eval", "create", "away", "--dataset", "pairs", "--raters", "2"]));
    let out = handed_out(&home, "zoe");
    let list = || good(&home.run(&["eval", "list"])).to_owned();
    assert!(list().contains("0 raters joined, 1 rater has a hand-out only"), "{}", list());
    let shows = good(&home.run(&["eval", "show", "away"])).to_owned();
    assert!(shows.contains("zoe (has a hand-out)"), "{shows}");
    let mut bob = Rater::at(&home, "away", "bob");
    assert_eq!(bob.seat()["pace"]["raters"], 1, "who is away is none of those who have joined");
    bob.end();
    let given = [vote(&out, 1, 1, first(&out, 1))];
    let text = rating_file::write(&rating_file::Header::of(&out), &given).unwrap();
    good(&home.fed(&text, &["eval", "take-in", "-"]));
    assert!(list().contains("2 raters joined  away"), "{}", list());
}

#[test]
fn a_decision_holds_in_what_is_exported_and_what_is_left_out_is_said() {
    let home = Home::new();
    rated(&home);
    let said = home.run(&["eval", "export", "which", "--form", "dpo"]);
    assert_eq!(good(&said).lines().count(), 5);
    assert!(said.stderr.contains("left out: 1 pair of answers without a winner"), "{said:?}");
    let listed = good(&home.run(&["eval", "adjudicate", "which"])).to_owned();
    let item = listed.split_whitespace().next().unwrap();
    good(&home.run(&["eval", "adjudicate", "which", "--item", item, "--value", "beta/two"]));
    let said = home.run(&["eval", "export", "which", "--form", "dpo"]);
    assert_eq!(good(&said).lines().count(), 6);
    assert!(said.stderr.is_empty(), "{said:?}");
    let ruled = said.stdout.lines().find(|line| line.contains("question 0")).unwrap();
    let ruled: Value = serde_json::from_str(ruled).unwrap();
    assert_eq!(
        (&ruled["chosen"], &ruled["decided"], &ruled["n_votes"]),
        (&"no 0".into(), &true.into(), &2.into())
    );
    // Where nobody has rated there is nothing to write.
    good(&home.run(&["eval", "create", "bare", "--dataset", "pairs"]));
    let none = home.run(&["eval", "export", "bare", "--form", "dpo"]);
    assert!(none.code == Some(2) && none.stdout.is_empty(), "{none:?}");
    assert!(none.stderr.contains("6 items without a vote on two answers"), "{none:?}");
}

#[test]
fn those_who_only_sat_down_are_told_apart_from_those_who_voted() {
    let home = Home::new();
    rated(&home);
    good(&home.fed("", &["eval", "rate", "which", "--rater", "cleo", "--json"]));
    let report = good(&home.run(&["eval", "report", "which"])).to_owned();
    assert!(report.contains("12 votes of 2 raters (3 joined) on 6 items"), "{report}");
}

#[test]
fn nothing_comes_again_of_items_so_few_that_it_would_be_noticed_and_that_is_said() {
    let home = Home::new();
    brought(&home, 3);
    let made = home.run(&["eval", "create", "few", "--dataset", "pairs", "--repeats", "50"]);
    good(&made);
    assert!(made.stderr.contains("nothing will come again unannounced: with 3 items"), "{made:?}");
    let home = Home::new();
    brought(&home, 6);
    let made = home.run(&["eval", "create", "some", "--dataset", "pairs", "--repeats", "50"]);
    good(&made);
    assert!(!made.stderr.contains("unannounced"), "{made:?}");
    let mut rater = Rater::at(&home, "some", "ada");
    let mut seat = rater.seat();
    assert_eq!(seat["pace"]["total"], 9, "three come again");
    let mut many = 0;
    while !seat["sheet"].is_null() {
        seat = rater.say(&choosing(0));
        many += 1;
    }
    assert_eq!(many, 9);
    rater.end();
}

/// A hand-out as its rater has it.
fn handed_out(home: &Home, rater: &str) -> HandOut {
    let file = home.path().join(format!("{rater}.jsonl"));
    let to = file.to_str().unwrap();
    good(&home.run(&["eval", "hand-out", "away", "--rater", rater, "-o", to, "--force"]));
    let text = std::fs::read_to_string(file).unwrap();
    for hidden in ["alpha", "beta", "secret-category", "gold", "seed", "repeat"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    hand_out::read(text.as_bytes()).whole().unwrap()
}

fn vote(out: &HandOut, place: u32, id: u8, said: Said) -> Given {
    let placed = out.at(place).unwrap();
    let vote = Vote {
        id: VoteId::from_bytes([id; 16]),
        rater: out.header.rater.clone(),
        item: placed.item.clone(),
        version: out.header.version,
        shown: placed.answers.iter().map(|answer| answer.id.clone()).collect(),
        said,
        active_ms: 4000,
        at: Timestamp(i64::from(id) * 1000),
        supersedes: None,
        comment: None,
        repeat: false,
    };
    Given { place, vote }
}

fn first(out: &HandOut, place: u32) -> Said {
    let id = out.at(place).unwrap().answers[0].id.clone();
    Said::Values(vec![("Preference".into(), Said_::Choice(Chosen::One(id)))])
}

#[test]
fn a_rater_takes_items_away_and_brings_votes_back_once() {
    let [(), ()] = on_both(Home::new, |home| {
        let lines: Vec<_> = (0..12)
            .map(|at| {
                serde_json::json!({ "prompt": format!("question {at}"), "category": "secret-category", "modelResponses": [
                    { "response": format!("yes {at}"), "modelIdentifier": "alpha/one" },
                    { "response": format!("no {at}"), "modelIdentifier": "beta/two" },
                ]})
            })
            .collect();
        keep(home, "pairs", &lines);
        good(&home.run(&["eval", "create", "away", "--dataset", "pairs", "--repeats", "10"]));
        let out = handed_out(home, "bo");
        assert!(out.items.len() > 12, "an item that is to come again stands twice: {}", out.items.len());
        let given = [
            vote(&out, 1, 1, first(&out, 1)),
            vote(&out, 2, 2, Said::Skipped(Skip::Unclear)),
            vote(&out, 3, 3, first(&out, 3)),
        ];
        let header = rating_file::Header::of(&out);
        let text = rating_file::write(&header, &given).unwrap();
        let said = home.fed(&text, &["eval", "take-in", "-"]);
        assert_eq!(good(&said), "away: 3 votes taken\n");
        let again = home.fed(&text, &["eval", "take-in", "-"]);
        assert_eq!(good(&again), "away: 0 votes taken, 3 were here already\n");
        // The last line was not written to its end; one is on other answers; one item was rated before.
        let mut twisted = vote(&out, 4, 4, first(&out, 4));
        twisted.vote.shown.reverse();
        let more = [vote(&out, 5, 5, first(&out, 5)), twisted, vote(&out, 1, 6, first(&out, 1))];
        let mut text = rating_file::write(&header, &more).unwrap();
        let whole = vote(&out, 7, 7, first(&out, 7)).write().unwrap();
        text.push_str(&whole[..whole.len() / 2]);
        let said = home.fed(&text, &["eval", "take-in", "-"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.stdout.contains("1 vote taken, 3 lines left out"), "{said:?}");
        for words in ["line 3", "line 4", "rated that item already", "the file ends in the middle of it"] {
            assert!(said.stderr.contains(words), "{words} in {}", said.stderr);
        }
        // Of a hand-out whose items were changed, and of somebody who has none.
        let forged = rating_file::Header { digest: "0".repeat(64), ..header.clone() };
        let said = home.fed(&rating_file::write(&forged, &given).unwrap(), &["eval", "take-in", "-"]);
        assert!(said.stdout.contains("0 votes taken"), "{said:?}");
        let strange = rating_file::Header { rater: "eve".into(), ..header };
        let said = home.fed(&rating_file::write(&strange, &given).unwrap(), &["eval", "take-in", "-"]);
        assert_eq!(said.code, Some(2));
        assert!(said.stderr.contains("\"eve\" has no hand-out of it"), "{said:?}");
        let said = home.fed("nothing of the kind\n", &["eval", "take-in", "-"]);
        assert_eq!(said.code, Some(2), "{said:?}");
    });
}

#[test]
fn what_a_rater_took_back_is_not_counted_among_the_votes_taken() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 4);
        good(&home.run(&["eval", "create", "away", "--dataset", "pairs"]));
        let out = handed_out(home, "bo");
        let mut back = vote(&out, 1, 2, Said::Withdrawn);
        back.vote.supersedes = Some(VoteId::from_bytes([1; 16]));
        let votes = [vote(&out, 1, 1, first(&out, 1)), back, vote(&out, 2, 3, first(&out, 2))];
        let text = rating_file::write(&rating_file::Header::of(&out), &votes).unwrap();
        let said = home.fed(&text, &["eval", "take-in", "-"]);
        assert_eq!(good(&said), "away: 1 vote taken\n");
        let again = home.fed(&text, &["eval", "take-in", "-"]);
        assert_eq!(good(&again), "away: 0 votes taken, 1 was here already\n");
    });
}

/// A task file like the evaluation's with other words in it.
fn changed(home: &Home, name: &str, from: &str, to: &str) {
    let task = good(&home.run(&["eval", "show", name, "--task"])).to_owned();
    assert!(task.contains(from), "{from} in {task}");
    let file = home.path().join("task.toml");
    std::fs::write(&file, task.replace(from, to)).unwrap();
    good(&home.run(&["eval", "change", name, "--task", file.to_str().unwrap()]));
}

#[test]
fn what_was_taken_away_before_a_change_is_taken_in_after_it() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 4);
        good(&home.run(&["eval", "create", "away", "--dataset", "pairs", "--raters", "2"]));
        let out = handed_out(home, "bo");
        let votes = [vote(&out, 1, 1, first(&out, 1)), vote(&out, 2, 2, first(&out, 2))];
        let early = rating_file::write(&rating_file::Header::of(&out), &votes).unwrap();
        assert_eq!(handed_out(home, "bo"), out, "the same once more");
        changed(home, "away", "tie where", "draw where");
        let said = home.fed(&early, &["eval", "take-in", "-"]);
        assert_eq!(good(&said), "away: 2 votes taken of version 1 of the task\n");
        // They count where they belong, and take nothing from the version in force.
        let report = |version: &str| {
            let said = home.run(&["eval", "report", "away", "--version", version, "--json"]);
            good(&said);
            said.objects().remove(0)["coverage"]["votes"].clone()
        };
        assert_eq!((report("1"), report("2")), (2.into(), 0.into()));
        let later = handed_out(home, "bo");
        assert_eq!((later.header.version, later.items.len()), (2, 4));
        assert_ne!(later.header.digest, out.header.digest);
        let votes = [vote(&later, 1, 3, first(&later, 1))];
        let late = rating_file::write(&rating_file::Header::of(&later), &votes).unwrap();
        let late_file = home.path().join("late.jsonl");
        std::fs::write(&late_file, late).unwrap();
        let other = home.path().join("other.jsonl");
        std::fs::write(&other, "nothing of the kind\n").unwrap();
        // A file that is none is named, and keeps no other out.
        let (other, late_file) = (other.to_str().unwrap(), late_file.to_str().unwrap());
        let said = home.run(&["eval", "take-in", other, late_file]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(1), "away: 1 vote taken\n"), "{said:?}");
        assert!(said.stderr.contains("other.jsonl"), "{said:?}");
        let said = home.run(&["eval", "take-in", other, "gone.jsonl"]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "none came: {said:?}");
        assert!(said.stderr.contains("no file could be taken in"), "{said:?}");
        // A vote of the old version that is brought again is known.
        let again = home.fed(&early, &["eval", "take-in", "-"]);
        assert_eq!(good(&again), "away: 0 votes taken of version 1 of the task, 2 were here already\n");
    });
}

#[test]
fn who_has_seen_the_task_sees_every_change_as_a_new_version() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 4);
        good(&home.run(&["eval", "create", "which", "--dataset", "pairs"]));
        changed(home, "which", "tie where", "draw where");
        assert_eq!(shown(home, "which")["task"]["version"], 1, "nobody has seen it");
        let mut rater = Rater::at(home, "which", "ada");
        rater.seat();
        changed(home, "which", "draw where", "tie where");
        assert_eq!(shown(home, "which")["task"]["version"], 2);
        // What is said of the old words is refused, and the new ones come.
        let seat = rater.say(&choosing(0));
        assert_eq!((&seat["task"]["version"], &seat["pace"]["done"]), (&2.into(), &0.into()));
        let seat = rater.say(&choosing(0));
        assert_eq!(seat["pace"]["done"], 1);
        let (said, _) = rater.end();
        assert!(said.contains("the task has been changed since, to version 2"), "{said}");
        assert_eq!(shown(home, "which")["raters"], serde_json::json!(["ada"]));
    });
}

#[test]
fn an_evaluation_goes_to_other_programs_and_comes_back_the_same() {
    let [(), ()] = on_both(Home::new, |home| {
        rated(home);
        let bedrock = good(&home.run(&["eval", "export", "which"])).to_owned();
        assert_eq!(bedrock.lines().count(), 6);
        let said = home.fed(&bedrock, &["eval", "import", "-", "--name", "again"]);
        assert_eq!(good(&said), "again: 12 votes taken\n");
        assert_eq!(lines(&bedrock), lines(good(&home.run(&["eval", "export", "again"]))));
        let pairs = good(&home.run(&["eval", "export", "which", "--form", "dpo"])).to_owned();
        assert_eq!(pairs.lines().count(), 5, "the one that raters differ on has no winner: {pairs}");
        let none = home.run(&["eval", "export", "which", "--form", "kto"]);
        assert!(none.code == Some(2) && none.stdout.is_empty(), "{none:?}");
        assert!(none.stderr.contains("\"Preference\" is rated by choice"), "{none:?}");
        for form in ["label-studio", "argilla"] {
            let text = good(&home.run(&["eval", "export", "which", "--form", form])).to_owned();
            let said = home.fed(&text, &["eval", "import", "-", "--form", form, "--name", form]);
            assert_eq!(good(&said), format!("{form}: 12 votes taken\n"));
            let again = good(&home.run(&["eval", "export", form, "--form", "dpo"])).to_owned();
            assert_eq!(again.lines().count(), 5, "the same preferences: {again}");
        }
        let half = &bedrock[..bedrock.len() - 40];
        let said = home.fed(half, &["eval", "import", "-", "--name", "half"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.stderr.contains("line 6") && said.stdout.contains("10 votes taken"), "{said:?}");
        // Answers of others, the same line once more, a rater twice: each is told.
        let mut all: Vec<String> = lines(&bedrock).iter().map(Value::to_string).collect();
        all[1] = all[1].replace("beta/two", "gamma/three");
        all[2] = all[0].clone();
        all[3] = all[3].replace("\"bob\"", "\"ada\"");
        let said = home.fed(&all.join("\n"), &["eval", "import", "-", "--name", "odd"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.stdout.contains("odd: 7 votes taken, 3 lines left out"), "{said:?}");
        for words in
            ["line 2: its answers are of", "line 3: \"ada\" rates it twice", "line 4: \"ada\" rates it twice"]
        {
            assert!(said.stderr.contains(words), "{words} in {said:?}");
        }
    });
}

#[test]
fn whatever_is_written_to_a_file_is_wrapped_alike_for_programs_and_only_there() {
    let [here, there] = on_both(Home::new, |home| {
        rated(home);
        let ask = |words: &str, more: &[&str]| {
            home.run(&[words.split(' ').collect::<Vec<_>>(), more.to_vec()].concat())
        };
        let mut lines = Vec::new();
        for words in [
            "eval report which --form csv",
            "eval report which --form html",
            "eval report which --form markdown",
            "eval hand-out which --all --rater zoe",
            "eval export which --form bedrock",
            "eval export which --form label-studio",
            "eval export which --form argilla",
            "eval export which --form dpo",
            "eval show which --task",
            "datasets export pairs",
            "datasets export pairs --form csv",
        ] {
            let plain = good(&ask(words, &[])).to_owned();
            let said = ask(words, &["--json"]);
            good(&said);
            let pieces = said.objects();
            let joined: String = pieces.iter().map(|piece| piece["text"].as_str().unwrap()).collect();
            assert_eq!(joined.trim_end(), plain.trim_end(), "{words}");
            let kinds: Vec<_> = pieces.iter().map(|piece| piece["reply"].to_string()).collect();
            let fields: Vec<&String> = pieces[0].as_object().unwrap().keys().collect();
            lines.push(format!("{words} --json: {} of {fields:?}", kinds.join(" ")));
            if !words.contains("--task") {
                let file = home.path().join("written");
                let file = file.to_str().unwrap();
                good(&ask(words, &["--json", "-o", file, "--force"]));
                let written = std::fs::read_to_string(file).unwrap();
                assert_eq!(written.trim_end(), plain.trim_end(), "{words} -o");
            }
        }
        lines.join("\n")
    });
    assert_eq!(here, there, "as the owner, and attached to one");
    insta::assert_snapshot!("files_for_programs", here);
}

#[test]
fn a_hand_out_says_until_when_its_items_are_held_and_others_wait_for_them() {
    let home = Home::new();
    brought(&home, 1);
    good(&home.run(&["eval", "create", "which", "--dataset", "pairs", "--raters", "1"]));
    let said = home.run(&["eval", "hand-out", "which", "--rater", "zoe"]);
    good(&said);
    assert!(said.stderr.contains("its items are held for zoe until 20"), "{said:?}");
    assert!(said.stderr.contains("take-in"), "{said:?}");
    let mut bob = Rater::at(&home, "which", "bob");
    let seat = bob.seat();
    assert_eq!((&seat["sheet"], &seat["pace"]["taken"]), (&Value::Null, &1.into()));
    bob.end();
}

#[test]
fn a_hand_out_of_some_items_leaves_the_others_and_goes_on_behind_what_came_back() {
    let home = Home::new();
    brought(&home, 6);
    good(&home.run(&["eval", "create", "which", "--dataset", "pairs", "--raters", "1"]));
    let handed = |rater: &str, items: &str| {
        let said = home.run(&["eval", "hand-out", "which", "--rater", rater, "--items", items]);
        hand_out::read(good(&said).as_bytes()).whole().unwrap()
    };
    let names = |out: &HandOut| out.items.iter().map(|of| of.item.clone()).collect::<Vec<_>>();
    let first = names(&handed("zoe", "2"));
    assert_eq!(first.len(), 2);
    // A new one in its place begins where it did; those of somebody else are others.
    assert_eq!(names(&handed("zoe", "2")), first);
    let fewer = home.run(&["eval", "hand-out", "which", "--rater", "yan", "--items", "9"]);
    assert!(fewer.stderr.contains("only 4 items are in it, of the 9 asked for"), "{fewer:?}");
    let others = names(&handed("yan", "9"));
    assert_eq!(others.len(), 4, "all that is left");
    assert!(others.iter().all(|item| !first.contains(item)));
    let none = home.run(&["eval", "hand-out", "which", "--rater", "xia", "--items", "1"]);
    assert!(none.stderr.contains("nothing is left that \"xia\" could rate now"), "{none:?}");
    assert!(!good(&home.run(&["eval", "show", "which"])).contains("xia"), "who got nothing is no rater");
    let refused = home.run(&["eval", "hand-out", "which", "--rater", "xia", "--items", "0"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

pub(super) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn battles_are_written_and_taken_onto_the_leaderboard_once_and_off_it_again() {
    let [(), ()] = on_both(Home::new, |home| {
        rated(home);
        let text = good(&home.run(&["eval", "export", "which", "--form", "battles"])).to_owned();
        let fought = lines(&text);
        assert_eq!(fought.len(), 12);
        let won = |battle: &&Value| battle[battle["winner"].as_str().unwrap()] == "beta/two";
        let beta: Vec<_> = fought.iter().filter(won).collect();
        assert_eq!((beta.len(), &beta[0]["judge"]), (1, &"bob".into()));
        let said = home.fed(&text, &["eval", "import", "-", "--form", "battles", "--name", "b"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.stderr.contains("battles bring neither questions nor answers"), "{said:?}");
        assert!(said.stderr.contains("`outcrop comparisons import`"), "{said:?}");
        let help = home.run(&["eval", "import", "--help"]);
        let forms = good(&help).split("--form").nth(1).unwrap();
        assert!(forms.contains("argilla") && !forms.contains("dpo") && !forms.contains("kto"), "{forms}");
        let take = ["comparisons", "import", "-"];
        assert_eq!(good(&home.fed(&text, &take)), "12 battles taken in\n");
        assert_eq!(good(&home.fed(&text, &take)), "0 battles taken in; 12 battles were there already\n");
        let board = home.run(&["comparisons", "leaderboard", "--json"]).objects().remove(0);
        assert_eq!(board["board"]["battles"], 12, "{board}");
        let again = good(&home.run(&["comparisons", "export", "--form", "battles"])).to_owned();
        let sorted = |text: &str| {
            let mut lines: Vec<String> = lines(text).iter().map(Value::to_string).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&again), sorted(&text), "they come out as they went in");
        // What was chosen here is not counted twice when it comes back, and what never met it is left out.
        good(&home.run(&["compare", "-m", "scripted/echo", "-m", "scripted/stream-3", "hello"]));
        let compared = home.run(&["comparisons", "list", "--json"]).objects().remove(0);
        let compared = compared["comparison"]["id"].as_str().unwrap().to_owned();
        good(&home.run(&["comparisons", "choose", &compared, "A"]));
        let all = good(&home.run(&["comparisons", "export", "--form", "battles"])).to_owned();
        assert_eq!(good(&home.fed(&all, &take)), "0 battles taken in; 13 battles were there already\n");
        let board = home.run(&["comparisons", "leaderboard"]);
        assert!(good(&board).contains("scripted/echo") && !board.stdout.contains("beta/two"), "{board:?}");
        assert!(board.stderr.contains("12 battles from elsewhere are left out"), "{board:?}");
        let weightless = "{\"model_a\": \"x\", \"model_b\": \"y\", \"winner\": \"tie\", \"weight\": 0}\n";
        let said = home.fed(weightless, &take);
        assert!(said.code == Some(2) && said.stderr.contains("its weight is 0"), "{said:?}");
        let broken = text.replacen("model_a", "model", 1);
        let said = home.fed(&broken, &take);
        assert!(said.code == Some(2) && said.stderr.contains("line 1"), "{said:?}");
        assert_eq!(
            good(&home.fed(&text, &["comparisons", "import", "-", "--remove"])),
            "12 battles taken off\n"
        );
        let board = home.run(&["comparisons", "leaderboard"]);
        assert!(good(&board).contains("scripted/echo") && !board.stderr.contains("left out"), "{board:?}");
    });
}

#[test]
fn votes_of_an_earlier_version_are_exported_by_its_number_and_else_told() {
    let [(), ()] = on_both(Home::new, |home| {
        rated(home);
        let task = good(&home.run(&["eval", "show", "which", "--task"])).to_owned();
        let line = task.lines().find(|line| line.starts_with("instructions")).unwrap();
        std::fs::write(
            home.beside().join("t.toml"),
            task.replace(line, "instructions = 'Choose the kinder one.'"),
        )
        .unwrap();
        good(&home.run(&["eval", "change", "which", "--task", "t.toml"]));
        let said = home.run(&["eval", "export", "which", "--form", "battles"]);
        assert_eq!(good(&said).trim(), "");
        assert!(said.stderr.contains("12 votes of version 1"), "{said:?}");
        assert!(said.stderr.contains("--version"), "{said:?}");
        let said = home.run(&["eval", "export", "which", "--form", "battles", "--version", "1"]);
        assert_eq!((good(&said).lines().count(), said.stderr.as_str()), (12, ""));
        let none = home.run(&["eval", "adjudicate", "which"]);
        assert_eq!(good(&none), "");
        let said = home.run(&["eval", "adjudicate", "which", "--version", "1"]);
        assert!(good(&said).contains("question 0"), "{said:?}");
    });
}

#[test]
fn of_items_that_look_the_same_the_votes_are_written_out_once() {
    let home = Home::new();
    let line = serde_json::json!({ "prompt": "why?", "modelResponses": [
        { "response": "yes", "modelIdentifier": "alpha/one" },
        { "response": "no", "modelIdentifier": "beta/two" },
    ]});
    keep(&home, "pairs", &[line.clone(), line]);
    good(&home.run(&["eval", "create", "which", "--dataset", "pairs"]));
    let mut rater = Rater::at(&home, "which", "bob");
    rater.seat();
    assert!(rater.say(&choosing(0))["sheet"].is_null(), "the other one is never due");
    rater.end();
    for form in ["battles", "dpo", "bedrock"] {
        let said = home.run(&["eval", "export", "which", "--form", form]);
        assert_eq!(good(&said).lines().count(), 1, "{form}: {said:?}");
    }
}
