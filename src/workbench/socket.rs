//! The owner's socket: bound in the workspace, private to the account, each connection served through the same door.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::bytes::Bytes;
use tokio_util::task::AbortOnDropHandle;

use super::frame::{Frame, Kind, WINDOW};
use super::hello::{self, Hello, Sink, Source};
use super::{Context, Door, Request};
use crate::domain::{Error, ErrorKind, Result};

/// The socket's name in the workspace.
const NAME: &str = "socket";

/// Processes that may be attached at once.
const CONNECTIONS: usize = 256;

/// Calls that one of them may have open.
const CALLS: usize = 4096;

/// Frames that wait for one slow connection.
const QUEUE: usize = 64;

/// The longest path that an address holds on every system.
const ADDRESS: usize = 100;

/// A bound socket that serves nobody yet.
#[derive(Debug)]
pub struct Bound {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode: the file is removed at the end only while it is ours.
    identity: (u64, u64),
}

/// A socket that is served until this is dropped.
#[derive(Debug)]
pub struct Serving {
    task: AbortOnDropHandle<()>,
    path: PathBuf,
    identity: (u64, u64),
}

/// Binds the socket of the workspace in `folder`, over one that a killed owner left. Only for who holds its lock.
pub fn bind(folder: &Path) -> Result<Bound> {
    let path = folder.join(NAME);
    let doing = || format!("opening the socket {}", path.display());
    let io = |why: io::Error| Error::io(doing(), &why);
    let meta = folder.symlink_metadata().map_err(io)?;
    if !meta.is_dir() || meta.uid() != rustix::process::geteuid().as_raw() || meta.mode() & 0o077 != 0 {
        return Err(Error::new(
            ErrorKind::Io,
            doing(),
            "its folder must be a real folder of yours with the mode 0700",
            format!("Look at it with: ls -ld {}", folder.display()),
        ));
    }
    // Bound beside, closed to others, then put in place: nobody meets a socket that is open to all or half made.
    let beside = folder.join(format!("{NAME}.new"));
    match std::fs::remove_file(&beside) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(io(why)),
        _ => {}
    }
    let (address, _folder) = address(&beside).map_err(io)?;
    let listener = UnixListener::bind(address).map_err(io)?;
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600)).map_err(io)?;
    std::fs::rename(&beside, &path).map_err(io)?;
    let meta = path.symlink_metadata().map_err(io)?;
    Ok(Bound { listener, path, identity: (meta.dev(), meta.ino()) })
}

/// Serves `door` to whoever of this account connects.
pub fn serve(door: Door, bound: Bound) -> Serving {
    let Bound { listener, path, identity } = bound;
    let task = AbortOnDropHandle::new(tokio::spawn(accept(door, listener)));
    Serving { task, path, identity }
}

impl Serving {
    /// Ends every connection and takes the socket away.
    pub fn stop(&self) {
        self.task.abort();
        let ours = self.path.symlink_metadata().is_ok_and(|meta| (meta.dev(), meta.ino()) == self.identity);
        if ours {
            // One that stays is stale, which the next owner mends.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Connects to the socket of the workspace in `folder`.
pub(super) async fn connect(folder: &Path) -> Result<UnixStream> {
    let path = folder.join(NAME);
    let attempt = async {
        let (address, _folder) = address(&path)?;
        UnixStream::connect(address).await
    };
    attempt.await.map_err(|why| match why.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Error::new(
            ErrorKind::Detached,
            format!("connecting to {}", path.display()),
            "nobody serves it",
            "Try again.",
        ),
        _ => Error::io(format!("connecting to {}", path.display()), &why),
    })
}

/// A path that fits into a socket address: itself, or its name below the open folder.
fn address(path: &Path) -> io::Result<(PathBuf, Option<OwnedFd>)> {
    if path.as_os_str().len() <= ADDRESS {
        return Ok((path.to_owned(), None));
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    if !cfg!(target_os = "linux") {
        return Err(io::Error::new(
            io::ErrorKind::InvalidFilename,
            "the path is too long for a socket; set OUTCROP_HOME to a shorter one",
        ));
    }
    let open = OwnedFd::from(std::fs::File::open(folder)?);
    Ok((PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())).join(name), Some(open)))
}

async fn accept(door: Door, listener: UnixListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(attend(door.clone(), stream));
                }
                Err(why) => {
                    // Out of descriptors, most likely: some come back when a connection ends.
                    tracing::warn!(%why, "accepting a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn attend(door: Door, stream: UnixStream) {
    match hello::exchange(stream, &Hello::own()).await {
        Ok((source, sink, peer)) => {
            tracing::debug!(pid = peer.pid, "attached");
            let (out, frames) = mpsc::channel(QUEUE);
            // Either end of the connection ends both: its calls are dropped, which cancels them.
            tokio::select! {
                () = write(sink, frames) => {}
                () = read(&door, source, &out) => {}
            }
        }
        Err(error) => tracing::warn!(%error, "refused a connection"),
    }
}

async fn write(mut sink: Sink, mut frames: mpsc::Receiver<Bytes>) {
    while let Some(frame) = frames.recv().await {
        if sink.write_all(&frame).await.is_err() {
            return;
        }
        while let Ok(frame) = frames.try_recv() {
            if sink.write_all(&frame).await.is_err() {
                return;
            }
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

/// Calls that run, with what ends them and what lets them send.
type Running = Arc<Mutex<HashMap<u64, (AbortHandle, Arc<Semaphore>)>>>;

/// Never waits for a call: a reader that is stuck must not keep others from being cancelled.
async fn read(door: &Door, mut source: Source, out: &mpsc::Sender<Bytes>) {
    let running = Running::default();
    let mut calls = JoinSet::new();
    loop {
        let bytes = tokio::select! {
            bytes = source.next() => bytes,
            Some(_) = calls.join_next() => continue,
        };
        let Some(frame) = bytes.and_then(Result::ok).and_then(|bytes| Frame::decode(bytes.freeze())) else {
            return;
        };
        let mut table = running.lock().unwrap_or_else(PoisonError::into_inner);
        match frame.kind {
            Kind::Call if table.len() < CALLS && !table.contains_key(&frame.call) => {
                let room = Arc::new(Semaphore::new(WINDOW as usize));
                let (id, task_room) = (frame.call, room.clone());
                let (door, out, ended) = (door.clone(), out.clone(), running.clone());
                let handle = calls.spawn(async move {
                    answer(&door, &frame, &task_room, &out).await;
                    ended.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                });
                table.insert(id, (handle, room));
            }
            Kind::More => {
                let count = frame.count().unwrap_or(0).min(WINDOW) as usize;
                if let Some((_, room)) = table.get(&frame.call)
                    && room.available_permits() + count <= WINDOW as usize
                {
                    room.add_permits(count);
                }
            }
            Kind::Cancel => {
                if let Some((handle, _)) = table.remove(&frame.call) {
                    handle.abort();
                }
            }
            // No honest client says that.
            Kind::Call | Kind::Reply | Kind::Failed | Kind::End => return,
        }
    }
}

/// Sends a call's replies, one for each permit of `room`; the last frame needs none.
async fn answer(door: &Door, call: &Frame, room: &Semaphore, out: &mpsc::Sender<Bytes>) {
    let id = call.call;
    let mut replies = match call.value::<(Context, Request)>() {
        Ok((context, request)) => door.call(context, request),
        Err(error) => return end(id, Err(error), out).await,
    };
    loop {
        let item = replies.next().await;
        let frame = match item {
            None => return end(id, Ok(()), out).await,
            Some(Err(error)) => return end(id, Err(error), out).await,
            Some(Ok(reply)) => match Frame::with(Kind::Reply, id, &reply) {
                Ok(frame) => frame,
                Err(error) => return end(id, Err(error), out).await,
            },
        };
        let Ok(permit) = room.acquire().await else { return };
        permit.forget();
        if out.send(frame.encode()).await.is_err() {
            return;
        }
    }
}

async fn end(id: u64, how: Result<()>, out: &mpsc::Sender<Bytes>) {
    let frame = match how {
        Ok(()) => Frame::bare(Kind::End, id),
        Err(error) => Frame::with(Kind::Failed, id, &error).unwrap_or_else(|_| Frame::bare(Kind::End, id)),
    };
    // The connection may be gone; then nobody waits for the end either.
    let _ = out.send(frame.encode()).await;
}
