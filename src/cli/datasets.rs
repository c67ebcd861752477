//! `outcrop datasets …`

use std::fs::File;
use std::io::Read;
use std::path::Path;

use futures_util::StreamExt;

use super::args::{AddItem, Datasets as Verb, ExportDataset, ImportDataset, ItemForm};
use super::item::Item;
use super::out::Out;
use super::{Asker, End, Exit, ask, comparisons, conversations, export, unexpected, words};
use crate::domain::evaluation::dataset::{Dataset, Form, LARGEST_FILE, Placed, name_from};
use crate::domain::untrusted::safe_text;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::reply::{BadLine, Doubled};
use crate::workbench::request::datasets::{Datasets, Import};
use crate::workbench::{Reply, Request};

/// Remarks of one kind that are printed for people; programs get all.
const REMARKS: usize = 20;

/// Bad lines that the error itself names.
const NAMED: usize = 3;

/// Items that are asked for at a time.
const PAGE: u32 = 256;

pub(super) async fn datasets(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::Import(wanted) => import(wanted, asker, out).await?,
        Verb::List => {
            let reply = asker.one(Request::Datasets(Datasets::List), out).await?;
            let Reply::Datasets { datasets } = &reply else { return Err(unexpected(&reply)) };
            heads(datasets, out)?;
        }
        Verb::Show { name, limit, raw } => {
            out.set_raw(raw)?;
            show(name, limit, asker, out).await?;
        }
        Verb::Export(wanted) => write(wanted, asker, out).await?,
        Verb::Add(wanted) => add(wanted, asker, out).await?,
        Verb::Rename { name, to } => {
            let id = found(name, asker, out).await?.id;
            let renamed = of(asker.one(Request::Datasets(Datasets::Rename { id, name: to }), out).await?)?;
            heads(&[renamed], out)?;
        }
        Verb::Remove { name, yes } => remove(name, yes, asker, out).await?,
    }
    Ok(Exit::Done)
}

/// A line for each.
fn heads(datasets: &[Dataset], out: &mut Out) -> Result<(), End> {
    if out.json {
        return datasets.iter().try_for_each(|dataset| out.object(&Item::Dataset { dataset }));
    }
    let row = |dataset: &Dataset| {
        let changed =
            if dataset.is_built_in() { "built in".to_owned() } else { words::time(dataset.updated) };
        let items = words::count(u64::from(dataset.items), "item", "items");
        vec![dataset.id.short(), changed, items, dataset.name.clone()]
    };
    words::table(&datasets.iter().map(row).collect::<Vec<_>>()).iter().try_for_each(|line| out.line(line))
}

async fn found(text: String, asker: &Asker, out: &mut Out) -> Result<Dataset, End> {
    of(asker.one(Request::Datasets(Datasets::Find { text }), out).await?)
}

fn of(reply: Reply) -> Result<Dataset, End> {
    match reply {
        Reply::Dataset { dataset } => Ok(dataset),
        other => Err(unexpected(&other)),
    }
}

async fn import(wanted: ImportDataset, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let ImportDataset { file, name, form, skip_bad, licence } = wanted;
    let is_input = file == Path::new("-");
    let source = (!is_input).then(|| file.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let name = match (name, &source) {
        (Some(name), _) => name,
        (None, Some(source)) => name_from(source),
        (None, None) => {
            let doing = "importing a dataset from the standard input";
            return Err(
                Error::new(ErrorKind::Invalid, doing, "it has no name", "Give one: --name NAME.").into()
            );
        }
    };
    let form = form.map_or_else(|| Form::of(source.as_deref().unwrap_or_default()), formed);
    let bytes = bytes(&file).await?;
    let import = Import { name, form, bytes, source, licence, skip_bad };
    let mut replies = asker.ask(Request::Datasets(Datasets::Import(import)));
    // What is kept twice is of interest once it is kept.
    let mut twice = Vec::new();
    while let Some(reply) = replies.next().await {
        match reply? {
            Reply::DatasetRead { bad, doubled, .. } => {
                if skip_bad || out.json || bad.len() > NAMED {
                    bad_lines(&bad, out)?;
                }
                twice = doubled;
            }
            Reply::Dataset { dataset } => {
                heads(&[dataset], out)?;
                all_doubled(&twice, out)?;
            }
            other => return Err(unexpected(&other)),
        }
    }
    Ok(())
}

/// Says which lines are bad, all of them: each is to be mended.
pub(super) fn bad_lines(bad: &[BadLine], out: &mut Out) -> Result<(), End> {
    bad.iter().try_for_each(|line| bad_line(line, out))
}

fn bad_line(BadLine { line, why }: &BadLine, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::BadLine { line: *line, why });
    }
    out.note(&format!("line {line}: {}", why.replace('\n', " ")))
}

fn doubled(Doubled { line, first }: &Doubled, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::Doubled { line: *line, first: *first });
    }
    out.note(&format!("line {line} says the same as line {first}; both are there"))
}

/// Says each to programs, the first ones to people, with how many more there are.
fn all_doubled(all: &[Doubled], out: &mut Out) -> Result<(), End> {
    let shown = if out.json { all.len() } else { all.len().min(REMARKS) };
    all[..shown].iter().try_for_each(|one| doubled(one, out))?;
    if shown < all.len() {
        let more = words::grouped((all.len() - shown) as u64);
        out.note(&format!("{more} more such lines; --json names all"))?;
    }
    Ok(())
}

fn formed(form: ItemForm) -> Form {
    match form {
        ItemForm::Jsonl => Form::Jsonl,
        ItemForm::Csv => Form::Csv,
    }
}

/// A file, or the standard input for `-`. What is no text in it is told line by line where it is read.
pub(super) async fn bytes(path: &Path) -> Result<Vec<u8>> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || read(&path)).await;
    read.map_err(|why| Error::internal("reading a file", why.to_string()))?
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let (name, from): (_, Box<dyn Read>) = if path == Path::new("-") {
        ("the standard input".to_owned(), Box::new(std::io::stdin().lock()))
    } else {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|why| Error::io(format!("reading {name}"), &why))?;
        (name, Box::new(file))
    };
    let doing = format!("reading {name}");
    let mut bytes = Vec::new();
    from.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|why| Error::io(&doing, &why))?;
    if bytes.len() as u64 > LARGEST_FILE {
        let why = format!("it is larger than {} MB", LARGEST_FILE >> 20);
        return Err(Error::new(ErrorKind::Invalid, doing, why, "Split it into several files."));
    }
    Ok(bytes)
}

async fn show(name: String, limit: u32, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let dataset = found(name, asker, out).await?;
    if out.json {
        out.object(&Item::Dataset { dataset: &dataset })?;
    } else {
        let items = words::count(u64::from(dataset.items), "item", "items");
        let mut facts = vec![dataset.name.clone(), items];
        if !dataset.is_built_in() {
            facts.push(words::time(dataset.updated));
        }
        facts.extend(dataset.source.clone());
        facts.extend(dataset.licence.clone());
        out.line(&facts.join("  "))?;
    }
    let limit = if limit == 0 { u32::MAX } else { limit };
    let (mut from, mut shown) = (0, 0);
    loop {
        let request = Datasets::Items { id: dataset.id, from, limit: PAGE.min(limit - shown) };
        let reply = asker.one(Request::Datasets(request), out).await?;
        let Reply::DatasetItems { items, more } = &reply else { return Err(unexpected(&reply)) };
        for placed in items {
            if out.json {
                out.object(&Item::Placed { placed })?;
            } else {
                one(placed, out)?;
            }
            from = placed.place.saturating_add(1);
            shown += 1;
        }
        if !more {
            return Ok(());
        }
        if shown >= limit {
            return out.note("there are more; -n 0 shows all");
        }
    }
}

fn one(Placed { place, item }: &Placed, out: &mut Out) -> Result<(), End> {
    out.line("")?;
    let number = u64::from(*place) + 1;
    out.line(&format!("── {number}  {}", item.category.as_deref().unwrap_or_default()))?;
    for turn in &item.turns {
        if item.turns.len() > 1 {
            out.line(&format!("── {}", turn.role.as_str()))?;
        }
        written(&turn.text, out)?;
    }
    if let Some(reference) = &item.reference {
        out.line("── reference")?;
        written(reference, out)?;
    }
    for response in &item.responses {
        out.line(&format!("── answer of {}", response.model))?;
        written(&response.text, out)?;
    }
    Ok(())
}

fn written(text: &str, out: &mut Out) -> Result<(), End> {
    out.text(text)?;
    out.end_line()
}

async fn write(wanted: ExportDataset, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let ExportDataset { name, form, output, force, raw } = wanted;
    let named = || output.as_ref().map_or(Form::Jsonl, |path| Form::of(&path.to_string_lossy()));
    let form = form.map_or_else(named, formed);
    let dataset = found(name, asker, out).await?;
    if let Some(path) = &output {
        export::refuse_existing(path, force)?;
    }
    out.set_raw(raw)?;
    let (mut file, mut altered) = (None, false);
    let mut replies = asker.ask(Request::Datasets(Datasets::Export { id: dataset.id, form }));
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        let Reply::Text { text } = &reply else { return Err(unexpected(&reply)) };
        match &output {
            Some(path) => export::write(path, &mut file, force, text)?,
            None if out.json => out.object(&reply)?,
            // Controls are escaped in JSON without a loss; a table has no escapes for them.
            None if form == Form::Jsonl => out.json_text(text)?,
            None => {
                altered |= !raw && safe_text(text) != *text;
                out.text(text)?;
            }
        }
    }
    if altered {
        out.note(
            "what could drive a terminal was made visible; --raw prints it as it is, and so does -o FILE",
        )?;
    }
    match &output {
        Some(path) => {
            let items = words::count(u64::from(dataset.items), "item", "items");
            out.note(&format!("{items} in {}", path.display()))
        }
        None => Ok(()),
    }
}

async fn add(wanted: AddItem, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let AddItem { name: dataset, conversation, message, reference, comparison, page, turn, all_turns } =
        wanted;
    let from_one = |number: u32, what: &str| {
        number.checked_sub(1).ok_or_else(|| {
            let why = format!("there is no {what} 0");
            Error::new(ErrorKind::Invalid, "adding an item to a dataset", why, "Count from 1.")
        })
    };
    let requests: Vec<Datasets> = if let Some(text) = comparison {
        let found = comparisons::seen(&text, asker, out).await?;
        let (comparison, at) = (found.id, from_one(page, "page")?);
        let turns: Vec<Option<u32>> = if all_turns {
            (0..comparisons::turns_of(&found, page, asker, out).await?).map(Some).collect()
        } else {
            vec![turn.map(|turn| from_one(turn, "turn")).transpose()?]
        };
        let of = |turn| Datasets::FromComparison { comparison, page: at, turn, dataset: dataset.clone() };
        turns.into_iter().map(of).collect()
    } else {
        let thread = conversations::thread(&conversation.unwrap_or_default(), asker, out).await?;
        let messages = match message {
            Some(text) => vec![conversations::message(&thread, &text)?],
            None if all_turns => conversations::answers(&thread)?,
            None => vec![conversations::last_answer(&thread)?],
        };
        let conversation = thread.conversation.id;
        let of = |message| Datasets::FromConversation {
            conversation,
            message,
            dataset: dataset.clone(),
            reference,
        };
        messages.into_iter().map(of).collect()
    };
    for request in requests {
        let reply = asker.one(Request::Datasets(request), out).await?;
        added(reply, out)?;
    }
    Ok(())
}

fn added(reply: Reply, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&reply);
    }
    let Reply::ItemAdded { dataset, place, like, remarks } = reply else { return Err(unexpected(&reply)) };
    out.line(&format!("item {} of {}", u64::from(place) + 1, dataset.name))?;
    for remark in &remarks {
        out.note(remark)?;
    }
    match like {
        Some(like) => out.note(&format!("item {} says the same; both are there", u64::from(like) + 1)),
        None => Ok(()),
    }
}

async fn remove(names: Vec<String>, yes: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut all: Vec<Dataset> = Vec::new();
    for name in names {
        let dataset = found(name, asker, out).await?;
        // The same one may be named twice.
        if all.iter().all(|known| known.id != dataset.id) {
            all.push(dataset);
        }
    }
    let question = match all.as_slice() {
        [one] => {
            let items = words::count(u64::from(one.items), "item", "items");
            format!("Delete the dataset “{}” with its {items}?", one.name)
        }
        several => {
            let count = words::count(several.len() as u64, "dataset", "datasets");
            format!("Delete {count} with their items?")
        }
    };
    ask::agreed(yes, &question, "removing datasets").await?;
    for Dataset { id, name, .. } in all {
        let reply = asker.one(Request::Datasets(Datasets::Remove { id }), out).await?;
        if out.json { out.object(&reply)? } else { out.line(&format!("removed {name}"))? }
    }
    Ok(())
}
