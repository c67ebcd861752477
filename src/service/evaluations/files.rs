//! Evaluations on their way to other people and programs, and back.

use std::collections::HashMap;

use super::{Evaluations, evaluation, votes, whole};
use crate::domain::change::Changed;
use crate::domain::evaluation::exchange::{Form, TakenIn, Unread};
use crate::domain::evaluation::job::{Evaluation, Generation, Source};
use crate::domain::evaluation::masking;
use crate::domain::evaluation::task::TaskDefinition;
use crate::domain::evaluation::vote::{Said, standing};
use crate::domain::evaluation::{Item, Metric, Vote};
use crate::domain::id::EvaluationId;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::evaluations::seats::Open;
use crate::service::fresh;
use crate::store::record::{EvaluationItem, RatedItemOf, VoteOf};
use crate::store::{Batch, Store};
use crate::wire::evaluation::hand_out::{Answer, HandOut, Shown};
use crate::wire::evaluation::human::{About, Line};
use crate::wire::evaluation::{Judged, Read, argilla, human, label_studio, preference, rating_file};

/// Votes written in one go.
const AT_ONCE: usize = 1024;

impl Evaluations {
    /// The file that a rater takes elsewhere: their whole queue, by nobody's name.
    pub async fn hand_out(&self, id: EvaluationId, rater: String) -> Result<String> {
        let mut open = self.opened(id).await?;
        self.join(&mut open, &rater).await?;
        self.archive.run(move |store| handed_out(store, &open, &rater)?.write()).await
    }

    /// Takes a rating file in, of whichever evaluation it is: what fits is kept, what is here already is left, the rest is
    /// told.
    pub async fn take_in(&self, text: String) -> Result<(Evaluation, TakenIn)> {
        let header = rating_file::header(text.as_bytes()).map_err(|bad| {
            let why =
                bad.into_iter().map(|bad| format!("line {}: {}", bad.line, bad.why)).collect::<Vec<_>>();
            let hint = "Give the file that the rater's program wrote.";
            Error::new(ErrorKind::Invalid, "taking a rating file in", why.join("; "), hint)
        })?;
        let id: EvaluationId = header.task.parse()?;
        let mut open = self.opened(id).await?;
        if !open.evaluation.raters.contains(&header.rater) {
            let why = format!("{:?} has no hand-out of it", header.rater);
            let doing = format!("taking a rating file of {:?} in", open.evaluation.name());
            return Err(Error::new(
                ErrorKind::Invalid,
                doing,
                why,
                "Only ratings of what was handed out are taken.",
            ));
        }
        self.join(&mut open, &header.rater).await?;
        let (evaluation, taken) = self
            .archive
            .run(move |store| {
                let taken = taken_in(store, &mut open, &header.rater, &text)?;
                Ok((open.evaluation.clone(), taken))
            })
            .await?;
        self.changes.tell(Changed::Evaluation { evaluation: evaluation.clone() });
        Ok((evaluation, taken))
    }

    /// The evaluation in the form of another program, and what that has no place for.
    pub async fn export(
        &self,
        id: EvaluationId,
        form: Form,
        metric: Option<String>,
        by: String,
    ) -> Result<(String, Vec<String>)> {
        self.looked(id, by).await?;
        self.archive
            .run(move |store| {
                let evaluation = evaluation(store, id)?;
                let judged = judged(store, &evaluation)?;
                let name =
                    metric.or_else(|| evaluation.task.metrics.first().map(|metric| metric.name.clone()));
                let name = name.unwrap_or_default();
                if evaluation.task.metric(&name).is_none() {
                    let why = format!("{name:?} is no metric of {:?}", evaluation.name());
                    return Err(Error::new(ErrorKind::NotFound, "exporting an evaluation", why, ""));
                }
                Ok(match form {
                    Form::Bedrock => {
                        let about = About {
                            instructions: evaluation.task.instructions.clone(),
                            fixed_sides: !evaluation.task.blinding.sides,
                        };
                        let (lines, left_out): (Vec<Line>, Vec<Vec<String>>) =
                            judged.iter().map(|judged| Line::of(judged, &about)).unzip();
                        (human::write(&lines)?, left_out.concat())
                    }
                    Form::LabelStudio => (label_studio::write(&judged)?, Vec::new()),
                    Form::Argilla => (argilla::write(&judged)?, Vec::new()),
                    Form::Dpo => (preference::dpo(&judged, &name)?, Vec::new()),
                    Form::Kto => (preference::kto(&judged, &name)?, Vec::new()),
                })
            })
            .await
    }

    /// Makes an evaluation of what another program wrote: its items, its answers, what was said of them.
    pub async fn import(&self, name: String, form: Form, text: String) -> Result<(Evaluation, TakenIn)> {
        let doing = format!("importing the evaluation {name:?}");
        let read: Read<Judged> = match form {
            Form::Bedrock => {
                let read = human::read(text.as_bytes());
                let taken = read.taken.into_iter().map(|(at, line)| (at, line.judged)).collect();
                Read { taken, bad: read.bad }
            }
            Form::LabelStudio => label_studio::read(text.as_bytes()),
            Form::Argilla => argilla::read(text.as_bytes()),
            Form::Dpo | Form::Kto => {
                let why = "preference data tells nothing of raters";
                return Err(Error::new(
                    ErrorKind::Invalid,
                    doing,
                    why,
                    "Give Bedrock's, Label Studio's or Argilla's form.",
                ));
            }
        };
        let bad: Vec<Unread> =
            read.bad.iter().map(|bad| Unread { line: bad.line as u64, why: bad.why.clone() }).collect();
        let judged: Vec<Judged> = read.into_taken();
        if judged.is_empty() {
            let why = bad
                .first()
                .map_or_else(|| "it is empty".to_owned(), |bad| format!("line {}: {}", bad.line, bad.why));
            return Err(Error::new(
                ErrorKind::Invalid,
                doing,
                why,
                "Look whether it is of the form that you named.",
            ));
        }
        let evaluation = imported(name, &judged)?;
        let items: Vec<Item> = judged.iter().map(|judged| judged.item.clone()).collect();
        let (seed, version) = (evaluation.seed, evaluation.task.version);
        let mut votes = Vec::new();
        for judged in &judged {
            votes.extend(judged.votes(seed, version, fresh::vote_id));
        }
        let taken = TakenIn { taken: votes.len() as u64, known: 0, bad };
        let evaluation = self.kept(evaluation, items, votes).await?;
        Ok((evaluation, taken))
    }
}

/// The queue of a rater, with the texts as they see them.
fn handed_out(store: &Store, open: &Open, rater: &str) -> Result<HandOut> {
    let evaluation = &open.evaluation;
    let mut shown = Vec::new();
    for showing in open.floor.queue_of(rater) {
        let Some(item) = whole(store, evaluation, open.places[showing.subject])? else { continue };
        let hash = item.hash();
        let ids: Vec<_> = open.ids(&hash).collect();
        let answers = showing
            .order
            .iter()
            .map(|at| Answer { id: ids[*at].clone(), text: masked(evaluation, &item.responses[*at].text) });
        let answers = answers.collect();
        shown.push(Shown { item: hash, turns: item.turns, reference: item.reference, answers });
    }
    Ok(HandOut::of(evaluation.id.to_string(), &evaluation.task, rater, shown))
}

/// An answer as raters see it.
pub(super) fn masked(evaluation: &Evaluation, text: &str) -> String {
    if evaluation.task.blinding.self_naming {
        masking::masked(text, evaluation.sources.iter().map(|source| source.name.as_str()))
    } else {
        text.to_owned()
    }
}

fn taken_in(store: &Store, open: &mut Open, rater: &str, text: &str) -> Result<TakenIn> {
    let hand_out = handed_out(store, open, rater)?;
    let read = rating_file::read(text.as_bytes(), &hand_out);
    let mut bad: Vec<Unread> =
        read.bad.iter().map(|bad| Unread { line: bad.line as u64, why: bad.why.clone() }).collect();
    let repeats: Vec<bool> = open.floor.queue_of(rater).map(|showing| showing.repeat).collect();
    let (mut fresh_ones, mut known): (Vec<Vote>, u64) = (Vec::new(), 0);
    for (line, given) in read.taken {
        let at = usize::try_from(given.place).unwrap_or(usize::MAX).saturating_sub(1);
        let vote = Vote { repeat: repeats.get(at).copied().unwrap_or_default(), ..given.vote };
        match store.get::<Vote>(&VoteOf(open.evaluation.id, vote.id))? {
            Some(same) if same == vote => {
                known += 1;
            }
            Some(_) => {
                bad.push(Unread {
                    line: line as u64,
                    why: "another vote with its id is here already".into(),
                });
            }
            None => {
                let subject = open.floor.place_of(&vote.item);
                let done = subject.is_some_and(|subject| open.floor.has_done(rater, subject, vote.repeat));
                // One that takes the place of a vote that does not stand takes nobody's.
                let supersedes = vote.supersedes.is_some_and(|old| open.floor.stands(rater, old));
                if done && !supersedes {
                    let why = "its rater has rated that item already, here or in another file".to_owned();
                    bad.push(Unread { line: line as u64, why });
                } else {
                    fresh_ones.push(vote);
                }
            }
        }
    }
    let taken = fresh_ones.len() as u64;
    let mut rest = fresh_ones.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(AT_ONCE));
        let mut batch = Batch::new();
        for vote in now {
            batch.put(&VoteOf(open.evaluation.id, vote.id), vote)?;
        }
        store.commit(batch)?;
        rest = later;
    }
    // On the disk first: what could not be written is not taken.
    for vote in &fresh_ones {
        open.floor.count(vote);
    }
    bad.sort_by_key(|bad| bad.line);
    Ok(TakenIn { taken, known, bad })
}

/// Every whole item with the votes of the version in force that stand.
fn judged(store: &Store, evaluation: &Evaluation) -> Result<Vec<Judged>> {
    let task = &evaluation.task;
    let all: Vec<Vote> = votes(store, evaluation.id, |vote| vote.version == task.version)?.collect();
    let mut by_item: HashMap<&str, Vec<&Vote>> = HashMap::new();
    for vote in standing(&all).into_iter().filter(|vote| !vote.repeat) {
        by_item.entry(&vote.item.0).or_default().push(vote);
    }
    let mut judged = Vec::new();
    for place in 0..evaluation.items {
        let Some(item) = whole(store, evaluation, place)? else { continue };
        let hash = item.hash();
        let votes = by_item.get(hash.0.as_str()).into_iter().flatten().copied();
        judged.push(Judged::of(&item, &task.metrics, votes, evaluation.seed));
    }
    Ok(judged)
}

/// The evaluation that such a file is of.
fn imported(name: String, judged: &[Judged]) -> Result<Evaluation> {
    let mut metrics: Vec<Metric> = Vec::new();
    let mut sources: Vec<Source> = Vec::new();
    let mut raters: Vec<String> = Vec::new();
    let mut most = 1_usize;
    for judged in judged {
        for metric in &judged.metrics {
            if metrics.iter().all(|known| known.name != metric.name) {
                metrics.push(metric.clone());
            }
        }
        for response in &judged.item.responses {
            if sources.iter().all(|known| known.name != response.model) {
                sources.push(Source { name: response.model.clone(), column: None });
            }
        }
        for opinion in &judged.opinions {
            if !raters.contains(&opinion.rater) {
                raters.push(opinion.rater.clone());
            }
        }
        most = most.max(judged.opinions.iter().filter(|o| matches!(o.said, Said::Values(_))).count());
    }
    let now = fresh::now();
    let task = TaskDefinition {
        instructions: "Imported: what raters were told is not known.".to_owned(),
        name,
        examples: Vec::new(),
        metrics,
        raters_per_item: u32::try_from(most).unwrap_or(1),
        blinding: crate::domain::evaluation::task::Blinding::default(),
        gold: Vec::new(),
        repeats: 0,
        version: 1,
    };
    let evaluation = Evaluation {
        id: fresh::evaluation_id(),
        created: now,
        updated: now,
        task,
        earlier: Vec::new(),
        dataset: "imported".to_owned(),
        items: u32::try_from(judged.len()).unwrap_or(u32::MAX),
        sources,
        seed: fresh::seed(),
        raters,
        known: Vec::new(),
        generation: Generation::of(0),
        unblinded: Vec::new(),
    };
    evaluation.check()?;
    Ok(evaluation)
}

/// Puts the votes of a new evaluation down.
pub(super) fn put_votes(store: &Store, id: EvaluationId, votes: &[Vote]) -> Result<()> {
    for chunk in votes.chunks(AT_ONCE) {
        let mut batch = Batch::new();
        for vote in chunk {
            batch.put(&VoteOf(id, vote.id), vote)?;
        }
        store.commit_soft(batch)?;
    }
    Ok(())
}

/// Puts the items of a new evaluation down: its head comes last, without it they are nobody's.
pub(super) fn put_items(store: &Store, id: EvaluationId, mut items: Vec<Item>) -> Result<()> {
    let mut place = 0;
    while !items.is_empty() {
        let mut batch = Batch::new();
        for item in items.drain(..AT_ONCE.min(items.len())) {
            batch.put(&RatedItemOf(id, place), &EvaluationItem(item))?;
            place += 1;
        }
        store.commit_soft(batch)?;
    }
    Ok(())
}
