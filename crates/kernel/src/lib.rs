//! The arithmetic of a forward pass: quantised products, norms, rotations, attention. Pure functions over slices; no
//! threads, no files, no model's shape.
//!
//! A package of its own for one reason: it is optimised in every profile, while the program around it is built as fast
//! as it can be.
//!
//! Weights are `Q8_0`, or of eleven bits and a sign where seven are too few; activations are rounded to 15 bits and a sign, a
//! block at a time. llama.cpp rounds them to
//! seven, which moves likelihoods by a tenth; the integer products here are as fast with the finer ones, and their
//! rounding is not seen. An output is computed in one order of operations however many tokens are computed at once, so a
//! prompt read in pieces, or partly from a cache, gives the very numbers that it gives when read whole.

#![allow(clippy::inline_always, reason = "code gets the lanes of the dispatch only when it is a part of it")]

pub mod attention;
mod lanes;
mod likeliest;
pub mod nearness;
mod q8_0;
pub mod vector;

pub use likeliest::likeliest;
pub use q8_0::{BLOCK, quantise};

/// Rows of a matrix that are computed side by side, one a lane.
pub const ROWS: usize = 16;
/// Pairs of values in a block: the unit of an integer product.
const PAIRS: usize = BLOCK / 2;
/// The largest weight of sixteen bits: 32 products with an activation of 15 bits stay below 2^31.
const WIDEST: f32 = 2047.0;

/// What a matrix is made of: a whole number that becomes sixteen bits wide on the lanes.
pub trait Weight: Copy + Default + std::fmt::Debug + Sync {
    /// One pair of columns of all rows.
    fn widen<L: lanes::Lanes>(lanes: L, pair: &[Self; 2 * ROWS]) -> L::Wide;
}

impl Weight for i8 {
    #[inline(always)]
    fn widen<L: lanes::Lanes>(lanes: L, pair: &[Self; 2 * ROWS]) -> L::Wide {
        lanes.widen(pair)
    }
}

impl Weight for i16 {
    #[inline(always)]
    fn widen<L: lanes::Lanes>(lanes: L, pair: &[Self; 2 * ROWS]) -> L::Wide {
        lanes.load(pair)
    }
}

/// One block of `ROWS` rows: their scales, then for each pair of columns the two values of every row.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Packed<W> {
    scales: [f32; ROWS],
    pairs: [[W; 2 * ROWS]; PAIRS],
}

/// A quantised matrix, repacked so that one stream of memory feeds all lanes.
#[derive(Debug)]
pub struct Matrix<W = i8> {
    /// By group of rows, then by block of columns.
    blocks: Vec<Packed<W>>,
    groups: usize,
    /// Blocks of a row.
    depth: usize,
}

impl<W: Weight> Matrix<W> {
    /// A matrix of `rows` rows of `width` values, all zero; both are whole groups and blocks.
    pub fn zeroed(rows: usize, width: usize) -> Self {
        let (groups, depth) = (rows.div_ceil(ROWS), width / BLOCK);
        let zero = Packed { scales: [0.0; ROWS], pairs: [[W::default(); 2 * ROWS]; PAIRS] };
        Self { blocks: vec![zero; groups * depth], groups, depth }
    }

    /// Groups of `ROWS` rows.
    pub fn groups(&self) -> usize {
        self.groups
    }
}

// The products are no generic function: that would be compiled where it is called, not here.
impl Matrix<i16> {
    /// Multiplies with every token: `out` holds, by token, a value a row, to which that of `bias` was added. Rows are whole groups.
    pub fn rows(&self, input: &Quantised, bias: &[f32], out: &mut [f32]) {
        let groups = self.blocks.chunks_exact(self.depth).zip(bias.as_chunks::<ROWS>().0);
        for (at, (group, own)) in groups.enumerate() {
            let (width, first) = (bias.len(), at * ROWS);
            lanes::group(group, input, &mut lanes::Rows { out: &mut *out, width, first, bias: own });
        }
    }

    /// Puts rows in their places from `first` on: in every block the largest magnitude becomes 2047.
    pub fn put_values(&mut self, first: usize, values: &[f32]) {
        for (at, block) in values.as_chunks::<BLOCK>().0.iter().enumerate() {
            let (row, column) = (first + at / self.depth, at % self.depth);
            let Some(packed) = self.blocks.get_mut(row / ROWS * self.depth + column) else { return };
            let lane = row % ROWS;
            let most = block.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            let inverse = if most == 0.0 { 0.0 } else { WIDEST / most };
            packed.scales[lane] = most / WIDEST;
            for (pair, values) in packed.pairs.iter_mut().zip(block.as_chunks::<2>().0) {
                for i in [0, 1] {
                    pair[2 * lane + i] = (values[i] * inverse).round_ties_even() as i16;
                }
            }
        }
    }
}

impl Matrix {
    /// Multiplies the groups from `first` on with every token; `out` holds, by group, `ROWS` values a token.
    pub fn multiply(&self, first: usize, input: &Quantised, out: &mut [[f32; ROWS]]) {
        if input.tokens > 0 {
            let blocks = &self.blocks[first * self.depth..];
            for (group, out) in blocks.chunks_exact(self.depth).zip(out.chunks_mut(input.tokens)) {
                lanes::group(group, input, &mut lanes::Column(out));
            }
        }
    }

    /// Puts rows in their places from `first` on, from the bytes of `Q8_0` blocks.
    pub fn put(&mut self, first: usize, raw: &[u8]) {
        for (at, block) in raw.as_chunks::<34>().0.iter().enumerate() {
            let (row, column) = (first + at / self.depth, at % self.depth);
            let Some(packed) = self.blocks.get_mut(row / ROWS * self.depth + column) else { return };
            let lane = row % ROWS;
            packed.scales[lane] = half::f16::from_le_bytes([block[0], block[1]]).to_f32();
            for (pair, values) in packed.pairs.iter_mut().zip(block[2..].as_chunks::<2>().0) {
                pair[2 * lane] = values[0].cast_signed();
                pair[2 * lane + 1] = values[1].cast_signed();
            }
        }
    }

    /// Writes the values of one row to `out`.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        let lane = row % ROWS;
        let blocks = self.blocks.iter().skip(row / ROWS * self.depth);
        for (block, out) in blocks.zip(out.as_chunks_mut::<BLOCK>().0) {
            for (pair, out) in block.pairs.iter().zip(out.as_chunks_mut::<2>().0) {
                *out = [0, 1].map(|i| f32::from(pair[2 * lane + i]) * block.scales[lane]);
            }
        }
    }
}

/// Activations of some tokens, quantised.
#[derive(Debug, Default)]
pub struct Quantised {
    /// By token, then by block: pairs of values as two 16-bit halves.
    pairs: Vec<[i32; PAIRS]>,
    scales: Vec<f32>,
    depth: usize,
    tokens: usize,
}

impl Quantised {
    /// Makes room for `tokens` tokens of `width` values.
    pub fn resize(&mut self, tokens: usize, width: usize) {
        self.depth = width / BLOCK;
        self.tokens = tokens;
        self.pairs.resize(tokens * self.depth, [0; PAIRS]);
        self.scales.resize(tokens * self.depth, 0.0);
    }

    /// The place of each token, to be filled with `quantise`.
    pub fn places(&mut self) -> impl Iterator<Item = Place<'_>> {
        let depth = self.depth.max(1);
        let scales = self.scales.chunks_exact_mut(depth);
        self.pairs.chunks_exact_mut(depth).zip(scales).map(|(pairs, scales)| Place { pairs, scales })
    }
}

/// Where one token's activations go.
#[derive(Debug)]
pub struct Place<'a> {
    pairs: &'a mut [[i32; PAIRS]],
    scales: &'a mut [f32],
}

impl Place<'_> {
    /// Quantises one token's values: in every block the largest magnitude becomes 32767.
    pub fn quantise(self, values: &[f32]) {
        lanes::quantise(values, self.pairs, self.scales);
    }
}
