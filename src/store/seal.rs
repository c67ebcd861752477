//! The frame that every record, blob and backup entry is sealed in.
//!
//! ```text
//! offset 0  4  magic "OCF1"
//!        4  1  schema of the record's kind
//!        5  8  id of the data key
//!       13  8  sequence number, big-endian: of two frames of one key the higher is the newer
//!       21  2  length of the key, big-endian
//!       23  4  length of the ciphertext with its tag, big-endian
//!       27  …  the key: its kind, then ids and times
//!        …  24 nonce, drawn afresh for every frame
//!        …  …  XChaCha20-Poly1305 ciphertext and tag; everything before the nonce is its associated data
//! ```
//!
//! A frame says where it belongs, so one that was swapped for another is found out, and a frame can be found again in
//! the wreck of a file by its magic alone.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::shield::corrupt;
use crate::domain::hex::hex;
use crate::domain::{Error, ErrorKind, Result};

pub(super) const MAGIC: &[u8; 4] = b"OCF1";
pub(super) const FIXED: usize = 27;
const NONCE: usize = 24;
const TAG: usize = 16;

/// Thirty-two secret bytes, wiped when dropped.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// Names a data key without telling it.
pub(super) type KeyId = [u8; 8];

/// Fresh random bytes from the operating system.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut bytes[..])
        .map_err(|error| Error::internal("drawing random bytes", error.to_string()))?;
    Ok(bytes)
}

/// HMAC-SHA-256.
pub(super) fn mac(secret: &Secret, message: &[u8]) -> [u8; 32] {
    let mut mac = keyed(secret);
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA-256, to be fed piece by piece.
pub(super) fn keyed(secret: &Secret) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    <Hmac<Sha256> as KeyInit>::new_from_slice(&secret[..]).expect("any length is a key")
}

/// The parts of a frame, as they lie there; nothing is proven yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) schema: u8,
    pub(super) key_id: KeyId,
    pub(super) sequence: u64,
    pub(super) key: &'a [u8],
    /// Bytes of the whole frame.
    pub(super) length: usize,
    associated: &'a [u8],
    nonce: &'a [u8],
    ciphertext: &'a [u8],
}

impl Frame<'_> {
    /// The length of the whole frame, from its first 27 bytes.
    pub(super) fn announced(fixed: &[u8]) -> Option<usize> {
        let fixed = fixed.get(..FIXED)?;
        let key = usize::from(u16::from_be_bytes(fixed[21..23].try_into().ok()?));
        let sealed = usize::try_from(u32::from_be_bytes(fixed[23..27].try_into().ok()?)).ok()?;
        (&fixed[..4] == MAGIC && key > 0 && sealed >= TAG).then(|| FIXED + key + NONCE + sealed)
    }
}

impl<'a> Frame<'a> {
    /// The frame that `bytes` begin with.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let length = Self::announced(bytes)?;
        let fixed = &bytes[..FIXED];
        let nonce_at = FIXED + usize::from(u16::from_be_bytes(fixed[21..23].try_into().ok()?));
        let sealed_at = nonce_at + NONCE;
        if bytes.len() < length {
            return None;
        }
        Some(Self {
            schema: fixed[4],
            key_id: fixed[5..13].try_into().ok()?,
            sequence: u64::from_be_bytes(fixed[13..21].try_into().ok()?),
            key: &bytes[FIXED..nonce_at],
            length,
            associated: &bytes[..nonce_at],
            nonce: &bytes[nonce_at..sealed_at],
            ciphertext: &bytes[sealed_at..length],
        })
    }
}

/// What a frame held.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) schema: u8,
    pub(super) sequence: u64,
    pub(super) plain: Vec<u8>,
}

/// Seals and opens frames under one data key.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    id: KeyId,
}

impl Sealer {
    /// Under `secret`.
    pub(super) fn new(secret: &Secret) -> Self {
        let mut id = KeyId::default();
        id.copy_from_slice(&mac(secret, b"outcrop data key id")[..8]);
        Self { cipher: XChaCha20Poly1305::new(&Key::from(**secret)), id }
    }

    /// The id of the key.
    pub(super) fn id(&self) -> KeyId {
        self.id
    }

    /// Seals `plain` as the value of `key`.
    pub(super) fn seal(&self, schema: u8, sequence: u64, key: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        self.seal_with(*random::<NONCE>()?, schema, sequence, key, plain)
    }

    fn seal_with(
        &self,
        nonce: [u8; NONCE],
        schema: u8,
        sequence: u64,
        key: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>> {
        let too_long = || Error::internal("sealing a record", "it is too long for its frame");
        let key_length = u16::try_from(key.len()).map_err(|_| too_long())?;
        let sealed_length = u32::try_from(plain.len() + TAG).map_err(|_| too_long())?;
        let mut frame = Vec::with_capacity(FIXED + key.len() + NONCE + plain.len() + TAG);
        frame.extend_from_slice(MAGIC);
        frame.push(schema);
        frame.extend_from_slice(&self.id);
        frame.extend_from_slice(&sequence.to_be_bytes());
        frame.extend_from_slice(&key_length.to_be_bytes());
        frame.extend_from_slice(&sealed_length.to_be_bytes());
        frame.extend_from_slice(key);
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &frame })
            .map_err(|_| too_long())?;
        frame.extend_from_slice(&nonce);
        frame.extend_from_slice(&sealed);
        Ok(frame)
    }

    /// Opens the frame that must be the value of `key`.
    pub(super) fn open(&self, key: &[u8], bytes: &[u8]) -> Result<Opened> {
        let doing = "opening a sealed record";
        let Some(frame) = Frame::parse(bytes).filter(|frame| frame.length == bytes.len()) else {
            return Err(corrupt(doing, "its frame is damaged"));
        };
        if frame.key != key {
            return Err(corrupt(doing, "another record lies in its place"));
        }
        self.unseal(&frame)
    }

    /// Opens a frame wherever it was found.
    pub(super) fn unseal(&self, frame: &Frame<'_>) -> Result<Opened> {
        if frame.key_id != self.id {
            return Err(Error::new(
                ErrorKind::Locked,
                "opening a sealed record",
                "it was sealed with another key",
                "Restore a backup that was made with the present key.",
            ));
        }
        let nonce: [u8; NONCE] =
            frame.nonce.try_into().map_err(|_| corrupt("opening a sealed record", "its frame is damaged"))?;
        let plain = self
            .cipher
            .decrypt(&XNonce::from(nonce), Payload { msg: frame.ciphertext, aad: frame.associated })
            .map_err(|_| corrupt("opening a sealed record", "its seal is broken"))?;
        Ok(Opened { schema: frame.schema, sequence: frame.sequence, plain })
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({})", hex(&self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hex::unhex;

    /// Made with libsodium, not with this code.
    const FRAMES: &str = include_str!("../../tests/data/store/frames.tsv");

    fn sealer() -> Sealer {
        let mut secret = Secret::default();
        secret.iter_mut().zip(0..).for_each(|(byte, value)| *byte = value);
        Sealer::new(&secret)
    }

    #[test]
    fn frames_made_by_another_hand_open_and_forged_ones_do_not() {
        let (mut opened, mut refused) = (0, 0);
        for line in FRAMES.lines().filter(|line| !line.starts_with('#')) {
            let parts: Vec<&str> = line.split('\t').collect();
            let [verdict, name, key, frame, plain] = parts[..] else { panic!("{line}") };
            let bytes = |text: &str| unhex(text).unwrap();
            let result = sealer().open(&bytes(key), &bytes(frame));
            if verdict == "opens" {
                let found = result.unwrap();
                assert_eq!(found.plain, bytes(plain), "{name}");
                let nonce: [u8; NONCE] = std::array::from_fn(|at| 64 + at as u8);
                let again = sealer()
                    .seal_with(nonce, found.schema, found.sequence, &bytes(key), &found.plain)
                    .unwrap();
                assert_eq!(again, bytes(frame), "{name}");
                opened += 1;
            } else {
                assert!(result.is_err(), "{name} was opened");
                refused += 1;
            }
        }
        assert_eq!((opened, refused), (4, 19));
    }

    #[test]
    fn no_nonce_is_used_twice() {
        let sealer = sealer();
        let drawn =
            |_| <[u8; NONCE]>::try_from(Frame::parse(&sealer.seal(1, 1, b"k", b"").unwrap()).unwrap().nonce);
        let mut nonces: Vec<[u8; NONCE]> = (0..1_000_000).map(|n| drawn(n).unwrap()).collect();
        nonces.sort_unstable();
        assert!(nonces.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
