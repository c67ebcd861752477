//! `outcrop config`, `paths`, `completions`: what needs no door.

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use super::args::{Arguments, Command, Config as Verb};
use super::out::Out;
use super::words;
use super::{End, Exit};
use crate::config::{Config, Environment, Paths, default_file, schema};
use crate::domain::Result;

/// What works without a configuration.
pub(super) fn early(command: &Command, environment: &Environment, out: &mut Out) -> Option<Result<(), End>> {
    Some(match command {
        Command::Paths => Paths::of(environment).map_err(End::from).and_then(|found| paths(&found, out)),
        Command::Completions { shell } => completions(*shell, out),
        Command::Config { verb: Verb::Path } => {
            Paths::of(environment).map_err(End::from).and_then(|found| path(&found, out))
        }
        Command::Config { verb: Verb::Default } => out.text(&default_file()),
        Command::Config { verb: Verb::Schema } if out.json => out.object(&schema()),
        Command::Config { verb: Verb::Schema } => out.text(&format!("{:#}\n", schema())),
        _ => return None,
    })
}

pub(super) fn config(verb: Verb, config: &Config, out: &mut Out) -> Result<Exit, End> {
    match verb {
        // Answered before there was a configuration.
        Verb::Path | Verb::Default | Verb::Schema => {}
        Verb::Check => check(config, out)?,
        Verb::Show if out.json => {
            for value in &config.values {
                out.object(&json!({ "key": value.key, "value": value.value, "origin": value.origin }))?;
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

fn path(paths: &Paths, out: &mut Out) -> Result<(), End> {
    let path = paths.config.display().to_string();
    if out.json { out.object(&json!({ "path": path })) } else { out.line(&path) }
}

/// A wrong one has ended the program before it comes here.
fn check(config: &Config, out: &mut Out) -> Result<(), End> {
    let path = config.paths.config.display().to_string();
    let exists = config.paths.config.exists();
    if out.json {
        return out.object(&json!({ "path": path, "exists": exists, "good": true }));
    }
    out.line(&if exists {
        format!("{path} is good")
    } else {
        format!("{path} does not exist; the defaults are good")
    })
}

fn paths(paths: &Paths, out: &mut Out) -> Result<(), End> {
    let named = paths.named();
    if out.json {
        for (name, path) in named {
            out.object(&json!({ "name": name, "path": path.display().to_string() }))?;
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
    out.text(&String::from_utf8_lossy(&script))
}
