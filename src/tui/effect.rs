//! What is asked of the world: the only thing that the screen does besides drawing.

use std::fmt;
use std::time::Duration;

use super::pane::traces;
use super::trace;
use super::widget::code::Want;
use super::widget::picture::{self, Bytes};
use crate::config::PresetChange;
use crate::domain::id::{ComparisonId, ConversationId, EvaluationId};
use crate::domain::message::BlobId;
use crate::domain::trace::TraceId;
use crate::workbench::{Context, Request};

/// Names one asking; the state makes the numbers and drops answers to ids that it does not wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

/// Names one running delay; asking again with the same id starts it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimerId(pub &'static str);

/// Calls in one lane replace each other, the latest wins. For queries, never for writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lane(pub &'static str);

/// How a call stands to those that were asked before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// It goes at once, beside all others.
    #[default]
    Beside,
    /// It takes the place of the one before it in the same lane.
    Instead(Lane),
    /// It goes when the one before it of this kind has its first reply, or is over: what the person did reaches the
    /// door in the order in which they did it.
    After,
}

/// What is written to a file that the person named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Conversation(ConversationId),
    Comparison(ComparisonId),
    /// What votes come to, of that evaluation.
    Results(EvaluationId),
    /// What calls came to.
    Usage,
    Trace(TraceId),
}

/// Bytes in pieces: nobody had the time to join them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pieces(pub Vec<Vec<u8>>);

impl Pieces {
    /// Bytes of all of them.
    pub fn size(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pieces({} bytes)", self.size())
    }
}

/// Everything that can be asked of the world.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "few are made at a time; a box would only move the bytes")]
pub enum Effect {
    /// Goes through the door. Answered by `Event::Replies` and one `Event::Ended`; a call that another one of its
    /// lane replaced is answered by nothing more.
    Call { task: TaskId, order: Order, context: Context, request: Request },
    /// Drops the replies of a call, which cancels it. Nothing more of that task follows.
    Cancel(TaskId),
    /// Pure work that takes longer than a frame may; answered by `Event::Computed`.
    Compute(Work),
    /// `Event::Timer` after this delay.
    After { timer: TimerId, delay: Duration },
    /// Puts a text on the clipboard; answered by `Event::Copied`.
    Copy(String),
    /// Reads the clipboard; answered by `Event::Clipboard`.
    Paste,
    /// Writes a text to the file that the person named; answered by `Event::Saved`. Only `replace`
    /// writes over another file.
    Save { of: Written, path: String, text: String, replace: bool },
    /// The same of what may be no text, in the pieces in which it came: together they may be hundreds of megabytes.
    SaveBytes { of: Written, path: String, pieces: Pieces, replace: bool },
    /// Writes a picture to the file that the person named; answered by `Event::PictureSaved`. Only `replace` writes over
    /// another file.
    SavePicture { blob: BlobId, path: String, bytes: Bytes, replace: bool },
    /// Reads the file that the person named, of at most `most` bytes; answered by `Event::FileRead`.
    ReadFile { path: String, most: u64 },
    /// Sends a picture that the terminal keeps until it gets `forget`; answered by `Event::Kept`.
    Keep { number: u32, picture: Vec<u8>, forget: Vec<u8> },
    /// Has the terminal forget a picture.
    Forget(Vec<u8>),
    /// Opens a text in `$VISUAL` or `$EDITOR`; answered by `Event::Edited`.
    Edit(String),
    /// Opens the configuration file in `$VISUAL` or `$EDITOR`; answered by `Event::Configured`.
    EditConfig,
    /// Changes a preset in the configuration file; answered by `Event::PresetChanged`, which has `said`.
    ChangePreset { change: PresetChange, said: String },
    /// The title of the terminal's window.
    Title(String),
    /// The frame of these events is drawn whole, over whatever the terminal shows: some leave parts of wide characters behind.
    Redraw,
    /// Whether the mouse belongs to this program or to the terminal's own selection.
    Mouse(bool),
    /// Stops the program as Ctrl+Z does; `Event::Resumed` when it goes on.
    Suspend,
    /// Once the loop has ended, what goes on by itself comes to its end before the process does.
    LeaveRunning,
    /// Ends the loop after the last frame.
    Quit,
}

/// Work that is done away from the screen's thread.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    Highlight(Want),
    Picture(picture::Want),
    Trace(trace::Want),
    /// What is read of traces.
    Reading(traces::Want),
}
