//! Which generation is the base. The file `base` says it; each generation has a copy, for the day when that file is lost.

use serde::{Deserialize, Serialize};

use super::generation::HINT;
use crate::domain::{Error, ErrorKind, Result};
use crate::store::Shelf;

const BASE: &str = "base";
const FORMAT: u32 = 1;
/// How the names of generations begin.
const PREFIX: &str = "gen-";
/// Longer vectors no model makes; a file that says so is none of ours.
const MOST_DIMENSIONS: usize = 65_536;
const DOING: &str = "opening a knowledge base";

/// What a base is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Base {
    format: u32,
    pub(super) dimensions: usize,
    pub(super) generation: u32,
}

impl Base {
    /// Finds the base on a shelf; where there is none, it is a new one of so many `dimensions`. Where the file was lost the copy of
    /// a generation is taken; `notes` say so. Where there is no copy either, only a mending guesses. Nothing is written yet.
    pub(super) fn find(
        shelf: &Shelf,
        dimensions: usize,
        mending: bool,
        notes: &mut Vec<String>,
    ) -> Result<Self> {
        if dimensions == 0 || dimensions > MOST_DIMENSIONS {
            let why = format!("vectors have 1 to {MOST_DIMENSIONS} numbers, not {dimensions}");
            return Err(Error::new(ErrorKind::Invalid, DOING, why, "Name another embedding model."));
        }
        let met = match Self::read(shelf) {
            Ok(Some(base)) => return base.fitting(shelf, dimensions, mending),
            Ok(None) => None,
            Err(met) if met.kind == ErrorKind::Corrupt => Some(met),
            Err(error) => return Err(error),
        };
        let mut filled = None;
        for generation in generations(shelf)?.into_iter().rev() {
            let own = shelf.inner(&name(generation))?;
            if let Ok(Some(copy)) = Self::read(&own)
                && copy.generation == generation
            {
                notes.push(
                    "The file that names its generation was lost; a copy was taken instead.".to_owned(),
                );
                return copy.fitting(shelf, dimensions, mending);
            }
            if own.has("passages") && own.log("passages")?.length() > 0 {
                // The older one is whole: another was still being written.
                filled = Some(generation);
            }
        }
        if !mending && (met.is_some() || filled.is_some()) {
            let gone = "the file that names its generation is gone";
            let why = met.map_or_else(|| gone.to_owned(), |met| met.why);
            return Err(Error::new(ErrorKind::Corrupt, DOING, why, HINT));
        }
        Ok(Self { format: FORMAT, dimensions, generation: filled.unwrap_or(1) })
    }

    /// Refuses vectors of another length, and a generation whose passages were lost.
    fn fitting(self, shelf: &Shelf, dimensions: usize, mending: bool) -> Result<Self> {
        if self.dimensions != dimensions {
            let why = format!("its vectors have {} numbers, not {dimensions}", self.dimensions);
            let hint = "Another embedding model needs the base built anew.";
            return Err(Error::new(ErrorKind::Invalid, DOING, why, hint));
        }
        if !mending && !self.shelf(shelf)?.has("passages") {
            return Err(Error::new(ErrorKind::Corrupt, DOING, "its passages are gone", HINT));
        }
        Ok(self)
    }

    /// Says that this is the base, once its generation is there, and takes away what was not finished, or is none any more.
    pub(super) fn keep(self, shelf: &Shelf) -> Result<()> {
        for place in [shelf, &self.shelf(shelf)?] {
            if Self::read(place).ok().flatten() != Some(self) {
                self.write(place)?;
            }
        }
        let others = shelf.names()?.into_iter();
        let mut others = others.filter(|other| other.starts_with(PREFIX) && *other != name(self.generation));
        others.try_for_each(|other| shelf.remove(&other))
    }

    fn read(shelf: &Shelf) -> Result<Option<Self>> {
        let Some(bytes) = shelf.read(BASE)? else { return Ok(None) };
        let base: Self = serde_json::from_slice(&bytes).map_err(|why| {
            Error::new(ErrorKind::Corrupt, DOING, format!("what it is cannot be read: {why}"), HINT)
        })?;
        if base.format > FORMAT {
            let hint = "Use the newer outcrop, or build the base anew.";
            return Err(Error::new(ErrorKind::Version, DOING, "a newer outcrop wrote it", hint));
        }
        Ok(Some(base))
    }

    /// Says on `shelf` that this is the base.
    pub(super) fn write(self, shelf: &Shelf) -> Result<()> {
        let bytes = serde_json::to_vec(&self)
            .map_err(|why| Error::internal("writing a knowledge base", why.to_string()))?;
        shelf.write(BASE, &bytes)
    }

    /// The next generation of the same.
    pub(super) fn next(self) -> Self {
        Self { generation: self.generation + 1, ..self }
    }

    /// Where its generation lies.
    pub(super) fn shelf(self, of: &Shelf) -> Result<Shelf> {
        of.inner(&name(self.generation))
    }

    /// Takes its generation away.
    pub(super) fn remove(self, of: &Shelf) -> Result<()> {
        of.remove(&name(self.generation))
    }
}

fn name(generation: u32) -> String {
    format!("{PREFIX}{generation:06}")
}

/// The numbers of the generations on a shelf, the oldest first.
fn generations(shelf: &Shelf) -> Result<Vec<u32>> {
    let names = shelf.names()?.into_iter();
    let mut found: Vec<u32> =
        names.filter_map(|name| name.strip_prefix(PREFIX).and_then(|number| number.parse().ok())).collect();
    found.sort_unstable();
    Ok(found)
}
