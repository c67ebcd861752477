//! What is no JSON, and close to it: numbers that are none, as Python and JavaScript write them.

use serde_json::Value;

const NAMES: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// Reads a text of JSON; one with bare `NaN` or `Infinity` in it is read with their names as texts. Tells how many there
/// were.
pub(super) fn parse(text: &str) -> Result<(Value, u32), serde_json::Error> {
    match serde_json::from_str(text) {
        Ok(value) => Ok((value, 0)),
        Err(why) => {
            let (quoted, places) = quoted(text);
            if places == 0 {
                return Err(why);
            }
            serde_json::from_str(&quoted).map(|value| (value, places))
        }
    }
}

fn quoted(text: &str) -> (String, u32) {
    let mut to = String::with_capacity(text.len() + 16);
    let mut places = 0;
    let mut rest = text;
    let mut within = false;
    while let Some(next) = rest.chars().next() {
        let name = if within { None } else { NAMES.into_iter().find(|name| rest.starts_with(name)) };
        let taken = if let Some(name) = name {
            places += 1;
            to.extend(["\"", name, "\""]);
            name.len()
        } else {
            within ^= next == '"';
            // Of an escape the second character ends no text.
            let escaped = within && next == '\\';
            let length = if escaped {
                rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at)
            } else {
                next.len_utf8()
            };
            to.push_str(&rest[..length]);
            length
        };
        rest = &rest[taken..];
    }
    (to, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_that_are_none_are_read_and_texts_are_left_alone() {
        let (value, places) =
            parse(r#"{"a": NaN, "b": [-Infinity, 1], "c": "NaN \" NaN \\", "d": Infinity}"#).unwrap();
        let wanted = json!({"a": "NaN", "b": ["-Infinity", 1], "c": "NaN \" NaN \\", "d": "Infinity"});
        assert_eq!((value, places), (wanted, 3));
        assert!(parse("{\"a\": NaN").is_err() && parse("nonsense").is_err());
    }
}
