//! Who calls, from where, under which trace, and how long they wait.

use serde::{Deserialize, Serialize};

use crate::domain::id::SpanId;
use crate::net::Reach;

/// The face that a call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    Tui,
    Cli,
}

/// Comes with every call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The person: on one machine, the name of the account.
    pub principal: String,
    pub face: Face,
    /// The span that this call is a part of.
    pub parent_span: Option<SpanId>,
    /// Milliseconds after which the call is ended with a time-out; `None` waits.
    pub deadline_ms: Option<u64>,
    /// Tokens that the call may write; `None` is no limit.
    pub budget_tokens: Option<u64>,
    /// What it may connect to. The door of the process that calls puts in what that process was told, whoever serves it.
    #[serde(default)]
    pub reach: Reach,
}

/// The person by the name under which what they do is kept: of the account, `me` where it tells none.
pub fn person(principal: &str) -> String {
    match principal.trim() {
        "" => "me".to_owned(),
        name => name.to_owned(),
    }
}

impl Context {
    /// A call of `face` with no parent, deadline or budget.
    pub fn of(face: Face) -> Self {
        Self {
            principal: String::new(),
            face,
            parent_span: None,
            deadline_ms: None,
            budget_tokens: None,
            reach: Reach::default(),
        }
    }
}
