//! A connection that speaks no HTTP: a database's. The rules are those of every other: `--offline`, time-outs, certificates, and
//! the record of what left this machine. HTTP's proxies carry none, so it goes straight there.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::Client;
use super::guard;
use crate::domain::{Error, ErrorKind, Result};

/// A connection, plain or secured.
#[derive(Debug)]
pub struct Stream {
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Plain(Counted),
    Secured(Box<TlsStream<Counted>>),
}

/// Counts what goes over the wire itself.
#[derive(Debug)]
struct Counted {
    tcp: TcpStream,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    sent: AtomicU64,
    received: AtomicU64,
}

/// Writes down what went over a connection, piece by piece: a connection may be open for days.
#[derive(Debug)]
pub struct Ledger {
    client: Client,
    doing: String,
    place: String,
    counters: Arc<Counters>,
}

impl Ledger {
    /// Records what went over it since the last time, as one exchange.
    pub fn record(&self) {
        let sent = self.counters.sent.swap(0, Ordering::Relaxed);
        let received = self.counters.received.swap(0, Ordering::Relaxed);
        if sent == 0 && received == 0 {
            return;
        }
        let mut meter = self.client.meter(&self.doing, self.place.clone());
        meter.entry.sent = sent;
        meter.entry.head = Some(0);
        meter.entry.received = Some(received);
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.record();
    }
}

impl Client {
    /// Whether a server may be connected to, by what this call may reach; `host:port`.
    pub fn may_reach(&self, doing: &str, host: &str, port: u16) -> Result<String> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let host = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
        guard::allowed(doing, &format!("http://{host}:{port}"), self.is_offline()).map_err(|error| {
            let hint = match error.kind {
                ErrorKind::Offline => "Start without --offline.",
                _ => "Check the server's address in the configuration.",
            };
            Error { hint: hint.to_owned(), ..error }
        })?;
        Ok(format!("{host}:{port}"))
    }

    /// Opens a connection to a server that the person named.
    pub async fn stream(&self, doing: &str, host: &str, port: u16) -> Result<(Stream, Ledger)> {
        let place = self.may_reach(doing, host, port)?;
        let wait = self.connect();
        let opening = async { TcpStream::connect(&self.addresses(host, port).await?[..]).await };
        let opened = tokio::time::timeout(wait, opening).await.map_err(|_| {
            let why = format!("{place} did not accept a connection within {} s", wait.as_secs());
            Error::new(ErrorKind::Timeout, doing, why, "Check the address, and that the network is up.")
        })?;
        let tcp = opened.map_err(|why| {
            let why = format!("no connection to {place}: {why}");
            Error::new(ErrorKind::Network, doing, why, "Check that the server is running, and its address.")
        })?;
        // Small questions would wait for each other.
        let _ = tcp.set_nodelay(true);
        let counters = Arc::<Counters>::default();
        let doing = doing.to_owned();
        let ledger = Ledger { client: self.clone(), doing, place, counters: Arc::clone(&counters) };
        Ok((Stream { inner: Inner::Plain(Counted { tcp, counters }) }, ledger))
    }

    async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        // Offline only names of this machine come here, and none of them leads off it, whatever a resolver says.
        let offline = self.is_offline();
        let name = if offline { "localhost" } else { bare };
        let found = tokio::net::lookup_host((name, port)).await?;
        Ok(found.filter(|address| !offline || guard::is_loopback(address.ip())).collect())
    }

    /// What certificates are trusted: the system's, and those of `net.ca_file`. Reads files.
    pub async fn trust(&self, doing: &str) -> Result<Trust> {
        let (file, owned) = (self.ca_file(), doing.to_owned());
        let made = tokio::task::spawn_blocking(move || trust(&owned, file.as_deref())).await;
        made.unwrap_or_else(|why| Err(Error::internal(doing, why.to_string())))
    }
}

/// How a connection is secured: whose certificates are believed.
#[derive(Clone)]
pub struct Trust(TlsConnector);

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}

fn trust(doing: &str, file: Option<&std::path::Path>) -> Result<Trust> {
    let mut roots = Vec::new();
    if let Some(file) = file {
        let reading = || format!("reading the certificates in {}", file.display());
        let pem = std::fs::read(file).map_err(|why| Error::io(reading(), &why))?;
        roots.extend(CertificateDer::pem_slice_iter(&pem).flatten());
        if roots.is_empty() {
            let hint = "Check net.ca_file in the configuration.";
            return Err(Error::new(ErrorKind::Config, reading(), "it is no PEM file of certificates", hint));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let broken = |why: rustls::Error| {
        let hint = "Check net.ca_file; a bare machine may need the package ca-certificates.";
        Error::new(ErrorKind::Config, doing, format!("certificates cannot be checked: {why}"), hint)
    };
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(broken)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(broken)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Trust(TlsConnector::from(Arc::new(config))))
}

impl Stream {
    /// The same connection, secured: the server must show a certificate for `host` that is trusted.
    pub async fn secured(self, host: &str, trust: &Trust) -> io::Result<Self> {
        let Inner::Plain(plain) = self.inner else { return Ok(self) };
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare)
            .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why.to_string()))?;
        let secured = trust.0.connect(name, plain).await?;
        Ok(Self { inner: Inner::Secured(Box::new(secured)) })
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.tcp).poll_read(cx, buffer);
        self.counters.received.fetch_add((buffer.filled().len() - before) as u64, Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = &polled {
            self.counters.sent.fetch_add(*written as u64, Ordering::Relaxed);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(plain) => Pin::new(plain).poll_read(cx, buffer),
            Inner::Secured(secured) => Pin::new(secured).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.inner {
            Inner::Plain(plain) => Pin::new(plain).poll_write(cx, bytes),
            Inner::Secured(secured) => Pin::new(secured).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(plain) => Pin::new(plain).poll_flush(cx),
            Inner::Secured(secured) => Pin::new(secured).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(plain) => Pin::new(plain).poll_shutdown(cx),
            Inner::Secured(secured) => Pin::new(secured).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::{Egress, EgressSink, NetOptions, Network, Reach};
    use super::*;

    #[derive(Debug, Default)]
    struct Kept(Mutex<Vec<Egress>>);

    impl EgressSink for Kept {
        fn record(&self, egress: &Egress) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(egress.clone());
        }
    }

    #[tokio::test]
    async fn what_goes_over_a_connection_is_written_down_piece_by_piece() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::new(Kept::default());
        let net = Network::new(NetOptions::default(), kept.clone()).client(Reach::default());
        let (mut stream, ledger) = net.stream("asking", "127.0.0.1", port).await.unwrap();
        let (mut there, _) = listener.accept().await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let mut said = [0; 5];
        there.read_exact(&mut said).await.unwrap();
        ledger.record();
        ledger.record();
        there.write_all(b"yes").await.unwrap();
        stream.read_exact(&mut said[..3]).await.unwrap();
        drop(ledger);
        let kept = kept.0.lock().unwrap();
        let told: Vec<_> = kept.iter().map(|entry| (entry.sent, entry.received)).collect();
        assert_eq!(told, [(5, Some(0)), (0, Some(3))]);
        assert_eq!(kept[0].host, format!("127.0.0.1:{port}"));
    }

    #[tokio::test]
    async fn offline_only_this_machine_is_connected_to() {
        let reach = Reach { offline: true, ..Reach::default() };
        let net = Network::new(NetOptions::default(), Arc::new(Kept::default())).client(reach);
        for host in ["192.0.2.7", "db.example", "localhost.example"] {
            let error = net.stream("asking", host, 5432).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Offline, "{host}: {error}");
        }
        for host in ["localhost", "127.0.0.1", "::1", "[::1]", "db.localhost"] {
            assert!(net.may_reach("asking", host, 5432).is_ok(), "{host}");
        }
        let addresses = net.addresses("db.localhost", 5432).await.unwrap();
        assert!(addresses.iter().all(|address| guard::is_loopback(address.ip())), "{addresses:?}");
    }
}
