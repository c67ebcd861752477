//! New keys: another wrapping of the same data key, or a new data key for everything.

use super::generation::{Generation, folder};
use super::head::Head;
use super::key::{Unlock, Wrap, WrapWith, Wrapper};
use super::rewrite::{Copied, Purpose};
use super::site::{Desk, Site};
use super::{Shared, Store, files};
use crate::domain::Result;
use crate::domain::figures::count;

impl Store {
    /// Wraps the data key anew. The records stay as they are; the old key file or passphrase opens nothing any more.
    pub fn rekey(&self, with: &WrapWith) -> Result<()> {
        let _work = self.shared.work();
        self.shared.rewrap(&mut self.shared.desk(), with)?;
        self.refresh_automatic();
        Ok(())
    }

    /// Whether what opens the store at the next start is still there: the key file, the keyring's entry. A passphrase is
    /// in nobody's hands but the person's.
    pub fn check_key(&self) -> Result<()> {
        let desk = self.shared.desk();
        let Head { wrap, keys, workspace, .. } = desk.head.clone();
        drop(desk);
        if matches!(wrap, Wrap::Passphrase { .. }) {
            return Ok(());
        }
        let site = &self.shared.site;
        let places = [site.folder().to_owned()];
        let found = Wrapper::find(&wrap, workspace, &places, &Unlock::default(), &site.options);
        found.and_then(|wrapper| wrapper.unwrap(&keys, &wrap)).map(|_| ())
    }

    /// Wraps anew, and makes a new data key that everything is sealed with, what lies on shelves too: where one is in use, at
    /// the next start. What only the old one opens goes: what restores
    /// and repairs kept, the backups from before a migration. Refused where the disk has no room for it; killed in the middle, the
    /// next start finishes it.
    pub fn rekey_data(&self, with: &WrapWith) -> Result<()> {
        let _work = self.shared.work();
        self.undamaged(|shared| shared.room_to_rewrite("making a new data key"))?;
        self.shared.rewrap(&mut self.shared.desk(), with)?;
        self.undamaged(Shared::new_data_key)?;
        self.shared.seal_shelves()?;
        self.refresh_automatic();
        Ok(())
    }
}

impl Shared {
    /// The new wrapping is kept before the head stands on it, the old one taken away after: at every moment the head
    /// names one that is there, and every one that is there.
    fn rewrap(&self, desk: &mut Desk, with: &WrapWith) -> Result<()> {
        let site = &self.site;
        desk.ready()?;
        let wrap = Wrap::draw(with)?;
        wrap.has_a_place(desk.head.workspace, site.folder(), &site.options)?;
        let mut loose = desk.head.loose.clone();
        loose.push(wrap.clone());
        site.save(desk, Head { loose: loose.clone(), ..desk.head.clone() })?;
        let made = Wrapper::make(&wrap, with, desk.head.workspace, site.folder(), &site.options);
        let old = || desk.head.before.iter().map(|keys| desk.wrapper.unwrap(keys, &desk.head.wrap));
        let wrapped = made.and_then(|wrapper| {
            let before = old().map(|keys| wrapper.wrap(&keys?)).collect::<Result<Vec<_>>>()?;
            Ok((wrapper.wrap(&desk.keys)?, before, wrapper))
        });
        let (keys, before, wrapper) = match wrapped {
            Ok(made) => made,
            Err(error) => {
                // What is left of it is taken away at the next start, where that cannot be done now.
                let _ = site.tidy_wraps(desk);
                return Err(error);
            }
        };
        loose.retain(|one| *one != wrap);
        loose.push(desk.head.wrap.clone());
        site.save(desk, Head { wrap, keys, loose, before, ..desk.head.clone() })?;
        desk.wrapper = wrapper;
        if let Some(left) = site.tidy_wraps(desk) {
            self.notice(left);
        }
        Ok(())
    }

    fn new_data_key(&self) -> Result<()> {
        let keys = self.desk().keys.with_new_data_key()?;
        let copied = self.renew(Purpose::Rekey, keys)?;
        if let Some(notice) = self.site.lost(copied) {
            self.notice(notice);
        }
        Ok(())
    }
}

impl Site {
    /// What is told of records that could not be sealed anew.
    fn lost(&self, copied: Copied) -> Option<String> {
        if copied.damaged == 0 {
            return None;
        }
        let kept = self.before_rekey();
        let lost = count(copied.damaged, "damaged record", "damaged records");
        let advice = if kept.exists() {
            let kept = kept.display();
            format!(
                "The store's own backup from before, which may have them, is kept, sealed with the new key: `outcrop \
                 workspace restore {kept}` brings it back, in place of everything newer."
            )
        } else {
            "A backup that was made before may have them.".to_owned()
        };
        Some(format!("What the new key could not be put on is left behind: {lost}. {advice}"))
    }

    /// Takes away what wrappings keep that the store does not stand on. `Some` says in words what could not be taken away:
    /// that is named on, and tried again at the next start. It keeps nobody from the store.
    pub(super) fn tidy_wraps(&self, desk: &mut Desk) -> Option<String> {
        let mut left = None;
        let mut loose = desk.head.loose.clone();
        loose.retain(|wrap| {
            if *wrap == desk.head.wrap {
                return false;
            }
            let discarded = wrap.discard(desk.head.workspace, self.folder(), &self.options);
            let words = discarded.unwrap_or_else(|error| Some(error.to_string()));
            let stays = words.is_some();
            left = words.or(left.take());
            stays
        });
        if loose == desk.head.loose {
            return left;
        }
        let saved = self.save(desk, Head { loose, ..desk.head.clone() });
        left.or(saved.err().map(|error| error.to_string()))
    }

    /// At the start: finishes a new data key that was under way, and forgets every other rewrite.
    pub(super) fn end_interruption(
        &self,
        desk: &mut Desk,
        notices: &mut Vec<String>,
    ) -> Result<Option<Generation>> {
        let Some(next) = desk.head.next.clone() else { return Ok(None) };
        if next.purpose != Purpose::Rekey {
            self.abandon(desk)?;
            // Space is given back without anybody's word, and nobody misses it.
            if next.purpose != Purpose::Compact {
                notices.push("Work on the store was interrupted; the store is as it was before.".to_owned());
            }
            return Ok(None);
        }
        let keys = desk.wrapper.unwrap(&next.keys, &desk.head.wrap)?;
        let old = self.enter(desk, notices)?;
        if desk.head.next.is_none() {
            // The store was damaged and had to be salvaged, which took the place of the generation under way.
            notices.push("The new data key was not made: do it again.".to_owned());
            return Ok(Some(old));
        }
        let fresh = if let Ok(fresh) = Generation::open(self.folder(), next.generation, &keys, &self.options)
        {
            fresh
        } else {
            files::remove(&folder(self.folder(), next.generation))?;
            self.begin(desk, Purpose::Rekey, &keys)?
        };
        let copied = self.carry_tree(&fresh, &old)?;
        if copied.damaged > 0 {
            self.keep_before_rekey(desk, &old, &keys)?;
        }
        self.enthrone(desk, &fresh, keys, false)?;
        notices.extend(self.lost(copied));
        notices.push("A new data key that was under way when the program ended is in force now.".to_owned());
        old.doom();
        notices.extend(self.refresh_automatic(desk, &fresh));
        Ok(Some(fresh))
    }
}
