//! What calls came to.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::trace::ExchangeId;
pub use crate::domain::usage::{By, Form, Query};

/// Asks about usage. That somebody is told of calls whose answers are blind to them is kept with the comparison, and of calls one by
/// one with the evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// What there was: one `Usage` reply.
    Report { query: Query },
    /// The same for other programs: `Text` again and again. With `texts`, calls come with what was said in them.
    Export { query: Query, form: Form, texts: bool },
    /// What left this machine, newest first, as far as it is kept: one `Exchanges` reply. `before` continues after that one; a
    /// page may be shorter than `limit`, with more to come.
    Egress { since: Option<Timestamp>, before: Option<ExchangeId>, limit: usize },
}
