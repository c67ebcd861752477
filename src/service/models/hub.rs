//! A file of a model hub, over HTTPS; an interrupted fetch goes on where it ended.

use std::path::Path;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;

use super::files;
use super::report::{Pace, Report};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response};

/// What is known of a partial file, beside it: which version of the file its bytes are of.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    url: String,
    /// A strong `ETag`.
    etag: String,
}

/// Fetches `url` to `part`, going on with what lies there if the server still has the same file. The token says who asks:
/// it is shown for a file that is `gated`, or where the hub wants it.
pub(super) async fn fetch(
    client: &Client,
    doing: &str,
    url: &str,
    (token, gated): (Option<&SecretString>, bool),
    part: &Path,
    report: &Report,
) -> Result<()> {
    let mark_path = part.with_extension("mark");
    let kept = tokio::fs::metadata(part).await.map_or(0, |facts| facts.len());
    let mark: Option<Mark> =
        tokio::fs::read(&mark_path).await.ok().and_then(|text| serde_json::from_slice(&text).ok());
    let mark = mark.filter(|mark| mark.url == url && kept > 0);

    let ask = |from: Option<(u64, &str)>, shown: Option<&SecretString>| {
        let mut request = Request::get(doing, url).bearer(shown).header("accept-encoding", "identity");
        if let Some((start, etag)) = from {
            request = request.header("range", format!("bytes={start}-")).header("if-range", etag);
        }
        client.send(request)
    };
    let from = mark.as_ref().map(|mark| (kept, mark.etag.as_str()));
    let mut shown = token.filter(|_| gated);
    let mut response = ask(from, shown).await?;
    if matches!(response.status(), 401 | 403) && shown.is_none() && token.is_some() {
        shown = token;
        response = ask(from, shown).await?;
    }
    if response.status() == 416 && mark.is_some() {
        // Nothing is left to send, or the file has changed: its whole length tells.
        if content_range(&response).is_some_and(|(_, total)| total == Some(kept)) {
            report
                .say(
                    Pace::new(kept).step(kept, Some(kept)).unwrap_or(crate::domain::pull::PullStep::Checking),
                )
                .await;
            return Ok(());
        }
        response = ask(None, shown).await?;
    }
    let (start, total) = match response.status() {
        200 => (0, response.header("content-length").and_then(|l| l.parse().ok())),
        206 => match content_range(&response) {
            Some((start, total)) if start == kept => (kept, total),
            _ => return Err(refused(doing, 206, "the server sent another part than was asked for")),
        },
        status => {
            let complaint = response.complaint().await;
            return Err(refused(doing, status, &complaint));
        }
    };
    if start == 0 {
        // The mark goes before the bytes: a partial file never lies under the mark of another.
        let _ = tokio::fs::remove_file(&mark_path).await;
        let strong = response.header("etag").filter(|etag| etag.starts_with('"'));
        if let Some(etag) = strong {
            let mark = Mark { url: url.to_owned(), etag: etag.to_owned() };
            let text = serde_json::to_vec(&mark).map_err(|why| Error::internal(doing, why.to_string()))?;
            // An older, longer partial file must be gone before the new mark says what it is of.
            files::private(part, false).map_err(|why| Error::io(doing, &why))?;
            tokio::fs::write(&mark_path, text).await.map_err(|why| Error::io(doing, &why))?;
        }
    }
    receive(doing, &mut response, part, start, total, report).await
}

async fn receive(
    doing: &str,
    response: &mut Response,
    part: &Path,
    start: u64,
    total: Option<u64>,
    report: &Report,
) -> Result<()> {
    let io = |why: std::io::Error| Error::io(doing, &why);
    let file = files::private(part, start > 0).map_err(io)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut pace = Pace::new(start);
    let mut done = start;
    let ended = loop {
        match response.chunk().await {
            Ok(Some(bytes)) => {
                file.write_all(&bytes).await.map_err(io)?;
                done += bytes.len() as u64;
                if let Some(step) = pace.step(done, total) {
                    report.say(step).await;
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    // What came is kept for the next time, whatever ended it.
    file.flush().await.map_err(io)?;
    file.sync_all().await.map_err(io)?;
    ended?;
    if total.is_some_and(|total| total != done) {
        let why = "the connection ended before the file did";
        return Err(Error::new(ErrorKind::Network, doing, why, "Try again: it goes on where it ended."));
    }
    Ok(())
}

/// `Content-Range: bytes 5-9/10` as the start and the whole; `bytes */10` starts at the whole.
fn content_range(response: &Response) -> Option<(u64, Option<u64>)> {
    let (range, total) = response.header("content-range")?.strip_prefix("bytes ")?.split_once('/')?;
    let total = total.parse().ok();
    match range.split_once('-') {
        Some((start, _)) => Some((start.parse().ok()?, total)),
        None => Some((total?, total)),
    }
}

fn refused(doing: &str, status: u16, complaint: &str) -> Error {
    let said: String = complaint.lines().next().unwrap_or_default().chars().take(200).collect();
    let why = if said.is_empty() || said.starts_with('<') {
        format!("the hub answered with status {status}")
    } else {
        format!("the hub says ({status}): {said}")
    };
    let (kind, hint) = match status {
        401 | 403 => {
            let hint = "Accept the model's terms on its page there, then set HF_TOKEN to a token of yours.";
            (ErrorKind::Auth, hint)
        }
        404 => (ErrorKind::NotFound, "The hub has no such file any more."),
        429 => (ErrorKind::RateLimited { retry_after_ms: None }, "Wait a little, then try again."),
        500..=599 => (ErrorKind::Server { status }, "Try again later."),
        _ => (ErrorKind::Network, "Try again."),
    };
    Error::new(kind, doing, why, hint)
}
