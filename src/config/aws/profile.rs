//! Amazon's two shared files: the profiles of `~/.aws/config` and `~/.aws/credentials`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::Environment;

type Values = BTreeMap<String, String>;

/// Both files, as they were read.
pub(super) struct Files {
    config: Text,
    credentials: Text,
}

struct Text {
    path: PathBuf,
    text: Result<String, String>,
}

impl Files {
    pub fn read(environment: &Environment) -> Self {
        let home = environment.path("HOME");
        let file = |variable: &str, name: &str| {
            let own = || Some(home.as_ref()?.join(".aws").join(name));
            match environment.path(variable).or_else(own) {
                Some(path) => Text { text: text(&path), path },
                // Without a home there are none: never those of the folder that the person is in.
                None => Text { text: Ok(String::new()), path: Path::new("~/.aws").join(name) },
            }
        };
        Self {
            config: file("AWS_CONFIG_FILE", "config"),
            credentials: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        }
    }

    /// A file that is there and cannot be read.
    pub fn fault(&self) -> Option<String> {
        let broken = [&self.config, &self.credentials].into_iter().find(|file| file.text.is_err())?;
        let why = broken.text.as_ref().err()?;
        Some(format!("{} cannot be read: {why}", broken.path.display()))
    }

    /// Where they lie, for people.
    pub fn places(&self) -> String {
        format!("{} and {}", self.config.path.display(), self.credentials.path.display())
    }

    /// A profile of that name; what the credentials file says of it counts more.
    pub fn profile(&self, name: &str) -> Option<Profile> {
        let text = |file: &Text| file.text.clone().unwrap_or_default();
        let of_config = section(&text(&self.config), |title| {
            title == name && name == "default" || rest(title, "profile") == Some(name)
        });
        let of_credentials = section(&text(&self.credentials), |title| title == name);
        if of_config.is_none() && of_credentials.is_none() {
            return None;
        }
        let mut values = of_config.unwrap_or_default();
        values.extend(of_credentials.unwrap_or_default());
        Some(Profile { name: name.to_owned(), values })
    }

    /// What a `[services NAME]` says of where a service is: indented below the service's name.
    pub fn endpoint(&self, name: &str, service: &str) -> Option<String> {
        let text = self.config.text.as_deref().unwrap_or_default();
        let (mut inside, mut of_service) = (false, false);
        for line in text.lines() {
            if let Some(title) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                inside = rest(title.trim(), "services") == Some(name);
            } else if let (true, Some((key, value))) = (inside, line.split_once('=')) {
                let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
                if !line.starts_with([' ', '\t']) {
                    of_service = key == service;
                } else if of_service && key == "endpoint_url" && !value.is_empty() {
                    return Some(value.to_owned());
                }
            }
        }
        None
    }

    /// An `[sso-session NAME]`.
    pub fn session(&self, name: &str) -> Option<Profile> {
        let text = self.config.text.as_deref().unwrap_or_default();
        let values = section(text, |title| rest(title, "sso-session") == Some(name))?;
        Some(Profile { name: name.to_owned(), values })
    }
}

/// One section, by its name.
#[derive(Clone)]
pub(super) struct Profile {
    pub name: String,
    values: Values,
}

impl Profile {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn owned(&self, key: &str) -> Option<String> {
        self.get(key).map(str::to_owned)
    }
}

/// "profile x" → "x", also in quotation marks.
fn rest<'a>(title: &'a str, kind: &str) -> Option<&'a str> {
    let rest = title.strip_prefix(kind)?;
    rest.starts_with([' ', '\t']).then(|| rest.trim().trim_matches(['"', '\'']))
}

/// A file's text; one that is not there is empty.
fn text(path: &Path) -> Result<String, String> {
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned()),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(why) => Err(why.to_string()),
    }
}

/// The values of the sections that are `wanted`. Lines that are indented belong to the value above, and to none of ours.
fn section(text: &str, wanted: impl Fn(&str) -> bool) -> Option<Values> {
    let mut found: Option<Values> = None;
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with([' ', '\t', '#', ';']) {
            continue;
        }
        if let Some(title) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            inside = wanted(title.trim());
            if inside {
                found.get_or_insert_default();
            }
        } else if let (true, Some((key, value))) = (inside, line.split_once('=')) {
            // A comment begins behind a blank; a key may hold the signs.
            let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
            let value = &value[..end.unwrap_or(value.len())];
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim().to_owned());
            found.get_or_insert_default().insert(key, value);
        }
    }
    found
}
