//! An agent that answers: the list, its steps, what it asks.

use outcrop::domain::agent::run::State;
use outcrop::domain::agent::{AgentEvent, GaveUp, Limit};
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::event::Event;
use outcrop::workbench::Reply;

use super::shoot;
use crate::flow::agents::{
    act, asked, at_work, begun, confirm, ended, finish, looked_at, offered, says, spent, step, wanted,
};
use crate::flow::keeping::{
    begun as begun_with, compared, edited, opened, remembered, removing, sessions, versions,
};
use crate::stage::Stage;

/// A turn to its end.
fn over(stage: &mut Stage, state: State) {
    let mut events = at_work();
    events.extend([spent(2, 1_204), ended(state)]);
    asked(stage, "Two Assam, please.");
    act(stage, events.clone());
    finish(stage, &events);
}

#[test]
fn agents_are_offered() {
    shoot("agent-list", offered);
}

#[test]
fn an_agent_that_was_chosen_is_named_before_anything_is_asked() {
    shoot("agent-chosen", |stage| {
        offered(stage);
        stage.keys("<enter>");
        // What was said of it goes by.
        stage.pass(60_000);
    });
}

#[test]
fn what_the_agent_is_is_read_over_the_place() {
    shoot("agent-card", looked_at);
}

#[test]
fn an_agent_is_made_and_edited_as_a_text() {
    shoot("agent-new", |stage| {
        stage.keys("<ctrl+p>make a new agent<enter>tea shop");
    });
    shoot("agent-new-refused", |stage| {
        stage.keys("<ctrl+p>make a new agent<enter>tea shop<enter>");
        let task = stage.task("\"read\"");
        let why = "line 3, column 16: invalid basic string";
        let error = Some(Error::new(ErrorKind::Invalid, "reading an agent", why, ""));
        stage.event(Event::Ended { task, error });
    });
    shoot("agent-edited", edited);
}

#[test]
fn the_versions_of_an_agent_are_listed_and_compared() {
    shoot("agent-versions", versions);
    shoot("agent-version", |stage| {
        versions(stage);
        stage.keys("<down><enter>");
        opened(stage);
    });
    shoot("agent-compared", compared);
}

#[test]
fn a_prompt_of_its_own_is_told_from_the_default() {
    shoot("agent-prompts", |stage| begun_with(stage, "own prompts"));
}

#[test]
fn what_an_agent_remembers_is_listed_and_read() {
    shoot("agent-memory", remembered);
    shoot("agent-session", |stage| {
        remembered(stage);
        stage.keys("<enter>");
        opened(stage);
        stage.answer("\"memories\"", vec![Reply::AgentMemories { sessions: sessions() }]);
    });
}

#[test]
fn what_goes_with_an_agent_is_said_before_it_goes() {
    shoot("agent-remove", removing);
}

#[test]
fn steps_are_seen_while_they_are_taken() {
    shoot("agent-at-work", |stage| {
        asked(stage, "Two Assam, please.");
        act(stage, at_work().into_iter().take(8).collect());
        stage.pass(1_000);
    });
}

#[test]
fn steps_stand_above_the_answer_a_line_each() {
    let text = "There is **no Assam** left".to_owned();
    shoot("agent-answered", |stage| over(stage, State::Answered { text: text.clone() }));
    shoot("agent-open", |stage| {
        over(stage, State::Answered { text: text.clone() });
        stage.keys("<tab><space>");
    });
}

#[test]
fn a_step_is_chosen_and_written_anew() {
    let text = "There is **no Assam** left".to_owned();
    shoot("agent-step", |stage| {
        over(stage, State::Answered { text: text.clone() });
        stage.keys("<tab>E");
    });
    shoot("agent-step-written", |stage| {
        over(stage, State::Answered { text: text.clone() });
        stage.keys("<tab>E<enter>");
    });
}

#[test]
fn a_call_is_asked_for_with_its_very_bytes() {
    shoot("agent-consent", |stage| {
        asked(stage, "Two Assam, please.");
        act(stage, vec![begun(), step(1), says("I order."), spent(1, 80), confirm()]);
        stage.pass(60_000);
    });
    shoot("agent-consent-below", |stage| {
        asked(stage, "Two Assam, please.");
        stage.keys("and then");
        act(stage, vec![begun(), step(1), says("I order."), spent(1, 80), confirm()]);
        stage.pass(60_000);
    });
}

#[test]
fn new_tools_of_a_server_are_shown_whole_before_they_are_used() {
    shoot("agent-tools", |stage| {
        asked(stage, "What is there?");
        let shown =
            "new: look\nLooks.\n{\"type\":\"object\"}\n\nchanged: go\nGoes [-there-][+here+].".to_owned();
        let (run, id, group) = (crate::flow::agents::run(), "tools of files".to_owned(), "files".to_owned());
        act(stage, vec![begun(), AgentEvent::Agree { run, id, group, shown }]);
        stage.pass(60_000);
    });
}

#[test]
fn a_question_stands_where_the_answer_would_be() {
    shoot("agent-waits", |stage| {
        let calls = vec![wanted("a", "ask_user", Some("Which tea, and how much of it?"))];
        over(stage, State::Waiting { calls });
    });
    shoot("agent-waits-for-several", |stage| {
        let calls = vec![wanted("a", "ask_user", Some("Which tea?")), wanted("b", "weigh", None)];
        over(stage, State::Waiting { calls });
    });
}

#[test]
fn an_agent_that_gave_up_is_marked() {
    shoot("agent-gave-up", |stage| {
        let why = GaveUp::Limit { limit: Limit::Steps(2) };
        over(stage, State::GaveUp { why, text: "I look it up and order.".to_owned() });
    });
}
