//! The terminal face: a pure core (`update` from events to effects, `view` to a frame) and one runtime around it.
//!
//! Never here: files, sockets, models, the store. All of that is behind the door.

pub mod action;
pub mod app;
mod dataset;
pub mod effect;
pub mod event;
pub mod graphics;
mod hinting;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod look;
pub mod models;
pub mod overlay;
pub mod paint;
pub mod pane;
mod rows;
mod run;
pub mod runtime;
mod scripts;
pub mod setup;
pub mod stroke;
pub mod terminal;
pub mod thread;
pub mod trace;
pub mod when;
pub mod widget;
pub mod work;

pub use run::run;
