//! Character maps: which bytes are a code, and what codes mean (Adobe technical notes 5014 and 5411).

use std::collections::{BTreeMap, HashMap};

use super::super::lex::{Lexer, Token};

/// More entries than this are left out; a font has at most 65536 codes.
const MOST: usize = 1 << 17;

#[derive(Debug, Default, Clone)]
pub struct Map {
    /// Code length, first and last code of a range of codes.
    spaces: Vec<(usize, u32, u32)>,
    text: HashMap<u32, Vec<u16>>,
    /// By first code: the last, and the text of the first, whose last unit counts on.
    ranges: BTreeMap<u32, (u32, Vec<u16>)>,
    /// By first code: the last, and the glyph number of the first.
    cids: BTreeMap<u32, (u32, u32)>,
    pub vertical: bool,
    /// Another map that this one goes on from.
    pub base: Option<String>,
}

fn code(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |code, byte| code << 8 | u32::from(*byte))
}

fn units(bytes: &[u8]) -> Vec<u16> {
    if let [one] = bytes {
        return vec![u16::from(*one)];
    }
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).take(64).collect()
}

fn whole(number: f64) -> u32 {
    number as u32
}

impl Map {
    pub fn read(data: &[u8]) -> Self {
        let mut map = Self::default();
        let mut before: Vec<Token> = Vec::new();
        let mut lexer = Lexer::new(data);
        while let Some(token) = lexer.next() {
            let Token::Word(word) = &token else {
                before.push(token);
                if before.len() > 8 {
                    before.remove(0);
                }
                continue;
            };
            match word.as_slice() {
                b"begincodespacerange" => map.codespaces(&mut lexer),
                b"beginbfchar" => map.chars(&mut lexer),
                b"beginbfrange" => map.text_ranges(&mut lexer),
                b"begincidchar" => map.cid_chars(&mut lexer),
                b"begincidrange" => map.cid_ranges(&mut lexer),
                b"usecmap" => {
                    if let Some(Token::Name(name)) = before.last() {
                        map.base = Some(String::from_utf8_lossy(name).into_owned());
                    }
                }
                b"def" => {
                    if let [.., Token::Name(name), Token::Number(mode)] = before.as_slice()
                        && name == b"WMode"
                    {
                        map.vertical = *mode > 0.5;
                    }
                }
                _ => {}
            }
            before.clear();
        }
        map
    }

    fn full(&self) -> bool {
        self.text.len() + self.ranges.len() + self.cids.len() + self.spaces.len() > MOST
    }

    fn codespaces(&mut self, lexer: &mut Lexer<'_>) {
        while let (Some(Token::Text(from)), Some(Token::Text(to))) = (lexer.next(), lexer.next()) {
            if (1..=4).contains(&from.len()) && !self.full() {
                self.spaces.push((from.len(), code(&from), code(&to)));
            }
        }
    }

    fn chars(&mut self, lexer: &mut Lexer<'_>) {
        while let Some(Token::Text(from)) = lexer.next() {
            match lexer.next() {
                Some(Token::Text(to)) if !self.full() => {
                    self.text.insert(code(&from), units(&to));
                }
                Some(Token::Name(_) | Token::Text(_)) => {}
                _ => break,
            }
        }
    }

    fn text_ranges(&mut self, lexer: &mut Lexer<'_>) {
        while let (Some(Token::Text(from)), Some(Token::Text(to))) = (lexer.next(), lexer.next()) {
            let (from, to) = (code(&from), code(&to));
            match lexer.next() {
                Some(Token::Text(text)) if !self.full() => {
                    self.ranges.insert(from, (to, units(&text)));
                }
                Some(Token::Open) => {
                    let mut codes = from..=to;
                    for token in lexer.by_ref().take_while(|token| *token != Token::Close) {
                        if let (Token::Text(text), Some(code), false) = (token, codes.next(), self.full()) {
                            self.text.insert(code, units(&text));
                        }
                    }
                }
                Some(Token::Text(_)) => {}
                _ => break,
            }
        }
    }

    fn cid_chars(&mut self, lexer: &mut Lexer<'_>) {
        while let (Some(Token::Text(from)), Some(Token::Number(cid))) = (lexer.next(), lexer.next()) {
            if !self.full() {
                self.cids.insert(code(&from), (code(&from), whole(cid)));
            }
        }
    }

    fn cid_ranges(&mut self, lexer: &mut Lexer<'_>) {
        while let (Some(Token::Text(from)), Some(Token::Text(to)), Some(Token::Number(cid))) =
            (lexer.next(), lexer.next(), lexer.next())
        {
            if !self.full() {
                self.cids.insert(code(&from), (code(&to), whole(cid)));
            }
        }
    }

    /// The next code of `bytes` and its length; two bytes where no range of codes says otherwise.
    pub fn code(&self, bytes: &[u8]) -> (u32, usize) {
        for length in 1..=bytes.len().min(4) {
            let code = code(&bytes[..length]);
            let within = |(of, from, to): &(usize, u32, u32)| {
                *of == length
                    && (0..length).all(|at| {
                        let byte = |code: u32| code >> (8 * at) & 0xff;
                        (byte(*from)..=byte(*to)).contains(&byte(code))
                    })
            };
            if self.spaces.iter().any(within) {
                return (code, length);
            }
        }
        let shortest = self.spaces.iter().map(|(length, ..)| *length).min().unwrap_or(2);
        let length = shortest.min(bytes.len());
        (code(&bytes[..length]), length)
    }

    pub fn has_codes(&self) -> bool {
        !self.spaces.is_empty()
    }

    pub fn has_cids(&self) -> bool {
        !self.cids.is_empty()
    }

    pub fn cid(&self, code: u32) -> Option<u32> {
        let (from, (to, cid)) = self.cids.range(..=code).next_back()?;
        (code <= *to).then(|| cid.saturating_add(code - from))
    }

    /// What a code means; nothing where the map does not say.
    pub fn text(&self, code: u32) -> Vec<char> {
        if let Some(units) = self.text.get(&code) {
            return decoded(units);
        }
        let Some((from, (to, units))) = self.ranges.range(..=code).next_back() else { return Vec::new() };
        if code > *to {
            return Vec::new();
        }
        let mut units = units.clone();
        if let Some(last) = units.last_mut() {
            *last = last.wrapping_add(u16::try_from(code - from).unwrap_or_default());
        }
        decoded(&units)
    }
}

fn decoded(units: &[u16]) -> Vec<char> {
    let text = char::decode_utf16(units.iter().copied());
    text.map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).filter(|char| *char != '\0').collect()
}

#[cfg(test)]
mod tests {
    use super::Map;

    #[test]
    fn codes_mean_what_chars_ranges_and_lists_say() {
        let map = Map::read(
            b"/WMode 1 def 1 begincodespacerange <00> <80> <8140> <9ffc> endcodespacerange
              2 beginbfchar <01> <D83DDE00> <02> <00660069> endbfchar
              3 beginbfrange <10> <12> <0041> <20> <21> [<0061> <00620063>] <30> <30> <0064> endbfrange
              1 begincidrange <8140> <8150> 633 endcidrange",
        );
        let said = |code| map.text(code).into_iter().collect::<String>();
        assert_eq!([1, 2, 0x12, 0x13, 0x21, 0x30].map(said), ["😀", "fi", "C", "", "bc", "d"]);
        assert_eq!(map.code(b"\x41\x42"), (0x41, 1));
        assert_eq!(map.code(b"\x81\x42"), (0x8142, 2));
        assert_eq!((map.cid(0x8142), map.cid(0x8151)), (Some(635), None));
        assert!(map.vertical);
    }
}
