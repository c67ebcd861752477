//! What Amazon's own tools would sign in with: an API key, keys of the environment, or those of a profile's files.
//!
//! Keys that must be fetched first (SSO, roles, `credential_process`, a machine's own) are not: they are named, with what
//! puts them into the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ApiKey, Environment, Secret};
use crate::domain::{Error, ErrorKind, Result};

/// How a provider of Amazon's is signed in to, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aws {
    /// `None` where nothing names one.
    pub region: Option<String>,
    pub credentials: AwsCredentials,
}

/// The first that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsCredentials {
    /// A Bedrock API key.
    Bearer(Secret),
    Keys {
        id: String,
        secret: Secret,
        /// Of keys that run out.
        token: Option<Secret>,
    },
    /// None that can be used, and what to do.
    Missing { why: String, hint: String },
}

/// What the provider's own table says.
pub(super) struct Said<'a> {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub api_key: &'a ApiKey,
}

impl Aws {
    /// The table's own words first, then the environment, then the profile.
    pub(super) fn of(said: Said<'_>, environment: &Environment) -> Result<Self> {
        for name in VARIABLES {
            environment.readable(name)?;
        }
        let text = |name: &str| environment.text(name).map(str::to_owned);
        let named = said.profile.is_some();
        let profile = Profile::read(said.profile.or_else(|| text("AWS_PROFILE")), environment)?;
        let region = said
            .region
            .or_else(|| text("AWS_REGION"))
            .or_else(|| text("AWS_DEFAULT_REGION"))
            .or_else(|| profile.get("region").map(str::to_owned));
        let given = match said.api_key {
            ApiKey::Given(key) => Some(AwsCredentials::Bearer(key.clone())),
            // A profile that the table names is meant, whatever the environment holds.
            ApiKey::Absent | ApiKey::Unset { .. } if named => None,
            ApiKey::Absent | ApiKey::Unset { .. } => of_environment(environment),
        };
        Ok(Self { region, credentials: given.unwrap_or_else(|| profile.credentials()) })
    }

    /// What distinguishes these credentials from others, for the comparison of two processes.
    pub(super) fn secret(&self) -> Option<&Secret> {
        match &self.credentials {
            AwsCredentials::Bearer(key) => Some(key),
            AwsCredentials::Keys { token: Some(token), .. } => Some(token),
            AwsCredentials::Keys { secret, .. } => Some(secret),
            AwsCredentials::Missing { .. } => None,
        }
    }
}

const VARIABLES: [&str; 7] = [
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
];

fn of_environment(environment: &Environment) -> Option<AwsCredentials> {
    if let Some(key) = environment.text("AWS_BEARER_TOKEN_BEDROCK") {
        return Some(AwsCredentials::Bearer(Secret::new(key)));
    }
    Some(AwsCredentials::Keys {
        id: environment.text("AWS_ACCESS_KEY_ID")?.to_owned(),
        secret: Secret::new(environment.text("AWS_SECRET_ACCESS_KEY")?),
        token: environment.text("AWS_SESSION_TOKEN").map(Secret::new),
    })
}

/// One profile of both files; what the credentials file says of it counts more.
struct Profile {
    name: String,
    credentials: PathBuf,
    values: BTreeMap<String, String>,
}

impl Profile {
    fn read(name: Option<String>, environment: &Environment) -> Result<Self> {
        let name = name.unwrap_or_else(|| "default".to_owned());
        let file = |variable: &str, file: &str| {
            let home = environment.path("HOME").unwrap_or_default();
            environment.path(variable).unwrap_or_else(|| home.join(".aws").join(file))
        };
        let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials");
        let config = file("AWS_CONFIG_FILE", "config");
        let mut values = section(&text(&config)?, |title| {
            title == name && name == "default" || title.strip_prefix("profile ").map(str::trim) == Some(name.as_str())
        });
        values.extend(section(&text(&credentials)?, |title| title == name));
        Ok(Self { name, credentials, values })
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn credentials(&self) -> AwsCredentials {
        if let (Some(id), Some(secret)) = (self.get("aws_access_key_id"), self.get("aws_secret_access_key")) {
            let token = self.get("aws_session_token").map(Secret::new);
            return AwsCredentials::Keys { id: id.to_owned(), secret: Secret::new(secret), token };
        }
        let name = &self.name;
        let fetched = ["sso_session", "sso_start_url", "login_session", "role_arn", "credential_process"];
        match fetched.into_iter().find(|key| self.get(key).is_some()) {
            Some(key) => AwsCredentials::Missing {
                why: format!(
                    "the profile {name} has its keys fetched ({key}), which this program does not do"
                ),
                hint: format!(
                    "Start as `eval \"$(aws configure export-credentials --profile {name} --format env)\"; outcrop`."
                ),
            },
            None => AwsCredentials::Missing {
                why: format!(
                    "there are no credentials: no api_key, no AWS_BEARER_TOKEN_BEDROCK, no AWS_ACCESS_KEY_ID with \
                     AWS_SECRET_ACCESS_KEY, and no keys of the profile {name} in {}",
                    self.credentials.display()
                ),
                hint: "Set one of them, then start again.".to_owned(),
            },
        }
    }
}

/// A file's text; one that is not there is empty.
fn text(path: &Path) -> Result<String> {
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| {
            let doing = format!("reading {}", path.display());
            Error::new(ErrorKind::Config, doing, "it is no UTF-8", "Save it as UTF-8.")
        }),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(why) => Err(Error::io(format!("reading {}", path.display()), &why)),
    }
}

/// The values of the sections that are `wanted`. Lines that are indented belong to the value above, and to none of ours.
fn section(text: &str, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with([' ', '\t', '#', ';']) {
            continue;
        }
        if let Some(title) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            inside = wanted(title.trim());
        } else if let (true, Some((key, value))) = (inside, line.split_once('=')) {
            // A comment begins behind a blank; a key may hold the signs.
            let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
            let value = &value[..end.unwrap_or(value.len())];
            values.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "; a comment\n[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key=se/cr+et== # mine\n\
         [work]\naws_access_key_id=AKIAWORK\nAWS_SECRET_ACCESS_KEY = other\n aws_session_token = indented\naws_session_token = tok\n";
    const CONFIG: &str = "[default]\nregion = eu-west-1\n[profile work]\nregion=us-west-2\n[work]\nregion=wrong\n\
         [profile sso]\nsso_session = corp\nregion = us-east-1\n";

    fn of(variables: &[(&str, &str)], region: Option<&str>, profile: Option<&str>, key: &ApiKey) -> Aws {
        let folder = tempfile::tempdir().unwrap();
        let aws = folder.path().join(".aws");
        std::fs::create_dir(&aws).unwrap();
        std::fs::write(aws.join("credentials"), CREDENTIALS).unwrap();
        std::fs::write(aws.join("config"), CONFIG).unwrap();
        let home = folder.path().to_str().unwrap();
        let environment = Environment::from_vars(variables.iter().copied().chain([("HOME", home)]));
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Aws::of(Said { region: owned(region), profile: owned(profile), api_key: key }, &environment).unwrap()
    }

    fn keys(id: &str, secret: &str, token: Option<&str>) -> AwsCredentials {
        AwsCredentials::Keys { id: id.into(), secret: Secret::new(secret), token: token.map(Secret::new) }
    }

    const ENVIRONMENT: [(&str, &str); 4] = [
        ("AWS_ACCESS_KEY_ID", "AKIAENV"),
        ("AWS_SECRET_ACCESS_KEY", "envsecret"),
        ("AWS_SESSION_TOKEN", "envtoken"),
        ("AWS_REGION", "ap-south-1"),
    ];

    #[test]
    fn a_profile_s_files_are_read_as_amazons_tools_read_them() {
        let aws = of(&[], None, None, &ApiKey::Absent);
        assert_eq!(aws.region.as_deref(), Some("eu-west-1"));
        assert_eq!(aws.credentials, keys("AKIADEFAULT", "se/cr+et==", None));
        for aws in [
            of(&[("AWS_PROFILE", "work")], None, None, &ApiKey::Absent),
            of(&[("AWS_PROFILE", "sso")], None, Some("work"), &ApiKey::Absent),
        ] {
            assert_eq!(aws.region.as_deref(), Some("us-west-2"));
            assert_eq!(aws.credentials, keys("AKIAWORK", "other", Some("tok")));
        }
    }

    #[test]
    fn the_table_counts_more_than_the_environment_and_that_more_than_a_profile() {
        let aws = of(&ENVIRONMENT, None, None, &ApiKey::Absent);
        assert_eq!(aws.region.as_deref(), Some("ap-south-1"));
        assert_eq!(aws.credentials, keys("AKIAENV", "envsecret", Some("envtoken")));
        let aws = of(&ENVIRONMENT, Some("eu-north-1"), Some("work"), &ApiKey::Absent);
        assert_eq!(aws.region.as_deref(), Some("eu-north-1"));
        assert_eq!(aws.credentials, keys("AKIAWORK", "other", Some("tok")));
        let bearer = [("AWS_BEARER_TOKEN_BEDROCK", "bearer"), ENVIRONMENT[0], ENVIRONMENT[1]];
        let given = ApiKey::Given(Secret::new("given"));
        assert_eq!(of(&bearer, None, None, &given).credentials, AwsCredentials::Bearer(Secret::new("given")));
        let aws = of(&bearer, None, None, &ApiKey::Absent);
        assert_eq!(aws.credentials, AwsCredentials::Bearer(Secret::new("bearer")));
    }

    #[test]
    fn keys_that_would_have_to_be_fetched_are_named_and_so_is_what_is_missing() {
        let told = |profile| match of(&[], None, Some(profile), &ApiKey::Absent).credentials {
            AwsCredentials::Missing { why, hint } => format!("{why} {hint}"),
            other => panic!("{other:?}"),
        };
        let fetched = told("sso");
        assert!(
            fetched.contains("sso_session") && fetched.contains("export-credentials --profile sso"),
            "{fetched}"
        );
        let none = told("nobody");
        assert!(none.contains("AWS_BEARER_TOKEN_BEDROCK") && none.contains("profile nobody"), "{none}");
        assert_eq!(of(&[], None, Some("nobody"), &ApiKey::Absent).region, None);
    }
}
