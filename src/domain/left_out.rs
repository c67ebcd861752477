//! Settings that were set and are not sent, since the API that a model is asked by has no room for them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::settings::Settings;

/// Some settings, and why they are not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// By the names of the settings' table.
    pub settings: Vec<String>,
    /// Goes on where "…are not sent:" ends.
    pub why: String,
}

impl LeftOut {
    /// Those of `names` that are set; `None` where none is. A `top_k` of 0 keeps all tokens and a `repeat_penalty` of 1
    /// lets all be as they are, as leaving them out does.
    pub fn of(settings: &Settings, names: &[&str], why: &str) -> Option<Self> {
        let same =
            |name: &str, value: &str| matches!((name, value), ("top_k", "0") | ("repeat_penalty", "1"));
        let counts = |name: &str| settings.get(name).is_some_and(|value| !same(name, &value));
        let set: Vec<_> = names.iter().filter(|name| counts(name)).map(|name| (*name).to_owned()).collect();
        (!set.is_empty()).then(|| Self { settings: set, why: why.to_owned() })
    }

    /// All of them as a fact of a model: "seed (the API has none)"; `None` where nothing is left out.
    pub fn listed(all: &[Self]) -> Option<String> {
        let parts: Vec<_> =
            all.iter().map(|left| format!("{} ({})", left.settings.join(", "), left.why)).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// All of them in one line; `None` where nothing is left out.
    pub fn said(all: &[Self]) -> Option<String> {
        let lines: Vec<_> = all.iter().map(ToString::to_string).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let are = if self.settings.len() == 1 { "is" } else { "are" };
        write!(f, "{} {are} not sent: {}", names(&self.settings), self.why)
    }
}

/// "a, b and c".
fn names(all: &[String]) -> String {
    match all {
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        _ => all.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_named_and_what_is_not_is_no_word_of() {
        let mut settings = Settings::default();
        let of = |settings: &Settings| LeftOut::of(settings, &["top_k", "stop", "seed"], "the API has none");
        assert_eq!(of(&settings), None);
        settings.set("temperature", "0.5").unwrap();
        settings.set("top_k", "0").unwrap();
        assert_eq!(of(&settings), None, "0 keeps all tokens");
        settings.set("seed", "7").unwrap();
        assert_eq!(of(&settings).unwrap().to_string(), "seed is not sent: the API has none");
        settings.set("top_k", "4").unwrap();
        settings.set("stop", "END").unwrap();
        let all = of(&settings).unwrap();
        assert_eq!(all.to_string(), "top_k, stop and seed are not sent: the API has none");
        assert_eq!(
            LeftOut::listed(std::slice::from_ref(&all)).unwrap(),
            "top_k, stop, seed (the API has none)"
        );
        let more = LeftOut::of(&settings, &["temperature"], "a model that thinks takes none").unwrap();
        let said = LeftOut::said(&[all, more]).unwrap();
        assert!(said.ends_with("none; temperature is not sent: a model that thinks takes none"), "{said}");
        assert_eq!(LeftOut::said(&[]), None);
    }
}
