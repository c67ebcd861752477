//! Glyph names: what they mean, and the encodings that give them to codes.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Adobe's list, `NAME;CODE[ CODE…]` a line; the dingbats' own names at its end.
const GLYPHS: &str = include_str!("../data/glyphs.txt");
/// A code and its names in the base encodings, a line.
const ENCODINGS: &str = include_str!("../data/encodings.txt");

static NAMES: LazyLock<HashMap<&'static str, Vec<char>>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let (name, codes) = line.split_once(';')?;
        let chars = codes.split(' ').filter_map(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        Some((name, chars.collect()))
    };
    GLYPHS.lines().filter(|line| !line.starts_with('#')).filter_map(line).collect()
});

/// The base encodings, in the order of their columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    Standard,
    WinAnsi,
    MacRoman,
    MacExpert,
    Symbol,
    Dingbats,
}

impl Base {
    pub fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"StandardEncoding" => Some(Self::Standard),
            b"WinAnsiEncoding" => Some(Self::WinAnsi),
            b"MacRomanEncoding" => Some(Self::MacRoman),
            b"MacExpertEncoding" => Some(Self::MacExpert),
            _ => None,
        }
    }

    /// The names of codes 0 to 255.
    pub fn names(self) -> Vec<Option<String>> {
        let mut names = vec![None; 256];
        for line in ENCODINGS.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split(' ');
            let code = columns.next().and_then(|code| usize::from_str_radix(code, 16).ok());
            let name = columns.nth(self as usize).filter(|name| *name != "-");
            if let (Some(code), Some(name)) = (code, name) {
                names[code] = Some(name.to_owned());
            }
        }
        names
    }
}

/// What a glyph's name means: by the list, by its parts, by the number that it has in hexadecimal (`uni0041`, `u1F600`)
/// or in decimal (`a65`, as makers of bitmap fonts name them).
pub fn meaning(name: &str) -> Vec<char> {
    let name = if name == ".notdef" { "" } else { name };
    let name = name.split_once('.').map_or(name, |(name, _)| name);
    // Ligatures are their letters.
    if let Some(letters) = ["ff", "fi", "fl", "ffi", "ffl"].iter().find(|letters| **letters == name) {
        return letters.chars().collect();
    }
    if let Some(known) = NAMES.get(name) {
        return known.clone();
    }
    if name.contains('_') {
        return name.split('_').flat_map(meaning).collect();
    }
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    if let Some(digits) = name.strip_prefix("uni").filter(|digits| digits.len() >= 4 && digits.is_ascii()) {
        let units = digits.as_bytes().chunks_exact(4).filter_map(|unit| std::str::from_utf8(unit).ok());
        let units: Vec<u16> = units.filter_map(|unit| u16::from_str_radix(unit, 16).ok()).collect();
        return char::decode_utf16(units).flatten().collect();
    }
    if let Some(digits) = name.strip_prefix('u').filter(|digits| (4..=6).contains(&digits.len())) {
        return hex(digits).into_iter().collect();
    }
    let digits = name.trim_start_matches(|char: char| char.is_ascii_alphabetic());
    let plain = name.len() - digits.len() <= 2 && !digits.is_empty();
    let code = digits.parse().ok().filter(|code| plain && *code >= 32).and_then(char::from_u32);
    code.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{Base, meaning};

    #[test]
    fn names_mean_what_the_list_and_their_form_say() {
        let said = |name| meaning(name).into_iter().collect::<String>();
        assert_eq!(said("eacute"), "é");
        assert_eq!(said("fi"), "fi");
        assert_eq!(said("f_f_i"), "ffi");
        assert_eq!(said("A.sc"), "A");
        assert_eq!(said("uni00410308"), "A\u{308}");
        assert_eq!(said("u1F600"), "😀");
        assert_eq!(said("a9"), "✠");
        assert_eq!(said("c65"), "A");
        assert_eq!(said(".notdef"), "");
        assert_eq!(said("nonsense"), "");
    }

    #[test]
    fn encodings_name_their_codes() {
        assert_eq!(Base::WinAnsi.names()[0x80].as_deref(), Some("Euro"));
        assert_eq!(Base::Standard.names()[0x80], None);
        assert_eq!(Base::Symbol.names()[0x61].as_deref(), Some("alpha"));
    }
}
