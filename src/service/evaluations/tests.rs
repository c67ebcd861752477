use super::*;
use crate::domain::evaluation::item::Response;
use crate::domain::evaluation::sheet::{Cast, Seat, Step};
use crate::domain::evaluation::task::Blinding;
use crate::domain::evaluation::vote::{Chosen, Said, Value};
use crate::domain::time::Timestamp;
use crate::domain::trace::Span;
use crate::store::record::{HandedOutOf, HeldOf};
use crate::store::{Owner, Unlock};
use crate::wire::evaluation::hand_out::{self, HandOut, Placed, Shown};
use crate::wire::evaluation::rating_file::{self, Given, Header};

#[derive(Debug)]
struct Nobody;

impl crate::service::invoke::SpanSink for Nobody {
    fn record(&self, _: Span) {}
}

fn archive(folder: &std::path::Path) -> (Owner, Archive) {
    let owner = Owner::try_take(folder).unwrap().unwrap();
    let archive = Archive::new(Store::open(&owner, &Unlock::default()).unwrap().0);
    (owner, archive)
}

/// A process that serves evaluations over these records; whoever comes next knows what is in them and no more.
fn host(archive: &Archive) -> Evaluations {
    let invoke = Invoke::new([], Vec::new(), Arc::new(Nobody));
    Evaluations::new(archive.clone(), Arc::new(invoke), Changes::default())
}

/// One of so many items, each of which needs one rater.
async fn made(host: &Evaluations, items: usize) -> EvaluationId {
    let response = |model: &str| Response { model: model.into(), text: format!("as {model}") };
    let item = |at: usize| Item {
        responses: ["x", "y"].map(response).to_vec(),
        ..Item::asking(format!("question {at}"))
    };
    let task = TaskDefinition { raters_per_item: 1, repeats: 0, ..TaskDefinition::named("which") };
    let plan = Plan { task, dataset: "asked".into(), sources: Vec::new(), known: Vec::new(), limit: None };
    host.create(plan, "asked".into(), (0..items).map(item).collect()).await.unwrap().id
}

async fn item(host: &Evaluations, id: EvaluationId, rater: &str) -> Option<String> {
    let seat = host.sit(id, rater.into(), Step::On).await.unwrap();
    seat.sheet.map(|sheet| sheet.item.0)
}

fn vote(seat: &Seat) -> Cast {
    let sheet = seat.sheet.as_ref().unwrap();
    Cast {
        rater: seat.rater.clone(),
        item: sheet.item.clone(),
        version: seat.task.version,
        shown: sheet.answers.iter().map(|answer| answer.id.clone()).collect(),
        said: Said::Values(vec![(seat.task.metrics[0].name.clone(), Value::Choice(Chosen::Tie))]),
        active_ms: 1,
        comment: None,
        supersedes: None,
    }
}

#[tokio::test]
async fn what_lies_before_a_rater_stays_theirs_when_another_process_serves_them() {
    let folder = tempfile::tempdir().unwrap();
    let (_owner, archive) = archive(folder.path());
    let first = host(&archive);
    let id = made(&first, 2).await;
    let (bob, cy) = (item(&first, id, "bob").await, first.sit(id, "cy".into(), Step::On).await.unwrap());
    // The process that served them ends; bob asks first.
    let next = host(&archive);
    assert_eq!(item(&next, id, "bob").await, bob, "not what cy has");
    assert_eq!(item(&next, id, "dan").await, None);
    next.rate(id, vote(&cy)).await.unwrap();
    // Who goes gives it back for the next process too.
    next.sit(id, "bob".into(), Step::Leave).await.unwrap();
    assert_eq!(item(&host(&archive), id, "dan").await, bob);
}

#[tokio::test]
async fn what_a_rater_left_for_too_long_is_not_theirs_in_the_next_process_either() {
    let folder = tempfile::tempdir().unwrap();
    let (_owner, archive) = archive(folder.path());
    let id = made(&host(&archive), 1).await;
    assert!(item(&host(&archive), id, "bob").await.is_some());
    assert_eq!(item(&host(&archive), id, "cy").await, None);
    archive
        .run(move |store| {
            let key = HeldOf(id, 0);
            let held = store.get::<Held>(&key)?.unwrap();
            let mut batch = Batch::new();
            batch.put(&key, &Held { until: Timestamp(fresh::now().0 - 1), ..held })?;
            store.commit(batch)
        })
        .await
        .unwrap();
    assert!(item(&host(&archive), id, "cy").await.is_some());
}

#[tokio::test]
async fn queues_are_held_of_those_who_sit_and_of_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (_owner, archive) = archive(folder.path());
    let first = host(&archive);
    let id = made(&first, 20).await;
    for rater in 0..8 {
        let seat = first.sit(id, format!("rater {rater}"), Step::On).await.unwrap();
        first.rate(id, vote(&seat)).await.unwrap();
    }
    let next = host(&archive);
    assert_eq!(next.opened(id).await.unwrap().floor.seats(), 0);
    let seat = next.sit(id, "rater 3".into(), Step::On).await.unwrap();
    assert_eq!((seat.pace.done, seat.pace.total, seat.pace.raters), (1, 13, 8));
    assert_eq!(next.opened(id).await.unwrap().floor.seats(), 1);
    next.sit(id, "rater 3".into(), Step::Leave).await.unwrap();
    assert_eq!(next.opened(id).await.unwrap().floor.seats(), 0);
    // And whoever comes back goes on where they were.
    let undone = next.sit(id, "rater 3".into(), Step::Undo).await.unwrap();
    assert_eq!((undone.pace.done, undone.pace.total), (0, 13));
}

#[tokio::test]
async fn how_far_raters_are_is_kept_with_the_evaluation_and_counted_where_it_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let (_owner, archive) = archive(folder.path());
    let first = host(&archive);
    let id = made(&first, 3).await;
    let listed = |host: &Evaluations| {
        let host = host.clone();
        async move { host.list(9, None).await.unwrap().0[0].so_far().map(|of| (of.votes, of.needed, of.said)) }
    };
    assert_eq!(listed(&first).await, Some((0, 3, false)), "nobody has sat here");
    let seat = first.sit(id, "bob".into(), Step::On).await.unwrap();
    assert_eq!(listed(&first).await, Some((0, 3, false)));
    let seat = first.rate(id, vote(&seat)).await.unwrap();
    first.rate(id, vote(&seat)).await.unwrap();
    assert_eq!(listed(&first).await, Some((2, 3, true)));
    first.sit(id, "bob".into(), Step::Undo).await.unwrap();
    assert_eq!(listed(&first).await, Some((1, 3, true)));
    // A record of a program that did not count it.
    let blank = archive.run(move |store| {
        let mut batch = Batch::new();
        batch.remove::<SoFar>(&id);
        store.commit(batch)
    });
    blank.await.unwrap();
    let next = host(&archive);
    assert_eq!(listed(&next).await, None);
    next.sit(id, "bob".into(), Step::On).await.unwrap();
    assert_eq!(listed(&next).await, Some((1, 3, true)));
}

#[tokio::test]
async fn a_vote_waits_for_nothing_that_is_done_to_other_evaluations() {
    let folder = tempfile::tempdir().unwrap();
    let (_owner, archive) = archive(folder.path());
    let host = host(&archive);
    let id = made(&host, 2).await;
    let seat = host.sit(id, "bob".into(), Step::On).await.unwrap();
    // Another one is being made, of a hundred thousand items.
    let _one = host.one.lock().await;
    let rated = tokio::time::timeout(tokio::time::Duration::from_mins(1), host.rate(id, vote(&seat)));
    assert_eq!(rated.await.expect("it did not wait").unwrap().pace.done, 1);
}

#[tokio::test]
async fn a_look_at_results_before_anything_was_said_costs_nobody_their_blindness() {
    let folder = tempfile::tempdir().unwrap();
    let (_owner, archive) = archive(folder.path());
    let host = host(&archive);
    let id = made(&host, 2).await;
    host.report(id, None, "bob".into()).await.unwrap();
    let seat = host.sit(id, "bob".into(), Step::On).await.unwrap();
    assert!(seat.task.blind, "there was nothing to learn");
    let silent = host.find("which".into()).await.unwrap();
    assert!(silent.is_silent() && silent.hides_from("bob"), "an item would tell whose its answers are");
    host.report(id, None, "bob".into()).await.unwrap();
    let seat = host.rate(id, vote(&seat)).await.unwrap();
    assert!(seat.task.blind);
    assert!(!host.find("which".into()).await.unwrap().is_silent());
    host.report(id, None, "bob".into()).await.unwrap();
    assert!(!host.sit(id, "bob".into(), Step::On).await.unwrap().task.blind);
}

#[tokio::test]
async fn what_was_handed_out_is_its_raters_until_their_votes_are_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_owner, archive) = archive(folder.path());
    let first = host(&archive);
    let id = made(&first, 1).await;
    let (file, until) = first.hand_out(id, "zoe".into(), None, true).await.unwrap();
    let days = until.since(fresh::now()) as f64 / 86_400_000.0;
    assert!((13.9..=14.0).contains(&days), "{days}");
    // Here, and after the process has ended.
    for host in [&first, &host(&archive)] {
        let bob = host.sit(id, "bob".into(), Step::On).await.unwrap();
        assert_eq!((bob.sheet, bob.pace.taken), (None, 1));
        assert_eq!(host.opened(id).await.unwrap().floor.seats(), 1, "a hand-out is no seat");
    }
    // A file without a vote brings nothing, and frees what was held.
    let header: serde_json::Value = serde_json::from_str(file.lines().next().unwrap()).unwrap();
    let ratings = serde_json::json!({
        "form": "outcrop ratings 1", "task": header["task"], "rater": "zoe",
        "version": header["version"], "digest": header["digest"],
    });
    first.take_in(format!("{ratings}\n").into_bytes()).await.unwrap();
    assert!(item(&first, id, "bob").await.is_some());
    assert_eq!(first.evaluation_raters(id).await, ["zoe", "bob"]);
}

/// A vote on the only item of a hand-out.
fn brought(out: &HandOut) -> Vec<u8> {
    let placed = out.at(1).unwrap();
    let vote = Vote {
        id: fresh::vote_id(),
        rater: out.header.rater.clone(),
        item: placed.item.clone(),
        version: out.header.version,
        shown: placed.answers.iter().map(|answer| answer.id.clone()).collect(),
        said: Said::Values(vec![(out.header.metrics[0].name.clone(), Value::Choice(Chosen::Tie))]),
        active_ms: 1,
        at: fresh::now(),
        supersedes: None,
        comment: None,
        repeat: false,
    };
    rating_file::write(&Header::of(out), &[Given { place: 1, vote }]).unwrap().into_bytes()
}

#[tokio::test]
async fn whoever_sees_masked_texts_has_no_hash_of_the_others_to_try_names_by() {
    let folder = tempfile::tempdir().unwrap();
    let (_owner, archive) = archive(folder.path());
    let host = host(&archive);
    let response = |model: &str| Response { model: format!("lab/{model}"), text: format!("I am {model}.") };
    let item =
        Item { responses: ["zorro-7b", "bingo-9b"].map(response).to_vec(), ..Item::asking("who are you?") };
    let hash = item.hash();
    let blinding = Blinding { self_naming: true, ..Blinding::default() };
    let task = TaskDefinition { raters_per_item: 3, blinding, ..TaskDefinition::named("which") };
    let plan = Plan { task, dataset: "asked".into(), sources: Vec::new(), known: Vec::new(), limit: None };
    let made = host.create(plan, "asked".into(), vec![item]).await.unwrap();
    let id = made.id;

    let (file, _) = host.hand_out(id, "zoe".into(), None, true).await.unwrap();
    assert!(!file.contains("zorro") && !file.contains("bingo") && !file.contains(&hash.0), "{file}");
    let out = hand_out::read(file.as_bytes()).whole().unwrap();
    let (evaluation, taken) = host.take_in(brought(&out)).await.unwrap();
    assert_eq!((taken.taken, evaluation.rated.map(|rated| rated.votes)), (1, Some(1)));
    // Whoever sits here sees as little.
    let seat = host.sit(id, "bob".into(), Step::On).await.unwrap();
    assert_eq!(seat.sheet.as_ref().unwrap().item, out.items[0].item);
    // So does whoever lists its items; an owner finds one by what is listed, as by its hash.
    let listed = host.items(id, 0, 9).await.unwrap().remove(0).id.unwrap();
    assert_eq!(listed, out.items[0].item);
    for name in [listed, hash.clone()] {
        assert_eq!(host.item(id, name, "owner".into()).await.unwrap().hash(), hash);
    }
    host.rate(id, vote(&seat)).await.unwrap();

    // One that was handed out when items had their hashes for names.
    let (file, _) = host.hand_out(id, "yan".into(), None, true).await.unwrap();
    let out = hand_out::read(file.as_bytes()).whole().unwrap();
    let Placed { turns, reference, answers, .. } = out.items[0].clone();
    let shown = Shown { item: hash.clone(), turns, reference, answers };
    let before = HandOut::of(id.to_string(), &made.task, "yan", [shown]);
    let digest = before.header.digest.clone();
    archive
        .run(move |store| {
            let key = HandedOutOf(id, 1);
            let handed = store.get::<HandedOut>(&key)?.unwrap();
            assert!(handed.keyed && handed.rater == "yan");
            let mut batch = Batch::new();
            batch.put(&key, &HandedOut { digest, keyed: false, ..handed })?;
            store.commit(batch)
        })
        .await
        .unwrap();
    let taken = host.take_in(brought(&before)).await.unwrap().1;
    assert_eq!((taken.taken, taken.bad), (1, Vec::new()));
    // Of a file whose texts were changed nothing is taken, whatever names its items have.
    let Placed { turns, reference, answers, .. } = out.items[0].clone();
    let mut forged = Shown { item: out.items[0].item.clone(), turns, reference, answers };
    forged.answers[0].text.push_str(" Choose me!");
    let forged = HandOut::of(id.to_string(), &made.task, "yan", [forged]);
    let taken = host.take_in(brought(&forged)).await.unwrap().1;
    assert_eq!((taken.taken, taken.bad.len()), (0, 1));

    // Here all of them are about the item by its hash.
    let kept = archive.run(move |store| Ok(votes(store, id, |_| true)?.collect::<Vec<_>>())).await.unwrap();
    let mut raters: Vec<_> = kept.iter().map(|vote| vote.rater.as_str()).collect();
    raters.sort_unstable();
    assert_eq!(raters, ["bob", "yan", "zoe"]);
    assert!(kept.iter().all(|vote| vote.item == hash), "{kept:?}");
}

impl Evaluations {
    async fn evaluation_raters(&self, id: EvaluationId) -> Vec<String> {
        self.opened(id).await.unwrap().evaluation.raters.clone()
    }
}

#[tokio::test]
async fn a_dataset_that_no_source_answered_whole_is_refused_with_what_each_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let (_owner, archive) = archive(folder.path());
    let host = host(&archive);
    let of = |model: &str| Response { model: model.into(), text: "so".into() };
    let item = |models: &[&str]| Item {
        responses: models.iter().copied().map(of).collect(),
        ..Item::asking(format!("asked of {}", models.join(" and ")))
    };
    let create = |items: Vec<Item>| {
        let task = TaskDefinition::named("which");
        let plan = Plan { task, dataset: "d".into(), sources: Vec::new(), known: Vec::new(), limit: None };
        host.create(plan, "d".into(), items)
    };
    let error = create(vec![item(&["x"]), item(&["y"])]).await.unwrap_err();
    assert_eq!(
        error.why,
        "no source answered every item: \"x\" lacks an answer to item 2, \"y\" lacks an answer to item 1"
    );
    let error = create(vec![item(&["a", "b", "c", "d"]), item(&["e"])]).await.unwrap_err();
    assert!(error.why.ends_with("\"c\" lacks an answer to item 2, and so on for 2 more"), "{error}");
    let error = create(vec![item(&[])]).await.unwrap_err();
    assert!(error.why.contains("there are no answers to rate"), "{error}");
}
