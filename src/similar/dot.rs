//! The inner product of two rows.

use pulp::{Arch, Simd, WithSimd, as_arrays};

/// `a·b`.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    Arch::new().dispatch(Dot { a, b })
}

struct Dot<'a> {
    a: &'a [f32],
    b: &'a [f32],
}

impl WithSimd for Dot<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let ((a, a_rest), (b, b_rest)) = (S::as_simd_f32s(self.a), S::as_simd_f32s(self.b));
        let ((a_fours, a_ones), (b_fours, b_ones)) = (as_arrays::<4, _>(a), as_arrays::<4, _>(b));
        // Four sums, so that one addition need not wait for the one before.
        let mut sums = [simd.splat_f32s(0.0); 4];
        for (a, b) in a_fours.iter().zip(b_fours) {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum = simd.mul_add_f32s(*a, *b, *sum);
            }
        }
        for (a, b) in a_ones.iter().zip(b_ones) {
            sums[0] = simd.mul_add_f32s(*a, *b, sums[0]);
        }
        let [a, b, c, d] = sums;
        let sum = simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d));
        let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
        simd.reduce_sum_f32s(sum) + rest
    }
}
