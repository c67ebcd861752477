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
        }
        remarks
    }

    /// The same with the name of a variable in the place of each secret that is written out.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let mut definition = self.clone();
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
}
