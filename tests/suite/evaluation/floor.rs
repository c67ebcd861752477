//! Raters at the same items: who gets what next, and what every vote does to that.

use std::collections::BTreeSet;

use outcrop::domain::evaluation::floor::{Floor, Place, Rules};
use outcrop::domain::evaluation::item::Item;
use outcrop::domain::evaluation::queue::{Subject, gap};
use outcrop::domain::evaluation::vote::{Said, Skip, Vote, in_order, standing};
use outcrop::domain::id::VoteId;
use outcrop::domain::time::Timestamp;
use proptest::prelude::*;

const HOLD: u64 = 1_000_000;

fn subjects(items: usize) -> Vec<Subject> {
    let models: Vec<String> = ["x", "y"].map(str::to_owned).to_vec();
    (0..items)
        .map(|at| Subject { item: Item::asking(at.to_string()).hash(), models: models.clone().into() })
        .collect()
}

/// Raters at a floor, and every vote that they made.
struct Room {
    rules: Rules,
    subjects: Vec<Subject>,
    floor: Floor,
    /// What lies before each.
    laid: Vec<Option<Place>>,
    votes: Vec<Vote>,
    now: u64,
}

fn name(rater: usize) -> String {
    format!("rater {rater}")
}

impl Room {
    fn new(rules: Rules, items: usize, raters: usize) -> Self {
        let subjects = subjects(items);
        let mut floor = Floor::new(rules, subjects.clone());
        let mut laid = Vec::new();
        for rater in 0..raters {
            floor.seat(&name(rater), rater as u32, []);
            laid.push(floor.next(&name(rater), 0, HOLD));
        }
        Self { rules, subjects, floor, laid, votes: Vec::new(), now: 0 }
    }

    fn vote(&self, rater: usize, subject: usize, repeat: bool, said: Said) -> Vote {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&(self.votes.len() as u64 + 1).to_be_bytes());
        Vote {
            id: VoteId::from_bytes(id),
            rater: name(rater),
            item: self.subjects[subject].item.clone(),
            version: 1,
            shown: Vec::new(),
            said,
            active_ms: 0,
            at: Timestamp(0),
            supersedes: None,
            comment: None,
            repeat,
        }
    }

    fn say(&mut self, rater: usize, said: Said) {
        let Some(place) = self.laid[rater].clone() else { return };
        if place.repeat {
            // Of one that was rated, and lies far enough behind.
            let own: Vec<_> =
                standing(&self.votes).into_iter().filter(|vote| vote.rater == name(rater)).collect();
            let item = &self.subjects[place.subject].item;
            let first = own.iter().position(|vote| vote.item == *item && !vote.repeat).unwrap();
            assert!(
                matches!(own[first].said, Said::Values(_)) && own.len() - first > gap(self.subjects.len())
            );
            assert!(self.floor.is_due(&name(rater), place.subject));
        }
        assert_eq!(self.floor.is_repeat(&name(rater), place.subject), place.repeat);
        let vote = self.vote(rater, place.subject, place.repeat, said);
        self.floor.count(&vote);
        self.votes.push(vote);
        self.laid[rater] = self.floor.next(&name(rater), self.now, HOLD);
    }

    /// Takes the last vote back, unless it said nothing: of that, others may have rated the item meanwhile.
    fn undo_rated(&mut self, rater: usize) {
        let last = standing(&self.votes).into_iter().rfind(|vote| vote.rater == name(rater));
        if last.is_some_and(|vote| matches!(vote.said, Said::Values(_))) {
            self.undo(rater);
        }
    }

    /// Takes the last vote back; its item lies before the rater again.
    fn undo(&mut self, rater: usize) {
        let (done, _) = self.floor.progress(&name(rater));
        let Some(last) = done.checked_sub(1) else { return };
        let (old, subject) = self.floor.vote(&name(rater), last as usize).unwrap();
        let repeat = self.votes.iter().find(|vote| vote.id == old).unwrap().repeat;
        let withdrawn = Vote { supersedes: Some(old), ..self.vote(rater, subject, repeat, Said::Withdrawn) };
        self.floor.count(&withdrawn);
        self.votes.push(withdrawn);
        if !repeat {
            self.floor.hold(&name(rater), subject, self.now, HOLD);
        }
        self.laid[rater] = Some(Place { subject, order: Vec::new(), repeat });
    }

    /// How far each rater is.
    fn state(&self) -> Vec<(u64, u64)> {
        progress(&self.floor, self.laid.len())
    }

    /// The floor as one would read it from votes.
    fn recounted<'a>(&self, votes: impl IntoIterator<Item = &'a Vote>) -> Floor {
        let mut floor = Floor::new(self.rules, self.subjects.clone());
        for rater in 0..self.laid.len() {
            floor.seat(&name(rater), rater as u32, []);
        }
        votes.into_iter().for_each(|vote| floor.count(vote));
        floor
    }

    fn check(&self) {
        let stands = standing(&self.votes);
        let counts = |vote: &&&Vote| matches!(vote.said, Said::Values(_)) && !vote.repeat;
        for subject in &self.subjects {
            let rated = stands.iter().filter(|vote| vote.item == subject.item).filter(counts);
            let raters: Vec<_> = rated.map(|vote| &vote.rater).collect();
            assert!(raters.len() <= self.rules.needed as usize, "{raters:?}");
            assert_eq!(raters.len(), raters.iter().collect::<BTreeSet<_>>().len(), "nobody counts twice");
        }
        // As it is counted step by step, so it is counted from the votes: from all of them, or from those that stand.
        let raters = self.laid.len();
        assert_eq!(progress(&self.recounted(&self.votes), raters), self.state());
        let stand = self.recounted(in_order(&self.votes));
        assert_eq!(progress(&stand, raters), self.state());
        // Whoever sits down later finds the same.
        let mut late = Floor::new(self.rules, self.subjects.clone());
        for vote in &stands {
            late.tally(vote);
        }
        for rater in 0..raters {
            let own = in_order(self.votes.iter().filter(|vote| vote.rater == name(rater)));
            late.seat(&name(rater), rater as u32, own);
        }
        assert_eq!(progress(&late, raters), self.state());
        for rater in 0..raters {
            for number in 0..=self.votes.len() {
                assert_eq!(late.vote(&name(rater), number), self.floor.vote(&name(rater), number));
                assert_eq!(stand.vote(&name(rater), number), self.floor.vote(&name(rater), number));
            }
        }
    }
}

fn progress(floor: &Floor, raters: usize) -> Vec<(u64, u64)> {
    (0..raters).map(|rater| floor.progress(&name(rater))).collect()
}

fn rated() -> Said {
    Said::Values(Vec::new())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn items_get_the_raters_that_they_need_and_no_more(
        seed: u64,
        needed in 1..4u32,
        raters in 1..5usize,
        items in 1..40usize,
        acts in prop::collection::vec((0..5usize, 0..10u8), 0..250),
    ) {
        let mut room = Room::new(Rules { seed, needed, repeats: 30, sides: true }, items, raters);
        for (rater, act) in acts {
            let rater = rater % raters;
            room.now += 1;
            match act {
                0 => room.say(rater, Said::Skipped(Skip::Unclear)),
                1 => room.undo_rated(rater),
                _ => room.say(rater, rated()),
            }
            room.check();
        }
        // Who goes on to the end leaves nothing that they could do.
        for _ in 0..2 {
            for rater in 0..raters {
                while room.laid[rater].is_some() {
                    room.say(rater, rated());
                }
                let hold = room.floor.next(&name(rater), room.now, HOLD);
                room.laid[rater] = hold;
            }
        }
        room.check();
        for rater in 0..raters {
            let (done, total) = room.floor.progress(&name(rater));
            prop_assert_eq!(done, total);
        }
    }

    #[test]
    fn what_is_taken_back_is_as_if_it_had_not_been_said(seed: u64, before in 0..60usize, skips: bool) {
        let mut room = Room::new(Rules { seed, needed: 2, repeats: 50, sides: true }, 30, 3);
        for at in 0..before {
            room.say(at % 3, rated());
        }
        let (was, laid) = (room.state(), room.laid[0].clone());
        if let Some(laid) = laid {
            room.say(0, if skips { Said::Skipped(Skip::Offensive) } else { rated() });
            room.undo(0);
            prop_assert_eq!(room.state(), was);
            let back = room.laid[0].clone().unwrap();
            prop_assert_eq!((back.subject, back.repeat), (laid.subject, laid.repeat));
            // Whoever leaves and comes back finds it there again.
            prop_assert_eq!(room.floor.next(&name(0), room.now, HOLD), Some(laid));
        }
    }
}

#[test]
fn what_one_has_before_them_no_other_gets_until_it_was_left_for_too_long() {
    let rules = Rules { seed: 7, needed: 1, repeats: 0, sides: true };
    let mut room = Room::new(rules, 2, 3);
    let laid: Vec<_> = room.laid.iter().map(|place| place.as_ref().map(|place| place.subject)).collect();
    assert!(laid[0].is_some() && laid[1].is_some() && laid[0] != laid[1] && laid[2].is_none(), "{laid:?}");
    assert_eq!(room.floor.next("rater 2", HOLD - 1, HOLD), None);
    assert!(room.floor.next("rater 2", HOLD, HOLD).is_some());
    // One that was rated is gone, one that is taken back is its rater's again.
    let mut room = Room::new(rules, 1, 2);
    room.say(0, rated());
    assert_eq!(room.floor.next("rater 1", 0, HOLD), None);
    room.undo(0);
    assert_eq!(room.floor.next("rater 1", 0, HOLD), None);
    assert_eq!(room.floor.progress("rater 0"), (0, 1));
}

#[test]
fn a_vote_that_comes_twice_is_no_repeat() {
    let rules = Rules { seed: 7, needed: 1, repeats: 50, sides: true };
    let mut room = Room::new(rules, 30, 1);
    let first = room.laid[0].clone().unwrap().subject;
    room.say(0, rated());
    assert!(room.floor.is_repeat("rater 0", first) && !room.floor.is_due("rater 0", first));
}

#[test]
fn what_one_has_taken_elsewhere_no_other_gets_until_it_is_back() {
    let rules = Rules { seed: 7, needed: 1, repeats: 0, sides: true };
    let mut room = Room::new(rules, 2, 0);
    room.floor.take_away("zoe", [0, 1], 2 * HOLD);
    room.floor.seat("bob", 1, []);
    assert_eq!(room.floor.next("bob", 0, HOLD), None);
    assert_eq!(room.floor.taken("bob"), 2);
    // Who has them may rate them here as well.
    room.floor.seat("zoe", 0, []);
    assert!(room.floor.next("zoe", 0, HOLD).is_some());
    room.floor.leave("zoe");
    assert!(!room.floor.sits("zoe"));
    room.floor.bring_back("zoe");
    assert!(room.floor.next("bob", 0, HOLD).is_some());
    // And not for ever.
    let mut room = Room::new(rules, 1, 0);
    room.floor.take_away("zoe", [0], 2 * HOLD);
    room.floor.seat("bob", 1, []);
    assert_eq!(room.floor.next("bob", 2 * HOLD - 1, HOLD), None);
    assert!(room.floor.next("bob", 2 * HOLD, HOLD).is_some());
}

#[test]
fn one_who_rates_here_what_they_have_taken_elsewhere_counts_once() {
    let rules = Rules { seed: 7, needed: 2, repeats: 0, sides: true };
    let mut room = Room::new(rules, 1, 2);
    room.floor.take_away(&name(0), [0], HOLD);
    room.say(0, rated());
    assert_eq!(room.floor.next(&name(1), 0, HOLD).map(|place| place.subject), Some(0));
}
