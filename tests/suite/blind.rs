//! What is blind, through the real door: what is written of it, when, and who has seen it elsewhere.

use futures_util::StreamExt;
use outcrop::domain::comparison::{Column, Comparison, Form, Plan};
use outcrop::domain::conversation::Target;
use outcrop::domain::evaluation::Choice;
use outcrop::domain::evaluation::TaskDefinition;
use outcrop::domain::evaluation::job::{Evaluation, Plan as Rated, Source};
use outcrop::domain::id::{ComparisonId, ConversationId, EvaluationId, MessageId};
use outcrop::domain::message::{Block, Outcome};
use outcrop::domain::settings::Settings;
use outcrop::domain::time::Timestamp;
use outcrop::domain::trace::TraceId;
use outcrop::domain::{Error, ErrorKind};
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::request::comparisons::Comparisons;
use outcrop::workbench::request::datasets::{Datasets, Form as Table, Import};
use outcrop::workbench::request::evaluations::{Evaluations, Step};
use outcrop::workbench::request::traces::Traces;
use outcrop::workbench::request::usage::{By, Form as Sums, Query, Usage};
use outcrop::workbench::request::workspace::Workspace;
use outcrop::workbench::request::{Request, Topic};
use outcrop::workbench::{Changed, Context, Door, Face, Reply};

use crate::chat::{Home, call, one, outcome, turn};

async fn ask(door: &Door, request: Comparisons) -> Result<Reply, Error> {
    one(door, Request::Comparisons(request)).await
}

/// Two columns on so many pages, nothing asked.
async fn made(door: &Door, models: [&str; 2], samples: u32) -> Comparison {
    let columns = models.map(|id| Column::new(id.parse().unwrap())).into();
    let text = "a river".to_owned();
    let plan = Plan { columns, rows: Vec::new(), samples, blind: true, category: None, text };
    let made = ask(door, Comparisons::Create { plan, table: None }).await.unwrap();
    let Reply::Comparison { comparison, .. } = made else { panic!("{made:?}") };
    comparison
}

fn send(lane: ConversationId) -> Request {
    let to = Target::After { conversation: lane, parent: None };
    Request::Chat(Chat::Send { to, blocks: vec![Block::Text { text: "a river".to_owned() }] })
}

/// Two columns on two pages, all of them answered: the answers page by page.
async fn answered(door: &Door) -> (Comparison, Vec<MessageId>) {
    let comparison = made(door, ["scripted/echo", "scripted/markdown"], 2).await;
    let mut answers = Vec::new();
    for (_, _, lane) in comparison.lanes() {
        answers.push(turn(door, send(lane)).await.2.id);
    }
    (comparison, answers)
}

fn export(comparison: &Comparison, form: Form) -> Comparisons {
    Comparisons::Export { id: Some(comparison.id), form }
}

fn choose(comparison: &Comparison, page: u32, answers: &[MessageId]) -> Comparisons {
    Comparisons::Choose {
        comparison: comparison.id,
        page,
        answers: answers.to_vec(),
        choice: Choice::One(0),
        order: comparison.order(page as usize),
        hidden: true,
    }
}

#[tokio::test]
async fn it_is_written_as_battles_only_until_every_page_has_a_choice() {
    let home = Home::new();
    let door = home.open().await;
    let (comparison, answers) = answered(&door).await;
    ask(&door, choose(&comparison, 0, &answers[..2])).await.unwrap();
    for form in [Form::Markdown, Form::Json] {
        let error = ask(&door, export(&comparison, form)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert_eq!(error.why, "it is blind, and nobody has chosen on page 2 yet");
    }
    let battles = ask(&door, export(&comparison, Form::Battles)).await.unwrap();
    assert!(matches!(&battles, Reply::Text { text } if text.contains("scripted/echo")), "{battles:?}");

    // Who chose has seen who answers, also where that is taken back; of that nothing is written.
    let kept = ask(&door, choose(&comparison, 1, &answers[2..])).await.unwrap();
    let Reply::Ballot { ballot } = kept else { panic!("{kept:?}") };
    assert!(ballot.blind.is_some());
    ask(&door, Comparisons::TakeBack { ballot: ballot.id }).await.unwrap();
    let opened = ask(&door, Comparisons::Open { id: comparison.id }).await.unwrap();
    let Reply::Comparison { ballots, .. } = opened else { panic!("{opened:?}") };
    assert_eq!(ballots.iter().map(|ballot| ballot.taken_back.is_some()).collect::<Vec<_>>(), [false, true]);
    let told: Vec<_> =
        call(&door, Request::Comparisons(export(&comparison, Form::Json))).collect::<Vec<_>>().await;
    let told: String = told
        .into_iter()
        .map(|reply| match reply.unwrap() {
            Reply::Text { text } => text,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told.lines().filter(|line| line.contains("\"ballot\"")).count(), 1, "{told}");
    // Who stood where is told of what was chosen, and of nothing else.
    let head = told.lines().next().unwrap_or_default();
    assert!(head.contains("\"blind\":true"), "{head}");
    // Nor is the next choice there blind.
    let kept = ask(&door, choose(&comparison, 1, &answers[2..])).await.unwrap();
    assert!(matches!(&kept, Reply::Ballot { ballot } if ballot.blind.is_none()), "{kept:?}");
}

#[tokio::test]
async fn nobody_takes_back_what_somebody_else_chose() {
    let home = Home::new();
    let door = home.open().await;
    let (comparison, answers) = answered(&door).await;
    let kept = ask(&door, choose(&comparison, 0, &answers[..2])).await.unwrap();
    let Reply::Ballot { ballot } = kept else { panic!("{kept:?}") };
    let back = || Request::Comparisons(Comparisons::TakeBack { ballot: ballot.id });
    let other = Context { principal: "somebody else".to_owned(), ..Context::of(Face::Cli) };
    let error = door.call(other, back()).next().await.unwrap().unwrap_err();
    assert_eq!((error.kind, error.why), (ErrorKind::Invalid, "\"me\" made it".to_owned()));
    let opened = ask(&door, Comparisons::Open { id: comparison.id }).await.unwrap();
    let Reply::Comparison { ballots, .. } = opened else { panic!("{opened:?}") };
    assert!(matches!(&ballots[..], [kept] if kept.taken_back.is_none()), "{ballots:?}");
    one(&door, back()).await.unwrap();
}

#[tokio::test]
async fn who_has_looked_may_write_it() {
    let home = Home::new();
    let door = home.open().await;
    let (comparison, _) = answered(&door).await;
    assert!(ask(&door, export(&comparison, Form::Markdown)).await.is_err());
    ask(&door, Comparisons::Look { id: comparison.id, page: None }).await.unwrap();
    ask(&door, export(&comparison, Form::Markdown)).await.unwrap();
}

#[tokio::test]
async fn a_choice_where_an_answer_was_broken_off_is_not_blind_though_it_was_asked_for_again() {
    let home = Home::new();
    let door = home.open().await;
    let comparison = made(&door, ["scripted/echo", "scripted/stream-1000@2000"], 1).await;
    let lanes = &comparison.pages[0].lanes;
    let first = turn(&door, send(lanes[0])).await.2.id;
    let mut replies = call(&door, send(lanes[1]));
    let Some(Ok(Reply::Started { answer: part, .. })) = replies.next().await else {
        panic!("it did not start")
    };
    let mut watch = call(&door, Request::Watch { topic: Topic::Conversation(lanes[1]) });
    drop(replies);
    let stopped = async {
        while let Some(reply) = watch.next().await {
            if let Ok(Reply::Changed { change: Changed::Message { message }, .. }) = reply
                && message.id == part.id
                && *outcome(&message) == Outcome::Stopped
            {
                return;
            }
        }
        panic!("nothing more is told")
    };
    crate::soon(stopped).await;
    // Who answers was seen then, also by a screen that was not asked to say so.
    let retry = Chat::Retry { conversation: lanes[1], message: part.id };
    let second = turn(&door, Request::Chat(retry)).await.2;
    assert!(matches!(outcome(&second), Outcome::Complete { .. }), "{second:?}");
    let kept = ask(&door, choose(&comparison, 0, &[first, second.id])).await.unwrap();
    assert!(matches!(&kept, Reply::Ballot { ballot } if ballot.blind.is_none()), "{kept:?}");
}

#[tokio::test]
async fn a_choice_on_a_page_on_which_one_answer_was_asked_for_again_alone_is_not_blind_and_those_on_others_are()
 {
    let home = Home::new();
    let door = home.open().await;
    let (comparison, answers) = answered(&door).await;
    // As a screen says before it asks.
    let look = || Comparisons::Look { id: comparison.id, page: Some(0) };
    for _ in 0..2 {
        ask(&door, look()).await.unwrap();
        assert_eq!(seen(&door, &comparison).await, 1, "twice is once");
    }
    // The other page is hidden yet.
    let error = ask(&door, export(&comparison, Form::Markdown)).await.unwrap_err();
    assert_eq!(error.why, "it is blind, and nobody has chosen on page 2 yet");
    for (page, blind) in [(0, false), (1, true)] {
        let at = 2 * page as usize;
        let kept = ask(&door, choose(&comparison, page, &answers[at..at + 2])).await.unwrap();
        assert!(matches!(&kept, Reply::Ballot { ballot } if ballot.blind.is_some() == blind), "{kept:?}");
    }
    // Somebody else has not waited for it.
    let other = Context { principal: "somebody else".to_owned(), ..Context::of(Face::Tui) };
    let theirs = Request::Comparisons(choose(&comparison, 0, &answers[..2]));
    let kept = door.call(other, theirs).next().await.unwrap().unwrap();
    assert!(matches!(&kept, Reply::Ballot { ballot } if ballot.blind.is_some()), "{kept:?}");
}

fn traces() -> Request {
    Request::Traces(Traces::List { filter: None, limit: 50, before: None })
}

async fn listed(door: &Door) -> Vec<TraceId> {
    let listed = one(door, traces()).await.unwrap();
    let Reply::Traces { runs, .. } = listed else { panic!("{listed:?}") };
    runs.into_iter().map(|run| run.id).collect()
}

const QUERY: Query = Query { by: By::Model, since: None, until: None, series: false };

fn usage(form: Sums) -> Request {
    Request::Usage(Usage::Export { query: QUERY, form, texts: false })
}

/// How often it is kept that somebody saw who answers.
async fn seen(door: &Door, comparison: &Comparison) -> usize {
    let opened = ask(door, Comparisons::Open { id: comparison.id }).await.unwrap();
    let Reply::Comparison { comparison, .. } = opened else { panic!("{opened:?}") };
    comparison.unblinded.len()
}

#[tokio::test]
async fn whoever_looks_at_calls_before_they_choose_has_not_chosen_blindly() {
    for way in [
        traces(),
        Request::Usage(Usage::Report { query: QUERY }),
        usage(Sums::Csv),
        usage(Sums::Jsonl),
        Request::Usage(Usage::Egress { since: None, before: None, limit: 9 }),
    ] {
        let home = Home::new();
        let door = home.open().await;
        let (comparison, answers) = answered(&door).await;
        assert_eq!(seen(&door, &comparison).await, 0);
        // Twice is once.
        for _ in 0..2 {
            let told: Vec<_> = call(&door, way.clone()).collect().await;
            assert!(told.iter().all(Result::is_ok), "{told:?}");
            assert_eq!(seen(&door, &comparison).await, 1, "{way:?}");
        }
        let kept = ask(&door, choose(&comparison, 0, &answers[..2])).await.unwrap();
        assert!(matches!(&kept, Reply::Ballot { ballot } if ballot.blind.is_none()), "{way:?}: {kept:?}");
    }
}

#[tokio::test]
async fn calls_of_something_else_and_of_what_was_chosen_tell_nothing_of_a_blind_comparison() {
    let home = Home::new();
    let door = home.open().await;
    let to =
        Target::New { model: "scripted/echo".parse().unwrap(), system: None, settings: Settings::default() };
    turn(&door, Request::Chat(Chat::Send { to, blocks: vec![Block::Text { text: "a lake".to_owned() }] }))
        .await;
    let chat = listed(&door).await[0];
    let (comparison, answers) = answered(&door).await;
    for request in [
        Traces::Open { id: chat },
        Traces::Stats { id: chat },
        Traces::Search { id: chat, filter: "kind:model".to_owned() },
        Traces::Find { text: chat.to_string() },
    ] {
        let told: Vec<_> = call(&door, Request::Traces(request)).collect().await;
        assert!(told.iter().all(Result::is_ok), "{told:?}");
    }
    // Nor does what had all ended before it began.
    let before = Query { until: Some(Timestamp(1)), ..QUERY };
    one(&door, Request::Usage(Usage::Report { query: before })).await.unwrap();
    assert_eq!(seen(&door, &comparison).await, 0);
    // Where something is chosen who answers is shown.
    for page in 0..2 {
        let at = 2 * page as usize;
        ask(&door, choose(&comparison, page, &answers[at..at + 2])).await.unwrap();
    }
    assert!(listed(&door).await.len() > 4);
    assert_eq!(seen(&door, &comparison).await, 0);
}

#[tokio::test]
async fn one_trace_of_a_blind_comparison_tells_who_answers_in_it() {
    let home = Home::new();
    let door = home.open().await;
    let first = answered(&door).await.0;
    let known = listed(&door).await;
    assert_eq!(seen(&door, &first).await, 1);
    let second = answered(&door).await.0;
    one(&door, Request::Traces(Traces::Open { id: known[0] })).await.unwrap();
    assert_eq!(seen(&door, &second).await, 0, "that is the other one's");
    let found = listed(&door).await.into_iter().find(|id| !known.contains(id)).unwrap();
    assert_eq!(seen(&door, &second).await, 1);
    let third = answered(&door).await.0;
    one(&door, Request::Traces(Traces::Diff { left: found, right: known[0] })).await.unwrap();
    assert_eq!(seen(&door, &third).await, 0);
}

/// What the door says is blind no more of what was shown since then.
async fn unblinded(door: &Door, since: Timestamp) -> (Vec<ComparisonId>, Vec<String>) {
    let told = one(door, Request::Workspace(Workspace::Unblinded { since })).await.unwrap();
    let Reply::Unblinded { comparisons, evaluations } = told else { panic!("{told:?}") };
    (comparisons, evaluations)
}

#[tokio::test]
async fn usage_of_a_time_after_its_last_turn_tells_nothing_of_a_blind_comparison() {
    let home = Home::new();
    let door = home.open().await;
    let (comparison, _) = answered(&door).await;
    let later = Timestamp(comparison.created.0 + 3 * 24 * 60 * 60 * 1000);
    for (since, times) in [(later, 0), (comparison.created, 1)] {
        let query = Query { since: Some(since), ..QUERY };
        one(&door, Request::Usage(Usage::Report { query })).await.unwrap();
        assert_eq!(seen(&door, &comparison).await, times);
    }
}

#[tokio::test]
async fn what_a_look_told_is_said_to_whoever_asks_the_door() {
    let home = Home::new();
    let door = home.open().await;
    let began = answered(&door).await.0.created;
    assert_eq!(unblinded(&door, began).await, (Vec::new(), Vec::new()));
    let (comparison, _) = answered(&door).await;
    evaluation(&door, "asks", &["scripted/echo"]).await;
    listed(&door).await;
    let told = unblinded(&door, began).await;
    assert!(told.0.len() == 2 && told.0.contains(&comparison.id), "{told:?}");
    assert_eq!(told.1, ["asks"]);
    // Of that it is news once, and none to who came later.
    let later = Timestamp(i64::MAX);
    assert_eq!(unblinded(&door, later).await, (Vec::new(), Vec::new()));
    listed(&door).await;
    assert_eq!(unblinded(&door, began).await, told);
}

/// An evaluation of one item: with answers of models that are asked, or brought ones.
async fn evaluation(door: &Door, name: &str, models: &[&str]) -> EvaluationId {
    let lines = r#"{"prompt": "why?", "modelResponses": [{"response": "so", "modelIdentifier": "x"}]}"#;
    let import = Import {
        name: "asked".to_owned(),
        form: Table::Jsonl,
        bytes: lines.as_bytes().to_vec(),
        source: None,
        licence: None,
        skip_bad: false,
    };
    // The second time it is there already.
    let _ = call(door, Request::Datasets(Datasets::Import(import))).collect::<Vec<_>>().await;
    let asked = |id: &&str| Source { name: (*id).to_owned(), column: Some(Column::new(id.parse().unwrap())) };
    let plan = Rated {
        task: TaskDefinition::named(name),
        dataset: "asked".to_owned(),
        sources: models.iter().map(asked).collect(),
        known: Vec::new(),
        limit: None,
    };
    let made = one(door, Request::Evaluations(Evaluations::Create { plan })).await.unwrap();
    let Reply::Evaluation { evaluation } = made else { panic!("{made:?}") };
    if !models.is_empty() {
        let run = Request::Evaluations(Evaluations::Run { id: evaluation.id });
        let told: Vec<_> = call(door, run).collect().await;
        assert!(told.iter().all(Result::is_ok), "{told:?}");
    }
    evaluation.id
}

async fn kept(door: &Door, id: EvaluationId) -> Evaluation {
    let found = one(door, Request::Evaluations(Evaluations::Find { text: id.to_string() })).await.unwrap();
    let Reply::Evaluation { evaluation } = found else { panic!("{found:?}") };
    evaluation
}

/// Whether the rater `me`, who is whoever asks here, is still blind to whose the answers are.
async fn is_blind(door: &Door, id: EvaluationId) -> bool {
    let sit = Evaluations::Sit { id, rater: "me".to_owned(), step: Step::On };
    let seat = one(door, Request::Evaluations(sit)).await.unwrap();
    let Reply::Seat { seat } = seat else { panic!("{seat:?}") };
    seat.task.blind
}

#[tokio::test]
async fn whoever_looks_at_the_calls_of_an_evaluation_is_kept_with_it_and_rates_blindly_no_more() {
    let home = Home::new();
    let door = home.open().await;
    let id = evaluation(&door, "asks", &["scripted/echo", "scripted/markdown"]).await;
    let other = evaluation(&door, "brings", &[]).await;
    assert!(is_blind(&door, id).await);
    // Sums are of all its answers.
    one(&door, Request::Usage(Usage::Report { query: QUERY })).await.unwrap();
    assert!(kept(&door, id).await.unblinded.is_empty());
    assert!(!listed(&door).await.is_empty());
    assert_eq!(kept(&door, id).await.unblinded[0].by, "me");
    assert!(!is_blind(&door, id).await);
    assert!(is_blind(&door, other).await, "nobody was asked for its answers");

    let next = evaluation(&door, "asks too", &["scripted/echo"]).await;
    let told: Vec<_> = call(&door, usage(Sums::Jsonl)).collect().await;
    assert!(told.iter().all(Result::is_ok), "{told:?}");
    assert!(!is_blind(&door, next).await && is_blind(&door, other).await);
}

#[tokio::test]
async fn whoever_reads_the_answers_that_a_dataset_brought_is_kept_with_the_evaluations_of_it() {
    let home = Home::new();
    let door = home.open().await;
    let asks = evaluation(&door, "asks", &["scripted/echo"]).await;
    let brings = evaluation(&door, "brings", &[]).await;
    let found = one(&door, Request::Datasets(Datasets::Find { text: "asked".to_owned() })).await.unwrap();
    let Reply::Dataset { dataset } = found else { panic!("{found:?}") };
    let items = |limit| Request::Datasets(Datasets::Items { id: dataset.id, from: 0, limit });
    // As the form of a new evaluation looks who answered.
    one(&door, Request::Datasets(Datasets::Answered { id: dataset.id })).await.unwrap();
    assert!(is_blind(&door, brings).await);
    one(&door, items(1)).await.unwrap();
    assert!(!is_blind(&door, brings).await);
    assert!(is_blind(&door, asks).await, "its answers are not in the dataset");
}
