//! What no store takes: vectors that are none of the base, numbers that are none.

use crate::domain::knowledge::attribute::Value;
use crate::domain::knowledge::passage::Entry;
use crate::domain::{Error, ErrorKind, Result};

const DOING: &str = "using a knowledge base";

/// Refuses a vector that is none of a base of so many `dimensions`.
pub(super) fn vector(vector: &[f32], dimensions: usize) -> Result<()> {
    let why = if vector.len() != dimensions {
        format!("a vector has {} numbers, and those of this base have {dimensions}", vector.len())
    } else if vector.iter().any(|number| !number.is_finite()) {
        "a vector has a number that is infinite or none".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Invalid, DOING, why, "Embed with the model that the base was built with."))
}

/// Refuses an entry that could not be read again as it came.
pub(super) fn entry(entry: &Entry, dimensions: usize) -> Result<()> {
    vector(&entry.vector, dimensions)?;
    let odd = |value: &Value| matches!(value, Value::Number(number) if !number.is_finite());
    let Some((key, _)) = entry.passage.attributes.iter().find(|(_, value)| odd(value)) else { return Ok(()) };
    let why = format!("the attribute {key:?} is a number that is infinite or none");
    Err(Error::new(ErrorKind::Invalid, DOING, why, "Correct the document's metadata."))
}
