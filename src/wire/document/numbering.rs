//! The labels of lists: numbers and bullets that programs show and do not store.

use std::collections::HashMap;

/// How a level counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Decimal,
    /// At least two digits.
    Zero,
    UpperRoman,
    LowerRoman,
    UpperLetter,
    LowerLetter,
    Ordinal,
    /// The label is its text alone.
    Bullet,
    None,
}

/// One level of a list.
#[derive(Debug, Clone)]
pub struct Level {
    pub start: u32,
    pub style: Style,
    /// What stands there: text, and the numbers of levels from 0.
    pub label: Vec<Piece>,
    /// The level, from 0, after which this one begins anew; `None` for any above.
    pub restart: Option<u8>,
}

/// A part of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Level(u8),
}

/// Where each list is.
#[derive(Debug, Default)]
pub struct Counters {
    lists: HashMap<u32, Vec<Option<u32>>>,
}

impl Counters {
    /// The label of the next item of a list on a level; empty where it has none.
    pub fn next(&mut self, list: u32, level: usize, levels: &[Level]) -> String {
        let Some(own) = levels.get(level) else { return String::new() };
        let counts = self.lists.entry(list).or_default();
        counts.resize(counts.len().max(levels.len()), None);
        counts[level] = Some(counts[level].map_or(own.start, |count| count.saturating_add(1)));
        for (deeper, count) in counts.iter_mut().enumerate().skip(level + 1) {
            let restarts = levels.get(deeper).and_then(|deeper| deeper.restart);
            if restarts.is_none_or(|after| level <= usize::from(after)) {
                *count = None;
            }
        }
        let mut label = String::new();
        for piece in &own.label {
            match piece {
                Piece::Text(text) => label.push_str(text),
                Piece::Level(at) => {
                    let at = usize::from(*at);
                    if let Some(of) = levels.get(at) {
                        label.push_str(&number(counts[at].unwrap_or(of.start), of.style));
                    }
                }
            }
        }
        label
    }

    /// A list begins anew on a level, at this number.
    pub fn restart(&mut self, list: u32, level: usize, start: u32) {
        let counts = self.lists.entry(list).or_default();
        counts.resize(counts.len().max(level + 1), None);
        counts[level] = start.checked_sub(1);
    }
}

/// A count as its style writes it.
pub fn number(count: u32, style: Style) -> String {
    match style {
        Style::Decimal => count.to_string(),
        Style::Zero => format!("{count:02}"),
        Style::UpperRoman => roman(count),
        Style::LowerRoman => roman(count).to_lowercase(),
        Style::UpperLetter => letters(count).to_uppercase(),
        Style::LowerLetter => letters(count),
        Style::Ordinal => {
            let teen = (11..=13).contains(&(count % 100));
            let ending = match count % 10 {
                1 if !teen => "st",
                2 if !teen => "nd",
                3 if !teen => "rd",
                _ => "th",
            };
            format!("{count}{ending}")
        }
        Style::Bullet | Style::None => String::new(),
    }
}

/// a … z, aa, bb …
fn letters(count: u32) -> String {
    let Some(at) = count.checked_sub(1) else { return String::new() };
    let letter = char::from(b'a' + (at % 26) as u8);
    std::iter::repeat_n(letter, (at / 26 + 1).min(30) as usize).collect()
}

fn roman(count: u32) -> String {
    const SIGNS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if count >= 4000 {
        return count.to_string();
    }
    let mut left = count;
    let mut made = String::new();
    for (value, sign) in SIGNS {
        while left >= value {
            made.push_str(sign);
            left -= value;
        }
    }
    made
}

/// A bullet as Unicode has it: Word takes them from the private places of its symbol fonts. The round one stands on
/// every level there; text has other signs for deeper levels, from 0.
pub fn bullet(letter: char, level: usize) -> char {
    match letter {
        '\u{F0B7}' => ['•', '◦', '▪'][level.min(2)],
        '\u{F0A7}' | '\u{F06E}' => '▪',
        '\u{F0D8}' => '➢',
        '\u{F0FC}' => '✓',
        '\u{F076}' => '❖',
        '\u{F0E0}' => '→',
        '\u{F02D}' => '-',
        '\u{F020}'..='\u{F0FF}' => '•',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(style: Style, label: &[Piece]) -> Level {
        Level { start: 1, style, label: label.to_vec(), restart: None }
    }

    #[test]
    fn items_are_counted_on_their_level_and_below_another_anew() {
        let dot = Piece::Text(".".into());
        let levels = [
            level(Style::Decimal, &[Piece::Level(0), dot.clone()]),
            level(Style::LowerLetter, &[Piece::Level(0), dot.clone(), Piece::Level(1)]),
        ];
        let mut counters = Counters::default();
        let mut next = |at: usize| counters.next(7, at, &levels);
        assert_eq!([next(0), next(1), next(1), next(0), next(1)], ["1.", "1.a", "1.b", "2.", "2.a"]);
        assert_eq!(counters.next(8, 0, &levels), "1.");
        counters.restart(8, 0, 5);
        assert_eq!(counters.next(8, 0, &levels), "5.");
        assert_eq!(counters.next(8, 9, &levels), "");
    }

    #[test]
    fn numbers_are_written_in_their_style() {
        assert_eq!(number(1994, Style::UpperRoman), "MCMXCIV");
        assert_eq!(number(4, Style::LowerRoman), "iv");
        assert_eq!(number(28, Style::LowerLetter), "bb");
        assert_eq!(
            [1, 2, 3, 11, 112, 121].map(|n| number(n, Style::Ordinal)).join(" "),
            "1st 2nd 3rd 11th 112th 121st"
        );
        assert_eq!(number(7, Style::Zero), "07");
    }
}
