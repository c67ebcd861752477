//! The only code that reads and writes the terminal.
//!
//! Here live raw mode and its undoing, the thread that reads keys, signals, questions and their answers, and the way of
//! a frame to the screen. Never here: what a key means, what a frame shows.

mod modes;
mod parse;
mod reader;
mod script;
mod sequence;
mod tty;

use std::future::Future;

use ratatui::Frame;

pub use modes::Options;
pub use script::Script;
pub use tty::Tty;
pub(super) use tty::stop;

use super::event::Event;
use crate::domain::Result;

/// Something that came in.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Event(Event),
    Signal(Signal),
}

/// What the system tells the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: never from the keyboard, which is raw.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP, or the terminal is gone.
    HangUp,
    /// SIGTSTP from outside.
    Stop,
    /// SIGCONT: running again, in the foreground or not.
    Continue,
}

/// What the runtime needs of a terminal; tests give it one that plays a script.
pub trait Terminal {
    /// The next input; `None` when nothing can follow. May be dropped while it waits.
    fn next(&mut self) -> impl Future<Output = Option<Input>>;

    /// The next input, if it is there already.
    fn ready(&mut self) -> Option<Input>;

    /// Columns and rows.
    fn size(&self) -> (u16, u16);

    /// The size changed: the next frame is drawn whole.
    fn resized(&mut self, width: u16, height: u16) -> Result<()>;

    /// The next frame is drawn whole, whatever the terminal shows.
    fn redraw(&mut self);

    /// Draws a frame, unless the terminal is handed over.
    fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> Result<()>;

    /// Sets the window's title, where that is wanted; the text is sanitised here.
    fn title(&mut self, text: &str) -> Result<()>;

    /// Takes the mouse, or leaves it to the terminal.
    fn mouse(&mut self, on: bool) -> Result<()>;

    /// Sends bytes of this program's own making, such as OSC 52.
    fn send(&mut self, bytes: &[u8]) -> Result<()>;

    /// Sends a picture that the terminal keeps until it gets `forget`, at the latest when it is given back.
    fn keep(&mut self, picture: &[u8], forget: &[u8]) -> Result<()>;

    /// Gives the terminal back as it was found and reads nothing from it, for another program or a stop.
    fn hand_over(&mut self);

    /// Says a line where the shell goes on; the terminal was handed over. The text is sanitised here.
    fn say(&mut self, text: &str);

    /// Takes the terminal again; `false` while another process group has it.
    fn take_back(&mut self) -> Result<bool>;

    /// Whether the terminal is handed over.
    fn is_away(&self) -> bool;

    /// Whether somebody could continue a process that is stopped.
    fn stops(&self) -> bool;

    /// Stops the process group, as Ctrl+Z does; the terminal was handed over. `Signal::Continue` tells the end of it.
    /// `false` where nobody could continue it.
    fn stop(&mut self) -> bool;

    /// The process is ending by a signal: from now on it is made to end in time.
    fn ending(&mut self);
}
