//! Format codes in their parts.

use std::cmp::Ordering;

/// A section of a code: one look for some numbers.
#[derive(Debug, Default)]
pub struct Section {
    pub when: Option<When>,
    /// In which its months and days are named, by its number in Windows; 0 where none is said.
    pub language: u16,
    pub tokens: Vec<Token>,
}

/// Which numbers a section is for, where it says so itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct When {
    below: bool,
    equal: bool,
    above: bool,
    limit: f64,
}

impl When {
    fn read(inner: &str) -> Option<Self> {
        let number = inner.trim_start_matches(['<', '>', '=']);
        let sign = &inner[..inner.len() - number.len()];
        let [below, equal, above] = ['<', '=', '>'].map(|letter| sign.contains(letter));
        let limit = number.trim().parse().ok().filter(|_| !sign.is_empty())?;
        Some(Self { below, equal, above, limit })
    }

    pub fn holds(self, value: f64) -> bool {
        match value.partial_cmp(&self.limit) {
            Some(Ordering::Less) => self.below,
            Some(Ordering::Equal) => self.equal,
            Some(Ordering::Greater) => self.above,
            None => false,
        }
    }

    /// Whether only negative numbers are meant.
    pub fn is_negative(self) -> bool {
        self.below && !self.above && (self.limit < 0.0 || (self.limit == 0.0 && !self.equal))
    }

    /// Whether all positive numbers are meant, and none else but naught.
    pub fn is_positive(self) -> bool {
        self.above && !self.below && self.limit == 0.0
    }
}

/// A part of a code.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Text(String),
    /// `0`, `#` or `?`.
    Digit(char),
    Point,
    Comma,
    Percent,
    /// `E+` and `E-`; the first writes a plus.
    Exponent(bool),
    Slash,
    /// A letter of a date, so many of it.
    Date(char, usize),
    /// Hours, minutes or seconds that do not stop at a day.
    Elapsed(char, usize),
    /// `AM/PM`; short as `A/P`.
    Noon(bool),
    General,
    /// The cell's own text.
    Own,
    /// Which numbers it is for, and in which language: said of the section, never in it.
    When(When),
    Language(u16),
}

/// The sections of a code, at least one.
pub fn sections(code: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut letters = code.chars().peekable();
    let mut push = |token: Option<Token>, next: bool| {
        if next {
            sections.push(Section::default());
        }
        if let (Some(section), Some(token)) = (sections.last_mut(), token) {
            match (section.tokens.last_mut(), token) {
                (_, Token::When(when)) => section.when = Some(when),
                (_, Token::Language(language)) => section.language = language,
                (Some(Token::Text(text)), Token::Text(more)) => text.push_str(&more),
                (_, token) => section.tokens.push(token),
            }
        }
    };
    while let Some(letter) = letters.next() {
        let text = |text: String| Some(Token::Text(text));
        let low = letter.to_ascii_lowercase();
        match letter {
            ';' => push(None, true),
            '"' => push(text(letters.by_ref().take_while(|letter| *letter != '"').collect()), false),
            '\\' => push(text(letters.next().into_iter().collect()), false),
            // A space as wide as the next letter; the next letter as often as there is room.
            '_' => {
                letters.next();
                push(text(" ".to_owned()), false);
            }
            '*' => {
                letters.next();
            }
            '[' => {
                let inner: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                let first = inner.chars().next().unwrap_or(' ').to_ascii_lowercase();
                if let Some(language) = inner.strip_prefix("$-") {
                    // What stands before the last four digits is of calendars and of ways to write digits.
                    let language = u32::from_str_radix(language, 16).unwrap_or(0) & 0xffff;
                    push(Some(Token::Language(language as u16)), false);
                } else if let Some(currency) = inner.strip_prefix('$') {
                    push(text(currency.split('-').next().unwrap_or_default().to_owned()), false);
                } else if "hms".contains(first)
                    && inner.chars().all(|letter| letter.to_ascii_lowercase() == first)
                {
                    push(Some(Token::Elapsed(first, inner.len())), false);
                } else if let Some(when) = When::read(&inner) {
                    push(Some(Token::When(when)), false);
                }
            }
            '0' | '#' | '?' => push(Some(Token::Digit(letter)), false),
            '.' => push(Some(Token::Point), false),
            ',' => push(Some(Token::Comma), false),
            '%' => push(Some(Token::Percent), false),
            '/' => push(Some(Token::Slash), false),
            '@' => push(Some(Token::Own), false),
            'E' | 'e' if matches!(letters.peek(), Some('+' | '-')) => {
                push(Some(Token::Exponent(letters.next() == Some('+'))), false);
            }
            'A' | 'a' => {
                let rest: String = letters.clone().take(4).collect();
                let rest = rest.to_ascii_uppercase();
                let (length, token) = if rest.starts_with("M/PM") {
                    (4, Some(Token::Noon(false)))
                } else if rest.starts_with("/P") {
                    (2, Some(Token::Noon(true)))
                } else {
                    (0, text(letter.to_string()))
                };
                letters.by_ref().take(length).for_each(drop);
                push(token, false);
            }
            'G' | 'g' => {
                let rest: String = letters.clone().take(6).collect();
                if rest.eq_ignore_ascii_case("eneral") {
                    letters.by_ref().take(6).for_each(drop);
                    push(Some(Token::General), false);
                }
            }
            _ if "ymdhs".contains(low) => {
                let mut count = 1;
                while letters.next_if(|next| next.to_ascii_lowercase() == low).is_some() {
                    count += 1;
                }
                push(Some(Token::Date(low, count)), false);
            }
            other => push(text(other.to_string()), false),
        }
    }
    sections
}

/// The codes that files name by number alone (18.8.30), for the United States.
pub fn built_in(number: u16) -> &'static str {
    match number {
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        5 | 6 => "$#,##0_);($#,##0)",
        7 | 8 => "$#,##0.00_);($#,##0.00)",
        9 => "0%",
        10 => "0.00%",
        11 => "0.00E+00",
        12 => "# ?/?",
        13 => "# ??/??",
        14 | 27..=31 | 36 => "m/d/yyyy",
        15 => "d-mmm-yy",
        16 => "d-mmm",
        17 => "mmm-yy",
        18 => "h:mm AM/PM",
        19 => "h:mm:ss AM/PM",
        20 => "h:mm",
        21 => "h:mm:ss",
        22 => "m/d/yyyy h:mm",
        37 | 38 => "#,##0_);(#,##0)",
        39 | 40 => "#,##0.00_);(#,##0.00)",
        41 => "_(* #,##0_);_(* (#,##0);_(* \"-\"_);_(@_)",
        42 => "_($* #,##0_);_($* (#,##0);_($* \"-\"_);_(@_)",
        43 => "_(* #,##0.00_);_(* (#,##0.00);_(* \"-\"??_);_(@_)",
        44 => "_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)",
        45 => "mm:ss",
        46 => "[h]:mm:ss",
        47 => "mm:ss.0",
        48 => "##0.0E+0",
        49 => "@",
        _ => "General",
    }
}
