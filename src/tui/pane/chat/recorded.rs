//! Whose the workspace is, and whether calls are recorded: what this screen was told counts only where the owner of the workspace
//! was told the same.

use std::collections::BTreeMap;

use super::{State, Wait};
use crate::domain::workspace::Difference;
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::workbench::Request;
use crate::workbench::request::workspace::Workspace;

impl State {
    /// Asks the owner what it works with.
    pub(super) fn ask_terms(&mut self, desk: &mut Desk<'_>) {
        // It may be this process by now.
        self.attached = false;
        let compare = Workspace::Compare { told: BTreeMap::new() };
        let task = desk.call(Some(Lane("terms")), Request::Workspace(compare));
        self.waits.retain(|_, wait| *wait != Wait::Terms);
        self.waits.insert(task, Wait::Terms);
    }

    /// Where the owner works with other values than this screen was told.
    pub(super) fn take_terms(&mut self, owner: u32, differences: &[Difference], desk: &mut Desk<'_>) {
        self.attached = owner != desk.options.process;
        let record = differences.iter().find(|value| value.key == "record");
        if let Some(record) = record.filter(|value| value.told.is_some() && self.recorded.is_none()) {
            let why = format!("process {owner} has the workspace open and works for this screen");
            desk.note(format!("{why}, and with it {record}: quit that process to record."));
        }
        self.recorded = Some(record.map_or(desk.options.recording, |value| value.in_force.is_some()));
    }

    /// Another process owns the workspace, and goes on with its jobs when this one ends.
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// Calls and their answers are recorded, as far as the owner has said.
    pub fn is_recorded(&self) -> bool {
        self.recorded == Some(true)
    }
}
