//! The transforms of minimal filtering along one axis.

use pulp::Simd;

/// A transform from `A` to `B` values. A trait rather than a function that is handed on: the compiler does not carry
/// wide instructions into a function that is called through a variable.
pub trait Axis<const A: usize, const B: usize>: Copy {
    fn apply<S: Simd>(self, simd: S, line: [S::f32s; A]) -> [S::f32s; B];
}

/// Six pixels to the points.
#[derive(Clone, Copy)]
pub struct InputAxis;

impl Axis<6, 6> for InputAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 6] {
        let of = |value: f32| simd.splat_f32s(value);
        let (two, minus_four, minus_five) = (of(2.0), of(-4.0), of(-5.0));
        let even = simd.mul_add_f32s(minus_four, c, e);
        let odd = simd.mul_add_f32s(minus_four, b, d);
        let far = simd.sub_f32s(e, c);
        let twice = simd.mul_f32s(two, simd.sub_f32s(d, b));
        [
            simd.mul_add_f32s(of(4.0), a, simd.mul_add_f32s(minus_five, c, e)),
            simd.add_f32s(even, odd),
            simd.sub_f32s(even, odd),
            simd.add_f32s(far, twice),
            simd.sub_f32s(far, twice),
            simd.mul_add_f32s(of(4.0), b, simd.mul_add_f32s(minus_five, d, f)),
        ]
    }
}

/// Three taps to the points.
#[derive(Clone, Copy)]
pub struct WindowAxis;

impl Axis<3, 6> for WindowAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 6] {
        let by = |factor: f32, value| simd.mul_f32s(simd.splat_f32s(factor), value);
        let outer = by(-1.0 / 6.0, simd.add_f32s(a, c));
        let middle = by(1.0 / 6.0, b);
        let far = simd.add_f32s(by(1.0 / 24.0, a), by(1.0 / 6.0, c));
        let near = by(1.0 / 12.0, b);
        [
            by(0.25, a),
            simd.sub_f32s(outer, middle),
            simd.add_f32s(outer, middle),
            simd.add_f32s(far, near),
            simd.sub_f32s(far, near),
            c,
        ]
    }
}

/// The points to three taps: the transpose of [`WindowAxis`].
#[derive(Clone, Copy)]
pub struct WindowBackAxis;

impl Axis<6, 3> for WindowBackAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 3] {
        let by = |factor: f32, value| simd.mul_f32s(simd.splat_f32s(factor), value);
        let near = by(-1.0 / 6.0, simd.add_f32s(b, c));
        let (far_sum, far_difference) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
        [
            simd.add_f32s(by(0.25, a), simd.add_f32s(near, by(1.0 / 24.0, far_sum))),
            simd.add_f32s(by(1.0 / 6.0, simd.sub_f32s(c, b)), by(1.0 / 12.0, far_difference)),
            simd.add_f32s(f, simd.add_f32s(near, by(1.0 / 6.0, far_sum))),
        ]
    }
}

/// The points to four pixels.
#[derive(Clone, Copy)]
pub struct OutputAxis;

impl Axis<6, 4> for OutputAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 4] {
        let of = |value: f32| simd.splat_f32s(value);
        let (sum, difference) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
        let (far_sum, far_difference) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
        [
            simd.add_f32s(a, simd.add_f32s(sum, far_sum)),
            simd.mul_add_f32s(of(2.0), far_difference, difference),
            simd.mul_add_f32s(of(4.0), far_sum, sum),
            simd.mul_add_f32s(of(8.0), far_difference, simd.add_f32s(difference, f)),
        ]
    }
}

/// Four pixels to the points: the transpose of [`OutputAxis`].
#[derive(Clone, Copy)]
pub struct GradientAxis;

impl Axis<4, 6> for GradientAxis {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 6] {
        let of = |value: f32| simd.splat_f32s(value);
        let (even, odd) = (simd.add_f32s(a, c), simd.add_f32s(b, d));
        let far_even = simd.mul_add_f32s(of(4.0), c, a);
        let far_odd = simd.mul_add_f32s(of(8.0), d, simd.mul_f32s(of(2.0), b));
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
