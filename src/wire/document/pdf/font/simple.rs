//! Fonts of one-byte codes: Type 1, TrueType, Type 3.

use lopdf::{Dictionary, Object};

use super::super::objects::{Objects, number};
use super::Code;
use super::cmap::Map;
use super::names::{Base, meaning};
use super::program;
use super::standard::Standard;

#[derive(Debug)]
pub struct Simple {
    widths: Vec<f64>,
    text: Vec<Vec<char>>,
    /// One of the fourteen, where the file brings no program for it.
    pub standard: Option<Standard>,
    pub scale: f64,
    pub matrix: Option<[f64; 4]>,
}

/// A name without the tag of its subset (`ABCDEF+`).
fn untagged(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    match name.split_once('+') {
        Some((tag, name)) if tag.len() == 6 => name.to_owned(),
        _ => name.into_owned(),
    }
}

impl Simple {
    pub fn read(objects: Objects<'_>, font: &Dictionary, descriptor: Option<&Dictionary>) -> Self {
        let name = objects.name(font, b"BaseFont").map(untagged).unwrap_or_default();
        let drawn = objects.name(font, b"Subtype") == Some(b"Type3");
        let known = Standard::named(&name).filter(|_| !drawn);
        let program = |key: &[u8]| objects.bytes(objects.stream(descriptor?, key)?);
        let programs: [Option<Vec<u8>>; 3] =
            [program(b"FontFile"), program(b"FontFile2"), program(b"FontFile3")];
        let names = names(objects, font, known, &programs);
        let mut text: Vec<Vec<char>> =
            names.iter().map(|name| name.as_deref().map(meaning).unwrap_or_default()).collect();
        let named = objects.get(font, b"Encoding").is_some();
        if let Some(program) = &programs[1]
            && (!named || text.iter().all(Vec::is_empty))
        {
            for (slot, symbol) in text.iter_mut().zip(program::symbols(program)) {
                if let Some(symbol) = symbol {
                    *slot = vec![symbol];
                }
            }
        }
        if let Some(map) = objects.stream(font, b"ToUnicode").and_then(|map| objects.bytes(map)) {
            let map = Map::read(&map);
            for (code, slot) in (0..).zip(&mut text) {
                let said = map.text(code);
                if !said.is_empty() {
                    *slot = said;
                }
            }
        }
        let matrix = drawn.then(|| objects.numbers(font, b"FontMatrix")).flatten();
        let matrix = matrix.filter(|matrix| matrix.len() == 6).map(|of| [of[0], of[1], of[2], of[3]]);
        let unit = matrix.map_or(0.001, |matrix| matrix[0]);
        let widths = widths(objects, font, descriptor, unit);
        let flags = descriptor.and_then(|descriptor| objects.get(descriptor, b"Flags")?.as_i64().ok());
        let widths = widths.unwrap_or_else(|| {
            let nearest = known.unwrap_or_else(|| Standard::nearest(&name, flags.unwrap_or_default()));
            nearest.widths(&names).into_iter().map(Option::unwrap_or_default).collect()
        });
        let scale = if drawn { letter(&names, &widths, matrix) } else { 1.0 };
        let standard = known.filter(|_| programs.iter().all(Option::is_none));
        Self { widths, text, standard, scale, matrix }
    }

    pub fn code(&self, byte: u8) -> Code<'_> {
        let at = usize::from(byte);
        Code { number: byte.into(), bytes: 1, advance: self.widths[at], text: &self.text[at] }
    }
}

/// The names of the codes: a base encoding, and what differs from it.
fn names(
    objects: Objects<'_>,
    font: &Dictionary,
    known: Option<Standard>,
    programs: &[Option<Vec<u8>>; 3],
) -> Vec<Option<String>> {
    let encoding = objects.get(font, b"Encoding");
    let details = encoding.and_then(|encoding| encoding.as_dict().ok());
    let base = match (encoding, details) {
        (Some(Object::Name(name)), _) => Base::named(name),
        (_, Some(details)) => objects.name(details, b"BaseEncoding").and_then(Base::named),
        _ => None,
    };
    let own = || match programs {
        [Some(type1), ..] => program::type1_encoding(type1),
        [_, _, Some(cff)] => program::cff_encoding(cff),
        _ => None,
    };
    let usual = || match (known, objects.name(font, b"Subtype")) {
        (Some(known), _) => known.encoding().names(),
        (_, Some(b"TrueType")) => Base::WinAnsi.names(),
        (_, Some(b"Type3")) => vec![None; 256],
        _ => Base::Standard.names(),
    };
    let mut names = base.map(Base::names).or_else(own).unwrap_or_else(usual);
    let mut code = 0;
    for object in details.and_then(|details| objects.array(details, b"Differences")).unwrap_or_default() {
        match objects.follow(object) {
            Object::Integer(number) => code = usize::try_from(*number).unwrap_or(usize::MAX),
            Object::Name(name) => {
                if let Some(slot) = names.get_mut(code) {
                    *slot = Some(String::from_utf8_lossy(name).into_owned());
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    names
}

fn widths(
    objects: Objects<'_>,
    font: &Dictionary,
    descriptor: Option<&Dictionary>,
    unit: f64,
) -> Option<Vec<f64>> {
    let told = objects.array(font, b"Widths")?;
    let missing = descriptor.and_then(|descriptor| objects.number(descriptor, b"MissingWidth"));
    let mut widths = vec![missing.unwrap_or_default() * unit; 256];
    let first = objects.get(font, b"FirstChar").and_then(|first| usize::try_from(first.as_i64().ok()?).ok());
    for (slot, width) in widths.iter_mut().skip(first.unwrap_or_default()).zip(told) {
        *slot = number(objects.follow(width)).unwrap_or_default() * unit;
    }
    Some(widths)
}

/// How large letters are in a font whose glyphs are drawings in a space of their own, guessed as `pdftotext` does: from
/// the width of its m, else of any letter, else of anything.
fn letter(names: &[Option<String>], widths: &[f64], matrix: Option<[f64; 4]>) -> f64 {
    let wide = |fits: &dyn Fn(&str) -> bool| {
        let fits =
            |(name, width): &(&Option<String>, &f64)| name.as_deref().is_some_and(fits) && **width > 0.0;
        names.iter().zip(widths).find(fits).map(|(_, width)| *width)
    };
    let m = wide(&|name| name == "m").map(|width| width / 0.6);
    let single = |name: &str| name.len() == 1 && name.as_bytes()[0].is_ascii_alphabetic();
    let scale =
        m.or_else(|| Some(wide(&single)? / 0.5)).or_else(|| Some(wide(&|_| true)? / 0.5)).unwrap_or(1.0);
    match matrix {
        Some([a, _, _, d]) if a != 0.0 => scale * (d / a).abs(),
        _ => scale,
    }
}
