//! The owner's socket: bound in the workspace, private to the account, each connection served through the same door.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::frame::{Frame, Kind, WINDOW};
use super::hello::{self, Hello, Sink, Source};
use super::{Context, Door, Replies, Request};
use crate::domain::{Error, ErrorKind, Result};

/// The socket's name in the workspace.
const NAME: &str = "socket";

/// Processes that may be attached at once.
const CONNECTIONS: usize = 256;

/// Calls that one of them may have open.
const CALLS: usize = 4096;

/// Frames that wait for one slow connection.
const QUEUE: usize = 64;

/// How long the other side may take to say good-bye.
const FAREWELL: Duration = Duration::from_millis(500);

/// How long it may leave a reply unread once this process is about to end.
const READING: Duration = Duration::from_secs(10);

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
    house: House,
    /// The connections have come to their end.
    done: CancellationToken,
    path: PathBuf,
    identity: (u64, u64),
    /// The file is not taken away yet. That is done once: the next owner's file may get the same inode.
    linked: AtomicBool,
}

/// What all connections share.
#[derive(Debug, Clone, Default)]
struct House {
    /// Asks them to come to their end.
    leaving: CancellationToken,
    /// The calls that run. Watches are not among them: they end only when nobody reads them.
    calls: TaskTracker,
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
    let (house, done) = (House::default(), CancellationToken::new());
    let (shared, told) = (house.clone(), done.clone().drop_guard());
    let task = tokio::spawn(async move {
        accept(door, listener, shared).await;
        drop(told);
    });
    let linked = AtomicBool::new(true);
    Serving { task: AbortOnDropHandle::new(task), house, done, path, identity, linked }
}

impl Serving {
    /// Begins nothing any more and waits until the calls that have begun are done, however long they take; watches are
    /// cut. Who comes meanwhile is told to wait for the next owner.
    pub async fn leave(&self) {
        self.house.leaving.cancel();
        self.done.cancelled().await;
        self.unlink();
    }

    /// How many calls of other processes run.
    pub fn calls(&self) -> usize {
        self.house.calls.len()
    }

    /// Ends every connection and takes the socket away.
    pub fn stop(&self) {
        self.task.abort();
        self.unlink();
    }

    fn unlink(&self) {
        if !self.linked.swap(false, Ordering::AcqRel) {
            return;
        }
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
        // An owner that dies just now resets who is in its line.
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => {
            Error::new(
                ErrorKind::Detached,
                format!("connecting to {}", path.display()),
                "nobody serves it",
                "Try again.",
            )
        }
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

async fn accept(door: Door, listener: UnixListener, house: House) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = next(&listener), if connections.len() < CONNECTIONS => {
                connections.spawn(attend(door.clone(), stream, house.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = house.leaving.cancelled() => break,
        }
    }
    // Who comes now sees that somebody is there: by the lock alone they would soon take it for a process that hangs.
    let mut waiting = JoinSet::new();
    while !connections.is_empty() {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            stream = next(&listener), if waiting.len() < CONNECTIONS => {
                waiting.spawn(put_off(stream));
            }
            Some(_) = waiting.join_next() => {}
        }
    }
}

/// The next who connects.
async fn next(listener: &UnixListener) -> UnixStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(why) => {
                // Out of descriptors, most likely: some come back when a connection ends.
                tracing::warn!(%why, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Greets who comes while this process is about to end, and begins nothing for them; they go on when this is dropped. They
/// hear that with the greeting: of what they ask before they know that somebody is there, nothing may stay in doubt.
async fn put_off(stream: UnixStream) {
    let word = Frame::bare(Kind::NotBegun, 0);
    match hello::exchange_with(stream, &Hello::own(), Some(word)).await {
        Ok((mut source, _sink, peer)) => {
            tracing::debug!(pid = peer.pid, "waits for the next owner");
            while let Some(Ok(_)) = source.next().await {}
        }
        Err(error) => tracing::warn!(%error, "refused a connection"),
    }
}

async fn attend(door: Door, stream: UnixStream, house: House) {
    match hello::exchange(stream, &Hello::own()).await {
        Ok((source, sink, peer)) => {
            tracing::debug!(pid = peer.pid, "attached");
            let (out, frames) = mpsc::channel(QUEUE);
            let mut writer = std::pin::pin!(write(sink, frames));
            // Either end of the connection ends both: its calls are dropped, which cancels them.
            tokio::select! {
                () = &mut writer => return,
                () = read(&door, source, out, &house) => {}
            }
            // What was answered before a leave-taking still goes out.
            let _ = tokio::time::timeout(READING, writer).await;
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

/// A call that runs.
struct Running {
    task: AbortHandle,
    /// Replies that may be sent.
    room: Arc<Semaphore>,
    /// It ends only when nobody reads it.
    watch: bool,
}

/// The calls that run on one connection, by number.
type Calls = Arc<Mutex<HashMap<u64, Running>>>;

fn locked(calls: &Calls) -> MutexGuard<'_, HashMap<u64, Running>> {
    // Nothing in the guarded sections panics; the table is whole in any case.
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Never waits for a call: a reader that is stuck must not keep others from being cancelled.
async fn read(door: &Door, mut source: Source, out: mpsc::Sender<Bytes>, house: &House) {
    let House { leaving, calls } = house;
    let running = Calls::default();
    let mut tasks = JoinSet::new();
    // A call was given up whose reader does not read.
    let stuck = CancellationToken::new();
    // When the other side was told that this one leaves, and whether it has said good-bye.
    let mut told = None;
    let mut bye = false;
    loop {
        let busy = locked(&running).values().any(|call| !call.watch);
        if bye && !busy {
            return;
        }
        let patience = told.map(|told| told + FAREWELL).filter(|_| !bye && !busy);
        let bytes = tokio::select! {
            bytes = source.next() => bytes,
            Some(_) = tasks.join_next() => continue,
            () = leaving.cancelled(), if told.is_none() => {
                let word = Frame::bare(Kind::Leaving, 0).encode();
                // A connection may be full because its reader gets no turn: what it has begun is not cut for that.
                if !matches!(tokio::time::timeout(READING, out.send(word)).await, Ok(Ok(()))) {
                    return;
                }
                told = Some(Instant::now());
                continue;
            }
            // A suspended process says nothing: it is not waited for. What it may have sent meanwhile was not read.
            () = tokio::time::sleep_until(patience.unwrap_or_else(Instant::now)), if patience.is_some() => {
                if !stuck.is_cancelled() {
                    let word = Frame::bare(Kind::NotBegun, 0).encode();
                    let _ = tokio::time::timeout(READING, out.send(word)).await;
                }
                return;
            }
        };
        let Some(frame) = bytes.and_then(Result::ok).and_then(|bytes| Frame::decode(bytes.freeze())) else {
            return;
        };
        match frame.kind {
            Kind::Call => {
                let id = frame.call;
                let full = {
                    let table = locked(&running);
                    table.len() >= CALLS || table.contains_key(&id)
                };
                // No honest client says that.
                if full {
                    return;
                }
                let (context, request) = match frame.value::<(Context, Request)>() {
                    Ok(call) => call,
                    Err(error) => {
                        let out = out.clone();
                        tasks.spawn(async move { _ = end(id, Err(error), &out).await });
                        continue;
                    }
                };
                let watch = matches!(request, Request::Watch { .. });
                let room = Arc::new(Semaphore::new(WINDOW as usize));
                let replies = door.call(context, request);
                let (out, task_room, ended) = (out.clone(), room.clone(), running.clone());
                let (leaving, stuck) = (leaving.clone(), stuck.clone());
                let counted = (!watch).then(|| calls.token());
                let mut table = locked(&running);
                let task = tasks.spawn(async move {
                    if !answer(id, replies, &task_room, &out, &leaving).await {
                        stuck.cancel();
                    }
                    locked(&ended).remove(&id);
                    drop(counted);
                });
                table.insert(id, Running { task, room, watch });
            }
            Kind::More => {
                let count = frame.count().unwrap_or(0).min(WINDOW) as usize;
                if let Some(call) = locked(&running).get(&frame.call)
                    && call.room.available_permits() + count <= WINDOW as usize
                {
                    call.room.add_permits(count);
                }
            }
            Kind::Cancel => {
                if let Some(call) = locked(&running).remove(&frame.call) {
                    call.task.abort();
                }
            }
            Kind::Bye => bye = true,
            // No honest client says that.
            Kind::Leaving | Kind::NotBegun | Kind::Reply | Kind::Failed | Kind::End => return,
        }
    }
}

/// Sends a call's replies, one for each permit of `room`; the last frame needs none. `false` where they were not read, and
/// so not all of them were sent.
async fn answer(
    id: u64,
    mut replies: Replies,
    room: &Semaphore,
    out: &mpsc::Sender<Bytes>,
    leaving: &CancellationToken,
) -> bool {
    let how = loop {
        let frame = match replies.next().await {
            None => break Ok(()),
            Some(Err(error)) => break Err(error),
            Some(Ok(reply)) => match Frame::with(Kind::Reply, id, &reply) {
                Ok(frame) => frame,
                Err(error) => break Err(error),
            },
        };
        let sent = async {
            room.acquire().await.ok()?.forget();
            out.send(frame.encode()).await.ok()
        };
        if in_time(sent, leaving).await.is_none() {
            return false;
        }
    };
    in_time(end(id, how, out), leaving).await.is_some()
}

/// What is sent once its reader has room for it: waited for while this process stays, and not for long when it is about to
/// end. `None` too where nobody is there any more.
async fn in_time(sent: impl Future<Output = Option<()>>, leaving: &CancellationToken) -> Option<()> {
    let late = async {
        leaving.cancelled().await;
        tokio::time::sleep(READING).await;
    };
    tokio::select! {
        biased;
        sent = sent => sent,
        () = late => None,
    }
}

async fn end(id: u64, how: Result<()>, out: &mpsc::Sender<Bytes>) -> Option<()> {
    let frame = match how {
        Ok(()) => Frame::bare(Kind::End, id),
        Err(error) => Frame::with(Kind::Failed, id, &error).unwrap_or_else(|_| Frame::bare(Kind::End, id)),
    };
    // The connection may be gone; then nobody waits for the end either.
    out.send(frame.encode()).await.ok()
}
