//! Whoever looks at calls, or at the items of a dataset, may see whose the answers are that are hidden from them elsewhere: that is
//! kept, so that what they say of these after that is not taken for blind.
//!
//! Never here: who looks at the results of an evaluation or is shown who answers in a comparison, which those keep themselves.

use std::collections::{BTreeSet, HashMap};

use crate::domain::comparison::{Ballot, Comparison};
use crate::domain::conversation::Conversation;
use crate::domain::evaluation::Dataset;
use crate::domain::evaluation::job::{Evaluation, Source};
use crate::domain::id::{ComparisonId, ConversationId, DatasetId, EvaluationId, SpanId};
use crate::domain::time::Timestamp;
use crate::domain::trace::{Span, TraceId};
use crate::domain::{ErrorKind, Result};
use crate::service::archive::Archive;
use crate::service::comparisons::{Comparisons, ballots};
use crate::service::evaluations::Evaluations;
use crate::service::recorder::Recorder;
use crate::store::{Record, Scan, Store};

/// The service.
#[derive(Debug, Clone)]
pub struct Unblinding {
    archive: Archive,
    recorder: Recorder,
    comparisons: Comparisons,
    evaluations: Evaluations,
}

/// What is blind no more.
#[derive(Debug, Default)]
struct Told {
    comparisons: BTreeSet<ComparisonId>,
    evaluations: BTreeSet<EvaluationId>,
}

impl Unblinding {
    /// Over the store that `recorder` writes calls to; who looked is kept by the comparisons and evaluations themselves.
    pub fn new(
        archive: Archive,
        recorder: Recorder,
        comparisons: Comparisons,
        evaluations: Evaluations,
    ) -> Self {
        Self { archive, recorder, comparisons, evaluations }
    }

    /// Somebody looks at these traces, or at a list that has them.
    pub async fn by_traces(&self, traces: Vec<TraceId>, who: &str) -> Result<()> {
        // Calls that have ended are seen, too.
        self.recorder.settled().await;
        let by = who.to_owned();
        let told = self.archive.run(move |store| {
            let (mut told, mut lanes) = (Told::default(), BTreeSet::new());
            let mut hidden = Hidden::new(store, &by);
            for trace in traces {
                // A trace of this program is called as its first call is; those of others are of nothing here.
                let Some(span) = sound(store.get::<Span>(&SpanId::from_bytes(trace.0)))? else { continue };
                told.evaluations.extend(span.evaluation);
                let Some(lane) = span.conversation.filter(|lane| lanes.insert(*lane)) else { continue };
                let head = sound(store.get::<Conversation>(&lane))?;
                let Some(id) = head.and_then(|head| head.side) else { continue };
                let comparison = sound(store.get::<Comparison>(&id))?;
                if let Some(comparison) = comparison
                    && hidden.is_blind(&comparison, Some(lane))?
                {
                    told.comparisons.insert(id);
                }
            }
            Ok(told)
        });
        self.keep(told.await?, who).await
    }

    /// Somebody looks at what calls came to, up to a moment where one is told, or at the calls one by one. Sums tell the few answers
    /// of a comparison apart, and not the many of an evaluation.
    pub async fn by_usage(&self, until: Option<Timestamp>, one_by_one: bool, who: &str) -> Result<()> {
        let by = who.to_owned();
        let told = self.archive.run(move |store| {
            let is_in = |created: Timestamp| until.is_none_or(|until| created < until);
            let (mut told, mut hidden) = (Told::default(), Hidden::new(store, &by));
            for comparison in all::<Comparison>(store)? {
                if is_in(comparison.created) && hidden.is_blind(&comparison, None)? {
                    told.comparisons.insert(comparison.id);
                }
            }
            if one_by_one {
                let evaluations = all::<Evaluation>(store)?.into_iter();
                let is_told =
                    |of: &Evaluation| is_in(of.created) && of.generation.done > 0 && hides_names(of, &by);
                let asked = evaluations.filter(is_told);
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

    async fn keep(&self, told: Told, who: &str) -> Result<()> {
        for id in told.comparisons {
            unless_gone(self.comparisons.look(id, who.to_owned()).await.map(|_| ()))?;
        }
        for id in told.evaluations {
            unless_gone(self.evaluations.looked(id, who.to_owned()).await)?;
        }
        Ok(())
    }
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

    /// Whether they have yet to choose in a comparison without knowing who answers: where that lane of it is shown, or on any page.
    fn is_blind(&mut self, comparison: &Comparison, lane: Option<ConversationId>) -> Result<bool> {
        if comparison.blind.is_none() || comparison.was_seen_by(self.who) {
            return Ok(false);
        }
        let chosen = match &mut self.chosen {
            Some(chosen) => chosen,
            none => none.insert(chosen(self.store, self.who)?),
        };
        let ballots = chosen.get(&comparison.id).map_or(&[][..], Vec::as_slice);
        Ok(comparison.pages.iter().enumerate().any(|(number, page)| {
            lane.is_none_or(|lane| page.lanes.contains(&lane)) && comparison.hides(number, ballots, self.who)
        }))
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
