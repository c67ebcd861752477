//! Datasets in the store. An item without a dataset is what an import that did not come to its end has left, or a removal:
//! nobody sees it, and the next import or removal takes it away.

use super::builtin;
use crate::domain::evaluation::dataset::{Dataset, Placed, is_named};
use crate::domain::evaluation::item::Item;
use crate::domain::id::{DatasetId, is_piece, piece};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::paging::{MORE, no_such_name};
use crate::store::record::ItemOf;
use crate::store::{Batch, Scan, Store};

/// What is written at a time, in items and in bytes of their texts: others write in between, and the memory holds no second
/// copy of a large file.
const AT_ONCE: (usize, usize) = (512, 1 << 20);

/// The most bytes of texts that a page of items has, unless its first item alone has more.
const PAGE: usize = 4 << 20;

/// Every dataset that can be read, by name, then those that came with the program.
pub fn all(store: &Store) -> Result<Vec<Dataset>> {
    let mut datasets = Vec::new();
    for record in store.scan::<Dataset>(Scan::all()) {
        match record {
            Ok((_, dataset)) => datasets.push(dataset),
            Err(error) if error.kind == ErrorKind::Corrupt => {}
            Err(error) => return Err(error),
        }
    }
    datasets.sort_by_cached_key(|dataset| (dataset.name.to_lowercase(), dataset.id));
    datasets.extend(builtin::heads());
    Ok(datasets)
}

/// The one with that id.
pub fn dataset(store: &Store, id: DatasetId, doing: &str) -> Result<Dataset> {
    if let Some(built_in) = builtin::heads().into_iter().find(|dataset| dataset.id == id) {
        return Ok(built_in);
    }
    store.get::<Dataset>(&id)?.ok_or_else(|| missing(doing))
}

/// The one with that id, if it may be changed.
pub fn own(store: &Store, id: DatasetId, doing: &str) -> Result<Dataset> {
    let dataset = dataset(store, id, doing)?;
    if dataset.is_built_in() { Err(not_yours(&dataset, doing)) } else { Ok(dataset) }
}

/// What is refused of those that came with the program.
pub fn not_yours(dataset: &Dataset, doing: &str) -> Error {
    let why = format!("{:?} came with the program", dataset.name);
    Error::new(
        ErrorKind::Invalid,
        doing,
        why,
        "Export it, then import it under another name: that one is yours.",
    )
}

/// The one of that name, or whose id starts or ends with these digits.
pub fn find(store: &Store, text: &str) -> Result<Dataset> {
    let doing = format!("finding the dataset {text:?}");
    let all = all(store)?;
    if let Some(named) = all.iter().find(|dataset| is_named(dataset, text)) {
        return Ok(named.clone());
    }
    let digits = piece(text);
    let has = |dataset: &&Dataset| digits.len() >= 4 && is_piece(&digits, &dataset.id.to_string());
    let mut found = all.iter().filter(has);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(one), Some(other)) => {
            let why =
                format!("several begin or end so: {} ({}), {} ({})", one.id, one.name, other.id, other.name);
            Err(Error::new(ErrorKind::Invalid, doing, why, format!("Give its name. {MORE}")))
        }
        (None, _) => {
            let names = all.iter().map(|dataset| dataset.name.as_str());
            Err(no_such_name("dataset", text, names, "outcrop datasets list"))
        }
    }
}

/// Nobody else has the name.
pub fn free(store: &Store, name: &str, but: Option<DatasetId>, doing: &str) -> Result<()> {
    let taken = all(store)?.iter().any(|other| Some(other.id) != but && is_named(other, name));
    if !taken {
        return Ok(());
    }
    let why = format!("there is a dataset {name:?} already");
    Err(Error::new(ErrorKind::Invalid, doing, why, "Take another name, or remove that one first."))
}

/// Items from a place on, and whether there are others behind them. Damaged ones are left out.
pub fn items(store: &Store, id: DatasetId, from: u32, limit: u32) -> Result<(Vec<Placed>, bool)> {
    let (mut page, mut bytes) = (Vec::new(), 0);
    for placed in each(store, id, from)? {
        let placed = placed?;
        bytes += size(&placed.item);
        if page.len() >= limit as usize || bytes > PAGE && !page.is_empty() {
            return Ok((page, true));
        }
        page.push(placed);
    }
    Ok((page, false))
}

/// Every item from a place on that can be read.
pub fn each(store: &Store, id: DatasetId, from: u32) -> Result<Box<dyn Iterator<Item = Result<Placed>>>> {
    if let Some(items) = builtin::items(id) {
        let placed = (0..).zip(items).map(|(place, item)| Ok(Placed { place, item }));
        return Ok(Box::new(placed.skip(from as usize)));
    }
    dataset(store, id, "reading a dataset")?;
    let mut scan = Scan::<Item>::under(&id);
    if let Some(before) = from.checked_sub(1) {
        scan = scan.after(&ItemOf(id, before));
    }
    Ok(Box::new(store.scan(scan).filter_map(|record| match record {
        Ok((ItemOf(_, place), item)) => Some(Ok(Placed { place, item })),
        Err(error) if error.kind == ErrorKind::Corrupt => None,
        Err(error) => Some(Err(error)),
    })))
}

/// Writes a new dataset: its items first, its head when all of them are there. `wanted` is asked now and then whether
/// somebody still waits for it.
pub fn write(store: &Store, dataset: &Dataset, items: Vec<Item>, wanted: impl Fn() -> bool) -> Result<()> {
    let written = write_items(store, dataset.id, items, wanted).and_then(|()| {
        let mut batch = Batch::new();
        batch.put(&dataset.id, dataset)?;
        store.commit(batch)
    });
    if written.is_err()
        && let Err(error) = remove_items(store, dataset.id)
    {
        tracing::warn!(%error, "what was written of a dataset stays until the next import");
    }
    written
}

fn write_items(store: &Store, id: DatasetId, items: Vec<Item>, wanted: impl Fn() -> bool) -> Result<()> {
    let (mut batch, mut count, mut bytes) = (Batch::new(), 0, 0);
    for (place, item) in (0..).zip(items) {
        batch.put(&ItemOf(id, place), &item)?;
        count += 1;
        bytes += size(&item);
        if count >= AT_ONCE.0 || bytes >= AT_ONCE.1 {
            if !wanted() {
                let why = "nobody waits for it any more";
                return Err(Error::new(ErrorKind::Cancelled, "importing a dataset", why, ""));
            }
            store.commit_soft(std::mem::take(&mut batch))?;
            (count, bytes) = (0, 0);
        }
    }
    store.commit_soft(batch)
}

/// Takes a dataset away: it is gone when its head is, and its items follow.
pub fn remove(store: &Store, id: DatasetId) -> Result<()> {
    let mut batch = Batch::new();
    batch.remove::<Dataset>(&id);
    store.commit(batch)?;
    remove_items(store, id)
}

fn remove_items(store: &Store, id: DatasetId) -> Result<()> {
    let mut batch = Batch::new();
    for (count, key) in store.keys::<Item>(Scan::under(&id)).enumerate() {
        batch.remove::<Item>(&key?);
        if count % AT_ONCE.0 == AT_ONCE.0 - 1 {
            store.commit_soft(std::mem::take(&mut batch))?;
        }
    }
    store.commit_soft(batch)?;
    store.flush()
}

/// Takes items away that have no dataset; a damaged dataset keeps its own.
pub fn sweep(store: &Store) -> Result<()> {
    let mut scan = Scan::<Item>::all().limit(1);
    while let Some(key) = store.keys::<Item>(scan.clone()).next() {
        let ItemOf(id, _) = key?;
        if !store.has::<Dataset>(&id)? {
            remove_items(store, id)?;
        }
        // From one dataset to the next, however many items lie between.
        scan = scan.after(&ItemOf(id, u32::MAX));
    }
    Ok(())
}

/// The place behind the last item.
pub fn next_place(store: &Store, id: DatasetId) -> Result<u32> {
    let last = store.keys::<Item>(Scan::under(&id).reverse().limit(1)).next();
    last.map_or(Ok(0), |key| {
        let full = || {
            let why = "it has as many items as it can have";
            Error::new(ErrorKind::Full, "adding an item to a dataset", why, "Add it to another one.")
        };
        key?.1.checked_add(1).ok_or_else(full)
    })
}

fn size(item: &Item) -> usize {
    let turns: usize = item.turns.iter().map(|turn| turn.text.len()).sum();
    let responses: usize = item.responses.iter().map(|response| response.text.len()).sum();
    turns + responses + item.reference.as_ref().map_or(0, String::len)
}

fn missing(doing: &str) -> Error {
    let hint = "`outcrop datasets list` shows those that there are.";
    Error::new(ErrorKind::NotFound, doing, "it is not there any more", hint)
}
