//! Prompts through the door, here and there.

use std::io::{BufRead, BufReader};

use futures_util::StreamExt;
use outcrop::domain::message::Outcome;
use outcrop::workbench::request::conversations::Conversations;
use outcrop::workbench::request::prompts::Prompts;
use outcrop::workbench::{self, Context, Face, Reply, Request, Workbench};

use super::home::Home;
use super::talk::on_both;

#[test]
fn a_prompt_is_saved_shown_compared_run_renamed_and_removed() {
    insta::assert_snapshot!(
        "prompts",
        on_both(&[
            "prompts list",
            "prompts save Greet 'Write to {{name}} from {{ place }}.' -s 'Be {{tone}}.' --set temperature=0.2",
            "prompts save Greet 'Write to {{name}} from {{ place }}.'",
            "prompts save Greet 'Write a letter to {{name}} from {{place}}.' --note 'a letter' --set seed=7",
            "prompts list",
            "prompts show Greet",
            "prompts show greet --version 1",
            "prompts versions Greet",
            "prompts diff Greet",
            "prompts diff Greet 2 1 --json",
            "prompts run Greet --var name=Ada --var place=Basel --var tone=brief",
            "prompts run Greet --version 1 --var name=Ada --var place= --var tone=brief -m scripted/stream-4",
            "conversations list",
            "prompts rename Greet Letter",
            "prompts versions Letter --json",
            "prompts remove Letter",
            "prompts remove Letter --yes",
            "prompts list --json",
        ])
    );
}

#[test]
fn prompts_say_what_is_wrong_and_how_to_mend_it() {
    insta::assert_snapshot!(
        "prompts_errors",
        on_both(&[
            "prompts show nothing",
            "prompts save Empty ' '",
            "prompts save ' ' text",
            "prompts save One 'Hello {{name}} {{other}}'",
            "prompts run One",
            "prompts run One --var name=Ada",
            "prompts run One --var name",
            "prompts run One --var 'nam=Ada'",
            "prompts run One --var-file name=missing.txt",
            "prompts run One --version 9",
            "prompts diff One",
            "prompts show One --draft --version 1",
            "prompts import missing.json",
            "prompts run One --var name=a --var other=b -m scripted/fail-401",
            "prompts run One --var name=a --var other=b -m scripted/cut",
        ])
    );
}

#[test]
fn texts_and_values_come_from_files_and_the_standard_input() {
    let home = Home::new();
    std::fs::write(home.beside().join("text"), "About {{thing}}:\n{{body}}\n").unwrap();
    std::fs::write(home.beside().join("body"), "one\n{{thing}}\n\n").unwrap();
    assert_eq!(home.run(&["prompts", "save", "a", "--file", "text"]).code, Some(0));
    let line = ["prompts", "run", "a", "--var", "thing=x", "--var-file", "body=body"];
    assert_eq!(home.run(&line).stdout, "About x:\none\n{{thing}}\n");
    let said = home.fed("from input", &["prompts", "run", "a", "--var", "thing=x", "--var-file", "body=-"]);
    assert_eq!(said.stdout, "About x:\nfrom input\n");
    assert_eq!(home.fed("piped {{x}}", &["prompts", "save", "b", "-"]).code, Some(0));
    assert_eq!(home.run(&["prompts", "run", "b", "--var", "x=y"]).stdout, "piped y\n");
}

#[test]
fn settings_of_the_version_the_flags_and_the_defaults_lie_over_each_other() {
    let home = Home::with(
        "model = 'scripted/echo'\n[providers.scripted]\nkind = 'scripted'\n\
         [defaults]\ntop_p = 0.5\ntemperature = 1\nsystem = 'Overruled.'\n",
    );
    home.run(&["prompts", "save", "a", "x", "-s", "Own.", "--set", "temperature=0", "--set", "seed=1"]);
    let said = home.run(&["prompts", "run", "a", "--json", "--set", "seed=2"]);
    let started = &said.objects()[0];
    assert_eq!(started["conversation"]["system"], "Own.");
    let settings = &started["answer"]["answer"]["settings"];
    assert_eq!(
        (&settings["temperature"], &settings["seed"], &settings["top_p"]),
        (&serde_json::json!(0.0), &serde_json::json!(2), &serde_json::json!(0.5))
    );
    assert_eq!(started["conversation"]["run"]["version"], 1);
}

#[test]
fn what_show_prints_as_json_is_read_back_with_every_version() {
    let home = Home::new();
    home.run(&["prompts", "save", "a", "one {{x}}", "--note", "first"]);
    home.run(&["prompts", "save", "a", "two {{x}}", "-m", "scripted/echo"]);
    let file = home.run(&["prompts", "show", "a", "--json"]).stdout;
    let said = home.fed(&file, &["prompts", "import", "-"]);
    assert!(said.code == Some(0) && said.stdout.ends_with("version 2  a 2\n"), "{said:?}");
    let other = Home::new();
    std::fs::write(other.beside().join("a.json"), &file).unwrap();
    assert_eq!(other.run(&["prompts", "import", "a.json"]).code, Some(0));
    let versions = |home: &Home| home.run(&["prompts", "versions", "a", "--json"]).stdout;
    assert_eq!(versions(&other), versions(&home));
    assert_eq!(other.run(&["prompts", "run", "a", "--var", "x=y"]).stdout, "two y\n");
}

#[test]
fn a_backup_of_the_workspace_has_its_prompts() {
    let home = Home::new();
    home.run(&["prompts", "save", "a", "one"]);
    home.run(&["prompts", "save", "a", "two"]);
    assert_eq!(home.run(&["workspace", "backup", "copy"]).code, Some(0));
    assert_eq!(home.run(&["prompts", "remove", "a", "--yes"]).code, Some(0));
    assert_eq!(home.run(&["prompts", "list"]).stdout, "");
    assert_eq!(home.run(&["workspace", "restore", "copy", "--yes"]).code, Some(0));
    assert_eq!(home.run(&["prompts", "versions", "a"]).stdout.lines().count(), 2);
}

#[test]
fn a_run_is_durable_before_it_is_sent_and_a_kill_leaves_what_came() {
    let home = Home::new();
    home.run(&["prompts", "save", "a", "go {{x}}"]);
    let line = ["prompts", "run", "a", "--json", "--var", "x=y", "-m", "scripted/stream-1000000@200"];
    let mut child = home.start(&line);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("\"started\""));
    // Some of it is stored about once a second.
    let mut words = 0;
    while words < 400 {
        words += lines.next().unwrap().matches("text").count();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (run, answer) = runtime.block_on(async {
        let door = workbench::open(&home.config());
        door.ready().await.unwrap();
        let ask = |request| {
            let mut replies = door.call(Context::of(Face::Cli), request);
            async move { replies.next().await.unwrap().unwrap() }
        };
        let Reply::Prompt { book } = ask(Request::Prompts(Prompts::Find { name: "a".into() })).await else {
            panic!("no prompt")
        };
        let of = Some(book.prompt.id);
        let Reply::Conversations { heads, .. } = ask(Request::Prompts(Prompts::Runs { of, limit: 9 })).await
        else {
            panic!("no runs")
        };
        let [run] = &heads[..] else { panic!("{heads:?}") };
        let Reply::Thread { thread } = ask(Request::Conversations(Conversations::Open { id: run.id })).await
        else {
            panic!("no thread")
        };
        door.close().await;
        (run.clone(), thread.messages[1].clone())
    });
    assert_eq!(run.run.unwrap().values["x"], "y");
    assert!(!answer.text().is_empty());
    assert_eq!(answer.answer.unwrap().outcome, Outcome::Interrupted);
}
