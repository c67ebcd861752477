//! Other programs and other processes of this one: the only place where a child is started.
//!
//! A child works in a folder that it is given, with an environment without secrets, reads nothing, may say and take only
//! so much, and ends when who waits for it goes away. The person's own editor is the exception: it is theirs, and has
//! their terminal and their folder, and offline no network. Never here: what a child is wanted for.
//!
//! Work that could take this whole process along is done in a child that is this program again, in a hidden mode.

mod child;
mod editor;
mod trial;

pub use child::{Child, Ended, Surroundings};
pub use editor::Edit;
pub use trial::{Trials, asked};
