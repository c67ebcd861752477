//! The record of what left this machine: one entry an exchange, given to a sink of the caller's.

use std::sync::Arc;

pub use crate::domain::trace::Egress;

/// Takes every entry, at the end of its exchange, for whatever reason it ended. It must not block.
pub trait EgressSink: Send + Sync + std::fmt::Debug {
    fn record(&self, egress: &Egress);
}

/// Writes every entry to the program's log.
#[derive(Debug, Clone, Copy, Default)]
pub struct EgressLog;

impl EgressSink for EgressLog {
    fn record(&self, egress: &Egress) {
        // `?` prints the texts escaped: a server chose the request id.
        tracing::info!(
            number = egress.number,
            span = ?egress.span,
            host = ?egress.host,
            status = egress.status,
            sent = egress.sent,
            received = egress.received,
            request_id = ?egress.request_id,
            "egress"
        );
    }
}

/// Records its entry when it is dropped, so that a cancelled exchange is recorded too.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) entry: Egress,
    pub(super) sink: Arc<dyn EgressSink>,
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.sink.record(&self.entry);
    }
}
