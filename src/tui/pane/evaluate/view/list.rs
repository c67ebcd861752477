//! The evaluations, the newest first, and what there is to know of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::evaluation::job::{Evaluation, GenerationState, SoFar};
use crate::domain::figures::{count, grouped};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, put, put_right, scrollbar, thumb, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::evaluate::State;
use crate::tui::pane::evaluate::list::lacking;
use crate::tui::rows::{bar, facts, failed, ground, parted, right_of};

/// Rows below the list for the selected one.
const CARD: u16 = 9;

impl State {
    /// The rows of the list, below its head.
    pub(in crate::tui::pane::evaluate) fn list_area(body: Rect) -> Rect {
        let height = body.height.saturating_sub(2 + CARD.min(body.height / 2));
        Rect { y: body.y + 1, height, ..body }
    }
}

pub(super) fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    if let Some(error) = &state.error {
        return failed(error, sight, body, cells);
    }
    if state.list.is_empty() {
        if state.known {
            teach(sight, body, cells);
        }
        return;
    }
    let look = sight.look;
    let right = right_of(body);
    // Columns from the right: age, votes, state, and where there is room the size, which the card tells, too.
    let age = right.saturating_sub(if body.width < 80 { 6 } else { 10 });
    let (votes_width, standing_width, size_width) = match body.width {
        0..80 => (11, 17, 0),
        80..100 => (14, 22, 0),
        100..120 => (14, 22, 17),
        _ => (22, 32, 18),
    };
    let votes = age.saturating_sub(votes_width);
    let standing = votes.saturating_sub(standing_width);
    let size = standing.saturating_sub(size_width);
    let faint = look.style(Role::Faint);
    put(cells, body.x + 2, body.y, size, "evaluation", faint);
    if size < standing {
        put(cells, size, body.y, standing, "items × answers", faint);
    }
    put(cells, standing, body.y, votes, "answers", faint);
    put(cells, votes, body.y, age, "votes", faint);
    put_right(cells, age, body.y, right, "made", faint);
    let area = State::list_area(body);
    for (y, at) in (area.top()..area.bottom()).zip(state.top..state.list.len()) {
        let evaluation = &state.list[at];
        let row = Rect { y, height: 1, ..area };
        let (ground, name) = ground(at == state.selected, row, look, cells);
        let style = |role| ground.patch(look.style(role));
        put(cells, area.x + 2, y, size.saturating_sub(1), evaluation.name(), name);
        if size < standing {
            let words = format!("{} × {}", grouped(evaluation.items.into()), evaluation.sources.len());
            put(cells, size, y, standing.saturating_sub(1), &words, style(Role::Muted));
        }
        for (from, to, (ways, role)) in
            [(standing, votes, generation(evaluation)), (votes, age, rated(evaluation))]
        {
            let end = to.saturating_sub(1);
            let fits = |words: &&String| columns(words) <= end.saturating_sub(from);
            if let Some(words) = ways.iter().find(fits).or(ways.last()) {
                put(cells, from, y, end, words, style(role));
            }
        }
        put_right(cells, age, y, right, &sight.wall().age(evaluation.created), style(Role::Faint));
    }
    let bar = thumb(area.height, state.top, usize::from(area.height), state.list.len());
    scrollbar(cells, area, bar, look.style(Role::Rule));
    if let Some(evaluation) = state.current() {
        let top = area.bottom();
        let area = Rect { y: top, height: body.bottom().saturating_sub(top), ..body };
        card(state, evaluation, sight, area, cells);
    }
}

/// How far the answers are, in ever fewer words.
fn generation(evaluation: &Evaluation) -> (Vec<String>, Role) {
    let generation = &evaluation.generation;
    let total = grouped(generation.total);
    let done = format!("{} of {total}", grouped(generation.done));
    let failed = format!("{} failed", grouped(generation.failed));
    let some_failed = generation.failed > 0;
    match generation.state {
        _ if generation.total == 0 => (vec!["brought".to_owned()], Role::Muted),
        GenerationState::Ready => {
            (vec![format!("{total} to be asked for"), format!("{total} to ask for")], Role::Warn)
        }
        GenerationState::Running if some_failed => {
            (vec![format!("● {done}, {failed}"), format!("● {done}")], Role::Accent)
        }
        GenerationState::Running => (vec![format!("● {done}")], Role::Accent),
        GenerationState::Paused if some_failed => {
            (vec![format!("paused: {done}, {failed}"), format!("paused, {failed}")], Role::Warn)
        }
        GenerationState::Paused => (vec![format!("paused: {done}"), "paused".to_owned()], Role::Warn),
        GenerationState::Ended if some_failed => (vec![format!("{done}, {failed}"), failed], Role::Warn),
        GenerationState::Ended => (vec!["all there".to_owned()], Role::Muted),
    }
}

/// How many votes there are of those that are needed, in ever fewer words: counts that tell nothing of what was said.
fn rated(evaluation: &Evaluation) -> (Vec<String>, Role) {
    let Some(SoFar { votes, needed, .. }) = evaluation.so_far() else {
        return (vec!["–".to_owned()], Role::Faint);
    };
    let share = format!("{} %", (votes * 100).checked_div(needed).unwrap_or(0));
    let role = if votes < needed { Role::Muted } else { Role::Good };
    (vec![format!("{} of {}", grouped(votes), grouped(needed)), share], role)
}

/// The same for the card, with what each item needs.
fn voted(evaluation: &Evaluation) -> String {
    let raters = count(evaluation.task.raters_per_item.into(), "rater", "raters");
    let so_far = match evaluation.so_far() {
        Some(SoFar { votes, needed, .. }) => format!("{} of {}", grouped(votes), grouped(needed)),
        None => "counted when somebody rates".to_owned(),
    };
    format!("{so_far} · each item needs {raters}")
}

fn card(state: &State, evaluation: &Evaluation, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let below = parted(area, false, look, cells);
    let metrics: Vec<_> = evaluation
        .task
        .metrics
        .iter()
        .map(|metric| format!("{} ({})", metric.name, metric.method.word()))
        .collect();
    let sources: Vec<_> = evaluation.sources.iter().map(|source| source.name.as_str()).collect();
    let raters = match evaluation.who().as_slice() {
        [] => "nobody yet".to_owned(),
        raters => raters.join(", "),
    };
    let items = count(evaluation.items.into(), "item", "items");
    // What has to be done comes first: where there is little room the rest is cut.
    let mut rows = Vec::new();
    let asks = sight.key(Context::Evaluations, Action::RunEvaluation);
    if let Some(words) = lacking(evaluation, &asks) {
        rows.push(("to rate", words, Role::Warn));
    }
    if let Some(why) = &evaluation.generation.why {
        rows.push(("paused", why.clone(), Role::Warn));
    }
    let stands = evaluation.generation.state != GenerationState::Running;
    let failed = state.failing.words(stands.then_some(asks.as_str()));
    rows.extend(failed.into_iter().map(|words| ("failed", words, Role::Warn)));
    rows.extend([
        ("answers", sources.join(" | "), Role::Text),
        ("asked", metrics.join(", "), Role::Text),
        ("votes", voted(evaluation), Role::Text),
        ("raters", raters, Role::Text),
        ("dataset", format!("{} · {items}", evaluation.dataset), Role::Muted),
    ]);
    if evaluation.task.version > 1 {
        rows.push(("version", evaluation.task.version.to_string(), Role::Muted));
    }
    let y = facts(&rows, look, below, cells);
    let generation = &evaluation.generation;
    if generation.state == GenerationState::Running && generation.total > 0 {
        bar(generation.done as f64 / generation.total as f64, y, look, below, cells);
    }
}

/// What the place is for.
fn teach(sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let words = "Answers of models, judged by people: a dataset of questions, the models that answer them or answers that \
                 you bring, and what is to be said of each. Raters see one item after the other, and not whose an answer \
                 is. Nothing is evaluated yet.";
    let mut y = body.y + 2;
    for line in wrap(words, body.width.saturating_sub(4).min(90)) {
        put(cells, body.x + 2, y, body.right(), &line, look.style(Role::Text));
        y += 1;
    }
    let key = |action| sight.key(Context::Evaluations, action);
    let ways = [
        (key(Action::NewEvaluation), "makes the first one: questions, who answers, what raters are asked"),
        (key(Action::ShowDatasets), "shows the datasets: built-in ones, and files that you bring"),
    ];
    y += 1;
    let wide = ways.iter().map(|(key, _)| columns(key)).max().unwrap_or(0);
    for (key, does) in ways {
        put(cells, body.x + 4, y, body.right(), &key, look.style(Role::Accent));
        for line in wrap(does, body.width.saturating_sub(wide + 8).min(90)) {
            put(cells, body.x + 6 + wide, y, body.right(), &line, look.style(Role::Text));
            y += 1;
        }
    }
    y += 1;
    put(cells, body.x + 2, y, body.right(), "Without the screen:", look.style(Role::Muted));
    y += 1;
    let commands = [
        "outcrop datasets list",
        "outcrop eval create NAME --dataset builtin/generation -m A -m B --run",
        "outcrop eval rate NAME --rater YOU",
    ];
    for command in commands {
        for line in wrap(command, body.width.saturating_sub(6)) {
            put(cells, body.x + 4, y, body.right(), &line, look.style(Role::Muted));
            y += 1;
        }
    }
}
