//! The loop around the pure core: inputs and replies in as events, effects out to the world, frames to the terminal.
//!
//! Here live the calls, timers, the clipboard and `$EDITOR`. Never here: what an event means or a frame shows.
//!
//! A key is drawn at once; what streams is taken in at most once a frame, sixty times a second. With nothing to do the
//! loop sleeps: it ticks only while the screen asks for it.

mod calls;
mod clipboard;
mod compute;
mod editor;
mod parting;
mod read;
mod save;
mod tend;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use ratatui::Frame;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use calls::Calls;
use clipboard::{Clipboard, Way};
use compute::Tools;

pub use parting::{outlast, part};
pub use tend::tend;

use super::effect::{Effect, TimerId};
use super::event::{Copied, Event, Made, Now};
use super::terminal::{Input, Signal, Terminal};
use crate::config::{Config, Osc52, Preset, PresetChange};
use crate::domain::time::Timestamp;
use crate::domain::{Error, Result};
use crate::workbench::Door;

/// The shortest time between two frames of streaming text.
const FRAME: Duration = Duration::from_micros(16_600);
/// How long the store is waited for when the process is told to end.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How often a process in the background looks whether it is in front: `fg` says nothing to one that runs.
const AWAY: Duration = Duration::from_millis(200);
/// Said before a stop with which the workspace is not let go of.
const HELD: &str =
    "outcrop: something still runs, so the workspace is not let go of. Other outcrops wait until fg.";
/// Inputs taken in before a frame is drawn, so that a flood of keys cannot hold the picture back.
const BATCH: usize = 1_024;

/// A pure screen: the state, its rules and its picture.
pub trait App {
    /// Takes an event in and says what it asks of the world.
    fn update(&mut self, event: Event) -> Vec<Effect>;

    /// Draws; changes nothing but a disposable cache.
    fn view(&mut self, frame: &mut Frame<'_>);

    /// How often the time alone changes the picture, while it does.
    fn pulse(&self) -> Option<Duration>;
}

/// What the runtime must know of the machine and the person's choices.
#[derive(Debug, Clone)]
pub struct Host {
    /// The command line of `$VISUAL` or `$EDITOR`.
    pub editor: Option<String>,
    /// The private folder for a text on its way to an editor.
    pub folder: PathBuf,
    pub osc52: Osc52,
    pub tmux: bool,
    pub desk: Desk,
    /// No child may go out to the network.
    pub offline: bool,
    /// What `~` stands for.
    pub home: Option<PathBuf>,
    /// Whose file can be edited.
    pub config: Option<Box<Config>>,
}

/// Whose the clipboard of this machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desk {
    Persons,
    /// The person sits at another machine.
    Elsewhere,
    /// It is behind the network, and the process is offline.
    Forbidden,
}

impl Desk {
    fn of(config: &Config) -> Self {
        match config.terminal.ssh {
            _ if config.forbids_display() => Self::Forbidden,
            true => Self::Elsewhere,
            false => Self::Persons,
        }
    }
}

impl Host {
    /// As it was configured.
    pub fn of(config: &Config) -> Self {
        editor::sweep(&config.paths.runtime);
        Self {
            editor: config.editor.clone(),
            folder: config.paths.runtime.clone(),
            osc52: config.ui.osc52,
            tmux: config.terminal.tmux,
            desk: Desk::of(config),
            offline: config.net.offline,
            home: config.home.clone(),
            config: Some(Box::new(config.clone())),
        }
    }
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The person quit.
    Quit,
    /// They quit, and what goes on by itself is to come to its end.
    Left,
    /// A signal, or the end of the terminal.
    Signal(Signal),
    /// No input can follow: the end of a script.
    InputEnded,
}

impl Ending {
    /// The process's exit code: 0, or 128 and the signal's number as shells have it.
    pub fn code(self) -> u8 {
        match self {
            Self::Quit | Self::Left | Self::InputEnded => 0,
            Self::Signal(Signal::HangUp) => 129,
            Self::Signal(Signal::Terminate) => 143,
            Self::Signal(_) => 130,
        }
    }
}

/// Runs `app` until it quits. Its calls are cancelled and over when this returns.
pub async fn run<A: App, T: Terminal>(
    app: &mut A,
    door: Door,
    terminal: &mut T,
    host: Host,
) -> Result<Ending> {
    let mut runtime = Runtime::new(app, door, terminal, host);
    let ended = runtime.run().await;
    if !matches!(ended, Ok(Ending::Quit | Ending::Left)) {
        runtime.last_words().await;
    }
    runtime.beside.shutdown().await;
    runtime.calls.end().await;
    ended
}

struct Runtime<'a, A, T> {
    app: &'a mut A,
    terminal: &'a mut T,
    door: Door,
    calls: Calls,
    clipboard: Clipboard,
    tools: Tools,
    /// What waits for the editor that a text, and the terminal with it, is in.
    editing: Option<Id>,
    host: Host,
    timers: HashMap<TimerId, Instant>,
    /// What runs beside the loop.
    beside: JoinSet<Answer>,
    started: Instant,
    pulsed: Instant,
    /// When the next frame of streaming text may be drawn.
    frame_due: Instant,
    /// When to look again whether the terminal is this process's.
    away: Option<Instant>,
    /// The process is to be stopped.
    stopping: bool,
    /// The picture is older than the state.
    dirty: bool,
    ending: Option<Ending>,
    /// What goes on by itself is to outlast the loop.
    leaves_running: bool,
}

/// What something beside the loop came to.
enum Answer {
    Event(Event),
    /// This machine's clipboard did not take a text.
    NotCopied {
        text: String,
        why: String,
    },
    /// The editor has ended: the terminal is free again.
    Edited(Result<String>),
    /// So has the one of the configuration file.
    Configured(Result<Box<Config>>),
}

/// What woke the loop.
enum Woken {
    Input(Option<Input>),
    Answer(Answer),
    /// What ran beside the loop panicked.
    Broken(JoinError),
    Replies,
    /// An answer's last words are there.
    LastWords,
    Time,
}

impl<'a, A: App, T: Terminal> Runtime<'a, A, T> {
    fn new(app: &'a mut A, door: Door, terminal: &'a mut T, host: Host) -> Self {
        let now = Instant::now();
        Self {
            app,
            terminal,
            calls: Calls::new(door.clone()),
            door,
            clipboard: Clipboard::default(),
            tools: Tools::default(),
            editing: None,
            host,
            timers: HashMap::new(),
            beside: JoinSet::new(),
            started: now,
            pulsed: now,
            frame_due: now,
            away: None,
            stopping: false,
            dirty: false,
            ending: None,
            leaves_running: false,
        }
    }

    async fn run(&mut self) -> Result<Ending> {
        let (width, height) = self.terminal.size();
        let effects = self.take_in([Event::Resize { width, height }, Event::Started]);
        self.draw()?;
        self.carry_out(effects)?;
        loop {
            if let Some(ending) = self.ending {
                return Ok(ending);
            }
            if std::mem::take(&mut self.stopping) {
                let events = self.suspend().await?;
                self.after(events)?;
            }
            let (events, at_once) = self.wait().await?;
            if events.is_empty() {
                continue;
            }
            let effects = self.take_in(events);
            self.dirty = true;
            if at_once || Instant::now() >= self.frame_due {
                self.draw()?;
            }
            if !at_once {
                self.frame_due = self.frame_due.max(Instant::now() + FRAME);
            }
            self.carry_out(effects)?;
        }
    }

    /// The end came from outside, or the terminal is gone: the screen gives out what it must not lose, and the store is
    /// waited for. Nothing is read or drawn any more.
    async fn last_words(&mut self) {
        let mut effects = self.take_in([Event::Ending]);
        let end = Instant::now() + LAST_WORDS;
        loop {
            for effect in effects {
                match effect {
                    Effect::Call { task, order, context, request } => {
                        self.calls.start(task, order, context, request);
                    }
                    Effect::Quit => return,
                    _ => {}
                }
            }
            if !self.calls.are_open() {
                return;
            }
            tokio::select! {
                () = self.calls.woken() => {}
                () = sleep_until(end) => return,
            }
            let events = self.calls.drain();
            effects = self.take_in(events);
        }
    }

    /// Waits for anything and drains what is there: the events, and whether they are drawn at once.
    async fn wait(&mut self) -> Result<(Vec<Event>, bool)> {
        let deadline = self.deadline();
        let (frame_due, dirty) = (self.frame_due, self.dirty);
        let woken = tokio::select! {
            biased;
            input = self.terminal.next() => Woken::Input(input),
            () = sleep_until(deadline.unwrap_or(frame_due)), if deadline.is_some() => Woken::Time,
            () = sleep_until(frame_due), if dirty => Woken::Time,
            Some(joined) = self.beside.join_next(), if !self.beside.is_empty() => match joined {
                Ok(answer) => Woken::Answer(answer),
                Err(why) => Woken::Broken(why),
            },
            () = self.calls.ended() => Woken::LastWords,
            () = async { sleep_until(frame_due).await; self.calls.woken().await } => Woken::Replies,
        };
        Ok(match woken {
            Woken::Input(None) => {
                self.ending = Some(Ending::InputEnded);
                (Vec::new(), false)
            }
            Woken::Input(Some(input)) => self.drain(input)?,
            Woken::Answer(Answer::Event(event)) => (vec![event], true),
            Woken::Answer(Answer::NotCopied { text, why }) => {
                (vec![self.send_copy(&text, Some(&why))?], true)
            }
            Woken::Answer(Answer::Edited(text)) => {
                self.editing = None;
                let mut events = self.come_back()?;
                events.push(Event::Edited(text));
                (events, true)
            }
            Woken::Answer(Answer::Configured(config)) => {
                self.editing = None;
                let mut events = self.come_back()?;
                events.push(Event::Configured(config.map(|config| config.presets.clone())));
                (events, true)
            }
            // The editor is the one that the terminal waits for; what else there is leaves things as they are.
            Woken::Broken(why) if self.editing == Some(why.id()) => {
                self.editing = None;
                let mut events = self.come_back()?;
                events.push(Event::Edited(Err(Error::internal("editing the text", why.to_string()))));
                (events, true)
            }
            Woken::Broken(why) => {
                // Not what a panic says, which may hold a text of the person or of a model.
                tracing::error!(panicked = why.is_panic(), "work beside the screen ended badly");
                (vec![Event::Computed(Made::Nothing)], true)
            }
            Woken::Replies => (self.calls.drain(), false),
            Woken::LastWords => (self.calls.drain(), true),
            Woken::Time => (self.due()?, false),
        })
    }

    /// The earliest timer, pulse, or look for the terminal.
    fn deadline(&self) -> Option<Instant> {
        let pulse = self.app.pulse().map(|every| self.pulsed + every);
        self.timers.values().copied().chain(pulse).chain(self.away).min()
    }

    /// The events of timers that are due. A pulse, or a frame that was put off, is a tick alone.
    fn due(&mut self) -> Result<Vec<Event>> {
        let now = Instant::now();
        if self.away.is_some_and(|at| at <= now) {
            return self.come_back();
        }
        self.pulsed = now;
        let mut due: Vec<_> =
            self.timers.iter().filter(|(_, at)| **at <= now).map(|(id, at)| (*at, *id)).collect();
        due.sort_by_key(|(at, id)| (*at, id.0));
        let events: Vec<_> = due.into_iter().map(|(_, id)| Event::Timer(id)).collect();
        for event in &events {
            if let Event::Timer(id) = event {
                self.timers.remove(id);
            }
        }
        Ok(if events.is_empty() { vec![Event::Tick(self.now())] } else { events })
    }

    /// All inputs that are there. The mouse alone can wait for a frame; of many sizes the last one counts.
    fn drain(&mut self, first: Input) -> Result<(Vec<Event>, bool)> {
        let mut events = Vec::new();
        let mut at_once = false;
        let mut next = Some(first);
        while let Some(input) = next {
            match input {
                Input::Signal(signal) => events.extend(self.obey(signal)?),
                Input::Event(event) => {
                    at_once |= !matches!(event, Event::Mouse(_));
                    if let (Event::Resize { .. }, Some(Event::Resize { .. })) = (&event, events.last()) {
                        events.pop();
                    }
                    events.push(event);
                }
            }
            if self.ending.is_some() || self.stopping || events.len() >= BATCH {
                break;
            }
            next = self.terminal.ready();
        }
        let resized = events.iter().rev().find_map(|e| match e {
            Event::Resize { width, height } => Some((*width, *height)),
            _ => None,
        });
        if let Some((width, height)) = resized {
            self.terminal.resized(width, height)?;
        }
        Ok((events, at_once))
    }

    fn obey(&mut self, signal: Signal) -> Result<Vec<Event>> {
        match signal {
            // Ctrl+C within the editor is the editor's, and once continued it has the terminal.
            Signal::Interrupt if self.editing.is_some() => Ok(Vec::new()),
            Signal::Continue if self.editing.is_some() => {
                self.door.take_up();
                Ok(Vec::new())
            }
            Signal::Interrupt | Signal::Terminate | Signal::HangUp => {
                self.ending = Some(Ending::Signal(signal));
                self.terminal.ending();
                Ok(Vec::new())
            }
            Signal::Stop => {
                self.stopping = true;
                Ok(Vec::new())
            }
            Signal::Continue => {
                self.door.take_up();
                self.come_back()
            }
        }
    }

    /// Ctrl+Z. A stop reaches this thread a moment after it was asked for, so the way back begins at SIGCONT, never here;
    /// only where nobody could send it, at once. Others get the workspace meanwhile, where nothing runs.
    async fn suspend(&mut self) -> Result<Vec<Event>> {
        self.terminal.hand_over();
        if !self.terminal.stops() {
            return if self.editing.is_some() { Ok(Vec::new()) } else { self.come_back() };
        }
        if !self.door.let_go().await {
            self.terminal.say(HELD);
        }
        if self.terminal.stop() || self.editing.is_some() {
            return Ok(Vec::new());
        }
        self.door.take_up();
        self.come_back()
    }

    /// Takes the terminal back, where it is this process's to take.
    fn come_back(&mut self) -> Result<Vec<Event>> {
        if !self.terminal.take_back()? {
            self.away = Some(Instant::now() + AWAY);
            return Ok(Vec::new());
        }
        self.away = None;
        let (width, height) = self.terminal.size();
        Ok(vec![Event::Resize { width, height }, Event::Resumed])
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let wall = Timestamp(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX));
        Now { elapsed: self.started.elapsed(), wall }
    }

    fn take_in(&mut self, events: impl IntoIterator<Item = Event>) -> Vec<Effect> {
        let mut effects = self.app.update(Event::Tick(self.now()));
        for event in events {
            if !matches!(event, Event::Tick(_)) {
                effects.extend(self.app.update(event));
            }
        }
        // It is of the frame that is drawn now, before the other effects are carried out.
        if effects.contains(&Effect::Redraw) {
            self.terminal.redraw();
        }
        effects
    }

    fn draw(&mut self) -> Result<()> {
        self.dirty = false;
        let app = &mut *self.app;
        self.terminal.draw(|frame| app.view(frame))
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<()> {
        for effect in effects {
            match effect {
                Effect::Call { task, order, context, request } => {
                    self.calls.start(task, order, context, request);
                }
                Effect::Cancel(task) => self.calls.cancel(task),
                Effect::Compute(work) => {
                    let tools = self.tools.clone();
                    self.beside.spawn_blocking(move || Answer::Event(Event::Computed(tools.run(&work))));
                }
                Effect::After { timer, delay } => {
                    self.timers.insert(timer, Instant::now() + delay);
                }
                Effect::Copy(text) => self.copy(text)?,
                Effect::Paste => {
                    let native = Way::of(&self.host).native;
                    self.beside.spawn(self.clipboard.read(native, self.host.desk));
                }
                Effect::Save { of, path, text, replace } => {
                    let home = self.host.home.clone();
                    self.beside.spawn_blocking(move || {
                        let saved = save::save(&path, home.as_deref(), &text, replace);
                        Answer::Event(Event::Saved { of, path, saved })
                    });
                }
                Effect::SaveBytes { of, path, pieces, replace } => {
                    let home = self.host.home.clone();
                    self.beside.spawn_blocking(move || {
                        let saved = save::save_pieces(&path, home.as_deref(), &pieces.0, replace);
                        Answer::Event(Event::Saved { of, path, saved })
                    });
                }
                Effect::SavePicture { blob, path, bytes, replace } => {
                    let home = self.host.home.clone();
                    self.beside.spawn_blocking(move || {
                        let saved = save::save_bytes(&path, home.as_deref(), &bytes.0, replace);
                        Answer::Event(Event::PictureSaved { blob, path, saved })
                    });
                }
                Effect::ReadFile { path, most } => {
                    let home = self.host.home.clone();
                    self.beside.spawn_blocking(move || {
                        let read = read::read(&path, home.as_deref(), most);
                        Answer::Event(Event::FileRead { path, read })
                    });
                }
                Effect::Keep { number, picture, forget } => {
                    self.terminal.keep(&picture, &forget)?;
                    self.after(vec![Event::Kept(number)])?;
                }
                Effect::Forget(bytes) => self.terminal.send(&bytes)?,
                Effect::Edit(text) => self.edit(text)?,
                Effect::EditConfig => self.edit_config()?,
                Effect::ChangePreset { change, said } => {
                    let presets = self.change_preset(&change);
                    self.after(vec![Event::PresetChanged { said, presets }])?;
                }
                Effect::Title(text) => self.terminal.title(&text)?,
                Effect::Redraw => {}
                Effect::Mouse(on) => self.terminal.mouse(on)?,
                Effect::Suspend => self.stopping = true,
                Effect::LeaveRunning => self.leaves_running = true,
                Effect::Quit => {
                    self.ending = Some(if self.leaves_running { Ending::Left } else { Ending::Quit });
                }
            }
        }
        Ok(())
    }

    /// Events that an effect brought about by itself.
    fn after(&mut self, events: Vec<Event>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let effects = self.take_in(events);
        self.draw()?;
        self.carry_out(effects)
    }

    fn copy(&mut self, text: String) -> Result<()> {
        if Way::of(&self.host).native {
            self.beside.spawn(self.clipboard.copy(text));
            return Ok(());
        }
        let event = self.send_copy(&text, None)?;
        self.after(vec![event])
    }

    /// Copies through the terminal; `native` is why this machine's clipboard did not take the text.
    fn send_copy(&mut self, text: &str, native: Option<&str>) -> Result<Event> {
        let copied = match clipboard::osc52(text, Way::of(&self.host), native) {
            // What is sent to a terminal that is another program's goes nowhere.
            Ok(_) if self.terminal.is_away() => return Ok(Event::Copied(Err(clipboard::away()))),
            Ok(bytes) => self.terminal.send(&bytes).map(|()| Copied::SentToTerminal)?,
            Err(error) => return Ok(Event::Copied(Err(error))),
        };
        Ok(Event::Copied(Ok(copied)))
    }

    fn edit(&mut self, text: String) -> Result<()> {
        let Some(command) = self.host.editor.clone() else {
            return self.after(vec![Event::Edited(Err(editor::none()))]);
        };
        self.terminal.hand_over();
        let folder = self.host.folder.clone();
        let offline = self.host.offline;
        let editor = async move { Answer::Edited(editor::edit(&text, &command, &folder, offline).await) };
        self.editing = Some(self.beside.spawn(editor).id());
        Ok(())
    }

    /// The file is small, and the next effect may be to quit: it is written here.
    fn change_preset(&self, change: &PresetChange) -> Result<BTreeMap<String, Preset>> {
        let Some(config) = &self.host.config else {
            return Err(Error::internal("changing a preset", "there is no configuration"));
        };
        Ok(config.change_preset(change)?.presets)
    }

    fn edit_config(&mut self) -> Result<()> {
        let (Some(command), Some(config)) = (self.host.editor.clone(), self.host.config.clone()) else {
            return self.after(vec![Event::Configured(Err(editor::none()))]);
        };
        self.terminal.hand_over();
        let edited = async move { editor::configure(*config, &command).await.map(Box::new) };
        self.editing = Some(self.beside.spawn(async move { Answer::Configured(edited.await) }).id());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
