//! Whether raters agree, and how much more than by chance. Every coefficient says what it needs where it is not given.

mod kappa;
mod krippendorff;
mod raw;
mod table;
mod votes;

pub use kappa::{Kappa, Weights, cohen, cohen_of_all, fleiss};
pub use krippendorff::{Level, alpha, alpha_between, alpha_between_clusters};
pub use raw::{Agreement, OnWinners, among_raters, between, on_winners, percent_agreement};
pub use table::{Disputed, Table};
pub use votes::of_votes;

pub(super) use votes::by_items;
