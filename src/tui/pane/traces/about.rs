//! What is known of a run, in words: for its card, and for the room that the card takes.

use super::view::paid;
use super::words::{called, in_and_out, took_in_all};
use crate::domain::figures::{bytes, count};
use crate::domain::trace::{Run, Source, Went};
use crate::domain::untrusted::brief;
use crate::tui::look::Role;
use crate::tui::when;

/// Columns of the tokens of a run.
pub(super) const TOKENS: u16 = 13;
/// Lines of a card that the words of a failure take at most, and the columns beside them.
const LINES: usize = 3;
const BESIDE: u16 = 18;

/// Each with its name. How it ended stands before what it is told apart by: where there is little room that is what people
/// look for.
pub(super) fn about(run: &Run, wall: when::Now, width: u16) -> Vec<(&'static str, String, Role)> {
    let mut about = vec![("run", called(&run.name).to_owned(), Role::Text)];
    if !run.asked.is_empty() {
        about.push(("asked", brief(&run.asked, usize::from(width.saturating_sub(BESIDE))), Role::Text));
    }
    let spans = count(run.spans, "span", "spans");
    let mut took_all = vec![wall.clock(run.at), time(run).0, spans];
    took_all.extend([tokens(run), cost(run)].into_iter().filter(|part| !part.is_empty()));
    about.push(("took", took_all.join(" · "), Role::Text));
    if run.stopped {
        about.push(("ended", "it was stopped before it was done".to_owned(), Role::Warn));
    }
    about.extend(failed(run, width));
    if run.running > 0 {
        let words = format!("of {} the end has not come", count(run.running, "span", "spans"));
        about.push(("runs", words, Role::Info));
    }
    let who = [run.agent.as_str(), run.model.as_str(), run.service.as_str()];
    let who: Vec<&str> = who.into_iter().filter(|part| !part.is_empty()).collect();
    if !who.is_empty() {
        about.push(("who", who.join(" · "), Role::Muted));
    }
    if run.notes > 0 {
        about.push(("opinion", opinion(run), Role::Good));
    }
    if !run.session.is_empty() {
        about.push(("session", run.session.clone(), Role::Muted));
    }
    let room = if run.bytes > 0 { format!(" · {}", bytes(run.bytes)) } else { String::new() };
    about.push(("id", format!("{} · {}{room}", run.id, source(run.source)), Role::Muted));
    if run.swept > 0 {
        let words =
            format!("{} are gone, by their age or for want of room", count(run.swept, "span", "spans"));
        about.push(("swept", words, Role::Warn));
    }
    if run.rough {
        let words =
            "it is so large that its sums are those of its parts: what came twice may be counted twice";
        about.push(("roughly", words.to_owned(), Role::Warn));
    }
    about
}

/// The score that people gave it and what they wrote, then how many notes there are, where that says more.
fn opinion(run: &Run) -> String {
    match (run.noted.as_str(), run.notes) {
        ("", notes) => count(notes, "note", "notes"),
        (noted, 1) => noted.to_owned(),
        // Some of them are told already.
        (noted, notes) => format!("{noted} · {} in all", count(notes, "note", "notes")),
    }
}

/// Why it failed, or gave up; or what failed in it.
fn failed(run: &Run, width: u16) -> Option<(&'static str, String, Role)> {
    let failed = run.failed.as_ref()?;
    let (name, role) = match run.went() {
        Went::GaveUp => ("gave up", Role::Warn),
        Went::Failed => ("failed", Role::Bad),
        _ => ("errors", Role::Bad),
    };
    let mut says = failed.says();
    if name == "errors" && run.errors > 1 {
        says = format!("{} · the first: {says}", count(run.errors, "error", "errors"));
    }
    let room = usize::from(width.saturating_sub(BESIDE).max(20)) * LINES;
    Some((name, brief(&says, room), role))
}

/// How long it took, if it is over.
pub(super) fn time(run: &Run) -> (String, Role) {
    took_in_all(run).map_or_else(|| ("runs".to_owned(), Role::Info), |took| (took, Role::Text))
}

pub(super) fn tokens(run: &Run) -> String {
    match (run.input, run.output) {
        (None, None) => String::new(),
        (input, output) => in_and_out((input, run.untold_input), (output, run.untold_output), TOKENS),
    }
}

pub(super) fn cost(run: &Run) -> String {
    paid(run.dollars, run.unpriced)
}

pub(super) fn source(source: Source) -> &'static str {
    match source {
        Source::Own => "outcrop",
        Source::Received => "received",
        Source::Imported => "a file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::domain::trace::{Failure, Outline, TraceId};

    #[test]
    fn a_score_is_told_by_its_value_and_a_note_by_its_words() {
        let wall = when::Now { at: Timestamp(0), offset: 0 };
        let run = Run::of(TraceId([1; 16]), Source::Own, &Outline::default());
        let noted = |notes: u64, noted: &str| {
            let run = Run { notes, noted: noted.to_owned(), ..run.clone() };
            let about = about(&run, wall, 80);
            about.into_iter().find(|(name, ..)| *name == "opinion").map(|(_, words, _)| words)
        };
        assert_eq!(noted(0, ""), None);
        assert_eq!(noted(1, "score 0.2 · wrong city").as_deref(), Some("score 0.2 · wrong city"));
        assert_eq!(noted(3, "score 0.2").as_deref(), Some("score 0.2 · 3 notes in all"));
        assert_eq!(noted(2, "").as_deref(), Some("2 notes"));
    }

    #[test]
    fn how_a_run_ended_stands_before_its_ids_and_long_words_of_a_failure_end_in_sight() {
        let wall = when::Now { at: Timestamp(0), offset: 0 };
        let words = "the server says no ".repeat(40);
        let failed = Failure { error: "503".to_owned(), words, whole: true, ..Failure::default() };
        let none = Run::of(TraceId([1; 16]), Source::Own, &Outline::default());
        let run =
            Run { errors: 2, failed: Some(failed.clone()), stopped: true, session: "s".to_owned(), ..none };
        let names = |run: &Run| about(run, wall, 60).iter().map(|(name, ..)| *name).collect::<Vec<_>>();
        assert_eq!(names(&run), ["run", "took", "ended", "errors", "session", "id"]);
        let run = Run { stopped: false, ..run };
        let facts = about(&run, wall, 60);
        let (name, says, role) = &facts[2];
        assert_eq!((*name, *role), ("failed", Role::Bad));
        assert!(says.starts_with("503: the server says no") && says.ends_with('…'), "{says}");
        assert!(crate::tui::rows::lines_of(&facts[2..3], 60) <= 4);
        let run = Run { failed: Some(Failure { whole: false, ..failed }), ..run };
        assert!(about(&run, wall, 200)[2].1.starts_with("2 errors · the first: 503: the server says no"));
        let run = Run { failed: Some(Failure::default()), errors: 1, ..run };
        assert_eq!(about(&run, wall, 60)[2].1, "nobody says why");
    }
}
