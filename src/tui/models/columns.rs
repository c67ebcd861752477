//! A model as one row of a table whose columns grow fewer as the screen grows narrower. What is unknown is `?`, what there
//! is none of is `–`; neither is zero, which is `$0`.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::is_local;
use crate::domain::catalog::{Availability, Capability, ModelCard, Price, dollars};
use crate::domain::figures::{bytes, compact};
use crate::domain::untrusted::safe_line;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns as wide, put, put_right};
use crate::tui::widget::text::{fit_left, width};

/// The marks at the left: what is in use, what has a star.
const MARKS: u16 = 3;
const CONTEXT: u16 = 7;
const PRICE: u16 = 9;
const PROVIDER: u16 = 12;
/// With a blank before it, as what stands there ends where the column does, and one behind.
const MODES: u16 = 8;
/// A row from which on there is a column of its own for the provider, and one from which on for what a model can: names come first.
const PROVIDED: u16 = 96;
const CAN: u16 = 108;
/// A name's column that has room for a few words beside most names.
const ROOMY: u16 = 56;
/// The column at most, from that of the names on, in which is said why a model cannot be used.
const WHY: u16 = 40;

/// The letters of what goes in and what comes out.
const LETTERS: [(char, &str); 5] =
    [('t', "text"), ('i', "image"), ('d', "document"), ('v', "vector"), ('r', "ranks")];

/// Columns of each part; 0 is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    provider: u16,
    context: u16,
    /// What goes in; of pictures nobody asks that.
    input: u16,
    /// What comes out, and whether there are prices at all.
    price: u16,
    /// What it takes and gives, in letters.
    modes: u16,
    can: u16,
}

impl Columns {
    /// What a row of that width has room for.
    pub fn of(width: u16, pictures: bool) -> Self {
        let price = if width >= 62 { PRICE } else { 0 };
        Self {
            provider: if width >= PROVIDED { PROVIDER } else { 0 },
            context: if width >= 40 { CONTEXT } else { 0 },
            input: if pictures { 0 } else { price },
            price,
            modes: match width {
                ..70 => 0,
                // Nothing stands behind it.
                70..CAN => MODES - 1,
                CAN.. => MODES,
            },
            can: if width >= CAN { 20 + width.saturating_sub(112).min(40) / 2 } else { 0 },
        }
    }

    /// The part of the row that the name has.
    fn name(self, area: Rect) -> Rect {
        let gap = |part: u16| if part > 0 { part + 1 } else { 0 };
        let prices = gap(self.input) + gap(self.price);
        let taken = gap(self.provider) + gap(self.context) + prices + gap(self.modes) + gap(self.can);
        let x = area.x + MARKS.min(area.width);
        Rect { x, width: area.right().saturating_sub(x + taken), ..area }
    }

    /// Where each column begins and ends, in the order in which they stand.
    fn places(self, area: Rect) -> [(u16, u16); 6] {
        let mut at = self.name(area).right();
        [self.provider, self.context, self.input, self.price, self.modes, self.can].map(|part| {
            let begin = (at + 1).min(area.right());
            if part > 0 {
                at = (begin + part).min(area.right());
            }
            (begin, if part > 0 { at } else { begin })
        })
    }
}

/// What a row says beside the card.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// It is in use now.
    pub current: bool,
    pub star: bool,
    /// It stands among those for pictures.
    pub pictures: bool,
}

/// The heads of the columns.
pub fn head(cells: &mut Buffer, area: Rect, pictures: bool, style: Style) {
    let parts = Columns::of(area.width, pictures);
    let name = parts.name(area);
    put(cells, name.x, area.y, name.right(), "model", style);
    let [provider, context, input, output, modes, can] = parts.places(area);
    put(cells, provider.0, area.y, provider.1, "provider", style);
    // Each row says what its price is of.
    let paid = if pictures { "~$ out" } else { "~$ out/M" };
    for (place, word) in [(context, "context"), (input, "~$ in/M"), (output, paid)] {
        put_right(cells, place.0, area.y, place.1, word, style);
    }
    put(cells, modes.0 + 1, area.y, modes.1, "in→out", style);
    put(cells, can.0, area.y, can.1, if pictures { "can" } else { "can besides chat" }, style);
}

/// One row on `ground`.
pub fn row(cells: &mut Buffer, area: Rect, card: &ModelCard, marks: Marks, ground: Style, look: &Look) {
    let style = |role| ground.patch(look.style(role));
    let parts = Columns::of(area.width, marks.pictures);
    let (y, name) = (area.y, parts.name(area));
    // Where nothing is marked the cell stays that of the row: in reversed colours a blank would be a patch of the mark's.
    for (at, (marked, sign, role)) in
        (area.x..).zip([(marks.current, "•", Role::Accent), (marks.star, "★", Role::Warn)])
    {
        if marked {
            put(cells, at, y, name.x, sign, style(role));
        }
    }
    let off = matches!(card.availability, Availability::Unusable { .. } | Availability::Catalogued);
    let text = style(if off { Role::Faint } else { Role::Text });
    if let Availability::Unusable { why } = &card.availability {
        let all = area.right().saturating_sub(name.x);
        let begin = match why.as_str() {
            // It was said above.
            "" => all + 2,
            // The same in all rows: what it leaves is of the names.
            why if marks.pictures => (all * 2 / 5).max(all.saturating_sub(wide(why))).min(WHY),
            _ => (all * 2 / 5).min(WHY),
        };
        put(cells, name.x, y, area.right(), &fit_id(card.id.as_str(), begin.saturating_sub(2)), text);
        put(cells, name.x + begin, y, area.right(), why, style(Role::Muted));
        return;
    }
    let label = if parts.provider > 0 { card.id.model() } else { card.id.as_str() };
    let x = put(cells, name.x, y, name.right(), &fit_id(label, name.width), text);
    let room = name.right().saturating_sub(x + 2);
    let fetches = card.availability == Availability::NotPulled && parts.price == 0;
    let titles = name.x + name.width * 3 / 5;
    if card.availability == Availability::Catalogued {
        // The same word in every row, whole or not at all.
        let note = if name.width < ROOMY { "catalogue" } else { "from the catalogue" };
        if wide(note) <= room {
            put_right(cells, x + 2, y, name.right(), note, style(Role::Faint));
        }
    } else if x + 2 <= titles && titles + 10 < name.right() && card.title != card.id.model() && !fetches {
        // Titles begin below each other, where most names have ended; of a longer one the card has it.
        put(cells, titles, y, name.right(), &card.title, style(Role::Muted));
    }
    let [provider, context, input, output, modes, can] = parts.places(area);
    put(cells, provider.0, y, provider.1, card.id.provider(), style(Role::Muted));
    if fetches && parts.context > 0 {
        // How much it is says that it is to be fetched, too.
        let size = card.bytes.map_or_else(|| "fetch".to_owned(), bytes);
        let whole = format!("fetch {size}");
        let fits = card.bytes.is_some() && wide(&whole) <= context.1.saturating_sub(x + 1);
        let said = if fits { &whole } else { &size };
        put_right(cells, x + 1, y, context.1, said, style(Role::Muted));
    } else if card.availability == Availability::NotPulled {
        // It has no price; what it costs is the room.
        let fetch = format!("fetch {}", card.bytes.map_or_else(|| "?".to_owned(), bytes));
        put_right(cells, context.0, y, context.1, &of_context(card), style(Role::Muted));
        put_right(cells, input.0, y, output.1, &fetch, style(Role::Muted));
    } else {
        put_right(cells, context.0, y, context.1, &of_context(card), style(Role::Muted));
        for (place, part) in [(input, cost_in(card)), (output, cost_out(card))] {
            put_right(cells, place.0, y, place.1, &part, style(Role::Muted));
        }
    }
    put(cells, modes.0 + 1, y, modes.1, &modalities(card), style(Role::Muted));
    let words = can_words(card);
    // Of what talks nobody says that it is no reranker.
    let known =
        |can: &Capability| card.can(*can).is_some() || matches!(can, Capability::Chat | Capability::Rerank);
    let text = match words.is_empty() {
        true if Capability::ALL.iter().all(known) => "–".to_owned(),
        true => "?".to_owned(),
        false => words.join(" "),
    };
    put(cells, can.0, y, can.1, &text, style(Role::Muted));
}

/// What goes in and what comes out, a letter each: text, image, document, vector, ranks. `ti→t`, `t→v`.
fn modalities(card: &ModelCard) -> String {
    let can = |capability| card.can(capability) == Some(true);
    let part = |letter: &'static str, is: bool| if is { letter } else { "" };
    let (sees, reads) = (part("i", can(Capability::Vision)), part("d", can(Capability::Documents)));
    let said = part("t", can(Capability::Chat));
    let (made, vectors) = (part("i", can(Capability::Images)), part("v", can(Capability::Embed)));
    let order = part("r", can(Capability::Rerank));
    if [said, made, vectors, order].iter().all(|part| part.is_empty()) {
        return "?".to_owned();
    }
    format!("t{sees}{reads}→{said}{made}{vectors}{order}")
}

/// What the letters of those rows mean, in a line of so much room; empty where rows of that width show none. What most people
/// guess is left out first.
pub fn legend<'a>(width: u16, room: u16, shown: impl Iterator<Item = &'a ModelCard>) -> String {
    if Columns::of(width, false).modes == 0 {
        return String::new();
    }
    // Of what cannot be used a row says why.
    let usable = |card: &&ModelCard| !matches!(card.availability, Availability::Unusable { .. });
    let seen: String = shown.filter(usable).map(modalities).collect();
    let known = LETTERS.iter().filter(|(letter, _)| seen.contains(*letter));
    let mut said: Vec<String> = known.map(|(letter, word)| format!("{letter} {word}")).collect();
    while !said.is_empty() && wide(&said.join("  ")) > room {
        said.remove(0);
    }
    said.join("  ")
}

/// An id in that many columns: its end tells it from its neighbours, its provider who answers.
pub fn fit_id(id: &str, columns_free: u16) -> Cow<'_, str> {
    let id = safe_line(id);
    let free = usize::from(columns_free);
    if width(&id) <= free {
        return id;
    }
    if let Some((provider, rest)) = id.split_once('/')
        && 3 * width(provider) <= free
    {
        let rest = fit_left(rest, free - width(provider) - 1);
        return Cow::Owned(format!("{provider}/{rest}"));
    }
    Cow::Owned(fit_left(&id, free).into_owned())
}

fn of_context(card: &ModelCard) -> String {
    card.context.map_or_else(|| "?".to_owned(), |context| compact(context.into()))
}

/// A model of this machine costs nothing.
fn cost(card: &ModelCard, part: fn(&Price) -> Option<f64>) -> String {
    if is_local(card) {
        return dollars(0.0);
    }
    card.price.as_ref().and_then(part).map_or_else(|| "?".to_owned(), dollars)
}

/// Of when the prices of the chosen row are, or where it has none, those in sight: they are estimates. Drawn at the right end
/// of the area, whose rest is given back.
pub fn dated<'a>(
    cells: &mut Buffer,
    area: Rect,
    chosen: Option<&'a ModelCard>,
    shown: impl Iterator<Item = &'a ModelCard>,
    style: Style,
) -> Rect {
    let as_of = |card: &'a ModelCard| {
        let as_of = card.price.as_ref()?.as_of.as_str();
        (!as_of.is_empty()).then_some(as_of)
    };
    // Where no column has prices none is in sight.
    let priced = Columns::of(area.width, false).price > 0;
    let dates: Vec<&str> = match chosen.and_then(as_of) {
        Some(own) => vec![own],
        None => shown.filter(|_| priced).filter_map(as_of).collect(),
    };
    let said = match (dates.iter().min(), dates.iter().max()) {
        (Some(oldest), Some(newest)) if oldest != newest => format!("~$ since {oldest}"),
        (Some(all), _) => format!("~$ of {all}"),
        (None, _) => return area,
    };
    let wide = u16::try_from(width(&said)).unwrap_or(0);
    if area.width < 3 * wide {
        return area;
    }
    put_right(cells, area.x, area.y, area.right(), &said, style);
    Rect { width: area.width - wide - 2, ..area }
}

/// What puts texts in order for a price a search reads them for nothing besides.
fn cost_in(card: &ModelCard) -> String {
    let by_search = card.price.as_ref().is_some_and(|price| price.input.is_none() && price.search.is_some());
    if by_search { "–".to_owned() } else { cost(card, |p| p.input) }
}

/// Of what makes pictures, the price of one; of what puts texts in order, that of a search, which is a query.
fn cost_out(card: &ModelCard) -> String {
    let each = card.price.as_ref().filter(|price| price.output.is_none()).and_then(|price| {
        let (picture, search) = (price.image.map(|each| (each, "pic")), price.search.map(|each| (each, "q")));
        picture.or(search)
    });
    each.map_or_else(|| cost(card, |p| p.output), |(price, of)| format!("{}/{of}", dollars(price)))
}

/// What it takes, gives and can besides chat.
pub fn can_words(card: &ModelCard) -> Vec<&'static str> {
    Capability::ALL
        .into_iter()
        .filter(|can| *can != Capability::Chat && card.can(*can) == Some(true))
        .map(Capability::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_keeps_its_provider_and_the_end_that_tells_it_apart() {
        let id = "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        assert_eq!(fit_id(id, 60), id);
        assert_eq!(fit_id(id, 30), "bedrock/…net-4-5-20250929-v1:0");
        assert_eq!(fit_id("a-provider-with-a-name/x-1", 12), "…-a-name/x-1");
        assert_eq!(fit_id(id, 0), "");
    }

    #[test]
    fn the_letters_in_sight_are_explained_where_they_have_a_column() {
        let card = |can: &[Capability]| ModelCard {
            capabilities: can.to_vec(),
            ..ModelCard::unknown("a/b".parse().unwrap())
        };
        let cards = [card(&[Capability::Embed]), card(&[Capability::Chat, Capability::Vision])];
        let said = |width, room| legend(width, room, cards.iter());
        assert_eq!(said(78, 40), "t text  i image  v vector");
        assert_eq!(said(78, 20), "i image  v vector");
        assert_eq!((said(60, 40), said(78, 0)), (String::new(), String::new()));
    }

    #[test]
    fn titles_begin_below_each_other_or_are_left_to_the_card_and_nothing_costs_nothing() {
        let card =
            |id: &str| ModelCard { title: "Title".to_owned(), ..ModelCard::unknown(id.parse().unwrap()) };
        let area = Rect::new(0, 0, 80, 1);
        let line = |id: &str| {
            let mut cells = Buffer::empty(area);
            row(&mut cells, area, &card(id), Marks::default(), Style::default(), &Look::colourless());
            cells.content().iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
        };
        let (short, longer, long) =
            (line("local/a"), line("local/qwen3-0.6b"), line("local/a-name-that-is-long-1"));
        assert!(
            short.find("Title").is_some() && short.find("Title") == longer.find("Title"),
            "{short}\n{longer}"
        );
        assert!(!long.contains("Title") && long.contains("long-1"), "{long}");
        assert_eq!(short.matches("$0 ").count(), 2, "{short}");
    }

    #[test]
    fn a_price_that_is_known_stands_there_whatever_it_is_of() {
        let price = |input, image, search| Price { input, image, search, output: None, ..Price::nothing() };
        let costs = |price| {
            let card = ModelCard { price, ..ModelCard::unknown("far/m".parse().unwrap()) };
            (cost_in(&card), cost_out(&card))
        };
        let told = |input: &str, output: &str| (input.to_owned(), output.to_owned());
        assert_eq!(costs(Some(price(None, None, Some(0.0025)))), told("–", "$0.0025/q"));
        assert_eq!(costs(Some(price(None, Some(0.04), None))), told("?", "$0.04/pic"));
        assert_eq!(costs(Some(price(Some(0.05), None, None))), told("$0.05", "?"));
        assert_eq!(costs(None), told("?", "?"));
        assert!(wide("$0.0025/q") <= PRICE, "the longest of the catalogue");
    }

    #[test]
    fn in_a_narrow_row_it_is_said_how_much_is_to_be_fetched() {
        let area = Rect::new(0, 0, 52, 1);
        let line = |id: &str, bytes| {
            let card = ModelCard {
                availability: Availability::NotPulled,
                bytes,
                ..ModelCard::unknown(id.parse().unwrap())
            };
            let mut cells = Buffer::empty(area);
            row(&mut cells, area, &card, Marks::default(), Style::default(), &Look::colourless());
            cells.content().iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
        };
        assert!(line("local/a", Some(398_000_000)).ends_with(" fetch 398 MB"));
        let long = line("local/a-name-that-goes-on-and-on-until-the-end", Some(398_000_000));
        assert!(long.ends_with(" 398 MB") && !long.contains("fetch"), "{long}");
        assert!(line("local/a", None).ends_with(" fetch"));
    }

    #[test]
    fn names_have_what_is_free() {
        for (width, least) in [(52, 40), (72, 33), (95, 54), (96, 40), (112, 38), (152, 58)] {
            let name = Columns::of(width, false).name(Rect::new(0, 0, width, 1)).width;
            assert!(name >= least, "{name} of {width}");
        }
    }

    #[test]
    fn the_columns_fill_the_row_and_never_leave_it() {
        for width in [0, 1, 5, 20, 39, 52, 72, 96, 112, 156, 300] {
            let area = Rect::new(3, 0, width, 1);
            for parts in [false, true].map(|pictures| Columns::of(width, pictures)) {
                let mut at = parts.name(area).right();
                assert!(at <= area.right(), "{width}");
                for (begin, end) in parts.places(area) {
                    assert!(begin <= end && end <= area.right() && begin >= at.min(area.right()), "{width}");
                    at = at.max(end);
                }
            }
        }
    }
}
