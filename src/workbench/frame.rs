//! What crosses the socket: a length, a kind, the call's number, a body of JSON.

use tokio_util::bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::LengthDelimitedCodec;

use crate::domain::{Error, ErrorKind, Result};

/// The largest frame, in bytes. A pasted text or an imported history fits; a damaged length does not fill the memory.
pub(super) const LARGEST: usize = 256 << 20;

/// Kind and number in front of a body.
const HEAD: usize = 9;

/// Replies that the owner may send ahead of their reader, a call.
pub(super) const WINDOW: u32 = 64;

/// What a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To the owner: a call begins; the body is a context and a request.
    Call = b'C' as isize,
    /// To the owner: so many more replies may be sent; the body is a number of four bytes.
    More = b'M' as isize,
    /// To the owner: nobody reads the call any more.
    Cancel = b'X' as isize,
    /// To the owner, after it said that it leaves: no call comes after this.
    Bye = b'B' as isize,
    /// From the owner: it is about to end; it serves what was sent before the `Bye`.
    Leaving = b'L' as isize,
    /// From the owner that is about to end, with the number 0: nothing was done of any call that is still open, nor will
    /// be, nor of any that comes.
    NotBegun = b'N' as isize,
    /// From the owner: a reply.
    Reply = b'R' as isize,
    /// From the owner: the error that ended the call.
    Failed = b'F' as isize,
    /// From the owner: the call's end.
    End = b'E' as isize,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub kind: Kind,
    pub call: u64,
    pub body: Bytes,
}

impl Frame {
    /// A frame that says all by its kind.
    pub fn bare(kind: Kind, call: u64) -> Self {
        Self { kind, call, body: Bytes::new() }
    }

    /// Room for `count` more replies.
    pub fn more(call: u64, count: u32) -> Self {
        Self { kind: Kind::More, call, body: Bytes::copy_from_slice(&count.to_be_bytes()) }
    }

    /// The number in a `More`.
    pub fn count(&self) -> Option<u32> {
        (self.body.len() == 4).then(|| self.body.clone().get_u32())
    }

    /// A frame with `value` as its body.
    pub fn with(kind: Kind, call: u64, value: &impl serde::Serialize) -> Result<Self> {
        let doing = "writing to another outcrop on this machine";
        let body = serde_json::to_vec(value).map_err(|why| Error::internal(doing, why.to_string()))?;
        if body.len() + HEAD > LARGEST {
            return Err(Error::new(
                ErrorKind::Invalid,
                doing,
                format!("{} MB are more than one message may have", body.len() >> 20),
                "Quit the other outcrop, then do it again here, or split it into smaller parts.",
            ));
        }
        Ok(Self { kind, call, body: body.into() })
    }

    /// The value in the body.
    pub fn value<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body)
            .map_err(|why| Error::internal("reading from another outcrop on this machine", why.to_string()))
    }

    /// Length, kind, number and body, as they are written.
    pub fn encode(&self) -> Bytes {
        let length = HEAD + self.body.len();
        let mut bytes = BytesMut::with_capacity(4 + length);
        bytes.put_u32(length as u32);
        bytes.put_u8(self.kind as u8);
        bytes.put_u64(self.call);
        bytes.put_slice(&self.body);
        bytes.freeze()
    }

    /// The opposite, after the codec took the length away; `None` for what no outcrop of this version sends.
    pub fn decode(mut bytes: Bytes) -> Option<Self> {
        if bytes.len() < HEAD {
            return None;
        }
        let kind = match bytes.get_u8() {
            b'C' => Kind::Call,
            b'M' => Kind::More,
            b'X' => Kind::Cancel,
            b'B' => Kind::Bye,
            b'L' => Kind::Leaving,
            b'N' => Kind::NotBegun,
            b'R' => Kind::Reply,
            b'F' => Kind::Failed,
            b'E' => Kind::End,
            _ => return None,
        };
        Some(Self { kind, call: bytes.get_u64(), body: bytes })
    }
}

/// Takes frames out of a stream of bytes by the four bytes of length in front of each.
pub(super) fn codec(largest: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().length_field_length(4).max_frame_length(largest).new_codec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_junk_is_none() {
        for frame in [
            Frame::bare(Kind::End, u64::MAX),
            Frame::bare(Kind::NotBegun, 0),
            Frame::more(7, 32),
            Frame::with(Kind::Reply, 1, &"ä\u{0}").unwrap(),
        ] {
            assert_eq!(Frame::decode(frame.encode().split_off(4)), Some(frame));
        }
        assert_eq!(Frame::more(7, 32).count(), Some(32));
        assert_eq!(Frame::decode(Bytes::from_static(b"Cshort")), None);
        assert_eq!(Frame::decode(Bytes::from_static(b"?12345678")), None);
    }
}
