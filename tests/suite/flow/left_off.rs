//! The place that the person left off in, and the first line that names it.

use outcrop::domain::message::Role;
use outcrop::tui::app::{New, Start};
use outcrop::tui::effect::Effect;
use outcrop::tui::event::Event;
use outcrop::tui::pane::Place;
use outcrop::workbench::request::workspace::Workspace;
use outcrop::workbench::{Reply, Request};

use crate::stage::{COMPLETE, Stage, answer, conversation, message, options};

const PLACE: &str = "tui.place";

/// What is remembered of the place, in the order in which it was.
fn kept(effects: &[Effect]) -> Vec<serde_json::Value> {
    let of = |request| match request {
        Request::Workspace(Workspace::Remember { name, value }) if name == PLACE => Some(value),
        _ => None,
    };
    Stage::requests(effects).into_iter().filter_map(of).collect()
}

fn opened(value: Option<serde_json::Value>) -> Place {
    let mut stage = Stage::new(120, 40);
    stage.answer(PLACE, vec![Reply::Remembered { value }]);
    stage.state.place
}

#[test]
fn the_screen_opens_in_the_place_that_was_left() {
    for (key, place) in [("<alt+2>", Place::Compare), ("<alt+7>", Place::Models), ("<alt+8>", Place::Usage)] {
        let mut stage = Stage::settled(120, 40, "dark");
        let kept = kept(&stage.keys(key));
        let [value] = &kept[..] else { panic!("{kept:?}") };
        assert_eq!(opened(Some(value.clone())), place);
    }
    let mut stage = Stage::settled(120, 40, "dark");
    assert_eq!(kept(&stage.keys("<alt+2><alt+1>")).len(), 2, "and the way back counts");
}

#[test]
fn a_place_that_is_not_there_any_more_is_the_chat() {
    for value in [None, Some("show_gallery".into()), Some(7.into()), Some("quit".into())] {
        assert_eq!(opened(value), Place::Chat);
    }
}

#[test]
fn what_the_screen_is_asked_to_open_with_is_in_the_chat_wherever_the_person_was() {
    let conversation = Start { conversation: Some(conversation(2)), ..Start::default() };
    for start in [Start { new: Some(New::default()), ..Start::default() }, conversation] {
        let stage = Stage::with(120, 40, "dark", start);
        let asks = |request: &Request| matches!(request, Request::Workspace(Workspace::Recall { name }) if name == PLACE);
        assert!(!Stage::requests(&stage.effects).iter().any(asks));
    }
}

#[test]
fn who_began_to_write_or_went_elsewhere_is_not_led_away() {
    for (keys, place) in [("a", Place::Chat), ("<f1>", Place::Chat), ("<alt+5>", Place::Prompt)] {
        let mut stage = Stage::new(120, 40);
        let task = stage.task(PLACE);
        stage.keys(keys);
        let value = Some("show_usage".into());
        stage.event(Event::Replies { task, replies: vec![Reply::Remembered { value }] });
        assert_eq!(stage.state.place, place, "{keys}");
    }
}

#[test]
fn quitting_waits_until_the_place_is_kept() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.stored();
    assert!(!stage.keys("<alt+8><ctrl+q>").contains(&Effect::Quit));
    stage.stored();
    assert!(stage.effects.contains(&Effect::Quit));
}

#[test]
fn a_short_title_stands_whole_in_the_first_line() {
    // On the smallest screen it gives way to the names of the places.
    for (width, height) in [(80, 24), (120, 40)] {
        let mut options = options("dark");
        options.offline = false;
        let mut stage = Stage::made(width, height, options, Start::default());
        stage.settle();
        stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
        stage.keys("<ctrl+p>rename<enter><ctrl+u>first<enter>");
        let text = stage.text();
        let line = text.lines().next().unwrap();
        assert!(line.contains(" first"), "{width}x{height}: {line}");
    }
}

#[test]
fn the_places_have_their_whole_names_where_the_line_holds_them_close_to_each_other() {
    let line = |width: u16, offline: bool| {
        let mut options = options("dark");
        options.offline = offline;
        let mut stage = Stage::made(width, 40, options, Start::default());
        stage.settle();
        stage.text().lines().next().unwrap_or_default().to_owned()
    };
    let names = ["Compare", "Knowledge", "Evaluate", "Prompt", "Pictures", "Models", "Usage", "Traces"];
    for (width, offline) in [(120, true), (120, false), (112, true), (101, false), (160, true)] {
        let line = line(width, offline);
        assert!(names.iter().all(|name| line.contains(name)), "{width}: {line}");
        assert!(line.contains("New conv") && (!offline || line.contains("offline")), "{width}: {line}");
    }
    assert!(line(160, true).contains("1 Chat  2 Compare"), "and apart where there is more room");
    assert!(line(96, true).contains("2 Comp  3 Know"), "{}", line(96, true));
}
