//! A stream of any API in every way that a network can bring it.

use std::path::Path;

use outcrop::domain::Error;
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::Block;
use outcrop::wire::decode::{Decoder, Protocol};

/// Bytes that lie in `tests/data/wire`.
pub fn data(api: &str, name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wire").join(api).join(name);
    std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// What the pieces say one after the other, and the error that ended it.
pub fn decode<'a, P: Protocol>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Error>) {
    let mut decoder = Decoder::<P>::new("asking");
    let mut events = Vec::new();
    for piece in pieces {
        if let Err(error) = decoder.push(piece, &mut events) {
            return (events, Some(error));
        }
    }
    let error = decoder.finish(&mut events).err();
    (events, error)
}

pub fn fold(events: &[Event]) -> Fold {
    let mut fold = Fold::default();
    for event in events {
        fold.push(event);
    }
    fold
}

/// The whole stream, cut in two everywhere (in 2,000 places of a long one), and byte by byte: all must say the same.
pub fn decode_every_way<P: Protocol>(name: &str, bytes: &[u8]) -> (Fold, Option<Error>) {
    let whole = decode::<P>([bytes]);
    for cut in (0..=bytes.len()).step_by(1 + bytes.len() / 2000) {
        let (left, right) = bytes.split_at(cut);
        assert_eq!(decode::<P>([left, right]), whole, "{name} cut at {cut}");
    }
    assert_eq!(decode::<P>(bytes.chunks(1)), whole, "{name} byte by byte");
    (fold(&whole.0), whole.1)
}

pub fn text(text: &str) -> Block {
    Block::Text { text: text.to_owned() }
}
