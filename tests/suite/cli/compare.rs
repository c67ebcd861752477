//! Models side by side on the command line: asked, listed, shown, chosen among, ranked, removed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use outcrop::domain::conversation::Target;
use outcrop::domain::message::Block;
use outcrop::workbench::request::Request;
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::{self, Context, Face, Workbench};

use super::home::{Home, SCRIPTED, Said};
use super::talk::on_both;
use crate::loopback::{Part, Server, events, whole};
use crate::wire::openai::data;

fn good(said: &Said) -> &str {
    assert_eq!(said.code, Some(0), "{said:?}");
    &said.stdout
}

/// Does it in a home of its own, once as the owner and once attached to this process.
async fn on_either(act: fn(&Home)) {
    tokio::task::block_in_place(|| act(&Home::with(SCRIPTED)));
    let home = Home::with(SCRIPTED);
    let owner = workbench::open(&home.config());
    owner.ready().await.unwrap();
    assert!(owner.is_owner());
    tokio::task::block_in_place(|| act(&home));
    owner.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_models_are_asked_shown_chosen_among_ranked_and_removed() {
    on_either(life).await;
}

fn life(home: &Home) {
    let compare = ["compare", "-m", "scripted/echo", "-m", "scripted/stream-5@1000 temperature=0.5"];
    let said =
        home.run(&[&compare[..], &["--set", "seed=7", "--category", "echoes", "hello", "you"]].concat());
    let lines: Vec<_> = good(&said).lines().collect();
    assert_eq!(&lines[..3], ["── A  scripted/echo seed=7", "hello you", ""], "{said:?}");
    assert_eq!(lines[3], "── B  scripted/stream-5@1000 temperature=0.5 seed=7");
    let figures: Vec<_> = lines.iter().skip_while(|line| !line.contains("tok/s")).collect();
    assert!(figures[1].starts_with("A  scripted/echo seed=7") && figures[1].ends_with("done"), "{figures:?}");
    assert!(home.run(&["conversations", "list"]).stdout.is_empty(), "its lanes are in no list");

    let list = home.run(&["comparisons", "list"]);
    let id = good(&list).split_whitespace().next().unwrap();
    let columns = "2 columns  1 page  scripted/echo | scripted/stream-5@1000 temperature 0.5  hello you";
    assert!(list.stdout.contains(columns), "{list:?}");
    let info = home.run(&["workspace", "info"]);
    assert!(
        good(&info).contains("conversations  0\ncomparisons    1\n"),
        "its lanes are no conversations: {info:?}"
    );
    assert_eq!(good(&home.run(&["comparisons", "choose", id, "b"])), "kept: B\n");
    assert_eq!(good(&home.run(&["comparisons", "choose", id, "a"])), "kept: A\n", "a later one counts");
    let shown = home.run(&["comparisons", "show", id]);
    assert!(good(&shown).contains("hello you\n── B") && shown.stdout.contains("chose A"), "{shown:?}");
    assert!(!shown.stdout.contains("chose B"), "{shown:?}");
    let objects = home.run(&["comparisons", "show", id, "--json"]).objects();
    let kinds: Vec<_> = objects.iter().map(|object| object["reply"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["comparison", "lane", "lane", "ballot"]);
    assert_eq!(objects[3]["ballot"]["category"], "echoes");

    let board = home.run(&["comparisons", "leaderboard"]);
    let rows: Vec<Vec<_>> = good(&board).lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1][..2], ["scripted/echo", "seed=7"], "{board:?}");
    // Won, lost, tied, bad of the first; one vote is no ground for a rating.
    assert_eq!(rows[1][2..], ["–", "–", "–", "1", "0", "0", "0", "–", "–"], "{board:?}");
    assert!(board.stderr.contains("no win rates: one prompt"), "{board:?}");
    assert!(board.stderr.contains("categories: echoes") && board.stderr.contains("no rating"), "{board:?}");
    let board = home.run(&["comparisons", "leaderboard", "--category", "others"]);
    assert!(good(&board).is_empty() && board.stderr.contains("nobody has chosen"), "{board:?}");

    let chosen = |home: &Home| home.run(&["comparisons", "show", id]).stdout;
    assert_eq!(good(&home.run(&["comparisons", "choose", id, "undo"])), "taken back\n");
    assert!(chosen(home).contains("chose B"), "the one before counts again: {}", chosen(home));
    home.run(&["comparisons", "choose", id, "undo"]);
    let none = home.run(&["comparisons", "choose", id, "undo"]);
    assert!(none.code == Some(2) && none.stderr.contains("chosen nothing"), "{none:?}");
    home.run(&["comparisons", "choose", id, "a"]);

    assert!(home.run(&["comparisons", "remove", id]).stderr.contains("--yes"));
    assert!(good(&home.run(&["comparisons", "remove", id, "--yes"])).starts_with("removed "));
    assert!(home.run(&["comparisons", "list"]).stdout.is_empty());
    assert!(home.run(&["comparisons", "show", id]).stderr.contains("there is nothing with that id"));
    assert!(good(&home.run(&["comparisons", "leaderboard"])).contains("scripted/echo"), "choices stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_values_is_asked_row_by_row_and_repeated() {
    on_either(rows).await;
}

fn rows(home: &Home) {
    std::fs::write(home.beside().join("cities.csv"), "city,land\nBern,CH\n\"Paris, Nord\",FR\n").unwrap();
    let compare = ["compare", "-m", "scripted/echo", "-m", "scripted/stream-3", "--vars", "cities.csv"];
    let said = home.run(&[&compare[..], &["--repeat", "2", "From", "{{city}}"]].concat());
    let pages: Vec<_> = good(&said).lines().filter(|line| line.starts_with("══")).collect();
    assert_eq!(pages.len(), 4);
    assert_eq!(pages[2], "══ page 3  city=Paris, Nord  land=FR");
    assert_eq!(said.stdout.matches("\nFrom Paris, Nord\n").count(), 2, "{said:?}");
    let head = said.stdout.lines().find(|line| line.contains("answers")).unwrap();
    assert!(head.contains("first p50") && said.stdout.contains("A  scripted/echo"), "{said:?}");
    let list = home.run(&["comparisons", "list"]).stdout;
    let shown = home.run(&["comparisons", "show", list.split_whitespace().next().unwrap()]);
    let row = |text: &str| {
        let end = text.lines().skip_while(|line| !line.contains("first p50"));
        end.map(|line| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(row(&shown.stdout)[..3], row(&said.stdout)[..3], "what was kept comes to the same");
    assert_eq!(row(&shown.stdout)[1], "A scripted/echo 4 0");

    let objects = home.run(&[&compare[..], &["--json", "From", "{{city}}"]].concat()).objects();
    let kind = |kind: &str| objects.iter().filter(|object| object["reply"] == kind).count();
    assert_eq!((kind("comparison"), kind("compared"), kind("compared_column")), (1, 4, 2));
    assert_eq!(objects.last().unwrap()["answers"], 2);
}

#[test]
fn one_model_is_compared_with_itself_by_system_prompts_of_its_own() {
    let home = Home::with(SCRIPTED);
    std::fs::write(home.beside().join("brief.txt"), "Be brief, {{name}}.\n").unwrap();
    std::fs::write(home.beside().join("names.csv"), "name\nAda\n").unwrap();
    let columns = ["-m", "scripted/echo system=brief.txt", "-m", "scripted/echo", "--system", "Be kind."];
    let more = ["--vars", "names.csv", "--json", "hello"];
    let said = home.run(&[&["compare"][..], &columns, &more].concat());
    good(&said);
    let compared = said.objects().remove(0);
    let columns = &compared["comparison"]["columns"];
    let system = (&columns[0]["system"], &columns[1]["system"]);
    assert_eq!(system, (&"Be brief, {{name}}.".into(), &"Be kind.".into()), "{compared}");
    let missing =
        home.run(&["compare", "-m", "scripted/echo system=nowhere.txt", "-m", "scripted/echo", "hello"]);
    assert!(missing.code == Some(2) && missing.stderr.contains("reading nowhere.txt"), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_turns_of_a_conversation_come_to_is_shown_below_them() {
    let home = Home::with(SCRIPTED);
    let compare = ["compare", "-m", "scripted/echo", "-m", "scripted/stream-3", "--json", "hello"];
    let objects = tokio::task::block_in_place(|| home.run(&compare)).objects();
    let comparison = &objects[0]["comparison"];
    let lanes = comparison["pages"][0]["lanes"].as_array().unwrap();
    let owner = workbench::open(&home.config());
    owner.ready().await.unwrap();
    for (column, lane) in lanes.iter().enumerate() {
        let of = |object: &&serde_json::Value| object["reply"] == "compared" && object["column"] == column;
        let answer = objects.iter().find(of).unwrap()["answer"]["id"].as_str().unwrap();
        let (conversation, parent) = (lane.as_str().unwrap().parse().unwrap(), answer.parse().ok());
        let to = Target::After { conversation, parent };
        let blocks = vec![Block::Text { text: "and again".to_owned() }];
        let mut replies = owner.call(Context::of(Face::Cli), Request::Chat(Chat::Send { to, blocks }));
        while let Some(reply) = replies.next().await {
            reply.unwrap();
        }
    }
    owner.close().await;
    drop(owner);
    let show = ["comparisons", "show", comparison["id"].as_str().unwrap()];
    let shown = tokio::task::block_in_place(|| home.run(&show));
    let end = good(&shown).lines().skip_while(|line| !line.contains("first p50"));
    let rows: Vec<String> =
        end.map(|line| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(rows[1..3], ["A scripted/echo 2 0", "B scripted/stream-3 2 0"], "{shown:?}");
}

#[test]
fn one_that_fails_costs_its_column_and_all_that_fail_are_an_error() {
    let home = Home::with(SCRIPTED);
    let one = home.run(&["compare", "-m", "scripted/echo", "-m", "scripted/fail-401", "hello"]);
    assert_eq!(one.code, Some(1), "{one:?}");
    assert!(one.stdout.contains("hello\n") && one.stdout.contains("✗ "), "{one:?}");
    let id = home.run(&["comparisons", "list"]).stdout.split_whitespace().next().unwrap().to_owned();
    let chosen = home.run(&["comparisons", "choose", &id, "A"]);
    assert_eq!(chosen.code, Some(0), "that the other failed is no reason not to choose: {chosen:?}");
    let none = home.run(&["comparisons", "choose", &id, "B"]);
    assert!(none.code == Some(2) && none.stderr.contains("B has no answer: it failed"), "{none:?}");
    let board = home.run(&["comparisons", "leaderboard"]);
    assert!(good(&board).is_empty() && board.stderr.contains("1 choice ranks nobody: "), "{board:?}");
    assert!(!board.stderr.contains("nobody has chosen"), "{board:?}");
    let all = home.run(&["compare", "-m", "scripted/fail-500", "-m", "scripted/fail-401", "hello"]);
    assert_eq!(all.code, Some(2), "{all:?}");
    assert!(all.stderr.contains("every model failed"), "{all:?}");
    assert!(!all.stderr.contains("comparisons choose"), "nothing came to choose: {all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_failed_is_asked_again_alone() {
    let mends = Arc::new(AtomicBool::new(false));
    let mended = Arc::clone(&mends);
    let server = Server::start(move |_, _| {
        if mended.load(Ordering::SeqCst) {
            events([Part::Bytes(data("llama_chat.sse"))])
        } else {
            whole(401, &[("content-type", "application/json")], "{}")
        }
    })
    .await;
    let home = Home::with(&format!(
        "{SCRIPTED}[providers.box]\nkind = 'openai'\nbase_url = '{}'\n",
        server.url("/v1")
    ));
    tokio::task::block_in_place(|| {
        std::fs::write(home.beside().join("cities.csv"), "city\nBern\nParis\n").unwrap();
        let models = ["-m", "scripted/echo", "-m", "box/m", "--vars", "cities.csv"];
        let said = home.run(&[&["compare"][..], &models, &["Where is {{city}}?"]].concat());
        assert_eq!(said.code, Some(1), "{said:?}");
        let list = home.run(&["comparisons", "list"]);
        let id = good(&list).split_whitespace().next().unwrap();
        let retry = |more: &[&str]| home.run(&[&["comparisons", "retry", id], more].concat());
        let none = retry(&["A"]);
        assert!(good(&none).is_empty() && none.stderr.contains("nothing failed"), "{none:?}");
        for (wrong, why) in [(&["C"][..], "is no column"), (&["--page", "3"][..], "it has 2 pages")] {
            let said = retry(wrong);
            assert!(said.code == Some(2) && said.stderr.contains(why), "{said:?}");
        }
        let still = retry(&["b", "--page", "2"]);
        assert!(still.code == Some(1) && still.stdout.contains("✗ "), "{still:?}");
        assert!(!still.stdout.contains("page 1"), "{still:?}");
        // Where something was chosen among the answers they stay.
        good(&home.run(&["comparisons", "choose", id, "A", "--page", "1"]));
        mends.store(true, Ordering::SeqCst);
        let again = retry(&[]);
        let shown: Vec<_> = good(&again).lines().collect();
        assert_eq!(shown[..2], ["══ page 2  city=Paris", "── B  box/m"], "{again:?}");
        assert!(
            !again.stdout.contains('✗') && again.stderr.contains("of 1 page: nothing is asked"),
            "{again:?}"
        );
        good(&home.run(&["comparisons", "choose", id, "undo", "--page", "1"]));
        let objects = home.run(&["comparisons", "retry", id, "--json"]).objects();
        let [of] = &objects[..] else { panic!("{objects:?}") };
        assert_eq!((&of["reply"], &of["page"], &of["column"]), (&"compared".into(), &0.into(), &1.into()));
        assert!(of["answer"].is_object(), "{of}");
        assert!(!home.run(&["comparisons", "show", id]).stdout.contains('✗'));
    });
}

#[test]
fn comparing_says_what_is_wrong_and_how_to_mend_it() {
    insta::assert_snapshot!(
        "compare_errors",
        on_both(&[
            "compare -m scripted/echo hello",
            "compare -m scripted/echo -m nowhere/x hello",
            "compare -m scripted/echo -m 'scripted/echo temperature' hello",
            "compare -m scripted/echo -m 'scripted/echo temperture=1' hello",
            "compare -m scripted/echo -m 'scripted/echo preset=mine' hello",
            "compare -m scripted/echo -m scripted/wide --repeat 0 hello",
            "compare -m scripted/echo -m scripted/wide --repeat 9999 hello",
            "compare -m scripted/echo -m scripted/wide --vars nowhere.csv hello",
            "compare -m scripted/echo -m scripted/wide ' '",
            "compare -m scripted/echo -m scripted/wide 'Where is {{river}}?'",
            "compare -m scripted/echo -m scripted/wide --system 'Be {{tone}}.' hello",
            "comparisons show 12",
            "comparisons show 123456",
            "comparisons list",
        ])
    );
}

#[test]
fn braces_that_are_doubled_are_read_by_the_models_and_columns_of_one_model_are_told_apart_in_the_list() {
    let home = Home::with(SCRIPTED);
    let said = home.run(&[
        "compare",
        "-m",
        "scripted/echo temperature=0.2",
        "-m",
        "scripted/echo",
        "Write {{{{name}} and {{ }}.",
    ]);
    assert!(good(&said).contains("\nWrite {{name}} and {{ }}.\n"), "{said:?}");
    let list = home.run(&["comparisons", "list"]);
    let told = "scripted/echo temperature 0.2 | scripted/echo default temperature";
    assert!(good(&list).contains(told), "{list:?}");
    home.run(&["chat", "-m", "scripted/echo", "as {{name}} it is"]);
    let doctor = home.run(&["doctor"]);
    assert!(doctor.stdout.contains("1 conversation, 1 comparison, "), "{doctor:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_costs_what_its_card_says_where_no_list_has_it_and_nobody_knows_of_another() {
    let server = Server::start(|_, _| events([Part::Bytes(data("llama_chat.sse"))])).await;
    let home = Home::with(&format!(
        "[providers.box]\nkind = 'openai'\nbase_url = '{}'\n[models.'box/priced']\ninput_price = 1000.0\noutput_price = \
         1000.0\n",
        server.url("/v1")
    ));
    tokio::task::block_in_place(|| {
        let said = home.run(&["compare", "-m", "box/priced", "-m", "box/other", "hi"]);
        let rows: Vec<_> = good(&said).lines().skip_while(|line| !line.contains("tok/s")).collect();
        assert!(rows[1].contains('$') && !rows[1].contains("$?"), "{rows:?}");
        assert!(rows[2].contains("$?"), "{rows:?}");
        let listed = home.run(&["comparisons", "list"]);
        let id = good(&listed).split_whitespace().next().unwrap();
        let shown = home.run(&["comparisons", "show", id, "--reveal"]);
        assert!(good(&shown).contains("$?"), "{shown:?}");
    });
}
