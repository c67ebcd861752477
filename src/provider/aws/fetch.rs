//! Keys from those who tell them: SSO, STS, another program, a container, a machine.
//!
//! Nothing of this is asked before Bedrock is, and every question goes out through `net`: offline, none does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use super::login::{LoginFile, Unwritten};
use super::sign::Signing;
use crate::config::{AwsCredentials, By, Role, Sso, Told};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response, Waits};
use crate::provider::key::{Command, Commands};
use crate::wire::aws::{self, Keys, sts};
use crate::wire::written::encoded;

/// No answer that holds keys is longer, in bytes.
pub(super) const LONGEST: usize = 256 * 1024;

/// A machine's own service is near, or not there.
const NEAR: Waits = Waits {
    connect: Some(Duration::from_secs(1)),
    first_byte: Some(Duration::from_secs(2)),
    idle: Some(Duration::from_secs(2)),
};

/// Who is asked.
#[derive(Debug)]
pub(super) struct Fetch {
    doing: String,
    profile: String,
    source: AwsCredentials,
    commands: Arc<dyn Commands>,
    unwritten: Unwritten,
}

impl Fetch {
    pub fn new(name: &str, profile: &str, source: AwsCredentials, commands: Arc<dyn Commands>) -> Self {
        let doing = format!("signing in to {name}");
        Self { doing, profile: profile.to_owned(), source, commands, unwritten: Arc::default() }
    }

    pub async fn keys(&self, net: &Client) -> Result<Keys> {
        self.of(&self.source, net).await
    }

    /// The command that renews the login, where a login stands behind the keys.
    pub fn renewal(&self) -> Option<String> {
        let mut source = &self.source;
        while let AwsCredentials::Role(Role { by: By::Credentials(by), .. }) = source {
            source = by;
        }
        matches!(source, AwsCredentials::Sso(_)).then(|| self.renew())
    }

    /// Who tells the keys, for a person who waits for it.
    pub fn teller(&self) -> String {
        match self.source {
            AwsCredentials::Process { .. } => format!("credential_process of {}", self.profile),
            _ => format!("the keys of {}", self.profile),
        }
    }

    fn renew(&self) -> String {
        format!("Renew it: `aws sso login --profile {}`, then try again.", self.profile)
    }

    fn failed(&self, why: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::new(ErrorKind::Auth, &self.doing, why, hint)
    }

    fn of<'a>(&'a self, source: &'a AwsCredentials, net: &'a Client) -> BoxFuture<'a, Result<Keys>> {
        async move {
            match source {
                AwsCredentials::Keys { id, secret, token } => Ok(Keys {
                    id: id.clone(),
                    secret: secret.expose().into(),
                    token: token.as_ref().map(|token| token.expose().into()),
                    ends: None,
                }),
                AwsCredentials::Process { line } => {
                    let doing = format!("{} by credential_process", self.doing);
                    let hint = "Try the command in a shell: it is to write keys as JSON, and nothing else.";
                    let named = format!("credential_process of {}", self.profile);
                    let written = self
                        .commands
                        .written(net, Command { doing: &doing, name: &named, line, hint })
                        .await?;
                    aws::of_process(&doing, written.expose_secret().as_bytes())
                }
                AwsCredentials::Sso(sso) => self.sso(sso, net).await,
                AwsCredentials::Role(role) => self.role(role, net).await,
                AwsCredentials::Told(Told::Container { url, token, token_file }) => {
                    let token = match token_file {
                        Some(file) => Some(self.line_of(file).await?),
                        None => token.as_ref().map(|token| token.expose().into()),
                    };
                    self.container(url, token.as_ref(), net).await
                }
                AwsCredentials::Told(Told::Machine { url, missing }) => self.machine(url, missing, net).await,
                AwsCredentials::Missing { why, hint } => Err(self.failed(why, hint)),
                AwsCredentials::ApiKey | AwsCredentials::Bearer(_) => {
                    Err(self.failed("an API key signs nothing", "Name a profile with keys."))
                }
            }
        }
        .boxed()
    }

    async fn sso(&self, sso: &Sso, net: &Client) -> Result<Keys> {
        let file = LoginFile::new(&self.doing, sso, self.renew(), Arc::clone(&self.unwritten));
        let login = file.login(net).await?;
        let url = format!("{}{}", sso.url, aws::sso_path(&sso.account, &sso.role));
        let request = Request::get(&self.doing, url).secret("x-amz-sso_bearer_token", Some(&login.token));
        let mut response = net.send(request).await?;
        if !response.is_success() {
            let hint = match response.status() {
                401 => self.renew(),
                _ => "Check sso_account_id and sso_role_name of the profile.".to_owned(),
            };
            return Err(self.complaint(&mut response, &hint).await);
        }
        aws::of_sso(&self.doing, &response.bytes(LONGEST).await?)
    }

    async fn role(&self, role: &Role, net: &Client) -> Result<Keys> {
        let asked = sts::Role {
            arn: role.arn.clone(),
            session: role.session.clone(),
            external_id: role.external_id.clone(),
            duration: role.duration,
        };
        let url = format!("{}/", role.url);
        let request = match &role.by {
            By::TokenFile(file) => {
                let token = self.line_of(file).await?;
                Request::post(&self.doing, url, sts::FORM, asked.form_with_token(token.expose_secret()))
            }
            By::Credentials(by) => {
                let keys = self.of(by, net).await?;
                let body = asked.form();
                let signing = Signing {
                    doing: &self.doing,
                    method: "POST",
                    url: &url,
                    body: &body,
                    media_type: Some(sts::FORM),
                    region: &role.region,
                    service: "sts",
                };
                let request = Request::post(&self.doing, url.clone(), sts::FORM, body.clone());
                signing.with(&keys, request)?
            }
        };
        let mut response = net.send(request).await?;
        if !response.is_success() {
            let words = response.complaint().await;
            let hint = format!("Check the role {} and who may take it.", role.arn);
            return Err(sts::refused(&self.doing, response.status(), &words, &hint));
        }
        let body = response.bytes(LONGEST).await?;
        sts::keys(&self.doing, &String::from_utf8_lossy(&body))
    }

    async fn container(&self, url: &str, token: Option<&SecretString>, net: &Client) -> Result<Keys> {
        if !may_tell(url) {
            let why = "AWS_CONTAINER_CREDENTIALS_FULL_URI leads to another machine without encryption";
            return Err(self.failed(why, "It must be https, this machine, or the container's own address."));
        }
        let request = Request::get(&self.doing, url).secret("authorization", token);
        let mut response = net.patient(NEAR).send(request).await?;
        if !response.is_success() {
            return Err(self.complaint(&mut response, "Check the role of the container.").await);
        }
        aws::of_metadata(&self.doing, &response.bytes(LONGEST).await?)
    }

    /// Version 2 of the metadata service: a token first, then the name of the role, then its keys.
    async fn machine(&self, url: &str, missing: &str, net: &Client) -> Result<Keys> {
        let net = net.patient(NEAR);
        let hint = "Set one of them, then start again.";
        let token = Request::put(&self.doing, format!("{url}/latest/api/token"))
            .header("x-aws-ec2-metadata-token-ttl-seconds", "21600");
        let mut response = match net.send(token).await {
            Ok(response) => response,
            Err(error) if matches!(error.kind, ErrorKind::Network | ErrorKind::Timeout) => {
                return Err(self.failed(format!("{missing}; nor is this a machine in Amazon's cloud"), hint));
            }
            Err(error) => return Err(error),
        };
        if !response.is_success() {
            let why = format!("{missing}; and this machine's metadata service gives no token");
            return Err(self.failed(why, hint));
        }
        let token: SecretString = line(&response.bytes(LONGEST).await?).into();
        let ask = async |path: &str| {
            let request =
                Request::get(&self.doing, format!("{url}/latest/meta-data/iam/security-credentials/{path}"))
                    .secret("x-aws-ec2-metadata-token", Some(&token));
            net.send(request).await
        };
        let mut response = ask("").await?;
        if response.status() == 404 {
            return Err(self.failed(format!("{missing}; and this machine has no role"), hint));
        }
        if !response.is_success() {
            return Err(self.complaint(&mut response, "Check the role of this machine.").await);
        }
        let role = line(&response.bytes(LONGEST).await?);
        let mut response = ask(&encoded(&role)).await?;
        if !response.is_success() {
            return Err(self.complaint(&mut response, "Check the role of this machine.").await);
        }
        aws::of_metadata(&self.doing, &response.bytes(LONGEST).await?)
    }

    async fn complaint(&self, response: &mut Response, hint: &str) -> Error {
        let status = response.status();
        crate::wire::bedrock::fault::told(&self.doing, status, &response.complaint().await, hint)
    }

    /// A token that lies in a file.
    async fn line_of(&self, file: &Path) -> Result<SecretString> {
        let read = tokio::fs::read(file).await;
        let bytes =
            read.map_err(|why| Error::io(format!("{}: reading {}", self.doing, file.display()), &why))?;
        Ok(line(&bytes).into())
    }
}

fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().trim().to_owned()
}

/// As Amazon's tools have it: encrypted, on this machine, or at the addresses of ECS and EKS.
fn may_tell(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return url.starts_with("https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let near = ["localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    near.contains(&host) || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_container_come_from_near_or_encrypted() {
        for near in [
            "http://169.254.170.2/v2/x",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "http://localhost:1/x",
            "http://127.0.0.7/",
            "http://[::1]:80/",
            "https://keys.example",
        ] {
            assert!(may_tell(near), "{near}");
        }
        for far in [
            "http://10.0.0.1/",
            "http://keys.example",
            "http://localhost@keys.example/",
            "http://169.254.169.254/",
            "ftp://localhost",
            "",
        ] {
            assert!(!may_tell(far), "{far}");
        }
    }
}
