//! What panes are made of: plain state and paint. A widget knows domain values, a [`Look`](super::look::Look) and a
//! buffer; never a pane, an action, an event or the door.

pub mod composer;
pub mod text;
