//! Arguments → workbench → one face → exit code.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use outcrop::cli::args::{Arguments, Command, RateEvaluation, Wishes};
use outcrop::cli::{self, Exit};
use outcrop::config::{Config, Environment};
use outcrop::domain::untrusted::safe_text;
use outcrop::domain::{Error, ErrorKind, Result};
use outcrop::tui::app::{New, Start};
use outcrop::tui::pane::evaluate::Closed;
use outcrop::workbench::away::Away;
use outcrop::workbench::{Door, Workbench};
use outcrop::{log, tui, workbench, worker};

fn main() -> ExitCode {
    // Whatever is made is the person's alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    hook_panics();
    if let Some(code) = worker::asked(std::env::args_os()) {
        return ExitCode::from(code);
    }
    let arguments = match Arguments::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(said) if said.use_stderr() && std::env::args_os().any(|argument| argument == "--json") => {
            // Programs read the standard output, an object a line.
            let text = said.to_string();
            let why = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            let hint = "`outcrop --help` and `outcrop COMMAND --help` say what there is.";
            let error = Error::new(ErrorKind::Invalid, "reading the arguments", why, hint);
            return ExitCode::from(cli::report(&error, true).code());
        }
        Err(said) => {
            // Help and version go out, mistakes to the standard error; if either is closed nobody is there to tell. A
            // mistake repeats what was typed, the names of files too.
            let _ = if said.use_stderr() {
                let text = said.render().to_string();
                std::io::stderr().write_all(safe_text(&text).as_bytes())
            } else {
                said.print()
            };
            return ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2));
        }
    };
    let json = arguments.global.json;
    let exit = run(arguments, json).unwrap_or_else(|error| cli::report(&error, json));
    ExitCode::from(exit.code())
}

/// What a panic says may quote a text of a model: it must not drive the terminal. One that the store catches is told as the
/// damage that it met, by whoever asked. The screen has a hook of its own.
fn hook_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if !workbench::shielded() {
            let _ = writeln!(std::io::stderr(), "{}", safe_text(&panic.to_string()));
        }
    }));
}

fn run(arguments: Arguments, json: bool) -> Result<Exit> {
    let environment = Environment::of_process();
    let screen_only = Wishes { model: None, ..arguments.wishes.clone() };
    if arguments.command.is_some() && screen_only != Wishes::default() {
        return Err(Error::new(
            ErrorKind::Invalid,
            "reading the arguments",
            "-s, --set and --preset stand before a command",
            "Write them after it: outcrop chat -s TEXT PROMPT.",
        ));
    }
    if let Some(command) = &arguments.command
        && let Some(exit) =
            cli::run_early(command, json, &environment, &arguments.flags(), tui::keymap::listed)
    {
        return Ok(exit);
    }
    let examining = matches!(arguments.command, Some(Command::Doctor));
    let config = match Config::load(&environment, &arguments.flags()) {
        Err(error) if examining => return Ok(cli::run_broken_doctor(&error, json)),
        config => config?,
    };
    let logging = log::start(&config);
    // The doctor tells of it in his own way. Nobody is kept from their work by it.
    if let (false, Err(error)) = (examining, &logging) {
        let _ =
            writeln!(std::io::stderr(), "{}", safe_text(&format!("note: this runs without a log: {error}")));
    }
    // An answer comes piece after piece: threads that hand each of them on would cost more than they do. Whatever else
    // writes may be stopped by its reader for long, and must not hold those whom this process serves.
    let mut threads = match arguments.command {
        Some(Command::Chat(_)) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = threads.enable_all().build().map_err(|why| Error::io("starting threads", &why))?;
    // Whether there is such an evaluation is said without a terminal too.
    let on_screen = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    let exit = match (arguments.rating().filter(|_| on_screen), arguments.command) {
        (Some(wanted), _) => runtime.block_on(rate(&config, wanted))?,
        (None, Some(command)) => {
            runtime.block_on(cli::run(command, json, config, &environment, logging, tui::keymap::listed))
        }
        (None, None) => runtime.block_on(open(&config, &arguments.wishes))?,
    };
    // A thread that still blocks, on an input that never ends, must not hold the process.
    runtime.shutdown_background();
    Ok(exit)
}

/// Opens the screen: where the person left off, or on a new conversation with what they named.
async fn open(config: &Config, wishes: &Wishes) -> Result<Exit> {
    let start = if *wishes == Wishes::default() {
        Start::default()
    } else {
        let cli::wishes::Wishes { model, system, settings } = cli::wishes::Wishes::of(wishes, config)?;
        Start { new: Some(New { model, system, settings }), ..Start::default() }
    };
    show(config, start).await
}

/// Opens the screen on which somebody rates an evaluation or a hand-out, and nothing else.
async fn rate(config: &Config, wanted: RateEvaluation) -> Result<Exit> {
    let RateEvaluation { name, rater, output } = wanted;
    let start = |evaluation: String, rater: &str, ratings: Option<PathBuf>| Start {
        rating: Some(Closed { evaluation, rater: rater.to_owned(), ratings }),
        ..Start::default()
    };
    if let Some(file) = Away::meant(&name) {
        let door = Away::open(&file, &rater, output)?;
        let ratings = door.ratings().to_owned();
        let exit = show_behind(config, Arc::new(door.clone()), start(name, &rater, Some(ratings))).await;
        cli::rated_away(&door);
        return exit;
    }
    if output.is_some() {
        let why = "-o is for the ratings of a hand-out, and no such file is there";
        let hint = "The votes on an evaluation are kept in the workspace.";
        return Err(Error::new(ErrorKind::Invalid, format!("rating {name:?}"), why, hint));
    }
    // A name that nothing has is said before the terminal is taken.
    let door = workbench::open(config);
    if let Err(error) = cli::may_rate(&name, &door, config).await {
        door.close().await;
        return Err(error);
    }
    show_behind(config, door, start(name, &rater, None)).await
}

async fn show(config: &Config, start: Start) -> Result<Exit> {
    show_behind(config, workbench::open(config), start).await
}

async fn show_behind(config: &Config, door: Door, start: Start) -> Result<Exit> {
    match Box::pin(tui::run(config, door, start)).await? {
        0 => Ok(Exit::Done),
        code => Ok(Exit::Signal(code)),
    }
}
