//! What one act does to the rows, as bytes of the log `rows`.
//!
//! ```text
//! 8  how far the log of passages is known with it; 0 where more frames of the act follow
//! 4  rows that go, then 4 bytes each
//! 4  bytes of the sets of attributes that are new, then those: JSON
//! 4  rows that come, then of each 16 id, 16 document, 4 ordinal, 4 set, 8 and 4 and 4 its place among the passages,
//!    4 scale, 4 spread; then the high bytes of all, then the low ones
//! ```
//!
//! Numbers are little-endian.

use outcrop_kernel::nearness;

use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::attribute::Attributes;
use crate::domain::{Error, ErrorKind, Result};
use crate::store::Span;

/// Bytes of a row without its vector.
const ROW: usize = 16 + 16 + 4 + 4 + 8 + 4 + 4 + 4 + 4;

/// Of a passage what search needs, without its vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub(super) id: PassageId,
    pub(super) document: DocumentId,
    pub(super) ordinal: u32,
    /// The number of its set of attributes.
    pub(super) set: u32,
    /// The block that it lies in, and which of it it is.
    pub(super) block: Span,
    pub(super) within: u32,
    /// What one step of its vector's values is worth.
    pub(super) scale: f32,
    /// The length of what its high bytes leave out.
    pub(super) spread: f32,
}

/// What one act, or a part of it, does.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Frame {
    pub(super) covers: u64,
    pub(super) removed: Vec<u32>,
    pub(super) sets: Vec<Attributes>,
    pub(super) rows: Vec<Row>,
    pub(super) highs: Vec<i8>,
    pub(super) lows: Vec<i8>,
}

impl Frame {
    /// Adds a row with its vector, which is made as long as one.
    pub(super) fn push(&mut self, row: Row, vector: &[f32], width: usize) {
        let at = self.highs.len();
        self.highs.resize(at + width, 0);
        self.lows.resize(at + width, 0);
        let scale = nearness::split(&unit(vector), &mut self.highs[at..], &mut self.lows[at..]);
        let left = self.lows[at..].iter().map(|low| f64::from(*low).powi(2)).sum::<f64>().sqrt();
        self.rows.push(Row { scale, spread: (left * f64::from(scale)) as f32, ..row });
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let sets = serde_json::to_vec(&self.sets)
            .map_err(|why| Error::internal("writing a knowledge base's rows", why.to_string()))?;
        let vectors = 2 * self.highs.len();
        let mut bytes =
            Vec::with_capacity(24 + 4 * self.removed.len() + sets.len() + ROW * self.rows.len() + vectors);
        bytes.extend(self.covers.to_le_bytes());
        bytes.extend((self.removed.len() as u32).to_le_bytes());
        self.removed.iter().for_each(|row| bytes.extend(row.to_le_bytes()));
        bytes.extend((sets.len() as u32).to_le_bytes());
        bytes.extend(sets);
        bytes.extend((self.rows.len() as u32).to_le_bytes());
        for row in &self.rows {
            bytes.extend(row.id.as_bytes());
            bytes.extend(row.document.as_bytes());
            bytes.extend(row.ordinal.to_le_bytes());
            bytes.extend(row.set.to_le_bytes());
            bytes.extend(row.block.at.to_le_bytes());
            bytes.extend(row.block.length.to_le_bytes());
            bytes.extend(row.within.to_le_bytes());
            bytes.extend(row.scale.to_le_bytes());
            bytes.extend(row.spread.to_le_bytes());
        }
        bytes.extend(self.highs.iter().map(|high| high.cast_unsigned()));
        bytes.extend(self.lows.iter().map(|low| low.cast_unsigned()));
        Ok(bytes)
    }

    pub(super) fn decode(bytes: &[u8], width: usize) -> Result<Self> {
        let wrong = || {
            let why = "a frame of its rows has another form than this outcrop writes";
            Error::new(ErrorKind::Corrupt, "opening a knowledge base", why, "")
        };
        Self::read(&mut Reader(bytes), width).ok_or_else(wrong)
    }

    fn read(from: &mut Reader<'_>, width: usize) -> Option<Self> {
        let covers = from.long()?;
        let removed = from.number()? as usize;
        let removed = from.take(removed.checked_mul(4)?)?.as_chunks::<4>().0.iter();
        let removed = removed.map(|row| u32::from_le_bytes(*row)).collect();
        let sets = from.number()? as usize;
        let sets = serde_json::from_slice(from.take(sets)?).ok()?;
        let count = from.number()? as usize;
        let mut rows = Vec::with_capacity(count.min(from.0.len() / ROW));
        for _ in 0..count {
            rows.push(Row {
                id: PassageId::from_bytes(from.array()?),
                document: DocumentId::from_bytes(from.array()?),
                ordinal: from.number()?,
                set: from.number()?,
                block: Span { at: from.long()?, length: from.number()? },
                within: from.number()?,
                scale: f32::from_le_bytes(from.array()?),
                spread: f32::from_le_bytes(from.array()?),
            });
        }
        let signed = |bytes: &[u8]| bytes.iter().map(|byte| byte.cast_signed()).collect();
        let highs = signed(from.take(count.checked_mul(width)?)?);
        let lows = signed(from.take(count * width)?);
        from.0.is_empty().then_some(Self { covers, removed, sets, rows, highs, lows })
    }
}

/// A vector of length one; one of nothing but zeros stays as it is.
pub(super) fn unit(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    let divisor = if length > 0.0 { length } else { 1.0 };
    vector.iter().map(|x| (f64::from(*x) / divisor) as f32).collect()
}

/// Bytes that are read from their begin on.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::knowledge::attribute::Value;

    #[test]
    fn a_frame_comes_back_as_it_was_and_one_that_was_cut_does_not() {
        let row = |n: u8| Row {
            id: PassageId::from_bytes([n; 16]),
            document: DocumentId::from_bytes([7; 16]),
            ordinal: 3,
            set: 1,
            block: Span { at: 1 << 40, length: 9 },
            within: 2,
            scale: 0.0,
            spread: 0.0,
        };
        let sets = vec![Attributes::from([("a".to_owned(), Value::Number(1.5))])];
        let mut frame = Frame { covers: 99, removed: vec![4, 5], sets, ..Frame::default() };
        frame.push(row(1), &[0.5, -0.5, 0.25], 32);
        frame.push(row(2), &[0.0, 0.0, 0.0], 32);
        let bytes = frame.encode().unwrap();
        assert_eq!(Frame::decode(&bytes, 32).unwrap(), frame);
        assert!((0..bytes.len()).all(|length| Frame::decode(&bytes[..length], 32).is_err()));
        assert!(Frame::decode(&bytes, 64).is_err());
    }
}
