//! The door that every face holds: this process's own where it owns the workspace, else that of the process that does.
//!
//! When the owner ends, those who were attached race for the lock: one opens the store and serves it, the others attach
//! to that one. Nothing that changes something is ever sent twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::request::workspace::Workspace;
use super::there::{There, gone};
use super::{Changed, Context, Door, Replies, Reply, Request, Workbench, socket};
use crate::domain::secret::Secret;
use crate::domain::workspace::Configured;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Reach;

/// Opens the store if nobody has it. Runs on a thread that may block; called again for each take-over.
pub type Open = Arc<dyn Fn(&Knock) -> Result<Owning> + Send + Sync>;

/// What an attempt to open the store has besides the configuration.
#[derive(Debug, Clone, Default)]
pub struct Knock {
    /// What the person typed.
    pub passphrase: Option<Secret>,
    /// The backup that everything is to be replaced by, also where the store does not open.
    pub restore: Option<PathBuf>,
    /// Somebody waits for this attempt: the system's keyring may ask them for its own password.
    pub ask: bool,
    /// How often they have knocked.
    count: u64,
}

/// Whose the workspace is.
#[derive(Debug)]
pub enum Owning {
    /// The lock is this process's, and this is its door.
    Ours(Door),
    /// Another process holds the lock.
    Anothers { pid: Option<u32> },
}

/// How long an owner may hold the lock without serving its socket: it opens a store that it may have to mend.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long an owner that ends waits for the calls of others.
const FAREWELL: Duration = Duration::from_secs(10);

/// The same for one that has to end at once.
const HURRIED: Duration = Duration::from_millis(100);

/// Between two attempts, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

/// After an attempt that failed for good, before the next one; at first and at most.
const REST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// A door that outlives the process behind it.
pub struct Attached {
    state: watch::Receiver<State>,
    told: Told,
    knocks: watch::Sender<Knock>,
    /// The knock whose backup took the place of everything.
    restored: Arc<AtomicU64>,
    watcher: AbortOnDropHandle<()>,
    hurried: CancellationToken,
}

/// What this process was told, whoever serves its calls.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Every call of this process keeps to it.
    pub reach: Reach,
    /// The values that are the owner's to have.
    pub standing: BTreeMap<String, Configured>,
}

impl Told {
    fn put_into(&self, context: &mut Context, request: &mut Request) {
        context.reach = self.reach.within(context.reach);
        if let Request::Workspace(Workspace::Compare { told }) = request
            && told.is_empty()
        {
            told.clone_from(&self.standing);
        }
    }
}

/// What the door stands on at the moment.
#[derive(Debug, Clone)]
enum State {
    Ours(Door, Arc<socket::Serving>),
    There(Arc<There>),
    /// The owner is gone, the next one not found yet.
    Between,
    /// With the number of knocks that the attempt had heard.
    Failed(Error, u64),
}

impl std::fmt::Debug for Attached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attached").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

impl Attached {
    /// Begins to own the workspace in `folder`, or to attach to who does; calls wait until it is done.
    pub fn begin(folder: &Path, open: Open) -> Self {
        let (sender, state) = watch::channel(State::Between);
        let (knocks, heard) = watch::channel(Knock::default());
        let restored = Arc::new(AtomicU64::new(0));
        let watcher = tokio::spawn(keep(folder.to_owned(), open, sender, heard, Arc::clone(&restored)));
        let (told, hurried) = (Told::default(), CancellationToken::new());
        Self { state, told, knocks, restored, watcher: AbortOnDropHandle::new(watcher), hurried }
    }

    /// Binds every call to what this process was told.
    #[must_use]
    pub fn told(self, told: Told) -> Self {
        Self { told, ..self }
    }

    /// Owns the workspace in `folder`, or attaches to who does.
    pub async fn open(folder: &Path, open: Open) -> Result<Self> {
        let attached = Self::begin(folder, open);
        attached.ready().await?;
        Ok(attached)
    }

    /// Waits until calls are served, or says why they are not.
    pub async fn ready(&self) -> Result<()> {
        match settled(&mut self.state.clone()).await? {
            State::Failed(error, _) => Err(error),
            State::Ours(..) | State::There(_) | State::Between => Ok(()),
        }
    }

    /// Whether this process owns the workspace now.
    pub fn is_owner(&self) -> bool {
        matches!(*self.state.borrow(), State::Ours(..))
    }
}

impl Workbench for Attached {
    fn call(&self, mut context: Context, mut request: Request) -> Replies {
        self.told.put_into(&mut context, &mut request);
        // The usual ways, without another stream around them.
        if let State::Ours(door, _) = &*self.state.borrow() {
            return door.call(context, request);
        }
        if let State::Failed(..) = &*self.state.borrow() {
            match &request {
                Request::Workspace(Workspace::Unlock { passphrase }) => {
                    let knock = Knock { passphrase: Some(passphrase.clone()), ..Knock::default() };
                    return self.knock(knock, context, request);
                }
                Request::Workspace(Workspace::Restore { from }) => {
                    let knock = Knock { restore: Some(from.clone()), ..Knock::default() };
                    return self.knock(knock, context, request);
                }
                _ => {}
            }
        }
        let state = self.state.clone();
        // Sent at once where there is somebody to send it to, not when the replies are first read.
        let begun = match &*state.borrow() {
            State::There(there) => there.try_call(&context, &request),
            _ => None,
        };
        stream::unfold(
            Asking { state, context, request, replies: begun, retries: 1, heard: 0, done: false },
            step,
        )
        .boxed()
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let (state, hurried) = (self.state.borrow().clone(), self.hurried.clone());
        // Who closes takes nothing over; calls from now on find no owner.
        self.watcher.abort();
        async move {
            match state {
                State::Ours(door, serving) => {
                    // Others' calls may end in peace; what they ask from now on waits for the next owner.
                    let hurry = async {
                        hurried.cancelled().await;
                        tokio::time::sleep(HURRIED).await;
                    };
                    let left = tokio::select! {
                        left = tokio::time::timeout(FAREWELL, serving.leave()) => left.is_ok(),
                        () = hurry => false,
                    };
                    if !left {
                        tracing::warn!("cut the calls of another outcrop");
                    }
                    serving.stop();
                    door.close().await;
                }
                State::There(there) => there.close().await,
                State::Between | State::Failed(..) => {}
            }
        }
        .boxed()
    }

    fn hurry(&self) {
        self.hurried.cancel();
    }
}

impl Attached {
    /// Has the store opened once more; answers when that attempt is over. Where somebody has it open by now without
    /// what the knock was to bring in, they get the request itself.
    fn knock(&self, with: Knock, context: Context, request: Request) -> Replies {
        let mut number = 0;
        self.knocks.send_modify(|knock| {
            number = knock.count + 1;
            *knock = Knock { ask: true, count: number, ..with };
        });
        let mut state = self.state.clone();
        let restored = Arc::clone(&self.restored);
        let is_restore = matches!(request, Request::Workspace(Workspace::Restore { .. }));
        let heard = move |state: &State| match state {
            State::Failed(_, heard) => *heard >= number,
            State::Ours(..) | State::There(_) => true,
            State::Between => false,
        };
        let answer = async move {
            let one = |reply| stream::iter([reply]).boxed();
            match state.wait_for(heard).await.map(|state| state.clone()) {
                Ok(State::Failed(error, _)) => one(Err(error)),
                Ok(State::There(there)) if is_restore => {
                    there.try_call(&context, &request).unwrap_or_else(|| one(Err(gone())))
                }
                Ok(State::Ours(door, _)) if is_restore && restored.load(Ordering::Acquire) != number => {
                    door.call(context, request)
                }
                Ok(_) => one(Ok(Reply::Done)),
                Err(_) => one(Err(gone())),
            }
        };
        stream::once(answer).flatten().boxed()
    }
}

/// A call that may have to change its owner.
struct Asking {
    state: watch::Receiver<State>,
    context: Context,
    request: Request,
    /// `None` until it was sent.
    replies: Option<Replies>,
    retries: u32,
    /// Replies that the face has got.
    heard: u64,
    done: bool,
}

async fn step(mut asking: Asking) -> Option<(Result<Reply>, Asking)> {
    loop {
        if asking.done {
            return None;
        }
        let Some(replies) = &mut asking.replies else {
            match settled(&mut asking.state).await {
                // `None` where the connection went in this very moment: nothing was sent, the next owner is waited for.
                Ok(State::There(there)) => asking.replies = there.try_call(&asking.context, &asking.request),
                Ok(State::Ours(door, _)) => {
                    asking.replies = Some(door.call(asking.context.clone(), asking.request.clone()));
                }
                Ok(State::Failed(error, _)) | Err(error) => {
                    asking.done = true;
                    return Some((Err(error), asking));
                }
                Ok(State::Between) => {}
            }
            continue;
        };
        match replies.next().await? {
            Ok(Reply::Changed { change, .. }) => {
                // Numbers go on over a change of owner.
                asking.heard += 1;
                return Some((Ok(Reply::Changed { number: asking.heard, change }), asking));
            }
            Ok(reply) => {
                asking.heard += 1;
                return Some((Ok(reply), asking));
            }
            Err(error) if error.kind == ErrorKind::Detached => {
                asking.replies = None;
                if matches!(asking.request, Request::Watch { .. }) {
                    // What changed meanwhile was missed; the watch itself goes on with the next owner.
                    asking.heard += 1;
                    let missed = Reply::Changed { number: asking.heard, change: Changed::Missed };
                    return Some((Ok(missed), asking));
                }
                if asking.request.is_query() && asking.retries > 0 && asking.heard == 0 {
                    asking.retries -= 1;
                    continue;
                }
                asking.done = true;
                return Some((Err(error), asking));
            }
            Err(error) => {
                asking.done = true;
                return Some((Err(error), asking));
            }
        }
    }
}

/// The state, once it is one that can be called or reported.
async fn settled(state: &mut watch::Receiver<State>) -> Result<State> {
    let ready = |state: &State| match state {
        State::There(there) => !there.is_gone(),
        State::Ours(..) | State::Failed(..) => true,
        State::Between => false,
    };
    state.wait_for(ready).await.map(|state| state.clone()).map_err(|_| gone())
}

/// Finds the next owner each time that one is gone.
async fn keep(
    folder: PathBuf,
    open: Open,
    sender: watch::Sender<State>,
    mut knocks: watch::Receiver<Knock>,
    restored: Arc<AtomicU64>,
) {
    let mut rest = REST.0;
    // The knock that did not open it: by itself nothing is tried twice that costs a person's attention or a second.
    let mut refused = None;
    // The last knock that was heard: what it was to bring in is brought in once.
    let mut served = 0;
    loop {
        let current = sender.borrow().clone();
        match current {
            // Nothing takes an owner's workspace away.
            State::Ours(..) => return,
            State::There(there) => {
                rest = REST.0;
                there.gone().await;
            }
            State::Failed(..) => tokio::select! {
                () = tokio::time::sleep(rest) => rest = (rest * 2).min(REST.1),
                Ok(()) = knocks.changed() => {}
            },
            State::Between => {}
        }
        if !matches!(*sender.borrow(), State::Failed(..)) {
            sender.send_replace(State::Between);
        }
        let mut knock = knocks.borrow_and_update().clone();
        let number = knock.count;
        knock.ask = refused != Some(number);
        if !knock.ask {
            knock = Knock { count: number, ..Knock::default() };
        }
        if number == served {
            knock.restore = None;
        }
        served = number;
        let next = settle(&folder, &open, &knock).await;
        if knock.restore.is_some() && matches!(next, Ok(State::Ours(..))) {
            restored.store(number, Ordering::Release);
        }
        refused = next.is_err().then_some(number);
        sender.send_replace(next.unwrap_or_else(|error| State::Failed(error, number)));
    }
}

/// Owns or attaches; waits while another process is between taking the lock and serving the socket, or is ending.
async fn settle(folder: &Path, open: &Open, knock: &Knock) -> Result<State> {
    let started = Instant::now();
    let mut pause = PAUSE.0;
    loop {
        let (attempt, knock) = (open.clone(), knock.clone());
        let owning = tokio::task::spawn_blocking(move || attempt(&knock))
            .await
            .map_err(|why| Error::internal("opening the workspace", why.to_string()))??;
        let pid = match owning {
            Owning::Ours(door) => {
                let bound = socket::bind(folder)?;
                let serving = Arc::new(socket::serve(door.clone(), bound));
                return Ok(State::Ours(door, serving));
            }
            Owning::Anothers { pid } => pid,
        };
        match There::connect(folder).await {
            Ok(there) => return Ok(State::There(Arc::new(there))),
            Err(error) if error.kind == ErrorKind::Detached && started.elapsed() < PATIENCE => {}
            Err(error) if error.kind == ErrorKind::Detached => {
                let pid = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                return Err(Error::new(
                    ErrorKind::Busy,
                    format!("opening the workspace {}", folder.display()),
                    format!("{pid} has it and does not serve it"),
                    "Wait until it ends, or end it.",
                ));
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}
