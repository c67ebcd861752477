//! Calls of tools that the person answers.

use outcrop::domain::change::Changed;
use outcrop::domain::message::{Block, Message, Outcome, Role, StopReason};
use outcrop::tui::effect::Effect;
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::{Reply, Request};

use crate::stage::{Stage, answer, conversation, message};

const CALLED: Outcome = Outcome::Complete { reason: StopReason::ToolUse };

fn call(id: &str, city: &str) -> Block {
    Block::ToolUse {
        id: id.into(),
        name: "get_weather".into(),
        input: serde_json::json!({ "city": city }),
        extra: None,
    }
}

/// A conversation whose last answer calls two tools.
pub fn calling() -> Vec<Message> {
    let mut last = answer(2, Some(1), "", CALLED);
    last.blocks = vec![call("a", "Paris"), call("b", "東京")];
    vec![message(1, None, Role::User, "how is the weather?"), last]
}

fn sent(effects: &[Effect]) -> Option<Vec<Block>> {
    Stage::requests(effects).into_iter().find_map(|request| match request {
        Request::Chat(Chat::Send { blocks, .. }) => Some(blocks),
        _ => None,
    })
}

fn result(id: &str, content: &str, is_error: bool) -> Block {
    Block::ToolResult { id: id.into(), content: content.into(), is_error }
}

fn opened() -> Stage {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(calling());
    stage
}

#[test]
fn each_call_is_asked_for_and_all_answers_go_as_one_turn() {
    let mut stage = opened();
    assert!(stage.text().contains("Alt+T tool"), "{}", stage.text());
    stage.keys("<alt+t>");
    assert!(stage.text().contains("What get_weather gives back") && stage.text().contains("Paris"));
    assert_eq!(sent(&stage.keys("18 degrees<enter>")), None);
    assert!(stage.text().contains("東京"), "the next call is asked for: {}", stage.text());
    let effects = stage.keys("! no such city<enter>");
    assert_eq!(
        sent(&effects).unwrap(),
        [result("a", "18 degrees", false), result("b", "no such city", true)]
    );
}

#[test]
fn tools_and_schemas_are_written_in_several_lines_and_what_is_wrong_stays_to_be_mended() {
    let mut stage = opened();
    stage.keys("<ctrl+o>jjjjjjjjjjj<enter>[{\"name\":\"look\"}<enter>");
    assert!(stage.text().contains("EOF while parsing a list at line 1 column 16"), "{}", stage.text());
    stage.keys("]<enter>");
    assert_eq!(stage.state.overlays.len(), 0);
    assert!(stage.text().contains("tools look"), "{}", stage.text());
    stage.keys("<enter>");
    assert!(stage.text().contains("    \"name\": \"look\""), "in lines: {}", stage.text());
    stage.keys("x<esc>");
    assert!(stage.text().contains("Esc once more drops what was changed."), "{}", stage.text());
    stage.keys("<esc>");
    assert_eq!(stage.state.overlays.len(), 0);
    assert!(stage.text().contains("tools look"), "{}", stage.text());
}

#[test]
fn what_is_half_written_is_there_again() {
    let mut stage = opened();
    stage.keys("<alt+t>18 deg<esc>");
    assert!(stage.state.overlays.is_empty());
    let effects = stage.keys("<alt+t>rees<enter>");
    assert_eq!(sent(&effects), None);
    let effects = stage.keys("warm<enter>");
    assert_eq!(sent(&effects).unwrap()[0], result("a", "18 degrees", false));
}

#[test]
fn where_no_tool_was_called_there_is_nothing_to_answer() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![
        message(1, None, Role::User, "hello"),
        answer(2, Some(1), "Hello.", crate::stage::COMPLETE),
    ]);
    assert!(stage.keys("<alt+t>").is_empty() && stage.state.overlays.is_empty());
    assert!(!stage.text().contains("Alt+T tool"), "{}", stage.text());
}

#[test]
fn what_a_tool_gives_back_goes_to_the_answer_that_called_it_and_to_no_other() {
    let mut stage = opened();
    stage.keys("<alt+t>18 degrees");
    // The conversation is removed elsewhere, and another one is shown whose calls have the same ids.
    let change = Changed::ConversationRemoved { id: conversation(1) };
    stage.reply("\"topic\":\"conversations\"", vec![Reply::Changed { number: 1, change }]);
    assert_eq!(sent(&stage.keys("<enter>")), None);
    assert!(stage.text().contains("not shown any more"), "{}", stage.text());
    assert_eq!(stage.state.chat.composer.text(), "18 degrees", "what was written is there");
}

#[test]
fn what_a_tool_gives_back_too_late_stands_behind_what_is_being_written() {
    let mut stage = opened();
    stage.keys("and then?<alt+t>18 degrees");
    let change = Changed::ConversationRemoved { id: conversation(1) };
    stage.reply("\"topic\":\"conversations\"", vec![Reply::Changed { number: 1, change }]);
    stage.state.chat.composer.set_text("and then?");
    assert_eq!(sent(&stage.keys("<enter>")), None);
    assert_eq!(stage.state.chat.composer.text(), "and then?\n\n18 degrees");
}
