//! `outcrop config`, `paths`, `completions`: what needs no door.

use std::collections::BTreeMap;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::{Arguments, Command, Config as Verb};
use super::item::Item;
use super::out::Out;
use super::{End, Exit, ReadKeys, edit, words};
use crate::config::{ActionKeys, Config, Environment, Flags, Paths, default_file, schema};
use crate::domain::catalog::ModelId;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::Reply;

/// What works without a configuration.
pub(super) fn early(
    command: &Command,
    environment: &Environment,
    flags: &Flags,
    keys: ReadKeys,
    out: &mut Out,
) -> Option<Result<(), End>> {
    Some(match command {
        Command::Paths => Paths::of(environment).map_err(End::from).and_then(|found| paths(&found, out)),
        Command::Completions { shell } => completions(*shell, out),
        Command::Config { verb: Verb::Path } => {
            Paths::of(environment).map_err(End::from).and_then(|found| path(&found, out))
        }
        Command::Config { verb: Verb::Edit } => edit::edit(environment, flags, keys, out),
        Command::Config { verb: Verb::Default } => print_text(default_file(), out),
        Command::Config { verb: Verb::Schema } => print_schema(keys, out),
        _ => return None,
    })
}

/// A file as it is; for programs within an object.
fn print_text(text: String, out: &mut Out) -> Result<(), End> {
    if out.json { out.object(&Reply::Text { text }) } else { out.text(&text) }
}

fn print_schema(keys: ReadKeys, out: &mut Out) -> Result<(), End> {
    let schema = schema(&keys(&BTreeMap::new())?);
    if out.json { out.object(&schema) } else { out.text(&format!("{schema:#}\n")) }
}

pub(super) fn config(verb: Verb, config: &Config, keys: ReadKeys, out: &mut Out) -> Result<Exit, End> {
    match verb {
        // Answered before there was a configuration.
        Verb::Path | Verb::Edit | Verb::Default | Verb::Schema => {}
        Verb::Check => check(config, keys, out)?,
        Verb::Keys => list_keys(&keys(&config.keys)?, out)?,
        Verb::Show if out.json => {
            for value in &config.values {
                out.object(&Item::Value { key: &value.key, value: &value.value, origin: &value.origin })?;
            }
        }
        Verb::Show => {
            let rows: Vec<_> = config
                .values
                .iter()
                .map(|value| vec![format!("{} = {}", value.key, value.value), value.origin.clone()])
                .collect();
            for line in words::table(&rows) {
                out.line(&line)?;
            }
        }
    }
    Ok(Exit::Done)
}

fn list_keys(actions: &[ActionKeys], out: &mut Out) -> Result<(), End> {
    if out.json {
        return actions.iter().try_for_each(|ActionKeys { name, meaning, place, keys }| {
            out.object(&Item::Action { name, keys, meaning, place })
        });
    }
    let row = |action: &ActionKeys| {
        let keys = if action.keys.is_empty() { "none".to_owned() } else { action.keys.join(" ") };
        vec![action.name.to_owned(), keys, action.place.to_owned(), action.meaning.to_owned()]
    };
    let rows: Vec<_> = actions.iter().map(row).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))
}

fn path(paths: &Paths, out: &mut Out) -> Result<(), End> {
    let path = paths.config.display().to_string();
    if out.json { out.object(&Item::Path { name: "config", path: &path }) } else { out.line(&path) }
}

/// What cannot be read has ended the program before it comes here.
pub(super) fn check(config: &Config, keys: ReadKeys, out: &mut Out) -> Result<(), End> {
    keys(&config.keys)?;
    models(config)?;
    let path = config.paths.config.display().to_string();
    let exists = config.paths.config.exists();
    if out.json {
        return out.object(&Item::Configuration { path: &path, exists, good: true });
    }
    out.line(&if exists {
        format!("{path} is good")
    } else {
        format!("{path} does not exist; the defaults are good")
    })
}

/// A model whose provider is not there can never be asked.
fn models(config: &Config) -> Result<()> {
    let presets = config.presets.iter().filter_map(|(name, preset)| {
        preset.model.as_ref().map(|model| (format!("presets.{name}.model"), model))
    });
    let strange = |id: &ModelId| !id.is_local() && !config.providers.contains_key(id.provider());
    let named = std::iter::once(("model".to_owned(), &config.model)).chain(presets);
    let Some((key, id)) = named.into_iter().find(|(_, id)| strange(id)) else { return Ok(()) };
    let origin = config.values.iter().find(|value| value.key == key).map_or("", |value| &value.origin);
    let known: Vec<_> = config.providers.keys().map(String::as_str).collect();
    Err(Error::new(
        ErrorKind::Config,
        format!("reading {key} from {origin}"),
        format!("{id} is of a provider {:?}, which is not there", id.provider()),
        format!(
            "Providers are: local{}{}. Add [providers.{}], or name another model.",
            if known.is_empty() { "" } else { ", " },
            known.join(", "),
            id.provider()
        ),
    ))
}

fn paths(paths: &Paths, out: &mut Out) -> Result<(), End> {
    let named = paths.named();
    if out.json {
        for (name, path) in named {
            out.object(&Item::Path { name, path: &path.display().to_string() })?;
        }
        return Ok(());
    }
    let rows: Vec<_> =
        named.iter().map(|(name, path)| vec![(*name).to_owned(), path.display().to_string()]).collect();
    for line in words::table(&rows) {
        out.line(&line)?;
    }
    Ok(())
}

fn completions(shell: Shell, out: &mut Out) -> Result<(), End> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "outcrop", &mut script);
    print_text(String::from_utf8_lossy(&script).into_owned(), out)
}
