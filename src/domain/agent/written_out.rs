//! Secrets that a definition has written out, where it should name variables: what is given away has none of them, and what comes
//! back of it leaves them as they are.

use std::collections::BTreeMap;

use super::group::{Executor, Server};
use super::{Book, Definition, Group, variable};
use crate::domain::{Error, ErrorKind, Result};

/// Words that stand in the names of secrets, and how names in one word end.
const WORDS: [&str; 9] =
    ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "AUTH", "AUTHORIZATION", "COOKIE"];
const ENDS: [&str; 4] = ["APIKEY", "TOKEN", "SECRET", "PASSWORD"];

/// Whether a header or a variable of that name holds a secret itself, and not the name of a variable that does.
pub fn is_secret(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let mut words = upper.split(|c: char| !c.is_ascii_alphanumeric());
    let is_called_so = words.any(|word| WORDS.contains(&word)) || ENDS.iter().any(|end| upper.ends_with(end));
    is_called_so && !value.is_empty() && variable::names(value).is_empty()
}

/// A variable's name for what is called so.
pub fn variable_of(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(plain).collect()
}

/// What is said of one that is written out.
pub fn remark(name: &str, group: &str) -> String {
    format!(
        "{name} of {group:?} is kept with the agent: better, put it into a variable, and write ${{{}}}",
        variable_of(name)
    )
}

/// What stands in the place of a secret where no variable is read: in an argument of a program, and in an address.
const HIDDEN: &str = "***";

/// What is said of each argument and each part of an address that is a secret written out.
pub fn hidden(group: &Group) -> Vec<String> {
    let mut names = Vec::new();
    let _ = without(group, &mut names);
    let of = &group.name;
    let said = |name: String| {
        format!("{name} of {of:?} is kept with the agent, and is {HIDDEN} in what is shown and exported")
    };
    names.into_iter().filter(|(_, value)| value != HIDDEN).map(|(name, _)| said(name)).collect()
}

/// Puts what a group had in the places where it is hidden: the same argument of the same program, the same address.
fn put_back(runs: &mut Executor, had: &Executor) {
    let address_back = |url: &mut String, had: &String| {
        if *url == address(had, &mut Vec::new()) {
            url.clone_from(had);
        }
    };
    match (runs, had) {
        (Executor::Http(endpoint), Executor::Http(had)) => {
            if let (Some(url), Some(had)) = (&mut endpoint.url, &had.url) {
                address_back(url, had);
            }
        }
        (Executor::Mcp(Server::Http { url, .. }), Executor::Mcp(Server::Http { url: had, .. })) => {
            address_back(url, had);
        }
        (
            Executor::Mcp(Server::Stdio { command, args, .. }),
            Executor::Mcp(Server::Stdio { command: same, args: had, .. }),
        ) if *command == *same => arguments_back(args, had),
        (Executor::Program(program), Executor::Program(had))
            if program.command.first() == had.command.first() =>
        {
            arguments_back(&mut program.command, &had.command);
        }
        _ => {}
    }
}

fn arguments_back(args: &mut [String], had: &[String]) {
    let (told, shown) = (args.to_vec(), arguments(had, &mut Vec::new()));
    for (at, (arg, had)) in args.iter_mut().zip(had).enumerate() {
        // Of what stands alone the name is before it.
        let from = if *arg == HIDDEN { at.saturating_sub(1) } else { at };
        if told[from..=at] == shown[from..=at] {
            arg.clone_from(had);
        }
    }
}

/// The name of something that is hidden in a group, and what to write in its place.
fn still_hidden(group: &Group) -> Option<(String, String)> {
    let mut names = Vec::new();
    let _ = without(group, &mut names);
    let named = names.into_iter().find(|(_, value)| value == HIDDEN).map(|(name, _)| name);
    let (args, known) = match &group.runs {
        Executor::Mcp(Server::Stdio { args, .. }) => (args.as_slice(), "env = { NAME = \"$NAME\" }"),
        Executor::Program(program) => (program.command.as_slice(), "environment = [\"NAME\"]"),
        _ => (&[][..], "headers = { Authorization = \"$NAME\" }"),
    };
    // One may also have lost its name.
    let is_alone = |arg: &&String| {
        arg.strip_suffix(HIDDEN).is_some_and(|name| name.is_empty() || name.ends_with(['=', ':']))
    };
    let name = named.or_else(|| args.iter().find(is_alone).map(|arg| format!("the argument {arg:?}")))?;
    let name = name.trim_start_matches('-').to_owned();
    let hint = format!(
        "Write there what it is. Better: let it be read from a variable ($NAME), where who is called takes it so: {known}."
    );
    Some((name, hint))
}

/// What a group runs without those; what they are called and were goes to `names`.
fn without(group: &Group, names: &mut Vec<(String, String)>) -> Executor {
    let mut runs = group.runs.clone();
    match &mut runs {
        Executor::Http(endpoint) => {
            endpoint.url = endpoint.url.as_deref().map(|url| address(url, names));
        }
        Executor::Mcp(Server::Http { url, .. }) => *url = address(url, names),
        Executor::Mcp(Server::Stdio { args, .. }) => *args = arguments(args, names),
        Executor::Program(program) => program.command = arguments(&program.command, names),
        _ => {}
    }
    runs
}

/// The arguments of a program: `--api-key KEY`, `--token=KEY`, `API_KEY=KEY`, `Authorization: Bearer KEY`, addresses.
fn arguments(args: &[String], names: &mut Vec<(String, String)>) -> Vec<String> {
    let mut behind: Option<&str> = None;
    let mut safe = Vec::with_capacity(args.len());
    for arg in args {
        let option = behind.take().filter(|name| !arg.starts_with('-') && is_secret(name, arg));
        if let Some(name) = option {
            names.push((name.to_owned(), arg.clone()));
            safe.push(HIDDEN.to_owned());
            continue;
        }
        let split = arg.find(['=', ':']).map(|at| (&arg[..at], &arg[at..=at], arg[at + 1..].trim()));
        safe.push(match split {
            Some((name, sign, value)) if is_secret(name, value) => {
                names.push((name.to_owned(), value.to_owned()));
                format!("{name}{sign}{HIDDEN}")
            }
            _ => address(arg, names),
        });
        let waits = arg.starts_with('-') && !arg.starts_with("--no-") && !arg.contains(['=', ':']);
        behind = waits.then_some(arg.as_str());
    }
    safe
}

/// An address: who asks, in front of the host, and keys among what is asked for.
fn address(url: &str, names: &mut Vec<(String, String)>) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let mut safe = format!("{scheme}://");
    match authority.rsplit_once('@') {
        Some((who, host)) if !who.is_empty() && variable::names(who).is_empty() => {
            names.push(("who asks in the address".to_owned(), who.to_owned()));
            safe.extend([HIDDEN, "@", host]);
        }
        _ => safe.push_str(authority),
    }
    let Some((path, asked)) = tail.split_once('?') else { return safe + tail };
    let (asked, part) = asked.split_at(asked.find('#').unwrap_or(asked.len()));
    safe.extend([path, "?"]);
    for (at, pair) in asked.split('&').enumerate() {
        if at > 0 {
            safe.push('&');
        }
        match pair.split_once('=') {
            Some((name, value)) if is_secret(name, value) => {
                names.push((format!("{name} in the address"), value.to_owned()));
                safe.extend([name, "=", HIDDEN]);
            }
            _ => safe.push_str(pair),
        }
    }
    safe + part
}

/// Headers or variables of a group.
fn values(group: &Group) -> Option<&BTreeMap<String, String>> {
    match &group.runs {
        Executor::Http(endpoint) => Some(&endpoint.headers),
        Executor::Mcp(Server::Stdio { env: values, .. } | Server::Http { headers: values, .. }) => {
            Some(values)
        }
        _ => None,
    }
}

fn values_mut(group: &mut Group) -> Option<&mut BTreeMap<String, String>> {
    match &mut group.runs {
        Executor::Http(endpoint) => Some(&mut endpoint.headers),
        Executor::Mcp(Server::Stdio { env: values, .. } | Server::Http { headers: values, .. }) => {
            Some(values)
        }
        _ => None,
    }
}

impl Definition {
    /// What is said of each secret that is written out.
    pub fn written_out(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for group in &self.groups {
            let secrets = values(group).into_iter().flatten().filter(|(name, value)| is_secret(name, value));
            remarks.extend(secrets.map(|(name, _)| remark(name, &group.name)));
            remarks.extend(hidden(group));
        }
        remarks
    }

    /// The same with the name of a variable in the place of each secret that is written out; what no variable can stand for is
    /// hidden.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let mut definition = self.clone();
        for group in &mut definition.groups {
            group.runs = without(group, &mut Vec::new());
        }
        for values in definition.groups.iter_mut().filter_map(values_mut) {
            for (name, value) in values.iter_mut().filter(|(name, value)| is_secret(name, value)) {
                *value = format!("${{{}}}", variable_of(name));
            }
        }
        definition
    }

    /// Whether a secret that is written out is another one, in a place that both have, or is read from the variable that an export
    /// names in its stead: what the two are exported as does not tell.
    pub fn has_other_secrets(&self, other: &Self) -> bool {
        let (mine, others) = (self.secrets(), other.secrets());
        mine.iter().any(|(place, values)| others.get(place).is_some_and(|others| others != values))
            || self != other && self.without_secrets() == other.without_secrets()
    }

    /// The secrets that are written out, by their group and what they are called.
    fn secrets(&self) -> BTreeMap<(&str, String), Vec<String>> {
        let mut secrets: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for group in &self.groups {
            let mut names = Vec::new();
            let _ = without(group, &mut names);
            let told = values(group).into_iter().flatten().filter(|(name, value)| is_secret(name, value));
            names.extend(told.map(|(name, value)| (name.clone(), value.clone())));
            for (name, value) in names {
                secrets.entry((group.name.as_str(), name)).or_default().push(value);
            }
        }
        secrets
    }

    /// What is said of each header and variable that `had` has written out and this one has as an export writes it.
    pub fn now_read(&self, had: &Self) -> Vec<String> {
        let mut remarks = Vec::new();
        for group in &self.groups {
            let had = had.groups.iter().find(|other| other.name == group.name).and_then(values);
            for (name, value) in values(group).into_iter().flatten() {
                let variable = variable_of(name);
                let was_secret = had.and_then(|had| had.get(name)).is_some_and(|had| is_secret(name, had));
                if was_secret && *value == format!("${{{variable}}}") {
                    let of = &group.name;
                    remarks.push(format!(
                        "{name} of {of:?} is now read from the variable {variable}, which must hold all that stood there"
                    ));
                }
            }
        }
        remarks
    }

    /// The same with what `had`, the version before it, has where this one says that it is not shown.
    ///
    /// # Errors
    ///
    /// `Invalid`: nothing is known of what is hidden there.
    pub fn with_secrets_of(mut self, had: Option<&Self>) -> Result<Self> {
        for group in &mut self.groups {
            let had = had.and_then(|had| had.groups.iter().find(|other| other.name == group.name));
            if let Some(had) = had {
                put_back(&mut group.runs, &had.runs);
            }
            if let Some((name, hint)) = still_hidden(group) {
                let doing = format!("reading the group {:?} of an agent", group.name);
                let why = format!(
                    "{name} is {HIDDEN}, which stands for what an export does not show, and nothing is kept here in its place"
                );
                return Err(Error::new(ErrorKind::Invalid, doing, why, hint));
            }
        }
        Ok(self)
    }
}

impl Book {
    /// The same of all its versions.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        for version in &mut self.versions {
            version.definition = version.definition.without_secrets();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_told_by_its_name_and_a_variable_is_none() {
        for name in
            ["Authorization", "x-api-key", "API_KEY", "GITHUB_PERSONAL_ACCESS_TOKEN", "apiKey", "Cookie"]
        {
            assert!(is_secret(name, "sk-1"), "{name}");
            assert!(!is_secret(name, "Bearer $TOKEN") && !is_secret(name, ""), "{name}");
        }
        for name in ["MAX_TOKENS", "KEYBOARD", "Accept", "AUTHOR"] {
            assert!(!is_secret(name, "5"), "{name}");
        }
    }

    fn definition(runs: Executor) -> Definition {
        let group = Group {
            name: "g".to_owned(),
            description: String::new(),
            enabled: true,
            confirm: false,
            functions: Vec::new(),
            openapi: None,
            runs,
        };
        Definition { groups: vec![group], ..Definition::default() }
    }

    fn server(command: &str, args: &[&str]) -> Definition {
        definition(Executor::Mcp(Server::Stdio {
            command: command.to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            env: BTreeMap::new(),
            memory_mb: 1,
        }))
    }

    fn at(url: &str) -> Definition {
        definition(Executor::Mcp(Server::Http { url: url.to_owned(), headers: BTreeMap::new() }))
    }

    #[test]
    fn what_is_hidden_comes_back_in_its_place_and_is_told_anywhere_else() {
        let had = server("npx", &["-y", "srv", "--api-key", "sk-1", "--token=sk-2", "https://me:sk@host/"]);
        let shown = had.without_secrets();
        let text = serde_json::to_string(&shown).unwrap();
        assert!(
            text.matches(HIDDEN).count() == 3 && !text.contains("sk-") && !text.contains("me:"),
            "{text}"
        );
        assert_eq!(shown.clone().with_secrets_of(Some(&had)), Ok(had.clone()));
        let more =
            server("npx", &["-v", "srv", "--api-key", "***", "--token=sk-9", "https://***@host/", "more"]);
        let kept =
            server("npx", &["-v", "srv", "--api-key", "sk-1", "--token=sk-9", "https://me:sk@host/", "more"]);
        assert_eq!(more.with_secrets_of(Some(&had)), Ok(kept));
        for (other, named) in [
            (server("sh", &["-y", "srv", "--api-key", "***"]), "api-key is ***"),
            (server("npx", &["srv", "--api-key", "***"]), "api-key is ***"),
            (server("npx", &["-y", "srv", "--other", "***"]), "the argument \"***\" is ***"),
            (
                server("npx", &["-y", "srv", "--api-key", "k", "--tokens=***"]),
                "the argument \"--tokens=***\"",
            ),
            (
                server("npx", &["-y", "srv", "--api-key", "k", "-v", "https://***@other/"]),
                "who asks in the address",
            ),
        ] {
            let error = other.with_secrets_of(Some(&had)).unwrap_err();
            assert!(error.why.contains(named) && error.hint.contains("$NAME"), "{error}");
        }
        // On another machine nothing is behind it.
        assert!(shown.with_secrets_of(None).unwrap_err().why.starts_with("api-key is ***"));
        let masked = server("npx", &["--api-key", "***"]);
        assert!(masked.clone().with_secrets_of(Some(&masked)).is_err());
        assert!(server("npx", &["--glob", "a/***/b"]).with_secrets_of(None).is_ok());
    }

    #[test]
    fn what_an_export_reads_from_a_variable_is_told_where_it_was_written_out() {
        let values = |key: &str| BTreeMap::from([("API_KEY".to_owned(), key.to_owned())]);
        let at = |key: &str| {
            definition(Executor::Mcp(Server::Http { url: "https://host/".to_owned(), headers: values(key) }))
        };
        let had = at("sk-1");
        let told = had.without_secrets().now_read(&had);
        assert!(
            told.len() == 1 && told[0].contains("the variable API_KEY") && !told[0].contains("sk-"),
            "{told:?}"
        );
        assert!(at("sk-2").now_read(&had).is_empty() && at("${API_KEY}").now_read(&at("$OTHER")).is_empty());
    }

    #[test]
    fn another_secret_in_the_same_place_is_told_from_one_that_is_alike_or_gone() {
        let key = |key: &str| {
            let headers = BTreeMap::from([("API_KEY".to_owned(), key.to_owned())]);
            definition(Executor::Mcp(Server::Http { url: "https://host/".to_owned(), headers }))
        };
        let (one, other) = (key("sk-1"), key("sk-2"));
        assert_eq!(one.without_secrets(), other.without_secrets());
        assert!(one.has_other_secrets(&other) && !one.has_other_secrets(&one));
        assert!(one.has_other_secrets(&key("${API_KEY}")), "which is what an export makes of it");
        // That it is read from any other is seen where both are exported.
        assert!(!one.has_other_secrets(&key("$KEY")) && !one.has_other_secrets(&Definition::default()));
        let among = |key: &str| server("npx", &["--api-key", key, "--token=sk"]);
        assert!(among("sk-1").has_other_secrets(&among("sk-2")));
        assert!(at("https://h/?key=sk-1").has_other_secrets(&at("https://h/?key=sk-2")));
    }

    #[test]
    fn a_key_in_an_address_comes_back_to_the_same_address_alone() {
        let had = at("https://host/a?token=sk-5&q=1");
        assert_eq!(at("https://host/a?token=***&q=1").with_secrets_of(Some(&had)), Ok(had.clone()));
        for other in ["https://evil/a?token=***&q=1", "https://host/b?token=***&q=1"] {
            let error = at(other).with_secrets_of(Some(&had)).unwrap_err();
            assert!(error.why.contains("token in the address") && error.hint.contains("headers"), "{error}");
        }
        assert!(at("https://host/").with_secrets_of(Some(&had)).is_ok());
    }

    #[test]
    fn keys_among_arguments_and_in_addresses_are_hidden_and_named() {
        let args = ["-y", "server", "--api-key", "sk-1", "--token=sk-2", "plain", "--header"];
        let more =
            ["Authorization: Bearer sk-3", "--no-auth", "docs", "https://me:sk-4@host/a?token=sk-5&q=1#key"];
        let args: Vec<String> = args.into_iter().chain(more).map(str::to_owned).collect();
        let mut names = Vec::new();
        let safe = arguments(&args, &mut names);
        let told = "-y server --api-key *** --token=*** plain --header Authorization:*** --no-auth docs \
                    https://***@host/a?token=***&q=1#key";
        assert_eq!(safe.join(" "), told);
        assert_eq!(names.len(), 5, "{names:?}");
        for same in ["http://127.0.0.1:9", "https://host/?q=1&key=$KEY", "no address", "https://host/a?"] {
            assert_eq!(address(same, &mut Vec::new()), same);
        }
    }
}
