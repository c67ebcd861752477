//! The properties of paragraphs, by the bytes of their marks in the main stream.

use super::{Numbers, modifiers};

const PAGE: usize = 512;
/// Pages of properties.
const MOST_PAGES: usize = 1_000_000;

/// What of a paragraph is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Properties {
    /// 1 to 9 are the headings, by the format.
    pub style: u16,
    /// From 0; 9 is body text.
    pub outline: Option<u8>,
    /// A list's number in the list of lists, from 1; 0 is none.
    pub list: Option<u16>,
    pub level: Option<u8>,
    pub in_table: bool,
    /// The mark ends a row of a table.
    pub ends_row: bool,
    /// That row is repeated on every page that its table comes to.
    pub names_columns: bool,
}

/// All of them, by the byte after the end of what they are for.
#[derive(Debug, Default)]
pub struct Paragraphs(Vec<(u32, Properties)>);

impl Properties {
    /// Applies a list of modifiers.
    pub fn modified(mut self, list: &[u8]) -> Self {
        for (code, operand) in modifiers(list) {
            let first = operand.first().copied().unwrap_or(0);
            match code {
                0x260A => self.level = Some(first),
                0x460B => self.list = operand.u16_at(0),
                0x2640 => self.outline = Some(first),
                0x2416 => self.in_table = first != 0,
                0x2417 => self.ends_row = first != 0,
                0x3404 => self.names_columns = first != 0,
                0x4600 => self.style = operand.u16_at(0).unwrap_or(self.style),
                _ => {}
            }
        }
        self
    }
}

impl Paragraphs {
    /// The properties of the paragraph whose mark lies at this byte.
    pub fn at(&self, byte: usize) -> Properties {
        let at = self.0.partition_point(|(end, _)| *end as usize <= byte);
        self.0.get(at).map_or_else(Properties::default, |(_, properties)| *properties)
    }
}

/// Reads the pages that `table` (`PlcBtePapx`) names; broken ones have nothing to say.
pub fn read(main: &[u8], table: &[u8]) -> Paragraphs {
    let count = table.len().saturating_sub(4) / 8;
    let mut all = Vec::new();
    for at in 0..count.min(MOST_PAGES) {
        let Some(number) = table.u32_at(4 * (count + 1) + 4 * at) else { break };
        let start = (number & 0x003F_FFFF) as usize * PAGE;
        let Some(page) = main.get(start..start + PAGE) else { continue };
        let runs = usize::from(page[PAGE - 1]);
        for run in 0..runs {
            let (Some(end), Some(place)) =
                (page.u32_at(4 * (run + 1)), page.get(4 * (runs + 1) + 13 * run).copied())
            else {
                break;
            };
            all.push((end, properties(page, usize::from(place) * 2)));
        }
    }
    all.sort_by_key(|(end, _)| *end);
    Paragraphs(all)
}

fn properties(page: &[u8], place: usize) -> Properties {
    if place == 0 {
        return Properties::default();
    }
    let found = || {
        let (from, length) = match *page.get(place)? {
            0 => (place + 2, 2 * usize::from(*page.get(place + 1)?)),
            half => (place + 1, 2 * usize::from(half) - 1),
        };
        let own = page.get(from..from + length)?;
        let style = own.u16_at(0)?;
        Some(Properties { style, ..Properties::default() }.modified(&own[2..]))
    };
    found().unwrap_or_default()
}
