//! Attention of one head over a cache, in one pass (online softmax, Milakov and Gimelshein 2018). No closures around
//! what runs on lanes (see `lanes`).

use std::ops::Range;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::vector::exp;

/// Positions that are taken together. Tiles lie at fixed positions, so a token's result depends on nothing but its
/// own past.
pub const SPAN: usize = 32;

/// Keys and values of one head in one layer.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// By tile, then by dimension: one value a position.
    keys: Vec<f16>,
    /// By position: one value a dimension.
    values: Vec<f16>,
}

impl Head {
    /// Puts the key and value of `position`, which is the next one or one that was there before.
    pub fn put(&mut self, position: usize, key: &[f32], value: &[f32]) {
        let size = key.len();
        let tile = position / SPAN * SPAN * size;
        if self.keys.len() < tile + SPAN * size {
            self.keys.resize(tile + SPAN * size, f16::ZERO);
        }
        let lanes = self.keys[tile..].iter_mut().skip(position % SPAN).step_by(SPAN);
        for (place, key) in lanes.zip(key) {
            *place = f16::from_f32(*key);
        }
        if self.values.len() < (position + 1) * size {
            self.values.resize((position / SPAN + 1) * SPAN * size, f16::ZERO);
        }
        self.values[position * size..(position + 1) * size].convert_from_f32_slice(value);
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        2 * (self.keys.capacity() + self.values.capacity())
    }

    /// Gives back what was kept for positions from `length` on.
    pub fn shrink(&mut self, length: usize, size: usize) {
        let keep = length.next_multiple_of(SPAN) * size;
        self.keys.truncate(keep);
        self.values.truncate(keep);
        self.keys.shrink_to_fit();
        self.values.shrink_to_fit();
    }
}

/// What the queries of one head have in common.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// Queries of a token.
    pub shared: usize,
    /// Values of a query.
    pub size: usize,
    /// Factor of a query's product with a key.
    pub scale: f32,
    /// Positions that a token looks back, its own included.
    pub window: usize,
    /// Tokens see those after them too, up to the last of the queries.
    pub ahead: bool,
}

/// Queries of some tokens on one head: `queries` and `out` hold them by token; the tokens stand at `first`,
/// `first + 1` … and see everything up to themselves, as far back as the window, or up to the last of them.
pub fn attend(head: &Head, first: usize, sight: Sight, queries: &[f32], out: &mut [f32]) {
    pulp::Arch::new().dispatch(Attention { head, first, sight, queries, out });
}

struct Attention<'a> {
    head: &'a Head,
    first: usize,
    sight: Sight,
    queries: &'a [f32],
    out: &'a mut [f32],
}

impl pulp::WithSimd for Attention<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let Self { head, first, sight, queries, out } = self;
        let Sight { shared, size, scale, window, ahead } = sight;
        let rows = queries.len() / size;
        // A query's product is scaled once, not each of its scores.
        let queries: Vec<f32> = queries.iter().map(|q| q * scale).collect();
        let mut keys = vec![0.0; SPAN * size];
        let mut values = vec![0.0; SPAN * size];
        let mut running = vec![(f32::NEG_INFINITY, 0.0); rows];
        out.fill(0.0);
        let oldest = (first + 1).saturating_sub(window) / SPAN;
        for tile in oldest..(first + rows / shared).div_ceil(SPAN) {
            let at = tile * SPAN * size..(tile + 1) * SPAN * size;
            head.keys[at.clone()].convert_to_f32_slice(&mut keys);
            head.values[at].convert_to_f32_slice(&mut values);
            let mut row = 0;
            while row < rows {
                let mut block = Block {
                    keys: &keys,
                    values: &values,
                    // Positions of this tile that a query may see.
                    seen: |i: usize| {
                        let last = if ahead { rows - 1 } else { row + i };
                        let end = first + last / shared + 1;
                        let of_tile = |position: usize| position.saturating_sub(tile * SPAN).min(SPAN);
                        of_tile(end.saturating_sub(window))..of_tile(end)
                    },
                    queries: &queries[row * size..],
                    running: &mut running[row..],
                    out: &mut out[row * size..],
                    size,
                };
                row += match rows - row {
                    6.. => block.run::<S, 6>(simd),
                    3.. => block.run::<S, 3>(simd),
                    2 => block.run::<S, 2>(simd),
                    _ => block.run::<S, 1>(simd),
                };
            }
        }
        for (out, (_, sum)) in out.chunks_exact_mut(size).zip(&running) {
            let inverse = 1.0 / sum;
            for x in out {
                *x *= inverse;
            }
        }
    }
}

/// Some queries against one tile, taken together so that a key or a value is loaded once for all. Each query's own
/// operations are the same, in the same order, whoever stands beside it.
struct Block<'a, F> {
    keys: &'a [f32],
    values: &'a [f32],
    seen: F,
    queries: &'a [f32],
    /// Largest score and sum of weights so far, a query.
    running: &'a mut [(f32, f32)],
    out: &'a mut [f32],
    size: usize,
}

impl<F: Fn(usize) -> Range<usize>> Block<'_, F> {
    /// Takes `N` queries.
    #[inline(always)]
    fn run<S: pulp::Simd, const N: usize>(&mut self, simd: S) -> usize {
        let mut scores = [[0.0_f32; SPAN]; N];
        self.score(simd, &mut scores);
        let mut shrink = [1.0; N];
        // By position, so that the weights of one lie together.
        let mut weights = [[0.0_f32; N]; SPAN];
        let mut last = 0;
        for (n, scores) in scores.iter_mut().enumerate() {
            let seen = (self.seen)(n);
            if seen.is_empty() {
                continue;
            }
            last = last.max(seen.end);
            for (i, score) in scores.iter_mut().enumerate() {
                *score = if seen.contains(&i) { *score } else { f32::NEG_INFINITY };
            }
            let running = &mut self.running[n];
            let most = largest(scores).max(running.0);
            for score in scores.iter_mut() {
                *score = exp(*score - most);
            }
            shrink[n] = exp(running.0 - most);
            *running = (most, running.1 * shrink[n] + total(scores));
            for (weights, score) in weights.iter_mut().zip(scores) {
                weights[n] = *score;
            }
        }
        self.mix(simd, &weights[..last], &shrink);
        N
    }

    /// `scores = queries · keys`
    #[inline(always)]
    fn score<S: pulp::Simd, const N: usize>(&self, simd: S, scores: &mut [[f32; SPAN]; N]) {
        let size = self.size;
        let queries: [&[f32]; N] = std::array::from_fn(|n| &self.queries[n * size..(n + 1) * size]);
        let keys = &self.keys.as_chunks::<SPAN>().0[..size];
        for from in (0..SPAN).step_by(2 * S::F32_LANES) {
            let mut sums = [[simd.splat_f32s(0.0); 2]; N];
            for d in 0..size {
                let pair = S::as_simd_f32s(&keys[d][from..from + 2 * S::F32_LANES]).0;
                for n in 0..N {
                    let query = simd.splat_f32s(queries[n][d]);
                    sums[n][0] = simd.mul_add_f32s(query, pair[0], sums[n][0]);
                    sums[n][1] = simd.mul_add_f32s(query, pair[1], sums[n][1]);
                }
            }
            for (scores, sums) in scores.iter_mut().zip(&sums) {
                S::as_mut_simd_f32s(&mut scores[from..from + 2 * S::F32_LANES]).0.copy_from_slice(sums);
            }
        }
    }

    /// `out = out · shrink + weights · values`
    #[inline(always)]
    fn mix<S: pulp::Simd, const N: usize>(&mut self, simd: S, weights: &[[f32; N]], shrink: &[f32; N]) {
        let size = self.size;
        let wide = 2 * S::F32_LANES;
        let whole = size / wide * wide;
        for from in (0..whole).step_by(wide) {
            let mut sums = [[simd.splat_f32s(0.0); 2]; N];
            for (n, sums) in sums.iter_mut().enumerate() {
                let out = S::as_simd_f32s(&self.out[n * size + from..][..wide]).0;
                let shrink = simd.splat_f32s(shrink[n]);
                *sums = [simd.mul_f32s(out[0], shrink), simd.mul_f32s(out[1], shrink)];
            }
            for (weights, values) in weights.iter().zip(self.values.chunks_exact(size)) {
                let pair = S::as_simd_f32s(&values[from..from + wide]).0;
                for n in 0..N {
                    let weight = simd.splat_f32s(weights[n]);
                    sums[n][0] = simd.mul_add_f32s(weight, pair[0], sums[n][0]);
                    sums[n][1] = simd.mul_add_f32s(weight, pair[1], sums[n][1]);
                }
            }
            for (n, sums) in sums.iter().enumerate() {
                S::as_mut_simd_f32s(&mut self.out[n * size + from..][..wide]).0.copy_from_slice(sums);
            }
        }
        // Heads whose size is no multiple of the lanes.
        for n in 0..N {
            for d in whole..size {
                let out = &mut self.out[n * size + d];
                let values = self.values.iter().skip(d).step_by(size);
                *out = weights.iter().zip(values).fold(*out * shrink[n], |sum, (w, v)| sum + w[n] * v);
            }
        }
    }
}

/// The largest of the scores, in the order of a tree.
#[inline(always)]
fn largest(scores: &[f32; SPAN]) -> f32 {
    let mut most = [f32::NEG_INFINITY; 8];
    for eight in scores.as_chunks::<8>().0 {
        for (most, score) in most.iter_mut().zip(eight) {
            *most = if *score > *most { *score } else { *most };
        }
    }
    most.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

/// The sum of the weights, likewise.
#[inline(always)]
fn total(weights: &[f32; SPAN]) -> f32 {
    let mut sums = [0.0; 8];
    for eight in weights.as_chunks::<8>().0 {
        for (sum, weight) in sums.iter_mut().zip(eight) {
            *sum += weight;
        }
    }
    sums.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that `f16` holds exactly.
    fn value(i: usize) -> f32 {
        ((i * 37 + 11) % 64) as f32 / 64.0 - 0.5
    }

    fn sight(shared: usize, size: usize, window: usize) -> Sight {
        Sight { shared, size, scale: 1.0 / (size as f32).sqrt(), window, ahead: false }
    }

    #[test]
    fn attention_is_the_softmax_mean_of_what_may_be_seen() {
        for size in [8, 48, 64] {
            for window in [usize::MAX, 1, 7, 33, 64] {
                mean(size, window);
            }
        }
    }

    fn mean(size: usize, window: usize) {
        let (shared, length, first) = (2, 170, 61);
        let mut head = Head::default();
        let row = |salt: usize, i: usize| (0..size).map(|d| value(salt + i * size + d)).collect::<Vec<_>>();
        for i in 0..length {
            head.put(i, &row(0, i), &row(1000, i));
        }
        let queries: Vec<f32> = (0..(length - first) * shared * size).map(|i| value(i * 3) * 4.0).collect();
        let mut out = vec![0.0; queries.len()];
        attend(&head, first, sight(shared, size, window), &queries, &mut out);
        for (i, (query, got)) in queries.chunks(size).zip(out.chunks(size)).enumerate() {
            let end = first + i / shared + 1;
            let seen = end.saturating_sub(window)..end;
            let dot = |k: &[f32]| k.iter().zip(query).map(|(a, b)| a * b).sum::<f32>() / (size as f32).sqrt();
            let weights: Vec<f32> = seen.clone().map(|p| dot(&row(0, p)).exp()).collect();
            let sum: f32 = weights.iter().sum();
            for (d, got) in got.iter().enumerate() {
                let want: f32 =
                    weights.iter().zip(seen.clone()).map(|(w, p)| w * row(1000, p)[d]).sum::<f32>() / sum;
                assert!((want - got).abs() < 1e-5, "{want} {got}");
            }
        }
    }

    #[test]
    fn tokens_at_once_and_one_by_one_agree_to_the_bit() {
        let (size, length, sight) = (8, 140, sight(1, 8, 50));
        let mut head = Head::default();
        for i in 0..length {
            let row: Vec<f32> = (0..size).map(|d| value(i * size + d)).collect();
            head.put(i, &row, &row);
        }
        let queries: Vec<f32> = (0..length * size).map(value).collect();
        let mut all = vec![0.0; queries.len()];
        attend(&head, 0, sight, &queries, &mut all);
        for i in 0..length {
            let mut one = vec![0.0; size];
            attend(&head, i, sight, &queries[i * size..(i + 1) * size], &mut one);
            assert!(one.iter().zip(&all[i * size..]).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}
