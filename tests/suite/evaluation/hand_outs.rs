//! Hand-outs and rating files: what is in them and what must not be, and what is said of those that were changed.

use outcrop::domain::evaluation::item::{Item, Response, Turn};
use outcrop::domain::evaluation::metric::{Method, Metric};
use outcrop::domain::evaluation::queue::{Subject, queue};
use outcrop::domain::evaluation::task::{Blinding, Example, Gold, TaskDefinition};
use outcrop::domain::evaluation::vote::{Chosen, ResponseId, Said, Skip, Value, Vote};
use outcrop::domain::id::VoteId;
use outcrop::domain::message::Role;
use outcrop::domain::time::Timestamp;
use outcrop::wire::evaluation::Read;
use outcrop::wire::evaluation::hand_out::{self, Answer, HandOut, Shown};
use outcrop::wire::evaluation::rating_file::{self, Given, Header};
use proptest::prelude::*;
use serde_json::Value as Json;

const SEED: u64 = 9;

fn metric(name: &str, method: Method) -> Metric {
    Metric { name: name.into(), description: "Is it good?".into(), method, labels: Vec::new() }
}

fn task() -> TaskDefinition {
    TaskDefinition {
        name: "helpful".into(),
        instructions: "Say which helps.".into(),
        examples: vec![Example {
            prompt: "why?".into(),
            response: "so".into(),
            rating: "bad: no reason".into(),
        }],
        metrics: vec![
            metric("Better", Method::ComparisonChoice),
            metric("Good", Method::IndividualLikertScale),
        ],
        raters_per_item: 2,
        blinding: Blinding::default(),
        gold: Vec::new(),
        repeats: 0,
        version: 1,
    }
}

fn item(at: usize) -> Item {
    let responses = ["zebrafinch-9000", "quokkamaster"]
        .map(|model| Response { model: model.into(), text: format!("answer {} to {at}", model.len()) });
    Item {
        category: Some("marsupiology".into()),
        reference: Some("because".into()),
        responses: responses.to_vec(),
        ..Item::asking(format!("question {at}?"))
    }
}

/// An item with its answers in an order.
fn shown(item: &Item, order: &[usize]) -> Shown {
    let hash = item.hash();
    let answer = |at: &usize| {
        let Response { model, text } = &item.responses[*at];
        Answer { id: ResponseId::of(SEED, &hash, model), text: text.clone() }
    };
    let answers = order.iter().map(answer).collect();
    Shown { turns: item.turns.clone(), reference: item.reference.clone(), answers, item: hash }
}

fn handed(items: usize) -> HandOut {
    HandOut::of("t-1", &task(), "ana", (0..items).map(|at| shown(&item(at), &[at % 2, 1 - at % 2])))
}

fn vote(hand_out: &HandOut, number: u8, place: u32) -> Given {
    let placed = hand_out.at(place).unwrap();
    let ids: Vec<ResponseId> = placed.answers.iter().map(|answer| answer.id.clone()).collect();
    let points = ids.iter().map(|id| (id.clone(), 4)).collect();
    let values = vec![
        ("Better".to_owned(), Value::Choice(Chosen::One(ids[0].clone()))),
        ("Good".to_owned(), Value::Points(points)),
    ];
    Given {
        place,
        vote: Vote {
            id: VoteId::from_bytes([number; 16]),
            rater: "ana".into(),
            item: placed.item.clone(),
            version: 1,
            shown: ids,
            said: Said::Values(values),
            active_ms: 4_000,
            at: Timestamp(1_000 + i64::from(number)),
            supersedes: None,
            comment: None,
            repeat: false,
        },
    }
}

fn why<T>(read: &Read<T>) -> Vec<String> {
    read.bad.iter().map(|bad| format!("{}: {}", bad.line, bad.why)).collect()
}

#[test]
fn a_hand_out_tells_nothing_of_whose_answers_they_are_of_what_is_known_and_of_what_comes_again() {
    let items: Vec<Item> = (0..40).map(item).collect();
    let subject = |item: &Item| Subject {
        item: item.hash(),
        models: item.responses.iter().map(|response| response.model.clone()).collect(),
    };
    let subjects: Vec<Subject> = items.iter().map(subject).collect();
    let known = |at: usize| Gold {
        item: items[at].hash(),
        metric: "Secretly".into(),
        value: Value::Choice(Chosen::One(ResponseId("goldengoose".into()))),
        shown: Vec::new(),
    };
    let task = TaskDefinition { gold: (0..5).map(known).collect(), repeats: 20, ..task() };
    let queue = queue(SEED, &subjects, 0, task.repeats, true);
    let repeats = queue.iter().filter(|showing| showing.repeat).count();
    assert_eq!((queue.len(), repeats), (48, 8));

    let hand_out =
        HandOut::of("t-1", &task, "ana", queue.iter().map(|at| shown(&items[at.subject], &at.order)));
    let text = hand_out.write().unwrap();
    for secret in [
        "zebrafinch",
        "quokka",
        "marsupiology",
        "goldengoose",
        "Secretly",
        "gold",
        "repeat",
        "category",
        "model\"",
    ] {
        assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{secret}");
    }
    // Every line has the same fields, and its place is its number.
    let lines: Vec<Json> = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, place) in lines.iter().zip(1_u64..) {
        let fields: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["place", "item", "turns", "reference", "answers", "check"]);
        assert_eq!(line["place"], place);
    }
    assert_eq!(hand_out::read(text.as_bytes()).whole().unwrap(), hand_out);
}

#[test]
fn a_hand_out_that_was_changed_is_told_by_the_line() {
    let hand_out = handed(3);
    let text = hand_out.write().unwrap();
    let read = |text: &str| {
        let read = hand_out::read(text.as_bytes());
        (read.items.taken.len(), why(&read.items))
    };
    let changed = text.replace("answer 12 to 1", "answer 12 to 1!");
    assert_eq!(
        read(&changed),
        (2, vec!["3: the item at place 2 was changed: its check does not fit".into()])
    );
    let header = text.replace("Say which helps.", "Say which hurts.");
    let why = "1: the first line or the items were changed: the digest does not fit".to_owned();
    assert_eq!(read(&header), (3, vec![why]));
    let lines: Vec<&str> = text.lines().collect();
    let shorter = lines[..3].join("\n");
    assert_eq!(read(&shorter), (2, vec!["1: it tells of 3 items, the file holds 2".into()]));
    let turned = [lines[0], lines[2], lines[1], lines[3]].join("\n");
    assert_eq!(read(&turned), (3, vec!["1: the items do not stand in their order".into()]));
    let twice = format!("{text}{}\n", lines[3]);
    assert_eq!(read(&twice), (3, vec!["5: place 3 stands in line 4 already".into()]));
    let cut = &text[..text.len() - 9];
    assert_eq!(read(cut), (2, vec!["4: the file ends in the middle of it".into()]));

    assert_eq!(read(""), (0, vec!["1: the file is empty, and so no hand-out".into()]));
    assert_eq!(read("{\"prompt\":\"x\"}"), (0, vec!["1: it has no form: the file is no hand-out".into()]));
    let ratings = Header::of(&hand_out).write().unwrap();
    let why = "1: its form is \"outcrop ratings 1\", not \"outcrop hand-out 1\"".to_owned();
    assert_eq!(read(&ratings), (0, vec![why]));
    assert!(hand_out::read(b"what?\n{}\n").whole().is_err());
}

#[test]
fn every_vote_of_a_rating_file_is_taken_or_named() {
    let hand_out = handed(4);
    let header = Header::of(&hand_out);
    let said = |number: u8, place: u32| vote(&hand_out, number, place);
    let with = |given: Given, change: &dyn Fn(&mut Vote)| {
        let mut given = given;
        change(&mut given.vote);
        given
    };
    let first = said(1, 1);
    let id = |number: u8| VoteId::from_bytes([number; 16]);
    let again = with(said(2, 1), &|vote| vote.supersedes = Some(id(1)));
    let back = with(said(3, 1), &|vote| {
        vote.supersedes = Some(id(2));
        vote.said = Said::Withdrawn;
        vote.shown.clear();
    });
    let afresh = said(4, 1);
    let skipped = with(said(5, 2), &|vote| vote.said = Said::Skipped(Skip::Unclear));
    let sound = [first, again, back, afresh, skipped];
    let file = rating_file::write(&header, &sound).unwrap();
    let read = rating_file::read(file.as_bytes(), &hand_out);
    assert_eq!((why(&read), read.into_taken()), (Vec::new(), sound.to_vec()));
    assert_eq!(rating_file::header(file.as_bytes()), Ok(header.clone()));

    let bad = [
        said(4, 1),
        said(6, 1),
        with(said(7, 2), &|vote| vote.supersedes = Some(id(4))),
        Given { place: 9, ..said(8, 3) },
        Given { place: 4, ..said(9, 3) },
        with(said(10, 3), &|vote| vote.shown.reverse()),
        with(said(11, 3), &|vote| {
            if let Said::Values(values) = &mut vote.said {
                values.pop();
            }
        }),
        with(said(12, 3), &|vote| vote.said = Said::Withdrawn),
        // Of two that stood there, not the last.
        with(said(15, 1), &|vote| vote.supersedes = Some(id(1))),
    ];
    let lines: String = bad.iter().map(|given| given.write().unwrap()).collect();
    let cut = said(13, 4).write().unwrap();
    // A vote whose own one was lost is taken.
    let lost = with(said(14, 3), &|vote| vote.supersedes = Some(id(99)));
    let file = format!("{file}{lines}{}{}", lost.write().unwrap(), &cut[..cut.len() / 2]);
    let read = rating_file::read(file.as_bytes(), &hand_out);
    assert_eq!(
        why(&read),
        [
            "7: the vote of line 5 stands here a second time",
            "8: place 1 was rated in line 5, whose place it does not take",
            "9: it takes the place of the vote of line 5, which is on place 1",
            "10: it is on place 9, the hand-out has 4",
            "11: it is on an item that does not stand at place 4",
            "12: it is on other answers than stand at place 3",
            "13: it says nothing of \"Good\"",
            "14: it takes a vote back and does not say which",
            "15: place 1 was rated in line 5, whose place it does not take",
            "17: the file ends in the middle of it",
        ]
    );
    assert_eq!(read.taken.len(), 6);
}

#[test]
fn ratings_of_something_else_are_refused_with_the_reason() {
    let hand_out = handed(2);
    let read = |header: &Header| {
        let text = rating_file::write(header, &[vote(&hand_out, 1, 1)]).unwrap();
        let read = rating_file::read(text.as_bytes(), &hand_out);
        assert!(read.taken.is_empty());
        why(&read)
    };
    let header = Header::of(&hand_out);
    let other = Header { task: "t-2".into(), version: 3, ..header.clone() };
    assert_eq!(read(&other), ["1: it is of another task, \"t-2\", not \"t-1\""]);
    let other = Header { version: 3, rater: "bo".into(), ..header.clone() };
    assert_eq!(
        read(&other),
        ["1: it is of version 3 of the task, not 1", "1: it is of the rater \"bo\", not \"ana\""]
    );
    let other = Header { digest: handed(1).header.digest, ..header };
    assert_eq!(read(&other), ["1: it is of another hand-out than this one: the digest does not fit"]);
    let why = why(&rating_file::read(hand_out.write().unwrap().as_bytes(), &hand_out));
    assert_eq!(why, ["1: its form is \"outcrop hand-out 1\", not \"outcrop ratings 1\""]);
    assert!(rating_file::header(b"").is_err());
}

proptest! {
    #[test]
    fn hand_outs_and_ratings_read_back_as_they_were_written(
        texts in prop::collection::vec((".{0,40}", prop::option::of(".{0,9}"), ".{0,40}", ".{0,40}"), 0..6),
        name in ".{0,20}",
        rater in ".{1,20}",
        comments in prop::collection::vec(prop::option::of("\\PC{0,20}|\n|\r\n|\u{2028}"), 6),
        points in 1..=5_u8,
    ) {
        let task = TaskDefinition { name, ..task() };
        let items: Vec<Shown> = texts
            .into_iter()
            .map(|(prompt, reference, left, right)| {
                let responses = [("a", left), ("b", right)]
                    .map(|(model, text)| Response { model: model.into(), text });
                let before = Turn { role: Role::Assistant, text: "hm".into() };
                let mut item = Item { reference, responses: responses.to_vec(), ..Item::asking(prompt) };
                item.turns.insert(0, before);
                shown(&item, &[1, 0])
            })
            .collect();
        let hand_out = HandOut::of("t", &task, rater.clone(), items);
        let text = hand_out.write().unwrap();
        prop_assert_eq!(text.lines().count(), hand_out.items.len() + 1);
        prop_assert_eq!(hand_out::read(text.as_bytes()).whole().unwrap(), hand_out.clone());

        let votes: Vec<Given> = hand_out
            .items
            .iter()
            .zip(&comments)
            .map(|(placed, comment)| {
                let mut given = vote(&hand_out, placed.place as u8, placed.place);
                given.vote.rater.clone_from(&rater);
                given.vote.comment.clone_from(comment);
                if let Said::Values(values) = &mut given.vote.said {
                    let of = placed.answers.iter().map(|answer| (answer.id.clone(), points)).collect();
                    values[1].1 = Value::Points(of);
                }
                given
            })
            .collect();
        let text = rating_file::write(&Header::of(&hand_out), &votes).unwrap();
        let read = rating_file::read(text.as_bytes(), &hand_out);
        prop_assert_eq!(why(&read), Vec::<String>::new());
        prop_assert_eq!(read.into_taken(), votes);
    }
}
