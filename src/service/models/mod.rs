//! Models as things: listed, shown.

pub mod cards;
