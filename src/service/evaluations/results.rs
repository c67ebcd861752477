//! What the votes come to, and what an owner decides where raters differ.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::progress::is_said;
use super::seats::{Half, half};
use super::{Evaluations, each_vote, evaluation, put, votes, whole};
use crate::domain::change::Changed;
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::exchange::ReportForm;
use crate::domain::evaluation::item::{ItemName, Numbered};
use crate::domain::evaluation::job::{Evaluation, Generated, Known, Unblinded};
use crate::domain::evaluation::report::{Rated, RatedItem, Report, Sources, Unanswered, Votes};
use crate::domain::evaluation::task::{Gold, TaskDefinition};
use crate::domain::evaluation::vote::{Said, Value, standing};
use crate::domain::evaluation::{Item, ItemHash, Response, ResponseId, Vote};
use crate::domain::id::{EvaluationId, is_piece, piece};
use crate::domain::untrusted::brief;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::service::paging::MORE;
use crate::store::record::{DecisionOf, EvaluationItem, GeneratedOf, RatedItemOf};
use crate::store::{Batch, Scan, Store};
use crate::wire::evaluation::report::{csv, html, markdown};

/// Columns of a question that results know, and of one that an error names.
const BRIEF: usize = 200;
const SHORT: usize = 40;

/// Items that an error names.
const NAMED: usize = 5;

/// Digits of an item's name that are told of it, as lists do.
const NAME: usize = 12;

/// The fewest digits that name an item: with fewer, a slip of the finger names another one.
const DIGITS: usize = 4;

/// Items read in one go, each core its share of them: whole texts of a hundred thousand never lie in memory at once.
const AT_ONCE: u32 = 4096;

/// Votes, and answers, that room is made for at most before they are read.
const MOST_ROOM: usize = 1 << 20;

/// Samples of the bootstrap.
const ROUNDS: u32 = 1000;

/// Milliseconds of a day.
const DAY: i64 = 24 * 3600 * 1000;

/// What an owner decides of an item that raters differ on.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub item: ItemHash,
    pub metric: String,
    pub value: Value,
    pub reason: String,
    /// Of the task that it was decided by.
    pub version: u32,
}

impl Evaluations {
    /// The report of a version of the task, of the one in force where none is named; and what was decided.
    pub async fn report(
        &self,
        id: EvaluationId,
        version: Option<u32>,
        by: String,
    ) -> Result<(Report, Vec<Decision>)> {
        // Before anything was said it tells no more than the evaluation does: that is no look.
        let tells = self.archive.run(move |store| is_said(store, id)).await?;
        if tells {
            self.looked_at_votes(id, by.clone()).await?;
        }
        let told = self.archive.run(move |store| {
            let evaluation = evaluation(store, id)?;
            let task = task_of(&evaluation, version)?;
            let (votes, rows) = rayon::join(
                || read_votes(store, &evaluation, &task),
                || rows(store, &evaluation, task.version),
            );
            let Rows { items, places, sources, gold, unanswered } = rows?;
            let task = TaskDefinition { gold, ..task };
            let votes = votes?;
            let report = Report::of(&Rated {
                task: &task,
                votes: &votes,
                items: &items,
                sources: &sources,
                raters: &evaluation.joined(),
                unblinded: &evaluation.unblinded,
                rounds: ROUNDS,
                seed: evaluation.seed,
            });
            let decisions = decisions(store, id)?;
            let report = report.with_decisions(&decisions, &sources).with_unanswered(unanswered);
            let questions = questions(store, id, &report, items.iter().zip(places))?;
            let named = questions.iter().map(|(item, text)| (item, text.as_str()));
            let says = !tells && is_said(store, id)?;
            Ok(((report.with_questions(named), decisions), says))
        });
        let (told, says) = told.await?;
        if says {
            // The first vote came while it was read.
            self.looked_at_votes(id, by).await?;
        }
        Ok(told)
    }

    /// The same as a file.
    pub async fn written_report(
        &self,
        id: EvaluationId,
        version: Option<u32>,
        form: ReportForm,
        by: String,
    ) -> Result<String> {
        let (report, _) = self.report(id, version, by).await?;
        match form {
            ReportForm::Markdown => Ok(markdown::write(&report)),
            ReportForm::Html => Ok(html::write(&report)),
            ReportForm::Csv => csv::write(&report),
            ReportForm::Json => serde_json::to_string_pretty(&report)
                .map_err(|why| Error::internal("writing a report as JSON", why.to_string())),
        }
    }

    /// Up to `limit` items by their numbers in the dataset, from this place on. Nothing is told of whose an answer is.
    pub async fn items(&self, id: EvaluationId, from: u32, limit: u32) -> Result<Vec<Numbered>> {
        self.archive
            .run(move |store| {
                let evaluation = evaluation(store, id)?;
                let to = from.saturating_add(limit.min(AT_ONCE)).min(evaluation.items);
                (from..to).map(|place| numbered(store, &evaluation, place)).collect()
            })
            .await
    }

    /// An item of an evaluation with whose each answer is: for its owner.
    pub async fn item(&self, id: EvaluationId, item: ItemHash, by: String) -> Result<Item> {
        self.looked_at_votes(id, by).await?;
        self.archive
            .run(move |store| {
                let evaluation = evaluation(store, id)?;
                found(store, &evaluation, &item)
            })
            .await
    }

    /// An item with whose each answer is, what was said of it by a version of the task and stands, and what was decided: for its
    /// owner.
    pub async fn judged_item(
        &self,
        id: EvaluationId,
        item: ItemHash,
        version: Option<u32>,
        by: String,
    ) -> Result<(Item, Vec<Vote>, Vec<Decision>)> {
        self.looked_at_votes(id, by).await?;
        self.archive
            .run(move |store| {
                let evaluation = evaluation(store, id)?;
                let version = task_of(&evaluation, version)?.version;
                let item = found(store, &evaluation, &item)?;
                let hash = item.hash();
                let all: Vec<Vote> =
                    votes(store, id, |vote| vote.version == version && vote.item == hash)?.collect();
                let standing = standing(&all).into_iter().filter(|vote| vote.said != Said::Withdrawn);
                let standing = standing.cloned().collect();
                let mut decisions = decisions(store, id)?;
                decisions.retain(|decision| decision.version == version && decision.item == hash);
                Ok((item, standing, decisions))
            })
            .await
    }

    /// Keeps that somebody may see whose answers are whose, where that is hidden, before they do: once.
    pub async fn looked(&self, id: EvaluationId, by: String) -> Result<()> {
        self.keep_look(id, by, false).await
    }

    /// The same of somebody who looks at what was said, too, once a day: of whoever rates it is kept though names are not hidden.
    pub(super) async fn looked_at_votes(&self, id: EvaluationId, by: String) -> Result<()> {
        self.keep_look(id, by, true).await
    }

    async fn keep_look(&self, id: EvaluationId, by: String, at_votes: bool) -> Result<()> {
        let one = self.one.lock().await;
        let told = self.archive.run(move |store| {
            let mut evaluation = evaluation(store, id)?;
            let now = fresh::now();
            let known =
                |look: &Unblinded| look.by == by && (!at_votes || now.0.saturating_sub(look.at.0) < DAY);
            let hides = evaluation.task.blinding.models || at_votes && evaluation.raters.contains(&by);
            if hides && !evaluation.unblinded.iter().any(known) {
                evaluation.unblinded.push(Unblinded { by, at: now });
                put(store, &evaluation)?;
                return Ok(Some(evaluation));
            }
            Ok(None)
        });
        let told = told.await?;
        drop(one);
        if let Some(mut evaluation) = told {
            // Whoever sits here has looked from now on.
            if let Some(open) = self.slot(id).await.as_mut() {
                open.evaluation.unblinded.clone_from(&evaluation.unblinded);
                evaluation.rated = open.evaluation.rated;
            }
            self.changes.tell(Changed::Evaluation { evaluation });
        }
        Ok(())
    }

    /// Keeps what an owner decides of an item; what was decided before stays in the history.
    pub async fn adjudicate(&self, id: EvaluationId, decided: Decided, by: String) -> Result<Decision> {
        let wanted = decided.item.clone();
        let item = self.archive.run(move |store| found(store, &evaluation(store, id)?, &wanted)).await?;
        let _one = self.one.lock().await;
        let (evaluation, decision) = self
            .archive
            .run(move |store| {
                let evaluation = evaluation(store, id)?;
                let now = evaluation.task.version;
                if decided.version != now {
                    let why = format!(
                        "it is of version {} of the task, which has been changed since, to version {now}",
                        decided.version
                    );
                    let doing = format!("deciding an item of {:?}", evaluation.name());
                    let hint = "Look at what raters differ on now, then decide again.";
                    return Err(Error::new(ErrorKind::Invalid, doing, why, hint));
                }
                let decision = Decision {
                    id: fresh::vote_id(),
                    item: item.hash(),
                    metric: decided.metric,
                    value: decided.value,
                    reason: decided.reason.trim().to_owned(),
                    by,
                    at: fresh::now(),
                    version: now,
                };
                let hash = &decision.item;
                let shown = item.responses.iter().map(|r| ResponseId::of(evaluation.seed, hash, &r.model));
                decision.check(&evaluation.task, shown.collect())?;
                let mut batch = Batch::new();
                batch.put(&DecisionOf(id, decision.id), &decision)?;
                store.commit(batch)?;
                Ok((evaluation, decision))
            })
            .await?;
        self.changes.tell(Changed::Evaluation { evaluation });
        Ok(decision)
    }
}

/// The task as it was in a version.
pub(super) fn task_of(evaluation: &Evaluation, version: Option<u32>) -> Result<TaskDefinition> {
    let version = version.unwrap_or(evaluation.task.version);
    evaluation.version(version).cloned().ok_or_else(|| {
        let known: Vec<String> = evaluation
            .earlier
            .iter()
            .chain([&evaluation.task])
            .map(|task| task.version.to_string())
            .collect();
        let doing = format!("reporting on {:?}", evaluation.name());
        let why = format!("its task has no version {version}");
        Error::new(ErrorKind::NotFound, doing, why, format!("There are: {}.", known.join(", ")))
    })
}

/// The items as results know them.
struct Rows {
    items: Vec<RatedItem>,
    /// Where each stands in the evaluation.
    places: Vec<u32>,
    /// Whose each answer is.
    sources: Sources,
    /// The answers that are known, by the votes' own names.
    gold: Vec<Gold>,
    /// Those that lack an answer, which are in nothing else here.
    unanswered: Vec<Unanswered>,
}

/// The votes, one after the other: whole ones would take many times the room.
fn read_votes(store: &Store, evaluation: &Evaluation, task: &TaskDefinition) -> Result<Votes> {
    // So many at least are of the version in force.
    let many = evaluation.rated.map_or(0, |rated| usize::try_from(rated.votes).unwrap_or(MOST_ROOM));
    let room = |each: usize| many.saturating_mul(each).min(MOST_ROOM);
    let mut votes = Votes::with_room(room(1), room(evaluation.sources.len()), room(task.metrics.len()));
    for vote in each_vote(store, evaluation.id) {
        votes.push(task, vote?);
    }
    Ok(votes)
}

fn rows(store: &Store, evaluation: &Evaluation, version: u32) -> Result<Rows> {
    let many = evaluation.items as usize;
    let (mut items, mut gold) = (Vec::with_capacity(many), Vec::new());
    let answers = many.saturating_mul(evaluation.sources.len());
    let mut sources = Sources::with_room(answers.min(MOST_ROOM));
    let (mut places, mut unanswered) = (Vec::with_capacity(many), Vec::new());
    let mut seen = HashSet::with_capacity(many);
    let mut known: HashMap<u32, Vec<&Known>> = HashMap::new();
    for answer in evaluation.known_in(version) {
        known.entry(answer.item).or_default().push(answer);
    }
    for first in (0..evaluation.items).step_by(AT_ONCE as usize) {
        let some = first..evaluation.items.min(first.saturating_add(AT_ONCE));
        let read: Result<Vec<Option<Row>>> =
            some.clone().into_par_iter().map(|place| row(store, evaluation, place)).collect();
        for (place, row) in some.zip(read?) {
            let Some(Row { item, half, answers }) = row else {
                count_lack(store, evaluation, place, &mut unanswered)?;
                continue;
            };
            // Of two that look the same the first is rated: the other one is never due.
            if !seen.insert(half) {
                continue;
            }
            for ((id, length), source) in answers.into_iter().zip(&evaluation.sources) {
                sources.insert(id.clone(), &source.name);
                sources.measure(&id, length);
            }
            for known in known.remove(&place).into_iter().flatten() {
                let hash = item.hash.hash();
                let value = known.value.with_ids(|name| ResponseId::of(evaluation.seed, &hash, name));
                gold.push(Gold { item: hash, metric: known.metric.clone(), value, shown: Vec::new() });
            }
            places.push(place);
            items.push(item);
        }
    }
    Ok(Rows { items, places, sources, gold, unanswered })
}

/// What results keep of an item that was read.
struct Row {
    item: RatedItem,
    half: Half,
    /// The name and the characters of the answer of each source.
    answers: Vec<(ResponseId, usize)>,
}

/// The item at a place; `None` while it lacks an answer.
fn row(store: &Store, evaluation: &Evaluation, place: u32) -> Result<Option<Row>> {
    let Some(item) = whole(store, evaluation, place)? else { return Ok(None) };
    let hash = item.hash();
    let answer = |response: &Response| {
        (ResponseId::of(evaluation.seed, &hash, &response.model), response.text.chars().count())
    };
    let answers = item.responses.iter().map(answer).collect();
    let (category, conversation) = (item.category.map(Into::into), item.conversation.map(Into::into));
    let item = RatedItem { hash: (&hash).into(), category, conversation };
    Ok(Some(Row { item, half: half(&hash), answers }))
}

/// How the questions begin of the items that a report names; the others' are not read again.
fn questions<'a>(
    store: &Store,
    id: EvaluationId,
    report: &Report,
    items: impl Iterator<Item = (&'a RatedItem, u32)>,
) -> Result<Vec<(ItemHash, String)>> {
    let names: HashSet<ItemName> = report.names().into_iter().map(ItemName::from).collect();
    let mut found = Vec::new();
    for (item, place) in items.filter(|(item, _)| names.contains(&item.hash)) {
        if let Some(EvaluationItem(whole)) = store.get(&RatedItemOf(id, place))? {
            found.push((item.hash.hash(), brief(whole.prompt(), BRIEF)));
        }
    }
    Ok(found)
}

/// Counts an item under the first source whose answer it lacks.
fn count_lack(
    store: &Store,
    evaluation: &Evaluation,
    place: u32,
    unanswered: &mut Vec<Unanswered>,
) -> Result<()> {
    for (source, number) in
        evaluation.sources.iter().zip(0_u8..).filter(|(source, _)| source.column.is_some())
    {
        let key = GeneratedOf(RatedItemOf(evaluation.id, place), number);
        let failed = match store.get::<Generated>(&key)? {
            Some(Generated::Answer { .. }) => continue,
            Some(Generated::Failed { .. }) => true,
            None => false,
        };
        let known = unanswered.iter_mut().find(|lack| lack.source == source.name && lack.failed == failed);
        match known {
            Some(lack) => lack.items += 1,
            None => unanswered.push(Unanswered { source: source.name.clone(), failed, items: 1 }),
        }
        break;
    }
    Ok(())
}

/// An item as lists have it, by the name that raters know: its hash would tell where they see names masked.
fn numbered(store: &Store, evaluation: &Evaluation, place: u32) -> Result<Numbered> {
    let whole = whole(store, evaluation, place)?;
    let id = whole.as_ref().map(|item| evaluation.named(item.hash()));
    let item = match whole {
        Some(item) => Some(item),
        None => store.get(&RatedItemOf(evaluation.id, place))?.map(|EvaluationItem(item)| item),
    };
    let question = item.map_or_else(String::new, |item| brief(item.prompt(), BRIEF));
    Ok(Numbered { number: place + 1, id, question })
}

/// The number of an item that a text is: from 1 up to as many as there are. Digits of an id may begin with a zero.
fn number(text: &str, items: u32) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|number| plain && (1..=items).contains(number))
}

/// The item that is meant by its number in the dataset, or by the first or the last digits of its name; an error names those that
/// it could be.
fn found(store: &Store, evaluation: &Evaluation, wanted: &ItemHash) -> Result<Item> {
    let (digits, name) = (piece(&wanted.0), evaluation.name());
    let doing = format!("finding the item {digits:?} of {name:?}");
    let lists = format!("`outcrop eval report {name:?} --items` lists them by number and id.");
    if let Some(number) = number(&digits, evaluation.items) {
        return whole(store, evaluation, number - 1)?.ok_or_else(|| {
            let hint = format!("`outcrop eval run {name:?}` asks for what is missing.");
            Error::new(
                ErrorKind::NotFound,
                doing,
                "an answer to it is missing, so that nobody could rate it",
                hint,
            )
        });
    }
    if digits.len() < DIGITS {
        let why = format!(
            "its items have the numbers 1 to {}, and an id takes at least {DIGITS} of its digits",
            evaluation.items
        );
        return Err(Error::new(ErrorKind::Invalid, doing, why, lists));
    }
    let mut found: Vec<(ItemHash, Item)> = Vec::new();
    for place in 0..evaluation.items {
        let Some(item) = whole(store, evaluation, place)? else { continue };
        // Lists have what raters call it, reports its hash.
        let hash = item.hash();
        let mut names = [hash.clone(), evaluation.named(hash)].into_iter();
        let meant = names.find(|name| is_piece(&digits, &name.0));
        if let Some(name) = meant.filter(|name| found.iter().all(|(known, _)| known != name)) {
            found.push((name, item));
        }
    }
    match found.len() {
        0 => Err(Error::new(ErrorKind::NotFound, doing, "no item's id begins or ends so", lists)),
        1 => Ok(found.swap_remove(0).1),
        many => {
            let mut named: Vec<String> = found
                .iter()
                .take(NAMED)
                .map(|(hash, item)| format!("{} ({})", told(&hash.0, &digits), brief(item.prompt(), SHORT)))
                .collect();
            named.extend((many > NAMED).then(|| format!("and {} more", many - NAMED)));
            let why = format!("{many} items' ids begin or end so: {}", named.join(", "));
            Err(Error::new(ErrorKind::Invalid, doing, why, format!("{MORE} {lists}")))
        }
    }
}

/// The end of a name that is meant by a piece, where it goes on.
fn told(hash: &str, piece: &str) -> String {
    match hash.get(hash.len().saturating_sub(NAME)..) {
        Some(end) if !hash.starts_with(piece) => format!("…{end}"),
        _ => format!("{hash:.NAME$}…"),
    }
}

/// What was decided, in the order in which it was.
pub(super) fn decisions(store: &Store, id: EvaluationId) -> Result<Vec<Decision>> {
    let mut found = Vec::new();
    for record in store.scan::<Decision>(Scan::under(&id)) {
        match record {
            Ok((_, decision)) => found.push(decision),
            Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
            Err(_) => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_plain_number_up_to_the_count_of_items_is_a_number_and_all_else_digits_of_an_id() {
        let read =
            ["1", "3", "12", "4", "0", "03", "3d", "", "1234", &"1".repeat(64)].map(|text| number(text, 12));
        let known = [Some(1), Some(3), Some(12), Some(4), None, None, None, None, None, None];
        assert_eq!(read, known);
        assert_eq!(number("1234", 5000), Some(1234));
    }
}
