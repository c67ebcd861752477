//! Who has rated what, and where each rater goes on: an evaluation while people sit at it.

use std::collections::{BTreeMap, HashMap};

use super::item::ItemHash;
use super::queue::{Showing, Subject, gap, queue};
use super::vote::{Said, Vote};
use crate::domain::id::VoteId;

/// A rater's pace is that of so many items last.
const PACE: usize = 50;

/// Seats with their queues, over the items that can be rated. Moments are milliseconds of any one clock.
#[derive(Debug, Clone, Default)]
pub struct Floor {
    seed: u64,
    subjects: Vec<Subject>,
    places: HashMap<ItemHash, usize>,
    needed: u32,
    repeats: u8,
    sides: bool,
    /// Raters whose first vote of it stands, a subject each.
    rated: Vec<u32>,
    held: HashMap<usize, Vec<Hold>>,
    seats: BTreeMap<String, Seated>,
}

/// An item is before somebody.
#[derive(Debug, Clone)]
struct Hold {
    rater: String,
    until: u64,
}

/// One rater.
#[derive(Debug, Clone, Default)]
struct Seated {
    queue: Vec<Showing>,
    /// Votes that stand, in the order in which the items first came.
    trail: Vec<Trodden>,
    /// Of each subject where in the trail it was done, and where its repeat was.
    done: Vec<[Option<u32>; 2]>,
}

/// One step of a rater.
#[derive(Debug, Clone)]
struct Trodden {
    vote: VoteId,
    subject: usize,
    repeat: bool,
    skipped: bool,
    active_ms: u64,
}

/// What the queue is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub seed: u64,
    /// Raters that each item needs.
    pub needed: u32,
    /// So many of a hundred items come again.
    pub repeats: u8,
    /// Sides change.
    pub sides: bool,
}

/// An item in front of a rater.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub subject: usize,
    /// Sources as they stand from the left, by their index among the subject's.
    pub order: Vec<usize>,
    pub repeat: bool,
}

impl Floor {
    /// With nobody there yet.
    pub fn new(rules: Rules, subjects: Vec<Subject>) -> Self {
        let places = subjects.iter().enumerate().map(|(at, subject)| (subject.item.clone(), at)).collect();
        Self {
            seed: rules.seed,
            needed: rules.needed.max(1),
            repeats: rules.repeats,
            sides: rules.sides,
            rated: vec![0; subjects.len()],
            places,
            subjects,
            held: HashMap::new(),
            seats: BTreeMap::new(),
        }
    }

    /// The place of an item among the subjects.
    pub fn place_of(&self, item: &ItemHash) -> Option<usize> {
        self.places.get(item).copied()
    }

    /// Gives a rater, the `number`th to join from 0 on, a queue. Twice is once.
    pub fn seat(&mut self, rater: &str, number: u32) {
        if !self.seats.contains_key(rater) {
            let queue = queue(self.seed, &self.subjects, number, self.repeats, self.sides);
            let done = vec![[None; 2]; self.subjects.len()];
            self.seats.insert(rater.to_owned(), Seated { queue, done, ..Seated::default() });
        }
    }

    /// The whole queue of a rater; empty for one without a seat.
    pub fn queue_of(&self, rater: &str) -> impl Iterator<Item = &Showing> {
        self.seats.get(rater).into_iter().flat_map(|seat| &seat.queue)
    }

    /// Counts a vote of the version in force; those of raters without a seat and on other items are left alone. Give them in
    /// the order in which they were made, or those that stand alone.
    pub fn count(&mut self, vote: &Vote) {
        let Some(subject) = self.place_of(&vote.item) else { return };
        let Some(seat) = self.seats.get_mut(&vote.rater) else { return };
        let place = vote.supersedes.and_then(|old| seat.trail.iter().position(|step| step.vote == old));
        let counts = |step: &Trodden| !step.repeat && !step.skipped;
        if let Some(place) = place {
            let gone = seat.trail[place].subject;
            self.rated[gone] -= u32::from(counts(&seat.trail[place]));
        }
        if vote.said == Said::Withdrawn {
            if let Some(place) = place {
                let gone = seat.trail.remove(place);
                seat.done[gone.subject][usize::from(gone.repeat)] = None;
                for later in &seat.trail[place..] {
                    if let Some(at) = &mut seat.done[later.subject][usize::from(later.repeat)] {
                        *at -= 1;
                    }
                }
            }
            return;
        }
        let step = Trodden {
            vote: vote.id,
            subject,
            repeat: vote.repeat,
            skipped: matches!(vote.said, Said::Skipped(_)),
            active_ms: vote.active_ms,
        };
        self.rated[subject] += u32::from(counts(&step));
        if let Some(place) = place {
            seat.trail[place] = step;
        } else {
            seat.done[subject][usize::from(vote.repeat)] = u32::try_from(seat.trail.len()).ok();
            seat.trail.push(step);
        }
        self.release(&vote.rater);
    }

    /// Where a rater goes on: the first place of their queue that they have not done, of an item that lacks raters, those who
    /// sit before it now counted among them. It is held for them for `hold` ms; what they held before is given back.
    pub fn next(&mut self, rater: &str, now: u64, hold: u64) -> Option<Place> {
        self.release(rater);
        for holds in self.held.values_mut() {
            holds.retain(|held| held.until > now);
        }
        self.held.retain(|_, holds| !holds.is_empty());
        let seat = self.seats.get(rater)?;
        let is_open = |showing: &&Showing| {
            self.may_come(seat, showing) && !seat.is_early(showing) && !self.is_taken(showing, rater)
        };
        let at = seat.queue.iter().find(is_open)?.clone();
        if !at.repeat {
            self.hold(rater, at.subject, now, hold);
        }
        Some(Place { subject: at.subject, order: at.order, repeat: at.repeat })
    }

    /// Holds an item for a rater for `hold` ms, in place of what they held.
    pub fn hold(&mut self, rater: &str, subject: usize, now: u64, hold: u64) {
        self.release(rater);
        let held = Hold { rater: rater.to_owned(), until: now.saturating_add(hold) };
        self.held.entry(subject).or_default().push(held);
    }

    /// Whether a place of a rater's queue is to be rated by them, now or later: an item that lacks raters, or the repeat of one
    /// that they have rated or may come to.
    fn may_come(&self, seat: &Seated, showing: &Showing) -> bool {
        let [first, again] = seat.done[showing.subject];
        match first {
            Some(at) => showing.repeat && again.is_none() && !seat.trail[at as usize].skipped,
            None => self.rated[showing.subject] < self.needed,
        }
    }

    /// Whether the others who sit before an item now are all that it needs.
    fn is_taken(&self, showing: &Showing, rater: &str) -> bool {
        let others = |holds: &Vec<Hold>| holds.iter().filter(|held| held.rater != rater).count();
        let before = self.held.get(&showing.subject).map_or(0, others);
        !showing.repeat && self.rated[showing.subject] as usize + before >= self.needed as usize
    }

    /// Gives back what a rater holds.
    pub fn release(&mut self, rater: &str) {
        for holds in self.held.values_mut() {
            holds.retain(|held| held.rater != rater);
        }
        self.held.retain(|_, holds| !holds.is_empty());
    }

    /// The rater's vote of that number, from 0, that stands: its id and its item.
    pub fn vote(&self, rater: &str, number: usize) -> Option<(VoteId, usize)> {
        let step = self.seats.get(rater)?.trail.get(number)?;
        Some((step.vote, step.subject))
    }

    /// Whether a rater who is shown an item now sees it for the second time.
    pub fn is_repeat(&self, rater: &str, subject: usize) -> bool {
        self.has_done(rater, subject, false)
    }

    /// Whether an item may come before a rater for the second time now.
    pub fn is_due(&self, rater: &str, subject: usize) -> bool {
        self.seats.get(rater).is_some_and(|seat| {
            let mut repeats =
                seat.queue.iter().filter(|showing| showing.repeat && showing.subject == subject);
            repeats.any(|showing| self.may_come(seat, showing) && !seat.is_early(showing))
        })
    }

    /// Whether a rater has rated or skipped an item, or its repeat.
    pub fn has_done(&self, rater: &str, subject: usize, repeat: bool) -> bool {
        self.seats.get(rater).is_some_and(|seat| seat.has_done(subject, repeat))
    }

    /// Whether a vote of the rater stands.
    pub fn stands(&self, rater: &str, vote: VoteId) -> bool {
        self.seats.get(rater).is_some_and(|seat| seat.trail.iter().any(|step| step.vote == vote))
    }

    /// What the rater has done, and what they could come to with that. Repeats count from the beginning: none is announced by a
    /// total that grows.
    pub fn progress(&self, rater: &str) -> (u64, u64) {
        let Some(seat) = self.seats.get(rater) else { return (0, 0) };
        let done = seat.trail.len();
        let (again, first): (Vec<_>, Vec<_>) = self.open(seat).partition(|showing| showing.repeat);
        // Where too few items are left to lie between, one does not come again.
        let end = done + first.len();
        let far_enough = |showing: &&&Showing| {
            let at = seat.done[showing.subject][0].map_or(done, |at| at as usize);
            end.saturating_sub(at) > gap(self.subjects.len())
        };
        let again = again.iter().filter(far_enough).count();
        (done as u64, (end + again) as u64)
    }

    /// Items that the rater could come to if others did not sit before them now.
    pub fn taken(&self, rater: &str) -> u64 {
        let Some(seat) = self.seats.get(rater) else { return 0 };
        self.open(seat).filter(|showing| self.is_taken(showing, rater)).count() as u64
    }

    fn open<'a>(&'a self, seat: &'a Seated) -> impl Iterator<Item = &'a Showing> {
        seat.queue.iter().filter(|showing| self.may_come(seat, showing))
    }

    /// The median time that one of the last items took the rater, in milliseconds; 0 before the first.
    pub fn median_ms(&self, rater: &str) -> u64 {
        let Some(seat) = self.seats.get(rater) else { return 0 };
        let last = &seat.trail[seat.trail.len().saturating_sub(PACE)..];
        let mut times: Vec<u64> = last.iter().map(|step| step.active_ms).collect();
        let middle = times.len() / 2;
        if times.is_empty() { 0 } else { *times.select_nth_unstable(middle).1 }
    }
}

impl Seated {
    fn has_done(&self, subject: usize, repeat: bool) -> bool {
        self.done.get(subject).is_some_and(|done| done[usize::from(repeat)].is_some())
    }

    /// Whether a repeat does not lie far enough behind its first time yet.
    fn is_early(&self, showing: &Showing) -> bool {
        let first = self.done[showing.subject][0];
        // As many as the queue was drawn with.
        let gap = gap(self.done.len());
        showing.repeat && first.is_none_or(|at| self.trail.len() - at as usize <= gap)
    }
}
