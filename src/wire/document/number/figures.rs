//! Numbers as figures.

use std::fmt::Write as _;

use super::code::Token;

/// Beyond it a number has no exact whole part; beyond the other nobody reads a fraction.
const LARGEST: f64 = 1e15;
const MOST_PARTS: i64 = 99_999;

/// A number without a format: fifteen figures at most, and a power of ten where it would be long.
pub fn general(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let exact = format!("{value:.14e}");
    let Some((figures, power)) = exact.split_once('e') else { return value.to_string() };
    let power: i32 = power.parse().unwrap_or(0);
    let figures = figures.trim_end_matches('0').trim_end_matches('.');
    let places = figures.bytes().filter(u8::is_ascii_digit).count() as i32 - 1 - power;
    match power {
        16.. => return format!("{figures}E+{power:03}"),
        ..=-10 => return format!("{figures}E-{:02}", -power),
        -9..=-5 if places > MOST_PLACES => return format!("{figures}E-{:02}", -power),
        _ => {}
    }
    let plain = format!("{value:.*}", usize::try_from(14 - power).unwrap_or(0));
    if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.').to_owned() } else { plain }
}

/// Places behind the point of a small number that are written out.
const MOST_PLACES: i32 = 16;

/// A number under one section.
pub fn figures(value: f64, tokens: &[Token]) -> String {
    let digits = tokens.iter().any(|token| matches!(token, Token::Digit(_)));
    if let Some(slash) = tokens.iter().position(|token| *token == Token::Slash).filter(|_| digits) {
        return fraction(value, tokens, slash).unwrap_or_else(|| general(value));
    }
    if tokens.is_empty() && value != 0.0 {
        return general(value);
    }
    let point = tokens.iter().position(|token| *token == Token::Point).unwrap_or(tokens.len());
    let power = tokens.iter().position(|token| matches!(token, Token::Exponent(_))).unwrap_or(tokens.len());
    let whole_end = point.min(power);
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
        // With more places than one before the point, the power is a multiple of them.
        exponent = (number.log10().floor() as i32).div_euclid(wholes) * wholes;
        number /= 10_f64.powi(exponent);
        if rounded(number, places).split('.').next().is_some_and(|whole| whole.len() as i32 > wholes) {
            exponent += wholes;
            number /= 10_f64.powi(wholes);
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
    let plain = tokens.iter().any(|token| matches!(token, Token::General | Token::Own));
    if plain {
        left = left.replacen('\u{1}', &general(value.abs()), 1);
    }
    // Words alone have no sign.
    let negative = value < 0.0 && if digits { !zero } else { plain };
    if negative { format!("-{left}") } else { left }
}

fn is_digit(token: &Token) -> bool {
    matches!(token, Token::Digit(_))
}

/// A number as a fraction, if its code is one of those.
fn fraction(value: f64, tokens: &[Token], slash: usize) -> Option<String> {
    let start = tokens[..slash].iter().rposition(|token| !is_digit(token)).map_or(0, |at| at + 1);
    let (front, size) = (&tokens[..start], value.abs());
    if start == slash || size >= LARGEST {
        return None;
    }
    // Behind the bar there are places, or the number that is divided by.
    let (mut fixed, mut places, mut behind) = (String::new(), 0, String::new());
    for token in &tokens[slash + 1..] {
        match token {
            Token::Digit('0') if !fixed.is_empty() && behind.is_empty() => fixed.push('0'),
            Token::Digit(_) if behind.is_empty() => places += 1,
            Token::Text(text) if fixed.is_empty() && places == 0 => {
                let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
                fixed.push_str(&text[..end]);
                behind.push_str(&text[end..]);
            }
            Token::Text(text) => behind.push_str(text),
            _ => {}
        }
    }
    let is_mixed = front.iter().any(is_digit);
    let mut whole = if is_mixed { size.floor() } else { 0.0 };
    let part = size - whole;
    let (mut over, under) = match fixed.parse::<i64>() {
        Ok(under) if (1..=MOST_PARTS).contains(&under) => ((part * under as f64 - 0.5).ceil() as i64, under),
        _ if places > 0 => nearest(part, MOST_PARTS.min(10_i64.pow(places.min(9)) - 1)),
        _ => return None,
    };
    if is_mixed && over == under {
        (whole, over) = (whole + 1.0, 0);
    }
    let digits = if whole > 0.0 || over == 0 { format!("{whole:.0}") } else { String::new() };
    let mut made = whole_part(&digits, front, front.contains(&Token::Comma));
    if over > 0 || !is_mixed {
        let _ = write!(made, "{over}/{under}");
    } else {
        // The space in front of a fraction goes with it.
        made.truncate(made.trim_end().len());
    }
    made.push_str(&behind);
    Some(if value < 0.0 && (whole > 0.0 || over > 0) { format!("-{made}") } else { made })
}

/// The fraction nearest to a number among those of at most so many parts: by the continued fraction.
fn nearest(value: f64, most: i64) -> (i64, i64) {
    let (mut before, mut now, mut rest) = ((0_i64, 1_i64), (1_i64, 0_i64), value);
    loop {
        let whole = rest.floor() as i64;
        let next = before.1.saturating_add(whole.saturating_mul(now.1));
        if next > most {
            break;
        }
        (before, now) = (now, (before.0.saturating_add(whole.saturating_mul(now.0)), next));
        let left = rest - rest.floor();
        if left < 1e-11 {
            return now;
        }
        rest = left.recip();
    }
    let more = (most - before.1) / now.1.max(1);
    let other = (before.0 + more * now.0, before.1 + more * now.1);
    let off = |(over, under): (i64, i64)| (over as f64 / under as f64 - value).abs();
    if off(now) <= off(other) { now } else { other }
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

#[cfg(test)]
mod tests {
    use super::super::shown;
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
            (0.75, "# ?/?", "3/4"),
            (1234.5678, "#,##0 ?/?", "1,234 4/7"),
            (-2.25, "?/?", "-9/4"),
            (0.5678, "# ??/16", "9/16"),
            (0.3, "# ??/100\" m\"", "30/100 m"),
            (3.99, "# ?/4\" in\"", "4 in"),
            (0.001, "# ?/?", "0"),
            (1234.5678, "# ???/???", "1234 67/118"),
            (0.3, "0 ?/?", "0 2/7"),
            (1234.5, "##0.0E+0", "1.2E+3"),
            (123_456_789.0, "##0.0E+0", "123.5E+6"),
            (0.5, "##0.0E+0", "500.0E-3"),
            (999.96, "##0.0E+0", "1.0E+3"),
            (-1.0, "\"only words\"", "only words"),
            (-0.001, "0.00", "0.00"),
        ];
        for (value, code, expected) in cases {
            assert_eq!(shown(value, code, false), expected, "{value} {code}");
        }
    }

    #[test]
    fn numbers_without_a_format_have_fifteen_figures() {
        assert_eq!(
            [0.1, 1.0 / 3.0, 12_345_678_901.0, -42.0, 0.1 + 0.2].map(general).join(" "),
            "0.1 0.333333333333333 12345678901 -42 0.3"
        );
        // As LibreOffice writes them, its three places of a power among it.
        for (value, expected) in [
            (1e20, "1E+020"),
            (-2.5e22, "-2.5E+022"),
            (1.7e308, "1.7E+308"),
            (9_999_999_999_999_998.0, "1E+016"),
            (1_234_567_890_123_457.0, "1234567890123457"),
            (1.5e-7, "0.00000015"),
            (1.234_567_8e-9, "0.0000000012345678"),
            (1.234_567_89e-9, "1.23456789E-09"),
            (-1.0 / 30_000.0, "-3.33333333333333E-05"),
            (1.0 / 3_000.0, "0.000333333333333333"),
            (1e-10, "1E-10"),
            (1e-100, "1E-100"),
        ] {
            assert_eq!(general(value), expected);
        }
    }
}
