//! The traces place: the runs that there are, the spans of one as a tree over time, and what is read of them.
//!
//! ```text
//! runs        the list: newest first, filtered, live          hearing   the receiver, which is switched on and off here
//! open        one run: its lines, folded or not, its time     finding   words and terms within it
//! reading     what is read of a span of it                    telling   what is told over the place: times, findings
//! comparing   two runs side by side                       noted     what the person thinks of a span, or of a run
//! sending     a model's call, to a dataset or to others
//! replies     what comes through the door                     carrying  files: read, written; runs that are removed
//! lacking     why a key does nothing                      columns   how wide those of the list are
//! aside       what takes longer than a frame may          about       what is known of a run, in words
//! cells       tabs as blanks, rows of cells in columns
//! ```
//!
//! `card` shows one span, `transcript` a run as a conversation, `compared` two runs, of what `said`, `json` and `raw` set into a `sheet`. Here lives the place's state and what it makes of events. Never
//! here: what spans mean and what is reckoned of them (`domain::trace`, `tui::trace`).

mod about;
mod again;
mod anew;
mod aside;
mod card;
mod carrying;
mod cells;
mod columns;
mod compared;
mod comparing;
mod finding;
mod hearing;
mod json;
mod lacking;
mod layout;
mod noted;
mod open;
mod place;
mod raw;
mod reading;
mod replies;
mod runs;
mod said;
mod sending;
mod sheet;
mod telling;
mod transcript;
mod update;
mod view;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use again::Again;
use anew::Anew;
use aside::Awaited;
use carrying::Export;
use columns::Widths;
use comparing::Versus;
use hearing::Receiver;
use open::Open;

use crate::domain::Error;
use crate::domain::trace::{Run, SpanKey, TraceId};
use crate::tui::effect::TaskId;
use crate::tui::models::Stock;
use crate::tui::overlay::input::Input;
use crate::tui::trace::{RowFor, Target};

pub use aside::{Read, Want};

/// Everything of the traces place.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "what is known and what is asked for, each on its own")]
pub struct State {
    /// The newest first, as far as they were read.
    runs: Vec<Run>,
    /// What their columns need.
    widths: Widths,
    /// There are older ones.
    more: bool,
    /// The list has come once.
    known: bool,
    selected: usize,
    top: usize,
    error: Option<Error>,
    narrow: Narrow,
    /// Those that are to be compared, two at most.
    marked: Vec<TraceId>,
    waits: BTreeMap<TaskId, Wait>,
    watch: Option<TaskId>,
    /// Something was done since the list was asked for: a delay runs after which it is asked for again.
    outdated: bool,
    receiver: Receiver,
    /// The port that was given to it last.
    port: Option<u16>,
    /// The run that is looked into.
    open: Option<Open>,
    /// Two runs that are compared, over all else.
    versus: Option<Versus>,
    /// A model's call that is asked again.
    again: Option<Again>,
    /// A run that goes on once more.
    anew: Option<Anew>,
    /// The run of another program for which a model is being chosen.
    retraces: Option<TraceId>,
    /// What is known of the models, and whether their servers are being asked.
    stock: Stock,
    asks_models: bool,
    /// The run that is being written to a file.
    export: Option<Export>,
    /// The dataset that something was added to last.
    dataset: String,
    /// The numbers of what was asked to be laid out, or read.
    numbers: u64,
    /// What is being read away from the screen's thread, by its number.
    aside: BTreeMap<u64, Awaited>,
}

/// What runs must have.
#[derive(Debug, Clone, Default, PartialEq)]
struct Narrow {
    line: Input,
    /// The line is being written.
    writing: bool,
    /// What the list was asked for; empty for all.
    asked: String,
    /// Why the line was not taken.
    wrong: String,
}

/// What a reply is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wait {
    List,
    /// The newest of them, for a list that is here.
    Newest,
    /// Older runs than those that are here.
    Older,
    /// The rows of the run that is looked into.
    Rows,
    /// The whole span of that row.
    Span(u32),
    /// What was said in the span of that row, for the conversation.
    Step(u32),
    /// What people noted on it.
    Notes,
    /// Two runs, step by step.
    Two,
    /// What the run on that side was made with.
    Made(usize),
    /// What was said in the span of that row of the run on that side.
    Said(usize, u32),
    /// Rows that what is looked for stands in.
    Found,
    /// How long the spans of each name take.
    Latencies,
    /// What looks wrong in the run.
    Lints,
    Import,
    /// A run is sent to a server.
    Send,
    /// A run is removed.
    Remove,
    /// Something is noted.
    Note,
    /// The run on which something was noted, for the list.
    Noted,
    /// What was said in that span, for the dataset of that name.
    Row(Box<Target>, String, RowFor),
    /// It goes into a dataset.
    Added(RowFor),
    /// What a model was asked, for others.
    Call,
    /// The run that another place leads to.
    Led,
    /// Whose run that is, to run it once more.
    Agent(TraceId),
    /// What a model was asked in that span, by its row, to be asked otherwise.
    Edit(u32, Box<Target>),
    /// What was asked again of the run that is looked into.
    Replays,
    /// What a model was asked in that span, to be put beside what came when it was asked again.
    Beside(Option<SpanKey>),
}

impl Wait {
    /// It is of the list, or something is made of it that was asked for and is told of: a note, a row of a dataset.
    fn outlives_its_run(&self) -> bool {
        matches!(
            self,
            Self::List
                | Self::Newest
                | Self::Older
                | Self::Import
                | Self::Send
                | Self::Remove
                | Self::Note
                | Self::Noted
                | Self::Row(..)
                | Self::Added(_)
                | Self::Agent(_)
        )
    }
}

impl State {
    /// The run that is selected in the list.
    fn current(&self) -> Option<&Run> {
        self.runs.get(self.selected)
    }

    /// The run that keys act on.
    fn meant(&self) -> Option<&Run> {
        self.open.as_ref().map(|open| &open.run).or_else(|| self.current())
    }

    /// Asks, and remembers what for.
    fn wait(&mut self, task: TaskId, wait: Wait) {
        self.waits.insert(task, wait);
    }

    /// Forgets what is waited for of that kind: another one takes its place.
    fn instead(&mut self, is_of_kind: impl Fn(&Wait) -> bool) {
        self.waits.retain(|_, wait| !is_of_kind(wait));
    }

    /// How often the time is wanted: that of what runs goes by.
    fn beat(&self) -> Option<Duration> {
        self.open.as_ref().is_some_and(Open::goes_on).then_some(Duration::from_secs(1))
    }

    /// Whether something of that kind is waited for.
    fn waits_for(&self, wait: &Wait) -> bool {
        self.waits.values().any(|other| other == wait)
    }
}
