//! An agent that answers in the chat: chosen, seen at work, agreed with, answered.

use outcrop::domain::agent::replay::Edit;
use outcrop::domain::agent::run::State;
use outcrop::domain::agent::{
    Acting, Agent, AgentEvent, Book, Brief, BuiltIn, Chosen, Definition, Executor, GaveUp, Group, Limit,
    Spent, Step, Version, Wanted,
};
use outcrop::domain::attachment::Attachment;
use outcrop::domain::conversation::{Answers, Conversation};
use outcrop::domain::delta::Event as Delta;
use outcrop::domain::id::{AgentId, RunId};
use outcrop::domain::message::{BlobId, Block, Message, Outcome, Role, StopReason, Timing, Usage};
use outcrop::domain::settings::Settings;
use outcrop::domain::time::Timestamp;
use outcrop::tui::effect::Effect;
use outcrop::tui::event::Event;
use outcrop::tui::pane::Place;
use outcrop::workbench::request::agents::Agents;
use outcrop::workbench::request::chat::{Chat, Target};
use outcrop::workbench::request::conversations::{Change, Conversations};
use outcrop::workbench::request::traces::Traces;
use outcrop::workbench::{Changed, Reply, Request};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stage::{COMPLETE, NOW, Stage, answer, conversation, head, id, message, model};

pub fn shop() -> Chosen {
    Chosen { id: AgentId::from_uuid(Uuid::from_u128(77)), name: "tea shop".to_owned() }
}

pub fn run() -> RunId {
    RunId::from_uuid(Uuid::from_u128(0x1f3a_9c2e))
}

/// The agents are asked for and are there: a list to choose from.
pub fn offered(stage: &mut Stage) {
    stage.keys("<alt+e>");
    let (created, updated) = (Timestamp(NOW - 3_600_000), Timestamp(NOW - 180_000));
    let agent = Agent { id: shop().id, name: shop().name, created, updated, latest: 3, brief: None };
    let other = Agent {
        id: AgentId::from_uuid(Uuid::from_u128(78)),
        name: "掃除".to_owned(),
        latest: 1,
        ..agent.clone()
    };
    stage.answer("\"agents\"", vec![Reply::Agents { agents: vec![agent, other] }]);
}

/// The agent was chosen and asked; nothing has come yet.
pub fn asked(stage: &mut Stage, text: &str) {
    offered(stage);
    stage.keys("<enter>");
    stage.keys(text);
    stage.keys("<enter>");
    let question = message(90, None, Role::User, text);
    let mut said = answer(91, Some(90), "", Outcome::Streaming);
    said.answer.as_mut().unwrap().agent = Some(Box::new(Acting::new(shop(), 3)));
    let conversation = Conversation { leaf: Some(said.id), agent: Some(shop()), ..head(1, text, 0) };
    stage.reply("\"send\"", vec![Reply::Started { conversation, asked: Some(question), answer: said }]);
}

pub fn act(stage: &mut Stage, events: Vec<AgentEvent>) {
    for event in events {
        stage.pass(400);
        stage.reply("\"send\"", vec![Reply::AgentEvent { event }]);
    }
}

/// The turn is over, as the store has it.
pub fn finish(stage: &mut Stage, events: &[AgentEvent]) {
    stage.answer("\"send\"", vec![Reply::Finished { answer: answered(events) }]);
}

pub fn answered(events: &[AgentEvent]) -> Message {
    let mut acting = Acting::new(shop(), 3);
    for (event, at) in events.iter().zip(1_u64..) {
        acting.push(event, at * 400);
    }
    let reason = if acting.waiting().is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
    let mut said = answer(91, Some(90), "", Outcome::Complete { reason });
    said.blocks = acting.blocks_after(events.last().unwrap());
    let known = said.answer.as_mut().unwrap();
    known.agent = Some(Box::new(acting));
    known.usage = Usage::default();
    known.timing = Timing { total_ms: Some(events.len() as u32 * 400), ..Timing::default() };
    said
}

pub fn begun() -> AgentEvent {
    AgentEvent::Begun { run: run(), agent: shop().name, version: 3, model: model() }
}

pub fn step(number: u32) -> AgentEvent {
    AgentEvent::Step { step: Step::Orchestration, number }
}

pub fn says(text: &str) -> AgentEvent {
    AgentEvent::Delta { event: Delta::Text { text: text.to_owned() } }
}

pub fn spent(steps: u32, tokens: u64) -> AgentEvent {
    let spent = Spent { steps, tokens, millis: 900, cost: 0.0031, unpriced: 0 };
    AgentEvent::Spent { spent, failed: false }
}

pub fn called(id: &str, action: &str, input: Value, by: &str) -> AgentEvent {
    AgentEvent::Called { id: id.to_owned(), action: action.to_owned(), input, by: by.to_owned() }
}

pub fn gave(id: &str, action: &str, content: &str, is_error: bool) -> AgentEvent {
    let (id, action, content) = (id.to_owned(), action.to_owned(), content.to_owned());
    AgentEvent::Gave { id, action, content, is_error }
}

pub fn ended(state: State) -> AgentEvent {
    let spent = Spent { steps: 2, tokens: 1_204, millis: 2_400, cost: 0.0031, unpriced: 0 };
    AgentEvent::Ended { run: run(), state, spent }
}

/// Two calls at once, one of a base, one that fails; then the answer begins.
pub fn at_work() -> Vec<AgentEvent> {
    let passages = "[1] teas.md\nAssam is malty.\n\n[2] teas.md\nIt costs 4 euros.";
    vec![
        begun(),
        step(1),
        AgentEvent::Delta { event: Delta::Reasoning { text: "They want two Assam.".to_owned() } },
        says("I look it up and order."),
        spent(1, 804),
        called("a", "search_teas", json!({"query": "Assam"}), "knowledge base"),
        called("b", "order", json!({"tea": "Assam", "count": 2}), "program"),
        gave("b", "order", "out of stock: 漢字 \u{1b}[31m", true),
        AgentEvent::Found { id: "a".into(), action: "search_teas".into(), passages: passages.into() },
        gave("a", "search_teas", "Assam is malty [1].", false),
        step(2),
        says("There is **no Assam** left"),
    ]
}

pub fn confirm() -> AgentEvent {
    let values = "{\n  \"tea\": \"Assam\",\n  \"count\": 2\n}";
    let shown = format!(
        "{{\"tea\":\"Assam\",\"count\":2}}\n\nIts values, a line each, to be read more easily:\n{values}"
    );
    AgentEvent::Confirm { run: run(), id: "b".to_owned(), action: "order".to_owned(), shown, again: false }
}

pub fn wanted(id: &str, action: &str, question: Option<&str>) -> Wanted {
    let input = question.map_or(json!({"weight": "kg"}), |question| json!({ "question": question }));
    Wanted { id: id.to_owned(), action: action.to_owned(), input, question: question.map(str::to_owned) }
}

fn chats(effects: &[Effect]) -> Vec<Chat> {
    let chat = |request| if let Request::Chat(chat) = request { Some(chat) } else { None };
    Stage::requests(effects).into_iter().filter_map(chat).collect()
}

fn decisions(effects: &[Effect]) -> Vec<Agents> {
    let decide = |request| match request {
        Request::Agents(decide @ Agents::Decide { .. }) => Some(decide),
        _ => None,
    };
    Stage::requests(effects).into_iter().filter_map(decide).collect()
}

fn said(text: &str) -> Vec<Block> {
    vec![Block::Text { text: text.to_owned() }]
}

#[test]
fn an_agent_is_chosen_from_a_list_and_answers_what_is_said_next() {
    let mut stage = Stage::settled(120, 40, "dark");
    offered(&mut stage);
    assert!(stage.text().contains("version 3") && stage.text().contains("掃除"), "{}", stage.text());
    stage.keys("<enter>");
    assert!(stage.text().contains("agent tea shop"), "{}", stage.text());
    let effects = stage.keys("two Assam<enter>");
    let settings = Settings::default();
    let to = Target::Agent { agent: shop(), model: Some(model()), system: None, settings };
    assert_eq!(chats(&effects), [Chat::Send { to, blocks: said("two Assam") }]);
}

#[test]
fn the_list_of_agents_tells_of_each_its_model_and_what_it_may_call() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+e>");
    let brief = Brief { model: Some(model()), groups: vec!["sums".to_owned()], ..Brief::default() };
    let Book { agent, .. } = book();
    let agent = Agent { brief: Some(brief), ..agent };
    stage.answer("\"agents\"", vec![Reply::Agents { agents: vec![agent] }]);
    let wanted = format!("{} · calls sums", model());
    assert!(stage.text().contains(&wanted), "{}", stage.text());
}

#[test]
fn a_person_who_is_asked_again_about_the_same_call_is_told_so() {
    let mut stage = Stage::settled(120, 40, "dark");
    let mut events = vec![begun(), step(1), spent(1, 80)];
    stage.open(vec![message(90, None, Role::User, "two Assam"), streaming(&events)]);
    events.push(match confirm() {
        AgentEvent::Confirm { run, id, action, shown, .. } => {
            AgentEvent::Confirm { run, id, action, shown, again: true }
        }
        other => other,
    });
    told(&mut stage, streaming(&events));
    assert!(stage.text().contains("This very call was made already"), "{}", stage.text());
}

#[test]
fn who_chooses_a_model_or_reads_the_settings_while_an_agent_answers_is_told_that_it_does() {
    let mut stage = Stage::settled(120, 40, "dark");
    offered(&mut stage);
    stage.keys("<enter><ctrl+l>smollm2<enter>");
    assert!(stage.text().contains("tea shop still answers"), "{}", stage.text());
    stage.keys("<ctrl+o>");
    let words = |stage: &mut Stage| stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&mut stage).contains("tea shop answers, by this"), "{}", stage.text());
    assert!(!words(&mut stage).contains("The next message is sent"), "{}", stage.text());
}

#[test]
fn settings_that_the_agent_does_not_heed_are_dimmed_by_its_name_and_change_with_the_model_alone() {
    let mut stage = Stage::settled(120, 40, "dark");
    offered(&mut stage);
    stage.keys("<enter><ctrl+o>jjj");
    let words = |stage: &mut Stage| stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = words(&mut stage);
    assert!(shown.contains("temperature not heeded") && shown.contains("knowledge not heeded"), "{shown}");
    assert!(shown.contains("tea shop answers by its own prompt"), "{shown}");
    assert!(!shown.contains("Enter change"), "{shown}");
    for key in ["<right>", "<left>", "<enter>", "<backspace>"] {
        let effects = stage.keys(key);
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Call { .. })), "{key}: {effects:?}");
        let said = stage.state.notices.now.take().map(|notice| notice.text).unwrap_or_default();
        assert!(said.contains("tea shop answers by its own prompt and settings; Alt+E"), "{key}: {said}");
    }
    stage.keys("<ctrl+o>");
    offered(&mut stage);
    stage.keys("none<enter><ctrl+o>");
    let shown = words(&mut stage);
    assert!(!shown.contains("not heeded") && shown.contains("Enter change"), "{shown}");
}

#[test]
fn an_agent_needs_no_model_to_be_chosen() {
    let mut stage = Stage::new(120, 40);
    stage.settle_with(Vec::new());
    offered(&mut stage);
    stage.keys("<enter>");
    let effects = stage.keys("hello<enter>");
    assert!(
        matches!(&chats(&effects)[..], [Chat::Send { to: Target::Agent { .. }, .. }]),
        "{:?}",
        chats(&effects)
    );
}

#[test]
fn a_conversation_changes_who_answers_and_the_model_alone_comes_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
    let changed = |effects: &[Effect]| {
        let answers = |request| match request {
            Request::Conversations(Conversations::Change { change: Change { answers, .. }, .. }) => answers,
            _ => None,
        };
        Stage::requests(effects).into_iter().find_map(answers)
    };
    offered(&mut stage);
    assert_eq!(changed(&stage.keys("<enter>")), Some(Answers::Agent(shop())));
    offered(&mut stage);
    assert_eq!(changed(&stage.keys("<down><down><enter>")), Some(Answers::Model));
    assert!(!stage.text().contains("agent tea shop"));
}

#[test]
fn who_is_chosen_while_the_first_message_is_sent_answers_the_next() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("hello<enter>");
    offered(&mut stage);
    stage.keys("<enter>");
    let from = stage.effects.len();
    let started = Reply::Started {
        conversation: Conversation { leaf: Some(id(91)), ..head(1, "hello", 0) },
        asked: Some(message(90, None, Role::User, "hello")),
        answer: answer(91, Some(90), "", Outcome::Streaming),
    };
    stage.reply("\"send\"", vec![started]);
    let change = Change { answers: Some(Answers::Agent(shop())), ..Change::default() };
    let change = Request::Conversations(Conversations::Change { id: conversation(1), change });
    assert!(Stage::requests(&stage.effects[from..]).contains(&change));
    assert!(stage.text().contains("agent tea shop"), "{}", stage.text());
}

#[test]
fn a_step_that_broke_off_is_written_to_its_end_and_run_on_from() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "two Assam");
    let events = at_work();
    act(&mut stage, events.clone());
    // While it is at work it is said what to do first.
    assert!(chats(&stage.keys("<tab>E")).is_empty() && stage.state.overlays.is_empty());
    assert!(stage.text().contains("Esc stops it"), "{}", stage.text());
    finish(&mut stage, &events);
    stage.keys("E");
    assert!(stage.text().contains("it broke off here: There is **no Assam** left"), "{}", stage.text());
    let effects = stage.keys("<down><enter> today.<enter>");
    let said = Some("There is **no Assam** left today.".to_owned());
    let edit = Edit { step: Some(2), said, ..Edit::default() };
    let redo = Chat::Redo { conversation: conversation(1), message: id(91), edit: Box::new(edit) };
    assert_eq!(chats(&effects), [redo]);
}

#[test]
fn where_there_is_no_step_it_is_said_why() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "two Assam");
    act(&mut stage, vec![begun()]);
    finish(&mut stage, &[begun()]);
    stage.keys("<tab>E");
    assert!(stage.state.overlays.is_empty(), "{}", stage.text());
    assert!(stage.text().contains("broke off before its first step"), "{}", stage.text());
    // Nor has one yet that another window still receives.
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(90, None, Role::User, "two Assam"), streaming(&at_work())]);
    stage.keys("<tab>E");
    assert!(stage.text().contains("at work in another window"), "{}", stage.text());
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", Outcome::Stopped)]);
    stage.keys("<tab>E");
    assert!(stage.text().contains("No agent gave this answer"), "{}", stage.text());
}

#[test]
fn steps_are_lines_as_they_come_and_open_with_what_they_said_and_gave() {
    let mut stage = Stage::settled(120, 60, "dark");
    asked(&mut stage, "two Assam");
    let mut events = at_work();
    let rest = events.split_off(7);
    act(&mut stage, events);
    let text = stage.text();
    assert!(text.contains("calling 2 tools at once") && text.contains("tea shop v3"), "{text}");
    assert!(text.contains("├ ⚙ search_teas") && text.contains("└ ⚙ order"), "{text}");
    act(&mut stage, rest);
    let text = stage.text();
    assert!(text.contains("└ ✗ order") && text.contains("out of stock: 漢字"), "{text}");
    assert!(!text.contains("It costs 4 euros") && text.contains("no Assam left"), "{text}");
    stage.keys("<tab><space>");
    let text = stage.text();
    assert!(text.contains("It costs 4 euros") && text.contains("They want two Assam."), "{text}");
    assert!(text.contains("\"count\":2") && !text.contains("\"count\": 2"), "its line has all of it: {text}");
}

#[test]
fn a_call_is_agreed_to_by_its_letter_alone_and_not_by_what_was_being_typed() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "two Assam");
    act(&mut stage, vec![begun(), step(1), spent(1, 80), confirm()]);
    assert!(stage.text().contains("these very bytes") && stage.text().contains("\"count\": 2"));
    assert!(decisions(&stage.keys("y")).is_empty(), "it appeared under the person's fingers");
    stage.pass(9_000);
    assert_eq!(stage.state.pulse(), None, "nothing moves while a person is waited for");
    assert!(decisions(&stage.keys("x<enter>")).is_empty(), "Enter is no word");
    assert!(!stage.text().contains("these very bytes"));
    stage.keys("<alt+t>");
    let decided = |agreed| Agents::Decide { run: run(), call: "b".to_owned(), agreed };
    assert_eq!(decisions(&stage.keys("y")), [decided(true)]);
    act(&mut stage, vec![AgentEvent::Decided { id: "b".to_owned(), agreed: true }]);
    assert!(stage.text().contains("you agreed"), "{}", stage.text());
    act(&mut stage, vec![confirm()]);
    stage.pass(600);
    assert_eq!(decisions(&stage.keys("n")), [decided(false)]);
}

/// What an agent has done so far for another window.
fn streaming(events: &[AgentEvent]) -> Message {
    let mut said = answered(events);
    said.answer.as_mut().unwrap().outcome = Outcome::Streaming;
    said
}

/// The store tells of a message.
fn told(stage: &mut Stage, message: Message) {
    let change = Changed::Message { message };
    stage.reply("\"topic\":\"conversation\"", vec![Reply::Changed { number: 1, change }]);
}

#[test]
fn a_window_that_shows_the_agent_of_another_asks_too_and_sees_that_the_other_answered() {
    let mut stage = Stage::settled(120, 40, "dark");
    let mut events = vec![begun(), step(1), spent(1, 80)];
    stage.open(vec![message(90, None, Role::User, "two Assam"), streaming(&events)]);
    events.push(confirm());
    told(&mut stage, streaming(&events));
    assert!(stage.text().contains("these very bytes"), "{}", stage.text());
    stage.pass(600);
    let decide = Agents::Decide { run: run(), call: "b".to_owned(), agreed: true };
    assert_eq!(decisions(&stage.keys("y")), [decide]);
    let next = |id: &str| match confirm() {
        AgentEvent::Confirm { run, action, shown, again, .. } => {
            AgentEvent::Confirm { run, id: id.to_owned(), action, shown, again }
        }
        other => other,
    };
    let decided = |id: &str| AgentEvent::Decided { id: id.to_owned(), agreed: false };
    events.extend([decided("b"), next("c")]);
    told(&mut stage, streaming(&events));
    assert!(stage.text().contains("these very bytes"), "{}", stage.text());
    events.push(decided("c"));
    told(&mut stage, streaming(&events));
    let text = stage.text();
    assert!(!text.contains("these very bytes") && text.contains("in another window"), "{text}");
    stage.pass(600);
    assert!(decisions(&stage.keys("y")).is_empty());
}

#[test]
fn answers_that_another_window_has_given_meanwhile_are_not_given_again() {
    let mut stage = Stage::settled(120, 40, "dark");
    let calls = vec![wanted("a", "ask_user", Some("Which?")), wanted("b", "weigh", None)];
    let events = vec![begun(), step(1), spent(1, 80), ended(State::Waiting { calls })];
    stage.open(vec![message(90, None, Role::User, "tea"), answered(&events)]);
    assert!(chats(&stage.keys("green<enter>")).is_empty());
    assert!(stage.text().contains("What weigh gives back (2 of 2)"), "{}", stage.text());
    told(&mut stage, message(92, Some(91), Role::User, "black"));
    told(&mut stage, Message { id: id(93), parent: Some(id(92)), ..streaming(&events[..2]) });
    assert!(chats(&stage.keys("2 kg<enter>")).is_empty());
    assert!(stage.text().contains("stands in the composer"), "{}", stage.text());
    assert_eq!(stage.state.chat.composer.text(), "2 kg");
}

#[test]
fn who_writes_is_not_interrupted_by_a_question() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "two Assam");
    stage.keys("and yes");
    act(&mut stage, vec![begun(), step(1), spent(1, 80), confirm()]);
    stage.pass(600);
    assert!(decisions(&stage.keys(", yn")).is_empty());
    assert_eq!(stage.state.chat.composer.text(), "and yes, yn");
    assert!(stage.text().contains("waits for your word"), "{}", stage.text());
    stage.keys("<alt+t>");
    assert_eq!(decisions(&stage.keys("n")).len(), 1);
}

#[test]
fn every_place_tells_of_an_agent_that_waits_and_one_key_leads_there() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "two Assam");
    act(&mut stage, vec![begun(), step(1), spent(1, 80), confirm()]);
    stage.pass(600);
    stage.keys("<esc><alt+8>");
    assert!(stage.state.place == Place::Usage);
    let text = stage.text();
    assert!(text.contains("tea shop waits") && text.contains("Alt+T decide"), "{text}");
    stage.keys("<alt+t>");
    assert!(stage.state.place == Place::Chat);
    assert!(stage.text().contains("May tea shop do this?"), "{}", stage.text());
}

#[test]
fn what_is_decided_too_late_is_said_and_asks_nothing() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "two Assam");
    let events = vec![begun(), step(1), spent(1, 80), confirm()];
    act(&mut stage, events.clone());
    finish(&mut stage, &events);
    stage.pass(600);
    assert!(decisions(&stage.keys("y")).is_empty());
    assert!(stage.text().contains("not waited for any more"), "{}", stage.text());
}

#[test]
fn a_question_of_the_agent_is_answered_by_the_next_message_and_holds_what_waits() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "tea");
    assert!(chats(&stage.keys("later<enter>")).is_empty());
    let calls = vec![wanted("a", "ask_user", Some("Which tea?"))];
    let events = vec![begun(), step(1), spent(1, 80), ended(State::Waiting { calls })];
    act(&mut stage, events.clone());
    let from = stage.effects.len();
    finish(&mut stage, &events);
    assert!(chats(&stage.effects[from..]).is_empty(), "what was written before is no answer to it");
    let text = stage.text();
    assert!(text.contains("Which tea?") && text.contains("the next message is its answer"), "{text}");
    stage.keys("<alt+up>");
    let effects = stage.keys("<ctrl+u>green<enter>");
    let to = Target::After { conversation: conversation(1), parent: Some(id(91)) };
    assert_eq!(chats(&effects), [Chat::Send { to, blocks: said("green") }]);
    let question = message(92, Some(91), Role::User, "green");
    let mut next = answer(93, Some(92), "", Outcome::Streaming);
    next.answer.as_mut().unwrap().agent = Some(Box::new(Acting::new(shop(), 3)));
    let conversation = Conversation { leaf: Some(next.id), agent: Some(shop()), ..head(1, "tea", 0) };
    stage.reply("\"send\"", vec![Reply::Started { conversation, asked: Some(question), answer: next }]);
    let text = stage.text();
    assert!(text.contains("the next message was its answer") && text.contains("waited · run"), "{text}");
    assert!(!text.contains("? it waits"), "what it waited for has come: {text}");
}

#[test]
fn several_calls_that_wait_are_answered_one_after_another_and_sent_together() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "tea");
    let calls = vec![wanted("a", "ask_user", Some("Which?")), wanted("b", "weigh", None)];
    let events = vec![begun(), step(1), spent(1, 80), ended(State::Waiting { calls })];
    act(&mut stage, events.clone());
    finish(&mut stage, &events);
    assert!(chats(&stage.keys("green<enter>")).is_empty());
    assert!(stage.text().contains("What weigh gives back (2 of 2)"), "{}", stage.text());
    let effects = stage.keys("2 kg<enter>");
    let result = |id: &str, content: &str| Block::ToolResult {
        id: id.to_owned(),
        content: content.to_owned(),
        is_error: false,
    };
    let to = Target::After { conversation: conversation(1), parent: Some(id(91)) };
    assert_eq!(chats(&effects), [Chat::Send { to, blocks: vec![result("a", "green"), result("b", "2 kg")] }]);
}

#[test]
fn an_agent_that_gave_up_says_which_limit_it_was() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "tea");
    let why = GaveUp::Limit { limit: Limit::Steps(2) };
    let events =
        vec![begun(), step(1), says("hm"), spent(1, 80), ended(State::GaveUp { why, text: "hm".into() })];
    act(&mut stage, events.clone());
    finish(&mut stage, &events);
    let text = stage.text();
    assert!(
        text.contains("gave up: its limit of 2 steps is reached") && text.contains("run 1f3a9c2e"),
        "{text}"
    );
}

#[test]
fn escape_leaves_the_question_first_and_then_stops_the_agent() {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "tea");
    act(&mut stage, vec![begun(), step(1), spent(1, 80), confirm()]);
    stage.pass(600);
    let cancels = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Cancel(_)));
    assert!(!cancels(&stage.keys("<esc>")));
    assert!(cancels(&stage.keys("<esc>")));
    assert!(stage.text().contains("stopped"), "{}", stage.text());
}

fn over() -> Stage {
    let mut stage = Stage::settled(120, 40, "dark");
    asked(&mut stage, "two Assam");
    let mut events = at_work();
    let text = "There is **no Assam** left".to_owned();
    events.extend([spent(2, 1_204), ended(State::Answered { text })]);
    act(&mut stage, events.clone());
    finish(&mut stage, &events);
    stage
}

#[test]
fn a_step_is_written_anew_and_the_agent_runs_on_from_there() {
    let mut stage = over();
    stage.keys("<tab>E");
    assert!(stage.text().contains("Run on from") && stage.text().contains("step 2"), "{}", stage.text());
    stage.keys("<enter>");
    assert!(stage.text().contains("\"tool\":\"search_teas\""), "{}", stage.text());
    let effects = stage.keys("<ctrl+u><backspace><ctrl+u>None is left.<enter>");
    let edit = Edit { step: Some(1), said: Some("None is left.".to_owned()), ..Edit::default() };
    let redo = Chat::Redo { conversation: conversation(1), message: id(91), edit: Box::new(edit) };
    assert_eq!(chats(&effects), [redo]);
}

#[test]
fn what_was_written_of_a_step_stays_where_a_turn_has_begun_meanwhile() {
    let mut stage = over();
    stage.keys("look at @~/a.png!<enter>");
    let task = stage.task("attach");
    stage.keys("<tab>E<enter><ctrl+u><backspace><ctrl+u>None is left.");
    let block = Block::Image { media_type: "image/png".into(), blob: BlobId("00".repeat(16)), file: None };
    let attachment = Attachment { name: "a.png".to_owned(), bytes: Some(212_000), block };
    stage.event(Event::Replies { task, replies: vec![Reply::Attached { attachment }] });
    let effects = stage.event(Event::Ended { task, error: None });
    assert!(matches!(&chats(&effects)[..], [Chat::Send { .. }]), "{effects:?}");
    assert!(chats(&stage.keys("<enter>")).is_empty());
    let text = stage.text();
    assert!(text.contains("What the model says in step 1") && text.contains("None is left."), "{text}");
    assert!(text.contains("An answer is being written"), "{text}");
}

#[test]
fn a_prompt_is_written_anew_for_one_run() {
    let mut stage = over();
    stage.keys("<tab>E");
    assert!(stage.text().contains("the prompt of orchestration"), "{}", stage.text());
    stage.keys("<down><down><enter>");
    stage.answer("\"agents\"", vec![Reply::Agent { book: book() }]);
    assert!(stage.text().contains("The prompt of orchestration, for one run"), "{}", stage.text());
    let sent = chats(&stage.keys("Mind!<enter>"));
    let [Chat::Redo { edit, .. }] = &sent[..] else { panic!("{sent:?}") };
    let prompt = &edit.prompts[&Step::Orchestration];
    assert!(prompt.contains("Mind!") && prompt.len() > "Mind!".len(), "{prompt}");
    assert_eq!((edit.step, &edit.said), (None, &None));
}

#[test]
fn one_key_leads_from_an_answer_to_its_trace() {
    let mut stage = over();
    let effects = stage.keys("<tab>T");
    let find = Request::Traces(Traces::Find { text: run().to_string() });
    assert!(Stage::requests(&effects).contains(&find), "{effects:?}");
    assert!(stage.state.place == Place::Traces);
}

/// What the agent is, as it is shown.
pub fn book() -> Book {
    let (created, updated) = (Timestamp(NOW - 3_600_000), Timestamp(NOW - 180_000));
    let agent = Agent { id: shop().id, name: shop().name, created, updated, latest: 3, brief: None };
    let group = Group {
        name: "sums".to_owned(),
        description: String::new(),
        enabled: true,
        confirm: true,
        functions: Vec::new(),
        openapi: None,
        runs: Executor::BuiltIn(BuiltIn::Calculator),
    };
    let definition = Definition {
        instruction: "You take orders of a tea shop.\n\nNever sell coffee.".to_owned(),
        model: Some(model()),
        groups: vec![group],
        ..Definition::default()
    };
    let version = Version { number: 3, definition, note: "no coffee".to_owned(), created: updated };
    Book { agent, versions: vec![version] }
}

/// The card of the agent that answers is asked for.
pub fn looked_at(stage: &mut Stage) {
    shown(stage, book());
}

fn shown(stage: &mut Stage, book: Book) {
    offered(stage);
    stage.keys("<enter>");
    offered(stage);
    stage.keys("<down><down><down><enter>");
    stage.answer("\"agents\"", vec![Reply::Agent { book }]);
}

#[test]
fn a_guardrail_is_shown_and_said_not_to_be_applied() {
    let mut stage = Stage::settled(120, 40, "dark");
    let mut book = book();
    book.versions[0].definition.guardrail = Some("no-gossip".to_owned());
    shown(&mut stage, book);
    let text = stage.text();
    assert!(text.contains("no-gossip, which is not applied yet"), "{text}");
}

#[test]
fn what_the_agent_is_can_be_read() {
    let mut stage = Stage::settled(120, 40, "dark");
    looked_at(&mut stage);
    let text = stage.text();
    for part in
        ["The agent tea shop", "20 steps · 10 min ·", "the calculator · asks first", "Never sell coffee"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}
