//! The columns: who answers, what is said, what it took.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::domain::catalog::Price;
use crate::domain::comparison::letter;
use crate::domain::comparison::measure::{Contest, Measure};
use crate::domain::evaluation::Choice;
use crate::domain::figures;
use crate::domain::message::{Answer, Outcome};
use crate::domain::usage::budget::money;
use crate::tui::action::Action;
use crate::tui::app::Cache;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::models::columns::fit_id;
use crate::tui::paint::{columns, first_lines, put, put_right, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::compare::layout::{Areas, ColumnArea};
use crate::tui::pane::compare::{Focus, Lane, State};
use crate::tui::thread::{Load, Turn, going_on};
use crate::tui::widget::code::Want;
use crate::tui::widget::text::fit;
use crate::tui::widget::transcript::{Transcript, stopped};

impl State {
    /// Nothing was asked yet.
    pub(super) fn is_bare(&self) -> bool {
        self.comparison.is_none() && !self.runs()
    }

    /// The keys that ask a column again that failed, where that can be done.
    fn asked_again_by(&self, at: usize, sight: &Sight<'_>) -> Option<String> {
        let again = self.lanes.get(at).filter(|lane| lane.has_failed() && self.ballot().is_none())?;
        let retry = sight.key(Context::Columns, Action::Retry);
        let first = match self.focus {
            Focus::Columns => String::new(),
            _ => format!("{}, then ", sight.key(self.where_keys_go(), Action::FocusNext)),
        };
        (!again.runs()).then(|| format!("{first}{retry} asks it again"))
    }

    /// What the last answer of each lane took; `None` where there is none, or it failed.
    pub(super) fn measures<T>(&self, measure: impl Fn(&Answer, Option<&Price>) -> T) -> Vec<Option<T>> {
        let of = |lane: &Lane| {
            let answer = lane.ended().filter(|_| !lane.has_failed())?.answer.as_ref()?;
            let price = self.card(Some(&answer.model)).and_then(|card| card.price.as_ref());
            Some(measure(answer, price))
        };
        self.lanes.iter().map(of).collect()
    }
}

/// Draws those that are in sight.
pub(super) fn draw(
    state: &State,
    (cache, wants): (&mut Cache, &mut Vec<Want>),
    sight: &Sight<'_>,
    areas: &Areas,
    cells: &mut Buffer,
) {
    let order = state.order();
    let measures = state.measures(Measure::of);
    let competing: Vec<_> = state.measures(Measure::of_complete).into_iter().map(Option::flatten).collect();
    let best = Contest::ALL.map(|contest| contest.best(&competing));
    let own = state.own();
    let waits = !state.is_bare() && state.is_hidden() && !state.all_ended();
    for column in &areas.columns {
        let Some(at) = order.get(column.place).copied() else { continue };
        if column.head.x > areas.field.x {
            // Over a bare field its words go on.
            let bottom = if state.is_bare() || waits { column.head.bottom() } else { areas.field.bottom() };
            for y in areas.field.top()..bottom {
                put(cells, column.head.x - 1, y, column.head.x, "│", sight.look.style(Role::Rule));
            }
        }
        head(state, sight, column, (at, &own[at]), cells);
        if state.is_bare() || column.folded || waits {
            continue;
        }
        answers(state, (cache, &mut *wants), sight, (column, areas.narrowest()), at, cells);
        let lane = &state.lanes[at];
        if lane.runs() {
            running(lane, sight, column.foot, cells);
        } else if !state.is_hidden() {
            let best = best.each_ref().map(|best| best.contains(&at));
            let again = state.asked_again_by(at, sight);
            foot(sight, column.foot, (measures[at], again.as_deref().unwrap_or(end(lane))), best, cells);
        }
    }
    if let Some(first) = areas.columns.first().filter(|_| waits) {
        let over = Rect { y: first.answers.y, height: first.answers.height, ..areas.field };
        waiting(state, sight, over, cells);
    }
}

/// The fewest columns of a model's name.
const NAME: u16 = 12;

/// Its letter, and unless that is hidden who answers, with what of its `own`.
fn head(state: &State, sight: &Sight<'_>, column: &ColumnArea, (at, own): (usize, &str), cells: &mut Buffer) {
    let look = sight.look;
    let area = column.head;
    let here = state.focus == Focus::Columns && state.at == column.place;
    let role = if here { Role::Accent } else { Role::Text };
    if here {
        put(cells, area.x, area.y, area.right(), "▌", look.style(Role::Accent));
    }
    let bold = look.style(role).add_modifier(Modifier::BOLD);
    let chosen = state.ballot().is_some_and(|ballot| ballot.choice == Choice::One(at));
    // A star is what the best figures have.
    let mark = match (chosen, column.folded) {
        (false, _) => "",
        (true, true) => "✓",
        (true, false) => "✓ chosen",
    };
    let right =
        put_right(cells, area.x + 2, area.y, area.right().saturating_sub(1), mark, look.style(Role::Good));
    let x = put(cells, area.x + 2, area.y, right, &letter(column.place).to_string(), bold);
    if !state.is_hidden() {
        let end = right.saturating_sub(1);
        let style = look.style(if here { Role::Text } else { Role::Muted });
        let own = if own.is_empty() { String::new() } else { format!(" · {own}") };
        // Of a name the end tells models apart; what is its own tells columns of one model apart.
        let room = end.saturating_sub(x + 2);
        let room = room.saturating_sub(columns(&own)).max(NAME.min(room));
        let name = state.lanes[at].thread.setup.model.as_ref().map_or_else(String::new, |model| {
            let whole = columns(model.as_str()) <= room || !state.has_one_provider();
            fit_id(if whole { model.as_str() } else { model.model() }, room).into_owned()
        });
        let x = put(cells, x + 2, area.y, end, &name, style);
        put(cells, x, area.y, end, &fit(&own, usize::from(end.saturating_sub(x))), style);
    }
}

/// Of answers that come blind nothing is told until all are there but that they come, and since when all of them do: how many
/// are there would tell how long each took.
fn waiting(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let reduced_motion = sight.options.reduced_motion;
    let running = state.waited(sight.now.wall);
    let running = running.map(|waited| going_on("answering", waited, sight.now, reduced_motion));
    let words = format!("{} columns; the answers appear together.", state.lanes.len());
    let lines = running.into_iter().chain(wrap(&words, area.width.saturating_sub(4)));
    for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
        put(cells, area.x + 2, y, area.right(), &line, sight.look.style(Role::Muted));
    }
}

fn answers(
    state: &State,
    (cache, wants): (&mut Cache, &mut Vec<Want>),
    sight: &Sight<'_>,
    (column, narrowest): (&ColumnArea, Option<u16>),
    at: usize,
    cells: &mut Buffer,
) {
    let (lane, area, look) = (&state.lanes[at], column.answers, sight.look);
    let hidden = state.is_hidden();
    if let Load::Failed(error) = &lane.thread.load {
        return failed(&error.to_string(), sight, area, cells);
    }
    if let Some(error) = &lane.thread.failed {
        let words = match (hidden, state.asked_again_by(at, sight)) {
            (true, Some(again)) => format!("this answer failed: {again}"),
            (true, None) => "this answer failed".to_owned(),
            (false, _) => error.to_string(),
        };
        return failed(&words, sight, area, cells);
    }
    let status = lane.status(sight.now, sight.options.reduced_motion);
    let items = state.items(at, &status);
    let mut transcript = Transcript { narrowest, ..Transcript::new(&items) };
    transcript.active = state.focus == Focus::Columns && state.at == column.place;
    transcript.highlights = Some(sight.highlights);
    let geometry = transcript.layout(area, &lane.scroll, &mut cache.transcript);
    transcript.draw(&geometry, look, cells);
    if matches!(lane.thread.turn, Turn::Asking { .. })
        && let Some(y) = geometry.rows.last().map(|row| row.y + 1).filter(|y| *y < area.bottom())
    {
        put(cells, area.x + 2, y, area.right(), &status, look.style(Role::Muted));
    }
    wants.extend(geometry.wants);
}

fn failed(words: &str, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let lines = first_lines(wrap(words, area.width.saturating_sub(5)), area.height.saturating_sub(1));
    for (at, (y, line)) in (area.y + 1..area.bottom()).zip(lines).enumerate() {
        put(cells, area.x + 2, y, area.right(), if at == 0 { "✗" } else { " " }, sight.look.style(Role::Bad));
        put(cells, area.x + 4, y, area.right(), &line, sight.look.style(Role::Bad));
    }
}

/// That it is being written, where its figures will stand: what it waits for is said in it.
fn running(lane: &Lane, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    if lane.writes() {
        let words = lane.thread.status(sight.now, sight.options.reduced_motion);
        let right = area.right().saturating_sub(1);
        put(cells, area.x + 2, area.y, right, &words, sight.look.style(Role::Faint));
    }
}

/// `190 ms first★ · 1.20 s · 88 tok/s★ · 12→301 tok · $0.0012 · stop`; the best of each has a star, and a cost that is not known is `$?`.
/// Of an answer that failed it says how it is asked again, or nothing: why it did stands in the column.
fn foot(
    sight: &Sight<'_>,
    area: Rect,
    (measure, end): (Option<Measure>, &str),
    best: [bool; 4],
    cells: &mut Buffer,
) {
    let look = sight.look;
    let right = area.right().saturating_sub(1);
    let Some(measure) = measure else {
        let words = fit(end, right.saturating_sub(area.x + 2).into());
        put(cells, area.x + 2, area.y, right, &words, look.style(Role::Muted));
        return;
    };
    let speed = [
        (measure.first_ms.map(figures::milliseconds).map(|text| format!("{text} first")), best[0]),
        (measure.total_ms.map(figures::milliseconds), best[1]),
        (measure.per_second.map(|rate| format!("{} tok/s", figures::rate(rate))), best[2]),
    ];
    let amount = [
        (tokens(&measure), false),
        (cost(&measure), best[3]),
        (Some(end.to_owned()).filter(|end| !end.is_empty()), false),
    ];
    let rows: Vec<Vec<_>> = if area.height > 1 {
        vec![speed.into(), amount.into()]
    } else {
        vec![speed.into_iter().chain(amount).collect()]
    };
    for (y, row) in (area.top()..area.bottom()).zip(rows) {
        let mut x = area.x + 2;
        for (text, best) in row.into_iter().filter_map(|(text, best)| Some((text?, best))) {
            if x > area.x + 2 {
                x = put(cells, x, y, right, " · ", look.style(Role::Rule));
            }
            x = put(cells, x, y, right, &text, look.style(if best { Role::Text } else { Role::Muted }));
            if best {
                x = put(cells, x, y, right, "★", look.style(Role::Good));
            }
        }
    }
}

/// What an answer cost; while it comes nobody knows.
fn cost(measure: &Measure) -> Option<String> {
    match measure.cost {
        None if measure.total_ms.is_some() => Some("$?".to_owned()),
        known => known.map(money),
    }
}

/// Why an answer ended, in a word.
fn end(lane: &Lane) -> &'static str {
    if lane.was_cut_off() {
        return "no answer to choose";
    }
    match lane.ended().and_then(|message| message.answer.as_ref()).map(|answer| &answer.outcome) {
        Some(Outcome::Complete { reason }) => stopped(*reason),
        _ => "",
    }
}

fn tokens(measure: &Measure) -> Option<String> {
    let grouped = |count: u32| figures::grouped(count.into());
    match (measure.input, measure.output) {
        (Some(input), Some(output)) => Some(format!("{}→{} tok", grouped(input), grouped(output))),
        (Some(input), None) => Some(format!("{} tok in", grouped(input))),
        (None, Some(output)) => Some(format!("{} tok out", grouped(output))),
        (None, None) => None,
    }
}
