//! The door of another process: calls travel over its socket, many at once, each with its own bounded buffer.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Waker, Poll};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::frame::{Frame, Kind, WINDOW};
use super::hello::{self, Hello, Sink, Source};
use super::{Context, Door, Replies, Reply, Request, Workbench, socket};
use crate::domain::{Error, ErrorKind, Result};

/// Calls that one process may have open at once.
const CALLS: usize = 4096;

/// The door of the process that owns the workspace.
#[derive(Debug)]
pub struct There {
    link: Arc<Link>,
    owner: Hello,
}

/// A connection; it ends when the door and the replies of all its calls are dropped.
#[derive(Debug)]
struct Link {
    shared: Arc<Shared>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

/// What calls, reader and writer share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Something to write.
    wake: Notify,
    /// The connection is gone.
    closed: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    /// Where each open call's replies go.
    calls: HashMap<u64, mpsc::Sender<Frame>>,
    /// Frames to write, in order. Bounded: a call has one request, two grants and one cancel in it at most.
    out: VecDeque<Frame>,
    last: u64,
    /// Nothing new may be sent: the owner leaves, or nobody is there.
    closed: bool,
}

impl There {
    /// Connects to the owner of the workspace in `folder`.
    pub async fn connect(folder: &Path) -> Result<Self> {
        Self::connect_as(folder, &Hello::own()).await
    }

    /// Connects, saying `own`.
    pub async fn connect_as(folder: &Path, own: &Hello) -> Result<Self> {
        let stream = socket::connect(folder).await?;
        let (source, sink, owner) = hello::exchange(stream, own).await?;
        let shared = Arc::new(Shared::default());
        let tasks = [
            AbortOnDropHandle::new(tokio::spawn(write(sink, shared.clone()))),
            AbortOnDropHandle::new(tokio::spawn(read(source, shared.clone()))),
        ];
        Ok(Self { link: Arc::new(Link { shared, _tasks: tasks }), owner })
    }

    /// The process at the other end.
    pub fn owner_pid(&self) -> u32 {
        self.owner.pid
    }

    /// Whether nothing new can be sent: the owner leaves or is gone, or the connection was closed from here.
    pub fn is_gone(&self) -> bool {
        self.link.shared.state().closed
    }

    /// Ends when the connection is gone.
    pub fn gone(&self) -> impl Future<Output = ()> + Send + use<> {
        self.link.shared.closed.clone().cancelled_owned()
    }

    /// As faces hold it.
    pub fn door(self) -> Door {
        Arc::new(self)
    }
}

impl Workbench for There {
    fn call(&self, context: Context, request: Request) -> Replies {
        self.try_call(&context, &request)
            .unwrap_or_else(|| stream::once(std::future::ready(Err(not_begun()))).boxed())
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let shared = self.link.shared.clone();
        async move {
            shared.cancel_all();
            // The writer takes the frames out before it writes them; a hung owner must not hold up a quitting face.
            let written = async {
                while !shared.state().out.is_empty() && !shared.closed.is_cancelled() {
                    tokio::task::yield_now().await;
                }
            };
            let _ = tokio::time::timeout(std::time::Duration::from_millis(200), written).await;
        }
        .boxed()
    }
}

impl There {
    /// Calls, or `None` where the connection is gone and so nothing was sent.
    pub(super) fn try_call(&self, context: &Context, request: &Request) -> Option<Replies> {
        match self.begin(context, request) {
            Ok(call) => Some(call.boxed()),
            Err(error) if error.kind == ErrorKind::Detached => None,
            Err(error) => Some(stream::once(std::future::ready(Err(error))).boxed()),
        }
    }

    fn begin(&self, context: &Context, request: &Request) -> Result<Call> {
        let mut frame = Frame::with(Kind::Call, 0, &(context, request))?;
        let shared = &self.link.shared;
        let mut state = shared.state();
        if state.closed {
            return Err(gone());
        }
        if state.calls.len() >= CALLS {
            return Err(Error::new(
                ErrorKind::Busy,
                "asking the outcrop that owns the workspace",
                format!("{CALLS} calls are open already"),
                "Wait until some are done.",
            ));
        }
        state.last += 1;
        let id = state.last;
        frame.call = id;
        // One place more than the window: the end always fits.
        let (sender, replies) = mpsc::channel(WINDOW as usize + 1);
        state.calls.insert(id, sender);
        state.out.push_back(frame);
        drop(state);
        shared.wake.notify_one();
        Ok(Call { link: self.link.clone(), id, replies, taken: 0, ended: false })
    }
}

/// What a call ends with of which its process did nothing.
pub(super) fn not_begun() -> Error {
    Error::new(
        ErrorKind::NotBegun,
        "asking the outcrop that owned the workspace",
        "it ended before it began with it",
        "Do it again.",
    )
}

/// What a call ends with when its process is gone.
pub(super) fn gone() -> Error {
    Error::new(
        ErrorKind::Detached,
        "waiting for the outcrop that owned the workspace",
        "it ended before it answered",
        "Look whether it was done, then do it again if not.",
    )
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in the guarded sections panics; the state is whole in any case.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, frame: Frame) {
        self.state().out.push_back(frame);
        self.wake.notify_one();
    }

    /// Hands a frame to its call; `false` for what no honest owner sends.
    fn deliver(&self, frame: Frame) -> bool {
        let mut state = self.state();
        if frame.kind == Kind::Leaving {
            state.closed = true;
            state.out.push_back(Frame::bare(Kind::Bye, 0));
            drop(state);
            self.wake.notify_one();
            return true;
        }
        if frame.kind == Kind::NotBegun && frame.call == 0 {
            state.closed = true;
            for (id, call) in state.calls.drain() {
                // One whose buffer is full is read by nobody.
                let _ = call.try_send(Frame::bare(Kind::NotBegun, id));
            }
            return true;
        }
        let id = frame.call;
        let last = matches!(frame.kind, Kind::Failed | Kind::End | Kind::NotBegun);
        // A call that was dropped here may still get what was on its way.
        let Some(call) = state.calls.get(&id) else { return true };
        let kept = !matches!(call.try_send(frame), Err(mpsc::error::TrySendError::Full(_)));
        if last {
            state.calls.remove(&id);
        }
        kept
    }

    fn cancel_all(&self) {
        let mut state = self.state();
        state.closed = true;
        let ids: Vec<_> = state.calls.drain().map(|(id, _)| id).collect();
        state.out.extend(ids.into_iter().map(|id| Frame::bare(Kind::Cancel, id)));
        drop(state);
        self.wake.notify_one();
    }

    /// Nothing goes any more. What the owner said before it closed is still to be read: it may have begun nothing of an open call.
    fn hush(&self) {
        self.state().closed = true;
    }

    /// Nothing comes or goes any more: every open call ends.
    fn shut(&self) {
        let mut state = self.state();
        state.closed = true;
        state.calls.clear();
        state.out.clear();
        drop(state);
        self.closed.cancel();
    }
}

async fn write(mut sink: Sink, shared: Arc<Shared>) {
    loop {
        let batch = std::mem::take(&mut shared.state().out);
        if batch.is_empty() {
            tokio::select! {
                () = shared.wake.notified() => continue,
                () = shared.closed.cancelled() => return,
            }
        }
        for frame in batch {
            if sink.write_all(&frame.encode()).await.is_err() {
                return shared.hush();
            }
        }
        if sink.flush().await.is_err() {
            return shared.hush();
        }
    }
}

async fn read(mut source: Source, shared: Arc<Shared>) {
    while let Some(Ok(bytes)) = source.next().await {
        if !Frame::decode(bytes.freeze()).is_some_and(|frame| shared.deliver(frame)) {
            break;
        }
    }
    shared.shut();
}

/// The replies of one call.
struct Call {
    link: Arc<Link>,
    id: u64,
    replies: mpsc::Receiver<Frame>,
    /// Replies taken since the last grant.
    taken: u32,
    ended: bool,
}

impl Stream for Call {
    type Item = Result<Reply>;

    fn poll_next(mut self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = match self.replies.poll_recv(waker) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(frame) => frame,
        };
        let item = match frame {
            Some(frame) if frame.kind == Kind::Reply => {
                self.taken += 1;
                if self.taken >= WINDOW / 2 {
                    self.link.shared.send(Frame::more(self.id, self.taken));
                    self.taken = 0;
                }
                frame.value()
            }
            Some(frame) if frame.kind == Kind::End => {
                self.ended = true;
                return Poll::Ready(None);
            }
            Some(frame) if frame.kind == Kind::NotBegun => Err(not_begun()),
            Some(frame) => Err(frame.value().unwrap_or_else(|error| error)),
            None => Err(gone()),
        };
        self.ended = item.is_err();
        Poll::Ready(Some(item))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let shared = &self.link.shared;
        let open = shared.state().calls.remove(&self.id).is_some();
        if open {
            shared.send(Frame::bare(Kind::Cancel, self.id));
        }
    }
}
