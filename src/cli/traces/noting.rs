//! `outcrop traces note`: scores and notes on traces, and their lines below a tree.

use super::{Asker, End, Item, Out, Reply, Request, Traces, found, shown, unexpected, warn, words};
use crate::domain::id::{is_piece, piece};
use crate::domain::trace::note::NAME;
use crate::domain::trace::outline::Outline;
use crate::domain::trace::{Grade, Note, Opinion, TraceId};
use crate::domain::{Error, ErrorKind, Result};

/// A note with the number of its span.
pub(super) struct Placed<'a> {
    pub note: &'a Note,
    /// `None` of the trace as a whole, and of a span that is no more.
    pub row: Option<u32>,
}

impl Placed<'_> {
    /// A line of the table below a tree.
    pub(super) fn line(&self) -> Vec<String> {
        let of = match (self.row, self.note.span) {
            (Some(row), _) => format!("span {row}"),
            (None, None) => "all of it".to_owned(),
            (None, Some(_)) => "a span that is gone".to_owned(),
        };
        vec!["note".to_owned(), self.note.id.short(), words::time(self.note.at), of, self.note.line()]
    }
}

/// Notes with the numbers of their spans.
pub(super) fn placed<'a>(notes: &'a [Note], outline: &Outline) -> Vec<Placed<'a>> {
    let row = |note: &Note| {
        let at = outline.rows.iter().position(|row| note.span.is_some_and(|span| span.0 == row.id));
        at.and_then(|at| u32::try_from(at).ok())
    };
    notes.iter().map(|note| Placed { row: row(note), note }).collect()
}

/// What was noted on a trace.
pub(super) async fn of(id: TraceId, asker: &Asker, out: &mut Out) -> Result<Vec<Note>, End> {
    match asker.one(Request::Traces(Traces::Notes { id }), out).await? {
        Reply::TraceNotes { notes, damaged } => {
            warn(&damaged);
            Ok(notes)
        }
        other => Err(unexpected(&other)),
    }
}

/// What was said on the command line.
pub(super) fn opinion(score: Option<String>, name: Option<String>, text: Option<String>) -> Result<Opinion> {
    let grade = score.map(|score| Grade::read(&score)).transpose()?;
    let name = name.unwrap_or_else(|| NAME.to_owned());
    Opinion { name, grade, text: text.unwrap_or_default() }.checked()
}

pub(super) async fn note(
    text: &str,
    row: Option<u32>,
    said: Opinion,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let id = found(text, asker, out).await?.id;
    let reply = asker.one(Request::Traces(Traces::Note { id, row, span: None, said }), out).await?;
    let Reply::TraceNoted { note } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        return out.object(&Item::TraceNote { row, note });
    }
    let of = row.map_or_else(|| "all of it".to_owned(), |row| format!("span {row}"));
    out.line(&format!("noted {}  {}  {of}  {}", note.id.short(), shown::short(id), note.line()))
}

pub(super) async fn remove(text: &str, wanted: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let id = found(text, asker, out).await?.id;
    let notes = of(id, asker, out).await?;
    let wanted = piece(wanted);
    let is_it = |note: &&Note| is_piece(&wanted, &note.id.to_string());
    let found: Vec<&Note> = notes.iter().filter(is_it).collect();
    let [note] = found.as_slice() else {
        let several = found.len() > 1;
        let why = if several { "several notes have" } else { "no note of the trace has" };
        let hint =
            if several { "Give more of its digits." } else { "`outcrop traces show` shows the notes." };
        let kind = if several { ErrorKind::Invalid } else { ErrorKind::NotFound };
        return Err(Error::new(kind, "removing a note", format!("{why} the id {wanted}"), hint).into());
    };
    let reply = asker.one(Request::Traces(Traces::RemoveNote { id, note: note.id }), out).await?;
    if out.json {
        return out.object(&reply);
    }
    out.line(&format!("removed {}  {}", note.id.short(), note.line()))
}
