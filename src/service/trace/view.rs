//! One view over the traces of this program and those from elsewhere. Everything here blocks.

use std::collections::{HashMap, HashSet};

use super::kept::{Kept, Opened, Price, missing, outline_of, weight};
use super::notes::{self, Noted};
use super::{own, said};
use crate::domain::id::SpanId;
use crate::domain::time::Timestamp;
use crate::domain::trace::filter::{Filter, Subject};
use crate::domain::trace::outline::Outline;
use crate::domain::trace::{Facts, Marks, Note, Run, Source, Span, SpanKey, TraceId, TraceSpan, Tree};
use crate::domain::{Error, ErrorKind, Result};
use crate::store::record::RunKey;
use crate::store::{Scan, Store};
use crate::wire::trace::meaning;

/// Spans of this program's own that are made whole at a time, and about how many bytes of them: each call of a run says again
/// what was said before it.
const OWN: usize = 256;
const OWN_BYTES: usize = 1 << 20;

/// Both kinds of traces.
pub(super) struct View<'a> {
    pub store: &'a Store,
    /// Calls that run now, in the order of their ids: the store has none of them, or one that has ended meanwhile.
    pub underway: &'a [Span],
    pub kept: &'a Kept,
    pub price: &'a Price,
    /// When this process began: what runs has begun after it.
    pub since: Timestamp,
}

impl View<'_> {
    /// Runs behind `before`, newest first, that have a span which passes, as long as somebody `wants` them; and whether there are
    /// more.
    pub(super) fn list(
        &self,
        filter: Option<&Filter>,
        limit: usize,
        before: Option<RunKey>,
        wants: impl Fn() -> bool,
    ) -> Result<(Vec<Run>, bool)> {
        let mut found = Vec::new();
        let more = self.each(filter, before, wants, |run| {
            let has_room = found.len() < limit;
            if has_room {
                found.push(self.asked(run));
            }
            has_room
        })?;
        Ok((found, more))
    }

    /// Tells these runs until `take` says `false`, as they are without what was noted on them and what they were asked; and whether
    /// there are more.
    pub(super) fn each(
        &self,
        filter: Option<&Filter>,
        before: Option<RunKey>,
        wants: impl Fn() -> bool,
        mut take: impl FnMut(Run) -> bool,
    ) -> Result<bool> {
        let behind = |run: &Run| before.is_none_or(|before| RunKey(run.at, run.id) < before);
        let mut kept = self.kept.runs(before).peekable();
        let since = (self.since, before.map(|before| before.0));
        let own = own::Runs::new(self.store, self.underway, self.price, since);
        let mut own = own.filter(move |run| run.as_ref().map_or(true, behind)).peekable();
        loop {
            let at = |run: Option<&Result<Run>>| {
                run.map(|run| run.as_ref().map_or(Timestamp(i64::MAX), |run| run.at))
            };
            let next = if at(kept.peek()) >= at(own.peek()) { kept.next() } else { own.next() };
            let Some(run) = next else { return Ok(false) };
            let run = run?;
            if !wants() {
                return Ok(true);
            }
            if let Some(filter) = filter {
                match self.passes(run.id, filter) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    // One that cannot be looked into hides no other.
                    Err(error) if matches!(error.kind, ErrorKind::Corrupt | ErrorKind::NotFound) => continue,
                    Err(error) => return Err(error),
                }
            }
            if !take(run) {
                return Ok(true);
            }
        }
    }

    /// A run with how much was noted on it, and what it was asked, where it is one of this program.
    pub(super) fn asked(&self, run: Run) -> Run {
        let notes = self.store.keys::<Note>(Scan::under(&run.id)).count() as u64;
        let noted = if notes > 0 { notes::in_short(self.store, run.id) } else { String::new() };
        let run = Run { notes, noted, ..run };
        match run.source {
            Source::Own => Run { asked: said::asked(self.store, SpanId::from_bytes(run.id.0)), ..run },
            Source::Received | Source::Imported => run,
        }
    }

    /// Whether a span of a trace passes.
    fn passes(&self, id: TraceId, filter: &Filter) -> Result<bool> {
        let mut passes = false;
        self.search(id, filter, |_| {
            passes = true;
            false
        })?;
        Ok(passes)
    }

    /// The calls of a trace of this program; none of any other.
    pub(super) fn own(&self, id: TraceId) -> Result<Vec<Span>> {
        own::spans(self.store, self.underway, id)
    }

    /// The rows of a trace.
    pub(super) fn open(&self, id: TraceId) -> Result<Opened> {
        let own = self.own(id)?;
        if own.is_empty() {
            return self.kept.outline(id);
        }
        let outline = own::opened(self.store, &own, self.price, self.since)?;
        Ok(Opened { outline, damaged: Vec::new() })
    }

    /// What a call cost that does not tell it.
    pub(super) fn price_of(&self, facts: &Facts<'_>) -> Option<f64> {
        let model = if facts.model.is_empty() { facts.answered_by } else { facts.model };
        (self.price)(facts.provider, model, &facts.usage)
    }

    /// The run of a trace: this program's own, where another one stands under its id, too.
    pub(super) fn run(&self, id: TraceId) -> Result<Run> {
        let own = self.own(id)?;
        if own.is_empty() {
            return self.kept.run(id)?.map(|run| self.asked(run)).ok_or_else(|| missing(id));
        }
        Ok(self.asked(own::run(&own, self.price, self.since)))
    }

    /// The run of what came from elsewhere under the id of an own trace.
    pub(super) fn other(&self, id: TraceId) -> Result<Option<Run>> {
        match self.kept.run(id)? {
            Some(run) if !self.own(id)?.is_empty() => Ok(Some(self.asked(run))),
            _ => Ok(None),
        }
    }

    /// Takes those out of what a file held that are of an own trace, of which it has nothing else: how many those were.
    pub(super) fn take_own_out(&self, spans: &mut Vec<TraceSpan>) -> Result<u64> {
        let mut came: HashMap<TraceId, HashSet<SpanKey>> = HashMap::new();
        for span in &*spans {
            came.entry(span.trace).or_default().insert(span.id);
        }
        let mut here = HashSet::new();
        for (trace, ids) in came {
            let own = own::wholes(&self.own(trace)?, self.since);
            let own: HashSet<SpanKey> = own.iter().map(|span| span.id).collect();
            if ids.is_subset(&own) {
                here.insert(trace);
            }
        }
        let before = spans.len();
        spans.retain(|span| !here.contains(&span.trace));
        Ok((before - spans.len()) as u64)
    }

    /// What people noted on a trace.
    pub(super) fn noted(&self, id: TraceId) -> Result<Noted> {
        Noted::of(self.store, id, || {
            let Reckoned { outline, tree } = Reckoned::of(self.open(id)?.outline);
            Ok(notes::root(&outline, &tree))
        })
    }

    /// The whole span of a row, with what was said in it.
    pub(super) fn span(&self, id: TraceId, row: u32) -> Result<TraceSpan> {
        let own = self.own(id)?;
        let at = row as usize;
        let Some(span) = own.get(at) else { return self.kept.span(id, row) };
        let mut whole = own::wholes(&own, self.since).swap_remove(at);
        said::say(self.store, span, &mut whole, &mut said::Known::default())?;
        Ok(whole)
    }

    /// The same; where its id is told, and the row is that of another one by now, the span of that id.
    pub(super) fn named(&self, id: TraceId, row: u32, span: Option<SpanKey>) -> Result<TraceSpan> {
        let Some(wanted) = span else { return self.span(id, row) };
        match self.span(id, row) {
            Ok(found) if found.id == wanted => return Ok(found),
            Err(error) if error.kind != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let outline = self.open(id)?.outline;
        let found = (0..).zip(&outline.rows).find(|(_, row)| row.id == wanted.0);
        let Some((row, _)) = found else {
            let why = format!("the trace has no span {wanted} any more");
            let hint = "Open the trace again: it may have become shorter.";
            return Err(Error::new(ErrorKind::NotFound, "opening a span", why, hint));
        };
        self.span(id, row)
    }

    /// Visits whole spans with the number of the first of each part, until `visit` says `false`. What cannot be read is visited
    /// as its error.
    pub(super) fn visit(
        &self,
        id: TraceId,
        visit: impl FnMut(u32, Result<Vec<TraceSpan>>) -> bool,
    ) -> Result<()> {
        self.visit_with(id, |_| true, visit)
    }

    /// The same, with what was said in the spans of the rows that are `wanted`; others may come without.
    pub(super) fn visit_with(
        &self,
        id: TraceId,
        wanted: impl Fn(u32) -> bool,
        visit: impl FnMut(u32, Result<Vec<TraceSpan>>) -> bool,
    ) -> Result<()> {
        let own = self.own(id)?;
        if own.is_empty() {
            return self.kept.visit(id, visit);
        }
        let mut known = said::Known::default();
        let told = (0..).zip(&own).zip(own::wholes(&own, self.since)).map(|((at, span), mut whole)| {
            if wanted(at) {
                said::say(self.store, span, &mut whole, &mut known)?;
            }
            Ok(whole)
        });
        in_parts(told, visit);
        Ok(())
    }

    /// Tells the rows of a trace that pass, some at a time, until `take` says `false`. Whole spans are read only where the
    /// filter needs them.
    pub(super) fn search(
        &self,
        id: TraceId,
        filter: &Filter,
        mut take: impl FnMut(Vec<u32>) -> bool,
    ) -> Result<()> {
        let in_spans = filter.needs_spans() || filter.needs_scores();
        if in_spans && !filter.needs_tree() && self.own(id)?.is_empty() {
            return self.search_kept(id, filter, take);
        }
        let outline = self.open(id)?.outline;
        let tree = Tree::of(&outline);
        let subject = |at: u32| Subject {
            row: &outline.rows[at as usize],
            names: &outline.names,
            marks: tree.marks(at),
            own: tree.own_time(at),
            span: None,
            scores: &[],
        };
        if !in_spans {
            let rows = 0..outline.rows.len() as u32;
            let found: Vec<u32> = rows.filter(|at| filter.matches(&subject(*at))).collect();
            if !found.is_empty() {
                take(found);
            }
            return Ok(());
        }
        let count = outline.rows.len() as u32;
        let noted = Noted::of(self.store, id, || Ok(notes::root(&outline, &tree)))?;
        self.visit(id, |first, spans| {
            // What cannot be read says nothing.
            let Ok(spans) = spans else { return true };
            let mut found = Vec::new();
            // Spans may have come since the rows were read.
            for (at, span) in (first..count).zip(&spans) {
                let mut scores =
                    if filter.needs_scores() { meaning::contents(span).scores } else { Vec::new() };
                scores.extend(noted.on(span.id).map(Note::score));
                if filter.matches(&Subject { span: Some(span), scores: &scores, ..subject(at) }) {
                    found.push(at);
                }
            }
            found.is_empty() || take(found)
        })
    }

    /// The same of a trace from elsewhere, where each span tells by itself: nobody waits for the rows of all of them.
    fn search_kept(
        &self,
        id: TraceId,
        filter: &Filter,
        mut take: impl FnMut(Vec<u32>) -> bool,
    ) -> Result<()> {
        let noted = self.noted(id)?;
        let mut is_there = false;
        self.kept.visit(id, |first, spans| {
            is_there = true;
            // What cannot be read says nothing.
            let Ok(spans) = spans else { return true };
            let Outline { names, rows } = &outline_of(&spans, self.price);
            let mut found = Vec::new();
            for ((at, span), row) in (first..).zip(&spans).zip(rows) {
                let mut scores =
                    if filter.needs_scores() { meaning::contents(span).scores } else { Vec::new() };
                scores.extend(noted.on(span.id).map(Note::score));
                let (marks, span) = (Marks::default(), Some(span));
                if filter.matches(&Subject { row, names, marks, own: 0, span, scores: &scores }) {
                    found.push(at);
                }
            }
            found.is_empty() || take(found)
        })?;
        if is_there { Ok(()) } else { Err(missing(id)) }
    }
}

/// Hands over spans some at a time, with the number of the first of them, until `visit` says `false`: no more of them are held
/// than a part takes.
fn in_parts(
    spans: impl Iterator<Item = Result<TraceSpan>>,
    mut visit: impl FnMut(u32, Result<Vec<TraceSpan>>) -> bool,
) {
    let (mut part, mut bytes, mut first) = (Vec::new(), 0, 0);
    for (at, span) in (0..).zip(spans) {
        let failed = match span {
            Ok(span) => {
                bytes += weight(&span);
                part.push(span);
                None
            }
            Err(error) => Some(error),
        };
        let is_full = failed.is_some() || part.len() == OWN || bytes >= OWN_BYTES;
        if is_full && !part.is_empty() && !visit(first, Ok(std::mem::take(&mut part))) {
            return;
        }
        if let Some(error) = failed
            && !visit(at, Err(error))
        {
            return;
        }
        if is_full {
            (bytes, first) = (0, at + 1);
        }
    }
    if !part.is_empty() {
        visit(first, Ok(part));
    }
}

/// The outline of a view with its numbers, for what is reckoned of it.
pub(super) struct Reckoned {
    pub outline: Outline,
    pub tree: Tree,
}

impl Reckoned {
    pub(super) fn of(outline: Outline) -> Self {
        Self { tree: Tree::of(&outline), outline }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::domain::trace::SpanKind;
    use crate::service::trace::bench::Bench;
    use crate::service::trace::kept::Arrival;
    use crate::store::Batch;

    fn span(bytes: usize) -> TraceSpan {
        let mut span = TraceSpan::default();
        span.attributes.push("k", "x".repeat(bytes));
        span
    }

    #[test]
    fn of_a_long_run_no_more_spans_are_held_than_a_part_takes() {
        // The prompt grows with every step: all of them together are a hundred times the largest.
        let lengths = (1..=200).map(|step| step * 1_000);
        let held = Cell::new(0_usize);
        let made = lengths.map(|length| {
            held.set(held.get() + length);
            assert!(held.get() < OWN_BYTES + 2 * length, "{} bytes are held", held.get());
            Ok(span(length))
        });
        let mut seen = 0;
        in_parts(made, |first, spans| {
            assert_eq!(first, seen);
            seen += spans.unwrap().len() as u32;
            held.set(0);
            true
        });
        assert_eq!(seen, 200);
    }

    #[test]
    fn what_cannot_be_read_costs_itself_alone_and_the_numbers_stay_right() {
        let broken = || Err(Error::new(ErrorKind::Corrupt, "reading", "it is damaged", ""));
        let spans = [Ok(span(1)), broken(), broken(), Ok(span(2)), Ok(span(OWN_BYTES)), Ok(span(3))];
        let mut seen = Vec::new();
        in_parts(spans.into_iter(), |first, spans| {
            seen.push((first, spans.map_or(0, |spans| spans.len())));
            true
        });
        assert_eq!(seen, [(0, 1), (1, 0), (2, 0), (3, 2), (5, 1)]);
        let many = (0..2 * OWN).map(|_| Ok(span(1)));
        let mut parts = 0;
        in_parts(many, |_, _| {
            parts += 1;
            false
        });
        assert_eq!(parts, 1, "who has enough is given no more");
    }

    #[test]
    fn what_each_span_tells_by_itself_is_found_the_same_with_the_tree_and_without_it() {
        let bench = Bench::new(Some(0.5));
        let view = bench.view();
        let trace = TraceId([7; 16]);
        let made = |number: u32| {
            let mut span = TraceSpan {
                trace,
                id: SpanKey(number.into()),
                parent: (number > 1).then_some(SpanKey(1)),
                name: format!("step {number}"),
                start: number.into(),
                end: 9_000,
                ..TraceSpan::default()
            };
            let operation = if number.is_multiple_of(2) { "chat" } else { "execute_tool" };
            span.attributes.push("gen_ai.operation.name", operation);
            span.attributes.push("gen_ai.request.model", "m");
            span.attributes.push("gen_ai.usage.input_tokens", number);
            span.attributes.push("said", if number.is_multiple_of(3) { "canary" } else { "nothing" });
            span
        };
        for numbers in [1..=700, 701..=1_400] {
            let arrival = Arrival { source: Source::Imported, spans: numbers.map(made).collect() };
            bench.kept.add(vec![arrival], Timestamp(1)).unwrap();
        }
        let found = |text: &str| {
            let mut rows = Vec::new();
            let take = |more: Vec<u32>| {
                rows.extend(more);
                true
            };
            view.search(trace, &Filter::read(text).unwrap(), take).unwrap();
            rows
        };
        for text in [
            "canary",
            "canary kind:model",
            "canary in>900",
            "-canary kind:tool",
            "attr.\"said\"=canary cost>0.2",
            "canary or name:7",
        ] {
            let plain = found(text);
            assert!(plain.len() > 100 && plain.len() < 1_400, "{text}: {}", plain.len());
            assert_eq!(plain, found(&format!("({text}) -is:cycle")), "{text}");
        }
        let nowhere = view.search(TraceId([8; 16]), &Filter::read("canary").unwrap(), |_| true);
        assert_eq!(nowhere.unwrap_err().kind, ErrorKind::NotFound);
    }

    #[test]
    fn a_span_that_is_named_is_found_though_its_row_is_another_s_by_then() {
        let bench = Bench::new(None);
        let view = bench.view();
        let ended = |number: u8, parent: Option<u8>| {
            let id = |number: u8| SpanId::from_bytes([number; 16]);
            let kind = if parent.is_some() { SpanKind::Tool } else { SpanKind::Agent };
            let begun = Span::begun(id(number), kind, "", Timestamp(1_000));
            let mut batch = Batch::new();
            batch.put(&begun.id, &Span { parent: parent.map(id), ..begun.clone() }).unwrap();
            bench.store.commit(batch).unwrap();
            SpanKey::of(begun.id)
        };
        let (trace, key) = (TraceId([1; 16]), |span: TraceSpan| span.id);
        let root = ended(1, None);
        let later = ended(3, Some(1));
        assert_eq!(view.named(trace, 1, Some(later)).map(key).unwrap(), later);
        // One that began before it ended after it.
        let earlier = ended(2, Some(1));
        assert_eq!(view.span(trace, 1).map(key).unwrap(), earlier);
        assert_eq!(view.named(trace, 1, Some(later)).map(key).unwrap(), later);
        assert_eq!(view.named(trace, 9, Some(root)).map(key).unwrap(), root);
        assert_eq!(view.named(trace, 1, None).map(key).unwrap(), earlier);
        let gone = view.named(trace, 1, Some(SpanKey(7))).unwrap_err();
        assert_eq!(gone.kind, ErrorKind::NotFound);
    }
}
