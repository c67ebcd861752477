//! The pictures place: a prompt becomes pictures; those that were made before are looked at, saved, varied, used, removed.
//!
//! Here lives what is asked for, which of the makings is looked at, and which pictures are drawn at which size. Never here:
//! how bytes become cells (a widget does that), or what a model can be asked (the voice of its provider says it).

mod asking;
mod layout;
mod place;
mod replies;
mod setup;
mod showing;
mod update;
mod view;

use std::collections::BTreeMap;
use std::time::Duration;

use setup::{Drawer, Row, Setup};
use showing::Shows;

use crate::domain::Error;
use crate::domain::attachment::Attachment;
use crate::domain::id::MakingId;
use crate::domain::message::{BlobId, Block, FileFacts};
use crate::domain::picture::{Made, Making};
use crate::tui::effect::TaskId;
use crate::tui::models::Stock;
use crate::tui::setup::lacking::{self, Lack};
use crate::tui::widget::composer::Composer;

/// Where keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Prompt,
    /// The makings and their pictures.
    Gallery,
    /// What a picture is made with besides the prompt.
    Settings,
}

/// A making that this screen asked for and that is on its way.
#[derive(Debug, Clone, PartialEq)]
struct Run {
    /// `None` until it is durable.
    making: Option<MakingId>,
    since: Duration,
    /// Calls before it in its provider's line.
    ahead: u32,
    /// What was written, to be given back where it never began.
    prompt: String,
}

/// What a reply is for.
#[derive(Debug, Clone, PartialEq)]
enum Wait {
    /// What was written and not sent.
    Recall,
    /// That it is kept.
    Keep,
    /// The makings behind this one; the newest.
    List {
        more: bool,
    },
    Remove,
    /// The request of some pictures as programs.
    Scripts,
    Bytes(BlobId),
}

/// A picture on its way to a file.
#[derive(Debug, Clone, PartialEq)]
struct Saving {
    blob: BlobId,
    path: String,
    replace: bool,
}

/// Everything of the pictures place.
#[allow(clippy::struct_excessive_bools, reason = "independent facts of the place")]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    focus: Focus,
    composer: Composer,
    /// What of it will be kept next, and what was.
    written: String,
    kept: String,
    setup: Setup,
    drawer: Drawer,
    /// The newest first.
    list: Vec<Making>,
    /// There are older ones than those in the list.
    more: bool,
    /// The list was read; until then nobody knows whether it is empty.
    known: bool,
    folded: bool,
    selected: usize,
    /// The first one in sight.
    top: usize,
    /// Which picture of the selected making.
    at: usize,
    /// That picture has the whole place.
    enlarged: bool,
    shows: Shows,
    runs: BTreeMap<TaskId, Run>,
    /// Why the last one never began, or the list could not be read.
    failed: Option<Error>,
    saving: Option<Saving>,
    waits: BTreeMap<TaskId, Wait>,
    watch: Option<TaskId>,
    stock: Stock,
    asking: bool,
}

impl State {
    /// What is known of the models has changed, or how it is being asked for.
    pub fn restock(&mut self, stock: &Stock, asking: bool) {
        self.asking = asking;
        if !self.stock.is(stock) {
            self.stock = stock.clone();
        }
    }

    /// Makings that are cut off when the program ends.
    pub fn running(&self) -> usize {
        self.runs.len()
    }

    /// No model is chosen yet.
    pub fn lacks_model(&self) -> bool {
        self.setup.model.is_none()
    }

    /// Why a row is of no use for the chosen model.
    fn lack(&self, row: Row) -> Option<Lack> {
        lacking::of_picture(row.name(), self.stock.card(self.setup.model.as_ref()?))
    }

    /// The selected picture, as it goes with a message.
    pub fn attachment(&self) -> Option<Attachment> {
        let (making, made) = (self.making()?, self.made()?);
        let name = making.file_name(self.at);
        let file = Some(FileFacts { name: name.clone(), bytes: made.bytes });
        let block = Block::Image { media_type: made.media_type.clone(), blob: made.blob.clone(), file };
        Some(Attachment { name, bytes: Some(made.bytes), block })
    }

    /// The making that is looked at.
    fn making(&self) -> Option<&Making> {
        self.list.get(self.selected)
    }

    /// Its picture that keys act on.
    fn made(&self) -> Option<&Made> {
        self.making()?.made.get(self.at)
    }

    /// The run of a making that this screen asked for.
    fn run_of(&self, id: MakingId) -> Option<(&TaskId, &Run)> {
        self.runs.iter().find(|(_, run)| run.making == Some(id))
    }

    /// What is written is on its way to the store.
    pub fn is_writing(&self) -> bool {
        self.waits.values().any(|wait| *wait == Wait::Keep)
    }

    /// How often the time is wanted.
    fn beat(&self) -> Option<Duration> {
        (!self.runs.is_empty()).then_some(Duration::from_secs(1))
    }
}

/// What was asked for, or what stands for nothing.
fn prompt(making: &Making) -> &str {
    if making.asked.prompt.trim().is_empty() { "a variation" } else { &making.asked.prompt }
}
