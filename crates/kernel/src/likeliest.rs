//! The one of a whole vocabulary that a model holds for likeliest.

/// Values between two looks at whether the largest is among them.
const STRETCH: usize = 1024;
/// Values that are compared side by side.
const SIDE: usize = 32;

/// The place of the largest value, the first of equals. What is no number is never it; where nothing is a number, or
/// nothing is there, it is 0.
pub fn likeliest(values: &[f32]) -> usize {
    struct Most<'a>(&'a [f32]);
    impl pulp::WithSimd for Most<'_> {
        /// The stretch with the largest value, and that.
        type Output = (usize, f32);
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> (usize, f32) {
            let mut found = (0, f32::NEG_INFINITY);
            for (at, stretch) in self.0.chunks(STRETCH).enumerate() {
                let mut sides = [f32::NEG_INFINITY; SIDE];
                let (whole, rest) = stretch.as_chunks::<SIDE>();
                for values in whole {
                    for (most, x) in sides.iter_mut().zip(values) {
                        *most = if *x > *most { *x } else { *most };
                    }
                }
                for most in sides.iter().chain(rest) {
                    if *most > found.1 {
                        found = (at, *most);
                    }
                }
            }
            found
        }
    }
    let (at, most) = pulp::Arch::new().dispatch(Most(values));
    let from = at * STRETCH;
    let stretch = values.get(from..).unwrap_or_default();
    from + stretch.iter().position(|x| *x >= most).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_found_wherever_it_stands_and_the_first_of_equals() {
        let low: Vec<f32> = (0..5000).map(|i| -(((i * 37) % 101) as f32) - 1.0).collect();
        for at in [0, 1, 31, 32, 1023, 1024, 1025, 2080, 4095, 4096, 4998, 4999] {
            let mut values = low.clone();
            values[at] = 0.5;
            assert_eq!(likeliest(&values), at);
            values[4999] = 0.5;
            assert_eq!(likeliest(&values), at);
            values.truncate(at + 1);
            assert_eq!(likeliest(&values), at);
        }
    }

    #[test]
    fn what_is_no_number_is_never_the_largest() {
        let none = f32::NAN;
        assert_eq!(likeliest(&[none, 1.0, none, 2.0, f32::NEG_INFINITY]), 3);
        assert_eq!(likeliest(&[none, f32::NEG_INFINITY, none]), 1);
        assert_eq!(likeliest(&[1.0, f32::INFINITY, none]), 1);
        assert_eq!(likeliest(&[none; 2000]), 0);
        assert_eq!(likeliest(&[]), 0);
    }
}
