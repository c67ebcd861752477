//! Attention of one head over a cache, in one pass (online softmax, Milakov and Gimelshein 2018).

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::vector::exp;

/// Positions that are taken together. Tiles lie at fixed positions, so a token's result depends on nothing but its
/// own past.
pub(crate) const SPAN: usize = 32;

/// Keys and values of one head in one layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    /// By tile, then by dimension: one value a position.
    keys: Vec<f16>,
    /// By position: one value a dimension.
    values: Vec<f16>,
}

impl Head {
    /// Puts the key and value of `position`, which is the next one or one that was there before.
    pub(crate) fn put(&mut self, position: usize, key: &[f32], value: &[f32]) {
        let size = key.len();
        let tile = position / SPAN * SPAN * size;
        if self.keys.len() < tile + SPAN * size {
            self.keys.resize(tile + SPAN * size, f16::ZERO);
        }
        let lane = position % SPAN;
        for (d, key) in key.iter().enumerate() {
            self.keys[tile + d * SPAN + lane] = f16::from_f32(*key);
        }
        if self.values.len() < (position + 1) * size {
            self.values.resize((position / SPAN + 1) * SPAN * size, f16::ZERO);
        }
        self.values[position * size..(position + 1) * size].convert_from_f32_slice(value);
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        2 * (self.keys.capacity() + self.values.capacity())
    }

    /// Gives back what was kept for positions from `length` on.
    pub(crate) fn shrink(&mut self, length: usize, size: usize) {
        let keep = length.next_multiple_of(SPAN) * size;
        self.keys.truncate(keep);
        self.values.truncate(keep);
        self.keys.shrink_to_fit();
        self.values.shrink_to_fit();
    }
}

/// Buffers of one task.
#[derive(Debug, Default)]
struct Scratch {
    keys: Vec<f32>,
    values: Vec<f32>,
    /// Largest score and sum of weights so far, a query.
    running: Vec<(f32, f32)>,
}

/// Queries of some tokens on one head: `queries` and `out` hold, by token, `shared` queries of `size` values; the
/// tokens stand at `first`, `first + 1` … and see everything up to themselves.
pub(crate) fn attend(
    head: &Head,
    first: usize,
    shared: usize,
    size: usize,
    queries: &[f32],
    out: &mut [f32],
) {
    pulp::Arch::new().dispatch(Attention { head, first, shared, size, queries, out });
}

struct Attention<'a> {
    head: &'a Head,
    first: usize,
    shared: usize,
    size: usize,
    queries: &'a [f32],
    out: &'a mut [f32],
}

impl pulp::WithSimd for Attention<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { head, first, shared, size, queries, out } = self;
        let scale = 1.0 / (size as f32).sqrt();
        let tokens = queries.len() / (shared * size);
        let mut scratch = Scratch {
            keys: vec![0.0; SPAN * size],
            values: vec![0.0; SPAN * size],
            running: vec![(f32::NEG_INFINITY, 0.0); tokens * shared],
        };
        out.fill(0.0);
        let last = first + tokens;
        for tile in 0..last.div_ceil(SPAN) {
            let at = tile * SPAN * size..(tile + 1) * SPAN * size;
            head.keys[at.clone()].convert_to_f32_slice(&mut scratch.keys);
            head.values[at].convert_to_f32_slice(&mut scratch.values);
            let rows = queries.chunks_exact(size).zip(out.chunks_exact_mut(size)).zip(&mut scratch.running);
            for (i, ((query, out), running)) in rows.enumerate() {
                // Positions of this tile that the query may see.
                let seen = (first + i / shared + 1).saturating_sub(tile * SPAN).min(SPAN);
                if seen > 0 {
                    one(query, &scratch.keys, &scratch.values, scale, seen, running, out);
                }
            }
        }
        for (out, (_, sum)) in out.chunks_exact_mut(size).zip(&scratch.running) {
            let inverse = 1.0 / sum;
            for x in out {
                *x *= inverse;
            }
        }
    }
}

/// One query against one tile.
#[inline(always)]
fn one(
    query: &[f32],
    keys: &[f32],
    values: &[f32],
    scale: f32,
    seen: usize,
    running: &mut (f32, f32),
    out: &mut [f32],
) {
    let mut scores = [0.0_f32; SPAN];
    for (q, keys) in query.iter().zip(keys.as_chunks::<SPAN>().0) {
        for (score, key) in scores.iter_mut().zip(keys) {
            *score += q * key;
        }
    }
    for (i, score) in scores.iter_mut().enumerate() {
        *score = if i < seen { *score * scale } else { f32::NEG_INFINITY };
    }
    let most = scores.iter().fold(running.0, |most, s| if *s > most { *s } else { most });
    for score in &mut scores {
        *score = exp(*score - most);
    }
    let shrink = exp(running.0 - most);
    *running = (most, running.1 * shrink + scores.iter().sum::<f32>());
    if shrink < 1.0 {
        for x in out.iter_mut() {
            *x *= shrink;
        }
    }
    for (weight, values) in scores.iter().zip(values.chunks_exact(out.len())).take(seen) {
        for (x, value) in out.iter_mut().zip(values) {
            *x += weight * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that `f16` holds exactly.
    fn value(i: usize) -> f32 {
        ((i * 37 + 11) % 64) as f32 / 64.0 - 0.5
    }

    #[test]
    fn attention_is_the_softmax_mean_of_what_may_be_seen() {
        let (size, shared, length, first) = (8, 2, 70, 61);
        let mut head = Head::default();
        let row = |salt: usize, i: usize| (0..size).map(|d| value(salt + i * size + d)).collect::<Vec<_>>();
        for i in 0..length {
            head.put(i, &row(0, i), &row(1000, i));
        }
        let queries: Vec<f32> = (0..(length - first) * shared * size).map(|i| value(i * 3) * 4.0).collect();
        let mut out = vec![0.0; queries.len()];
        attend(&head, first, shared, size, &queries, &mut out);
        for (i, (query, got)) in queries.chunks(size).zip(out.chunks(size)).enumerate() {
            let seen = first + i / shared + 1;
            let dot = |k: &[f32]| k.iter().zip(query).map(|(a, b)| a * b).sum::<f32>() / (size as f32).sqrt();
            let weights: Vec<f32> = (0..seen).map(|p| dot(&row(0, p)).exp()).collect();
            let sum: f32 = weights.iter().sum();
            for (d, got) in got.iter().enumerate() {
                let want: f32 =
                    weights.iter().enumerate().map(|(p, w)| w * row(1000, p)[d]).sum::<f32>() / sum;
                assert!((want - got).abs() < 1e-5, "{want} {got}");
            }
        }
    }

    #[test]
    fn tokens_at_once_and_one_by_one_agree_to_the_bit() {
        let (size, length) = (8, 40);
        let mut head = Head::default();
        for i in 0..length {
            let row: Vec<f32> = (0..size).map(|d| value(i * size + d)).collect();
            head.put(i, &row, &row);
        }
        let queries: Vec<f32> = (0..length * size).map(value).collect();
        let mut all = vec![0.0; queries.len()];
        attend(&head, 0, 1, size, &queries, &mut all);
        for i in 0..length {
            let mut one = vec![0.0; size];
            attend(&head, i, 1, size, &queries[i * size..(i + 1) * size], &mut one);
            assert!(one.iter().zip(&all[i * size..]).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}
