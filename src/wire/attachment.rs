//! The bytes behind pictures and documents, as APIs take them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::attachment::blobs_of;
use crate::domain::call::{Blobs, Converse};
use crate::domain::figures;
use crate::domain::message::{BlobId, Block};
use crate::domain::{Error, ErrorKind, Result};

/// The bytes of a picture or document. What is asked about is never silently left out.
///
/// # Errors
///
/// `NotFound` where nobody has put them beside the call.
pub fn bytes<'a>(blobs: &'a Blobs, id: &BlobId, doing: &str) -> Result<&'a [u8]> {
    blobs.get(id).ok_or_else(|| {
        let why = "the bytes of an attachment are not here";
        Error::new(ErrorKind::NotFound, doing, why, "Attach it again, or edit the message without it.")
    })
}

/// Bytes as base64 text.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes as a `data:` URL (RFC 2397).
pub fn data_url(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", base64(bytes))
}

/// What an API takes at most in one message. Sizes are in bytes, before base64.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub picture: usize,
    pub document: usize,
    pub pictures: usize,
    pub documents: usize,
}

impl Limits {
    /// Whether every message keeps to them.
    ///
    /// # Errors
    ///
    /// `Invalid` with the size or the number that is too large; nothing is to be sent then.
    pub fn check(&self, converse: &Converse, doing: &str) -> Result<()> {
        for turn in &converse.turns {
            let (mut pictures, mut documents) = (0, 0);
            for block in &turn.blocks {
                let (what, most, count, many) = match block {
                    Block::Image { .. } => ("picture", self.picture, &mut pictures, self.pictures),
                    Block::Document { .. } => ("document", self.document, &mut documents, self.documents),
                    _ => continue,
                };
                *count += 1;
                if *count > many {
                    let why = format!(
                        "there are more than {many} {what}s in one message, which is what this API takes"
                    );
                    return Err(Error::new(ErrorKind::Invalid, doing, why, "Send them in several messages."));
                }
                let size = blobs_of(std::slice::from_ref(block))
                    .filter_map(|id| converse.blobs.get(id))
                    .map(<[u8]>::len);
                let size: usize = size.sum();
                if size > most {
                    let [size, most] = [size, most].map(|bytes| figures::bytes(bytes as u64));
                    let why = format!("a {what} is of {size}; this API takes {most}");
                    return Err(Error::new(ErrorKind::Invalid, doing, why, "Attach a smaller one."));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Turn;
    use crate::domain::message::Role;
    use crate::domain::settings::Settings;

    /// A message of pictures and documents of these sizes.
    fn message(pictures: &[usize], documents: &[usize]) -> Converse {
        let mut blobs = Blobs::default();
        let mut blocks = Vec::new();
        for (at, size) in pictures.iter().chain(documents).enumerate() {
            let blob = BlobId(format!("{at}"));
            blobs.put(blob.clone(), vec![0; *size]);
            blocks.push(if at < pictures.len() {
                Block::Image { media_type: "image/png".into(), blob }
            } else {
                Block::Document { name: "a.pdf".into(), media_type: "application/pdf".into(), blob }
            });
        }
        Converse {
            model: "box/m".parse().unwrap(),
            system: None,
            turns: vec![Turn { role: Role::User, blocks }],
            settings: Settings::default(),
            conversation: None,
            blobs,
        }
    }

    #[test]
    fn what_an_api_does_not_take_is_said_before_it_is_sent() {
        let limits = Limits { picture: 10, document: 20, pictures: 2, documents: 1 };
        let check = |pictures: &[usize], documents: &[usize]| {
            limits.check(&message(pictures, documents), "asking box/m").map_err(|error| error.why)
        };
        assert_eq!(check(&[10, 10], &[20]), Ok(()));
        assert_eq!(check(&[11], &[]), Err("a picture is of 11 B; this API takes 10 B".to_owned()));
        assert_eq!(check(&[], &[21]), Err("a document is of 21 B; this API takes 20 B".to_owned()));
        assert!(check(&[1, 1, 1], &[]).unwrap_err().contains("more than 2 pictures"));
        assert!(check(&[], &[1, 1]).unwrap_err().contains("more than 1 documents"));
    }
}
