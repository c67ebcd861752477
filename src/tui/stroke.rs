//! What a box or a line that takes a text is given for a key. Which key gives what, the keymap knows.

/// What a key does to a text that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    Types(char),
    /// A move that selects takes the text with it that it goes over.
    Edits {
        edit: Edit,
        selects: bool,
    },
}

/// A move of the caret, or a change of the text around it. What is killed can be put in elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    CharLeft,
    CharRight,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    RowUp,
    RowDown,
    TextStart,
    TextEnd,
    DeleteLeft,
    DeleteRight,
    KillBlankWord,
    KillWordLeft,
    KillWordRight,
    KillLineStart,
    KillLineEnd,
    Yank,
}
