//! The environment, read once.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use super::table::{KEYS, Key};
use crate::domain::near::nearest;
use crate::domain::{Error, ErrorKind, Result};

/// Variables of the program that are no keys of the file.
const OWN: [&str; 2] = ["OUTCROP_HOME", "OUTCROP_PASSPHRASE"];

/// The accounts of the machine, one a line.
const ACCOUNTS: &str = "/etc/passwd";

/// The variables of the process as they were at its start, and what its account is called. An empty value counts as unset.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>, Option<String>);

impl Environment {
    /// The process's own.
    pub fn of_process() -> Self {
        let Self(variables, _) = Self::from_vars(std::env::vars_os());
        let known = std::fs::read_to_string(ACCOUNTS).unwrap_or_default();
        Self(variables, account(&known, rustix::process::getuid().as_raw()).map(str::to_owned))
    }

    /// The person's name: as their variables have it, else as their account is called.
    pub(super) fn user(&self) -> &str {
        let said = self.text("USER").or_else(|| self.text("LOGNAME"));
        said.or(self.1.as_deref()).unwrap_or_default()
    }

    /// Made-up variables.
    pub fn from_vars<N: Into<OsString>, V: Into<OsString>>(vars: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(
            vars.into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .filter(|(_, value): &(OsString, OsString)| !value.is_empty())
                .collect(),
            None,
        )
    }

    /// A variable's text; `None` where it is unset, empty, or no UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(OsStr::new(name))?.to_str()
    }

    /// A variable's path, of any bytes.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(OsStr::new(name)).map(PathBuf::from)
    }

    /// Refuses variables that are ours and are not read: misspelt ones, and those whose value is no text.
    pub(super) fn check(&self) -> Result<()> {
        let names: Vec<String> = KEYS.iter().filter_map(Key::variable).collect();
        let known = || names.iter().map(String::as_str).chain(OWN.iter().copied());
        let also: Vec<&str> = KEYS.iter().flat_map(|key| key.variables.iter().copied()).collect();
        for name in self.0.keys() {
            let Some(name) = name.to_str().filter(|name| name.starts_with("OUTCROP_")) else { continue };
            // The variables of the project's own tests are not the program's.
            if known().any(|own| own == name) || also.contains(&name) || name.starts_with("OUTCROP_TEST_") {
                continue;
            }
            let near =
                nearest(name, known()).map(|near| format!("Did you mean {near}? ")).unwrap_or_default();
            return Err(Error::new(
                ErrorKind::Config,
                format!("reading the environment variable {name}"),
                "there is no such key",
                format!("{near}`outcrop config default` lists every key; dots become underscores."),
            ));
        }
        let foreign = KEYS.iter().flat_map(|key| key.variables.iter().copied());
        // The home is a path, of any bytes.
        for name in known().filter(|name| *name != "OUTCROP_HOME").chain(foreign).chain(["HF_TOKEN"]) {
            self.readable(name)?;
        }
        Ok(())
    }

    /// Refuses a variable that is set to something that is no text: to ignore it would be to do something else.
    pub(super) fn readable(&self, name: &str) -> Result<()> {
        if self.has(name) && self.text(name).is_none() {
            return Err(Error::new(
                ErrorKind::Config,
                format!("reading the environment variable {name}"),
                "its value is no UTF-8",
                "Set it to a text, or unset it.",
            ));
        }
        Ok(())
    }

    /// What a child may know: nothing of ours, and no variable that is `named` as a secret or looks like one.
    #[must_use]
    pub fn without_secrets(&self, named: &[&str]) -> Self {
        const WORDS: [&str; 8] = ["KEY", "TOKEN", "SECRET", "PASS", "AUTH", "CRED", "COOKIE", "PRIVATE"];
        /// As a whole part of a longer name; `PWD` alone is the folder.
        const PARTS: [&str; 2] = ["PAT", "PWD"];
        let secret = |name: &str| {
            let upper = name.to_ascii_uppercase();
            let speaks = upper.split('_').any(|part| WORDS.iter().any(|word| part.contains(word)))
                || (upper.contains('_') && upper.split('_').any(|part| PARTS.contains(&part)));
            is_ours(&upper) || speaks || named.contains(&name)
        };
        self.kept(|name| !name.to_str().is_none_or(secret))
    }

    /// What a command of the person's own may know that tells a key: all but what is ours.
    #[must_use]
    pub fn without_ours(&self) -> Self {
        self.kept(|name| !name.to_str().is_some_and(is_ours))
    }

    fn kept(&self, keeps: impl Fn(&OsStr) -> bool) -> Self {
        let kept = self.0.iter().filter(|(name, _)| keeps(name));
        Self(kept.map(|(name, value)| (name.clone(), value.clone())).collect(), self.1.clone())
    }

    /// Every variable.
    pub fn variables(&self) -> impl Iterator<Item = (OsString, OsString)> {
        self.0.iter().map(|(name, value)| (name.clone(), value.clone()))
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(OsStr::new(name))
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What the environment says of the terminal.
#[allow(clippy::struct_excessive_bools, reason = "independent facts, each a variable that is there or not")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terminal {
    pub term: Option<String>,
    pub colorterm: Option<String>,
    /// `TERM_PROGRAM`: who draws.
    pub program: Option<String>,
    pub no_color: bool,
    pub tmux: bool,
    /// GNU screen.
    pub screen: bool,
    /// The person sits at another machine.
    pub ssh: bool,
    /// X or Wayland is there: a clipboard of this machine may be too.
    pub display: bool,
    /// X is there, and behind the network.
    pub far_display: bool,
    /// The locale's character set is UTF-8.
    pub utf8: bool,
}

impl Terminal {
    pub(super) fn of(environment: &Environment) -> Self {
        let text = |name| environment.text(name).map(str::to_owned);
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| environment.text(name));
        Self {
            term: text("TERM"),
            colorterm: text("COLORTERM"),
            program: text("TERM_PROGRAM"),
            no_color: environment.has("NO_COLOR"),
            tmux: environment.has("TMUX"),
            screen: environment.has("STY"),
            ssh: ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].iter().any(|name| environment.has(name)),
            display: environment.has("DISPLAY") || environment.has("WAYLAND_DISPLAY"),
            far_display: environment.text("DISPLAY").is_some_and(is_far),
            utf8: locale.is_some_and(|locale| {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }),
        }
    }
}

/// Whether a `DISPLAY` such as `host:0` leads off this machine. A path is that of a socket here.
fn is_far(display: &str) -> bool {
    let host = display.rsplit_once(':').map_or(display, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    !(host.is_empty() || host == "unix" || host == "localhost" || host.starts_with('/') || is_loopback())
}

fn is_ours(name: &str) -> bool {
    name.starts_with("OUTCROP_")
}

/// The name of the account with this number: the first and the third of a line's fields.
fn account(known: &str, number: u32) -> Option<&str> {
    known.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(number)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number_whatever_else_stands_there() {
        let known = "# accounts\n\nroot:x:0:0::/root:/bin/sh\n:x:7:\nana:x:1000:1000:Ana:/home/ana:/bin/sh\nbob:x:10\n";
        assert_eq!(account(known, 1000), Some("ana"));
        assert_eq!(account(known, 10), Some("bob"));
        assert_eq!((account(known, 7), account(known, 100), account("", 0)), (None, None, None));
    }

    #[test]
    fn a_display_behind_the_network_is_told_from_one_of_this_machine() {
        for near in [":0", ":0.0", "unix:0", "localhost:10.0", "127.0.0.1:0", "[::1]:0", "::1:0", "/tmp/x:0"]
        {
            assert!(!is_far(near), "{near}");
        }
        for far in
            ["192.0.2.12:0", "desk:0.0", "tcp/desk:0", "[2001:db8::1]:0", "localhost.example:0", "desk"]
        {
            assert!(is_far(far), "{far}");
        }
    }

    #[test]
    fn a_person_is_called_as_their_variables_say_and_else_as_their_account_is() {
        let of = |vars: &[(&str, &str)]| {
            let Environment(variables, _) = Environment::from_vars(vars.iter().copied());
            Environment(variables, Some("account".into())).user().to_owned()
        };
        assert_eq!(of(&[("USER", "ana"), ("LOGNAME", "bob")]), "ana");
        assert_eq!(of(&[("USER", ""), ("LOGNAME", "bob")]), "bob");
        assert_eq!(of(&[]), "account");
        assert_eq!(Environment::from_vars([("HOME", "/")]).user(), "");
    }
}
