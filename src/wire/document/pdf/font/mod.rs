//! Fonts as text needs them: how bytes are codes, how far each moves on, what each means.
//!
//! Never here: outlines, and places on a page.

mod cmap;
mod composite;
mod names;
mod program;
mod simple;
mod standard;

use lopdf::Dictionary;

use super::objects::Objects;
use composite::Composite;
use simple::Simple;

#[derive(Debug)]
pub struct Font {
    kind: Kind,
    /// Its height over and its depth under the baseline, in parts of the size; the second is below zero.
    pub ascent: f64,
    pub descent: f64,
    /// By how much the size is to be multiplied to be that of letters; other than 1 in a font whose glyphs are drawings.
    pub scale: f64,
    /// The glyphs' own matrix, in such a font.
    pub matrix: Option<[f64; 4]>,
}

#[derive(Debug)]
enum Kind {
    Simple(Simple),
    Composite(Box<Composite>),
}

/// One code of a string.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Code<'a> {
    pub number: u32,
    pub bytes: usize,
    /// How far it moves on, in parts of the size; downwards is negative.
    pub advance: f64,
    pub text: &'a [char],
}

impl Font {
    pub fn read(objects: Objects<'_>, font: &Dictionary) -> Self {
        let (mut ascent, mut descent) = (0.95, -0.35);
        let composite = objects.name(font, b"Subtype") == Some(b"Type0");
        let child = composite.then(|| objects.array(font, b"DescendantFonts")).flatten();
        let child = child.and_then(|fonts| objects.follow(fonts.first()?).as_dict().ok());
        let descriptor = objects.dictionary(child.unwrap_or(font), b"FontDescriptor");
        // Some files have the sign wrong, and some nonsense.
        let told = |key: &[u8]| {
            let told = objects.number(descriptor?, key)?.abs() / 1000.0;
            Some(told).filter(|told| *told > 0.0 && *told < 3.0)
        };
        ascent = told(b"Ascent").unwrap_or(ascent);
        descent = told(b"Descent").map_or(descent, |descent| -descent);
        if composite {
            let kind = Kind::Composite(Box::new(Composite::read(objects, font, child)));
            return Self { kind, ascent, descent, scale: 1.0, matrix: None };
        }
        let simple = Simple::read(objects, font, descriptor);
        if let Some(standard) = simple.standard {
            (ascent, descent) = standard.heights();
        }
        let (scale, matrix) = (simple.scale, simple.matrix);
        Self { kind: Kind::Simple(simple), ascent, descent, scale, matrix }
    }

    pub fn vertical(&self) -> bool {
        matches!(&self.kind, Kind::Composite(font) if font.vertical)
    }

    /// Calls `each` with every code of a string.
    pub fn codes(&self, mut bytes: &[u8], mut each: impl FnMut(Code<'_>)) {
        while !bytes.is_empty() {
            let length = match &self.kind {
                Kind::Simple(font) => {
                    each(font.code(bytes[0]));
                    1
                }
                Kind::Composite(font) => {
                    let (code, length) = font.code(bytes);
                    let text = font.text(code);
                    each(Code { number: code, bytes: length, advance: font.advance(code), text: &text });
                    length
                }
            };
            bytes = bytes.get(length.max(1)..).unwrap_or_default();
        }
    }
}
