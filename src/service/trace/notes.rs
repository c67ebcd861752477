//! What people think of traces: scores and notes, kept as records of their own, shown and found with what spans tell themselves,
//! and written out with them.

use std::collections::BTreeSet;

use super::Traces;
use crate::domain::change::Changed;
use crate::domain::id::{NoteId, SpanId};
use crate::domain::trace::note::{self, MOST};
use crate::domain::trace::{Note, Opinion, Outline, Span, SpanKey, TraceId, TraceSpan, Tree};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::{fresh, paging};
use crate::store::record::{NoteOf, TraceAt};
use crate::store::{Batch, Scan, Store};
use crate::wire::trace::export;

impl Traces {
    /// Keeps a note on a span, or on all of a trace.
    pub async fn note(
        &self,
        id: TraceId,
        on: Option<(u32, Option<SpanKey>)>,
        said: Opinion,
        by: String,
    ) -> Result<Note> {
        let said = said.checked()?;
        let note = self.with(move |view| {
            let span = if let Some((row, span)) = on {
                Some(view.named(id, row, span)?.id)
            } else {
                // Of one that is not there it says so.
                view.run(id)?;
                None
            };
            if view.store.keys::<Note>(Scan::under(&id)).count() >= MOST {
                let why = format!("the trace has {MOST} notes");
                let hint = "Remove some of them.";
                return Err(Error::new(ErrorKind::Full, "noting on a trace", why, hint));
            }
            let note = Note { id: fresh::note_id(), trace: id, span, said, by, at: fresh::now() };
            let mut batch = Batch::new();
            batch.put(&NoteOf(id, note.id), &note)?;
            view.store.commit(batch)?;
            Ok(note)
        });
        let note = note.await?;
        self.changes.tell(Changed::TraceNoted { id });
        Ok(note)
    }

    /// What was noted on a trace, the oldest first, and a line for each note that cannot be read.
    pub async fn notes(&self, id: TraceId) -> Result<(Vec<Note>, Vec<String>)> {
        self.with(move |view| of(view.store, id)).await
    }

    /// Takes a note away.
    pub async fn remove_note(&self, id: TraceId, note: NoteId) -> Result<()> {
        self.with(move |view| {
            let key = NoteOf(id, note);
            if !view.store.has::<Note>(&key)? {
                let why = format!("the trace has no note {note}");
                let hint = "`outcrop traces show` shows those that there are.";
                return Err(Error::new(ErrorKind::NotFound, "removing a note", why, hint));
            }
            let mut batch = Batch::new();
            batch.remove::<Note>(&key);
            view.store.commit(batch)
        })
        .await?;
        self.changes.tell(Changed::TraceNoted { id });
        Ok(())
    }
}

/// The notes on a trace, the oldest first, and a line for each that cannot be read.
pub(super) fn of(store: &Store, id: TraceId) -> Result<(Vec<Note>, Vec<String>)> {
    paging::all(store, Scan::under(&id), |key: &NoteOf| format!("note {}", key.1.short()))
}

/// Newest notes that are told in short.
const NEWEST: usize = 100;

/// What the newest notes on a trace come to in a line; one that cannot be read is left out.
pub(super) fn in_short(store: &Store, id: TraceId) -> String {
    let newest = store.scan(Scan::<Note>::under(&id).reverse()).take(NEWEST);
    let mut notes: Vec<Note> = newest.filter_map(|record| Some(record.ok()?.1)).collect();
    notes.reverse();
    note::in_short(&notes)
}

/// Removes the notes on a trace with a batch, those that cannot be read too.
pub(super) fn forget(store: &Store, id: TraceId, batch: &mut Batch) -> Result<()> {
    for key in store.keys::<Note>(Scan::under(&id)) {
        batch.remove::<Note>(&key?);
    }
    Ok(())
}

/// Removes the notes on traces that are no more; how many those were. Blocks.
pub(in crate::service) fn sweep(store: &Store) -> Result<usize> {
    let keys: Vec<NoteOf> = store.keys::<Note>(Scan::all()).collect::<Result<_>>()?;
    let traces: BTreeSet<TraceId> = keys.iter().map(|key| key.0).collect();
    let mut gone = BTreeSet::new();
    for trace in traces {
        let is_own = store.has::<Span>(&SpanId::from_bytes(trace.0))?;
        if !is_own && !store.has::<TraceAt>(&trace)? {
            gone.insert(trace);
        }
    }
    let mut batch = Batch::new();
    let keys: Vec<NoteOf> = keys.into_iter().filter(|key| gone.contains(&key.0)).collect();
    for key in &keys {
        batch.remove::<Note>(key);
    }
    store.commit_soft(batch)?;
    Ok(keys.len())
}

/// The notes of a trace by the spans that they are written out with: those on all of it go with its first root.
pub(super) struct Noted {
    notes: Vec<Note>,
    /// A line for each that cannot be read.
    pub damaged: Vec<String>,
    root: Option<SpanKey>,
}

impl Noted {
    /// The root is asked for where there is a note on all of the trace.
    pub(super) fn of(
        store: &Store,
        id: TraceId,
        root: impl FnOnce() -> Result<Option<SpanKey>>,
    ) -> Result<Self> {
        let (notes, damaged) = of(store, id)?;
        let root = if notes.iter().any(|note| note.span.is_none()) { root()? } else { None };
        Ok(Self { notes, damaged, root })
    }

    /// Those that belong to a span.
    pub(super) fn on(&self, span: SpanKey) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(move |note| note.span.or(self.root) == Some(span))
    }

    /// Writes them into the spans, as OpenTelemetry writes scores.
    pub(super) fn write(&self, spans: &mut [TraceSpan]) {
        if self.notes.is_empty() {
            return;
        }
        for span in spans {
            for note in self.on(span.id) {
                span.events.push(export::noted(note));
            }
        }
    }
}

/// The first root of a trace.
pub(super) fn root(outline: &Outline, tree: &Tree) -> Option<SpanKey> {
    tree.roots().first().map(|root| SpanKey(outline.rows[*root as usize].id))
}
