//! How near rows are to a query: rows of bytes at first, which find those that are worth a second look, then of sixteen bits.
//!
//! A value of a row is `256 · high + low`, both signed bytes, times the row's scale. The highs of many rows lie together, so
//! that a scan reads half of what is known.

/// Rows are filled up with zeros to a multiple of so many values.
pub const STEP: usize = 32;
/// The largest `256 · high + low` whose high is a byte still.
const FINEST: f32 = 32_639.0;
/// The sum of a scan's products stays below 2^31.
const MOST: f32 = 2_147_000_000.0 / 128.0;

/// The length of a row of so many values.
pub fn padded(width: usize) -> usize {
    width.next_multiple_of(STEP)
}

/// Splits a vector into the two bytes of each value, and gives the row's scale.
pub fn split(vector: &[f32], high: &mut [i8], low: &mut [i8]) -> f32 {
    let most = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let inverse = if most > 0.0 { FINEST / most } else { 0.0 };
    for ((x, high), low) in vector.iter().zip(high).zip(low) {
        let whole = (x * inverse).round_ties_even() as i32;
        let upper = (whole + 128) >> 8;
        *high = upper as i8;
        *low = (whole - (upper << 8)) as i8;
    }
    most / FINEST
}

/// A query as rows are compared with it.
#[derive(Debug, Clone)]
pub struct Query {
    values: Vec<f32>,
    whole: Vec<i16>,
    /// What one of `whole` is worth.
    scale: f32,
}

impl Query {
    /// Of a vector, filled up to the length of a row.
    pub fn new(vector: &[f32]) -> Self {
        let mut values = vector.to_vec();
        values.resize(padded(vector.len()), 0.0);
        let most = values.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let sum = values.iter().map(|x| x.abs()).sum::<f32>();
        let inverse = if most > 0.0 { (32_767.0 / most).min(MOST / sum) } else { 0.0 };
        let whole = values.iter().map(|x| (x * inverse).round_ties_even() as i16).collect();
        Self { whole, values, scale: if inverse > 0.0 { 1.0 / inverse } else { 0.0 } }
    }

    /// What one of a scan's sums is worth for a row of scale one.
    pub fn worth(&self) -> f32 {
        self.scale * 256.0
    }

    /// The sums of the products with the highs of each row.
    pub fn scan(&self, highs: &[i8], sums: &mut [i32]) {
        scan(&self.whole, highs, sums);
    }

    /// The product with both bytes of one row, for a scale of one. The same on every processor.
    pub fn near(&self, high: &[i8], low: &[i8]) -> f64 {
        near(&self.values, high, low)
    }
}

/// One row.
trait Lanes: Copy {
    fn dot(self, query: &[[i16; STEP]], row: &[[i8; STEP]]) -> i32;
}

#[inline(always)]
fn rows<L: Lanes>(lanes: L, query: &[i16], highs: &[i8], sums: &mut [i32]) {
    let query = query.as_chunks::<STEP>().0;
    for (row, sum) in highs.as_chunks::<STEP>().0.chunks_exact(query.len().max(1)).zip(sums) {
        *sum = lanes.dot(query, row);
    }
}

fn scan(query: &[i16], highs: &[i8], sums: &mut [i32]) {
    struct Scan<'a, L>(L, &'a [i16], &'a [i8], &'a mut [i32]);
    impl<L: Lanes> pulp::NullaryFnOnce for Scan<'_, L> {
        type Output = ();
        #[inline(always)]
        fn call(self) {
            rows(self.0, self.1, self.2, self.3);
        }
    }
    match pulp::Arch::new() {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(simd) => simd.vectorize(Scan(x86::Wide512(simd), query, highs, sums)),
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(simd) => simd.vectorize(Scan(x86::Wide256(simd), query, highs, sums)),
        _ => rows(Plain, query, highs, sums),
    }
}

fn near(query: &[f32], high: &[i8], low: &[i8]) -> f64 {
    struct Near<'a>(&'a [f32], &'a [i8], &'a [i8]);
    impl pulp::WithSimd for Near<'_> {
        type Output = f64;
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
            let mut sums = [0.0_f32; STEP];
            let rows = self.1.as_chunks::<STEP>().0.iter().zip(self.2.as_chunks::<STEP>().0);
            for (query, (high, low)) in self.0.as_chunks::<STEP>().0.iter().zip(rows) {
                for i in 0..STEP {
                    sums[i] += query[i] * (i32::from(high[i]) * 256 + i32::from(low[i])) as f32;
                }
            }
            sums.iter().map(|sum| f64::from(*sum)).sum()
        }
    }
    pulp::Arch::new().dispatch(Near(query, high, low))
}

/// Loops that any compiler makes lanes of.
#[derive(Clone, Copy)]
struct Plain;

impl Lanes for Plain {
    #[inline(always)]
    fn dot(self, query: &[[i16; STEP]], row: &[[i8; STEP]]) -> i32 {
        let mut sums = [0_i32; STEP];
        for (query, row) in query.iter().zip(row) {
            for i in 0..STEP {
                sums[i] += i32::from(query[i]) * i32::from(row[i]);
            }
        }
        sums.iter().sum()
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m128i, __m256i, __m512i};

    use pulp::bytemuck::cast;
    use pulp::x86::{V3, V4};

    use super::{Lanes, STEP};

    /// AVX-512: 32 values at once.
    #[derive(Clone, Copy)]
    pub struct Wide512(pub V4);

    impl Lanes for Wide512 {
        #[inline(always)]
        fn dot(self, query: &[[i16; STEP]], row: &[[i8; STEP]]) -> i32 {
            let mut sums: __m512i = cast([0_i32; 16]);
            for (query, row) in query.iter().zip(row) {
                let row = self.0.avx512bw._mm512_cvtepi8_epi16(cast::<_, __m256i>(*row));
                let products = self.0.avx512bw._mm512_madd_epi16(row, cast(*query));
                sums = self.0.avx512f._mm512_add_epi32(sums, products);
            }
            cast::<_, [i32; 16]>(sums).iter().sum()
        }
    }

    /// AVX2: two registers of sixteen.
    #[derive(Clone, Copy)]
    pub struct Wide256(pub V3);

    impl Lanes for Wide256 {
        #[inline(always)]
        fn dot(self, query: &[[i16; STEP]], row: &[[i8; STEP]]) -> i32 {
            let mut sums: [__m256i; 2] = [cast([0_i32; 8]); 2];
            for (query, row) in query.iter().zip(row) {
                let row = cast::<_, [__m128i; 2]>(*row);
                let query = cast::<_, [__m256i; 2]>(*query);
                for i in 0..2 {
                    let row = self.0.avx2._mm256_cvtepi8_epi16(row[i]);
                    sums[i] =
                        self.0.avx2._mm256_add_epi32(sums[i], self.0.avx2._mm256_madd_epi16(row, query[i]));
                }
            }
            cast::<_, [i32; 8]>(self.0.avx2._mm256_add_epi32(sums[0], sums[1])).iter().sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    fn rows_of(vectors: &[Vec<f32>]) -> (Vec<i8>, Vec<i8>, Vec<f32>) {
        let width = padded(vectors[0].len());
        let (mut high, mut low) = (vec![0; width * vectors.len()], vec![0; width * vectors.len()]);
        let places = high.chunks_mut(width).zip(low.chunks_mut(width));
        let scales =
            vectors.iter().zip(places).map(|(vector, (high, low))| split(vector, high, low)).collect();
        (high, low, scales)
    }

    #[test]
    fn the_second_look_is_nearly_exact_and_the_first_one_near() {
        for width in [3, 384, 1000] {
            let vectors: Vec<_> = (0..50).map(|seed| noise(width, seed)).collect();
            let (high, low, scales) = rows_of(&vectors);
            let query = Query::new(&noise(width, 99));
            let mut sums = vec![0; vectors.len()];
            query.scan(&high, &mut sums);
            let own = padded(width);
            for (at, vector) in vectors.iter().enumerate() {
                let exact: f64 =
                    vector.iter().zip(&query.values).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                let size = (width as f64).sqrt();
                let first = f64::from(sums[at]) * f64::from(query.worth() * scales[at]);
                assert!((first - exact).abs() < 0.01 * size, "{width}: {first} {exact}");
                let place = at * own..(at + 1) * own;
                let second = query.near(&high[place.clone()], &low[place]) * f64::from(scales[at]);
                assert!((second - exact).abs() < 5e-5 * size, "{width}: {second} {exact}");
            }
        }
    }

    #[test]
    fn wide_lanes_and_plain_loops_have_the_same_sums() {
        let vectors: Vec<_> = (0..9).map(|seed| noise(384, seed)).collect();
        let (high, ..) = rows_of(&vectors);
        let query = Query::new(&noise(384, 7));
        let (mut wide, mut plain) = (vec![0; 9], vec![0; 9]);
        query.scan(&high, &mut wide);
        rows(Plain, &query.whole, &high, &mut plain);
        assert_eq!(wide, plain);
    }

    #[test]
    fn the_largest_values_overflow_nothing() {
        let vector = vec![1.0; 8192];
        let (high, low, scales) = rows_of(std::slice::from_ref(&vector));
        let query = Query::new(&vector);
        let mut sums = vec![0];
        query.scan(&high, &mut sums);
        assert!(
            (f64::from(sums[0]) * f64::from(query.worth() * scales[0]) - 8192.0).abs() < 50.0,
            "{sums:?}"
        );
        assert!((query.near(&high, &low) * f64::from(scales[0]) - 8192.0).abs() < 0.1);
        assert!(Query::new(&[0.0; 8]).whole.iter().all(|x| *x == 0));
        assert_eq!(split(&[0.0; 4], &mut [1; 4], &mut [1; 4]).to_bits(), 0.0_f32.to_bits());
    }
}
