//! Raters at an evaluation: each gets what needs them next, and a vote is on the disk before the next item shows.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use super::hand_outs::{handed_out, masked, without_names};
use super::{Evaluations, evaluation, progress, put, votes, whole};
use crate::domain::change::Changed;
use crate::domain::evaluation::exchange::Held;
use crate::domain::evaluation::floor::{Floor, Rules};
use crate::domain::evaluation::job::{Evaluation, GenerationState, SoFar, wrong_name};
use crate::domain::evaluation::queue::Subject;
use crate::domain::evaluation::sheet::{Asked, Before, Cast, Pace, Seat, Sheet, Shown, Step};
use crate::domain::evaluation::vote::{Said, in_order};
use crate::domain::evaluation::{Item, ItemHash, ResponseId, Vote};
use crate::domain::id::{EvaluationId, VoteId};
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::store::record::{HeldOf, VoteOf};
use crate::store::{Batch, Scan, Store};

/// An item is held for a rater who has it on the screen for so long, in milliseconds; then others may get it too.
const HOLD: u64 = 15 * 60 * 1000;

/// One that was handed out is held for its rater for so long, in milliseconds: 14 days.
pub(super) const AWAY: u64 = 14 * 24 * 60 * 60 * 1000;

/// An evaluation at which somebody sits.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) evaluation: Evaluation,
    pub(super) floor: Floor,
    /// The place in the evaluation of each subject of the floor.
    pub(super) places: Vec<u32>,
    /// The subject of each name that raters have for an item, where that is not its hash.
    named: HashMap<Half, u32>,
}

/// Where an evaluation is opened: nothing before somebody sits at it, and when what it was read from has changed. Whoever holds
/// it keeps votes and changes of the task apart.
pub(super) type Slot = OwnedMutexGuard<Option<Open>>;

/// The slot of each evaluation.
pub(super) type Slots = HashMap<EvaluationId, Arc<Mutex<Option<Open>>>>;

/// Which item lies before a rater, and how.
struct Laid {
    place: u32,
    /// The answers from the left.
    order: Order,
    before: Option<Before>,
    taken_back: Option<Before>,
}

enum Order {
    /// By the index of their sources.
    Drawn(Vec<usize>),
    /// As they stood before.
    Known(Vec<ResponseId>),
}

impl Evaluations {
    /// A rater sits down, or moves: what lies before them then.
    pub async fn sit(&self, id: EvaluationId, rater: String, step: Step) -> Result<Seat> {
        let mut open = self.opened(id).await?;
        self.join(&mut open, &rater).await?;
        self.note_away(&mut open, &rater, false).await?;
        let now = self.now();
        let seated = self.archive.run(move |store| {
            let (leaves, undoes) = (step == Step::Leave, step == Step::Undo);
            let laid = match step {
                Step::On => open.next(&rater, now),
                // Before the first vote there is nothing to take back.
                Step::Undo => match open.undo(store, &rater, now)? {
                    Some(laid) => Some(laid),
                    None => open.next(&rater, now),
                },
                Step::Leave => {
                    open.floor.release(&rater);
                    None
                }
                Step::To(number) => Some(open.again(store, &rater, number)?),
            };
            open.keep_held(store, &rater, now)?;
            let seat = open.seat(store, rater, laid)?;
            if leaves {
                open.floor.leave(&seat.rater);
            }
            let news = if undoes { open.keep_rated(store)? } else { None };
            Ok((seat, news))
        });
        Ok(self.told(seated.await?))
    }

    /// Keeps a vote, and gives what lies before the rater next.
    pub async fn rate(&self, id: EvaluationId, cast: Cast) -> Result<Seat> {
        let mut open = self.opened(id).await?;
        // The process that this rater sat down in may have ended.
        self.join(&mut open, &cast.rater).await?;
        self.note_away(&mut open, &cast.rater, false).await?;
        let now = self.now();
        let seated = self.archive.run(move |store| {
            let rater = cast.rater.clone();
            let vote = open.checked(store, cast)?;
            open.keep(store, &vote)?;
            open.floor.count(&vote);
            let laid = open.next(&rater, now);
            open.keep_held(store, &rater, now)?;
            let news = open.keep_rated(store)?;
            Ok((open.seat(store, rater, laid)?, news))
        });
        Ok(self.told(seated.await?))
    }

    /// A seat, with what its evaluation came to told where that is news.
    fn told(&self, (seat, news): (Seat, Option<Evaluation>)) -> Seat {
        if let Some(evaluation) = news {
            self.changes.tell(Changed::Evaluation { evaluation });
        }
        seat
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The slot of an evaluation, alone.
    pub(super) async fn slot(&self, id: EvaluationId) -> Slot {
        let slot =
            Arc::clone(self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default());
        slot.lock_owned().await
    }

    /// The evaluation with its floor; read from the disk where nobody sat at it yet.
    pub(super) async fn opened(&self, id: EvaluationId) -> Result<OwnedMappedMutexGuard<Option<Open>, Open>> {
        let mut slot = self.slot(id).await;
        if slot.is_none() {
            let now = self.now();
            let read = self.archive.run(move |store| {
                let mut open = Open::read(store, evaluation(store, id)?, now)?;
                let news = open.keep_rated(store)?;
                Ok((open, news))
            });
            let (open, news) = read.await?;
            *slot = Some(open);
            if let Some(evaluation) = news {
                self.changes.tell(Changed::Evaluation { evaluation });
            }
        }
        OwnedMutexGuard::try_map(slot, Option::as_mut)
            .map_err(|_| Error::internal("opening an evaluation", "it was not there after it was read"))
    }

    /// Gives a rater a seat, with what they did so far.
    pub(super) async fn join(&self, open: &mut Open, rater: &str) -> Result<()> {
        let number = self.joined(open, rater).await?;
        if open.floor.sits(rater) {
            return Ok(());
        }
        let (id, version, name) = (open.evaluation.id, open.evaluation.task.version, rater.to_owned());
        let own = self.archive.run(move |store| {
            let own = votes(store, id, |vote| vote.version == version && vote.rater == name)?;
            Ok(own.collect::<Vec<_>>())
        });
        let own = own.await?;
        open.floor.seat(rater, number, in_order(&own));
        Ok(())
    }

    /// Puts down whether a rater has a hand-out and nothing else.
    pub(super) async fn note_away(&self, open: &mut Open, rater: &str, away: bool) -> Result<()> {
        if open.evaluation.away.iter().any(|known| known == rater) == away {
            return Ok(());
        }
        let _one = self.one.lock().await;
        let (id, name) = (open.evaluation.id, rater.to_owned());
        let noted = self.archive.run(move |store| {
            let mut evaluation = evaluation(store, id)?;
            evaluation.away.retain(|known| *known != name);
            evaluation.away.extend(away.then_some(name));
            put(store, &evaluation)?;
            Ok(evaluation)
        });
        open.evaluation = noted.await?;
        self.changes.tell(Changed::Evaluation { evaluation: open.evaluation.clone() });
        Ok(())
    }

    /// Puts down a rater who was not there yet; the number that they joined as.
    pub(super) async fn joined(&self, open: &mut Open, rater: &str) -> Result<u32> {
        if !open.evaluation.raters.iter().any(|known| known == rater) {
            if let Some(why) = wrong_name(rater) {
                let why = format!("the name of the rater {why}");
                let hint = "Give a name with --rater NAME.";
                return Err(Error::new(ErrorKind::Invalid, "sitting down to rate", why, hint));
            }
            let _one = self.one.lock().await;
            let (id, name) = (open.evaluation.id, rater.to_owned());
            let joined = self.archive.run(move |store| {
                let mut evaluation = evaluation(store, id)?;
                if !evaluation.raters.contains(&name) {
                    evaluation.raters.push(name);
                    put(store, &evaluation)?;
                }
                Ok(evaluation)
            });
            open.evaluation = joined.await?;
            self.changes.tell(Changed::Evaluation { evaluation: open.evaluation.clone() });
        }
        Ok(open.number(rater))
    }
}

/// Half of the digits of a hash; the whole of what is none.
pub(super) type Half = std::result::Result<u128, ItemHash>;

/// Half of the digits of a hash: they tell items apart in a quarter of the room.
pub(super) fn half(hash: &ItemHash) -> Half {
    hash.0.get(..32).and_then(|digits| u128::from_str_radix(digits, 16).ok()).ok_or_else(|| hash.clone())
}

impl Open {
    fn read(store: &Store, evaluation: Evaluation, now: u64) -> Result<Self> {
        if evaluation.generation.state != GenerationState::Ended {
            return Err(Evaluations::unfinished(&evaluation));
        }
        let models: Arc<[String]> = evaluation.sources.iter().map(|source| source.name.clone()).collect();
        let (mut subjects, mut places) = (Vec::new(), Vec::new());
        let (mut seen, mut named) = (HashSet::new(), HashMap::new());
        for place in 0..evaluation.items {
            // One that lacks an answer cannot be rated; of two that look the same the first is.
            let Some(item) = whole(store, &evaluation, place)? else { continue };
            let hash = item.hash();
            if seen.insert(half(&hash)) {
                if evaluation.task.blinding.self_naming {
                    let subject = u32::try_from(subjects.len()).unwrap_or(u32::MAX);
                    named.insert(half(&evaluation.named(hash.clone())), subject);
                }
                subjects.push(Subject { item: hash, models: Arc::clone(&models) });
                places.push(place);
            }
        }
        if subjects.is_empty() {
            return Err(Evaluations::unfinished(&evaluation));
        }
        let task = &evaluation.task;
        let rules = Rules {
            seed: evaluation.seed,
            needed: task.raters_per_item,
            repeats: task.repeats,
            sides: task.blinding.sides,
        };
        let floor = Floor::new(rules, subjects);
        let (id, version) = (evaluation.id, task.version);
        let mut open = Self { evaluation, floor, places, named };
        open.hold_kept(store, now)?;
        progress::each_standing(store, id, version, |vote| open.floor.tally(vote))?;
        Ok(open)
    }

    /// Keeps a vote. That something was said is on the disk with the first one: results are shown by it.
    fn keep(&self, store: &Store, vote: &Vote) -> Result<()> {
        let Evaluation { id, rated, .. } = self.evaluation;
        let mut batch = Batch::new();
        batch.put(&VoteOf(id, vote.id), vote)?;
        if let Some(rated) = rated.filter(|rated| !rated.said) {
            batch.put(&id, &SoFar { said: true, ..rated })?;
        }
        store.commit(batch)
    }

    /// Holds for raters what lay before them when another process served them, and what they have taken elsewhere.
    fn hold_kept(&mut self, store: &Store, now: u64) -> Result<()> {
        let id = self.evaluation.id;
        let today = fresh::now();
        let subjects: HashMap<u32, usize> =
            self.places.iter().enumerate().map(|(at, place)| (*place, at)).collect();
        for record in store.scan::<Held>(Scan::under(&id)) {
            let (HeldOf(_, number), held) = match record {
                Ok(read) => read,
                Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
                Err(_) => continue,
            };
            // Where the clock went back, no longer than from now on.
            let left = held.until.since(today).min(HOLD);
            let rater = self.evaluation.raters.get(number as usize);
            if let (Some(rater), Some(subject), 1..) = (rater, subjects.get(&held.place), left) {
                self.floor.hold(rater, *subject, now, left);
            }
        }
        for handed in handed_out(store, id)? {
            let left = handed.held.map_or(0, |until| until.since(today).min(AWAY));
            if left > 0 && handed.version == self.evaluation.task.version {
                let places = handed.items.iter().filter_map(|showing| u32::try_from(showing.subject).ok());
                let theirs = places.filter_map(|place| subjects.get(&place).copied());
                self.floor.take_away(&handed.rater, theirs, now.saturating_add(left));
            }
        }
        Ok(())
    }

    /// Puts down what lies before a rater now, for the process that serves them next. It need not be on the disk at once: what
    /// only the fall of the machine loses may lie before two.
    fn keep_held(&self, store: &Store, rater: &str, now: u64) -> Result<()> {
        let key = HeldOf(self.evaluation.id, self.number(rater));
        let mut batch = Batch::new();
        match self.floor.held_by(rater) {
            Some((subject, until)) => {
                let left = i64::try_from(until.saturating_sub(now)).unwrap_or_default();
                let until = Timestamp(fresh::now().0.saturating_add(left));
                batch.put(&key, &Held { place: self.places[subject], until })?;
            }
            None if store.has::<Held>(&key)? => {
                batch.remove::<Held>(&key);
            }
            None => {}
        }
        store.commit_soft(batch)
    }

    /// The number that a rater joined as, from 0.
    fn number(&self, rater: &str) -> u32 {
        let number = self.evaluation.raters.iter().position(|known| known == rater).unwrap_or_default();
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn next(&mut self, rater: &str, now: u64) -> Option<Laid> {
        let place = self.floor.next(rater, now, HOLD)?;
        Some(Laid {
            place: self.places[place.subject],
            order: Order::Drawn(place.order),
            before: None,
            taken_back: None,
        })
    }

    /// Takes the last vote back and lays its item before the rater again, for whom it is held; `None` before the first.
    fn undo(&mut self, store: &Store, rater: &str, now: u64) -> Result<Option<Laid>> {
        let (done, _) = self.floor.progress(rater);
        let Some(last) = done.checked_sub(1) else { return Ok(None) };
        let (laid, vote) = self.laid(store, rater, last)?;
        let withdrawn = vote.withdrawal(fresh::vote_id(), fresh::now());
        self.keep(store, &withdrawn)?;
        self.floor.count(&withdrawn);
        if let Some(subject) = self.floor.place_of(&withdrawn.item).filter(|_| !withdrawn.repeat) {
            self.floor.hold(rater, subject, now, HOLD);
        }
        Ok(Some(Laid { taken_back: laid.before, before: None, ..laid }))
    }

    /// Lays the item of the rater's vote of that number, from 1, before them again.
    fn again(&self, store: &Store, rater: &str, number: u64) -> Result<Laid> {
        let number = number.checked_sub(1).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                "going back to an item",
                "there is no vote 0",
                "Votes count from 1.",
            )
        })?;
        Ok(self.laid(store, rater, number)?.0)
    }

    fn laid(&self, store: &Store, rater: &str, number: u64) -> Result<(Laid, Vote)> {
        let lost = || {
            let why = format!("there is no vote {} of {rater:?}", number + 1);
            Error::new(ErrorKind::NotFound, "going back to an item", why, "Votes count from 1.")
        };
        let at = usize::try_from(number).map_err(|_| lost())?;
        let (id, subject) = self.floor.vote(rater, at).ok_or_else(lost)?;
        let vote = store.get::<Vote>(&VoteOf(self.evaluation.id, id))?.ok_or_else(lost)?;
        let before = Before::of(&vote);
        let order = Order::Known(vote.shown.clone());
        Ok((Laid { place: self.places[subject], order, before: Some(before), taken_back: None }, vote))
    }

    /// The seat of a rater with what lies before them.
    fn seat(&self, store: &Store, rater: String, laid: Option<Laid>) -> Result<Seat> {
        let sheet = match laid {
            Some(laid) => Some(self.sheet(store, laid)?),
            None => None,
        };
        let (done, total) = self.floor.progress(&rater);
        let pace = Pace {
            done,
            skipped: self.floor.skipped(&rater),
            total,
            taken: self.floor.taken(&rater),
            median_ms: self.floor.median_ms(&rater),
            raters: u32::try_from(self.evaluation.joined().len()).unwrap_or(u32::MAX),
        };
        let mut task = Asked::of(&self.evaluation.task);
        // Whoever has looked whose answers are whose rates with that in mind.
        task.blind &= !self.evaluation.unblinded.iter().any(|look| look.by == rater);
        Ok(Seat { evaluation: self.evaluation.id, rater, task, sheet, pace })
    }

    fn sheet(&self, store: &Store, laid: Laid) -> Result<Sheet> {
        let lost = || {
            let why = format!("item {} cannot be read any more", laid.place + 1);
            let hint = "`outcrop workspace verify` says what is damaged.";
            Error::new(ErrorKind::Corrupt, "laying out an item", why, hint)
        };
        let item = whole(store, &self.evaluation, laid.place)?.ok_or_else(lost)?;
        let hash = item.hash();
        let ids: Vec<ResponseId> = self.ids(&hash).collect();
        let order = match laid.order {
            Order::Drawn(order) => order,
            Order::Known(shown) => {
                shown.iter().filter_map(|id| ids.iter().position(|known| known == id)).collect()
            }
        };
        let blinding = &self.evaluation.task.blinding;
        let Item { turns, reference, responses, .. } = item;
        let answers = order.iter().map(|at| {
            let response = &responses[*at];
            let source = (!blinding.models).then(|| response.model.clone());
            Shown { id: ids[*at].clone(), text: masked(&self.evaluation, &response.text), source }
        });
        let (answers, before, taken_back) = (answers.collect(), laid.before, laid.taken_back);
        let (turns, reference) = without_names(&self.evaluation, turns, reference);
        let item = self.evaluation.named(hash);
        Ok(Sheet { item, turns, reference, answers, before, taken_back })
    }

    /// The item that a rater names.
    fn meant(&self, item: ItemHash) -> ItemHash {
        let subject = self.named.get(&half(&item)).map(|subject| *subject as usize);
        subject.and_then(|subject| self.floor.item(subject)).cloned().unwrap_or(item)
    }

    /// The ids of the answers to an item, in the order of the sources.
    pub(super) fn ids(&self, item: &crate::domain::evaluation::ItemHash) -> impl Iterator<Item = ResponseId> {
        let sources = self.evaluation.sources.iter();
        sources.map(move |source| ResponseId::of(self.evaluation.seed, item, &source.name))
    }

    /// The vote that a rater casts, if it can be one.
    fn checked(&self, store: &Store, cast: Cast) -> Result<Vote> {
        let failed =
            |why: String, hint: &str| Err(Error::new(ErrorKind::Invalid, "keeping a vote", why, hint));
        let task = &self.evaluation.task;
        let cast = Cast { item: self.meant(cast.item.clone()), ..cast };
        if cast.version != task.version {
            let why = format!("the task has been changed since, to version {}", task.version);
            return failed(why, "Read the instructions again, then rate the item anew.");
        }
        let Some(subject) = self.floor.place_of(&cast.item) else {
            return failed("that item is none of this evaluation".to_owned(), "Sit down again.");
        };
        let mut known: Vec<ResponseId> = self.ids(&cast.item).collect();
        let mut shown = cast.shown.clone();
        known.sort_unstable();
        shown.sort_unstable();
        if known != shown {
            return failed("other answers were shown than the item has".to_owned(), "Sit down again.");
        }
        if cast.said == Said::Withdrawn {
            return failed("nothing was said".to_owned(), "Rate the item, or skip it with a reason.");
        }
        let repeat = match cast.supersedes {
            Some(old) => self.superseded(store, &cast, old)?,
            None => self.floor.is_repeat(&cast.rater, subject),
        };
        // One that is sent twice is no repeat: that comes when it is due.
        let again = repeat && !self.floor.is_due(&cast.rater, subject);
        if cast.supersedes.is_none() && (again || self.floor.has_done(&cast.rater, subject, repeat)) {
            return failed("this item is rated already".to_owned(), "Go back to it to rate it anew.");
        }
        let vote = Vote {
            id: fresh::vote_id(),
            rater: cast.rater,
            item: cast.item,
            version: cast.version,
            shown: cast.shown,
            said: cast.said,
            active_ms: cast.active_ms,
            at: fresh::now(),
            supersedes: cast.supersedes,
            comment: cast.comment.filter(|comment| !comment.trim().is_empty()),
            repeat,
        };
        vote.check(task)?;
        Ok(vote)
    }

    /// Whether the vote that a new one takes the place of was of a repeat; an error where it cannot.
    fn superseded(&self, store: &Store, cast: &Cast, old: VoteId) -> Result<bool> {
        let failed = |why: &str| Error::new(ErrorKind::Invalid, "keeping a vote", why, "Sit down again.");
        if !self.floor.stands(&cast.rater, old) {
            return Err(failed("the vote that it is to take the place of does not stand any more"));
        }
        let vote = store.get::<Vote>(&VoteOf(self.evaluation.id, old))?;
        let vote =
            vote.ok_or_else(|| failed("the vote that it is to take the place of is not there any more"))?;
        if vote.item != cast.item {
            return Err(failed("the vote that it is to take the place of is about another item"));
        }
        Ok(vote.repeat)
    }
}
