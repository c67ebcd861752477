//! How the names in a folder go on from what was written of one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The most names that are told.
const TOLD: usize = 100;

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    pub name: String,
    pub folder: bool,
}

/// The names that begin with what was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// What all of them begin with; at least what was written.
    pub common: String,
    /// The first of them, in the order of the alphabet.
    pub names: Vec<Name>,
    /// How many there are.
    pub count: usize,
}

impl Completion {
    /// The only name that there is.
    pub fn only(&self) -> Option<&Name> {
        self.names.first().filter(|_| self.count == 1)
    }
}

/// Gathers names as they come, and keeps no more of them than are told. `T` is what is known of one.
#[derive(Debug)]
pub struct Gathering<'a, T> {
    start: &'a str,
    common: Option<String>,
    first: BTreeMap<String, T>,
    count: usize,
}

impl<'a, T> Gathering<'a, T> {
    /// Of the names that begin with `start`; hidden ones are among them only where that begins with a dot.
    pub fn new(start: &'a str) -> Self {
        Self { start, common: None, first: BTreeMap::new(), count: 0 }
    }

    /// Takes one name in. What has controls in it cannot be written in a line.
    pub fn take(&mut self, name: &str, about: T) {
        let hidden = name.starts_with('.') && !self.start.starts_with('.');
        if hidden || !name.starts_with(self.start) || name.contains(char::is_control) {
            return;
        }
        self.count += 1;
        match &mut self.common {
            Some(common) => {
                let same = common.chars().zip(name.chars()).take_while(|(one, other)| one == other);
                let end = same.map(|(one, _)| one.len_utf8()).sum();
                common.truncate(end);
            }
            None => self.common = Some(name.to_owned()),
        }
        self.first.insert(name.to_owned(), about);
        if self.first.len() > TOLD {
            self.first.pop_last();
        }
    }

    /// All were taken in, or, where `whole` is not so, the first of very many: what is common to those says nothing.
    pub fn end(self, whole: bool, is_folder: impl Fn(&str, &T) -> bool) -> Completion {
        let common = self.common.filter(|_| whole).unwrap_or_else(|| self.start.to_owned());
        let named = |(name, about): (String, T)| Name { folder: is_folder(&name, &about), name };
        let count = if whole { self.count } else { self.count.max(2) };
        Completion { common, names: self.first.into_iter().map(named).collect(), count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(start: &str, names: &[&str]) -> Completion {
        let mut gathering = Gathering::new(start);
        for name in names {
            gathering.take(name, ());
        }
        gathering.end(true, |name, ()| name.ends_with('d'))
    }

    fn names(found: &Completion) -> Vec<&str> {
        found.names.iter().map(|name| name.name.as_str()).collect()
    }

    #[test]
    fn names_go_on_as_far_as_all_of_them_agree() {
        let found = of("ri", &["river-é.md", "river-è.md", "rain", "riverbed"]);
        assert_eq!((found.common.as_str(), found.count), ("river", 3));
        assert_eq!(names(&found), ["river-è.md", "river-é.md", "riverbed"]);
        assert!(found.names[2].folder && found.only().is_none());
        let one = of("ra", &["rain", "river"]);
        assert_eq!((one.common.as_str(), one.only().map(|name| name.folder)), ("rain", Some(false)));
        assert_eq!(of("x", &["rain"]), Completion { common: "x".to_owned(), ..Completion::default() });
    }

    #[test]
    fn hidden_names_are_for_who_writes_the_dot_and_controls_for_nobody() {
        assert_eq!(names(&of("", &[".git", "a", "b\u{1b}[31m", "c\n"])), ["a"]);
        assert_eq!(names(&of(".", &[".git", "a"])), [".git"]);
    }

    #[test]
    fn of_very_many_the_first_are_told_and_all_are_counted() {
        let mut gathering = Gathering::new("f");
        for number in (0..5_000).rev() {
            gathering.take(&format!("f{number:05}"), ());
        }
        let found = gathering.end(true, |_, ()| false);
        assert_eq!((found.names.len(), found.count, found.common.as_str()), (TOLD, 5_000, "f0"));
        assert_eq!(found.names[0].name, "f00000");
        let mut gathering = Gathering::new("f");
        gathering.take("f1", ());
        let cut = gathering.end(false, |_, ()| false);
        assert!(cut.common == "f" && cut.only().is_none(), "there may be others: {cut:?}");
    }
}
