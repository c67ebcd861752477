//! Other programs and other processes of this one: the only place where a child is started.
//!
//! A child works in a folder that it is given, with an environment without secrets, reads nothing, may say and take only
//! so much, and ends when who waits for it goes away. The person's own editor is the exception: it is theirs, and has
//! their terminal and their folder, and offline no network. What a child may read or write is opened here too, beneath the
//! folders of others. Never here: what a child is wanted for.
//!
//! Work that could take this whole process along is done in a child that is this program again, in a hidden mode.

pub mod beneath;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod calls;
mod child;
mod cut;
mod editor;
mod guard;
mod keep;
mod parse;
mod program;
mod talk;
mod trial;

use std::ffi::OsString;
use std::path::Path;

pub use child::{Child, Ended, Surroundings};
pub use editor::Edit;
pub use guard::{Guard, keeps_files};
pub use parse::{Parsed, Parsers};
pub use program::Programs;
pub use talk::{Heard, Talk};
pub use trial::Trials;

/// Serves a hidden mode if the arguments ask for one: the exit code.
pub fn asked(arguments: impl IntoIterator<Item = OsString>) -> Option<u8> {
    let arguments: Vec<_> = arguments.into_iter().skip(1).collect();
    let (mode, rest) = arguments.split_at_checked(2)?;
    match (mode, rest) {
        (mode, [file, ..]) if mode == trial::MODE => Some(trial::serve(Path::new(file))),
        (mode, words @ [_, ..]) if mode == keep::MODE => Some(keep::serve(words)),
        (mode, [task, parent]) if mode == program::MODE => Some(program::serve(task, parent)),
        (mode, []) if mode == parse::MODE => Some(parse::serve()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_words_ask_for_a_hidden_mode() {
        let words = |words: &[&str]| asked(words.iter().map(OsString::from));
        assert_eq!(words(&["outcrop"]), None);
        assert_eq!(words(&["outcrop", "chat", "worker", "load"]), None);
        assert_eq!(words(&["outcrop", "worker", "load"]), None);
        assert_eq!(words(&["outcrop", "worker", "parse", "more"]), None);
        assert_eq!(words(&["outcrop", "worker", "keep"]), None);
        assert_eq!(words(&["outcrop", "worker", "run", "no task"]), None);
        assert_eq!(words(&["outcrop", "worker", "run", "no task", "1"]), Some(2));
        assert_eq!(words(&["outcrop", "worker", "load", "/no/such/file.gguf"]), Some(2));
    }
}
