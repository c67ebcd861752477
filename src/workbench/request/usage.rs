//! What calls came to.

use serde::{Deserialize, Serialize};

pub use crate::domain::usage::{By, Form, Query};

/// Asks about usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Usage {
    /// What there was: one `Usage` reply.
    Report { query: Query },
    /// The same for other programs: `Text` again and again. With `texts`, calls come with what was said in them.
    Export { query: Query, form: Form, texts: bool },
}
