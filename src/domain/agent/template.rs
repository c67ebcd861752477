//! Templates of prompts: texts with places such as `$question$`, as Bedrock's agents have them.
//!
//! A place is a name of lower-case letters, digits and `_` between two `$`. Everything else is text as it stands: prices, shell
//! variables, formulas.

use std::collections::BTreeMap;

/// What stands in the places, by their names.
pub type Values<'a> = BTreeMap<&'a str, &'a str>;

/// The places of a template, each once, in the order in which they first come.
pub fn places(template: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (_, place) in pieces(template) {
        if let Some(name) = place.filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    names
}

/// The template with values in their places. A value is never read again, and a place without one stays as it is.
pub fn fill(template: &str, values: &Values<'_>) -> String {
    let mut filled = String::with_capacity(template.len());
    for (piece, place) in pieces(template) {
        filled.push_str(place.and_then(|name| values.get(name).copied()).unwrap_or(piece));
    }
    filled
}

/// The pieces of a template in order: texts, and places with their names.
fn pieces(template: &str) -> Vec<(&str, Option<&str>)> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(open) = template[at..].find('$').map(|found| at + found) {
        at = open + 1;
        let Some(length) = template[at..].find('$') else { break };
        let name = &template[at..at + length];
        if is_name(name) {
            if start < open {
                pieces.push((&template[start..open], None));
            }
            start = at + length + 1;
            pieces.push((&template[open..start], Some(name)));
            at = start;
        }
    }
    if start < template.len() {
        pieces.push((&template[start..], None));
    }
    pieces
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_read_again() {
        let values = Values::from([("question", "what is $tools$?"), ("tools", "none")]);
        assert_eq!(fill("$tools$: $question$", &values), "none: what is $tools$?");
    }

    #[test]
    fn money_and_shell_stay_as_they_are() {
        for text in ["it costs $5 or $6", "$HOME/$user", "$$", "$", "", "$a b$", "$1$"] {
            assert_eq!(places(text), Vec::<&str>::new(), "{text:?}");
            assert_eq!(fill(text, &Values::from([("a", "x")])), text);
        }
        assert_eq!(places("$5 $question$ $question$ $a_1$$b$"), ["question", "a_1", "b"]);
        assert_eq!(fill("$$question$$", &Values::from([("question", "é")])), "$é$");
    }
}
