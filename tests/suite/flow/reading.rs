//! Reading: where the reader stands, what a search says, what the last line keeps in sight.

use std::fmt::Write as _;

use outcrop::domain::message::Role;
use outcrop::tui::effect::Effect;
use outcrop::workbench::Reply;
use outcrop::workbench::reply::Hit;

use crate::stage::shelf::Shelf;
use crate::stage::{COMPLETE, Stage, answer, conversation, id, message};

/// Lines of their own, each with its number.
fn long(name: &str, lines: usize) -> String {
    let mut text = String::new();
    for n in 0..lines {
        let _ = writeln!(text, "{name} line {n}.\n");
    }
    text
}

fn shelf() -> Shelf {
    let mut shelf = Shelf::of(3);
    for n in 1..=2_u128 {
        let parent = Some(id(n * 10_000));
        for said in shelf.messages.iter_mut().filter(|said| said.parent == parent) {
            let text = answer(1, None, &long(&format!("c{n}"), 60), COMPLETE);
            said.blocks = text.blocks;
        }
    }
    shelf
}

#[test]
fn who_comes_back_to_a_conversation_stands_where_they_stood() {
    let mut shelf = shelf();
    let mut stage = shelf.opened(120, 40);
    stage.keys("<ctrl+s><enter>");
    shelf.serve(&mut stage);
    stage.keys("<tab>k<pageup><pageup>");
    let before = stage.text();
    assert!(!before.contains("c1 line 59."), "{before}");
    stage.keys("<alt+j>");
    shelf.serve(&mut stage);
    assert!(stage.text().contains("c2 line 59."), "a conversation begins at its end: {}", stage.text());
    stage.keys("<alt+k>");
    shelf.serve(&mut stage);
    let read = |shown: &str| -> Vec<String> {
        let lines = shown.lines().filter_map(|line| Some(line[line.find("c1 line")?..].to_owned()));
        lines.collect()
    };
    assert_eq!(read(&stage.text()), read(&before));
    stage.keys("<tab><ctrl+end><alt+j>");
    shelf.serve(&mut stage);
    stage.keys("<alt+k>");
    shelf.serve(&mut stage);
    assert!(stage.text().contains("c1 line 59."), "who was at the end is there: {}", stage.text());
}

#[test]
fn who_looks_into_another_branch_and_back_stands_where_they_stood() {
    let mut stage = Stage::settled(120, 40, "dark");
    let messages = vec![
        message(1, None, Role::User, "first"),
        answer(2, Some(1), &long("shared", 30), COMPLETE),
        message(3, Some(2), Role::User, "one wording"),
        answer(4, Some(3), &long("one", 40), COMPLETE),
        message(5, Some(2), Role::User, "another wording"),
        answer(6, Some(5), &long("other", 40), COMPLETE),
    ];
    stage.open(messages);
    stage.keys("<tab>k<up><up><up>");
    let row = |stage: &mut Stage, text: &str| stage.text().lines().position(|line| line.contains(text));
    let parts = row(&mut stage, "another wording");
    assert!(parts.is_some_and(|row| row > 2), "{}", stage.text());
    let before = stage.text();
    stage.keys("[");
    assert_eq!(row(&mut stage, "one wording"), parts, "where they part stays: {}", stage.text());
    stage.keys("<pagedown><pagedown>");
    let there = stage.text();
    stage.keys("]");
    let strip =
        |text: &str| text.lines().filter(|line| line.contains("line")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(strip(&stage.text()), strip(&before));
    stage.keys("[");
    assert_eq!(strip(&stage.text()), strip(&there));
}

#[test]
fn a_search_says_which_match_it_is_of_how_many_and_nothing_lies_over_it() {
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let mut stage = Stage::settled(width, height, "dark");
        stage.open(vec![message(1, None, Role::User, "go"), answer(2, Some(1), &long("a", 60), COMPLETE)]);
        stage.keys("<tab>/line 4");
        let shown = stage.text();
        let line = shown.lines().find(|line| line.contains("/ line 4")).expect("the line of the search");
        assert!(line.contains("11 of 11"), "the newest first: {shown}");
        assert!(!line.contains('↓') || line.contains("↓ next"), "{shown}");
        stage.keys("<enter>n");
        let shown = stage.text();
        let line = shown.lines().find(|line| line.contains("/ line 4")).expect("the line of the search");
        assert!(line.contains("1 of 11") && !line.contains("Ctrl+End"), "{shown}");
        let button = shown.lines().find(|line| line.contains("Ctrl+End"));
        assert!(button.is_some(), "the way to the end is said all the same: {shown}");
        stage.keys("/x");
        assert!(stage.text().contains("not here"), "{}", stage.text());
    }
}

#[test]
fn an_enter_that_comes_before_the_hits_opens_the_first_of_them() {
    let mut shelf = Shelf::of(3);
    let mut stage = shelf.opened(120, 40);
    stage.keys("<ctrl+s>answ<enter>");
    shelf.skip(&stage);
    let hit = Hit {
        conversation: shelf.head(2).clone(),
        message: Some(id(20_001)),
        snippet: "answer 2".into(),
        matched: (0, 4),
    };
    stage.answer("\"search\"", vec![Reply::Hits { hits: vec![hit] }]);
    shelf.serve(&mut stage);
    let shown = stage.text();
    assert!(shown.contains("answer 2") && shown.contains("question 2"), "once is enough: {shown}");

    stage.keys("<ctrl+s>nowhere<enter>");
    shelf.skip(&stage);
    stage.answer("\"search\"", vec![]);
    assert!(stage.text().contains("Nothing found"), "{}", stage.text());
}

#[test]
fn a_fork_has_its_sign_in_the_list_and_in_the_first_line() {
    let mut shelf = Shelf::of(3);
    shelf.heads[0].title = shelf.heads[1].title.clone();
    shelf.heads[0].forked_from = Some(conversation(2));
    let mut stage = shelf.opened(120, 40);
    stage.keys("<ctrl+s><enter>");
    shelf.serve(&mut stage);
    let shown = stage.text();
    assert_eq!(shown.matches("⑂ title 0002").count(), 2, "{shown}");
    assert_eq!(shown.matches("title 0002").count(), 3, "the first one stays without: {shown}");
    let mut shelf = Shelf::of(3);
    shelf.heads[0].title = "a title of its own".into();
    shelf.heads[0].forked_from = Some(conversation(2));
    let mut stage = shelf.opened(160, 40);
    stage.keys("<ctrl+s><enter>");
    shelf.serve(&mut stage);
    let first = stage.text().lines().next().unwrap_or_default().to_owned();
    assert!(first.contains("⑂ a title of its own · copied from title 0002"), "{first}");
}

#[test]
fn editing_from_an_answer_says_that_its_question_is_edited() {
    let mut stage = Stage::settled(120, 40, "dark");
    let messages = vec![message(1, None, Role::User, "why?"), answer(2, Some(1), "so", COMPLETE)];
    stage.open(messages);
    stage.keys("<tab>e");
    assert!(stage.text().contains("This is the question of that answer"), "{}", stage.text());
    assert_eq!(stage.state.chat.composer.text(), "why?");
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(1, None, Role::User, "why?"), answer(2, Some(1), "so", COMPLETE)]);
    stage.keys("<tab>ke");
    assert!(!stage.text().contains("This is the question"), "{}", stage.text());
}

#[test]
fn a_notice_leaves_the_hints_where_they_are_and_help_is_always_the_last() {
    for (width, height) in [(60, 20), (80, 24), (120, 40), (240, 70)] {
        let mut stage = Stage::settled(width, height, "dark");
        let last = |stage: &mut Stage| {
            let shown = stage.text();
            shown.lines().rev().nth(1).unwrap_or_default().trim_end().to_owned()
        };
        let hints = last(&mut stage);
        assert!(hints.contains("F1 help"), "{hints}");
        stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
        stage.keys("<tab>");
        let hints = last(&mut stage);
        assert!(hints.contains("? help") && hints.contains("y copy"), "{hints}");
        stage.keys("<f3>");
        let shown = stage.text();
        assert!(last(&mut stage).contains("? help") && shown.contains("Mouse off"), "{shown}");
    }
}

#[test]
fn a_change_of_place_has_the_screen_drawn_whole_and_nothing_else_does() {
    let mut stage = Stage::settled(120, 40, "dark");
    let redraws = |effects: &[Effect]| effects.iter().filter(|effect| **effect == Effect::Redraw).count();
    assert_eq!(redraws(&stage.keys("<alt+2>")), 1);
    assert_eq!(redraws(&stage.keys("<alt+2>漢字<tab><ctrl+p><esc>")), 0);
    assert_eq!(redraws(&stage.keys("<alt+1>")), 1);
}

#[test]
fn a_list_that_typing_emptied_says_the_way_back_and_a_step_back_shows_all_before_it_leaves() {
    let mut stage = Stage::settled(80, 24, "dark");
    for opens in ["<ctrl+p>", "<f1>"] {
        stage.keys(opens);
        let all = stage.text();
        stage.keys("zqzqzq");
        let none = stage.text();
        assert!(none.contains("Nothing of that name. Esc shows all again."), "{none}");
        assert!(none.contains("Esc show all"), "{none}");
        stage.keys("<esc>");
        assert_eq!(stage.text(), all);
        stage.keys("<esc>");
        assert!(stage.state.overlays.is_empty());
    }
}
