//! Hand-outs rated by themselves: what is on the disk after each step, and what is refused.

use super::*;
use crate::domain::evaluation::ResponseId;
use crate::domain::evaluation::vote::{Chosen, Skip, Value};
use crate::wire::evaluation::hand_out::{Answer, Shown as Handed};
use crate::wire::evaluation::rating_file;

const TASK: &str = "0190163d8694739b94f7b1c9fd8a1a2b";

/// A folder with the hand-out `away.jsonl` of so many items; with the first one again behind the last.
fn handed(items: usize) -> (tempfile::TempDir, PathBuf, HandOut) {
    let folder = tempfile::tempdir().unwrap();
    let task = TaskDefinition { version: 1, ..TaskDefinition::named("Which one?") }.filled(2);
    let shown = |at: usize, ids: [&str; 2]| Handed {
        item: crate::domain::evaluation::ItemHash(format!("{at:064x}")),
        turns: vec![crate::domain::evaluation::Turn {
            role: crate::domain::message::Role::User,
            text: format!("question {at}"),
        }],
        reference: None,
        answers: ids
            .map(|id| Answer { id: ResponseId(format!("{at}-{id}").into()), text: format!("{id} {at}") })
            .into(),
    };
    let mut all: Vec<_> = (0..items).map(|at| shown(at, ["a", "b"])).collect();
    all.push(shown(0, ["b", "a"]));
    let out = HandOut::of(TASK, &task, "bo", all);
    let file = folder.path().join("away.jsonl");
    fs::write(&file, out.write().unwrap()).unwrap();
    (folder, file, out)
}

fn cast(seat: &Seat, said: Said) -> Cast {
    let sheet = seat.sheet.as_ref().unwrap();
    Cast {
        rater: seat.rater.clone(),
        item: sheet.item.clone(),
        version: seat.task.version,
        shown: sheet.answers.iter().map(|answer| answer.id.clone()).collect(),
        said,
        active_ms: 1500,
        comment: None,
        supersedes: sheet.before.as_ref().map(|before| before.vote),
    }
}

fn left(seat: &Seat) -> Said {
    let id = seat.sheet.as_ref().unwrap().answers[0].id.clone();
    Said::Values(vec![("Preference".into(), Value::Choice(Chosen::One(id)))])
}

fn question(seat: &Seat) -> String {
    seat.sheet.as_ref().map(|sheet| sheet.turns[0].text.clone()).unwrap_or_default()
}

/// The votes on the disk, by whom nothing but the file is read.
fn on_disk(away: &Away, out: &HandOut) -> Vec<(u32, Said)> {
    let read = rating_file::read(&fs::read(away.ratings()).unwrap(), out);
    assert_eq!(read.bad, []);
    read.into_taken().into_iter().map(|given| (given.place, given.vote.said)).collect()
}

#[test]
fn each_vote_is_on_the_disk_before_the_next_item_shows_and_a_new_start_goes_on_there() {
    let (folder, file, out) = handed(2);
    let away = Away::open(&file, "bo", None).unwrap();
    assert_eq!(away.ratings(), folder.path().join("Which-one-bo-ratings.jsonl"));
    assert_eq!(away.evaluation().name(), "Which one?");
    let seat = away.sit(Step::On).unwrap();
    assert_eq!((question(&seat).as_str(), seat.pace.done, seat.pace.total), ("question 0", 0, 3));
    let seat = away.rate(cast(&seat, left(&seat))).unwrap();
    assert_eq!((question(&seat).as_str(), on_disk(&away, &out).len()), ("question 1", 1));
    let busy = Away::open(&file, "bo", None).unwrap_err();
    assert_eq!(busy.kind, ErrorKind::Busy, "two would write over each other");
    // A killed program says nothing; the file is all that is left of it.
    drop(away);
    let away = Away::open(&file, "bo", None).unwrap();
    let seat = away.sit(Step::On).unwrap();
    assert_eq!((question(&seat).as_str(), seat.pace.done), ("question 1", 1));
    let seat = away.rate(cast(&seat, Said::Skipped(Skip::Unclear))).unwrap();
    // The first item again, turned round: a place of its own.
    assert_eq!(
        (question(&seat).as_str(), seat.sheet.as_ref().unwrap().answers[0].text.as_str()),
        ("question 0", "b 0")
    );
    let last = cast(&seat, left(&seat));
    let seat = away.rate(last.clone()).unwrap();
    assert_eq!((seat.sheet, seat.pace.done), (None, 3));
    assert!(away.rate(last).unwrap_err().why.contains("rated already"), "sent twice is once");
    assert_eq!(on_disk(&away, &out).iter().map(|(place, _)| *place).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn a_vote_is_taken_back_or_said_anew_and_the_file_keeps_all_of_it() {
    let (_folder, file, out) = handed(2);
    let away = Away::open(&file, "bo", None).unwrap();
    let seat = away.sit(Step::Undo).unwrap();
    assert_eq!(question(&seat), "question 0", "there is nothing to take back yet");
    let seat = away.rate(cast(&seat, left(&seat))).unwrap();
    let seat = away.rate(cast(&seat, left(&seat))).unwrap();
    assert_eq!(seat.pace.done, 2);
    let seat = away.sit(Step::Undo).unwrap();
    assert_eq!((question(&seat).as_str(), seat.pace.done), ("question 1", 1));
    let seat = away.sit(Step::To(1)).unwrap();
    assert!(question(&seat) == "question 0" && seat.sheet.as_ref().unwrap().before.is_some());
    let anew = Cast { comment: Some("no, that one".into()), ..cast(&seat, Said::Skipped(Skip::Other)) };
    let seat = away.rate(anew).unwrap();
    assert_eq!((question(&seat).as_str(), seat.pace.done), ("question 1", 1));
    assert!(away.sit(Step::To(7)).unwrap_err().why.contains("no vote 7"));
    assert_eq!(away.sit(Step::Leave).unwrap().sheet, None);
    assert_eq!(on_disk(&away, &out).len(), 4, "two votes, one taken back, one in another's place");
    drop(away);
    let away = Away::open(&file, "bo", None).unwrap();
    let seat = away.sit(Step::To(1)).unwrap();
    let before = seat.sheet.unwrap().before.unwrap();
    assert_eq!((before.said, before.comment.as_deref()), (Said::Skipped(Skip::Other), Some("no, that one")));
}

#[test]
fn half_a_line_is_no_vote_and_its_item_comes_again() {
    let (_folder, file, out) = handed(2);
    let path = {
        let away = Away::open(&file, "bo", None).unwrap();
        let seat = away.sit(Step::On).unwrap();
        let seat = away.rate(cast(&seat, left(&seat))).unwrap();
        away.rate(cast(&seat, left(&seat))).unwrap();
        away.ratings().to_owned()
    };
    let whole = fs::read(&path).unwrap();
    let head = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let away = Away::open(&file, "bo", None).unwrap();
        // A line that lacks nothing but its end is whole.
        let kept = 0;
        let ends = whole.iter().enumerate().filter(|(at, byte)| **byte == b'\n' && *at >= head && *at <= cut);
        let expected = kept + ends.count() as u64;
        assert_eq!(away.pace().done, expected, "cut behind {cut} bytes");
        let seat = away.sit(Step::On).unwrap();
        away.rate(cast(&seat, left(&seat))).unwrap();
        assert_eq!(on_disk(&away, &out).len() as u64, expected + 1, "cut behind {cut} bytes");
    }
}

#[test]
fn what_is_no_hand_out_was_changed_or_is_of_somebody_else_is_refused_in_words() {
    let (folder, file, out) = handed(2);
    let why = |file: &Path, rater: &str, ratings: Option<PathBuf>| {
        let error = Away::open(file, rater, ratings).unwrap_err();
        assert!(!error.hint.is_empty(), "{error:?}");
        error.why
    };
    assert!(why(&file, "eve", None).contains("it is for \"bo\", not \"eve\""));
    let other = folder.path().join("notes.txt");
    fs::write(&other, "nothing of the kind\n").unwrap();
    assert!(why(&other, "bo", None).contains("line 1"));
    assert!(why(&file, "bo", Some(other.clone())).contains("line 1"), "votes are not put into any file");
    assert_eq!(fs::read_to_string(&other).unwrap(), "nothing of the kind\n");
    assert!(why(&file, "bo", Some(file.clone())).contains("hand-out"), "nor into the hand-out");
    assert_eq!(Away::meant(other.to_str().unwrap()).as_ref(), Some(&other), "a path is a file");
    assert_eq!(Away::meant("which"), None);
    let edited = folder.path().join("edited.jsonl");
    fs::write(&edited, out.write().unwrap().replace("b 1", "the best of all")).unwrap();
    assert!(why(&edited, "bo", None).contains("the item at place 2 was changed"));
    // Ratings of another task are left as they are.
    let task = TaskDefinition { version: 1, ..TaskDefinition::named("other") }.filled(2);
    let theirs = HandOut::of("0190163d8694739b94f7b1c9fd8a1a2c", &task, "bo", []);
    let head = rating_file::Header::of(&theirs).write().unwrap();
    let ratings = folder.path().join("theirs.jsonl");
    fs::write(&ratings, &head).unwrap();
    assert!(why(&file, "bo", Some(ratings.clone())).contains("of another task"));
    assert_eq!(fs::read_to_string(&ratings).unwrap(), head);
}
