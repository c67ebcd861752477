//! The card of the chosen row: its figures over time, how its calls ended, what it is priced by, a chart.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::domain::figures;
use crate::domain::usage::{By, Point, Step};
use crate::tui::look::Role;
use crate::tui::models::columns::fit_id;
use crate::tui::overlay::Hidden;
use crate::tui::overlay::reading::Line as Said;
use crate::tui::paint::{columns as columns_of, more, put, put_right, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::usage::column::Column;
use crate::tui::pane::usage::{Line, State};
use crate::tui::widget::spark::{bars, spark};
use crate::tui::widget::text::joined;

/// The figures that are shown over time.
const MULTIPLES: [Column; 6] =
    [Column::Calls, Column::In, Column::Out, Column::P50, Column::P95, Column::Cost];

/// Those that no column of the table has, where there was any of it: a low card shows them first, one of at least `HIGH` rows
/// last.
const COUNTERS: [Column; 4] = [Column::Throttled, Column::Client, Column::Server, Column::Pictures];
const HIGH: u16 = 28;

/// From so many rows on an empty one stands between two figures over time, and there is room for a chart all the same.
const LOOSE: u16 = 36;

/// Columns of a figure's name and of its value; a card that is `WIDE` has the names that Bedrock gives them beside ours.
const NAME: u16 = 15;
const NAMES: u16 = 41;
const VALUE: u16 = 10;
const WIDE: u16 = 90;
/// Names of whose calls the cost is not known, at most.
const NAMED: usize = 2;
/// The most columns of a bar of it.
const BAR: u16 = 3;

/// Rows of a chart at least, with its two lines of words.
const CHART: u16 = 6;

/// Draws it; below the table, `low`, with what that has no column for.
pub(super) fn draw(
    state: &State,
    line: &Line<'_>,
    sight: &Sight<'_>,
    area: Rect,
    low: Option<&[Column]>,
    cells: &mut Buffer,
) {
    let look = sight.look;
    let right = area.right().saturating_sub(1);
    let x = area.x + 1;
    let mut y = area.y;
    if low.is_some() {
        let rule = "─".repeat(usize::from(area.width));
        put(cells, area.x, y, area.right(), &rule, look.style(Role::Rule));
        // It has no row of its own, and no column of the table either where that is narrow.
        let room = right.saturating_sub(x);
        let first = first_token(line).map(|said| format!(" {said} "));
        let first = first.filter(|said| columns_of(said) + NAME < room);
        let taken = first.as_deref().map_or(0, |said| columns_of(said) + 1);
        let name = if line.row.is_some() { line.name } else { "all of them" };
        let name = format!(" {} ", fit_id(name, room.saturating_sub(taken + 2)));
        put(cells, x, y, right, &name, look.style(Role::Text).add_modifier(Modifier::BOLD));
        if let Some(said) = first {
            put_right(cells, x, y, right, &said, look.style(Role::Muted));
        }
    } else {
        let name = if line.row.is_some() { line.name } else { "All of them" };
        let name = fit_id(name, right.saturating_sub(x));
        put(cells, x, y, right, &name, look.style(Role::Text).add_modifier(Modifier::BOLD));
    }
    y += 1;
    let counters = COUNTERS.into_iter().filter(|column| was(*column, line));
    let high = area.height >= HIGH;
    let first = (high && was(Column::First, line)).then_some(Column::First);
    let columns: Vec<_> = if let Some(lacking) = low {
        let own = lacking.iter().copied().filter(|column| *column != Column::First);
        let others = MULTIPLES.into_iter().filter(|column| !lacking.contains(column));
        // What it cost is looked for first.
        let all = own.chain(counters).chain(others).filter(|column| *column != Column::Cost);
        std::iter::once(Column::Cost).chain(all).collect()
    } else {
        MULTIPLES.into_iter().chain(first).chain(counters.filter(|_| high)).collect()
    };
    let step = if low.is_none() && area.height >= LOOSE { 2 } else { 1 };
    // What the table has is told without it.
    let told_here =
        |column: &&Column| low.is_none_or(|lacking| lacking.contains(column) || COUNTERS.contains(column));
    let cut = columns.iter().skip(usize::from(area.bottom().saturating_sub(y)));
    let below = cut.filter(told_here).count();
    // A low card may have no row for what is said of its cost below.
    let unknown = line.figures.cost.unpriced;
    let grid = Grid::of(line, area, (low.is_some() && unknown > 0).then_some(unknown));
    for column in columns {
        if y >= area.bottom() {
            let ends = [area.y, area.bottom().saturating_sub(1)];
            let hidden = Hidden { above: 0, below };
            return more(hidden, (x, right), ends, look.style(Role::Info), cells);
        }
        multiple(state, line, column, &grid, sight, Rect { y, height: 1, ..area }, cells);
        y += step;
    }
    if low.is_none() && step == 1 {
        y += 1;
    }
    let wide = area.width.saturating_sub(2);
    for (text, role) in facts(state, line) {
        for text in joined(text.split(" · "), wide.into()).iter().flat_map(|row| wrap(row, wide)) {
            if y >= area.bottom() {
                return;
            }
            put(cells, x, y, right, &text, look.style(role));
            y += 1;
        }
    }
    y += 1;
    let chart = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    // A single point is no course, and a single day a block. Where there was nothing at all there is nothing to see: the figures
    // are said above.
    let is_some = |point: &&Point| state.sort.at(point).is_some_and(|value| value > 0.0);
    let least = if is_by_days(state, line) { 2 } else { 1 };
    let some = line.series.iter().filter(is_some).count();
    if chart.height >= CHART && line.series.len() > 1 && some >= least {
        draw_chart(state, line, sight, Rect { height: chart.height.min(16), ..chart }, cells);
    }
}

/// Whether a point is a day: the total of days is over days, however finely each of them is parted.
fn is_by_days(state: &State, line: &Line<'_>) -> bool {
    let hours = state.report.as_ref().is_some_and(|report| report.step == Step::Hour);
    !hours || (line.row.is_none() && state.by == By::Day)
}

/// Whether there was any of it at any time.
fn was(column: Column, line: &Line<'_>) -> bool {
    line.series.iter().any(|point| column.at(point).is_some_and(|value| value > 0.0))
}

/// The columns of the figures over time: names, values, lines of bars, all of one width, and behind these of how many calls the cost
/// is not known.
struct Grid {
    names: u16,
    /// Where the bars begin, and how wide they are.
    bars: u16,
    wide: u16,
    unknown: String,
}

impl Grid {
    fn of(line: &Line<'_>, area: Rect, unknown: Option<u64>) -> Self {
        let (x, right) = (area.x + 1, area.right().saturating_sub(1));
        let names = if area.width < WIDE { NAME } else { NAMES };
        let bars = x + names + VALUE + 2;
        let room = right.saturating_sub(bars);
        // Beside its value, however wide the card is.
        let points = u16::try_from(line.series.len()).unwrap_or(u16::MAX);
        let wide = |room: u16| if points == 0 { 0 } else { room.min(points * (room / points).clamp(1, BAR)) };
        let calls = unknown.map(|calls| figures::count(calls, "call", "calls"));
        let ways = calls.map(|calls| [format!("{calls} not known"), format!("{calls} ?")]);
        // In fewer words where the bars would give way to more of them; these give way to the last words.
        let left = |words: &str| room.checked_sub(columns_of(words) + 2);
        let mut ways = ways.into_iter().flatten().filter_map(|words| Some((left(&words)?, words)));
        let (mut least, mut unknown) = ways.next().unwrap_or((room, String::new()));
        if wide(least) < wide(room)
            && let Some(shorter) = ways.next()
        {
            (least, unknown) = shorter;
        }
        Self { names, bars, wide: wide(least), unknown }
    }
}

/// One figure: its name, its value, how it was over time; of a cost, of how many calls it is not known.
fn multiple(
    state: &State,
    line: &Line<'_>,
    column: Column,
    grid: &Grid,
    sight: &Sight<'_>,
    area: Rect,
    cells: &mut Buffer,
) {
    let look = sight.look;
    let (x, y, right) = (area.x + 1, area.y, area.right().saturating_sub(1));
    let name = if state.sort == column { Role::Accent } else { Role::Muted };
    put(cells, x, y, right, column.words(), look.style(name));
    let values_at = x + grid.names;
    if let Some(metric) = column.bedrock().filter(|_| area.width >= WIDE) {
        put(cells, x + NAME + 2, y, values_at, metric, look.style(Role::Faint));
    }
    let end = (values_at + VALUE).min(right);
    put_right(cells, values_at, y, end, &column.text(line), look.style(Role::Text));
    if column == Column::Cost {
        put_right(cells, grid.bars, y, right, &grid.unknown, look.style(Role::Warn));
    }
    // A single point is no course.
    if line.series.len() < 2 {
        return;
    }
    let values: Vec<_> = line.series.iter().map(|point| column.at(point)).collect();
    let values = wider(&values, grid.wide, usize::from(BAR));
    let bars = spark(&values, grid.wide, column.join());
    put(cells, grid.bars, y, right, &bars, look.style(Role::Info));
}

/// How long the first token took.
fn first_token(line: &Line<'_>) -> Option<String> {
    let times = &line.figures.tally.first_token;
    let (half, most) = (times.percentile(50)?, times.percentile(95)?);
    Some(format!("first token p50 {} p95 {}", figures::milliseconds(half), figures::milliseconds(most)))
}

/// How the calls ended, and what else is known of them.
fn facts(state: &State, line: &Line<'_>) -> Vec<(String, Role)> {
    let tally = &line.figures.tally;
    let mut ended = vec![format!("{} answered", figures::grouped(tally.invocations))];
    for (count, one, more) in [
        (tally.all_throttles(), "throttled", "throttled"),
        (tally.all_client_errors(), "client error", "client errors"),
        (tally.all_server_errors(), "server error", "server errors"),
        (tally.lost, "unanswered", "unanswered"),
        (tally.stopped, "stopped", "stopped"),
    ] {
        if count > 0 {
            ended.push(figures::count(count, one, more));
        }
    }
    let mut facts = vec![(ended.join(" · "), if tally.failed() > 0 { Role::Warn } else { Role::Muted })];
    let mut more = Vec::new();
    more.extend(first_token(line));
    if tally.cache_read_tokens > 0 || tally.cache_write_tokens > 0 {
        let (read, written) =
            (figures::short(tally.cache_read_tokens), figures::short(tally.cache_write_tokens));
        more.push(format!("cache {read} read, {written} written"));
    }
    if tally.images > 0 {
        more.push(figures::count(tally.images, "picture", "pictures"));
    }
    if !more.is_empty() {
        facts.push((more.join(" · "), Role::Muted));
    }
    let cost = line.figures.cost;
    if tally.untold > 0 {
        let calls = figures::count(tally.untold, "call", "calls");
        let whose = if tally.untold == 1 { "its" } else { "their" };
        facts.push((format!("{calls} did not tell all of {whose} tokens."), Role::Muted));
    }
    if cost.unpriced > 0 {
        let calls = figures::count(cost.unpriced, "call", "calls");
        let whose = unpriced(state, line);
        facts.push((format!("What {calls} cost is not known, or not all of it{whose}."), Role::Muted));
    }
    if let Some(price) = line.row.and_then(|row| row.price.as_ref()) {
        facts.push((format!("Price: {price}"), Role::Faint));
    }
    facts
}

/// Of what among all rows the cost is not known, as the rest of a sentence; empty of a row, which has its name, and of days.
fn unpriced(state: &State, line: &Line<'_>) -> String {
    if line.row.is_some() || state.by == By::Day {
        return String::new();
    }
    let rows = state.report.iter().flat_map(|report| &report.rows);
    let names: Vec<&str> =
        rows.filter(|row| row.figures.cost.unpriced > 0).map(|row| row.name.as_str()).collect();
    let more = names.len().saturating_sub(NAMED);
    let named = names[..names.len() - more].join(", ");
    match (names.len(), more) {
        (0, _) => String::new(),
        (_, 0) => format!(": {named}"),
        (_, more) => format!(": {named} and {more} more"),
    }
}

/// All that is known of a row, to be read.
pub(in crate::tui::pane::usage) fn whole(state: &State, line: &Line<'_>) -> Vec<Said> {
    let mut rows = vec![vec![String::new(), state.range.words().to_owned()]];
    let columns = Column::ALL[1..].iter().chain(&COUNTERS);
    rows.extend(columns.map(|column| vec![column.words().to_owned(), column.text(line)]));
    let mut lines = Said::table(&rows);
    lines.push(Said::blank());
    lines.extend(facts(state, line).iter().map(|(text, role)| Said::of(text, *role)));
    lines
}

/// The figure by which the table is sorted, over time.
fn draw_chart(state: &State, line: &Line<'_>, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let (x, right) = (area.x + 1, area.right().saturating_sub(1));
    let column = state.sort;
    let values: Vec<_> = line.series.iter().map(|point| column.at(point)).collect();
    let most = values.iter().copied().flatten().fold(0.0, f64::max);
    let days = is_by_days(state, line);
    let step = if days { "a day" } else { "an hour" };
    let head = |metric: &str| format!("{}{metric}, at most {} {step}", column.words(), column.value(most));
    let room = right.saturating_sub(x);
    let whole = column.bedrock().map(|metric| head(&format!(" ({metric})")));
    let head = whole.filter(|whole| columns_of(whole) <= room).unwrap_or_else(|| head(""));
    put(cells, x, area.y, right, &head, look.style(Role::Muted));
    let height = area.height.saturating_sub(2);
    let [first, last] = ends(line, days, sight);
    let words = columns_of(&first) + columns_of(&last) + 2;
    // The last date stands below the last bar: where there are few of them they are the wider.
    let wide = wider(&values, room, usize::from(words).div_ceil(values.len().max(1)).max(6));
    let width = room.min(u16::try_from(wide.len()).unwrap_or(u16::MAX));
    for (y, row) in (area.y + 1..).zip(bars(&wide, width, height, column.join())) {
        put(cells, x, y, right, &row, look.style(Role::Info));
    }
    let y = area.bottom().saturating_sub(1);
    let at = put(cells, x, y, right, &first, look.style(Role::Faint));
    put_right(cells, at + 1, y, x + width.max(words).min(room), &last, look.style(Role::Faint));
}

/// When the first and the last point were: days by their date, hours with it. Of two hours of one day it is told once.
fn ends(line: &Line<'_>, days: bool, sight: &Sight<'_>) -> [String; 2] {
    let now = sight.wall();
    let (Some(first), Some(last)) = (line.series.first(), line.series.last()) else {
        return [String::new(), String::new()];
    };
    let [from, to] = [now.date(first.at), now.date(last.at)];
    if days {
        return [from, to];
    }
    let last = now.hour(last.at);
    [format!("{from} {}", now.hour(first.at)), if from == to { last } else { format!("{to} {last}") }]
}

/// Bars as wide as there is room for, and no walls.
fn wider(values: &[Option<f64>], room: u16, most: usize) -> Vec<Option<f64>> {
    let each = (usize::from(room) / values.len().max(1)).clamp(1, most);
    values.iter().flat_map(|value| std::iter::repeat_n(*value, each)).collect()
}
