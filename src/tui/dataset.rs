//! What is said of datasets in more than one place.

use crate::domain::evaluation::Dataset;
use crate::domain::figures::grouped;

/// That an item was added; `like` is the place of one that says the same.
pub fn added(dataset: &Dataset, place: u32, like: Option<u32>, remarks: &[String]) -> String {
    let number = |place: u32| grouped(u64::from(place) + 1);
    let again = like.map(|like| format!("; item {} says the same", number(like))).unwrap_or_default();
    let without: String = remarks.iter().flat_map(|remark| ["; ", remark]).collect();
    format!("Added to {} as item {}{again}{without}.", dataset.name, number(place))
}
