//! The style sheet: what paragraphs have of their styles.

use super::Numbers;
use super::paragraphs::Properties;

const MOST: usize = 4096;
/// Styles that a style may be based on, one on the other.
const CHAIN: usize = 12;
const NONE: u16 = 0x0FFF;

#[derive(Debug, Clone, Copy, Default)]
struct Style {
    based: Option<u16>,
    own: Properties,
}

/// The styles by their number.
#[derive(Debug, Default)]
pub struct Styles(Vec<Style>);

impl Styles {
    /// What a paragraph has, with what it does not say itself from its style.
    pub fn over(&self, own: Properties) -> Properties {
        let mut all = own;
        let mut next = Some(own.style);
        for _ in 0..CHAIN {
            let Some(number) = next else { break };
            let named = (1..=9).contains(&number).then(|| number as u8 - 1);
            let style = self.0.get(usize::from(number)).copied().unwrap_or_default();
            all.outline = all.outline.or(style.own.outline).or(named);
            all.list = all.list.or(style.own.list);
            all.level = all.level.or(style.own.level);
            next = style.based;
        }
        all
    }
}

/// Reads the style sheet; a broken one ends where it breaks.
pub fn read(sheet: &[u8]) -> Styles {
    let read = || {
        let header = usize::from(sheet.u16_at(0)?);
        let count = usize::from(sheet.u16_at(2)?).min(MOST);
        let base = usize::from(sheet.u16_at(4)?);
        let mut at = 2 + header;
        let mut styles = Vec::new();
        for _ in 0..count {
            let Some(length) = sheet.u16_at(at).map(usize::from) else { break };
            let Some(style) = sheet.get(at + 2..at + 2 + length) else { break };
            styles.push(one(style, base).unwrap_or_default());
            at += 2 + length;
        }
        Some(styles)
    };
    Styles(read().unwrap_or_default())
}

fn one(style: &[u8], base: usize) -> Option<Style> {
    let kind = style.u16_at(2)?;
    let based = Some(kind >> 4).filter(|based| *based != NONE);
    // Of paragraphs, the properties of the paragraph come first.
    if kind & 0xF != 1 {
        return Some(Style { based, ..Style::default() });
    }
    let letters = usize::from(style.u16_at(base)?);
    let at = base + 2 + 2 * letters + 2;
    let length = usize::from(style.u16_at(at)?);
    let own = style.get(at + 2..at + 2 + length).and_then(|own| own.get(2..)).unwrap_or_default();
    Some(Style { based, own: Properties::default().modified(own) })
}
