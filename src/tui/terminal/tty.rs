//! The real terminal.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::ThreadId;

use ratatui::Frame;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use rustix::process::{Signal as ProcessSignal, getpgrp, getsid, kill_current_process_group};
use rustix::termios::isatty;

use super::modes::{Modes, Options};
use super::reader::Reader;
use super::{Input, Terminal};
use crate::domain::untrusted::{safe_line, safe_text};
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::shielded;

/// For a terminal that does not know its size.
const UNKNOWN_SIZE: (u16, u16) = (80, 24);

/// Characters of a title.
const TITLE_CHARS: usize = 120;

/// Between these, a terminal shows nothing half-drawn. Those that do not know the mode ignore it.
const FRAME_BEGIN: &[u8] = b"\x1b[?2026h\x1b[?25l";
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// The terminal that the program was started in. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Tty {
    modes: Arc<Modes>,
    reader: Reader,
    screen: ratatui::Terminal<Painter>,
    paint: Paint,
    title: Option<String>,
    away: bool,
    /// The next frame is drawn whole: the size was told since the last one, or what stands there is not to be trusted.
    whole: bool,
}

impl Tty {
    /// Takes the terminal: modes, questions, the thread, and a panic hook that gives it back first.
    pub fn open(options: Options) -> Result<Self> {
        const DOING: &str = "starting the screen";
        let (input, output) = files().map_err(|_| {
            let hint = "Start it in a terminal, or use `outcrop chat` in scripts and pipes.";
            Error::new(ErrorKind::Invalid, DOING, "this is no terminal", hint)
        })?;
        let begin = || -> io::Result<Self> {
            let modes = Arc::new(Modes::of(input.try_clone()?, output, options)?);
            hook_panics(modes.clone(), std::thread::current().id());
            let paint = Paint::default();
            let size = modes.size().unwrap_or(UNKNOWN_SIZE);
            let painter = Painter { inner: CrosstermBackend::new(paint.clone()), size };
            let screen = ratatui::Terminal::new(painter)?;
            let reader = Reader::start(input, modes.clone())?;
            let tty = Self { modes, reader, screen, paint, title: None, away: false, whole: false };
            tty.modes.enter(true)?;
            Ok(tty)
        };
        begin().map_err(|e| Error::io(DOING, &e))
    }

    fn flush(&mut self, doing: &str) -> Result<()> {
        let bytes = std::mem::take(&mut *self.paint.0.borrow_mut());
        if bytes.is_empty() || self.away {
            return Ok(());
        }
        self.modes.write(&bytes).map_err(|e| Error::io(doing, &e))
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.modes.leave();
    }
}

/// Standard input and output where they are the terminal, else the controlling one.
fn files() -> io::Result<(File, File)> {
    let own = || OpenOptions::new().read(true).write(true).open("/dev/tty");
    let input = if isatty(io::stdin()) { File::from(rustix::io::dup(io::stdin())?) } else { own()? };
    let output = if isatty(io::stdout()) { File::from(rustix::io::dup(io::stdout())?) } else { own()? };
    Ok((input, output))
}

/// With no shell above that controls jobs, nobody would ever continue the group.
fn stops() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

/// Stops the process group, where somebody can continue it. The terminal was given back.
pub(in crate::tui) fn stop() {
    if stops() && kill_current_process_group(ProcessSignal::STOP).is_err() {
        tracing::warn!("the process could not be stopped");
    }
}

/// A panic of the screen's own thread gives the terminal back before it speaks; one elsewhere would speak into the
/// picture, and one that is caught ends nothing, so these go to the log. What it says may hold a text of the person or of
/// a model: the log gets the place alone, the terminal what cannot drive it.
fn hook_panics(modes: Arc<Modes>, screen: ThreadId) {
    std::panic::set_hook(Box::new(move |panic| {
        if shielded() || modes.entered() && std::thread::current().id() != screen {
            let at = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(at, "a thread panicked");
            return;
        }
        modes.leave();
        let text = panic.to_string();
        let _ = writeln!(io::stderr(), "{}", safe_text(&text));
    }));
}

impl Terminal for Tty {
    async fn next(&mut self) -> Option<Input> {
        tokio::select! {
            biased;
            signal = self.reader.signals.recv() => signal.map(Input::Signal),
            event = self.reader.inbox.recv() => event.map(Input::Event),
        }
    }

    fn ready(&mut self) -> Option<Input> {
        let signal = self.reader.signals.try_recv().ok().map(Input::Signal);
        signal.or_else(|| self.reader.inbox.try_recv().ok().map(Input::Event))
    }

    fn size(&self) -> (u16, u16) {
        self.screen.backend().size
    }

    fn resized(&mut self, width: u16, height: u16) -> Result<()> {
        self.screen.backend_mut().size = (width, height);
        self.whole = true;
        Ok(())
    }

    fn redraw(&mut self) {
        self.whole = true;
    }

    fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> Result<()> {
        if self.away {
            return Ok(());
        }
        self.paint.0.borrow_mut().extend_from_slice(FRAME_BEGIN);
        // The terminal cuts and moves its cells also on the way to a size and back.
        let whole = if std::mem::take(&mut self.whole) { self.screen.clear() } else { Ok(()) };
        let drawn = whole.and_then(|()| self.screen.draw(view).map(|_| ()));
        self.paint.0.borrow_mut().extend_from_slice(FRAME_END);
        drawn.map_err(|e| Error::io("drawing a frame", &e))?;
        self.flush("drawing a frame")
    }

    fn title(&mut self, text: &str) -> Result<()> {
        let safe: String = safe_line(text).chars().take(TITLE_CHARS).collect();
        if !self.modes.titles() || self.title.as_ref() == Some(&safe) {
            return Ok(());
        }
        self.paint.0.borrow_mut().extend_from_slice(format!("\x1b]2;{safe}\x1b\\").as_bytes());
        self.title = Some(safe);
        self.flush("setting the title")
    }

    fn mouse(&mut self, on: bool) -> Result<()> {
        self.modes.mouse(on).map_err(|e| Error::io("switching the mouse", &e))
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.paint.0.borrow_mut().extend_from_slice(bytes);
        self.flush("sending to the terminal")
    }

    fn keep(&mut self, picture: &[u8], forget: &[u8]) -> Result<()> {
        if self.away {
            return Ok(());
        }
        self.modes.keeps(forget);
        self.send(picture)
    }

    fn hand_over(&mut self) {
        self.reader.pause();
        self.away = true;
        self.modes.leave();
    }

    fn say(&mut self, text: &str) {
        // It is only a remark: a terminal that takes none is no reason to fail.
        let _ = self.modes.write(format!("{}\r\n", safe_line(text)).as_bytes());
    }

    fn take_back(&mut self) -> Result<bool> {
        if !self.modes.in_foreground() {
            return Ok(false);
        }
        let again = |tty: &mut Self| -> io::Result<()> {
            // Whatever was done to it meanwhile is undone first.
            tty.modes.leave();
            tty.modes.enter(false)?;
            if let Some(size) = tty.modes.size() {
                tty.screen.backend_mut().size = size;
            }
            tty.screen.clear()?;
            tty.paint.0.borrow_mut().clear();
            Ok(())
        };
        again(self).map_err(|e| Error::io("taking the terminal back", &e))?;
        self.away = false;
        if let Some(title) = self.title.take() {
            self.title(&title)?;
        }
        self.reader.resume();
        Ok(true)
    }

    fn is_away(&self) -> bool {
        self.away
    }

    fn stops(&self) -> bool {
        stops()
    }

    fn stop(&mut self) -> bool {
        stops() && kill_current_process_group(ProcessSignal::STOP).is_ok()
    }

    fn ending(&mut self) {
        self.reader.guard();
    }
}

/// The bytes of a frame, until they are written at once.
#[derive(Debug, Clone, Default)]
struct Paint(Rc<RefCell<Vec<u8>>>);

impl Write for Paint {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// crossterm's painting into `Paint`, with a size that is told, not asked: asking may start a process.
#[derive(Debug)]
struct Painter {
    inner: CrosstermBackend<Paint>,
    size: (u16, u16),
}

impl Backend for Painter {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    /// Only an inline screen needs it.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(Size { width: self.size.0, height: self.size.1 })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
