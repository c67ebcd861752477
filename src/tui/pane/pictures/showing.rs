//! Which pictures are drawn: their bytes are fetched, cells are made of them away from the screen's thread, a terminal that
//! keeps pictures gets them, and old ones are forgotten.

use std::sync::Arc;

use super::{State, Wait};
use crate::domain::message::BlobId;
use crate::domain::{Error, Result};
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Work};
use crate::tui::widget::picture::{self, By, Bytes, Drawn, KEPT, Key, Want, Way};
use crate::workbench::Request;
use crate::workbench::request::pictures::Pictures;

/// Drawn pictures that are remembered; fewer than a terminal keeps.
const DRAWN: usize = KEPT as usize - 16;
/// Bytes of pictures that are remembered, so that another size needs no fetching.
const BYTES: usize = 64 << 20;

/// How far a picture of one size has come.
#[derive(Debug, Clone, PartialEq)]
enum Show {
    Drawing,
    /// The terminal is being sent it.
    Arriving(Arc<Drawn>),
    Ready(Arc<Drawn>),
    Failed(String),
}

/// The pictures that are drawn, those used last at the end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shows {
    drawn: Vec<(Key, Show)>,
    bytes: Vec<(BlobId, Bytes)>,
    /// Pictures whose bytes cannot be had, and why.
    lost: Vec<(BlobId, String)>,
    /// Counts those that were drawn.
    count: u32,
}

/// What a frame can show of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen<'a> {
    /// Its cells, made for this place or a smaller one.
    Cells(&'a Drawn),
    Failed(&'a str),
    /// Not yet.
    Coming,
}

impl Shows {
    /// What there is for a place of that size.
    pub fn seen(&self, blob: &BlobId, room: (u16, u16), way: Way) -> Seen<'_> {
        if let Some((_, why)) = self.lost.iter().find(|(lost, _)| lost == blob) {
            return Seen::Failed(why);
        }
        let of = |wanted: fn(&Show) -> bool| {
            self.drawn.iter().filter(move |(key, show)| key.blob == *blob && key.way == way && wanted(show))
        };
        let ready = of(|show| matches!(show, Show::Ready(_))).filter_map(|(key, show)| match show {
            Show::Ready(drawn) => Some((key, drawn)),
            _ => None,
        });
        let fits = |drawn: &Drawn| drawn.size().0 <= room.0 && drawn.size().1 <= room.1;
        // The one that was made for it, else the largest that fits until that is there.
        let best = ready
            .filter(|(_, drawn)| fits(drawn))
            .max_by_key(|(key, drawn)| (key.room == room, drawn.size()));
        if let Some((_, drawn)) = best {
            return Seen::Cells(drawn);
        }
        let failed =
            self.drawn.iter().find(|(key, _)| key.blob == *blob && key.room == room && key.way == way);
        match failed {
            Some((_, Show::Failed(why))) => Seen::Failed(why),
            _ => Seen::Coming,
        }
    }

    fn position(&self, key: &Key) -> Option<usize> {
        self.drawn.iter().position(|(other, _)| other == key)
    }

    /// It was used now.
    fn touch(&mut self, at: usize) {
        let one = self.drawn.remove(at);
        self.drawn.push(one);
    }

    fn bytes(&self, blob: &BlobId) -> Option<&Bytes> {
        self.bytes.iter().find(|(other, _)| other == blob).map(|(_, bytes)| bytes)
    }

    fn keep(&mut self, blob: BlobId, bytes: Bytes) {
        self.bytes.retain(|(other, _)| *other != blob);
        self.bytes.push((blob, bytes));
        let mut sum: usize = self.bytes.iter().map(|(_, bytes)| bytes.0.len()).sum();
        // The last one stays, however large it is.
        while sum > BYTES && self.bytes.len() > 1 {
            sum -= self.bytes.remove(0).1.0.len();
        }
    }
}

impl State {
    /// Has drawn what is in sight and is not drawn yet.
    pub(super) fn look(&mut self, desk: &mut Desk<'_>) {
        if desk.way.by == By::Words {
            return;
        }
        for (blob, room) in self.wanted(desk.area) {
            let key = Key { blob, room, way: desk.way };
            if let Some(at) = self.shows.position(&key) {
                self.shows.touch(at);
            } else if !self.shows.lost.iter().any(|(lost, _)| *lost == key.blob) {
                self.draw_or_fetch(key, desk);
            }
        }
        self.forget_old(desk);
    }

    fn draw_or_fetch(&mut self, key: Key, desk: &mut Desk<'_>) {
        let Some(bytes) = self.shows.bytes(&key.blob).cloned() else {
            self.fetch(key.blob, desk);
            return;
        };
        self.shows.count = self.shows.count.wrapping_add(1);
        self.shows.drawn.push((key.clone(), Show::Drawing));
        let (number, depth) = (self.shows.count, desk.options.theme.depth);
        desk.ask(Effect::Compute(Work::Picture(Want { key, bytes, number, depth })));
    }

    /// Asks for the bytes of a picture, once.
    fn fetch(&mut self, blob: BlobId, desk: &mut Desk<'_>) {
        let wait = Wait::Bytes(blob);
        if self.waits.values().any(|other| *other == wait) {
            return;
        }
        let Wait::Bytes(blob) = &wait else { return };
        let task = desk.call(None, Request::Pictures(Pictures::Bytes { blob: blob.clone() }));
        self.waits.insert(task, wait);
    }

    fn forget_old(&mut self, desk: &mut Desk<'_>) {
        while self.shows.drawn.len() > DRAWN {
            let (key, show) = self.shows.drawn.remove(0);
            if let Show::Ready(drawn) | Show::Arriving(drawn) = show
                && key.way.by == By::Kitty
            {
                desk.ask(Effect::Forget(picture::forget(key.way, drawn.number)));
            }
        }
    }

    /// The bytes of a picture came.
    pub(super) fn take_bytes(&mut self, blob: BlobId, bytes: Vec<u8>, desk: &mut Desk<'_>) {
        let bytes = Bytes(bytes.into());
        let saves = self.saving.as_ref().is_some_and(|saving| saving.blob == blob);
        self.shows.keep(blob, bytes);
        if saves {
            self.write_out(desk);
        }
        self.look(desk);
    }

    /// They cannot be had.
    pub(super) fn lose_bytes(&mut self, blob: BlobId, error: &Error, desk: &mut Desk<'_>) {
        if self.saving.take_if(|saving| saving.blob == blob).is_some() {
            desk.complain(error);
        }
        self.shows.lost.retain(|(other, _)| *other != blob);
        self.shows.lost.push((blob, error.why.clone()));
    }

    /// Writes the picture that is to be saved, as soon as its bytes are there.
    pub(super) fn write_out(&mut self, desk: &mut Desk<'_>) {
        let Some(saving) = self.saving.clone() else { return };
        match self.shows.bytes(&saving.blob).cloned() {
            Some(bytes) => {
                self.saving = None;
                let super::Saving { blob, path, replace } = saving;
                desk.ask(Effect::SavePicture { blob, path, bytes, replace });
            }
            None => self.fetch(saving.blob, desk),
        }
    }

    /// A picture was drawn, or cannot be.
    pub fn drawn(&mut self, key: &Key, drawn: Result<Drawn>, desk: &mut Desk<'_>) {
        // One that is not remembered any more is nobody's.
        let Some(at) = self.shows.position(key) else { return };
        self.shows.drawn[at].1 = match drawn {
            Err(error) => Show::Failed(error.said()),
            Ok(mut drawn) => match drawn.first.take() {
                None => Show::Ready(Arc::new(drawn)),
                Some(picture) => {
                    let (number, forget) = (drawn.number, picture::forget(key.way, drawn.number));
                    desk.ask(Effect::Keep { number, picture, forget });
                    Show::Arriving(Arc::new(drawn))
                }
            },
        };
    }

    /// The terminal has the picture of that number: its cells mean something now.
    pub fn kept(&mut self, number: u32) {
        for (_, show) in &mut self.shows.drawn {
            if let Show::Arriving(drawn) = show
                && drawn.number == number
            {
                *show = Show::Ready(Arc::clone(drawn));
            }
        }
    }

    /// Drawing failed in the middle: whatever was being drawn cannot be shown.
    pub fn not_drawn(&mut self) {
        for (_, show) in self.shows.drawn.iter_mut().filter(|(_, show)| *show == Show::Drawing) {
            *show = Show::Failed("it cannot be shown".to_owned());
        }
    }

    /// The terminal was another's meanwhile, or shows pictures in another way than was thought: all are drawn anew.
    pub fn draw_again(&mut self, desk: &mut Desk<'_>) {
        self.shows.drawn.clear();
        self.look(desk);
    }
}
