//! Transposition of planes to channels-last order, in which a sum over positions is a product of rows, and the pixels
//! under a row of windows are contiguous.

use pulp::{Arch, Simd, WithSimd};

/// Pixels and channels per transposed tile.
const SIDE: usize = 16;

/// `into[i · stride + c] = from[c · step + i]` for the first `length` pixels of each of `channels` planes.
pub fn turn(
    from: &[f32],
    step: usize,
    [channels, length]: [usize; 2],
    into: &mut [f32],
    stride: usize,
) {
    Arch::new().dispatch(Turn { from, step, channels, length, into, stride });
}

struct Turn<'a> {
    from: &'a [f32],
    step: usize,
    channels: usize,
    length: usize,
    into: &'a mut [f32],
    stride: usize,
}

impl WithSimd for Turn<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { from, step, channels, length, into, stride } = self;
        for first in (0..channels).step_by(SIDE) {
            let together = SIDE.min(channels - first);
            for start in (0..length).step_by(SIDE) {
                let pixels = SIDE.min(length - start);
                if (together, pixels) == (SIDE, SIDE)
                    && let Some(square) = square(&from[first * step + start..], step)
                {
                    for i in 0..SIDE {
                        let into = &mut into[(start + i) * stride + first..];
                        for (into, line) in into[..SIDE].iter_mut().zip(square) {
                            *into = line[i];
                        }
                    }
                    continue;
                }
                for c in first..first + together {
                    let from = &from[c * step + start..][..pixels];
                    for (i, value) in from.iter().enumerate() {
                        into[(start + i) * stride + c] = *value;
                    }
                }
            }
        }
    }
}

/// The start of each of the planes, which are `step` values apart.
#[inline(always)]
fn square(from: &[f32], step: usize) -> Option<[&[f32; SIDE]; SIDE]> {
    let mut lines = [&[0.0; SIDE]; SIDE];
    for (c, line) in lines.iter_mut().enumerate() {
        *line = from.get(c * step..)?.first_chunk()?;
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu::random;

    #[test]
    fn every_value_is_at_its_place() {
        let mut case = 0;
        for channels in [1, 3, 15, 16, 17, 40] {
            for length in [1, 4, 16, 31, 50] {
                for more in [0, 1, 20] {
                    case += 1;
                    let (step, stride) = (length + more, channels + more);
                    let from = random(case, channels * step);
                    let mut into = vec![f32::NAN; length * stride];
                    turn(&from, step, [channels, length], &mut into, stride);
                    for (place, value) in into.iter().enumerate() {
                        let (i, c) = (place / stride, place % stride);
                        if c < channels {
                            assert_eq!(*value, from[c * step + i]);
                        } else {
                            assert!(value.is_nan(), "{c} of {channels} channels was written");
                        }
                    }
                }
            }
        }
    }
}
