//! The pictures of one making, and what they are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::standing;
use crate::domain::figures;
use crate::domain::message::Outcome;
use crate::domain::picture::{Made, Making};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::models::columns::fit_id;
use crate::tui::paint::{columns, first_lines, first_parts, put, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::pictures::layout::{Areas, Slot};
use crate::tui::pane::pictures::showing::Seen;
use crate::tui::pane::pictures::{Focus, State, prompt};
use crate::tui::widget::picture::By;

/// The least columns for what must not be seen.
const NEGATIVE: u16 = 16;

pub fn draw(state: &State, sight: &Sight<'_>, body: Rect, areas: &Areas, cells: &mut Buffer) {
    if areas.gallery.is_empty() {
        return;
    }
    let Some(making) = state.making() else {
        if state.known {
            teach(state, sight, areas.gallery, cells);
        }
        return;
    };
    let slots = state.slots(body);
    if state.enlarged {
        if let (Some(made), Some(slot)) = (state.made(), slots.first()) {
            picture(state, sight, made, slot.room, cells);
        }
    } else {
        for (at, slot) in slots.iter().enumerate() {
            let y = match making.made.get(at) {
                Some(made) => picture(state, sight, made, slot.room, cells),
                None => coming(state, sight, making, at, slot.room, cells),
            };
            if slot.numbered {
                label(state, sight, making, at, Rect { y, height: 1, ..slot.room }, cells);
            }
        }
    }
    if let (Outcome::Failed { error }, true) = (&making.outcome, making.made.is_empty()) {
        let key = sight.key(Context::Pictures, Action::MakeAgain);
        // A key that types is none where the prompt is written.
        let comes = match state.focus {
            Focus::Prompt => format!("{}, then ", sight.key(Context::PicturePrompt, Action::FocusNext)),
            Focus::Gallery | Focus::Settings => String::new(),
        };
        let words = format!("✗ {error} {comes}{key} tries again.");
        lines(&words, Role::Bad, sight, areas.gallery, cells);
    } else if making.made.is_empty() && !making.runs() {
        let words = format!("No picture came: it was {}.", standing(&making.outcome));
        lines(&words, Role::Muted, sight, areas.gallery, cells);
    }
    let told = |slot: &Slot| {
        slot.numbered && state.made().is_some_and(|made| fits(&numbered(made, state.at), slot.room))
    };
    let told = slots.first().is_some_and(told);
    caption(state, sight, making, told, areas.caption, cells);
}

/// Returns the line below them.
fn lines(words: &str, role: Role, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> u16 {
    let width = area.width.saturating_sub(2).min(78);
    let lines = first_lines(wrap(words, width), area.height);
    let below = area.y + lines.len() as u16;
    for (y, line) in (area.top()..area.bottom()).zip(lines) {
        put(cells, area.x, y, area.right(), &line, sight.look.style(role));
    }
    below
}

/// What belongs here, and the keys that make the first one.
fn teach(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let key = |action| sight.key(Context::PicturePrompt, action);
    let model = key(Action::ChooseModel);
    let makes = match &state.setup.model {
        Some(_) => format!("{} makes it.", key(Action::Send)),
        None => format!("{model} chooses who makes it."),
    };
    let words = format!(
        "Describe a picture below; {makes} Size, seed, how many and what must not be seen: {}.",
        key(Action::ToggleSettings)
    );
    let who = "These make pictures: OpenAI's GPT Image and DALL·E (its key is in OPENAI_API_KEY), Amazon's Titan Image and \
               Nova Canvas and Stability's models on Bedrock, and servers that speak OpenAI's API and have such a model.";
    let width = area.width.saturating_sub(2).min(78);
    let rows: Vec<_> = wrap(&words, width).into_iter().map(|line| (line, Role::Text)).collect();
    let more = wrap(who, width).into_iter().map(|line| (line, Role::Muted));
    let all = rows.into_iter().chain([(String::new(), Role::Text)]).chain(more);
    for (y, (line, role)) in (area.top()..area.bottom()).zip(all) {
        put(cells, area.x, y, area.right(), &line, sight.look.style(role));
    }
}

/// One picture in the middle of its place; what cannot be shown, or not yet, is described. Returns the line below it.
fn picture(state: &State, sight: &Sight<'_>, made: &Made, room: Rect, cells: &mut Buffer) -> u16 {
    let over = sight.covered || !sight.said_over.intersection(room).is_empty();
    let hidden = sight.way.by == By::Words || over && sight.way.is_fragile();
    let seen = state.shows.seen(&made.blob, (room.width, room.height), sight.way);
    match seen {
        Seen::Cells(drawn) if !hidden => {
            let (width, height) = drawn.size();
            let place = Rect {
                x: room.x + room.width.saturating_sub(width) / 2,
                y: room.y + room.height.saturating_sub(height) / 2,
                width: width.min(room.width),
                height: height.min(room.height),
            };
            drawn.put(place, cells);
            place.bottom()
        }
        Seen::Failed(why) if !hidden => {
            lines(&format!("{}: {why}", made.label()), Role::Warn, sight, room, cells)
        }
        _ => lines(&made.label(), Role::Faint, sight, room, cells),
    }
}

/// A place whose picture has not come. Returns the line below what is said.
fn coming(
    state: &State,
    sight: &Sight<'_>,
    making: &Making,
    at: usize,
    room: Rect,
    cells: &mut Buffer,
) -> u16 {
    // One line is enough for all of them.
    if at > making.made.len() {
        return room.y + 1;
    }
    let words = match state.run_of(making.id) {
        Some((_, run)) if run.ahead > 0 => {
            format!("waiting: {} before it", figures::count(run.ahead.into(), "call is", "calls are"))
        }
        Some((_, run)) => {
            let seconds = sight.now.elapsed.saturating_sub(run.since).as_secs();
            format!("being made · {}", figures::span(seconds))
        }
        None => "being made".to_owned(),
    };
    put(cells, room.x, room.y, room.right(), &words, sight.look.style(Role::Muted));
    room.y + 1
}

/// The number of one of several.
fn label(state: &State, sight: &Sight<'_>, making: &Making, at: usize, line: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let chosen = at == state.at && state.focus == Focus::Gallery;
    let style = look.style(if chosen { Role::Accent } else { Role::Faint });
    let mark = if at == state.at { "▌" } else { " " };
    let words = making.made.get(at).map(|made| numbered(made, at)).filter(|words| fits(words, line));
    let words = words.unwrap_or_else(|| (at + 1).to_string());
    let x = put(cells, line.x, line.y, line.right(), mark, style);
    put(cells, x, line.y, line.right(), &words, style);
}

/// What one of several is, behind its number.
fn numbered(made: &Made, at: usize) -> String {
    format!("{} {}", at + 1, made.label())
}

/// Whether there is room for that beside the mark of the chosen one.
fn fits(words: &str, line: Rect) -> bool {
    columns(words) < line.width
}

/// The prompt, and below it what the picture is and what it was made with; what is `told` below each of several is not said
/// again.
fn caption(state: &State, sight: &Sight<'_>, making: &Making, told: bool, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let right = area.right();
    let mut parts = Vec::new();
    let count = making.made.len();
    if count > 1 {
        parts.push(format!("{} of {count}", state.at + 1));
    }
    parts.push(fit_id(making.asked.model.as_str(), area.width).into_owned());
    parts.extend(state.made().filter(|_| !told).map(Made::label));
    parts.extend(making.asked.seed.map(|seed| format!("seed {seed}")));
    if making.asked.from.is_some() {
        parts.push("varies a picture".to_owned());
    }
    let standing = standing(&making.outcome);
    let failed = matches!(making.outcome, Outcome::Failed { .. });
    let words = parts.join(" · ");
    let Some(rows) = area.height.checked_sub(1) else { return };
    let bold = look.style(Role::Text).add_modifier(Modifier::BOLD);
    for (y, line) in (area.y..).zip(first_lines(wrap(prompt(making), area.width), rows)) {
        put(cells, area.x, y, right, &line, bold);
    }
    let y = area.y + rows;
    let mut x = area.x;
    if !standing.is_empty() && !making.runs() {
        let why = match &making.outcome {
            Outcome::Failed { error } if count > 0 => format!("{standing}: {} · ", error.why),
            _ => format!("{standing} · "),
        };
        x = put(cells, x, y, right, &why, look.style(if failed { Role::Bad } else { Role::Warn }));
    }
    // Each is told whole or not at all, but for what may be of any length.
    let kept = first_parts(&words, right.saturating_sub(x));
    let x = put(cells, x, y, right, kept, look.style(Role::Faint));
    if let Some(negative) = making.asked.negative.as_ref().filter(|_| kept == words && x + NEGATIVE <= right)
    {
        put(cells, x, y, right, &format!(" · not: {negative}"), look.style(Role::Faint));
    }
}
