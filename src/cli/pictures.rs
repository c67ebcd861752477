//! `outcrop pictures …`

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;

use super::args::{Make, Pictures as Verb};
use super::item::Item;
use super::out::Out;
use super::{Asker, End, Exit, absolute, ask, unexpected, words};
use crate::domain::call::Blobs;
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::message::{BlobId, Outcome};
use crate::domain::picture::{Made, Making, size};
use crate::domain::usage::budget::money;
use crate::domain::{Error, ErrorKind, Result, figures};
use crate::workbench::request::models::Models;
use crate::workbench::request::pictures::{Picture, Pictures};
use crate::workbench::{Reply, Request};

/// The fewest digits that name pictures: with fewer, a slip of the finger names others.
const DIGITS: usize = 4;

pub(super) async fn pictures(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::Make(wanted) => return make(wanted, asker, out).await,
        Verb::List { limit } => list(limit, asker, out).await?,
        Verb::Request { id, written } => {
            let id = named(&id, asker, out).await?.0.id;
            let reply = asker.one(Request::Pictures(Pictures::Scripts { id }), out).await?;
            super::conversations::scripted(reply, written, out)?;
        }
        Verb::Save { id, output, force } => {
            let (making, number) = named(&id, asker, out).await?;
            let to = Target::of(output.as_deref(), force)?;
            to.refuse()?;
            write(&making, number, &to, asker, out).await?;
        }
        Verb::Remove { id, yes } => remove(&id, yes, asker, out).await?,
    }
    Ok(Exit::Done)
}

async fn make(wanted: Make, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    // What cannot be written is said before anything is paid for.
    let to = wanted.output.as_deref().map(|path| Target::of(Some(path), wanted.force)).transpose()?;
    to.iter().try_for_each(Target::refuse)?;
    let from = match &wanted.vary {
        Some(text) => {
            let (making, number) = named(text, asker, out).await?;
            let made = making.made.get(number.unwrap_or(1) - 1);
            Some(made.map(|made| made.blob.clone()).ok_or_else(|| lacks(text, &making))?)
        }
        None => None,
    };
    let asked = Picture {
        model: wanted.model.parse()?,
        prompt: wanted.prompt.join(" "),
        negative: wanted.negative,
        size: wanted.size.as_deref().map(size).transpose()?,
        seed: wanted.seed,
        count: wanted.count,
        from,
        blobs: Blobs::default(),
    };
    let file = wanted.from.as_deref().map(absolute).transpose()?;
    let mut replies = asker.ask(Request::Pictures(Pictures::Make { asked, file }));
    let mut last: Option<Making> = None;
    while let Some(reply) = replies.next().await {
        match reply? {
            Reply::Making { making } => last = Some(making),
            Reply::Delta { event: Event::Notice { text } } => out.note(&text)?,
            Reply::Delta { .. } => {}
            other => return Err(unexpected(&other)),
        }
    }
    let making = last.ok_or_else(|| Error::internal("waiting for pictures", "no answer came"))?;
    told(&making, asker, out).await?;
    if let Some(to) = to.filter(|_| !making.made.is_empty()) {
        write(&making, None, &to, asker, out).await?;
    } else if !making.made.is_empty() {
        let id = making.id.short();
        out.note(&format!("kept; `outcrop pictures save {id}` writes them to files"))?;
    }
    match making.outcome {
        Outcome::Failed { error } => Err(error.into()),
        Outcome::Stopped => {
            out.note("stopped; what came is kept")?;
            Ok(Exit::Interrupted)
        }
        _ => Ok(Exit::Done),
    }
}

/// What came, a line each.
async fn told(making: &Making, asker: &Asker, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::Making { making });
    }
    let rows: Vec<_> = making
        .made
        .iter()
        .enumerate()
        .map(|(at, made)| vec![format!("{}:{}", making.id.short(), at + 1), made.label()])
        .collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    // What brought nothing is told by its error.
    let time = making.timing.total_ms.filter(|_| !making.made.is_empty());
    let time = time.map(|ms| figures::seconds(ms.into()));
    let cost = match making.cost {
        Some(cost) => Some(estimate(cost, &making.asked.model, asker, out).await),
        None => None,
    };
    let figures: Vec<_> = time.into_iter().chain(cost).collect();
    if figures.is_empty() { Ok(()) } else { out.note(&figures.join(", ")) }
}

/// A cost by the model's price, with that one's day where it has one.
async fn estimate(cost: f64, model: &ModelId, asker: &Asker, out: &mut Out) -> String {
    let cards = asker.one(Request::Models(Models::Knows { id: model.clone() }), out).await;
    let price = match cards {
        Ok(Reply::Models { cards }) => cards.into_iter().find_map(|card| card.price),
        _ => None,
    };
    let day = price.map(|price| price.as_of).filter(|day| !day.is_empty());
    let of = day.map(|day| format!(" of {day}")).unwrap_or_default();
    format!("{} est.{of}", money(cost))
}

async fn list(limit: usize, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let limit = if limit == 0 { usize::MAX } else { limit };
    let reply = asker.one(Request::Pictures(Pictures::List { limit, before: None }), out).await?;
    let Reply::Makings { makings, more } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        return makings.iter().try_for_each(|making| out.object(&Item::Making { making }));
    }
    let rows: Vec<_> = makings.iter().map(row).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    if makings.is_empty() {
        out.note("no pictures were made yet; `outcrop pictures make -m MODEL PROMPT` makes one")?;
    }
    if *more {
        out.note("there are more; -n 0 shows all")?;
    }
    Ok(())
}

fn row(making: &Making) -> Vec<String> {
    let came = words::count(making.made.len() as u64, "picture", "pictures");
    let state = match &making.outcome {
        Outcome::Streaming => ", being made",
        Outcome::Stopped => ", stopped",
        Outcome::Interrupted => ", interrupted",
        Outcome::Failed { .. } => ", failed",
        Outcome::Complete { .. } => "",
    };
    vec![
        making.id.short(),
        words::time(making.created),
        making.asked.model.to_string(),
        format!("{came}{state}"),
        making.asked.prompt.clone(),
    ]
}

async fn remove(texts: &[String], yes: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut found: Vec<Making> = Vec::new();
    for text in texts {
        let making = find(text, asker, out).await?;
        // The same one may be named twice.
        if found.iter().all(|known| known.id != making.id) {
            found.push(making);
        }
    }
    let count: usize = found.iter().map(|making| making.made.len()).sum();
    let question = match found.as_slice() {
        [making] => format!(
            "Delete “{}”, {}?",
            making.asked.prompt,
            words::count(count as u64, "picture", "pictures")
        ),
        _ => format!("Delete {}?", words::count(count as u64, "picture", "pictures")),
    };
    ask::agreed(yes, &question, "removing pictures").await?;
    for making in found {
        let reply = asker.one(Request::Pictures(Pictures::Remove { id: making.id }), out).await?;
        if out.json {
            out.object(&reply)?;
        } else {
            out.line(&format!("removed {}  {}", making.id.short(), making.asked.prompt))?;
        }
    }
    Ok(())
}

/// The makings whose id begins or ends so, and the number behind its colon.
async fn named(text: &str, asker: &Asker, out: &mut Out) -> Result<(Making, Option<usize>), End> {
    let Some((id, number)) = text.split_once(':') else { return Ok((find(text, asker, out).await?, None)) };
    let making = find(id, asker, out).await?;
    let number = number.parse().ok().filter(|number| (1..=making.made.len()).contains(number));
    let number = number.ok_or_else(|| lacks(text, &making))?;
    Ok((making, Some(number)))
}

fn lacks(text: &str, making: &Making) -> Error {
    let has = words::count(making.made.len() as u64, "picture", "pictures");
    let why = format!("{} has {has}", making.id.short());
    Error::new(ErrorKind::NotFound, format!("finding the picture {text}"), why, "Count from 1.")
}

async fn find(text: &str, asker: &Asker, out: &mut Out) -> Result<Making, End> {
    let text = text.replace('-', "");
    if text.chars().count() < DIGITS {
        let why = format!("an id takes at least {DIGITS} of its digits");
        let hint = "`outcrop pictures list` shows the ids.";
        return Err(
            Error::new(ErrorKind::Invalid, format!("finding the pictures {text:?}"), why, hint).into()
        );
    }
    match asker.one(Request::Pictures(Pictures::Find { text }), out).await? {
        Reply::Making { making } => Ok(making),
        other => Err(unexpected(&other)),
    }
}

async fn bytes(blob: &BlobId, asker: &Asker, out: &mut Out) -> Result<Vec<u8>, End> {
    match asker.one(Request::Pictures(Pictures::Bytes { blob: blob.clone() }), out).await? {
        Reply::Picture { bytes, .. } => Ok(bytes),
        other => Err(unexpected(&other)),
    }
}

/// Where pictures are written.
struct Target {
    path: PathBuf,
    folder: bool,
    force: bool,
}

impl Target {
    /// A folder that is there, or that a slash at the end asks for; else a file.
    fn of(output: Option<&Path>, force: bool) -> Result<Self> {
        let path = output.unwrap_or(Path::new(".")).to_owned();
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(|why| Error::io(format!("making the folder {}", path.display()), &why))?;
        }
        Ok(Self { folder: path.is_dir(), path, force })
    }

    /// Nothing is written over unasked, nor where nothing may be written; said before the work, and held again when the
    /// file is made.
    fn refuse(&self) -> Result<()> {
        if !self.folder && !self.force && self.path.exists() {
            return Err(there_already(&self.path));
        }
        let folder = if self.folder { Some(&*self.path) } else { self.path.parent() };
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let doing = || format!("writing {}", self.path.display());
        if !folder.is_dir() {
            let why = format!("there is no folder {}", folder.display());
            return Err(Error::new(ErrorKind::NotFound, doing(), why, "Make it, or name another."));
        }
        rustix::fs::access(folder, rustix::fs::Access::WRITE_OK)
            .map_err(|why| Error::io(doing(), &why.into()))
    }

    /// The file of one of several pictures: of a named file, `name-2.png`.
    fn file(&self, making: &Making, at: usize, alone: bool) -> PathBuf {
        if self.folder {
            let name = making.file_name(at);
            return if self.path == Path::new(".") { name.into() } else { self.path.join(name) };
        }
        if alone {
            return self.path.clone();
        }
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let ending =
            self.path.extension().map_or_else(String::new, |end| format!(".{}", end.to_string_lossy()));
        self.path.with_file_name(format!("{stem}-{}{ending}", at + 1))
    }
}

fn there_already(path: &Path) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("writing {}", path.display()),
        "there is a file already",
        "Name a new file or a folder, or write over it with --force.",
    )
}

/// Writes the picture of that number, or all of them.
async fn write(
    making: &Making,
    number: Option<usize>,
    to: &Target,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let chosen: Vec<(usize, &Made)> = making
        .made
        .iter()
        .enumerate()
        .filter(|(at, _)| number.is_none_or(|number| number == at + 1))
        .collect();
    if chosen.is_empty() {
        return Err(lacks(&making.id.short(), making).into());
    }
    for (at, made) in &chosen {
        let path = to.file(making, *at, chosen.len() == 1);
        let bytes = bytes(&made.blob, asker, out).await?;
        put(&path, &bytes, to.force)?;
        if out.json {
            out.object(&Item::Saved { id: making.id, number: at + 1, path: &path })?;
        } else {
            out.line(&format!("saved {}  {}", path.display(), made.label()))?;
        }
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(path).map_err(|why| {
        if why.kind() == std::io::ErrorKind::AlreadyExists {
            there_already(path)
        } else {
            Error::io(format!("writing {}", path.display()), &why)
        }
    })?;
    file.write_all(bytes).map_err(|why| Error::io(format!("writing {}", path.display()), &why))
}
