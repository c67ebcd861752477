//! Scroll and items → what is visible. Only messages that are passed or seen are set.

use ratatui::layout::Rect;

use super::body::{BEGINNING, LONG};
use super::cache::{Cache, Laid};
use super::geometry::{Geometry, Part, Placed};
use super::scroll::{Anchor, Left, Scroll};
use super::select::texts;
use super::{Item, MEASURE, Transcript, foot, steps};
use crate::domain::attachment::{Attachment, unfenced};
use crate::domain::message::Role as Speaker;
use crate::domain::untrusted::safe_line;
use crate::tui::look::Role;
use crate::tui::paint::thumb;
use crate::tui::widget::text::{Ink, Row, Span, fit, width};

/// Messages that are measured to say how much came below; those after them are not counted.
const COUNTED: usize = 50;

/// Columns before the person's words, before the model's, and free at the right, one of air and that of the scrollbar, in an
/// area of that width.
fn insets(columns: u16) -> (u16, u16, u16) {
    match columns {
        0..12 => (0, 0, 0),
        12..50 => (2, 2, 2),
        _ => (2, 4, 2),
    }
}

/// A place: item and row of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    item: usize,
    row: usize,
}

struct Setter<'t, 'c> {
    transcript: &'t Transcript<'t>,
    cache: &'c mut Cache,
    area: Rect,
}

impl Setter<'_, '_> {
    fn laid(&mut self, item: usize) -> Laid<'_> {
        let transcript = self.transcript;
        let it = &transcript.items[item];
        let focused = transcript.focus == Some(it.message.id);
        let last = item + 1 == transcript.items.len();
        let columns = self.transcript.columns(it, self.area.width);
        self.cache.laid(it, usize::from(columns), focused, last)
    }

    fn height(&mut self, item: usize) -> usize {
        self.laid(item).height()
    }

    /// The top row when the last row of the last item is at the bottom.
    fn bottom(&mut self) -> Place {
        let mut wanted = usize::from(self.area.height);
        for item in (0..self.transcript.items.len()).rev() {
            let height = self.height(item);
            if height >= wanted {
                return Place { item, row: height - wanted };
            }
            wanted -= height;
        }
        Place { item: 0, row: 0 }
    }

    fn anchored(&mut self, anchor: &Anchor) -> Option<Place> {
        let item = self.transcript.items.iter().position(|item| item.message.id == anchor.message)?;
        let width = self.area.width;
        let laid = self.laid(item);
        let row = match anchor.place {
            Some((block, byte)) if anchor.width != width => laid.row_of(block, byte),
            _ => anchor.row as usize,
        };
        Some(Place { item, row: row.min(laid.height().saturating_sub(1)) })
    }

    fn moved(&mut self, mut place: Place, mut rows: i64) -> Place {
        while rows < 0 {
            let up = place.row.min(rows.unsigned_abs() as usize);
            place.row -= up;
            rows += up as i64;
            if rows == 0 || place.item == 0 {
                break;
            }
            place.item -= 1;
            place.row = self.height(place.item);
        }
        while rows > 0 {
            let left = self.height(place.item).saturating_sub(place.row);
            if (rows as usize) < left {
                place.row += rows as usize;
                break;
            }
            if place.item + 1 >= self.transcript.items.len() {
                place.row += left.saturating_sub(1);
                break;
            }
            rows -= left as i64;
            place = Place { item: place.item + 1, row: 0 };
        }
        place
    }

    /// Whether the rows from `place` on fill the area and leave some below it.
    fn overflows(&mut self, place: Place) -> bool {
        let mut seen = 0;
        for item in place.item..self.transcript.items.len() {
            seen += self.height(item) - if item == place.item { place.row } else { 0 };
            if seen > usize::from(self.area.height) {
                return true;
            }
        }
        false
    }

    fn left(&mut self) -> Option<Left> {
        let last = self.transcript.items.len().checked_sub(1)?;
        let rows = self.height(last) as u32;
        Some(Left { message: self.transcript.items[last].message.id, rows, width: self.area.width })
    }

    /// Rows below that were not there when the reader left the end.
    fn new_rows(&mut self, left: &Left) -> Option<u32> {
        let items = self.transcript.items;
        let at = items.iter().rposition(|item| item.message.id == left.message)?;
        let mut rows = self.height(at);
        // A message that is no longer the last has a blank row after it.
        for item in at + 1..items.len().min(at + 1 + COUNTED) {
            rows += self.height(item);
        }
        // At another width the old count says nothing: what was there is counted again as it is now.
        let before = if left.width == self.area.width { left.rows as usize } else { self.height(at) };
        u32::try_from(rows.saturating_sub(before)).ok().filter(|rows| *rows > 0)
    }
}

/// About how many rows an item has in so many columns, at the cost of a few additions.
fn guessed(item: &Item<'_>, columns: u16) -> usize {
    let columns = usize::from(columns);
    let folds = !item.open && item.message.role == Speaker::User;
    let rows = |text: &str| match text.len() {
        _ if folds && unfenced(text).is_some() => 2,
        long if folds && long > LONG => BEGINNING + 2,
        bytes => bytes / columns + 2,
    };
    let text: usize = texts(item.message).map(|(_, text)| rows(text)).sum();
    let steps = steps::acting(item).map_or(0, |acting| acting.doings.len());
    if item.folded { 2 } else { text + steps + 2 }
}

impl Transcript<'_> {
    /// The width that says how far texts stand from the edges of an area.
    fn set_as(&self, area: u16) -> u16 {
        self.narrowest.map_or(area, |narrowest| narrowest.min(area))
    }

    /// Columns that an item's text is set in.
    fn columns(&self, item: &Item<'_>, area: u16) -> u16 {
        let (you, model, right) = insets(self.set_as(area));
        let inset = if item.message.role == Speaker::User { you } else { model };
        // The person's first line leaves room for the branch mark and the time.
        let time = if item.message.role == Speaker::User && self.set_as(area) >= 50 {
            let wide: usize = foot::right(item).iter().map(|span| width(&span.text)).sum();
            (wide as u16 + 2).max(8)
        } else {
            0
        };
        area.saturating_sub(inset + right + time).clamp(1, MEASURE)
    }

    fn guessed(&self, item: &Item<'_>, area: u16) -> usize {
        guessed(item, self.columns(item, area))
    }

    /// What is visible in `area`.
    pub fn layout(&self, area: Rect, scroll: &Scroll, cache: &mut Cache) -> Geometry {
        let mut geometry = Geometry {
            area,
            rows: Vec::new(),
            scroll: scroll.clone(),
            new_rows: None,
            wants: Vec::new(),
            top_row: 0,
            at_end: true,
            thumb: None,
        };
        if self.items.is_empty() || area.width == 0 || area.height == 0 {
            return geometry;
        }
        cache.begin();
        let mut setter = Setter { transcript: self, cache, area };
        let (top, settled) = resolve(&mut setter, scroll);
        geometry.top_row = top.row as u32;
        geometry.scroll = settled;
        geometry.at_end = !setter.overflows(top);
        geometry.thumb = self.thumb(&mut setter, top, geometry.at_end);
        if let Some(left) = &geometry.scroll.left {
            geometry.new_rows = setter.new_rows(left);
        }
        self.place(&mut setter, top, &mut geometry);
        cache.end();
        geometry
    }

    /// Where the scrollbar's thumb is. Messages that are out of sight are guessed by their length: their rows are not known.
    fn thumb(&self, setter: &mut Setter<'_, '_>, top: Place, at_end: bool) -> Option<(u16, u16)> {
        if at_end && top == (Place { item: 0, row: 0 }) {
            return None;
        }
        let area = setter.area;
        let guess = |item: &Item<'_>| self.guessed(item, area.width);
        let within = guess(&self.items[top.item]) * top.row / setter.height(top.item).max(1);
        let before: usize = self.items[..top.item].iter().map(guess).sum::<usize>() + within;
        let rest: usize = self.items[top.item..].iter().map(guess).sum::<usize>() - within;
        let shown = usize::from(area.height);
        // Guesses must not say that an end is reached, or not.
        let hidden = if at_end { 0 } else { rest.saturating_sub(shown).max(1) };
        let before = if top == (Place { item: 0, row: 0 }) { 0 } else { before.max(1) };
        thumb(area.height, before, shown, before + shown + hidden)
    }

    /// The place that lies so far down the scrollbar, 0 to 1.
    pub fn at_share(&self, area: Rect, share: f64) -> Scroll {
        let guesses: Vec<usize> = self.items.iter().map(|item| self.guessed(item, area.width)).collect();
        let hidden = guesses.iter().sum::<usize>().saturating_sub(usize::from(area.height));
        let mut left = (hidden as f64 * share.clamp(0.0, 1.0)) as usize;
        let mut scroll = Scroll::default();
        if share >= 1.0 {
            return scroll;
        }
        for (item, rows) in self.items.iter().zip(guesses) {
            if left < rows {
                scroll.hold_row(item.message.id, left as u32, area.width);
                break;
            }
            left -= rows;
        }
        scroll
    }

    fn place(&self, setter: &mut Setter<'_, '_>, top: Place, geometry: &mut Geometry) {
        let area = geometry.area;
        let (you, model, _) = insets(self.set_as(area.width));
        let mut y = area.y;
        for index in top.item..self.items.len() {
            let item = &self.items[index];
            let laid = setter.laid(index);
            let first = if index == top.item { top.row } else { 0 };
            for number in first..laid.height() {
                if y >= area.bottom() {
                    return;
                }
                let (part, row, body) = laid.row(number);
                let mut row = row.cloned().unwrap_or_default();
                if let (Some(body), Some(code), Some(highlights)) = (body, row.code, self.highlights)
                    && let Some(block) = body.codes().get(code.block as usize)
                    && !highlights.ink(block, &mut row)
                    && let Some(line) = code.line
                {
                    geometry.want(highlights, block, line as usize);
                }
                let x = match item.message.role {
                    Speaker::User => you,
                    _ if part == Part::Head => you,
                    _ => model,
                };
                let right = if number == 0 { foot::right(item) } else { Vec::new() };
                geometry.rows.push(Placed {
                    y,
                    x: area.x + x,
                    item: index,
                    message: item.message.id,
                    part,
                    row,
                    right,
                });
                y += 1;
            }
        }
    }
}

/// The top row, and the scroll that says so plainly.
fn resolve(setter: &mut Setter<'_, '_>, scroll: &Scroll) -> (Place, Scroll) {
    let bottom = |setter: &mut Setter<'_, '_>| (setter.bottom(), Scroll::default());
    if scroll.follow {
        return bottom(setter);
    }
    let start = match &scroll.anchor {
        Some(anchor) => setter.anchored(anchor),
        None => Some(setter.bottom()),
    };
    // The message is gone: the branch changed, and its end is where a reader lands.
    let Some(start) = start else { return bottom(setter) };
    let place = setter.moved(start, scroll.pending);
    if !setter.overflows(place) {
        let end = setter.bottom();
        // Going down to the end follows again; being at the end of a short text, or asking for a place near it, does too.
        if scroll.pending >= 0 || place > end || end == (Place { item: 0, row: 0 }) {
            return (end, Scroll::default());
        }
        return (place, held(setter, place, scroll));
    }
    (place, held(setter, place, scroll))
}

fn held(setter: &mut Setter<'_, '_>, place: Place, scroll: &Scroll) -> Scroll {
    let message = setter.transcript.items[place.item].message.id;
    let width = setter.area.width;
    let at = setter.laid(place.item).place_of(place.row);
    let left = match scroll.left {
        Some(left) => Some(left),
        None => setter.left(),
    };
    Scroll {
        follow: false,
        anchor: Some(Anchor { message, row: place.row as u32, width, place: at }),
        pending: 0,
        left,
    }
}

/// The one line of a folded message.
pub(super) fn folded(item: &Item<'_>, head: Option<Row>, columns: usize) -> Row {
    let mut row = head.unwrap_or_default();
    let own = item.message.role == Speaker::User;
    let mut words = texts(item.message).map(|(_, text)| text).filter(|text| !own || unfenced(text).is_none());
    let files = || item.message.blocks.iter().find_map(Attachment::of).filter(|_| own);
    let line = match words.find(|text| !text.trim().is_empty()) {
        Some(words) => words.trim_start().lines().next().unwrap_or("").to_owned(),
        None => files().map_or_else(String::new, |file| format!("[{}]", file.label())),
    };
    let line = safe_line(&line);
    let name = row.width();
    if name > 0 {
        row.spans.push(Span::new("  ", Ink::of(Role::Faint)));
    }
    let left = columns.saturating_sub(row.width() + 2);
    row.spans.push(Span::new(fit(&line, left), Ink::of(Role::Faint)));
    row.spans.push(Span::new(" ›", Ink::of(Role::Faint)));
    debug_assert!(width(&row.text()) <= columns.max(name + 5));
    row
}
