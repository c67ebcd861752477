//! Turns that an agent answers, through the real door: a model that acts a script, a real store in a temporary folder.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::domain::agent::acting::{Doing, End};
use outcrop::domain::agent::replay::Edit;
use outcrop::domain::agent::run::{Attributes, State};
use outcrop::domain::agent::{Acting, AgentEvent, Chosen, Definition, GaveUp, Limit};
use outcrop::domain::conversation::{Answers, Change, Conversation, Target};
use outcrop::domain::delta::Event;
use outcrop::domain::id::{AgentId, ConversationId, MessageId, RunId};
use outcrop::domain::message::{Block, Message, Outcome, StopReason};
use outcrop::domain::settings::Settings;
use outcrop::domain::trace::TraceId;
use outcrop::domain::{Error, ErrorKind};
use outcrop::workbench::request::agents::Agents;
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::request::conversations::Conversations;
use outcrop::workbench::request::traces::Traces;
use outcrop::workbench::request::{Request, Topic};
use outcrop::workbench::there::There;
use outcrop::workbench::{Changed, Context, Door, Face, Replies, Reply, socket};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::chat::{Home, call, one, open, outcome};
use crate::loopback::{Part, Server, events, whole};
use crate::wire::openai::data;

/// A home whose scripted model has tools.
pub fn home() -> Home {
    Home::with("[models.\"scripted/acts\"]\ncan = ['tools']\n")
}

/// An agent that may compute and ask.
pub async fn made(door: &Door, more: &Value) -> Chosen {
    let mut text = json!({
        "instruction": "You help.",
        "model": "scripted/acts",
        "groups": [
            {"name": "sums", "runs": {"built_in": {"tool": "calculator"}}},
            {"name": "you", "runs": {"built_in": {"tool": "ask_user"}}},
        ],
    });
    for (name, value) in more.as_object().unwrap() {
        text[name] = value.clone();
    }
    let definition: Definition = serde_json::from_value(text).unwrap();
    let create = Agents::Create {
        name: "shop".to_owned(),
        definition: Box::new(definition),
        note: String::new(),
        folder: None,
    };
    match one(door, Request::Agents(create)).await.unwrap() {
        Reply::Agent { book } => Chosen { id: book.agent.id, name: book.agent.name },
        other => panic!("{other:?}"),
    }
}

/// A run of an agent, with nothing besides the question.
fn run_of(id: AgentId, question: String) -> Agents {
    Agents::Run {
        id,
        question,
        files: Vec::new(),
        after: None,
        version: None,
        model: None,
        attributes: Attributes::default(),
    }
}

fn text(text: &str) -> Vec<Block> {
    vec![Block::Text { text: text.to_owned() }]
}

pub fn first(agent: &Chosen, script: &str) -> Request {
    let to = Target::Agent { agent: agent.clone(), model: None, system: None, settings: Settings::default() };
    Request::Chat(Chat::Send { to, blocks: text(&format!("acts\n{script}")) })
}

fn next(conversation: ConversationId, parent: MessageId, words: &str) -> Request {
    let to = Target::After { conversation, parent: Some(parent) };
    Request::Chat(Chat::Send { to, blocks: text(words) })
}

pub async fn begun(replies: &mut Replies) -> Conversation {
    match replies.next().await.expect("a turn").unwrap() {
        Reply::Started { conversation, .. } => conversation,
        other => panic!("{other:?}"),
    }
}

/// The rest of a turn; `decide` says what a person would, where they are asked.
pub async fn rest(door: &Door, mut replies: Replies, decide: Option<bool>) -> (Message, Vec<AgentEvent>) {
    let mut events = Vec::new();
    loop {
        match replies.next().await.expect("an end").unwrap() {
            Reply::AgentEvent { event } => {
                if let (AgentEvent::Confirm { run, id, .. }, Some(agreed)) = (&event, decide) {
                    let decide = Agents::Decide { run: *run, call: id.clone(), agreed };
                    assert_eq!(one(door, Request::Agents(decide)).await.unwrap(), Reply::Done);
                }
                events.push(event);
            }
            Reply::Finished { answer } => return (answer, events),
            other => panic!("{other:?}"),
        }
    }
}

pub async fn turn(door: &Door, request: Request) -> (Conversation, Message) {
    let mut replies = call(door, request);
    let head = begun(&mut replies).await;
    let (answer, _) = rest(door, replies, None).await;
    (head, answer)
}

pub fn acting(answer: &Message) -> &Acting {
    answer.answer.as_ref().unwrap().agent.as_ref().unwrap()
}

const SUM: &str = "I compute.\ncall calculator {\"expression\": \"6 * 7\"}\n---\nIt is 42.";

#[tokio::test]
async fn an_agent_answers_and_what_it_did_is_still_there_in_the_next_process() {
    let home = home();
    let door = home.open().await;
    let agent = made(&door, &json!({})).await;
    let mut replies = call(&door, first(&agent, SUM));
    let head = begun(&mut replies).await;
    assert_eq!(head.agent.as_ref(), Some(&agent));
    let (answer, events) = rest(&door, replies, None).await;
    assert!(matches!(events[0], AgentEvent::Begun { version: 1, .. }), "{events:?}");
    assert_eq!(answer.text(), "It is 42.");
    assert_eq!(*outcome(&answer), Outcome::Complete { reason: StopReason::EndTurn });
    let did = acting(&answer);
    assert_eq!((did.version, did.spent.steps, &did.end), (1, 2, &Some(End::Answered)));
    let [Doing::Asked(one), Doing::Called(sum), Doing::Asked(two)] = &did.doings[..] else {
        panic!("{did:?}")
    };
    assert_eq!(one.text.trim(), "I compute.");
    assert_eq!(sum.gave.as_ref().map(|gave| gave.content.as_str()), Some("42"));
    assert!(two.is_answer && two.text.is_empty());
    door.close().await;
    drop(door);

    let door = home.open().await;
    let thread = open(&door, head.id).await;
    assert_eq!(thread.messages[1], answer);
    let (_, later) = turn(&door, next(head.id, answer.id, "acts\nYes.")).await;
    assert_eq!(later.text(), "Yes.");
    assert_ne!(acting(&later).run, acting(&answer).run, "each turn has a trace of its own");
}

#[tokio::test]
async fn every_step_of_an_agent_tells_in_which_conversation_it_was_done() {
    let home = home();
    let door = home.open().await;
    let agent = made(&door, &json!({})).await;
    let (head, answer) = turn(&door, first(&agent, SUM)).await;
    // What was done is on record when it has ended.
    door.close().await;
    drop(door);
    let door = home.open().await;
    let id = TraceId(*acting(&answer).run.unwrap().as_bytes());
    for (row, operation) in ["invoke_agent", "chat", "execute_tool", "chat"].into_iter().enumerate() {
        let shown =
            one(&door, Request::Traces(Traces::Span { id, row: row as u32, span: None })).await.unwrap();
        let told = serde_json::to_value(&shown).unwrap().to_string();
        assert!(told.contains(operation), "{told}");
        assert!(told.contains("gen_ai.conversation.id") && told.contains(&head.id.to_string()), "{told}");
    }
}

#[tokio::test]
async fn the_turns_of_a_conversation_are_one_session_to_what_an_agent_calls() {
    let server = Server::start(|_, _| {
        let body = json!({"TEXT": {"body": "ordered"}});
        let gave = json!({
            "response": {"functionResponse": {"responseBody": body}},
            "sessionAttributes": {"user": "7"}, "promptSessionAttributes": {"today": "Monday"},
        });
        whole(200, &[], gave.to_string())
    })
    .await;
    let home = home();
    let door = home.open().await;
    let functions = json!([{"name": "order", "description": ""}]);
    let group = json!({"name": "shop", "functions": functions, "runs": {"http": {"url": server.url("/")}}});
    let agent = made(&door, &json!({"groups": [group]})).await;
    let script = "call order {}\n---\nDone.";
    let (head, answer) = turn(&door, first(&agent, script)).await;
    assert_eq!(answer.text(), "Done.");
    turn(&door, next(head.id, answer.id, &format!("acts\n{script}"))).await;
    let told: Vec<Value> =
        server.seen().iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect();
    let [one, other] = &told[..] else { panic!("{told:?}") };
    assert_eq!(one["sessionId"], other["sessionId"]);
    assert_eq!((&one["sessionAttributes"], &other["sessionAttributes"]), (&json!({}), &json!({"user": "7"})));
    assert_eq!(other["promptSessionAttributes"], json!({}), "those of a turn end with it");
}

#[tokio::test]
async fn a_question_is_answered_by_what_is_said_next_in_each_branch() {
    let home = home();
    let door = home.open().await;
    let agent = made(&door, &json!({})).await;
    let script = "call ask_user {\"question\": \"Which tea?\"}\n---\nSo be it.";
    let (head, asks) = turn(&door, first(&agent, script)).await;
    assert_eq!(asks.text(), "Which tea?");
    assert!(matches!(acting(&asks).end, Some(End::Waiting { .. })), "{asks:?}");
    let (_, green) = turn(&door, next(head.id, asks.id, "green")).await;
    let (_, black) = turn(&door, next(head.id, asks.id, "black")).await;
    for answer in [&green, &black] {
        assert_eq!(answer.text(), "So be it.");
        assert_eq!(acting(answer).spent.steps, 2, "its limits go on");
    }
    let runs = [&asks, &green, &black].map(|answer| acting(answer).run);
    assert!(runs[0] != runs[1] && runs[1] != runs[2] && runs[0] != runs[2], "{runs:?}");
}

#[tokio::test]
async fn a_call_is_made_only_where_the_person_says_so() {
    let home = home();
    let door = home.open().await;
    let group = json!({"name": "sums", "confirm": true, "runs": {"built_in": {"tool": "calculator"}}});
    let agent = made(&door, &json!({ "groups": [group] })).await;
    for agreed in [true, false] {
        let mut replies = call(&door, first(&agent, SUM));
        begun(&mut replies).await;
        let (answer, events) = rest(&door, replies, Some(agreed)).await;
        let decided = events
            .iter()
            .any(|event| matches!(event, AgentEvent::Decided { agreed: said, .. } if *said == agreed));
        assert!(decided, "{events:?}");
        let calls: Vec<&Doing> =
            acting(&answer).doings.iter().filter(|doing| matches!(doing, Doing::Called(_))).collect();
        let [Doing::Called(sum)] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!(sum.gave.as_ref().map(|gave| gave.is_error), Some(!agreed));
        assert_eq!(sum.by.is_empty(), !agreed, "what was refused was not called");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_made_at_once_are_told_each_when_it_ends() {
    let told = Arc::new((Mutex::new(false), Condvar::new()));
    let hears = Arc::clone(&told);
    let late = Arc::new(AtomicBool::new(false));
    let hears_late = Arc::clone(&late);
    let server = Server::start(move |_, _| {
        // It answers once the other call was told.
        let (was_told, bell) = &*hears;
        let time = Duration::from_secs(20);
        let waits = || bell.wait_timeout_while(was_told.lock().unwrap(), time, |told| !*told).unwrap().1;
        if tokio::task::block_in_place(waits).timed_out() {
            hears_late.store(true, Ordering::SeqCst);
        }
        whole(404, &[], "slow")
    })
    .await;
    let home = home();
    let door = home.open().await;
    let groups = json!([
        {"name": "sums", "runs": {"built_in": {"tool": "calculator"}}},
        {
            "name": "web",
            "runs": {"http": {"url": server.url("/tea")}},
            "functions": [{"name": "tea", "description": ""}],
        },
    ]);
    let agent = made(&door, &json!({ "groups": groups })).await;
    let script = "call tea {}\ncall calculator {\"expression\": \"6 * 7\"}\n---\nSo.";
    let mut replies = call(&door, first(&agent, script));
    begun(&mut replies).await;
    let mut gave = Vec::new();
    let answer = loop {
        match replies.next().await.expect("an end").unwrap() {
            Reply::AgentEvent { event: AgentEvent::Gave { action, is_error, .. } } => {
                *told.0.lock().unwrap() = true;
                told.1.notify_all();
                gave.push((action, is_error));
            }
            Reply::AgentEvent { .. } => {}
            Reply::Finished { answer } => break answer,
            other => panic!("{other:?}"),
        }
    };
    assert!(!late.load(Ordering::SeqCst), "the first was told with the last");
    assert_eq!(gave, [("calculator".to_owned(), false), ("tea".to_owned(), true)]);
    let took = |name: &str| {
        acting(&answer).doings.iter().find_map(|doing| match doing {
            Doing::Called(call) if call.action == name => call.millis,
            _ => None,
        })
    };
    assert!(took("calculator") <= took("tea"), "{answer:?}");
}

#[tokio::test]
async fn a_run_that_nobody_reads_holds_no_call_of_its_provider_and_loses_no_word() {
    let home = Home::with("at_once = 1\n[models.\"scripted/stream-600\"]\ncan = ['tools']\n");
    let door = home.open().await;
    let agent = made(&door, &json!({ "model": "scripted/stream-600", "groups": [] })).await;
    let mut unread = call(&door, Request::Agents(run_of(agent.id, "Go on.".to_owned())));
    let mut words = String::new();
    let mut asked = false;
    while let Some(reply) = unread.next().await {
        let Reply::AgentEvent { event: AgentEvent::Delta { event: Event::Text { text: more } } } =
            reply.unwrap()
        else {
            continue;
        };
        words.push_str(&more);
        if !asked {
            asked = true;
            let model = "scripted/echo".parse().unwrap();
            let to = Target::New { model, system: None, settings: Settings::default() };
            let other = Request::Chat(Chat::Send { to, blocks: text("still here") });
            let other = tokio::time::timeout(Duration::from_secs(20), crate::chat::turn(&door, other)).await;
            let (_, _, answer, _) = other.expect("it waits for a run that nobody reads");
            assert_eq!(answer.text(), "still here");
        }
    }
    assert_eq!(words.split_whitespace().count(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_tells_what_it_was_asked_and_what_a_tool_is_called_with() {
    let (arrived, done) = (Arc::new(Notify::new()), Arc::new((Mutex::new(false), Condvar::new())));
    let (comes, waits) = (Arc::clone(&arrived), Arc::clone(&done));
    let server = Server::start(move |_, _| {
        comes.notify_one();
        let (is_done, bell) = &*waits;
        let time = Duration::from_secs(20);
        let wait = || bell.wait_timeout_while(is_done.lock().unwrap(), time, |done| !*done).unwrap().1;
        let _ = tokio::task::block_in_place(wait);
        whole(200, &[], "poured")
    })
    .await;
    let home = home();
    let door = home.open().await;
    let web = json!({
        "name": "web",
        "runs": {"http": {"url": server.url("/tea")}},
        "functions": [{"name": "tea", "description": ""}],
    });
    let agent = made(&door, &json!({ "groups": [web] })).await;
    let mut replies = call(&door, first(&agent, "call tea {}\n---\nSo."));
    let rest = tokio::spawn(async move { while replies.next().await.is_some() {} });
    arrived.notified().await;
    let list = Traces::List { filter: None, limit: 9, before: None };
    let Reply::Traces { runs, .. } = one(&door, Request::Traces(list)).await.unwrap() else {
        panic!("no list of runs")
    };
    let run = runs.iter().find(|run| run.name.starts_with("invoke_agent")).unwrap();
    assert!(run.running > 0 && run.asked.contains("call tea"), "{run:?}");
    let span = Traces::Span { id: run.id, row: 2, span: None };
    let Reply::TraceSpan { contents, span } = one(&door, Request::Traces(span)).await.unwrap() else {
        panic!("no span")
    };
    assert_eq!(span.end, 0, "{span:?}");
    assert_eq!(contents.ran.and_then(|ran| ran.arguments), Some(json!({})));
    *done.0.lock().unwrap() = true;
    done.1.notify_all();
    rest.await.unwrap();
}

#[tokio::test]
async fn who_asks_bounds_a_run_below_its_own_limits() {
    let home = Home::with(
        "[models.\"scripted/acts\"]\ncan = ['tools']\n[models.\"scripted/acts@2\"]\ncan = ['tools']\n",
    );
    let door = home.open().await;
    let agent = made(&door, &json!({})).await;
    let asked = |script: &str, model: &str| Agents::Run {
        id: agent.id,
        question: format!("acts\n{script}"),
        files: Vec::new(),
        after: None,
        version: None,
        model: Some(model.parse().unwrap()),
        attributes: Attributes::default(),
    };
    let short = Context { budget_tokens: Some(3), ..Context::of(Face::Cli) };
    let replies = door.call(short, Request::Agents(asked(SUM, "scripted/acts")));
    let (_, state) = over(replies).await.unwrap();
    // Two words of its first step, and one of its second.
    assert_eq!(state, State::Answered { text: "It".to_owned() });
    let hasty = Context { deadline_ms: Some(200), ..Context::of(Face::Cli) };
    let replies = door.call(hasty, Request::Agents(asked("a b c d e f g h i j", "scripted/acts@2")));
    assert_eq!(over(replies).await.unwrap_err().kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn a_server_that_was_not_told_how_much_it_may_write_is_heard_no_longer_than_a_run_has_tokens() {
    let home = home();
    let door = home.open().await;
    let agent = made(&door, &json!({"limits": {"tokens": 3_000}})).await;
    let asked = run_of(agent.id, format!("acts\n{}", "word ".repeat(5_000)));
    let (_, state) = over(call(&door, Request::Agents(asked))).await.unwrap();
    let State::GaveUp { why: GaveUp::Limit { limit: Limit::Tokens(3_000) }, text } = state else {
        panic!("{state:?}")
    };
    assert_eq!(text, "", "what is cut off is no answer");
}

#[tokio::test]
async fn what_is_cut_off_where_the_tokens_of_a_run_end_is_no_answer() {
    let home = home();
    let door = home.open().await;
    // So few are left that every model is told of them.
    let agent = made(&door, &json!({"limits": {"tokens": 100}})).await;
    let asked = |script: String| run_of(agent.id, format!("acts\n{script}"));
    let (_, state) = over(call(&door, Request::Agents(asked("word ".repeat(500))))).await.unwrap();
    let limit = GaveUp::Limit { limit: Limit::Tokens(100) };
    assert_eq!(state, State::GaveUp { why: limit, text: String::new() });
    // One that has come to its end is an answer, also where nothing is left.
    let (_, state) = over(call(&door, Request::Agents(asked("Done.".to_owned())))).await.unwrap();
    assert_eq!(state, State::Answered { text: "Done.".to_owned() });
}

#[tokio::test]
async fn no_more_is_written_than_the_dollars_of_a_run_buy() {
    let home =
        Home::with("[models.\"scripted/acts\"]\ncan = ['tools']\ninput_price = 0\noutput_price = 1000\n");
    let door = home.open().await;
    let agent = made(&door, &json!({"limits": {"cost": 0.05}})).await;
    let asked = run_of(agent.id, format!("acts\n{}", "word ".repeat(500)));
    let mut replies = call(&door, Request::Agents(asked));
    let mut dollars = 0.0_f64;
    let mut state = None;
    while let Some(reply) = replies.next().await {
        match reply.unwrap() {
            Reply::AgentEvent { event: AgentEvent::Spent { spent, .. } } => dollars = dollars.max(spent.cost),
            Reply::AgentEvent { event: AgentEvent::Ended { state: ended, .. } } => state = Some(ended),
            _ => {}
        }
    }
    let why = GaveUp::Limit { limit: Limit::Cost(0.05) };
    assert_eq!(state, Some(State::GaveUp { why, text: String::new() }));
    assert!((0.04..=0.051).contains(&dollars), "{dollars}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_heeds_no_limit_is_heard_no_longer_than_a_run_has_tokens() {
    let piece = "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"a \"}}]}\n\n";
    let server = Server::start(move |_, _| events([Part::Bytes(piece.repeat(2_000).into_bytes())])).await;
    let home = Home::with(&format!("[providers.box]\nkind = 'openai'\nbase_url = '{}'\n", server.url("/v1")));
    let door = home.open().await;
    let agent = made(&door, &json!({"model": "box/m", "limits": {"tokens": 1_000}})).await;
    let asked = run_of(agent.id, "go on".to_owned());
    let (_, state) = over(call(&door, Request::Agents(asked))).await.unwrap();
    let limit = GaveUp::Limit { limit: Limit::Tokens(1_000) };
    assert!(matches!(&state, State::GaveUp { why, .. } if *why == limit), "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_calls_for_ever_is_asked_no_more_often_than_the_limits_of_a_run_let() {
    let dear = "input_price = 1000\noutput_price = 1000\n";
    for (limits, limit, times) in [
        (json!({}), Limit::Steps(20), 20),
        (json!({"steps": 3}), Limit::Steps(3), 3),
        (json!({"tokens": 500}), Limit::Tokens(500), 5),
        (json!({"cost": 0.25}), Limit::Cost(0.25), 3),
    ] {
        // Never the same call, and a hundred tokens for each.
        let server = Server::start(|number, _| {
            let input = json!({"expression": format!("{number} + 1")}).to_string();
            let function = json!({"name": "calculator", "arguments": input});
            let calls =
                json!([{"index": 0, "id": format!("c{number}"), "type": "function", "function": function}]);
            let delta = json!({"role": "assistant", "tool_calls": calls});
            let first = json!({"choices": [{"index": 0, "delta": delta}]});
            let usage = json!({"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100});
            let end = json!({"index": 0, "delta": {}, "finish_reason": "tool_calls"});
            let last = json!({"choices": [end], "usage": usage});
            let stream = format!("data: {first}\n\ndata: {last}\n\ndata: [DONE]\n\n");
            events([Part::Bytes(stream.into_bytes())])
        })
        .await;
        let base = server.url("/v1");
        let home = Home::with(&format!(
            "[providers.box]\nkind = 'openai'\nbase_url = '{base}'\n[models.\"box/m\"]\ncan = ['chat', 'tools']\n{dear}"
        ));
        let door = home.open().await;
        let agent = made(&door, &json!({"model": "box/m", "limits": limits})).await;
        let asked = run_of(agent.id, "go on".to_owned());
        let (_, state) = over(call(&door, Request::Agents(asked))).await.unwrap();
        let why = GaveUp::Limit { limit };
        assert!(matches!(&state, State::GaveUp { why: gave, .. } if *gave == why), "{limits}: {state:?}");
        let asked = server.seen().iter().filter(|seen| seen.line.starts_with("POST")).count();
        assert_eq!(asked, times, "{limits}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_does_not_say_that_it_has_read_counts_by_its_length() {
    let server = Server::start(|_, _| events([Part::Bytes(data("no_done.sse"))])).await;
    let home = Home::with(&format!("[providers.box]\nkind = 'openai'\nbase_url = '{}'\n", server.url("/v1")));
    let door = home.open().await;
    let words = json!({"pre_processing": {"enabled": true}});
    let agent = made(&door, &json!({"model": "box/m", "steps": words, "limits": {"tokens": 2_000}})).await;
    let asked = run_of(agent.id, "word ".repeat(2_000));
    let (_, state) = over(call(&door, Request::Agents(asked))).await.unwrap();
    let limit = GaveUp::Limit { limit: Limit::Tokens(2_000) };
    assert!(matches!(&state, State::GaveUp { why, .. } if *why == limit), "{state:?}");
    let asked = server.seen().iter().filter(|seen| seen.line.starts_with("POST")).count();
    assert_eq!(asked, 1, "the second step was asked for too");
}

#[tokio::test]
async fn nobody_s_word_is_waited_for_longer_than_who_asks_has_time() {
    let home = home();
    let door = home.open().await;
    let group = json!({"name": "sums", "confirm": true, "runs": {"built_in": {"tool": "calculator"}}});
    let agent = made(&door, &json!({ "groups": [group] })).await;
    let asked = run_of(agent.id, format!("acts\n{SUM}"));
    let hasty = Context { deadline_ms: Some(1000), ..Context::of(Face::Cli) };
    let replies = door.call(hasty, Request::Agents(asked));
    assert_eq!(over(replies).await.unwrap_err().kind, ErrorKind::Timeout);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_a_conversation_sees_what_is_asked_and_one_of_them_answers_it() {
    let home = home();
    let door = home.open().await;
    let group = json!({"name": "sums", "confirm": true, "runs": {"built_in": {"tool": "calculator"}}});
    let agent = made(&door, &json!({ "groups": [group] })).await;
    let (head, hello) = turn(&door, first(&agent, "Hello.")).await;
    // Another window of the workspace.
    let folder = home.workspace();
    let _serving = socket::serve(door.clone(), socket::bind(&folder).unwrap());
    let other = There::connect(&folder).await.unwrap().door();
    let mut watch = call(&other, Request::Watch { topic: Topic::Conversation(head.id) });
    let mut replies = call(&door, next(head.id, hello.id, &format!("acts\n{SUM}")));
    begun(&mut replies).await;
    let (run, asked) = loop {
        let Some(Ok(Reply::Changed { change, .. })) = watch.next().await else { panic!("no change") };
        let Changed::Message { message } = change else { continue };
        let did = message.answer.and_then(|answer| answer.agent);
        if let Some((run, consent)) = did.as_ref().and_then(|did| Some((did.run?, did.consent()?))) {
            break (run, consent.id.clone());
        }
    };
    let decide = || Request::Agents(Agents::Decide { run, call: asked.clone(), agreed: true });
    assert_eq!(one(&other, decide()).await.unwrap(), Reply::Done);
    let late = one(&door, decide()).await.unwrap_err();
    assert!(late.kind == ErrorKind::NotFound && late.hint.contains("Another window"), "{late}");
    let (answer, _) = rest(&door, replies, None).await;
    assert_eq!(answer.text(), "It is 42.");
}

#[tokio::test]
async fn a_limit_ends_it_with_what_it_has_and_an_answer_again_is_another_run() {
    let home = home();
    let door = home.open().await;
    let agent = made(&door, &json!({"limits": {"steps": 1}})).await;
    let (head, answer) = turn(&door, first(&agent, SUM)).await;
    assert!(matches!(acting(&answer).end, Some(End::GaveUp { .. })), "{answer:?}");
    assert_eq!(*outcome(&answer), Outcome::Complete { reason: StopReason::Other });
    let retry = Chat::Retry { conversation: head.id, message: answer.id };
    let (_, again) = turn(&door, Request::Chat(retry)).await;
    assert_eq!(again.parent, answer.parent);
    assert_ne!(acting(&again).run, acting(&answer).run);
    let refused: Error =
        one(&door, Request::Chat(Chat::Continue { conversation: head.id, message: answer.id }))
            .await
            .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn another_word_of_the_model_leads_elsewhere_in_a_branch_of_its_own() {
    let home = home();
    let door = home.open().await;
    let agent = made(&door, &json!({})).await;
    let (head, answer) = turn(&door, first(&agent, SUM)).await;
    let redo = |step: u32, said: &str| {
        let edit = Edit { step: Some(step), said: Some(said.to_owned()), ..Edit::default() };
        Request::Chat(Chat::Redo { conversation: head.id, message: answer.id, edit: Box::new(edit) })
    };
    let call = r#"{"thought": "", "tool": "calculator", "input": {"expression": "2 * 3"}}"#;
    let (_, other) = turn(&door, redo(1, call)).await;
    assert_eq!((other.text().as_str(), other.parent), ("It is 42.", answer.parent));
    let gave = acting(&other).doings.iter().find_map(|doing| match doing {
        Doing::Called(call) => call.gave.as_ref().map(|gave| gave.content.as_str()),
        _ => None,
    });
    assert_eq!(gave, Some("6"), "what was never recorded is done");
    let (_, said) = turn(&door, redo(2, "Forty-two.")).await;
    assert_eq!(said.text(), "Forty-two.");
    assert_ne!(acting(&said).run, acting(&answer).run);
    let (_, failed) = turn(&door, redo(9, "x")).await;
    assert!(matches!(outcome(&failed), Outcome::Failed { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_run_that_went_on_is_run_on_from_the_very_step_that_is_chosen() {
    let slow = "[models.\"scripted/acts@2\"]\ncan = ['tools']\n";
    let home = Home::with(slow);
    let door = home.open().await;
    let agent = made(&door, &json!({"model": "scripted/acts@2", "limits": {"seconds": 1}})).await;
    let script = "call ask_user {\"question\": \"Which?\"}\n---\ncall calculator {\"expression\": \"6 * 7\"}\n---\n\
                  a b c d e f g h i j";
    let (head, asks) = turn(&door, first(&agent, script)).await;
    let (_, answer) = turn(&door, next(head.id, asks.id, "the sum")).await;
    let did = acting(&answer);
    assert!(matches!(did.end, Some(End::GaveUp { .. })), "its time is over in its third step: {did:?}");
    let offered: Vec<u32> = did.said("").into_iter().map(|(number, _)| number).collect();
    assert_eq!(offered, [2], "neither the step that was cut off nor that of the run before");
    let edit = Edit { step: Some(1), ..Edit::default() };
    let redo = Chat::Redo { conversation: head.id, message: answer.id, edit: Box::new(edit) };
    let (_, again) = turn(&door, Request::Chat(redo)).await;
    let calls: Vec<&str> = acting(&again)
        .doings
        .iter()
        .filter_map(|doing| match doing {
            Doing::Called(call) => Some(call.action.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(calls, ["calculator"], "the step before it stays: {again:?}");
}

/// How a run of its own ended.
async fn ran(door: &Door, request: Agents) -> Result<(RunId, State), Error> {
    over(call(door, Request::Agents(request))).await
}

async fn over(mut replies: Replies) -> Result<(RunId, State), Error> {
    loop {
        match replies.next().await.expect("an end")? {
            Reply::AgentEvent { event: AgentEvent::Ended { run, state, .. } } => return Ok((run, state)),
            Reply::AgentEvent { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn of_two_windows_that_answer_a_question_at_once_one_is_told_that_the_other_did() {
    let home = home();
    let door = home.open().await;
    let groups = json!([
        {"name": "sums", "confirm": true, "runs": {"built_in": {"tool": "calculator"}}},
        {"name": "you", "runs": {"built_in": {"tool": "ask_user"}}},
    ]);
    let agent = made(&door, &json!({ "groups": groups })).await;
    let script = "call ask_user {\"question\": \"Which sum?\"}\n---\ncall calculator {\"expression\": \"6 * 7\"}\n---\n42.";
    let (head, asks) = turn(&door, first(&agent, script)).await;
    let mut replies = call(&door, next(head.id, asks.id, "6 * 7"));
    let (run, call_id) = loop {
        if let Reply::AgentEvent { event: AgentEvent::Confirm { run, id, .. } } =
            replies.next().await.expect("a question").unwrap()
        {
            break (run, id);
        }
    };
    let (_, second) = turn(&door, next(head.id, asks.id, "the other one")).await;
    let Outcome::Failed { error } = outcome(&second) else { panic!("{second:?}") };
    assert!(error.kind == ErrorKind::Busy && error.why.contains("another window"), "{error}");
    let decide = Agents::Decide { run, call: call_id, agreed: true };
    one(&door, Request::Agents(decide)).await.unwrap();
    let (answer, _) = rest(&door, replies, None).await;
    assert_eq!(answer.text(), "42.");
    // What has come to its end may be answered otherwise, in a branch.
    let mut replies = call(&door, next(head.id, asks.id, "6 * 7, again"));
    begun(&mut replies).await;
    let (answer, _) = rest(&door, replies, Some(true)).await;
    assert_eq!(answer.text(), "42.");
}

#[tokio::test]
async fn of_two_who_answer_a_run_at_once_one_is_told_that_the_other_did() {
    let home = home();
    let door = home.open().await;
    let agent = made(&door, &json!({})).await;
    let question = "acts\ncall ask_user {\"question\": \"Which tea?\"}\n---\nSo be it.".to_owned();
    let asked = run_of(agent.id, question);
    let (run, state) = ran(&door, asked).await.unwrap();
    assert!(matches!(state, State::Waiting { .. }), "{state:?}");
    let answer = |tea: &str| {
        let answers = vec![("ask_user".to_owned(), tea.to_owned())];
        ran(&door, Agents::Answer { id: agent.id, run: Some(run), answers })
    };
    let (green, black) = tokio::join!(answer("green"), answer("black"));
    let (went_on, refused) = if green.is_ok() { (green, black) } else { (black, green) };
    assert_eq!(went_on.unwrap(), (run, State::Answered { text: "So be it.".to_owned() }));
    let refused = refused.unwrap_err();
    assert!(refused.kind == ErrorKind::Busy && refused.why.contains("another window"), "{refused}");
    // It has the one answer.
    let shown = one(&door, Request::Agents(Agents::Runs { id: agent.id, limit: 9 })).await.unwrap();
    let Reply::AgentRuns { runs } = shown else { panic!("{shown:?}") };
    let results = |block: &&Block| matches!(block, Block::ToolResult { .. });
    assert_eq!(runs[0].turns.iter().flat_map(|turn| &turn.blocks).filter(results).count(), 1);
}

#[tokio::test]
async fn going_away_stops_the_agent_and_keeps_what_it_did() {
    let home = home();
    let door = home.open().await;
    let group = json!({"name": "sums", "confirm": true, "runs": {"built_in": {"tool": "calculator"}}});
    let agent = made(&door, &json!({ "groups": [group] })).await;
    let mut replies = call(&door, first(&agent, SUM));
    let head = begun(&mut replies).await;
    while let Some(Ok(reply)) = replies.next().await {
        if matches!(reply, Reply::AgentEvent { event: AgentEvent::Confirm { .. } }) {
            break;
        }
    }
    drop(replies);
    door.close().await;
    drop(door);
    let door = home.open().await;
    let thread = open(&door, head.id).await;
    let answer = &thread.messages[1];
    assert_eq!(*outcome(answer), Outcome::Stopped);
    assert!(acting(answer).doings.iter().any(|doing| matches!(doing, Doing::Consent(_))), "{answer:?}");
}

#[tokio::test]
async fn an_agent_that_answers_is_not_removed_until_that_is_over() {
    let home = home();
    let door = home.open().await;
    let group = json!({"name": "sums", "confirm": true, "runs": {"built_in": {"tool": "calculator"}}});
    let agent = made(&door, &json!({ "groups": [group] })).await;
    let mut replies = call(&door, first(&agent, SUM));
    begun(&mut replies).await;
    while let Some(Ok(reply)) = replies.next().await {
        if matches!(reply, Reply::AgentEvent { event: AgentEvent::Confirm { .. } }) {
            break;
        }
    }
    let remove = || Request::Agents(Agents::Remove { id: agent.id });
    let refused = one(&door, remove()).await.unwrap_err();
    assert!(refused.kind == ErrorKind::Busy && refused.why.contains("still answering"), "{refused}");
    drop(replies);
    for _ in 0..200 {
        if one(&door, remove()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it is never removed");
}

#[tokio::test]
async fn the_model_alone_answers_again_and_an_agent_that_is_gone_is_named() {
    let home = home();
    let door = home.open().await;
    let agent = made(&door, &json!({})).await;
    let (head, answer) = turn(&door, first(&agent, SUM)).await;
    let removed = one(&door, Request::Agents(Agents::Remove { id: agent.id })).await.unwrap();
    assert_eq!(removed, Reply::Done);
    let error = one(&door, next(head.id, answer.id, "and?")).await.unwrap_err();
    assert!(error.why.contains("shop") && error.hint.contains("model alone"), "{error}");
    let change = Change {
        answers: Some(Answers::Model),
        model: Some("scripted/echo".parse().unwrap()),
        ..Change::default()
    };
    one(&door, Request::Conversations(Conversations::Change { id: head.id, change })).await.unwrap();
    let mut replies = call(&door, next(head.id, answer.id, "and?"));
    begun(&mut replies).await;
    let finished = loop {
        match replies.next().await.expect("an end").unwrap() {
            Reply::Finished { answer } => break answer,
            Reply::Delta { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(finished.answer.as_ref().unwrap().agent.is_none());
    assert_eq!(finished.text(), "and?");
}

/// The smallest PNG: one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_to_the_model_of_an_agent_with_the_question_and_with_every_later_turn() {
    let server = Server::start(|_, _| events([Part::Bytes(data("no_done.sse"))])).await;
    let home = Home::with(&format!("[providers.box]\nkind = 'openai'\nbase_url = '{}'\n", server.url("/v1")));
    let door = home.open().await;
    let agent = made(&door, &json!({"model": "box/m", "groups": []})).await;
    let attach = Chat::AttachBytes { name: "a.png".to_owned(), bytes: PIXEL.to_vec() };
    let attachment = match one(&door, Request::Chat(attach)).await.unwrap() {
        Reply::Attached { attachment } => attachment,
        other => panic!("{other:?}"),
    };
    let send = |blocks: Vec<Block>| {
        let to =
            Target::Agent { agent: agent.clone(), model: None, system: None, settings: Settings::default() };
        Request::Chat(Chat::Send { to, blocks })
    };
    let refused = one(&door, send(vec![attachment.block.clone()])).await.unwrap_err();
    assert!(refused.hint.contains("Write beside the file"), "{refused}");
    let blocks = [vec![attachment.block], text("what is it?")].concat();
    let (head, answer) = turn(&door, send(blocks)).await;
    assert_eq!(answer.text(), "Hello", "{answer:?}");
    let (_, later) = turn(&door, next(head.id, answer.id, "and why?")).await;
    assert_eq!(later.text(), "Hello", "{later:?}");
    let bodies: Vec<String> =
        server.seen().iter().map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).collect();
    let asked: Vec<&String> = bodies.iter().filter(|body| body.contains("messages")).collect();
    assert_eq!(asked.len(), 2, "{bodies:?}");
    for body in asked {
        assert!(body.contains("data:image/png;base64,iVBORw0KGgo") && body.contains("what is it?"), "{body}");
    }
}
