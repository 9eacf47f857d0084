//! The transform of the weights.

use super::axes::{Axis, WindowAxis, WindowBackAxis};
use super::{POINTS, SIDE};
use crate::tensor::cpu::conv_shape::{Conv2dShape, Weights};
use crate::tensor::cpu::kernel::{LANES, tile_rows};
use crate::tensor::cpu::scratch::{Scratch, with_scratch};
use crate::tensor::cpu::slices::sized;
use crate::tensor::cpu::threads::{self, Shared};
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Length of the transformed weights of some output channels, `[36, tiles of packed rows]`, per point.
pub fn step(channels: usize, inputs: usize) -> usize {
    channels.div_ceil(tile_rows()) * tile_rows() * inputs + LANES
}

/// Writes the weights at each point as packed rows, on all threads.
pub fn transform(shape: &Conv2dShape, weights: Weights<'_>, points: &mut [f32]) {
    let (channels, rows) = (shape.out_channels, tile_rows());
    let step = step(channels, shape.in_channels);
    let points = Shared::new(points);
    threads::each(channels.div_ceil(rows), |tile| {
        with_scratch(|Scratch { band, .. }| {
            transform_tile(shape, weights, tile * rows, band, |point, from, line| {
                let at = point * step + tile * rows * shape.in_channels + from;
                // SAFETY: each tile of rows is one task.
                unsafe { points.part(at..at + line.len()) }.copy_from_slice(line);
            });
        });
    });
}

/// [`transform`] for some output channels, on this thread.
pub fn transform_some(
    shape: &Conv2dShape,
    weights: Weights<'_>,
    channels: Range<usize>,
    points: &mut [f32],
    scratch: &mut Vec<f32>,
) {
    let step = step(channels.len(), shape.in_channels);
    for first in channels.clone().step_by(tile_rows()) {
        transform_tile(shape, weights, first, scratch, |point, from, line| {
            let at = point * step + (first - channels.start) * shape.in_channels + from;
            points[at..at + line.len()].copy_from_slice(line);
        });
    }
}

/// Calls `write(point, index in the tile, values)` for the tile of rows from channel `first`.
fn transform_tile(
    shape: &Conv2dShape,
    weights: Weights<'_>,
    first: usize,
    scratch: &mut Vec<f32>,
    mut write: impl FnMut(usize, usize, &[f32]),
) {
    /// Input channels that are transformed together, in the L1 cache.
    const TOGETHER: usize = 16;
    let (channels, inputs, rows) = (shape.out_channels, shape.in_channels, tile_rows());
    let inside = (channels - first).min(rows);
    let count = TOGETHER * rows;
    let values = sized(scratch, POINTS * count);
    for start in (0..inputs).step_by(TOGETHER) {
        let together = TOGETHER.min(inputs - start);
        let taps = &mut values[..9 * count];
        if inside < rows || together < TOGETHER {
            taps.fill(0.0);
        }
        for row in 0..inside {
            for input in 0..together {
                let (window, turned) = match weights {
                    Weights::Forward(weight) => {
                        (&weight[((first + row) * inputs + start + input) * 9..], false)
                    }
                    Weights::Backward(weight) => {
                        (&weight[((start + input) * channels + first + row) * 9..], true)
                    }
                };
                let Some(window) = window.first_chunk::<9>() else { continue };
                let at = input * rows + row;
                for tap in 0..9 {
                    taps[tap * count + at] = window[if turned { 8 - tap } else { tap }];
                }
            }
        }
        let (axis, values) = (WindowAxis, &mut *values);
        Arch::new().dispatch(Transform::<WindowAxis, 3, SIDE> { axis, values, count });
        for (point, line) in values.chunks_exact(count).enumerate() {
            write(point, start * rows, &line[..together * rows]);
        }
    }
}

/// Adds the gradients of the weights of one output channel, given at their points as rows of whole vectors `step`
/// values apart, to `sum`, `[inputs, 3, 3]`.
pub fn add_back(points: &[f32], step: usize, sum: &mut [f32]) {
    Arch::new().dispatch(AddBack { points, step, sum });
}

struct AddBack<'a> {
    points: &'a [f32],
    step: usize,
    sum: &'a mut [f32],
}

impl WithSimd for AddBack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { points, step, sum } = self;
        let (points, step) = (S::as_simd_f32s(points).0, step / S::F32_LANES);
        for (at, sum) in sum.chunks_mut(9 * S::F32_LANES).enumerate() {
            let mut half = [[simd.splat_f32s(0.0); SIDE]; 3];
            for column in 0..SIDE {
                let mut line = [simd.splat_f32s(0.0); SIDE];
                for (y, value) in line.iter_mut().enumerate() {
                    *value = points[(y * SIDE + column) * step + at];
                }
                let line = WindowBackAxis.apply(simd, line);
                for y in 0..3 {
                    half[y][column] = line[y];
                }
            }
            let mut taps = [0.0; 9 * LANES];
            let lines = S::as_mut_simd_f32s(&mut taps[..9 * S::F32_LANES]).0;
            for (y, line) in half.into_iter().enumerate() {
                for (x, value) in WindowBackAxis.apply(simd, line).into_iter().enumerate() {
                    lines[y * 3 + x] = value;
                }
            }
            for (input, sum) in sum.as_chunks_mut::<9>().0.iter_mut().enumerate() {
                for tap in 0..9 {
                    sum[tap] += taps[tap * S::F32_LANES + input];
                }
            }
        }
    }
}

/// A transform along both axes in place: from `[A · A, count]` to `[B · B, count]`.
struct Transform<'a, T, const A: usize, const B: usize> {
    axis: T,
    values: &'a mut [f32],
    count: usize,
}

impl<T: Axis<A, B>, const A: usize, const B: usize> WithSimd for Transform<'_, T, A, B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { axis, values, count } = self;
        let stride = count / S::F32_LANES;
        let values = S::as_mut_simd_f32s(values).0;
        for at in 0..stride {
            let mut half = [[simd.splat_f32s(0.0); A]; B];
            for column in 0..A {
                let mut line = [simd.splat_f32s(0.0); A];
                (0..A).for_each(|row| line[row] = values[(row * A + column) * stride + at]);
                let line = axis.apply(simd, line);
                (0..B).for_each(|row| half[row][column] = line[row]);
            }
            for (row, line) in half.into_iter().enumerate() {
                for (column, value) in axis.apply(simd, line).into_iter().enumerate() {
                    values[(row * B + column) * stride + at] = value;
                }
            }
        }
    }
}
