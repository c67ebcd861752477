//! The objects of a bucket as a source.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use ignore::overrides::Override;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::filing::Out;
use super::listing::{Listed, Listing, chosen};
use super::page::late;
use super::place::{Taken, Took};
use crate::domain::hex::hex;
use crate::domain::knowledge::attribute::Metadata;
use crate::domain::knowledge::base::BUCKETS;
use crate::domain::knowledge::sync::{Filed, Stamp};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::provider::s3::Bucket;
use crate::wire::knowledge::metadata::{self, SUFFIX};
use crate::wire::s3::Object;

/// A source has no more objects.
const MOST: usize = 1_000_000;

/// Objects whose keys begin in one way, and the way to them.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    pub name: String,
    pub prefix: String,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub bucket: Bucket,
    pub net: Client,
    /// Each of them has so long for all of itself.
    pub within: Duration,
}

impl Objects {
    /// Lists them. What is a folder's mark is left out, and what patterns do not choose.
    pub async fn list(&self, stop: &CancellationToken) -> Result<Listing> {
        const LISTING: &str = "listing the objects of a source";
        let (mut objects, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = tokio::select! {
                biased;
                () = stop.cancelled() => return Err(Error::cancelled(LISTING)),
                page = self.bucket.list(&self.net, &self.prefix, after.as_deref()) => page?,
            };
            objects.extend(page.objects);
            if objects.len() > MOST {
                let why = format!("{} has more than {MOST} objects", self.uri(&self.prefix));
                return Err(Error::new(
                    ErrorKind::Invalid,
                    LISTING,
                    why,
                    "Name longer prefixes, each as a source.",
                ));
            }
            if page.next.is_none() || page.next == after {
                break;
            }
            after = page.next;
        }
        self.listing(&objects)
    }

    fn listing(&self, objects: &[Object]) -> Result<Listing> {
        let chosen = chosen(Path::new("/"), &self.include, &self.exclude)?;
        let root = self.prefix.rfind('/').map_or(0, |at| at + 1);
        let beside: HashMap<String, Stamp> = objects
            .iter()
            .filter_map(|object| Some((object.key.strip_suffix(SUFFIX)?.to_owned(), stamp(object))))
            .collect();
        let is_one = |object: &&Object| {
            let inner = object.key.get(root..).unwrap_or_default();
            !object.key.ends_with('/') && !object.key.ends_with(SUFFIX) && is_chosen(&chosen, inner)
        };
        let listed = |object: &Object| Listed {
            uri: self.uri(&object.key),
            stamp: stamp(object),
            metadata: beside.get(&object.key).copied(),
        };
        let mut files: Vec<Listed> = objects.iter().filter(is_one).map(listed).collect();
        files.sort_by(|one, other| one.uri.cmp(&other.uri));
        Ok(Listing { files, ..Listing::default() })
    }

    /// An object of at most so many bytes, with what is said of it beside it.
    pub async fn take(&self, file: &Listed, most: u64) -> Result<Took, Out> {
        if file.stamp.bytes > most {
            let why = format!("it has more than the {} KB that are read", most >> 10);
            let hint = "Split it, or raise documents.file_mb in the configuration.";
            let doing = format!("reading {}", file.uri);
            return Err(Out::Failed(Error::new(ErrorKind::Invalid, doing, why, hint)));
        }
        let bytes = self.bytes(&file.uri, most).await.map_err(out)?;
        let said = match self.said(file).await {
            Err(error) if ends(&error) => return Err(Out::Ends(error)),
            said => said,
        };
        let hash = hex(&Sha256::digest(&bytes));
        Ok(Took::Taken(Taken { bytes, hash, name: file.uri.clone(), said, validators: None }))
    }

    /// What the metadata object beside an object says.
    pub async fn said(&self, file: &Listed) -> Result<Metadata> {
        if file.metadata.is_none() {
            return Ok(Metadata::new());
        }
        metadata::read(&self.bytes(&format!("{}{SUFFIX}", file.uri), metadata::LARGEST as u64).await?)
    }

    async fn bytes(&self, uri: &str, most: u64) -> Result<Vec<u8>> {
        let key = uri.get(self.uri("").len()..).unwrap_or_default();
        let read = self.bucket.object(&self.net, key, usize::try_from(most).unwrap_or(usize::MAX));
        match tokio::time::timeout(self.within, read).await {
            Ok(bytes) => bytes,
            Err(_) => Err(late(&format!("reading {uri}"), self.within)),
        }
    }

    fn uri(&self, key: &str) -> String {
        format!("{BUCKETS}{}/{key}", self.name)
    }
}

/// Which of these documents has the same entity tag and as many bytes.
pub(super) fn twin(file: &Listed, of: &[Filed]) -> Option<usize> {
    let own = file.stamp;
    let is_twin = |known: &Filed| (known.stamp.bytes, known.stamp.inode) == (own.bytes, own.inode);
    of.iter().position(is_twin).filter(|_| own.inode != 0)
}

/// Its tag is all that tells two of one size apart, where servers give one.
fn stamp(object: &Object) -> Stamp {
    let digest = Sha256::digest(&object.etag);
    let tag = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let inode = if object.etag.is_empty() { 0 } else { tag };
    Stamp { bytes: object.bytes, modified: object.modified, inode }
}

/// Whether patterns choose a key: as of a folder, where what lies in a folder that is left out is left out too.
fn is_chosen(chosen: &Override, key: &str) -> bool {
    let folders = key.match_indices('/').map(|(at, _)| &key[..at]).filter(|folder| !folder.is_empty());
    let mut folders = folders.map(|folder| chosen.matched(folder, true));
    !folders.any(|found| found.is_ignore()) && !chosen.matched(key, false).is_ignore()
}

fn out(error: Error) -> Out {
    if ends(&error) { Out::Ends(error) } else { Out::Failed(error) }
}

/// Whether the server itself is out of reach, and not this one object.
fn ends(error: &Error) -> bool {
    use ErrorKind as E;
    matches!(
        error.kind,
        E::Network | E::Timeout | E::Offline | E::RateLimited { .. } | E::Overloaded | E::Server { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_keys_as_they_choose_files_of_a_folder() {
        let own =
            |patterns: &[&str]| -> Vec<String> { patterns.iter().map(|text| (*text).to_owned()).collect() };
        let keys = ["a.md", "b.txt", "guides/c.md", "guides/deep/d.md"];
        let names = |include: &[&str], exclude: &[&str]| -> Vec<&str> {
            let chosen = chosen(Path::new("/"), &own(include), &own(exclude)).unwrap();
            keys.into_iter().filter(|key| is_chosen(&chosen, key)).collect()
        };
        assert_eq!(names(&[], &[]), keys);
        assert_eq!(names(&["*.md"], &[]), ["a.md", "guides/c.md", "guides/deep/d.md"]);
        assert_eq!(names(&["*.md"], &["guides/**"]), ["a.md"]);
        assert_eq!(names(&[], &["guides"]), ["a.md", "b.txt"]);
        assert_eq!(names(&["guides/*.md"], &[]), ["guides/c.md"]);
    }
}
