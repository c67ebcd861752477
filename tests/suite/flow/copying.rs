//! What is said about a copy: no more than is known.

use outcrop::domain::message::Role;
use outcrop::domain::script::{Script, Scripted};
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::Effect;
use outcrop::tui::event::{Copied, Event};
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::request::conversations::{Conversations, Format};
use outcrop::workbench::{Reply, Request};

use crate::stage::{COMPLETE, Stage, answer, conversation, id, message};

#[test]
fn copied_is_said_only_when_it_is_known() {
    let said = |how| {
        let mut stage = Stage::settled(120, 30, "dark");
        stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
        stage.keys("<tab>y");
        let before = stage.text();
        assert!(!before.contains("Copied"), "nobody has answered yet: {before}");
        stage.event(Event::Copied(how));
        stage.text()
    };
    assert!(said(Ok(Copied::Clipboard)).contains("Copied."));
    let sent = said(Ok(Copied::SentToTerminal));
    assert!(sent.contains("Sent to the terminal") && !sent.contains("Copied"), "{sent}");
    let failed = said(Err(Error::new(ErrorKind::Io, "copying", "there is no clipboard", "Export it.")));
    assert!(failed.contains("there is no clipboard") && !failed.contains("Copied"), "{failed}");
}

#[test]
fn where_there_is_no_text_to_copy_that_is_said() {
    let mut stage = Stage::settled(120, 30, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "", COMPLETE)]);
    let effects = stage.keys("<tab>y");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Copy(_))), "{effects:?}");
    assert!(stage.text().contains("There is no text in this message"), "{}", stage.text());
}

fn refused(why: &str) -> Error {
    let kind = ErrorKind::Refused { capability: "boto3".into() };
    Error::new(kind, "writing the request for boto3", why, "curl writes what is sent to any server.")
}

/// What an answer of a server can be copied as.
pub fn scripts() -> Vec<Scripted> {
    let curl = "curl -sSN --globoff 'https://box.example/v1/chat/completions'".to_owned();
    let why = "the model is not on Amazon Bedrock";
    vec![
        Scripted { script: Script::Curl, code: Ok(curl) },
        Scripted { script: Script::Boto3, code: Err(refused(why)) },
        Scripted { script: Script::OpenaiPython, code: Ok("from openai import OpenAI\n".repeat(100)) },
    ]
}

/// The answer to `R` on an answer.
pub fn offer_scripts(stage: &mut Stage, scripts: Vec<Scripted>) {
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
    let effects = stage.keys("<tab>R");
    let asked = Request::Chat(Chat::Scripts { conversation: conversation(1), message: id(2) });
    assert!(Stage::requests(&effects).contains(&asked), "{effects:?}");
    stage.answer("scripts", vec![Reply::Scripts { scripts }]);
}

#[test]
fn the_request_of_an_answer_is_copied_in_the_form_that_is_chosen() {
    let mut stage = Stage::settled(120, 40, "dark");
    offer_scripts(&mut stage, scripts());
    let shown = stage.text();
    assert!(shown.contains("curl") && shown.contains("not on Amazon Bedrock"), "{shown}");
    // What cannot be is not taken.
    assert_eq!(stage.keys("<down><enter>"), []);
    let effects = stage.keys("<down><enter>");
    assert!(
        matches!(&effects[..], [Effect::Copy(code), ..] if code.starts_with("from openai")),
        "{effects:?}"
    );
}

#[test]
fn the_whole_conversation_is_copied_as_the_markdown_that_is_exported() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
    let effects = stage.keys("<tab>Y");
    let ids = vec![conversation(1)];
    let export = Conversations::Export { ids, format: Format::Markdown, folder: None };
    assert_eq!(Stage::requests(&effects), [Request::Conversations(export)]);
    let text = "# Why rivers meander\n\nq\n\na\n".to_owned();
    let before = stage.effects.len();
    let title = "Why rivers meander".to_owned();
    let reply = Reply::Export { id: conversation(1), title, text: text.clone(), attachments: Vec::new() };
    stage.answer("\"export\"", vec![reply]);
    assert_eq!(stage.effects[before..], [Effect::Copy(text)]);
}

#[test]
fn a_model_without_an_endpoint_is_named_in_place_of_a_choice() {
    let mut stage = Stage::settled(120, 40, "dark");
    let error = || Err(refused("demo has no endpoint: its answers come from nowhere else"));
    let none = Script::ALL.map(|script| Scripted { script, code: error() });
    offer_scripts(&mut stage, none.to_vec());
    assert!(stage.state.overlays.is_empty());
    assert!(stage.text().contains("demo has no endpoint"), "{}", stage.text());
}

#[test]
fn a_request_that_comes_when_another_conversation_is_shown_is_dropped() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
    stage.keys("<tab>R");
    stage.keys("<ctrl+n>");
    stage.answer("scripts", vec![Reply::Scripts { scripts: scripts() }]);
    assert!(stage.state.overlays.is_empty());
}

/// What was copied last.
fn copied(effects: &[Effect]) -> String {
    let of = |effect: &Effect| if let Effect::Copy(text) = effect { Some(text.clone()) } else { None };
    effects.iter().rev().find_map(of).unwrap_or_default()
}

#[test]
fn a_part_of_a_message_is_selected_and_copied_by_keys_alone() {
    let text = "The outer bank **wears** away.\n\nThe inner one\ngrows, and so the bend wanders.";
    let mut stage = Stage::settled(80, 24, "dark");
    stage.open(vec![message(1, None, Role::User, "Why so?"), answer(2, Some(1), text, COMPLETE)]);
    assert_eq!(copied(&stage.keys("<tab>vwwwy")), "The outer bank **", "by words");
    assert_eq!(copied(&stage.keys("vlllly")), "The ", "by characters");
    assert_eq!(copied(&stage.keys("v$y")), "The outer bank **wears** away.", "to the end of the row");
    assert_eq!(
        copied(&stage.keys("vwjy")),
        "The outer bank **wears** away.\n\nThe ",
        "by rows, in their column"
    );
    assert_eq!(copied(&stage.keys("v$jj0hh<enter>")).lines().count(), 3, "and back over the end of a row");
    assert_eq!(copied(&stage.keys("kv$y")), "Why so?", "of the message that is selected");
    // Upwards it goes into what was said before.
    assert_eq!(copied(&stage.keys("jvk0y")), "Why so?");
    assert_eq!(copied(&stage.keys("vw<esc>y")), text, "Esc ends it: the whole message is copied");
    assert_eq!(stage.keys("vy").iter().filter(|e| matches!(e, Effect::Copy(_))).count(), 0);
    assert!(stage.text().contains("Nothing is selected yet"), "{}", stage.text());
}

#[test]
fn a_selection_by_keys_goes_on_beyond_the_screen_and_esc_ends_it_before_it_stops_the_answer() {
    let long: Vec<String> = (0..60).map(|line| format!("line {line} of it  ")).collect();
    let mut stage = Stage::settled(80, 24, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), &long.join("\n"), COMPLETE)]);
    let text = copied(&stage.keys(&format!("<tab>gv{}$y", "j".repeat(31))));
    assert!(text.starts_with("q\n\nline 0 of it") && text.trim_end().ends_with("line 30 of it"), "{text}");
    let text = copied(&stage.keys("v<pagedown><pagedown><pagedown><pagedown><pagedown>$y"));
    assert!(text.trim_end().ends_with("line 59 of it"), "{text}");
    stage.keys("<tab>");
    stage.keys("again<enter>");
    let effects = stage.keys("<tab>gv<esc>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Cancel(_))), "{effects:?}");
}
