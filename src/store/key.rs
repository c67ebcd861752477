//! The store's keys and what wraps them: a key file, a passphrase or the operating system's keyring.
//!
//! The data key is random and never changes with a passphrase; only its wrapping does. Beside it lies the names key,
//! which makes record keys from names and addresses from contents and stays the same for the life of a store.

use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::files;
use super::keyring::{RingEntry, RingFault};
use super::options::Options;
use super::seal::{Sealer, Secret, random};
use crate::domain::hex::{hex, unhex};
use crate::domain::id::WorkspaceId;
use crate::domain::{Error, ErrorKind, Result};

/// Argon2id: 64 MiB, three passes, one lane: RFC 9106's second recommended choice with one thread.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;

/// A head file that asks for more than this was not written by us.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 64;

/// What a person gives to open the store.
#[derive(Debug, Clone, Default)]
pub struct Unlock {
    /// Needed where a passphrase wraps the key; where there is no store yet, it becomes the passphrase.
    pub passphrase: Option<SecretString>,
    /// Whether a locked keyring may ask the person for its own password.
    pub ask: bool,
}

/// What shall wrap the data key.
#[derive(Debug, Clone)]
pub enum WrapWith {
    /// A 0600 file beside the store.
    KeyFile,
    /// A passphrase.
    Passphrase(SecretString),
    /// The operating system's keyring.
    Keyring,
}

/// What wraps the data key, as the head file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Wrap {
    /// The secret lies in the file `key-ID`.
    KeyFile { id: String },
    /// Argon2id makes it from the passphrase.
    Passphrase { salt: String, memory_kib: u32, passes: u32, lanes: u32 },
    /// The secret is the keyring's entry of that id.
    Keyring { id: String },
}

impl Wrap {
    /// A new one, with nothing kept yet of what it needs.
    pub(super) fn draw(with: &WrapWith) -> Result<Self> {
        Ok(match with {
            WrapWith::KeyFile => Self::KeyFile { id: hex(&random::<4>()?[..]) },
            WrapWith::Passphrase(_) => {
                let salt = hex(&random::<16>()?[..]);
                Self::Passphrase { salt, memory_kib: MEMORY_KIB, passes: PASSES, lanes: 1 }
            }
            WrapWith::Keyring => Self::Keyring { id: hex(&random::<8>()?[..]) },
        })
    }

    /// In words, for people.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::KeyFile { .. } => "a key file",
            Self::Passphrase { .. } => "a passphrase",
            Self::Keyring { .. } => "the keyring",
        }
    }

    /// The name of the key file that it needs.
    pub(super) fn file(&self) -> Option<String> {
        match self {
            Self::KeyFile { id } => Some(format!("{KEY_FILE}{id}")),
            Self::Passphrase { .. } | Self::Keyring { .. } => None,
        }
    }

    /// The entry of the keyring that it needs, for the workspace in `folder`.
    fn entry(&self, workspace: WorkspaceId, folder: &Path) -> Option<RingEntry> {
        match self {
            Self::Keyring { id } => Some(RingEntry::new(workspace, id, folder)),
            Self::KeyFile { .. } | Self::Passphrase { .. } => None,
        }
    }

    /// Fails where no keyring is there to keep what this one needs: asked first, as nothing is left behind then.
    pub(super) fn has_a_place(&self, workspace: WorkspaceId, folder: &Path, options: &Options) -> Result<()> {
        let Some(entry) = self.entry(workspace, folder) else { return Ok(()) };
        match options.keyring.give(&entry, false) {
            Err(fault @ RingFault::Absent(_)) => Err(fault.told(ErrorKind::Locked, KEEPING, OPENS_STILL)),
            _ => Ok(()),
        }
    }

    /// Takes away what this wrapping kept outside of the head, which names another now. `Some` says in words what
    /// could not be taken away; the key is changed all the same.
    pub(super) fn discard(
        &self,
        workspace: WorkspaceId,
        folder: &Path,
        options: &Options,
    ) -> Result<Option<String>> {
        if let Some(file) = self.file() {
            let doing = "taking the old key file away";
            options.faults.at(doing).map_err(|error| Error::io(doing, &error))?;
            files::remove(&folder.join(file))?;
        }
        let Some(entry) = self.entry(workspace, folder) else { return Ok(None) };
        let doing = "taking the old key out of the keyring";
        options.faults.at(doing).map_err(|error| Error::io(doing, &error))?;
        Ok(options.keyring.forget(&entry).err().map(|fault| {
            let kept = format!(
                "or remove its entry “{}” by hand: the old key opens nothing here any more",
                entry.label
            );
            fault.told(ErrorKind::Locked, doing, &kept).to_string()
        }))
    }
}

const OPENING: &str = "opening the store";

const KEEPING: &str = "keeping the key in the keyring";

const OPENS_STILL: &str = "what opened the workspace opens it still";

/// What secrets begin with where people could meet them.
const MAGIC: &str = "outcrop key 1\n";

const LOST_ENTRY: &str = "Bring the keyring's entry back (its own backup has it), or restore a backup that was made \
                          while a passphrase or a key file opened the workspace; nothing else opens it.";

/// How the names of key files begin.
pub(super) const KEY_FILE: &str = "key-";

/// The two keys of a generation.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) data: Secret,
    pub(super) names: Secret,
}

impl Keys {
    /// Drawn afresh.
    pub(super) fn fresh() -> Result<Self> {
        Ok(Self { data: random()?, names: random()? })
    }

    /// A new data key, the same names.
    pub(super) fn with_new_data_key(&self) -> Result<Self> {
        Ok(Self { data: random()?, names: self.names.clone() })
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Both keys, sealed under the wrapping key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wrapped {
    /// The data key's id, in hexadecimal.
    pub(super) id: String,
    nonce: String,
    sealed: String,
}

/// The key that wraps keys.
#[derive(Clone)]
pub(super) struct Wrapper {
    secret: Secret,
    workspace: WorkspaceId,
}

impl Wrapper {
    /// Makes the wrapping key of `wrap`, which was drawn for `with`: draws a key file's secret and writes it, or stretches
    /// the passphrase.
    pub(super) fn make(
        wrap: &Wrap,
        with: &WrapWith,
        workspace: WorkspaceId,
        folder: &Path,
        options: &Options,
    ) -> Result<Self> {
        let secret = match with {
            WrapWith::Passphrase(passphrase) => stretch(wrap, passphrase)?,
            WrapWith::KeyFile => {
                let secret: Secret = random()?;
                let path = folder.join(wrap.file().unwrap_or_default());
                files::write(&path, written(&secret).as_bytes(), &options.faults)?;
                secret
            }
            WrapWith::Keyring => {
                let secret: Secret = random()?;
                let Some(entry) = wrap.entry(workspace, folder) else {
                    return Err(Error::internal(
                        "keeping the key in the keyring",
                        "it was drawn for another place",
                    ));
                };
                keep_entry(&entry, &secret, options)?;
                secret
            }
        };
        Ok(Self { secret, workspace })
    }

    /// Finds the wrapping key that a head file asks for. `places` are where its key file may lie, the store's folder
    /// first.
    pub(super) fn find(
        wrap: &Wrap,
        workspace: WorkspaceId,
        places: &[PathBuf],
        unlock: &Unlock,
        options: &Options,
    ) -> Result<Self> {
        let secret = match wrap {
            Wrap::KeyFile { .. } => {
                let name = wrap.file().unwrap_or_default();
                read_key_file(&name, places)?
            }
            Wrap::Passphrase { .. } => {
                let passphrase = unlock.passphrase.as_ref().ok_or_else(|| {
                    Error::new(
                        ErrorKind::Passphrase,
                        OPENING,
                        "it is sealed with a passphrase and none was given",
                        "Set OUTCROP_PASSPHRASE or give --passphrase-file.",
                    )
                })?;
                stretch(wrap, passphrase)?
            }
            Wrap::Keyring { id } => {
                let folder = places.first().map_or(Path::new(""), PathBuf::as_path);
                read_entry(&RingEntry::new(workspace, id, folder), unlock, options)?
            }
        };
        Ok(Self { secret, workspace })
    }

    /// Seals `keys`.
    pub(super) fn wrap(&self, keys: &Keys) -> Result<Wrapped> {
        let id = hex(&Sealer::new(&keys.data).id());
        let nonce = random::<24>()?;
        let mut plain = Zeroizing::new([0; 64]);
        plain[..32].copy_from_slice(&keys.data[..]);
        plain[32..].copy_from_slice(&keys.names[..]);
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(*nonce), Payload { msg: &plain[..], aad: &self.associated(&id) })
            .map_err(|_| Error::internal("wrapping the data key", "the cipher refused"))?;
        Ok(Wrapped { id, nonce: hex(&nonce[..]), sealed: hex(&sealed) })
    }

    /// Opens them; with another wrapping key they stay shut.
    pub(super) fn unwrap(&self, wrapped: &Wrapped, wrap: &Wrap) -> Result<Keys> {
        let shut = || match wrap {
            Wrap::KeyFile { .. } => locked("the key file does not open it", "Put the right key file there."),
            Wrap::Passphrase { .. } => Error::new(
                ErrorKind::Passphrase,
                OPENING,
                "the passphrase does not open it",
                "Try the passphrase again.",
            ),
            Wrap::Keyring { .. } => locked("the keyring's entry does not open it", LOST_ENTRY),
        };
        let nonce: [u8; 24] = unhex(&wrapped.nonce).and_then(|n| n.try_into().ok()).ok_or_else(shut)?;
        let sealed = unhex(&wrapped.sealed).ok_or_else(shut)?;
        let plain = self
            .cipher()
            .decrypt(&XNonce::from(nonce), Payload { msg: &sealed, aad: &self.associated(&wrapped.id) })
            .map(Zeroizing::new)
            .map_err(|_| shut())?;
        let mut keys = Keys { data: Zeroizing::new([0; 32]), names: Zeroizing::new([0; 32]) };
        if plain.len() != 64 {
            return Err(shut());
        }
        keys.data.copy_from_slice(&plain[..32]);
        keys.names.copy_from_slice(&plain[32..]);
        Ok(keys)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.secret))
    }

    fn associated(&self, id: &str) -> Vec<u8> {
        format!("outcrop keys 1 {} {id}", self.workspace).into_bytes()
    }
}

impl std::fmt::Debug for Wrapper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wrapper(…)")
    }
}

/// A secret as key files and keyrings hold it.
fn written(secret: &Secret) -> Zeroizing<String> {
    Zeroizing::new(format!("{MAGIC}{}\n", &*Zeroizing::new(hex(&secret[..]))))
}

fn read(text: &[u8]) -> Option<Secret> {
    let text = std::str::from_utf8(text).ok()?.strip_prefix(MAGIC)?;
    let bytes = unhex(text.trim_end()).map(Zeroizing::new)?;
    let mut secret = Zeroizing::new([0; 32]);
    (bytes.len() == secret.len()).then(|| secret.copy_from_slice(&bytes))?;
    Some(secret)
}

/// What the keyring does not give back now, it would not give back at the next start either.
fn keep_entry(entry: &RingEntry, secret: &Secret, options: &Options) -> Result<()> {
    options.faults.at(KEEPING).map_err(|error| Error::io(KEEPING, &error))?;
    let text = written(secret);
    let kept = options.keyring.keep(entry, &text).and_then(|()| options.keyring.give(entry, false));
    let fault = match kept {
        Ok(Some(back)) if back == text => return Ok(()),
        Ok(_) => RingFault::Failed("it does not give back what it was given".to_owned()),
        Err(fault) => fault,
    };
    Err(fault.told(ErrorKind::Locked, KEEPING, OPENS_STILL))
}

fn read_entry(entry: &RingEntry, unlock: &Unlock, options: &Options) -> Result<Secret> {
    match options.keyring.give(entry, unlock.ask) {
        Ok(Some(text)) => {
            read(text.as_bytes()).ok_or_else(|| locked("the keyring's entry for it is damaged", LOST_ENTRY))
        }
        Ok(None) => Err(locked(&format!("the keyring has no entry “{}” any more", entry.label), LOST_ENTRY)),
        Err(fault) => Err(fault.told(ErrorKind::Locked, OPENING, "nothing that was saved is lost")),
    }
}

fn read_key_file(name: &str, places: &[PathBuf]) -> Result<Secret> {
    for place in places {
        let Some(bytes) = files::read(&place.join(name))?.map(Zeroizing::new) else { continue };
        if let Some(secret) = read(&bytes) {
            return Ok(secret);
        }
        return Err(locked(
            &format!("the key file {name} is damaged"),
            "Put a good copy of it there; without it nothing opens the store.",
        ));
    }
    Err(locked(
        &format!("its key file {name} is missing"),
        "Put the key file back; without it only a backup with another key is of use: `outcrop workspace restore FILE`.",
    ))
}

pub(super) fn stretch(wrap: &Wrap, passphrase: &SecretString) -> Result<Secret> {
    let Wrap::Passphrase { salt, memory_kib, passes, lanes } = wrap else {
        return Err(Error::internal("stretching a passphrase", "there is none"));
    };
    let odd = || locked("its head asks for parameters that this program never writes", "Restore a backup.");
    if *memory_kib > MOST_MEMORY_KIB || *passes > MOST_PASSES || *lanes != 1 {
        return Err(odd());
    }
    let salt = unhex(salt).ok_or_else(odd)?;
    let params = Params::new(*memory_kib, *passes, *lanes, Some(32)).map_err(|_| odd())?;
    let mut secret = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose_secret().as_bytes(), &salt, &mut secret[..])
        .map_err(|_| odd())?;
    Ok(secret)
}

fn locked(why: &str, hint: &str) -> Error {
    Error::new(ErrorKind::Locked, OPENING, why, hint)
}
