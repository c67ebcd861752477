//! One page of the web as a source.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::filing::Out;
use super::listing::{Listed, Listing};
use super::place::{Taken, Took};
use crate::domain::hex::hex;
use crate::domain::knowledge::attribute::Metadata;
use crate::domain::knowledge::sync::{Filed, Stamp, Validators};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response, web_address};
use crate::wire::document::web_name;

/// What helps where an address is of this network.
const PRIVATE: &str = "If it is meant, say so with --allow-private.";

/// A page, and the way to it.
#[derive(Debug, Clone)]
pub(super) struct Page {
    url: String,
    /// It may lie in the person's own network.
    private: bool,
    net: Client,
    /// It has so long for all of itself.
    within: Duration,
}

/// Whether a source can be made of it; the address as it is kept. What its name leads to is looked at when it is read.
pub(super) fn check(url: &str, private: bool) -> Result<String> {
    let doing = format!("adding {url} as a source");
    let address = web_address("adding an address as a source", url)?;
    if address.is_inside && !private {
        let why = "it is of this machine or of its network";
        return Err(Error::new(ErrorKind::Invalid, doing, why, PRIVATE));
    }
    Ok(address.url)
}

impl Page {
    pub fn new(url: &str, private: bool, net: Client, within: Duration) -> Self {
        Self { url: url.to_owned(), private, net, within }
    }

    /// It is one document.
    pub fn list(&self) -> Listing {
        let file = Listed { uri: self.url.clone(), stamp: Stamp::default(), metadata: None };
        Listing { files: vec![file], ..Listing::default() }
    }

    /// The page, unless it is as it was or more than so many bytes.
    pub async fn take(&self, known: Option<&Filed>, most: u64) -> Result<Took, Out> {
        let doing = format!("reading {}", self.url);
        match tokio::time::timeout(self.within, self.fetched(&doing, known, most)).await {
            Ok(taken) => taken.map_err(Out::Failed),
            Err(_) => Err(Out::Failed(late(&doing, self.within))),
        }
    }

    async fn fetched(&self, doing: &str, known: Option<&Filed>, most: u64) -> Result<Took> {
        let mut request = Request::get(doing, &self.url)
            .header("accept", "text/html, application/pdf, text/markdown, text/plain, */*;q=0.5");
        if !self.private {
            request = request.outside();
        }
        let had = known.filter(|known| known.state.is_settled() && !known.hash.is_empty());
        if let Some(validators) = had.and_then(|known| known.validators.clone()) {
            if let Some(etag) = validators.etag {
                request = request.header("if-none-match", etag);
            }
            if let Some(modified) = validators.modified {
                request = request.header("if-modified-since", modified);
            }
        }
        let mut response = self.net.send(request).await.map_err(inside)?;
        if response.status() == 304 && had.is_some() {
            return Ok(Took::Unchanged);
        }
        if !response.is_success() {
            return Err(refused(doing, &response));
        }
        let address = web_address(doing, &self.url)?;
        let name = web_name(&address.path, response.header("content-type"));
        let header = |name: &str| response.header(name).map(str::to_owned);
        let validators = Validators { etag: header("etag"), modified: header("last-modified") };
        let bytes = response.bytes(usize::try_from(most).unwrap_or(usize::MAX)).await?;
        Ok(Took::Taken(Taken {
            hash: hex(&Sha256::digest(&bytes)),
            bytes,
            name,
            said: Ok(Metadata::new()),
            validators: Some(validators).filter(|told| *told != Validators::default()),
        }))
    }
}

/// What is not here in the time that it had.
pub(super) fn late(doing: &str, within: Duration) -> Error {
    let why = format!("it was not here after {} s", within.as_secs());
    let hint = "Try again, or raise knowledge.fetch_seconds in the configuration.";
    Error::new(ErrorKind::Timeout, doing, why, hint)
}

/// What was refused for where it leads has its own remedy.
fn inside(error: Error) -> Error {
    if error.why.contains("into this network") { Error { hint: PRIVATE.to_owned(), ..error } } else { error }
}

fn refused(doing: &str, response: &Response) -> Error {
    let status = response.status();
    let (kind, hint) = match status {
        401 | 403 => (ErrorKind::Auth, "It is not for everybody, and nothing here signs in."),
        404 | 410 => {
            (ErrorKind::NotFound, "What it said before is still found; `kb remove-source` takes it out.")
        }
        429 => (ErrorKind::RateLimited { retry_after_ms: None }, "Wait a little, then sync again."),
        500..=599 => (ErrorKind::Server { status }, "Try again later."),
        _ => (ErrorKind::Invalid, "Look at it with a browser."),
    };
    let why = format!("{} answered with status {status}", response.place());
    Error::new(kind, doing, why, hint)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::net::{EgressLog, NetOptions, Network, Proxies, Reach};

    /// A proxy stands in for the world.
    #[tokio::test]
    async fn a_page_is_asked_for_where_no_name_leads_inside_unless_the_person_allows_it() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let _server = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\ntext";
                let _ = stream.write_all(answer).await;
            }
        }));
        for private in [false, true] {
            let proxies = Proxies { http: Some(proxy.clone().into()), ..Proxies::default() };
            let network = Network::new(NetOptions { proxies, ..NetOptions::default() }, Arc::new(EgressLog));
            let net = network.client(Reach::default());
            let page = Page::new("http://page.example/a.txt", private, net.clone(), Duration::from_secs(30));
            let Ok(Took::Taken(taken)) = page.take(None, 100).await else { panic!("it is not read") };
            assert_eq!((&*taken.bytes, net.went_outside_alone()), (&b"text"[..], !private));
        }
    }
}
