//! Reading the file's objects: references followed, wrong kinds taken as absent.

use lopdf::{Dictionary, Document, Object, Stream};

/// The document, and how many bytes a stream of it may have.
#[derive(Clone, Copy)]
pub struct Objects<'a> {
    pub document: &'a Document,
    pub stream: usize,
}

impl<'a> Objects<'a> {
    /// What an object or a reference to it is; a reference to nothing is null.
    pub fn follow(&self, object: &'a Object) -> &'a Object {
        self.document.dereference(object).map_or(&Object::Null, |(_, object)| object)
    }

    pub fn follow_to(&self, object: &'a Object) -> Option<&'a Dictionary> {
        self.follow(object).as_dict().ok()
    }

    pub fn get(&self, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
        let object = self.follow(dictionary.get(key).ok()?);
        (!object.is_null()).then_some(object)
    }

    pub fn dictionary(&self, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
        match self.get(dictionary, key)? {
            Object::Dictionary(dictionary) => Some(dictionary),
            Object::Stream(stream) => Some(&stream.dict),
            _ => None,
        }
    }

    pub fn stream(&self, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Stream> {
        self.get(dictionary, key)?.as_stream().ok()
    }

    pub fn name(&self, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a [u8]> {
        self.get(dictionary, key)?.as_name().ok()
    }

    pub fn array(&self, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a [Object]> {
        self.get(dictionary, key)?.as_array().ok().map(Vec::as_slice)
    }

    pub fn number(&self, dictionary: &'a Dictionary, key: &[u8]) -> Option<f64> {
        number(self.get(dictionary, key)?)
    }

    /// The numbers of an array; what is none counts as 0.
    pub fn numbers(&self, dictionary: &'a Dictionary, key: &[u8]) -> Option<Vec<f64>> {
        let array = self.array(dictionary, key)?;
        Some(array.iter().map(|object| number(self.follow(object)).unwrap_or_default()).collect())
    }

    /// A stream's bytes, unpacked.
    pub fn bytes(&self, stream: &Stream) -> Option<Vec<u8>> {
        stream.get_plain_content_with_limit(self.stream).ok()
    }
}

pub fn number(object: &Object) -> Option<f64> {
    match object {
        Object::Integer(number) => Some(*number as f64),
        Object::Real(number) => Some(f64::from(*number)),
        _ => None,
    }
}
