//! The picture of the usage place.

mod card;

pub(super) use card::whole;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::column::{Column, GAP};
use super::{Line, Range, State};
use crate::domain::figures;
use crate::domain::usage::budget::Budget;
use crate::domain::usage::{By, Standing};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, fill, first_lines, put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::widget::text::fit_left;

/// From this width on the card stands beside the table.
const WIDE: u16 = 116;
/// The least columns of the card, and the most of a table beside it.
const CARD: u16 = 46;
const TABLE: u16 = 130;

/// Columns before a name: the bar of the chosen row, and a blank.
const MARGIN: u16 = 2;

/// Where the parts are.
#[derive(Debug, Clone, Copy)]
struct Areas {
    head: Rect,
    /// A line a budget.
    budgets: Rect,
    titles: Rect,
    rows: Rect,
    card: Rect,
    /// The line between table and card, where it stands upright.
    rule: Option<u16>,
}

fn areas(whole: Rect, budgets: u16) -> Areas {
    let line = |y: u16| Rect { y, height: 1, ..whole }.intersection(whole);
    let head = line(whole.y);
    let own = Rect { y: head.bottom(), height: budgets.min(whole.height.saturating_sub(12)), ..whole };
    let body = Rect { y: whole.y + own.height, height: whole.height - own.height, ..whole };
    let (table, card, rule) = if body.width >= WIDE {
        let left = (body.width - CARD - 1).min(TABLE);
        let below = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
        let card = Rect { x: body.x + left + 1, width: body.width - left - 1, ..below };
        (Rect { width: left, ..below }, card, Some(body.x + left))
    } else {
        let high = (body.height * 2 / 5).clamp(7, 12).min(body.height.saturating_sub(4));
        let table = Rect { y: body.y + 1, height: body.height.saturating_sub(high + 1), ..body };
        (table, Rect { y: table.bottom(), height: high, ..body }, None)
    };
    let rows = Rect { y: table.y + 1, height: table.height.saturating_sub(1), ..table };
    Areas { head, budgets: own, titles: Rect { height: table.height.min(1), ..table }, rows, card, rule }
}

/// The columns of figures that the table has, each with its width.
fn shown(state: &State, titles: Rect) -> Vec<(Column, u16)> {
    let wide = |column: Column| {
        let lines = (0..state.count()).filter_map(|at| state.line(at));
        let figures = lines.map(|line| columns(&column.text(&line))).max().unwrap_or(0);
        // The mark of the order has its place, whether it is there or not.
        figures.max(columns(column.title()) + 1)
    };
    Column::of(titles.width.saturating_sub(MARGIN + 1), wide)
}

/// The figures that it has no room for: they are told in the card.
fn lacking(state: &State, titles: Rect) -> Vec<Column> {
    let shown = shown(state, titles);
    let lacks = |column: &Column| shown.iter().all(|(own, _)| own != column);
    Column::ALL[1..].iter().copied().filter(lacks).collect()
}

/// What the table can be sorted by: all that it shows. `update` asks.
pub(super) fn orders(state: &State, body: Rect) -> Vec<Column> {
    let figures = shown(state, areas(body, state.budgets().len() as u16).titles);
    std::iter::once(Column::Name).chain(figures.into_iter().map(|(column, _)| column)).collect()
}

/// Where the rows of the table are: `update` asks too.
pub(super) fn rows(state: &State, body: Rect) -> Rect {
    areas(body, state.budgets().len() as u16).rows
}

impl State {
    /// The sum, for the last line.
    pub(super) fn figure(&self) -> String {
        let Some(report) = self.report.as_ref().filter(|report| !report.rows.is_empty()) else {
            return String::new();
        };
        let calls = figures::count(report.total.tally.invocations, "call", "calls");
        format!("{calls} · {} est.", report.total.cost.text())
    }
}

/// Draws the place into `body`.
pub(super) fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let standing = state.budgets();
    let areas = areas(body, standing.len() as u16);
    let rows = state.report.as_ref().is_some_and(|report| !report.rows.is_empty());
    let lacking = if rows { lacking(state, areas.titles) } else { Vec::new() };
    let elsewhere = match (lacking.len(), areas.rule) {
        (0, _) => vec![String::new()],
        (lacks, rule) => {
            let (all, side) = (Column::ALL.len() - 1, if rule.is_some() { "beside" } else { "below" });
            let whole = format!(" · {} of {all} figures, others {side}", all - lacks);
            vec![whole, format!(" · +{lacks} {side}")]
        }
    };
    head(state, &elsewhere, sight, areas.head, cells);
    budgets(&standing, sight, areas.budgets, cells);
    if let Some(words) = instead(state, sight) {
        let role = if state.error.is_some() { Role::Bad } else { Role::Muted };
        let y = areas.head.bottom() + areas.budgets.height + 1;
        let width = body.width.saturating_sub(4).min(78);
        let lines = first_lines(wrap(&words, width), body.bottom().saturating_sub(y));
        for (y, line) in (y..body.bottom()).zip(lines) {
            put(cells, body.x + 1, y, body.right(), &line, sight.look.style(role));
        }
        return;
    }
    table(state, sight, areas, cells);
    let rule = sight.look.style(Role::Rule);
    if let Some(x) = areas.rule {
        for y in areas.card.top()..areas.card.bottom() {
            put(cells, x, y, x + 1, "│", rule);
        }
    }
    if let Some(line) = state.line(state.selected) {
        let low = areas.rule.is_none().then_some(lacking.as_slice());
        card::draw(state, &line, sight, areas.card, low, cells);
    }
}

/// What stands in the table's place where it has no rows.
fn instead(state: &State, sight: &Sight<'_>) -> Option<String> {
    let key = |action| sight.key(Context::Usage, action);
    if let Some(error) = &state.error {
        return Some(format!("✗ {error} {} tries again.", key(Action::Reload)));
    }
    let Some(report) = &state.report else {
        return Some(if state.task.is_some() { "Adding up what was called…" } else { "" }.to_owned());
    };
    if !report.rows.is_empty() {
        return None;
    }
    Some(match state.range {
        Range::All => format!(
            "Every call of a model is counted here: how often it was asked, how long it took, what it read and \
             wrote, what that costs. Nothing was called yet: {} leads to the chat.",
            key(Action::ShowChat)
        ),
        range => {
            format!(
                "No model was called in the {}. {} goes further back.",
                range.words(),
                key(Action::Increase)
            )
        }
    })
}

/// What the table is of; `elsewhere` says in ever fewer words how many figures it has no room for.
fn head(state: &State, elsewhere: &[String], sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let right = area.right().saturating_sub(1);
    let by = match state.by {
        By::Model => "by model",
        By::Day => "by day",
        By::Voice => "by provider",
    };
    let mut words = state.range.words().to_owned();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let x =
        put(cells, area.x + 1, area.y, right, &words, look.style(Role::Text).add_modifier(Modifier::BOLD));
    let x = put(cells, x, area.y, right, &format!(" · {by}"), look.style(Role::Muted));
    let dates = state.report.as_ref().and_then(|report| report.priced.as_ref());
    let priced = dates.map_or_else(Vec::new, |dates| {
        let most = if dates.oldest == dates.newest { "" } else { " and later" };
        let of = format!("prices of {}{most}", dates.oldest);
        vec![format!("est. by {of}"), of]
    });
    // The date gives way last.
    let none = String::new();
    let dated = elsewhere.iter().flat_map(|left| priced.iter().map(move |priced| (left, priced)));
    let mut ways = dated.chain(elsewhere.iter().map(|left| (left, &none)));
    let room = right.saturating_sub(x);
    let fits = |(left, priced): &(&String, &String)| columns(left) + columns(priced) + GAP <= room;
    if let Some((left, priced)) = ways.find(fits) {
        put(cells, x, area.y, right, left, look.style(Role::Muted));
        put_right(cells, x, area.y, right, priced, look.style(Role::Faint));
    }
}

/// Columns of a budget's bar.
const BAR: u16 = 16;

/// What is gone of each budget, the fullest first.
fn budgets(standing: &[&Standing], sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let stands = |standing: &Standing| standing.budget.stand(standing.spent);
    let texts = standing.iter().filter_map(|one| Some(columns(&stands(one)?.0))).max().unwrap_or(0);
    let whole = |standing: &Standing| {
        let Budget { scope, period, .. } = &standing.budget;
        columns(&format!("{} · {scope}", period.now()))
    };
    let wanted = standing.iter().map(|standing| whole(standing)).max().unwrap_or(0);
    // The bar gives way before the names do.
    let bar = area.width.saturating_sub(texts + wanted + 6).clamp(BAR / 4, BAR);
    let most = area.width.saturating_sub(texts + bar + 6);
    let name = |standing: &Standing| {
        let Budget { scope, period, .. } = &standing.budget;
        let now = format!("{} · ", period.now());
        let room = usize::from(most.saturating_sub(columns(&now)));
        format!("{now}{}", fit_left(&scope.to_string(), room))
    };
    let names = standing.iter().map(|standing| columns(&name(standing))).max().unwrap_or(0);
    for (y, standing) in (area.top()..area.bottom()).zip(standing) {
        let Some((text, share)) = stands(standing) else { continue };
        let role = match share {
            1.0.. => Role::Bad,
            0.8.. => Role::Warn,
            _ => Role::Info,
        };
        let right = area.right().saturating_sub(1);
        let x = area.x + 1;
        put(cells, x, y, right, &name(standing), look.style(Role::Muted));
        let x = x + names + 2;
        // A line: bars of whole rows, one below the other, would be one field.
        let filled = thin(share, bar);
        put(cells, x, y, right, &filled, look.style(role));
        let rest = "─".repeat(usize::from(bar.saturating_sub(columns(&filled))));
        put(cells, x + columns(&filled), y, right, &rest, look.style(Role::Rule));
        let words = if share >= 1.0 { look.style(role) } else { look.style(Role::Text) };
        put(cells, x + bar + 2, y, right, &text, words);
    }
}

/// A line in so many columns, as far as the share goes; of a little the half of a column is seen.
fn thin(share: f64, width: u16) -> String {
    let halves = (share.clamp(0.0, 1.0) * f64::from(width) * 2.0).round() as usize;
    let halves = halves.max(usize::from(share > 0.0));
    format!("{}{}", "━".repeat(halves / 2), if halves % 2 == 1 { "╸" } else { "" })
}

fn table(state: &State, sight: &Sight<'_>, areas: Areas, cells: &mut Buffer) {
    let look = sight.look;
    let Areas { titles, rows, .. } = areas;
    // Down from the largest, or the newest; up to it. Names begin with the first letter by themselves.
    let mark = |column: Column| match (state.sort == column, (column == Column::Name) == state.reversed) {
        (false, _) => "",
        (true, true) => "▾",
        (true, false) => "▴",
    };
    let style = |column: Column| {
        let role = if state.sort == column { Role::Accent } else { Role::Faint };
        look.style(role)
    };
    let shown = shown(state, titles);
    let name = format!("{}{}", state.by.as_str(), mark(Column::Name));
    let end = ends(&shown, titles).first().map_or(titles.right(), |(_, from, _)| *from);
    put(cells, titles.x + MARGIN, titles.y, end, &name, style(Column::Name));
    for (column, from, to) in ends(&shown, titles) {
        let title = format!("{}{}", column.title(), mark(column));
        put_right(cells, from, titles.y, to, &title, style(column));
    }
    for y in rows.top()..rows.bottom() {
        let at = state.top + usize::from(y - rows.y);
        let Some(line) = state.line(at).filter(|_| at < state.count()) else { break };
        row(state, &line, at, sight, &shown, Rect { y, height: 1, ..rows }, cells);
    }
    let bar = thumb(rows.height, state.top, usize::from(rows.height), state.count());
    scrollbar(cells, rows, bar, look.style(Role::Rule));
}

/// The columns of figures with where each begins and ends, the last one at the right edge.
fn ends(columns: &[(Column, u16)], area: Rect) -> Vec<(Column, u16, u16)> {
    let mut right = area.right().saturating_sub(1);
    let mut ends = Vec::with_capacity(columns.len());
    for (column, width) in columns.iter().rev() {
        let from = right.saturating_sub(*width);
        ends.push((*column, from, right));
        right = from.saturating_sub(GAP);
    }
    ends.reverse();
    ends
}

fn row(
    state: &State,
    line: &Line<'_>,
    at: usize,
    sight: &Sight<'_>,
    columns: &[(Column, u16)],
    area: Rect,
    cells: &mut Buffer,
) {
    let look = sight.look;
    let chosen = at == state.selected;
    let ground = if chosen { look.style(Role::Selected) } else { Style::new() };
    let style = |role: Role| ground.patch(look.style(role));
    if chosen {
        fill(cells, Rect { width: area.width.saturating_sub(1), ..area }, look.style(Role::Selected));
        tint(cells, Rect { width: 1, ..area }, look.style(Role::Selected));
        put(cells, area.x, area.y, area.right(), "▌", style(Role::Accent));
    }
    let ends = ends(columns, area);
    let end = ends.first().map_or(area.right(), |(_, from, _)| from.saturating_sub(GAP));
    let mut name = style(if line.row.is_some() { Role::Text } else { Role::Muted });
    if chosen {
        name = name.add_modifier(Modifier::BOLD);
    }
    // Of a long id the end tells models apart.
    let width = usize::from(end.saturating_sub(area.x + MARGIN));
    put(cells, area.x + MARGIN, area.y, end, &fit_left(line.name, width), name);
    for (column, from, to) in ends {
        let role = match column {
            Column::Failed if line.figures.tally.failed() > 0 => Role::Warn,
            Column::Failed => Role::Faint,
            column if column == state.sort => Role::Text,
            _ => Role::Muted,
        };
        put_right(cells, from, area.y, to, &column.text(line), style(role));
    }
}
