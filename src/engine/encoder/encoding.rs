//! The vectors of some texts on their way.

use std::collections::VecDeque;
use std::sync::Arc;

use rayon::prelude::*;
use tokio::sync::mpsc::Sender;

use super::{Encoder, Window, normalise};
use crate::domain::Result;
use crate::domain::delta::Event;
use crate::domain::message::Usage;
use crate::engine::session::Step;

/// About so many tokens are read in one turn: conversations that are answered beside it wait no longer.
const TURN: usize = 512;

/// Texts that become vectors, which are told all together at the end.
#[derive(Debug)]
pub(in crate::engine) struct Encoding {
    events: Sender<Result<Event>>,
    encoder: Arc<Encoder>,
    texts: std::iter::Enumerate<std::vec::IntoIter<String>>,
    /// Cut and not read yet.
    windows: VecDeque<Window>,
    /// Of every text, the vectors of its windows added up.
    sums: Vec<Vec<f32>>,
    tokens: usize,
}

impl Encoding {
    /// Prepares to read `texts`; nothing is computed yet.
    pub(in crate::engine) fn start(
        events: Sender<Result<Event>>,
        encoder: Arc<Encoder>,
        texts: Vec<String>,
    ) -> Self {
        let sums = vec![Vec::new(); texts.len()];
        let texts = texts.into_iter().enumerate();
        Self { events, encoder, texts, windows: VecDeque::new(), sums, tokens: 0 }
    }

    /// Where its events go.
    pub(in crate::engine) fn events(&self) -> &Sender<Result<Event>> {
        &self.events
    }

    /// Reads the next texts. Runs on the threads of the pool that it is called in.
    pub(in crate::engine) fn step(&mut self) -> Step {
        if self.events.is_closed() {
            return Step::Done;
        }
        let turn = match self.next() {
            Ok(turn) => turn,
            Err(error) => {
                // It is the first and the last that is told: there is room.
                drop(self.events.try_send(Err(error)));
                return Step::Done;
            }
        };
        if turn.is_empty() {
            self.tell();
            return Step::Done;
        }
        self.encoder.add(&turn, &mut self.sums);
        Step::More
    }

    /// The windows of one turn: as many for every thread, or those of one more would wait for it alone.
    fn next(&mut self) -> Result<Vec<Window>> {
        let threads = rayon::current_num_threads();
        let (mut turn, mut tokens) = (Vec::new(), 0);
        while tokens < TURN || !turn.len().is_multiple_of(threads) {
            if let Some(window) = self.windows.pop_front() {
                tokens += window.tokens();
                turn.push(window);
            } else if !self.cut(threads)? {
                break;
            }
        }
        self.tokens += tokens;
        Ok(turn)
    }

    /// Cuts the next texts, one a thread; false where there are none.
    fn cut(&mut self, threads: usize) -> Result<bool> {
        let texts: Vec<(usize, String)> = self.texts.by_ref().take(threads).collect();
        let encoder = &self.encoder;
        let windows = |(at, text): (usize, String)| Ok(encoder.windows(at, &text)?.collect::<Vec<_>>());
        let cut: Vec<Vec<Window>> = texts.into_par_iter().map(windows).collect::<Result<_>>()?;
        let any = !cut.is_empty();
        self.windows.extend(cut.into_iter().flatten());
        Ok(any)
    }

    fn tell(&mut self) {
        let mut vectors = std::mem::take(&mut self.sums);
        for vector in &mut vectors {
            normalise(vector);
        }
        let input = u32::try_from(self.tokens).ok();
        let usage = Usage { input, ..Usage::default() };
        for event in [Event::Usage { usage }, Event::Embeddings { vectors }] {
            drop(self.events.try_send(Ok(event)));
        }
    }
}
