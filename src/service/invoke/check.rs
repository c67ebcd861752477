//! The seam for guardrails: functions that every call and every answer passes.

use crate::domain::Result;
use crate::domain::call::Call;
use crate::domain::delta::Event;

/// Looks at what goes in and what comes out. It may block (an error), change the call, or take text back.
pub trait Check: Send + Sync + std::fmt::Debug {
    /// Before anything is sent; an error blocks the call.
    fn input(&self, call: &mut Call) -> Result<()>;

    /// After `event` was taken in; `answer` is the answer's text so far. A returned event (`Event::Replace`) follows
    /// it; an error ends the answer.
    fn output(&self, answer: &str, event: &Event) -> Result<Option<Event>>;
}
