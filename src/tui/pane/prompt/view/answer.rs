//! What is read: the answer of a run, two versions compared, or what the place is for.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use crate::domain::diff::{Mark, hunks};
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::app::Cache;
use crate::tui::keymap::{Context, label};
use crate::tui::look::Role;
use crate::tui::paint::{columns, put, put_right, scrollbar, thumb, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::prompt::comparing::Compared;
use crate::tui::pane::prompt::layout::Areas;
use crate::tui::pane::prompt::{Focus, State};
use crate::tui::thread::{Load, Turn};
use crate::tui::widget::code::Want;
use crate::tui::widget::text::{Ink, Inline, Row, expand_tabs, wrap as wrap_inline};
use crate::tui::widget::transcript::Transcript;

/// Lines around a change that are shown.
const AROUND: usize = 4;
/// Columns of the signs and the numbers.
const SIGNS: u16 = 7;

/// Draws it.
pub(super) fn draw(
    state: &State,
    (cache, wants): (&mut Cache, &mut Vec<Want>),
    sight: &Sight<'_>,
    areas: &Areas,
    cells: &mut Buffer,
) {
    let area = areas.answer;
    if let Some(compared) = &state.compared {
        caption(&compared_words(compared), state, sight, areas.caption, cells);
        return draw_compared(compared, sight, area, cells);
    }
    if let Some(error) = state.failed.as_ref().or(state.thread.failed.as_ref()) {
        return failed(error, sight, area, cells);
    }
    if let Load::Failed(error) = &state.thread.load {
        return failed(error, sight, area, cells);
    }
    if !state.has_answer() {
        if state.at().is_some() {
            caption(&run_words(state, sight), state, sight, areas.caption, cells);
        }
        if !state.opening && !state.loads_run() {
            teach(state, sight, area, cells);
        }
        return;
    }
    caption(&run_words(state, sight), state, sight, areas.caption, cells);
    let status = state.status(sight.now, sight.options.reduced_motion);
    state.with_items(&status, |items| {
        let mut transcript = Transcript::new(items);
        transcript.active = state.focus == Focus::Answer;
        transcript.highlights = Some(sight.highlights);
        let geometry = transcript.layout(area, &state.scroll, &mut cache.transcript);
        transcript.draw(&geometry, sight.look, cells);
        // Before there is an answer to show it on, the wait stands under what was sent.
        if matches!(state.thread.turn, Turn::Asking { .. })
            && let Some(y) = geometry.rows.last().map(|row| row.y + 1).filter(|y| *y < area.bottom())
        {
            put(cells, area.x + 2, y, area.right(), &status, sight.look.style(Role::Muted));
        }
        *wants = geometry.wants;
    });
}

/// A line over what is read, with a rule behind it.
fn caption(words: &str, state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let look = sight.look;
    let rule = "─".repeat(usize::from(area.width.saturating_sub(4)));
    put(cells, area.x + 2, area.y, area.right().saturating_sub(2), &rule, look.style(Role::Rule));
    let focused = state.focus == Focus::Answer;
    let style = look.style(if focused { Role::Accent } else { Role::Muted });
    put(cells, area.x + 2, area.y, area.right().saturating_sub(2), &format!("{words} "), style);
}

/// Which run it is, of how many.
fn run_words(state: &State, sight: &Sight<'_>) -> String {
    let mut words = match (state.at(), state.runs.len()) {
        (Some(at), count) => format!("run {} of {count}", count - at),
        (None, _) => "run".to_owned(),
    };
    if let Some(run) = state.at().and_then(|at| state.runs.get(at)) {
        if let Some(version) = run.run.as_ref().and_then(|run| run.version) {
            words = format!("{words} · version {version}");
        }
        words = format!("{words} · {}", sight.wall().clock(run.created));
    }
    words
}

fn compared_words(compared: &Compared) -> String {
    format!("− {}   + {}", compared.from, compared.to)
}

/// Rows of a comparison at a width.
pub(in crate::tui::pane::prompt) fn compared_rows(compared: &Compared, width: u16) -> usize {
    rows(compared, width).len()
}

/// What a row of a comparison shows: its sign, its number, its text.
type Compare = (Mark, Option<usize>, Row);

fn rows(compared: &Compared, width: u16) -> Vec<Compare> {
    let room = usize::from(width.saturating_sub(SIGNS + 2).max(8));
    let role = |mark| match mark {
        Mark::Same => Role::Muted,
        Mark::Removed => Role::Removed,
        Mark::Added => Role::Added,
    };
    let mut rows: Vec<Compare> = Vec::new();
    let mut push = |mark: Mark, number: Option<usize>, parts: &[(String, bool)]| {
        let mut inline = Inline::default();
        for (text, emphasised) in parts {
            let ink = Ink::of(role(mark));
            let ink = if *emphasised { ink.with(Modifier::BOLD.union(Modifier::UNDERLINED)) } else { ink };
            inline.push(&safe_line(&expand_tabs(text)), ink, None);
        }
        let wrapped = wrap_inline(&inline, room);
        if wrapped.is_empty() {
            rows.push((mark, number, Row::default()));
        }
        for (at, row) in wrapped.into_iter().enumerate() {
            rows.push((mark, number.filter(|_| at == 0), row));
        }
    };
    for (mark, name, value) in &compared.facts {
        push(*mark, None, &[(format!("{name}: {value}"), false)]);
    }
    if !compared.facts.is_empty() {
        push(Mark::Same, None, &[]);
    }
    if compared.lines.iter().all(|line| line.mark == Mark::Same) {
        push(Mark::Same, None, &[("The text is the same.".to_owned(), false)]);
    } else {
        for line in hunks(&compared.lines, AROUND) {
            match line {
                Some(line) => push(line.mark, Some(line.number), &line.parts),
                None => push(Mark::Same, None, &[("…".to_owned(), false)]),
            }
        }
    }
    rows
}

fn draw_compared(compared: &Compared, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let rows = rows(compared, area.width);
    let top = compared.top.min(rows.len().saturating_sub(usize::from(area.height)));
    for (y, (mark, number, row)) in (area.top()..area.bottom()).zip(rows.iter().skip(top)) {
        let style = look.style(match mark {
            Mark::Same => Role::Faint,
            Mark::Removed => Role::Removed,
            Mark::Added => Role::Added,
        });
        let number = number.map_or_else(String::new, |number| number.to_string());
        put_right(cells, area.x, y, area.x + SIGNS - 2, &number, look.style(Role::Faint));
        put(cells, area.x + SIGNS - 1, y, area.x + SIGNS, &mark.sign().to_string(), style);
        let room = area.width.saturating_sub(SIGNS + 2);
        row.draw(Position { x: area.x + SIGNS + 1, y }, room, look, cells);
    }
    let bar = thumb(area.height, top, usize::from(area.height), rows.len());
    scrollbar(cells, area, bar, look.style(Role::Rule));
}

/// An error where the answer would be.
fn failed(error: &crate::domain::Error, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let width = area.width.saturating_sub(6).min(80);
    let runs = sight.key(Context::Prompt, Action::Send);
    let again = format!("{runs} runs it again.");
    let lines = [
        (format!("✗ {}", error.doing), Role::Bad),
        (error.why.clone(), Role::Text),
        (error.hint.clone(), Role::Muted),
        (again, Role::Muted),
    ];
    let mut y = area.y + area.height.min(1);
    for (text, role) in lines.iter().filter(|(text, _)| !text.is_empty()) {
        for line in wrap(text, width) {
            if y < area.bottom() {
                put(cells, area.x + 2, y, area.right(), &line, look.style(*role));
                y += 1;
            }
        }
    }
}

/// What the place is for, and the keys that begin.
fn teach(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let width = area.width.saturating_sub(4).min(90);
    let words = if state.is_bare() {
        "One text for the model, without a conversation. Write {{name}} where something changes from run to run: \
         each such variable gets a value of its own, and every version that you save stays."
    } else {
        "What the model answers stands here; earlier runs stay."
    };
    let keys = [
        (Action::Send, "run it; a value that is missing is asked for"),
        (Action::SavePrompt, "save it under a name, then version by version"),
        (Action::ComparePrompt, "what was changed since the last version"),
        (Action::ExamplePrompt, "an example to begin with"),
        (Action::FocusNext, "the values, the answer, the library"),
        (Action::ToggleSettings, "model, system prompt, settings"),
    ];
    let words = wrap(words, width);
    let mut y = area.y + area.height.saturating_sub((words.len() + keys.len() + 1) as u16) / 4;
    for line in &words {
        if y < area.bottom() {
            put(cells, area.x + 2, y, area.right(), line, look.style(Role::Text));
            y += 1;
        }
    }
    y += 1;
    for (action, words) in keys.into_iter().filter(|(action, _)| state.can_do(*action) || state.is_bare()) {
        if y >= area.bottom() {
            break;
        }
        let Some(key) = sight.options.keymap.key(Context::Prompt, action) else { continue };
        let key = label(key);
        put(cells, area.x + 2, y, area.right(), &key, look.style(Role::Accent));
        put(cells, area.x + 2 + columns(&key).max(8) + 1, y, area.right(), words, look.style(Role::Muted));
        y += 1;
    }
}
