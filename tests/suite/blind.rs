//! A blind comparison through the real door: what is written of it, and when.

use futures_util::StreamExt;
use outcrop::domain::comparison::{Column, Comparison, Form, Plan};
use outcrop::domain::conversation::Target;
use outcrop::domain::evaluation::Choice;
use outcrop::domain::id::{ConversationId, MessageId};
use outcrop::domain::message::{Block, Outcome};
use outcrop::domain::{Error, ErrorKind};
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::request::comparisons::Comparisons;
use outcrop::workbench::request::{Request, Topic};
use outcrop::workbench::{Changed, Door, Reply};

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
async fn who_has_looked_may_write_it() {
    let home = Home::new();
    let door = home.open().await;
    let (comparison, _) = answered(&door).await;
    assert!(ask(&door, export(&comparison, Form::Markdown)).await.is_err());
    ask(&door, Comparisons::Look { id: comparison.id }).await.unwrap();
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
