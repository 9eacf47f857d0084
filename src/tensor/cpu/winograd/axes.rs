//! Winograd's transforms along one axis, at the points 0, ±[`NEAR`], ±[`FAR`] and infinity.
//!
//! The usual points are 0, ±1, ±2 and infinity. With these, which cost an operation or two more, rounding errors are
//! less than half as large (Barabasz et al., 2020, compare points).

use pulp::Simd;

const NEAR: f32 = 0.75;
const FAR: f32 = 1.5;
/// Squares and cubes of the points, exact in binary.
const NEAR2: f32 = NEAR * NEAR;
const FAR2: f32 = FAR * FAR;
const NEAR3: f32 = NEAR2 * NEAR;
const FAR3: f32 = FAR2 * FAR;
/// The divisor of the weights at each point: the product of its distances to the other finite points.
const AT_0: f32 = NEAR2 * FAR2;
const AT_NEAR: f32 = 2.0 * NEAR2 * (NEAR2 - FAR2);
const AT_FAR: f32 = 2.0 * FAR2 * (FAR2 - NEAR2);

/// A transform from `A` to `B` values. A trait instead of a function argument, since the compiler does not vectorize a
/// function that is called through a variable.
pub trait Axis<const A: usize, const B: usize>: Copy {
    fn apply<S: Simd>(self, simd: S, line: [S::f32s; A]) -> [S::f32s; B];
}

/// From six pixels to the points.
#[derive(Clone, Copy)]
pub struct InputAxis;

impl Axis<6, 6> for InputAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 6] {
        let of = |value: f32| simd.splat_f32s(value);
        let (near, far, both) = (of(-FAR2), of(-NEAR2), of(-NEAR2 - FAR2));
        let near_even = simd.mul_add_f32s(near, c, e);
        let near_odd = simd.mul_f32s(of(NEAR), simd.mul_add_f32s(near, b, d));
        let far_even = simd.mul_add_f32s(far, c, e);
        let far_odd = simd.mul_f32s(of(FAR), simd.mul_add_f32s(far, b, d));
        [
            simd.mul_add_f32s(of(AT_0), a, simd.mul_add_f32s(both, c, e)),
            simd.add_f32s(near_even, near_odd),
            simd.sub_f32s(near_even, near_odd),
            simd.add_f32s(far_even, far_odd),
            simd.sub_f32s(far_even, far_odd),
            simd.mul_add_f32s(of(AT_0), b, simd.mul_add_f32s(both, d, f)),
        ]
    }
}

/// From three taps to the points.
#[derive(Clone, Copy)]
pub struct WindowAxis;

impl Axis<3, 6> for WindowAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 6] {
        let by = |factor: f32, value| simd.mul_f32s(simd.splat_f32s(factor), value);
        let near_even = simd.add_f32s(by(1.0 / AT_NEAR, a), by(NEAR2 / AT_NEAR, c));
        let near_odd = by(NEAR / AT_NEAR, b);
        let far_even = simd.add_f32s(by(1.0 / AT_FAR, a), by(FAR2 / AT_FAR, c));
        let far_odd = by(FAR / AT_FAR, b);
        [
            by(1.0 / AT_0, a),
            simd.add_f32s(near_even, near_odd),
            simd.sub_f32s(near_even, near_odd),
            simd.add_f32s(far_even, far_odd),
            simd.sub_f32s(far_even, far_odd),
            c,
        ]
    }
}

/// From the points to three taps: the transpose of [`WindowAxis`].
#[derive(Clone, Copy)]
pub struct WindowBackAxis;

impl Axis<6, 3> for WindowBackAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 3] {
        let by = |factor: f32, value| simd.mul_f32s(simd.splat_f32s(factor), value);
        let (near_sum, near_difference) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
        let (far_sum, far_difference) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
        let sums = |near: f32, far: f32| simd.add_f32s(by(near, near_sum), by(far, far_sum));
        [
            simd.add_f32s(by(1.0 / AT_0, a), sums(1.0 / AT_NEAR, 1.0 / AT_FAR)),
            simd.add_f32s(by(NEAR / AT_NEAR, near_difference), by(FAR / AT_FAR, far_difference)),
            simd.add_f32s(f, sums(NEAR2 / AT_NEAR, FAR2 / AT_FAR)),
        ]
    }
}

/// From the points to four pixels.
#[derive(Clone, Copy)]
pub struct OutputAxis;

impl Axis<6, 4> for OutputAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 4] {
        let (sum, difference) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
        let (far_sum, far_difference) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
        let by = |factor: f32, value| simd.mul_f32s(simd.splat_f32s(factor), value);
        let plus =
            |factor: f32, value, rest| simd.mul_add_f32s(simd.splat_f32s(factor), value, rest);
        [
            simd.add_f32s(a, simd.add_f32s(sum, far_sum)),
            plus(NEAR, difference, by(FAR, far_difference)),
            plus(NEAR2, sum, by(FAR2, far_sum)),
            plus(NEAR3, difference, plus(FAR3, far_difference, f)),
        ]
    }
}

/// From four pixels to the points: the transpose of [`OutputAxis`].
#[derive(Clone, Copy)]
pub struct GradientAxis;

impl Axis<4, 6> for GradientAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 6] {
        let by = |factor: f32, value| simd.mul_f32s(simd.splat_f32s(factor), value);
        let plus =
            |factor: f32, value, rest| simd.mul_add_f32s(simd.splat_f32s(factor), value, rest);
        let (even, odd) = (plus(NEAR2, c, a), plus(NEAR3, d, by(NEAR, b)));
        let (far_even, far_odd) = (plus(FAR2, c, a), plus(FAR3, d, by(FAR, b)));
        [
            a,
            simd.add_f32s(even, odd),
            simd.sub_f32s(even, odd),
            simd.add_f32s(far_even, far_odd),
            simd.sub_f32s(far_even, far_odd),
            d,
        ]
    }
}
