//! What the parts of this place call things: a sign and a colour for each kind of span, times, tokens, dollars.

pub(super) use crate::domain::figures::took;
use crate::domain::figures::{count, grouped, short};
use crate::domain::message::Usage;
use crate::domain::trace::{Kind, Outline, Row, Run, Status, Sum, Went};
use crate::tui::look::Role;
use crate::tui::paint::columns;

/// A kind's sign and colour; the word beside it says the same.
pub(super) const fn sign(kind: Kind) -> (&'static str, Role) {
    match kind {
        Kind::Agent => ("◆", Role::Accent),
        Kind::Workflow => ("◇", Role::Muted),
        Kind::Model => ("●", Role::Model),
        Kind::Tool => ("⚙", Role::Tool),
        Kind::Retrieval => ("◎", Role::Info),
        Kind::Rerank => ("↕", Role::Info),
        Kind::Embedding => ("∷", Role::Info),
        Kind::Guardrail => ("◈", Role::Warn),
        Kind::Evaluation => ("★", Role::Good),
        Kind::Memory => ("▤", Role::Info),
        Kind::Other => ("·", Role::Muted),
    }
}

/// A name; what has none is called so. That an agent is meant its sign says.
pub(super) fn called(name: &str) -> &str {
    let agent = name.strip_prefix("invoke_agent ").filter(|agent| !agent.trim().is_empty());
    if name.trim().is_empty() { "no name" } else { agent.unwrap_or(name) }
}

/// What is said of a call that was not made, since the same one was right before it.
pub(super) const NOT_MADE: &str = "not made again";

/// How a span ended, in a sign, a word and a colour; nothing where nobody said anything.
pub(super) fn ended(outline: &Outline, row: &Row) -> (&'static str, &'static str, Role) {
    match row.status {
        _ if row.stopped => ("■", "stopped", Role::Warn),
        Status::Error if outline.gave_up(row) => ("!", "gave up", Role::Warn),
        Status::Error => ("✗", "failed", Role::Bad),
        _ if row.is_running() => ("…", "runs", Role::Info),
        _ if outline.was_made_already(row) => ("↺", NOT_MADE, Role::Muted),
        Status::Ok => ("✓", "ok", Role::Good),
        Status::Unset => ("", "", Role::Muted),
    }
}

/// The same of a run; no word where its figures say all.
pub(super) const fn went(went: Went) -> (&'static str, &'static str, Role) {
    match went {
        Went::Stopped => ("■", "stopped", Role::Warn),
        Went::GaveUp => ("!", "gave up", Role::Warn),
        Went::Failed => ("✗", "failed", Role::Bad),
        Went::WithErrors => ("✗", "", Role::Bad),
        Went::Runs => ("…", "", Role::Info),
        Went::Well => ("✓", "", Role::Good),
    }
}

/// What a span failed of, on one line: `timeout: the server is slow`; empty where nobody says.
pub(super) fn failed_of(outline: &Outline, row: &Row) -> String {
    let tells_none = outline.gave_up(row) || outline.was_made_already(row);
    let error = if tells_none { "" } else { outline.names.get(row.error) };
    let words = Some(outline.names.get(row.words)).filter(|words| *words != error).unwrap_or_default();
    [error, words].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

/// How long a run took, if it is over.
pub(super) fn took_in_all(run: &Run) -> Option<String> {
    (!run.runs()).then(|| took(run.duration()))
}

/// The tokens of one call: `250→45 tok`, with what of them was read from a cache and what was thought.
pub(super) fn tokens(usage: &Usage) -> String {
    let mut said = match (usage.input, usage.output) {
        (None, None) => return String::new(),
        (Some(input), None) => format!("{} tok in", grouped(input.into())),
        (None, Some(output)) => format!("{} tok out", grouped(output.into())),
        (Some(input), Some(output)) => format!("{}→{} tok", grouped(input.into()), grouped(output.into())),
    };
    let parts =
        [(usage.cache_read, "cached"), (usage.cache_write, "to the cache"), (usage.reasoning, "thought")];
    for (number, what) in parts {
        if let Some(number) = number.filter(|number| *number > 0) {
            said.extend([", ", &grouped(number.into()), " ", what]);
        }
    }
    said
}

/// The tokens of a subtree: `250→45 tok`; empty where nobody told any.
pub(super) fn summed(sum: &Sum) -> String {
    let told = |tokens: u64, untold: u32| more(grouped(tokens), u64::from(untold));
    match (sum.input, sum.output) {
        (None, None) => String::new(),
        (Some(input), None) => format!("{} tok in", told(input, sum.untold_input)),
        (None, Some(output)) => format!("{} tok out", told(output, sum.untold_output)),
        (Some(input), Some(output)) => {
            format!("{}→{} tok", told(input, sum.untold_input), told(output, sum.untold_output))
        }
    }
}

/// A sum as people read it: `1,200+` where of so many calls nobody knows what they add to it.
pub(super) fn more(sum: String, untold: u64) -> String {
    if untold == 0 { sum } else { sum + "+" }
}

/// Tokens of calls, where any told them, and how many did not.
pub(super) type Tokens = (Option<u64>, u64);

/// Tokens in and out in a column of so many: `123,456→2,345`, or `1.23M→34.5k` where that is too long.
pub(super) fn in_and_out(input: Tokens, output: Tokens, room: u16) -> String {
    let both = |number: fn(u64) -> String| {
        let side =
            |(told, untold): Tokens| told.map_or_else(|| "–".to_owned(), |told| more(number(told), untold));
        format!("{}→{}", side(input), side(output))
    };
    let whole = both(grouped);
    if columns(&whole) <= room { whole } else { both(short) }
}

/// US dollars in at most eight columns: `$0.0031`, `$12.40`; what is less is said to be so.
pub(super) fn dollars(amount: f64) -> String {
    match amount {
        amount if amount <= 0.0 => "$0".to_owned(),
        amount if amount < 0.000_1 => "<$0.0001".to_owned(),
        amount if amount < 1.0 => format!("${amount:.4}"),
        amount => format!("${amount:.2}"),
    }
}

/// The dollars of a subtree, with what of it nobody can price; empty where nothing was paid for.
pub(super) fn cost(sum: &Sum) -> String {
    match (sum.dollars, sum.unpriced) {
        (None, 0) => String::new(),
        (None, calls) => format!("$? ({} unpriced)", count(calls.into(), "call", "calls")),
        (Some(amount), unpriced) => more(dollars(amount), unpriced.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::facts::MADE_ALREADY;
    use crate::domain::trace::{Facts, Source, SpanKey, TraceId, TraceSpan};

    #[test]
    fn times_and_dollars_stay_short() {
        let times = [0, 1, 1_500, 2_000_000, 4_820_000_000, 185_000_000_000].map(took);
        assert_eq!(times, ["0 ms", "1 µs", "2 µs", "2 ms", "4.82 s", "3 min 5 s"]);
        let long = [599, 5_000, 7_500, 35_940, 100_000].map(|seconds| took(seconds * 1_000_000_000));
        assert_eq!(long, ["9 min 59 s", "83 min", "2 h 5 min", "9 h 59 min", "27 h"]);
        let paid = [0.0, 0.000_01, 0.003_1, 12.4].map(dollars);
        assert_eq!(paid, ["$0", "<$0.0001", "$0.0031", "$12.40"]);
    }

    #[test]
    fn a_run_of_this_program_takes_no_time_before_its_last_span_has_ended() {
        let mut outline = Outline::default();
        for (id, end) in [(1, 0), (2, 91_000_001)] {
            let span = TraceSpan { id: SpanKey(id), start: 1, end, ..TraceSpan::default() };
            outline.add(&span, &Facts::default(), |_| None);
        }
        let of = |source| Run::of(TraceId([1; 16]), source, &outline);
        assert_eq!(took_in_all(&of(Source::Own)), None);
        assert_eq!(took_in_all(&of(Source::Received)).as_deref(), Some("91 ms"));
        let ended = Run { running: 0, ..of(Source::Own) };
        assert_eq!(took_in_all(&ended).as_deref(), Some("91 ms"));
    }

    #[test]
    fn a_call_that_was_not_made_again_is_said_to_be_that_and_no_failure() {
        let mut outline = Outline::default();
        let facts = Facts { kind: Kind::Tool, error: MADE_ALREADY, ..Facts::default() };
        outline.add(&TraceSpan { start: 1, end: 2, ..TraceSpan::default() }, &facts, |_| None);
        let row = &outline.rows[0];
        assert_eq!(ended(&outline, row), ("↺", "not made again", Role::Muted));
        assert_eq!(failed_of(&outline, row), "");
    }

    #[test]
    fn what_nobody_told_is_not_said_to_be_none() {
        assert_eq!(tokens(&Usage::default()), "");
        let told = |input, output, untold| in_and_out((input, untold), (output, untold), 13);
        assert_eq!(told(Some(123_456), None, 0), "123,456→–");
        assert_eq!(
            (told(Some(250), Some(45), 1), told(Some(250), None, 1)),
            ("250+→45+".into(), "250+→–".into())
        );
        assert!(columns(&told(Some(1_234_567), Some(123_456), 1)) <= 13);
        let usage = Usage { input: Some(1250), output: Some(45), cache_read: Some(40), ..Usage::default() };
        assert_eq!(tokens(&usage), "1,250→45 tok, 40 cached");
        assert_eq!((summed(&Sum::default()), cost(&Sum::default())), (String::new(), String::new()));
        let mut read = Sum::default();
        (read.input, read.output) = (Some(1250), None);
        assert_eq!(summed(&read), "1,250 tok in");
        (read.output, read.untold_output) = (Some(45), 1);
        assert_eq!(summed(&read), "1,250→45+ tok");
        let paid = |unpriced, dollars| {
            let mut sum = Sum::default();
            (sum.unpriced, sum.dollars) = (unpriced, dollars);
            cost(&sum)
        };
        assert_eq!(paid(2, None), "$? (2 calls unpriced)");
        assert_eq!((paid(2, Some(0.5)), paid(0, Some(0.5))), ("$0.5000+".to_owned(), "$0.5000".to_owned()));
    }
}
