//! Where documents come from: each place lists what it has, and gives the bytes of one.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::Knowledge;
use super::filing::Out;
use super::listing::{Listed, Listing, list};
use super::objects::{self, Objects};
use super::page::Page;
use crate::domain::hex::hex;
use crate::domain::knowledge::attribute::Metadata;
use crate::domain::knowledge::base::Origin;
use crate::domain::knowledge::sync::{Filed, Validators};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::service::blocking::blocking;
use crate::wire::knowledge::metadata::{self, SUFFIX};
use crate::worker::beneath::{self, Shut, Written};

/// A place that is read.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "one at a time is in hand; a box would only move the bytes")]
pub(super) enum Place {
    Files { path: PathBuf, include: Vec<String>, exclude: Vec<String>, ignored: bool },
    Objects(Objects),
    Page(Page),
}

/// A document as it was read.
#[derive(Debug)]
pub(super) struct Taken {
    pub bytes: Vec<u8>,
    /// SHA-256, in hexadecimal.
    pub hash: String,
    /// What it is called for those who tell formats by names.
    pub name: String,
    /// What the metadata file beside it says.
    pub said: Result<Metadata>,
    pub validators: Option<Validators>,
}

/// What came of asking for a document.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one at a time is in hand; a box would only move the bytes")]
pub(super) enum Took {
    Taken(Taken),
    /// Whoever has it says that it is as it was.
    Unchanged,
}

impl Place {
    /// As a source has it, reached that way.
    pub fn of(origin: &Origin, service: &Knowledge, net: Client) -> Result<Self> {
        let within = service.bounds.fetch;
        Ok(match origin.clone() {
            Origin::Files { path, include, exclude, ignored } => {
                Self::Files { path, include, exclude, ignored }
            }
            Origin::S3 { bucket: name, prefix, endpoint, region, include, exclude } => {
                let bucket = service.buckets.bucket(&name, endpoint, region)?;
                Self::Objects(Objects { name, prefix, include, exclude, bucket, net, within })
            }
            Origin::Url { url, private } => Self::Page(Page::new(&url, private, net, within)),
        })
    }

    /// What it has, unless that is not wanted any more.
    pub async fn list(&self, stop: &CancellationToken) -> Result<Listing> {
        match self {
            Self::Files { path, include, exclude, ignored } => {
                let (path, include, exclude) = (path.clone(), include.clone(), exclude.clone());
                let (ignored, stop) = (*ignored, stop.clone());
                blocking("listing a source", move || {
                    list(&path, (&include, &exclude), ignored, &|| !stop.is_cancelled())
                })
                .await
            }
            Self::Objects(objects) => objects.list(stop).await,
            Self::Page(page) => Ok(page.list()),
        }
    }

    /// A document of at most so many bytes.
    pub async fn take(&self, file: &Listed, known: Option<&Filed>, most: u64) -> Result<Took, Out> {
        match self {
            Self::Files { .. } => {
                let (uri, with) = (file.uri.clone(), file.metadata.is_some());
                let read = blocking("reading a file", move || {
                    let hint = "Split it, or raise documents.file_mb in the configuration.";
                    let bytes = whole(&uri, most, hint)?;
                    let said = if with { said_of(&uri) } else { Ok(Metadata::new()) };
                    let hash = hex(&Sha256::digest(&bytes));
                    Ok(Took::Taken(Taken { bytes, hash, name: uri, said, validators: None }))
                });
                read.await.map_err(Out::Failed)
            }
            Self::Objects(objects) => objects.take(file, most).await,
            Self::Page(page) => page.take(known, most).await,
        }
    }

    /// What the metadata file beside a document says.
    pub async fn said(&self, file: &Listed) -> Result<Metadata> {
        if file.metadata.is_none() {
            return Ok(Metadata::new());
        }
        match self {
            Self::Files { .. } => {
                let uri = file.uri.clone();
                blocking("reading a metadata file", move || said_of(&uri)).await
            }
            Self::Objects(objects) => objects.said(file).await,
            Self::Page(_) => Ok(Metadata::new()),
        }
    }

    /// Which of these documents, whose files had as many bytes, is at this place now.
    pub async fn twin(&self, file: &Listed, of: &[Filed], most: u64) -> Option<usize> {
        match self {
            Self::Files { .. } => {
                let uri = file.uri.clone();
                let read =
                    blocking("reading a file", move || Ok(hex(&Sha256::digest(whole(&uri, most, "")?))));
                let hash = read.await.ok()?;
                of.iter().position(|known| known.hash == hash)
            }
            Self::Objects(_) => objects::twin(file, of),
            Self::Page(_) => None,
        }
    }

    /// Whether what it lists tells a document that is as it was.
    pub fn tells_by_stamps(&self) -> bool {
        match self {
            Self::Files { .. } | Self::Objects(_) => true,
            Self::Page(_) => false,
        }
    }
}

/// What the metadata file beside a file says.
fn said_of(uri: &str) -> Result<Metadata> {
    let (most, hint) = (metadata::LARGEST as u64, "Leave attributes out that no filter asks for.");
    metadata::read(&whole(&format!("{uri}{SUFFIX}"), most, hint)?)
}

/// The bytes of a plain file, as it is when it is opened: a link that took its place is not followed, nothing waits for a pipe, and
/// what grows is not read on for ever.
fn whole(path: &str, most: u64, hint: &str) -> Result<Vec<u8>> {
    let doing = || format!("reading {path}");
    let mut bytes = Vec::new();
    let file = plain(Path::new(path))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|why| Error::io(doing(), &why))?;
    if bytes.len() as u64 > most {
        let why = format!("it has more than the {} KB that are read", most >> 10);
        return Err(Error::new(ErrorKind::Invalid, doing(), why, hint));
    }
    Ok(bytes)
}

/// Opens a plain file by a path in which no link was: one that took its place is not followed, nor one in the place of a folder
/// on the way, and nothing waits for a pipe.
pub(super) fn plain(path: &Path) -> Result<File> {
    let doing = || format!("reading {}", path.display());
    let file = beneath::read(path, &Written::everywhere()).map_err(|why| match why {
        Shut::Io(why) => Error::io(doing(), &why),
        Shut::Led(_) => {
            let why = "a link has taken the place of a folder on the way";
            Error::new(ErrorKind::Invalid, doing(), why, "Leave it out.")
        }
    })?;
    if !file.metadata().map_err(|why| Error::io(doing(), &why))?.is_file() {
        return Err(Error::new(ErrorKind::Invalid, doing(), "it is no plain file", "Leave it out."));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn of_what_took_the_place_of_a_file_nothing_is_read_nor_of_more_than_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let path = |name: &str| root.join(name).to_str().unwrap().to_owned();
        std::fs::write(path("file"), "0123456789").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        std::os::unix::fs::symlink(&root, path("way")).unwrap();
        std::fs::create_dir(path("sub")).unwrap();
        std::fs::write(path("sub/file"), "1").unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RWXU).unwrap();
        let read = async |name: &str, most: u64| {
            let path = path(name);
            let read = blocking("reading a file", move || whole(&path, most, "Split it."));
            tokio::time::timeout(Duration::from_secs(10), read).await.expect("it waits for ever")
        };
        assert_eq!(read("file", 10).await.unwrap(), b"0123456789");
        assert_eq!(read("file", 9).await.unwrap_err().hint, "Split it.");
        assert_eq!(read("sub/file", 9).await.unwrap(), b"1");
        for other in ["link", "pipe", ".", "gone", "way/file"] {
            assert!(read(other, 10).await.is_err(), "{other}");
        }
    }
}
