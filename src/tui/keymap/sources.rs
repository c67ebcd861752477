//! The keys among the sources of a knowledge base: rows of the table that stand in a file of their own.

use super::row::{Row, row};
use crate::tui::action::Action as A;
use crate::tui::keymap::Context::Sources;

/// The keys as they come.
pub(super) const ROWS: &[Row] = &[
    row(Sources, A::Open, "enter right l", "open"),
    row(Sources, A::ChangeSource, "e", "change"),
    row(Sources, A::AddDocuments, "a", "add"),
    row(Sources, A::SyncBase, "s", "sync"),
    row(Sources, A::Delete, "x delete", "take out"),
    row(Sources, A::SelectNext, "j down", ""),
    row(Sources, A::SelectPrevious, "k up", ""),
    row(Sources, A::SelectFirst, "g home", ""),
    row(Sources, A::SelectLast, "G end", ""),
    row(Sources, A::HalfPageDown, "d", ""),
    row(Sources, A::HalfPageUp, "u", ""),
    row(Sources, A::PageDown, "pagedown", ""),
    row(Sources, A::PageUp, "pageup", ""),
    row(Sources, A::Help, "?", ""),
];
