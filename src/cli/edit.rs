//! `outcrop config edit`: the configuration file in the person's editor, then checked.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind as Io, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::out::Out;
use super::{End, ReadKeys};
use crate::config::{Config, Environment, Flags, Paths, default_file};
use crate::domain::{Error, ErrorKind, Result};
use crate::worker;

/// A file that is not there begins as the one with every key, commented out. It works where the configuration is what
/// must be mended.
pub(super) fn edit(environment: &Environment, keys: ReadKeys, out: &mut Out) -> Result<(), End> {
    let path = Paths::of(environment)?.config;
    let doing = format!("editing {}", path.display());
    let editor = environment.text("VISUAL").or_else(|| environment.text("EDITOR")).unwrap_or_default();
    if editor.is_empty() {
        let hint = "Set $VISUAL or $EDITOR, or open the file yourself.";
        return Err(Error::new(ErrorKind::Config, doing, "no editor is set", hint).into());
    }
    begin(&path, &doing)?;
    // A command line such as `code --wait`, as the screen's editor is.
    let ended = worker::edit_here(editor, &path).map_err(|why| Error::io(&doing, &why))?;
    if !ended.success() {
        let why = format!("`{editor}` ended with {ended}");
        return Err(Error::new(ErrorKind::Io, doing, why, "The file is as the editor left it.").into());
    }
    let config = Config::load(environment, &Flags::default())?;
    super::config::check(&config, keys, out)
}

fn begin(path: &Path, doing: &str) -> Result<()> {
    let io = |why: std::io::Error| Error::io(doing, &why);
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => file.write_all(default_file().as_bytes()).map_err(io),
        Err(why) if why.kind() == Io::AlreadyExists => Ok(()),
        Err(why) => Err(io(why)),
    }
}
