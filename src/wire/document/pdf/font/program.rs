//! What an embedded font program tells where the file itself does not: its encoding, and which characters its glyphs
//! stand for.

use std::collections::HashMap;

use super::super::lex::{Lexer, Token};

/// The names of codes in a Type 1 font's own encoding; `None` where it has the standard one or none is found.
pub fn type1_encoding(program: &[u8]) -> Option<Vec<Option<String>>> {
    let at = program.windows(9).position(|window| window == b"/Encoding")?;
    let mut names = vec![None; 256];
    let mut lexer = Lexer::new(&program[at + 9..]).take(4096).peekable();
    if lexer.peek() == Some(&Token::Word(b"StandardEncoding".to_vec())) {
        return None;
    }
    let mut before = None;
    for token in lexer {
        match (&before, token) {
            (Some(Token::Number(code)), Token::Name(name)) => {
                if let Some(slot) = names.get_mut(*code as usize) {
                    *slot = Some(String::from_utf8_lossy(&name).into_owned());
                }
                before = None;
            }
            (_, Token::Word(word)) if word == b"def" || word == b"readonly" => {
                if names.iter().any(Option::is_some) {
                    break;
                }
            }
            (_, token) => before = Some(token),
        }
    }
    names.iter().any(Option::is_some).then_some(names)
}

/// The names of codes in a CFF font's own encoding.
pub fn cff_encoding(program: &[u8]) -> Option<Vec<Option<String>>> {
    let cff = ttf_parser::cff::Table::parse(program)?;
    let name = |code: u8| cff.glyph_name(cff.glyph_index(code)?).map(str::to_owned);
    let names: Vec<_> = (0..=u8::MAX).map(name).collect();
    names.iter().any(Option::is_some).then_some(names)
}

/// Which character each glyph of a TrueType or OpenType font stands for.
pub fn characters(program: &[u8]) -> HashMap<u32, char> {
    let mut found = HashMap::new();
    let Ok(face) = ttf_parser::Face::parse(program, 0) else { return found };
    let Some(cmap) = face.tables().cmap else { return found };
    for table in cmap.subtables.into_iter().filter(ttf_parser::cmap::Subtable::is_unicode) {
        table.codepoints(|code| {
            if let (Some(char), Some(glyph)) = (char::from_u32(code), table.glyph_index(code)) {
                found.entry(u32::from(glyph.0)).or_insert(char);
            }
        });
    }
    found
}

/// What each of 256 codes shows by a TrueType font's tables: through its symbol or Macintosh table to a glyph, and from
/// the glyph to its character or name.
pub fn symbols(program: &[u8]) -> Vec<Option<char>> {
    let mut found = vec![None; 256];
    let Ok(face) = ttf_parser::Face::parse(program, 0) else { return found };
    let known = characters(program);
    let Some(cmap) = face.tables().cmap else { return found };
    for table in cmap.subtables {
        for (code, slot) in (0_u32..).zip(&mut found).filter(|(_, slot)| slot.is_none()) {
            let glyph = table.glyph_index(0xf000 + code).or_else(|| table.glyph_index(code));
            let Some(glyph) = glyph.filter(|glyph| glyph.0 != 0) else { continue };
            let named = || super::names::meaning(face.glyph_name(glyph)?).first().copied();
            let private = |char: &char| ('\u{e000}'..='\u{f8ff}').contains(char);
            let char = known.get(&u32::from(glyph.0)).copied().filter(|char| !private(char));
            *slot = char.or_else(named);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{cff_encoding, characters, symbols, type1_encoding};

    #[test]
    fn a_type_1_font_tells_its_encoding() {
        let names = type1_encoding(b"%!\n/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} for\ndup 65 /alpha put\nreadonly def");
        assert_eq!(names.unwrap()[65].as_deref(), Some("alpha"));
        assert_eq!(type1_encoding(b"/Encoding StandardEncoding def"), None);
        assert_eq!(type1_encoding(b"nothing"), None);
    }

    #[test]
    fn broken_programs_tell_nothing() {
        assert_eq!(cff_encoding(b"\x01\x00\x04\x01"), None);
        assert!(characters(b"\0\x01\0\0").is_empty());
        assert!(symbols(b"").iter().all(Option::is_none));
    }
}
