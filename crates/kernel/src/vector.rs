//! Element-wise work on one token's values.

/// `e^x`: by halves of the logarithm of two and a polynomial (Cephes), to about one unit in the last place. Far
/// below zero it is zero.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
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

/// `x = x / rms(x) · weight` (root mean square norm, Zhang and Sennrich 2019).
pub fn norm(x: &mut [f32], weight: &[f32], epsilon: f32) {
    struct Norm<'a>(&'a mut [f32], &'a [f32], f32);
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
            for (x, weight) in self.0.iter_mut().zip(self.1) {
                *x = *x * scale * weight;
            }
        }
    }
    pulp::Arch::new().dispatch(Norm(x, weight, epsilon));
}

/// `x = (x - mean(x)) / deviation(x) · weight + bias` (layer norm, Ba, Kiros and Hinton 2016).
pub fn layer_norm(x: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32) {
    struct LayerNorm<'a>(&'a mut [f32], &'a [f32], &'a [f32], f32);
    impl pulp::WithSimd for LayerNorm<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let Self(x, weight, bias, epsilon) = self;
            let count = x.len() as f64;
            let (eights, rest) = x.as_chunks::<8>();
            let mut sums = [0.0_f64; 8];
            for eight in eights {
                for (sum, x) in sums.iter_mut().zip(eight) {
                    *sum += f64::from(*x);
                }
            }
            let mean = (sums.iter().sum::<f64>() + rest.iter().map(|x| f64::from(*x)).sum::<f64>()) / count;
            let mut squares = [0.0_f64; 8];
            for eight in eights {
                for (square, x) in squares.iter_mut().zip(eight) {
                    let off = f64::from(*x) - mean;
                    *square += off * off;
                }
            }
            let rest = rest.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>();
            let square = (squares.iter().sum::<f64>() + rest) / count;
            let (mean, scale) = (mean as f32, 1.0 / (square as f32 + epsilon).sqrt());
            for ((x, weight), bias) in x.iter_mut().zip(weight).zip(bias) {
                *x = (*x - mean) * scale * weight + bias;
            }
        }
    }
    pulp::Arch::new().dispatch(LayerNorm(x, weight, bias, epsilon));
}

/// `x = x · Φ(x)`, the normal distribution's, by its error function (Hendrycks and Gimpel 2016; the error function to 1.5e-7,
/// Abramowitz and Stegun 7.1.26).
pub fn gelu(x: &mut [f32]) {
    struct Gelu<'a>(&'a mut [f32]);
    impl pulp::WithSimd for Gelu<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            for x in self.0 {
                let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
                let t = 1.0 / (1.0 + 0.327_591_1 * z);
                let mut p = 1.061_405_4;
                for c in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
                    p = p * t + c;
                }
                let tail = 0.5 * p * t * exp(-z * z);
                let share = if *x < 0.0 { tail } else { 1.0 - tail };
                *x *= share;
            }
        }
    }
    pulp::Arch::new().dispatch(Gelu(x));
}

/// What opens a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// `x · sigmoid(x)`
    Silu,
    /// The normal distribution's `x · Φ(x)`, by the hyperbolic tangent (Hendrycks and Gimpel 2016).
    Gelu,
}

/// `gate = opened(gate) · up` (Shazeer 2020).
pub fn gated(kind: Gate, gate: &mut [f32], up: &[f32]) {
    struct Gated<'a>(Gate, &'a mut [f32], &'a [f32]);
    impl pulp::WithSimd for Gated<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            match self.0 {
                Gate::Silu => {
                    for (gate, up) in self.1.iter_mut().zip(self.2) {
                        *gate = *gate / (1.0 + exp(-*gate)) * up;
                    }
                }
                Gate::Gelu => {
                    // (1 + tanh z) / 2 is the sigmoid of 2 z.
                    let slope = 2.0 * (2.0 / std::f32::consts::PI).sqrt();
                    for (gate, up) in self.1.iter_mut().zip(self.2) {
                        let x = *gate;
                        *gate = x / (1.0 + exp(-slope * x * (1.0 + 0.044_715 * x * x))) * up;
                    }
                }
            }
        }
    }
    pulp::Arch::new().dispatch(Gated(kind, gate, up));
}

/// The angles of one position: cosine and sine for each pair of a head's values. Positions are divided by `stretch`,
/// each angle by its factor.
pub fn angles(position: usize, base: f32, stretch: f32, factors: Option<&[f32]>, out: &mut [(f32, f32)]) {
    let step = base.powf(-1.0 / out.len() as f32);
    let mut theta = position as f32;
    for (i, out) in out.iter_mut().enumerate() {
        let factor = factors.and_then(|f| f.get(i)).copied().unwrap_or(1.0);
        let (sin, cos) = (theta / factor / stretch).sin_cos();
        *out = (cos, sin);
        theta *= step;
    }
}

/// Which two values of a head make a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    Neighbours,
    /// One of the first half with its like of the second.
    Halves,
}

/// Turns pairs of a head's values by their angles (rotary embedding, Su et al. 2021).
pub fn rotate(pairing: Pairing, head: &mut [f32], angles: &[(f32, f32)]) {
    let turned = |a: f32, b: f32, (cos, sin): (f32, f32)| (a * cos - b * sin, a * sin + b * cos);
    match pairing {
        Pairing::Neighbours => {
            for ([a, b], angle) in head.as_chunks_mut::<2>().0.iter_mut().zip(angles) {
                (*a, *b) = turned(*a, *b, *angle);
            }
        }
        Pairing::Halves => {
            let (low, high) = head.split_at_mut(head.len() / 2);
            for ((a, b), angle) in low.iter_mut().zip(high).zip(angles) {
                (*a, *b) = turned(*a, *b, *angle);
            }
        }
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
        let mut out: Vec<f32> = (1..=19).map(|i| i as f32).collect();
        norm(&mut out, &[1.0; 19], 0.0);
        let mean = out.iter().map(|x| x * x).sum::<f32>() / 19.0;
        assert!((mean - 1.0).abs() < 1e-5, "{mean}");
    }

    #[test]
    fn a_layer_norm_has_no_mean_and_the_variance_one() {
        let mut out: Vec<f32> = (1..=19).map(|i| i as f32).collect();
        layer_norm(&mut out, &[2.0; 19], &[1.0; 19], 0.0);
        let mean = out.iter().sum::<f32>() / 19.0;
        let square = out.iter().map(|x| (x - 1.0).powi(2)).sum::<f32>() / 19.0;
        assert!((mean - 1.0).abs() < 1e-5 && (square - 4.0).abs() < 1e-4, "{mean} {square}");
    }

    #[test]
    fn the_normal_share_is_what_its_integral_says() {
        // Simpson's rule over the density.
        let share = |x: f64| {
            let (steps, from) = (4000, -12.0_f64);
            let h = (x - from) / f64::from(steps);
            let f = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let inner = |i: i32| f64::from(2 + 2 * (i % 2)) * f(from + f64::from(i) * h);
            (f(from) + f(x) + (1..steps).map(inner).sum::<f64>()) * h / 3.0
        };
        for i in -80..=80 {
            let x = f64::from(i) / 10.0;
            let mut got = [x as f32];
            gelu(&mut got);
            assert!((f64::from(got[0]) - x * share(x)).abs() < 3e-6, "{x}: {got:?} {}", x * share(x));
        }
    }

    #[test]
    fn gates_open_as_their_formulas_say() {
        for i in -600..600 {
            let x = f64::from(i) / 100.0;
            let tanh = (std::f64::consts::FRAC_2_PI.sqrt() * (x + 0.044_715 * x.powi(3))).tanh();
            for (kind, want) in [(Gate::Silu, x / (1.0 + (-x).exp())), (Gate::Gelu, 0.5 * x * (1.0 + tanh))] {
                let mut got = [x as f32];
                gated(kind, &mut got, &[2.0]);
                assert!((f64::from(got[0]) - 2.0 * want).abs() < 1e-5, "{kind:?} of {x}: {got:?} {want}");
            }
        }
    }

    #[test]
    fn turning_keeps_lengths_and_position_zero_turns_nothing() {
        let start: Vec<f32> = (1..=8).map(|i| i as f32).collect();
        for (pairing, pairs) in [
            (Pairing::Neighbours, [(0, 1), (2, 3), (4, 5), (6, 7)]),
            (Pairing::Halves, [(0, 4), (1, 5), (2, 6), (3, 7)]),
        ] {
            let mut angle = vec![(0.0, 0.0); 4];
            let mut head = start.clone();
            angles(0, 10_000.0, 1.0, None, &mut angle);
            rotate(pairing, &mut head, &angle);
            assert_eq!(head, start);
            angles(7, 10_000.0, 1.0, None, &mut angle);
            rotate(pairing, &mut head, &angle);
            for (a, b) in pairs {
                assert!((head[a].hypot(head[b]) - start[a].hypot(start[b])).abs() < 1e-5);
            }
            let want = start[pairs[0].0] * 7.0_f32.cos() - start[pairs[0].1] * 7.0_f32.sin();
            assert!((head[0] - want).abs() < 1e-5);
        }
    }

    #[test]
    fn stretched_positions_and_factors_slow_the_turning() {
        let mut out = [[(0.0, 0.0); 2]; 3];
        angles(6, 100.0, 1.0, None, &mut out[0]);
        angles(12, 100.0, 2.0, None, &mut out[1]);
        angles(6, 100.0, 1.0, Some(&[1.0, 3.0]), &mut out[2]);
        assert_eq!(out[0], out[1]);
        assert_eq!(out[0][0], out[2][0]);
        assert!((out[2][1].1 - 0.2_f32.sin()).abs() < 1e-6);
    }
}
