//! The seam where tests make the world fail: every step that changes a disk asks here first.

use std::fmt;
use std::io;
use std::sync::Arc;

/// What a test says to the step that is about to happen.
type Judge = dyn Fn(&'static str) -> io::Result<()> + Send + Sync;

/// Nothing by default; in a test, a function that sees the name of each step and may refuse it or end the process.
#[derive(Clone, Default)]
pub struct Faults(Option<Arc<Judge>>);

impl Faults {
    /// Asks `judge` before every step.
    pub fn new(judge: impl Fn(&'static str) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(judge)))
    }

    /// Whether `step` may happen.
    pub(super) fn at(&self, step: &'static str) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |judge| judge(step))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Faults(planned)" } else { "Faults(none)" })
    }
}
