//! Drafts, which are saved at every pause in typing: a large paste is a record of its own, written once.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::record::draft::{KeptDraft, KeptPaste};
use super::record::{DraftOf, Name, Paste, PasteOf};
use super::{Batch, Scan, Store};
use crate::domain::conversation::{Draft, Held};
use crate::domain::{ErrorKind, Result};

/// Pastes of more bytes than this lie beside their draft.
const APART: usize = 4096;

/// What stands where a paste is lost: a message is not sent with a hole that nobody sees.
const UNREADABLE: &str = "[a paste that could not be read]";

impl Store {
    /// Keeps a draft; an empty one is deleted.
    pub fn save_draft(&self, of: DraftOf, draft: Draft) -> Result<()> {
        // Whether a paste is there already must still be so when the draft that names it is committed.
        let _one = self.shared.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Batch::new();
        let mut named = BTreeSet::new();
        if draft.text.is_empty() {
            batch.remove::<KeptDraft>(&of);
        } else {
            let mut kept = KeptDraft { text: draft.text, pastes: Vec::new() };
            for paste in draft.pastes {
                let paste = match paste {
                    Held::Text(paste) => paste,
                    Held::File(file) => {
                        kept.pastes.push(KeptPaste::File { file });
                        continue;
                    }
                };
                if paste.len() <= APART {
                    kept.pastes.push(KeptPaste::Here(paste));
                    continue;
                }
                let name = Name::of(&self.shared.live().name("paste", paste.as_bytes()));
                let key = PasteOf(of, name);
                if named.insert(name) && !self.has::<Paste>(&key)? {
                    batch.put(&key, &Paste(paste))?;
                }
                kept.pastes.push(KeptPaste::Apart { paste: name });
            }
            batch.put(&of, &kept)?;
        }
        self.forget_pastes(of, &named, &mut batch)?;
        self.commit(batch)
    }

    /// Gives a draft back; an empty one where none was kept. A paste that cannot be read says so in its place.
    pub fn load_draft(&self, of: DraftOf) -> Result<Draft> {
        let Some(kept) = self.get::<KeptDraft>(&of)? else { return Ok(Draft::default()) };
        let paste = |paste| match paste {
            KeptPaste::Here(text) => Ok(Held::Text(text)),
            KeptPaste::File { file } => Ok(Held::File(file)),
            KeptPaste::Apart { paste } => match self.get::<Paste>(&PasteOf(of, paste)) {
                Ok(Some(Paste(text))) => Ok(Held::Text(text)),
                Err(error) if error.kind != ErrorKind::Corrupt => Err(error),
                Ok(None) | Err(_) => Ok(UNREADABLE.into()),
            },
        };
        Ok(Draft { text: kept.text, pastes: kept.pastes.into_iter().map(paste).collect::<Result<_>>()? })
    }

    /// Every draft; one that cannot be read is an error in its place.
    pub fn drafts(&self) -> impl Iterator<Item = Result<Draft>> {
        self.keys::<KeptDraft>(Scan::all()).map(|key| self.load_draft(key?))
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
