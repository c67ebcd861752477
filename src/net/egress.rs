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
            head = egress.head,
            received = egress.received,
            request_id = ?egress.request_id,
            "egress"
        );
    }
}

/// Bytes of the request line and the headers of a request, as HTTP/1.1 writes them to the server itself, with those that the
/// client adds.
pub(super) fn head_of(request: &reqwest::Request, agent: &str) -> u64 {
    let (url, headers) = (request.url(), request.headers());
    let line = |name: &str, value: usize| name.len() + 2 + value + 2;
    let target = url.path().len() + url.query().map_or(0, |query| query.len() + 1);
    let host = url.host_str().map_or(0, str::len) + url.port().map_or(0, |port| port.to_string().len() + 1);
    let body = request.body().and_then(reqwest::Body::as_bytes).map(|body| body.len().to_string().len());
    let added = [
        ("host", Some(host)),
        ("user-agent", Some(agent.len())),
        ("accept", Some("*/*".len())),
        ("accept-encoding", Some("gzip".len())),
        ("content-length", body),
    ];
    let added = added.into_iter().filter(|(name, _)| !headers.contains_key(*name));
    let all = headers
        .iter()
        .map(|(name, value)| line(name.as_str(), value.len()))
        .chain(added.filter_map(|(name, value)| Some(line(name, value?))));
    let first = request.method().as_str().len() + 1 + target + " HTTP/1.1\r\n".len();
    (first + all.sum::<usize>() + "\r\n".len()) as u64
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
