//! Element-wise work on one token's values.

/// `e^x`: by halves of the logarithm of two and a polynomial (Cephes), to about one unit in the last place. Far
/// below zero it is zero.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let clamped = x.clamp(-87.0, 88.0);
    let n = (clamped * std::f32::consts::LOG2_E).round_ties_even();
    let r = clamped - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5.000_000_3e-1] {
        p = p * r + c;
    }
    let power = f32::from_bits(((n as i32 + 127) << 23).cast_unsigned());
    let value = (p * r * r + r + 1.0) * power;
    if x < -87.0 { 0.0 } else { value }
}

/// `out = x / rms(x) · weight` (root mean square norm, Zhang and Sennrich 2019).
pub(crate) fn norm(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
    struct Norm<'a>(&'a [f32], &'a [f32], f32, &'a mut [f32]);
    impl pulp::WithSimd for Norm<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let mut sums = [0.0_f64; 8];
            let (eights, rest) = self.0.as_chunks::<8>();
            for eight in eights {
                for (sum, x) in sums.iter_mut().zip(eight) {
                    *sum += f64::from(x * x);
                }
            }
            let sum = sums.iter().sum::<f64>() + rest.iter().map(|x| f64::from(x * x)).sum::<f64>();
            let scale = 1.0 / ((sum / self.0.len() as f64) as f32 + self.2).sqrt();
            for ((out, x), weight) in self.3.iter_mut().zip(self.0).zip(self.1) {
                *out = x * scale * weight;
            }
        }
    }
    pulp::Arch::new().dispatch(Norm(x, weight, epsilon, out));
}

/// `gate = silu(gate) · up` (`SwiGLU`, Shazeer 2020).
pub(crate) fn swiglu(gate: &mut [f32], up: &[f32]) {
    struct Swiglu<'a>(&'a mut [f32], &'a [f32]);
    impl pulp::WithSimd for Swiglu<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            for (gate, up) in self.0.iter_mut().zip(self.1) {
                *gate = *gate / (1.0 + exp(-*gate)) * up;
            }
        }
    }
    pulp::Arch::new().dispatch(Swiglu(gate, up));
}

/// The angles of one position: cosine and sine for each pair of a head's values.
pub(crate) fn angles(position: usize, base: f32, factors: Option<&[f32]>, out: &mut [(f32, f32)]) {
    let step = base.powf(-1.0 / out.len() as f32);
    let mut theta = position as f32;
    for (i, out) in out.iter_mut().enumerate() {
        let factor = factors.and_then(|f| f.get(i)).copied().unwrap_or(1.0);
        let (sin, cos) = (theta / factor).sin_cos();
        *out = (cos, sin);
        theta *= step;
    }
}

/// Turns neighbouring pairs of a head's values by their angles (rotary embedding, Su et al. 2021).
pub(crate) fn rotate(head: &mut [f32], angles: &[(f32, f32)]) {
    for (pair, (cos, sin)) in head.as_chunks_mut::<2>().0.iter_mut().zip(angles) {
        let [a, b] = *pair;
        *pair = [a * cos - b * sin, a * sin + b * cos];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_that_of_the_standard_library() {
        for i in -8000..8000 {
            let x = i as f32 / 100.0;
            let (got, want) = (exp(x), x.exp());
            assert!((got - want).abs() <= want * 3e-7, "{x}: {got} {want}");
        }
        assert_eq!(exp(f32::NEG_INFINITY).to_bits(), 0.0_f32.to_bits());
    }

    #[test]
    fn a_norm_makes_the_mean_square_one() {
        let x: Vec<f32> = (1..=19).map(|i| i as f32).collect();
        let mut out = vec![0.0; 19];
        norm(&x, &[1.0; 19], 0.0, &mut out);
        let mean = out.iter().map(|x| x * x).sum::<f32>() / 19.0;
        assert!((mean - 1.0).abs() < 1e-5, "{mean}");
    }

    #[test]
    fn turning_keeps_lengths_and_position_zero_turns_nothing() {
        let mut angle = vec![(0.0, 0.0); 4];
        let start: Vec<f32> = (1..=8).map(|i| i as f32).collect();
        let mut head = start.clone();
        angles(0, 10_000.0, None, &mut angle);
        rotate(&mut head, &angle);
        assert_eq!(head, start);
        angles(7, 10_000.0, None, &mut angle);
        rotate(&mut head, &angle);
        for (a, b) in head.chunks(2).zip(start.chunks(2)) {
            assert!((a[0].hypot(a[1]) - b[0].hypot(b[1])).abs() < 1e-5);
        }
        assert!((head[0] - (7.0_f32.cos() - 2.0 * 7.0_f32.sin())).abs() < 1e-5);
    }
}
