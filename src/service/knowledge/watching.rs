//! Files of a source, watched: it is told when a sync would do something.
//!
//! The system tells of changes in each folder that the listing of the source goes through, so what is hidden or ignored is not
//! watched at all. When it has been quiet for a moment the source is listed again, without reading a file, and set against what
//! was there before: an editor that saves by renaming is one change, and a file that no sync takes is none. Where the system
//! does not tell, the source is listed again every few seconds.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::listing::{Listed, Listing};
use super::place::Place;
use super::{Knowledge, documents};
use crate::domain::id::{BaseId, SourceId};
use crate::domain::knowledge::sync::{DocumentState, Filed, Stamp};
use crate::domain::knowledge::tending::Watched;
use crate::domain::{Error, Result};
use crate::wire::document;

/// Nothing happens for so long before it is looked what came of it, and nobody waits longer than that.
const QUIET: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// Between two looks that find nothing, at most.
const MOST: Duration = Duration::from_secs(5);
/// Between two looks where the system does not tell.
const LOOKS: Duration = Duration::from_secs(10);
/// So many paths that went are remembered between two looks; with more, all is watched anew.
const REMEMBERED: usize = 10_000;

/// What is told of a source.
#[derive(Debug)]
pub(super) enum Seen {
    How(SourceId, Watched),
    /// A sync would do something.
    Differs(SourceId),
    /// It cannot be listed.
    Lost(SourceId, Error),
}

/// Watches the files of a source until what is given back is dropped.
pub(super) fn watch(
    service: Knowledge,
    base: BaseId,
    id: SourceId,
    place: Place,
    tell: mpsc::Sender<Seen>,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut eyes = Eyes::new();
        let (mut before, elsewhere) = match before(&service, base, id).await {
            Ok(before) => before,
            Err(error) => return drop(tell.send(Seen::Lost(id, error)).await),
        };
        let (mut told, mut lost, mut pause) = (None, false, QUIET.0);
        let mut first = true;
        loop {
            let looked = Instant::now();
            let now = match eyes.look(&place).await {
                Ok(listing) => listing,
                Err(error) => {
                    // A disk may be taken out, and come again.
                    if !std::mem::replace(&mut lost, true) && tell.send(Seen::Lost(id, error)).await.is_err()
                    {
                        return;
                    }
                    tokio::time::sleep(LOOKS).await;
                    continue;
                }
            };
            lost = false;
            let how = eyes.how();
            if told.as_ref() != Some(&how) {
                told = Some(how.clone());
                if tell.send(Seen::How(id, how)).await.is_err() {
                    return;
                }
            }
            let there = Files::of(&now);
            let differs = if std::mem::take(&mut first) {
                there.without(&elsewhere) != before
            } else {
                there != before
            };
            before = there;
            pause = if differs { QUIET.0 } else { (pause * 2).min(MOST) };
            if differs && tell.send(Seen::Differs(id)).await.is_err() {
                return;
            }
            eyes.wait(looked + pause).await;
        }
    }))
}

/// The files of a source as a sync sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Files(HashMap<String, (Stamp, Option<Stamp>)>);

impl Files {
    fn of(listing: &Listing) -> Self {
        let known = listing.files.iter().filter(|file| document::is_known(&file.uri));
        Self(known.map(|Listed { uri, stamp, metadata }| (uri.clone(), (*stamp, *metadata))).collect())
    }

    fn without(&self, elsewhere: &HashSet<String>) -> Self {
        let mut own = self.clone();
        own.0.retain(|uri, _| !elsewhere.contains(uri));
        own
    }
}

/// What the base has of a source, and the places that others of its sources have.
async fn before(service: &Knowledge, base: BaseId, source: SourceId) -> Result<(Files, HashSet<String>)> {
    let documents = service.archive.run(move |store| documents(store, base)).await?;
    Ok(seen(documents, source))
}

fn seen(documents: Vec<Filed>, source: SourceId) -> (Files, HashSet<String>) {
    let (own, others): (Vec<_>, Vec<_>) = documents.into_iter().partition(|known| known.source == source);
    // What a sync left undone is as if nobody had seen it; what another source did not come to is nobody's yet.
    let own = own.into_iter().filter(|known| document::is_known(&known.uri) && !known.state.is_due());
    let others = others.into_iter().filter(|known| known.state != DocumentState::Pending);
    let own = own.map(|Filed { uri, stamp, metadata, .. }| (uri, (stamp, metadata))).collect();
    (Files(own), others.map(|known| known.uri).collect())
}

/// What is watched no more.
#[derive(Debug, Default)]
struct Gone {
    paths: HashSet<PathBuf>,
    /// It may be anything.
    all: bool,
}

impl Gone {
    fn hear(&mut self, event: &notify::Result<notify::Event>) {
        match event {
            Ok(event)
                if matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))) =>
            {
                self.paths.extend(event.paths.iter().cloned());
            }
            Ok(_) => {}
            Err(_) => self.all = true,
        }
        if self.all || self.paths.len() > REMEMBERED {
            *self = Self { all: true, ..Self::default() };
        }
    }
}

/// Who tells of changes.
struct Eyes {
    bell: Arc<Notify>,
    /// What went, or came under another name: the system watches it no more, whatever is at its place now.
    gone: Arc<Lock<Gone>>,
    watcher: Option<RecommendedWatcher>,
    /// The folders that are watched, by their numbers.
    folders: HashMap<PathBuf, u64>,
    /// Why the system does not tell.
    blind: Option<String>,
}

impl Eyes {
    fn new() -> Self {
        let (bell, gone) = (Arc::<Notify>::default(), Arc::<Lock<Gone>>::default());
        let (rings, goes) = (Arc::clone(&bell), Arc::clone(&gone));
        let heard = move |event: notify::Result<notify::Event>| {
            // Who reads changes nothing: a sync does. What is hidden is of no source: what editors put beside a file.
            let is_news =
                |event: &notify::Event| !matches!(event.kind, EventKind::Access(_)) && !is_hidden(event);
            if event.as_ref().map_or(true, is_news) {
                goes.lock().unwrap_or_else(PoisonError::into_inner).hear(&event);
                rings.notify_one();
            }
        };
        let (watcher, blind) = match notify::recommended_watcher(heard) {
            Ok(watcher) => (Some(watcher), None),
            Err(why) => (None, Some(why.to_string())),
        };
        Self { bell, gone, watcher, folders: HashMap::new(), blind }
    }

    /// Lists the source with all its folders watched: nothing can come into one unseen.
    async fn look(&mut self, place: &Place) -> Result<Listing> {
        let never = CancellationToken::new();
        loop {
            let listing = place.list(&never).await?;
            if !self.follow(&listing.folders) {
                return Ok(listing);
            }
        }
    }

    /// Watches these folders and no others; whether there were new ones among them.
    fn follow(&mut self, folders: &[(PathBuf, u64)]) -> bool {
        let gone = std::mem::take(&mut *self.gone.lock().unwrap_or_else(PoisonError::into_inner));
        self.folders.retain(|path, _| !gone.all && !gone.paths.contains(path));
        let Some(watcher) = &mut self.watcher else { return false };
        let there: HashSet<&Path> = folders.iter().map(|(path, _)| path.as_path()).collect();
        self.folders.retain(|path, _| {
            let stays = there.contains(path.as_path());
            if !stays {
                // It may have gone with the folder.
                let _ = watcher.unwatch(path);
            }
            stays
        });
        let mut new = false;
        for (path, number) in folders {
            if self.folders.get(path) == Some(number) {
                continue;
            }
            match watcher.watch(path, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.folders.insert(path.clone(), *number);
                    new = true;
                }
                // It went meanwhile, of which the folder above it tells.
                Err(why) if is_gone(&why) => {}
                Err(why) => {
                    self.blind = Some(why.to_string());
                    self.watcher = None;
                    return false;
                }
            }
        }
        new
    }

    fn how(&self) -> Watched {
        match &self.blind {
            Some(why) => Watched::Looks { seconds: LOOKS.as_secs(), why: why.clone() },
            None => Watched::Events { folders: self.folders.len() as u64 },
        }
    }

    /// Until something happened and it is quiet again, not before that time.
    async fn wait(&self, earliest: Instant) {
        if self.blind.is_some() {
            return tokio::time::sleep(LOOKS).await;
        }
        self.bell.notified().await;
        let begun = Instant::now();
        while timeout(QUIET.0, self.bell.notified()).await.is_ok() && begun.elapsed() < QUIET.1 {}
        tokio::time::sleep_until(earliest).await;
    }
}

/// Whether all that it is about is hidden.
fn is_hidden(event: &notify::Event) -> bool {
    let hidden =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !event.paths.is_empty() && event.paths.iter().all(hidden)
}

fn is_gone(why: &notify::Error) -> bool {
    match &why.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(why) => why.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::service::fresh;

    fn place(folder: &Path) -> Place {
        Place::Files { path: folder.to_owned(), include: Vec::new(), exclude: Vec::new(), ignored: false }
    }

    async fn rings(eyes: &Eyes) -> bool {
        let rung = timeout(Duration::from_secs(2), eyes.bell.notified()).await.is_ok();
        // What belongs to the same act.
        while timeout(Duration::from_millis(100), eyes.bell.notified()).await.is_ok() {}
        rung
    }

    #[test]
    fn what_a_sync_left_undone_differs_from_what_is_there() {
        let (own, other) = (fresh::source_id(), fresh::source_id());
        let filed = |uri: &str, source, state| Filed {
            state,
            ..Filed::unread(fresh::document_id(), source, uri.to_owned(), Stamp::default(), fresh::now())
        };
        let documents = vec![
            filed("/a.md", own, DocumentState::Indexed),
            filed("/b.md", own, DocumentState::Pending),
            filed("/c.md", own, DocumentState::InProgress),
            filed("/d.md", own, DocumentState::Failed),
            filed("/e.md", other, DocumentState::Pending),
            filed("/f.md", other, DocumentState::InProgress),
        ];
        let (before, elsewhere) = seen(documents, own);
        let mut known: Vec<&str> = before.0.keys().map(String::as_str).collect();
        known.sort_unstable();
        assert_eq!(known, ["/a.md", "/d.md"]);
        assert_eq!(elsewhere, HashSet::from(["/f.md".to_owned()]));
    }

    #[tokio::test]
    async fn the_system_tells_of_files_that_can_be_of_the_source_and_of_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, text) in [("a.md", "a"), (".gitignore", "drop/\n"), ("drop/b.md", "b"), (".git/c", "c")] {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), text).unwrap();
        }
        let (mut eyes, place) = (Eyes::new(), place(&root));
        let listing = eyes.look(&place).await.unwrap();
        assert_eq!((listing.files.len(), eyes.how()), (1, Watched::Events { folders: 1 }));
        for quiet in ["drop/b.md", ".git/c", ".a.md.swp"] {
            fs::write(root.join(quiet), "other").unwrap();
            fs::read(root.join("a.md")).unwrap();
        }
        assert!(!rings(&eyes).await, "nothing of the source changed");
        // As editors save.
        fs::write(root.join("a.md~"), "new").unwrap();
        fs::rename(root.join("a.md~"), root.join("a.md")).unwrap();
        assert!(rings(&eyes).await);
        // A folder that comes, with what comes into it.
        fs::create_dir(root.join("deeper")).unwrap();
        assert!(rings(&eyes).await);
        assert_eq!(eyes.look(&place).await.unwrap().files.len(), 1);
        fs::write(root.join("deeper/d.md"), "d").unwrap();
        assert!(rings(&eyes).await);
        assert_eq!(eyes.look(&place).await.unwrap().files.len(), 2);
        // Another folder of the same name.
        fs::remove_dir_all(root.join("deeper")).unwrap();
        fs::create_dir(root.join("deeper")).unwrap();
        assert!(rings(&eyes).await);
        eyes.look(&place).await.unwrap();
        fs::write(root.join("deeper/e.md"), "e").unwrap();
        assert!(rings(&eyes).await);
    }

    #[tokio::test(start_paused = true)]
    async fn where_the_system_does_not_tell_the_source_is_looked_at_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::write(root.join("a.md"), "a").unwrap();
        let (mut eyes, place) = (Eyes::new(), place(&root));
        // One folder that cannot be watched is enough, whatever the reason.
        let odd = root.join("x".repeat(300));
        assert!(!eyes.follow(&[(root.clone(), 1), (odd, 2)]));
        let is_looking =
            |eyes: &Eyes| matches!(eyes.how(), Watched::Looks { seconds: 10, why } if !why.is_empty());
        assert!(is_looking(&eyes), "{:?}", eyes.how());
        let before = Files::of(&eyes.look(&place).await.unwrap());
        fs::write(root.join("b.md"), "b").unwrap();
        let begun = Instant::now();
        eyes.wait(begun).await;
        assert_eq!(begun.elapsed(), LOOKS);
        let after = Files::of(&eyes.look(&place).await.unwrap());
        assert_eq!((before.0.len(), after.0.len()), (1, 2));
        assert!(is_looking(&eyes), "{:?}", eyes.how());
    }
}
