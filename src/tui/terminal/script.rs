//! A terminal that plays a script: inputs in, pictures out, no clock of its own.
//!
//! Before each input it sleeps. Under a paused clock that sleep is over only when everything else rests for as long, so
//! each input meets a finished world, and the end of the script is the end of the loop.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::Frame;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use tokio::time::Instant;

use super::{Input, Terminal};
use crate::domain::{Error, Result};
use crate::tui::event::Event;
use crate::tui::key::Key;

/// How long the world must rest before the next input; longer than a few frames.
const PAUSE: Duration = Duration::from_millis(50);

/// A scripted terminal, and what it was told.
#[derive(Debug)]
pub struct Script {
    inputs: VecDeque<Input>,
    /// When the next input comes, whatever the world does; else it comes when that rests.
    every: Option<Duration>,
    due: Option<Instant>,
    at_end: Duration,
    screen: ratatui::Terminal<TestBackend>,
    away: bool,
    /// Frames drawn.
    pub frames: usize,
    /// Those that were drawn whole because that was asked for.
    pub redrawn: usize,
    pub titles: Vec<String>,
    /// Bytes sent beside the frames.
    pub sent: Vec<u8>,
    pub stops: usize,
    /// What was said on the terminal that was handed over.
    pub said: Vec<String>,
}

impl Script {
    /// A screen of this size, and its inputs.
    pub fn new(width: u16, height: u16, inputs: impl IntoIterator<Item = Input>) -> Result<Self> {
        let screen = ratatui::Terminal::new(TestBackend::new(width, height))
            .map_err(|e| Error::internal("making a scripted terminal", e.to_string()))?;
        Ok(Self {
            inputs: inputs.into_iter().collect(),
            every: None,
            due: None,
            at_end: PAUSE,
            screen,
            away: false,
            frames: 0,
            redrawn: 0,
            titles: Vec::new(),
            sent: Vec::new(),
            stops: 0,
            said: Vec::new(),
        })
    }

    /// Keys as tests write them: `"hello<enter>"`.
    pub fn keys(width: u16, height: u16, keys: &str) -> Result<Self> {
        let keys = Key::script(keys).map_err(|e| Error::internal("reading a script", e))?;
        Self::new(width, height, keys.into_iter().map(|key| Input::Event(Event::Key(key))))
    }

    /// Inputs come at these times, whatever the world does.
    #[must_use]
    pub fn hurried(self, every: Duration) -> Self {
        Self { every: Some(every), ..self }
    }

    /// The script goes on for this long after its last input.
    pub fn wait_at_end(&mut self, wait: Duration) {
        self.at_end = wait;
    }

    /// The cells of the last frame.
    pub fn picture(&self) -> &Buffer {
        self.screen.backend().buffer()
    }
}

impl Terminal for Script {
    async fn next(&mut self) -> Option<Input> {
        let (every, rest) = match (self.inputs.is_empty(), self.every) {
            (true, _) => (Some(self.at_end), self.at_end),
            (false, every) => (every, PAUSE),
        };
        match every {
            Some(every) if every > PAUSE || !self.inputs.is_empty() => {
                let due = *self.due.get_or_insert_with(|| Instant::now() + every);
                tokio::time::sleep_until(due).await;
                self.due = None;
            }
            _ => tokio::time::sleep(rest).await,
        }
        self.inputs.pop_front()
    }

    fn ready(&mut self) -> Option<Input> {
        None
    }

    fn size(&self) -> (u16, u16) {
        let area = self.screen.backend().buffer().area;
        (area.width, area.height)
    }

    fn resized(&mut self, width: u16, height: u16) -> Result<()> {
        self.screen.backend_mut().resize(width, height);
        Ok(())
    }

    fn redraw(&mut self) {
        self.redrawn += 1;
    }

    fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> Result<()> {
        if !self.away {
            self.frames += 1;
            self.screen.draw(view).map_err(|e| Error::internal("drawing a frame", e.to_string()))?;
        }
        Ok(())
    }

    fn title(&mut self, text: &str) -> Result<()> {
        self.titles.push(text.to_owned());
        Ok(())
    }

    fn mouse(&mut self, _on: bool) -> Result<()> {
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.sent.extend_from_slice(bytes);
        Ok(())
    }

    fn keep(&mut self, picture: &[u8], _forget: &[u8]) -> Result<()> {
        self.send(picture)
    }

    fn hand_over(&mut self) {
        self.away = true;
    }

    fn say(&mut self, text: &str) {
        self.said.push(text.to_owned());
    }

    fn take_back(&mut self) -> Result<bool> {
        self.away = false;
        Ok(true)
    }

    fn is_away(&self) -> bool {
        self.away
    }

    fn stops(&self) -> bool {
        true
    }

    fn stop(&mut self) -> bool {
        self.stops += 1;
        true
    }

    fn ending(&mut self) {}
}
