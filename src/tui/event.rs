//! What happened: the only thing that changes the state of the screen.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::effect::{TaskId, TimerId, Written};
use super::key::{Key, KeyModifiers};
use super::pane::traces::Read;
use super::trace::Shared;
use super::widget::code::Inked;
use super::widget::picture::{Drawn, Key as Drawing};
use crate::config::Preset;
use crate::domain::message::BlobId;
use crate::domain::time::Timestamp;
use crate::domain::{Error, Result};
use crate::workbench::Reply;

/// Everything that can happen to the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The loop begins. Comes once, after the first `Tick` and `Resize`; the first frame is drawn before the effects
    /// that it returns are carried out.
    Started,
    /// The process is told to end: what is written is kept now, then `Effect::Quit`.
    Ending,
    /// The time. Comes before every batch of other events, and by itself while `App::pulse` asks for it.
    Tick(Now),
    Key(Key),
    /// A pasted text: line ends are `\n`, control characters are still in it. `dropped` bytes beyond the bound
    /// are missing at its end.
    Paste {
        text: String,
        dropped: usize,
    },
    Mouse(Mouse),
    /// Columns and rows; either may be 0.
    Resize {
        width: u16,
        height: u16,
    },
    /// The terminal's window has got (`true`) or lost the keyboard.
    Focus(bool),
    /// What the terminal says of itself, whenever it does.
    Terminal(Capability),
    /// Everything that a call answered since the last frame, in order; neighbouring pieces of text are joined.
    Replies {
        task: TaskId,
        replies: Vec<Reply>,
    },
    /// A call's stream is over; nothing of this task follows.
    Ended {
        task: TaskId,
        error: Option<Error>,
    },
    /// What an `Effect::Compute` made.
    Computed(Made),
    /// The delay of an `Effect::After` is over.
    Timer(TimerId),
    /// How an `Effect::Copy` went.
    Copied(Result<Copied>),
    /// The answer to `Effect::Paste`.
    Clipboard(Result<Clipped>),
    /// The answer to `Effect::Save` and `Effect::SaveBytes`.
    Saved {
        of: Written,
        path: String,
        saved: Result<Saved>,
    },
    /// The answer to `Effect::SavePicture`.
    PictureSaved {
        blob: BlobId,
        path: String,
        saved: Result<Saved>,
    },
    /// The answer to `Effect::ReadFile`.
    FileRead {
        path: String,
        read: Result<Contents>,
    },
    /// The answer to `Effect::Keep`: the terminal has the picture of that number.
    Kept(u32),
    /// What `$EDITOR` left of an `Effect::Edit`'s text.
    Edited(Result<String>),
    /// The presets as they are after an `Effect::EditConfig`.
    Configured(Result<BTreeMap<String, Preset>>),
    /// The presets as they are after an `Effect::ChangePreset`, and what is said of that.
    PresetChanged {
        said: String,
        presets: Result<BTreeMap<String, Preset>>,
    },
    /// The program was stopped and is in the foreground again.
    Resumed,
}

/// What is in a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Contents(pub Vec<u8>);

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contents({})", self.0.len())
    }
}

/// What work away from the screen's thread made.
#[derive(Debug, Clone, PartialEq)]
pub enum Made {
    Highlighted(Inked),
    /// A picture, or why there is none.
    Picture(Drawing, Result<Drawn>),
    /// The rows of that number laid out; `None` where they make no sense.
    Trace(u64, Option<Shared>),
    /// What is read of traces.
    Read(Read),
    /// The work failed in the middle: what it was for stays as it is.
    Nothing,
}

/// A point in time, as the loop saw it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Since the loop began; never goes back.
    pub elapsed: Duration,
    /// The wall clock.
    pub wall: Timestamp,
}

/// What was on the clipboard.
#[derive(Clone, PartialEq, Eq)]
pub enum Clipped {
    Text(String),
    /// A picture, as PNG.
    Picture(Vec<u8>),
}

impl std::fmt::Debug for Clipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Picture(bytes) => write!(f, "Picture({} bytes)", bytes.len()),
        }
    }
}

/// Where a copied text is now. There is no third way: a failure is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// The system clipboard took it.
    Clipboard,
    /// It was sent to the terminal as OSC 52, which says nothing back.
    SentToTerminal,
}

/// What became of a text that was to be written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    To(PathBuf),
    /// There is one of that name, and it was not touched.
    Exists,
}

/// What a terminal answers when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Its background colour: red, green, blue.
    Background(u8, u8, u8),
    /// It can tell Shift+Enter from Enter (the kitty keyboard protocol).
    FullKeys,
    /// It has Kitty's graphics.
    KittyGraphics,
    /// Its name and version.
    Program(Program),
    /// Width and height of a cell in pixels.
    Cell(u16, u16),
    /// It has answered everything that it is going to answer; whether it has Sixel it says with that.
    Answered { sixel: bool },
}

/// Terminals that show pictures in their own ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Iterm2,
    WezTerm,
    Konsole,
    /// Any other one.
    Other,
}

/// Something that the mouse did at a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub kind: MouseKind,
    pub column: u16,
    pub row: u16,
    pub modifiers: KeyModifiers,
}

/// What the mouse did. Movement without a button is not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    Down(Button),
    Drag(Button),
    Up(Button),
    ScrollUp,
    ScrollDown,
    ScrollLeft,
    ScrollRight,
}

/// A mouse button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    Left,
    Middle,
    Right,
}
