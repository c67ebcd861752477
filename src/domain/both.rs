//! Two things at once.

use std::panic::resume_unwind;
use std::thread;

/// What two computations come to, the first on a thread of its own where there can be one. A panic of either goes on here.
pub fn both<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| match thread::Builder::new().spawn_scoped(scope, &one) {
        Ok(begun) => {
            let other = other();
            (begun.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
        }
        Err(_) => (one(), other()),
    })
}
