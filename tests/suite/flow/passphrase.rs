//! A workspace that a passphrase opens asks for it over the first frame, and begins again once it is open.

use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::app::Start;
use outcrop::tui::effect::{Effect, TaskId};
use outcrop::tui::event::Event;
use outcrop::workbench::Request;
use outcrop::workbench::request::workspace::Workspace;

use crate::stage::Stage;

/// A screen all of whose calls were told that the workspace is sealed.
pub fn sealed(width: u16, height: u16, theme: &str) -> Stage {
    let mut stage = Stage::with(width, height, theme, Start::default());
    let calls = |effect: &Effect| match effect {
        Effect::Call { task, .. } => Some(*task),
        _ => None,
    };
    let tasks: Vec<TaskId> = stage.effects.iter().filter_map(calls).collect();
    for task in tasks {
        stage.event(Event::Ended { task, error: Some(shut()) });
    }
    stage
}

fn shut() -> Error {
    Error::new(ErrorKind::Passphrase, "opening the store", "none was given", "Type it.")
}

/// The passphrases that were tried, out of their effects.
fn tried(effects: &[Effect]) -> Vec<String> {
    let of = |request| match request {
        Request::Workspace(Workspace::Unlock { passphrase }) => Some(passphrase.expose().to_owned()),
        _ => None,
    };
    Stage::requests(effects).into_iter().filter_map(of).collect()
}

#[test]
fn the_passphrase_is_asked_for_once_and_then_everything_is_asked_anew() {
    let mut stage = sealed(120, 40, "dark");
    assert_eq!(stage.state.overlays.len(), 1);
    let before = stage.effects.len();
    let effects = stage.keys("canary-wordz<backspace>s<enter>");
    assert_eq!(tried(&effects), ["canary-words"]);
    assert!(stage.keys("more<enter>").is_empty(), "one is tried at a time");
    stage.answer("unlock", Vec::new());
    assert!(stage.state.overlays.is_empty());
    let asked: Vec<String> =
        Stage::requests(&stage.effects[before..]).iter().map(|request| format!("{request:?}")).collect();
    for what in ["Recall", "List", "Watch", "LoadDraft"] {
        assert!(asked.iter().any(|request| request.contains(what)), "{what}: {asked:?}");
    }
    stage.settle();
    assert!(stage.text().contains("Why rivers meander"));
}

#[test]
fn a_wrong_passphrase_says_so_and_asks_again() {
    let mut stage = sealed(80, 24, "dark");
    stage.keys("wrong<enter>");
    let task = stage.task("unlock");
    stage.event(Event::Ended { task, error: Some(shut()) });
    assert!(stage.text().contains("does not open it"));
    stage.event(Event::Paste { text: "right words\nand a second line".into(), dropped: 0 });
    assert_eq!(tried(&stage.keys("<enter>")), ["right words"]);
    let task = stage.task("unlock");
    let full = Error::new(ErrorKind::Full, "opening the store", "the disk is full", "Free some space.");
    stage.event(Event::Ended { task, error: Some(full) });
    assert!(stage.text().contains("the disk is full"));
}

#[test]
fn escape_quits_and_enter_without_a_word_does_nothing() {
    let mut stage = sealed(80, 24, "dark");
    assert!(stage.keys("<enter>").is_empty());
    let effects = stage.keys("half<esc>");
    assert!(tried(&effects).is_empty());
    if !effects.contains(&Effect::Quit) {
        stage.stored();
        assert!(stage.effects.contains(&Effect::Quit), "{effects:?}");
    }
}

#[test]
fn what_is_typed_is_on_no_screen_and_in_no_debug_output() {
    let mut stage = sealed(80, 24, "dark");
    stage.keys("canary-words");
    let effects = stage.keys("<enter>");
    assert!(!format!("{effects:?}").contains("canary"), "{effects:?}");
    let mut stage = sealed(80, 24, "dark");
    stage.keys("canary-words");
    let text = stage.text();
    assert!(text.contains(&"•".repeat(12)) && !text.contains("canary"), "{text}");
    assert!(!format!("{:?}", stage.state).contains("canary"));
}
