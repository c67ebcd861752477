//! Datasets: read from files, gathered from what was asked here, written out again.
//!
//! Here lives what is in a dataset and under which name. Never here: what models or people say of its items.

mod builtin;
mod kept;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{Mutex, mpsc};

use crate::domain::change::Changed;
use crate::domain::comparison::Comparison;
use crate::domain::evaluation::dataset::{
    Answered, BadLine, Dataset, Doubled, Form, Import, Placed, count_answered, is_named, name_of,
};
use crate::domain::evaluation::gathered;
use crate::domain::evaluation::item::{Item, doubled};
use crate::domain::id::{ComparisonId, ConversationId, DatasetId, MessageId};
use crate::domain::{Error, ErrorKind, Result, figures};
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::fresh;
use crate::store::record::ItemOf;
use crate::store::{Batch, Store};
use crate::wire::evaluation::{Read, csv, dataset};

const ADDING: &str = "adding an item to a dataset";

/// What to do where nothing could be read.
const FORM: &str = "Each line has an object with a \"prompt\", or the table a column of that name: see `outcrop datasets import --help`.";

/// Bad lines that an error names by itself.
const NAMED: usize = 3;

/// Items that an export writes at a time, and pieces of it that wait for a slow reader.
const PIECE: usize = 64;
const PIECES: usize = 4;

/// The service.
#[derive(Debug, Clone)]
pub struct Datasets {
    archive: Archive,
    changes: Changes,
    /// Names stay unique, and nothing that is being imported is swept away. Held by the work itself, which goes on for a
    /// while when nobody waits for it any more.
    one: Arc<Mutex<()>>,
}

/// What came of a file.
#[derive(Debug)]
pub struct Imported {
    pub bad: Vec<BadLine>,
    pub doubled: Vec<Doubled>,
    /// Lines that could be read.
    pub good: u64,
    pub made: Result<Dataset>,
}

/// An item that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    pub dataset: Dataset,
    pub place: u32,
    /// The place of one that says the same.
    pub like: Option<u32>,
    /// What of that which was added is not in it, in words.
    pub remarks: Vec<String>,
}

impl Datasets {
    /// Over these records; changes are told to `changes`.
    pub fn new(archive: Archive, changes: Changes) -> Self {
        Self { archive, changes, one: Arc::default() }
    }

    /// Those of the person by name, then those that came with the program.
    pub async fn list(&self) -> Result<Vec<Dataset>> {
        self.archive.run(kept::all).await
    }

    /// The one of that name, or whose id starts or ends so.
    pub async fn find(&self, text: String) -> Result<Dataset> {
        self.archive.run(move |store| kept::find(store, &text)).await
    }

    /// The one with that id.
    pub async fn open(&self, id: DatasetId) -> Result<Dataset> {
        self.archive.run(move |store| kept::dataset(store, id, "opening a dataset")).await
    }

    /// Items from a place on, and whether there are others behind them: at most `limit`, and fewer where they are large.
    pub async fn items(&self, id: DatasetId, from: u32, limit: u32) -> Result<(Vec<Placed>, bool)> {
        self.archive.run(move |store| kept::items(store, id, from, limit)).await
    }

    /// Every item that can be read.
    pub async fn whole(&self, id: DatasetId) -> Result<Vec<Item>> {
        self.archive
            .run(move |store| kept::each(store, id, 0)?.map(|placed| Ok(placed?.item)).collect())
            .await
    }

    /// How many items each source has answered, and how many there are: nothing of what they say.
    pub async fn answered(&self, id: DatasetId) -> Result<(Vec<Answered>, u32)> {
        self.archive
            .run(move |store| {
                let (mut answered, mut items) = (Vec::new(), 0);
                for placed in kept::each(store, id, 0)? {
                    count_answered(&placed?.item, &mut answered);
                    items += 1;
                }
                Ok((answered, items))
            })
            .await
    }

    /// Reads a file as a new dataset, all of it or nothing. Dropping it stops the work, and nothing is taken.
    pub async fn import(&self, import: Import) -> Imported {
        let held = Arc::clone(&self.one).lock_owned().await;
        let waiting = Arc::new(());
        let waits = Arc::downgrade(&waiting);
        let worked = self
            .archive
            .run(move |store| {
                let _held = held;
                Ok(read(store, import, || waits.strong_count() > 0))
            })
            .await;
        let imported = worked.unwrap_or_else(|error| Imported {
            bad: Vec::new(),
            doubled: Vec::new(),
            good: 0,
            made: Err(error),
        });
        if let Ok(dataset) = &imported.made {
            self.changes.tell(Changed::Dataset { dataset: dataset.clone() });
        }
        imported
    }

    /// Adds an item to the dataset of that name, or of that id; one is made where the name is new.
    pub async fn add(&self, name: String, item: Item) -> Result<Added> {
        let held = Arc::clone(&self.one).lock_owned().await;
        let added = self
            .archive
            .run(move |store| {
                let _held = held;
                add(store, &name, item)
            })
            .await?;
        self.changes.tell(Changed::Dataset { dataset: added.dataset.clone() });
        Ok(added)
    }

    /// Adds an answer with its question: as the reference, or as a response of its model.
    pub async fn add_answer(
        &self,
        conversation: ConversationId,
        message: MessageId,
        name: String,
        reference: bool,
    ) -> Result<Added> {
        let thread = self.archive.thread(conversation).await?;
        self.add(name, gathered::of_answer(&thread, message, reference)?).await
    }

    /// Adds a turn of a page with every answer to it; the last one where none is named.
    pub async fn add_turn(
        &self,
        comparison: ComparisonId,
        page: u32,
        turn: Option<u32>,
        name: String,
    ) -> Result<Added> {
        let comparison = self.archive.run(move |store| store.get::<Comparison>(&comparison)).await?;
        let failed =
            |why: &str| Error::new(ErrorKind::NotFound, ADDING, why, "It may have been removed meanwhile.");
        let comparison = comparison.ok_or_else(|| failed("the comparison is not there any more"))?;
        let lanes = comparison.pages.get(page as usize).map(|page| page.lanes.clone());
        let mut threads = Vec::new();
        for lane in
            lanes.ok_or_else(|| failed(&format!("the comparison has no page {}", page.saturating_add(1))))?
        {
            threads.push(self.archive.thread(lane).await?);
        }
        let (item, remarks) = gathered::of_turn(&comparison, page, &threads, turn)?;
        Ok(Added { remarks, ..self.add(name, item).await? })
    }

    /// All items as a file, in pieces.
    pub fn export(&self, id: DatasetId, form: Form) -> BoxStream<'static, Result<String>> {
        let (pieces, received) = mpsc::channel(PIECES);
        let archive = self.archive.clone();
        let work = async move {
            let failed = pieces.clone();
            // Where the reader went away there is nothing left to do.
            let take = move |piece: String| pieces.blocking_send(Ok(piece)).is_ok();
            if let Err(error) = archive.run(move |store| export(store, id, form, take)).await {
                let _ = failed.send(Err(error)).await;
            }
        };
        let received = stream::unfold(received, |mut received| async move {
            received.recv().await.map(|piece| (piece, received))
        });
        // The work is driven by who reads, and ends with them.
        stream::select(stream::once(work).filter_map(|()| std::future::ready(None)), received).boxed()
    }

    /// Gives it another name.
    pub async fn rename(&self, id: DatasetId, name: String) -> Result<Dataset> {
        const DOING: &str = "renaming a dataset";
        let held = Arc::clone(&self.one).lock_owned().await;
        let dataset = self
            .archive
            .run(move |store| {
                let _held = held;
                let mut dataset = kept::own(store, id, DOING)?;
                dataset.name = name_of(&name, DOING)?;
                kept::free(store, &dataset.name, Some(id), DOING)?;
                dataset.updated = fresh::now();
                let mut batch = Batch::new();
                batch.put(&id, &dataset)?;
                store.commit(batch)?;
                Ok(dataset)
            })
            .await?;
        self.changes.tell(Changed::Dataset { dataset: dataset.clone() });
        Ok(dataset)
    }

    /// Deletes it with its items.
    pub async fn remove(&self, id: DatasetId) -> Result<()> {
        let held = Arc::clone(&self.one).lock_owned().await;
        self.archive
            .run(move |store| {
                let _held = held;
                // A damaged head can be removed as well.
                if let Err(error) = kept::own(store, id, "removing a dataset")
                    && error.kind != ErrorKind::Corrupt
                {
                    return Err(error);
                }
                kept::remove(store, id)?;
                kept::sweep(store)
            })
            .await?;
        self.changes.tell(Changed::DatasetRemoved { id });
        Ok(())
    }
}

/// Reads a file and keeps it, unless it has bad lines that nobody wants to skip.
fn read(store: &Store, import: Import, wanted: impl Fn() -> bool) -> Imported {
    let doing = import
        .source
        .as_ref()
        .map_or_else(|| "reading items".to_owned(), |source| format!("reading items from {source}"));
    let Import { name, form, bytes, source, licence, skip_bad } = import;
    let refused = |error| Imported { bad: Vec::new(), doubled: Vec::new(), good: 0, made: Err(error) };
    // Before the work, which may be long.
    let name =
        match name_of(&name, &doing).and_then(|name| kept::free(store, &name, None, &doing).map(|()| name)) {
            Ok(name) => name,
            Err(error) => return refused(error),
        };
    if let Err(error) = kept::sweep(store) {
        return refused(error);
    }
    let Read { taken, bad } = match form {
        Form::Jsonl => dataset::read(&bytes),
        Form::Csv => csv::read(&bytes),
    };
    drop(bytes);
    let bad: Vec<_> = bad.into_iter().map(|bad| BadLine { line: bad.line as u64, why: bad.why }).collect();
    let (lines, items): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    let doubled: Vec<_> = doubled(&items)
        .into_iter()
        .map(|(first, at)| Doubled { line: lines[at] as u64, first: lines[first] as u64 })
        .collect();
    let good = items.len() as u64;
    let made = checked(&doing, &bad, items.len(), skip_bad).and_then(|count| {
        let now = fresh::now();
        let id = fresh::dataset_id();
        let dataset = Dataset { id, name, created: now, updated: now, items: count, source, licence };
        kept::write(store, &dataset, items, wanted)?;
        Ok(dataset)
    });
    Imported { bad, doubled, good, made }
}

/// Whether what was read is to be kept; the number of its items.
fn checked(doing: &str, bad: &[BadLine], items: usize, skip_bad: bool) -> Result<u32> {
    if !bad.is_empty() && !skip_bad {
        let count = figures::count(bad.len() as u64, "line is bad", "lines are bad");
        let mut why = format!("{count}, so nothing was taken");
        // Of more lines than that each is told apart, with what is wrong with it.
        if bad.len() <= NAMED {
            let named: Vec<_> = bad.iter().map(|bad| format!("line {}: {}", bad.line, bad.why)).collect();
            why = format!("{why}: {}", named.join("; "));
        }
        let hint = match items {
            0 => FORM.to_owned(),
            1 => "Mend the file, or take its other line with --skip-bad.".to_owned(),
            others => {
                let others = figures::grouped(others as u64);
                format!("Mend the file, or take its other {others} lines with --skip-bad.")
            }
        };
        return Err(Error::new(ErrorKind::Invalid, doing, why, hint));
    }
    match u32::try_from(items) {
        Ok(0) => Err(Error::new(ErrorKind::Invalid, doing, "there is no item in it", FORM)),
        Ok(count) => Ok(count),
        Err(_) => Err(Error::new(ErrorKind::Invalid, doing, "it has too many items", "Split the file.")),
    }
}

fn add(store: &Store, name: &str, item: Item) -> Result<Added> {
    let item = dataset::sound(item).map_err(|why| {
        Error::new(
            ErrorKind::Invalid,
            ADDING,
            why,
            "An item has a question, and one answer of a model at most.",
        )
    })?;
    let all = kept::all(store)?;
    let known = all.into_iter().find(|dataset| is_named(dataset, name) || dataset.id.to_string() == name);
    let now = fresh::now();
    let mut dataset = match known {
        Some(dataset) if dataset.is_built_in() => return Err(kept::not_yours(&dataset, ADDING)),
        Some(dataset) => dataset,
        None => Dataset {
            id: fresh::dataset_id(),
            name: name_of(name, ADDING)?,
            created: now,
            updated: now,
            items: 0,
            source: None,
            licence: None,
        },
    };
    let mut like = None;
    if dataset.items > 0 {
        let hash = item.hash();
        for placed in kept::each(store, dataset.id, 0)? {
            let placed = placed?;
            if placed.item.hash() == hash {
                like = Some(placed.place);
                break;
            }
        }
    }
    let place = kept::next_place(store, dataset.id)?;
    dataset.items = dataset.items.saturating_add(1);
    dataset.updated = now;
    let mut batch = Batch::new();
    batch.put(&ItemOf(dataset.id, place), &item)?;
    batch.put(&dataset.id, &dataset)?;
    store.commit(batch)?;
    Ok(Added { dataset, place, like, remarks: Vec::new() })
}

/// Gives a file's pieces to `take` until it wants no more.
fn export(store: &Store, id: DatasetId, form: Form, mut take: impl FnMut(String) -> bool) -> Result<()> {
    let mut columns = csv::Columns::default();
    if form == Form::Csv {
        for placed in kept::each(store, id, 0)? {
            columns.add(&placed?.item);
        }
        if !take(columns.head()?) {
            return Ok(());
        }
    }
    let mut items = kept::each(store, id, 0)?;
    loop {
        let piece: Vec<Item> = items
            .by_ref()
            .take(PIECE)
            .map(|placed| placed.map(|placed| placed.item))
            .collect::<Result<_>>()?;
        if piece.is_empty() {
            return Ok(());
        }
        let text = match form {
            Form::Jsonl => dataset::write(&piece)?,
            Form::Csv => columns.rows(&piece)?,
        };
        if !take(text) {
            return Ok(());
        }
    }
}
