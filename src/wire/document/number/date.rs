//! Numbers as dates and times.

use std::fmt::Write as _;

use super::code::{Section, Token};
use super::figures::general;
use super::names::names;

/// Of the calendar that begins with 1904.
const MAC: f64 = 1462.0;
/// From the year 100 on, up to 9999.
const FIRST: f64 = -657_434.0;
const LAST: f64 = 2_958_466.0;
/// Of a second.
const TICKS: i64 = 100_000;

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

/// A number as the date and time that it is under one section.
pub fn date(value: f64, is_1904: bool, section: &Section) -> String {
    let (tokens, names) = (&*section.tokens, names(section.language));
    let serial = value + if is_1904 { MAC } else { 0.0 };
    if !(FIRST..LAST).contains(&serial) {
        return general(serial);
    }
    let parts =
        tokens.windows(2).position(|pair| pair[0] == Token::Point && matches!(pair[1], Token::Digit(_)));
    let places =
        parts.map_or(0, |at| tokens[at + 1..].iter().take_while(|t| matches!(t, Token::Digit(_))).count());
    // A clock shows no second that has not come; what the last bits lack is no part of one. What has elapsed is rounded.
    let elapsed = tokens.iter().any(|token| matches!(token, Token::Elapsed(..)));
    let counted = if elapsed { serial.abs() } else { serial };
    let ticks = (counted * 86_400.0 * TICKS as f64).round() as i64;
    let ticks = if elapsed && places == 0 { ticks + TICKS / 2 } else { ticks };
    let (seconds, part) = (ticks.div_euclid(TICKS), ticks.rem_euclid(TICKS));
    let (year, month, day, weekday) = civil(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let noon = tokens.iter().any(|token| matches!(token, Token::Noon(_)));
    let mut made = if elapsed && serial < 0.0 { "-".to_owned() } else { String::new() };
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
                let of = |names: &[&'static str]| names.get(month - 1).copied().unwrap_or_default();
                let name = of(&names.months);
                made.push_str(&match count {
                    1 | 2 if last == 'h' || next == Some('s') => wide(minute, *count),
                    1 | 2 => wide(month as i64, *count),
                    3 => of(&names.short_months).to_owned(),
                    5 => name.chars().take(1).collect(),
                    _ => name.to_owned(),
                });
            }
            Token::Date('d', count @ (1 | 2)) => made.push_str(&wide(day, *count)),
            Token::Date('d', 3) => made.push_str(names.short_days[weekday]),
            Token::Date('d', _) => made.push_str(names.days[weekday]),
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
                // Rounded, but not up to the next second.
                let (digits, one) = (places.min(5) as u32, 10_i64.pow(5 - places.min(5) as u32));
                let shown = ((part + one / 2) / one).min(10_i64.pow(digits) - 1);
                let _ = write!(made, ".{shown:0places$}");
            }
            Token::Point => made.push('.'),
            Token::Comma => made.push(','),
            Token::Slash => made.push(names.slash),
            Token::Text(text) => made.push_str(text),
            _ => {}
        }
        if let Token::Date(letter, _) | Token::Elapsed(letter, _) = token {
            last = *letter;
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::super::shown;

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
            (36_525.999, "hh:mm:ss", "23:58:33"),
            (36_525.999, "[h]:mm:ss", "876623:58:34"),
            (36_525.999, "mm:ss.0", "58:33.6"),
            (45_351.123_456_789, "mm:ss.0", "57:46.7"),
            (1.0 / 86_400.0 * 59.9999, "mm:ss.0", "00:59.9"),
            (45_351.708_333_333_3, "hh:mm:ss", "17:00:00"),
            (0.999_999, "hh:mm:ss.000", "23:59:59.914"),
            (-1.25, "[h]:mm", "-30:00"),
            (45_351.75, "dd/mm/yyyy;@", "29/02/2024"),
            (45_351.0, "[$-407]ddd, d. mmmm yyyy", "Do, 29. Februar 2024"),
            (45_351.0, "[$-407]d/m/yyyy", "29.2.2024"),
            (45_351.0, "[$-1040C]mmm mmmmm", "févr. f"),
            (45_351.0, "[$-F800]dddd", "Thursday"),
            (60.0, "yyyy-mm-dd", "1900-02-28"),
        ];
        for (value, code, expected) in cases {
            assert_eq!(shown(value, code, false), expected, "{value} {code}");
        }
        assert_eq!(shown(0.0, "yyyy-mm-dd", true), "1904-01-01");
        assert_eq!(shown(-1.0, "yyyy-mm-dd", false), "1899-12-29");
        assert_eq!(shown(3_000_000.0, "yyyy-mm-dd", false), "3000000");
    }
}
