//! Fonts of codes of several bytes, whose glyphs are numbered (Type 0).

use std::collections::{BTreeMap, HashMap};

use lopdf::{Dictionary, Object};

use super::super::objects::{Objects, number};
use super::cmap::Map;
use super::program;

/// More ranges of widths than this are left out.
const MOST: usize = 1 << 17;

/// How codes become glyph numbers.
#[derive(Debug)]
enum Encoding {
    /// The code is the glyph's number.
    Same,
    /// The code is a UTF-16 unit or pair.
    Unicode,
    Map(Map),
}

#[derive(Debug)]
pub struct Composite {
    encoding: Encoding,
    pub vertical: bool,
    unicode: Option<Map>,
    /// What the embedded program says of its glyphs, where nothing else does.
    glyphs: HashMap<u32, char>,
    /// By first glyph number: the last, and the width of all or of each.
    widths: BTreeMap<u32, (u32, Vec<f64>)>,
    usual: f64,
    /// Downwards moves, where the font is vertical.
    heights: BTreeMap<u32, (u32, Vec<f64>)>,
    height: f64,
}

impl Composite {
    pub fn read(objects: Objects<'_>, font: &Dictionary, child: Option<&Dictionary>) -> Self {
        let (encoding, vertical) = encoding(objects, font);
        let unicode = objects.stream(font, b"ToUnicode").and_then(|map| objects.bytes(map));
        let unicode = unicode.map(|map| Map::read(&map));
        let mut glyphs = HashMap::new();
        let (mut widths, mut heights) = (BTreeMap::new(), BTreeMap::new());
        let (mut usual, mut height) = (1.0, -1.0);
        if let Some(child) = child {
            if unicode.is_none() && !matches!(encoding, Encoding::Unicode) {
                glyphs = glyph_text(objects, child);
            }
            usual = objects.number(child, b"DW").map_or(usual, |width| width / 1000.0);
            widths = ranges(objects, objects.array(child, b"W").unwrap_or_default(), 1);
            heights = ranges(objects, objects.array(child, b"W2").unwrap_or_default(), 3);
            if let Some([_, down]) = objects.numbers(child, b"DW2").as_deref() {
                height = down / 1000.0;
            }
        }
        Self { encoding, vertical, unicode, glyphs, widths, usual, heights, height }
    }

    pub fn code(&self, bytes: &[u8]) -> (u32, usize) {
        match &self.encoding {
            Encoding::Map(map) => map.code(bytes),
            Encoding::Unicode if bytes.len() >= 4 && bytes[0] & 0xfc == 0xd8 => {
                (u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]), 4)
            }
            _ => match *bytes {
                [high, low, ..] => (u32::from(u16::from_be_bytes([high, low])), 2),
                _ => (bytes.first().copied().unwrap_or_default().into(), 1),
            },
        }
    }

    fn cid(&self, code: u32) -> u32 {
        match &self.encoding {
            Encoding::Same => code,
            // All of Adobe's collections begin with the letters of ASCII.
            Encoding::Unicode => {
                if (32..127).contains(&code) {
                    code - 31
                } else {
                    u32::MAX
                }
            }
            Encoding::Map(map) => map.cid(code).unwrap_or_default(),
        }
    }

    pub fn text(&self, code: u32) -> Vec<char> {
        if let Some(map) = &self.unicode {
            let text = map.text(code);
            if !text.is_empty() {
                return text;
            }
        }
        match self.encoding {
            Encoding::Unicode => {
                let units = [code >> 16, code & 0xffff].map(|unit| u16::try_from(unit).unwrap_or_default());
                char::decode_utf16(units).flatten().filter(|char| *char != '\0').collect()
            }
            _ => self.glyphs.get(&self.cid(code)).copied().into_iter().collect(),
        }
    }

    pub fn advance(&self, code: u32) -> f64 {
        let cid = self.cid(code);
        if self.vertical {
            return found(&self.heights, cid).unwrap_or(self.height);
        }
        found(&self.widths, cid).unwrap_or(self.usual)
    }
}

fn encoding(objects: Objects<'_>, font: &Dictionary) -> (Encoding, bool) {
    match objects.get(font, b"Encoding") {
        Some(Object::Name(name)) => (predefined(name), name.ends_with(b"-V")),
        Some(Object::Stream(stream)) => {
            let mut map = objects.bytes(stream).map(|bytes| Map::read(&bytes)).unwrap_or_default();
            let used =
                objects.name(&stream.dict, b"UseCMap").map(|name| String::from_utf8_lossy(name).into_owned());
            map.base = map.base.or(used);
            let told = objects.number(&stream.dict, b"WMode").is_some_and(|mode| mode > 0.5);
            let vertical = map.vertical || told || map.base.as_ref().is_some_and(|base| base.ends_with("-V"));
            let encoding = match &map.base {
                Some(base) if !map.has_cids() => predefined(base.as_bytes()),
                _ if map.has_codes() || map.has_cids() => Encoding::Map(map),
                _ => Encoding::Same,
            };
            (encoding, vertical)
        }
        _ => (Encoding::Same, false),
    }
}

/// The maps of ISO 32000-1, table 118, as far as their codes are Unicode; others are taken as two-byte codes, whose
/// meaning the file must tell.
fn predefined(name: &[u8]) -> Encoding {
    let has = |part: &[u8]| name.windows(part.len()).any(|window| window == part);
    if name.starts_with(b"Uni") && (has(b"UCS2") || has(b"UTF16")) {
        Encoding::Unicode
    } else {
        Encoding::Same
    }
}

/// What the glyphs of the embedded program stand for, by glyph number.
fn glyph_text(objects: Objects<'_>, child: &Dictionary) -> HashMap<u32, char> {
    let descriptor = objects.dictionary(child, b"FontDescriptor");
    let stream = descriptor
        .and_then(|of| objects.stream(of, b"FontFile2").or_else(|| objects.stream(of, b"FontFile3")));
    let Some(program) = stream.and_then(|stream| objects.bytes(stream)) else { return HashMap::new() };
    let characters = program::characters(&program);
    let Some(map) = objects.stream(child, b"CIDToGIDMap").and_then(|map| objects.bytes(map)) else {
        return characters;
    };
    let glyphs = (0..).zip(map.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))));
    glyphs.filter_map(|(cid, glyph)| Some((cid, *characters.get(&glyph)?))).collect()
}

/// The widths of `W` (`each` is 1) or the first of the three numbers of `W2`: `first [w …]` or `first last w`.
fn ranges(objects: Objects<'_>, array: &[Object], each: usize) -> BTreeMap<u32, (u32, Vec<f64>)> {
    let mut ranges = BTreeMap::new();
    let whole =
        |object: &Object| objects.follow(object).as_i64().ok().and_then(|number| u32::try_from(number).ok());
    let mut rest = array;
    while let [first, second, after @ ..] = rest
        && ranges.len() < MOST
    {
        let Some(first) = whole(first) else { break };
        if let Object::Array(list) = objects.follow(second) {
            let of = |object| number(objects.follow(object)).unwrap_or_default() / 1000.0;
            let widths: Vec<f64> = list.iter().step_by(each).map(of).collect();
            if let Some(more) = u32::try_from(widths.len()).ok().and_then(|count| count.checked_sub(1)) {
                ranges.insert(first, (first.saturating_add(more), widths));
            }
            rest = after;
        } else {
            let (Some(last), Some(width)) = (whole(second), after.first()) else { break };
            let width = number(objects.follow(width)).unwrap_or_default() / 1000.0;
            ranges.insert(first, (last, vec![width]));
            rest = after.get(each..).unwrap_or_default();
        }
    }
    ranges
}

fn found(ranges: &BTreeMap<u32, (u32, Vec<f64>)>, cid: u32) -> Option<f64> {
    let (first, (last, widths)) = ranges.range(..=cid).next_back()?;
    if cid > *last {
        return None;
    }
    let at = usize::try_from(cid - first).ok()?;
    widths.get(at).or_else(|| widths.first().filter(|_| widths.len() == 1)).copied()
}
