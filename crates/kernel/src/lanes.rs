//! The quantised product on the widest lanes that the processor has.
//!
//! No closures around intrinsics: a closure is compiled without the lanes of the dispatch unless it happens to be
//! inlined, and each intrinsic in it is then a call.

use super::{BLOCK, PAIRS, Packed, Quantised, ROWS, Weight};

/// Sixteen rows side by side.
pub trait Lanes: Copy {
    /// Tokens computed with one reading of the weights, 8 or 5: their sums stay in registers.
    const TILE: usize;
    /// One pair of columns, widened to 16 bits.
    type Wide: Copy;
    /// Sixteen 32-bit sums.
    type Sums: Copy;
    /// Sixteen results.
    type Results: Copy;

    fn sums(self) -> Self::Sums;
    fn results(self) -> Self::Results;
    fn widen(self, pair: &[i8; 2 * ROWS]) -> Self::Wide;
    /// One pair of columns that is as wide already.
    fn load(self, pair: &[i16; 2 * ROWS]) -> Self::Wide;
    /// `sums + weights · pair`, exactly.
    fn add(self, sums: Self::Sums, weights: Self::Wide, pair: i32) -> Self::Sums;
    /// `results + sums · (scales · scale)`.
    fn fold(
        self,
        results: Self::Results,
        sums: Self::Sums,
        scales: &[f32; ROWS],
        scale: f32,
    ) -> Self::Results;
    fn store(self, results: Self::Results, out: &mut [f32; ROWS]);
}

/// Where the results of one group go.
pub trait Sink {
    /// How many tokens' results it takes.
    fn tokens(&self) -> usize;
    /// Takes those of one token.
    fn put(&mut self, token: usize, results: [f32; ROWS]);
}

/// By token.
#[derive(Debug)]
pub struct Column<'a>(pub &'a mut [[f32; ROWS]]);

impl Sink for Column<'_> {
    #[inline(always)]
    fn tokens(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn put(&mut self, token: usize, results: [f32; ROWS]) {
        self.0[token] = results;
    }
}

/// Into rows of `width` values, a row a token, from `first` on; with what is added to each.
#[derive(Debug)]
pub struct Rows<'a> {
    pub out: &'a mut [f32],
    pub width: usize,
    pub first: usize,
    pub bias: &'a [f32; ROWS],
}

impl Sink for Rows<'_> {
    #[inline(always)]
    fn tokens(&self) -> usize {
        self.out.len() / self.width
    }

    #[inline(always)]
    fn put(&mut self, token: usize, results: [f32; ROWS]) {
        let places = &mut self.out[token * self.width + self.first..][..ROWS];
        for ((place, result), bias) in places.iter_mut().zip(results).zip(self.bias) {
            *place = result + bias;
        }
    }
}

/// One group of rows times `T` tokens.
#[inline(always)]
fn tile<L: Lanes, W: Weight, const T: usize>(
    lanes: L,
    group: &[Packed<W>],
    pairs: &[[i32; PAIRS]],
    scales: &[f32],
    first: usize,
    out: &mut impl Sink,
) {
    let depth = group.len();
    let mut results = [lanes.results(); T];
    let rows: [&[[i32; PAIRS]]; T] = std::array::from_fn(|t| &pairs[t * depth..(t + 1) * depth]);
    let scales: [&[f32]; T] = std::array::from_fn(|t| &scales[t * depth..(t + 1) * depth]);
    for (b, block) in group.iter().enumerate() {
        let mut sums = [lanes.sums(); T];
        let inputs: [&[i32; PAIRS]; T] = std::array::from_fn(|t| &rows[t][b]);
        for (p, pair) in block.pairs.iter().enumerate() {
            let weights = W::widen(lanes, pair);
            for t in 0..T {
                sums[t] = lanes.add(sums[t], weights, inputs[t][p]);
            }
        }
        for t in 0..T {
            results[t] = lanes.fold(results[t], sums[t], &block.scales, scales[t][b]);
        }
    }
    for (t, results) in results.into_iter().enumerate() {
        let mut stored = [0.0; ROWS];
        lanes.store(results, &mut stored);
        out.put(first + t, stored);
    }
}

/// One group of rows times all tokens.
#[inline(always)]
fn tiles<L: Lanes, W: Weight>(lanes: L, group: &[Packed<W>], input: &Quantised, out: &mut impl Sink) {
    let depth = group.len();
    let mut pairs = &input.pairs[..];
    let mut scales = &input.scales[..];
    let (mut first, all) = (0, out.tokens());
    while first < all {
        let tokens = match all - first {
            left if left >= L::TILE => L::TILE,
            4.. => 4,
            2.. => 2,
            _ => 1,
        };
        match tokens {
            8 => tile::<L, W, 8>(lanes, group, pairs, scales, first, out),
            5 => tile::<L, W, 5>(lanes, group, pairs, scales, first, out),
            4 => tile::<L, W, 4>(lanes, group, pairs, scales, first, out),
            2 => tile::<L, W, 2>(lanes, group, pairs, scales, first, out),
            _ => tile::<L, W, 1>(lanes, group, pairs, scales, first, out),
        }
        first += tokens;
        pairs = &pairs[tokens * depth..];
        scales = &scales[tokens * depth..];
    }
}

/// One group of rows times all tokens, on the best lanes there are.
pub fn group<W: Weight, O: Sink>(group: &[Packed<W>], input: &Quantised, out: &mut O) {
    struct Product<'a, L, W, O>(L, &'a [Packed<W>], &'a Quantised, &'a mut O);
    impl<L: Lanes, W: Weight, O: Sink> pulp::NullaryFnOnce for Product<'_, L, W, O> {
        type Output = ();
        #[inline(always)]
        fn call(self) {
            tiles(self.0, self.1, self.2, self.3);
        }
    }
    match pulp::Arch::new() {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(simd) => simd.vectorize(Product(x86::Wide512(simd), group, input, out)),
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(simd) => simd.vectorize(Product(x86::Wide256(simd), group, input, out)),
        _ => tiles(Plain, group, input, out),
    }
}

/// The largest activation. The sum of a block's products with weights of seven bits stays below 2^28, with the widest of
/// sixteen ([`super::WIDEST`]) below 2^31.
const FINEST: f32 = 32_767.0;

/// One token's activations; `pairs` and `scales` have a place for each block.
pub fn quantise(values: &[f32], pairs: &mut [[i32; PAIRS]], scales: &mut [f32]) {
    struct Rounding<'a>(&'a [f32], &'a mut [[i32; PAIRS]], &'a mut [f32]);
    impl pulp::WithSimd for Rounding<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            for ((values, pairs), scale) in self.0.as_chunks::<BLOCK>().0.iter().zip(self.1).zip(self.2) {
                let mut most = [0.0_f32; 8];
                for eight in values.as_chunks::<8>().0 {
                    for (most, x) in most.iter_mut().zip(eight) {
                        *most = if x.abs() > *most { x.abs() } else { *most };
                    }
                }
                let most = most.into_iter().fold(0.0, f32::max);
                let inverse = if most == 0.0 { 0.0 } else { FINEST / most };
                *scale = most / FINEST;
                let mut whole = [0_i32; BLOCK];
                for (whole, x) in whole.iter_mut().zip(values) {
                    *whole = (x * inverse).round_ties_even() as i32;
                }
                for (pair, [low, high]) in pairs.iter_mut().zip(whole.as_chunks::<2>().0) {
                    *pair = (low & 0xffff) | (high << 16);
                }
            }
        }
    }
    pulp::Arch::new().dispatch(Rounding(values, pairs, scales));
}

/// Loops that any compiler makes lanes of.
#[derive(Clone, Copy)]
struct Plain;

impl Lanes for Plain {
    const TILE: usize = 8;
    type Wide = [i16; 2 * ROWS];
    type Sums = [i32; ROWS];
    type Results = [f32; ROWS];

    #[inline(always)]
    fn sums(self) -> Self::Sums {
        [0; ROWS]
    }

    #[inline(always)]
    fn results(self) -> Self::Results {
        [0.0; ROWS]
    }

    #[inline(always)]
    fn widen(self, pair: &[i8; 2 * ROWS]) -> Self::Wide {
        pair.map(i16::from)
    }

    #[inline(always)]
    fn load(self, pair: &[i16; 2 * ROWS]) -> Self::Wide {
        *pair
    }

    #[inline(always)]
    fn add(self, mut sums: Self::Sums, weights: Self::Wide, pair: i32) -> Self::Sums {
        let (low, high) = (i32::from(pair as i16), pair >> 16);
        for (sum, [a, b]) in sums.iter_mut().zip(weights.as_chunks::<2>().0) {
            *sum += i32::from(*a) * low + i32::from(*b) * high;
        }
        sums
    }

    #[inline(always)]
    fn fold(
        self,
        mut results: Self::Results,
        sums: Self::Sums,
        scales: &[f32; ROWS],
        scale: f32,
    ) -> Self::Results {
        for i in 0..ROWS {
            results[i] += sums[i] as f32 * (scales[i] * scale);
        }
        results
    }

    #[inline(always)]
    fn store(self, results: Self::Results, out: &mut [f32; ROWS]) {
        *out = results;
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m128i, __m256, __m256i, __m512, __m512i};

    use pulp::bytemuck::cast;
    use pulp::x86::{V3, V4};

    use super::{Lanes, ROWS};

    /// AVX-512: all rows in one register.
    #[derive(Clone, Copy)]
    pub struct Wide512(pub V4);

    impl Lanes for Wide512 {
        const TILE: usize = 8;
        type Wide = __m512i;
        type Sums = __m512i;
        type Results = __m512;

        #[inline(always)]
        fn sums(self) -> __m512i {
            cast([0_i32; ROWS])
        }

        #[inline(always)]
        fn results(self) -> __m512 {
            cast([0.0_f32; ROWS])
        }

        #[inline(always)]
        fn widen(self, pair: &[i8; 2 * ROWS]) -> __m512i {
            self.0.avx512bw._mm512_cvtepi8_epi16(cast::<_, __m256i>(*pair))
        }

        #[inline(always)]
        fn load(self, pair: &[i16; 2 * ROWS]) -> __m512i {
            cast(*pair)
        }

        #[inline(always)]
        fn add(self, sums: __m512i, weights: __m512i, pair: i32) -> __m512i {
            let products = self.0.avx512bw._mm512_madd_epi16(weights, self.0.avx512f._mm512_set1_epi32(pair));
            self.0.avx512f._mm512_add_epi32(sums, products)
        }

        #[inline(always)]
        fn fold(self, results: __m512, sums: __m512i, scales: &[f32; ROWS], scale: f32) -> __m512 {
            let f = self.0.avx512f;
            let scales = f._mm512_mul_ps(cast(*scales), f._mm512_set1_ps(scale));
            f._mm512_fmadd_ps(f._mm512_cvtepi32_ps(sums), scales, results)
        }

        #[inline(always)]
        fn store(self, results: __m512, out: &mut [f32; ROWS]) {
            *out = cast(results);
        }
    }

    /// AVX2: two registers of eight rows.
    #[derive(Clone, Copy)]
    pub struct Wide256(pub V3);

    impl Lanes for Wide256 {
        // Sixteen registers: ten of sums, two of weights, one of a pair, one or two of products. With 8 they are spilt, and
        // it takes more than twice as long.
        const TILE: usize = 5;
        type Wide = [__m256i; 2];
        type Sums = [__m256i; 2];
        type Results = [__m256; 2];

        #[inline(always)]
        fn sums(self) -> [__m256i; 2] {
            cast([0_i32; ROWS])
        }

        #[inline(always)]
        fn results(self) -> [__m256; 2] {
            cast([0.0_f32; ROWS])
        }

        #[inline(always)]
        fn widen(self, pair: &[i8; 2 * ROWS]) -> [__m256i; 2] {
            let [low, high] = cast::<_, [__m128i; 2]>(*pair);
            [self.0.avx2._mm256_cvtepi8_epi16(low), self.0.avx2._mm256_cvtepi8_epi16(high)]
        }

        #[inline(always)]
        fn load(self, pair: &[i16; 2 * ROWS]) -> [__m256i; 2] {
            cast(*pair)
        }

        #[inline(always)]
        fn add(self, sums: [__m256i; 2], weights: [__m256i; 2], pair: i32) -> [__m256i; 2] {
            let pair = self.0.avx._mm256_set1_epi32(pair);
            let products = [
                self.0.avx2._mm256_madd_epi16(weights[0], pair),
                self.0.avx2._mm256_madd_epi16(weights[1], pair),
            ];
            [
                self.0.avx2._mm256_add_epi32(sums[0], products[0]),
                self.0.avx2._mm256_add_epi32(sums[1], products[1]),
            ]
        }

        #[inline(always)]
        fn fold(
            self,
            results: [__m256; 2],
            sums: [__m256i; 2],
            scales: &[f32; ROWS],
            scale: f32,
        ) -> [__m256; 2] {
            let (scales, scale) = (cast::<_, [__m256; 2]>(*scales), self.0.avx._mm256_set1_ps(scale));
            let scales =
                [self.0.avx._mm256_mul_ps(scales[0], scale), self.0.avx._mm256_mul_ps(scales[1], scale)];
            let sums = [self.0.avx._mm256_cvtepi32_ps(sums[0]), self.0.avx._mm256_cvtepi32_ps(sums[1])];
            [
                self.0.fma._mm256_fmadd_ps(sums[0], scales[0], results[0]),
                self.0.fma._mm256_fmadd_ps(sums[1], scales[1], results[1]),
            ]
        }

        #[inline(always)]
        fn store(self, results: [__m256; 2], out: &mut [f32; ROWS]) {
            *out = cast(results);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;
    use crate::quantise as blocks;

    /// A few numbers that look like noise and are the same everywhere.
    fn noise(length: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    fn case(rows: usize, width: usize, tokens: usize) -> (Matrix, Quantised, Vec<f32>, Vec<f32>) {
        let weights = noise(rows * width, 1);
        let inputs = noise(tokens * width, 2);
        let mut matrix = Matrix::zeroed(rows, width);
        matrix.put(0, &blocks(&weights));
        let mut quantised = Quantised::default();
        quantised.resize(tokens, width);
        for (place, values) in quantised.places().zip(inputs.chunks(width)) {
            place.quantise(values);
        }
        (matrix, quantised, weights, inputs)
    }

    #[test]
    fn a_quantised_product_is_near_the_exact_one() {
        let (rows, width, tokens) = (48, 96, 15);
        let (matrix, quantised, weights, inputs) = case(rows, width, tokens);
        let mut out = vec![[0.0; ROWS]; matrix.groups() * tokens];
        matrix.multiply(0, &quantised, &mut out);
        for row in 0..rows {
            for token in 0..tokens {
                let exact: f32 =
                    (0..width).map(|i| weights[row * width + i] * inputs[token * width + i]).sum();
                let got = out[row / ROWS * tokens + token][row % ROWS];
                assert!((exact - got).abs() < 0.05, "{exact} {got}");
            }
        }
    }

    #[test]
    fn the_number_of_tokens_at_once_changes_no_bit() {
        let (rows, width, tokens) = (32, 64, 23);
        let (matrix, quantised, _, inputs) = case(rows, width, tokens);
        let mut all = vec![[0.0; ROWS]; matrix.groups() * tokens];
        matrix.multiply(0, &quantised, &mut all);
        for token in 0..tokens {
            let mut single = Quantised::default();
            single.resize(1, width);
            for place in single.places() {
                place.quantise(&inputs[token * width..(token + 1) * width]);
            }
            let mut out = vec![[0.0; ROWS]; matrix.groups()];
            matrix.multiply(0, &single, &mut out);
            for group in 0..matrix.groups() {
                assert_eq!(all[group * tokens + token].map(f32::to_bits), out[group].map(f32::to_bits));
            }
        }
    }

    #[test]
    fn wide_lanes_and_plain_loops_agree() {
        let (matrix, quantised, ..) = case(16, 128, 9);
        let mut wide = vec![[0.0; ROWS]; 9];
        matrix.multiply(0, &quantised, &mut wide);
        let mut plain = vec![[0.0; ROWS]; 9];
        tiles(Plain, &matrix.blocks, &quantised, &mut Column(&mut plain));
        for (a, b) in wide.iter().flatten().zip(plain.iter().flatten()) {
            assert!((a - b).abs() <= 1e-4 * b.abs().max(1.0), "{a} {b}");
        }
    }

    #[test]
    fn wide_weights_are_far_nearer_and_the_largest_of_them_overflow_nothing() {
        let (rows, width, tokens) = (32, 96, 11);
        let (_, quantised, weights, inputs) = case(rows, width, tokens);
        let mut matrix: Matrix<i16> = Matrix::zeroed(rows, width);
        matrix.put_values(0, &weights);
        let bias = noise(rows, 3);
        let mut out = vec![0.0; rows * tokens];
        matrix.rows(&quantised, &bias, &mut out);
        let mut plain = vec![[0.0; ROWS]; tokens];
        tiles(Plain, &matrix.blocks[..width / BLOCK], &quantised, &mut Column(&mut plain));
        for (token, own) in out.chunks_exact(rows).enumerate() {
            for (row, (got, bias)) in own.iter().zip(&bias).enumerate() {
                let exact: f64 = (0..width)
                    .map(|i| f64::from(weights[row * width + i]) * f64::from(inputs[token * width + i]))
                    .sum();
                assert!((exact + f64::from(*bias) - f64::from(*got)).abs() < 0.004, "{exact} {got}");
            }
            for ((a, bias), b) in own.iter().zip(&bias).zip(plain[token]) {
                assert!((a - bias - b).abs() <= 1e-4 * b.abs().max(1.0), "{a} {bias} {b}");
            }
        }
        // All of a block at its largest.
        matrix.put_values(0, &vec![1.0; rows * width]);
        let mut most = Quantised::default();
        most.resize(1, width);
        most.places().for_each(|place| place.quantise(&vec![1.0; width]));
        let mut out = vec![0.0; rows];
        matrix.rows(&most, &vec![0.0; rows], &mut out);
        assert!(out.iter().all(|x| (x - width as f32).abs() < 1e-3), "{out:?}");
    }

    #[test]
    fn a_row_comes_back_as_it_was_put() {
        let values = noise(96, 5);
        let mut matrix = Matrix::zeroed(16, 96);
        matrix.put(7, &blocks(&values));
        let mut row = vec![0.0; 96];
        matrix.row(7, &mut row);
        assert!(row.iter().zip(&values).all(|(a, b)| (a - b).abs() < 0.01));
    }
}
