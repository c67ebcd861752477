//! A run for whoever does all of it once more: what its first call of a model was asked, and what its tools gave.

use super::Traces;
use super::notes;
use super::view::{Reckoned, View};
use crate::domain::trace::recorded::{Recorded, Results};
use crate::domain::trace::replay::{Original, Place};
use crate::domain::trace::{Kind, TraceId};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::trace::meaning;

const DOING: &str = "replaying a trace";

impl Traces {
    /// A run as it can be done once more. Of its calls of models the first one that has tools is where it begins; where none has,
    /// the first that is for the work itself.
    ///
    /// # Errors
    ///
    /// `Invalid`: the trace does not tell what its model was asked.
    pub async fn recorded(&self, id: TraceId) -> Result<Recorded> {
        // All that was said in it is read: it may be millions of spans.
        self.while_asked(move |view, wants| recorded(view, id, wants)).await
    }
}

/// The same, as long as somebody `wants` it.
fn recorded(view: &View<'_>, id: TraceId, wants: &dyn Fn() -> bool) -> Result<Recorded> {
    let lacks = |why: String, hint: &str| Error::new(ErrorKind::Invalid, DOING, why, hint);
    let run = view.run(id)?;
    let mut results = Results::default();
    // By whether it is for a step beside the work, whether it has no tools, when it began, and its row.
    let mut calls: Vec<(bool, bool, u64, u32)> = Vec::new();
    view.visit(id, |first, spans| {
        // What cannot be read tells nothing.
        for (row, span) in (first..).zip(spans.iter().flatten()) {
            let facts = meaning::facts(span);
            if !matches!(facts.kind, Kind::Model | Kind::Tool) {
                continue;
            }
            let contents = meaning::contents(span);
            results.read(span, &facts, &contents);
            if facts.kind == Kind::Model {
                let calls_some = contents.output.iter().any(|said| said.calls().next().is_some());
                let has_none = contents.offered.is_empty() && !calls_some;
                calls.push((meaning::is_beside(span), has_none, span.start, row));
            }
        }
        wants()
    })?;
    if !wants() {
        let why = "it was stopped before the run was read";
        return Err(Error::new(ErrorKind::Cancelled, DOING, why, "Replay it again."));
    }
    let Some((_, _, start, row)) = calls.iter().min().copied() else {
        let hint = "`outcrop traces show ID` tells what it has.";
        return Err(lacks("no call of a model is among its spans".to_owned(), hint));
    };
    let span = view.span(id, row)?;
    let contents = meaning::contents(&span);
    let original = Original::of(&span, &meaning::facts(&span), &contents, None);
    let Reckoned { outline, tree } = Reckoned::of(view.open(id)?.outline);
    let of = Place { trace: id, span: notes::root(&outline, &tree).unwrap_or(span.id) };
    let name = if run.agent.is_empty() { run.name } else { run.agent };
    let mut recorded = Recorded::of(of, name, original, &contents, results.made());
    if recorded.asked.turns.is_empty() {
        let why = format!(
            "its first call of a model, span {row} ({:?}), holds no messages: what was asked is not told",
            span.name
        );
        let hint = "Have the other program record what is said to its models; many do so only when they are told to.";
        return Err(lacks(why, hint));
    }
    if calls.iter().any(|(_, _, before, _)| *before < start) {
        let text = format!(
            "begins with span {row}: the calls of models before it have no tools, or judge the question"
        );
        recorded.remarks.push(text);
    }
    Ok(recorded)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::domain::time::Timestamp;
    use crate::domain::trace::{Source, SpanKey, TraceSpan};
    use crate::service::trace::bench::Bench;
    use crate::service::trace::kept::Arrival;

    #[test]
    fn a_long_run_is_read_no_further_than_somebody_waits_for_it() {
        let bench = Bench::new(None);
        let view = bench.view();
        let trace = TraceId([7; 16]);
        for number in 1..=5 {
            let span =
                TraceSpan { trace, id: SpanKey(number), start: number, end: 9, ..TraceSpan::default() };
            let arrival = Arrival { source: Source::Imported, spans: vec![span] };
            bench.kept.add(vec![arrival], Timestamp(1)).unwrap();
        }
        let asked = Cell::new(0);
        let wants = || {
            asked.set(asked.get() + 1);
            asked.get() < 2
        };
        assert_eq!(recorded(&view, trace, &wants).unwrap_err().kind, ErrorKind::Cancelled);
        // Behind the first part, behind the second, and at the end.
        assert_eq!(asked.get(), 3);
        assert_eq!(recorded(&view, trace, &|| true).unwrap_err().kind, ErrorKind::Invalid);
    }
}
