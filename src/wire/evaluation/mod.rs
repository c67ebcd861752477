//! Files of human evaluation: datasets in, judgements in and out, preference data out; items handed out to raters elsewhere and
//! their ratings back; reports.
//!
//! Reading gives what could be read and every line that could not, with its number and what is wrong: nothing is taken or
//! refused as a whole here. Texts are kept verbatim, escape codes and all; whoever shows them sanitises them.

pub mod argilla;
pub mod battles;
pub mod csv;
pub mod dataset;
mod fields;
pub mod hand_out;
pub mod human;
mod human_results;
mod judged;
pub mod label_studio;
mod labels;
mod lines;
pub mod preference;
pub mod rating_file;
pub mod report;
pub mod task_file;

pub use judged::{Judged, Opinion};
pub use lines::{Bad, Read};
pub use preference::Preferences;
