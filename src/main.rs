//! Arguments → workbench → one face → exit code.

use std::process::ExitCode;

use outcrop::cli::args::Arguments;
use outcrop::cli::{self, Exit};
use outcrop::config::{Config, Environment};
use outcrop::domain::{Error, ErrorKind, Result};
use outcrop::log;

fn main() -> ExitCode {
    // Whatever is made is the person's alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let arguments = match Arguments::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(said) => {
            // Help and version go out, mistakes to the standard error; if either is closed nobody is there to tell.
            let _ = said.print();
            return ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2));
        }
    };
    let json = arguments.global.json;
    let exit = run(arguments, json).unwrap_or_else(|error| cli::report(&error, json));
    ExitCode::from(exit.code())
}

fn run(arguments: Arguments, json: bool) -> Result<Exit> {
    let environment = Environment::of_process();
    if let Some(command) = &arguments.command
        && let Some(exit) = cli::run_early(command, json, &environment)
    {
        return Ok(exit);
    }
    let config = Config::load(&environment, &arguments.flags())?;
    log::start(&config)?;
    let Some(command) = arguments.command else {
        return Err(Error::new(
            ErrorKind::Invalid,
            "opening the screen",
            "the standard input and output are no terminal",
            "`outcrop chat` answers without one; `outcrop --help` lists the rest.",
        ));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Error::io("starting threads", &why))?;
    let exit = runtime.block_on(cli::run(command, json, config, &environment));
    // A thread that still blocks, on an input that never ends, must not hold the process.
    runtime.shutdown_background();
    Ok(exit)
}
