//! `outcrop doctor`: what the door found, and what only this side of it can see.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::os::unix::fs::PermissionsExt;

use unicode_width::UnicodeWidthStr;

use super::item::Item;
use super::out::Out;
use super::{Asker, End, Exit, Needs, unexpected, words};
use crate::config::{ApiKey, Config, Environment, Osc52, Shown};
use crate::domain::{Error, Result};
use crate::workbench::reply::{Check, Verdict};
use crate::workbench::request::workspace::Workspace;
use crate::workbench::{Reply, Request, Workbench};

/// What of an installation can be told that has no readable configuration.
pub(super) fn broken(error: &Error, out: &mut Out) -> Result<Exit, End> {
    print(&[program(), fault("configuration", error)], out)
}

pub(super) async fn doctor(
    config: Config,
    environment: &Environment,
    log: Result<()>,
    out: &mut Out,
) -> Result<Exit, End> {
    let mut checks = here(&config, environment);
    checks.push(match log {
        Ok(()) => check("log", Verdict::Good, config.paths.logs().display().to_string(), ""),
        Err(error) => fault("log", &error),
    });
    match Asker::open(config, Needs::Store).await {
        Ok(asker) => {
            let reply = asker.one(Request::Workspace(Workspace::Doctor), out).await;
            asker.door.close().await;
            match reply? {
                Reply::Checks { checks: found } => checks.extend(found),
                other => return Err(unexpected(&other)),
            }
        }
        Err(error) => checks.push(fault("workspace", &error)),
    }
    print(&checks, out)
}

fn print(checks: &[Check], out: &mut Out) -> Result<Exit, End> {
    let exit =
        if checks.iter().any(|check| check.verdict == Verdict::Bad) { Exit::Negative } else { Exit::Done };
    if out.json {
        for check in checks {
            out.object(&Item::Check { check })?;
        }
        return Ok(exit);
    }
    let rows: Vec<_> = checks
        .iter()
        .map(|check| {
            let mark = match check.verdict {
                Verdict::Good => "✓",
                Verdict::Note => "·",
                Verdict::Bad => "✗",
            };
            vec![format!("{mark} {}", check.what), check.found.clone()]
        })
        .collect();
    let width = words::columns();
    let inset = rows.iter().map(|row| row[0].width()).max().unwrap_or_default() + 2;
    for (line, check) in words::table(&rows).iter().zip(checks) {
        let mut lines = words::folded(line, width, inset);
        if !check.advice.is_empty() {
            lines.extend(words::folded(&format!("    {}", check.advice), width, 4));
        }
        for line in lines {
            out.line(&line)?;
        }
    }
    Ok(exit)
}

fn check(what: &str, verdict: Verdict, found: impl Into<String>, advice: &str) -> Check {
    Check { what: what.to_owned(), verdict, found: found.into(), advice: advice.to_owned() }
}

fn fault(what: &str, error: &Error) -> Check {
    check(what, Verdict::Bad, format!("{}: {}", error.doing, error.why), &error.hint)
}

fn program() -> Check {
    check("outcrop", Verdict::Good, env!("CARGO_PKG_VERSION"), "")
}

/// Program, configuration, terminal, clipboard.
fn here(config: &Config, environment: &Environment) -> Vec<Check> {
    let mut checks = vec![program(), configuration(config), engine(config)];
    for (name, provider) in &config.providers {
        if let ApiKey::Unset { variable } = &provider.api_key {
            checks.push(check(
                &format!("provider {name}"),
                Verdict::Note,
                format!("its key is to come from {variable}, which is not set"),
                "Set the variable, or write the key into the configuration file.",
            ));
        }
    }
    checks.push(proxies(config));
    checks.push(terminal(config));
    checks.push(clipboard(config));
    if environment.text("OUTCROP_HOME").is_none() && environment.path("OUTCROP_HOME").is_some() {
        checks.push(check("OUTCROP_HOME", Verdict::Note, "it is no UTF-8; messages show it inexactly", ""));
    }
    checks
}

fn configuration(config: &Config) -> Check {
    let path = config.paths.config.display();
    let file = path.to_string();
    let (there, elsewhere): (Vec<_>, Vec<_>) = config
        .values
        .iter()
        .filter(|value| value.origin != "default")
        .partition(|value| value.origin == file);
    let has_key = there.iter().any(|value| value.is_secret());
    let there = words::count(there.len() as u64, "value", "values");
    let mode = std::fs::metadata(&config.paths.config).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 && has_key {
        let found = format!("{path} holds a key, and others on this machine can read it");
        let advice = format!("`chmod 600 {path}`, or take the key from a variable or `outcrop keys set`.");
        return check("configuration", Verdict::Note, found, &advice);
    }
    let mut found = if config.paths.config.exists() {
        format!("{path}, {there} set there")
    } else {
        format!("{path} does not exist")
    };
    if !elsewhere.is_empty() {
        let _ = write!(found, "; set elsewhere: {}", named(&elsewhere));
    }
    check("configuration", Verdict::Good, found, "")
}

/// Which values, and where each was set; of many the first.
fn named(values: &[&Shown]) -> String {
    const MOST: usize = 8;
    let mut names: Vec<_> =
        values.iter().take(MOST).map(|value| format!("{} ({})", value.key, value.origin)).collect();
    if let Some(more) = values.len().checked_sub(MOST).filter(|more| *more > 0) {
        names.push(format!("and {more} more, which `outcrop config show` tells"));
    }
    names.join(", ")
}

fn engine(config: &Config) -> Check {
    let (found, advice) = match config.engine.backend {
        Some(backend) => (format!("{backend} runs every local model, as engine.backend says"), ""),
        None if cfg!(feature = "llama-cpp") => {
            ("the own engine runs local models where it can, else llama.cpp".to_owned(), "")
        }
        None => (
            "the own engine runs local models".to_owned(),
            "A build with `--features llama-cpp` runs other architectures too.",
        ),
    };
    check("engine", Verdict::Good, found, advice)
}

fn proxies(config: &Config) -> Check {
    if config.net.offline {
        return check("network", Verdict::Note, "offline: nothing but this machine is connected to", "");
    }
    let used: Vec<_> = config
        .values
        .iter()
        .filter(|value| value.key.starts_with("net.") && value.key.ends_with("_proxy"))
        .map(|value| format!("{} = {} ({})", value.key, value.value, value.origin))
        .collect();
    let found = if used.is_empty() { "no proxy".to_owned() } else { used.join(", ") };
    check("network", Verdict::Good, found, "")
}

fn terminal(config: &Config) -> Check {
    let terminal = &config.terminal;
    if !std::io::stdout().is_terminal() {
        return check("terminal", Verdict::Note, "the output is no terminal", "");
    }
    let mut facts = vec![terminal.term.clone().unwrap_or_else(|| "TERM is not set".to_owned())];
    facts.extend(terminal.program.clone());
    let colours = match (terminal.no_color, terminal.colorterm.as_deref()) {
        (true, _) => "no colours (NO_COLOR)",
        (false, Some("truecolor" | "24bit")) => "16 million colours",
        (false, _) if terminal.term.as_deref().is_some_and(|term| term.contains("256")) => "256 colours",
        (false, _) => "16 colours",
    };
    facts.push(colours.to_owned());
    if let Ok(size) = rustix::termios::tcgetwinsize(std::io::stdout()) {
        facts.push(format!("{}x{}", size.ws_col, size.ws_row));
    }
    for (on, name) in [(terminal.tmux, "tmux"), (terminal.screen, "screen"), (terminal.ssh, "over SSH")] {
        if on {
            facts.push(name.to_owned());
        }
    }
    let facts = facts.join(", ");
    if terminal.utf8 {
        check("terminal", Verdict::Good, facts, "")
    } else {
        check(
            "terminal",
            Verdict::Note,
            format!("{facts}, the locale is not UTF-8"),
            "Set LANG to a UTF-8 locale if characters look wrong.",
        )
    }
}

fn clipboard(config: &Config) -> Check {
    let terminal = &config.terminal;
    if !std::io::stdout().is_terminal() {
        return check("clipboard", Verdict::Note, "not looked for: the output is no terminal", "");
    }
    let forbidden = config.forbids_display();
    let through = match config.ui.osc52 {
        Osc52::Off => false,
        Osc52::Raw | Osc52::Tmux => true,
        Osc52::Auto => terminal.ssh || !terminal.display || forbidden,
    };
    match (terminal.display && !terminal.ssh && !forbidden, through) {
        (true, false) => check("clipboard", Verdict::Good, "the system's", ""),
        (true, true) => {
            check("clipboard", Verdict::Good, "the system's, and OSC 52 through the terminal", "")
        }
        (false, true) if terminal.tmux => check(
            "clipboard",
            Verdict::Note,
            "OSC 52 through tmux, which must let it pass",
            "In tmux: set -g set-clipboard on, and set -g allow-passthrough on.",
        ),
        (false, true) => check("clipboard", Verdict::Good, "OSC 52 through the terminal", ""),
        (false, false) => check(
            "clipboard",
            Verdict::Note,
            "none is reached from here",
            "Set ui.osc52 to \"auto\" or \"raw\".",
        ),
    }
}
