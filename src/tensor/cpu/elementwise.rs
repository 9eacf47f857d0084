//! Elementwise functions in loops that compile to the widest vector instructions of the CPU.

use pulp::{Arch, Simd, WithSimd};

/// An elementwise activation function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// x itself.
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

/// Lanes of the longest vectors.
pub(super) const MOST_LANES: usize = 16;

impl Activation {
    /// The function of each lane. A NaN stays NaN, which a maximum might hide.
    #[inline(always)]
    pub(super) fn apply<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        let (zero, six) = (simd.splat_f32s(0.0), simd.splat_f32s(6.0));
        match self {
            Self::Identity => x,
            Self::Relu => simd.select_f32s(simd.less_than_f32s(x, zero), zero, x),
            Self::Relu6 => {
                let x = simd.select_f32s(simd.less_than_f32s(x, zero), zero, x);
                simd.select_f32s(simd.greater_than_f32s(x, six), six, x)
            }
            Self::Silu => simd.div_f32s(x, one_and_power(simd, x)),
            Self::Sigmoid => {
                let y = simd.div_f32s(simd.splat_f32s(1.0), one_and_power(simd, x));
                simd.select_f32s(simd.equal_f32s(x, x), y, x)
            }
        }
    }
}

/// `values[i] = activation(values[i] · scale + shift + add[i])`, without the last term where `add` is empty.
pub fn finish(values: &mut [f32], scale: f32, shift: f32, add: &[f32], activation: Activation) {
    if (scale, shift, activation) == (1.0, 0.0, Activation::Identity) && add.is_empty() {
        return;
    }
    Arch::new().dispatch(NormEpilogue { values, from: &[], scale, shift, add, activation });
}

/// [`finish`] from `from` to `values`.
pub fn finish_from(
    values: &mut [f32],
    from: &[f32],
    scale: f32,
    shift: f32,
    add: &[f32],
    activation: Activation,
) {
    Arch::new().dispatch(NormEpilogue { values, from, scale, shift, add, activation });
}

/// [`finish_from`] inside a function that is already compiled for wide vectors.
#[inline(always)]
pub(super) fn finish_within<S: Simd>(
    simd: S,
    values: &mut [f32],
    from: &[f32],
    scale: f32,
    shift: f32,
    add: &[f32],
    activation: Activation,
) {
    NormEpilogue { values, from, scale, shift, add, activation }.with_simd(simd);
}

struct NormEpilogue<'a> {
    values: &'a mut [f32],
    /// The source, if it is not the target.
    from: &'a [f32],
    scale: f32,
    shift: f32,
    add: &'a [f32],
    activation: Activation,
}

impl WithSimd for NormEpilogue<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Loops without closures, which the compiler may not inline into the vectorized function.
        let Self { values, from, add, activation, .. } = self;
        let (scale, shift) = (simd.splat_f32s(self.scale), simd.splat_f32s(self.shift));
        let (vectors, rest) = S::as_mut_simd_f32s(values);
        let (from, from_rest) = S::as_simd_f32s(from);
        let (add, add_rest) = S::as_simd_f32s(add);
        match (from.len() >= vectors.len(), add.len() >= vectors.len()) {
            (false, false) => {
                for y in vectors {
                    *y = activation.apply(simd, simd.mul_add_f32s(*y, scale, shift));
                }
            }
            (false, true) => {
                for (y, a) in vectors.iter_mut().zip(add) {
                    let x = simd.mul_add_f32s(*y, scale, shift);
                    *y = activation.apply(simd, simd.add_f32s(x, *a));
                }
            }
            (true, false) => {
                for (y, x) in vectors.iter_mut().zip(from) {
                    *y = activation.apply(simd, simd.mul_add_f32s(*x, scale, shift));
                }
            }
            (true, true) => {
                for ((y, x), a) in vectors.iter_mut().zip(from).zip(add) {
                    let x = simd.mul_add_f32s(*x, scale, shift);
                    *y = activation.apply(simd, simd.add_f32s(x, *a));
                }
            }
        }
        if rest.is_empty() {
            return;
        }
        let mut last = [[0.0; MOST_LANES]; 2];
        last[0][..rest.len()].copy_from_slice(if from_rest.is_empty() { rest } else { from_rest });
        last[1][..add_rest.len()].copy_from_slice(add_rest);
        let (x, a) = (S::as_simd_f32s(&last[0]).0[0], S::as_simd_f32s(&last[1]).0[0]);
        let x = simd.add_f32s(simd.mul_add_f32s(x, scale, shift), a);
        S::as_mut_simd_f32s(&mut last[0]).0[0] = activation.apply(simd, x);
        rest.copy_from_slice(&last[0][..rest.len()]);
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

/// `target[i] = function(target[i], values[i])` for short slices, inside a function that is already compiled for wide
/// vectors.
#[inline(always)]
pub(super) fn update_short(target: &mut [f32], values: &[f32], function: impl Fn(f32, f32) -> f32) {
    const WIDE: usize = 16;
    const SHORT: usize = 4;
    let (wide, target) = target.as_chunks_mut::<WIDE>();
    let (wide_values, values) = values.as_chunks::<WIDE>();
    for (target, values) in wide.iter_mut().zip(wide_values) {
        for i in 0..WIDE {
            target[i] = function(target[i], values[i]);
        }
    }
    let (short, target) = target.as_chunks_mut::<SHORT>();
    let (short_values, values) = values.as_chunks::<SHORT>();
    for (target, values) in short.iter_mut().zip(short_values) {
        for i in 0..SHORT {
            target[i] = function(target[i], values[i]);
        }
    }
    for (target, value) in target.iter_mut().zip(values) {
        *target = function(*target, *value);
    }
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub(crate) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// eˣ to within two units in the last place for x up to 88, constant beyond ±87. Without branches and calls, so that
/// loops over it are vectorized. The polynomial is that of Cephes' `expf`.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * LN_2[0] - whole * LN_2[1];
    let mut poly = TERMS[0];
    for term in &TERMS[1..] {
        poly = poly * rest + term;
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(ONE));
    (poly * rest * rest + rest + 1.0) * power
}

/// Replaces each `x` by `exp(x − shift)`, 0 far below the shift, and returns their sum.
pub(crate) fn exp_all(values: &mut [f32], shift: f32) -> f64 {
    /// Sums side by side, which need not wait for each other.
    const SUMS: usize = 16;
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for value in &mut *values {
                let x = *value - shift;
                *value = if x < -87.0 { 0.0 } else { exp(x) };
            }
            let mut sums = [0.0f64; SUMS];
            let (parts, rest) = values.as_chunks::<SUMS>();
            for part in parts {
                sums.iter_mut().zip(part).for_each(|(sum, value)| *sum += f64::from(*value));
            }
            sums.iter().sum::<f64>() + rest.iter().copied().map(f64::from).sum::<f64>()
        },
    )
}

/// 1.5 · 2²³: adding it rounds to an integer.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts, so that the difference is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
const TERMS: [f32; 6] =
    [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5];
/// The bits of 1.0.
const ONE: u32 = 0x3f80_0000;

/// 1 + e⁻ˣ of each lane, with the approximation of [`exp`].
#[inline(always)]
fn one_and_power<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let (least, most) = (simd.splat_f32s(-87.0), simd.splat_f32s(87.0));
    let x = simd.max_f32s(least, simd.min_f32s(most, x));
    let (one, round) = (simd.splat_f32s(1.0), simd.splat_f32s(ROUND));
    let shifted = simd.mul_add_f32s(x, simd.splat_f32s(-std::f32::consts::LOG2_E), round);
    let whole = simd.sub_f32s(shifted, round);
    let rest = simd.mul_add_f32s(whole, simd.splat_f32s(LN_2[0]), x);
    let rest = simd.mul_add_f32s(whole, simd.splat_f32s(LN_2[1]), rest);
    // The polynomial of −rest.
    let mut poly = simd.splat_f32s(-TERMS[0]);
    let mut sign = 1.0;
    for term in &TERMS[1..] {
        poly = simd.mul_add_f32s(poly, rest, simd.splat_f32s(sign * *term));
        sign = -sign;
    }
    let square = simd.mul_f32s(rest, rest);
    let poly = simd.mul_add_f32s(poly, square, simd.sub_f32s(one, rest));
    let bits = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let power = simd.transmute_f32s_u32s(simd.add_u32s(bits, simd.splat_u32s(ONE)));
    simd.mul_add_f32s(poly, power, one)
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
        // Whole vectors and a remainder.
        let values: Vec<f32> = random(4, 4005).into_iter().map(|x| x * 60.0).collect();
        for (activation, gate) in [(Activation::Sigmoid, false), (Activation::Silu, true)] {
            let mut found = values.clone();
            finish(&mut found, 1.0, 0.0, &[], activation);
            for (x, found) in values.iter().map(|x| f64::from(*x)).zip(found) {
                let expected = if gate { x } else { 1.0 } / (1.0 + (-x).exp());
                let error = (f64::from(found) - expected).abs() / expected.abs();
                assert!(error < 5e-7, "{activation:?} of {x}: {found}");
            }
            let mut extremes = vec![f32::NAN, f32::INFINITY, -1e9, 1e9];
            finish(&mut extremes, 1.0, 0.0, &[], activation);
            assert!(extremes[0].is_nan() && extremes[1..].iter().all(|y| !y.is_nan()));
        }
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
