//! The screen from the command line's point of view: open it, run it, give the terminal back.

use super::app::{App, Options, Start};
use super::runtime::{self, Ending, Host};
use super::terminal::{self, Signal, Tty};
use crate::config::Config;
use crate::domain::Result;
use crate::domain::id::TerminalId;
use crate::workbench::Door;

/// Runs the screen until the person quits; returns the process's exit code. Wrong keys or themes in the config are
/// said before the terminal is taken.
pub async fn run(config: &Config, door: Door, start: Start) -> Result<u8> {
    let zone = jiff::tz::TimeZone::system();
    let terminal = TerminalId::from_uuid(uuid::Uuid::now_v7());
    let utc_offset = zone.to_offset(jiff::Timestamp::now()).seconds();
    let options = Options::of(config, terminal, std::process::id(), utc_offset)?;
    let modes = terminal::Options {
        mouse: config.ui.mouse,
        title: config.ui.title,
        pictures: options.pictures.asks(),
    };
    let mut terminal = Tty::open(modes)?;
    let mut app = App::new(options, start);
    let tending = runtime::tend(door.clone());
    let mut ended = runtime::run(&mut app, door.clone(), &mut terminal, Host::of(config)).await;
    drop((terminal, tending));
    if matches!(ended, Ok(Ending::Left))
        && let Some(signal) = runtime::outlast(&door).await
    {
        ended = Ok(Ending::Signal(signal));
    }
    if matches!(ended, Ok(Ending::Signal(Signal::HangUp | Signal::Terminate))) {
        door.hurry();
    }
    runtime::part(&door).await;
    Ok(ended?.code())
}
