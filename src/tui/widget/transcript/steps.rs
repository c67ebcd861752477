//! What an agent did for an answer, above it: a line for each step, and all of it where the message is open.

use ratatui::style::Modifier;

use super::Item;
use crate::domain::agent::Step;
use crate::domain::agent::acting::{Acting, Asked, Called, Consent, Doing};
use crate::domain::agent::said;
use crate::domain::figures::{grouped, seconds};
use crate::domain::message::Outcome;
use crate::domain::untrusted::{safe_line, safe_text};
use crate::tui::look::Role;
use crate::tui::widget::text::{Ink, Inline, Row, Span, fit, width, wrap};

/// Rows of one part of an open step: the trace has the rest.
const PART: usize = 40;
/// Columns that a line leaves to its words before it says its figures.
const WORDS: usize = 24;
/// Stands behind what a call is made with until something came of it.
const WAITS: &str = " …";
/// Stands there once the person has said what came of it.
const ANSWERED: &str = "answered by the next message";
/// Stands there where the work was ended first.
const NOTHING: &str = "nothing came of it";

const FAINT: Ink = Ink::of(Role::Faint);
const MUTED: Ink = Ink::of(Role::Muted);

/// A row of the steps.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// It begins a step: a click opens all of them, or folds them again.
    pub begins: bool,
    pub row: Row,
}

/// The rows of what was done for a message; none where no agent did it.
pub(super) fn lines(item: &Item<'_>, columns: usize) -> Vec<Line> {
    let Some(acting) = acting(item) else { return Vec::new() };
    // What is being said now stands below, as the answer.
    let speaking = acting.speaking().filter(|_| acting.so_far().is_some());
    let mut setter = Setter {
        lines: Vec::new(),
        columns,
        open: item.open,
        broken: is_broken(item),
        answered: item.answered,
    };
    let mut begun = false;
    for (at, doing) in acting.doings.iter().enumerate() {
        begun |= matches!(doing, Doing::Asked(_));
        let is_last = acting.doings.get(at + 1).is_none_or(|next| matches!(next, Doing::Asked(_)));
        let branch = if is_last { "└ " } else { "├ " };
        match doing {
            Doing::Asked(asked) => {
                let calls = matches!(acting.doings.get(at + 1), Some(Doing::Called(_) | Doing::Consent(_)));
                setter.asked(asked, speaking == Some(at), calls);
            }
            Doing::Called(call) => setter.called(call, branch),
            Doing::Consent(consent) => setter.consent(consent, branch),
            // What is said of the whole run stands under no step of it.
            Doing::Remark { text } => setter.remark(text, if begun { branch } else { "" }),
        }
    }
    setter.lines
}

/// What an agent did for a message.
pub(super) fn acting<'a>(item: &Item<'a>) -> Option<&'a Acting> {
    item.message.acting()
}

/// Whether the work was ended before it was done: what it waited for does not come any more.
pub(super) fn is_broken(item: &Item<'_>) -> bool {
    let outcome = item.message.answer.as_ref().map(|answer| &answer.outcome);
    matches!(outcome, Some(Outcome::Stopped | Outcome::Interrupted | Outcome::Failed { .. }))
}

struct Setter {
    lines: Vec<Line>,
    columns: usize,
    open: bool,
    /// See [`is_broken`].
    broken: bool,
    /// See [`Item::answered`].
    answered: bool,
}

impl Setter {
    /// One line: what stands before it, its mark, what it is, its words, and its figures at the right. Whether of its words what
    /// was done with stands there whole, and what came of it.
    fn line(
        &mut self,
        branch: &str,
        (mark, role): (&str, Role),
        what: &str,
        words: &Words,
        figures: &[String],
    ) -> (bool, bool) {
        let mut row = Row::of(branch.to_owned(), Ink::of(Role::Rule));
        row.spans.push(Span::new(format!("{mark} "), Ink::of(role)));
        let room = self.columns.saturating_sub(row.width());
        row.spans.push(Span::new(fit(what, room), MUTED));
        let figures = figures.join(" · ");
        let aside = if figures.is_empty() { 0 } else { width(&figures) + 2 };
        let gap = if what.is_empty() { "" } else { "  " };
        let room = self.columns.saturating_sub(row.width() + width(gap));
        // Why something failed is worth more than who ran it and how long, and than what it was asked with.
        let failed = words.ink.role == Role::Bad;
        let whole = width(&words.text) + width(&words.rest);
        let needs = if failed { width(&words.rest).max(WORDS) } else { WORDS.min(whole) };
        let (room, figures) =
            if room >= aside + needs { (room - aside, figures) } else { (room, String::new()) };
        // What came of it is said first: what it was done with gives way.
        let least = if failed { room / 5 } else { room / 3 };
        // Words that are cut end in the very sign of those that wait.
        let rest = if words.rest == WAITS && whole > room { "" } else { words.rest.as_str() };
        let beside = room.saturating_sub(width(rest)).max(least);
        let text = fit(&words.text, beside);
        let rest = fit(rest, room.saturating_sub(width(&text)));
        let whole = (*text == *words.text, *rest == *words.rest);
        if !text.is_empty() || !rest.is_empty() {
            row.spans.push(Span::new(gap, FAINT));
            row.spans.push(Span::new(text, FAINT));
            row.spans.push(Span::new(rest, words.ink));
        }
        if !figures.is_empty() {
            let air = self.columns.saturating_sub(row.width() + width(&figures));
            row.spans.push(Span::new(" ".repeat(air), FAINT));
            row.spans.push(Span::new(figures, FAINT));
        }
        self.lines.push(Line { begins: true, row });
        whole
    }

    /// A part of an open step, under what it is.
    fn part(&mut self, head: &str, text: &str, ink: Ink) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let columns = self.columns.saturating_sub(4).max(1);
        let mut rows: Vec<Row> = Vec::new();
        if !head.is_empty() {
            rows.push(Row::of(fit(head, columns), FAINT));
        }
        // Enough bytes for its rows at four a column.
        let end = text.floor_char_boundary(columns * (PART + 1) * 4);
        for line in text[..end].split('\n') {
            let safe = safe_text(line.trim_end_matches('\r')).replace('\t', "    ");
            rows.extend(wrap(&Inline::plain(&safe, ink), columns));
            if rows.len() > PART {
                break;
            }
        }
        if rows.len() > PART || end < text.len() {
            rows.truncate(PART);
            rows.push(Row::of(fit("… its trace has the rest", columns), FAINT));
        }
        for mut row in rows {
            row.spans.insert(0, Span::new("  ▏ ", Ink::of(Role::Rule)));
            self.lines.push(Line { begins: false, row });
        }
    }

    fn asked(&mut self, asked: &Asked, answers: bool, calls: bool) {
        let text = if answers { String::new() } else { readable(&asked.text) };
        let first = if text.trim().is_empty() { &asked.thought } else { &text };
        let what = match asked.step {
            Step::PreProcessing => "checks the question",
            Step::Orchestration if asked.is_answer || answers => "answers",
            // It said nothing that could be read as a thought.
            Step::Orchestration if calls && first.trim().is_empty() => "calls",
            Step::Orchestration => "thinks",
            Step::KnowledgeBaseResponse => "reads the passages",
            Step::PostProcessing => "words the answer",
            Step::MemorySummary => "sums up what was said",
        };
        let mut figures = Vec::new();
        if let Some(millis) = asked.millis {
            figures.push(format!("{} tok", grouped(asked.tokens)));
            figures.push(seconds(millis));
        }
        let words = Words::of(first_line(first), FAINT);
        let live = if self.broken && asked.millis.is_none() { Role::Faint } else { Role::Model };
        let what = format!("step {} {what}", asked.number);
        let (_, whole) = self.line("", ("●", live), &what, &words, &figures);
        // What stands in the line whole is not said again.
        let is_said = whole && is_one_line(first);
        let says_text = !text.trim().is_empty();
        if self.open && (says_text || !is_said) {
            self.part("thought", &asked.thought, MUTED.with(Modifier::ITALIC));
        }
        if self.open && says_text && !is_said {
            self.part("", &text, MUTED);
        }
    }

    fn called(&mut self, call: &Called, branch: &str) {
        let by_base = call.by == BASE;
        let input = call.input.to_string();
        let shown = if call.input.is_null() { "" } else { input.as_str() };
        let text = safe_line(shown).into_owned();
        let (mark, rest, ink) = match &call.gave {
            None if self.broken => (("⚙", Role::Faint), format!(" → {NOTHING}"), FAINT),
            None if self.answered => (("⚙", Role::Tool), format!(" → {ANSWERED}"), FAINT),
            None => (("⚙", Role::Tool), WAITS.to_owned(), FAINT),
            Some(gave) => {
                let rest = format!(" → {}", first_line(&gave.content));
                let failed = Ink::of(Role::Bad);
                if gave.is_error {
                    (("✗", Role::Bad), rest, failed)
                } else {
                    (("⚙", Role::Tool), rest, FAINT)
                }
            }
        };
        let words = Words { text, rest, ink };
        let mut figures: Vec<String> = Vec::new();
        figures.extend((!call.by.is_empty()).then(|| safe_line(&call.by).into_owned()));
        figures.extend(call.millis.map(seconds));
        let (with, came) = self.line(branch, mark, &safe_line(&call.action), &words, &figures);
        if self.open {
            if !with {
                self.part("with", &pretty(&call.input), MUTED);
            }
            self.part("found", call.passages.as_deref().unwrap_or_default(), MUTED);
            let gave = call.gave.as_ref().filter(|gave| !came || !is_one_line(&gave.content));
            if let Some(gave) = gave {
                let ink = if gave.is_error { Ink::of(Role::Bad) } else { MUTED };
                let head = if by_base && call.passages.is_none() { "found" } else { "gave" };
                self.part(head, &gave.content, ink);
            }
        }
    }

    fn consent(&mut self, consent: &Consent, branch: &str) {
        let waits = consent.agreed.is_none() && !self.broken;
        let (words, role) = match consent.agreed {
            None if self.broken => ("you said nothing", Role::Faint),
            None => ("waits for your word", Role::Warn),
            Some(true) => ("you agreed", Role::Faint),
            Some(false) => ("you refused", Role::Warn),
        };
        let of = safe_line(&consent.of);
        let what = match (consent.is_tools, consent.again) {
            (true, _) => format!("new tools of {of}"),
            (false, false) => format!("may it call {of}"),
            (false, true) => format!("may it call {of} again, with the same"),
        };
        let words = Words::of(words.to_owned(), Ink::of(role));
        let mark = if consent.agreed.is_none() && self.broken { Role::Faint } else { Role::Warn };
        self.line(branch, ("?", mark), &what, &words, &[]);
        // What is decided on is in sight; each of its bytes stands where a person agrees.
        if self.open || waits {
            self.part("", &consent.shown, Ink::of(Role::Text));
        }
    }

    fn remark(&mut self, text: &str, branch: &str) {
        let words = Words::of(first_line(text), FAINT);
        // A mark and a blank stand before it.
        let cut = text.contains('\n') || width(branch) + 2 + width(&words.rest) > self.columns;
        self.line(branch, ("·", Role::Faint), "", &words, &[]);
        if self.open && cut {
            self.part("", text, MUTED);
        }
    }
}

/// Who runs a search of a base, as a run tells it.
const BASE: &str = "knowledge base";

/// The words of a line.
struct Words {
    text: String,
    /// What came of it.
    rest: String,
    /// Of the latter.
    ink: Ink,
}

impl Words {
    fn of(rest: String, ink: Ink) -> Self {
        Self { text: String::new(), rest, ink }
    }
}

/// The first line that is not blank, safe to be shown.
fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    safe_line(line.trim()).into_owned()
}

/// Whether that line is all of it.
fn is_one_line(text: &str) -> bool {
    text.trim().lines().count() <= 1
}

/// What a person can read of a step: of one in JSON its thought.
fn readable(text: &str) -> String {
    if !text.trim_start().starts_with('{') {
        return text.to_owned();
    }
    said::read(text).map_or_else(|_| text.to_owned(), |step| step.thought)
}

/// An input over several lines where it has several parts.
fn pretty(input: &serde_json::Value) -> String {
    match input {
        serde_json::Value::Null => String::new(),
        input => serde_json::to_string_pretty(input).unwrap_or_else(|_| input.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::acting::Gave;

    fn set(columns: usize, text: &str, rest: &str) -> String {
        let mut setter = Setter { lines: Vec::new(), columns, open: false, broken: false, answered: false };
        let words = Words { text: text.to_owned(), rest: rest.to_owned(), ink: FAINT };
        let figures = ["built in".to_owned(), "0.12 s".to_owned()];
        setter.line("└ ", ("⚙", Role::Tool), "ask", &words, &figures);
        setter.lines[0].row.spans.iter().map(|span| span.text.as_str()).collect()
    }

    #[test]
    fn figures_are_said_where_short_words_leave_them_room() {
        assert_eq!(set(40, "{}", " → 42"), "└ ⚙ ask  {} → 42       built in · 0.12 s");
        assert_eq!(
            set(40, "{\"a\": \"of many words\"}", " → 42"),
            "└ ⚙ ask  {\"a\": \"of many words\"} → 42"
        );
    }

    #[test]
    fn a_call_that_waits_has_one_sign_of_it_and_no_two() {
        assert_eq!(
            set(30, "{\"question\": \"Which of the two?\"}", WAITS),
            "└ ⚙ ask  {\"question\": \"Which…"
        );
        assert_eq!(set(30, "{}", WAITS), "└ ⚙ ask  {} …");
    }

    #[test]
    fn an_open_step_says_again_only_what_its_line_had_to_cut() {
        let call = |content: &str| Called {
            id: "call_1".to_owned(),
            action: "stock".to_owned(),
            input: serde_json::json!({"tea": "Assam"}),
            by: String::new(),
            passages: None,
            gave: Some(Gave { content: content.to_owned(), is_error: false }),
            at: 0,
            millis: None,
        };
        let set = |columns: usize, content: &str| {
            let mut setter =
                Setter { lines: Vec::new(), columns, open: true, broken: false, answered: false };
            setter.called(&call(content), "└ ");
            setter.lines.iter().map(|line| line.row.text()).collect::<Vec<_>>()
        };
        assert_eq!(set(60, "7 tins\n"), ["└ ⚙ stock  {\"tea\":\"Assam\"} → 7 tins"]);
        assert_eq!(set(60, "7 tins\nof it")[1..], ["  ▏ gave", "  ▏ 7 tins", "  ▏ of it"]);
        let narrow = set(24, "7 tins");
        assert_eq!(narrow[1], "  ▏ with", "{narrow:?}");
        assert!(!narrow.contains(&"  ▏ gave".to_owned()), "{narrow:?}");
    }

    #[test]
    fn a_call_of_work_that_was_ended_first_waits_no_more() {
        let call = Called {
            id: "call_1".to_owned(),
            action: "stock".to_owned(),
            input: serde_json::json!({}),
            by: String::new(),
            passages: None,
            gave: None,
            at: 0,
            millis: None,
        };
        let consent = Consent {
            id: "call_2".to_owned(),
            of: "order".to_owned(),
            is_tools: false,
            shown: "{}".to_owned(),
            again: false,
            agreed: None,
        };
        let set = |broken, answered| {
            let mut setter = Setter { lines: Vec::new(), columns: 60, open: false, broken, answered };
            setter.called(&call, "├ ");
            setter.consent(&consent, "└ ");
            setter.lines.iter().map(|line| line.row.text()).collect::<Vec<_>>()
        };
        let waits = ["├ ⚙ stock  {} …", "└ ? may it call order  waits for your word", "  ▏ {}"];
        assert_eq!(set(false, false), waits);
        let ended = ["├ ⚙ stock  {} → nothing came of it", "└ ? may it call order  you said nothing"];
        assert_eq!(set(true, false), ended);
        assert_eq!(set(false, true)[0], "├ ⚙ stock  {} → answered by the next message");
    }
}
