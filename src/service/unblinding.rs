//! Whoever looks at calls, or at the items of a dataset, may see whose the answers are that are hidden from them elsewhere: that is
//! kept, so that what they say of these after that is not taken for blind.
//!
//! Never here: who looks at the results of an evaluation or is shown who answers in a comparison, which those keep themselves.

use std::collections::BTreeSet;

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
            for trace in traces {
                // A trace of this program is called as its first call is; those of others are of nothing here.
                let Some(span) = sound(store.get::<Span>(&SpanId::from_bytes(trace.0)))? else { continue };
                told.evaluations.extend(span.evaluation);
                let Some(lane) = span.conversation.filter(|lane| lanes.insert(*lane)) else { continue };
                let head = sound(store.get::<Conversation>(&lane))?;
                let Some(id) = head.and_then(|head| head.side) else { continue };
                let comparison = sound(store.get::<Comparison>(&id))?;
                if let Some(comparison) = comparison
                    && hides(store, &comparison, Some(lane), &by)?
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
            let mut told = Told::default();
            for comparison in all::<Comparison>(store)? {
                if is_in(comparison.created) && hides(store, &comparison, None, &by)? {
                    told.comparisons.insert(comparison.id);
                }
            }
            if one_by_one {
                let evaluations = all::<Evaluation>(store)?.into_iter();
                let asked = evaluations.filter(|of| is_in(of.created) && of.generation.done > 0);
                told.evaluations.extend(asked.map(|of| of.id));
            }
            Ok(told)
        });
        self.keep(told.await?, who).await
    }

    /// Somebody reads the items of a dataset, in which answers that it brought have names.
    pub async fn by_dataset(&self, dataset: DatasetId, who: &str) -> Result<()> {
        let told = self.archive.run(move |store| {
            let mut told = Told::default();
            // One that is not there is told of by whoever reads it.
            let Some(dataset) = sound(store.get::<Dataset>(&dataset))? else { return Ok(told) };
            let brought = |source: &Source| source.column.is_none();
            // One of that name that is younger is another one.
            let of_it = |of: &Evaluation| {
                of.dataset == dataset.name && of.created >= dataset.created && of.sources.iter().any(brought)
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

/// Whether `who` has yet to choose in a comparison without knowing who answers: where that lane of it is shown, or on any page.
fn hides(store: &Store, comparison: &Comparison, lane: Option<ConversationId>, who: &str) -> Result<bool> {
    if comparison.blind.is_none() || comparison.was_seen_by(who) {
        return Ok(false);
    }
    // Where somebody took a choice back, they have seen who answers all the same.
    let stands = |ballot: &Ballot| ballot.taken_back.is_none() || ballot.who == who;
    let ballots = ballots(store, |ballot| ballot.comparison == comparison.id && stands(ballot))?;
    Ok(comparison.pages.iter().enumerate().any(|(number, page)| {
        lane.is_none_or(|lane| page.lanes.contains(&lane)) && comparison.hides(number, &ballots, who)
    }))
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
