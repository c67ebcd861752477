//! A temporary home, the real binary in it, and what it said with the parts that differ from run to run put in words.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use outcrop::config::{Config, Environment, Flags};
use outcrop::workbench::{self, Workbench};

use crate::tty::ALONE;

/// What every home's configuration starts with.
pub const SCRIPTED: &str = "model = 'scripted/echo'\n[providers.scripted]\nkind = 'scripted'\n";

/// Acts in a home of its own twice: there every command is the store's owner; here each is attached to this process.
/// What it gave each time.
pub fn on_both<T>(make: impl Fn() -> Home, act: impl Fn(&Home) -> T) -> [T; 2] {
    let here = act(&make());
    let home = make();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let there = runtime.block_on(async {
        let owner = workbench::open(&home.config());
        owner.ready().await.unwrap();
        assert!(owner.is_owner());
        let there = tokio::task::block_in_place(|| act(&home));
        assert!(owner.is_owner());
        owner.close().await;
        there
    });
    [here, there]
}

pub struct Home {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    pub fn new() -> Self {
        Self::with(SCRIPTED)
    }

    pub fn with(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        let home = Self { folder, variables: Vec::new() };
        std::fs::write(home.path().join("config.toml"), configuration).unwrap();
        home
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `OUTCROP_HOME`.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A folder beside it, where commands run.
    pub fn beside(&self) -> &Path {
        self.folder.path()
    }

    /// As the binary reads it.
    pub fn config(&self) -> Config {
        let home = ("OUTCROP_HOME".to_owned(), self.path().display().to_string());
        let variables = [home, (ALONE.0.to_owned(), ALONE.1.to_owned())];
        let variables = variables.into_iter().chain(self.variables.clone());
        let mut config = Config::load(&Environment::from_vars(variables), &Flags::default()).unwrap();
        config.program = env!("CARGO_BIN_EXE_outcrop").into();
        config
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
        command
            .args(arguments)
            .current_dir(self.beside())
            .env_clear()
            .env("OUTCROP_HOME", self.path())
            .env(ALONE.0, ALONE.1)
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .env("USER", "ada")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    /// Runs with this on the standard input.
    pub fn fed(&self, input: &str, arguments: &[&str]) -> Said {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A command that does not read its input may end before all of it is written.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Said::of(child.wait_with_output().unwrap())
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Runs the lines one after the other and writes down what was typed and said.
    pub fn transcript(&self, lines: &[&str]) -> String {
        let mut transcript = String::new();
        for line in lines {
            let arguments = words(line);
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            let said = self.run(&arguments);
            let _ = write!(transcript, "$ outcrop {line}\n{}", said.stdout);
            for line in said.stderr.lines() {
                let _ = writeln!(transcript, "! {line}");
            }
            if said.code != Some(0) {
                let _ = writeln!(transcript, "exit {:?}", said.code.unwrap_or(-1));
            }
            transcript.push('\n');
        }
        self.plain(&transcript)
    }

    /// Ids, times, durations, paths and sizes in words.
    pub fn plain(&self, text: &str) -> String {
        let text = text.replace(&self.path().display().to_string(), "HOME");
        let text = text.replace(&self.beside().display().to_string(), "BESIDE");
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let hex = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let next_word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            if plain.ends_with("_ms\":") && digits > 0 {
                plain.push('N');
                rest = &rest[digits..];
            } else if hex == next_word && hex == 32 {
                plain.push_str("ID");
                rest = &rest[hex..];
            } else if is_uuid(rest) {
                plain.push_str("ID");
                rest = &rest[36..];
            } else if hex == next_word && hex == 8 {
                plain.push_str("SHORTID");
                rest = &rest[hex..];
            } else if digits == next_word && digits == 13 {
                plain.push_str("MILLIS");
                rest = &rest[digits..];
            } else if digits == 4 && is_time(rest) {
                plain.push_str("TIME");
                rest = &rest["2026-11-22 14:02".len()..];
            } else {
                let end = next_word.max(first.len_utf8());
                plain.push_str(&rest[..end]);
                rest = &rest[end..];
            }
        }
        plain
    }
}

fn is_uuid(text: &str) -> bool {
    let form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    text.is_char_boundary(form.len().min(text.len()))
        && text.len() >= form.len()
        && text.chars().zip(form.chars()).all(
            |(c, form)| {
                if form == 'x' { c.is_ascii_hexdigit() } else { c == form }
            },
        )
}

fn is_time(text: &str) -> bool {
    text.len() >= 16
        && text.is_char_boundary(16)
        && text[..16]
            .chars()
            .zip("dddd-dd-dd dd:dd".chars())
            .all(|(c, form)| if form == 'd' { c.is_ascii_digit() } else { c == form })
}

/// Splits at spaces; single quotes keep them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in line.split('\'').enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// What a run said.
#[derive(Debug)]
pub struct Said {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

impl Said {
    /// What the first command in a new home says of its key file has a test of its own, and stands in no other's way.
    pub fn of(output: Output) -> Self {
        let stderr = String::from_utf8(output.stderr).unwrap();
        let is_first = |line: &str| line.starts_with("note: the key file ") && line.contains(" opens this ");
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: stderr.split_inclusive('\n').filter(|line| !is_first(line)).collect(),
            code: output.status.code(),
        }
    }

    /// Each line of the output as JSON.
    pub fn objects(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Every file under a folder, with its bytes.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found
}
