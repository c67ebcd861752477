//! A record read and written in one act: of two who would change it, the second sees what the first has made of it.

use super::record::{Record, key_bytes};
use super::{Batch, Store, scan};
use crate::domain::{Error, ErrorKind, Result};

/// How often it is read anew, where others write it meanwhile.
const TRIES: usize = 16;

impl Store {
    /// Puts what `change` makes of a record in its place, with what else is to be true then, unless that refuses; `None` where there
    /// is no such record. Nobody writes it between the reading and the writing: where somebody did, it is read anew.
    pub fn change<R: Record>(
        &self,
        key: &R::Key,
        change: impl Fn(R) -> Result<(R, Batch)>,
    ) -> Result<Option<R>> {
        let bytes = key_bytes::<R>(key);
        for _ in 0..TRIES {
            let (generation, frame) = self.mending(|generation| generation.frame(&bytes))?;
            let Some(frame) = frame else { return Ok(None) };
            let Some(opened) = generation.read(&bytes, frame)? else { return Ok(None) };
            let (changed, mut batch) = change(scan::decode::<R>(&opened)?)?;
            batch.put(key, &changed)?.over(bytes.clone(), opened.sequence);
            match self.commit(batch) {
                Err(error) if error.kind == ErrorKind::Busy => {}
                done => return done.map(|()| Some(changed)),
            }
        }
        Err(outrun())
    }
}

/// The record that a batch is to replace is another one by now.
pub(super) fn outrun() -> Error {
    let why = "others were writing it at the same time";
    Error::new(ErrorKind::Busy, "changing a record of the store", why, "Try again.")
}
