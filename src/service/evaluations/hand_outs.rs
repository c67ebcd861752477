//! Raters on other machines: what they take away, and what they bring back.

use std::collections::{HashMap, HashSet};

use super::results::task_of;
use super::seats::{AWAY, Open};
use super::{Evaluations, evaluation, files, progress, put, votes, whole};
use crate::domain::change::Changed;
use crate::domain::evaluation::exchange::{HandedOut, TakenIn, Unread};
use crate::domain::evaluation::item::Turn;
use crate::domain::evaluation::job::Evaluation;
use crate::domain::evaluation::masking;
use crate::domain::evaluation::queue::Showing;
use crate::domain::evaluation::vote::{Said, standing};
use crate::domain::evaluation::{Item, ItemHash, ResponseId, Vote};
use crate::domain::id::{EvaluationId, VoteId};
use crate::domain::message::Role;
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::store::record::{HandedOutOf, VoteOf};
use crate::store::{Batch, Scan, Store};
use crate::wire::evaluation::hand_out::{Answer, HandOut, Shown};
use crate::wire::evaluation::rating_file::{self, Given, Header};

const TAKING_IN: &str = "taking a rating file in";

impl Evaluations {
    /// The file that a rater takes elsewhere, by nobody's name: what of their queue they could rate now, so many items at most; or
    /// with `all` their whole queue, also what has its raters. What is in it is kept, so that the votes on it can be read whatever
    /// changes meanwhile, and is held for that rater for some days: until when is told.
    pub async fn hand_out(
        &self,
        id: EvaluationId,
        rater: String,
        most: Option<u32>,
        all: bool,
    ) -> Result<(String, Timestamp)> {
        let mut open = self.opened(id).await?;
        // What they had taken before is theirs to be had again.
        open.floor.bring_back(&rater);
        let known = open.evaluation.raters.iter().position(|known| *known == rater);
        // Whoever is new is put down once there is something for them.
        let number = numbered(known.unwrap_or(open.evaluation.raters.len()));
        let queue = if all {
            open.floor.queue_of(number)
        } else {
            self.left_of(&mut open, &rater, number, most.unwrap_or(u32::MAX)).await?
        };
        self.joined(&mut open, &rater).await?;
        if known.is_none() {
            self.note_away(&mut open, &rater, true).await?;
        }
        let evaluation = open.evaluation.clone();
        // Nobody gets meanwhile what is being handed out.
        open.floor.take_away(&rater, queue.iter().map(|showing| showing.subject), self.now() + AWAY);
        let items: Vec<Showing> = open.in_places(queue);
        // Others go on while it is written.
        drop(open);
        let written = self.write_hand_out(evaluation, rater, items).await;
        if written.is_err() {
            // What was not handed out is not held.
            *self.slot(id).await = None;
        }
        written
    }

    /// The next items of a rater's queue; whoever does not sit here has a seat for as long as it is looked at.
    async fn left_of(&self, open: &mut Open, rater: &str, number: u32, most: u32) -> Result<Vec<Showing>> {
        let sat = open.floor.sits(rater);
        if open.evaluation.raters.iter().any(|known| known == rater) {
            self.join(open, rater).await?;
        } else {
            open.floor.seat(rater, number, []);
        }
        let left = open.floor.left_of(rater, number, most as usize);
        if !sat {
            open.floor.leave(rater);
        }
        if left.is_empty() {
            let doing = format!("handing items of {:?} out", open.evaluation.name());
            let why = format!("nothing is left that {rater:?} could rate now");
            let hint = "What others have taken away comes back with `take-in`; --all hands out what has its raters, too.";
            return Err(Error::new(ErrorKind::NotFound, doing, why, hint));
        }
        Ok(left)
    }

    async fn write_hand_out(
        &self,
        evaluation: Evaluation,
        rater: String,
        items: Vec<Showing>,
    ) -> Result<(String, Timestamp)> {
        let held = Timestamp(fresh::now().0.saturating_add(i64::try_from(AWAY).unwrap_or_default()));
        let id = evaluation.id;
        let written = self.archive.run(move |store| {
            let task = &evaluation.task;
            let shown = items.iter().map(|showing| shown(store, &evaluation, showing));
            let shown = shown.collect::<Result<Vec<_>>>()?;
            let file = HandOut::of(evaluation.id.to_string(), task, rater.as_str(), shown);
            let digest = file.header.digest.clone();
            let (version, keyed) = (task.version, task.blinding.self_naming);
            Ok((file.write()?, HandedOut { rater, version, digest, items, keyed, held: Some(held) }))
        });
        let (file, handed) = written.await?;
        let _one = self.one.lock().await;
        self.archive.run(move |store| keep(store, id, &handed)).await?;
        Ok((file, held))
    }

    /// Takes a rating file in, of whichever evaluation it is: what fits is kept, what is here already is left, the rest is
    /// told. It is read by what was handed out, not by what the evaluation has become since.
    pub async fn take_in(&self, bytes: Vec<u8>) -> Result<(Evaluation, TakenIn)> {
        let header = rating_file::header(&bytes).map_err(|bad| {
            let why =
                bad.into_iter().map(|bad| format!("line {}: {}", bad.line, bad.why)).collect::<Vec<_>>();
            let hint = "Give the file that the rater's program wrote.";
            Error::new(ErrorKind::Invalid, TAKING_IN, why.join("; "), hint)
        })?;
        let id: EvaluationId = header.task.parse().map_err(|error: Error| {
            let hint = "Give the file as the rater's program wrote it.";
            Error::new(ErrorKind::Invalid, TAKING_IN, format!("its task: {}", error.why), hint)
        })?;
        let read = self.archive.run(move |store| Brought::read(store, id, &header, &bytes)).await?;
        // Its rater may sit here too: no vote of theirs is between what is looked at and what is kept.
        let mut slot = self.slot(id).await;
        let _one = self.one.lock().await;
        let (evaluation, taken) = self
            .archive
            .run(move |store| {
                // One that is gone by now gets no votes.
                let mut evaluation = evaluation(store, id)?;
                let rater = read.rater.clone();
                let (here, votes, taken, fits) = read.fitting(store, id)?;
                files::put_votes(store, id, &votes)?;
                give_back(store, id, &rater)?;
                if evaluation.away.contains(&rater) && fits {
                    evaluation.away.retain(|known| *known != rater);
                    put(store, &evaluation)?;
                }
                store.flush()?;
                // On the disk first: what could not be written is not taken.
                if let Some(open) = &mut *slot {
                    open.floor.bring_back(&rater);
                    open.evaluation.away.clone_from(&evaluation.away);
                    if taken.version == open.evaluation.task.version {
                        open.count(&rater, here, votes);
                    }
                    open.keep_rated(store)?;
                    evaluation.rated = open.evaluation.rated;
                } else {
                    let needed = evaluation.rated.map(|rated| rated.needed);
                    let rated = progress::counted(store, &evaluation, needed)?;
                    progress::keep(store, id, rated)?;
                    evaluation.rated = Some(rated);
                }
                store.flush()?;
                Ok((evaluation, taken))
            })
            .await?;
        self.changes.tell(Changed::Evaluation { evaluation: evaluation.clone() });
        Ok((evaluation, taken))
    }
}

/// Keeps what was handed out; what was handed out to that rater before is not held for them any more. The very same is kept
/// once.
fn keep(store: &Store, id: EvaluationId, handed: &HandedOut) -> Result<()> {
    let known = handed_out(store, id)?;
    let same = known.iter().position(|known| known.digest == handed.digest);
    let place = same.unwrap_or(known.len());
    let mut batch = Batch::new();
    batch.put(&HandedOutOf(id, numbered(place)), handed)?;
    let others =
        known.into_iter().enumerate().filter(|(at, other)| *at != place && other.rater == handed.rater);
    no_longer_held(others, id, &mut batch)?;
    store.commit(batch)
}

/// What a rater was handed out is not held for them any more.
fn give_back(store: &Store, id: EvaluationId, rater: &str) -> Result<()> {
    let known = handed_out(store, id)?;
    let theirs = known.into_iter().enumerate().filter(|(_, handed)| handed.rater == rater);
    let mut batch = Batch::new();
    no_longer_held(theirs, id, &mut batch)?;
    store.commit_soft(batch)
}

fn no_longer_held(
    hand_outs: impl Iterator<Item = (usize, HandedOut)>,
    id: EvaluationId,
    batch: &mut Batch,
) -> Result<()> {
    for (at, handed) in hand_outs.filter(|(_, handed)| handed.held.is_some()) {
        batch.put(&HandedOutOf(id, numbered(at)), &HandedOut { held: None, ..handed })?;
    }
    Ok(())
}

fn numbered(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// All hand-outs, the first one first.
pub(super) fn handed_out(store: &Store, id: EvaluationId) -> Result<Vec<HandedOut>> {
    store.scan::<HandedOut>(Scan::under(&id)).map(|record| Ok(record?.1)).collect()
}

/// An item as a rater gets it.
fn shown(store: &Store, evaluation: &Evaluation, showing: &Showing) -> Result<Shown> {
    let Some((item, ids)) = with_ids(store, evaluation, showing)? else {
        let why = format!("item {} cannot be read", showing.subject + 1);
        let hint = "`outcrop workspace verify` says what is damaged.";
        return Err(Error::new(ErrorKind::Corrupt, "handing items out", why, hint));
    };
    let text = |at: usize| masked(evaluation, &item.responses[at].text);
    let answers = showing.order.iter().zip(ids).map(|(at, id)| Answer { id, text: text(*at) }).collect();
    let name = evaluation.named(item.hash());
    let (turns, reference) = without_names(evaluation, item.turns, item.reference);
    Ok(Shown { item: name, turns, reference, answers })
}

/// An item, and the ids of its answers as they stand; `None` where it cannot be read.
fn with_ids(
    store: &Store,
    evaluation: &Evaluation,
    showing: &Showing,
) -> Result<Option<(Item, Vec<ResponseId>)>> {
    let place = u32::try_from(showing.subject).unwrap_or(u32::MAX);
    let Some(item) = whole(store, evaluation, place)? else { return Ok(None) };
    let hash = item.hash();
    let models = showing.order.iter().filter_map(|at| item.responses.get(*at));
    let ids = models.map(|response| ResponseId::of(evaluation.seed, &hash, &response.model)).collect();
    Ok(Some((item, ids)))
}

/// What stands before the answers as raters see it: a model may have said its name there, too.
pub(super) fn without_names(
    evaluation: &Evaluation,
    mut turns: Vec<Turn>,
    reference: Option<String>,
) -> (Vec<Turn>, Option<String>) {
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::Assistant) {
        turn.text = masked(evaluation, &turn.text);
    }
    (turns, reference.map(|text| masked(evaluation, &text)))
}

/// An answer as raters see it.
pub(super) fn masked(evaluation: &Evaluation, text: &str) -> String {
    if evaluation.task.blinding.self_naming {
        masking::masked(text, evaluation.sources.iter().map(|source| source.name.as_str()))
    } else {
        text.to_owned()
    }
}

/// A rating file as it was read.
struct Brought {
    rater: String,
    version: u32,
    votes: Vec<(usize, Vote)>,
    bad: Vec<Unread>,
}

impl Brought {
    /// Reads a file by the hand-out that it is of.
    fn read(store: &Store, id: EvaluationId, header: &Header, text: &[u8]) -> Result<Self> {
        let evaluation = evaluation(store, id)?;
        let mut theirs = handed_out(store, id)?;
        theirs.retain(|handed| handed.rater == header.rater);
        let at = theirs.iter().position(|handed| handed.digest == header.digest);
        // Of none that is known: against the last one it is said what differs.
        let Some(at) = at.or(theirs.len().checked_sub(1)) else {
            let why = format!("{:?} has no hand-out of it", header.rater);
            let doing = format!("taking a rating file of {:?} in", evaluation.name());
            let hint = "Only ratings of what was handed out are taken.";
            return Err(Error::new(ErrorKind::Invalid, doing, why, hint));
        };
        let handed = theirs.swap_remove(at);
        let (hand_out, items) = as_handed(store, &evaluation, &handed)?;
        let read = rating_file::read(text, &hand_out);
        let whole = |Given { place, vote }: Given| {
            let at = usize::try_from(place).unwrap_or(usize::MAX).saturating_sub(1);
            let repeat = handed.items.get(at).is_some_and(|showing| showing.repeat);
            // Here an item has its hash for a name, whatever it was called there.
            let item = items.get(at).cloned().unwrap_or_else(|| vote.item.clone());
            Vote { item, repeat, ..vote }
        };
        Ok(Self {
            votes: read.taken.into_iter().map(|(line, given)| (line, whole(given))).collect(),
            bad: read.bad.into_iter().map(|bad| Unread { line: bad.line as u64, why: bad.why }).collect(),
            rater: handed.rater,
            version: handed.version,
        })
    }

    /// The rater's votes that are here, those that are to be kept, what became of the file with that, and whether any line of it
    /// fits. Votes that were taken back or changed are kept, and not counted.
    fn fitting(self, store: &Store, id: EvaluationId) -> Result<(Vec<Vote>, Vec<Vote>, TakenIn, bool)> {
        let Self { rater, version, votes: brought, mut bad } = self;
        let here: Vec<Vote> =
            votes(store, id, |vote| vote.rater == rater && vote.version == version)?.collect();
        let mut done: HashMap<(ItemHash, bool), VoteId> =
            standing(&here).into_iter().map(|vote| ((vote.item.clone(), vote.repeat), vote.id)).collect();
        let (mut taken, mut known) = (Vec::new(), Vec::new());
        for (line, vote) in brought {
            let mut leave_out = |why: &str| bad.push(Unread { line: line as u64, why: why.to_owned() });
            let place = (vote.item.clone(), vote.repeat);
            match store.get::<Vote>(&VoteOf(id, vote.id))? {
                Some(same) if same == vote => known.push(vote.id),
                Some(_) => leave_out("another vote with its id is here already"),
                // One that takes the place of a vote that does not stand takes nobody's.
                None if done.get(&place).is_some_and(|stands| vote.supersedes != Some(*stands)) => {
                    leave_out("its rater has rated that item already, here or in another file");
                }
                None => {
                    match vote.said {
                        Said::Withdrawn => done.remove(&place),
                        _ => done.insert(place, vote.id),
                    };
                    taken.push(vote);
                }
            }
        }
        bad.sort_by_key(|bad| bad.line);
        let stand: HashSet<VoteId> =
            standing(here.iter().chain(&taken)).into_iter().map(|vote| vote.id).collect();
        let fits = !(taken.is_empty() && known.is_empty());
        let new = taken.iter().filter(|vote| stand.contains(&vote.id)).count() as u64;
        let known = known.iter().filter(|vote| stand.contains(*vote)).count() as u64;
        Ok((here, taken, TakenIn { taken: new, known, version, bad }, fits))
    }
}

/// A hand-out as its votes are held against it: the task as it was, items and answers by their ids; and the hashes of its items.
fn as_handed(store: &Store, evaluation: &Evaluation, handed: &HandedOut) -> Result<(HandOut, Vec<ItemHash>)> {
    let task = task_of(evaluation, Some(handed.version))?;
    let (mut items, mut ids) = (Vec::new(), Vec::new());
    for showing in &handed.items {
        // Of one that cannot be read any more no vote can be told to be about it.
        let (hash, answers) = match with_ids(store, evaluation, showing)? {
            Some((item, ids)) => (item.hash(), ids),
            None => (ItemHash(String::new()), Vec::new()),
        };
        let item = if handed.keyed { hash.keyed(evaluation.seed) } else { hash.clone() };
        let answers = answers.into_iter().map(|id| Answer { id, text: String::new() }).collect();
        ids.push(Shown { item, turns: Vec::new(), reference: None, answers });
        items.push(hash);
    }
    let mut file = HandOut::of(evaluation.id.to_string(), &task, handed.rater.as_str(), ids);
    file.header.digest.clone_from(&handed.digest);
    Ok((file, items))
}

impl Open {
    /// A queue by places in the evaluation.
    fn in_places(&self, queue: Vec<Showing>) -> Vec<Showing> {
        let place = |subject: usize| self.places[subject] as usize;
        queue.into_iter().map(|showing| Showing { subject: place(showing.subject), ..showing }).collect()
    }

    /// Counts a rater's votes that came from elsewhere, to those that were here.
    fn count(&mut self, rater: &str, mut here: Vec<Vote>, votes: Vec<Vote>) {
        if self.floor.sits(rater) {
            for vote in &votes {
                self.floor.count(vote);
            }
            return;
        }
        for vote in standing(&here) {
            self.floor.untally(vote);
        }
        here.extend(votes);
        for vote in standing(&here) {
            self.floor.tally(vote);
        }
    }
}
