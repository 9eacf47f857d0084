//! Normally distributed numbers by the Box–Muller transform, vectorized.
//!
//! Initializing a network draws up to a hundred million of them, so logarithm, sine and cosine are branch-free polynomials
//! (those of Cephes, accurate to one or two units in the last place), which the compiler vectorizes.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::f32::consts::{FRAC_PI_2, LN_2};

/// Pairs drawn at a time.
const BLOCK: usize = 128;

/// Fills `values` with normally distributed numbers of mean 0 and this standard deviation.
pub(super) fn fill(values: &mut [f32], deviation: f32, random: &mut ChaCha8Rng) {
    let (mut bits, mut made) = ([[0u32; BLOCK]; 2], [[0f32; BLOCK]; 2]);
    for values in values.chunks_mut(2 * BLOCK) {
        bits.iter_mut().for_each(|bits| random.fill(&mut bits[..]));
        for place in 0..BLOCK {
            let [first, second] = pair(bits[0][place], bits[1][place], deviation);
            made[0][place] = first;
            made[1][place] = second;
        }
        values.iter_mut().zip(made.as_flattened()).for_each(|(value, made)| *value = *made);
    }
}

/// Two independent normal numbers from two random words.
fn pair(radius: u32, turn: u32, deviation: f32) -> [f32; 2] {
    let radius = deviation * (-2.0 * logarithm(radius)).max(0.0).sqrt();
    let [cosine, sine] = direction(turn);
    [radius * cosine, radius * sine]
}

/// The natural logarithm of the upper 24 bits, read as a number in (0, 1].
fn logarithm(bits: u32) -> f32 {
    const HALF_ROOT: u32 = 0x3f35_04f3;
    let number = ((bits >> 8) as i32 + 1) as f32 / (1 << 24) as f32;
    // The number is 2^exponent · m with m between √½ and √2.
    let above = number.to_bits().wrapping_sub(HALF_ROOT);
    let exponent = (above as i32 >> 23) as f32;
    let x = f32::from_bits((above & 0x007f_ffff) + HALF_ROOT) - 1.0;
    let terms = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    let tail = terms.iter().fold(0.0, |sum, term| sum * x + term);
    exponent * LN_2 + (x + x * x * (x * tail - 0.5))
}

/// Cosine and sine of the upper 24 bits, read as a fraction of a full turn.
fn direction(bits: u32) -> [f32; 2] {
    const QUARTER: i32 = 1 << 22;
    let turn = (bits >> 8) as i32;
    let quarter = (turn + QUARTER / 2) >> 22;
    let x = (turn - quarter * QUARTER) as f32 * (FRAC_PI_2 / QUARTER as f32);
    let square = x * x;
    let sine =
        x + x * square * (-1.666_665_5e-1 + square * (8.332_161e-3 + square * -1.951_529_6e-4));
    let cosine = 1.0 - 0.5 * square
        + square * square * (4.166_664_6e-2 + square * (-1.388_731_6e-3 + square * 2.443_315_7e-5));
    let (first, second) = if quarter & 1 == 0 { (cosine, sine) } else { (sine, cosine) };
    let first = if (quarter + 1) & 2 == 0 { first } else { -first };
    let second = if quarter & 2 == 0 { second } else { -second };
    [first, second]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngCore, SeedableRng};

    #[test]
    fn logarithm_and_direction_are_those_of_the_standard_library() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let edges = [0, u32::MAX, 1 << 8, 1 << 29, 3 << 29, 5 << 29, 7 << 29, 1 << 30, 1 << 31];
        for bits in (0..100_000).map(|_| random.next_u32()).chain(edges) {
            let share = f64::from(bits >> 8) / f64::from(1 << 24);
            let expected = (share + 1.0 / f64::from(1 << 24)).ln();
            let found = f64::from(logarithm(bits));
            assert!((found - expected).abs() <= 2e-7 * (1.0 + expected.abs()), "{bits}: {found}");
            let (sine, cosine) = (share * std::f64::consts::TAU).sin_cos();
            let [c, s] = direction(bits).map(f64::from);
            assert!((c - cosine).abs() < 2e-7 && (s - sine).abs() < 2e-7, "{bits}: {c} {s}");
        }
    }

    #[test]
    fn numbers_are_normally_distributed_and_uncorrelated() {
        for count in [1usize, 2, 255, 257, 1_000_001] {
            let mut values = vec![f32::NAN; count];
            fill(&mut values, 0.5, &mut ChaCha8Rng::seed_from_u64(count as u64));
            assert!(values.iter().all(|value| value.is_finite()));
            if count < 1_000 {
                continue;
            }
            let mean = |of: &dyn Fn(usize) -> f64| (0..count).map(of).sum::<f64>() / count as f64;
            let value = |i: usize| f64::from(values[i % count]) / 0.5;
            for (power, expected) in [(1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)] {
                let found = mean(&|i| value(i).powi(power));
                assert!((found - expected).abs() < 0.03, "moment {power}: {found}");
            }
            for apart in [1, BLOCK, 2 * BLOCK] {
                assert!(mean(&|i| value(i) * value(i + apart)).abs() < 0.005, "{apart} apart");
            }
            // PoolWeights below whole deviations, of the normal distribution.
            for (bound, share) in [(-2.0, 0.022_75), (-1.0, 0.158_66), (0.0, 0.5), (1.0, 0.841_34)]
            {
                let found = mean(&|i| f64::from(u8::from(value(i) < bound)));
                assert!((found - share).abs() < 0.003, "{found} below {bound}");
            }
        }
    }
}
