//! The terminal face: a pure core (`update` from events to effects, `view` to a frame) and one runtime around it.
//!
//! Never here: files, sockets, models, the store. All of that is behind the door.

pub mod effect;
pub mod event;
pub mod key;
pub mod look;
pub mod runtime;
pub mod terminal;
pub mod widget;
