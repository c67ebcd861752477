//! The one compute scheduler: a thread of its own, on which conversations take turns.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures_util::stream::{self, BoxStream, FuturesUnordered, StreamExt};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::backend::Scratch;
use super::encoder::Encoding;
use super::loaded::{Loaded, Resident, Shelf};
use super::loading::Loading;
use super::session::{self, Kept, Session, Step};
use super::trial::Trial;
use super::turns::{Turned, Turns};
use crate::domain::call::Converse;
use crate::domain::catalog::{Backend, ModelId, Sampling};
use crate::domain::delta::Event;
use crate::domain::priority::Priority;
use crate::domain::{Error, Result};

/// Calls of each priority that may wait to be seen by the thread, and that it takes in; events that a reader may leave lying.
const CALLS: usize = 64;
const EVENTS: usize = 64;
/// Conversations whose caches are kept, and bytes of them in all; that of one alone may be larger.
const CACHES: usize = 8;
const CACHE_BYTES: usize = 256 << 20;

/// How the engine runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Threads that compute; `None` takes one for each processor.
    pub threads: Option<usize>,
    /// What runs every file; `None` is the own engine where it can, else llama.cpp.
    pub backend: Option<Backend>,
}

impl Options {
    /// Threads that compute.
    pub(super) fn threads(self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(all).clamp(1, 64)
    }
}

/// The local engine. Its thread starts with the first call and ends with it.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    trial: Option<Arc<dyn Trial>>,
    worker: Mutex<Option<Worker>>,
}

#[derive(Debug)]
struct Worker {
    calls: Ways<Sender<Task>>,
    closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// One way to the thread for each priority: however many wait in the background, an interactive call is seen at once.
#[derive(Debug)]
struct Ways<T> {
    interactive: T,
    background: T,
}

impl<T> Ways<T> {
    fn of(&mut self, priority: Priority) -> &mut T {
        match priority {
            Priority::Interactive => &mut self.interactive,
            Priority::Background => &mut self.background,
        }
    }
}

/// What a call wants of its model.
#[derive(Debug)]
enum Work {
    Answer(Box<Talk>, Sampling),
    Count(Box<Talk>),
    Embed(Vec<String>),
}

/// A conversation, and the date that its prompt may tell.
#[derive(Debug)]
struct Talk {
    converse: Converse,
    now: jiff::Zoned,
}

/// A call on its way to the thread.
#[derive(Debug)]
struct Task {
    work: Work,
    path: PathBuf,
    priority: Priority,
    events: Sender<Result<Event>>,
    /// The place in the queue that its reader was told.
    told: Option<u32>,
}

impl Task {
    /// Tells its reader what went wrong. Nothing was sent but places in the queue, so there is room or the reader is gone.
    fn fail(&self, error: Error) {
        drop(self.events.try_send(Err(error)));
    }
}

/// What ends a wait.
enum Waking {
    Call(Box<Task>),
    Loaded(Result<Resident>),
    /// One took something, or left.
    Reader,
}

impl Engine {
    /// An engine that has loaded nothing yet.
    pub fn new(options: Options) -> Self {
        Self { options, trial: None, worker: Mutex::new(None) }
    }

    /// The same, which has what llama.cpp is to run tried before it is loaded.
    #[must_use]
    pub fn tried_by(mut self, trial: Arc<dyn Trial>) -> Self {
        self.trial = Some(trial);
        self
    }

    /// Answers a conversation with the model of the file at `path`. `now` is the date that the prompt may tell.
    /// Dropping the stream ends it within a token, or a chunk of the prompt.
    pub fn converse(
        &self,
        path: &Path,
        converse: Converse,
        now: jiff::Zoned,
    ) -> BoxStream<'static, Result<Event>> {
        self.converse_as(path, converse, now, Sampling::default(), Priority::default())
    }

    /// The same for a model of which it is known how its tokens are best chosen. Background answers give way to interactive ones.
    pub fn converse_as(
        &self,
        path: &Path,
        converse: Converse,
        now: jiff::Zoned,
        sampling: Sampling,
        priority: Priority,
    ) -> BoxStream<'static, Result<Event>> {
        let doing = format!("asking {}", converse.model);
        self.serve(Work::Answer(Box::new(Talk { converse, now }), sampling), path, priority, doing)
    }

    /// Counts the tokens of a conversation's prompt.
    pub fn count_tokens(
        &self,
        path: &Path,
        converse: Converse,
        now: jiff::Zoned,
    ) -> BoxStream<'static, Result<Event>> {
        let doing = format!("asking {}", converse.model);
        self.serve(Work::Count(Box::new(Talk { converse, now })), path, Priority::Interactive, doing)
    }

    /// Makes one vector of length one of each text with the encoder whose weights are the safetensors file at `path`: `Usage`,
    /// then `Embeddings`. A text that is longer than it reads at once is read in windows, whose vectors are averaged by
    /// their lengths. Background vectors give way to interactive calls. Dropping the stream ends it within about 512 tokens.
    pub fn embed(
        &self,
        path: &Path,
        model: &ModelId,
        texts: Vec<String>,
        priority: Priority,
    ) -> BoxStream<'static, Result<Event>> {
        self.serve(Work::Embed(texts), path, priority, format!("embedding with {model}"))
    }

    fn serve(
        &self,
        work: Work,
        path: &Path,
        priority: Priority,
        doing: String,
    ) -> BoxStream<'static, Result<Event>> {
        let calls = match self.calls(priority) {
            Ok(calls) => calls,
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        let (events, inbox) = channel(EVENTS);
        let task = Task { work, path: path.to_owned(), priority, events, told: None };
        let gone = move || Error::internal(doing.clone(), "the engine's thread has ended");
        let sent = stream::once(async move { calls.send(task).await.err().map(|_| ()) });
        let answers = stream::unfold((inbox, false), move |(mut inbox, over)| {
            let gone = gone.clone();
            async move {
                if over {
                    return None;
                }
                let event = inbox.recv().await.unwrap_or_else(|| Err(gone()));
                let over = matches!(
                    event,
                    Err(_) | Ok(Event::Stop { .. } | Event::Tokens { .. } | Event::Embeddings { .. })
                );
                Some((event, (inbox, over)))
            }
        });
        // A call that the thread did not take closes the inbox, which tells.
        sent.filter_map(|_| async { None }).chain(answers).boxed()
    }

    fn calls(&self, priority: Priority) -> Result<Sender<Task>> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = worker.as_mut().filter(|w| !w.thread.is_finished()) {
            return Ok(worker.calls.of(priority).clone());
        }
        let (interactive, behind) = (channel(CALLS), channel(CALLS));
        let mut calls = Ways { interactive: interactive.0, background: behind.0 };
        let inbox = Ways { interactive: interactive.1, background: behind.1 };
        let closing = Arc::new(AtomicBool::new(false));
        let scheduler = Scheduler::new(inbox, Arc::clone(&closing), self.options, self.trial.clone())?;
        let thread = std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || scheduler.run())
            .map_err(|e| Error::io("starting the local engine", &e))?;
        let own = calls.of(priority).clone();
        *worker = Some(Worker { calls, closing, thread });
        Ok(own)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let worker = self.worker.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Worker { calls, closing, thread }) = worker {
            closing.store(true, Ordering::Relaxed);
            drop(calls);
            drop(thread.join());
        }
    }
}

/// What takes turns.
enum Running {
    Answer(Box<Session>),
    Vectors(Encoding),
}

impl Running {
    fn events(&self) -> &Sender<Result<Event>> {
        match self {
            Self::Answer(session) => session.events(),
            Self::Vectors(encoding) => encoding.events(),
        }
    }

    /// Whether it computes on threads of its own.
    fn brings_threads(&self) -> bool {
        match self {
            Self::Answer(session) => session.brings_threads(),
            Self::Vectors(_) => false,
        }
    }

    /// Computes for one turn, in which an answer grows by so many tokens at most.
    fn step(&mut self, scratch: &mut Scratch, tokens: usize) -> Step {
        match self {
            Self::Answer(session) => session.step(scratch, tokens),
            Self::Vectors(encoding) => encoding.step(),
        }
    }
}

/// What lives on the thread.
struct Scheduler {
    inbox: Ways<Receiver<Task>>,
    closing: Arc<AtomicBool>,
    pool: rayon::ThreadPool,
    runtime: tokio::runtime::Runtime,
    options: Options,
    trial: Option<Arc<dyn Trial>>,
    shelf: Shelf,
    loading: Option<Loading>,
    /// Interactive ones before those in the background.
    waiting: VecDeque<Task>,
    running: Turns<Running>,
    /// The last used at the end.
    kept: Vec<Kept>,
    scratch: Scratch,
}

impl Scheduler {
    fn new(
        inbox: Ways<Receiver<Task>>,
        closing: Arc<AtomicBool>,
        options: Options,
        trial: Option<Arc<dyn Trial>>,
    ) -> Result<Self> {
        let doing = "starting the local engine";
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads())
            .thread_name(|i| format!("engine-{i}"))
            .build()
            .map_err(|why| Error::internal(doing, why.to_string()))?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().build().map_err(|e| Error::io(doing, &e))?;
        Ok(Self {
            inbox,
            closing,
            pool,
            runtime,
            options,
            trial,
            shelf: Shelf::default(),
            loading: None,
            waiting: VecDeque::new(),
            running: Turns::new(),
            kept: Vec::new(),
            scratch: Scratch::default(),
        })
    }

    fn run(mut self) {
        while self.take_calls() {
            self.admit();
            self.turn();
        }
    }

    /// Takes the calls that have come; waits if there is nothing to do. False when the engine is gone.
    fn take_calls(&mut self) -> bool {
        let idle = self.running.is_empty() && (self.waiting.is_empty() || self.loading.is_some());
        if idle && !self.wait() {
            return false;
        }
        for priority in [Priority::Interactive, Priority::Background] {
            // The others wait where they are.
            while takes_in(&self.waiting, priority) {
                match self.inbox.of(priority).try_recv() {
                    Ok(task) => self.line_up(task),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return false,
                }
            }
        }
        !self.closing.load(Ordering::Relaxed)
    }

    /// Lets a call wait behind those that go before it.
    fn line_up(&mut self, task: Task) {
        let place = match task.priority {
            Priority::Interactive => {
                self.waiting.partition_point(|before| before.priority == Priority::Interactive)
            }
            Priority::Background => self.waiting.len(),
        };
        self.waiting.insert(place, task);
    }

    /// Nothing can be computed: waits for a call, for the model that is being loaded, or until a reader takes something or
    /// leaves. False when the engine is gone.
    fn wait(&mut self) -> bool {
        let Self { runtime, inbox, waiting, running, loading, .. } = self;
        let Ways { interactive, background } = inbox;
        let called = |task: Option<Task>| task.map(|task| Waking::Call(Box::new(task)));
        let woken = runtime.block_on(async {
            let mut leaving: FuturesUnordered<_> = waiting.iter().map(|task| task.events.closed()).collect();
            let mut taking: FuturesUnordered<_> = running.calls().map(|s| s.events().reserve()).collect();
            let loaded = async {
                match loading {
                    Some(loading) => loading.end().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                task = interactive.recv(), if takes_in(waiting, Priority::Interactive) => called(task),
                task = background.recv(), if takes_in(waiting, Priority::Background) => called(task),
                loaded = loaded => Some(Waking::Loaded(loaded)),
                Some(()) = leaving.next() => Some(Waking::Reader),
                Some(_) = taking.next() => Some(Waking::Reader),
            }
        });
        match woken {
            Some(Waking::Call(task)) => self.line_up(*task),
            Some(Waking::Loaded(outcome)) => self.take_in(outcome),
            Some(Waking::Reader) => {}
            None => return false,
        }
        true
    }

    /// Starts what can start, and tells the others how many are before them.
    fn admit(&mut self) {
        self.waiting.retain(|task| !task.events.is_closed());
        self.look_after_loading();
        let mut at = 0;
        while let Some(task) = self.waiting.get(at) {
            if !self.running.has_room(task.priority) {
                at += 1;
                continue;
            }
            match self.shelf.find(&task.path) {
                Ok(Some(found)) => {
                    self.waiting.remove(at).into_iter().for_each(|task| self.start(task, found.clone()));
                }
                Ok(None) => {
                    self.load(at);
                    at += 1;
                }
                Err(error) => self.waiting.remove(at).into_iter().for_each(|task| task.fail(error.clone())),
            }
        }
        for (before, task) in self.waiting.iter_mut().enumerate() {
            if self.running.has_room(task.priority) {
                // It waits for no place, only for a model.
                continue;
            }
            let ahead = (self.running.ahead(task.priority) + before) as u32;
            // A reader that takes nothing learns its place later.
            if task.told != Some(ahead) && task.events.try_send(Ok(Event::Queued { ahead })).is_ok() {
                task.told = Some(ahead);
            }
        }
    }

    /// Takes in the model that was being loaded, or lets go of it when nobody waits for it any more.
    fn look_after_loading(&mut self) {
        let Some(loading) = &mut self.loading else { return };
        if self.waiting.iter().all(|task| task.path != loading.path()) {
            self.loading = None;
        } else if let Some(outcome) = loading.ended() {
            self.take_in(outcome);
        }
    }

    /// Begins to load the model of the call that waits at `at`, unless another one is being loaded.
    fn load(&mut self, at: usize) {
        let (None, Some(task)) = (&self.loading, self.waiting.get(at)) else { return };
        // The cache of a conversation holds its model: those that go from the shelf go before the next one is loaded.
        self.shelf.make_room(&task.path);
        self.kept.retain(|kept| self.shelf.holds(kept.model()));
        match Loading::begin(&task.path, self.options, self.trial.clone()) {
            Ok(loading) => self.loading = Some(loading),
            Err(error) => task.fail(error),
        }
    }

    /// Those who waited for the model find it on the shelf, or learn why not.
    fn take_in(&mut self, outcome: Result<Resident>) {
        let Some(loading) = self.loading.take() else { return };
        match outcome {
            Ok(loaded) => self.shelf.put(loaded),
            Err(error) => self.waiting.retain(|task| {
                let other = task.path != loading.path();
                if !other {
                    task.fail(error.clone());
                }
                other
            }),
        }
    }

    fn start(&mut self, task: Task, found: Resident) {
        let Task { work, path, priority, events, .. } = task;
        match (work, found) {
            (Work::Answer(talk, sampling), Resident::Model(model)) => {
                self.answer(&talk, sampling, model, priority, events);
            }
            (Work::Count(talk), Resident::Model(model)) => {
                let prompt = model.prompt(&talk.converse, &talk.now);
                drop(events.try_send(prompt.map(|prompt| Event::Tokens { count: prompt.ids.len() as u32 })));
            }
            (Work::Embed(texts), Resident::Encoder(encoder)) => {
                self.running.begin(priority, Running::Vectors(Encoding::start(events, encoder, texts)));
            }
            (Work::Answer(..) | Work::Count(_), Resident::Encoder(_))
            | (Work::Embed(_), Resident::Model(_)) => {
                let doing = format!("asking the model {}", path.display());
                let error = Error::internal(doing, "it is of another kind than what is asked of it");
                drop(events.try_send(Err(error)));
            }
        }
    }

    fn answer(
        &mut self,
        talk: &Talk,
        sampling: Sampling,
        model: Arc<Loaded>,
        priority: Priority,
        events: Sender<Result<Event>>,
    ) {
        let Talk { converse, now } = talk;
        let prepared = session::prompt_of(converse, &model, now)
            .and_then(|prompt| Ok((prompt, session::grammar_of(converse, &model)?)));
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return drop(events.try_send(Err(error))),
        };
        let known = converse
            .conversation
            .and_then(|id| self.kept.iter().position(|kept| kept.serves(id, &model)))
            .map(|at| self.kept.remove(at));
        let kept = known.unwrap_or_else(|| Kept::new(converse.conversation, model));
        let session = Session::start(events, converse, kept, prepared, sampling);
        self.running.begin(priority, Running::Answer(Box::new(session)));
    }

    /// Gives the next conversation its turn.
    fn turn(&mut self) {
        let (pool, scratch) = (&self.pool, &mut self.scratch);
        let turned = self.running.turn(|next, tokens| {
            // Going through the pool would only wake one more thread, on a processor that others compute on.
            if next.brings_threads() {
                next.step(scratch, tokens)
            } else {
                pool.install(|| next.step(scratch, tokens))
            }
        });
        match turned {
            Turned::Done(Running::Answer(session)) => self.keep(session.into_kept()),
            Turned::Idle if !self.running.is_empty() => {
                // All readers are slow. That the engine is gone is seen with the next calls.
                self.wait();
            }
            Turned::Done(Running::Vectors(_)) | Turned::More | Turned::Idle => {}
        }
    }

    /// Remembers a conversation's cache, and forgets the oldest ones when there are too many.
    fn keep(&mut self, kept: Kept) {
        if kept.conversation.is_some() && self.shelf.holds(kept.model()) {
            self.kept.retain(|other| other.conversation != kept.conversation);
            self.kept.push(kept);
        }
        // The newest stays, however long its conversation is: its next turn is to pay for the new tokens only.
        let too_many = |kept: &[Kept]| {
            kept.len() > CACHES || kept.len() > 1 && kept.iter().map(Kept::bytes).sum::<usize>() > CACHE_BYTES
        };
        while too_many(&self.kept) {
            self.kept.remove(0);
        }
    }
}

/// Whether one more of `priority` is taken in beside those that wait.
fn takes_in(waiting: &VecDeque<Task>, priority: Priority) -> bool {
    waiting.iter().filter(|task| task.priority == priority).count() < CALLS
}
