//! The picture of the whole screen.

use std::borrow::Cow;

use ratatui::Frame as Screen;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::said::Stand;
use super::{Cache, State};
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyModifiers};
use crate::tui::keymap::{Context, Keymap, label};
use crate::tui::layout::{Frame, SMALLEST};
use crate::tui::look::{Look, Role};
use crate::tui::overlay::Overlay;
use crate::tui::paint::{columns, fill, put, put_right, wrap};
use crate::tui::pane::{Place, Sight};
use crate::tui::widget::code::Want;
use crate::tui::work::Work;

/// Between two hints.
const DOT: &str = " · ";
/// Between a notice and the hints beside it.
const GAP: u16 = 3;
/// The word of the key that shows every key.
const HELP: &str = "help";
/// Hints that figures make room for.
const FIRST: usize = 5;
/// Hints that what is left of them makes room for: a way out, and the way to all others.
const LAST: usize = 2;
/// Hints besides that one.
const MOST: usize = 12;
/// Columns beside an overlay in which nothing can be read.
const STRIP: u16 = 12;
/// What cells that are parts of a picture begin with: half of a cell, Kitty's placeholder (whose colour says which picture it
/// is of), or a sequence of the terminal's own graphics.
const PICTURED: [char; 3] = ['▀', '\u{10EEEE}', '\u{1b}'];

/// Draws the state; changes nothing but the cache. Returns the code that is shown plain and could be highlighted.
pub fn view(state: &State, cache: &mut Cache, frame: &mut Screen<'_>) -> Vec<Want> {
    let mut wants = Vec::new();
    let screen = frame.area();
    let cells = frame.buffer_mut();
    fill(cells, screen, state.look.style(Role::Surface).patch(state.look.style(Role::Text)));
    let parts = state.frame_of(screen);
    cache.said = Rect::default();
    if parts.too_small {
        too_small(state, screen, cells);
        return wants;
    }
    let stand = Stand::of(state, &parts);
    let sight = Sight {
        look: &state.look,
        options: &state.options,
        highlights: &state.highlights,
        now: state.now,
        covered: !state.overlays.is_empty(),
        said_over: stand.over(),
        way: state.way(),
    };
    top(state, parts.top, stand, cells);
    let mut caret = state.pane().draw((&mut *cache, &mut wants), &sight, parts.body, cells);
    if sight.covered {
        dim(&state.look, parts.body, cells);
    }
    for (at, overlay) in state.overlays.iter().enumerate() {
        if at == 0 {
            clear_beside(&state.look, overlay.area(screen), parts.body, cells);
        } else {
            // Of an overlay below another one the edges are left, and faint: only the topmost one takes keys.
            dim(&state.look, parts.body, cells);
            set_apart(&state.look, overlay.area(screen), parts.body, cells);
        }
        let typed = overlay.draw(screen, cells, &state.look, &state.options.keymap);
        if at + 1 == state.overlays.len() {
            caret = typed;
        }
    }
    bottom(state, &parts, cells);
    cache.said = stand.paint(state, caret, &parts, cells);
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
    wants
}

/// Beside an overlay there is nothing, where only letters and bars of what lies below it would be left, or half of a letter.
fn clear_beside(look: &Look, overlay: Rect, body: Rect, cells: &mut Buffer) {
    let rows = overlay.intersection(Rect { x: overlay.x, width: overlay.width, ..body });
    let left = rows.x.saturating_sub(body.x);
    let right = body.right().saturating_sub(rows.right());
    if left.max(right) <= STRIP {
        let ground = look.style(Role::Surface).patch(look.style(Role::Text));
        fill(cells, Rect { x: body.x, width: left, ..rows }, ground);
        fill(cells, Rect { x: rows.right(), width: right, ..rows }, ground);
        return;
    }
    // The second half of a wide character would hide the border.
    let Some(x) = rows.x.checked_sub(1) else { return };
    for y in rows.top()..rows.bottom() {
        let halved = |cell: &&Cell| !cell.symbol().starts_with(PICTURED) && columns(cell.symbol()) > 1;
        if let Some(style) = cells.cell((x, y)).filter(halved).map(Cell::style) {
            put(cells, x, y, x + 1, " ", style);
        }
    }
}

/// Around an overlay that lies over another one there is a column of nothing at each side.
fn set_apart(look: &Look, overlay: Rect, body: Rect, cells: &mut Buffer) {
    let x = overlay.x.saturating_sub(1);
    let around = Rect { x, width: overlay.right() + 1 - x, ..overlay }.intersection(body);
    fill(cells, around, look.style(Role::Surface).patch(look.style(Role::Text)));
}

/// Under an overlay all is faint and on one ground, but for chosen rows: it is the overlay that has the focus. Lines and
/// pictures stay as they are.
fn dim(look: &Look, body: Rect, cells: &mut Buffer) {
    let faint = look.style(Role::Faint).remove_modifier(Modifier::BOLD);
    let rule = look.style(Role::Rule);
    let (selected, surface) = (look.style(Role::Selected).bg, look.style(Role::Surface).bg);
    let matched = look.style(Role::Match).bg;
    let mut before = None;
    for at in body.positions() {
        let Some(cell) = cells.cell_mut(at).filter(|cell| !cell.symbol().starts_with(PICTURED)) else {
            before = None;
            continue;
        };
        // A word that is marked in a chosen row stands on the ground of the row.
        let within = at.x > body.x && before.is_some() && before == selected;
        let chosen = Some(cell.bg) == selected || (within && Some(cell.bg) == matched);
        let ground = if chosen { selected } else { surface };
        if let Some(ground) = ground {
            cell.set_bg(ground);
        }
        before = Some(cell.bg);
        let is_line = rule.fg.is_none_or(|fg| cell.fg == fg) && cell.modifier.contains(rule.add_modifier);
        if !is_line {
            cell.set_style(faint);
        }
    }
}

/// Says the size that is needed, in the longest words that fit whole.
fn too_small(state: &State, screen: Rect, cells: &mut Buffer) {
    let (width, height) = SMALLEST;
    let ways = [
        format!("Outcrop needs {width}x{height} cells; this is {}x{}.", screen.width, screen.height),
        format!("needs {width}x{height}"),
        format!("{width}x{height}"),
    ];
    let whole = |lines: &Vec<String>| {
        lines.len() <= usize::from(screen.height)
            && lines.iter().all(|line| line.split(' ').all(|word| columns(word) <= screen.width))
            && ways.iter().any(|way| *way == lines.join(" "))
    };
    let Some(lines) = ways.iter().map(|way| wrap(way, screen.width)).find(whole) else { return };
    let y = screen.y + (screen.height - lines.len() as u16) / 2;
    for (at, line) in lines.iter().enumerate() {
        let x = screen.x + screen.width.saturating_sub(columns(line)) / 2;
        put(cells, x, y + at as u16, screen.right(), line, state.look.style(Role::Text));
    }
}

/// The places, what is open in this one, and what goes on elsewhere.
fn top(state: &State, area: Rect, stand: Stand, cells: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let look = &state.look;
    let right = area.right().saturating_sub(1);
    let open = look.style(Role::Accent).add_modifier(Modifier::BOLD);
    for tab in tabs(state, area) {
        let style = if tab.place == state.place { open } else { look.style(Role::Muted) };
        put(cells, tab.area.x, area.y, right, &tab.label, style);
    }
    let (x, end) = room_of_title(state, area);
    put_right(cells, x, area.y, right, &beside(state, area), look.style(Role::Muted));
    let title = title(state);
    // What was just said stands over the end of it.
    let end = stand.in_first().map_or(end, |from| from.saturating_sub(APART));
    let room = end.saturating_sub(x);
    if room < LEAST && columns(&title) > room {
        return;
    }
    let style = if state.pane().name().is_empty() { look.style(Role::Muted) } else { look.style(Role::Text) };
    put(cells, x, area.y, end, &title, style);
}

/// The columns of the first line between the places, none of which is covered, and what is said at the right, which keeps
/// its distance; where nothing is said, the title has the line.
pub(super) fn room_of_title(state: &State, area: Rect) -> (u16, u16) {
    let right = area.right().saturating_sub(1);
    let x = tabs(state, area).last().map_or(area.x + 1, |tab| tab.area.right() + 2);
    let said = columns(&beside(state, area));
    let end = if said == 0 { right } else { right.saturating_sub(said).max(x).saturating_sub(APART) };
    (x, end)
}

/// What is open in the place that is shown.
fn title(state: &State) -> Cow<'_, str> {
    match (state.pane().name(), state.place) {
        ("", Place::Chat) => Cow::Borrowed("New conversation"),
        (title, Place::Chat) if state.chat.is_fork() => match state.chat.origin() {
            Some(origin) => Cow::Owned(format!("⑂ {title} · copied from {origin}")),
            None => Cow::Owned(format!("⑂ {title}")),
        },
        (title, _) => Cow::Borrowed(title),
    }
}

/// What is said at the right of the first line. What goes on in other places is said in fewer words where the places would
/// keep but their numbers.
fn beside(state: &State, area: Rect) -> String {
    let mut held = Vec::new();
    if !state.mouse {
        held.push("mouse off".to_owned());
    }
    if state.chat.is_recorded() {
        held.push("● rec".to_owned());
    }
    if state.options.offline {
        held.push("offline".to_owned());
    }
    let work = elsewhere(state);
    let said = |work: Vec<String>| work.iter().chain(&held).map(String::as_str).collect::<Vec<_>>().join(DOT);
    if work.is_empty() {
        return said(Vec::new());
    }
    let short = || said(work.iter().map(|work| work.short.clone()).collect());
    let ways = [
        said(work.iter().map(|work| work.line.clone()).collect()),
        short(),
        said(vec![format!("● {}", work.len())]),
    ];
    let keeps = |said: &String| named_beside(state, area, columns(said)).is_some();
    ways.into_iter().find(keeps).unwrap_or_else(short)
}

/// What goes on where the person does not look.
fn elsewhere(state: &State) -> Vec<Work> {
    if state.closed {
        return Vec::new();
    }
    let away = |place| state.place != place;
    let mut work = state.chat.elsewhere(!away(Place::Chat));
    if away(Place::Compare) && state.compare.is_asking() {
        work.push(Work::called("comparing", "comparing"));
    }
    if away(Place::Knowledge) {
        work.extend(Work::answers(state.knowledge.running(), "from documents"));
        work.extend(state.knowledge.syncing());
    }
    if away(Place::Evaluate) {
        work.extend(state.evaluate.running());
    }
    if away(Place::Prompt) && state.prompt.running() > 0 {
        work.push(Work::called("a prompt is run", "prompt"));
    }
    if away(Place::Pictures) && state.pictures.running() > 0 {
        work.push(Work::called("making pictures", "pictures"));
    }
    if away(Place::Models) && state.models.makes() {
        work.push(Work::called("fetching a model", "fetching"));
    }
    if away(Place::Traces) {
        work.extend(Work::answers(state.traces.running(), "of a trace"));
    }
    work
}

/// A place's name in the first line, and where it stands.
pub(super) struct Tab {
    pub place: Place,
    label: String,
    pub area: Rect,
}

/// Columns between what is said at the right and what stands before it.
const APART: u16 = 3;
/// Columns of a title that does not fit whole, at least: of a shorter one nothing could be read.
const LEAST: u16 = 8;

/// How the places are named. At one width of the screen no name moves when another place is shown, but for `Numbers`.
#[derive(Clone, Copy)]
enum Named {
    Whole,
    /// Whole, and close to each other.
    Near,
    Short,
    /// Short, and close to each other.
    Close,
    /// The others by their numbers alone.
    Numbers,
}

/// The ways to name them, each with the columns that it leaves to the title: that gives way before the names do.
const WAYS: [(Named, u16); 6] = [
    (Named::Whole, 16),
    (Named::Near, 16),
    (Named::Near, 12),
    (Named::Short, 16),
    (Named::Close, 12),
    (Named::Close, 0),
];

/// The names of the places, as long as the title and what is said beside it leave room for; else their numbers alone.
pub(super) fn tabs(state: &State, area: Rect) -> Vec<Tab> {
    if state.closed {
        return Vec::new();
    }
    let named = named_beside(state, area, columns(&beside(state, area)));
    named.unwrap_or_else(|| labelled(state.place, Named::Numbers, area))
}

/// The names beside so many columns in which something else is said; `None` where there is no room for any but numbers.
fn named_beside(state: &State, area: Rect, said: u16) -> Option<Vec<Tab>> {
    let apart = if said > 0 { said + APART } else { 0 };
    let room = area.width.saturating_sub(apart + 1);
    let fits = |tabs: &[Tab], title: u16| {
        let end = tabs.last().map_or(area.x, |tab| tab.area.right());
        end - area.x + if title > 0 { title + 2 } else { 0 } <= room
    };
    let mut ways = WAYS.iter().map(|(named, title)| (labelled(state.place, *named, area), *title));
    ways.find(|(tabs, title)| fits(tabs, *title)).map(|(tabs, _)| tabs)
}

/// The places, named so.
fn labelled(shown: Place, named: Named, area: Rect) -> Vec<Tab> {
    let gap = if matches!(named, Named::Near | Named::Close) { 1 } else { 2 };
    let mut x = area.x + 1;
    let tab = |(at, place): (usize, &Place)| {
        let name = match named {
            Named::Short | Named::Close => place.short(),
            Named::Numbers if *place != shown => "",
            Named::Whole | Named::Near | Named::Numbers => place.title(),
        };
        let label = format!("{} {name}", at + 1).trim_end().to_owned();
        let area = Rect { x, width: columns(&label), height: 1, ..area };
        x += area.width + gap;
        Tab { place: *place, label, area }
    };
    Place::ALL.iter().enumerate().map(tab).collect()
}

/// The columns of the last line in which nothing stands, a gap behind the hints; `None` while it asks for a key to quit by.
pub(super) fn free_beside_hints(state: &State, area: Rect) -> Option<(u16, u16)> {
    if state.quitting() {
        return None;
    }
    let (hints, meter) = last_line(state, area);
    let left = area.x + 1;
    let from = if hints.is_empty() { left } else { left + width_of(&hints) + GAP };
    Some((from, before(&meter, (left, area.right().saturating_sub(1)))))
}

/// The hints and the figures of the last line, as far as they fit.
fn last_line(state: &State, area: Rect) -> (Vec<Hint>, String) {
    let (left, right) = (area.x + 1, area.right().saturating_sub(1));
    // Over a place the way out of it comes before its figures.
    let meter = if state.overlays.is_empty() { state.pane().meter(state.now) } else { String::new() };
    let hints = hints(state);
    let least = if state.pane().meter_yields() { FIRST } else { LAST };
    let meter = beside_hints(&meter, &hints, (left, right), least).to_owned();
    let shown = fitting(hints, before(&meter, (left, right)).saturating_sub(left));
    (shown, meter)
}

/// The column that hints end before.
fn before(meter: &str, (left, right): (u16, u16)) -> u16 {
    if meter.is_empty() { right } else { right.saturating_sub(columns(meter)).max(left).saturating_sub(2) }
}

/// What can be done here, now; how full the context is.
fn bottom(state: &State, parts: &Frame, cells: &mut Buffer) {
    let area = parts.bottom;
    let look = &state.look;
    let right = area.right().saturating_sub(1);
    if state.quitting() {
        let key = state.options.keymap.name(state.pane().context(), Action::Interrupt);
        put(cells, area.x + 1, area.y, right, &format!("{key} again quits."), look.style(Role::Warn));
        return;
    }
    let foot = foot(state, parts);
    put_right(cells, area.x + 1, area.y, right, &foot.meter, look.style(Role::Muted));
    for (at, (x, hint)) in foot.hints.iter().enumerate() {
        put_hint(look, cells, (*x, area.y, foot.end), hint);
        if at + 1 < foot.hints.len() {
            let after = x + width_of(std::slice::from_ref(hint));
            put(cells, after, area.y, foot.end, DOT, look.style(Role::Rule));
        }
    }
}

/// What stands in the last line whatever is said, and where.
struct Foot {
    hints: Vec<(u16, Hint)>,
    /// At the right.
    meter: String,
    /// The column that the others end before.
    end: u16,
}

fn foot(state: &State, parts: &Frame) -> Foot {
    let area = parts.bottom;
    let mut x = area.x + 1;
    let (shown, meter) = last_line(state, area);
    let end = before(&meter, (x, area.right().saturating_sub(1)));
    let mut hints = Vec::with_capacity(shown.len());
    for hint in shown {
        let wide = width_of(std::slice::from_ref(&hint)) + columns(DOT);
        hints.push((x, hint));
        x += wide;
    }
    Foot { hints, meter, end }
}

/// The key whose hint in the last line is at a place.
pub(super) fn key_at(state: &State, at: Position) -> Option<Key> {
    let parts = state.frame();
    if !parts.bottom.contains(at) || state.quitting() {
        return None;
    }
    let foot = foot(state, &parts);
    let on = |(x, hint): &&(u16, Hint)| {
        let wide = width_of(std::slice::from_ref(hint));
        (*x..(x + wide).min(foot.end)).contains(&at.x)
    };
    let (_, (said, _)) = foot.hints.iter().find(on)?;
    let bindings = state.options.keymap.bindings();
    bindings.iter().flat_map(|binding| &binding.keys).copied().find(|key| label(*key) == *said)
}

/// A key and what it does.
type Hint = (String, &'static str);

/// Columns of hints with what parts them.
fn width_of(hints: &[Hint]) -> u16 {
    let dots = columns(DOT) * hints.len().saturating_sub(1) as u16;
    dots + hints.iter().map(|(key, word)| columns(key) + 1 + columns(word)).sum::<u16>()
}

/// The figures as far as they leave room for the first hints between these columns, and the last of them for `least`; what
/// stands at their end matters most.
fn beside_hints<'a>(mut meter: &'a str, hints: &[Hint], (left, right): (u16, u16), least: usize) -> &'a str {
    loop {
        let end = right.saturating_sub(columns(meter));
        let fits = fitting(hints.to_vec(), end.saturating_sub(left + 2)).len();
        match meter.split_once(DOT) {
            _ if end >= left && fits >= hints.len().min(FIRST) => return meter,
            Some((_, rest)) => meter = rest,
            None if end >= left && fits >= hints.len().min(least) => return meter,
            None => return "",
        }
    }
}

/// Those that fit, whole: the first ones, and the last, which leads to all others.
fn fitting(mut hints: Vec<Hint>, room: u16) -> Vec<Hint> {
    while hints.len() > 1 && width_of(&hints) > room {
        hints.remove(hints.len() - 2);
    }
    if width_of(&hints) > room { Vec::new() } else { hints }
}

/// Writes one of them.
fn put_hint(look: &Look, cells: &mut Buffer, (x, y, end): (u16, u16, u16), hint: &Hint) {
    let x = put(cells, x, y, end, &hint.0, look.style(Role::Muted).add_modifier(Modifier::BOLD));
    put(cells, x + 1, y, end, hint.1, look.style(Role::Faint));
}

/// The key that stops what runs.
fn stop(state: &State) -> Option<Hint> {
    let context = state.pane().context();
    let runs = state.overlays.is_empty() && state.pane().stoppable();
    let key = state.options.keymap.key(context, Action::Back).filter(|_| runs)?;
    Some((label(key), "stop"))
}

/// What can be done, the most useful first; the key that shows every other one is the last.
fn hints(state: &State) -> Vec<Hint> {
    let keymap = &state.options.keymap;
    let mut hints = match state.overlays.last() {
        Some(top) => hints_over(top, keymap),
        None => hints_here(state),
    };
    let helps = matches!(state.overlays.last(), Some(Overlay::Help(_)));
    let context = if state.overlays.is_empty() { state.pane().context() } else { Context::Menu };
    let help = keymap.key(context, Action::Help).filter(|_| !helps);
    hints.retain(|(_, word)| *word != HELP || helps);
    hints.truncate(MOST);
    hints.extend(help.map(|key| (label(key), HELP)));
    hints
}

fn hints_over(top: &Overlay, keymap: &Keymap) -> Vec<Hint> {
    let mut hints = top.hints(keymap);
    let said = hints.iter().any(|(_, word)| *word == "quit");
    hints.extend(keymap.key(Context::Menu, Action::Quit).filter(|_| !said).map(|key| (label(key), "quit")));
    hints
}

fn hints_here(state: &State) -> Vec<Hint> {
    let keymap = &state.options.keymap;
    let context = state.pane().context();
    let mut hints: Vec<_> = stop(state).into_iter().collect();
    if context == Context::Menu {
        let own = [(Action::Accept, "take it"), (Action::Cancel, "leave it")];
        hints.extend(own.into_iter().filter_map(|(a, word)| Some((label(keymap.key(context, a)?), word))));
        return hints;
    }
    if state.closed {
        hints.extend(keymap.key(context, Action::Quit).map(|key| (label(key), "quit")));
    }
    let written = matches!(context, Context::Composer | Context::Compare | Context::Prompt);
    if hints.is_empty() && !written && !state.stays() {
        hints.extend(keymap.key(context, Action::Back).map(|key| (label(key), state.pane().steps_back())));
    }
    for (action, key, word) in keymap.hints(context) {
        let key = match action {
            // The newline key that this terminal can tell from Enter.
            Action::Newline if state.full_keys => {
                keymap.keys(context, action).find(|key| key.modifiers == KeyModifiers::SHIFT).unwrap_or(key)
            }
            _ => key,
        };
        let queues = action == Action::Send && context == Context::Composer && state.pane().stoppable();
        let word = if queues { "queue" } else { state.pane().word(action).unwrap_or(word) };
        // Offline nothing is fetched.
        let forbidden = state.options.offline && context == Context::FirstRun && action == Action::Accept;
        if state.pane().offers(action) && !forbidden {
            hints.push((label(key), word));
        }
    }
    // An agent that waits for the person's word comes first, in every place.
    let decides =
        keymap.key(context, Action::AnswerTool).filter(|_| !state.closed && state.chat.waits_for_word());
    if let Some(key) = decides.map(label) {
        hints.retain(|(other, _)| *other != key);
        hints.insert(0, (key, "decide"));
    }
    hints
}
