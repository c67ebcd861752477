//! Whoever looks at calls, or at the items of a dataset, may see whose the answers are that are hidden from them elsewhere: that is
//! kept, so that what they say of these after that is not taken for blind.
//!
//! Never here: who looks at the results of an evaluation or is shown who answers in a comparison, which those keep themselves.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::comparison::{Ballot, Comparison, Page};
use crate::domain::conversation::Conversation;
use crate::domain::evaluation::Dataset;
use crate::domain::evaluation::job::{Evaluation, GenerationState, Source};
use crate::domain::id::{ComparisonId, ConversationId, DatasetId, EvaluationId, SpanId};
use crate::domain::time::Timestamp;
use crate::domain::trace::{Span, TraceId};
use crate::domain::usage::HOUR;
use crate::domain::{ErrorKind, Result};
use crate::service::archive::Archive;
use crate::service::comparisons::{Comparisons, ballots};
use crate::service::evaluations::Evaluations;
use crate::service::fresh;
use crate::service::recorder::Recorder;
use crate::store::{Record, Scan, Store};

/// So many traces that tell nothing, and so many looks, are remembered.
const PLAIN: usize = 16_384;
const LOOKS: usize = 256;

/// The service.
#[derive(Debug, Clone)]
pub struct Unblinding {
    archive: Archive,
    recorder: Recorder,
    comparisons: Comparisons,
    evaluations: Evaluations,
    seen: Arc<Mutex<Seen>>,
}

/// What this process has seen.
#[derive(Debug, Default)]
struct Seen {
    /// Traces of no comparison and of no evaluation, which they stay: what they are of is looked up once.
    plain: HashSet<TraceId>,
    /// The newest looks, the oldest first.
    looks: VecDeque<Look>,
}

/// Somebody may know now who answers in these.
#[derive(Debug)]
struct Look {
    at: Timestamp,
    who: String,
    told: Told,
}

/// What is blind no more.
#[derive(Debug, Default)]
struct Told {
    comparisons: BTreeSet<ComparisonId>,
    evaluations: BTreeSet<EvaluationId>,
}

impl Told {
    fn is_nothing(&self) -> bool {
        self.comparisons.is_empty() && self.evaluations.is_empty()
    }
}

impl Unblinding {
    /// Over the store that `recorder` writes calls to; who looked is kept by the comparisons and evaluations themselves.
    pub fn new(
        archive: Archive,
        recorder: Recorder,
        comparisons: Comparisons,
        evaluations: Evaluations,
    ) -> Self {
        Self { archive, recorder, comparisons, evaluations, seen: Arc::default() }
    }

    /// Somebody looks at these traces, or at a list that has them.
    pub async fn by_traces(&self, traces: Vec<TraceId>, who: &str) -> Result<()> {
        // Calls that have ended are seen, too.
        self.recorder.settled().await;
        let new = {
            let seen = self.seen();
            traces.into_iter().filter(|trace| !seen.plain.contains(trace)).collect::<Vec<_>>()
        };
        if new.is_empty() {
            return Ok(());
        }
        let by = who.to_owned();
        let told = self.archive.run(move |store| told_by_traces(store, new, &by));
        let (told, plain) = told.await?;
        self.remember(plain);
        self.keep(told, who).await
    }

    /// Somebody looks at what calls came to from one moment up to another, where such are told, or at the calls one by one. Sums tell
    /// the few answers of a comparison apart, and not the many of an evaluation.
    pub async fn by_usage(
        &self,
        (since, until): (Option<Timestamp>, Option<Timestamp>),
        one_by_one: bool,
        who: &str,
    ) -> Result<()> {
        let by = who.to_owned();
        let told = self.archive.run(move |store| {
            let began = |at: Timestamp| until.is_none_or(|until| at < until);
            // A call counts in the hour in which it began, a little after its turn was written.
            let from = since.map(|since| Timestamp(since.0.saturating_sub(2 * HOUR)));
            let lasted = |at: Timestamp| from.is_none_or(|from| at >= from);
            let (mut told, mut hidden) = (Told::default(), Hidden::new(store, &by));
            for comparison in all::<Comparison>(store)? {
                let is_young = lasted(comparison.created);
                let shown = |page: &Page| if is_young { Ok(true) } else { was_asked(store, page, lasted) };
                if began(comparison.created) && hidden.is_blind(&comparison, shown)? {
                    told.comparisons.insert(comparison.id);
                }
            }
            if one_by_one {
                let evaluations = all::<Evaluation>(store)?.into_iter();
                let asked = |of: &Evaluation| {
                    let runs = of.generation.state == GenerationState::Running;
                    of.generation.done > 0 && began(of.created) && (runs || lasted(of.updated))
                };
                let asked = evaluations.filter(|of| asked(of) && hides_names(of, &by));
                told.evaluations.extend(asked.map(|of| of.id));
            }
            Ok(told)
        });
        self.keep(told.await?, who).await
    }

    /// Somebody reads the items of a dataset, in which answers that it brought have names.
    pub async fn by_dataset(&self, dataset: DatasetId, who: &str) -> Result<()> {
        let by = who.to_owned();
        let told = self.archive.run(move |store| {
            let mut told = Told::default();
            // One that is not there is told of by whoever reads it.
            let Some(dataset) = sound(store.get::<Dataset>(&dataset))? else { return Ok(told) };
            let brought = |source: &Source| source.column.is_none();
            // One of that name that is younger is another one.
            let of_it = |of: &Evaluation| {
                hides_names(of, &by)
                    && of.dataset == dataset.name
                    && of.created >= dataset.created
                    && of.sources.iter().any(brought)
            };
            let evaluations = all::<Evaluation>(store)?.into_iter();
            told.evaluations.extend(evaluations.filter(of_it).map(|of| of.id));
            Ok(told)
        });
        self.keep(told.await?, who).await
    }

    /// What this person may have been told since then while this process ran: the comparisons, and the names of the evaluations.
    pub async fn since(&self, since: Timestamp, who: &str) -> Result<(Vec<ComparisonId>, Vec<String>)> {
        let mut all = Told::default();
        for look in self.seen().looks.iter().filter(|look| look.at >= since && look.who == who) {
            all.comparisons.extend(&look.told.comparisons);
            all.evaluations.extend(&look.told.evaluations);
        }
        if all.is_nothing() {
            return Ok((Vec::new(), Vec::new()));
        }
        let Told { comparisons, evaluations } = all;
        let names = self.archive.run(move |store| {
            let mut names = Vec::new();
            for id in evaluations {
                let evaluation = sound(store.get::<Evaluation>(&id))?;
                names.extend(evaluation.map(|evaluation| evaluation.name().to_owned()));
            }
            Ok(names)
        });
        Ok((comparisons.into_iter().collect(), names.await?))
    }

    async fn keep(&self, told: Told, who: &str) -> Result<()> {
        if told.is_nothing() {
            return Ok(());
        }
        for id in &told.comparisons {
            unless_gone(self.comparisons.look(*id, None, who.to_owned()).await.map(|_| ()))?;
        }
        for id in &told.evaluations {
            unless_gone(self.evaluations.looked(*id, who.to_owned()).await)?;
        }
        let mut seen = self.seen();
        if seen.looks.len() == LOOKS {
            seen.looks.pop_front();
        }
        seen.looks.push_back(Look { at: fresh::now(), who: who.to_owned(), told });
        Ok(())
    }

    fn remember(&self, plain: Vec<TraceId>) {
        let mut seen = self.seen();
        if seen.plain.len() + plain.len() > PLAIN {
            seen.plain.clear();
        }
        seen.plain.extend(plain);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What these traces tell somebody, and those of them that tell nobody anything.
fn told_by_traces(store: &Store, traces: Vec<TraceId>, who: &str) -> Result<(Told, Vec<TraceId>)> {
    let (mut told, mut plain) = (Told::default(), Vec::new());
    // What each conversation and each evaluation is, which many traces may be of.
    let mut sides: HashMap<ConversationId, Option<ComparisonId>> = HashMap::new();
    let mut evaluations = BTreeSet::new();
    let mut hidden = Hidden::new(store, who);
    for trace in traces {
        // A trace of this program is called as its first call is; those of others are of nothing here.
        let Some(span) = sound(store.get::<Span>(&SpanId::from_bytes(trace.0)))? else { continue };
        if let Some(id) = span.evaluation
            && evaluations.insert(id)
            && sound(store.get::<Evaluation>(&id))?.is_some_and(|of| hides_names(&of, who))
        {
            told.evaluations.insert(id);
        }
        let mut side = None;
        if let Some(lane) = span.conversation {
            let known = sides.get(&lane).copied();
            side = if let Some(known) = known {
                known
            } else {
                let side = sound(store.get::<Conversation>(&lane))?.and_then(|head| head.side);
                sides.insert(lane, side);
                if let Some(id) = side
                    && let Some(comparison) = sound(store.get::<Comparison>(&id))?
                    && hidden.is_blind(&comparison, |page| Ok(page.lanes.contains(&lane)))?
                {
                    told.comparisons.insert(id);
                }
                side
            };
        }
        if side.is_none() && span.evaluation.is_none() {
            plain.push(trace);
        }
    }
    Ok((told, plain))
}

/// Whether a lane of a page was asked at such a time last; of one that cannot be read nobody knows.
fn was_asked(store: &Store, page: &Page, at: impl Fn(Timestamp) -> bool) -> Result<bool> {
    for lane in &page.lanes {
        if sound(store.get::<Conversation>(lane))?.is_none_or(|head| at(head.updated)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What one person is not to know yet.
struct Hidden<'a> {
    store: &'a Store,
    who: &'a str,
    /// The choices that there are, by their comparison: read once, and only where a comparison may be blind.
    chosen: Option<HashMap<ComparisonId, Vec<Ballot>>>,
}

impl<'a> Hidden<'a> {
    fn new(store: &'a Store, who: &'a str) -> Self {
        Self { store, who, chosen: None }
    }

    /// Whether they have yet to choose without knowing who answers on a page of a comparison that is `shown` to them.
    fn is_blind(&mut self, comparison: &Comparison, shown: impl Fn(&Page) -> Result<bool>) -> Result<bool> {
        if comparison.blind.is_none() || comparison.was_seen_by(self.who) {
            return Ok(false);
        }
        let chosen = match &mut self.chosen {
            Some(chosen) => chosen,
            none => none.insert(chosen(self.store, self.who)?),
        };
        let ballots = chosen.get(&comparison.id).map_or(&[][..], Vec::as_slice);
        for (number, page) in comparison.pages.iter().enumerate() {
            if comparison.hides(number, ballots, self.who) && shown(page)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The choices after which it is no secret to somebody who answered.
fn chosen(store: &Store, who: &str) -> Result<HashMap<ComparisonId, Vec<Ballot>>> {
    // Where somebody took a choice back, they have seen who answers all the same.
    let stands = |ballot: &Ballot| ballot.taken_back.is_none() || ballot.who == who;
    let mut chosen: HashMap<ComparisonId, Vec<Ballot>> = HashMap::new();
    for ballot in ballots(store, stands)? {
        chosen.entry(ballot.comparison).or_default().push(ballot);
    }
    Ok(chosen)
}

/// Whether whose the answers are is hidden in an evaluation from somebody of whom it is not kept that they know.
fn hides_names(evaluation: &Evaluation, who: &str) -> bool {
    evaluation.task.blinding.models && evaluation.unblinded.iter().all(|look| look.by != who)
}

/// What can be read of one kind.
fn all<R: Record>(store: &Store) -> Result<Vec<R>> {
    let mut found = Vec::new();
    for record in store.scan::<R>(Scan::all()) {
        match record {
            Ok((_, record)) => found.push(record),
            Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
            Err(_) => {}
        }
    }
    Ok(found)
}

/// What is damaged tells nothing.
fn sound<T>(read: Result<Option<T>>) -> Result<Option<T>> {
    match read {
        Err(error) if error.kind == ErrorKind::Corrupt => Ok(None),
        read => read,
    }
}

/// What was deleted meanwhile hides nothing.
fn unless_gone(kept: Result<()>) -> Result<()> {
    match kept {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        kept => kept,
    }
}
