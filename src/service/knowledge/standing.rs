//! How the documents that a sync has before it stand, while it runs: known to the process that runs it, and kept nowhere. What
//! the records say holds again when it ends, however it does; of what it found and left undone they say so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::pass::Work;
use crate::domain::id::{BaseId, DocumentId, SourceId};
use crate::domain::knowledge::sync::{DocumentState, Filed, Stamp};
use crate::service::fresh;

/// Why a document waits to which a sync did not come, or not to its end.
const STOPPED: &str = "the sync was stopped";
const FAILED: &str = "the sync could not go on";
const BROKEN_OFF: &str = "a sync was broken off at it";

/// What the syncs of all bases have before them.
pub(super) type Plans = Arc<Mutex<HashMap<BaseId, HashMap<String, Awaited>>>>;

/// A document that is to be read.
#[derive(Debug, Clone)]
pub(super) struct Awaited {
    id: DocumentId,
    source: SourceId,
    stamp: Stamp,
    metadata: Option<Stamp>,
    state: DocumentState,
}

impl Awaited {
    /// As a document of which nothing is in.
    fn filed(self, uri: String) -> Filed {
        Filed {
            state: self.state,
            metadata: self.metadata,
            ..Filed::unread(self.id, self.source, uri, self.stamp, fresh::now())
        }
    }
}

/// What one sync has before it.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    under: BaseId,
    plans: Plans,
}

/// Forgets a plan when it is dropped.
pub(super) struct Ends(Plan);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.all().remove(&self.0.under);
    }
}

impl Plan {
    /// Of what lies under that id; empty until it is begun.
    pub fn new(plans: &Plans, under: BaseId) -> (Self, Ends) {
        let plan = Self { under, plans: Arc::clone(plans) };
        (plan.clone(), Ends(plan))
    }

    /// All of these wait.
    pub fn begin(&self, source: SourceId, due: &[Work]) {
        let awaited = due.iter().map(|Work { id, file, .. }| {
            let (stamp, metadata) = (file.stamp, file.metadata);
            (file.uri.clone(), Awaited { id: *id, source, stamp, metadata, state: DocumentState::Pending })
        });
        let awaited = awaited.collect();
        self.all().insert(self.under, awaited);
    }

    /// One of them is at another step.
    pub fn stands(&self, uri: &str, state: DocumentState) {
        if let Some(awaited) = self.all().get_mut(&self.under).and_then(|plan| plan.get_mut(uri)) {
            awaited.state = state;
        }
    }

    /// Its record says how one stands.
    pub fn done(&self, uri: &str) {
        if let Some(plan) = self.all().get_mut(&self.under) {
            plan.remove(uri);
        }
    }

    /// What it has before it still, as that is to be kept where it was stopped, or could not go on.
    pub fn left(&self, stopped: bool) -> Vec<Filed> {
        let why = if stopped { STOPPED } else { FAILED };
        let left = |(uri, one): (&String, &Awaited)| {
            let waits = Awaited { state: DocumentState::Pending, ..one.clone() };
            Filed { notes: vec![why.to_owned()], ..waits.filed(uri.clone()) }
        };
        self.all().get(&self.under).into_iter().flatten().map(left).collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<BaseId, HashMap<String, Awaited>>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the documents under an id wait for now.
pub(super) fn awaited(plans: &Plans, under: BaseId) -> HashMap<String, Awaited> {
    plans.lock().unwrap_or_else(PoisonError::into_inner).get(&under).cloned().unwrap_or_default()
}

/// The documents, by their places, with those that wait: what one said before is in until its sync is through.
pub(super) fn shown(mut documents: Vec<Filed>, mut awaited: HashMap<String, Awaited>) -> Vec<Filed> {
    let is_left = |document: &Filed| document.state == DocumentState::Pending;
    // What was left undone, whichever source found it, is what waits for the sync that runs now.
    documents.retain(|document| !is_left(document) || !awaited.contains_key(&document.uri));
    for document in &mut documents {
        if let Some(waits) = awaited.remove(&document.uri) {
            document.state = waits.state;
        }
    }
    documents.extend(awaited.into_iter().map(|(uri, waits)| waits.filed(uri)));
    documents.sort_by(|one, other| one.uri.cmp(&other.uri).then_with(|| is_left(one).cmp(&is_left(other))));
    // One that a source left undone may have come in from another source.
    documents.dedup_by(|later, first| later.uri == first.uri && is_left(later));
    documents
}

/// Where nothing runs those at which a sync was broken off are due again: the next one does them anew.
pub(super) fn wait(documents: &mut [Filed]) {
    for document in documents {
        if matches!(document.state, DocumentState::Starting | DocumentState::InProgress) {
            document.state = DocumentState::Pending;
            document.notes.insert(0, BROKEN_OFF.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::Listed;
    use super::*;

    fn work(uri: &str) -> Work {
        let file =
            Listed { uri: uri.to_owned(), stamp: Stamp { bytes: 3, ..Stamp::default() }, metadata: None };
        Work { id: fresh::document_id(), file, known: None }
    }

    #[test]
    fn what_a_sync_has_before_it_waits_step_by_step_and_is_forgotten_with_it() {
        let (plans, under, source) = (Plans::default(), fresh::base_id(), fresh::source_id());
        let (plan, ends) = Plan::new(&plans, under);
        let due = [work("/a"), work("/b"), work("/c")];
        plan.begin(source, &due);
        plan.stands("/a", DocumentState::Starting);
        plan.stands("/nowhere", DocumentState::Starting);
        // One that failed before, and one of which nothing is known.
        let filed = |uri: &str, state| {
            let id = fresh::document_id();
            Awaited { id, source, stamp: Stamp::default(), metadata: None, state }.filed(uri.to_owned())
        };
        let known = Filed { passages: 4, ..filed("/b", DocumentState::Failed) };
        let list = shown(vec![known, filed("/z", DocumentState::Indexed)], awaited(&plans, under));
        let mut states: Vec<_> = list.iter().map(|one| (one.uri.as_str(), one.state, one.passages)).collect();
        states.sort_by_key(|(uri, ..)| *uri);
        assert_eq!(
            states,
            [
                ("/a", DocumentState::Starting, 0),
                ("/b", DocumentState::Pending, 4),
                ("/c", DocumentState::Pending, 0),
                ("/z", DocumentState::Indexed, 0),
            ]
        );
        let named = list.iter().find(|one| one.uri == "/c").map(|one| one.id);
        assert_eq!(named, Some(due[2].id), "it has the id that it will be filed under");

        // What it leaves undone is kept as waiting, with why, and shown once: as it waits again, or as another source has it.
        let left = plan.left(true);
        let mut told: Vec<_> = left.iter().map(|one| (one.uri.as_str(), one.state, &*one.notes[0])).collect();
        told.sort_unstable_by_key(|(uri, ..)| *uri);
        assert_eq!(told, ["/a", "/b", "/c"].map(|uri| (uri, DocumentState::Pending, STOPPED)));
        assert!(plan.left(false).iter().all(|one| one.notes == [FAILED]));
        let known = left.into_iter().chain([filed("/b", DocumentState::Indexed)]).collect::<Vec<_>>();
        let states = |list: Vec<Filed>| list.into_iter().map(|one| (one.uri, one.state, one.notes.len()));
        plan.stands("/b", DocumentState::InProgress);
        let again: Vec<_> = states(shown(known.clone(), awaited(&plans, under))).collect();
        let all =
            |of: [(&str, DocumentState, usize); 3]| of.map(|(uri, state, n)| (uri.to_owned(), state, n));
        let (pending, starting) = (DocumentState::Pending, DocumentState::Starting);
        let (done, indexed) = (DocumentState::InProgress, DocumentState::Indexed);
        // They wait for the one that runs.
        assert_eq!(again, all([("/a", starting, 0), ("/b", done, 0), ("/c", pending, 0)]));
        let after: Vec<_> = states(shown(known, HashMap::new())).collect();
        assert_eq!(after, all([("/a", pending, 1), ("/b", indexed, 0), ("/c", pending, 1)]));

        let mut list = vec![filed("/p", DocumentState::InProgress), filed("/q", DocumentState::Failed)];
        wait(&mut list);
        assert_eq!(list[0].notes, [BROKEN_OFF]);
        let states: Vec<_> = list.iter().map(|one| one.state).collect();
        assert_eq!(states, [DocumentState::Pending, DocumentState::Failed], "nothing runs any more");

        plan.done("/a");
        assert_eq!(awaited(&plans, under).len(), 2);
        assert!(awaited(&plans, fresh::base_id()).is_empty());
        drop(ends);
        assert!(awaited(&plans, under).is_empty());
        plan.stands("/b", DocumentState::InProgress);
        assert!(awaited(&plans, under).is_empty());
    }
}
