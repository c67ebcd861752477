//! Secrets that a definition has written out, where it should name variables: what is given away has none of them.

use std::collections::BTreeMap;

use super::group::{Executor, Server};
use super::{Book, Definition, Group, variable};

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

/// What is said of each argument and each part of an address that is a secret written out, or is hidden in what was read.
pub fn hidden(group: &Group) -> Vec<String> {
    let mut names = Vec::new();
    let _ = without(group, &mut names);
    let said = |(name, value): (String, String)| {
        if value == HIDDEN {
            return format!("{name} of {:?} is {HIDDEN}: write there what it is", group.name);
        }
        format!(
            "{name} of {:?} is kept with the agent, and is {HIDDEN} in what is shown and exported",
            group.name
        )
    };
    names.into_iter().map(said).collect()
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
