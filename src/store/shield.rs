//! Calls into sled, whose faults must never become ours: its panics and its errors turn into `domain::Error`.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::domain::{Error, ErrorKind, Result};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a call whose panic is caught and told as an error. A panic hook asks this before it
/// speaks or gives the terminal back: nothing has ended. Sled catches those of its own threads; what they were to do fails,
/// which is told.
pub fn shielded() -> bool {
    let is_sleds = || std::thread::current().name().is_some_and(|name| name.starts_with("sled-io"));
    DEPTH.with(|depth| depth.get() > 0) || is_sleds()
}

struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}

/// Runs `work`; a panic in it is damage that sled met and did not expect.
pub(super) fn shield<T>(doing: &str, work: impl FnOnce() -> sled::Result<T>) -> Result<T> {
    let _inside = Inside::enter();
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| translate(doing, error)),
        Err(payload) => Err(corrupt(doing, words(payload.as_ref()))),
    }
}

/// Damage, in the words that every damaged file gets.
pub(super) fn corrupt(doing: impl Into<String>, why: impl Into<String>) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        doing,
        why,
        "`outcrop workspace verify` lists what is damaged; the next start mends what it can.",
    )
}

fn words(payload: &(dyn Any + Send)) -> String {
    let words = payload.downcast_ref::<&str>().copied();
    let words = words.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("the file makes no sense ({})", words.unwrap_or("unknown"))
}

fn translate(doing: &str, error: sled::Error) -> Error {
    match error {
        sled::Error::Io(error) => match error.kind() {
            // Reading past a file's end: it was cut short.
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData => {
                corrupt(doing, error.to_string())
            }
            _ => Error::io(doing, &error),
        },
        sled::Error::Corruption { .. } => corrupt(doing, "a checksum does not match"),
        other => corrupt(doing, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_is_told_as_damage_and_the_hook_can_know() {
        assert!(!shielded());
        let error = shield("reading", || -> sled::Result<()> {
            assert!(shielded());
            panic!("out of bounds")
        })
        .unwrap_err();
        assert!(!shielded());
        assert_eq!(error.kind, ErrorKind::Corrupt);
        assert!(error.to_string().contains("out of bounds"), "{error}");
    }

    #[test]
    fn a_full_disk_keeps_its_kind() {
        let full = sled::Error::Io(std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert_eq!(shield("writing", || Err::<(), _>(full)).unwrap_err().kind, ErrorKind::Full);
    }
}
