//! Vectorized sums.

use pulp::{Arch, Simd, WithSimd};

/// A sum over pairs of values: one partial sum per lane, each of at most a few hundred values in `f32` before it is
/// added to an `f64`, which keeps it accurate.
struct Sum<'a, F> {
    pairs: (&'a [f32], &'a [f32]),
    term: F,
}

impl<F: Fn(f32, f32) -> f32> WithSimd for Sum<'_, F> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        const LANES: usize = 16;
        const RUN: usize = 256 * LANES;
        let Self { pairs: (a, b), term } = self;
        let mut total = 0.0f64;
        for (a, b) in a.chunks(RUN).zip(b.chunks(RUN)) {
            let mut parts = [0.0f32; LANES];
            let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
            for (a, b) in a.iter().zip(b) {
                for lane in 0..LANES {
                    parts[lane] += term(a[lane], b[lane]);
                }
            }
            for ((part, a), b) in parts.iter_mut().zip(a_rest).zip(b_rest) {
                *part += term(*a, *b);
            }
            total += parts.iter().map(|part| f64::from(*part)).sum::<f64>();
        }
        total
    }
}

/// The sum of `term` over pairs of values.
pub fn sum_of(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    Arch::new().dispatch(Sum { pairs: (a, b), term })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu::random;

    #[test]
    fn sums_agree_with_double_precision() {
        for count in [0, 1, 15, 16, 17, 5000, 70_001] {
            let (a, b) = (random(1, count), random(2, count));
            let exact: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            let found = sum_of(&a, &b, |a, b| a * b);
            assert!((found - exact).abs() < 1e-6 * (1.0 + count as f64).sqrt(), "{found} {exact}");
        }
    }
}
