//! What Amazon's own tools would sign in with, in their order: an API key, keys of the environment, what a profile of the
//! shared files says, and what a container or a machine in Amazon's cloud is told.
//!
//! Nothing is fetched here: what must be fetched is said, and who is asked.

mod profile;

use std::collections::BTreeMap;
use std::path::PathBuf;

use profile::{Files, Profile};

use super::{ApiKey, Environment, ProviderConfig, ProviderKind};
use crate::domain::Result;
use crate::domain::secret::Secret;

/// How a provider of Amazon's is signed in to, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aws {
    /// `None` where nothing names one.
    pub region: Option<String>,
    /// Whose shared files count, where they do: the name that `aws sso login --profile` takes.
    pub profile: String,
    pub credentials: AwsCredentials,
    /// Where Bedrock's answers come from, where that is not Amazon's own address.
    pub runtime_url: Option<String>,
    /// Where its lists come from, likewise.
    pub control_url: Option<String>,
}

/// How a service of Amazon's beside Bedrock is signed in to, and where it is unless who names a part of it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsService {
    /// `None` where nothing names one.
    pub region: Option<String>,
    /// The name that `aws sso login --profile` takes.
    pub profile: String,
    /// Never a Bedrock API key: that opens nothing else.
    pub credentials: AwsCredentials,
    /// The same for servers of others with its API. They are none of Amazon's: the machine is not asked for its role for them
    /// unless somebody speaks of it.
    pub elsewhere: AwsCredentials,
    /// Another server with the same API.
    pub endpoint: Option<String>,
}

/// The first that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsCredentials {
    /// The API key that the provider's own table tells.
    ApiKey,
    /// A Bedrock API key of the environment.
    Bearer(Secret),
    Keys {
        id: String,
        secret: Secret,
        /// Of keys that run out.
        token: Option<Secret>,
    },
    /// A shell command that writes keys.
    Process { line: String },
    /// The keys of a role, for a login that `aws sso login` leaves in a file.
    Sso(Sso),
    /// The keys of a role, for other credentials or a token.
    Role(Role),
    /// What tells the keys of the container or of the machine in which this runs.
    Told(Told),
    /// None that can be used, and what to do.
    Missing { why: String, hint: String },
}

/// A role of an account, of which SSO (IAM Identity Center) tells the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sso {
    pub account: String,
    pub role: String,
    /// Whose digest names the login's file: the session's name, or the address where the login starts.
    pub login: String,
    /// Where the logins' files lie.
    pub cache: PathBuf,
    /// Who tells the keys.
    pub url: String,
    /// Who renews a login.
    pub oidc: String,
}

/// A role, of which STS tells the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub arn: String,
    pub session: String,
    pub external_id: Option<String>,
    pub duration: Option<u32>,
    pub region: String,
    pub url: String,
    pub by: By,
}

/// What a role is asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    Credentials(Box<AwsCredentials>),
    /// A file that holds a token of another service, and changes.
    TokenFile(PathBuf),
}

/// Who tells a program in Amazon's cloud its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// At that address, for that token.
    Container { url: String, token: Option<Secret>, token_file: Option<PathBuf> },
    /// The metadata of an instance; its service's address.
    Machine { url: String, missing: String },
}

/// What the provider's own table says.
pub(super) struct Said<'a> {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub api_key: &'a ApiKey,
    /// The person has a table for it, or a key: a machine may be asked for its own role.
    pub chosen: bool,
}

/// Whether the person has chosen Bedrock, beyond what only hints at it.
pub(super) fn is_chosen(providers: &BTreeMap<String, ProviderConfig>) -> bool {
    providers.values().any(|provider| provider.kind == ProviderKind::Bedrock && !provider.optional)
}

impl AwsService {
    /// The environment first, then the profile, then the container; where `bedrock` is chosen, or the profile says so, the
    /// machine too, and for Amazon's own buckets in any case: who has a source in one has chosen it. `service` is as settings
    /// name it: "s3".
    pub(super) fn of(service: &str, bedrock: bool, environment: &Environment) -> Result<Self> {
        for name in VARIABLES {
            environment.readable(name)?;
        }
        let asked = text(environment, "AWS_PROFILE").or_else(|| text(environment, "AWS_DEFAULT_PROFILE"));
        let name = asked.clone().unwrap_or_else(|| "default".to_owned());
        let files = Files::read(environment);
        let profile = files.profile(&name);
        let region = text(environment, "AWS_REGION")
            .or_else(|| text(environment, "AWS_DEFAULT_REGION"))
            .or_else(|| profile.as_ref()?.owned("region"));
        let chain = |chosen| Chain {
            environment,
            files: &files,
            session: profile.as_ref(),
            region: region.as_deref().unwrap_or(EVERYWHERE),
            chosen,
            named: false,
            api_key: false,
        };
        let first = |chosen| chain(chosen).first(profile.as_ref(), &name, asked.is_some());
        let credentials = first(bedrock || service == "s3");
        let elsewhere = first(bedrock || text(environment, METADATA).is_some());
        let endpoint = chain(false).moved(service);
        Ok(Self { region, profile: name, credentials, elsewhere, endpoint })
    }
}

impl Aws {
    /// The table's own words first, then the environment, then the profile, then the cloud.
    pub(super) fn of(said: Said<'_>, environment: &Environment) -> Result<Self> {
        for name in VARIABLES {
            environment.readable(name)?;
        }
        let named = said.profile.is_some();
        // The older name counts where the newer one is not set, as for Amazon's command line.
        let asked = said
            .profile
            .or_else(|| text(environment, "AWS_PROFILE"))
            .or_else(|| text(environment, "AWS_DEFAULT_PROFILE"));
        let name = asked.clone().unwrap_or_else(|| "default".to_owned());
        let files = Files::read(environment);
        let profile = files.profile(&name);
        let region = said
            .region
            .or_else(|| text(environment, "AWS_REGION"))
            .or_else(|| text(environment, "AWS_DEFAULT_REGION"))
            .or_else(|| profile.as_ref()?.owned("region"));
        let region_or = region.as_deref().unwrap_or(EVERYWHERE);
        let session = profile.as_ref();
        let chain = Chain {
            environment,
            files: &files,
            session,
            region: region_or,
            chosen: said.chosen,
            named,
            api_key: true,
        };
        let (runtime_url, control_url) = (chain.moved("bedrock_runtime"), chain.moved("bedrock"));
        let credentials = match said.api_key {
            ApiKey::Absent | ApiKey::Unset { .. } => chain.first(profile.as_ref(), &name, asked.is_some()),
            _ => AwsCredentials::ApiKey,
        };
        Ok(Self { region, profile: name, credentials, runtime_url, control_url })
    }

    /// What distinguishes these credentials from others, for the comparison of two processes.
    pub(super) fn secret(&self) -> Option<&Secret> {
        match &self.credentials {
            AwsCredentials::Bearer(key) => Some(key),
            AwsCredentials::Keys { token: Some(token), .. } => Some(token),
            AwsCredentials::Keys { secret, .. } => Some(secret),
            _ => None,
        }
    }
}

/// Where STS is, for who has said no Region.
const EVERYWHERE: &str = "us-east-1";

/// Says where a machine is told what it is, and so that there is such a place.
const METADATA: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

/// Roles that are asked for with the keys of other roles, at most.
const DEEPEST: usize = 5;

const VARIABLES: [&str; 28] = [
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    METADATA,
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_BEDROCK",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
];

fn text(environment: &Environment, name: &str) -> Option<String> {
    environment.text(name).map(str::to_owned)
}

/// The order in which credentials are looked for.
struct Chain<'a> {
    environment: &'a Environment,
    files: &'a Files,
    /// The profile that counts.
    session: Option<&'a Profile>,
    region: &'a str,
    chosen: bool,
    /// The table names the profile, which is meant then, whatever the environment holds.
    named: bool,
    /// A Bedrock API key counts.
    api_key: bool,
}

impl Chain<'_> {
    /// `asked`: somebody names the profile.
    fn first(&self, profile: Option<&Profile>, name: &str, asked: bool) -> AwsCredentials {
        let of_environment = || (!self.named).then(|| self.of_environment()).flatten();
        if let Some(found) = of_environment() {
            return found;
        }
        if let Some(why) = self.files.fault() {
            return AwsCredentials::Missing { why, hint: "Mend the file, then start again.".to_owned() };
        }
        if asked && profile.is_none() {
            return AwsCredentials::Missing {
                why: format!("there is no profile {name} in {}", self.files.places()),
                hint: "`aws configure list-profiles` shows those that there are.".to_owned(),
            };
        }
        profile
            .and_then(|profile| self.of_profile(profile, 0))
            .or_else(|| self.of_web_identity(None))
            .or_else(|| self.of_container())
            .unwrap_or_else(|| self.of_machine(name, false))
    }

    fn of_environment(&self) -> Option<AwsCredentials> {
        if let Some(key) = self.environment.text("AWS_BEARER_TOKEN_BEDROCK").filter(|_| self.api_key) {
            return Some(AwsCredentials::Bearer(Secret::new(key)));
        }
        Some(AwsCredentials::Keys {
            id: text(self.environment, "AWS_ACCESS_KEY_ID")?,
            secret: Secret::new(self.environment.text("AWS_SECRET_ACCESS_KEY")?),
            token: self.environment.text("AWS_SESSION_TOKEN").map(Secret::new),
        })
    }

    /// `None` where it says nothing of credentials.
    fn of_profile(&self, profile: &Profile, depth: usize) -> Option<AwsCredentials> {
        if profile.get("role_arn").is_some() {
            return Some(self.of_role(profile, depth));
        }
        if profile.get("sso_account_id").is_some() || profile.get("sso_role_name").is_some() {
            return Some(self.of_sso(profile));
        }
        if let Some(keys) = own_keys(profile) {
            return Some(keys);
        }
        if let Some(line) = profile.owned("credential_process") {
            return Some(AwsCredentials::Process { line });
        }
        let name = &profile.name;
        profile.get("login_session").map(|_| AwsCredentials::Missing {
            why: format!("the profile {name} signs in by `aws login`, which this program does not read"),
            hint: self.by_export(profile),
        })
    }

    /// How Amazon's own tool brings keys that are not fetched here: those of the environment count where no table names a
    /// profile, and the Region is still the profile's.
    fn by_export(&self, profile: &Profile) -> String {
        // A role behind another is had with both.
        let name = &self.session.unwrap_or(profile).name;
        let start = if self.named {
            "Take `profile` out of its table in the configuration file, then start"
        } else {
            "Start"
        };
        format!(
            "{start} as `eval \"$(aws configure export-credentials --profile {name} --format env)\"; AWS_PROFILE={name} \
             outcrop`."
        )
    }

    fn of_role(&self, profile: &Profile, depth: usize) -> AwsCredentials {
        let name = &profile.name;
        let missing = |why: String, hint: &str| AwsCredentials::Missing { why, hint: hint.to_owned() };
        if profile.get("mfa_serial").is_some() {
            // The code would have to be asked for in the middle of a call, by a process that may have no screen.
            let hint = format!(
                "{} It asks for the code; its keys hold for an hour, or for the duration_seconds of the profile.",
                self.by_export(profile)
            );
            return missing(
                format!("the role of the profile {name} wants a code of a device (mfa_serial)"),
                &hint,
            );
        }
        if let Some(found) = self.of_web_identity(Some(profile)) {
            return found;
        }
        let by = match (profile.get("source_profile"), profile.get("credential_source")) {
            (Some(source), _) if source == name => own_keys(profile),
            (Some(_), _) if depth >= DEEPEST => {
                return missing(
                    format!("the profile {name} is asked for by profiles in a circle (source_profile)"),
                    "Mend source_profile in ~/.aws/config.",
                );
            }
            (Some(source), _) => {
                self.files.profile(source).and_then(|source| self.of_profile(&source, depth + 1))
            }
            (None, Some("Environment")) => {
                self.of_environment().filter(|found| matches!(found, AwsCredentials::Keys { .. }))
            }
            (None, Some("EcsContainer")) => self.of_container(),
            // A function is named by a person, whose profile says this; Bedrock may only be hinted at.
            (None, Some("Ec2InstanceMetadata")) => Some(self.of_machine(name, !self.api_key)),
            _ => None,
        };
        let Some(by) = by else {
            return missing(
                format!("the profile {name} names a role, and no credentials to ask for it with"),
                "Look at source_profile or credential_source of the profile.",
            );
        };
        if let AwsCredentials::Missing { .. } = by {
            return by;
        }
        AwsCredentials::Role(self.role(Some(profile), By::Credentials(Box::new(by))))
    }

    /// A token of another service, for a role: what Kubernetes gives to its programs.
    fn of_web_identity(&self, profile: Option<&Profile>) -> Option<AwsCredentials> {
        let file = if let Some(profile) = profile {
            profile.get("web_identity_token_file").map(PathBuf::from)
        } else {
            self.environment.text("AWS_ROLE_ARN")?;
            self.environment.path("AWS_WEB_IDENTITY_TOKEN_FILE")
        };
        Some(AwsCredentials::Role(self.role(profile, By::TokenFile(file?))))
    }

    fn role(&self, profile: Option<&Profile>, by: By) -> Role {
        let said = |key: &str, variable: &str| match profile {
            Some(profile) => profile.owned(key),
            None => text(self.environment, variable),
        };
        let region = profile.and_then(|profile| profile.owned("region"));
        let region = region.unwrap_or_else(|| self.region.to_owned());
        Role {
            arn: said("role_arn", "AWS_ROLE_ARN").unwrap_or_default(),
            session: said("role_session_name", "AWS_ROLE_SESSION_NAME")
                .unwrap_or_else(|| "outcrop".to_owned()),
            external_id: profile.and_then(|profile| profile.owned("external_id")),
            duration: profile.and_then(|profile| profile.get("duration_seconds")?.parse().ok()),
            url: self.address("sts", format!("https://sts.{region}.{}", domain(&region))),
            region,
            by,
        }
    }

    fn of_sso(&self, profile: &Profile) -> AwsCredentials {
        let session = profile.get("sso_session").map(|name| (name, self.files.session(name)));
        let get = |key: &str| {
            let of_session = || session.as_ref()?.1.as_ref()?.owned(key);
            of_session().or_else(|| profile.owned(key))
        };
        let name = &profile.name;
        let keys = ["sso_account_id", "sso_role_name", "sso_start_url", "sso_region"];
        if let Some(key) = keys.into_iter().find(|key| get(key).is_none()) {
            return AwsCredentials::Missing {
                why: format!("the profile {name} signs in by SSO and has no {key}"),
                hint: format!("`aws configure sso --profile {name}` writes it."),
            };
        }
        let part = |key: &str| get(key).unwrap_or_default();
        let region = part("sso_region");
        let home = self.environment.path("HOME").unwrap_or_else(|| "/".into());
        AwsCredentials::Sso(Sso {
            account: part("sso_account_id"),
            role: part("sso_role_name"),
            login: session.as_ref().map_or_else(|| part("sso_start_url"), |(name, _)| (*name).to_owned()),
            cache: home.join(".aws/sso/cache"),
            url: self.address("sso", format!("https://portal.sso.{region}.{}", domain(&region))),
            oidc: self.address("sso_oidc", format!("https://oidc.{region}.{}", domain(&region))),
        })
    }

    fn of_container(&self) -> Option<AwsCredentials> {
        let of = |name: &str| text(self.environment, name);
        let url = match of("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            Some(path) => format!("http://169.254.170.2{path}"),
            None => of("AWS_CONTAINER_CREDENTIALS_FULL_URI")?,
        };
        Some(AwsCredentials::Told(Told::Container {
            url,
            token: self.environment.text("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Secret::new),
            token_file: self.environment.path("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        }))
    }

    /// `said`: the profile names it.
    fn of_machine(&self, name: &str, said: bool) -> AwsCredentials {
        let missing = format!(
            "there are no credentials: {}no AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, and none of the profile {name} in {}",
            if self.api_key { "no api_key, no AWS_BEARER_TOKEN_BEDROCK, " } else { "" },
            self.files.places()
        );
        let disabled = self.environment.text("AWS_EC2_METADATA_DISABLED");
        if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return AwsCredentials::Missing {
                why: missing,
                hint: "Set one of them, then start again.".to_owned(),
            };
        }
        if !self.chosen && !said {
            let more = if self.api_key {
                "and so does -m with one of its models"
            } else {
                "and so does a profile whose credential_source is Ec2InstanceMetadata"
            };
            let hint = format!(
                "Set one of them, then start again; a table [providers.bedrock] in the configuration, even an empty one, has \
                 the role of a machine asked for too, {more}."
            );
            return AwsCredentials::Missing { why: missing, hint };
        }
        let url = text(self.environment, METADATA).unwrap_or_else(|| "http://169.254.169.254".to_owned());
        let url = url.trim_end_matches('/').to_owned();
        AwsCredentials::Told(Told::Machine { url, missing })
    }

    /// Where one of Amazon's services is: where somebody says, or at its own address.
    fn address(&self, service: &str, own: String) -> String {
        self.moved(service).unwrap_or(own)
    }

    /// Where somebody says that a service is, in the order of Amazon's tools: the environment before the profile, the word
    /// for one service before that for all.
    fn moved(&self, service: &str) -> Option<String> {
        let of_profile = |key: &str| self.session?.owned(key);
        let ignored = text(self.environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
            .or_else(|| of_profile("ignore_configured_endpoint_urls"));
        if ignored.is_some_and(|word| word.eq_ignore_ascii_case("true")) {
            return None;
        }
        let variable = format!("AWS_ENDPOINT_URL_{}", service.to_ascii_uppercase());
        let said = text(self.environment, &variable)
            .or_else(|| text(self.environment, "AWS_ENDPOINT_URL"))
            .or_else(|| self.files.endpoint(self.session?.get("services")?, service))
            .or_else(|| of_profile("endpoint_url"))?;
        Some(said.trim_end_matches('/').to_owned())
    }
}

fn own_keys(profile: &Profile) -> Option<AwsCredentials> {
    Some(AwsCredentials::Keys {
        id: profile.owned("aws_access_key_id")?,
        secret: Secret::new(profile.get("aws_secret_access_key")?),
        token: profile.get("aws_session_token").map(Secret::new),
    })
}

/// The domain of Amazon's addresses in a Region.
pub fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

#[cfg(test)]
mod tests;
