//! One connection to the server, opened when it is needed and again when it was lost.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::Mutex;
use tokio_postgres::Client;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_util::task::AbortOnDropHandle;

use super::address::Address;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{self, Ledger, Stream, Trust};

/// The waits before a lost connection is opened again: three seconds for a server that nobody hears, twelve for one that says that
/// it begins.
const WAITS: [u64; 7] = [100, 200, 400, 800, 1600, 3200, 6400];
const SILENT: usize = 5;

/// A connection. What runs over it runs alone.
pub(super) struct Link {
    net: net::Client,
    address: Arc<Address>,
    /// `None` where it must be opened (again).
    open: Mutex<Option<Open>>,
}

struct Open {
    client: Client,
    ledger: Ledger,
    /// Moves the bytes; it ends with this.
    _driver: AbortOnDropHandle<()>,
}

/// Why something did not work.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection was lost, or the server could not do it just then: the same may work over a new one.
    Lost(Error),
    /// It will not work.
    Said(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        failed(&error)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(net: net::Client, address: Arc<Address>) -> Self {
        Self { net, address, open: Mutex::default() }
    }

    /// Does `work`, over a new connection where one is lost; so it must be work that may be done twice. No answer may take
    /// longer than a model's.
    pub(super) async fn run<T>(
        &self,
        work: impl for<'a> Fn(&'a mut Client) -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T> {
        let within = self.net.waits().first_byte.unwrap_or(Duration::MAX);
        self.run_within(within, work).await
    }

    /// The same, with time for what takes long.
    pub(super) async fn run_within<T>(
        &self,
        within: Duration,
        work: impl for<'a> Fn(&'a mut Client) -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T> {
        let mut attempt = 0;
        loop {
            let error = match self.once(within, &work).await {
                Ok(done) => return Ok(done),
                Err(Failure::Said(error)) => return Err(error),
                Err(Failure::Lost(error)) => error,
            };
            let most = if error.kind == ErrorKind::Busy { WAITS.len() } else { SILENT };
            let Some(wait) = WAITS[..most].get(attempt).copied() else { return Err(error) };
            tracing::info!(why = ?error.why, wait_ms = wait, "connecting to PostgreSQL again");
            tokio::time::sleep(Duration::from_millis(wait)).await;
            attempt += 1;
        }
    }

    async fn once<T>(
        &self,
        within: Duration,
        work: &impl for<'a> Fn(&'a mut Client) -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut slot = self.open.lock().await;
        // Where this is broken off, nobody knows what the connection was in the middle of: it goes with it.
        let known = slot.take().filter(|open| !open.client.is_closed());
        let mut open = match known {
            Some(open) => open,
            None => self.connected().await?,
        };
        let done = tokio::time::timeout(within, work(&mut open.client)).await;
        open.ledger.record();
        match done {
            Ok(Ok(done)) => {
                *slot = Some(open);
                Ok(done)
            }
            Ok(Err(Failure::Said(error))) => {
                *slot = Some(open);
                Err(Failure::Said(error))
            }
            Ok(lost) => lost,
            Err(_) => {
                let why = format!("the database did not answer within {} s", within.as_secs());
                let hint = "Try again, or raise net.answer_timeout.";
                Err(Failure::Said(Error::new(ErrorKind::Timeout, DOING, why, hint)))
            }
        }
    }

    async fn connected(&self) -> Result<Open, Failure> {
        let Address { host, port, secures, login } = &*self.address;
        let lost = |error: Error| match error.kind {
            ErrorKind::Network | ErrorKind::Timeout => Failure::Lost(error),
            _ => Failure::Said(error),
        };
        let (stream, ledger) = self.net.stream(CONNECTING, host, *port).await.map_err(lost)?;
        let trust = if *secures { Some(self.net.trust(CONNECTING).await?) } else { None };
        let secure = Secure { host: host.clone(), trust };
        let within = self.net.waits().connect.unwrap_or(Duration::MAX);
        let shaken = tokio::time::timeout(within, login.connect_raw(stream, secure)).await.map_err(|_| {
            let why = format!("{host}:{port} accepted a connection and did not greet in time");
            Failure::Lost(Error::new(ErrorKind::Timeout, CONNECTING, why, "Check that it is PostgreSQL."))
        })?;
        let (client, connection) = shaken.map_err(|error| refused(&error))?;
        let driver = AbortOnDropHandle::new(tokio::spawn(async move {
            if let Err(why) = connection.await {
                tracing::debug!(why = ?failed(&why), "a connection to PostgreSQL ended");
            }
        }));
        Ok(Open { client, ledger, _driver: driver })
    }
}

/// Secures a connection by the program's own rules.
struct Secure {
    host: String,
    trust: Option<Trust>,
}

impl TlsConnect<Stream> for Secure {
    type Stream = Stream;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Stream>>;

    fn connect(self, stream: Stream) -> Self::Future {
        async move {
            match &self.trust {
                Some(trust) => stream.secured(&self.host, trust).await,
                None => Err(io::Error::other("the address forbids TLS")),
            }
        }
        .boxed()
    }
}

impl TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

const DOING: &str = "using a knowledge base in PostgreSQL";
const CONNECTING: &str = "connecting to PostgreSQL";

/// The words of an error: the server's own message, never its details, which may quote what is stored.
fn words(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} ({})", said.message(), said.code().code());
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// A login that did not work.
fn refused(error: &tokio_postgres::Error) -> Failure {
    let Failure::Said(said) = failed(error) else { return failed(error) };
    let hint = if said.why.contains("certificate") || said.why.contains("UnknownIssuer") {
        "If the server has a certificate of your own authority, name it in net.ca_file.".to_owned()
    } else if error.as_db_error().is_none() {
        "Check the address; a server without TLS wants ?sslmode=disable behind it.".to_owned()
    } else {
        said.hint
    };
    Failure::Said(Error { doing: CONNECTING.to_owned(), hint, ..said })
}

/// What went wrong, and whether the same may work over another connection.
fn failed(error: &tokio_postgres::Error) -> Failure {
    let why = words(error);
    let Some(code) = error.code().map(tokio_postgres::error::SqlState::code) else {
        let mut cause = std::error::Error::source(error);
        let mut is_io = false;
        while let Some(source) = cause {
            // A certificate that is not trusted is no broken connection.
            is_io |= source
                .downcast_ref::<io::Error>()
                .is_some_and(|why| why.kind() != io::ErrorKind::InvalidData);
            cause = source.source();
        }
        return if error.is_closed() || is_io && !why.contains("certificate") {
            let hint = "Check that the server is running, then try again: nothing is lost.";
            Failure::Lost(Error::new(ErrorKind::Network, DOING, format!("the connection broke: {why}"), hint))
        } else {
            Failure::Said(Error::new(ErrorKind::Io, DOING, why, ""))
        };
    };
    let said = |kind, hint: &str| Error::new(kind, DOING, &why, hint);
    match code {
        // It ends, begins, or gave this transaction up for another.
        "57P01" | "57P02" | "57P03" | "53300" | "40001" | "40P01" => {
            Failure::Lost(said(ErrorKind::Busy, "Try again when the server is ready: nothing is lost."))
        }
        _ if code.starts_with("08") => {
            Failure::Lost(said(ErrorKind::Network, "Check that the server is running, then try again."))
        }
        "42501" => Failure::Said(said(ErrorKind::Auth, "Grant the user the right to create tables.")),
        _ if code.starts_with("28") => {
            Failure::Said(said(ErrorKind::Auth, "Check user and password in the address of the database."))
        }
        "3D000" => Failure::Said(said(ErrorKind::NotFound, "Create the database, or name another.")),
        "53100" => Failure::Said(said(ErrorKind::Full, "Free some space on the server, then try again.")),
        "0A000" | "58P01" if why.contains("vector") => {
            Failure::Said(said(ErrorKind::Config, "Install pgvector on the server."))
        }
        _ => Failure::Said(said(ErrorKind::Io, "")),
    }
}
