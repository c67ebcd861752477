//! `outcrop prompts …`: the library of prompts.

use std::fs::File;
use std::path::Path;

use super::args::{Prompts as Verb, RunPrompt, SavePrompt};
use super::changes::{between, changes, head, signed};
use super::chat::{Before, end, turn};
use super::item::Item;
use super::out::Out;
use super::prompt::{limited, read_input};
use super::wishes::Wishes;
use super::{Asker, End, Exit, ask, unexpected, words};
use crate::domain::diff;
use crate::domain::library;
use crate::domain::prompt::{Book, Prompt, Template, Values, Version, is_name};
use crate::domain::settings::Settings;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::prompts::Prompts;
use crate::workbench::{Reply, Request};

/// The largest text of a prompt or a value, and the largest file of prompts, in bytes.
const LARGEST: u64 = 16 << 20;

pub(super) async fn prompts(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::List => {
            let reply = asker.one(Request::Prompts(Prompts::List), out).await?;
            let Reply::Prompts { prompts } = &reply else { return Err(unexpected(&reply)) };
            heads(prompts, out)?;
            if prompts.is_empty() && !out.json {
                out.note("there is none yet; `outcrop prompts save NAME TEXT` keeps one")?;
            }
        }
        Verb::Show { name, version, draft, raw } => {
            out.set_raw(raw)?;
            show(name, version, draft, asker, out).await?;
        }
        Verb::Save(wanted) => save(wanted, asker, out).await?,
        Verb::Versions { name } => versions(name, asker, out).await?,
        Verb::Diff { name, from, to } => compare(name, from, to, asker, out).await?,
        Verb::Run(wanted) => return run(wanted, asker, out).await,
        Verb::Rename { name, to } => {
            let id = book(name, asker, out).await?.prompt.id;
            let book = of(asker.one(Request::Prompts(Prompts::Rename { id, name: to }), out).await?)?;
            heads(&[book.prompt], out)?;
        }
        Verb::Remove { name, yes } => remove(&name, yes, asker, out).await?,
        Verb::Import { file } => {
            let text = read(&file).await?;
            let reply = asker.one(Request::Prompts(Prompts::Import { text }), out).await?;
            let Reply::Prompts { prompts } = &reply else { return Err(unexpected(&reply)) };
            heads(prompts, out)?;
        }
    }
    Ok(Exit::Done)
}

/// A line for each.
fn heads(prompts: &[Prompt], out: &mut Out) -> Result<(), End> {
    if out.json {
        return prompts.iter().try_for_each(|prompt| out.object(&Item::PromptHead { prompt }));
    }
    let row = |prompt: &Prompt| head(prompt.updated, prompt.latest, &prompt.name);
    words::table(&prompts.iter().map(row).collect::<Vec<_>>()).iter().try_for_each(|line| out.line(line))
}

async fn book(name: String, asker: &Asker, out: &mut Out) -> Result<Book, End> {
    of(asker.one(Request::Prompts(Prompts::Find { name }), out).await?)
}

fn of(reply: Reply) -> Result<Book, End> {
    match reply {
        Reply::Prompt { book } => Ok(book),
        other => Err(unexpected(&other)),
    }
}

/// The version of that number, or the newest one.
fn version(book: &Book, number: Option<u32>) -> Result<&Version> {
    library::version(&book.prompt.name, &book.versions, number)
}

async fn show(
    name: String,
    number: Option<u32>,
    draft: bool,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let book = book(name, asker, out).await?;
    if out.json {
        return out.object(&Reply::Prompt { book });
    }
    let (caption, template) = if draft {
        ("draft".to_owned(), &book.draft.template)
    } else {
        let version = version(&book, number)?;
        (format!("version {}  {}", version.number, words::time(version.created)), &version.template)
    };
    out.line(&format!("{}  {caption}", book.prompt.name))?;
    for (name, value) in template.facts() {
        out.line(&format!("{name}: {value}"))?;
    }
    let variables = template.variables();
    if !variables.is_empty() {
        out.line(&format!("variables: {}", variables.join(", ")))?;
    }
    out.text("\n")?;
    out.text(&template.text)?;
    out.end_line()
}

async fn save(wanted: SavePrompt, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let SavePrompt { name, text, file, note, wishes } = wanted;
    let typed = text.join(" ");
    let text = match &file {
        Some(file) => read(file).await?.trim_end_matches(['\n', '\r']).to_owned(),
        None if typed == "-" || typed.is_empty() => read_input().await?,
        None => typed,
    };
    let note = note.unwrap_or_default();
    let Wishes { model, system, settings } = Wishes::of(&wishes, &asker.config)?;
    let system_said = system.is_some();
    let system = system.filter(|system| !system.trim().is_empty());
    let found = match asker.one(Request::Prompts(Prompts::Find { name: name.clone() }), out).await {
        Ok(reply) => Some(of(reply)?),
        Err(End::Error(error)) if error.kind == ErrorKind::NotFound => None,
        Err(end) => return Err(end),
    };
    let request = match &found {
        None => {
            let template = Template { text, system, model, settings };
            Prompts::Create { name, template, note, values: Values::new(), runs: false }
        }
        // What is not said stays as it was.
        Some(book) => {
            let was = book.latest().map(|latest| latest.template.clone()).unwrap_or_default();
            let template = Template {
                text,
                system: if system_said { system } else { was.system },
                model: model.or(was.model),
                settings: was.settings.overlaid(&settings),
            };
            Prompts::Save { id: book.prompt.id, template, note }
        }
    };
    let book = of(asker.one(Request::Prompts(request), out).await?)?;
    heads(&[book.prompt], out)
}

async fn versions(name: String, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let book = book(name, asker, out).await?;
    if out.json {
        return book.versions.iter().try_for_each(|version| out.object(&Item::Version { version }));
    }
    let row = |version: &Version| {
        let model = version.template.model.as_ref().map_or_else(String::new, ToString::to_string);
        vec![version.number.to_string(), words::time(version.created), model, version.note.clone()]
    };
    words::table(&book.versions.iter().map(row).collect::<Vec<_>>())
        .iter()
        .try_for_each(|line| out.line(line))
}

async fn compare(
    name: String,
    from: Option<u32>,
    to: Option<u32>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let book = book(name, asker, out).await?;
    let new = version(&book, to)?;
    let old = match from {
        Some(from) => version(&book, Some(from))?,
        None => library::before(&book.prompt.name, &book.versions, new.number)?,
    };
    let lines = diff::lines(&old.template.text, &new.template.text);
    if out.json {
        let lines = signed(&lines);
        return out.object(&Item::Diff { from: old.number, to: new.number, lines, other_secrets: false });
    }
    between((old.number, old.created), (new.number, new.created), out)?;
    for (mark, name, value) in diff::facts(&old.template.facts(), &new.template.facts()) {
        out.line(&format!("{} {name}: {value}", mark.sign()))?;
    }
    out.line("")?;
    changes(&lines, "  the text is the same", out)
}

async fn run(wanted: RunPrompt, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let RunPrompt { name, version: number, draft, var, var_file, test, raw, wishes } = wanted;
    out.set_raw(raw)?;
    let wishes = Wishes::of(&wishes, &asker.config)?;
    let book = book(name, asker, out).await?;
    let (number, template) = if draft {
        (None, &book.draft.template)
    } else {
        let version = version(&book, number)?;
        (Some(version.number), &version.template)
    };
    let mut values = if test { book.draft.values.clone() } else { Values::new() };
    for said in &var {
        let (name, value) = pair(said, "--var", "value")?;
        values.insert(name, value);
    }
    for said in &var_file {
        let (name, file) = pair(said, "--var-file", "FILE")?;
        let value = read(Path::new(&file)).await?;
        values.insert(name, value.trim_end_matches(['\n', '\r']).to_owned());
    }
    // A slip in a name would go unseen.
    let known = template.variables();
    let asked =
        var.iter().chain(&var_file).filter_map(|said| said.split_once('=')).map(|(name, _)| name.trim());
    if let Some(unknown) = asked.into_iter().find(|name| !known.contains(name)) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("giving {unknown} a value"),
            "the prompt has no such variable",
            if known.is_empty() {
                "It has none.".to_owned()
            } else {
                format!("It has: {}.", known.join(", "))
            },
        )
        .into());
    }
    let with = template.clone();
    let defaults = &asker.config.defaults;
    let settings: Settings = defaults.settings.overlaid(&with.settings).overlaid(&wishes.settings);
    let template = Template {
        text: with.text,
        system: wishes.system.or(with.system).or_else(|| defaults.system.clone()),
        model: Some(wishes.model.or(with.model).unwrap_or_else(|| asker.config.model.clone())),
        settings,
    };
    let request = Prompts::Run { of: Some(book.prompt.id), version: number, template, values };
    let answer = turn(Request::Prompts(request), &mut Before::nothing(), asker, out).await?;
    end(&answer, out)
}

/// The two sides of what a flag said.
fn pair(said: &str, flag: &str, what: &str) -> Result<(String, String)> {
    let found = said.split_once('=').map(|(name, value)| (name.trim(), value));
    let (name, value) = found.filter(|(name, _)| is_name(name)).ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            format!("reading {flag} {said}"),
            format!("it is not of the form name={what}"),
            format!("Write it like {flag} city={what}."),
        )
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

async fn remove(names: &[String], yes: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut found: Vec<Book> = Vec::new();
    for name in names {
        let book = book(name.clone(), asker, out).await?;
        // The same one may be named twice.
        if found.iter().all(|known| known.prompt.id != book.prompt.id) {
            found.push(book);
        }
    }
    let question = match found.as_slice() {
        [Book { prompt, versions, .. }] => {
            let versions = words::count(versions.len() as u64, "version", "versions");
            format!("Delete “{}”, {versions}, and its runs?", prompt.name)
        }
        several => {
            format!("Delete {} and their runs?", words::count(several.len() as u64, "prompt", "prompts"))
        }
    };
    ask::agreed(yes, &question, "removing prompts").await?;
    for Book { prompt, .. } in found {
        let reply = asker.one(Request::Prompts(Prompts::Remove { id: prompt.id }), out).await?;
        if out.json { out.object(&reply)? } else { out.line(&format!("removed {}", prompt.name))? }
    }
    Ok(())
}

/// A text file, or the standard input for `-`.
async fn read(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        return read_input().await;
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|why| Error::io(format!("reading {name}"), &why))?;
    limited(&name, file, LARGEST)
}
