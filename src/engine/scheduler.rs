//! The one compute scheduler: a thread of its own, on which conversations take turns.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures_util::future::select_all;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::backend::Scratch;
use super::loaded::Shelf;
use super::session::{self, Kept, Session, Step};
use super::trial::Trial;
use crate::domain::call::Converse;
use crate::domain::catalog::{Backend, Sampling};
use crate::domain::delta::Event;
use crate::domain::{Error, Result};

/// Conversations that take turns; more of them wait.
const RUNNING: usize = 4;
/// Tokens that one writes before it is the next one's turn.
const TURN: usize = 4;
/// Calls that may wait to be seen by the thread, and events that a reader may leave lying.
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
    calls: Sender<Task>,
    closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
enum Work {
    Answer,
    Count,
}

/// A call on its way to the thread.
#[derive(Debug)]
struct Task {
    work: Work,
    path: PathBuf,
    converse: Converse,
    now: jiff::Zoned,
    sampling: Sampling,
    events: Sender<Result<Event>>,
    /// The place in the queue that its reader was told.
    told: Option<u32>,
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
        self.converse_as(path, converse, now, Sampling::default())
    }

    /// The same for a model of which it is known how its tokens are best chosen.
    pub fn converse_as(
        &self,
        path: &Path,
        converse: Converse,
        now: jiff::Zoned,
        sampling: Sampling,
    ) -> BoxStream<'static, Result<Event>> {
        self.serve(Work::Answer, path, converse, now, sampling)
    }

    /// Counts the tokens of a conversation's prompt.
    pub fn count_tokens(
        &self,
        path: &Path,
        converse: Converse,
        now: jiff::Zoned,
    ) -> BoxStream<'static, Result<Event>> {
        self.serve(Work::Count, path, converse, now, Sampling::default())
    }

    fn serve(
        &self,
        work: Work,
        path: &Path,
        converse: Converse,
        now: jiff::Zoned,
        sampling: Sampling,
    ) -> BoxStream<'static, Result<Event>> {
        let calls = match self.calls() {
            Ok(calls) => calls,
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        let doing = format!("asking {}", converse.model);
        let (events, inbox) = channel(EVENTS);
        let task = Task { work, path: path.to_owned(), converse, now, sampling, events, told: None };
        let gone = move || Error::internal(doing.clone(), "the engine's thread has ended");
        let sent = stream::once(async move { calls.send(task).await.err().map(|_| ()) });
        let answers = stream::unfold((inbox, false), move |(mut inbox, over)| {
            let gone = gone.clone();
            async move {
                if over {
                    return None;
                }
                let event = inbox.recv().await.unwrap_or_else(|| Err(gone()));
                let over = matches!(event, Err(_) | Ok(Event::Stop { .. } | Event::Tokens { .. }));
                Some((event, (inbox, over)))
            }
        });
        // A call that the thread did not take closes the inbox, which tells.
        sent.filter_map(|_| async { None }).chain(answers).boxed()
    }

    fn calls(&self) -> Result<Sender<Task>> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = worker.as_ref().filter(|w| !w.thread.is_finished()) {
            return Ok(worker.calls.clone());
        }
        let (calls, inbox) = channel(CALLS);
        let closing = Arc::new(AtomicBool::new(false));
        let scheduler = Scheduler::new(inbox, Arc::clone(&closing), self.options, self.trial.clone())?;
        let thread = std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || scheduler.run())
            .map_err(|e| Error::io("starting the local engine", &e))?;
        *worker = Some(Worker { calls: calls.clone(), closing, thread });
        Ok(calls)
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

/// What lives on the thread.
struct Scheduler {
    inbox: Receiver<Task>,
    closing: Arc<AtomicBool>,
    pool: rayon::ThreadPool,
    runtime: tokio::runtime::Runtime,
    shelf: Shelf,
    waiting: VecDeque<Task>,
    running: VecDeque<Session>,
    /// The last used at the end.
    kept: Vec<Kept>,
    scratch: Scratch,
}

impl Scheduler {
    fn new(
        inbox: Receiver<Task>,
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
            shelf: Shelf::new(options, trial),
            waiting: VecDeque::new(),
            running: VecDeque::new(),
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

    /// Takes the calls that have come; waits for one if there is nothing to do. False when the engine is gone.
    fn take_calls(&mut self) -> bool {
        loop {
            if self.closing.load(Ordering::Relaxed) {
                return false;
            }
            if self.waiting.is_empty() && self.running.is_empty() {
                match self.inbox.blocking_recv() {
                    Some(task) => self.waiting.push_back(task),
                    None => return false,
                }
            }
            if self.waiting.len() >= CALLS {
                // The others wait where they are.
                return true;
            }
            match self.inbox.try_recv() {
                Ok(task) => self.waiting.push_back(task),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Starts what can start, and tells the others how many are before them.
    fn admit(&mut self) {
        self.waiting.retain(|task| !task.events.is_closed());
        while self.running.len() < RUNNING
            && let Some(task) = self.waiting.pop_front()
        {
            self.start(task);
        }
        let running = self.running.len() as u32;
        for (ahead, task) in (running..).zip(&mut self.waiting) {
            // A reader that takes nothing learns its place later.
            if task.told != Some(ahead) && task.events.try_send(Ok(Event::Queued { ahead })).is_ok() {
                task.told = Some(ahead);
            }
        }
    }

    fn start(&mut self, task: Task) {
        let Task { work, path, converse, now, sampling, events, .. } = task;
        // The cache of a conversation holds its model: those that go from the shelf go before the next one is loaded.
        self.shelf.make_room(&path);
        self.kept.retain(|kept| self.shelf.holds(kept.model()));
        // Nothing was sent but places in the queue, so there is room for one event or the reader is gone.
        let closing = Arc::clone(&self.closing);
        let wanted = || !events.is_closed() && !closing.load(Ordering::Relaxed);
        let model = match self.shelf.get(&path, &wanted) {
            Ok(model) => model,
            Err(error) => return drop(events.try_send(Err(error))),
        };
        if matches!(work, Work::Count) {
            let count = model.prompt(&converse, &now).map(|p| Event::Tokens { count: p.ids.len() as u32 });
            return drop(events.try_send(count));
        }
        let prompt = match session::prompt_of(&converse, &model, &now) {
            Ok(prompt) => prompt,
            Err(error) => return drop(events.try_send(Err(error))),
        };
        let known = converse
            .conversation
            .and_then(|id| self.kept.iter().position(|kept| kept.serves(id, &model)))
            .map(|at| self.kept.remove(at));
        let kept = known.unwrap_or_else(|| Kept::new(converse.conversation, model));
        self.running.push_back(Session::start(events, &converse, kept, prompt, sampling));
    }

    /// Gives the next conversation its turn.
    fn turn(&mut self) {
        for _ in 0..self.running.len() {
            let Some(mut session) = self.running.pop_front() else { return };
            let scratch = &mut self.scratch;
            let step = self.pool.install(|| session.step(scratch, TURN));
            match step {
                Step::Done => return self.keep(session.into_kept()),
                Step::More => return self.running.push_back(session),
                Step::Full => self.running.push_back(session),
            }
        }
        self.wait_for_readers();
    }

    /// All readers are slow: waits for the first that takes something, or for a call.
    fn wait_for_readers(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let Self { runtime, running, inbox, waiting, .. } = self;
        runtime.block_on(async {
            let room = select_all(running.iter().map(|s| Box::pin(s.events().reserve())));
            tokio::select! {
                _ = room => {}
                task = inbox.recv(), if waiting.len() < CALLS => waiting.extend(task),
            }
        });
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
