//! Protobuf's wire format: the fields of one message, one after the other, and as far as they go.
//!
//! Source: "Encoding" of the protocol buffers' documentation.

/// The value of a field, as the wire tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// The fields of a message. A last field that is cut is given as far as it goes.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// The message ends in the middle of a field, or goes on with what is none.
    pub broken: bool,
    /// The field that was given last is not whole.
    pub cut: bool,
}

impl<'a> Fields<'a> {
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message, broken: false, cut: false }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f).wrapping_shl(7 * at as u32);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Some(value);
            }
        }
        None
    }

    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (fixed, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*fixed)
    }

    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let there = length.min(self.rest.len());
                self.cut = there < length;
                self.broken |= self.cut;
                let (bytes, rest) = self.rest.split_at(there);
                self.rest = rest;
                Field::Bytes(bytes)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.fixed()?)),
            // Groups are of another age, and 6 and 7 are nothing.
            _ => return None,
        };
        Some((tag >> 3, field))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.broken = true;
            self.rest = &[];
        }
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_one_after_the_other() {
        let message = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 0, 0, 0];
        let mut fields = Fields::of(&message);
        assert_eq!(fields.next(), Some((1, Field::Varint(150))));
        assert_eq!(fields.next(), Some((2, Field::Bytes(b"hi"))));
        assert_eq!(fields.next(), Some((3, Field::Fixed32(1))));
        assert_eq!((fields.next(), fields.broken), (None, false));
    }

    #[test]
    fn a_field_that_is_cut_is_given_as_far_as_it_goes() {
        let mut fields = Fields::of(&[0x12, 0x7f, b'h', b'i']);
        assert_eq!(fields.next(), Some((2, Field::Bytes(b"hi"))));
        assert!(fields.broken && fields.next().is_none());
        for nonsense in [&[0x0b, 1][..], &[0xff; 12], &[0x09, 1, 2], &[0x08]] {
            let mut fields = Fields::of(nonsense);
            assert!(fields.next().is_none() && fields.broken, "{nonsense:?}");
        }
    }
}
