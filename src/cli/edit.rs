//! `outcrop config edit`: the configuration file in the person's editor, then checked.

use super::out::Out;
use super::{End, ReadKeys};
use crate::config::{Config, Environment, Flags, Paths, begin_file, is_offline};
use crate::domain::{Error, ErrorKind};
use crate::worker::Edit;

/// A file that is not there begins as the one with every key, commented out. It works where the configuration is what
/// must be mended.
pub(super) fn edit(
    environment: &Environment,
    flags: &Flags,
    keys: ReadKeys,
    out: &mut Out,
) -> Result<(), End> {
    let path = Paths::of(environment)?.config;
    let doing = format!("editing {}", path.display());
    let editor = environment.text("VISUAL").or_else(|| environment.text("EDITOR")).unwrap_or_default();
    if editor.is_empty() {
        let hint = "Set $VISUAL or $EDITOR, or open the file yourself.";
        return Err(Error::new(ErrorKind::Config, doing, "no editor is set", hint).into());
    }
    begin_file(&path, &doing)?;
    // A command line such as `code --wait`, as the screen's editor is.
    let offline = is_offline(environment, flags);
    let ended = Edit { doing: &doing, line: editor, file: &path, offline }.run_here()?;
    if !ended.success() {
        let why = format!("`{editor}` ended with {ended}");
        return Err(Error::new(ErrorKind::Io, doing, why, "The file is as the editor left it.").into());
    }
    let config = Config::load(environment, flags)?;
    super::config::check(&config, keys, out)
}
