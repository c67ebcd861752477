//! Which of the names that there are a misspelt one most likely means.

/// The nearest of these, where one is near: no more than a third of its letters differ, two that changed places counting as
/// one.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_near_and_another_word_is_not() {
        let names = ["model", "help", "regenerate", "kb"];
        let near = |name| nearest(name, names.into_iter());
        assert_eq!(near("modle"), Some("model"));
        assert_eq!(near("hlep"), Some("help"));
        assert_eq!(near("regnerat"), Some("regenerate"));
        assert_eq!([near("home"), near("tmp"), near("")], [None; 3]);
    }
}
