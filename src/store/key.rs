//! The store's keys and what wraps them: a key file or a passphrase.
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

use super::fault::Faults;
use super::files;
use super::seal::{Sealer, Secret, hex, random, unhex};
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
}

/// What shall wrap the data key.
#[derive(Debug, Clone)]
pub enum WrapWith {
    /// A 0600 file beside the store.
    KeyFile,
    /// A passphrase.
    Passphrase(SecretString),
}

/// What wraps the data key, as the head file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Wrap {
    /// The secret lies in the file `key-ID`.
    KeyFile { id: String },
    /// Argon2id makes it from the passphrase.
    Passphrase { salt: String, memory_kib: u32, passes: u32, lanes: u32 },
}

impl Wrap {
    /// In words, for people.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::KeyFile { .. } => "a key file",
            Self::Passphrase { .. } => "a passphrase",
        }
    }

    /// The name of the key file that it needs.
    pub(super) fn file(&self) -> Option<String> {
        match self {
            Self::KeyFile { id } => Some(format!("{KEY_FILE}{id}")),
            Self::Passphrase { .. } => None,
        }
    }
}

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
    /// Makes the wrapping key anew: draws a key file's secret and writes it, or stretches the passphrase.
    pub(super) fn make(
        with: &WrapWith,
        workspace: WorkspaceId,
        folder: &Path,
        faults: &Faults,
    ) -> Result<(Wrap, Self)> {
        match with {
            WrapWith::KeyFile => {
                let secret: Secret = random()?;
                let wrap = Wrap::KeyFile { id: hex(&random::<4>()?[..]) };
                let path = folder.join(wrap.file().unwrap_or_default());
                let text = Zeroizing::new(format!("outcrop key 1\n{}\n", &*Zeroizing::new(hex(&secret[..]))));
                files::write(&path, text.as_bytes(), faults)?;
                Ok((wrap, Self { secret, workspace }))
            }
            WrapWith::Passphrase(passphrase) => {
                let salt = hex(&random::<16>()?[..]);
                let wrap = Wrap::Passphrase { salt, memory_kib: MEMORY_KIB, passes: PASSES, lanes: 1 };
                let secret = stretch(&wrap, passphrase)?;
                Ok((wrap, Self { secret, workspace }))
            }
        }
    }

    /// Finds the wrapping key that a head file asks for. `files` are the places where its key file may lie.
    pub(super) fn find(
        wrap: &Wrap,
        workspace: WorkspaceId,
        places: &[PathBuf],
        unlock: &Unlock,
    ) -> Result<Self> {
        let secret = match wrap {
            Wrap::KeyFile { .. } => {
                let name = wrap.file().unwrap_or_default();
                read_key_file(&name, places)?
            }
            Wrap::Passphrase { .. } => {
                let passphrase = unlock.passphrase.as_ref().ok_or_else(|| {
                    locked(
                        "it is sealed with a passphrase and none was given",
                        "Set OUTCROP_PASSPHRASE or give --passphrase-file.",
                    )
                })?;
                stretch(wrap, passphrase)?
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
            Wrap::Passphrase { .. } => locked("the passphrase does not open it", "Try the passphrase again."),
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

fn read_key_file(name: &str, places: &[PathBuf]) -> Result<Secret> {
    for place in places {
        let Some(bytes) = files::read(&place.join(name))?.map(Zeroizing::new) else { continue };
        let secret = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.strip_prefix("outcrop key 1\n"))
            .and_then(|text| unhex(text.trim_end()))
            .map(Zeroizing::new);
        if let Some(secret) = secret
            && secret.len() == 32
        {
            let mut key = Zeroizing::new([0; 32]);
            key.copy_from_slice(&secret);
            return Ok(key);
        }
        return Err(locked(
            &format!("the key file {name} is damaged"),
            "Put a good copy of it there; without it nothing opens the store.",
        ));
    }
    Err(locked(
        &format!("its key file {name} is missing"),
        "Put the key file back; without it nothing opens the store.",
    ))
}

fn stretch(wrap: &Wrap, passphrase: &SecretString) -> Result<Secret> {
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
    Error::new(ErrorKind::Locked, "opening the store", why, hint)
}
