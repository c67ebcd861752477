//! Records in pages, and by the digits of their ids.

use std::fmt::Display;

use crate::domain::id::{is_piece, piece};
use crate::domain::{Error, ErrorKind, Result};
use crate::store::{Record, Scan, Store};

/// The newest records behind `before`, and whether there are older ones. Damaged ones are left out.
pub(super) fn page<R: Record>(
    store: &Store,
    limit: usize,
    before: Option<&R::Key>,
) -> Result<(Vec<R>, bool)> {
    let mut scan = Scan::<R>::all().reverse();
    if let Some(before) = before {
        scan = scan.after(before);
    }
    let mut page = Vec::new();
    for record in store.scan(scan) {
        match record {
            Ok(_) if page.len() == limit => return Ok((page, true)),
            Ok((_, record)) => page.push(record),
            Err(error) if error.kind == ErrorKind::Corrupt => {}
            Err(error) => return Err(error),
        }
    }
    Ok((page, false))
}

/// What is said where digits mean several.
pub(super) const MORE: &str = "Give more of its first or of its last digits.";

/// The one whose id starts or ends with `text`; `noun` names what is sought, and `command` lists it.
pub(super) fn find<R: Record<Key: Display>>(
    store: &Store,
    text: &str,
    noun: &str,
    command: &str,
) -> Result<R> {
    let wanted = piece(text);
    let doing = format!("finding the {noun} {wanted:?}");
    let mut found = Vec::new();
    for key in store.keys::<R>(Scan::all()) {
        let id = key?;
        if is_piece(&wanted, &id.to_string()) {
            found.push(id);
        }
    }
    match found.as_slice() {
        [id] => {
            if let Some(record) = store.get::<R>(id)? {
                return Ok(record);
            }
            Err(missing(&doing, command))
        }
        [] => Err(missing(&doing, command)),
        several => {
            let ids: Vec<_> = several.iter().take(8).map(ToString::to_string).collect();
            let why = format!("several begin or end so: {}", ids.join(", "));
            Err(Error::new(ErrorKind::Invalid, doing, why, MORE))
        }
    }
}

fn missing(doing: &str, command: &str) -> Error {
    let hint = format!("`{command}` shows those that there are.");
    Error::new(ErrorKind::NotFound, doing, "there is nothing with that id", hint)
}
