//! Datasets on the command line: imported, listed, shown, exported, gathered from what was asked, renamed, removed.

use futures_util::StreamExt;
use outcrop::domain::comparison::{Column, Plan};
use outcrop::domain::conversation::Target;
use outcrop::domain::message::Block;
use outcrop::workbench::request::Request;
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::request::comparisons::Comparisons;
use outcrop::workbench::{self, Context, Face, Reply, Workbench};

use super::home::{Home, Said, on_both};

fn good(said: &Said) -> &str {
    assert_eq!(said.code, Some(0), "{said:?}");
    &said.stdout
}

/// Does it as the owner and attached to one.
fn on_either(act: impl Fn(&Home)) {
    on_both(Home::new, act);
}

const FILE: &str = concat!(
    "{\"prompt\": \"Why do rivers meander?\", \"referenceResponse\": \"Banks wear.\", \"category\": \"science\"}\n",
    "{\"prompt\": \"Where?\", \"modelResponses\": [{\"response\": \"There.\", \"modelIdentifier\": \"m1\"}, ",
    "{\"response\": \"Here.\", \"modelIdentifier\": \"m2\"}]}\n",
);

fn put(home: &Home, name: &str, text: &str) {
    std::fs::write(home.beside().join(name), text).unwrap();
}

fn ids(said: &Said) -> Vec<String> {
    good(said).lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn a_file_is_imported_listed_shown_exported_renamed_and_removed() {
    let [here, there] = on_both(
        || {
            let home = Home::new();
            put(&home, "rivers.jsonl", FILE);
            home
        },
        |home| {
            home.transcript(&[
                "datasets import rivers.jsonl --licence CC0-1.0",
                "datasets import rivers.jsonl",
                "datasets list",
                "datasets show Rivers",
                "datasets show rivers -n 1",
                "datasets show rivers --json",
                "datasets export rivers",
                "datasets export rivers --form csv",
                "datasets export rivers -o rivers.csv",
                "datasets export rivers -o rivers.csv",
                "datasets import rivers.csv --name table",
                "datasets export table",
                "datasets rename table streams --json",
                "datasets show table",
                "datasets rename streams a/b",
                "datasets remove rivers streams",
                "datasets remove rivers streams rivers --yes",
                "datasets remove builtin/generation --yes",
                "datasets rename builtin/generation mine",
                "datasets list",
            ])
        },
    );
    assert_eq!(here, there, "as the owner, and attached to one");
    insta::assert_snapshot!("datasets", here);
}

#[test]
fn bad_lines_are_named_and_nothing_or_the_rest_is_taken() {
    let [here, there] = on_both(
        || {
            let home = Home::new();
            let bad = format!(
                "{FILE}{{\"prompt\": 3}}\n{FILE}\n{{\"referenceResponse\": \"x\"}}\n{{\"prompt\": \"cut o"
            );
            put(&home, "bad.jsonl", &bad);
            put(&home, "bad.csv", "prompt,category\nfirst,a\nsecond\nthird,\"open\n");
            put(&home, "other.csv", "question\nwhy\n");
            put(&home, "many.jsonl", &"x\n".repeat(30));
            put(&home, "empty.jsonl", "");
            home
        },
        |home| {
            home.transcript(&[
                "datasets import bad.jsonl",
                "datasets import bad.jsonl --json",
                "datasets import bad.jsonl --skip-bad",
                "datasets show bad -n 1",
                "datasets import bad.csv --name t",
                "datasets import bad.csv --name t --skip-bad --json",
                "datasets import bad.csv --name u --form jsonl",
                "datasets import other.csv",
                "datasets import many.jsonl",
                "datasets import empty.jsonl",
                "datasets import nowhere.jsonl",
                "datasets import -",
                "datasets import - --name ../x",
                "datasets import bad.csv --name builtin/x --skip-bad",
                "datasets add x",
                "datasets add builtin/generation --conversation 12345678",
            ])
        },
    );
    assert_eq!(here, there, "as the owner, and attached to one");
    insta::assert_snapshot!("datasets_bad", here);
}

#[test]
fn escape_codes_are_shown_as_signs_and_exported_as_they_are() {
    on_either(|home| {
        let escape = "{\"prompt\":\"\\u001b]0;title\\u0007 why\u{202e}?\",\"category\":\"\\u001b[31m\"}\n";
        let import = ["datasets", "import", "-", "--name", "hostile"];
        good(&home.fed(escape, &import));
        let shown = home.run(&["datasets", "show", "hostile"]);
        assert!(good(&shown).contains("␛]0;title␇ why"), "{shown:?}");
        assert!(!shown.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
        let raw = home.run(&["datasets", "show", "hostile", "--raw"]);
        assert!(good(&raw).contains("\u{1b}]0;title\u{7} why\u{202e}?"), "{raw:?}");

        // Lossless on the standard output, byte for byte in files.
        let again = home.run(&["datasets", "export", "hostile"]);
        assert!(!good(&again).contains(['\u{1b}', '\u{202e}']), "{again:?}");
        good(&home.fed(&again.stdout, &["datasets", "import", "-", "--name", "again"]));
        for (name, file) in [("hostile", "a.jsonl"), ("again", "b.jsonl"), ("again", "b.csv")] {
            good(&home.run(&["datasets", "export", name, "-o", file]));
        }
        let read = |file: &str| std::fs::read_to_string(home.beside().join(file)).unwrap();
        assert_eq!((read("a.jsonl").as_str(), read("b.jsonl").as_str()), (escape, escape));
        assert!(read("b.csv").contains("\u{1b}]0;title\u{7} why\u{202e}?,,\u{1b}[31m"));
        let table = home.run(&["datasets", "export", "again", "--form", "csv"]);
        assert!(
            !good(&table).contains('\u{1b}') && table.stderr.contains("--raw prints it as it is"),
            "{table:?}"
        );
        let table = home.run(&["datasets", "export", "again", "--form", "csv", "--raw"]);
        assert_eq!((good(&table), table.stderr.as_str()), (read("b.csv").as_str(), ""));
    });
}

#[test]
fn what_came_with_the_program_is_listed_shown_and_exported_whole() {
    on_either(|home| {
        let list = home.run(&["datasets", "list", "--json"]).objects();
        let names: Vec<_> = list.iter().map(|one| one["dataset"]["name"].as_str().unwrap()).collect();
        let built_in = ["generation", "summarisation", "question-answering", "classification"];
        assert_eq!(names, built_in.map(|name| format!("builtin/{name}")));
        for (name, head) in names.iter().zip(&list) {
            let objects = home.run(&["datasets", "show", name, "-n", "0", "--json"]).objects();
            assert_eq!(objects.len() as u64 - 1, head["dataset"]["items"].as_u64().unwrap());
            assert_eq!(objects[0]["dataset"]["licence"], "MIT OR Apache-2.0");
            let text = home.run(&["datasets", "export", name]);
            let copy = home.fed(good(&text), &["datasets", "import", "-", "--name", "copy"]);
            assert!(copy.stderr.is_empty(), "{copy:?}");
            good(&home.run(&["datasets", "remove", "copy", "--yes"]));
        }
    });
}

#[test]
fn an_answer_of_a_chat_becomes_an_item_as_its_models_or_as_the_reference() {
    on_either(|home| {
        good(&home.run(&["chat", "why?"]));
        good(&home.run(&["chat", "--continue", "--set", "temperature=0.5", "and how?"]));
        let [conversation] = ids(&home.run(&["conversations", "list"])).try_into().unwrap();
        let add = |more: &[&str]| {
            home.run(&[&["datasets", "add", "gathered", "--conversation", &conversation], more].concat())
        };
        assert_eq!(good(&add(&[])), "item 1 of gathered\n");
        assert_eq!(good(&add(&["--reference"])), "item 2 of gathered\n");
        let thread = home.run(&["conversations", "show", &conversation, "--json"]).objects().remove(0);
        let messages = thread["thread"]["messages"].as_array().unwrap();
        let id = |at: usize| messages[at]["id"].as_str().unwrap();
        let first = add(&["--message", id(1), "--json"]).objects().remove(0);
        assert_eq!(
            (&first["reply"], &first["place"], &first["like"]),
            (&"item_added".into(), &2.into(), &().into())
        );
        let again = add(&["--message", id(1)]);
        assert!(again.stderr.contains("item 3 says the same"), "{again:?}");
        let question = add(&["--message", id(0)]);
        assert!(
            question.code == Some(2) && question.stderr.contains("the message is no answer"),
            "{question:?}"
        );

        let items = home.run(&["datasets", "show", "gathered", "--json"]).objects();
        let turn = |role: &str, text: &str| serde_json::json!({"role": role, "text": text});
        let whole = [turn("user", "why?"), turn("assistant", "why?"), turn("user", "and how?")];
        assert_eq!(items[1]["item"]["turns"], serde_json::json!(whole));
        let response = serde_json::json!([{"model": "scripted/echo temperature=0.5", "text": "and how?"}]);
        assert_eq!(items[1]["item"]["responses"], response);
        assert_eq!(items[2]["item"]["reference"], "and how?");
        assert!(items[2]["item"]["responses"].is_null());
        assert_eq!(items[3]["item"]["turns"], serde_json::json!(whole[..1]));
        assert_eq!(items[3]["item"]["responses"][0]["model"], "scripted/echo");

        assert_eq!(good(&add(&["--all-turns"])), "item 5 of gathered\nitem 6 of gathered\n");

        home.run(&["chat", "-m", "scripted/cut", "why?"]);
        let cut = ids(&home.run(&["conversations", "list"])).remove(0);
        let cut = home.run(&["datasets", "add", "gathered", "--conversation", &cut]);
        assert!(cut.code == Some(2) && cut.stderr.contains("did not come to its end"), "{cut:?}");
    });
}

#[test]
fn a_turn_of_a_comparison_becomes_an_item_with_every_answer_that_has_ended() {
    on_either(|home| {
        let models =
            ["-m", "scripted/echo", "-m", "scripted/fail-401", "-m", "scripted/stream-3 temperature=1"];
        put(home, "cities.csv", "city\nBern\nParis\n");
        let more = ["--category", "towns", "--vars", "cities.csv", "Where is {{city}}?"];
        home.run(&[&["compare"][..], &models, &more].concat());
        let [comparison] = ids(&home.run(&["comparisons", "list"])).try_into().unwrap();
        let add = |more: &[&str]| {
            home.run(&[&["datasets", "add", "towns", "--comparison", &comparison], more].concat())
        };
        let said = add(&["--page", "2"]);
        assert_eq!(said.stdout, "item 1 of towns\n");
        assert!(said.code == Some(0) && said.stderr.contains("without B, which failed"), "{said:?}");
        assert_eq!(add(&["--turn", "1"]).stdout, "item 2 of towns\n");
        let said = add(&["--page", "2", "--all-turns"]);
        assert!(said.stderr.contains("item 1 says the same"), "{said:?}");
        for (wrong, why) in
            [(["--page", "3"], "no page 3"), (["--turn", "2"], "has 1 turn"), (["--turn", "0"], "no turn 0")]
        {
            let said = add(&wrong);
            assert!(said.code == Some(2) && said.stderr.contains(why), "{said:?}");
        }
        let items = home.run(&["datasets", "show", "towns", "--json"]).objects();
        let item = &items[1]["item"];
        assert_eq!(
            (&item["turns"][0]["text"], &item["category"]),
            (&"Where is Paris?".into(), &"towns".into())
        );
        let models: Vec<_> = item["responses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|said| said["model"].as_str().unwrap())
            .collect();
        assert_eq!(models, ["scripted/echo", "scripted/stream-3 temperature=1"]);
        assert_eq!(items[2]["item"]["turns"][0]["text"], "Where is Bern?");
        let table = home.run(&["datasets", "export", "towns", "--form", "csv"]);
        let head = "prompt,referenceResponse,category,conversation,response:scripted/echo,response:scripted/stream-3 temperature=1";
        assert_eq!(good(&table).lines().next().unwrap(), head);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_blind_comparison_go_into_a_dataset_only_when_who_answers_is_no_secret() {
    let home = Home::new();
    let owner = workbench::open(&home.config());
    owner.ready().await.unwrap();
    let columns = ["scripted/echo", "scripted/markdown"].map(|id| Column::new(id.parse().unwrap())).into();
    let text = "a river".to_owned();
    let plan =
        Plan { columns, rows: Vec::new(), samples: 1, blind: true, category: None, text: text.clone() };
    let create = Request::Comparisons(Comparisons::Create { plan, table: None });
    let made = owner.call(Context::of(Face::Cli), create).next().await.unwrap().unwrap();
    let Reply::Comparison { comparison, .. } = made else { panic!("{made:?}") };
    for (_, _, lane) in comparison.lanes() {
        let to = Target::After { conversation: lane, parent: None };
        let blocks = vec![Block::Text { text: text.clone() }];
        let mut replies = owner.call(Context::of(Face::Cli), Request::Chat(Chat::Send { to, blocks }));
        while let Some(reply) = replies.next().await {
            reply.unwrap();
        }
    }
    let id = comparison.id.to_string();
    tokio::task::block_in_place(|| {
        let add = || home.run(&["datasets", "add", "rivers", "--comparison", &id]);
        let refused = add();
        let why = "it is blind, and nobody has chosen on page 1 yet";
        assert!(refused.code == Some(2) && refused.stderr.contains(why), "{refused:?}");
        assert!(!refused.stderr.contains("scripted/") && refused.stdout.is_empty(), "{refused:?}");
        assert!(!good(&home.run(&["datasets", "list"])).contains("rivers"), "nothing was put anywhere");
        let again = home.run(&["comparisons", "retry", &id]);
        assert!(again.code == Some(2) && again.stderr.contains(why), "{again:?}");
        good(&home.run(&["comparisons", "show", &id, "--reveal"]));
        assert_eq!(good(&add()), "item 1 of rivers\n");
    });
    owner.close().await;
}
