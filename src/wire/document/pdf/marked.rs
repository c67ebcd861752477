//! Marked content: text that stands for what is shown (`ActualText`), and layers that are not shown (ISO 32000-1, 14.6,
//! 14.9.4 and 8.11).

use lopdf::{Dictionary, Object};

use super::layout::{Glyph, Page, Style};
use super::objects::Objects;

/// What is open at a place in the content.
#[derive(Debug, Default)]
pub struct Marked {
    /// Whether each of the open ones is a hidden layer, and whether its end ends the standing text.
    open: Vec<(bool, bool)>,
    hidden: usize,
    standing: Option<Standing>,
}

/// The text that stands for glyphs, and where those were.
#[derive(Debug)]
struct Standing {
    text: Vec<char>,
    at: Option<(f64, f64, f64, f64)>,
    bytes: usize,
    style: Option<Style>,
}

impl Marked {
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Inside standing text another one counts for nothing.
    pub fn open(&mut self, text: Option<Vec<char>>, hidden: bool) {
        let stands = text.is_some() && self.standing.is_none();
        if stands {
            let text = text.unwrap_or_default();
            self.standing = Some(Standing { text, at: None, bytes: 0, style: None });
        }
        self.hidden += usize::from(hidden);
        self.open.push((hidden, stands));
    }

    pub fn close(&mut self, page: &mut Page) {
        let Some((hidden, stands)) = self.open.pop() else { return };
        self.hidden -= usize::from(hidden);
        if !stands {
            return;
        }
        if let Some(Standing { text, at: Some((x, y, to_x, to_y)), bytes, style: Some(style) }) =
            self.standing.take()
        {
            page.add(&Glyph { x, y, dx: to_x - x, dy: to_y - y, text: &text, bytes, style: &style });
        }
    }

    pub fn add(&mut self, page: &mut Page, glyph: &Glyph<'_>) {
        if self.hidden > 0 {
            return;
        }
        let Some(standing) = &mut self.standing else { return page.add(glyph) };
        let (x, y, ..) = standing.at.unwrap_or((glyph.x, glyph.y, 0.0, 0.0));
        standing.at = Some((x, y, glyph.x + glyph.dx, glyph.y + glyph.dy));
        standing.bytes += glyph.bytes;
        standing.style = Some(*glyph.style);
    }
}

/// A text string: UTF-16 or UTF-8 by its first bytes, else one byte a character.
pub fn written(bytes: &[u8]) -> Vec<char> {
    if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        let units = rest.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        return char::decode_utf16(units).flatten().collect();
    }
    if let Some(rest) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return String::from_utf8_lossy(rest).chars().collect();
    }
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The layers that the document does not show at first.
pub fn hidden(objects: Objects<'_>) -> Vec<*const Dictionary> {
    let layers = |key: &[u8]| {
        let catalog = objects.document.catalog().ok()?;
        let usual = objects.dictionary(objects.dictionary(catalog, b"OCProperties")?, b"D")?;
        objects.array(usual, key)
    };
    let place = |object: &Object| Some(std::ptr::from_ref(objects.follow_to(object)?));
    layers(b"OFF").unwrap_or_default().iter().filter_map(place).collect()
}
