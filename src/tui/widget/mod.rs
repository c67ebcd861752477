//! What panes are made of: plain state and paint. A widget knows domain values, a [`Look`](super::look::Look) and a
//! buffer; never a pane, an action, an event or the door.

pub mod code;
pub mod composer;
pub mod markdown;
pub mod picture;
pub mod spark;
pub mod text;
pub mod transcript;
