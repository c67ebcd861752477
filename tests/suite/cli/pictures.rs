//! Pictures on the command line: made, kept, listed, saved, varied, removed.

use std::process::Child;

use outcrop::workbench::{self, Workbench};

use super::home::{Home, Said};
use crate::loopback::{Part, Seen, Server, head, whole};
use crate::paint::{answered, png};

/// As many pictures as were asked for, each another one; a prompt with `many` brings ten, one with `text` what is none.
fn paints(_: usize, seen: &Seen) -> Vec<Part> {
    let body = String::from_utf8_lossy(&seen.body).into_owned();
    let asked = |what: &str| body.contains(what);
    if asked("stall") {
        return vec![head(200, &[("content-type", "application/json")]), Part::Stall];
    }
    if asked("fail") {
        return whole(400, &[], r#"{"error":{"message":"blocked by our safety system"}}"#);
    }
    let count = if asked("many") {
        10
    } else if asked("\"n\":2") {
        2
    } else {
        1
    };
    let pictures: Vec<_> = (0..count)
        .map(|at| if asked("text") && at == 0 { b"no picture".to_vec() } else { png(64, 48, 20 * at + 9) })
        .collect();
    whole(200, &[("content-type", "application/json")], answered(&pictures))
}

async fn server() -> Server {
    Server::start(paints).await
}

fn home(server: &Server) -> Home {
    Home::with(&format!(
        "[providers.box]\nkind = 'openai'\nbase_url = '{}'\n[models.'box/words']\nlacks = ['images']\n",
        server.url("/v1")
    ))
}

/// Does it in a home of its own, once as the owner and once attached to this process.
async fn on_both(act: fn(&Home, &Server)) {
    let server = server().await;
    tokio::task::block_in_place(|| act(&home(&server), &server));
    let home = home(&server);
    let owner = workbench::open(&home.config());
    owner.ready().await.unwrap();
    assert!(owner.is_owner());
    tokio::task::block_in_place(|| act(&home, &server));
    owner.close().await;
}

fn good(said: &Said) -> &str {
    assert_eq!(said.code, Some(0), "{said:?}");
    &said.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_made_written_listed_saved_varied_and_removed() {
    on_both(life).await;
}

fn life(home: &Home, server: &Server) {
    let empty = home.run(&["pictures", "list"]);
    assert!(empty.stdout.is_empty() && empty.stderr.contains("pictures make"), "{empty:?}");
    let make =
        ["pictures", "make", "-m", "box/m", "--size", "64x48", "-n", "2", "-o", "river.png", "A", "river"];
    let said = home.run(&make);
    let lines: Vec<_> = good(&said).lines().collect();
    assert!(lines[0].contains(":1  64x48 png, ") && lines[1].contains(":2  "), "{lines:?}");
    assert!(lines[2].starts_with("saved river-1.png  64x48 png"), "{lines:?}");
    let file = |name: &str| std::fs::read(home.beside().join(name)).unwrap();
    assert_eq!((file("river-1.png"), file("river-2.png")), (png(64, 48, 9), png(64, 48, 29)));
    let asked: serde_json::Value = serde_json::from_slice(&server.seen().last().unwrap().body).unwrap();
    let mut wanted = serde_json::json!({"model": "m", "prompt": "A river", "n": 2, "size": "64x48"});
    wanted["response_format"] = "b64_json".into();
    assert_eq!(asked, wanted);

    let asked = server.seen().len();
    let lost = home.run(&["pictures", "make", "-m", "box/m", "-o", "nowhere/river.png", "A", "river"]);
    assert!(lost.code == Some(2) && lost.stderr.contains("there is no folder nowhere"), "{lost:?}");
    assert_eq!(server.seen().len(), asked, "nothing is paid for that cannot be written");

    let list = home.run(&["pictures", "list"]);
    let line = home.plain(good(&list));
    assert_eq!(line, "SHORTID  TIME  box/m  2 pictures  A river\n");
    let id = &list.stdout[..8];
    let objects = home.run(&["images", "list", "--json"]).objects();
    assert_eq!(objects[0]["making"]["made"][1]["pixels"], serde_json::json!([64, 48]));
    assert_eq!(objects[0]["making"]["outcome"]["state"], "complete");

    good(&home.run(&["pictures", "save", &format!("{id}:2"), "-o", "second.png"]));
    assert_eq!(file("second.png"), png(64, 48, 29));
    let again = home.run(&["pictures", "save", &format!("{id}:2"), "-o", "second.png"]);
    assert!(again.code == Some(2) && again.stderr.contains("--force"), "{again:?}");
    good(&home.run(&["pictures", "save", &format!("{id}:1"), "-o", "second.png", "--force"]));
    assert_eq!(file("second.png"), png(64, 48, 9));
    good(&home.run(&["pictures", "save", id, "-o", "all/"]));
    assert_eq!(file(&format!("all/a-river-{id}-2.png")), png(64, 48, 29));
    let third = home.run(&["pictures", "save", &format!("{id}:3")]);
    assert!(third.code == Some(2) && third.stderr.contains("has 2 pictures"), "{third:?}");

    let vary = home.run(&["pictures", "make", "-m", "box/m", "--vary", &format!("{id}:2"), "at", "night"]);
    assert!(good(&vary).contains(":1  64x48 png"), "{vary:?}");
    let seen = server.seen().pop().unwrap();
    assert!(seen.line.starts_with("POST /v1/images/edits "), "{}", seen.line);
    let sent = png(64, 48, 29);
    assert!(seen.body.windows(sent.len()).any(|window| window == sent), "the picture itself was sent");
    let from = home.run(&["pictures", "make", "-m", "box/m", "--from", "river-1.png", "at", "dawn"]);
    good(&from);

    // What another making begins with stays when the one that made it goes.
    let said = home.run(&["pictures", "remove", "--yes", id]);
    assert!(good(&said).ends_with("A river\n"), "{said:?}");
    let rest = home.run(&["pictures", "list", "--json"]).objects();
    assert_eq!(rest.len(), 2);
    let night = rest.iter().find(|item| item["making"]["asked"]["prompt"] == "at night").unwrap();
    let night = night["making"]["id"].as_str().unwrap().to_owned();
    assert_eq!(home.run(&["pictures", "save", id]).code, Some(2));
    let before = home.run(&["workspace", "verify"]).stdout;
    good(&home.run(&["pictures", "remove", "--yes", &night]));
    let after = home.run(&["workspace", "verify"]).stdout;
    assert_ne!(before, after, "the records of the pictures are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_said_and_what_came_is_kept() {
    on_both(faults).await;
}

fn faults(home: &Home, server: &Server) {
    let before = server.seen().len();
    for (line, words) in [
        (&["-m", "box/words", "x"][..], "has no images"),
        (&["-m", "box/m", "--seed", "7", "x"], "take no seed"),
        (&["-m", "box/m", "--negative", "fog", "x"], "no negative prompt"),
        (&["-m", "box/m", "-n", "11", "x"], "Ask for 1 to 10"),
        (&["-m", "box/m", "--size", "huge", "x"], "1024x768"),
        (&["-m", "box/m"], "the prompt is empty"),
        (&["-m", "nobody/m", "x"], "no provider"),
        (&["-m", "box/m", "--from", "nowhere.png", "x"], "nowhere.png"),
        (&["-m", "box/m", "--from", "home/config.toml", "x"], "it is no picture"),
        (&["-m", "box/m", "-o", "home/config.toml", "x"], "--force"),
    ] {
        let said = home.run(&[&["pictures", "make"], line].concat());
        assert!(said.code == Some(2) && said.stderr.contains(words), "{line:?}: {said:?}");
    }
    assert_eq!(server.seen().len(), before, "nothing of that was sent");
    let failed = home.run(&["pictures", "make", "-m", "box/m", "fail"]);
    assert!(failed.code == Some(2) && failed.stderr.contains("blocked by our safety system"), "{failed:?}");
    let many = home.run(&["pictures", "make", "-m", "box/m", "many"]);
    assert_eq!(good(&many).lines().count(), 1, "{many:?}");
    assert!(many.stderr.contains("9 more came than were asked for"), "{}", many.stderr);
    let text = home.run(&["pictures", "make", "-m", "box/m", "text"]);
    assert!(text.code == Some(2) && text.stderr.contains("no PNG, JPEG, GIF or WebP"), "{text:?}");
    let half = home.run(&["pictures", "make", "-m", "box/m", "-n", "2", "text"]);
    assert_eq!(good(&half).lines().count(), 1, "{half:?}");
    assert!(half.stderr.contains("no PNG, JPEG, GIF or WebP"), "{}", half.stderr);
    let usage = home.run(&["usage", "--json"]).objects();
    let of = |model: &str| usage.iter().find(|row| row["name"] == model).unwrap();
    assert_eq!(of("box/m")["OutputImageCount"], 13, "{usage:?}");
}

/// Starts a making whose server says nothing any more, once it has been asked.
fn stalled(home: &Home, server: &Server) -> Child {
    let before = server.seen().len();
    let child = home.start(&["pictures", "make", "-m", "box/m", "stall"]);
    while server.seen().len() == before {
        std::thread::yield_now();
    }
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn a_making_that_is_stopped_or_killed_is_there_and_says_so() {
    let server = server().await;
    let home = home(&server);
    tokio::task::block_in_place(|| {
        let child = stalled(&home, &server);
        let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(Said::of(child.wait_with_output().unwrap()).code, Some(130));
        let mut child = stalled(&home, &server);
        child.kill().unwrap();
        child.wait().unwrap();
        let list = home.run(&["pictures", "list"]);
        let lines: Vec<_> = list.stdout.lines().collect();
        assert!(lines[0].contains("0 pictures, interrupted"), "{lines:?}");
        assert!(lines[1].contains("0 pictures, stopped"), "{lines:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pictures_cost_is_an_estimate_and_tokens_that_nobody_told_of_are_unknown() {
    let server = server().await;
    let home = home(&server);
    let file = home.path().join("config.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    let priced = "[models.'box/own']\npicture_price = 0.5\n";
    std::fs::write(&file, format!("{before}{priced}")).unwrap();
    tokio::task::block_in_place(|| {
        let said = home.run(&["pictures", "make", "-m", "box/own", "A", "river"]);
        assert!(good(&said).len() > 3 && said.stderr.contains("$0.50 est.\n"), "{said:?}");
        // Nobody told of tokens, which is not none.
        let usage = home.run(&["usage", "--json"]).objects();
        let all = usage.iter().find(|row| row["Invocations"] == 1).unwrap_or_else(|| panic!("{usage:?}"));
        assert!(all["InputTokenCount"].is_null() && all["OutputTokenCount"].is_null(), "{all:?}");
    });
}
