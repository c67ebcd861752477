//! A row of the table of keys.

use super::Context;
use crate::tui::action::Action;

/// One row of the table: in `context`, `keys` (separated by blanks) mean `action`. `hint` is the footer's word for it;
/// empty where the footer does not speak of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub context: Context,
    pub action: Action,
    pub keys: &'static str,
    pub hint: &'static str,
}

pub(super) const fn row(context: Context, action: Action, keys: &'static str, hint: &'static str) -> Row {
    Row { context, action, keys, hint }
}
