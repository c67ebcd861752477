//! Who has rated what, and where each rater goes on: an evaluation while people sit at it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::item::ItemHash;
use super::queue::{Showing, Subject, gap, queue};
use super::vote::{Said, Vote};
use crate::domain::id::VoteId;

/// A rater's pace is that of so many items last.
const PACE: usize = 50;

/// Seats with their queues, over the items that can be rated. Moments are milliseconds of any one clock. Of those who do not
/// sit here nothing is kept but what their votes count.
#[derive(Debug, Clone, Default)]
pub struct Floor {
    seed: u64,
    subjects: Vec<Subject>,
    /// The subjects in the order of their hashes, by which they are found.
    sorted: Vec<u32>,
    needed: u32,
    repeats: u8,
    sides: bool,
    /// Raters whose first vote of it stands, a subject each.
    rated: Vec<u32>,
    held: HashMap<usize, Vec<Hold>>,
    away: Vec<Away>,
    seats: BTreeMap<String, Seated>,
}

/// An item is before somebody.
#[derive(Debug, Clone)]
struct Hold {
    rater: String,
    until: u64,
}

/// What a rater has taken elsewhere.
#[derive(Debug, Clone)]
struct Away {
    rater: String,
    until: u64,
    /// Of each subject whether they have it and have not rated it here.
    has: Vec<bool>,
}

/// One rater.
#[derive(Debug, Clone, Default)]
struct Seated {
    queue: Queue,
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
        let mut sorted: Vec<u32> = (0..subjects.len()).map(|at| at as u32).collect();
        sorted.sort_by(|one, other| {
            let item = |at: u32| &subjects[at as usize].item;
            item(*one).cmp(item(*other))
        });
        Self {
            seed: rules.seed,
            needed: rules.needed.max(1),
            repeats: rules.repeats,
            sides: rules.sides,
            rated: vec![0; subjects.len()],
            sorted,
            subjects,
            held: HashMap::new(),
            away: Vec::new(),
            seats: BTreeMap::new(),
        }
    }

    /// The place of an item among the subjects.
    pub fn place_of(&self, item: &ItemHash) -> Option<usize> {
        let found = self.sorted.binary_search_by(|at| self.subjects[*at as usize].item.cmp(item));
        found.ok().map(|at| self.sorted[at] as usize)
    }

    /// The item at a place among the subjects.
    pub fn item(&self, subject: usize) -> Option<&ItemHash> {
        Some(&self.subjects.get(subject)?.item)
    }

    /// Whether a rater sits here.
    pub fn sits(&self, rater: &str) -> bool {
        self.seats.contains_key(rater)
    }

    /// How many sit here: so many queues are held.
    pub fn seats(&self) -> usize {
        self.seats.len()
    }

    /// Gives a rater, the `number`th to join from 0 on, a queue. Twice is once. `counted` are their votes that stand, in their
    /// order, which were tallied already.
    pub fn seat<'a>(&mut self, rater: &str, number: u32, counted: impl IntoIterator<Item = &'a Vote>) {
        if self.sits(rater) {
            return;
        }
        let queue = Queue::of(&self.queue_of(number));
        let mut seat = Seated { queue, done: vec![[None; 2]; self.subjects.len()], ..Seated::default() };
        for vote in counted {
            if let Some(subject) = self.place_of(&vote.item) {
                seat.tread(Trodden::of(vote, subject));
            }
        }
        self.seats.insert(rater.to_owned(), seat);
    }

    /// The rater goes: what lies before them is given back, and their queue is drawn anew when they come again.
    pub fn leave(&mut self, rater: &str) {
        self.release(rater);
        self.seats.remove(rater);
    }

    /// The whole queue of the `number`th rater to join, from 0 on.
    pub fn queue_of(&self, number: u32) -> Vec<Showing> {
        queue(self.seed, &self.subjects, number, self.repeats, self.sides)
    }

    /// Of the queue of a rater who sits here, the `number`th to join, what they could rate now, in its order and so much at most:
    /// items that they have not done, that lack raters, and that are not before as many others as they need.
    pub fn left_of(&self, rater: &str, number: u32, most: usize) -> Vec<Showing> {
        let Some(seat) = self.seats.get(rater) else { return Vec::new() };
        let queue = self.queue_of(number).into_iter().zip(seat.queue.turns());
        let mut given = vec![false; self.subjects.len()];
        let left = queue.filter(|(_, turn)| {
            let at = turn.subject();
            if !turn.repeat {
                given[at] = self.may_come(seat, *turn) && !self.is_taken(*turn, rater);
                return given[at];
            }
            // One comes again where it came before, here or among these.
            let came = seat.has_done(at, false) && !seat.is_early(*turn);
            (given[at] || came) && self.may_come(seat, *turn)
        });
        left.map(|(showing, _)| showing).take(most).collect()
    }

    /// Counts a vote that stands, of the version in force, for all raters: of whoever has no seat.
    pub fn tally(&mut self, vote: &Vote) {
        let Some(subject) = self.place_of(&vote.item) else { return };
        self.rated[subject] += u32::from(Trodden::of(vote, subject).counts());
        self.back(&vote.rater, subject);
    }

    /// Takes a vote that was tallied out again.
    pub fn untally(&mut self, vote: &Vote) {
        let Some(subject) = self.place_of(&vote.item) else { return };
        let counts = u32::from(Trodden::of(vote, subject).counts());
        self.rated[subject] = self.rated[subject].saturating_sub(counts);
    }

    /// Counts a vote of the version in force; those of raters without a seat and on other items are left alone. Give them in
    /// the order in which they were made, or those that stand alone.
    pub fn count(&mut self, vote: &Vote) {
        let Some(subject) = self.place_of(&vote.item) else { return };
        let Some(seat) = self.seats.get_mut(&vote.rater) else { return };
        let place = vote.supersedes.and_then(|old| seat.trail.iter().position(|step| step.vote == old));
        if let Some(place) = place {
            let gone = seat.trail[place].subject;
            self.rated[gone] -= u32::from(seat.trail[place].counts());
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
        let step = Trodden::of(vote, subject);
        self.rated[subject] += u32::from(step.counts());
        if let Some(place) = place {
            seat.trail[place] = step;
        } else {
            seat.tread(step);
        }
        self.back(&vote.rater, subject);
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
        self.away.retain(|away| away.until > now);
        let seat = self.seats.get(rater)?;
        let is_open =
            |turn: Turn| self.may_come(seat, turn) && !seat.is_early(turn) && !self.is_taken(turn, rater);
        let (at, turn) = seat.queue.turns().enumerate().find(|(_, turn)| is_open(*turn))?;
        let order = seat.queue.order(at);
        if !turn.repeat {
            self.hold(rater, turn.subject(), now, hold);
        }
        Some(Place { subject: turn.subject(), order, repeat: turn.repeat })
    }

    /// Holds an item for a rater for `hold` ms, in place of what they held.
    pub fn hold(&mut self, rater: &str, subject: usize, now: u64, hold: u64) {
        self.release(rater);
        let held = Hold { rater: rater.to_owned(), until: now.saturating_add(hold) };
        self.held.entry(subject).or_default().push(held);
    }

    /// What a rater holds, and until when.
    pub fn held_by(&self, rater: &str) -> Option<(usize, u64)> {
        let mut held = self.held.iter().flat_map(|(at, holds)| holds.iter().map(move |hold| (*at, hold)));
        held.find(|(_, hold)| hold.rater == rater).map(|(at, hold)| (at, hold.until))
    }

    /// A rater has taken these items elsewhere: until then, or until they are brought back, they are before that rater.
    pub fn take_away(&mut self, rater: &str, subjects: impl IntoIterator<Item = usize>, until: u64) {
        let mut has = vec![false; self.subjects.len()];
        for subject in subjects {
            if let Some(has) = has.get_mut(subject) {
                *has = true;
            }
        }
        self.away.push(Away { rater: rater.to_owned(), until, has });
    }

    /// A rater has brought back what they had taken.
    pub fn bring_back(&mut self, rater: &str) {
        self.away.retain(|away| away.rater != rater);
    }

    /// What a rater has rated here they do not rate elsewhere as well.
    fn back(&mut self, rater: &str, subject: usize) {
        for away in self.away.iter_mut().filter(|away| away.rater == rater) {
            away.has[subject] = false;
        }
    }

    /// Whether a place of a rater's queue is to be rated by them, now or later: an item that lacks raters, or the repeat of one
    /// that they have rated or may come to.
    fn may_come(&self, seat: &Seated, turn: Turn) -> bool {
        let [first, again] = seat.done[turn.subject()];
        match first {
            Some(at) => turn.repeat && again.is_none() && !seat.trail[at as usize].skipped,
            None => self.rated[turn.subject()] < self.needed,
        }
    }

    /// Whether the others who have an item before them now, here or elsewhere, are all that it needs.
    fn is_taken(&self, turn: Turn, rater: &str) -> bool {
        if turn.repeat {
            return false;
        }
        let subject = turn.subject();
        let away = self.away.iter().filter(|away| away.has[subject]).map(|away| &away.rater);
        let here = self.held.get(&subject).into_iter().flatten().map(|held| &held.rater);
        // Who has it here and elsewhere is one.
        let others: BTreeSet<&String> = here.chain(away).filter(|other| *other != rater).collect();
        self.rated[subject] as usize + others.len() >= self.needed as usize
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
            let mut repeats = seat.queue.turns().filter(|turn| turn.repeat && turn.subject() == subject);
            repeats.any(|turn| self.may_come(seat, turn) && !seat.is_early(turn))
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
        // With every key this goes through all that is left: none of it is held but what comes again.
        let (mut first, mut again) = (0, Vec::new());
        for turn in self.open(seat) {
            if turn.repeat {
                again.push(turn);
            } else {
                first += 1;
            }
        }
        // Where too few items are left to lie between, one does not come again.
        let end = done + first;
        let far_enough = |turn: &&Turn| {
            let at = seat.done[turn.subject()][0].map_or(done, |at| at as usize);
            end.saturating_sub(at) > gap(self.subjects.len())
        };
        let again = again.iter().filter(far_enough).count();
        (done as u64, (end + again) as u64)
    }

    /// What the rater has skipped.
    pub fn skipped(&self, rater: &str) -> u64 {
        let trail = self.seats.get(rater).map_or(&[][..], |seat| &seat.trail);
        trail.iter().filter(|step| step.skipped).count() as u64
    }

    /// Items that the rater could come to if others did not have them before them now.
    pub fn taken(&self, rater: &str) -> u64 {
        let Some(seat) = self.seats.get(rater) else { return 0 };
        self.open(seat).filter(|turn| self.is_taken(*turn, rater)).count() as u64
    }

    /// Ratings that there are of those that items need, and how many that are; what an item has beyond is left out.
    pub fn so_far(&self) -> (u64, u64) {
        let needed = u64::from(self.needed);
        let there = self.rated.iter().map(|rated| u64::from(*rated).min(needed)).sum();
        (there, needed * self.subjects.len() as u64)
    }

    fn open<'a>(&'a self, seat: &'a Seated) -> impl Iterator<Item = Turn> + 'a {
        seat.queue.turns().filter(|turn| self.may_come(seat, *turn))
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

    /// One more step.
    fn tread(&mut self, step: Trodden) {
        self.done[step.subject][usize::from(step.repeat)] = u32::try_from(self.trail.len()).ok();
        self.trail.push(step);
    }

    /// Whether a repeat does not lie far enough behind its first time yet.
    fn is_early(&self, turn: Turn) -> bool {
        let first = self.done[turn.subject()][0];
        // As many as the queue was drawn with.
        let gap = gap(self.done.len());
        turn.repeat && first.is_none_or(|at| self.trail.len() - at as usize <= gap)
    }
}

impl Trodden {
    fn of(vote: &Vote, subject: usize) -> Self {
        Self {
            vote: vote.id,
            subject,
            repeat: vote.repeat,
            skipped: matches!(vote.said, Said::Skipped(_)),
            active_ms: vote.active_ms,
        }
    }

    /// Whether the item has one more rater by it.
    fn counts(&self) -> bool {
        !self.repeat && !self.skipped
    }
}

/// A queue, packed: of a hundred thousand items it is held for everybody who sits.
#[derive(Debug, Clone, Default)]
struct Queue {
    turns: Vec<Turn>,
    /// The orders of all turns, one behind the other.
    orders: Vec<u8>,
}

/// One place of a queue.
#[derive(Debug, Clone, Copy)]
struct Turn {
    subject: u32,
    /// Where its order ends among the orders.
    end: u32,
    repeat: bool,
}

impl Turn {
    fn subject(self) -> usize {
        self.subject as usize
    }
}

impl Queue {
    fn of(queue: &[Showing]) -> Self {
        let mut packed = Self::default();
        packed.turns.reserve_exact(queue.len());
        packed.orders.reserve_exact(queue.iter().map(|showing| showing.order.len()).sum());
        for Showing { subject, order, repeat } in queue {
            packed.orders.extend(order.iter().map(|at| *at as u8));
            let (subject, end) = (*subject as u32, packed.orders.len() as u32);
            packed.turns.push(Turn { subject, end, repeat: *repeat });
        }
        packed
    }

    fn turns(&self) -> impl Iterator<Item = Turn> {
        self.turns.iter().copied()
    }

    /// The order at a place.
    fn order(&self, at: usize) -> Vec<usize> {
        let start = at.checked_sub(1).map_or(0, |before| self.turns[before].end as usize);
        self.orders[start..self.turns[at].end as usize].iter().map(|at| usize::from(*at)).collect()
    }
}
