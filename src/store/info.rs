//! What a store is, in numbers; whether all of it can be read; and giving back what was deleted.

use std::path::PathBuf;

use super::generation::folder;
use super::record::Kind;
use super::rewrite::Purpose;
use super::scan::Entries;
use super::{Shared, Store, files};
use crate::domain::{Error, Result};

/// A store in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Bytes of all its files, those of kept generations included.
    pub bytes: u64,
    /// Bytes of generations that a restore or a salvage has replaced and kept.
    pub kept: u64,
    /// Bytes of what lies on shelves: indexes of knowledge bases.
    pub shelves: u64,
    /// What of that a backup leaves out, in words.
    pub left_out: Vec<&'static str>,
    /// Records of each kind.
    pub records: Vec<(Kind, u64)>,
    /// Conversations that lists have: no runs of prompts, no columns of comparisons.
    pub listed: u64,
    pub schema: u32,
    /// "a key file", "a passphrase", "the keyring".
    pub key: &'static str,
    /// The key file's path, where one opens the store.
    pub key_file: Option<PathBuf>,
}

impl Info {
    /// Records of one kind.
    pub fn count(&self, kind: Kind) -> u64 {
        self.records.iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| *count)
    }
}

/// What reading everything found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Records that could be read.
    pub records: u64,
    /// Frames of what lies on shelves that could be read.
    pub frames: u64,
    /// One error for every record that could not, and for every place on a shelf.
    pub damaged: Vec<Error>,
}

impl Store {
    /// Counts the records.
    pub fn info(&self) -> Result<Info> {
        let mut records = Vec::new();
        for (kind, _) in Kind::RECORDS {
            let mut count = 0;
            for entry in Entries::of(self, kind) {
                entry?;
                count += 1;
            }
            records.push((kind, count));
        }
        let mut listed = 0;
        for entry in Entries::of(self, Kind::Recency) {
            entry?;
            listed += 1;
        }
        let (kept, key_file) = {
            let desk = self.shared.desk();
            (desk.head.kept.clone(), desk.head.wrap.file())
        };
        let kept = kept.iter().map(|number| files::bytes_under(&folder(self.shared.site.folder(), *number)));
        Ok(Info {
            kept: kept.sum(),
            shelves: self.shared.site.shelf_bytes(),
            left_out: self.shared.site.left_out()?,
            bytes: files::bytes_under(self.shared.site.folder()),
            records,
            listed,
            schema: self.shared.site.schema(),
            key: self.key_kind(),
            key_file: key_file.map(|name| self.shared.site.folder().join(name)),
        })
    }

    /// Opens every record, every large value and all that lies on shelves.
    pub fn verify(&self) -> Result<Verified> {
        let mut verified = Verified::default();
        for (kind, name) in Kind::RECORDS {
            let mut entries = Entries::of(self, kind);
            while let Some(entry) = entries.next() {
                let (key, frame) = entry?;
                // With the key of the generation that it is from: another may have taken its place meanwhile.
                match entries.generation.read(&key, frame) {
                    Ok(Some(_)) => verified.records += 1,
                    Ok(None) => {}
                    Err(mut error) => {
                        error.doing = format!("verifying {name}");
                        verified.damaged.push(error);
                    }
                }
            }
        }
        self.shared.verify_shelves(&mut verified)?;
        Ok(verified)
    }

    /// Writes everything that is still wanted into fresh files and removes the old ones, and what was kept of stores that a
    /// restore or a salvage replaced; what a salvage keeps meanwhile stays. Refused where the disk has no room for what is
    /// written before the old files go.
    pub fn compact(&self) -> Result<()> {
        let _work = self.shared.work();
        let kept = self.shared.desk().head.kept.clone();
        let copied = self.undamaged(|shared| {
            shared.room_to_rewrite("writing the store anew")?;
            let keys = shared.desk().keys.clone();
            shared.renew(Purpose::Compact, keys)
        })?;
        self.shared.forget_kept(&kept)?;
        // Where records are damaged, the marks of what was removed went along, and the last whole backup does no harm.
        if copied.damaged == 0 {
            self.refresh_automatic();
        }
        Ok(())
    }
}

impl Shared {
    /// Removes these of the generations that were kept.
    fn forget_kept(&self, kept: &[u32]) -> Result<()> {
        let site = &self.site;
        let mut desk = self.desk();
        let mut head = desk.head.clone();
        head.kept.retain(|number| !kept.contains(number));
        site.save(&mut desk, head)?;
        kept.iter().try_for_each(|number| files::remove(&folder(site.folder(), *number)))
    }
}
