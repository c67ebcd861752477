//! The backup that a store keeps of itself: a salvage takes from it what damage hit, and a lost head is made again from it.
//!
//! ```text
//! backup                whole: nothing was left out of it
//! backup-partial        newer, where damaged records had to be left out
//! backup-before-rekey   the whole one, where a new data key left damaged records behind
//! ```
//!
//! What lacks records never takes the place of what is whole, which may have the last copy of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backup::{BackupHead, Moved, Writing};
use super::files;
use super::generation::Generation;
use super::key::Keys;
use super::migrate::BEFORE;
use super::restore::{Reader, damaged};
use super::rewrite::Copied;
use super::seal::{Frame, Sealer};
use super::site::{Desk, Site};
use super::{Shared, Store};
use crate::domain::figures::count;
use crate::domain::{Error, ErrorKind, Result};

const WHOLE: &str = "backup";
const PARTIAL: &str = "backup-partial";

impl Store {
    /// Renews the backup that the store keeps of itself. Where damaged records are missing from the new one, it lies beside
    /// the last whole one, and that becomes a notice; so does a disk without room for it.
    pub fn backup_automatic(&self) -> Result<Moved> {
        let _work = self.shared.work();
        let made = self.undamaged(Shared::renew_automatic);
        if let Err(error) = &made
            && error.kind == ErrorKind::Full
        {
            self.shared.notice(format!("The store's own backup was not renewed: {}.", error.why));
        }
        made.map(Moved::from)
    }

    /// When the automatic backup was last made, be it whole or partial; `None` where there is none.
    pub fn automatic_backup_age(&self) -> Option<Duration> {
        let age = |path: &PathBuf| std::fs::metadata(path).ok()?.modified().ok()?.elapsed().ok();
        self.shared.site.own_backups().iter().filter_map(age).min()
    }

    /// Renews the automatic backup where there is one: the old one knows another key, or what was removed since. A tree in
    /// which damage is met on the way is mended from the old one first.
    pub(super) fn refresh_automatic(&self) {
        if self.shared.site.has_own_backup()
            && let Err(error) = self.undamaged(Shared::renew_automatic)
        {
            let head = BackupHead::from(&self.shared.desk().head);
            self.shared.site.forget_own_backups(&head);
            self.shared.notice(forgotten(&error));
        }
    }
}

impl Shared {
    fn renew_automatic(&self) -> Result<Copied> {
        let [whole, partial] = self.site.own_backups();
        let copied = self.back_up(&whole, &partial)?;
        let (head, keys) = {
            let desk = self.desk();
            (BackupHead::from(&desk.head), desk.keys.clone())
        };
        if let Some(lacking) = self.site.settle_backups(&self.live(), &head, &keys, copied)? {
            self.notice(lacking);
        }
        Ok(copied)
    }
}

impl Site {
    /// The files of the automatic backup: the whole one, and the one that lacks damaged records.
    pub(super) fn own_backups(&self) -> [PathBuf; 2] {
        [WHOLE, PARTIAL].map(|name| self.folder().join(name))
    }

    /// The whole one, kept where a new data key left damaged records behind.
    pub(super) fn before_rekey(&self) -> PathBuf {
        self.folder().join(format!("{BEFORE}rekey"))
    }

    fn has_own_backup(&self) -> bool {
        self.own_backups().iter().any(|path| path.exists())
    }

    /// An old one would do harm, no backup only less good. A whole one of an older schema, which no salvage takes, is laid aside.
    fn forget_own_backups(&self, head: &BackupHead) {
        let _ = self.lay_aside_older(head);
        for path in self.own_backups() {
            let _ = files::remove(&path);
        }
    }

    /// `Store::refresh_automatic` while the store is being opened and nobody else is there. `Some` says in words what is
    /// missing from the new one, or that there is none.
    pub(super) fn refresh_automatic(&self, desk: &Desk, live: &Generation) -> Option<String> {
        if !self.has_own_backup() {
            return None;
        }
        let [whole, partial] = self.own_backups();
        let head = BackupHead::from(&desk.head);
        let renewed = self
            .back_up_alone(desk, live, &whole, &partial)
            .and_then(|copied| self.settle_backups(live, &head, &desk.keys, copied));
        renewed.unwrap_or_else(|error| {
            self.forget_own_backups(&head);
            Some(forgotten(&error))
        })
    }

    /// After a renewal: a partial one goes once there is a newer whole one; a whole one that stays opens with what opens the
    /// store now. `Some` says in words what is missing from the new one.
    fn settle_backups(
        &self,
        live: &Generation,
        head: &BackupHead,
        keys: &Keys,
        copied: Copied,
    ) -> Result<Option<String>> {
        let [whole, partial] = self.own_backups();
        if copied.damaged == 0 {
            files::remove(&partial)?;
            return Ok(None);
        }
        self.bring_up(live, head, keys)?;
        Ok(Some(lacking(copied.damaged, &whole, &partial)))
    }

    /// Gives the whole backup another name where it is of an older schema than that: no salvage could use it, but it may have the
    /// last copy of what is damaged. One that only an older data key opens goes.
    fn lay_aside_older(&self, head: &BackupHead) -> Result<()> {
        let [whole, _] = self.own_backups();
        let Ok(of) = BackupHead::of(&whole, self.schema()) else { return Ok(()) };
        if of.schema == head.schema {
            return Ok(());
        }
        if of.keys.id != head.keys.id {
            return files::remove(&whole);
        }
        let aside = self.folder().join(format!("{BEFORE}{}-whole", head.schema));
        files::rename(&whole, &aside, &self.options.faults)
    }

    /// Seals the whole backup anew where it opens with what opened the store before. One of an older schema is laid aside.
    fn bring_up(&self, live: &Generation, head: &BackupHead, keys: &Keys) -> Result<()> {
        self.lay_aside_older(head)?;
        let [whole, _] = self.own_backups();
        let Ok(of) = BackupHead::of(&whole, self.schema()) else { return Ok(()) };
        if of.wrap == head.wrap && of.keys.id == head.keys.id {
            return Ok(());
        }
        match self.seal_backup(live, &whole, keys, (head, keys), &whole) {
            // What opened the store before would open it, and it cannot be made to follow.
            Err(error) if error.kind == ErrorKind::Invalid => files::remove(&whole),
            sealed => sealed,
        }
    }

    /// Keeps the whole backup where a new data key is about to leave damaged records behind, sealed with that key.
    pub(super) fn keep_before_rekey(&self, desk: &Desk, live: &Generation, keys: &Keys) -> Result<()> {
        let [whole, _] = self.own_backups();
        let schema = BackupHead::of(&whole, self.schema()).ok().map(|of| of.schema);
        let Some(next) = desk.head.next.as_ref().filter(|_| schema == Some(desk.head.schema)) else {
            return Ok(());
        };
        let head = BackupHead { keys: next.keys.clone(), ..BackupHead::from(&desk.head) };
        match self.seal_backup(live, &whole, &desk.keys, (&head, keys), &self.before_rekey()) {
            // One that is damaged itself is not whole.
            Err(error) if error.kind == ErrorKind::Invalid => Ok(()),
            kept => kept,
        }
    }

    /// Writes what is in the backup `from`, which `old` opens, into the backup `to` with another head and its keys.
    fn seal_backup(
        &self,
        live: &Generation,
        from: &Path,
        old: &Keys,
        (head, keys): (&BackupHead, &Keys),
        to: &Path,
    ) -> Result<()> {
        let (opening, sealing) = (Sealer::new(&old.data), Sealer::new(&keys.data));
        let mut writing = Writing::begin(self, live, head, keys, to)?;
        Reader::open(from, old)?.for_each(|bytes| {
            let frame = Frame::parse(bytes).ok_or_else(|| damaged(from))?;
            let opened = opening.unseal(&frame)?;
            let sealed = sealing.seal(opened.schema, opened.sequence, frame.key, &opened.plain)?;
            writing.frame(&sealed)
        })?;
        writing.finish(to).map(|_| ())
    }
}

/// What is told where the backup could not follow the store.
fn forgotten(error: &Error) -> String {
    format!("The store's own backup could not be brought up to date, and was removed: {}.", error.why)
}

/// What is told of a backup that damaged records are missing from.
fn lacking(records: u64, whole: &Path, partial: &Path) -> String {
    let records = count(records, "damaged record", "damaged records");
    let (kept, back) = if whole.exists() {
        let whole = whole.display();
        (
            format!(" The last whole one stays as it was: {whole}."),
            format!(
                "`outcrop workspace restore {whole}` brings that one back, in place of everything newer."
            ),
        )
    } else {
        (String::new(), "`outcrop workspace restore FILE` brings a backup back.".to_owned())
    };
    format!(
        "The store's own backup would lack {records}; what could be read is in {}.{kept} `outcrop workspace verify` names the \
         damage; {back}",
        partial.display()
    )
}
