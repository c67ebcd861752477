//! Words within spans, whatever their case.

use super::value::{Attributes, Value};

/// Whether `needle`, which is in lower case, stands in `text`.
pub fn within(text: &str, needle: &str) -> bool {
    if needle.is_empty() {
        return true;
    }
    if needle.is_ascii() {
        return within_ascii(text.as_bytes(), needle.as_bytes());
    }
    text.to_lowercase().contains(needle)
}

/// Most text of traces is long, and most needles are short words: no copy in lower case is made.
fn within_ascii(text: &[u8], needle: &[u8]) -> bool {
    let (first, rest) = (needle[0], &needle[1..]);
    let upper = first.to_ascii_uppercase();
    let Some(last) = text.len().checked_sub(needle.len()) else { return false };
    let mut at = 0;
    while at <= last {
        let Some(next) = text[at..=last].iter().position(|byte| *byte == first || *byte == upper) else {
            return false;
        };
        at += next + 1;
        if text[at..at + rest.len()].eq_ignore_ascii_case(rest) {
            return true;
        }
    }
    false
}

/// Whether it stands in a name or a value.
pub fn in_attributes(attributes: &Attributes, needle: &str) -> bool {
    attributes.iter().any(|(key, value)| within(key, needle) || in_value(value, needle))
}

/// Whether it stands in a value.
pub fn in_value(value: &Value, needle: &str) -> bool {
    match value {
        Value::Null | Value::Bytes(_) => false,
        Value::Truth(truth) => within(if *truth { "true" } else { "false" }, needle),
        Value::Whole(whole) => within(&whole.to_string(), needle),
        Value::Number(number) => within(&number.to_string(), needle),
        Value::Text(text) => within(text, needle),
        Value::List(values) => values.iter().any(|value| in_value(value, needle)),
        Value::Map(entries) => {
            entries.iter().any(|(key, value)| within(key, needle) || in_value(value, needle))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whatever_their_case_at_every_place() {
        for (text, needle, found) in [
            ("Timeout", "timeout", true),
            ("a TIMEOUT", "timeout", true),
            ("timeou", "timeout", false),
            ("", "t", false),
            ("", "", true),
            ("ttimeout", "timeout", true),
            ("GRÜN", "grün", true),
            ("x", "grün", false),
        ] {
            assert_eq!(within(text, needle), found, "{needle} in {text}");
        }
        let value = Value::Map(vec![("k".to_owned(), Value::List(vec![Value::Whole(42)]))]);
        assert!(in_value(&value, "42") && in_value(&value, "k") && !in_value(&value, "43"));
    }
}
