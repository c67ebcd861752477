//! A dataset: items under a name, and the forms that files have of them.

use serde::{Deserialize, Serialize};

use super::item::Item;
use crate::domain::id::DatasetId;
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 63;

/// What the names of those begin with that came with the program; no other has a `/` in it.
pub const BUILT_IN: &str = "builtin/";

/// The largest file of items, in bytes.
pub const LARGEST_FILE: u64 = 128 << 20;

/// The head of a dataset; its items are records of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    pub id: DatasetId,
    pub name: String,
    pub created: Timestamp,
    /// The last change of its name or its items.
    pub updated: Timestamp,
    /// How many items it has.
    pub items: u32,
    /// The file that it was read from, or "built in"; `None` for one that was gathered item by item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What its texts may be used for, in the words of who made them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
}

impl Dataset {
    /// It came with the program, and is neither changed nor removed.
    pub fn is_built_in(&self) -> bool {
        self.name.starts_with(BUILT_IN)
    }
}

/// The forms of files of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// An object a line, as Bedrock has it.
    Jsonl,
    /// A table whose first line names its columns.
    Csv,
}

impl Form {
    /// By a file's name: what does not end in `.csv` has an object a line.
    pub fn of(file: &str) -> Self {
        let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
        if ending.eq_ignore_ascii_case("csv") { Self::Csv } else { Self::Jsonl }
    }
}

/// A file to be read as a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Of the new dataset.
    pub name: String,
    pub form: Form,
    #[serde(with = "crate::domain::base64")]
    pub bytes: Vec<u8>,
    /// The file's name.
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub licence: Option<String>,
    /// Takes what is good of a file that has bad lines.
    #[serde(default)]
    pub skip_bad: bool,
}

/// A line of a file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadLine {
    /// Counts from 1; of a record over several lines the first.
    pub line: u64,
    pub why: String,
}

/// An item that a rater could not tell from an earlier one, by their lines in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubled {
    pub line: u64,
    pub first: u64,
}

/// How many items of a dataset a source has answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub source: String,
    pub items: u32,
}

/// Takes an item into what sources have answered, in the order in which they come.
pub fn count_answered(item: &Item, answered: &mut Vec<Answered>) {
    for response in &item.responses {
        match answered.iter_mut().find(|known| known.source == response.model) {
            Some(known) => known.items += 1,
            None => answered.push(Answered { source: response.model.clone(), items: 1 }),
        }
    }
}

/// An item with its place in the dataset, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub place: u32,
    pub item: Item,
}

/// A name as it is kept: one line without blanks at its ends.
///
/// # Errors
///
/// `Invalid` where nothing is left, where it is too long, where it has control characters, or where it looks like a path
/// or a flag.
pub fn name_of(typed: &str, doing: &str) -> Result<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = name.chars().count();
    let why = if name.is_empty() {
        "its name is empty".to_owned()
    } else if length > LONGEST_NAME {
        format!("its name would have {length} characters, at most {LONGEST_NAME} are taken")
    } else if name.contains(char::is_control) {
        format!("the name {name:?} has control characters")
    } else if name.contains(['/', '\\']) || name.starts_with(['.', '~', '-']) {
        format!("{name:?} looks like a path or a flag")
    } else {
        return Ok(name);
    };
    let hint = "A name is one line of letters, digits and signs, without slashes.";
    Err(Error::new(ErrorKind::Invalid, doing, why, hint))
}

/// A name from a file's: without its folder and its ending.
pub fn name_from(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.rsplit_once('.').map_or(name, |(name, _)| name);
    let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    name.trim_start_matches(['.', '~', '-']).to_owned()
}

/// Whether one has this name, however it is capitalised.
pub fn is_named(dataset: &Dataset, name: &str) -> bool {
    dataset.name.to_lowercase() == name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line_that_is_no_path() {
        assert_eq!(name_of(" my \n set ", "x").unwrap(), "my set");
        assert_eq!(name_of(&"長".repeat(63), "x").unwrap().chars().count(), 63);
        for bad in ["", " \t", "a/b", "builtin/generation", "a\\b", "..", ".x", "~", "--yes", "a\u{1b}[31m"] {
            assert!(name_of(bad, "x").is_err(), "{bad:?}");
        }
        assert!(name_of(&"x".repeat(64), "x").unwrap_err().why.contains("64 characters, at most 63"));
    }

    #[test]
    fn a_file_names_its_dataset_and_its_form() {
        assert_eq!(name_from("dir/Questions.v2.jsonl"), "Questions.v2");
        assert_eq!(name_from("../.hidden"), "");
        assert_eq!(name_from("C:\\x\\plain"), "plain");
        assert_eq!(
            (Form::of("a.CSV"), Form::of("a.jsonl"), Form::of("csv")),
            (Form::Csv, Form::Jsonl, Form::Jsonl)
        );
    }
}
