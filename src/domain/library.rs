//! What a person keeps under a name, in numbered versions: what prompts and agents have in common.

use super::error::{Error, ErrorKind, Result};

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 80;

/// A version among others. Versions count from 1, and the newest stands last.
pub trait Numbered {
    fn number(&self) -> u32;
}

/// The version of that number, or the newest one; `name` is whose it is.
pub fn version<'a, V: Numbered>(name: &str, versions: &'a [V], number: Option<u32>) -> Result<&'a V> {
    let newest = versions.last().map_or(0, Numbered::number);
    let number = number.unwrap_or(newest);
    versions.iter().find(|version| version.number() == number).ok_or_else(|| {
        let numbers: Vec<String> = versions.iter().map(|version| version.number().to_string()).collect();
        Error::new(
            ErrorKind::NotFound,
            format!("finding version {number} of {name:?}"),
            "there is none of that number",
            format!("There are: {}.", numbers.join(", ")),
        )
    })
}

/// The version before the one of that number.
pub fn before<'a, V: Numbered>(name: &str, versions: &'a [V], number: u32) -> Result<&'a V> {
    versions.iter().rfind(|version| version.number() < number).ok_or_else(|| {
        let why = format!("{name:?} has none before version {number}");
        Error::new(ErrorKind::NotFound, "comparing versions", why, "Name two versions, or make another one.")
    })
}

/// A name as it is kept: one line without blanks at its ends; `None` where nothing is left or it is too long.
pub fn name_of(typed: &str) -> Option<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains(char::is_control);
    fits.then_some(name)
}

/// The same; what is none is refused.
pub fn named(typed: &str, doing: &str) -> Result<String> {
    name_of(typed).ok_or_else(|| {
        let hint = format!("A name is one line of at most {LONGEST_NAME} characters.");
        Error::new(ErrorKind::Invalid, doing, format!("{typed:?} is no name"), hint)
    })
}

/// The name, with a number behind it where it is taken.
pub fn free_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number: u32| {
        let end = format!(" {number}");
        let head: String = name.chars().take(LONGEST_NAME - end.len()).collect();
        head + &end
    });
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain(u32);

    impl Numbered for Plain {
        fn number(&self) -> u32 {
            self.0
        }
    }

    #[test]
    fn a_version_is_found_by_its_number_and_without_one_it_is_the_newest() {
        let versions = [Plain(1), Plain(2), Plain(4)];
        assert_eq!(version("a", &versions, None).unwrap().0, 4);
        assert_eq!(version("a", &versions, Some(2)).unwrap().0, 2);
        let error = version("a", &versions, Some(3)).err().unwrap();
        assert_eq!(
            error.to_string(),
            "finding version 3 of \"a\": there is none of that number. There are: 1, 2, 4."
        );
        assert_eq!(before("a", &versions, 4).unwrap().0, 2, "one may be missing");
        assert!(before("a", &versions, 1).is_err());
    }

    #[test]
    fn a_name_is_one_line_with_something_in_it() {
        assert_eq!(name_of("  sum \n up ").as_deref(), Some("sum up"));
        assert_eq!(name_of(" \t"), None);
        assert_eq!(name_of("a\u{1b}[31m"), None);
        assert_eq!(name_of(&"x".repeat(LONGEST_NAME + 1)), None);
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number_and_stays_short_enough() {
        let taken = |name: &str| ["a", "a 2"].contains(&name);
        assert_eq!(free_name("a", taken), "a 3");
        assert_eq!(free_name("b", taken), "b");
        let long = "é".repeat(LONGEST_NAME);
        let free = free_name(&long, |name| name == long);
        assert!(free.ends_with("é 2") && free.chars().count() == LONGEST_NAME, "{free}");
        assert_eq!(named(" a \n b ", "naming").unwrap(), "a b");
        assert!(named("  ", "naming").is_err());
    }
}
