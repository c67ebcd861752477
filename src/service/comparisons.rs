//! Comparisons of models side by side: made, kept, chosen in, ranked.
//!
//! A lane is a conversation that no list has; its turns are `chat`'s, as of any other. Here lives which conversations
//! belong together, and what people chose.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use tokio::sync::Mutex;

use crate::domain::change::Changed;
use crate::domain::comparison::measure::Summary;
use crate::domain::comparison::{
    Ballot, Column, Comparison, Form, Page, Plan, Seen, Table, counted, is_question, prompt_digest,
};
use crate::domain::conversation::{Conversation, Thread, title_from};
use crate::domain::evaluation::battle::{BattlesRead, Fought};
use crate::domain::evaluation::dataset::BadLine;
use crate::domain::evaluation::ranking::{Options, among, categories};
use crate::domain::evaluation::{Choice, Leaderboard, leaderboard};
use crate::domain::id::{BallotId, ComparisonId, ConversationId, MessageId};
use crate::domain::message::{Message, Outcome};
use crate::domain::tree::Tree;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::{Archive, forget};
use crate::service::changes::Changes;
use crate::service::invoke::Invoke;
use crate::service::turns::Turns;
use crate::service::{fresh, paging};
use crate::store::{Batch, Scan, Store};
use crate::wire;
use crate::wire::comparison::Object;
use crate::wire::evaluation::Bad;

/// From elsewhere. The leaderboard has a cell for every two of them.
const MOST_CONTESTANTS: usize = 1000;

/// The service.
#[derive(Debug, Clone)]
pub struct Comparisons {
    archive: Archive,
    invoke: Arc<Invoke>,
    changes: Changes,
    turns: Turns,
    /// Reading a comparison and writing it back is one act.
    one: Arc<Mutex<()>>,
}

/// A choice that a person made, to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    pub comparison: ComparisonId,
    pub page: u32,
    /// In the order of the columns.
    pub answers: Vec<MessageId>,
    pub choice: Choice,
    /// The columns as they stood on the screen.
    pub order: Vec<usize>,
    /// Who answered could not be seen.
    pub hidden: bool,
}

/// Who was chosen over whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    pub board: Leaderboard,
    /// Those that there are.
    pub categories: Vec<String>,
    /// Battles from elsewhere that are left out, as they have nothing to do with those of here.
    pub apart: u64,
    /// Choices, of the category that was asked for, that are no battle.
    pub unranked: u64,
}

impl Comparisons {
    /// Over these records; what is compared is asked of `invoke`'s models, changes are told to `changes`.
    pub fn new(archive: Archive, invoke: Arc<Invoke>, changes: Changes, turns: Turns) -> Self {
        Self { archive, invoke, changes, turns, one: Arc::default() }
    }

    /// Makes a comparison with a conversation for each lane; a table has the rows of the plan. Nothing is sent yet.
    pub async fn create(&self, mut plan: Plan, table: Option<Table>) -> Result<Comparison> {
        if let Some(Table { name, text }) = table {
            plan.rows = wire::values::rows(&name, &text)?;
        }
        plan.lanes()?;
        for column in &plan.columns {
            self.invoke.knows(&column.model)?;
        }
        let now = fresh::now();
        let (id, mut heads) = (fresh::comparison_id(), Vec::new());
        let title = title_from(&plan.text);
        let pages = plan.pages().map(|(values, sample)| {
            let mut page = Page { values, sample, lanes: Vec::new() };
            let lanes = plan.columns.iter().map(|column| {
                let head = Conversation {
                    id: fresh::conversation_id(),
                    title: title.clone(),
                    titled: false,
                    created: now,
                    updated: now,
                    model: Some(column.model.clone()),
                    system: page.system(column),
                    settings: column.settings.clone(),
                    leaf: None,
                    run: None,
                    side: Some(id),
                    forked_from: None,
                    agent: None,
                };
                let lane = head.id;
                heads.push(head);
                lane
            });
            page.lanes = lanes.collect();
            page
        });
        let pages = pages.collect();
        let comparison = Comparison {
            id,
            title,
            created: now,
            updated: now,
            pages,
            blind: plan.blind.then(fresh::seed),
            category: named(plan.category),
            columns: plan.columns,
            unblinded: Vec::new(),
        };
        let made = comparison.clone();
        self.archive
            .run(move |store| {
                let mut batch = Batch::new();
                batch.put(&made.id, &made)?;
                for head in &heads {
                    batch.put(&head.id, head)?;
                }
                store.commit(batch)
            })
            .await?;
        self.changes.tell(Changed::Comparison { comparison: comparison.clone() });
        Ok(comparison)
    }

    /// The newest behind `before`, and whether there are older ones.
    pub async fn list(&self, limit: usize, before: Option<ComparisonId>) -> Result<(Vec<Comparison>, bool)> {
        self.archive.run(move |store| paging::page(store, limit, before.as_ref())).await
    }

    /// The one whose id starts or ends with `text`.
    pub async fn find(&self, text: String) -> Result<Comparison> {
        self.archive
            .run(move |store| paging::find(store, &text, "comparison", "outcrop comparisons list"))
            .await
    }

    /// One, with the choices that count in it, then those that `who` took back: there they have seen who answers.
    pub async fn open(&self, id: ComparisonId, who: String) -> Result<(Comparison, Vec<Ballot>)> {
        self.archive
            .run(move |store| {
                let comparison = comparison(store, id)?;
                let all = ballots(store, |ballot| ballot.comparison == id)?;
                let back = all.iter().filter(|ballot| ballot.taken_back.is_some() && ballot.who == who);
                Ok((comparison, counted(&all).into_iter().chain(back).cloned().collect()))
            })
            .await
    }

    /// One that is to be written out, with the choices that count in it: refused while `who` has yet to choose in it without
    /// knowing who answers.
    async fn told(&self, id: ComparisonId, who: &str) -> Result<(Comparison, Vec<Ballot>)> {
        let (comparison, mut ballots) = self.open(id, who.to_owned()).await?;
        if let Some(page) = comparison.hidden_page(&ballots, who) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("writing out the comparison {}", id.short()),
                format!("it is blind, and nobody has chosen on page {} yet", page + 1),
                "Choose on every page first, or see who answers: choices after that are not blind.",
            ));
        }
        ballots.retain(|ballot| ballot.taken_back.is_none());
        Ok((comparison, ballots))
    }

    /// What the answers of each column come to, in the order of the columns: those of the branch that each lane shows.
    pub async fn summary(&self, id: ComparisonId) -> Result<Vec<Summary>> {
        let comparison = self.archive.run(move |store| comparison(store, id)).await?;
        let mut columns = vec![Vec::new(); comparison.columns.len()];
        for (_, column, lane) in comparison.lanes() {
            let Thread { conversation, messages } = self.archive.thread(lane).await?;
            let path = conversation.leaf.map(|leaf| Tree::new(&messages).path(leaf)).unwrap_or_default();
            let ended = path.into_iter().filter_map(|message| message.answer.clone());
            columns[column].extend(ended.filter(|answer| answer.outcome != Outcome::Streaming));
        }
        let prices = self.invoke.prices();
        let priced = comparison.columns.iter().zip(&columns);
        Ok(priced.map(|(column, answers)| Summary::of(answers, prices.of(&column.model).as_ref())).collect())
    }

    /// Keeps a choice. A later one of the same person about the same answers takes its place; both are kept.
    pub async fn choose(&self, chosen: Chosen, who: String) -> Result<Ballot> {
        let _one = self.one.lock().await;
        let (comparison, ballot) = self
            .archive
            .run(move |store| {
                let mut comparison = comparison(store, chosen.comparison)?;
                let Checked { prompt, failed, broken_off } = checked(store, &comparison, &chosen)?;
                comparison.updated = fresh::now();
                // Whoever has chosen on the page has seen who answers there, also where that was taken back.
                let seen = |other: &Ballot| {
                    other.comparison == comparison.id && other.page == chosen.page && other.who == who
                };
                // Which answer was broken off tells which was slow.
                let hidden = chosen.hidden
                    && !broken_off
                    && !comparison.was_seen_on(chosen.page as usize, &who)
                    && ballots(store, seen)?.is_empty();
                let ballot = Ballot {
                    id: fresh::ballot_id(),
                    at: comparison.updated,
                    who,
                    comparison: comparison.id,
                    page: chosen.page,
                    answers: chosen.answers,
                    contestants: comparison.columns.iter().map(Column::contestant).collect(),
                    order: chosen.order,
                    blind: comparison.blind.filter(|_| hidden),
                    taken_back: None,
                    choice: chosen.choice,
                    category: comparison.category.clone(),
                    prompt: Some(prompt),
                    failed,
                };
                let mut batch = Batch::new();
                batch.put(&ballot.id, &ballot)?;
                batch.put(&comparison.id, &comparison)?;
                store.commit(batch)?;
                Ok((comparison, ballot))
            })
            .await?;
        self.changes.tell(Changed::Comparison { comparison });
        Ok(ballot)
    }

    /// Keeps that somebody sees who answers, on all pages or on one, also where nothing is chosen yet.
    pub async fn look(&self, id: ComparisonId, page: Option<u32>, by: String) -> Result<Comparison> {
        let _one = self.one.lock().await;
        let comparison = self
            .archive
            .run(move |store| {
                let mut comparison = comparison(store, id)?;
                let known = match page {
                    Some(page) => comparison.was_seen_on(page as usize, &by),
                    None => comparison.was_seen_by(&by),
                };
                if comparison.blind.is_some() && !known {
                    comparison.unblinded.push(Seen { by, at: fresh::now(), page });
                    let mut batch = Batch::new();
                    batch.put(&id, &comparison)?;
                    store.commit(batch)?;
                }
                Ok(comparison)
            })
            .await?;
        self.changes.tell(Changed::Comparison { comparison: comparison.clone() });
        Ok(comparison)
    }

    /// Takes a choice of `who` back, which stays in the store: an earlier one about the same answers counts again. Nobody takes back
    /// another's.
    pub async fn take_back(&self, id: BallotId, who: String) -> Result<()> {
        let _one = self.one.lock().await;
        let comparison = self
            .archive
            .run(move |store| {
                let Some(mut ballot) = store.get::<Ballot>(&id)? else {
                    let why = format!("there is none with the id {}", id.short());
                    let hint = "It was removed with its comparison: there is nothing to take back.";
                    return Err(Error::new(ErrorKind::NotFound, "taking a choice back", why, hint));
                };
                if !ballot.is_of(&who) {
                    let why = format!("{:?} made it", ballot.who);
                    let hint = "Choose yourself: what each person said last counts.";
                    return Err(Error::new(ErrorKind::Invalid, "taking a choice back", why, hint));
                }
                ballot.taken_back.get_or_insert_with(fresh::now);
                let mut batch = Batch::new();
                batch.put(&id, &ballot)?;
                store.commit(batch)?;
                store.get::<Comparison>(&ballot.comparison)
            })
            .await?;
        if let Some(comparison) = comparison {
            self.changes.tell(Changed::Comparison { comparison });
        }
        Ok(())
    }

    /// Gives it a category, or takes it away, also of the choices that were made in it.
    pub async fn categorise(&self, id: ComparisonId, category: Option<String>) -> Result<Comparison> {
        let _one = self.one.lock().await;
        let category = named(category);
        let comparison = self
            .archive
            .run(move |store| {
                let mut comparison = comparison(store, id)?;
                comparison.category.clone_from(&category);
                comparison.updated = fresh::now();
                let mut batch = Batch::new();
                batch.put(&id, &comparison)?;
                for ballot in ballots(store, |ballot| ballot.comparison == id)? {
                    batch.put(&ballot.id, &Ballot { category: category.clone(), ..ballot.clone() })?;
                }
                store.commit(batch)?;
                Ok(comparison)
            })
            .await?;
        self.changes.tell(Changed::Comparison { comparison: comparison.clone() });
        Ok(comparison)
    }

    /// Who was chosen over whom, of all choices or of one category's.
    pub async fn leaderboard(&self, category: Option<String>) -> Result<Ranked> {
        self.archive
            .run(move |store| {
                let ballots = ballots(store, |_| true)?;
                let options = Options { category: named(category), ..Options::default() };
                let (mut battles, mut unranked) = (Vec::new(), 0);
                for ballot in counted(&ballots) {
                    let told = ballot.battles();
                    let is_asked_for = options.category.is_none() || ballot.category == options.category;
                    unranked += u64::from(told.is_empty() && is_asked_for);
                    battles.extend(told);
                }
                let brought = brought(store)?.map(|fought| fought.battle).collect();
                let (brought, apart) = among(&battles, brought);
                battles.extend(brought);
                let categories = categories(&battles).into_iter().map(str::to_owned).collect();
                Ok(Ranked { board: leaderboard(&battles, &options), categories, apart, unranked })
            })
            .await
    }

    /// Keeps the battles of a file, for the leaderboard; with `remove` those that it brought are taken away again. All or nothing,
    /// unless bad lines are to be passed over.
    pub async fn take_in(&self, bytes: Vec<u8>, skip_bad: bool, remove: bool) -> Result<BattlesRead> {
        let _one = self.one.lock().await;
        self.archive
            .run(move |store| {
                let read = wire::evaluation::battles::read(&bytes);
                let bad = |bad: Bad| BadLine { line: bad.line as u64, why: bad.why };
                let mut told =
                    BattlesRead { bad: read.bad.into_iter().map(bad).collect(), ..Default::default() };
                if !told.bad.is_empty() && !skip_bad {
                    return Ok(told);
                }
                if !remove {
                    within_bounds(store, &read.taken)?;
                }
                // What was chosen here may come back from elsewhere: it counts once.
                let mut own: HashMap<BallotId, u64> = HashMap::new();
                for fought in own_battles(store, None)? {
                    *own.entry(fought.id(0)).or_default() += 1;
                }
                let mut equal: HashMap<BallotId, u64> = HashMap::new();
                let mut batch = Batch::new();
                for (_, fought) in read.taken {
                    let first = fought.id(0);
                    let nth = equal.entry(first).or_default();
                    let id = fought.id(*nth);
                    let is_own = *nth < own.get(&first).copied().unwrap_or_default();
                    *nth += 1;
                    let known = store.has::<Fought>(&id)? || is_own && !remove;
                    match (known, remove) {
                        (true, false) | (false, true) => {
                            told.passed += 1;
                            continue;
                        }
                        (false, false) => {
                            batch.put(&id, &fought)?;
                        }
                        (true, true) => {
                            batch.remove::<Fought>(&id);
                        }
                    }
                    told.taken += 1;
                }
                store.commit(batch)?;
                Ok(told)
            })
            .await
    }

    /// One as a text, page by page, or the battles of one or of all, which tell of choices only.
    pub fn export(
        &self,
        id: Option<ComparisonId>,
        form: Form,
        who: String,
    ) -> BoxStream<'static, Result<String>> {
        let comparisons = self.clone();
        match form {
            Form::Battles => {
                stream::once(async move { comparisons.archive.run(move |store| battles(store, id)).await })
                    .boxed()
            }
            Form::Json => {
                let begun = async move {
                    let (comparison, ballots) = comparisons.told(one(id)?, &who).await?;
                    let lanes: Vec<_> = comparison.lanes().collect();
                    let head = wire::comparison::line(&Object::Comparison { comparison: &comparison });
                    let lanes = stream::iter(lanes).then(move |(page, column, lane)| {
                        let archive = comparisons.archive.clone();
                        async move {
                            let thread = archive.thread(lane).await?;
                            wire::comparison::line(&Object::Lane { page, column, thread: &thread })
                        }
                    });
                    let chosen: Vec<_> = ballots
                        .iter()
                        .map(|ballot| wire::comparison::line(&Object::Ballot { ballot }))
                        .collect();
                    Ok(stream::once(std::future::ready(head)).chain(lanes).chain(stream::iter(chosen)))
                };
                stream::once(begun).try_flatten().boxed()
            }
            Form::Markdown => {
                let begun = async move {
                    let (comparison, ballots) = comparisons.told(one(id)?, &who).await?;
                    let head = wire::comparison::head(&comparison);
                    let pages = stream::unfold(0, move |number| {
                        let (comparisons, comparison) = (comparisons.clone(), comparison.clone());
                        let ballots = ballots.clone();
                        async move {
                            let lanes = comparison.pages.get(number)?.lanes.clone();
                            let page = comparisons.page(&comparison, number, &lanes, &ballots).await;
                            Some((page, number + 1))
                        }
                    });
                    Ok(stream::once(std::future::ready(Ok(head))).chain(pages))
                };
                stream::once(begun).try_flatten().boxed()
            }
        }
    }

    async fn page(
        &self,
        comparison: &Comparison,
        number: usize,
        lanes: &[ConversationId],
        ballots: &[Ballot],
    ) -> Result<String> {
        let mut threads = Vec::with_capacity(lanes.len());
        for lane in lanes {
            threads.push(self.archive.thread(*lane).await?);
        }
        let prices = self.invoke.prices();
        Ok(wire::comparison::page(comparison, number, &threads, ballots, |model| prices.of(model)))
    }

    /// Deletes it with its conversations; what is being answered in them is stopped first. What was chosen stays on the
    /// leaderboard, unless `ballots` go too.
    pub async fn remove(&self, id: ComparisonId, and_ballots: bool) -> Result<()> {
        let _one = self.one.lock().await;
        let lanes: Vec<ConversationId> = self
            .archive
            .run(move |store| Ok(comparison(store, id)?.lanes().map(|(_, _, lane)| lane).collect()))
            .await?;
        // Held to the end: what is about to begin there finds nothing any more.
        let mut held = Vec::with_capacity(lanes.len());
        for lane in &lanes {
            held.push(self.turns.hold(*lane).await);
            self.turns.end(*lane).await;
        }
        self.archive
            .run(move |store| {
                let mut batch = Batch::new();
                batch.remove::<Comparison>(&id);
                if and_ballots {
                    for ballot in ballots(store, |ballot| ballot.comparison == id)? {
                        batch.remove::<Ballot>(&ballot.id);
                    }
                }
                forget(store, &lanes, &mut batch)?;
                store.commit(batch)
            })
            .await?;
        self.changes.tell(Changed::ComparisonRemoved { id });
        Ok(())
    }
}

/// The one that is named.
fn one(id: Option<ComparisonId>) -> Result<ComparisonId> {
    id.ok_or_else(|| {
        let why = "only battles are of all comparisons, and none is named";
        Error::new(ErrorKind::Invalid, "exporting a comparison", why, "Name one.")
    })
}

fn comparison(store: &Store, id: ComparisonId) -> Result<Comparison> {
    store.get::<Comparison>(&id)?.ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            "opening a comparison",
            format!("there is none with the id {}", id.short()),
            "`outcrop comparisons list` shows those that there are.",
        )
    })
}

/// A category as it is kept; none for an empty one.
fn named(category: Option<String>) -> Option<String> {
    category.map(|category| category.trim().to_owned()).filter(|category| !category.is_empty())
}

/// Those that can be read, in the order in which they were made.
pub(super) fn ballots(store: &Store, wanted: impl Fn(&Ballot) -> bool) -> Result<Vec<Ballot>> {
    let mut found = Vec::new();
    for record in store.scan::<Ballot>(Scan::all()) {
        match record {
            Ok((_, ballot)) if wanted(&ballot) => found.push(ballot),
            Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
            _ => {}
        }
    }
    Ok(found)
}

/// The battles that files brought.
fn brought(store: &Store) -> Result<impl Iterator<Item = Fought>> {
    let mut found = Vec::new();
    for record in store.scan::<Fought>(Scan::all()) {
        match record {
            Ok((_, fought)) => found.push(fought),
            Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
            Err(_) => {}
        }
    }
    Ok(found.into_iter())
}

/// The battles of one comparison or, of all, those that were brought too: one a line.
fn battles(store: &Store, id: Option<ComparisonId>) -> Result<String> {
    let mut fought = own_battles(store, id)?;
    // Those that were brought are of no comparison of here.
    if id.is_none() {
        fought.extend(brought(store)?);
    }
    wire::evaluation::battles::write(&fought)
}

/// The choices that count as battles, in the order in which they were made.
fn own_battles(store: &Store, id: Option<ComparisonId>) -> Result<Vec<Fought>> {
    let ballots = ballots(store, |ballot| id.is_none_or(|id| ballot.comparison == id))?;
    let mut fought = Vec::new();
    for ballot in counted(&ballots) {
        let turn = turn(store, ballot).ok().flatten();
        let judge = (!ballot.who.is_empty()).then(|| ballot.who.clone());
        fought.extend(ballot.battles().into_iter().map(|battle| Fought {
            battle,
            judge: judge.clone(),
            turn,
            at: Some(ballot.at),
        }));
    }
    Ok(fought)
}

/// Whether no more contestants come with these battles than can be rated.
fn within_bounds(store: &Store, taken: &[(usize, Fought)]) -> Result<()> {
    let mut names: HashSet<String> = HashSet::new();
    for fought in brought(store)?.chain(taken.iter().map(|(_, fought)| fought.clone())) {
        names.extend([fought.battle.a, fought.battle.b]);
    }
    if names.len() <= MOST_CONTESTANTS {
        return Ok(());
    }
    let why = format!("there would be {} contestants, at most {MOST_CONTESTANTS} are rated", names.len());
    let hint = "Take fewer in; --remove takes a file off again.";
    Err(Error::new(ErrorKind::Invalid, "taking battles in", why, hint))
}

/// Which turn of its page a choice is about, from 1; `None` where its answers are gone.
fn turn(store: &Store, ballot: &Ballot) -> Result<Option<u64>> {
    let page = store.get::<Comparison>(&ballot.comparison)?.and_then(|mut of| {
        let at = ballot.page as usize;
        (at < of.pages.len()).then(|| of.pages.swap_remove(at))
    });
    let Some((lane, mut at)) = page.and_then(|page| Some((*page.lanes.first()?, *ballot.answers.first()?)))
    else {
        return Ok(None);
    };
    let mut questions = 0;
    while let Some(message) = store.get::<Message>(&(lane, at))? {
        questions += u64::from(is_question(&message));
        match message.parent {
            Some(parent) => at = parent,
            None => return Ok(Some(questions)),
        }
    }
    Ok(None)
}

/// What a choice is among.
struct Checked {
    /// The digest of what was asked.
    prompt: String,
    /// Columns without an answer.
    failed: Vec<usize>,
    /// An answer on the page came in part, which shows who answers there.
    broken_off: bool,
}

/// Whether an answer of a lane came in part, also one that was asked for again since.
fn was_broken_off(store: &Store, lane: ConversationId) -> Result<bool> {
    for record in store.scan::<Message>(Scan::under(&lane)) {
        let outcome = match record {
            Ok((_, message)) => message.answer.map(|answer| answer.outcome),
            Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
            Err(_) => None,
        };
        if matches!(outcome, Some(Outcome::Stopped | Outcome::Interrupted)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a choice is one among answers of one turn on one page.
fn checked(store: &Store, comparison: &Comparison, chosen: &Chosen) -> Result<Checked> {
    let failed = |why: String| {
        let hint = "Choose among the answers of one turn, one of each column.";
        Error::new(ErrorKind::Invalid, "keeping a choice", why, hint)
    };
    let columns = comparison.columns.len();
    let page = comparison.pages.get(chosen.page as usize);
    let page = page.ok_or_else(|| failed(format!("there is no page {}", chosen.page)))?;
    let mut order = chosen.order.clone();
    order.sort_unstable();
    if chosen.answers.len() != columns || !order.into_iter().eq(0..columns) {
        return Err(failed(format!("{columns} answers are needed, and the order of them")));
    }
    if matches!(chosen.choice, Choice::One(column) if column >= columns) {
        return Err(failed("no column is at that place".to_owned()));
    }
    let (mut prompt, mut without, mut broken_off) = (None, Vec::new(), false);
    for ((lane, answer), column) in page.lanes.iter().zip(&chosen.answers).zip(0..) {
        let lost = || failed(format!("column has no message {}", answer.short()));
        let message = store.get::<Message>(&(*lane, *answer))?.ok_or_else(lost)?;
        let outcome = &message.answer.as_ref().ok_or_else(lost)?.outcome;
        if *outcome == Outcome::Streaming {
            let why = "an answer is still being written";
            return Err(Error::new(ErrorKind::Busy, "keeping a choice", why, "Choose when all have ended."));
        }
        if message.has_no_answer() {
            without.push(column);
        }
        broken_off = broken_off || comparison.blind.is_some() && was_broken_off(store, *lane)?;
        // What tools gave back in between is no question.
        let mut asked = message;
        while !is_question(&asked) {
            let above = asked.parent.ok_or_else(lost)?;
            asked = store.get::<Message>(&(*lane, above))?.ok_or_else(lost)?;
        }
        let digest = prompt_digest(&asked.blocks);
        if prompt.as_ref().is_some_and(|prompt| *prompt != digest) {
            return Err(failed("they answer different messages".to_owned()));
        }
        prompt = Some(digest);
    }
    if let Choice::One(column) = chosen.choice
        && without.contains(&column)
    {
        let letter = comparison.letter(chosen.page as usize, column);
        let why = format!("{letter} has no answer: it failed, or was cut off before it had a word");
        let hint = "Choose another one, or ask it again first.";
        return Err(Error::new(ErrorKind::Invalid, "keeping a choice", why, hint));
    }
    let prompt = prompt.ok_or_else(|| failed("there are no columns".to_owned()))?;
    Ok(Checked { prompt, failed: without, broken_off })
}
