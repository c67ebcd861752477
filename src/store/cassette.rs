//! Cassettes: files of sealed takes, appended one by one.
//!
//! ```text
//! {"outcrop":"cassette 1","id":"…","wrap":null}\n     one line of JSON: who opens it
//! frame, frame, …                                     as in `seal`, the key of each its place in the file
//! ```
//!
//! One that is recorded opens with the workspace whose names key made its secret, whatever its data key becomes. One that
//! is given away opens with a passphrase. What was not written to its end is left out, and that is told.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::{Wrap, WrapWith, stretch};
use super::seal::{self, FIXED, Frame, Sealer, mac, random};
use super::{Store, files};
use crate::domain::hex::hex;
use crate::domain::{Error, ErrorKind, Result};

const MAGIC: &str = "cassette 1";
/// No first line is longer, in bytes.
const LONGEST_HEAD: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    outcrop: String,
    id: String,
    /// How a passphrase is stretched; `None` where the workspace opens it.
    wrap: Option<Wrap>,
}

/// A cassette that is recorded on.
#[derive(Debug)]
pub struct Cassette {
    file: File,
    doing: String,
    id: String,
    sealer: Sealer,
    /// Takes that it has.
    takes: u64,
    /// Bytes of what is whole.
    length: u64,
}

/// What a cassette holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tape {
    pub takes: Vec<Vec<u8>>,
    /// The last take was not written to its end.
    pub cut: bool,
}

impl Store {
    /// Opens a cassette of this workspace to record on it, behind what it has; makes it where it is missing.
    pub fn cassette(&self, path: &Path) -> Result<Cassette> {
        let doing = format!("recording on {}", path.display());
        let mut file = files::open(path)?;
        let bytes = files::read(path)?.unwrap_or_default();
        if bytes.is_empty() {
            let head = Head { outcrop: MAGIC.to_owned(), id: hex(&random::<8>()?[..]), wrap: None };
            let sealer = self.cassette_sealer(&head.id);
            let mut line = encoded(&head)?;
            line.push(b'\n');
            file.write_all(&line).and_then(|()| file.sync_all()).map_err(|why| Error::io(&doing, &why))?;
            // What is recorded on it would go with its name.
            files::sync_folder(path.parent().unwrap_or(Path::new(".")), &self.shared.site.options.faults)?;
            return Ok(Cassette { file, doing, id: head.id, sealer, takes: 0, length: line.len() as u64 });
        }
        let (head, from) = head(&doing, &bytes)?;
        if head.wrap.is_some() {
            return Err(Error::new(
                ErrorKind::Invalid,
                doing,
                "it is one to give away, which is only played",
                "Name another file.",
            ));
        }
        let sealer = self.cassette_sealer(&head.id);
        let (tape, whole) = takes(&doing, &head.id, &sealer, &bytes, from)?;
        let length = whole as u64;
        // A take that was cut off is written over.
        file.set_len(length).map_err(|why| Error::io(&doing, &why))?;
        Ok(Cassette { file, doing, id: head.id, sealer, takes: tape.takes.len() as u64, length })
    }

    /// The takes of a cassette: of this workspace's, or of one that the passphrase opens.
    pub fn play(&self, path: &Path, passphrase: Option<&SecretString>) -> Result<Tape> {
        let doing = format!("playing {}", path.display());
        let Some(bytes) = files::read(path)? else {
            return Err(Error::new(ErrorKind::NotFound, doing, "there is no such file", "Look at the path."));
        };
        let (head, from) = head(&doing, &bytes)?;
        let sealer = match (&head.wrap, passphrase) {
            (None, _) => self.cassette_sealer(&head.id),
            (Some(wrap), Some(passphrase)) => Sealer::new(&stretch(wrap, passphrase)?),
            (Some(_), None) => {
                return Err(Error::new(
                    ErrorKind::Auth,
                    doing,
                    "a passphrase opens it and none was given",
                    "Give it as the provider's api_key, or `outcrop keys set` keeps it.",
                ));
            }
        };
        let tape = takes(&doing, &head.id, &sealer, &bytes, from).map(|(tape, _)| tape);
        tape.map_err(|error| match error.kind {
            // No passphrase opens this one.
            ErrorKind::Auth if head.wrap.is_none() => Error::new(
                ErrorKind::Locked,
                doing,
                "another workspace recorded it",
                "Play it there, or make a copy there with `outcrop cassettes share`.",
            ),
            _ => error,
        })
    }

    /// Writes the takes of a cassette into a new one that a passphrase opens, wherever it is played.
    pub fn share_cassette(&self, tape: &Tape, to: &Path, passphrase: &SecretString) -> Result<()> {
        let doing = format!("writing {}", to.display());
        if to.exists() {
            let hint = "Name a new file.";
            return Err(Error::new(ErrorKind::Invalid, doing, "there is such a file already", hint));
        }
        let wrap = Wrap::draw(&WrapWith::Passphrase(passphrase.clone()))?;
        let sealer = Sealer::new(&stretch(&wrap, passphrase)?);
        let head = Head { outcrop: MAGIC.to_owned(), id: hex(&random::<8>()?[..]), wrap: Some(wrap) };
        let mut bytes = encoded(&head)?;
        bytes.push(b'\n');
        for (at, take) in (0..).zip(&tape.takes) {
            bytes.extend(sealer.seal(1, at, &place(&head.id, at), take)?);
        }
        files::write(to, &bytes, &self.shared.site.options.faults)
    }

    fn cassette_sealer(&self, id: &str) -> Sealer {
        let names = self.shared.desk().keys.names.clone();
        Sealer::new(&Zeroizing::new(mac(&names, format!("outcrop cassette {id}").as_bytes())))
    }
}

impl Cassette {
    /// Appends a take; it is on the disk when this returns.
    pub fn record(&mut self, take: &[u8]) -> Result<()> {
        let frame = self.sealer.seal(1, self.takes, &place(&self.id, self.takes), take)?;
        // What an earlier one that failed has left behind the last take is no part of this one.
        let written = self
            .file
            .set_len(self.length)
            .and_then(|()| self.file.seek(SeekFrom::Start(self.length)))
            .and_then(|_| self.file.write_all(&frame))
            .and_then(|()| self.file.sync_data());
        if let Err(why) = written {
            // Where that fails too, the next one tries again.
            let _ = self.file.set_len(self.length);
            return Err(Error::io(&self.doing, &why));
        }
        self.takes += 1;
        self.length += frame.len() as u64;
        Ok(())
    }
}

/// The key of the take at `at`: one that was swapped, left out or brought from elsewhere is found out.
fn place(id: &str, at: u64) -> Vec<u8> {
    format!("cassette {id} {at}").into_bytes()
}

fn encoded(head: &Head) -> Result<Vec<u8>> {
    serde_json::to_vec(head).map_err(|why| Error::internal("writing a cassette", why.to_string()))
}

/// The first line, and where the takes begin.
fn head(doing: &str, bytes: &[u8]) -> Result<(Head, usize)> {
    let end = bytes.iter().take(LONGEST_HEAD).position(|byte| *byte == b'\n');
    let head = end.and_then(|end| Some((serde_json::from_slice::<Head>(&bytes[..end]).ok()?, end + 1)));
    head.filter(|(head, _)| head.outcrop == MAGIC).ok_or_else(|| {
        let hint = "Name a file that `record` of the configuration made, or `outcrop cassettes share`.";
        Error::new(ErrorKind::Invalid, doing, "it is no cassette, or one of a newer outcrop", hint)
    })
}

/// The takes from `from` on, and where the last whole one ends.
fn takes(doing: &str, id: &str, sealer: &Sealer, bytes: &[u8], from: usize) -> Result<(Tape, usize)> {
    let mut tape = Tape::default();
    let mut at = from;
    while at < bytes.len() {
        let number = tape.takes.len() as u64;
        let Some(frame) = Frame::parse(&bytes[at..]) else {
            // What is too short to be a frame was cut off; what is long enough and none was damaged.
            let is_none = Frame::announced(&bytes[at..]).is_none() && bytes.len() - at >= FIXED;
            // Nor was what a whole take stands behind: recording on would write over it.
            if is_none || holds_a_take(&bytes[at + 1..], sealer) {
                return Err(damaged(doing, number));
            }
            tape.cut = true;
            break;
        };
        if frame.key != place(id, number) {
            return Err(damaged(doing, number));
        }
        let opened = sealer.unseal(&frame).map_err(|error| match error.kind {
            ErrorKind::Locked => Error::new(
                ErrorKind::Auth,
                doing,
                "it opens with another workspace or another passphrase",
                "Give the passphrase that it was shared with; one that was recorded opens in its own workspace.",
            ),
            _ => damaged(doing, number),
        })?;
        tape.takes.push(opened.plain);
        at += frame.length;
    }
    Ok((tape, at))
}

/// Whether a whole take lies anywhere in `bytes`.
fn holds_a_take(bytes: &[u8], sealer: &Sealer) -> bool {
    let begins = bytes.windows(seal::MAGIC.len()).enumerate().filter(|(_, four)| *four == seal::MAGIC);
    let mut frames = begins.filter_map(|(at, _)| Frame::parse(&bytes[at..]));
    frames.any(|frame| sealer.unseal(&frame).is_ok())
}

fn damaged(doing: &str, number: u64) -> Error {
    let why = format!("take {} is damaged", number + 1);
    Error::new(ErrorKind::Invalid, doing, why, "Bring a good copy of the file.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Owner, Unlock};

    fn store(folder: &Path) -> Store {
        let owner = Owner::try_take(folder).unwrap().unwrap();
        Store::open(&owner, &Unlock::default()).unwrap().0
    }

    fn recorded(store: &Store, path: &Path, takes: &[&str]) {
        let mut cassette = store.cassette(path).unwrap();
        for take in takes {
            cassette.record(take.as_bytes()).unwrap();
        }
    }

    fn texts(tape: &Tape) -> Vec<&str> {
        tape.takes.iter().map(|take| std::str::from_utf8(take).unwrap()).collect()
    }

    #[test]
    fn takes_come_back_in_order_also_after_recording_went_on_and_nothing_lies_open() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder.path().join("home"));
        let path = folder.path().join("demo.cassette");
        recorded(&store, &path, &["canary one", "two"]);
        recorded(&store, &path, &["three"]);
        let tape = store.play(&path, None).unwrap();
        assert_eq!((texts(&tape), tape.cut), (vec!["canary one", "two", "three"], false));
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
    }

    #[test]
    fn what_a_write_that_failed_left_behind_is_no_part_of_the_next_take() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder.path().join("home"));
        let path = folder.path().join("demo.cassette");
        let mut cassette = store.cassette(&path).unwrap();
        cassette.record(b"one").unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&[7; 500]).unwrap();
        cassette.record(b"two").unwrap();
        drop(cassette);
        let tape = store.play(&path, None).unwrap();
        assert_eq!((texts(&tape), tape.cut), (vec!["one", "two"], false));
    }

    #[test]
    fn wherever_a_cassette_is_cut_or_flipped_no_wrong_take_is_played() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder.path().join("home"));
        let path = folder.path().join("demo.cassette");
        recorded(&store, &path, &["one", "two"]);
        let whole = std::fs::read(&path).unwrap();
        let broken = folder.path().join("broken.cassette");
        let begin = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for end in begin..whole.len() {
            std::fs::write(&broken, &whole[..end]).unwrap();
            let tape = store.play(&broken, None).unwrap();
            assert!(tape.takes.len() < 2 && ["one", "two"].starts_with(&texts(&tape)), "cut at {end}");
            assert_eq!(tape.cut, end != begin && !is_whole(&whole, begin, end), "cut at {end}");
            // Recording goes on behind what is whole.
            recorded(&store, &broken, &["again"]);
            assert_eq!(texts(&store.play(&broken, None).unwrap()).last(), Some(&"again"), "cut at {end}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x20;
            std::fs::write(&broken, &flipped).unwrap();
            match store.play(&broken, None) {
                Ok(tape) => {
                    let texts = texts(&tape);
                    assert!(["one", "two"].starts_with(&texts), "flipped at {at}");
                    assert_eq!(tape.cut, texts.len() < 2, "flipped at {at}");
                }
                Err(error) => assert!(!error.why.is_empty() && error.doing.contains("broken.cassette")),
            }
        }
    }

    #[test]
    fn a_take_whose_length_was_damaged_is_not_taken_for_the_end_and_those_behind_it_stay() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder.path().join("home"));
        let path = folder.path().join("demo.cassette");
        recorded(&store, &path, &["one", "two", "three"]);
        let mut bytes = std::fs::read(&path).unwrap();
        let begin = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        // The first byte of how long what is sealed is.
        bytes[begin + 23] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(store.play(&path, None).unwrap_err().why, "take 1 is damaged");
        assert_eq!(store.cassette(&path).unwrap_err().why, "take 1 is damaged");
        assert!(std::fs::read(&path).unwrap() == bytes, "nothing was cut off");
    }

    /// Whether the bytes up to `end` are exactly the first take.
    fn is_whole(bytes: &[u8], begin: usize, end: usize) -> bool {
        Frame::parse(&bytes[begin..]).is_some_and(|frame| begin + frame.length == end)
    }

    #[test]
    fn one_opens_in_its_workspace_or_with_the_passphrase_that_it_was_shared_with() {
        let folder = tempfile::tempdir().unwrap();
        let one = store(&folder.path().join("one"));
        let other = store(&folder.path().join("other"));
        let (path, shared) = (folder.path().join("a.cassette"), folder.path().join("b.cassette"));
        recorded(&one, &path, &["take"]);
        assert_eq!(other.play(&path, None).unwrap_err().kind, ErrorKind::Locked);
        let passphrase = |text: &str| SecretString::from(text);
        one.share_cassette(&one.play(&path, None).unwrap(), &shared, &passphrase("sesame")).unwrap();
        assert_eq!(texts(&other.play(&shared, Some(&passphrase("sesame"))).unwrap()), ["take"]);
        let wrong = other.play(&shared, Some(&passphrase("simsalabim"))).unwrap_err();
        assert_eq!(wrong.kind, ErrorKind::Auth, "{wrong}");
        assert_eq!(other.play(&shared, None).unwrap_err().kind, ErrorKind::Auth);
        let again = one.share_cassette(&Tape::default(), &shared, &passphrase("x")).unwrap_err();
        assert!(again.why.contains("already"), "{again}");
        let error = other.cassette(&shared).unwrap_err();
        assert!(error.why.contains("only played"), "{error}");
        let none = one.play(&folder.path().join("none"), None).unwrap_err();
        assert_eq!(none.kind, ErrorKind::NotFound);
        std::fs::write(&path, "no cassette\n").unwrap();
        assert!(one.play(&path, None).unwrap_err().why.contains("no cassette"));
    }

    #[test]
    fn a_cassette_still_opens_after_the_workspace_has_a_new_data_key() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder.path().join("home"));
        let path = folder.path().join("demo.cassette");
        recorded(&store, &path, &["take"]);
        store.rekey_data(&WrapWith::KeyFile).unwrap();
        assert_eq!(texts(&store.play(&path, None).unwrap()), ["take"]);
    }
}
