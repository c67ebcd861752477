//! The door that every face holds: this process's own where it owns the workspace, else that of the process that does.
//!
//! When the owner ends, those who were attached race for the lock: one opens the store and serves it, the others attach
//! to that one. Nothing that changes something is ever sent twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::asking::Asking;
use super::request::workspace::Workspace;
use super::rest::{self, Counted, Rest};
use super::silence::Silence;
use super::there::{There, gone};
use super::{Context, Door, Replies, Reply, Request, Workbench, asking, socket};
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

/// How long an owner that is to be stopped waits for the calls of others that came in the last moment. One that ends
/// waits until they are done: whoever asked cannot have them done again.
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
    /// The watcher has dropped what it held.
    watched: CancellationToken,
    hurried: CancellationToken,
    silence: Arc<Silence>,
    rests: mpsc::Sender<Rest>,
    /// While this process lets others have the workspace.
    resting: Mutex<Option<oneshot::Sender<()>>>,
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
pub(super) enum State {
    Ours(Arc<Counted>, Arc<socket::Serving>),
    There(Arc<There>),
    /// The owner is gone, the next one not found yet, or this process lets others have it.
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
        let (rests, asked) = mpsc::channel(1);
        let silence = Arc::new(Silence::default());
        let keeper = Keeper {
            folder: folder.to_owned(),
            open,
            sender,
            knocks: heard,
            restored: Arc::clone(&restored),
            rests: asked,
            silence: Arc::clone(&silence),
        };
        let watched = CancellationToken::new();
        let over = watched.clone().drop_guard();
        let watcher = tokio::spawn(async move {
            keeper.keep().await;
            drop(over);
        });
        Self {
            state,
            told: Told::default(),
            knocks,
            restored,
            watcher: AbortOnDropHandle::new(watcher),
            watched,
            hurried: CancellationToken::new(),
            silence,
            rests,
            resting: Mutex::default(),
        }
    }

    /// Binds every call to what this process was told.
    #[must_use]
    pub fn told(self, told: Told) -> Self {
        Self { told, ..self }
    }

    /// What is to be said while another process has the workspace and does not answer; `None` where it does.
    pub fn silence(&self) -> watch::Receiver<Option<String>> {
        self.silence.follow()
    }

    /// Owns the workspace in `folder`, or attaches to who does.
    pub async fn open(folder: &Path, open: Open) -> Result<Self> {
        let attached = Self::begin(folder, open);
        attached.ready().await?;
        Ok(attached)
    }

    /// Waits until calls are served, or says why they are not.
    pub async fn ready(&self) -> Result<()> {
        match asking::settled(&mut self.state.clone(), &self.silence).await? {
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
        // The usual ways, without another stream around them. A watch outlives the time that the workspace is ours.
        let watches = matches!(request, Request::Watch { .. });
        if let State::Ours(door, _) = &*self.state.borrow()
            && !watches
        {
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
            State::Ours(door, _) => {
                Some(while_ours(door.call(context.clone(), request.clone()), state.clone()))
            }
            _ => None,
        };
        Asking::new(state, (context, request), begun, &self.silence).replies()
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        // Who closes takes nothing over; calls from now on find no owner.
        self.watcher.abort();
        let (state, hurried) = (self.state.clone(), self.hurried.clone());
        let watched = self.watched.clone();
        async move {
            watched.cancelled().await;
            // Not before: a watcher that was at work when it was ended may have begun to serve others.
            let last = state.borrow().clone();
            match last {
                State::Ours(door, serving) => {
                    let hurry = async {
                        hurried.cancelled().await;
                        tokio::time::sleep(HURRIED).await;
                    };
                    leave(&door, &serving, hurry).await;
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

    fn serves_others(&self) -> bool {
        matches!(&*self.state.borrow(), State::Ours(_, serving) if serving.calls() > 0)
    }

    /// What runs at another owner is theirs.
    fn is_busy(&self) -> bool {
        matches!(&*self.state.borrow(), State::Ours(door, _) if door.is_busy())
    }

    fn let_go(&self) -> BoxFuture<'static, bool> {
        let (begun, done) = oneshot::channel();
        let (until, over) = oneshot::channel();
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        // A store that is being opened is not waited for: that may take long.
        let opening = matches!(*self.state.borrow(), State::Between);
        let asked = !opening && self.rests.try_send(Rest { begun, over }).is_ok();
        async move { asked && done.await.unwrap_or(false) }.boxed()
    }

    fn take_up(&self) {
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Ends a time of owning: others' calls may end in peace until it has been `enough`; what they ask from now on waits for
/// the next owner.
async fn leave(door: &Counted, serving: &socket::Serving, enough: impl Future<Output = ()>) {
    let left = tokio::select! {
        () = serving.leave() => true,
        () = enough => false,
    };
    if !left {
        tracing::warn!("cut the calls of another outcrop");
        door.interrupt();
    }
    serving.stop();
    door.close().await;
}

/// A watch's replies for as long as the workspace is this process's; then the next owner is to be watched.
pub(super) fn while_ours(replies: Replies, mut state: watch::Receiver<State>) -> Replies {
    let left = async move {
        if state.wait_for(|state| !matches!(state, State::Ours(..))).await.is_err() {
            // Nobody follows: the watch ends with its door.
            std::future::pending::<()>().await;
        }
    };
    replies.take_until(left).chain(stream::once(std::future::ready(Err(gone())))).boxed()
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
                Ok(State::There(there)) if is_restore => there.call(context, request),
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

/// What follows a state.
enum Next {
    /// Who owns it now is to be found.
    Owner,
    /// The state goes on.
    Same,
    /// Nobody asks any more.
    Nothing,
}

/// What it takes to find the next owner each time that one is gone.
struct Keeper {
    folder: PathBuf,
    open: Open,
    sender: watch::Sender<State>,
    knocks: watch::Receiver<Knock>,
    restored: Arc<AtomicU64>,
    rests: mpsc::Receiver<Rest>,
    silence: Arc<Silence>,
}

impl Keeper {
    async fn keep(mut self) {
        let mut pause = REST.0;
        // The knock that did not open it: by itself nothing is tried twice that costs a person's attention or a second.
        let mut refused = None;
        // The last knock that was heard: what it was to bring in is brought in once.
        let mut served = 0;
        loop {
            match self.outlast(&mut pause).await {
                Next::Owner => {}
                Next::Same => continue,
                Next::Nothing => return,
            }
            if !matches!(*self.sender.borrow(), State::Failed(..)) {
                self.sender.send_replace(State::Between);
            }
            let mut knock = self.knocks.borrow_and_update().clone();
            let number = knock.count;
            knock.ask = refused != Some(number);
            if !knock.ask {
                knock = Knock { count: number, ..Knock::default() };
            }
            if number == served {
                knock.restore = None;
            }
            served = number;
            let next = settle(&self.folder, &self.open, &knock).await;
            if knock.restore.is_some() && matches!(next, Ok(State::Ours(..))) {
                self.restored.store(number, Ordering::Release);
            }
            refused = next.is_err().then_some(number);
            self.sender.send_replace(next.unwrap_or_else(|error| State::Failed(error, number)));
        }
    }

    /// Stays with the state that there is; says what follows it.
    async fn outlast(&mut self, pause: &mut Duration) -> Next {
        let current = self.sender.borrow().clone();
        let rest = match current {
            State::Ours(door, serving) => {
                // Nothing takes an owner's workspace away; it is given, for a while.
                return match self.rests.recv().await {
                    Some(rest) => self.let_go(rest, door, serving).await,
                    None => Next::Nothing,
                };
            }
            State::There(there) => {
                *pause = REST.0;
                tokio::select! {
                    () = there.gone() => {
                        self.silence.end();
                        return Next::Owner;
                    }
                    Some(rest) = self.rests.recv() => rest,
                    () = self.silence.noticed(), if !there.is_gone() => {
                        tokio::select! {
                            () = there.gone() => {}
                            () = self.silence.ask(&self.folder, &there) => {}
                        }
                        return Next::Same;
                    }
                    () = self.silence.awaited() => {
                        if there.is_gone() {
                            self.silence.tell_of_parting(&there);
                        }
                        return Next::Same;
                    }
                }
            }
            State::Failed(..) => tokio::select! {
                () = tokio::time::sleep(*pause) => {
                    *pause = (*pause * 2).min(REST.1);
                    return Next::Owner;
                }
                Ok(()) = self.knocks.changed() => return Next::Owner,
                Some(rest) = self.rests.recv() => rest,
            },
            State::Between => return Next::Owner,
        };
        // There is nothing to let go of; nor is anything taken before the process runs again.
        rest.begin(true).await;
        Next::Same
    }

    /// Gives the workspace away until the process runs again, unless something runs.
    async fn let_go(&mut self, rest: Rest, door: Arc<Counted>, serving: Arc<socket::Serving>) -> Next {
        if rest.is_stale() || door.works(rest::BREATH).await {
            rest.refuse();
            return Next::Same;
        }
        // Calls from now on wait.
        self.sender.send_replace(State::Between);
        if door.works(Duration::ZERO).await {
            self.sender.send_replace(State::Ours(door, serving));
            rest.refuse();
            return Next::Same;
        }
        leave(&door, &serving, tokio::time::sleep(FAREWELL)).await;
        drop((door, serving));
        let released = rest::released(&self.folder).await;
        if !released {
            tracing::warn!("the workspace was not let go of in time");
        }
        rest.begin(released).await;
        Next::Owner
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
                let door = Arc::new(Counted::new(door));
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
                    "It may be suspended: bring it back with fg. Else wait until it ends, or end it.",
                ));
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}
