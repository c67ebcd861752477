//! What a file would become: read and cut as a sync does it, with nothing embedded that need not be, and nothing kept.

use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::filing::{Cut, Out, Text, read};
use super::listing::{Listed, list};
use super::place::{Place, Took};
use super::{EMBEDDER, Knowledge};
use crate::domain::id::DocumentId;
use crate::domain::knowledge::attribute::Metadata;
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::preview::{Piece, Preview, ToCut, Way};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::blocking::blocking;
use crate::service::invoke::Terms;
use crate::wire::document;

const DOING: &str = "showing what a file would become";
/// So many ways of cutting are shown at once.
const WAYS: usize = 4;
/// Passages of a piece of the answer.
const PAGE: usize = 256;

/// What comes of it, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum Previewing {
    /// What the file would become.
    Told(Preview),
    /// Passages of one of the ways, in order.
    Pieces { way: u32, pieces: Vec<Piece> },
}

impl Knowledge {
    /// Cuts a file without a base. Dropping the stream ends it.
    pub fn preview(&self, wanted: ToCut, terms: Terms) -> BoxStream<'static, Result<Previewing>> {
        let service = self.clone();
        stream::once(async move { service.previewed(wanted, &terms).await })
            .flat_map(|made| match made {
                Ok(all) => stream::iter(all.into_iter().map(Ok)).boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            })
            .boxed()
    }

    async fn previewed(&self, wanted: ToCut, terms: &Terms) -> Result<Vec<Previewing>> {
        let ToCut { path, chunkings, embedder: model, most } = wanted;
        if !(1..=WAYS).contains(&chunkings.len()) {
            let why = format!("{} ways of cutting are named", chunkings.len());
            return Err(Error::new(ErrorKind::Invalid, DOING, why, format!("Name 1 to {WAYS}.")));
        }
        chunkings.iter().try_for_each(|chunking| chunking.check())?;
        let model = match model {
            Some(model) => model,
            None => EMBEDDER.parse()?,
        };
        let file = blocking(DOING, move || one_file(&path)).await?;
        let embedder = self.embedder(&model, terms).await?;
        let place = Place::Files {
            path: PathBuf::from(&file.uri),
            include: Vec::new(),
            exclude: Vec::new(),
            ignored: false,
        };
        let out = |out| told(&file.uri, out);
        let taken = match place.take(&file, None, self.parsers.largest()).await.map_err(out)? {
            Took::Taken(taken) => taken,
            Took::Unchanged => return Err(Error::internal(DOING, "a file said that it is as it was")),
        };
        let (said, complaint) = match &taken.said {
            Ok(said) => (said.clone(), None),
            Err(error) => (Metadata::new(), Some(error.to_string())),
        };
        // Nobody keeps it, so it needs no name of its own.
        let named = (file.uri.as_str(), DocumentId::from_bytes([0; 16]));
        let text = read(&self.parsers, &embedder, named, (&taken, &said)).await.map_err(out)?;
        let window = text.window.map(|window| u32::try_from(window).unwrap_or(u32::MAX));
        let (mut ways, mut pages, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (chunking, way) in chunkings.into_iter().zip(0..) {
            let Cut { passages, notes: own, .. } = text.cut(chunking, &embedder).await.map_err(out)?;
            notes = own;
            let mut pieces = pieces(&text, passages);
            ways.push(Way::of(chunking, &pieces, window));
            pieces.truncate(most.map_or(usize::MAX, |most| most as usize));
            while !pieces.is_empty() {
                let rest = pieces.split_off(pieces.len().min(PAGE));
                pages.push(Previewing::Pieces { way, pieces: std::mem::replace(&mut pieces, rest) });
            }
        }
        notes.extend(complaint);
        let preview = Preview {
            format: text.document.format.clone(),
            notes,
            bytes: text.document.text.len() as u64,
            tokens: text.tokens.len() as u64,
            exact: embedder.counts_exactly(),
            embedder: model,
            window,
            ways,
            uri: file.uri,
        };
        let mut all = vec![Previewing::Told(preview)];
        all.append(&mut pages);
        Ok(all)
    }
}

/// Passages with what each has in common with the one before it.
fn pieces(text: &Text, passages: Vec<Passage>) -> Vec<Piece> {
    let mut end = 0;
    let one = |passage: Passage| {
        let shared = passage.range.start..end.min(passage.range.end);
        let overlap = if shared.is_empty() { 0 } else { text.tokens.count(&shared) };
        end = passage.range.end;
        Piece { passage, overlap }
    };
    passages.into_iter().map(one).collect()
}

/// The file of that path, as a source would list it; blocks.
fn one_file(path: &Path) -> Result<Listed> {
    let doing = || format!("reading {}", path.display());
    let wrong = |why: &str, hint: &str| Err(Error::new(ErrorKind::Invalid, doing(), why, hint));
    if !path.is_absolute() {
        return wrong("its path begins nowhere", "Name it from the root.");
    }
    let path = std::fs::canonicalize(path).map_err(|why| Error::io(doing(), &why))?;
    if path.is_dir() {
        return wrong("it is a folder", "Name one of its files.");
    }
    let Some(file) = list(&path, (&[], &[]), false, &|| true)?.files.pop() else {
        return wrong("it is no document", "Name a plain file; FILE.metadata.json is read with FILE.");
    };
    if !document::is_known(&file.uri) {
        let hint = "Read are .txt .md .html .pdf .doc .docx .csv .xls .xlsx and source code.";
        return wrong("files of this kind are not read", hint);
    }
    Ok(file)
}

/// Why there is nothing to be shown.
fn told(uri: &str, out: Out) -> Error {
    match out {
        Out::Empty(why) => {
            let hint = "A sync leaves it out.";
            Error::new(ErrorKind::Invalid, format!("cutting {uri}"), why, hint)
        }
        Out::Failed(error) | Out::Ends(error) => error,
    }
}
