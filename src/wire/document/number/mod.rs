//! What cells show: values under the format codes of Excel (ECMA-376, part 1, 18.8.31), as LibreOffice writes them. Codes
//! are parted here into sections, and those into their parts; never here: the files that cells come from.

mod code;
mod date;
mod figures;
mod names;

use code::{Section, Token, sections};

pub use code::built_in;

/// A number as a format code shows it.
pub fn shown(value: f64, code: &str, is_1904: bool) -> String {
    if code.eq_ignore_ascii_case("general") {
        return figures::general(value);
    }
    let sections = sections(code);
    let (section, signed) = chosen(value, &sections);
    let tokens = &section.tokens;
    // A section that is left out hides its numbers.
    if tokens.is_empty() && sections.len() > 1 {
        return String::new();
    }
    let is_date =
        tokens.iter().any(|token| matches!(token, Token::Date(..) | Token::Elapsed(..) | Token::Noon(_)));
    let made = if is_date {
        date::date(value, is_1904, section)
    } else {
        figures::figures(if signed { value } else { value.abs() }, tokens)
    };
    made.trim().to_owned()
}

/// A truth value as a format code shows it: by its word where the code is none for numbers.
pub fn truth(value: bool, code: &str) -> String {
    if code.eq_ignore_ascii_case("general") || code == "@" {
        return if value { "TRUE" } else { "FALSE" }.to_owned();
    }
    shown(f64::from(u8::from(value)), code, false)
}

/// A text as a format code shows it: what the code has around a text is part of it.
pub fn text(own: &str, code: &str) -> String {
    if code == "@" || !code.contains('@') {
        return own.to_owned();
    }
    let sections = sections(code);
    let section = sections.iter().rev().find(|section| section.tokens.contains(&Token::Own));
    let Some(section) = section else { return own.to_owned() };
    let pieces = section.tokens.iter().map(|token| match token {
        Token::Own => own,
        Token::Text(text) => text,
        _ => "",
    });
    pieces.collect()
}

/// The section for a number, and whether its sign is still to be written: not where none but negative numbers come there.
fn chosen(value: f64, sections: &[Section]) -> (&Section, bool) {
    // The last may be for texts alone.
    let texts = sections.len() > 1 && sections.last().is_some_and(|last| last.tokens.contains(&Token::Own));
    let numbers = &sections[..(sections.len() - usize::from(texts)).min(3)];
    if numbers.iter().all(|section| section.when.is_none()) {
        return match (numbers, value) {
            ([_, negative, ..], value) if value < 0.0 => (negative, false),
            ([_, _, zero], 0.0) => (zero, false),
            _ => (&numbers[0], true),
        };
    }
    // What is said of none but some sections leaves the others what they would have without it.
    let (last, mut positive) = (numbers.len() - 1, false);
    for (at, section) in numbers.iter().enumerate() {
        match section.when {
            Some(when) if when.holds(value) => return (section, !when.is_negative()),
            Some(when) => positive = when.is_positive(),
            None if at == 0 && value < 0.0 => {}
            None if at == 1 && last == 2 && value >= 0.0 => {}
            None => return (section, !(positive || (at == 1 && last == 2))),
        }
    }
    (&numbers[last], true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_chosen_by_sign_or_by_their_own_conditions() {
        let three = "[>100]\"big \"0;[<0]\"minus \"0;\"small \"0.0";
        let cases = [
            (150.0, three, "big 150"),
            (-1.0, three, "minus 1"),
            (0.5, three, "small 0.5"),
            (-1.0, "[<=100]0.0;0", "-1.0"),
            (150.0, "[<=100]0.0;0", "150"),
            (-1.0, "[<0]\"neg\"0;0", "neg1"),
            (2.0, "[=1]\"one\";[=2]\"two\";0", "two"),
            (-2.25, "[=1]\"one\";[=2]\"two\";0", "-2"),
            (-1.0, "[>=1]\"pos\";\"other\"", "other"),
            (0.0, "[<>0]0.00;\"zero\"", "zero"),
            (-1.0, "[>=0]0;0", "1"),
            (-1.0, "[>=1]0;0", "-1"),
            (-1.0, "0.00;", ""),
            (5.0, ";;;", ""),
            (5.0, "[Red]", "5"),
        ];
        for (value, code, expected) in cases {
            assert_eq!(shown(value, code, false), expected, "{value} {code}");
        }
    }

    #[test]
    fn texts_and_truth_values_have_formats_too() {
        assert_eq!(text("Smith", "\"Mr. \"@"), "Mr. Smith");
        assert_eq!(text("Smith", "0;0;0;\"to \"@"), "to Smith");
        assert_eq!(text("Smith", "_-* #,##0_-;_-@_-").trim(), "Smith");
        assert_eq!(text("Smith", "yyyy-mm-dd"), "Smith");
        assert_eq!([truth(true, "General"), truth(false, "General")], ["TRUE", "FALSE"]);
        assert_eq!(truth(false, "\"yes\";\"yes\";\"no\""), "no");
        assert_eq!(truth(true, "\"TRUE\";\"TRUE\";\"FALSE\""), "TRUE");
    }
}
