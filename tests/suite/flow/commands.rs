//! A slash in an empty composer, and writing a conversation to a file.

use outcrop::domain::message::Role;
use outcrop::tui::effect::{Effect, Written};
use outcrop::tui::event::{Button, Event, Mouse, MouseKind, Saved};
use outcrop::tui::key::KeyModifiers;
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::request::conversations::{Conversations, Format};
use outcrop::workbench::{Reply, Request};

use crate::stage::{COMPLETE, Stage, answer, conversation, message};

fn typed(script: &str) -> (Stage, String) {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys(script);
    let text = stage.state.chat.composer.text();
    (stage, text)
}

#[test]
fn a_slash_finds_commands_by_the_words_that_people_know() {
    for (script, seen) in [
        ("/help<enter>", "Keys"),
        ("/model<enter>", "Models"),
        ("/mod<enter>", "Models"),
        ("/system<enter>", "System prompt"),
        ("/preset <enter>", "Preset precise: "),
    ] {
        let (mut stage, text) = typed(script);
        assert!(stage.text().contains(seen), "{script}: {}", stage.text());
        assert_eq!(text, "", "{script}");
    }
    let (mut stage, _) = typed("/model smol");
    assert!(stage.text().contains("▌ smol"), "what follows the command is typed into what it opens");
}

#[test]
fn what_names_no_command_is_text_and_nothing_of_it_is_lost() {
    for (script, text) in [
        ("/etc/hosts says", "/etc/hosts says"),
        ("/home", "/home"),
        ("/ and so on", "/ and so on"),
        ("/help<esc> me", "/help me"),
        ("/help me", "/help me"),
        ("//new", "/new"),
        ("/<backspace>", ""),
        ("a/new", "a/new"),
    ] {
        assert_eq!(typed(script).1, text, "{script}");
    }
}

#[test]
fn a_mistyped_command_is_held_once_and_no_path_is() {
    let sends = |effects: &[Effect]| {
        let requests = Stage::requests(effects);
        requests.iter().filter(|request| matches!(request, Request::Chat(Chat::Send { .. }))).count()
    };
    for (script, said) in [
        ("/modle", "There is no command /modle: did you mean /model? Enter once more sends it as text."),
        ("/hlep me", "did you mean /help?"),
        ("/xyzzy", "There is no command /xyzzy. Enter"),
        ("/help me", "/help is a command"),
    ] {
        let (mut stage, text) = typed(script);
        assert_eq!(sends(&stage.keys("<enter>")), 0, "{script}");
        assert!(stage.text().contains(said), "{script}: {}", stage.text());
        assert_eq!(stage.state.chat.composer.text(), text, "{script}");
        assert_eq!(sends(&stage.keys("<enter>")), 1, "{script}");
    }
    // A path, and what was said to be text.
    for script in ["/etc/passwd is what?", "/tmp is full, why?", " /modle", "//modle", "/help<esc> me"] {
        let (mut stage, _) = typed(script);
        assert_eq!(sends(&stage.keys("<enter>")), 1, "{script}");
    }
    // What is written anew is held anew.
    let (mut stage, _) = typed("/modle<enter>");
    assert_eq!(sends(&stage.keys("s<enter>")), 0);
}

#[test]
fn an_enter_after_a_lone_slash_does_nothing() {
    let (mut stage, _) = typed("/<enter>");
    let text = stage.text();
    assert!(text.contains("Commands") && !text.contains("Enter do it"), "{text}");
    // What ends the program stands behind all the others.
    let commands: Vec<_> = text.lines().filter_map(|line| line.split("│   /").nth(1)).collect();
    assert!(
        commands.len() > 2 && !commands.iter().rev().skip(1).any(|line| line.starts_with("quit")),
        "{text}"
    );
    stage.keys("<down>");
    assert!(stage.text().contains("Enter do it"), "{}", stage.text());
}

#[test]
fn a_pasted_text_is_never_a_command() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.event(Event::Paste { text: "/new".into(), dropped: 0 });
    assert_eq!(stage.state.chat.composer.text(), "/new");
    stage.keys("<ctrl+u>/");
    stage.event(Event::Paste { text: "new".into(), dropped: 0 });
    assert_eq!(stage.state.chat.composer.text(), "/new");
    assert!(stage.state.overlays.is_empty());
}

#[test]
fn a_conversation_is_written_to_a_file_and_over_another_only_after_a_second_yes() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
    stage.keys("/export<enter>");
    assert!(stage.text().contains("why-rivers-meander.md"), "{}", stage.text());
    stage.keys("x<enter>");
    assert!(stage.text().contains(".jsonl: that is the form"), "{}", stage.text());
    let effects = stage.keys("<ctrl+u>talk.json<enter>");
    let export = Conversations::Export { ids: vec![conversation(1)], format: Format::Json, folder: None };
    assert_eq!(Stage::requests(&effects), [Request::Conversations(export)]);
    let exported = || Reply::Export {
        id: conversation(1),
        title: String::new(),
        text: "{}".into(),
        attachments: vec![],
    };
    let save = |replace| Effect::Save {
        of: Written::Conversation(conversation(1)),
        path: "talk.json".into(),
        text: "{}".into(),
        replace,
    };
    stage.answer("\"export\"", vec![exported()]);
    assert!(stage.effects.contains(&save(false)));
    let saved = |saved| Event::Saved {
        of: Written::Conversation(conversation(1)),
        path: "talk.json".into(),
        saved: Ok(saved),
    };
    stage.event(saved(Saved::Exists));
    assert!(stage.text().contains("Replace the file talk.json"), "{}", stage.text());
    let text = stage.text();
    let verb = |(row, line): (usize, &str)| Some((line[..line.find("r replace")?].chars().count(), row));
    let (column, row) = text.lines().enumerate().find_map(verb).unwrap();
    let (column, row) = (u16::try_from(column).unwrap(), u16::try_from(row).unwrap());
    let kind = MouseKind::Down(Button::Left);
    stage.event(Event::Mouse(Mouse { kind, column, row, modifiers: KeyModifiers::NONE }));
    stage.keys("rr");
    assert!(!stage.effects.contains(&save(true)), "who types as it comes means what lies below");
    assert!(stage.text().contains("Replace the file talk.json"), "and answers nothing: {}", stage.text());
    stage.pass(600);
    stage.keys("<enter>");
    assert!(!stage.effects.contains(&save(true)), "such an act needs its own letter");
    stage.keys("r");
    stage.answer("\"export\"", vec![exported()]);
    assert!(stage.effects.contains(&save(true)));
    stage.event(saved(Saved::To("/here/talk.json".into())));
    assert!(stage.text().contains("Written to /here/talk.json"));
}

#[test]
fn the_scrollbar_is_there_when_there_is_more_than_a_screen_and_follows_the_mouse() {
    let long = |n: u128| format!("start{n}\n\n{}\n\nend{n}", "word ".repeat(400));
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "short", COMPLETE)]);
    assert!(!stage.text().contains('▐'));
    let mut stage = Stage::settled(120, 40, "dark");
    let mut messages = Vec::new();
    for n in 0..6_u128 {
        messages.push(message(2 * n + 1, (n > 0).then_some(2 * n), Role::User, "q"));
        messages.push(answer(2 * n + 2, Some(2 * n + 1), &long(n), COMPLETE));
    }
    stage.open(messages);
    let shown = stage.text();
    let column = shown.lines().find_map(|line| line.chars().position(|c| c == '▐')).unwrap() as u16;
    assert!(shown.contains("end5") && !shown.contains("start0"));
    let mouse = |kind, row| Event::Mouse(Mouse { kind, column, row, modifiers: KeyModifiers::NONE });
    stage.event(mouse(MouseKind::Down(Button::Left), 20));
    assert!(!stage.text().contains("end5"));
    stage.event(mouse(MouseKind::Drag(Button::Left), 0));
    assert!(stage.text().contains("start0"), "{}", stage.text());
    stage.event(mouse(MouseKind::Drag(Button::Left), 39));
    stage.event(mouse(MouseKind::Up(Button::Left), 39));
    assert!(stage.text().contains("end5"));
}
