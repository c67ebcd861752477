//! Numbers as their cells show them: the format codes of Excel (ECMA-376, part 1, 18.8.31), in English.
//!
//! Fractions (`# ?/?`) and conditions (`[>100]`) are not kept: such a number is written plainly, by its sign's section.

use std::fmt::Write as _;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Of the calendar that begins with 1904.
const MAC: f64 = 1462.0;
/// Beyond the year 9999.
const LAST: f64 = 2_958_466.0;

/// A part of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
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
}

/// A number as a format code shows it.
pub fn shown(value: f64, code: &str, is_1904: bool) -> String {
    if code.eq_ignore_ascii_case("general") {
        return general(value);
    }
    let sections = sections(code);
    let (section, signed) = match (sections.len(), value) {
        (2.., value) if value < 0.0 => (1, false),
        (3.., 0.0) => (2, false),
        _ => (0, true),
    };
    let tokens = &sections[section];
    let is_date =
        tokens.iter().any(|token| matches!(token, Token::Date(..) | Token::Elapsed(..) | Token::Noon(_)));
    let made = if is_date {
        date(value + if is_1904 { MAC } else { 0.0 }, tokens)
    } else {
        let number = if signed { value } else { value.abs() };
        figures(number, tokens)
    };
    made.trim().to_owned()
}

/// A number without a format: fifteen figures at most.
pub fn general(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let exact = format!("{value:.14e}");
    let Some((figures, power)) = exact.split_once('e') else { return value.to_string() };
    let power: i32 = power.parse().unwrap_or(0);
    let figures = figures.trim_end_matches('0').trim_end_matches('.');
    if !(-5..=15).contains(&power) {
        return format!("{figures}E{}{:02}", if power < 0 { '-' } else { '+' }, power.abs());
    }
    let plain = format!("{value:.*}", usize::try_from(14 - power).unwrap_or(0));
    if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.').to_owned() } else { plain }
}

/// The sections of a code, at least one.
fn sections(code: &str) -> Vec<Vec<Token>> {
    let mut sections = vec![Vec::new()];
    let mut letters = code.chars().peekable();
    let mut push = |token: Option<Token>, next: bool| {
        if next {
            sections.push(Vec::new());
        }
        if let (Some(tokens), Some(token)) = (sections.last_mut(), token) {
            match (tokens.last_mut(), token) {
                (Some(Token::Text(text)), Token::Text(more)) => text.push_str(&more),
                (_, token) => tokens.push(token),
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
                if let Some(currency) = inner.strip_prefix('$') {
                    push(text(currency.split('-').next().unwrap_or_default().to_owned()), false);
                } else if "hms".contains(first)
                    && inner.chars().all(|letter| letter.to_ascii_lowercase() == first)
                {
                    push(Some(Token::Elapsed(first, inner.len())), false);
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

fn figures(value: f64, tokens: &[Token]) -> String {
    let digits = tokens.iter().any(|token| matches!(token, Token::Digit(_)));
    let fraction = digits && tokens.contains(&Token::Slash);
    if fraction || (tokens.is_empty() && value != 0.0) {
        return general(value);
    }
    let point = tokens.iter().position(|token| *token == Token::Point).unwrap_or(tokens.len());
    let power = tokens.iter().position(|token| matches!(token, Token::Exponent(_))).unwrap_or(tokens.len());
    let whole_end = point.min(power);
    let is_digit = |token: &Token| matches!(token, Token::Digit(_));
    let last = tokens[..whole_end].iter().rposition(is_digit);
    let commas = |range: &[Token]| range.iter().filter(|token| **token == Token::Comma).count();
    let grouped = last.is_some_and(|last| commas(&tokens[..last]) > 0);
    // Commas behind the last place, before the point or after it, divide by a thousand each.
    let behind = tokens[whole_end..power].iter().rposition(is_digit).map_or(power, |last| whole_end + last);
    let scale = last.map_or(0, |last| commas(&tokens[last..whole_end])) + commas(&tokens[behind..power]);
    let percents = tokens.iter().filter(|token| **token == Token::Percent).count();
    let mut number = value.abs() * 100_f64.powi(percents as i32) / 1000_f64.powi(scale as i32);
    let places = tokens[whole_end..power].iter().filter(|token| is_digit(token)).count().min(30);
    let mut exponent = 0;
    if power < tokens.len() && number > 0.0 {
        let wholes = tokens[..whole_end].iter().filter(|token| is_digit(token)).count().max(1) as i32;
        exponent = number.log10().floor() as i32 - (wholes - 1);
        number /= 10_f64.powi(exponent);
        if rounded(number, places).split('.').next().is_some_and(|whole| whole.len() as i32 > wholes) {
            exponent += 1;
            number /= 10.0;
        }
    }
    let written = rounded(number, places);
    let (whole, part) = written.split_once('.').unwrap_or((&written, ""));
    let zero = whole.bytes().chain(part.bytes()).all(|digit| digit == b'0');
    let mut left = whole_part(whole.trim_start_matches('0'), &tokens[..whole_end], grouped);
    let needed = tokens[whole_end..power].iter().filter(|token| is_digit(token));
    let kept = needed.enumerate().filter(|(at, token)| {
        **token == Token::Digit('0') || part[(*at).min(part.len())..].bytes().any(|digit| digit != b'0')
    });
    let kept = kept.map(|(at, _)| at + 1).max().unwrap_or(0);
    let (mut at, mut shown_point) = (0, false);
    for token in &tokens[whole_end..] {
        match token {
            Token::Point if !shown_point => {
                shown_point = true;
                if kept > 0 || point + 1 == power {
                    left.push('.');
                }
            }
            Token::Digit(_) if at < places && !left.contains('E') => {
                if at < kept {
                    left.push_str(part.get(at..=at).unwrap_or("0"));
                }
                at += 1;
            }
            Token::Exponent(plus) => {
                let width = tokens[power..].iter().filter(|token| is_digit(token)).count();
                let sign = if exponent < 0 {
                    "-"
                } else if *plus {
                    "+"
                } else {
                    ""
                };
                let _ = write!(left, "E{sign}{:0width$}", exponent.abs());
            }
            Token::Text(text) => left.push_str(text),
            Token::Percent => left.push('%'),
            Token::Slash => left.push('/'),
            _ => {}
        }
    }
    if tokens.contains(&Token::General) || tokens.contains(&Token::Own) {
        left = left.replacen('\u{1}', &general(value.abs()), 1);
    }
    let negative = value < 0.0 && !(zero && digits);
    if negative { format!("-{left}") } else { left }
}

/// The places before the point, filled from the right.
fn whole_part(digits: &str, tokens: &[Token], grouped: bool) -> String {
    let mut rest = digits.chars().rev().peekable();
    let first = tokens.iter().position(|token| matches!(token, Token::Digit(_)));
    let mut made: Vec<char> = Vec::new();
    let mut count = 0;
    let mut put = |made: &mut Vec<char>, digit: char| {
        if grouped && count > 0 && count % 3 == 0 {
            made.push(',');
        }
        count += 1;
        made.push(digit);
    };
    for (at, token) in tokens.iter().enumerate().rev() {
        match token {
            Token::Digit(kind) => {
                match rest.next() {
                    Some(digit) => put(&mut made, digit),
                    None if *kind == '0' => put(&mut made, '0'),
                    None if *kind == '?' => made.push(' '),
                    None => {}
                }
                if Some(at) == first {
                    for digit in rest.by_ref() {
                        put(&mut made, digit);
                    }
                }
            }
            Token::Text(text) => made.extend(text.chars().rev()),
            Token::Percent => made.push('%'),
            // Its place, filled when all is there.
            Token::General | Token::Own => made.push('\u{1}'),
            Token::Slash => made.push('/'),
            _ => {}
        }
    }
    made.into_iter().rev().collect()
}

/// With so many places, halves away from zero as spreadsheets do: what a person sees decides, not the last bit.
fn rounded(number: f64, places: usize) -> String {
    let nearest = format!("{number:.places$}");
    let figures = general(number);
    let half =
        figures.split_once('.').is_some_and(|(_, part)| part.len() == places + 1 && part.ends_with('5'));
    if half && !figures.contains('E') {
        let up = number + 10_f64.powi(-(places as i32) - 1) * 0.5;
        return format!("{up:.places$}");
    }
    nearest
}

/// Year, month, day, and the day of the week from Monday.
fn civil(serial: i64) -> (i64, usize, i64, usize) {
    // Days since 1970-01-01; the count begins with 1899-12-30.
    let days = serial - 25_569;
    let weekday = usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0);
    // Howard Hinnant's algorithm.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, usize::try_from(month).unwrap_or(1), day, weekday)
}

fn date(serial: f64, tokens: &[Token]) -> String {
    if !(0.0..LAST).contains(&serial) {
        return general(serial);
    }
    let parts =
        tokens.windows(2).position(|pair| pair[0] == Token::Point && matches!(pair[1], Token::Digit(_)));
    let places =
        parts.map_or(0, |at| tokens[at + 1..].iter().take_while(|t| matches!(t, Token::Digit(_))).count());
    let unit = 10_i64.pow(places.min(6) as u32);
    let ticks = (serial * 86_400.0 * unit as f64).round() as i64;
    let seconds = ticks / unit;
    let (year, month, day, weekday) = civil(seconds.div_euclid(86_400));
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let noon = tokens.iter().any(|token| matches!(token, Token::Noon(_)));
    let mut made = String::new();
    let mut last = ' ';
    for (at, token) in tokens.iter().enumerate() {
        let wide =
            |number: i64, count: usize| if count > 1 { format!("{number:02}") } else { number.to_string() };
        match token {
            Token::Date('y', 1 | 2) => {
                let _ = write!(made, "{:02}", year % 100);
            }
            Token::Date('y', _) => {
                let _ = write!(made, "{year:04}");
            }
            Token::Date('m', count) => {
                let next = tokens[at + 1..].iter().find_map(|token| match token {
                    Token::Date(letter, _) | Token::Elapsed(letter, _) => Some(*letter),
                    _ => None,
                });
                // Beside hours or seconds it means minutes.
                let name = MONTHS.get(month - 1).copied().unwrap_or_default();
                made.push_str(&match count {
                    1 | 2 if last == 'h' || next == Some('s') => wide(minute, *count),
                    1 | 2 => wide(month as i64, *count),
                    3 => name[..3].to_owned(),
                    5 => name[..1].to_owned(),
                    _ => name.to_owned(),
                });
            }
            Token::Date('d', count @ (1 | 2)) => made.push_str(&wide(day, *count)),
            Token::Date('d', 3) => made.push_str(&DAYS[weekday][..3]),
            Token::Date('d', _) => made.push_str(DAYS[weekday]),
            Token::Date('h', count) => {
                let hour = if noon { (hour + 11) % 12 + 1 } else { hour };
                made.push_str(&wide(hour, *count));
            }
            Token::Date('s', count) => made.push_str(&wide(second, *count)),
            Token::Elapsed(letter, count) => {
                let of = match letter {
                    'h' => seconds / 3600,
                    'm' => seconds / 60,
                    _ => seconds,
                };
                made.push_str(&wide(of, *count));
            }
            Token::Noon(short) => {
                let word = if hour < 12 { "AM" } else { "PM" };
                made.push_str(if *short { &word[..1] } else { word });
            }
            Token::Point if places > 0 => {
                let _ = write!(made, ".{:0places$}", ticks % unit);
            }
            Token::Point => made.push('.'),
            Token::Comma => made.push(','),
            Token::Slash => made.push('/'),
            Token::Text(text) => made.push_str(text),
            _ => {}
        }
        if let Token::Date(letter, _) | Token::Elapsed(letter, _) = token {
            last = *letter;
        }
    }
    made
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
        14 => "mm/dd/yyyy",
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
        45 => "mm:ss",
        46 => "[h]:mm:ss",
        47 => "mm:ss.0",
        48 => "##0.0E+0",
        49 => "@",
        _ => "General",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_as_the_code_says() {
        let cases = [
            (1234.5, "#,##0.00\\ [$€-407]", "1,234.50 €"),
            (-0.5, "#,##0.00\\ [$€-407]", "-0.50 €"),
            (0.125, "0.0%", "12.5%"),
            (9_876_543.219, "#,##0.00", "9,876,543.22"),
            (-3.0, "#,##0.00_);(#,##0.00)", "(3.00)"),
            (123_456.0, "0.00E+00", "1.23E+05"),
            (0.000_99, "0.0E+0", "9.9E-4"),
            (1.0, "\"TRUE\";\"TRUE\";\"FALSE\"", "TRUE"),
            (0.0, "\"TRUE\";\"TRUE\";\"FALSE\"", "FALSE"),
            (7.0, "000", "007"),
            (0.5, "#.##", ".5"),
            (1_500_000.0, "0.0,,\"M\"", "1.5M"),
            (42.0, "General", "42"),
            (-42.5, "General\" kg\"", "-42.5 kg"),
            (2.5, "0", "3"),
            (1.005, "0.00", "1.01"),
            (5_551_234.0, "000-0000", "555-1234"),
            (0.75, "# ?/?", "0.75"),
            (-0.001, "0.00", "0.00"),
        ];
        for (value, code, expected) in cases {
            assert_eq!(shown(value, code, false), expected, "{value} {code}");
        }
    }

    #[test]
    fn dates_are_as_the_code_says() {
        let cases = [
            (45_351.0, "yyyy\\-mm\\-dd", "2024-02-29"),
            (36_525.0, "d\". \"mmmm\\ yyyy", "31. December 1999"),
            (0.545_243_055_555_556, "hh:mm:ss", "13:05:09"),
            (0.545_243_055_555_556, "h:mm AM/PM", "1:05 PM"),
            (45_351.75, "ddd m/d/yy h:mm", "Thu 2/29/24 18:00"),
            (1.5, "[h]:mm", "36:00"),
            (1.0 / 86_400.0 * 61.25, "mm:ss.00", "01:01.25"),
            (60.0, "yyyy-mm-dd", "1900-02-28"),
        ];
        for (value, code, expected) in cases {
            assert_eq!(shown(value, code, false), expected, "{value} {code}");
        }
        assert_eq!(shown(0.0, "yyyy-mm-dd", true), "1904-01-01");
        assert_eq!(shown(-1.0, "yyyy-mm-dd", false), "-1");
    }

    #[test]
    fn numbers_without_a_format_have_fifteen_figures() {
        assert_eq!(
            [0.1, 1.0 / 3.0, 12_345_678_901.0, -42.0, 0.1 + 0.2].map(general).join(" "),
            "0.1 0.333333333333333 12345678901 -42 0.3"
        );
        assert_eq!(general(1e20), "1E+20");
        assert_eq!(general(1.5e-7), "1.5E-07");
    }
}
