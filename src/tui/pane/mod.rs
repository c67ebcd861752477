//! The places of the screen, each a folder of the same shape. A pane names no other pane.

pub mod chat;
