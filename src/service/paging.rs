//! Records in pages, all of a few, and by the digits of their ids.

use std::fmt::Display;

use crate::domain::id::{is_piece, piece};
use crate::domain::near::{meant, nearest_begun};
use crate::domain::{Error, ErrorKind, Result};
use crate::store::{Record, Scan, Store};

/// Every record of a scan, and a line for each that is damaged: it costs itself alone. `name` tells which it is.
pub(super) fn all<R: Record>(
    store: &Store,
    scan: Scan<R>,
    name: impl Fn(&R::Key) -> String,
) -> Result<(Vec<R>, Vec<String>)> {
    let (mut found, mut damaged) = (Vec::new(), Vec::new());
    for key in store.keys::<R>(scan) {
        let key = key?;
        match store.get::<R>(&key) {
            Ok(record) => found.extend(record),
            Err(error) if error.kind == ErrorKind::Corrupt => {
                damaged.push(format!("{} cannot be read: {}", name(&key), error.why));
            }
            Err(error) => return Err(error),
        }
    }
    Ok((found, damaged))
}

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

/// The same of what has names: where there is none, the error tells which name was meant.
pub(super) fn find_named<R: Record<Key: Display>>(
    store: &Store,
    text: &str,
    (noun, command): (&str, &str),
    name: impl Fn(R) -> String,
) -> Result<R> {
    find(store, text, noun, command).map_err(|error| match error.kind {
        ErrorKind::NotFound => {
            let all = store.scan::<R>(Scan::all()).filter_map(Result::ok);
            let names: Vec<String> = all.map(|(_, record)| name(record)).collect();
            no_such_name(noun, text, names.iter().map(String::as_str), command)
        }
        _ => error,
    })
}

/// The error about a name that nothing has, with the one of `names` that was meant; `noun` says what is sought, and `command` lists
/// it.
pub(super) fn no_such_name<'a>(
    noun: &str,
    name: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    command: &str,
) -> Error {
    let name = name.trim();
    let error = Error::new(
        ErrorKind::NotFound,
        format!("finding the {noun} {name:?}"),
        format!("no {noun} is named {name:?}"),
        format!("`{command}` shows those that there are."),
    );
    meant(error, nearest_begun(name, names))
}

fn missing(doing: &str, command: &str) -> Error {
    let hint = format!("`{command}` shows those that there are.");
    Error::new(ErrorKind::NotFound, doing, "there is nothing with that id", hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::NoteId;
    use crate::domain::time::Timestamp;
    use crate::domain::trace::{Note, Opinion, TraceId};
    use crate::store::record::{NoNote, NoteOf};
    use crate::store::{Batch, Owner, Unlock};

    #[test]
    fn a_name_that_nothing_has_is_told_with_the_one_that_was_meant() {
        let names = ["docs", "manuals"];
        let hint = |name| no_such_name("knowledge base", name, names.into_iter(), "outcrop kb list").hint;
        assert_eq!(hint("doc"), "Did you mean docs? `outcrop kb list` shows those that there are.");
        assert_eq!(hint(" manual "), "Did you mean manuals? `outcrop kb list` shows those that there are.");
        let far = no_such_name("knowledge base", "rivers", names.into_iter(), "outcrop kb list");
        assert_eq!(far.why, "no knowledge base is named \"rivers\"");
        assert_eq!(far.hint, "`outcrop kb list` shows those that there are.");
    }

    #[test]
    fn a_damaged_record_is_named_and_hides_no_other() {
        let home = tempfile::tempdir().unwrap();
        let owner = Owner::take(home.path()).unwrap();
        let store = Store::open(&owner, &Unlock { passphrase: None, ask: false }).unwrap().0;
        let trace = TraceId([1; 16]);
        let id = |number: u8| NoteId::from_bytes([number; 16]);
        let mut batch = Batch::new();
        for number in [1, 3] {
            let said = Opinion { name: "score".to_owned(), grade: None, text: number.to_string() };
            let note = Note { id: id(number), trace, span: None, said, by: String::new(), at: Timestamp(0) };
            batch.put(&NoteOf(trace, id(number)), &note).unwrap();
        }
        batch.put(&NoteOf(trace, id(2)), &NoNote).unwrap();
        store.commit(batch).unwrap();
        let name = |key: &NoteOf| format!("note {}", key.1.short());
        let (notes, damaged) = all::<Note>(&store, Scan::under(&trace), name).unwrap();
        assert_eq!(notes.iter().map(|note| note.id).collect::<Vec<_>>(), [id(1), id(3)]);
        assert_eq!(damaged.len(), 1);
        assert!(damaged[0].starts_with(&format!("note {} cannot be read: ", id(2).short())), "{damaged:?}");
    }
}
