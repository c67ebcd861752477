//! A hand-out on another machine: rated there on the real screen and by programs, taken in where its evaluation is.

use std::path::{Path, PathBuf};

use super::evaluation::{Rater, brought, choosing, good};
use super::home::Home;
use crate::tty;

/// A hand-out of five items for somebody, beside their home as if it had been sent there.
fn sent(from: &Home, to: &Path, rater: &str) -> PathBuf {
    brought(from, 5);
    good(&from.run(&["eval", "create", "which", "--dataset", "pairs"]));
    let file = to.join("items.jsonl");
    good(&from.run(&["eval", "hand-out", "which", "--rater", rater, "-o", file.to_str().unwrap()]));
    file
}

/// Presses a key when the screen takes keys for what it shows, and waits for what comes of it.
#[expect(
    clippy::disallowed_methods,
    reason = "a key within a moment of a new item is taken for one meant for the item before, and nothing shows when that is over"
)]
fn rated(screen: &tty::Tty, key: &str, then: &str) {
    std::thread::sleep(std::time::Duration::from_millis(250));
    screen.send(key);
    screen.wait_for(then);
}

#[test]
fn a_hand_out_is_rated_on_the_closed_screen_of_a_machine_that_has_nothing_else_and_taken_in_at_home() {
    let (home, away) = (Home::new(), tty::Home::new(""));
    let file = sent(&home, away.path(), "bo");
    let ratings = away.path().join("which-bo-ratings.jsonl");
    let rate = ["eval", "rate", file.to_str().unwrap(), "--rater", "bo"];
    let mut screen = away.open((100, 30), &rate);
    screen.wait_for("Each item needs");
    screen.send("\x1b");
    screen.wait("the instructions go", |screen| !screen.contents().contains("Each item needs"));
    rated(&screen, "1", "item 2 of 5");
    assert_eq!(std::fs::read_to_string(&ratings).unwrap().lines().count(), 2, "the first line and a vote");
    // A killed program loses none.
    screen.kill();
    let mut screen = away.open((100, 30), &rate);
    screen.wait_for("item 2 of 5");
    rated(&screen, "1", "item 3 of 5");
    rated(&screen, "u", "item 2 of 5");
    rated(&screen, ";", "A comment on this item");
    screen.send("hard to say\r");
    screen.wait_for("; hard to say");
    rated(&screen, " ", "Why is it skipped?");
    rated(&screen, "\r", "item 3 of 5");
    for next in ["item 4 of 5", "item 5 of 5", "Thank you."] {
        rated(&screen, "2", next);
    }
    // Where the votes are, and what becomes of them.
    for words in ["4 items are rated by you, 1 skipped", "which-bo-ratings.jsonl", "eval take-in"] {
        screen.wait_for(words);
    }
    screen.send("\x11");
    screen.wait_for("4 of 5 items are rated, 1 skipped");
    screen.ends_restored(0);
    assert!(!away.path().join("workspace").exists(), "no workspace was made for it");
    let said = home.run(&["eval", "take-in", ratings.to_str().unwrap()]);
    assert_eq!(good(&said), "which: 5 votes taken\n", "{said:?}");
    let report = home.run(&["eval", "report", "which", "--json"]).objects().remove(0);
    assert_eq!(
        (&report["coverage"]["votes"], &report["coverage"]["skipped"]),
        (&4.into(), &1.into()),
        "{report}"
    );
    assert_eq!(report["skips"][0]["comment"], "hard to say");
}

#[test]
fn programs_rate_a_hand_out_as_they_rate_an_evaluation() {
    let (home, away) = (Home::new(), Home::new());
    let file = sent(&home, &away.path(), "bo");
    let file = file.to_str().unwrap();
    let mut rater = Rater::at(&away, file, "bo");
    let mut seat = rater.seat();
    assert_eq!((&seat["pace"]["total"], &seat["task"]["name"]), (&5.into(), &"which".into()));
    while !seat["sheet"].is_null() {
        seat = rater.say(&choosing(0));
    }
    let (said, _) = rater.end();
    assert!(said.contains("5 of 5 items are rated") && said.contains("eval take-in"), "{said}");
    let ratings = away.path().join("which-bo-ratings.jsonl");
    let taken = home.run(&["eval", "take-in", ratings.to_str().unwrap()]);
    assert_eq!(good(&taken), "which: 5 votes taken\n");
    // Another rater, a file that is none, and -o where it has no meaning.
    for (arguments, words) in [
        (vec![file, "--rater", "eve"], "it is for \"bo\""),
        (vec!["config.toml", "--rater", "bo"], "no file is called so"),
        (vec![ratings.to_str().unwrap(), "--rater", "bo"], "not \"outcrop hand-out 1\""),
        (vec![file, "--rater", "bo", "-o", file], "hand-out"),
    ] {
        let said = away.run(&[&["eval", "rate", "--json"], arguments.as_slice()].concat());
        assert!(said.code == Some(2) && said.stderr.contains(words), "{arguments:?}: {said:?}");
    }
    let said = home.run(&["eval", "rate", "which", "--rater", "bo", "-o", "x.jsonl", "--json"]);
    assert!(said.code == Some(2) && said.stderr.contains("-o says where"), "{said:?}");
}

#[test]
fn a_name_that_no_evaluation_has_is_refused_before_the_terminal_is_taken() {
    let home = tty::Home::new("");
    let mut screen = home.open((100, 30), &["eval", "rate", "nosuch", "--rater", "bo"]);
    screen.ends_restored(2);
    assert!(screen.text().contains("no file is called so"), "{}", screen.text());
    assert_eq!(screen.look(|seen| seen.count(b"\x1b[?1049h")), 0, "{}", screen.text());
}

#[test]
fn whether_there_is_such_an_evaluation_is_said_before_a_terminal_is_asked_for() {
    let home = Home::new();
    let none = home.run(&["eval", "rate", "nosuch", "--rater", "bo"]);
    assert!(none.code == Some(2) && none.stderr.contains("nosuch"), "{none:?}");
    assert!(none.stderr.contains("no file is called so") && !none.stderr.contains("terminal"), "{none:?}");
    brought(&home, 1);
    good(&home.run(&["eval", "create", "which", "--dataset", "pairs"]));
    let there = home.run(&["eval", "rate", "which", "--rater", "bo"]);
    assert!(there.code == Some(2) && there.stderr.contains("needs a terminal"), "{there:?}");
}
