//! Tending bases: as long as somebody watches it, syncs begin when a source's time has come or its files are others, and what was
//! missed is made up for once. It never begins a sync of a base that is being synced, but waits for that one's end.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use jiff::tz::TimeZone;
use tokio::sync::{Notify, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::Knowledge;
use super::place::Place;
use super::watching::{Seen, watch};
use crate::domain::change::{Changed, Topic};
use crate::domain::id::{BaseId, SourceId};
use crate::domain::knowledge::base::{Base, Origin, Source};
use crate::domain::knowledge::schedule::Schedule;
use crate::domain::knowledge::tending::{Cause, Step, Tended, Watched};
use crate::domain::time::Timestamp;
use crate::domain::{ErrorKind, Result};
use crate::service::fresh;
use crate::service::invoke::Terms;

/// The clock is looked at so often at least while something waits for its time: it may be set, and the machine may sleep.
const LOOK: Duration = Duration::from_secs(30);
/// A base that is being worked on is asked for again after that.
const AGAIN: Duration = Duration::from_secs(1);
/// A time that is longer ago was missed.
const MISSED: i64 = 60_000;
/// What watched sources may tell before it is heard.
const HEARD: usize = 64;

/// Under which terms syncs are made that nobody asks for.
pub type Standing = Arc<dyn Fn() -> Terms + Send + Sync>;

/// Who lets bases be tended, and what tends them.
#[derive(Default)]
pub(super) struct Tending(Lock<Inner>);

#[derive(Default)]
struct Inner {
    /// Each lets one base be tended, or all.
    users: BTreeMap<u64, Option<BaseId>>,
    number: u64,
    /// Rings when there are others.
    bell: Arc<Notify>,
    work: Option<AbortOnDropHandle<()>>,
    /// What each source waits for, for who comes later.
    waits: HashMap<SourceId, Tended>,
}

impl std::fmt::Debug for Tending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tending").finish_non_exhaustive()
    }
}

/// One who lets bases be tended, until this is dropped.
struct User {
    service: Knowledge,
    number: u64,
}

impl Drop for User {
    fn drop(&mut self) {
        self.service.with_tending(|tending| {
            tending.users.remove(&self.number);
            if tending.users.is_empty() {
                tending.work = None;
                tending.waits.clear();
            }
            tending.bell.notify_one();
        });
    }
}

impl Knowledge {
    /// Tends a base, or all of them, and tells what it does, as long as that is read.
    pub fn tend(&self, base: Option<BaseId>, standing: Standing) -> BoxStream<'static, Changed> {
        let changes = self.changes.watch(Topic::Tending(base));
        let service = self.clone();
        let (user, waits) = self.with_tending(|tending| {
            let number = tending.number;
            tending.number += 1;
            tending.users.insert(number, base);
            if tending.work.is_none() {
                let work = Work::new(service.clone(), standing, Arc::clone(&tending.bell));
                tending.work = Some(AbortOnDropHandle::new(tokio::spawn(work.run())));
            }
            tending.bell.notify_one();
            let wanted = |tended: &&Tended| base.is_none_or(|base| base == tended.base);
            let waits: Vec<Tended> = tending.waits.values().filter(wanted).cloned().collect();
            (User { service: service.clone(), number }, waits)
        });
        let waits = waits.into_iter().map(|tended| Changed::Tended { tended });
        stream::iter(waits).chain(changes).inspect(move |_| _ = &user).boxed()
    }

    /// Nothing begins by itself any more.
    pub(super) fn tends_no_more(&self) {
        self.with_tending(|tending| tending.work = None);
    }

    fn with_tending<T>(&self, with: impl FnOnce(&mut Inner) -> T) -> T {
        with(&mut self.tending.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether somebody lets this base be tended.
    fn is_tended(&self, id: BaseId) -> bool {
        self.with_tending(|tending| tending.users.values().any(|base| base.is_none_or(|base| base == id)))
    }
}

/// A source whose files are watched.
struct Watching {
    origin: Origin,
    /// How, once that is known.
    how: Option<Watched>,
    _task: AbortOnDropHandle<()>,
}

/// What tends.
struct Work {
    service: Knowledge,
    standing: Standing,
    bell: Arc<Notify>,
    zone: TimeZone,
    bases: HashMap<BaseId, Base>,
    watched: HashMap<SourceId, Watching>,
    /// Sources of which a sync is to begin.
    pending: BTreeMap<SourceId, (BaseId, Cause)>,
    /// Those of which one began here.
    begun: BTreeMap<SourceId, BaseId>,
    tell: mpsc::Sender<Seen>,
    seen: mpsc::Receiver<Seen>,
}

impl Work {
    fn new(service: Knowledge, standing: Standing, bell: Arc<Notify>) -> Self {
        let (tell, seen) = mpsc::channel(HEARD);
        Self {
            service,
            standing,
            bell,
            zone: TimeZone::system(),
            bases: HashMap::new(),
            watched: HashMap::new(),
            pending: BTreeMap::new(),
            begun: BTreeMap::new(),
            tell,
            seen,
        }
    }

    async fn run(mut self) {
        let mut changes = self.service.changes.watch(Topic::Knowledge);
        self.read().await;
        loop {
            self.ended();
            self.watch_files().await;
            let next = self.look_at_the_clock();
            let busy = self.begin().await;
            self.tell_waits();
            let wait = match (busy, next) {
                (true, _) => AGAIN,
                (false, Some(next)) => next.min(LOOK),
                // Until something changes.
                (false, None) => Duration::MAX,
            };
            tokio::select! {
                change = changes.next() => match change {
                    Some(Changed::Base { base }) => drop(self.bases.insert(base.id, base)),
                    Some(Changed::BaseRemoved { id }) => drop(self.bases.remove(&id)),
                    Some(_) => self.read().await,
                    None => return,
                },
                Some(seen) = self.seen.recv() => self.heard(seen),
                () = self.bell.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn read(&mut self) {
        match self.service.list().await {
            Ok(bases) => self.bases = bases.into_iter().map(|base| (base.id, base)).collect(),
            Err(error) => tracing::warn!(%error, "the knowledge bases that are tended cannot be listed"),
        }
    }

    /// The sources that are tended, with their bases.
    fn sources(&self) -> Vec<(&Base, &Source)> {
        let tended = self.bases.values().filter(|base| self.service.is_tended(base.id));
        let all = tended.flat_map(|base| base.sources.iter().map(move |source| (base, source)));
        all.filter(|(_, source)| source.watch || source.schedule.is_some()).collect()
    }

    fn heard(&mut self, seen: Seen) {
        match seen {
            Seen::How(id, how) => {
                if let Some(watching) = self.watched.get_mut(&id) {
                    watching.how = Some(how);
                }
            }
            Seen::Differs(id) => {
                let of = self.sources().into_iter().find(|(_, source)| source.id == id);
                if let Some(base) = of.map(|(base, _)| base.id) {
                    self.pending.entry(id).or_insert((base, Cause::Files));
                }
            }
            Seen::Lost(id, error) => {
                if let Some((base, source)) = self.sources().into_iter().find(|(_, source)| source.id == id) {
                    let tended = told(base, source, Step::Failed { why: error.to_string() });
                    self.service.changes.tell(Changed::Tended { tended });
                }
            }
        }
    }

    /// Watches the files of those sources that want it, and of no others.
    async fn watch_files(&mut self) {
        let wanted: Vec<(BaseId, Source)> = self
            .sources()
            .into_iter()
            .filter(|(_, source)| source.watch)
            .map(|(base, source)| (base.id, source.clone()))
            .collect();
        // One of which other files are chosen now is watched anew.
        self.watched.retain(|id, watching| {
            wanted.iter().any(|(_, source)| source.id == *id && source.origin == watching.origin)
        });
        for (base, source) in wanted {
            if self.watched.contains_key(&source.id) {
                continue;
            }
            let net = self.terms().await.net;
            if let Ok(place) = Place::of(&source.origin, &self.service, net) {
                let id = source.id;
                let task = watch(self.service.clone(), base, id, place, self.tell.clone());
                self.watched.insert(id, Watching { origin: source.origin, how: None, _task: task });
            }
        }
    }

    /// Has syncs begin whose time has come; how long it is until the next one.
    fn look_at_the_clock(&mut self) -> Option<Duration> {
        let now = fresh::now();
        let mut next: Option<Timestamp> = None;
        let mut due = Vec::new();
        for (base, source) in self.sources() {
            let is_running = source.last.as_ref().is_some_and(|sync| sync.state.is_running());
            let Some(at) = source.schedule.as_ref().and_then(|schedule| self.next(schedule)) else {
                continue;
            };
            if at > now {
                next = Some(next.map_or(at, |next| next.min(at)));
            } else if !is_running {
                let missed = now.0 - at.0 > MISSED;
                due.push((source.id, base.id, if missed { Cause::Missed } else { Cause::Time }));
            }
        }
        for (source, base, cause) in due {
            self.pending.entry(source).or_insert((base, cause));
        }
        next.map(|next| Duration::from_millis(next.since(now)))
    }

    fn next(&self, schedule: &Schedule) -> Option<Timestamp> {
        schedule.next(Timestamp(0), &self.zone)
    }

    /// Begins what is to begin; whether something must wait for another sync of its base.
    async fn begin(&mut self) -> bool {
        let mut waits = false;
        for (source, (base, cause)) in self.pending.clone() {
            let known = self.bases.get(&base).filter(|_| self.service.is_tended(base));
            let Some((of, own)) = known.and_then(|base| Some((base.clone(), base.source(source)?.clone())))
            else {
                self.pending.remove(&source);
                continue;
            };
            if of.is_syncing() {
                waits = true;
                continue;
            }
            let terms = self.terms().await;
            let step = match self.service.begin(base, Some(source), cause.into(), terms).await {
                Ok(begun) => {
                    self.bases.insert(base, begun);
                    self.begun.insert(source, base);
                    Step::Began { cause }
                }
                Err(error) if error.kind == ErrorKind::Busy => {
                    waits = true;
                    continue;
                }
                Err(error) => {
                    self.done_with(base, source).await;
                    Step::Failed { why: error.to_string() }
                }
            };
            self.pending.remove(&source);
            let tended = told(&of, &own, step);
            self.service.changes.tell(Changed::Tended { tended });
        }
        waits
    }

    /// A time that no sync could begin at is over all the same.
    async fn done_with(&mut self, base: BaseId, source: SourceId) {
        let over = self.service.changed(base, move |base| {
            if let Some(schedule) = base.source_mut(source).and_then(|source| source.schedule.as_mut()) {
                schedule.since = fresh::now();
            }
            Ok(())
        });
        let over: Result<Base> = over.await;
        if let Ok(base) = over {
            self.bases.insert(base.id, base);
        }
    }

    /// Tells of those syncs that have come to their end.
    fn ended(&mut self) {
        let over = |(source, base): (&SourceId, &BaseId)| {
            let base = self.bases.get(base);
            let of = base.and_then(|base| Some((base, base.source(*source)?)));
            let sync = of.and_then(|(_, source)| source.last.clone());
            match (of, sync) {
                (Some(_), Some(sync)) if sync.state.is_running() => None,
                (Some((base, known)), Some(sync)) => {
                    Some((*source, Some(told(base, known, Step::Ended { sync: Box::new(sync) }))))
                }
                _ => Some((*source, None)),
            }
        };
        let over: Vec<_> = self.begun.iter().filter_map(over).collect();
        for (source, tended) in over {
            self.begun.remove(&source);
            if let Some(tended) = tended {
                self.service.changes.tell(Changed::Tended { tended });
            }
        }
    }

    /// Tells what each source waits for, where that is another thing than before.
    fn tell_waits(&self) {
        let waits: HashMap<SourceId, Tended> = self
            .sources()
            .into_iter()
            .filter(|(_, source)| {
                // One whose files are not being watched yet says so in a moment.
                !source.watch || self.watched.get(&source.id).is_some_and(|watching| watching.how.is_some())
            })
            .filter(|(base, _)| !base.is_syncing())
            .map(|(base, source)| {
                let next = source.schedule.as_ref().and_then(|schedule| self.next(schedule));
                let watched = self.watched.get(&source.id).and_then(|watching| watching.how.clone());
                (source.id, told(base, source, Step::Waits { next, watched }))
            })
            .collect();
        let new: Vec<Tended> = self.service.with_tending(|tending| {
            let is_new = |(id, tended): &(&SourceId, &Tended)| tending.waits.get(*id) != Some(*tended);
            let new = waits.iter().filter(is_new).map(|(_, tended)| tended.clone()).collect();
            tending.waits = waits;
            new
        });
        for tended in new {
            self.service.changes.tell(Changed::Tended { tended });
        }
    }

    /// The terms of now. The configuration may be read again for that.
    async fn terms(&self) -> Terms {
        let standing = Arc::clone(&self.standing);
        let own = Arc::clone(&self.standing);
        tokio::task::spawn_blocking(move || standing())
            .map(move |terms| terms.unwrap_or_else(|_| own()))
            .await
    }
}

fn told(base: &Base, source: &Source, step: Step) -> Tended {
    let (name, place) = (base.name.clone(), source.origin.place());
    Tended { base: base.id, name, source: source.id, place, step }
}
