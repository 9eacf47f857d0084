//! Functions of single values, in a form that compiles to the processor's widest instructions.

use pulp::{Arch, Simd, WithSimd};

/// What follows a layer, value by value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// The value itself.
    #[default]
    Identity,
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// x / (1 + e⁻ˣ), also called swish.
    Silu,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
}

/// `values[i] = activation(values[i] · scale + shift + add[i])`, without the last term where `add` is empty.
pub fn finish(values: &mut [f32], scale: f32, shift: f32, add: &[f32], activation: Activation) {
    if (scale, shift, activation) == (1.0, 0.0, Activation::Identity) && add.is_empty() {
        return;
    }
    Arch::new().dispatch(Finish { values, from: &[], scale, shift, add, activation });
}

/// [`finish`] of the values `from`, written to `values`.
pub fn finish_from(
    values: &mut [f32],
    from: &[f32],
    scale: f32,
    shift: f32,
    add: &[f32],
    activation: Activation,
) {
    Arch::new().dispatch(Finish { values, from, scale, shift, add, activation });
}

/// [`finish_from`] in a function that already runs with wide instructions.
#[inline(always)]
pub(super) fn finish_within(
    values: &mut [f32],
    from: &[f32],
    scale: f32,
    shift: f32,
    add: &[f32],
    activation: Activation,
) {
    Finish { values, from, scale, shift, add, activation }.run();
}

struct Finish<'a> {
    values: &'a mut [f32],
    /// Where the values come from, if not from where they go.
    from: &'a [f32],
    scale: f32,
    shift: f32,
    add: &'a [f32],
    activation: Activation,
}

impl WithSimd for Finish<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.run();
    }
}

impl Finish<'_> {
    #[inline(always)]
    fn run(self) {
        // A NaN stays one: `f32::max` would hide it.
        match self.activation {
            Activation::Identity => self.each(|x| x),
            Activation::Relu => self.each(|x| if x < 0.0 { 0.0 } else { x }),
            Activation::Relu6 => self.each(|x| x.clamp(0.0, 6.0)),
            Activation::Silu => self.each(|x| x * logistic(x)),
            Activation::Sigmoid => self.each(logistic),
        }
    }

    #[inline(always)]
    fn each(self, function: impl Fn(f32) -> f32) {
        let Self { values, from, scale, shift, add, .. } = self;
        let affine = |x: f32| x * scale + shift;
        // Loops rather than `for_each`, which the compiler may leave a function of its own, without wide instructions.
        match (from.is_empty(), add.is_empty()) {
            (true, true) => {
                for y in values {
                    *y = function(affine(*y));
                }
            }
            (true, false) => {
                for (y, a) in values.iter_mut().zip(add) {
                    *y = function(affine(*y) + a);
                }
            }
            (false, true) => {
                for (y, x) in values.iter_mut().zip(from) {
                    *y = function(affine(*x));
                }
            }
            (false, false) => {
                for ((y, x), a) in values.iter_mut().zip(from).zip(add) {
                    *y = function(affine(*x) + a);
                }
            }
        }
    }
}

/// `y[i] = function(y[i], a[i], b[i])`.
pub(crate) fn update_each(
    y: &mut [f32],
    a: &[f32],
    b: &[f32],
    function: impl Fn(f32, f32, f32) -> f32,
) {
    Arch::new().dispatch(Update { y, a, b, function });
}

struct Update<'a, F> {
    y: &'a mut [f32],
    a: &'a [f32],
    b: &'a [f32],
    function: F,
}

impl<F: Fn(f32, f32, f32) -> f32> WithSimd for Update<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let others = self.a.iter().zip(self.b);
        for (y, (a, b)) in self.y.iter_mut().zip(others) {
            *y = (self.function)(*y, *a, *b);
        }
    }
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub(crate) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// eˣ to within two units in the last place, for x up to 88: beyond ±87 it stays where it is. Without branches
/// and calls, so that loops over it are vectorized. The polynomial is that of Cephes' `expf`.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding it rounds to a whole number.
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    // ln 2 in two parts, so that the difference is exact.
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut poly = 1.987_569_1e-4f32;
    for term in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        poly = poly * rest + term;
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    (poly * rest * rest + rest + 1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu::random;

    #[test]
    fn exponentials_agree_with_the_standard_library() {
        for x in random(3, 4000).into_iter().map(|x| x * 86.0) {
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 3e-7, "{x}: {error}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NAN).is_nan() && exp(-1e9) > 0.0 && exp(1e9).is_finite());
    }

    #[test]
    fn the_parts_of_a_step_come_in_their_order() {
        let (start, add) = (random(1, 37), random(2, 37));
        let mut values = start.clone();
        finish(&mut values, -2.0, 0.5, &add, Activation::Relu);
        for ((y, x), a) in values.iter().zip(&start).zip(&add) {
            assert!((y - (x * -2.0 + 0.5 + a).max(0.0)).abs() < 1e-6);
        }
        let mut nan = [f32::NAN, 7.0, -1.0];
        finish(&mut nan, 1.0, 0.0, &[], Activation::Relu6);
        assert!(nan[0].is_nan());
        assert_eq!(nan[1..], [6.0, 0.0]);
    }
}
