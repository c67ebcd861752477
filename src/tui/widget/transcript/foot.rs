//! The lines around a message's blocks: who speaks, how it went, what it took.

use super::{Item, Named};
use crate::domain::agent::Acting;
use crate::domain::agent::acting::{Doing, End};
use crate::domain::error::Error;
use crate::domain::figures::{self, grouped};
use crate::domain::knowledge::retrieval::is_alike;
use crate::domain::message::{Answer, Outcome, Role as Speaker, StopReason};
use crate::domain::schema::SchemaCheck;
use crate::domain::untrusted::safe_line;
use crate::tui::look::Role;
use crate::tui::widget::text::{Ink, Inline, Row, Span, fit, joined, wrap};

/// Bytes of an error's words from which on they are folded, and the rows that are left of them.
const LONG: usize = 600;
const WHY: usize = 4;

const FAINT: Ink = Ink::of(Role::Faint);

/// The speaker's line; the person has none.
pub(super) fn head(item: &Item<'_>, columns: usize) -> Option<Row> {
    let name = match (item.message.role, &item.message.answer) {
        (Speaker::User, _) => return None,
        (_, Some(_)) if item.named != Named::Here => return None,
        (_, Some(answer)) => {
            let model = safe_line(answer.model.model());
            match &answer.agent {
                Some(acting) => {
                    format!("{} v{} · {model}", safe_line(&acting.agent.name), acting.version)
                }
                None => model.into_owned(),
            }
        }
        (role, None) => role.as_str().to_owned(),
    };
    Some(Row::of(fit(&name, columns), Ink::of(Role::Muted)))
}

/// What stands at the right of the message's first line.
pub(super) fn right(item: &Item<'_>) -> Vec<Span> {
    let mut spans = Vec::new();
    let (position, count) = item.branch;
    if count > 1 {
        spans.push(Span::new(format!("⑂ {}/{count}", position + 1), Ink::of(Role::Info)));
    }
    if !item.when.is_empty() {
        let gap = if spans.is_empty() { "" } else { "  " };
        spans.push(Span::new(format!("{gap}{}", safe_line(item.when)), FAINT));
    }
    spans
}

/// The lines under a message.
pub(super) fn foot(item: &Item<'_>, columns: usize, focused: bool) -> Vec<Row> {
    let Some(answer) = &item.message.answer else { return Vec::new() };
    let mut rows = Vec::new();
    match &answer.outcome {
        Outcome::Streaming => {
            if !item.status.is_empty() {
                rows.push(Row::of(fit(&safe_line(item.status), columns), FAINT));
            }
            return rows;
        }
        Outcome::Failed { .. } if item.named == Named::Nowhere => {
            rows.push(Row::of(fit("✗ this answer failed", columns), Ink::of(Role::Bad)));
        }
        _ if item.named == Named::Nowhere => {}
        Outcome::Complete { .. } => {
            schema(answer, columns, &mut rows);
            ended(answer, item.answered, columns, &mut rows);
        }
        Outcome::Stopped => {
            let after = answer.timing.total_ms.map(|ms| format!(" after {}", figures::seconds(ms.into())));
            let what = format!("■ stopped{}", after.unwrap_or_default());
            rows.push(Row::of(fit(&what, columns), Ink::of(Role::Warn)));
        }
        Outcome::Interrupted => {
            let what = "■ interrupted: the outcrop that asked ended here; what had come is kept";
            rows.extend(wrap(&Inline::plain(what, Ink::of(Role::Warn)), columns));
        }
        Outcome::Failed { error } => failure(error, item.open, columns, &mut rows),
    }
    if item.named != Named::Nowhere {
        grounding(answer, columns, &mut rows);
    }
    if item.named == Named::Here {
        let ink = if focused { Ink::of(Role::Muted) } else { FAINT };
        let parts = match &answer.agent {
            Some(acting) => of_agent(answer, acting, item.answered),
            None => summary(answer, !item.message.blocks.is_empty()),
        };
        let figures = joined(parts, columns);
        rows.extend(figures.iter().map(|row| Row::of(fit(row, columns), ink)));
    }
    rows
}

/// Where an agent came to no answer: why, or what it waits for.
fn ended(answer: &Answer, answered: bool, columns: usize, rows: &mut Vec<Row>) {
    match answer.agent.as_ref().and_then(|acting| acting.end.as_ref()) {
        Some(End::GaveUp { why }) => {
            let words = format!("gave up: {}", why.words());
            marked(&words, Ink::of(Role::Warn), ("■ ", Role::Warn), columns, rows);
        }
        Some(End::Waiting { .. }) if answered => {
            marked("it waited: the next message was its answer", FAINT, ("? ", Role::Faint), columns, rows);
        }
        Some(End::Waiting { calls }) => {
            let words = match calls.len() {
                0 | 1 => "it waits: the next message is its answer".to_owned(),
                several => format!("it waits for {several} answers: the next message is the first one"),
            };
            marked(&words, Ink::of(Role::Info), ("? ", Role::Info), columns, rows);
        }
        Some(End::Answered) | None => {}
    }
}

/// What a knowledge base gave: the passages that the answer names, then how many it does not.
fn grounding(answer: &Answer, columns: usize, rows: &mut Vec<Row>) {
    let Some(grounding) = &answer.grounding else { return };
    if let Some(nothing) = grounding.nothing() {
        rows.push(Row::of(fit(&safe_line(&nothing), columns), Ink::of(Role::Warn)));
        return;
    }
    let base = safe_line(&grounding.base);
    let mut left = 0_u64;
    for (source, number) in grounding.sources.iter().zip(1..) {
        if grounding.is_cited(number) {
            let mut row = Row::of(format!("[{number}]"), Ink::of(Role::Link));
            let by = if is_alike(&grounding.citations) { " (not named: by its words)" } else { "" };
            // The blank is not of the link, whose line would go on under it.
            let place = format!(" {}{by}", safe_line(&source.place));
            let place = fit(&place, columns.saturating_sub(row.width())).into_owned();
            row.spans.push(Span::new(place, Ink::of(Role::Muted)));
            rows.push(row);
        } else {
            left += 1;
        }
    }
    let all = grounding.sources.len() as u64;
    let words = match left {
        0 => return,
        left if left == all => {
            format!("{base}: {} given, none named", figures::count(all, "passage", "passages"))
        }
        left => format!("{base}: {} more given, not named", figures::count(left, "passage", "passages")),
    };
    rows.push(Row::of(fit(&words, columns), FAINT));
}

/// Where the answer breaks the schema that it was asked for.
fn schema(answer: &Answer, columns: usize, rows: &mut Vec<Row>) {
    let Some(check) = &answer.schema else { return };
    let (mark, role) = match check {
        SchemaCheck::Unchecked { .. } => ("? ", Role::Warn),
        _ => ("✗ ", Role::Bad),
    };
    for line in check.lines() {
        marked(&line, Ink::of(role), (mark, role), columns, rows);
    }
}

/// A text behind a mark, under which its further rows are set in.
fn marked(text: &str, ink: Ink, (mark, role): (&str, Role), columns: usize, rows: &mut Vec<Row>) {
    let inset = columns.min(2);
    let line = Inline::plain(&safe_line(text), ink);
    for (i, mut row) in wrap(&line, columns.saturating_sub(inset)).into_iter().enumerate() {
        let before = if i == 0 { mark } else { "  " };
        row.spans.insert(0, Span::new(before, Ink::of(role)));
        rows.push(row);
    }
}

/// An error stands where the answer would: what was being done, why it failed, what to try. Of a page of a server's words
/// the first rows say what it is about; the rest is folded until it is opened.
fn failure(error: &Error, open: bool, columns: usize, rows: &mut Vec<Row>) {
    let mut part = |text: &str, ink: Ink, mark: &str, most: usize| {
        if text.is_empty() {
            return;
        }
        let from = rows.len();
        marked(text, ink, (mark, Role::Bad), columns, rows);
        let more = (rows.len() - from).saturating_sub(most);
        if more > 1 {
            rows.truncate(from + most);
            let words = format!("  … {} more lines ›", grouped(more as u64));
            rows.push(Row::of(fit(&words, columns), Ink::of(Role::Info)));
        }
    };
    let most = if is_long(error) && !open { WHY } else { usize::MAX };
    part(&error.doing, Ink::of(Role::Bad), "✗ ", usize::MAX);
    part(&error.why, Ink::of(Role::Text), "  ", most);
    part(&error.hint, Ink::of(Role::Muted), "  ", usize::MAX);
}

/// An error that folds, whatever the width.
pub(super) fn is_long(error: &Error) -> bool {
    error.why.len() > LONG
}

/// `140 ms first · 46 tok/s · 182→64 tok · 12 % of 2,048 · stop`; what is unknown is left out, save of the
/// tokens those that were read: `? in, 64 out`. Of an answer that was cut, of which something `came`, it is said:
/// `first unknown · tokens unknown · 2.10 s in all`.
fn summary(answer: &Answer, came: bool) -> Vec<String> {
    let mut parts = Vec::new();
    let cut = !matches!(answer.outcome, Outcome::Complete { .. });
    match answer.timing.first_token_ms {
        Some(ms) => parts.push(format!("{} first", figures::seconds(ms.into()))),
        None if cut && came => parts.push("first unknown".to_owned()),
        None => {}
    }
    if let Some(rate) = answer.tokens_per_second() {
        parts.push(format!("{} tok/s", figures::rate(rate)));
    }
    let about = if answer.usage.estimated { "≈" } else { "" };
    match (answer.usage.input, answer.usage.output) {
        (Some(input), Some(output)) => {
            parts.push(format!("{}→{about}{} tok", grouped(input.into()), grouped(output.into())));
        }
        (Some(input), None) => parts.push(format!("{} tok in", grouped(input.into()))),
        (None, Some(output)) => parts.push(format!("? in, {about}{} tok out", grouped(output.into()))),
        (None, None) if cut && came => parts.push("tokens unknown".to_owned()),
        (None, None) => {}
    }
    if let (Some(share), Some(context)) = (answer.context_share(), answer.context) {
        parts.push(format!("{:.0} % of {}", share * 100.0, grouped(context.into())));
    }
    match (&answer.outcome, answer.timing.total_ms) {
        (Outcome::Complete { reason }, _) => parts.push(stopped(*reason).to_owned()),
        (Outcome::Failed { .. } | Outcome::Interrupted, Some(ms)) => {
            parts.push(format!("{} in all", figures::seconds(ms.into())));
        }
        _ => {}
    }
    parts
}

/// `3 steps · 2.40 s · 1,204 tok · $0.0031 · answered · run 1f3a9c2e`.
fn of_agent(answer: &Answer, acting: &Acting, answered: bool) -> Vec<String> {
    let spent = &acting.spent;
    // A step that was broken off is in what was spent nowhere: it was begun, and its tokens are not known.
    let last = acting.doings.iter().rev().find_map(|doing| match doing {
        Doing::Asked(asked) => Some(asked),
        _ => None,
    });
    let broken = last.filter(|asked| acting.end.is_none() && asked.millis.is_none());
    let steps = broken.map_or(spent.steps, |asked| asked.number.max(spent.steps));
    let mut parts = vec![figures::count(steps.into(), "step", "steps")];
    parts.extend(answer.timing.total_ms.map(|ms| figures::seconds(ms.into())));
    parts.push(match (broken.is_some(), spent.tokens) {
        (true, 0) => "tokens unknown".to_owned(),
        (true, tokens) => format!("{} tok and more", grouped(tokens)),
        (false, tokens) => format!("{} tok", grouped(tokens)),
    });
    parts.extend(spent.paid());
    parts.extend(acting.end.as_ref().map(|end| match end {
        End::Answered => "answered".to_owned(),
        End::Waiting { .. } if answered => "waited".to_owned(),
        End::Waiting { .. } => "waits".to_owned(),
        End::GaveUp { .. } => "gave up".to_owned(),
    }));
    parts.extend(acting.run.map(|run| format!("run {}", run.short())));
    parts
}

/// Why a model ended its answer, in a word or two.
pub fn stopped(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndTurn => "stop",
        StopReason::MaxTokens => "cut at max tokens",
        StopReason::ContextFull => "context full",
        StopReason::StopSequence => "stop sequence",
        StopReason::ToolUse => "tool use",
        StopReason::Filtered => "filtered",
        _ => "ended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{Timing, Usage};

    fn answer(input: Option<u32>) -> Answer {
        Answer {
            usage: Usage { input, output: Some(64), ..Usage::default() },
            timing: Timing { first_token_ms: Some(140), total_ms: Some(1_510), ..Timing::default() },
            context: Some(2_048),
            ..Answer::untold("a/b".parse().unwrap(), Outcome::Complete { reason: StopReason::EndTurn })
        }
    }

    #[test]
    fn tokens_that_were_read_and_not_counted_are_said_to_be_unknown() {
        assert!(summary(&answer(None), true).contains(&"? in, 64 tok out".to_owned()));
        assert!(summary(&answer(Some(182)), true).contains(&"182→64 tok".to_owned()));
    }

    #[test]
    fn the_figures_take_another_row_where_one_has_no_room_and_none_is_cut() {
        let parts = summary(&answer(Some(182)), true);
        let wide = joined(&parts, 80);
        assert_eq!((wide.len(), wide[0].clone()), (1, parts.join(" · ")));
        let narrow = joined(&parts, 30);
        assert!(
            narrow.len() > 1 && narrow.iter().all(|row| crate::tui::widget::text::width(row) <= 30),
            "{narrow:?}"
        );
        assert_eq!(narrow.join(" · "), parts.join(" · "));
    }
}
