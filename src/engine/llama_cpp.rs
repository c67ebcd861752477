//! llama.cpp, with the feature `llama-cpp`: weights, tokens and the forward pass of files that the own engine does not
//! run. Prompts, sampling, turns and stops stay ours.
//!
//! Its contexts borrow their model, so both live on a thread of the model's own, and conversations send it orders.

use std::collections::HashMap;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::JoinHandle;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::context::session::LlamaStateSeqFlags;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::{LogOptions, send_logs_to_tracing};

use super::backend::CHUNK;
use super::loading::Wanted;
use crate::domain::{Error, ErrorKind, Result};

/// Orders that may wait for the model's thread.
const ORDERS: usize = 16;
/// Tokens for which a conversation's first context has room.
const ROOM: usize = 1024;
/// Bytes of keys and values up to which the place of a conversation that left is kept for the next one.
const SPARE_BYTES: usize = 64 << 20;

/// llama.cpp can be set up once in a process. What it has to say goes to the log, never to the terminal.
static LIBRARY: LazyLock<Option<LlamaBackend>> = LazyLock::new(|| {
    send_logs_to_tracing(LogOptions::default());
    LlamaBackend::init().ok()
});

fn library(doing: &str) -> Result<&'static LlamaBackend> {
    LIBRARY.as_ref().ok_or_else(|| Error::internal(doing, "llama.cpp cannot be set up"))
}

/// Loads the file at `path`, or its vocabulary alone, as long as that is `wanted`. Its header has been judged before.
fn open(path: &Path, vocabulary: bool, wanted: &Wanted) -> Result<LlamaModel> {
    let doing = format!("loading the model {} with llama.cpp", path.display());
    let library = library(&doing)?;
    // A mapped file that somebody cuts would end the process.
    let listening = wanted.clone();
    let params = LlamaModelParams::default()
        .with_use_mmap(false)
        .with_vocab_only(vocabulary)
        .with_progress_callback(move |_| listening.still());
    let (loaded, heard) = hear(|| LlamaModel::load_from_file(library, path, &params));
    loaded.map_err(|why| {
        if !wanted.still() {
            return Error::cancelled(doing);
        }
        let why = if heard.is_empty() { why.to_string() } else { heard };
        Error::new(ErrorKind::Invalid, doing, why, "Fetch it again, or take another conversion of the model.")
    })
}

/// Does `work` and returns the last error that llama.cpp told of meanwhile: its functions return none.
fn hear<T>(work: impl FnOnce() -> T) -> (T, String) {
    let heard = Heard::default();
    let to = heard.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::ERROR)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_ansi(false)
        .with_writer(move || to.clone())
        .finish();
    let done = tracing::subscriber::with_default(subscriber, work);
    let bytes = std::mem::take(&mut *heard.0.lock().unwrap_or_else(PoisonError::into_inner));
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().find(|line| line.contains("error")).or_else(|| text.lines().next());
    let plain = line.unwrap_or_default().split(" module=").next().unwrap_or_default();
    let why = plain.trim_start_matches("error loading model: ").trim();
    (done, why.chars().take(200).collect())
}

#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a conversation asks of the model's thread.
enum Order {
    /// Reads tokens after those that the seat has; a buffer comes back with the logits after the last one.
    Read {
        seat: u64,
        tokens: Vec<u32>,
        logits: Option<Vec<f32>>,
        reply: SyncSender<Result<Option<Vec<f32>>>>,
    },
    /// Forgets what comes after the first `length` tokens; the reply is what is left.
    Truncate {
        seat: u64,
        length: usize,
        reply: SyncSender<usize>,
    },
    Leave {
        seat: u64,
    },
    Close,
}

/// A model in memory.
#[derive(Debug)]
pub(super) struct Model {
    orders: SyncSender<Order>,
    thread: Option<JoinHandle<()>>,
    context: usize,
    vocabulary: usize,
    /// Bytes of one token's keys and values.
    token_bytes: usize,
    seats: AtomicU64,
}

impl Model {
    pub(super) fn load(path: &Path, threads: usize, wanted: &Wanted) -> Result<(Self, Words)> {
        let doing = format!("loading the model {} with llama.cpp", path.display());
        let library = library(&doing)?;
        let llama = Arc::new(open(path, false, wanted)?);
        let words = Words::of(Arc::clone(&llama));
        let head = llama.n_embd().max(0) as usize / (llama.n_head() as usize).max(1);
        let context = llama.n_ctx_train() as usize;
        let (orders, inbox) = sync_channel(ORDERS);
        let vocabulary = llama.n_vocab().max(0) as usize;
        // Keys and values are halves.
        let token_bytes = llama.n_layer() as usize * llama.n_head_kv() as usize * head * 2 * 2;
        let thread = std::thread::Builder::new()
            .name("llama.cpp".into())
            .spawn(move || Desk { library, llama: &llama, threads, limit: context, token_bytes }.run(&inbox))
            .map_err(|why| Error::io(doing, &why))?;
        let seats = AtomicU64::new(0);
        Ok((Self { orders, thread: Some(thread), context, vocabulary, token_bytes, seats }, words))
    }

    pub(super) fn context(&self) -> usize {
        self.context
    }

    pub(super) fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// A place for one conversation.
    pub(super) fn seat(&self) -> Seat {
        Seat {
            number: self.seats.fetch_add(1, Ordering::Relaxed),
            orders: self.orders.clone(),
            length: 0,
            token_bytes: self.token_bytes,
        }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // Seats may live on; llama.cpp's memory is given back before the process can end.
        let _ = self.orders.send(Order::Close);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// One conversation's place at the model's thread.
#[derive(Debug)]
pub(super) struct Seat {
    number: u64,
    orders: SyncSender<Order>,
    length: usize,
    token_bytes: usize,
}

impl Seat {
    /// Reads tokens after those that are here, and leaves the logits after the last one where somebody wants them.
    pub(super) fn read(&mut self, tokens: &[u32], mut logits: Option<&mut Vec<f32>>) -> Result<()> {
        let (reply, answer) = sync_channel(1);
        let buffer = logits.as_deref_mut().map(std::mem::take);
        let order = Order::Read { seat: self.number, tokens: tokens.to_vec(), logits: buffer, reply };
        let gone = || Error::internal("computing with llama.cpp", "its thread has ended");
        self.orders.send(order).map_err(|_| gone())?;
        let filled = answer.recv().unwrap_or_else(|_| Err(gone()))?;
        if let (Some(logits), Some(filled)) = (logits, filled) {
            *logits = filled;
        }
        self.length += tokens.len();
        Ok(())
    }

    pub(super) fn truncate(&mut self, length: usize) -> usize {
        if length < self.length {
            let (reply, answer) = sync_channel(1);
            let sent = self.orders.send(Order::Truncate { seat: self.number, length, reply });
            self.length = sent.ok().and_then(|()| answer.recv().ok()).unwrap_or(0);
        }
        self.length
    }

    pub(super) fn bytes(&self) -> usize {
        room(self.length, usize::MAX) * self.token_bytes
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Leave { seat: self.number });
    }
}

/// Tokens of the context that has room for `length`: doubled each time, so that copying costs little in all.
fn room(length: usize, limit: usize) -> usize {
    length.next_power_of_two().max(ROOM).min(limit)
}

/// What lives on the model's thread.
struct Desk<'m> {
    library: &'m LlamaBackend,
    llama: &'m LlamaModel,
    threads: usize,
    /// Context length in tokens.
    limit: usize,
    token_bytes: usize,
}

/// The conversations' places, by seat.
#[derive(Default)]
struct Places<'m> {
    taken: HashMap<u64, Place<'m>>,
    /// An empty one: making room takes as long as reading some tokens.
    spare: Option<Place<'m>>,
}

/// A conversation's context.
struct Place<'m> {
    context: LlamaContext<'m>,
    room: usize,
    length: usize,
}

impl<'m> Desk<'m> {
    fn run(&self, inbox: &Receiver<Order>) {
        let mut places = Places::default();
        while let Ok(order) = inbox.recv() {
            match order {
                Order::Read { seat, tokens, mut logits, reply } => {
                    let read = self.read(&mut places, seat, &tokens, logits.as_mut()).map(|()| logits);
                    let _ = reply.send(read);
                }
                Order::Truncate { seat, length, reply } => {
                    let left = places.taken.get_mut(&seat).map_or(0, |place| place.truncate(length));
                    let _ = reply.send(left);
                }
                Order::Leave { seat } => {
                    let left = places.taken.remove(&seat);
                    if let Some(mut place) = left.filter(|p| p.room * self.token_bytes <= SPARE_BYTES) {
                        place.truncate(0);
                        places.spare = Some(place);
                    }
                }
                Order::Close => return,
            }
        }
    }

    fn read(
        &self,
        places: &mut Places<'m>,
        seat: u64,
        tokens: &[u32],
        logits: Option<&mut Vec<f32>>,
    ) -> Result<()> {
        // A place that fails is not put back.
        let mut place = match places.taken.remove(&seat).or_else(|| places.spare.take()) {
            Some(place) if place.length + tokens.len() <= place.room => place,
            Some(place) => self.wider(place, tokens.len())?,
            None => self.open(tokens.len())?,
        };
        place.read(tokens, logits)?;
        places.taken.insert(seat, place);
        Ok(())
    }

    /// An empty context with room for `length` tokens.
    fn open(&self, length: usize) -> Result<Place<'m>> {
        let room = room(length, self.limit);
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(room as u32))
            .with_n_batch(CHUNK as u32)
            .with_n_ubatch(CHUNK as u32)
            .with_n_threads(self.threads as i32)
            .with_n_threads_batch(self.threads as i32)
            .with_no_perf(true);
        let doing = "making room for a conversation in llama.cpp";
        let (context, heard) = hear(|| self.llama.new_context(self.library, params));
        let context = context.map_err(|why| {
            let why = if heard.is_empty() { why.to_string() } else { heard };
            Error::new(
                ErrorKind::Invalid,
                doing,
                why,
                "Close what needs much memory, or take a smaller model.",
            )
        })?;
        Ok(Place { context, room, length: 0 })
    }

    /// The same conversation with room for `more` tokens.
    fn wider(&self, place: Place<'m>, more: usize) -> Result<Place<'m>> {
        let moved = |why: &dyn std::fmt::Display| {
            Error::internal("making more room for a conversation in llama.cpp", why.to_string())
        };
        let state = place.context.state_seq_get(0, LlamaStateSeqFlags::empty()).map_err(|why| moved(&why))?;
        let length = place.length;
        drop(place);
        let mut wider = self.open(length + more)?;
        wider.context.state_seq_set(&state, 0).map_err(|why| moved(&why))?;
        wider.length = length;
        Ok(wider)
    }
}

impl Place<'_> {
    fn read(&mut self, tokens: &[u32], logits: Option<&mut Vec<f32>>) -> Result<()> {
        let failed = |why: &dyn std::fmt::Display| {
            Error::new(
                ErrorKind::Internal,
                "computing with llama.cpp",
                why.to_string(),
                "Try again; a smaller model needs less memory.",
            )
        };
        let mut batch = LlamaBatch::new(tokens.len(), 1);
        for (position, (i, token)) in (self.length as i32..).zip(tokens.iter().enumerate()) {
            let wanted = logits.is_some() && i + 1 == tokens.len();
            batch.add(LlamaToken(*token as i32), position, &[0], wanted).map_err(|why| failed(&why))?;
        }
        self.context.decode(&mut batch).map_err(|why| failed(&why))?;
        self.length += tokens.len();
        if let Some(logits) = logits {
            logits.clear();
            logits.extend_from_slice(self.context.get_logits_ith(tokens.len() as i32 - 1));
        }
        Ok(())
    }

    /// Some kinds of memory can be emptied, but not cut.
    fn truncate(&mut self, length: usize) -> usize {
        if length < self.length {
            let cut = self.context.clear_kv_cache_seq(Some(0), Some(length as u32), None);
            self.length = if matches!(cut, Ok(true)) {
                length
            } else {
                self.context.clear_kv_cache();
                0
            };
        }
        self.length
    }
}

/// A model's tokens.
#[derive(Debug)]
pub(super) struct Words {
    llama: Arc<LlamaModel>,
    begin: String,
    end: String,
}

impl Words {
    /// The vocabulary of the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self> {
        Ok(Self::of(Arc::new(open(path, true, &Wanted::always())?)))
    }

    fn of(llama: Arc<LlamaModel>) -> Self {
        let vocabulary = llama.vocab();
        let text = |token: LlamaToken| {
            let text = if token.0 < 0 { None } else { vocabulary.text(token) };
            text.map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let (begin, end) = (text(vocabulary.bos()), text(vocabulary.eos()));
        Self { llama, begin, end }
    }

    pub(super) fn encode(&self, text: &str) -> Vec<u32> {
        let vocabulary = self.llama.vocab();
        let mut tokens = vocabulary.tokenize(text.as_bytes(), false, true);
        let begin = vocabulary.bos();
        // Templates that write the mark themselves do not get it twice.
        if vocabulary.should_add_bos() && begin.0 >= 0 && tokens.first() != Some(&begin) {
            tokens.insert(0, begin);
        }
        tokens.into_iter().map(|token| token.0 as u32).collect()
    }

    pub(super) fn encode_on(&self, text: &str) -> Vec<u32> {
        let tokens = self.llama.vocab().tokenize(text.as_bytes(), false, false);
        tokens.into_iter().map(|token| token.0 as u32).collect()
    }

    pub(super) fn bytes(&self, id: u32) -> Vec<u8> {
        self.llama.vocab().token_to_piece(LlamaToken(id as i32), false, None)
    }

    pub(super) fn ends(&self, id: u32) -> bool {
        self.llama.vocab().is_eog(LlamaToken(id as i32))
    }

    pub(super) fn marks(&self) -> (&str, &str) {
        (&self.begin, &self.end)
    }
}
