//! The knowledge place: the bases that there are, what is found in one and answered from it, its documents, their passages.
//!
//! ```text
//! bases       made, filled, synced, removed          found      a question, its hits, the answer, two settings
//! documents   what a base has, and how it stands     passages   one document as it was cut, in windows
//! sources     where they come from, each with its syncs    form   one as it is written
//! reranking   who puts what is found in order         cited      an answer in rows, with its marks
//! cutting     a file as it would be cut, before it is part of a base
//! template    the prompt by which a base is answered from
//! hinting     what errors of the service say here
//! ```
//!
//! Here lives its state and what it makes of events. Never here: how texts are cut, found and ranked.

mod attaching;
mod bases;
mod cited;
mod cutting;
mod documents;
mod form;
mod found;
mod hinting;
mod layout;
mod measuring;
mod passages;
mod place;
mod replies;
mod reranking;
mod sources;
mod template;
mod update;
mod view;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use attaching::Offer;
use cutting::Cuts;
use documents::Shelf;
use form::Form;
use found::{Answer, Column};
use passages::Leaf;
use sources::Sources;
use template::Draft;

use crate::domain::Error;
use crate::domain::catalog::ModelId;
use crate::domain::id::{BaseId, DocumentId, PassageId};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::rebuild::Wish;
use crate::domain::knowledge::sync::Sync;
use crate::tui::app::Desk;
use crate::tui::effect::TaskId;
use crate::tui::models::Stock;
use crate::tui::overlay::input::Input;
use crate::tui::work::Work;

/// Everything of the knowledge place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The newest first.
    bases: Vec<Base>,
    /// Others that it was told of before the list has come: they are no list.
    early: Vec<Base>,
    /// The list has come once.
    known: bool,
    selected: usize,
    top: usize,
    error: Option<Error>,
    waits: BTreeMap<TaskId, Wait>,
    watch: Option<TaskId>,
    open: Option<Open>,
    /// A file as it would be cut, over all else.
    cuts: Option<Cuts>,
    stock: Stock,
    asking: bool,
    /// The bases are to be offered once they are known.
    offering: Option<Offer>,
    /// The file of questions that is on its way, and the base that they are of.
    file: Option<(String, BaseId)>,
    /// How far a base is on its way to a file, or from one.
    carried: Option<(u64, u64)>,
    /// How far measuring is.
    measured: Option<(u64, u64)>,
    /// The prompt of a base that is being written.
    draft: Option<Draft>,
    /// The source of one that is.
    form: Option<Form>,
    /// Answers from a base, where another one was chosen than conversations begin with.
    model: Option<ModelId>,
}

/// What a reply is for.
#[derive(Debug, Clone, PartialEq)]
enum Wait {
    List,
    /// Whether there is what a base is to be made of, as it was typed, and how that is cut.
    Check(String, Chunking),
    /// A base that is being made, what it reads then, and how that is cut.
    Make(String, Chunking),
    /// A source is being added to that base, as it was typed: it is read then.
    Add(BaseId, String),
    /// That base is looked through.
    Sync(BaseId),
    /// Something that says no more than whether it was done.
    Act,
    /// What the question finds, by the settings of that column.
    Find(usize),
    /// What a model answers from what that column found; `None` where that column is no more.
    Answer(Option<usize>),
    Documents,
    /// The syncs of that base.
    Runs(BaseId),
    /// The source that was written so is added, or changed.
    Keep(Box<Form>),
    /// The passages of a document from that one on.
    Passages(DocumentId, u32),
    Look(PassageId),
    Measure,
    /// What rebuilding a base so would do and cost.
    Plan(BaseId, Wish),
    /// A base that is written to that file.
    Export(PathBuf),
    /// A base that is made of a file.
    Import,
    /// What a file would become.
    Cut,
}

impl Wait {
    /// It is of the base that is looked into, and of no other.
    fn is_of_the_open(&self) -> bool {
        matches!(
            self,
            Self::Find(_)
                | Self::Answer(_)
                | Self::Documents
                | Self::Runs(_)
                | Self::Passages(..)
                | Self::Look(_)
        )
    }
}

/// The base that is looked into.
#[derive(Debug, Clone, PartialEq)]
struct Open {
    id: BaseId,
    page: Page,
    focus: Focus,
    query: Input,
    /// What the hits are of.
    asked: String,
    /// What was found, by one setting or by two.
    columns: Vec<Column>,
    /// The column that keys act on.
    at: usize,
    answer: Option<Answer>,
    /// Passages whose ranks are told in any case.
    expected: Vec<PassageId>,
    /// Documents and passages are shown for one of them to be chosen.
    wishes: bool,
    /// The one of them that was chosen last: it is selected in what is found, until another row is or another question is asked.
    chosen: Option<PassageId>,
    /// The first row in sight of the card.
    scroll: u16,
    /// The first row in sight of the answer; past its last ones for its end, also while it is written.
    answer_top: u16,
    /// The answer has all the room that it needs.
    whole: bool,
    shelf: Shelf,
    leaf: Option<Leaf>,
    sources: Sources,
}

/// What of it is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Page {
    #[default]
    Found,
    Documents,
    Passages,
    Sources,
}

/// Where keys go while what was found is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Query,
    Answer,
    Hits,
}

impl Open {
    fn new(id: BaseId) -> Self {
        Self {
            id,
            page: Page::default(),
            focus: Focus::default(),
            query: Input::default(),
            asked: String::new(),
            columns: vec![Column::default()],
            at: 0,
            answer: None,
            expected: Vec::new(),
            wishes: false,
            chosen: None,
            scroll: 0,
            answer_top: u16::MAX,
            whole: false,
            shelf: Shelf::default(),
            leaf: None,
            sources: Sources::default(),
        }
    }

    /// The column that keys act on.
    fn column(&self) -> Option<&Column> {
        self.columns.get(self.at)
    }

    fn column_mut(&mut self) -> Option<&mut Column> {
        self.columns.get_mut(self.at)
    }
}

impl State {
    /// What is known of the models has changed, or how it is being asked for.
    pub fn restock(&mut self, stock: &Stock, asking: bool) {
        self.asking = asking;
        if !self.stock.is(stock) {
            self.stock = stock.clone();
        }
    }

    /// Answers that are being written.
    pub fn running(&self) -> usize {
        usize::from(self.waits.values().any(|wait| matches!(wait, Wait::Answer(_))))
    }

    /// Bases that are being synced or rebuilt.
    pub fn syncing(&self) -> Vec<Work> {
        self.bases.iter().chain(&self.early).filter(|base| is_worked_on(base)).map(work_on).collect()
    }

    /// The base that is selected in the list.
    fn current(&self) -> Option<&Base> {
        self.bases.get(self.selected)
    }

    /// Looks into another base, or into none: what still comes of the one before is not for it.
    fn look_into(&mut self, open: Option<Open>) {
        self.open = open;
        self.instead(Wait::is_of_the_open);
    }

    /// The base that is looked into.
    fn opened(&self) -> Option<(&Open, &Base)> {
        let open = self.open.as_ref()?;
        Some((open, self.bases.iter().find(|base| base.id == open.id)?))
    }

    /// The base that keys act on.
    fn meant(&self) -> Option<&Base> {
        self.opened().map(|(_, base)| base).or_else(|| self.current())
    }

    /// Who answers.
    fn answerer(&self, desk: &Desk<'_>) -> ModelId {
        self.model.clone().unwrap_or_else(|| desk.options.model.clone())
    }

    /// Asks, and remembers what for.
    fn wait(&mut self, task: TaskId, wait: Wait) {
        self.waits.insert(task, wait);
    }

    /// Forgets what is waited for of that kind: another one takes its place.
    fn instead(&mut self, is_of_kind: impl Fn(&Wait) -> bool) {
        self.waits.retain(|_, wait| !is_of_kind(wait));
    }

    /// How often the time is wanted.
    fn beat(&self) -> Option<Duration> {
        (self.running() > 0 || self.bases.iter().any(is_worked_on)).then_some(Duration::from_secs(1))
    }
}

/// A base is being synced or rebuilt.
fn is_worked_on(base: &Base) -> bool {
    base.is_syncing() || base.is_rebuilding()
}

/// What is done to such a base, and how far that is.
fn work_on(base: &Base) -> Work {
    let rebuild = base.rebuild.as_ref().filter(|_| base.is_rebuilding());
    let sources = rebuild.map_or(&base.sources, |rebuild| &rebuild.sources);
    let sync = sources.iter().filter_map(|source| source.last.as_ref()).find(|sync| sync.state.is_running());
    let files = sync.map(|sync| (sync.due.files_done, sync.due.files)).filter(|(_, due)| *due > 0);
    Work::sync(rebuild.is_some(), &base.name, files, sync.and_then(Sync::shown))
}

/// The last part of a path.
fn name_of(uri: &str) -> &str {
    uri.trim_end_matches('/').rsplit('/').next().unwrap_or(uri)
}
