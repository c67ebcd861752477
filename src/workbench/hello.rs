//! The first words of both sides of a connection: who they are, in a form that every version reads.

use std::time::Duration;

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};

use super::frame::{self, Frame};
use crate::domain::{Error, ErrorKind, Result};

/// Grows with every change of frames, requests, replies and events: two builds of one version may differ in them, and are to refuse
/// each other in words. `tests/suite/doors/spoken.txt` has what belongs to the number.
pub const PROTOCOL: u32 = 9;

/// A hello is a line; more is no hello.
const LONGEST: usize = 4096;

/// How long the other side may take for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What each side says first. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Always "outcrop".
    pub program: String,
    pub protocol: u32,
    pub version: String,
    pub pid: u32,
}

impl Hello {
    /// This process's own.
    pub fn own() -> Self {
        Self {
            program: "outcrop".to_owned(),
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
        }
    }

    /// Whether both sides mean the same by what they send.
    fn agrees_with(&self, other: &Self) -> bool {
        (self.protocol, &self.version) == (other.protocol, &other.version)
    }
}

/// Where frames come from.
pub(super) type Source = FramedRead<OwnedReadHalf, LengthDelimitedCodec>;

/// Where they go, once flushed.
pub(super) type Sink = BufWriter<OwnedWriteHalf>;

/// Says `own` and hears the other's; refuses another account, another program, another version.
pub(super) async fn exchange(stream: UnixStream, own: &Hello) -> Result<(Source, Sink, Hello)> {
    exchange_with(stream, own, None).await
}

/// The same, with a `word` that the other side hears together with the hello, or not at all.
pub(super) async fn exchange_with(
    stream: UnixStream,
    own: &Hello,
    word: Option<Frame>,
) -> Result<(Source, Sink, Hello)> {
    let doing = "greeting another outcrop on this machine";
    let peer = stream.peer_cred().map_err(|why| Error::io(doing, &why))?;
    if peer.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::new(
            ErrorKind::Auth,
            doing,
            format!("the socket's other side belongs to account {}", peer.uid()),
            "A workspace serves its own account only; set OUTCROP_HOME to a folder of yours.",
        ));
    }
    let (source, sink) = stream.into_split();
    let (mut source, mut sink) = (FramedRead::new(source, frame::codec(LONGEST)), BufWriter::new(sink));
    let greet = async {
        let line = serde_json::to_vec(own).map_err(|why| Error::internal(doing, why.to_string()))?;
        let said = async {
            sink.write_u32(line.len() as u32).await?;
            sink.write_all(&line).await?;
            if let Some(word) = word {
                sink.write_all(&word.encode()).await?;
            }
            sink.flush().await
        };
        said.await.map_err(|why| hung_up(doing, &why))?;
        match source.next().await {
            Some(Ok(line)) => serde_json::from_slice::<Hello>(&line).map_err(|why| {
                Error::new(ErrorKind::Version, doing, format!("it speaks something else: {why}"), QUIT_IT)
            }),
            Some(Err(why)) => Err(hung_up(doing, &why)),
            None => Err(Error::new(ErrorKind::Detached, doing, "it hung up", "Try again.")),
        }
    };
    let other = tokio::time::timeout(PATIENCE, greet).await.map_err(|_| {
        let pid = peer.pid().map_or_else(String::new, |pid| format!(" {pid}"));
        Error::new(
            ErrorKind::Timeout,
            doing,
            format!("process{pid} has the workspace open and does not answer"),
            "It may be suspended: bring it back with fg, or end it.",
        )
    })??;
    if !own.agrees_with(&other) {
        return Err(Error::new(
            ErrorKind::Version,
            doing,
            format!(
                "process {} is {} {} (protocol {}), this is {} (protocol {})",
                other.pid, other.program, other.version, other.protocol, own.version, own.protocol
            ),
            QUIT_IT,
        ));
    }
    source.decoder_mut().set_max_frame_length(frame::LARGEST);
    Ok((source, sink, other))
}

/// A side that ends in the middle of a greeting is gone, whichever way the system tells it.
fn hung_up(doing: &str, why: &std::io::Error) -> Error {
    use std::io::ErrorKind as Io;
    match why.kind() {
        Io::BrokenPipe | Io::ConnectionReset | Io::UnexpectedEof => {
            Error::new(ErrorKind::Detached, doing, "it hung up", "Try again.")
        }
        _ => Error::io(doing, why),
    }
}

const QUIT_IT: &str = "Quit the other one, or start the same version here.";
