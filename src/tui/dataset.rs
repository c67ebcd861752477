//! What is said of datasets in more than one place.

use crate::domain::evaluation::Dataset;
use crate::domain::figures::grouped;

/// That an item was added; `like` is the place of one that says the same.
pub fn added(dataset: &Dataset, place: u32, like: Option<u32>) -> String {
    let number = |place: u32| grouped(u64::from(place) + 1);
    let again = like.map(|like| format!("; item {} says the same", number(like))).unwrap_or_default();
    format!("Added to {} as item {}{again}.", dataset.name, number(place))
}
