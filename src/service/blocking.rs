//! Work that blocks, on threads that may.

use std::any::Any;

use tokio::task::JoinHandle;

use crate::domain::{Error, Result};

type Done = Box<dyn Any + Send>;

/// Does what blocks on a thread that may. It goes on when the caller is gone, so it must own what it needs. A panic in it is an
/// internal error of what was being done.
pub async fn blocking<T: Send + 'static>(
    doing: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = begin(Box::new(move || Box::new(work()))).await;
    let done = done.map_err(|why| Error::internal(doing, why.to_string()))?;
    *done.downcast().map_err(|_| Error::internal(doing, "something else came of it"))?
}

/// Begins it. What it is and what comes of it is not known here, so that one task is compiled and not hundreds.
fn begin(work: Box<dyn FnOnce() -> Done + Send>) -> JoinHandle<Done> {
    tokio::task::spawn_blocking(work)
}
