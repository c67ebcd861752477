//! Things that paint: plain state and pure functions to cells. They know no pane, action, event or door.

pub mod composer;
