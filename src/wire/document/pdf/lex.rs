//! The tokens of content streams and of character maps (ISO 32000-1, 7.2).

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Open,
    Close,
    OpenDict,
    CloseDict,
    Word(Vec<u8>),
}

#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    data: &'a [u8],
    at: usize,
}

fn space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl<'a> Lexer<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    fn regular(&mut self) -> &'a [u8] {
        let rest = &self.data[self.at..];
        let length = rest.iter().take_while(|byte| !space(**byte) && !delimiter(**byte)).count();
        self.at += length;
        &rest[..length]
    }

    fn skip(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                    self.at += 1;
                }
            } else if !space(byte) {
                return;
            } else {
                self.at += 1;
            }
        }
    }

    /// Past the data of an inline image: to its `EI` between spaces, after which no bytes but those of text come.
    pub fn skip_image(&mut self) {
        self.at += 1;
        while self.at < self.data.len() {
            let rest = &self.data[self.at..];
            let ends = rest.starts_with(b"EI")
                && self.at.checked_sub(1).is_none_or(|before| space(self.data[before]))
                && rest.get(2).is_none_or(|byte| space(*byte));
            if ends && rest.iter().take(14).all(|byte| space(*byte) || (32..127).contains(byte)) {
                self.at += 2;
                return;
            }
            self.at += 1;
        }
    }

    fn string(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut depth = 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                b'\\' => {
                    text.extend(self.escaped());
                    continue;
                }
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.at += 1;
                    }
                    text.push(b'\n');
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        text
    }

    fn escaped(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'\n' => return None,
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
                return None;
            }
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.peek() {
                        Some(next @ b'0'..=b'7') => value = value * 8 + u32::from(next - b'0'),
                        _ => break,
                    }
                    self.at += 1;
                }
                u8::try_from(value & 0xff).unwrap_or_default()
            }
            other => other,
        })
    }

    fn hex(&mut self) -> Vec<u8> {
        let mut digits = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            digits.extend(digit(byte));
        }
        digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or_default()).collect()
    }

    fn name(&mut self) -> Vec<u8> {
        let raw = self.regular();
        let mut name = Vec::with_capacity(raw.len());
        let mut at = 0;
        while at < raw.len() {
            let pair = || Some((digit(*raw.get(at + 1)?)?, digit(*raw.get(at + 2)?)?));
            match (raw[at], pair()) {
                (b'#', Some((high, low))) => {
                    name.push(high << 4 | low);
                    at += 3;
                }
                (byte, _) => {
                    name.push(byte);
                    at += 1;
                }
            }
        }
        name
    }
}

/// A number as readers of PDF take it: a second sign or other letters end it. Decimals are summed digit by digit, which
/// is not the nearest double, but the one that `pdftotext` compares with its bounds.
fn number(word: &[u8]) -> Option<f64> {
    let signs = word.iter().take_while(|byte| matches!(byte, b'+' | b'-')).count();
    let digits = |from: usize| word[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = signs + digits(signs);
    let point = usize::from(word.get(whole) == Some(&b'.'));
    let end = if point == 1 { whole + 1 + digits(whole + 1) } else { whole };
    if end == signs + point {
        return None;
    }
    let mut value = 0.0;
    for digit in &word[signs..whole] {
        value = value * 10.0 + f64::from(digit - b'0');
    }
    let mut scale = 0.1;
    for digit in &word[whole + point..end] {
        value += scale * f64::from(digit - b'0');
        scale *= 0.1;
    }
    Some(if signs > 0 && word[0] == b'-' { -value } else { value })
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip();
        let byte = self.peek()?;
        let two = self.data.get(self.at + 1).copied();
        self.at += 1;
        Some(match byte {
            b'/' => Token::Name(self.name()),
            b'(' => Token::Text(self.string()),
            b'<' if two == Some(b'<') => {
                self.at += 1;
                Token::OpenDict
            }
            b'<' => Token::Text(self.hex()),
            b'>' if two == Some(b'>') => {
                self.at += 1;
                Token::CloseDict
            }
            b'[' => Token::Open,
            b']' => Token::Close,
            b')' | b'>' | b'{' | b'}' => Token::Word(vec![byte]),
            _ => {
                self.at -= 1;
                let word = self.regular();
                number(word).map_or_else(|| Token::Word(word.to_vec()), Token::Number)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Lexer, Token};

    #[test]
    fn tokens_are_as_the_format_has_them() {
        let read: Vec<Token> =
            Lexer::new(b"/A#42 (x\\(\\051(y)\\\n) <4 1> [-.5 --3 4. 1-2 .]<</B 1>>Tj% no\nET").collect();
        let name = |name: &[u8]| Token::Name(name.to_vec());
        let wanted = [
            name(b"AB"),
            Token::Text(b"x()(y)".to_vec()),
            Token::Text(b"A".to_vec()),
            Token::Open,
            Token::Number(-0.5),
            Token::Number(-3.0),
            Token::Number(4.0),
            Token::Number(1.0),
            Token::Word(b".".to_vec()),
            Token::Close,
            Token::OpenDict,
            name(b"B"),
            Token::Number(1.0),
            Token::CloseDict,
            Token::Word(b"Tj".to_vec()),
            Token::Word(b"ET".to_vec()),
        ];
        assert_eq!(read, wanted);
    }

    #[test]
    fn an_inline_image_is_passed_over() {
        let mut lexer = Lexer::new(b"ID \x00\xffEI x EI\nQ");
        assert_eq!(lexer.next(), Some(Token::Word(b"ID".to_vec())));
        lexer.skip_image();
        assert_eq!(lexer.next(), Some(Token::Word(b"Q".to_vec())));
    }
}
