//! Which of the names that there are a misspelt one most likely means.

use std::fmt;

use super::error::Error;

/// A name of fewer letters is the beginning of too many others.
const SHORT: usize = 4;

/// The nearest of these, where one is near: no more than a third of its letters differ, two that changed places counting as
/// one.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// These names, the nearest first; those that are as near in the order in which they were.
pub fn nearest_first(name: &str, mut names: Vec<String>) -> Vec<String> {
    names.sort_by_key(|other| strsim::damerau_levenshtein(name, other));
    names
}

/// The nearest of long names, of which the beginning may be all that was written.
pub fn nearest_begun<'a>(name: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let letters = name.chars().count();
    let off = |candidate: &'a str| {
        let ends = letters.saturating_sub(1)..=letters + 1;
        let begun = ends.map(|end| candidate.chars().take(end).collect::<String>());
        let distance = begun.map(|begun| strsim::damerau_levenshtein(name, &begun)).min()?;
        (distance <= (letters / 4).max(1)).then_some((distance, candidate))
    };
    nearest(name, candidates.clone()).or_else(|| {
        let begun = candidates.filter(|_| letters >= SHORT).filter_map(off);
        begun.min().map(|(_, candidate)| candidate)
    })
}

/// The error about a name that there is not, with the one that was meant.
pub fn meant(mut error: Error, near: Option<impl fmt::Display>) -> Error {
    if let Some(near) = near {
        let hint = format!("Did you mean {near}? {}", error.hint);
        hint.trim_end().clone_into(&mut error.hint);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    #[test]
    fn a_slip_of_the_finger_is_near_and_another_word_is_not() {
        let names = ["model", "help", "regenerate", "kb"];
        let near = |name| nearest(name, names.into_iter());
        assert_eq!(near("modle"), Some("model"));
        assert_eq!(near("hlep"), Some("help"));
        assert_eq!(near("regnerat"), Some("regenerate"));
        assert_eq!([near("home"), near("tmp"), near("")], [None; 3]);
    }

    #[test]
    fn the_beginning_of_a_long_name_is_near_to_it_too() {
        let names = ["smollm2-135m", "qwen3-0.6b", "gpt-5-mini"];
        let near = |name| nearest_begun(name, names.into_iter());
        assert_eq!(near("smolm2"), Some("smollm2-135m"));
        assert_eq!(near("qwen3"), Some("qwen3-0.6b"));
        assert_eq!(near("smollm2-153m"), Some("smollm2-135m"));
        assert_eq!([near("claude"), near("gem"), near("")], [None; 3]);
    }

    #[test]
    fn names_come_with_the_nearest_first() {
        let names = ["cassettes", "chat", "cat"].map(str::to_owned).to_vec();
        assert_eq!(nearest_first("chatt", names), ["chat", "cat", "cassettes"]);
    }

    #[test]
    fn what_was_meant_is_said_before_the_rest() {
        let error = || Error::new(ErrorKind::NotFound, "asking", "there is none", "Look at the list.");
        assert_eq!(meant(error(), Some("x")).hint, "Did you mean x? Look at the list.");
        assert_eq!(meant(error(), None::<&str>), error());
        assert_eq!(meant(Error { hint: String::new(), ..error() }, Some("x")).hint, "Did you mean x?");
    }
}
