//! The login of SSO that `aws sso login` has left in a file: read each time, since others renew it too.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind as IoKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};

use super::credentials::now;
use super::fetch::LONGEST;
use crate::config::Sso;
use crate::domain::hex::hex;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request};
use crate::wire::aws::{self, Login};

/// How often is looked whether somebody else has finished renewing.
const LOOK: Duration = Duration::from_millis(50);

/// How long is waited for that: a process that was stopped would hold the file for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A renewed file that could not be written.
pub(super) type Unwritten = Arc<Mutex<Option<SecretString>>>;

/// The file, and what renews it.
#[derive(Debug, Clone)]
pub(super) struct LoginFile {
    doing: String,
    path: PathBuf,
    /// Where it is renewed.
    oidc: String,
    /// What to do where only the person can renew it.
    renew: String,
    unwritten: Unwritten,
}

impl LoginFile {
    pub fn new(doing: &str, sso: &Sso, renew: String, unwritten: Unwritten) -> Self {
        let name = hex(&Sha1::digest(&sso.login));
        let (path, oidc) = (sso.cache.join(format!("{name}.json")), sso.oidc.clone());
        Self { doing: doing.to_owned(), path, oidc, renew, unwritten }
    }

    /// The login; one that ran out is renewed where its session goes on, by whoever comes first: in this process or another,
    /// for this provider or another.
    pub async fn login(&self, net: &Client) -> Result<Login> {
        let (_, login) = self.read().await?;
        if login.ends.0 > now() {
            return Ok(login);
        }
        let alone = self.alone().await?;
        // What renews a login may do so once: begun, it goes on to the end though nobody waits for it any longer.
        let (file, net) = (self.clone(), net.clone());
        let renewing = tokio::spawn(async move {
            let _alone = alone;
            file.renewed(&net).await
        });
        renewing.await.map_err(|why| Error::internal(&self.doing, why.to_string()))?
    }

    async fn renewed(&self, net: &Client) -> Result<Login> {
        let (bytes, login) = self.read().await?;
        let now = now();
        if login.ends.0 > now {
            return Ok(login);
        }
        let ran_out = format!("the login of SSO ran out at {}", login.end());
        let Some(renewal) = login.renewal.filter(|renewal| renewal.holds(now)) else {
            return Err(self.failed(ran_out));
        };
        let request = Request::post_json(&self.doing, format!("{}/token", self.oidc), renewal.body());
        let mut response = net.send(request).await?;
        if !response.is_success() {
            let status = response.status();
            return Err(self.failed(format!("{ran_out}, and it was not renewed (status {status})")));
        }
        let renewed = aws::renewed(&self.doing, &bytes, &response.bytes(LONGEST).await?, now)?;
        let login = Login::read(&self.doing, &renewed)?;
        // Amazon's own tools read the next token there.
        let (path, written) = (self.path.clone(), renewed.clone());
        let kept = tokio::task::spawn_blocking(move || replace(&path, &written)).await;
        let kept = kept.map_err(|why| Error::internal(&self.doing, why.to_string()))?;
        if let Err(why) = &kept {
            tracing::warn!(%why, file = %self.path.display(), "the renewed login of SSO is kept for this run only");
        }
        let unwritten = kept.err().and_then(|_| String::from_utf8(renewed).ok());
        *self.unwritten.lock().unwrap_or_else(PoisonError::into_inner) = unwritten.map(Into::into);
        Ok(login)
    }

    /// The file's bytes, or what could not be written there where that holds longer.
    async fn read(&self) -> Result<(Vec<u8>, Login)> {
        let bytes = tokio::fs::read(&self.path).await.map_err(|why| self.unread(&why))?;
        let login = Login::read(&self.doing, &bytes)?;
        let unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(unwritten) = unwritten else { return Ok((bytes, login)) };
        let unwritten = unwritten.expose_secret().as_bytes();
        let ours = Login::read(&self.doing, unwritten)?;
        Ok(if ours.ends > login.ends { (unwritten.to_vec(), ours) } else { (bytes, login) })
    }

    /// The lock of the file, held until it is dropped. Who had to wait for it finds another file in its place.
    async fn alone(&self) -> Result<File> {
        let file = tokio::fs::File::open(&self.path).await.map_err(|why| self.unread(&why))?;
        let file = file.into_std().await;
        let looking = async {
            loop {
                match file.try_lock() {
                    // A file system without locks: as Amazon's own tools do it.
                    Ok(()) | Err(TryLockError::Error(_)) => return,
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK).await,
                }
            }
        };
        if tokio::time::timeout(PATIENCE, looking).await.is_err() {
            let why = format!("another program has been renewing {} for 30 s", self.path.display());
            return Err(Error::new(ErrorKind::Busy, &self.doing, why, "End that program, then try again."));
        }
        Ok(file)
    }

    fn unread(&self, why: &std::io::Error) -> Error {
        if why.kind() == IoKind::NotFound {
            return self.failed("nobody has signed in to SSO (IAM Identity Center) here");
        }
        Error::io(format!("{} by SSO", self.doing), why)
    }

    fn failed(&self, why: impl Into<String>) -> Error {
        Error::new(ErrorKind::Auth, &self.doing, why, &self.renew)
    }
}

/// Puts the bytes in the place of the file's, for the person's eyes only: whoever reads it finds the one or the other whole.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension(format!("json.{}", std::process::id()));
    // Of a run that was killed.
    match std::fs::remove_file(&beside) {
        Err(why) if why.kind() != IoKind::NotFound => return Err(why),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
