//! A rater with a hand-out, away from the evaluation that it is of: items out of one file, votes into another.
//!
//! What they may do and what lies before them is as at the evaluation itself (`seats`), and a vote is on the disk before the
//! next item shows. Nothing else is needed: no workspace, no key, no model. Never here: whose an answer is, and whether an item
//! came before, which the hand-out does not tell.

mod ratings;

use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::domain::evaluation::job::{Evaluation, Generation};
use crate::domain::evaluation::sheet::{Asked, Before, Cast, Pace, Seat, Sheet, Shown, Step};
use crate::domain::evaluation::task::TaskDefinition;
use crate::domain::evaluation::vote::Said;
use crate::domain::evaluation::{Vote, limits};
use crate::domain::id::{EvaluationId, VoteId};
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::wire::evaluation::Bad;
use crate::wire::evaluation::hand_out::{self, HandOut, Placed};
use crate::wire::evaluation::rating_file::Given;
use ratings::Ratings;

/// A rater's pace is that of so many items last.
const PACE: usize = 50;

/// Bad lines that are told of a file.
const TOLD: usize = 5;

/// A hand-out before its rater.
#[derive(Debug)]
pub struct Away {
    hand_out: HandOut,
    id: EvaluationId,
    task: TaskDefinition,
    /// Where the votes go.
    path: PathBuf,
    seat: Mutex<Seated>,
}

/// How far the rater is.
#[derive(Debug)]
struct Seated {
    /// Votes that stand, in the order in which their items first came.
    trail: Vec<Given>,
    /// Their places.
    done: HashSet<u32>,
    ratings: Ratings,
}

impl Away {
    /// The file that a name means: one of a hand-out, or one that can be nothing else than a file.
    pub fn meant(name: &str) -> Option<PathBuf> {
        let path = Path::new(name);
        let is_path = name.contains('/')
            || path.extension().is_some_and(|end| end.eq_ignore_ascii_case("jsonl") || end == "json");
        (path.is_file() && (is_path || hand_out::begins(&beginning(path)))).then(|| path.to_owned())
    }

    /// The rater sits down with the file; votes go to `ratings`, beside it where none is named, behind those that are there.
    pub fn open(file: &Path, rater: &str, ratings: Option<PathBuf>) -> Result<Self> {
        let doing = format!("opening the hand-out {}", file.display());
        let bytes = fs::read(file).map_err(|why| Error::io(&doing, &why))?;
        let hint = "Give the file as `outcrop eval hand-out` wrote it.";
        let wrong = |why: String, hint: &str| Error::new(ErrorKind::Invalid, &doing, why, hint);
        let hand_out = hand_out::read(&bytes).whole().map_err(|bad| wrong(in_words(&bad), hint))?;
        let header = &hand_out.header;
        if header.rater != rater {
            let why = format!("it is for {:?}, not {rater:?}", header.rater);
            let hint =
                format!("Each rater has a hand-out of their own; this one takes --rater {:?}.", header.rater);
            return Err(wrong(why, &hint));
        }
        let id: EvaluationId =
            header.task.parse().map_err(|why: Error| wrong(format!("its task: {}", why.why), hint))?;
        let task = header.task();
        let answers = hand_out.items.iter().map(|placed| placed.answers.len()).max();
        if let Some(answers) = answers {
            limits::check(&task, answers).map_err(|why| wrong(why.why, hint))?;
        }
        let path = ratings.unwrap_or_else(|| file.with_file_name(usual_name(&header.name, rater)));
        let (ratings, given) = Ratings::open(&path, &hand_out)?;
        let mut seated = Seated { trail: Vec::new(), done: HashSet::new(), ratings };
        for given in given {
            seated.count(given);
        }
        Ok(Self { hand_out, id, task, path, seat: Mutex::new(seated) })
    }

    /// The evaluation as far as a hand-out tells it.
    pub fn evaluation(&self) -> Evaluation {
        Evaluation {
            id: self.id,
            created: Timestamp(0),
            updated: Timestamp(0),
            task: self.task.clone(),
            earlier: Vec::new(),
            dataset: String::new(),
            items: self.hand_out.header.items,
            sources: Vec::new(),
            seed: 0,
            raters: vec![self.hand_out.header.rater.clone()],
            away: Vec::new(),
            generation: Generation::of(0),
            known: Vec::new(),
            known_before: Vec::new(),
            unblinded: Vec::new(),
            rated: None,
            lacking: Vec::new(),
        }
    }

    /// Where the votes are.
    pub fn ratings(&self) -> &Path {
        &self.path
    }

    /// How far its rater is.
    pub fn pace(&self) -> Pace {
        let seated = self.seat.lock().unwrap_or_else(PoisonError::into_inner);
        self.paced(&seated)
    }

    /// The rater moves: what lies before them then.
    pub fn sit(&self, step: Step) -> Result<Seat> {
        let mut seated = self.seat.lock().unwrap_or_else(PoisonError::into_inner);
        let laid = match step {
            Step::On => self.next(&seated).map(|placed| sheet(placed, None)),
            // Before the first vote there is nothing to take back.
            Step::Undo => match seated.trail.last().cloned() {
                Some(last) => Some(self.taken_back(&mut seated, last)?),
                None => self.next(&seated).map(|placed| sheet(placed, None)),
            },
            Step::To(number) => Some(self.again(&seated, number)?),
            Step::Leave => None,
        };
        Ok(self.seat(&seated, laid))
    }

    /// Keeps a vote, and gives what lies before the rater next.
    pub fn rate(&self, cast: Cast) -> Result<Seat> {
        let mut seated = self.seat.lock().unwrap_or_else(PoisonError::into_inner);
        let given = self.checked(&seated, cast)?;
        seated.keep(given)?;
        let laid = self.next(&seated).map(|placed| sheet(placed, None));
        Ok(self.seat(&seated, laid))
    }

    /// The first place that is not done.
    fn next(&self, seated: &Seated) -> Option<&Placed> {
        self.hand_out.items.iter().find(|placed| !seated.done.contains(&placed.place))
    }

    fn paced(&self, seated: &Seated) -> Pace {
        let last = &seated.trail[seated.trail.len().saturating_sub(PACE)..];
        let mut times: Vec<u64> = last.iter().map(|given| given.vote.active_ms).collect();
        let middle = times.len() / 2;
        let median_ms = if times.is_empty() { 0 } else { *times.select_nth_unstable(middle).1 };
        let skipped = seated.trail.iter().filter(|given| matches!(given.vote.said, Said::Skipped(_)));
        Pace {
            done: seated.trail.len() as u64,
            skipped: skipped.count() as u64,
            total: self.hand_out.items.len() as u64,
            taken: 0,
            median_ms,
            raters: 1,
        }
    }

    fn seat(&self, seated: &Seated, sheet: Option<Sheet>) -> Seat {
        let pace = self.paced(seated);
        let rater = self.hand_out.header.rater.clone();
        Seat { evaluation: self.id, rater, task: Asked::of(&self.task), sheet, pace }
    }

    /// Takes a vote back and lays its item out again.
    fn taken_back(&self, seated: &mut Seated, Given { place, vote }: Given) -> Result<Sheet> {
        let placed = self.at(place)?;
        let before = Before::of(&vote);
        let vote = vote.withdrawal(fresh::vote_id(), fresh::now());
        seated.keep(Given { place, vote })?;
        Ok(Sheet { taken_back: Some(before), ..sheet(placed, None) })
    }

    /// The item of the vote of that number, from 1, with what was said of it.
    fn again(&self, seated: &Seated, number: u64) -> Result<Sheet> {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let given = at.and_then(|at| seated.trail.get(at)).ok_or_else(|| {
            let why = format!("there is no vote {number}");
            Error::new(ErrorKind::NotFound, "going back to an item", why, "Votes count from 1.")
        })?;
        Ok(sheet(self.at(given.place)?, Some(Before::of(&given.vote))))
    }

    fn at(&self, place: u32) -> Result<&Placed> {
        let lost = || Error::internal("laying out an item", format!("the hand-out has no place {place}"));
        self.hand_out.at(place).ok_or_else(lost)
    }

    /// The vote that the rater casts, if it can be one.
    fn checked(&self, seated: &Seated, cast: Cast) -> Result<Given> {
        let failed = |why: &str, hint: &str| Error::new(ErrorKind::Invalid, "keeping a vote", why, hint);
        if cast.version != self.task.version {
            return Err(failed("it is of another version of the task", "Sit down again."));
        }
        if cast.said == Said::Withdrawn {
            return Err(failed("nothing was said", "Rate the item, or skip it with a reason."));
        }
        let is_of = |placed: &Placed| {
            placed.item == cast.item && placed.answers.iter().map(|answer| &answer.id).eq(&cast.shown)
        };
        let place = if let Some(old) = cast.supersedes {
            let why = "the vote that it is to take the place of does not stand any more";
            seated.stands(old).ok_or_else(|| failed(why, "Sit down again."))?
        } else {
            // An item that comes again stands at two places: they are rated in their order.
            let mut open = self.hand_out.items.iter().filter(|placed| is_of(placed));
            let open = open.find(|placed| !seated.done.contains(&placed.place));
            open.ok_or_else(|| failed("this item is rated already", "Go back to it to rate it anew."))?.place
        };
        if !is_of(self.at(place)?) {
            return Err(failed("that item, with those answers, does not stand there", "Sit down again."));
        }
        let vote = Vote {
            id: fresh::vote_id(),
            rater: self.hand_out.header.rater.clone(),
            item: cast.item,
            version: cast.version,
            shown: cast.shown,
            said: cast.said,
            active_ms: cast.active_ms,
            at: fresh::now(),
            supersedes: cast.supersedes,
            comment: cast.comment.filter(|comment| !comment.trim().is_empty()),
            repeat: false,
        };
        vote.check(&self.task)?;
        Ok(Given { place, vote })
    }
}

impl Seated {
    /// Writes a vote down; what is on the disk counts.
    fn keep(&mut self, given: Given) -> Result<()> {
        self.ratings.add(&given)?;
        self.count(given);
        Ok(())
    }

    fn count(&mut self, given: Given) {
        let old = given.vote.supersedes;
        let before = old.and_then(|old| self.trail.iter().position(|known| known.vote.id == old));
        match (before, &given.vote.said) {
            (Some(at), Said::Withdrawn) => {
                self.done.remove(&given.place);
                self.trail.remove(at);
            }
            (Some(at), _) => self.trail[at] = given,
            (None, Said::Withdrawn) => {}
            (None, _) => {
                self.done.insert(given.place);
                self.trail.push(given);
            }
        }
    }

    /// The place of a vote that stands.
    fn stands(&self, vote: VoteId) -> Option<u32> {
        self.trail.iter().find(|given| given.vote.id == vote).map(|given| given.place)
    }
}

/// An item as it lies before the rater.
fn sheet(placed: &Placed, before: Option<Before>) -> Sheet {
    let Placed { item, turns, reference, answers, .. } = placed.clone();
    let shown = |answer: hand_out::Answer| Shown { id: answer.id, text: answer.text, source: None };
    Sheet {
        item,
        turns,
        reference,
        answers: answers.into_iter().map(shown).collect(),
        before,
        taken_back: None,
    }
}

/// The first bytes of a file, by which a hand-out is known.
fn beginning(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = fs::File::open(path) {
        let _ = file.take(256).read_to_end(&mut bytes);
    }
    bytes
}

/// The name of a rater's file: of the task's name and their own, as far as file names take both.
fn usual_name(task: &str, rater: &str) -> String {
    let plain = |text: &str| -> String {
        let signs = text.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' });
        signs.take(40).collect::<String>().trim_matches('-').to_owned()
    };
    let parts = [plain(task), plain(rater), "ratings".to_owned()];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}.jsonl", parts.join("-"))
}

/// What is wrong with the lines of a file.
fn in_words(bad: &[Bad]) -> String {
    let mut words: Vec<String> =
        bad.iter().take(TOLD).map(|bad| format!("line {}: {}", bad.line, bad.why)).collect();
    words.extend((bad.len() > TOLD).then(|| format!("and {} more", bad.len() - TOLD)));
    words.join("; ")
}

#[cfg(test)]
mod tests;
