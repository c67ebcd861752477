//! Keys that a command tells: a password manager's, most often.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::key::{Command, Commands, KeySource};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;

const HINT: &str = "Try the command in a shell: its first line is to be the key, and nothing else.";

/// The key of one provider. The command runs when the key is first needed, and again when a server has not taken it.
#[derive(Debug)]
pub struct ToldKey {
    provider: String,
    /// What it is called: "`api_key_cmd` of home".
    name: String,
    line: String,
    commands: Arc<dyn Commands>,
    told: Mutex<Option<SecretString>>,
}

impl ToldKey {
    /// `line` is for a shell.
    pub fn new(provider: &str, line: impl Into<String>, commands: Arc<dyn Commands>) -> Self {
        Self {
            provider: provider.to_owned(),
            name: format!("api_key_cmd of {provider}"),
            line: line.into(),
            commands,
            told: Mutex::default(),
        }
    }

    async fn ask(&self, net: &Client) -> Result<SecretString> {
        let doing = format!("asking api_key_cmd for the key of {}", self.provider);
        let written = self
            .commands
            .written(net, Command { doing: &doing, name: &self.name, line: &self.line, hint: HINT })
            .await?;
        let key = written.expose_secret().lines().next().unwrap_or_default().trim();
        if key.is_empty() {
            return Err(Error::new(ErrorKind::Auth, doing, "the command wrote no key", HINT));
        }
        Ok(key.into())
    }
}

impl KeySource for ToldKey {
    fn key<'a>(&'a self, net: &'a Client) -> BoxFuture<'a, Result<SecretString>> {
        async {
            let mut told = self.told.lock().await;
            if let Some(key) = &*told {
                return Ok(key.clone());
            }
            Ok(told.insert(self.ask(net).await?).clone())
        }
        .boxed()
    }

    fn remedy(&self) -> String {
        format!("The key came from {}, which is asked again with the next request.", self.name)
    }

    fn refused(&self) -> BoxFuture<'_, ()> {
        async { *self.told.lock().await = None }.boxed()
    }

    fn asking(&self) -> Option<&str> {
        self.told.try_lock().is_err().then_some(self.name.as_str())
    }
}
