//! Drafts, which are saved at every pause in typing: a large paste is a record of its own, written once.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::record::draft::{KeptDraft, KeptPaste, Version};
use super::record::{DraftOf, Name, Paste, PasteOf};
use super::{Batch, Scan, Store};
use crate::domain::attachment::Attachment;
use crate::domain::conversation::{Draft, Held, SavedDraft};
use crate::domain::id::{DraftId, TerminalId};
use crate::domain::{ErrorKind, Result};

/// Pastes of more bytes than this lie beside their draft.
const APART: usize = 4096;

/// What stands where a paste is lost: a message is not sent with a hole that nobody sees.
const UNREADABLE: &str = "[a paste that could not be read]";

/// Terminals whose drafts of one conversation are kept beside one another: the last so many.
const TERMINALS: usize = 16;

impl Store {
    /// Keeps a terminal's draft in the place of its last one, and of `over`, which is another's that was gone on with;
    /// an empty one deletes them. Drafts of other terminals stay.
    pub fn save_draft(
        &self,
        of: DraftOf,
        by: TerminalId,
        over: Option<DraftId>,
        id: DraftId,
        draft: Draft,
    ) -> Result<()> {
        // Whether a paste is there already must still be so when the draft that names it is committed.
        let _one = self.shared.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Batch::new();
        let before = match self.get::<KeptDraft>(&of) {
            // What is typed now is kept in its place: nobody could read the damaged one.
            Err(error) if error.kind == ErrorKind::Corrupt => None,
            before => before?,
        };
        let before = before.into_iter().flat_map(KeptDraft::versions);
        let replaced =
            |old: &Version| old.by.is_none_or(|old| old == by) || (over.is_some() && old.id == over);
        let beside = before.filter(|old| !old.text.is_empty() && !replaced(old));
        let mut versions: Vec<Version> = Vec::new();
        let mut named = BTreeSet::new();
        if !draft.text.is_empty() {
            let mut pastes = Vec::new();
            for paste in draft.pastes {
                pastes.push(self.keep_paste(of, paste, &mut named, &mut batch)?);
            }
            versions.push(Version { id: Some(id), by: Some(by), text: draft.text, pastes });
        }
        versions.extend(beside);
        versions.truncate(TERMINALS);
        named.extend(versions.iter().flat_map(|version| &version.pastes).filter_map(|paste| match paste {
            KeptPaste::Apart { paste } => Some(*paste),
            KeptPaste::Here(_) | KeptPaste::File { .. } => None,
        }));
        self.forget_pastes(of, &named, &mut batch)?;
        let mut versions = versions.into_iter();
        match versions.next() {
            None => batch.remove::<KeptDraft>(&of),
            Some(newest) => batch.put(&of, &KeptDraft { newest, beside: versions.collect() })?,
        };
        self.commit(batch)
    }

    /// How a paste is kept; a large one that is not `named` yet is written, unless it is there.
    fn keep_paste(
        &self,
        of: DraftOf,
        paste: Held,
        named: &mut BTreeSet<Name>,
        batch: &mut Batch,
    ) -> Result<KeptPaste> {
        Ok(match paste {
            Held::File(file) => KeptPaste::File { file },
            Held::Text(paste) if paste.len() <= APART => KeptPaste::Here(paste),
            Held::Text(paste) => {
                let name = Name::of(&self.shared.live().name("paste", paste.as_bytes()));
                let key = PasteOf(of, name);
                if named.insert(name) && !self.has::<Paste>(&key)? {
                    batch.put(&key, &Paste(paste))?;
                }
                KeptPaste::Apart { paste: name }
            }
        })
    }

    /// Gives the drafts back, the newest first, but that of the terminal itself before all. A paste that cannot be read
    /// says so in its place.
    pub fn load_drafts(&self, of: DraftOf, by: TerminalId) -> Result<Vec<SavedDraft>> {
        let Some(kept) = self.get::<KeptDraft>(&of)? else { return Ok(Vec::new()) };
        let paste = |paste| match paste {
            KeptPaste::Here(text) => Ok(Held::Text(text)),
            KeptPaste::File { file } => Ok(Held::File(file)),
            KeptPaste::Apart { paste } => match self.get::<Paste>(&PasteOf(of, paste)) {
                Ok(Some(Paste(text))) => Ok(Held::Text(text)),
                Err(error) if error.kind != ErrorKind::Corrupt => Err(error),
                Ok(None) | Err(_) => Ok(UNREADABLE.into()),
            },
        };
        let mut versions: Vec<Version> = kept.versions().collect();
        versions.sort_by_key(|version| version.by != Some(by));
        let saved = |version: Version| {
            let pastes = version.pastes.into_iter().map(paste).collect::<Result<_>>()?;
            Ok(SavedDraft { id: version.id, draft: Draft { text: version.text, pastes } })
        };
        versions.into_iter().map(saved).collect()
    }

    /// The files that drafts hold; a draft that cannot be read is an error in its place.
    pub fn files_of_drafts(&self) -> impl Iterator<Item = Result<Vec<Attachment>>> {
        let file = |paste| match paste {
            KeptPaste::File { file } => Some(file),
            KeptPaste::Here(_) | KeptPaste::Apart { .. } => None,
        };
        self.keys::<KeptDraft>(Scan::all()).map(move |key| {
            let kept = self.get::<KeptDraft>(&key?)?.into_iter().flat_map(KeptDraft::versions);
            Ok(kept.flat_map(|version| version.pastes).filter_map(file).collect())
        })
    }

    /// Deletes a draft with a batch.
    pub fn forget_draft(&self, of: DraftOf, batch: &mut Batch) -> Result<()> {
        batch.remove::<KeptDraft>(&of);
        self.forget_pastes(of, &BTreeSet::new(), batch)
    }

    fn forget_pastes(&self, of: DraftOf, but: &BTreeSet<Name>, batch: &mut Batch) -> Result<()> {
        for key in self.keys::<Paste>(Scan::under(&of)) {
            let key = key?;
            if key.0 == of && !but.contains(&key.1) {
                batch.remove::<Paste>(&key);
            }
        }
        Ok(())
    }
}
